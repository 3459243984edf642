//! Figures and pairs of currencies, which have files of their own.

use rust_decimal::Decimal;

use super::table::{DataError, Row, rows};
use super::{Fee, Instrument, InstrumentKind, Parts, TickRule, Unit};
use crate::calendar::MarketCalendar;
use crate::history::Source;
use crate::price::Ticks;

/// The columns of `indices.csv`.
const INDICES: &[&str] = &[
    "id",
    "symbol",
    "name",
    "exchange",
    "currency",
    "history",
    "start",
    "volatility",
    "income",
    "calendar",
    "lowest",
];
/// The columns of `forex.csv`.
const FOREX: &[&str] = &[
    "id",
    "pair",
    "base",
    "quote",
    "tick",
    "lot",
    "least",
    "history",
    "start",
    "volatility",
    "prices",
    "fee",
    "fee_least",
];
/// The columns of `borrow.csv`.
const BORROW: &[&str] = &["id", "symbol", "shares", "prices"];
/// The highest price of a figure, and of a pair.
const HIGHEST: i64 = 1_000_000;

/// The figures of a file.
pub(super) fn indices(file: &str, text: &str) -> Result<Vec<Instrument>, DataError> {
    rows(file, text, INDICES)?.iter().map(index).collect()
}

/// The pairs of a file.
pub(super) fn pairs(file: &str, text: &str) -> Result<Vec<Instrument>, DataError> {
    rows(file, text, FOREX)?.iter().map(pair).collect()
}

/// Marks the shares of a file as hard to borrow.
pub(super) fn hard_to_borrow(
    file: &str,
    text: &str,
    all: &mut [Instrument],
) -> Result<(), DataError> {
    for row in &rows(file, text, BORROW)? {
        let (id, symbol) = (row.id()?, row.text("symbol")?);
        let found = all.iter_mut().find(|one| one.id == id && one.symbol == symbol);
        let one = found.ok_or_else(|| row.wrong("id", "the id and the symbol of a share"))?;
        one.located = Some(row.read("shares", "a whole number", |text| text.parse().ok())?);
    }
    Ok(())
}

fn index(row: &Row<'_>) -> Result<Instrument, DataError> {
    let prices = TickRule::new(
        &[(Decimal::ZERO, Decimal::new(1, 2))],
        row.decimal("lowest", "a price")?,
        Decimal::from(HIGHEST),
    );
    let prices = prices.ok_or_else(|| row.wrong("row", "an index"))?;
    let (start, volatility) = start(row, &prices)?;
    let parts = Parts {
        id: row.id()?,
        kind: InstrumentKind::Index,
        symbol: row.text("symbol")?,
        name: row.text("name")?,
        exchange: row.text("exchange")?,
        currency: row.currency("currency")?,
        prices,
        step: Unit::ONE,
        multiplier: Decimal::ONE,
        fee: Fee::NONE,
        calendar: row.calendar("calendar")?,
    };
    let one = Instrument::new(parts).ok_or_else(|| row.wrong("row", "an index"))?;
    let history = row.read("history", "the name of a series, or nothing", Source::named)?;
    let income = row.amount("income")?;
    Ok(Instrument { lot: 1, history, income, start, volatility, ..one })
}

fn pair(row: &Row<'_>) -> Result<Instrument, DataError> {
    let ends = |tick: Decimal| (tick, Decimal::from(HIGHEST));
    let tick = row.amount("tick")?;
    let prices = row.steps("tick", ends(tick))?;
    let (start, volatility) = start(row, &prices)?;
    let (base, quote) = (row.currency("base")?, row.currency("quote")?);
    let parts = Parts {
        id: row.id()?,
        kind: InstrumentKind::Forex { base },
        symbol: format!("{base}.{quote}"),
        name: format!("{base} in {quote}"),
        exchange: "IDEALPRO".to_owned(),
        currency: quote,
        prices,
        step: Unit::ONE,
        multiplier: Decimal::ONE,
        fee: Fee {
            each: Decimal::ZERO,
            part: row.amount("fee")?,
            least: row.amount("fee_least")?,
            most: Decimal::MAX,
        },
        calendar: MarketCalendar::named("IDEALPRO"),
    };
    let one = Instrument::new(parts).ok_or_else(|| row.wrong("tick", "a step"))?;
    let history = row.read("history", "the name of a series, or nothing", Source::named)?;
    let lot = row.count("lot")?;
    Ok(Instrument { lot, history, start, volatility, ..one })
}

/// Where its simulated price begins without a history, and how much it moves.
fn start(row: &Row<'_>, prices: &TickRule) -> Result<(Ticks, i64), DataError> {
    let start = row
        .read("start", "a price", |text| prices.tick().count(text.parse().ok()?).ok().map(Ticks))?;
    let volatility = row.read("volatility", "1 to 1000; 16 is 30 % a year", |text| {
        text.parse().ok().filter(|one| (1..=1_000).contains(one))
    })?;
    Ok((start, volatility))
}
