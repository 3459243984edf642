//! What can be asked about networks, what can happen, and what it does to a slice.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::record::Known;
use crate::id::SessionId;
use crate::slice::{Slice, put};

/// What is asked about networks.
pub enum Command {
    /// A session was used from another network than before; asked by the server itself.
    Seen {
        /// The session.
        session: SessionId,
        /// From where.
        address: IpAddr,
    },
}

/// What happened to networks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Seen now.
    Seen(Known),
}

impl Event {
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Seen(_) => "network.seen",
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Seen(one) => {
                format!("Network {} seen, known since {}", one.network, one.first_at)
            }
        }
    }
}

pub(crate) fn apply(slice: &mut Slice, event: &Event) {
    let Event::Seen(known) = event;
    put(&mut slice.networks, *known, |one| one.network);
}
