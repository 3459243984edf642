//! Files that cannot be made, for the simulator alone (the feature `simulation`). Counted by thread, since it runs
//! several machines at once, each on a thread of its own.

use std::cell::Cell;
use std::io;

thread_local! {
    static LEFT: Cell<Option<u32>> = const { Cell::new(None) };
}

/// Lets the file that is made, or opened for appending, after so many others fail on this thread, once; none of them
/// with `None`.
pub fn fail_after(count: Option<u32>) {
    LEFT.set(count);
}

/// Whether one of the next files fails.
pub fn will_fail() -> bool {
    LEFT.get().is_some()
}

pub(crate) fn check() -> io::Result<()> {
    match LEFT.take() {
        Some(0) => Err(io::Error::from(io::ErrorKind::StorageFull)),
        left => {
            LEFT.set(left.map(|left| left.saturating_sub(1)));
            Ok(())
        }
    }
}
