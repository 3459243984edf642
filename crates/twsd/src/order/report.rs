//! Orders: from the exchange's words to this wire's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use access::{Holder, Time};
use gate::{Published, Rows, View};
use rust_decimal::Decimal;
use trade::{Event, Instruments, Order, OrderId, OrderState as State};
use tws::OrderFields;
use tws::outbound::{
    CompletedOrder, Effect, ErrorCode, OpenOrder, OrderState, OrderStatus, PlainOrder, Status,
};

use super::Previewed;
use crate::client::Client;
use crate::outgoing::{Outgoing, usual};
use crate::stamp;

/// The order's number on the wire; the numbers begin at a million.
pub(crate) fn perm_id(order: OrderId) -> i64 {
    i64::try_from(order.0).unwrap_or(i64::MAX)
}

pub(super) fn status(order: &Order) -> Status {
    match order.state {
        State::PreSubmitted => Status::PreSubmitted,
        State::Working => Status::Submitted,
        State::Filled => Status::Filled,
        State::Cancelled => Status::Cancelled,
        State::Rejected => Status::Inactive,
    }
}

/// The limit and the stop price.
fn prices(order: &Order, known: &Instruments) -> [Option<Decimal>; 2] {
    let price = |ticks| known.price(order.symbol, ticks);
    [order.order_type.limit(), order.order_type.trigger()].map(|it| it.map(price))
}

fn action(order: &Order) -> &'static str {
    if order.side == access::Side::Buy { "BUY" } else { "SELL" }
}

/// The group's name and its type.
fn group(order: &Order) -> (&str, Option<i32>) {
    let kind = |oca: &trade::Oca| if oca.reduce { 2 } else { 1 };
    let oca = order.oca.as_ref();
    (oca.map_or("", |oca| &oca.group), oca.map(kind))
}

/// An order in fields, for a message that is not written from a template.
fn fields(order: &Order, account: &str, known: &Instruments) -> OrderFields {
    let [limit_price, aux_price] = prices(order, known);
    let (oca_group, oca_type) = group(order);
    OrderFields {
        action: action(order).to_owned(),
        total_quantity: Some(known.quantity(order.symbol, order.quantity)),
        order_type: order.order_type.name().to_owned(),
        limit_price,
        aux_price,
        tif: order.tif.name().to_owned(),
        account: account.to_owned(),
        order_ref: order.reference.as_deref().unwrap_or_default().to_owned(),
        oca_group: oca_group.to_owned(),
        oca_type,
        outside_rth: order.outside_hours,
        ..usual()
    }
}

impl Client {
    /// Whether an order was sent by this client id of this credential.
    pub(crate) fn is_own(&self, order: &Order) -> bool {
        order.origin.client_id == self.client_id && order.origin.holder == self.admission.holder()
    }

    /// The ids under which an order is shown here. Orders of another credential or of the portal
    /// have no order id here: their numbers belong to someone else's clients.
    fn shown_ids(&self, order: &Order) -> (i32, i32) {
        let own_holder = order.origin.holder == self.admission.holder();
        (if own_holder { order.origin.order_id } else { 0 }, order.origin.client_id)
    }

    /// openOrder, and orderStatus after it: what clients need in this order.
    fn put_order(&mut self, order: &Order, out: &mut Outgoing) {
        let parent = order.parent.map_or(0, |parent| self.orders.known.name(parent));
        self.put_order_of(order, parent, out);
    }

    /// The same, below a parent whose order id is known.
    fn put_order_of(&mut self, order: &Order, parent: i32, out: &mut Outgoing) {
        let Some(described) = self.directory.get(order.symbol) else { return };
        let contract = &described.fields;
        let (order_id, client_id) = self.shown_ids(order);
        let known = self.gate.markets().instruments();
        let [limit_price, aux_price] = prices(order, known);
        let (oca_group, oca_type) = group(order);
        let commission = (!order.commission.is_zero()).then_some(order.commission);
        out.put_order(&PlainOrder {
            order_id,
            contract,
            action: action(order),
            total_quantity: known.quantity(order.symbol, order.quantity),
            order_type: order.order_type.name(),
            limit_price,
            aux_price,
            tif: order.tif.name(),
            oca_group,
            oca_type,
            account: self.managed.name(order.account),
            order_ref: order.reference.as_deref().unwrap_or_default(),
            client_id,
            perm_id: perm_id(order.id),
            outside_rth: order.outside_hours,
            parent_id: parent,
            status: status(order),
            commission,
            commission_currency: commission.map_or("", |_| described.contract.currency.as_str()),
        });
        self.put_status(order, parent, out);
    }

    fn put_status(&self, order: &Order, parent: i32, out: &mut Outgoing) {
        let (order_id, client_id) = self.shown_ids(order);
        let known = self.gate.markets().instruments();
        let quantity = |steps| known.quantity(order.symbol, steps);
        out.put(&OrderStatus {
            order_id,
            status: status(order),
            filled: quantity(order.filled),
            remaining: quantity(order.remaining()),
            average_fill_price: known.average_price(order).unwrap_or_default().round_dp(8),
            perm_id: perm_id(order.id),
            parent_id: parent,
            last_fill_price: order
                .last_fill
                .map(|price| known.price(order.symbol, price))
                .unwrap_or_default(),
            client_id,
            why_held: why_held(order),
            market_cap_price: Decimal::ZERO,
        });
    }

    /// Tells the client what a record did to its orders.
    pub(crate) fn report(&mut self, record: &Published, out: &mut Outgoing) {
        for event in &record.events {
            if event.moves_money() {
                self.accounts.stale.extend(event.account());
            }
            if let Event::Settled { execution } = event {
                let known = self.gate.markets().instruments();
                let price = known.price(execution.symbol, execution.price);
                self.put_execution(-1, execution, price, out);
            }
            let Some(order) = event.order().filter(|order| self.is_own(order)) else { continue };
            self.orders.known.learn(order);
            self.put_order(order, out);
            match event {
                Event::OrderFilled { execution, .. } => {
                    let known = self.gate.markets().instruments();
                    let average = known.average_price(order).unwrap_or_default();
                    self.put_execution(-1, execution, average, out);
                }
                Event::OrderCancelled { .. } => {
                    let text = format!(
                        "Order Canceled - reason: {}",
                        ending(order, self.gate.markets().instruments())
                    );
                    out.error(order.origin.order_id, ErrorCode::ORDER_CANCELLED, &text);
                }
                Event::OrderRejected { .. } => {
                    let text = format!(
                        "Order rejected - reason: {}",
                        ending(order, self.gate.markets().instruments())
                    );
                    out.error(order.origin.order_id, ErrorCode::ORDER_REJECTED, &text);
                }
                Event::OrderAccepted { .. } | Event::OrderModified { .. } => {
                    if let Some(until) = order.held {
                        let text = held_text(until);
                        out.error(order.origin.order_id, ErrorCode::ORDER_MESSAGE, &text);
                    }
                }
                Event::OrderReleased { .. }
                | Event::OrderTriggered { .. }
                | Event::Settled { .. }
                | Event::Paid { .. }
                | Event::CommandRejected { .. } => {}
            }
        }
    }

    /// Writes what was refused and previewed since the last settling. An order that still stands
    /// is shown again after its error: clients take the error for the order's end.
    pub(crate) fn put_late(&mut self, out: &mut Outgoing) {
        for late in std::mem::take(&mut self.orders.late) {
            out.error(late.order_id, late.code, &late.text);
            let Some(status) = late.status else { continue };
            match self.orders.known.latest(late.order_id).map(Arc::clone) {
                Some(order) if late.terms => self.put_order(&order, out),
                Some(order) => {
                    let parent = order.parent.map_or(0, |parent| self.orders.known.name(parent));
                    self.put_status(&order, parent, out);
                }
                None if self.orders.held.order(late.order_id).is_some() => {
                    out.put(&OrderStatus {
                        remaining: self.held_quantity(late.order_id),
                        ..bare_status(late.order_id, self.client_id, Status::PendingSubmit)
                    });
                }
                None => out.put(&bare_status(late.order_id, self.client_id, status)),
            }
        }
        for previewed in std::mem::take(&mut self.orders.previews) {
            self.put_preview(previewed, out);
        }
    }

    /// Shares of an order that is held.
    fn held_quantity(&self, order_id: i32) -> Decimal {
        let held = self.orders.held.order(order_id);
        held.and_then(|held| held.order.total_quantity).unwrap_or_default()
    }

    fn put_preview(&self, previewed: Previewed, out: &mut Outgoing) {
        let Previewed { order_id, mut fields, account, symbol, preview } = previewed;
        let Some(described) = self.directory.get(symbol) else { return };
        let contract = &described.contract;
        self.managed.name(account).clone_into(&mut fields.account);
        let warning = preview.waits_above.map_or_else(String::new, |above| {
            format!("ORDER_HELD: it would wait for a person's yes, because it is worth more than {above}")
        });
        let effect = |before: Decimal, after: Decimal| Effect {
            before: before.into(),
            change: after.saturating_sub(before).into(),
            after: after.into(),
        };
        out.put(&OpenOrder {
            order_id,
            contract,
            order: &fields,
            client_id: self.client_id,
            perm_id: 0,
            state: OrderState {
                status: Status::PreSubmitted,
                init_margin: effect(preview.initial_before, preview.initial_after),
                maint_margin: effect(preview.maintenance_before, preview.maintenance_after),
                equity_with_loan: effect(preview.equity_before, preview.equity_after),
                commission: preview.commission.into(),
                min_commission: preview.commission.into(),
                max_commission: preview.commission.into(),
                commission_currency: preview.currency.code(),
                warning_text: &warning,
            },
        });
    }

    /// This client's open orders, or everyone's on the account.
    pub(crate) fn put_open_orders(&mut self, view: &View, all: bool, out: &mut Outgoing) {
        let parents = if all { self.parents(view) } else { BTreeMap::new() };
        for order in &view.open_orders {
            if self.is_own(order) {
                self.put_order(order, out);
            } else if all {
                let parent = order.parent.and_then(|parent| parents.get(&parent));
                self.put_order_of(order, parent.copied().unwrap_or(0), out);
            }
        }
    }

    /// The order ids of the parents of open orders, as far as they are shown here.
    fn parents(&self, view: &View) -> BTreeMap<OrderId, i32> {
        let wanted: BTreeSet<OrderId> =
            view.open_orders.iter().filter_map(|order| order.parent).collect();
        if wanted.is_empty() {
            return BTreeMap::new();
        }
        let orders = view.completed_orders.iter().chain(&view.open_orders);
        let parents = orders.filter(|order| wanted.contains(&order.id));
        parents.map(|order| (order.id, self.shown_ids(order).0)).collect()
    }

    /// Orders of the account that ended on this trading day. Programs ask for them at every start;
    /// of earlier days they ask for executions, by a filter.
    pub(crate) fn put_completed_orders(
        &mut self,
        orders: &Rows<Order>,
        api_only: bool,
        out: &mut Outgoing,
    ) {
        let (since, known) = (self.day_start(), self.gate.markets().instruments());
        for order in orders.from_where(|order| order.updated.seconds() < since) {
            if api_only && !is_of_a_program(order.origin.holder) {
                continue;
            }
            let Some(described) = self.directory.get(order.symbol) else { continue };
            let contract = &described.contract;
            out.put(&CompletedOrder {
                contract,
                order: &fields(order, self.managed.name(order.account), known),
                perm_id: perm_id(order.id),
                status: status(order),
                filled: known.quantity(order.symbol, order.filled),
                parent_perm_id: order.parent.map_or(0, perm_id),
                completed_time: &stamp::with_zone(order.updated),
                completed_status: &ending(order, known),
            });
        }
    }
}

/// Whether a program sent it, and not a person at the portal.
fn is_of_a_program(holder: Holder) -> bool {
    matches!(holder, Holder::Credential(_))
}

/// The status of an order that is not on the exchange.
fn bare_status(order_id: i32, client_id: i32, status: Status) -> OrderStatus<'static> {
    OrderStatus {
        order_id,
        status,
        filled: Decimal::ZERO,
        remaining: Decimal::ZERO,
        average_fill_price: Decimal::ZERO,
        perm_id: 0,
        parent_id: 0,
        last_fill_price: Decimal::ZERO,
        client_id,
        why_held: "",
        market_cap_price: Decimal::ZERO,
    }
}

/// That an order waits for a person, and until when.
fn held_text(until: Time) -> String {
    format!(
        "Order held - reason: ORDER_HELD: it is worth more than this credential places without a person's yes; its owner is asked on their phone, and it is cancelled if there is no yes by {until}"
    )
}

/// What an order waits for, by the words that clients know.
fn why_held(order: &Order) -> &'static str {
    if order.state != State::PreSubmitted {
        ""
    } else if order.held.is_some() {
        "approval"
    } else if order.is_armed_stop() && order.live() > 0 {
        "trigger"
    } else {
        "child"
    }
}

/// How an order ended.
fn ending(order: &Order, known: &Instruments) -> String {
    match order.end {
        Some(end) => format!("{}: {end}", end.code()),
        None if order.remaining() == 0 => {
            format!("Filled Size: {}", known.quantity(order.symbol, order.filled))
        }
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use access::{CredentialId, SessionId};

    use super::*;

    #[test]
    fn orders_of_programs_are_told_from_those_of_the_portal() {
        assert!(is_of_a_program(Holder::Credential(CredentialId([1; 16]))));
        assert!(!is_of_a_program(Holder::Session(SessionId([1; 16]))));
    }
}
