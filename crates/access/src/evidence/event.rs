//! What can be asked about evidence, and what happens that changes no table.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::name::tidy;
use crate::slice::Slice;

/// Longest kind and text of an entry, in bytes.
pub(crate) const KIND_LIMIT: usize = 64;
pub(crate) const TEXT_LIMIT: usize = 2_000;

/// What is asked about evidence.
pub enum Command {
    /// Records refusals that were decided elsewhere, alike, from one source and within a second.
    Record {
        /// The stable code.
        code: String,
        /// What evidence keeps.
        text: String,
        /// How many.
        count: u32,
    },
    /// Records something that changed no table: `server.started`, the start of a subscription.
    Note {
        /// What, as `noun.verb`.
        kind: String,
        /// In plain words.
        text: String,
    },
}

/// What happened and changed no table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Access said no.
    Refused {
        /// The stable code.
        code: String,
        /// What evidence keeps.
        text: String,
        /// How many alike within a second.
        count: u32,
    },
    /// Something else happened.
    Noted {
        /// What, as `noun.verb`.
        kind: String,
        /// In plain words.
        text: String,
    },
}

impl Event {
    pub(crate) fn kind(&self) -> Cow<'static, str> {
        match self {
            Self::Refused { .. } => Cow::Borrowed("refused"),
            Self::Noted { kind, .. } => Cow::Owned(tidy(kind, KIND_LIMIT)),
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Refused { text, count: 1, .. } => format!("Refused: {text}"),
            Self::Refused { text, count, .. } => {
                format!("Refused {count} times within a second: {text}")
            }
            Self::Noted { text, .. } => text.clone(),
        }
    }
}

/// A slice holds no evidence.
pub(crate) fn apply(_: &mut Slice, _: &Event) {}
