//! `floorpass push`: list, test, remove.

use access::DeviceId;
use clap::Subcommand;
use control::{PushRequest, PushRow, Request};

use crate::exit::Failure;
use crate::global::Global;
use crate::output;
use crate::which::{Which, done, only, which};

#[derive(Debug, Subcommand)]
pub enum PushCommand {
    /// List the phones that get push notifications
    #[command(after_help = "Examples:\n  floorpass push list\n  floorpass push list trader")]
    List {
        /// Only this person's (user name)
        person: Option<String>,
    },
    /// Show one of them
    #[command(after_help = "Example:\n  floorpass push show dev_0123456789abcdefghjkmnpqrs")]
    Show {
        /// Its id, from `push list`; with a user name, or nothing, it lists
        #[arg(value_name = "ID")]
        which: Option<String>,
    },
    /// Send a test notification to a phone
    #[command(after_help = "Example:\n  floorpass push test dev_0123456789abcdefghjkmnpqrs")]
    Test {
        /// Its id, from `push list`
        device: DeviceId,
    },
    /// Stop notifying a phone; it can still answer approvals on its page
    #[command(after_help = "Example:\n  floorpass push remove dev_0123456789abcdefghjkmnpqrs")]
    Remove {
        /// Its id, from `push list`
        device: DeviceId,
    },
}

impl PushCommand {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        match self {
            Self::List { person } => list(global, person),
            Self::Show { which: typed } => match which(typed, "dev_")? {
                Which::Of(person) => list(global, person),
                Which::One(id) => {
                    let row = only(rows(global, None)?, "push", id, |row| row.device == id)?;
                    output::show(global.json, &row, |row| table(std::slice::from_ref(row)))
                }
            },
            Self::Test { device } => done(global, &Request::Push(PushRequest::Test { device })),
            Self::Remove { device } => done(global, &Request::Push(PushRequest::Remove { device })),
        }
    }
}

fn rows(global: &Global, username: Option<String>) -> Result<Vec<PushRow>, Failure> {
    Ok(control::ask(global.data(), &Request::Push(PushRequest::List { username }))?)
}

fn list(global: &Global, person: Option<String>) -> Result<(), Failure> {
    output::show(global.json, &rows(global, person)?, |rows| table(rows))
}

fn table(rows: &[PushRow]) -> String {
    let cells: Vec<[String; 6]> = rows
        .iter()
        .map(|row| {
            [
                row.device.to_string(),
                row.username.clone(),
                row.name.clone(),
                row.service.clone(),
                if row.shows { "shown" } else { "not shown" }.to_owned(),
                row.failures.to_string(),
            ]
        })
        .collect();
    let heads = ["device", "person", "name", "service", "content", "failures"];
    output::table(heads, &cells, "no phone gets push notifications")
}
