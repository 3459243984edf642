//! `floorpass recovery`: recoveries, how they go, and who may vouch.

use access::{Number, RecoveryId, TrusteeId};
use clap::{Args, Subcommand};
use control::{
    RecoveryContactRow, RecoveryMade, RecoveryPolicyNow, RecoveryRequest, RecoveryRow,
    RecoveryWish, Request,
};

use crate::exit::Failure;
use crate::global::Global;
use crate::output;
use crate::which::{Which, done, which};

const HOURS: Number = Number::count("a number of hours", "48");
const CONTACTS: Number = Number::within("a number of contacts", "2", 0, 1_000);

#[derive(Debug, Subcommand)]
pub enum RecoveryCommand {
    /// List the recoveries of recent weeks
    #[command(
        after_help = "Examples:\n  floorpass recovery list --json\n  floorpass recovery list trader"
    )]
    List {
        /// Only this person's (user name)
        person: Option<String>,
    },
    /// Show one recovery
    #[command(after_help = "Example:\n  floorpass recovery show rcv_0123456789abcdefghjkmnpqrs")]
    Show {
        /// Its id, from `recovery list`; with a user name, or nothing, it lists
        #[arg(value_name = "ID")]
        which: Option<String>,
    },
    /// Start a recovery for a person you know, and print a link for their browser
    #[command(
        after_help = "Example:\n  floorpass recovery begin trader\n\nIt waits like any other recovery, and the person is notified in the same way. Send them the link by a channel you trust: the recovery continues in the first browser that opens it."
    )]
    Begin {
        /// The person's user name
        name: String,
    },
    /// Show how a person's recoveries go: how long they wait, and how many contacts let in at once
    #[command(
        after_help = "Examples:\n  floorpass recovery policy\n  floorpass recovery policy trader --json"
    )]
    Policy {
        /// The person's user name; not needed where there is one person
        name: Option<String>,
    },
    /// Change how a person's recoveries go, from the next one on. The person is notified
    SetPolicy(SetPolicy),
    /// List a person's recovery contacts
    #[command(after_help = "Example:\n  floorpass recovery contacts trader")]
    Contacts {
        /// The person's user name; not needed where there is one person
        name: Option<String>,
    },
    /// Name a recovery contact for a person; both are notified, and the contact counts once they accept
    #[command(
        after_help = "Example:\n  floorpass recovery name-contact trader bob\n\nWhether anybody has that name is not said."
    )]
    NameContact {
        /// The person's user name
        name: String,
        /// The contact's user name
        contact: String,
    },
    /// Remove a recovery contact of a person. The person is notified
    #[command(
        after_help = "Example:\n  floorpass recovery remove-contact trader trs_0123456789abcdefghjkmnpqrs"
    )]
    RemoveContact {
        /// The person's user name
        name: String,
        /// The contact's id, from `recovery contacts`
        id: TrusteeId,
    },
    /// Stop a recovery
    #[command(after_help = "Example:\n  floorpass recovery cancel rcv_0123456789abcdefghjkmnpqrs")]
    Cancel {
        /// Its id, from `recovery list`
        id: RecoveryId,
    },
}

/// How recoveries are to go. What is not named stays as it is.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  floorpass recovery set-policy trader --hours 48\n  floorpass recovery set-policy trader --contacts 2 --waiting off"
)]
pub struct SetPolicy {
    /// The person's user name
    name: String,
    /// Hours that a recovery waits, from 24 (one day) to 720 (30 days)
    #[arg(long, value_name = "HOURS", required_unless_present_any = ["contacts", "waiting"], allow_hyphen_values = true, value_parser = |typed: &str| HOURS.read_whole::<u32>(typed))]
    hours: Option<u32>,
    /// How many contacts let in at once; 0 for none
    #[arg(long, value_name = "COUNT", allow_hyphen_values = true, value_parser = |typed: &str| CONTACTS.read_whole::<u32>(typed))]
    contacts: Option<u32>,
    /// Whether waiting lets in too, where contacts do
    #[arg(long, value_name = "ON|OFF", value_parser = ["on", "off"])]
    waiting: Option<String>,
}

impl RecoveryCommand {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let data = global.data();
        match self {
            Self::List { person } => list(global, person),
            Self::Show { which: typed } => match which(typed, "rcv_")? {
                Which::Of(person) => list(global, person),
                Which::One(recovery) => {
                    let request = Request::Recovery(RecoveryRequest::Show { recovery });
                    let row: RecoveryRow = control::ask(data, &request)?;
                    output::show(global.json, &row, words)
                }
            },
            Self::Begin { name } => {
                let request = Request::Recovery(RecoveryRequest::Begin { username: name });
                let made: RecoveryMade = control::ask(data, &request)?;
                output::show(global.json, &made, |made| {
                    let ready = made.ready.as_ref().map_or_else(
                        || "once their recovery contacts vouch".to_owned(),
                        |at| format!("from {at}"),
                    );
                    format!(
                        "{}\nfor {} to open in their own browser; it can sign in {ready}",
                        made.url, made.username
                    )
                })
            }
            Self::Policy { name } => {
                policy(global, &Request::Recovery(RecoveryRequest::Policy { username: name }))
            }
            Self::SetPolicy(set) => {
                let wish = RecoveryWish {
                    username: set.name,
                    hours: set.hours,
                    contacts: set.contacts,
                    waiting: set.waiting.map(|word| word == "on"),
                };
                policy(global, &Request::Recovery(RecoveryRequest::SetPolicy(wish)))
            }
            Self::Contacts { name } => contacts(global, name),
            Self::NameContact { name, contact } => done(
                global,
                &Request::Recovery(RecoveryRequest::NameContact { username: name, contact }),
            ),
            Self::RemoveContact { name, id } => done(
                global,
                &Request::Recovery(RecoveryRequest::RemoveContact { username: name, contact: id }),
            ),
            Self::Cancel { id } => {
                let request = Request::Recovery(RecoveryRequest::Cancel { recovery: id });
                done(global, &request)
            }
        }
    }
}

fn policy(global: &Global, request: &Request) -> Result<(), Failure> {
    let now: RecoveryPolicyNow = control::ask(global.data(), request)?;
    output::show(global.json, &now, |now| {
        let contacts = match (now.needed, now.waits) {
            (0, _) => "none needed".to_owned(),
            (needed, true) => format!("{needed} let in at once; waiting does too"),
            (needed, false) => format!("{needed} needed; waiting does not let in"),
        };
        format!(
            "person    {}\nwait      {} hours\ncontacts  {contacts}",
            now.username, now.wait_hours
        )
    })
}

fn contacts(global: &Global, username: Option<String>) -> Result<(), Failure> {
    let request = Request::Recovery(RecoveryRequest::Contacts { username });
    let rows: Vec<RecoveryContactRow> = control::ask(global.data(), &request)?;
    output::show(global.json, &rows, |rows| {
        let cells: Vec<[String; 4]> = rows
            .iter()
            .map(|row| {
                let accepted = row.accepted.clone().unwrap_or_else(|| "not yet".to_owned());
                [row.contact.to_string(), row.contact_name.clone(), row.since.clone(), accepted]
            })
            .collect();
        output::table(["contact", "name", "named", "accepted"], &cells, "no recovery contacts")
    })
}

fn list(global: &Global, username: Option<String>) -> Result<(), Failure> {
    let rows: Vec<RecoveryRow> =
        control::ask(global.data(), &Request::Recovery(RecoveryRequest::List { username }))?;
    output::show(global.json, &rows, |rows| table(rows))
}

fn table(rows: &[RecoveryRow]) -> String {
    let cells: Vec<[String; 6]> = rows
        .iter()
        .map(|row| {
            [
                row.recovery.to_string(),
                row.username.clone(),
                row.begun.clone(),
                row.address.clone().unwrap_or_default(),
                row.state.clone(),
                row.ready.clone().unwrap_or_default(),
            ]
        })
        .collect();
    let head = ["recovery", "person", "begun", "from", "state", "ready"];
    output::table(head, &cells, "no recoveries")
}

/// From where, and in which browser, as far as there is one.
fn place(row: &RecoveryRow) -> String {
    let address = row.address.iter().map(|address| format!(" from {address}"));
    let browser = row.browser.iter().map(|browser| format!(" ({browser})"));
    address.chain(browser).collect()
}

fn words(row: &RecoveryRow) -> String {
    let mut lines = vec![
        format!("recovery {}", row.recovery),
        format!("person   {}", row.username),
        format!("begun    {} by {}{}", row.begun, row.begun_by, place(row)),
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
