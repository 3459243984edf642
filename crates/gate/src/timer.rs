//! The beat: a thread that moves the markets each second and takes snapshots. It decides nothing;
//! the time of each beat comes from the clock. Another thread makes the journal's next segment as
//! soon as the current one is in use: no order waits for it, and none is refused for want of it
//! while the disk has room.

use std::sync::{Arc, Weak};
use std::time::Duration;

use access::moment::{Span, Time};

use trade::journal::Command;

use crate::clock::Jump;
use crate::folder::{Folder, snapshots};
use crate::journal::{Head, Spare};
use crate::sequencer::Sequencer;
use crate::{Inner, snapshot};

mod stop;

pub(crate) use stop::Stop;

/// Records after which a snapshot is taken.
const SNAPSHOT_RECORDS: u64 = 200_000;
/// Time after which a snapshot is taken, when anything was recorded.
const SNAPSHOT_AFTER: Span = Span::minutes(10);

/// Starts the threads. They end when told to, or when the gate is gone.
pub(crate) fn start(inner: &Arc<Inner>) -> std::io::Result<()> {
    let (weak, stop) = (Arc::downgrade(inner), Arc::clone(&inner.stop));
    let now = inner.clock.stamp();
    inner.health.thread("beat", told(inner), move || run(&weak, &stop, now))?;
    let (weak, stop) = (Arc::downgrade(inner), Arc::clone(&inner.stop));
    let spare = inner.sequencer.spare();
    inner.health.thread("room", told(inner), move || keep_room(&weak, &stop, &spare))
}

/// Whether threads and tasks of the gate should end.
pub(crate) fn told(inner: &Arc<Inner>) -> impl Fn() -> bool + Send + 'static {
    let (weak, stop) = (Arc::downgrade(inner), Arc::clone(&inner.stop));
    move || stop.is_stopped() || weak.strong_count() == 0
}

/// Makes each segment ahead. One that cannot be made is tried again a second later.
fn keep_room(weak: &Weak<Inner>, stop: &Stop, spare: &Spare) {
    const SECOND: Duration = Duration::from_secs(1);
    loop {
        spare.wait_taken(SECOND);
        if stop.wait(Duration::ZERO) {
            return;
        }
        let Some(inner) = weak.upgrade() else { return };
        let made = inner.make_room();
        drop(inner);
        if !made && stop.wait(SECOND) {
            return;
        }
    }
}

fn run(weak: &Weak<Inner>, stop: &Stop, start: Time) {
    let mut beat = Beat::from(start);
    let mut wait = Duration::ZERO;
    while !stop.wait(wait) {
        let Some(inner) = weak.upgrade() else { return };
        beat.strike(&inner);
        // To just behind the next whole second.
        let past = inner.clock.stamp().0.rem_euclid(1_000_000);
        wait = Duration::from_micros(u64::try_from(1_000_500 - past).unwrap_or(1_000_000));
    }
}

/// What one beat leaves for the next.
pub(crate) struct Beat {
    snapshot: Due,
}

impl Beat {
    /// The first comes at the start.
    pub(crate) const fn from(start: Time) -> Self {
        Self { snapshot: Due { seq: 0, at: start } }
    }

    /// One beat.
    pub(crate) fn strike(&mut self, inner: &Inner) {
        let now = inner.clock.stamp();
        inner.look_at_clock(now);
        inner.beat(now);
        if self.snapshot.is_due(inner.sequencer.durable(), now) {
            inner.take_snapshot();
        }
    }
}

struct Due {
    seq: u64,
    at: Time,
}

impl Due {
    fn is_due(&mut self, seq: u64, now: Time) -> bool {
        if self.seq == 0 {
            self.seq = seq;
        }
        let records = seq.saturating_sub(self.seq);
        let due =
            records >= SNAPSHOT_RECORDS || (records > 0 && now.since(self.at) >= SNAPSHOT_AFTER);
        if due {
            (self.seq, self.at) = (seq, now);
        }
        due
    }
}

impl Inner {
    /// Moves the markets to `now` and publishes the quotes, after what they did to orders.
    pub(crate) fn beat(&self, now: Time) {
        // An error was told when it happened.
        let Ok(moved) = self.sequencer.beat(now, false) else { return };
        if self.sequencer.flush_blocking(self.sequencer.applied()).is_err() || !moved {
            return;
        }
        let (_, quotes) = self.sequencer.peek(trade::exchange::Exchange::quotes);
        self.quotes.store(Arc::new(quotes));
        self.quotes_changed.send_modify(|count| *count += 1);
    }

    /// Tells the log and the record of a jump of the system's clock, each once.
    fn look_at_clock(&self, now: Time) {
        let Some(jump) = self.clock.look() else { return };
        tracing::warn!("{jump}");
        let Jump { by, ahead, .. } = jump;
        let recorded = self.sequencer.record(Command::ClockJumped { by, ahead }, now);
        if let Err(error) = recorded {
            tracing::warn!(%error, "a jump of the clock could not be recorded");
        }
    }

    /// Makes the next segment when it is not there; false when it cannot be made.
    pub(crate) fn make_room(&self) -> bool {
        // In a folder that is another's by now nothing is made.
        if self.sequencer.is_over() {
            return false;
        }
        let made = self.sequencer.prepare_spare();
        if let Err(error) = &made {
            tracing::warn!(%error, "the journal's next segment could not be made; new orders are refused when this one is nearly full");
        }
        made.is_ok()
    }

    pub(crate) fn take_snapshot(&self) {
        // Taken when they have caught up: the next start goes on from the one before.
        if self.sequencer.peek(|exchange| !exchange.is_whole()).1 {
            return;
        }
        if let Err(error) = freeze(&self.sequencer, &self.folder) {
            tracing::warn!(
                error,
                "no snapshot could be taken; the next start reads more of the journal"
            );
        }
    }
}

/// Writes a snapshot of what is durable.
fn freeze(sequencer: &Sequencer, folder: &Folder) -> Result<Head, String> {
    let (head, state) = sequencer.freeze().map_err(|error| error.to_string())?;
    sequencer.flush_blocking(head.seq).map_err(|error| error.to_string())?;
    snapshot::write(&snapshots(&folder.path), folder.facts.id_bytes(), head, &state)
        .map_err(|error| error.to_string())?;
    Ok(head)
}
