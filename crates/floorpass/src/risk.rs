//! `floorpass risk`.

use access::PaperAccountId;
use clap::Args;
use control::{ExposureRow, PortfolioRequest, Request, RiskNow};

use crate::exit::Failure;
use crate::global::Global;
use crate::output;

/// Show what an account stands to gain and to lose.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  floorpass risk\n  floorpass risk --account DU0000002 --json\n\nAmounts are in the account's currency. delta is gained when a price rises by 1 %, gamma is by how much delta is more after that, vega is gained when volatility rises by 1 % of itself, theta in a calendar day. Each comes from pricing every position again."
)]
pub struct ShowRisk {
    /// The account; required if there are several
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<PaperAccountId>,
}

impl ShowRisk {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let request = Request::Portfolio(PortfolioRequest::Risk { account: self.account });
        let now: RiskNow = control::ask(global.data(), &request)?;
        output::show(global.json, &now, words)
    }
}

fn words(now: &RiskNow) -> String {
    let exposures = |title: &str, rows: &[ExposureRow]| {
        let cells: Vec<_> =
            rows.iter().map(|row| [row.of.clone(), row.long.clone(), row.short.clone()]).collect();
        output::table([title, "long", "short"], &cells, "nothing is held")
    };
    let underlyings: Vec<_> = now
        .underlyings
        .iter()
        .map(|row| {
            let [symbol, long, short] = [&row.symbol, &row.long, &row.short].map(Clone::clone);
            let [delta, gamma, vega, theta] =
                [&row.delta, &row.gamma, &row.vega, &row.theta].map(Clone::clone);
            [symbol, long, short, delta, gamma, vega, theta]
        })
        .collect();
    let head = ["underlying", "long", "short", "delta 1 %", "gamma 1 %", "vega 1 %", "theta 1 d"];
    let stress: Vec<_> = now
        .stress
        .iter()
        .map(|row| {
            [format!("{:+} %", row.prices), format!("{:+} %", row.volatility), row.gain.clone()]
        })
        .collect();
    let requirements: Vec<_> = now
        .requirements
        .iter()
        .map(|row| {
            let part =
                |part: &control::RequirementPart| format!("{} {}", part.quantity, part.symbol);
            let parts: Vec<_> = row.parts.iter().map(part).collect();
            [row.strategy.clone(), parts.join(", "), row.maintenance.clone()]
        })
        .collect();
    let required = ["together", "positions", "maintenance"];
    [
        format!("{}  amounts in {}", now.account, now.currency),
        exposures("product", &now.products),
        exposures("currency", &now.currencies),
        output::table(head, &underlyings, "nothing is held"),
        output::table(required, &requirements, "nothing is held"),
        output::table(["prices", "volatility", "gain"], &stress, "nothing is held"),
    ]
    .join("\n\n")
}
