//! Past market data: bars, bars that go on, five-second bars, the time of the first data.
//!
//! Bars are of trades. Quotes of the past are not kept: `MIDPOINT` bars have the trades' prices,
//! `BID` and `ASK` bars are a cent below and above them, which is the simulated market's narrowest
//! spread; `BID_ASK` bars go from the mean bid to the mean ask, between the lowest bid and the
//! highest ask. None of the four has a volume. `HISTORICAL_VOLATILITY` bars go through the yearly
//! volatility of the last 30 daily moves, at the prices of each bar; `OPTION_IMPLIED_VOLATILITY` bars through
//! what options are priced by at the money, thirty days ahead. `SCHEDULE` gives trading sessions
//! (`historical/schedule.rs`), and there alone `useRTH` chooses.
//!
//! Words are taken in either case, as at the broker; the size of real-time bars is not looked at.

use std::collections::BTreeMap;
use std::sync::Arc;

use access::{Act, Span, SymbolId, Time};
use rust_decimal::Decimal;
use trade::bar::{Bar, BarSize};
use trade::calendar::Day;
use trade::instrument::{Instrument, Instruments, Unit, Units};
use trade::{Ticks, volatility};
use tws::inbound;
use tws::outbound::{
    Bar as WireBar, ErrorCode, HeadTimestamp, HistoricalData, HistoricalDataUpdate, RealTimeBar,
};

use crate::client::Client;
use crate::contract::{Listed, find, sec_type, unknown};
use crate::data_kind::DataKind;
use crate::outgoing::Outgoing;
use crate::refusal::Subject;
use crate::stamp;

mod schedule;

/// Bars that go on, of either kind, that one connection may follow.
const STREAMS: usize = 50;
/// Seconds of a real-time bar.
const REAL_TIME: i64 = 5;
/// Most days that a duration may span: what two centuries have.
const MOST_DAYS: i64 = 73_000;
/// Most seconds that a duration may span: as many days.
const MOST_SECONDS: i64 = MOST_DAYS * 86_400;
/// The shortest bars that can go on.
const SHORTEST_THAT_GO_ON: u32 = 5;
/// Days in which there are certainly as many trading days as a volatility needs.
const VOLATILITY_DAYS: i64 = 60;

/// What the prices of a bar are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Show {
    Trades,
    Midpoint,
    Bid,
    Ask,
    BidAsk,
}

/// What a request for past data is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Bars(Show),
    Volatility,
    /// The volatility that options are priced by.
    Implied,
    Schedule,
}

impl Content {
    /// Whether a contract has it.
    fn is_of(self, one: &Instrument) -> bool {
        let has = DataKind::of(&one.kind);
        match self {
            Self::Bars(Show::Trades) => has.has_trades(),
            Self::Bars(_) => has.has_quotes(),
            Self::Volatility | Self::Implied => has.has_volatility(),
            Self::Schedule => true,
        }
    }
}

/// Open, high, low and close of a bar as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Prices {
    open: Decimal,
    high: Decimal,
    low: Decimal,
    close: Decimal,
}

/// A bar as it is sent.
struct Row {
    bar: Bar,
    prices: Prices,
    volume: Decimal,
    average: Decimal,
}

impl Show {
    fn of(text: &str) -> Option<Self> {
        match text.trim().to_ascii_uppercase().as_str() {
            "" | "TRADES" | "ADJUSTED_LAST" => Some(Self::Trades),
            "MIDPOINT" => Some(Self::Midpoint),
            "BID" => Some(Self::Bid),
            "ASK" => Some(Self::Ask),
            "BID_ASK" => Some(Self::BidAsk),
            _ => None,
        }
    }

    fn prices(self, bar: &Bar, tick: Unit) -> Prices {
        let moved = |ticks: Ticks, by: i64| tick.of(ticks.0.saturating_add(by).into());
        let by = match self {
            Self::Trades | Self::Midpoint => 0,
            Self::Bid => -1,
            Self::Ask => 1,
            Self::BidAsk => {
                let sum = [bar.open, bar.high, bar.low, bar.close]
                    .iter()
                    .fold(0_i64, |sum, ticks| sum.saturating_add(ticks.0));
                let mean = Ticks(sum.div_euclid(4));
                return Prices {
                    open: moved(mean, -1),
                    high: moved(bar.high, 1),
                    low: moved(bar.low, -1),
                    close: moved(mean, 1),
                };
            }
        };
        Prices {
            open: moved(bar.open, by),
            high: moved(bar.high, by),
            low: moved(bar.low, by),
            close: moved(bar.close, by),
        }
    }

    fn row(self, bar: Bar, units: Units) -> Row {
        let (prices, volume) = (self.prices(&bar, units.price), self.volume(&bar, units));
        Row { bar, prices, volume, average: self.average(&bar, units.price) }
    }

    fn volume(self, bar: &Bar, units: Units) -> Decimal {
        if self == Self::Trades {
            units.quantity.of(bar.volume.into())
        } else {
            Decimal::NEGATIVE_ONE
        }
    }

    /// The mean of high, low and close: the volume at each price is not kept.
    fn average(self, bar: &Bar, tick: Unit) -> Decimal {
        if self != Self::Trades {
            return Decimal::NEGATIVE_ONE;
        }
        let sum = bar.high.0.saturating_add(bar.low.0).saturating_add(bar.close.0);
        tick.of(sum.into()).checked_div(Decimal::from(3)).unwrap_or_default().round_dp(4)
    }
}

/// How far back a request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Duration {
    Seconds(i64),
    /// Trading days: those before the end that have bars.
    Days(i64),
    Months(i64),
}

impl Duration {
    /// A number and a unit; a number alone is seconds.
    fn of(text: &str) -> Option<Self> {
        let text = text.trim();
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (count, unit) = text.split_at(end);
        let count: i64 = count.parse().ok().filter(|count| *count > 0)?;
        let unit = unit.trim().to_ascii_uppercase();
        let most = if matches!(unit.as_str(), "" | "S") { MOST_SECONDS } else { MOST_DAYS };
        let count = Some(count).filter(|count| *count <= most)?;
        match unit.as_str() {
            "" | "S" => Some(Self::Seconds(count)),
            "D" => Some(Self::Days(count)),
            "W" => Some(Self::Days(count.saturating_mul(5))),
            "M" => Some(Self::Months(count)),
            "Y" => Some(Self::Months(count.saturating_mul(12))),
            _ => None,
        }
    }

    /// An instant from which on there are certainly enough bars.
    fn before(self, end: Time) -> Time {
        let span = match self {
            Self::Seconds(count) => Span::seconds(count),
            // Two days in seven have no trading, and a holiday or two come on top.
            Self::Days(count) => {
                let calendar = count.saturating_mul(7).div_euclid(5).saturating_add(7);
                Span::days(calendar.min(MOST_DAYS))
            }
            Self::Months(count) => {
                // The mean length of a month, in hours.
                Span::hours(
                    count.saturating_mul(73_05).div_euclid(10).min(MOST_DAYS.saturating_mul(24)),
                )
            }
        };
        end - span
    }

    /// What is left of that since [`Duration::before`]: bars, or whatever else belongs to days.
    fn last<T>(self, mut bars: Vec<T>, of: impl Fn(&T) -> Day) -> Vec<T> {
        let Self::Days(count) = self else { return bars };
        let mut days = 0_i64;
        let mut day = None;
        let mut keep = 0_usize;
        for bar in bars.iter().rev() {
            if day != Some(of(bar)) {
                day = Some(of(bar));
                days = days.saturating_add(1);
            }
            if days > count {
                break;
            }
            keep = keep.saturating_add(1);
        }
        bars.drain(..bars.len().saturating_sub(keep));
        bars
    }
}

/// How days and times are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct DateForm {
    size: BarSize,
    epoch: bool,
}

impl DateForm {
    fn text(self, bar: &Bar) -> String {
        match self.size {
            BarSize::Day | BarSize::Week | BarSize::Month => stamp::day(bar.day),
            BarSize::Seconds(_) | BarSize::Minutes(_) if self.epoch => {
                bar.time.seconds().to_string()
            }
            BarSize::Seconds(_) | BarSize::Minutes(_) => stamp::with_zone(bar.time),
        }
    }
}

/// Bars that a client follows.
#[derive(Default)]
pub(crate) struct Charts {
    bars: BTreeMap<i32, Chart>,
    real_time: BTreeMap<i32, RealTime>,
}

struct Chart {
    symbol: SymbolId,
    form: DateForm,
    show: Show,
    last: Option<Bar>,
}

struct RealTime {
    symbol: SymbolId,
    show: Show,
    /// The start of the next bar to send.
    next: i64,
}

impl Charts {
    pub(crate) fn is_empty(&self) -> bool {
        self.bars.is_empty() && self.real_time.is_empty()
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = i32> {
        self.bars.keys().chain(self.real_time.keys()).copied()
    }

    /// Keeps the streams, by number and contract, that may go on.
    pub(crate) fn retain(&mut self, mut keeps: impl FnMut(i32, SymbolId) -> bool) {
        self.bars.retain(|id, chart| keeps(*id, chart.symbol));
        self.real_time.retain(|id, stream| keeps(*id, stream.symbol));
    }

    /// Ends a historical request; one that was answered and does not go on is not there any more.
    pub(crate) fn end(&mut self, request_id: i32, out: &mut Outgoing) {
        if self.bars.remove(&request_id).is_some() {
            let text = format!(
                "Historical Market Data Service error message:API historical data query cancelled: {request_id}"
            );
            out.error(request_id, ErrorCode::HISTORICAL_DATA, &text);
        } else {
            let text = format!("No historical data query found for ticker id:{request_id}");
            out.error(request_id, ErrorCode::NO_HISTORICAL_QUERY, &text);
        }
    }

    pub(crate) fn end_real_time(&mut self, request_id: i32, out: &mut Outgoing) {
        if self.real_time.remove(&request_id).is_none() {
            out.no_stream(request_id);
        }
    }

    fn is_full(&self) -> bool {
        self.bars.len().saturating_add(self.real_time.len()) >= STREAMS
    }
}

/// What a request for bars asks for, understood.
struct Wanted {
    size: BarSize,
    duration: Duration,
    content: Content,
    end: Option<Time>,
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

fn understand(request: &inbound::HistoricalData) -> Result<Wanted, String> {
    let size = BarSize::of(&request.bar_size).ok_or_else(|| {
        format!("bar size {:?} is not available; use 1 secs, 5 secs to 30 secs, 1 min to 30 mins, 1 hour to 8 hours, 1 day, 1 week or 1 month", short(&request.bar_size))
    })?;
    let duration = Duration::of(&request.duration).ok_or_else(|| {
        format!(
            "duration {:?} cannot be read; use a number and S, D, W, M or Y, such as 5 D",
            short(&request.duration)
        )
    })?;
    let content = shown(&request.what_to_show)?;
    if matches!(content, Content::Volatility | Content::Implied) {
        if size > BarSize::Day {
            return Err(format!(
                "volatility bars span at most a day, not {}; use 1 day",
                short(&request.bar_size)
            ));
        }
        if request.keep_up_to_date {
            return Err(
                "volatility bars are not kept up to date; leave keepUpToDate out".to_owned()
            );
        }
    }
    let end = match request.end_date_time.trim() {
        "" => None,
        _ if request.keep_up_to_date => {
            return Err("endDateTime and keepUpToDate cannot be combined; leave endDateTime empty".to_owned());
        }
        text => Some(stamp::read(text).ok_or_else(|| {
            format!("endDateTime {:?} cannot be read; use yyyymmdd hh:mm:ss US/Eastern or yyyymmdd-hh:mm:ss (UTC)", short(text))
        })?),
    };
    if request.keep_up_to_date && size < BarSize::Seconds(SHORTEST_THAT_GO_ON) {
        return Err(format!(
            "with keepUpToDate, bars must be {SHORTEST_THAT_GO_ON} seconds or longer; use longer bars or leave keepUpToDate out"
        ));
    }
    Ok(Wanted { size, duration, content, end })
}

/// What is to be shown.
fn shown(text: &str) -> Result<Content, String> {
    if let Some(show) = Show::of(text) {
        return Ok(Content::Bars(show));
    }
    match text.trim().to_ascii_uppercase().as_str() {
        "SCHEDULE" => Ok(Content::Schedule),
        "HISTORICAL_VOLATILITY" => Ok(Content::Volatility),
        "OPTION_IMPLIED_VOLATILITY" => Ok(Content::Implied),
        _ => Err(format!(
            "{:?} is not available; use TRADES, MIDPOINT, BID, ASK, BID_ASK, HISTORICAL_VOLATILITY, OPTION_IMPLIED_VOLATILITY or SCHEDULE",
            short(text)
        )),
    }
}

/// The broker's words for a kind of data that a contract does not have, and those that it has.
pub(crate) fn no_data_of(one: &Instrument, what: &str) -> String {
    let words: &[&str] = match DataKind::of(&one.kind) {
        DataKind::Share => &["every kind"],
        DataKind::Figure => &["TRADES", "HISTORICAL_VOLATILITY", "OPTION_IMPLIED_VOLATILITY"],
        DataKind::Fund => &["TRADES"],
        DataKind::Contract => &["TRADES", "MIDPOINT", "BID", "ASK", "BID_ASK"],
        DataKind::Pair => &["MIDPOINT", "BID", "ASK", "BID_ASK"],
    };
    let (symbol, kind) = (one.local.trim(), sec_type(&one.kind));
    format!(
        "No historical market data for {symbol}/{kind}@{} {}; it has {}",
        one.exchange,
        short(what),
        words.join(", ")
    )
}

fn failed(reason: &str) -> String {
    format!("Historical Market Data Service error message:{reason}")
}

impl Client {
    fn units_of(&self, symbol: SymbolId) -> Units {
        units_of(self.gate.markets().instruments(), symbol)
    }

    /// The stock of a request for past data, if it is there and the client may see it; if not the
    /// client was told.
    pub(crate) fn charted(
        &self,
        id: i32,
        contract: &tws::Contract,
        out: &mut Outgoing,
    ) -> Option<SymbolId> {
        match find(contract, &Listed::of(&self.gate)) {
            Ok(stock) => {
                let may =
                    self.may(Act::ViewMarketData, Some(stock.id), id, Subject::Historical, out);
                may.then_some(stock.id)
            }
            Err(reason) => {
                out.error(id, ErrorCode::NO_DEFINITION, &unknown(&reason));
                None
            }
        }
    }

    pub(crate) fn historical_data(
        &mut self,
        request: &inbound::HistoricalData,
        out: &mut Outgoing,
    ) {
        let id = request.request_id;
        let Some(symbol) = self.charted(id, &request.contract, out) else { return };
        let wanted = match understand(request) {
            Ok(wanted) => wanted,
            Err(reason) => return out.error(id, ErrorCode::HISTORICAL_DATA, &failed(&reason)),
        };
        if let Some(reason) = self.lacks(symbol, wanted.content, &request.what_to_show) {
            return out.error(id, ErrorCode::HISTORICAL_DATA, &failed(&reason));
        }
        let now = self.gate.now();
        let end = wanted.end.unwrap_or(now + Span::seconds(1));
        let begin = wanted.duration.before(end);
        if wanted.content == Content::Schedule {
            let period = (begin, end);
            return self.schedule(id, symbol, wanted.duration, (period, request.use_rth), out);
        }
        let bars = self.gate.markets().bars(symbol, wanted.size, begin, end);
        let bars = wanted.duration.last(bars, |bar| bar.day);
        let rows = match wanted.content {
            Content::Bars(show) => {
                let units = self.units_of(symbol);
                bars.iter().map(|bar| show.row(*bar, units)).collect()
            }
            Content::Implied => {
                let (size, duration) = (wanted.size, wanted.duration);
                let bars = self.gate.markets().implied_bars(symbol, size, begin, end);
                let bars = duration.last(bars, |(bar, _)| bar.day);
                bars.into_iter().map(|(bar, prices)| volatility_row(bar, prices)).collect()
            }
            Content::Volatility | Content::Schedule => self.volatilities(symbol, &bars),
        };
        if rows.is_empty() {
            return out.error(
                id,
                ErrorCode::HISTORICAL_DATA,
                &failed("HMDS query returned no data"),
            );
        }
        let form = DateForm { size: wanted.size, epoch: request.format_date == Some(2) };
        put_bars(id, &rows, form, end.min(now), out);
        // A chart of this id that went on is over: its bars would run into these.
        let went_on = self.charts.bars.remove(&id).is_some();
        let Content::Bars(show) = wanted.content else { return };
        if !request.keep_up_to_date {
            return;
        }
        if self.charts.is_full() && !went_on {
            let text = failed(&format!(
                "{STREAMS} charts are already being updated, and that is the limit; cancel one first"
            ));
            return out.error(id, ErrorCode::HISTORICAL_DATA, &text);
        }
        let chart = Chart { symbol, form, show, last: bars.last().copied() };
        self.charts.bars.insert(id, chart);
    }

    /// The bars of the volatility, from the first day on that has enough days before it.
    fn volatilities(&self, symbol: SymbolId, bars: &[Bar]) -> Vec<Row> {
        let (Some(first), Some(last)) = (bars.first(), bars.last()) else { return Vec::new() };
        let before = Span::days(VOLATILITY_DAYS);
        let days = self.gate.markets().bars(symbol, BarSize::Day, first.time - before, last.time);
        let mut closes = (Day::default(), Vec::new());
        let rows = bars.iter().filter_map(|bar| {
            if closes.0 != bar.day || closes.1.is_empty() {
                closes = (bar.day, volatility::closes_before(&days, bar.day));
            }
            let at = |price: Ticks| volatility::yearly(&closes.1, price);
            let all = [at(bar.open)?, at(bar.high)?, at(bar.low)?, at(bar.close)?];
            Some(volatility_row(*bar, all))
        });
        rows.collect()
    }

    /// Why a contract does not have this, if it does not.
    fn lacks(&self, symbol: SymbolId, content: Content, what: &str) -> Option<String> {
        let one = self.gate.markets().instruments().get(symbol)?;
        let has_options = || self.gate.markets().implied_volatility(symbol).is_some();
        let is_there = content.is_of(one) && (content != Content::Implied || has_options());
        (!is_there).then(|| {
            let what = if what.trim().is_empty() { "TRADES" } else { what };
            no_data_of(one, what)
        })
    }

    pub(crate) fn head_timestamp(&mut self, request: &inbound::HeadTimestamp, out: &mut Outgoing) {
        let id = request.request_id;
        let Some(symbol) = self.charted(id, &request.contract, out) else { return };
        let content = match shown(&request.what_to_show) {
            Ok(content) => content,
            Err(reason) => return out.error(id, ErrorCode::HISTORICAL_DATA, &failed(&reason)),
        };
        if let Some(reason) = self.lacks(symbol, content, &request.what_to_show) {
            return out.error(id, ErrorCode::HISTORICAL_DATA, &failed(&reason));
        }
        let head = self.gate.markets().head_timestamp(symbol).and_then(|head| {
            if content != Content::Volatility {
                return Some(head);
            }
            let until = head + Span::days(VOLATILITY_DAYS);
            let days = self.gate.markets().bars(symbol, BarSize::Day, head, until);
            days.get(volatility::MOVES).map(|bar| bar.time)
        });
        match head {
            Some(head) if request.format_date == Some(2) => {
                out.put(&HeadTimestamp { request_id: id, time: &head.seconds().to_string() });
            }
            Some(head) => out.put(&HeadTimestamp { request_id: id, time: &stamp::utc(head) }),
            None => out.error(id, ErrorCode::HISTORICAL_DATA, &failed("No head time stamp")),
        }
    }

    pub(crate) fn real_time_bars(&mut self, request: &inbound::RealTimeBars, out: &mut Outgoing) {
        let id = request.request_id;
        let Some(symbol) = self.charted(id, &request.contract, out) else { return };
        if self.charts.real_time.contains_key(&id) {
            return out.error(id, ErrorCode::DUPLICATE_TICKER_ID, "Duplicate ticker id");
        }
        let show = Show::of(&request.what_to_show).map(Content::Bars);
        if let Some(reason) = show.and_then(|show| self.lacks(symbol, show, &request.what_to_show))
        {
            return out.error(id, ErrorCode(420), &format!("Invalid Real-time Query:{reason}"));
        }
        // The size of the bars is not looked at: there is one.
        match Show::of(&request.what_to_show).filter(|show| *show != Show::BidAsk) {
            Some(show) if !self.charts.is_full() => {
                let second = self.gate.now().seconds();
                let next = second.saturating_sub(second.rem_euclid(REAL_TIME));
                self.charts.real_time.insert(id, RealTime { symbol, show, next });
            }
            _ => {
                let text = format!(
                    "Invalid Real-time Query: whatToShow must be TRADES, MIDPOINT, BID or ASK, and at most {STREAMS} charts can be updated"
                );
                out.error(id, ErrorCode(420), &text);
            }
        }
    }

    /// Sends what has changed.
    pub(crate) fn tick_charts(&mut self, out: &mut Outgoing) {
        let (now, known) = (self.gate.now(), Arc::clone(self.gate.markets().instruments()));
        for (id, chart) in &mut self.charts.bars {
            let from = chart.last.map_or(now, |bar| bar.time);
            let bars = self.gate.markets().bars(
                chart.symbol,
                chart.form.size,
                from,
                now + Span::seconds(1),
            );
            for bar in bars {
                if chart.last.replace(bar) == Some(bar) {
                    continue;
                }
                let units = units_of(&known, chart.symbol);
                let (show, prices) = (chart.show, chart.show.prices(&bar, units.price));
                out.put(&HistoricalDataUpdate {
                    request_id: *id,
                    count: -1,
                    date: &chart.form.text(&bar),
                    open: prices.open,
                    close: prices.close,
                    high: prices.high,
                    low: prices.low,
                    wap: show.average(&bar, units.price),
                    volume: show.volume(&bar, units),
                });
            }
        }
        for (id, stream) in &mut self.charts.real_time {
            let from = Time::from_seconds(stream.next);
            // The second that is being made belongs to a bar that is not over.
            let over = now.seconds().saturating_sub(REAL_TIME);
            for bar in self.gate.markets().bars(stream.symbol, BarSize::Seconds(5), from, now) {
                let second = bar.time.seconds();
                if second < over {
                    stream.next = second.saturating_add(REAL_TIME);
                    put_real_time(*id, &bar, (stream.show, units_of(&known, stream.symbol)), out);
                }
            }
        }
    }
}

/// A bar of volatilities: at the open, the high, the low and the close of a price.
fn volatility_row(bar: Bar, all: [Decimal; 4]) -> Row {
    let [open, .., close] = all;
    let high = all.into_iter().fold(open, Decimal::max);
    let low = all.into_iter().fold(open, Decimal::min);
    let none = Decimal::NEGATIVE_ONE;
    Row { bar, prices: Prices { open, high, low, close }, volume: none, average: none }
}

/// What the counts of a contract's prices and quantities are.
fn units_of(known: &Instruments, symbol: SymbolId) -> Units {
    known.get(symbol).map_or(Units::SHARES, Instrument::units)
}

fn put_real_time(request_id: i32, bar: &Bar, (show, units): (Show, Units), out: &mut Outgoing) {
    let Prices { open, high, low, close } = show.prices(bar, units.price);
    out.put(&RealTimeBar {
        request_id,
        time: bar.time.seconds(),
        open,
        high,
        low,
        close,
        volume: show.volume(bar, units),
        wap: show.average(bar, units.price),
        count: -1,
    });
}

fn put_bars(request_id: i32, rows: &[Row], form: DateForm, end: Time, out: &mut Outgoing) {
    let dates: Vec<String> = rows.iter().map(|row| form.text(&row.bar)).collect();
    let start = rows.first().map_or(end, |row| row.bar.time);
    let rows: Vec<WireBar<'_>> = rows
        .iter()
        .zip(&dates)
        .map(|(row, date)| {
            let Prices { open, high, low, close } = row.prices;
            let (volume, wap) = (row.volume, row.average);
            WireBar { date, open, high, low, close, volume, wap, count: -1 }
        })
        .collect();
    out.put(&HistoricalData {
        request_id,
        start: &stamp::without_zone(start),
        end: &stamp::without_zone(end),
        bars: &rows,
    });
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn durations_are_read_or_refused() {
        for (text, duration) in [
            ("30 S", Some(Duration::Seconds(30))),
            ("5 D", Some(Duration::Days(5))),
            ("2 W", Some(Duration::Days(10))),
            ("1 M", Some(Duration::Months(1))),
            ("2 Y", Some(Duration::Months(24))),
            ("3600", Some(Duration::Seconds(3_600))),
            ("7200 S", Some(Duration::Seconds(7_200))),
            ("86400 s", Some(Duration::Seconds(86_400))),
            ("1d", Some(Duration::Days(1))),
            ("5 parsecs", None),
            ("D", None),
            ("", None),
            ("-5 D", None),
            ("0 D", None),
            ("99999999999999999999 Y", None),
        ] {
            assert_eq!(Duration::of(text), duration, "{text}");
        }
    }

    #[test]
    fn words_for_what_is_shown_are_read_in_either_case() {
        for (text, show) in [
            ("TRADES", Content::Bars(Show::Trades)),
            ("Trades", Content::Bars(Show::Trades)),
            ("", Content::Bars(Show::Trades)),
            ("adjusted_last", Content::Bars(Show::Trades)),
            ("Midpoint", Content::Bars(Show::Midpoint)),
            ("bid_ask", Content::Bars(Show::BidAsk)),
            ("historical_volatility", Content::Volatility),
            ("option_implied_volatility", Content::Implied),
            ("Schedule", Content::Schedule),
        ] {
            assert_eq!(shown(text), Ok(show), "{text}");
        }
        for text in ["FEE_RATE", "PRICES"] {
            let reason = shown(text).unwrap_err();
            assert!(reason.contains("TRADES"), "{reason}");
        }
    }

    #[test]
    fn bars_of_bid_and_ask_go_from_the_mean_bid_to_the_mean_ask() {
        let ticks = |open, high, low, close| Bar {
            time: Time::from_seconds(0),
            day: Day(0),
            open: Ticks(open),
            high: Ticks(high),
            low: Ticks(low),
            close: Ticks(close),
            volume: 7,
            derived: false,
        };
        let bar = ticks(1_000, 1_040, 990, 1_010);
        let prices = Show::BidAsk.prices(&bar, Unit::CENT);
        let cents = |cents| Decimal::new(cents, 2);
        assert_eq!(
            (prices.open, prices.high, prices.low, prices.close),
            (cents(1_009), cents(1_041), cents(989), cents(1_011))
        );
        assert_eq!(Show::BidAsk.volume(&bar, Units::SHARES), Decimal::NEGATIVE_ONE);
        assert_eq!(Show::Bid.prices(&bar, Unit::CENT).high, cents(1_039));
        assert_eq!(Show::Trades.prices(&bar, Unit::CENT).close, cents(1_010));
    }

    #[test]
    fn longest_duration_ends_in_the_past_and_not_beyond_the_numbers() {
        let now = Time::from_seconds(1_767_632_400);
        for text in ["73000 S", "6307200000 S", "73000 D", "73000 W", "73000 M", "73000 Y"] {
            assert!(
                Duration::of(text).is_some_and(|duration| duration.before(now) < now),
                "{text}"
            );
        }
    }
}
