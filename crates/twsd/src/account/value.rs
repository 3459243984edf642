//! The values of an account under the names that TWS clients know.

use access::currency::Currency;
use rust_decimal::Decimal;
use trade::account::{AccountSummary, CurrencyPart};
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

/// Day trades that may be made today, tomorrow and so on.
const DAY_TRADES: [&str; 5] = [
    "DayTradesRemaining",
    "DayTradesRemainingT+1",
    "DayTradesRemainingT+2",
    "DayTradesRemainingT+3",
    "DayTradesRemainingT+4",
];

/// What the ledger has of one currency, under its names; nothing of those that no product here has.
fn ledger(part: &CurrencyPart) -> Vec<(&'static str, Decimal)> {
    vec![
        ("CashBalance", part.cash),
        ("TotalCashBalance", part.cash),
        ("StockMarketValue", part.stocks),
        ("OptionMarketValue", part.options),
        ("FuturesPNL", part.futures),
        ("TBillValue", part.bonds.bills),
        ("TBondValue", part.bonds.treasuries),
        ("CorporateBondValue", part.bonds.companies),
        ("AccruedCash", part.bonds.accrued.saturating_add(part.interest)),
        ("MutualFundValue", part.mutual_funds),
        ("MoneyMarketFundValue", part.money_funds),
        ("NetLiquidationByCurrency", part.net_liquidation()),
        ("RealizedPnL", part.realised),
        ("UnrealizedPnL", part.unrealised),
    ]
}

/// The ledger's values in one currency, or in the base currency for all together.
fn ledger_values(
    of: &AccountSummary,
    told_in: Denomination,
    (currency, rate): (Currency, Decimal),
    amounts: &[(&'static str, Decimal)],
) -> Vec<Value> {
    let (digits, places) = (currency.digits(), currency.digits() as usize);
    let money = |amount: Decimal| format!("{:.places$}", amount.round_dp(digits));
    let code = told_in.code().to_owned();
    let value = |name: &'static str| match name {
        "AccountOrGroup" => of.account.to_string(),
        "Currency" if told_in == Denomination::Base => code.clone(),
        "Currency" | "RealCurrency" => currency.to_string(),
        "ExchangeRate" if rate == Decimal::ONE => "1.00".to_owned(),
        "ExchangeRate" => rate.normalize().to_string(),
        name => {
            let amount = amounts.iter().find(|(known, _)| *known == name);
            money(amount.map_or(Decimal::ZERO, |(_, amount)| *amount))
        }
    };
    LEDGER.into_iter().map(|name| (name, value(name), told_in)).collect()
}

/// The ledger's values: each currency's, and all together.
fn ledgers(of: &AccountSummary) -> Vec<Value> {
    let mut values = Vec::new();
    for part in &of.parts {
        let told_in = Denomination::Of(part.currency);
        values.extend(ledger_values(of, told_in, (part.currency, part.rate), &ledger(part)));
    }
    let all = of.parts.iter().fold(Vec::new(), |mut sums: Vec<(&'static str, Decimal)>, part| {
        for (at, (name, amount)) in ledger(part).into_iter().enumerate() {
            let amount = amount.saturating_mul(part.rate);
            match sums.get_mut(at) {
                Some((_, sum)) => *sum = sum.saturating_add(amount),
                None => sums.push((name, amount)),
            }
        }
        sums
    });
    values.extend(ledger_values(of, Denomination::Base, (of.currency, Decimal::ONE), &all));
    values
}

/// The values of an account. Money has the decimals of its smallest coin, rounded half to even. Those of [`LEDGER`] come
/// in each currency that it has, and as [`BASE`] for all of them together in its own; the others in its own alone.
/// `day_trades` are those that may still be made today and on the next days; none where any number may, which is -1.
pub(super) fn values(of: &AccountSummary, day_trades: Option<[u32; 5]>) -> Vec<Value> {
    let (digits, places) = (of.currency.digits(), of.currency.digits() as usize);
    let money = |amount: &Decimal| format!("{:.places$}", amount.round_dp(digits));
    let text = |text: &str| text.to_owned();
    let (of_own, of_none) = (Denomination::Of(of.currency), Denomination::None);
    let mut values = vec![
        ("AccountCode", of.account.to_string(), of_none),
        ("AccountReady", text("true"), of_none),
        ("AccountType", text("INDIVIDUAL"), of_none),
        ("Cushion", of.cushion().to_string(), of_none),
        ("HighestSeverity", text("0"), of_none),
        ("Leverage", of.leverage().to_string(), of_none),
        ("LookAheadNextChange", text("0"), of_none),
    ];
    let ahead = day_trades.map_or([-1; 5], |left| left.map(i64::from));
    let left = DAY_TRADES.iter().zip(ahead).map(|(name, left)| (*name, left.to_string(), of_none));
    values.extend(left);
    let nothing = Decimal::ZERO;
    let amounts: [(&'static str, &Decimal); 25] = [
        ("AccruedDividend", &nothing),
        ("AvailableFunds", &of.available_funds),
        ("Billable", &nothing),
        ("BuyingPower", &of.buying_power),
        ("EquityWithLoanValue", &of.net_liquidation),
        ("ExcessLiquidity", &of.excess_liquidity),
        ("FullAvailableFunds", &of.available_funds),
        ("FullExcessLiquidity", &of.excess_liquidity),
        ("FullInitMarginReq", &of.initial_margin),
        ("FullMaintMarginReq", &of.maintenance_margin),
        ("GrossPositionValue", &of.gross_position_value),
        ("InitMarginReq", &of.initial_margin),
        ("LookAheadAvailableFunds", &of.available_funds),
        ("LookAheadExcessLiquidity", &of.excess_liquidity),
        ("LookAheadInitMarginReq", &of.initial_margin),
        ("LookAheadMaintMarginReq", &of.maintenance_margin),
        ("MaintMarginReq", &of.maintenance_margin),
        ("NetLiquidation", &of.net_liquidation),
        ("PreviousDayEquityWithLoanValue", &of.previous_day),
        ("RegTEquity", &of.net_liquidation),
        ("RegTMargin", &of.initial_margin),
        ("SMA", &of.available_funds),
        ("SettledCash", &of.cash),
        ("TotalCashValue", &of.cash),
        ("TotalDebitCardPendingCharges", &nothing),
    ];
    values.extend(amounts.iter().map(|(name, amount)| (*name, money(amount), of_own)));
    values.extend(ledgers(of));
    values
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use access::PaperAccountId;
    use trade::account::Bonds;

    use super::*;

    #[test]
    fn every_value_is_there_once_and_those_of_the_ledger_in_base_too() {
        let amount = Decimal::new(12_345, 3);
        let euro: Currency = "EUR".parse().unwrap();
        let part = |currency, rate| CurrencyPart {
            currency,
            rate,
            cash: amount,
            interest: Decimal::ZERO,
            stocks: amount,
            options: amount,
            futures: amount,
            bonds: Bonds::default(),
            mutual_funds: amount,
            money_funds: amount,
            gross: amount,
            realised: amount,
            unrealised: amount,
            day_start: amount,
        };
        let summary = AccountSummary {
            account: PaperAccountId::FIRST,
            currency: Currency::USD,
            cash: amount,
            stock_value: amount,
            option_value: amount,
            gross_position_value: amount,
            net_liquidation: amount,
            previous_day: amount,
            initial_margin: amount,
            maintenance_margin: amount,
            available_funds: amount,
            excess_liquidity: amount,
            margin_call: None,
            buying_power: amount,
            realised: amount,
            unrealised: amount,
            daily: amount,
            parts: vec![part(Currency::USD, Decimal::ONE), part(euro, Decimal::new(12, 1))],
        };
        let all = values(&summary, Some([0, 1, 1, 2, 3]));
        for (name, _, told_in) in &all {
            let same =
                all.iter().filter(|(other, _, other_in)| (other, other_in) == (name, told_in));
            assert_eq!(same.count(), 1, "{name} {told_in:?}");
        }
        for tag in ["NetLiquidation", "BuyingPower", "TotalCashValue", "Cushion", "AccountType"] {
            assert_eq!(all.iter().filter(|(name, ..)| *name == tag).count(), 1, "{tag}");
        }
        let left = |all: &[Value]| {
            let found = DAY_TRADES.map(|tag| all.iter().find(|(name, ..)| *name == tag));
            found.map(|value| value.unwrap().1.clone())
        };
        assert_eq!(left(&all), ["0", "1", "1", "2", "3"]);
        assert_eq!(left(&values(&summary, None)), ["-1"; 5], "any number");
        let cash = all.iter().filter(|(name, ..)| *name == "CashBalance");
        let cash: Vec<_> =
            cash.map(|(_, value, told_in)| (value.as_str(), told_in.code())).collect();
        assert_eq!(cash, [("12.34", "USD"), ("12.34", "EUR"), ("27.16", "BASE")]);
        let rates = all.iter().filter(|(name, ..)| *name == "ExchangeRate");
        let rates: Vec<_> = rates.map(|(_, value, _)| value.as_str()).collect();
        assert_eq!(rates, ["1.00", "1.2", "1.00"]);
    }
}
