//! The fields of an order, as placeOrder brings them and openOrder echoes them.
//!
//! Text that only some order types use is kept as it came. An unset number is `None`.

use rust_decimal::Decimal;

use crate::condition::Condition;
use crate::contract::TagValue;
use crate::field::{Field, FieldFault, Put, Reader};

/// An order. `Default` has every field unset and `transmit` false.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderFields {
    /// `BUY`, `SELL` or `SSHORT`.
    pub action: String,
    /// Shares or contracts.
    pub total_quantity: Option<Decimal>,
    /// `LMT`, `MKT`, `STP`, `STP LMT`, ...
    pub order_type: String,
    /// Limit price.
    pub limit_price: Option<Decimal>,
    /// Stop price, or trailing amount, or offset: depends on the type.
    pub aux_price: Option<Decimal>,
    /// Time in force; empty means `DAY`.
    pub tif: String,
    /// Group of orders of which one cancels the others.
    pub oca_group: String,
    /// 1 cancel with block, 2 reduce with block, 3 reduce without block.
    pub oca_type: Option<i32>,
    /// Account, empty for the only one.
    pub account: String,
    /// `O` or `C`.
    pub open_close: String,
    /// 0 customer, 1 firm.
    pub origin: Option<i32>,
    /// The client's own reference.
    pub order_ref: String,
    /// Whether the order is sent on at once; otherwise it is held until one of its family is.
    pub transmit: bool,
    /// Order id of the parent, 0 for none.
    pub parent_id: i32,
    /// Block order.
    pub block_order: bool,
    /// Sweep to fill.
    pub sweep_to_fill: bool,
    /// Size shown, of an iceberg order.
    pub display_size: Option<i32>,
    /// How stops are triggered: 0 default, 1 double bid/ask, 2 last, 3 double last, 4 bid/ask,
    /// 7 last or bid/ask, 8 midpoint.
    pub trigger_method: Option<i32>,
    /// Whether it also works outside regular hours.
    pub outside_rth: bool,
    /// Hidden.
    pub hidden: bool,
    /// Limit price of each leg of a combo.
    pub leg_prices: Vec<Option<Decimal>>,
    /// Routing parameters of a combo.
    pub routing: Vec<TagValue>,
    /// Amount of discretion off the limit price.
    pub discretionary_amount: Option<Decimal>,
    /// Earliest time.
    pub good_after_time: String,
    /// Last time of a `GTD` order.
    pub good_till_date: String,
    /// Advisor allocation.
    pub advisor: Advisor,
    /// Model.
    pub model_code: String,
    /// 1 clearing broker, 2 third party.
    pub short_sale_slot: Option<i32>,
    /// Where shares are held when the slot is 2.
    pub designated_location: String,
    /// Exemption code of a short sale, -1 for none.
    pub exempt_code: Option<i32>,
    /// Rule 80A code.
    pub rule_80a: String,
    /// Settling firm.
    pub settling_firm: String,
    /// All or none.
    pub all_or_none: bool,
    /// Least quantity of one fill.
    pub min_quantity: Option<i32>,
    /// Offset in percent of a relative order.
    pub percent_offset: Option<Decimal>,
    /// Terms of a BOX auction order.
    pub auction: Auction,
    /// Whether a warning about price percentage is overridden.
    pub override_percentage_constraints: bool,
    /// Terms of a volatility order.
    pub volatility: Volatility,
    /// Stop price of a trailing stop limit order.
    pub trail_stop_price: Option<Decimal>,
    /// Trailing amount in percent.
    pub trailing_percent: Option<Decimal>,
    /// Scale terms.
    pub scale: Scale,
    /// `D` delta, `B` beta, `F` FX, `P` pair; empty for no hedge.
    pub hedge_type: String,
    /// Parameter of the hedge.
    pub hedge_param: String,
    /// No smart routing.
    pub opt_out_smart_routing: bool,
    /// Clearing account.
    pub clearing_account: String,
    /// `IB`, `Away` or `PTA`.
    pub clearing_intent: String,
    /// Not held.
    pub not_held: bool,
    /// Algorithm, empty for none.
    pub algo_strategy: String,
    /// Its parameters.
    pub algo_params: Vec<TagValue>,
    /// Identifier of an algorithmic order.
    pub algo_id: String,
    /// Only the margin and commission are asked for; nothing is placed.
    pub what_if: bool,
    /// `tag=value;` pairs.
    pub misc_options: String,
    /// Solicited.
    pub solicited: bool,
    /// Randomized size.
    pub randomize_size: bool,
    /// Randomized price.
    pub randomize_price: bool,
    /// Terms of a `PEG BENCH` order.
    pub pegged: Pegged,
    /// Conditions.
    pub conditions: Vec<Condition>,
    /// Whether conditions are also looked at outside regular hours.
    pub conditions_ignore_rth: bool,
    /// Whether conditions cancel the order; otherwise they release it.
    pub conditions_cancel_order: bool,
    /// What a trailing or stop order turns into.
    pub adjusted: Adjusted,
    /// Operator.
    pub ext_operator: String,
    /// Soft-dollar tier, its name.
    pub soft_dollar_name: String,
    /// Soft-dollar tier, its value.
    pub soft_dollar_value: String,
    /// Quantity in cash.
    pub cash_quantity: Option<Decimal>,
    /// Decision makers to be reported.
    pub mifid: Mifid,
    /// No automatic price for the hedge.
    pub dont_use_auto_price_for_hedge: bool,
    /// Container of an order management system.
    pub is_oms_container: bool,
    /// The limit price may move up to the discretionary price.
    pub discretionary_up_to_limit_price: bool,
    /// Price management algorithm on or off.
    pub use_price_mgmt_algo: Option<bool>,
    /// Seconds to live (from 158).
    pub duration: Option<i32>,
    /// Seconds before posting to an ATS (from 160).
    pub post_to_ats: Option<i32>,
    /// Whether the parent is cancelled with it (from 162).
    pub auto_cancel_parent: bool,
    /// Codes of overridden rejects (from 166).
    pub advanced_error_override: String,
    /// Time of manual entry (from 169).
    pub manual_order_time: String,
    /// Least quantity and midpoint offsets (from 170).
    pub compete: Compete,
}

impl OrderFields {
    /// Whether the type is `PEG BENCH`, in either spelling.
    pub fn is_pegged_to_benchmark(&self) -> bool {
        matches!(self.order_type.as_str(), "PEG BENCH" | "PEGBENCH")
    }

    /// Whether the type is `PEG BEST`, in either spelling.
    pub fn is_pegged_to_best(&self) -> bool {
        matches!(self.order_type.as_str(), "PEG BEST" | "PEGBEST")
    }

    /// Whether the type is `PEG MID`, in either spelling.
    pub fn is_pegged_to_midpoint(&self) -> bool {
        matches!(self.order_type.as_str(), "PEG MID" | "PEGMID")
    }
}

/// Allocation of an advisor's order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Advisor {
    /// Group.
    pub group: String,
    /// Method.
    pub method: String,
    /// Percentage.
    pub percentage: String,
    /// Profile (below 177).
    pub profile: String,
}

/// Terms of a BOX auction order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Auction {
    /// 1 match, 2 improvement, 3 transparent.
    pub strategy: Option<i32>,
    /// Starting price.
    pub starting_price: Option<Decimal>,
    /// Reference price of the stock.
    pub stock_ref_price: Option<Decimal>,
    /// Delta of the stock.
    pub delta: Option<Decimal>,
    /// Lower end of the stock price range.
    pub stock_range_lower: Option<Decimal>,
    /// Upper end of the stock price range.
    pub stock_range_upper: Option<Decimal>,
}

/// Terms of a volatility order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Volatility {
    /// Volatility in percent.
    pub volatility: Option<Decimal>,
    /// 1 daily, 2 annual.
    pub volatility_type: Option<i32>,
    /// The hedging order; none when its type is empty.
    pub delta_neutral: DeltaNeutralOrder,
    /// Price updated continuously.
    pub continuous_update: Option<i32>,
    /// 1 average of bid and ask, 2 bid or ask.
    pub reference_price_type: Option<i32>,
}

/// The hedging order of a volatility order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeltaNeutralOrder {
    /// Order type; the rest is only sent when it is not empty.
    pub order_type: String,
    /// Price (always sent).
    pub aux_price: Option<Decimal>,
    /// Contract id.
    pub con_id: Option<i32>,
    /// Settling firm.
    pub settling_firm: String,
    /// Clearing account.
    pub clearing_account: String,
    /// Clearing intent.
    pub clearing_intent: String,
    /// `O` or `C`.
    pub open_close: String,
    /// Short sale.
    pub short_sale: bool,
    /// 1 clearing broker, 2 third party.
    pub short_sale_slot: Option<i32>,
    /// Where shares are held when the slot is 2.
    pub designated_location: String,
}

/// Scale terms.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scale {
    /// Size of the first level.
    pub init_level_size: Option<i32>,
    /// Size of the other levels.
    pub subs_level_size: Option<i32>,
    /// Price difference of two levels; the terms to `random_percent` are only sent when it is
    /// above 0.
    pub price_increment: Option<Decimal>,
    /// Price adjustment.
    pub price_adjust_value: Option<Decimal>,
    /// Seconds between price adjustments.
    pub price_adjust_interval: Option<i32>,
    /// Profit offset.
    pub profit_offset: Option<Decimal>,
    /// Restore size after taking profit.
    pub auto_reset: bool,
    /// Initial position.
    pub init_position: Option<i32>,
    /// Initial fill quantity.
    pub init_fill_quantity: Option<i32>,
    /// Random size.
    pub random_percent: bool,
    /// Manual table (placeOrder only, like what follows).
    pub table: String,
    /// Start time.
    pub active_start_time: String,
    /// Stop time.
    pub active_stop_time: String,
}

impl Scale {
    /// Whether the terms beyond the increment are on the wire.
    pub fn has_terms(&self) -> bool {
        self.price_increment.is_some_and(|increment| increment > Decimal::ZERO)
    }
}

/// Terms of a `PEG BENCH` order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pegged {
    /// Contract id of the benchmark.
    pub reference_con_id: Option<i32>,
    /// Whether the pegged price falls when the benchmark rises.
    pub is_decrease: bool,
    /// Change of the pegged price.
    pub change_amount: Option<Decimal>,
    /// Change of the benchmark.
    pub reference_change_amount: Option<Decimal>,
    /// Exchange of the benchmark.
    pub reference_exchange: String,
}

/// What an order turns into once its trigger price is reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Adjusted {
    /// New order type.
    pub order_type: String,
    /// Trigger price.
    pub trigger_price: Option<Decimal>,
    /// Offset of the limit price.
    pub limit_price_offset: Option<Decimal>,
    /// New stop price.
    pub stop_price: Option<Decimal>,
    /// New stop limit price.
    pub stop_limit_price: Option<Decimal>,
    /// New trailing amount.
    pub trailing_amount: Option<Decimal>,
    /// 0 amount, 100 percent.
    pub trailing_unit: Option<i32>,
}

/// Decision makers to be reported under `MiFID` II.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mifid {
    /// Person who decided.
    pub decision_maker: String,
    /// Algorithm that decided.
    pub decision_algo: String,
    /// Person who executes.
    pub execution_trader: String,
    /// Algorithm that executes.
    pub execution_algo: String,
}

/// Terms of `PEG BEST` and `PEG MID` orders and of `IBKRATS`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compete {
    /// Least quantity of one trade.
    pub min_trade_quantity: Option<i32>,
    /// Least size to compete with.
    pub min_size: Option<i32>,
    /// Offset from the best price.
    pub against_best_offset: CompeteOffset,
    /// Offset when the spread is a whole number of ticks.
    pub mid_offset_at_whole: Option<Decimal>,
    /// Offset when the midpoint is at half a tick.
    pub mid_offset_at_half: Option<Decimal>,
}

/// Offset from the best price of a `PEG BEST` order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CompeteOffset {
    /// Not set.
    #[default]
    Unset,
    /// Up to the midpoint: infinite on the wire.
    UpToMid,
    /// A price.
    Amount(Decimal),
}

impl Field for CompeteOffset {
    const MAY_BE_EMPTY: bool = true;

    fn read(reader: &mut Reader<'_>, field: &'static str) -> Result<Self, FieldFault> {
        let mut ahead = reader.clone();
        // ibapi writes the first form, the `ib_*` clients the second.
        if matches!(ahead.raw(field)?, b"Infinity" | b"Infinite") {
            *reader = ahead;
            return Ok(Self::UpToMid);
        }
        Ok(reader.get::<Option<Decimal>>(field)?.map_or(Self::Unset, Self::Amount))
    }
}

impl Put for CompeteOffset {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Unset => out.push(0),
            // The only spelling that all three clients can read.
            Self::UpToMid => "Infinity".put(out),
            Self::Amount(amount) => amount.put(out),
        }
    }
}
