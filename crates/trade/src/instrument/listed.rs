//! Figures, pairs of currencies and funds, which have files of their own, and what files say beside of shares.

use rust_decimal::Decimal;

use super::action::{self, Split};
use super::table::{DataError, Row, rows};
use super::{Fee, FundKind, FundTerms, Instrument, InstrumentKind, Parts, TickRule, Unit};
use crate::calendar::{Day, Hours, MarketCalendar};
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
/// The columns of `funds.csv`.
const FUNDS: &[&str] = &[
    "id",
    "symbol",
    "name",
    "isin",
    "kind",
    "currency",
    "yield",
    "expense",
    "prices",
    "start",
    "fee_least",
    "fee_most",
];
/// Days of a year.
const YEAR: i64 = 365;

/// The highest price of a figure, of a pair and of a fund.
const HIGHEST: i64 = 1_000_000;

impl Instrument {
    /// The terms of a fund with one price a day; none of other kinds.
    pub const fn fund(&self) -> Option<&FundTerms> {
        match &self.kind {
            InstrumentKind::Fund(terms) => Some(terms),
            _ => None,
        }
    }

    /// Whether a trading day's end has a price of a fund: each of them where markets trade always.
    pub(crate) fn is_priced(&self, day: Day, hours: Hours) -> bool {
        let is_open = self.calendar.is_none_or(|calendar| calendar.is_business_day(day));
        hours == Hours::RoundTheClock || is_open
    }

    /// The last trading day before this one whose end had a price of a fund.
    pub(crate) fn priced_before(&self, day: Day, hours: Hours) -> Day {
        let mut before = day.plus(-1);
        while !self.is_priced(before, hours) {
            before = before.plus(-1);
        }
        before
    }

    /// What so many steps of a money-market fund have earned from one day to another.
    pub(super) fn earned(&self, steps: i64, (from, to): (Day, Day)) -> Decimal {
        let terms = self.fund().filter(|terms| terms.kind == FundKind::MoneyMarket);
        let Some(terms) = terms else { return Decimal::ZERO };
        let value = self.signed_quantity(steps).saturating_mul(self.price(self.start));
        let days = Decimal::from(to.0.saturating_sub(from.0));
        let all = value.saturating_mul(terms.income).saturating_mul(days);
        let paid = all.checked_div(Decimal::from(YEAR)).unwrap_or_default();
        paid.round_dp(self.currency.digits())
    }

    /// What a unit pays that is held when this day begins; none on a day that is no ex-date.
    pub fn dividend_on(&self, day: Day) -> Option<Decimal> {
        self.dividend.as_ref()?.on(day)
    }

    /// Ex-dates after a day, up to another one, each with what a unit pays.
    pub(crate) fn dividends(
        &self,
        after: Day,
        until: Day,
    ) -> impl Iterator<Item = (Day, Decimal)> + '_ {
        self.dividend.iter().flat_map(move |dividend| dividend.between(after, until))
    }

    /// A dividend or a split takes effect as this day begins.
    pub(crate) fn acts_on(&self, day: Day) -> bool {
        self.dividend_on(day).is_some() || self.split_on(day).is_some()
    }

    /// Its split.
    pub const fn split(&self) -> Option<Split> {
        self.split
    }

    /// The split of a day.
    pub fn split_on(&self, day: Day) -> Option<Split> {
        self.split.filter(|split| split.day == day)
    }
}

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

/// Gives shares their dividends.
pub(super) fn dividends(file: &str, text: &str, all: &mut [Instrument]) -> Result<(), DataError> {
    for row in &rows(file, text, action::DIVIDENDS)? {
        let one = share(row, all)?;
        if row.currency("currency")? != one.currency {
            return Err(row.wrong("currency", "that of the share"));
        }
        one.dividend = Some(action::dividend(row, one.calendar)?);
    }
    Ok(())
}

/// Gives shares their splits.
pub(super) fn splits(file: &str, text: &str, all: &mut [Instrument]) -> Result<(), DataError> {
    for row in &rows(file, text, action::SPLITS)? {
        let one = share(row, all)?;
        if one.split.is_some() {
            return Err(row.wrong("symbol", "a share that no line above has"));
        }
        one.split = Some(action::split(row, one.calendar)?);
    }
    Ok(())
}

fn share<'a>(row: &Row<'_>, all: &'a mut [Instrument]) -> Result<&'a mut Instrument, DataError> {
    let symbol = row.text("symbol")?;
    let found = all.iter_mut().find(|one| one.symbol == symbol);
    found.ok_or_else(|| row.wrong("symbol", "the symbol of a share"))
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

/// The funds of a file.
pub(super) fn funds(file: &str, text: &str) -> Result<Vec<Instrument>, DataError> {
    rows(file, text, FUNDS)?.iter().map(fund).collect()
}

fn fund(row: &Row<'_>) -> Result<Instrument, DataError> {
    let cent = Decimal::new(1, 2);
    let prices = TickRule::new(&[(Decimal::ZERO, cent)], cent, Decimal::from(HIGHEST));
    let prices = prices.ok_or_else(|| row.wrong("row", "a fund"))?;
    let start = row
        .read("start", "a price", |text| prices.tick().count(text.parse().ok()?).ok().map(Ticks))?;
    let income = row.amount("yield")?.saturating_sub(row.amount("expense")?);
    let terms = FundTerms {
        kind: row.read("kind", "bond or money_market", |text| match text {
            "bond" => Some(FundKind::Bond),
            "money_market" => Some(FundKind::MoneyMarket),
            _ => None,
        })?,
        income,
    };
    let step = Unit::new(Decimal::new(1, 3)).ok_or_else(|| row.wrong("row", "a fund"))?;
    let parts = Parts {
        id: row.id()?,
        kind: InstrumentKind::Fund(terms),
        symbol: row.text("symbol")?,
        name: row.text("name")?,
        exchange: "FUNDSERV".to_owned(),
        currency: row.currency("currency")?,
        prices,
        step,
        multiplier: Decimal::ONE,
        fee: Fee { least: row.amount("fee_least")?, most: row.amount("fee_most")?, ..Fee::NONE },
        calendar: MarketCalendar::named("FUND"),
    };
    let one = Instrument::new(parts).ok_or_else(|| row.wrong("row", "a fund"))?;
    Ok(Instrument { lot: 1_000, start, isin: row.value("isin").to_owned(), ..one })
}
