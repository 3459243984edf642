//! The live sessions: found by token or id, slid, narrowed and ended in memory.
//!
//! A slab of records with two small indexes into it. A [`Record`] is what every session has and every
//! visit reads; what few sessions have is in its [`Extra`], boxed beside it; what the sessions of a
//! person share is kept once, in a [`Class`]. A slot, which doors and the order path hold, is made
//! when somebody asks for it and let go when nobody has for a minute.
//!
//! The tables have all of this but the last minute's uses. It is here because a visit reads it, and
//! a visit waits for no database.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use access::entitlements::Acts;
use access::person::Person;
use access::refusal::SessionRefusal;
use access::session::{Session, SessionEnd};
use access::{
    Digest, Entitlements, LockId, PaperAccountId, PersonId, PublicKey, Refusal, SealKey, SessionId,
    Span, Time,
};
use slab::Slab;
use store::SessionUse;

use super::info::SessionInfo;
use super::ticket::SessionTicket;
use crate::binding::Shows;
use crate::live::Slot;

mod bound;
mod class;
mod copy;
mod home;
mod index;
mod member;
mod narrow;
mod record;
mod token;
mod window;

pub(crate) use record::REMEMBERED;

use class::Class;
use index::{Half, Index};
use record::{Extra, Record, half, is_elsewhere};

/// How often a session's use is written back at most.
const WRITE_BACK: Span = Span::seconds(30);
/// Records that one hold of the lock goes through when all are gone through.
const STRIDE: usize = 4_096;
/// How long a slot that nobody holds stays after its session's last use.
const SLOT_KEPT: Span = Span::minutes(1);

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

#[derive(Default)]
struct Table {
    records: Slab<Record>,
    tokens: Index,
    ids: Index,
    /// Tokens that a proof replaced, and where their sessions are.
    former: BTreeMap<Half, usize>,
    classes: Slab<Class>,
    owners: BTreeMap<PersonId, Vec<usize>>,
    /// Of sessions that are in use, one for each account that is.
    slots: BTreeMap<usize, Vec<Arc<Slot>>>,
    /// Sessions that came from other networks than before, and from where, since the last look.
    moved: BTreeMap<SessionId, BTreeSet<IpAddr>>,
    /// Sessions of which a copy was used since the last look, and from where.
    copied: BTreeMap<SessionId, IpAddr>,
    /// When the server started, by our stamps and by the system's clock.
    started: Option<(Time, Time)>,
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
        let ended = |(at, reason)| Refusal::Session(SessionRefusal::SessionEnded { at, reason });
        let checked = table.why_over(at, now).map_or(Ok(()), |over| Err(ended(over)));
        if let Err(refusal) = checked.and_then(|()| table.check_bound(at, visitor, now)) {
            table.suspect(at, visitor, &refusal, now);
            let (record, class) = table.both(at)?;
            let owner = Arc::clone(&class.owner);
            return Some(Err(Over { session: record.id, owner, refusal }));
        }
        let elsewhere = table.arrive(at, token, visitor, now)?;
        let (record, class) = table.both(at)?;
        let key = visitor.shows.key.map(|shown| shown.key).filter(|_| record.key.is_some());
        let receipt = record.receipt();
        let acts = if receipt.is_some() { Acts::NONE } else { class.first().acts };
        let renews = record.extra(|extra| extra.renews).is_some_and(|from| now >= from);
        Some(Ok(SessionTicket {
            session: record.id,
            person: class.owner.id,
            username: Arc::clone(&class.username),
            account: class.first().account,
            accounts: Arc::clone(&class.accounts),
            device: record.device,
            address: visitor.address,
            since: record.started,
            idle_until: record.used + class.idle,
            until: class.until(record),
            key,
            hardware: record.hardware().is_some(),
            proven_at: record.proven_at(),
            elsewhere,
            fresh: false,
            renews: key.is_some() && renews,
            enrolling: acts == Acts::ENROL,
            receipt,
        }))
    }

    /// What is known of an open session, whatever a request shows.
    pub(crate) fn find(&self, token: &Digest, now: Time) -> Option<Result<Found, Refusal>> {
        let table = self.lock();
        let at = table.by_token(token, now)?;
        if let Some((at, reason)) = table.why_over(at, now) {
            return Some(Err(Refusal::Session(SessionRefusal::SessionEnded { at, reason })));
        }
        let (record, class) = table.both(at)?;
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
        let at = table.by_id(id).ok_or(Refusal::Session(SessionRefusal::NotSignedIn))?;
        let (record, class) =
            table.both(at).ok_or(Refusal::Session(SessionRefusal::NotSignedIn))?;
        if let Some((at, reason)) = record.ended() {
            return Err(Refusal::Session(SessionRefusal::SessionEnded { at, reason }));
        }
        let slots = table.slots.get(&at).map(Vec::as_slice).unwrap_or_default();
        if let Some(slot) = slots.iter().find(|slot| slot.account == account) {
            return Ok(Arc::clone(slot));
        }
        let given = class.on(account).ok_or_else(|| class.not_allowed(account))?;
        let slot = Slot::new(class.entitlements(record, given));
        table.slots.entry(at).or_default().push(Arc::clone(&slot));
        Ok(slot)
    }

    /// An open session as pages list it, without its device's name.
    pub(crate) fn info(&self, id: SessionId, now: Time) -> Option<SessionInfo> {
        let table = self.lock();
        let at = table.by_id(id)?;
        let (record, class) = table.both(at)?;
        table.why_over(at, now).is_none().then(|| class.info(record))
    }

    /// Whose session it is, while it is open.
    pub(crate) fn person(&self, id: SessionId) -> Option<PersonId> {
        self.lock().person(id)
    }

    /// When the person of a session was proven last.
    pub(crate) fn proven_at(&self, id: SessionId) -> Option<Time> {
        let table = self.lock();
        table.records.get(table.by_id(id)?).map(Record::proven_at)
    }

    /// Ends a session; the first reason stays.
    pub(crate) fn end(&self, id: SessionId, when: Time, reason: SessionEnd) {
        let mut table = self.lock();
        let Some(at) = table.by_id(id) else { return };
        for slot in table.slots.remove(&at).unwrap_or_default() {
            slot.end(Refusal::Session(SessionRefusal::SessionEnded { at: when, reason }));
        }
        if let Some(record) = table.records.get_mut(at) {
            record.extra_mut().ended.get_or_insert((when, reason));
        }
    }

    /// Takes every act from a session that keeps a receipt alone; the first receipt stays.
    pub(crate) fn keep_for_receipt(&self, id: SessionId, lock: LockId) {
        let mut table = self.lock();
        let Some(at) = table.by_id(id) else { return };
        if let Some(record) = table.records.get_mut(at) {
            record.extra_mut().receipt.get_or_insert(lock);
        }
        table.refresh(at);
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
        let given = if given.is_empty() { table.stripped(session.id) } else { given };
        let Some(class) = table.class(person, session, given) else { return };
        if let Some(at) = table.by_id(session.id) {
            table.reclass(at, class);
            table.retoken(at, session);
            table.bind(at, session);
            table.refresh(at);
        } else if let Some(at) = table.insert(session, used, class) {
            table.bind(at, session);
            let now = table.records.get(at).and_then(|record| record.address);
            if let Some(now) = now.filter(|_| is_elsewhere(session.address, now)) {
                table.note_move(session.id, now);
            }
        }
    }

    /// Says from when the browser of a session should renew its key.
    pub(crate) fn renew_from(&self, id: SessionId, from: Option<Time>) {
        let mut table = self.lock();
        let Some(at) = table.by_id(id) else { return };
        let record = table.records.get_mut(at);
        if let Some(record) = record.filter(|one| from.is_some() || one.extra.is_some()) {
            record.extra_mut().renews = from;
        }
    }

    /// The open sessions of one person, or of everybody; their devices' names are left empty.
    pub(crate) fn list(&self, person: Option<PersonId>, now: Time) -> Vec<SessionInfo> {
        let mut list = Vec::new();
        if let Some(person) = person {
            let table = self.lock();
            table.of(person).for_each(|at| list.extend(table.open_info(at, now)));
            return list;
        }
        self.each_stride(|table, ats| ats.for_each(|at| list.extend(table.open_info(at, now))));
        list
    }

    /// Forgets sessions that ended long ago, slots that nobody holds and proofs that would be refused
    /// for their time alone; finds sessions that passed a limit; gives the last uses to write back
    /// every half minute, or now for `all`. `wall` is the system's clock.
    pub(crate) fn sweep(&self, now: Time, wall: Time, all: bool) -> Sweep {
        let mut sweep = Sweep::default();
        let write = self.lock().begin_sweep(now) || all;
        self.each_stride(|table, ats| {
            ats.for_each(|at| table.sweep(at, (now, wall), write, &mut sweep));
        });
        sweep
    }

    /// Goes through the places of all records, without keeping everybody else out meanwhile.
    fn each_stride(&self, mut see: impl FnMut(&mut Table, std::ops::Range<usize>)) {
        let mut from = 0;
        loop {
            let mut table = self.lock();
            let end = table.records.capacity();
            if from >= end {
                return;
            }
            see(&mut table, from..end.min(from + STRIDE));
            from += STRIDE;
        }
    }
}

impl Table {
    fn both(&self, at: usize) -> Option<(&Record, &Class)> {
        let record = self.records.get(at)?;
        Some((record, self.classes.get(record.class as usize)?))
    }

    fn by_id(&self, id: SessionId) -> Option<usize> {
        self.ids.find(&id.0, |at| self.records.get(at).is_some_and(|record| record.id == id))
    }

    /// Whose session it is, while it is open.
    fn person(&self, id: SessionId) -> Option<PersonId> {
        let (record, class) = self.both(self.by_id(id)?)?;
        record.ended().is_none().then_some(class.owner.id)
    }

    /// When and why a session ended or passed a limit.
    fn why_over(&self, at: usize, now: Time) -> Option<(Time, SessionEnd)> {
        let (record, class) = self.both(at)?;
        record.ended().or_else(|| class.limit(record, now))
    }

    fn open_info(&self, at: usize, now: Time) -> Option<SessionInfo> {
        let (record, class) = self.both(at)?;
        self.why_over(at, now).is_none().then(|| class.info(record))
    }

    /// Gives slots that are out the authority that their session has now. One on an account that is no
    /// longer its person's ends.
    fn refresh(&mut self, at: usize) {
        let Some(mut slots) = self.slots.remove(&at) else { return };
        if let Some((record, class)) = self.both(at) {
            slots.retain(|slot| {
                let Some(given) = class.on(slot.account) else {
                    slot.end(class.not_allowed(slot.account));
                    return false;
                };
                let now = class.entitlements(record, given);
                if *slot.entitlements() != now {
                    slot.set(now);
                }
                true
            });
        }
        self.slots.insert(at, slots);
    }

    fn insert(
        &mut self,
        session: &Session,
        used: Option<&SessionUse>,
        class: usize,
    ) -> Option<usize> {
        let at = self.records.vacant_key();
        let (Ok(_), Ok(number)) = (u32::try_from(at), u32::try_from(class)) else {
            tracing::error!("no room for one more session: its cookie will not be known");
            return None;
        };
        self.records.insert(Record::new(session, used, number));
        self.join(at, class);
        let records = &self.records;
        self.tokens.insert(at, |at| records.get(at).map(|record| record.token));
        self.ids.insert(at, |at| records.get(at).map(|record| record.id.0));
        Some(at)
    }

    fn forget(&mut self, at: usize) {
        let Some(record) = self.records.try_remove(at) else { return };
        self.tokens.remove(&record.token, at);
        self.ids.remove(&record.id.0, at);
        for former in record.extra.iter().flat_map(|extra| &extra.former) {
            self.former.remove(&former.token);
        }
        self.slots.remove(&at);
        self.leave(at, record.class as usize);
    }

    /// Lets slots go that nobody has held for a while; true when it is time to write uses back.
    fn begin_sweep(&mut self, now: Time) -> bool {
        let records = &self.records;
        self.slots.retain(|at, slots| {
            let used = records.get(*at).map_or(now, |record| record.used);
            slots.retain(|slot| Arc::strong_count(slot) > 1 || now.since(used) < SLOT_KEPT);
            !slots.is_empty()
        });
        let write = now.since(self.written) >= WRITE_BACK;
        if write {
            self.written = now;
        }
        write
    }

    fn sweep(&mut self, at: usize, (now, wall): (Time, Time), write: bool, sweep: &mut Sweep) {
        let Some(record) = self.records.get_mut(at) else { return };
        let Some(class) = self.classes.get(record.class as usize) else { return };
        let over = record.ended();
        if over.is_none()
            && let Some((_, reason)) = class.limit(record, now)
        {
            sweep.over.push((record.id, class.owner.id, reason));
        } else if write {
            // Of one that ended too: its device was used with it, which the end did not write.
            sweep.uses.extend(record.take_use());
        }
        if over.is_some_and(|(end, _)| now.since(end) >= REMEMBERED) {
            return self.forget(at);
        }
        if let Some(extra) = &mut record.extra {
            extra.seen.take_if(|seen| !seen.is_needed(now, wall));
            for old in extra.former.extract_if(.., |one| one.is_late(now)) {
                self.former.remove(&old.token);
            }
            record.extra.take_if(|extra| **extra == Extra::default());
        }
    }
}

#[cfg(test)]
mod tests;
