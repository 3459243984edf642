//! Counts of unread messages, as long as they are true.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use access::PersonId;

/// How many messages each person has not read, as far as it was counted since the last change.
#[derive(Default)]
pub(crate) struct Unread(Mutex<BTreeMap<PersonId, u32>>);

impl Unread {
    pub(super) fn get(&self, person: PersonId) -> Option<u32> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&person).copied()
    }

    /// Keeps a count, unless something has changed since it was made.
    pub(super) fn put(&self, person: PersonId, count: u32, is_fresh: impl FnOnce() -> bool) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if is_fresh() {
            counts.insert(person, count);
        }
    }

    /// Forgets a count. Whatever makes it stale is counted as a change before.
    pub(super) fn forget(&self, person: PersonId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&person);
    }
}
