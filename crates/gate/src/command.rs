//! Load, decide, commit, publish: the one way in which anything about people changes.
//!
//! What narrows is put into the live table before the commit and fenced, so that nothing is
//! stamped under the old authority once the call returns; what widens comes after it. A conflict
//! is decided again here and nowhere else. A command that has begun runs to its end even when
//! the caller goes away: authority must not stay half cut.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use access::call::Source;
use access::decision::decide;
use access::notice::Addressee;
use access::refusal::{CredentialRefusal, PasskeyFault, ServerRefusal, SignInRefusal};
use access::{AccountId, By, Call, Command, Event, Reads, Refusal, Scope, Slice, Time, device};
use store::{CommitError, Key, SessionUse, StoreError};

use crate::Gate;
use crate::ask::Done;
use crate::registry::store_failed;
use crate::{credential, lock, session};

mod task;
mod turn;

pub use task::Boxed;
use task::OwnedKey;
pub(crate) use task::to_the_end;
pub(crate) use turn::Turns;

/// Decisions of one call before it gives up; from the second on it has its turn.
const TRIES: usize = 20;
/// How long the caller of a cut waits for its commit. A database can stop in the middle of one (a stopped
/// process, a cable pulled), and then says neither yes nor no. Longer than both engines wait for a lock, which
/// is an answer.
const PATIENCE: Duration = Duration::from_secs(12);

impl Gate {
    /// All that a decision about `key` needs.
    pub(crate) fn load<'a>(&'a self, key: Key<'a>) -> Boxed<'a, Result<Slice, Refusal>> {
        Box::pin(async move {
            let slice = self.slice_in_force(key).await.map_err(|error| store_failed(&error))?;
            Ok(self.with_openings(slice))
        })
    }

    /// The same with these accounts for what may be a cut, and whether it is only what was last known.
    pub(crate) fn load_to_cut<'a>(
        &'a self,
        key: Key<'a>,
        accounts: &'a [AccountId],
    ) -> Boxed<'a, Result<(Slice, bool), Refusal>> {
        Box::pin(async move {
            let read = self.slice_or_known(key, accounts).await;
            let (slice, known) = read.map_err(|error| store_failed(&error))?;
            Ok((self.with_openings(slice), known))
        })
    }

    /// What a call would be refused with now; nothing is written. For what writes elsewhere before it.
    pub(crate) async fn would_be(&self, key: Key<'_>, call: &Call) -> Result<(), Refusal> {
        self.0.watch.may_write()?;
        let slice = self.load_to_cut(key, &call.command.accounts()).await?.0;
        let moment = self.moment()?;
        decide(&slice, call, &moment, &self.0.people.key).answer.map(drop)
    }

    /// Decides `call` on the slice of `key` (`loaded`, when the caller just read it).
    pub(crate) fn run(
        &self,
        key: Key<'_>,
        loaded: Option<Slice>,
        call: &Arc<Call>,
    ) -> Boxed<'static, Result<Done, Refusal>> {
        let (gate, key, call) = (self.clone(), OwnedKey::new(key), Arc::clone(call));
        Box::pin(to_the_end(async move { gate.decide(key.key(), loaded, &call).await }))
    }

    /// What a commit leads to: the slice as it is now, in force.
    async fn recorded(&self, slice: Slice, events: &[Event], now: Time) -> Slice {
        let mut after = slice;
        after.apply(events);
        self.committed(&after, events, now).await;
        after
    }

    /// Commits what was decided, behind what is owed of its person. `unread` are tables that a cut must not
    /// wait for.
    async fn commit(
        &self,
        (slice, reads): (&Slice, &Reads),
        events: &[Event],
        call: &Call,
        now: Time,
        (cuts, unread): (bool, bool),
    ) -> Result<(), CommitError> {
        let (by, source) = (call.by, &call.source);
        if unread {
            return Err(behind());
        }
        if !cuts {
            return self.write((slice, reads), events, (by, source), now).await;
        }
        // Not stopped when its time is up: what comes of it is found by the record of what is owed.
        let (gate, slice, reads, events, source) =
            (self.clone(), slice.clone(), reads.clone(), events.to_vec(), source.clone());
        let task = async move { gate.write((&slice, &reads), &events, (by, &source), now).await };
        let written = tokio::time::timeout(PATIENCE, tokio::spawn(task)).await;
        written.ok().and_then(Result::ok).unwrap_or_else(|| Err(behind()))
    }

    /// The same, for as long as it takes. An error too where the file was taken away meanwhile, so that
    /// nothing is on record.
    async fn write(
        &self,
        (slice, reads): (&Slice, &Reads),
        events: &[Event],
        (by, source): (By, &Source),
        now: Time,
    ) -> Result<(), CommitError> {
        self.settle_before(slice).await?;
        self.0.people.store.commit((slice, reads), events, by, source, now).await?;
        self.0.watch.may_write().map_err(|_| behind())
    }

    /// Adds the other owners of the accounts that a command is about, as they are or, with the tables away, as they
    /// were last known. A cut does not fail for want of somebody to tell.
    async fn add_owners(&self, slice: &mut Slice, command: &Command, away: bool) {
        let now = self.now();
        slice.owners.clear();
        for owner in command.owners(slice, now) {
            let known =
                || self.0.people.known.find(Key::Person(owner)).ok_or(ServerRefusal::StoreFailed);
            let read = if away {
                known().map_err(Refusal::Server)
            } else {
                self.found_or_known(Key::Person(owner)).await
            };
            slice.owners.extend(read.ok().and_then(|read| Addressee::of(&read, now)));
        }
    }

    async fn decide(
        &self,
        key: Key<'_>,
        loaded: Option<Slice>,
        call: &Call,
    ) -> Result<Done, Refusal> {
        let people = &self.0.people;
        let accounts = call.command.accounts();
        let has_all = |slice: &Slice| accounts.iter().all(|id| slice.account(*id).is_some());
        let mut loaded = loaded.filter(has_all);
        let mut turn = None;
        for tries in 0..TRIES {
            // Whatever is lost: what only takes away is in force.
            let lost = self.0.watch.may_write().err();
            let (mut slice, away) = match loaded.take() {
                Some(slice) => (slice, false),
                None => self.load_to_cut(key, &accounts).await?,
            };
            self.add_owners(&mut slice, &call.command, away).await;
            let moment = people.clock.moment().map_err(|error| {
                tracing::error!(%error, "no decision can be made");
                Refusal::Server(ServerRefusal::StoreFailed)
            })?;
            let decision = decide(&slice, call, &moment, &people.key);
            // A refusal that is counted with others alike is recorded apart from what changed.
            let beside = decision.beside_refusal();
            let events = beside.unwrap_or(&decision.events);
            if let Err(refusal) = &decision.answer
                && events.is_empty()
            {
                if beside.is_some() {
                    self.record_refusal(call.by, &call.source, &slice, refusal).await;
                }
                return Err(refusal.clone());
            }
            // What also gives changes nothing before it is on record.
            let cuts = self.cuts(&slice, events, &decision.answer);
            if let (false, Some(lost)) = (cuts, &lost) {
                return Err(lost.clone());
            }
            let narrowed = cuts && self.narrow(events);
            let unread = lost.is_some() || (cuts && away);
            let read = (&slice, &decision.reads);
            let committed = self.commit(read, events, call, moment.now, (cuts, unread)).await;
            match committed {
                Ok(()) => {
                    let after = self.recorded(slice, events, moment.now).await;
                    if let (Err(refusal), true) = (&decision.answer, beside.is_some()) {
                        self.record_refusal(call.by, &call.source, &after, refusal).await;
                    }
                    return decision.answer.map(|answer| Done { answer, after });
                }
                Err(error) => {
                    if narrowed {
                        self.hang_up(); // what was ended in memory stays ended
                    }
                    let last = tries + 1 == TRIES;
                    let failed = matches!(error, CommitError::Store(_)) || last;
                    if cuts && failed {
                        let owed = self.owe(slice, events, call, moment.now, &error).await;
                        return Err(decision.answer.err().unwrap_or(owed));
                    }
                    if !matches!(error, CommitError::Conflict) {
                        let lost = self.0.watch.may_write().err();
                        return Err(lost.unwrap_or_else(|| clash(error, &decision.events)));
                    }
                    // Whoever vouched for somebody else may have lost the right to: their caller looks again.
                    if decision.reads.keys().any(|scope| !slice.reads().contains_key(scope)) {
                        return Err(Refusal::SignIn(SignInRefusal::ProofStale));
                    }
                    if turn.is_none() {
                        turn = people.turns.take(&slice).await;
                    }
                }
            }
        }
        tracing::error!(tries = TRIES, "a decision met a conflict at every try");
        Err(Refusal::Server(ServerRefusal::StoreFailed))
    }

    /// Makes the live table what was committed, and wakes those who wait for it.
    async fn committed(&self, after: &Slice, events: &[Event], now: Time) {
        let people = &self.0.people;
        // A cut whose commit failed meanwhile is in force, and must not be published over.
        let in_force = match &after.person {
            Some(person) if people.owed.has(after) => self.load(Key::Person(person.id)).await.ok(),
            _ => None,
        };
        self.publish(in_force.as_ref().unwrap_or(after));
        for scope in after.writes(events) {
            self.publish_scope(scope, after.reads().get(&scope).copied()).await;
        }
        self.note_tokens(events, now);
        self.told(events);
        if events.iter().any(asks_phones) {
            people.approvals.send_modify(|count| *count += 1);
        }
        people.pushes.told(events);
        self.narrow_again(events);
    }

    /// Takes away, in memory, what the events are about to take away. Behind the fence nothing is
    /// stamped under what stood before.
    pub(crate) fn narrow(&self, events: &[Event]) -> bool {
        let mut narrowed = false;
        for event in events {
            narrowed |= lock::narrow(self, event)
                || lock::narrow_on_account(self, event)
                || session::narrow(self, event)
                || credential::narrow(self, event);
        }
        if narrowed {
            self.fence();
        }
        narrowed
    }

    /// The same once more after the publication. An earlier commit may have been published since the
    /// first time: over a lock, which stood in memory only until its own commit, or with a session
    /// that had no slot yet. Locks, pauses and narrower scopes are not put on again: one may have been
    /// lifted since, and the publication has them.
    fn narrow_again(&self, events: &[Event]) {
        let narrows = |event| session::narrow(self, event) || credential::end(self, event);
        // All of them: each ends something of its own.
        let narrowed = events.iter().filter(|event| narrows(event)).count() > 0;
        let cut = |event: &Event| matches!(event, Event::Lock(_)) || credential::is_cut(event);
        if narrowed || events.iter().any(cut) {
            self.fence();
            self.hang_up();
        }
    }

    /// Makes the live table what the slice says, unless a later commit has done so already.
    pub(crate) fn publish(&self, slice: &Slice) {
        self.publish_with(slice, &[]);
    }

    /// The same, with the last uses of sessions that are not in memory yet.
    pub(crate) fn publish_with(&self, slice: &Slice, uses: &[SessionUse]) {
        let _alone = self.0.people.publishing.lock().unwrap_or_else(PoisonError::into_inner);
        for one in self.0.people.known.take_up(slice) {
            self.publish_sessions(&one, uses);
            self.publish_credentials(&one);
        }
    }

    /// Makes the live table show a scope at this version or a later one, for everybody whom it reaches;
    /// without a version, as the tables have it. Told twice, or after a later one, it does nothing.
    pub(crate) async fn publish_scope(&self, scope: Scope, version: Option<i64>) {
        let known = self.0.people.known.version(scope);
        if version.is_some_and(|version| known.is_some_and(|known| known >= version)) {
            return;
        }
        let key = match scope {
            Scope::Person(id) => Key::Person(id),
            Scope::Account(id) => Key::Account(id),
        };
        match self.load(key).await {
            Ok(slice) => self.publish(&slice),
            // What narrows was narrowed before its commit; the rest waits for the next one.
            Err(refusal) => tracing::warn!(%scope, %refusal, "it could not be published"),
        }
    }

    /// Tokens that proofs gave, also where a later commit was published before.
    fn note_tokens(&self, events: &[Event], now: Time) {
        for event in events {
            if let Event::Session(access::session::Event::Proven { session, token, .. }) = event
                && let Some(token) = token
            {
                self.0.people.sessions.note_token(*session, token, now);
            }
        }
    }

    /// A command whose answer is of no interest.
    pub(crate) async fn run_done(&self, key: Key<'_>, call: &Arc<Call>) -> Result<Slice, Refusal> {
        self.run(key, None, call).await.map(|done| done.after)
    }
}

/// The tables cannot be written now.
fn behind() -> CommitError {
    StoreError::Behind { full: false }.into()
}

/// Whether a phone's page shows it: an approval, its number, or that it answers approvals from now on.
fn asks_phones(event: &Event) -> bool {
    use device::Event::{PhoneConfirmed, PhoneOffered};
    matches!(event, Event::Approval(_) | Event::Device(PhoneConfirmed { .. } | PhoneOffered { .. }))
}

/// What the caller is told when the tables refuse what the slice allowed: it belongs to someone
/// else's slice.
fn clash(error: CommitError, events: &[Event]) -> Refusal {
    match error {
        CommitError::PortTaken => {
            let port = events.iter().find_map(|event| match event {
                Event::Credential(access::credential::Event::Created(one)) => one.door.port(),
                _ => None,
            });
            port.map_or(Refusal::Server(ServerRefusal::StoreFailed), |port| {
                Refusal::Credential(CredentialRefusal::PortTaken { port, until: Time::FAR })
            })
        }
        CommitError::PasskeyTaken => {
            Refusal::SignIn(SignInRefusal::PasskeyRefused { reason: PasskeyFault::Registered })
        }
        CommitError::Conflict => Refusal::Server(ServerRefusal::StoreFailed),
        CommitError::Unread(scope) => {
            tracing::error!(%scope, "a decision writes what it was never shown");
            Refusal::Server(ServerRefusal::StoreFailed)
        }
        CommitError::Store(error) => store_failed(&error),
    }
}
