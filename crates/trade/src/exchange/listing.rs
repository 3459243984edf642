//! One contract on the exchange: its market, its book, and what waits on its price.

use std::collections::{BTreeSet, VecDeque};

use access::moment::Time;
use serde::{Deserialize, Serialize};

use crate::bar::{Kept, Series};
use crate::book::{Book, HOUSE, Handle};
use crate::calendar::{Day, Hours, Session};
use crate::contract::Contract;
use crate::margin::Exposure;
use crate::market::{LEVELS, Process};
use crate::order::{Order, OrderId, Side};
use crate::price::Ticks;
use crate::quote::{Level, Quote};
use crate::random::mix;

/// One-minute bars kept: five days.
const MINUTES_KEPT: u32 = 5 * 24 * 60;
/// Five-second bars kept: two hours.
const FIVES_KEPT: u32 = 2 * 720;
/// Daily bars kept, apart from those of history: ten years.
const DAYS_KEPT: usize = 3_660;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Listing {
    pub(super) process: Process,
    pub(super) book: Book,
    /// The makers' orders in the book; `None` where one was taken. Empty: they are not in the
    /// book. They come when an order of this second needs them and go with the next second, so
    /// that a second that nobody trades in costs nothing.
    makers: Vec<Option<Handle>>,
    /// Stops that wait, by trigger.
    buy_stops: BTreeSet<(i64, OrderId)>,
    /// By trigger below zero: the highest is the first to be reached.
    sell_stops: BTreeSet<(i64, OrderId)>,
    /// Market orders that want more than the quotes had.
    pub(super) sweeping: Vec<OrderId>,
    pub(super) exposure: Exposure,
    pub(super) last: i64,
    last_size: u64,
    last_second: i64,
    open: i64,
    high: i64,
    low: i64,
    pub(super) previous_close: i64,
    volume: u64,
    /// It has traded on this trading day.
    traded: bool,
    /// Lowest and highest price since stops were last looked at.
    swing: Option<(i64, i64)>,
    pub(super) minutes: Series,
    pub(super) fives: Series,
    pub(super) days: VecDeque<Kept>,
}

impl Listing {
    pub(super) fn new(contract: &Contract, seed: u64, close: i64, hours: Hours, at: i64) -> Self {
        // A day of 6.5 hours moves as far as one of 24, so each second moves 1.9 times as far.
        let volatility = match hours {
            Hours::RoundTheClock => contract.volatility,
            Hours::Real => contract.volatility * 2,
        };
        let lot = (contract.daily_volume / 10_000).clamp(1, 4) * 100;
        let seed = mix(seed ^ mix(contract.id.0.into()));
        Self {
            process: Process::new(seed, close, volatility, lot),
            book: Book::default(),
            makers: Vec::new(),
            buy_stops: BTreeSet::new(),
            sell_stops: BTreeSet::new(),
            sweeping: Vec::new(),
            exposure: Exposure::default(),
            last: close,
            last_size: 0,
            last_second: at,
            open: close,
            high: close,
            low: close,
            previous_close: close,
            volume: 0,
            traded: false,
            swing: None,
            minutes: Series::new(60, MINUTES_KEPT),
            fives: Series::new(5, FIVES_KEPT),
            days: VecDeque::new(),
        }
    }

    /// Somebody waits on this price.
    pub(super) fn is_watched(&self) -> bool {
        !self.sweeping.is_empty()
            || !self.buy_stops.is_empty()
            || !self.sell_stops.is_empty()
            || !self.book.is_empty()
    }

    /// The second that `next` describes would do something to an order of a client.
    pub(super) fn touches(&self, next: &Process) -> bool {
        let bid = self.book.best_of_others(Side::Buy, HOUSE);
        let ask = self.book.best_of_others(Side::Sell, HOUSE);
        if !self.sweeping.is_empty()
            || bid.is_some_and(|bid| bid >= next.ask)
            || ask.is_some_and(|ask| ask <= next.bid)
        {
            return true;
        }
        let Some(print) = next.print else { return false };
        let hit = match print.side {
            Side::Buy => ask.is_some_and(|ask| ask <= print.price),
            Side::Sell => bid.is_some_and(|bid| bid >= print.price),
        };
        hit || self.buy_stops.first().is_some_and(|(trigger, _)| print.price >= *trigger)
            || self.sell_stops.first().is_some_and(|(trigger, _)| print.price <= -*trigger)
    }

    /// A second that touches no client's order.
    #[inline]
    pub(super) fn pass(&mut self, next: Process, second: i64) {
        self.withdraw();
        self.process = next;
        match next.print {
            Some(print) => self.print(print.price, print.size, second),
            None => self.tick(second, 0),
        }
        self.swing = None;
    }

    /// A trade at a price: last, range and volume of the day, and the bars.
    #[inline]
    pub(super) fn print(&mut self, price: i64, size: u64, second: i64) {
        self.last = price;
        self.last_size = size;
        self.last_second = second;
        self.volume = self.volume.saturating_add(size);
        let (low, high) = self.swing.unwrap_or((price, price));
        self.swing = Some((low.min(price), high.max(price)));
        self.tick(second, size);
    }

    /// The last price again, in a second without a trade; it keeps the bars whole.
    #[inline]
    pub(super) fn tick(&mut self, second: i64, size: u64) {
        if !self.traded {
            self.traded = true;
            (self.open, self.high, self.low) = (self.last, self.last, self.last);
        }
        self.high = self.high.max(self.last);
        self.low = self.low.min(self.last);
        let price = u32::try_from(self.last).unwrap_or(u32::MAX);
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        self.minutes.tick(second, price, size);
        self.fives.tick(second, price, size);
    }

    /// Takes the makers' orders out of the book.
    #[inline]
    pub(super) fn withdraw(&mut self) {
        for handle in self.makers.drain(..).flatten() {
            self.book.cancel(handle);
        }
    }

    /// Lays the makers' quotes of this second into the book, where they are not there yet. None of
    /// them crosses a client's order, or the second would have been a touched one.
    #[inline]
    pub(super) fn lay(&mut self) {
        if self.makers.is_empty() {
            for side in [Side::Buy, Side::Sell] {
                for (price, size) in self.process.levels(side) {
                    self.lay_one(side, price, size);
                }
            }
        }
    }

    /// One of them.
    #[inline]
    pub(super) fn lay_one(&mut self, side: Side, price: i64, size: u64) {
        let handle = (size > 0)
            .then(|| self.book.insert(side, price, size, self.makers.len() as u64, HOUSE));
        self.makers.push(handle);
    }

    /// A maker's order was taken.
    pub(super) fn taken(&mut self, key: u64) {
        let at = usize::try_from(key).ok();
        if let Some(handle) = at.and_then(|at| self.makers.get_mut(at)) {
            *handle = None;
        }
    }

    fn stop(order: &Order) -> Option<(i64, OrderId)> {
        let trigger = order.order_type.trigger()?.0;
        Some((if order.side == Side::Buy { trigger } else { -trigger }, order.id))
    }

    fn stops(&mut self, side: Side) -> &mut BTreeSet<(i64, OrderId)> {
        match side {
            Side::Buy => &mut self.buy_stops,
            Side::Sell => &mut self.sell_stops,
        }
    }

    /// Puts a stop among those that wait.
    pub(super) fn arm(&mut self, order: &Order) {
        if let Some(stop) = Self::stop(order) {
            self.stops(order.side).insert(stop);
        }
    }

    /// Takes it out again.
    pub(super) fn disarm(&mut self, order: &Order) {
        if let Some(stop) = Self::stop(order) {
            self.stops(order.side).remove(&stop);
        }
    }

    /// The next stop that the trades since the last look have reached.
    pub(super) fn reached(&mut self) -> Option<OrderId> {
        let (low, high) = self.swing?;
        let buy = self.buy_stops.first().filter(|(trigger, _)| high >= *trigger);
        if let Some(stop) = buy.copied() {
            self.buy_stops.remove(&stop);
            return Some(stop.1);
        }
        let sell = self.sell_stops.first().filter(|(trigger, _)| low <= -*trigger);
        if let Some(stop) = sell.copied() {
            self.sell_stops.remove(&stop);
            return Some(stop.1);
        }
        self.swing = None;
        None
    }

    /// Ends a trading day.
    pub(super) fn roll(&mut self, day: Day) {
        self.withdraw();
        if !std::mem::take(&mut self.traded) {
            return;
        }
        let short = |price: i64| u32::try_from(price).unwrap_or(u32::MAX);
        self.days.push_back(Kept {
            at: day.0.unsigned_abs(),
            open: short(self.open),
            high: short(self.high),
            low: short(self.low),
            close: short(self.last),
            volume: u32::try_from(self.volume).unwrap_or(u32::MAX),
        });
        if self.days.len() > DAYS_KEPT {
            self.days.pop_front();
        }
        self.previous_close = self.last;
        self.volume = 0;
    }

    /// The trading day so far, when it has traded.
    pub(super) fn today(&self, session: &Session) -> Option<crate::bar::Bar> {
        self.traded.then(|| crate::bar::Bar {
            time: Time::from_seconds(session.open),
            day: session.day,
            open: Ticks(self.open),
            high: Ticks(self.high),
            low: Ticks(self.low),
            close: Ticks(self.last),
            volume: self.volume,
            derived: false,
        })
    }

    /// The prices as anyone may see them.
    pub(super) fn quote(&self, contract: &Contract, open_now: bool) -> Quote {
        Quote {
            symbol: contract.id,
            open_now,
            bids: self.depth(Side::Buy, open_now),
            asks: self.depth(Side::Sell, open_now),
            last: Ticks(self.last),
            last_size: self.last_size,
            last_time: Time::from_seconds(self.last_second),
            open: Ticks(self.open),
            high: Ticks(self.high),
            low: Ticks(self.low),
            close: Ticks(self.previous_close),
            volume: self.volume,
        }
    }

    /// Makers and clients together, whether the makers are in the book or not.
    fn depth(&self, side: Side, open_now: bool) -> Vec<Level> {
        if !open_now {
            return Vec::new();
        }
        let makers: &[(i64, u64)] =
            if self.makers.is_empty() { &self.process.levels(side) } else { &[] };
        let mut all: Vec<(i64, u64)> =
            self.book.depth(side, LEVELS).chain(makers.iter().copied()).collect();
        all.sort_unstable_by_key(|(price, _)| if side == Side::Buy { -price } else { *price });
        let mut levels: Vec<Level> = Vec::with_capacity(LEVELS);
        for (price, size) in all {
            let count = levels.len();
            match levels.last_mut() {
                Some(level) if level.price == Ticks(price) => level.size += size,
                _ if count == LEVELS => break,
                _ => levels.push(Level { price: Ticks(price), size }),
            }
        }
        levels
    }
}
