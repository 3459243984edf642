//! The beat: a thread that moves the markets each second and takes snapshots. It decides nothing; the
//! time of each beat comes from the clock. Beside it a thread makes the journal's next segment as soon
//! as the one before was taken: no order waits for it, and none is refused for want of it while the
//! disk has room.

use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::time::Duration;

use access::moment::{Span, Time};

use crate::Inner;
use crate::journal::Spare;
use crate::open;

/// Records after which a snapshot is taken.
const SNAPSHOT_RECORDS: u64 = 200_000;
/// Time after which a snapshot is taken, when anything was recorded.
const SNAPSHOT_AFTER: Span = Span::minutes(10);

/// Stops the thread.
#[derive(Default)]
pub(crate) struct Stop {
    stopped: Mutex<bool>,
    wake: Condvar,
}

impl Stop {
    /// Tells the thread to end at once.
    pub(crate) fn stop(&self) {
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.wake.notify_all();
    }

    /// Waits; true when it was told to end.
    pub(crate) fn wait(&self, duration: Duration) -> bool {
        let stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.wake.wait_timeout_while(stopped, duration, |stopped| !*stopped);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// Starts the threads. They end when told to, or when the gate is gone.
pub(crate) fn start(inner: &Arc<Inner>) -> std::io::Result<()> {
    let stop = Arc::clone(&inner.stop);
    let weak = Arc::downgrade(inner);
    let now = inner.clock.now();
    std::thread::Builder::new()
        .name("floorpass-beat".to_owned())
        .spawn(move || run(&weak, &stop, now))?;
    let (weak, stop) = (Arc::downgrade(inner), Arc::clone(&inner.stop));
    let spare = inner.sequencer.spare();
    std::thread::Builder::new()
        .name("floorpass-room".to_owned())
        .spawn(move || keep_room(&weak, &stop, &spare))?;
    Ok(())
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
    let mut snapshot = Due { seq: 0, at: start };
    let mut wait = Duration::ZERO;
    while !stop.wait(wait) {
        let Some(inner) = weak.upgrade() else { return };
        let now = inner.clock.now();
        inner.beat(now);
        if snapshot.is_due(inner.sequencer.durable(), now) {
            inner.take_snapshot();
        }
        // To just behind the next whole second.
        let past = inner.clock.now().0.rem_euclid(1_000_000);
        wait = Duration::from_micros(u64::try_from(1_000_500 - past).unwrap_or(1_000_000));
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

    /// Makes the next segment when it is not there; false when it cannot be made.
    fn make_room(&self) -> bool {
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
        if let Err(error) = open::freeze(&self.sequencer, &self.folder) {
            tracing::warn!(
                error,
                "no snapshot could be taken; the next start reads more of the journal"
            );
        }
    }
}
