//! What the sessions of one person share.

use std::collections::BTreeSet;
use std::sync::Arc;

use access::entitlements::Acts;
use access::lock::Grade;
use access::person::Person;
use access::refusal::AuthorityRefusal;
use access::session::{Interface, Method, Session, SessionEnd};
use access::{Entitlements, Holder, PaperAccountId, PersonId, Refusal, SessionId, Span, Time};

use super::Table;
use super::record::Record;
use crate::session::SessionInfo;

/// Authority on an account, and on others beside it.
#[derive(PartialEq)]
struct Given {
    first: Entitlements,
    others: Vec<Entitlements>,
}

impl Given {
    fn new(given: Vec<Entitlements>) -> Option<Self> {
        let mut given = given.into_iter();
        Some(Self { first: given.next()?, others: given.collect() })
    }

    fn all(&self) -> impl Iterator<Item = &Entitlements> {
        std::iter::once(&self.first).chain(&self.others)
    }

    fn all_mut(&mut self) -> impl Iterator<Item = &mut Entitlements> {
        std::iter::once(&mut self.first).chain(&mut self.others)
    }
}

/// Name, proof, limits and authority, once for all sessions that have them in common.
pub(super) struct Class {
    pub(super) owner: Arc<Person>,
    pub(super) username: Arc<str>,
    pub(super) idle: Span,
    /// From beginning to end.
    pub(super) lasts: Span,
    interface: Interface,
    methods: Vec<Method>,
    /// Their authority on each account, the first one first; holder and end are each session's own.
    given: Given,
    /// Those accounts.
    pub(super) accounts: Arc<[PaperAccountId]>,
    members: BTreeSet<u32>,
}

impl Class {
    pub(super) fn until(&self, record: &Record) -> Time {
        record.started + self.lasts
    }

    /// Why a session of it is over by its limits.
    pub(super) fn limit(&self, record: &Record, now: Time) -> Option<(Time, SessionEnd)> {
        let (until, idle_until) = (self.until(record), record.used + self.idle);
        if now >= until {
            return Some((until, SessionEnd::Absolute));
        }
        (now >= idle_until).then_some((idle_until, SessionEnd::Idle))
    }

    /// The authority on the first account, which is that of whoever names none.
    pub(super) fn first(&self) -> &Entitlements {
        &self.given.first
    }

    /// The authority on an account.
    pub(super) fn on(&self, account: PaperAccountId) -> Option<&Entitlements> {
        self.given.all().find(|given| given.account == account)
    }

    /// The accounts, with nothing that may be done on them.
    fn stripped(&self) -> Vec<Entitlements> {
        let none = |given: &Entitlements| Entitlements { acts: Acts::NONE, ..given.clone() };
        self.given.all().map(none).collect()
    }

    /// Why nothing is done on an account that is not among theirs.
    pub(super) fn not_allowed(&self, account: PaperAccountId) -> Refusal {
        Refusal::Authority(AuthorityRefusal::AccountNotAllowed {
            account,
            allowed: self.first().account,
        })
    }

    /// What one session has of the authority `given` on an account.
    pub(super) fn entitlements(&self, record: &Record, given: &Entitlements) -> Entitlements {
        let acts = if record.receipt().is_some() { Acts::NONE } else { given.acts };
        let until = given.until.min(self.until(record));
        let holder = Holder::Session(record.id);
        Entitlements { holder, until, acts, ..given.clone() }
    }

    /// Puts a lock's grade on the authority on accounts that `which` picks.
    pub(super) fn narrow(&mut self, grade: Grade, which: impl Fn(PaperAccountId) -> bool) {
        for given in self.given.all_mut().filter(|given| which(given.account)) {
            *given = given.clone().locked(grade);
        }
    }

    pub(super) fn info(&self, record: &Record) -> SessionInfo {
        SessionInfo {
            id: record.id,
            person: self.owner.id,
            username: self.username.to_string(),
            device: record.device,
            device_name: String::new(),
            agent: None,
            address: record.address,
            since: record.started,
            last_use: record.used,
            idle_until: record.used + self.idle,
            until: self.until(record),
            interface: self.interface,
            methods: self.methods.clone(),
            key: record.key.is_some(),
            hardware: record.hardware().is_some(),
        }
    }

    /// Whether a session with this authority belongs in it.
    fn suits(&self, session: &Session, given: &Given) -> bool {
        self.idle == session.idle
            && self.lasts == session.until.since(session.started_at)
            && self.interface == session.interface
            && self.methods == session.methods
            && self.given == *given
    }
}

impl Table {
    /// The sessions of a person.
    pub(super) fn of(&self, person: PersonId) -> impl Iterator<Item = usize> {
        let classes = self.owners.get(&person).into_iter().flatten();
        let members = classes.filter_map(|class| self.classes.get(*class));
        members.flat_map(|class| class.members.iter().map(|at| *at as usize))
    }

    /// What is left of a session whose person holds no account any more.
    pub(super) fn stripped(&self, id: SessionId) -> Vec<Entitlements> {
        let found = self.by_id(id).and_then(|at| self.both(at));
        found.map_or_else(Vec::new, |(_, class)| class.stripped())
    }

    /// The class of a session with this authority, made when there is none; no class without any.
    pub(super) fn class(
        &mut self,
        person: &Person,
        session: &Session,
        given: Vec<Entitlements>,
    ) -> Option<usize> {
        let mut given = Given::new(given)?;
        for given in given.all_mut() {
            given.holder = Holder::System;
            if given.until == session.until {
                given.until = Time::FAR;
            }
        }
        let classes = &self.classes;
        let suits =
            |class: &usize| classes.get(*class).is_some_and(|class| class.suits(session, &given));
        let theirs = self.owners.entry(person.id).or_default();
        if let Some(class) = theirs.iter().copied().find(suits) {
            return Some(class);
        }
        let class = self.classes.insert(Class {
            owner: Arc::new(person.clone()),
            username: person.username.as_str().into(),
            idle: session.idle,
            lasts: session.until.since(session.started_at),
            interface: session.interface,
            methods: session.methods.clone(),
            accounts: given.all().map(|given| given.account).collect(),
            given,
            members: BTreeSet::new(),
        });
        theirs.push(class);
        Some(class)
    }

    pub(super) fn join(&mut self, at: usize, class: usize) {
        if let (Ok(at), Some(class)) = (u32::try_from(at), self.classes.get_mut(class)) {
            class.members.insert(at);
        }
    }

    /// A class goes with its last session, and its person with the last class.
    pub(super) fn leave(&mut self, at: usize, class: usize) {
        let Some(left) = self.classes.get_mut(class) else { return };
        if let Ok(at) = u32::try_from(at) {
            left.members.remove(&at);
        }
        if !left.members.is_empty() {
            return;
        }
        let person = left.owner.id;
        self.classes.try_remove(class);
        if let Some(theirs) = self.owners.get_mut(&person) {
            theirs.retain(|one| *one != class);
            if theirs.is_empty() {
                self.owners.remove(&person);
            }
        }
    }

    pub(super) fn reclass(&mut self, at: usize, class: usize) {
        let Some(record) = self.records.get_mut(at) else { return };
        let old = record.class as usize;
        if let Ok(number) = u32::try_from(class)
            && old != class
        {
            record.class = number;
            self.join(at, class);
            self.leave(at, old);
        }
    }
}
