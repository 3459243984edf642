//! On which days contracts end.

use crate::calendar::Day;

/// Letters of the months, from January.
const MONTHS: [u8; 12] = *b"FGHJKMNQUVXZ";

/// The rule by which a future has its last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LastDay {
    /// The third Friday of the month: futures on an index.
    ThirdFriday,
    /// So many business days before the 25th of the month before, and one more where that is none: crude oil.
    Before25th(u32),
    /// The third-last business day of the month: gold.
    ThirdLast,
    /// The seventh business day before the last of the month: notes of ten years.
    SeventhBeforeLast,
    /// The last business day of the month: notes of two and of five years.
    Last,
}

impl LastDay {
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "third_friday" => Self::ThirdFriday,
            "3_before_25th_of_month_before" => Self::Before25th(3),
            "4_before_25th_of_month_before" => Self::Before25th(4),
            "third_last_business_day" => Self::ThirdLast,
            "7_before_last_business_day" => Self::SeventhBeforeLast,
            "last_business_day" => Self::Last,
            _ => return None,
        })
    }

    /// The last day of a month's contract.
    pub(crate) fn of(self, (year, month): (i32, i32)) -> Day {
        match self {
            Self::ThirdFriday => third_friday(year, month),
            Self::Before25th(count) => {
                let (year, month) = if month == 1 { (year - 1, 12) } else { (year, month - 1) };
                let day = Day::of(year, month, 25);
                before(day, if day.is_exchange_day() { count } else { count + 1 })
            }
            Self::ThirdLast => before(last_of(year, month), 2),
            Self::SeventhBeforeLast => before(last_of(year, month), 7),
            Self::Last => last_of(year, month),
        }
    }
}

/// The exchange day so many before a day.
fn before(mut day: Day, count: u32) -> Day {
    for _ in 0..count {
        day = day.exchange_day_before();
    }
    day
}

/// The last exchange day of a month.
fn last_of(year: i32, month: i32) -> Day {
    let next = if month == 12 { Day::of(year + 1, 1, 1) } else { Day::of(year, month + 1, 1) };
    next.exchange_day_before()
}

/// The day on which the options and the index futures of a month end: the third Friday, or the exchange day before it.
pub(crate) fn third_friday(year: i32, month: i32) -> Day {
    let first = Day::of(year, month, 1);
    // Friday is 4.
    friday(first.plus((4 - first.weekday()).rem_euclid(7) + 14))
}

/// A Friday, or the exchange day before one that is none.
fn friday(day: Day) -> Day {
    if day.is_exchange_day() { day } else { day.exchange_day_before() }
}

/// The days on which a class's options end: so many weeks, and so many months, from a day on. Ascending.
pub(crate) fn expiries(from: Day, weeks: u32, months: u32) -> Vec<Day> {
    let first = from.plus((4 - from.weekday()).rem_euclid(7));
    let week = |count: u32| friday(first.plus(7 * i32::try_from(count).unwrap_or(0)));
    let (year, month, _) = from.civil();
    let third = (0..).map(|count| {
        let month = month - 1 + count;
        third_friday(year + month.div_euclid(12), month.rem_euclid(12) + 1)
    });
    let third = third.filter(|day| *day >= from).take(usize::try_from(months).unwrap_or(0));
    let mut days: Vec<_> = (0..=weeks)
        .map(week)
        .filter(|day| *day >= from)
        .take(usize::try_from(weeks).unwrap_or(0))
        .chain(third)
        .collect();
    days.sort_unstable();
    days.dedup();
    days
}

/// Whether a class's options can end on this day.
pub(crate) fn is_expiry(day: Day, weekly: bool) -> bool {
    let (year, month, _) = day.civil();
    let next = day.plus((4 - day.weekday()).rem_euclid(7));
    day == third_friday(year, month) || weekly && friday(next) == day
}

/// The letter of a month.
pub(crate) fn letter(month: i32) -> char {
    let at = usize::try_from(month - 1).ok();
    char::from(at.and_then(|at| MONTHS.get(at)).copied().unwrap_or(b'?'))
}

/// The month of a letter, from 1.
pub(crate) fn month_of(letter: char) -> Option<i32> {
    let at = MONTHS.iter().position(|one| char::from(*one) == letter.to_ascii_uppercase())?;
    i32::try_from(at + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contracts_end_on_the_days_that_their_exchanges_published() {
        // Good Friday of 2025 was the third Friday of April.
        assert_eq!(third_friday(2025, 4), Day::of(2025, 4, 17));
        assert_eq!(third_friday(2026, 12), Day::of(2026, 12, 18));
        for (rule, month, day) in [
            (LastDay::ThirdFriday, (2026, 12), (2026, 12, 18)),
            (LastDay::Before25th(3), (2025, 1), (2024, 12, 19)),
            (LastDay::Before25th(3), (2025, 2), (2025, 1, 21)),
            (LastDay::ThirdLast, (2025, 2), (2025, 2, 26)),
            (LastDay::SeventhBeforeLast, (2025, 3), (2025, 3, 20)),
            (LastDay::Last, (2025, 3), (2025, 3, 31)),
        ] {
            let (year, at, date) = day;
            assert_eq!(rule.of(month), Day::of(year, at, date), "{rule:?} {month:?}");
        }
    }

    #[test]
    fn expiries_are_weeks_and_months_each_once() {
        let monday = Day::of(2026, 11, 30);
        let days: Vec<_> = expiries(monday, 4, 3).iter().map(ToString::to_string).collect();
        // Christmas 2026 is a Friday.
        assert_eq!(
            days,
            ["2026-12-04", "2026-12-11", "2026-12-18", "2026-12-24", "2027-01-15", "2027-02-19"]
        );
        for day in expiries(monday, 8, 8) {
            assert!(is_expiry(day, true), "{day}");
        }
        assert!(
            !is_expiry(Day::of(2026, 12, 11), false) && is_expiry(Day::of(2026, 12, 18), false)
        );
        assert!(!is_expiry(Day::of(2026, 12, 25), true) && !is_expiry(Day::of(2026, 12, 10), true));
    }

    #[test]
    fn letters_are_months() {
        for month in 1..=12 {
            assert_eq!(month_of(letter(month)), Some(month));
        }
        assert_eq!((letter(12), month_of('A')), ('Z', None));
    }
}
