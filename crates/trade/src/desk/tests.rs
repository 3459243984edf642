//! A venue that passes everything on: what is pending has not happened.
#![expect(clippy::unwrap_used, reason = "tests")]

use access::currency::Currency;
use access::entitlements::Side;
use access::id::SymbolId;

use super::*;
use crate::book::Handle;
use crate::calendar::Day;
use crate::instrument::{Instruments, Units};
use crate::money::Money;
use crate::order::{Origin, TimeInForce};
use crate::quote::Quote;
use crate::venue::{Met, VenueAnswer};

/// It answers later, or, once it is `done`, at once.
struct Upstream {
    done: bool,
    asked: Vec<&'static str>,
}

impl Upstream {
    fn answer<T>(&mut self, asked: &'static str, done: T) -> VenueAnswer<T> {
        self.asked.push(asked);
        if self.done { VenueAnswer::Done(done) } else { VenueAnswer::Pending }
    }
}

impl Venue for Upstream {
    fn submit(&mut self, _: &Arrival, _: &dyn Fn(Owner, OrderId) -> bool) -> VenueAnswer<Met> {
        self.asked.push("submit");
        VenueAnswer::Pending
    }

    fn arm(&mut self, _: usize, _: &Order) -> VenueAnswer<bool> {
        self.answer("arm", true)
    }

    fn withdraw(&mut self, _: usize, _: &Order, _: Option<Handle>) -> VenueAnswer<()> {
        self.answer("withdraw", ())
    }

    fn shrink(&mut self, _: usize, _: &Order, _: Option<Handle>, _: Shares) -> VenueAnswer<()> {
        self.answer("shrink", ())
    }

    fn last(&self, _: usize) -> i64 {
        10_000
    }

    fn mark(&self, _: SymbolId) -> Ticks {
        Ticks(10_000)
    }

    fn reference(&self, _: SymbolId, _: Side) -> Option<Ticks> {
        Some(Ticks(10_000))
    }

    fn quote(&self, _: SymbolId) -> Option<Quote> {
        None
    }

    fn rate(&self, from: Currency, to: Currency) -> Option<Decimal> {
        (from == to).then_some(Decimal::ONE)
    }

    fn is_listed(&self, _: SymbolId) -> bool {
        true
    }

    fn is_open(&self, _: SymbolId) -> bool {
        true
    }

    fn next_open(&self, _: SymbolId) -> Time {
        Time::from_seconds(0)
    }

    fn day(&self, _: SymbolId) -> Day {
        Day::of(2026, 11, 24)
    }
}

/// A ledger and what its desk needs.
struct Bench {
    ledger: Ledger,
    venue: Upstream,
    register: Register,
    todo: VecDeque<(Owner, OrderId)>,
    events: Vec<Event>,
}

impl Bench {
    fn new() -> Self {
        let (account, cash) = ("DU1234567".parse().unwrap(), Decimal::from(1_000_000));
        let cash = Money::new(cash, Currency::USD);
        let instruments = Arc::clone(Instruments::builtin());
        Self {
            ledger: Ledger::new(instruments, account, cash, 3, Time::from_seconds(0)),
            venue: Upstream { done: false, asked: Vec::new() },
            register: Register::new(1, 1),
            todo: VecDeque::new(),
            events: Vec::new(),
        }
    }

    fn desk(&mut self) -> Desk<'_, Upstream> {
        Desk {
            owner: 1,
            ledger: &mut self.ledger,
            venue: &mut self.venue,
            register: &mut self.register,
            todo: &mut self.todo,
            events: &mut self.events,
            now: Time::from_seconds(60),
        }
    }

    /// Takes an order and brings it to the venue, as the exchange does.
    fn brought(&mut self, order_type: OrderType) -> OrderId {
        let new = NewOrder {
            account: self.ledger.id,
            symbol: SymbolId(700_001),
            side: Side::Buy,
            quantity: 100,
            order_type,
            tif: TimeInForce::Gtc,
            outside_hours: false,
            origin: Origin { holder: Holder::Operator, client_id: 0, order_id: 0 },
            parent: None,
            oca: None,
            reference: None,
        };
        let id = self.desk().accept(&new, (0, Placing::default()), &[]);
        if let Some(arrival) = self.desk().activate(id) {
            assert_eq!(self.venue.submit(&arrival, &|_, _| true), VenueAnswer::Pending);
        }
        id
    }
}

#[test]
fn order_that_is_pending_is_open_and_reserves_and_nothing_of_it_is_booked() {
    let mut bench = Bench::new();
    let id = bench.brought(OrderType::Limit { price: Ticks(9_000) });
    assert_eq!(bench.venue.asked, ["submit"]);
    let order = bench.ledger.open_order(id).unwrap();
    assert_eq!((order.state, order.filled, order.last_fill), (OrderState::Working, 0, None));
    assert_eq!(bench.ledger.exposures.of(0).buy_value, 900_000, "its value is reserved");
    assert_eq!(bench.ledger.purse.own().balance, Decimal::from(1_000_000));
    assert_eq!((bench.ledger.positions().count(), bench.ledger.executions().count()), (0, 0));
    assert!(matches!(bench.events[..], [Event::OrderAccepted { .. }]), "{:?}", bench.events);
}

#[test]
fn cancellation_and_change_that_are_pending_leave_the_order_as_it_is() {
    let mut bench = Bench::new();
    let id = bench.brought(OrderType::Limit { price: Ticks(9_000) });
    let (before, bound) =
        (Arc::clone(bench.ledger.open_order(id).unwrap()), bench.ledger.exposures.of(0));
    let change = Change {
        order: id,
        quantity: 200,
        order_type: OrderType::Limit { price: Ticks(9_500) },
        tif: TimeInForce::Gtc,
        units: Units::SHARES,
    };
    assert!(!bench.desk().change(change, Holder::Operator));
    bench.desk().end(id, End::Requested);
    assert_eq!(bench.venue.asked, ["submit", "withdraw", "withdraw"]);
    assert_eq!(bench.ledger.open_order(id), Some(&before));
    assert_eq!(
        (bench.ledger.exposures.of(0), bench.register.open_of(Holder::Operator)),
        (bound, 1)
    );
    assert_eq!((bench.events.len(), bench.todo.len()), (1, 1), "accepted, and nothing since");
    // Once the venue says that it is done, both happen.
    bench.venue.done = true;
    assert!(bench.desk().change(change, Holder::Operator));
    assert_eq!(bench.ledger.open_order(id).unwrap().quantity, 200);
    bench.desk().end(id, End::Requested);
    assert!(bench.ledger.open_order(id).is_none());
    assert_eq!(bench.ledger.exposures.of(0), crate::margin::Exposure::default());
    assert_eq!(bench.register.open_of(Holder::Operator), 0);
}

#[test]
fn order_made_smaller_in_place_keeps_its_size_until_the_venue_has_answered() {
    let mut bench = Bench::new();
    let limit = OrderType::Limit { price: Ticks(9_000) };
    let id = bench.brought(limit);
    bench.todo.clear();
    let (before, bound) =
        (Arc::clone(bench.ledger.open_order(id).unwrap()), bench.ledger.exposures.of(0));
    let smaller = Change {
        order: id,
        quantity: 40,
        order_type: limit,
        tif: TimeInForce::Gtc,
        units: Units::SHARES,
    };
    assert!(!bench.desk().change(smaller, Holder::Operator));
    // What its group, its parent or its position takes from it waits just so.
    bench.desk().lessen(id, (40, 40), End::PositionClosed);
    bench.desk().lessen(id, (0, 0), End::PositionClosed);
    assert_eq!(bench.venue.asked, ["submit", "shrink", "shrink", "withdraw"]);
    assert_eq!(bench.ledger.open_order(id), Some(&before));
    assert_eq!((bench.ledger.exposures.of(0), bench.events.len()), (bound, 1), "nothing is booked");

    bench.venue.done = true;
    assert!(!bench.desk().change(smaller, Holder::Operator), "it keeps its place");
    assert_eq!(bench.ledger.open_order(id).unwrap().quantity, 40);
    assert_eq!(bench.ledger.exposures.of(0).buy_value, 360_000, "and binds less");
    bench.desk().lessen(id, (10, 10), End::PositionClosed);
    assert_eq!(bench.ledger.open_order(id).unwrap().live(), 10);
    assert!(matches!(bench.events.last(), Some(Event::OrderModified { .. })));
    bench.desk().lessen(id, (0, 0), End::PositionClosed);
    assert!(bench.ledger.open_order(id).is_none());
    assert_eq!(bench.ledger.exposures.of(0), crate::margin::Exposure::default());
}

#[test]
fn order_that_is_yet_to_come_to_the_venue_is_made_smaller_without_asking_it() {
    let mut bench = Bench::new();
    let limit = OrderType::Limit { price: Ticks(9_000) };
    let id = bench.brought(limit);
    assert!(bench.todo.contains(&(1, id)), "this exchange has not brought it yet");
    bench.venue.asked.clear();
    bench.desk().lessen(id, (40, 40), End::PositionClosed);
    assert_eq!(bench.ledger.open_order(id).unwrap().quantity, 40);
    assert!(bench.venue.asked.is_empty());
}

#[test]
fn stop_that_is_pending_is_not_triggered() {
    let mut bench = Bench::new();
    let id = bench.brought(OrderType::Stop { trigger: Ticks(11_000) });
    assert_eq!(bench.venue.asked, ["arm"]);
    let order = bench.ledger.open_order(id).unwrap();
    assert!(!order.triggered && order.state == OrderState::PreSubmitted);
    // One whose trigger is there already comes to the market when the venue says so.
    bench.venue.done = true;
    bench.brought(OrderType::Stop { trigger: Ticks(9_000) });
    assert_eq!(bench.venue.asked, ["arm", "arm", "submit"]);
}
