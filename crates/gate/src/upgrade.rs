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
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use store::{Engine, Key, Store, StoreError, Trial, migration};

use crate::backup::BackupError;
use crate::clock::{self, Clock, NoEntropy};
use crate::evidence::{EvidenceReport, VerifyError, evidence_verify_with};
use crate::folder::{DATABASE, FACTS, Folder, FolderError, aside, read_facts};
use crate::open::{self, OpenError};
use crate::{Gate, backup};

/// Says in a folder that its copy is made, from then until the upgrade is done.
pub(crate) const NOTE: &str = "upgrade.json";
/// Name of the fact by which tables know for which schema sessions were ended.
pub(crate) const SIGNED_OUT_FACT: &str = "signed_out_for_schema";
/// Room that stays free beside a copy, in bytes.
const SPARE: u64 = 16 << 20;
/// What is in a folder only while a server runs.
const RUNNING_ONLY: [&str; 4] = ["control.sock", "lock", "floorpass.db-wal", "floorpass.db-shm"];

/// Why a folder could not be brought up to date. Nothing in it was changed.
#[derive(Debug, thiserror::Error)]
pub enum UpgradeError {
    /// There is no room for the copy.
    #[error(
        "an upgrade first copies the data folder to {to}, which takes {} MiB, and {} MiB are free there; free some space, or name another place: floorpass upgrade --copy-to DIR",
        mebibytes(*needed), *free >> 20
    )]
    NoRoom {
        /// Where the copy would be.
        to: PathBuf,
        /// Bytes that it takes.
        needed: u64,
        /// Bytes that are free.
        free: u64,
    },
    /// The named place is taken.
    #[error("{0} already exists; name a folder that does not exist yet")]
    Exists(PathBuf),
    /// The copy.
    #[error(transparent)]
    Copy(#[from] BackupError),
    /// The folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The check.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// The tables.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system's generator.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
    /// The system said no.
    #[error("{path} could not be used: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Mebibytes, rounded up.
const fn mebibytes(bytes: u64) -> u64 {
    bytes.div_ceil(1 << 20)
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> UpgradeError {
    let path = path.to_owned();
    move |source| UpgradeError::Io { path, source }
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

/// The copy that an upgrade leaves, as its note has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    /// The schema that the upgrade leads to.
    newest: i64,
    /// Where the copy of the folder is.
    copy: PathBuf,
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
    let url = open::tables_url(data, database)?;
    let store = Store::connect(&url).await?;
    let newest = migration::newest();
    let schema = store.schema().await?.unwrap_or(newest);
    store.close().await;
    if schema > newest {
        return Err(StoreError::NewerSchema { found: schema, newest }.into());
    }
    let evidence = evidence_verify_with(data, database, None).await?;
    let (sessions, approvals) = if schema < newest { waiting(&url).await? } else { (0, 0) };
    let copy = if schema < newest { Some(place(data, newest, to)?) } else { None };
    let beside = copy.as_deref().unwrap_or(data);
    let (needed_bytes, free_bytes) = (needed(data)?, free(beside)?);
    Ok(UpgradeReport {
        schema,
        newest,
        copy,
        needed_bytes,
        free_bytes,
        sessions,
        approvals,
        evidence,
    })
}

/// Sessions and unanswered approvals of everybody.
async fn waiting(url: &str) -> Result<(usize, usize), UpgradeError> {
    let trial = trial(url).await?;
    let slices = trial.store.slices().await;
    trial.end().await;
    let (slices, now) = (slices?, Clock::system().wall());
    let open = |slice: &Slice| slice.approvals.iter().filter(|one| one.is_open(now)).count();
    Ok((slices.iter().map(|one| one.sessions.len()).sum(), slices.iter().map(open).sum()))
}

/// A copy of the tables at `url` with this version's schema.
pub(crate) async fn trial(url: &str) -> Result<Trial, VerifyError> {
    let drawn = clock::entropy::<8>()?;
    let name = format!("floorpass_trial_{}", HEXLOWER.encode(&drawn));
    Ok(Trial::make(url, &std::env::temp_dir(), &name).await?)
}

/// Copies a folder of an older version aside before anything in it is changed, unless its note says that this is done;
/// gives the copy's place. A folder that is up to date is left alone.
pub(crate) async fn copy_aside(
    folder: &Folder,
    store: &Store,
    to: Option<&Path>,
) -> Result<Option<PathBuf>, UpgradeError> {
    if !store.is_behind().await? {
        return Ok(None);
    }
    let (data, newest) = (folder.path.as_path(), migration::newest());
    if let Some(note) = read_note(data).filter(|note| note.newest == newest && note.copy.is_dir()) {
        return Ok(Some(note.copy));
    }
    let copy = place(data, newest, to)?;
    let (needed, free) = (needed(data)?, free(&copy)?);
    if free < needed {
        return Err(UpgradeError::NoRoom { to: copy, needed, free });
    }
    let part = PathBuf::from(format!("{}.part", copy.display()));
    clear(&part, &folder.facts.id)?;
    private::new_folder(&part).map_err(io(&part))?;
    // First, so that a copy that was cut off is known as one of this folder.
    backup::copy(&data.join(FACTS), &part.join(FACTS))?;
    copy_files(data, &part)?;
    if store.database().engine() == Engine::Sqlite {
        let tables = part.join(DATABASE);
        private::create(&tables).map_err(io(&tables))?;
        store.backup(&tables).await?;
    } else {
        store.keep_beside(&format!("before_{newest:04}")).await?;
    }
    std::fs::rename(&part, &copy).map_err(io(&copy))?;
    let parent = copy.parent().unwrap_or(Path::new("/"));
    std::fs::File::open(parent).and_then(|parent| parent.sync_all()).map_err(io(parent))?;
    let note = Note { newest, copy: copy.clone() };
    let text = serde_json::to_vec_pretty(&note).unwrap_or_default();
    let path = data.join(NOTE);
    private::replace(&path, &text).map_err(io(&path))?;
    Ok(Some(copy))
}

fn read_note(data: &Path) -> Option<Note> {
    serde_json::from_slice(&private::read(&data.join(NOTE)).ok()?).ok()
}

/// Where the copy goes: the place that was named, or the first free one beside the folder.
fn place(data: &Path, newest: i64, to: Option<&Path>) -> Result<PathBuf, UpgradeError> {
    if let Some(to) = to {
        let to = std::path::absolute(to).map_err(io(to))?;
        return if to.symlink_metadata().is_ok() { Err(UpgradeError::Exists(to)) } else { Ok(to) };
    }
    let data = data.canonicalize().map_err(io(data))?;
    let name = data.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(aside::free_name(&data, &format!("{name}.before-{newest:04}")))
}

/// Removes what a stop in the middle of copying left; nothing else may be there.
fn clear(part: &Path, id: &str) -> Result<(), UpgradeError> {
    let Ok(there) = part.symlink_metadata() else { return Ok(()) };
    let empty = || std::fs::read_dir(part).is_ok_and(|mut files| files.next().is_none());
    let ours = || matches!(read_facts(part), Ok(Some(facts)) if facts.id == id);
    if !(there.is_dir() && (empty() || ours())) {
        return Err(UpgradeError::Exists(part.to_owned()));
    }
    std::fs::remove_dir_all(part).map_err(io(part))
}

/// Copies all plain files but the tables, which their engine copies, and those of a running server.
fn copy_files(from: &Path, to: &Path) -> Result<(), UpgradeError> {
    for entry in std::fs::read_dir(from).map_err(io(from))? {
        let entry = entry.map_err(io(from))?;
        let (name, kind) = (entry.file_name(), entry.file_type().map_err(io(from))?);
        let target = to.join(&name);
        let skipped =
            name.to_str().is_some_and(|name| name == DATABASE || RUNNING_ONLY.contains(&name));
        if kind.is_dir() {
            private::new_folder(&target).map_err(io(&target))?;
            copy_files(&entry.path(), &target)?;
        } else if kind.is_file() && !skipped && !target.exists() {
            backup::copy(&entry.path(), &target)?;
        }
    }
    Ok(())
}

/// Bytes that a copy of a folder takes, and a little more.
fn needed(data: &Path) -> Result<u64, UpgradeError> {
    Ok(backup::size(data)?.saturating_add(SPARE))
}

/// Bytes that are free for this user where `path` is, or would be.
fn free(path: &Path) -> Result<u64, UpgradeError> {
    let there = path.ancestors().find(|one| one.exists()).unwrap_or(Path::new("/"));
    let facts = rustix::fs::statvfs(there).map_err(|error| io(there)(error.into()))?;
    Ok(facts.f_bavail.saturating_mul(facts.f_frsize))
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
    let store = Store::connect(&open::tables_url(data, database)?).await?;
    let copied = copy_aside(&folder, &store, to).await;
    store.close().await;
    copied
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
