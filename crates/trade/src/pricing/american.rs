//! American options: Andersen, Lake and Offengenden's method, which finds the exercise boundary as a fixed point and takes
//! the price as an integral along it.

mod boundary;
mod fixed_point;
mod grid;
mod put;

pub use boundary::Boundary;

use super::european::{Valuation, Vanilla};

/// Change of the spot on each side, in shares of it, for delta and gamma.
pub const SPOT_BUMP: f64 = 0.01;
/// Change of the volatility and of the rate on each side, for vega and rho: half a point, so that their difference is for one.
pub const POINT_BUMP: f64 = 0.005;
/// Time that passes for theta.
pub const DAY: f64 = 1.0 / 365.0;

/// The price alone. None as for [`Boundary::new`] and [`Boundary::price`].
pub fn price(option: &Vanilla) -> Option<f64> {
    boundary(option)?.price(option.spot, option.strike)
}

/// The boundary of an option.
pub fn boundary(option: &Vanilla) -> Option<Boundary> {
    let Vanilla { payoff, rate, dividend_yield, volatility, years, .. } = *option;
    Boundary::new(payoff, rate, dividend_yield, volatility, years)
}

/// The price, and greeks by changing one number and pricing again.
///
/// - Delta and gamma: the spot 1 % up and down, the boundary unchanged.
/// - Vega: half a point of volatility up and down; below half a point, from zero.
/// - Theta: the price a calendar day later, or at the expiry if that is sooner, less the price now.
/// - Rho: half a point of the rate up and down.
///
/// A side that has no price (two boundaries, see [`Boundary::new`]) is left out and the other counts twice.
pub fn value(option: &Vanilla) -> Option<Valuation> {
    let now = boundary(option)?;
    let Vanilla { spot, strike, rate, volatility, years, .. } = *option;
    let price = now.price(spot, strike)?;
    let bump = spot * SPOT_BUMP;
    let (up, down) = (now.price(spot + bump, strike)?, now.price(spot - bump, strike)?);
    let (delta, gamma) = if bump > 0.0 {
        ((up - down) / (2.0 * bump), (up - 2.0 * price + down) / (bump * bump))
    } else {
        (0.0, 0.0)
    };
    let changed = |change: &dyn Fn(&mut Vanilla)| {
        let mut option = *option;
        change(&mut option);
        self::price(&option)
    };
    let later = changed(&|option| option.years = (years - DAY).max(0.0))?;
    let (calm, wild) = (
        changed(&|option| option.volatility = (volatility - POINT_BUMP).max(0.0)),
        changed(&|option| option.volatility = volatility + POINT_BUMP),
    );
    let (low, high) = (
        changed(&|option| option.rate = rate - POINT_BUMP),
        changed(&|option| option.rate = rate + POINT_BUMP),
    );
    Valuation {
        price,
        delta,
        gamma,
        vega_per_point: across(calm, price, wild)?,
        theta_per_day: later - price,
        rho_per_point: across(low, price, high)?,
    }
    .checked()
}

/// From the lower side to the upper; where one has no price, twice from the middle to the other.
fn across(low: Option<f64>, middle: f64, high: Option<f64>) -> Option<f64> {
    match (low, high) {
        (Some(low), Some(high)) => Some(high - low),
        (None, Some(high)) => Some(2.0 * (high - middle)),
        (Some(low), None) => Some(2.0 * (middle - low)),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests;
