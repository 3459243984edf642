//! Time and randomness, which every decision takes as arguments.

use std::fmt;
use std::ops::{Add, Sub};

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Microseconds since 1970-01-01 00:00 UTC.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Time(pub i64);

impl Time {
    /// Later than any time that is reached.
    pub const FAR: Self = Self(i64::MAX);

    /// The time of this many whole seconds since 1970.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Whole seconds since 1970, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// How long ago `earlier` was; negative when it is later.
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Time {
    /// As scripts take it: RFC 3339 in UTC, whole seconds.
    pub fn rfc_3339(self) -> String {
        match self.to_string().strip_suffix(" UTC") {
            Some(text) => format!("{}Z", text.replacen(' ', "T", 1)),
            None => self.to_string(),
        }
    }

    /// The beginning of a day written as `2026-12-24`, in UTC.
    pub fn of_date(text: &str) -> Option<Self> {
        // Digits alone: a sign would be read as well.
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let number = |part: &str| part.parse::<i64>().ok().filter(|_| digits(part));
        let mut parts = text.splitn(3, '-').map(number);
        let (year, month, date) = (parts.next()??, parts.next()??, parts.next()??);
        if !(1970..=2199).contains(&year) || !(1..=12).contains(&month) {
            return None;
        }
        // Near enough to look at the days around it.
        let near = (year - 1970) * 365 + (year - 1969) / 4 + (month - 1) * 30;
        let day = (near - 30..near + 62).find(|day| civil(*day) == (year, month, date))?;
        Some(Self::from_seconds(day * 86_400))
    }
}

impl Add<Span> for Time {
    type Output = Self;

    /// Saturates at the ends of the range.
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Sub<Span> for Time {
    type Output = Self;

    /// Saturates at the ends of the range.
    fn sub(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl fmt::Display for Time {
    /// `2026-11-22 20:30:00 UTC`, whole seconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::FAR {
            return f.write_str("no end");
        }
        let (day, second) = (self.seconds().div_euclid(86_400), self.seconds().rem_euclid(86_400));
        let (year, month, date) = civil(day);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{date:02} {hour:02}:{minute:02}:{second:02} UTC")
    }
}

/// Year, month and day of a count of days since 1970-01-01, in the Gregorian calendar. Counts in
/// eras of 400 years that begin on the first of March, so that the leap day comes last.
const fn civil(days: i64) -> (i64, i64, i64) {
    let days = days.saturating_add(719_468);
    let era = days.div_euclid(146_097);
    let day = days.rem_euclid(146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let date = day - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (year + era * 400 + carry, month, date)
}

/// A length of time in microseconds.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Span(pub i64);

impl Span {
    /// This many milliseconds.
    pub const fn milliseconds(count: i64) -> Self {
        Self(count.saturating_mul(1_000))
    }

    /// This many seconds.
    pub const fn seconds(count: i64) -> Self {
        Self(count.saturating_mul(1_000_000))
    }

    /// This many minutes.
    pub const fn minutes(count: i64) -> Self {
        Self::seconds(count.saturating_mul(60))
    }

    /// This many hours.
    pub const fn hours(count: i64) -> Self {
        Self::minutes(count.saturating_mul(60))
    }

    /// This many days of 24 hours.
    pub const fn days(count: i64) -> Self {
        Self::hours(count.saturating_mul(24))
    }

    /// Whole seconds, rounded up, so that a wait of this many seconds is long enough.
    pub const fn seconds_up(self) -> i64 {
        self.0.div_euclid(1_000_000) + (self.0.rem_euclid(1_000_000) != 0) as i64
    }
}

impl fmt::Display for Span {
    /// The largest unit that divides it well: `90 days`, `15 minutes`, `30 seconds`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.seconds_up();
        let (count, unit) = match seconds {
            0..120 => (seconds, "second"),
            120..7_200 => ((seconds + 59) / 60, "minute"),
            7_200..172_800 => ((seconds + 3_599) / 3_600, "hour"),
            _ => (seconds / 86_400, "day"),
        };
        write!(f, "{count} {unit}{}", if count == 1 { "" } else { "s" })
    }
}

/// The instant of a decision and the randomness that it may use.
pub struct Moment {
    /// The stamp of the decision: never before an earlier one, whatever the system's clock does.
    /// Everything that is compared with stamps of our own is compared with this.
    pub now: Time,
    /// What the system's clock says, which may step back: for what other people's clocks judge, such
    /// as the codes of an app and the hours that people read.
    pub wall: Time,
    entropy: Zeroizing<[u8; 32]>,
}

impl Moment {
    /// A moment at which both clocks agree, with 32 bytes fresh from the system's generator; never
    /// use the bytes twice.
    pub fn new(now: Time, entropy: [u8; 32]) -> Self {
        Self { now, wall: now, entropy: Zeroizing::new(entropy) }
    }

    /// The same, while the system's clock says something else.
    #[must_use]
    pub fn with_wall(self, wall: Time) -> Self {
        Self { wall, ..self }
    }

    /// `N` bytes for the purpose `label`: HMAC-SHA256 in counter mode under the entropy. The same
    /// label gives the same bytes, different labels independent ones.
    pub fn draw<const N: usize>(&self, label: &str) -> [u8; N] {
        let mut drawn = [0; N];
        for (counter, chunk) in (0_u32..).zip(drawn.chunks_mut(32)) {
            let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.entropy.as_slice()) else {
                // HMAC takes a key of any length.
                unreachable!("HMAC refused a key of 32 bytes")
            };
            mac.update(&counter.to_be_bytes());
            mac.update(label.as_bytes());
            for (to, from) in chunk.iter_mut().zip(mac.finalize().into_bytes()) {
                *to = from;
            }
        }
        drawn
    }

    /// A number below `bound` for the purpose `label`. Of 64 bits: the bias is below `bound` / 2^64.
    pub fn draw_below(&self, label: &str, bound: u64) -> u64 {
        u64::from_be_bytes(self.draw(label)) % bound.max(1)
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Moment").field("now", &self.now).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_text_is_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (-1, "1969-12-31 23:59:59 UTC"),
            (951_782_399, "2000-02-28 23:59:59 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (1_709_251_199, "2024-02-29 23:59:59 UTC"),
            (1_795_379_400, "2026-11-22 20:30:00 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
        ] {
            assert_eq!(Time::from_seconds(seconds).to_string(), text);
        }
    }

    #[test]
    fn date_as_written_is_its_first_moment_and_no_other_text_is_one() {
        for date in ["1970-01-01", "2000-02-29", "2026-11-25", "2100-03-01", "2199-12-31"] {
            let time = Time::of_date(date).map(|time| time.to_string());
            assert_eq!(time, Some(format!("{date} 00:00:00 UTC")));
        }
        for bad in [
            "+2026-12-24",
            "2026-+1-2",
            "2026-01-+2",
            "",
            "2026",
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "26-1-1",
            "2026-1-1-1",
        ] {
            assert_eq!(Time::of_date(bad), None, "{bad}");
        }
    }

    #[test]
    fn draws_of_one_label_are_equal_and_of_two_differ() {
        let moment = Moment::new(Time(0), [3; 32]);
        let long = moment.draw::<70>("token");
        assert_eq!(long, moment.draw::<70>("token"));
        assert_eq!(long.first_chunk::<16>(), Some(&moment.draw::<16>("token")));
        assert_ne!(moment.draw::<16>("token"), moment.draw::<16>("id"));
        assert_ne!(moment.draw::<16>("id"), Moment::new(Time(0), [4; 32]).draw::<16>("id"));
        assert_ne!(long.first_chunk::<32>(), long.get(32..64).and_then(|part| part.first_chunk()));
    }

    #[test]
    fn time_at_the_end_of_its_range_stays_there() {
        assert_eq!(Time(i64::MAX - 1) + Span::days(1), Time::FAR);
        assert_eq!(Time(i64::MIN) - Span::seconds(1), Time(i64::MIN));
        assert_eq!(Span(1).seconds_up(), 1);
        assert_eq!(Span::days(90).to_string(), "90 days");
        assert_eq!(Span::minutes(15).to_string(), "15 minutes");
        assert_eq!(Span::seconds(1).to_string(), "1 second");
    }
}
