//! `floorpass policy`: show, set.

use access::Number;
use clap::{Args, Subcommand};
use control::{PoliciesNow, PolicyRow, PolicyWish, Request};

use crate::command::Global;
use crate::exit::Failure;
use crate::output;

const MINUTES: Number = Number::count("a number of minutes", "45");
const HOURS: Number = Number::count("a number of hours", "10");

#[derive(Debug, Subcommand)]
pub enum Policy {
    /// Show what a person chose for their interfaces
    #[command(after_help = "Example:\n  floorpass policy show trader --json")]
    Show {
        /// Who
        name: String,
    },
    /// Set some of it: what narrows counts at once, a longer limit from the next sign-in or proof on
    #[command(
        after_help = "Examples:\n  floorpass policy set trader --interface portal --tempo active\n  floorpass policy set trader --interface portal --idle-minutes 45 --absolute-hours 10\n  floorpass policy set trader --window 'sunday 10:00 Europe/Berlin'\n  floorpass policy set trader --one-brokerage on\n  floorpass policy set trader --large-orders 250000\n\nTempos: occasional (30 minutes unused, 12 hours), adviser (1 hour, 24 hours), active (3 days; 24 hours, or with a window 9 days), unattended (looks; 7 days; 24 hours, or with a window 30 days). Choosing one fills both limits in; --idle-minutes (5 to 10080) and --absolute-hours (1 to 720) stand in their place. A session that is not bound to its browser keeps 15 minutes unused, and 12 hours, at most.\nAssurance: one (one factor), two (two factors), resistant (a passkey)."
    )]
    Set(Box<Set>),
}

#[derive(Debug, Args)]
pub struct Set {
    /// Who
    name: String,
    /// The interface that tempo, network and assurance are of: portal or phone
    #[arg(long, value_name = "INTERFACE", required_unless_present_any = ["window", "no_window", "one_brokerage", "large_orders", "no_large_orders"])]
    interface: Option<String>,
    /// How the person works there: occasional, adviser, active, unattended
    #[arg(long, requires = "interface")]
    tempo: Option<String>,
    /// Over when it was not used for so many minutes, in the place of the tempo's number
    #[arg(long, requires = "interface", value_name = "MINUTES", allow_hyphen_values = true, value_parser = |typed: &str| MINUTES.read_whole::<u32>(typed))]
    idle_minutes: Option<u32>,
    /// Over after so many hours, in the place of the tempo's number
    #[arg(long, requires = "interface", value_name = "HOURS", allow_hyphen_values = true, value_parser = |typed: &str| HOURS.read_whole::<u32>(typed))]
    absolute_hours: Option<u32>,
    /// What a session does at another network: keep, prove, look
    #[arg(long, requires = "interface", value_name = "WHAT")]
    new_network: Option<String>,
    /// What looking takes: one, two, resistant
    #[arg(long, requires = "interface", value_name = "ASSURANCE")]
    view: Option<String>,
    /// What trading takes
    #[arg(long, requires = "interface", value_name = "ASSURANCE")]
    trade: Option<String>,
    /// What administering takes
    #[arg(long, requires = "interface", value_name = "ASSURANCE")]
    administer: Option<String>,
    /// What withdrawing will take; nothing can be withdrawn from a paper account yet
    #[arg(long, requires = "interface", value_name = "ASSURANCE")]
    withdraw: Option<String>,
    /// When sessions are renewed: day, time and zone
    #[arg(long, value_name = "WHEN")]
    window: Option<String>,
    /// Remove the window: sessions end by their plain limits
    #[arg(long, conflicts_with = "window")]
    no_window: bool,
    /// Above how many US dollars an order of a session takes the phone's yes or a proof of its own
    #[arg(long, value_name = "USD")]
    large_orders: Option<String>,
    /// Ask for no order, however large
    #[arg(long, conflicts_with = "large_orders")]
    no_large_orders: bool,
    /// Whether one session at a time holds trading
    #[arg(long, value_name = "ON|OFF", value_parser = ["on", "off"])]
    one_brokerage: Option<String>,
}

impl Policy {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let request = match self {
            Self::Show { name } => Request::PolicyShow { username: name },
            Self::Set(set) => Request::PolicySet(PolicyWish {
                username: set.name,
                interface: set.interface,
                tempo: set.tempo,
                idle_minutes: set.idle_minutes.map(i64::from),
                absolute_hours: set.absolute_hours.map(i64::from),
                new_network: set.new_network,
                view: set.view,
                trade: set.trade,
                administer: set.administer,
                withdraw: set.withdraw,
                window: set.window.or(set.no_window.then(String::new)),
                large_orders: set.large_orders.or(set.no_large_orders.then(String::new)),
                one_brokerage: set.one_brokerage.map(|text| text == "on"),
            }),
        };
        let now: PoliciesNow = control::ask(global.data(), &request)?;
        output::show(global.json, &now, words)
    }
}

/// A limit, with a star where it was typed.
fn limit(seconds: i64, own: Option<i64>) -> String {
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    format!("{hours}:{minutes:02} h{}", if own.is_some() { " *" } else { "" })
}

fn words(now: &PoliciesNow) -> String {
    let cells: Vec<[String; 8]> = now
        .policies
        .iter()
        .map(|row| {
            [
                row.interface.clone(),
                row.tempo.clone(),
                limit(row.idle_seconds, row.own_idle_seconds),
                limit(row.absolute_seconds, row.own_absolute_seconds),
                row.new_network.clone(),
                row.view.clone(),
                row.trade.clone(),
                row.administer.clone(),
            ]
        })
        .collect();
    let head =
        ["interface", "tempo", "unused", "in all", "new network", "view", "trade", "administer"];
    let table = output::table(head, &cells, "no interfaces");
    let window = match (&now.window, &now.opens) {
        (Some(window), Some(opens)) => format!("{window} (next {opens})"),
        (Some(window), None) => window.clone(),
        (None, _) => "none".to_owned(),
    };
    let own = |row: &PolicyRow| row.own_idle_seconds.or(row.own_absolute_seconds);
    let typed = now.policies.iter().any(|row| own(row).is_some());
    let broker = match (now.one_brokerage, &now.broker) {
        (false, _) => "off".to_owned(),
        (true, Some(session)) => format!("on, held by {session}"),
        (true, None) => "on, held by no session".to_owned(),
    };
    let large = now
        .large_orders
        .as_ref()
        .map_or_else(|| "asked for none".to_owned(), |usd| format!("asked for above {usd} USD"));
    format!(
        "person         {}\nwindow         {window}\none brokerage  {broker}\nlarge orders   {large}\n\n{table}{}",
        now.username,
        if typed { "\n* typed, in the place of the tempo's number" } else { "" }
    )
}
