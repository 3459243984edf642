//! What is kept of sign-ins.

use serde::{Deserialize, Serialize};

use crate::binding::Beginner;
use crate::id::{AttemptId, AuthenticatorId, DeviceId, PersonId, SessionId};
use crate::moment::{Span, Time};
use crate::proof::Used;
use crate::secret::{Digest, Secret};
use crate::session::Method;
use crate::stay::Stay;

/// How long an attempt waits for its next step.
pub const ATTEMPT_LIFE: Span = Span::minutes(10);

/// How long an activation code works: the longest that ASVS 6.5.5 lets a code live.
pub const CODE_LIFE: Span = Span::minutes(10);

/// Tries for one activation code.
pub const CODE_TRIES: u32 = 5;

/// Activation codes sent in one attempt.
pub const CODES_SENT: u32 = 3;

/// Wait before another activation code.
pub const RESEND_WAIT: Span = Span::seconds(30);

/// Attempts of one person at once; the oldest give way.
pub(super) const MOST_ATTEMPTS: usize = 5;

/// A sign-in under way: the password was right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Its id.
    pub id: AttemptId,
    /// The person.
    pub person: PersonId,
    /// Digest of the token that its browser holds for the present step.
    pub token: Digest,
    /// What is needed next.
    pub step: Step,
    /// When it began.
    pub started_at: Time,
    /// When it ends.
    pub until: Time,
    /// How long its person wants to stay signed in.
    #[serde(default)]
    pub stay: Stay,
    /// The browser that began it; its next steps come from there.
    #[serde(default)]
    pub begun: Beginner,
}

/// What an attempt needs next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A TOTP code.
    Totp,
    /// The code that activates a device.
    Activation(Activation),
}

/// A device that waits for its code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activation {
    /// The device.
    pub device: DeviceId,
    /// Digest of the code together with the attempt's token, which no table holds: the few digits
    /// cannot be found from it.
    pub code: Digest,
    /// When the code expires.
    pub code_until: Time,
    /// Wrong tries that are left.
    pub tries_left: u32,
    /// Codes that were sent.
    pub sent: u32,
    /// When the last one was.
    pub sent_at: Time,
    /// What proved the person beside the password.
    #[serde(default = "totp_method")]
    pub second: Method,
    /// The TOTP app, where a code of one did.
    #[serde(default)]
    pub app: Option<AuthenticatorId>,
}

impl Activation {
    /// What proved the person beside the password, as far as was kept.
    pub(super) fn second(&self) -> Used {
        match self.second {
            Method::RecoveryCode => Used::RecoveryCode(None),
            _ => Used::Totp(self.app),
        }
    }
}

/// What it was before there was a choice.
pub(super) fn totp_method() -> Method {
    Method::Totp
}

/// A sign-in that is done.
pub struct SignedIn {
    /// The person.
    pub person: PersonId,
    /// The session.
    pub session: SessionId,
    /// Its token, for a cookie.
    pub session_token: Secret,
    /// The device.
    pub device: DeviceId,
    /// Its token, for a cookie, if it is new.
    pub device_token: Option<Secret>,
    /// How long it stays signed in.
    pub stay: Stay,
    /// Whether it was to stay longer, and may not.
    pub stay_refused: bool,
}
