//! `floorpass contract` and `floorpass market`.

use access::number::Number;
use clap::{Args, Subcommand};
use control::{
    ChainNow, ChainSide, ContractNow, ContractRequest, ContractsFound, MarketNow, Request,
};

use crate::exit::Failure;
use crate::global::Global;
use crate::output;

/// Bars of one answer.
const BARS: Number = Number::within("a number of bars", "20", 1, 1_000);

/// Find contracts, and show what is known of one and the options on it.
#[derive(Debug, Subcommand)]
pub enum ContractCommand {
    /// Find contracts by a part of their symbol or name
    Search(FindContracts),
    /// Show what is known of a contract
    Show(Show),
    /// Show the options on something, with their prices
    Chain(ShowChain),
}

/// Find contracts by a part of their symbol or name.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  floorpass contract search apple\n  floorpass contract search ES --json"
)]
pub struct FindContracts {
    /// A part of a symbol or of a name, in either case
    #[arg(value_name = "TEXT")]
    text: String,
}

/// Show what is known of a contract.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  floorpass contract show AAPL\n  floorpass contract show AAPL261218C00125000\n  floorpass contract show ESZ6 --json"
)]
pub struct Show {
    /// Its ticker, or what its exchange calls it, with or without blanks
    #[arg(value_name = "CONTRACT")]
    name: String,
}

/// Show the options on something, with their prices.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  floorpass contract chain AAPL\n  floorpass contract chain SPX --expiry 2026-12-18 --class SPXW\n  floorpass contract chain SPX --forecasts --json"
)]
pub struct ShowChain {
    /// What they are on
    #[arg(value_name = "CONTRACT")]
    name: String,
    /// Their last day, as 2026-12-18; the first one if it is left out
    #[arg(long, value_name = "DATE")]
    expiry: Option<String>,
    /// Their class, where several have that day
    #[arg(long, value_name = "CLASS")]
    class: Option<String>,
    /// Forecast contracts instead of options
    #[arg(long)]
    forecasts: bool,
}

/// Show the prices of contracts.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  floorpass market AAPL EURUSD ESZ6\n  floorpass market AAPL --depth\n  floorpass market AAPL --bars '5 mins' --count 20\n  floorpass market AAPL --bars '1 day' --json\n\nPrices are simulated. Times are in UTC."
)]
pub struct ShowMarket {
    /// Their tickers, or what their exchanges call them
    #[arg(value_name = "CONTRACT", required = true)]
    names: Vec<String>,
    /// Show all levels of the book
    #[arg(long)]
    depth: bool,
    /// Show bars of this size: `1 secs`, `5 mins`, `1 hour`, `1 day`, `1 week`
    #[arg(long, value_name = "SIZE")]
    bars: Option<String>,
    /// So many of the last bars, at most 1000
    #[arg(long, value_name = "NUMBER", requires = "bars", allow_hyphen_values = true, value_parser = |typed: &str| BARS.read_whole::<u32>(typed))]
    count: Option<u32>,
}

impl ContractCommand {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let ask = |request| Request::Contract(request);
        match self {
            Self::Search(FindContracts { text }) => {
                let request = ask(ContractRequest::Search { pattern: text });
                let found: ContractsFound = control::ask(global.data(), &request)?;
                output::show(global.json, &found, all_found)
            }
            Self::Show(Show { name }) => {
                let request = ask(ContractRequest::Show { name });
                let now: ContractNow = control::ask(global.data(), &request)?;
                output::show(global.json, &now, known)
            }
            Self::Chain(ShowChain { name, expiry, class, forecasts }) => {
                let request = ask(ContractRequest::Chain { name, expiry, class, forecasts });
                let now: ChainNow = control::ask(global.data(), &request)?;
                output::show(global.json, &now, |now| chain(now, forecasts))
            }
        }
    }
}

impl ShowMarket {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let mut all: Vec<MarketNow> = Vec::new();
        for name in self.names {
            let (bars, count) = (self.bars.clone(), self.count);
            let request = ContractRequest::Market { name, bars, count };
            all.push(control::ask(global.data(), &Request::Contract(request))?);
        }
        output::show(global.json, &all, |all| markets(all, self.depth))
    }
}

fn all_found(found: &ContractsFound) -> String {
    let rows: Vec<_> = found
        .contracts
        .iter()
        .map(|one| {
            [&one.symbol, &one.kind, &one.exchange, &one.currency, &one.name].map(Clone::clone)
        })
        .collect();
    let table = output::table(
        ["symbol", "kind", "exchange", "currency", "name"],
        &rows,
        "nothing here has such a symbol or name",
    );
    if found.count > rows.len() {
        return format!("{table}\n{} of {}; type more of it", rows.len(), found.count);
    }
    table
}

fn known(now: &ContractNow) -> String {
    let mut lines = vec![
        ("symbol", now.symbol.clone()),
        ("name", now.name.clone()),
        ("kind", now.kind.clone()),
        ("exchange", now.exchange.clone()),
        ("currency", now.currency.clone()),
        ("contract id", now.contract_id.to_string()),
        ("trading class", now.trading_class.clone()),
    ];
    let mut put = |what, value: &Option<String>| {
        lines.extend(value.clone().map(|value| (what, value)));
    };
    put("underlying", &now.underlying);
    put("last day", &now.expiry);
    put("strike", &now.strike);
    put("right", &now.right);
    put("exercise", &now.style);
    put("settlement", &now.settlement);
    put("isin", &now.isin);
    let margin = now
        .margin
        .as_ref()
        .map(|margin| format!("{} to open, {} to hold", margin.initial, margin.maintenance));
    put("margin", &margin);
    lines.extend([
        ("multiplier", now.multiplier.to_string()),
        ("quantity step", now.quantity_step.to_string()),
        ("price increment", now.price_increment.clone()),
        ("can be ordered", if now.can_order { "yes" } else { "no" }.to_owned()),
        ("trades now", if now.open_now { "yes" } else { "no" }.to_owned()),
    ]);
    let lines: Vec<_> = lines.iter().map(|(what, value)| format!("{what:<16} {value}")).collect();
    lines.join("\n")
}

fn chain(now: &ChainNow, forecasts: bool) -> String {
    let side = |side: &Option<ChainSide>| {
        let price = |price: Option<&String>| price.cloned().unwrap_or_else(|| "-".to_owned());
        let (bid, ask) = match side {
            Some(side) => (side.bid.as_ref(), side.ask.as_ref()),
            None => (None, None),
        };
        [price(bid), price(ask)]
    };
    let rows: Vec<_> = now
        .strikes
        .iter()
        .map(|row| {
            let ([bid, ask], [put_bid, put_ask]) = (side(&row.call), side(&row.put));
            [bid, ask, row.strike.clone(), put_bid, put_ask]
        })
        .collect();
    let head = if forecasts {
        ["yes bid", "yes ask", "above", "no bid", "no ask"]
    } else {
        ["call bid", "call ask", "strike", "put bid", "put ask"]
    };
    let days: Vec<_> = now.days.iter().map(|day| format!("{} {}", day.expiry, day.class)).collect();
    let last = now.last.as_ref().map(|last| format!(" at {last}")).unwrap_or_default();
    let until = now.chosen.as_ref();
    let until = until.map(|day| format!(", until {} ({})", day.expiry, day.class));
    [
        format!("{}{last}{}", now.underlying, until.unwrap_or_default()),
        output::table(head, &rows, "none are listed"),
        format!("last days: {}", if days.is_empty() { "none".to_owned() } else { days.join(", ") }),
    ]
    .join("\n\n")
}

fn markets(all: &[MarketNow], depth: bool) -> String {
    let rows: Vec<_> = all
        .iter()
        .map(|now| {
            let best = |levels: &[control::LevelRow]| {
                levels.first().map_or_else(|| "-".to_owned(), |one| one.price.clone())
            };
            [
                now.symbol.clone(),
                now.currency.clone(),
                best(&now.bids),
                best(&now.asks),
                now.last.clone(),
                now.previous_close.clone().unwrap_or_else(|| "-".to_owned()),
                now.volume.to_string(),
                if now.open_now { "open" } else { "closed" }.to_owned(),
            ]
        })
        .collect();
    let head = ["symbol", "currency", "bid", "ask", "last", "close", "volume", "market"];
    let mut parts = vec![output::table(head, &rows, "no contract")];
    for now in all {
        if depth {
            parts.push(levels(now));
        }
        if !now.bars.is_empty() {
            parts.push(bars(now));
        }
    }
    parts.join("\n\n")
}

fn levels(now: &MarketNow) -> String {
    let rows: Vec<_> = (0..now.bids.len().max(now.asks.len()))
        .map(|at| {
            let cells = |levels: &[control::LevelRow]| {
                let level = levels.get(at);
                let told = level.map(|one| (one.quantity.to_string(), one.price.clone()));
                told.unwrap_or_default()
            };
            let ((bid_size, bid), (ask_size, ask)) = (cells(&now.bids), cells(&now.asks));
            [bid_size, bid, ask, ask_size]
        })
        .collect();
    let table = output::table(["bid size", "bid", "ask", "ask size"], &rows, "nobody bids or asks");
    format!("{}\n{table}", now.symbol)
}

fn bars(now: &MarketNow) -> String {
    let rows: Vec<_> = now
        .bars
        .iter()
        .map(|bar| {
            let [at, open, high, low, close] =
                [&bar.at, &bar.open_price, &bar.high_price, &bar.low_price, &bar.close_price]
                    .map(Clone::clone);
            [at, open, high, low, close, bar.volume.to_string()]
        })
        .collect();
    let head = ["begins", "open", "high", "low", "close", "volume"];
    format!("{}\n{}", now.symbol, output::table(head, &rows, "no bars"))
}
