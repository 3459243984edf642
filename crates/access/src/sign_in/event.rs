//! What happens in a sign-in, what it does to a slice, and what evidence says of it.

use serde::{Deserialize, Serialize};

use super::{Attempt, Step};
use crate::id::AttemptId;
use crate::slice::{Slice, put};

/// What happened to attempts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The password was right.
    Started(Attempt),
    /// A step was done or missed, or a code sent again.
    Changed(Attempt),
    /// It became a session.
    Finished {
        /// Which.
        attempt: AttemptId,
    },
    /// It is over without a session.
    Dropped {
        /// Which.
        attempt: AttemptId,
    },
}

impl Event {
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Started(_) => "sign_in.started",
            Self::Changed(_) => "sign_in.changed",
            Self::Finished { .. } => "sign_in.finished",
            Self::Dropped { .. } => "sign_in.dropped",
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Started(one) => {
                format!("Sign-in {} began: the password was correct", one.id)
            }
            Self::Changed(one) => match &one.step {
                Step::Totp => format!("Sign-in {} is waiting for a TOTP code", one.id),
                Step::Activation(step) => format!(
                    "Sign-in {} is waiting for the activation code for {}: codes sent: {}, tries left: {}",
                    one.id, step.device, step.sent, step.tries_left
                ),
            },
            Self::Finished { attempt } => format!("Sign-in {attempt} succeeded"),
            Self::Dropped { attempt } => format!("Sign-in {attempt} has ended"),
        }
    }
}

pub(crate) fn apply(slice: &mut Slice, event: &Event) {
    match event {
        Event::Started(attempt) | Event::Changed(attempt) => {
            put(&mut slice.attempts, attempt.clone(), |one| one.id);
        }
        Event::Finished { attempt } | Event::Dropped { attempt } => {
            slice.attempts.retain(|one| one.id != *attempt);
        }
    }
}
