//! What can be asked about planned travel, what can happen, and what it does to a slice.

use serde::{Deserialize, Serialize};

use super::record::Plan;
use crate::address::Network;
use crate::id::PersonId;
use crate::moment::Time;
use crate::slice::Slice;

/// What is asked about travel.
pub enum Command {
    /// Plans it, in place of one planned before.
    Plan {
        /// From when.
        from: Time,
        /// When that ends.
        until: Time,
        /// Where to.
        place: String,
        /// The only network that is expected.
        network: Option<Network>,
    },
    /// Ends it early.
    End,
}

/// What happened to travel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Planned.
    Planned(Plan),
    /// Ended early.
    Ended {
        /// The person.
        person: PersonId,
    },
}

impl Event {
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Planned(_) => "travel.planned",
            Self::Ended { .. } => "travel.ended",
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Planned(plan) => {
                let at = plan.network.map(|network| format!(" at {network}")).unwrap_or_default();
                format!(
                    "Travel to {}{at} planned from {} until {}",
                    plan.place, plan.from, plan.until
                )
            }
            Self::Ended { .. } => "Planned travel ended".to_owned(),
        }
    }
}

pub(crate) fn apply(slice: &mut Slice, event: &Event) {
    match event {
        Event::Planned(plan) => slice.travel = Some(plan.clone()),
        Event::Ended { .. } => slice.travel = None,
    }
}
