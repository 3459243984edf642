//! Cuts that are in effect but not yet recorded. What narrows is put into memory before its commit;
//! if that fails (a full disk, a locked database, PostgreSQL away) the cut holds all the same, and
//! what is owed to the tables waits here, in order, until they can be written. A file whose space
//! was reserved ahead keeps it across restarts. Loading the person applies what is owed as if it
//! had been committed, so a lock can be lifted, and is neither set nor lifted twice.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use access::approval::Say;
use access::authenticator::Kind;
use access::device::DeviceState;
use access::id::PersonId;
use access::mandate::Mandate;
use access::refusal::ServerRefusal;
use access::{
    AccountId, Answer, By, Call, Event, Refusal, SealKey, Slice, Span, Time, account, approval,
    authenticator, brokerage, contact, credential, device, large_order, link, lock, mandate,
    policy, push, recovery, session, sign_in, trustee,
};
use serde::{Deserialize, Serialize};
use store::{CommitError, Key, Store, StoreError};
use tokio::sync::Notify;

use crate::health::Health;
use crate::timer::told;
use crate::{Gate, Inner};

mod reserve;

use reserve::Reserve;

/// How long after a failure the next try comes, at first and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));
/// How long a failure counts for those who come after it.
const JUST_NOW: Span = Span::seconds(1);
/// Tries of one batch against a person who keeps changing.
const TRIES: usize = 20;
/// The condition while something is owed.
pub(crate) const OWED: &str = "CUTS_OWED";
/// The condition while it would not outlive a restart.
const UNKEPT: &str = "CUTS_NOT_KEPT";

/// The events of one decision that the tables do not have yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Batch {
    person: PersonId,
    by: By,
    source: String,
    /// When it took force.
    at: Time,
    events: Vec<Event>,
}

impl Batch {
    /// The accounts that it locks, closes, or takes somebody's authority on.
    fn accounts(&self) -> Vec<AccountId> {
        let locked = |event: &Event| match event {
            Event::Mandate(event) => Some(event.between().1),
            Event::Account(event) => Some(event.account()),
            Event::Lock(lock::Event::Set(lock)) => match lock.target {
                lock::Target::Account(account) => Some(account),
                lock::Target::Person(_) => None,
            },
            _ => None,
        };
        self.events.iter().filter_map(locked).collect()
    }
}

/// All that is owed.
pub(crate) struct Owed {
    queue: Mutex<Vec<Batch>>,
    /// How many; read without the lock by every load.
    count: AtomicUsize,
    /// Counts those that went from the queue into the tables: a load in between could see one
    /// in neither.
    taken: AtomicU64,
    /// Held by the one who records.
    recording: tokio::sync::Mutex<()>,
    /// When the tables could not be written last, and whether for want of room.
    failing: Mutex<Option<(Time, bool)>>,
    wake: Notify,
    reserve: Reserve,
    health: Arc<Health>,
}

impl Owed {
    /// Takes up what was owed when the server stopped.
    pub(crate) fn open(data: &Path, key: &SealKey, health: &Arc<Health>) -> Self {
        let (reserve, kept) = Reserve::open(data, key);
        let owed = Self {
            count: AtomicUsize::new(kept.len()),
            queue: Mutex::new(kept),
            taken: AtomicU64::new(0),
            recording: tokio::sync::Mutex::default(),
            failing: Mutex::default(),
            wake: Notify::new(),
            reserve,
            health: Arc::clone(health),
        };
        owed.say();
        owed
    }

    fn queue(&self) -> MutexGuard<'_, Vec<Batch>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count.load(Ordering::Acquire) == 0
    }

    /// Whether anything of this person's is owed, or of an account of theirs.
    pub(crate) fn has(&self, slice: &Slice) -> bool {
        let Some(person) = slice.person.as_ref().filter(|_| !self.is_empty()) else { return false };
        let is_theirs = |id: &AccountId| slice.account(*id).is_some();
        let queue = self.queue();
        // What a lifted lock was on, its event does not say.
        let lifts = |event: &Event| matches!(event, Event::Lock(lock::Event::Lifted { .. }));
        queue.iter().any(|one| {
            one.person == person.id
                || one.accounts().iter().any(is_theirs)
                || one.events.iter().any(lifts)
        })
    }

    fn taken(&self) -> u64 {
        self.taken.load(Ordering::Acquire)
    }

    /// Puts what is owed on top of what the tables said. False when some of it went there since
    /// `taken`: then they have to be read again.
    fn lay_on(&self, slices: &mut [Slice], taken: u64) -> bool {
        let queue = self.queue();
        if self.taken() != taken {
            return false;
        }
        for slice in slices {
            let Some(person) = slice.person.as_ref().map(|person| person.id) else { continue };
            for batch in &*queue {
                // One that is on record already changes nothing, the version least of all.
                if batch.person == person {
                    if !batch.events.iter().all(|event| is_in(slice, event)) {
                        slice.apply(&batch.events);
                    }
                } else {
                    lay_lock_on(slice, &batch.events);
                }
            }
        }
        true
    }

    /// Whether the lock itself is owed, so that lifting it gives back nothing that is on record as cut.
    fn has_lock(&self, id: access::LockId) -> bool {
        let is_it =
            |event: &Event| matches!(event, Event::Lock(lock::Event::Set(lock)) if lock.id == id);
        self.queue().iter().any(|one| one.events.iter().any(is_it))
    }

    /// Takes a batch up; whether a restart keeps it.
    fn add(&self, batch: Batch) -> bool {
        let kept = {
            let mut queue = self.queue();
            queue.push(batch);
            self.count.store(queue.len(), Ordering::Release);
            self.keep(&queue)
        };
        self.say();
        self.wake.notify_one();
        kept
    }

    fn fails(&self, now: Time, error: &CommitError) {
        let full = matches!(error, CommitError::Store(error) if error.is_full());
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        *failing = Some((now, full));
    }

    fn works(&self) {
        *self.failing.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Whether the tables could not be written a moment ago, or are being waited for.
    fn is_behind(&self, now: Time) -> Option<bool> {
        let failing = *self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, full) = failing?;
        let waits = self.recording.try_lock().is_err();
        (waits || now.since(at) < JUST_NOW).then_some(full)
    }

    /// The first one, but of those whose record failed for a reason of their own.
    fn first(&self, but: &BTreeSet<PersonId>) -> Option<Batch> {
        self.queue().iter().find(|one| !but.contains(&one.person)).cloned()
    }

    /// This one is on record.
    fn take(&self, batch: &Batch) {
        {
            let mut queue = self.queue();
            if let Some(at) = queue.iter().position(|one| one == batch) {
                queue.remove(at);
            }
            self.count.store(queue.len(), Ordering::Release);
            self.taken.fetch_add(1, Ordering::AcqRel);
            // What stays in the file is found on record by the next start.
            self.keep(&queue);
        }
        self.say();
    }

    fn keep(&self, queue: &[Batch]) -> bool {
        let kept = self.reserve.write(queue);
        match &kept {
            Ok(()) => self.health.clear(UNKEPT, ""),
            Err(error) if queue.is_empty() => {
                tracing::warn!(%error, "the file of owed cuts could not be emptied");
                self.health.clear(UNKEPT, "");
            }
            Err(error) => {
                tracing::error!(%error, "owed cuts are in memory only; a restart would undo them");
                let text = format!(
                    "cuts that are in effect but not yet recorded could not be written to the file 'owed' either ({error}); a restart before they are recorded undoes them"
                );
                self.health.raise(UNKEPT, "", text, false);
            }
        }
        kept.is_ok()
    }

    fn say(&self) {
        let (count, since) = {
            let queue = self.queue();
            (queue.len(), queue.first().map(|one| one.at))
        };
        let Some(since) = since else { return self.health.clear(OWED, "") };
        let (cuts, are, they) =
            if count == 1 { ("cut", "is", "it is") } else { ("cuts", "are", "they are") };
        let text = format!(
            "{count} {cuts} {are} in effect but not yet recorded, the first since {since}; {they} recorded as soon as the database can be written: free some space, or bring the database back"
        );
        self.health.raise(OWED, "", text, false);
    }
}

/// What somebody else's batch cut of an account: locks set or lifted, mandates, its end.
fn lay_lock_on(slice: &mut Slice, events: &[Event]) {
    for event in events {
        let is_theirs = match event {
            Event::Lock(lock::Event::Set(lock)) => match lock.target {
                lock::Target::Account(account) => slice.account(account).is_some(),
                lock::Target::Person(_) => false,
            },
            Event::Lock(lock::Event::Lifted { .. }) => true,
            Event::Mandate(event) => slice.account(event.between().1).is_some(),
            Event::Account(event) => slice.account(event.account()).is_some(),
            _ => false,
        };
        if is_theirs && !is_in(slice, event) {
            slice.apply(std::slice::from_ref(event));
        }
    }
}

/// Whether a slice has what an event took away, or the event takes nothing.
fn is_in(slice: &Slice, event: &Event) -> bool {
    match event {
        Event::Lock(lock::Event::Set(lock)) => slice.locks().any(|one| one.id == lock.id),
        Event::Lock(lock::Event::Lifted { lock, .. }) => slice.locks().all(|one| one.id != *lock),
        Event::Mandate(event) => is_mandate_in(slice, event),
        Event::Account(event) => is_account_in(slice, event),
        Event::Session(session::Event::Ended { session, .. }) => slice.session(*session).is_none(),
        Event::Session(session::Event::KeptForReceipt { session, lock }) => {
            slice.session(*session).is_none_or(|one| one.receipt == Some(*lock))
        }
        Event::Credential(credential::Event::Revoked { credential, .. }) => {
            slice.credential(*credential).is_none_or(|one| one.revoked.is_some())
        }
        Event::Credential(credential::Event::Paused { credential, .. }) => {
            let found = slice.credential(*credential);
            found.is_none_or(|found| found.revoked.is_some() || found.paused.is_some())
        }
        Event::Credential(credential::Event::Narrowed { credential, scopes, .. }) => {
            slice.credential(*credential).is_none_or(|found| found.scopes == **scopes)
        }
        Event::Device(device::Event::Removed { device }) => slice.device(*device).is_none(),
        Event::Device(device::Event::Blocked { device }) => {
            slice.device(*device).is_none_or(|one| one.state == DeviceState::Blocked)
        }
        Event::Device(device::Event::RoleSet { device, role }) => {
            slice.device(*device).is_none_or(|one| one.role == *role)
        }
        Event::Authenticator(authenticator::Event::Removed { authenticator }) => {
            slice.authenticator(*authenticator).is_none()
        }
        Event::Authenticator(authenticator::Event::Added(one)) => {
            slice.authenticator(one.id).is_some()
        }
        Event::Session(session::Event::Limited { session, idle, until }) => {
            let found = slice.session(*session);
            found.is_none_or(|one| one.idle == *idle && one.until == *until)
        }
        Event::Policy(policy::Event::Set(one)) => slice.policy(one.interface) == *one,
        Event::Policy(policy::Event::WindowSet { window, .. }) => slice.window == *window,
        Event::LargeOrder(large_order::Event::Set { threshold, .. }) => {
            slice.large_orders == *threshold
        }
        Event::Brokerage(brokerage::Event::Held(one)) => slice.brokerage == Some(*one),
        _ => true,
    }
}

fn is_mandate_in(slice: &Slice, event: &mandate::Event) -> bool {
    let (_, account) = event.between();
    let Some(account) = slice.account(account) else { return true };
    let mut mandates = account.mandates.iter();
    match event {
        mandate::Event::Granted(one) => mandates.any(|held| held.id == one.id),
        mandate::Event::Changed(one) => mandates.all(|held| held.id != one.id || held == one),
        mandate::Event::Revoked { mandate, .. } => mandates.all(|held| held.id != *mandate),
    }
}

fn is_account_in(slice: &Slice, event: &account::Event) -> bool {
    let found = slice.account(event.account()).and_then(|one| one.account.as_ref());
    found.is_none_or(|found| match event {
        account::Event::Opened(_) => true,
        account::Event::Permitted { products, .. } => found.products == *products,
        account::Event::Limited { limits, .. } => found.limits == **limits,
        account::Event::Closed { .. } => found.closed_at.is_some(),
    })
}

/// What an event does to authority.
#[derive(PartialEq)]
enum Weight {
    Takes,
    Neither,
    Gives,
}

/// Whether a decision only takes away: such a decision is in force before its commit, and stays so
/// when that fails. Any other changes nothing when its commit fails.
fn is_cut(slice: &Slice, events: &[Event], owed: &Owed) -> bool {
    if events.iter().any(|event| matches!(event, Event::Lock(lock::Event::Set(_)))) {
        return slice.person.is_some();
    }
    let weights: Vec<_> = events.iter().map(|event| weigh(slice, event, owed)).collect();
    slice.person.is_some() && weights.contains(&Weight::Takes) && !weights.contains(&Weight::Gives)
}

fn weigh(slice: &Slice, event: &Event, owed: &Owed) -> Weight {
    use Weight::{Gives, Neither, Takes};
    match event {
        Event::Lock(lock::Event::Set(_))
        | Event::Account(account::Event::Closed { .. })
        | Event::Mandate(mandate::Event::Revoked { .. }) => Takes,
        Event::Credential(event) => weigh_credential(event),
        Event::Lock(lock::Event::Lifted { lock, .. }) => {
            if owed.has_lock(*lock) {
                Takes
            } else {
                Gives
            }
        }
        Event::Session(event) => match event {
            session::Event::Ended { .. }
            | session::Event::KeptForReceipt { .. }
            | session::Event::Limited { .. } => Takes,
            session::Event::Announced { .. } => Neither,
            _ => Gives,
        },
        Event::Device(event) => match event {
            device::Event::Removed { .. } | device::Event::Blocked { .. } => Takes,
            device::Event::RoleSet { device, role } => {
                let within = |acts| role.acts().without(acts).is_empty();
                let narrower = slice.device(*device).is_some_and(|one| within(one.narrows().0));
                if narrower { Takes } else { Gives }
            }
            device::Event::Renamed { .. } => Neither,
            _ => Gives,
        },
        Event::Authenticator(event) => match event {
            authenticator::Event::Removed { .. }
            | authenticator::Event::PasskeySuspected { .. } => Takes,
            // It takes the place of the one before, and lets nobody in before a sign-in is on record.
            authenticator::Event::Added(one) if matches!(one.kind, Kind::Password { .. }) => {
                Neither
            }
            authenticator::Event::Added(_) => Gives,
            _ => Neither,
        },
        Event::Policy(_) | Event::LargeOrder(_) | Event::Brokerage(_) => weigh_rule(slice, event),
        Event::Mandate(mandate::Event::Changed(new)) => {
            let old = slice.mandates.iter().find(|one| one.id == new.id);
            let within = |old: &Mandate| new.terms().wider_than(&old.terms()).is_none();
            if old.is_some_and(within) { Takes } else { Gives }
        }
        Event::SignIn(sign_in::Event::Finished { .. } | sign_in::Event::Dropped { .. })
        | Event::Link(link::Event::Withdrawn { .. })
        | Event::Push(push::Event::Ended { .. })
        | Event::Contact(contact::Event::Removed { .. })
        | Event::Trustee(trustee::Event::Removed { .. })
        | Event::Throttle(_)
        | Event::Network(_)
        | Event::Notice(_)
        | Event::Evidence(_) => Neither,
        Event::Approval(approval::Event::Answered { answered, .. }) if answered.say == Say::Yes => {
            Gives
        }
        Event::Approval(approval::Event::Answered { .. } | approval::Event::Closed { .. }) => {
            Neither
        }
        Event::Recovery(recovery::Event::Changed(one))
            if matches!(one.stage, recovery::Stage::Over { .. }) =>
        {
            Neither
        }
        _ => Gives,
    }
}

fn weigh_credential(event: &credential::Event) -> Weight {
    match event {
        credential::Event::Revoked { .. }
        | credential::Event::Paused { .. }
        | credential::Event::Narrowed { .. } => Weight::Takes,
        credential::Event::Renamed { .. } => Weight::Neither,
        credential::Event::Created(_)
        | credential::Event::Resumed { .. }
        | credential::Event::Rotated { .. }
        | credential::Event::Widened { .. } => Weight::Gives,
    }
}

/// The same of the rules that a person's sessions work by.
fn weigh_rule(slice: &Slice, event: &Event) -> Weight {
    let narrows = match event {
        Event::Policy(policy::Event::Set(new)) => !new.widens(&slice.policy(new.interface)),
        // Without a window, sessions end by their plain limits.
        Event::Policy(policy::Event::WindowSet { window, .. }) => window.is_none(),
        Event::LargeOrder(large_order::Event::Set { threshold, .. }) => {
            !threshold.widens(slice.large_orders)
        }
        // One session trades, before and after a take-over: together they have no more than they had.
        Event::Brokerage(brokerage::Event::Held(_)) => true,
        _ => false,
    };
    if narrows { Weight::Takes } else { Weight::Gives }
}

/// Whether an answer hands out something that its caller must not have before it is on record.
const fn hands_out(answer: &Answer) -> bool {
    !matches!(
        answer,
        Answer::Done
            | Answer::Locked(_)
            | Answer::Unlocked(_)
            | Answer::SessionsEnded { .. }
            | Answer::CredentialRevoked { .. }
            | Answer::Disowned(_)
            | Answer::AuthenticatorAdded { .. }
    )
}

impl Gate {
    /// What the tables say of a person, with what is owed on top.
    pub(crate) async fn slice_in_force(&self, key: Key<'_>) -> Result<Slice, StoreError> {
        self.slice_about(key, &[]).await
    }

    /// The same with these accounts, whoever holds them.
    pub(crate) async fn slice_about(
        &self,
        key: Key<'_>,
        accounts: &[AccountId],
    ) -> Result<Slice, StoreError> {
        let people = &self.0.people;
        loop {
            let taken = people.owed.taken();
            let mut slice = people.store.slice_about(key, accounts).await?;
            if people.owed.lay_on(std::slice::from_mut(&mut slice), taken) {
                return Ok(slice);
            }
        }
    }

    /// The same of everybody.
    pub(crate) async fn all_slices(&self) -> Result<Vec<Slice>, StoreError> {
        let people = &self.0.people;
        loop {
            let taken = people.owed.taken();
            let mut slices = people.store.slices().await?;
            if people.owed.lay_on(&mut slices, taken) {
                return Ok(slices);
            }
        }
    }

    /// Whether a decision is in force before it is on record.
    pub(crate) fn cuts(
        &self,
        slice: &Slice,
        events: &[Event],
        answer: &Result<Answer, Refusal>,
    ) -> bool {
        !answer.as_ref().is_ok_and(hands_out) && is_cut(slice, events, &self.0.people.owed)
    }

    /// Keeps a cut whose commit failed, for the tables and over a restart; what its caller is told.
    pub(crate) async fn owe(
        &self,
        slice: Slice,
        events: &[Event],
        call: &Call,
        at: Time,
        error: &CommitError,
    ) -> Refusal {
        tracing::error!(%error, "a cut is in effect but could not be recorded; it will be tried again");
        let full = matches!(error, CommitError::Store(error) if error.is_full());
        let Some(person) = slice.person.as_ref().map(|person| person.id) else {
            return Refusal::Server(ServerRefusal::StoreFailed);
        };
        let (by, source, events) = (call.by, call.source.to_string(), events.to_vec());
        self.0.people.owed.fails(self.now(), error);
        let kept = self.0.people.owed.add(Batch { person, by, source, at, events: events.clone() });
        // What is on a full disk can still be read; elsewhere what was decided on is used.
        let read = if full { self.slice_in_force(Key::Person(person)).await.ok() } else { None };
        let shown = read.unwrap_or_else(|| {
            let mut after = slice;
            after.apply(&events);
            after
        });
        self.show_owed(&shown, &events);
        let because = if full {
            "the disk of the database is full"
        } else {
            "the database cannot be written"
        };
        Refusal::Server(ServerRefusal::NotOnRecord { because, kept })
    }

    /// Publishes a person with what is owed, and takes once more what an earlier commit may have
    /// published over it.
    fn show_owed(&self, slice: &Slice, events: &[Event]) {
        self.publish(slice);
        let lifted = |event: &Event| matches!(event, Event::Lock(lock::Event::Lifted { .. }));
        if !events.iter().any(lifted) {
            self.narrow(events);
        }
        self.fence();
        self.hang_up();
    }

    /// The same before a decision of a person's who has some. A caller who waits for a database that did
    /// not answer a moment ago would wait for nothing: the task that records goes on trying.
    pub(crate) async fn settle_before(&self, slice: &Slice) -> Result<(), CommitError> {
        let owed = &self.0.people.owed;
        if !owed.has(slice) {
            return Ok(());
        }
        match owed.is_behind(self.now()) {
            Some(full) => Err(StoreError::Behind { full }.into()),
            None => self.settle_owed().await,
        }
    }

    /// Records what is owed, in order. An error means that the rest is still owed.
    pub(crate) async fn settle_owed(&self) -> Result<(), CommitError> {
        let owed = &self.0.people.owed;
        if owed.is_empty() {
            return Ok(());
        }
        // What is recorded in a file that is lost is lost with it.
        if self.0.watch.may_write().is_err() {
            return Err(StoreError::Behind { full: false }.into());
        }
        let _alone = owed.recording.lock().await;
        let (mut stuck, mut failure) = (BTreeSet::new(), Ok(()));
        while let Some(batch) = owed.first(&stuck) {
            if let Err(error) = self.record(&batch).await {
                owed.fails(self.now(), &error);
                if let CommitError::Store(StoreError::Engine(_)) = error {
                    return Err(error);
                }
                // It is about this person alone: the others do not wait for it.
                stuck.insert(batch.person);
                failure = Err(error);
                continue;
            }
            owed.take(&batch);
            tracing::warn!(person = %batch.person, since = %batch.at, "an owed cut has been recorded");
            self.told(&batch.events);
            self.0.people.pushes.told(&batch.events);
            if let Ok(slice) = self.slice_in_force(Key::Person(batch.person)).await {
                self.publish(&self.with_openings(slice));
            }
        }
        if failure.is_ok() {
            owed.works();
        }
        failure
    }

    async fn record(&self, batch: &Batch) -> Result<(), CommitError> {
        let people = &self.0.people;
        let mut tries = 0;
        loop {
            let accounts = batch.accounts();
            let slice = people.store.slice_about(Key::Person(batch.person), &accounts).await?;
            let now = people.clock.stamp();
            match commit(&people.store, &slice, batch, now).await {
                Err(CommitError::Conflict) if tries < TRIES => tries += 1,
                other => return other,
            }
        }
    }

    /// Records what is owed as soon as the tables can be written again.
    pub(crate) fn spawn_settling(&self) {
        let weak = Arc::downgrade(&self.0);
        let make = move || keep_settling(Weak::clone(&weak));
        self.0.health.task("settle", told(&self.0), make);
    }
}

async fn commit(store: &Store, slice: &Slice, batch: &Batch, now: Time) -> Result<(), CommitError> {
    let Batch { by, source, at, events, .. } = batch;
    if store.has_evidence(slice, events).await? {
        // The commit came through, and its answer did not; or the server stopped between the two.
        return Ok(());
    }
    store.commit_late(slice, events, *by, source, *at, now).await.map(drop)
}

async fn keep_settling(weak: Weak<Inner>) {
    let Some(owed) = weak.upgrade().map(|inner| Arc::clone(&inner.people.owed)) else { return };
    let mut pause = PAUSES.0;
    loop {
        if owed.is_empty() {
            pause = PAUSES.0;
            // Not for ever: the gate may be gone.
            drop(tokio::time::timeout(Duration::from_secs(1), owed.wake.notified()).await);
        } else {
            tokio::time::sleep(pause).await;
        }
        let Some(inner) = weak.upgrade() else { return };
        match Gate(inner).settle_owed().await {
            Ok(()) => pause = PAUSES.0,
            Err(error) => {
                tracing::debug!(%error, "owed cuts could not be recorded yet");
                pause = (pause * 2).min(PAUSES.1);
            }
        }
    }
}
