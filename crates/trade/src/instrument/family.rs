//! Classes of contracts: what those of one class have in common, and which of them are listed on a day.

use access::currency::Currency;
use access::id::SymbolId;
use rust_decimal::Decimal;

use super::expiry::{self, LastDay};
use super::forecast::{self, ForecastClass};
use super::ladder::Ladder;
use super::number::ContractNumber;
use super::table::{DataError, Row, rows, steps};
use super::{
    Fee, FutureTerms, Instrument, InstrumentKind, OptionTerms, Parts, Right, Settlement, Split,
    Style, YesNo,
};
use super::{TickRule, Unit};
use crate::calendar::{Day, MarketCalendar};

/// The columns of `options.csv`.
const OPTIONS: &[&str] = &[
    "underlying",
    "class",
    "exchange",
    "style",
    "settlement",
    "multiplier",
    "ticks",
    "weekly_count",
    "monthly_count",
    "strike_rule",
    "strike_count",
    "fee_each",
    "fee_least",
    "prices",
];
/// The columns of `futures.csv`.
const FUTURES: &[&str] = &[
    "root",
    "name",
    "exchange",
    "currency",
    "multiplier",
    "tick",
    "lowest",
    "highest",
    "months",
    "listed",
    "last_day_rule",
    "underlying",
    "settlement",
    "initial_margin",
    "maintenance_margin",
    "fee_each",
    "calendar",
    "prices",
];
/// The highest price of an option.
const HIGHEST_OPTION: i64 = 1_000_000;
/// No part of the value bounds a commission.
const NO_MOST: Decimal = Decimal::MAX;

/// Options on one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OptionClass {
    /// Its name (tradingClass on the TWS socket).
    pub(crate) class: String,
    pub(crate) underlying: SymbolId,
    symbol: String,
    name: String,
    exchange: String,
    currency: Currency,
    style: Style,
    settlement: Settlement,
    multiplier: Decimal,
    prices: TickRule,
    weeks: u32,
    months: u32,
    pub(crate) ladder: Ladder,
    /// Strikes around the price, half of them on each side.
    pub(crate) strikes: u16,
    fee: Fee,
    calendar: Option<&'static MarketCalendar>,
}

/// Futures on one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FutureRoot {
    /// Its name (symbol on the TWS socket).
    pub(crate) root: String,
    name: String,
    exchange: String,
    currency: Currency,
    multiplier: Decimal,
    prices: TickRule,
    /// From 1.
    months: Vec<i32>,
    listed: usize,
    last_day: LastDay,
    pub(crate) underlying: SymbolId,
    settlement: Settlement,
    initial: Decimal,
    maintenance: Decimal,
    fee: Fee,
    calendar: Option<&'static MarketCalendar>,
}

/// All classes. A class has the number of its row, from 0.
#[derive(Debug, Default)]
pub(crate) struct Families {
    pub(crate) options: Vec<OptionClass>,
    pub(crate) futures: Vec<FutureRoot>,
    pub(crate) forecasts: Vec<ForecastClass>,
}

impl Families {
    /// Those of three files, on instruments that are known.
    pub(super) fn read(
        options: (&str, &str),
        futures: (&str, &str),
        forecasts: (&str, &str),
        known: &[Instrument],
    ) -> Result<Self, DataError> {
        let class = |row: &Row<'_>| option_class(row, known);
        let root = |row: &Row<'_>| future_root(row, known);
        Ok(Self {
            options: rows(options.0, options.1, OPTIONS)?
                .iter()
                .map(class)
                .collect::<Result<_, _>>()?,
            futures: rows(futures.0, futures.1, FUTURES)?
                .iter()
                .map(root)
                .collect::<Result<_, _>>()?,
            forecasts: forecast::read(forecasts, known)?,
        })
    }

    /// Which prices the contracts of each class have.
    pub(super) fn tick_rules(&self) -> impl Iterator<Item = &TickRule> {
        let options = self.options.iter().map(|class| &class.prices);
        let futures = self.futures.iter().map(|root| &root.prices);
        options.chain(futures).chain(self.forecasts.iter().map(|class| &class.prices))
    }

    /// The contract with a number, if its class can have it.
    pub(super) fn contract(&self, number: ContractNumber) -> Option<Instrument> {
        let id = number.id()?;
        match number {
            ContractNumber::Option { class, day, strike, right } => {
                let class = self.options.get(usize::from(class))?;
                if !expiry::is_expiry(day, class.weeks > 0) {
                    return None;
                }
                class.contract(id, (day, class.ladder.strike(strike)?, right))
            }
            ContractNumber::Future { class, month } => {
                let root = self.futures.get(usize::from(class))?;
                root.months.contains(&month.1).then(|| root.contract(id, month))?
            }
            ContractNumber::Forecast { class, day, threshold, outcome } => {
                self.forecasts.get(usize::from(class))?.contract(id, (day, threshold, outcome))
            }
        }
    }

    /// The number of a contract by the name that its exchange gives it, with or without blanks: `AAPL  261218C00100000`,
    /// `ESZ6`. Of futures, that of the ten years from four years before this day on.
    pub(super) fn named(&self, name: &str, today: Day) -> Option<ContractNumber> {
        let name = name.trim();
        self.coded(name).or_else(|| self.future_named(name, today))
    }

    /// An option or a forecast: class, date, side and strike.
    fn coded(&self, name: &str) -> Option<ContractNumber> {
        let (root, terms) = name.split_at_checked(name.len().checked_sub(15)?)?;
        let (date, rest) = terms.split_at_checked(6)?;
        let number = |text: &str| {
            text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<i64>().ok())?
        };
        let date = i32::try_from(number(date)?).ok()?;
        let day = Day::of(2000 + date / 10_000, date / 100 % 100, date % 100);
        let (right, strike) = rest.split_at_checked(1)?;
        let right = match right {
            "C" | "c" => Right::Call,
            "P" | "p" => Right::Put,
            _ => return None,
        };
        let strike = Decimal::new(number(strike)?, 3).normalize();
        let root = root.trim();
        let is_it = |class: &OptionClass| class.class.eq_ignore_ascii_case(root);
        let Some(at) = self.options.iter().position(is_it) else {
            let is_it = |class: &ForecastClass| class.class.eq_ignore_ascii_case(root);
            let at = self.forecasts.iter().position(is_it)?;
            let threshold = self.forecasts.get(at)?.ladder.place(strike)?;
            let outcome = if right == Right::Call { YesNo::Yes } else { YesNo::No };
            let class = u8::try_from(at).ok()?;
            return Some(ContractNumber::Forecast { class, day, threshold, outcome });
        };
        let strike = self.options.get(at)?.ladder.place(strike)?;
        Some(ContractNumber::Option { class: u8::try_from(at).ok()?, day, strike, right })
    }

    fn future_named(&self, name: &str, today: Day) -> Option<ContractNumber> {
        let year = name.chars().next_back()?.to_digit(10)?;
        let rest = name.strip_suffix(|last: char| last.is_ascii_digit())?;
        let month = expiry::month_of(rest.chars().next_back()?)?;
        let root = rest.strip_suffix(|last: char| last.is_ascii_alphabetic())?;
        let at = self.futures.iter().position(|one| one.root.eq_ignore_ascii_case(root))?;
        let first = today.civil().0 - 4;
        let ahead = (i32::try_from(year).ok()? - first).rem_euclid(10);
        Some(ContractNumber::Future {
            class: u8::try_from(at).ok()?,
            month: (first + ahead, month),
        })
    }
}

impl OptionClass {
    /// The days on which its options end that are listed on a day.
    pub(crate) fn expiries(&self, today: Day) -> Vec<Day> {
        expiry::expiries(today, self.weeks, self.months)
    }

    fn contract(
        &self,
        id: SymbolId,
        (day, strike, right): (Day, Decimal, Right),
    ) -> Option<Instrument> {
        let Self { underlying, style, settlement, .. } = *self;
        let terms = OptionTerms { underlying, strike, right, style, settlement };
        let local = coded(&self.class, day, right.letter(), strike)?;
        let one = Instrument::new(Parts {
            id,
            kind: InstrumentKind::Option(terms),
            symbol: self.symbol.clone(),
            name: format!("{} {day} {strike} {right}", self.name),
            exchange: self.exchange.clone(),
            currency: self.currency,
            prices: self.prices.clone(),
            step: Unit::ONE,
            multiplier: self.multiplier,
            fee: self.fee,
            calendar: self.calendar,
        })?;
        Some(Instrument { local, class: self.class.clone(), expiry: Some(day), lot: 1, ..one })
    }
}

impl FutureRoot {
    /// The months that are listed on a day, ascending.
    pub(crate) fn listed_on(&self, today: Day) -> Vec<(i32, i32)> {
        let (year, month, _) = today.civil();
        let months = (0..).map(|count| {
            let month = month - 1 + count;
            (year + month.div_euclid(12), month.rem_euclid(12) + 1)
        });
        months
            .filter(|month| self.months.contains(&month.1) && self.last_day.of(*month) >= today)
            .take(self.listed)
            .collect()
    }

    fn contract(&self, id: SymbolId, month: (i32, i32)) -> Option<Instrument> {
        let Self { underlying, settlement, initial, maintenance, .. } = *self;
        let terms = FutureTerms { underlying, month, settlement, initial, maintenance };
        let one = Instrument::new(Parts {
            id,
            kind: InstrumentKind::Future(terms),
            symbol: self.root.clone(),
            name: format!("{} {}-{:02}", self.name, month.0, month.1),
            exchange: self.exchange.clone(),
            currency: self.currency,
            prices: self.prices.clone(),
            step: Unit::ONE,
            multiplier: self.multiplier,
            fee: self.fee,
            calendar: self.calendar,
        })?;
        let local = format!("{}{}{}", self.root, expiry::letter(month.1), month.0 % 10);
        let expiry = Some(self.last_day.of(month));
        Some(Instrument { local, class: self.root.clone(), expiry, lot: 1, ..one })
    }
}

/// A class, a last day, a side and a strike in 21 characters, as the Options Clearing Corporation writes them.
pub(super) fn coded(class: &str, day: Day, side: char, strike: Decimal) -> Option<String> {
    let (year, month, date) = day.civil();
    let strike = Decimal::from(1_000).checked_mul(strike)?.normalize();
    Some(format!("{class:<6}{:02}{month:02}{date:02}{side}{strike:0>8}", year % 100))
}

pub(super) fn underlying<'k>(
    row: &Row<'_>,
    known: &'k [Instrument],
) -> Result<&'k Instrument, DataError> {
    let allowed = "the symbol of a stock, a fund or a figure that stands in its file";
    row.read("underlying", allowed, |text| known.iter().find(|one| one.symbol == text))
}

fn settlement(row: &Row<'_>) -> Result<Settlement, DataError> {
    row.read("settlement", "physical or cash", |text| match text {
        "physical" => Some(Settlement::Physical),
        "cash" => Some(Settlement::Cash),
        _ => None,
    })
}

fn option_class(row: &Row<'_>, known: &[Instrument]) -> Result<OptionClass, DataError> {
    let underlying = underlying(row, known)?;
    let allowed = "steps with the strikes that they begin at, such as 0:0.5 25:1 200:5";
    let ladder = row.read("strike_rule", allowed, |text| Ladder::new(&steps(text)?))?;
    let ladder = match underlying.split() {
        None => ladder,
        Some(Split { new, old: 1, .. }) => {
            ladder.with_split(u16::try_from(new).unwrap_or(u16::MAX))
        }
        // What an option on it delivers would be no round number.
        Some(_) => return Err(row.wrong("underlying", "a share with no split but a whole one")),
    };
    let many = |field| row.read(field, "a number", |text| text.parse().ok());
    let class = row.read("class", "1 to 6 letters", |text| {
        (1..=6).contains(&text.len()).then(|| text.to_owned())
    })?;
    let lowest = row.steps("ticks", (Decimal::ZERO, Decimal::from(HIGHEST_OPTION)))?.tick().size();
    Ok(OptionClass {
        class,
        underlying: underlying.id,
        symbol: underlying.symbol.clone(),
        name: underlying.symbol.clone(),
        exchange: row.text("exchange")?,
        currency: underlying.currency,
        style: row.read("style", "american or european", |text| match text {
            "american" => Some(Style::American),
            "european" => Some(Style::European),
            _ => None,
        })?,
        settlement: settlement(row)?,
        multiplier: row.amount("multiplier")?,
        prices: row.steps("ticks", (lowest, Decimal::from(HIGHEST_OPTION)))?,
        weeks: many("weekly_count")?,
        months: many("monthly_count")?,
        ladder,
        strikes: row.count("strike_count")?,
        fee: Fee {
            each: row.amount("fee_each")?,
            part: Decimal::ZERO,
            least: row.amount("fee_least")?,
            most: NO_MOST,
        },
        // Options on a figure trade a quarter of an hour longer.
        calendar: MarketCalendar::named(match underlying.kind {
            InstrumentKind::Index => "CBOE_INDEX",
            _ => "CBOE",
        }),
    })
}

fn future_root(row: &Row<'_>, known: &[Instrument]) -> Result<FutureRoot, DataError> {
    let ends = (row.decimal("lowest", "a price")?, row.decimal("highest", "a price")?);
    Ok(FutureRoot {
        root: row.text("root")?,
        name: row.text("name")?,
        exchange: row.text("exchange")?,
        currency: row.currency("currency")?,
        multiplier: row.amount("multiplier")?,
        prices: row.steps("tick", ends)?,
        months: row.read("months", "letters of months, such as HMUZ", |text| {
            let months: Option<Vec<_>> = text.chars().map(expiry::month_of).collect();
            months.filter(|months| !months.is_empty())
        })?,
        listed: row.count("listed")?,
        last_day: row.read(
            "last_day_rule",
            "third_friday, 3_before_25th_of_month_before, 4_before_25th_of_month_before, third_last_business_day, 7_before_last_business_day or last_business_day",
            LastDay::named,
        )?,
        underlying: underlying(row, known)?.id,
        settlement: settlement(row)?,
        initial: row.amount("initial_margin")?,
        maintenance: row.amount("maintenance_margin")?,
        fee: Fee {
            each: row.amount("fee_each")?,
            part: Decimal::ZERO,
            least: Decimal::ZERO,
            most: NO_MOST,
        },
        calendar: row.calendar("calendar")?,
    })
}
