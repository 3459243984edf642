//! `floorpass device`: list, show, rename, role, block, remove, again, move-phone.

use access::DeviceId;
use access::device::DeviceRole;
use clap::Subcommand;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use control::{DeviceRequest, DeviceRow, Request};

use crate::exit::Failure;
use crate::global::Global;
use crate::output;
use crate::which::{Which, done, only, which};

#[derive(Debug, Subcommand)]
pub enum DeviceCommand {
    /// List devices
    #[command(
        after_help = "Examples:\n  floorpass device list\n  floorpass device list trader --json"
    )]
    List {
        /// Only this person's (user name)
        person: Option<String>,
    },
    /// Show one device
    #[command(after_help = "Example:\n  floorpass device show dev_0123456789abcdefghjkmnpqrs")]
    Show {
        /// Its id, from `device list`; with a user name, or nothing, it lists
        #[arg(value_name = "ID")]
        which: Option<String>,
    },
    /// Rename a device
    #[command(
        after_help = "Example:\n  floorpass device rename dev_0123456789abcdefghjkmnpqrs 'office laptop'"
    )]
    Rename {
        /// Its id, from `device list`
        id: DeviceId,
        /// The new name
        name: String,
    },
    /// Say what a device may be used for, at most
    #[command(
        after_help = "Example:\n  floorpass device role dev_0123456789abcdefghjkmnpqrs view\n\nview only shows; automate also manages credentials; trade also places orders; administer does all. A person's own rights and policies narrow it further."
    )]
    Role {
        /// Its id, from `device list`
        id: DeviceId,
        /// What it may do
        #[arg(value_parser = role_names().try_map(|name| role(&name)))]
        role: DeviceRole,
    },
    /// Block a device: its sessions end, and it cannot be activated again until it is removed
    #[command(after_help = "Example:\n  floorpass device block dev_0123456789abcdefghjkmnpqrs")]
    Block {
        /// Its id, from `device list`
        id: DeviceId,
    },
    /// Remove a device, or all of a person: its sessions end, and it must be activated again
    #[command(
        after_help = "Examples:\n  floorpass device remove dev_0123456789abcdefghjkmnpqrs\n  floorpass device remove --all-of trader --except dev_0123456789abcdefghjkmnpqrs"
    )]
    Remove {
        /// Its id, from `device list`
        #[arg(required_unless_present = "all_of")]
        id: Option<DeviceId>,
        /// All devices of this person
        #[arg(long, value_name = "NAME", conflicts_with = "id")]
        all_of: Option<String>,
        /// But not this one
        #[arg(long, value_name = "ID", requires = "all_of")]
        except: Option<DeviceId>,
    },
    /// Merge a reinstalled browser with its older entry: it keeps the older name and first day, and the older entry goes
    #[command(
        after_help = "Example:\n  floorpass device again dev_0123456789abcdefghjkmnpqrs --was dev_1123456789abcdefghjkmnpqrs\n\nFor a browser that was reinstalled. Both must be the same kind of browser, and the older one must not have been used since the newer one appeared. The older one's role is kept. The person is notified, and the evidence records that you did it."
    )]
    Again {
        /// The newer device's id, from `device list`
        id: DeviceId,
        /// The older device's id
        #[arg(long, value_name = "ID")]
        was: DeviceId,
    },
    /// Move approvals to a new phone; the old one is signed out and removed
    #[command(
        after_help = "Example:\n  floorpass link trader --phone\n  floorpass device move-phone dev_0123456789abcdefghjkmnpqrs --to dev_1123456789abcdefghjkmnpqrs --number 123456\n\nOpen the link on the new phone; it shows a number. Ask the person to read it to you: that proves the phone is in their hand. The person is notified, and the evidence records that you did it."
    )]
    MovePhone {
        /// The old phone's id, from `device list`
        id: DeviceId,
        /// The new phone's id
        #[arg(long, value_name = "ID")]
        to: DeviceId,
        /// The number that the new phone shows
        #[arg(long)]
        number: String,
    },
}

/// The names of the roles.
fn role_names() -> PossibleValuesParser {
    PossibleValuesParser::new(DeviceRole::ALL.map(DeviceRole::name))
}

/// The role of a name.
fn role(name: &str) -> Result<DeviceRole, &'static str> {
    let mut all = DeviceRole::ALL.into_iter();
    all.find(|role| role.name() == name).ok_or("this role does not exist; use one of those listed")
}

impl DeviceCommand {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        match self {
            Self::List { person } => list(global, person),
            Self::Show { which: typed } => match which(typed, "dev_")? {
                Which::Of(person) => list(global, person),
                Which::One(id) => {
                    let row = only(rows(global, None)?, "device", id, |row| row.device == id)?;
                    output::show(global.json, &row, words)
                }
            },
            Self::Role { id, role } => {
                done(global, &Request::Device(DeviceRequest::Role { device: id, role }))
            }
            Self::Block { id } => {
                done(global, &Request::Device(DeviceRequest::Block { device: id }))
            }
            Self::Rename { id, name } => {
                done(global, &Request::Device(DeviceRequest::Rename { device: id, name }))
            }
            Self::Remove { id: Some(device), .. } => {
                done(global, &Request::Device(DeviceRequest::Remove { device }))
            }
            Self::Remove { all_of: Some(username), except, .. } => {
                done(global, &Request::Device(DeviceRequest::RemoveAll { username, except }))
            }
            Self::Remove { .. } => Err(Failure::usage("name a device, or a person with --all-of")),
            Self::Again { id, was } => {
                done(global, &Request::Device(DeviceRequest::Again { device: id, was }))
            }
            Self::MovePhone { id, to, number } => {
                done(global, &Request::Device(DeviceRequest::MovePhone { device: id, to, number }))
            }
        }
    }
}

fn rows(global: &Global, username: Option<String>) -> Result<Vec<DeviceRow>, Failure> {
    Ok(control::ask(global.data(), &Request::Device(DeviceRequest::List { username }))?)
}

fn list(global: &Global, person: Option<String>) -> Result<(), Failure> {
    output::show(global.json, &rows(global, person)?, |rows| table(rows))
}

fn words(row: &DeviceRow) -> String {
    let none = || "none".to_owned();
    let facts = [
        ("person", row.username.clone()),
        ("name", row.name.clone()),
        ("state", row.state.clone()),
        ("trusted until", row.trusted_until.clone().unwrap_or_else(none)),
        ("role", row.role.clone()),
        ("approvals", if row.approver { "yes" } else { "no" }.to_owned()),
        ("first use", row.first_use.clone()),
        ("last use", row.last_use.clone()),
        ("address", row.address.clone().unwrap_or_else(none)),
        ("sessions", row.sessions.to_string()),
    ];
    let lines = facts.iter().map(|(what, value)| format!("\n  {what:<14} {value}"));
    format!("{}{}", row.device, lines.collect::<String>())
}

fn table(rows: &[DeviceRow]) -> String {
    let cells: Vec<[String; 9]> = rows
        .iter()
        .map(|row| {
            [
                row.device.to_string(),
                row.username.clone(),
                row.name.clone(),
                row.browser.clone().unwrap_or_else(|| "unknown".to_owned()),
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
    let heads = [
        "device",
        "person",
        "name",
        "browser",
        "state",
        "first use",
        "last use",
        "network",
        "sessions",
    ];
    output::table(heads, &cells, "no devices")
}
