//! Sessions: what a person gets by signing in at one interface.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionEnd {
    /// Signed out.
    SignedOut,
    /// Ended from another session of the person.
    EndedByPerson,
    /// Ended by the operator.
    EndedByOperator,
    /// Not used for the idle limit.
    Idle,
    /// Older than the absolute limit.
    Absolute,
    /// Its device was removed or blocked.
    DeviceRemoved,
    /// A password or TOTP was reset or changed.
    AuthenticatorChanged,
    /// A lock of grade `all`.
    Locked,
    /// The same browser signed in again.
    Replaced,
}

impl fmt::Display for SessionEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SignedOut => "signed out",
            Self::EndedByPerson => "ended from another of your sessions",
            Self::EndedByOperator => "ended by the operator",
            Self::Idle => "not used for too long",
            Self::Absolute => "it reached its longest time",
            Self::DeviceRemoved => "its device was removed or blocked",
            Self::AuthenticatorChanged => "the password or TOTP was changed or reset",
            Self::Locked => "everything was locked",
            Self::Replaced => "this browser signed in again",
        })
    }
}
