//! Holidays by rule, for the years that the table does not have. Each rule is the one that the table follows: a test
//! compares them day by day, and names the days that no rule knows.
//!
//! A rule cannot know a law yet to be made, nor a day of mourning. docs/calendars.md says where each comes from.

use super::{Day, easter};

/// What a day of the week is that would be a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DayKind {
    /// As any other.
    Regular,
    /// Without a session.
    Closed,
    /// Trading ends at a minute of the market's day, and its liquid hours at another one.
    Short { trading: i32, liquid: i32 },
}

/// Whose holidays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    NewYork { trading: i32, liquid: i32 },
    CmeEquity,
    CmeEnergy,
    CmeRates,
    Bonds,
    Fedwire,
    NewYearAndChristmas,
    London,
    Xetra,
    Tokyo,
}

const fn clock(hour: i32, minute: i32) -> i32 {
    hour * 60 + minute
}

const fn short(end: i32) -> DayKind {
    DayKind::Short { trading: end, liquid: end }
}

impl Rule {
    /// The rule of a calendar.
    pub(super) fn of(calendar: &str) -> Option<Self> {
        let new_york = |trading, liquid| Self::NewYork { trading, liquid };
        Some(match calendar {
            // Trading after an early close goes on until 17:00.
            "XNYS" => new_york(clock(17, 0), clock(13, 0)),
            "CBOE" => new_york(clock(12, 0), clock(12, 0)),
            "CBOE_INDEX" => new_york(clock(12, 15), clock(12, 15)),
            "FUND" => new_york(clock(13, 0), clock(13, 0)),
            "CME_EQUITY" => Self::CmeEquity,
            "CME_ENERGY" => Self::CmeEnergy,
            "CME_RATES" => Self::CmeRates,
            "BOND" => Self::Bonds,
            "FEDWIRE" => Self::Fedwire,
            "FX" | "FORECAST" => Self::NewYearAndChristmas,
            "XLON" => Self::London,
            "XETR" => Self::Xetra,
            "XTKS" => Self::Tokyo,
            _ => return None,
        })
    }

    /// What a day from Monday to Friday is.
    pub(super) fn kind(self, day: Day) -> DayKind {
        let closed = |is_closed: bool| if is_closed { DayKind::Closed } else { DayKind::Regular };
        match self {
            Self::NewYork { trading, liquid } => {
                if !day.is_exchange_day() {
                    DayKind::Closed
                } else if is_eve(day) || is_after_thanksgiving(day) {
                    DayKind::Short { trading, liquid }
                } else {
                    DayKind::Regular
                }
            }
            Self::CmeEquity => cme(day, clock(12, 0), clock(12, 15), clock(8, 15), true),
            Self::CmeEnergy => cme(day, clock(13, 30), clock(12, 45), 0, false),
            Self::CmeRates => cme(day, clock(12, 0), clock(12, 15), clock(10, 15), false),
            Self::Bonds => bonds(day),
            Self::Fedwire => closed(is_payment_holiday(day)),
            Self::NewYearAndChristmas => closed(matches!(day.civil(), (_, 1, 1) | (_, 12, 25))),
            Self::London if is_london_holiday(day) => DayKind::Closed,
            Self::London if is_before(day, (12, 25), is_london_holiday) => short(clock(12, 30)),
            Self::London if is_before(day, (1, 1), is_london_holiday) => short(clock(12, 30)),
            Self::Xetra if is_xetra_holiday(day) => DayKind::Closed,
            Self::Xetra if is_before(day, (12, 31), is_xetra_holiday) => short(clock(14, 0)),
            Self::London | Self::Xetra => DayKind::Regular,
            Self::Tokyo => closed(is_tokyo_holiday(day)),
        }
    }
}

/// The last day from Monday to Friday, and none of the holidays, before a date of the year.
fn is_before(day: Day, (month, of_month): (i32, i32), is_holiday: impl Fn(Day) -> bool) -> bool {
    let (year, now, _) = day.civil();
    // The first of January is in the year after the last of December.
    let target = Day::of(if month < now { year + 1 } else { year }, month, of_month);
    let between = day.0 + 1..target.0;
    day.0 < target.0
        && between.len() < 10
        && between.map(Day).all(|later| later.weekday() > 4 || is_holiday(later))
}

/// 3 July and 24 December from Monday to Thursday: the holiday is the day after, and is not moved.
fn is_eve(day: Day) -> bool {
    matches!(day.civil(), (_, 7, 3) | (_, 12, 24)) && day.weekday() < 4
}

fn is_after_thanksgiving(day: Day) -> bool {
    let (year, month, _) = day.civil();
    month == 11 && day == Day::nth(year, 11, 3, 4).plus(1)
}

fn good_friday(day: Day) -> Day {
    easter(day.civil().0).plus(-2)
}

/// The Employment Situation is published on the first Friday of a month, Good Friday or not.
fn has_report(good_friday: Day) -> bool {
    let (_, month, of_month) = good_friday.civil();
    month == 4 && of_month <= 7
}

/// CME keeps New York's holidays, but trades until about noon on most of them.
fn cme(day: Day, holiday: i32, eve: i32, report: i32, keeps_july: bool) -> DayKind {
    let (_, month, _) = day.civil();
    if day == good_friday(day) {
        return if has_report(day) && report > 0 { short(report) } else { DayKind::Closed };
    }
    if !day.is_exchange_day() {
        // New Year's Day and Christmas Day.
        let whole = matches!(month, 12) || (month == 1 && day.civil().2 < 3);
        return if whole { DayKind::Closed } else { short(holiday) };
    }
    if is_after_thanksgiving(day) || (is_eve(day) && (month == 12 || keeps_july)) {
        return short(eve);
    }
    DayKind::Regular
}

/// Columbus Day, the second Monday of October.
fn is_columbus(day: Day) -> bool {
    let (year, month, _) = day.civil();
    month == 10 && day == Day::nth(year, 10, 0, 2)
}

/// A date that moves from Sunday to Monday, and not from Saturday.
fn is_on_or_after_sunday(day: Day, month: i32, of_month: i32) -> bool {
    let holiday = Day::of(day.civil().0, month, of_month);
    day == holiday || (day.weekday() == 0 && day == holiday.plus(1))
}

/// The Federal Reserve Banks' holidays: New York's without Good Friday, and two more. None moves to a Friday.
fn is_payment_holiday(day: Day) -> bool {
    let moves_to_monday = [(1, 1), (6, 19), (7, 4), (11, 11), (12, 25)];
    let (year, month, _) = day.civil();
    if let Some((month, of_month)) = moves_to_monday.into_iter().find(|one| one.0 == month)
        && is_on_or_after_sunday(day, month, of_month)
    {
        return month != 6 || year >= 2022;
    }
    match month {
        10 => is_columbus(day),
        6 | 7 | 12 => false,
        _ => !day.is_exchange_day() && day.weekday() < 5 && day != good_friday(day),
    }
}

/// What SIFMA recommends for bonds in US dollars.
fn is_bond_holiday(day: Day) -> bool {
    if day == good_friday(day) {
        return !has_report(day);
    }
    !day.is_exchange_day() || is_columbus(day) || is_on_or_after_sunday(day, 11, 11)
}

fn bonds(day: Day) -> DayKind {
    if is_bond_holiday(day) {
        return DayKind::Closed;
    }
    if day == good_friday(day) {
        return short(clock(12, 0));
    }
    let next = {
        let mut next = day.plus(1);
        while next.weekday() > 4 {
            next = next.plus(1);
        }
        next
    };
    let (_, month, _) = next.civil();
    // The Friday before Memorial Day, and the day before Good Friday, Independence Day and Christmas Day.
    let before =
        is_bond_holiday(next) && (matches!(month, 5 | 7 | 12) || next == good_friday(next));
    // A New Year's Day on a Saturday is not moved, and its eve is short all the same.
    let last = is_before(day, (1, 1), is_bond_holiday);
    if before || last || is_after_thanksgiving(day) {
        short(clock(14, 0))
    } else {
        DayKind::Regular
    }
}

/// Holidays that depend on Easter in most of Europe: so many days from Easter Sunday.
fn is_easter(day: Day) -> bool {
    matches!(day.0 - easter(day.civil().0).0, -2 | 1)
}

/// Bank holidays of England (Banking and Financial Dealings Act 1971), with their substitutes.
fn is_london_holiday(day: Day) -> bool {
    let (year, month, of_month) = day.civil();
    match (month, of_month) {
        (1, 1) | (12, 25 | 26) => true,
        (1, 2 | 3) => day.weekday() == 0,
        (5, _) => {
            day == Day::nth(year, 5, 0, 1) || day.plus(7).civil().1 == 6 && day.weekday() == 0
        }
        (8, _) => day.weekday() == 0 && day.plus(7).civil().1 == 9,
        // For Christmas Day or Boxing Day on a Saturday or a Sunday.
        (12, 27 | 28) => day.weekday() < 2,
        _ => is_easter(day),
    }
}

/// Days on which Deutsche Börse does not trade, as since 2022.
fn is_xetra_holiday(day: Day) -> bool {
    let (_, month, of_month) = day.civil();
    matches!((month, of_month), (1 | 5, 1) | (12, 24 | 25 | 26 | 31)) || is_easter(day)
}

/// The exchange's own days, and the national holidays with their substitutes and the days between two.
fn is_tokyo_holiday(day: Day) -> bool {
    if matches!(day.civil(), (_, 1, 1..=3) | (_, 12, 31)) || is_japanese(day) {
        return true;
    }
    // The first day after a holiday on a Sunday that is no holiday itself.
    let mut before = day.plus(-1);
    while is_japanese(before) && before.weekday() != 6 {
        before = before.plus(-1);
    }
    let substitute = before.weekday() == 6 && is_japanese(before);
    substitute || (is_japanese(day.plus(-1)) && is_japanese(day.plus(1)))
}

/// A holiday of Japan's Act on National Holidays, by its own date.
fn is_japanese(day: Day) -> bool {
    let (year, month, of_month) = day.civil();
    let is_nth = |nth| day == Day::nth(year, month, 0, nth);
    match (month, of_month) {
        (1, 1) | (2, 11 | 23) | (4, 29) | (5, 3..=5) | (8, 11) | (11, 3 | 23) => true,
        (1 | 10, _) => is_nth(2),
        (7, _) => is_nth(3),
        (3, _) => of_month == equinox(208_431, year),
        (9, _) => is_nth(3) || of_month == equinox(232_488, year),
        _ => false,
    }
}

/// The day of the month of an equinox in Japan, from its ten-thousandths of a day in 1980 (the usual approximation for
/// 1980 to 2099).
fn equinox(base: i64, year: i32) -> i32 {
    let years = i64::from(year) - 1980;
    // 0.242194 days a year; in millionths, so that nothing is lost.
    let moved = (base * 100 + 242_194 * years).div_euclid(1_000_000);
    i32::try_from(moved - years.div_euclid(4)).unwrap_or_default()
}
