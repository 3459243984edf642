//! What is kept of planned travel.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::address::Network;
use crate::id::PersonId;
use crate::moment::{Span, Time};
use crate::name::Name;

/// Longest travel.
pub const LONGEST: Span = Span::days(90);

/// How far ahead it may be planned.
pub const AHEAD: Span = Span::days(365);

/// The widest network that may be expected, in leading bits: the largest blocks that one registry or provider holds. A
/// wider one names no place.
pub const WIDEST_IPV4: u8 = 8;

/// The same of IPv6.
pub const WIDEST_IPV6: u8 = 19;

/// A travel that a person planned; one at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The person.
    pub person: PersonId,
    /// From when.
    pub from: Time,
    /// Until when; it ends by itself.
    pub until: Time,
    /// Where to, in the person's words.
    pub place: Name,
    /// The only network that is expected; any for none.
    pub network: Option<Network>,
}

impl Plan {
    /// Whether it makes this address expected at this time.
    pub fn expects(&self, address: Option<IpAddr>, now: Time) -> bool {
        let runs = self.from <= now && now < self.until;
        let there = |network: Network| address.is_some_and(|one| network.contains(one));
        runs && self.network.is_none_or(there)
    }
}
