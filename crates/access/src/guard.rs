//! What a decision read, and what it writes: the guards of its commit.
//!
//! A decision is a function of what was loaded for it and of nothing else, so all that was loaded
//! counts as read. The commit compares the version of each scope that was read, and raises that of
//! each one that is written, in ascending order. Two decisions that read what the other one writes
//! can therefore not both commit, whichever scopes they write.

use std::collections::BTreeSet;

use crate::id::{AccountId, PersonId};
use crate::lock::LockTarget;
use crate::mandate::{Mandate, Role};
use crate::moment::Time;
use crate::noun::{Command, Event};
use crate::slice::Slice;
use crate::{
    lock::event as lock, mandate::event as mandate, notice::event as notice,
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
                lock::Command::Set { target: LockTarget::Account(account), .. }
                | lock::Command::Lift { target: LockTarget::Account(account) }
                | lock::Command::Reach { target: LockTarget::Account(account) },
            ) => vec![*account],
            _ => Vec::new(),
        }
    }

    /// The other owners of the accounts that it is about, who are told what becomes of it: load them too.
    pub fn owners(&self, slice: &Slice, now: Time) -> BTreeSet<PersonId> {
        let mut accounts = self.accounts();
        if let Self::Mandate(mandate::Command::Change { mandate, .. }) = self {
            accounts.extend(
                slice.mandates.iter().find(|one| one.id == *mandate).map(|one| one.account),
            );
        }
        accounts.iter().flat_map(|account| slice.other_owners(*account, now)).collect()
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

impl Event {
    /// What it is about, which says in whose chain its entry stands: what is done to an account in the
    /// account's, whoever does it; a message in its receiver's; all else in that of `decided`, the person
    /// whose slice it was decided on.
    pub fn about(&self, decided: Option<Scope>) -> Option<Scope> {
        match self {
            Self::Account(event) => Some(Scope::Account(event.account())),
            Self::Mandate(event) => Some(Scope::Account(event.between().1)),
            Self::Lock(lock::Event::Set(lock)) => Some(of_target(lock.target)),
            Self::Lock(lock::Event::Lifted { target, .. }) => target.map(of_target).or(decided),
            Self::Notice(notice::Event::Queued(notice)) => Some(Scope::Person(notice.person)),
            _ => decided,
        }
    }
}

const fn of_target(target: LockTarget) -> Scope {
    match target {
        LockTarget::Person(person) => Scope::Person(person),
        LockTarget::Account(account) => Scope::Account(account),
    }
}

impl Slice {
    /// The owners of an account beside the person.
    pub(crate) fn other_owners(
        &self,
        account: AccountId,
        now: Time,
    ) -> impl Iterator<Item = PersonId> {
        let own = self.person.as_ref().map(|person| person.id);
        let mandates = self.account(account).into_iter().flat_map(|one| &one.mandates);
        let owns = move |one: &&Mandate| {
            one.role == Role::Owner && one.until.is_none_or(|until| now < until)
        };
        mandates.filter(owns).map(|one| one.person).filter(move |one| Some(*one) != own)
    }

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
        let owners = self.owners.iter().map(|one| (Scope::Person(one.person), one.version));
        person.into_iter().chain(accounts).chain(owners).collect()
    }

    /// The scopes that events write, when they are decided on this slice.
    pub fn writes(&self, events: &[Event]) -> BTreeSet<Scope> {
        events.iter().flat_map(|event| self.scopes_of(event)).flatten().collect()
    }

    fn scopes_of(&self, event: &Event) -> [Option<Scope>; 2] {
        let own = self.person.as_ref().map(|person| Scope::Person(person.id));
        match event {
            Event::Notice(_) | Event::Evidence(_) => [None, None],
            Event::Lock(lock::Event::Lifted { lock, target: None, .. }) => {
                let found = self.locks().find(|one| one.id == *lock);
                [found.map(|one| of_target(one.target)).or(own), None]
            }
            Event::Lock(_) | Event::Account(_) => [event.about(own), None],
            Event::Mandate(event) => {
                let (person, account) = event.between();
                [Some(Scope::Person(person)), Some(Scope::Account(account))]
            }
            Event::Person(person::Event::Created(person)) => [Some(Scope::Person(person.id)), None],
            Event::Person(person::Event::Limited { person, .. }) => {
                [Some(Scope::Person(*person)), None]
            }
            _ => [own, None],
        }
    }
}
