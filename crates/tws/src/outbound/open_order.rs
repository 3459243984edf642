//! openOrder (5): an order as the server has it.

use rust_decimal::Decimal;

use super::{Amount, Response, Status};
use crate::contract::{Contract, DeltaNeutralContract};
use crate::field::Put;
use crate::handshake::ServerVersion;
use crate::order::{DeltaNeutralOrder, OrderFields, Scale};

/// Of an order that is in no group: reduce with the fills of the others, without blocking.
pub(super) const USUAL_OCA_TYPE: i32 = 3;

/// An order and its state. The answer to a what-if has no orderStatus beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenOrder<'a> {
    /// The client's order id.
    pub order_id: i32,
    /// Contract.
    pub contract: &'a Contract,
    /// Order.
    pub order: &'a OrderFields,
    /// Client that placed it.
    pub client_id: i32,
    /// Id of the order, the same for all clients.
    pub perm_id: i64,
    /// State, margin and commission.
    pub state: OrderState<'a>,
}

/// State of an order, its margin and its commission.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderState<'a> {
    /// State.
    pub status: Status,
    /// Initial margin.
    pub init_margin: Effect,
    /// Maintenance margin.
    pub maint_margin: Effect,
    /// Equity with loan value.
    pub equity_with_loan: Effect,
    /// Commission.
    pub commission: Amount,
    /// Least commission.
    pub min_commission: Amount,
    /// Greatest commission.
    pub max_commission: Amount,
    /// Currency of the commission.
    pub commission_currency: &'a str,
    /// Warning for the user.
    pub warning_text: &'a str,
}

/// A figure before and after an order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Effect {
    /// Before.
    pub before: Amount,
    /// Difference; a what-if ends in the `ib_*` clients once it is set.
    pub change: Amount,
    /// After.
    pub after: Amount,
}

impl Response for OpenOrder<'_> {
    fn put_fields(&self, version: ServerVersion, out: &mut Vec<u8>) {
        let order = self.order;
        out.extend_from_slice(b"5\0");
        self.order_id.put(out);
        self.contract.put_response(out);
        order.put_head(out);
        self.client_id.put(out);
        self.perm_id.put(out);
        order.outside_rth.put(out);
        order.hidden.put(out);
        order.discretionary_amount.unwrap_or_default().put(out);
        order.good_after_time.put(out);
        // Shares allocation, obsolete.
        out.push(0);
        order.put_allocation(version, out);
        order.put_sale(out);
        order.auction.strategy.unwrap_or(0).put(out);
        order.put_auction_prices(out);
        put_unset_integer(order.display_size, out);
        order.block_order.put(out);
        order.sweep_to_fill.put(out);
        order.all_or_none.put(out);
        order.min_quantity.put(out);
        order.oca_type.unwrap_or(USUAL_OCA_TYPE).put(out);
        // eTradeOnly, firmQuoteOnly, nbboPriceCap: obsolete.
        out.extend_from_slice(b"0\x000\0\0");
        order.parent_id.put(out);
        order.put_volatility(DeltaNeutralOrder::put_open, out);
        // basisPoints, basisPointsType: of exchanges for physicals.
        out.extend_from_slice(b"\0\0");
        put_combo(self.contract, order, out);
        order.scale.put_terms(out);
        order.put_hedge(out);
        order.opt_out_smart_routing.put(out);
        order.put_clearing(self.contract, out);
        order.put_algo(out);
        order.what_if.put(out);
        self.state.put(out);
        order.put_tail(version, out);
    }
}

impl OrderState<'_> {
    fn put(&self, out: &mut Vec<u8>) {
        self.status.put(out);
        let effects = [&self.init_margin, &self.maint_margin, &self.equity_with_loan];
        let columns: [fn(&Effect) -> Amount; 3] = [|e| e.before, |e| e.change, |e| e.after];
        for column in columns {
            for effect in effects {
                column(effect).put(out);
            }
        }
        // Blank while unknown, unlike the margins.
        self.commission.0.put(out);
        self.min_commission.0.put(out);
        self.max_commission.0.put(out);
        self.commission_currency.put(out);
        self.warning_text.put(out);
    }
}

/// A price that an order does not have is zero on this wire. Clients read a blank as unset, and
/// take an unset price for a price that was set.
pub(super) fn put_price(price: Option<Decimal>, out: &mut Vec<u8>) {
    match price {
        Some(price) => price.put(out),
        None => out.extend_from_slice(b"0.0\0"),
    }
}

/// A number that clients know as unset when it is the largest of 32 bits.
pub(super) fn put_unset_integer(number: Option<i32>, out: &mut Vec<u8>) {
    number.unwrap_or(i32::MAX).put(out);
}

fn or<'a>(text: &'a str, default: &'a str) -> &'a str {
    if text.is_empty() { default } else { text }
}

/// An order type, or the word for none.
fn word(order_type: &str) -> &str {
    or(order_type, "None")
}

/// The description of the legs, then legs, their prices and the routing parameters.
pub(super) fn put_combo(contract: &Contract, order: &OrderFields, out: &mut Vec<u8>) {
    let descriptions: Vec<String> = contract
        .combo_legs
        .iter()
        .map(|leg| {
            format!("{}|{}{}", leg.con_id, if leg.action == "BUY" { "" } else { "-" }, leg.ratio)
        })
        .collect();
    descriptions.join(",").put(out);
    contract.combo_legs.as_slice().put(out);
    order.leg_prices.as_slice().put(out);
    order.routing.as_slice().put(out);
}

impl DeltaNeutralOrder {
    fn put_open(&self, out: &mut Vec<u8>) {
        self.con_id.unwrap_or(0).put(out);
        self.settling_firm.put(out);
        self.clearing_account.put(out);
        self.clearing_intent.put(out);
        or(&self.open_close, "?").put(out);
        self.short_sale.put(out);
        self.short_sale_slot.unwrap_or(0).put(out);
        self.designated_location.put(out);
    }
}

impl Scale {
    pub(super) fn put_terms(&self, out: &mut Vec<u8>) {
        put_unset_integer(self.init_level_size, out);
        put_unset_integer(self.subs_level_size, out);
        self.price_increment.put(out);
        if self.has_terms() {
            self.price_adjust_value.put(out);
            self.price_adjust_interval.put(out);
            self.profit_offset.put(out);
            self.auto_reset.put(out);
            self.init_position.put(out);
            self.init_fill_quantity.put(out);
            self.random_percent.put(out);
        }
    }
}

/// Blocks that openOrder and completedOrder share.
impl OrderFields {
    pub(super) fn put_head(&self, out: &mut Vec<u8>) {
        self.action.put(out);
        self.total_quantity.put(out);
        self.order_type.put(out);
        put_price(self.limit_price, out);
        put_price(self.aux_price, out);
        self.tif.put(out);
        self.oca_group.put(out);
        self.account.put(out);
        self.open_close.put(out);
        self.origin.unwrap_or(0).put(out);
        self.order_ref.put(out);
    }

    pub(super) fn put_allocation(&self, version: ServerVersion, out: &mut Vec<u8>) {
        self.advisor.group.put(out);
        self.advisor.method.put(out);
        self.advisor.percentage.put(out);
        if !version.has(177) {
            self.advisor.profile.put(out);
        }
        self.model_code.put(out);
        self.good_till_date.put(out);
    }

    pub(super) fn put_sale(&self, out: &mut Vec<u8>) {
        self.rule_80a.put(out);
        self.percent_offset.put(out);
        self.settling_firm.put(out);
        self.short_sale_slot.unwrap_or(0).put(out);
        self.designated_location.put(out);
        self.exempt_code.unwrap_or(-1).put(out);
    }

    pub(super) fn put_auction_prices(&self, out: &mut Vec<u8>) {
        self.auction.starting_price.put(out);
        self.auction.stock_ref_price.put(out);
        self.auction.delta.put(out);
        self.auction.stock_range_lower.put(out);
        self.auction.stock_range_upper.put(out);
    }

    /// From the trigger method to the trailing percentage; `hedge` writes the hedging order, if
    /// there is one.
    pub(super) fn put_volatility(
        &self,
        hedge: fn(&DeltaNeutralOrder, &mut Vec<u8>),
        out: &mut Vec<u8>,
    ) {
        let terms = &self.volatility;
        self.trigger_method.unwrap_or(0).put(out);
        terms.volatility.put(out);
        terms.volatility_type.unwrap_or(0).put(out);
        // The word for none is not empty, so the hedging order's fields follow it all the same.
        word(&terms.delta_neutral.order_type).put(out);
        terms.delta_neutral.aux_price.put(out);
        hedge(&terms.delta_neutral, out);
        terms.continuous_update.unwrap_or(0).put(out);
        terms.reference_price_type.unwrap_or(0).put(out);
        self.trail_stop_price.put(out);
        self.trailing_percent.put(out);
    }

    pub(super) fn put_hedge(&self, out: &mut Vec<u8>) {
        self.hedge_type.put(out);
        if !self.hedge_type.is_empty() {
            self.hedge_param.put(out);
        }
    }

    pub(super) fn put_clearing(&self, contract: &Contract, out: &mut Vec<u8>) {
        self.clearing_account.put(out);
        or(&self.clearing_intent, "IB").put(out);
        self.not_held.put(out);
        DeltaNeutralContract::put_optional(contract.delta_neutral.as_ref(), out);
    }

    pub(super) fn put_algo(&self, out: &mut Vec<u8>) {
        self.algo_strategy.put(out);
        if !self.algo_strategy.is_empty() {
            self.algo_params.as_slice().put(out);
        }
        self.solicited.put(out);
    }

    pub(super) fn put_pegged_and_conditions(&self, out: &mut Vec<u8>) {
        self.randomize_size.put(out);
        self.randomize_price.put(out);
        if self.is_pegged_to_benchmark() {
            self.pegged.reference_con_id.unwrap_or(0).put(out);
            self.pegged.is_decrease.put(out);
            self.pegged.change_amount.put(out);
            self.pegged.reference_change_amount.put(out);
            self.pegged.reference_exchange.put(out);
        }
        self.conditions.as_slice().put(out);
        if !self.conditions.is_empty() {
            self.conditions_ignore_rth.put(out);
            self.conditions_cancel_order.put(out);
        }
    }

    pub(super) fn put_compete(&self, out: &mut Vec<u8>) {
        self.compete.min_trade_quantity.put(out);
        self.compete.min_size.put(out);
        self.compete.against_best_offset.put(out);
        self.compete.mid_offset_at_whole.put(out);
        self.compete.mid_offset_at_half.put(out);
    }

    fn put_tail(&self, version: ServerVersion, out: &mut Vec<u8>) {
        self.put_pegged_and_conditions(out);
        word(&self.adjusted.order_type).put(out);
        Amount(self.adjusted.trigger_price).put(out);
        Amount(self.trail_stop_price).put(out);
        Amount(self.adjusted.limit_price_offset).put(out);
        Amount(self.adjusted.stop_price).put(out);
        Amount(self.adjusted.stop_limit_price).put(out);
        Amount(self.adjusted.trailing_amount).put(out);
        self.adjusted.trailing_unit.unwrap_or(0).put(out);
        self.soft_dollar_name.put(out);
        self.soft_dollar_value.put(out);
        // The tier's name to show.
        out.push(0);
        self.cash_quantity.unwrap_or_default().put(out);
        self.dont_use_auto_price_for_hedge.put(out);
        self.is_oms_container.put(out);
        self.discretionary_up_to_limit_price.put(out);
        self.use_price_mgmt_algo.unwrap_or(false).put(out);
        if version.has(159) {
            self.duration.put(out);
        }
        if version.has(160) {
            self.post_to_ats.put(out);
        }
        if version.has(162) {
            self.auto_cancel_parent.put(out);
        }
        if version.has(170) {
            self.put_compete(out);
        }
    }
}
