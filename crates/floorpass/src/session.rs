//! `floorpass session`: list, end.

use access::SessionId;
use clap::Subcommand;
use control::{Done, Request, SessionRow};

use crate::command::Global;
use crate::exit::Failure;
use crate::output;

#[derive(Debug, Subcommand)]
pub enum Session {
    /// List live sessions
    #[command(after_help = "Example:\n  floorpass session list --json")]
    List,
    /// End a session: its next request is refused
    #[command(after_help = "Example:\n  floorpass session end ses_0123456789abcdefghjkmnpqrs")]
    End {
        /// Its id, from `session list`
        id: SessionId,
    },
}

impl Session {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        match self {
            Self::List => {
                let rows: Vec<SessionRow> = control::ask(global.data(), &Request::SessionList)?;
                output::show(global.json, &rows, |rows| list(rows))
            }
            Self::End { id } => {
                let done: Done = control::ask(global.data(), &Request::SessionEnd { session: id })?;
                output::show(global.json, &done, |done| done.text.clone())
            }
        }
    }
}

fn list(rows: &[SessionRow]) -> String {
    let cells: Vec<[String; 6]> = rows
        .iter()
        .map(|row| {
            [
                row.session.to_string(),
                row.username.clone(),
                row.device.clone(),
                row.address.clone(),
                row.last_use.clone(),
                row.until.clone(),
            ]
        })
        .collect();
    let head = ["session", "person", "device", "address", "last use", "until"];
    output::table(head, &cells, "nobody is signed in")
}
