//! What integer counts of prices and quantities stand for.

use rust_decimal::Decimal;

/// The most places of a unit: prices and quantities are written in 10<sup>-8</sup> of a unit.
const PLACES: u32 = 8;
/// 10<sup>8</sup>.
const GRAINS: i64 = 100_000_000;

/// A positive decimal of at most eight places that a count multiplies: a count of 5 is 0.05 where the unit is a cent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unit {
    mantissa: i64,
    scale: u32,
}

/// Why an amount has no count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountError {
    /// It lies between two counts: this one and the next.
    Between(i64),
    /// Its count is beyond 64 bits.
    TooLarge,
}

impl Unit {
    /// One.
    pub const ONE: Self = Self { mantissa: 1, scale: 0 };
    /// A hundredth.
    pub const CENT: Self = Self { mantissa: 1, scale: 2 };

    /// A unit of this size; none for zero, for less, and for more than eight places.
    pub fn new(size: Decimal) -> Option<Self> {
        let size = size.normalize();
        let mantissa = i64::try_from(size.mantissa()).ok()?;
        let unit = Self { mantissa, scale: size.scale() };
        (mantissa > 0 && unit.scale <= PLACES && unit.grains().is_some()).then_some(unit)
    }

    /// Its decimals.
    pub const fn places(self) -> u32 {
        self.scale
    }

    /// How large it is.
    pub fn size(self) -> Decimal {
        Decimal::new(self.mantissa, self.scale)
    }

    /// In 10<sup>-8</sup>.
    fn grains(self) -> Option<i64> {
        self.mantissa.checked_mul(10_i64.checked_pow(PLACES.checked_sub(self.scale)?)?)
    }

    /// So many of it, exactly; none beyond the 28 digits of a decimal.
    pub fn checked(self, count: i128) -> Option<Decimal> {
        let mantissa =
            if self.mantissa == 1 { count } else { count.checked_mul(self.mantissa.into())? };
        Decimal::try_from_i128_with_scale(mantissa, self.scale).ok()
    }

    /// So many of it. Beyond 28 digits, which no checked order reaches, it stays at the end of the range.
    pub fn of(self, count: i128) -> Decimal {
        let end = if count < 0 { Decimal::MIN } else { Decimal::MAX };
        self.checked(count).unwrap_or(end)
    }

    /// How many of it an amount is.
    pub fn count(self, amount: Decimal) -> Result<i64, CountError> {
        let amount = if amount.scale() > self.scale { amount.normalize() } else { amount };
        if self.mantissa == 1 && amount.scale() <= self.scale {
            let power = 10_i128.checked_pow(self.scale - amount.scale());
            let count = power.and_then(|power| amount.mantissa().checked_mul(power));
            let count = count.and_then(|count| i64::try_from(count).ok());
            return count.ok_or(CountError::TooLarge);
        }
        let exact = amount.checked_div(self.size()).ok_or(CountError::TooLarge)?;
        let below = i64::try_from(exact.floor()).map_err(|_| CountError::TooLarge)?;
        // A quotient is rounded; the product shows whether the amount was met.
        let is_met = |count: i64| self.checked(count.into()) == Some(amount);
        match below.checked_add(1) {
            _ if is_met(below) => Ok(below),
            Some(above) if is_met(above) => Ok(above),
            _ => Err(CountError::Between(below)),
        }
    }

    /// What one of this is where it multiplies another, as a price does a quantity.
    pub(crate) fn times(self, other: Self) -> Option<Self> {
        let mantissa = self.mantissa.checked_mul(other.mantissa)?;
        Some(Self { mantissa, scale: self.scale.checked_add(other.scale)? })
    }

    /// So many of it in units of this many places, rounded away from zero.
    pub(crate) fn rounded_up(self, count: i128, places: u32) -> i128 {
        let exact = count.saturating_mul(self.mantissa.into());
        let power = |places: u32| 10_i128.checked_pow(places).unwrap_or(i128::MAX);
        if self.scale <= places {
            return exact.saturating_mul(power(places - self.scale));
        }
        let part = power(self.scale - places);
        let whole = exact / part;
        if exact % part == 0 { whole } else { whole + exact.signum() }
    }
}

/// What the counts of an order mean: of its prices and of its quantities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Units {
    /// One tick.
    pub price: Unit,
    /// One step of a quantity.
    pub quantity: Unit,
}

impl Units {
    /// Whole shares at prices in cents.
    pub const SHARES: Self = Self { price: Unit::CENT, quantity: Unit::ONE };
}

impl Unit {
    /// A count in 10<sup>-8</sup>; none beyond 64 bits.
    pub(crate) fn to_grains(self, count: i64) -> Option<i64> {
        count.checked_mul(self.grains()?)
    }

    /// The count of so many 10<sup>-8</sup>; none where it is not whole.
    pub(crate) fn of_grains(self, grains: i64) -> Option<i64> {
        let size = self.grains()?;
        (grains % size == 0).then(|| grains / size)
    }

    /// Its size in 10<sup>-8</sup>, as it is written.
    pub(crate) fn written(self) -> i64 {
        self.grains().unwrap_or(GRAINS)
    }

    /// A unit of so many 10<sup>-8</sup>.
    pub(crate) fn of_written(grains: i64) -> Option<Self> {
        Self::new(Decimal::new(grains, PLACES))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn unit_is_above_zero_and_no_finer_than_eight_places() {
        let of = |mantissa, scale| Unit::new(Decimal::new(mantissa, scale));
        assert_eq!(of(1, 2), Some(Unit::CENT));
        assert_eq!(of(100, 2), Some(Unit::ONE));
        assert_eq!(of(1, 8).map(Unit::written), Some(1));
        for bad in [of(0, 0), of(-1, 2), of(1, 9), of(i64::MAX, 0)] {
            assert_eq!(bad, None);
        }
    }

    #[test]
    fn amount_between_two_counts_names_the_lower() {
        let count = |mantissa, scale| Unit::CENT.count(Decimal::new(mantissa, scale));
        assert_eq!(count(12_567, 2), Ok(12_567));
        assert_eq!(count(1_256_700, 4), Ok(12_567));
        assert_eq!(count(125, 0), Ok(12_500));
        assert_eq!(count(125_671, 3), Err(CountError::Between(12_567)));
        assert_eq!(count(-125_671, 3), Err(CountError::Between(-12_568)));
        assert_eq!(Unit::CENT.count(Decimal::MAX), Err(CountError::TooLarge));
    }

    #[test]
    fn amount_is_rounded_away_from_zero_where_the_currency_is_coarser() {
        assert_eq!(Unit::CENT.rounded_up(7, 2), 7);
        assert_eq!(Unit::ONE.rounded_up(-7, 2), -700);
        let fine = Unit { mantissa: 5, scale: 3 };
        assert_eq!([1, 2, 3, -1].map(|count| fine.rounded_up(count, 2)), [1, 1, 2, -1]);
    }

    proptest! {
        #[test]
        fn count_is_what_it_was_after_its_amount(
            count in any::<i32>(), mantissa in 1_i64..1_000_000, scale in 0_u32..=8,
        ) {
            let unit = Unit::new(Decimal::new(mantissa, scale)).unwrap_or(Unit::ONE);
            let amount = unit.of(count.into());
            prop_assert_eq!(unit.count(amount), Ok(i64::from(count)));
            prop_assert_eq!(amount, unit.size() * Decimal::from(count));
            let grains = unit.to_grains(count.into());
            prop_assert_eq!(grains.and_then(|grains| unit.of_grains(grains)), grains.map(|_| i64::from(count)));
            prop_assert_eq!(Unit::of_written(unit.written()), Some(unit));
        }
    }
}
