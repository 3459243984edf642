//! Why a data folder cannot be used.

use std::path::{Path, PathBuf};

use super::facts::{FACTS, VERSION};
use crate::clock::NoEntropy;

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

pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> FolderError {
    let path = path.to_owned();
    move |source| FolderError::Io { path, source }
}
