//! The price below which a put is exercised at once, as a function of the time that is left, and prices from it.

use super::fixed_point;
use super::grid::{GRID, NODES, PRICE_PLACES, Place};
use super::put::Put;
use crate::pricing::european::Payoff;
use crate::pricing::normal;

/// Below this standard deviation to the expiry, exercise is decided as if nothing were uncertain.
const CERTAIN: f64 = 1e-4;

/// Rounding of a price, in shares of what it is scaled by.
const ROUNDING: f64 = 4.0 * f64::EPSILON;

/// The exercise boundary of all American options of one payoff, rate, yield, volatility and time: it scales with the strike.
/// It costs some microseconds to make, and about one for each price from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Boundary {
    payoff: Payoff,
    /// Of a put with strike 1 that this is, or (a call is a put with spot and strike, rate and yield exchanged) that has the
    /// same price.
    put: Put,
    exercise: Exercise,
}

/// When a put is exercised.
#[derive(Debug, Clone, PartialEq)]
enum Exercise {
    /// Not before its expiry: waiting never costs anything.
    Never,
    /// Nothing is uncertain: at the best of three moments.
    Certain,
    /// At a spot at or below `boundary`, with all the time left; `slices` lead to the price above it.
    Below { boundary: f64, slices: Box<[Slice; PRICE_PLACES]> },
}

/// One place of the integral over what early exercise earns.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Slice {
    /// Standard deviation until then, and one over it.
    deviation: f64,
    precision: f64,
    /// Drift until then less the logarithm of the boundary then.
    ahead: f64,
    /// What the strike and the spot weigh there.
    strike: f64,
    spot: f64,
}

impl Boundary {
    /// None unless every number is one, volatility and time are not below zero, and there is a single boundary: with a rate
    /// below zero and a yield below the rate a put has two (a call: with a yield below zero and a rate below the yield).
    pub fn new(
        payoff: Payoff,
        rate: f64,
        dividend_yield: f64,
        volatility: f64,
        years: f64,
    ) -> Option<Self> {
        let numbers = [rate, dividend_yield, volatility, years];
        if !numbers.iter().all(|n| n.is_finite()) || volatility < 0.0 || years < 0.0 {
            return None;
        }
        let (rate, dividend_yield) = match payoff {
            Payoff::Put => (rate, dividend_yield),
            Payoff::Call => (dividend_yield, rate),
        };
        let put = Put { rate, dividend_yield, volatility, years };
        Some(Self { payoff, put, exercise: Exercise::of(&put)? })
    }

    /// The price of an option with this boundary. None where spot or strike is below zero or not a number.
    pub fn price(&self, spot: f64, strike: f64) -> Option<f64> {
        if !(spot.is_finite() && strike.is_finite() && spot >= 0.0 && strike >= 0.0) {
            return None;
        }
        let (unit, other) = match self.payoff {
            Payoff::Put => (strike, spot),
            Payoff::Call => (spot, strike),
        };
        if unit <= 0.0 {
            // A put that pays nothing, or a call on nothing.
            return Some(0.0);
        }
        let price = unit * self.exercise.price(&self.put, other / unit)?;
        let intrinsic = self.payoff.intrinsic(spot, strike);
        // Exercise pays the difference itself, not one that was divided and multiplied.
        let price = if price - intrinsic < ROUNDING * unit { intrinsic } else { price };
        price.is_finite().then_some(price)
    }

    /// Waiting never costs anything, so the price is a European option's.
    pub fn is_european(&self) -> bool {
        self.exercise == Exercise::Never
    }

    /// The spot at which exercise is as good as waiting, now, for a strike: a put is exercised at and below it, a call at and
    /// above it. None where early exercise is never better or the moment is known in advance.
    pub fn spot(&self, strike: f64) -> Option<f64> {
        let Exercise::Below { boundary, .. } = &self.exercise else { return None };
        let spot = match self.payoff {
            Payoff::Put => strike * boundary,
            Payoff::Call => strike / boundary,
        };
        spot.is_finite().then_some(spot)
    }
}

impl Exercise {
    /// None where there are two boundaries.
    fn of(put: &Put) -> Option<Self> {
        if put.rate <= 0.0 && put.dividend_yield >= put.rate {
            return Some(Self::Never);
        }
        if put.rate < 0.0 {
            return None;
        }
        if put.volatility * put.years.sqrt() < CERTAIN {
            return Some(Self::Certain);
        }
        let heights = fixed_point::heights(put);
        let slices = GRID.whole.each_ref().map(|place| Slice::of(put, place, &heights));
        let [last, ..] = heights;
        let boundary = libm::exp(put.log_limit() - last.sqrt());
        Some(Self::Below { boundary, slices: Box::new(slices) })
    }

    /// The price of a put with strike 1.
    fn price(&self, put: &Put, spot: f64) -> Option<f64> {
        let european = put.european(spot)?;
        match self {
            Self::Never => Some(european),
            Self::Certain => Some(put.certain(spot).max(european)),
            Self::Below { boundary, .. } if spot <= *boundary => Some(1.0 - spot),
            Self::Below { slices, .. } => {
                let log = libm::log(spot);
                let mut sum = 0.0;
                for slice in slices.iter() {
                    let d_plus = (log + slice.ahead) * slice.precision + 0.5 * slice.deviation;
                    let d_minus = d_plus - slice.deviation;
                    sum += slice.strike * normal::quick_cdf(-d_minus)
                        - spot * slice.spot * normal::quick_cdf(-d_plus);
                }
                let least = european.max(1.0 - spot);
                Some((european + sum).clamp(least, least.max(1.0)))
            }
        }
    }
}

impl Slice {
    fn of(put: &Put, place: &Place, heights: &[f64; NODES]) -> Self {
        let since = put.years * place.since;
        let deviation = put.volatility * put.years.sqrt() * place.root_since;
        Self {
            deviation,
            precision: 1.0 / deviation,
            ahead: (put.rate - put.dividend_yield) * since - put.log_limit()
                + place.height(heights).sqrt(),
            strike: place.weight * put.years * put.rate * libm::exp(-put.rate * since),
            spot: place.weight
                * put.years
                * put.dividend_yield
                * libm::exp(-put.dividend_yield * since),
        }
    }
}
