//! Hours as people write them: `mon-fri 13:30-20:00, sat 10:00-12:00`, in UTC.

use std::fmt;
use std::str::FromStr;

use crate::entitlements::{Hours, Window};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/// Minutes of a day, and of a week.
const DAY: u16 = 1_440;
const WEEK: u16 = 7 * DAY;
/// Longest text that is read.
const LONGEST: usize = 1_000;

/// Why a text names no hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoursError {
    part: String,
}

impl fmt::Display for HoursError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "\u{201c}{}\u{201d} cannot be read as hours; write mon-fri 13:30-20:00, in UTC, with commas between several",
            self.part
        )
    }
}

impl std::error::Error for HoursError {}

impl FromStr for Hours {
    type Err = HoursError;

    /// Parts with commas between them, each days and a range of times in UTC. A range that ends at or
    /// before its start goes on into the next day.
    fn from_str(text: &str) -> Result<Self, HoursError> {
        let refused = |part: &str| HoursError { part: part.trim().chars().take(40).collect() };
        if text.trim().is_empty() || text.len() > LONGEST {
            return Err(refused(text));
        }
        let mut windows = Vec::new();
        for part in text.split([',', ';']) {
            windows.extend(windows_of(part).ok_or_else(|| refused(part))?);
        }
        Ok(Self::Weekly(windows.into_boxed_slice()))
    }
}

fn windows_of(part: &str) -> Option<Vec<Window>> {
    let part = part.trim().to_ascii_lowercase();
    let (days, times) = part.split_once(char::is_whitespace)?;
    let (from, to) = times.trim().split_once('-')?;
    let (from, to) = (minute(from.trim())?, minute(to.trim())?);
    if from == DAY {
        return None;
    }
    let mut windows = Vec::new();
    for day in days_of(days)? {
        let start = day * DAY;
        if from < to {
            windows.push(Window { from: start + from, to: start + to });
            continue;
        }
        windows.push(Window { from: start + from, to: start + DAY });
        let next = (start + DAY) % WEEK;
        if to > 0 {
            windows.push(Window { from: next, to: next + to });
        }
    }
    Some(windows)
}

/// `mon`, `mon-fri` or `daily`, as days since Monday.
fn days_of(text: &str) -> Option<Vec<u16>> {
    let day = |name: &str| {
        let place = DAYS.iter().position(|known| *known == name)?;
        u16::try_from(place).ok()
    };
    if text == "daily" {
        return Some((0..7).collect());
    }
    let Some((first, last)) = text.split_once('-') else { return Some(vec![day(text)?]) };
    let (first, last) = (day(first)?, day(last)?);
    let days = (last + 7 - first) % 7 + 1;
    Some((first..first + days).map(|day| day % 7).collect())
}

/// `13:30` as minutes since midnight, up to `24:00`.
fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str, digits: std::ops::RangeInclusive<usize>| {
        let fits = digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u16>().ok().filter(|_| fits)
    };
    let (hour, minute) = (number(hour, 1..=2)?, number(minute, 2..=2)?);
    let all = hour * 60 + minute;
    (minute < 60 && all <= DAY).then_some(all)
}

impl fmt::Display for Hours {
    /// As it is read, days with the same times together; the hours of two lists as what is in both.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::Always {
            return f.write_str("around the clock");
        }
        let days: Vec<_> = (0..7).map(|day| self.ranges(day)).collect();
        let mut parts = Vec::new();
        let mut first = 0;
        while let Some(ranges) = days.get(first) {
            let same = days.iter().skip(first).take_while(|other| *other == ranges).count();
            let last = first + same - 1;
            let names = match (DAYS.get(first), DAYS.get(last)) {
                (Some(_), Some(_)) if same == 7 => "daily".to_owned(),
                (Some(from), Some(to)) if same > 1 => format!("{from}-{to}"),
                (Some(from), _) => (*from).to_owned(),
                (None, _) => String::new(),
            };
            let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
            let told =
                ranges.iter().map(|(from, to)| format!("{names} {}-{}", clock(*from), clock(*to)));
            parts.extend(told);
            first += same;
        }
        f.write_str(if parts.is_empty() { "never" } else { "" })?;
        f.write_str(&parts.join(", "))
    }
}

impl Hours {
    /// The minutes of a week, from Monday 00:00 UTC on.
    pub(crate) fn minutes() -> std::ops::Range<i64> {
        0..i64::from(WEEK)
    }

    /// The ranges of a day that they hold in, as minutes since its midnight.
    fn ranges(&self, day: u16) -> Vec<(u16, u16)> {
        let mut ranges: Vec<(u16, u16)> = Vec::new();
        for minute in (0..DAY).filter(|minute| self.hold_at((day * DAY + minute).into())) {
            match ranges.last_mut() {
                Some((_, to)) if *to == minute => *to = minute + 1,
                _ => ranges.push((minute, minute + 1)),
            }
        }
        ranges
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hours_are_read_and_told_in_the_same_form() {
        for (typed, told) in [
            ("mon-fri 13:30-20:00", "mon-fri 13:30-20:00"),
            ("Mon-Fri 9:30-16:00; sat 10:00-12:00", "mon-fri 09:30-16:00, sat 10:00-12:00"),
            ("daily 00:00-24:00", "daily 00:00-24:00"),
            ("fri-mon 01:00-02:00", "mon 01:00-02:00, fri-sun 01:00-02:00"),
            ("sun 22:00-04:00", "mon 00:00-04:00, sun 22:00-24:00"),
            ("tue 08:00-10:00, tue 09:00-12:00", "tue 08:00-12:00"),
        ] {
            assert_eq!(typed.parse::<Hours>().unwrap().to_string(), told, "{typed}");
        }
    }

    #[test]
    fn hours_that_cannot_be_read_are_refused_with_the_part() {
        for (typed, part) in [
            ("", ""),
            ("mon", "mon"),
            ("mon 13:30", "mon 13:30"),
            ("mon 25:00-26:00", "mon 25:00-26:00"),
            ("mon 10:60-11:00", "mon 10:60-11:00"),
            ("mon 24:00-01:00", "mon 24:00-01:00"),
            ("mon +1:00-2:00", "mon +1:00-2:00"),
            ("moon 10:00-11:00", "moon 10:00-11:00"),
            ("mon 10:00-11:00,", ""),
            ("mon 10:00-11:00, tue", "tue"),
        ] {
            assert_eq!(typed.parse::<Hours>(), Err(HoursError { part: part.into() }), "{typed}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]

        #[test]
        fn hours_told_and_read_again_hold_at_the_same_minutes(
            parts in prop::collection::vec((0_u16..WEEK, 1_u16..4_000), 1..4),
        ) {
            let window = |(from, length): (u16, u16)| Window { from, to: (from + length).min(WEEK) };
            let hours = Hours::Weekly(parts.into_iter().map(window).collect());
            let again: Hours = hours.to_string().parse().unwrap();
            for minute in Hours::minutes() {
                prop_assert_eq!(hours.hold_at(minute), again.hold_at(minute));
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[monfri0-9:, -]{0,40}") {
            drop(text.parse::<Hours>());
        }
    }
}
