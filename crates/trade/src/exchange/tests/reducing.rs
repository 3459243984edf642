//! Orders that may only reduce a position: at rest, when they are changed, and together.

use super::*;

fn exit(quantity: Shares, price: i64) -> NewOrder {
    NewOrder { tif: TimeInForce::Gtc, ..limit(Side::Sell, quantity, price) }
}

/// An exchange with a long position of 100 shares.
fn long() -> Bench {
    let mut bench = Bench::new();
    bench.one(market(Side::Buy, 100));
    assert_eq!(bench.position(), 100);
    bench
}

#[test]
fn two_exits_for_one_position_close_it_once() {
    for first in [40, 100] {
        let mut bench = long();
        let (one, other) = (bench.reduce(exit(100, 20_000)), bench.reduce(exit(100, 20_001)));
        let stop = OrderType::Stop { trigger: Ticks(50) };
        let stop = bench.reduce(order(Side::Sell, 100, stop));
        bench.fill(one.id, first);
        let left = 100 - first;
        for id in [other.id, stop.id] {
            let order = bench.order(id);
            if left == 0 {
                assert_eq!(
                    (order.state, order.end),
                    (OrderState::Cancelled, Some(End::PositionClosed))
                );
            } else {
                assert_eq!((order.quantity, order.live()), (left, left));
            }
        }
        if left > 0 {
            bench.fill(other.id, left);
        }
        assert_eq!((bench.position(), bench.exchange.open_orders().count()), (0, 0));
        bench.check_money();
    }
}

#[test]
fn trade_of_any_order_that_shrinks_the_position_shrinks_what_only_reduces() {
    let mut bench = long();
    let exit = bench.reduce(exit(80, 20_000));
    bench.one(market(Side::Sell, 10));
    assert_eq!(bench.order(exit.id).quantity, 80, "it still fits");
    bench.one(market(Side::Sell, 30));
    assert_eq!(bench.order(exit.id).quantity, 60);
    bench.one(market(Side::Buy, 100));
    assert_eq!(bench.order(exit.id).quantity, 60, "it does not grow by itself");
    bench.modify(resized(&bench.order(exit.id), 160));
    assert_eq!(bench.order(exit.id).quantity, 160);
    bench.fill(exit.id, 50);
    let order = bench.order(exit.id);
    assert_eq!((order.quantity, order.remaining(), bench.position()), (160, 110, 110));
    bench.one(market(Side::Sell, 300));
    assert_eq!(bench.order(exit.id).end, Some(End::PositionClosed), "the position has turned");
    assert_eq!(bench.position(), -190);
}

#[test]
fn change_of_what_only_reduces_is_held_to_the_position() {
    let mut bench = long();
    let exit = bench.reduce(exit(50, 20_000));
    let denied = |bench: &Bench, quantity| {
        let change = resized(&bench.order(exit.id), quantity);
        let checked = pretrade::check_modify(&bench.facts(), &Limits::default(), change);
        checked.map_or_else(|denial| denial.evidence_text(), |_| "passes".to_owned())
    };
    assert_eq!(denied(&bench, 100), "passes");
    assert_eq!(
        denied(&bench, 101),
        "ORDER_PAST_FLAT: this order may only reduce, and 101 is more than the 100 held \
         long; sell 100 or fewer"
    );
    bench.fill(exit.id, 20);
    assert_eq!((denied(&bench, 100), bench.position()), ("passes".to_owned(), 80));
    assert!(denied(&bench, 101).starts_with("ORDER_PAST_FLAT"), "20 filled, and 81 of 80 more");
}

#[test]
fn order_is_held_to_the_position_as_it_is_when_it_arrives() {
    let mut bench = long();
    let checked = |bench: &Bench, order| {
        let checked =
            pretrade::check_reducing(&bench.facts(), &Limits::default(), bench.time, order);
        Command::PlaceReduceOnly(checked.unwrap())
    };
    let (rests, late) =
        (checked(&bench, exit(100, 20_000)), checked(&bench, market(Side::Sell, 100)));
    bench.one(market(Side::Sell, 70));
    let events = bench.apply(rests);
    let id = events[0].order().unwrap().id;
    assert_eq!(bench.order(id).quantity, 30);
    bench.one(market(Side::Sell, 30));
    let events = bench.apply(late);
    let order = bench.order(events[0].order().unwrap().id);
    assert_eq!((order.filled, order.end), (0, Some(End::PositionClosed)));
    assert_eq!(bench.position(), 0);
}

#[test]
fn exits_that_only_reduce_bind_no_buying_power() {
    let mut bench = long();
    let power = bench.exchange.summary().buying_power;
    let exits = [20_000, 20_001, 20_002].map(|price| bench.reduce(exit(100, price)));
    assert_eq!(bench.exchange.summary().buying_power, power, "one of them can trade");
    bench.modify(resized(&bench.order(exits[0].id), 50));
    bench.cancel(exits[1].id);
    assert_eq!(bench.exchange.summary().buying_power, power);
    let beyond =
        pretrade::check(&bench.facts(), &Limits::default(), bench.time, vec![exit(100, 20_003)]);
    let preview = |reduces| pretrade::preview(&bench.facts(), beyond.as_ref().unwrap(), reduces);
    // Nothing is held once it has traded; until then it frees nothing.
    assert_eq!(preview(true).initial_after, Decimal::ZERO);
}

#[test]
fn what_only_reduces_is_the_same_after_a_snapshot() {
    let mut bench = long();
    let (one, other) = (bench.reduce(exit(100, 20_000)), bench.reduce(exit(90, 20_001)));
    let ended = bench.reduce(exit(10, 20_002));
    bench.cancel(ended.id);
    let bytes = bench.exchange.snapshot().unwrap();
    bench.exchange = restored(&bytes).unwrap();
    assert_eq!(bench.exchange.snapshot().unwrap(), bytes);
    for id in [one.id, other.id, ended.id] {
        assert!(bench.order(id).reduce_only);
    }
    bench.fill(one.id, 100);
    assert_eq!(bench.order(other.id).end, Some(End::PositionClosed));
}

#[test]
fn short_position_bounds_what_buys() {
    let mut bench = Bench::new();
    bench.one(market(Side::Sell, 100));
    let cover = bench.reduce(limit(Side::Buy, 100, 100));
    bench.one(market(Side::Buy, 60));
    assert_eq!(bench.order(cover.id).quantity, 40);
    let denial = pretrade::check_reduces(&bench.facts(), &limit(Side::Sell, 1, 20_000));
    assert_eq!(denial.unwrap_err().code(), "ORDER_PAST_FLAT");
}

/// One that only reduces in a group and one that does not: each loses for its own reasons.
#[test]
fn group_and_position_bound_an_order_together() {
    let mut bench = long();
    let oca = |order: NewOrder| NewOrder {
        oca: Some(crate::order::Oca { group: "exits".into(), reduce: true }),
        ..order
    };
    let by = bench.one(oca(limit(Side::Buy, 10, 100)));
    let exit = bench.reduce(oca(exit(100, 20_000)));
    bench.one(market(Side::Sell, 40));
    assert_eq!(bench.order(exit.id).quantity, 60);
    bench.fill(by.id, 2);
    assert_eq!(bench.order(exit.id).quantity, 60, "four fifths of 100 are more than are held");
    bench.fill(by.id, 4);
    assert_eq!(bench.order(exit.id).quantity, 40, "two fifths of 100");
}
