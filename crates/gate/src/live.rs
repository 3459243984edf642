//! Slots: what an open session or credential may do right now, in memory; and the live table of
//! credentials (that of sessions is `session/table.rs`).
//!
//! A connection keeps its slot; whether it still holds is one load. A slot never comes back:
//! a revoked holder's slot stays ended in every hand that has it, and a new authority is a new
//! slot. What narrows is stored here before it is committed, what widens after.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use access::credential::{Credential, Door, Former};
use access::entitlements::Entitlements;
use access::id::{CredentialId, Holder, PaperAccountId, PersonId};
use access::lock::Grade;
use access::moment::Time;
use access::refusal::{
    AuthorityRefusal, CredentialRefusal, Refusal, SessionRefusal, SignInRefusal,
};
use access::secret::Digest;
use arc_swap::ArcSwap;
use trade::order::NewOrder;
use trade::pretrade::Denial;

mod pace;

use pace::Pace;

/// Lowest bit of a slot's state: it has ended. The bits above count the changes (the epoch).
const ENDED: u64 = 1;
const ONE_EPOCH: u64 = 2;

/// One holder's place.
pub struct Slot {
    /// The session or credential.
    pub holder: Holder,
    /// Whose authority it is.
    pub person: PersonId,
    /// The account.
    pub account: PaperAccountId,
    state: AtomicU64,
    /// The slot that this one lives no longer than, of one act with a sign-in of its own, and the
    /// state of that slot which the authority was made for.
    parent: Option<(Arc<Slot>, u64)>,
    /// The slot whose authority and rate this one has: that of the credential, for what came by one
    /// of its tokens.
    whose: Option<Arc<Slot>>,
    entitlements: ArcSwap<Entitlements>,
    /// Its rate and its brake, which a credential's accounts share.
    pace: Arc<Mutex<Pace>>,
    reason: OnceLock<Box<Refusal>>,
}

impl Slot {
    /// A slot of these entitlements.
    pub fn new(entitlements: Entitlements) -> Arc<Self> {
        Self::with(entitlements, None, None, Arc::default())
    }

    /// A slot for what comes by one token of a credential: it may what the credential may, and ends
    /// with it or before it.
    fn of_token(whose: &Arc<Self>) -> Arc<Self> {
        let (given, pace) = (Entitlements::clone(&whose.peek()), Arc::clone(&whose.pace));
        Self::with(given, None, Some(Arc::clone(whose)), pace)
    }

    fn with(
        entitlements: Entitlements,
        parent: Option<(Arc<Self>, u64)>,
        whose: Option<Arc<Self>>,
        pace: Arc<Mutex<Pace>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            holder: entitlements.holder,
            person: entitlements.person,
            account: entitlements.account,
            state: AtomicU64::new(0),
            parent,
            whose,
            entitlements: ArcSwap::from_pointee(entitlements),
            pace,
            reason: OnceLock::new(),
        })
    }

    /// A slot for one act of a session. It ends with the session's own, and as soon as that one's
    /// authority is another than in `state`: it is not in the table, where it would be narrowed.
    pub(crate) fn of_act(
        entitlements: Entitlements,
        (parent, state): (Arc<Self>, u64),
    ) -> Arc<Self> {
        Self::with(entitlements, Some((parent, state)), None, Arc::default())
    }

    /// The slot that has the authority.
    fn main(&self) -> &Self {
        self.whose.as_deref().unwrap_or(self)
    }

    /// Whether it has not ended.
    #[inline]
    pub fn is_open(&self) -> bool {
        let stands = |parent: &(Arc<Self>, u64)| parent.0.open_state() == Ok(parent.1);
        let is_open = |slot: &Self| slot.state.load(Ordering::Acquire) & ENDED == 0;
        is_open(self) && is_open(self.main()) && self.parent.as_ref().is_none_or(stands)
    }

    /// Its state, which changes whenever its entitlements do, or why it ended.
    #[inline]
    pub fn open_state(&self) -> Result<u64, Refusal> {
        let state = self.state.load(Ordering::Acquire);
        if state & ENDED != 0 {
            return Err(self.why_ended());
        }
        if let Some(whose) = &self.whose {
            return whose.open_state();
        }
        if let Some((parent, state)) = &self.parent
            && parent.open_state()? != *state
        {
            return Err(Refusal::SignIn(SignInRefusal::ProofStale));
        }
        Ok(state)
    }

    /// Why it ended, if it has.
    pub fn check_open(&self) -> Result<(), Refusal> {
        self.open_state().map(|_| ())
    }

    /// Whether it ended for a reason that can pass: its credential may get a new slot.
    pub fn may_come_back(&self) -> bool {
        self.end_reason().is_some_and(|reason| is_passing(&reason))
    }

    /// Why it ended.
    pub fn end_reason(&self) -> Option<Refusal> {
        self.open_state().err()
    }

    /// What it may do now. Load the state before this, and compare it again when stamping.
    pub fn entitlements(&self) -> Arc<Entitlements> {
        self.main().entitlements.load_full()
    }

    /// The entitlements without a reference count, for a check on the spot.
    pub(crate) fn peek(&self) -> arc_swap::Guard<Arc<Entitlements>> {
        self.main().entitlements.load()
    }

    /// Replaces its entitlements. A caller that narrows takes the sequencer's lock once afterwards
    /// (`fence`): then nothing later is stamped under the old ones.
    pub fn set(&self, entitlements: Entitlements) {
        self.entitlements.store(Arc::new(entitlements));
        self.state.fetch_add(ONE_EPOCH, Ordering::AcqRel);
    }

    /// Ends it; the first reason stays. True when it was open.
    pub fn end(&self, reason: Refusal) -> bool {
        drop(self.reason.set(Box::new(reason)));
        self.state.fetch_or(ENDED, Ordering::AcqRel) & ENDED == 0
    }

    /// Takes `count` tokens of its rate, or says when to come back.
    pub(crate) fn take(&self, count: usize, now: Time) -> Result<(), Refusal> {
        let Some(rate) = self.peek().rate else { return Ok(()) };
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..count {
            pace.bucket.take(rate, now)?;
        }
        Ok(())
    }

    /// Whether orders of a holder that may run away are taken now.
    pub(crate) fn check_pace(&self, limit: (u32, Time), orders: &[NewOrder]) -> Result<(), Denial> {
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        pace.check(limit, orders)
    }

    /// Counts an order of such a holder that was refused.
    pub(crate) fn count_refused(&self, limit: u32, now: Time) {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner).refused(limit, now);
    }

    #[cold]
    fn why_ended(&self) -> Refusal {
        self.reason
            .get()
            .map_or(Refusal::Session(SessionRefusal::NotSignedIn), |reason| Refusal::clone(reason))
    }
}

/// Whether a credential can be used again after it: a pause has ended once it is resumed, and an end
/// can be put off.
const fn is_passing(reason: &Refusal) -> bool {
    matches!(
        reason,
        Refusal::Credential(CredentialRefusal::CredentialPaused { .. })
            | Refusal::Authority(AuthorityRefusal::Expired { .. })
    )
}

/// The epoch that a stamp records.
pub(crate) const fn epoch(state: u64) -> u64 {
    state >> 1
}

/// The door of a credential, and the tokens that open it there; none opens one that requires none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tokens {
    /// The only way in by which it is used.
    door: Door,
    /// The one that it has.
    now: Option<Digest>,
    /// The one before, and until when it works.
    former: Option<Former>,
}

impl Tokens {
    /// Those of a credential.
    pub const fn of(credential: &Credential) -> Self {
        Self { door: credential.door, now: credential.token, former: credential.former }
    }

    /// None, at a socket: whoever reaches its port may come in.
    #[cfg(test)]
    pub(crate) const fn none_at(port: u16) -> Self {
        Self { door: Door::Socket { port }, now: None, former: None }
    }

    fn all(self) -> impl Iterator<Item = (Digest, Time)> {
        let now = self.now.map(|token| (token, Time::FAR));
        // A credential that requires none has no former one either.
        let former = self.former.filter(|_| self.now.is_some());
        now.into_iter().chain(former.map(|former| (former.token, former.until)))
    }
}

/// A token of a credential, and the slot of what came by it.
#[derive(Clone)]
pub(crate) struct Bearer {
    /// Its digest.
    pub(crate) token: Digest,
    /// Until when it works.
    pub(crate) until: Time,
    /// Ends at that time, or with its credential.
    pub(crate) slot: Arc<Slot>,
}

/// A credential's slot on one account, and those of its tokens there.
#[derive(Clone)]
pub(crate) struct Place {
    /// The only way in by which the credential is used.
    pub(crate) door: Door,
    /// The credential's own.
    pub(crate) slot: Arc<Slot>,
    /// Those of its tokens; without any it requires none.
    pub(crate) bearers: Vec<Bearer>,
}

/// A credential on one account.
type Where = (CredentialId, PaperAccountId);

/// All open credentials, and revoked ones that a listener still answers for: a place for each account.
#[derive(Default)]
pub struct Live {
    table: RwLock<Table>,
}

#[derive(Default)]
struct Table {
    credentials: BTreeMap<Where, Place>,
    /// Which credential a token is of, for a door where nothing else names it. Whether it counts, its place
    /// says. A token is drawn from 160 bits, so how long it takes to find none tells nothing of another.
    by_token: BTreeMap<Digest, CredentialId>,
}

impl Table {
    /// Puts a place in, in place of the one that was there.
    fn put(&mut self, id: CredentialId, place: Place) {
        let account = place.slot.account;
        self.by_token.extend(place.bearers.iter().map(|bearer| (bearer.token, id)));
        let old = self.credentials.insert((id, account), place);
        for gone in old.iter().flat_map(|old| &old.bearers) {
            self.forget_token(id, &gone.token);
        }
    }

    /// Forgets a token, unless its credential still has it somewhere.
    fn forget_token(&mut self, id: CredentialId, token: &Digest) {
        let mut places = self.credentials.range(of(id)).map(|(_, place)| place);
        if !places.any(|place| place.bearers.iter().any(|bearer| bearer.token == *token)) {
            self.by_token.remove(token);
        }
    }
}

/// The places of a credential.
fn of(id: CredentialId) -> RangeInclusive<Where> {
    (id, PaperAccountId::FIRST)..=(id, PaperAccountId::LAST)
}

impl Live {
    /// The slot of a credential on an account, ended ones included.
    pub fn credential(&self, id: CredentialId, account: PaperAccountId) -> Option<Arc<Slot>> {
        read(&self.table).credentials.get(&(id, account)).map(|place| Arc::clone(&place.slot))
    }

    /// The slots of a credential, ended ones included.
    pub(crate) fn slots(&self, id: CredentialId) -> Vec<Arc<Slot>> {
        let table = read(&self.table);
        table.credentials.range(of(id)).map(|(_, place)| Arc::clone(&place.slot)).collect()
    }

    /// The places of a credential, by account.
    pub(crate) fn places(&self, id: CredentialId) -> Vec<Place> {
        read(&self.table).credentials.range(of(id)).map(|(_, place)| place.clone()).collect()
    }

    /// The credential that a token is of, whether it still opens it or not.
    pub(crate) fn of_token(&self, token: &Digest) -> Option<CredentialId> {
        read(&self.table).by_token.get(token).copied()
    }

    /// Puts a credential in on one account. The rate is that of its other accounts.
    pub fn open_credential(&self, id: CredentialId, given: Entitlements, tokens: Tokens) {
        let mut table = write(&self.table);
        let beside = table.credentials.range(of(id)).next();
        let pace = beside.map(|(_, place)| Arc::clone(&place.slot.pace)).unwrap_or_default();
        let slot = Slot::with(given, None, None, pace);
        table.put(id, Place::new(slot, tokens));
    }

    /// Puts in a credential that has ended, so that a listener can say why.
    pub(crate) fn put_ended(
        &self,
        id: CredentialId,
        given: Entitlements,
        tokens: Tokens,
        reason: Refusal,
    ) {
        let slot = Slot::new(given);
        slot.end(reason);
        write(&self.table).put(id, Place::new(slot, tokens));
    }

    /// Gives a credential these tokens on an account. What came by one that it has no more, or whose
    /// time is over, ends; true when something did.
    pub fn set_tokens(
        &self,
        id: CredentialId,
        account: PaperAccountId,
        tokens: Tokens,
        now: Time,
    ) -> bool {
        let mut guard = write(&self.table);
        let table = &mut *guard;
        let Some(place) = table.credentials.get_mut(&(id, account)) else { return false };
        let mut old = std::mem::take(&mut place.bearers);
        for (token, until) in tokens.all() {
            let known = old.iter().position(|bearer| bearer.token == token);
            let known = known.map(|place| old.swap_remove(place).slot);
            let slot = known.unwrap_or_else(|| Slot::of_token(&place.slot));
            place.bearers.push(Bearer { token, until, slot });
            table.by_token.insert(token, id);
        }
        let mut ended = false;
        for gone in &old {
            ended |=
                gone.slot.end(Refusal::Credential(CredentialRefusal::TokenReplaced { at: now }));
        }
        ended |= place.end_former(now);
        for gone in &old {
            table.forget_token(id, &gone.token);
        }
        ended
    }

    /// Ends what came by tokens whose time is over; true when something did.
    pub fn end_former(&self, now: Time) -> bool {
        let table = read(&self.table);
        table.credentials.values().filter(|place| place.end_former(now)).count() > 0
    }

    /// Ends a credential's slots. One that has ended for a while only (a pause, a past end) makes way
    /// for one that says the new reason.
    pub fn end_credential(&self, id: CredentialId, reason: &Refusal) {
        for slot in self.slots(id) {
            self.end_on(id, slot.account, reason);
        }
    }

    /// The same on one account.
    pub(crate) fn end_on(&self, id: CredentialId, account: PaperAccountId, reason: &Refusal) {
        let mut table = write(&self.table);
        let Some(Place { slot, .. }) = table.credentials.get_mut(&(id, account)) else { return };
        let ends_for_good = !slot.is_open() && slot.may_come_back() && !is_passing(reason);
        if ends_for_good {
            *slot = Slot::new(Entitlements::clone(&slot.peek()));
        }
        slot.end(reason.clone());
    }

    /// Takes a credential out: nothing answers for it any more.
    pub fn forget_credential(&self, id: CredentialId) {
        let mut table = write(&self.table);
        table.credentials.retain(|place, _| place.0 != id);
        table.by_token.retain(|_, of| *of != id);
    }

    /// Takes out the credentials that were revoked by that time.
    pub(crate) fn forget_revoked(&self, by: Time) {
        let is_over = |slot: &Slot| match slot.end_reason() {
            Some(Refusal::Credential(CredentialRefusal::CredentialRevoked { at })) => at <= by,
            _ => false,
        };
        let all: BTreeSet<CredentialId> = {
            let table = read(&self.table);
            let over = table.credentials.iter().filter(|(_, place)| is_over(&place.slot));
            over.map(|((id, _), _)| *id).collect()
        };
        for id in all {
            self.forget_credential(id);
        }
    }

    /// Every open slot that `which` picks.
    pub fn pick(&self, which: impl Fn(&Slot) -> bool) -> Vec<Arc<Slot>> {
        let table = read(&self.table);
        let slots = table.credentials.values().map(|place| &place.slot);
        slots.filter(|slot| slot.is_open() && which(slot)).cloned().collect()
    }

    /// The slots of credentials whose time is up: open ones, and those that ended for a reason that can pass.
    pub(crate) fn over(&self, now: Time) -> Vec<Arc<Slot>> {
        let stood = |slot: &Slot| slot.is_open() || slot.may_come_back();
        let table = read(&self.table);
        let slots = table.credentials.values().map(|place| &place.slot);
        slots.filter(|slot| slot.peek().until <= now && stood(slot)).cloned().collect()
    }

    /// Puts a lock's grade on every open slot that `which` picks, before the lock is committed.
    pub fn narrow_to(&self, grade: Grade, which: impl Fn(&Slot) -> bool) -> usize {
        let slots = self.pick(which);
        for slot in &slots {
            slot.set(Entitlements::clone(&slot.peek()).locked(grade));
        }
        slots.len()
    }
}

impl Place {
    fn new(slot: Arc<Slot>, tokens: Tokens) -> Self {
        let bearer = |(token, until)| Bearer { token, until, slot: Slot::of_token(&slot) };
        let bearers = tokens.all().map(bearer).collect();
        Self { door: tokens.door, slot, bearers }
    }

    fn end_former(&self, now: Time) -> bool {
        let over = self.bearers.iter().filter(|bearer| bearer.until <= now);
        let ends = |bearer: &&Bearer| {
            bearer
                .slot
                .end(Refusal::Credential(CredentialRefusal::TokenReplaced { at: bearer.until }))
        };
        over.filter(ends).count() > 0
    }
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
