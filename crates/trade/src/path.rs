//! A trading day's price as a bridge: any second of it follows from the day's seed and its two ends
//! alone, and the range of any stretch of it is known before its seconds are.
//!
//! The day's first price is the last of the day before. Its end, some 2^17 seconds on, is drawn as the
//! sum of that many steps would be. Between the ends the middle is drawn, then the middles of both
//! halves, and so on: each lies between its neighbours and strays from their mean by a draw whose
//! deviation falls with the root of the length (P. Lévy's construction of Brownian motion). Since a
//! draw is bounded, so is all that lies below it. Sixty-four seconds are a block, the smallest that is
//! made at a time: its prices, and in one word of 64 bits for each fact, in which seconds somebody
//! trades, on which side, and how much.
//!
//! Nothing is remembered from one second to the next, so it does not matter which seconds are looked
//! at, or in which order.

use serde::{Deserialize, Serialize};

use crate::instrument::Manner;
use crate::market::{FINE, HIGHEST, LOWEST, Process};
use crate::order::Side;
use crate::random::{GAMMA, mix, walk};

/// Halvings from a block to its seconds.
const BLOCK_LEVELS: u32 = 6;
/// Seconds of a block.
const BLOCK: i64 = 1 << BLOCK_LEVELS;
/// Halvings of the longest path: a day of 25 hours has 17.
const MOST_LEVELS: u32 = 20;
/// How far the middle of 2^k seconds strays at most, in 256ths of a second's deviation: a draw that is
/// even up to the root of 3/4 has the deviation one half.
const STRAY: [i64; 21] = [
    221, 313, 443, 627, 886, 1_254, 1_773, 2_508, 3_547, 5_016, 7_094, 10_033, 14_189, 20_066,
    28_378, 40_132, 56_755, 80_264, 113_511, 160_529, 227_023,
];
/// How far anything within 2^k seconds strays at most from its two ends: the sum of the above.
const RANGE: [i64; 21] = [
    0, 313, 756, 1_383, 2_269, 3_523, 5_296, 7_804, 11_351, 16_367, 23_461, 33_494, 47_683, 67_749,
    96_127, 136_259, 193_014, 273_278, 386_789, 547_318, 774_341,
];

/// The price of one contract over one trading day, or over the rest of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Path {
    key: u64,
    /// The second before its first.
    before: i64,
    /// It has two to the power of this many seconds, of which the day need not use all.
    levels: u32,
    start: i64,
    end: i64,
    /// A second's deviation, in 65,536ths of a tick.
    unit: i64,
    lot: u64,
}

/// Seconds, both ends included.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stretch {
    pub(crate) from: i64,
    pub(crate) to: i64,
}

/// Sixty-four seconds.
pub(crate) struct Block {
    pub(crate) trades: Trades,
    fair: [i64; 64],
}

/// Who trades in a block's seconds, which does not depend on the price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trades {
    /// Its first second.
    first: i64,
    key: u64,
    lot: u64,
    /// Seconds in which somebody trades, and so on: a bit for each second, the lowest first.
    pub(crate) prints: u64,
    buys: u64,
    wide: u64,
    one: u64,
    two: u64,
    odd: u64,
}

impl Path {
    /// The path of the `seconds` that follow `before`, from where the price is.
    pub(crate) fn new(process: &Process, before: i64, seconds: i64) -> Self {
        let seconds = seconds.clamp(BLOCK, 1 << MOST_LEVELS).unsigned_abs();
        let levels = seconds.next_power_of_two().trailing_zeros();
        let (stream, start, anchor) = process.origin();
        let key = mix(stream ^ mix(before.cast_unsigned()));
        let unit = (start >> 10).saturating_mul(process.deviation()) >> 10;
        // The deviation of the whole is a second's times the root of their number.
        let whole = unit.saturating_mul(STRAY.get(levels as usize).copied().unwrap_or(0)) / 222;
        let drawn = (anchor - start) / (1 << (23 - levels));
        let end = start + whole.saturating_mul(walk(mix(key))) / 4 + drawn;
        let end = end.clamp(LOWEST, HIGHEST);
        Self { key, before, levels, start, end, unit, lot: process.lot() }
    }

    /// It is the path of trading hours that begin and end at these seconds.
    pub(crate) const fn is_within(&self, open: i64, close: i64) -> bool {
        self.before >= open - 1 && self.before < close
    }

    fn limit(&self, table: &[i64; 21], level: u32) -> i64 {
        self.unit.saturating_mul(table.get(level as usize).copied().unwrap_or(0)) >> 8
    }

    /// The middle of piece `at` of 2^`level` seconds, between its ends.
    fn middle(&self, level: u32, at: u64, (left, right): (i64, i64)) -> i64 {
        let node = (1_u64 << (self.levels - level)) + at;
        let word = mix(self.key.wrapping_add(node.wrapping_mul(GAMMA)));
        // From -65,535 to 65,535.
        let draw = (word >> 48).cast_signed() * 2 - 65_535;
        ((left + right) >> 1) + (self.limit(&STRAY, level).saturating_mul(draw) >> 16)
    }

    fn block_of(&self, second: i64) -> u64 {
        ((second - self.before - 1).max(0) / BLOCK).unsigned_abs()
    }

    /// The block that a second is in.
    pub(crate) fn block(&self, second: i64) -> Block {
        let number = self.block_of(second);
        let mut ends = (self.start, self.end);
        for level in (BLOCK_LEVELS + 1..=self.levels).rev() {
            let middle = self.middle(level, number >> (level - BLOCK_LEVELS), ends);
            if (number >> (level - BLOCK_LEVELS - 1)) & 1 == 1 {
                ends.0 = middle;
            } else {
                ends.1 = middle;
            }
        }
        self.make(number, ends)
    }

    fn make(&self, number: u64, ends: (i64, i64)) -> Block {
        let mut fair = [0; 64];
        self.fill(BLOCK_LEVELS, number, ends, &mut fair);
        Block { trades: self.trades_of(number), fair }
    }

    /// The trades of a stretch, block by block.
    pub(crate) fn trades(&self, stretch: Stretch) -> impl DoubleEndedIterator<Item = Trades> {
        let (path, blocks) = (*self, self.block_of(stretch.from)..self.block_of(stretch.to) + 1);
        blocks.map(move |at| path.trades_of(at))
    }

    fn trades_of(&self, number: u64) -> Trades {
        let key = mix(self.key ^ 0x5851_f42d_4c95_7f2d);
        let word = |fact: u64| mix(key.wrapping_add((number * 16 + fact).wrapping_mul(GAMMA)));
        // 21 of 64: a third.
        let prints =
            (1..6).fold(
                word(0),
                |mask, fact| {
                    if fact % 2 == 0 { mask | word(fact) } else { mask & word(fact) }
                },
            );
        Trades {
            first: self.before + 1 + number.cast_signed() * BLOCK,
            key: mix(key),
            lot: self.lot,
            prints,
            buys: word(6),
            wide: word(7),
            one: word(8),
            two: word(9),
            odd: word(10) & word(11) & word(12),
        }
    }

    /// The prices after the left end, up to the right one.
    fn fill(&self, level: u32, at: u64, ends: (i64, i64), to: &mut [i64]) {
        if level == 0 {
            if let Some(last) = to.last_mut() {
                *last = ends.1.clamp(LOWEST, HIGHEST);
            }
            return;
        }
        let middle = self.middle(level, at, ends);
        let (left, right) = to.split_at_mut(to.len() / 2);
        self.fill(level - 1, at * 2, (ends.0, middle), left);
        self.fill(level - 1, at * 2 + 1, (middle, ends.1), right);
    }

    /// The first that `look` finds in the blocks of a stretch, in their order. Those whose prices lie
    /// between a low and a high that `may` rules out are not made.
    pub(crate) fn find<T>(
        &self,
        stretch: Stretch,
        may: &impl Fn(i64, i64) -> bool,
        look: &mut impl FnMut(&Block) -> Option<T>,
    ) -> Option<T> {
        if stretch.from > stretch.to {
            return None;
        }
        let blocks = (self.block_of(stretch.from), self.block_of(stretch.to));
        self.descend(self.levels, 0, (self.start, self.end), blocks, may, look)
    }

    fn descend<T>(
        &self,
        level: u32,
        at: u64,
        ends: (i64, i64),
        blocks: (u64, u64),
        may: &impl Fn(i64, i64) -> bool,
        look: &mut impl FnMut(&Block) -> Option<T>,
    ) -> Option<T> {
        let deep = level - BLOCK_LEVELS;
        let (first, last) = (at << deep, ((at + 1) << deep) - 1);
        if last < blocks.0 || first > blocks.1 {
            return None;
        }
        // One more for what is lost by rounding, each time.
        let stray = self.limit(&RANGE, level) + i64::from(level) * 2;
        let low = (ends.0.min(ends.1) - stray).clamp(LOWEST, HIGHEST) / FINE;
        let high = (ends.0.max(ends.1) + stray).clamp(LOWEST, HIGHEST) / FINE;
        if !may(low, high) {
            return None;
        }
        if deep == 0 {
            return look(&self.make(at, ends));
        }
        let middle = self.middle(level, at, ends);
        self.descend(level - 1, at * 2, (ends.0, middle), blocks, may, look)
            .or_else(|| self.descend(level - 1, at * 2 + 1, (middle, ends.1), blocks, may, look))
    }

    /// Raises `best` to the greatest that `look` finds in any block of a stretch: of the prices of its
    /// trades, or, with `sign` -1, of those prices below zero.
    pub(crate) fn peak(
        &self,
        stretch: Stretch,
        (sign, best): (i64, &mut i64),
        manner: &Manner,
        look: &impl Fn(&Block) -> i64,
    ) {
        if stretch.from <= stretch.to {
            let blocks = (self.block_of(stretch.from), self.block_of(stretch.to));
            let look = (manner, look);
            self.climb((self.levels, 0), (self.start, self.end), blocks, (sign, best), look);
        }
    }

    fn climb(
        &self,
        (level, at): (u32, u64),
        ends: (i64, i64),
        blocks: (u64, u64),
        (sign, best): (i64, &mut i64),
        (manner, look): (&Manner, &impl Fn(&Block) -> i64),
    ) {
        let deep = level - BLOCK_LEVELS;
        if ((at + 1) << deep) - 1 < blocks.0 || at << deep > blocks.1 {
            return;
        }
        let stray = self.limit(&RANGE, level) + i64::from(level) * 2;
        let top = sign * ((sign * ends.0).max(sign * ends.1) + stray);
        let middle = top.clamp(LOWEST, HIGHEST) / FINE - manner.shift;
        if sign * middle + manner.reach(middle) < *best {
            return;
        }
        if deep == 0 {
            *best = (*best).max(look(&self.make(at, ends)));
            return;
        }
        let middle = self.middle(level, at, ends);
        let halves = [(at * 2, (ends.0, middle)), (at * 2 + 1, (middle, ends.1))];
        // The one that ends higher is likelier to rule the other out.
        let first = usize::from(sign * ends.1 > sign * ends.0);
        for half in [first, 1 - first] {
            if let Some((at, ends)) = halves.get(half) {
                self.climb((level - 1, *at), *ends, blocks, (sign, best), (manner, look));
            }
        }
    }
}

impl Trades {
    /// The seconds of its block that are in a stretch.
    pub(crate) fn of(&self, stretch: Stretch) -> Stretch {
        let to = stretch.to.min(self.first + BLOCK - 1);
        Stretch { from: stretch.from.max(self.first), to }
    }

    /// The bits of a stretch that lies within it.
    pub(crate) const fn bits(&self, stretch: Stretch) -> u64 {
        let (from, to) = (stretch.from - self.first, stretch.to - self.first);
        if from > to || from < 0 || to >= BLOCK {
            return 0;
        }
        (u64::MAX >> (BLOCK - 1 - to)) & (u64::MAX << from)
    }

    pub(crate) const fn bit(&self, second: i64) -> u64 {
        self.bits(Stretch { from: second, to: second })
    }

    /// The second of a bit's place.
    pub(crate) const fn second(&self, place: u32) -> i64 {
        self.first + place as i64
    }

    /// What the quotes of a second are made from.
    pub(crate) const fn shape(&self, second: i64) -> u64 {
        let word = mix(self.key.wrapping_add(second.cast_unsigned().wrapping_mul(GAMMA)));
        (word & !1) | (self.wide & self.bit(second) != 0) as u64
    }

    /// Shares traded in the seconds of these bits.
    pub(crate) fn volume(&self, bits: u64) -> u64 {
        let bits = bits & self.prints;
        let round = bits & !self.odd;
        let count = |bits: u64| u64::from(bits.count_ones());
        let lots = count(round) + count(round & self.one) + 2 * count(round & self.two);
        let (mut odd, mut shares) = (bits & self.odd, lots * self.lot);
        while odd != 0 {
            shares += 1 + (self.shape(self.second(odd.trailing_zeros())) >> 8) % 99;
            odd &= odd - 1;
        }
        shares
    }
}

impl Block {
    /// Whether a second is one of its seconds.
    pub(crate) const fn has(&self, second: i64) -> bool {
        second >= self.trades.first && second < self.trades.first + BLOCK
    }

    pub(crate) fn fair(&self, second: i64) -> i64 {
        let at = usize::try_from(second - self.trades.first).unwrap_or(0);
        self.fair.get(at).copied().unwrap_or(LOWEST)
    }

    /// On which side, and at which price, somebody trades in a second in which somebody does.
    pub(crate) fn price(&self, second: i64, manner: &Manner) -> (Side, i64) {
        let bit = self.trades.bit(second);
        let (bid, ask) = manner.touch(self.fair(second), self.trades.wide & bit != 0);
        if self.trades.buys & bit == 0 { (Side::Sell, bid) } else { (Side::Buy, ask) }
    }

    /// The prices of the trades in a stretch.
    pub(crate) fn prices(&self, stretch: Stretch, manner: &Manner) -> impl Iterator<Item = i64> {
        let mut left = self.trades.bits(self.trades.of(stretch)) & self.trades.prints;
        std::iter::from_fn(move || {
            let place = (left != 0).then(|| left.trailing_zeros())?;
            left &= left - 1;
            Some(self.price(self.trades.second(place), manner).1)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: i64 = 1_795_471_199;
    const SECONDS: i64 = 86_400;

    fn path(seed: u64) -> Path {
        Path::new(&Process::new(seed, 12_567, 16, 100), BEFORE, SECONDS)
    }

    #[test]
    fn range_of_a_stretch_holds_all_of_its_prices() {
        for seed in 0..20 {
            let path = path(seed);
            let stretch = Stretch { from: BEFORE + 1, to: BEFORE + SECONDS };
            let (mut low, mut high, mut blocks) = (0, 0, 0);
            let seen = std::cell::Cell::new((0, i64::MAX));
            let may = |from: i64, to: i64| {
                seen.set((from, to));
                true
            };
            let none = path.find(stretch, &may, &mut |block| {
                (low, high) = seen.get();
                let inside = block.fair.iter().all(|fair| (low..=high).contains(&(fair / FINE)));
                assert!(inside, "seed {seed}, block {blocks}");
                blocks += 1;
                None::<()>
            });
            assert_eq!((none, blocks), (None, SECONDS / BLOCK));
        }
    }

    #[test]
    fn block_is_the_same_however_it_is_come_to() {
        let path = path(3);
        let stretch = Stretch { from: BEFORE + 1, to: BEFORE + SECONDS };
        path.find(stretch, &|_, _| true, &mut |block| {
            let alone = path.block(block.trades.first + 17);
            assert_eq!((alone.fair, alone.trades), (block.fair, block.trades));
            None::<()>
        });
    }

    #[test]
    fn price_wanders_as_far_as_seconds_of_their_own_would() {
        // 30 % a year is 1.8 % a day; the mean of 400 days is within a few hundredths of that.
        let days = 400;
        let mut sum = 0_i128;
        for seed in 0..days {
            let path = path(seed);
            let moved =
                i128::from(path.block(BEFORE + SECONDS).fair(BEFORE + SECONDS) - path.start);
            sum += moved * moved;
        }
        let deviation = (sum / i128::from(days)).isqrt() * 10_000 / (12_567 * i128::from(FINE));
        assert!((155..205).contains(&deviation), "{deviation} hundredths of a percent a day");
        // And a second moves by 0.006 %.
        let (path, mut sum, mut last) = (path(1), 0_i128, None);
        for second in BEFORE + 1..=BEFORE + 20_000 {
            let fair = path.block(second).fair(second);
            let step = i128::from(fair - last.unwrap_or(fair));
            sum += step * step;
            last = Some(fair);
        }
        let deviation = (sum / 20_000).isqrt() * 1_000_000 / (12_567 * i128::from(FINE));
        assert!((50..72).contains(&deviation), "{deviation} millionths a second");
    }

    #[test]
    fn peak_of_a_stretch_is_the_greatest_of_its_prices() {
        for seed in 0..10 {
            let path = path(seed);
            let stretch = Stretch { from: BEFORE + 1 + 777, to: BEFORE + SECONDS - 4_321 };
            let mut all = Vec::new();
            path.find(stretch, &|_, _| true, &mut |block| {
                all.extend(block.prices(stretch, &Manner::PLAIN));
                None::<()>
            });
            for sign in [1, -1] {
                let looked = std::cell::Cell::new(0);
                let mut best = i64::MIN;
                path.peak(stretch, (sign, &mut best), &Manner::PLAIN, &|block| {
                    looked.set(looked.get() + 1);
                    block
                        .prices(stretch, &Manner::PLAIN)
                        .map(|price| sign * price)
                        .max()
                        .unwrap_or(i64::MIN)
                });
                assert_eq!(Some(best), all.iter().map(|price| sign * price).max(), "seed {seed}");
                assert!(looked.get() < 300, "{} of 1,270 blocks", looked.get());
            }
        }
    }

    #[test]
    fn volume_of_many_seconds_is_the_sum_of_each() {
        let path = path(5);
        let mut prints = 0;
        for number in 0..100 {
            let block = path.block(BEFORE + 1 + number * BLOCK);
            let sum: u64 = (0..64).map(|place| block.trades.volume(1 << place)).sum();
            assert_eq!(block.trades.volume(u64::MAX), sum);
            prints += block.trades.prints.count_ones();
        }
        assert!((1_900..2_300).contains(&prints), "{prints} of 6,400 seconds");
    }
}
