//! The values of an account under the names that TWS clients know.

use access::currency::Currency;
use rust_decimal::Decimal;
use trade::account::AccountSummary;
use tws::outbound::{BASE, LEDGER};

/// What an account's value is told in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Denomination {
    /// It is no money.
    None,
    /// All currencies together, told in the base currency.
    Base,
    /// One currency.
    Of(Currency),
}

impl Denomination {
    /// As TWS clients know it: nothing, [`BASE`], or three letters.
    pub(super) fn code(&self) -> &str {
        match self {
            Self::None => "",
            Self::Base => BASE,
            Self::Of(currency) => currency.code(),
        }
    }
}

/// A value of an account: name, value, and what it is told in.
pub(super) type Value = (&'static str, String, Denomination);

/// The ledger's values once more, for all currencies together.
fn in_base(values: &[Value]) -> Vec<Value> {
    let text = |(name, value, _): &Value| {
        let value = if *name == "Currency" { BASE.to_owned() } else { value.clone() };
        (*name, value, Denomination::Base)
    };
    values.iter().filter(|(name, ..)| LEDGER.contains(name)).map(text).collect()
}

/// The values of an account. Money has the decimals of its smallest coin, rounded half to even. Those of [`LEDGER`] come
/// in the account's currency and as [`BASE`], which is the same while it has no other.
pub(super) fn values(of: &AccountSummary) -> Vec<Value> {
    let (digits, places) = (of.currency.digits(), of.currency.digits() as usize);
    let money = |amount: &Decimal| format!("{:.places$}", amount.round_dp(digits));
    let text = |text: &str| text.to_owned();
    let (of_own, of_none) = (Denomination::Of(of.currency), Denomination::None);
    let mut values = vec![
        ("AccountCode", of.account.to_string(), of_none),
        ("AccountOrGroup", of.account.to_string(), of_own),
        ("AccountReady", text("true"), of_none),
        ("AccountType", text("INDIVIDUAL"), of_none),
        ("Currency", of.currency.to_string(), of_own),
        ("Cushion", of.cushion().to_string(), of_none),
        ("DayTradesRemaining", text("-1"), of_none),
        ("ExchangeRate", text("1.00"), of_own),
        ("HighestSeverity", text("0"), of_none),
        ("Leverage", of.leverage().to_string(), of_none),
        ("LookAheadNextChange", text("0"), of_none),
        ("RealCurrency", of.currency.to_string(), of_own),
    ];
    let nothing = Decimal::ZERO;
    let amounts: [(&'static str, &Decimal); 45] = [
        ("AccruedCash", &nothing),
        ("AccruedDividend", &nothing),
        ("AvailableFunds", &of.available_funds),
        ("Billable", &nothing),
        ("BuyingPower", &of.buying_power),
        ("CashBalance", &of.cash),
        ("CorporateBondValue", &nothing),
        ("EquityWithLoanValue", &of.net_liquidation),
        ("ExcessLiquidity", &of.excess_liquidity),
        ("FullAvailableFunds", &of.available_funds),
        ("FullExcessLiquidity", &of.excess_liquidity),
        ("FullInitMarginReq", &of.initial_margin),
        ("FullMaintMarginReq", &of.maintenance_margin),
        ("FundValue", &nothing),
        ("FutureOptionValue", &nothing),
        ("FuturesPNL", &nothing),
        ("FxCashBalance", &nothing),
        ("GrossPositionValue", &of.gross_position_value),
        ("InitMarginReq", &of.initial_margin),
        ("IssuerOptionValue", &nothing),
        ("LookAheadAvailableFunds", &of.available_funds),
        ("LookAheadExcessLiquidity", &of.excess_liquidity),
        ("LookAheadInitMarginReq", &of.initial_margin),
        ("LookAheadMaintMarginReq", &of.maintenance_margin),
        ("MaintMarginReq", &of.maintenance_margin),
        ("MoneyMarketFundValue", &nothing),
        ("MutualFundValue", &nothing),
        ("NetDividend", &nothing),
        ("NetLiquidation", &of.net_liquidation),
        ("NetLiquidationByCurrency", &of.net_liquidation),
        ("OptionMarketValue", &nothing),
        ("PreviousDayEquityWithLoanValue", &of.previous_day),
        ("RealizedPnL", &of.realised),
        ("RegTEquity", &of.net_liquidation),
        ("RegTMargin", &of.initial_margin),
        ("SMA", &of.available_funds),
        ("SettledCash", &of.cash),
        ("StockMarketValue", &of.stock_value),
        ("TBillValue", &nothing),
        ("TBondValue", &nothing),
        ("TotalCashBalance", &of.cash),
        ("TotalCashValue", &of.cash),
        ("UnrealizedPnL", &of.unrealised),
        ("WarrantValue", &nothing),
        ("TotalDebitCardPendingCharges", &nothing),
    ];
    values.extend(amounts.iter().map(|(name, amount)| (*name, money(amount), of_own)));
    let base = in_base(&values);
    values.extend(base);
    values
}

#[cfg(test)]
mod tests {
    use access::PaperAccountId;

    use super::*;

    #[test]
    fn every_value_is_there_once_and_those_of_the_ledger_in_base_too() {
        let amount = Decimal::new(12_345, 3);
        let summary = AccountSummary {
            account: PaperAccountId::FIRST,
            currency: Currency::USD,
            cash: amount,
            stock_value: amount,
            gross_position_value: amount,
            net_liquidation: amount,
            previous_day: amount,
            initial_margin: amount,
            maintenance_margin: amount,
            available_funds: amount,
            excess_liquidity: amount,
            buying_power: amount,
            realised: amount,
            unrealised: amount,
            daily: amount,
        };
        let all = values(&summary);
        for (name, _, told_in) in &all {
            let same =
                all.iter().filter(|(other, _, other_in)| (other, other_in) == (name, told_in));
            assert_eq!(same.count(), 1, "{name} {told_in:?}");
        }
        for tag in ["NetLiquidation", "BuyingPower", "TotalCashValue", "Cushion", "AccountType"] {
            assert_eq!(all.iter().filter(|(name, ..)| *name == tag).count(), 1, "{tag}");
        }
        let cash = all.iter().filter(|(name, ..)| *name == "CashBalance");
        let cash: Vec<_> =
            cash.map(|(_, value, told_in)| (value.as_str(), told_in.code())).collect();
        assert_eq!(cash, [("12.34", "USD"), ("12.34", "BASE")]);
    }
}
