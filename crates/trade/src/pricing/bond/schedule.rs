//! The dates of a bond's coupon periods, counted back from its maturity.

use super::Convention;
use crate::calendar::Day;

/// No bond runs longer.
const MOST_YEARS: i32 = 100;

/// Ends of coupon periods, ascending, from the last on or before the issue to the maturity.
pub(crate) fn dates(convention: Convention, issue: Day, maturity: Day) -> Option<Box<[Day]>> {
    let months = match convention.per_year {
        1 => 12,
        2 => 6,
        4 => 3,
        12 => 1,
        _ => return None,
    };
    let within = Day::of(1, 1, 1)..=Day::of(9_999, 1, 1);
    let longest = MOST_YEARS.checked_mul(366)?;
    if !within.contains(&issue) || !within.contains(&maturity) || issue >= maturity {
        return None;
    }
    if maturity.0.checked_sub(issue.0)? > longest {
        return None;
    }
    let (year, month, day) = maturity.civil();
    let last_day = convention.end_of_month && day == month_days(year, month);
    let mut dates = vec![maturity];
    let mut earliest = maturity;
    let mut back: i32 = 0;
    while earliest > issue {
        back = back.checked_add(months)?;
        let index = year.checked_mul(12)?.checked_add(month)?.checked_sub(1)?.checked_sub(back)?;
        let (year, month) = (index.div_euclid(12), index.rem_euclid(12).checked_add(1)?);
        let days = month_days(year, month);
        earliest = Day::of(year, month, if last_day { days } else { day.min(days) });
        dates.push(earliest);
    }
    dates.reverse();
    Some(dates.into())
}

fn month_days(year: i32, month: i32) -> i32 {
    let (next_year, next_month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    Day::of(next_year, next_month, 1).0 - Day::of(year, month, 1).0
}
