//! Changes of open orders: the same order id again. A change that is refused leaves its order as it
//! is, and so does one with transmit=0 until it is sent.

use std::sync::Arc;

use gate::OrderRequest;
use trade::instrument::Units;
use trade::{Asked, Change, Instrument, NewOrder, Oca, Order};
use tws::PlaceOrder;
use tws::outbound::ErrorCode;

use super::{Late, held};
use crate::client::Client;

impl Client {
    /// Holds a change of an open order, which goes on as it is.
    pub(super) fn hold_change(&mut self, order: &Arc<Order>, request: PlaceOrder) {
        let order_id = request.order_id;
        let parent = self.parent_of(&request);
        let asked = self.asked(&request);
        if !self.orders.held.keep(request, parent, true) {
            return self.too_many_held(asked);
        }
        let text = format!(
            "Order message: the change is held because it was sent with transmit=0; the order is unchanged. Send it with transmit=1 to change the order (client {}, order {order_id}).",
            order.origin.client_id
        );
        self.orders.late.push(Late::notice(order_id, text));
    }

    pub(super) fn too_many_held(&mut self, asked: Asked) {
        let text = format!(
            "TOO_MANY_HELD: {} orders are held with transmit=0; transmit or cancel one first",
            held::LIMIT
        );
        self.refuse_here(asked, ErrorCode::ORDER_REJECTED, "TOO_MANY_HELD", &text);
    }

    /// The order id of a request's parent; a change of an open order may leave it out.
    pub(super) fn parent_of(&self, request: &PlaceOrder) -> i32 {
        let given = request.order.parent_id;
        let open = self.orders.known.latest(request.order_id).filter(|_| given == 0);
        let parent = open.and_then(|order| order.parent);
        parent.map_or(given, |parent| self.orders.known.name(parent))
    }

    /// What keeps a held order from becoming what arrives under its id.
    pub(super) fn differs_from_held(
        &self,
        order_id: i32,
        meant: &NewOrder,
    ) -> Option<&'static str> {
        let held = self.orders.held.order(order_id)?;
        let held = self.understand(held, None).ok()?;
        [
            ("the contract", held.symbol != meant.symbol),
            ("action", held.side != meant.side),
            ("account", held.account != meant.account),
        ]
        .into_iter()
        .find_map(|(field, differs)| differs.then_some(field))
    }

    pub(super) fn refuse_mismatch(&mut self, request: &PlaceOrder, field: &str) {
        let text = format!(
            "MODIFY_MISMATCH: {field} of an order cannot be changed; cancel it and place a new one"
        );
        let asked = self.asked(request);
        self.refuse_here(asked, ErrorCode::MODIFY_MISMATCH, "MODIFY_MISMATCH", &text);
    }

    pub(super) fn modify(&mut self, order: &Arc<Order>, request: &PlaceOrder, meant: &NewOrder) {
        if let Some(field) = self.changed_for_good(order, request, meant) {
            return self.refuse_mismatch(request, field);
        }
        let change = Change {
            order: order.id,
            quantity: meant.quantity,
            order_type: meant.order_type,
            tif: meant.tif,
            units: self
                .gate
                .markets()
                .instruments()
                .get(meant.symbol)
                .map_or(Units::SHARES, Instrument::units),
        };
        match self.submit(order.account, OrderRequest::Modify(change)) {
            Ok(()) => self.orders.taken(request.order_id, false),
            Err(reason) => self.orders.refuse(request.order_id, ErrorCode::ORDER_REJECTED, &reason),
        }
    }

    /// The first field of a modification that differs and cannot. What is left out does not differ,
    /// and outsideRth says nothing here.
    fn changed_for_good(
        &self,
        order: &Order,
        request: &PlaceOrder,
        meant: &NewOrder,
    ) -> Option<&'static str> {
        // 0 when it has none, or when what it had is forgotten.
        let parent = order.parent.map_or(0, |parent| self.orders.known.name(parent));
        let given = request.order.parent_id;
        let other_parent = given != 0 && given != parent && (parent != 0 || order.parent.is_none());
        [
            ("the contract", order.symbol != meant.symbol),
            ("action", order.side != meant.side),
            ("account", order.account != meant.account),
            ("parentId", other_parent),
            ("ocaGroup", names_other_group(order, request, meant)),
            ("orderRef", meant.reference.is_some() && order.reference != meant.reference),
        ]
        .into_iter()
        .find_map(|(field, differs)| differs.then_some(field))
    }
}

/// Whether a change names another one-cancels-all group. One that names none, or no type, leaves it.
fn names_other_group(order: &Order, request: &PlaceOrder, meant: &NewOrder) -> bool {
    match (&order.oca, &meant.oca) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(Oca { group, reduce }), Some(other)) => {
            let typed = request.order.oca_type.unwrap_or(0) != 0;
            *group != other.group || (typed && *reduce != other.reduce)
        }
    }
}
