//! `floorpass performance`.

use access::PaperAccountId;
use clap::Args;
use control::{PerformanceNow, PortfolioRequest, Request};

use crate::exit::Failure;
use crate::global::Global;
use crate::output;

/// Show what an account has gained, as a rate by time and by money.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  floorpass performance\n  floorpass performance --account DU0000002 --json\n\nAmounts are in the account's currency, rates are parts of one for the whole range: 0.01 is one percent. By time: the days' rates linked, what is paid in counts from the beginning of its day. By money: the one rate for all that was there, each for the days that it was there. Of today's gain, price is that of the position at the rate of now, and rate that of its currency."
)]
pub struct ShowPerformance {
    /// The account; required if there are several
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<PaperAccountId>,
}

impl ShowPerformance {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let request = Request::Portfolio(PortfolioRequest::Performance { account: self.account });
        let now: PerformanceNow = control::ask(global.data(), &request)?;
        output::show(global.json, &now, words)
    }
}

fn words(now: &PerformanceNow) -> String {
    let rate = |rate: &Option<String>| rate.clone().unwrap_or_else(|| "none".to_owned());
    let ranges: Vec<_> = now
        .ranges
        .iter()
        .map(|row| {
            let [range, from, begin] = [&row.range, &row.from, &row.begin_value].map(Clone::clone);
            let [flows, end, gain] = [&row.flows, &row.end_value, &row.gain].map(Clone::clone);
            let (time, money) = (rate(&row.time_weighted), rate(&row.money_weighted));
            [range, from, begin, flows, end, gain, time, money]
        })
        .collect();
    let head =
        ["range", "since the end of", "begin", "paid in", "end", "gain", "by time", "by money"];
    let moves: Vec<_> = now
        .moves
        .iter()
        .map(|row| [row.symbol.clone(), row.currency.clone(), row.price.clone(), row.rate.clone()])
        .collect();
    let currencies: Vec<_> =
        now.currencies.iter().map(|row| [row.currency.clone(), row.gain.clone()]).collect();
    let mut parts = vec![
        format!("{}  amounts in {}", now.account, now.currency),
        output::table(head, &ranges, "too little is known yet"),
        output::table(["today", "currency", "price", "rate"], &moves, "nothing has moved today"),
    ];
    if !currencies.is_empty() {
        parts.push(output::table(["currency today", "gain"], &currencies, ""));
    }
    parts.join("\n\n")
}
