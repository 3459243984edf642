//! Orders that wait for a person's yes.

use super::*;

const UNTIL: Time = Time::from_seconds(1_795_472_400);

fn hold(bench: &mut Bench, orders: Vec<NewOrder>) -> Vec<Event> {
    let limits = Limits { collar_bps: Some(100_000), ..Limits::default() };
    let orders = pretrade::check(&bench.facts(), &limits, bench.time, orders).unwrap();
    bench.apply(Command::Hold { orders, until: UNTIL })
}

fn ask(bench: &Bench) -> i64 {
    bench.exchange.quote(AAPL).unwrap().ask().unwrap().price.0
}

fn family(bench: &Bench) -> Vec<NewOrder> {
    let buy = order(Side::Buy, 10, OrderType::Market);
    let exit = NewOrder {
        parent: Some(Parent::Member(0)),
        ..order(Side::Sell, 10, OrderType::Limit { price: Ticks(ask(bench) * 2) })
    };
    vec![buy, exit]
}

fn states(bench: &Bench) -> Vec<OrderState> {
    bench.exchange.open_orders().map(|order| order.state).collect()
}

#[test]
fn held_order_is_open_and_in_no_market_until_it_is_released() {
    let mut bench = Bench::new();
    let orders = family(&bench);
    let events = hold(&mut bench, orders);
    assert_eq!(events.len(), 2, "{events:?}");
    let held = events[0].order().unwrap().clone();
    assert_eq!((held.held, held.live()), (Some(UNTIL), 0));
    assert_eq!(events[1].order().unwrap().held, None, "a child waits for its parent");
    assert_eq!(states(&bench), [OrderState::PreSubmitted; 2]);
    let ledger = bench.exchange.account();
    assert_eq!(ledger.exposure(AAPL).unwrap_or_default(), crate::margin::Exposure::default());
    assert_eq!(ledger.ordered_today(), crate::Ordered::default(), "it is not placed yet");
    bench.time = bench.time + Span::minutes(1);
    assert!(bench.apply(Command::Advance).is_empty(), "nothing happens to it");
    // A restart finds it as it was, and the same commands lead to the same bytes.
    let bytes = bench.exchange.snapshot().unwrap();
    let mut again = Bench { exchange: restored(&bytes).unwrap(), ..bench.clone() };
    for one in [&mut bench, &mut again] {
        let events = one.apply(Command::Release { order: held.id });
        assert!(matches!(events[0], Event::OrderReleased { .. }), "{events:?}");
        assert_eq!(one.order(held.id).state, OrderState::Filled);
        let child = one.exchange.open_orders().next().unwrap();
        assert_eq!((child.state, child.live()), (OrderState::Working, 10), "its parent filled");
        assert_eq!(one.exchange.account().ordered_today().units, Decimal::TEN);
    }
    assert_eq!(bench.exchange.snapshot().unwrap(), again.exchange.snapshot().unwrap());
    let second = bench.apply(Command::Release { order: held.id });
    assert!(matches!(second[0], Event::CommandRejected { .. }), "{second:?}");
}

#[test]
fn held_order_ends_with_its_children_for_each_reason() {
    for (cause, end) in [
        (Cause::Request, End::Requested),
        (Cause::Revocation, End::Revoked),
        (Cause::Declined, End::Declined),
        (Cause::Unanswered, End::Unanswered),
        (Cause::Unsound, End::Refused),
        (Cause::Unasked, End::Unasked),
    ] {
        let mut bench = Bench::new();
        let orders = family(&bench);
        let id = hold(&mut bench, orders)[0].order().unwrap().id;
        bench.apply(Command::Cancel { order: id, cause });
        let order = bench.order(id);
        assert_eq!((order.state, order.end), (OrderState::Cancelled, Some(end)));
        assert_eq!((order.held, bench.exchange.open_orders().count()), (None, 0));
        let bytes = bench.exchange.snapshot().unwrap();
        assert_eq!(restored(&bytes).unwrap().snapshot().unwrap(), bytes);
    }
}

#[test]
fn held_order_that_is_changed_goes_on_waiting() {
    let mut bench = Bench::new();
    let order_type = OrderType::Limit { price: Ticks(ask(&bench)) };
    let id = hold(&mut bench, vec![order(Side::Buy, 10, order_type)]);
    let id = id[0].order().unwrap().id;
    let change = Change {
        order: id,
        quantity: 30,
        order_type: OrderType::Limit { price: Ticks(ask(&bench) * 2) },
        tif: TimeInForce::Gtc,
        units: apple().units(),
    };
    let limits = Limits { collar_bps: Some(100_000), ..Limits::default() };
    let change = pretrade::check_modify(&bench.facts(), &limits, change).unwrap();
    let events = bench.apply(Command::Modify(change));
    assert!(matches!(events[..], [Event::OrderModified { .. }]), "{events:?}");
    let order = bench.order(id);
    assert_eq!((order.quantity, order.live(), order.held), (30, 0, Some(UNTIL)));
    bench.apply(Command::Release { order: id });
    assert_eq!(bench.order(id).filled, 30);
}

#[test]
fn older_rules_count_nothing_of_a_day() {
    let mut bench = Bench::of_rule(4);
    bench.place(vec![order(Side::Buy, 10, OrderType::Market)]);
    assert_eq!(bench.exchange.account().ordered_today(), crate::Ordered::default());
    bench.apply(Command::OrderRule { rule: 5 });
    bench.place(vec![order(Side::Buy, 10, OrderType::Market)]);
    assert_eq!(bench.exchange.account().ordered_today().units, Decimal::TEN);
}
