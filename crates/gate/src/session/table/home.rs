//! Networks that the person of a session was proven at, and whether it is used from another one.

use std::net::IpAddr;

use access::network;
use access::session::Session;

use super::{ELSEWHERE, Record, Table};

/// Whether an address is at another network than the one before.
pub(super) fn is_elsewhere(before: Option<IpAddr>, now: Option<IpAddr>) -> bool {
    before != now && before.map(network::of) != now.map(network::of)
}

/// Networks of one session that are told of in one look: the server looks each second.
const MOST_MOVES: usize = 8;

impl Table {
    /// A stay shorter than the time between two looks is told of as well.
    pub(super) fn note_move(&mut self, at: u32, address: IpAddr) {
        let from = self.moved.entry(at).or_default();
        if from.len() < MOST_MOVES {
            from.insert(address);
        }
    }

    /// Where the session's person was proven, kept while it is used from somewhere else.
    pub(super) fn home(&mut self, at: u32, session: &Session) {
        let Some(record) = self.record_mut(at) else { return };
        let address = record.address();
        let away = address.is_some_and(|address| session.is_elsewhere(address));
        record.flags = record.flags & !ELSEWHERE | if away { ELSEWHERE } else { 0 };
        let proven = session.networks.iter().filter(|seen| seen.proven).map(|seen| seen.network);
        let mut homes: Vec<_> = proven.collect();
        if session.networks.is_empty() {
            homes.extend(session.address.map(network::of));
        }
        if homes.iter().eq(address.map(network::of).iter()) {
            self.homes.remove(&at);
        } else {
            self.homes.insert(at, homes);
        }
    }

    /// Says whether a session that came from another network than `before` is away from home. A
    /// session without homes was at its only one until now.
    pub(super) fn place(&mut self, at: u32, before: Option<IpAddr>) {
        self.homes.entry(at).or_insert_with(|| before.map(network::of).into_iter().collect());
        let address = self.record(at).and_then(Record::address);
        let away = address.is_some_and(|address| self.is_away(at, address));
        if let Some(record) = self.record_mut(at) {
            record.flags = record.flags & !ELSEWHERE | if away { ELSEWHERE } else { 0 };
        }
    }

    /// Whether an address is at none of the networks that the session's person was proven at.
    pub(super) fn is_away(&self, at: u32, address: IpAddr) -> bool {
        let there = network::of(address);
        match self.homes.get(&at) {
            Some(homes) => !homes.contains(&there),
            None => is_elsewhere(self.record(at).and_then(Record::address), Some(address)),
        }
    }
}
