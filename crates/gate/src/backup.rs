//! Backup and restore of tables and journal at one point. The key file is never in a backup.
//!
//! The point is the journal's durable end when the backup starts. The tables are copied right after
//! it, while no checkpoint is made, so that nothing in them refers to a later record.

use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use access::secret::SealKey;
use store::{Engine, Store, StoreError};

use crate::checkpoint::{self, RecordGate};
use crate::folder::{self, DATABASE, FolderError, FolderFacts, journal_folder};
use crate::journal::{self, Head, JournalError, SegmentReader};
use crate::key_file::{self, KeyFileError};
use crate::key_proof::{self, ProofError};
use crate::tables::FOLDER_FACT;

/// Why a backup or a restore could not be made.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The target is there already.
    #[error("{path} already exists; give a folder that does not exist yet")]
    Exists {
        /// The target.
        path: PathBuf,
    },
    /// The target is in what would be copied there.
    #[error("{path} is inside {folder}, which is what would be copied; give a folder outside it")]
    Inside {
        /// The target.
        path: PathBuf,
        /// The folder that would be copied.
        folder: PathBuf,
    },
    /// The source is no backup.
    #[error("{path} is not a backup: it has no {missing}")]
    NoBackup {
        /// The source.
        path: PathBuf,
        /// The file that is not there.
        missing: &'static str,
    },
    /// The tables are another folder's, or none.
    #[error(
        "{path} does not hold the tables of this backup; nothing was restored. Use another copy of the backup"
    )]
    OtherTables {
        /// The file.
        path: PathBuf,
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
        "some cuts are in effect but not yet recorded, and a backup would not have them; bring the database back, or free some space, and try again"
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
    /// The key file.
    #[error(transparent)]
    Key(#[from] KeyFileError),
}

impl From<ProofError> for BackupError {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::Key(error) => Self::Key(error),
            ProofError::Store(error) => Self::Store(error),
        }
    }
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

impl RecordGate<'_> {
    /// Copies tables and journal at one point to the new folder `to`, while the server goes on. On
    /// PostgreSQL the tables are `pg_dump`'s to copy, and this is refused.
    pub async fn backup(self, to: &Path) -> Result<BackupReport, BackupError> {
        let _no_checkpoint = self.gate.0.checkpoints.lock().await;
        // What is owed is in no table: a copy without it would undo it.
        if self.gate.settle_owed().await.is_err() {
            return Err(BackupError::Owed);
        }
        make(to, &self.gate.0.folder.path)?;
        let head = self.gate.0.sequencer.head().map_err(BackupError::Refused)?;
        let tables = to.join(DATABASE);
        if self.gate.0.people.store.database().engine() == Engine::Sqlite {
            // Made here, for its mode: SQLite fills an empty file.
            private::create(&tables).map_err(io_error(&tables))?;
        }
        self.gate.0.people.store.backup(&tables).await?;
        let id = self.gate.0.folder.facts.id_bytes();
        copy_journal(&self.gate.0.folder.path, to, id, head)?;
        let lines = self.gate.0.folder.path.join(checkpoint::FILE);
        if lines.exists() {
            copy(&lines, &to.join(checkpoint::FILE))?;
        }
        // Last, so that a backup that was cut short does not count as one.
        copy(&self.gate.0.folder.path.join(folder::FACTS), &to.join(folder::FACTS))?;
        Ok(BackupReport { journal_seq: head.seq, bytes: folder::size(to).map_err(io_error(to))? })
    }
}

/// Makes the new data folder `data` from a backup and the key file of the folder that was backed up.
/// Nothing is written before the backup is read whole and the key has shown that it is the right one.
pub async fn restore(from: &Path, key: &Path, data: &Path) -> Result<BackupReport, BackupError> {
    for missing in [folder::FACTS, DATABASE, "journal"] {
        if !from.join(missing).exists() {
            return Err(BackupError::NoBackup { path: from.to_owned(), missing });
        }
    }
    let facts = folder::read_facts(from)?
        .ok_or(BackupError::NoBackup { path: from.to_owned(), missing: folder::FACTS })?;
    let (seal, bytes) = key_file::read(key)?;
    key_file::check(key, &seal, &facts)?;
    prove(from, &facts, &seal, key).await?;
    let segments = journal::segments(&journal_folder(from))?;
    let walked = journal::walk(&segments, facts.id_bytes(), None, &mut |_| Ok(()))?;
    make(data, from)?;
    copy_journal(from, data, facts.id_bytes(), walked.head)?;
    copy(&from.join(DATABASE), &data.join(DATABASE))?;
    let lines = from.join(checkpoint::FILE);
    if lines.exists() {
        copy(&lines, &data.join(checkpoint::FILE))?;
    }
    let own = data.join(folder::KEY);
    private::replace(&own, &bytes).map_err(io_error(&own))?;
    copy(&from.join(folder::FACTS), &data.join(folder::FACTS))?;
    Ok(BackupReport {
        journal_seq: walked.head.seq,
        bytes: folder::size(data).map_err(io_error(data))?,
    })
}

/// The tables of a backup must name its folder, and in one without a check value the key must open
/// what they hold.
async fn prove(
    from: &Path,
    facts: &FolderFacts,
    seal: &SealKey,
    key: &Path,
) -> Result<(), BackupError> {
    let tables = from.join(DATABASE);
    for file in [&tables, &from.join(checkpoint::FILE)] {
        match private::look(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            looked => drop(looked.map_err(io_error(file))?),
        }
    }
    let store = Store::look(&tables).await?;
    let named = store.fact(FOLDER_FACT).await;
    let proven = match facts.key_check {
        None => key_proof::prove(&store, seal, key).await,
        Some(_) => Ok(()),
    };
    store.close().await;
    match named {
        Ok(Some(id)) if id == facts.id => Ok(proven?),
        Err(error) if !error.is_damage() => Err(error.into()),
        _ => Err(BackupError::OtherTables { path: tables }),
    }
}

/// A folder that was not there, or is this user's and empty. Not a link: it could lead to where
/// somebody else reads.
fn make(path: &Path, from: &Path) -> Result<(), BackupError> {
    if folder::holds(from, path).map_err(io_error(path))? {
        return Err(BackupError::Inside { path: path.to_owned(), folder: from.to_owned() });
    }
    let Ok(there) = path.symlink_metadata() else {
        return private::folder(path).map_err(io_error(path));
    };
    let own = there.uid() == rustix::process::geteuid().as_raw();
    let empty = || std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
    if !(own && there.is_dir() && empty()) {
        return Err(BackupError::Exists { path: path.to_owned() });
    }
    private::mend(path, path).map(drop).map_err(io_error(path))
}

/// Copies the segments up to `head`; what stands behind it in its segment becomes zeros.
fn copy_journal(from: &Path, to: &Path, id: [u8; 16], head: Head) -> Result<(), BackupError> {
    let target = journal_folder(to);
    private::folder(&target).map_err(io_error(&target))?;
    let segments = journal::segments(&journal_folder(from))?;
    for (first, path) in segments.into_iter().filter(|(first, _)| *first <= head.seq.max(1)) {
        let mut bytes = private::read(&path).map_err(io_error(&path))?;
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
        let written = private::create(&file).and_then(|mut made| {
            made.write_all(&bytes)?;
            made.sync_all()
        });
        written.map_err(io_error(&file))?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<(), BackupError> {
    private::copy(from, to).map(drop).map_err(io_error(from))
}
