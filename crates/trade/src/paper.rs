//! The paper venue: simulated markets, and the books in which orders of accounts meet them and each
//! other. It answers at once.
//!
//! An incoming order is stopped before it meets an order of another ledger after it has traded, and
//! after each trade with one: the trade is booked first, because it may take other orders of that
//! ledger away. While the market is closed nothing trades: an order that would meet another ledger's
//! waits for the opening.

use access::entitlements::Side;
use access::id::SymbolId;
use access::moment::Time;
use std::sync::Arc;

use crate::book::{HOUSE, Handle};
use crate::calendar::{Day, Hours, TradingSession};
use crate::instrument::{Instrument, Instruments};
use crate::journal::Genesis;
use crate::market::Process;
use crate::order::{End, Order, OrderId, Shares, TimeInForce, reaches};
use crate::path::{Path, Stretch};
use crate::price::Ticks;
use crate::quote::{Quote, Quotes};
use crate::venue::{Arrival, Met, Owner, Then, Venue, VenueAnswer};

mod chart;
pub(crate) mod listing;

use listing::{Listing, MINUTES_KEPT_FOR};

/// The markets. Exchange and snapshots reach into it; ledgers only through [`Venue`].
#[derive(Debug, Clone)]
pub(crate) struct Paper {
    pub(crate) instruments: Arc<Instruments>,
    pub(crate) listings: Vec<Listing>,
    pub(crate) hours: Hours,
    /// The time that the markets have come to, in whole or on the way to the next second.
    pub(crate) now: Time,
    /// The last second of the grid that has been made.
    pub(crate) step: i64,
    pub(crate) session: TradingSession,
    /// The trading day of the genesis; history ends before it.
    pub(crate) first: Day,
    /// By which rule the markets move.
    pub(crate) rule: u16,
    /// The second that they are on their way to.
    pub(crate) horizon: i64,
}

impl Paper {
    pub(crate) fn new(genesis: &Genesis, instruments: Arc<Instruments>) -> Self {
        let session = TradingSession::at(genesis.at.seconds(), genesis.hours);
        let listings = instruments.all().iter().enumerate().map(|(at, one)| {
            let close = instruments.past(at).last().map_or(one.start.0, |day| day.close);
            Listing::new(one, genesis.seed, close, genesis.hours, session.start)
        });
        Self {
            listings: listings.collect(),
            instruments,
            hours: genesis.hours,
            now: Time::from_seconds(session.start - 1),
            step: session.start - 1,
            session,
            first: session.day,
            rule: genesis.market_rule,
            horizon: 0,
        }
    }

    /// Passes, under rule 2, the seconds of this trading day before the first that touches a
    /// client's order; false when there are none.
    pub(crate) fn pass_quiet(&mut self, target: i64) -> bool {
        let from = self.step + 1;
        if self.rule < 2 || !self.session.is_open(from) {
            return false;
        }
        let (session, mut to) = (self.session, target.min(self.session.close - 1));
        for listing in &mut self.listings {
            if let Some(second) = listing.first_touched(Stretch { from, to }, &session) {
                to = to.min(second - 1);
            }
        }
        if to < from {
            return false;
        }
        let keep = self.keep_from(self.horizon.max(to));
        for listing in &mut self.listings {
            listing.pass_all(Stretch { from, to }, &session, keep);
        }
        self.step = to;
        self.now = self.now.max(Time::from_seconds(to));
        true
    }

    /// The first second whose minute is still kept at `end`.
    fn keep_from(&self, end: i64) -> i64 {
        let hours = self.hours;
        if end - self.step < MINUTES_KEPT_FOR {
            return i64::MIN;
        }
        let (mut session, mut left) = (TradingSession::at(end, hours), MINUTES_KEPT_FOR);
        loop {
            let traded = end.min(session.close) - session.open;
            if traded >= left || session.roll < self.step {
                return session.close.min(end) - left;
            }
            left -= traded.max(0);
            session = TradingSession::of_day(session.day.plus(-1), hours);
        }
    }

    /// From here on the markets follow this rule. A rule never goes back.
    pub(crate) fn follow_rule(&mut self, rule: u16) {
        if rule <= self.rule {
            return;
        }
        self.rule = rule;
        if self.session.is_open(self.step) {
            let left = self.session.close - 1 - self.step;
            for listing in &mut self.listings {
                listing.path = Some(Path::new(&listing.process, self.step, left));
            }
        }
    }

    /// Whether a second of a session would do something to a client's order.
    pub(crate) fn any_touched(&self, second: i64, session: &TradingSession) -> bool {
        session.is_open(second)
            && self.listings.iter().any(|listing| {
                listing.is_watched() && listing.touches(&self.next_of(listing, second, session))
            })
    }

    /// A market at the next second, by the rule.
    fn next_of(&self, listing: &Listing, second: i64, session: &TradingSession) -> Process {
        if self.rule < 2 { listing.process.stepped() } else { listing.at(second, session) }
    }

    /// A contract's market at the next second, when that would do something to a client's order.
    /// Otherwise, or when nobody `asks`, it is there already.
    pub(crate) fn pass(&mut self, at: usize, second: i64, asks: bool) -> Option<Process> {
        let session = self.session;
        let listing = self.listings.get_mut(at)?;
        let next = if self.rule >= 2 {
            listing.path = Some(listing.path_in(&session));
            listing.at(second, &session)
        } else {
            listing.process.stepped()
        };
        if asks && listing.is_watched() && listing.touches(&next) {
            return Some(next);
        }
        listing.pass(next, second);
        None
    }

    /// Passes over closed hours: to the second before the market opens or the day rolls.
    pub(crate) fn rest_until(&mut self, target: i64) {
        let until =
            if self.step < self.session.open { self.session.open } else { self.session.roll };
        self.step = self.step.max(target.min(until - 1));
        for listing in &mut self.listings {
            listing.withdraw();
        }
    }

    /// Ends the trading day's markets.
    pub(crate) fn roll(&mut self) {
        for listing in &mut self.listings {
            listing.roll(self.session.day);
        }
    }

    /// The next stop that a contract's trades have reached.
    pub(crate) fn reached(&mut self, at: usize) -> Option<OrderId> {
        self.listings.get_mut(at)?.reached()
    }

    /// Prices of all contracts. Cheap: about ten microseconds.
    pub(crate) fn quotes(&self) -> Quotes {
        let listed = self.instruments.all().iter().zip(&self.listings);
        let open = Venue::is_open(self);
        Quotes { time: self.now, all: listed.map(|(c, listing)| listing.quote(c, open)).collect() }
    }

    fn listed(&self, symbol: SymbolId) -> Option<(&Instrument, &Listing)> {
        let at = self.instruments.index(symbol)?;
        Some((self.instruments.at(at)?, self.listings.get(at)?))
    }

    /// Writes a trade with a resting order down; true when that was a maker's, which nobody books.
    pub(crate) fn print(&mut self, at: usize, fill: crate::book::Fill) -> bool {
        let second = self.step;
        let Some(listing) = self.listings.get_mut(at) else { return false };
        listing.print(fill.price, fill.quantity, second);
        if fill.owner == HOUSE && fill.done {
            listing.taken(fill.key);
        }
        fill.owner == HOUSE
    }

    /// An incoming order of others, one resting order at a time, because a fill may take other
    /// orders of the same client away: the next trade within `left` shares, and what is left then.
    pub(crate) fn hit(
        &mut self,
        at: usize,
        (side, limit): (Side, i64),
        left: Shares,
    ) -> Option<(crate::book::Fill, Shares)> {
        let listing = self.listings.get_mut(at)?;
        let front = listing.book.front(side.opposite())?;
        if left == 0 || !reaches(side, limit, front.price) {
            return None;
        }
        let wanted = left.min(front.quantity);
        let mut met = None;
        let taken = listing.book.take(side, limit, wanted, HOUSE, |fill| met = Some(fill));
        Some((met?, left - (wanted - taken.remaining)))
    }
}

/// Shares that an order that wants all or nothing would surely get.
fn available(
    listing: &Listing,
    arrival: &Arrival,
    worst: i64,
    firm: &dyn Fn(Owner, OrderId) -> bool,
) -> Shares {
    let resting = listing.book.resting(arrival.side.opposite());
    let mut found: Shares = 0;
    for one in resting.take_while(|one| reaches(arrival.side, worst, one.price)) {
        let own = one.owner == arrival.owner;
        if found >= arrival.shares || (own && !arrival.passes_own) {
            break;
        }
        if one.owner == HOUSE || !own && firm(one.owner, OrderId(one.key)) {
            found = found.saturating_add(one.quantity);
        }
    }
    found.min(arrival.shares)
}

/// Trades an arrival with what it meets, up to where a trade must be booked first.
fn trade(listing: &mut Listing, arrival: &Arrival, worst: i64) -> (Met, Shares) {
    let Arrival { side, owner, .. } = *arrival;
    let (mut fills, mut left) = (Vec::new(), arrival.shares);
    while left > 0 {
        let front = listing.book.front(side.opposite());
        let Some(front) = front.filter(|front| reaches(side, worst, front.price)) else { break };
        let foreign = front.owner != HOUSE;
        if front.owner == owner {
            return (Met { fills, then: Then::Own(OrderId(front.key)) }, left);
        }
        if foreign && !fills.is_empty() {
            break;
        }
        let wanted = left.min(front.quantity);
        let taken = listing.book.take(side, worst, wanted, owner, |fill| fills.push(fill));
        left -= wanted - taken.remaining;
        if foreign {
            break;
        }
    }
    let then = if left > 0 && !fills.is_empty() { Then::Again } else { Then::Nothing };
    (Met { fills, then }, left)
}

impl Venue for Paper {
    fn submit(
        &mut self,
        arrival: &Arrival,
        firm: &dyn Fn(Owner, OrderId) -> bool,
    ) -> VenueAnswer<Met> {
        let ends = |end| VenueAnswer::Done(Met { fills: Vec::new(), then: Then::Ends(end) });
        let is_open = self.session.is_open(self.step);
        let Arrival { side, limit, .. } = *arrival;
        let Some(listing) = self.listings.get_mut(arrival.at) else { return ends(End::NoQuotes) };
        if let Some(place) = arrival.place {
            listing.book.cancel(place);
        }
        if is_open {
            listing.lay();
        } else if limit.is_none() {
            return ends(End::NoQuotes);
        }
        let worst = limit.unwrap_or(if side == Side::Buy { i64::MAX } else { i64::MIN });
        let front = listing.book.front(side.opposite());
        let waits = !is_open
            && front.is_some_and(|front| {
                front.owner != arrival.owner && reaches(side, worst, front.price)
            });
        if arrival.tif == TimeInForce::Fok && arrival.fresh {
            let available = if waits { 0 } else { available(listing, arrival, worst, firm) };
            if available < arrival.shares {
                return ends(End::NotFillable { available });
            }
        }
        let (mut met, left) = if waits {
            (Met { fills: Vec::new(), then: Then::Nothing }, arrival.shares)
        } else {
            trade(listing, arrival, worst)
        };
        if left == 0 || met.then != Then::Nothing {
            return VenueAnswer::Done(met);
        }
        met.then = match (arrival.tif, limit) {
            (TimeInForce::Ioc | TimeInForce::Fok, _) => Then::Ends(End::Remainder),
            (_, Some(price)) if !waits => {
                Then::Rests(listing.book.insert(side, price, left, arrival.order.0, arrival.owner))
            }
            _ => {
                if !listing.sweeping.contains(&arrival.order) {
                    listing.sweeping.push(arrival.order);
                }
                Then::Nothing
            }
        };
        VenueAnswer::Done(met)
    }

    fn arm(&mut self, at: usize, order: &Order) -> VenueAnswer<bool> {
        let is_open = self.session.is_open(self.step);
        let Some(listing) = self.listings.get_mut(at) else { return VenueAnswer::Done(false) };
        let trigger = order.order_type.trigger().map_or(0, |trigger| trigger.0);
        let is_reached = is_open && reaches(order.side.opposite(), trigger, listing.last);
        if !is_reached {
            listing.arm(order);
        }
        VenueAnswer::Done(is_reached)
    }

    fn withdraw(&mut self, at: usize, order: &Order, place: Option<Handle>) -> VenueAnswer<()> {
        if let Some(listing) = self.listings.get_mut(at) {
            listing.disarm(order);
            listing.sweeping.retain(|id| *id != order.id);
            if let Some(handle) = place {
                listing.book.cancel(handle);
            }
        }
        VenueAnswer::Done(())
    }

    fn shrink(
        &mut self,
        at: usize,
        _: &Order,
        place: Option<Handle>,
        shares: Shares,
    ) -> VenueAnswer<()> {
        // What waits elsewhere than in the book comes from there with what it has then.
        if let (Some(listing), Some(place)) = (self.listings.get_mut(at), place) {
            // `None` when it rests with no more than that already.
            listing.book.reduce(place, shares).unwrap_or(());
        }
        VenueAnswer::Done(())
    }

    fn last(&self, at: usize) -> i64 {
        self.listings.get(at).map_or(0, |listing| listing.last)
    }

    fn mark(&self, symbol: SymbolId) -> Ticks {
        Ticks(self.instruments.index(symbol).map_or(0, |at| self.last(at)))
    }

    fn reference(&self, symbol: SymbolId, side: Side) -> Option<Ticks> {
        let (_, listing) = self.listed(symbol)?;
        let price = match side {
            _ if !Venue::is_open(self) => listing.last,
            Side::Buy => listing.process.ask,
            Side::Sell => listing.process.bid,
        };
        Some(Ticks(price))
    }

    fn quote(&self, symbol: SymbolId) -> Option<Quote> {
        let (contract, listing) = self.listed(symbol)?;
        Some(listing.quote(contract, Venue::is_open(self)))
    }

    fn is_open(&self) -> bool {
        self.session.is_open(self.step.max(self.now.seconds()))
    }

    fn next_open(&self) -> Time {
        self.session.next_open(self.now.seconds(), self.hours)
    }

    fn day(&self) -> Day {
        self.session.good_for(self.step, self.hours).day
    }
}
