//! `floorpass recovery`: list, show, begin, cancel.

use access::RecoveryId;
use clap::Subcommand;
use control::{Done, RecoveryMade, RecoveryRow, Request};

use crate::command::Global;
use crate::exit::Failure;
use crate::output;

#[derive(Debug, Subcommand)]
pub enum Recovery {
    /// List the recoveries of the last weeks
    #[command(after_help = "Example:\n  floorpass recovery list --json")]
    List,
    /// Show one recovery
    #[command(after_help = "Example:\n  floorpass recovery show rcv_0123456789abcdefghjkmnpqrs")]
    Show {
        /// Its id, from `recovery list`
        id: RecoveryId,
    },
    /// Begin a recovery for a person whom you know, and print the link for their browser
    #[command(
        after_help = "Example:\n  floorpass recovery begin trader\n\nIt waits like any other, and the person is told in the same way. Give them the link by a way that you\ntrust: it goes on in the browser that opens it first."
    )]
    Begin {
        /// Who
        name: String,
    },
    /// Stop a recovery
    #[command(after_help = "Example:\n  floorpass recovery cancel rcv_0123456789abcdefghjkmnpqrs")]
    Cancel {
        /// Its id, from `recovery list`
        id: RecoveryId,
    },
}

impl Recovery {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let data = global.data();
        match self {
            Self::List => {
                let rows: Vec<RecoveryRow> = control::ask(data, &Request::RecoveryList)?;
                output::show(global.json, &rows, |rows| list(rows))
            }
            Self::Show { id } => {
                let request = Request::RecoveryShow { recovery: id };
                let row: RecoveryRow = control::ask(data, &request)?;
                output::show(global.json, &row, words)
            }
            Self::Begin { name } => {
                let request = Request::RecoveryBegin { username: name };
                let made: RecoveryMade = control::ask(data, &request)?;
                output::show(global.json, &made, |made| {
                    let ready = made.ready.as_ref().map_or_else(
                        || "once their recovery contacts vouch".to_owned(),
                        |at| format!("from {at} on"),
                    );
                    format!(
                        "{}\nfor {}, to open in their own browser; it may sign in {ready}",
                        made.url, made.username
                    )
                })
            }
            Self::Cancel { id } => {
                let request = Request::RecoveryCancel { recovery: id };
                let done: Done = control::ask(data, &request)?;
                output::show(global.json, &done, |done| done.text.clone())
            }
        }
    }
}

fn list(rows: &[RecoveryRow]) -> String {
    let cells: Vec<[String; 6]> = rows
        .iter()
        .map(|row| {
            [
                row.recovery.to_string(),
                row.username.clone(),
                row.begun.clone(),
                row.from.clone(),
                row.state.clone(),
                row.ready.clone().unwrap_or_default(),
            ]
        })
        .collect();
    let head = ["recovery", "person", "begun", "from", "state", "ready"];
    output::table(head, &cells, "no recoveries")
}

fn words(row: &RecoveryRow) -> String {
    let mut lines = vec![
        format!("recovery {}", row.recovery),
        format!("person   {}", row.username),
        format!("begun    {} by {} from {} ({})", row.begun, row.by, row.from, row.browser),
        format!("state    {}", row.state),
    ];
    lines.extend(row.ready.iter().map(|at| format!("ready    {at}")));
    if row.needed > 0 {
        lines.push(format!("contacts {} vouched, {} needed", row.vouched, row.needed));
    }
    if let (Some(at), Some(why)) = (&row.ended, &row.why) {
        lines.push(format!("ended    {at}: {why}"));
    }
    lines.extend(row.held_until.iter().map(|at| format!("held     until {at}")));
    lines.join("\n")
}
