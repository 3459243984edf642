//! What every request has at hand, and how answers are written.

use std::path::Path;

use access::{Span, Time};
use gate::{Actor, Gate};
use serde::Serialize;
use serde_json::Value;

use crate::fault::Fault;

/// What every act has at hand.
pub(crate) struct Desk<'a> {
    pub(crate) gate: &'a Gate,
    pub(crate) data: &'a Path,
    /// The portal's URL.
    pub(crate) portal: &'a str,
    /// The same as other devices reach it.
    pub(crate) devices: &'a str,
    pub(crate) actor: Actor,
}

pub(crate) fn value<T: Serialize>(answer: T) -> Result<Value, Fault> {
    serde_json::to_value(answer).map_err(|e| Fault::new("ANSWER", e.to_string()))
}

/// A time as scripts take it: RFC 3339 in UTC, whole seconds.
pub fn instant(time: Time) -> String {
    time.rfc_3339()
}

/// So many days from now.
pub(crate) fn in_days(now: Time, days: u32) -> Time {
    now + Span::days(i64::from(days))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instant_is_rfc_3339() {
        assert_eq!(instant(Time::from_seconds(1_800_000_000)), "2027-01-15T08:00:00Z");
    }
}
