//! What an option's price says: the volatility that it implies, and how the price changes by each of the things that it
//! follows. Whole or not at all; exact numbers leave, rounded to eight digits behind the point.

use std::fmt;

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;

use super::american;
use super::european::{self, Valuation, Vanilla};
use super::fair::{OptionCase, of};
use super::implied::{self, NoVolatility};

/// Digits behind the point.
const DIGITS: u32 = 8;
/// The highest volatility that is computed with, 2000 %.
const HIGHEST: f64 = 20.0;

/// All that is told of an option at a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Computation {
    /// Yearly; 0.25 is 25 %.
    pub volatility: Decimal,
    /// Of one share of the underlying.
    pub price: Decimal,
    /// What the underlying is taken to cost.
    pub underlying: Decimal,
    /// What it pays until the expiry is worth now.
    pub dividend: Decimal,
    /// Change of the price by 1 of the underlying.
    pub delta: Decimal,
    /// Change of the delta by 1 of the underlying.
    pub gamma: Decimal,
    /// Change of the price by 0.01 of volatility.
    pub vega_per_point: Decimal,
    /// Change of the price by a calendar day.
    pub theta_per_day: Decimal,
}

/// Why there is no computation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotComputed {
    /// No time is left.
    Expired,
    /// A number is not above zero, or too large.
    Unsound,
    /// The price is too low.
    TooLow {
        /// What it is worth without any.
        least: Decimal,
    },
    /// The price is too high.
    TooHigh {
        /// What no volatility reaches.
        most: Decimal,
    },
}

/// An option in the market of one second.
#[derive(Debug, Clone, Copy)]
pub struct OptionMarket(OptionCase);

impl OptionMarket {
    pub(crate) const fn new(case: OptionCase) -> Self {
        Self(case)
    }

    /// The same where the underlying costs something else.
    #[must_use]
    pub fn on(self, underlying: Decimal) -> Self {
        Self(OptionCase { spot: of(underlying), ..self.0 })
    }

    /// At the volatility that its market is quoted by.
    pub fn model(&self) -> Result<Computation, NotComputed> {
        self.valued(&self.0.vanilla())
    }

    /// At a volatility.
    pub fn by(&self, volatility: Decimal) -> Result<Computation, NotComputed> {
        let volatility = of(volatility);
        if volatility <= 0.0 || volatility > HIGHEST {
            return Err(NotComputed::Unsound);
        }
        self.valued(&Vanilla { volatility, ..self.0.vanilla() })
    }

    /// At the volatility that a price implies.
    pub fn at(&self, price: Decimal) -> Result<Computation, NotComputed> {
        let price = of(price);
        if price <= 0.0 {
            return Err(NotComputed::Unsound);
        }
        let option = self.0.vanilla();
        let found = if self.0.is_american {
            implied::american(&option, price)
        } else {
            implied::european(&option, price)
        };
        let volatility = found.map_err(NotComputed::of)?;
        self.valued(&Vanilla { volatility, ..option })
    }

    fn valued(&self, option: &Vanilla) -> Result<Computation, NotComputed> {
        if self.0.seconds <= 0 {
            return Err(NotComputed::Expired);
        }
        if option.spot <= 0.0 {
            return Err(NotComputed::Unsound);
        }
        let valued =
            if self.0.is_american { american::value(option) } else { european::value(option) };
        let computed = valued.and_then(|valuation| computed(&self.0, option, &valuation));
        computed.ok_or(NotComputed::Unsound)
    }
}

impl fmt::Display for NotComputed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired => f.write_str("the option has expired"),
            Self::Unsound => f.write_str(
                "the price, that of the underlying and the volatility must be above 0, and the volatility at most 20 (2000 %)",
            ),
            Self::TooLow { least } => write!(
                f,
                "no volatility gives this price: without any the option is worth {least}; use a price above that"
            ),
            Self::TooHigh { most } => write!(
                f,
                "no volatility up to 20 (2000 %) gives this price; use one below {most}"
            ),
        }
    }
}

impl NotComputed {
    fn of(why: NoVolatility) -> Self {
        let limit = |price: f64| exact(price).unwrap_or_default().round_dp(4);
        match why {
            NoVolatility::Unsound => Self::Unsound,
            NoVolatility::NoTime => Self::Expired,
            NoVolatility::BelowIntrinsic { least } => Self::TooLow { least: limit(least) },
            NoVolatility::AboveMaximum { most } | NoVolatility::TooHigh { most } => {
                Self::TooHigh { most: limit(most) }
            }
        }
    }
}

fn computed(case: &OptionCase, option: &Vanilla, valuation: &Valuation) -> Option<Computation> {
    let paid =
        case.dividends + option.spot * (1.0 - libm::exp(-option.dividend_yield * option.years));
    Some(Computation {
        volatility: exact(option.volatility)?,
        price: exact(valuation.price)?,
        underlying: exact(case.spot)?,
        dividend: exact(paid)?,
        delta: exact(valuation.delta)?,
        gamma: exact(valuation.gamma)?,
        vega_per_point: exact(valuation.vega_per_point)?,
        theta_per_day: exact(valuation.theta_per_day)?,
    })
}

/// A yearly volatility as it leaves.
pub(crate) fn exact(number: f64) -> Option<Decimal> {
    Decimal::from_f64(number).map(|exact| exact.round_dp(DIGITS).normalize())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::super::european::Payoff;
    use super::*;

    fn option(payoff: Payoff, is_american: bool) -> OptionMarket {
        OptionMarket::new(OptionCase {
            payoff,
            spot: 100.0,
            dividends: 0.0,
            strike: 100.0,
            income: 0.01,
            volatility: 0.3,
            level: 1.0,
            seconds: 30 * 86_400,
            is_on_figure: false,
            is_american,
        })
    }

    fn near(one: Decimal, other: Decimal) {
        assert!((one - other).abs() < Decimal::new(1, 5), "{one} and {other}");
    }

    #[test]
    fn price_and_volatility_lead_to_each_other() {
        for (payoff, is_american) in
            [(Payoff::Call, true), (Payoff::Put, true), (Payoff::Call, false), (Payoff::Put, false)]
        {
            let market = option(payoff, is_american);
            let model = market.model().unwrap();
            let implied = market.at(model.price).unwrap();
            near(implied.volatility, model.volatility);
            near(implied.delta, model.delta);
            let dearer = market.at(model.price + Decimal::ONE).unwrap();
            assert!(dearer.volatility > model.volatility);
            let by = market.by(dearer.volatility).unwrap();
            near(by.price, model.price + Decimal::ONE);
            assert!(model.vega_per_point > Decimal::ZERO && model.theta_per_day < Decimal::ZERO);
            near(model.dividend, Decimal::new(8_216, 5));
        }
    }

    #[test]
    fn put_and_call_differ_by_what_they_must() {
        let call = option(Payoff::Call, false).model().unwrap();
        let put = option(Payoff::Put, false).model().unwrap();
        near(call.gamma, put.gamma);
        near(call.vega_per_point, put.vega_per_point);
        assert!(call.delta - put.delta > Decimal::new(99, 2));
    }

    #[test]
    fn price_that_no_volatility_gives_is_refused_with_its_limit() {
        let deep = option(Payoff::Call, false).on(Decimal::from(150));
        assert!(
            matches!(deep.at(Decimal::from(49)), Err(NotComputed::TooLow { least }) if least > Decimal::from(50))
        );
        assert!(matches!(deep.at(Decimal::from(151)), Err(NotComputed::TooHigh { .. })));
        let market = option(Payoff::Put, true);
        for bad in [Decimal::ZERO, Decimal::NEGATIVE_ONE] {
            assert_eq!(market.at(bad), Err(NotComputed::Unsound));
            assert_eq!(market.by(bad), Err(NotComputed::Unsound));
            assert_eq!(market.on(bad).by(Decimal::ONE), Err(NotComputed::Unsound));
        }
        assert_eq!(market.by(Decimal::from(21)), Err(NotComputed::Unsound));
        let over = OptionMarket::new(OptionCase { seconds: 0, ..market.0 });
        assert_eq!(over.model(), Err(NotComputed::Expired));
        assert_eq!(over.at(Decimal::ONE), Err(NotComputed::Expired));
    }
}
