//! What every handler shares: the gate, how the portal is reached, and which confirmations have
//! been used.

use std::net::IpAddr;
use std::sync::Arc;

use gate::Gate;
use url::Url;

use crate::cookie::Jar;
use crate::credential::Once;
use crate::subject::Purposes;
use crate::ticket::Confirmations;
use crate::trust::{Authority, Lan};

/// How the portal is reached and what it is part of.
#[derive(Debug, Clone)]
pub struct Config {
    /// Scheme, host and port that browsers use. Requests for another host are not answered.
    pub origin: Url,
    /// The data folder's id: part of every cookie's name.
    pub folder: String,
    /// Whether this is a demo folder: the outbox is shown to signed-in devices.
    pub demo: bool,
    /// What an acknowledgement outlives: shown in the foot of every page.
    pub durability: gate::Durability,
    /// The proxy in front, if any: from this address alone `X-Forwarded-For` is believed (its last entry).
    pub proxy: Option<IpAddr>,
    /// The authority that the server made for its certificate, if it made one.
    pub authority: Option<Authority>,
    /// How other devices on the network reach the portal, where that is another address than `origin`.
    pub lan: Option<Lan>,
}

impl Config {
    /// Whether browsers are to insist on HTTPS for this host, for a year. Not for a demo: at `localhost`, or a name of a
    /// network of one's own, it would bind whatever else is served there.
    pub fn is_strict(&self) -> bool {
        self.origin.scheme() == "https" && !self.demo && self.origin.domain() != Some("localhost")
    }
}

/// The state of the router; a clone is cheap.
#[derive(Clone)]
pub(crate) struct Portal(Arc<Inner>);

struct Inner {
    gate: Gate,
    config: Config,
    jar: Jar,
    confirmations: Confirmations,
    tokens: Once,
    purposes: Purposes,
}

impl Portal {
    pub(crate) fn new(gate: Gate, config: Config) -> Self {
        let jar = Jar::new(config.origin.scheme() == "https", &config.folder);
        let confirmations = Confirmations::new(gate.now());
        let (tokens, purposes) = (Once::default(), Purposes::default());
        Self(Arc::new(Inner { gate, config, jar, confirmations, tokens, purposes }))
    }

    pub(crate) fn gate(&self) -> &Gate {
        &self.0.gate
    }

    pub(crate) fn origin(&self) -> &Url {
        &self.0.config.origin
    }

    /// The portal as other devices reach it.
    pub(crate) fn for_devices(&self) -> &Url {
        self.0.config.lan.as_ref().map_or(self.origin(), |lan| &lan.portal)
    }

    /// The address at which passkeys work, where that is not this one.
    pub(crate) fn passkeys_elsewhere(&self) -> Option<&Url> {
        let home = &self.0.gate.config().portal_origin;
        (home.origin() != self.origin().origin()).then_some(home)
    }

    pub(crate) fn config(&self) -> &Config {
        &self.0.config
    }

    pub(crate) fn jar(&self) -> &Jar {
        &self.0.jar
    }

    /// Tokens of new credentials that wait for their page.
    pub(crate) fn tokens(&self) -> &Once {
        &self.0.tokens
    }

    /// What accounts are for.
    pub(crate) fn purposes(&self) -> &Purposes {
        &self.0.purposes
    }

    pub(crate) fn confirmations(&self) -> &Confirmations {
        &self.0.confirmations
    }
}
