//! The live sessions: found by token or id, slid, narrowed and ended in memory.
//!
//! A record has what differs from session to session. What the sessions of a person share (name,
//! how they were proven, limits, authority) is kept once, in a [`Class`]. A slot, which doors and the
//! order path hold, is made when somebody asks for it and let go when nobody has for a minute.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use access::address::Network;
use access::entitlements::Acts;
use access::lock::Grade;
use access::person::Person;
use access::session::{Interface, Method, Session, SessionEnd};
use access::{
    DeviceId, Digest, Entitlements, Holder, LockId, PaperAccountId, PersonId, PublicKey, Refusal,
    SealKey, SessionId, Span, Time,
};
use store::SessionUse;

use super::index::{Index, MOST};
use super::{REMEMBERED, SessionInfo, SessionTicket, WRITE_BACK};
use crate::binding::{Seen, Shows};
use crate::live::Slot;

mod bound;
mod copy;
mod token;

use copy::Copies;

/// Records of a piece of the table; a piece never moves.
const PIECE: usize = 1_024;
/// Records that one hold of the lock goes through when all are gone through.
const STRIDE: usize = 4 * PIECE;
/// How long a slot that nobody holds stays after its session's last use.
const SLOT_KEPT: Span = Span::minutes(1);

mod home;
mod narrow;
mod window;

use home::is_elsewhere;

/// All sessions that are open, and for an hour those that ended.
#[derive(Default)]
pub struct Sessions(Mutex<Table>);

/// A session that was asked for and has ended.
pub struct Over {
    /// Which.
    pub session: SessionId,
    /// Whose.
    pub owner: Arc<Person>,
    /// Why.
    pub refusal: Refusal,
}

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

/// An open session, as far as its hardware is concerned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    pub(crate) id: SessionId,
    pub(crate) person: PersonId,
    /// Where it was used last.
    pub(crate) address: Option<IpAddr>,
    pub(crate) hardware: Option<PublicKey>,
    /// Whether the token is its present one, and not one that a proof replaced a moment ago.
    pub(crate) current: bool,
}

/// What sessions of one person have in common. What a visit reads is kept together.
struct Class {
    person: PersonId,
    username: Arc<str>,
    account: PaperAccountId,
    acts: Acts,
    idle: Span,
    /// From beginning to end.
    lasts: Span,
    more: Box<More>,
}

struct More {
    owner: Arc<Person>,
    interface: Interface,
    methods: Vec<Method>,
    /// Their authority; holder and end are each session's own.
    given: Entitlements,
    count: usize,
}

/// What one session has of its own.
#[derive(Clone, Copy)]
struct Record {
    /// The first half of its token's digest: enough to tell tokens of 160 random bits apart.
    token: [u8; 16],
    /// The first half of the digest of its browser's key, when `KEY` says so.
    key: [u8; 16],
    id: SessionId,
    device: DeviceId,
    /// Where it was used last, when `ADDRESS` says so; IPv4 in its mapped place.
    address: [u8; 16],
    started: Time,
    used: Time,
    class: u32,
    flags: u8,
}

/// A million sessions are to take no more than 128 bytes each, with what finds them.
const _: () = assert!(size_of::<Record>() == 104);

/// Nothing is in this place.
const FREE: u8 = 1;
const ENDED: u8 = 2;
const ADDRESS: u8 = 4;
/// Its last use is not in the tables yet.
const UNWRITTEN: u8 = 8;
const RECEIPT: u8 = 16;
/// Its requests are signed by a key.
const KEY: u8 = 32;
/// It was used last from a network that its person was not proven at.
const ELSEWHERE: u8 = 64;

#[derive(Default)]
struct Table {
    pieces: Vec<Vec<Record>>,
    free: Vec<u32>,
    tokens: Index,
    ids: Index,
    classes: Vec<Option<Class>>,
    vacant: Vec<u32>,
    owners: BTreeMap<PersonId, (Arc<Person>, Vec<u32>)>,
    ended: BTreeMap<u32, (Time, SessionEnd)>,
    receipts: BTreeMap<u32, LockId>,
    /// Keys in hardware, of sessions that have one.
    hardware: BTreeMap<u32, PublicKey>,
    /// When the hardware of a session first answered.
    answering: BTreeMap<u32, Time>,
    /// When the person was proven again, of sessions where that was done.
    proven: BTreeMap<u32, Time>,
    /// What came of sessions that looks like a copy of their cookie.
    copies: Copies,
    former: token::Former,
    /// From when its browser should renew its key, of sessions in which that falls.
    renews: BTreeMap<u32, Time>,
    /// What was shown lately.
    seen: BTreeMap<u32, Seen>,
    /// When the server started, by our stamps and by the system's clock.
    started: Option<(Time, Time)>,
    slots: BTreeMap<u32, Arc<Slot>>,
    /// Sessions that came from other networks than before, and from where, since the last look.
    moved: BTreeMap<u32, BTreeSet<IpAddr>>,
    /// Networks that the person was proven at, of sessions that came from another one since.
    homes: BTreeMap<u32, Vec<Network>>,
    /// Sessions whose end was announced.
    announced: BTreeSet<u32>,
    written: Time,
    /// When sessions that end with a window were looked for last.
    looked: Time,
}

/// What a look through all sessions found.
#[derive(Default)]
pub(crate) struct Sweep {
    /// Sessions that passed a limit.
    pub(crate) over: Vec<(SessionId, PersonId, SessionEnd)>,
    /// Uses to write back.
    pub(crate) uses: Vec<SessionUse>,
}

impl Record {
    fn is(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    fn set_address(&mut self, address: Option<IpAddr>) {
        let bits = |address| match address {
            IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
            IpAddr::V6(v6) => v6.octets(),
        };
        self.address = address.map_or([0; 16], bits);
        self.flags = self.flags & !ADDRESS | if address.is_some() { ADDRESS } else { 0 };
    }

    fn address(&self) -> Option<IpAddr> {
        self.is(ADDRESS).then(|| IpAddr::V6(Ipv6Addr::from(self.address)).to_canonical())
    }
}

impl Class {
    fn until(&self, record: &Record) -> Time {
        record.started + self.lasts
    }

    /// Why a session of it is over by its limits.
    fn limit(&self, record: &Record, now: Time) -> Option<(Time, SessionEnd)> {
        let (until, idle_until) = (self.until(record), record.used + self.idle);
        if now >= until {
            return Some((until, SessionEnd::Absolute));
        }
        (now >= idle_until).then_some((idle_until, SessionEnd::Idle))
    }

    fn entitlements(&self, record: &Record) -> Entitlements {
        let given = &self.more.given;
        let acts = if record.is(RECEIPT) { Acts::NONE } else { given.acts };
        let until = given.until.min(self.until(record));
        let holder = Holder::Session(record.id);
        Entitlements { holder, until, acts, ..given.clone() }
    }

    fn narrow(&mut self, grade: Grade) {
        self.more.given = self.more.given.clone().locked(grade);
        self.acts = self.more.given.acts;
    }
}

impl Sessions {
    fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session of a token, for a request that shows what the session is bound to; its idle
    /// limit slides. None when it is not known.
    pub fn visit(
        &self,
        token: &Digest,
        visitor: &Visitor<'_>,
        now: Time,
    ) -> Option<Result<SessionTicket, Over>> {
        let mut table = self.lock();
        let Some(at) = table.by_token(token, now) else {
            table.meet_former(token, visitor, now);
            return None;
        };
        let over = table.why_over(at, now);
        let ended = |(at, reason)| Refusal::SessionEnded { at, reason };
        let checked = over.map_or(Ok(()), |over| Err(ended(over)));
        let address = visitor.address;
        let refused = checked.and_then(|()| table.check_bound(at, visitor, now)).err();
        if let Some(refusal) = &refused {
            table.suspect(at, visitor, refusal, now);
        }
        if refused.is_none() {
            table.note_arrival(at, token, now);
            let record = table.record_mut(at)?;
            let before = record.address();
            // Its person is told of a new network whether or not a use brought the session there.
            let elsewhere = is_elsewhere(before, Some(address));
            if visitor.is_use {
                record.used = now;
                record.flags |= UNWRITTEN;
                record.set_address(Some(address));
            }
            if elsewhere {
                table.note_move(at, address);
            }
            if elsewhere && visitor.is_use {
                table.place(at, before);
            }
        }
        // One that nobody used is in no record.
        let elsewhere = (!visitor.is_use).then(|| table.is_away(at, address));
        let (record, class) = table.both(at)?;
        if let Some(refusal) = refused {
            let owner = Arc::clone(&class.more.owner);
            return Some(Err(Over { session: record.id, owner, refusal }));
        }
        let key = visitor.shows.key.map(|shown| shown.key).filter(|_| record.is(KEY));
        let receipt = if record.is(RECEIPT) { table.receipts.get(&at).copied() } else { None };
        let acts = if receipt.is_some() { Acts::NONE } else { class.acts };
        Some(Ok(SessionTicket {
            session: record.id,
            person: class.person,
            username: Arc::clone(&class.username),
            account: class.account,
            device: record.device,
            address,
            since: record.started,
            idle_until: record.used + class.idle,
            until: class.until(record),
            key,
            hardware: table.hardware.contains_key(&at),
            proven_at: table.proven.get(&at).copied().unwrap_or(record.started),
            elsewhere: elsewhere.unwrap_or(record.is(ELSEWHERE)),
            fresh: false,
            renews: key.is_some() && table.renews.get(&at).is_some_and(|from| now >= *from),
            enrolling: acts == Acts::ENROL,
            receipt,
        }))
    }

    /// What is known of an open session, whatever a request shows.
    pub(crate) fn find(&self, token: &Digest, now: Time) -> Option<Result<Found, Refusal>> {
        let table = self.lock();
        let at = table.by_token(token, now)?;
        if let Some((at, reason)) = table.why_over(at, now) {
            return Some(Err(Refusal::SessionEnded { at, reason }));
        }
        let (record, class) = table.both(at)?;
        Some(Ok(Found {
            id: record.id,
            person: class.person,
            address: record.address(),
            hardware: table.hardware.get(&at).copied(),
            current: table.is_current(at, token),
        }))
    }

    /// Takes the answer of a session's hardware to a challenge of this time; each once.
    pub(crate) fn answered(
        &self,
        id: SessionId,
        challenge: Time,
        now: Time,
    ) -> Result<(), Refusal> {
        let mut table = self.lock();
        let at = table.by_id(id).ok_or(Refusal::NotSignedIn)?;
        table.seen(at).answer(challenge, now)
    }

    /// Says when the server started, once all sessions that stood then are in.
    pub(crate) fn started(&self, now: Time, wall: Time) {
        self.lock().started = Some((now, wall));
    }

    /// The slot of a session, or why it has none any more.
    pub(crate) fn slot(&self, id: SessionId) -> Result<Arc<Slot>, Refusal> {
        let mut table = self.lock();
        let at = table.by_id(id).ok_or(Refusal::NotSignedIn)?;
        if let Some((at, reason)) = table.ended.get(&at).copied() {
            return Err(Refusal::SessionEnded { at, reason });
        }
        if let Some(slot) = table.slots.get(&at) {
            return Ok(Arc::clone(slot));
        }
        let (record, class) = table.both(at).ok_or(Refusal::NotSignedIn)?;
        let slot = Slot::new(class.entitlements(record));
        table.slots.insert(at, Arc::clone(&slot));
        Ok(slot)
    }

    /// An open session as pages list it, without its device's name.
    pub(crate) fn info(&self, id: SessionId, now: Time) -> Option<SessionInfo> {
        let table = self.lock();
        let at = table.by_id(id)?;
        let (record, class) = table.both(at)?;
        let hardware = table.hardware.contains_key(&at);
        table.why_over(at, now).is_none().then(|| class.info(record, hardware))
    }

    /// Whose session it is, while it is open.
    pub(crate) fn person(&self, id: SessionId) -> Option<PersonId> {
        let table = self.lock();
        let (record, class) = table.both(table.by_id(id)?)?;
        (!record.is(ENDED)).then_some(class.person)
    }

    /// When the person of a session was proven last.
    pub(crate) fn proven_at(&self, id: SessionId) -> Option<Time> {
        let table = self.lock();
        let at = table.by_id(id)?;
        table.proven.get(&at).copied().or(Some(table.record(at)?.started))
    }

    /// Ends a session; the first reason stays.
    pub(crate) fn end(&self, id: SessionId, when: Time, reason: SessionEnd) {
        let mut table = self.lock();
        let Some(at) = table.by_id(id) else { return };
        if let Some(slot) = table.slots.remove(&at) {
            slot.end(Refusal::SessionEnded { at: when, reason });
        }
        table.ended.entry(at).or_insert((when, reason));
        if let Some(record) = table.record_mut(at) {
            record.flags |= ENDED;
        }
    }

    /// Takes every act from a session that keeps a receipt alone; the first receipt stays.
    pub(crate) fn keep_for_receipt(&self, id: SessionId, lock: LockId) {
        let mut table = self.lock();
        let Some(at) = table.by_id(id) else { return };
        table.receipts.entry(at).or_insert(lock);
        if let Some(record) = table.record_mut(at) {
            record.flags |= RECEIPT;
        }
        table.refresh(at);
    }

    /// Puts a session in, or gives one that is in it the authority that it has now. `used` is its
    /// last use, where the tables know of one.
    pub fn put(
        &self,
        person: &Person,
        session: &Session,
        given: Entitlements,
        used: Option<&SessionUse>,
    ) {
        let mut table = self.lock();
        let class = table.class(person, session, given);
        if let Some(at) = table.by_id(session.id) {
            table.reclass(at, class, session.receipt);
            table.retoken(at, session);
            table.bind(at, session);
            return;
        }
        let address = used.map_or(session.address, |one| one.address);
        let mut record = Record {
            token: half(&session.token),
            key: [0; 16],
            id: session.id,
            device: session.device,
            address: [0; 16],
            started: session.started_at,
            used: used.map_or(session.started_at, |one| one.at),
            class,
            flags: if session.receipt.is_some() { RECEIPT } else { 0 },
        };
        record.set_address(address);
        if let Some(at) = table.insert(record, session.receipt) {
            table.bind(at, session);
            if let Some(now) = address.filter(|_| is_elsewhere(session.address, address)) {
                table.note_move(at, now);
            }
        }
    }

    /// The open sessions that came from another network since the last time, and from where.
    pub(crate) fn moved(&self) -> Vec<(PersonId, SessionId, IpAddr)> {
        let mut table = self.lock();
        let moved = std::mem::take(&mut table.moved);
        let each =
            moved.into_iter().flat_map(|(at, from)| from.into_iter().map(move |one| (at, one)));
        let of = |(at, address)| {
            let (record, class) = table.both(at)?;
            (!record.is(ENDED)).then_some((class.person, record.id, address))
        };
        each.filter_map(of).collect()
    }

    /// Says from when the browser of a session should renew its key.
    pub(crate) fn renew_from(&self, id: SessionId, from: Option<Time>) {
        let mut table = self.lock();
        let Some(at) = table.by_id(id) else { return };
        match from {
            Some(from) => drop(table.renews.insert(at, from)),
            None => drop(table.renews.remove(&at)),
        }
    }

    /// The open sessions of one person, or of everybody; their devices' names are left empty.
    pub(crate) fn list(&self, person: Option<PersonId>, now: Time) -> Vec<SessionInfo> {
        let (mut list, mut from) = (Vec::new(), 0);
        loop {
            let table = self.lock();
            if from >= table.len() {
                return list;
            }
            for (at, record) in table.some(from) {
                let Some((_, class)) = table.both(at) else { continue };
                let wanted = person.is_none_or(|person| person == class.person);
                if wanted && table.why_over(at, now).is_none() {
                    list.push(class.info(record, table.hardware.contains_key(&at)));
                }
            }
            from += STRIDE;
        }
    }

    /// Forgets proofs that would be refused for their time alone.
    pub(crate) fn forget_proofs(&self, now: Time, wall: Time) {
        self.lock().seen.retain(|_, seen| seen.is_needed(now, wall));
    }

    /// Forgets sessions that ended long ago and slots that nobody holds; finds sessions that passed
    /// a limit; gives the last uses to write back every half minute, or now for `all`.
    pub(crate) fn sweep(&self, now: Time, all: bool) -> Sweep {
        let mut sweep = Sweep::default();
        let write = self.lock().begin_sweep(now) || all;
        let mut from = 0;
        loop {
            let mut table = self.lock();
            if from >= table.len() {
                return sweep;
            }
            table.sweep(from, now, write, &mut sweep);
            from += STRIDE;
        }
    }
}

impl Class {
    fn info(&self, record: &Record, hardware: bool) -> SessionInfo {
        SessionInfo {
            id: record.id,
            person: self.person,
            username: self.username.to_string(),
            device: record.device,
            device_name: String::new(),
            agent: None,
            address: record.address(),
            since: record.started,
            last_use: record.used,
            idle_until: record.used + self.idle,
            until: self.until(record),
            interface: self.more.interface,
            methods: self.more.methods.clone(),
            key: record.is(KEY),
            hardware,
        }
    }

    /// Whether a session with this authority belongs in it.
    fn suits(&self, session: &Session, given: &Entitlements) -> bool {
        self.idle == session.idle
            && self.lasts == session.until.since(session.started_at)
            && self.more.interface == session.interface
            && self.more.methods == session.methods
            && self.more.given == *given
    }
}

impl Table {
    fn len(&self) -> usize {
        self.pieces.last().map_or(0, |last| (self.pieces.len() - 1) * PIECE + last.len())
    }

    fn record(&self, at: u32) -> Option<&Record> {
        let (piece, place) = place(at);
        self.pieces.get(piece)?.get(place)
    }

    fn record_mut(&mut self, at: u32) -> Option<&mut Record> {
        let (piece, place) = place(at);
        self.pieces.get_mut(piece)?.get_mut(place)
    }

    fn both(&self, at: u32) -> Option<(&Record, &Class)> {
        let record = self.record(at)?;
        let class = usize::try_from(record.class).ok()?;
        Some((record, self.classes.get(class)?.as_ref()?))
    }

    fn by_id(&self, id: SessionId) -> Option<u32> {
        let is_it = |at| self.record(at).is_some_and(|record| record.id == id);
        self.ids.find(first(&id.0), is_it)
    }

    /// When and why a session ended or passed a limit.
    fn why_over(&self, at: u32, now: Time) -> Option<(Time, SessionEnd)> {
        let (record, class) = self.both(at)?;
        if record.is(ENDED) {
            return self.ended.get(&at).copied().or(Some((now, SessionEnd::Absolute)));
        }
        class.limit(record, now)
    }

    fn some(&self, from: usize) -> impl Iterator<Item = (u32, &Record)> {
        let ats = from..self.len().min(from + STRIDE);
        let record = |at: u32| Some((at, self.record(at)?));
        let ats = ats.filter_map(|at| u32::try_from(at).ok());
        ats.filter_map(record).filter(|(_, record)| !record.is(FREE))
    }

    /// The class of a session with this authority, made when there is none.
    fn class(&mut self, person: &Person, session: &Session, mut given: Entitlements) -> u32 {
        given.holder = Holder::System;
        if given.until == session.until {
            given.until = Time::FAR;
        }
        let (owner, theirs) =
            self.owners.entry(person.id).or_insert_with(|| (Arc::new(person.clone()), Vec::new()));
        let suits = |class: &u32| {
            let class = usize::try_from(*class).ok().and_then(|class| self.classes.get(class));
            class.and_then(Option::as_ref).is_some_and(|class| class.suits(session, &given))
        };
        if let Some(class) = theirs.iter().copied().find(suits) {
            return class;
        }
        let class = Class {
            person: person.id,
            username: person.username.as_str().into(),
            account: given.account,
            acts: given.acts,
            idle: session.idle,
            lasts: session.until.since(session.started_at),
            more: Box::new(More {
                owner: Arc::clone(owner),
                interface: session.interface,
                methods: session.methods.clone(),
                given,
                count: 0,
            }),
        };
        let vacant = self.vacant.pop();
        let place = vacant.and_then(|place| self.classes.get_mut(usize::try_from(place).ok()?));
        let number = if let (Some(number), Some(place)) = (vacant, place) {
            *place = Some(class);
            number
        } else {
            self.classes.push(Some(class));
            u32::try_from(self.classes.len() - 1).unwrap_or(u32::MAX)
        };
        theirs.push(number);
        number
    }

    fn count(&mut self, class: u32, joins: bool) {
        let place = usize::try_from(class).ok().and_then(|class| self.classes.get_mut(class));
        let Some(place) = place else { return };
        let Some(found) = place else { return };
        let count = &mut found.more.count;
        *count = if joins { *count + 1 } else { count.saturating_sub(1) };
        if *count > 0 {
            return;
        }
        let person = found.person;
        *place = None;
        self.vacant.push(class);
        if let Some((_, theirs)) = self.owners.get_mut(&person) {
            theirs.retain(|one| *one != class);
            if theirs.is_empty() {
                self.owners.remove(&person);
            }
        }
    }

    fn reclass(&mut self, at: u32, class: u32, receipt: Option<LockId>) {
        let Some(record) = self.record_mut(at) else { return };
        let old = std::mem::replace(&mut record.class, class);
        record.flags = record.flags & !RECEIPT | if receipt.is_some() { RECEIPT } else { 0 };
        match receipt {
            Some(lock) => drop(self.receipts.insert(at, lock)),
            None => drop(self.receipts.remove(&at)),
        }
        if old != class {
            self.count(class, true);
            self.count(old, false);
        }
        self.refresh(at);
    }

    /// Gives a slot that is out the authority that its session has now.
    fn refresh(&self, at: u32) {
        let (Some(slot), Some((record, class))) = (self.slots.get(&at), self.both(at)) else {
            return;
        };
        let now = class.entitlements(record);
        if *slot.entitlements() != now {
            slot.set(now);
        }
    }

    fn insert(&mut self, record: Record, receipt: Option<LockId>) -> Option<u32> {
        self.count(record.class, true);
        let at = self.free.pop().or_else(|| u32::try_from(self.len()).ok());
        let Some(at) = at.filter(|at| *at < MOST) else {
            tracing::error!("no room for one more session: its cookie will not be known");
            self.count(record.class, false);
            return None;
        };
        if let Some(place) = self.record_mut(at) {
            *place = record;
        } else if let Some(last) = self.pieces.last_mut().filter(|last| last.len() < PIECE) {
            last.push(record);
        } else {
            let mut piece = Vec::with_capacity(PIECE);
            piece.push(record);
            self.pieces.push(piece);
        }
        let pieces = &self.pieces;
        self.tokens.insert(first(&record.token), at, |at| token_hash(pieces, at));
        self.ids.insert(first(&record.id.0), at, |at| id_hash(pieces, at));
        if let Some(lock) = receipt {
            self.receipts.insert(at, lock);
        }
        Some(at)
    }

    fn forget(&mut self, at: u32) {
        let Some(record) = self.record(at).copied() else { return };
        let pieces = &self.pieces;
        self.tokens.remove(first(&record.token), at, |at| token_hash(pieces, at));
        self.ids.remove(first(&record.id.0), at, |at| id_hash(pieces, at));
        self.ended.remove(&at);
        self.receipts.remove(&at);
        self.hardware.remove(&at);
        self.answering.remove(&at);
        self.former.forget(at);
        self.proven.remove(&at);
        self.copies.forget(at);
        self.renews.remove(&at);
        self.seen.remove(&at);
        self.slots.remove(&at);
        self.moved.remove(&at);
        self.homes.remove(&at);
        self.announced.remove(&at);
        self.count(record.class, false);
        if let Some(record) = self.record_mut(at) {
            record.flags = FREE;
        }
        self.free.push(at);
    }

    /// Lets slots go that nobody has held for a while; true when it is time to write uses back.
    fn begin_sweep(&mut self, now: Time) -> bool {
        let mut slots = std::mem::take(&mut self.slots);
        slots.retain(|at, slot| {
            let used = self.record(*at).map_or(now, |record| record.used);
            Arc::strong_count(slot) > 1 || now.since(used) < SLOT_KEPT
        });
        self.slots = slots;
        self.forget_former(now);
        let write = now.since(self.written) >= WRITE_BACK;
        if write {
            self.written = now;
        }
        write
    }

    fn sweep(&mut self, from: usize, now: Time, write: bool, sweep: &mut Sweep) {
        let (mut old, mut written) = (Vec::new(), Vec::new());
        for (at, record) in self.some(from) {
            let Some((_, class)) = self.both(at) else { continue };
            if record.is(ENDED) {
                // Its device was used with it, which the end did not write.
                if write && record.is(UNWRITTEN) {
                    let address = record.address();
                    sweep.uses.push(SessionUse { session: record.id, at: record.used, address });
                    written.push(at);
                }
                if self.ended.get(&at).is_none_or(|(end, _)| now.since(*end) >= REMEMBERED) {
                    old.push(at);
                }
            } else if let Some((_, reason)) = class.limit(record, now) {
                sweep.over.push((record.id, class.person, reason));
            } else if write && record.is(UNWRITTEN) {
                let address = record.address();
                sweep.uses.push(SessionUse { session: record.id, at: record.used, address });
                written.push(at);
            }
        }
        for at in old {
            self.forget(at);
        }
        for at in written {
            if let Some(record) = self.record_mut(at) {
                record.flags &= !UNWRITTEN;
            }
        }
    }
}

fn place(at: u32) -> (usize, usize) {
    let at = usize::try_from(at).unwrap_or(usize::MAX);
    (at / PIECE, at % PIECE)
}

fn token_hash(pieces: &[Vec<Record>], at: u32) -> u64 {
    let (piece, place) = place(at);
    let record = pieces.get(piece).and_then(|piece| piece.get(place));
    record.map_or(0, |record| first(&record.token))
}

fn id_hash(pieces: &[Vec<Record>], at: u32) -> u64 {
    let (piece, place) = place(at);
    let record = pieces.get(piece).and_then(|piece| piece.get(place));
    record.map_or(0, |record| first(&record.id.0))
}

/// The first half of a digest.
fn half(digest: &Digest) -> [u8; 16] {
    digest.0.first_chunk().copied().unwrap_or_default()
}

/// Stands for a key: 128 bits of its digest, for which no other key can be made.
fn fingerprint(key: &PublicKey) -> [u8; 16] {
    half(&Digest::of(key.bytes()))
}

/// Digests and ids are uniform already: their first bytes are their hash.
fn first(bytes: &[u8]) -> u64 {
    bytes.first_chunk::<8>().map_or(0, |first| u64::from_le_bytes(*first))
}

#[cfg(test)]
mod tests;
