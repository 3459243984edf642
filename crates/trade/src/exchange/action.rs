//! What happens when the trading day changes: dividends and splits, from rule 4 of the markets on, and interest on cash
//! (`ledger/interest.rs`), from rule 5 on.
//!
//! Dividends and splits take effect at the beginning of the account's trading day of their date, 17:00 in New York of the day before: no
//! market of theirs has opened then. A dividend is paid at once to whoever holds the shares, and by whoever is short of them.
//! The price falls by it, and so do the prices of open orders that would otherwise be reached by that alone: orders to buy
//! at a limit, and stops to sell, that are good until cancelled (FINRA Rule 5330). Options need nothing: they are priced on
//! the share without the dividends that it still pays before they end.
//!
//! A split makes so many new shares of so many old ones: of what is held, of the price and of all prices before it. What is
//! left of a share is paid for at the new price. Options on shares of which whole ones are added become as many with a
//! strike that is divided; no share that has another split has options (`options.csv`). Orders of a share are restated when
//! it is split forward, unless they belong to other orders or wait for a person; those, all orders of a reverse split, and
//! orders of the options end with a reason of their own.

use std::collections::BTreeSet;
use std::sync::Arc;

use access::id::SymbolId;
use rust_decimal::Decimal;

use super::Exchange;
use crate::calendar::Day;
use crate::event::Event;
use crate::instrument::{Instrument, Split};
use crate::ledger::paid::Due;
use crate::order::{End, Order, OrderId, OrderType, Shares, Side, TimeInForce};
use crate::payment::PaymentKind;
use crate::price::Ticks;
use crate::venue::{Owner, Venue as _};

/// What a trading day begins with for a share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Action {
    /// Its place.
    at: usize,
    /// What one of the shares that there were paid, in the instrument's currency.
    dividend: Option<Decimal>,
    split: Option<Split>,
}

impl Exchange {
    /// Whether the change from one trading day to the next pays somebody, or changes what somebody has or has ordered.
    pub(super) fn acts(&self, ended: Day, begins: Day) -> bool {
        if self.paper.rule < 4 {
            return false;
        }
        let instruments = &self.paper.instruments;
        let is_acted_on = |id: SymbolId| {
            let root = instruments.get(id).and_then(|one| instruments.get(one.root()));
            root.is_some_and(|one| one.acts_on(begins))
        };
        // The markets begin a day before the first account is made, and that day pays nobody.
        let is_paid = self.pays_interest((ended, begins)) && self.genesis.at <= self.paper.now;
        self.ledgers.all().any(|ledger| {
            (is_paid && ledger.has_interest())
                || !ledger.coupons_due((ended, begins)).is_empty()
                || ledger.positions().any(|(id, held)| held.shares != 0 && is_acted_on(id))
                || ledger.open_orders().any(|order| is_acted_on(order.symbol))
        })
    }

    /// Whether the change from one trading day to the next pays interest on cash: a month begins.
    fn pays_interest(&self, (ended, begins): (Day, Day)) -> bool {
        self.paper.rule >= 5 && ended.civil().1 != begins.civil().1
    }

    /// Adds the day's interest on cash, and pays it when a month begins.
    pub(super) fn accrue(&mut self, days: (Day, Day), events: &mut Vec<Event>) {
        if self.paper.rule < 5 {
            return;
        }
        let (now, is_paid) = (self.paper.now, self.pays_interest(days));
        for owner in self.ledgers.owners() {
            let ledger = self.ledgers.at_mut(owner).filter(|ledger| ledger.opened <= now);
            let Some(ledger) = ledger else { continue };
            ledger.accrue(|symbol| self.paper.mark(symbol));
            let due = if is_paid { ledger.interest_due() } else { Vec::new() };
            for due in due {
                self.pay(owner, &due, days.1, events);
            }
        }
    }

    /// Books what is due to a ledger. Under older rules nobody is told.
    pub(super) fn pay(&mut self, owner: Owner, due: &Due, day: Day, events: &mut Vec<Event>) {
        let (now, is_told) = (self.paper.now, self.paper.rule >= 4);
        let Some(ledger) = self.ledgers.at_mut(owner) else { return };
        ledger.earn(due);
        if is_told {
            let payment = ledger.keep_payment(due, (day, now));
            events.push(Event::Paid { payment });
        }
    }

    /// Does to holders and prices what a trading day begins with. Orders are still as they were.
    pub(super) fn begin_actions(&mut self, day: Day, events: &mut Vec<Event>) -> Vec<Action> {
        let mut actions = Vec::new();
        if self.paper.rule < 4 {
            return actions;
        }
        let instruments = Arc::clone(&self.paper.instruments);
        for (at, one) in instruments.all().iter().enumerate() {
            let (dividend, split) = (self.paper.dividend_on(one, day), one.split_on(day));
            if let Some(amount) = dividend {
                self.pay_dividend(one, (day, amount), events);
                self.paper.fall(at, amount);
            }
            // A dividend of the same day is still of the old shares.
            if let Some(split) = split {
                self.split(at, (one, split), events);
            }
            if dividend.is_some() || split.is_some() {
                actions.push(Action { at, dividend, split });
            }
        }
        actions
    }

    /// Splits a share: what is held of it and of options on it, and its price. Orders of the options end.
    fn split(&mut self, at: usize, (one, split): (&Instrument, Split), events: &mut Vec<Event>) {
        let instruments = Arc::clone(&self.paper.instruments);
        let is_on_it = |id: SymbolId| {
            instruments.get(id).is_some_and(|it| it.id != one.id && it.root() == one.id)
        };
        self.end_all(|order| is_on_it(order.symbol), End::Split, events);
        self.paper.split(at, split);
        let mark = self.mark(one.id);
        for owner in self.ledgers.owners() {
            let Some(ledger) = self.ledgers.at_mut(owner) else { continue };
            let mut done = ledger.split(one, split, mark);
            let held = ledger.positions().filter(|(id, held)| held.shares != 0 && is_on_it(*id));
            let pairs: Vec<_> =
                held.filter_map(|(id, _)| Some((id, instruments.after_split(id)?))).collect();
            done.extend(ledger.turn(&pairs, split.new));
            let when = (split.day, self.paper.now);
            for due in &done {
                let payment = ledger.keep_payment(due, when);
                events.push(Event::Paid { payment });
            }
        }
    }

    /// Pays a dividend, or takes it from who is short.
    fn pay_dividend(
        &mut self,
        one: &Instrument,
        (day, amount): (Day, Decimal),
        events: &mut Vec<Event>,
    ) {
        for owner in self.ledgers.owners() {
            let held = self.ledgers.at(owner).map_or(0, |ledger| ledger.position(one.id).shares);
            let all = amount.saturating_mul(one.signed_quantity(held));
            let all = all.round_dp(one.currency.digits());
            if let Some(due) = Due::of(PaymentKind::Dividend, one, held, all) {
                self.pay(owner, &due, day, events);
            }
        }
    }

    /// Does to orders what a trading day begins with.
    pub(super) fn adjust_orders(&mut self, actions: &[Action], events: &mut Vec<Event>) {
        let instruments = Arc::clone(&self.paper.instruments);
        for action in actions {
            let Some(one) = instruments.at(action.at) else { continue };
            let due = self.open_orders().filter(|order| order.symbol == one.id);
            let mut due: Vec<_> = due.map(Arc::clone).collect();
            due.sort_unstable_by_key(|order| order.id);
            let parents: BTreeSet<OrderId> = due.iter().filter_map(|order| order.parent).collect();
            for order in due {
                let after = restated(&order, one, action, parents.contains(&order.id));
                let Some(mut desk) = self.desk_of(order.id, events) else { continue };
                match after {
                    Restated::Stays => {}
                    Restated::Ends => desk.end(order.id, End::Split),
                    Restated::As(order_type, quantity) => {
                        desk.restate(order.id, order_type, quantity);
                    }
                }
            }
            // All of them have left the book by now: none meets another one's old price.
            self.settle(action.at, events);
        }
    }
}

/// What becomes of an order.
enum Restated {
    Stays,
    Ends,
    /// It has these prices and, where it is another one, this quantity.
    As(OrderType, Option<Shares>),
}

/// What becomes of an order of a share, which may have children. A split restates those that belong to no other order
/// and wait for nobody, and of which something is left.
fn restated(order: &Order, one: &Instrument, action: &Action, is_parent: bool) -> Restated {
    let lower = action.dividend.and_then(|amount| reduced(order, one, amount));
    let Some(split) = action.split else {
        return lower.map_or(Restated::Stays, |order_type| Restated::As(order_type, None));
    };
    let is_alone = order.parent.is_none() && order.oca.is_none() && !is_parent;
    let is_free = order.held.is_none() && !order.reduce_only;
    let left = order.remaining().saturating_mul(split.new.into()) / u64::from(split.old);
    if !(is_alone && is_free && split.is_forward() && left > 0) {
        return Restated::Ends;
    }
    let order_type = divided(order.side, lower.unwrap_or(order.order_type), one, split);
    Restated::As(order_type, Some(order.filled.saturating_add(left)))
}

/// The prices of an order after a split: where they are none, the next one away from the market.
fn divided(side: Side, before: OrderType, one: &Instrument, split: Split) -> OrderType {
    let (new, old) = (i64::from(split.new), i64::from(split.old));
    let exact = |price: Ticks| price.0.saturating_mul(old);
    let floor = |price: Ticks| {
        one.prices.floor(Ticks(exact(price).div_euclid(new))).max(one.prices.lowest())
    };
    let ceil = |price: Ticks| one.prices.ceil(Ticks(-(-exact(price)).div_euclid(new)));
    let (limit, stop): (&dyn Fn(Ticks) -> Ticks, &dyn Fn(Ticks) -> Ticks) = match side {
        Side::Buy => (&floor, &ceil),
        Side::Sell => (&ceil, &floor),
    };
    match before {
        OrderType::Market => OrderType::Market,
        OrderType::Limit { price } => OrderType::Limit { price: limit(price) },
        OrderType::Stop { trigger } => OrderType::Stop { trigger: stop(trigger) },
        OrderType::StopLimit { trigger, price } => {
            OrderType::StopLimit { trigger: stop(trigger), price: limit(price) }
        }
    }
}

/// The prices of an order that a dividend makes lower; none where it stays as it is.
fn reduced(order: &Order, one: &Instrument, amount: Decimal) -> Option<OrderType> {
    if order.tif != TimeInForce::Gtc {
        return None;
    }
    let ticks = amount.checked_div(one.prices.tick().size())?.ceil();
    let ticks = i64::try_from(ticks).ok()?;
    let less = |price: Ticks| {
        let price = one.prices.floor(Ticks(price.0.saturating_sub(ticks)));
        price.max(one.prices.lowest())
    };
    match (order.side, order.order_type) {
        (Side::Buy, OrderType::Limit { price }) => Some(OrderType::Limit { price: less(price) }),
        // Its trigger was reached: it is an order to buy at a limit.
        (Side::Buy, OrderType::StopLimit { trigger, price }) if order.triggered => {
            Some(OrderType::StopLimit { trigger, price: less(price) })
        }
        (Side::Sell, OrderType::Stop { trigger }) if !order.triggered => {
            Some(OrderType::Stop { trigger: less(trigger) })
        }
        (Side::Sell, OrderType::StopLimit { trigger, price }) if !order.triggered => {
            Some(OrderType::StopLimit { trigger: less(trigger), price: less(price) })
        }
        _ => None,
    }
}
