//! `floorpass credential`: what programs hold, from its creation to its end.

use access::address::Network;
use access::{Number, PaperAccountId};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use control::{
    Clear, CredentialChanged, CredentialDetail, CredentialMade, CredentialName, CredentialRequest,
    CredentialRotated, CredentialRow, CredentialWish, DoorName, Request, Revoked, ScopesWish,
};

use crate::exit::Failure;
use crate::global::Global;
use crate::order_limits::OrderLimits;
use crate::output;

const MESSAGES: Number = Number::count("a number of messages", "5");
const GRACE: Number = Number::within("a number of minutes", "60", 0, 1_440);
const DAYS: Number = Number::within("a number of days", "90", 1, 366);

#[derive(Debug, Subcommand)]
pub enum CredentialCommand {
    /// List credentials: port, state, what is connected, today's orders
    #[command(
        after_help = "Examples:\n  floorpass credential list\n  floorpass credential list --json | jq '.[].name'"
    )]
    List,
    /// Show one credential: what it can and cannot do, its limits, use and connections
    #[command(
        after_help = "Examples:\n  floorpass credential show narrow\n  floorpass credential show narrow --json | jq .scopes\n  floorpass credential show narrow --python > hello.py"
    )]
    Show {
        /// Its name or id (crd_..)
        name: String,
        /// Print a Python program that connects with it, for `ib_async`
        #[arg(long, conflicts_with = "json")]
        python: bool,
    },
    /// Create a credential; its port opens at once
    Create(Box<Create>),
    /// Pause a credential: its connections close and it is refused until resumed; its open orders stay
    #[command(
        after_help = "Examples:\n  floorpass credential pause trading\n  floorpass credential pause trading --cancel-orders"
    )]
    Pause {
        /// Its name or id (crd_..)
        name: String,
        /// Cancel its open orders too
        #[arg(long)]
        cancel_orders: bool,
    },
    /// Resume a paused credential
    #[command(after_help = "Example:\n  floorpass credential resume trading")]
    Resume {
        /// Its name or id (crd_..)
        name: String,
    },
    /// Give a credential a new token; the old one works for a while, so that programs can switch over
    #[command(
        after_help = "Examples:\n  floorpass credential rotate trading\n  floorpass credential rotate trading --grace-minutes 0\n\nAfter that time, connections made with the old token are closed; those made with the new one stay."
    )]
    Rotate {
        /// Its name or id (crd_..)
        name: String,
        /// Minutes that the old token still works, at most a day; 0 ends it now
        #[arg(long, value_name = "MINUTES", default_value = "60", allow_hyphen_values = true, value_parser = |typed: &str| GRACE.read_whole::<u32>(typed))]
        grace_minutes: u32,
    },
    /// Rename a credential
    #[command(after_help = "Example:\n  floorpass credential rename trading momentum")]
    Rename {
        /// Its name or id (crd_..)
        name: String,
        /// Its new name
        new_name: String,
    },
    /// Change what a credential may do; its connections stay open, and its next order meets the new limits
    Edit(Box<Edit>),
    /// End a credential: its connections close, its next message is refused, its orders are cancelled
    #[command(
        after_help = "Examples:\n  floorpass credential revoke narrow\n  floorpass credential revoke trading --keep-orders"
    )]
    Revoke {
        /// Its name or id (crd_..)
        name: String,
        /// Leave its open orders in place
        #[arg(long)]
        keep_orders: bool,
        /// Cancel its open orders (the default)
        #[arg(long, hide = true, conflicts_with = "keep_orders")]
        cancel_orders: bool,
    },
}

/// What a credential may do, as far as it is said.
#[derive(Debug, Args)]
struct Scopes {
    /// Allow buying only, selling only, or both
    #[arg(long, value_name = "SIDE", value_parser = ["buy", "sell", "both"])]
    side: Option<String>,
    /// Allow this symbol only (repeat for several)
    #[arg(long = "symbol", value_name = "SYMBOL")]
    symbols: Vec<String>,
    /// Allow connections from this address or network only (repeat for several)
    #[arg(long = "address", value_name = "ADDRESS")]
    addresses: Vec<Network>,
    #[command(flatten)]
    orders: OrderLimits,
    /// At most this many order messages per second
    #[arg(long, value_name = "COUNT", allow_hyphen_values = true, value_parser = |typed: &str| MESSAGES.read_whole::<u32>(typed))]
    per_second: Option<u32>,
    /// End it this many days from now; its open orders are cancelled then
    #[arg(long, value_name = "DAYS", allow_hyphen_values = true, value_parser = |typed: &str| DAYS.read_whole::<u32>(typed))]
    days: Option<u32>,
}

impl Scopes {
    fn wish(self, read_only: Option<bool>, clear: Vec<Clear>) -> ScopesWish {
        let OrderLimits { hours, numbers: orders } = self.orders;
        ScopesWish {
            clear,
            read_only,
            side: self.side,
            symbols: self.symbols,
            addresses: self.addresses,
            hours,
            max_quantity: orders.max_quantity,
            max_notional: orders.max_notional,
            per_second: self.per_second,
            max_open_orders: orders.max_open_orders,
            collar: orders.collar,
            duplicate_seconds: orders.duplicate_seconds,
            controls: orders.controls,
            restricted: orders.restricted,
            days: self.days,
        }
    }
}

/// A new credential.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  floorpass credential create reports --read-only\n  floorpass credential create bot --symbol AAPL --symbol KO --max-quantity 100 --max-notional 20000 --per-second 5 --days 30\n  floorpass credential create exits --side sell --hours \"mon-fri 13:30-20:00\" --address 192.0.2.0/24\n  floorpass credential create nautilus --no-token --address 127.0.0.1\n\nnautilus_trader, @stoqey/ib and the Rust crate ibapi cannot send a token: give them --no-token, and the addresses that they come from."
)]
pub struct Create {
    /// Its name
    name: String,
    /// Its account; required if there are several (repeat it for a credential on several)
    #[arg(long = "account", value_name = "ACCOUNT")]
    accounts: Vec<PaperAccountId>,
    /// Whose program it is [default: the first owner whose mandates allow all of it]
    #[arg(long, value_name = "NAME")]
    person: Option<String>,
    /// View only: it cannot place, modify or cancel orders
    #[arg(long)]
    read_only: bool,
    #[command(flatten)]
    scopes: Scopes,
    /// Require a token in the connect options
    #[arg(long, conflicts_with = "no_token")]
    token: bool,
    /// Require no token: anyone who can reach the port can use the credential
    #[arg(long)]
    no_token: bool,
    /// The way in by which it is used
    // Not in the help as long as no server serves another door than the socket.
    #[arg(long, hide = true, value_name = "DOOR", default_value = "socket", value_parser = one_of(&DoorName::ALL))]
    door: DoorName,
    /// Its port [default: the next free one]
    #[arg(long, allow_hyphen_values = true, value_parser = |typed: &str| Number::PORT.read_whole::<u16>(typed))]
    port: Option<u16>,
}

/// Other limits for a credential. What is not named stays as it is.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  floorpass credential edit narrow --max-quantity 50\n  floorpass credential edit narrow --clear symbols --days 30\n  floorpass credential edit trading --read-only"
)]
pub struct Edit {
    /// Its name or id (crd_..)
    name: String,
    /// View only: it cannot place, modify or cancel orders
    #[arg(long, conflicts_with = "trading")]
    read_only: bool,
    /// Let it trade again, after --read-only
    #[arg(long)]
    trading: bool,
    #[command(flatten)]
    scopes: Scopes,
    /// Remove this limit (repeat for several)
    #[arg(long, value_name = "LIMIT", value_parser = one_of(&Clear::ALL))]
    clear: Vec<Clear>,
}

/// One of these, by its name.
pub fn one_of<T: Copy + Send + Sync + 'static>(
    all: &'static [(&'static str, T)],
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(all.iter().map(|(name, _)| *name)).try_map(|name| {
        let found = all.iter().find(|(known, _)| *known == name);
        found.map(|(_, one)| *one).ok_or("no such name")
    })
}

/// A credential as it is typed: an id or a name.
pub fn named(name: String) -> CredentialName {
    match name.parse() {
        Ok(id) => CredentialName::Id(id),
        Err(_) => CredentialName::Name(name),
    }
}

impl CredentialCommand {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        match self {
            Self::List => {
                let rows: Vec<CredentialRow> =
                    control::ask(global.data(), &Request::Credential(CredentialRequest::List))?;
                output::show(global.json, &rows, |rows| list(rows))
            }
            Self::Show { name, python } => show(global, named(name), python),
            Self::Create(create) => create.run(global),
            Self::Edit(edit) => edit.run(global),
            Self::Pause { name, cancel_orders } => {
                let request = Request::Credential(CredentialRequest::Pause {
                    credential: named(name),
                    cancel_orders,
                });
                change(global, &request, |changed| {
                    format!(
                        "{} is paused; orders cancelled: {}. To resume it: floorpass credential resume {}",
                        changed.name, changed.orders_cancelled, changed.name
                    )
                })
            }
            Self::Resume { name } => {
                let request =
                    Request::Credential(CredentialRequest::Resume { credential: named(name) });
                change(global, &request, |changed| format!("{} is resumed", changed.name))
            }
            Self::Rotate { name, grace_minutes } => {
                let request = Request::Credential(CredentialRequest::Rotate {
                    credential: named(name),
                    grace_minutes,
                });
                let rotated: CredentialRotated = control::ask(global.data(), &request)?;
                output::show(global.json, &rotated, |r| {
                    format!(
                        "{} has a new token, shown this once: {}\nthe old one works until {}",
                        r.name, r.token, r.old_token_until
                    )
                })
            }
            Self::Rename { name, new_name } => {
                let request = Request::Credential(CredentialRequest::Rename {
                    credential: named(name),
                    name: new_name,
                });
                change(global, &request, |changed| {
                    format!("{} is now called {}", changed.credential, changed.name)
                })
            }
            Self::Revoke { name, keep_orders, cancel_orders: _ } => {
                let cancel_orders = !keep_orders;
                let request = Request::Credential(CredentialRequest::Revoke {
                    credential: named(name),
                    cancel_orders,
                });
                let revoked: Revoked = control::ask(global.data(), &request)?;
                output::show(global.json, &revoked, |r| {
                    let rests = r.port.map_or_else(String::new, |port| {
                        format!("; no other credential can have port {port} for a day")
                    });
                    format!(
                        "{} ({}) is revoked; orders cancelled: {}{rests}",
                        r.name, r.credential, r.orders_cancelled
                    )
                })
            }
        }
    }
}

fn change(
    global: &Global,
    request: &Request,
    words: impl FnOnce(&CredentialChanged) -> String,
) -> Result<(), Failure> {
    let changed: CredentialChanged = control::ask(global.data(), request)?;
    output::show(global.json, &changed, words)
}

impl Create {
    fn run(self, global: &Global) -> Result<(), Failure> {
        let token = match (self.token, self.no_token) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        };
        let request = Request::Credential(CredentialRequest::Create(CredentialWish {
            name: self.name,
            accounts: self.accounts,
            person: self.person,
            scopes: self.scopes.wish(Some(self.read_only), Vec::new()),
            token,
            door: self.door,
            port: self.port,
        }));
        let made: CredentialMade = control::ask(global.data(), &request)?;
        output::show(global.json, &made, |made| {
            let way = match made.port {
                Some(port) => format!("{} listens on port {port}", made.credential),
                None => format!("{} is used at the HTTP API", made.credential),
            };
            let way = format!("{way}; it is {}'s", made.username);
            let noun = if made.accounts.len() == 1 { "account" } else { "accounts" };
            let on = made.accounts.join(", ");
            let terms = format!("for {noun} {on}, until {}", made.until);
            match &made.token {
                Some(token) => format!("{way}\n{terms}\ntoken, shown this once: {token}"),
                None => format!("{way}; it needs no token\n{terms}"),
            }
        })
    }
}

impl Edit {
    fn run(self, global: &Global) -> Result<(), Failure> {
        let read_only = match (self.read_only, self.trading) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        };
        let scopes = self.scopes.wish(read_only, self.clear);
        if scopes == ScopesWish::default() {
            return Err(Failure::usage("nothing to change; see floorpass credential edit --help"));
        }
        let request =
            Request::Credential(CredentialRequest::Edit { credential: named(self.name), scopes });
        change(global, &request, |changed| {
            format!(
                "{} is changed; `floorpass credential show {}` shows what it may do now",
                changed.name, changed.name
            )
        })
    }
}

fn show(global: &Global, credential: CredentialName, python: bool) -> Result<(), Failure> {
    let mut detail: CredentialDetail =
        control::ask(global.data(), &Request::Credential(CredentialRequest::Show { credential }))?;
    if python {
        let row = &detail.row;
        let port = row.port.ok_or_else(|| {
            Failure::usage("this credential is used at the HTTP API, and --python is for a socket; leave it out")
        })?;
        let program = gate::snippet::python(&detail.host, port, row.token_required, None);
        output::line(program.trim_end());
        return Ok(());
    }
    if global.json {
        // The sentences are for people; programs have the numbers.
        detail.says.clear();
    }
    output::show(global.json, &detail, page)
}

/// What it did today, and what was refused of it.
fn today(row: &CredentialRow) -> String {
    format!(
        "orders {}; refused: orders {}, connections {}, requests {}",
        row.orders_today,
        row.refused_orders_today,
        row.refused_connections_today,
        row.refused_requests_today
    )
}

fn page(detail: &CredentialDetail) -> String {
    let row = &detail.row;
    let token = match (&row.old_token_until, row.token_required) {
        (Some(until), _) => format!("required; the one before works until {until}"),
        (None, true) => "required".to_owned(),
        (None, false) => "not required".to_owned(),
    };
    let used = row.last_use.as_ref().map_or_else(
        || "never".to_owned(),
        |used| format!("{} by {} from {}", used.at, used.client, used.address),
    );
    let address = match row.port {
        Some(port) => format!("{} port {port}", detail.host),
        None => "the HTTP API".to_owned(),
    };
    let facts = [
        ("person", row.username.clone()),
        ("account", row.accounts.join(", ")),
        ("address", address),
        ("token", token),
        ("created", row.created_at.clone()),
        ("ends", row.until.clone()),
        ("last used", used),
        ("today", today(row)),
        ("open orders", row.open_orders.to_string()),
        ("connected", row.connections.len().to_string()),
    ];
    let mut lines = vec![format!("{} ({})  {}", row.name, row.credential, row.state)];
    lines.extend(facts.iter().map(|(what, value)| format!("  {what:<12} {value}")));
    lines.extend(row.connections.iter().map(|connection| {
        format!("    {} from {} since {}", connection.client, connection.address, connection.since)
    }));
    for verdict in ["can", "cannot"] {
        let says: Vec<_> = detail.says.iter().filter(|says| says.verdict == verdict).collect();
        if !says.is_empty() {
            lines.push(verdict.to_owned());
            lines.extend(says.iter().map(|says| format!("  {}", says.text)));
        }
    }
    lines.join("\n")
}

fn list(rows: &[CredentialRow]) -> String {
    let cells: Vec<[String; 10]> = rows
        .iter()
        .map(|row| {
            let used = row.last_use.as_ref().map_or("never", |used| used.at.as_str());
            [
                row.name.clone(),
                row.username.clone(),
                row.accounts.join(", "),
                row.port.map_or_else(|| row.door.clone(), |port| port.to_string()),
                row.state.clone(),
                if row.token_required { "yes" } else { "no" }.to_owned(),
                row.connections.len().to_string(),
                format!("{}/{}", row.orders_today, row.refused_today),
                used.to_owned(),
                row.until.clone(),
            ]
        })
        .collect();
    let head = [
        "name",
        "person",
        "account",
        "port",
        "state",
        "token",
        "connected",
        "orders/refused today",
        "last use",
        "ends",
    ];
    output::table(head, &cells, "no credentials")
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        create: Create,
    }

    #[test]
    fn limits_are_understood_or_refused_with_what_was_typed() {
        let read = |flag: &str, typed: &str| {
            Line::try_parse_from(["create", "bot", flag, typed]).map(|line| line.create)
        };
        // Only the server knows in which currency it is read.
        for typed in ["20000,50", "20,000", "2.000,5", "0.125"] {
            let read = read("--max-notional", typed)
                .map(|create| create.scopes.orders.numbers.max_notional);
            assert!(read.is_ok_and(|read| read.as_deref() == Some(typed)), "{typed}");
        }
        for (flag, typed) in [
            ("--max-notional", "20.0005"),
            ("--max-notional", "2_0"),
            ("--max-notional", "20 00"),
            ("--max-quantity", "10,00"),
            ("--max-quantity", "1.000"),
            ("--per-second", "+5"),
            ("--days", "9,0"),
            ("--days", "367"),
            ("--port", "7,497"),
            ("--port", "80"),
        ] {
            let refused = read(flag, typed).map_err(|error| error.to_string());
            let quoted = format!("\u{201c}{typed}\u{201d}");
            assert!(refused.is_err_and(|text| text.contains(&quoted)), "{flag} {typed}");
        }
    }
}
