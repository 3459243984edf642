//! `floorpass backup` and `restore`.

use std::path::PathBuf;

use clap::Args;
use control::{BackupMade, Request, ServerRequest};
use gate::backup::BackupError;

use crate::exit::{Exit, Failure};
use crate::global::Global;
use crate::output;

/// Writes a backup.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  floorpass backup --to /backup/floorpass-monday\n\nThe backup does not include the key file: keep a copy of DATA/key elsewhere. Without it, a restored folder cannot read its TOTP secrets."
)]
pub struct Backup {
    /// The folder to create; it must not exist yet
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

/// Makes a data folder from a backup.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  floorpass restore --from /backup/floorpass-monday --key /safe/key --data /var/lib/floorpass\n  floorpass evidence verify --data /var/lib/floorpass"
)]
pub struct Restore {
    /// The folder with the backup
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// The key file of the original data folder
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

impl Backup {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        // The server has another working folder.
        let to = std::path::absolute(&self.to).map_err(Failure::usage)?;
        let made: BackupMade =
            control::ask(global.data(), &Request::Server(ServerRequest::Backup { to }))?;
        output::show(global.json, &made, |made| {
            format!(
                "{} holds the tables and the journal up to record {} ({} KiB)\nthe key is not in it: keep a copy of {} elsewhere",
                made.to,
                made.journal_seq,
                made.bytes >> 10,
                made.key
            )
        })
    }
}

impl Restore {
    /// Makes the folder; the server is started on it afterwards, as ever.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let data = global.data();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Failure::failed)?;
        let restored = runtime.block_on(gate::backup::restore(&self.from, &self.key, data));
        let report = restored.map_err(|e| match e {
            BackupError::Exists { .. }
            | BackupError::Inside { .. }
            | BackupError::NoBackup { .. }
            | BackupError::OtherTables { .. } => Failure::new(Exit::Refused, "NOT_RESTORED", e),
            BackupError::Key(gate::key_file::KeyFileError::Other { .. }) => {
                Failure::new(Exit::Refused, "OTHER_KEY", e)
            }
            _ => Failure::new(Exit::Failed, "NOT_RESTORED", e),
        })?;
        let made = serde_json::json!({
            "data": data.display().to_string(), "journal_seq": report.journal_seq, "bytes": report.bytes,
        });
        output::show(global.json, &made, |_| {
            format!(
                "{} is restored up to journal record {}; check it with floorpass evidence verify",
                data.display(),
                report.journal_seq
            )
        })
    }
}
