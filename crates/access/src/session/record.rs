//! What is kept of sessions.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::method::Method;
use crate::address::Network;
use crate::agent::Agent;
use crate::binding::PublicKey;
use crate::entitlements::Acts;
use crate::id::{DeviceId, LockId, PersonId, SessionId};
use crate::moment::{Span, Time};
use crate::network::of as network_of;
use crate::policy::Assurance;
use crate::secret::Digest;
use crate::stay::Stay;

/// A way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interface {
    /// The Client Portal, in a browser.
    Portal,
    /// The portal on a phone that answers approvals.
    Phone,
    /// The desktop program.
    Desktop,
    /// The workstation.
    Workstation,
    /// The TWS socket, for programs.
    Socket,
    /// The web API, for a person's own programs.
    WebApi,
    /// Another company's app.
    App,
    /// The operator's command line.
    Operator,
}

impl Interface {
    /// Every interface.
    pub const ALL: [Self; 8] = [
        Self::Portal,
        Self::Phone,
        Self::Desktop,
        Self::Workstation,
        Self::Socket,
        Self::WebApi,
        Self::App,
        Self::Operator,
    ];

    /// Those whose policy a person sets. A credential at the socket has its own end and scopes, and
    /// the operator is known to the system that runs the server.
    pub const OF_PEOPLE: [Self; 6] =
        [Self::Portal, Self::Phone, Self::Desktop, Self::Workstation, Self::WebApi, Self::App];

    /// Its name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Portal => "portal",
            Self::Phone => "phone",
            Self::Desktop => "desktop",
            Self::Workstation => "workstation",
            Self::Socket => "socket",
            Self::WebApi => "web_api",
            Self::App => "app",
            Self::Operator => "operator",
        }
    }

    /// The acts that it offers.
    pub const fn acts(self) -> Acts {
        match self {
            Self::Portal | Self::Phone | Self::Desktop | Self::Workstation => Acts::ALL,
            Self::Socket | Self::WebApi | Self::App => Acts::VIEW.or(Acts::TRADE),
            Self::Operator => Acts::NONE,
        }
    }
}

impl fmt::Display for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Portal => "portal",
            Self::Phone => "phone",
            Self::Desktop => "desktop",
            Self::Workstation => "workstation",
            Self::Socket => "socket",
            Self::WebApi => "web API",
            Self::App => "app",
            Self::Operator => "operator",
        })
    }
}

/// A live session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// The person.
    pub person: PersonId,
    /// On which device.
    pub device: DeviceId,
    /// Digest of its token.
    pub token: Digest,
    /// At which interface.
    pub interface: Interface,
    /// How the person was proven.
    pub methods: Vec<Method>,
    /// The key of its browser that signs each of its requests.
    pub key: Option<PublicKey>,
    /// The key in its device's hardware that it is bound to as well.
    pub hardware: Option<PublicKey>,
    /// When its person was proven last: by its sign-in, or by a step-up.
    pub proven_at: Time,
    /// By what.
    #[serde(default)]
    pub proven_by: Vec<Method>,
    /// How surely, at best since it began.
    #[serde(default)]
    pub assurance: Assurance,
    /// From where it was begun.
    pub address: Option<IpAddr>,
    /// The networks that it was used from.
    #[serde(default)]
    pub networks: Vec<Seen>,
    /// When it began.
    pub started_at: Time,
    /// It ends when unused for this long.
    pub idle: Span,
    /// When it ends in any case.
    pub until: Time,
    /// Its person was told that it ends.
    #[serde(default)]
    pub announced: bool,
    /// The lock that it set and whose receipt is all that it still shows.
    pub receipt: Option<LockId>,
    /// Until when a recovery holds what its person does in it; it ends then.
    #[serde(default)]
    pub held_until: Option<Time>,
    /// How long its browser was asked to stay signed in.
    #[serde(default)]
    pub stay: Stay,
    /// What its browser said of itself; none of one from before that was kept.
    #[serde(default)]
    pub agent: Option<Agent>,
}

/// A network that a session was used from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The network.
    pub network: Network,
    /// Whether its person was proven there.
    pub proven: bool,
}

/// Networks of a session that are kept apart.
pub(super) const MOST_NETWORKS: usize = 8;

impl Session {
    /// Whether a copy of its cookie is worth nothing elsewhere.
    pub const fn is_bound(&self) -> bool {
        self.key.is_some() || self.hardware.is_some()
    }

    /// Whether an address is at a network that its person was not proven at in it. One from before
    /// networks were kept was proven where it began.
    pub fn is_elsewhere(&self, address: IpAddr) -> bool {
        let there = network_of(address);
        if self.networks.is_empty() {
            return self.address.is_some_and(|began| network_of(began) != there);
        }
        !self.networks.iter().any(|seen| seen.proven && seen.network == there)
    }

    /// Whether a network is known to it, proven or not.
    pub(crate) fn has_seen(&self, network: Network) -> bool {
        let began = self.address.map(network_of);
        self.networks.iter().any(|seen| seen.network == network)
            || (self.networks.is_empty() && began == Some(network))
    }

    /// Its networks with one more; with too many the first that nobody was proven at goes, else
    /// the first.
    pub(crate) fn networks_with(&self, network: Network, proven: bool) -> Vec<Seen> {
        let mut networks = self.networks.clone();
        if networks.is_empty() {
            let began = self.address.map(network_of);
            networks.extend(began.map(|network| Seen { network, proven: true }));
        }
        if let Some(seen) = networks.iter_mut().find(|seen| seen.network == network) {
            seen.proven |= proven;
            return networks;
        }
        if networks.len() >= MOST_NETWORKS {
            let gives_way = networks.iter().position(|seen| !seen.proven).unwrap_or(0);
            networks.remove(gives_way);
        }
        networks.push(Seen { network, proven });
        networks
    }
}
