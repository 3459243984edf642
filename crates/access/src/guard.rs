//! What a decision read, and what it writes: the guards of its commit.
//!
//! A decision is a function of what was loaded for it and of nothing else, so all that was loaded
//! counts as read. The commit compares the version of each scope that was read, and raises that of
//! each one that is written, in ascending order. Two decisions that read what the other one writes
//! can therefore not both commit, whichever scopes they write.

use std::collections::BTreeSet;

use crate::id::AccountId;
use crate::lock::Target;
use crate::noun::{Command, Event};
use crate::slice::Slice;
use crate::{
    account::event as account, lock::event as lock, mandate::event as mandate,
    person::event as person, trustee::event as trustee,
};

mod scope;

pub use scope::{Reads, Scope};

impl Command {
    /// The accounts that it is about, beside those of the person who is decided on.
    pub fn accounts(&self) -> Vec<AccountId> {
        match self {
            Self::Person(
                person::Command::Create { account, .. } | person::Command::Add { account, .. },
            ) => vec![(*account).into()],
            Self::Account(command) => vec![command.account()],
            Self::Mandate(command) => command.account().into_iter().collect(),
            Self::Lock(
                lock::Command::Set { target: Target::Account(account), .. }
                | lock::Command::Lift { target: Target::Account(account) }
                | lock::Command::Reach { target: Target::Account(account) },
            ) => vec![*account],
            _ => Vec::new(),
        }
    }

    /// What somebody else's slice said, whom it brings along.
    fn attested(&self) -> Option<&Reads> {
        match self {
            Self::Trustee(
                trustee::Command::Agree { attested, .. } | trustee::Command::Vouch { attested, .. },
            ) => Some(attested.reads()),
            Self::Mandate(command) => command.owner().map(mandate::OwnerWord::reads),
            _ => None,
        }
    }
}

impl Slice {
    /// The same with what the command brings along.
    pub(crate) fn reads_with(&self, command: &Command) -> Reads {
        let mut reads = self.reads();
        for (scope, version) in command.attested().into_iter().flatten() {
            // Of two versions, one has moved already, and the older one says so.
            let read = reads.entry(*scope).or_insert(*version);
            *read = (*read).min(*version);
        }
        reads
    }

    /// Every scope that it shows, with its version.
    pub fn reads(&self) -> Reads {
        let person = self.person.as_ref().map(|one| (Scope::Person(one.id), self.version));
        let accounts = self.accounts.iter().map(|one| (Scope::Account(one.id), one.version));
        person.into_iter().chain(accounts).collect()
    }

    /// The scopes that events write, when they are decided on this slice.
    pub fn writes(&self, events: &[Event]) -> BTreeSet<Scope> {
        events.iter().flat_map(|event| self.scopes_of(event)).flatten().collect()
    }

    fn scopes_of(&self, event: &Event) -> [Option<Scope>; 2] {
        let of_lock = |target| match target {
            Target::Person(person) => Scope::Person(person),
            Target::Account(account) => Scope::Account(account),
        };
        let own = self.person.as_ref().map(|person| Scope::Person(person.id));
        match event {
            Event::Notice(_) | Event::Evidence(_) => [None, None],
            Event::Lock(lock::Event::Set(lock)) => [Some(of_lock(lock.target)), None],
            Event::Lock(lock::Event::Lifted { lock, .. }) => {
                let found = self.locks().find(|one| one.id == *lock);
                [found.map(|one| of_lock(one.target)).or(own), None]
            }
            Event::Account(event) => [Some(Scope::Account(account::Event::account(event))), None],
            Event::Mandate(event) => {
                let (person, account) = event.between();
                [Some(Scope::Person(person)), Some(Scope::Account(account))]
            }
            Event::Person(person::Event::Created(person)) => [Some(Scope::Person(person.id)), None],
            _ => [own, None],
        }
    }
}
