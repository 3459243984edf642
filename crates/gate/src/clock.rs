//! The clock and the system's randomness: the only file that reads either. Everything else takes
//! time and entropy as arguments.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use access::moment::{Moment, Span, Time};
use access::skew::{Skew, SkewedClock};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey};
use ring::rand::{SecureRandom, SystemRandom};

#[cfg(feature = "simulation")]
mod hands;

#[cfg(feature = "simulation")]
pub use hands::Hands;

/// The system's generator gave nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random bytes; nothing that needs a secret can be done")]
pub struct NoEntropy;

/// How far the system's clock may move against the steady one, from one look to the next, before it
/// counts as a jump. Corrections of a running clock are far smaller.
const JUMP: Span = Span::seconds(5);

/// The two clocks. Cheap to clone; clones show one time.
///
/// [`Clock::stamp`] is for what is ours: the journal, the evidence, and every time that is compared
/// with one of these. It never falls. [`Clock::wall`] is the system's clock as it is, for what other
/// people's clocks judge: codes of an app, dates of signed requests, mails and webhooks.
///
/// When the system's clock is set back, stamps run on at the machine's steady rate from where they
/// were, ahead of it; when it is set forward, they follow.
#[derive(Clone)]
pub struct Clock(Arc<Inner>);

struct Inner {
    source: Source,
    /// The greatest offset of the system's clock from the steady one that was seen: a stamp = steady +
    /// this.
    offset: AtomicI64,
    looked: Mutex<Looked>,
}

enum Source {
    /// The machine's two clocks.
    System { origin: Instant },
    /// A system clock that a test sets; nothing else runs.
    Manual { reading: AtomicI64 },
    /// The true time is set by a test, and the system's clock says something else.
    Simulated { start: Time, now: AtomicI64, says: SkewedClock },
    /// The clocks of a simulated machine, whose entropy follows from a seed.
    #[cfg(feature = "simulation")]
    Stepped(Arc<Hands>),
}

impl Source {
    /// The steady clock, in microseconds since an origin of its own, and the system's, since 1970.
    fn read(&self) -> (i64, i64) {
        match self {
            Self::System { origin } => (micros(origin.elapsed().as_micros()), wall()),
            Self::Manual { reading } => (0, reading.load(Ordering::SeqCst)),
            Self::Simulated { start, now, says } => {
                let now = Time(now.load(Ordering::SeqCst));
                (now.since(*start).0, says.reading(now).0)
            }
            #[cfg(feature = "simulation")]
            Self::Stepped(hands) => hands.read(),
        }
    }

    /// How far the system's clock is from the steady one.
    fn offset(&self) -> i64 {
        let (steady, wall) = self.read();
        wall.saturating_sub(steady)
    }
}

/// What the last look found.
struct Looked {
    offset: i64,
    ahead: Span,
    jump: Option<Jump>,
}

/// The system's clock moved against the machine's steady one, or fell behind the stamps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Jump {
    /// The stamp at which it was seen.
    pub at: Time,
    /// How far it moved; below zero: it was set back. Zero when it was found behind the stamps of
    /// an earlier run.
    pub by: Span,
    /// How far stamps are ahead of it since.
    pub ahead: Span,
}

impl fmt::Display for Jump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Rounded to the nearest minute: a span rounds up, and a moment more would read as another hour.
        let seconds = self.by.0.saturating_abs().saturating_add(500_000) / 1_000_000;
        let size = Span::seconds(if seconds < 120 { seconds } else { (seconds + 30) / 60 * 60 });
        match self.by.0 {
            0 => write!(f, "The system clock is behind the last stamp")?,
            1.. => write!(f, "The system clock jumped forward by {size}")?,
            _ => write!(f, "The system clock was set back by {size}")?,
        }
        if self.ahead > JUMP {
            write!(f, "; stamps are {} ahead of it", self.ahead)?;
        }
        Ok(())
    }
}

impl Clock {
    fn new(source: Source) -> Self {
        let looked = Looked { offset: source.offset(), ahead: Span(0), jump: None };
        let offset = AtomicI64::new(i64::MIN);
        Self(Arc::new(Inner { source, offset, looked: Mutex::new(looked) }))
    }

    /// The system's clock.
    #[expect(clippy::disallowed_methods, reason = "the one reader of the clock")]
    pub fn system() -> Self {
        Self::new(Source::System { origin: Instant::now() })
    }

    /// A clock that stands at `start` until [`Clock::set`] moves it. For tests and simulations.
    pub fn manual(start: Time) -> Self {
        Self::new(Source::Manual { reading: AtomicI64::new(start.0) })
    }

    /// A clock whose true time stands at `start` until [`Clock::set`] moves it, while the system's
    /// clock is wrong in this way. For tests.
    pub fn simulated(start: Time, seed: u64, skew: Skew) -> Self {
        let says = SkewedClock::new(start, seed, skew);
        Self::new(Source::Simulated { start, now: AtomicI64::new(start.0), says })
    }

    /// The clock of one server on a simulated machine.
    #[cfg(feature = "simulation")]
    pub(crate) fn of_machine(hands: &Arc<Hands>) -> Self {
        Self::new(Source::Stepped(Arc::clone(hands)))
    }

    /// Sets a manual clock, backward too; [`Clock::stamp`] still never falls. Of a simulated one it
    /// sets the true time, which only goes forward. Moves no system clock.
    pub fn set(&self, to: Time) {
        match &self.0.source {
            Source::System { .. } => {}
            #[cfg(feature = "simulation")]
            Source::Stepped(_) => {}
            Source::Manual { reading } => reading.store(to.0, Ordering::SeqCst),
            Source::Simulated { now, .. } => {
                now.fetch_max(to.0, Ordering::SeqCst);
            }
        }
    }

    /// The time by which everything of ours is stamped, never less than an earlier answer.
    pub fn stamp(&self) -> Time {
        let Inner { source, offset, .. } = &*self.0;
        let (steady, wall) = source.read();
        let seen = wall.saturating_sub(steady);
        let greatest = offset.load(Ordering::Relaxed);
        let greatest = if seen > greatest {
            offset.fetch_max(seen, Ordering::Relaxed).max(seen)
        } else {
            greatest
        };
        Time(steady.saturating_add(greatest))
    }

    /// The system's clock as it is. It may fall.
    pub fn wall(&self) -> Time {
        Time(self.0.source.read().1)
    }

    /// How far stamps are ahead of the system's clock.
    pub fn ahead(&self) -> Span {
        Span(self.stamp().since(self.wall()).0.max(0))
    }

    /// Set by hand: nobody waits for it.
    pub(crate) fn is_manual(&self) -> bool {
        matches!(&self.0.source, Source::Manual { .. } | Source::Simulated { .. })
    }

    /// What the system's clock will say when a stamp has come; of what is past, the stamp.
    pub fn on_wall(&self, stamp: Time) -> Time {
        let past = stamp < self.stamp() - Span::minutes(1);
        if past { stamp } else { stamp - self.ahead() }
    }

    /// From now on stamps are at least `time` (the last one of a journal that was just read).
    pub fn at_least(&self, time: Time) {
        let behind = time.since(self.stamp());
        if behind <= Span(0) {
            return;
        }
        self.0.offset.fetch_add(behind.0, Ordering::Relaxed);
    }

    /// Looks whether the system's clock jumped since the last look; tells each jump once. Also when
    /// it jumped and came back in between, which leaves stamps ahead of it.
    pub fn look(&self) -> Option<Jump> {
        if matches!(&self.0.source, Source::Manual { .. }) {
            return None;
        }
        let (at, now) = (self.stamp(), self.0.source.offset());
        let ahead = self.ahead();
        let mut looked = self.0.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let by = Span(now.saturating_sub(looked.offset));
        let fell_behind = ahead.0.saturating_sub(looked.ahead.0) > JUMP.0;
        (looked.offset, looked.ahead) = (now, ahead);
        if by.0.saturating_abs() <= JUMP.0 && !fell_behind {
            return None;
        }
        let by = if by.0.saturating_abs() > JUMP.0 { by } else { Span(0) };
        looked.jump = Some(Jump { at, by, ahead });
        looked.jump
    }

    /// The last jump that a look found.
    pub fn last_jump(&self) -> Option<Jump> {
        self.0.looked.lock().unwrap_or_else(PoisonError::into_inner).jump
    }

    /// This instant with fresh randomness, for one decision.
    pub fn moment(&self) -> Result<Moment, NoEntropy> {
        Ok(Moment::new(self.stamp(), self.entropy()?).with_wall(self.wall()))
    }

    /// `N` bytes from the operating system's generator; in the simulator they follow from its seed.
    pub(crate) fn entropy<const N: usize>(&self) -> Result<[u8; N], NoEntropy> {
        match &self.0.source {
            #[cfg(feature = "simulation")]
            Source::Stepped(hands) => Ok(hands.draw()),
            Source::System { .. } | Source::Manual { .. } | Source::Simulated { .. } => entropy(),
        }
    }
}

/// The system's clock, in microseconds since 1970.
fn wall() -> i64 {
    SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| micros(since.as_micros()))
}

/// Measures how long something takes, by the steady clock.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "the one reader of the clock")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(&self) -> std::time::Duration {
        self.0.elapsed()
    }
}

#[expect(clippy::disallowed_methods, reason = "the one source of randomness")]
fn generator() -> SystemRandom {
    SystemRandom::new()
}

/// `N` bytes from the operating system's generator.
pub fn entropy<const N: usize>() -> Result<[u8; N], NoEntropy> {
    let mut bytes = [0; N];
    generator().fill(&mut bytes).map_err(|_| NoEntropy)?;
    Ok(bytes)
}

/// A key pair for one agreement, from the operating system's generator.
pub(crate) fn key_pair() -> Result<EphemeralPrivateKey, NoEntropy> {
    EphemeralPrivateKey::generate(&ECDH_P256, &generator()).map_err(|_| NoEntropy)
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
        assert_eq!(clock.stamp(), Time(2_000));
        clock.set(Time(500));
        assert_eq!((clock.stamp(), clock.wall()), (Time(2_000), Time(500)));
        assert_eq!(clock.ahead(), Span(1_500));
        let moment = clock.moment().unwrap();
        assert_eq!((moment.now, moment.wall), (Time(2_000), Time(500)));
        clock.set(Time(2_001));
        assert_eq!((clock.stamp(), clock.wall()), (Time(2_001), Time(2_001)));
        assert_eq!(clock.ahead(), Span(0));
    }

    #[test]
    fn clock_behind_the_journal_runs_on_from_its_last_stamp() {
        let clock = Clock::system();
        let ahead = clock.stamp() + Span::hours(3);
        clock.at_least(ahead);
        let first = clock.stamp();
        assert!(first >= ahead && first < ahead + Span::minutes(1));
        assert!(clock.stamp() >= first);
    }

    #[test]
    fn clock_behind_the_journal_is_told_once_with_its_size() {
        let clock = Clock::system();
        assert_eq!(clock.look(), None, "a clock that runs");
        clock.at_least(clock.stamp() + Span::hours(3));
        let jump = clock.look().unwrap();
        assert_eq!(jump.by, Span(0));
        // The system's two clocks are read one after the other, so not to the microsecond.
        assert!(jump.ahead > Span::minutes(179) && jump.ahead < Span::minutes(181), "{jump:?}");
        assert_eq!(clock.look(), None, "told once");
        assert_eq!(clock.last_jump(), Some(jump));
    }

    #[test]
    fn stamps_of_a_clock_that_lies_never_fall_and_its_jumps_are_told() {
        for (seed, skew) in (0..20).flat_map(|seed| Skew::ALL.map(|skew| (seed, skew))) {
            let start = Time::from_seconds(1_795_532_400);
            let clock = Clock::simulated(start, seed, skew);
            let (mut last, mut jumps, mut fell) = (clock.stamp(), 0, false);
            for second in 1..3_600 {
                let wall = clock.wall();
                clock.set(start + Span::seconds(second));
                let stamp = clock.stamp();
                assert!(stamp >= last, "{seed} {skew:?}");
                assert!(stamp >= clock.wall() && clock.ahead() >= Span(0), "{seed} {skew:?}");
                fell |= clock.wall() < wall;
                jumps += u32::from(clock.look().is_some());
                last = stamp;
            }
            assert_eq!(jumps, u32::from(skew == Skew::Step), "{seed} {skew:?}");
            assert_eq!(clock.last_jump().is_some(), skew == Skew::Step);
            assert!(!fell || skew != Skew::Drift, "{seed}: a drift only slows it down");
        }
    }

    #[test]
    fn moments_differ_in_entropy() {
        let clock = Clock::manual(Time(1));
        let (one, two) = (clock.moment().unwrap(), clock.moment().unwrap());
        assert_ne!(one.draw::<16>("x"), two.draw::<16>("x"));
    }
}
