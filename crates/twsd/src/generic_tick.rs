//! Ticks that a program asks for by number, beside those that every stream of quotes has.
//!
//! | number | what comes |
//! |---|---|
//! | 100 | of an option its volume of the day |
//! | 104, 411 | the volatility of the last 30 daily moves, before today and now |
//! | 106 | of a stock or index the volatility that its options are priced by, at the money and 30 days ahead |
//! | 165 | lows and highs of 13, 26 and 52 weeks, the average volume of 90 days |
//! | 221, 232 | the mark price, which is the last |
//! | 233, 375 | the text of each trade |
//! | 236 | how easily it can be borrowed: a sell order may go short here |
//! | 318 | the last trade in regular hours, which are all that there are |
//!
//! 101 (open interest) is never there. Where 100, 101, 104 or 106 is asked for and not there, the program is told with
//! the warning 10090. Of other numbers nothing is known here, and nothing is sent.

use std::collections::BTreeSet;

use access::{Span, SymbolId};
use gate::Gate;
use rust_decimal::Decimal;
use trade::bar::{Bar, BarSize};
use trade::calendar::{Day, TradingSession};
use trade::instrument::{Instrument, InstrumentKind, Right};
use trade::quote::Quote;
use trade::{Ticks, volatility};
use tws::tick::TickType;

use crate::data_kind::DataKind;

/// Days that are looked back on: 52 weeks.
const YEAR: i32 = 364;
/// Lows and highs: the days that they are of, and their ticks.
const RANGES: [(i32, TickType, TickType); 3] = [
    (91, TickType::Low13Weeks, TickType::High13Weeks),
    (182, TickType::Low26Weeks, TickType::High26Weeks),
    (YEAR, TickType::Low52Weeks, TickType::High52Weeks),
];
/// Days of the average volume.
const VOLUME_DAYS: i32 = 90;
/// Above 2.5 at least 1,000 shares can be borrowed.
const EASILY: i64 = 3;

/// The value of a tick that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value {
    /// A price.
    Price(Ticks),
    /// Shares.
    Size(u64),
    /// Another number.
    Number(Decimal),
}

/// What one stream asks for by number, and what it needs of the past.
pub(crate) struct Generics {
    wanted: BTreeSet<u16>,
    /// The days before this one, for the close of the last of them.
    past: Option<(Ticks, Vec<Bar>)>,
    today: Day,
    /// Of an option whether it is a call.
    is_call: Option<bool>,
    /// What options on it are priced by.
    implied: Option<Decimal>,
}

impl Generics {
    /// Reads the comma list of a request. What is not a number is passed over, as an unknown number is.
    pub(crate) fn of(list: &str) -> Self {
        let numbers = list.split(',').filter_map(|number| number.trim().parse().ok());
        let (past, is_call, implied) = (None, None, None);
        Self { wanted: numbers.collect(), past, today: Day::default(), is_call, implied }
    }

    /// What is wanted of these four and not there, each in the broker's words and with the reason.
    pub(crate) fn missing(&self, one: &Instrument, gate: &Gate) -> Vec<String> {
        let (has, is_option) =
            (DataKind::of(&one.kind), matches!(one.kind, InstrumentKind::Option(_)));
        let is_implied = || gate.markets().implied_volatility(one.id).is_some();
        let reasons = [
            (100, is_option, "the volume of options is told of each option alone"),
            (101, false, "open interest is not counted here"),
            (
                104,
                has.has_volatility(),
                "its historical volatility is not told; ask for that of its underlying",
            ),
            (106, is_implied(), "no options on it are listed"),
        ];
        let missing =
            reasons.into_iter().filter(|(number, is_there, _)| !is_there && self.wants(&[*number]));
        missing
            .map(|(number, _, reason)| {
                format!("Part of requested market data is not subscribed. Generic tick {number} of {}: {reason}", one.local.trim())
            })
            .collect()
    }

    /// Whether one of these numbers was asked for.
    pub(crate) fn wants(&self, numbers: &[u16]) -> bool {
        numbers.iter().any(|number| self.wanted.contains(number))
    }

    /// Looks the past up, if that is needed and the day is another one.
    pub(crate) fn look_back(&mut self, gate: &Gate, symbol: SymbolId, quote: &Quote) {
        if self.wants(&[100]) {
            let one = gate.markets().instruments().get(symbol);
            self.is_call = one.and_then(|one| match &one.kind {
                InstrumentKind::Option(terms) => Some(terms.right == Right::Call),
                _ => None,
            });
        }
        if self.wants(&[106]) {
            self.implied = gate.markets().implied_volatility(symbol);
        }
        let is_known = self.past.as_ref().is_some_and(|(close, _)| *close == quote.close);
        if is_known || !self.wants(&[104, 165, 411]) {
            return;
        }
        let now = gate.now();
        self.today = TradingSession::at(now.seconds(), gate.markets().hours()).day;
        let mut days =
            gate.markets().bars(symbol, BarSize::Day, now - Span::days(i64::from(YEAR) + 7), now);
        days.retain(|bar| bar.day < self.today);
        self.past = Some((quote.close, days));
    }

    /// The values that were asked for, as far as they are known.
    pub(crate) fn values(&self, quote: &Quote) -> Vec<(TickType, Value)> {
        let mut values = Vec::new();
        if self.wants(&[221, 232]) {
            values.push((TickType::MarkPrice, Value::Price(quote.last)));
        }
        if self.wants(&[318]) && quote.last_size > 0 {
            values.push((TickType::LastRthTrade, Value::Price(quote.last)));
        }
        if self.wants(&[236]) {
            values.push((TickType::Shortable, Value::Number(Decimal::from(EASILY))));
        }
        if let Some(is_call) = self.is_call {
            let tick = if is_call { TickType::OptionCallVolume } else { TickType::OptionPutVolume };
            values.push((tick, Value::Size(quote.volume)));
        }
        if let Some(implied) = self.implied {
            values.push((TickType::OptionImpliedVolatility, Value::Number(implied)));
        }
        let Some((_, days)) = &self.past else { return values };
        if self.wants(&[165]) {
            self.put_ranges(days, quote, &mut values);
        }
        let closes: Vec<Ticks> = days.iter().map(|bar| bar.close).collect();
        if self.wants(&[104])
            && let Some((last, before)) = closes.split_last()
            && let Some(number) = volatility::yearly(before, *last)
        {
            values.push((TickType::HistoricalVolatility, Value::Number(number)));
        }
        if self.wants(&[411])
            && let Some(number) = volatility::yearly(&closes, quote.last)
        {
            values.push((TickType::RtHistoricalVolatility, Value::Number(number)));
        }
        values
    }

    fn put_ranges(&self, days: &[Bar], quote: &Quote, values: &mut Vec<(TickType, Value)>) {
        let since = |length: i32| {
            let first = self.today.0.saturating_sub(length);
            days.iter().filter(move |bar| bar.day.0 >= first)
        };
        for (length, low, high) in RANGES {
            let lowest = since(length).map(|bar| bar.low).fold(quote.low, Ord::min);
            let highest = since(length).map(|bar| bar.high).fold(quote.high, Ord::max);
            values.push((low, Value::Price(lowest)));
            values.push((high, Value::Price(highest)));
        }
        let (mut shares, mut count) = (0_u64, 0_u64);
        for bar in since(VOLUME_DAYS) {
            shares = shares.saturating_add(bar.volume);
            count = count.saturating_add(1);
        }
        if let Some(average) = shares.checked_div(count) {
            values.push((TickType::AverageVolume, Value::Size(average)));
        }
    }
}

#[cfg(test)]
mod tests {
    use access::Time;

    use super::*;

    fn bar(day: i32, low: i64, high: i64, volume: u64) -> Bar {
        Bar {
            time: Time::from_seconds(0),
            day: Day(day),
            open: Ticks(low),
            high: Ticks(high),
            low: Ticks(low),
            close: Ticks(high),
            volume,
            derived: false,
        }
    }

    fn quote() -> Quote {
        Quote {
            symbol: SymbolId(700_001),
            open_now: true,
            bids: Vec::new(),
            asks: Vec::new(),
            tick: trade::instrument::Unit::CENT,
            step: trade::instrument::Unit::ONE,
            last: Ticks(500),
            last_size: 5,
            last_time: Time::from_seconds(0),
            open: Ticks(500),
            high: Ticks(510),
            low: Ticks(490),
            close: Ticks(500),
            volume: 5,
        }
    }

    #[test]
    fn ranges_are_of_their_weeks_and_of_today() {
        let mut asked = Generics::of(" 165,x,,99999999, 232");
        asked.today = Day(1_000);
        let days = vec![
            bar(600, 1, 9_999, 1),
            bar(700, 400, 900, 70),
            bar(850, 480, 600, 80),
            bar(950, 495, 505, 90),
        ];
        asked.past = Some((Ticks(500), days));
        let values = asked.values(&quote());
        let price = |cents| Value::Price(Ticks(cents));
        assert_eq!(
            values,
            [
                (TickType::MarkPrice, price(500)),
                (TickType::Low13Weeks, price(490)),
                (TickType::High13Weeks, price(510)),
                (TickType::Low26Weeks, price(480)),
                (TickType::High26Weeks, price(600)),
                (TickType::Low52Weeks, price(400)),
                (TickType::High52Weeks, price(900)),
                (TickType::AverageVolume, Value::Size(90)),
            ]
        );
    }

    #[test]
    fn what_is_not_known_or_not_asked_for_is_not_there() {
        assert_eq!(Generics::of("").values(&quote()), []);
        assert_eq!(Generics::of("100,106,104,165,411").values(&quote()), [], "without a past");
        let mut young = Generics::of("104,411");
        young.past = Some((Ticks(500), vec![bar(1, 400, 500, 1); 30]));
        let told: Vec<_> = young.values(&quote()).into_iter().map(|(tick, _)| tick).collect();
        assert_eq!(told, [TickType::RtHistoricalVolatility], "30 closes and the price of now");
    }
}
