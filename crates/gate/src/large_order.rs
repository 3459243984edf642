//! Large orders of sessions: what is needed for them, and how one that was approved, or confirmed
//! in its own request, is placed. The terms that were signed are made again from what is about to be
//! placed.

use std::sync::Arc;

use access::approval::{Asker, ContentKind, Term, Terms};
use access::currency::Currency;
use access::entitlements::{Act, Side};
use access::large_order::{Command as LargeOrder, Placed, Threshold};
use access::refusal::{ApprovalRefusal, Refusal};
use access::{ApprovalId, Call, Command, Digest, PersonId, Secret, SymbolId};
use rust_decimal::Decimal;
use store::Key;
use trade::Denial;
use trade::exchange::Exchange;
use trade::instrument::Instruments;
use trade::money::Money;
use trade::order::{Change, NewOrder, Order, OrderType, TimeInForce};
use trade::pretrade::large::{self, Cost};

use crate::Gate;
use crate::admission::Admission;
use crate::approval::ApprovalState;
use crate::ask;
use crate::order::{Attempt, OrderRequest, Refused, Submitted};
use crate::passkey::Ceremony;
use crate::person::system;
use crate::session::{Actor, SessionTicket};
use crate::step_up::Reissued;

/// An order or a change that its session's threshold asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Large {
    /// What it is worth.
    pub value: Money,
    /// The threshold.
    pub above: Money,
    /// What it costs or brings now.
    pub cost: Cost,
}

/// A phone that was asked for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LargeAsked {
    /// Which approval.
    pub approval: ApprovalId,
    /// What it may cost at most, or bring at least, when it is placed.
    pub bound: Decimal,
}

/// Orders above their person's threshold, through the gate. Cheap to copy.
#[derive(Clone, Copy)]
pub struct LargeOrderGate<'a> {
    gate: &'a Gate,
}

impl Gate {
    /// Orders above their person's threshold, through the gate.
    pub fn large_orders(&self) -> LargeOrderGate<'_> {
        LargeOrderGate { gate: self }
    }
}

impl LargeOrderGate<'_> {
    /// Sets above what the orders of a person's sessions are asked for.
    pub async fn set(
        self,
        actor: &Actor,
        person: PersonId,
        threshold: Threshold,
    ) -> Result<(), Refusal> {
        let command = Command::LargeOrder(LargeOrder::Set { threshold });
        self.gate.change_policy(actor, person, command).await
    }

    /// Whether a request takes a yes of the phone or a proof of its own; none where it does not.
    /// Refused and denied exactly as it would be besides, but not on record: nothing is sent.
    pub fn of(
        self,
        admission: &Admission,
        ticket: &SessionTicket,
        request: &OrderRequest,
    ) -> Result<Option<Large>, Refused> {
        self.large(admission, ticket, request, &Attempt::Preview)
    }

    fn large(
        self,
        admission: &Admission,
        ticket: &SessionTicket,
        request: &OrderRequest,
        attempt: &Attempt,
    ) -> Result<Option<Large>, Refused> {
        let mut request = request.clone();
        request.own(admission.holder());
        let plain = is_plain(&request);
        let found =
            self.gate.case(admission, ticket.address, attempt, |case| case.large(request))?;
        let Some((size, above)) = found else { return Ok(None) };
        let (value, cost) = (size.value, size.cost.filter(|_| plain));
        let above = Money::new(above, value.currency);
        match cost {
            Some(cost) => Ok(Some(Large { value, above, cost })),
            None => Err(Refused::from(Denial::Large { value, above })),
        }
    }

    /// Asks the phone for a large order; none where it is not large any more.
    pub async fn ask(
        self,
        ticket: &SessionTicket,
        admission: &Admission,
        request: &OrderRequest,
    ) -> Result<Option<LargeAsked>, Refused> {
        let asked = self.large(admission, ticket, request, &Attempt::of(request))?;
        let Some(large) = asked else { return Ok(None) };
        let bound = large.cost.bound();
        let facts = self.facts(request, &large);
        let (act, terms) = self.terms(request, bound)?;
        let account = admission.account();
        let ask = ask::approval(LargeOrder::Ask { account, act, terms, facts });
        let approval = self.gate.ask(Key::Person(ticket.person), None, ticket.asker(), ask).await?;
        Ok(Some(LargeAsked { approval, bound }))
    }

    /// The state of the approval that this session asked for its large order.
    pub async fn approval(
        self,
        ticket: &SessionTicket,
        approval: ApprovalId,
    ) -> Result<ApprovalState, Refusal> {
        let slice = self.gate.load(Key::Person(ticket.person)).await?;
        let asker = Asker::Session(ticket.session);
        let own = slice
            .approval(approval)
            .filter(|one| one.asker == asker && one.content.kind == ContentKind::Order);
        self.gate.approval_state(Some(own.ok_or(ApprovalRefusal::ApprovalEnded)?))
    }

    /// Whether [`Self::submit`] would place it, were it approved or its person proven: refused and denied as it would
    /// be, and on record.
    pub fn check(
        self,
        admission: &Admission,
        ticket: &SessionTicket,
        (request, bound): (&OrderRequest, Decimal),
    ) -> Result<(), Refused> {
        let mut request = request.clone();
        request.own(admission.holder());
        let attempt = Attempt::of(&request);
        self.gate.case(admission, ticket.address, &attempt, |case| match case.large(request)? {
            Some((size, above)) => Ok(size.check(above, Some(bound))?),
            None => Ok(()),
        })
    }

    /// Places a large order: with the phone's yes to exactly this order and bound, or, without an
    /// approval, by a request that comes with a proof of its person. Either is used up first.
    pub async fn submit(
        self,
        ticket: &SessionTicket,
        admission: &Admission,
        (request, bound): (OrderRequest, Decimal),
        approval: Option<ApprovalId>,
    ) -> Result<Submitted, Refused> {
        let (act, terms) = self.terms(&request, bound)?;
        let account = admission.account();
        let command = Command::LargeOrder(LargeOrder::Use { account, act, terms, approval });
        self.gate.run_done(Key::Person(ticket.person), &ticket.call(command)).await?;
        let done = self.gate.submit_within(admission, ticket.address, request, Some(bound))?;
        self.note_placed(ticket, approval, &done).await;
        Ok(done)
    }

    /// Puts on record which order it became. The order stands, whether or not that can be written.
    async fn note_placed(
        self,
        ticket: &SessionTicket,
        approval: Option<ApprovalId>,
        done: &Submitted,
    ) {
        let orders = done.orders().iter().map(|order| order.id.0).collect();
        let placed = Placed { session: ticket.session, approval, orders, seq: done.seq() };
        let (by, source) = system();
        let command = Command::LargeOrder(LargeOrder::Placed(placed));
        let call = Arc::new(Call { by, source, command });
        if let Err(error) = self.gate.run_done(Key::Person(ticket.person), &call).await {
            tracing::warn!(%error, seq = done.seq(), "what became of a large order could not be recorded");
        }
    }

    /// Starts a proof by passkey for this order and bound, and for nothing else.
    pub fn passkey_start(
        self,
        ticket: &SessionTicket,
        request: &OrderRequest,
        bound: Decimal,
    ) -> Result<Ceremony, Refusal> {
        self.gate.proof_by_passkey(ticket, Some(self.purpose(ticket, request, bound)?))
    }

    /// Finishes it: the session for one request that comes with a proof of its person, whose authority
    /// [`StepUpGate::foresee`] says.
    pub async fn passkey_finish(
        self,
        ticket: &SessionTicket,
        (request, bound): (&OrderRequest, Decimal),
        ceremony: &Secret,
        answer: &str,
    ) -> Result<(SessionTicket, Reissued), Refusal> {
        let purpose = self.purpose(ticket, request, bound)?;
        let reissued =
            self.gate.proven_by_passkey(ticket, (ceremony, Some(purpose)), answer).await?;
        Ok((ticket.proven(), reissued))
    }

    fn purpose(
        self,
        ticket: &SessionTicket,
        request: &OrderRequest,
        bound: Decimal,
    ) -> Result<Digest, Refusal> {
        let (act, terms) = self.terms(request, bound)?;
        let mut parts: Vec<&[u8]> = vec![b"floorpass large order 2", &ticket.session.0];
        parts.push(act.text().as_bytes());
        parts.extend(terms.parts());
        Ok(Digest::of_parts(&parts))
    }

    /// Every field of what is asked for, and last what it may cost.
    pub(crate) fn terms(
        self,
        request: &OrderRequest,
        bound: Decimal,
    ) -> Result<(Act, Terms), Refusal> {
        let known = self.gate.markets().instruments();
        let mut terms = Terms::default();
        let (act, side, order_type, symbol) = match request {
            OrderRequest::Place(orders) => {
                // What the terms do not tell cannot have been approved.
                let (order, exits) = match orders.as_slice() {
                    [order, exits @ ..] if is_plain(request) => (order, exits),
                    _ => return Err(Refusal::Approval(ApprovalRefusal::OrderUnproven)),
                };
                terms.push(Term::Account, order.account);
                push_new(&mut terms, order, known);
                for exit in exits {
                    push_exit(&mut terms, exit, known);
                }
                (Act::PlaceOrder, order.side, order.order_type, order.symbol)
            }
            OrderRequest::Modify(change) => {
                let found = self.order(change).ok_or(Refusal::not_found("order"))?;
                terms.push(Term::Account, found.account);
                terms.push(Term::Order, change.order);
                terms.push(Term::Side, side_name(found.side));
                push_instrument(&mut terms, found.symbol, known);
                let quantity = known.quantity(found.symbol, change.quantity).normalize();
                terms.push(Term::NewQuantity, quantity);
                push_pricing(&mut terms, (found.symbol, known), change.order_type, change.tif);
                (Act::ModifyOrder, found.side, change.order_type, found.symbol)
            }
            // These are never asked for.
            OrderRequest::Reduce(_) | OrderRequest::Cancel { .. } | OrderRequest::CancelAll(_) => {
                return Err(Refusal::Approval(ApprovalRefusal::OrderUnproven));
            }
        };
        let limit = match (side, order_type.limit().is_some()) {
            (Side::Buy, true) => Term::CostAtMost,
            (Side::Buy, false) => Term::NotSentAbove,
            (Side::Sell, true) => Term::ProceedsAtLeast,
            (Side::Sell, false) => Term::NotSentBelow,
        };
        terms.push_amount(limit, bound, currency(symbol, known).code());
        Ok((act, terms))
    }

    /// What else is to be known now.
    pub(crate) fn facts(self, request: &OrderRequest, large: &Large) -> Terms {
        let known = self.gate.markets().instruments();
        let mut facts = Terms::default();
        let before = match request {
            OrderRequest::Modify(change) => self.order(change),
            _ => None,
        };
        let currency = large.value.currency;
        if let Some(before) = before {
            facts.push(
                Term::OldQuantity,
                known.quantity(before.symbol, before.quantity).normalize(),
            );
            facts.push(Term::OldFilled, known.quantity(before.symbol, before.filled).normalize());
            facts.push(Term::OldOrderType, type_name(before.order_type));
            let prices = (Term::OldLimitPrice, Term::OldStopPrice);
            push_prices(&mut facts, prices, before.order_type, (before.symbol, known));
        }
        facts.push_amount(Term::Value, large.cost.value, currency.code());
        facts.push_amount(Term::Commission, large.cost.commission, currency.code());
        let total = match large.cost.side {
            Side::Buy => Term::Cost,
            Side::Sell => Term::Proceeds,
        };
        facts.push_amount(total, large.cost.total(), currency.code());
        facts
    }

    /// The order that a change is about.
    fn order(self, change: &Change) -> Option<Arc<Order>> {
        let find = |exchange: &Exchange| exchange.order(change.order).map(Arc::clone);
        self.gate.0.sequencer.peek(find).1
    }
}

/// Whether the terms tell all of a request: an order with its exits, without what no session sends.
fn is_plain(request: &OrderRequest) -> bool {
    let bare =
        |order: &NewOrder| order.oca.is_none() && order.reference.is_none() && !order.outside_hours;
    match request {
        OrderRequest::Place(orders) => match orders.as_slice() {
            [first, exits @ ..] => {
                let exit = |order: &NewOrder| bare(order) && large::is_exit(first, order);
                bare(first) && first.parent.is_none() && exits.iter().all(exit)
            }
            [] => true,
        },
        OrderRequest::Reduce(_)
        | OrderRequest::Modify(_)
        | OrderRequest::Cancel { .. }
        | OrderRequest::CancelAll(_) => true,
    }
}

/// What the prices of an instrument are in.
fn currency(symbol: SymbolId, known: &Instruments) -> Currency {
    known.get(symbol).map_or(Currency::USD, |one| one.currency)
}

fn push_new(terms: &mut Terms, order: &NewOrder, known: &Instruments) {
    terms.push(Term::Side, side_name(order.side));
    terms.push(Term::Quantity, known.quantity(order.symbol, order.quantity).normalize());
    push_instrument(terms, order.symbol, known);
    push_pricing(terms, (order.symbol, known), order.order_type, order.tif);
}

/// An exit, of the instrument of the order before it.
fn push_exit(terms: &mut Terms, order: &NewOrder, known: &Instruments) {
    let kind = match order.order_type {
        OrderType::Market | OrderType::Limit { .. } => "take_profit",
        OrderType::Stop { .. } | OrderType::StopLimit { .. } => "stop_loss",
    };
    terms.push(Term::Exit, kind);
    terms.push(Term::Side, side_name(order.side));
    terms.push(Term::Quantity, known.quantity(order.symbol, order.quantity).normalize());
    push_pricing(terms, (order.symbol, known), order.order_type, order.tif);
}

fn push_instrument(terms: &mut Terms, symbol: SymbolId, known: &Instruments) {
    terms.push(Term::Instrument, symbol);
    if let Some(found) = known.get(symbol) {
        terms.push(Term::Symbol, &found.symbol);
        terms.push(Term::Name, &found.name);
    }
}

fn push_pricing(
    terms: &mut Terms,
    of: (SymbolId, &Instruments),
    order_type: OrderType,
    tif: TimeInForce,
) {
    terms.push(Term::OrderType, type_name(order_type));
    push_prices(terms, (Term::LimitPrice, Term::StopPrice), order_type, of);
    let good = match tif {
        TimeInForce::Day => "day",
        TimeInForce::Gtc => "gtc",
        TimeInForce::Ioc => "ioc",
        TimeInForce::Fok => "fok",
    };
    terms.push(Term::TimeInForce, good);
}

fn push_prices(
    terms: &mut Terms,
    (limit, stop): (Term, Term),
    order_type: OrderType,
    (symbol, known): (SymbolId, &Instruments),
) {
    for (term, price) in [(limit, order_type.limit()), (stop, order_type.trigger())] {
        if let Some(price) = price {
            let price = known.price(symbol, price);
            terms.push_amount(term, price, currency(symbol, known).code());
        }
    }
}

const fn type_name(order_type: OrderType) -> &'static str {
    match order_type {
        OrderType::Market => "market",
        OrderType::Limit { .. } => "limit",
        OrderType::Stop { .. } => "stop",
        OrderType::StopLimit { .. } => "stop_limit",
    }
}

const fn side_name(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}
