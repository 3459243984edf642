//! `floorpass policy`: show, set.

use access::Number;
use clap::{Args, Subcommand};
use control::{PoliciesNow, PolicyRequest, PolicyRow, PolicyWish, Request};

use crate::exit::Failure;
use crate::global::Global;
use crate::output;

const MINUTES: Number = Number::count("a number of minutes", "45");
const HOURS: Number = Number::count("a number of hours", "10");

#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Show a person's policy for each interface
    #[command(
        visible_alias = "list",
        after_help = "Example:\n  floorpass policy show trader --json"
    )]
    Show {
        /// The person's user name; not needed where there is one person
        name: Option<String>,
    },
    /// Change a person's policy: stricter settings apply at once, longer limits from the next sign-in or confirmation
    #[command(
        after_help = "Examples:\n  floorpass policy set trader --interface portal --tempo active\n  floorpass policy set trader --interface portal --idle-minutes 45 --absolute-hours 10\n  floorpass policy set trader --window 'sunday 10:00 Europe/Berlin'\n  floorpass policy set trader --one-brokerage on\n  floorpass policy set trader --large-orders 250000\n\nTempo, with its idle limit and its total limit:\n  occasional   30 minutes, 12 hours\n  adviser      1 hour, 24 hours\n  active       3 days, 24 hours (9 days with a window)\n  unattended   7 days, 24 hours (30 days with a window), view-only\nA tempo sets both limits; --idle-minutes (5 to 10080) and --absolute-hours (1 to 720) replace them. A session that is not bound to its browser lasts 15 minutes idle and 12 hours in total, at most.\n\nAssurance: one (one factor), two (two factors), resistant (a passkey).\nNew network: keep (the session goes on), prove (view-only until the person confirms), look (view-only until they sign in there)."
    )]
    Set(Box<SetPolicies>),
}

#[derive(Debug, Args)]
pub struct SetPolicies {
    /// The person's user name
    name: String,
    /// The interface to change: portal or phone
    #[arg(long, value_name = "INTERFACE", required_unless_present_any = ["window", "no_window", "one_brokerage", "large_orders", "no_large_orders"])]
    interface: Option<String>,
    /// How the person works: occasional, adviser, active or unattended
    #[arg(long, requires = "interface")]
    tempo: Option<String>,
    /// End sessions after this many minutes idle, in place of the tempo's limit
    #[arg(long, requires = "interface", value_name = "MINUTES", allow_hyphen_values = true, value_parser = |typed: &str| MINUTES.read_whole::<u32>(typed))]
    idle_minutes: Option<u32>,
    /// End sessions after this many hours in total, in place of the tempo's limit
    #[arg(long, requires = "interface", value_name = "HOURS", allow_hyphen_values = true, value_parser = |typed: &str| HOURS.read_whole::<u32>(typed))]
    absolute_hours: Option<u32>,
    /// What happens to a session on a new network: keep, prove or look
    #[arg(long, requires = "interface", value_name = "WHAT")]
    new_network: Option<String>,
    /// Assurance required to view: one, two or resistant
    #[arg(long, requires = "interface", value_name = "ASSURANCE")]
    view: Option<String>,
    /// Assurance required to trade
    #[arg(long, requires = "interface", value_name = "ASSURANCE")]
    trade: Option<String>,
    /// Assurance required to administer
    #[arg(long, requires = "interface", value_name = "ASSURANCE")]
    administer: Option<String>,
    /// Assurance required to withdraw; a paper account has no withdrawals yet
    #[arg(long, requires = "interface", value_name = "ASSURANCE")]
    withdraw: Option<String>,
    /// When sessions are renewed: day, time and time zone
    #[arg(long, value_name = "WHEN")]
    window: Option<String>,
    /// Remove the window: sessions end at their usual limits
    #[arg(long, conflicts_with = "window")]
    no_window: bool,
    /// Confirm orders from sessions worth more than this, in the account's base currency, on the phone or by signing in for the order
    #[arg(long, value_name = "AMOUNT")]
    large_orders: Option<String>,
    /// Ask for no confirmation, however large the order
    #[arg(long, conflicts_with = "large_orders")]
    no_large_orders: bool,
    /// Let only one session at a time trade
    #[arg(long, value_name = "ON|OFF", value_parser = ["on", "off"])]
    one_brokerage: Option<String>,
}

impl PolicyCommand {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let request = match self {
            Self::Show { name } => Request::Policy(PolicyRequest::Show { username: name }),
            Self::Set(set) => Request::Policy(PolicyRequest::Set(Box::new(PolicyWish {
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
            }))),
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
        ["interface", "tempo", "idle", "total", "new network", "view", "trade", "administer"];
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
        (true, Some(session)) => format!("on, session {session} trades"),
        (true, None) => "on, no session trades now".to_owned(),
    };
    let large = now.large_orders.as_ref().map_or_else(
        || "no confirmation".to_owned(),
        |above| format!("confirmed above {above} in the account's currency"),
    );
    format!(
        "person         {}\nwindow         {window}\none brokerage  {broker}\nlarge orders   {large}\n\n{table}{}",
        now.username,
        if typed { "\n* typed, in place of the tempo's limit" } else { "" }
    )
}
