//! What is kept in memory of one session, and what each request does to it: [`bound`], [`token`], [`home`],
//! [`copy`]. Where it is kept, and what it shares with others, is the [table](super::table)'s.

use std::net::IpAddr;

use access::address::Network;
use access::refusal::SessionRefusal;
use access::session::{Session, SessionEnd};
use access::{
    DeviceId, Digest, LockId, PublicKey, Refusal, SealKey, SessionId, Span, Time, network,
};
use store::SessionUse;

use crate::binding::{Seen, Shows};

mod bound;
mod copy;
mod home;
mod token;

/// How long a session that ended can still be told why.
pub(crate) const REMEMBERED: Span = Span::hours(1);
/// How long requests may be on their way that began before their session was bound to hardware, or
/// got a new token.
const UNDER_WAY: Span = Span::seconds(10);

/// Half of a digest: enough to tell tokens of 160 random bits apart, and keys of which nobody can
/// make a second one for it.
pub(super) type Half = [u8; 16];

/// Who comes with a token.
pub struct Visitor<'a> {
    /// What the request shows.
    pub shows: Shows<'a>,
    /// From where.
    pub address: IpAddr,
    /// Checks cookies of our own.
    pub secret: &'a SealKey,
    /// Whether its person used it: then its idle limit slides.
    pub is_use: bool,
}

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
    unwritten: bool,
    /// It was used last from a network that its person was not proven at.
    elsewhere: bool,
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
    hardware: Option<PublicKey>,
    /// When its hardware first answered.
    answering: Option<Time>,
    /// When its person was proven again.
    proven: Option<Time>,
    /// From when its browser should renew its key.
    pub(super) renews: Option<Time>,
    /// The networks that its person was proven at, where it came from another one since.
    homes: Option<Vec<Network>>,
    /// What it showed lately.
    seen: Option<Seen>,
    /// Tokens that a proof replaced.
    pub(super) former: Vec<Former>,
    /// The key before the one that its browser renewed: what still comes under it is late, and no copy.
    former_key: Option<Half>,
    suspect: Suspect,
}

/// A token that a proof replaced.
#[derive(PartialEq)]
pub(super) struct Former {
    pub(super) token: Half,
    /// Since when the session's browser has a later one; none while that has not come.
    since: Option<Time>,
}

/// What came of a session that looks like a copy of its cookie.
#[derive(Default, PartialEq)]
struct Suspect {
    count: u8,
    told: Option<Time>,
}

impl Record {
    /// A session as its slice has it, where it was `used` last if the tables know of a use.
    pub(super) fn new(session: &Session, used: Option<&SessionUse>, class: u32) -> Self {
        let address = used.map_or(session.address, |one| one.address);
        let mut record = Self {
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
        };
        record.follow(session);
        record
    }

    /// Keeps what its slice says of it now: what binds it, when and where its person was proven, and what
    /// it was told and shows.
    pub(super) fn follow(&mut self, session: &Session) {
        let key = session.key.map(|key| fingerprint(&key));
        if let Some(before) = self.key.filter(|before| key.is_some_and(|key| key != *before)) {
            self.extra_mut().former_key = Some(before);
        }
        self.key = key;
        if session.hardware.is_some() {
            self.extra_mut().hardware = session.hardware;
        }
        if session.proven_at != session.started_at {
            self.extra_mut().proven = Some(session.proven_at);
        }
        if session.receipt.is_some() || session.announced || self.extra.is_some() {
            let extra = self.extra_mut();
            (extra.receipt, extra.announced) = (session.receipt, session.announced);
        }
        self.settle(session);
    }

    pub(super) fn extra_mut(&mut self) -> &mut Extra {
        self.extra.get_or_insert_default()
    }

    /// What `get` finds in its extra.
    pub(super) fn extra<T>(&self, get: impl FnOnce(&Extra) -> Option<T>) -> Option<T> {
        self.extra.as_deref().and_then(get)
    }

    /// When and why it ended.
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

    /// Forgets what counts no longer; gives the tokens that tell nothing any more. `wall` is the system's
    /// clock.
    pub(super) fn tidy(&mut self, now: Time, wall: Time) -> Vec<Half> {
        let Some(extra) = &mut self.extra else { return Vec::new() };
        extra.seen.take_if(|seen| !seen.is_needed(now, wall));
        // Their successor came so long ago that nothing that comes with them tells anything.
        let is_late = |one: &mut Former| one.since.is_some_and(|at| now.since(at) >= REMEMBERED);
        let late = extra.former.extract_if(.., is_late).map(|one| one.token).collect();
        self.extra.take_if(|extra| **extra == Extra::default());
        late
    }
}

/// The refusal of whatever comes for a session that ended.
pub(super) fn over((at, reason): (Time, SessionEnd)) -> Refusal {
    SessionRefusal::SessionEnded { at, reason }.into()
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
fn fingerprint(key: &PublicKey) -> Half {
    half(&Digest::of(key.bytes()))
}
