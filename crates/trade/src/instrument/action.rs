//! What a company does to its shares: the dividends of `dividends.csv` and the splits of `splits.csv`, all simulated.
//!
//! | ex-date rule | means |
//! |---|---|
//! | `02/05/08/11 2fri` | in these months the second Friday or, where the exchange rests, its first session after it |
//! | `03/09 last2` | in these months the last session but one |
//!
//! Sessions are those of the share's own exchange. A dividend is of a share as there was before any split of this file.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::table::{DataError, Row};
use crate::calendar::{Day, MarketCalendar};

/// The columns of `dividends.csv`.
pub(super) const DIVIDENDS: &[&str] = &["symbol", "ex_date_rule", "amount", "currency"];
/// The columns of `splits.csv`.
pub(super) const SPLITS: &[&str] = &["symbol", "date", "ratio"];
/// The years whose ex-dates are known.
const YEARS: std::ops::Range<i32> = 2020..2050;
/// Days that an exchange rests one after the other, at most.
const REST: i32 = 14;

/// What shares pay, and when they are first traded without it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dividend {
    /// Of one unit, in the instrument's currency.
    amount: Decimal,
    /// Ex-dates, ascending.
    days: Arc<[Day]>,
}

/// So many new shares for so many old ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    /// The first day on which the new ones are traded.
    pub day: Day,
    /// New ones.
    pub new: u32,
    /// Old ones.
    pub old: u32,
}

impl Split {
    /// One share becomes more of them.
    pub const fn is_forward(&self) -> bool {
        self.new > self.old
    }

    /// It has a number for new shares and one for old ones, neither of them the other.
    fn read(text: &str) -> Option<(u32, u32)> {
        let (new, old) = text.split_once(':')?;
        let (new, old) = (new.parse().ok()?, old.parse().ok()?);
        (new != old && (1..=100).contains(&new) && (1..=100).contains(&old)).then_some((new, old))
    }
}

impl Dividend {
    /// What a unit pays when a day begins; none on a day that is no ex-date.
    pub(super) fn on(&self, day: Day) -> Option<Decimal> {
        self.days.binary_search(&day).ok().map(|_| self.amount)
    }

    /// Ex-dates after a day, up to another one, each with what a unit pays.
    pub(super) fn between(
        &self,
        after: Day,
        until: Day,
    ) -> impl Iterator<Item = (Day, Decimal)> + '_ {
        let first = self.days.partition_point(|day| *day <= after);
        let days = self.days.get(first..).unwrap_or_default().iter();
        days.take_while(move |day| **day <= until).map(|day| (*day, self.amount))
    }
}

/// The dividend of a row, of a share with this calendar.
pub(super) fn dividend(
    row: &Row<'_>,
    calendar: Option<&MarketCalendar>,
) -> Result<Dividend, DataError> {
    let allowed = "months and a day of them, such as 02/05/08/11 2fri or 03/09 last2";
    let days = row.read("ex_date_rule", allowed, |text| days(text, calendar))?;
    Ok(Dividend { amount: row.amount("amount")?, days })
}

/// The split of a row.
pub(super) fn split(row: &Row<'_>, calendar: Option<&MarketCalendar>) -> Result<Split, DataError> {
    let day = row.day("date")?.ok_or_else(|| row.wrong("date", "a date such as 2027-03-15"))?;
    if calendar.is_some_and(|calendar| !calendar.is_business_day(day)) {
        return Err(row.wrong("date", "a day on which the share trades"));
    }
    let allowed = "new and old shares, such as 2:1 or 1:4";
    let (new, old) = row.read("ratio", allowed, Split::read)?;
    Ok(Split { day, new, old })
}

/// Which day of a month.
#[derive(Debug, Clone, Copy)]
enum DayOfMonth {
    /// The `nth` of a day of the week, both from 0.
    Weekday { nth: i32, weekday: i32 },
    /// A session, counted from the last, which is 1.
    FromLast(usize),
}

impl DayOfMonth {
    fn read(text: &str) -> Option<Self> {
        if let Some(count) = text.strip_prefix("last") {
            return count.parse().ok().filter(|count| (1..=5).contains(count)).map(Self::FromLast);
        }
        let (nth, weekday) = text.split_at_checked(1)?;
        let nth: i32 = nth.parse().ok().filter(|nth| (1..=4).contains(nth))?;
        let weekday =
            ["mon", "tue", "wed", "thu", "fri"].iter().position(|name| *name == weekday)?;
        Some(Self::Weekday { nth: nth - 1, weekday: i32::try_from(weekday).ok()? })
    }

    fn in_month(self, first: Day, is_session: impl Fn(Day) -> bool) -> Option<Day> {
        match self {
            Self::Weekday { nth, weekday } => {
                let ahead = (weekday - first.weekday()).rem_euclid(7) + 7 * nth;
                (ahead..ahead + REST).map(|days| first.plus(days)).find(|day| is_session(*day))
            }
            Self::FromLast(count) => {
                let (year, month, _) = first.civil();
                let next = Day::of(year + month / 12, month % 12 + 1, 1);
                let days = (1..31).map(|back| next.plus(-back));
                days.filter(|day| is_session(*day)).nth(count - 1)
            }
        }
    }
}

/// The ex-dates of a rule.
fn days(text: &str, calendar: Option<&MarketCalendar>) -> Option<Arc<[Day]>> {
    let (months, of_month) = text.split_once(' ')?;
    let month = |text: &str| text.parse().ok().filter(|month| (1..=12).contains(month));
    let months: Vec<i32> = months.split('/').map(month).collect::<Option<_>>()?;
    let of_month = DayOfMonth::read(of_month)?;
    let is_session = |day: Day| calendar.is_none_or(|calendar| calendar.is_business_day(day));
    let firsts = YEARS.flat_map(|year| months.iter().map(move |month| Day::of(year, *month, 1)));
    let days = firsts.map(|first| of_month.in_month(first, is_session));
    let days: Vec<Day> = days.collect::<Option<_>>()?;
    days.is_sorted_by(|a, b| a < b).then(|| days.into())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::super::Instruments;
    use super::*;

    #[test]
    fn ex_dates_are_sessions_of_the_shares_own_exchange() {
        let known = Instruments::builtin();
        let paying = known.all().iter().filter(|one| one.dividend.is_some());
        let mut count = 0;
        for one in paying {
            let calendar = one.calendar.unwrap();
            for (day, amount) in one.dividends(Day(0), Day::of(2049, 12, 31)) {
                assert!(calendar.is_business_day(day) && amount > Decimal::ZERO, "{day}");
                assert_eq!(one.dividend_on(day), Some(amount));
            }
            count += 1;
        }
        assert_eq!(count, 50);
        for (symbol, from, expected) in [
            // The second Friday.
            ("AAPL", Day::of(2027, 2, 1), Day::of(2027, 2, 12)),
            // The first Thursday of January 2026 is New Year's Day.
            ("JPM", Day::of(2025, 12, 31), Day::of(2026, 1, 2)),
            // The third Monday of September 2027 is Respect for the Aged Day in Tokyo, and not in New York.
            ("XLE", Day::of(2027, 9, 1), Day::of(2027, 9, 20)),
            // The last session but one of March: 2027-03-31 is a Wednesday.
            ("7203", Day::of(2027, 3, 1), Day::of(2027, 3, 30)),
        ] {
            let one = known.named(symbol).unwrap();
            let first = one.dividends(from, Day::of(2049, 1, 1)).next().unwrap();
            assert_eq!(first.0, expected, "{symbol}");
        }
    }

    #[test]
    fn rule_that_names_no_day_is_none() {
        for text in ["", "02", "02 2sun", "13 2fri", "02 5fri", "02/02 2fri", "02 last0", "a 2fri"]
        {
            assert_eq!(days(text, None), None, "{text}");
        }
        assert_eq!(Split::read("2:2"), None);
        assert_eq!(Split::read("0:1"), None);
    }
}
