//! Large orders of sessions: what is needed for them, and how one that was approved, or confirmed
//! in its own request, is placed. The lines that were shown are made again from what is about to be
//! placed.

use std::sync::Arc;

use access::approval::{Asker, ContentKind};
use access::entitlements::{Act, Side};
use access::large_order::{Command as LargeOrder, Lines, Placed, Threshold};
use access::number::grouped;
use access::refusal::Refusal;
use access::{ApprovalId, Call, Command, Digest, PersonId, Secret};
use rust_decimal::Decimal;
use store::Key;
use trade::Denial;
use trade::instrument::Instruments;
use trade::order::{Change, NewOrder, OrderType, TimeInForce};
use trade::pretrade::large::{self, Cost};
use trade::price::Ticks;

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
    /// What it is worth, in US dollars.
    pub value: Decimal,
    /// The threshold.
    pub above: Decimal,
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
        match cost {
            Some(cost) => Ok(Some(Large { value, above, cost })),
            None => Err(Denial::Large { value, above }.into()),
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
        self.gate.approval_state(Some(own.ok_or(Refusal::ApprovalEnded)?))
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
        let mut parts: Vec<&[u8]> = vec![b"floorpass large order 1", &ticket.session.0];
        parts.push(act.text().as_bytes());
        for (label, value) in &terms {
            parts.extend([label.as_bytes(), value.as_bytes()]);
        }
        Ok(Digest::of_parts(&parts))
    }

    /// Every field of what is asked for, and last what it may cost.
    fn terms(self, request: &OrderRequest, bound: Decimal) -> Result<(Act, Lines), Refusal> {
        let mut lines = Lines::new();
        let (act, side, order_type) = match request {
            OrderRequest::Place(orders) => {
                // What the terms do not tell cannot have been approved.
                let (order, exits) = match orders.as_slice() {
                    [order, exits @ ..] if is_plain(request) => (order, exits),
                    _ => return Err(Refusal::OrderUnproven),
                };
                lines.push(line("Account", order.account.to_string()));
                lines.extend(new_terms(order));
                lines.extend(exits.iter().map(exit_terms));
                (Act::PlaceOrder, order.side, order.order_type)
            }
            OrderRequest::Modify(change) => {
                let (_, found) = self
                    .gate
                    .0
                    .sequencer
                    .peek(|exchange| exchange.order(change.order).map(Arc::clone));
                let found = found.ok_or(Refusal::NotFound { what: "order" })?;
                let (symbol, side) = (found.symbol, found.side);
                lines.push(line("Account", found.account.to_string()));
                lines.push(line("Change of order", change.order.to_string()));
                lines.push(line("Side", word(side)));
                lines.push(line("Contract", contract(symbol)));
                lines.extend(changed_terms(change));
                (Act::ModifyOrder, side, change.order_type)
            }
            // These are never asked for.
            OrderRequest::Reduce(_) | OrderRequest::Cancel { .. } | OrderRequest::CancelAll(_) => {
                return Err(Refusal::OrderUnproven);
            }
        };
        // No other line has one of these labels, so no order's terms begin those of another.
        let label = match (side, order_type.limit().is_some()) {
            (Side::Buy, true) => "Cost at most",
            (Side::Buy, false) => "Not sent above",
            (Side::Sell, true) => "Proceeds at least",
            (Side::Sell, false) => "Not sent below",
        };
        lines.push(line(label, usd(bound)));
        Ok((act, lines))
    }

    /// What else is to be known now.
    fn facts(self, request: &OrderRequest, large: &Large) -> Lines {
        let mut lines = Vec::new();
        if let OrderRequest::Modify(change) = request {
            let (_, before) = self.gate.0.sequencer.peek(|exchange| {
                exchange.order(change.order).map(|o| (o.quantity, o.filled, o.order_type))
            });
            if let Some((quantity, filled, order_type)) = before {
                let kind = prices(order_type).into_iter().map(|(_, price)| format!(" {price}"));
                let kind = format!("{}{}", order_type.name(), kind.collect::<String>());
                let shares = format!("{} shares, {} filled", count(quantity), count(filled));
                lines.push(line("Until now", format!("{shares}, {kind}")));
            }
        }
        let total = match large.cost.side {
            Side::Buy => "Total cost now",
            Side::Sell => "Proceeds now",
        };
        lines.push(line("Value now", usd(large.cost.value)));
        lines.push(line("Commission", usd(large.cost.commission)));
        lines.push(line(total, usd(large.cost.total())));
        lines
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

fn new_terms(order: &NewOrder) -> Lines {
    let mut lines = vec![
        line("Side", word(order.side)),
        line("Shares", count(order.quantity)),
        line("Contract", contract(order.symbol)),
    ];
    lines.extend(pricing(order.order_type, order.tif));
    lines
}

/// An exit in one line; it waits until the order before it fills.
fn exit_terms(order: &NewOrder) -> (String, String) {
    let label = match order.order_type {
        OrderType::Market | OrderType::Limit { .. } => "Then take profit",
        OrderType::Stop { .. } | OrderType::StopLimit { .. } => "Then stop loss",
    };
    let told = pricing(order.order_type, order.tif)
        .into_iter()
        .map(|(label, value)| format!("; {} {value}", label.to_lowercase()));
    let told: String = told.collect();
    line(label, format!("{} {}{told}", word(order.side), count(order.quantity)))
}

fn changed_terms(change: &Change) -> Lines {
    let mut lines = vec![line("Shares in total", count(change.quantity))];
    lines.extend(pricing(change.order_type, change.tif));
    lines
}

fn pricing(order_type: OrderType, tif: TimeInForce) -> Lines {
    let kind = match order_type {
        OrderType::Market => "Market",
        OrderType::Limit { .. } => "Limit",
        OrderType::Stop { .. } => "Stop",
        OrderType::StopLimit { .. } => "Stop limit",
    };
    let good = match tif {
        TimeInForce::Day => "Day",
        TimeInForce::Gtc => "Until cancelled",
        TimeInForce::Ioc => "Immediate or cancel",
        TimeInForce::Fok => "Fill or kill",
    };
    let mut lines = vec![line("Kind", kind)];
    lines.extend(prices(order_type).into_iter().map(|(label, price)| line(label, price)));
    lines.push(line("Good for", good));
    lines
}

fn prices(order_type: OrderType) -> Vec<(&'static str, String)> {
    let all = [("Limit price", order_type.limit()), ("Stop price", order_type.trigger())];
    let text = |price: Ticks| usd(price.price());
    all.into_iter().filter_map(|(label, price)| Some((label, text(price?)))).collect()
}

fn line(label: &str, value: impl Into<String>) -> (String, String) {
    (label.to_owned(), value.into())
}

const fn word(side: Side) -> &'static str {
    match side {
        Side::Buy => "Buy",
        Side::Sell => "Sell",
    }
}

fn contract(symbol: access::SymbolId) -> String {
    let found = Instruments::builtin().get(symbol);
    found.map_or_else(|| symbol.to_string(), |one| format!("{}, {}", one.symbol, one.name))
}

fn count(shares: u64) -> String {
    grouped(&shares.to_string())
}

fn usd(amount: Decimal) -> String {
    let (sign, amount) = if amount.is_sign_negative() { ("-", -amount) } else { ("", amount) };
    // A commission has fractions of a cent.
    let mut amount = amount.normalize();
    if amount.scale() < 2 {
        amount.rescale(2);
    }
    format!("{sign}{} USD", grouped(&amount.to_string()))
}
