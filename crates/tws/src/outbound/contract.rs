//! Contracts and reference data.

use rust_decimal::Decimal;

use super::{Response, responses, rows};
use crate::contract::{Contract, TagValue};
use crate::field::{Put as _, put_ascii, put_count};
use crate::handshake::ServerVersion;

/// One contract that matches a description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractData<'a> {
    /// Request id.
    pub request_id: i32,
    /// Contract; `last_trade_date` may be followed by a time and a zone.
    pub contract: &'a Contract,
    /// Market name.
    pub market_name: &'a str,
    /// Price increment.
    pub min_tick: Decimal,
    /// Order types, with commas.
    pub order_types: &'a str,
    /// Exchanges, with commas.
    pub valid_exchanges: &'a str,
    /// Factor between displayed and quoted prices.
    pub price_magnifier: i32,
    /// Contract id of the underlying, 0 for none.
    pub under_con_id: i32,
    /// Name of the company.
    pub long_name: &'a str,
    /// Month of a contract, `YYYYMM`.
    pub contract_month: &'a str,
    /// Industry.
    pub industry: &'a str,
    /// Category.
    pub category: &'a str,
    /// Subcategory.
    pub subcategory: &'a str,
    /// Time zone of the hours, by its IANA name.
    pub time_zone: &'a str,
    /// Hours: `20260105:0400-20260105:2000;20260106:CLOSED`.
    pub trading_hours: &'a str,
    /// Regular hours, in the same form.
    pub liquid_hours: &'a str,
    /// Other ids.
    pub sec_ids: &'a [TagValue],
    /// Group of exchanges whose quotes are aggregated.
    pub aggregated_group: Option<i32>,
    /// Symbol of the underlying.
    pub under_symbol: &'a str,
    /// Security type of the underlying.
    pub under_sec_type: &'a str,
    /// Numbers of the price increment tables, one for each valid exchange, with commas.
    pub market_rule_ids: &'a str,
    /// Expiry, `YYYYMMDD`.
    pub real_expiration_date: &'a str,
    /// Kind of stock, such as `COMMON`.
    pub stock_type: &'a str,
    /// Least size of an order.
    pub min_size: Decimal,
    /// Size increment.
    pub size_increment: Decimal,
    /// Size increment to suggest.
    pub suggested_size_increment: Decimal,
}

impl Response for ContractData<'_> {
    fn put_fields(&self, version: ServerVersion, out: &mut Vec<u8>) {
        let contract = self.contract;
        out.extend_from_slice(if version.has(164) { b"10\0" } else { b"10\x008\0" });
        self.request_id.put(out);
        contract.symbol.put(out);
        contract.sec_type.put(out);
        contract.last_trade_date.put(out);
        contract.strike.unwrap_or_default().put(out);
        contract.right.put(out);
        contract.exchange.put(out);
        contract.currency.put(out);
        contract.local_symbol.put(out);
        self.market_name.put(out);
        contract.trading_class.put(out);
        contract.con_id.put(out);
        self.min_tick.put(out);
        if !version.has(164) {
            // mdSizeMultiplier
            1.put(out);
        }
        contract.multiplier.put(out);
        self.order_types.put(out);
        self.valid_exchanges.put(out);
        self.price_magnifier.put(out);
        self.under_con_id.put(out);
        put_long_name(self.long_name, out);
        contract.primary_exchange.put(out);
        self.contract_month.put(out);
        self.put_classes(out);
        self.put_rules(out);
        self.put_sizes(version, out);
    }
}

impl ContractData<'_> {
    fn put_classes(&self, out: &mut Vec<u8>) {
        self.industry.put(out);
        self.category.put(out);
        self.subcategory.put(out);
        self.time_zone.put(out);
        self.trading_hours.put(out);
        self.liquid_hours.put(out);
        // evRule, evMultiplier: of contracts on economic values.
        out.extend_from_slice(b"\x000\0");
        self.sec_ids.put(out);
    }

    fn put_rules(&self, out: &mut Vec<u8>) {
        self.aggregated_group.put(out);
        self.under_symbol.put(out);
        self.under_sec_type.put(out);
        self.market_rule_ids.put(out);
        self.real_expiration_date.put(out);
        self.stock_type.put(out);
    }

    fn put_sizes(&self, version: ServerVersion, out: &mut Vec<u8>) {
        let Self { min_size, size_increment, suggested_size_increment, .. } = self;
        put_sizes([*min_size, *size_increment, *suggested_size_increment], version, out);
    }
}

/// One bond that matches a description. Programs do not get its hours before version 188.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BondContractData<'a> {
    /// Request id.
    pub request_id: i32,
    /// Contract; `last_trade_date` is the maturity.
    pub contract: &'a Contract,
    /// CUSIP, or empty.
    pub cusip: &'a str,
    /// Yearly coupon in percent. Only a whole one is sent; say it in `desc_append` too.
    pub coupon: Decimal,
    /// Day of issue, `YYYYMMDD`.
    pub issue_date: &'a str,
    /// Kind of issuer, such as `GOVT`.
    pub bond_type: &'a str,
    /// Kind of coupon, such as `FIXED`.
    pub coupon_type: &'a str,
    /// What else there is to say.
    pub desc_append: &'a str,
    /// Market name.
    pub market_name: &'a str,
    /// Price increment.
    pub min_tick: Decimal,
    /// Order types, with commas.
    pub order_types: &'a str,
    /// Exchanges, with commas.
    pub valid_exchanges: &'a str,
    /// Notes.
    pub notes: &'a str,
    /// Name.
    pub long_name: &'a str,
    /// Other ids.
    pub sec_ids: &'a [TagValue],
    /// Group of exchanges whose quotes are aggregated.
    pub aggregated_group: Option<i32>,
    /// Numbers of the price increment tables, one for each valid exchange, with commas.
    pub market_rule_ids: &'a str,
    /// Least size of an order.
    pub min_size: Decimal,
    /// Size increment.
    pub size_increment: Decimal,
    /// Size increment to suggest.
    pub suggested_size_increment: Decimal,
}

impl Response for BondContractData<'_> {
    fn put_fields(&self, version: ServerVersion, out: &mut Vec<u8>) {
        let contract = self.contract;
        out.extend_from_slice(if version.has(164) { b"18\0" } else { b"18\x006\0" });
        self.request_id.put(out);
        contract.symbol.put(out);
        contract.sec_type.put(out);
        self.cusip.put(out);
        // ib_async and ib_insync take it for a whole number and lose the message over any other.
        if self.coupon.fract().is_zero() {
            self.coupon.put(out);
        } else {
            out.push(0);
        }
        contract.last_trade_date.put(out);
        self.issue_date.put(out);
        // Ratings: there are none.
        out.push(0);
        self.bond_type.put(out);
        self.coupon_type.put(out);
        // Not convertible, callable or putable.
        out.extend_from_slice(b"0\x000\x000\0");
        self.desc_append.put(out);
        contract.exchange.put(out);
        contract.currency.put(out);
        self.market_name.put(out);
        contract.trading_class.put(out);
        contract.con_id.put(out);
        self.min_tick.put(out);
        if !version.has(164) {
            // mdSizeMultiplier
            1.put(out);
        }
        self.order_types.put(out);
        self.valid_exchanges.put(out);
        // No option comes with it: date, type, whether in part.
        out.extend_from_slice(b"\0\x000\0");
        self.notes.put(out);
        put_long_name(self.long_name, out);
        // evRule, evMultiplier: of contracts on economic values.
        out.extend_from_slice(b"\x000\0");
        self.sec_ids.put(out);
        self.aggregated_group.put(out);
        self.market_rule_ids.put(out);
        let Self { min_size, size_increment, suggested_size_increment, .. } = self;
        put_sizes([*min_size, *size_increment, *suggested_size_increment], version, out);
    }
}

/// The least size, the step, and the step to suggest, as far as a version has them.
fn put_sizes([least, step, suggested]: [Decimal; 3], version: ServerVersion, out: &mut Vec<u8>) {
    if version.has(164) {
        least.put(out);
        step.put(out);
    }
    if version.has(163) {
        suggested.put(out);
    }
}

/// All clients undo escapes in this field, and one that ends in a backslash would lose the whole
/// message: so backslashes are doubled.
fn put_long_name(name: &str, out: &mut Vec<u8>) {
    for (number, part) in name.split('\\').enumerate() {
        if number > 0 {
            out.extend_from_slice(b"\\\\");
        }
        put_ascii(part, out);
    }
    out.push(0);
}

responses! {
    /// The end of matching contracts.
    52 ContractDataEnd, version 1 {
        /// Request id.
        request_id: i32;
    }
    /// A table of price increments.
    93 MarketRule<'a> {
        /// Number of the table.
        rule_id: i32;
        /// Rows, lowest price first.
        increments: &'a [PriceIncrement];
    }
    /// The option chain of an underlying on one exchange.
    75 SecDefOptParam<'a> {
        /// Request id.
        request_id: i32;
        /// Exchange.
        exchange: &'a str;
        /// Contract id of the underlying.
        underlying_con_id: i32;
        /// Trading class.
        trading_class: &'a str;
        /// Multiplier.
        multiplier: &'a str;
        /// Expiries, `YYYYMMDD`.
        expirations: &'a [&'a str];
        /// Strikes.
        strikes: &'a [Decimal];
    }
    /// The end of option chains.
    76 SecDefOptParamEnd {
        /// Request id.
        request_id: i32;
    }
}

rows! {
    /// From this price on, this increment.
    PriceIncrement {
        /// Price.
        low_edge: Decimal;
        /// Increment.
        increment: Decimal;
    }
}

/// Contracts found by symbol or name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SymbolSamples<'a> {
    /// Request id.
    pub request_id: i32,
    /// Contracts.
    pub samples: &'a [Sample<'a>],
}

/// A contract found by symbol or name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample<'a> {
    /// Contract id.
    pub con_id: i32,
    /// Symbol.
    pub symbol: &'a str,
    /// Security type.
    pub sec_type: &'a str,
    /// Listing exchange.
    pub primary_exchange: &'a str,
    /// Currency.
    pub currency: &'a str,
    /// Security types of its derivatives.
    pub derivatives: &'a [&'a str],
    /// Name of the company (from 176).
    pub description: &'a str,
    /// Issuer id (from 176).
    pub issuer_id: &'a str,
}

impl Response for SymbolSamples<'_> {
    fn put_fields(&self, version: ServerVersion, out: &mut Vec<u8>) {
        out.extend_from_slice(b"79\0");
        self.request_id.put(out);
        put_count(self.samples.len(), out);
        for sample in self.samples {
            sample.con_id.put(out);
            sample.symbol.put(out);
            sample.sec_type.put(out);
            sample.primary_exchange.put(out);
            sample.currency.put(out);
            sample.derivatives.put(out);
            if version.has(176) {
                sample.description.put(out);
                sample.issuer_id.put(out);
            }
        }
    }
}
