//! `floorpass credential`: list, create, revoke.

use access::{Number, PaperAccountId};
use clap::{Args, Subcommand};
use control::{CredentialMade, CredentialName, CredentialRow, CredentialWish, Request, Revoked};

use crate::command::Global;
use crate::exit::Failure;
use crate::output;

const MESSAGES: Number = Number::count("a number of messages", "5");
const DAYS: Number = Number::within("a number of days", "90", 1, 366);

#[derive(Debug, Subcommand)]
pub enum Credential {
    /// List credentials: what each may do, its port, its last use
    #[command(
        after_help = "Examples:\n  floorpass credential list\n  floorpass credential list --json | jq '.[].name'"
    )]
    List,
    /// Make a credential; its port opens at once
    Create(Create),
    /// End a credential: its program's next message is refused, its connections close, its orders are cancelled
    #[command(
        after_help = "Examples:\n  floorpass credential revoke narrow\n  floorpass credential revoke trading --keep-orders"
    )]
    Revoke {
        /// Its name, or its id (crd_..)
        name: String,
        /// Leave its resting orders working
        #[arg(long)]
        keep_orders: bool,
        /// Cancel its resting orders, which happens anyway
        #[arg(long, hide = true, conflicts_with = "keep_orders")]
        cancel_orders: bool,
    },
}

/// A new credential.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  floorpass credential create reports --read-only\n  floorpass credential create bot --symbol AAPL --symbol KO --max-quantity 100 --max-notional 20000 --per-second 5 --days 30"
)]
pub struct Create {
    /// Its name
    name: String,
    /// Its account; needed when there are several
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<PaperAccountId>,
    /// It may look and not trade
    #[arg(long)]
    read_only: bool,
    /// It may trade this symbol only (repeat for several)
    #[arg(long = "symbol", value_name = "SYMBOL")]
    symbols: Vec<String>,
    /// Shares an order at most
    #[arg(long, value_name = "SHARES", value_parser = |typed: &str| Number::SHARES.read_whole::<u64>(typed))]
    max_quantity: Option<u64>,
    /// US dollars an order at most
    #[arg(long, value_name = "USD", value_parser = |typed: &str| Number::DOLLARS.read(typed))]
    max_notional: Option<rust_decimal::Decimal>,
    /// Order messages a second at most
    #[arg(long, value_name = "COUNT", value_parser = |typed: &str| MESSAGES.read_whole::<u32>(typed))]
    per_second: Option<u32>,
    /// Days until it ends
    #[arg(long, default_value_t = 90, value_parser = |typed: &str| DAYS.read_whole::<u32>(typed))]
    days: u32,
    /// Its clients must show a token in their connect options
    #[arg(long, conflicts_with = "no_token")]
    token: bool,
    /// Its clients need no token: whoever reaches the port has what it may do
    #[arg(long)]
    no_token: bool,
    /// Its port; without it the next free one
    #[arg(long, value_parser = |typed: &str| Number::PORT.read_whole::<u16>(typed))]
    port: Option<u16>,
}

impl Credential {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        match self {
            Self::List => {
                let rows: Vec<CredentialRow> =
                    control::ask(global.data(), &Request::CredentialList)?;
                output::show(global.json, &rows, |rows| list(rows))
            }
            Self::Create(create) => create.run(global),
            Self::Revoke { name, keep_orders, cancel_orders: _ } => {
                let cancel_orders = !keep_orders;
                let credential = match name.parse() {
                    Ok(id) => CredentialName::Id(id),
                    Err(_) => CredentialName::Name(name),
                };
                let request = Request::CredentialRevoke { credential, cancel_orders };
                let revoked: Revoked = control::ask(global.data(), &request)?;
                output::show(global.json, &revoked, |r| {
                    format!(
                        "{} ({}) is revoked; its port {} is kept from others for a day; orders cancelled: {}",
                        r.name, r.credential, r.port, r.orders_cancelled
                    )
                })
            }
        }
    }
}

impl Create {
    fn run(self, global: &Global) -> Result<(), Failure> {
        let token = match (self.token, self.no_token) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        };
        let request = Request::CredentialCreate(CredentialWish {
            name: self.name,
            account: self.account,
            read_only: self.read_only,
            symbols: self.symbols,
            max_quantity: self.max_quantity,
            max_notional: self.max_notional,
            per_second: self.per_second,
            days: self.days,
            token,
            port: self.port,
        });
        let made: CredentialMade = control::ask(global.data(), &request)?;
        output::show(global.json, &made, |made| match &made.token {
            Some(token) => format!(
                "{} listens on port {}\ntoken, shown this once: {token}",
                made.credential, made.port
            ),
            None => {
                format!("{} listens on port {}; it demands no token", made.credential, made.port)
            }
        })
    }
}

fn list(rows: &[CredentialRow]) -> String {
    let cells: Vec<[String; 6]> = rows
        .iter()
        .map(|row| {
            let proof = if row.token_required { "token" } else { "port alone" };
            [
                row.name.clone(),
                row.port.to_string(),
                row.state.clone(),
                proof.to_owned(),
                row.until.clone(),
                row.last_use.clone().unwrap_or_else(|| "never".to_owned()),
            ]
        })
        .collect();
    let head = ["name", "port", "state", "proof", "until", "last use"];
    let may = rows.iter().map(|row| format!("{}: {}", row.name, row.may));
    let table = output::table(head, &cells, "no credentials");
    format!("{table}\n\n{}", may.collect::<Vec<_>>().join("\n"))
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
        for (typed, cents) in [("20000,50", 2_000_050), ("20,000", 2_000_000), ("2.000,5", 200_050)]
        {
            let read = read("--max-notional", typed).map(|create| create.max_notional);
            let wanted = Some(rust_decimal::Decimal::new(cents, 2));
            assert!(read.is_ok_and(|read| read == wanted), "{typed}");
        }
        for (flag, typed) in [
            ("--max-notional", "20.000"),
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
