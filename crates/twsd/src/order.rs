//! Orders: from this wire's words to the exchange's, and the decisions asked for.
//!
//! This folder is the only place that knows both vocabularies. Types `MKT`, `LMT`, `STP`,
//! `STP LMT`; times `DAY`, `GTC`, `IOC`, `FOK`. Anything else is refused by name (see `field.rs`).
//!
//! # Codes
//! `ib_async` and `ib_insync` take an error with an order's id for its end, but for a few numbers. So
//! what is refused of an order that goes on (a change, a cancel) has number 399, or 110 for a price between two
//! ticks, which end nothing in either; and the order is shown again behind it. Only what leaves no order
//! has 201 and a final status.

mod asked;
mod change;
mod complaint;
mod field;
mod held;
mod known;
mod report;
mod shapes;
mod terms;

use access::{PaperAccountId, SymbolId};
use gate::{Admission, CancelScope, OrderRequest};
use trade::{Asked, NewOrder, OrderId, Parent, Preview};
use tws::inbound::CancelOrder;
use tws::outbound::{CompletedOrdersEnd, ErrorCode, OpenOrderEnd, Status};
use tws::{Frame, OrderFields, PlaceOrder};

use self::complaint::Complaint;
use self::held::{Family, Held};
use self::known::{Known, KnownOrders};
use self::shapes::Shapes;
use crate::client::Client;
use crate::outgoing::Outgoing;

/// An answer that waits for the sync of what came before it.
struct Late {
    order_id: i32,
    code: ErrorCode,
    text: String,
    /// The status that an order gets which does not stand; none for what is not an order.
    status: Option<Status>,
    /// Whether the terms of an order that goes on are shown again, and not its status alone.
    terms: bool,
}

impl Late {
    fn refused(order_id: i32, code: ErrorCode, text: String) -> Self {
        Self { order_id, code, text, status: Some(Status::Inactive), terms: true }
    }

    /// A notice. Clients keep the terms of the last openOrder as their own, so it is not sent again.
    fn notice(order_id: i32, text: String) -> Self {
        Self { terms: false, ..Self::refused(order_id, ErrorCode::ORDER_MESSAGE, text) }
    }

    fn bare(order_id: i32, code: ErrorCode, text: String) -> Self {
        Self { order_id, code, text, status: None, terms: false }
    }
}

/// A what-if that was answered and waits for its place in the stream.
struct Previewed {
    order_id: i32,
    fields: OrderFields,
    account: PaperAccountId,
    symbol: SymbolId,
    preview: Preview,
}

/// A request that the gate took and no sync has covered yet.
struct Taken {
    order_id: i32,
    /// It placed the order; otherwise it changed or cancelled one.
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
    shapes: Shapes,
}

impl Orders {
    /// Whether something was asked of the gate, or is to be answered, since the last settling.
    pub(crate) fn is_unsettled(&self) -> bool {
        !(self.unsettled.is_empty() && self.late.is_empty() && self.previews.is_empty())
            || self.known.is_unnoted()
    }

    /// The next order id that the client may use.
    pub(crate) fn next_free(&self) -> i32 {
        self.known.next_free()
    }

    /// The client's id of an order; 0 when it is not this client's.
    pub(crate) fn name(&self, order: OrderId) -> i32 {
        self.known.name(order)
    }

    /// Whether an order of this id goes on, here or in its sender's eyes.
    fn goes_on(&self, order_id: i32) -> bool {
        matches!(self.known.get(order_id), Known::Open(_)) || self.held.order(order_id).is_some()
    }

    /// Refuses an order, or a change of one that goes on as it is. A held order has been shown no
    /// status yet, and to one such `ib_async` takes number 110 for the end.
    fn refuse(&mut self, order_id: i32, code: ErrorCode, reason: &str) {
        let (code, text) = if !self.goes_on(order_id) {
            (unless_off_tick(code), format!("Order rejected - reason: {reason}"))
        } else if code == ErrorCode::PRICE_INCREMENT && self.held.order(order_id).is_none() {
            (code, format!("Change refused, the order is unchanged - reason: {reason}"))
        } else {
            let text = format!("Change refused, the order is unchanged - reason: {reason}");
            (ErrorCode::ORDER_MESSAGE, text)
        };
        self.late.push(Late::refused(order_id, code, text));
    }

    /// Refuses to cancel an order, which goes on.
    fn refuse_cancel(&mut self, order_id: i32, reason: &str) {
        let text = format!("Cancel refused, the order is unchanged - reason: {reason}");
        self.late.push(Late::refused(order_id, ErrorCode::ORDER_MESSAGE, text));
    }

    /// There will be no sync for what was taken: each order gets the reason, one that was placed is
    /// not an order, and one that was there is as it was.
    pub(crate) fn fail(&mut self, reason: &str) {
        self.known.undo();
        for Taken { order_id, placed } in std::mem::take(&mut self.unsettled) {
            if placed {
                self.refuse(order_id, ErrorCode::ORDER_REJECTED, reason);
            } else if order_id > 0 {
                let text = format!("Not done, the order is unchanged - reason: {reason}");
                self.late.push(Late::refused(order_id, ErrorCode::ORDER_MESSAGE, text));
            } else {
                self.late.push(Late::bare(order_id, ErrorCode::PROCESSING, reason.to_owned()));
            }
        }
    }

    fn taken(&mut self, order_id: i32, placed: bool) {
        self.unsettled.push(Taken { order_id, placed });
    }

    /// All that was asked is durable and was reported.
    pub(crate) fn settled(&mut self) {
        self.unsettled.clear();
        self.known.settled();
    }
}

impl Client {
    /// Places a new order like one that was understood before. False when it is none, or is not simply
    /// placed: then it has to be read in whole, and what is wrong with it is said there.
    pub(crate) fn place_alike(&mut self, frame: Frame<'_>) -> bool {
        let Some((shaped, known)) = self.orders.shapes.find(frame) else { return false };
        let Ok(order) = Self::alike(known, &shaped, self.gate.markets().instruments()) else {
            return false;
        };
        let order_id = shaped.order_id;
        let is_new = matches!(self.orders.known.get(order_id), Known::Free);
        if !is_new || !self.orders.held.is_empty() {
            return false;
        }
        self.orders.known.used(order_id);
        self.place(order_id, order);
        true
    }

    fn place(&mut self, order_id: i32, order: NewOrder) {
        match self.submit(order.account, OrderRequest::Place(vec![order])) {
            Ok(()) => self.orders.taken(order_id, true),
            Err(reason) => {
                self.orders.refuse(order_id, ErrorCode::ORDER_REJECTED, &reason);
            }
        }
    }

    /// Places, modifies, previews or holds an order, which came in this frame.
    pub(crate) fn place_order(&mut self, request: Box<PlaceOrder>, frame: Frame<'_>) {
        let order_id = request.order_id;
        let known = self.orders.known.get(order_id);
        self.orders.known.used(order_id);
        if request.order.what_if {
            let meant = self.understand(&request, None);
            return self.preview(order_id, request.order, meant);
        }
        let open = if let Known::Open(order) = &known { Some(&**order) } else { None };
        let meant = match self.understand(&request, open) {
            Ok(meant) => meant,
            Err(complaint) => return self.complain_of(&request, &complaint),
        };
        match known {
            Known::Open(order) if !request.order.transmit => self.hold_change(&order, *request),
            Known::Open(order) if self.orders.held.is_empty() => {
                self.modify(&order, &request, &meant);
            }
            Known::Done(order) => {
                self.orders.held.drop_one(order_id);
                let filled = order.as_ref().is_some_and(|order| order.remaining() == 0);
                let (number, text) = if filled {
                    (ErrorCode::CANNOT_MODIFY_FILLED, "Cannot modify a filled order.".to_owned())
                } else {
                    (ErrorCode::DUPLICATE_ORDER_ID, self.used_up_to(order.is_some()))
                };
                self.refuse_here(self.asked(&request), number, "ORDER_ID_USED", &text);
            }
            // Nothing waits that it could belong to: it is all that is sent.
            Known::Free
                if request.order.transmit
                    && request.order.parent_id == 0
                    && self.orders.held.is_empty() =>
            {
                self.orders.shapes.keep(frame, &request, &meant);
                self.place(order_id, meant);
            }
            Known::Free | Known::Open(_) => {
                if let Some(field) = self.differs_from_held(order_id, &meant) {
                    return self.refuse_mismatch(&request, field);
                }
                let parent = self.parent_of(&request);
                if request.order.transmit {
                    let family = self.orders.held.release(*request, parent);
                    self.submit_family(family);
                } else {
                    let asked = self.asked(&request);
                    if !self.orders.held.keep(*request, parent, false) {
                        self.miss(order_id, parent);
                        self.too_many_held(asked);
                    }
                }
            }
        }
    }

    /// Why an order id cannot be taken again.
    fn used_up_to(&self, ended: bool) -> String {
        if ended {
            return "Duplicate order id: the order of this id has ended.".to_owned();
        }
        let (client, next) = (self.client_id, self.orders.known.next_free());
        format!("Duplicate order id: client {client} has used the ids below {next}; use {next}.")
    }

    fn complain_of(&mut self, request: &PlaceOrder, complaint: &Complaint) {
        let number =
            if complaint.off_tick { ErrorCode::PRICE_INCREMENT } else { ErrorCode::ORDER_REJECTED };
        self.miss(request.order_id, request.order.parent_id);
        self.refuse_here(self.asked(request), number, complaint.code, &complaint.to_string());
    }

    /// Notes that a new order was refused, if it is the child of one that is not placed either.
    fn miss(&mut self, order_id: i32, parent: i32) {
        let is_new = |order_id| matches!(self.orders.known.get(order_id), Known::Free);
        let missed = is_new(order_id) && self.orders.held.order(order_id).is_none();
        if missed && parent > 0 && is_new(parent) {
            self.orders.held.miss(order_id, parent);
        }
    }

    /// What a request asks for, for the record; of an open order it asks for a change.
    fn asked(&self, request: &PlaceOrder) -> Asked {
        let changes = match self.orders.known.get(request.order_id) {
            Known::Open(order) => Some(order.id),
            Known::Free | Known::Done(_) => None,
        };
        Asked { changes, ..asked::of(request, self.client_id) }
    }

    /// Refuses an order that the gate is not asked about, and puts that on record.
    fn refuse_here(&mut self, asked: Asked, number: ErrorCode, code: &'static str, text: &str) {
        let order_id = asked.order_id;
        self.note_order(order_id, (code, text), Some(asked));
        self.orders.refuse(order_id, number, text);
    }

    fn note_order(&self, order_id: i32, (code, text): (&'static str, &str), asked: Option<Asked>) {
        let text = text.trim_end_matches('.');
        let text = format!("{text} (client {}, order {order_id})", self.client_id);
        self.gate.admissions().note_refused_order(
            &self.admission,
            self.address,
            (code, text),
            asked,
        );
    }

    /// Submits what was held together: changes one by one, new orders all or none.
    fn submit_family(&mut self, family: Family) {
        let Family { members, missed } = family;
        let mut family_of_new = Vec::with_capacity(members.len());
        for request in members {
            match self.orders.known.get(request.order_id) {
                Known::Free => family_of_new.push(request),
                Known::Open(order) => match self.understand(&request, Some(&order)) {
                    Ok(meant) => self.modify(&order, &request, &meant),
                    Err(complaint) => self.complain_of(&request, &complaint),
                },
                Known::Done(_) => {
                    let text = self.used_up_to(true);
                    let number = ErrorCode::DUPLICATE_ORDER_ID;
                    self.refuse_here(self.asked(&request), number, "ORDER_ID_USED", &text);
                }
            }
        }
        match missed {
            Some(child) => self.refuse_incomplete(&family_of_new, child),
            None => self.submit_new(&family_of_new),
        }
    }

    fn refuse_incomplete(&mut self, family: &[PlaceOrder], missed: i32) {
        let text = format!(
            "FAMILY_INCOMPLETE: order {missed} of this family was refused, so none of it is placed; \
             correct it and send the whole family again"
        );
        for member in family {
            let asked = self.asked(member);
            self.refuse_here(asked, ErrorCode::ORDER_REJECTED, "FAMILY_INCOMPLETE", &text);
        }
    }

    fn submit_new(&mut self, family: &[PlaceOrder]) {
        let mut orders = Vec::with_capacity(family.len());
        let mut outcome = Ok(());
        for member in family {
            match self.member(member, family) {
                Ok(order) => orders.push(order),
                Err(complaint) => {
                    let (asked, why) = (self.asked(member), complaint.to_string());
                    self.note_order(member.order_id, (complaint.code, &why), Some(asked));
                    outcome = Err(format!("{complaint} (order {})", member.order_id));
                    break;
                }
            }
        }
        if orders.is_empty() && outcome.is_ok() {
            return;
        }
        // The gate refuses a group of several accounts.
        let account = orders.first().map_or(self.admission.account(), |order| order.account);
        let outcome = outcome.and_then(|()| self.submit(account, OrderRequest::Place(orders)));
        for member in family {
            match &outcome {
                Ok(()) => self.orders.taken(member.order_id, true),
                Err(reason) => {
                    self.orders.refuse(member.order_id, ErrorCode::ORDER_REJECTED, reason);
                }
            }
        }
    }

    /// One order of a family, its parent named by its place in the family or by its number.
    fn member(&self, request: &PlaceOrder, family: &[PlaceOrder]) -> Result<NewOrder, Complaint> {
        let mut order = self.understand(request, None)?;
        let parent = request.order.parent_id;
        if parent != 0 {
            let place = family.iter().position(|member| member.order_id == parent);
            order.parent = Some(match (place, self.orders.known.get(parent)) {
                (Some(place), _) => Parent::Member(u32::try_from(place).unwrap_or(u32::MAX)),
                (None, Known::Open(order)) => Parent::Order(order.id),
                (None, Known::Free | Known::Done(_)) => {
                    let needed =
                        "use the id of an open order, or of one sent earlier with transmit=0";
                    return Err(Complaint::invalid("parentId", parent, needed));
                }
            });
        }
        Ok(order)
    }

    /// Asks what an order would cost and bind; nothing is placed.
    fn preview(&mut self, order_id: i32, fields: OrderFields, meant: Result<NewOrder, Complaint>) {
        // Kept as a message that was refused, not as an order: none was sent.
        let meant = meant.map_err(|complaint| {
            let text = complaint.to_string();
            self.note_order(order_id, (complaint.code, &text), None);
            text
        });
        let preview = meant.and_then(|meant| {
            let (account, symbol) = (meant.account, meant.symbol);
            let asked = self.gate.orders().what_if(&self.on(account), self.address, vec![meant]);
            let asked = asked.map(|preview| (account, symbol, preview));
            asked.map_err(|refused| self.reason(&refused, account))
        });
        match preview {
            Ok((account, symbol, preview)) => {
                let previewed = Previewed { order_id, fields, account, symbol, preview };
                self.orders.previews.push(previewed);
            }
            // In some clients the id is that of an order which goes on.
            Err(reason) if self.orders.goes_on(order_id) => {
                let text = format!("Preview refused, the order is unchanged - reason: {reason}");
                let number = ErrorCode::ORDER_MESSAGE;
                self.orders.late.push(Late::refused(order_id, number, text));
            }
            Err(reason) => {
                let text = format!("Order rejected - reason: {reason}");
                self.orders.late.push(Late::bare(order_id, ErrorCode::ORDER_REJECTED, text));
            }
        }
    }
}

/// A price between two ticks of an order that is not an order yet: number 110 is no end in
/// `ib_insync`.
fn unless_off_tick(code: ErrorCode) -> ErrorCode {
    if code == ErrorCode::PRICE_INCREMENT { ErrorCode::ORDER_REJECTED } else { code }
}

impl Client {
    /// Asks for a decision; the error is this wire's words. What it did is remembered at once, so
    /// that the next request of a batch finds it; it is told after the sync.
    fn submit(&mut self, account: PaperAccountId, request: OrderRequest) -> Result<(), String> {
        let submitted = if self.admission.account() == account {
            self.gate.orders().submit(&self.admission, self.address, request)
        } else {
            self.gate.orders().submit(&self.on(account), self.address, request)
        };
        let submitted = submitted.map_err(|refused| self.reason(&refused, account))?;
        for order in submitted.orders() {
            if self.is_own(&order) {
                self.orders.known.expect(&order);
            }
        }
        Ok(())
    }

    /// The credential on an account. One that it is not for the gate refuses.
    fn on(&self, account: PaperAccountId) -> Admission {
        self.admission.on(account).unwrap_or_else(|| self.admission.clone())
    }

    /// Cancels an order of this client, or drops one that was held.
    pub(crate) fn cancel_order(&mut self, request: &CancelOrder) {
        let order_id = request.order_id;
        if self.orders.held.order(order_id).is_some() {
            let gone = self.orders.held.drop_family(order_id);
            return self.tell_dropped(&gone);
        }
        // A change of it that waits goes with it.
        self.orders.held.drop_one(order_id);
        match self.orders.known.get(order_id) {
            Known::Open(order) => {
                match self.submit(order.account, OrderRequest::Cancel { order: order.id }) {
                    Ok(()) => self.orders.taken(order_id, false),
                    Err(reason) => self.orders.refuse_cancel(order_id, &reason),
                }
            }
            Known::Done(Some(order)) => {
                let state = report::status(&order).word();
                let text = format!(
                    "OrderId {order_id} that needs to be cancelled can not be cancelled, state: {state}."
                );
                self.note_order(order_id, ("ORDER_NOT_OPEN", &text), None);
                self.orders.late.push(Late::refused(order_id, ErrorCode::CANCEL_STATE, text));
            }
            Known::Free | Known::Done(None) => {
                let text = format!("OrderId {order_id} that needs to be cancelled is not found.");
                self.note_order(order_id, ("UNKNOWN_ORDER", &text), None);
                self.orders.late.push(Late::bare(order_id, ErrorCode::CANCEL_NOT_FOUND, text));
            }
        }
    }

    /// Held orders whose end their sender is told.
    fn tell_dropped(&mut self, gone: &[i32]) {
        for order_id in gone {
            let text =
                "Order Canceled - reason: it was held (transmit=0) and has been dropped".to_owned();
            let (code, status) = (ErrorCode::ORDER_CANCELLED, Some(Status::Cancelled));
            self.orders.late.push(Late { order_id: *order_id, code, text, status, terms: false });
        }
    }

    /// Cancels every open order that this credential sent, of all its client ids, and drops what is
    /// held here.
    pub(crate) fn global_cancel(&mut self) {
        let gone = self.orders.held.drop_all();
        self.tell_dropped(&gone);
        // It reaches the orders of all accounts; on one of them at least it has to be allowed.
        let mut done = Err(String::new());
        for account in self.managed.ids() {
            done = self.submit(account, OrderRequest::CancelAll(CancelScope::Own));
            if done.is_ok() {
                break;
            }
        }
        match done {
            Ok(()) => self.orders.taken(-1, false),
            Err(reason) => {
                let text = format!("Global cancel refused - reason: {reason}");
                self.orders.late.push(Late::bare(-1, ErrorCode::PROCESSING, text));
            }
        }
    }

    /// Drops what is held, as the connection ends.
    pub(crate) fn drop_held(&mut self, out: &mut Outgoing) {
        let gone = self.orders.held.drop_all();
        self.tell_dropped(&gone);
        self.put_late(out);
        self.note_order_ids();
    }

    /// Has the journal remember the ids that left no order.
    pub(crate) fn note_order_ids(&mut self) {
        if let Some(order_id) = self.orders.known.note() {
            self.gate.orders().note_order_id(&self.admission, self.client_id, order_id);
        }
    }
}

impl Client {
    /// Takes over what this client id did in earlier connections, on every account.
    pub(crate) async fn remember(&mut self, out: &mut Outgoing) {
        let (day, holder) = (self.day_start(), self.admission.holder());
        let client_id = self.client_id;
        let is_own = |order: &trade::Order| {
            order.origin.holder == holder && order.origin.client_id == client_id
        };
        let mut views = Vec::new();
        for account in self.managed.ids() {
            views.extend(self.view(account, -1, out).await);
        }
        if views.is_empty() {
            return;
        }
        for view in views {
            self.orders.known.recall(&view.completed_orders, &view.open_orders, day, is_own);
        }
        let highest = self.gate.orders().highest_order_id(&self.admission, self.client_id);
        self.orders.known.begin(highest);
    }

    /// Answers a cancel that came after the credential's end.
    pub(crate) fn refuse_last_cancel(&mut self, order_id: i32, reason: &str) {
        if self.orders.goes_on(order_id) {
            self.orders.refuse_cancel(order_id, reason);
        } else {
            let number = ErrorCode::CANCEL_STATE;
            self.orders.late.push(Late::bare(order_id, number, reason.to_owned()));
        }
    }

    /// Answers, with the next settling, an order that cannot be read, or came after the credential's
    /// end.
    pub(crate) fn refuse_unreadable(&mut self, order_id: Option<i32>, parent: i32, reason: &str) {
        if let Some(order_id) = order_id {
            self.orders.known.used(order_id);
            self.miss(order_id, parent);
            self.orders.refuse(order_id, ErrorCode::ORDER_REJECTED, reason);
        } else {
            let text = format!("Order rejected - reason: {reason}");
            self.orders.late.push(Late::bare(-1, ErrorCode::ORDER_REJECTED, text));
        }
    }

    pub(crate) async fn open_orders(&mut self, all: bool, out: &mut Outgoing) {
        for account in self.seen(self.managed.ids(), -1, out) {
            let Some(view) = self.view(account, -1, out).await else { break };
            self.put_open_orders(&view, all, out);
        }
        out.put(&OpenOrderEnd {});
    }

    pub(crate) async fn completed_orders(&mut self, api_only: bool, out: &mut Outgoing) {
        for account in self.seen(self.managed.ids(), -1, out) {
            let Some(view) = self.view(account, -1, out).await else { break };
            self.put_completed_orders(&view.completed_orders, api_only, out);
        }
        out.put(&CompletedOrdersEnd {});
    }
}
