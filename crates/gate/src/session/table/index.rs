//! Finds records by something that the server drew: a token's digest, an id. Four bytes each, and a
//! byte of their hash.

use hashbrown::HashTable;
use slab::Slab;

use crate::session::record::{Half, Record};

/// One way to find records: by what `name` gives of each.
pub(super) struct Index {
    places: HashTable<u32>,
    name: fn(&Record) -> &Half,
}

impl Index {
    pub(super) fn by(name: fn(&Record) -> &Half) -> Self {
        Self { places: HashTable::new(), name }
    }

    /// The place of the record of this name.
    pub(super) fn find(&self, records: &Slab<Record>, name: &Half) -> Option<u32> {
        let is_it = |at: &u32| records.get(*at as usize).map(self.name) == Some(name);
        self.places.find(hash(name), is_it).copied()
    }

    /// Puts the record of this place in, which is not in it.
    pub(super) fn insert(&mut self, records: &Slab<Record>, at: u32) {
        let hash = |at: &u32| records.get(*at as usize).map_or(0, |one| hash((self.name)(one)));
        self.places.insert_unique(hash(&at), at, hash);
    }

    /// Takes the record of this name and place out.
    pub(super) fn remove(&mut self, name: &Half, at: u32) {
        if let Ok(found) = self.places.find_entry(hash(name), |one| *one == at) {
            found.remove();
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }
}

/// What the server drew is uniform already, and nobody outside chooses it: its first bytes are its hash.
fn hash(name: &Half) -> u64 {
    name.first_chunk::<8>().map_or(0, |first| u64::from_le_bytes(*first))
}
