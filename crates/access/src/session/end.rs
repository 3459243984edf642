//! Why a session has ended.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a session has ended.
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
    /// Its person said that what it did or asked for was not them.
    NotMe,
    /// The server was upgraded: what it could do was decided by rules that no longer hold.
    Upgraded,
    /// The last mandate of its person was revoked.
    MandateRevoked,
}

impl SessionEnd {
    /// Every reason.
    pub const ALL: [Self; 12] = [
        Self::SignedOut,
        Self::EndedByPerson,
        Self::EndedByOperator,
        Self::Idle,
        Self::Absolute,
        Self::DeviceRemoved,
        Self::AuthenticatorChanged,
        Self::Locked,
        Self::Replaced,
        Self::NotMe,
        Self::Upgraded,
        Self::MandateRevoked,
    ];

    /// Its name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::EndedByPerson => "ended_by_person",
            Self::EndedByOperator => "ended_by_operator",
            Self::Idle => "idle",
            Self::Absolute => "absolute",
            Self::DeviceRemoved => "device_removed",
            Self::AuthenticatorChanged => "authenticator_changed",
            Self::Locked => "locked",
            Self::Replaced => "replaced",
            Self::NotMe => "not_me",
            Self::Upgraded => "upgraded",
            Self::MandateRevoked => "mandate_revoked",
        }
    }
}

impl fmt::Display for SessionEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SignedOut => "signed out",
            Self::EndedByPerson => "you ended it from another session",
            Self::EndedByOperator => "ended by the operator",
            Self::Idle => "it was idle for too long",
            Self::Absolute => "it reached its maximum length",
            Self::DeviceRemoved => "its device was removed or blocked",
            Self::AuthenticatorChanged => "the password or authenticator app was changed or reset",
            Self::Locked => "everything was locked",
            Self::Replaced => "this browser signed in again",
            Self::NotMe => "you answered that it was not you",
            Self::Upgraded => "the server was upgraded",
            Self::MandateRevoked => "your authority on the last account was revoked",
        })
    }
}
