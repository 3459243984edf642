//! What proved a person, and where each of it came from.

use crate::id::{ApprovalId, AuthenticatorId};
use crate::link::Purpose;
use crate::session::Method;

/// One thing that was used to prove a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Used {
    Password,
    /// A code of this app; none where an earlier step took it and did not keep which.
    Totp(Option<AuthenticatorId>),
    /// A code of this set; none where an earlier step took it.
    RecoveryCode(Option<AuthenticatorId>),
    /// The code that activates a browser.
    Activation,
    Passkey(AuthenticatorId),
    Approval(ApprovalId),
    Link(Purpose),
    /// A recovery that was finished.
    Recovery,
}

impl Used {
    pub(crate) const fn method(self) -> Method {
        match self {
            Self::Password => Method::Password,
            Self::Totp(_) => Method::Totp,
            Self::RecoveryCode(_) => Method::RecoveryCode,
            Self::Activation => Method::Activation,
            Self::Passkey(_) => Method::Passkey,
            Self::Approval(_) => Method::Approval,
            Self::Link(Purpose::SignIn | Purpose::Phone) => Method::Link,
            Self::Link(Purpose::Enrolment) => Method::EnrolmentLink,
            Self::Recovery => Method::Recovery,
        }
    }
}

/// All that proved a person in one sign-in or step-up, in the order in which it was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proof {
    pub used: Vec<Used>,
}

impl Proof {
    pub(crate) fn of(used: impl Into<Vec<Used>>) -> Self {
        Self { used: used.into() }
    }

    pub(crate) fn methods(&self) -> Vec<Method> {
        self.used.iter().map(|used| used.method()).collect()
    }
}
