//! Time zones by rule. They are here and not in a time zone database, because a replay on another machine must find
//! the same instants.
//!
//! The rules are those in force since 2007 (United States) and 1996 (Europe), and they are used for every year: earlier
//! summers, and laws yet to come, are not known here. Japan has no summer time.

use super::Day;

const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

/// The zone that a market's clock shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// Eastern time of the United States.
    NewYork,
    /// Central time of the United States.
    Chicago,
    /// The United Kingdom.
    London,
    /// Frankfurt's, by its name in the database of time zones.
    Berlin,
    /// Japan.
    Tokyo,
    /// Universal time.
    Utc,
}

impl Zone {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::NewYork, Self::Chicago, Self::London, Self::Berlin, Self::Tokyo, Self::Utc];

    /// Its name in the IANA database: `America/New_York`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NewYork => "America/New_York",
            Self::Chicago => "America/Chicago",
            Self::London => "Europe/London",
            Self::Berlin => "Europe/Berlin",
            Self::Tokyo => "Asia/Tokyo",
            Self::Utc => "UTC",
        }
    }

    /// The zone with this name in the IANA database; none of another one.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|zone| zone.name() == name)
    }

    /// Seconds east of UTC in winter.
    const fn standard(self) -> i64 {
        match self {
            Self::NewYork => -5 * HOUR,
            Self::Chicago => -6 * HOUR,
            Self::London | Self::Utc => 0,
            Self::Berlin => HOUR,
            Self::Tokyo => 9 * HOUR,
        }
    }

    /// The seconds (since 1970 UTC) at which summer time begins and ends in a year; none without summer time.
    const fn summer(self, year: i32) -> Option<(i64, i64)> {
        match self {
            // From 02:00 on the second Sunday of March to 02:00 of summer time on the first Sunday of November
            // (Energy Policy Act of 2005).
            Self::NewYork | Self::Chicago => {
                let (begin, end) = (Day::nth(year, 3, 6, 2), Day::nth(year, 11, 6, 1));
                let two = 2 * HOUR - self.standard();
                Some((begin.0 as i64 * DAY + two, end.0 as i64 * DAY + two - HOUR))
            }
            // From 01:00 UTC on the last Sunday of March to 01:00 UTC on the last Sunday of October (Directive
            // 2000/84/EC; Summer Time Order 2002).
            Self::London | Self::Berlin => {
                let (begin, end) = (Day::nth(year, 4, 6, 1), Day::nth(year, 11, 6, 1));
                let one = HOUR - 7 * DAY;
                Some((begin.0 as i64 * DAY + one, end.0 as i64 * DAY + one))
            }
            Self::Tokyo | Self::Utc => None,
        }
    }

    /// Seconds east of UTC at a second since 1970 UTC.
    pub fn offset(self, second: i64) -> i64 {
        let (year, _, _) = Day::of_second(second).civil();
        let is_summer =
            self.summer(year).is_some_and(|(begin, end)| second >= begin && second < end);
        if is_summer { self.standard() + HOUR } else { self.standard() }
    }

    /// The date, and the second since midnight by the clock on the wall, at a second since 1970 UTC.
    pub fn civil(self, second: i64) -> (Day, i64) {
        let local = second.saturating_add(self.offset(second));
        (Day::of_second(local), local.rem_euclid(DAY))
    }

    /// The second since 1970 UTC at which the clock on the wall shows so many seconds after midnight of a date; 86,400
    /// is midnight of the next. A time that comes twice is its first; one that is left out is as much later as the
    /// clock went forward.
    pub fn second(self, day: Day, of_day: i64) -> i64 {
        let local = (i64::from(day.0) * DAY).saturating_add(of_day);
        let winter = local.saturating_sub(self.standard());
        let summer = winter.saturating_sub(HOUR);
        if self.offset(summer) == self.standard() { winter } else { summer }
    }
}

#[cfg(test)]
mod tests;
