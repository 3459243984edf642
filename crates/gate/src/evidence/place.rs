//! How far the journal is indexed, as memory has it.

use std::sync::atomic::AtomicBool;

/// How far the journal is indexed.
#[derive(Default)]
pub(crate) struct Indexed {
    pub(super) place: tokio::sync::Mutex<Place>,
    /// Whether what no page waited for is being added.
    pub(super) is_added: AtomicBool,
}

/// The last record that is indexed, and where the one after it begins, as far as that is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) seq: u64,
    pub(super) segment: u64,
    pub(super) offset: u64,
    /// The last record that the tables say is indexed.
    pub(super) noted: u64,
}
