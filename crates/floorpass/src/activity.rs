//! `floorpass activity`: what was decided, searched and exported.

use access::Number;
use clap::Args;
use control::{ActivityNow, ActivityRequest, ActivityRow, ActivityWish, ExportPart, Request};

use crate::exit::Failure;
use crate::global::Global;
use crate::output;

const ENTRIES: Number = Number::within("a number of entries", "50", 1, 1_000);

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  floorpass activity --from 2026-11-28 --to 2026-11-28\n  floorpass activity --refused --credential trading\n  floorpass activity --kind orders --export csv > orders.csv\n\nDays are in UTC. An export has everything that matches, newest first, and is itself recorded."
)]
pub struct Activity {
    /// The first day, such as 2026-12-24
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// The last day (inclusive)
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
    /// Only what this person did, or what was done for them: user name or id
    #[arg(long, value_name = "NAME")]
    person: Option<String>,
    /// Only what this credential did, or what was done to it: name or id
    #[arg(long, value_name = "NAME")]
    credential: Option<String>,
    /// Only what was done on this device, or to it: name or id
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
    /// Only one kind: sign-ins, orders, credentials, devices, recovery, locks, settings, messages or server
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// Refused only
    #[arg(long)]
    refused: bool,
    /// Include internal steps, such as queued messages and withdrawn links
    #[arg(long)]
    steps: bool,
    /// Only entries with this text, or whose subject has it in its name
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    /// How many entries to show, 1 to 1000 [default: 50]
    #[arg(long, value_name = "NUMBER", conflicts_with = "export", allow_hyphen_values = true, value_parser = |typed: &str| ENTRIES.read_whole::<u32>(typed))]
    limit: Option<u32>,
    /// Continue from the `next` of an earlier page
    #[arg(long, value_name = "PLACE", conflicts_with = "export")]
    before: Option<String>,
    /// Print everything that matches, as CSV or JSON lines
    #[arg(long, value_name = "FORMAT", value_parser = ["csv", "jsonl"])]
    export: Option<String>,
}

impl Activity {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let wish = ActivityWish {
            from: self.from,
            to: self.to,
            person: self.person,
            credential: self.credential,
            device: self.device,
            kind: self.kind,
            refused: self.refused,
            steps: self.steps,
            text: self.text,
            limit: self.limit,
            before: self.before,
        };
        match self.export {
            Some(format) => export(global, &wish, &format),
            None => list(global, wish),
        }
    }
}

fn export(global: &Global, wish: &ActivityWish, format: &str) -> Result<(), Failure> {
    let mut wish = wish.clone();
    loop {
        let request = Request::Activity(ActivityRequest::Export {
            wish: wish.clone(),
            format: format.to_owned(),
        });
        let part: ExportPart = control::ask(global.data(), &request)?;
        if !output::text(&part.text) {
            return Ok(());
        }
        match part.next {
            Some(next) => wish.before = Some(next),
            None => return Ok(()),
        }
    }
}

fn list(global: &Global, wish: ActivityWish) -> Result<(), Failure> {
    let now: ActivityNow =
        control::ask(global.data(), &Request::Activity(ActivityRequest::List(wish)))?;
    output::show(global.json, &now, |now| {
        let cells: Vec<[String; 5]> = now.entries.iter().map(cells).collect();
        let head = ["time", "who", "event", "refused", "what happened"];
        let table = output::table(head, &cells, "nothing matches");
        let table = if now.behind {
            format!(
                "{table}\n\nThe newest orders are still being added; try again in a moment. If they stay away, `floorpass doctor` says why."
            )
        } else {
            table
        };
        match (&now.next, &now.searched_to) {
            (Some(next), Some(time)) => {
                format!(
                    "{table}\n\nSearched back to {time}. To search further back, add --before {next}"
                )
            }
            (Some(next), None) => format!("{table}\n\nMore entries: add --before {next}"),
            (None, _) => table,
        }
    })
}

fn cells(row: &ActivityRow) -> [String; 5] {
    let text = if row.count > 1 {
        format!("{} ({} times)", row.text, row.count)
    } else {
        row.text.clone()
    };
    let refusal = row.refusal.clone().unwrap_or_default();
    [row.at.clone(), row.who.clone(), row.event.clone(), refusal, text]
}
