//! A ledger: what one account has on an exchange. Its orders, cash and positions, what its orders
//! bind, and its executions.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

pub use access::account::SelfMatch;
use access::currency::Currency;
use access::id::{Holder, PaperAccountId, SymbolId};
use access::moment::{Span, Time};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::calendar::Day;
use crate::event::Reject;
use crate::instrument::{Instrument, InstrumentKind, Instruments};
use crate::margin::{Exposure, Exposures, Marked};
use crate::money::{Cash, Money, Purse, Rates, ceil_coins};
use crate::order::{Execution, NewOrder, Order, OrderId, OrderType, Shares, Side};
use crate::payment::{Payment, PaymentKind};
use crate::position::{Holding, Position};
use crate::price::Ticks;

mod interest;
pub(crate) mod ordered;
pub(crate) mod orders;
pub(crate) mod paid;
pub(crate) mod required;
mod room;
pub(crate) mod sizes;
pub(crate) mod snapshot;
pub(crate) mod traded;

pub use ordered::Ordered;
use ordered::OrderedBy;
use orders::Orders;
pub use orders::{KEPT, KEPT_FOR};
use paid::Due;
pub use required::Requirement;
use traded::Traded;

/// Orders remembered for the check of duplicates, for a day at most.
const RECENT: usize = 1_000;

/// An order that was placed, as far as a duplicate would be equal to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Recent {
    pub(crate) time: Time,
    pub(crate) holder: Holder,
    pub(crate) symbol: SymbolId,
    pub(crate) side: Side,
    pub(crate) quantity: Shares,
    pub(crate) order_type: OrderType,
}

/// One account's side of an exchange. In every currency, `cash + sum of bases = deposited + realised` and the
/// interest that was paid on cash, to the last decimal.
#[derive(Debug, Clone)]
pub struct Ledger {
    instruments: Arc<Instruments>,
    /// The account's number.
    pub id: PaperAccountId,
    /// Its cash, by currency.
    pub purse: Purse,
    /// By instrument. A closed position stays, with zero shares and what it realised.
    positions: BTreeMap<SymbolId, Position>,
    pub(crate) orders: Orders,
    /// What working orders could trade in the contracts that it ever ordered, by their places.
    pub(crate) exposures: Exposures,
    executions: VecDeque<Arc<Execution>>,
    payments: VecDeque<Arc<Payment>>,
    recent: VecDeque<Recent>,
    /// What was ordered on this trading day, by whom; nothing under the first four rules.
    pub(crate) ordered: OrderedBy,
    /// What groups of its orders have traded; nothing under the first rule.
    pub(crate) traded: Traded,
    /// By which rule its orders are taken.
    pub(crate) rule: u16,
    /// What its orders do when they meet each other.
    pub self_match: SelfMatch,
    /// The trading day.
    pub(crate) today: Day,
    /// When positions are closed because it is worth less than they require; none where it is not called for margin.
    pub called: Option<Time>,
    /// When it was opened.
    pub opened: Time,
    /// When it was closed.
    pub closed: Option<Time>,
}

impl Ledger {
    pub(crate) fn new(
        instruments: Arc<Instruments>,
        id: PaperAccountId,
        cash: Money,
        rule: u16,
        opened: Time,
    ) -> Self {
        Self {
            id,
            purse: Purse::new(cash.currency, Cash::begun(cash.amount)),
            positions: BTreeMap::new(),
            orders: Orders::default(),
            exposures: Exposures::default(),
            instruments,
            executions: VecDeque::new(),
            payments: VecDeque::new(),
            recent: VecDeque::new(),
            ordered: OrderedBy::new(),
            traded: Traded::default(),
            rule,
            self_match: SelfMatch::default(),
            today: Day::in_new_york(opened.seconds()),
            called: None,
            opened,
            closed: None,
        }
    }

    /// What can be held.
    pub const fn instruments(&self) -> &Arc<Instruments> {
        &self.instruments
    }

    /// Nothing is held and no order is open.
    pub fn is_flat(&self) -> bool {
        self.orders.open.is_empty() && self.positions.values().all(|one| one.shares == 0)
    }

    /// The position in a contract; empty when there never was one.
    pub fn position(&self, symbol: SymbolId) -> Position {
        self.positions.get(&symbol).copied().unwrap_or_default()
    }

    /// Positions by contract, closed ones included.
    pub fn positions(&self) -> impl Iterator<Item = (SymbolId, &Position)> {
        self.positions.iter().map(|(symbol, position)| (*symbol, position))
    }

    /// What is held at these prices, by contract id ascending; closed positions left out.
    pub fn holdings(&self, mark: impl Fn(SymbolId) -> Ticks) -> impl Iterator<Item = Holding> {
        self.ever_held(mark).filter(|held| held.position.shares != 0)
    }

    /// The same with closed positions.
    pub fn ever_held(&self, mark: impl Fn(SymbolId) -> Ticks) -> impl Iterator<Item = Holding> {
        self.positions.iter().filter_map(move |(symbol, position)| {
            Some(Holding::new(self.instruments.get(*symbol)?, *position, mark(*symbol)))
        })
    }

    /// Positions in instruments of a currency, closed ones included.
    pub(crate) fn positions_in(
        &self,
        currency: Currency,
    ) -> impl Iterator<Item = (&Instrument, &Position)> {
        let known = self.positions.iter();
        let known = known.filter_map(|(id, position)| Some((self.instruments.get(*id)?, position)));
        known.filter(move |(instrument, _)| instrument.currency == currency)
    }

    /// Its base currency.
    pub const fn base(&self) -> Currency {
        self.purse.base()
    }

    /// Realised in a currency over the life of the account, commission deducted.
    pub fn realised(&self, currency: Currency) -> Decimal {
        let realised = self.positions_in(currency).map(|(_, position)| position.realised);
        realised.fold(Decimal::ZERO, Decimal::saturating_add)
    }

    /// Cash, interest on it, and what the positions in a currency would bring.
    pub fn net_liquidation(&self, currency: Currency, mark: impl Fn(SymbolId) -> Ticks) -> Decimal {
        let cash = self.purse.of(currency);
        let cash = cash.balance.saturating_add(cash.interest);
        self.positions_in(currency).fold(cash, |sum, (instrument, position)| {
            let value = position.equity(instrument, mark(instrument.id));
            sum.saturating_add(value).saturating_add(self.accrued(instrument, position))
        })
    }

    /// Interest that a position would be paid beside its price.
    pub(crate) fn accrued(&self, one: &Instrument, position: &Position) -> Decimal {
        one.accrued(position.shares, self.today)
    }

    /// Pays or takes the interest that a trade of a bond comes with. It is realised at once, and no part of what the bond cost.
    pub(crate) fn trade_interest(&mut self, one: &Instrument, side: Side, quantity: Shares) {
        let steps = i64::try_from(quantity).unwrap_or(i64::MAX);
        let steps = if side == Side::Buy { -steps } else { steps };
        let interest = one.accrued(steps, self.today);
        if let Some(due) = Due::of(PaymentKind::Coupon, one, steps, interest) {
            self.earn(&due);
        }
    }

    /// The same over all currencies, in the base currency.
    pub(crate) fn equity(&self, rates: Rates<'_>, mark: impl Fn(SymbolId) -> Ticks) -> Decimal {
        self.currencies_held().into_iter().fold(Decimal::ZERO, |sum, currency| {
            let part = self.net_liquidation(currency, &mark);
            sum.saturating_add(rates.convert(part, currency))
        })
    }

    /// The currencies that it has cash or positions in, the base first.
    pub fn currencies_held(&self) -> Vec<Currency> {
        let mut all: Vec<_> = self.purse.all().map(|(currency, _)| currency).collect();
        for symbol in self.positions.keys() {
            let currency = self.instruments.get(*symbol).map(|one| one.currency);
            all.extend(currency.filter(|currency| !all.contains(currency)));
        }
        all
    }

    /// One part of so many of the balances in other currencies than the base, owed or owned, in coins of the base.
    fn foreign(&self, rates: Rates<'_>, part: i64) -> i128 {
        let others = self.purse.all().filter(|(currency, _)| *currency != self.base());
        let sum = others.fold(Decimal::ZERO, |sum, (currency, cash)| {
            sum.saturating_add(rates.convert(cash.balance.abs(), currency))
        });
        ceil_coins(sum.checked_div(Decimal::from(part)).unwrap_or_default(), self.base())
    }

    /// An instrument with its price and that of what it is on.
    pub(crate) fn marked<'a>(
        &self,
        one: &'a Instrument,
        mark: impl Fn(SymbolId) -> Ticks,
    ) -> Marked<'a> {
        let under = one.kind.underlying().and_then(|id| self.instruments.get(id));
        let under = under.map_or(Decimal::ZERO, |under| under.price(mark(under.id)));
        Marked { one, mark: mark(one.id), under, today: self.today }
    }

    /// What working orders in a contract could trade.
    pub(crate) fn exposure(&self, symbol: SymbolId) -> Option<Exposure> {
        Some(self.exposures.of(self.instruments.index(symbol)?))
    }

    /// An order, open or ended in the last seven days.
    pub fn order(&self, id: OrderId) -> Option<&Arc<Order>> {
        self.orders.find(id)
    }

    /// An open order.
    pub fn open_order(&self, id: OrderId) -> Option<&Arc<Order>> {
        self.orders.open.get(&id).map(|open| &open.order)
    }

    /// Open orders, oldest first.
    pub fn open_orders(&self) -> impl Iterator<Item = &Arc<Order>> {
        self.orders.open.values().map(|open| &open.order)
    }

    /// Open orders that wait for a person's yes, oldest first.
    pub fn held_orders(&self) -> impl Iterator<Item = &Arc<Order>> {
        self.orders.held.iter().filter_map(|id| self.open_order(*id))
    }

    /// Orders that ended in the last seven days, in the order that they ended, at most 20,000.
    pub fn completed_orders(
        &self,
    ) -> impl DoubleEndedIterator<Item = &Arc<Order>> + ExactSizeIterator {
        self.orders.done.iter()
    }

    /// Executions of the last seven days, oldest first, at most 20,000.
    pub fn executions(
        &self,
    ) -> impl DoubleEndedIterator<Item = &Arc<Execution>> + ExactSizeIterator {
        self.executions.iter()
    }

    pub(crate) fn recent(&self) -> impl DoubleEndedIterator<Item = &Recent> {
        self.recent.iter()
    }

    /// Why an order cannot be changed or cancelled.
    pub(crate) fn missing(&self, order: OrderId) -> Reject {
        match self.orders.find(order) {
            Some(found) => Reject::NotOpen { order, state: found.state },
            None => Reject::UnknownOrder { order },
        }
    }

    /// Books a fill; what it realised, if it closed anything.
    pub(crate) fn fill(
        &mut self,
        instrument: &Instrument,
        side: Side,
        quantity: Shares,
        price: Ticks,
        commission: Decimal,
    ) -> Option<Decimal> {
        let value = instrument.amount(i128::from(price.0) * i128::from(quantity));
        if let InstrumentKind::Forex { base } = instrument.kind {
            let bought = (base, instrument.quantity(quantity));
            self.exchange_money(side, bought, (instrument.currency, value), commission);
            return None;
        }
        let position = self.positions.entry(instrument.id).or_default();
        let (brought, realised) = if instrument.is_margined() {
            position.fill_margined(side, quantity, value, commission)
        } else {
            position.fill(side, quantity, value, commission)
        };
        let cash = self.purse.of_mut(instrument.currency);
        cash.balance = cash.balance.saturating_add(brought);
        cash.commissions = cash.commissions.saturating_add(commission);
        realised
    }

    /// Buys or sells one currency for another. Neither is a position: both are cash. The commission is in the other.
    fn exchange_money(
        &mut self,
        side: Side,
        (base, amount): (Currency, Decimal),
        (quote, value): (Currency, Decimal),
        commission: Decimal,
    ) {
        let (amount, value) = match side {
            Side::Buy => (amount, Decimal::ZERO.saturating_sub(value)),
            Side::Sell => (Decimal::ZERO.saturating_sub(amount), value),
        };
        let cash = self.purse.of_mut(base);
        cash.balance = cash.balance.saturating_add(amount);
        let cash = self.purse.of_mut(quote);
        cash.balance = cash.balance.saturating_add(value).saturating_sub(commission);
        cash.commissions = cash.commissions.saturating_add(commission);
    }

    /// Pays what futures have gained at these prices since they were last settled.
    pub(crate) fn settle_futures(&mut self, mark: impl Fn(SymbolId) -> Ticks) {
        for (symbol, position) in &mut self.positions {
            let Some(one) = self.instruments.get(*symbol).filter(|one| one.is_margined()) else {
                continue;
            };
            if position.shares != 0 {
                let gained = position.settle(one.point(), mark(*symbol));
                let cash = self.purse.of_mut(one.currency);
                cash.balance = cash.balance.saturating_add(gained);
            }
        }
    }

    /// Begins a trading day at these prices.
    pub(crate) fn begin_day(&mut self, today: Day, now: Time, mark: impl Fn(SymbolId) -> Ticks) {
        self.today = today;
        for (currency, cash) in self.purse.all_mut() {
            let mut total = cash.balance.saturating_add(cash.interest);
            for (symbol, position) in &mut self.positions {
                let Some(one) = self.instruments.get(*symbol) else { continue };
                if one.currency == currency {
                    position.begin_day(one.point(), mark(*symbol));
                    total = total.saturating_add(position.equity(one, mark(*symbol)));
                    total = total.saturating_add(one.accrued(position.shares, today));
                }
            }
            cash.day_start = total;
        }
        self.ordered.clear();
        self.orders.prune(now);
        self.forget_parents();
        let oldest = now - KEPT_FOR;
        while self.executions.front().is_some_and(|execution| execution.time < oldest) {
            self.executions.pop_front();
        }
        let yesterday = now - Span::days(1);
        self.recent.retain(|recent| recent.time >= yesterday);
    }

    pub(crate) fn remember(&mut self, new: &NewOrder, time: Time) {
        if self.recent.len() >= RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(Recent {
            time,
            holder: new.origin.holder,
            symbol: new.symbol,
            side: new.side,
            quantity: new.quantity,
            order_type: new.order_type,
        });
    }

    pub(crate) fn keep_execution(&mut self, execution: Arc<Execution>) {
        if self.executions.len() >= KEPT {
            self.executions.pop_front();
        }
        self.executions.push_back(execution);
    }
}
