//! Comma-separated values below a row of names: how every file of this crate is written.

use std::borrow::Cow;
use std::fmt;

use access::currency::Currency;
use access::id::SymbolId;
use rust_decimal::Decimal;

use super::{TickRule, Unit};
use crate::calendar::{Day, MarketCalendar};

/// What is wrong with a file of data, and where.
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
    pub allowed: Cow<'static, str>,
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
pub(super) struct Row<'a> {
    file: &'a str,
    line: usize,
    columns: &'static [&'static str],
    values: Vec<String>,
}

/// The rows of a file that has these columns.
pub(super) fn rows<'a>(
    file: &'a str,
    text: &str,
    columns: &'static [&'static str],
) -> Result<Vec<Row<'a>>, DataError> {
    let mut lines = (1..).zip(text.lines()).filter(|(_, text)| !text.starts_with('#'));
    let (at, header) = lines.next().unwrap_or((1, ""));
    let wrong = |line, field, found: &str, allowed| {
        let (file, found) = (file.to_owned(), found.to_owned());
        DataError { file, line, field, found, allowed }
    };
    if header.split(',').ne(columns.iter().copied()) {
        return Err(wrong(at, "header", header, columns.join(",").into()));
    }
    let mut all = Vec::new();
    for (line, text) in lines.filter(|(_, text)| !text.trim().is_empty()) {
        let values = split(text).filter(|values| values.len() == columns.len());
        let allowed = "a value for each column of the header".into();
        let values = values.ok_or_else(|| wrong(line, "row", text, allowed))?;
        all.push(Row { file, line, columns, values });
    }
    if all.is_empty() {
        return Err(wrong(at + 1, "row", "", "at least one row".into()));
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
    pub(super) fn value(&self, field: &'static str) -> &str {
        let at = self.columns.iter().position(|name| *name == field);
        at.and_then(|at| self.values.get(at)).map_or("", |value| value.trim())
    }

    pub(super) fn wrong(&self, field: &'static str, allowed: &'static str) -> DataError {
        let (file, found) = (self.file.to_owned(), self.value(field).to_owned());
        DataError { file, line: self.line, field, found, allowed: allowed.into() }
    }

    /// A value that is understood.
    pub(super) fn read<T>(
        &self,
        field: &'static str,
        allowed: &'static str,
        understand: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, DataError> {
        understand(self.value(field)).ok_or_else(|| self.wrong(field, allowed))
    }

    pub(super) fn text(&self, field: &'static str) -> Result<String, DataError> {
        self.read(field, "a text", |text| (!text.is_empty()).then(|| text.to_owned()))
    }

    pub(super) fn decimal(
        &self,
        field: &'static str,
        allowed: &'static str,
    ) -> Result<Decimal, DataError> {
        self.read(field, allowed, |text| text.parse().ok())
    }

    /// A decimal from zero up.
    pub(super) fn amount(&self, field: &'static str) -> Result<Decimal, DataError> {
        let allowed = "a decimal, 0 or above";
        let amount = self.decimal(field, allowed)?;
        if amount < Decimal::ZERO { Err(self.wrong(field, allowed)) } else { Ok(amount) }
    }

    /// A whole number from 1 up.
    pub(super) fn count<T: TryFrom<u64>>(&self, field: &'static str) -> Result<T, DataError> {
        self.read(field, "a number from 1 up", |text| {
            text.parse::<u64>().ok().filter(|count| *count > 0)?.try_into().ok()
        })
    }

    pub(super) fn id(&self) -> Result<SymbolId, DataError> {
        self.count("id").map(SymbolId)
    }

    pub(super) fn currency(&self, field: &'static str) -> Result<Currency, DataError> {
        self.read(field, "three capital letters", |text| text.parse().ok())
    }

    /// Steps with the prices that they begin at, between two ends.
    pub(super) fn steps(
        &self,
        field: &'static str,
        (lowest, highest): (Decimal, Decimal),
    ) -> Result<TickRule, DataError> {
        let allowed = "a step such as 0.01, or steps with the prices that they begin at, such as \
                       0:0.0001 1:0.01: from 0 up, each a multiple of the narrowest, and such that \
                       lowest and highest are prices";
        self.read(field, allowed, |text| TickRule::new(&steps(text)?, lowest, highest))
    }

    /// The calendar that a column names, by its own name or that of an exchange.
    pub(super) fn calendar(
        &self,
        field: &'static str,
    ) -> Result<Option<&'static MarketCalendar>, DataError> {
        let allowed = "a calendar or an exchange that keeps one";
        self.read(field, allowed, MarketCalendar::named).map(Some)
    }

    pub(super) fn unit(&self, field: &'static str) -> Result<Unit, DataError> {
        let allowed = "a decimal above 0 of at most 8 places, such as 1 or 0.0001";
        self.read(field, allowed, |text| Unit::new(text.parse().ok()?))
    }

    /// A date, or nothing.
    pub(super) fn day(&self, field: &'static str) -> Result<Option<Day>, DataError> {
        if self.value(field).is_empty() {
            return Ok(None);
        }
        self.read(field, "a date such as 2027-03-19, or nothing", |text| text.parse().ok())
            .map(Some)
    }
}

/// Steps with what they begin at, such as `0:0.0001 1:0.01`; one alone begins at zero.
pub(super) fn steps(text: &str) -> Option<Vec<(Decimal, Decimal)>> {
    let step = |text: &str| match text.split_once(':') {
        Some((from, step)) => Some((from.parse().ok()?, step.parse().ok()?)),
        None => Some((Decimal::ZERO, text.parse().ok()?)),
    };
    text.split_whitespace().map(step).collect()
}
