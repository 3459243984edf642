//! Networks that the person of a session was proven at, and whether it is used from another one.

use std::net::IpAddr;

use access::session::Session;
use access::{Digest, Time, network};

use super::{Record, Visitor, is_elsewhere};

/// What a request tells of where a session is.
pub(in crate::session) struct Arrival {
    /// It comes from a network that the session's person was not proven at.
    pub(in crate::session) elsewhere: bool,
    /// It comes from another network than the last use.
    pub(in crate::session) moves: bool,
}

impl Record {
    /// Lets a request in: its use slides the idle limit. One that nobody used is in no record, and tells
    /// of where it comes from like any other.
    pub(in crate::session) fn arrive(
        &mut self,
        token: &Digest,
        by: &Visitor<'_>,
        now: Time,
    ) -> Arrival {
        self.note_arrival(token, now);
        let before = self.address;
        let moves = is_elsewhere(before, Some(by.address));
        if !by.is_use {
            return Arrival { elsewhere: self.is_away(by.address), moves };
        }
        (self.used, self.unwritten) = (now, true);
        self.address = Some(by.address.to_canonical());
        if moves {
            // A session without homes was at its only one until now.
            let homes = &mut self.extra_mut().homes;
            homes.get_or_insert_with(|| before.map(network::of).into_iter().collect());
            self.elsewhere = self.is_away(by.address);
        }
        Arrival { elsewhere: self.elsewhere, moves }
    }

    /// Keeps where the session's person was proven while it is used from somewhere else.
    pub(super) fn settle(&mut self, session: &Session) {
        let address = self.address;
        self.elsewhere = address.is_some_and(|address| session.is_elsewhere(address));
        let proven = session.networks.iter().filter(|seen| seen.proven).map(|seen| seen.network);
        let mut homes: Vec<_> = proven.collect();
        if session.networks.is_empty() {
            homes.extend(session.address.map(network::of));
        }
        if !homes.iter().eq(address.map(network::of).iter()) {
            self.extra_mut().homes = Some(homes);
        } else if let Some(extra) = &mut self.extra {
            extra.homes = None;
        }
    }

    /// Whether an address is at none of the networks that the session's person was proven at.
    fn is_away(&self, address: IpAddr) -> bool {
        match self.extra.as_ref().and_then(|extra| extra.homes.as_ref()) {
            Some(homes) => !homes.contains(&network::of(address)),
            None => is_elsewhere(self.address, Some(address)),
        }
    }
}
