//! Forecast contracts: prices, pairs, ends.

use super::market3::{every_product, named};
use super::rule::slowly;
use super::*;
use crate::instrument::InstrumentKind;

const YES: &str = "SPXYN261124C02500000";
const NO: &str = "SPXYN261124P02500000";

fn bench(hours: Hours) -> Bench {
    let mut bench = Bench::of(every_product(hours));
    bench.apply(Command::OrderRule { rule: ORDER_RULE });
    bench.wait(600);
    bench
}

fn buy(name: &str, quantity: u64, order_type: OrderType) -> NewOrder {
    NewOrder { symbol: named(name).id, ..order(Side::Buy, quantity, order_type) }
}

fn settled(told: &[Event]) -> Vec<String> {
    let one = |event: &Event| match event {
        Event::Settled { execution } => {
            let one = Instruments::builtin().get(execution.symbol).unwrap();
            let what = execution.reference.as_deref().unwrap();
            let price = one.price(execution.price);
            Some(format!(
                "{what} {} {:?} {} at {price}",
                one.key(),
                execution.side,
                execution.quantity
            ))
        }
        _ => None,
    };
    told.iter().filter_map(one).collect()
}

#[test]
fn yes_and_no_are_one_together_and_less_likely_for_a_higher_threshold() {
    let mut bench = bench(Hours::RoundTheClock);
    let known = Instruments::builtin();
    for _ in 0..20 {
        bench.wait(3_977);
        let listed = bench.exchange.quotes().listed;
        let mut last = (String::new(), 1_000_i64);
        let mut count = 0;
        for one in listed.iter().map(|id| known.get(*id).unwrap()) {
            let InstrumentKind::Forecast(terms) = &one.kind else { continue };
            let quote = bench.exchange.quote(one.id).unwrap();
            let other = bench.exchange.quote(one.other_side().unwrap()).unwrap();
            for level in quote.bids.iter().chain(&quote.asks) {
                assert_eq!(one.prices.check(level.price), Ok(()), "{}", one.local);
            }
            let ends = |quote: &Quote| (quote.bid().unwrap().price.0, quote.ask().unwrap().price.0);
            let ((bid, ask), (other_bid, other_ask)) = (ends(&quote), ends(&other));
            assert!(bid < ask && bid + other_bid <= 100 && ask + other_ask >= 100, "{}", one.local);
            assert!(ask + other_ask - bid - other_bid <= 6, "{}", one.local);
            if terms.outcome == crate::instrument::YesNo::Yes {
                let class = format!("{} {}", one.class, one.expiry.unwrap());
                // The mark has no spread.
                let mark = bench.exchange.mark(one.id).0;
                assert!(class != last.0 || mark <= last.1, "{}", one.local);
                last = (class, mark);
            }
            count += 1;
        }
        // Seven thresholds of the federal funds rate, nine of the others.
        assert!(count >= 2 * (5 * 9 + 3 * (7 + 9 + 9)), "{count}");
    }
}

#[test]
fn pair_of_both_outcomes_is_paid_at_once_and_no_money_is_lost() {
    let mut bench = bench(Hours::RoundTheClock);
    bench.place(vec![buy(YES, 10, OrderType::Market)]);
    let paid = bench.exchange.account().positions().next().unwrap().1.basis;
    let told = bench.place(vec![buy(NO, 4, OrderType::Market)]);
    let price = |event: &Event| match event {
        Event::OrderFilled { execution, .. } => Some(execution.price),
        _ => None,
    };
    let no = told.iter().find_map(price).unwrap();
    let (of_no, of_yes) = (named(NO).price(no), named(NO).price(Ticks(100 - no.0)));
    assert_eq!(
        settled(&told),
        [format!("netted {NO} Sell 4 at {of_no}"), format!("netted {YES} Sell 4 at {of_yes}")]
    );
    let account = bench.exchange.account();
    let shares = |name: &str| account.position(named(name).id).shares;
    assert_eq!((shares(YES), shares(NO)), (6, 0));
    let spent = paid - Decimal::from(4) * (Decimal::ONE - of_no);
    assert_eq!(account.purse.own().balance, Decimal::from(1_000_000) - spent);
    bench.check_money();
    let again = restored(&bench.exchange.snapshot().unwrap()).unwrap();
    assert_eq!(again.quotes(), bench.exchange.quotes());
    assert_eq!(again.state_hash(), bench.exchange.state_hash());
}

#[test]
fn figure_of_the_day_pays_one_dollar_or_nothing() {
    let mut bench = bench(Hours::RoundTheClock);
    let figure = named("SPX").price(bench.exchange.mark(named("SPX").id));
    assert!(figure > Decimal::from(2_450) && figure < Decimal::from(2_550), "{figure}");
    bench.place(vec![buy("SPXYN261124C02450000", 3, OrderType::Market)]);
    bench.place(vec![buy("SPXYN261124C02575000", 5, OrderType::Market)]);
    let before = bench.exchange.account().purse.own().balance;
    let told = bench.wait(86_400);
    assert_eq!(
        settled(&told),
        [
            "settled SPXYN261124C02450000 Sell 3 at 1.00",
            "settled SPXYN261124C02575000 Sell 5 at 0.00"
        ]
    );
    assert_eq!(bench.exchange.account().purse.own().balance, before + Decimal::from(3));
    assert!(bench.exchange.account().is_flat());
    bench.check_money();
}

#[test]
fn price_paid_is_all_that_a_forecast_binds() {
    let mut bench = bench(Hours::RoundTheClock);
    bench.place(vec![buy(YES, 1_000, OrderType::Market)]);
    let summary = bench.exchange.summary();
    let value = bench.exchange.account().holdings(|id| bench.exchange.mark(id)).next().unwrap();
    assert_eq!(summary.option_value, value.value());
    assert_eq!(summary.initial_margin, value.value());
    assert_eq!(summary.maintenance_margin, value.value());
}

#[test]
fn orders_that_no_forecast_takes_are_denied_with_the_way() {
    let mut bench = bench(Hours::RoundTheClock);
    bench.place(vec![buy(YES, 10, OrderType::Market)]);
    let limit = |price| OrderType::Limit { price: Ticks(price) };
    let sell = |name: &str, order_type| NewOrder { side: Side::Sell, ..buy(name, 1, order_type) };
    for (new, code, text) in [
        (sell(YES, limit(50)), "BOUGHT_ONLY", "buy SPXYN 261124P02500000"),
        (sell(NO, OrderType::Market), "BOUGHT_ONLY", "buy SPXYN 261124C02500000"),
        (buy(YES, 0, limit(50)), "QUANTITY_ZERO", "is 0"),
        (buy(YES, 1, limit(0)), "PRICE_OUT_OF_RANGE", "between 0.01 and 0.99"),
        (buy(YES, 1, limit(100)), "PRICE_OUT_OF_RANGE", "between 0.01 and 0.99"),
        (buy(YES, 1, limit(-5)), "PRICE_OUT_OF_RANGE", "between 0.01 and 0.99"),
        (buy(YES, 1_000_001, limit(50)), "QUANTITY_ABOVE_LIMIT", "1000000"),
        (buy(YES, 1, limit(i64::MAX)), "PRICE_OUT_OF_RANGE", "0.99"),
        (buy("SPXYN261120C02500000", 1, limit(50)), "INSTRUMENT_EXPIRED", "2026-11-20"),
        (buy("SPXYN261124C09000000", 1, limit(50)), "NOT_LISTED", "not listed"),
    ] {
        let denial = pretrade::check(&bench.facts(), &Limits::default(), bench.time, vec![new]);
        let denial = denial.unwrap_err();
        assert_eq!(denial.code(), code, "{denial}");
        assert!(denial.to_string().contains(text), "{denial}");
    }
    // What gives the position up only reduces it, up to what is held.
    let reduces = |quantity| {
        let new = buy(NO, quantity, OrderType::Market);
        (
            pretrade::reduces(&bench.facts(), std::slice::from_ref(&new)),
            pretrade::check_reduces(&bench.facts(), &new).is_ok(),
        )
    };
    assert_eq!((reduces(10), reduces(11)), ((true, true), (false, false)));
}

#[test]
fn orders_that_only_reduce_never_open_the_other_outcome() {
    let mut bench = bench(Hours::RoundTheClock);
    bench.place(vec![buy(YES, 10, OrderType::Market)]);
    let low = OrderType::Limit { price: Ticks(1) };
    let waits = bench.reduce(buy(NO, 10, low));
    bench.reduce(buy(NO, 7, OrderType::Market));
    assert_eq!(bench.order(waits.id).quantity, 3);
    bench.reduce(buy(NO, 3, OrderType::Market));
    assert_eq!(bench.order(waits.id).end, Some(End::PositionClosed));
    assert!(bench.exchange.account().positions().all(|(_, one)| one.shares == 0));
}

#[test]
fn day_of_forecasts_passed_at_once_is_what_each_of_its_seconds_comes_to() {
    for hours in [Hours::RoundTheClock, Hours::Real] {
        let mut at_once = bench(hours);
        at_once.wait(60_000);
        let names = [
            YES,
            NO,
            "SPXYN261125C02475000",
            "SPXYN261125P02525000",
            "FEDRYN261130C00003750",
            "UNRTYN261231P00004300",
        ];
        for (number, name) in (0..).zip(names.iter().cycle().take(36)) {
            let one = named(name);
            let last = bench_mark(&at_once, one);
            let price = |away: i64| Ticks((last + away).clamp(1, 99));
            let order_type = if number % 3 == 2 {
                OrderType::Stop { trigger: price(1 + number % 7) }
            } else {
                OrderType::Limit { price: price(-(number % 5)) }
            };
            let tif = if number % 5 == 0 { TimeInForce::Day } else { TimeInForce::Gtc };
            at_once.place(vec![NewOrder { tif, ..buy(name, 1, order_type) }]);
        }
        let mut by_second = at_once.exchange.clone();
        let told = at_once.wait(30_000);
        let slow = slowly(&mut by_second, at_once.time);
        by_second.seq = at_once.exchange.seq;
        assert!(told.len() > 10, "{} events", told.len());
        assert_eq!(told, slow, "{hours:?}");
        assert!(at_once.exchange.snapshot().unwrap() == by_second.snapshot().unwrap());
    }
}

fn bench_mark(bench: &Bench, one: &Instrument) -> i64 {
    bench.exchange.mark(one.id).0
}

#[test]
fn bars_of_a_forecast_meet_its_price() {
    let mut bench = bench(Hours::RoundTheClock);
    bench.wait(40_000);
    let one = named("SPXYN261127C02500000");
    let end = bench.time + Span::seconds(1);
    let from = bench.time - Span::seconds(3_600);
    let bars = bench.exchange.bars(one.id, BarSize::Minutes(1), from, end);
    assert!((60..=61).contains(&bars.len()));
    assert!(bars.iter().all(|bar| bar.low.0 >= 1 && bar.high.0 <= 99));
    assert_eq!(bars.last().unwrap().close, bench.exchange.mark(one.id));
}
