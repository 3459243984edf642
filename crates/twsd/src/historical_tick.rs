//! Past ticks: reqHistoricalTicks. One a second of the last two hours is known: a trade in each second that had one, and the
//! quote and its middle at the end of each, made as those of bars are: a tick below and above the trades' price.

use access::{Span, Time};
use rust_decimal::Decimal;
use trade::Ticks;
use trade::bar::{Bar, BarSize};
use trade::instrument::Instrument;
use tws::inbound;
use tws::outbound::{
    ErrorCode, HistoricalTicks, HistoricalTicksBidAsk, HistoricalTicksLast, PastMidpoint,
    PastQuote, PastTrade,
};

use crate::client::Client;
use crate::data_kind::DataKind;
use crate::historical::no_data_of;
use crate::outgoing::Outgoing;
use crate::stamp;

/// Ticks of one answer, at most.
const MOST: usize = 1_000;
/// How long seconds are kept.
const KEPT: Span = Span::seconds(7_200);

/// Which ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Trades,
    Quotes,
    Middles,
}

/// The seconds that are asked for.
struct Wanted {
    kind: Kind,
    from: Time,
    to: Time,
    count: usize,
    /// The first of them, and not the last.
    first: bool,
}

impl Kind {
    fn of(text: &str) -> Option<Self> {
        match text.trim().to_ascii_uppercase().as_str() {
            "TRADES" => Some(Self::Trades),
            "BID_ASK" => Some(Self::Quotes),
            "MIDPOINT" => Some(Self::Middles),
            _ => None,
        }
    }
}

impl Client {
    pub(crate) fn historical_ticks(
        &mut self,
        request: &inbound::HistoricalTicks,
        out: &mut Outgoing,
    ) {
        let id = request.request_id;
        let Some(symbol) = self.charted(id, &request.contract, out) else { return };
        let Some(one) = self.gate.markets().instruments().get(symbol) else { return };
        let wanted = match understand(request, one, self.gate.now()) {
            Ok(wanted) => wanted,
            Err(reason) => {
                let text = format!("Failed to request historical ticks: {reason}");
                return out.error(id, ErrorCode::NO_PERMISSION, &text);
            }
        };
        let size = BarSize::Seconds(1);
        let mut seconds = self.gate.markets().bars(symbol, size, wanted.from, wanted.to);
        if wanted.kind == Kind::Trades && DataKind::of(&one.kind).has_volume() {
            seconds.retain(|bar| bar.volume > 0);
        }
        if wanted.first {
            seconds.truncate(wanted.count);
        } else {
            seconds.drain(..seconds.len().saturating_sub(wanted.count));
        }
        put(id, wanted.kind, one, &seconds, out);
    }
}

fn understand(
    request: &inbound::HistoricalTicks,
    one: &Instrument,
    now: Time,
) -> Result<Wanted, String> {
    let given: String = request.what_to_show.chars().take(40).collect();
    let kind = Kind::of(&request.what_to_show)
        .ok_or_else(|| format!("whatToShow is {given:?}; use TRADES, BID_ASK or MIDPOINT"))?;
    let has = DataKind::of(&one.kind);
    let is_there = if kind == Kind::Trades { has.has_trades() } else { has.has_quotes() };
    if !is_there {
        return Err(no_data_of(one, &given));
    }
    let count = request.count.and_then(|count| usize::try_from(count).ok());
    let count = count.filter(|count| (1..=MOST).contains(count)).ok_or_else(|| {
        format!("numberOfTicks is {}; use 1 to {MOST}", request.count.unwrap_or_default())
    })?;
    let time = |name: &str, text: &str| {
        match text.trim() {
        "" => Ok(None),
        text => stamp::read(text).map(Some).ok_or_else(|| {
            let given: String = text.chars().take(40).collect();
            format!("{name} {given:?} cannot be read; use yyyymmdd hh:mm:ss US/Eastern or yyyymmdd-hh:mm:ss (UTC)")
        }),
    }
    };
    let (start, end) = (time("startDateTime", &request.start)?, time("endDateTime", &request.end)?);
    let since = now - KEPT;
    if start.or(end).is_some_and(|time| time < since) {
        return Err("ticks are kept for two hours; historical bars go back further".to_owned());
    }
    Ok(Wanted {
        kind,
        from: start.unwrap_or(since),
        // The second that is being made is not over.
        to: end.unwrap_or(now).min(now),
        count,
        first: start.is_some(),
    })
}

fn put(request_id: i32, kind: Kind, one: &Instrument, seconds: &[Bar], out: &mut Outgoing) {
    let time = |bar: &Bar| bar.time.seconds();
    let beside = |bar: &Bar, by: i64| one.price(Ticks(bar.close.0.saturating_add(by)));
    match kind {
        Kind::Trades => {
            let tick = |bar: &Bar| PastTrade {
                time: time(bar),
                attributes: 0,
                price: beside(bar, 0),
                size: one.quantity(bar.volume),
                exchange: &one.exchange,
                conditions: "",
            };
            let ticks: Vec<_> = seconds.iter().map(tick).collect();
            out.put(&HistoricalTicksLast { request_id, ticks: &ticks, done: true });
        }
        Kind::Quotes => {
            let size = one.quantity(one.lot);
            let tick = |bar: &Bar| PastQuote {
                time: time(bar),
                attributes: 0,
                bid: beside(bar, -1),
                ask: beside(bar, 1),
                bid_size: size,
                ask_size: size,
            };
            let ticks: Vec<_> = seconds.iter().map(tick).collect();
            out.put(&HistoricalTicksBidAsk { request_id, ticks: &ticks, done: true });
        }
        Kind::Middles => {
            let tick = |bar: &Bar| PastMidpoint {
                time: time(bar),
                unused: 0,
                price: beside(bar, 0),
                size: Decimal::ZERO,
            };
            let ticks: Vec<_> = seconds.iter().map(tick).collect();
            out.put(&HistoricalTicks { request_id, ticks: &ticks, done: true });
        }
    }
}
