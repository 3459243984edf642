//! What may be done, as far as whoever sees the answers alone can know it.

use std::collections::{BTreeMap, BTreeSet};

use access::id::Holder;
use access::{CredentialId, Grade, PaperAccountId, Time};

/// A program's credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Its id.
    pub id: CredentialId,
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub person: String,
    /// What it was made for.
    pub accounts: Vec<PaperAccountId>,
    /// When it ends.
    pub until: Time,
    /// Until it is resumed.
    pub is_paused: bool,
    /// For good.
    pub is_revoked: bool,
}

/// What a lock is on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum LockSubject {
    /// An account.
    Account(PaperAccountId),
    /// A person.
    Person(String),
}

/// What was answered so far.
#[derive(Debug, Clone, Default)]
pub struct Model {
    /// Every program that was made.
    pub programs: Vec<Program>,
    /// Every account that was opened, with those that were closed.
    pub accounts: Vec<PaperAccountId>,
    /// Those that were closed.
    pub closed: BTreeSet<PaperAccountId>,
    /// Locks that stand.
    pub locks: BTreeMap<LockSubject, Grade>,
    /// Programs that lost an account with the mandate of their person.
    pub off: BTreeSet<(CredentialId, PaperAccountId)>,
    /// Who has a mandate on which account.
    pub mandates: BTreeSet<(String, PaperAccountId)>,
}

impl Model {
    /// Why nothing new can come from this holder on this account at this time; none where it may, or where nobody
    /// but the server knows.
    pub fn bars(&self, holder: Holder, account: PaperAccountId, now: Time) -> Option<String> {
        if self.closed.contains(&account) {
            return Some(format!("{account} is closed"));
        }
        let stops = |grade: &Grade| matches!(grade, Grade::NoNew | Grade::All);
        if self.locks.get(&LockSubject::Account(account)).is_some_and(stops) {
            return Some(format!("{account} is locked"));
        }
        let Holder::Credential(id) = holder else { return None };
        let Some(program) = self.programs.iter().find(|one| one.id == id) else {
            return Some(format!("nobody made {id}"));
        };
        let name = &program.name;
        if program.is_revoked {
            return Some(format!("{name} is revoked"));
        }
        if program.is_paused {
            return Some(format!("{name} is paused"));
        }
        if program.until <= now {
            return Some(format!("{name} ended at {}", program.until));
        }
        if !program.accounts.contains(&account) || self.off.contains(&(id, account)) {
            return Some(format!("{name} is not for {account}"));
        }
        let person = LockSubject::Person(program.person.clone());
        self.locks.get(&person).is_some_and(stops).then(|| format!("{} is locked", program.person))
    }

    /// The programs that were not revoked.
    pub fn live(&self) -> Vec<Program> {
        self.programs.iter().filter(|one| !one.is_revoked).cloned().collect()
    }

    /// The accounts that are open.
    pub fn open(&self) -> Vec<PaperAccountId> {
        self.accounts.iter().copied().filter(|one| !self.closed.contains(one)).collect()
    }

    /// The program of an id.
    pub fn program(&mut self, id: CredentialId) -> Option<&mut Program> {
        self.programs.iter_mut().find(|one| one.id == id)
    }

    /// A person's mandate on an account ended, and with it what their programs may do there.
    pub fn mandate_ends(&mut self, person: &str, account: PaperAccountId) {
        self.mandates.remove(&(person.to_owned(), account));
        let theirs = self.programs.iter().filter(|one| one.person == person);
        self.off.extend(theirs.map(|one| (one.id, account)));
    }
}
