//! What is kept of credentials.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::call::By;
use crate::entitlements::Scopes;
use crate::id::{AccountId, CredentialId, PaperAccountId, PersonId};
use crate::moment::{Span, Time};
use crate::name::Name;
use crate::secret::Digest;

/// How long the port of a revoked credential is given to no other.
pub const PORT_REST: Span = Span::days(1);

/// What a program holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// Its id.
    pub id: CredentialId,
    /// The person whose authority it narrows.
    pub person: PersonId,
    /// Its account, or the first of its accounts.
    pub account: PaperAccountId,
    /// The others that it was made for, ascending. Records of older versions know none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<PaperAccountId>,
    /// Its name, unique among the live ones of its accounts.
    pub name: Name,
    /// What it is narrowed to.
    pub scopes: Scopes,
    /// Digest of the token that it demands; none demands none.
    pub token: Option<Digest>,
    /// The port that names it.
    pub port: u16,
    /// When it was made.
    pub created_at: Time,
    /// By whom.
    pub created_by: By,
    /// When and by whom it was revoked.
    pub revoked: Option<Revoked>,
    /// Since when and by whom it is paused. Records of older versions know no pause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<Paused>,
    /// The token before, and until when it works. Records of older versions know none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former: Option<Former>,
}

impl Credential {
    /// The accounts that it is for: those that were named when it was made, without any that it was withdrawn from.
    pub fn accounts(&self) -> impl Iterator<Item = PaperAccountId> {
        std::iter::once(self.account).chain(self.others.iter().copied())
    }

    /// Whether it is for this account.
    pub fn is_on(&self, account: impl Into<AccountId>) -> bool {
        let account = account.into();
        self.accounts().any(|one| account == one.into())
    }
}

/// A token that was replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Former {
    /// Its digest.
    pub token: Digest,
    /// Until when it works.
    pub until: Time,
}

/// A pause of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    /// When it happened.
    pub at: Time,
    /// By whom.
    pub by: By,
    /// Whether its resting orders go too: the server may stop before they are cancelled.
    pub cancel_orders: bool,
}

/// The end of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revoked {
    /// When it happened.
    pub at: Time,
    /// By whom.
    pub by: By,
    /// Whether its resting orders go too: the server may stop before they are cancelled.
    pub cancel_orders: bool,
}

/// When, from where and with what a credential was last used; the gate writes it in batches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastUse {
    /// When it happened.
    pub at: Time,
    /// From where.
    pub address: IpAddr,
    /// What the program calls itself.
    pub client: String,
}

/// What a new credential is to be.
pub struct NewCredential {
    /// Its name.
    pub name: String,
    /// Its accounts: one, or several that it is for by name.
    pub accounts: Vec<PaperAccountId>,
    /// What it is narrowed to; never more than its maker has.
    pub scopes: Scopes,
    /// Whether it demands a token.
    pub with_token: bool,
    /// Its port, chosen by [`super::free_port`] or by its maker.
    pub port: u16,
}

/// A port that a credential has or had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakenPort {
    /// The port.
    pub port: u16,
    /// Since when its credential is revoked; none while it lives.
    pub revoked_at: Option<Time>,
}

impl TakenPort {
    /// Whether it may be given again.
    pub(super) fn is_free(self, now: Time) -> bool {
        self.revoked_at.is_some_and(|at| at + PORT_REST <= now)
    }
}
