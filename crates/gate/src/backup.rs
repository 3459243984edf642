//! Backup and restore of tables and journal at one point. The key file is never in a backup.
//!
//! The point is the journal's durable end when the backup begins. The tables are copied right
//! after it, while no checkpoint is made, so that nothing in them speaks of a later record.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use store::StoreError;

use crate::Gate;
use crate::checkpoint;
use crate::folder::{self, FolderError};
use crate::journal::{self, Head, JournalError, SegmentReader};
use crate::open::{DATABASE, journal_folder};

/// Why a backup or a restore could not be made.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The target is there already.
    #[error("{path} exists already; give a folder that does not exist yet")]
    Exists {
        /// The target.
        path: PathBuf,
    },
    /// The source is no backup.
    #[error("{path} is no backup: it has no {missing}")]
    NoBackup {
        /// The source.
        path: PathBuf,
        /// The file that is not there.
        missing: &'static str,
    },
    /// The system said no.
    #[error("{path} could not be copied: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Cuts are in force that the tables do not have.
    #[error(
        "cuts are in force that are not on record yet, and a copy would not have them; bring the database back, or free some space, and try again"
    )]
    Owed,
    /// The journal has failed.
    #[error("nothing can be copied: {0}")]
    Refused(access::refusal::Refusal),
    /// The tables.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The folder's description.
    #[error(transparent)]
    Folder(#[from] FolderError),
}

/// What was copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackupReport {
    /// The last journal record in it.
    pub journal_seq: u64,
    /// Bytes of all files.
    pub bytes: u64,
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.to_owned();
    move |source| BackupError::Io { path, source }
}

impl Gate {
    /// Copies tables and journal at one point to the new folder `to`, while the server goes on. On
    /// PostgreSQL the tables are `pg_dump`'s to copy, and this is refused.
    pub async fn backup(&self, to: &Path) -> Result<BackupReport, BackupError> {
        let _no_checkpoint = self.0.checkpoints.lock().await;
        // What is owed is in no table: a copy without it would undo it.
        if self.settle_owed().await.is_err() {
            return Err(BackupError::Owed);
        }
        make(to)?;
        let head = self.0.sequencer.head().map_err(BackupError::Refused)?;
        self.0.people.store.backup(&to.join(DATABASE)).await?;
        let id = self.0.folder.facts.id_bytes();
        copy_journal(&self.0.folder.path, to, id, head)?;
        let lines = self.0.folder.path.join(checkpoint::FILE);
        if lines.exists() {
            copy(&lines, &to.join(checkpoint::FILE))?;
        }
        // Last, so that a backup that was cut short is none.
        copy(&self.0.folder.path.join(folder::FACTS), &to.join(folder::FACTS))?;
        Ok(BackupReport { journal_seq: head.seq, bytes: size(to)? })
    }
}

/// Makes the new data folder `data` from a backup. The key file has to be put into it before it is
/// opened.
pub fn restore(from: &Path, data: &Path) -> Result<BackupReport, BackupError> {
    for missing in [folder::FACTS, DATABASE, "journal"] {
        if !from.join(missing).exists() {
            return Err(BackupError::NoBackup { path: from.to_owned(), missing });
        }
    }
    let facts = folder::read_facts(from)?
        .ok_or(BackupError::NoBackup { path: from.to_owned(), missing: folder::FACTS })?;
    // The copy is read whole before anything is made of it.
    let segments = journal::segments(&journal_folder(from))?;
    let walked = journal::walk(&segments, facts.id_bytes(), None, &mut |_| Ok(()))?;
    make(data)?;
    copy_journal(from, data, facts.id_bytes(), walked.head)?;
    copy(&from.join(DATABASE), &data.join(DATABASE))?;
    let lines = from.join(checkpoint::FILE);
    if lines.exists() {
        copy(&lines, &data.join(checkpoint::FILE))?;
    }
    copy(&from.join(folder::FACTS), &data.join(folder::FACTS))?;
    Ok(BackupReport { journal_seq: walked.head.seq, bytes: size(data)? })
}

/// A folder that was not there, or is empty.
fn make(path: &Path) -> Result<(), BackupError> {
    use std::os::unix::fs::DirBuilderExt;
    let is_empty =
        |path: &Path| std::fs::read_dir(path).map(|mut entries| entries.next().is_none());
    if path.exists() {
        return match is_empty(path) {
            Ok(true) => Ok(()),
            _ => Err(BackupError::Exists { path: path.to_owned() }),
        };
    }
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(io_error(path))
}

/// Copies the segments up to `head`; what stands behind it in its segment becomes zeros.
fn copy_journal(from: &Path, to: &Path, id: [u8; 16], head: Head) -> Result<(), BackupError> {
    let target = journal_folder(to);
    std::fs::create_dir_all(&target).map_err(io_error(&target))?;
    let segments = journal::segments(&journal_folder(from))?;
    for (first, path) in segments.into_iter().filter(|(first, _)| *first <= head.seq.max(1)) {
        let mut bytes = std::fs::read(&path).map_err(io_error(&path))?;
        let mut reader =
            SegmentReader::new(&bytes, id, first, None).map_err(JournalError::Damage)?;
        let mut end = reader.offset();
        while reader.next_seq() <= head.seq
            && reader.next_record().map_err(JournalError::Damage)?.is_some()
        {
            end = reader.offset();
        }
        if let Some(rest) = bytes.get_mut(end..) {
            rest.fill(0);
        }
        let file = target.join(path.file_name().unwrap_or_default());
        std::fs::write(&file, &bytes).map_err(io_error(&file))?;
        sync(&file)?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<(), BackupError> {
    std::fs::copy(from, to).map_err(io_error(from))?;
    sync(to)
}

fn sync(path: &Path) -> Result<(), BackupError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(io_error(path))
}

fn size(folder: &Path) -> Result<u64, BackupError> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder).map_err(io_error(folder))? {
        let entry = entry.map_err(io_error(folder))?;
        let facts = entry.metadata().map_err(io_error(folder))?;
        bytes += if facts.is_dir() { size(&entry.path())? } else { facts.len() };
    }
    Ok(bytes)
}
