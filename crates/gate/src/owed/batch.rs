//! What one decision owes the tables.

use access::id::PersonId;
use access::{AccountId, By, Event, Time, lock};
use serde::{Deserialize, Serialize};

/// The events of one decision that the tables do not have yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Batch {
    pub(super) person: PersonId,
    pub(super) by: By,
    pub(super) source: String,
    /// When it took force.
    pub(super) at: Time,
    pub(super) events: Vec<Event>,
}

impl Batch {
    /// The accounts that it locks, closes, or takes somebody's authority on.
    pub(super) fn accounts(&self) -> Vec<AccountId> {
        let locked = |event: &Event| match event {
            Event::Mandate(event) => Some(event.between().1),
            Event::Account(event) => Some(event.account()),
            Event::Lock(lock::Event::Set(lock)) => match lock.target {
                lock::LockTarget::Account(account) => Some(account),
                lock::LockTarget::Person(_) => None,
            },
            _ => None,
        };
        self.events.iter().filter_map(locked).collect()
    }
}
