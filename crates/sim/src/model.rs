//! What may be done, as far as whoever sees the answers alone can know it.

use std::collections::{BTreeMap, BTreeSet};

use access::id::Holder;
use access::{CredentialId, Grade, PaperAccountId, SessionId, Time};

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
    /// Sessions of browsers, and whose they are.
    pub sessions: BTreeMap<SessionId, String>,
    /// Those that were ended.
    pub over: BTreeSet<SessionId>,
}

/// Whether it lets nothing new pass, whatever that is.
fn stops(grade: Grade) -> bool {
    matches!(grade, Grade::NoNew | Grade::All)
}

impl Model {
    /// Why nothing new can come from this holder on this account at this time; none where it may, or where nobody
    /// but the server knows.
    pub fn bars(&self, holder: Holder, account: PaperAccountId, now: Time) -> Option<String> {
        if self.closed.contains(&account) {
            return Some(format!("{account} is closed"));
        }
        if self.locks.get(&LockSubject::Account(account)).copied().is_some_and(stops) {
            return Some(format!("{account} is locked"));
        }
        let id = match holder {
            Holder::Credential(id) => id,
            Holder::Session(id) => return self.bars_session(id, account),
            Holder::Operator | Holder::System => return None,
        };
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
        self.bars_person(&program.person)
    }

    fn bars_session(&self, id: SessionId, account: PaperAccountId) -> Option<String> {
        if self.over.contains(&id) {
            return Some(format!("{id} was ended"));
        }
        let person = self.sessions.get(&id)?;
        if !self.mandates.contains(&(person.clone(), account)) {
            return Some(format!("{person} has no mandate on {account}"));
        }
        self.bars_person(person)
    }

    fn bars_person(&self, person: &str) -> Option<String> {
        let lock = self.locks.get(&LockSubject::Person(person.to_owned()));
        lock.copied().is_some_and(stops).then(|| format!("{person} is locked"))
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
