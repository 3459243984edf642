//! `floorpass push`: list, test, remove.

use access::DeviceId;
use clap::Subcommand;
use control::{Done, PushRow, Request};

use crate::command::Global;
use crate::exit::Failure;
use crate::output;

#[derive(Debug, Subcommand)]
pub enum Push {
    /// List the phones that are told of approvals by push
    #[command(after_help = "Example:\n  floorpass push list")]
    List,
    /// Send a phone a test
    #[command(after_help = "Example:\n  floorpass push test dev_0123456789abcdefghjkmnpqrs")]
    Test {
        /// Its id, from `push list`
        device: DeviceId,
    },
    /// Tell a phone no longer; it goes on answering approvals on its page
    #[command(after_help = "Example:\n  floorpass push remove dev_0123456789abcdefghjkmnpqrs")]
    Remove {
        /// Its id, from `push list`
        device: DeviceId,
    },
}

impl Push {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let request = match self {
            Self::List => {
                let rows: Vec<PushRow> = control::ask(global.data(), &Request::PushList)?;
                return output::show(global.json, &rows, |rows| list(rows));
            }
            Self::Test { device } => Request::PushTest { device },
            Self::Remove { device } => Request::PushRemove { device },
        };
        let done: Done = control::ask(global.data(), &request)?;
        output::show(global.json, &done, |done| done.text.clone())
    }
}

fn list(rows: &[PushRow]) -> String {
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
    output::table(heads, &cells, "no phone is told by push")
}
