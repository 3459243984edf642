//! The exchange as bytes: snapshots, and a hash to compare by.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;

use access::currency::Currency;
use access::id::{Holder, SymbolId};
use access::moment::Time;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Exchange;
use super::ledgers::Ledgers;
use super::memory::{Memory, ORDER_RULE, UsedIds};
use crate::calendar::{Day, TradingSession};
use crate::desk::Register;
use crate::instrument::{FIRST, Instruments};
use crate::journal::{Genesis, MARKET_RULE};
use crate::ledger::ordered::OrderedBy;
use crate::ledger::snapshot::{Balance, Currencies, Executions, Kept, OrderBook, Sizes};
use crate::ledger::traded::Traded;
use crate::ledger::{Ledger, Recent, SelfMatch};
use crate::margin::Exposure;
use crate::order::OrderId;
use crate::paper::Paper;
use crate::paper::listing::{self, Listing};
use crate::paper::series::Strikes;
use crate::path::Path;
use crate::payment::Payment;
use crate::venue::Owner;

/// A snapshot that cannot be written or read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotError {
    what: &'static str,
    why: String,
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the exchange's snapshot cannot be {}: {}", self.what, self.why)
    }
}

impl std::error::Error for SnapshotError {}

/// How it began, the sequence, the time and second that it has come to, the trading day, and the day of
/// the genesis.
type Clock = (Genesis, u64, Time, i64, TradingSession, Day);

/// What the first format has behind the clock and the contracts. The order of the fields is the format.
#[derive(Debug, Serialize, Deserialize)]
struct First {
    orders: OrderBook,
    balance: Balance,
    executions: Executions,
    next_execution: u64,
    recent: VecDeque<Recent>,
    /// Orders on their way to the market; there are none between commands.
    todo: VecDeque<OrderId>,
}

/// What snapshots of later versions have behind the first format, which is what an exchange has that
/// began by rule 1. Variants are only ever appended.
#[derive(Debug, Serialize, Deserialize)]
enum Later {
    /// What orders from rule 2 on need.
    Memory(Remembered),
    /// The rule of the markets from 2 on, and the path of each contract that rule 2 has.
    Market { rule: u16, paths: Vec<Option<Path>> },
    /// What orders from rule 3 on need.
    Sizes(Sizes),
    /// Every ledger but the first.
    Ledgers(Vec<Kept>),
    /// The currencies of ledgers that have others than US dollars.
    Currencies(Vec<Currencies>),
    /// What the orders of the first ledger do when they meet each other, where that is not the default. The other
    /// ledgers have it in their own piece.
    SelfMatch(SelfMatch),
    /// Contracts that rule 2 does not have, and what is listed of classes.
    Contracts { listings: Vec<(SymbolId, listing::Kept, Option<Path>)>, strikes: Vec<Strikes> },
    /// What was ordered on this trading day, by the place of the ledger.
    Ordered(Vec<(Owner, OrderedBy)>),
    /// Orders that wait for a person's yes, and until when.
    Held(Vec<(OrderId, Time)>),
    /// What is listed of forecasts.
    Forecasts(Vec<Strikes>),
    /// Margin calls, by the place of the ledger, and until when.
    Called(Vec<(Owner, Time)>),
    /// Splits that there have been: on which day, and so many new shares for so many old ones.
    Splits(Vec<(SymbolId, Day, u32, u32)>),
    /// What was paid without a trade, by the place of the ledger.
    Payments(Vec<(Owner, VecDeque<Arc<Payment>>)>),
    /// Interest on cash that has accrued, by the place of the ledger.
    Interest(Vec<(Owner, Vec<(Currency, Decimal)>)>),
}

/// The rule of orders, what groups of the first ledger have traded, and the order ids that were used.
#[derive(Debug, Serialize, Deserialize)]
struct Remembered {
    rule: u16,
    traded: Traded,
    used: BTreeMap<Holder, UsedIds>,
}

impl Exchange {
    fn later(&self) -> Vec<Later> {
        let first = self.ledgers.first();
        let rule = self.memory.rule();
        let memory = (rule >= 2).then(|| {
            let used = self.memory.used.clone();
            Later::Memory(Remembered { rule, traded: first.traded.clone(), used })
        });
        let paths = || self.first_rows().iter().map(|listing| listing.path).collect();
        let rule = self.paper.rule;
        let market = (rule >= 2).then(|| Later::Market { rule, paths: paths() });
        let sizes = first.sizes_orders().then(|| Later::Sizes(first.sizes()));
        let others: Vec<_> = self.ledgers.others().iter().map(Ledger::kept).collect();
        let others = (!others.is_empty()).then_some(Later::Ledgers(others));
        let owners = self.ledgers.owners();
        let known = owners.filter_map(|owner| self.ledgers.at(owner)?.currencies(owner));
        let currencies: Vec<_> = known.collect();
        let currencies = (!currencies.is_empty()).then_some(Later::Currencies(currencies));
        let rules = memory.into_iter().chain(market).chain(sizes);
        let chosen = first.self_match;
        let chosen = (chosen != SelfMatch::default()).then_some(Later::SelfMatch(chosen));
        let contracts = (self.paper.rule >= 3).then(|| self.contracts());
        let (ordered, held) = self.counted();
        let thresholds = self.paper.series.thresholds();
        let forecasts = (!thresholds.is_empty()).then(|| Later::Forecasts(thresholds.to_vec()));
        let more = contracts.into_iter().chain(ordered).chain(held).chain(forecasts);
        let splits = self.paper.splits_kept();
        let splits = (!splits.is_empty()).then_some(Later::Splits(splits));
        let more =
            more.chain(self.called()).chain(splits).chain(self.payments()).chain(self.interest());
        rules.chain(others).chain(currencies).chain(chosen).chain(more).collect()
    }

    /// What the controls count, and what waits for a person; none where there is none.
    fn counted(&self) -> (Option<Later>, Option<Later>) {
        let ledgers = || {
            let owners = self.ledgers.owners();
            owners.filter_map(|owner| Some((owner, self.ledgers.at(owner)?)))
        };
        let some = ledgers().filter(|(_, ledger)| !ledger.ordered.is_empty());
        let ordered: Vec<_> = some.map(|(owner, one)| (owner, one.ordered.clone())).collect();
        let held: Vec<_> = ledgers()
            .flat_map(|(_, ledger)| ledger.held_orders())
            .filter_map(|order| Some((order.id, order.held?)))
            .collect();
        let ordered = (!ordered.is_empty()).then_some(Later::Ordered(ordered));
        (ordered, (!held.is_empty()).then_some(Later::Held(held)))
    }

    /// The margin calls; none where there are none.
    fn called(&self) -> Option<Later> {
        let owners = self.ledgers.owners();
        let called: Vec<_> =
            owners.filter_map(|owner| Some((owner, self.ledgers.at(owner)?.called?))).collect();
        (!called.is_empty()).then_some(Later::Called(called))
    }

    /// What was paid without a trade; none where there is none.
    fn payments(&self) -> Option<Later> {
        let kept = |owner: Owner| {
            let payments: VecDeque<_> = self.ledgers.at(owner)?.payments().cloned().collect();
            (!payments.is_empty()).then_some((owner, payments))
        };
        let payments: Vec<_> = self.ledgers.owners().filter_map(kept).collect();
        (!payments.is_empty()).then_some(Later::Payments(payments))
    }

    /// Interest that has accrued; none where there is none.
    fn interest(&self) -> Option<Later> {
        let kept = |owner: Owner| {
            let all = self.ledgers.at(owner)?.purse.all();
            let some = all.filter(|(_, cash)| !cash.interest.is_zero());
            let some: Vec<_> = some.map(|(currency, cash)| (currency, cash.interest)).collect();
            (!some.is_empty()).then_some((owner, some))
        };
        let all: Vec<_> = self.ledgers.owners().filter_map(kept).collect();
        (!all.is_empty()).then_some(Later::Interest(all))
    }

    fn take_interest(&mut self, all: Vec<(Owner, Vec<(Currency, Decimal)>)>) -> Result<(), String> {
        for (owner, accrued) in all {
            let purse = &mut self.named(owner)?.purse;
            for (currency, interest) in accrued {
                purse.of_mut(currency).interest = interest;
            }
        }
        Ok(())
    }

    /// The ledger at a place that a snapshot names.
    fn named(&mut self, owner: Owner) -> Result<&mut Ledger, String> {
        self.ledgers.at_mut(owner).ok_or_else(|| format!("there is no ledger {owner}"))
    }

    fn take_held(&mut self, held: Vec<(OrderId, Time)>) -> Result<(), String> {
        for (id, until) in held {
            let found = self.ledgers.all_mut().find_map(|ledger| {
                let order = &mut ledger.orders.open.get_mut(&id)?.order;
                Arc::make_mut(order).held = Some(until);
                ledger.orders.held.insert(id);
                Some(())
            });
            found.ok_or_else(|| format!("order {id} is held and not open"))?;
        }
        Ok(())
    }

    /// The markets that the first two rules have.
    fn first_rows(&self) -> &[Listing] {
        let rows = self.paper.listings.rows();
        rows.get(..FIRST).unwrap_or(rows)
    }

    /// The others.
    fn contracts(&self) -> Later {
        let (paper, known) = (&self.paper, self.paper.instruments.all());
        let rows = paper.listings.rows().iter().zip(known).skip(FIRST);
        let rows = rows.map(|(listing, one)| (one.id, listing));
        let kept = |(id, listing): (SymbolId, &Listing)| {
            (id, listing.whole(Exposure::default()), listing.path)
        };
        let listings = rows.chain(paper.listings.series()).map(kept).collect();
        Later::Contracts { listings, strikes: paper.series.strikes().to_vec() }
    }

    /// From what a snapshot has of them. An instrument that has got its row since begins now.
    fn take_contracts(
        &mut self,
        listings: Vec<(SymbolId, listing::Kept, Option<Path>)>,
        strikes: Vec<Strikes>,
    ) -> Result<(), String> {
        for (id, kept, path) in listings {
            let at = self.paper.instruments.index(id);
            let at = at.ok_or_else(|| format!("contract {id} is not known here"))?;
            let (mut listing, _) = Listing::of_kept(kept);
            listing.path = path;
            self.paper.put_back(at, id, listing);
        }
        self.paper.take_strikes(strikes);
        Ok(())
    }

    fn take_later(&mut self, later: Vec<Later>) -> Result<(), String> {
        for one in later {
            match one {
                Later::Memory(Remembered { rule, traded, used }) => {
                    if !(2..=ORDER_RULE).contains(&rule) {
                        return Err(format!("order rule {rule}"));
                    }
                    self.memory = Memory::new(rule, used);
                    let first = self.ledgers.first_mut();
                    (first.rule, first.traded) = (rule, traded);
                }
                Later::Ledgers(others) => {
                    for kept in others {
                        // The rule of orders stands before it.
                        let ledger = Ledger::of_kept(
                            Arc::clone(&self.paper.instruments),
                            kept,
                            self.memory.rule(),
                        )?;
                        let id = ledger.id;
                        if !self.ledgers.open(ledger) {
                            return Err(format!("account {id} has two ledgers"));
                        }
                    }
                }
                Later::Currencies(all) => {
                    for kept in all {
                        let owner = kept.owner();
                        self.named(owner)?.take_currencies(kept);
                    }
                    self.genesis.currency = self.ledgers.first().base();
                }
                Later::SelfMatch(chosen) => self.ledgers.first_mut().self_match = chosen,
                Later::Sizes(sizes) => self.ledgers.first_mut().take_sizes(sizes)?,
                Later::Market { rule, paths } => {
                    if !(2..=MARKET_RULE).contains(&rule) || paths.len() != self.first_rows().len()
                    {
                        return Err(format!("rule {rule} with {} paths", paths.len()));
                    }
                    for (listing, path) in self.paper.listings.rows_mut().iter_mut().zip(paths) {
                        listing.path = path;
                    }
                    self.paper.take_rule(rule);
                }
                Later::Contracts { listings, strikes } => self.take_contracts(listings, strikes)?,
                Later::Ordered(all) => {
                    for (owner, ordered) in all {
                        self.named(owner)?.ordered = ordered;
                    }
                }
                Later::Held(held) => self.take_held(held)?,
                Later::Forecasts(thresholds) => self.paper.take_thresholds(thresholds),
                Later::Called(called) => {
                    for (owner, until) in called {
                        self.named(owner)?.called = Some(until);
                    }
                }
                Later::Splits(splits) => self.paper.take_splits(splits),
                Later::Interest(all) => self.take_interest(all)?,
                Later::Payments(all) => {
                    for (owner, payments) in all {
                        self.named(owner)?.take_payments(payments);
                    }
                }
            }
        }
        Ok(())
    }

    /// What the first format has.
    pub(super) fn first_format(&self) -> postcard::Result<Vec<u8>> {
        let (paper, first) = (&self.paper, self.ledgers.first());
        let clock = (&self.genesis, self.seq, paper.now, paper.step, paper.session, paper.first);
        let rows = self.first_rows();
        let exposures = first.exposures.dense(rows.len());
        let listings = rows.iter().zip(&exposures);
        let listings: Vec<_> = listings.map(|(listing, bound)| listing.kept(bound)).collect();
        let (executions, recent) = first.past();
        let rest = First {
            orders: first.order_book(self.register.order),
            balance: first.balance(),
            executions,
            next_execution: self.register.execution,
            recent,
            todo: VecDeque::new(),
        };
        postcard::to_stdvec(&(clock, listings, rest))
    }

    /// The whole state. Two exchanges that applied the same commands and stand at the same time
    /// give the same bytes.
    pub fn snapshot(&self) -> Result<Vec<u8>, SnapshotError> {
        let error =
            |error: postcard::Error| SnapshotError { what: "written", why: error.to_string() };
        let state = self.first_format().map_err(error)?;
        match self.later() {
            later if later.is_empty() => Ok(state),
            later => postcard::to_extend(&later, state).map_err(error),
        }
    }

    /// The exchange of a snapshot.
    pub fn restore(bytes: &[u8], instruments: &Arc<Instruments>) -> Result<Self, SnapshotError> {
        type State = (Clock, Vec<listing::Kept>, First);
        let error = |why| SnapshotError { what: "read", why };
        let refused = |refused: postcard::Error| error(refused.to_string());
        let (state, behind) = postcard::take_from_bytes::<State>(bytes).map_err(refused)?;
        let mut exchange = Self::of_first(state, instruments);
        let mut rest = behind;
        if !behind.is_empty() {
            let (later, end) = postcard::take_from_bytes::<Vec<Later>>(behind).map_err(refused)?;
            // None at all is written as nothing.
            rest = if later.is_empty() { behind } else { end };
            exchange.take_later(later).map_err(error)?;
        }
        if !rest.is_empty() {
            return Err(error(format!("{} bytes are left over", rest.len())));
        }
        let listed = exchange.paper.listings.len();
        if listed != exchange.paper.known() {
            return Err(error(format!("it has {listed} contracts")));
        }
        for ledger in exchange.ledgers.all_mut() {
            ledger.count_later();
        }
        exchange.set_today();
        exchange.paper.set_hours();
        exchange.enter_open_orders();
        Ok(exchange)
    }

    fn of_first(
        (clock, listings, rest): (Clock, Vec<listing::Kept>, First),
        instruments: &Arc<Instruments>,
    ) -> Self {
        let (genesis, seq, now, step, session, first) = clock;
        let (listings, exposures): (Vec<_>, _) = listings.into_iter().map(Listing::of_kept).unzip();
        let register = Register::new(rest.orders.next, rest.next_execution);
        let past = (rest.executions, rest.recent);
        let (all, at) = (Arc::clone(instruments), genesis.at);
        let ledger = Ledger::of_parts(all, rest.balance, rest.orders, exposures, past, at);
        let instruments = Arc::clone(instruments);
        let mut paper = Paper::new(&Genesis { market_rule: 1, ..genesis.clone() }, instruments);
        paper.put_rows(listings);
        (paper.now, paper.step, paper.session, paper.first) = (now, step, session, first);
        Self {
            genesis,
            seq,
            paper,
            ledgers: Ledgers::new(ledger),
            register,
            todo: VecDeque::new(),
            memory: Memory::default(),
        }
    }

    /// Has the register know whose each open order is.
    fn enter_open_orders(&mut self) {
        for owner in self.ledgers.owners() {
            let Some(ledger) = self.ledgers.at(owner) else { continue };
            for order in ledger.open_orders() {
                self.register.add(order, owner);
            }
        }
    }

    /// SHA-256 of the snapshot.
    pub fn state_hash(&self) -> Result<[u8; 32], SnapshotError> {
        Ok(Sha256::digest(self.snapshot()?).into())
    }
}
