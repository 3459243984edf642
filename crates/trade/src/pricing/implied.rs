//! Volatility from a price. Where there is none, the answer says why: it is never zero, and never a cap.

use super::american::{self, Boundary};
use super::european::{self, OnForward, Payoff, Vanilla};
use super::root::{self, Bracket};

/// Standard deviation to the expiry at which no digit of a price changes any more.
const MOST_DEVIATION: f64 = 80.0;
/// Rounding of prices, in shares of spot or strike: a time value below this is none.
const ROUNDING: f64 = 8.0 * f64::EPSILON;
/// Volatilities that are tried for an American option, one after the other, until one gives more than the price.
const TRIED: [f64; 6] = [0.2, 0.5, 1.0, 2.0, 5.0, 20.0];
/// Nearer than this, two volatilities of an American option are the same.
const NEAR: f64 = 1e-9;

/// Why a price has no volatility.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum NoVolatility {
    /// A number is missing, or below zero where it cannot be, or an American option has two exercise boundaries.
    Unsound,
    /// No time is left, or spot or strike is zero: volatility changes nothing.
    NoTime,
    /// The price is no more than what the option is worth without any volatility.
    BelowIntrinsic {
        /// That worth.
        least: f64,
    },
    /// The price is no less than what no volatility can reach: for a call the spot, for a put the strike, both discounted
    /// where the option is European.
    AboveMaximum {
        /// That limit.
        most: f64,
    },
    /// An American option costs more than at the highest volatility that is looked at, 2000 %.
    TooHigh {
        /// The price there.
        most: f64,
    },
}

/// The volatility at which a European option has a price. The option's own volatility is not looked at.
pub fn european(option: &Vanilla, price: f64) -> Result<f64, NoVolatility> {
    if !option.is_sound() || !price.is_finite() {
        return Err(NoVolatility::Unsound);
    }
    let (discount, carry) = option.discounts();
    let (spot, strike) = (option.spot * carry, option.strike * discount);
    if !(option.years > 0.0 && spot > 0.0 && strike > 0.0) {
        return Err(NoVolatility::NoTime);
    }
    if !spot.is_finite() || !strike.is_finite() {
        return Err(NoVolatility::Unsound);
    }
    let least = option.payoff.intrinsic(spot, strike);
    let time_value = price - least;
    if time_value <= ROUNDING * spot.max(strike) {
        return Err(NoVolatility::BelowIntrinsic { least });
    }
    let most = match option.payoff {
        Payoff::Call => spot,
        Payoff::Put => strike,
    };
    if price >= most * (1.0 - ROUNDING) {
        return Err(NoVolatility::AboveMaximum { most });
    }
    let deviation = deviation(spot, strike, time_value).ok_or(NoVolatility::Unsound)?;
    let volatility = deviation / option.years.sqrt();
    if volatility.is_finite() { Ok(volatility) } else { Err(NoVolatility::Unsound) }
}

/// The volatility at which [`european::black`] has a price.
pub fn black(option: &OnForward, price: f64) -> Result<f64, NoVolatility> {
    european(&option.as_spot(), price)
}

/// The standard deviation at which an option that is out of the money has a price above zero: a call and a put have the same
/// time value, and this one is made of nothing else. Logarithms of the price, or of what it lacks of its limit, are nearly
/// straight where the price itself is flat.
fn deviation(spot: f64, strike: f64, price: f64) -> Option<f64> {
    let payoff = if spot > strike { Payoff::Put } else { Payoff::Call };
    let limit = spot.min(strike);
    let at = |deviation: f64| european::discounted(payoff, spot, strike, deviation);
    let log = |number: f64| libm::log(number.max(f64::MIN_POSITIVE));
    let low = price < 0.5 * limit;
    let off = |deviation: f64| {
        if low {
            log(at(deviation)) - log(price)
        } else {
            log(limit - price) - log(limit - at(deviation))
        }
    };
    let least = f64::EPSILON;
    let bracket = Bracket { low: (least, off(least)), high: (MOST_DEVIATION, off(MOST_DEVIATION)) };
    root::find(bracket, 0.0, |deviation| Some(off(deviation)))
}

/// The volatility at which an American option has a price. The option's own volatility is not looked at.
pub fn american(option: &Vanilla, price: f64) -> Result<f64, NoVolatility> {
    if !option.is_sound() || !price.is_finite() {
        return Err(NoVolatility::Unsound);
    }
    if !(option.years > 0.0 && option.spot > 0.0 && option.strike > 0.0) {
        return Err(NoVolatility::NoTime);
    }
    let boundary = |volatility: f64| american::boundary(&Vanilla { volatility, ..*option });
    let still = boundary(0.0).ok_or(NoVolatility::Unsound)?;
    if still.is_european() {
        return european(option, price);
    }
    let at = |boundary: Boundary| boundary.price(option.spot, option.strike);
    let least = at(still).ok_or(NoVolatility::Unsound)?;
    if price - least <= ROUNDING * option.spot.max(option.strike) {
        return Err(NoVolatility::BelowIntrinsic { least });
    }
    let most = match option.payoff {
        Payoff::Call => option.spot,
        Payoff::Put => option.strike,
    };
    if price >= most {
        return Err(NoVolatility::AboveMaximum { most });
    }
    let off = |volatility: f64| Some(boundary(volatility).and_then(at)? - price);
    let mut low = (0.0, least - price);
    for volatility in TRIED {
        let high = (volatility, off(volatility).ok_or(NoVolatility::Unsound)?);
        if high.1 >= 0.0 {
            return root::find(Bracket { low, high }, NEAR, off).ok_or(NoVolatility::Unsound);
        }
        low = high;
    }
    Err(NoVolatility::TooHigh { most: low.1 + price })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    fn call(strike: f64) -> Vanilla {
        Vanilla {
            payoff: Payoff::Call,
            spot: 100.0,
            strike,
            rate: 0.0,
            dividend_yield: 0.0,
            volatility: 0.0,
            years: 0.2,
        }
    }

    #[test]
    fn prices_without_a_volatility_say_why() {
        let least = NoVolatility::BelowIntrinsic { least: 10.0 };
        let most = NoVolatility::AboveMaximum { most: 100.0 };
        for (price, reason) in [
            (9.9, least),
            (10.0, least),
            (100.0, most),
            (120.0, most),
            (f64::NAN, NoVolatility::Unsound),
        ] {
            assert_eq!(european(&call(90.0), price), Err(reason), "{price}");
            assert_eq!(american(&call(90.0), price), Err(reason), "{price}");
        }
        let over = Vanilla { years: 0.0, ..call(90.0) };
        assert_eq!(european(&over, 12.0), Err(NoVolatility::NoTime));
        assert_eq!(american(&over, 12.0), Err(NoVolatility::NoTime));
        let put = Vanilla { payoff: Payoff::Put, rate: 0.05, ..call(150.0) };
        assert_eq!(american(&put, 50.0), Err(NoVolatility::BelowIntrinsic { least: 50.0 }));
        assert!(matches!(american(&put, 149.999_999_9), Err(NoVolatility::TooHigh { .. })));
    }

    /// Where a cap of 10 would be wrong.
    #[test]
    fn volatilities_of_thousands_of_per_cent_are_found() {
        let option = Vanilla { volatility: 14.65, years: 1.0 / 365.0, ..call(110.0) };
        let price = european::price(&option).unwrap();
        assert!((european(&option, price).unwrap() - 14.65).abs() < 1e-10);
        let forward = OnForward {
            payoff: Payoff::Put,
            forward: 70.0,
            strike: 60.0,
            rate: 0.03,
            volatility: 0.4,
            years: 0.5,
        };
        let price = european::black(&forward).unwrap().price;
        assert!((black(&forward, price).unwrap() - 0.4).abs() < 1e-12);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]
        #[test]
        fn volatility_of_a_price_is_the_one_that_made_it(
            put: bool, strike in 40.0..250.0, rate in -0.02..0.15, dividend_yield in 0.0..0.15,
            volatility in 0.01..4.0, years in 0.003..3.0,
        ) {
            let payoff = if put { Payoff::Put } else { Payoff::Call };
            let option = Vanilla { payoff, rate, dividend_yield, volatility, years, ..call(strike) };
            let valuation = european::value(&option).unwrap();
            // Rounding of the price decides how many digits of the volatility it holds.
            let digits = |vega: f64| 1e-10 + 1e-13 / vega;
            if valuation.vega_per_point > 1e-6 {
                let found = european(&option, valuation.price).unwrap();
                prop_assert!((found - volatility).abs() < digits(valuation.vega_per_point), "{found}");
            }
            let still = american::price(&Vanilla { volatility: 0.0, ..option });
            if let (Some(price), Some(still)) = (american::price(&option), still)
                && price > still + 0.01
                && price < 0.99 * if put { strike } else { 100.0 }
            {
                let found = american(&option, price).unwrap();
                prop_assert!((found - volatility).abs() < 1e-4, "{found}");
            }
        }

        #[test]
        fn any_input_gives_a_volatility_or_a_reason(n in prop::array::uniform6(any::<f64>()), put: bool) {
            let [spot, strike, rate, dividend_yield, years, price] = n;
            let payoff = if put { Payoff::Put } else { Payoff::Call };
            let option = Vanilla { payoff, spot, strike, rate, dividend_yield, volatility: 0.0, years };
            prop_assert!(european(&option, price).is_ok_and(f64::is_finite) || european(&option, price).is_err());
            prop_assert!(american(&option, price).is_ok_and(f64::is_finite) || american(&option, price).is_err());
        }
    }
}
