//! What every handler shares: the gate, how the portal is reached, and which confirmations were already taken.

use std::net::IpAddr;
use std::sync::Arc;

use gate::Gate;
use url::Url;

use crate::cookie::Jar;
use crate::credential::Once;
use crate::ticket::Confirmations;

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
}

impl Portal {
    pub(crate) fn new(gate: Gate, config: Config) -> Self {
        let jar = Jar::new(config.origin.scheme() == "https", &config.folder);
        let confirmations = Confirmations::new(gate.now());
        Self(Arc::new(Inner { gate, config, jar, confirmations, tokens: Once::default() }))
    }

    pub(crate) fn gate(&self) -> &Gate {
        &self.0.gate
    }

    pub(crate) fn origin(&self) -> &Url {
        &self.0.config.origin
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

    pub(crate) fn confirmations(&self) -> &Confirmations {
        &self.0.confirmations
    }
}
