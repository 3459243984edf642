//! What an account stands to gain and to lose.

use super::market3::{every_product, named};
use super::*;
use crate::risk::{LongShort, Sensitivity};

fn holding(all: &[(&str, Side, Shares)]) -> Bench {
    let mut bench = Bench::of(every_product(Hours::RoundTheClock));
    bench.apply(Command::OrderRule { rule: ORDER_RULE });
    bench.wait(600);
    for (name, side, quantity) in all {
        let new = NewOrder { symbol: named(name).id, ..order(*side, *quantity, OrderType::Market) };
        bench.place(vec![new]);
    }
    bench
}

fn risk(bench: &Bench) -> crate::risk::Risk {
    bench.exchange.risk_of(bench.exchange.account())
}

fn near(one: Decimal, other: Decimal, within: i64) -> bool {
    (one - other).abs() <= Decimal::from(within)
}

#[test]
fn shares_answer_to_their_price_alone() {
    let bench = holding(&[("AAPL", Side::Buy, 100)]);
    let risk = risk(&bench);
    let [(LongShort { of, long, short }, Sensitivity { delta, gamma, vega, theta })] =
        risk.underlyings.as_slice()
    else {
        unreachable!("{risk:?}")
    };
    assert_eq!((*of, *short, *vega, *theta), (AAPL, Decimal::ZERO, Decimal::ZERO, Decimal::ZERO));
    assert!(near(*delta * Decimal::ONE_HUNDRED, *long, 200), "{delta} of {long}");
    assert!(near(*gamma, Decimal::ZERO, 2), "{gamma}");
    for jump in &risk.stress {
        let share = *long * Decimal::from(jump.prices) / Decimal::ONE_HUNDRED;
        assert!(near(jump.gain, share, 200), "{jump:?} of {long}");
    }
    let required: Decimal = risk.requirements.iter().map(crate::ledger::Requirement::amount).sum();
    assert_eq!(required, bench.exchange.summary().maintenance_margin);
}

#[test]
fn bought_option_gains_from_moves_both_ways_and_volatility_and_loses_by_the_day() {
    let bench = holding(&[
        ("AAPL  261218C00125000", Side::Buy, 10),
        ("AAPL  261218P00125000", Side::Buy, 10),
    ]);
    let risk = risk(&bench);
    assert_eq!(risk.underlyings.len(), 1, "{risk:?}");
    let (exposure, answers) = &risk.underlyings[0];
    assert_eq!(exposure.of, AAPL);
    assert!(answers.gamma > Decimal::ZERO && answers.vega > Decimal::ZERO, "{answers:?}");
    assert!(answers.theta < Decimal::ZERO, "{answers:?}");
    let gain = |prices, volatility| {
        let same =
            |one: &&crate::risk::Stress| (one.prices, one.volatility) == (prices, volatility);
        risk.stress.iter().find(same).unwrap().gain
    };
    assert!(gain(-20, 0) > Decimal::ZERO && gain(20, 0) > Decimal::ZERO, "{:?}", risk.stress);
    assert!(gain(5, 25) > gain(5, -25), "{:?}", risk.stress);
    assert_eq!(risk.stress.len(), 18);
}

#[test]
fn future_counts_for_what_it_is_on_and_exposures_are_told_by_product_and_currency() {
    let bench = holding(&[("MESZ6", Side::Sell, 2), ("SAP", Side::Buy, 10), ("KO", Side::Buy, 5)]);
    let risk = risk(&bench);
    let (short, answers) = &risk.underlyings[0];
    assert_eq!((short.of, short.long), (named("SPX").id, Decimal::ZERO));
    assert!(short.short > Decimal::from(20_000), "{short:?}");
    assert!(near(answers.delta * Decimal::ONE_HUNDRED, -short.short, 1_000), "{answers:?}");
    let product = |product| risk.products.iter().any(|one| one.of == product);
    assert!(
        product(crate::instrument::Product::Future) && product(crate::instrument::Product::Stock)
    );
    let currencies: Vec<_> = risk.currencies.iter().map(|one| one.of.to_string()).collect();
    assert_eq!(currencies, ["USD", "EUR"]);
}
