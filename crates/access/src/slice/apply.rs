//! What events do to a slice: the pure twin of what the store does to the tables.

use super::Slice;
use crate::account::AccountSlice;
use crate::guard::Scope;
use crate::id::AccountId;
use crate::noun::Event;
use crate::{
    approval, authenticator, brokerage, contact, credential, device, evidence, large_order, link,
    lock, mandate, network, notice, person, policy, push, recovery, session, sign_in, throttle,
    travel, trustee,
};

/// Puts a row in place of the one with its key, or adds it.
pub(crate) fn put<T, K: PartialEq>(rows: &mut Vec<T>, row: T, key: impl Fn(&T) -> K) {
    let wanted = key(&row);
    match rows.iter_mut().find(|other| key(other) == wanted) {
        Some(place) => *place = row,
        None => rows.push(row),
    }
}

impl Slice {
    /// Applies one event of a decision that is not committed yet: no version rises.
    pub(crate) fn follow(&mut self, event: &Event) {
        dispatch(self, event);
        self.sort();
    }

    /// Applies the events of one commit. The version of each scope that they write rises.
    pub fn apply(&mut self, events: &[Event]) {
        let strange = self.person.is_none();
        let writes = self.writes(events);
        for event in events {
            dispatch(self, event);
        }
        for scope in writes {
            self.raise(scope, strange);
        }
        if self.person.is_none() && events.iter().any(Event::changes_tables) {
            // The counter of a name that nobody has.
            self.version += 1;
        }
        self.sort();
    }

    fn raise(&mut self, scope: Scope, strange: bool) {
        match scope {
            Scope::Person(id) if self.person.as_ref().is_some_and(|person| person.id == id) => {
                // A new person begins at one, however often the name had failed.
                self.version = if strange { 1 } else { self.version + 1 };
            }
            Scope::Person(_) => {}
            Scope::Account(id) => self.on_account(id, |account| account.version += 1),
        }
    }

    /// Changes the account of this id, even where it only begins.
    pub(crate) fn on_account(&mut self, id: AccountId, change: impl FnOnce(&mut AccountSlice)) {
        if !self.accounts.iter().any(|one| one.id == id) {
            self.accounts.push(AccountSlice::missing(id));
        }
        if let Some(account) = self.accounts.iter_mut().find(|one| one.id == id) {
            change(account);
        }
    }
}

macro_rules! dispatch {
    (
        both { $($both:ident $Both:ident;)* }
        asked { $($asked:ident $Asked:ident;)* }
        told { $($told:ident $Told:ident;)* }
    ) => {
        fn dispatch(slice: &mut Slice, event: &Event) {
            match event {
                $(Event::$Both(event) => $both::apply(slice, event),)*
                $(Event::$Told(event) => $told::apply(slice, event),)*
            }
        }
    };
}

crate::for_each_noun!(dispatch);
