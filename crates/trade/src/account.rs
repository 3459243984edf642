//! What an account's owner asks about it.

use crate::ledger::Ledger;
use crate::margin;
use crate::price::{Ticks, cents, floor_cents};
use access::id::{PaperAccountId, SymbolId};
use rust_decimal::Decimal;

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
/// What stands for the currency where all currencies are taken together.
pub const BASE: &str = "BASE";

/// All that is asked about an account at one moment, in US dollars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSummary {
    /// The account.
    pub account: PaperAccountId,
    /// Cash.
    pub cash: Decimal,
    /// Value of what is held, short positions below zero.
    pub stock_value: Decimal,
    /// Value of what is held, short positions above zero too.
    pub gross_position_value: Decimal,
    /// Cash and positions.
    pub net_liquidation: Decimal,
    /// Net liquidation when the trading day began.
    pub previous_day: Decimal,
    /// Bound by positions and working orders at 50 %.
    pub initial_margin: Decimal,
    /// Bound by positions at 25 %.
    pub maintenance_margin: Decimal,
    /// Net liquidation less the initial requirement.
    pub available_funds: Decimal,
    /// Net liquidation less the maintenance requirement.
    pub excess_liquidity: Decimal,
    /// Twice the available funds, not below zero.
    pub buying_power: Decimal,
    /// Realised on this trading day.
    pub realised: Decimal,
    /// Of the open positions.
    pub unrealised: Decimal,
    /// Change of net liquidation on this trading day.
    pub daily: Decimal,
}

impl AccountSummary {
    /// The summary of an account at these prices, with orders that could add up to `worst` cents.
    pub(crate) fn new(account: &Ledger, worst: i128, mark: impl Fn(SymbolId) -> Ticks) -> Self {
        let (mut net, mut gross, mut unrealised, mut realised) =
            (Decimal::ZERO, Decimal::ZERO, Decimal::ZERO, Decimal::ZERO);
        for (symbol, position) in account.positions() {
            let price = mark(symbol);
            net = net.saturating_add(position.value(price));
            gross = gross.saturating_add(position.value(price).abs());
            unrealised = unrealised.saturating_add(position.unrealised(price));
            realised = realised.saturating_add(position.realised_today());
        }
        let liquidation = account.cash.saturating_add(net);
        let initial = cents(margin::initial(worst));
        let maintenance = cents(margin::maintenance(floor_cents(gross)));
        let available = liquidation.saturating_sub(initial);
        Self {
            account: account.id,
            cash: account.cash,
            stock_value: net,
            gross_position_value: gross,
            net_liquidation: liquidation,
            previous_day: account.day_start,
            initial_margin: initial,
            maintenance_margin: maintenance,
            available_funds: available,
            excess_liquidity: liquidation.saturating_sub(maintenance),
            buying_power: cents(margin::buying_power(floor_cents(available))),
            realised,
            unrealised,
            daily: liquidation.saturating_sub(account.day_start),
        }
    }

    /// Share of net liquidation that is free above the maintenance requirement, 0 to 1, at six
    /// decimals; 1 when nothing is held.
    pub fn cushion(&self) -> Decimal {
        let share = self.excess_liquidity.checked_div(self.net_liquidation);
        share.unwrap_or(Decimal::ONE).clamp(Decimal::ZERO, Decimal::ONE).round_dp(6)
    }

    /// Gross position value over net liquidation, at two decimals.
    pub fn leverage(&self) -> Decimal {
        let ratio = self.gross_position_value.checked_div(self.net_liquidation);
        ratio.unwrap_or_default().round_dp(2)
    }

    /// The account's values under the names that TWS clients know: name, value, currency (empty
    /// where the value is no money). Money has two decimals, rounded half to even. Those of
    /// [`LEDGER`] come in US dollars and as [`BASE`], which is the same while there is one currency.
    pub fn values(&self) -> Vec<Value> {
        let money = |amount: &Decimal| format!("{:.2}", amount.round_dp(2));
        let text = |text: &str| text.to_owned();
        let mut values = vec![
            ("AccountCode", self.account.to_string(), ""),
            ("AccountOrGroup", self.account.to_string(), "USD"),
            ("AccountReady", text("true"), ""),
            ("AccountType", text("INDIVIDUAL"), ""),
            ("Currency", text("USD"), "USD"),
            ("Cushion", self.cushion().to_string(), ""),
            ("DayTradesRemaining", text("-1"), ""),
            ("ExchangeRate", text("1.00"), "USD"),
            ("HighestSeverity", text("0"), ""),
            ("Leverage", self.leverage().to_string(), ""),
            ("LookAheadNextChange", text("0"), ""),
            ("RealCurrency", text("USD"), "USD"),
        ];
        let nothing = Decimal::ZERO;
        let amounts: [(&'static str, &Decimal); 45] = [
            ("AccruedCash", &nothing),
            ("AccruedDividend", &nothing),
            ("AvailableFunds", &self.available_funds),
            ("Billable", &nothing),
            ("BuyingPower", &self.buying_power),
            ("CashBalance", &self.cash),
            ("CorporateBondValue", &nothing),
            ("EquityWithLoanValue", &self.net_liquidation),
            ("ExcessLiquidity", &self.excess_liquidity),
            ("FullAvailableFunds", &self.available_funds),
            ("FullExcessLiquidity", &self.excess_liquidity),
            ("FullInitMarginReq", &self.initial_margin),
            ("FullMaintMarginReq", &self.maintenance_margin),
            ("FundValue", &nothing),
            ("FutureOptionValue", &nothing),
            ("FuturesPNL", &nothing),
            ("FxCashBalance", &nothing),
            ("GrossPositionValue", &self.gross_position_value),
            ("InitMarginReq", &self.initial_margin),
            ("IssuerOptionValue", &nothing),
            ("LookAheadAvailableFunds", &self.available_funds),
            ("LookAheadExcessLiquidity", &self.excess_liquidity),
            ("LookAheadInitMarginReq", &self.initial_margin),
            ("LookAheadMaintMarginReq", &self.maintenance_margin),
            ("MaintMarginReq", &self.maintenance_margin),
            ("MoneyMarketFundValue", &nothing),
            ("MutualFundValue", &nothing),
            ("NetDividend", &nothing),
            ("NetLiquidation", &self.net_liquidation),
            ("NetLiquidationByCurrency", &self.net_liquidation),
            ("OptionMarketValue", &nothing),
            ("PreviousDayEquityWithLoanValue", &self.previous_day),
            ("RealizedPnL", &self.realised),
            ("RegTEquity", &self.net_liquidation),
            ("RegTMargin", &self.initial_margin),
            ("SMA", &self.available_funds),
            ("SettledCash", &self.cash),
            ("StockMarketValue", &self.stock_value),
            ("TBillValue", &nothing),
            ("TBondValue", &nothing),
            ("TotalCashBalance", &self.cash),
            ("TotalCashValue", &self.cash),
            ("UnrealizedPnL", &self.unrealised),
            ("WarrantValue", &nothing),
            ("TotalDebitCardPendingCharges", &nothing),
        ];
        values.extend(amounts.iter().map(|(name, amount)| (*name, money(amount), "USD")));
        let base = in_base(&values);
        values.extend(base);
        values
    }
}

/// A value of an account: name, value, currency (empty where it is no money).
pub type Value = (&'static str, String, &'static str);

/// The ledger's values once more, for all currencies together.
fn in_base(values: &[Value]) -> Vec<Value> {
    let text = |(name, value, _): &Value| {
        (*name, if *name == "Currency" { BASE.to_owned() } else { value.clone() }, BASE)
    };
    values.iter().filter(|(name, ..)| LEDGER.contains(name)).map(text).collect()
}
