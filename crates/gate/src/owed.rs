//! Cuts that are in effect but not yet recorded. What narrows is put into memory before its commit;
//! if that fails (a full disk, a locked database, PostgreSQL away) the cut holds all the same, and
//! what is owed to the tables waits here, in order, until they can be written. A file whose space
//! was reserved ahead keeps it across restarts. Loading the person applies what is owed as if it
//! had been committed, so a lock can be lifted, and is neither set nor lifted twice.

use std::collections::BTreeSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

use access::refusal::ServerRefusal;
use access::{AccountId, Answer, Call, Event, Refusal, Slice, Time, lock};
use store::{CommitError, Key, Store, StoreError};

use crate::timer::told;
use crate::{Gate, Inner};

mod batch;
mod queue;
mod reserve;
mod weight;

use batch::Batch;
pub(crate) use queue::Owed;
pub use reserve::{OwedUnreadable, owed_cuts};
use weight::{hands_out, is_cut};

/// How long after a failure the next try comes, at first and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));
/// Tries of one batch against a person who keeps changing.
const TRIES: usize = 20;

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
