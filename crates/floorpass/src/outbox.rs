//! `floorpass outbox`: what a mail server would have sent.

use access::Number;
use clap::Args;
use control::{NoticeRequest, NoticeRow, Request};

use crate::exit::Failure;
use crate::global::Global;
use crate::output;

const MESSAGES: Number = Number::within("a number of messages", "10", 1, 1_000);

/// Messages to people.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  floorpass outbox\n  floorpass outbox --limit 1 --json")]
pub struct Outbox {
    /// Only those to this person
    person: Option<String>,
    /// How many to show, newest first
    #[arg(long, default_value_t = 10, allow_hyphen_values = true, value_parser = |typed: &str| MESSAGES.read_whole::<u32>(typed))]
    limit: u32,
}

impl Outbox {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let rows: Vec<NoticeRow> = control::ask(
            global.data(),
            &Request::Notice(NoticeRequest::Outbox { username: self.person, limit: self.limit }),
        )?;
        output::show(global.json, &rows, |rows| {
            if rows.is_empty() {
                return "the outbox is empty".to_owned();
            }
            let texts = rows.iter().map(|row| {
                let code = row.code.as_ref().map(|c| format!("\n  code {c}")).unwrap_or_default();
                format!("{}  to {}: {}\n  {}{code}", row.at, row.username, row.topic, row.text)
            });
            texts.collect::<Vec<_>>().join("\n\n")
        })
    }
}
