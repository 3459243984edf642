//! `floorpass notice`: list, show, read, not-me; `floorpass delivery`: how deliveries stand.

use access::NoticeId;
use clap::{Args, Subcommand};
use control::{DeliveryLine, MessageRow, NoticeRequest, Request, Stopped};

use crate::exit::Failure;
use crate::global::Global;
use crate::output;
use crate::which::{Which, done, only, which};

#[derive(Debug, Subcommand)]
pub enum NoticeCommand {
    /// List a person's newest messages, as their message centre shows them
    #[command(after_help = "Examples:\n  floorpass notice list\n  floorpass notice list trader")]
    List {
        /// Only this person's (user name)
        person: Option<String>,
    },
    /// Show one of the newest messages
    #[command(after_help = "Example:\n  floorpass notice show ntc_0123456789abcdefghjkmnpqrs")]
    Show {
        /// Its id, from `notice list`; with a user name, or nothing, it lists
        #[arg(value_name = "ID")]
        which: Option<String>,
    },
    /// Mark a message as read, or all of a person's; the evidence records that you did it
    #[command(
        after_help = "Examples:\n  floorpass notice read ntc_0123456789abcdefghjkmnpqrs\n  floorpass notice read --all-of trader"
    )]
    Read {
        /// Its id, from `notice list`
        #[arg(required_unless_present = "all_of")]
        id: Option<NoticeId>,
        /// All messages to this person
        #[arg(long, value_name = "NAME", conflicts_with = "id")]
        all_of: Option<String>,
    },
    /// Answer 'this was not me' for the person: ends the sessions and the trust that the message names
    #[command(after_help = "Example:\n  floorpass notice not-me ntc_0123456789abcdefghjkmnpqrs")]
    NotMe {
        /// Its id, from `notice list`
        id: NoticeId,
    },
}

impl NoticeCommand {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        match self {
            Self::List { person } => list(global, person),
            Self::Show { which: typed } => match which(typed, "ntc_")? {
                Which::Of(person) => list(global, person),
                Which::One(id) => {
                    let row = only(rows(global, None)?, "notice", id, |row| row.notice == id)?;
                    output::show(global.json, &row, |row| texts(std::slice::from_ref(row)))
                }
            },
            Self::Read { id: Some(notice), .. } => {
                done(global, &Request::Notice(NoticeRequest::Read { notice }))
            }
            Self::Read { all_of: Some(username), .. } => {
                done(global, &Request::Notice(NoticeRequest::ReadAll { username }))
            }
            Self::Read { .. } => Err(Failure::usage("name a message, or a person with --all-of")),
            Self::NotMe { id } => {
                let request = Request::Notice(NoticeRequest::Disown { notice: id });
                let stopped: Stopped = control::ask(global.data(), &request)?;
                output::show(global.json, &stopped, |one| {
                    let none = one.devices.is_empty();
                    let devices = if none { "none".to_owned() } else { one.devices.join(", ") };
                    format!(
                        "sessions ended: {}, sign-ins stopped: {}, browsers removed: {devices}",
                        one.sessions, one.attempts
                    )
                })
            }
        }
    }
}

fn rows(global: &Global, username: Option<String>) -> Result<Vec<MessageRow>, Failure> {
    Ok(control::ask(global.data(), &Request::Notice(NoticeRequest::List { username }))?)
}

fn list(global: &Global, person: Option<String>) -> Result<(), Failure> {
    output::show(global.json, &rows(global, person)?, |rows| texts(rows))
}

fn texts(rows: &[MessageRow]) -> String {
    if rows.is_empty() {
        return "no messages".to_owned();
    }
    let texts = rows.iter().map(|row| {
        let read = if row.read { "" } else { "  unread" };
        let not_me = row.not_me.as_ref().map(|at| format!("\n  answered 'not me' {at}"));
        let not_me = not_me.unwrap_or_default();
        let (at, notice, username) = (&row.at, row.notice, &row.username);
        format!("{at}  {notice}  to {username}: {}{read}\n  {}{not_me}", row.topic, row.text)
    });
    texts.collect::<Vec<_>>().join("\n\n")
}

/// How deliveries stand.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  floorpass delivery\n  floorpass delivery --json")]
pub struct DeliveryCommand {
    /// Only those to this person
    person: Option<String>,
    /// Only messages that were not delivered
    #[arg(long)]
    open: bool,
}

impl DeliveryCommand {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let mut rows: Vec<DeliveryLine> = control::ask(
            global.data(),
            &Request::Notice(NoticeRequest::Deliveries { username: self.person }),
        )?;
        rows.retain(|row| !self.open || row.state != "delivered");
        output::show(global.json, &rows, |rows| table(rows))
    }
}

fn table(rows: &[DeliveryLine]) -> String {
    let cells: Vec<[String; 8]> = rows
        .iter()
        .map(|row| {
            [
                row.at.clone(),
                row.username.clone(),
                row.topic.clone(),
                row.channel.clone(),
                row.target.clone(),
                row.state.clone(),
                row.tries.to_string(),
                row.fault.clone().or(row.next_try.clone()).unwrap_or_default(),
            ]
        })
        .collect();
    let head =
        ["written", "person", "topic", "channel", "to", "state", "tries", "error or next try"];
    output::table(head, &cells, "no deliveries")
}
