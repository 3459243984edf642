//! Live market data: quotes and depth, once or streamed. Quotes change once a second.

use std::collections::BTreeMap;

use access::{Act, SymbolId};
use gate::Gate;
use rust_decimal::Decimal;
use trade::Ticks;
use trade::instrument::Unit;
use trade::quote::{Level, Quote};
use tws::inbound;
use tws::outbound::{
    ErrorCode, MarketDataType, MarketDepth, MarketDepthL2, TickGeneric, TickPrice, TickReqParams,
    TickSize, TickSnapshotEnd, TickString,
};
use tws::tick::TickType;

use crate::client::Client;
use crate::contract::{Listed, find, unknown};
use crate::data_kind::DataKind;
use crate::generic_tick::{Generics, Value};
use crate::option_tick::Computations;
use crate::outgoing::Outgoing;
use crate::refusal::Subject;

/// Streams of quotes that one connection may have, as at the broker.
const LINES: usize = 100;
/// Streams of depth that one connection may have.
const DEPTHS: usize = 10;

/// What a client follows.
#[derive(Default)]
pub(crate) struct Tickers {
    /// What was asked for last.
    manner: Manner,
    lines: BTreeMap<i32, Line>,
    depths: BTreeMap<i32, Depth>,
}

/// How quotes are asked for (`reqMarketDataType`).
#[derive(Debug, Clone, Copy, Default)]
struct Manner {
    /// With the numbers of delayed ticks. The prices are the same.
    delayed: bool,
    /// With the last quotes of the session while the market is closed.
    frozen: bool,
}

impl Manner {
    /// The number of what is sent: 1 live, 2 frozen, 3 delayed, 4 delayed and frozen.
    const fn data_type(self, open_now: bool) -> i32 {
        match (self.delayed, self.frozen && !open_now) {
            (false, false) => 1,
            (false, true) => 2,
            (true, false) => 3,
            (true, true) => 4,
        }
    }
}

/// A stream of one contract's quotes, and what was sent of it.
struct Line {
    symbol: SymbolId,
    /// What one of its ticks is.
    tick: Unit,
    /// What its quantities are counted in.
    step: Unit,
    manner: Manner,
    /// The number of what was sent last.
    told: i32,
    /// The last quotes of the session, while the market is closed and they are asked for.
    at_rest: Option<Quote>,
    /// What it has of quotes and trades.
    kind: DataKind,
    /// What its prices imply, if it is an option.
    computations: Option<Computations>,
    /// What was asked for by number.
    generics: Generics,
    generics_sent: BTreeMap<TickType, Value>,
    sent: BTreeMap<TickType, (Ticks, u64)>,
}

/// A stream of one contract's depth, and what was sent of it: asks, then bids.
struct Depth {
    symbol: SymbolId,
    rows: usize,
    smart: bool,
    sent: [Vec<Level>; 2],
}

impl Tickers {
    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.depths.is_empty()
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = i32> {
        self.lines.keys().chain(self.depths.keys()).copied()
    }

    /// Keeps the streams, by number and contract, that may go on.
    pub(crate) fn retain(&mut self, mut keeps: impl FnMut(i32, SymbolId) -> bool) {
        self.lines.retain(|id, line| keeps(*id, line.symbol));
        self.depths.retain(|id, depth| keeps(*id, depth.symbol));
    }

    /// Ends a stream of quotes. A snapshot ends by itself and is not there any more.
    pub(crate) fn end(&mut self, request_id: i32, out: &mut Outgoing) {
        if self.lines.remove(&request_id).is_none() {
            out.no_stream(request_id);
        }
    }

    /// Ends a stream of depth.
    pub(crate) fn end_depth(&mut self, request_id: i32, out: &mut Outgoing) {
        if self.depths.remove(&request_id).is_none() {
            let text = format!("Can't find the subscribed market depth with tickerId:{request_id}");
            out.error(request_id, ErrorCode::UNKNOWN_DEPTH_ID, &text);
        }
    }

    /// Live or delayed, and frozen or not: for the requests that follow.
    pub(crate) fn set_kind(&mut self, kind: i32, out: &mut Outgoing) {
        match kind {
            1..=4 => self.manner = Manner { delayed: kind > 2, frozen: kind % 2 == 0 },
            other => {
                let text =
                    format!("Error validating request: market data type is {other}; use 1 to 4.");
                out.error(-1, ErrorCode::VALIDATING, &text);
            }
        }
    }
}

impl Client {
    pub(crate) fn market_data(&mut self, request: &inbound::MktData, out: &mut Outgoing) {
        let id = request.request_id;
        if self.tickers.lines.contains_key(&id) {
            return out.error(id, ErrorCode::DUPLICATE_TICKER_ID, "Duplicate ticker id");
        }
        if self.tickers.lines.len() >= LINES {
            let text = format!("Max number of tickers has been reached: {LINES}; cancel one first");
            return out.error(id, ErrorCode::MAX_TICKERS, &text);
        }
        let stock = match find(&request.contract, &Listed::of(&self.gate)) {
            Ok(stock) => stock,
            Err(reason) => return out.error(id, ErrorCode::NO_DEFINITION, &unknown(&reason)),
        };
        if !self.may(Act::ViewMarketData, Some(stock.id), id, Subject::MarketData, out) {
            return;
        }
        let quotes = self.gate.markets().quotes();
        let quote = self.gate.markets().quote_in(&quotes, stock.id);
        let manner = self.tickers.manner;
        let told = manner.data_type(quote.as_ref().is_none_or(|quote| quote.open_now));
        out.put(&MarketDataType { request_id: id, data_type: told });
        out.put(&TickReqParams {
            request_id: id,
            min_tick: stock.prices.tick().size(),
            bbo_exchange: "",
            snapshot_permissions: 3,
        });
        let mut line = Line {
            symbol: stock.id,
            tick: stock.prices.tick(),
            step: stock.step,
            manner,
            told,
            at_rest: None,
            kind: DataKind::of(&stock.kind),
            computations: Computations::of(stock),
            generics: Generics::of(&request.generic_ticks),
            generics_sent: BTreeMap::new(),
            sent: BTreeMap::new(),
        };
        if let Some(quote) = quote {
            line.put_all(id, &quote, &self.gate, out);
        }
        for text in line.generics.missing(stock, &self.gate) {
            out.error(id, ErrorCode::PART_NOT_SUBSCRIBED, &text);
        }
        if request.snapshot || request.regulatory_snapshot {
            out.put(&TickSnapshotEnd { request_id: id });
        } else {
            self.tickers.lines.insert(id, line);
        }
    }

    pub(crate) fn market_depth(&mut self, request: &inbound::MktDepth, out: &mut Outgoing) {
        let id = request.request_id;
        if self.tickers.depths.contains_key(&id) {
            return out.error(id, ErrorCode::DUPLICATE_TICKER_ID, "Duplicate ticker id");
        }
        if self.tickers.depths.len() >= DEPTHS {
            let text = format!("Max number ({DEPTHS}) of market depth requests has been reached");
            return out.error(id, ErrorCode(309), &text);
        }
        let stock = match find(&request.contract, &Listed::of(&self.gate)) {
            Ok(stock) => stock,
            Err(reason) => return out.error(id, ErrorCode::NO_DEFINITION, &unknown(&reason)),
        };
        if !self.may(Act::ViewMarketData, Some(stock.id), id, Subject::MarketData, out) {
            return;
        }
        if !DataKind::of(&stock.kind).has_quotes() {
            let text =
                "Deep market data is not supported for this combination of security type/exchange";
            return out.error(id, ErrorCode::NO_DEPTH, text);
        }
        let rows = usize::try_from(request.rows).unwrap_or(0).clamp(1, trade::market::LEVELS);
        let mut depth = Depth {
            symbol: stock.id,
            rows,
            smart: request.is_smart_depth,
            sent: [Vec::new(), Vec::new()],
        };
        if let Some(quote) = self.gate.markets().quote(stock.id) {
            depth.put(id, &stock.exchange, &quote, out);
        }
        self.tickers.depths.insert(id, depth);
    }

    /// Sends what has changed.
    pub(crate) fn tick_market_data(&mut self, out: &mut Outgoing) {
        if self.tickers.is_empty() {
            return;
        }
        let quotes = self.gate.markets().quotes();
        for (id, line) in &mut self.tickers.lines {
            if let Some(quote) = self.gate.markets().quote_in(&quotes, line.symbol) {
                line.put_all(*id, &quote, &self.gate, out);
            }
        }
        for (id, depth) in &mut self.tickers.depths {
            let listed = self.directory.listed_on(depth.symbol);
            if let Some(quote) = self.gate.markets().quote_in(&quotes, depth.symbol) {
                depth.put(*id, listed, &quote, out);
            }
        }
    }
}

impl Line {
    /// Sends what is news of a quote: of one at rest, the last quotes of its session, where they are asked for.
    fn put_all(&mut self, id: i32, quote: &Quote, gate: &Gate, out: &mut Outgoing) {
        let told = self.manner.data_type(quote.open_now);
        if told != self.told {
            self.told = told;
            out.put(&MarketDataType { request_id: id, data_type: told });
        }
        if quote.open_now || !self.manner.frozen {
            self.at_rest = None;
        } else if self.at_rest.is_none() {
            self.at_rest = gate.markets().last_quote(self.symbol);
        }
        let at_rest = self.at_rest.as_ref().map(|last| Quote {
            bids: last.bids.clone(),
            asks: last.asks.clone(),
            ..quote.clone()
        });
        let quote = at_rest.as_ref().unwrap_or(quote);
        self.put(id, quote, out);
        self.put_generics(id, quote, gate, out);
        if let Some(computations) = &mut self.computations {
            let of = (self.symbol, at_rest.as_ref());
            computations.put((id, self.manner.delayed), (gate, of), out);
        }
    }

    fn put(&mut self, id: i32, quote: &Quote, out: &mut Outgoing) {
        // Nothing bid or asked is -1 with no shares, as at the broker.
        let one = self.tick.count(Decimal::NEGATIVE_ONE).unwrap_or(-1);
        let none = Level { price: Ticks(one), size: 0 };
        let traded = self.kind.has_trades()
            && self.put_price(
                id,
                TickType::Last,
                TickType::LastSize,
                quote.last,
                quote.last_size,
                out,
            );
        if self.kind.has_quotes() {
            let bid = quote.bid().unwrap_or(none);
            self.put_price(id, TickType::Bid, TickType::BidSize, bid.price, bid.size, out);
            let ask = quote.ask().unwrap_or(none);
            self.put_price(id, TickType::Ask, TickType::AskSize, ask.price, ask.size, out);
        }
        for (tick, price) in [
            (TickType::Open, quote.open),
            (TickType::High, quote.high),
            (TickType::Low, quote.low),
            (TickType::Close, quote.close),
        ] {
            if self.is_news(tick, (price, 0)) {
                self.price(id, tick, price, 0, out);
            }
        }
        if self.kind.has_volume() && self.is_news(TickType::Volume, (Ticks(0), quote.volume)) {
            self.size(id, TickType::Volume, quote.volume, out);
        }
        if traded {
            self.put_trade(id, quote, out);
        }
    }

    /// The time of a trade, and its text when that was asked for.
    fn put_trade(&self, id: i32, quote: &Quote, out: &mut Outgoing) {
        let text = quote.last_time.seconds().to_string();
        let tick = if self.manner.delayed {
            TickType::DelayedLastTimestamp
        } else {
            TickType::LastTimestamp
        };
        out.put(&TickString { request_id: id, tick, text: &text });
        let texts = [([233], TickType::RtVolume), ([375], TickType::RtTradeVolume)];
        for (number, tick) in texts {
            if self.manner.delayed || !self.generics.wants(&number) {
                continue;
            }
            let milliseconds = quote.last_time.0.div_euclid(1_000);
            let text = format!(
                "{};{};{milliseconds};{};{};true",
                quote.price(quote.last),
                quote.quantity(quote.last_size),
                quote.quantity(quote.volume),
                quote.price(quote.last)
            );
            out.put(&TickString { request_id: id, tick, text: &text });
        }
    }

    /// Sends the ticks that were asked for by number, when they are news.
    fn put_generics(&mut self, request_id: i32, quote: &Quote, gate: &Gate, out: &mut Outgoing) {
        self.generics.look_back(gate, self.symbol, quote);
        for (tick, value) in self.generics.values(quote) {
            if self.generics_sent.insert(tick, value) == Some(value) {
                continue;
            }
            match value {
                Value::Price(price) => self.price(request_id, tick, price, 0, out),
                Value::Size(size) => self.size(request_id, tick, size, out),
                Value::Number(value) => out.put(&TickGeneric { request_id, tick, value }),
            }
        }
    }

    /// Sends a price with its size, or the size alone when only that changed. Whether it did.
    fn put_price(
        &mut self,
        id: i32,
        tick: TickType,
        size_tick: TickType,
        price: Ticks,
        size: u64,
        out: &mut Outgoing,
    ) -> bool {
        let known = self.sent.insert(tick, (price, size));
        if known == Some((price, size)) {
            return false;
        }
        if known.is_some_and(|(before, _)| before == price) {
            self.size(id, size_tick, size, out);
        } else {
            self.price(id, tick, price, size, out);
        }
        true
    }

    fn is_news(&mut self, tick: TickType, now: (Ticks, u64)) -> bool {
        self.sent.insert(tick, now) != Some(now)
    }

    fn price(&self, request_id: i32, tick: TickType, price: Ticks, size: u64, out: &mut Outgoing) {
        let size = Some(self.step.of(size.into()));
        let tick = self.numbered(tick);
        out.put(&TickPrice {
            request_id,
            tick,
            price: self.tick.of(price.0.into()),
            size,
            attributes: 0,
        });
    }

    fn size(&self, request_id: i32, tick: TickType, size: u64, out: &mut Outgoing) {
        out.put(&TickSize {
            request_id,
            tick: self.numbered(tick),
            size: self.step.of(size.into()),
        });
    }

    /// The delayed number of a tick, when delayed data was asked for.
    fn numbered(&self, tick: TickType) -> TickType {
        if !self.manner.delayed {
            return tick;
        }
        tick.delayed().unwrap_or(tick)
    }
}

impl Depth {
    fn put(&mut self, id: i32, exchange: &str, quote: &Quote, out: &mut Outgoing) {
        for (side, levels) in [(0, &quote.asks), (1, &quote.bids)] {
            let now = levels.get(..self.rows.min(levels.len())).unwrap_or(levels);
            let Some(sent) = self.sent.get_mut(usize::from(side == 1)) else { continue };
            for change in changes(sent, now) {
                let level = change.2;
                let priced = (change, quote.price(level.price), quote.quantity(level.size));
                put_row(id, self.smart.then_some(exchange), side, priced, out);
            }
            sent.clear();
            sent.extend_from_slice(now);
        }
    }
}

/// One change of a ladder: row, operation (0 insert, 1 update, 2 delete), level.
type Change = (usize, i32, Level);

/// The changes that lead from one ladder to another. Rows beyond the new end go from the last up.
fn changes(before: &[Level], now: &[Level]) -> Vec<Change> {
    let mut changes = Vec::new();
    for (row, level) in now.iter().enumerate() {
        match before.get(row) {
            None => changes.push((row, 0, *level)),
            Some(known) if known != level => changes.push((row, 1, *level)),
            Some(_) => {}
        }
    }
    for (row, level) in before.iter().enumerate().skip(now.len()).rev() {
        changes.push((row, 2, *level));
    }
    changes
}

fn put_row(
    id: i32,
    maker: Option<&str>,
    side: i32,
    (change, price, size): (Change, Decimal, Decimal),
    out: &mut Outgoing,
) {
    let (row, operation, _) = change;
    let position = i32::try_from(row).unwrap_or(i32::MAX);
    match maker {
        Some(market_maker) => out.put(&MarketDepthL2 {
            request_id: id,
            position,
            market_maker,
            operation,
            side,
            price,
            size,
            is_smart_depth: true,
        }),
        None => out.put(&MarketDepth { request_id: id, position, operation, side, price, size }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ladder(prices: &[i64]) -> Vec<Level> {
        prices.iter().map(|price| Level { price: Ticks(*price), size: 100 }).collect()
    }

    #[test]
    fn ladder_changes_lead_from_one_to_the_other() {
        let cases: [(&[i64], &[i64]); 5] =
            [(&[], &[1, 2]), (&[1, 2], &[1, 3]), (&[1, 2, 3], &[1]), (&[1], &[]), (&[5], &[5])];
        for (before, now) in cases {
            let mut book = ladder(before);
            for (row, operation, level) in changes(&ladder(before), &ladder(now)) {
                match operation {
                    0 => book.insert(row, level),
                    1 => {
                        book.remove(row);
                        book.insert(row, level);
                    }
                    _ => {
                        book.remove(row);
                    }
                }
            }
            assert_eq!(book, ladder(now));
        }
    }
}
