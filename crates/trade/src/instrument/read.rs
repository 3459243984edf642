//! Instruments with a row of their own: stocks and funds that trade like them, figures, pairs of currencies.

use rust_decimal::Decimal;

use super::table::{DataError, Row, rows};
use super::{Fee, Instrument, InstrumentKind, Parts};
use crate::calendar::MarketCalendar;
use crate::history::Source;
use crate::price::Ticks;

/// The columns of `instruments.csv`.
const COLUMNS: &[&str] = &[
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

/// Those of a file, which ascend by id.
pub(super) fn read(file: &str, text: &str) -> Result<Vec<Instrument>, DataError> {
    let mut all: Vec<Instrument> = Vec::new();
    for row in rows(file, text, COLUMNS)? {
        let one = listed(&row)?;
        if all.last().is_some_and(|last| last.id >= one.id) {
            return Err(row.wrong("id", "a number above that of the line before"));
        }
        all.push(one);
    }
    Ok(all)
}

fn listed(row: &Row<'_>) -> Result<Instrument, DataError> {
    let (lowest, highest) = (row.decimal("lowest", "a price")?, row.decimal("highest", "a price")?);
    let prices = row.steps("tick", (lowest, highest))?;
    let tick = prices.tick();
    let (step, multiplier) =
        (row.unit("step")?, row.decimal("multiplier", "a decimal above 0, such as 1 or 1000")?);
    let parts = Parts {
        id: row.id()?,
        kind: row.read("product", "stock or etf", |text| match text {
            "stock" => Some(InstrumentKind::Stock),
            "etf" => Some(InstrumentKind::Etf),
            _ => None,
        })?,
        symbol: row.text("symbol")?,
        name: row.text("name")?,
        exchange: row.text("exchange")?,
        currency: row.currency("currency")?,
        prices,
        step,
        multiplier,
        fee: Fee {
            each: row.amount("fee_each")?,
            part: Decimal::ZERO,
            least: row.amount("fee_least")?,
            most: row.amount("fee_most")?,
        },
        calendar: MarketCalendar::named(row.value("exchange")),
    };
    let allowed = "a decimal above 0 that tick and step can be multiplied by exactly";
    let one = Instrument::new(parts).ok_or_else(|| row.wrong("multiplier", allowed))?;
    Ok(Instrument {
        lot: row
            .read("lot", "steps, 1 or more", |text| text.parse().ok().filter(|lot| *lot > 0))?,
        expiry: row.day("expiry")?,
        isin: row.value("isin").to_owned(),
        figi: row.value("figi").to_owned(),
        sedol: row.value("sedol").to_owned(),
        sector: row.value("sector").to_owned(),
        industry: row.value("industry").to_owned(),
        branch: row.value("branch").to_owned(),
        history: row.read("history", "closes, ibm, goog, or nothing", Source::named)?,
        start: start(row, tick)?,
        daily_volume: row.read("daily_volume", "thousands of units", |text| text.parse().ok())?,
        volatility: volatility(row)?,
        ..one
    })
}

fn start(row: &Row<'_>, tick: super::Unit) -> Result<Ticks, DataError> {
    row.read("start", "a price, or nothing", |text| match text {
        "" => Some(Ticks(10_000)),
        text => tick.count(text.parse().ok()?).ok().map(Ticks),
    })
}

fn volatility(row: &Row<'_>) -> Result<i64, DataError> {
    row.read("volatility", "1 to 1000; 16 is 30 % a year", |text| {
        text.parse().ok().filter(|one| (1..=1_000).contains(one))
    })
}
