//! A ledger in a snapshot of the exchange.
//!
//! The first format knew one account and had its parts in places of their own: what the orders
//! bind stood with the contracts, and what later rules need came behind. The ledger that the genesis names
//! is still kept like that; any other is whole, in one piece ([`Kept`]).

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use access::currency::Currency;
use access::id::{Holder, PaperAccountId, SymbolId};
use access::moment::Time;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::orders::{Group, Open, Orders};
use super::sizes::{Left, Wanted};
use super::traded::Traded;
use super::{Ledger, Recent, SelfMatch};
use crate::instrument::{FIRST, Instruments};
use crate::margin::Exposure;
use crate::money::{Cash, Money, Purse};
use crate::order::{Execution, Order, OrderId};
use crate::position::Position;
use crate::venue::Owner;

/// Cash in the base currency and positions, as the first format has them.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Balance {
    id: PaperAccountId,
    deposited: Decimal,
    cash: Decimal,
    commissions: Decimal,
    day_start: Decimal,
    positions: BTreeMap<SymbolId, Position>,
}

/// Orders, as the first format has them.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OrderBook {
    pub(crate) open: BTreeMap<OrderId, Open>,
    done: VecDeque<Arc<Order>>,
    groups: BTreeMap<Group, Vec<OrderId>>,
    /// Open orders by who sent them.
    by_holder: BTreeMap<Holder, u32>,
    /// The number of the next order of the exchange.
    pub(crate) next: u64,
}

/// What the third rule of orders needs, behind what older rules keep.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Sizes {
    wanted: BTreeMap<OrderId, Wanted>,
    left: Vec<(Holder, Arc<str>, Left)>,
    /// Orders, open or not, that may only reduce a position.
    reducing: Vec<OrderId>,
}

/// What the cash of a ledger is beside that of its base currency: its base currency, and each other one with what it
/// began with, has, paid and had at the day's start.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Currencies {
    owner: Owner,
    base: Currency,
    others: Vec<(Currency, [Decimal; 4])>,
}

/// Executions, oldest first.
pub(crate) type Executions = VecDeque<Arc<Execution>>;
/// Executions and the orders that a duplicate would be equal to.
type Past = (Executions, VecDeque<Recent>);

/// A whole ledger.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Kept {
    balance: Balance,
    orders: OrderBook,
    exposures: Vec<Exposure>,
    past: Past,
    traded: Traded,
    sizes: Sizes,
    self_match: SelfMatch,
    opened: Time,
    closed: Option<Time>,
}

impl Currencies {
    /// The place of the ledger.
    pub(crate) const fn owner(&self) -> Owner {
        self.owner
    }
}

impl Ledger {
    pub(crate) fn balance(&self) -> Balance {
        let own = self.purse.own();
        Balance {
            id: self.id,
            deposited: own.deposited,
            cash: own.balance,
            commissions: own.commissions,
            day_start: own.day_start,
            positions: self.positions.clone(),
        }
    }

    /// Its currencies, where they are not US dollars alone.
    pub(crate) fn currencies(&self, owner: Owner) -> Option<Currencies> {
        let kept = |(currency, cash): (Currency, &Cash)| {
            let Cash { deposited, balance, commissions, day_start, .. } = *cash;
            (currency, [deposited, balance, commissions, day_start])
        };
        let others = self.purse.all().skip(1).map(kept).collect();
        let base = self.purse.base();
        (!self.purse.is_dollars()).then_some(Currencies { owner, base, others })
    }

    pub(crate) fn take_currencies(&mut self, kept: Currencies) {
        self.purse = Purse::new(kept.base, *self.purse.own());
        for (currency, [deposited, balance, commissions, day_start]) in kept.others {
            let interest = Decimal::ZERO;
            *self.purse.of_mut(currency) =
                Cash { deposited, balance, commissions, day_start, interest };
        }
    }

    /// Its orders; `next` is the number of the exchange's next.
    pub(crate) fn order_book(&self, next: u64) -> OrderBook {
        let mut by_holder = BTreeMap::new();
        for order in self.open_orders() {
            *by_holder.entry(order.origin.holder).or_insert(0) += 1;
        }
        let Orders { mut open, done, groups, .. } = self.orders.clone();
        let first = self.first_rows();
        for one in open.values_mut().filter(|one| one.at >= first) {
            // The places of later instruments are this process's own; the order names its contract.
            one.at = first;
        }
        OrderBook { open, done, groups, by_holder, next }
    }

    pub(crate) fn past(&self) -> Past {
        (self.executions.clone(), self.recent.clone())
    }

    pub(crate) fn sizes(&self) -> Sizes {
        let wanted = |(id, open): (&OrderId, &Open)| Some((*id, open.wanted?));
        let all = self.open_orders().chain(&self.orders.done);
        let mut reducing: Vec<_> =
            all.filter(|order| order.reduce_only).map(|order| order.id).collect();
        reducing.sort_unstable();
        Sizes {
            wanted: self.orders.open.iter().filter_map(wanted).collect(),
            left: self.traded.left(),
            reducing,
        }
    }

    pub(crate) fn take_sizes(&mut self, sizes: Sizes) -> Result<(), String> {
        for (id, wanted) in sizes.wanted {
            let open = self.orders.open.get_mut(&id);
            open.ok_or_else(|| format!("order {id} has a size and is not open"))?.wanted =
                Some(wanted);
        }
        for (holder, name, left) in sizes.left {
            if !self.traded.set_left(holder, &name, left) {
                return Err(format!("group {name} has a rest and has not traded"));
            }
        }
        self.orders.mark_reducing(&sizes.reducing)
    }

    /// From the parts that the first format has.
    pub(crate) fn of_parts(
        instruments: Arc<Instruments>,
        balance: Balance,
        orders: OrderBook,
        exposures: Vec<Exposure>,
        past: Past,
        opened: Time,
    ) -> Self {
        let begun = Money::new(balance.deposited, Currency::USD);
        let mut ledger = Self::new(instruments, balance.id, begun, 1, opened);
        *ledger.purse.of_mut(Currency::USD) = Cash {
            deposited: balance.deposited,
            balance: balance.cash,
            commissions: balance.commissions,
            day_start: balance.day_start,
            interest: Decimal::ZERO,
        };
        ledger.positions = balance.positions;
        let OrderBook { mut open, done, groups, .. } = orders;
        for one in open.values_mut() {
            one.at = ledger.instruments.index(one.order.symbol).unwrap_or(one.at);
        }
        ledger.orders = Orders { open, done, groups, ..Orders::default() };
        for (at, kept) in exposures.into_iter().enumerate() {
            let held = ledger.instruments.at(at);
            let held = held.is_some_and(|one| ledger.positions.contains_key(&one.id));
            if (held || !kept.is_empty())
                && let Some(exposure) = ledger.exposures.of_mut(at)
            {
                *exposure = kept;
            }
        }
        (ledger.executions, ledger.recent) = past;
        ledger
    }

    /// Instruments whose exposures snapshots have; those of later ones follow from the open orders.
    fn first_rows(&self) -> usize {
        self.instruments.all().len().min(FIRST)
    }

    /// What its open orders could trade in instruments that came later: what snapshots do not have.
    pub(crate) fn count_later(&mut self) {
        let first = self.first_rows();
        for open in self.orders.open.values().filter(|open| open.at >= first) {
            let (shares, price) = open.counted;
            if let Some(exposure) = self.exposures.of_mut(open.at) {
                exposure.add(open.order.side, shares, price);
            }
        }
        for id in self.positions.keys() {
            if let Some(at) = self.instruments.index(*id).filter(|at| *at >= first) {
                // It is kept from now on.
                let _ = self.exposures.of_mut(at);
            }
        }
    }

    /// All of it.
    pub(crate) fn kept(&self) -> Kept {
        Kept {
            balance: self.balance(),
            orders: self.order_book(0),
            exposures: self.exposures.dense(self.first_rows()),
            past: self.past(),
            traded: self.traded.clone(),
            sizes: self.sizes(),
            self_match: self.self_match,
            opened: self.opened,
            closed: self.closed,
        }
    }

    /// From all of it, where orders are taken by this rule.
    pub(crate) fn of_kept(
        instruments: Arc<Instruments>,
        kept: Kept,
        rule: u16,
    ) -> Result<Self, String> {
        let opened = kept.opened;
        let Kept { balance, orders, exposures, past, .. } = kept;
        let mut ledger = Self::of_parts(instruments, balance, orders, exposures, past, opened);
        (ledger.self_match, ledger.closed) = (kept.self_match, kept.closed);
        (ledger.traded, ledger.rule) = (kept.traded, rule);
        ledger.take_sizes(kept.sizes)?;
        Ok(ledger)
    }
}
