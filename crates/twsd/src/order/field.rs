//! Order fields that this exchange does not honour: an order that sets one is refused, never
//! placed without it.
//!
//! Ignored on purpose, because an order without them does the same here:
//! - `openClose`, `origin`: what the `ib_*` clients always send; positions are net.
//! - `sweepToFill`, `optOutSmartRouting`: there is one venue, and an order sweeps it.
//! - `overridePercentageConstraints`, `advancedErrorOverride`: nothing here can be overridden, so
//!   an order beyond its limits is refused all the same.
//! - `exemptCode`, `solicited`, `extOperator`, `mifid2...`, `manualOrderTime`,
//!   `dontUseAutoPriceForHedge`, `orderMiscOptions`: reporting, or terms of fields that are refused.
//! - `shortSaleSlot` 1: shares come from the clearing broker, as they do here.
//! - `triggerMethod` 2: by the last price, as stops trigger here.

use rust_decimal::Decimal;
use tws::OrderFields;
use tws::order::CompeteOffset;

use super::Complaint;

/// Refuses the first field that is set and not honoured.
pub(super) fn check(order: &OrderFields) -> Result<(), Complaint> {
    prices(order)?;
    allocation(order)?;
    execution(order)?;
    special(order)?;
    attached(order)
}

/// A value that a client sent, if it is not the default; as text.
trait Given {
    fn given(&self) -> Option<String>;
}

impl Given for String {
    /// `None` is the broker's word for no order type; clients send back what openOrder told them.
    fn given(&self) -> Option<String> {
        (!self.is_empty() && self != "None").then(|| self.chars().take(40).collect())
    }
}

impl Given for bool {
    fn given(&self) -> Option<String> {
        self.then(|| "1".to_owned())
    }
}

impl Given for Option<bool> {
    fn given(&self) -> Option<String> {
        self.unwrap_or(false).given()
    }
}

impl Given for Option<i32> {
    fn given(&self) -> Option<String> {
        self.filter(|number| *number != 0).map(|number| number.to_string())
    }
}

impl Given for Option<Decimal> {
    fn given(&self) -> Option<String> {
        self.filter(|number| !number.is_zero()).map(|number| number.to_string())
    }
}

impl<T> Given for Vec<T> {
    fn given(&self) -> Option<String> {
        (!self.is_empty()).then(|| format!("a list of {}", self.len()))
    }
}

impl Given for CompeteOffset {
    fn given(&self) -> Option<String> {
        (*self != Self::Unset).then(|| format!("{self:?}"))
    }
}

macro_rules! refuse {
    ($($name:literal $field:expr;)*) => {{
        $( if let Some(value) = $field.given() {
            return Err(Complaint::unsupported($name, &value, "leave it unset"));
        } )*
        Ok::<(), Complaint>(())
    }};
}

fn prices(order: &OrderFields) -> Result<(), Complaint> {
    refuse! {
        "discretionaryAmt" order.discretionary_amount;
        "discretionaryUpToLimitPrice" order.discretionary_up_to_limit_price;
        "percentOffset" order.percent_offset;
        "trailStopPrice" order.trail_stop_price;
        "trailingPercent" order.trailing_percent;
        "cashQty" order.cash_quantity;
        "usePriceMgmtAlgo" order.use_price_mgmt_algo;
        "volatility" order.volatility.volatility;
        "volatilityType" order.volatility.volatility_type;
        "continuousUpdate" order.volatility.continuous_update;
        "referencePriceType" order.volatility.reference_price_type;
        "adjustedOrderType" order.adjusted.order_type;
        "triggerPrice" order.adjusted.trigger_price;
        "lmtPriceOffset" order.adjusted.limit_price_offset;
        "adjustedStopPrice" order.adjusted.stop_price;
        "adjustedStopLimitPrice" order.adjusted.stop_limit_price;
        "adjustedTrailingAmount" order.adjusted.trailing_amount;
    }
}

fn allocation(order: &OrderFields) -> Result<(), Complaint> {
    refuse! {
        "faGroup" order.advisor.group;
        "faMethod" order.advisor.method;
        "faPercentage" order.advisor.percentage;
        "faProfile" order.advisor.profile;
        "modelCode" order.model_code;
        "settlingFirm" order.settling_firm;
        "clearingAccount" order.clearing_account;
        "designatedLocation" order.designated_location;
        "rule80A" order.rule_80a;
        "softDollarTier" order.soft_dollar_name;
        "algoId" order.algo_id;
        "isOmsContainer" order.is_oms_container;
    }?;
    if !matches!(order.clearing_intent.as_str(), "" | "IB") {
        return Err(Complaint::unsupported("clearingIntent", &order.clearing_intent, "use IB"));
    }
    if order.short_sale_slot.is_some_and(|slot| slot > 1) {
        return Err(Complaint::unsupported("shortSaleSlot", "2", "use 0 or 1"));
    }
    Ok(())
}

fn execution(order: &OrderFields) -> Result<(), Complaint> {
    refuse! {
        "goodAfterTime" order.good_after_time;
        "goodTillDate" order.good_till_date;
        "duration" order.duration;
        "blockOrder" order.block_order;
        "displaySize" order.display_size;
        "hidden" order.hidden;
        "allOrNone" order.all_or_none;
        "minQty" order.min_quantity;
        "notHeld" order.not_held;
        "postToAts" order.post_to_ats;
        "randomizeSize" order.randomize_size;
        "randomizePrice" order.randomize_price;
        "minTradeQty" order.compete.min_trade_quantity;
        "minCompeteSize" order.compete.min_size;
        "competeAgainstBestOffset" order.compete.against_best_offset;
        "midOffsetAtWhole" order.compete.mid_offset_at_whole;
        "midOffsetAtHalf" order.compete.mid_offset_at_half;
    }?;
    match order.trigger_method.unwrap_or(0) {
        0 | 2 => Ok(()),
        other => Err(Complaint::unsupported(
            "triggerMethod",
            &other.to_string(),
            "stops trigger by the last price: use 0 or 2",
        )),
    }
}

fn special(order: &OrderFields) -> Result<(), Complaint> {
    refuse! {
        "algoStrategy" order.algo_strategy;
        "auctionStrategy" order.auction.strategy;
        "startingPrice" order.auction.starting_price;
        "stockRefPrice" order.auction.stock_ref_price;
        "delta" order.auction.delta;
        "stockRangeLower" order.auction.stock_range_lower;
        "stockRangeUpper" order.auction.stock_range_upper;
        "scaleInitLevelSize" order.scale.init_level_size;
        "scaleSubsLevelSize" order.scale.subs_level_size;
        "scalePriceIncrement" order.scale.price_increment;
        "scaleTable" order.scale.table;
        "activeStartTime" order.scale.active_start_time;
        "activeStopTime" order.scale.active_stop_time;
        "referenceContractId" order.pegged.reference_con_id;
        "peggedChangeAmount" order.pegged.change_amount;
    }
}

fn attached(order: &OrderFields) -> Result<(), Complaint> {
    refuse! {
        "conditions" order.conditions;
        "hedgeType" order.hedge_type;
        "deltaNeutralOrderType" order.volatility.delta_neutral.order_type;
        "deltaNeutralAuxPrice" order.volatility.delta_neutral.aux_price;
        "autoCancelParent" order.auto_cancel_parent;
        "smartComboRoutingParams" order.routing;
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn order_with_what_clients_always_send_is_taken() {
        let order = OrderFields {
            open_close: "O".to_owned(),
            origin: Some(0),
            exempt_code: Some(-1),
            display_size: Some(0),
            discretionary_amount: Some(Decimal::ZERO),
            trigger_method: Some(0),
            use_price_mgmt_algo: Some(false),
            oca_type: Some(3),
            clearing_intent: "IB".to_owned(),
            dont_use_auto_price_for_hedge: true,
            ..OrderFields::default()
        };
        let order = {
            let mut order = order;
            "None".clone_into(&mut order.volatility.delta_neutral.order_type);
            "None".clone_into(&mut order.adjusted.order_type);
            order
        };
        assert_eq!(check(&order), Ok(()));
    }

    #[test]
    fn field_that_is_not_honoured_is_named_with_its_value() {
        type Case = (&'static str, fn(&mut OrderFields));
        let cases: [Case; 7] = [
            ("algoStrategy is Adaptive", |o| o.algo_strategy = "Adaptive".to_owned()),
            ("hidden is 1", |o| o.hidden = true),
            ("displaySize is 100", |o| o.display_size = Some(100)),
            ("trailingPercent is 1.5", |o| o.trailing_percent = Some(Decimal::new(15, 1))),
            ("conditions is a list of 1", |o| o.conditions = vec![tws::Condition::default()]),
            ("triggerMethod is 7", |o| o.trigger_method = Some(7)),
            ("clearingIntent is Away", |o| o.clearing_intent = "Away".to_owned()),
        ];
        for (text, set) in cases {
            let mut order = OrderFields::default();
            set(&mut order);
            let complaint = check(&order).unwrap_err();
            assert!(complaint.text.contains(text), "{}", complaint.text);
        }
    }
}
