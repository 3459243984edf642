//! What is kept of recovery contacts.

use serde::{Deserialize, Serialize};

use crate::approval::Say;
use crate::guard::Reads;
use crate::id::{PersonId, TrusteeId};
use crate::moment::Time;
use crate::name::Username;
use crate::secret::SealedSecret;

/// Contacts that a person may name.
pub const MOST: usize = 5;

/// Somebody whom a person named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trustee {
    /// Its id.
    pub id: TrusteeId,
    /// Who named them.
    pub person: PersonId,
    /// The name that was typed.
    pub username: Username,
    /// Whose name it is; none for one that nobody has.
    pub trustee: Option<PersonId>,
    /// Since when they agree; none before they do.
    pub agreed_at: Option<Time>,
    /// When they were named.
    pub named_at: Time,
}

/// What a recovery asks of a contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Whom.
    pub trustee: PersonId,
    /// Their name.
    pub username: Username,
    /// The number that the recovering page shows for them.
    pub number: SealedSecret,
    /// Wrong numbers that are left.
    pub tries_left: u32,
    /// What they said, and when.
    pub said: Option<(Say, Time)>,
}

/// A contact who acts: a live session of theirs that may, and whose person was proven lately. Made
/// by [`super::attest`] alone.
pub struct Attested {
    pub(super) person: PersonId,
    pub(super) username: Username,
    pub(super) reads: Reads,
}

impl Attested {
    /// What the look was based on: it is worth nothing once that has changed.
    pub const fn reads(&self) -> &Reads {
        &self.reads
    }
}
