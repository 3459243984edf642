//! The clock and the entropy of a simulated machine. This file is compiled for the simulator alone (the feature
//! `simulation`, which the program does not ask for), and nothing else can make what is in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use access::moment::{Span, Time};
use sha2::{Digest as _, Sha256};

/// What moves the clocks of a simulated machine, and where its entropy comes from. It outlives the servers that
/// are started on it, as a machine does.
#[derive(Debug)]
pub struct Hands {
    seed: [u8; 32],
    start: Time,
    /// The true time.
    now: AtomicI64,
    /// How far the system's clock is from it.
    off: AtomicI64,
    /// How often entropy was drawn.
    drawn: AtomicU64,
}

impl Hands {
    /// A machine that is switched on at `start`, with a system clock that is right.
    pub fn new(start: Time, seed: [u8; 32]) -> Arc<Self> {
        let (now, off, drawn) = (AtomicI64::new(start.0), AtomicI64::new(0), AtomicU64::new(0));
        Arc::new(Self { seed, start, now, off, drawn })
    }

    /// Lets true time pass.
    pub fn pass(&self, span: Span) {
        self.now.fetch_add(span.0.max(0), Ordering::SeqCst);
    }

    /// Sets the system's clock forward, or back.
    pub fn shift(&self, span: Span) {
        self.off.fetch_add(span.0, Ordering::SeqCst);
    }

    /// The true time.
    pub fn now(&self) -> Time {
        Time(self.now.load(Ordering::SeqCst))
    }

    /// How far the system's clock is from the true time.
    pub fn off(&self) -> Span {
        Span(self.off.load(Ordering::SeqCst))
    }

    pub(super) fn read(&self) -> (i64, i64) {
        let now = self.now();
        (now.since(self.start).0, now.0.saturating_add(self.off().0))
    }

    pub(super) fn draw<const N: usize>(&self) -> [u8; N] {
        let number = self.drawn.fetch_add(1, Ordering::SeqCst);
        let mut bytes = [0; N];
        for (block, into) in (0_u64..).zip(bytes.chunks_mut(32)) {
            let mut hash = Sha256::new();
            hash.update(self.seed);
            hash.update(number.to_le_bytes());
            hash.update(block.to_le_bytes());
            let drawn = hash.finalize();
            for (byte, from) in into.iter_mut().zip(drawn) {
                *byte = from;
            }
        }
        bytes
    }
}
