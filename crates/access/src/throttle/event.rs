//! What can happen to failures in a row, and what it does to a slice.

use serde::{Deserialize, Serialize};

use super::record::{Counter, Place, Stranger};
use crate::slice::{Slice, put};

/// What happened to counters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A factor failed.
    Failed(Counter),
    /// The password of an unknown name failed.
    StrangerFailed(Stranger),
    /// The person was proven at this place: its counters are gone.
    Cleared {
        /// The place.
        place: Place,
    },
    /// The person was proven by a passkey, a link or a reset: all counters are gone.
    AllCleared,
}

impl Event {
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Failed(_) => "throttle.failed",
            Self::StrangerFailed(_) => "throttle.stranger_failed",
            Self::Cleared { .. } | Self::AllCleared => "throttle.cleared",
        }
    }

    pub(crate) fn text(&self) -> String {
        let place = |place: &Place| match place {
            Place::Device(device) => format!("on {device}"),
            Place::Untrusted => "on untrusted devices".to_owned(),
        };
        match self {
            Self::Failed(one) => {
                let (factor, place) = (one.factor.name(), place(&one.place));
                format!("Wrong {factor} {place}: {} in a row", one.failures)
            }
            Self::StrangerFailed(one) => {
                format!("Sign-in with an unknown name: {} in a row", one.failures)
            }
            Self::Cleared { place: one } => format!("Failed attempts reset {}", place(one)),
            Self::AllCleared => "All failed attempts reset".to_owned(),
        }
    }
}

pub(crate) fn apply(slice: &mut Slice, event: &Event) {
    match event {
        Event::Failed(counter) => {
            put(&mut slice.counters, *counter, |one| (one.factor, one.place));
        }
        Event::StrangerFailed(stranger) => slice.stranger = Some(*stranger),
        Event::Cleared { place } => slice.counters.retain(|one| one.place != *place),
        Event::AllCleared => slice.counters.clear(),
    }
}
