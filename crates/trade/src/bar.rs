//! Bars: open, high, low, close and volume of a stretch of time.

use std::collections::VecDeque;

use access::moment::Time;
use serde::{Deserialize, Serialize};

use crate::calendar::Day;
use crate::price::Ticks;

/// How long a bar is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BarSize {
    /// So many seconds: 1, or a multiple of 5 below 60. Kept for the last two hours; single seconds
    /// are derived from five.
    Seconds(u32),
    /// So many minutes: 1 to 480. Kept for five days; of the days before the account was made it
    /// is derived.
    Minutes(u32),
    /// A trading day.
    Day,
    /// The trading days of a week, Monday to Sunday.
    Week,
    /// The trading days of a month.
    Month,
}

impl BarSize {
    /// The bar size of a text of the TWS socket, such as `5 mins` or `1 day`; letters in either
    /// case. `1W` and `1M` are a week and a month.
    pub fn of(text: &str) -> Option<Self> {
        let text = text.trim();
        let end = text.find(|character: char| !character.is_ascii_digit())?;
        let (count, unit) = text.split_at(end);
        let count: u32 = count.parse().ok().filter(|count| *count > 0)?;
        if unit.trim() == "M" {
            return (count == 1).then_some(Self::Month);
        }
        let unit = unit.trim().to_ascii_lowercase();
        match (count, unit.trim_end_matches('s')) {
            (1, "sec") => Some(Self::Seconds(1)),
            (count, "sec") if count < 60 && count % 5 == 0 => Some(Self::Seconds(count)),
            (count @ (1..=5 | 10 | 15 | 20 | 30), "min") => Some(Self::Minutes(count)),
            (count @ (1..=4 | 8), "hour") => Some(Self::Minutes(count * 60)),
            (1, "day" | "d") => Some(Self::Day),
            (1, "week" | "w") => Some(Self::Week),
            (1, "month") => Some(Self::Month),
            _ => None,
        }
    }
}

/// A bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    /// When it begins.
    pub time: Time,
    /// The trading day that it belongs to; its first one, of a week or month.
    pub day: Day,
    /// The first price.
    pub open: Ticks,
    /// The highest.
    pub high: Ticks,
    /// The lowest.
    pub low: Ticks,
    /// The last.
    pub close: Ticks,
    /// Shares traded.
    pub volume: u64,
    /// Not all of it was recorded: its close is real, the rest comes from a rule
    /// (see [`crate::history`]).
    pub derived: bool,
}

impl Bar {
    /// Takes in the bar that follows.
    pub(crate) fn absorb(&mut self, next: &Self) {
        self.high = self.high.max(next.high);
        self.low = self.low.min(next.low);
        self.close = next.close;
        self.volume = self.volume.saturating_add(next.volume);
        self.derived |= next.derived;
    }
}

impl Bar {
    /// The seconds of a bar of `count` of them, derived: an even way from open to close; the first
    /// second touches the extreme behind it and the last the one ahead.
    pub(crate) fn seconds(&self, count: i64) -> Vec<Self> {
        let count = count.max(1);
        let way = self.close.0.saturating_sub(self.open.0);
        let each = self.volume / count.unsigned_abs();
        let mut last = self.open;
        (1..=count)
            .map(|second| {
                let is_last = second == count;
                let close = Ticks(self.open.0.saturating_add(way.saturating_mul(second) / count));
                let mut bar = Self {
                    time: Time::from_seconds(self.time.seconds().saturating_add(second - 1)),
                    day: self.day,
                    open: last,
                    high: last.max(close),
                    low: last.min(close),
                    close,
                    volume: if is_last {
                        self.volume - each * (count.unsigned_abs() - 1)
                    } else {
                        each
                    },
                    derived: true,
                };
                let (behind, ahead) = (second == 1, is_last);
                if (behind && way >= 0) || (ahead && way < 0) {
                    bar.low = self.low;
                }
                if (behind && way < 0) || (ahead && way >= 0) {
                    bar.high = self.high;
                }
                last = close;
                bar
            })
            .collect()
    }
}

/// A bar as it is kept: without what its place says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// Number of its stretch since 1970, or its date.
    pub(crate) at: u32,
    #[serde(with = "bits")]
    pub(crate) open: Ticks,
    #[serde(with = "bits")]
    pub(crate) high: Ticks,
    #[serde(with = "bits")]
    pub(crate) low: Ticks,
    #[serde(with = "bits")]
    pub(crate) close: Ticks,
    pub(crate) volume: u32,
}

/// A price by its 64 bits without a sign. So one from zero up has the bytes that it had in a snapshot while bars had no
/// others; one below zero has more.
mod bits {
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::price::Ticks;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's")]
    pub(super) fn serialize<S: Serializer>(price: &Ticks, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(price.0.cast_unsigned())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Ticks, D::Error> {
        u64::deserialize(from).map(|bits| Ticks(bits.cast_signed()))
    }
}

impl Bar {
    /// The same of shares of which so many new ones took the place of so many old ones later.
    #[must_use]
    pub(crate) fn split(self, (new, old): (u64, u64)) -> Self {
        let price = |price| split_price(price, (new, old));
        Self {
            open: price(self.open),
            high: price(self.high),
            low: price(self.low),
            close: price(self.close),
            volume: self.volume.saturating_mul(new) / old.max(1),
            ..self
        }
    }
}

/// The price of a share when so many new ones take the place of so many old ones, to the nearest tick and at least one.
pub(crate) fn split_price(price: Ticks, (new, old): (u64, u64)) -> Ticks {
    let (new, old) = (i64::try_from(new).unwrap_or(1).max(1), i64::try_from(old).unwrap_or(1));
    Ticks((price.0.saturating_mul(old * 2).saturating_add(new)).div_euclid(new * 2).max(1))
}

impl Kept {
    fn split(&mut self, (new, old): (u64, u64)) {
        for price in [&mut self.open, &mut self.high, &mut self.low, &mut self.close] {
            *price = split_price(*price, (new, old));
        }
        let volume = u64::from(self.volume).saturating_mul(new) / old.max(1);
        self.volume = u32::try_from(volume).unwrap_or(u32::MAX);
    }

    /// The same for all of some.
    pub(crate) fn split_all(bars: &mut VecDeque<Self>, ratio: (u64, u64)) {
        for bar in bars {
            bar.split(ratio);
        }
    }

    /// The bar that it is, beginning at `second`.
    pub(crate) fn bar(&self, second: i64, day: Day) -> Bar {
        Bar {
            time: Time::from_seconds(second),
            day,
            open: self.open,
            high: self.high,
            low: self.low,
            close: self.close,
            volume: self.volume.into(),
            derived: false,
        }
    }
}

/// Bars of one length, the last so many of them, and the one that is being made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Series {
    /// Seconds a bar.
    length: u32,
    /// Bars kept.
    limit: u32,
    bars: VecDeque<Kept>,
    current: Option<Kept>,
}

impl Series {
    pub(crate) fn new(length: u32, limit: u32) -> Self {
        Self { length, limit, bars: VecDeque::new(), current: None }
    }

    /// The price at a second; called for each second that the market trades.
    #[inline]
    pub(crate) fn tick(&mut self, second: i64, price: Ticks, volume: u32) {
        let at = u32::try_from(second).unwrap_or(0) / self.length.max(1);
        match &mut self.current {
            Some(bar) if bar.at == at => {
                bar.high = bar.high.max(price);
                bar.low = bar.low.min(price);
                bar.close = price;
                bar.volume = bar.volume.saturating_add(volume);
            }
            _ => self.turn(Kept { at, open: price, high: price, low: price, close: price, volume }),
        }
    }

    /// Several seconds of one bar at once, the first of which is its `at`.
    pub(crate) fn absorb(&mut self, mut next: Kept) {
        next.at /= self.length.max(1);
        match &mut self.current {
            Some(bar) if bar.at == next.at => {
                bar.high = bar.high.max(next.high);
                bar.low = bar.low.min(next.low);
                bar.close = next.close;
                bar.volume = bar.volume.saturating_add(next.volume);
            }
            _ => self.turn(next),
        }
    }

    /// The same of shares of which so many new ones take the place of so many old ones.
    pub(crate) fn split(&mut self, ratio: (u64, u64)) {
        Kept::split_all(&mut self.bars, ratio);
        self.current.iter_mut().for_each(|bar| bar.split(ratio));
    }

    fn turn(&mut self, next: Kept) {
        if let Some(done) = self.current.replace(next) {
            if self.bars.len() >= self.limit as usize {
                self.bars.pop_front();
            }
            self.bars.push_back(done);
        }
    }

    /// The bars that begin in `from..to`, in seconds, with the second that each begins at.
    pub(crate) fn range(&self, from: i64, to: i64) -> impl Iterator<Item = (i64, &Kept)> {
        let length = i64::from(self.length);
        let start = self.bars.partition_point(move |bar| i64::from(bar.at) * length < from);
        self.bars
            .range(start..)
            .chain(&self.current)
            .map(move |bar| (i64::from(bar.at) * length, bar))
            .filter(move |(second, _)| *second >= from)
            .take_while(move |(second, _)| *second < to)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    #[test]
    fn series_keeps_the_last_bars_and_the_current_one() {
        let mut series = Series::new(60, 3);
        for second in 0..600 {
            series.tick(second, Ticks(1_000 + second % 7), 10);
        }
        let bars: Vec<_> = series.range(0, i64::MAX).collect();
        assert_eq!(bars.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [360, 420, 480, 540]);
        assert!(bars.iter().all(|(_, bar)| bar.volume == 600 && bar.high == Ticks(1_006)));
        assert_eq!(bars[0].1.open, Ticks(1_003), "second 360 is 3 modulo 7");
        assert_eq!(series.range(420, 540).count(), 2);
    }

    #[test]
    fn bar_at_prices_below_zero_is_kept_and_one_above_has_the_bytes_that_it_had() {
        let mut series = Series::new(60, 3);
        for (second, price) in [(0, 120), (1, -3_763), (2, -3_700), (60, -10)] {
            series.tick(second, Ticks(price), 1);
        }
        let bytes = postcard::to_stdvec(&series).unwrap();
        let read: Series = postcard::from_bytes(&bytes).unwrap();
        assert_eq!(read, series);
        let bars: Vec<_> = read.range(0, i64::MAX).map(|(at, bar)| bar.bar(at, Day(0))).collect();
        let prices = |bar: &Bar| [bar.open, bar.high, bar.low, bar.close].map(|price| price.0);
        assert_eq!(prices(&bars[0]), [120, 120, -3_763, -3_700]);
        assert_eq!(prices(&bars[1]), [-10; 4]);

        let [open, high, low, close] = [23_140, u32::MAX, 1, 0].map(|price| Ticks(price.into()));
        let kept = Kept { at: 7, open, high, low, close, volume: 9 };
        // What a snapshot of the first format has of a bar.
        let before: [u32; 6] = [7, 23_140, u32::MAX, 1, 0, 9];
        assert_eq!(postcard::to_stdvec(&kept).unwrap(), postcard::to_stdvec(&before).unwrap());
    }

    #[test]
    fn bar_size_text_is_read_or_refused() {
        assert_eq!(BarSize::of("5 mins"), Some(BarSize::Minutes(5)));
        assert_eq!(BarSize::of("1 min"), Some(BarSize::Minutes(1)));
        assert_eq!(BarSize::of("1 hour"), Some(BarSize::Minutes(60)));
        assert_eq!(BarSize::of("30 secs"), Some(BarSize::Seconds(30)));
        assert_eq!(BarSize::of("1 day"), Some(BarSize::Day));
        for (text, size) in [
            ("1 secs", BarSize::Seconds(1)),
            ("1 sec", BarSize::Seconds(1)),
            ("1 Min", BarSize::Minutes(1)),
            ("1 DAY", BarSize::Day),
            ("1W", BarSize::Week),
            ("1 W", BarSize::Week),
            ("1M", BarSize::Month),
            ("1 month", BarSize::Month),
        ] {
            assert_eq!(BarSize::of(text), Some(size), "{text}");
        }
        for bad in [
            "",
            "1",
            "0 mins",
            "7 mins",
            "-1 day",
            "99999999999 mins",
            "2 secs",
            "2 days",
            "1m",
            "day",
        ] {
            assert_eq!(BarSize::of(bad), None, "{bad}");
        }
    }

    #[test]
    fn derived_seconds_add_up_to_their_bar() {
        let ticks = |open, high, low, close| Bar {
            time: Time::from_seconds(1_000),
            day: Day(0),
            open: Ticks(open),
            high: Ticks(high),
            low: Ticks(low),
            close: Ticks(close),
            volume: 13,
            derived: true,
        };
        for bar in [ticks(100, 120, 95, 110), ticks(110, 120, 95, 100), ticks(5, 5, 5, 5)] {
            for count in 1..=5 {
                let seconds = bar.seconds(count);
                let mut whole = seconds[0];
                seconds.iter().skip(1).for_each(|second| whole.absorb(second));
                assert_eq!(whole, bar, "{count}");
                assert_eq!(seconds.iter().map(|s| s.time.seconds()).max(), Some(999 + count));
                for second in seconds {
                    assert!(second.low <= second.open.min(second.close), "{second:?}");
                    assert!(second.high >= second.open.max(second.close), "{second:?}");
                }
            }
        }
    }
}
