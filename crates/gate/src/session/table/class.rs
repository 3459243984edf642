//! What the sessions of one person share.

use std::collections::BTreeSet;
use std::sync::Arc;

use access::entitlements::Acts;
use access::lock::Grade;
use access::person::Person;
use access::session::{Interface, Method, Session, SessionEnd};
use access::{Entitlements, Holder, PersonId, Span, Time};

use super::record::Record;
use super::{SessionInfo, Table};

/// Name, proof, limits and authority, once for all sessions that have them in common.
pub(super) struct Class {
    pub(super) owner: Arc<Person>,
    pub(super) username: Arc<str>,
    pub(super) idle: Span,
    /// From beginning to end.
    pub(super) lasts: Span,
    interface: Interface,
    methods: Vec<Method>,
    /// Their authority; holder and end are each session's own.
    pub(super) given: Entitlements,
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

    pub(super) fn entitlements(&self, record: &Record) -> Entitlements {
        let acts = if record.receipt().is_some() { Acts::NONE } else { self.given.acts };
        let until = self.given.until.min(self.until(record));
        let holder = Holder::Session(record.id);
        Entitlements { holder, until, acts, ..self.given.clone() }
    }

    pub(super) fn narrow(&mut self, grade: Grade) {
        self.given = self.given.clone().locked(grade);
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
    fn suits(&self, session: &Session, given: &Entitlements) -> bool {
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

    /// The class of a session with this authority, made when there is none.
    pub(super) fn class(
        &mut self,
        person: &Person,
        session: &Session,
        mut given: Entitlements,
    ) -> usize {
        given.holder = Holder::System;
        if given.until == session.until {
            given.until = Time::FAR;
        }
        let classes = &self.classes;
        let suits =
            |class: &usize| classes.get(*class).is_some_and(|class| class.suits(session, &given));
        let theirs = self.owners.entry(person.id).or_default();
        if let Some(class) = theirs.iter().copied().find(suits) {
            return class;
        }
        let class = self.classes.insert(Class {
            owner: Arc::new(person.clone()),
            username: person.username.as_str().into(),
            idle: session.idle,
            lasts: session.until.since(session.started_at),
            interface: session.interface,
            methods: session.methods.clone(),
            given,
            members: BTreeSet::new(),
        });
        theirs.push(class);
        class
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
