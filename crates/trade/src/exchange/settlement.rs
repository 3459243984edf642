//! What the end of a trading day does to positions: futures are settled to the day's price in cash, and contracts whose last
//! day it was end.
//!
//! | contract | at its end |
//! |---|---|
//! | option that pays nothing | it is gone |
//! | option that pays something, in cash | what it pays is paid |
//! | option that pays something, physical | whoever holds it exercises it; shares change hands at the strike |
//! | future, in cash | it is closed at the price of what it follows |
//! | future, physical | the same: nothing is delivered here |
//! | bond | it is redeemed at its face value |
//! | forecast | one unit of money if what it is paid for has come true, and nothing if not |
//!
//! An option pays something from a cent in the money on. Prices are the last ones of the day. Each of these is an execution
//! without an order and without a commission; its reference says what it was.
//!
//! Orders of a fund are filled when a trading day ends on which it has a price, at that price.
//!
//! Coupons are paid to whoever holds a bond at the end of the last day whose trades settle before the coupon's day. They are no
//! executions but payments: cash and what the position has realised grow by them. Before rule 4 of the markets nobody is told.
//!
//! A forecast can only be bought. Who holds both of its outcomes is sure of one unit of money for each pair, so the pairs
//! are taken back and paid at once: the outcome that was bought last at the price that it was bought for, the other at the
//! rest of one.

use std::sync::Arc;

use access::id::{Holder, SymbolId};
use rust_decimal::Decimal;

use super::Exchange;
use crate::calendar::Day;
use crate::event::Event;
use crate::instrument::{Instrument, InstrumentKind, OptionTerms, Right, Settlement};
use crate::ledger::Ledger;
use crate::order::{End, Execution, ExecutionId, Liquidity, Order, OrderId, Origin, Shares, Side};
use crate::price::Ticks;
use crate::venue::{Owner, Venue};

/// A trade that a contract's end comes to.
struct Trade {
    symbol: SymbolId,
    side: Side,
    quantity: Shares,
    price: Ticks,
    /// `expired`, `exercised`, `assigned`, `settled`, `redeemed` or `netted`.
    what: &'static str,
}

impl Exchange {
    /// Whether the end of this trading day does something to an order or a position that somebody must be told of.
    pub(super) fn settles(&self, day: Day) -> bool {
        let ends = |one: &Instrument| one.expiry.is_some_and(|expiry| expiry <= day);
        self.paper.rule >= 3
            && self.ledgers.all().any(|ledger| {
                ledger.open_positions().any(|(one, _)| ends(one))
                    || ledger
                        .open_orders()
                        .any(|order| self.is_over(order, day) || self.is_priced(order, day))
            })
    }

    /// The last day of an order's contract is over when this one is.
    fn is_over(&self, order: &Order, day: Day) -> bool {
        let one = self.paper.instruments.get(order.symbol);
        one.and_then(|one| one.expiry).is_some_and(|expiry| expiry <= day)
    }

    /// An order of a fund that has its price when this day ends: orders that came after its hours are of the next day.
    fn is_priced(&self, order: &Order, day: Day) -> bool {
        let one = self.paper.instruments.get(order.symbol).filter(|one| one.fund().is_some());
        order.day <= day && one.is_some_and(|one| one.is_priced(day, self.paper.hours))
    }

    /// Fills the orders of funds at the price of a trading day that is over, oldest first.
    pub(super) fn price_funds(&mut self, day: Day, events: &mut Vec<Event>) {
        if self.paper.rule < 3 {
            return;
        }
        let due: Vec<_> = self.open_orders().filter(|order| self.is_priced(order, day)).collect();
        let mut due: Vec<_> =
            due.iter().map(|order| (order.id, order.symbol, order.live())).collect();
        due.sort_unstable();
        let instruments = Arc::clone(&self.paper.instruments);
        for (id, symbol, quantity) in due {
            let Some(one) = instruments.get(symbol).filter(|_| quantity > 0) else { continue };
            let price = self.paper.strike(one).0;
            if let Some(mut desk) = self.desk_of(id, events) {
                desk.execute(id, price, quantity, Liquidity::Removed);
            }
        }
    }

    /// Settles a trading day that is over.
    pub(super) fn settle_day(&mut self, day: Day, events: &mut Vec<Event>) {
        if self.paper.rule < 3 {
            return;
        }
        let over: Vec<_> = self.open_orders().filter(|order| self.is_over(order, day)).collect();
        let mut over: Vec<_> = over.iter().map(|order| order.id).collect();
        over.sort_unstable();
        for id in over {
            if let Some(mut desk) = self.desk_of(id, events) {
                desk.end(id, End::Expired);
            }
        }
        let next = self.paper.session.next(self.paper.hours).day;
        for owner in self.ledgers.owners() {
            let coupons = self.ledgers.at(owner).map(|ledger| ledger.coupons_due((day, next)));
            for due in coupons.unwrap_or_default() {
                self.pay(owner, &due, next, events);
            }
            let Some(ledger) = self.ledgers.at(owner) else { continue };
            let ended: Vec<_> = ledger
                .open_positions()
                .filter(|(one, _)| one.expiry.is_some_and(|expiry| expiry <= day))
                .flat_map(|(one, shares)| self.trades(one, shares))
                .collect();
            for trade in ended {
                self.book(owner, &trade, events);
            }
        }
        self.settle_futures();
    }

    /// Pays for the pairs of both outcomes that an account holds since it bought the contract at a place for so much.
    pub(super) fn net(&mut self, owner: Owner, at: usize, price: i64, events: &mut Vec<Event>) {
        let instruments = Arc::clone(&self.paper.instruments);
        let Some(one) = instruments.at(at) else { return };
        let Some(other) = one.other_side().and_then(|id| instruments.get(id)) else { return };
        let Some(ledger) = self.ledgers.at(owner) else { return };
        let held = |id| ledger.position(id).shares.max(0).unsigned_abs();
        let (quantity, rest) =
            (held(one.id).min(held(other.id)), ticks(one, Decimal::ONE).0 - price);
        if quantity == 0 {
            return;
        }
        for (symbol, price) in [(one.id, price), (other.id, rest)] {
            let price = Ticks(price);
            let trade = Trade { symbol, side: Side::Sell, quantity, price, what: "netted" };
            self.book(owner, &trade, events);
        }
        if let Some(mut desk) = self.desk(owner, events) {
            desk.bound_reducing(one.id);
            desk.bound_reducing(other.id);
        }
    }

    /// Futures that go on are paid what they have gained since they were last settled.
    fn settle_futures(&mut self) {
        for owner in self.ledgers.owners() {
            let paper = &self.paper;
            if let Some(ledger) = self.ledgers.at_mut(owner) {
                ledger.settle_futures(|symbol| paper.mark(symbol));
            }
        }
    }

    /// What the end of a contract comes to for who holds or owes so many.
    fn trades(&self, one: &Instrument, shares: i64) -> Vec<Trade> {
        let (quantity, closes) = (shares.unsigned_abs(), closing(shares));
        let close = |price, what| Trade { symbol: one.id, side: closes, quantity, price, what };
        let last = |id| self.paper.instruments.get(id).map(|under| under.price(self.mark(id)));
        match &one.kind {
            InstrumentKind::Option(terms) => {
                let pays = last(terms.underlying).map_or(Decimal::ZERO, |last| pays(terms, last));
                if pays < Decimal::new(1, 2) {
                    return vec![close(Ticks(0), "expired")];
                }
                let what = if shares > 0 { "exercised" } else { "assigned" };
                match terms.settlement {
                    Settlement::Cash => vec![close(ticks(one, pays), what)],
                    Settlement::Physical => {
                        let mut trades = vec![close(Ticks(0), what)];
                        trades.extend(self.delivered(one, terms, (shares, what)));
                        trades
                    }
                }
            }
            InstrumentKind::Future(terms) => {
                let last = last(terms.underlying).unwrap_or_default();
                vec![close(ticks(one, last), "settled")]
            }
            InstrumentKind::Bond(_) => vec![close(ticks(one, Decimal::ONE_HUNDRED), "redeemed")],
            InstrumentKind::Forecast(terms) => {
                let paid = terms.pays(last(terms.underlying).unwrap_or_default());
                vec![close(ticks(one, paid), "settled")]
            }
            _ => vec![close(self.mark(one.id), "expired")],
        }
    }

    /// The shares that change hands when an option is exercised.
    fn delivered(
        &self,
        one: &Instrument,
        terms: &OptionTerms,
        (shares, what): (i64, &'static str),
    ) -> Option<Trade> {
        let under = self.paper.instruments.get(terms.underlying)?;
        let units = one.multiplier.checked_mul(one.quantity(shares.unsigned_abs()))?;
        let buys = (terms.right == Right::Call) == (shares > 0);
        Some(Trade {
            symbol: under.id,
            side: if buys { Side::Buy } else { Side::Sell },
            quantity: under.steps(units).ok()?,
            price: ticks(under, terms.strike),
            what,
        })
    }

    /// Books such a trade.
    fn book(&mut self, owner: Owner, trade: &Trade, events: &mut Vec<Event>) {
        let Trade { symbol, side, quantity, price, what } = *trade;
        let instruments = Arc::clone(&self.paper.instruments);
        let Some(one) = instruments.get(symbol) else { return };
        let now = self.paper.now;
        let Some(ledger) = self.ledgers.at_mut(owner) else { return };
        let realised = ledger.fill(one, side, quantity, price, Decimal::ZERO);
        let execution = Arc::new(Execution {
            id: ExecutionId(self.register.execution),
            order: OrderId(0),
            account: ledger.id,
            symbol,
            side,
            quantity,
            price,
            commission: Decimal::ZERO,
            time: now,
            liquidity: Liquidity::Removed,
            realised,
            cumulative: quantity,
            origin: Origin { holder: Holder::System, client_id: 0, order_id: 0 },
            reference: Some(Arc::from(what)),
        });
        self.register.execution += 1;
        ledger.keep_execution(Arc::clone(&execution));
        events.push(Event::Settled { execution });
    }
}

impl Ledger {
    /// What is held and owed now, by contract.
    fn open_positions(&self) -> impl Iterator<Item = (&Instrument, i64)> {
        self.positions()
            .filter(|(_, position)| position.shares != 0)
            .filter_map(|(id, position)| Some((self.instruments().get(id)?, position.shares)))
    }
}

/// The side that closes a position.
const fn closing(shares: i64) -> Side {
    if shares > 0 { Side::Sell } else { Side::Buy }
}

/// What an option pays for a unit of what it is on.
fn pays(terms: &OptionTerms, last: Decimal) -> Decimal {
    let gain = match terms.right {
        Right::Call => last.saturating_sub(terms.strike),
        Right::Put => terms.strike.saturating_sub(last),
    };
    gain.max(Decimal::ZERO)
}

/// The tick next below a price; zero beyond the range.
fn ticks(one: &Instrument, price: Decimal) -> Ticks {
    let size = one.prices.tick().size();
    let count = price.checked_div(size).map(|count| count.floor());
    Ticks(count.and_then(|count| i64::try_from(count).ok()).unwrap_or_default())
}
