//! One stock's simulated market: a fair price that wanders, makers that quote around it, and trades
//! by others. All of it follows from the seed, second by second, in integers.
//!
//! Rule 1, for each second that the market trades: the fair price moves by a random step (about 30
//! % a year for a volatility of 16) and is pulled toward the price the account started with by
//! 2^-23 of the distance. Makers quote ten levels on each side of it. In one second out of three
//! somebody trades with them at the touch. Makers replace their quotes each second, so they queue
//! behind client orders at the same price.
//!
//! Rule 2 looks the same, but each second follows only from the day and not from the second before
//! it (see `path.rs`), so that missed time costs what happened in it and no more.

use std::ops::Deref;

use serde::{Deserialize, Serialize};

use crate::instrument::Manner;
use crate::order::Side;
use crate::path::Block;
use crate::random::{below, mix, next, walk};

/// Levels that the makers quote on each side.
pub const LEVELS: usize = 10;
pub(crate) use crate::price::FINE;
/// The lowest fair price: 1.00, so that all quoted prices are above zero.
pub(crate) const LOWEST: i64 = 100 * FINE;
/// The highest: 500,000.00.
pub(crate) const HIGHEST: i64 = 50_000_000 * FINE;

/// A trade of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Print {
    /// The side of the taker.
    pub(crate) side: Side,
    pub(crate) price: i64,
    pub(crate) size: u64,
}

/// The state that the prices follow from. Small and `Copy`, so that a second can be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Process {
    stream: u64,
    fair: i64,
    anchor: i64,
    volatility: i64,
    /// Shares of the smallest quote.
    lot: u64,
    /// What this second's quotes are made from.
    shape: u64,
    pub(crate) bid: i64,
    pub(crate) ask: i64,
    pub(crate) print: Option<Print>,
}

/// What makers quote on one side, best first: price and shares.
pub(crate) struct Levels {
    all: [(i64, u64); LEVELS],
    count: usize,
}

impl Deref for Levels {
    type Target = [(i64, u64)];

    fn deref(&self) -> &[(i64, u64)] {
        self.all.get(..self.count).unwrap_or_default()
    }
}

impl Process {
    /// A price that begins at `price` ticks. `volatility` is per second of trading.
    pub(crate) fn new(seed: u64, price: i64, volatility: i64, lot: u64) -> Self {
        let fair = price.saturating_mul(FINE).clamp(LOWEST, HIGHEST);
        let mut process = Self {
            stream: seed,
            fair,
            anchor: fair,
            volatility,
            lot: lot.max(100),
            shape: mix(seed),
            bid: 0,
            ask: 0,
            print: None,
        };
        process.quote(&Manner::PLAIN);
        process
    }

    /// The quotes of a second around a price that follows others.
    pub(crate) fn quoted(fair: i64, shape: u64, lot: u64, manner: &Manner) -> Self {
        let (bid, ask) = manner.touch(fair, shape & 1 == 1);
        Self { stream: 0, fair, anchor: 0, volatility: 0, lot, shape, bid, ask, print: None }
    }

    /// The same when shares no longer carry a dividend of so much, in 65,536ths of a tick. The price that it is drawn to
    /// stays: what is paid is earned again.
    #[must_use]
    pub(crate) fn fallen(mut self, by: i64, manner: &Manner) -> Self {
        self.fair = self.fair.saturating_sub(by).clamp(LOWEST, HIGHEST);
        self.print = None;
        self.quote(manner);
        self
    }

    /// The same when so many new shares take the place of so many old ones.
    #[must_use]
    pub(crate) fn split(mut self, (new, old): (i64, i64), manner: &Manner) -> Self {
        let scaled = |fair: i64| (fair.saturating_mul(old) / new).clamp(LOWEST, HIGHEST);
        (self.fair, self.anchor) = (scaled(self.fair), scaled(self.anchor));
        self.print = None;
        self.quote(manner);
        self
    }

    /// The fair price, in 65,536ths of a tick, as far as it is kept above what it stands for.
    pub(crate) const fn fair(&self) -> i64 {
        self.fair
    }

    /// The state one second on.
    #[inline]
    pub(crate) fn stepped(mut self) -> Self {
        let step = walk(next(&mut self.stream)) * self.volatility;
        // 2^-20 of the price for each unit: with 16 units and deviation 4, 0.006 % a second.
        let drawn = (self.anchor - self.fair) / (1 << 23);
        let moved = (self.fair / 1_024).saturating_mul(step) / 1_024;
        self.fair = (self.fair + moved + drawn).clamp(LOWEST, HIGHEST);
        self.shape = next(&mut self.stream);
        self.quote(&Manner::PLAIN);
        let draw = self.shape >> 32;
        self.print = draw.is_multiple_of(3).then(|| {
            let buys = draw & 8 == 0;
            let round = 1 + below(mix(self.shape), 4);
            let odd = if draw & 0x70 == 0 { 1 + (draw >> 8) % 99 } else { 0 };
            Print {
                side: if buys { Side::Buy } else { Side::Sell },
                price: if buys { self.ask } else { self.bid },
                size: if odd > 0 { odd } else { round * self.lot },
            }
        });
        self
    }

    /// The state at one of the seconds of a path's block: rule 2.
    pub(crate) fn at(mut self, block: &Block, second: i64, manner: &Manner) -> Self {
        self.fair = block.fair(second);
        let trades = &block.trades;
        self.shape = trades.shape(second);
        self.quote(manner);
        let bit = trades.prints & trades.bit(second);
        self.print = (bit != 0).then(|| {
            let (side, price) = block.price(second, manner);
            Print { side, price, size: trades.volume(bit) }
        });
        self
    }

    /// What a path begins with: the stream's word, the price, and the price it is drawn to.
    pub(crate) const fn origin(&self) -> (u64, i64, i64) {
        (self.stream, self.fair, self.anchor)
    }

    /// A second's deviation, in 2^-20 of the price.
    pub(crate) const fn deviation(&self) -> i64 {
        self.volatility.saturating_mul(4)
    }

    pub(crate) const fn lot(&self) -> u64 {
        self.lot
    }

    #[inline]
    fn quote(&mut self, manner: &Manner) {
        (self.bid, self.ask) = manner.touch(self.fair, self.shape & 1 == 1);
    }

    /// The makers' quotes of this second, best first: price and shares. There are fewer than ten where they would come to
    /// the lowest price.
    #[inline]
    pub(crate) fn levels(&self, side: Side, manner: &Manner) -> Levels {
        let (mut price, away, salt) = match side {
            Side::Buy => (self.bid, -1, 1),
            Side::Sell => (self.ask, 1, 2),
        };
        let gap = 1 + self.fair / FINE / 20_000;
        let mut stream = self.shape ^ salt;
        let mut levels = Levels { all: [(0, 0); LEVELS], count: 0 };
        for (depth, place) in (0..).zip(&mut levels.all) {
            let word = next(&mut stream);
            let level = (manner.step(price, side), (1 + depth + below(word, 4)) * self.lot);
            let is_price = (manner.lowest()..=manner.highest()).contains(&level.0);
            if manner.has_steps() && !is_price {
                break;
            }
            *place = level;
            levels.count += 1;
            let next = price + away * (gap + i64::from(word.is_multiple_of(4)));
            // Where steps are wide, the next level is the next step.
            let beyond = manner.step(next, side) == level.0 && manner.has_steps();
            price = if beyond { manner.next(level.0, side) } else { next };
        }
        levels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn price_wanders_but_stays_sound() {
        let mut process = Process::new(1, 12_567, 16, 100);
        let (mut prints, mut shares, mut low, mut high) = (0, 0, i64::MAX, 0);
        for _ in 0..86_400 {
            process = process.stepped();
            assert!(process.bid >= 1 && process.bid < process.ask);
            (low, high) = (low.min(process.bid), high.max(process.ask));
            if let Some(print) = process.print {
                (prints, shares) = (prints + 1, shares + print.size);
                assert!(print.price == process.bid || print.price == process.ask);
            }
        }
        assert!((25_000..32_000).contains(&prints), "{prints}");
        assert!(shares > 1_000_000, "{shares}");
        let range = (high - low) * 1_000 / 12_567;
        assert!((5..150).contains(&range), "a day's range of {range} thousandths");
    }

    #[test]
    fn quotes_get_worse_with_depth_and_are_never_empty() {
        for price in [100, 2_450, 80_000, 50_000_000] {
            let mut process = Process::new(7, price, 30, 100);
            for _ in 0..1_000 {
                process = process.stepped();
                let (bids, asks) = (
                    process.levels(Side::Buy, &Manner::PLAIN),
                    process.levels(Side::Sell, &Manner::PLAIN),
                );
                assert_eq!((bids.first(), asks.first()).0.map(|l| l.0), Some(process.bid));
                assert!(bids.windows(2).all(|w| matches!(w, [a, b] if a.0 > b.0 && b.0 >= 1)));
                assert!(asks.windows(2).all(|w| matches!(w, [a, b] if a.0 < b.0)));
                assert!(bids.iter().chain(asks.iter()).all(|level| level.1 > 0));
            }
        }
    }
}
