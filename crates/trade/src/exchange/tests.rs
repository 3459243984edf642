//! What the exchange does with orders.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use access::entitlements::Limits;
use access::id::CredentialId;
use access::moment::Span;
use rust_decimal::Decimal;

use super::*;
use crate::book::Fill;
use crate::calendar::{Day, Hours};
use crate::order::{Liquidity, OrderState, OrderType, Origin, Parent, Shares, Side, TimeInForce};
use crate::pretrade;

mod account;
mod arbitrage;
mod bond;
mod chart;
mod dividend;
mod equity;
mod family;
mod forecast;
mod fund;
mod group;
mod held;
mod instrument;
mod interest;
mod margin;
mod market3;
mod proportion;
mod reducing;
mod replay;
mod risk;
mod rule;
mod split;
mod strategy;

const AAPL: SymbolId = SymbolId(700_001);
const HOLDER: Holder = Holder::Credential(CredentialId([1; 16]));
/// 2026-11-23 22:05 UTC, a Monday, five minutes into Tuesday's trading day in New York.
const MONDAY: Time = Time::from_seconds(1_795_471_500);

fn genesis(hours: Hours) -> Genesis {
    Genesis {
        seed: 7,
        at: MONDAY,
        account: "DU1234567".parse().unwrap(),
        cash: Decimal::from(1_000_000),
        currency: Currency::USD,
        hours,
        market_rule: 1,
    }
}

fn apple() -> &'static crate::instrument::Instrument {
    Instruments::builtin().get(AAPL).unwrap()
}

fn begun(genesis: Genesis) -> Exchange {
    Exchange::new(genesis, Instruments::builtin())
}

fn restored(bytes: &[u8]) -> Result<Exchange, SnapshotError> {
    Exchange::restore(bytes, Instruments::builtin())
}

/// An exchange with a hand on its clock and its sequence.
#[derive(Clone)]
struct Bench {
    exchange: Exchange,
    time: Time,
    journal: Vec<Stamped>,
}

impl Bench {
    fn new() -> Self {
        Self::of(genesis(Hours::RoundTheClock))
    }

    /// As the first rule of orders has it.
    fn of_rule_1() -> Self {
        Self::by_rule_1(genesis(Hours::RoundTheClock))
    }

    fn of(genesis: Genesis) -> Self {
        let mut bench = Self::by_rule_1(genesis);
        bench.apply(Command::OrderRule { rule: ORDER_RULE });
        bench
    }

    /// As an older rule of orders has it.
    fn of_rule(rule: u16) -> Self {
        let mut bench = Self::of_rule_1();
        bench.apply(Command::OrderRule { rule });
        bench
    }

    fn by_rule_1(genesis: Genesis) -> Self {
        Self { exchange: begun(genesis), time: MONDAY, journal: vec![] }
    }

    fn facts(&self) -> pretrade::Facts<'_> {
        self.exchange.facts(self.exchange.genesis().account, HOLDER).unwrap()
    }

    fn apply(&mut self, command: Command) -> Vec<Event> {
        self.apply_limited(command, Limits::default())
    }

    fn apply_limited(&mut self, command: Command, limits: Limits) -> Vec<Event> {
        let decision = Decided { holder: HOLDER, account: None, epoch: 1, limits };
        let seq = self.exchange.seq() + 1;
        let stamped = Stamped { seq, time: self.time, decision, command };
        self.journal.push(stamped.clone());
        self.exchange.apply(&stamped)
    }

    fn place(&mut self, orders: Vec<NewOrder>) -> Vec<Event> {
        let limits = Limits { collar_bps: Some(100_000), ..Limits::default() };
        let checked = pretrade::check(&self.facts(), &limits, self.time, orders).unwrap();
        self.apply(Command::Place(checked))
    }

    fn one(&mut self, order: NewOrder) -> Arc<Order> {
        let events = self.place(vec![order]);
        let id = events[0].order().unwrap().id;
        Arc::clone(self.exchange.order(id).unwrap())
    }

    /// An order that may only reduce a position.
    fn reduce(&mut self, order: NewOrder) -> Arc<Order> {
        pretrade::check_reduces(&self.facts(), &order).unwrap();
        let limits = Limits::default();
        let checked = pretrade::check_reducing(&self.facts(), &limits, self.time, order).unwrap();
        let events = self.apply(Command::PlaceReduceOnly(checked));
        let id = events[0].order().unwrap().id;
        Arc::clone(self.exchange.order(id).unwrap())
    }

    fn modify(&mut self, change: Change) -> Vec<Event> {
        let checked = pretrade::check_modify(&self.facts(), &Limits::default(), change).unwrap();
        self.apply(Command::Modify(checked))
    }

    fn cancel(&mut self, order: OrderId) -> Vec<Event> {
        self.apply(Command::Cancel { order, cause: Cause::Request })
    }

    /// Lets so many seconds pass, the way the gate does.
    fn wait(&mut self, seconds: i64) -> Vec<Event> {
        self.time = self.time + Span::seconds(seconds);
        match self.exchange.advance(self.time).due {
            Some(_) => self.apply(Command::Advance),
            None => Vec::new(),
        }
    }

    /// A trade of a resting order, as if an order of others had come to it.
    fn fill(&mut self, id: OrderId, quantity: Shares) -> Vec<Event> {
        let mut events = Vec::new();
        let open = &self.exchange.account().orders.open[&id];
        let (at, rests, handle) = (open.at, open.order.live(), open.handle.unwrap());
        let price = open.order.order_type.limit().unwrap().0;
        let book = &mut self.exchange.paper.listings.rows_mut()[at].book;
        match rests - quantity {
            0 => assert_eq!(book.cancel(handle), Some(rests)),
            left => book.reduce(handle, left).unwrap(),
        }
        let fill = Fill { key: id.0, owner: 1, price, quantity, done: rests == quantity };
        self.exchange.resting_filled(at, fill, &mut events);
        self.exchange.settle(at, &mut events);
        events
    }

    fn position(&self) -> i64 {
        self.exchange.account().position(AAPL).shares
    }

    fn order(&self, id: OrderId) -> Arc<Order> {
        Arc::clone(self.exchange.order(id).unwrap())
    }

    fn ask(&self) -> Ticks {
        self.exchange.quote(AAPL).unwrap().ask().unwrap().price
    }

    fn bid(&self) -> Ticks {
        self.exchange.quote(AAPL).unwrap().bid().unwrap().price
    }

    /// Cash, bases and realised profit agree to the last decimal.
    fn check_money(&self) {
        let account = self.exchange.account();
        let bases: Decimal = account.positions().map(|(_, position)| position.basis).sum();
        assert_eq!(
            account.purse.own().balance + bases,
            account.purse.own().deposited + account.realised(Currency::USD) + interest(account)
        );
    }
}

/// What was paid on the cash of an account in its currency.
fn interest(account: &Ledger) -> Decimal {
    let paid = account.payments().filter(|one| one.symbol.is_none());
    paid.map(|one| one.amount).sum()
}

fn order(side: Side, quantity: Shares, order_type: OrderType) -> NewOrder {
    NewOrder {
        account: "DU1234567".parse().unwrap(),
        symbol: AAPL,
        side,
        quantity,
        order_type,
        tif: TimeInForce::Day,
        outside_hours: false,
        origin: Origin { holder: HOLDER, client_id: 1, order_id: 1 },
        parent: None,
        oca: None,
        reference: None,
    }
}

/// The same order of another quantity.
fn resized(order: &Order, quantity: Shares) -> Change {
    Change {
        order: order.id,
        quantity,
        order_type: order.order_type,
        tif: order.tif,
        units: crate::instrument::Units::SHARES,
    }
}

fn limit(side: Side, quantity: Shares, price: i64) -> NewOrder {
    order(side, quantity, OrderType::Limit { price: Ticks(price) })
}

fn market(side: Side, quantity: Shares) -> NewOrder {
    order(side, quantity, OrderType::Market)
}

#[test]
fn first_moment_has_quotes_and_a_chart() {
    let bench = Bench::new();
    let quotes = bench.exchange.quotes();
    assert_eq!(quotes.all.len(), 22);
    for quote in &quotes.all {
        assert_eq!((quote.bids.len(), quote.asks.len()), (10, 10));
        assert!(quote.bid().unwrap().price < quote.ask().unwrap().price);
        assert!(quote.low <= quote.last && quote.last <= quote.high && quote.volume > 0);
    }
    assert_eq!(quotes.get(AAPL).unwrap().close, Ticks(12_567));
}

#[test]
fn market_order_fills_at_the_quote() {
    let mut bench = Bench::new();
    let ask = bench.ask();
    let filled = bench.one(market(Side::Buy, 10));
    assert_eq!((filled.state, filled.filled), (OrderState::Filled, 10));
    assert_eq!(filled.last_fill, Some(ask));
    assert_eq!(filled.commission, Decimal::ONE);
    let position = bench.exchange.account().position(AAPL);
    assert_eq!(position.shares, 10);
    assert_eq!(position.basis, Decimal::new(ask.0 * 10, 2) + Decimal::ONE);
    bench.check_money();
}

#[test]
fn market_order_larger_than_the_quotes_fills_over_the_next_seconds() {
    let mut bench = Bench::new();
    let symbol = bench.exchange.instruments().named("RRC").unwrap().id;
    let large = bench.one(NewOrder { symbol, ..market(Side::Buy, 9_000) });
    assert_eq!(large.state, OrderState::Working);
    assert!(large.filled > 0 && large.filled < 9_000, "{}", large.filled);
    bench.wait(5);
    assert_eq!(bench.order(large.id).state, OrderState::Filled);
    assert_eq!(bench.exchange.account().position(symbol).shares, 9_000);
    bench.check_money();
}

#[test]
fn limit_order_away_from_the_market_rests_and_is_cancelled() {
    let mut bench = Bench::new();
    let resting = bench.one(limit(Side::Buy, 10, 100));
    assert_eq!((resting.state, resting.filled), (OrderState::Working, 0));
    assert!(bench.wait(600).is_empty(), "nothing comes to 1.00");
    let events = bench.cancel(resting.id);
    assert!(matches!(&events[..], [Event::OrderCancelled { order }]
        if order.end == Some(End::Requested) && order.state == OrderState::Cancelled));
    let again = bench.cancel(resting.id);
    assert!(matches!(&again[..], [Event::CommandRejected { reject: Reject::NotOpen { .. }, .. }]));
    let unknown = bench.cancel(OrderId(5));
    assert!(matches!(
        &unknown[..],
        [Event::CommandRejected { reject: Reject::UnknownOrder { .. }, .. }]
    ));
}

#[test]
fn limit_order_at_the_bid_fills_when_the_market_comes_to_it() {
    let mut bench = Bench::new();
    let price = bench.bid();
    let resting = bench.one(limit(Side::Buy, 100, price.0));
    assert_eq!(resting.filled, 0);
    bench.wait(600);
    let filled = bench.order(resting.id);
    assert_eq!(filled.state, OrderState::Filled);
    assert_eq!(
        filled.average_price(apple()),
        Some(apple().price(price)),
        "never worse than its limit, nor better"
    );
    assert!(bench.exchange.executions().all(|e| e.liquidity == Liquidity::Added));
}

#[test]
fn immediate_or_cancel_takes_what_is_there() {
    let mut bench = Bench::new();
    let ask = bench.ask();
    let size = bench.exchange.quote(AAPL).unwrap().ask().unwrap().size;
    let mut ioc = limit(Side::Buy, size + 50, ask.0);
    ioc.tif = TimeInForce::Ioc;
    let ended = bench.one(ioc);
    assert_eq!((ended.state, ended.filled), (OrderState::Cancelled, size));
    assert_eq!(ended.end, Some(End::Remainder));
}

#[test]
fn fill_or_kill_takes_all_or_nothing() {
    let mut bench = Bench::new();
    let quote = bench.exchange.quote(AAPL).unwrap();
    let two: Shares = quote.asks[..2].iter().map(|level| level.size).sum();
    let mut fok = limit(Side::Buy, two + 1, quote.asks[1].price.0);
    fok.tif = TimeInForce::Fok;
    let killed = bench.one(fok.clone());
    assert_eq!((killed.state, killed.filled), (OrderState::Cancelled, 0));
    assert_eq!(killed.end, Some(End::NotFillable { available: two }));
    fok.quantity = two;
    assert_eq!(bench.one(fok).state, OrderState::Filled);
}

#[test]
fn order_that_would_meet_its_own_is_cancelled() {
    let mut bench = Bench::new();
    let inside = bench.one(limit(Side::Buy, 10, bench.ask().0 - 1));
    let other = bench.one(limit(Side::Sell, 20, bench.ask().0 - 1));
    assert_eq!(other.end, Some(End::SelfMatch { with: inside.id }));
    assert_eq!(bench.order(inside.id).state, OrderState::Working);
}

#[test]
fn stop_waits_for_its_trigger_and_becomes_a_market_order() {
    let mut bench = Bench::new();
    bench.one(market(Side::Buy, 100));
    let trigger = Ticks(bench.bid().0 - 3);
    let stop = bench.one(order(Side::Sell, 100, OrderType::Stop { trigger }));
    assert_eq!(stop.state, OrderState::PreSubmitted);
    let events = bench.wait(3_600);
    let filled = bench.order(stop.id);
    assert!(filled.triggered && filled.state == OrderState::Filled, "{filled:?}");
    assert!(events.iter().any(|event| matches!(event, Event::OrderTriggered { .. })));
    let far = OrderType::StopLimit { trigger: Ticks(1), price: Ticks(1) };
    let waiting = bench.one(order(Side::Sell, 1, far));
    bench.wait(3_600);
    assert_eq!(bench.order(waiting.id).state, OrderState::PreSubmitted);
    let passed = OrderType::Stop { trigger: Ticks(1) };
    assert_eq!(bench.one(order(Side::Buy, 1, passed)).state, OrderState::Filled, "reached already");
}

#[test]
fn change_of_price_loses_the_place_and_a_smaller_quantity_keeps_it() {
    let mut bench = Bench::new();
    let (first, second) =
        (bench.one(limit(Side::Buy, 100, 9_000)), bench.one(limit(Side::Buy, 100, 9_000)));
    let change = |order: &Order, quantity, price| Change {
        units: crate::instrument::Units::SHARES,
        order: order.id,
        quantity,
        order_type: OrderType::Limit { price: Ticks(price) },
        tif: order.tif,
    };
    bench.modify(change(&first, 60, 9_000));
    assert_eq!(bench.order(first.id).quantity, 60);
    bench.modify(change(&first, 80, 9_000));
    assert_eq!(bench.order(first.id).live(), 80);
    // The book's order of service: taken by an incoming order of others.
    let mut book = bench.exchange.paper.listings.rows()[0].book.clone();
    let mut served = vec![];
    book.take(Side::Sell, 9_000, 1_000_000, 0, |fill| served.push(fill.key));
    let clients: Vec<_> = served.into_iter().filter(|key| *key > 1_000_000).collect();
    assert_eq!(clients, [second.id.0, first.id.0], "a larger quantity goes to the back");
    bench.modify(change(&second, 100, 13_000));
    assert_eq!(
        bench.order(second.id).state,
        OrderState::Filled,
        "a price through the market trades"
    );
    bench.check_money();
}

#[test]
fn day_order_ends_when_the_day_rolls_and_gtc_stays() {
    let mut bench = Bench::new();
    let day = bench.one(limit(Side::Buy, 10, 100));
    let mut gtc = limit(Side::Buy, 10, 100);
    gtc.tif = TimeInForce::Gtc;
    let gtc = bench.one(gtc);
    let first = bench.exchange.session().day;
    assert!(bench.wait(86_400 - 301).is_empty());
    assert_eq!(bench.wait(1).len(), 1);
    assert_eq!(bench.exchange.session().day, first.plus(1));
    assert_eq!(bench.order(day.id).end, Some(End::DayEnded));
    assert_eq!(bench.order(gtc.id).state, OrderState::Working);
}

#[test]
fn real_hours_hold_a_limit_order_until_the_open() {
    let mut genesis = genesis(Hours::Real);
    genesis.at = Time::from_seconds(Day::of(2026, 11, 20).at(18, 0));
    let mut bench = Bench::new();
    (bench.time, bench.exchange) = (genesis.at, begun(genesis));
    assert!(!bench.exchange.is_open());
    assert!(bench.exchange.quote(AAPL).unwrap().bids.is_empty());
    let denied =
        pretrade::check(&bench.facts(), &Limits::default(), bench.time, vec![market(Side::Buy, 1)]);
    assert_eq!(denied.unwrap_err().code(), "MARKET_CLOSED");
    let resting = bench.one(limit(Side::Buy, 10, 13_000));
    assert_eq!((resting.filled, resting.day), (0, Day::of(2026, 11, 23)));
    assert!(bench.wait(86_400).is_empty(), "Saturday");
    bench.time = Time::from_seconds(Day::of(2026, 11, 23).at(9, 30));
    let due = bench.exchange.advance(bench.time).due;
    assert_eq!(due, Some(bench.time), "it crosses in the first second");
    bench.apply(Command::Advance);
    assert_eq!(bench.order(resting.id).state, OrderState::Filled);
}

#[test]
fn commission_minimum_comes_once_over_partial_fills() {
    let mut bench = Bench::new();
    let quote = bench.exchange.quote(AAPL).unwrap();
    let three: Shares = quote.asks[..3].iter().map(|level| level.size).sum();
    let filled = bench.one(market(Side::Buy, three));
    let paid: Decimal = bench.exchange.executions().map(|e| e.commission).sum();
    assert_eq!(bench.exchange.executions().count(), 3);
    assert_eq!(paid, filled.commission);
    assert_eq!(paid, Decimal::new(i64::try_from(three).unwrap() * 5, 3).max(Decimal::ONE));
}

#[test]
fn cancel_all_reaches_its_scope_alone() {
    let mut bench = Bench::new();
    let mut other = limit(Side::Buy, 1, 100);
    other.origin.client_id = 2;
    let (one, two) = (bench.one(limit(Side::Buy, 1, 100)), bench.one(other));
    let scope = CancelTarget::Client { holder: HOLDER, client_id: 1 };
    let events = bench.apply(Command::CancelAll { scope, cause: Cause::Revocation });
    assert_eq!(events.len(), 1);
    assert_eq!(bench.order(one.id).end, Some(End::Revoked));
    assert_eq!(bench.order(two.id).state, OrderState::Working);
    assert_eq!(bench.exchange.open_count(HOLDER), 1);
    bench.apply(Command::CancelAll { scope: CancelTarget::Account, cause: Cause::Lock });
    assert_eq!(bench.exchange.open_orders().count(), 0);
    assert!(bench.exchange.account().exposures.of(0) == crate::margin::Exposure::default());
}
