//! The snapshots of the exchange, compared with what the journal makes of it. A start believes the newest
//! one that reads, so an altered one would show positions and cash that nobody ever had.

use std::path::Path;
use std::sync::Arc;

use access::moment::Time;
use trade::exchange::Exchange;
use trade::instrument::Instruments;
use trade::journal::Stamped;

use crate::folder::snapshots;
use crate::journal::Record;
use crate::replay::Replay;
use crate::snapshot::{self, Kept};

/// The snapshots that the journal has not come to yet.
pub(super) struct Frozen {
    waiting: Vec<Kept>,
    replay: Replay,
    faults: Vec<String>,
    /// Whether the journal could not be replayed further.
    stopped: bool,
}

impl Frozen {
    /// Reads a folder's snapshots. On a running server this comes before the journal is read: a snapshot
    /// is written after the records that it holds.
    pub(super) fn read(data: &Path, id: [u8; 16], instruments: &Arc<Instruments>) -> Self {
        let (waiting, unreadable) = snapshot::all(&snapshots(data), id, instruments);
        let faults = unreadable.into_iter().map(|name| {
            format!(
                "snapshot {name} was altered: it cannot be read; once it is moved away, a start reads the journal instead"
            )
        });
        let replay = Replay::of(instruments);
        Self { waiting, replay, faults: faults.collect(), stopped: false }
    }

    /// Applies the next record, and compares the snapshots that were taken after it.
    pub(super) fn follow(&mut self, record: &Record<'_>, stamped: &Stamped) {
        if self.stopped {
            return;
        }
        if let Err(damage) = self.replay.follow(stamped) {
            self.faults.push(format!("snapshots were not compared with the journal: {damage}"));
            self.waiting.clear();
            self.stopped = true;
            return;
        }
        let Some(exchange) = &self.replay.exchange else { return };
        for kept in self.waiting.extract_if(.., |kept| kept.head.seq == record.seq) {
            if kept.head.chain != record.chain || !is_made_by(exchange, &kept.exchange) {
                self.faults.push(altered(&kept.name, record.seq));
            }
        }
    }

    /// The hash of the exchange after the last record; none where there is no exchange yet or the journal
    /// could not be followed.
    pub(super) fn state(&self) -> Option<[u8; 32]> {
        let exchange = self.replay.exchange.as_ref().filter(|_| !self.stopped)?;
        exchange.state_hash().ok()
    }

    /// What is wrong, once the journal has been followed to its end; `is_whole` says whether it was.
    pub(super) fn faults(mut self, is_whole: bool) -> Vec<String> {
        // Behind damage to the journal nothing is known of them.
        if is_whole {
            self.faults.extend(self.waiting.iter().map(|kept| altered(&kept.name, kept.head.seq)));
        }
        self.faults
    }
}

fn altered(name: &str, seq: u64) -> String {
    format!(
        "snapshot {name} was altered: it is not what the journal makes of the exchange up to entry {seq}; once it is moved away, a start reads the journal instead"
    )
}

/// Whether the exchange that followed the journal is the one of a snapshot, once its markets have
/// reached the same second.
fn is_made_by(followed: &Exchange, found: &Exchange) -> bool {
    let mut followed = followed.clone();
    let to: Time = found.now();
    followed.advance(to);
    match (followed.snapshot(), found.snapshot()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}
