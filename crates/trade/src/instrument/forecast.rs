//! Classes of forecast contracts: a question about a figure on a day, and what it must be above.

use access::currency::Currency;
use access::id::SymbolId;
use rust_decimal::Decimal;

use super::family::{coded, underlying};
use super::ladder::Ladder;
use super::table::{DataError, Row, rows};
use super::{Fee, ForecastTerms, Instrument, InstrumentKind, Parts, TickRule, Unit, YesNo};
use crate::calendar::{Day, MarketCalendar};

/// The columns of `forecasts.csv`.
const COLUMNS: &[&str] = &[
    "class",
    "name",
    "question",
    "exchange",
    "currency",
    "frequency",
    "threshold_rule",
    "underlying",
    "fee_each",
    "calendar",
];
/// Days that are listed of a daily class, and of a monthly one.
const DAYS: usize = 5;
const MONTHS: i32 = 3;

/// How often a figure comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Frequency {
    /// On each exchange day.
    Daily,
    /// On the last exchange day of a month.
    Monthly,
}

/// Forecast contracts on one figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ForecastClass {
    /// Its name (symbol and tradingClass on the TWS socket).
    pub(crate) class: String,
    question: String,
    exchange: String,
    currency: Currency,
    frequency: Frequency,
    pub(crate) ladder: Ladder,
    /// Thresholds around the figure, half of them on each side.
    pub(crate) thresholds: u16,
    pub(crate) underlying: SymbolId,
    pub(super) prices: TickRule,
    fee: Fee,
    calendar: Option<&'static MarketCalendar>,
}

/// Those of a file, on figures that are known.
pub(super) fn read(
    (file, text): (&str, &str),
    known: &[Instrument],
) -> Result<Vec<ForecastClass>, DataError> {
    rows(file, text, COLUMNS)?.iter().map(|row| class(row, known)).collect()
}

impl Frequency {
    /// Whether a figure comes out on a day.
    fn has(self, day: Day) -> bool {
        match self {
            Self::Daily => day.is_exchange_day(),
            Self::Monthly => day == last_of(day.civil()),
        }
    }
}

/// The last exchange day of a date's month.
fn last_of((year, month, _): (i32, i32, i32)) -> Day {
    let next = if month == 12 { Day::of(year + 1, 1, 1) } else { Day::of(year, month + 1, 1) };
    next.exchange_day_before()
}

impl ForecastClass {
    /// The days whose figures are forecast on a day, ascending.
    pub(crate) fn days(&self, today: Day) -> Vec<Day> {
        match self.frequency {
            Frequency::Daily => {
                let days = (0..).map(|count| today.plus(count));
                days.filter(|day| day.is_exchange_day()).take(DAYS).collect()
            }
            Frequency::Monthly => {
                let (year, month, _) = today.civil();
                let months = (0..=MONTHS).map(|count| {
                    let month = month - 1 + count;
                    last_of((year + month.div_euclid(12), month.rem_euclid(12) + 1, 1))
                });
                let most = usize::try_from(MONTHS).unwrap_or_default();
                months.filter(|day| *day >= today).take(most).collect()
            }
        }
    }

    pub(super) fn contract(
        &self,
        id: SymbolId,
        (day, threshold, outcome): (Day, u16, YesNo),
    ) -> Option<Instrument> {
        if !self.frequency.has(day) {
            return None;
        }
        let threshold = self.ladder.strike(threshold)?;
        let terms = ForecastTerms { underlying: self.underlying, threshold, outcome };
        let local = coded(&self.class, day, outcome.letter(), threshold)?;
        let question = self.question.replace("{threshold}", &threshold.normalize().to_string());
        let question = question.replace("{date}", &day.to_string());
        let one = Instrument::new(Parts {
            id,
            kind: InstrumentKind::Forecast(terms),
            symbol: self.class.clone(),
            name: format!("{question} {}", if outcome == YesNo::Yes { "Yes" } else { "No" }),
            exchange: self.exchange.clone(),
            currency: self.currency,
            prices: self.prices.clone(),
            step: Unit::ONE,
            multiplier: Decimal::ONE,
            fee: self.fee,
            calendar: self.calendar,
        })?;
        Some(Instrument { local, expiry: Some(day), lot: 1, ..one })
    }
}

fn class(row: &Row<'_>, known: &[Instrument]) -> Result<ForecastClass, DataError> {
    let allowed = "a step and how many, such as 25x9";
    let (ladder, thresholds) = row.read("threshold_rule", allowed, |text| {
        let (step, count) = text.split_once('x')?;
        let count = count.parse::<u16>().ok().filter(|count| *count > 0)?;
        Some((Ladder::new(&[(Decimal::ZERO, step.parse().ok()?)])?, count))
    })?;
    let cent = Decimal::new(1, 2);
    let prices = TickRule::new(&[(Decimal::ZERO, cent)], cent, Decimal::new(99, 2));
    Ok(ForecastClass {
        class: row.read("class", "1 to 6 letters", |text| {
            (1..=6).contains(&text.len()).then(|| text.to_owned())
        })?,
        question: row.text("question")?,
        exchange: row.text("exchange")?,
        currency: row.currency("currency")?,
        frequency: row.read("frequency", "daily or monthly", |text| match text {
            "daily" => Some(Frequency::Daily),
            "monthly" => Some(Frequency::Monthly),
            _ => None,
        })?,
        ladder,
        thresholds,
        underlying: underlying(row, known)?.id,
        prices: prices.ok_or_else(|| row.wrong("row", "a class of forecasts"))?,
        fee: Fee { each: row.amount("fee_each")?, most: Decimal::MAX, ..Fee::NONE },
        calendar: row.calendar("calendar")?,
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::super::Instruments;
    use super::*;

    #[test]
    fn contract_is_found_by_its_name_and_has_another_side() {
        let (known, monday) = (Instruments::builtin(), Day::of(2026, 11, 30));
        let yes = known.with_local("SPXYN261201C02500000", monday).unwrap();
        assert_eq!(yes.local, "SPXYN 261201C02500000");
        assert_eq!(yes.title(), "SPXYN 2026-12-01 2500 yes");
        assert_eq!(yes.name, "Will the S&P 500 Index close above 2500 on 2026-12-01? Yes");
        let no = known.get(yes.other_side().unwrap()).unwrap();
        assert_eq!((no.local.as_str(), no.other_side()), ("SPXYN 261201P02500000", Some(yes.id)));
        assert_eq!(known.with_local("FEDRYN261231P00003750", monday).unwrap().class, "FEDRYN");
        for none in ["SPXYN261205C02500000", "SPXYN261201C02510000", "FEDRYN261201C00003750"] {
            assert_eq!(known.with_local(none, monday), None, "{none}");
        }
    }

    #[test]
    fn figures_come_out_on_exchange_days_and_at_the_ends_of_months() {
        let families = Instruments::builtin().families();
        let days = |at: usize, today| {
            let days = families.forecasts.get(at).unwrap().days(today);
            days.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let friday = Day::of(2026, 12, 25);
        assert_eq!(
            days(0, friday),
            ["2026-12-28", "2026-12-29", "2026-12-30", "2026-12-31", "2027-01-04"]
        );
        assert_eq!(days(1, friday), ["2026-12-31", "2027-01-29", "2027-02-26"]);
    }
}
