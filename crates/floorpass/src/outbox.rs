//! `floorpass outbox`: what a mail server would have sent.

use clap::Args;
use control::{NoticeRow, Request};

use crate::command::Global;
use crate::exit::Failure;
use crate::output;

/// Messages to people.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  floorpass outbox\n  floorpass outbox --limit 1 --json")]
pub struct Outbox {
    /// How many, newest first
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
}

impl Outbox {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let rows: Vec<NoticeRow> =
            control::ask(global.data(), &Request::Outbox { limit: self.limit })?;
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
