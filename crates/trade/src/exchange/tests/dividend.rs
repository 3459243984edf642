//! Dividends: who is paid, what becomes of prices, orders and options.

use super::bond::begun_on;
use super::market3::{bought, every_product, named, place_around};
use super::rule::slowly;
use super::*;
use crate::payment::{Payment, PaymentKind};

/// The day before IBM's ex-date of 11 February 2027, when it pays 0.95.
const EVE: Day = Day::of(2027, 2, 10);

pub(super) fn paid(told: &[Event]) -> Vec<Arc<Payment>> {
    let payments = told.iter().filter_map(|event| match event {
        Event::Paid { payment } => Some(Arc::clone(payment)),
        _ => None,
    });
    payments.collect()
}

/// To the second before the account's trading day ends, and its last price then.
pub(super) fn to_the_end(bench: &mut Bench) {
    let roll = bench.exchange.session().roll;
    bench.wait(roll - 1 - bench.time.seconds());
}

#[test]
fn holder_is_paid_at_the_beginning_of_the_ex_date_and_who_is_short_pays() {
    for hours in [Hours::RoundTheClock, Hours::Real] {
        for side in [Side::Buy, Side::Sell] {
            let mut bench = begun_on(EVE, hours);
            bench.wait(3_600);
            bought(&mut bench, "IBM", side, 150);
            to_the_end(&mut bench);
            let (one, sign) = (named("IBM"), if side == Side::Buy { 1 } else { -1 });
            let (before, mark) = (bench.exchange.summary(), bench.exchange.mark(one.id));
            let told = bench.wait(1);
            let amount = Decimal::new(14_250 * sign, 2);
            let all = paid(&told);
            assert_eq!(all.len(), 1, "{told:?}");
            let Payment { number, kind, symbol, held, amount: moved, currency, day, time, .. } =
                *all[0];
            assert_eq!((number, kind, symbol), (1, PaymentKind::Dividend, Some(one.id)));
            assert_eq!((held, moved, currency), (150 * sign, amount, Currency::USD));
            assert_eq!((day, time), (EVE.plus(1), bench.time));
            let after = bench.exchange.summary();
            assert_eq!(after.cash, before.cash + amount);
            assert_eq!(bench.exchange.account().realised(Currency::USD), {
                let fills = bench.exchange.account().executions();
                fills.filter_map(|one| one.realised).sum::<Decimal>() + amount
            });
            bench.check_money();
            assert!(bench.exchange.account().payments().eq(&all));
            // The price falls by it, and a second's wandering.
            let fell = mark.0 - bench.exchange.mark(one.id).0;
            assert!((90..=100).contains(&fell), "{hours:?}: {fell}");
            if hours == Hours::Real {
                let earned =
                    bench.exchange.account().purse.own().interest - before.parts[0].interest;
                assert_eq!(fell, 95);
                assert_eq!(after.net_liquidation, before.net_liquidation + earned);
            }
            let bytes = bench.exchange.snapshot().unwrap();
            let again = restored(&bytes).unwrap();
            assert!(again.account().payments().eq(&all));
            assert_eq!(again.state_hash(), bench.exchange.state_hash());
            // Not again, and not to who bought on the day.
            assert!(paid(&bench.wait(3 * 86_400)).is_empty());
        }
    }
}

#[test]
fn nobody_is_paid_who_sold_before_or_bought_on_the_day() {
    let mut bench = begun_on(EVE, Hours::RoundTheClock);
    bought(&mut bench, "IBM", Side::Buy, 10);
    bought(&mut bench, "IBM", Side::Sell, 10);
    to_the_end(&mut bench);
    assert!(paid(&bench.wait(1)).is_empty());
    bought(&mut bench, "IBM", Side::Buy, 10);
    assert!(paid(&bench.wait(86_400)).is_empty());
}

#[test]
fn dividend_is_of_the_shares_own_exchange_and_currency() {
    for (symbol, eve, quantity, expected) in [
        // The last session but one of March in Tokyo, where a step is a hundred shares.
        ("9432", Day::of(2027, 3, 29), 1, Decimal::from(265)),
        ("VOD", Day::of(2027, 6, 23), 333, Decimal::new(666, 2)),
        ("SAP", Day::of(2027, 5, 12), 7, Decimal::new(1_540, 2)),
    ] {
        let one = named(symbol);
        let mut bench = begun_on(eve.plus(-3), Hours::RoundTheClock);
        bought(&mut bench, symbol, Side::Buy, quantity);
        let mut all = Vec::new();
        for _ in 0..4 {
            all.extend(paid(&bench.wait(86_400)));
        }
        assert_eq!(all.len(), 1, "{symbol}");
        assert_eq!((all[0].amount, all[0].currency), (expected, one.currency), "{symbol}");
        assert_eq!(all[0].day, eve.plus(1), "{symbol}");
        assert_eq!(all[0].time, Time::from_seconds(eve.at(17, 0)), "{symbol}");
    }
}

#[test]
fn open_orders_that_the_dividend_would_reach_are_reduced_and_others_stay() {
    use OrderType::{Limit, Stop, StopLimit};
    let (gtc, day) = (TimeInForce::Gtc, TimeInForce::Day);
    let [low, lower] = [Ticks(15_000), Ticks(14_905)];
    let [high, higher] = [Ticks(29_000), Ticks(29_100)];
    let cases = [
        (Side::Buy, Limit { price: low }, gtc, Some(Limit { price: lower })),
        (Side::Buy, Limit { price: Ticks(50) }, gtc, Some(Limit { price: Ticks(1) })),
        (Side::Sell, Stop { trigger: low }, gtc, Some(Stop { trigger: lower })),
        (
            Side::Sell,
            StopLimit { trigger: low, price: Ticks(14_900) },
            gtc,
            Some(StopLimit { trigger: lower, price: Ticks(14_805) }),
        ),
        (Side::Sell, Limit { price: high }, gtc, None),
        (Side::Buy, Stop { trigger: high }, gtc, None),
        (Side::Buy, StopLimit { trigger: high, price: higher }, gtc, None),
        (Side::Buy, Limit { price: low }, day, None),
    ];
    for hours in [Hours::RoundTheClock, Hours::Real] {
        let mut bench = begun_on(EVE, hours);
        let ibm = named("IBM").id;
        // In the evening: a day's order that is left is of the ex-date itself.
        let placed: Vec<_> = cases
            .iter()
            .map(|(side, order_type, tif, _)| {
                let new = order(*side, 10, *order_type);
                bench.one(NewOrder { symbol: ibm, tif: *tif, ..new }).id
            })
            .collect();
        let untouched = bench.one(NewOrder { tif: gtc, ..limit(Side::Buy, 1, 5_000) }).id;
        to_the_end(&mut bench);
        let told = bench.wait(1);
        for (id, (side, before, tif, expected)) in placed.iter().zip(cases) {
            let order = bench.order(*id);
            let modified = told
                .iter()
                .any(|event| matches!(event, Event::OrderModified { order } if order.id == *id));
            assert_eq!(modified, expected.is_some(), "{side:?} {before:?}");
            assert_eq!(order.order_type, expected.unwrap_or(before), "{side:?}");
            assert_eq!(order.state.is_open(), tif == gtc, "{side:?} {before:?}");
        }
        assert_eq!(bench.order(untouched).order_type, Limit { price: Ticks(5_000) });
        assert!(bench.exchange.account().position(ibm).shares == 0);
        // They rest where they are now: the book has the lower price.
        let fill = bench.exchange.account().orders.open[&placed[0]].handle;
        assert!(fill.is_some());
        let again = restored(&bench.exchange.snapshot().unwrap()).unwrap();
        assert_eq!(again.state_hash(), bench.exchange.state_hash());
    }
}

#[test]
fn limit_a_little_below_the_price_is_not_filled_by_the_dividend_alone() {
    let mut bench = begun_on(EVE, Hours::Real);
    bench.wait(7 * 3_600);
    let one = named("IBM");
    let last = bench.exchange.mark(one.id).0;
    let tif = TimeInForce::Gtc;
    let bid = bench.one(NewOrder { symbol: one.id, tif, ..limit(Side::Buy, 10, last - 60) });
    // The next morning, an hour before the opening.
    bench.wait(15 * 3_600);
    assert_eq!(bench.exchange.session().day, EVE.plus(1));
    let bid = bench.order(bid.id);
    assert_eq!(bid.order_type, OrderType::Limit { price: Ticks(last - 60 - 95) });
    assert_eq!(bid.filled, 0);
}

#[test]
fn options_do_not_jump_on_the_ex_date() {
    let names = [
        "IBM   270219C00150000",
        "IBM   270219C00200000",
        "IBM   270219P00250000",
        "IBM   270319C00205000",
        "IBM   270319P00205000",
        "IBM   270716P00200000",
    ];
    for hours in [Hours::RoundTheClock, Hours::Real] {
        let mut bench = begun_on(EVE, hours);
        to_the_end(&mut bench);
        let fair = |bench: &Bench, name: &str| {
            let one = named(name);
            (bench.exchange.paper.followed_fair(one, bench.exchange.paper.step), one)
        };
        let before = names.map(|name| fair(&bench, name).0);
        let spot = bench.exchange.mark(named("IBM").id);
        bench.wait(1);
        for (name, before) in names.iter().zip(before) {
            let (after, one) = fair(&bench, name);
            let moved = (after - before).abs() / crate::market::FINE;
            let width = one.manner(4).width(before / crate::market::FINE);
            assert!(before > 0 && moved <= width, "{hours:?} {name}: {before} to {after}");
        }
        let fell = spot.0 - bench.exchange.mark(named("IBM").id).0;
        assert!(fell > 80, "the share did: {fell}");
        // What a put is worth more by it, a call is worth less.
        let market = bench.exchange.option_market(named(names[5]).id).unwrap();
        let told = market.model().unwrap();
        assert_eq!(told.dividend.round_dp(1), Decimal::new(9, 1), "that of May is ahead");
    }
}

#[test]
fn days_over_an_ex_date_passed_at_once_are_what_each_of_their_seconds_comes_to() {
    for hours in [Hours::RoundTheClock, Hours::Real] {
        let mut at_once = begun_on(EVE, hours);
        at_once.wait(3_600);
        bought(&mut at_once, "IBM", Side::Buy, 100);
        bought(&mut at_once, "LLY", Side::Sell, 10);
        let names =
            ["IBM", "LLY", "AAPL", "IBM   270219C00200000", "IBM   270319P00200000", "MSFT"];
        place_around(&mut at_once, names.iter().cycle().take(36), (9, 2_000), |_| 1);
        let mut by_second = at_once.exchange.clone();
        let mut stepped = at_once.clone();
        let told = at_once.wait(30_000);
        assert_eq!(paid(&told).len(), 2, "{hours:?}");
        let slow = slowly(&mut by_second, at_once.time);
        by_second.seq = at_once.exchange.seq;
        assert_eq!(told, slow, "{hours:?}");
        assert!(at_once.exchange.snapshot().unwrap() == by_second.snapshot().unwrap());
        assert_eq!(at_once.exchange.quotes(), by_second.quotes());
        // In steps, with a snapshot after each.
        while stepped.time < at_once.time {
            stepped.wait(1_000);
            stepped.exchange = restored(&stepped.exchange.snapshot().unwrap()).unwrap();
        }
        let digest = |bench: &Bench| {
            let account = bench.exchange.account();
            let held: Vec<_> = account.positions().map(|(id, held)| (id, *held)).collect();
            let orders: Vec<_> = account.open_orders().cloned().collect();
            (held, orders, account.purse.own().balance, bench.exchange.quotes())
        };
        assert_eq!(digest(&stepped), digest(&at_once), "{hours:?}");
    }
}

#[test]
fn older_rule_pays_no_dividend_and_tells_of_no_coupon() {
    let mut bench = Bench::by_rule_1(Genesis {
        at: Time::from_seconds(EVE.at(9, 0)),
        market_rule: 3,
        ..every_product(Hours::RoundTheClock)
    });
    bench.time = Time::from_seconds(EVE.at(9, 0));
    bench.apply(Command::OrderRule { rule: ORDER_RULE });
    bench.wait(600);
    bought(&mut bench, "IBM", Side::Buy, 100);
    bought(&mut bench, "UST-10Y", Side::Buy, 10);
    bought(&mut bench, "IBM   270319P00205000", Side::Buy, 2);
    let id = named("IBM").id;
    let new = NewOrder { symbol: id, tif: TimeInForce::Gtc, ..limit(Side::Buy, 1, 10_000) };
    let bid = bench.one(new);
    let cash = |bench: &Bench| bench.exchange.account().purse.own().balance;
    let before = cash(&bench);
    let told = bench.wait(4 * 86_400);
    assert!(told.is_empty(), "{told:?}");
    assert_eq!(cash(&bench), before + Decimal::new(21_250, 2), "the coupon alone");
    assert_eq!(bench.order(bid.id), bid);
    assert_eq!(bench.exchange.account().payments().len(), 0);
    // As it was before there was a fourth rule.
    let hash = bench.exchange.state_hash().unwrap();
    let hex = hash[..6].iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    assert_eq!(hex, "c38e4b805d5c");
}
