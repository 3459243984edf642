//! The server itself: what runs, checkpoints and backups.

use std::path::{Path, PathBuf};

use access::{Grade, PaperAccountId, Span, Time};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::answer::{
    BackupMade, CheckpointNow, ConditionRow, JumpRow, LockRow, ProgressRow, SocketRow, StatusNow,
};
use crate::credential;
use crate::desk::{Desk, instant, value};
use crate::fault::Fault;

/// The server itself and its data folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ServerRequest {
    /// What runs: version, addresses, sequence numbers.
    Status,
    /// Signs where both chains stand now.
    Checkpoint,
    /// Writes journal, tables and checkpoints of one point into a new folder.
    Backup {
        /// An absolute path that does not exist or is an empty folder.
        to: PathBuf,
    },
}

/// Does one request about the server.
pub(crate) async fn act(desk: &Desk<'_>, request: ServerRequest) -> Result<Value, Fault> {
    match request {
        ServerRequest::Status => value(status(desk).await),
        ServerRequest::Checkpoint => value(checkpoint(desk).await?),
        ServerRequest::Backup { to } => value(backup(desk, &to).await?),
    }
}

/// The nearest whole seconds.
const fn seconds(span: Span) -> i64 {
    span.0.saturating_add(500_000).div_euclid(1_000_000)
}

async fn status(desk: &Desk<'_>) -> StatusNow {
    let gate = desk.gate;
    // What cannot be read now is said to be unknown, for the rest is asked for most when something fails.
    let locks = gate.paper_accounts().locks().await.ok();
    let lock = |(account, grade, since): (PaperAccountId, Grade, Time)| LockRow {
        account: account.to_string(),
        grade: grade.to_string(),
        since: instant(since),
    };
    let locks = locks.map(|all| all.into_iter().map(lock).collect());
    let listeners = gate.credentials().listeners().borrow().clone();
    let sockets = listeners.iter().map(|one| SocketRow {
        name: one.name.clone(),
        port: one.bound.map_or(one.port, |bound| bound.port()),
        state: credential::state_of(one.state).to_owned(),
    });
    StatusNow {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        process: std::process::id(),
        data: desk.data.to_path_buf(),
        time: instant(gate.wall()),
        stamps_ahead: gate.clock().ahead().0.div_euclid(1_000_000),
        clock_jump: gate.clock().last_jump().map(|jump| JumpRow {
            at: instant(jump.at),
            by: seconds(jump.by),
            ahead: seconds(jump.ahead),
            text: jump.to_string(),
        }),
        durability: gate.config().durability.name().to_owned(),
        demo: gate.is_demo(),
        account: gate.account().to_string(),
        accounts: gate.paper_accounts().open_ones().iter().map(ToString::to_string).collect(),
        locks,
        journal_seq: gate.records().journal_seq(),
        catching_up: gate.markets().progress().map(|one| ProgressRow {
            from: instant(one.from),
            at: instant(one.at),
            to: instant(one.to),
            percent: one.percent(),
        }),
        portal: desk.portal.to_owned(),
        sockets: sockets.collect(),
        conditions: gate.vitals().conditions().into_iter().map(condition).collect(),
    }
}

fn condition(one: gate::HealthCondition) -> ConditionRow {
    let (code, since) = (one.code.to_owned(), instant(one.since));
    ConditionRow { code, subject: one.subject, text: one.text, since, stops: one.stops }
}

/// Signs a checkpoint and gives its line in the folder's file, the newest.
async fn checkpoint(desk: &Desk<'_>) -> Result<CheckpointNow, Fault> {
    desk.gate.records().checkpoint().await?;
    let file = desk.data.join(gate::checkpoint::FILE);
    let text = tokio::fs::read_to_string(&file)
        .await
        .map_err(|e| Fault::new("CHECKPOINT_FILE", format!("{}: {e}", file.display())))?;
    Ok(CheckpointNow { line: text.lines().last().unwrap_or_default().to_owned() })
}

async fn backup(desk: &Desk<'_>, to: &Path) -> Result<BackupMade, Fault> {
    if !to.is_absolute() {
        return Err(Fault::new(
            "PATH_NOT_ABSOLUTE",
            format!("{} is not an absolute path", to.display()),
        ));
    }
    let made = desk
        .gate
        .records()
        .backup(to)
        .await
        .map_err(|e| Fault::new("BACKUP_FAILED", e.to_string()))?;
    Ok(BackupMade {
        to: to.display().to_string(),
        journal_seq: made.journal_seq,
        bytes: made.bytes,
        key: desk.data.join("key").display().to_string(),
    })
}
