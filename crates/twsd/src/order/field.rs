//! Order fields that this exchange does not honour: an order that sets one is refused, never
//! placed without it. A value that says nothing new is taken: programs send back what openOrder told
//! them, and some always name what is the case anyway.
//!
//! | field | taken |
//! |---|---|
//! | any | unset, 0, false, an empty text, `None` |
//! | `clearingAccount` | the order's own account |
//! | `settlingFirm`, `clearingIntent` | `IB` |
//! | `rule80A` | `I`, an individual |
//! | `shortSaleSlot` | 1: shares come from the clearing broker, as they do here |
//! | `usePriceMgmtAlgo` | 1: there is no price management to turn on or off |
//! | `volatilityType`, `continuousUpdate`, `referencePriceType` | all: terms of a volatility, which is refused |
//! | `discretionaryUpToLimitPrice` | 1: without an amount there is no discretion |
//! | `displaySize` | the whole quantity or more |
//! | `allOrNone` | 1, for a single share |
//! | `minQty`, `minTradeQty` | 1: no fill is smaller |
//! | `triggerMethod` | 2: stops trigger by the last price; any for an order that is no stop |
//! | `autoCancelParent` | 1, for an order without a parent |
//! | `faMethod`, `faPercentage` | all without `faGroup`: its terms |
//! | `algoId`, `deltaNeutralAuxPrice` | all without a strategy or a hedge: their terms |
//!
//! Ignored altogether, because an order without them does the same here:
//! - `openClose`, `origin`: what the `ib_*` clients always send; positions are net.
//! - `sweepToFill`, `optOutSmartRouting`: there is one venue, and an order sweeps it.
//! - `overridePercentageConstraints`, `advancedErrorOverride`: nothing here can be overridden, so
//!   an order beyond its limits is refused all the same.
//! - `exemptCode`, `solicited`, `extOperator`, `mifid2...`, `manualOrderTime`,
//!   `dontUseAutoPriceForHedge`, `orderMiscOptions`: reporting, or terms of fields that are refused.
//! - `outsideRth`: there is no session outside of regular hours; it is kept and shown.

use rust_decimal::Decimal;
use tws::OrderFields;
use tws::order::CompeteOffset;

use super::complaint::{Complaint, word};

/// Refuses the first field that is set and not honoured. `account` is the one that the order is for.
pub(super) fn check(order: &OrderFields, account: &str) -> Result<(), Complaint> {
    prices(order)?;
    allocation(order, account)?;
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
        let said = !self.trim().is_empty() && !self.trim().eq_ignore_ascii_case("none");
        said.then(|| self.chars().take(40).collect())
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

/// A row a field: its name, its value, and, after `unless`, when it says nothing new.
macro_rules! refuse {
    ($($name:literal $field:expr $(, unless $same:expr)?;)*) => {{
        $( if let Some(value) = $field.given()
            $(&& !$same)?
        {
            return Err(Complaint::unsupported($name, &value, "leave it unset"));
        } )*
        Ok::<(), Complaint>(())
    }};
}

/// The text is this word, whatever its case.
fn says(text: &str, this: &str) -> bool {
    text.trim().eq_ignore_ascii_case(this)
}

fn prices(order: &OrderFields) -> Result<(), Complaint> {
    refuse! {
        "discretionaryAmt" order.discretionary_amount;
        "percentOffset" order.percent_offset;
        "trailStopPrice" order.trail_stop_price;
        "trailingPercent" order.trailing_percent;
        "cashQty" order.cash_quantity;
        "volatility" order.volatility.volatility;
        "adjustedOrderType" order.adjusted.order_type;
        "triggerPrice" order.adjusted.trigger_price;
        "lmtPriceOffset" order.adjusted.limit_price_offset;
        "adjustedStopPrice" order.adjusted.stop_price;
        "adjustedStopLimitPrice" order.adjusted.stop_limit_price;
        "adjustedTrailingAmount" order.adjusted.trailing_amount;
    }
}

fn allocation(order: &OrderFields, account: &str) -> Result<(), Complaint> {
    refuse! {
        "faGroup" order.advisor.group;
        "faProfile" order.advisor.profile;
        "modelCode" order.model_code;
        "settlingFirm" order.settling_firm, unless says(&order.settling_firm, "IB");
        "clearingAccount" order.clearing_account, unless says(&order.clearing_account, account);
        "designatedLocation" order.designated_location;
        "rule80A" order.rule_80a, unless says(&order.rule_80a, "I");
        "softDollarTier" order.soft_dollar_name;
        "isOmsContainer" order.is_oms_container;
        "clearingIntent" order.clearing_intent, unless says(&order.clearing_intent, "IB");
        "shortSaleSlot" order.short_sale_slot, unless order.short_sale_slot == Some(1);
    }
}

fn execution(order: &OrderFields) -> Result<(), Complaint> {
    let shares = order.total_quantity.unwrap_or_default();
    let shows_all = order.display_size.is_some_and(|size| Decimal::from(size) >= shares);
    let is_stop = word(&order.order_type).starts_with("STP");
    refuse! {
        "goodAfterTime" order.good_after_time;
        "goodTillDate" order.good_till_date;
        "duration" order.duration;
        "blockOrder" order.block_order;
        "displaySize" order.display_size, unless shows_all;
        "hidden" order.hidden;
        "allOrNone" order.all_or_none, unless (shares == Decimal::ONE);
        "minQty" order.min_quantity, unless order.min_quantity == Some(1);
        "notHeld" order.not_held;
        "postToAts" order.post_to_ats;
        "randomizeSize" order.randomize_size;
        "randomizePrice" order.randomize_price;
        "minTradeQty" order.compete.min_trade_quantity,
            unless order.compete.min_trade_quantity == Some(1);
        "minCompeteSize" order.compete.min_size;
        "competeAgainstBestOffset" order.compete.against_best_offset;
        "midOffsetAtWhole" order.compete.mid_offset_at_whole;
        "midOffsetAtHalf" order.compete.mid_offset_at_half;
    }?;
    match order.trigger_method.given() {
        Some(method) if is_stop && order.trigger_method != Some(2) => Err(Complaint::unsupported(
            "triggerMethod",
            &method,
            "stops trigger on the last price; use 0 or 2",
        )),
        _ => Ok(()),
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
        "autoCancelParent" order.auto_cancel_parent, unless order.parent_id == 0;
        "smartComboRoutingParams" order.routing;
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const ACCOUNT: &str = "DU1234567";

    #[test]
    fn value_that_says_nothing_new_is_taken() {
        type Case = (&'static str, fn(&mut OrderFields));
        let cases: [Case; 26] = [
            ("openClose", |o| o.open_close = "O".to_owned()),
            ("origin", |o| o.origin = Some(0)),
            ("exemptCode", |o| o.exempt_code = Some(-1)),
            ("displaySize 0", |o| o.display_size = Some(0)),
            ("displaySize", |o| o.display_size = Some(1)),
            ("discretionaryAmt", |o| o.discretionary_amount = Some(Decimal::ZERO)),
            ("discretionaryUpToLimitPrice", |o| o.discretionary_up_to_limit_price = true),
            ("triggerMethod", |o| o.trigger_method = Some(8)),
            ("usePriceMgmtAlgo 0", |o| o.use_price_mgmt_algo = Some(false)),
            ("usePriceMgmtAlgo", |o| o.use_price_mgmt_algo = Some(true)),
            ("clearingAccount", |o| o.clearing_account = ACCOUNT.to_lowercase()),
            ("settlingFirm", |o| o.settling_firm = "IB".to_owned()),
            ("clearingIntent", |o| o.clearing_intent = "ib".to_owned()),
            ("rule80A", |o| o.rule_80a = "I".to_owned()),
            ("shortSaleSlot", |o| o.short_sale_slot = Some(1)),
            ("volatilityType", |o| o.volatility.volatility_type = Some(2)),
            ("referencePriceType", |o| o.volatility.reference_price_type = Some(1)),
            ("deltaNeutralOrderType", |o| {
                o.volatility.delta_neutral.order_type = "None".to_owned();
            }),
            ("adjustedOrderType", |o| o.adjusted.order_type = "None".to_owned()),
            ("allOrNone", |o| o.all_or_none = true),
            ("minQty", |o| o.min_quantity = Some(1)),
            ("minTradeQty", |o| o.compete.min_trade_quantity = Some(1)),
            ("autoCancelParent", |o| o.auto_cancel_parent = true),
            ("algoId", |o| o.algo_id = "x".to_owned()),
            ("ocaType", |o| o.oca_type = Some(3)),
            ("dontUseAutoPriceForHedge", |o| o.dont_use_auto_price_for_hedge = true),
        ];
        for (name, set) in cases {
            let mut order = OrderFields {
                order_type: "LMT".to_owned(),
                total_quantity: Some(Decimal::ONE),
                ..OrderFields::default()
            };
            set(&mut order);
            assert_eq!(check(&order, ACCOUNT), Ok(()), "{name}");
        }
    }

    #[test]
    fn field_that_is_not_honoured_is_named_with_its_value() {
        type Case = (&'static str, fn(&mut OrderFields));
        let cases: [Case; 13] = [
            ("algoStrategy is Adaptive", |o| o.algo_strategy = "Adaptive".to_owned()),
            ("hidden is 1", |o| o.hidden = true),
            ("displaySize is 100", |o| o.display_size = Some(100)),
            ("trailingPercent is 1.5", |o| o.trailing_percent = Some(Decimal::new(15, 1))),
            ("conditions is a list of 1", |o| o.conditions = vec![tws::Condition::default()]),
            ("triggerMethod is 7", |o| {
                o.trigger_method = Some(7);
                o.order_type = "stp lmt".to_owned();
            }),
            ("clearingAccount is U7", |o| o.clearing_account = "U7".to_owned()),
            ("settlingFirm is X", |o| o.settling_firm = "X".to_owned()),
            ("shortSaleSlot is 2", |o| o.short_sale_slot = Some(2)),
            ("allOrNone is 1", |o| o.all_or_none = true),
            ("minQty is 2", |o| o.min_quantity = Some(2)),
            ("autoCancelParent is 1", |o| (o.auto_cancel_parent, o.parent_id) = (true, 4)),
            ("clearingIntent is Away", |o| o.clearing_intent = "Away".to_owned()),
        ];
        for (text, set) in cases {
            let mut order =
                OrderFields { total_quantity: Some(Decimal::from(200)), ..OrderFields::default() };
            set(&mut order);
            let complaint = check(&order, ACCOUNT).unwrap_err();
            assert!(complaint.text.contains(text), "{}", complaint.text);
        }
    }
}
