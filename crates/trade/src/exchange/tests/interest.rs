//! Interest on cash: what accrues, and what is paid when a month begins.

use super::bond::begun_on;
use super::dividend::{paid, to_the_end};
use super::market3::{bought, every_product, named};
use super::*;
use crate::payment::PaymentKind;

/// A Saturday: two nights before December.
const BEFORE: Day = Day::of(2026, 11, 28);

fn accrued(bench: &Bench) -> Decimal {
    bench.exchange.account().purse.own().interest
}

#[test]
fn interest_accrues_each_day_and_is_paid_when_a_month_begins() {
    for hours in [Hours::RoundTheClock, Hours::Real] {
        let mut bench = begun_on(BEFORE, hours);
        assert_eq!(accrued(&bench), Decimal::ZERO);
        to_the_end(&mut bench);
        let worth = bench.exchange.summary().net_liquidation;
        assert!(paid(&bench.wait(1)).is_empty());
        // 3.15 % of a million over 360 days: worth more, and no cash yet.
        let day = Decimal::new(875, 1);
        assert_eq!(accrued(&bench), day);
        let summary = bench.exchange.summary();
        assert_eq!((summary.cash, summary.net_liquidation - worth), (1_000_000.into(), day));
        assert_eq!(summary.previous_day, summary.net_liquidation);
        let again = restored(&bench.exchange.snapshot().unwrap()).unwrap();
        assert_eq!(again.account().purse, bench.exchange.account().purse);
        assert_eq!(again.state_hash(), bench.exchange.state_hash());
        bench.wait(86_400);
        to_the_end(&mut bench);
        let before = bench.exchange.summary();
        let [payment] = &paid(&bench.wait(1))[..] else { unreachable!("one payment") };
        let seen = (payment.kind, payment.symbol, payment.held, payment.amount, payment.day);
        let first = Day::of(2026, 12, 1);
        assert_eq!(seen, (PaymentKind::Interest, None, 0, day * Decimal::from(3), first));
        assert_eq!(bench.exchange.summary().cash, before.cash + payment.amount);
        assert_eq!(accrued(&bench), Decimal::ZERO);
        bench.check_money();
    }
}

#[test]
fn loan_costs_interest_and_short_sales_earn_none() {
    let mut bench = begun_on(BEFORE.plus(-1), Hours::RoundTheClock);
    // Until the account owes dollars.
    bought(&mut bench, "AAPL", Side::Buy, 9_000);
    let balance = bench.exchange.summary().cash;
    assert!(balance < Decimal::ZERO, "{balance}");
    to_the_end(&mut bench);
    bench.wait(1);
    let cost = (balance * Decimal::new(515, 4) / Decimal::from(360)).round_dp(8);
    assert_eq!(accrued(&bench), cost);

    let mut short = begun_on(BEFORE.plus(-1), Hours::RoundTheClock);
    bought(&mut short, "AAPL", Side::Sell, 1_000);
    to_the_end(&mut short);
    let mark = short.exchange.mark(AAPL);
    short.wait(1);
    let own = short.exchange.summary().cash - apple().price(mark) * Decimal::from(1_000);
    let day = (own * Decimal::new(315, 4) / Decimal::from(360)).round_dp(8);
    // The last price may be a second older than the one that it ends at.
    assert!((accrued(&short) - day).abs() < Decimal::new(5, 2), "{day}");
}

#[test]
fn a_month_that_passes_at_once_pays_what_its_days_pay() {
    let begun = || Bench::of(every_product(Hours::RoundTheClock));
    let (mut at_once, mut by_days) = (begun(), begun());
    let told = at_once.wait(40 * 86_400);
    let mut each = Vec::new();
    for _ in 0..40 {
        each.extend(by_days.wait(86_400));
    }
    let amounts = |told: &[Event]| {
        let all = paid(told);
        all.iter().map(|one| (one.kind, one.amount, one.day)).collect::<Vec<_>>()
    };
    assert_eq!(amounts(&told).len(), 2, "of November and December");
    assert_eq!(amounts(&told), amounts(&each));
    assert_eq!(accrued(&at_once), accrued(&by_days));
    assert_eq!(begun().exchange.account().purse.own().interest, Decimal::ZERO, "the day before");
}

#[test]
fn older_rule_of_the_markets_pays_none() {
    let mut bench = Bench::of(Genesis { market_rule: 4, ..genesis(Hours::RoundTheClock) });
    assert!(paid(&bench.wait(20 * 86_400)).is_empty());
    assert_eq!(accrued(&bench), Decimal::ZERO);
    bench.apply(Command::MarketRule { rule: 5 });
    bench.wait(86_400);
    assert_eq!(accrued(&bench), Decimal::new(875, 1));
}

/// The day before the account pays it nothing, on the first of a month too, and the markets come to its time at once.
#[test]
fn account_that_is_made_when_a_month_begins_is_paid_a_month_later() {
    let at = Time::from_seconds(Day::of(2026, 12, 1).at(0, 5));
    let exchange = begun(Genesis { at, ..every_product(Hours::RoundTheClock) });
    assert_eq!(exchange.now(), at);
    assert_eq!(exchange.account().purse.own().interest, Decimal::ZERO);
    assert_eq!(exchange.account().payments().len(), 0);
    for name in ["AAPL", "ESZ6", "EUR.JPY", "AAPL  261218C00125000", "UST-10Y"] {
        let minutes = exchange.bars(named(name).id, BarSize::Minutes(1), at - Span::hours(8), at);
        assert!(minutes.len() > 470, "{name}: {}", minutes.len());
        let (before, after) = (minutes[minutes.len() / 2], minutes[minutes.len() - 1]);
        let apart = (before.close.0 - after.close.0).abs();
        assert!(before.close.0 > 0 && apart < after.close.0 / 5, "{name}");
        let fives = exchange.bars(named(name).id, BarSize::Minutes(5), at - Span::hours(8), at);
        assert!((95..=97).contains(&fives.len()), "{name}: {}", fives.len());
    }
}
