//! The file of instruments: comma-separated values below a row of names.

use std::fmt;

use access::currency::Currency;
use access::entitlements::Product;
use access::id::SymbolId;
use rust_decimal::Decimal;

use super::{Fee, Instrument, TickRule, Unit};
use crate::calendar::Day;
use crate::history::Source;
use crate::price::Ticks;

/// The names of the columns, in their order.
const COLUMNS: [&str; 26] = [
    "id",
    "product",
    "symbol",
    "name",
    "exchange",
    "currency",
    "tick",
    "lowest",
    "highest",
    "step",
    "lot",
    "multiplier",
    "expiry",
    "fee_each",
    "fee_least",
    "fee_most",
    "isin",
    "figi",
    "sedol",
    "sector",
    "industry",
    "branch",
    "history",
    "start",
    "daily_volume",
    "volatility",
];

/// What is wrong with a file of instruments, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataError {
    /// The file's name.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// The column's name; `row` for a whole row.
    pub field: &'static str,
    /// What stands there.
    pub found: String,
    /// What may stand there.
    pub allowed: &'static str,
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, field, found, allowed } = self;
        let found: String = found.chars().take(60).collect();
        write!(f, "{file}, line {line}: the {field} is {found:?}; allowed is {allowed}")
    }
}

impl std::error::Error for DataError {}

/// A row below the header.
struct Row<'a> {
    file: &'a str,
    line: usize,
    values: Vec<String>,
}

pub(super) fn read(file: &str, text: &str) -> Result<Vec<Instrument>, DataError> {
    let mut lines = (1..).zip(text.lines());
    let header = lines.next().map_or("", |(_, header)| header);
    let wrong = |line, field, found: &str, allowed| {
        let (file, found) = (file.to_owned(), found.to_owned());
        DataError { file, line, field, found, allowed }
    };
    if header.split(',').ne(COLUMNS) {
        let allowed = "id,product,symbol,name,exchange,currency,tick,lowest,highest,step,lot,\
                       multiplier,expiry,fee_each,fee_least,fee_most,isin,figi,sedol,sector,\
                       industry,branch,history,start,daily_volume,volatility";
        return Err(wrong(1, "header", header, allowed));
    }
    let mut all: Vec<Instrument> = Vec::new();
    for (line, text) in lines.filter(|(_, text)| !text.trim().is_empty()) {
        let values = split(text)
            .filter(|values| values.len() == COLUMNS.len())
            .ok_or_else(|| wrong(line, "row", text, "a value for each column of the header"))?;
        let row = Row { file, line, values };
        let one = row.instrument()?;
        if all.last().is_some_and(|last| last.id >= one.id) {
            return Err(row.wrong("id", "a number above that of the line before"));
        }
        all.push(one);
    }
    if all.is_empty() {
        return Err(wrong(2, "row", "", "at least one instrument"));
    }
    Ok(all)
}

/// The values of a row; none where a quote is not closed.
fn split(line: &str) -> Option<Vec<String>> {
    let (mut values, mut value, mut quoted) = (Vec::new(), String::new(), false);
    for character in line.chars() {
        match character {
            '"' => quoted = !quoted,
            ',' if !quoted => values.push(std::mem::take(&mut value)),
            other => value.push(other),
        }
    }
    values.push(value);
    (!quoted).then_some(values)
}

impl Row<'_> {
    fn value(&self, field: &'static str) -> &str {
        let at = COLUMNS.iter().position(|name| *name == field);
        at.and_then(|at| self.values.get(at)).map_or("", |value| value.trim())
    }

    fn wrong(&self, field: &'static str, allowed: &'static str) -> DataError {
        let (file, found) = (self.file.to_owned(), self.value(field).to_owned());
        DataError { file, line: self.line, field, found, allowed }
    }

    /// A value that is understood.
    fn read<T>(
        &self,
        field: &'static str,
        allowed: &'static str,
        understand: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, DataError> {
        understand(self.value(field)).ok_or_else(|| self.wrong(field, allowed))
    }

    fn text(&self, field: &'static str) -> Result<String, DataError> {
        self.read(field, "a text", |text| (!text.is_empty()).then(|| text.to_owned()))
    }

    fn decimal(&self, field: &'static str, allowed: &'static str) -> Result<Decimal, DataError> {
        self.read(field, allowed, |text| text.parse().ok())
    }

    /// A decimal from zero up.
    fn amount(&self, field: &'static str) -> Result<Decimal, DataError> {
        let allowed = "a decimal, 0 or above";
        let amount = self.decimal(field, allowed)?;
        if amount < Decimal::ZERO { Err(self.wrong(field, allowed)) } else { Ok(amount) }
    }

    fn prices(&self) -> Result<TickRule, DataError> {
        let (lowest, highest) =
            (self.decimal("lowest", "a price")?, self.decimal("highest", "a price")?);
        let step = |text: &str| match text.split_once(':') {
            Some((from, step)) => Some((from.parse().ok()?, step.parse().ok()?)),
            None => Some((Decimal::ZERO, text.parse().ok()?)),
        };
        let allowed = "a step such as 0.01, or steps with the prices that they begin at, such as \
                       0:0.0001 1:0.01: from 0 up, each a multiple of the narrowest, and such that \
                       lowest and highest are prices";
        self.read("tick", allowed, |text| {
            let steps = text.split_whitespace().map(step).collect::<Option<Vec<_>>>()?;
            TickRule::new(&steps, lowest, highest)
        })
    }

    fn expiry(&self) -> Result<Option<Day>, DataError> {
        if self.value("expiry").is_empty() {
            return Ok(None);
        }
        self.read("expiry", "a date such as 2027-03-19, or nothing", date).map(Some)
    }

    fn instrument(&self) -> Result<Instrument, DataError> {
        let prices = self.prices()?;
        let step = "a decimal above 0 of at most 8 places, such as 1 or 0.0001";
        let step = self.read("step", step, |text| Unit::new(text.parse().ok()?))?;
        let multiplier = self.decimal("multiplier", "a decimal above 0, such as 1 or 1000")?;
        let allowed = "a decimal above 0 that tick and step can be multiplied by exactly";
        let point = self.read("multiplier", allowed, |_| {
            Unit::new(multiplier)?.times(prices.tick())?.times(step)
        })?;
        let tick = prices.tick();
        let currency =
            self.read("currency", "three capital letters", |text| text.parse::<Currency>().ok())?;
        Ok(Instrument {
            id: SymbolId(
                self.read("id", "a number from 1 up", |text| {
                    text.parse().ok().filter(|id| *id > 0)
                })?,
            ),
            product: self.read("product", "stock", product)?,
            symbol: self.text("symbol")?,
            name: self.text("name")?,
            exchange: self.text("exchange")?,
            currency,
            prices,
            step,
            lot: self
                .read("lot", "steps, 1 or more", |text| text.parse().ok().filter(|lot| *lot > 0))?,
            multiplier,
            expiry: self.expiry()?,
            fee: Fee {
                each: self.amount("fee_each")?,
                least: self.amount("fee_least")?,
                most: self.amount("fee_most")?,
            },
            isin: self.value("isin").to_owned(),
            figi: self.value("figi").to_owned(),
            sedol: self.value("sedol").to_owned(),
            sector: self.value("sector").to_owned(),
            industry: self.value("industry").to_owned(),
            branch: self.value("branch").to_owned(),
            point,
            in_coins: point.size() == Decimal::new(1, currency.digits()),
            history: self.read("history", "closes, ibm, goog, or nothing", Source::named)?,
            start: self.read("start", "a price, or nothing", |text| match text {
                "" => Some(Ticks(10_000)),
                text => tick.count(text.parse().ok()?).ok().map(Ticks),
            })?,
            daily_volume: self
                .read("daily_volume", "thousands of units", |text| text.parse().ok())?,
            volatility: self.read("volatility", "1 to 1000; 16 is 30 % a year", |text| {
                text.parse().ok().filter(|one| (1..=1_000).contains(one))
            })?,
        })
    }
}

fn product(text: &str) -> Option<Product> {
    match text {
        "stock" => Some(Product::Stock),
        _ => None,
    }
}

/// A date, such as `2026-12-18`; none of another text.
fn date(text: &str) -> Option<Day> {
    let mut parts = text.split('-').map(|part| part.parse::<i32>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let date = Day::of(year, month, day);
    (parts.next().is_none() && date.civil() == (year, month, day)).then_some(date)
}
