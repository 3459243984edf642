//! A set of listed contracts that answers in a few instructions.

use std::ops::Deref;

use serde::{Deserialize, Serialize};

use crate::id::SymbolId;

/// Ids that the window covers.
const WINDOW: u32 = 64;

/// Instruments, ascending and each once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Box<[SymbolId]>", into = "Box<[SymbolId]>")]
pub struct SymbolSet {
    list: Box<[SymbolId]>,
    /// The lowest id, where the window begins. An exchange gives its ids one after the other, so
    /// the window nearly always holds all of them.
    first: u32,
    /// A bit for each id of the window that is in the list.
    window: u64,
    /// Whether the list goes on behind the window; then it is searched.
    is_wide: bool,
}

impl SymbolSet {
    /// Whether the contract is in the set.
    #[inline]
    pub fn contains(&self, symbol: SymbolId) -> bool {
        if self.is_wide {
            return self.list.binary_search(&symbol).is_ok();
        }
        let place = symbol.0.wrapping_sub(self.first);
        (place < WINDOW) & (self.window.wrapping_shr(place) & 1 == 1)
    }
}

impl FromIterator<SymbolId> for SymbolSet {
    fn from_iter<T: IntoIterator<Item = SymbolId>>(symbols: T) -> Self {
        let mut list: Vec<_> = symbols.into_iter().collect();
        list.sort_unstable();
        list.dedup();
        let first = list.first().map_or(0, |first| first.0);
        let places = || list.iter().map(|symbol| symbol.0.wrapping_sub(first));
        let window = places().filter(|place| *place < WINDOW).fold(0, |bits, at| bits | 1 << at);
        let is_wide = places().any(|place| place >= WINDOW);
        Self { list: list.into_boxed_slice(), first, window, is_wide }
    }
}

impl From<Box<[SymbolId]>> for SymbolSet {
    fn from(list: Box<[SymbolId]>) -> Self {
        list.into_iter().collect()
    }
}

impl From<SymbolSet> for Box<[SymbolId]> {
    fn from(set: SymbolSet) -> Self {
        set.list
    }
}

impl Deref for SymbolSet {
    type Target = [SymbolId];

    fn deref(&self) -> &[SymbolId] {
        &self.list
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn set_contains_its_list_alone_wherever_the_ids_stand() {
        for ids in [
            vec![],
            vec![0],
            vec![u32::MAX],
            vec![700_001, 700_002, 700_022],
            vec![5, 68, 69, 70, 4_000],
            vec![0, 63],
            vec![0, 63, 64, u32::MAX],
        ] {
            let set: SymbolSet = ids.iter().rev().copied().map(SymbolId).collect();
            assert_eq!(set.iter().map(|symbol| symbol.0).collect::<Vec<_>>(), ids);
            let near = ids.iter().flat_map(|id| [id.wrapping_sub(1), *id, id.wrapping_add(1)]);
            let folded = ids.iter().map(|id| id.wrapping_add(WINDOW));
            for id in near.chain(folded).chain([0, 1, 63, 64, 65]) {
                assert_eq!(set.contains(SymbolId(id)), ids.contains(&id), "{id} in {ids:?}");
            }
        }
    }

    #[test]
    fn set_is_stored_as_its_list_and_read_back_in_any_order() {
        let set: SymbolSet = [3, 1, 2, 3].map(SymbolId).into_iter().collect();
        let text = serde_json::to_string(&set).unwrap();
        assert_eq!(text, "[1,2,3]");
        assert_eq!(serde_json::from_str::<SymbolSet>("[2,3,1,1]").unwrap(), set);
    }
}
