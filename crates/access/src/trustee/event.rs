//! What can be asked about recovery contacts, what can happen, and what it does to a slice.

use serde::{Deserialize, Serialize};

use super::record::{Attested, Trustee};
use crate::approval::Say;
use crate::id::{PersonId, RecoveryId, TrusteeId};
use crate::name::Username;
use crate::secret::Secret;
use crate::slice::{Slice, put};

/// What is asked about contacts. The slice is that of the person who is helped.
pub enum Command {
    /// Names one.
    Name {
        /// By this name.
        username: String,
        /// Whose it is.
        found: Option<PersonId>,
    },
    /// Takes one away.
    Remove {
        /// The recovery contact.
        trustee: TrusteeId,
    },
    /// A contact agrees, or wants no part in it (any more).
    Agree {
        /// What the other person's data say.
        attested: Attested,
        /// Whether.
        yes: bool,
    },
    /// Tells a contact that they were named, or that a recovery asks them; asked by the server
    /// itself. The slice is the contact's.
    Tell {
        /// By whom.
        whom: Username,
        /// Whether a recovery asks.
        recovers: bool,
    },
    /// A contact answers a recovery.
    Vouch {
        /// What the other person's data say.
        attested: Attested,
        /// To which.
        recovery: RecoveryId,
        /// The answer.
        say: Say,
        /// The number that the recovering person read out.
        number: Secret,
    },
}

/// What happened to contacts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Named, or agreed.
    Changed(Trustee),
    /// Taken away.
    Removed {
        /// The recovery contact.
        trustee: TrusteeId,
    },
}

impl Event {
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Changed(one) if one.agreed_at.is_some() => "trustee.agreed",
            Self::Changed(_) => "trustee.named",
            Self::Removed { .. } => "trustee.removed",
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Changed(one) => match one.agreed_at {
                Some(_) => format!("{} agreed to be a recovery contact", one.username),
                None => format!("{} named as a recovery contact", one.username),
            },
            Self::Removed { trustee } => format!("Recovery contact {trustee} removed"),
        }
    }
}

pub(crate) fn apply(slice: &mut Slice, event: &Event) {
    match event {
        Event::Changed(one) => put(&mut slice.trustees, one.clone(), |one| one.id),
        Event::Removed { trustee } => slice.trustees.retain(|one| one.id != *trustee),
    }
}
