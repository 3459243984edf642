//! The clock and the system's randomness: the only file that reads either. Everything else takes
//! time and entropy as arguments.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Instant, SystemTime};

use access::moment::{Moment, Span, Time};
use ring::rand::{SecureRandom, SystemRandom};

/// The system's generator gave nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random bytes; nothing that needs a secret can be done")]
pub struct NoEntropy;

/// A clock that does not step back. Cheap to clone; clones show one time.
///
/// When the system's clock is set back, this one runs on at the machine's steady rate from where
/// it was; when it is set forward, this one follows.
#[derive(Clone)]
pub struct Clock(Arc<Source>);

enum Source {
    /// The system's: wall = steady + the greatest offset seen.
    System { origin: Instant, offset: AtomicI64 },
    /// Set by a test or a simulation.
    Manual { reading: AtomicI64, latest: AtomicI64 },
}

impl Clock {
    /// The system's clock.
    #[expect(clippy::disallowed_methods, reason = "the one reader of the clock")]
    pub fn system() -> Self {
        Self(Arc::new(Source::System { origin: Instant::now(), offset: AtomicI64::new(i64::MIN) }))
    }

    /// A clock that stands at `start` until [`Clock::set`] moves it. For tests and simulations.
    pub fn manual(start: Time) -> Self {
        Self(Arc::new(Source::Manual {
            reading: AtomicI64::new(start.0),
            latest: AtomicI64::new(start.0),
        }))
    }

    /// Sets a manual clock, backward too; [`Clock::now`] still never falls. Moves no system clock.
    pub fn set(&self, to: Time) {
        if let Source::Manual { reading, .. } = &*self.0 {
            reading.store(to.0, Ordering::SeqCst);
        }
    }

    /// The time, never less than an earlier answer of this clock.
    pub fn now(&self) -> Time {
        match &*self.0 {
            Source::System { origin, offset } => {
                let steady = micros(origin.elapsed().as_micros());
                let wall =
                    SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| micros(since.as_micros()));
                let seen = wall.saturating_sub(steady);
                let greatest = offset.load(Ordering::Relaxed);
                let greatest = if seen > greatest {
                    offset.fetch_max(seen, Ordering::Relaxed).max(seen)
                } else {
                    greatest
                };
                Time(steady.saturating_add(greatest))
            }
            Source::Manual { reading, latest } => {
                let reading = reading.load(Ordering::SeqCst);
                Time(latest.fetch_max(reading, Ordering::SeqCst).max(reading))
            }
        }
    }

    /// From now on shows at least `time` (the last stamp of a journal that was just read).
    pub fn at_least(&self, time: Time) {
        let behind = time.since(self.now());
        if behind <= Span(0) {
            return;
        }
        match &*self.0 {
            Source::System { offset, .. } => {
                offset.fetch_add(behind.0, Ordering::Relaxed);
            }
            Source::Manual { latest, .. } => {
                latest.fetch_max(time.0, Ordering::SeqCst);
            }
        }
    }

    /// This instant with fresh randomness, for one decision.
    pub fn moment(&self) -> Result<Moment, NoEntropy> {
        Ok(Moment::new(self.now(), entropy()?))
    }
}

/// `N` bytes from the operating system's generator.
pub fn entropy<const N: usize>() -> Result<[u8; N], NoEntropy> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| NoEntropy)?;
    Ok(bytes)
}

fn micros(count: u128) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn clock_set_back_does_not_step_back() {
        let clock = Clock::manual(Time(1_000));
        clock.set(Time(2_000));
        assert_eq!(clock.now(), Time(2_000));
        clock.set(Time(500));
        assert_eq!(clock.now(), Time(2_000));
        clock.set(Time(2_001));
        assert_eq!(clock.now(), Time(2_001));
    }

    #[test]
    fn clock_behind_the_journal_runs_on_from_its_last_stamp() {
        let clock = Clock::system();
        let ahead = clock.now() + Span::hours(3);
        clock.at_least(ahead);
        let first = clock.now();
        assert!(first >= ahead && first < ahead + Span::minutes(1));
        assert!(clock.now() >= first);
    }

    #[test]
    fn moments_differ_in_entropy() {
        let clock = Clock::manual(Time(1));
        let (one, two) = (clock.moment().unwrap(), clock.moment().unwrap());
        assert_ne!(one.draw::<16>("x"), two.draw::<16>("x"));
    }
}
