//! One contract on the exchange: its market, its book, and what waits on its price.

use std::collections::{BTreeSet, VecDeque};

use access::moment::Time;
use rust_decimal::Decimal;
use serde::Serialize;

use crate::bar::{Kept as Bars, Series, split_price};
use crate::book::{Book, HOUSE, Handle};
use crate::calendar::{Day, TradingSession};
use crate::instrument::{Instrument, Manner};
use crate::margin::Exposure;
use crate::market::{FINE, LEVELS, Process};
use crate::order::{Order, OrderId, Side};
use crate::path::{Block, Path, Stretch};
use crate::price::Ticks;
use crate::quote::{Level, Quote};

use super::hours::{Span, Spans};

/// One-minute bars kept: five days.
const MINUTES_KEPT: u32 = 5 * 24 * 60;
/// Seconds of trading that these are made of, and a few more.
pub(crate) const MINUTES_KEPT_FOR: i64 = (MINUTES_KEPT as i64 + 4) * 60;
/// Five-second bars kept: two hours.
const FIVES_KEPT: u32 = 2 * 720;
/// Seconds of trading that these are made of, and a few more.
const FIVES_KEPT_FOR: i64 = (FIVES_KEPT as i64 + 4) * 5;
/// Daily bars kept, apart from those of history: ten years.
const DAYS_KEPT: usize = 3_660;

/// The prices at which orders wait: those of clients in the book, and stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reach {
    bid: i64,
    ask: i64,
    buy_stop: i64,
    sell_stop: i64,
}

/// Seconds that were searched: nothing that waited at these prices traded in them.
#[derive(Debug, Clone, Copy)]
struct Quiet {
    path: Path,
    reach: Reach,
    through: i64,
}

#[derive(Debug, Clone)]
pub(crate) struct Listing {
    pub(crate) process: Process,
    /// The trading day's path, under rule 2. A snapshot keeps it apart, for the first format knows
    /// none.
    pub(crate) path: Option<Path>,
    quiet: Option<Quiet>,
    /// How it is quoted. It follows from the instrument and the rule, and no snapshot has it.
    pub(crate) manner: Manner,
    /// When it trades on this trading day. It follows from the day, and no snapshot has it.
    pub(crate) spans: Spans,
    pub(crate) book: Book,
    /// The makers' orders in the book; `None` where one was taken. Empty: they are not in the
    /// book. They come when an order of this second needs them and go with the next second, so
    /// that a second that nobody trades in costs nothing.
    makers: Vec<Option<Handle>>,
    /// Stops that wait, by trigger.
    buy_stops: BTreeSet<(i64, OrderId)>,
    /// By trigger below zero: the highest is the first to be reached.
    sell_stops: BTreeSet<(i64, OrderId)>,
    /// Market orders that want more than the quotes had.
    pub(crate) sweeping: Vec<OrderId>,
    pub(crate) last: i64,
    last_size: u64,
    last_second: i64,
    open: i64,
    high: i64,
    low: i64,
    pub(crate) previous_close: i64,
    volume: u64,
    /// It has traded on this trading day.
    traded: bool,
    /// Lowest and highest price since stops were last looked at.
    swing: Option<(i64, i64)>,
    pub(crate) minutes: Series,
    pub(crate) fives: Series,
    pub(crate) days: VecDeque<Bars>,
}

/// A contract in a snapshot: its market and what waits there, what the first ledger's orders bind,
/// and what has traded.
pub(crate) type Kept = (Waiting, Exposure, Tape);
type Waiting = (
    Process,
    Book,
    Vec<Option<Handle>>,
    BTreeSet<(i64, OrderId)>,
    BTreeSet<(i64, OrderId)>,
    Vec<OrderId>,
);
type Traded = (i64, u64, i64, i64, i64, i64, i64, u64, bool);
type Tape = (Traded, Option<(i64, i64)>, Series, Series, VecDeque<Bars>);

impl Reach {
    /// What waits at the other prices would not trade where nothing at these did.
    const fn holds(&self, other: &Self) -> bool {
        other.bid <= self.bid
            && other.ask >= self.ask
            && other.buy_stop >= self.buy_stop
            && other.sell_stop <= self.sell_stop
    }
}

impl Listing {
    /// A market that begins with this price, at a second.
    pub(crate) fn new(process: Process, close: i64, manner: Manner, at: i64) -> Self {
        Self {
            process,
            path: None,
            quiet: None,
            manner,
            spans: Spans::default(),
            book: Book::default(),
            makers: Vec::new(),
            buy_stops: BTreeSet::new(),
            sell_stops: BTreeSet::new(),
            sweeping: Vec::new(),
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

    /// What a snapshot has of its trading day.
    const fn day(&self) -> Traded {
        (
            self.last,
            self.last_size,
            self.last_second,
            self.open,
            self.high,
            self.low,
            self.previous_close,
            self.volume,
            self.traded,
        )
    }

    /// Its place in a snapshot.
    pub(crate) fn kept<'a>(&'a self, exposure: &'a Exposure) -> impl Serialize + 'a {
        let waiting = (
            &self.process,
            &self.book,
            &self.makers,
            &self.buy_stops,
            &self.sell_stops,
            &self.sweeping,
        );
        (waiting, exposure, (self.day(), self.swing, &self.minutes, &self.fives, &self.days))
    }

    /// All that a snapshot has of it.
    pub(crate) fn whole(&self, exposure: Exposure) -> Kept {
        let waiting = (
            self.process,
            self.book.clone(),
            self.makers.clone(),
            self.buy_stops.clone(),
            self.sell_stops.clone(),
            self.sweeping.clone(),
        );
        let bars = (self.minutes.clone(), self.fives.clone(), self.days.clone());
        (waiting, exposure, (self.day(), self.swing, bars.0, bars.1, bars.2))
    }

    /// From its place in a snapshot.
    pub(crate) fn of_kept((waiting, exposure, tape): Kept) -> (Self, Exposure) {
        let (process, book, makers, buy_stops, sell_stops, sweeping) = waiting;
        let (day, swing, minutes, fives, days) = tape;
        let (last, last_size, last_second, open, high, low, previous_close, volume, traded) = day;
        let listing = Self {
            process,
            path: None,
            quiet: None,
            manner: Manner::PLAIN,
            spans: Spans::default(),
            book,
            makers,
            buy_stops,
            sell_stops,
            sweeping,
            last,
            last_size,
            last_second,
            open,
            high,
            low,
            previous_close,
            volume,
            traded,
            swing,
            minutes,
            fives,
            days,
        };
        (listing, exposure)
    }

    /// The makers' orders of this second are in the book.
    pub(crate) fn has_makers(&self) -> bool {
        !self.makers.is_empty()
    }

    /// Something was traded here on this trading day.
    pub(crate) const fn has_traded(&self) -> bool {
        self.traded
    }

    /// A fair price between these ticks could do something to an order of a client.
    pub(super) fn may_touch(&self, low: i64, high: i64) -> bool {
        let reach = self.reach();
        let (down, up) = (reach.bid.max(reach.sell_stop), reach.ask.min(reach.buy_stop));
        down >= low.saturating_sub(self.manner.reach(low))
            || up <= high.saturating_add(self.manner.reach(high))
    }

    /// A second passes in which nobody trades.
    pub(crate) fn rest(&mut self) {
        self.withdraw();
        self.swing = None;
    }

    /// Somebody waits on this price.
    pub(crate) fn is_watched(&self) -> bool {
        !self.sweeping.is_empty()
            || !self.buy_stops.is_empty()
            || !self.sell_stops.is_empty()
            || !self.book.is_empty()
    }

    /// The second that `next` describes would do something to an order of a client.
    pub(crate) fn touches(&self, next: &Process) -> bool {
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

    /// The path of some hours of trading: the one that there is, or a new one from where the price is.
    pub(crate) fn path_in(&self, span: Span) -> Path {
        let own = self.path.filter(|path| path.is_within(span.open, span.close));
        own.unwrap_or_else(|| Path::new(&self.process, span.open - 1, span.close - span.open))
    }

    /// The market at a second of some hours of trading, from rule 2 on.
    pub(crate) fn at(&self, second: i64, span: Span) -> Process {
        self.process.at(&self.path_in(span).block(second), second, &self.manner)
    }

    pub(super) fn reach(&self) -> Reach {
        let buy_stop = self.buy_stops.first().map_or(i64::MAX, |(trigger, _)| *trigger);
        let sell_stop = self.sell_stops.first().map_or(i64::MIN, |(trigger, _)| -*trigger);
        let bid = self.book.best_of_others(Side::Buy, HOUSE).unwrap_or(i64::MIN);
        let ask = self.book.best_of_others(Side::Sell, HOUSE).unwrap_or(i64::MAX);
        Reach { bid, ask, buy_stop, sell_stop }
    }

    /// The first second of a stretch of some hours of trading that would do something to an order of a
    /// client, from rule 2 on.
    pub(crate) fn first_touched(&mut self, stretch: Stretch, span: Span) -> Option<i64> {
        if !self.is_watched() {
            return None;
        }
        if !self.sweeping.is_empty() {
            return Some(stretch.from);
        }
        let (path, reach) = (self.path_in(span), self.reach());
        let known = self.quiet.filter(|quiet| quiet.path == path && quiet.reach.holds(&reach));
        let searched = known.map_or(stretch.from, |quiet| stretch.from.max(quiet.through + 1));
        let found = self.search(&path, Stretch { from: searched, ..stretch }, reach);
        let through = found.map_or(stretch.to.max(searched - 1), |second| second - 1);
        self.quiet = Some(Quiet { path, reach, through });
        found
    }

    fn search(&self, path: &Path, stretch: Stretch, reach: Reach) -> Option<i64> {
        let (down, up) = (reach.bid.max(reach.sell_stop), reach.ask.min(reach.buy_stop));
        let (shift, manner) = (self.manner.shift, &self.manner);
        let may = |low: i64, high: i64| {
            let (low, high) = (low - shift, high - shift);
            down >= low.saturating_sub(manner.reach(low))
                || up <= high.saturating_add(manner.reach(high))
        };
        path.find(stretch, &may, &mut |block| {
            let within = block.trades.of(stretch);
            (within.from..=within.to).find(|second| {
                let fair = block.fair(*second) / FINE;
                may(fair, fair) && self.touches(&self.process.at(block, *second, manner))
            })
        })
    }

    /// Seconds of a trading day's path that touch no client's order, all at once. Bars that end before
    /// `keep` are gone before anybody looks: those are not made.
    pub(crate) fn pass_all(&mut self, stretch: Stretch, span: Span, keep: i64) {
        self.withdraw();
        let path = self.path_in(span);
        self.path = Some(path);
        self.swing = None;
        let closed = stretch.to.min(keep.saturating_sub(1));
        if closed <= stretch.from {
            return self.draw(&path, stretch);
        }
        // The first second may begin the day.
        self.draw(&path, Stretch { to: stretch.from, ..stretch });
        self.close(&path, Stretch { from: stretch.from + 1, to: closed });
        self.draw(&path, Stretch { from: closed + 1, ..stretch });
    }

    /// What seconds come to for the day, without their bars.
    fn close(&mut self, path: &Path, stretch: Stretch) {
        let (mut high, mut low) = (self.high, -self.low);
        let manner = &self.manner;
        for (sign, best) in [(1, &mut high), (-1, &mut low)] {
            path.peak(stretch, (sign, best), manner, &|block| {
                block.prices(stretch, manner).map(|price| sign * price).max().unwrap_or(i64::MIN)
            });
        }
        (self.high, self.low) = (high, -low);
        let volume: u64 =
            path.trades(stretch).map(|trades| trades.volume(trades.bits(trades.of(stretch)))).sum();
        self.volume = self.volume.saturating_add(volume);
        let last = path.trades(stretch).rev().find_map(|trades| {
            let bits = trades.bits(trades.of(stretch)) & trades.prints;
            bits.checked_ilog2().map(|place| (trades.second(place), trades.volume(1 << place)))
        });
        if let Some((second, size)) = last {
            (self.last_second, self.last_size) = (second, size);
            self.last = path.block(second).price(second, &self.manner).1;
        }
        self.process = self.process.at(&path.block(stretch.to), stretch.to, &self.manner);
    }

    /// Seconds with their bars.
    fn draw(&mut self, path: &Path, stretch: Stretch) {
        let fives = stretch.to - FIVES_KEPT_FOR;
        path.find(stretch, &|_, _| true, &mut |block| {
            let within = block.trades.of(stretch);
            let mut from = within.from;
            while from <= within.to {
                // To the end of a minute, or of five seconds where those are kept.
                let length = if within.to > fives { 5 } else { 60 };
                let to = within.to.min(from - from.rem_euclid(length) + length - 1);
                self.piece(block, Stretch { from, to }, length == 5);
                from = to + 1;
            }
            if stretch.to <= within.to {
                self.process = self.process.at(block, stretch.to, &self.manner);
            }
            None::<()>
        });
    }

    /// Some seconds of one block and one bar: what [`Self::print`] and [`Self::tick`] come to.
    fn piece(&mut self, block: &Block, stretch: Stretch, fives: bool) {
        let trades = &block.trades;
        let bits = trades.bits(stretch) & trades.prints;
        let mut left = bits;
        if left & trades.bit(stretch.from) != 0 {
            self.last = block.price(stretch.from, &self.manner).1;
            left &= left - 1;
        }
        let open = self.last;
        let (mut low, mut high) = (open, open);
        while left != 0 {
            self.last = block.price(trades.second(left.trailing_zeros()), &self.manner).1;
            (low, high) = (low.min(self.last), high.max(self.last));
            left &= left - 1;
        }
        let volume = trades.volume(bits);
        if let Some(place) = bits.checked_ilog2() {
            self.last_second = trades.second(place);
            self.last_size = trades.volume(1 << place);
        }
        if !self.traded {
            self.traded = true;
            (self.open, self.high, self.low) = (open, open, open);
        }
        (self.low, self.high) = (self.low.min(low), self.high.max(high));
        self.volume = self.volume.saturating_add(volume);
        let kept = Bars {
            at: u32::try_from(stretch.from).unwrap_or(0),
            open: Ticks(open),
            high: Ticks(high),
            low: Ticks(low),
            close: Ticks(self.last),
            volume: u32::try_from(volume).unwrap_or(u32::MAX),
        };
        self.minutes.absorb(kept);
        if fives {
            self.fives.absorb(kept);
        }
    }

    /// A second that touches no client's order.
    #[inline]
    pub(crate) fn pass(&mut self, next: Process, second: i64) {
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
    pub(crate) fn print(&mut self, price: i64, size: u64, second: i64) {
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
    pub(crate) fn tick(&mut self, second: i64, size: u64) {
        if !self.traded {
            self.traded = true;
            (self.open, self.high, self.low) = (self.last, self.last, self.last);
        }
        self.high = self.high.max(self.last);
        self.low = self.low.min(self.last);
        let price = Ticks(self.last);
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        self.minutes.tick(second, price, size);
        self.fives.tick(second, price, size);
    }

    /// Takes the makers' orders out of the book.
    #[inline]
    pub(crate) fn withdraw(&mut self) {
        for handle in self.makers.drain(..).flatten() {
            self.book.cancel(handle);
        }
    }

    /// Lays the makers' quotes of this second into the book, where they are not there yet. None of
    /// them crosses a client's order, or the second would have been a touched one.
    #[inline]
    pub(crate) fn lay(&mut self) {
        if self.makers.is_empty() {
            for side in [Side::Buy, Side::Sell] {
                for (price, size) in &*self.process.levels(side, &self.manner) {
                    self.lay_one(side, *price, *size);
                }
            }
        }
    }

    /// One of them.
    #[inline]
    pub(crate) fn lay_one(&mut self, side: Side, price: i64, size: u64) {
        let handle = (size > 0)
            .then(|| self.book.insert(side, price, size, self.makers.len() as u64, HOUSE));
        self.makers.push(handle);
    }

    /// A maker's order was taken.
    pub(crate) fn taken(&mut self, key: u64) {
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
    pub(crate) fn arm(&mut self, order: &Order) {
        if let Some(stop) = Self::stop(order) {
            self.stops(order.side).insert(stop);
        }
    }

    /// Takes it out again.
    pub(crate) fn disarm(&mut self, order: &Order) {
        if let Some(stop) = Self::stop(order) {
            self.stops(order.side).remove(&stop);
        }
    }

    /// The next stop that the trades since the last look have reached.
    pub(crate) fn reached(&mut self) -> Option<OrderId> {
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
    pub(crate) fn roll(&mut self, day: Day) {
        self.withdraw();
        if !std::mem::take(&mut self.traded) {
            return;
        }
        self.days.push_back(Bars {
            at: day.0.unsigned_abs(),
            open: Ticks(self.open),
            high: Ticks(self.high),
            low: Ticks(self.low),
            close: Ticks(self.last),
            volume: u32::try_from(self.volume).unwrap_or(u32::MAX),
        });
        if self.days.len() > DAYS_KEPT {
            self.days.pop_front();
        }
        self.previous_close = self.last;
        self.volume = 0;
    }

    /// The shares go ex-dividend: all that is asked for them falls by so much.
    pub(crate) fn fall(&mut self, one: &Instrument, amount: Decimal) {
        let ticks = amount.checked_div(one.prices.tick().size()).unwrap_or_default();
        let fine = ticks.saturating_mul(FINE.into()).floor();
        let fine = i64::try_from(fine).unwrap_or_default();
        self.withdraw();
        self.process = self.process.fallen(fine, &self.manner);
        let last = self.last.saturating_sub((fine + FINE - 1).div_euclid(FINE));
        self.last = one.prices.floor(Ticks(last)).max(one.prices.lowest()).0;
        self.swing = None;
    }

    /// So many new shares take the place of so many old ones: its price, and those of its past.
    pub(crate) fn split(&mut self, one: &Instrument, ratio: (u64, u64)) {
        self.withdraw();
        let (new, old) = (i64::try_from(ratio.0).unwrap_or(1), i64::try_from(ratio.1).unwrap_or(1));
        self.process = self.process.split((new, old), &self.manner);
        let last = one.prices.floor(split_price(Ticks(self.last), ratio));
        self.last = last.max(one.prices.lowest()).0;
        for price in [&mut self.open, &mut self.high, &mut self.low, &mut self.previous_close] {
            *price = split_price(Ticks(*price), ratio).0;
        }
        self.last_size = self.last_size.saturating_mul(ratio.0) / ratio.1.max(1);
        Bars::split_all(&mut self.days, ratio);
        self.minutes.split(ratio);
        self.fives.split(ratio);
        self.swing = None;
    }

    /// The trading day so far, when it has traded.
    pub(crate) fn today(&self, session: &TradingSession) -> Option<crate::bar::Bar> {
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
    pub(crate) fn quote(&self, contract: &Instrument, open_now: bool) -> Quote {
        Quote {
            symbol: contract.id,
            tick: contract.prices.tick(),
            step: contract.step,
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
        let quoted = self.process.levels(side, &self.manner);
        let makers: &[(i64, u64)] = if self.makers.is_empty() { &quoted } else { &[] };
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
