//! What an account has gained, as a rate: by time and by money; and what of a day's gain came from currencies.
//!
//! - *Time-weighted*: the days' rates, linked. A day's rate is what it was worth at its end over what it was worth at the end of
//!   the day before with what was paid in since, which counts from the day's beginning. Where days are not known, one rate
//!   spans them. What was paid in, and when, does not change it.
//! - *Money-weighted*: the one rate for the whole range at which what was there at its beginning and all that was paid in, each
//!   for the days that it was there, come to what is there at its end. It is that of the range and not of a year.
//!
//! Of a paper account what was paid in is what it began with.

use access::currency::Currency;
use access::id::SymbolId;
use rust_decimal::Decimal;

use crate::calendar::Day;
use crate::ledger::Ledger;
use crate::money::Rates;
use crate::price::Ticks;
use crate::pricing::internal_rate::money_weighted;

/// Money that was paid in, below zero out, from the beginning of a trading day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flow {
    /// On which day.
    pub day: Day,
    /// How much, in the account's currency.
    pub amount: Decimal,
}

/// What an account has gained in a range of trading days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Performance {
    /// It is counted from the end of this day on.
    pub from: Day,
    /// To the end of this one, or to now.
    pub to: Day,
    /// What it was worth at the beginning.
    pub begin: Decimal,
    /// What was paid in since.
    pub flows: Decimal,
    /// What it is worth at the end.
    pub end: Decimal,
    /// 0.01 is one percent; none where there was a day that began with nothing or less.
    pub time_weighted: Option<Decimal>,
    /// The same by money; none where there is no such rate.
    pub money_weighted: Option<Decimal>,
}

impl Performance {
    /// Over days with what the account was worth at the end of each, ascending; none of fewer than two. Of an account that began
    /// in the range the first is the day before, with nothing.
    pub fn over(values: &[(Day, Decimal)], flows: &[Flow]) -> Option<Self> {
        let ((from, begin), (to, end)) = (*values.first()?, *values.last()?);
        let within: Vec<&Flow> =
            flows.iter().filter(|flow| flow.day > from && flow.day <= to).collect();
        let days = to.0.checked_sub(from.0).filter(|days| *days > 0)?;
        let mut payments = vec![(days, begin)];
        payments.extend(within.iter().map(|flow| (to.0 - flow.day.0 + 1, flow.amount)));
        let flows = within.iter().fold(Decimal::ZERO, |sum, flow| sum.saturating_add(flow.amount));
        let time_weighted = linked(values, &within);
        let money_weighted = money_weighted(&payments, days, end);
        Some(Self { from, to, begin, flows, end, time_weighted, money_weighted })
    }

    /// What was gained, in money.
    pub fn gain(&self) -> Decimal {
        self.end.saturating_sub(self.begin).saturating_sub(self.flows)
    }
}

/// The days' rates, linked.
fn linked(values: &[(Day, Decimal)], flows: &[&Flow]) -> Option<Decimal> {
    let mut growth = Decimal::ONE;
    for pair in values.windows(2) {
        let [(before, begin), (day, end)] = pair else { continue };
        let paid = flows.iter().filter(|flow| flow.day > *before && flow.day <= *day);
        let begin = paid.fold(*begin, |sum, flow| sum.saturating_add(flow.amount));
        if begin <= Decimal::ZERO {
            return None;
        }
        growth = growth.checked_mul(end.checked_div(begin)?)?.round_dp(16);
    }
    Some(growth.checked_sub(Decimal::ONE)?.round_dp(8))
}

/// What a trading day has changed of a position's worth, in the account's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    /// Of which contract.
    pub symbol: SymbolId,
    /// What it is in.
    pub currency: Currency,
    /// Gained by its price, at the rate of now.
    pub price: Decimal,
    /// Gained by the currency, on what it was worth when the day began.
    pub rate: Decimal,
}

/// What a trading day has changed of an account's worth, in its currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moves {
    /// The account's currency.
    pub base: Currency,
    /// By position, those that were closed today too.
    pub positions: Vec<Move>,
    /// Gained by each other currency on all that was in it when the day began, cash too.
    pub currencies: Vec<(Currency, Decimal)>,
}

impl Moves {
    /// At the rates of now and of the end of the day before.
    pub(crate) fn of(
        ledger: &Ledger,
        (now, before): (Rates<'_>, Rates<'_>),
        mark: impl Fn(SymbolId) -> Ticks,
    ) -> Self {
        let base = ledger.base();
        // A currency that has no rate of the day before has not moved.
        let moved = |amount: Decimal, currency: Currency| {
            let (now, before) = (now.rate(currency), before.rate(currency));
            let by = if before.is_zero() { Decimal::ZERO } else { now.saturating_sub(before) };
            amount.saturating_mul(by).round_dp(base.digits())
        };
        let positions = ledger.ever_held(mark).filter_map(|held| {
            let price = now.convert(held.daily(), held.currency);
            // What is margined is worth nothing by itself.
            let margined = ledger.instruments().get(held.symbol)?.is_margined();
            let began = if margined { Decimal::ZERO } else { held.day_value() };
            let rate = moved(began, held.currency);
            let one = Move { symbol: held.symbol, currency: held.currency, price, rate };
            (held.position.shares != 0 || !price.is_zero() || !rate.is_zero()).then_some(one)
        });
        let others = ledger.purse.all().filter(|(currency, _)| *currency != base);
        let currencies = others.map(|(currency, cash)| (currency, moved(cash.day_start, currency)));
        Self { base, positions: positions.collect(), currencies: currencies.collect() }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn day(of_month: i32) -> Day {
        Day::of(2026, 11, of_month)
    }

    fn over(values: &[(i32, i64)], flows: &[(i32, i64)]) -> Performance {
        let values: Vec<_> =
            values.iter().map(|(at, value)| (day(*at), Decimal::from(*value))).collect();
        let flow =
            |(at, amount): &(i32, i64)| Flow { day: day(*at), amount: Decimal::from(*amount) };
        let flows: Vec<_> = flows.iter().map(flow).collect();
        Performance::over(&values, &flows).unwrap()
    }

    fn percent(found: Option<Decimal>) -> Decimal {
        (found.unwrap() * Decimal::ONE_HUNDRED).round_dp(4)
    }

    #[test]
    fn rate_by_time_knows_no_payments_and_the_rate_by_money_does() {
        // 10 % on 100, then 900 paid in, then 10 % lost on 1,010: by time 1.1 * 0.9.
        let found = over(&[(1, 100), (2, 110), (3, 909)], &[(3, 900)]);
        assert_eq!(percent(found.time_weighted), Decimal::from(-1));
        assert_eq!((found.flows, found.gain()), (Decimal::from(900), Decimal::from(-91)));
        // 100 * g + 900 * sqrt(g) = 909: g = 0.829..., most of the money was there for the loss.
        let growth = Decimal::ONE + found.money_weighted.unwrap();
        let root = rust_decimal::prelude::ToPrimitive::to_f64(&growth).unwrap();
        let check = Decimal::try_from(libm::sqrt(root)).unwrap() * Decimal::from(900);
        let check = check + growth * Decimal::ONE_HUNDRED;
        assert!((check - Decimal::from(909)).abs() < Decimal::new(1, 4), "{check}");
        assert!(percent(found.money_weighted) < Decimal::from(-10), "{found:?}");
    }

    #[test]
    fn both_are_one_where_nothing_was_paid_in_meanwhile() {
        let found = over(&[(1, 1_000), (2, 1_500), (6, 1_200)], &[(1, 1_000)]);
        assert_eq!(percent(found.time_weighted), Decimal::from(20));
        assert_eq!(percent(found.money_weighted), Decimal::from(20));
        // An account that began in the range: nothing the day before.
        let found = over(&[(1, 0), (2, 1_100)], &[(2, 1_000)]);
        assert_eq!(
            (percent(found.time_weighted), found.gain()),
            (Decimal::TEN, Decimal::from(100))
        );
        assert_eq!(percent(found.money_weighted), Decimal::TEN);
    }

    #[test]
    fn nothing_has_no_rate() {
        assert_eq!(over(&[(1, 0), (2, 100)], &[]).time_weighted, None);
        assert_eq!(over(&[(1, -5), (2, 100)], &[]).money_weighted, None);
        assert_eq!(Performance::over(&[(day(1), Decimal::ONE)], &[]), None);
    }
}
