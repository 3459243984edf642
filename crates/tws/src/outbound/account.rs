//! Accounts, positions, profit and loss, advisor settings.

use rust_decimal::Decimal;

use super::{Response, responses, rows};
use crate::contract::Contract;
use crate::field::Put as _;
use crate::handshake::ServerVersion;

/// Values that an account has for each currency, and once more for all of them together: those rows
/// have the currency [`BASE`].
pub const LEDGER: [&str; 24] = [
    "AccountOrGroup",
    "AccruedCash",
    "CashBalance",
    "CorporateBondValue",
    "Currency",
    "ExchangeRate",
    "FundValue",
    "FutureOptionValue",
    "FuturesPNL",
    "FxCashBalance",
    "IssuerOptionValue",
    "MoneyMarketFundValue",
    "MutualFundValue",
    "NetDividend",
    "NetLiquidationByCurrency",
    "OptionMarketValue",
    "RealCurrency",
    "RealizedPnL",
    "StockMarketValue",
    "TBillValue",
    "TBondValue",
    "TotalCashBalance",
    "UnrealizedPnL",
    "WarrantValue",
];
/// What stands in place of a currency where all are taken together.
pub const BASE: &str = "BASE";

responses! {
    /// One value of the subscribed account.
    6 AccountValue<'a>, version 2 {
        /// Name, such as `NetLiquidation`.
        key: &'a str;
        /// Value.
        value: &'a str;
        /// Currency, empty if it has none.
        currency: &'a str;
        /// Account.
        account: &'a str;
    }
    /// The time of the last account update.
    8 AccountUpdateTime<'a>, version 1 {
        /// `hh:mm`.
        time: &'a str;
    }
    /// The end of the first values and positions of an account.
    54 AccountDownloadEnd<'a>, version 1 {
        /// Account.
        account: &'a str;
    }
    /// The end of the positions.
    62 PositionEnd, version 1 {}
    /// One value of an account summary.
    63 AccountSummary<'a>, version 1 {
        /// Request id.
        request_id: i32;
        /// Account.
        account: &'a str;
        /// Name.
        tag: &'a str;
        /// Value.
        value: &'a str;
        /// Currency, empty if it has none.
        currency: &'a str;
    }
    /// The end of an account summary.
    64 AccountSummaryEnd, version 1 {
        /// Request id.
        request_id: i32;
    }
    /// The end of the positions of one account or model.
    72 PositionMultiEnd, version 1 {
        /// Request id.
        request_id: i32;
    }
    /// One value of one account or model.
    73 AccountUpdateMulti<'a>, version 1 {
        /// Request id.
        request_id: i32;
        /// Account.
        account: &'a str;
        /// Model.
        model_code: &'a str;
        /// Name.
        key: &'a str;
        /// Value.
        value: &'a str;
        /// Currency, empty if it has none.
        currency: &'a str;
    }
    /// The end of these values.
    74 AccountUpdateMultiEnd, version 1 {
        /// Request id.
        request_id: i32;
    }
    /// Profit and loss of an account. Clients add these figures up: an unset one cannot be sent.
    94 Pnl {
        /// Request id.
        request_id: i32;
        /// Of today.
        daily: Decimal;
        /// Not realized.
        unrealized: Decimal;
        /// Realized.
        realized: Decimal;
    }
    /// Profit and loss of a position, all of it known.
    95 PnlSingle {
        /// Request id.
        request_id: i32;
        /// Quantity held.
        position: Decimal;
        /// Of today.
        daily: Decimal;
        /// Not realized.
        unrealized: Decimal;
        /// Realized.
        realized: Decimal;
        /// Value.
        value: Decimal;
    }
    /// Family codes.
    78 FamilyCodes<'a> {
        /// Rows.
        rows: &'a [FamilyCode<'a>];
    }
    /// Soft-dollar tiers.
    77 SoftDollarTiers<'a> {
        /// Request id.
        request_id: i32;
        /// Rows.
        rows: &'a [SoftDollarTier<'a>];
    }
    /// An advisor setting.
    16 ReceiveFa<'a>, version 1 {
        /// 1 groups, 2 profiles, 3 aliases.
        data_type: i32;
        /// The setting.
        xml: &'a str;
    }
    /// An advisor setting was replaced.
    103 ReplaceFaEnd<'a> {
        /// Request id.
        request_id: i32;
        /// Text.
        text: &'a str;
    }
}

rows! {
    /// The family of an account.
    FamilyCode<'a> {
        /// Account.
        account: &'a str;
        /// Code.
        code: &'a str;
    }
    /// A soft-dollar tier.
    SoftDollarTier<'a> {
        /// Name.
        name: &'a str;
        /// Value.
        value: &'a str;
        /// Name to show.
        display_name: &'a str;
    }
}

/// One position of the subscribed account, with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortfolioValue<'a> {
    /// Contract, with its primary exchange.
    pub contract: &'a Contract,
    /// Quantity, negative if short.
    pub position: Decimal,
    /// Price of one.
    pub market_price: Decimal,
    /// Value of the position.
    pub market_value: Decimal,
    /// Average cost of one.
    pub average_cost: Decimal,
    /// Profit not realized.
    pub unrealized_pnl: Decimal,
    /// Profit realized.
    pub realized_pnl: Decimal,
    /// Account.
    pub account: &'a str,
}

impl Response for PortfolioValue<'_> {
    fn put_fields(&self, _: ServerVersion, out: &mut Vec<u8>) {
        out.extend_from_slice(b"7\x008\0");
        self.contract.put_up_to_multiplier(out);
        self.contract.primary_exchange.put(out);
        self.contract.currency.put(out);
        self.contract.local_symbol.put(out);
        self.contract.trading_class.put(out);
        self.position.put(out);
        self.market_price.put(out);
        self.market_value.put(out);
        self.average_cost.put(out);
        self.unrealized_pnl.put(out);
        self.realized_pnl.put(out);
        self.account.put(out);
    }
}

/// One position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position<'a> {
    /// Account.
    pub account: &'a str,
    /// Contract.
    pub contract: &'a Contract,
    /// Quantity, negative if short.
    pub position: Decimal,
    /// Average cost of one.
    pub average_cost: Decimal,
}

impl Response for Position<'_> {
    fn put_fields(&self, _: ServerVersion, out: &mut Vec<u8>) {
        out.extend_from_slice(b"61\x003\0");
        self.account.put(out);
        self.contract.put_response(out);
        self.position.put(out);
        self.average_cost.put(out);
    }
}

/// One position of one account or model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PositionMulti<'a> {
    /// Request id.
    pub request_id: i32,
    /// Account.
    pub account: &'a str,
    /// Model.
    pub model_code: &'a str,
    /// Contract.
    pub contract: &'a Contract,
    /// Quantity, negative if short.
    pub position: Decimal,
    /// Average cost of one.
    pub average_cost: Decimal,
}

impl Response for PositionMulti<'_> {
    fn put_fields(&self, _: ServerVersion, out: &mut Vec<u8>) {
        out.extend_from_slice(b"71\x001\0");
        self.request_id.put(out);
        self.account.put(out);
        self.contract.put_response(out);
        self.position.put(out);
        self.average_cost.put(out);
        self.model_code.put(out);
    }
}
