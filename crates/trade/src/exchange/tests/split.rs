//! Splits: positions, prices and their past, orders, options.

use super::bond::begun_on;
use super::dividend::{paid, to_the_end};
use super::market3::{bought, named, place_around};
use super::rule::slowly;
use super::*;
use crate::payment::PaymentKind;

/// AMD is split on Monday 15 March 2027, two for one.
const AMD: Day = Day::of(2027, 3, 15);
/// GE on 14 June 2027: one for four.
const GE: Day = Day::of(2027, 6, 14);
/// BBY on 13 September 2027: three for two.
const BBY: Day = Day::of(2027, 9, 13);
/// 6758 on 29 September 2027: five for one, and a dividend of 12 yen for each share before the split.
const SONY: Day = Day::of(2027, 9, 29);

fn eve(day: Day, hours: Hours) -> Bench {
    let mut bench = begun_on(day.plus(-3), hours);
    bench.wait(3_600);
    bench
}

/// To the last second before a day begins.
fn before(bench: &mut Bench, day: Day) {
    while bench.exchange.session().day < day.plus(-1) {
        bench.wait(43_200);
    }
    to_the_end(bench);
}

/// What the account is worth, without the interest of the night.
fn worth(bench: &Bench) -> Decimal {
    let summary = bench.exchange.summary();
    summary.net_liquidation - summary.interest()
}

#[test]
fn what_is_held_becomes_as_many_and_what_is_left_of_a_share_is_paid() {
    for (symbol, day, held, whole, rest) in [
        ("AMD", AMD, 101, 202, None),
        ("AMD", AMD, -7, -14, None),
        ("GE", GE, 103, 25, Some((3, 4))),
        ("GE", GE, -3, 0, Some((-3, 4))),
        ("BBY", BBY, 7, 10, Some((1, 2))),
        ("6758", SONY, 3, 15, None),
    ] {
        let one = named(symbol);
        let mut bench = eve(day, Hours::RoundTheClock);
        let side = if held > 0 { Side::Buy } else { Side::Sell };
        bought(&mut bench, symbol, side, u64::try_from(i64::abs(held)).unwrap());
        before(&mut bench, day);
        let position = bench.exchange.account().position(one.id);
        let (mark, then) = (bench.exchange.mark(one.id), worth(&bench));
        let cash = bench.exchange.account().purse.of(one.currency).balance;
        let told = paid(&bench.wait(1));
        let split = one.split_on(day).unwrap();
        let after = bench.exchange.account().position(one.id);
        assert_eq!(after.shares, whole, "{symbol}");
        let dividend = told.iter().filter(|one| one.kind == PaymentKind::Dividend);
        let dividend: Decimal = dividend.map(|one| one.amount).sum();
        // Yen, paid on the 300 shares before the split.
        assert_eq!(dividend, if symbol == "6758" { Decimal::from(3_600) } else { Decimal::ZERO });
        let record = told.iter().find(|one| one.kind == PaymentKind::Split).unwrap();
        assert_eq!((record.held, record.amount, record.day), (whole, Decimal::ZERO, day));
        let in_lieu = told.iter().find(|one| one.kind == PaymentKind::CashInLieu);
        let amount = in_lieu.map_or(Decimal::ZERO, |one| one.amount);
        assert_eq!(in_lieu.is_some(), rest.is_some(), "{symbol}");
        // The last price before the split is that of old shares: their part is worth as much.
        if let Some((parts, of)) = rest {
            let expected = one.price(mark) * Decimal::from(parts * i64::from(split.old))
                / Decimal::from(of * i64::from(split.new));
            assert!((amount - expected).abs() <= Decimal::new(2, 2), "{symbol}: {amount}");
        } else {
            assert_eq!(after.basis, position.basis, "{symbol}");
        }
        assert_eq!(
            bench.exchange.account().purse.of(one.currency).balance,
            cash + amount + dividend,
            "{symbol}"
        );
        if symbol != "6758" {
            bench.check_money();
        }
        let now = worth(&bench);
        assert!((now - then).abs() < Decimal::from(5), "{symbol}: {then} became {now}");
        let again = restored(&bench.exchange.snapshot().unwrap()).unwrap();
        assert_eq!(again.state_hash(), bench.exchange.state_hash());
        assert_eq!(again.quotes(), bench.exchange.quotes());
    }
}

#[test]
fn price_and_all_prices_before_it_are_divided() {
    for (symbol, day, new, old) in [("AMD", AMD, 2, 1), ("GE", GE, 1, 4), ("BBY", BBY, 3, 2)] {
        let one = named(symbol);
        let mut bench = eve(day, Hours::RoundTheClock);
        before(&mut bench, day);
        let bars = |bench: &Bench, size, days| {
            let end = bench.time;
            let all = bench.exchange.bars(one.id, size, end - Span::days(days), end);
            all.into_iter().take(40).collect::<Vec<_>>()
        };
        let (mark, close) =
            (bench.exchange.mark(one.id).0, bench.exchange.quote(one.id).unwrap().close.0);
        let past = bars(&bench, BarSize::Day, 60);
        let minutes = bars(&bench, BarSize::Minutes(5), 2);
        bench.wait(1);
        let is_divided = |before: i64, after: i64, within: i64| {
            let exact = before * old / new;
            assert!((exact - after).abs() <= within, "{symbol}: {before} became {after}");
        };
        is_divided(mark, bench.exchange.mark(one.id).0, 1 + mark * old / new / 2_000);
        // What was the last price yesterday is the close of the day before now.
        let quote = bench.exchange.quote(one.id).unwrap();
        is_divided(mark, quote.close.0, 1);
        assert!(close > 0 && quote.volume < 10_000);
        for (size, before) in [(BarSize::Day, past), (BarSize::Minutes(5), minutes)] {
            let after = bars(&bench, size, if size == BarSize::Day { 60 } else { 2 });
            assert!(before.len() > 20, "{symbol}");
            for bar in &before {
                let Some(now) = after.iter().find(|now| now.time == bar.time) else { continue };
                is_divided(bar.open.0, now.open.0, 1);
                is_divided(bar.close.0, now.close.0, 1);
                assert!(now.low <= now.open.min(now.close) && now.high >= now.open.max(now.close));
            }
            assert!(after.len() >= before.len() - 1, "{symbol}");
        }
    }
}

#[test]
fn orders_are_restated_when_a_share_is_split_forward_and_end_otherwise() {
    use OrderType::{Limit, Stop, StopLimit};
    let ticks = Ticks;
    let plain = |side, quantity, order_type| NewOrder {
        tif: TimeInForce::Gtc,
        ..order(side, quantity, order_type)
    };
    // Two for one: 51.01 is between two prices.
    let cases = [
        (Side::Buy, 10, Limit { price: ticks(5_101) }, Limit { price: ticks(2_550) }),
        (Side::Sell, 10, Limit { price: ticks(8_101) }, Limit { price: ticks(4_051) }),
        (Side::Sell, 3, Stop { trigger: ticks(5_101) }, Stop { trigger: ticks(2_550) }),
        (Side::Buy, 3, Stop { trigger: ticks(8_101) }, Stop { trigger: ticks(4_051) }),
        (
            Side::Sell,
            3,
            StopLimit { trigger: ticks(5_000), price: ticks(4_900) },
            StopLimit { trigger: ticks(2_500), price: ticks(2_450) },
        ),
    ];
    for hours in [Hours::RoundTheClock, Hours::Real] {
        let mut bench = eve(AMD, hours);
        let amd = named("AMD").id;
        let placed: Vec<_> = cases
            .iter()
            .map(|(side, quantity, order_type, _)| {
                let new = plain(*side, *quantity, *order_type);
                bench.one(NewOrder { symbol: amd, ..new }).id
            })
            .collect();
        let oca = Some(crate::order::Oca { group: "two".into(), reduce: false });
        let grouped = plain(Side::Buy, 1, Limit { price: ticks(3_000) });
        let grouped = bench.one(NewOrder { symbol: amd, oca, ..grouped }).id;
        before(&mut bench, AMD);
        let told = bench.wait(1);
        for (id, (side, quantity, before, expected)) in placed.iter().zip(cases) {
            let order = bench.order(*id);
            assert!(order.state.is_open(), "{side:?} {before:?}");
            assert_eq!((order.order_type, order.quantity), (expected, quantity * 2));
            let modified = told
                .iter()
                .any(|event| matches!(event, Event::OrderModified { order } if order.id == *id));
            assert!(modified, "{side:?} {before:?}");
        }
        assert_eq!(bench.order(grouped).end, Some(End::Split));
        assert_eq!(bench.position(), 0);
        let again = restored(&bench.exchange.snapshot().unwrap()).unwrap();
        assert_eq!(again.state_hash(), bench.exchange.state_hash());
    }
    let mut bench = eve(GE, Hours::RoundTheClock);
    let last = bench.exchange.mark(named("GE").id).0;
    let new = plain(Side::Buy, 10, Limit { price: ticks(last * 8 / 10) });
    let id = bench.one(NewOrder { symbol: named("GE").id, ..new }).id;
    before(&mut bench, GE);
    bench.wait(1);
    let order = bench.order(id);
    assert_eq!((order.end, order.filled), (Some(End::Split), 0));
    assert_eq!(order.end.map(End::code), Some("SHARES_SPLIT"));
}

#[test]
fn options_become_as_many_at_half_the_strike() {
    let mut bench = eve(AMD, Hours::RoundTheClock);
    let [call, odd, short] =
        ["AMD   270319C00060000", "AMD   270416P00063000", "AMD   270416C00070000"].map(named);
    for (one, side, quantity) in [(call, Side::Buy, 3), (odd, Side::Buy, 1), (short, Side::Sell, 2)]
    {
        bought(&mut bench, &one.local, side, quantity);
    }
    let tif = TimeInForce::Gtc;
    let resting = bench.one(NewOrder { symbol: call.id, tif, ..limit(Side::Buy, 1, 1) }).id;
    before(&mut bench, AMD);
    let cost = |bench: &Bench, id| bench.exchange.account().position(id).basis;
    let costs = [call, odd, short].map(|one| cost(&bench, one.id));
    let (then, listed) = (worth(&bench), bench.exchange.quotes().listed);
    bench.wait(1);
    let halves = ["AMD   270319C00030000", "AMD   270416P00031500", "AMD   270416C00035000"];
    let halves = halves.map(named);
    for ((before, after), (held, cost_before)) in
        [call, odd, short].iter().zip(halves).zip([6, 2, -4].iter().zip(costs))
    {
        let account = bench.exchange.account();
        assert_eq!(account.position(before.id).shares, 0);
        assert_eq!(account.position(after.id).shares, *held, "{}", after.local);
        assert_eq!(cost(&bench, after.id), cost_before);
    }
    bench.check_money();
    // Within half a spread of each of twelve hundred shares.
    assert!((worth(&bench) - then).abs() < Decimal::from(40), "{then} and {}", worth(&bench));
    assert_eq!(bench.order(resting).end, Some(End::Split));
    // Each earlier strike is listed at half of what it was.
    let quotes = bench.exchange.quotes();
    let known = Instruments::builtin();
    let mut count = 0;
    for id in listed.iter().filter(|id| known.get(**id).unwrap().root() == named("AMD").id) {
        let half = known.after_split(*id).unwrap();
        assert!(quotes.listed.binary_search(&half).is_ok(), "{}", known.get(*id).unwrap().local);
        count += 1;
    }
    assert!(count > 300, "{count}");
    let again = restored(&bench.exchange.snapshot().unwrap()).unwrap();
    assert_eq!(again.state_hash(), bench.exchange.state_hash());
    assert_eq!(again.quotes(), bench.exchange.quotes());
    // And can be sold.
    bought(&mut bench, "AMD   270416P00031500", Side::Sell, 2);
    bench.wait(5 * 86_400);
    bench.check_money();
}

#[test]
fn days_over_a_split_passed_at_once_are_what_each_of_their_seconds_comes_to() {
    for (day, names) in
        [(AMD, ["AMD", "AMD   270416C00060000", "AAPL"]), (SONY, ["6758", "8306", "EUR.USD"])]
    {
        for hours in [Hours::RoundTheClock, Hours::Real] {
            let mut at_once = eve(day, hours);
            at_once.wait((day.plus(-1).at(15, 0) - at_once.time.seconds()).max(0));
            let quantity = |number| 1 + u64::from(number % 3 == 0);
            place_around(&mut at_once, names.iter().cycle().take(24), (7, 1_000), quantity);
            let mut by_second = at_once.exchange.clone();
            let told = at_once.wait(30_000);
            let slow = slowly(&mut by_second, at_once.time);
            by_second.seq = at_once.exchange.seq;
            assert!(at_once.exchange.session().day == day && told.len() > 5, "{told:?}");
            assert_eq!(told, slow, "{hours:?}");
            assert!(at_once.exchange.snapshot().unwrap() == by_second.snapshot().unwrap());
            assert_eq!(at_once.exchange.quotes(), by_second.quotes());
        }
    }
}
