//! The data folder: who uses it, which version wrote it, which folder it is.

pub mod aside;
mod beginning;
mod hold;

use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

pub(crate) use self::hold::Hold;
use crate::clock::{self, NoEntropy};
use crate::journal::{self, SegmentReader};

/// Version of the folder's layout that this program writes.
pub const VERSION: u32 = 1;
/// The folder's description.
pub const FACTS: &str = "folder.json";
/// The key file.
pub const KEY: &str = "key";
/// The tables, where they are SQLite's.
pub const DATABASE: &str = "floorpass.db";
/// The signed checkpoints.
pub const CHECKPOINTS: &str = "checkpoints.jsonl";

/// What a data folder says of itself, in `DATA/folder.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderFacts {
    /// Version of the layout.
    pub version: u32,
    /// 32 hexadecimal digits, drawn when the folder was made.
    pub id: String,
    /// Whether it is a demo: its one-time codes can be printed.
    pub demo: bool,
    /// Bytes of a journal segment.
    pub segment_bytes: u64,
    /// What only the folder's own key file opens, in hexadecimal digits; none in a folder whose key
    /// has not proven itself yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_check: Option<String>,
}

impl FolderFacts {
    /// The id as 16 bytes.
    pub fn id_bytes(&self) -> [u8; 16] {
        HEXLOWER
            .decode(self.id.as_bytes())
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .unwrap_or_default()
    }
}

/// Why a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The system said no.
    #[error("the data folder {path} could not be used: {source}")]
    Io {
        /// The folder or the file in it.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another server runs on it.
    #[error(
        "another server (process {owner}) uses the data folder {path}; stop it first, or choose another folder with --data"
    )]
    InUse {
        /// The folder.
        path: PathBuf,
        /// The process id that it wrote, or `unknown`.
        owner: String,
    },
    /// Another server runs on a part of it, which two folders share by links.
    #[error(
        "another server uses {path}, which two data folders share; stop it, or give each folder its own files (a copy without links)"
    )]
    Shared {
        /// What is shared.
        path: PathBuf,
    },
    /// A newer program wrote it.
    #[error(
        "the data folder {path} has version {found}, and this program knows versions up to {VERSION}; use a newer floorpass"
    )]
    Newer {
        /// The folder.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// `folder.json` cannot be read.
    #[error("{path} is not the description of a data folder: {problem}")]
    Facts {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The folder has data of ours, but no description.
    #[error(
        "{path} holds data ({found}), but its description {FACTS} is missing; nothing was changed. Put {FACTS} back from a backup, or let `floorpass doctor --repair` rewrite it from the journal"
    )]
    Undescribed {
        /// The folder.
        path: PathBuf,
        /// The first thing in it that holds something.
        found: PathBuf,
    },
    /// The folder has files that are not ours.
    #[error(
        "the folder {path} is not a Floorpass data folder and is not empty: it contains {found}; choose another with --data"
    )]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// A file in it.
        found: PathBuf,
    },
    /// Something that a described folder must have is gone.
    #[error(
        "{missing} is missing from the data folder {path}; nothing was changed. Put it back, or restore a backup into another folder"
    )]
    Lost {
        /// The folder.
        path: PathBuf,
        /// What is not there.
        missing: PathBuf,
    },
    /// Others may use it, and that could not be changed.
    #[error(
        "others can use {path}, and its mode could not be changed: {source}. Run this as the folder's owner, or run: chmod -R go= {path}"
    )]
    Wide {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is not a demo, and only demos are started again.
    #[error("{path} is not a demo folder: only demo folders are moved aside")]
    NotDemo {
        /// The folder.
        path: PathBuf,
    },
    /// The system's generator failed.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> FolderError {
    let path = path.to_owned();
    move |source| FolderError::Io { path, source }
}

/// Bytes of all files in a folder.
pub(crate) fn size(folder: &Path) -> std::io::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let facts = entry.metadata()?;
        bytes += if facts.is_dir() { size(&entry.path())? } else { facts.len() };
    }
    Ok(bytes)
}

/// Bytes that are free for this user where `path` is, or would be.
pub(crate) fn free(path: &Path) -> std::io::Result<u64> {
    let there = path.ancestors().find(|one| one.exists()).unwrap_or(Path::new("/"));
    let facts = rustix::fs::statvfs(there)?;
    Ok(facts.f_bavail.saturating_mul(facts.f_frsize))
}

/// A data folder, held by this process while the value lives.
pub struct Folder {
    /// Where it is.
    pub path: PathBuf,
    /// What it says of itself.
    pub facts: FolderFacts,
    /// Whether this start made it.
    pub new: bool,
    pub(crate) hold: Hold,
}

impl Folder {
    /// Opens and holds `path`, made with 0700 when it is not there.
    pub fn open(path: &Path, demo: bool, segment_bytes: u64) -> Result<Self, FolderError> {
        private::folder(path).map_err(io(path))?;
        let hold = Hold::take(path)?;
        close_to_others(path)?;
        let known = read_facts(path)?;
        let new = known.is_none();
        let facts = match known {
            Some(facts) if facts.version > VERSION => {
                return Err(FolderError::Newer { path: path.to_owned(), found: facts.version });
            }
            Some(facts) => facts,
            None => beginning::begin(path, demo, segment_bytes)?,
        };
        let journal = journal_folder(path);
        if new {
            private::folder(&journal).map_err(io(&journal))?;
        } else {
            has_its_journal(path)?;
            // A first start that was stopped between its last two steps.
            beginning::end(path).map_err(io(path))?;
        }
        hold.add(&journal)?;
        let folder = Self { path: path.to_owned(), facts, new, hold };
        folder.hold_segments()?;
        Ok(folder)
    }

    /// Holds the segments of the journal that were made since, too.
    pub(crate) fn hold_segments(&self) -> Result<(), FolderError> {
        for (_, segment) in segments(&self.path)? {
            self.hold.add(&segment)?;
        }
        Ok(())
    }

    /// Writes `folder.json`, once all that a new folder needs is in it.
    pub fn finish(&self) -> Result<(), FolderError> {
        write_facts(&self.path, &self.facts)?;
        beginning::end(&self.path).map_err(io(&self.path))
    }
}

fn write_facts(folder: &Path, facts: &FolderFacts) -> Result<(), FolderError> {
    let path = folder.join(FACTS);
    let text = serde_json::to_vec_pretty(facts)
        .map_err(|error| FolderError::Facts { path: path.clone(), problem: error.to_string() })?;
    private::replace(&path, &text).map_err(|source| FolderError::Io { path, source })
}

/// Where a data folder keeps its journal.
pub fn journal_folder(data: &Path) -> PathBuf {
    data.join("journal")
}

/// Where the journal of a data folder begins.
pub fn first_segment(data: &Path) -> PathBuf {
    journal_folder(data).join(journal::segment_name(1))
}

/// Where a data folder keeps its snapshots.
pub(crate) fn snapshots(data: &Path) -> PathBuf {
    data.join("snapshots")
}

/// The process that holds the folder at `path`, as it wrote it, or `unknown`.
pub fn holder(path: &Path) -> String {
    let owner = private::read(&path.join(hold::NOTE)).unwrap_or_default();
    let owner = String::from_utf8_lossy(&owner);
    let owner = owner.trim();
    if owner.is_empty() { "unknown" } else { owner }.to_owned()
}

/// What the folder at `path` says of itself, without holding it; none when nothing is in it. A folder
/// that holds data and lost its description is an error.
pub fn read_facts(path: &Path) -> Result<Option<FolderFacts>, FolderError> {
    let file = path.join(FACTS);
    match private::read(&file) {
        Ok(text) => serde_json::from_slice(&text)
            .map(Some)
            .map_err(|error| FolderError::Facts { path: file, problem: error.to_string() }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            beginning::prove_empty(path).map(|()| None)
        }
        Err(source) => Err(FolderError::Io { path: file, source }),
    }
}

/// Writes the description of a folder that lost it, from what its journal says. Whether it is a demo
/// shows in the length of its segments.
pub fn describe_anew(path: &Path) -> Result<FolderFacts, FolderError> {
    let _hold = Hold::take(path)?;
    let found = segments(path)?;
    let Some((first, segment)) = found.into_iter().next() else {
        return Err(FolderError::Lost { path: path.to_owned(), missing: journal_folder(path) });
    };
    let bytes = private::read(&segment).map_err(io(&segment))?;
    let problem = |problem: String| FolderError::Facts { path: segment.clone(), problem };
    let header = journal::Header::decode(&bytes)
        .ok_or_else(|| problem("its header cannot be read".to_owned()))?;
    SegmentReader::new(&bytes, header.folder, first, None)
        .map_err(|damage| problem(damage.to_string()))?;
    let segment_bytes = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let facts = FolderFacts {
        version: VERSION,
        id: HEXLOWER.encode(&header.folder),
        demo: segment_bytes == journal::DEMO_SEGMENT_BYTES,
        segment_bytes,
        key_check: None,
    };
    write_facts(path, &facts)?;
    Ok(facts)
}

/// The journal's segments; none when its folder is not there.
fn segments(path: &Path) -> Result<Vec<(u64, PathBuf)>, FolderError> {
    let journal = journal_folder(path);
    match journal.symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        _ => journal::segments(&journal).map_err(|error| match error {
            journal::JournalError::Io { path, source } => FolderError::Io { path, source },
            journal::JournalError::Damage(damage) => {
                FolderError::Io { path: journal, source: std::io::Error::other(damage) }
            }
        }),
    }
}

/// A journal that is gone must not be started again in its folder.
fn has_its_journal(path: &Path) -> Result<(), FolderError> {
    if segments(path)?.first().is_some_and(|(first, _)| *first == 1) {
        return Ok(());
    }
    let missing = first_segment(path);
    Err(FolderError::Lost { path: path.to_owned(), missing })
}

/// Takes from others what they may do in the folder, and says so.
fn close_to_others(path: &Path) -> Result<(), FolderError> {
    // Not the key: anyone who could read it may have it, so that a wide one is refused (`key_file`).
    let mended = private::mend(path, &path.join(KEY))
        .map_err(|source| FolderError::Wide { path: path.to_owned(), source })?;
    let count = mended.len();
    if let Some((first, mode)) = mended.first() {
        tracing::warn!(
            path = %first.display(),
            was = %format_args!("{mode:03o}"),
            count,
            "others could access files in the data folder; now only its owner can"
        );
    }
    Ok(())
}

pub(crate) fn new_id() -> Result<String, NoEntropy> {
    Ok(HEXLOWER.encode(&clock::entropy::<16>()?))
}

#[cfg(test)]
mod tests;
