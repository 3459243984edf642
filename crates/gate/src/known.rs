//! What was last known of each person: enough to decide a cut when the tables cannot be read.
//!
//! A lock or a revocation must not wait for a database that is away. It is then decided on the
//! state after the last commit, which is what the live table shows too; the commit that records it
//! later compares versions like any other.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use access::lock::LockTarget;
use access::mandate::Role;
use access::name::Username;
use access::notice::Notice;
use access::{AccountId, AccountSlice, CredentialId, NoticeId, PersonId, Scope, Slice};
use store::Key;

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

    /// A message that somebody may answer 'not me'.
    pub(crate) fn notice(&self, id: NoticeId) -> Option<Notice> {
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
            slice.owners.clear();
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

    /// Everybody of whom this is true.
    pub(crate) fn all_who(&self, is_meant: impl Fn(&Slice) -> bool) -> Vec<Slice> {
        let all = self.all();
        let meant = all.persons.values().filter(|slice| is_meant(slice));
        meant.map(|slice| Slice::clone(slice)).collect()
    }

    /// The strongest lock over a credential on an account, and what its person signs in with.
    pub(crate) fn lock_over(
        &self,
        credential: CredentialId,
        account: AccountId,
    ) -> Option<(LockTarget, String)> {
        let all = self.all();
        let slice = all.persons.values().find(|slice| slice.credential(credential).is_some())?;
        let on_account = slice.account(account).into_iter().flat_map(|one| &one.locks);
        let lock = slice.locks.iter().chain(on_account).max_by_key(|lock| lock.grade)?;
        Some((lock.target, slice.person.as_ref()?.username.to_string()))
    }

    /// What everybody signs in with, by name.
    pub(crate) fn names(&self) -> Vec<(PersonId, String)> {
        let all = self.all();
        let persons = all.persons.values().filter_map(|slice| slice.person.as_ref());
        let mut names: Vec<_> =
            persons.map(|person| (person.id, person.username.to_string())).collect();
        names.sort_by(|one, other| one.1.cmp(&other.1));
        names
    }

    /// The person whom a cut is about. A name that nobody has, and what only a visitor shows, finds nobody.
    pub(crate) fn find(&self, key: Key<'_>) -> Option<Slice> {
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
            Key::DeviceId(device) => slice.device(device).is_some(),
            Key::Authenticator(id) => slice.authenticator(id).is_some(),
            Key::RecoveryId(id) => slice.recoveries.iter().any(|one| one.id == id),
            _ => false,
        };
        let found = all.persons.values().find(|slice| is_meant(slice));
        found.map(|slice| Slice::clone(slice))
    }
}
