//! The path of an order: who may (entitlements), what is sound (pre-trade), when (the sequencer).

use std::net::IpAddr;
use std::sync::Arc;

use access::address::Addresses;
use access::approval::HELD_LIFE;
use access::entitlements::{Act, Control, Entitlements, Limits, OrderKind, Question, Rule, Side};
use access::id::{Holder, PaperAccountId, SymbolId};
use access::moment::Time;
use access::refusal::{AuthorityRefusal, InputRefusal, Refusal, ServerRefusal};
use rust_decimal::Decimal;
use trade::event::{Event, Reject};
use trade::exchange::Exchange;
use trade::journal::{Asked, CancelTarget, Cause, Command, Decided};
use trade::ledger::Ledger;
use trade::money::Money;
use trade::order::{Change, NewOrder, Order, OrderId, OrderType, Origin};
use trade::pretrade::large::{self, Size};
use trade::pretrade::{self, Checked, Denial, Facts, Preview};

use crate::Gate;
use crate::admission::Admission;
use crate::evidence;
use crate::feed::{Published, Subscription};
use crate::live::{self, Slot};
use crate::noted::Kind;
use crate::sequencer::Turn;

pub(crate) mod refused;
mod request;

use refused::{KEPT, RefusedOrders};
pub use request::{CancelScope, OrderRequest, Refused, Submitted};

/// A refusal, and the contract that it is about, for its record.
pub(crate) struct Against {
    refused: Refused,
    symbol: Option<SymbolId>,
}

impl<T: Into<Refused>> From<T> for Against {
    fn from(refused: T) -> Self {
        Self { refused: refused.into(), symbol: None }
    }
}

/// A refusal of what concerns a contract.
fn of(symbol: SymbolId, refused: impl Into<Refused>) -> Against {
    Against { refused: refused.into(), symbol: Some(symbol) }
}

/// Whether the server itself cannot go on; no evidence is kept of that for each order.
const fn is_outage(refused: &Refused) -> bool {
    matches!(
        refused,
        Refused::Refusal(Refusal::Server(
            ServerRefusal::JournalFailed
                | ServerRefusal::FileLost { .. }
                | ServerRefusal::DatabaseShared
                | ServerRefusal::Stopping
        ))
    )
}

/// An admission is on one of its holder's accounts; what it is for is said of all.
fn say_all_accounts(refused: &mut Refused, admission: &Admission) {
    if let Refused::Refusal(Refusal::Authority(AuthorityRefusal::AccountNotAllowed {
        allowed,
        ..
    })) = refused
    {
        *allowed = admission.accounts().collect();
    }
}

/// One request, under the sequencer's lock.
pub(crate) struct Case<'a, 'b> {
    turn: &'a mut Turn<'b>,
    slot: &'a Slot,
    /// What its holder has on each of their accounts.
    slots: &'a [Arc<Slot>],
    entitlements: &'a Entitlements,
    state: u64,
    address: IpAddr,
    now: Time,
}

impl Case<'_, '_> {
    fn ask(
        &self,
        act: Act,
        account: PaperAccountId,
        of: Option<(SymbolId, Side, OrderKind)>,
    ) -> Result<(), Against> {
        let symbol = of.map(|(symbol, ..)| symbol);
        let (side, kind) = of.map(|(_, side, kind)| (side, kind)).unzip();
        let (address, now) = (self.address, self.now);
        let (product, symbol) = self.turn.exchange().instruments().asked(symbol);
        let question = Question { act, account, product, symbol, side, kind, address, now };
        let checked = self.entitlements.check(&question);
        checked.map_err(|refusal| Against { refused: refusal.into(), symbol })
    }

    /// What the checks of orders on an account look at.
    fn facts(&self, account: PaperAccountId) -> Result<Facts<'_>, Denial> {
        self.turn.exchange().facts(account, self.slot.holder)
    }

    /// The same for the account of a group's first order.
    fn facts_for(&self, orders: &[NewOrder]) -> Result<Facts<'_>, Denial> {
        self.facts(orders.first().map_or(self.slot.account, |order| order.account))
    }

    /// The same for the account of an order that is known.
    fn facts_of(&self, order: OrderId) -> Result<Facts<'_>, Denial> {
        let found = self.turn.exchange().order(order);
        self.facts(found.map_or(self.slot.account, |order| order.account))
    }

    fn decided(&self) -> Decided {
        Decided {
            holder: self.slot.holder,
            account: self.turn.exchange().beside_first(self.slot.account),
            epoch: live::epoch(self.state),
            limits: self.entitlements.limits.clone(),
        }
    }

    /// `bound` is what a large order was let through with.
    pub(crate) fn decide(
        &mut self,
        request: OrderRequest,
        bound: Option<Decimal>,
    ) -> Result<Arc<Published>, Against> {
        let (command, reduces) = match request {
            OrderRequest::Place(orders) => {
                self.check_pace(&orders)?;
                let reduce_only = self.may_place(&orders)?;
                return self.place(orders, reduce_only, bound);
            }
            OrderRequest::Reduce(order) => {
                let exits = self.may_reduce(&order)?;
                return self.reduce(order, exits);
            }
            OrderRequest::Modify(change) => {
                self.may_modify(&change)?;
                self.slot.take(1, self.now)?;
                let checked = self.pretrade_change(change)?;
                let size = large::of_change(&self.facts_of(checked.get().order)?, checked.get());
                self.check_changed(checked.get().order, size, bound)?;
                (Command::Modify(checked), false)
            }
            OrderRequest::Cancel { order } => {
                let found = self.own_order(order)?;
                self.ask(Act::CancelOrder, found.account, None)?;
                pretrade::check_cancel(&self.facts_of(order)?, order)?;
                (Command::Cancel { order, cause: Cause::Request }, true)
            }
            OrderRequest::CancelAll(scope) => {
                self.ask(Act::CancelOrder, self.slot.account, None)?;
                (Command::CancelAll { scope: self.scope(scope)?, cause: Cause::Request }, true)
            }
        };
        Ok(self.turn.stamp(self.decided(), command, reduces)?)
    }

    /// Stamps new orders; above what is placed without being asked, within the bound that was given.
    fn place(
        &mut self,
        orders: Vec<NewOrder>,
        reduce_only: bool,
        bound: Option<Decimal>,
    ) -> Result<Arc<Published>, Against> {
        self.slot.take(orders.len(), self.now)?;
        let above = self.entitlements.asks_above;
        // Asked only when it matters: it looks at every open order.
        let reduces = self.turn.is_short() && pretrade::reduces(&self.facts_for(&orders)?, &orders);
        let checked = self.pretrade(orders)?;
        if above.is_some() {
            let size = large::of_new(&self.facts_for(checked.get())?, checked.get());
            if self.waits(size, checked.get()) {
                let until = self.now + HELD_LIFE;
                let command = Command::Hold { orders: checked, until };
                return Ok(self.turn.stamp(self.decided(), command, false)?);
            }
            self.check_large(size, bound)?;
        }
        if reduce_only {
            let command = Command::PlaceReduceOnly(checked);
            return Ok(self.turn.stamp_reducing(self.decided(), command)?);
        }
        let command = Command::Place(checked);
        if reduces {
            return Ok(self.turn.stamp_reducing(self.decided(), command)?);
        }
        Ok(self.turn.stamp(self.decided(), command, false)?)
    }

    /// What is asked for above its sender's threshold passes only within the bound that was given to it.
    fn check_large(&self, size: Option<Size>, bound: Option<Decimal>) -> Result<(), Denial> {
        let above = self.entitlements.asks_above;
        let checked = size.zip(above).map_or(Ok(()), |(size, above)| size.check(above, bound));
        match (checked, self.slot.holder) {
            (Err(Denial::Large { value, above }), Holder::Credential(_)) => {
                Err(Denial::Unheld { value, above })
            }
            (checked, _) => checked,
        }
    }

    /// A change of an order that waits for a person waits with it: they are asked about the new terms.
    fn check_changed(
        &self,
        order: OrderId,
        size: Option<Size>,
        bound: Option<Decimal>,
    ) -> Result<(), Denial> {
        let found = self.turn.exchange().order(order);
        if found.is_some_and(|order| order.held.is_some()) {
            return Ok(());
        }
        self.check_large(size, bound)
    }

    /// Whether these orders of a program wait for a person: they are worth more than it places without one, and all that
    /// they would do can be told.
    fn waits(&self, size: Option<Size>, orders: &[NewOrder]) -> bool {
        let Some((size, above)) = size.zip(self.entitlements.asks_above) else { return false };
        let [first, ..] = orders else { return false };
        matches!(self.slot.holder, Holder::Credential(_))
            && size.value.amount > above
            && size.cost.is_some()
            && first.parent.is_none()
            && orders.iter().all(|order| order.oca.is_none())
    }

    /// A program that has run away waits, and one that repeats its last order is counted.
    fn check_pace(&self, orders: &[NewOrder]) -> Result<(), Denial> {
        let Some(limit) = self.runaway() else { return Ok(()) };
        self.slot.check_pace((limit, self.now), orders)
    }

    /// How many orders that are refused or repeated stop its holder.
    fn runaway(&self) -> Option<u32> {
        use rust_decimal::prelude::ToPrimitive as _;
        self.entitlements.limits.controls.get(Control::Runaway)?.to_u32()
    }

    /// Lets an order through that waited for a person, with its children, within the bound of their yes: everything is
    /// asked again now, but from where it came, which was asked then.
    pub(crate) fn release(
        &mut self,
        order: OrderId,
        orders: Vec<NewOrder>,
        bound: Option<Decimal>,
    ) -> Result<Arc<Published>, Against> {
        let mut given = Entitlements { addresses: Addresses::Any, ..self.entitlements.clone() };
        // It is no duplicate of itself.
        given.limits.duplicate_window = None;
        given.rules.iter_mut().for_each(|rule| rule.limits.duplicate_window = None);
        let Self { slot, slots, state, address, now, .. } = *self;
        let entitlements = &given;
        let turn = &mut *self.turn;
        let case = Case { turn, slot, slots, entitlements, state, address, now };
        case.may_ask_for(&orders)?;
        let symbol = orders.first().map(|order| order.symbol);
        let facts = case.facts_for(&orders)?;
        let own = u32::try_from(orders.len()).unwrap_or(u32::MAX);
        let facts = Facts { open_count: facts.open_count.saturating_sub(own), ..facts };
        let rules = (&*entitlements.rules, &entitlements.limits);
        let checked = pretrade::check_by(&facts, rules, now, orders, false)
            .map_err(|denied| Against { refused: denied.into(), symbol })?;
        let size = large::of_new(&facts, checked.get());
        case.check_large(size, bound)
            .map_err(|denial| Against { refused: denial.into(), symbol })?;
        Ok(case.turn.stamp(case.decided(), Command::Release { order }, false)?)
    }

    /// Cancels these, and stamps an order that is kept to what it closes. Nobody is asked for that.
    fn reduce(&mut self, order: NewOrder, exits: Vec<OrderId>) -> Result<Arc<Published>, Against> {
        self.slot.take(1, self.now)?;
        let checked = self.pretrade_reducing(order)?;
        for order in exits {
            let command = Command::Cancel { order, cause: Cause::Request };
            self.turn.stamp(self.decided(), command, true)?;
        }
        let command = Command::PlaceReduceOnly(checked);
        Ok(self.turn.stamp_reducing(self.decided(), command)?)
    }

    /// Reducing is left and placing is not.
    fn may_only_reduce(&self) -> bool {
        let acts = self.entitlements.acts;
        acts.contains(Act::ReduceOrder) && !acts.contains(Act::PlaceOrder)
    }

    /// Who may: placing, or, where only that is left, reducing, and then true.
    fn may_place(&self, orders: &[NewOrder]) -> Result<bool, Against> {
        let only_reduces = self.may_ask_for(orders)?;
        if only_reduces {
            for order in orders {
                pretrade::check_reduces_beside(&self.facts(order.account)?, order)
                    .map_err(|denial| of(order.symbol, denial))?;
            }
        }
        Ok(only_reduces)
    }

    /// Orders that belong together are on one account. Of one that their holder has no authority on it is asked later.
    fn are_on_one_account(&self, orders: &[NewOrder]) -> Result<(), InputRefusal> {
        let Some(first) = orders.first().map(|order| order.account) else { return Ok(()) };
        let mut accounts = orders.iter().map(|order| order.account);
        let is_theirs = |account| self.slots.iter().any(|slot| slot.account == account);
        match accounts.find(|account| *account != first) {
            Some(other) if orders.iter().all(|order| is_theirs(order.account)) => {
                Err(InputRefusal::AccountsMixed { first, other })
            }
            _ => Ok(()),
        }
    }

    /// The same but for the numbers. What closes nothing is not called too large, but refused.
    fn may_ask_for(&self, orders: &[NewOrder]) -> Result<bool, Against> {
        self.turn.check_caught_up()?;
        self.are_on_one_account(orders).map_err(Refusal::Input)?;
        let only_reduces = self.may_only_reduce();
        let act = if only_reduces { Act::ReduceOrder } else { Act::PlaceOrder };
        for order in orders {
            let asked = (order.symbol, order.side, order.order_type.kind());
            self.ask(act, order.account, Some(asked))?;
            if !only_reduces {
                continue;
            }
            let ledger = self.facts(order.account)?.ledger;
            if ledger.held_against(order.symbol, order.side) == 0 {
                return Err(of(order.symbol, self.entitlements.why_not(Act::PlaceOrder)));
            }
        }
        Ok(only_reduces)
    }

    /// The same for an order that says that it only reduces: it is held to that by the position as it is now. Where
    /// nothing else may be placed, a person's also ends the exits that could open the other side after it: which ones.
    fn may_reduce(&self, order: &NewOrder) -> Result<Vec<OrderId>, Against> {
        let only_reduces = self.may_ask_for(std::slice::from_ref(order))?;
        let facts = self.facts(order.account)?;
        pretrade::check_reduces(&facts, order).map_err(|denial| of(order.symbol, denial))?;
        let Err(denial) = pretrade::check_reduces_beside(&facts, order) else {
            return Ok(Vec::new());
        };
        match self.slot.holder {
            _ if !only_reduces => Ok(Vec::new()),
            Holder::Session(_) => {
                self.ask(Act::CancelOrder, order.account, None)?;
                let exits = facts.ledger.unbounded_orders(order.symbol, order.side);
                Ok(exits.map(|(id, _)| id).collect())
            }
            Holder::Credential(_) | Holder::Operator | Holder::System => {
                Err(of(order.symbol, denial))
            }
        }
    }

    fn may_modify(&self, change: &Change) -> Result<(), Against> {
        self.turn.check_caught_up()?;
        let order = self.own_order(change.order)?;
        let asked = (order.symbol, order.side, change.order_type.kind());
        self.ask(Act::ModifyOrder, order.account, Some(asked))?;
        if self.may_only_reduce() {
            pretrade::check_reduces_changed(&self.facts_of(change.order)?, change)
                .map_err(|denial| of(order.symbol, denial))?;
        }
        Ok(())
    }

    fn pretrade_change(&self, change: Change) -> Result<Checked<Change>, Against> {
        let symbol = self.turn.exchange().order(change.order).map(|order| order.symbol);
        pretrade::check_modify(&self.facts_of(change.order)?, &self.entitlements.limits, change)
            .map_err(|denial| Against { refused: denial.into(), symbol })
    }

    /// The size of a request that takes an approval or a proof, and its sender's threshold. Takes no token of the
    /// rate; refused and denied exactly as it would be besides.
    pub(crate) fn large(&self, request: OrderRequest) -> Result<Option<(Size, Decimal)>, Against> {
        let size = match request {
            OrderRequest::Place(orders) => {
                self.may_place(&orders)?;
                let facts = self.facts_for(&orders)?;
                large::of_new(&facts, self.pretrade(orders)?.get())
            }
            OrderRequest::Reduce(order) => {
                self.may_reduce(&order)?;
                self.pretrade_reducing(order)?;
                None
            }
            OrderRequest::Modify(change) => {
                self.may_modify(&change)?;
                large::of_change(&self.facts_of(change.order)?, self.pretrade_change(change)?.get())
            }
            OrderRequest::Cancel { .. } | OrderRequest::CancelAll(_) => None,
        };
        let asked = size.zip(self.entitlements.asks_above);
        Ok(asked.filter(|(size, above)| size.value.amount > *above))
    }

    fn pretrade(&self, orders: Vec<NewOrder>) -> Result<Checked<Vec<NewOrder>>, Against> {
        let symbol = orders.first().map(|order| order.symbol);
        let facts = self.facts_for(&orders)?;
        pretrade::check_by(&facts, self.rules(), self.now, orders, false)
            .map_err(|denied| Against { refused: denied.into(), symbol })
    }

    fn pretrade_reducing(&self, order: NewOrder) -> Result<Checked<Vec<NewOrder>>, Against> {
        let symbol = order.symbol;
        let facts = self.facts(order.account)?;
        pretrade::check_by(&facts, self.rules(), self.now, vec![order], true)
            .map_err(|denied| of(symbol, denied))
    }

    /// Whose limits hold, and the narrowest of all.
    fn rules(&self) -> (&[Rule], &Limits) {
        (&self.entitlements.rules, &self.entitlements.limits)
    }

    /// An order that the holder may touch: a session any of its account, a program its own. Of
    /// others it learns nothing.
    fn own_order(&self, id: OrderId) -> Result<Arc<Order>, Against> {
        let order = self.turn.exchange().order(id);
        let order = order.filter(|order| order.account == self.slot.account);
        let own = |order: &&Arc<Order>| match self.slot.holder {
            Holder::Credential(_) => order.origin.holder == self.slot.holder,
            Holder::Session(_) | Holder::Operator | Holder::System => true,
        };
        let missing = || Denial::Missing(Reject::UnknownOrder { order: id });
        Ok(order.filter(own).cloned().ok_or_else(missing)?)
    }

    fn scope(&self, scope: CancelScope) -> Result<CancelTarget, Against> {
        let holder = self.slot.holder;
        match scope {
            CancelScope::Client(client_id) => Ok(CancelTarget::Client { holder, client_id }),
            CancelScope::Own => Ok(CancelTarget::Holder(holder)),
            CancelScope::Account if matches!(holder, Holder::Session(_)) => {
                Ok(self.turn.exchange().scope_of(self.slot.account))
            }
            CancelScope::Account => {
                Err(Refusal::Authority(AuthorityRefusal::ActNotAllowed { act: Act::CancelOrder })
                    .into())
            }
        }
    }
}

/// Orders, and what becomes of them, through the gate. Cheap to copy.
#[derive(Clone, Copy)]
pub struct OrderGate<'a> {
    pub(crate) gate: &'a Gate,
}

impl Gate {
    /// Orders, and what becomes of them, through the gate.
    pub const fn orders(&self) -> OrderGate<'_> {
        OrderGate { gate: self }
    }
}

impl OrderGate<'_> {
    /// Decides a request and, when it passes, stamps and applies it. No SQL, no waiting for the
    /// disk: acknowledge only after [`OrderGate::flush`]. The orders' holder is the admission's, whatever
    /// they say. A refusal is recorded.
    pub fn submit(
        self,
        admission: &Admission,
        address: IpAddr,
        request: OrderRequest,
    ) -> Result<Submitted, Refused> {
        self.gate.submit_within(admission, address, request, None)
    }

    /// What placing these orders would do; refused and denied exactly as they would be, but takes no
    /// token of the rate. Nothing was asked for, so nothing is refused on record, but for a program
    /// that asks about what it has no authority for.
    pub fn what_if(
        self,
        admission: &Admission,
        address: IpAddr,
        orders: Vec<NewOrder>,
    ) -> Result<Preview, Refused> {
        self.preview(admission, address, OrderRequest::Place(orders)).map(|(preview, _)| preview)
    }

    /// The same for a request that may say of itself that it only reduces and is held to that, with the
    /// open orders that it would cancel first.
    pub fn preview(
        self,
        admission: &Admission,
        address: IpAddr,
        mut request: OrderRequest,
    ) -> Result<(Preview, Vec<OrderId>), Refused> {
        request.own(admission.holder());
        self.gate.case(admission, address, &Attempt::Preview, |case| {
            let mut cancelled = Vec::new();
            match &request {
                OrderRequest::Reduce(order) => cancelled = case.may_reduce(order)?,
                other => {
                    case.may_place(other.new_orders())?;
                }
            }
            let (checked, reduces) = match request {
                OrderRequest::Reduce(order) => (case.pretrade_reducing(order)?, true),
                other => (case.pretrade(other.new_orders().to_vec())?, false),
            };
            let facts = case.facts_for(checked.get())?;
            let mut preview = pretrade::preview(&facts, &checked, reduces);
            let size = large::of_new(&facts, checked.get()).filter(|_| !reduces);
            if case.waits(size, checked.get()) {
                let above = case.entitlements.asks_above;
                preview.waits_above = above.map(|above| Money::new(above, preview.currency));
            }
            Ok((preview, cancelled))
        })
    }

    /// Shares that open orders of an account would sell or buy of a contract, whatever is held: an exit of a position that is
    /// closed stays, and would open the other side. What may only reduce ends with the position.
    pub fn resting(self, account: PaperAccountId, symbol: SymbolId, side: Side) -> u64 {
        let (_, shares) = self.gate.0.sequencer.peek(|exchange| {
            let ledger = exchange.ledger(account);
            let open = ledger.into_iter().flat_map(Ledger::open_orders).filter(|open| {
                (open.symbol, open.side) == (symbol, side) && open.order_type != OrderType::Market
            });
            let stays = open.filter(|open| !open.reduce_only);
            stays.fold(0_u64, |sum, open| sum.saturating_add(open.remaining()))
        });
        shares
    }

    /// The highest order id that a client id of this holder has used, as far back as the journal
    /// remembers; 0 for none.
    pub fn highest_order_id(self, admission: &Admission, client_id: i32) -> i32 {
        let holder = admission.holder();
        self.gate.0.sequencer.peek(|exchange| exchange.highest_order_id(holder, client_id)).1
    }

    /// Writes down that this holder has used an order id that left no order, so that it is not
    /// handed out again. Nothing is lost when it cannot be written but the memory of the id.
    pub fn note_order_id(self, admission: &Admission, client_id: i32, order_id: i32) {
        let origin = Origin { holder: admission.holder(), client_id, order_id };
        // A journal that has failed records nothing, and has said so.
        let Ok(mut turn) = self.gate.0.sequencer.turn(self.gate.now()) else { return };
        if turn.exchange().highest_order_id(origin.holder, client_id) < order_id
            && let Err(error) = turn.stamp(Decided::system(), Command::OrderIdUsed(origin), false)
        {
            tracing::warn!(order_id, %error, "a used order id could not be recorded");
        }
    }

    /// Returns when everything submitted before is durable and published. On an error none of it
    /// may be acknowledged. The first caller writes for all and blocks its thread for one sync.
    pub async fn flush(self) -> Result<(), Refusal> {
        let target = self.gate.0.sequencer.applied();
        self.gate.0.sequencer.flush_to(target).await?;
        self.gate.0.sequencer.may_acknowledge()
    }

    /// An inbox of all that happens on the admission's account from now on. When the admission has
    /// ended already, that is the first delivery.
    pub fn subscribe(self, admission: &Admission) -> Subscription {
        self.listen(admission, vec![Arc::clone(admission.slot())], None)
    }

    /// What one client id learns on all accounts that the admission's holder came in on: what happens to
    /// its own orders, and every trade. What others place and cancel does not wake it.
    pub fn subscribe_client(self, admission: &Admission, client_id: i32) -> Subscription {
        self.listen(admission, admission.slots().to_vec(), Some(client_id))
    }

    /// The newest records of refused orders on an account, newest first: those of the last 200 of all
    /// accounts. It is asked by anyone who may see the account.
    pub async fn refused(
        self,
        account: PaperAccountId,
    ) -> Result<Vec<Arc<RefusedOrders>>, Refusal> {
        let older = self.gate.0.older_refused.0.get_or_try_init(|| self.read_refused()).await?;
        let recent = self.gate.0.sequencer.refused();
        let first = recent.first().map_or(u64::MAX, |record| record.seq);
        let mut all: Vec<_> = older.iter().filter(|record| record.seq < first).cloned().collect();
        all.extend(recent);
        let named = (account != self.gate.account()).then_some(account);
        all.retain(|record| record.account.filter(|one| *one != self.gate.account()) == named);
        Ok(all.into_iter().rev().take(KEPT).collect())
    }

    fn listen(
        self,
        admission: &Admission,
        slots: Vec<Arc<Slot>>,
        client: Option<i32>,
    ) -> Subscription {
        let subscription = self.gate.0.feed().subscribe(slots, client);
        // The end may have come between the admission and the line above.
        if admission.slots().iter().any(|slot| !slot.is_open()) {
            self.gate.0.feed().hang_up();
        }
        subscription
    }

    /// The first to ask may come long after the start: what is at hand by then is not read again.
    async fn read_refused(self) -> Result<Vec<Arc<RefusedOrders>>, Refusal> {
        let (data, last) = (self.gate.0.folder.path.clone(), self.gate.0.sequencer.durable());
        let read = tokio::task::spawn_blocking(move || evidence::order::refused(&data, last, KEPT));
        match read.await {
            Ok(Ok(found)) => Ok(found.into_iter().map(Arc::new).collect()),
            Ok(Err(error)) => {
                tracing::error!(%error, "the journal could not be read");
                Err(Refusal::Server(ServerRefusal::JournalFailed))
            }
            Err(error) => {
                tracing::error!(%error, "reading the journal was stopped");
                Err(Refusal::Server(ServerRefusal::Stopping))
            }
        }
    }
}

impl Gate {
    /// The same for an order that was let through although it is large, within this bound.
    pub(crate) fn submit_within(
        &self,
        admission: &Admission,
        address: IpAddr,
        mut request: OrderRequest,
        bound: Option<Decimal>,
    ) -> Result<Submitted, Refused> {
        request.own(admission.holder());
        let attempt = Attempt::of(&request);
        let decided = self.case(admission, address, &attempt, |case| {
            let done = case.decide(request, bound);
            if let Err(Against { refused: Refused::Denial(_), .. }) = &done
                && let Some(limit) = case.runaway()
            {
                case.slot.count_refused(limit, case.now);
            }
            done
        });
        let record = decided?;
        if record.events.iter().any(is_held) {
            // Whoever asks phones looks at what waits.
            self.0.people.approvals.send_modify(|count| *count += 1);
        }
        Ok(Submitted { record: record.of(admission.account()) })
    }

    pub(crate) fn case<T>(
        &self,
        admission: &Admission,
        address: IpAddr,
        attempt: &Attempt,
        decide: impl FnOnce(&mut Case<'_, '_>) -> Result<T, Against>,
    ) -> Result<T, Refused> {
        let slot = admission.slot();
        let clock = self.now();
        let mut turn = self.0.sequencer.turn(clock)?;
        let now = turn.now().max(clock);
        // Read under the lock: who revokes or narrows takes the lock afterwards, so nothing is
        // stamped under entitlements that were replaced before.
        let against = match slot.open_state() {
            Ok(state) => {
                let entitlements = slot.peek();
                let entitlements = &**entitlements;
                let (turn, slots) = (&mut turn, admission.slots());
                let mut case = Case { turn, slot, slots, entitlements, state, address, now };
                match decide(&mut case) {
                    Ok(done) => return Ok(done),
                    Err(against) => against,
                }
            }
            Err(refusal) => Against::from(refusal),
        };
        let Against { mut refused, symbol } = against;
        say_all_accounts(&mut refused, admission);
        if !is_outage(&refused) && attempt.is_kept(slot.holder, &refused) {
            let (holder, code, address) = (slot.holder, refused.code(), Some(address));
            let asked = attempt.asked(turn.exchange());
            let account = turn.exchange().beside_first(slot.account);
            let kind = Kind::Refused { holder, account, code, symbol, address };
            turn.note(kind, || refused.evidence_text(), asked);
        }
        Err(refused)
    }
}

/// Whether it leaves an order that waits for a person.
fn is_held(event: &Event) -> bool {
    event.order().is_some_and(|order| order.held.is_some())
}

/// What a refusal is of, for its record.
pub(crate) enum Attempt {
    /// Somebody looked what would be.
    Preview,
    /// A new order.
    Place(NewOrder),
    /// New orders that belong together.
    Family(Vec<NewOrder>),
    /// A change.
    Modify(Change),
    /// What is not an order.
    Other,
}

impl Attempt {
    pub(crate) fn of(request: &OrderRequest) -> Self {
        match request {
            OrderRequest::Place(_) | OrderRequest::Reduce(_) => match request.new_orders() {
                [order] => Self::Place(order.clone()),
                orders => Self::Family(orders.to_vec()),
            },
            OrderRequest::Modify(change) => Self::Modify(*change),
            OrderRequest::Cancel { .. } | OrderRequest::CancelAll(_) => Self::Other,
        }
    }

    /// Whether its refusal is evidence.
    const fn is_kept(&self, holder: Holder, refused: &Refused) -> bool {
        let program = matches!((holder, refused), (Holder::Credential(_), Refused::Refusal(_)));
        !matches!(self, Self::Preview) || program
    }

    fn asked(&self, exchange: &Exchange) -> Vec<Asked> {
        let known = exchange.instruments();
        match self {
            Self::Place(order) => vec![Asked::of_new(order, known)],
            Self::Family(orders) => orders.iter().map(|one| Asked::of_new(one, known)).collect(),
            Self::Modify(change) => {
                let order = exchange.order(change.order);
                order.map(|order| Asked::of_change(order, change, known)).into_iter().collect()
            }
            Self::Preview | Self::Other => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
