//! Who decides next, of those who met a conflict about one person.

use access::Slice;
use tokio::sync::{Mutex, MutexGuard};

/// Turns that can be had at once.
const STRIPES: usize = 16;

/// A decision that met a conflict waits for its turn: without turns a storm on one person would starve.
#[derive(Default)]
pub(crate) struct Turns([Mutex<()>; STRIPES]);

impl Turns {
    pub(super) async fn take(&self, slice: &Slice) -> Option<MutexGuard<'_, ()>> {
        let byte = match (&slice.person, &slice.stranger) {
            (Some(person), _) => person.id.0.first().copied(),
            (None, Some(stranger)) => stranger.name.0.first().copied(),
            (None, None) => None,
        };
        match self.0.get(usize::from(byte.unwrap_or(0)) % STRIPES) {
            Some(turn) => Some(turn.lock().await),
            None => None,
        }
    }
}
