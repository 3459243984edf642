//! Which part of a year lies between two dates, as bonds count.

use crate::calendar::Day;

/// A named way of counting. There are more kinds of "30/360" than one: at the end of February they differ by three days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayCount {
    /// Actual days over the actual days of the coupon period, times coupons a year: treasuries, gilts, Bunds.
    ActualActualIcma,
    /// Actual days over 365.
    Actual365Fixed,
    /// Actual days over 360: money markets of dollar and euro.
    Actual360,
    /// Months of 30 days as the USA's corporate bonds count them: the last day of February is a 30th.
    Thirty360Usa,
    /// Months of 30 days, February as it is: the "bond basis" of ISDA's definitions.
    Thirty360BondBasis,
    /// Months of 30 days in Europe: every 31st is a 30th.
    ThirtyE360,
}

/// The regular coupon period that a date lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CouponPeriod {
    /// Its first day.
    pub start: Day,
    /// The first day of the next one, when the coupon is due.
    pub end: Day,
    /// Coupons a year.
    pub per_year: u8,
}

/// First and last date that can be counted: years with four digits.
const FIRST: Day = Day::of(1, 1, 1);
const LAST: Day = Day::of(9_999, 12, 31);

impl DayCount {
    /// Days from one date to another as this convention counts them; below zero if the second is earlier. None outside of
    /// the years 1 to 9999.
    pub fn days(self, from: Day, to: Day) -> Option<i32> {
        let counted = FIRST..=LAST;
        if !counted.contains(&from) || !counted.contains(&to) {
            return None;
        }
        let (first_year, first_month, first) = from.civil();
        let (last_year, last_month, last) = to.civil();
        let months = 360 * (last_year - first_year) + 30 * (last_month - first_month);
        let thirty = |first: i32, last: i32| months + last - first;
        Some(match self {
            Self::ActualActualIcma | Self::Actual365Fixed | Self::Actual360 => to.0 - from.0,
            Self::Thirty360Usa => {
                let (from_end, to_end) = (ends_february(from), ends_february(to));
                let last = if from_end && to_end { 30 } else { last };
                let first = if from_end { 30 } else { first };
                thirty(first.min(30), if first >= 30 { last.min(30) } else { last })
            }
            Self::Thirty360BondBasis => {
                thirty(first.min(30), if first >= 30 { last.min(30) } else { last })
            }
            Self::ThirtyE360 => thirty(first.min(30), last.min(30)),
        })
    }

    /// The part of a year between two dates of one coupon period, which only [`Self::ActualActualIcma`] looks at. None
    /// outside of the years 1 to 9999, or for a period that it needs and that has no days or no coupons.
    pub fn fraction(self, from: Day, to: Day, period: CouponPeriod) -> Option<f64> {
        let days = f64::from(self.days(from, to)?);
        Some(match self {
            Self::ActualActualIcma => {
                let whole = self.days(period.start, period.end)?;
                if whole <= 0 || period.per_year == 0 {
                    return None;
                }
                days / (f64::from(whole) * f64::from(period.per_year))
            }
            Self::Actual365Fixed => days / 365.0,
            _ => days / 360.0,
        })
    }
}

fn ends_february(day: Day) -> bool {
    day.civil().1 == 2 && day.plus(1).civil().1 == 3
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use DayCount::{Actual360, Actual365Fixed, Thirty360BondBasis, Thirty360Usa, ThirtyE360};

    use super::*;

    /// `QuantLib` 1.44: `Thirty360(Thirty360.USA)`, `.BondBasis`, `.European`, and actual days.
    #[test]
    fn days_are_those_of_quantlib() {
        for (from, to, usa, basis, europe, actual) in [
            ((2027, 2, 28), (2027, 3, 31), 30, 33, 32, 31),
            ((2027, 1, 31), (2027, 2, 28), 28, 28, 28, 28),
            ((2028, 2, 29), (2029, 2, 28), 360, 359, 359, 365),
            ((2027, 2, 28), (2027, 8, 31), 180, 183, 182, 184),
            ((2027, 8, 31), (2028, 2, 29), 179, 179, 179, 182),
            ((2027, 3, 15), (2027, 5, 31), 76, 76, 75, 77),
            ((2027, 3, 30), (2027, 5, 31), 60, 60, 60, 62),
            ((2027, 12, 31), (2027, 3, 1), -299, -299, -299, -305),
        ] {
            let day = |(year, month, day): (i32, i32, i32)| Day::of(year, month, day);
            let (from, to) = (day(from), day(to));
            let found = [Thirty360Usa, Thirty360BondBasis, ThirtyE360, Actual360]
                .map(|count| count.days(from, to).unwrap());
            assert_eq!(found, [usa, basis, europe, actual], "{from} to {to}");
        }
    }

    #[test]
    fn fractions_are_of_a_year() {
        let (start, end) = (Day::of(2027, 2, 15), Day::of(2027, 8, 15));
        let period = CouponPeriod { start, end, per_year: 2 };
        let of = |count: DayCount, to| count.fraction(start, to, period).unwrap();
        assert!((of(DayCount::ActualActualIcma, end) - 0.5).abs() < 1e-15);
        assert!((of(DayCount::ActualActualIcma, start.plus(60)) - 60.0 / 362.0).abs() < 1e-15);
        assert!((of(Actual365Fixed, start.plus(73)) - 0.2).abs() < 1e-15);
        assert!((of(Actual360, start.plus(90)) - 0.25).abs() < 1e-15);
        assert!((of(Thirty360Usa, end) - 0.5).abs() < 1e-15);
    }

    #[test]
    fn dates_and_periods_without_sense_have_none() {
        let day = Day::of(2027, 1, 1);
        for count in [Thirty360Usa, ThirtyE360, Actual360] {
            assert_eq!(count.days(Day(i32::MIN), day), None);
            assert_eq!(count.days(day, Day(i32::MAX)), None);
        }
        let icma = DayCount::ActualActualIcma;
        let period = CouponPeriod { start: day, end: day, per_year: 2 };
        assert_eq!(icma.fraction(day, day.plus(1), period), None);
        let period = CouponPeriod { start: day, end: day.plus(181), per_year: 0 };
        assert_eq!(icma.fraction(day, day.plus(1), period), None);
    }
}
