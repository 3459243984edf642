//! `floorpass evidence`: verify, checkpoint, export.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use control::{ActivityRequest, CheckpointNow, ExportPart, Request, ServerRequest};

use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::global::Global;
use crate::output;

#[derive(Debug, Subcommand)]
pub enum Evidence {
    /// Check both chains and their signed checkpoints, whether or not the server runs
    #[command(
        after_help = "Examples:\n  floorpass evidence verify --data /var/lib/floorpass\n  floorpass evidence verify --checkpoint kept-elsewhere.json\n\nIf the end of a chain was cut off, the rest still verifies: only a checkpoint kept elsewhere reveals the cut."
    )]
    Verify {
        /// A checkpoint kept outside the data folder, to detect a chain whose end was cut off
        #[arg(long, value_name = "FILE")]
        checkpoint: Option<PathBuf>,
        /// The configuration file, if the database is PostgreSQL
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Sign the present ends of both chains and print them, to be kept elsewhere
    #[command(after_help = "Example:\n  floorpass evidence checkpoint > kept-elsewhere.json")]
    Checkpoint,
    /// Print the access evidence as JSON lines, with everything its hashes cover
    #[command(
        after_help = "Example:\n  floorpass evidence export > evidence.jsonl\n\nOne chain after the other, each oldest first: what concerns nobody in shard 0, what concerns a person in the shard of that person. An entry's hash is the SHA-256 of the hash before it in its shard and its own fields (see docs/operations.md). The export itself is recorded. For a readable export with names and orders, use `floorpass activity --export`."
    )]
    Export,
}

impl Evidence {
    /// Whether a configuration file is named.
    pub fn has_config(&self) -> bool {
        matches!(self, Self::Verify { config: Some(_), .. })
    }

    /// Verifies offline, or asks the running server for a checkpoint.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        match self {
            Self::Checkpoint => {
                let now: CheckpointNow =
                    control::ask(global.data(), &Request::Server(ServerRequest::Checkpoint))?;
                output::line(&now.line);
                Ok(())
            }
            Self::Export => export(global),
            Self::Verify { checkpoint, config } => verify(global, checkpoint.as_deref(), config),
        }
    }
}

fn export(global: &Global) -> Result<(), Failure> {
    let (mut shard, mut after) = (0, 0);
    loop {
        let request = Request::Activity(ActivityRequest::Evidence { shard, after });
        let part: ExportPart = control::ask(global.data(), &request)?;
        if !output::text(&part.text) {
            return Ok(());
        }
        let next = part.next.as_deref().and_then(|next| next.split_once('-'));
        match next.and_then(|(of, seq)| Some((of.parse().ok()?, seq.parse().ok()?))) {
            Some(next) => (shard, after) = next,
            None => return Ok(()),
        }
    }
}

fn verify(global: &Global, kept: Option<&Path>, config: Option<PathBuf>) -> Result<(), Failure> {
    let config = config.map(|file| Config::read(&file)).transpose()?;
    let data = config.as_ref().map_or(global.data().to_path_buf(), |c| c.folder(global));
    let database = config.and_then(|config| config.database);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::failed)?;
    let report = runtime
        .block_on(gate::evidence::evidence_verify_with(&data, database.as_deref(), kept))
        .map_err(|e| Failure::new(Exit::Failed, "NOT_VERIFIED", e))?;
    if !report.faults.is_empty() {
        return Err(Failure::new(Exit::Evidence, "EVIDENCE_ALTERED", report.faults.join("\n")));
    }
    output::show(global.json, &report, ToString::to_string)
}
