//! The paper exchange: ledgers, one for each account, and the market on which their orders meet
//! makers and each other.
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
//! days; five-second bars for two hours. Of payments the last thousand of each account are kept. What one-cancels-all groups have traded is kept for the last
//! 20,000 names of each holder, however old, and for all that have open members.

use std::collections::VecDeque;
use std::sync::Arc;

use access::currency::Currency;
use access::id::{Holder, PaperAccountId, SymbolId};
use access::moment::Time;
use rust_decimal::Decimal;

use crate::account::AccountSummary;
use crate::bar::{Bar, BarSize};
use crate::calendar::TradingSession;
use crate::desk::{Desk, Placing, Register};
use crate::event::{Event, Reject};
use crate::instrument::{Instrument, Instruments, Units};
use crate::journal::{CancelTarget, Catalogue, Cause, Command, Decided, Genesis, Opening, Stamped};
use crate::ledger::{Ledger, SelfMatch};
use crate::money::{Money, Rates};
use crate::order::{Change, End, Execution, NewOrder, Order, OrderId};
use crate::paper::Paper;
use crate::performance::Moves;
use crate::position::Holding;
use crate::pretrade::{Denial, Facts};
use crate::price::Ticks;
use crate::pricing::computation::OptionMarket;
use crate::quote::{Quote, Quotes};
use crate::risk::Risk;
use crate::venue::{Owner, Venue};

mod action;
mod ledgers;
mod matching;
mod memory;
mod settlement;
mod state;
#[cfg(test)]
mod tests;

use ledgers::Ledgers;
use memory::Memory;
pub use memory::ORDER_RULE;
pub use state::SnapshotError;

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
#[derive(Debug, Clone)]
pub struct Exchange {
    genesis: Genesis,
    seq: u64,
    paper: Paper,
    ledgers: Ledgers,
    register: Register,
    /// Orders to bring to the market; empty between commands.
    todo: VecDeque<(Owner, OrderId)>,
    /// What rule 1 of orders does not remember.
    memory: Memory,
}

impl Exchange {
    /// An exchange that begins. Its markets have traded since the trading day's start, so that
    /// there are quotes and a chart at once.
    pub fn new(genesis: Genesis, instruments: &Arc<Instruments>) -> Self {
        let memory = Memory::default();
        let mut exchange = Self {
            seq: 0,
            paper: Paper::new(&genesis, Arc::clone(instruments)),
            ledgers: Ledgers::new(Ledger::new(
                Arc::clone(instruments),
                genesis.account,
                Money::new(genesis.cash, genesis.currency),
                memory.rule(),
                genesis.at,
            )),
            register: Register::new(1_000_001, 1),
            todo: VecDeque::new(),
            memory,
            genesis,
        };
        exchange.set_today();
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
            Command::Place(orders) => {
                self.place(orders.get(), decision, Placing::default(), &mut events);
            }
            Command::Hold { orders, until } => {
                let placing = Placing { held: Some(*until), ..Placing::default() };
                self.place(orders.get(), decision, placing, &mut events);
            }
            Command::Release { order } => self.release(*order, decision.holder, &mut events),
            Command::PlaceReduceOnly(orders) => {
                let reduce_only = self.memory.rule() >= 3;
                let placing = Placing { reduce_only, ..Placing::default() };
                self.place(orders.get(), decision, placing, &mut events);
            }
            Command::Modify(change) => self.change(*change.get(), decision.holder, &mut events),
            Command::Cancel { order, cause } => {
                self.cancel(*order, *cause, decision.holder, &mut events);
            }
            Command::CancelAll { scope, cause } => self.cancel_all(*scope, *cause, &mut events),
            Command::OpenAccount(opening) => self.open(opening),
            Command::SelfMatch { account, self_match } => self.choose(*account, *self_match),
            Command::MarginCall { account, until } => self.call(*account, *until),
            Command::CloseAccount { account } => self.close(*account),
            Command::OrderRule { rule } => self.follow_order_rule(*rule, &mut events),
            Command::OrderIdUsed(origin) => self.memory.note_order_id(*origin),
            Command::MarketRule { rule } => self.paper.follow_rule(*rule),
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
        self.paper.horizon = self.paper.horizon.max(end.seconds());
        self.advance(to)
    }

    /// Whether all bars are there: false on the way that [`Exchange::advance_towards`] began.
    pub const fn is_whole(&self) -> bool {
        self.paper.horizon <= self.paper.step
    }

    /// Moves the markets towards `to` as long as nothing happens to a client's order.
    pub fn advance(&mut self, to: Time) -> Advanced {
        let before = self.paper.step;
        let due = self.run(to, None);
        Advanced { due, moved: self.paper.step != before }
    }

    /// Runs the seconds up to `to`. With `events`, all of them; without, it stops before the first
    /// that would make one for an order, and says when that is.
    fn run(&mut self, to: Time, mut events: Option<&mut Vec<Event>>) -> Option<Time> {
        let target = to.seconds();
        if events.is_some() || self.ledgers.is_idle() {
            // Nothing stops it on the way.
            self.paper.horizon = self.paper.horizon.max(target);
        }
        while self.paper.step < target {
            if self.paper.pass_quiet(target) {
                continue;
            }
            let second = self.paper.step + 1;
            if events.is_none() && self.is_due(second) {
                self.paper.now = self.paper.now.max(Time::from_seconds(self.paper.step));
                return Some(Time::from_seconds(second));
            }
            self.paper.now = self.paper.now.max(Time::from_seconds(second));
            self.paper.step = second;
            if second >= self.paper.session.roll {
                self.roll(events.as_deref_mut());
            }
            if self.paper.is_any_open(second) {
                self.second(second, events.as_deref_mut());
            } else {
                self.paper.rest_until(target);
            }
        }
        self.paper.now = self.paper.now.max(to);
        None
    }

    /// The second would do something to a client's order, or end a contract that a client has to do with.
    fn is_due(&self, second: i64) -> bool {
        let session = &self.paper.session;
        if second >= session.roll {
            let next = session.next(self.paper.hours).day;
            if self.settles(session.day) || self.acts(session.day, next) {
                return true;
            }
        }
        if self.ledgers.is_idle() {
            return false;
        }
        if second >= session.roll {
            let next = session.next(self.paper.hours);
            return self.open_orders().any(|order| order.is_day_of(session.day))
                || self.paper.any_touched(second, &next);
        }
        self.paper.any_touched(second, session)
    }

    /// One second of all markets.
    fn second(&mut self, second: i64, mut events: Option<&mut Vec<Event>>) {
        for at in self.paper.places() {
            if let Some(next) = self.paper.pass(at, second, events.is_some())
                && let Some(events) = events.as_deref_mut()
            {
                self.touched(at, next, events);
            }
        }
    }

    /// Ends the trading day and begins the next.
    fn roll(&mut self, events: Option<&mut Vec<Event>>) {
        let (day, now) = (self.paper.session.day, self.paper.now);
        let mut untold = Vec::new();
        let events = events.unwrap_or(&mut untold);
        self.price_funds(day, events);
        self.end_all(|order| order.is_day_of(day), End::DayEnded, events);
        self.settle_day(day, events);
        let next = self.paper.session.next(self.paper.hours).day;
        self.accrue((day, next), events);
        self.paper.roll();
        let actions = self.begin_actions(next, events);
        for ledger in self.ledgers.all_mut() {
            ledger.begin_day(next, now, |symbol| self.paper.mark(symbol));
        }
        self.paper.begin_day();
        self.adjust_orders(&actions, events);
    }

    /// Ends open orders, oldest first.
    fn end_all(&mut self, which: impl Fn(&Order) -> bool, end: End, events: &mut Vec<Event>) {
        let meant = |order: &&Arc<Order>| which(order);
        let mut ids: Vec<_> = self.open_orders().filter(meant).map(|order| order.id).collect();
        ids.sort_unstable();
        for id in ids {
            if let Some(mut desk) = self.desk_of(id, events) {
                desk.end(id, end);
            }
        }
    }

    /// A ledger at work.
    fn desk<'a>(&'a mut self, owner: Owner, events: &'a mut Vec<Event>) -> Option<Desk<'a, Paper>> {
        Some(Desk {
            owner,
            ledger: self.ledgers.at_mut(owner)?,
            now: self.paper.now,
            venue: &mut self.paper,
            register: &mut self.register,
            todo: &mut self.todo,
            events,
        })
    }

    /// The ledger of an open order at work.
    fn desk_of<'a>(
        &'a mut self,
        order: OrderId,
        events: &'a mut Vec<Event>,
    ) -> Option<Desk<'a, Paper>> {
        self.desk(self.register.owner(order)?, events)
    }

    fn place(
        &mut self,
        group: &[NewOrder],
        decision: &Decided,
        placing: Placing,
        events: &mut Vec<Event>,
    ) {
        let mut placed = Vec::with_capacity(group.len());
        for new in group {
            let Some(at) = self.paper.instruments.index(new.symbol) else { continue };
            let Some(owner) = self.ledgers.owner(new.account) else { continue };
            self.paper.list(at);
            self.memory.note_order_id(new.origin);
            let Some(mut desk) = self.desk(owner, events) else { continue };
            if decision.limits.duplicate_window.is_some() {
                desk.ledger.remember(new, desk.now);
            }
            // Children only close what their parents open. What waits for a person counts once it is let through.
            if new.parent.is_none() && placing.held.is_none() {
                desk.count_ordered((new.origin.holder, at), new.quantity, new.order_type);
            }
            let held = placing.held.filter(|_| new.parent.is_none());
            placed.push(desk.accept(new, (at, Placing { held, ..placing }), &placed));
        }
        for new in group {
            if let Some(at) = self.paper.instruments.index(new.symbol) {
                self.settle(at, events);
            }
        }
    }

    /// An order that waited for a person comes to the market.
    fn release(&mut self, order: OrderId, holder: Holder, events: &mut Vec<Event>) {
        let Some(mut desk) = self.desk_of(order, events) else {
            return self.reject(order, holder, events);
        };
        if let Some(at) = desk.let_through(order) {
            self.settle(at, events);
        }
    }

    /// Has every ledger know the trading day.
    fn set_today(&mut self) {
        let today = self.paper.session.day;
        for ledger in self.ledgers.all_mut() {
            ledger.today = today;
        }
    }

    /// Opens a ledger. An account that has one already keeps it.
    fn open(&mut self, opening: &Opening) {
        let Opening { account, cash, currency, self_match } = *opening;
        let cash = Money::new(cash, currency);
        let instruments = Arc::clone(&self.paper.instruments);
        let (rule, now) = (self.memory.rule(), self.paper.now);
        let mut ledger = Ledger::new(instruments, account, cash, rule, now);
        ledger.self_match = self_match;
        self.ledgers.open(ledger);
        self.set_today();
    }

    /// What the account's orders do when they meet each other from here on, those that wait for an opening or a
    /// trigger too.
    fn choose(&mut self, account: PaperAccountId, self_match: SelfMatch) {
        let owner = self.ledgers.owner(account);
        if let Some(ledger) = owner.and_then(|owner| self.ledgers.at_mut(owner)) {
            ledger.self_match = self_match;
        }
    }

    /// The account is called for margin until then, or no more.
    fn call(&mut self, account: PaperAccountId, until: Option<Time>) {
        let owner = self.ledgers.owner(account);
        if let Some(ledger) = owner.and_then(|owner| self.ledgers.at_mut(owner)) {
            ledger.called = until;
        }
    }

    /// Nothing is taken for the account from here on. One that holds anything or has an open order
    /// stays open, and so does the first.
    fn close(&mut self, account: PaperAccountId) {
        let now = self.paper.now;
        if account != self.genesis.account
            && let Some(owner) = self.ledgers.owner(account)
            && let Some(ledger) = self.ledgers.at_mut(owner)
            && ledger.is_flat()
        {
            ledger.closed = ledger.closed.or(Some(now));
        }
    }

    fn change(&mut self, change: Change, holder: Holder, events: &mut Vec<Event>) {
        let Some(mut desk) = self.desk_of(change.order, events) else {
            return self.reject(change.order, holder, events);
        };
        let at = desk.ledger.orders.open.get(&change.order).map(|open| open.at);
        if desk.change(change, holder)
            && let Some(at) = at
        {
            self.settle(at, events);
        }
    }

    fn cancel(&mut self, id: OrderId, cause: Cause, holder: Holder, events: &mut Vec<Event>) {
        match self.desk_of(id, events) {
            Some(mut desk) => desk.end(id, cause.end()),
            None => self.reject(id, holder, events),
        }
    }

    fn reject(&self, order: OrderId, holder: Holder, events: &mut Vec<Event>) {
        events.push(Event::CommandRejected { holder, reject: self.missing(order) });
    }

    fn cancel_all(&mut self, scope: CancelTarget, cause: Cause, events: &mut Vec<Event>) {
        let account = self.genesis.account;
        let meant = |order: &Order| match scope {
            CancelTarget::Account => order.account == account,
            CancelTarget::Of(account) => order.account == account,
            CancelTarget::Holder(holder) => order.origin.holder == holder,
            CancelTarget::Client { holder, client_id } => {
                order.origin.holder == holder && order.origin.client_id == client_id
            }
        };
        self.end_all(meant, cause.end(), events);
    }
}

impl Catalogue for Exchange {
    fn units_of(&self, symbol: SymbolId) -> Units {
        self.paper.instruments.get(symbol).map_or(Units::SHARES, Instrument::units)
    }

    fn base_of(&self, account: PaperAccountId) -> Currency {
        self.ledger(account).map_or(Currency::USD, Ledger::base)
    }

    fn account_of(&self, order: OrderId) -> Option<PaperAccountId> {
        self.open_order(order).map(|order| order.account)
    }
}

/// What is asked of an exchange.
impl Exchange {
    /// How it began.
    pub const fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// An account, unless it is that of the genesis: so records name it.
    pub fn beside_first(&self, account: PaperAccountId) -> Option<PaperAccountId> {
        (account != self.genesis.account).then_some(account)
    }

    /// By which rule its markets move.
    pub const fn rule(&self) -> u16 {
        self.paper.rule
    }

    /// The sequence of the last command applied; 0 before the first.
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    /// The time that it has come to. Stamps must not lie before it.
    pub const fn now(&self) -> Time {
        self.paper.now
    }

    /// The trading day.
    pub const fn session(&self) -> &TradingSession {
        &self.paper.session
    }

    /// The markets trade now.
    pub fn is_open(&self) -> bool {
        self.paper.is_session_open()
    }

    /// When the markets open next; now, when they are open.
    pub fn next_open(&self) -> Time {
        self.paper.next_session()
    }

    /// What it trades.
    pub const fn instruments(&self) -> &Arc<Instruments> {
        &self.paper.instruments
    }

    /// An order of any account, open or ended in the last seven days.
    pub fn order(&self, id: OrderId) -> Option<&Arc<Order>> {
        match self.register.owner(id) {
            Some(owner) => self.ledgers.at(owner)?.open_order(id),
            None => self.ledgers.all().find_map(|ledger| ledger.order(id)),
        }
    }

    /// An open order of any account.
    pub fn open_order(&self, id: OrderId) -> Option<&Arc<Order>> {
        self.ledgers.at(self.register.owner(id)?)?.open_order(id)
    }

    /// Open orders of all accounts: account by account in the order that they were opened, each oldest
    /// first.
    pub fn open_orders(&self) -> impl Iterator<Item = &Arc<Order>> {
        self.ledgers.all().flat_map(Ledger::open_orders)
    }

    /// Why an order cannot be changed or cancelled.
    fn missing(&self, order: OrderId) -> Reject {
        match self.order(order) {
            Some(found) => Reject::NotOpen { order, state: found.state },
            None => Reject::UnknownOrder { order },
        }
    }

    /// How many orders of a holder are open, on all accounts.
    pub fn open_count(&self, holder: Holder) -> u32 {
        self.register.open_of(holder)
    }

    /// What the checks of orders on an account look at, for who has so many orders open; none for an account
    /// that it does not have.
    pub fn facts(&self, account: PaperAccountId, holder: Holder) -> Result<Facts<'_>, Denial> {
        let ledger = self.ledger(account).filter(|ledger| ledger.closed.is_none());
        let ledger = ledger.ok_or(Denial::UnknownAccount { account })?;
        Ok(Facts { ledger, venue: &self.paper, open_count: self.open_count(holder) })
    }

    /// What every account has here, in the order that they were opened, closed ones included.
    pub fn ledgers(&self) -> impl Iterator<Item = &Ledger> {
        self.ledgers.all()
    }

    /// What an account has here.
    pub fn ledger(&self, account: PaperAccountId) -> Option<&Ledger> {
        self.ledgers.at(self.ledgers.owner(account)?)
    }

    /// All orders of an account, as a command names them. The account of the genesis keeps the word
    /// that it had when it was the only one.
    pub fn scope_of(&self, account: PaperAccountId) -> CancelTarget {
        if account == self.genesis.account {
            CancelTarget::Account
        } else {
            CancelTarget::Of(account)
        }
    }

    /// What the account of the genesis has here.
    pub const fn account(&self) -> &Ledger {
        self.ledgers.first()
    }

    /// Orders of the first account that ended in the last seven days, in the order that they ended.
    pub fn completed_orders(
        &self,
    ) -> impl DoubleEndedIterator<Item = &Arc<Order>> + ExactSizeIterator {
        self.account().completed_orders()
    }

    /// Executions of the first account in the last seven days, oldest first.
    pub fn executions(
        &self,
    ) -> impl DoubleEndedIterator<Item = &Arc<Execution>> + ExactSizeIterator {
        self.account().executions()
    }

    /// The last price of a contract; zero for an unknown one.
    pub fn mark(&self, symbol: SymbolId) -> Ticks {
        self.paper.mark(symbol)
    }

    /// What is held now, by contract id ascending, at the last prices; closed positions left out.
    pub fn holdings(&self) -> impl Iterator<Item = Holding> {
        self.account().holdings(|symbol| self.mark(symbol))
    }

    /// All that is asked about the first account, at the last prices.
    pub fn summary(&self) -> AccountSummary {
        self.summary_of(self.account())
    }

    /// What a unit of one currency is worth in another now; none where no pair says.
    pub fn rate(&self, from: Currency, to: Currency) -> Option<Decimal> {
        self.paper.rate(from, to)
    }

    /// All that is asked about an account, at the last prices.
    pub fn summary_of(&self, ledger: &Ledger) -> AccountSummary {
        let base = ledger.base();
        let rate = |currency| self.paper.rate(currency, base);
        AccountSummary::new(ledger, Rates::new(base, &rate), |symbol| self.mark(symbol))
    }

    /// What an account stands to gain and to lose, at the last prices.
    pub fn risk_of(&self, ledger: &Ledger) -> Risk {
        let base = ledger.base();
        let rate = |currency| self.paper.rate(currency, base);
        let supposed = |one: &Instrument, scenario: &_| self.paper.supposed(one, scenario);
        Risk::of(ledger, Rates::new(base, &rate), |symbol| self.mark(symbol), &supposed)
    }

    /// What the trading day has changed of an account's worth: by prices, and by currencies since their pairs' last close.
    pub fn moves_of(&self, ledger: &Ledger) -> Moves {
        let base = ledger.base();
        let close = |currency: Currency| {
            let pair = self.paper.instruments.dollar_pair(currency);
            let (at, inverse) = match pair {
                _ if currency == Currency::USD => return Some(Decimal::ONE),
                pair => pair?,
            };
            let quote = self.quote(self.paper.instruments.at(at)?.id)?;
            let price = quote.price(quote.close);
            if inverse { Decimal::ONE.checked_div(price) } else { Some(price) }
        };
        let now = |currency| self.paper.rate(currency, base);
        let before = |currency| close(currency)?.checked_div(close(base)?);
        let rates = (Rates::new(base, &now), Rates::new(base, &before));
        Moves::of(ledger, rates, |symbol| self.mark(symbol))
    }

    /// Prices of all contracts. Cheap: about ten microseconds.
    pub fn quotes(&self) -> Quotes {
        self.paper.quotes()
    }

    /// Prices of one contract.
    pub fn quote(&self, symbol: SymbolId) -> Option<Quote> {
        self.paper.quote(symbol)
    }

    /// The same, and while the market is closed with what was bid and asked in its last second; of what follows others, before
    /// the trading day ends, for after that it is by what it was worth when the day began.
    pub fn last_quote(&self, symbol: SymbolId) -> Option<Quote> {
        self.paper.last_quote(symbol)
    }

    /// Bars that begin in `from..to`, oldest first, the one being made included; at most the last
    /// 50,000. Bars under a day go back to 60 exchange days of history, derived; those of seconds
    /// two hours. Hours are counted in UTC; days are trading days.
    pub fn bars(&self, symbol: SymbolId, size: BarSize, from: Time, to: Time) -> Vec<Bar> {
        self.paper.bars(symbol, size, from, to)
    }

    /// An option that has not expired, in the market of the last second; none for anything else.
    pub fn option_market(&self, symbol: SymbolId) -> Option<OptionMarket> {
        self.paper.option_market(symbol)
    }

    /// The yearly volatility that options on something are priced by, at the money and thirty days ahead; none where there
    /// are none on it.
    pub fn implied_volatility(&self, symbol: SymbolId) -> Option<Decimal> {
        self.paper.implied_volatility(symbol, None)
    }

    /// The same of the past, as bars of the volatility index tell it: each with open, high, low and close.
    pub fn implied_bars(
        &self,
        symbol: SymbolId,
        size: BarSize,
        from: Time,
        to: Time,
    ) -> Vec<(Bar, [Decimal; 4])> {
        let Some(index) = self.paper.volatility_index() else { return Vec::new() };
        let at = |price| self.paper.implied_volatility(symbol, Some(price));
        if at(self.mark(index)).is_none() {
            return Vec::new();
        }
        let bars = self.paper.bars(index, size, from, to).into_iter();
        bars.filter_map(|bar| {
            Some((bar, [at(bar.open)?, at(bar.high)?, at(bar.low)?, at(bar.close)?]))
        })
        .collect()
    }

    /// The first instant that there are prices of; none for an unknown contract.
    pub fn head(&self, symbol: SymbolId) -> Option<Time> {
        self.paper.head(symbol)
    }
}

impl Cause {
    const fn end(self) -> End {
        match self {
            Self::Request => End::Requested,
            Self::Lock => End::Locked,
            Self::Revocation => End::Revoked,
            Self::Declined => End::Declined,
            Self::Unanswered => End::Unanswered,
            Self::Unsound => End::Refused,
            Self::Unasked => End::Unasked,
            Self::MarginCall => End::MarginCall,
        }
    }
}
