//! When a market trades: half-open intervals, by its clock and in seconds.

use std::ops::Deref;

use super::{Day, Zone};

/// From a second (since 1970 UTC) up to, and without, another one: an order that is stamped at `end` is outside.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Interval {
    /// The first second.
    pub start: i64,
    /// The first second after it.
    pub end: i64,
}

impl Interval {
    /// The second is inside.
    pub const fn contains(&self, second: i64) -> bool {
        second >= self.start && second < self.end
    }
}

/// The most intervals that a day may have.
const MOST: usize = 3;

/// The intervals of a day, ascending, without overlap; none where the market is closed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Intervals {
    list: [Interval; MOST],
    count: usize,
}

impl Intervals {
    /// The second is inside one of them.
    pub fn contains(&self, second: i64) -> bool {
        self.iter().any(|one| one.contains(second))
    }

    /// When the first one begins.
    pub fn start(&self) -> Option<i64> {
        self.first().map(|one| one.start)
    }

    /// When the last one ends.
    pub fn end(&self) -> Option<i64> {
        self.last().map(|one| one.end)
    }
}

impl Deref for Intervals {
    type Target = [Interval];

    fn deref(&self) -> &[Interval] {
        self.list.get(..self.count).unwrap_or_default()
    }
}

/// An interval by the market's clock, in minutes from midnight of the session's date; below zero the evening before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Minutes {
    pub(super) start: i32,
    pub(super) end: i32,
}

const DAY: i32 = 24 * 60;

impl Minutes {
    /// `09:30-16:00`, or `<17:00-16:00` where it begins the evening before; `24:00` is the midnight that ends a day.
    fn read(text: &str) -> Option<Self> {
        let (start, end) = text.split_once('-')?;
        let (start, end) = (minute(start)?, minute(end)?);
        (start < end).then_some(Self { start, end })
    }

    /// Several, ascending, without overlap, with blanks between them; none in an empty text.
    pub(super) fn all(text: &str) -> Option<Vec<Self>> {
        let all: Vec<Self> = text.split_whitespace().map(Self::read).collect::<Option<_>>()?;
        let ordered = all.windows(2).all(|pair| matches!(pair, [a, b] if a.end <= b.start));
        (ordered && all.len() <= MOST).then_some(all)
    }

    /// What is left of some before a minute.
    pub(super) fn until(all: &[Self], end: i32) -> Vec<Self> {
        let cut = all.iter().map(|one| Self { start: one.start, end: one.end.min(end) });
        cut.filter(|one| one.start < one.end).collect()
    }

    /// As seconds, on a session's date.
    pub(super) fn on(all: &[Self], day: Day, zone: Zone) -> Intervals {
        let mut found = Intervals::default();
        for (place, one) in found.list.iter_mut().zip(all) {
            let second = |minute: i32| zone.second(day, i64::from(minute) * 60);
            *place = Interval { start: second(one.start), end: second(one.end) };
        }
        found.count = all.len().min(MOST);
        found
    }

    /// As the TWS socket writes it: `20261130:0930-20261130:1600`.
    pub(super) fn written(self, day: Day) -> String {
        format!("{}-{}", stamp(day, self.start), stamp(day, self.end))
    }
}

/// A minute of a session's date: `16:00`, or `<17:00` the evening before.
fn minute(text: &str) -> Option<i32> {
    let (clock, shift) = match text.strip_prefix('<') {
        Some(clock) => (clock, -DAY),
        None => (text, 0),
    };
    let two = |text: &str| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse::<i32>().ok())?
    };
    let (hour, minute) = clock.split_once(':')?;
    let (hour, minute) = (two(hour)?, two(minute)?);
    let of_day = hour * 60 + minute;
    ((0..60).contains(&minute) && (0..=DAY).contains(&of_day)).then_some(of_day + shift)
}

/// `20261130:0930`
fn stamp(day: Day, minute: i32) -> String {
    // Midnight ends its day: TWS has no 24:00.
    let date = day.plus(minute.div_euclid(DAY));
    let of_day = minute.rem_euclid(DAY);
    let (year, month, day) = date.civil();
    format!("{year:04}{month:02}{day:02}:{:02}{:02}", of_day / 60, of_day % 60)
}

/// The date as the TWS socket writes it: `20261130`.
pub(super) fn date(day: Day) -> String {
    let (year, month, day) = day.civil();
    format!("{year:04}{month:02}{day:02}")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn minutes_are_read_with_the_evening_before() {
        let all = Minutes::all("<16:15-<24:00 07:00-16:00").unwrap();
        let expected = [Minutes { start: -465, end: 0 }, Minutes { start: 420, end: 960 }];
        assert_eq!(all, expected);
        assert_eq!(Minutes::until(&all, 480), [expected[0], Minutes { start: 420, end: 480 }]);
        assert_eq!(Minutes::until(&all, 400), [expected[0]]);
        assert_eq!(Minutes::all("").unwrap(), []);
        for wrong in [
            "16:00-09:30",
            "9:30-16:00",
            "09:30",
            "09:60-16:00",
            "09:30-25:00",
            "10:00-12:00 11:00-13:00",
            "-1:00-16:00",
            "+9:30-16:00",
            "01:00-02:00 03:00-04:00 05:00-06:00 07:00-08:00",
        ] {
            assert_eq!(Minutes::all(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn interval_is_written_as_the_socket_writes_it() {
        let day = Day::of(2026, 12, 1);
        let written = |text| Minutes::all(text).unwrap().first().unwrap().written(day);
        assert_eq!(written("09:30-16:00"), "20261201:0930-20261201:1600");
        assert_eq!(written("<17:00-16:00"), "20261130:1700-20261201:1600");
        assert_eq!(written("<16:15-<24:00"), "20261130:1615-20261201:0000");
    }
}
