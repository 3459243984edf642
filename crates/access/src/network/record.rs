//! What is kept of networks.

use std::net::{IpAddr, Ipv4Addr};

use serde::{Deserialize, Serialize};

use crate::address::{Network, translated};
use crate::id::PersonId;
use crate::moment::{Span, Time};

/// How long a network stays known after its last use.
pub const MEMORY: Span = Span::days(90);

/// A use within this time of the last one is not written again.
pub(super) const FRESH: Span = Span::days(1);

/// A network that a person was seen at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// The person.
    pub person: PersonId,
    /// The network.
    pub network: Network,
    /// When first.
    pub first_at: Time,
    /// When last, to a day.
    pub last_at: Time,
}

/// The network of an address, as far as it tells places apart: 24 bits of IPv4, 64 of IPv6. This
/// machine is one place, whichever of its loopback addresses a browser takes.
pub fn of(address: IpAddr) -> Network {
    let address = translated(address);
    let address = if address.is_loopback() { Ipv4Addr::LOCALHOST.into() } else { address };
    let prefix = if address.is_ipv4() { 24 } else { 64 };
    Network::new(address, prefix).unwrap_or_else(|| Network::host(address))
}

/// Where an address is, as far as it says by itself: on the server's own machine, or in a network
/// that nobody reaches from outside.
pub fn place(address: IpAddr) -> Option<&'static str> {
    let address = address.to_canonical();
    let local = match address {
        IpAddr::V4(v4) => v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
    };
    if address.is_loopback() {
        return Some("this machine");
    }
    local.then_some("local network")
}
