//! The copy of a folder that an upgrade leaves for the way back.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use store::{Engine, Store, StoreError, migration};

use crate::folder::aside::free_name;
use crate::folder::{self, DATABASE, FACTS, Folder, FolderError, read_facts};

/// Says in a folder that its copy is made, from then until the upgrade is done.
pub(super) const NOTE: &str = "upgrade.json";
/// Room that stays free beside a copy, in bytes.
const SPARE: u64 = 16 << 20;
/// What is in a folder only while a server runs.
const RUNNING_ONLY: [&str; 4] = ["control.sock", "lock", "floorpass.db-wal", "floorpass.db-shm"];

/// Why a folder could not be copied before an upgrade. Nothing in it was changed.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
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
    /// The named place is in the folder that would be copied there.
    #[error(
        "{0} is inside the data folder, so the copy would hold copies of itself; name a folder outside it"
    )]
    Inside(PathBuf),
    /// The folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The tables.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system said no.
    #[error("{path} could not be copied: {source}")]
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

pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> CopyError {
    let path = path.to_owned();
    move |source| CopyError::Io { path, source }
}

/// The copy that an upgrade leaves, as its note has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    /// The schema that the upgrade leads to.
    newest: i64,
    /// Where the copy of the folder is.
    copy: PathBuf,
}

/// Copies a folder of an older version aside before anything in it is changed, unless its note says that this is done;
/// gives the copy's place. A folder that is up to date is left alone.
pub(crate) async fn copy_aside(
    folder: &Folder,
    store: &Store,
    to: Option<&Path>,
) -> Result<Option<PathBuf>, CopyError> {
    if !store.is_behind().await? {
        return Ok(None);
    }
    let (data, newest) = (folder.path.as_path(), migration::newest());
    if let Some(note) = read_note(data).filter(|note| note.newest == newest && note.copy.is_dir()) {
        return Ok(Some(note.copy));
    }
    let copy = place(data, newest, to)?;
    let (needed, free) = (needed(data)?, folder::free(&copy).map_err(io(&copy))?);
    if free < needed {
        return Err(CopyError::NoRoom { to: copy, needed, free });
    }
    let part = PathBuf::from(format!("{}.part", copy.display()));
    clear(&part, &folder.facts.id)?;
    private::new_folder(&part).map_err(io(&part))?;
    // First, so that a copy that was cut off is known as one of this folder.
    copy_file(&data.join(FACTS), &part.join(FACTS))?;
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
pub(super) fn place(data: &Path, newest: i64, to: Option<&Path>) -> Result<PathBuf, CopyError> {
    if let Some(to) = to {
        let to = std::path::absolute(to).map_err(io(to))?;
        if folder::holds(data, &to).map_err(io(&to))? {
            return Err(CopyError::Inside(to));
        }
        return if to.symlink_metadata().is_ok() { Err(CopyError::Exists(to)) } else { Ok(to) };
    }
    let data = data.canonicalize().map_err(io(data))?;
    let name = data.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(free_name(&data, &format!("{name}.before-{newest:04}")))
}

/// Removes what a stop in the middle of copying left; nothing else may be there.
fn clear(part: &Path, id: &str) -> Result<(), CopyError> {
    let Ok(there) = part.symlink_metadata() else { return Ok(()) };
    let empty = || std::fs::read_dir(part).is_ok_and(|mut files| files.next().is_none());
    let ours = || matches!(read_facts(part), Ok(Some(facts)) if facts.id == id);
    if !(there.is_dir() && (empty() || ours())) {
        return Err(CopyError::Exists(part.to_owned()));
    }
    std::fs::remove_dir_all(part).map_err(io(part))
}

/// Copies all plain files but the tables, which their engine copies, and those of a running server.
fn copy_files(from: &Path, to: &Path) -> Result<(), CopyError> {
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
            copy_file(&entry.path(), &target)?;
        }
    }
    Ok(())
}

/// Bytes that a copy of a folder takes, and a little more.
pub(super) fn needed(data: &Path) -> Result<u64, CopyError> {
    Ok(folder::size(data).map_err(io(data))?.saturating_add(SPARE))
}

fn copy_file(from: &Path, to: &Path) -> Result<(), CopyError> {
    private::copy(from, to).map(drop).map_err(io(from))
}
