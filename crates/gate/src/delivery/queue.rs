//! What wakes the channels' tasks, and ends them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;
use tokio::task::AbortHandle;

/// What wakes the channels' tasks, and ends them.
pub(crate) struct Deliveries {
    pub(super) queued: watch::Sender<u64>,
    pub(super) tasks: Mutex<Vec<AbortHandle>>,
    /// Counts the changes of unread messages, so that an old count is never kept.
    pub(crate) changes: AtomicU64,
}

impl Default for Deliveries {
    fn default() -> Self {
        Self { queued: watch::Sender::new(0), tasks: Mutex::default(), changes: AtomicU64::new(0) }
    }
}

impl Deliveries {
    /// A notice was committed.
    pub(crate) fn wake(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.queued.send_modify(|count| *count += 1);
    }

    /// Ends the tasks: what they were at is tried again at the next start.
    pub(crate) fn stop(&self) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        for task in tasks.drain(..) {
            task.abort();
        }
    }
}

impl Drop for Deliveries {
    fn drop(&mut self) {
        self.stop();
    }
}
