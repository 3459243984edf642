//! Brackets and one-cancels-all groups.

use super::*;
use crate::order::Oca;

/// A parent, its profit taker and its stop.
fn bracket(parent: NewOrder, profit: i64, stop: i64) -> Vec<NewOrder> {
    let away = parent.side.opposite();
    let mut profit = limit(away, parent.quantity, profit);
    let mut stop = order(away, parent.quantity, OrderType::Stop { trigger: Ticks(stop) });
    profit.parent = Some(Parent::Member(0));
    stop.parent = Some(Parent::Member(0));
    vec![parent, profit, stop]
}

fn ids(events: &[Event]) -> Vec<OrderId> {
    let accepted = events.iter().filter_map(|event| match event {
        Event::OrderAccepted { order } => Some(order.id),
        _ => None,
    });
    accepted.collect()
}

#[test]
fn children_wait_and_end_with_their_parent() {
    let mut bench = Bench::new();
    let events = bench.place(bracket(limit(Side::Buy, 10, 100), 300, 50));
    let ids = ids(&events);
    assert_eq!(bench.order(ids[0]).state, OrderState::Working);
    for child in &ids[1..] {
        let child = bench.order(*child);
        assert_eq!((child.state, child.parent), (OrderState::PreSubmitted, Some(ids[0])));
    }
    assert!(bench.wait(3_600).is_empty(), "a sale at 3.00 does not trade before its parent");
    assert_eq!(bench.cancel(ids[0]).len(), 3);
    assert_eq!(bench.order(ids[0]).end, Some(End::Requested));
    assert_eq!(bench.order(ids[1]).end, Some(End::ParentEnded));
    assert_eq!(bench.order(ids[2]).end, Some(End::ParentEnded));
}

#[test]
fn one_child_that_fills_cancels_the_other() {
    for taker_first in [true, false] {
        let mut bench = Bench::new();
        let (ask, bid) = (bench.ask().0, bench.bid().0);
        let (profit, stop) = if taker_first { (ask + 2, 5_000) } else { (20_000, bid - 2) };
        let events = bench.place(bracket(market(Side::Buy, 50), profit, stop));
        let ids = ids(&events);
        assert_eq!(bench.order(ids[0]).state, OrderState::Filled);
        assert_eq!(bench.order(ids[1]).state, OrderState::Working);
        assert_eq!(bench.order(ids[2]).state, OrderState::PreSubmitted);
        bench.wait(7_200);
        let (filled, other) = if taker_first { (ids[1], ids[2]) } else { (ids[2], ids[1]) };
        assert_eq!(bench.order(filled).state, OrderState::Filled);
        assert_eq!(bench.order(other).end, Some(End::OcaFilled { by: filled }));
        assert_eq!(bench.exchange.account().position(AAPL).shares, 0);
        bench.check_money();
    }
}

#[test]
fn parent_partly_filled_releases_as_many_shares() {
    let mut bench = Bench::new();
    let quote = bench.exchange.quote(AAPL).unwrap();
    let (price, size) = (quote.asks[0].price.0, quote.asks[0].size);
    let events = bench.place(bracket(limit(Side::Buy, size + 100, price), price * 3, 50));
    let ids = ids(&events);
    let parent = bench.order(ids[0]);
    assert_eq!((parent.state, parent.filled), (OrderState::Working, size));
    assert_eq!(
        (bench.order(ids[1]).state, bench.order(ids[1]).live()),
        (OrderState::Working, size)
    );
    assert_eq!(bench.order(ids[2]).live(), size);
    bench.cancel(ids[0]);
    for child in &ids[1..] {
        let child = bench.order(*child);
        assert!(child.state.is_open(), "what was bought stays guarded");
        assert_eq!(child.quantity, size);
    }
    bench.cancel(ids[1]);
    assert!(bench.order(ids[2]).state.is_open(), "a cancelled child leaves the other");
    bench.cancel(ids[2]);
    assert!(bench.exchange.ledgers.first_mut().orders.groups.is_empty());
}

#[test]
fn child_partly_filled_makes_the_other_smaller() {
    let mut bench = Bench::new();
    let price = bench.exchange.quote(AAPL).unwrap().bids[0].price.0;
    let events = bench.place(bracket(market(Side::Buy, 5_000), price * 2, 50));
    let ids = ids(&events);
    bench.wait(10);
    assert_eq!(bench.order(ids[0]).state, OrderState::Filled);
    let bid = bench.exchange.quote(AAPL).unwrap().bids[0];
    let profit = bench.order(ids[1]);
    let order_type = OrderType::Limit { price: bid.price };
    bench.modify(Change {
        order: ids[1],
        quantity: 5_000,
        order_type,
        tif: profit.tif,
        units: crate::instrument::Units::SHARES,
    });
    let (profit, stop) = (bench.order(ids[1]), bench.order(ids[2]));
    assert_eq!(profit.filled, bid.size);
    assert_eq!((stop.quantity, stop.live()), (5_000 - bid.size, 5_000 - bid.size));
    bench.check_money();
}

#[test]
fn child_of_a_filled_parent_lives_at_once() {
    let mut bench = Bench::new();
    let parent = bench.one(market(Side::Buy, 50));
    let mut child = limit(Side::Sell, 50, 20_000);
    child.parent = Some(Parent::Order(parent.id));
    let child = bench.one(child);
    assert_eq!((child.state, child.live()), (OrderState::Working, 50));
}

#[test]
fn named_group_is_cancelled_by_a_fill() {
    let mut bench = Bench::new();
    let oca = |reduce| Some(Oca { group: "exit".into(), reduce });
    let mut far = limit(Side::Buy, 10, 100);
    far.oca = oca(false);
    let far = bench.one(far);
    let mut now = market(Side::Buy, 1);
    now.oca = oca(false);
    let now = bench.one(now);
    assert_eq!(now.state, OrderState::Filled);
    assert_eq!(bench.order(far.id).end, Some(End::OcaFilled { by: now.id }));
    assert!(bench.exchange.ledgers.first_mut().orders.groups.is_empty());
}

/// The same order of another credential.
fn of_another(order: NewOrder) -> NewOrder {
    let holder = Holder::Credential(CredentialId([2; 16]));
    NewOrder { origin: Origin { holder, ..order.origin }, ..order }
}

#[test]
fn named_group_of_another_holder_is_another_group() {
    for reduce in [false, true] {
        let mut bench = Bench::new();
        let oca = || Some(Oca { group: "exit".into(), reduce });
        let mine = bench.one(NewOrder { oca: oca(), ..limit(Side::Buy, 10, 100) });
        let theirs = bench.one(of_another(NewOrder { oca: oca(), ..market(Side::Buy, 5) }));
        assert_eq!(theirs.state, OrderState::Filled);
        let mine = bench.order(mine.id);
        assert_eq!((mine.state, mine.quantity), (OrderState::Working, 10));
    }
}

#[test]
fn credential_attaches_no_child_to_an_order_of_another_holder() {
    let mut bench = Bench::new();
    let parent = bench.one(market(Side::Buy, 50));
    let child = |order: NewOrder| NewOrder { parent: Some(Parent::Order(parent.id)), ..order };
    let code = |bench: &Bench, order: NewOrder| {
        let limits = Limits::default();
        let checked = pretrade::check(&bench.facts(), &limits, bench.time, vec![order]);
        checked.map_or_else(|denial| denial.code(), |_| "passes")
    };
    let sale = child(limit(Side::Sell, 50, 20_000));
    assert_eq!(code(&bench, sale.clone()), "passes");
    assert_eq!(code(&bench, of_another(sale.clone())), "NO_PARENT");
    for holder in [Holder::Session(access::id::SessionId([3; 16])), Holder::Operator] {
        let origin = Origin { holder, ..sale.origin };
        assert_eq!(code(&bench, NewOrder { origin, ..sale.clone() }), "passes");
    }
}

#[test]
fn late_child_gets_what_its_siblings_left() {
    let mut bench = Bench::new();
    let parent = bench.one(market(Side::Buy, 50));
    let child = |order: NewOrder| NewOrder { parent: Some(Parent::Order(parent.id)), ..order };
    let sold = bench.one(child(market(Side::Sell, 20)));
    assert_eq!(sold.state, OrderState::Filled);
    let all = child(limit(Side::Sell, 50, 20_000));
    let denial = pretrade::check(&bench.facts(), &Limits::default(), bench.time, vec![all]);
    assert_eq!(
        denial.unwrap_err().evidence_text(),
        "CHILD_QUANTITY: a quantity of 50 is more than the 30 that the parent order and its other \
         children leave"
    );
    let rest = bench.one(child(limit(Side::Sell, 30, 20_000)));
    assert_eq!((rest.state, rest.live()), (OrderState::Working, 30));
    let change = resized(&rest, 31);
    let denial = pretrade::check_modify(&bench.facts(), &Limits::default(), change);
    assert_eq!(denial.unwrap_err().code(), "CHILD_QUANTITY");
}

#[test]
fn late_child_of_a_partly_filled_parent_gets_what_siblings_left_of_its_fills() {
    let mut bench = Bench::new();
    let symbol = bench.exchange.instruments().named("RRC").unwrap().id;
    let parent = bench.one(NewOrder { symbol, ..market(Side::Buy, 9_000) });
    let bought = parent.filled;
    assert!(bought > 70 && bought < 9_000, "{bought}");
    let parent = Some(Parent::Order(parent.id));
    let child = |order: NewOrder| NewOrder { symbol, parent, ..order };
    let sold = bench.one(child(market(Side::Sell, 70)));
    assert_eq!(sold.state, OrderState::Filled);
    let late = bench.one(child(limit(Side::Sell, 8_930, 30_000)));
    assert_eq!(late.live(), bought - 70);
    bench.modify(resized(&late, 8_929));
    assert_eq!(bench.order(late.id).live(), bought - 70, "a change releases nothing");
    bench.cancel(bench.order(late.id).parent.unwrap());
    assert_eq!(bench.order(late.id).quantity, bought - 70);
}
