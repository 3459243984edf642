//! placeOrder (3): the longest request, with its conditional blocks.

use crate::codec::{Codec, Writer};
use crate::condition::{Condition, MAX_CONDITIONS};
use crate::contract::{ComboLeg, Contract, DeltaNeutralContract, MAX_LEGS, MAX_TAGS, TagValue};
use crate::field::{FieldFault, Reader};
use crate::handshake::ServerVersion;
use crate::inbound::Request;
use crate::order::OrderFields;

/// Places, modifies or previews an order. The same order id again is a modification.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlaceOrder {
    /// The client's order id.
    pub order_id: i32,
    /// What to trade.
    pub contract: Contract,
    /// The order.
    pub order: OrderFields,
}

/// Boxed, since it is large: it is filled in place.
impl Request for Box<PlaceOrder> {
    const ID: i32 = 3;
    const NAME: &'static str = "placeOrder";
    const KEY: Option<usize> = Some(0);
    const PARENT: Option<usize> = Some(27);

    fn key(&self) -> Option<i32> {
        Some(self.order_id)
    }

    fn read(reader: &mut Reader<'_>, version: ServerVersion) -> Result<Self, FieldFault> {
        let mut request = Self::default();
        request.walk(reader, version)?;
        Ok(request)
    }

    fn put(&self, version: ServerVersion, out: &mut Vec<u8>) {
        // The walk takes its fields by `&mut` for the sake of decoding; writing cannot fail.
        let mut request = self.clone();
        let written = request.walk(&mut Writer { out }, version);
        debug_assert_eq!(written, Ok(()));
    }
}

impl PlaceOrder {
    fn walk<C: Codec>(&mut self, c: &mut C, version: ServerVersion) -> Result<(), FieldFault> {
        c.field("orderId", &mut self.order_id)?;
        self.contract_block(c)?;
        self.main_block(c)?;
        if self.contract.is_combo() {
            c.list("comboLegsCount", MAX_LEGS, &mut self.contract.combo_legs, ComboLeg::walk)?;
            let prices = &mut self.order.leg_prices;
            c.list("orderComboLegsCount", MAX_LEGS, prices, |c, price| c.field("legPrice", price))?;
            let routing = &mut self.order.routing;
            c.list("smartComboRoutingParamsCount", MAX_TAGS, routing, TagValue::walk)?;
        }
        self.order.allocation_block(c, version)?;
        self.order.sale_block(c)?;
        self.order.auction_block(c)?;
        self.order.volatility_block(c)?;
        self.order.scale_block(c)?;
        self.order.hedge_block(c)?;
        DeltaNeutralContract::walk(c, &mut self.contract.delta_neutral)?;
        self.order.algo_block(c)?;
        self.order.pegged_block(c)?;
        self.order.condition_block(c)?;
        self.order.adjusted_block(c)?;
        self.order.reporting_block(c)?;
        self.order.late_block(c, version)?;
        if version.has(170) { self.compete_block(c) } else { Ok(()) }
    }

    fn contract_block<C: Codec>(&mut self, c: &mut C) -> Result<(), FieldFault> {
        c.field("contract", &mut self.contract)?;
        c.field("secIdType", &mut self.contract.sec_id_type)?;
        c.field("secId", &mut self.contract.sec_id)
    }

    fn main_block<C: Codec>(&mut self, c: &mut C) -> Result<(), FieldFault> {
        let order = &mut self.order;
        c.field("action", &mut order.action)?;
        c.field("totalQuantity", &mut order.total_quantity)?;
        c.field("orderType", &mut order.order_type)?;
        c.field("lmtPrice", &mut order.limit_price)?;
        c.field("auxPrice", &mut order.aux_price)?;
        c.field("tif", &mut order.tif)?;
        c.field("ocaGroup", &mut order.oca_group)?;
        c.field("account", &mut order.account)?;
        c.field("openClose", &mut order.open_close)?;
        c.field("origin", &mut order.origin)?;
        c.field("orderRef", &mut order.order_ref)?;
        c.field("transmit", &mut order.transmit)?;
        c.or_zero("parentId", &mut order.parent_id)?;
        c.field("blockOrder", &mut order.block_order)?;
        c.field("sweepToFill", &mut order.sweep_to_fill)?;
        c.field("displaySize", &mut order.display_size)?;
        c.field("triggerMethod", &mut order.trigger_method)?;
        c.field("outsideRth", &mut order.outside_rth)?;
        c.field("hidden", &mut order.hidden)
    }

    fn compete_block<C: Codec>(&mut self, c: &mut C) -> Result<(), FieldFault> {
        let to_best = self.order.is_pegged_to_best();
        let mut offsets = self.order.is_pegged_to_midpoint();
        let compact = matches!(self.order.order_type.as_str(), "PEGBEST" | "PEGMID");
        let compete = &mut self.order.compete;
        if self.contract.exchange == "IBKRATS" {
            c.field("minTradeQty", &mut compete.min_trade_quantity)?;
        }
        // ib_insync does not know these spellings, so it sends no block.
        if compact && c.at_end() {
            return Ok(());
        }
        if to_best {
            c.field("minCompeteSize", &mut compete.min_size)?;
            c.field("competeAgainstBestOffset", &mut compete.against_best_offset)?;
            offsets = compete.against_best_offset == crate::order::CompeteOffset::UpToMid;
        }
        if offsets {
            c.field("midOffsetAtWhole", &mut compete.mid_offset_at_whole)?;
            c.field("midOffsetAtHalf", &mut compete.mid_offset_at_half)?;
        }
        Ok(())
    }
}

impl OrderFields {
    fn allocation_block<C: Codec>(
        &mut self,
        c: &mut C,
        version: ServerVersion,
    ) -> Result<(), FieldFault> {
        c.constant("sharesAllocation", "")?;
        c.field("discretionaryAmt", &mut self.discretionary_amount)?;
        c.field("goodAfterTime", &mut self.good_after_time)?;
        c.field("goodTillDate", &mut self.good_till_date)?;
        c.field("faGroup", &mut self.advisor.group)?;
        c.field("faMethod", &mut self.advisor.method)?;
        c.field("faPercentage", &mut self.advisor.percentage)?;
        if !version.has(177) {
            c.field("faProfile", &mut self.advisor.profile)?;
        }
        c.field("modelCode", &mut self.model_code)
    }

    fn sale_block<C: Codec>(&mut self, c: &mut C) -> Result<(), FieldFault> {
        c.field("shortSaleSlot", &mut self.short_sale_slot)?;
        c.field("designatedLocation", &mut self.designated_location)?;
        c.field("exemptCode", &mut self.exempt_code)?;
        c.field("ocaType", &mut self.oca_type)?;
        c.field("rule80A", &mut self.rule_80a)?;
        c.field("settlingFirm", &mut self.settling_firm)?;
        c.field("allOrNone", &mut self.all_or_none)?;
        c.field("minQty", &mut self.min_quantity)?;
        c.field("percentOffset", &mut self.percent_offset)?;
        c.constant("eTradeOnly", "0")?;
        c.constant("firmQuoteOnly", "0")?;
        c.constant("nbboPriceCap", "")
    }

    fn auction_block<C: Codec>(&mut self, c: &mut C) -> Result<(), FieldFault> {
        let auction = &mut self.auction;
        c.field("auctionStrategy", &mut auction.strategy)?;
        c.field("startingPrice", &mut auction.starting_price)?;
        c.field("stockRefPrice", &mut auction.stock_ref_price)?;
        c.field("delta", &mut auction.delta)?;
        c.field("stockRangeLower", &mut auction.stock_range_lower)?;
        c.field("stockRangeUpper", &mut auction.stock_range_upper)?;
        c.field("overridePercentageConstraints", &mut self.override_percentage_constraints)
    }

    fn volatility_block<C: Codec>(&mut self, c: &mut C) -> Result<(), FieldFault> {
        let terms = &mut self.volatility;
        c.field("volatility", &mut terms.volatility)?;
        c.field("volatilityType", &mut terms.volatility_type)?;
        let hedge = &mut terms.delta_neutral;
        c.field("deltaNeutralOrderType", &mut hedge.order_type)?;
        c.field("deltaNeutralAuxPrice", &mut hedge.aux_price)?;
        if !hedge.order_type.is_empty() {
            c.field("deltaNeutralConId", &mut hedge.con_id)?;
            c.field("deltaNeutralSettlingFirm", &mut hedge.settling_firm)?;
            c.field("deltaNeutralClearingAccount", &mut hedge.clearing_account)?;
            c.field("deltaNeutralClearingIntent", &mut hedge.clearing_intent)?;
            c.field("deltaNeutralOpenClose", &mut hedge.open_close)?;
            c.field("deltaNeutralShortSale", &mut hedge.short_sale)?;
            c.field("deltaNeutralShortSaleSlot", &mut hedge.short_sale_slot)?;
            c.field("deltaNeutralDesignatedLocation", &mut hedge.designated_location)?;
        }
        c.field("continuousUpdate", &mut terms.continuous_update)?;
        c.field("referencePriceType", &mut terms.reference_price_type)?;
        c.field("trailStopPrice", &mut self.trail_stop_price)?;
        c.field("trailingPercent", &mut self.trailing_percent)
    }

    fn scale_block<C: Codec>(&mut self, c: &mut C) -> Result<(), FieldFault> {
        let scale = &mut self.scale;
        c.field("scaleInitLevelSize", &mut scale.init_level_size)?;
        c.field("scaleSubsLevelSize", &mut scale.subs_level_size)?;
        c.field("scalePriceIncrement", &mut scale.price_increment)?;
        if scale.has_terms() {
            c.field("scalePriceAdjustValue", &mut scale.price_adjust_value)?;
            c.field("scalePriceAdjustInterval", &mut scale.price_adjust_interval)?;
            c.field("scaleProfitOffset", &mut scale.profit_offset)?;
            c.field("scaleAutoReset", &mut scale.auto_reset)?;
            c.field("scaleInitPosition", &mut scale.init_position)?;
            c.field("scaleInitFillQty", &mut scale.init_fill_quantity)?;
            c.field("scaleRandomPercent", &mut scale.random_percent)?;
        }
        c.field("scaleTable", &mut scale.table)?;
        c.field("activeStartTime", &mut scale.active_start_time)?;
        c.field("activeStopTime", &mut scale.active_stop_time)
    }

    fn hedge_block<C: Codec>(&mut self, c: &mut C) -> Result<(), FieldFault> {
        c.field("hedgeType", &mut self.hedge_type)?;
        if !self.hedge_type.is_empty() {
            c.field("hedgeParam", &mut self.hedge_param)?;
        }
        c.field("optOutSmartRouting", &mut self.opt_out_smart_routing)?;
        c.field("clearingAccount", &mut self.clearing_account)?;
        c.field("clearingIntent", &mut self.clearing_intent)?;
        c.field("notHeld", &mut self.not_held)
    }

    fn algo_block<C: Codec>(&mut self, c: &mut C) -> Result<(), FieldFault> {
        c.field("algoStrategy", &mut self.algo_strategy)?;
        if !self.algo_strategy.is_empty() {
            c.list("algoParamsCount", MAX_TAGS, &mut self.algo_params, TagValue::walk)?;
        }
        c.field("algoId", &mut self.algo_id)?;
        c.field("whatIf", &mut self.what_if)?;
        c.field("orderMiscOptions", &mut self.misc_options)?;
        c.field("solicited", &mut self.solicited)?;
        c.field("randomizeSize", &mut self.randomize_size)?;
        c.field("randomizePrice", &mut self.randomize_price)
    }

    fn pegged_block<C: Codec>(&mut self, c: &mut C) -> Result<(), FieldFault> {
        if !self.is_pegged_to_benchmark() {
            return Ok(());
        }
        let pegged = &mut self.pegged;
        c.field("referenceContractId", &mut pegged.reference_con_id)?;
        c.field("isPeggedChangeAmountDecrease", &mut pegged.is_decrease)?;
        c.field("peggedChangeAmount", &mut pegged.change_amount)?;
        c.field("referenceChangeAmount", &mut pegged.reference_change_amount)?;
        c.field("referenceExchangeId", &mut pegged.reference_exchange)
    }

    fn condition_block<C: Codec>(&mut self, c: &mut C) -> Result<(), FieldFault> {
        c.list("conditionsCount", MAX_CONDITIONS, &mut self.conditions, Condition::walk)?;
        if self.conditions.is_empty() {
            return Ok(());
        }
        c.field("conditionsIgnoreRth", &mut self.conditions_ignore_rth)?;
        c.field("conditionsCancelOrder", &mut self.conditions_cancel_order)
    }

    fn adjusted_block<C: Codec>(&mut self, c: &mut C) -> Result<(), FieldFault> {
        let adjusted = &mut self.adjusted;
        c.field("adjustedOrderType", &mut adjusted.order_type)?;
        c.field("triggerPrice", &mut adjusted.trigger_price)?;
        c.field("lmtPriceOffset", &mut adjusted.limit_price_offset)?;
        c.field("adjustedStopPrice", &mut adjusted.stop_price)?;
        c.field("adjustedStopLimitPrice", &mut adjusted.stop_limit_price)?;
        c.field("adjustedTrailingAmount", &mut adjusted.trailing_amount)?;
        c.field("adjustableTrailingUnit", &mut adjusted.trailing_unit)
    }

    fn reporting_block<C: Codec>(&mut self, c: &mut C) -> Result<(), FieldFault> {
        c.field("extOperator", &mut self.ext_operator)?;
        c.field("softDollarTierName", &mut self.soft_dollar_name)?;
        c.field("softDollarTierValue", &mut self.soft_dollar_value)?;
        c.field("cashQty", &mut self.cash_quantity)?;
        c.field("mifid2DecisionMaker", &mut self.mifid.decision_maker)?;
        c.field("mifid2DecisionAlgo", &mut self.mifid.decision_algo)?;
        c.field("mifid2ExecutionTrader", &mut self.mifid.execution_trader)?;
        c.field("mifid2ExecutionAlgo", &mut self.mifid.execution_algo)?;
        c.field("dontUseAutoPriceForHedge", &mut self.dont_use_auto_price_for_hedge)?;
        c.field("isOmsContainer", &mut self.is_oms_container)?;
        c.field("discretionaryUpToLimitPrice", &mut self.discretionary_up_to_limit_price)?;
        c.field("usePriceMgmtAlgo", &mut self.use_price_mgmt_algo)
    }

    fn late_block<C: Codec>(
        &mut self,
        c: &mut C,
        version: ServerVersion,
    ) -> Result<(), FieldFault> {
        if version.has(158) {
            c.field("duration", &mut self.duration)?;
        }
        if version.has(160) {
            c.field("postToAts", &mut self.post_to_ats)?;
        }
        if version.has(162) {
            c.field("autoCancelParent", &mut self.auto_cancel_parent)?;
        }
        if version.has(166) {
            c.field("advancedErrorOverride", &mut self.advanced_error_override)?;
        }
        if version.has(169) {
            c.field("manualOrderTime", &mut self.manual_order_time)?;
        }
        Ok(())
    }
}
