//! Bonds with a fixed coupon: dates, accrued interest, price from yield and back, duration. Prices are per 100 of face value.
//!
//! All coupons are equal: a year's rate over the coupons of a year, also where 30/360 would count a day more or less (the
//! half year from a 31 August to a 28 February). Only a short first coupon is less. Dates are those of the terms; that a bank
//! pays on the next business day changes no price.

mod schedule;

pub(crate) use schedule::dates;

use super::day_count::{CouponPeriod, DayCount};
use super::root::{self, Bracket};
use crate::calendar::Day;

/// Face value that prices are for.
const FACE: f64 = 100.0;
/// Yields that are tried, one after the other, until the price lies between two: the first, higher ones, and lower ones as
/// parts of the yield that takes everything.
const TRIED_FIRST: f64 = 0.05;
const ABOVE: [f64; 6] = [0.2, 0.5, 2.0, 10.0, 1e3, 1e6];
const BELOW: [f64; 6] = [-0.02, -0.1, -0.3, -0.9, -0.999, -0.999_999];
/// Nearer than this, two yields are the same.
const NEAR: f64 = 1e-14;

/// How yields discount when only the last coupon and the face value are to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastPeriod {
    /// Simple interest: the street convention of the USA's treasuries and corporate bonds.
    Simple,
    /// Compounded as before.
    Compound,
}

/// What is the same for all bonds of a market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Convention {
    /// Coupons a year: 1, 2, 4 or 12. A yield is compounded as often.
    pub per_year: u8,
    /// How interest accrues: Act/Act ICMA or one of the 30/360, under which a regular period is one coupon.
    pub day_count: DayCount,
    /// A bond that matures on the last day of a month pays on the last days of months.
    pub end_of_month: bool,
    /// How the last period discounts.
    pub last_period: LastPeriod,
    /// Calendar days before a coupon from which a buyer no longer gets it; 0: never. Gilts have 7 business days, so for them
    /// this is by bond and coupon.
    pub ex_coupon_days: u8,
}

/// A bond.
#[derive(Debug, Clone, PartialEq)]
pub struct Bond {
    convention: Convention,
    /// Yearly; 0.045 is 4.5 %.
    coupon_rate: f64,
    issue: Day,
    /// Ends of coupon periods, ascending; the first is the last one on or before the issue, the last is the maturity.
    dates: Box<[Day]>,
}

/// Weighted time until a bond pays, at a yield.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Duration {
    /// In years.
    pub macaulay: f64,
    /// Relative change of the dirty price by 1.00 of yield, its sign turned.
    pub modified: f64,
}

/// Where a day of settlement lies.
struct Position {
    period: CouponPeriod,
    /// Part of the period that is over, by the day count.
    over: f64,
    /// What the coupon at the period's end pays.
    next: f64,
    /// Whoever buys now does not get that coupon.
    is_ex: bool,
    /// Coupons after it.
    later: usize,
}

impl Bond {
    /// None unless the issue is before the maturity, by 100 years at most, the rate is a number and not below zero, and the
    /// convention is one of those that [`Convention`] names.
    pub fn new(
        convention: Convention,
        issue: Day,
        maturity: Day,
        coupon_rate: f64,
    ) -> Option<Self> {
        let regular =
            !matches!(convention.day_count, DayCount::Actual360 | DayCount::Actual365Fixed);
        if !regular || !coupon_rate.is_finite() || coupon_rate < 0.0 {
            return None;
        }
        let dates = schedule::dates(convention, issue, maturity)?;
        Some(Self { convention, coupon_rate, issue, dates })
    }

    /// The days on which it pays, the maturity last.
    pub fn coupon_dates(&self) -> impl Iterator<Item = Day> {
        self.dates.iter().copied().filter(|day| *day > self.issue)
    }

    /// What it pays on a day, per 100 of face value: a coupon, at the maturity with the face value, on other days nothing.
    pub fn pays(&self, day: Day) -> f64 {
        let Some(at) = self.dates.iter().position(|date| *date == day && day > self.issue) else {
            return 0.0;
        };
        let coupon = self.period(at.saturating_sub(1)).map_or(0.0, |period| self.coupon(period));
        coupon + if self.dates.last() == Some(&day) { FACE } else { 0.0 }
    }

    /// Interest that a buyer pays the seller, per 100 of face value; below zero where the coupon stays with the seller. None
    /// before the issue and from the maturity on.
    pub fn accrued(&self, settlement: Day) -> Option<f64> {
        let Position { period, next, is_ex, .. } = self.position(settlement)?;
        let since = period.start.max(self.issue);
        let accrued = self.convention.day_count.fraction(since, settlement, period)?;
        Some(FACE * self.coupon_rate * accrued - if is_ex { next } else { 0.0 })
    }

    /// The price with accrued interest at a yield that is compounded as often as coupons are paid. None as for
    /// [`Self::accrued`], and where the yield takes more than everything.
    pub fn dirty_price(&self, settlement: Day, yield_rate: f64) -> Option<f64> {
        self.discounted(&self.position(settlement)?, yield_rate).map(|(price, _)| price)
    }

    /// The price that is quoted: without accrued interest.
    pub fn clean_price(&self, settlement: Day, yield_rate: f64) -> Option<f64> {
        Some(self.dirty_price(settlement, yield_rate)? - self.accrued(settlement)?)
    }

    /// The yield at which the clean price is this one. None as for [`Self::accrued`], and where no yield is.
    pub fn yield_of(&self, settlement: Day, clean_price: f64) -> Option<f64> {
        let position = self.position(settlement)?;
        let price = clean_price + self.accrued(settlement)?;
        if !(price > 0.0 && price.is_finite()) {
            return None;
        }
        // Where the yield takes nearly everything, the price has no limit.
        let off = |yield_rate: f64| {
            self.discounted(&position, yield_rate).map_or(f64::MAX, |(found, _)| found - price)
        };
        let begin = (TRIED_FIRST, off(TRIED_FIRST));
        let rest = self.simple(&position).unwrap_or(1.0).max(1e-3);
        let whole = f64::from(self.convention.per_year) / rest;
        let tried = if begin.1 > 0.0 { ABOVE } else { BELOW.map(|part| part * whole) };
        let mut near = begin;
        for yield_rate in tried {
            let far = (yield_rate, off(yield_rate));
            if (far.1 > 0.0) != (begin.1 > 0.0) {
                return root::find(Bracket { low: near, high: far }, NEAR, |at| Some(off(at)));
            }
            near = far;
        }
        None
    }

    /// How long the money is out, at a yield. None as for [`Self::dirty_price`].
    pub fn duration(&self, settlement: Day, yield_rate: f64) -> Option<Duration> {
        let position = self.position(settlement)?;
        let (price, timed) = self.discounted(&position, yield_rate)?;
        let macaulay = timed / price;
        let per_year = f64::from(self.convention.per_year);
        // In the last period the discount is 1 over 1 + time x yield, else a power of 1 + yield / coupons a year.
        let by = self.simple(&position).map_or(1.0, |rest| rest);
        let modified = macaulay / (1.0 + by * yield_rate / per_year);
        (macaulay.is_finite() && modified.is_finite()).then_some(Duration { macaulay, modified })
    }

    fn period(&self, index: usize) -> Option<CouponPeriod> {
        let (start, end) = (*self.dates.get(index)?, *self.dates.get(index.checked_add(1)?)?);
        Some(CouponPeriod { start, end, per_year: self.convention.per_year })
    }

    /// What the coupon of a period pays: all of it, or from the issue on.
    fn coupon(&self, period: CouponPeriod) -> f64 {
        let whole = FACE * self.coupon_rate / f64::from(self.convention.per_year);
        if period.start >= self.issue {
            return whole;
        }
        let part = self.convention.day_count.fraction(self.issue, period.end, period);
        part.map_or(whole, |part| FACE * self.coupon_rate * part)
    }

    fn position(&self, settlement: Day) -> Option<Position> {
        if settlement < self.issue {
            return None;
        }
        let next = self.dates.partition_point(|date| *date <= settlement);
        let period = self.period(next.checked_sub(1)?)?;
        let over = self.convention.day_count.fraction(period.start, settlement, period)?;
        let ex_days = i32::from(self.convention.ex_coupon_days);
        Some(Position {
            period,
            over: over * f64::from(self.convention.per_year),
            next: self.coupon(period),
            is_ex: ex_days > 0 && settlement >= period.end.plus(-ex_days),
            later: self.dates.len().checked_sub(next)?.checked_sub(1)?,
        })
    }

    /// The part of the last period that is to come, where it discounts simply.
    fn simple(&self, position: &Position) -> Option<f64> {
        let is_simple = position.later == 0 && self.convention.last_period == LastPeriod::Simple;
        is_simple.then_some(1.0 - position.over)
    }

    /// The dirty price, and the sum of what it is made of, each part times its years.
    fn discounted(&self, position: &Position, yield_rate: f64) -> Option<(f64, f64)> {
        let per_year = f64::from(self.convention.per_year);
        let rest = 1.0 - position.over;
        let growth = 1.0 + yield_rate / per_year;
        let first = match self.simple(position) {
            Some(rest) => 1.0 / (1.0 + rest * yield_rate / per_year),
            None => libm::pow(growth, -rest),
        };
        if !(growth > 0.0 || position.later == 0) || !(first > 0.0 && first.is_finite()) {
            return None;
        }
        let coupon = FACE * self.coupon_rate / per_year;
        let (mut factor, mut periods) = (first, rest);
        let next = if position.is_ex { 0.0 } else { position.next };
        let mut price = next * factor;
        let mut timed = price * periods;
        for _ in 0..position.later {
            factor /= growth;
            periods += 1.0;
            price += coupon * factor;
            timed += coupon * factor * periods;
        }
        price += FACE * factor;
        timed += FACE * factor * periods;
        (price > 0.0 && price.is_finite() && timed.is_finite()).then_some((price, timed / per_year))
    }
}

#[cfg(test)]
mod tests;
