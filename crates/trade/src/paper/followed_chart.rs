//! Bars of contracts that follow others, made when they are asked for. Those of this trading day look at some seconds of
//! each bar; those of days before, which know only how the minute or
//! the day of what is followed began and ended, say that they are derived.

use std::collections::BTreeMap;

use access::id::SymbolId;
use access::moment::Time;

use super::Paper;
use super::chart::{floor, merge};
use super::hours::Span;
use crate::bar::{Bar, BarSize};
use crate::calendar::{Day, TradingSession};
use crate::instrument::Instrument;
use crate::market::FINE;
use crate::price::Ticks;
use crate::pricing::fair;

/// Seconds of a bar that are looked at, at most.
const LOOKS: i64 = 12;
/// Bars under a day in one answer, at most.
const MOST: usize = 5_000;

impl Paper {
    /// Bars that begin in `from..to`, oldest first.
    pub(super) fn followed_bars(
        &self,
        (at, one): (usize, &Instrument),
        size: BarSize,
        (from, to): (i64, i64),
    ) -> Vec<Bar> {
        let length = match size {
            BarSize::Seconds(count) => i64::from(count),
            BarSize::Minutes(count) => i64::from(count) * 60,
            BarSize::Day | BarSize::Week | BarSize::Month => {
                return self.followed_days((at, one), (from, to));
            }
        };
        let (length, day) = (length.max(1), self.session.day);
        let mut bars = self.followed_before((at, one), length, (from, to.min(self.session.start)));
        for span in self.spans_on(at, &self.session).iter() {
            let end = to.min(span.close).min(self.step + 1);
            let first = from.max(span.open);
            // At a multiple of its length, or with the hours.
            let mut start = first - first.rem_euclid(length);
            while start < end {
                if start >= from || start < span.open {
                    let within = Span {
                        open: start.max(span.open),
                        close: (start + length).min(span.close).min(self.step + 1),
                    };
                    bars.push(self.followed_bar(one, (start, within), day));
                }
                start += length;
            }
        }
        if bars.len() > MOST {
            bars.drain(..bars.len() - MOST);
        }
        bars
    }

    /// Bars of the days before, from a minute on: of what is followed the minutes are known, and no seconds.
    fn followed_before(
        &self,
        (at, one): (usize, &Instrument),
        length: i64,
        (from, to): (i64, i64),
    ) -> Vec<Bar> {
        if length < 60 || from >= to {
            return Vec::new();
        }
        let (mut day, mut spans) = (self.session.day, self.spans_on(at, &self.session));
        let minutes = self.worked_out(
            one,
            |at| self.kept_minutes(at, from, to),
            |bar| bar.time.seconds(),
            |bar| {
                let second = bar.time.seconds();
                if bar.day != day {
                    day = bar.day;
                    spans = self.spans_on(at, &TradingSession::of_day(day, self.hours));
                }
                spans.at(second).is_some().then_some((second, second + 59))
            },
        );
        merge(minutes, |bar| bar.time.seconds().div_euclid(length), |bar| floor(bar, length))
    }

    /// The bars of what a contract follows as bars of the contract, from how each began and ended: `read` has those of a
    /// place, `key` says which of two belong together, and `ends` at which seconds the contract has its first and last price;
    /// none where it has no bar.
    fn worked_out(
        &self,
        one: &Instrument,
        read: impl Fn(usize) -> Vec<Bar>,
        key: impl Fn(&Bar) -> i64,
        mut ends: impl FnMut(&Bar) -> Option<(i64, i64)>,
    ) -> Vec<Bar> {
        let [main, other] = self.followed_by(one);
        let read = |id: Option<SymbolId>| {
            let at = id.and_then(|id| self.instruments.index(id));
            at.map_or_else(Vec::new, &read)
        };
        let others: BTreeMap<i64, Bar> =
            read(other).into_iter().map(|bar| (key(&bar), bar)).collect();
        let made = |bar: Bar| {
            if one.expiry.is_some_and(|expiry| bar.day > expiry) {
                return None;
            }
            let (begins, ends) = ends(&bar)?;
            let price = |of: fn(&Bar) -> Ticks, second| {
                let spot = |id: SymbolId| {
                    let known = if Some(id) == main { Some(&bar) } else { others.get(&key(&bar)) };
                    self.spot_of(id, of(known?))
                };
                one.prices.floor(Ticks(self.fair_of(one, second, &spot).div_euclid(FINE)))
            };
            let (open, close) = (price(|bar| bar.open, begins), price(|bar| bar.close, ends));
            let (high, low) = (open.max(close), open.min(close));
            Some(Bar { open, high, low, close, volume: 0, derived: true, ..bar })
        };
        read(main).into_iter().filter_map(made).collect()
    }

    /// The bar of some seconds of this trading day.
    fn followed_bar(&self, one: &Instrument, (start, within): (i64, Span), day: Day) -> Bar {
        let last = within.close - 1;
        let apart = ((last - within.open) / LOOKS).max(1);
        let seconds = (0..).map(|count| within.open + count * apart);
        let seconds = seconds.take_while(|second| *second < last).chain([last]);
        let price = |second| self.price_at(one, second);
        let open = price(within.open);
        let (mut high, mut low, mut close) = (open, open, open);
        for second in seconds {
            close = price(second);
            (high, low) = (high.max(close), low.min(close));
        }
        let volume = self.others_volume(one, within);
        let time = Time::from_seconds(start);
        Bar { time, day, open, high, low, close, volume, derived: false }
    }

    fn price_at(&self, one: &Instrument, second: i64) -> Ticks {
        one.prices.floor(Ticks(self.followed_fair(one, second).div_euclid(FINE)))
    }

    /// The days that what it follows has, and this one.
    fn followed_days(&self, (at, one): (usize, &Instrument), (from, to): (i64, i64)) -> Vec<Bar> {
        let today = self.session.day;
        let mut bars = self.worked_out(
            one,
            |at| self.daily(at, from, to),
            |bar| bar.day.0.into(),
            |bar| (bar.day < today).then(|| (bar.day.at(9, 30), bar.day.at(16, 0))),
        );
        bars.extend(self.followed_today(at, one).filter(|bar| {
            let second = bar.time.seconds();
            second >= from && second < to
        }));
        bars
    }

    fn followed_today(&self, at: usize, one: &Instrument) -> Option<Bar> {
        let spans = self.spans_on(at, &self.session);
        let first = spans.iter().next().filter(|span| span.open <= self.step)?;
        let close = spans.iter().last().map_or(first.close, |span| span.close);
        let within = Span { open: first.open, close: close.min(self.step + 1) };
        Some(self.followed_bar(one, (first.open, within), self.session.day))
    }

    /// A price of something that wanders by itself.
    fn spot_of(&self, id: SymbolId, price: Ticks) -> Option<f64> {
        let one = self.instruments.get(id)?;
        Some(fair::priced(price.0.saturating_mul(FINE), super::follow::unit(one)))
    }
}
