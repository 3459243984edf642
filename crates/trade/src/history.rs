//! The days before an account was made: real daily prices, moved so that the last one is the last
//! exchange day before the account's first trading day, exchange day to exchange day.
//!
//! Twenty stocks have real closes alone (1,260 days up to 2022-12-28); IBM and GOOG have real open,
//! high, low, close and volume (1,260 days up to 2013-03-01). NOTICE has origin and licence.
//!
//! What a close alone leaves open is derived, and its bar says so. The rule draws from the stock's
//! number and the row alone, so that every exchange has the same past:
//! - open: the close before, plus 0 to 4 eighths of the way to this close, plus up to 0.25 % of
//!   the close either way;
//! - high and low: beyond the farther of open and close by 0 to 1 % of the close;
//! - volume: the stock's usual one times 0.6 to 1.4, and up to twice that on a day that moved 5 %.
//!
//! Minutes of any of these days are derived too: a bridge from open to close that touches the
//! day's high once and its low once, and stays between them.

use access::currency::Currency;
use access::moment::Time;
use rust_decimal::Decimal;

use crate::bar::Bar;
use crate::calendar::{Day, Hours, TradingSession};
use crate::instrument::{Instrument, InstrumentKind};
use crate::price::Ticks;
use crate::random::{below, mix, next, walk};

const CLOSES: &str = include_str!("../assets/closes.csv");
const IBM: &str = include_str!("../assets/ibm.csv");
const GOOG: &str = include_str!("../assets/goog.csv");
const SPX: &str = include_str!("../assets/spx.csv");
const COMP: &str = include_str!("../assets/comp.csv");
const VIX: &str = include_str!("../assets/vix.csv");
const WTI: &str = include_str!("../assets/wti.csv");
const FX: &str = include_str!("../assets/fx.csv");
/// Minutes of a day of regular hours.
const MINUTES: i64 = 390;

/// A day of the past, in ticks and shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Past {
    pub(crate) open: i64,
    pub(crate) high: i64,
    pub(crate) low: i64,
    pub(crate) close: i64,
    pub(crate) volume: u64,
    pub(crate) derived: bool,
}

/// Where an instrument's past is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// It has none.
    Nothing,
    /// A column of the closes.
    Closes,
    /// A file of its own.
    Ibm,
    /// A file of its own.
    Goog,
    /// A file of its own.
    Spx,
    /// A file of its own.
    Comp,
    /// Closes alone, in a file of their own.
    Vix,
    /// Closes alone, in a file of their own.
    Wti,
    /// Of a pair of currencies: two columns of the euro's rates.
    Fx,
}

impl Source {
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "" => Some(Self::Nothing),
            "closes" => Some(Self::Closes),
            "ibm" => Some(Self::Ibm),
            "goog" => Some(Self::Goog),
            "spx" => Some(Self::Spx),
            "comp" => Some(Self::Comp),
            "vix" => Some(Self::Vix),
            "wti" => Some(Self::Wti),
            "fx" => Some(Self::Fx),
            _ => None,
        }
    }
}

/// All days of an instrument, oldest first.
pub(crate) fn of(instrument: &Instrument) -> Vec<Past> {
    match instrument.history {
        Source::Nothing => Vec::new(),
        Source::Closes => closes(&instrument.symbol, instrument),
        Source::Spx => recorded(SPX),
        Source::Comp => recorded(COMP),
        Source::Vix => derived(alone(VIX), instrument),
        Source::Wti => derived(alone(WTI), instrument),
        Source::Fx => derived(rates(instrument), instrument),
        Source::Ibm => recorded(IBM),
        Source::Goog => recorded(GOOG),
    }
}

/// The days of a file of recorded open, high, low, close and volume.
fn recorded(text: &str) -> Vec<Past> {
    let day = |line: &str| {
        let mut fields = line.split(',').skip(1);
        let mut ticks = || fields.next()?.parse().ok();
        let (open, high, low, close) = (ticks()?, ticks()?, ticks()?, ticks()?);
        let volume = fields.next()?.parse().ok()?;
        Some(Past { open, high, low, close, volume, derived: false })
    };
    text.lines().skip(1).filter_map(day).collect()
}

/// The days of one column of the closes, the rest derived.
fn closes(symbol: &str, instrument: &Instrument) -> Vec<Past> {
    let mut lines = CLOSES.lines();
    let header = lines.next().unwrap_or_default();
    let Some(column) = header.split(',').position(|name| name == symbol) else {
        return Vec::new();
    };
    derived(
        lines.filter_map(|line| line.split(',').nth(column)?.parse().ok()).collect(),
        instrument,
    )
}

/// A file that has a day's close behind its date.
fn alone(text: &str) -> Vec<i64> {
    text.lines().skip(1).filter_map(|line| line.split(',').nth(1)?.parse().ok()).collect()
}

/// A pair of currencies, from the rates of the euro in both.
fn rates(instrument: &Instrument) -> Vec<i64> {
    let InstrumentKind::Forex { base } = &instrument.kind else { return Vec::new() };
    let mut lines = FX.lines();
    let header = lines.next().unwrap_or_default();
    // Of the renminbi there are the rates at home alone.
    let column = |currency: Currency| match currency.code() {
        "CNH" => header.split(',').position(|name| name == "CNY"),
        code => header.split(',').position(|name| name == code),
    };
    let (base, quote) = (column(*base), column(instrument.currency));
    let rate = |line: &str, column: Option<usize>| {
        let Some(column) = column else { return Some(Decimal::ONE) };
        line.split(',').nth(column)?.parse().ok()
    };
    let close = |line: &str| {
        let price: Decimal = rate(line, quote)?.checked_div(rate(line, base)?)?;
        let ticks = price.checked_div(instrument.prices.tick().size())?;
        i64::try_from(ticks.round()).ok()
    };
    lines.filter_map(close).collect()
}

/// The days of closes, the rest derived.
fn derived(closes: Vec<i64>, instrument: &Instrument) -> Vec<Past> {
    let mut before = None;
    (0_u64..)
        .zip(closes)
        .map(|(row, close)| {
            let mut seed = mix(u64::from(instrument.id.0) << 32 | row);
            let last = before.replace(close).unwrap_or(close);
            derive(&mut seed, last, close, instrument.daily_volume.saturating_mul(1_000))
        })
        .collect()
}

fn derive(seed: &mut u64, last: i64, close: i64, usual: u64) -> Past {
    // Of these stocks no price was ever zero.
    let tick = |price: i64| price.max(1);
    let mut draw = |limit: i64| {
        let limit = u64::try_from(limit.max(1)).unwrap_or(1);
        i64::try_from(below(next(seed), limit)).unwrap_or(0)
    };
    let (quarter, percent) = (close / 400, close / 100);
    let way = (close - last) * draw(5) / 8;
    let open = tick(last + way + draw(2 * quarter + 1) - quarter);
    let high = tick(open.max(close) + draw(percent + 1));
    let low = tick(open.min(close) - draw(percent + 1));
    let moved = close.abs_diff(last).saturating_mul(20) / last.max(1).unsigned_abs();
    let share = u64::try_from(60 + draw(81)).unwrap_or(100);
    let volume = usual.saturating_mul(share) / 100 * (1 + moved.min(1));
    Past { open, high, low, close, volume, derived: true }
}

/// The days of one stock that begin in `from..to` (seconds), oldest first, for an account whose
/// first trading day is `first`.
pub(crate) fn days(past: &[Past], first: Day, from: i64, to: i64) -> Vec<(Day, &Past)> {
    let mut found = Vec::new();
    let mut day = first;
    for past in past.iter().rev() {
        day = day.exchange_day_before();
        let open = day.at(9, 30);
        if open < to && open >= from {
            found.push((day, past));
        }
        if open < from {
            break;
        }
    }
    found.reverse();
    found
}

/// The first instant that there are prices of, for an account whose first trading day is `first`.
pub(crate) fn head(past: &[Past], first: Day) -> Time {
    let mut day = first;
    for _ in past {
        day = day.exchange_day_before();
    }
    Time::from_seconds(day.at(9, 30))
}

impl Past {
    /// As a bar of its day.
    pub(crate) fn bar(&self, day: Day) -> Bar {
        Bar {
            time: Time::from_seconds(TradingSession::of_day(day, Hours::Real).open),
            day,
            open: Ticks(self.open),
            high: Ticks(self.high),
            low: Ticks(self.low),
            close: Ticks(self.close),
            volume: self.volume,
            derived: self.derived,
        }
    }

    /// Its 390 minutes of regular hours, derived.
    pub(crate) fn minutes(&self, index: usize, day: Day) -> Vec<Bar> {
        let mut seed = mix((index as u64) << 32 ^ u64::from(day.0.unsigned_abs()));
        let path = self.path(&mut seed);
        let open = day.at(9, 30);
        let each = self.volume / MINUTES.unsigned_abs();
        let mut left = self.volume;
        let mut last = self.open;
        (0_i64..)
            .zip(path)
            .map(|(minute, price)| {
                let is_last = minute + 1 == MINUTES;
                let volume =
                    if is_last { left } else { each / 2 + below(next(&mut seed), each + 1) };
                let volume = volume.min(left);
                left -= volume;
                let bar = Bar {
                    time: Time::from_seconds(open + minute * 60),
                    day,
                    open: Ticks(last),
                    high: Ticks(last.max(price)),
                    low: Ticks(last.min(price)),
                    close: Ticks(price),
                    volume,
                    derived: true,
                };
                last = price;
                bar
            })
            .collect()
    }

    /// The price at the end of each minute.
    fn path(&self, seed: &mut u64) -> Vec<i64> {
        let Self { open, close, high, low, .. } = *self;
        let count = MINUTES;
        let steps: Vec<i64> = (0..MINUTES).map(|_| walk(next(seed))).collect();
        let total: i64 = steps.iter().sum();
        // A walk of 390 steps of deviation 4 strays some 80 from its line.
        let scale = (high - low).max(1);
        let mut walked = 0;
        let mut path: Vec<i64> = (1_i64..)
            .zip(steps)
            .map(|(minute, step)| {
                walked += step;
                let stray = (walked * count - total * minute) * scale / (count * 160);
                (open + (close - open) * minute / count + stray).clamp(low, high)
            })
            .collect();
        // The first minute to be nearest to an extreme touches it; never the last, the close.
        for (extreme, sign) in [(high, -1), (low, 1)] {
            let body = path.len().saturating_sub(1);
            let nearest = path.iter_mut().take(body).min_by_key(|price| sign * **price);
            if let Some(price) = nearest
                && extreme != open
                && extreme != close
            {
                *price = extreme;
            }
        }
        path
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use crate::instrument::Instruments;

    #[test]
    fn every_stock_has_1260_sound_days() {
        for (index, contract) in Instruments::builtin().first().iter().enumerate() {
            let past = Instruments::builtin().past(index);
            assert_eq!(past.len(), 1_260, "{}", contract.symbol);
            for day in past {
                assert!(day.low >= 1 && day.low <= day.open.min(day.close), "{day:?}");
                assert!(day.high >= day.open.max(day.close) && day.volume > 0, "{day:?}");
            }
            let own = matches!(contract.symbol.as_str(), "IBM" | "GOOG");
            assert!(past.iter().all(|day| day.derived != own), "{}", contract.symbol);
        }
        let aapl = Instruments::builtin().past(0).last().unwrap();
        assert_eq!(aapl.close, 12_567, "125.674 on 2022-12-28, rounded to cents");
    }

    #[test]
    fn last_day_of_the_series_is_the_exchange_day_before_the_first() {
        let sunday = Day::of(2026, 11, 22);
        let days = days(Instruments::builtin().past(0), sunday, 0, i64::MAX);
        assert_eq!(days.len(), 1_260);
        assert_eq!(days.last().unwrap().0, Day::of(2026, 11, 20), "Friday");
        assert_eq!(days.last().unwrap().1.close, 12_567);
        assert!(days.windows(2).all(|pair| pair[0].0 == pair[1].0.exchange_day_before()));
        assert_eq!(head(Instruments::builtin().past(0), sunday), days[0].1.bar(days[0].0).time);
    }

    #[test]
    fn minutes_of_a_day_add_up_to_the_day() {
        for index in [0, 3, 20, 21] {
            for (day, past) in
                days(Instruments::builtin().past(index), Day::of(2026, 11, 22), 0, i64::MAX)
                    .iter()
                    .rev()
                    .take(300)
            {
                let minutes = past.minutes(index, *day);
                let mut whole = minutes[0];
                minutes.iter().skip(1).for_each(|minute| whole.absorb(minute));
                let expected = Bar { derived: true, ..past.bar(*day) };
                assert_eq!(whole, expected);
                assert_eq!(minutes, past.minutes(index, *day), "the same each time");
            }
        }
    }
}
