//! What can be asked about the right to trade, what can happen, and what it does to a slice.

use serde::{Deserialize, Serialize};

use super::record::Brokerage;
use crate::id::PersonId;
use crate::slice::Slice;

/// What is asked about it.
pub enum Command {
    /// Switches it on or off.
    Set {
        /// Whether it is on.
        on: bool,
    },
    /// Takes trading over for the session that asks.
    TakeOver,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// On, and who holds trading.
    Held(Brokerage),
    /// Off.
    Off {
        /// The person.
        person: PersonId,
    },
}

impl Event {
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Held(_) => "brokerage.held",
            Self::Off { .. } => "brokerage.off",
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Held(one) => match one.holder {
                Some(holder) => format!("One brokerage session: {holder} can trade"),
                None => "One brokerage session: the first that may trade can trade".to_owned(),
            },
            Self::Off { .. } => "Every session that may trade can trade".to_owned(),
        }
    }
}

pub(crate) fn apply(slice: &mut Slice, event: &Event) {
    match event {
        Event::Held(one) => slice.brokerage = Some(*one),
        Event::Off { .. } => slice.brokerage = None,
    }
}
