//! Why a recovery is over.

use serde::{Deserialize, Serialize};

/// Why a recovery has ended without a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecoveryEnd {
    /// Stopped by a session of its person.
    ByPerson,
    /// Stopped by the link of a notice.
    ByLink,
    /// Stopped by the operator.
    ByOperator,
    /// Its person signed in by what stood before.
    SignedIn,
    /// A lock of grade `all`.
    Locked,
    /// Nobody finished it.
    Lapsed,
    /// Its browser lost its key, and began another one.
    BegunAgain,
}

impl RecoveryEnd {
    /// In plain words, to follow `it was` or stand alone.
    pub const fn text(self) -> &'static str {
        match self {
            Self::ByPerson => "stopped from one of your sessions",
            Self::ByLink => "stopped with the link in a message",
            Self::ByOperator => "stopped by the operator",
            Self::SignedIn => "ended, because you signed in with what you had before",
            Self::Locked => "stopped by a lock",
            Self::Lapsed => "ended, because nobody finished it",
            Self::BegunAgain => "ended, because its browser lost its key and started another one",
        }
    }
}
