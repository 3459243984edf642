//! Finds records by their hash, with four bytes per place.
//!
//! Open addressing with linear probing. A place holds where the record is and seven bits of its
//! hash, so that hardly any other record is touched on the way. The hashes are of things that the
//! server drew (digests of tokens, ids): nobody outside chooses where they fall.

/// Bits of a place that say where the record is; the bits above are the tag.
const AT_BITS: u32 = 25;
const AT: u32 = (1 << AT_BITS) - 1;
/// Records that can be told apart.
pub(super) const MOST: u32 = AT - 1;

/// One way to find records.
#[derive(Default)]
pub(super) struct Index {
    /// A power of two of places; zero is an empty one.
    places: Vec<u32>,
    used: usize,
}

impl Index {
    /// The record of this hash that `is_it` knows.
    pub(super) fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        self.search(hash, is_it).map(|(_, at)| at)
    }

    fn search(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<(usize, u32)> {
        let mut place = self.home(hash);
        loop {
            let found = self.places.get(place).copied().filter(|found| *found != 0)?;
            let at = (found & AT) - 1;
            if found >> AT_BITS == tag(hash) && is_it(at) {
                return Some((place, at));
            }
            place = self.after(place);
        }
    }

    /// Puts a record in that is not in it. `hash_of` gives the hash of any that is.
    pub(super) fn insert(&mut self, hash: u64, at: u32, hash_of: impl Fn(u32) -> u64) {
        // At most three quarters full.
        if (self.used + 1) * 4 > self.places.len() * 3 {
            let grown = vec![0; (self.places.len() * 2).max(16)];
            let old = std::mem::replace(&mut self.places, grown);
            for found in old.into_iter().filter(|found| *found != 0) {
                let at = (found & AT) - 1;
                self.fill(hash_of(at), at);
            }
        }
        self.fill(hash, at);
        self.used += 1;
    }

    fn fill(&mut self, hash: u64, at: u32) {
        let mut place = self.home(hash);
        while self.get(place) != 0 {
            place = self.after(place);
        }
        self.set(place, tag(hash) << AT_BITS | (at + 1));
    }

    /// Takes a record out. Those behind it move up, so that no mark has to stay.
    pub(super) fn remove(&mut self, hash: u64, at: u32, hash_of: impl Fn(u32) -> u64) {
        let Some((mut hole, _)) = self.search(hash, |found| found == at) else { return };
        let mask = self.mask();
        let mut place = self.after(hole);
        while self.get(place) != 0 {
            let home = self.home(hash_of((self.get(place) & AT) - 1));
            if place.wrapping_sub(home) & mask >= place.wrapping_sub(hole) & mask {
                self.set(hole, self.get(place));
                hole = place;
            }
            place = self.after(place);
        }
        self.set(hole, 0);
        self.used -= 1;
    }

    fn mask(&self) -> usize {
        self.places.len().saturating_sub(1)
    }

    fn home(&self, hash: u64) -> usize {
        usize::try_from(hash & self.mask() as u64).unwrap_or(0)
    }

    fn after(&self, place: usize) -> usize {
        (place + 1) & self.mask()
    }

    fn get(&self, place: usize) -> u32 {
        self.places.get(place).copied().unwrap_or(0)
    }

    fn set(&mut self, place: usize, to: u32) {
        if let Some(found) = self.places.get_mut(place) {
            *found = to;
        }
    }
}

/// The bits of a hash that are farthest from those that choose the place.
fn tag(hash: u64) -> u32 {
    u32::try_from(hash >> (32 + AT_BITS)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        // Eight hashes for up to forty records: long chains, equal tags, and ends that wrap around.
        #[test]
        fn index_finds_what_is_in_it_and_nothing_else(
            hashes in proptest::collection::vec(0_u64..8, 40),
            acts in proptest::collection::vec((any::<bool>(), 0_u32..40), 0..400),
        ) {
            let spread = |at: u32| hashes[at as usize].wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let (mut index, mut model) = (Index::default(), BTreeSet::new());
            for (put, at) in acts {
                if put && model.insert(at) {
                    index.insert(spread(at), at, spread);
                } else if !put && model.remove(&at) {
                    index.remove(spread(at), at, spread);
                }
                for one in 0..40 {
                    let found = index.find(spread(one), |found| found == one);
                    prop_assert_eq!(found, model.contains(&one).then_some(one));
                }
            }
        }
    }

    #[test]
    fn index_grows_and_keeps_a_quarter_of_its_places_empty() {
        let hash = |at: u32| u64::from(at).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut index = Index::default();
        for at in 0..10_000 {
            index.insert(hash(at), at, hash);
        }
        assert_eq!(index.places.len(), 16_384);
        assert!((0..10_000).all(|at| index.find(hash(at), |found| found == at).unwrap() == at));
        for at in 0..10_000 {
            index.remove(hash(at), at, hash);
        }
        assert!(index.places.iter().all(|place| *place == 0));
    }
}
