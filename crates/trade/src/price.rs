//! Prices as integer ticks, and their value in money.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A price in ticks of 0.01 US dollars, the tick of every contract so far.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Ticks(pub i64);

impl Ticks {
    /// The highest price that is taken: 1,000,000.00.
    pub const MAX: Self = Self(100_000_000);

    /// In US dollars.
    pub fn price(self) -> Decimal {
        Decimal::new(self.0, 2)
    }

    /// The ticks of a price in US dollars; none when it is not a whole number of ticks, or is
    /// beyond 64 bits.
    pub fn of(price: Decimal) -> Option<Self> {
        let ticks = price.checked_mul(Decimal::ONE_HUNDRED)?.normalize();
        i64::try_from(ticks).ok().filter(|_| ticks.scale() == 0).map(Self)
    }

    /// Price times shares, in US dollars.
    pub fn value(self, shares: u64) -> Decimal {
        cents(i128::from(self.0).saturating_mul(i128::from(shares)))
    }
}

impl fmt::Display for Ticks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.price(), f)
    }
}

/// A count of cents in US dollars. Beyond 28 digits, which no checked order reaches, it stays at
/// the end of the range.
pub fn cents(count: i128) -> Decimal {
    Decimal::try_from_i128_with_scale(count, 2).unwrap_or(if count < 0 {
        Decimal::MIN
    } else {
        Decimal::MAX
    })
}

/// Whole cents of an amount, rounded down.
pub fn floor_cents(amount: Decimal) -> i128 {
    let mut amount =
        amount.round_dp_with_strategy(2, rust_decimal::RoundingStrategy::ToNegativeInfinity);
    amount.rescale(2);
    amount.mantissa()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn price_that_is_no_whole_tick_is_none() {
        let of = |mantissa, scale| Ticks::of(Decimal::new(mantissa, scale));
        assert_eq!(of(12_567, 2), Some(Ticks(12_567)));
        assert_eq!(of(1_256_700, 4), Some(Ticks(12_567)));
        assert_eq!(of(125, 0), Some(Ticks(12_500)));
        assert_eq!(of(125_671, 3), None);
        assert_eq!(of(-5, 1), Some(Ticks(-50)));
        assert_eq!(Ticks::of(Decimal::MAX), None);
        assert_eq!(Ticks(12_560).to_string(), "125.60");
    }

    #[test]
    fn cents_round_down_also_below_zero() {
        assert_eq!(floor_cents(Decimal::new(12_999, 3)), 1_299);
        assert_eq!(floor_cents(Decimal::new(-12_991, 3)), -1_300);
        assert_eq!(floor_cents(Decimal::new(7, 0)), 700);
        assert_eq!(cents(-5), Decimal::new(-5, 2));
    }
}
