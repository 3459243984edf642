//! What is kept of trading windows.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::moment::{Span, Time};
use crate::refusal::{Field, InputRefusal, Refusal};
use crate::session::Session;

/// How long a window is open.
pub const OPEN: Span = Span::hours(2);

/// How long before it opens it is announced, and a proof renews already.
pub const AHEAD: Span = Span::hours(24);

/// From this long before its end on a proof renews a session that lasts until a window.
pub const NEAR: Span = Span(OPEN.0 + AHEAD.0);

/// A session that lasts longer than this lasts until a window.
pub(crate) const PLAIN_MOST: Span = Span::hours(24);

/// Longest name of a zone.
pub(super) const ZONE_LIMIT: usize = 64;

/// A time of the week, somewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// 0 is Monday, 6 is Sunday.
    weekday: u8,
    /// Minutes after midnight, on the clocks there.
    minute: u16,
    /// The zone's name: `Europe/Berlin`.
    zone: String,
}

/// Names of the days, Monday first.
pub const DAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

impl Window {
    /// Checks the numbers, and that the zone could be a name of one.
    pub fn new(weekday: u8, minute: u16, zone: &str) -> Result<Self, InputRefusal> {
        let out = |field, given: String, most: &str| InputRefusal::OutOfRange {
            field,
            given,
            least: "0".to_owned(),
            most: most.to_owned(),
        };
        if usize::from(weekday) >= DAYS.len() {
            return Err(out(Field::Weekday, weekday.to_string(), "6"));
        }
        if minute >= 24 * 60 {
            return Err(out(Field::WindowTime, minute.to_string(), "1439"));
        }
        let letter = |letter: char| letter.is_ascii_alphanumeric() || "/_+-".contains(letter);
        if zone.is_empty() || zone.len() > ZONE_LIMIT || !zone.chars().all(letter) {
            return Err(InputRefusal::ZoneUnknown { length: zone.len(), limit: ZONE_LIMIT });
        }
        Ok(Self { weekday, minute, zone: zone.to_owned() })
    }

    /// 0 is Monday, 6 is Sunday.
    pub const fn weekday(&self) -> u8 {
        self.weekday
    }

    /// Minutes after midnight, on the clocks of its zone.
    pub const fn minute(&self) -> u16 {
        self.minute
    }

    /// The zone's name.
    pub fn zone(&self) -> &str {
        &self.zone
    }

    /// The refusal of a zone that the machine does not know.
    pub fn unknown_zone(&self) -> Refusal {
        Refusal::Input(InputRefusal::ZoneUnknown { length: self.zone.len(), limit: ZONE_LIMIT })
    }
}

impl fmt::Display for Window {
    /// `on Sunday from 10:00 to 12:00 (Europe/Berlin)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = DAYS.get(usize::from(self.weekday)).copied().unwrap_or("?");
        let clock = |minute: u16| format!("{:02}:{:02}", minute / 60 % 24, minute % 60);
        let to = self.minute + 120;
        write!(f, "on {day} from {} to {} ({})", clock(self.minute), clock(to), self.zone)
    }
}

/// Whether a session of these times lasts until the end of a window.
pub fn is_windowed(started_at: Time, until: Time) -> bool {
    until.since(started_at) > PLAIN_MOST
}

impl Session {
    /// Whether it lasts until the end of a window.
    pub fn is_windowed(&self) -> bool {
        is_windowed(self.started_at, self.until)
    }

    /// From when on a proof renews it, if it lasts until a window.
    pub fn renews_from(&self) -> Option<Time> {
        self.is_windowed().then_some(self.until - NEAR)
    }
}
