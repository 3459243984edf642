//! The paper venue: simulated markets, and the books in which orders of accounts meet them and each
//! other. It answers at once.
//!
//! An incoming order is stopped before it meets an order of another ledger after it has traded, and
//! after each trade with one: the trade is booked first, because it may take other orders of that
//! ledger away. While the market is closed nothing trades: an order that would meet another ledger's
//! waits for the opening.

use access::currency::Currency;
use access::entitlements::Side;
use access::id::SymbolId;
use access::moment::Time;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::book::{HOUSE, Handle};
use crate::calendar::{Day, Hours, TradingSession};
use crate::instrument::{FIRST, Instrument, Instruments, Split};
use crate::journal::Genesis;
use crate::market::Process;
use crate::order::{End, Order, OrderId, Shares, TimeInForce, reaches};
use crate::path::{Path, Stretch};
use crate::price::Ticks;
use crate::pricing::fair::Boundaries;
use crate::quote::{Quote, Quotes};
use crate::venue::{Arrival, Met, Owner, Then, Venue, VenueAnswer};

mod action;
mod chart;
mod follow;
mod followed_chart;
mod hours;
pub(crate) mod listing;
mod listings;
mod manner;
mod scenario;
pub(crate) mod series;
mod tape;

use hours::{Span, Spans, Timetable};
use listing::{Listing, MINUTES_KEPT_FOR};
use listings::Listings;
use series::Series;
use tape::Tapes;

/// Places that rates of currencies are rounded to.
const RATE_PLACES: u32 = 10;
/// Days on which a contract does not trade, one after the other, at most.
const MOST_DAYS_AT_REST: usize = 15;

/// The markets. Exchange and snapshots reach into it; ledgers only through [`Venue`].
#[derive(Debug, Clone)]
pub(crate) struct Paper {
    pub(crate) instruments: Arc<Instruments>,
    pub(crate) listings: Listings,
    /// The contracts of classes that are listed on this trading day.
    pub(crate) series: Series,
    /// What others traded in contracts that follow others, as far as it was asked for.
    tapes: Tapes,
    /// What early exercise is worth, as far as it was needed.
    boundaries: Boundaries,
    /// What all simulated prices follow from.
    seed: u64,
    pub(crate) hours: Hours,
    /// The time that the markets have come to, in whole or on the way to the next second.
    pub(crate) now: Time,
    /// The last second of the grid that has been made.
    pub(crate) step: i64,
    pub(crate) session: TradingSession,
    /// When each calendar trades on this trading day, and on the next.
    today: Timetable,
    tomorrow: Timetable,
    /// The trading day of the genesis; history ends before it.
    pub(crate) first: Day,
    /// By which rule the markets move.
    pub(crate) rule: u16,
    /// The splits that there have been.
    splits: BTreeMap<SymbolId, Split>,
    /// The second that they are on their way to.
    pub(crate) horizon: i64,
}

impl Paper {
    pub(crate) fn new(genesis: &Genesis, instruments: Arc<Instruments>) -> Self {
        let session = TradingSession::at(genesis.at.seconds(), genesis.hours);
        let session = match genesis.market_rule {
            ..5 => session,
            // There are minutes, prices and trades of a day already, whenever an account is made.
            _ => TradingSession::of_day(session.day.plus(-1), genesis.hours),
        };
        let mut paper = Self {
            listings: Listings::default(),
            series: Series::default(),
            tapes: Tapes::default(),
            boundaries: Boundaries::default(),
            seed: genesis.seed,
            instruments,
            hours: genesis.hours,
            now: Time::from_seconds(session.start - 1),
            step: session.start - 1,
            today: Timetable::new(session, Hours::RoundTheClock),
            tomorrow: Timetable::new(session, Hours::RoundTheClock),
            session,
            first: session.day,
            rule: genesis.market_rule,
            splits: BTreeMap::new(),
            horizon: 0,
        };
        paper.list_all(session.start);
        paper.list_series();
        paper
    }

    /// How many of the instruments that have a row the rule has.
    pub(crate) fn known(&self) -> usize {
        let all = self.instruments.all().len();
        if self.rule < 3 { all.min(FIRST) } else { all }
    }

    /// Has a market for every instrument that the rule has and that has none yet, from a second on.
    fn list_all(&mut self, second: i64) {
        for at in self.listings.len()..self.known() {
            if let Some(listing) = self.begun(at, second) {
                self.listings.push(listing);
            }
        }
        self.set_hours();
    }

    /// The market of an instrument as it begins.
    fn begun(&self, at: usize, second: i64) -> Option<Listing> {
        let one = self.instruments.at(at)?;
        let (manner, seed) = (one.manner(self.rule).clone(), self.key(one));
        if one.follows() {
            return Some(Listing::new(Process::quoted(0, seed, 1, &manner), 0, manner, second));
        }
        let close = self.instruments.past(at).last().map_or(one.start.0, |day| day.close);
        // A day of 6.5 hours moves as far as one of 24, so each second moves 1.9 times as far.
        let volatility = match self.hours {
            Hours::Real if !one.is_traded_at_night() => one.volatility * 2,
            Hours::Real | Hours::RoundTheClock => one.volatility,
        };
        // What is kept above its price moves by less of itself.
        let kept = close.saturating_add(manner.shift).max(1);
        let volatility = (volatility.saturating_mul(close.max(1)) / kept).max(1);
        let process = Process::new(seed, kept, volatility, one.usual_lot());
        Some(Listing::new(process, close, manner, second))
    }

    /// Has every market know when it trades on this trading day.
    pub(crate) fn set_hours(&mut self) {
        if self.rule >= 3 {
            self.today = Timetable::new(self.session, self.hours);
            self.tomorrow = Timetable::new(self.session.next(self.hours), self.hours);
        }
        let known = Arc::clone(&self.instruments);
        let (rule, session, today) = (self.rule, self.session, self.today.clone());
        for (at, listing) in self.listings.iter_mut() {
            listing.spans = match known.at(at) {
                Some(one) if rule >= 3 => today.of(one),
                _ => Spans::common(&session),
            };
        }
    }

    /// When the instrument at a place trades on a trading day.
    pub(crate) fn spans_on(&self, at: usize, session: &TradingSession) -> Spans {
        let Some(one) = self.instruments.at(at).filter(|_| self.rule >= 3) else {
            return Spans::common(session);
        };
        if session.day == self.session.day {
            self.today.of(one)
        } else if session.day == self.session.day.plus(1) {
            self.tomorrow.of(one)
        } else {
            Timetable::new(*session, self.hours).of(one)
        }
    }

    /// The markets that a snapshot has of the instruments that the first two rules have.
    pub(crate) fn put_rows(&mut self, listings: Vec<Listing>) {
        self.listings = Listings::default();
        for listing in listings {
            self.listings.push(listing);
        }
    }

    /// By which rule a snapshot's markets move. What they have of later rules is put back after it.
    pub(crate) fn take_rule(&mut self, rule: u16) {
        self.rule = rule;
        if rule >= 3 {
            self.list_all(self.step);
        }
    }

    /// A market that a snapshot has, at its place.
    pub(crate) fn put_back(&mut self, at: usize, id: SymbolId, mut listing: Listing) {
        if let Some(one) = self.instruments.at(at) {
            listing.manner.clone_from(one.manner(self.rule));
        }
        match self.listings.rows_mut().get_mut(at) {
            Some(row) => *row = listing,
            None => self.listings.insert(at, id, listing),
        }
    }

    /// Has a market for a contract of a class that a client has to do with from now on.
    pub(crate) fn list(&mut self, at: usize) {
        if self.rule < 3 || self.listings.get(at).is_some() {
            return;
        }
        let spans = self.spans_on(at, &self.session);
        if let Some(mut listing) = self.begun(at, self.step)
            && let Some(one) = self.instruments.at(at)
        {
            listing.spans = spans;
            self.listings.insert(at, one.id, listing);
        }
    }

    /// Whether any market trades in a second of this trading day.
    pub(crate) fn is_any_open(&self, second: i64) -> bool {
        if self.rule < 3 {
            return self.session.is_open(second);
        }
        self.listings.iter().any(|(_, listing)| listing.spans.at(second).is_some())
    }

    /// Passes, from rule 2 on, the seconds of this trading day before the first that touches a
    /// client's order; false when there are none.
    pub(crate) fn pass_quiet(&mut self, target: i64) -> bool {
        let from = self.step + 1;
        if self.rule < 2 || from >= self.session.roll || !self.is_any_open(from) {
            return false;
        }
        let close = if self.rule < 3 { self.session.close } else { self.session.roll };
        let to = self.first_touched(from, target.min(close - 1));
        if to < from {
            return false;
        }
        let keep = self.keep_from(self.horizon.max(to));
        for (at, listing) in self.listings.iter_mut() {
            let follows = self.instruments.at(at).is_some_and(Instrument::follows);
            for span in listing.spans.iter().filter(|_| !follows) {
                let stretch = Stretch { from: from.max(span.open), to: to.min(span.close - 1) };
                if stretch.from <= stretch.to {
                    listing.pass_all(stretch, span, keep);
                }
            }
            listing.rest();
        }
        self.step = to;
        self.now = self.now.max(Time::from_seconds(to));
        true
    }

    /// The second before the first of a stretch that touches a client's order.
    fn first_touched(&mut self, from: i64, mut to: i64) -> i64 {
        let places: Vec<usize> = self.listings.watched().collect();
        for at in places {
            let follows = self.instruments.at(at).is_some_and(Instrument::follows);
            let Some(listing) = self.listings.get_mut(at) else { continue };
            for span in listing.spans.iter() {
                let stretch = Stretch { from: from.max(span.open), to: to.min(span.close - 1) };
                if stretch.from > stretch.to {
                    continue;
                }
                let found = if follows {
                    self.first_followed(at, stretch)
                } else {
                    self.listings.get_mut(at).and_then(|one| one.first_touched(stretch, span))
                };
                to = found.map_or(to, |second| to.min(second - 1));
            }
        }
        to
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
        let before = self.rule;
        self.rule = rule;
        if before < 2 && self.session.is_open(self.step) {
            let left = self.session.close - 1 - self.step;
            for (_, listing) in self.listings.iter_mut() {
                listing.path = Some(Path::new(&listing.process, self.step, left));
            }
        }
        if rule >= 3 {
            self.list_all(self.step);
            self.list_series();
        }
    }

    /// Whether a second of a session would do something to a client's order.
    pub(crate) fn any_touched(&self, second: i64, session: &TradingSession) -> bool {
        self.listings.watched().any(|at| {
            let Some(listing) = self.listings.get(at) else { return false };
            let Some(span) = self.spans_on(at, session).at(second) else { return false };
            listing.touches(&self.next_of(at, listing, (second, span)))
        })
    }

    /// A market at the next second, by the rule.
    fn next_of(&self, at: usize, listing: &Listing, (second, span): (i64, Span)) -> Process {
        if self.rule < 2 {
            listing.process.stepped()
        } else if self.instruments.at(at).is_some_and(Instrument::follows) {
            self.followed(at, second)
        } else {
            listing.at(second, span)
        }
    }

    /// The places of all markets: first of those that wander by themselves, then of those that follow them.
    pub(crate) fn places(&self) -> Vec<usize> {
        let follows = |at: &usize| self.instruments.at(*at).is_some_and(Instrument::follows);
        let all = || self.listings.iter().map(|(at, _)| at);
        all().filter(|at| !follows(at)).chain(all().filter(follows)).collect()
    }

    /// A contract's market at the next second, when that would do something to a client's order.
    /// Otherwise, or when nobody `asks`, it is there already.
    pub(crate) fn pass(&mut self, at: usize, second: i64, asks: bool) -> Option<Process> {
        let listing = self.listings.get(at)?;
        let Some(span) = listing.spans.at(second) else {
            self.listings.get_mut(at)?.rest();
            return None;
        };
        let follows = self.instruments.at(at).is_some_and(Instrument::follows);
        if follows && !(asks && listing.is_watched()) {
            self.listings.get_mut(at)?.rest();
            return None;
        }
        let path = (self.rule >= 2 && !follows).then(|| listing.path_in(span));
        let next = self.next_of(at, listing, (second, span));
        let touched = asks && listing.is_watched() && listing.touches(&next);
        let listing = self.listings.get_mut(at)?;
        if path.is_some() {
            listing.path = path;
        }
        if touched {
            return Some(next);
        }
        if follows {
            listing.rest();
        } else {
            listing.pass(next, second);
        }
        None
    }

    /// Passes over closed hours: to the second before a market opens or the day rolls.
    pub(crate) fn rest_until(&mut self, target: i64) {
        let roll = self.session.roll;
        let until = match self.rule {
            ..3 if self.step < self.session.open => self.session.open,
            ..3 => roll,
            _ => {
                let spans = self.listings.iter().flat_map(|(_, listing)| listing.spans.iter());
                let opens = spans.map(|span| span.open).filter(|open| *open > self.step);
                opens.min().map_or(roll, |open| open.min(roll))
            }
        };
        self.step = self.step.max(target.min(until - 1));
        for (_, listing) in self.listings.iter_mut() {
            listing.withdraw();
        }
    }

    /// A second in which an order had a part ends. Bars of what follows others follow too.
    pub(crate) fn tick(&mut self, at: usize, second: i64) {
        if !self.instruments.at(at).is_some_and(Instrument::follows)
            && let Some(listing) = self.listings.get_mut(at)
        {
            listing.tick(second, 0);
        }
    }

    /// Ends the trading day's markets.
    pub(crate) fn roll(&mut self) {
        let day = self.session.day;
        for (_, listing) in self.listings.iter_mut() {
            listing.roll(day);
        }
    }

    /// Begins the next trading day.
    pub(crate) fn begin_day(&mut self) {
        self.session = self.session.next(self.hours);
        self.listings.forget_idle();
        self.set_hours();
        self.list_series();
    }

    /// The next stop that a contract's trades have reached.
    pub(crate) fn reached(&mut self, at: usize) -> Option<OrderId> {
        self.listings.get_mut(at)?.reached()
    }

    /// Prices of the instruments that have a row, and of the contracts of classes that somebody asked for.
    pub(crate) fn quotes(&self) -> Quotes {
        let mut all: Vec<Quote> =
            (0..self.listings.len()).filter_map(|at| self.quote_at(at, false)).collect();
        let first = all.len();
        let asked = self.tapes.asked(self.step).into_iter().filter(|at| *at >= first);
        all.extend(asked.filter_map(|at| self.quote_at(at, false)));
        if let Some(series) = all.get_mut(first..) {
            series.sort_unstable_by_key(|quote| quote.symbol);
        }
        Quotes { time: self.now, all, listed: Arc::clone(self.series.all()) }
    }

    /// Prices of the contract at a place, for somebody who `asks` for just this one.
    fn quote_at(&self, at: usize, asks: bool) -> Option<Quote> {
        self.quote_as(at, self.step, (self.is_open_at(at), asks))
    }

    /// Prices of a contract with what is bid and asked, or was in the last second of its trading.
    pub(crate) fn last_quote(&self, symbol: SymbolId) -> Option<Quote> {
        let at = self.instruments.index(symbol)?;
        let quote = self.quote_as(at, self.last_second(at), (true, true))?;
        Some(Quote { open_now: self.is_open_at(at), ..quote })
    }

    /// The last second in which a contract traded: of those of this trading day, for what was before is not kept. Its
    /// beginning where it has not traded on it.
    fn last_second(&self, at: usize) -> i64 {
        let spans = self.spans_on(at, &self.session);
        let over = spans.iter().filter(|span| span.close <= self.step).map(|span| span.close - 1);
        if spans.at(self.step).is_some() {
            self.step
        } else {
            over.max().unwrap_or(self.session.start)
        }
    }

    /// With what those bid and ask who follow others at a second.
    fn quote_as(&self, at: usize, second: i64, (open, asks): (bool, bool)) -> Option<Quote> {
        let instrument = self.instruments.at(at)?;
        let mut quote = if instrument.follows() {
            self.quote_followed(at, (instrument, second), (open, asks))
        } else {
            self.listings.get(at)?.quote(instrument, open)
        };
        if !instrument.is_quoted() {
            quote.bids.clear();
            quote.asks.clear();
        }
        Some(quote)
    }

    /// What a unit of a currency is worth in dollars, at the middle of its pair.
    fn dollars(&self, currency: Currency) -> Option<Decimal> {
        if currency == Currency::USD {
            return Some(Decimal::ONE);
        }
        let (at, inverse) = self.instruments.dollar_pair(currency).filter(|_| self.rule >= 3)?;
        let price = self.instruments.at(at)?.price(self.middle(at));
        if inverse { Decimal::ONE.checked_div(price) } else { Some(price) }
    }

    /// Whether the contract at a place trades in the second that the markets have come to.
    fn trades(&self, at: usize) -> bool {
        self.listings.get(at).is_some_and(|listing| listing.spans.at(self.step).is_some())
    }

    /// Has a market that follows others come to the second that they have come to.
    fn follow(&mut self, at: usize) {
        if self.instruments.at(at).is_some_and(Instrument::follows) {
            let process = self.followed(at, self.step);
            if let Some(listing) = self.listings.get_mut(at)
                && !listing.has_makers()
            {
                listing.process = process;
            }
        }
    }

    /// Whether the hours that all contracts have in common have begun and not ended.
    pub(crate) const fn is_session_open(&self) -> bool {
        let (step, now) = (self.step, self.now.seconds());
        self.session.is_open(if step > now { step } else { now })
    }

    /// When they begin next; now, when they have.
    pub(crate) fn next_session(&self) -> Time {
        self.session.next_open(self.now.seconds(), self.hours)
    }

    /// The first trading day from this one on in which the contract at a place still trades at or after a second, and those
    /// hours. Contracts rest for a week at most.
    fn next_span(&self, at: Option<usize>, second: i64) -> (TradingSession, Option<Span>) {
        let mut session = self.session;
        for _ in 0..MOST_DAYS_AT_REST {
            let spans = at.map_or_else(Spans::default, |at| self.spans_on(at, &session));
            if let Some(span) = spans.iter().find(|span| second < span.close) {
                return (session, Some(span));
            }
            session = session.next(self.hours);
        }
        (session, None)
    }

    /// Whether the contract at a place trades now.
    fn is_open_at(&self, at: usize) -> bool {
        let second = self.step.max(self.now.seconds());
        match self.listings.get(at) {
            Some(listing) => listing.spans.at(second).is_some(),
            None => self.spans_on(at, &self.session).at(second).is_some(),
        }
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
        if self.instruments.at(arrival.at).is_some_and(|one| one.fund().is_some()) {
            // It waits for the next price.
            return VenueAnswer::Done(Met { fills: Vec::new(), then: Then::Nothing });
        }
        let is_open = self.trades(arrival.at);
        let Arrival { side, limit, .. } = *arrival;
        self.follow(arrival.at);
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
        let (is_open, last) = (self.trades(at), self.middle(at).0);
        let Some(listing) = self.listings.get_mut(at) else { return VenueAnswer::Done(false) };
        let trigger = order.order_type.trigger().map_or(0, |trigger| trigger.0);
        let is_reached = is_open && reaches(order.side.opposite(), trigger, last);
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
        self.middle(at).0
    }

    fn mark(&self, symbol: SymbolId) -> Ticks {
        self.instruments.index(symbol).map_or_else(Ticks::default, |at| self.middle(at))
    }

    fn reference(&self, symbol: SymbolId, side: Side) -> Option<Ticks> {
        let at = self.instruments.index(symbol)?;
        let is_fund = self.instruments.at(at).is_some_and(|one| one.fund().is_some());
        if is_fund || !self.is_open_at(at) {
            return Some(self.middle(at));
        }
        let follows = self.instruments.at(at).is_some_and(Instrument::follows);
        let process =
            if follows { self.followed(at, self.step) } else { self.listings.get(at)?.process };
        Some(Ticks(if side == Side::Buy { process.ask } else { process.bid }))
    }

    fn quote(&self, symbol: SymbolId) -> Option<Quote> {
        self.quote_at(self.instruments.index(symbol)?, true)
    }

    fn rate(&self, from: Currency, to: Currency) -> Option<Decimal> {
        let (from, to) = (self.dollars(from)?, self.dollars(to)?);
        Some(from.checked_div(to)?.round_dp(RATE_PLACES))
    }

    fn is_listed(&self, symbol: SymbolId) -> bool {
        let row = self.instruments.index(symbol).is_some_and(|at| at < self.listings.len());
        row || self.series.contains(symbol)
    }

    fn is_open(&self, symbol: SymbolId) -> bool {
        self.instruments.index(symbol).is_some_and(|at| self.is_open_at(at))
    }

    fn next_open(&self, symbol: SymbolId) -> Time {
        let now = self.now.seconds();
        if self.rule < 3 {
            return self.session.next_open(now, self.hours);
        }
        let at = self.instruments.index(symbol);
        let (session, span) = self.next_span(at, now);
        Time::from_seconds(span.map_or(session.roll, |span| span.open.max(now)))
    }

    fn day(&self, symbol: SymbolId) -> Day {
        if self.rule < 3 {
            return self.session.good_for(self.step, self.hours).day;
        }
        self.next_span(self.instruments.index(symbol), self.step).0.day
    }
}
