//! Orders: from this wire's words to the exchange's, and the decisions asked for.
//!
//! This folder is the only place that knows both vocabularies. Types `MKT`, `LMT`, `STP`,
//! `STP LMT`; times `DAY`, `GTC`, `IOC`, `FOK`. Anything else is refused by name (see `field.rs`).

mod asked;
mod field;
mod held;
mod known;
mod report;

use std::fmt;
use std::str::FromStr as _;
use std::sync::Arc;

use access::{Act, PaperAccountId, Side, SymbolId};
use gate::{CancelScope, OrderRequest, View};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use trade::{
    Asked, Change, NewOrder, Oca, Order, OrderType, Origin, Parent, Preview, Ticks, TimeInForce,
};
use tws::inbound::CancelOrder;
use tws::outbound::{CompletedOrdersEnd, ErrorCode, OpenOrderEnd, Status};
use tws::{OrderFields, PlaceOrder};

use self::held::Held;
use self::known::{Known, KnownOrders};
use crate::client::Client;
use crate::contract;
use crate::outgoing::Outgoing;
use crate::refusal::{self, Subject};

/// Longest orderRef, in characters.
const REFERENCE_LIMIT: usize = 64;

/// What is wrong with an order in this wire's words, before the gate is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Complaint {
    code: &'static str,
    text: String,
}

impl Complaint {
    fn unsupported(field: &str, value: &str, advice: &str) -> Self {
        let text = format!("{field} is {value}, which this exchange does not honour; {advice}");
        Self { code: "FIELD_NOT_SUPPORTED", text }
    }

    fn invalid(field: &str, value: impl fmt::Display, needed: &str) -> Self {
        let value: String = value.to_string().chars().take(40).collect();
        Self { code: "FIELD_INVALID", text: format!("{field} is {value}; {needed}") }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.text)
    }
}

/// An answer that waits for the sync of what came before it.
struct Late {
    order_id: i32,
    code: ErrorCode,
    text: String,
    /// The status that an order gets which does not stand; none for what is no order.
    status: Option<Status>,
}

impl Late {
    fn refused(order_id: i32, code: ErrorCode, text: String) -> Self {
        Self { order_id, code, text, status: Some(Status::Inactive) }
    }

    fn bare(order_id: i32, code: ErrorCode, text: String) -> Self {
        Self { order_id, code, text, status: None }
    }
}

/// A what-if that was answered and waits for its place in the stream.
struct Previewed {
    order_id: i32,
    fields: OrderFields,
    symbol: SymbolId,
    preview: Preview,
}

/// A request that the gate took and no sync has covered yet.
struct Taken {
    order_id: i32,
    /// It placed the order; else it changed or cancelled one.
    placed: bool,
}

/// The orders of one connection.
#[derive(Default)]
pub(crate) struct Orders {
    known: KnownOrders,
    held: Held,
    late: Vec<Late>,
    previews: Vec<Previewed>,
    /// Requests that were taken since the last sync.
    unsettled: Vec<Taken>,
    /// Reused for every order that is written.
    scratch: OrderFields,
}

impl Orders {
    /// Whether something was asked of the gate, or is to be answered, since the last settling.
    pub(crate) fn is_unsettled(&self) -> bool {
        !(self.unsettled.is_empty() && self.late.is_empty() && self.previews.is_empty())
    }

    /// The next order id that the client may use.
    pub(crate) fn next_free(&self) -> i32 {
        self.known.next_free()
    }

    fn refuse(&mut self, order_id: i32, code: ErrorCode, text: String) {
        self.known.used(order_id);
        self.late.push(Late::refused(order_id, code, text));
    }

    /// There will be no sync for what was taken: each order gets the reason, and one that was
    /// placed is no order.
    pub(crate) fn fail(&mut self, reason: &str) {
        for Taken { order_id, placed } in std::mem::take(&mut self.unsettled) {
            let text = format!("Order rejected - reason: {reason}");
            if placed {
                self.known.forget(order_id);
                self.refuse(order_id, ErrorCode::ORDER_REJECTED, text);
            } else {
                self.late.push(Late::bare(order_id, ErrorCode::ORDER_REJECTED, text));
            }
        }
    }

    fn taken(&mut self, order_id: i32, placed: bool) {
        self.unsettled.push(Taken { order_id, placed });
    }

    /// All that was asked is durable and was reported.
    pub(crate) fn settled(&mut self) {
        self.unsettled.clear();
    }
}

impl Client {
    /// Places, modifies, previews or holds an order.
    pub(crate) fn place_order(&mut self, request: Box<PlaceOrder>) {
        let order_id = request.order_id;
        let meant = self.understand(&request);
        if request.order.what_if {
            return self.preview(order_id, request.order, meant);
        }
        let meant = match meant {
            Ok(meant) => meant,
            Err(complaint) => {
                let (code, text) = (complaint.code, complaint.to_string());
                let asked = Some(asked::of(&request, self.client_id));
                return self.refuse_order(order_id, ErrorCode::ORDER_REJECTED, (code, text), asked);
            }
        };
        match self.orders.known.get(order_id) {
            Known::Open(order) => self.modify(&order, &request, &meant),
            Known::Done(order) => {
                let filled = order.is_some_and(|order| order.remaining() == 0);
                let (number, text) = if filled {
                    (ErrorCode::CANNOT_MODIFY_FILLED, "Cannot modify a filled order.")
                } else {
                    (
                        ErrorCode::DUPLICATE_ORDER_ID,
                        "Duplicate order id: the order of this id has ended.",
                    )
                };
                let asked = Some(asked::of(&request, self.client_id));
                self.refuse_order(order_id, number, ("ORDER_ID_USED", text.to_owned()), asked);
            }
            // Nothing waits that it could belong to: it is all that is sent.
            Known::Free
                if request.order.transmit
                    && request.order.parent_id == 0
                    && self.orders.held.is_empty() =>
            {
                match self.submit(OrderRequest::Place(vec![meant])) {
                    Ok(()) => self.orders.taken(order_id, true),
                    Err(text) => {
                        self.orders.refuse(order_id, ErrorCode::ORDER_REJECTED, text);
                    }
                }
            }
            Known::Free if request.order.transmit => {
                let family = self.orders.held.release(*request);
                self.submit_family(family);
            }
            Known::Free => {
                if !self.orders.held.keep(*request) {
                    let text = format!(
                        "TOO_MANY_HELD: {} orders wait with transmit=0; transmit or cancel one first",
                        held::LIMIT
                    );
                    let code = "TOO_MANY_HELD";
                    self.refuse_here(order_id, ErrorCode::ORDER_REJECTED, code, text);
                }
            }
        }
    }

    /// Refuses an order that the gate is not asked about, and puts that on record.
    fn refuse_here(&mut self, order_id: i32, number: ErrorCode, code: &'static str, text: String) {
        self.refuse_order(order_id, number, (code, text), None);
    }

    /// The same, with what was asked for.
    fn refuse_order(
        &mut self,
        order_id: i32,
        number: ErrorCode,
        (code, text): (&'static str, String),
        asked: Option<Asked>,
    ) {
        self.note_order(order_id, (code, &text), asked);
        self.orders.refuse(order_id, number, text);
    }

    fn note_order(&self, order_id: i32, (code, text): (&'static str, &str), asked: Option<Asked>) {
        let text = text.trim_end_matches('.');
        let text = format!("{text} (client {}, order {order_id})", self.client_id);
        self.gate.note_refused_order(&self.admission, self.address, (code, text), asked);
    }

    /// Submits orders that were held together; all are placed or none.
    fn submit_family(&mut self, family: Vec<PlaceOrder>) {
        let mut orders = Vec::with_capacity(family.len());
        let mut outcome = Ok(());
        for member in &family {
            match self.member(member, &family) {
                Ok(order) => orders.push(order),
                Err(complaint) => {
                    let asked = Some(asked::of(member, self.client_id));
                    let why = (complaint.code, complaint.to_string());
                    self.note_order(member.order_id, (why.0, &why.1), asked);
                    outcome = Err(format!("{complaint} (order {})", member.order_id));
                    break;
                }
            }
        }
        let outcome = outcome.and_then(|()| self.submit(OrderRequest::Place(orders)));
        for member in family {
            match &outcome {
                Ok(()) => self.orders.taken(member.order_id, true),
                Err(text) => {
                    self.orders.refuse(member.order_id, ErrorCode::ORDER_REJECTED, text.clone());
                }
            }
        }
    }

    /// One order of a family, its parent named by its place in the family or by its number.
    fn member(&self, request: &PlaceOrder, family: &[PlaceOrder]) -> Result<NewOrder, Complaint> {
        let mut order = self.understand(request)?;
        let parent = request.order.parent_id;
        if parent != 0 {
            let place = family.iter().position(|member| member.order_id == parent);
            order.parent = Some(match (place, self.orders.known.get(parent)) {
                (Some(place), _) => Parent::Member(u32::try_from(place).unwrap_or(u32::MAX)),
                (None, Known::Open(order)) => Parent::Order(order.id),
                (None, Known::Free | Known::Done(_)) => {
                    let needed =
                        "the id of an open order, or of one sent before with transmit=0, is needed";
                    return Err(Complaint::invalid("parentId", parent, needed));
                }
            });
        }
        Ok(order)
    }

    /// The order in the exchange's words, without its parent.
    fn understand(&self, request: &PlaceOrder) -> Result<NewOrder, Complaint> {
        let PlaceOrder { order_id, contract, order } = request;
        if *order_id < 1 {
            return Err(Complaint::invalid("orderId", order_id, "ids are 1 and up"));
        }
        let stock = contract::find(contract)
            .map_err(|reason| Complaint { code: "CONTRACT_UNKNOWN", text: reason })?;
        if contract.is_combo()
            || contract.delta_neutral.is_some()
            || !contract.combo_legs.is_empty()
        {
            return Err(Complaint::unsupported("comboLegs", "set", "stocks have none"));
        }
        field::check(order)?;
        Ok(NewOrder {
            account: self.account(&order.account)?,
            symbol: stock.id,
            side: side(&order.action)?,
            quantity: quantity(order.total_quantity)?,
            order_type: order_type(order)?,
            tif: time_in_force(&order.tif)?,
            outside_hours: order.outside_rth,
            origin: Origin {
                holder: self.admission.holder(),
                client_id: self.client_id,
                order_id: *order_id,
            },
            parent: None,
            oca: group(order)?,
            reference: reference(&order.order_ref)?,
        })
    }

    /// An account by its name; the only one when the client names none.
    fn account(&self, name: &str) -> Result<PaperAccountId, Complaint> {
        if name.is_empty() {
            return Ok(self.admission.account());
        }
        PaperAccountId::from_str(name).map_err(|_| {
            let needed =
                format!("this connection is for paper account {}", self.admission.account());
            Complaint::invalid("account", name, &needed)
        })
    }

    fn modify(&mut self, order: &Arc<Order>, request: &PlaceOrder, meant: &NewOrder) {
        if let Some(field) = self.changed_for_good(order, request, meant) {
            let text = format!(
                "MODIFY_MISMATCH: {field} of an order cannot be changed; cancel it and place another"
            );
            let number = ErrorCode::MODIFY_MISMATCH;
            let changes = Some(order.id);
            let asked = Asked { changes, ..asked::of(request, self.client_id) };
            let why = ("MODIFY_MISMATCH", text);
            return self.refuse_order(request.order_id, number, why, Some(asked));
        }
        let change = Change {
            order: order.id,
            quantity: meant.quantity,
            order_type: meant.order_type,
            tif: meant.tif,
        };
        match self.submit(OrderRequest::Modify(change)) {
            Ok(()) => self.orders.taken(request.order_id, false),
            Err(text) => self.orders.refuse(request.order_id, ErrorCode::ORDER_REJECTED, text),
        }
    }

    /// The first field of a modification that differs and cannot.
    fn changed_for_good(
        &self,
        order: &Order,
        request: &PlaceOrder,
        meant: &NewOrder,
    ) -> Option<&'static str> {
        let parent = order.parent.map_or(0, |parent| self.orders.known.name(parent));
        [
            ("the contract", order.symbol != meant.symbol),
            ("action", order.side != meant.side),
            ("account", order.account != meant.account),
            ("parentId", parent != request.order.parent_id),
            ("ocaGroup", order.oca != meant.oca),
            ("orderRef", order.reference != meant.reference),
            ("outsideRth", order.outside_hours != meant.outside_hours),
        ]
        .into_iter()
        .find_map(|(field, differs)| differs.then_some(field))
    }

    /// Asks what an order would cost and bind; nothing is placed.
    fn preview(&mut self, order_id: i32, fields: OrderFields, meant: Result<NewOrder, Complaint>) {
        let meant = meant.map_err(|complaint| complaint.to_string());
        let preview = meant.and_then(|meant| {
            let symbol = meant.symbol;
            let asked = self.gate.what_if(&self.admission, self.address, vec![meant]);
            asked.map(|preview| (symbol, preview)).map_err(|refused| refusal::order(&refused))
        });
        match preview {
            Ok((symbol, preview)) => {
                self.orders.previews.push(Previewed { order_id, fields, symbol, preview });
            }
            Err(text) => {
                self.orders.late.push(Late::bare(order_id, ErrorCode::ORDER_REJECTED, text));
            }
        }
    }
}

fn side(action: &str) -> Result<Side, Complaint> {
    match action {
        "BUY" => Ok(Side::Buy),
        "SELL" => Ok(Side::Sell),
        "SSHORT" => Err(Complaint::unsupported("action", action, "use SELL, which may go short")),
        other => Err(Complaint::invalid("action", other, "use BUY or SELL")),
    }
}

fn quantity(given: Option<Decimal>) -> Result<u64, Complaint> {
    let given = given.unwrap_or_default();
    let whole = given.normalize();
    (whole.scale() == 0 && whole > Decimal::ZERO).then(|| whole.to_u64()).flatten().ok_or_else(
        || Complaint::invalid("totalQuantity", given.normalize(), "use whole shares, at least 1"),
    )
}

fn price(field: &str, given: Option<Decimal>) -> Result<Ticks, Complaint> {
    let needed = "a price in whole cents is needed for this orderType";
    let Some(given) = given else {
        return Err(Complaint::invalid(field, "not set", needed));
    };
    Ticks::of(given).ok_or_else(|| Complaint::invalid(field, given, needed))
}

fn order_type(order: &OrderFields) -> Result<OrderType, Complaint> {
    let (limit, aux) = (order.limit_price, order.aux_price);
    let unused = |field: &str, given: Option<Decimal>| match given {
        Some(price) if !price.is_zero() => Err(Complaint::invalid(
            field,
            price,
            &format!("orderType {} has none, leave it unset", order.order_type),
        )),
        _ => Ok(()),
    };
    match order.order_type.as_str() {
        "MKT" => {
            unused("lmtPrice", limit)?;
            unused("auxPrice", aux)?;
            Ok(OrderType::Market)
        }
        "LMT" => {
            unused("auxPrice", aux)?;
            Ok(OrderType::Limit { price: price("lmtPrice", limit)? })
        }
        "STP" => {
            unused("lmtPrice", limit)?;
            Ok(OrderType::Stop { trigger: price("auxPrice", aux)? })
        }
        "STP LMT" | "STPLMT" => Ok(OrderType::StopLimit {
            trigger: price("auxPrice", aux)?,
            price: price("lmtPrice", limit)?,
        }),
        other => {
            let other: String = other.chars().take(20).collect();
            Err(Complaint::unsupported("orderType", &other, "use MKT, LMT, STP or STP LMT"))
        }
    }
}

fn time_in_force(tif: &str) -> Result<TimeInForce, Complaint> {
    match tif {
        "" | "DAY" => Ok(TimeInForce::Day),
        "GTC" => Ok(TimeInForce::Gtc),
        "IOC" => Ok(TimeInForce::Ioc),
        "FOK" => Ok(TimeInForce::Fok),
        other => {
            let other: String = other.chars().take(20).collect();
            Err(Complaint::unsupported("tif", &other, "use DAY, GTC, IOC or FOK"))
        }
    }
}

/// Types 2 and 3 reduce the other orders of the group; 1, and 0 which leaves it open, cancel them.
fn group(order: &OrderFields) -> Result<Option<Oca>, Complaint> {
    if order.oca_group.is_empty() {
        return Ok(None);
    }
    if order.oca_group.chars().count() > REFERENCE_LIMIT {
        return Err(too_long("ocaGroup", &order.oca_group));
    }
    match order.oca_type.unwrap_or(0) {
        kind @ 0..=3 => Ok(Some(Oca { group: order.oca_group.as_str().into(), reduce: kind > 1 })),
        other => Err(Complaint::invalid("ocaType", other, "use 1, 2 or 3")),
    }
}

fn reference(text: &str) -> Result<Option<Arc<str>>, Complaint> {
    if text.chars().count() > REFERENCE_LIMIT {
        return Err(too_long("orderRef", text));
    }
    Ok((!text.is_empty()).then(|| text.into()))
}

fn too_long(field: &str, text: &str) -> Complaint {
    let length = format!("{} characters long", text.chars().count());
    Complaint::invalid(field, length, &format!("use at most {REFERENCE_LIMIT}"))
}

impl Client {
    /// Asks for a decision; the error is this wire's text. What it did is remembered at once, so
    /// that the next request of a batch finds it; it is told after the sync.
    fn submit(&mut self, request: OrderRequest) -> Result<(), String> {
        let submitted = self.gate.submit(&self.admission, self.address, request);
        let submitted = submitted.map_err(|refused| refusal::order(&refused))?;
        for order in submitted.orders() {
            if self.is_own(&order) {
                self.orders.known.learn(&order);
            }
        }
        Ok(())
    }

    /// Cancels an order of this client, or drops one that was held.
    pub(crate) fn cancel_order(&mut self, request: &CancelOrder) {
        let order_id = request.order_id;
        if self.orders.held.contains(order_id) {
            for gone in self.orders.held.drop_family(order_id) {
                let text = "Order Canceled - reason: it was held and is dropped".to_owned();
                let code = ErrorCode::ORDER_CANCELLED;
                let status = Some(Status::Cancelled);
                self.orders.late.push(Late { order_id: gone, code, text, status });
            }
            return;
        }
        match self.orders.known.get(order_id) {
            Known::Open(order) => match self.submit(OrderRequest::Cancel { order: order.id }) {
                Ok(()) => self.orders.taken(order_id, false),
                Err(text) => {
                    let text = format!(
                        "OrderId {order_id} that needs to be cancelled can not be cancelled: {text}"
                    );
                    self.orders.refuse(order_id, ErrorCode::CANCEL_STATE, text);
                }
            },
            Known::Done(order) => {
                let state = order.map_or("ended", |order| report::status(&order).word());
                let text = format!(
                    "OrderId {order_id} that needs to be cancelled can not be cancelled, state: {state}."
                );
                self.refuse_here(order_id, ErrorCode::CANCEL_STATE, "ORDER_NOT_OPEN", text);
            }
            Known::Free => {
                let text = format!("OrderId {order_id} that needs to be cancelled is not found.");
                self.note_order(order_id, ("UNKNOWN_ORDER", &text), None);
                self.orders.late.push(Late::bare(order_id, ErrorCode::CANCEL_NOT_FOUND, text));
            }
        }
    }

    /// Cancels every open order that this credential sent, of all its client ids.
    pub(crate) fn global_cancel(&mut self) {
        match self.submit(OrderRequest::CancelAll(CancelScope::Own)) {
            Ok(()) => self.orders.taken(-1, false),
            Err(text) => {
                self.orders.late.push(Late::bare(-1, ErrorCode::PROCESSING, text));
            }
        }
    }
}

impl Client {
    /// Takes over what this client id did in earlier connections.
    pub(crate) fn remember(&mut self, view: &View) {
        for order in view.completed_orders.iter().chain(&view.open_orders) {
            if self.is_own(order) {
                self.orders.known.learn(order);
            }
        }
    }

    /// Answers an order that cannot be read, or came after the credential's end.
    pub(crate) fn refuse_unreadable(
        &mut self,
        order_id: Option<i32>,
        text: &str,
        out: &mut Outgoing,
    ) {
        let text = format!("Order rejected - reason: {text}");
        match order_id {
            Some(order_id) => {
                self.orders.late.push(Late::refused(order_id, ErrorCode::ORDER_REJECTED, text));
                self.put_late(out);
            }
            None => out.error(-1, ErrorCode::ORDER_REJECTED, &text),
        }
    }

    pub(crate) async fn open_orders(&mut self, all: bool, out: &mut Outgoing) {
        if self.may(Act::ViewAccount, None, -1, Subject::Account, out)
            && let Some(view) = self.view(-1, out).await
        {
            self.put_open_orders(&view.open_orders, all, out);
        }
        out.put(&OpenOrderEnd {});
    }

    pub(crate) async fn completed_orders(&mut self, api_only: bool, out: &mut Outgoing) {
        if self.may(Act::ViewAccount, None, -1, Subject::Account, out)
            && let Some(view) = self.view(-1, out).await
        {
            self.put_completed_orders(&view.completed_orders, api_only, out);
        }
        out.put(&CompletedOrdersEnd {});
    }
}
