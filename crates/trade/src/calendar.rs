//! Trading days: the account's, which roll in New York ([`TradingSession`]), and the sessions of each market
//! ([`MarketCalendar`]). The rules are here and not in a time zone database, because a replay on another machine must
//! roll the day at the same instants.

use std::fmt;
use std::str::FromStr;

use access::moment::Time;
use serde::{Deserialize, Serialize};

mod interval;
mod market;
mod rule;
mod table;
mod zone;

pub use interval::{Interval, Intervals};
pub use market::{MarketCalendar, MarketSession};
pub use zone::Zone;

/// When the paper markets trade.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hours {
    /// Always, every day of the week.
    #[default]
    RoundTheClock,
    /// 09:30 to 16:00 New York on the days that the New York Stock Exchange trades. Days that end
    /// early there are whole days here.
    Real,
}

/// A date, as days since 1970-01-01.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Day(pub i32);

impl Day {
    /// The date of a year, a month from 1 and a day from 1 (proleptic Gregorian).
    pub const fn of(year: i32, month: i32, day: i32) -> Self {
        // Years begin in March here, so that the leap day is the last of its year.
        let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
        let era = year.div_euclid(400);
        let of_era = year.rem_euclid(400);
        let of_year = (153 * month + 2) / 5 + day - 1;
        Self(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
    }

    /// Year, month and day of the month.
    pub const fn civil(self) -> (i32, i32, i32) {
        let days = self.0 + 719_468;
        let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        if month < 10 {
            (year + era * 400, month + 3, day)
        } else {
            (year + era * 400 + 1, month - 9, day)
        }
    }

    /// 0 is Monday, 6 is Sunday.
    pub const fn weekday(self) -> i32 {
        (self.0 + 3).rem_euclid(7)
    }

    /// The date so many days later.
    #[must_use]
    pub const fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// The New York Stock Exchange trades: a weekday and none of its holidays.
    pub fn is_exchange_day(self) -> bool {
        self.weekday() < 5 && !self.is_holiday()
    }

    /// The last exchange day before this date.
    #[must_use]
    pub fn exchange_day_before(self) -> Self {
        let mut day = self.plus(-1);
        while !day.is_exchange_day() {
            day = day.plus(-1);
        }
        day
    }

    /// The `nth` (from 1) day of the week of a month.
    const fn nth(year: i32, month: i32, weekday: i32, nth: i32) -> Self {
        let first = Self::of(year, month, 1);
        first.plus((weekday - first.weekday()).rem_euclid(7) + 7 * (nth - 1))
    }

    /// The exchange's holidays (Rule 7.2), with the move to Friday or Monday. New Year's Day on a
    /// Saturday is not moved, because that Friday ends a year.
    fn is_holiday(self) -> bool {
        let (year, month, _) = self.civil();
        let (friday, monday) = (self.weekday() == 4, self.weekday() == 0);
        let moved = |holiday: Self| {
            self.0 == holiday.0
                || (friday && self.0 + 1 == holiday.0)
                || (monday && self.0 - 1 == holiday.0)
        };
        match month {
            1 => {
                let first = Self::of(year, 1, 1);
                self.0 == first.0
                    || (monday && self.0 - 1 == first.0)
                    || self.0 == Self::nth(year, 1, 0, 3).0
            }
            2 => self.0 == Self::nth(year, 2, 0, 3).0,
            3 | 4 => self.0 == easter(year).0 - 2,
            5 => monday && self.plus(7).civil().1 == 6,
            6 => year >= 2022 && moved(Self::of(year, 6, 19)),
            7 => moved(Self::of(year, 7, 4)),
            9 => self.0 == Self::nth(year, 9, 0, 1).0,
            11 => self.0 == Self::nth(year, 11, 3, 4).0,
            12 => moved(Self::of(year, 12, 25)),
            _ => false,
        }
    }

    /// Seconds that New York is behind UTC at midday: daylight saving time from the second Sunday
    /// of March to the first Sunday of November (Energy Policy Act of 2005).
    const fn behind_utc(self) -> i64 {
        let (year, _, _) = self.civil();
        let begin = Self::nth(year, 3, 6, 2);
        let end = Self::nth(year, 11, 6, 1);
        if self.0 >= begin.0 && self.0 < end.0 { 4 * 3_600 } else { 5 * 3_600 }
    }

    /// The second (since 1970 UTC) of an hour and minute in New York; after 02:00, when clocks
    /// change.
    pub const fn at(self, hour: i64, minute: i64) -> i64 {
        self.0 as i64 * 86_400 + hour * 3_600 + minute * 60 + self.behind_utc()
    }

    /// The date in New York of a second since 1970 UTC.
    pub fn in_new_york(second: i64) -> Self {
        // In the hours around a change of clocks this can be off by one hour, never by a date:
        // clocks change at 02:00.
        let near = Self::of_second(second - 5 * 3_600);
        Self::of_second(second - near.behind_utc())
    }

    fn of_second(second: i64) -> Self {
        Self(i32::try_from(second.div_euclid(86_400)).unwrap_or(i32::MAX / 2))
    }
}

/// Gregorian Easter Sunday (the anonymous algorithm of Nature, 1876).
const fn easter(year: i32) -> Day {
    let (golden, century, of_century) = (year % 19, year / 100, year % 100);
    let leap = century / 4;
    let lunar = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + century - leap - lunar + 15) % 30;
    let weekday = (32 + 2 * (century % 4) + 2 * (of_century / 4) - epact - of_century % 4) % 7;
    let late = (golden + 11 * epact + 22 * weekday) / 451;
    let shifted = epact + weekday - 7 * late + 114;
    Day::of(year, shifted / 31, shifted % 31 + 1)
}

impl FromStr for Day {
    type Err = NoDay;

    /// `2026-11-22`
    fn from_str(text: &str) -> Result<Self, NoDay> {
        let read = || {
            let mut parts = text.split('-').map(|part| part.parse::<i32>().ok());
            let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
            let is_whole = parts.next().is_none() && (1..=9999).contains(&year);
            let date = is_whole.then(|| Self::of(year, month, day))?;
            (date.civil() == (year, month, day)).then_some(date)
        };
        read().ok_or(NoDay)
    }
}

/// A text that is no date such as `2026-11-22`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoDay;

impl fmt::Display for NoDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a date is written like 2026-11-22")
    }
}

impl std::error::Error for NoDay {}

impl fmt::Display for Day {
    /// `2026-11-22`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// One trading day: from 17:00 New York of the date before to 17:00 of its date. All in seconds
/// since 1970 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TradingSession {
    /// Its date.
    pub day: Day,
    /// When the day before rolled into it.
    pub start: i64,
    /// Trading begins. Equal to `close` on a day without trading.
    pub open: i64,
    /// Trading ends.
    pub close: i64,
    /// It rolls into the next.
    pub roll: i64,
}

impl TradingSession {
    /// The trading day of a date.
    pub fn of_day(day: Day, hours: Hours) -> Self {
        let (start, roll) = (day.plus(-1).at(17, 0), day.at(17, 0));
        let (open, close) = match hours {
            Hours::RoundTheClock => (start, roll),
            Hours::Real if day.is_exchange_day() => (day.at(9, 30), day.at(16, 0)),
            Hours::Real => (roll, roll),
        };
        Self { day, start, open, close, roll }
    }

    /// The trading day that a second belongs to.
    pub fn at(second: i64, hours: Hours) -> Self {
        let today = Self::of_day(Day::in_new_york(second), hours);
        if second < today.roll { today } else { Self::of_day(today.day.plus(1), hours) }
    }

    /// The trading day after this one.
    #[must_use]
    pub fn next(&self, hours: Hours) -> Self {
        Self::of_day(self.day.plus(1), hours)
    }

    /// The market trades at this second.
    pub const fn is_open(&self, second: i64) -> bool {
        second >= self.open && second < self.close
    }

    /// The trading day that a DAY order placed at this second is good for: this one, or the next
    /// with any trading left.
    #[must_use]
    pub fn good_for(&self, second: i64, hours: Hours) -> Self {
        let mut session = *self;
        while session.open == session.close || second >= session.close {
            session = session.next(hours);
        }
        session
    }

    /// When trading begins next, at or after this second.
    pub fn next_open(&self, second: i64, hours: Hours) -> Time {
        let session = self.good_for(second, hours);
        Time::from_seconds(session.open.max(second))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_round_trips_over_four_centuries() {
        for number in -10_000..150_000 {
            let (year, month, day) = Day(number).civil();
            assert_eq!(Day::of(year, month, day), Day(number));
        }
        assert_eq!(Day(0).weekday(), 3, "1970-01-01 was a Thursday");
        assert_eq!(Day::of(2026, 11, 22).to_string(), "2026-11-22");
        assert_eq!(Day::of(2026, 11, 22).weekday(), 6);
    }

    #[test]
    fn exchange_closes_on_its_published_holidays() {
        // From the exchange's calendars of 2022 to 2026.
        let closed = [
            (2022, 1, 17),
            (2022, 2, 21),
            (2022, 4, 15),
            (2022, 5, 30),
            (2022, 6, 20),
            (2022, 7, 4),
            (2022, 9, 5),
            (2022, 11, 24),
            (2022, 12, 26),
            (2023, 1, 2),
            (2023, 4, 7),
            (2023, 6, 19),
            (2024, 1, 1),
            (2024, 3, 29),
            (2024, 12, 25),
            (2025, 4, 18),
            (2025, 11, 27),
            (2026, 4, 3),
            (2026, 6, 19),
            (2026, 7, 3),
            (2026, 9, 7),
            (2026, 11, 26),
            (2026, 12, 25),
        ];
        for (year, month, day) in closed {
            assert!(!Day::of(year, month, day).is_exchange_day(), "{year}-{month}-{day}");
        }
        let count = |year| {
            (Day::of(year, 1, 1).0..Day::of(year + 1, 1, 1).0)
                .filter(|day| Day(*day).is_exchange_day())
                .count()
        };
        assert_eq!([count(2022), count(2023), count(2024), count(2026)], [251, 250, 252, 251]);
    }

    #[test]
    fn day_rolls_at_five_in_new_york_in_winter_and_summer() {
        for (day, hour) in [(Day::of(2026, 1, 15), 22), (Day::of(2026, 7, 15), 21)] {
            let roll = i64::from(day.0) * 86_400 + hour * 3_600;
            assert_eq!(TradingSession::at(roll - 1, Hours::RoundTheClock).day, day);
            assert_eq!(TradingSession::at(roll, Hours::RoundTheClock).day, day.plus(1));
            assert_eq!(TradingSession::at(roll, Hours::RoundTheClock).start, roll);
        }
        let spring = TradingSession::of_day(Day::of(2026, 3, 8), Hours::RoundTheClock);
        assert_eq!(spring.roll - spring.start, 23 * 3_600);
        let autumn = TradingSession::of_day(Day::of(2026, 11, 1), Hours::RoundTheClock);
        assert_eq!(autumn.roll - autumn.start, 25 * 3_600);
    }

    #[test]
    fn real_hours_open_on_exchange_days_alone() {
        let friday = TradingSession::of_day(Day::of(2026, 11, 20), Hours::Real);
        assert_eq!(friday.open, Day::of(2026, 11, 20).at(9, 30));
        assert!(friday.is_open(friday.open) && !friday.is_open(friday.close));
        let after = friday.good_for(friday.close, Hours::Real);
        assert_eq!(after.day, Day::of(2026, 11, 23), "after Friday's close comes Monday");
        let eve = TradingSession::of_day(Day::of(2026, 11, 25), Hours::Real);
        assert_eq!(
            eve.next_open(eve.roll, Hours::Real),
            Time::from_seconds(Day::of(2026, 11, 27).at(9, 30)),
            "Thanksgiving is passed over"
        );
    }
}
