//! The terms of a bond, and the interest that follows from them. Everything here is exact; prices by yield are mathematics
//! (`pricing`).

use std::sync::Arc;

use rust_decimal::Decimal;

use crate::calendar::Day;
use crate::pricing::bond::{self, Convention, LastPeriod};
use crate::pricing::day_count::DayCount;

/// Who owes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Issuer {
    /// The United States.
    Treasury,
    /// A company.
    Company,
}

/// The terms of a bond. One unit of its quantity is its face value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BondTerms {
    /// Who owes.
    pub issuer: Issuer,
    /// The issuer's name.
    pub issuer_name: String,
    /// What it pays in a year, as a part of the face value: 0.0425 is 4 1/4 %.
    pub coupon: Decimal,
    /// Coupons a year; 0 of a bill, which pays none.
    pub per_year: u8,
    /// The day from which interest accrues.
    pub issued: Day,
    /// The day on which the face value is repaid.
    pub maturity: Day,
    /// How interest accrues.
    pub day_count: DayCount,
    /// What one unit repays, in the instrument's currency.
    pub face: Decimal,
    /// Its yield above the curve, as a part: 0.012 is 120 hundredths of a percent.
    pub(crate) spread: Decimal,
    /// Ends of coupon periods, ascending; the first is the last one on or before the issue, the last is the maturity.
    pub(super) dates: Arc<[Day]>,
}

impl BondTerms {
    /// How it pays and accrues; none for a bill.
    pub(crate) fn convention(&self) -> Option<Convention> {
        (self.per_year > 0).then_some(convention(self.per_year, self.day_count))
    }

    /// What a unit pays on each day after this one, the face value not included.
    pub(crate) fn coupons(&self, after: Day) -> impl Iterator<Item = (Day, Decimal)> + '_ {
        let periods = self.dates.windows(2).filter_map(|pair| match pair {
            [start, end] => Some((*start, *end)),
            _ => None,
        });
        let periods = periods.filter(move |(_, end)| *end > after && self.per_year > 0);
        periods.map(|(start, end)| (end, self.interest((start, end), end)))
    }

    /// Interest of a unit that has accrued on a day; nothing before the issue, and from the maturity on.
    pub fn accrued(&self, day: Day) -> Decimal {
        let at = self.dates.partition_point(|date| *date <= day);
        let start = at.checked_sub(1).and_then(|before| self.dates.get(before));
        match (start, self.dates.get(at)) {
            (Some(start), Some(end)) if self.per_year > 0 => self.interest((*start, *end), day),
            _ => Decimal::ZERO,
        }
    }

    /// Interest of a unit in a period, from its beginning or the issue to a day of it.
    fn interest(&self, (start, end): (Day, Day), day: Day) -> Decimal {
        let coupon = self.face.saturating_mul(self.coupon);
        let whole = coupon.checked_div(self.per_year.into()).unwrap_or_default();
        if day >= end && start >= self.issued {
            return whole;
        }
        let days = |from, to| self.day_count.days(from, to).unwrap_or_default().max(0);
        let over = Decimal::from(days(start.max(self.issued), day));
        let (amount, parts) = match self.day_count {
            DayCount::ActualActualIcma => (whole, days(start, end)),
            DayCount::Actual365Fixed => (coupon, 365),
            _ => (coupon, 360),
        };
        amount.saturating_mul(over).checked_div(parts.into()).unwrap_or_default()
    }

    /// Years from a day to the maturity, begun ones counted.
    pub(crate) fn years(&self, from: Day) -> i32 {
        let (year, month, day) = from.civil();
        let (last_year, last_month, last) = self.maturity.civil();
        let begun = (last_month, last) > (month, day);
        (last_year - year + i32::from(begun)).max(0)
    }
}

const fn convention(per_year: u8, day_count: DayCount) -> Convention {
    Convention {
        per_year,
        day_count,
        end_of_month: true,
        last_period: LastPeriod::Simple,
        ex_coupon_days: 0,
    }
}

/// Ends of a bond's coupon periods; none where the maturity is not after the issue.
pub(super) fn dates(
    (per_year, day_count): (u8, DayCount),
    issued: Day,
    maturity: Day,
) -> Option<Arc<[Day]>> {
    if per_year == 0 {
        return (issued < maturity).then(|| Arc::from([issued, maturity]));
    }
    bond::dates(convention(per_year, day_count), issued, maturity).map(Arc::from)
}
