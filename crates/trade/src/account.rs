//! What an account's owner asks about it.

use crate::ledger::Ledger;
use crate::margin;
use crate::money::{floor_coins, of_coins};
use crate::price::Ticks;
use access::currency::Currency;
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

/// All that is asked about an account at one moment, in its base currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSummary {
    /// The account.
    pub account: PaperAccountId,
    /// Its base currency, which all amounts are in.
    pub currency: Currency,
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
    /// The summary of an account at these prices, with orders that could add up to `worst` of the smallest coins.
    pub(crate) fn new(account: &Ledger, worst: i128, mark: impl Fn(SymbolId) -> Ticks) -> Self {
        let (mut net, mut gross, mut unrealised, mut realised) =
            (Decimal::ZERO, Decimal::ZERO, Decimal::ZERO, Decimal::ZERO);
        let (currency, cash) = (account.base(), account.purse.own());
        for (instrument, position) in account.positions_in(currency) {
            let value = position.value(instrument.point(), mark(instrument.id));
            net = net.saturating_add(value);
            gross = gross.saturating_add(value.abs());
            unrealised = unrealised.saturating_add(value.saturating_sub(position.basis));
            realised = realised.saturating_add(position.realised_today());
        }
        let liquidation = cash.balance.saturating_add(net);
        let initial = of_coins(margin::initial(worst), currency);
        let held = floor_coins(gross, currency);
        let maintenance = of_coins(margin::maintenance(held), currency);
        let available = liquidation.saturating_sub(initial);
        Self {
            account: account.id,
            currency,
            cash: cash.balance,
            stock_value: net,
            gross_position_value: gross,
            net_liquidation: liquidation,
            previous_day: cash.day_start,
            initial_margin: initial,
            maintenance_margin: maintenance,
            available_funds: available,
            excess_liquidity: liquidation.saturating_sub(maintenance),
            buying_power: of_coins(
                margin::buying_power(floor_coins(available, currency)),
                currency,
            ),
            realised,
            unrealised,
            daily: liquidation.saturating_sub(cash.day_start),
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
    /// where the value is no money). Money has the decimals of its smallest coin, rounded half to even. Those of
    /// [`LEDGER`] come in the account's currency and as [`BASE`], which is the same while it has no other.
    pub fn values(&self) -> Vec<AccountValue> {
        let (digits, places) = (self.currency.digits(), self.currency.digits() as usize);
        let money = |amount: &Decimal| format!("{:.places$}", amount.round_dp(digits));
        let text = |text: &str| text.to_owned();
        let (of_own, of_none) = (Denomination::Of(self.currency), Denomination::None);
        let mut values = vec![
            ("AccountCode", self.account.to_string(), of_none),
            ("AccountOrGroup", self.account.to_string(), of_own),
            ("AccountReady", text("true"), of_none),
            ("AccountType", text("INDIVIDUAL"), of_none),
            ("Currency", self.currency.to_string(), of_own),
            ("Cushion", self.cushion().to_string(), of_none),
            ("DayTradesRemaining", text("-1"), of_none),
            ("ExchangeRate", text("1.00"), of_own),
            ("HighestSeverity", text("0"), of_none),
            ("Leverage", self.leverage().to_string(), of_none),
            ("LookAheadNextChange", text("0"), of_none),
            ("RealCurrency", self.currency.to_string(), of_own),
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
        values.extend(amounts.iter().map(|(name, amount)| (*name, money(amount), of_own)));
        let base = in_base(&values);
        values.extend(base);
        values
    }
}

/// What an account's value is told in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Denomination {
    /// It is no money.
    None,
    /// All currencies together, told in the base currency.
    Base,
    /// One currency.
    Of(Currency),
}

impl Denomination {
    /// As TWS clients know it: nothing, [`BASE`], or three letters.
    pub fn code(&self) -> &str {
        match self {
            Self::None => "",
            Self::Base => BASE,
            Self::Of(currency) => currency.code(),
        }
    }
}

/// A value of an account: name, value, and what it is told in.
pub type AccountValue = (&'static str, String, Denomination);

/// The ledger's values once more, for all currencies together.
fn in_base(values: &[AccountValue]) -> Vec<AccountValue> {
    let text = |(name, value, _): &AccountValue| {
        let value = if *name == "Currency" { BASE.to_owned() } else { value.clone() };
        (*name, value, Denomination::Base)
    };
    values.iter().filter(|(name, ..)| LEDGER.contains(name)).map(text).collect()
}
