//! The data folder: who uses it, which version wrote it, which folder it is.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use crate::clock::{self, NoEntropy};

/// Version of the folder's layout that this program writes.
pub const VERSION: u32 = 1;
pub(crate) const FACTS: &str = "folder.json";
const LOCK: &str = "lock";
/// What a first start that was stopped early may have made.
const LEFTOVERS: [&str; 9] = [
    "folder.json.new",
    "journal",
    "snapshots",
    "checkpoints.jsonl",
    "control.sock",
    "owed",
    "floorpass.db",
    "floorpass.db-wal",
    "floorpass.db-shm",
];

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
}

impl FolderFacts {
    /// The id as 16 bytes.
    pub fn id_bytes(&self) -> [u8; 16] {
        data_encoding::HEXLOWER
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
        "another server (process {owner}) uses the data folder {path}; stop it first, or take another folder with --data"
    )]
    InUse {
        /// The folder.
        path: PathBuf,
        /// The process id that it wrote, or `unknown`.
        owner: String,
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
    /// The folder has files, but no description.
    #[error(
        "the folder {path} is not empty and is no data folder of floorpass; take another with --data"
    )]
    Foreign {
        /// The folder.
        path: PathBuf,
    },
    /// The system's generator failed.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
}

/// A data folder, locked for this process while the value lives.
pub struct Folder {
    /// Where it is.
    pub path: PathBuf,
    /// What it says of itself.
    pub facts: FolderFacts,
    /// Whether this start made it.
    pub new: bool,
    _lock: File,
}

impl Folder {
    /// Opens and locks `path`, made with 0700 when it is not there.
    pub fn open(path: &Path, demo: bool, segment_bytes: u64) -> Result<Self, FolderError> {
        make(path)?;
        let lock = lock(path)?;
        let known = read_facts(path)?;
        let new = known.is_none();
        let facts = match known {
            Some(facts) if facts.version > VERSION => {
                return Err(FolderError::Newer { path: path.to_owned(), found: facts.version });
            }
            Some(facts) => facts,
            None => begin(path, demo, segment_bytes)?,
        };
        Ok(Self { path: path.to_owned(), facts, new, _lock: lock })
    }

    /// Writes `folder.json`, once all that a new folder needs is in it.
    pub fn finish(&self) -> Result<(), FolderError> {
        let path = self.path.join(FACTS);
        let text = serde_json::to_vec_pretty(&self.facts).map_err(|error| FolderError::Facts {
            path: path.clone(),
            problem: error.to_string(),
        })?;
        replace(&self.path, FACTS, &text).map_err(|source| FolderError::Io { path, source })
    }
}

/// What the folder at `path` says of itself, without locking it; none when it is empty.
pub fn read_facts(path: &Path) -> Result<Option<FolderFacts>, FolderError> {
    let file = path.join(FACTS);
    match std::fs::read(&file) {
        Ok(text) => serde_json::from_slice(&text)
            .map(Some)
            .map_err(|error| FolderError::Facts { path: file, problem: error.to_string() }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(FolderError::Io { path: file, source }),
    }
}

fn make(path: &Path) -> Result<(), FolderError> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|source| FolderError::Io { path: path.to_owned(), source })
}

fn lock(folder: &Path) -> Result<File, FolderError> {
    let path = folder.join(LOCK);
    let io = |source| FolderError::Io { path: path.clone(), source };
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(io)?;
    match flock(file.as_fd(), FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(rustix::io::Errno::WOULDBLOCK) => {
            let owner = std::fs::read_to_string(&path).unwrap_or_default();
            let owner = owner.trim();
            let owner = if owner.is_empty() { "unknown" } else { owner }.to_owned();
            return Err(FolderError::InUse { path: folder.to_owned(), owner });
        }
        Err(errno) => return Err(io(errno.into())),
    }
    file.set_len(0).map_err(io)?;
    writeln!(file, "{}", std::process::id()).map_err(io)?;
    Ok(file)
}

/// A folder without a description is empty, or a first start was stopped before anybody saw its
/// secrets: what that start left is removed. Anything else is not ours.
fn begin(path: &Path, demo: bool, segment_bytes: u64) -> Result<FolderFacts, FolderError> {
    let io = |source| FolderError::Io { path: path.to_owned(), source };
    let mut leftovers = Vec::new();
    for entry in std::fs::read_dir(path).map_err(io)? {
        let entry = entry.map_err(io)?;
        let name = entry.file_name();
        match name.to_str() {
            Some(LOCK | crate::key_file::NAME) => {}
            Some(name) if LEFTOVERS.contains(&name) => leftovers.push(entry.path()),
            _ => return Err(FolderError::Foreign { path: path.to_owned() }),
        }
    }
    for leftover in leftovers {
        if leftover.is_dir() {
            std::fs::remove_dir_all(&leftover).map_err(io)?;
        } else {
            std::fs::remove_file(&leftover).map_err(io)?;
        }
    }
    let id = data_encoding::HEXLOWER.encode(&clock::entropy::<16>()?);
    Ok(FolderFacts { version: VERSION, id, demo, segment_bytes })
}

/// Writes `folder/name` so that a crash leaves either the old file or the new one, whole.
pub(crate) fn replace(folder: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let draft = folder.join(format!("{name}.new"));
    let mut file = File::create(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&draft, folder.join(name))?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn folder_in_use_is_refused_to_a_second_server() {
        let temp = tempfile::tempdir().unwrap();
        let first = Folder::open(temp.path(), true, 1 << 20).unwrap();
        assert!(first.new);
        first.finish().unwrap();
        let error = Folder::open(temp.path(), true, 1 << 20).err().unwrap().to_string();
        assert!(error.contains(&std::process::id().to_string()), "{error}");
        drop(first);
        assert!(!Folder::open(temp.path(), true, 1 << 20).unwrap().new);
    }

    #[test]
    fn folder_of_a_newer_version_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        let mut facts = Folder::open(temp.path(), false, 1 << 20).unwrap().facts.clone();
        facts.version = VERSION + 1;
        replace(temp.path(), FACTS, &serde_json::to_vec(&facts).unwrap()).unwrap();
        let error = Folder::open(temp.path(), false, 1 << 20).err().unwrap().to_string();
        assert!(error.contains("version 2") && error.contains("newer"), "{error}");
    }

    #[test]
    fn folder_of_a_start_that_was_stopped_begins_anew() {
        let temp = tempfile::tempdir().unwrap();
        let first = Folder::open(temp.path(), true, 1 << 20).unwrap();
        std::fs::create_dir(temp.path().join("journal")).unwrap();
        std::fs::write(temp.path().join("floorpass.db"), "half").unwrap();
        drop(first);
        assert!(Folder::open(temp.path(), true, 1 << 20).unwrap().new);
        assert!(
            !temp.path().join("journal").exists() && !temp.path().join("floorpass.db").exists()
        );
    }

    #[test]
    fn folder_with_other_files_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        std::fs::write(temp.path().join("thesis.txt"), "x").unwrap();
        let error = Folder::open(temp.path(), false, 1 << 20).err().unwrap();
        assert!(matches!(error, FolderError::Foreign { .. }), "{error}");
    }
}
