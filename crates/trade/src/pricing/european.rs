//! European options: on a spot that carries a yield (Black, Scholes, Merton), on a forward (Black 1976), and on a forward
//! that may be below zero (Bachelier).

use super::normal;

/// Days that a theta divides the year by.
pub const CALENDAR_DAYS: f64 = 365.0;
/// A point of volatility or of a rate.
pub const POINT: f64 = 0.01;

/// What an option pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payoff {
    /// What the spot is above the strike.
    Call,
    /// What the spot is below the strike.
    Put,
}

impl Payoff {
    /// 1 for a call, -1 for a put.
    pub const fn sign(self) -> f64 {
        match self {
            Self::Call => 1.0,
            Self::Put => -1.0,
        }
    }

    /// What exercise pays at once.
    pub fn intrinsic(self, spot: f64, strike: f64) -> f64 {
        (self.sign() * (spot - strike)).max(0.0)
    }
}

/// An option on a spot, and the market that it is valued in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Vanilla {
    /// What it pays.
    pub payoff: Payoff,
    /// Price of the underlying now; not below zero.
    pub spot: f64,
    /// Not below zero.
    pub strike: f64,
    /// Yearly, continuous.
    pub rate: f64,
    /// What holding the underlying earns in a year, continuous: dividends, or the interest of a foreign currency. Rate minus
    /// cost of carry.
    pub dividend_yield: f64,
    /// Yearly; 0.2 is 20 %.
    pub volatility: f64,
    /// To the expiry.
    pub years: f64,
}

/// An option on a forward or future, and the market that it is valued in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OnForward {
    /// What it pays.
    pub payoff: Payoff,
    /// Price of the forward now.
    pub forward: f64,
    /// What the forward is compared with.
    pub strike: f64,
    /// By which the payment is discounted: yearly, continuous.
    pub rate: f64,
    /// Yearly. [`black`]: of the price's logarithm, 0.2 is 20 %. [`bachelier`]: in units of the price.
    pub volatility: f64,
    /// To the expiry, when the payment is made too.
    pub years: f64,
}

/// A price and how it changes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Valuation {
    /// In units of the spot or forward.
    pub price: f64,
    /// Change of the price by 1 of the spot or forward.
    pub delta: f64,
    /// Change of the delta by 1 of the spot or forward.
    pub gamma: f64,
    /// Change of the price by 0.01 of volatility.
    pub vega_per_point: f64,
    /// Change of the price by one calendar day's passing: the yearly figure divided by 365.
    pub theta_per_day: f64,
    /// Change of the price by 0.01 of the rate, the spot (or the forward) and the yield unchanged.
    pub rho_per_point: f64,
}

impl Valuation {
    /// Whole, or not at all.
    pub(super) fn checked(self) -> Option<Self> {
        let numbers = [
            self.price,
            self.delta,
            self.gamma,
            self.vega_per_point,
            self.theta_per_day,
            self.rho_per_point,
        ];
        numbers.iter().all(|number| number.is_finite()).then_some(self)
    }
}

impl Vanilla {
    /// Every number is one, and none is below zero that cannot be.
    pub(super) fn is_sound(&self) -> bool {
        let least_zero = [self.spot, self.strike, self.volatility, self.years];
        least_zero.iter().all(|number| number.is_finite() && *number >= 0.0)
            && self.rate.is_finite()
            && self.dividend_yield.is_finite()
    }

    /// What one unit paid at the expiry is worth, and what the underlying handed over then is worth of one held now.
    pub(super) fn discounts(&self) -> (f64, f64) {
        (libm::exp(-self.rate * self.years), libm::exp(-self.dividend_yield * self.years))
    }
}

impl OnForward {
    /// A forward is a spot whose yield is the rate. Only what a higher rate does is different.
    pub(super) const fn as_spot(&self) -> Vanilla {
        Vanilla {
            payoff: self.payoff,
            spot: self.forward,
            strike: self.strike,
            rate: self.rate,
            dividend_yield: self.rate,
            volatility: self.volatility,
            years: self.years,
        }
    }
}

/// The price alone.
pub fn price(option: &Vanilla) -> Option<f64> {
    if !option.is_sound() {
        return None;
    }
    let (discount, carry) = option.discounts();
    let (spot, strike) = (option.spot * carry, option.strike * discount);
    let deviation = option.volatility * option.years.sqrt();
    let price = discounted(option.payoff, spot, strike, deviation);
    price.is_finite().then_some(price)
}

/// The price of exchanging two discounted values with a standard deviation of the logarithm of their ratio.
pub(super) fn discounted(payoff: Payoff, spot: f64, strike: f64, deviation: f64) -> f64 {
    if deviation <= 0.0 || spot <= 0.0 || strike <= 0.0 {
        return payoff.intrinsic(spot, strike);
    }
    let sign = payoff.sign();
    let d_plus = libm::log(spot / strike) / deviation + 0.5 * deviation;
    let d_minus = d_plus - deviation;
    (sign * (spot * normal::cdf(sign * d_plus) - strike * normal::cdf(sign * d_minus))).max(0.0)
}

/// Price and greeks. At zero time the price is the intrinsic value. Where nothing is uncertain (no time, no volatility, a
/// spot or strike of zero) the greeks are those of the discounted difference, or zero where it is not paid.
pub fn value(option: &Vanilla) -> Option<Valuation> {
    if !option.is_sound() {
        return None;
    }
    let (discount, carry) = option.discounts();
    let sign = option.payoff.sign();
    let (spot, strike) = (option.spot * carry, option.strike * discount);
    let root_years = option.years.sqrt();
    let deviation = option.volatility * root_years;
    if deviation <= 0.0 || spot <= 0.0 || strike <= 0.0 {
        return certain(option, spot, strike).checked();
    }
    let d_plus = libm::log(spot / strike) / deviation + 0.5 * deviation;
    let d_minus = d_plus - deviation;
    let (for_spot, for_strike) = (normal::cdf(sign * d_plus), normal::cdf(sign * d_minus));
    let density = normal::pdf(d_plus);
    let decay = -0.5 * spot * density * option.volatility / root_years;
    let carried = option.dividend_yield * spot * for_spot - option.rate * strike * for_strike;
    Valuation {
        price: (sign * (spot * for_spot - strike * for_strike)).max(0.0),
        delta: sign * carry * for_spot,
        gamma: carry * density / (option.spot * deviation),
        vega_per_point: spot * density * root_years * POINT,
        theta_per_day: (decay + sign * carried) / CALENDAR_DAYS,
        rho_per_point: sign * strike * for_strike * option.years * POINT,
    }
    .checked()
}

fn certain(option: &Vanilla, spot: f64, strike: f64) -> Valuation {
    let sign = option.payoff.sign();
    let price = option.payoff.intrinsic(spot, strike);
    // At the strike itself nothing is paid.
    let paid = if price > 0.0 { sign } else { 0.0 };
    let (_, carry) = option.discounts();
    // At the expiry time has stopped.
    let passing = if option.years > 0.0 { paid } else { 0.0 };
    Valuation {
        price,
        delta: paid * carry,
        gamma: 0.0,
        vega_per_point: 0.0,
        theta_per_day: passing * (option.dividend_yield * spot - option.rate * strike)
            / CALENDAR_DAYS,
        rho_per_point: paid * strike * option.years * POINT,
    }
}

/// Black 1976: price and greeks of an option on a forward that cannot fall below zero. Delta and gamma are by the forward;
/// theta and rho leave the forward as it is.
pub fn black(option: &OnForward) -> Option<Valuation> {
    let valuation = value(&option.as_spot())?;
    Valuation { rho_per_point: -valuation.price * option.years * POINT, ..valuation }.checked()
}

/// Bachelier: price and greeks of an option on a forward that may fall below zero, as oil may. The volatility is in units of
/// the price, so the vega is by 0.01 of such a unit.
pub fn bachelier(option: &OnForward) -> Option<Valuation> {
    let numbers = [option.forward, option.strike, option.rate, option.volatility, option.years];
    let sound = numbers.iter().all(|number| number.is_finite());
    if !sound || option.volatility < 0.0 || option.years < 0.0 {
        return None;
    }
    let sign = option.payoff.sign();
    let discount = libm::exp(-option.rate * option.years);
    let root_years = option.years.sqrt();
    let deviation = option.volatility * root_years;
    let ahead = sign * (option.forward - option.strike);
    // The probability of payment, the density at the strike, and how fast uncertainty melts.
    let (chance, density, decay) = if deviation > 0.0 {
        let d = ahead / deviation;
        let density = normal::pdf(d);
        (normal::cdf(d), density, 0.5 * density * option.volatility / root_years)
    } else {
        (if ahead > 0.0 { 1.0 } else { 0.0 }, 0.0, 0.0)
    };
    let price = (discount * (ahead * chance + deviation * density)).max(0.0);
    let gamma = if deviation > 0.0 { discount * density / deviation } else { 0.0 };
    Valuation {
        price,
        delta: sign * discount * chance,
        gamma,
        vega_per_point: discount * density * root_years * POINT,
        theta_per_day: if option.years > 0.0 {
            (option.rate * price - discount * decay) / CALENDAR_DAYS
        } else {
            0.0
        },
        rho_per_point: -option.years * price * POINT,
    }
    .checked()
}

#[cfg(test)]
mod tests;
