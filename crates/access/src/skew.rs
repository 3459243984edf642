//! Clocks that are wrong, for tests: what a system clock says while the true time goes on. A pure
//! function of a seed, so that a run that fails can be run again.

use crate::moment::{Span, Time};

/// In what way a clock is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skew {
    /// It runs fast or slow by a constant rate of up to a twentieth.
    Drift,
    /// It swings around the true time, by up to ten minutes and within an hour at most.
    Periodic,
    /// It is right until it jumps once, by up to three hours either way, as a machine's does that slept.
    Step,
    /// No two seconds of it are equally wrong: up to two seconds either way, on top of a slow drift.
    Ragged,
}

/// A clock that is wrong in one way, by amounts from a seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SkewedClock {
    start: Time,
    seed: u64,
    skew: Skew,
}

impl Skew {
    /// Every way.
    pub const ALL: [Self; 4] = [Self::Drift, Self::Periodic, Self::Step, Self::Ragged];
}

impl SkewedClock {
    /// A clock that is right at `start`, or nearly.
    pub const fn new(start: Time, seed: u64, skew: Skew) -> Self {
        Self { start, seed, skew }
    }

    /// What it says at the true time `now`.
    pub fn reading(&self, now: Time) -> Time {
        now + self.error(now.since(self.start))
    }

    fn error(&self, passed: Span) -> Span {
        let passed = passed.0.max(0);
        Span(match self.skew {
            Skew::Drift => passed / 1_000 * self.within(0, 50),
            Skew::Periodic => {
                let height = self.within(0, Span::minutes(10).0);
                let period = Span::minutes(20).0 + self.within(1, Span::minutes(40).0).abs();
                // From the middle up, down and up again, in straight lines: no floating point here.
                let at = passed % period;
                let quarter = period / 4;
                let steps = match at / quarter.max(1) {
                    0 => at,
                    1 | 2 => 2 * quarter - at,
                    _ => at - 4 * quarter,
                };
                (height / 1_000).saturating_mul(steps) / (quarter / 1_000).max(1)
            }
            Skew::Step => {
                let after = Span::minutes(1).0 + self.within(1, Span::minutes(20).0).abs();
                if passed < after { 0 } else { self.within(0, Span::hours(3).0) }
            }
            Skew::Ragged => {
                let second = u64::try_from(passed / 1_000_000).unwrap_or(0);
                passed / 10_000 * self.within(0, 5) + self.within(2 + second, 2_000_000)
            }
        })
    }

    /// A number from `-most` to `most`, the same for the same place.
    fn within(&self, place: u64, most: i64) -> i64 {
        // SplitMix64.
        let mut bits = self.seed.wrapping_add((place + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        bits = (bits ^ bits >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        let bits = (bits ^ bits >> 31) >> 1;
        i64::try_from(bits).unwrap_or(0) % (2 * most + 1) - most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Time = Time::from_seconds(1_795_532_400);

    fn errors(skew: Skew, seed: u64) -> Vec<i64> {
        let clock = SkewedClock::new(START, seed, skew);
        let error = |second| {
            let now = START + Span::seconds(second);
            clock.reading(now).since(now).0
        };
        (0..7_200).map(error).collect()
    }

    #[test]
    fn skewed_clock_says_the_same_for_the_same_seed_and_differs_for_another() {
        for skew in Skew::ALL {
            assert_eq!(errors(skew, 7), errors(skew, 7));
            assert_ne!(errors(skew, 7), errors(skew, 8), "{skew:?}");
        }
    }

    #[test]
    fn skewed_clock_is_wrong_in_its_own_way() {
        for seed in 1..50 {
            let drift = errors(Skew::Drift, seed);
            assert!(drift.is_sorted() || drift.iter().rev().is_sorted());
            assert!(drift.iter().all(|error| error.abs() <= 7_200 * 50_000));
            let swing = errors(Skew::Periodic, seed);
            let most = Span::minutes(11).0;
            assert!(swing.iter().all(|error| error.abs() <= most), "{seed}");
            let (low, high) = (swing.iter().min(), swing.iter().max());
            assert!(low < Some(&0) && high > Some(&0), "{seed}: on both sides");
            let mut step = errors(Skew::Step, seed);
            step.dedup();
            assert!(step.len() == 2 && step.first() == Some(&0), "{seed}: one jump");
            let mut ragged = errors(Skew::Ragged, seed);
            ragged.dedup();
            assert!(ragged.len() > 7_000, "{seed}: hardly twice the same");
        }
    }
}
