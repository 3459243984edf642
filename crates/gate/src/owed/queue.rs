//! All that is owed, in order: in memory, and in the file that a restart reads.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use access::device::{self, DeviceState};
use access::id::PersonId;
use access::{
    AccountId, Event, SealKey, Slice, Span, Time, account, authenticator, brokerage, credential,
    large_order, lock, mandate, person, policy, session,
};
use store::CommitError;
use tokio::sync::Notify;

use super::batch::Batch;
use super::reserve::{OwedUnreadable, Reserve};
use crate::health::Health;

/// How long a failure counts for those who come after it.
const JUST_NOW: Span = Span::seconds(1);
/// The condition while something is owed.
pub(crate) const OWED: &str = "CUTS_OWED";
/// The condition while it would not outlive a restart.
const UNKEPT: &str = "CUTS_NOT_KEPT";

/// All that is owed.
pub(crate) struct Owed {
    queue: Mutex<Vec<Batch>>,
    /// How many; read without the lock by every load.
    count: AtomicUsize,
    /// Counts those that went from the queue into the tables: a load in between could see one
    /// in neither.
    taken: AtomicU64,
    /// Held by the one who records.
    pub(super) recording: tokio::sync::Mutex<()>,
    /// When the tables could not be written last, and whether for want of room.
    failing: Mutex<Option<(Time, bool)>>,
    pub(super) wake: Notify,
    reserve: Reserve,
    health: Arc<Health>,
}

impl Owed {
    /// Takes up what was owed when the server stopped.
    pub(crate) fn open(
        data: &Path,
        key: &SealKey,
        health: &Arc<Health>,
    ) -> Result<Self, OwedUnreadable> {
        let (reserve, kept) = Reserve::open(data, key)?;
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
        Ok(owed)
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

    pub(super) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Acquire)
    }

    /// Puts what is owed on top of what the tables said. False when some of it went there since
    /// `taken`: then they have to be read again.
    pub(super) fn lay_on(&self, slices: &mut [Slice], taken: u64) -> bool {
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
    pub(super) fn has_lock(&self, id: access::LockId) -> bool {
        let is_it =
            |event: &Event| matches!(event, Event::Lock(lock::Event::Set(lock)) if lock.id == id);
        self.queue().iter().any(|one| one.events.iter().any(is_it))
    }

    /// Takes a batch up; whether a restart keeps it.
    pub(super) fn add(&self, batch: Batch) -> bool {
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

    pub(super) fn fails(&self, now: Time, error: &CommitError) {
        let full = matches!(error, CommitError::Store(error) if error.is_full());
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        *failing = Some((now, full));
    }

    pub(super) fn works(&self) {
        *self.failing.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Whether the tables could not be written a moment ago, or are being waited for.
    pub(super) fn is_behind(&self, now: Time) -> Option<bool> {
        let failing = *self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, full) = failing?;
        let waits = self.recording.try_lock().is_err();
        (waits || now.since(at) < JUST_NOW).then_some(full)
    }

    /// The first one, but of those whose record failed for a reason of their own.
    pub(super) fn first(&self, but: &BTreeSet<PersonId>) -> Option<Batch> {
        self.queue().iter().find(|one| !but.contains(&one.person)).cloned()
    }

    /// This one is on record.
    pub(super) fn take(&self, batch: &Batch) {
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
                lock::LockTarget::Account(account) => slice.account(account).is_some(),
                lock::LockTarget::Person(_) => false,
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
        Event::Credential(credential::Event::Withdrawn { credential, account, .. }) => {
            slice.credential(*credential).is_none_or(|one| !one.is_on(*account))
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
        Event::Person(person::Event::Limited { person, limits, .. }) => {
            let found = slice.person.as_ref().filter(|one| one.id == *person);
            found.is_none_or(|one| one.limits == **limits)
        }
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
        account::Event::Opened(_) | account::Event::SelfMatchSet { .. } => true,
        account::Event::Permitted { products, .. } => found.products == *products,
        account::Event::Limited { limits, .. } => found.limits == **limits,
        account::Event::Closed { .. } => found.closed_at.is_some(),
    })
}
