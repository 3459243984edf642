//! Why a data folder could not be opened.

use std::io;
use std::path::{Path, PathBuf};

use access::refusal::{Refusal, ServerRefusal};
use store::StoreError;
use trade::instrument::DataError;

use crate::clock::NoEntropy;
use crate::folder::{FolderError, free};
use crate::journal::JournalError;
use crate::key_file::KeyFileError;
use crate::key_proof::ProofError;
use crate::owed::OwedUnreadable;
use crate::upgrade::aside::CopyError;

/// Why a data folder could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The key file.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The first records could not be written.
    #[error("the data folder could not be set up: {0}")]
    Refused(Refusal),
    /// The system's generator.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
    /// The tables.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is watched could not be looked at.
    #[error("the data folder could not be watched: {0}")]
    Watch(std::io::Error),
    /// The tables belong to another data folder.
    #[error(
        "the database belongs to the data folder {found}, and this one is {expected}; give each folder its own database"
    )]
    OtherFolder {
        /// The folder that the tables name.
        found: String,
        /// This one.
        expected: String,
    },
    /// The journal ends before a checkpoint.
    #[error(
        "a checkpoint in the tables refers to journal entry {noted}, but the journal ends at {found}: its end is lost; restore a backup"
    )]
    JournalCut {
        /// The entry that the checkpoint names.
        noted: u64,
        /// The last entry.
        found: u64,
    },
    /// The tables end before a checkpoint.
    #[error(
        "checkpoints.jsonl refers to entry {noted} of shard {shard} of the access evidence, but the tables end at entry {found}: whatever was locked or revoked after it would be open again. Put the tables back with the files beside them (floorpass.db-wal), or restore a backup; to continue without the lost entries, move checkpoints.jsonl aside"
    )]
    TablesCut {
        /// The shard of evidence.
        shard: u32,
        /// The entry that the checkpoint names.
        noted: u64,
        /// The last entry.
        found: u64,
    },
    /// The folder of an older version could not be copied before it is changed.
    #[error(transparent)]
    Upgrade(#[from] CopyError),
    /// The file of owed cuts.
    #[error(transparent)]
    Owed(#[from] OwedUnreadable),
    /// The disk is full.
    #[error(
        "the disk of {folder} is full ({problem}): {} bytes are free there, and a start may take {needed}; nothing is lost. Free some space, or move the folder to a larger disk, and start again",
        free.map_or_else(|| "an unknown number of".to_owned(), |free| free.to_string())
    )]
    NoRoom {
        /// The data folder.
        folder: PathBuf,
        /// What the system or the database said.
        problem: String,
        /// Bytes that are free; none where the system does not say.
        free: Option<u64>,
        /// Bytes that a start takes at most.
        needed: u64,
    },
    /// The instruments.
    #[error("the instruments cannot be read: {0}")]
    Instruments(&'static DataError),
    /// A thread could not be started.
    #[error("a thread could not be started: {0}")]
    Thread(std::io::Error),
}

impl From<ProofError> for OpenError {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::Key(error) => Self::Key(error),
            ProofError::Store(error) => Self::Store(error),
        }
    }
}

impl OpenError {
    /// The same, with the room that there is and the room that it takes where that is what was missing.
    /// Tables that are not in the folder have a disk of their own.
    pub(super) fn without_room(self, (folder, has_tables): (&Path, bool), needed: u64) -> Self {
        let is_full = |source: &io::Error| source.kind() == io::ErrorKind::StorageFull;
        let lacks_room = match &self {
            Self::Store(error) => has_tables && error.is_full(),
            Self::Folder(FolderError::Io { source, .. })
            | Self::Key(KeyFileError::Io { source, .. })
            | Self::Journal(JournalError::Io { source, .. })
            | Self::Watch(source) => is_full(source),
            Self::Refused(refusal) => matches!(
                refusal,
                Refusal::Server(ServerRefusal::StoreFull | ServerRefusal::DiskFull { .. })
            ),
            _ => false,
        };
        if !lacks_room {
            return self;
        }
        let (folder, free) = (folder.to_owned(), free(folder).ok());
        Self::NoRoom { folder, problem: self.to_string(), free, needed }
    }
}
