//! Sessions that ended before this start.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use access::person::Person;
use access::session::SessionEnd;
use access::{Digest, SessionId, Time};

/// Sessions that ended before this start, by token, so that their browsers are told why.
#[derive(Default)]
pub(crate) struct EndedBefore(Mutex<BTreeMap<Digest, Before>>);

/// One of them.
#[derive(Clone)]
pub(super) struct Before {
    pub(super) session: SessionId,
    pub(super) owner: Person,
    pub(super) at: Time,
    pub(super) reason: SessionEnd,
}

impl EndedBefore {
    pub(super) fn all(&self) -> MutexGuard<'_, BTreeMap<Digest, Before>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
