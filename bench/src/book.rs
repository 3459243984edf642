//! The order book against a `BTreeMap` of `VecDeque`s with a fast hash map as index, on the same messages, with the same trades.

use crate::report::Row;
use crate::sample::{Shuffle, nanos, paired};
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use trade::book::{Book, Fill, HOUSE, Handle};
use trade::order::Side;

/// One message of a flow.
#[derive(Clone, Copy)]
pub enum Message {
    /// A limit order that takes what it can and rests with the remainder.
    Add { key: u64, side: Side, price: i64, quantity: u64 },
    /// A cancel of what is left of an earlier order.
    Cancel { key: u64 },
}

trait Subject: Default {
    fn take(&mut self, side: Side, price: i64, quantity: u64, each: impl FnMut(Fill)) -> u64;
    fn rest(&mut self, key: u64, side: Side, price: i64, quantity: u64);
    fn cancel(&mut self, key: u64);
}

/// Ours, with an index from key to handle as the exchange has one.
#[derive(Default)]
struct Ours {
    book: Book,
    handles: Vec<Option<Handle>>,
}

impl Subject for Ours {
    fn take(&mut self, side: Side, price: i64, quantity: u64, mut each: impl FnMut(Fill)) -> u64 {
        let handles = &mut self.handles;
        self.book
            .take(side, price, quantity, HOUSE, |fill| {
                if fill.done {
                    handles[fill.key as usize] = None;
                }
                each(fill);
            })
            .remaining
    }

    fn rest(&mut self, key: u64, side: Side, price: i64, quantity: u64) {
        let handle = self.book.insert(side, price, quantity, key, HOUSE);
        let at = key as usize;
        if self.handles.len() <= at {
            self.handles.resize(at + 1, None);
        }
        self.handles[at] = Some(handle);
    }

    fn cancel(&mut self, key: u64) {
        if let Some(handle) = self.handles.get_mut(key as usize).and_then(Option::take) {
            self.book.cancel(handle);
        }
    }
}

/// The peer: what one writes first, with a fast hasher.
#[derive(Default)]
struct Peer {
    bids: BTreeMap<i64, VecDeque<(u64, u64)>>,
    asks: BTreeMap<i64, VecDeque<(u64, u64)>>,
    places: FxHashMap<u64, (Side, i64)>,
}

impl Subject for Peer {
    fn take(
        &mut self,
        side: Side,
        price: i64,
        mut quantity: u64,
        mut each: impl FnMut(Fill),
    ) -> u64 {
        while quantity > 0 {
            let book = match side {
                Side::Buy => &mut self.asks,
                Side::Sell => &mut self.bids,
            };
            let entry = match side {
                Side::Buy => book.first_entry().filter(|level| *level.key() <= price),
                Side::Sell => book.last_entry().filter(|level| *level.key() >= price),
            };
            let Some(mut level) = entry else { break };
            let at = *level.key();
            let queue = level.get_mut();
            while quantity > 0 {
                let Some(first) = queue.front_mut() else { break };
                let traded = quantity.min(first.1);
                first.1 -= traded;
                quantity -= traded;
                let (key, done) = (first.0, first.1 == 0);
                if done {
                    queue.pop_front();
                    self.places.remove(&key);
                }
                each(Fill { key, owner: HOUSE, price: at, quantity: traded, done });
            }
            if queue.is_empty() {
                level.remove();
            }
        }
        quantity
    }

    fn rest(&mut self, key: u64, side: Side, price: i64, quantity: u64) {
        let book = match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        };
        book.entry(price).or_default().push_back((key, quantity));
        self.places.insert(key, (side, price));
    }

    fn cancel(&mut self, key: u64) {
        let Some((side, price)) = self.places.remove(&key) else { return };
        let book = match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        };
        if let Some(queue) = book.get_mut(&price) {
            queue.retain(|entry| entry.0 != key);
            if queue.is_empty() {
                book.remove(&price);
            }
        }
    }
}

/// Runs a flow; the hash of its trades in order.
fn run<S: Subject>(flow: &[Message]) -> u64 {
    let mut book = S::default();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for message in flow {
        match *message {
            Message::Cancel { key } => book.cancel(key),
            Message::Add { key, side, price, quantity } => {
                let left = book.take(side, price, quantity, |fill| {
                    for part in [key, fill.key, fill.price as u64, fill.quantity] {
                        hash = (hash ^ part).wrapping_mul(0x0000_0100_0000_01b3);
                    }
                });
                if left > 0 {
                    book.rest(key, side, price, left);
                }
            }
        }
    }
    hash
}

/// A flow like a busy symbol's: most orders near a drifting price, many cancelled, some crossing.
pub fn synthetic(messages: usize) -> Vec<Message> {
    let mut random = Shuffle::new();
    let mut middle = 100_000_i64;
    let mut open: Vec<u64> = Vec::new();
    let mut key = 0;
    (0..messages)
        .map(|_| {
            let word = random.next();
            if word.is_multiple_of(1024) {
                middle += (word >> 10) as i64 % 9 - 4;
            }
            if open.len() > 2_000 || (word % 100 < 45 && !open.is_empty()) {
                let at = (word >> 20) as usize % open.len();
                return Message::Cancel { key: open.swap_remove(at) };
            }
            key += 1;
            open.push(key);
            let side = if word & (1 << 17) == 0 { Side::Buy } else { Side::Sell };
            let away = ((word >> 24) % 60) as i64 - 2;
            let price = if side == Side::Buy { middle - away } else { middle + away };
            Message::Add { key, side, price, quantity: 1 + (word >> 40) % 100 }
        })
        .collect()
}

/// Reads an order-level flow: CSV with a header line and the columns id, timestamp, exchange timestamp, price, volume, action (created,
/// changed, deleted) and direction (bid, ask). A change is a cancel and a new order at the new size.
pub fn from_file(path: &Path) -> Result<Vec<Message>, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| format!("{} cannot be read: {e}", path.display()))?;
    let mut flow = Vec::new();
    let (mut key, mut keys): (u64, FxHashMap<&str, u64>) = (0, FxHashMap::default());
    for (number, line) in text.lines().enumerate().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let bad = || format!("line {} of the flow cannot be read: {line}", number + 1);
        let [id, _, _, price, volume, action, direction] = fields[..] else { return Err(bad()) };
        if action != "created"
            && let Some(key) = keys.remove(id)
        {
            flow.push(Message::Cancel { key });
        }
        let quantity: u64 = volume.parse().map_err(|_| bad())?;
        if action != "deleted" && quantity > 0 {
            let dollars: f64 = price.parse().map_err(|_| bad())?;
            key += 1;
            keys.insert(id, key);
            let side = if direction == "bid" { Side::Buy } else { Side::Sell };
            flow.push(Message::Add {
                key,
                side,
                price: (dollars * 100.0).round() as i64,
                quantity,
            });
        }
    }
    if flow.is_empty() { Err("the flow holds no message".to_owned()) } else { Ok(flow) }
}

/// Measures one flow.
pub fn measure(path: &'static str, flow: &[Message], rounds: usize) -> Row {
    let (ours, theirs) = (run::<Ours>(flow), run::<Peer>(flow));
    assert_eq!(ours, theirs, "the two books traded differently");
    let once = |hash: fn(&[Message]) -> u64| {
        let (time, found) = nanos(|| hash(flow));
        assert_eq!(found, ours);
        time
    };
    let mut out = paired(rounds, || once(run::<Ours>), || once(run::<Peer>), || once(run::<Peer>));
    let each = |total: u64| total as f64 / flow.len() as f64;
    let (ratio, null) = (out.ratio(500), out.null(500));
    Row {
        path,
        subject: format!("{:.1} ns a message", each(out.subject.quantile(500))),
        peer: format!("BTreeMap + VecDeque + FxHashMap {:.1} ns", each(out.peer.quantile(500))),
        ratio: format!("{ratio:.2}"),
        null: format!("{null:.2}"),
        samples: format!("{} runs of {} messages", out.subject.len(), flow.len()),
        goal: "<= 0.35",
        met: (0.95..=1.05).contains(&null).then_some(ratio <= 0.35),
        checked: format!("same trade hash {ours:016x}"),
    }
}
