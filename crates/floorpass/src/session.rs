//! `floorpass session`: list, show, end.

use access::SessionId;
use clap::Subcommand;
use control::{Done, Request, SessionLayers, SessionRow};

use crate::command::Global;
use crate::exit::Failure;
use crate::output;

#[derive(Debug, Subcommand)]
pub enum Session {
    /// List live sessions
    #[command(after_help = "Example:\n  floorpass session list --json")]
    List,
    /// Show a session layer by layer: what each says, and what to do where one is down
    #[command(
        after_help = "Example:\n  floorpass session show ses_0123456789abcdefghjkmnpqrs --json"
    )]
    Show {
        /// Its id, from `session list`
        id: SessionId,
    },
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
            Self::Show { id } => {
                let request = Request::SessionShow { session: id };
                let found: SessionLayers = control::ask(global.data(), &request)?;
                output::show(global.json, &found, layers)
            }
            Self::End { id } => {
                let done: Done = control::ask(global.data(), &Request::SessionEnd { session: id })?;
                output::show(global.json, &done, |done| done.text.clone())
            }
        }
    }
}

fn list(rows: &[SessionRow]) -> String {
    let cells: Vec<[String; 7]> = rows
        .iter()
        .map(|row| {
            [
                row.session.to_string(),
                row.username.clone(),
                row.device.clone(),
                row.interface.clone(),
                row.address.clone().unwrap_or_else(|| "unknown".to_owned()),
                row.last_use.clone(),
                row.until.clone(),
            ]
        })
        .collect();
    let head = ["session", "person", "device", "interface", "address", "last use", "until"];
    output::table(head, &cells, "nobody is signed in")
}

fn layers(found: &SessionLayers) -> String {
    let cells: Vec<[String; 4]> = found
        .layers
        .iter()
        .map(|row| {
            let next = row.next.clone().unwrap_or_default();
            [row.layer.clone(), row.state.clone(), row.says.clone(), next]
        })
        .collect();
    let trades = match (&found.code, &found.why) {
        (Some(code), Some(why)) => format!("no: {code}: {why}"),
        _ => "yes".to_owned(),
    };
    let table = output::table(["layer", "state", "what it is", "what to do"], &cells, "none");
    format!(
        "session   {}\nperson    {}\nat        {}\norders    {trades}\n\n{table}",
        found.session, found.username, found.interface
    )
}
