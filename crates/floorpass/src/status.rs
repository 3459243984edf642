//! `floorpass status`: what runs on a data folder.

use clap::Args;
use control::{Request, StatusNow};

use crate::command::Global;
use crate::exit::Failure;
use crate::output;

/// What runs.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  floorpass status\n  floorpass status --json --data /var/lib/floorpass"
)]
pub struct Status {}

/// Asks the running server.
pub fn run(global: &Global) -> Result<(), Failure> {
    let now: StatusNow = control::ask(global.data(), &Request::Status)?;
    output::show(global.json, &now, words)
}

fn words(now: &StatusNow) -> String {
    let mut lines = vec![
        format!("floorpass {} on {}, process {}", now.version, now.data.display(), now.process),
        format!("time {}, durability {}, journal at {}", now.time, now.durability, now.journal_seq),
        format!("portal {}", now.portal),
    ];
    lines.extend(now.catching_up.iter().map(|one| {
        let (at, to, percent) = (&one.at, &one.to, one.percent);
        format!("markets: catching up on time that was missed, at {at} of {to} ({percent} %)")
    }));
    lines.extend(now.clock_jump.iter().map(|jump| format!("clock: {} ({})", jump.text, jump.at)));
    lines.extend(now.sockets.iter().map(|s| format!("socket {} {} ({})", s.name, s.port, s.state)));
    lines.extend(
        now.conditions.iter().map(|c| format!("WARNING {} since {}: {}", c.code, c.since, c.text)),
    );
    lines.join("\n")
}
