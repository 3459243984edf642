//! `floorpass upgrade`: brings the data folder of an older version up to this one's, or says what that would do.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use gate::Gate;
use gate::upgrade::{self, CopyError, UpgradeError, UpgradeReport};
use serde::Serialize;
use url::Url;

use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::global::Global;
use crate::output;
use crate::server;

/// Upgrades a data folder.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  floorpass upgrade --check --data /var/lib/floorpass\n  floorpass upgrade --copy-to /backup/floorpass-before --data /var/lib/floorpass\n\n`serve` and `demo` do the same when they start on the folder of an older version: the folder is copied, then its tables are brought up to date, and sessions and pending approvals end. Devices, authenticators, credentials and orders stay. If it is interrupted, the next start continues. To go back, stop the server and use the copy with the older program."
)]
pub struct Upgrade {
    /// Only show what an upgrade would do, and verify that it works; nothing is changed, and a server may be running
    #[arg(long)]
    check: bool,
    /// Where to copy the folder to first; it must not exist yet [default: beside the folder]
    #[arg(long, value_name = "DIR")]
    copy_to: Option<PathBuf>,
    /// The configuration file of a folder that `init` created
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// What was done.
#[derive(Serialize)]
struct Done {
    data: PathBuf,
    /// Whether the folder was of an older version.
    upgraded: bool,
    /// Where its copy is.
    copy: Option<PathBuf>,
}

impl Upgrade {
    /// Whether a configuration file is named.
    pub fn has_config(&self) -> bool {
        self.config.is_some()
    }

    /// Looks, or does it.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let config = self.config.as_deref().map(Config::read).transpose()?;
        let data = config.as_ref().map_or(global.data().to_path_buf(), |c| c.folder(global));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(Failure::failed)?;
        let to = self.copy_to.as_deref();
        if self.check {
            let database = config.as_ref().and_then(|config| config.database.as_deref());
            let looked = runtime.block_on(upgrade::look(&data, database, to));
            return show(global, &looked.map_err(|error| failure(&error))?);
        }
        let gate = match &config {
            Some(config) => config.gate(data.clone())?,
            None => without_doors(&data)?,
        };
        let copy = runtime.block_on(async {
            let prepared = upgrade::prepare(&data, gate.database.as_deref(), to).await;
            let copy = prepared.map_err(|error| failure(&error))?;
            if copy.is_some() {
                let gate = Gate::open(gate).await.map_err(|error| server::open_failure(&error))?;
                let closed = gate.close().await;
                closed.map_err(|why| Failure::refused(Exit::Failed, &why))?;
            }
            Ok::<_, Failure>(copy)
        })?;
        let done = Done { data, upgraded: copy.is_some(), copy };
        output::show(global.json, &done, |done| match &done.copy {
            Some(copy) => format!(
                "{} is up to date; its copy from before is {}. Delete the copy once you no longer need it",
                done.data.display(),
                copy.display()
            ),
            None => format!("{} is up to date; nothing was changed", done.data.display()),
        })
    }
}

/// What a folder without a configuration is opened with: no door opens, so no address matters.
fn without_doors(data: &Path) -> Result<gate::Config, Failure> {
    let facts = gate::folder::read_facts(data);
    let demo = facts.map_err(Failure::failed)?.is_some_and(|facts| facts.demo);
    Ok(gate::Config {
        data: data.to_owned(),
        database: None,
        durability: gate::Durability::Disk,
        demo,
        seed: None,
        hours: gate::Hours::RoundTheClock,
        portal_origin: Url::parse("http://localhost/").map_err(Failure::failed)?,
        passkeys: None,
        token_required_by_default: false,
    })
}

/// Says what an upgrade would do; a failure where it could not be done.
fn show(global: &Global, report: &UpgradeReport) -> Result<(), Failure> {
    if !report.evidence.faults.is_empty() {
        let text = report.evidence.faults.join("\n");
        return Err(Failure::new(Exit::Evidence, "EVIDENCE_ALTERED", text));
    }
    if let (Some(copy), false) = (&report.copy, report.has_room()) {
        let (to, needed, free) = (copy.clone(), report.needed_bytes, report.free_bytes);
        return Err(failure(&CopyError::NoRoom { to, needed, free }.into()));
    }
    output::show(global.json, report, in_words)
}

fn in_words(report: &UpgradeReport) -> String {
    let mut text = String::new();
    match &report.copy {
        None => writeln!(text, "up to date: the tables have schema {}", report.schema),
        Some(copy) => writeln!(
            text,
            "an upgrade would copy the folder to {} ({} MiB; {} MiB are free there), bring the tables from schema {} to {}, and end {} sessions and {} pending approvals",
            copy.display(),
            report.needed_bytes.div_ceil(1 << 20),
            report.free_bytes >> 20,
            report.schema,
            report.newest,
            report.sessions,
            report.approvals
        ),
    }
    .ok();
    if let (Some(_), Some(bytes)) = (&report.copy, report.database_bytes) {
        writeln!(
            text,
            "the tables would be copied within PostgreSQL, where that takes about {} MiB; PostgreSQL does not say how much is free, so look before you upgrade",
            bytes.div_ceil(1 << 20)
        )
        .ok();
    }
    text.push_str(&report.evidence.to_string());
    text
}

fn failure(error: &UpgradeError) -> Failure {
    let (exit, code) = match error {
        UpgradeError::Copy(CopyError::NoRoom { .. }) => (Exit::Refused, "NO_ROOM"),
        UpgradeError::Copy(CopyError::Exists(_)) => (Exit::Refused, "FOLDER_EXISTS"),
        UpgradeError::Copy(CopyError::Inside(_)) => (Exit::Refused, "FOLDER_INSIDE"),
        UpgradeError::Folder(gate::folder::FolderError::InUse { .. }) => {
            (Exit::InUse, "FOLDER_IN_USE")
        }
        _ => (Exit::Failed, "NOT_UPGRADED"),
    };
    Failure::new(exit, code, error)
}
