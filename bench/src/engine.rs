//! The exchange in process: one stream of limit, market and cancel messages on ten stocks through pre-trade, matching and
//! margin, on one core; the peer is nautilus_trader's backtest venue, which gets the same quotes and messages and must
//! make the same fills.

use crate::report::Row;
use crate::sample::{Shuffle, nanos};
use access::{Holder, PaperAccountId, SymbolId, Time};
use rust_decimal::Decimal;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command as Process;
use std::time::Duration;
use trade::journal::{Cause, Command, Decided, Genesis, MARKET_RULE, Stamped};
use trade::order::{NewOrder, OrderId, OrderType, Origin, Side, TimeInForce};
use trade::{Event, Exchange, Hours, Instruments, ORDER_RULE, Ticks, pretrade};

/// Messages of the stream.
const MESSAGES: usize = 50_000;
/// Messages between two seconds of the market: prices stand still meanwhile.
const A_SECOND: usize = 500;
/// Stocks that the stream is on, from the first in the list.
const STOCKS: u32 = 10;
/// Orders that rest in one stock at most.
const RESTING: usize = 50;
/// A Monday in New York at 11:00.
const BEGIN: i64 = 1_767_628_800;

/// One message of the stream. Orders are named by their place in it.
#[derive(Debug, Clone, Copy)]
enum Message {
    /// Buy or sell so many shares; at a price, or at the market.
    Place { symbol: SymbolId, side: Side, quantity: u64, limit: Option<i64> },
    /// Cancel an order.
    Cancel { order: usize },
}

/// What is bid and asked of each stock in one second: prices and sizes.
type Touch = [(i64, u64, i64, u64); STOCKS as usize];

/// The stream, and the quotes that it runs against.
struct Stream {
    messages: Vec<Message>,
    touches: Vec<Touch>,
}

/// A fill: the message that placed the order, and the price in ticks.
type Fill = (usize, i64);

pub fn account() -> PaperAccountId {
    PaperAccountId::new(1_000_001).expect("a number")
}

pub fn symbol(at: u32) -> SymbolId {
    SymbolId(700_001 + at)
}

/// An exchange with an account that can afford all of it.
pub fn exchange() -> Exchange {
    let genesis = Genesis {
        seed: 7,
        at: Time::from_seconds(BEGIN),
        account: account(),
        cash: Decimal::from(1_000_000_000),
        currency: access::currency::Currency::USD,
        hours: Hours::RoundTheClock,
        market_rule: MARKET_RULE,
    };
    let mut exchange = Exchange::new(genesis, Instruments::builtin());
    let command = Command::OrderRule { rule: ORDER_RULE };
    let time = Time::from_seconds(BEGIN);
    exchange.apply(&Stamped { seq: 1, time, decision: Decided::system(), command });
    exchange
}

fn touch(exchange: &Exchange) -> Touch {
    std::array::from_fn(|at| {
        let quote = exchange.quote(symbol(at as u32)).expect("a quote");
        let (bid, ask) = (quote.bid().expect("a bid"), quote.ask().expect("an ask"));
        (bid.price.0, bid.size, ask.price.0, ask.size)
    })
}

/// Half of the messages are limits that stay three to eight percent away from the market, about a tenth is for the market,
/// the rest cancels the oldest order of a stock.
fn stream() -> Stream {
    let mut exchange = exchange();
    let (mut random, mut messages, mut touches) = (Shuffle::new(), Vec::new(), Vec::new());
    let mut resting = vec![std::collections::VecDeque::new(); STOCKS as usize];
    for number in 0..MESSAGES {
        if number % A_SECOND == 0 {
            exchange.advance(Time::from_seconds(BEGIN + 1 + (number / A_SECOND) as i64));
            touches.push(touch(&exchange));
        }
        let draw = random.next();
        let at = (draw >> 8) as usize % STOCKS as usize;
        let side = if draw >> 16 & 1 == 0 { Side::Buy } else { Side::Sell };
        let (symbol, quantity) = (symbol(at as u32), 1 + (draw >> 20) % 5);
        let open: &mut std::collections::VecDeque<usize> = &mut resting[at];
        let place = |limit| Message::Place { symbol, side, quantity, limit };
        messages.push(match draw >> 24 & 15 {
            0 | 1 => place(None),
            2..=8 if !open.is_empty() => Message::Cancel { order: open.pop_front().expect("one") },
            _ if open.len() >= RESTING => Message::Cancel { order: open.pop_front().expect("one") },
            _ => {
                open.push_back(number);
                let (bid, _, ask, _) = touches[touches.len() - 1][at];
                let away = 30 + (draw >> 32) as i64 % 50;
                let price = match side {
                    Side::Buy => bid - bid * away / 1_000,
                    Side::Sell => ask + ask * away / 1_000,
                };
                place(Some(price - price.rem_euclid(100)))
            }
        });
    }
    Stream { messages, touches }
}

/// Runs the stream once: nanoseconds, and the fills.
fn run(stream: &Stream) -> (u64, Vec<Fill>) {
    let mut exchange = exchange();
    let limits = pretrade::defaults();
    let decision = Decided { holder: Holder::System, account: None, epoch: 1, limits };
    let mut orders = vec![OrderId(0); stream.messages.len()];
    let mut fills = Vec::with_capacity(stream.messages.len() / 8);
    let (nanos, ()) = nanos(|| {
        for (number, message) in stream.messages.iter().enumerate() {
            let time = Time::from_seconds(BEGIN + 1 + (number / A_SECOND) as i64);
            let command = command(&exchange, (number, *message), &orders, &decision, time);
            let seq = number as u64 + 2;
            let stamped = Stamped { seq, time, decision: decision.clone(), command };
            for event in exchange.apply(&stamped) {
                match event {
                    Event::OrderAccepted { order } => orders[number] = order.id,
                    Event::OrderFilled { execution, .. } => {
                        fills.push((number, execution.price.0));
                    }
                    Event::OrderCancelled { .. } => {}
                    other => panic!("message {number}: {other:?}"),
                }
            }
        }
    });
    (nanos, fills)
}

/// What the gate does between an order and its stamp: the checks before the trade.
fn command(
    exchange: &Exchange,
    (number, message): (usize, Message),
    orders: &[OrderId],
    decision: &Decided,
    now: Time,
) -> Command {
    let facts = exchange.facts(account(), decision.holder).expect("an account");
    let (symbol, side, quantity, limit) = match message {
        Message::Cancel { order } => {
            let order = orders[order];
            pretrade::check_cancel(&facts, order).expect("an order that is open");
            return Command::Cancel { order, cause: Cause::Request };
        }
        Message::Place { symbol, side, quantity, limit } => (symbol, side, quantity, limit),
    };
    let order = NewOrder {
        account: account(),
        symbol,
        side,
        quantity,
        order_type: limit
            .map_or(OrderType::Market, |price| OrderType::Limit { price: Ticks(price) }),
        tif: TimeInForce::Day,
        outside_hours: true,
        origin: Origin { holder: decision.holder, client_id: 1, order_id: number as i32 + 1 },
        parent: None,
        oca: None,
        reference: None,
    };
    let checked = pretrade::check(&facts, &decision.limits, now, vec![order]);
    Command::Place(checked.unwrap_or_else(|denial| panic!("message {number}: {denial:?}")))
}

/// The stream as the peer reads it: a line for each quote and message, prices in ticks.
fn write(stream: &Stream, path: &Path) -> std::io::Result<()> {
    let mut out = String::new();
    for (number, message) in stream.messages.iter().enumerate() {
        if number % A_SECOND == 0 {
            for (at, (bid, bids, ask, asks)) in stream.touches[number / A_SECOND].iter().enumerate()
            {
                let _ = writeln!(out, "Q,{at},{bid},{bids},{ask},{asks}");
            }
        }
        let _ = match message {
            Message::Cancel { order } => writeln!(out, "C,{number},{order}"),
            Message::Place { symbol, side, quantity, limit } => {
                let (at, side) = (symbol.0 - 700_001, if *side == Side::Buy { "B" } else { "S" });
                let limit = limit.map(|limit| limit.to_string()).unwrap_or_default();
                writeln!(out, "P,{number},{at},{side},{quantity},{limit}")
            }
        };
    }
    std::fs::write(path, out)
}

/// Runs the peer once: nanoseconds, and its fills.
fn peer(python: &Path, stream: &Path) -> (u64, Vec<Fill>) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/nautilus_engine.py");
    let run = Process::new(python).arg(script).arg(stream).output().expect("the peer runs");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let said = String::from_utf8(run.stdout).expect("text");
    let mut lines = said.lines();
    let nanos = lines.next().and_then(|line| line.parse().ok()).expect("nanoseconds");
    let fill = |line: &str| {
        let (number, price) = line.split_once(',').expect("a fill");
        (number.parse().expect("a number"), price.parse().expect("ticks"))
    };
    (nanos, lines.map(fill).collect())
}

fn median(times: &mut [u64]) -> u64 {
    times.sort_unstable();
    times[times.len() / 2]
}

fn rate(nanos: u64) -> f64 {
    MESSAGES as f64 / Duration::from_nanos(nanos).as_secs_f64()
}

/// Measures both in turn. `python` has nautilus_trader; without it only this side runs.
pub fn measure(python: Option<&Path>, rounds: usize) -> Row {
    crate::server::pin_this(&[1]);
    let stream = stream();
    let file = tempfile::NamedTempFile::new().expect("a file");
    write(&stream, file.path()).expect("written");
    let (_, fills) = run(&stream);
    let (mut ours, mut again, mut theirs, mut null) = (vec![], vec![], vec![], vec![]);
    for round in 0..rounds * 2 {
        for _ in 0..20 {
            let (nanos, same) = run(&stream);
            assert!(same == fills, "the same stream made other fills");
            if round % 2 == 0 { ours.push(nanos) } else { again.push(nanos) }
        }
        let Some(python) = python else { continue };
        let (nanos, same) = peer(python, file.path());
        assert!(same == fills, "the peer made other fills: {} and {}", same.len(), fills.len());
        if round % 2 == 0 { theirs.push(nanos) } else { null.push(nanos) }
    }
    crate::server::pin_this(&[0, 1]);
    let own = rate(median(&mut ours));
    let control = rate(median(&mut again)) / own;
    let other = python.map(|_| (rate(median(&mut theirs)), rate(median(&mut null))));
    let enough = own >= 400_000.0 && other.is_none_or(|(peer, _)| own / peer >= 100.0);
    Row {
        path: "engine in process, 10 stocks, pre-trade, matching and margin, one core",
        subject: format!("{own:.0} messages/s"),
        peer: other.map_or_else(
            || "not run".to_owned(),
            |(peer, _)| format!("nautilus_trader's backtest venue: {peer:.0} messages/s"),
        ),
        ratio: other.map_or_else(|| "-".to_owned(), |(peer, _)| format!("{:.0}", own / peer)),
        null: other.map_or_else(
            || format!("{control:.2}"),
            |(peer, again)| format!("{control:.2}; peer {:.2}", again / peer),
        ),
        samples: format!("{} runs of {MESSAGES} messages; peer {}", ours.len(), theirs.len()),
        goal: ">= 600,000, at least 400,000; >= 100 x the peer",
        met: (0.95..=1.05).contains(&control).then_some(enough && own >= 600_000.0),
        checked: format!(
            "{} fills, the same each time{}",
            fills.len(),
            if python.is_some() { " and on both sides" } else { "" }
        ),
    }
}
