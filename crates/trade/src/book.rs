//! One symbol's resting orders in price-time priority.
//!
//! Prices are integer ticks. A window of 4,096 prices is a plain array (the ladder) under a
//! two-level bitmap, so that the best price is two instructions away; orders live in a slab and are
//! linked in arrival order. Prices outside of the window wait in a sorted map; the window is laid
//! anew when the market has left its middle half. Keys name orders and mean nothing to the book.
//!
//! Self-match prevention: an incoming order never trades with a resting one of its owner. It stops
//! there, and what is left of it is cancelled (`cancel newest`), whatever lies behind.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::order::{Side, reaches};

mod bits;
#[cfg(test)]
mod tests;

use bits::Bits;

/// Prices in the ladder.
const WINDOW: usize = 4_096;
const HALF: i64 = 2_048;
const NIL: u32 = u32::MAX;
/// The owner whose orders may meet each other: the makers of the simulated market.
pub const HOUSE: u32 = 0;

/// Names a resting order until it is filled or cancelled; then the number is used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handle(u32);

/// One trade between an incoming and a resting order, at the resting price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fill {
    /// The resting order's key.
    pub key: u64,
    /// The resting order's owner.
    pub owner: u32,
    /// In ticks.
    pub price: i64,
    /// In shares, at least 1.
    pub quantity: u64,
    /// The resting order is filled and its handle void.
    pub done: bool,
}

/// What an incoming order came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Shares still wanted.
    pub remaining: u64,
    /// It met this order of its own owner and stopped.
    pub own: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Node {
    key: u64,
    quantity: u64,
    price: i64,
    next: u32,
    prev: u32,
    owner: u32,
    side: Side,
}

/// An order in the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resting {
    /// Its key.
    pub key: u64,
    /// Its owner.
    pub owner: u32,
    /// In ticks.
    pub price: i64,
    /// Shares that it still has.
    pub quantity: u64,
}

impl Resting {
    const fn of(node: &Node) -> Self {
        let Node { key, owner, price, quantity, .. } = *node;
        Self { key, owner, price, quantity }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Level {
    quantity: u64,
    head: u32,
    tail: u32,
}

impl Level {
    const EMPTY: Self = Self { quantity: 0, head: NIL, tail: NIL };

    /// Adds an order at the end; the one that was last.
    #[inline]
    fn push(&mut self, slot: u32, quantity: u64) -> u32 {
        let last = std::mem::replace(&mut self.tail, slot);
        if last == NIL {
            self.head = slot;
        }
        self.quantity += quantity;
        last
    }
}

/// A book. See the module's text.
#[derive(Debug, Clone)]
pub struct Book {
    /// The ladder's lowest price.
    base: i64,
    levels: Box<[Level]>,
    bids: Bits,
    asks: Bits,
    far_bids: BTreeMap<i64, Level>,
    far_asks: BTreeMap<i64, Level>,
    /// `i64::MIN` when there is none.
    best_bid: i64,
    /// `i64::MAX` when there is none.
    best_ask: i64,
    nodes: Vec<Node>,
    free: u32,
    resting: usize,
}

impl Default for Book {
    fn default() -> Self {
        Self {
            base: 0,
            levels: vec![Level::EMPTY; WINDOW].into_boxed_slice(),
            bids: Bits::default(),
            asks: Bits::default(),
            far_bids: BTreeMap::new(),
            far_asks: BTreeMap::new(),
            best_bid: i64::MIN,
            best_ask: i64::MAX,
            nodes: Vec::new(),
            free: NIL,
            resting: 0,
        }
    }
}

impl Book {
    /// The highest price bid.
    pub fn best_bid(&self) -> Option<i64> {
        (self.best_bid != i64::MIN).then_some(self.best_bid)
    }

    /// The lowest price asked.
    pub fn best_ask(&self) -> Option<i64> {
        (self.best_ask != i64::MAX).then_some(self.best_ask)
    }

    /// Resting orders.
    pub fn len(&self) -> usize {
        self.resting
    }

    /// Nothing rests.
    pub fn is_empty(&self) -> bool {
        self.resting == 0
    }

    /// Adds a resting order behind those of its price. It must not cross: `take` first.
    #[inline]
    pub fn insert(
        &mut self,
        side: Side,
        price: i64,
        quantity: u64,
        key: u64,
        owner: u32,
    ) -> Handle {
        let at = self.offset(price).or_else(|| {
            self.recentre(price);
            self.offset(price)
        });
        let slot = self.claim(Node { key, quantity, price, next: NIL, prev: NIL, owner, side });
        let last = match at.and_then(|at| self.levels.get_mut(at)) {
            Some(level) => level.push(slot, quantity),
            None => self.far_mut(side).entry(price).or_insert(Level::EMPTY).push(slot, quantity),
        };
        if let Some(before) = self.nodes.get_mut(last as usize) {
            before.next = slot;
            if let Some(node) = self.nodes.get_mut(slot as usize) {
                node.prev = last;
            }
        } else if let Some(at) = at {
            self.bits(side).set(at);
        }
        match side {
            Side::Buy => self.best_bid = self.best_bid.max(price),
            Side::Sell => self.best_ask = self.best_ask.min(price),
        }
        self.resting += 1;
        Handle(slot)
    }

    /// Trades an incoming order against what rests at `limit` or better, best price first and
    /// oldest first. Each trade is told to `each`.
    #[inline]
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
            let (price, crosses) = match side {
                Side::Buy => (self.best_ask, self.best_ask <= limit && self.best_ask != i64::MAX),
                Side::Sell => (self.best_bid, self.best_bid >= limit && self.best_bid != i64::MIN),
            };
            if !crosses {
                break;
            }
            let own;
            (remaining, own) = self.take_level(side, price, remaining, owner, &mut each);
            if own.is_some() {
                return Taken { remaining, own };
            }
        }
        Taken { remaining, own: None }
    }

    #[inline]
    fn take_level(
        &mut self,
        side: Side,
        price: i64,
        mut remaining: u64,
        owner: u32,
        each: &mut impl FnMut(Fill),
    ) -> (u64, Option<u64>) {
        let mut level = self.level(side.opposite(), price);
        let mut own = None;
        while remaining > 0 {
            let slot = level.head;
            let Some(node) = self.nodes.get_mut(slot as usize) else { break };
            if node.owner == owner && owner != HOUSE {
                own = Some(node.key);
                break;
            }
            let quantity = remaining.min(node.quantity);
            node.quantity -= quantity;
            let done = node.quantity == 0;
            let fill = Fill { key: node.key, owner: node.owner, price, quantity, done };
            let next = node.next;
            remaining -= quantity;
            level.quantity -= quantity;
            if done {
                node.next = self.free;
                self.free = slot;
                self.resting -= 1;
                level.head = next;
                match self.nodes.get_mut(next as usize) {
                    Some(first) => first.prev = NIL,
                    None => level.tail = NIL,
                }
            }
            each(fill);
        }
        self.put(side.opposite(), price, level);
        (remaining, own)
    }

    /// How many of `quantity` shares an incoming order would get at once: for fill-or-kill.
    pub fn available(&self, side: Side, limit: i64, quantity: u64, owner: u32) -> u64 {
        let resting = side.opposite();
        let mut found = 0_u64;
        let mut price = self.best(resting);
        while let Some(at) = price {
            if !reaches(side, limit, at) || found >= quantity {
                break;
            }
            let mut slot = self.level(resting, at).head;
            while let Some(node) = self.nodes.get(slot as usize) {
                if node.owner == owner && owner != HOUSE {
                    return found.min(quantity);
                }
                found += node.quantity;
                slot = node.next;
            }
            price = self.behind(resting, at);
        }
        found.min(quantity)
    }

    /// Takes a resting order out; its shares that were left. `None` for a void handle.
    #[inline]
    pub fn cancel(&mut self, handle: Handle) -> Option<u64> {
        let node = *self.nodes.get(handle.0 as usize).filter(|node| node.quantity > 0)?;
        if let Some(before) = self.nodes.get_mut(node.prev as usize) {
            before.next = node.next;
        }
        if let Some(after) = self.nodes.get_mut(node.next as usize) {
            after.prev = node.prev;
        }
        let at = self.offset(node.price);
        let level = match at.and_then(|at| self.levels.get_mut(at)) {
            Some(level) => Some(level),
            None => self.far_mut(node.side).get_mut(&node.price),
        };
        if let Some(level) = level {
            level.quantity -= node.quantity;
            if node.prev == NIL {
                level.head = node.next;
            }
            if node.next == NIL {
                level.tail = node.prev;
            }
            if level.head == NIL {
                self.put(node.side, node.price, Level::EMPTY);
            }
        }
        if let Some(freed) = self.nodes.get_mut(handle.0 as usize) {
            freed.quantity = 0;
            freed.next = self.free;
            self.free = handle.0;
        }
        self.resting -= 1;
        Some(node.quantity)
    }

    /// Makes a resting order smaller and keeps its place. `None` for a void handle, or when
    /// `quantity` is 0 or not less than what rests.
    pub fn reduce(&mut self, handle: Handle, quantity: u64) -> Option<()> {
        let node = self.nodes.get_mut(handle.0 as usize)?;
        let less = node.quantity.checked_sub(quantity).filter(|less| *less > 0 && quantity > 0)?;
        node.quantity = quantity;
        let (side, price) = (node.side, node.price);
        let mut level = self.level(side, price);
        level.quantity -= less;
        self.put(side, price, level);
        Some(())
    }

    /// The best `count` levels of one side: price and shares.
    pub fn depth(&self, side: Side, count: usize) -> impl Iterator<Item = (i64, u64)> + '_ {
        std::iter::successors(self.best(side), move |price| self.behind(side, *price))
            .take(count)
            .map(move |price| (price, self.level(side, price).quantity))
    }

    /// The best price of one side.
    pub fn best(&self, side: Side) -> Option<i64> {
        match side {
            Side::Buy => self.best_bid(),
            Side::Sell => self.best_ask(),
        }
    }

    /// The best price of one side at which someone else than `owner` has an order.
    pub fn best_of_others(&self, side: Side, owner: u32) -> Option<i64> {
        let mut price = self.best(side);
        while let Some(at) = price {
            let mut slot = self.level(side, at).head;
            while let Some(node) = self.nodes.get(slot as usize) {
                if node.owner != owner {
                    return price;
                }
                slot = node.next;
            }
            price = self.behind(side, at);
        }
        None
    }

    /// The order that an incoming one of the other side would meet first.
    #[inline]
    pub fn front(&self, side: Side) -> Option<Resting> {
        let price = self.best(side)?;
        self.nodes.get(self.level(side, price).head as usize).map(Resting::of)
    }

    /// What rests on one side, in the order that it would be met.
    pub fn resting(&self, side: Side) -> impl Iterator<Item = Resting> + '_ {
        let node = |slot: u32| self.nodes.get(slot as usize);
        std::iter::successors(self.best(side), move |price| self.behind(side, *price))
            .flat_map(move |price| {
                let first = node(self.level(side, price).head);
                std::iter::successors(first, move |one| node(one.next))
            })
            .map(Resting::of)
    }

    /// The next price behind `price`, away from the market.
    fn behind(&self, side: Side, price: i64) -> Option<i64> {
        let near = price.saturating_sub(self.base);
        match side {
            Side::Buy => {
                let near = self.bids.last_to(near.saturating_sub(1)).map(|at| at + self.base);
                let far = self.far_bids.range(..price).next_back().map(|(price, _)| *price);
                near.max(far)
            }
            Side::Sell => {
                let near = self.asks.first_from(near.saturating_add(1)).map(|at| at + self.base);
                let far = self.far_asks.range(price.saturating_add(1)..).next();
                match (near, far.map(|(price, _)| *price)) {
                    (Some(near), Some(far)) => Some(near.min(far)),
                    (near, far) => near.or(far),
                }
            }
        }
    }

    #[inline]
    fn offset(&self, price: i64) -> Option<usize> {
        usize::try_from(price.wrapping_sub(self.base)).ok().filter(|at| *at < WINDOW)
    }

    #[inline]
    fn level(&self, side: Side, price: i64) -> Level {
        let found = match self.offset(price) {
            Some(at) => self.levels.get(at),
            None => self.far(side).get(&price),
        };
        found.copied().unwrap_or(Level::EMPTY)
    }

    /// Writes a level back, and moves the best price on when it has become empty.
    #[inline]
    fn put(&mut self, side: Side, price: i64, level: Level) {
        let empty = level.head == NIL;
        if let Some(at) = self.offset(price) {
            if empty {
                self.bits(side).clear(at);
            } else {
                self.bits(side).set(at);
            }
            if let Some(kept) = self.levels.get_mut(at) {
                *kept = level;
            }
        } else {
            let far = self.far_mut(side);
            if empty {
                far.remove(&price);
            } else {
                far.insert(price, level);
            }
        }
        if empty {
            self.forget(side, price);
        }
    }

    #[inline]
    fn forget(&mut self, side: Side, price: i64) {
        match side {
            Side::Buy if price == self.best_bid => {
                let near = self.bids.last().map_or(i64::MIN, |at| at + self.base);
                let far = self.far_bids.last_key_value().map_or(i64::MIN, |(price, _)| *price);
                self.best_bid = near.max(far);
            }
            Side::Sell if price == self.best_ask => {
                let near = self.asks.first().map_or(i64::MAX, |at| at + self.base);
                let far = self.far_asks.first_key_value().map_or(i64::MAX, |(price, _)| *price);
                self.best_ask = near.min(far);
            }
            _ => {}
        }
    }

    fn far(&self, side: Side) -> &BTreeMap<i64, Level> {
        match side {
            Side::Buy => &self.far_bids,
            Side::Sell => &self.far_asks,
        }
    }

    fn far_mut(&mut self, side: Side) -> &mut BTreeMap<i64, Level> {
        match side {
            Side::Buy => &mut self.far_bids,
            Side::Sell => &mut self.far_asks,
        }
    }

    #[inline]
    fn bits(&mut self, side: Side) -> &mut Bits {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }

    #[inline]
    fn claim(&mut self, node: Node) -> u32 {
        let slot = self.free;
        if let Some(free) = self.nodes.get_mut(slot as usize) {
            self.free = free.next;
            *free = node;
            return slot;
        }
        self.nodes.push(node);
        u32::try_from(self.nodes.len() - 1).unwrap_or(NIL)
    }

    /// Lays the window around the market, when the market has left its middle half; an order far
    /// from the market does not move it.
    #[cold]
    fn recentre(&mut self, price: i64) {
        let centre = match (self.best_bid(), self.best_ask()) {
            (Some(bid), Some(ask)) => bid.midpoint(ask),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => price,
        };
        if self.resting > 0 && centre.abs_diff(self.base.saturating_add(HALF)) <= 1_024 {
            return;
        }
        let mut moved = Vec::new();
        for side in [Side::Buy, Side::Sell] {
            let mut at = self.best(side);
            while let Some(price) = at {
                moved.push((side, price, self.level(side, price)));
                at = self.behind(side, price);
            }
        }
        for (_, price, _) in &moved {
            if let Some(level) = self.offset(*price).and_then(|at| self.levels.get_mut(at)) {
                *level = Level::EMPTY;
            }
        }
        self.bids = Bits::default();
        self.asks = Bits::default();
        self.far_bids.clear();
        self.far_asks.clear();
        self.base = centre.saturating_sub(HALF);
        for (side, price, level) in moved {
            self.put(side, price, level);
        }
    }

    /// Fills ladder, bitmaps and best prices from the slab, after it was read back.
    fn rebuild(base: i64, nodes: Vec<Node>, free: u32) -> Option<Self> {
        let mut book = Self { base, free, ..Self::default() };
        book.resting = nodes.iter().filter(|node| node.quantity > 0).count();
        let mut seen = 0;
        for (slot, first) in (0_u32..).zip(&nodes) {
            if first.quantity == 0 || first.prev != NIL {
                continue;
            }
            let mut level = Level { quantity: 0, head: slot, tail: slot };
            let mut at = slot;
            while let Some(node) = nodes.get(at as usize) {
                level.quantity = level.quantity.checked_add(node.quantity)?;
                level.tail = at;
                at = node.next;
                seen += 1;
                if seen > book.resting || node.side != first.side || node.price != first.price {
                    return None;
                }
            }
            book.put(first.side, first.price, level);
            match first.side {
                Side::Buy => book.best_bid = book.best_bid.max(first.price),
                Side::Sell => book.best_ask = book.best_ask.min(first.price),
            }
        }
        book.nodes = nodes;
        (seen == book.resting).then_some(book)
    }
}

impl Serialize for Book {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.base, &self.nodes, self.free).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Book {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (base, nodes, free) = Deserialize::deserialize(deserializer)?;
        Self::rebuild(base, nodes, free)
            .ok_or_else(|| serde::de::Error::custom("the book's links are inconsistent"))
    }
}
