//! What is kept of links.

use serde::{Deserialize, Serialize};

use crate::id::{LinkId, PersonId};
use crate::moment::{Span, Time};
use crate::secret::Digest;

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Signs in and trusts the browser: the demo's banner. 15 minutes.
    SignIn,
    /// Makes the phone that opens it one that answers approvals, once its number is typed where the
    /// link was made. 10 minutes.
    Phone,
    /// Signs in to set up password and TOTP, or a passkey; until then the session may do nothing
    /// else. 24 hours.
    Enrolment,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 3] = [Self::SignIn, Self::Enrolment, Self::Phone];

    /// Its name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Enrolment => "enrolment",
            Self::Phone => "phone",
        }
    }

    /// How long such a link works.
    pub const fn life(self) -> Span {
        match self {
            Self::SignIn => Span::minutes(15),
            Self::Enrolment => Span::hours(24),
            Self::Phone => Span::minutes(10),
        }
    }
}

/// A link that was not used yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Its id.
    pub id: LinkId,
    /// Whom it signs in.
    pub person: PersonId,
    /// Digest of its token.
    pub token: Digest,
    /// What for.
    pub purpose: Purpose,
    /// When it expires.
    pub until: Time,
}
