//! The order book again, as simple as can be: the oracle of the book's tests.

use std::collections::{BTreeMap, VecDeque};

use crate::book::{Fill, HOUSE, Taken};
use crate::order::{Side, reaches};

#[derive(Debug, Clone, Copy)]
struct Entry {
    key: u64,
    quantity: u64,
    owner: u32,
}

/// A sorted map of queues on each side, and where each key rests.
#[derive(Debug, Clone, Default)]
pub struct NaiveBook {
    bids: BTreeMap<i64, VecDeque<Entry>>,
    asks: BTreeMap<i64, VecDeque<Entry>>,
    places: BTreeMap<u64, (Side, i64)>,
}

impl NaiveBook {
    fn side(&mut self, side: Side) -> &mut BTreeMap<i64, VecDeque<Entry>> {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }

    /// The best price of one side.
    pub fn best(&self, side: Side) -> Option<i64> {
        match side {
            Side::Buy => self.bids.last_key_value().map(|(price, _)| *price),
            Side::Sell => self.asks.first_key_value().map(|(price, _)| *price),
        }
    }

    /// Adds a resting order behind those of its price.
    pub fn insert(&mut self, side: Side, price: i64, quantity: u64, key: u64, owner: u32) {
        self.side(side).entry(price).or_default().push_back(Entry { key, quantity, owner });
        self.places.insert(key, (side, price));
    }

    /// As [`crate::book::Book::take`].
    pub fn take(
        &mut self,
        side: Side,
        limit: i64,
        quantity: u64,
        owner: u32,
        mut each: impl FnMut(Fill),
    ) -> Taken {
        let mut remaining = quantity;
        while remaining > 0 {
            let Some(price) =
                self.best(side.opposite()).filter(|price| reaches(side, limit, *price))
            else {
                break;
            };
            let Some(queue) = self.side(side.opposite()).get_mut(&price) else { break };
            let Some(first) = queue.front_mut() else { break };
            if first.owner == owner && owner != HOUSE {
                return Taken { remaining, own: Some(first.key) };
            }
            let quantity = remaining.min(first.quantity);
            first.quantity -= quantity;
            remaining -= quantity;
            let (key, owner, done) = (first.key, first.owner, first.quantity == 0);
            if done {
                queue.pop_front();
                if queue.is_empty() {
                    self.side(side.opposite()).remove(&price);
                }
                self.places.remove(&key);
            }
            each(Fill { key, owner, price, quantity, done });
        }
        Taken { remaining, own: None }
    }

    /// As [`crate::book::Book::available`].
    pub fn available(&self, side: Side, limit: i64, quantity: u64, owner: u32) -> u64 {
        let mut copy = self.clone();
        quantity - copy.take(side, limit, quantity, owner, |_| {}).remaining
    }

    /// Takes a resting order out; its shares that were left.
    pub fn cancel(&mut self, key: u64) -> Option<u64> {
        let (side, price) = self.places.remove(&key)?;
        let queue = self.side(side).get_mut(&price)?;
        let at = queue.iter().position(|entry| entry.key == key)?;
        let entry = queue.remove(at)?;
        if queue.is_empty() {
            self.side(side).remove(&price);
        }
        Some(entry.quantity)
    }

    /// Makes a resting order smaller and keeps its place.
    pub fn reduce(&mut self, key: u64, quantity: u64) -> Option<()> {
        let (side, price) = *self.places.get(&key)?;
        let entry = self.side(side).get_mut(&price)?.iter_mut().find(|entry| entry.key == key)?;
        if quantity == 0 || quantity >= entry.quantity {
            return None;
        }
        entry.quantity = quantity;
        Some(())
    }

    /// All levels of one side, best first: price and shares.
    pub fn depth(&self, side: Side) -> Vec<(i64, u64)> {
        let total = |(price, queue): (&i64, &VecDeque<Entry>)| {
            (*price, queue.iter().map(|e| e.quantity).sum())
        };
        match side {
            Side::Buy => self.bids.iter().rev().map(total).collect(),
            Side::Sell => self.asks.iter().map(total).collect(),
        }
    }
}
