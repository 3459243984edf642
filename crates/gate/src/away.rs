//! Reads that do not wait for tables that are away. What is asked in order to cut is then answered from what was
//! last known (`known.rs`); what is only shown is left out.

use std::time::Duration;

use access::credential::Credential;
use access::notice::Notice;
use access::{AccountId, NoticeId, PersonId, Refusal, Slice};
use store::{CredentialUse, CredentialsOf, Key, StoreError};

use crate::Gate;
use crate::command::Boxed;
use crate::registry::store_failed;

/// How long tables may take to answer before cuts are decided on what is known.
const PATIENCE: Duration = Duration::from_secs(2);

/// What tables say; none when they are away, in contrast to what they may say of a fault of theirs.
async fn unless_away<T>(
    read: impl Future<Output = Result<T, StoreError>>,
) -> Option<Result<T, StoreError>> {
    match tokio::time::timeout(PATIENCE, read).await {
        Ok(Err(error)) if is_away(&error) => {
            tracing::warn!(%error, "the tables cannot be read; cuts are decided on what is known of people");
            None
        }
        Err(_) => {
            tracing::warn!("the tables do not answer; cuts are decided on what is known of people");
            None
        }
        Ok(read) => Some(read),
    }
}

fn is_away(error: &StoreError) -> bool {
    matches!(error, StoreError::Engine(_) | StoreError::Connect(_)) && !error.is_damage()
}

impl Gate {
    /// A person for a cut, and whether it is only what was last known.
    pub(crate) async fn slice_or_known(
        &self,
        key: Key<'_>,
        accounts: &[AccountId],
    ) -> Result<(Slice, bool), StoreError> {
        let read = self.slice_about(key, accounts);
        let Some(known) = self.0.people.known.find(key) else {
            return read.await.map(|slice| (slice, false));
        };
        // A file that is lost can be read as long as it is open, and no longer.
        if self.0.watch.may_write().is_err() {
            return Ok((known, true));
        }
        let read = unless_away(read).await;
        read.map_or(Ok((known, true)), |read| read.map(|slice| (slice, false)))
    }

    /// Everybody, as they are or as they were last known: for names of what is to be cut.
    pub(crate) async fn all_or_known(&self) -> Result<Vec<Slice>, StoreError> {
        let known = || self.0.people.known.all_who(|_| true);
        if self.0.watch.may_write().is_err() {
            return Ok(known());
        }
        unless_away(self.all_slices()).await.unwrap_or_else(|| Ok(known()))
    }

    /// The person whom a name or an id is of, as they are or as they were last known: for what is to be cut.
    pub(crate) fn found_or_known<'a>(&'a self, key: Key<'a>) -> Boxed<'a, Result<Slice, Refusal>> {
        Box::pin(async move {
            let read = if self.0.watch.may_write().is_err() {
                None
            } else {
                unless_away(self.slice_in_force(key)).await
            };
            match read {
                Some(read) => read.map_err(|error| store_failed(&error)),
                None => Ok(self.0.people.known.find(key).unwrap_or_default()),
            }
        })
    }

    /// The people who have credentials of these, as they are or as they were last known.
    pub(crate) async fn credential_holders(
        &self,
        which: CredentialsOf<'_>,
    ) -> Result<Vec<Slice>, StoreError> {
        let is_meant = |one: &Credential| match which {
            CredentialsOf::Anybody => true,
            CredentialsOf::Account(account) => one.is_on(account),
            CredentialsOf::Name(name) => one.name.as_str() == name,
        };
        let holds = |slice: &Slice| slice.credentials.iter().any(is_meant);
        let known = || Ok(self.0.people.known.all_who(holds));
        if self.0.watch.may_write().is_err() {
            return known();
        }
        let read = async {
            let mut slices = Vec::new();
            for person in self.0.people.store.credential_holders(which).await? {
                slices.push(self.slice_in_force(Key::Person(person)).await?);
            }
            Ok(slices)
        };
        unless_away(read).await.unwrap_or_else(known)
    }

    /// What everybody signs in with, by name, as it is or as it was last known.
    pub(crate) async fn names_or_known(&self) -> Result<Vec<(PersonId, String)>, StoreError> {
        let known = || Ok(self.0.people.known.names());
        if self.0.watch.may_write().is_err() {
            return known();
        }
        unless_away(self.0.people.store.usernames()).await.unwrap_or_else(known)
    }

    /// A message that is answered 'not me', or what was last known of it.
    pub(crate) async fn notice_or_known(&self, id: NoticeId) -> Result<Option<Notice>, Refusal> {
        let known = || self.0.people.known.notice(id);
        if self.0.watch.may_write().is_err() {
            return Ok(known());
        }
        match unless_away(self.0.people.store.message(id)).await {
            None => Ok(known()),
            Some(Err(error)) => Err(store_failed(&error)),
            Some(Ok(found)) => Ok(found.map(|message| message.notice)),
        }
    }

    /// When a person's credentials were used last; nothing when the tables are away.
    pub(crate) async fn uses_if_there(
        &self,
        person: PersonId,
    ) -> Result<Vec<CredentialUse>, StoreError> {
        let read = unless_away(self.0.people.store.credential_uses(person)).await;
        read.unwrap_or_else(|| Ok(Vec::new()))
    }
}
