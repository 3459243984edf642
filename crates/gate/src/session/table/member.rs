//! Which class each session is in.

use std::collections::BTreeSet;
use std::sync::Arc;

use access::person::Person;
use access::session::Session;
use access::{Entitlements, Holder, PersonId, SessionId, Time};

use super::Table;
use super::class::{Class, Given};

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
