//! The one way to write facts about access: the events of a decision, and their evidence, in one
//! transaction.

use std::sync::atomic::Ordering;

use access::call::{By, Source};
use access::decision::Event;
use access::guard::{Reads, Scope};
use access::id::PersonId;
use access::moment::{Span, Time};
use access::person;
use access::slice::Slice;
use sqlx::AnyConnection;
use thiserror::Error;

use crate::error::StoreError;
use crate::evidence::Header;
use crate::{
    Store, approval, evidence, guard, network, notice, recovery, session, site, throttle, travel,
};

/// How long ended sessions, unknown names and notices are remembered outside evidence.
const MEMORY_SESSIONS: Span = Span::days(30);
const MEMORY_STRANGERS: Span = Span::days(30);
const MEMORY_APPROVALS: Span = Span::hours(1);
const MEMORY_RECOVERIES: Span = Span::days(90);
const MEMORY_NOTICES: Span = Span::days(90);

/// Who decided, from where, and when.
struct Head<'a> {
    by: By,
    source: &'a str,
    now: Time,
    /// Since when it has been in force, if it was before it is on record.
    since: Option<Time>,
}

/// Why nothing was committed.
#[derive(Debug, Error)]
pub enum CommitError {
    /// What was decided on has moved: load it, decide and commit again.
    #[error("what was decided on changed in the meantime")]
    Conflict,
    /// It would write what its decision was never shown.
    #[error("{0} would be written without having been read")]
    Unread(Scope),
    /// Another credential has the port: choose another.
    #[error("another credential has this port")]
    PortTaken,
    /// The passkey is registered to someone else.
    #[error("the passkey is already registered")]
    PasskeyTaken,
    /// The engine failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for CommitError {
    fn from(error: sqlx::Error) -> Self {
        StoreError::from(error).into()
    }
}

impl CommitError {
    /// Tells a clash of two commits from a failure. SQLite names the columns (`credential.port`),
    /// PostgreSQL the index (`credential_port`).
    fn sort(self) -> Self {
        let Self::Store(StoreError::Engine(sqlx::Error::Database(error))) = &self else {
            return self;
        };
        if error.is_unique_violation() {
            let text = error.message().replace('.', "_");
            return if text.contains("credential_port") {
                Self::PortTaken
            } else if text.contains("authenticator_handle") {
                Self::PasskeyTaken
            } else {
                Self::Conflict
            };
        }
        match error.code().as_deref() {
            // PostgreSQL: serialisation failure, deadlock.
            Some("40001" | "40P01") => Self::Conflict,
            _ => self,
        }
    }
}

impl Store {
    /// Applies exactly these events, decided on this slice and on the versions of `reads`, and records
    /// them. A conflict changes nothing. Events that only record conflict with nothing.
    pub async fn commit(
        &self,
        (slice, reads): (&Slice, &Reads),
        events: &[Event],
        by: By,
        source: &Source,
        now: Time,
    ) -> Result<(), CommitError> {
        #[cfg(feature = "simulation")]
        crate::simulation::begins().await;
        let header = Head { by, source: &source.to_string(), now, since: None };
        self.try_commit((slice, reads), events, &header).await.map_err(CommitError::sort)
    }

    /// The same for what has been in force `since` a time before: its evidence has both times.
    pub async fn commit_late(
        &self,
        slice: &Slice,
        events: &[Event],
        by: By,
        source: &str,
        since: Time,
        now: Time,
    ) -> Result<(), CommitError> {
        let header = Head { by, source, now, since: Some(since) };
        let read = (slice, &slice.reads());
        self.try_commit(read, events, &header).await.map_err(CommitError::sort)
    }

    async fn try_commit(
        &self,
        (slice, reads): (&Slice, &Reads),
        events: &[Event],
        head: &Head<'_>,
    ) -> Result<(), CommitError> {
        let created = events.iter().find_map(|event| match event {
            Event::Person(person::Event::Created(person)) => Some(person.id),
            _ => None,
        });
        let person = slice.person.as_ref().map(|person| person.id).or(created);
        let mut transaction = self.database.begin().await?;
        if events.iter().any(Event::changes_tables) {
            guard::check(&mut transaction, self.database.engine(), (slice, reads), events).await?;
        }
        let webhook = self.webhook.load(Ordering::Relaxed);
        for event in events {
            apply(&mut transaction, person, event, webhook).await?;
        }
        let Head { by, source, now, since } = *head;
        let header = Header { at: now, since, actor: by, source, person };
        evidence::append(&mut transaction, &header, events).await?;
        transaction.commit().await?;
        if let Some(person) = person {
            let raised = slice.writes(events).contains(&Scope::Person(person));
            let versions = (slice.version, slice.version + i64::from(raised));
            self.loaded.follow(person, versions, events);
        }
        Ok(())
    }

    /// Forgets what is only kept for convenience: ended sessions and unknown names of more than 30
    /// days, notices and networks of more than 90. Evidence keeps what it has. Gives the number of rows.
    pub async fn prune(&self, now: Time) -> Result<u64, StoreError> {
        let mut transaction = self.database.begin().await?;
        let forgotten = forget(&mut transaction, now).await?;
        transaction.commit().await?;
        // Versions stay as they are: each node forgets within the hour in which it prunes.
        if forgotten > 0 {
            self.loaded.clear();
        }
        Ok(forgotten)
    }
}

/// What [`Store::prune`] does.
pub(crate) async fn forget(connection: &mut AnyConnection, now: Time) -> Result<u64, StoreError> {
    let mut forgotten = session::prune(connection, now - MEMORY_SESSIONS).await?;
    forgotten += throttle::prune(connection, now - MEMORY_STRANGERS).await?;
    forgotten += site::prune(connection, now).await?;
    forgotten += approval::prune(connection, now - MEMORY_APPROVALS).await?;
    forgotten += recovery::prune(connection, now - MEMORY_RECOVERIES).await?;
    forgotten += notice::prune(connection, now - MEMORY_NOTICES).await?;
    forgotten += travel::prune(connection, now).await?;
    forgotten += network::prune(connection, now - access::network::MEMORY).await?;
    Ok(forgotten)
}

/// What one noun's events do to its tables.
macro_rules! noun_apply {
    (throttle, $connection:ident, $person:ident, $webhook:ident, $event:ident) => {
        throttle::apply($connection, $person, $event).await?
    };
    (notice, $connection:ident, $person:ident, $webhook:ident, $event:ident) => {
        notice::apply($connection, $event, $webhook).await?
    };
    // Evidence is appended at once for all the events of a commit.
    (evidence, $connection:ident, $person:ident, $webhook:ident, $event:ident) => {{
        let _: &access::evidence::Event = $event;
    }};
    ($noun:ident, $connection:ident, $person:ident, $webhook:ident, $event:ident) => {
        crate::$noun::apply($connection, $event).await?
    };
}

macro_rules! apply_each {
    (
        both { $($both:ident $Both:ident;)* }
        asked { $($asked:ident $Asked:ident;)* }
        told { $($told:ident $Told:ident;)* }
    ) => {
        /// Does to the tables what an event says.
        pub(crate) async fn apply(
            connection: &mut AnyConnection,
            person: Option<PersonId>,
            event: &Event,
            webhook: bool,
        ) -> Result<(), StoreError> {
            match event {
                $(Event::$Both(event) => noun_apply!($both, connection, person, webhook, event),)*
                $(Event::$Told(event) => noun_apply!($told, connection, person, webhook, event),)*
            }
            Ok(())
        }
    };
}

access::for_each_noun!(apply_each);
