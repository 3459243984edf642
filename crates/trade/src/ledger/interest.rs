//! Interest on cash, from rule 5 of the markets on: what accrues at the end of a trading day, and what is paid when a month
//! begins.
//!
//! Cash earns the overnight rate of its currency (`rates.csv`) less half a percent, and never less than nothing; a balance
//! below zero costs that rate and one and a half percent. What shares were sold short for earns nothing: it secures the
//! loan of the shares. A year of pounds, Australian and Canadian dollars has 365 days, one of other currencies 360. The
//! spreads are Floorpass's own.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use access::currency::Currency;
use access::id::SymbolId;
use rust_decimal::Decimal;

use super::Ledger;
use super::paid::Due;
use crate::payment::PaymentKind;
use crate::price::Ticks;
use crate::pricing::fair::RATES;

/// What is paid on cash is so much a year below the overnight rate, in ten-thousandths.
const BELOW: i64 = 50;
/// What a loan costs is so much above it.
const ABOVE: i64 = 150;
/// Places that are kept of what accrues.
const PLACES: u32 = 8;

/// The overnight rates, a year.
static OVERNIGHT: LazyLock<BTreeMap<Currency, Decimal>> = LazyLock::new(|| {
    let row = |line: &str| {
        let mut fields = line.split(',');
        let (currency, kind) = (fields.next()?, fields.next()?);
        let rate = fields.nth(1)?.parse().ok()?;
        (kind == "overnight").then_some((currency.parse().ok()?, rate))
    };
    RATES.lines().filter_map(row).collect()
});

/// What a balance earns in a day, below zero what it costs. So much of it was got for shares that are owed.
fn of_a_day(currency: Currency, balance: Decimal, short: Decimal) -> Decimal {
    let Some(overnight) = OVERNIGHT.get(&currency) else { return Decimal::ZERO };
    let (sum, rate) = if balance.is_sign_negative() {
        (balance, overnight.saturating_add(Decimal::new(ABOVE, 4)))
    } else {
        let own = balance.saturating_sub(short);
        (own, overnight.saturating_sub(Decimal::new(BELOW, 4)))
    };
    if !balance.is_sign_negative() && (sum.is_sign_negative() || rate.is_sign_negative()) {
        return Decimal::ZERO;
    }
    let days = match currency.code() {
        "GBP" | "AUD" | "CAD" => 365,
        _ => 360,
    };
    let year = sum.saturating_mul(rate);
    year.checked_div(Decimal::from(days)).unwrap_or_default().round_dp(PLACES)
}

impl Ledger {
    /// Adds the interest of a trading day at these prices.
    pub(crate) fn accrue(&mut self, mark: impl Fn(SymbolId) -> Ticks) {
        let short = |currency: Currency| {
            let owed = self.positions_in(currency).filter(|(one, held)| {
                held.shares < 0 && !one.is_margined() && one.expiry.is_none()
            });
            let values = owed.map(|(one, held)| held.value(one.point(), mark(one.id)).abs());
            values.fold(Decimal::ZERO, Decimal::saturating_add)
        };
        let earned = self
            .purse
            .all()
            .map(|(currency, cash)| (currency, of_a_day(currency, cash.balance, short(currency))));
        for (currency, earned) in earned.collect::<Vec<_>>() {
            let cash = self.purse.of_mut(currency);
            cash.interest = cash.interest.saturating_add(earned);
        }
    }

    /// Whether a new month pays something, or may, once the day before has accrued.
    pub(crate) fn has_interest(&self) -> bool {
        self.purse.all().any(|(_, cash)| !(cash.interest.is_zero() && cash.balance.is_zero()))
    }

    /// What has accrued and is paid now, in whole coins.
    pub(crate) fn interest_due(&self) -> Vec<Due> {
        let due = self.purse.all().filter_map(|(currency, cash)| {
            let amount = cash.interest.round_dp(currency.digits());
            let kind = PaymentKind::Interest;
            let due = Due { kind, symbol: None, held: 0, amount, currency };
            (!amount.is_zero()).then_some(due)
        });
        due.collect()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::instrument::Instruments;

    #[test]
    fn rates_of_a_day() {
        let cases = [
            // 3.65 % less 0.50 % of a million over 360 days.
            ("USD", 1_000_000, 0, "87.5"),
            ("USD", 1_000_000, 400_000, "52.5"),
            ("USD", 1_000_000, 2_000_000, "0"),
            // 3.65 % and 1.50 %.
            ("USD", -360_000, 0, "-51.5"),
            // What was sold short makes a loan no larger.
            ("USD", -360_000, 100_000, "-51.5"),
            // 3.97 % less 0.50 % over 365 days.
            ("GBP", 365_000, 0, "34.7"),
            // 0.50 % less 0.50 %, and 0.00 % less 0.50 %: cash never costs anything.
            ("JPY", 1_000_000, 0, "0"),
            ("CHF", 1_000_000, 0, "0"),
            ("CHF", -360_000, 0, "-15"),
            ("USD", 0, 0, "0"),
        ];
        for (currency, balance, short, expected) in cases {
            let currency: Currency = currency.parse().unwrap();
            let earned = of_a_day(currency, Decimal::from(balance), Decimal::from(short));
            assert_eq!(earned, expected.parse().unwrap(), "{currency} {balance} {short}");
        }
    }

    #[test]
    fn every_currency_of_the_pairs_has_a_rate() {
        for one in Instruments::builtin().all() {
            assert!(OVERNIGHT.contains_key(&one.currency), "{}", one.currency);
        }
    }
}
