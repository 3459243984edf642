//! Bars of a contract: history, the trading days since, and minutes.

use access::id::SymbolId;
use access::moment::Time;

use super::Paper;
use super::listing::Listing;
use crate::bar::{Bar, BarSize, Series};
use crate::calendar::{Day, TradingSession};
use crate::history;

/// Most bars in one answer.
const MOST: usize = 50_000;
/// Days of history whose minutes are derived for one answer, at most.
const MINUTE_DAYS: usize = 60;

impl Paper {
    /// Bars that begin in `from..to`, oldest first, the one being made included; at most the last
    /// 50,000. Bars under a day go back to 60 exchange days of history, derived; those of seconds
    /// two hours. Hours are counted in UTC; days are trading days.
    pub(crate) fn bars(&self, symbol: SymbolId, size: BarSize, from: Time, to: Time) -> Vec<Bar> {
        let Some(at) = self.instruments.index(symbol) else { return Vec::new() };
        let (first, end) = (from.seconds(), to.seconds());
        let follows = self.instruments.at(at).filter(|one| one.follows() && self.rule >= 3);
        if let Some(one) = follows {
            let bars = self.followed_bars((at, one), size, (first, end));
            return by_period(bars, size);
        }
        let length = |bar: &Bar, seconds: i64| bar.time.seconds().div_euclid(seconds.max(1));
        let mut bars = match size {
            BarSize::Seconds(1) => self.seconds(at, first, end),
            BarSize::Seconds(count) => {
                let count = i64::from(count);
                let fives = self.kept(at, |listing| &listing.fives, first, end);
                merge(fives, |bar| length(bar, count), |bar| floor(bar, count))
            }
            BarSize::Minutes(count) => {
                let count = i64::from(count) * 60;
                merge(self.minutes(at, first, end), |bar| length(bar, count), |b| floor(b, count))
            }
            BarSize::Day | BarSize::Week | BarSize::Month => {
                by_period(self.daily(at, first, end), size)
            }
        };
        if bars.len() > MOST {
            bars.drain(..bars.len() - MOST);
        }
        bars
    }

    /// The first instant that there are prices of; none for an unknown contract.
    pub(crate) fn head(&self, symbol: SymbolId) -> Option<Time> {
        let at = self.instruments.index(symbol)?;
        Some(history::head(self.instruments.past(at), self.first))
    }

    fn kept(
        &self,
        at: usize,
        series: impl Fn(&Listing) -> &Series,
        from: i64,
        to: i64,
    ) -> Vec<Bar> {
        let Some(listing) = self.listings.get(at) else { return Vec::new() };
        let mut session = self.session;
        series(listing)
            .range(from, to)
            .map(|(second, bar)| {
                if second < session.start || second >= session.roll {
                    session = TradingSession::at(second, self.hours);
                }
                bar.bar(second, session.day)
            })
            .collect()
    }

    /// The minutes of the days that this exchange has lived, of something that wanders by itself.
    pub(super) fn kept_minutes(&self, at: usize, from: i64, to: i64) -> Vec<Bar> {
        self.kept(at, |listing| &listing.minutes, from, to)
    }

    /// Single seconds, derived from five; of the five that are being made, those that are over.
    fn seconds(&self, at: usize, from: i64, to: i64) -> Vec<Bar> {
        let fives = self.kept(at, |listing| &listing.fives, from.saturating_sub(4), to);
        let now = self.now.seconds();
        let wanted = |bar: &Bar| (from..to).contains(&bar.time.seconds());
        fives
            .iter()
            .flat_map(|bar| bar.seconds((now - bar.time.seconds() + 1).clamp(1, 5)))
            .filter(wanted)
            .collect()
    }

    fn minutes(&self, at: usize, from: i64, to: i64) -> Vec<Bar> {
        let days = history::days(self.instruments.past(at), self.first, from - 86_400, to);
        let skipped = days.len().saturating_sub(MINUTE_DAYS);
        let wanted = |bar: &Bar| (from..to).contains(&bar.time.seconds());
        let mut bars = Vec::new();
        for (day, past) in days.into_iter().skip(skipped) {
            let minutes = past.minutes(at, day).into_iter().filter(wanted);
            bars.extend(minutes.map(|bar| self.as_now(at, bar)));
        }
        bars.extend(self.kept(at, |listing| &listing.minutes, from, to));
        bars
    }

    /// A bar of the days before the account was made, as of shares as there are now.
    fn as_now(&self, at: usize, bar: Bar) -> Bar {
        let split = self.instruments.at(at).and_then(|one| self.split_of(one.id));
        split.map_or(bar, |ratio| bar.split(ratio))
    }

    pub(super) fn daily(&self, at: usize, from: i64, to: i64) -> Vec<Bar> {
        let days = history::days(self.instruments.past(at), self.first, from, to);
        let mut bars: Vec<Bar> =
            days.into_iter().map(|(day, past)| self.as_now(at, past.bar(day))).collect();
        let Some(listing) = self.listings.get(at) else { return bars };
        let lived = listing.days.iter().map(|kept| {
            let day = Day(i32::try_from(kept.at).unwrap_or(0));
            kept.bar(TradingSession::of_day(day, self.hours).open, day)
        });
        let wanted = |bar: &Bar| (from..to).contains(&bar.time.seconds());
        bars.extend(lived.chain(listing.today(&self.session)).filter(wanted));
        bars
    }
}

/// Daily bars put together to those of a longer size; others as they are.
fn by_period(bars: Vec<Bar>, size: BarSize) -> Vec<Bar> {
    match size {
        BarSize::Week => merge(bars, |bar| i64::from(bar.day.0 - bar.day.weekday()), |bar| bar),
        BarSize::Month => {
            let month = |bar: &Bar| i64::from(bar.day.civil().0 * 12 + bar.day.civil().1);
            merge(bars, month, |bar| bar)
        }
        BarSize::Seconds(_) | BarSize::Minutes(_) | BarSize::Day => bars,
    }
}

/// The same bar, beginning at a multiple of so many seconds.
pub(super) fn floor(bar: Bar, seconds: i64) -> Bar {
    let second = bar.time.seconds();
    Bar { time: Time::from_seconds(second - second.rem_euclid(seconds.max(1))), ..bar }
}

/// Puts neighbours of the same key together; the first of them gives the beginning.
pub(super) fn merge(
    bars: Vec<Bar>,
    key: impl Fn(&Bar) -> i64,
    begin: impl Fn(Bar) -> Bar,
) -> Vec<Bar> {
    let mut merged: Vec<Bar> = Vec::new();
    let mut last = None;
    for bar in bars {
        let at = key(&bar);
        match merged.last_mut() {
            Some(open) if last == Some(at) => open.absorb(&bar),
            _ => merged.push(begin(bar)),
        }
        last = Some(at);
    }
    merged
}
