//! `floorpass status`: what runs on a data folder.

use clap::Args;
use control::{Request, ServerRequest, StatusNow};

use crate::exit::Failure;
use crate::global::Global;
use crate::output;
use crate::registry;

/// What runs.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  floorpass status\n  floorpass status --all\n  floorpass status --json --data /var/lib/floorpass"
)]
pub struct StatusCommand {
    /// Show every server of this user
    #[arg(long)]
    all: bool,
}

impl StatusCommand {
    /// Whether it asks every server.
    pub const fn is_of_all(&self) -> bool {
        self.all
    }

    /// Asks the running server, or each of them.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        if !self.all {
            let now: StatusNow =
                control::ask(global.data(), &Request::Server(ServerRequest::Status))?;
            return output::show(global.json, &now, words);
        }
        let servers = registry::running();
        let asked = servers
            .iter()
            .map(|one| control::ask(&one.data, &Request::Server(ServerRequest::Status)));
        let all: Vec<StatusNow> = asked.collect::<Result<_, _>>()?;
        output::show(global.json, &all, |all| {
            if all.is_empty() {
                return "no server of this user is running".to_owned();
            }
            all.iter().map(words).collect::<Vec<_>>().join("\n\n")
        })
    }
}

fn words(now: &StatusNow) -> String {
    let mut lines = vec![
        format!("floorpass {} on {}, process {}", now.version, now.data.display(), now.process),
        format!("time {}, durability {}, journal at {}", now.time, now.durability, now.journal_seq),
        format!("portal {}", now.portal),
    ];
    match &now.locks {
        Some(locks) => lines.extend(locks.iter().map(|one| {
            let (account, grade, since) = (&one.account, &one.grade, &one.since);
            format!("locked: account {account}, {grade}, since {since}")
        })),
        None => lines.push("locked: not known, since the tables cannot be read now".to_owned()),
    }
    lines.extend(now.catching_up.iter().map(|one| {
        let (at, to, percent) = (&one.at, &one.to, one.percent);
        format!("markets: catching up on missed time, at {at} of {to} ({percent} %)")
    }));
    lines.extend(now.clock_jump.iter().map(|jump| format!("clock: {} ({})", jump.text, jump.at)));
    lines.extend(now.sockets.iter().map(|s| format!("socket {} {} ({})", s.name, s.port, s.state)));
    lines.extend(
        now.conditions.iter().map(|c| format!("WARNING {} since {}: {}", c.code, c.since, c.text)),
    );
    lines.join("\n")
}
