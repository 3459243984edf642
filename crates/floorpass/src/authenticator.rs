//! `floorpass authenticator`: list, show, rename, replace-app, remove.

use access::AuthenticatorId;
use clap::Subcommand;
use control::{AppOffered, AuthenticatorRequest, AuthenticatorRow, Done, Request};

use crate::exit::Failure;
use crate::global::Global;
use crate::output;
use crate::which::{Which, done, only, which};

#[derive(Debug, Subcommand)]
pub enum AuthenticatorCommand {
    /// List ways to sign in: passwords, authenticator apps, passkeys, recovery codes
    #[command(
        after_help = "Examples:\n  floorpass authenticator list\n  floorpass authenticator list trader --json"
    )]
    List {
        /// Only this person's (user name)
        name: Option<String>,
        /// The same; the older form
        #[arg(long, value_name = "NAME", hide = true, conflicts_with = "name")]
        person: Option<String>,
    },
    /// Show one of them
    #[command(
        after_help = "Example:\n  floorpass authenticator show aut_0123456789abcdefghjkmnpqrs"
    )]
    Show {
        /// Its id, from `authenticator list`; with a user name, or nothing, it lists
        #[arg(value_name = "ID")]
        which: Option<String>,
    },
    /// Give one another name
    #[command(
        after_help = "Example:\n  floorpass authenticator rename aut_0123456789abcdefghjkmnpqrs 'blue key'"
    )]
    Rename {
        /// Its id, from `authenticator list`
        id: AuthenticatorId,
        /// The new name
        name: String,
    },
    /// Replace a person's authenticator app: shows a secret, then takes a code from the new app
    #[command(
        after_help = "The old app works until the code is given; then its codes are refused and the person's sessions end.\n\nExamples:\n  floorpass authenticator replace-app trader\n  floorpass authenticator replace-app trader --code 123456"
    )]
    ReplaceApp {
        /// The person
        name: String,
        /// The six digits that the new app shows now
        #[arg(long, value_name = "CODE")]
        code: Option<String>,
    },
    /// Remove a way to sign in, such as a lost security key; a person's last one cannot be removed
    #[command(
        after_help = "Example:\n  floorpass authenticator remove aut_0123456789abcdefghjkmnpqrs"
    )]
    Remove {
        /// Its id, from `authenticator list`
        id: AuthenticatorId,
    },
}

impl AuthenticatorCommand {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        match self {
            Self::List { name, person } => list(global, name.or(person)),
            Self::Show { which: typed } => match which(typed, "aut_")? {
                Which::Of(person) => list(global, person),
                Which::One(id) => {
                    let all = rows(global, None)?;
                    let row = only(all, "authenticator", id, |row| row.authenticator == id)?;
                    output::show(global.json, &row, |row| table(std::slice::from_ref(row)))
                }
            },
            Self::Rename { id, name } => done(
                global,
                &Request::Authenticator(AuthenticatorRequest::Rename { authenticator: id, name }),
            ),
            Self::ReplaceApp { name, code: None } => {
                let request =
                    Request::Authenticator(AuthenticatorRequest::ReplaceApp { username: name });
                let offered: AppOffered = control::ask(global.data(), &request)?;
                output::show(global.json, &offered, offer)
            }
            Self::ReplaceApp { name, code: Some(code) } => {
                let request = Request::Authenticator(AuthenticatorRequest::ConfirmApp {
                    username: name,
                    code,
                });
                let done: Done = control::ask(global.data(), &request)?;
                output::show(global.json, &done, |done| done.text.clone())
            }
            Self::Remove { id } => done(
                global,
                &Request::Authenticator(AuthenticatorRequest::Remove { authenticator: id }),
            ),
        }
    }
}

fn offer(offered: &AppOffered) -> String {
    format!(
        "Put this secret into the new app:\n\n  {}\n  {}\n\nThen confirm it with the code that the app shows:\n\n  floorpass authenticator replace-app {} --code CODE",
        offered.secret, offered.uri, offered.username
    )
}

fn rows(global: &Global, username: Option<String>) -> Result<Vec<AuthenticatorRow>, Failure> {
    Ok(control::ask(
        global.data(),
        &Request::Authenticator(AuthenticatorRequest::List { username }),
    )?)
}

fn list(global: &Global, person: Option<String>) -> Result<(), Failure> {
    output::show(global.json, &rows(global, person)?, |rows| table(rows))
}

fn table(rows: &[AuthenticatorRow]) -> String {
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
