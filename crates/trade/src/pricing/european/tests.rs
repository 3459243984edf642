//! European options: units, limits, greeks as slopes, and any input.
#![expect(clippy::unwrap_used, clippy::float_cmp, reason = "tests; some figures are exact")]

use proptest::prelude::*;

use super::*;

fn call() -> Vanilla {
    Vanilla {
        payoff: Payoff::Call,
        spot: 100.0,
        strike: 90.0,
        rate: 0.03,
        dividend_yield: 0.01,
        volatility: 0.25,
        years: 0.5,
    }
}

fn near(found: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((found - expected).abs() <= tolerance, "{what}: {found} is not {expected}");
}

/// Printed by vollib 1.0.11 (`black_scholes_merton.greeks.analytical`), whose vega is per point, theta per day and rho per
/// point, as ours.
#[test]
fn units_are_those_of_vollib() {
    let found = value(&call()).unwrap();
    near(found.price, 13.404_364_016_778_86, 1e-12, "price");
    near(found.delta, 0.766_799_365_466_683_9, 1e-12, "delta");
    near(found.gamma, 0.017_064_481_979_927_67, 1e-12, "gamma");
    near(found.vega_per_point, 0.213_306_024_749_095_93, 1e-12, "vega_per_point");
    near(found.theta_per_day, -0.017_709_913_504_540_82, 1e-12, "theta_per_day");
    near(found.rho_per_point, 0.316_377_862_649_447_56, 1e-12, "rho_per_point");
}

#[test]
fn zero_time_is_intrinsic_value() {
    for (payoff, spot, price, delta) in [
        (Payoff::Call, 100.0, 10.0, 1.0),
        (Payoff::Put, 100.0, 0.0, 0.0),
        (Payoff::Put, 85.0, 5.0, -1.0),
        (Payoff::Call, 90.0, 0.0, 0.0),
    ] {
        let found = value(&Vanilla { payoff, spot, years: 0.0, ..call() }).unwrap();
        assert_eq!((found.price, found.delta, found.theta_per_day), (price, delta, 0.0));
        let forward = OnForward {
            payoff,
            forward: spot,
            strike: 90.0,
            rate: 0.03,
            volatility: 0.2,
            years: 0.0,
        };
        assert_eq!(black(&forward).unwrap().price, price);
        let below = OnForward { forward: spot - 100.0, strike: -10.0, ..forward };
        assert_eq!(bachelier(&below).unwrap().price, price);
    }
}

/// Each greek is the slope of the price.
#[test]
fn greeks_are_slopes() {
    for payoff in [Payoff::Call, Payoff::Put] {
        let base = Vanilla { payoff, ..call() };
        let found = value(&base).unwrap();
        let at = |change: &dyn Fn(&mut Vanilla)| {
            let mut changed = base;
            change(&mut changed);
            price(&changed).unwrap()
        };
        let h = 1e-4;
        let slope = |change: &dyn Fn(&mut Vanilla, f64)| {
            (at(&|option| change(option, h)) - at(&|option| change(option, -h))) / (2.0 * h)
        };
        near(found.price, price(&base).unwrap(), 1e-12, "price");
        near(found.delta, slope(&|option, by| option.spot += by), 1e-6, "delta");
        near(
            found.vega_per_point,
            slope(&|option, by| option.volatility += by) / 100.0,
            1e-6,
            "vega",
        );
        near(found.theta_per_day, -slope(&|option, by| option.years += by) / 365.0, 1e-6, "theta");
        near(found.rho_per_point, slope(&|option, by| option.rate += by) / 100.0, 1e-6, "rho");
        let by_spot = |by: f64| value(&Vanilla { spot: base.spot + by, ..base }).unwrap().delta;
        near(found.gamma, (by_spot(h) - by_spot(-h)) / (2.0 * h), 1e-7, "gamma");
    }
}

#[test]
fn greeks_on_a_forward_are_slopes() {
    for (of, forward, strike, volatility) in [
        (black as fn(&OnForward) -> Option<Valuation>, 70.0, 75.0, 0.4),
        (bachelier, -3.0, -1.0, 20.0),
    ] {
        let option =
            OnForward { payoff: Payoff::Put, forward, strike, rate: 0.04, volatility, years: 0.7 };
        let found = of(&option).unwrap();
        let h = 1e-4;
        let slope = |change: &dyn Fn(&mut OnForward, f64), what: &dyn Fn(&Valuation) -> f64| {
            let (mut up, mut down) = (option, option);
            change(&mut up, h);
            change(&mut down, -h);
            (what(&of(&up).unwrap()) - what(&of(&down).unwrap())) / (2.0 * h)
        };
        let price = |valuation: &Valuation| valuation.price;
        near(found.delta, slope(&|o, by| o.forward += by, &price), 1e-6, "delta");
        near(found.gamma, slope(&|o, by| o.forward += by, &|v| v.delta), 1e-6, "gamma");
        near(
            found.vega_per_point,
            slope(&|o, by| o.volatility += by, &price) / 100.0,
            1e-6,
            "vega",
        );
        near(found.theta_per_day, -slope(&|o, by| o.years += by, &price) / 365.0, 1e-6, "theta");
        near(found.rho_per_point, slope(&|o, by| o.rate += by, &price) / 100.0, 1e-6, "rho");
    }
}

#[test]
fn a_forward_may_be_below_zero_for_bachelier_alone() {
    let option = OnForward {
        payoff: Payoff::Call,
        forward: -37.0,
        strike: -30.0,
        rate: 0.01,
        volatility: 30.0,
        years: 0.1,
    };
    assert!(bachelier(&option).unwrap().price > 0.0);
    assert_eq!(black(&option), None);
}

fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        prop::sample::select(vec![
            0.0,
            -0.0,
            1.0,
            f64::MIN_POSITIVE,
            f64::MAX,
            f64::NAN,
            f64::INFINITY
        ]),
        -1e3..1e3,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]
    #[test]
    fn any_input_gives_numbers_or_none(n in prop::array::uniform6(any_number()), put: bool) {
        let [spot, strike, rate, dividend_yield, volatility, years] = n;
        let payoff = if put { Payoff::Put } else { Payoff::Call };
        let option = Vanilla { payoff, spot, strike, rate, dividend_yield, volatility, years };
        prop_assert!(value(&option).is_none_or(|v| v.checked().is_some() && v.price >= 0.0));
        prop_assert!(price(&option).is_none_or(f64::is_finite));
        let option = OnForward { payoff, forward: spot, strike, rate, volatility, years };
        prop_assert!(black(&option).is_none_or(|v| v.checked().is_some() && v.price >= 0.0));
        prop_assert!(bachelier(&option).is_none_or(|v| v.checked().is_some() && v.price >= 0.0));
    }

    #[test]
    fn put_call_parity(
        spot in 50.0..200.0, strike in 50.0..200.0, rate in -0.05..0.2, dividend_yield in 0.0..0.2,
        volatility in 0.01..2.0, years in 0.001..5.0,
    ) {
        let call = Vanilla { payoff: Payoff::Call, spot, strike, rate, dividend_yield, volatility, years };
        let put = Vanilla { payoff: Payoff::Put, ..call };
        let (discount, carry) = call.discounts();
        let difference = price(&call).unwrap() - price(&put).unwrap();
        prop_assert!((difference - spot * carry + strike * discount).abs() < 1e-10);
    }
}
