//! Bonds: prices by one curve, interest, coupons, the end.

use super::market3::{every_product, named};
use super::rule::slowly;
use super::*;

const NOTE: &str = "UST-10Y";

/// An exchange that begins at nine in New York.
pub(super) fn begun_on(day: Day, hours: Hours) -> Bench {
    let at = Time::from_seconds(day.at(9, 0));
    let mut bench = Bench::by_rule_1(Genesis { at, ..every_product(hours) });
    bench.time = at;
    bench.apply(Command::OrderRule { rule: ORDER_RULE });
    bench.wait(600);
    bench
}

fn trade(bench: &mut Bench, name: &str, side: Side, quantity: u64) -> Arc<Execution> {
    let new = NewOrder { symbol: named(name).id, ..order(side, quantity, OrderType::Market) };
    let told = bench.place(vec![new]);
    let fill = told.iter().find_map(|event| match event {
        Event::OrderFilled { execution, .. } => Some(Arc::clone(execution)),
        _ => None,
    });
    assert!(fill.is_some(), "{name}: {told:?}");
    fill.unwrap()
}

fn cash(bench: &Bench) -> Decimal {
    bench.exchange.account().purse.own().balance
}

#[test]
fn yields_lie_on_one_curve_that_moves() {
    let mut bench = begun_on(Day::of(2026, 12, 1), Hours::RoundTheClock);
    let curve =
        [("UST-BILL", 360), ("UST-2Y", 350), ("UST-5Y", 365), (NOTE, 410), ("UST-30Y", 470)];
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..30 {
        bench.wait(7_001);
        let level = bench.exchange.mark(named("USDY").id).0;
        let today = bench.exchange.session().day;
        let found = |name: &str| {
            let one = named(name);
            let quote = bench.exchange.quote(one.id).unwrap();
            for side in quote.bids.iter().chain(&quote.asks) {
                assert_eq!(one.prices.check(side.price), Ok(()), "{name}");
            }
            assert!(quote.bid().unwrap().price < quote.ask().unwrap().price, "{name}");
            one.yield_at(one.price(bench.exchange.mark(one.id)), today).unwrap()
        };
        for (name, points) in curve {
            let expected = Decimal::new(points * level, 6);
            let off = (found(name) - expected).abs();
            assert!(off < Decimal::new(25, 2), "{name}: {} and {expected}", found(name));
        }
        let spread = found("EXMPL-31") - found("UST-5Y");
        assert!(spread > Decimal::ONE && spread < Decimal::new(14, 1), "{spread}");
        seen.insert(bench.exchange.mark(named(NOTE).id));
    }
    assert!(seen.len() > 10, "it moves");
}

#[test]
fn buyer_pays_the_interest_that_has_accrued_and_a_coupon_brings_it_back() {
    let mut bench = begun_on(Day::of(2027, 2, 11), Hours::RoundTheClock);
    let (one, before) = (named(NOTE), bench.exchange.summary().net_liquidation);
    let bought = trade(&mut bench, NOTE, Side::Buy, 10);
    let value = one.price(bought.price) * Decimal::from(100);
    let interest = one.accrued(10, Day::of(2027, 2, 11));
    assert_eq!(interest, Decimal::new(20_904, 2));
    assert_eq!(cash(&bench), Decimal::from(1_000_000) - value - bought.commission - interest);
    let summary = bench.exchange.summary();
    assert_eq!(summary.parts[0].bonds.accrued, interest);
    // A spread and a commission are all that it cost.
    assert!(before - summary.net_liquidation < Decimal::from(10), "{summary:#?}");
    bench.check_money();
    // Thursday ends: who holds it now has the coupon of the 15th.
    let then = cash(&bench);
    bench.wait(86_400);
    assert_eq!(bench.exchange.session().day, Day::of(2027, 2, 12));
    assert_eq!(cash(&bench), then + Decimal::new(21_250, 2));
    assert_eq!(bench.exchange.summary().parts[0].bonds.accrued, Decimal::new(117, 2));
    assert_eq!(bench.exchange.summary().cash, cash(&bench));
    bench.check_money();
    let again = restored(&bench.exchange.snapshot().unwrap()).unwrap();
    assert_eq!(again.summary(), bench.exchange.summary());
    assert_eq!(again.state_hash(), bench.exchange.state_hash());
    let then = cash(&bench);
    let sold = trade(&mut bench, NOTE, Side::Sell, 10);
    let value = one.price(sold.price) * Decimal::from(100);
    assert_eq!(cash(&bench), then + value - sold.commission + Decimal::new(117, 2));
    bench.check_money();
    bench.wait(5 * 86_400);
    assert!(bench.exchange.account().is_flat());
}

#[test]
fn bill_is_redeemed_at_its_face_value_and_a_short_one_is_bought_back() {
    let mut bench = begun_on(Day::of(2027, 5, 24), Hours::RoundTheClock);
    trade(&mut bench, "UST-BILL", Side::Buy, 20);
    let then = cash(&bench);
    let mark = named("UST-BILL").price(bench.exchange.mark(named("UST-BILL").id));
    assert!(mark > Decimal::new(9_990, 2) && mark < Decimal::ONE_HUNDRED, "{mark}");
    let told = bench.wait(2 * 86_400);
    let ends = told.iter().find_map(|event| match event {
        Event::Settled { execution } => Some(execution),
        _ => None,
    });
    let ends = ends.unwrap();
    assert_eq!(
        (ends.reference.as_deref(), ends.side, ends.quantity),
        (Some("redeemed"), Side::Sell, 20)
    );
    assert_eq!(cash(&bench), then + Decimal::from(20_000));
    assert!(bench.exchange.account().is_flat());
    bench.check_money();
    let new = NewOrder {
        symbol: named("UST-BILL").id,
        ..order(Side::Buy, 1, OrderType::Limit { price: Ticks(99_000) })
    };
    let denial = pretrade::check(&bench.facts(), &Limits::default(), bench.time, vec![new]);
    assert_eq!(denial.unwrap_err().code(), "INSTRUMENT_EXPIRED");
}

#[test]
fn bond_binds_a_part_of_its_value_by_its_years_and_its_issuer() {
    for (name, percent) in
        [("UST-BILL", 1), ("UST-2Y", 2), ("UST-5Y", 3), (NOTE, 4), ("UST-30Y", 6), ("EXMPL-31", 10)]
    {
        for side in [Side::Buy, Side::Sell] {
            let mut bench = begun_on(Day::of(2026, 12, 1), Hours::RoundTheClock);
            trade(&mut bench, name, side, 50);
            let held =
                bench.exchange.account().holdings(|id| bench.exchange.mark(id)).next().unwrap();
            let expected = held.value().abs() * Decimal::new(percent, 2);
            let summary = bench.exchange.summary();
            for bound in [summary.initial_margin, summary.maintenance_margin] {
                let off = bound - expected;
                assert!(
                    off >= Decimal::ZERO && off < Decimal::new(3, 2),
                    "{name}: {bound}, {expected}"
                );
            }
            assert_eq!(summary.parts[0].bonds.sum() - summary.parts[0].bonds.accrued, held.value());
        }
    }
}

#[test]
fn orders_that_no_bond_takes_are_denied_with_the_way() {
    let bench = begun_on(Day::of(2026, 11, 23), Hours::RoundTheClock);
    let limit = |price| OrderType::Limit { price: Ticks(price) };
    let buy = |name: &str, quantity, order_type| NewOrder {
        symbol: named(name).id,
        ..order(Side::Buy, quantity, order_type)
    };
    for (new, code, text) in [
        (buy(NOTE, 0, limit(6_400)), "QUANTITY_ZERO", "is 0"),
        (buy(NOTE, 1_000_001, limit(6_400)), "QUANTITY_ABOVE_LIMIT", "1000000"),
        (buy(NOTE, 1, limit(0)), "PRICE_OUT_OF_RANGE", "between 0.015625 and 1000"),
        (buy(NOTE, 1, limit(-1)), "PRICE_OUT_OF_RANGE", "between 0.015625 and 1000"),
        (buy(NOTE, 1, limit(64_001)), "PRICE_OUT_OF_RANGE", "between 0.015625 and 1000"),
        (buy(NOTE, 1, limit(63_000)), "PRICE_BEYOND_COLLAR", "%"),
        (buy(NOTE, 900_000, limit(6_400)), "NOTIONAL_ABOVE_LIMIT", "above the limit"),
        (buy("UST-2Y", 1, limit(12_800)), "NOT_LISTED", "UST-2Y"),
    ] {
        let denial = pretrade::check(&bench.facts(), &Limits::default(), bench.time, vec![new]);
        let denial = denial.unwrap_err();
        assert_eq!(denial.code(), code, "{denial}");
        assert!(denial.to_string().contains(text), "{denial}");
    }
    let off = named(NOTE).ticks("99.51".parse().unwrap()).unwrap_err().to_string();
    assert_eq!(off, "prices have steps of 0.015625; use 99.500000 or 99.515625");
}

#[test]
fn days_of_bonds_passed_at_once_are_what_each_of_their_seconds_comes_to() {
    for hours in [Hours::RoundTheClock, Hours::Real] {
        let mut at_once = begun_on(Day::of(2027, 2, 11), hours);
        let names = [NOTE, "UST-30Y", "UST-BILL", "EXMPL-31"];
        for (number, name) in (0..).zip(names.iter().cycle().take(24)) {
            let one = named(name);
            let last = at_once.exchange.mark(one.id).0;
            let away = 1 + last * (number % 7) / 5_000;
            let (side, order_type) = match number % 4 {
                0 => (Side::Buy, OrderType::Limit { price: Ticks(last - away) }),
                1 => (Side::Sell, OrderType::Limit { price: Ticks(last + away) }),
                2 => (Side::Buy, OrderType::Stop { trigger: Ticks(last + away) }),
                _ => (Side::Sell, OrderType::Stop { trigger: Ticks(last - away) }),
            };
            let tif = if number % 5 == 0 { TimeInForce::Day } else { TimeInForce::Gtc };
            at_once.place(vec![NewOrder { symbol: one.id, tif, ..order(side, 1, order_type) }]);
        }
        let mut by_second = at_once.exchange.clone();
        // Over the end of the day that pays the coupon.
        let told = at_once.wait(36_000);
        let slow = slowly(&mut by_second, at_once.time);
        by_second.seq = at_once.exchange.seq;
        assert!(told.len() > 5, "{} events", told.len());
        assert_eq!(told, slow, "{hours:?}");
        assert!(at_once.exchange.snapshot().unwrap() == by_second.snapshot().unwrap());
        let bars = at_once.exchange.bars(
            named(NOTE).id,
            BarSize::Day,
            at_once.time - Span::days(20),
            at_once.time,
        );
        assert!(!bars.is_empty() && bars.iter().all(|bar| bar.close.0 > 5_000), "{bars:?}");
    }
}
