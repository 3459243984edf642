//! A list that successive views share, except for what changed between them.
//!
//! A view is made while the exchange is stopped for a moment, up to once a second, and an account
//! may have 10,000 open orders and 20,000 each of ended orders and executions. So the rows are in
//! chunks behind `Arc`s, and the next view takes over each chunk in which nothing changed. A row's
//! address shows whether it changed: the exchange never changes a row that a view holds but makes a
//! new one in its place (`Arc::make_mut`), and an address that is held is not used again.

use std::fmt;
use std::iter::FlatMap;
use std::slice;
use std::sync::Arc;

/// Rows in one chunk, at most.
const CHUNK: usize = 256;

type Chunk<T> = Arc<[Arc<T>]>;

/// Rows in order, cheap to clone.
pub struct Rows<T> {
    /// None of them is empty.
    chunks: Arc<[Chunk<T>]>,
    /// Rows at the beginning of the first chunk that are gone.
    skip: usize,
    len: usize,
}

/// Rows one after the other.
pub type Iter<'a, T> = FlatMap<
    slice::Iter<'a, Chunk<T>>,
    slice::Iter<'a, Arc<T>>,
    fn(&'a Chunk<T>) -> slice::Iter<'a, Arc<T>>,
>;

impl<T> Rows<T> {
    /// How many there are.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether it is empty.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// All of them in order.
    pub fn iter(&self) -> Iter<'_, T> {
        let mut rows: Iter<'_, T> = self.chunks.iter().flat_map(|chunk| chunk.iter());
        if let Some(last) = self.skip.checked_sub(1) {
            rows.nth(last);
        }
        rows
    }

    /// The last one.
    pub fn last(&self) -> Option<&Arc<T>> {
        self.chunks.last().and_then(|chunk| chunk.last())
    }

    /// The first of a list that is sorted so that the rows of which `before` is true come first.
    pub fn from_where(&self, before: impl Fn(&T) -> bool) -> impl Iterator<Item = &Arc<T>> {
        let at = self.chunks.partition_point(|chunk| chunk.last().is_some_and(|row| before(row)));
        let rest = self.chunks.get(at..).unwrap_or_default();
        let skip = if at == 0 { self.skip } else { 0 };
        rest.iter().flat_map(|chunk| chunk.iter()).skip(skip).skip_while(move |row| before(row))
    }

    /// The next list of a queue: rows come at the end and go at the beginning, and none changes.
    pub(super) fn next_of_queue<'a>(
        &self,
        now: impl DoubleEndedIterator<Item = &'a Arc<T>> + ExactSizeIterator,
    ) -> Self
    where
        T: 'a,
    {
        let (known, len) = (self.last(), now.len());
        let mut fresh: Vec<Arc<T>> = Vec::new();
        let mut met = false;
        for row in now.rev() {
            if known.is_some_and(|known| Arc::ptr_eq(known, row)) {
                met = true;
                break;
            }
            fresh.push(Arc::clone(row));
        }
        fresh.reverse();
        if !met {
            return fresh.into_iter().collect();
        }
        let gone = (self.len + fresh.len()).saturating_sub(len);
        if fresh.is_empty() && gone == 0 {
            return self.clone();
        }
        let mut chunks: Vec<Chunk<T>> = self.chunks.to_vec();
        // The last chunk is filled up, so that the rows of many views do not lie in a chunk each.
        if chunks.last().is_some_and(|chunk| chunk.len() < CHUNK)
            && let Some(open) = chunks.pop()
        {
            fresh.splice(0..0, open.iter().cloned());
        }
        chunks.extend(fresh.chunks(CHUNK).map(Arc::from));
        let mut skip = self.skip + gone;
        let whole = chunks.iter().take_while(|chunk| {
            let gone = chunk.len() <= skip;
            if gone {
                skip -= chunk.len();
            }
            gone
        });
        let whole = whole.count();
        chunks.drain(..whole);
        Self { chunks: chunks.into(), skip, len }
    }

    /// The next list of rows that come, change and go anywhere, sorted by `key`.
    pub(super) fn next_of_map<'a>(
        &self,
        now: impl Iterator<Item = &'a Arc<T>>,
        key: impl Fn(&T) -> u64,
    ) -> Self
    where
        T: 'a,
    {
        // A chunk holds the rows of one range of keys: what comes or goes shifts no other.
        let range = |row: &T| key(row) / CHUNK as u64;
        let mut known = self.chunks.iter().peekable();
        let mut next = Self::default();
        let mut chunks: Vec<Chunk<T>> = Vec::with_capacity(self.chunks.len() + 1);
        let mut rows: Vec<&Arc<T>> = Vec::with_capacity(CHUNK);
        let mut close = |rows: &mut Vec<&Arc<T>>| {
            let Some(this) = rows.first().map(|row| range(row)) else { return };
            let of = |chunk: &Chunk<T>| chunk.first().map_or(0, |row| range(row));
            while known.next_if(|chunk| of(chunk) < this).is_some() {}
            let same = known.peek().filter(|chunk| {
                chunk.len() == rows.len()
                    && chunk.iter().zip(rows.iter()).all(|(was, is)| Arc::ptr_eq(was, is))
            });
            let fresh = || rows.iter().map(|row| Arc::clone(row)).collect();
            chunks.push(same.map_or_else(fresh, |chunk| Arc::clone(chunk)));
            rows.clear();
        };
        for row in now {
            if rows.first().is_some_and(|first| range(first) != range(row)) {
                close(&mut rows);
            }
            rows.push(row);
            next.len += 1;
        }
        close(&mut rows);
        next.chunks = chunks.into();
        next
    }

    /// How many chunks are the same ones as in another list.
    #[cfg(test)]
    pub(super) fn shared_with(&self, other: &Self) -> usize {
        let has = |chunk: &&Chunk<T>| other.chunks.iter().any(|other| Arc::ptr_eq(chunk, other));
        self.chunks.iter().filter(has).count()
    }

    #[cfg(test)]
    pub(super) fn chunks(&self) -> usize {
        self.chunks.len()
    }
}

impl<T> Clone for Rows<T> {
    fn clone(&self) -> Self {
        Self { chunks: Arc::clone(&self.chunks), skip: self.skip, len: self.len }
    }
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self { chunks: Arc::new([]), skip: 0, len: 0 }
    }
}

impl<T: fmt::Debug> fmt::Debug for Rows<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl<T: PartialEq> PartialEq for Rows<T> {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other)
    }
}

impl<T> FromIterator<Arc<T>> for Rows<T> {
    fn from_iter<I: IntoIterator<Item = Arc<T>>>(rows: I) -> Self {
        let rows: Vec<Arc<T>> = rows.into_iter().collect();
        Self { chunks: rows.chunks(CHUNK).map(Arc::from).collect(), skip: 0, len: rows.len() }
    }
}

impl<'a, T> IntoIterator for &'a Rows<T> {
    type Item = &'a Arc<T>;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::collections::{BTreeMap, VecDeque};

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn queue_that_is_carried_on_equals_a_whole_copy(
            steps in prop::collection::vec((0_usize..700, 0_usize..700), 1..20),
        ) {
            let (mut queue, mut number) = (VecDeque::new(), 0_u64);
            let mut rows = Rows::default();
            for (come, go) in steps {
                for _ in 0..come {
                    number += 1;
                    queue.push_back(Arc::new(number));
                }
                queue.drain(..go.min(queue.len()));
                rows = rows.next_of_queue(queue.iter());
                prop_assert_eq!(rows.len(), queue.len());
                prop_assert!(rows.iter().eq(queue.iter()));
                prop_assert!(rows.iter().rev().eq(queue.iter().rev()));
                let from = number.saturating_sub(300);
                let there: Vec<u64> = rows.from_where(|row| *row < from).map(|row| **row).collect();
                let wanted: Vec<u64> =
                    queue.iter().map(|row| **row).filter(|row| *row >= from).collect();
                prop_assert_eq!(there, wanted);
            }
        }

        #[test]
        fn map_that_is_carried_on_equals_a_whole_copy(
            steps in prop::collection::vec(
                prop::collection::vec((0_u64..1_500, 0_u8..3), 0..60),
                1..30,
            ),
        ) {
            let mut map: BTreeMap<u64, Arc<(u64, u32)>> = BTreeMap::new();
            let mut rows = Rows::default();
            for step in steps {
                for (key, act) in step {
                    match act {
                        0 => drop(map.insert(key, Arc::new((key, 0)))),
                        1 => drop(map.remove(&key)),
                        _ => {
                            if let Some(row) = map.get_mut(&key) {
                                Arc::make_mut(row).1 += 1;
                            }
                        }
                    }
                }
                let before: Vec<(u64, u32)> = rows.iter().map(|row| **row).collect();
                let next = rows.next_of_map(map.values(), |row| row.0);
                prop_assert_eq!(next.len(), map.len());
                prop_assert!(next.iter().map(|row| **row).eq(map.values().map(|row| **row)));
                prop_assert!(rows.iter().map(|row| **row).eq(before), "an older list changed");
                rows = next;
            }
        }
    }

    #[test]
    fn one_changed_row_costs_one_chunk() {
        let mut map: BTreeMap<u64, Arc<(u64, u32)>> =
            (0..10_000).map(|key| (key, Arc::new((key, 0)))).collect();
        let rows = Rows::default().next_of_map(map.values(), |row| row.0);
        assert_eq!(rows.shared_with(&rows.next_of_map(map.values(), |row| row.0)), rows.chunks());
        Arc::make_mut(map.get_mut(&5_000).unwrap()).1 = 7;
        let next = rows.next_of_map(map.values(), |row| row.0);
        assert_eq!(next.shared_with(&rows), rows.chunks() - 1);
        map.remove(&1);
        assert_eq!(next.next_of_map(map.values(), |row| row.0).shared_with(&next), 39);
    }

    #[test]
    fn queue_shares_all_but_its_end_and_one_at_a_time_fills_chunks() {
        let mut queue: VecDeque<Arc<u64>> = (0..20_000).map(Arc::new).collect();
        let mut rows = Rows::default().next_of_queue(queue.iter());
        for number in 20_000..21_000 {
            queue.pop_front();
            queue.push_back(Arc::new(number));
            let next = rows.next_of_queue(queue.iter());
            assert!(next.shared_with(&rows) + 1 >= next.chunks(), "{number}");
            rows = next;
        }
        assert!(rows.chunks() <= 20_000 / CHUNK + 2, "{}", rows.chunks());
        assert!(rows.iter().eq(queue.iter()));
    }
}
