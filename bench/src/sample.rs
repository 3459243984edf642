//! Paired samples: the subject, its peer and the peer once more (the null control), in shuffled order, on the same thread.

use std::time::Instant;

/// The nanoseconds of one series, sorted once it is complete.
#[derive(Default, Clone)]
pub struct Series(Vec<u64>);

impl Series {
    /// Adds one measurement.
    pub fn push(&mut self, nanos: u64) {
        self.0.push(nanos);
    }

    /// How many measurements there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// All of them.
    pub fn values(&self) -> &[u64] {
        &self.0
    }

    /// The value below which `per_mille` of 1000 measurements lie.
    pub fn quantile(&mut self, per_mille: usize) -> u64 {
        self.0.sort_unstable();
        let last = self.0.len().saturating_sub(1);
        self.0.get(last * per_mille / 1000).copied().unwrap_or(0)
    }
}

/// A small shuffler; the order of the three must not be a pattern that a processor can learn.
pub struct Shuffle(u64);

impl Shuffle {
    /// Starts from a fixed seed, so that two runs alternate alike.
    pub fn new() -> Self {
        Self(0x9E37_79B9_7F4A_7C15)
    }

    /// The next of a xorshift sequence.
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// One of the six orders of three.
    fn order(&mut self) -> [usize; 3] {
        [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
            [(self.next() % 6) as usize]
    }
}

/// What a paired run gave.
pub struct Paired {
    /// The subject's series.
    pub subject: Series,
    /// The peer's series.
    pub peer: Series,
    /// The peer against itself.
    pub null: Series,
}

impl Paired {
    /// Subject over peer at a quantile.
    pub fn ratio(&mut self, per_mille: usize) -> f64 {
        self.subject.quantile(per_mille) as f64 / self.peer.quantile(per_mille).max(1) as f64
    }

    /// The null control at a quantile: the peer over the peer.
    pub fn null(&mut self, per_mille: usize) -> f64 {
        self.null.quantile(per_mille) as f64 / self.peer.quantile(per_mille).max(1) as f64
    }
}

/// Runs the three `rounds` times after a tenth as many to warm up. Each closure does one operation, checks its outcome and
/// returns the nanoseconds that count (so that preparation and cleaning up can stay out of them).
pub fn paired(
    rounds: usize,
    mut subject: impl FnMut() -> u64,
    mut peer: impl FnMut() -> u64,
    mut null: impl FnMut() -> u64,
) -> Paired {
    let mut shuffle = Shuffle::new();
    let mut out =
        Paired { subject: Series::default(), peer: Series::default(), null: Series::default() };
    for round in 0..rounds + rounds / 10 {
        for which in shuffle.order() {
            let nanos = match which {
                0 => subject(),
                1 => peer(),
                _ => null(),
            };
            if round >= rounds / 10 {
                match which {
                    0 => out.subject.push(nanos),
                    1 => out.peer.push(nanos),
                    _ => out.null.push(nanos),
                }
            }
        }
    }
    out
}

/// Times one call.
pub fn nanos<T>(act: impl FnOnce() -> T) -> (u64, T) {
    let start = Instant::now();
    let out = act();
    (u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX), out)
}
