//! Slices as they were last loaded or committed, so that a load asks the tables only for what may differ.
//!
//! A slice is used again only while its person's row has the version that it was read at, whichever node
//! raised that version. What moves without a version is read every time (see [`crate::slice`]).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use access::decision::Event;
use access::id::PersonId;
use access::slice::Slice;

/// Slices that are kept at most; about 10 kB each.
const MOST: usize = 1_024;

/// The slices that are kept, by person.
#[derive(Debug, Default)]
pub(crate) struct Loaded(Mutex<BTreeMap<PersonId, Arc<Slice>>>);

impl Loaded {
    fn all(&self) -> MutexGuard<'_, BTreeMap<PersonId, Arc<Slice>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The slice of a person, if it is the one of this version.
    pub(crate) fn at(&self, person: PersonId, version: i64) -> Option<Arc<Slice>> {
        self.all().get(&person).filter(|slice| slice.version == version).map(Arc::clone)
    }

    /// Keeps a slice that was just read, unless a later one is there.
    pub(crate) fn keep(&self, slice: &Slice) {
        let Some(person) = &slice.person else { return };
        let mut all = self.all();
        if all.get(&person.id).is_some_and(|kept| kept.version > slice.version) {
            return;
        }
        // Any one will do to make room: ids are random, and the next load brings it back.
        if all.len() >= MOST && !all.contains_key(&person.id) {
            all.pop_first();
        }
        all.insert(person.id, Arc::new(slice.clone()));
    }

    /// Follows a commit that was decided on one version of a person and left another, or the same. What is kept
    /// is moved on, not what was decided on: that may hold cuts that the tables do not have yet. Its accounts are
    /// those of its load, so they do not say what the commit raised.
    pub(crate) fn follow(&self, person: PersonId, (before, after): (i64, i64), events: &[Event]) {
        let mut all = self.all();
        let Some(kept) = all.get_mut(&person) else { return };
        if kept.version == before {
            let kept = Arc::make_mut(kept);
            kept.apply(events);
            kept.version = after;
        }
    }

    /// Forgets all of them.
    pub(crate) fn clear(&self) {
        self.all().clear();
    }
}
