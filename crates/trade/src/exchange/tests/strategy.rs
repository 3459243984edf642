//! Options that cover each other: what they require, what may be sold of them, and what is closed first.

use super::market3::{every_product, named};
use super::*;
use crate::margin::Strategy;
use crate::pretrade::{Denial, liquidation};

const LOW: &str = "AAPL  261218C00120000";
const HIGH: &str = "AAPL  261218C00130000";

fn holding(cash: i64, all: &[(&str, Side, Shares)]) -> Bench {
    let genesis = Genesis { cash: Decimal::from(cash), ..every_product(Hours::RoundTheClock) };
    let mut bench = Bench::of(genesis);
    bench.wait(600);
    for (name, side, quantity) in all {
        let new = NewOrder { symbol: named(name).id, ..order(*side, *quantity, OrderType::Market) };
        let told = bench.place(vec![new]);
        let filled = told.iter().any(|one| matches!(one, Event::OrderFilled { .. }));
        assert!(filled, "{name}: {told:?}");
    }
    bench
}

fn market(name: &str, side: Side, quantity: Shares) -> NewOrder {
    NewOrder { symbol: named(name).id, ..order(side, quantity, OrderType::Market) }
}

fn called(bench: &Bench) -> Vec<(Strategy, usize)> {
    let risk = bench.exchange.risk_of(bench.exchange.account());
    risk.requirements.iter().map(|one| (one.strategy, one.parts.len())).collect()
}

#[test]
fn spread_requires_its_width_before_and_after_it_is_held() {
    let bench = holding(10_000, &[(HIGH, Side::Buy, 5), (LOW, Side::Sell, 5)]);
    let sum = bench.exchange.summary();
    let value = |name: &str| {
        let one = named(name);
        one.price(bench.exchange.mark(one.id)) * Decimal::from(500)
    };
    let lost = Decimal::from(5_000) + value(HIGH) - value(LOW);
    assert_eq!((sum.initial_margin, sum.maintenance_margin), (lost, lost), "{sum:?}");
    assert_eq!(called(&bench), [(Strategy::Vertical, 2)]);
    // Without what covers them, five naked calls take more than there is.
    let sell = vec![market(HIGH, Side::Sell, 5)];
    let limits = Limits { collar_bps: Some(100_000), ..Limits::default() };
    for reduces in [false, true] {
        let found =
            pretrade::check_by(&bench.facts(), (&[], &limits), bench.time, sell.clone(), reduces);
        let denied = found.unwrap_err();
        assert!(matches!(denied.first(), Denial::BuyingPower { .. }), "{denied:?}");
    }
    let checked =
        pretrade::check(&bench.facts(), &limits, bench.time, vec![market(LOW, Side::Buy, 5)]);
    let preview = pretrade::preview(&bench.facts(), &checked.unwrap(), false);
    assert_eq!(preview.maintenance_before, sum.maintenance_margin);
    assert_eq!(preview.maintenance_after, value(HIGH), "the bought calls are left");
}

#[test]
fn call_on_shares_takes_no_more_than_the_shares_do() {
    let mut bench = holding(10_000, &[("AAPL", Side::Buy, 100)]);
    let before = bench.exchange.summary().initial_margin;
    bench.place(vec![market(HIGH, Side::Sell, 1)]);
    let sum = bench.exchange.summary();
    assert!(sum.initial_margin < before + Decimal::from(100), "{sum:?}");
    assert_eq!(called(&bench), [(Strategy::CoveredCall, 2)]);
    let required: Decimal = bench
        .exchange
        .risk_of(bench.exchange.account())
        .requirements
        .iter()
        .map(crate::ledger::Requirement::amount)
        .sum();
    assert!((required - sum.maintenance_margin).abs() <= Decimal::new(2, 2), "{required} {sum:?}");
    // A second one would be naked.
    let limits = Limits { collar_bps: Some(100_000), ..Limits::default() };
    let second = vec![market(HIGH, Side::Sell, 4)];
    assert!(pretrade::check(&bench.facts(), &limits, bench.time, second).is_err());
    // Neither is left uncovered by an order that sells the shares and waits.
    let rests = OrderType::Limit { price: Ticks(50_000) };
    let sell = NewOrder { symbol: AAPL, ..order(Side::Sell, 100, rests) };
    let added = pretrade::check(&bench.facts(), &limits, bench.time, vec![sell.clone()]);
    let preview = pretrade::preview(&bench.facts(), &added.unwrap(), false);
    assert!(preview.initial_after > preview.initial_before + Decimal::from(1_000), "{preview:?}");
    assert_eq!(bench.exchange.account().position(named(HIGH).id).shares, -1);
}

#[test]
fn iron_condor_is_one_group_and_loses_on_one_side_alone() {
    let legs = [
        ("AAPL  261218P00110000", Side::Buy, 2),
        ("AAPL  261218C00140000", Side::Buy, 2),
        ("AAPL  261218P00120000", Side::Sell, 2),
        ("AAPL  261218C00130000", Side::Sell, 2),
    ];
    let bench = holding(100_000, &legs);
    assert_eq!(called(&bench), [(Strategy::IronCondor, 4)]);
    let value: Decimal = legs
        .iter()
        .map(|(name, side, quantity)| {
            let one = named(name);
            let value = one.price(bench.exchange.mark(one.id)) * Decimal::from(quantity * 100);
            if *side == Side::Buy { value } else { -value }
        })
        .sum();
    assert_eq!(bench.exchange.summary().maintenance_margin, Decimal::from(2_000) + value);
}

#[test]
fn what_was_sold_is_closed_before_what_covers_it() {
    let mut bench = holding(30_000, &[(HIGH, Side::Buy, 25), (LOW, Side::Sell, 25)]);
    // The account comes to be worth too little, as by a loss elsewhere.
    let genesis = bench.exchange.genesis().account;
    let ledger = bench.exchange.ledgers.first_mut();
    assert_eq!(ledger.id, genesis);
    let short = ledger.purse.own().balance - Decimal::from(24_000);
    ledger.purse.of_mut(Currency::USD).balance -= short;
    let missing = liquidation::shortfall(&bench.facts()).unwrap();
    let close = liquidation::next(&bench.facts()).unwrap();
    let told: Vec<_> = close.get().iter().map(|one| (one.symbol, one.side, one.quantity)).collect();
    let units = told[0].2;
    assert!(units > 0 && units < 25, "{told:?} for {missing}");
    let expected = [(named(LOW).id, Side::Buy, units), (named(HIGH).id, Side::Sell, units)];
    assert_eq!(told, expected);
    bench.apply(Command::PlaceReduceOnly(close));
    let shares = |name: &str| bench.exchange.account().position(named(name).id).shares;
    let left = 25 - i64::try_from(units).unwrap();
    assert_eq!((shares(LOW), shares(HIGH)), (-left, left));
    assert_eq!(called(&bench), [(Strategy::Vertical, 2)]);
}

#[test]
fn debt_in_another_currency_is_paid_back_before_anything_is_closed() {
    let mut bench = holding(30_000, &[("SAP", Side::Buy, 100), ("AAPL", Side::Buy, 100)]);
    let euro: Currency = "EUR".parse().unwrap();
    let owed = |bench: &Bench| bench.exchange.account().purse.of(euro).balance;
    assert!(owed(&bench) < Decimal::from(-10_000), "{}", owed(&bench));
    assert_eq!(liquidation::convert(&bench.facts()), None, "nothing is missing");
    let ledger = bench.exchange.ledgers.first_mut();
    ledger.purse.of_mut(Currency::USD).balance -= Decimal::from(26_000);
    assert!(liquidation::shortfall(&bench.facts()).is_some());
    let convert = liquidation::convert(&bench.facts()).unwrap();
    let order = &convert.get()[0];
    assert_eq!((order.symbol, order.side), (named("EUR.USD").id, Side::Buy));
    bench.apply(Command::Place(convert));
    let left = owed(&bench);
    assert!(left >= Decimal::ZERO && left < Decimal::TWO, "{left}");
    assert_eq!(liquidation::convert(&bench.facts()), None, "nothing is owed");
}
