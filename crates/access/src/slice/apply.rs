//! What events do to a slice: the pure twin of what the store does to the tables.

use super::Slice;
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
    /// Applies one event of a decision that is not committed yet: the version stays.
    pub(crate) fn follow(&mut self, event: &Event) {
        dispatch(self, event);
        self.sort();
    }

    /// Applies the events of one commit. The version rises if any of them changes a table.
    pub fn apply(&mut self, events: &[Event]) {
        for event in events {
            dispatch(self, event);
        }
        if events.iter().any(Event::changes_tables) {
            self.version += 1;
        }
        self.sort();
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
