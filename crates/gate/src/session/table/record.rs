//! What is kept of one session.

use std::net::IpAddr;

use access::address::Network;
use access::session::{Session, SessionEnd};
use access::{DeviceId, Digest, LockId, PublicKey, SessionId, Span, Time, network};
use store::SessionUse;

use super::index::Half;
use crate::binding::Seen;

/// How long a session that ended can still be told why.
pub(crate) const REMEMBERED: Span = Span::hours(1);

/// What every session has of its own.
pub(super) struct Record {
    pub(super) id: SessionId,
    /// Of its token.
    pub(super) token: Half,
    /// Of the key of its browser that signs its requests, if one does.
    pub(super) key: Option<Half>,
    pub(super) device: DeviceId,
    /// Where it was used last.
    pub(super) address: Option<IpAddr>,
    pub(super) started: Time,
    pub(super) used: Time,
    pub(super) class: u32,
    /// Its last use is not in the tables yet.
    pub(super) unwritten: bool,
    /// It was used last from a network that its person was not proven at.
    pub(super) elsewhere: bool,
    pub(super) extra: Option<Box<Extra>>,
}

/// A session that nobody uses takes 160 bytes at most: this, its place in two indexes and in its
/// class, and what growing containers leave empty.
const _: () = assert!(size_of::<Record>() <= 112);

/// What few sessions have, or sessions have for a while.
#[derive(Default, PartialEq)]
pub(super) struct Extra {
    pub(super) ended: Option<(Time, SessionEnd)>,
    /// Its end was announced.
    pub(super) announced: bool,
    /// The lock whose receipt is all that it still shows.
    pub(super) receipt: Option<LockId>,
    pub(super) hardware: Option<PublicKey>,
    /// When its hardware first answered.
    pub(super) answering: Option<Time>,
    /// When its person was proven again.
    pub(super) proven: Option<Time>,
    /// From when its browser should renew its key.
    pub(super) renews: Option<Time>,
    /// The networks that its person was proven at, where it came from another one since.
    pub(super) homes: Option<Vec<Network>>,
    /// What it showed lately.
    pub(super) seen: Option<Seen>,
    /// Tokens that a proof replaced.
    pub(super) former: Vec<Former>,
    /// The key before the one that its browser renewed: what still comes under it is late, and no copy.
    pub(super) former_key: Option<Half>,
    pub(super) suspect: Suspect,
}

/// A token that a proof replaced.
#[derive(PartialEq)]
pub(super) struct Former {
    pub(super) token: Half,
    /// Since when the session's browser has a later one; none while that has not come.
    pub(super) since: Option<Time>,
}

impl Former {
    /// Whether its successor came so long ago that nothing that comes with it tells anything.
    pub(super) fn is_late(&self, now: Time) -> bool {
        self.since.is_some_and(|since| now.since(since) >= REMEMBERED)
    }
}

/// What came of a session that looks like a copy of its cookie.
#[derive(Default, PartialEq)]
pub(super) struct Suspect {
    pub(super) count: u8,
    pub(super) told: Option<Time>,
}

impl Record {
    pub(super) fn new(session: &Session, used: Option<&SessionUse>, class: u32) -> Self {
        let address = used.map_or(session.address, |one| one.address);
        Self {
            id: session.id,
            token: half(&session.token),
            key: None,
            device: session.device,
            address: address.map(|address| address.to_canonical()),
            started: session.started_at,
            used: used.map_or(session.started_at, |one| one.at),
            class,
            unwritten: false,
            elsewhere: false,
            extra: None,
        }
    }

    pub(super) fn extra_mut(&mut self) -> &mut Extra {
        self.extra.get_or_insert_default()
    }

    /// What `get` finds in its extra.
    pub(super) fn extra<T>(&self, get: impl FnOnce(&Extra) -> Option<T>) -> Option<T> {
        self.extra.as_deref().and_then(get)
    }

    pub(super) fn ended(&self) -> Option<(Time, SessionEnd)> {
        self.extra(|extra| extra.ended)
    }

    pub(super) fn receipt(&self) -> Option<LockId> {
        self.extra(|extra| extra.receipt)
    }

    pub(super) fn hardware(&self) -> Option<PublicKey> {
        self.extra(|extra| extra.hardware)
    }

    pub(super) fn proven_at(&self) -> Time {
        self.extra(|extra| extra.proven).unwrap_or(self.started)
    }

    /// Its last use, once, for the tables.
    pub(super) fn take_use(&mut self) -> Option<SessionUse> {
        let fresh = std::mem::take(&mut self.unwritten);
        fresh.then_some(SessionUse { session: self.id, at: self.used, address: self.address })
    }
}

/// Whether an address is at another network than the one before.
pub(super) fn is_elsewhere(before: Option<IpAddr>, now: Option<IpAddr>) -> bool {
    before != now && before.map(network::of) != now.map(network::of)
}

/// The first half of a digest.
pub(super) fn half(digest: &Digest) -> Half {
    digest.0.first_chunk().copied().unwrap_or_default()
}

/// Stands for a key.
pub(super) fn fingerprint(key: &PublicKey) -> Half {
    half(&Digest::of(key.bytes()))
}
