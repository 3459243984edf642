//! `floorpass person`: list, add, reset-password, reset-totp.

use clap::Subcommand;
use control::{LinkMade, PersonRow, Request};

use crate::command::Global;
use crate::exit::Failure;
use crate::link;
use crate::output;

#[derive(Debug, Subcommand)]
pub enum Person {
    /// List people
    #[command(after_help = "Example:\n  floorpass person list")]
    List,
    /// Add a person who may look at the account, and print a link that enrols them
    #[command(
        after_help = "Example:\n  floorpass person add bob\n\nThey see the account and what happened, change nothing of its owner's but a lock, and may be the owner's\nrecovery contact."
    )]
    Add {
        /// Their user name
        name: String,
    },
    /// Take the password away and print a link that sets a new one
    #[command(after_help = "Example:\n  floorpass person reset-password trader")]
    ResetPassword {
        /// Who
        name: String,
    },
    /// Take the TOTP app away and print a link that enrols a new one
    #[command(after_help = "Example:\n  floorpass person reset-totp trader")]
    ResetTotp {
        /// Who
        name: String,
    },
}

impl Person {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let request = match self {
            Self::List => {
                let rows: Vec<PersonRow> = control::ask(global.data(), &Request::PersonList)?;
                return output::show(global.json, &rows, |rows| list(rows));
            }
            Self::Add { name } => Request::PersonAdd { username: name },
            Self::ResetPassword { name } => Request::PersonResetPassword { username: name },
            Self::ResetTotp { name } => Request::PersonResetTotp { username: name },
        };
        let made: LinkMade = control::ask(global.data(), &request)?;
        output::show(global.json, &made, link::words)
    }
}

fn list(rows: &[PersonRow]) -> String {
    let cells: Vec<[String; 4]> = rows
        .iter()
        .map(|row| {
            [row.person.to_string(), row.username.clone(), row.account.clone(), row.lock.clone()]
        })
        .collect();
    output::table(["person", "name", "account", "lock"], &cells, "no people")
}
