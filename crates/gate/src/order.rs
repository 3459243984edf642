//! The way of an order: who may (entitlements), what is sound (pre-trade), when (the sequencer).

use std::net::IpAddr;
use std::sync::Arc;

use access::entitlements::{Act, Entitlements, Product, Question, Side};
use access::id::{Holder, PaperAccountId, SymbolId};
use access::moment::Time;
use access::refusal::Refusal;
use rust_decimal::Decimal;
use trade::event::Reject;
use trade::exchange::Exchange;
use trade::journal::{Asked, Cause, Command, Decided, Scope};
use trade::order::{Change, NewOrder, Order, OrderId, Origin};
use trade::pretrade::large::{self, Size};
use trade::pretrade::{self, Checked, Denial, Preview};

use crate::Gate;
use crate::admission::Admission;
use crate::feed::Published;
use crate::live::{self, Slot};
use crate::noted::Kind;
use crate::sequencer::Turn;

/// What a holder asks for.
#[derive(Debug, Clone)]
pub enum OrderRequest {
    /// Place these orders, all or none: one order, or a bracket.
    Place(Vec<NewOrder>),
    /// New terms for an open order.
    Modify(Change),
    /// Cancel one.
    Cancel {
        /// Which.
        order: OrderId,
    },
    /// Cancel all of a scope.
    CancelAll(CancelScope),
}

/// Which orders a cancel-all means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelScope {
    /// The holder's own, sent with this client id.
    Client(i32),
    /// The holder's own.
    Own,
    /// All of the account. A credential may not.
    Account,
}

/// A request that was taken. It may be acknowledged only after [`Gate::flush`] said yes, or when
/// the same record came by a subscription.
#[derive(Debug, Clone)]
pub struct Submitted {
    /// What it did.
    pub record: Arc<Published>,
}

impl Submitted {
    /// Its sequence in the journal.
    pub fn seq(&self) -> u64 {
        self.record.seq
    }

    /// The orders that it touched, each in its last state.
    pub fn orders(&self) -> Vec<Arc<Order>> {
        self.record.orders()
    }
}

/// Why a request was not taken.
#[derive(Debug, Clone, PartialEq)]
pub enum Refused {
    /// Access said no, or the server cannot take orders now.
    Refusal(Refusal),
    /// Our own pre-trade check said no.
    Denial(Denial),
}

impl Refused {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refusal(refusal) => refusal.code(),
            Self::Denial(denial) => denial.code(),
        }
    }

    /// What the caller may know: what happened, the number, the limit, what to do.
    pub fn caller_text(&self) -> String {
        match self {
            Self::Refusal(refusal) => refusal.caller_text(),
            Self::Denial(denial) => denial.caller_text(),
        }
    }

    /// What evidence keeps.
    pub fn evidence_text(&self) -> String {
        match self {
            Self::Refusal(refusal) => refusal.evidence_text(),
            Self::Denial(denial) => denial.evidence_text(),
        }
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code(), self.caller_text())
    }
}

impl std::error::Error for Refused {}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

impl From<Denial> for Refused {
    fn from(denial: Denial) -> Self {
        Self::Denial(denial)
    }
}

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

/// Whether the server itself cannot go on; no evidence is kept of that for each order.
const fn is_outage(refused: &Refused) -> bool {
    matches!(refused, Refused::Refusal(Refusal::JournalFailed | Refusal::Stopping))
}

/// One request, under the sequencer's lock.
pub(crate) struct Case<'a, 'b> {
    turn: &'a mut Turn<'b>,
    slot: &'a Slot,
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
        of: Option<(SymbolId, Side)>,
    ) -> Result<(), Against> {
        let (symbol, side) = of.unzip();
        let (address, now) = (self.address, self.now);
        let question =
            Question { act, account, product: Product::Stock, symbol, side, address, now };
        let checked = self.entitlements.check(&question);
        checked.map_err(|refusal| Against { refused: refusal.into(), symbol })
    }

    fn decided(&self) -> Decided {
        Decided {
            holder: self.slot.holder,
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
                self.may_place(&orders)?;
                self.slot.take(orders.len(), self.now)?;
                // Asked only when it matters: it looks at every open order.
                let reduces =
                    self.turn.is_short() && pretrade::reduces(self.turn.exchange(), &orders);
                let checked = self.pretrade(orders)?;
                self.check_large(
                    |exchange, orders| large::of_new(exchange, orders),
                    checked.get(),
                    bound,
                )?;
                let command = Command::Place(checked);
                if reduces {
                    return Ok(self.turn.stamp_reducing(self.decided(), command)?);
                }
                (command, false)
            }
            OrderRequest::Modify(change) => {
                self.may_modify(&change)?;
                self.slot.take(1, self.now)?;
                let checked = self.pretrade_change(change)?;
                self.check_large(large::of_change, checked.get(), bound)?;
                (Command::Modify(checked), false)
            }
            OrderRequest::Cancel { order } => {
                let found = self.own_order(order)?;
                self.ask(Act::CancelOrder, found.account, None)?;
                pretrade::check_cancel(self.turn.exchange(), order)?;
                (Command::Cancel { order, cause: Cause::Request }, true)
            }
            OrderRequest::CancelAll(scope) => {
                self.ask(Act::CancelOrder, self.slot.account, None)?;
                (Command::CancelAll { scope: self.scope(scope)?, cause: Cause::Request }, true)
            }
        };
        Ok(self.turn.stamp(self.decided(), command, reduces)?)
    }

    /// Who may: placing, or, where only that is left, reducing.
    fn may_place(&self, orders: &[NewOrder]) -> Result<(), Against> {
        self.turn.check_caught_up()?;
        let acts = self.entitlements.acts;
        let only_reduces = acts.contains(Act::ReduceOrder) && !acts.contains(Act::PlaceOrder);
        let act = if only_reduces { Act::ReduceOrder } else { Act::PlaceOrder };
        for order in orders {
            self.ask(act, order.account, Some((order.symbol, order.side)))?;
        }
        if only_reduces && !pretrade::reduces(self.turn.exchange(), orders) {
            let symbol = orders.first().map(|order| order.symbol);
            let refusal = self.entitlements.why_not(Act::PlaceOrder);
            return Err(Against { refused: refusal.into(), symbol });
        }
        Ok(())
    }

    fn may_modify(&self, change: &Change) -> Result<(), Against> {
        self.turn.check_caught_up()?;
        let order = self.own_order(change.order)?;
        self.ask(Act::ModifyOrder, order.account, Some((order.symbol, order.side)))
    }

    fn pretrade_change(&self, change: Change) -> Result<Checked<Change>, Against> {
        let exchange = self.turn.exchange();
        let symbol = exchange.order(change.order).map(|order| order.symbol);
        pretrade::check_modify(exchange, &self.entitlements.limits, change)
            .map_err(|denial| Against { refused: denial.into(), symbol })
    }

    /// What is asked for above its sender's threshold passes only within the bound that was given
    /// to it.
    fn check_large<T: ?Sized>(
        &self,
        size: fn(&Exchange, &T) -> Option<Size>,
        of: &T,
        bound: Option<Decimal>,
    ) -> Result<(), Denial> {
        let Some(above) = self.entitlements.asks_above else { return Ok(()) };
        size(self.turn.exchange(), of).map_or(Ok(()), |size| size.check(above, bound))
    }

    /// The size of a request that takes an approval or a proof, and its sender's threshold. Takes no token of the
    /// rate; refused and denied exactly as it would be besides.
    pub(crate) fn large(&self, request: OrderRequest) -> Result<Option<(Size, Decimal)>, Against> {
        let size = match request {
            OrderRequest::Place(orders) => {
                self.may_place(&orders)?;
                large::of_new(self.turn.exchange(), self.pretrade(orders)?.get())
            }
            OrderRequest::Modify(change) => {
                self.may_modify(&change)?;
                large::of_change(self.turn.exchange(), self.pretrade_change(change)?.get())
            }
            OrderRequest::Cancel { .. } | OrderRequest::CancelAll(_) => None,
        };
        let asked = size.zip(self.entitlements.asks_above);
        Ok(asked.filter(|(size, above)| size.value > *above))
    }

    fn pretrade(&self, orders: Vec<NewOrder>) -> Result<Checked<Vec<NewOrder>>, Against> {
        let symbol = orders.first().map(|order| order.symbol);
        pretrade::check(self.turn.exchange(), &self.entitlements.limits, self.now, orders)
            .map_err(|denial| Against { refused: denial.into(), symbol })
    }

    /// An order that the holder may touch: a session any of its account, a program its own. Of
    /// others it learns nothing.
    fn own_order(&self, id: OrderId) -> Result<Arc<Order>, Against> {
        let order = self.turn.exchange().order(id);
        let own = |order: &&Arc<Order>| match self.slot.holder {
            Holder::Credential(_) => order.origin.holder == self.slot.holder,
            Holder::Session(_) | Holder::Operator | Holder::System => true,
        };
        let missing = || Denial::Missing(Reject::UnknownOrder { order: id });
        Ok(order.filter(own).cloned().ok_or_else(missing)?)
    }

    fn scope(&self, scope: CancelScope) -> Result<Scope, Against> {
        let holder = self.slot.holder;
        match scope {
            CancelScope::Client(client_id) => Ok(Scope::Client { holder, client_id }),
            CancelScope::Own => Ok(Scope::Holder(holder)),
            CancelScope::Account if matches!(holder, Holder::Session(_)) => Ok(Scope::Account),
            CancelScope::Account => Err(Refusal::ActNotAllowed { act: Act::CancelOrder }.into()),
        }
    }
}

impl Gate {
    /// Decides a request and, when it passes, stamps and applies it. No SQL, no waiting for the
    /// disk: acknowledge only after [`Gate::flush`]. The orders' holder is the admission's, whatever
    /// they say. A refusal is recorded.
    pub fn submit(
        &self,
        admission: &Admission,
        address: IpAddr,
        request: OrderRequest,
    ) -> Result<Submitted, Refused> {
        self.submit_within(admission, address, request, None)
    }

    /// The same for an order that was let through although it is large, within this bound.
    pub(crate) fn submit_within(
        &self,
        admission: &Admission,
        address: IpAddr,
        mut request: OrderRequest,
        bound: Option<Decimal>,
    ) -> Result<Submitted, Refused> {
        if let OrderRequest::Place(orders) = &mut request {
            own(orders, admission.holder());
        }
        let attempt = Attempt::of(&request);
        let record = self.case(admission, address, &attempt, |case| case.decide(request, bound))?;
        Ok(Submitted { record })
    }

    /// What placing these orders would do; refused and denied exactly as they would be, but takes no
    /// token of the rate. Nothing was asked for, so nothing is refused on record, but for a program
    /// that asks about what it has no authority for.
    pub fn what_if(
        &self,
        admission: &Admission,
        address: IpAddr,
        mut orders: Vec<NewOrder>,
    ) -> Result<Preview, Refused> {
        own(&mut orders, admission.holder());
        self.case(admission, address, &Attempt::Preview, |case| {
            case.may_place(&orders)?;
            let checked = case.pretrade(orders)?;
            Ok(pretrade::preview(case.turn.exchange(), &checked))
        })
    }

    /// The highest order id that a client id of this holder has used, as far back as the journal
    /// remembers; 0 for none.
    pub fn highest_order_id(&self, admission: &Admission, client_id: i32) -> i32 {
        let holder = admission.holder();
        self.0.sequencer.peek(|exchange| exchange.highest_order_id(holder, client_id)).1
    }

    /// Writes down that this holder has used an order id that left no order, so that it is not
    /// handed out again. Nothing is lost when it cannot be written but the memory of the id.
    pub fn note_order_id(&self, admission: &Admission, client_id: i32, order_id: i32) {
        let origin = Origin { holder: admission.holder(), client_id, order_id };
        // A journal that has failed records nothing, and has said so.
        let Ok(mut turn) = self.0.sequencer.turn(self.now()) else { return };
        if turn.exchange().highest_order_id(origin.holder, client_id) < order_id
            && let Err(error) = turn.stamp(Decided::system(), Command::OrderIdUsed(origin), false)
        {
            tracing::warn!(order_id, %error, "a used order id could not be recorded");
        }
    }

    /// Returns when everything submitted before is durable and published. On an error none of it
    /// may be acknowledged. The first caller writes for all and blocks its thread for one sync.
    pub async fn flush(&self) -> Result<(), Refusal> {
        let target = self.0.sequencer.applied();
        self.0.sequencer.flush_to(target).await
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
                let mut case = Case { turn: &mut turn, slot, entitlements, state, address, now };
                match decide(&mut case) {
                    Ok(done) => return Ok(done),
                    Err(against) => against,
                }
            }
            Err(refusal) => Against::from(refusal),
        };
        let Against { refused, symbol } = against;
        if !is_outage(&refused) && attempt.is_kept(slot.holder, &refused) {
            let (holder, code, address) = (slot.holder, refused.code(), Some(address));
            let asked = attempt.asked(turn.exchange());
            let kind = Kind::Refused { holder, code, symbol, address };
            turn.note(kind, || refused.evidence_text(), asked);
        }
        Err(refused)
    }
}

/// What a refusal is of, for its record.
pub(crate) enum Attempt {
    /// Somebody looked what would be.
    Preview,
    /// New orders.
    Place(Vec<NewOrder>),
    /// A change.
    Modify(Change),
    /// What is no order.
    Other,
}

impl Attempt {
    pub(crate) fn of(request: &OrderRequest) -> Self {
        match request {
            OrderRequest::Place(orders) => Self::Place(orders.clone()),
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
        match self {
            Self::Place(orders) => orders.iter().map(Asked::of_new).collect(),
            Self::Modify(change) => {
                let order = exchange.order(change.order);
                order.map(|order| Asked::of_change(order, change)).into_iter().collect()
            }
            Self::Preview | Self::Other => Vec::new(),
        }
    }
}

/// Whose they are, whatever they say.
pub(crate) fn own(orders: &mut [NewOrder], holder: Holder) {
    for order in orders {
        order.origin.holder = holder;
    }
}

pub(crate) mod refused;
#[cfg(test)]
mod tests;
