//! American options: against `QuantLib`, at the boundary, and for any input.
#![expect(clippy::unwrap_used, clippy::float_cmp, reason = "tests; some figures are exact")]

use proptest::prelude::*;

use super::*;
use crate::pricing::european::{self, Payoff};

fn put() -> Vanilla {
    Vanilla {
        payoff: Payoff::Put,
        spot: 100.0,
        strike: 100.0,
        rate: 0.05,
        dividend_yield: 0.02,
        volatility: 0.25,
        years: 0.5,
    }
}

/// `QuantLib` 1.44, `QdFpAmericanEngine` with its high precision scheme.
#[test]
fn prices_are_those_of_quantlib() {
    for (payoff, strike, rate, dividend_yield, volatility, days, expected) in [
        (Payoff::Put, 100.0, 0.05, 0.0, 0.2, 365.0, 6.090_370_607),
        (Payoff::Put, 120.0, 0.08, 0.02, 0.35, 90.0, 20.561_931_794),
        (Payoff::Call, 90.0, 0.03, 0.07, 0.25, 730.0, 15.071_198_848),
        (Payoff::Put, 80.0, 0.01, 0.04, 0.5, 30.0, 0.341_854_788),
        (Payoff::Call, 110.0, 0.05, 0.05, 0.6, 7.0, 0.543_621_060),
        (Payoff::Put, 100.0, 0.1, 0.0, 0.1, 1.0, 0.197_176_520),
        (Payoff::Call, 100.0, 0.0001, 0.09, 0.15, 400.0, 3.404_945_271),
        (Payoff::Put, 60.0, 0.12, 0.11, 0.9, 1000.0, 20.050_041_565),
        // Rate and yield nearly equal: steps with a matrix lead away here.
        (Payoff::Put, 102.3, 0.051, 0.046, 0.17, 2.0, 2.315_786_453),
    ] {
        let option = Vanilla {
            payoff,
            strike,
            rate,
            dividend_yield,
            volatility,
            years: days / 365.0,
            ..put()
        };
        let found = price(&option).unwrap();
        assert!((found - expected).abs() < 5e-5, "{option:?}: {found} is not {expected}");
    }
}

/// At the boundary exercise and waiting are worth the same, and the price leaves the intrinsic value smoothly.
#[test]
fn price_is_smooth_at_the_boundary() {
    let mirrored = Vanilla { payoff: Payoff::Call, rate: 0.02, dividend_yield: 0.05, ..put() };
    for (option, out) in [(put(), 1.0), (mirrored, -1.0)] {
        let boundary = boundary(&option).unwrap();
        let at = boundary.spot(option.strike).unwrap();
        assert!((at - option.strike) * out < -5.0, "{at}");
        let gain = |away: f64| {
            let spot = at + out * away;
            boundary.price(spot, option.strike).unwrap()
                - option.payoff.intrinsic(spot, option.strike)
        };
        assert!(gain(-1.0).abs() < 1e-12 && gain(0.0).abs() < 1e-12);
        assert!(gain(0.01) < 1e-4, "{}", gain(0.01));
        assert!(gain(1.0) > 1e-3 && gain(2.0) > gain(1.0), "{}", gain(1.0));
    }
}

/// Where waiting earns at least what exercise would, the price is the European one; where it cannot be told, there is none.
#[test]
fn rates_decide_whether_exercise_is_early() {
    let european = |option: &Vanilla| european::price(option).unwrap();
    for (payoff, rate, dividend_yield) in
        [(Payoff::Put, 0.0, 0.0), (Payoff::Put, -0.01, 0.0), (Payoff::Call, 0.05, 0.0)]
    {
        let option = Vanilla { payoff, rate, dividend_yield, ..put() };
        assert!((price(&option).unwrap() - european(&option)).abs() < 1e-12, "{option:?}");
        assert!(boundary(&option).unwrap().is_european());
        assert_eq!(boundary(&option).unwrap().spot(100.0), None);
    }
    // A call on something that pays nothing, where money costs to keep: paying the strike early is better.
    let call = Vanilla { payoff: Payoff::Call, rate: -0.03, dividend_yield: 0.0, ..put() };
    assert!(price(&call).unwrap() > european(&call) + 1e-3);
    let two = Vanilla { rate: -0.01, dividend_yield: -0.03, ..put() };
    assert_eq!(price(&two), None);
}

#[test]
fn without_time_or_volatility_the_best_moment_is_known() {
    let over = Vanilla { years: 0.0, spot: 93.0, ..put() };
    assert_eq!(price(&over), Some(7.0));
    assert_eq!(value(&over).unwrap().theta_per_day, 0.0);
    let still = Vanilla { volatility: 0.0, spot: 93.0, ..put() };
    assert_eq!(price(&still), Some(7.0), "at once");
    let late = Vanilla { payoff: Payoff::Call, volatility: 0.0, ..put() };
    let expected = 100.0 * (libm::exp(-0.01) - libm::exp(-0.025));
    assert!((price(&late).unwrap() - expected).abs() < 1e-12, "at the expiry");
    // Interest of the strike is more than the yield of the spot until the spot has drifted up: 0.05 K = 0.12 S exp(0.07 t).
    let between = Vanilla {
        payoff: Payoff::Call,
        volatility: 0.0,
        spot: 100.0,
        strike: 40.0,
        rate: 0.12,
        dividend_yield: 0.04,
        years: 10.0,
    };
    let turn = libm::log(0.04 * 100.0 / (0.12 * 40.0)) / (0.04 - 0.12);
    let expected = 100.0 * libm::exp(-0.04 * turn) - 40.0 * libm::exp(-0.12 * turn);
    assert!((price(&between).unwrap() - expected).abs() < 1e-12, "between");
    // A little volatility changes little; ten years with 0.1 % are as far as the boundary's few nodes reach.
    let little = Vanilla { volatility: 0.001, ..between };
    assert!((price(&little).unwrap() - expected).abs() < 0.01);
}

/// The greeks solve the equation of Black and Scholes, as far as steps of a day and of one per cent can.
#[test]
fn greeks_belong_together() {
    for payoff in [Payoff::Put, Payoff::Call] {
        let option = Vanilla { payoff, dividend_yield: 0.06, ..put() };
        let Valuation { price, delta, gamma, theta_per_day, vega_per_point, rho_per_point } =
            value(&option).unwrap();
        let expected = option.rate * price
            - (option.rate - option.dividend_yield) * option.spot * delta
            - 0.5 * option.volatility * option.volatility * option.spot * option.spot * gamma;
        assert!((theta_per_day * 365.0 - expected).abs() < 0.05, "{theta_per_day}");
        let sign = payoff.sign();
        assert!(sign * delta > 0.3 && vega_per_point > 0.2 && sign * rho_per_point > 0.05);
    }
}

fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        prop::sample::select(vec![0.0, 1.0, f64::MIN_POSITIVE, f64::MAX, f64::NAN, f64::INFINITY]),
        -10.0..10.0,
        0.0..200.0,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]
    #[test]
    fn any_input_gives_numbers_or_none(n in prop::array::uniform6(any_number()), is_put: bool) {
        let [spot, strike, rate, dividend_yield, volatility, years] = n;
        let payoff = if is_put { Payoff::Put } else { Payoff::Call };
        let option = Vanilla { payoff, spot, strike, rate, dividend_yield, volatility, years };
        prop_assert!(value(&option).is_none_or(|v| v.checked().is_some() && v.price >= 0.0));
    }

    /// Never less than exercise now or than the European option, never more than spot or strike; and the more, the more there
    /// is to gain.
    #[test]
    fn prices_are_within_their_bounds(
        is_put: bool, strike in 20.0..400.0, rate in 0.0..0.25, dividend_yield in 0.0..0.25,
        volatility in 0.005..3.0, years in 0.0005..10.0,
    ) {
        let payoff = if is_put { Payoff::Put } else { Payoff::Call };
        let option = Vanilla { payoff, strike, rate, dividend_yield, volatility, years, ..put() };
        let found = price(&option).unwrap();
        let least = payoff.intrinsic(100.0, strike).max(european::price(&option).unwrap());
        prop_assert!(found >= least - 1e-9, "{} is less than {}", found, least);
        let most = if is_put { strike } else { 100.0 };
        prop_assert!(found <= most + 1e-9);
        let wilder = price(&Vanilla { volatility: volatility * 1.1, ..option }).unwrap();
        prop_assert!(wilder >= found - 2e-3, "{} with more volatility than {}", wilder, found);
        let further = price(&Vanilla { spot: 100.0 + payoff.sign(), ..option }).unwrap();
        prop_assert!(further >= found - 1e-9 && further <= found + 1.0 + 1e-4);
    }
}
