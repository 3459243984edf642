//! How a person was proven.

use serde::{Deserialize, Serialize};

/// How a person was proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// By password.
    Password,
    /// By a TOTP code.
    Totp,
    /// By a code for a new device.
    Activation,
    /// By a recovery code in place of a TOTP code.
    RecoveryCode,
    /// By a passkey that verified its user.
    Passkey,
    /// By a signed yes on a phone.
    Approval,
    /// By a recovery that has waited.
    Recovery,
    /// By a single-use sign-in link.
    Link,
    /// By a single-use enrolment link.
    EnrolmentLink,
}

impl Method {
    /// Its name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Totp => "totp",
            Self::Activation => "activation",
            Self::RecoveryCode => "recovery_code",
            Self::Passkey => "passkey",
            Self::Approval => "approval",
            Self::Recovery => "recovery",
            Self::Link => "link",
            Self::EnrolmentLink => "enrolment_link",
        }
    }

    /// In plain words, to follow `by`.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Totp => "a code from your app",
            Self::RecoveryCode => "a recovery code",
            Self::Activation => "an activation code",
            Self::Passkey => "passkey",
            Self::Approval => "an approval on a phone",
            Self::Recovery => "a recovery",
            Self::Link => "a sign-in link",
            Self::EnrolmentLink => "an enrolment link",
        }
    }
}
