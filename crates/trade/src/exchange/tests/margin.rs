//! Margin calls, and what is closed when they are not met.

use super::market3::{every_product, named};
use super::*;
use crate::pretrade::liquidation;

/// An exchange on which somebody holds as many futures on the index as a million allows, on the side that comes to be worth too
/// little first.
fn called() -> Bench {
    let held = |side| {
        let mut bench = Bench::of(every_product(Hours::RoundTheClock));
        bench.apply(Command::OrderRule { rule: ORDER_RULE });
        bench.wait(600);
        for (name, quantity) in [("MESZ6", 30), ("ESZ6", 145)] {
            let new =
                NewOrder { symbol: named(name).id, ..order(side, quantity, OrderType::Market) };
            let told = bench.place(vec![new]);
            assert!(told.iter().any(|one| matches!(one, Event::OrderFilled { .. })), "{told:?}");
        }
        bench
    };
    let mut both = [held(Side::Buy), held(Side::Sell)];
    assert!(both.iter().all(|bench| liquidation::next(&bench.facts()).is_none()));
    // One of them loses enough within a week.
    let looks = (0..4_000).map(|look| look % 2);
    let found = looks.map(|side| {
        let bench = &mut both[side];
        bench.wait(300);
        liquidation::shortfall(&bench.facts()).map(|_| bench.clone())
    });
    found.flatten().next().unwrap()
}

#[test]
fn position_that_requires_most_is_closed_as_far_as_is_needed_and_no_further() {
    let mut bench = called();
    let before = bench.exchange.summary();
    assert!(before.excess_liquidity < Decimal::ZERO, "{before:?}");
    let missing = liquidation::shortfall(&bench.facts()).unwrap();
    assert_eq!(missing.amount, -before.excess_liquidity);
    let close = liquidation::next(&bench.facts()).unwrap();
    assert_eq!(close.get().len(), 1);
    let order = close.get()[0].clone();
    let held = bench.exchange.account().position(named("ESZ6").id).shares;
    assert_eq!((order.symbol, order.origin.holder), (named("ESZ6").id, Holder::System));
    assert_eq!(order.side == Side::Sell, held > 0);
    assert!(order.quantity < held.unsigned_abs(), "{} of {held}", order.quantity);
    bench.apply(Command::PlaceReduceOnly(close));
    assert_eq!(liquidation::shortfall(&bench.facts()), None);
    assert!(liquidation::next(&bench.facts()).is_none());
    let left = bench.exchange.account().position(named("ESZ6").id).shares;
    assert!(left != 0 && left.unsigned_abs() < held.unsigned_abs());
}

#[test]
fn call_is_kept_by_snapshot_and_journal_until_it_is_over() {
    let mut bench = called();
    let account = bench.exchange.genesis().account;
    let until = bench.time + Span::minutes(10);
    bench.apply(Command::MarginCall { account, until: Some(until) });
    assert_eq!(bench.exchange.summary().margin_call, Some(until));
    let bytes = bench.exchange.snapshot().unwrap();
    assert_eq!(restored(&bytes).unwrap().summary().margin_call, Some(until));
    bench.apply(Command::MarginCall { account, until: None });
    assert_eq!(bench.exchange.summary().margin_call, None);
    let mut again = begun(bench.exchange.genesis().clone());
    for stamped in &bench.journal {
        let mut record = Vec::new();
        crate::journal::encode(stamped, &again, &mut record).unwrap();
        let read = crate::journal::decode(&record).unwrap();
        assert_eq!(&read, stamped);
        again.apply(&read);
    }
    assert_eq!(again.snapshot().unwrap(), bench.exchange.snapshot().unwrap());
}
