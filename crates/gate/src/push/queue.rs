//! Approvals on their way to phones.

use std::sync::{Arc, OnceLock};

use access::refusal::SessionRefusal;
use access::{ApprovalId, Event, PersonId, approval};
use tokio::sync::mpsc;

/// Approvals that wait for being told, each with whose it is.
pub(super) type Queue = mpsc::Sender<(PersonId, ApprovalId)>;

/// The sender, where the server pushes.
#[derive(Default)]
pub(crate) struct Pushes(OnceLock<(Arc<alert::Push>, Queue)>);

impl Pushes {
    pub(super) fn sender(&self) -> Result<Arc<alert::Push>, SessionRefusal> {
        self.0.get().map(|(push, _)| Arc::clone(push)).ok_or(SessionRefusal::PushOff)
    }

    /// Begins to push; false where that was done before.
    pub(super) fn begin(&self, push: alert::Push, queue: Queue) -> bool {
        self.0.set((Arc::new(push), queue)).is_ok()
    }

    /// Approvals were asked for.
    pub(crate) fn told(&self, events: &[Event]) {
        let Some((_, queue)) = self.0.get() else { return };
        for event in events {
            if let Event::Approval(approval::Event::Asked(one)) = event
                && queue.try_send((one.person, one.id)).is_err()
            {
                tracing::warn!(approval = %one.id, "too many approvals are waiting to be pushed; this one is not");
            }
        }
    }
}
