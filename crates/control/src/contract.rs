//! Contracts and their prices, as anyone may see them.

use access::Span;
use gate::{Gate, MarketGate};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use trade::bar::{Bar, BarSize};
use trade::calendar::Day;
use trade::instrument::{ChainOf, Instrument, InstrumentKind, OptionChain, Settlement, Style};
use trade::quote::{Level, Quote};

use crate::amount::{money, price};
use crate::answer::{
    BarRow, ChainDay, ChainNow, ChainSide, ContractNow, ContractRow, ContractsFound, FutureMargin,
    LevelRow, MarketNow, StrikeRow,
};
use crate::desk::{Desk, instant, value};
use crate::fault::Fault;
use crate::quantity::Quantity;

/// Contracts that one answer has at most.
const FOUND: usize = 100;
/// Bars that one answer has at most.
const BARS: usize = 1_000;

/// What may be asked of contracts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ContractRequest {
    /// Those that a text matches: a part of a symbol or a name.
    Search {
        /// The text.
        pattern: String,
    },
    /// All that is known of one.
    Show {
        /// Its ticker, or what its exchange calls it.
        name: String,
    },
    /// The options on something.
    Chain {
        /// What they are on.
        name: String,
        /// Their last day, as 2026-12-18; none is the first.
        #[serde(default)]
        expiry: Option<String>,
        /// Their class; none is any.
        #[serde(default)]
        class: Option<String>,
        /// Forecast contracts instead.
        #[serde(default)]
        forecasts: bool,
    },
    /// The prices of one.
    Market {
        /// Its ticker, or what its exchange calls it.
        name: String,
        /// The size of bars, as `5 mins` or `1 day`; none is no bars.
        #[serde(default)]
        bars: Option<String>,
        /// How many bars, the last ones.
        #[serde(default)]
        count: Option<u32>,
    },
}

/// Does one request about contracts.
pub(crate) async fn act(desk: &Desk<'_>, request: ContractRequest) -> Result<Value, Fault> {
    let gate = desk.gate;
    match request {
        ContractRequest::Search { pattern } => value(search(gate, &pattern)?),
        ContractRequest::Show { name } => value(show(gate, &name)?),
        ContractRequest::Chain { name, expiry, class, forecasts } => {
            let of = if forecasts { ChainOf::Forecasts } else { ChainOf::Options };
            value(chain(gate, &name, of, (expiry.as_deref(), class.as_deref()))?)
        }
        ContractRequest::Market { name, bars, count } => {
            value(market(gate, &name, (bars.as_deref(), count))?)
        }
    }
}

/// The contract that is called so.
fn named<'a>(gate: &'a Gate, name: &str) -> Result<&'a Instrument, Fault> {
    let found = gate.markets().instruments().called(name, today(gate));
    found.ok_or_else(|| {
        let text = format!(
            "there is no contract {name:?}; `floorpass contract search TEXT` finds those that are there"
        );
        Fault::new("CONTRACT_NOT_FOUND", text)
    })
}

fn today(gate: &Gate) -> Day {
    Day::in_new_york(gate.now().seconds())
}

fn search(gate: &Gate, pattern: &str) -> Result<ContractsFound, Fault> {
    if pattern.trim().is_empty() {
        return Err(Fault::new("PATTERN", "type a part of a symbol or of a name"));
    }
    let known = gate.markets().instruments();
    let exact = known.called(pattern.trim(), today(gate));
    let mut found: Vec<&Instrument> = exact.into_iter().collect();
    for one in known.matching(pattern.trim()) {
        if !found.iter().any(|other| other.id == one.id) {
            found.push(one);
        }
    }
    let count = found.len();
    Ok(ContractsFound { contracts: found.into_iter().take(FOUND).map(row).collect(), count })
}

fn row(one: &Instrument) -> ContractRow {
    ContractRow {
        symbol: one.key(),
        kind: kind(one).to_owned(),
        name: one.name.clone(),
        exchange: one.exchange.clone(),
        currency: one.currency.to_string(),
    }
}

fn kind(one: &Instrument) -> &'static str {
    match one.kind {
        InstrumentKind::Stock => "stock",
        InstrumentKind::Etf => "etf",
        InstrumentKind::Index => "index",
        InstrumentKind::Forex { .. } => "forex",
        InstrumentKind::Option(_) => "option",
        InstrumentKind::Future(_) => "future",
        InstrumentKind::Forecast(_) => "forecast",
        InstrumentKind::Bond(_) => "bond",
        InstrumentKind::Fund(_) => "fund",
    }
}

fn show(gate: &Gate, name: &str) -> Result<ContractNow, Fault> {
    let one = named(gate, name)?;
    let markets = gate.markets();
    let under = one.kind.underlying().and_then(|id| markets.instruments().get(id));
    let ContractRow { symbol, kind, name, exchange, currency } = row(one);
    let (mut strike, mut right, mut style, mut settlement, mut margin) =
        (None, None, None, None, None);
    match &one.kind {
        InstrumentKind::Option(terms) => {
            (strike, right) = (Some(terms.strike), Some(terms.right.to_string()));
            style = Some(match terms.style {
                Style::American => "american",
                Style::European => "european",
            });
            settlement = Some(match terms.settlement {
                Settlement::Physical => "physical",
                Settlement::Cash => "cash",
            });
        }
        InstrumentKind::Forecast(terms) => {
            (strike, right) = (Some(terms.threshold), Some(terms.outcome.to_string()));
        }
        InstrumentKind::Future(terms) => {
            let told = |amount| money(amount, Some(one.currency));
            let (initial, maintenance) = (told(terms.initial), told(terms.maintenance));
            margin = Some(FutureMargin { initial, maintenance });
        }
        _ => {}
    }
    Ok(ContractNow {
        symbol,
        kind,
        name,
        exchange,
        currency,
        contract_id: one.id.0,
        trading_class: one.class.clone(),
        underlying: under.map(Instrument::key),
        expiry: one.expiry.map(|day| day.to_string()),
        strike: strike.map(|strike| strike.normalize().to_string()),
        right,
        style: style.map(str::to_owned),
        settlement: settlement.map(str::to_owned),
        multiplier: Quantity(one.multiplier),
        quantity_step: Quantity(one.step.size()),
        price_increment: one.prices.tick().size().to_string(),
        margin,
        isin: Some(one.isin.clone()).filter(|isin| !isin.is_empty()),
        can_order: one.product().is_some(),
        open_now: markets.quote(one.id).is_some_and(|quote| quote.open_now),
    })
}

fn chain(
    gate: &Gate,
    name: &str,
    of: ChainOf,
    (expiry, class): (Option<&str>, Option<&str>),
) -> Result<ChainNow, Fault> {
    let (under, markets) = (named(gate, name)?, gate.markets());
    let expiry: Option<Day> = expiry
        .map(|text| {
            text.parse().map_err(|_| {
                Fault::new("DATE", format!("{text:?} is not a date; write it like 2026-12-24"))
            })
        })
        .transpose()?;
    let listed = markets.series_on(under.id);
    let found = OptionChain::of(&listed, of, (expiry, class)).ok_or_else(|| {
        let text = format!(
            "nothing on {name} is listed for that day and class; `floorpass contract chain {name}` shows the days"
        );
        Fault::new("CONTRACT_NOT_FOUND", text)
    })?;
    let day = |(day, class): &(Day, &str)| ChainDay {
        expiry: day.to_string(),
        class: (*class).to_owned(),
    };
    let strikes = found.strikes.iter().map(|(strike, pair)| StrikeRow {
        strike: strike.normalize().to_string(),
        call: pair.call.map(|one| side(markets, one)),
        put: pair.put.map(|one| side(markets, one)),
    });
    Ok(ChainNow {
        underlying: under.key(),
        last: markets.quote(under.id).map(|quote| price(quote.price(quote.last))),
        days: found.days.iter().map(day).collect(),
        chosen: found.chosen.as_ref().map(day),
        strikes: strikes.collect(),
    })
}

fn side(markets: MarketGate<'_>, one: &Instrument) -> ChainSide {
    let quote = markets.quote(one.id);
    let best = |level: fn(&Quote) -> Option<Level>| {
        quote.as_ref().and_then(|quote| Some(price(quote.price(level(quote)?.price))))
    };
    ChainSide { symbol: one.key(), bid: best(Quote::bid), ask: best(Quote::ask) }
}

fn market(
    gate: &Gate,
    name: &str,
    (bars, count): (Option<&str>, Option<u32>),
) -> Result<MarketNow, Fault> {
    let (one, markets) = (named(gate, name)?, gate.markets());
    let unlisted = || {
        let text = format!("{name} is not listed now, so it has no prices");
        Fault::new("CONTRACT_NOT_LISTED", text)
    };
    if !markets.is_listed(one.id) {
        return Err(unlisted());
    }
    let quote = markets.quote(one.id).ok_or_else(unlisted)?;
    let told = |ticks| price(quote.price(ticks));
    let levels = |levels: &[Level]| {
        let level = |level: &Level| LevelRow {
            price: told(level.price),
            quantity: Quantity(quote.quantity(level.size)),
        };
        levels.iter().map(level).collect()
    };
    Ok(MarketNow {
        symbol: one.key(),
        currency: one.currency.to_string(),
        open_now: quote.open_now,
        bids: levels(&quote.bids),
        asks: levels(&quote.asks),
        last: told(quote.last),
        last_quantity: Quantity(quote.quantity(quote.last_size)),
        last_at: instant(quote.last_time),
        open_price: told(quote.open),
        high_price: told(quote.high),
        low_price: told(quote.low),
        previous_close: (quote.close.0 != 0).then(|| told(quote.close)),
        volume: Quantity(quote.quantity(quote.volume)),
        bars: bars.map(|size| last_bars(gate, one, size, count)).transpose()?.unwrap_or_default(),
    })
}

/// The last bars of a size, oldest first.
fn last_bars(
    gate: &Gate,
    one: &Instrument,
    size: &str,
    count: Option<u32>,
) -> Result<Vec<BarRow>, Fault> {
    let wrong = || {
        let text = format!(
            "{size:?} is no size of bars; they are 1 secs, 5 secs, 1 min, 5 mins, 1 hour, 1 day, 1 week, 1 month and those between"
        );
        Fault::new("BAR_SIZE", text)
    };
    let size = BarSize::of(size).ok_or_else(wrong)?;
    let count = usize::try_from(count.unwrap_or(50)).unwrap_or(usize::MAX);
    if count == 0 || count > BARS {
        let text = format!("{count} bars were asked for; 1 to {BARS} can be");
        return Err(Fault::new("BAR_COUNT", text));
    }
    let now = gate.now();
    let bars = gate.markets().bars(one.id, size, now - Span::days(365 * 10), now);
    let told = |bar: &Bar| BarRow {
        at: instant(bar.time),
        day: bar.day.to_string(),
        open_price: price(one.price(bar.open)),
        high_price: price(one.price(bar.high)),
        low_price: price(one.price(bar.low)),
        close_price: price(one.price(bar.close)),
        volume: Quantity(one.quantity(bar.volume)),
    };
    Ok(bars.iter().skip(bars.len().saturating_sub(count)).map(told).collect())
}
