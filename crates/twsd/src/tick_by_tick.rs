//! Single ticks: each trade, each change of the best quote, each change of its middle. The market
//! makes at most one of each a second. Past ticks are not kept, so a stream begins with the present.

use std::collections::BTreeMap;

use access::{Act, SymbolId};
use rust_decimal::Decimal;
use trade::quote::{Level, Quote};
use tws::inbound;
use tws::outbound::{ErrorCode, SingleTick, TickByTick};

use crate::client::Client;
use crate::contract::{Listed, find, unknown};
use crate::data_kind::DataKind;
use crate::historical::no_data_of;
use crate::outgoing::Outgoing;
use crate::refusal;

/// Streams of single ticks that one connection may have.
const STREAMS: usize = 100;

/// What of the market a stream carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Last,
    AllLast,
    BidAsk,
    MidPoint,
}

impl Kind {
    fn of(text: &str) -> Option<Self> {
        [
            ("Last", Self::Last),
            ("AllLast", Self::AllLast),
            ("BidAsk", Self::BidAsk),
            ("MidPoint", Self::MidPoint),
        ]
        .into_iter()
        .find_map(|(word, kind)| word.eq_ignore_ascii_case(text.trim()).then_some(kind))
    }
}

/// The streams of a client.
#[derive(Default)]
pub(crate) struct SingleTicks(BTreeMap<i32, Stream>);

struct Stream {
    symbol: SymbolId,
    kind: Kind,
    ignore_size: bool,
    /// The last trade's time, when the stream began or since.
    traded: i64,
    /// The quote that was sent last.
    quoted: Option<(Level, Level)>,
}

impl SingleTicks {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = i32> {
        self.0.keys().copied()
    }

    /// Keeps the streams, by number and contract, that may go on.
    pub(crate) fn retain(&mut self, mut keeps: impl FnMut(i32, SymbolId) -> bool) {
        self.0.retain(|id, stream| keeps(*id, stream.symbol));
    }

    pub(crate) fn end(&mut self, request_id: i32, out: &mut Outgoing) {
        if self.0.remove(&request_id).is_none() {
            out.no_stream(request_id);
        }
    }
}

/// The text of error 10189, which clients know as the end of such a request.
fn failed(reason: &str) -> String {
    format!("Failed to request tick-by-tick data: {reason}")
}

impl Client {
    pub(crate) fn tick_by_tick(&mut self, request: &inbound::TickByTickData, out: &mut Outgoing) {
        let id = request.request_id;
        if self.single_ticks.0.contains_key(&id) {
            return out.error(id, ErrorCode::DUPLICATE_TICKER_ID, "Duplicate ticker id");
        }
        let stock = match find(&request.contract, &Listed::of(&self.gate)) {
            Ok(stock) => stock,
            Err(reason) => return out.error(id, ErrorCode::NO_DEFINITION, &unknown(&reason)),
        };
        let may = self.gate.admissions().may(
            &self.admission.standing(),
            self.address,
            Act::ViewMarketData,
            Some(stock.id),
        );
        if let Err(refusal) = may {
            return out.error(id, ErrorCode::NO_TICK_BY_TICK, &failed(&refusal::told(&refusal)));
        }
        let Some(kind) = Kind::of(&request.tick_type) else {
            let given: String = request.tick_type.chars().take(40).collect();
            let reason = format!("tickType is {given:?}; use Last, AllLast, BidAsk or MidPoint");
            return out.error(id, ErrorCode::NO_TICK_BY_TICK, &failed(&reason));
        };
        let has = DataKind::of(&stock.kind);
        let is_there = match kind {
            Kind::Last | Kind::AllLast => has.has_trades(),
            Kind::BidAsk | Kind::MidPoint => has.has_quotes(),
        };
        if !is_there {
            let reason = no_data_of(stock, request.tick_type.trim());
            return out.error(id, ErrorCode::NO_TICK_BY_TICK, &failed(&reason));
        }
        if self.single_ticks.0.len() >= STREAMS {
            let text = format!(
                "Max number of tick-by-tick requests has been reached: {STREAMS}; cancel one first"
            );
            return out.error(id, ErrorCode::MAX_TICK_BY_TICK, &text);
        }
        let quotes = self.gate.markets().quotes();
        let quote = self.gate.markets().quote_in(&quotes, stock.id);
        let quote = quote.as_deref();
        let traded = quote.map_or(0, |quote| quote.last_time.0);
        let ignore_size = request.ignore_size;
        let mut stream = Stream { symbol: stock.id, kind, ignore_size, traded, quoted: None };
        if let Some(quote) = quote {
            stream.put(id, quotes.time.seconds(), &stock.exchange, quote, out);
        }
        self.single_ticks.0.insert(id, stream);
    }

    /// Sends what has happened.
    pub(crate) fn put_single_ticks(&mut self, out: &mut Outgoing) {
        if self.single_ticks.is_empty() {
            return;
        }
        let quotes = self.gate.markets().quotes();
        for (id, stream) in &mut self.single_ticks.0 {
            let listed = self.directory.listed_on(stream.symbol);
            if let Some(quote) = self.gate.markets().quote_in(&quotes, stream.symbol) {
                stream.put(*id, quotes.time.seconds(), listed, &quote, out);
            }
        }
    }
}

impl Stream {
    fn put(
        &mut self,
        request_id: i32,
        now: i64,
        exchange: &str,
        quote: &Quote,
        out: &mut Outgoing,
    ) {
        let tick = match self.kind {
            Kind::Last | Kind::AllLast => self.trade(exchange, quote),
            Kind::BidAsk | Kind::MidPoint => self.quote(quote),
        };
        if let Some(tick) = tick {
            let time = match self.kind {
                Kind::Last | Kind::AllLast => quote.last_time.seconds(),
                Kind::BidAsk | Kind::MidPoint => now,
            };
            out.put(&TickByTick { request_id, time, tick });
        }
    }

    fn trade<'a>(&mut self, exchange: &'a str, quote: &Quote) -> Option<SingleTick<'a>> {
        let time = quote.last_time.0;
        if quote.last_size == 0 || time <= self.traded {
            return None;
        }
        self.traded = time;
        Some(SingleTick::Trade {
            all: self.kind == Kind::AllLast,
            price: quote.price(quote.last),
            size: quote.quantity(quote.last_size),
            attributes: 0,
            exchange,
            conditions: "",
        })
    }

    /// The best bid and ask, when both are there and not as they were.
    fn quote(&mut self, quote: &Quote) -> Option<SingleTick<'static>> {
        let now = (quote.bid()?, quote.ask()?);
        let (bid, ask) = now;
        let known = self.quoted.replace(now);
        let is_same = known.is_some_and(|known| {
            let middle = |(bid, ask): (Level, Level)| bid.price.0.saturating_add(ask.price.0);
            let prices = |(bid, ask): (Level, Level)| (bid.price, ask.price);
            match self.kind {
                Kind::MidPoint => middle(known) == middle(now),
                _ if self.ignore_size => prices(known) == prices(now),
                _ => known == now,
            }
        });
        if is_same {
            return None;
        }
        if self.kind == Kind::MidPoint {
            let sum = quote.price(bid.price).saturating_add(quote.price(ask.price));
            let price = sum.checked_div(Decimal::TWO).unwrap_or_default();
            return Some(SingleTick::MidPoint { price });
        }
        Some(SingleTick::BidAsk {
            bid: quote.price(bid.price),
            ask: quote.price(ask.price),
            bid_size: quote.quantity(bid.size),
            ask_size: quote.quantity(ask.size),
            attributes: 0,
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use access::Time;
    use trade::Ticks;

    use super::*;

    fn quote(bid: i64, size: u64, last_second: i64) -> Quote {
        let level = |price| Level { price: Ticks(price), size };
        Quote {
            symbol: SymbolId(700_001),
            open_now: true,
            bids: vec![level(bid)],
            asks: vec![level(bid + 1)],
            tick: trade::instrument::Unit::CENT,
            step: trade::instrument::Unit::ONE,
            last: Ticks(bid),
            last_size: 5,
            last_time: Time::from_seconds(last_second),
            open: Ticks(bid),
            high: Ticks(bid),
            low: Ticks(bid),
            close: Ticks(bid),
            volume: 5,
        }
    }

    fn stream(kind: Kind, ignore_size: bool) -> Stream {
        Stream { symbol: SymbolId(700_001), kind, ignore_size, traded: 0, quoted: None }
    }

    #[test]
    fn kinds_are_read_in_either_case() {
        assert_eq!(Kind::of("AllLast"), Some(Kind::AllLast));
        assert_eq!(Kind::of("midpoint"), Some(Kind::MidPoint));
        assert_eq!(Kind::of("Trades"), None);
    }

    #[test]
    fn trade_is_told_once() {
        let mut last = stream(Kind::AllLast, false);
        let told = last.trade("NASDAQ", &quote(1_000, 100, 7)).unwrap();
        assert!(matches!(told, SingleTick::Trade { all: true, exchange: "NASDAQ", .. }));
        assert_eq!(last.trade("NASDAQ", &quote(1_001, 100, 7)), None);
        assert!(last.trade("NASDAQ", &quote(1_001, 100, 8)).is_some());
    }

    #[test]
    fn quote_is_told_when_it_differs_in_what_was_asked_for() {
        let mut whole = stream(Kind::BidAsk, false);
        let mut prices = stream(Kind::BidAsk, true);
        let mut middle = stream(Kind::MidPoint, false);
        let mut told = |now: &Quote| {
            [&mut whole, &mut prices, &mut middle].map(|stream| stream.quote(now).is_some())
        };
        assert_eq!(told(&quote(1_000, 100, 1)), [true, true, true]);
        assert_eq!(told(&quote(1_000, 100, 2)), [false, false, false]);
        assert_eq!(told(&quote(1_000, 300, 3)), [true, false, false]);
        assert_eq!(told(&quote(1_001, 300, 4)), [true, true, true]);
        let half = stream(Kind::MidPoint, false).quote(&quote(1_000, 1, 1));
        assert_eq!(half, Some(SingleTick::MidPoint { price: Decimal::new(10_005, 3) }));
    }

    #[test]
    fn quote_without_one_side_is_not_told() {
        let closed = Quote { bids: Vec::new(), asks: Vec::new(), ..quote(1_000, 100, 1) };
        assert_eq!(stream(Kind::BidAsk, false).quote(&closed), None);
        assert_eq!(stream(Kind::MidPoint, false).quote(&closed), None);
    }
}
