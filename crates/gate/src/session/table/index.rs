//! Finds records by something that the server drew: a token's digest, an id. Four bytes each, and a
//! byte of their hash.

use hashbrown::HashTable;

/// Half of a digest: enough to tell tokens of 160 random bits apart, and keys of which nobody can
/// make a second one for it.
pub(super) type Half = [u8; 16];

/// One way to find records.
#[derive(Default)]
pub(super) struct Index(HashTable<u32>);

impl Index {
    /// The record of this name that `is_it` knows.
    pub(super) fn find(&self, name: &Half, is_it: impl Fn(usize) -> bool) -> Option<usize> {
        let found = self.0.find(hash(name), |at| is_it(*at as usize));
        found.map(|at| *at as usize)
    }

    /// Puts a record in that is not in it. `name` gives the name of any that is, and of this one.
    pub(super) fn insert(&mut self, at: usize, name: impl Fn(usize) -> Option<Half>) {
        let hash = |at: &u32| name(*at as usize).map_or(0, |name| hash(&name));
        if let Ok(at) = u32::try_from(at) {
            self.0.insert_unique(hash(&at), at, hash);
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes the record of this name and place out.
    pub(super) fn remove(&mut self, name: &Half, at: usize) {
        if let Ok(found) = self.0.find_entry(hash(name), |one| *one as usize == at) {
            found.remove();
        }
    }
}

/// What the server drew is uniform already, and nobody outside chooses it: its first bytes are its hash.
fn hash(name: &Half) -> u64 {
    name.first_chunk::<8>().map_or(0, |first| u64::from_le_bytes(*first))
}
