//! What was last known of each person: enough to decide a cut when the tables cannot be read.
//!
//! A lock or a revocation must not wait for a database that is away. It is then decided on the
//! state after the last commit, which is what the live table shows too; the commit that records it
//! later compares versions like any other.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use access::credential::Credential;
use access::mandate::Role;
use access::name::Username;
use access::notice::Notice;
use access::{AccountId, AccountSlice, NoticeId, PaperAccountId, PersonId, Refusal, Scope, Slice};
use store::{CredentialUse, Key, StoreError};

use crate::Gate;
use crate::command::Boxed;
use crate::registry::store_failed;

/// How long tables may take to answer before cuts are decided on what is known.
const PATIENCE: Duration = Duration::from_secs(2);

/// Messages that are kept, the last that were written or shown.
const MESSAGES: usize = 512;

/// Persons and accounts, each as its last commit left it.
#[derive(Default)]
struct People {
    /// With their accounts as those are.
    persons: BTreeMap<PersonId, Arc<Slice>>,
    accounts: BTreeMap<AccountId, AccountSlice>,
}

impl People {
    /// Those who hold an account.
    fn holders(&self, account: AccountId) -> impl Iterator<Item = &Arc<Slice>> {
        self.persons.values().filter(move |slice| slice.mandate(account).is_some())
    }

    /// A person with their accounts as those are now.
    fn renew(&mut self, id: PersonId) -> Option<Arc<Slice>> {
        let slice = self.persons.get_mut(&id)?;
        for account in &mut Arc::make_mut(slice).accounts {
            if let Some(known) = self.accounts.get(&account.id) {
                account.clone_from(known);
            }
        }
        Some(Arc::clone(slice))
    }
}

/// Everybody, as the last commit left them.
#[derive(Default)]
pub(crate) struct Known {
    people: Mutex<People>,
    /// What can be answered 'not me' by somebody who has the message before them.
    notices: Mutex<VecDeque<Arc<Notice>>>,
}

impl Known {
    fn all(&self) -> MutexGuard<'_, People> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes up a message that was written or shown.
    pub(crate) fn note_notice(&self, notice: &Notice) {
        if !notice.topic.can_be_disowned() {
            return;
        }
        let mut notices = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        if notices.iter().any(|one| one.id == notice.id) {
            return;
        }
        if notices.len() >= MESSAGES {
            notices.pop_front();
        }
        notices.push_back(Arc::new(Notice { code: None, ..notice.clone() }));
    }

    fn notice(&self, id: NoticeId) -> Option<Notice> {
        let notices = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        notices.iter().find(|one| one.id == id).map(|one| Notice::clone(one))
    }

    /// Takes up a person and their accounts, each unless it is known as it is now or was later: what an
    /// earlier commit left never comes over a later one. Everybody whom it changes, as they are now:
    /// an account reaches all who hold it.
    pub(crate) fn take_up(&self, slice: &Slice) -> Vec<Arc<Slice>> {
        let mut known = self.all();
        let mut reached = BTreeSet::new();
        for account in &slice.accounts {
            let last = known.accounts.get(&account.id).map(|one| one.version);
            if last.is_none_or(|last| last < account.version) {
                known.accounts.insert(account.id, account.clone());
                let holders = known.holders(account.id);
                reached.extend(holders.filter_map(|one| one.person.as_ref().map(|one| one.id)));
            }
        }
        if let Some(person) = &slice.person
            && known.persons.get(&person.id).is_none_or(|last| last.version < slice.version)
        {
            let mut slice = slice.clone();
            let mandates = std::mem::take(&mut slice.mandates);
            slice.accounts.retain(|one| mandates.iter().any(|held| held.account == one.id));
            slice.mandates = mandates;
            known.persons.insert(person.id, Arc::new(slice));
            reached.insert(person.id);
        }
        reached.into_iter().filter_map(|id| known.renew(id)).collect()
    }

    /// The version of a person or an account that is known, if it is.
    pub(crate) fn version(&self, scope: Scope) -> Option<i64> {
        let known = self.all();
        match scope {
            Scope::Person(id) => known.persons.get(&id).map(|one| one.version),
            Scope::Account(id) => known.accounts.get(&id).map(|one| one.version),
        }
    }

    /// Those who hold an account.
    pub(crate) fn holders(&self, account: AccountId) -> Vec<Arc<Slice>> {
        self.all().holders(account).cloned().collect()
    }

    /// The person whom a cut is about. A name that nobody has, and what only a visitor shows, finds nobody.
    fn find(&self, key: Key<'_>) -> Option<Slice> {
        let all = self.all();
        let is_meant = |slice: &Slice| match key {
            Key::Person(id) => slice.person.as_ref().is_some_and(|person| person.id == id),
            Key::Account(account) => slice
                .mandates
                .iter()
                .any(|mandate| mandate.account == account && mandate.role == Role::Owner),
            Key::Session(session) => slice.session(session).is_some(),
            Key::Credential(credential) => slice.credential(credential).is_some(),
            Key::Username(name) => Username::new(name).is_ok_and(|name| {
                slice.person.as_ref().is_some_and(|person| person.username == name)
            }),
            Key::CredentialName(name) => {
                slice.credentials.iter().any(|one| one.name.as_str() == name)
            }
            Key::DeviceId(device) => slice.device(device).is_some(),
            Key::Authenticator(id) => slice.authenticator(id).is_some(),
            Key::RecoveryId(id) => slice.recoveries.iter().any(|one| one.id == id),
            _ => false,
        };
        let is_live = |slice: &&Arc<Slice>| match key {
            Key::CredentialName(name) => {
                let live = |one: &Credential| one.name.as_str() == name && one.revoked.is_none();
                slice.credentials.iter().any(live)
            }
            _ => true,
        };
        let meant = || all.persons.values().filter(|slice| is_meant(slice));
        let found = meant().find(is_live).or_else(|| meant().next());
        found.map(|slice| Slice::clone(slice))
    }
}

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
        let known =
            || self.0.people.known.all().persons.values().map(|one| Slice::clone(one)).collect();
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

    /// The people who have credentials, of one account or of any, as they are or as they were last known.
    pub(crate) async fn credential_holders(
        &self,
        account: Option<PaperAccountId>,
    ) -> Result<Vec<Slice>, StoreError> {
        let known = || {
            let is_of = |one: &Credential| account.is_none_or(|account| one.is_on(account));
            let all = self.0.people.known.all();
            let holds = |slice: &&Arc<Slice>| slice.credentials.iter().any(is_of);
            Ok(all.persons.values().filter(holds).map(|one| Slice::clone(one)).collect())
        };
        if self.0.watch.may_write().is_err() {
            return known();
        }
        let read = async {
            let mut slices = Vec::new();
            for person in self.0.people.store.credential_holders(account).await? {
                slices.push(self.slice_in_force(Key::Person(person)).await?);
            }
            Ok(slices)
        };
        unless_away(read).await.unwrap_or_else(known)
    }

    /// What everybody signs in with, by name, as it is or as it was last known.
    pub(crate) async fn names_or_known(&self) -> Result<Vec<(PersonId, String)>, StoreError> {
        let known = || {
            let all = self.0.people.known.all();
            let persons = all.persons.values().filter_map(|slice| slice.person.as_ref());
            let mut names: Vec<_> =
                persons.map(|person| (person.id, person.username.to_string())).collect();
            names.sort_by(|one, other| one.1.cmp(&other.1));
            Ok(names)
        };
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
