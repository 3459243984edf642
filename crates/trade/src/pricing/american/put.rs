//! A put with strike 1, in whose terms every American option is valued.

use crate::pricing::european::{self, Payoff, Vanilla};

/// What is the same for all spots.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Put {
    pub rate: f64,
    pub dividend_yield: f64,
    pub volatility: f64,
    pub years: f64,
}

impl Put {
    /// The logarithm of the exercise boundary at the expiry.
    pub(super) fn log_limit(&self) -> f64 {
        if self.dividend_yield > self.rate {
            libm::log(self.rate / self.dividend_yield)
        } else {
            0.0
        }
    }

    /// The price without early exercise.
    pub(super) fn european(&self, spot: f64) -> Option<f64> {
        european::price(&Vanilla {
            payoff: Payoff::Put,
            spot,
            strike: 1.0,
            rate: self.rate,
            dividend_yield: self.dividend_yield,
            volatility: self.volatility,
            years: self.years,
        })
    }

    /// The most that exercise at a moment chosen now is worth, when the spot only drifts: now, at the expiry, or where it
    /// grows no more.
    pub(super) fn certain(&self, spot: f64) -> f64 {
        let at = |years: f64| {
            libm::exp(-self.rate * years) - spot * libm::exp(-self.dividend_yield * years)
        };
        let turn =
            libm::log(self.dividend_yield * spot / self.rate) / (self.dividend_yield - self.rate);
        let between = if turn > 0.0 && turn < self.years { at(turn) } else { 0.0 };
        (1.0 - spot).max(at(self.years)).max(between).max(0.0)
    }
}
