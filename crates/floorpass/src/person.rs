//! `floorpass person`: list, show, add, limit, reset-password, reset-totp.

use access::PaperAccountId;
use clap::Subcommand;
use control::{LinkMade, PersonRequest, PersonRow, Request};

use crate::exit::Failure;
use crate::global::Global;
use crate::link;
use crate::order_limits::{self, AccountLimits};
use crate::output;
use crate::which::only;

#[derive(Debug, Subcommand)]
pub enum PersonCommand {
    /// List people
    #[command(after_help = "Example:\n  floorpass person list")]
    List {
        /// Only this one
        name: Option<String>,
    },
    /// Show one person
    #[command(after_help = "Example:\n  floorpass person show trader --json")]
    Show {
        /// The person's user name; without a name it lists
        name: Option<String>,
    },
    /// Add a person with a mandate on an account, and print an enrolment link
    #[command(
        after_help = "Examples:\n  floorpass person add bob\n  floorpass person add bob --role trader\n  floorpass person add bob --account DU1234567 --role trader\n\nRoles:\n  auditor  views the account and its activity, can lock it but change nothing else of the owner's\n  trader   also places, changes and cancels orders there\n  owner    everything, also credentials and mandates of others\nAny of them can be an owner's recovery contact. To narrow what the role gives: floorpass mandate change."
    )]
    Add {
        /// Their user name
        name: String,
        /// The account; required if there are several
        #[arg(long, value_name = "ACCOUNT")]
        account: Option<PaperAccountId>,
        /// What they may do there
        #[arg(long, default_value = "auditor", value_parser = ["owner", "trader", "auditor"])]
        role: String,
    },
    /// Limit every order of a person and of their programs, on any account
    #[command(
        after_help = "Examples:\n  floorpass person limit bob --max-notional 20000 --limit daily-loss=1000\n  floorpass person limit bob --clear\n\nAmounts are in the currency of the account that an order is on. The names are those of `floorpass account limit --help`. The narrowest limit of account, person, mandate and credential holds, from the next order on."
    )]
    Limit {
        /// Their user name
        name: String,
        /// Take off all limits that they have, before the others are set
        #[arg(long)]
        clear: bool,
        #[command(flatten)]
        orders: AccountLimits,
    },
    /// Remove a person's password, end their sessions, and print a link that sets a new one
    #[command(after_help = "Example:\n  floorpass person reset-password trader")]
    ResetPassword {
        /// The person's user name
        name: String,
    },
    /// Remove a person's authenticator app, end their sessions, and print a link that enrols a new one
    #[command(after_help = "Example:\n  floorpass person reset-totp trader")]
    ResetTotp {
        /// The person's user name
        name: String,
    },
}

impl PersonCommand {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let request = match self {
            Self::Show { name: Some(name) } => {
                let row = only(rows(global)?, "person", &name, |row| is_named(row, &name))?;
                return output::show(global.json, &row, words);
            }
            Self::List { name: Some(name) } => {
                let row = only(rows(global)?, "person", &name, |row| is_named(row, &name))?;
                return output::show(global.json, &vec![row], |rows| list(rows));
            }
            Self::List { name: None } | Self::Show { name: None } => {
                return output::show(global.json, &rows(global)?, |rows| list(rows));
            }
            Self::Add { name: username, account, role } => {
                Request::Person(PersonRequest::Add { username, account, role: Some(role) })
            }
            Self::Limit { name: username, clear, orders } => {
                let wish = orders.wish(clear);
                let request = Request::Person(PersonRequest::Limit { username, wish });
                let row: PersonRow = control::ask(global.data(), &request)?;
                return output::show(global.json, &row, words);
            }
            Self::ResetPassword { name } => {
                Request::Person(PersonRequest::ResetPassword { username: name })
            }
            Self::ResetTotp { name } => {
                Request::Person(PersonRequest::ResetTotp { username: name })
            }
        };
        let resets = matches!(
            request,
            Request::Person(PersonRequest::ResetPassword { .. } | PersonRequest::ResetTotp { .. })
        );
        let made: LinkMade = control::ask(global.data(), &request)?;
        output::show(global.json, &made, |made| {
            let words = link::words(made);
            if let (Some(role), Some(account)) = (&made.role, &made.account) {
                return format!("{} is {role} of account {account}\n{words}", made.username);
            }
            if !resets {
                return words;
            }
            format!("{words}\nAll sessions of {} have ended.", made.username)
        })
    }
}

fn rows(global: &Global) -> Result<Vec<PersonRow>, Failure> {
    Ok(control::ask(global.data(), &Request::Person(PersonRequest::List))?)
}

/// User names are in lower case, however they are typed.
fn is_named(row: &PersonRow, typed: &str) -> bool {
    row.username == typed.trim().to_lowercase() || row.person.to_string() == typed
}

fn list(rows: &[PersonRow]) -> String {
    let cells: Vec<[String; 4]> = rows
        .iter()
        .map(|row| {
            let lock = match row.locks.as_slice() {
                [] => row.lock.clone(),
                locks => locks.join(", "),
            };
            [row.person.to_string(), row.username.clone(), row.accounts.join(" "), lock]
        })
        .collect();
    output::table(["person", "name", "account", "lock"], &cells, "no people")
}

/// One person, with what limits their orders.
fn words(row: &PersonRow) -> String {
    let mut lines = vec![list(std::slice::from_ref(row))];
    let limits = order_limits::all_words(&row.limits, "of the account's currency");
    lines.extend(limits.into_iter().map(|one| format!("limit  {one}")));
    lines.join("\n")
}
