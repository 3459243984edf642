//! Catching up: the markets pass time that was missed (a machine that slept, a server that was off, a
//! clock that jumped) in short steps. Between two steps the engine's lock is free, so nobody waits for
//! longer than a step. Meanwhile orders are refused with `CATCHING_UP`; whatever only reduces passes.

use std::sync::atomic::Ordering;
use std::time::Duration;

use access::moment::{Span, Time};
use access::refusal::Refusal;
use trade::journal::Decided;

use crate::clock::Stopwatch;
use crate::sequencer::Sequencer;

mod progress;

pub(crate) use progress::AT_ONCE;
pub use progress::Progress;

/// How long a step should take: the next one is made longer or shorter by it.
const STEP: Duration = Duration::from_millis(6);
/// The shortest step.
const LEAST: Span = Span::seconds(10);
/// Between two steps: a lock that is taken again at once lets nobody in.
const PAUSE: Duration = Duration::from_millis(1);

impl Sequencer {
    /// Moves the markets to `now`, step by step. True when a second passed. It ends early when the
    /// server stops.
    pub(crate) fn catch_up(&self, now: Time) -> Result<bool, Refusal> {
        let (mut stride, mut moved, mut begun) = (AT_ONCE, false, None);
        loop {
            let watch = Stopwatch::start();
            let (from, at, stamped, stuck) = {
                let mut engine = self.engine();
                self.health()?;
                let from = engine.exchange.now();
                let to = now.min(from + stride);
                let before = engine.applied();
                moved |= engine.advance(to, now)?;
                self.set_applied(&engine);
                let at = engine.exchange.now();
                // Without room for a record they wait before what is due.
                (from, at, engine.applied() != before, at < to)
            };
            // How fast this machine is must not show in a journal that is to be written twice.
            let took = if self.stepped { Duration::ZERO } else { watch.elapsed() };
            if stamped {
                self.flush_blocking(self.applied())?;
            }
            if at >= now || stuck || self.halting.load(Ordering::Acquire) {
                break;
            }
            if begun.is_none() && now.since(at) > AT_ONCE {
                begun = Some((from, Stopwatch::start()));
                tracing::warn!(
                    %from, to = %now,
                    "the markets are catching up on {} of missed time; orders are refused until then",
                    now.since(from)
                );
            }
            if let Some((from, _)) = begun {
                self.set_progress(Some(Progress { from, at, to: now }));
            }
            let longer = if took < STEP / 2 { stride.0.saturating_mul(2) } else { stride.0 };
            let next = if took > STEP * 2 { stride.0 / 2 } else { longer };
            stride = Span(next.max(LEAST.0));
            if !self.stepped {
                std::thread::sleep(PAUSE);
            }
        }
        if let Some((from, watch)) = begun {
            self.set_progress(None);
            tracing::warn!(%from, to = %now, "the markets have caught up in {} ms", watch.elapsed().as_millis());
        }
        self.stamp_owed(now)?;
        Ok(moved)
    }

    /// Stamps what had to wait until the markets are where they belong.
    fn stamp_owed(&self, now: Time) -> Result<(), Refusal> {
        let mut engine = self.engine();
        if engine.lag(now) > AT_ONCE {
            return Ok(());
        }
        if let Some(command) = engine.owed.take() {
            engine.stamp(Decided::system(), command, now)?;
            self.set_applied(&engine);
        }
        Ok(())
    }
}
