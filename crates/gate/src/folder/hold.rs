//! Holding a data folder: one server on it, whatever is removed from it or linked into another.
//!
//! What is locked cannot be replaced under its holder: the folder itself and its journal's folder and
//! segments, as inodes. Two paths to one of them are one lock. `DATA/lock` beside them names the
//! holder, and shuts out programs of versions that lock nothing else.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use private::Identity;
use rustix::fs::{FlockOperation, flock};

use super::error::{FolderError, io};

/// The file that names the holder.
pub(super) const NOTE: &str = "lock";

/// What is held. Dropping it gives it back.
pub(crate) struct Hold {
    path: PathBuf,
    identity: Identity,
    note: Mutex<Note>,
    _folder: File,
    parts: Mutex<BTreeMap<PathBuf, File>>,
}

struct Note {
    identity: Identity,
    _file: File,
}

impl Hold {
    /// Holds the folder at `path`; an error when somebody else does.
    pub(super) fn take(path: &Path) -> Result<Self, FolderError> {
        let folder = File::open(path).map_err(io(path))?;
        let identity = Identity::of(&folder.metadata().map_err(io(path))?);
        if !is_free(&folder).map_err(io(path))? {
            return Err(in_use(path));
        }
        let Some(note) = Note::write(path).map_err(io(&path.join(NOTE)))? else {
            return Err(in_use(path));
        };
        Ok(Self {
            path: path.to_owned(),
            identity,
            note: Mutex::new(note),
            _folder: folder,
            parts: Mutex::default(),
        })
    }

    /// Holds a file or folder of it too.
    pub(crate) fn add(&self, part: &Path) -> Result<(), FolderError> {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        if parts.contains_key(part) {
            return Ok(());
        }
        let file = private::look(part).map_err(io(part))?;
        if !is_free(&file).map_err(io(part))? {
            return Err(FolderError::Shared { path: part.to_owned() });
        }
        parts.insert(part.to_owned(), file);
        Ok(())
    }

    /// Whether the folder's path still leads to what is held.
    pub(crate) fn is_whole(&self) -> bool {
        Identity::at(&self.path).is_ok_and(|found| found == self.identity)
    }

    /// Writes the note again when it is gone or another file; whether that had to be.
    pub(crate) fn keep_note(&self) -> std::io::Result<bool> {
        let mut kept = self.note.lock().unwrap_or_else(PoisonError::into_inner);
        let found = self.path.join(NOTE).symlink_metadata();
        if found.is_ok_and(|found| Identity::of(&found) == kept.identity) {
            return Ok(false);
        }
        if let Some(note) = Note::write(&self.path)? {
            *kept = note;
        }
        Ok(true)
    }
}

impl Note {
    /// None when a program that locks nothing else has it.
    fn write(folder: &Path) -> std::io::Result<Option<Self>> {
        let path = folder.join(NOTE);
        let mut file = match private::open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => private::create(&path)?,
            // Not ours, whatever it is: the folder is held, and a note can be made again.
            Err(error) if error.kind() == ErrorKind::InvalidInput => private::renew(&path)?,
            opened => opened?,
        };
        if !is_free(&file)? {
            return Ok(None);
        }
        file.set_len(0)?;
        writeln!(file, "{}", std::process::id())?;
        let identity = Identity::of(&file.metadata()?);
        Ok(Some(Self { identity, _file: file }))
    }
}

/// Locks the file for this process; false when somebody else has.
fn is_free(file: &File) -> std::io::Result<bool> {
    match flock(file.as_fd(), FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

/// The process that holds the folder at `path`, as it wrote it, or `unknown`.
pub fn holder(path: &Path) -> String {
    let owner = private::read(&path.join(NOTE)).unwrap_or_default();
    let owner = String::from_utf8_lossy(&owner);
    let owner = owner.trim();
    if owner.is_empty() { "unknown" } else { owner }.to_owned()
}

fn in_use(path: &Path) -> FolderError {
    FolderError::InUse { path: path.to_owned(), owner: holder(path) }
}
