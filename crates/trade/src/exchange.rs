//! The paper exchange: one account, its orders, and the simulated markets that they meet.
//!
//! It is a deterministic state machine. It begins with a [`Genesis`], is moved by [`Stamped`]
//! commands, and the same commands lead to the same state to the last byte, on any machine.
//!
//! # Time
//! Markets move on a grid of whole seconds. A stamped command first moves them to its time. Between
//! commands [`Exchange::advance`] moves them as far as nothing happens to a client's order: quotes
//! and bars go on, and no journal needs to know, because the next command does the same on replay.
//! When a second is due that would do something to an order, it stops before that second and says
//! so; then the gate journals [`Command::Advance`] and applies it like any command, and only then
//! does anyone learn of the fill. However the way is cut up, the state at its end is the same.
//!
//! # Bounds
//! Ended orders and executions are kept for seven days, at most 20,000 of each; minutes for five
//! days; five-second bars for two hours. What one-cancels-all groups have traded is kept for the last
//! 20,000 names of each holder, however old, and for all that have open members.

use std::collections::VecDeque;
use std::sync::Arc;

use access::id::{Holder, SymbolId};
use access::moment::{Span, Time};
use serde::{Deserialize, Serialize};

use crate::account::{Account, AccountSummary};
use crate::book::Fill;
use crate::calendar::{Day, Session};
use crate::contract::{Contract, Contracts};
use crate::event::{Event, Reject};
use crate::history;
use crate::journal::{Cause, Command, Decided, Genesis, Scope, Stamped};
use crate::market::Process;
use crate::order::{
    Change, End, Execution, NewOrder, Order, OrderId, OrderState, OrderType, Parent, Shares, Side,
};
use crate::path::{Path, Stretch};
use crate::position::Holding;
use crate::price::Ticks;
use crate::quote::{Quote, Quotes};

mod chart;
mod family;
mod listing;
mod matching;
mod memory;
mod orders;
mod reducing;
mod sizes;
mod state;
#[cfg(test)]
mod tests;
mod traded;

use listing::{Listing, MINUTES_KEPT_FOR};
use memory::Memory;
pub use memory::ORDER_RULE;
pub use orders::{KEPT, KEPT_FOR};
use orders::{Open, Orders};
pub use state::SnapshotError;

/// Orders remembered for the check of duplicates, for a day at most.
const RECENT: usize = 1_000;

/// An order that was placed, as far as a duplicate would be equal to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Recent {
    pub(crate) time: Time,
    pub(crate) holder: Holder,
    pub(crate) symbol: SymbolId,
    pub(crate) side: Side,
    pub(crate) quantity: Shares,
    pub(crate) order_type: OrderType,
}

/// How far [`Exchange::advance`] came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advanced {
    /// Something is due for a client's order at this time, not after the one asked for. Journal and
    /// apply a [`Command::Advance`] stamped with the present time.
    pub due: Option<Time>,
    /// At least one second passed, so quotes may have changed.
    pub moved: bool,
}

/// The exchange. See the module's text.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Exchange {
    genesis: Genesis,
    seq: u64,
    now: Time,
    /// The last second of the grid that has been made.
    step: i64,
    session: Session,
    /// The trading day of the genesis; history ends before it.
    first: Day,
    listings: Vec<Listing>,
    orders: Orders,
    account: Account,
    executions: VecDeque<Arc<Execution>>,
    next_execution: u64,
    recent: VecDeque<Recent>,
    /// Orders to bring to the market; empty between commands.
    todo: VecDeque<OrderId>,
    #[serde(skip)]
    fills: Vec<Fill>,
    /// What rule 1 of orders does not remember; a snapshot keeps it apart.
    #[serde(skip)]
    memory: Memory,
    /// By which rule the markets move. A snapshot keeps it apart, for this is the format of those
    /// that know rule 1 alone.
    #[serde(skip)]
    rule: u16,
    /// The second that they are on their way to.
    #[serde(skip)]
    horizon: i64,
}

impl Exchange {
    /// An exchange that begins. Its markets have traded since the trading day's start, so that
    /// there are quotes and a chart at once.
    pub fn new(genesis: Genesis) -> Self {
        let second = genesis.at.seconds();
        let session = Session::at(second, genesis.hours);
        let contracts = Contracts::builtin();
        let listings = contracts.all().iter().enumerate().map(|(at, contract)| {
            let close = history::past(at).last().map_or(10_000, |day| i64::from(day.close));
            Listing::new(contract, genesis.seed, close, genesis.hours, session.start)
        });
        let mut exchange = Self {
            seq: 0,
            now: Time::from_seconds(session.start - 1),
            step: session.start - 1,
            session,
            first: session.day,
            listings: listings.collect(),
            orders: Orders::new(),
            account: Account::new(genesis.account, genesis.cash),
            executions: VecDeque::new(),
            next_execution: 1,
            recent: VecDeque::new(),
            todo: VecDeque::new(),
            fills: Vec::new(),
            memory: Memory::default(),
            rule: genesis.catalogue,
            horizon: 0,
            genesis,
        };
        exchange.run(exchange.genesis.at, None);
        exchange
    }

    /// Applies a command: first the markets come to its time, then it is done. The events are those
    /// of both, in order. A command that was applied before (by its sequence) does nothing, and a
    /// time that lies back counts as the present.
    pub fn apply(&mut self, stamped: &Stamped) -> Vec<Event> {
        let mut events = Vec::new();
        if stamped.seq <= self.seq {
            return events;
        }
        self.seq = stamped.seq;
        self.run(stamped.time, Some(&mut events));
        let decision = &stamped.decision;
        match &stamped.command {
            Command::Place(orders) => self.place(orders.get(), decision, false, &mut events),
            Command::PlaceReduceOnly(orders) => {
                self.place(orders.get(), decision, self.sizes_orders(), &mut events);
            }
            Command::Modify(change) => self.change(*change.get(), decision.holder, &mut events),
            Command::Cancel { order, cause } => {
                self.cancel(*order, *cause, decision.holder, &mut events);
            }
            Command::CancelAll { scope, cause } => self.cancel_all(*scope, *cause, &mut events),
            Command::OrderRule { rule } => self.follow_order_rule(*rule, &mut events),
            Command::OrderIdUsed(origin) => self.note_order_id(*origin),
            Command::MarketRule { rule } => self.follow_rule(*rule),
            Command::Genesis(_)
            | Command::Advance
            | Command::Started { .. }
            | Command::Refused { .. }
            | Command::OrdersRefused(_)
            | Command::ConnectionRefused { .. }
            | Command::Connected { .. }
            | Command::ClockJumped { .. } => {}
        }
        events
    }

    /// The same on the way to a later time, which they will come to before anybody looks at the bars:
    /// those that are gone by then are not made.
    pub fn advance_towards(&mut self, to: Time, end: Time) -> Advanced {
        self.horizon = self.horizon.max(end.seconds());
        self.advance(to)
    }

    /// Whether all bars are there: false on the way that [`Exchange::advance_towards`] began.
    pub const fn is_whole(&self) -> bool {
        self.horizon <= self.step
    }

    /// Moves the markets towards `to` as long as nothing happens to a client's order.
    pub fn advance(&mut self, to: Time) -> Advanced {
        let before = self.step;
        let due = self.run(to, None);
        Advanced { due, moved: self.step != before }
    }

    /// Runs the seconds up to `to`. With `events`, all of them; without, it stops before the first
    /// that would make one for an order, and says when that is.
    fn run(&mut self, to: Time, mut events: Option<&mut Vec<Event>>) -> Option<Time> {
        let target = to.seconds();
        if events.is_some() || self.orders.open.is_empty() {
            // Nothing stops it on the way.
            self.horizon = self.horizon.max(target);
        }
        while self.step < target {
            if self.pass_quiet(target) {
                continue;
            }
            let second = self.step + 1;
            if events.is_none() && self.is_due(second) {
                self.now = self.now.max(Time::from_seconds(self.step));
                return Some(Time::from_seconds(second));
            }
            self.now = self.now.max(Time::from_seconds(second));
            self.step = second;
            if second >= self.session.roll {
                self.roll(events.as_deref_mut());
            }
            if self.session.is_open(second) {
                self.second(second, events.as_deref_mut());
            } else {
                self.rest_until(target);
            }
        }
        self.now = self.now.max(to);
        None
    }

    /// Passes, under rule 2, the seconds of this trading day before the first that touches a
    /// client's order; false when there are none.
    fn pass_quiet(&mut self, target: i64) -> bool {
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
        let hours = self.genesis.hours;
        if end - self.step < MINUTES_KEPT_FOR {
            return i64::MIN;
        }
        let (mut session, mut left) = (Session::at(end, hours), MINUTES_KEPT_FOR);
        loop {
            let traded = end.min(session.close) - session.open;
            if traded >= left || session.roll < self.step {
                return session.close.min(end) - left;
            }
            left -= traded.max(0);
            session = Session::of_day(session.day.plus(-1), hours);
        }
    }

    /// From here on the markets follow this rule. A rule never goes back.
    fn follow_rule(&mut self, rule: u16) {
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

    /// The second would do something to a client's order.
    fn is_due(&self, second: i64) -> bool {
        if self.orders.open.is_empty() {
            return false;
        }
        if second >= self.session.roll {
            let ends = |open: &Open| open.order.is_day_of(self.session.day);
            let next = self.session.next(self.genesis.hours);
            return self.orders.open.values().any(ends)
                || (next.is_open(second) && self.any_touched(second, &next));
        }
        self.session.is_open(second) && self.any_touched(second, &self.session)
    }

    fn any_touched(&self, second: i64, session: &Session) -> bool {
        self.listings.iter().any(|listing| {
            listing.is_watched() && listing.touches(&self.next_of(listing, second, session))
        })
    }

    /// A market at the next second, by the rule.
    fn next_of(&self, listing: &Listing, second: i64, session: &Session) -> Process {
        if self.rule < 2 { listing.process.stepped() } else { listing.at(second, session) }
    }

    /// One second of all markets.
    fn second(&mut self, second: i64, mut events: Option<&mut Vec<Event>>) {
        let (session, by_path) = (self.session, self.rule >= 2);
        for at in 0..self.listings.len() {
            let Some(listing) = self.listings.get_mut(at) else { return };
            if by_path {
                listing.path = Some(listing.path_in(&session));
            }
            let next =
                if by_path { listing.at(second, &session) } else { listing.process.stepped() };
            match events.as_deref_mut() {
                Some(events) if listing.is_watched() && listing.touches(&next) => {
                    self.touched(at, next, events);
                }
                _ => listing.pass(next, second),
            }
        }
    }

    /// Passes over closed hours: to the second before the market opens or the day rolls.
    fn rest_until(&mut self, target: i64) {
        let until =
            if self.step < self.session.open { self.session.open } else { self.session.roll };
        self.step = self.step.max(target.min(until - 1));
        for listing in &mut self.listings {
            listing.withdraw();
        }
    }

    /// Ends the trading day and begins the next.
    fn roll(&mut self, events: Option<&mut Vec<Event>>) {
        let (day, now) = (self.session.day, self.now);
        if let Some(events) = events {
            let ended = |open: &&Open| open.order.is_day_of(day);
            let over: Vec<_> =
                self.orders.open.values().filter(ended).map(|open| open.order.id).collect();
            for id in over {
                self.end(id, End::DayEnded, events);
            }
        }
        for listing in &mut self.listings {
            listing.roll(day);
        }
        let contracts = Contracts::builtin();
        let listings = &self.listings;
        self.account.begin_day(|symbol| mark_of(listings, contracts, symbol));
        self.session = self.session.next(self.genesis.hours);
        self.orders.prune(now);
        self.forget_parents();
        let oldest = now - KEPT_FOR;
        while self.executions.front().is_some_and(|execution| execution.time < oldest) {
            self.executions.pop_front();
        }
        let yesterday = now - Span::days(1);
        self.recent.retain(|recent| recent.time >= yesterday);
    }

    fn place(
        &mut self,
        group: &[NewOrder],
        decision: &Decided,
        reduce_only: bool,
        events: &mut Vec<Event>,
    ) {
        let mut placed = Vec::with_capacity(group.len());
        for new in group {
            let Some(at) = Contracts::builtin().index(new.symbol) else { continue };
            if decision.limits.duplicate_window.is_some() {
                self.remember(new);
            }
            self.note_order_id(new.origin);
            let order = Arc::new(Order { reduce_only, ..self.accepted(new, &placed) });
            let id = order.id;
            placed.push(id);
            events.push(Event::OrderAccepted { order: Arc::clone(&order) });
            self.todo.push_back(id);
            let parent = order.parent.filter(|id| !self.orders.open.contains_key(id));
            let wanted = self.wanted(&order, order.quantity);
            self.orders.add(Open { order, at, handle: None, counted: (0, 0), wanted });
            if let Some(parent) = parent {
                // It may have ended since the order was checked.
                self.orphan(parent, events);
            }
            self.join(id, events);
            // The position may have become smaller since the order was checked.
            self.bound(id, events);
        }
        for at in group.iter().filter_map(|new| Contracts::builtin().index(new.symbol)) {
            self.settle(at, events);
        }
    }

    /// The record of a new order.
    fn accepted(&mut self, new: &NewOrder, placed: &[OrderId]) -> Order {
        let (parent, left) = match new.parent {
            None => (None, new.quantity),
            Some(Parent::Order(id)) => {
                (Some(id), self.left_for_child(id, None).map_or(0, |(now, _)| now))
            }
            // A member of this group has not come to the market yet.
            Some(Parent::Member(at)) => {
                (usize::try_from(at).ok().and_then(|at| placed.get(at)).copied(), 0)
            }
        };
        let released = new.quantity.min(left);
        let waits = new.order_type.trigger().is_some() || released == 0;
        let day = self.session.good_for(self.step, self.genesis.hours).day;
        Order {
            id: self.orders.number(),
            account: new.account,
            symbol: new.symbol,
            side: new.side,
            quantity: new.quantity,
            order_type: new.order_type,
            tif: new.tif,
            day,
            outside_hours: new.outside_hours,
            origin: new.origin,
            parent,
            oca: new.oca.clone(),
            reference: new.reference.clone(),
            state: if waits { OrderState::PreSubmitted } else { OrderState::Working },
            end: None,
            triggered: false,
            filled: 0,
            released,
            value: 0,
            last_fill: None,
            commission: rust_decimal::Decimal::ZERO,
            placed: self.now,
            updated: self.now,
            reduce_only: false,
        }
    }

    fn remember(&mut self, new: &NewOrder) {
        if self.recent.len() >= RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(Recent {
            time: self.now,
            holder: new.origin.holder,
            symbol: new.symbol,
            side: new.side,
            quantity: new.quantity,
            order_type: new.order_type,
        });
    }

    fn change(&mut self, change: Change, holder: Holder, events: &mut Vec<Event>) {
        let now = self.now;
        let parent = self.orders.open.get(&change.order).and_then(|open| open.order.parent);
        let left = parent.and_then(|parent| self.left_for_child(parent, Some(change.order)));
        let (quantity, wanted) = self.changed_size(&change);
        let Some(open) = self.orders.open.get_mut(&change.order) else {
            let reject = self.missing(change.order);
            return events.push(Event::CommandRejected { holder, reject });
        };
        let at = open.at;
        open.wanted = wanted;
        let order = Arc::make_mut(&mut open.order);
        let keeps_place = change.order_type == order.order_type && quantity <= order.quantity;
        let before = Arc::new(order.clone());
        order.quantity = quantity.max(order.filled);
        order.released = match (parent, left) {
            (None, _) => order.quantity,
            (Some(_), Some((left, _))) => order.quantity.min(left).max(order.filled),
            // Its parent is forgotten.
            (Some(_), None) => order.released.min(order.quantity),
        };
        (order.order_type, order.tif, order.updated) = (change.order_type, change.tif, now);
        order.triggered &= change.order_type.trigger() == before.order_type.trigger();
        let waits = order.is_armed_stop() || order.live() == 0;
        order.state = if waits { OrderState::PreSubmitted } else { OrderState::Working };
        let ended = order.remaining() == 0;
        self.modified(change.order, events);
        self.resize_children(change.order, events);
        if ended {
            return self.end(change.order, End::Requested, events);
        }
        if keeps_place {
            return self.fit(change.order);
        }
        self.unplace(at, &before);
        self.todo.push_back(change.order);
        self.settle(at, events);
    }

    /// Takes an open order out of book, stops and waiting market orders.
    fn unplace(&mut self, at: usize, order: &Order) {
        let Some(listing) = self.listings.get_mut(at) else { return };
        listing.disarm(order);
        listing.sweeping.retain(|id| *id != order.id);
        if let Some(handle) = self.orders.open.get_mut(&order.id).and_then(|o| o.handle.take()) {
            listing.book.cancel(handle);
        }
    }

    fn cancel(&mut self, id: OrderId, cause: Cause, holder: Holder, events: &mut Vec<Event>) {
        if self.orders.open.contains_key(&id) {
            self.end(id, cause.end(), events);
        } else {
            let reject = self.missing(id);
            events.push(Event::CommandRejected { holder, reject });
        }
    }

    fn cancel_all(&mut self, scope: Scope, cause: Cause, events: &mut Vec<Event>) {
        let meant = |open: &&Open| match scope {
            Scope::Account => true,
            Scope::Holder(holder) => open.order.origin.holder == holder,
            Scope::Client { holder, client_id } => {
                open.order.origin.holder == holder && open.order.origin.client_id == client_id
            }
        };
        let ids: Vec<_> =
            self.orders.open.values().filter(meant).map(|open| open.order.id).collect();
        for id in ids {
            self.end(id, cause.end(), events);
        }
    }

    /// Why an order cannot be changed or cancelled.
    pub(crate) fn missing(&self, order: OrderId) -> Reject {
        match self.orders.find(order) {
            Some(found) => Reject::NotOpen { order, state: found.state },
            None => Reject::UnknownOrder { order },
        }
    }

    /// Ends an open order. One that asked for quotes when there were none was never in the market:
    /// it is rejected.
    fn end(&mut self, id: OrderId, end: End, events: &mut Vec<Event>) {
        let Some(open) = self.orders.open.get(&id) else { return };
        let (at, order) = (open.at, Arc::clone(&open.order));
        self.unplace(at, &order);
        drop(order);
        let Some(mut open) = self.orders.take(id) else { return };
        if let Some(listing) = self.listings.get_mut(at) {
            let (shares, price) = open.counted;
            listing.exposure.remove(open.order.side, shares, price);
        }
        let order = Arc::make_mut(&mut open.order);
        let rejected = end == End::NoQuotes && order.filled == 0;
        order.state = if rejected { OrderState::Rejected } else { OrderState::Cancelled };
        order.end = Some(end);
        order.updated = self.now;
        let order = open.order;
        self.orders.keep(Arc::clone(&order));
        events.push(if rejected {
            Event::OrderRejected { order }
        } else {
            Event::OrderCancelled { order }
        });
        self.orphan(id, events);
    }

    fn keep_execution(&mut self, execution: Arc<Execution>) {
        if self.executions.len() >= KEPT {
            self.executions.pop_front();
        }
        self.executions.push_back(execution);
    }
}

/// What is asked of an exchange.
impl Exchange {
    /// How it began.
    pub const fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// By which rule its markets move.
    pub const fn rule(&self) -> u16 {
        self.rule
    }

    /// The sequence of the last command applied; 0 before the first.
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    /// The time that it has come to. Stamps must not lie before it.
    pub const fn now(&self) -> Time {
        self.now
    }

    /// The trading day.
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// The markets trade now.
    pub fn is_open(&self) -> bool {
        self.session.is_open(self.step.max(self.now.seconds()))
    }

    /// When the markets open next; now, when they are open.
    pub fn next_open(&self) -> Time {
        self.session.next_open(self.now.seconds(), self.genesis.hours)
    }

    /// What it trades.
    pub const fn contracts(&self) -> Contracts {
        Contracts::builtin()
    }

    /// An order, open or ended in the last seven days.
    pub fn order(&self, id: OrderId) -> Option<&Arc<Order>> {
        self.orders.find(id)
    }

    /// An open order.
    pub fn open_order(&self, id: OrderId) -> Option<&Arc<Order>> {
        self.orders.open.get(&id).map(|open| &open.order)
    }

    /// Open orders, oldest first.
    pub fn open_orders(&self) -> impl Iterator<Item = &Arc<Order>> {
        self.orders.open.values().map(|open| &open.order)
    }

    /// How many orders of a holder are open.
    pub fn open_count(&self, holder: Holder) -> u32 {
        self.orders.count_of(holder)
    }

    /// Orders that ended in the last seven days, in the order that they ended, at most 20,000.
    pub fn completed_orders(
        &self,
    ) -> impl DoubleEndedIterator<Item = &Arc<Order>> + ExactSizeIterator {
        self.orders.done.iter()
    }

    /// Executions of the last seven days, oldest first, at most 20,000.
    pub fn executions(
        &self,
    ) -> impl DoubleEndedIterator<Item = &Arc<Execution>> + ExactSizeIterator {
        self.executions.iter()
    }

    /// Cash and positions.
    pub const fn account(&self) -> &Account {
        &self.account
    }

    /// The last price of a contract; zero for an unknown one.
    pub fn mark(&self, symbol: SymbolId) -> Ticks {
        mark_of(&self.listings, Contracts::builtin(), symbol)
    }

    /// What is held now, by contract id ascending, at the last prices; closed positions left out.
    pub fn holdings(&self) -> impl Iterator<Item = Holding> {
        self.account.positions().filter(|(_, position)| position.shares != 0).map(
            |(symbol, position)| Holding { symbol, position: *position, mark: self.mark(symbol) },
        )
    }

    /// All that is asked about the account, at the last prices.
    pub fn summary(&self) -> AccountSummary {
        AccountSummary::new(&self.account, self.worst(), |symbol| self.mark(symbol))
    }

    /// Prices of all contracts. Cheap: about ten microseconds.
    pub fn quotes(&self) -> Quotes {
        let listed = Contracts::builtin().all().iter().zip(&self.listings);
        let open = self.is_open();
        Quotes { time: self.now, all: listed.map(|(c, listing)| listing.quote(c, open)).collect() }
    }

    /// Prices of one contract.
    pub fn quote(&self, symbol: SymbolId) -> Option<Quote> {
        let (contract, listing) = self.listed(symbol)?;
        Some(listing.quote(contract, self.is_open()))
    }

    /// The value in cents that positions and working orders could come to at worst, by contract.
    pub(crate) fn worst(&self) -> i128 {
        let worst = |(contract, listing): (&Contract, &Listing)| {
            let shares = self.account.position(contract.id).shares;
            listing.exposure.worst(shares, listing.last)
        };
        Contracts::builtin().all().iter().zip(&self.listings).map(worst).sum()
    }

    pub(crate) fn exposure(&self, symbol: SymbolId) -> Option<(crate::margin::Exposure, i64)> {
        let (_, listing) = self.listed(symbol)?;
        Some((listing.exposure, listing.last))
    }

    /// The price that an incoming order of this side would meet: the quote, or the last price while
    /// nothing is quoted.
    pub(crate) fn reference(&self, symbol: SymbolId, side: Side) -> Option<Ticks> {
        let (_, listing) = self.listed(symbol)?;
        let price = match side {
            _ if !self.is_open() => listing.last,
            Side::Buy => listing.process.ask,
            Side::Sell => listing.process.bid,
        };
        Some(Ticks(price))
    }

    pub(crate) fn recent(&self) -> impl DoubleEndedIterator<Item = &Recent> {
        self.recent.iter()
    }

    fn listed(&self, symbol: SymbolId) -> Option<(&'static Contract, &Listing)> {
        let contracts = Contracts::builtin();
        let at = contracts.index(symbol)?;
        Some((contracts.all().get(at)?, self.listings.get(at)?))
    }
}

fn mark_of(listings: &[Listing], contracts: Contracts, symbol: SymbolId) -> Ticks {
    let listing = contracts.index(symbol).and_then(|at| listings.get(at));
    Ticks(listing.map_or(0, |listing| listing.last))
}

impl Cause {
    const fn end(self) -> End {
        match self {
            Self::Request => End::Requested,
            Self::Lock => End::Locked,
            Self::Revocation => End::Revoked,
        }
    }
}
