//! `floorpass device`: list, rename, remove, again, move-phone.

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
    /// Give a device another name
    #[command(
        after_help = "Example:\n  floorpass device rename dev_0123456789abcdefghjkmnpqrs 'office laptop'"
    )]
    Rename {
        /// Its id, from `device list`
        id: DeviceId,
        /// The new name
        name: String,
    },
    /// Remove a device: its sessions end and it has to be activated anew
    #[command(after_help = "Example:\n  floorpass device remove dev_0123456789abcdefghjkmnpqrs")]
    Remove {
        /// Its id, from `device list`
        id: DeviceId,
    },
    /// Say that a browser is an older one again: it takes that one's name and first day, and the older one is forgotten
    #[command(
        after_help = "Example:\n  floorpass device again dev_0123456789abcdefghjkmnpqrs --was dev_1123456789abcdefghjkmnpqrs\n\nFor a browser that was installed anew. Both are of one kind, and the older one was not used since the newer came. Of two roles the older one's holds. The person is told, and evidence has it as yours."
    )]
    Again {
        /// The newer one's id, from `device list`
        id: DeviceId,
        /// The older one's
        #[arg(long, value_name = "ID")]
        was: DeviceId,
    },
    /// Move approvals from a phone to a new one; the old one is signed out and forgotten
    #[command(
        after_help = "Example:\n  floorpass link trader --phone\n  floorpass device move-phone dev_0123456789abcdefghjkmnpqrs --to dev_1123456789abcdefghjkmnpqrs --number 123456\n\nThe new phone opens the link and shows the number: ask its person for it, so that it is the phone in their hand. The person is told, and evidence has it as yours."
    )]
    MovePhone {
        /// The old phone's id, from `device list`
        id: DeviceId,
        /// The new one's
        #[arg(long, value_name = "ID")]
        to: DeviceId,
        /// The number that it shows
        #[arg(long)]
        number: String,
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
            Self::Rename { id, name } => done(global, &Request::DeviceRename { device: id, name }),
            Self::Remove { id } => done(global, &Request::DeviceRemove { device: id }),
            Self::Again { id, was } => done(global, &Request::DeviceAgain { device: id, was }),
            Self::MovePhone { id, to, number } => {
                done(global, &Request::DeviceMovePhone { device: id, to, number })
            }
        }
    }
}

fn done(global: &Global, request: &Request) -> Result<(), Failure> {
    let done: Done = control::ask(global.data(), request)?;
    output::show(global.json, &done, |done| done.text.clone())
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
