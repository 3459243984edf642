//! `floorpass device`: list, remove.

use access::DeviceId;
use clap::Subcommand;
use control::{DeviceRow, Done, Request};

use crate::command::Global;
use crate::exit::Failure;
use crate::output;

#[derive(Debug, Subcommand)]
pub enum Device {
    /// List devices
    #[command(after_help = "Example:\n  floorpass device list")]
    List,
    /// Remove a device: its sessions end and it has to be activated anew
    #[command(after_help = "Example:\n  floorpass device remove dev_0123456789abcdefghjkmnpqrs")]
    Remove {
        /// Its id, from `device list`
        id: DeviceId,
    },
}

impl Device {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        match self {
            Self::List => {
                let rows: Vec<DeviceRow> = control::ask(global.data(), &Request::DeviceList)?;
                output::show(global.json, &rows, |rows| list(rows))
            }
            Self::Remove { id } => {
                let done: Done =
                    control::ask(global.data(), &Request::DeviceRemove { device: id })?;
                output::show(global.json, &done, |done| done.text.clone())
            }
        }
    }
}

fn list(rows: &[DeviceRow]) -> String {
    let cells: Vec<[String; 8]> = rows
        .iter()
        .map(|row| {
            [
                row.device.to_string(),
                row.username.clone(),
                row.name.clone(),
                row.state.clone(),
                row.first_use.clone(),
                row.last_use.clone(),
                row.network.clone().unwrap_or_default(),
                match row.interfaces.join(", ") {
                    names if names.is_empty() => row.sessions.to_string(),
                    names => format!("{} ({names})", row.sessions),
                },
            ]
        })
        .collect();
    let heads =
        ["device", "person", "name", "state", "first use", "last use", "network", "sessions"];
    output::table(heads, &cells, "no devices")
}
