//! `floorpass travel`: show, plan, end.

use access::Time;
use clap::{Args, Subcommand};
use control::{Done, Request, TravelNow, TravelWish};

use crate::command::Global;
use crate::exit::Failure;
use crate::output;

#[derive(Debug, Subcommand)]
pub enum Travel {
    /// Show the travel that a person planned
    #[command(after_help = "Example:\n  floorpass travel show trader --json")]
    Show {
        /// Who
        name: String,
    },
    /// Plan a person's travel, in the place of one planned before
    #[command(
        after_help = "Examples:\n  floorpass travel plan trader --to Lisbon --from 2026-12-20 --until 2027-01-03\n  floorpass travel plan trader --to 'Hotel' --from 2026-12-20 --until 2026-12-22 --network 192.0.2.0/24\n\nAt most 90 days, and a year ahead. While it runs, a network that the person was not seen at is told in the message centre alone and not by mail; nothing is easier to do because of it. The person is told of the plan, and evidence has it as yours."
    )]
    Plan(Plan),
    /// End it early: a new network is told by mail again
    #[command(after_help = "Example:\n  floorpass travel end trader")]
    End {
        /// Who
        name: String,
    },
}

#[derive(Debug, Args)]
pub struct Plan {
    /// Who
    name: String,
    /// Where to, in your words: a country, a city
    #[arg(long, value_name = "PLACE")]
    to: String,
    /// The first day, in UTC
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    from: String,
    /// The last day, which belongs to it
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    until: String,
    /// The only network that is expected, like 192.0.2.0/24; without it any
    #[arg(long)]
    network: Option<access::address::Network>,
}

/// A day as it is typed.
fn day(text: &str) -> Result<String, &'static str> {
    Time::of_date(text).map(|_| text.to_owned()).ok_or("a day is like 2026-12-24")
}

impl Travel {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let data = global.data();
        let request = match self {
            Self::Show { name } => Request::TravelShow { username: name },
            Self::Plan(plan) => Request::TravelPlan(TravelWish {
                username: plan.name,
                place: plan.to,
                from: plan.from,
                until: plan.until,
                network: plan.network.map(|network| network.to_string()),
            }),
            Self::End { name } => {
                let request = Request::TravelEnd { username: name };
                let done: Done = control::ask(data, &request)?;
                return output::show(global.json, &done, |done| done.text.clone());
            }
        };
        let now: TravelNow = control::ask(data, &request)?;
        output::show(global.json, &now, words)
    }
}

fn words(now: &TravelNow) -> String {
    let Some(plan) = &now.plan else { return format!("no travel of {} is planned", now.username) };
    let network = plan.network.as_deref().unwrap_or("any");
    format!(
        "person   {}\nwhere    {} ({})\nfrom     {}\nuntil    {}\nnetwork  {network}",
        now.username, plan.place, plan.state, plan.from, plan.until
    )
}
