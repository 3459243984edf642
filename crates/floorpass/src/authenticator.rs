//! `floorpass authenticator`: list, remove.

use access::AuthenticatorId;
use clap::Subcommand;
use control::{AuthenticatorRow, Done, Request};

use crate::command::Global;
use crate::exit::Failure;
use crate::output;

#[derive(Debug, Subcommand)]
pub enum Authenticator {
    /// List ways to sign in: passwords, TOTP apps, passkeys, recovery codes
    #[command(
        after_help = "Examples:\n  floorpass authenticator list\n  floorpass authenticator list trader --json"
    )]
    List {
        /// Only this person's
        name: Option<String>,
        /// The same, as it used to be given
        #[arg(long, value_name = "NAME", hide = true, conflicts_with = "name")]
        person: Option<String>,
    },
    /// Remove one, a lost security key say; a person's last way to sign in stays
    #[command(
        after_help = "Example:\n  floorpass authenticator remove aut_0123456789abcdefghjkmnpqrs"
    )]
    Remove {
        /// Its id, from `authenticator list`
        id: AuthenticatorId,
    },
}

impl Authenticator {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        match self {
            Self::List { name, person } => {
                let request = Request::AuthenticatorList { username: name.or(person) };
                let rows: Vec<AuthenticatorRow> = control::ask(global.data(), &request)?;
                output::show(global.json, &rows, |rows| list(rows))
            }
            Self::Remove { id } => {
                let request = Request::AuthenticatorRemove { authenticator: id };
                let done: Done = control::ask(global.data(), &request)?;
                output::show(global.json, &done, |done| done.text.clone())
            }
        }
    }
}

fn list(rows: &[AuthenticatorRow]) -> String {
    let cells: Vec<[String; 6]> = rows
        .iter()
        .map(|row| {
            let left = row.codes_left.map(|left| format!("left: {left}"));
            [
                row.authenticator.to_string(),
                row.username.clone(),
                row.kind.clone(),
                row.model.clone().or(left).unwrap_or_else(|| row.name.clone()),
                row.state.clone(),
                row.last_use.clone().unwrap_or_else(|| "never".to_owned()),
            ]
        })
        .collect();
    let head = ["authenticator", "person", "kind", "what", "state", "last use"];
    output::table(head, &cells, "no ways to sign in")
}
