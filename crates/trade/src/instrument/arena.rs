//! Instruments that are made when somebody first names them, and stay.

use std::collections::BTreeMap;
use std::sync::{OnceLock, PoisonError, RwLock};

use access::id::SymbolId;

use super::Instrument;

/// Instruments of a chunk.
const CHUNK: usize = 1 << 10;
/// Chunks: a million instruments.
const CHUNKS: usize = 1 << 10;

type Chunk = Box<[OnceLock<Instrument>]>;

/// Each at a place that it keeps. Places depend on the order in which they were asked for, and must not be seen outside
/// this process.
#[derive(Debug)]
pub(super) struct Arena {
    chunks: Box<[OnceLock<Chunk>]>,
    places: RwLock<BTreeMap<SymbolId, usize>>,
}

impl Arena {
    pub(super) fn new() -> Self {
        Self { chunks: (0..CHUNKS).map(|_| OnceLock::new()).collect(), places: RwLock::default() }
    }

    /// The instrument at a place.
    pub(super) fn at(&self, place: usize) -> Option<&Instrument> {
        self.chunks.get(place / CHUNK)?.get()?.get(place % CHUNK)?.get()
    }

    /// Where the instrument with a number is, if it was made.
    pub(super) fn place(&self, id: SymbolId) -> Option<usize> {
        self.places.read().unwrap_or_else(PoisonError::into_inner).get(&id).copied()
    }

    /// The same, made now if it was not. None where `make` gives none, and when there are a million.
    pub(super) fn place_or(
        &self,
        id: SymbolId,
        make: impl FnOnce() -> Option<Instrument>,
    ) -> Option<usize> {
        if let Some(place) = self.place(id) {
            return Some(place);
        }
        let made = make()?;
        let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = places.get(&id) {
            return Some(*place);
        }
        let place = places.len();
        let chunk = self.chunks.get(place / CHUNK)?;
        let chunk = chunk.get_or_init(|| (0..CHUNK).map(|_| OnceLock::new()).collect());
        chunk.get(place % CHUNK)?.set(made).ok()?;
        places.insert(id, place);
        Some(place)
    }
}
