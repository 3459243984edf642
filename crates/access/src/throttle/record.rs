//! What is kept of failures in a row.

use serde::{Deserialize, Serialize};

use crate::id::DeviceId;
use crate::moment::Time;
use crate::secret::Digest;

/// What is guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Factor {
    /// The password.
    Password,
    /// A TOTP code.
    Totp,
    /// A device's activation code.
    Activation,
    /// A recovery code.
    RecoveryCode,
}

impl Factor {
    /// Its name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Totp => "totp",
            Self::Activation => "activation",
            Self::RecoveryCode => "recovery_code",
        }
    }

    /// The factor of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [Self::Password, Self::Totp, Self::Activation, Self::RecoveryCode];
        all.into_iter().find(|one| one.name() == name)
    }
}

/// Where it is guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// At this trusted device.
    Device(DeviceId),
    /// Anywhere else.
    Untrusted,
}

/// Failures in a row of one factor at one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Counter {
    /// The factor.
    pub factor: Factor,
    /// The place.
    pub place: Place,
    /// How many.
    pub failures: u32,
    /// When the last one was.
    pub last_at: Time,
}

/// Failures in a row for a name that nobody has, so that it is answered like one that somebody has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stranger {
    /// Digest of the name; the name itself may be a password typed in the wrong field.
    pub name: Digest,
    /// How many.
    pub failures: u32,
    /// When the last one was.
    pub last_at: Time,
}
