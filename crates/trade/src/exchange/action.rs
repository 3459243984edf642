//! What the beginning of a trading day does to shares, from rule 4 of the markets on: dividends and splits.
//!
//! Both take effect at the beginning of the account's trading day of their date, 17:00 in New York of the day before: no
//! market of theirs has opened then. A dividend is paid at once to whoever holds the shares, and by whoever is short of them.
//! The price falls by it, and so do the prices of open orders that would otherwise be reached by that alone: orders to buy
//! at a limit, and stops to sell, that are good until cancelled (FINRA Rule 5330). Options need nothing: they are priced on
//! the share without the dividends that it still pays before they end.

use std::sync::Arc;

use access::id::SymbolId;
use rust_decimal::Decimal;

use super::Exchange;
use crate::calendar::Day;
use crate::event::Event;
use crate::instrument::Instrument;
use crate::ledger::paid::Due;
use crate::order::{Order, OrderType, Side, TimeInForce};
use crate::payment::PaymentKind;
use crate::price::Ticks;
use crate::venue::Owner;

/// What a trading day begins with.
#[derive(Debug, Default)]
pub(super) struct Actions {
    /// The places of shares that no longer carry a dividend, and the dividend of one unit.
    dividends: Vec<(usize, Decimal)>,
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
        self.ledgers.all().any(|ledger| {
            !ledger.coupons_due((ended, begins)).is_empty()
                || ledger.positions().any(|(id, held)| held.shares != 0 && is_acted_on(id))
                || ledger.open_orders().any(|order| is_acted_on(order.symbol))
        })
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
    pub(super) fn begin_actions(&mut self, day: Day, events: &mut Vec<Event>) -> Actions {
        let mut actions = Actions::default();
        if self.paper.rule < 4 {
            return actions;
        }
        let instruments = Arc::clone(&self.paper.instruments);
        for (at, one) in instruments.all().iter().enumerate() {
            if let Some(amount) = self.paper.dividend_on(one, day) {
                self.pay_dividend(one, (day, amount), events);
                self.paper.fall(at, amount);
                actions.dividends.push((at, amount));
            }
        }
        actions
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
    pub(super) fn adjust_orders(&mut self, actions: &Actions, events: &mut Vec<Event>) {
        let instruments = Arc::clone(&self.paper.instruments);
        for (at, amount) in &actions.dividends {
            let Some(one) = instruments.at(*at) else { continue };
            let due = self.open_orders().filter(|order| order.symbol == one.id);
            let due = due.filter_map(|order| Some((order.id, reduced(order, one, *amount)?)));
            let mut due: Vec<_> = due.collect();
            due.sort_unstable_by_key(|(id, _)| *id);
            for (id, order_type) in due {
                if let Some(mut desk) = self.desk_of(id, events) {
                    desk.reprice(id, order_type);
                }
                self.settle(*at, events);
            }
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
