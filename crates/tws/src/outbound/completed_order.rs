//! completedOrder (101): an order that is done.

use rust_decimal::Decimal;

use super::open_order::{USUAL_OCA_TYPE, put_combo, put_unset_integer};
use super::{Amount, Response, Status};
use crate::contract::Contract;
use crate::field::Put as _;
use crate::handshake::ServerVersion;
use crate::order::{DeltaNeutralOrder, OrderFields};

/// An order that is filled, cancelled or rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompletedOrder<'a> {
    /// Contract.
    pub contract: &'a Contract,
    /// Order.
    pub order: &'a OrderFields,
    /// Id of the order, the same for all clients.
    pub perm_id: i64,
    /// State.
    pub status: Status,
    /// Quantity filled.
    pub filled: Decimal,
    /// Id of the parent, 0 for none.
    pub parent_perm_id: i64,
    /// Time of completion, `YYYYMMDD HH:MM:SS ZONE`.
    pub completed_time: &'a str,
    /// What happened, for the user.
    pub completed_status: &'a str,
}

impl Response for CompletedOrder<'_> {
    fn put_fields(&self, version: ServerVersion, out: &mut Vec<u8>) {
        let order = self.order;
        out.extend_from_slice(b"101\0");
        self.contract.put_response(out);
        order.put_head(out);
        self.perm_id.put(out);
        order.outside_rth.put(out);
        order.hidden.put(out);
        order.discretionary_amount.unwrap_or_default().put(out);
        order.good_after_time.put(out);
        order.put_allocation(version, out);
        order.put_sale(out);
        order.put_auction_prices(out);
        put_unset_integer(order.display_size, out);
        order.sweep_to_fill.put(out);
        order.all_or_none.put(out);
        order.min_quantity.put(out);
        order.oca_type.unwrap_or(USUAL_OCA_TYPE).put(out);
        order.put_volatility(put_hedging_order, out);
        put_combo(self.contract, order, out);
        order.scale.put_terms(out);
        order.put_hedge(out);
        order.put_clearing(self.contract, out);
        order.put_algo(out);
        self.status.put(out);
        order.put_pegged_and_conditions(out);
        Amount(order.trail_stop_price).put(out);
        Amount(order.adjusted.limit_price_offset).put(out);
        order.cash_quantity.unwrap_or_default().put(out);
        order.dont_use_auto_price_for_hedge.put(out);
        order.is_oms_container.put(out);
        self.put_completion(out);
        if version.has(170) {
            order.put_compete(out);
        }
    }
}

impl CompletedOrder<'_> {
    fn put_completion(&self, out: &mut Vec<u8>) {
        // autoCancelDate
        out.push(0);
        self.filled.put(out);
        // refFuturesConId
        0.put(out);
        self.order.auto_cancel_parent.put(out);
        // shareholder, imbalanceOnly, routeMarketableToBbo
        out.extend_from_slice(b"\x000\x000\0");
        self.parent_perm_id.put(out);
        self.completed_time.put(out);
        self.completed_status.put(out);
    }
}

fn put_hedging_order(hedge: &DeltaNeutralOrder, out: &mut Vec<u8>) {
    hedge.con_id.unwrap_or(0).put(out);
    hedge.short_sale.put(out);
    hedge.short_sale_slot.unwrap_or(0).put(out);
    hedge.designated_location.put(out);
}
