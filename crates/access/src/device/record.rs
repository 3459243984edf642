//! What is kept of devices.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::role::DeviceRole;
use crate::agent::Agent;
use crate::binding::PublicKey;
use crate::entitlements::{Acts, Narrowing};
use crate::id::{DeviceId, PersonId};
use crate::moment::{Span, Time};
use crate::name::Name;
use crate::secret::{Digest, SealedSecret};
use crate::session::{Method, Session};

/// How long a device is trusted after its activation, and after each renewal.
pub const TRUST: Span = Span::days(90);

/// In this last part of its trust a device renews it by its key, without a prompt.
pub const RENEWAL: Span = Span::days(30);

/// A browser profile of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Its id.
    pub id: DeviceId,
    /// The person.
    pub person: PersonId,
    /// Digest of the token that it holds; none before it is trusted.
    pub token: Option<Digest>,
    /// The key that signs its requests; none of a browser without script.
    pub key: Option<PublicKey>,
    /// What it may be used for.
    pub role: DeviceRole,
    /// Whether more than a typed code stands behind its activation.
    pub confirmed: bool,
    /// Whether it is a phone that answers approvals.
    pub approver: Approver,
    /// Its name, at first made from what the browser calls itself.
    pub name: Name,
    /// Its state.
    pub state: DeviceState,
    /// When it was first seen.
    pub created_at: Time,
    /// When it last signed in.
    pub last_seen_at: Time,
    /// From where it last signed in.
    pub last_address: Option<IpAddr>,
    /// What it calls itself; its first name, which no renaming changes.
    #[serde(default = "family_unknown")]
    pub family: Name,
    /// Whether its person said that it is not theirs: it is forgotten with its session.
    #[serde(default)]
    pub lent: bool,
    /// The device of the same person whose name and first day it took over.
    #[serde(default)]
    pub succeeds: Option<DeviceId>,
    /// From where it was first seen; none of one from before that was kept.
    #[serde(default)]
    pub first_address: Option<IpAddr>,
    /// What it said of itself when it last signed in.
    #[serde(default)]
    pub agent: Option<Agent>,
    /// How its person was proven when it last signed in.
    #[serde(default)]
    pub methods: Vec<Method>,
}

/// Of a device that was written down before families were.
pub(super) fn family_unknown() -> Name {
    Name::fixed("Browser")
}

/// Whether a device answers approvals.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Approver {
    /// No.
    #[default]
    No,
    /// It was offered by a link, and shows a number that has to be typed where the link was made.
    Offered {
        /// The number.
        number: SealedSecret,
    },
    /// Yes.
    Yes,
}

/// The state of a device, as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceState {
    /// Waits for its activation code.
    Pending,
    /// Trusted until this time.
    Trusted {
        /// The end of the trust.
        until: Time,
    },
    /// Refused for good.
    Blocked,
}

/// The state of a device now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Waits for its activation code.
    Pending,
    /// Trusted.
    Trusted,
    /// Was trusted; must be activated again.
    Expired,
    /// Refused for good.
    Blocked,
}

impl Device {
    /// Its state at this time.
    pub fn standing(&self, now: Time) -> Standing {
        match self.state {
            DeviceState::Pending => Standing::Pending,
            DeviceState::Trusted { until } if now < until => Standing::Trusted,
            DeviceState::Trusted { .. } => Standing::Expired,
            DeviceState::Blocked => Standing::Blocked,
        }
    }

    /// From when its browser renews its key.
    pub fn renews_from(&self) -> Option<Time> {
        match self.state {
            DeviceState::Trusted { until } if !self.lent => Some(until - RENEWAL),
            DeviceState::Trusted { .. } | DeviceState::Pending | DeviceState::Blocked => None,
        }
    }

    /// Whether it still has the name that it came with, maybe with a number.
    pub fn is_unnamed(&self) -> bool {
        let rest = self.name.as_str().strip_prefix(self.family.as_str());
        let number = |rest: &str| {
            let digits = rest.strip_prefix(" (").and_then(|rest| rest.strip_suffix(')'));
            digits.is_some_and(|digits| digits.bytes().all(|one| one.is_ascii_digit()))
        };
        rest.is_some_and(|rest| rest.is_empty() || number(rest))
    }

    /// A session began on it.
    pub(crate) fn signed_in(&mut self, session: &Session) {
        self.last_seen_at = session.started_at;
        self.last_address = session.address;
        if session.agent.is_some() {
            self.agent.clone_from(&session.agent);
            self.methods.clone_from(&session.methods);
        }
    }

    /// Whether it is a phone that can answer approvals now.
    pub fn answers(&self, now: Time) -> bool {
        self.approver == Approver::Yes && self.standing(now) == Standing::Trusted
    }

    /// What sessions on it may do, and the reason for what they may not.
    pub const fn narrows(&self) -> (Acts, Narrowing) {
        if self.confirmed {
            (self.role.acts(), Narrowing::Role(self.role))
        } else {
            (DeviceRole::View.acts(), Narrowing::Unconfirmed)
        }
    }
}
