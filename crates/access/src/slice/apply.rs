//! What events do to a slice: the pure twin of what the store does to the tables.

use super::Slice;
use crate::guard::Scope;
use crate::noun::{self, Event};

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
}

macro_rules! dispatch {
    (
        both { $($both:ident $Both:ident;)* }
        asked { $($asked:ident $Asked:ident;)* }
        told { $($told:ident $Told:ident;)* }
    ) => {
        fn dispatch(slice: &mut Slice, event: &Event) {
            match event {
                $(Event::$Both(event) => noun::$both::apply(slice, event),)*
                $(Event::$Told(event) => noun::$told::apply(slice, event),)*
            }
        }
    };
}

for_each_noun!(dispatch);
