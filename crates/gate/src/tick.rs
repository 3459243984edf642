//! What happens once a second: memory is written back, limits that passed are applied, old rows go.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use access::{Span, Time};

use crate::Gate;
use crate::timer::told;

/// How often memory is written back: last uses, repeated refusals, sessions that passed a limit.
const TICK: Duration = Duration::from_secs(1);
/// How often old rows are forgotten.
const PRUNE: Span = Span::hours(1);

impl Gate {
    /// Writes back, once a second, what memory holds; ends when the gate is dropped.
    pub(crate) fn spawn_people_ticks(&self) {
        let weak = Arc::downgrade(&self.0);
        let pruned = Arc::new(Mutex::new(Time(0)));
        self.0.health.task("tick", told(&self.0), move || {
            let (weak, pruned) = (Weak::clone(&weak), Arc::clone(&pruned));
            async move {
                let mut timer = tokio::time::interval(TICK);
                timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
                loop {
                    timer.tick().await;
                    let Some(inner) = weak.upgrade() else { return };
                    Self(inner).tick_people(&pruned).await;
                }
            }
        });
    }

    /// What happens once a second; `pruned` is when old rows were last forgotten.
    pub(crate) async fn tick_people(&self, pruned: &Mutex<Time>) {
        self.expire_credentials().await;
        self.meet_networks().await;
        self.tell_copies().await;
        self.recoveries().tick().await;
        self.write_back(false).await;
        self.rest_ports();
        let now = self.0.people.clock.stamp();
        let due = {
            let mut pruned = pruned.lock().unwrap_or_else(PoisonError::into_inner);
            let due = now.since(*pruned) >= PRUNE;
            if due {
                *pruned = now;
            }
            due
        };
        if due && let Err(error) = self.0.people.store.prune(now).await {
            tracing::error!(%error, "old rows could not be deleted");
        }
        if due {
            self.keep_equity().await;
        }
    }

    /// Writes what memory holds: repeated refusals, ends of sessions, last uses. `all` at the end.
    pub(crate) async fn write_back(&self, all: bool) {
        self.record_repeats(all).await;
        Box::pin(self.keep_sites()).await;
        let sessions = self.expire_sessions(all).await;
        let credentials = self.uses_to_write();
        if (!sessions.is_empty() || !credentials.is_empty())
            && let Err(error) = self.0.people.store.touch(&sessions, &credentials).await
        {
            tracing::error!(%error, "the times of last use could not be written");
        }
        self.forget_uses(&credentials);
    }
}
