//! Networks that the person of a session was proven at, and whether it is used from another one.

use std::net::IpAddr;

use access::session::Session;
use access::{Digest, PersonId, SessionId, Time, network};

use super::record::{Record, is_elsewhere};
use super::{Sessions, Table, Visitor};

/// Networks of one session that are told of in one look: the server looks each second.
const MOST_MOVES: usize = 8;

impl Sessions {
    /// The open sessions that came from another network since the last time, and from where.
    pub(crate) fn moved(&self) -> Vec<(PersonId, SessionId, IpAddr)> {
        let mut table = self.lock();
        let mut list = Vec::new();
        for (id, from) in std::mem::take(&mut table.moved) {
            let person = table.person(id);
            list.extend(from.iter().filter_map(|address| Some((person?, id, *address))));
        }
        list
    }
}

impl Table {
    /// A stay shorter than the time between two looks is told of as well.
    pub(super) fn note_move(&mut self, id: SessionId, address: IpAddr) {
        let from = self.moved.entry(id).or_default();
        if from.len() < MOST_MOVES {
            from.insert(address);
        }
    }

    /// Lets a request in: its use slides the idle limit. Says whether it comes from a network that the
    /// session's person was not proven at. Its person is told of a new network whether or not a use
    /// brought the session there.
    pub(super) fn arrive(
        &mut self,
        at: usize,
        token: &Digest,
        by: &Visitor<'_>,
        now: Time,
    ) -> Option<bool> {
        let record = self.records.get_mut(at)?;
        record.note_arrival(token, now);
        let before = record.address;
        let moves = is_elsewhere(before, Some(by.address));
        if by.is_use {
            record.used = now;
            record.unwritten = true;
            record.address = Some(by.address.to_canonical());
            if moves {
                record.place(before);
            }
        }
        // One that nobody used is in no record.
        let away = if by.is_use { record.elsewhere } else { record.is_away(by.address) };
        let id = record.id;
        if moves {
            self.note_move(id, by.address);
        }
        Some(away)
    }
}

impl Record {
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

    /// Says whether a session that came from another network than `before` is away from home. A
    /// session without homes was at its only one until now.
    fn place(&mut self, before: Option<IpAddr>) {
        let homes = &mut self.extra_mut().homes;
        homes.get_or_insert_with(|| before.map(network::of).into_iter().collect());
        self.elsewhere = self.address.is_some_and(|address| self.is_away(address));
    }

    /// Whether an address is at none of the networks that the session's person was proven at.
    fn is_away(&self, address: IpAddr) -> bool {
        match self.extra.as_ref().and_then(|extra| extra.homes.as_ref()) {
            Some(homes) => !homes.contains(&network::of(address)),
            None => is_elsewhere(self.address, Some(address)),
        }
    }
}
