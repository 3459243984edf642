//! Bringing the folder of an older version up to this one's: what it would do, the copy that is kept for the way
//! back, and the end of what must not be carried over.
//!
//! ```text
//! copy to NAME.part -> rename to NAME -> note (upgrade.json) -> schema, step by step
//!     -> sessions and pending approvals end, person by person -> fact in the tables -> note removed
//! ```
//!
//! Stopped anywhere, the next start goes on: a copy that was not finished is made again, one that the note
//! speaks of is not, and every later step is done only where it is not done yet.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use access::call::{By, Call, Source};
use access::{Command, Refusal, Slice, session};
use serde::Serialize;
use store::{Key, Store, StoreError, migration};
use trade::instrument::Instruments;

pub use self::aside::CopyError;
use self::aside::{NOTE, copy_aside, needed, place};
use crate::Gate;
use crate::evidence::{EvidenceReport, VerifyError, Waiting, verified};
use crate::folder::{self, DATABASE, Folder, FolderError, read_facts};
use crate::open::OpenError;
use crate::tables::{self, SIGNED_OUT_FACT};

pub(crate) mod aside;

/// Why a folder could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum UpgradeError {
    /// It could not be copied first; nothing in it was changed.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// The folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The check.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// The tables.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What an upgrade would do, and whether it can.
#[derive(Debug, Clone, Serialize)]
pub struct UpgradeReport {
    /// The number of the tables' schema.
    pub schema: i64,
    /// The number that this version brings it to.
    pub newest: i64,
    /// Where the copy of the folder would be; none when nothing is to be done.
    pub copy: Option<PathBuf>,
    /// Bytes that the copy takes.
    pub needed_bytes: u64,
    /// Bytes that are free where it would be.
    pub free_bytes: u64,
    /// Bytes that the copy of the tables takes in a PostgreSQL database, about; PostgreSQL does not say how many are free
    /// there. None where the tables are in the folder.
    pub database_bytes: Option<u64>,
    /// Sessions that it ends.
    pub sessions: usize,
    /// Approvals that are waiting for an answer, which it ends.
    pub approvals: usize,
    /// The check of both chains, after the upgrade of a copy of the tables.
    pub evidence: EvidenceReport,
}

impl UpgradeReport {
    /// Whether there is nothing to do.
    pub fn is_current(&self) -> bool {
        self.schema == self.newest
    }

    /// Whether there is room for the copy.
    pub fn has_room(&self) -> bool {
        self.is_current() || self.free_bytes >= self.needed_bytes
    }
}

/// What an upgrade of a folder would do; nothing in it is changed, and a server may run on it meanwhile. The
/// tables are copied, the copy is brought up to date, all its evidence is applied again and compared with it, and the
/// journal is replayed and compared with its snapshots.
///
/// # Errors
/// The tables have a newer schema, or something could not be read.
pub async fn look(
    data: &Path,
    database: Option<&str>,
    to: Option<&Path>,
) -> Result<UpgradeReport, UpgradeError> {
    read_facts(data)?.ok_or_else(|| VerifyError::NoFolder(data.to_owned()))?;
    let url = tables_url(data, database)?;
    let store = Store::connect(&url).await?;
    let newest = migration::newest();
    let schema = store.schema().await?.unwrap_or(newest);
    let database_bytes = store.database_bytes().await?;
    store.close().await;
    if schema > newest {
        return Err(StoreError::NewerSchema { found: schema, newest }.into());
    }
    let (evidence, Waiting { sessions, approvals }) =
        verified((data, database), None, Instruments::builtin()).await?;
    let copy = if schema < newest { Some(place(data, newest, to)?) } else { None };
    let beside = copy.as_deref().unwrap_or(data);
    let needed_bytes = needed(data)?;
    let free_bytes = folder::free(beside).map_err(aside::io(beside))?;
    Ok(UpgradeReport {
        schema,
        newest,
        copy,
        needed_bytes,
        free_bytes,
        database_bytes,
        sessions,
        approvals,
        evidence,
    })
}

/// The address of a folder's tables.
fn tables_url(data: &Path, database: Option<&str>) -> Result<String, VerifyError> {
    tables::url(data, database).ok_or_else(|| VerifyError::NoTables(data.join(DATABASE)))
}

/// Copies a stopped folder aside, to `to` or beside it, for an upgrade that follows; gives the copy's place, or none
/// when the folder is up to date.
pub async fn prepare(
    data: &Path,
    database: Option<&str>,
    to: Option<&Path>,
) -> Result<Option<PathBuf>, UpgradeError> {
    let facts = read_facts(data)?.ok_or_else(|| VerifyError::NoFolder(data.to_owned()))?;
    let folder = Folder::open(data, facts.demo, facts.segment_bytes)?;
    let store = Store::connect(&tables_url(data, database)?).await?;
    let copied = copy_aside(&folder, &store, to).await;
    store.close().await;
    Ok(copied?)
}

impl Gate {
    /// Ends the sessions and the pending approvals of an older version, once for each schema: what they may do was
    /// decided by rules that are no longer these.
    pub(crate) async fn end_upgrade(&self) -> Result<(), OpenError> {
        let people = &self.0.people;
        let newest = migration::newest().to_string();
        if people.store.fact(SIGNED_OUT_FACT).await?.as_deref() != Some(newest.as_str()) {
            if !self.0.folder.new {
                for slice in self.all_slices().await? {
                    self.sign_out_for_upgrade(&slice).await.map_err(OpenError::Refused)?;
                }
            }
            people.store.set_fact(SIGNED_OUT_FACT, &newest).await?;
        }
        let note = self.0.folder.path.join(NOTE);
        match std::fs::remove_file(&note) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                tracing::warn!(%error, "the note of a finished upgrade could not be removed");
            }
            _ => {}
        }
        Ok(())
    }

    async fn sign_out_for_upgrade(&self, slice: &Slice) -> Result<(), Refusal> {
        let Some(person) = &slice.person else { return Ok(()) };
        let now = self.now();
        if slice.sessions.is_empty() && !slice.approvals.iter().any(|one| one.is_open(now)) {
            return Ok(());
        }
        let command = Command::Session(session::Command::EndForUpgrade);
        let call = Arc::new(Call { by: By::System, source: Source::local(), command });
        self.run_done(Key::Person(person.id), &call).await.map(drop)
    }
}
