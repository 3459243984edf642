//! `floorpass notice`: list, not-me; `floorpass delivery`: how deliveries stand.

use access::NoticeId;
use clap::{Args, Subcommand};
use control::{DeliveryLine, MessageRow, Request, Stopped};

use crate::command::Global;
use crate::exit::Failure;
use crate::output;

#[derive(Debug, Subcommand)]
pub enum Notice {
    /// List the newest messages of a person, as the message centre shows them
    #[command(after_help = "Example:\n  floorpass notice list trader")]
    List {
        /// Who
        name: String,
    },
    /// Say for its person that it was not them: ends the sessions and the trust that it names
    #[command(after_help = "Example:\n  floorpass notice not-me ntc_0123456789abcdefghjkmnpqrs")]
    NotMe {
        /// Its id, from `notice list`
        id: NoticeId,
    },
}

impl Notice {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        match self {
            Self::List { name } => {
                let request = Request::NoticeList { username: name };
                let rows: Vec<MessageRow> = control::ask(global.data(), &request)?;
                output::show(global.json, &rows, |rows| list(rows))
            }
            Self::NotMe { id } => {
                let request = Request::NoticeDisown { notice: id };
                let stopped: Stopped = control::ask(global.data(), &request)?;
                output::show(global.json, &stopped, |one| {
                    let none = one.devices.is_empty();
                    let devices = if none { "none".to_owned() } else { one.devices.join(", ") };
                    format!(
                        "stopped: sessions ended {}, sign-ins dropped {}, browsers forgotten: {devices}",
                        one.sessions, one.attempts
                    )
                })
            }
        }
    }
}

fn list(rows: &[MessageRow]) -> String {
    if rows.is_empty() {
        return "there is no message".to_owned();
    }
    let texts = rows.iter().map(|row| {
        let read = if row.read { "" } else { "  unread" };
        let not_me = row.not_me.as_ref().map(|at| format!("\n  not me, said {at}"));
        let not_me = not_me.unwrap_or_default();
        format!("{}  {}  {}{read}\n  {}{not_me}", row.at, row.notice, row.topic, row.text)
    });
    texts.collect::<Vec<_>>().join("\n\n")
}

/// How deliveries stand.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  floorpass delivery\n  floorpass delivery --json")]
pub struct Delivery {
    /// Only what was not delivered
    #[arg(long)]
    open: bool,
}

impl Delivery {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let mut rows: Vec<DeliveryLine> = control::ask(global.data(), &Request::DeliveryList)?;
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
                row.fault.clone().or(row.next.clone()).unwrap_or_default(),
            ]
        })
        .collect();
    let head = ["written", "person", "topic", "channel", "to", "state", "tries", "fault or next"];
    output::table(head, &cells, "nothing was sent")
}
