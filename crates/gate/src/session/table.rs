//! The live sessions: found by token or id, slid, narrowed and ended in memory.
//!
//! A slab of records with two small indexes into it. A [`Record`] is what every session has and every
//! visit reads; what few sessions have is boxed beside it; what the sessions of a person share is kept
//! once, in a [`Class`](class::Class). A slot, which doors and the order path hold, is made when somebody
//! asks for it and let go when nobody has for a minute.
//!
//! The tables have all of this but the last minute's uses. It is here because a visit reads it, and
//! a visit waits for no database.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use access::entitlements::Acts;
use access::lock::Grade;
use access::person::Person;
use access::refusal::SessionRefusal;
use access::session::{Session, SessionEnd};
use access::{
    DeviceId, Digest, Entitlements, Holder, LockId, PaperAccountId, PersonId, PublicKey, Refusal,
    SessionId, Span, Time,
};
use slab::Slab;
use store::SessionUse;

use super::info::SessionInfo;
use super::record::{Half, REMEMBERED, Record, half, is_elsewhere, over};
use super::ticket::SessionTicket;
use crate::live::Slot;

mod class;
mod index;

use class::Classes;
use index::Index;

pub use super::record::Visitor;

/// How often uses are written back, and sessions looked for that end with a window, at most.
const WRITE_BACK: Span = Span::seconds(30);
/// Records that one hold of the lock goes through when all are gone through.
const STRIDE: usize = 4_096;
/// How long a slot that nobody holds stays after its session's last use.
const SLOT_KEPT: Span = Span::minutes(1);
/// Networks of one session that are told of in one look: the server looks each second.
const MOST_MOVES: usize = 8;

/// All sessions that are open, and for an hour those that ended.
#[derive(Default)]
pub struct Sessions(Mutex<Table>);

/// A session that was asked for and has ended, or that did not show what it is bound to.
pub struct Over {
    /// The session.
    pub session: SessionId,
    /// Its person.
    pub owner: Arc<Person>,
    /// Why the request gets nothing.
    pub refusal: Refusal,
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

struct Table {
    records: Slab<Record>,
    tokens: Index,
    ids: Index,
    /// Tokens that a proof replaced, and where their sessions are.
    former: BTreeMap<Half, u32>,
    classes: Classes,
    /// Of sessions that are in use, one for each account that is.
    slots: BTreeMap<u32, Vec<Arc<Slot>>>,
    /// Sessions that came from other networks than before, and from where, since the last look.
    moved: BTreeMap<SessionId, BTreeSet<IpAddr>>,
    /// Sessions of which a copy was used since the last look, and from where.
    copied: BTreeMap<SessionId, IpAddr>,
    /// When the server started, by our stamps and by the system's clock.
    started: Option<(Time, Time)>,
    written: Time,
}

/// What a look through all sessions found.
#[derive(Default)]
pub(crate) struct Sweep {
    /// Sessions that passed a limit.
    pub(crate) over: Vec<(SessionId, PersonId, SessionEnd)>,
    /// Sessions that end with a window within a day and were not told so.
    pub(crate) near: Vec<(SessionId, PersonId)>,
    /// Uses to write back.
    pub(crate) uses: Vec<SessionUse>,
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
            // What comes with a token that was replaced before opens nothing; without the browser's key
            // it is a copy of its cookie.
            if let Some(at) = table.former.get(&half(token)).copied() {
                table.check(at, visitor, now)?.err();
            }
            return None;
        };
        if let Err(refusal) = table.check(at, visitor, now)? {
            let (record, class) = table.both(at)?;
            let owner = Arc::clone(&class.owner);
            return Some(Err(Over { session: record.id, owner, refusal }));
        }
        Some(Ok(table.arrive(at, token, visitor, now)?))
    }

    /// What is known of an open session, whatever a request shows.
    pub(crate) fn find(&self, token: &Digest, now: Time) -> Option<Result<Found, Refusal>> {
        let table = self.lock();
        let (record, class) = table.both(table.by_token(token, now)?)?;
        if let Some(ended) = class.why_over(record, now) {
            return Some(Err(over(ended)));
        }
        Some(Ok(Found {
            id: record.id,
            person: class.owner.id,
            address: record.address,
            hardware: record.hardware(),
            current: record.token == half(token),
        }))
    }

    /// Says when the server started, once all sessions that stood then are in.
    pub(crate) fn started(&self, now: Time, wall: Time) {
        self.lock().started = Some((now, wall));
    }

    /// The slot of a session on an account, or why it has none any more.
    pub(crate) fn slot(
        &self,
        id: SessionId,
        account: PaperAccountId,
    ) -> Result<Arc<Slot>, Refusal> {
        let mut table = self.lock();
        let at = table.by_id(id).ok_or(SessionRefusal::NotSignedIn)?;
        let (record, class) = table.both(at).ok_or(SessionRefusal::NotSignedIn)?;
        if let Some(ended) = record.ended() {
            return Err(over(ended));
        }
        let slots = table.slots.get(&at).map(Vec::as_slice).unwrap_or_default();
        if let Some(slot) = slots.iter().find(|slot| slot.account == account) {
            return Ok(Arc::clone(slot));
        }
        let slot = Slot::new(class.on(record, account)?);
        table.slots.entry(at).or_default().push(Arc::clone(&slot));
        Ok(slot)
    }

    /// An open session as pages list it, without its device's name.
    pub(crate) fn info(&self, id: SessionId, now: Time) -> Option<SessionInfo> {
        let table = self.lock();
        table.info(table.by_id(id)?, now)
    }

    /// The open sessions of one person, or of everybody; their devices' names are left empty.
    pub(crate) fn list(&self, person: Option<PersonId>, now: Time) -> Vec<SessionInfo> {
        let mut list = Vec::new();
        if let Some(person) = person {
            let table = self.lock();
            list.extend(table.classes.members(person).filter_map(|at| table.info(at, now)));
        } else {
            self.each(|table, at| list.extend(table.info(at, now)));
        }
        list
    }

    /// Whose session it is, while it is open.
    pub(crate) fn person(&self, id: SessionId) -> Option<PersonId> {
        self.lock().person(id)
    }

    /// When the person of a session was proven last.
    pub(crate) fn proven_at(&self, id: SessionId) -> Option<Time> {
        self.lock().record(id).map(|record| record.proven_at())
    }

    /// Says that the hardware of a session is about to bind it.
    pub(crate) fn answers(&self, id: SessionId, now: Time) {
        if let Some(record) = self.lock().record(id) {
            record.answers(now);
        }
    }

    /// Takes the answer of a session's hardware to a challenge of this time; each once.
    pub(crate) fn answered(
        &self,
        id: SessionId,
        challenge: Time,
        now: Time,
    ) -> Result<(), Refusal> {
        let mut table = self.lock();
        let started = table.started;
        let record = table.record(id).ok_or(SessionRefusal::NotSignedIn)?;
        record.answered(challenge, started, now)
    }

    /// A proof gave the session this token, which it may have already.
    pub(crate) fn note_token(&self, session: SessionId, token: &Digest, now: Time) {
        let (mut table, token) = (self.lock(), half(token));
        let Some(at) = table.by_id(session).filter(|_| !table.former.contains_key(&token)) else {
            return;
        };
        let record = table.record(session).filter(|record| record.token != token);
        if record.map(|record| record.note_former(token, now)).is_some() {
            table.former.insert(token, at);
        }
    }

    /// Says from when the browser of a session should renew its key.
    pub(crate) fn renew_from(&self, id: SessionId, from: Option<Time>) {
        let mut table = self.lock();
        let record = table.record(id).filter(|one| from.is_some() || one.extra.is_some());
        if let Some(record) = record {
            record.extra_mut().renews = from;
        }
    }

    /// Puts a session in, or gives one that is in it the authority that it has now, on each of its
    /// accounts, the first one first; one without any may do nothing. `used` is its last use, where the
    /// tables know of one.
    pub fn put(
        &self,
        person: &Person,
        session: &Session,
        given: Vec<Entitlements>,
        used: Option<&SessionUse>,
    ) {
        let mut table = self.lock();
        let at = table.by_id(session.id);
        let given = if given.is_empty() {
            // What is left of a session whose person holds no account any more.
            at.and_then(|at| table.both(at)).map_or(given, |(_, class)| class.stripped())
        } else {
            given
        };
        let Some(class) = table.classes.class(person, session, given) else { return };
        match at {
            Some(at) => table.follow(at, session, class),
            None => table.insert(session, used, class),
        }
    }

    /// Ends a session; the first reason stays.
    pub(crate) fn end(&self, id: SessionId, at: Time, reason: SessionEnd) {
        let mut table = self.lock();
        let slots = table.by_id(id).and_then(|at| table.slots.remove(&at));
        for slot in slots.unwrap_or_default() {
            slot.end(over((at, reason)));
        }
        if let Some(record) = table.record(id) {
            record.extra_mut().ended.get_or_insert((at, reason));
        }
    }

    /// Takes every act from a session that keeps a receipt alone; the first receipt stays.
    pub(crate) fn keep_for_receipt(&self, id: SessionId, lock: LockId) {
        let mut table = self.lock();
        let Some(at) = table.by_id(id) else { return };
        if let Some(record) = table.record(id) {
            record.extra_mut().receipt.get_or_insert(lock);
        }
        table.refresh(at);
    }

    /// Leaves a device's sessions these acts, before the commit that narrows it.
    pub(crate) fn narrow_device(&self, device: DeviceId, acts: Acts) {
        let table = self.lock();
        let of_device = |(at, _): &(&u32, _)| {
            table.records.get(**at as usize).is_some_and(|one| one.device == device)
        };
        for slot in table.slots.iter().filter(of_device).flat_map(|(_, slots)| slots) {
            leave(slot, slot.entitlements().acts.and(acts));
        }
    }

    /// Takes acts from a person's sessions but one, before the commit that does.
    pub(crate) fn narrow_others(&self, person: PersonId, but: Option<SessionId>, acts: Acts) {
        let but = but.map(Holder::Session);
        for slot in self.lock().slots.values().flatten() {
            if slot.person == person && Some(slot.holder) != but {
                leave(slot, slot.entitlements().acts.without(acts));
            }
        }
    }

    /// Puts a lock's grade on every session that `which` picks by person and account, before the commit
    /// that does.
    pub(crate) fn narrow_to(&self, grade: Grade, which: impl Fn(PersonId, PaperAccountId) -> bool) {
        let mut table = self.lock();
        for (_, class) in &mut table.classes.all {
            let person = class.owner.id;
            class.narrow(grade, |account| which(person, account));
        }
        for slot in table.slots.values().flatten() {
            if which(slot.person, slot.account) {
                slot.set(Entitlements::clone(&slot.entitlements()).locked(grade));
            }
        }
    }

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

    /// The open sessions of which a copy was used since the last time, and from where.
    pub(crate) fn copied(&self) -> Vec<(PersonId, SessionId, IpAddr)> {
        let mut table = self.lock();
        let copied = std::mem::take(&mut table.copied);
        copied.into_iter().filter_map(|(id, from)| Some((table.person(id)?, id, from))).collect()
    }

    /// Forgets sessions that ended long ago, slots that nobody holds and proofs that would be refused
    /// for their time alone; finds sessions that passed a limit; gives the last uses to write back, and
    /// sessions that are near their end, every half minute, or now for `all`. `wall` is the system's clock.
    pub(crate) fn sweep(&self, now: Time, wall: Time, all: bool) -> Sweep {
        let mut sweep = Sweep::default();
        let write = self.lock().begin_sweep(now) || all;
        self.each(|table, at| table.sweep(at, (now, wall), write, &mut sweep));
        sweep
    }

    /// Goes through the places of all records, without keeping everybody else out meanwhile.
    fn each(&self, mut see: impl FnMut(&mut Table, u32)) {
        let mut from = 0;
        loop {
            let mut table = self.lock();
            let end = table.records.capacity();
            if from >= end {
                return;
            }
            let stride = from..end.min(from + STRIDE);
            stride.filter_map(|at| u32::try_from(at).ok()).for_each(|at| see(&mut table, at));
            from += STRIDE;
        }
    }
}

/// Leaves a slot these acts, where it has others.
fn leave(slot: &Slot, acts: Acts) {
    let now = slot.entitlements();
    if acts != now.acts {
        slot.set(Entitlements { acts, ..Entitlements::clone(&now) });
    }
}

impl Default for Table {
    fn default() -> Self {
        Self {
            records: Slab::new(),
            tokens: Index::by(|record| &record.token),
            ids: Index::by(|record| &record.id.0),
            former: BTreeMap::new(),
            classes: Classes::default(),
            slots: BTreeMap::new(),
            moved: BTreeMap::new(),
            copied: BTreeMap::new(),
            started: None,
            written: Time::default(),
        }
    }
}

impl Table {
    fn both(&self, at: u32) -> Option<(&Record, &class::Class)> {
        let record = self.records.get(at as usize)?;
        Some((record, self.classes.of(record)?))
    }

    fn by_id(&self, id: SessionId) -> Option<u32> {
        self.ids.find(&self.records, &id.0)
    }

    /// The place of a token's session; of one that a proof replaced too, while that counts.
    fn by_token(&self, token: &Digest, now: Time) -> Option<u32> {
        let token = half(token);
        self.tokens.find(&self.records, &token).or_else(|| {
            let at = *self.former.get(&token)?;
            self.records.get(at as usize)?.takes_former(&token, now).then_some(at)
        })
    }

    fn record(&mut self, id: SessionId) -> Option<&mut Record> {
        self.records.get_mut(self.by_id(id)? as usize)
    }

    fn person(&self, id: SessionId) -> Option<PersonId> {
        let (record, class) = self.both(self.by_id(id)?)?;
        record.ended().is_none().then_some(class.owner.id)
    }

    fn info(&self, at: u32, now: Time) -> Option<SessionInfo> {
        let (record, class) = self.both(at)?;
        class.why_over(record, now).is_none().then(|| class.info(record))
    }

    /// Whether a session is open and a request shows what it is bound to; of a copy, its person is told.
    fn check(&mut self, at: u32, by: &Visitor<'_>, now: Time) -> Option<Result<(), Refusal>> {
        let record = self.records.get_mut(at as usize)?;
        let class = self.classes.of(record)?;
        if let Some(ended) = class.why_over(record, now) {
            return Some(Err(over(ended)));
        }
        let checked = record.check_bound(class.enrols(), by, self.started, now);
        if let Err(refusal) = &checked
            && record.suspect(by, refusal, now)
        {
            self.copied.insert(record.id, by.address);
        }
        Some(checked)
    }

    /// Lets a request in that was checked.
    fn arrive(
        &mut self,
        at: u32,
        token: &Digest,
        by: &Visitor<'_>,
        now: Time,
    ) -> Option<SessionTicket> {
        let record = self.records.get_mut(at as usize)?;
        let arrival = record.arrive(token, by, now);
        if arrival.moves {
            let id = record.id;
            self.note_move(id, by.address);
        }
        let (record, class) = self.both(at)?;
        let key = by.shows.key.map(|shown| shown.key).filter(|_| record.key.is_some());
        let receipt = record.receipt();
        let renews = record.extra(|extra| extra.renews).is_some_and(|from| now >= from);
        Some(SessionTicket {
            session: record.id,
            person: class.owner.id,
            username: Arc::clone(&class.username),
            account: class.first,
            accounts: Arc::clone(&class.accounts),
            device: record.device,
            address: by.address,
            since: record.started,
            idle_until: record.used + class.idle,
            until: class.until(record),
            key,
            hardware: record.hardware().is_some(),
            proven_at: record.proven_at(),
            elsewhere: arrival.elsewhere,
            fresh: false,
            renews: key.is_some() && renews,
            enrolling: receipt.is_none() && class.enrols(),
            receipt,
        })
    }

    /// A stay shorter than the time between two looks is told of as well.
    fn note_move(&mut self, id: SessionId, address: IpAddr) {
        let from = self.moved.entry(id).or_default();
        if from.len() < MOST_MOVES {
            from.insert(address);
        }
    }

    /// Gives slots that are out the authority that their session has now. One on an account that is no
    /// longer its person's ends.
    fn refresh(&mut self, at: u32) {
        let Some(mut slots) = self.slots.remove(&at) else { return };
        if let Some((record, class)) = self.both(at) {
            slots.retain(|slot| match class.on(record, slot.account) {
                Ok(now) => {
                    if *slot.entitlements() != now {
                        slot.set(now);
                    }
                    true
                }
                Err(gone) => {
                    slot.end(gone.into());
                    false
                }
            });
        }
        self.slots.insert(at, slots);
    }

    fn insert(&mut self, session: &Session, used: Option<&SessionUse>, class: u32) {
        let Ok(at) = u32::try_from(self.records.vacant_key()) else {
            tracing::error!("no room for one more session: its cookie will not be known");
            return;
        };
        let record = Record::new(session, used, class);
        let now = record.address.filter(|now| is_elsewhere(session.address, Some(*now)));
        self.records.insert(record);
        self.classes.join(class, at);
        self.tokens.insert(&self.records, at);
        self.ids.insert(&self.records, at);
        if let Some(now) = now {
            self.note_move(session.id, now);
        }
    }

    /// Makes a session what its slice says.
    fn follow(&mut self, at: u32, session: &Session, class: u32) {
        let Some(record) = self.records.get_mut(at as usize) else { return };
        let old = std::mem::replace(&mut record.class, class);
        let former = record.retoken(&session.token);
        record.follow(session);
        if old != class {
            self.classes.join(class, at);
            self.classes.leave(old, at);
        }
        if let Some(former) = former {
            self.tokens.remove(&former, at);
            self.tokens.insert(&self.records, at);
            self.former.insert(former, at);
        }
        self.refresh(at);
    }

    fn forget(&mut self, at: u32) {
        let Some(record) = self.records.try_remove(at as usize) else { return };
        self.tokens.remove(&record.token, at);
        self.ids.remove(&record.id.0, at);
        for former in record.extra.iter().flat_map(|extra| &extra.former) {
            self.former.remove(&former.token);
        }
        self.slots.remove(&at);
        self.classes.leave(record.class, at);
    }

    /// Lets slots go that nobody has held for a while; true when it is time to write uses back.
    fn begin_sweep(&mut self, now: Time) -> bool {
        let records = &self.records;
        self.slots.retain(|at, slots| {
            let used = records.get(*at as usize).map_or(now, |record| record.used);
            slots.retain(|slot| Arc::strong_count(slot) > 1 || now.since(used) < SLOT_KEPT);
            !slots.is_empty()
        });
        let write = now.since(self.written) >= WRITE_BACK;
        if write {
            self.written = now;
        }
        write
    }

    fn sweep(&mut self, at: u32, (now, wall): (Time, Time), write: bool, sweep: &mut Sweep) {
        let Some(record) = self.records.get_mut(at as usize) else { return };
        let Some(class) = self.classes.of(record) else { return };
        let (id, person, ended) = (record.id, class.owner.id, record.ended());
        let over = class.why_over(record, now);
        if let Some((_, reason)) = over.filter(|_| ended.is_none()) {
            sweep.over.push((id, person, reason));
        } else if write {
            if over.is_none() && class.is_near_end(record, now) {
                sweep.near.push((id, person));
            }
            // Of one that ended too: its device was used with it, which the end did not write.
            sweep.uses.extend(record.take_use());
        }
        if ended.is_some_and(|(end, _)| now.since(end) >= REMEMBERED) {
            return self.forget(at);
        }
        for old in record.tidy(now, wall) {
            self.former.remove(&old);
        }
    }
}

#[cfg(test)]
mod tests;
