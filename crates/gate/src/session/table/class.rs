//! What the sessions of one person share: kept once, and gone with the last of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use access::entitlements::Acts;
use access::lock::Grade;
use access::person::Person;
use access::refusal::AuthorityRefusal;
use access::session::{Interface, Method, Session, SessionEnd};
use access::window::NEAR;
use access::{Entitlements, Holder, PaperAccountId, PersonId, Span, Time};
use slab::Slab;

use crate::session::SessionInfo;
use crate::session::record::Record;

/// Name, proof, limits and authority, once for all sessions that have them in common.
pub(super) struct Class {
    pub(super) owner: Arc<Person>,
    pub(super) username: Arc<str>,
    pub(super) idle: Span,
    /// From beginning to end.
    lasts: Span,
    interface: Interface,
    methods: Vec<Method>,
    /// The first account, which is that of whoever names none.
    pub(super) first: PaperAccountId,
    /// Their authority on each account, the first one first; holder and end are each session's own.
    given: Vec<Entitlements>,
    /// Those accounts.
    pub(super) accounts: Arc<[PaperAccountId]>,
    members: BTreeSet<u32>,
}

impl Class {
    pub(super) fn until(&self, record: &Record) -> Time {
        record.started + self.lasts
    }

    /// When and why a session of it ended or passed a limit.
    pub(super) fn why_over(&self, record: &Record, now: Time) -> Option<(Time, SessionEnd)> {
        let (until, idle_until) = (self.until(record), record.used + self.idle);
        record.ended().or({
            if now >= until {
                Some((until, SessionEnd::Absolute))
            } else {
                (now >= idle_until).then_some((idle_until, SessionEnd::Idle))
            }
        })
    }

    /// Whether a session of it ends with a window within a day, and was not told so.
    pub(super) fn is_near_end(&self, record: &Record, now: Time) -> bool {
        let ends = self.until(record).since(now);
        let near = self.lasts > Span::hours(24) && ends > Span(0) && ends <= NEAR;
        near && !record.extra.as_ref().is_some_and(|extra| extra.announced)
    }

    /// Whether its sessions were begun by an enrolment link, to set up how their person signs in.
    pub(super) fn enrols(&self) -> bool {
        self.given.first().is_some_and(|given| given.acts == Acts::ENROL)
    }

    /// What a session of it may do on an account, which has to be among theirs.
    pub(super) fn on(
        &self,
        record: &Record,
        account: PaperAccountId,
    ) -> Result<Entitlements, AuthorityRefusal> {
        let given = self.given.iter().find(|given| given.account == account);
        let given = given.ok_or_else(|| AuthorityRefusal::AccountNotAllowed {
            account,
            allowed: self.given.iter().map(|given| given.account).collect(),
        })?;
        let acts = if record.receipt().is_some() { Acts::NONE } else { given.acts };
        let until = given.until.min(self.until(record));
        Ok(Entitlements { holder: Holder::Session(record.id), until, acts, ..given.clone() })
    }

    /// The accounts, with nothing that may be done on them.
    pub(super) fn stripped(&self) -> Vec<Entitlements> {
        let none = |given: &Entitlements| Entitlements { acts: Acts::NONE, ..given.clone() };
        self.given.iter().map(none).collect()
    }

    /// Puts a lock's grade on the authority on accounts that `which` picks.
    pub(super) fn narrow(&mut self, grade: Grade, which: impl Fn(PaperAccountId) -> bool) {
        for given in self.given.iter_mut().filter(|given| which(given.account)) {
            *given = given.clone().locked(grade);
        }
    }

    /// A session of it as pages list it, without its device's name.
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
    fn suits(&self, session: &Session, given: &[Entitlements]) -> bool {
        self.idle == session.idle
            && self.lasts == session.until.since(session.started_at)
            && self.interface == session.interface
            && self.methods == session.methods
            && self.given == given
    }
}

/// All classes, by place and by person.
#[derive(Default)]
pub(super) struct Classes {
    pub(super) all: Slab<Class>,
    pub(super) owners: BTreeMap<PersonId, Vec<u32>>,
}

impl Classes {
    /// The class of a record.
    pub(super) fn of(&self, record: &Record) -> Option<&Class> {
        self.all.get(record.class as usize)
    }

    /// The places of the sessions of a person.
    pub(super) fn members(&self, person: PersonId) -> impl Iterator<Item = u32> {
        let classes = self.owners.get(&person).into_iter().flatten();
        let classes = classes.filter_map(|class| self.all.get(*class as usize));
        classes.flat_map(|class| class.members.iter().copied())
    }

    /// The class of a session with this authority, made when there is none; no class without any.
    pub(super) fn class(
        &mut self,
        person: &Person,
        session: &Session,
        mut given: Vec<Entitlements>,
    ) -> Option<u32> {
        let first = given.first()?.account;
        for given in &mut given {
            given.holder = Holder::System;
            if given.until == session.until {
                given.until = Time::FAR;
            }
        }
        let all = &self.all;
        let suits =
            |at: &u32| all.get(*at as usize).is_some_and(|class| class.suits(session, &given));
        let theirs = self.owners.entry(person.id).or_default();
        if let Some(class) = theirs.iter().copied().find(suits) {
            return Some(class);
        }
        let class = u32::try_from(self.all.vacant_key()).ok()?;
        theirs.push(class);
        self.all.insert(Class {
            owner: Arc::new(person.clone()),
            username: person.username.as_str().into(),
            idle: session.idle,
            lasts: session.until.since(session.started_at),
            interface: session.interface,
            methods: session.methods.clone(),
            first,
            accounts: given.iter().map(|given| given.account).collect(),
            given,
            members: BTreeSet::new(),
        });
        Some(class)
    }

    pub(super) fn join(&mut self, class: u32, at: u32) {
        if let Some(class) = self.all.get_mut(class as usize) {
            class.members.insert(at);
        }
    }

    /// A class goes with its last session, and its person with the last class.
    pub(super) fn leave(&mut self, class: u32, at: u32) {
        let Some(left) = self.all.get_mut(class as usize) else { return };
        left.members.remove(&at);
        if !left.members.is_empty() {
            return;
        }
        let person = left.owner.id;
        self.all.try_remove(class as usize);
        if let Some(theirs) = self.owners.get_mut(&person) {
            theirs.retain(|one| *one != class);
            if theirs.is_empty() {
                self.owners.remove(&person);
            }
        }
    }
}
