//! What is kept of credentials.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::door::Door;
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
    /// Digest of the token that it demands; none demands none, which only a socket may.
    pub token: Option<Digest>,
    /// The way in by which it is used.
    #[serde(flatten)]
    pub door: Door,
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
    /// The way in by which it is to be used; a port is chosen by [`super::free_port`] or by its maker.
    pub door: Door,
    /// Whether the server serves the HTTP API, as the gate knows: a credential for a door that is not there
    /// opens nothing.
    pub serves_api: bool,
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::refusal::Field;

    fn credential(door: Door) -> Credential {
        let at = Time::from_seconds(1_800_000_000);
        Credential {
            id: CredentialId([1; 16]),
            person: PersonId([2; 16]),
            account: PaperAccountId::FIRST,
            others: Vec::new(),
            name: Name::new(Field::CredentialName, "bot").unwrap(),
            scopes: Scopes::read_only(at + Span::days(1)),
            token: Some(Digest([3; 32])),
            door,
            created_at: at,
            created_by: By::System,
            revoked: None,
            paused: None,
            former: None,
        }
    }

    /// The JSON of evidence is hashed: that of a socket is what it was when a port was all there was.
    #[test]
    fn door_stands_in_json_where_the_port_stood() {
        for (door, wanted) in [
            (Door::Socket { port: 1_024 }, "\"port\":1024"),
            (Door::Socket { port: 7_497 }, "\"port\":7497"),
            (Door::Socket { port: u16::MAX }, "\"port\":65535"),
            (Door::Api, "\"door\":\"api\""),
        ] {
            let one = credential(door);
            let json = serde_json::to_string(&one).unwrap();
            let (token, at) = ("03".repeat(32), one.created_at.0);
            let around = format!("\"token\":\"{token}\",{wanted},\"created_at\":{at},");
            assert!(json.contains(&around), "{json}");
            assert_eq!(json.matches("\"port\"").count(), usize::from(door != Door::Api), "{json}");
            assert_eq!(json.matches("\"door\"").count(), usize::from(door == Door::Api), "{json}");
            assert_eq!(serde_json::from_str::<Credential>(&json).unwrap(), one);
        }
    }

    #[test]
    fn door_that_is_none_or_two_is_not_read() {
        let json = serde_json::to_string(&credential(Door::Api)).unwrap();
        for other in [
            "\"port\":7497,\"door\":\"api\"",
            "\"port\":7497,\"door\":\"socket\"",
            "\"door\":\"socket\"",
            "\"door\":\"window\"",
            "\"port\":65536",
            "\"port\":null",
            "\"gate\":1",
        ] {
            let other = json.replace("\"door\":\"api\"", other);
            assert!(serde_json::from_str::<Credential>(&other).is_err(), "{other}");
        }
    }
}
