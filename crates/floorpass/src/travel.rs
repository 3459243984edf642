//! `floorpass travel`: show, plan, end.

use access::Time;
use clap::{Args, Subcommand};
use control::{Request, TravelNow, TravelRequest, TravelWish};

use crate::exit::Failure;
use crate::global::Global;
use crate::output;
use crate::which::done;

#[derive(Debug, Subcommand)]
pub enum Travel {
    /// Show the travel that a person planned
    #[command(
        visible_alias = "list",
        after_help = "Example:\n  floorpass travel show trader --json"
    )]
    Show {
        /// The person's user name; not needed where there is one person
        name: Option<String>,
    },
    /// Plan a person's travel; it replaces an earlier plan
    #[command(
        after_help = "Examples:\n  floorpass travel plan trader --to Lisbon --from 2026-12-20 --until 2027-01-03\n  floorpass travel plan trader --to 'Hotel' --from 2026-12-20 --until 2026-12-22 --network 192.0.2.0/24\n\nAt most 90 days long, and at most a year ahead. During the travel, a new network is announced in the message centre only, not by mail; nothing else becomes easier. The person is notified of the plan, and the evidence records that you made it."
    )]
    Plan(PlanTravel),
    /// End the travel: new networks are announced by mail again
    #[command(after_help = "Example:\n  floorpass travel end trader")]
    End {
        /// The person's user name
        name: String,
    },
}

#[derive(Debug, Args)]
pub struct PlanTravel {
    /// The person's user name
    name: String,
    /// The destination, in your own words: a country or a city
    #[arg(long, value_name = "PLACE")]
    to: String,
    /// The first day, in UTC
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    from: Time,
    /// The last day (inclusive), in UTC
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    until: Time,
    /// The only network to expect, such as 192.0.2.0/24 [default: any]
    #[arg(long)]
    network: Option<access::address::Network>,
}

/// A day as it is typed.
fn day(text: &str) -> Result<Time, &'static str> {
    Time::of_date(text).ok_or("write the day like 2026-12-24")
}

impl Travel {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let data = global.data();
        let request = match self {
            Self::Show { name } => Request::Travel(TravelRequest::Show { username: name }),
            Self::Plan(plan) => Request::Travel(TravelRequest::Plan(TravelWish {
                username: plan.name,
                place: plan.to,
                from: plan.from,
                until: plan.until,
                network: plan.network,
            })),
            Self::End { name } => {
                return done(global, &Request::Travel(TravelRequest::End { username: name }));
            }
        };
        let now: TravelNow = control::ask(data, &request)?;
        output::show(global.json, &now, words)
    }
}

fn words(now: &TravelNow) -> String {
    let Some(plan) = &now.plan else { return format!("no travel is planned for {}", now.username) };
    let network = plan.network.as_deref().unwrap_or("any");
    format!(
        "person   {}\nwhere    {} ({})\nfrom     {}\nuntil    {}\nnetwork  {network}",
        now.username, plan.place, plan.state, plan.from, plan.until
    )
}
