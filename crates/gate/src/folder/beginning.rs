//! The beginning of a data folder, which may be cut off, and the proof that nothing is lost by
//! beginning again.
//!
//! `DATA/first-start` is there from before anything is made until `folder.json` is, and no door opens
//! before that: while it is there, nobody has seen or done anything. Without it a folder is begun only
//! where every file is empty or nothing but zeros. A file that is missing proves nothing.

use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use trade::journal::Command;

use super::error::{FolderError, io};
use super::facts::{
    CHECKPOINTS, DATABASE, FACTS, FolderFacts, KEY, VERSION, journal_folder, new_id,
};
use super::hold;
use crate::clock::Clock;
use crate::journal;

/// There while a folder is being made; holds its description.
const MARK: &str = "first-start";
/// Reachable only while a server runs, and empty.
const SOCKET: &str = "control.sock";
/// What a first start may make.
const OURS: [&str; 10] = [
    "journal",
    "snapshots",
    "mail",
    "tls",
    "owed",
    CHECKPOINTS,
    DATABASE,
    "floorpass.db-journal",
    "floorpass.db-wal",
    "floorpass.db-shm",
];

/// The journal's segments; none when its folder is not there.
pub(super) fn segments(path: &Path) -> Result<Vec<(u64, PathBuf)>, FolderError> {
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

/// Begins the folder at `path`, after the remains of a beginning that was cut off are removed.
pub(super) fn begin(
    path: &Path,
    demo: bool,
    segment_bytes: u64,
    clock: &Clock,
) -> Result<FolderFacts, FolderError> {
    let begun = read_mark(path)?;
    let remains = look(path)?;
    prove(path, begun.as_ref(), &remains)?;
    for one in remains.into_iter().filter(|one| !stays(one)) {
        let is_folder = one.symlink_metadata().map_err(io(&one))?.is_dir();
        let removed =
            if is_folder { std::fs::remove_dir_all(&one) } else { std::fs::remove_file(&one) };
        removed.map_err(io(&one))?;
    }
    // The id stays: tables elsewhere may know the folder by it.
    let id = match begun {
        Some(begun) => begun.id,
        None => new_id(clock)?,
    };
    let facts = FolderFacts { version: VERSION, id, demo, segment_bytes, key_check: None };
    let mark = path.join(MARK);
    let text = serde_json::to_vec_pretty(&facts)
        .map_err(|error| FolderError::Facts { path: mark.clone(), problem: error.to_string() })?;
    private::replace(&mark, &text).map_err(io(&mark))?;
    Ok(facts)
}

/// The folder is described: no start begins it again.
pub(super) fn end(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path.join(MARK)) {
        Ok(()) => std::fs::File::open(path)?.sync_all(),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// That nothing is lost when a folder without a description is begun; an error that names what would be.
pub(super) fn prove_empty(path: &Path) -> Result<(), FolderError> {
    if !path.is_dir() {
        return Ok(());
    }
    prove(path, read_mark(path)?.as_ref(), &look(path)?)
}

/// What is in the folder, all of it ours.
pub(super) fn look(path: &Path) -> Result<Vec<PathBuf>, FolderError> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).map_err(io(path))? {
        let entry = entry.map_err(io(path))?;
        let name = entry.file_name();
        let known = [hold::NOTE, KEY, SOCKET, MARK, FACTS];
        let is_ours = name.to_str().is_some_and(|name| {
            // The draft of one (see `private::replace`) that was cut off.
            let draft = name.strip_suffix(".new").unwrap_or(name);
            let draft = draft.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('.');
            [name, draft].iter().any(|name| known.contains(name) || OURS.contains(name))
        });
        if !is_ours {
            let (path, found) = (path.to_owned(), entry.path());
            return Err(FolderError::Foreign { path, found });
        }
        found.push(entry.path());
    }
    found.sort();
    Ok(found)
}

/// What a beginning leaves where it is: a key may be the only one that opens a backup.
fn stays(path: &Path) -> bool {
    [hold::NOTE, KEY, MARK].iter().any(|name| path.ends_with(name))
}

fn prove(path: &Path, begun: Option<&FolderFacts>, remains: &[PathBuf]) -> Result<(), FolderError> {
    let held = remains.iter().filter(|one| !stays(one) && !one.ends_with(SOCKET));
    let mut found = None;
    for one in held {
        if let Some(full) = full(one).map_err(io(one))? {
            found = Some(full);
            break;
        }
    }
    match (found, begun) {
        (None, _) => Ok(()),
        (Some(_), Some(begun)) if has_only_begun(path, begun)? => Ok(()),
        (Some(found), _) => Err(FolderError::Undescribed { path: path.to_owned(), found }),
    }
}

fn read_mark(path: &Path) -> Result<Option<FolderFacts>, FolderError> {
    let file = path.join(MARK);
    match private::read(&file) {
        Ok(text) => serde_json::from_slice(&text)
            .map(Some)
            .map_err(|error| FolderError::Facts { path: file, problem: error.to_string() }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(FolderError::Io { path: file, source }),
    }
}

/// The first file at or below `path` with anything but zeros in it. A link counts as one: what it
/// leads to is not ours to judge.
fn full(path: &Path) -> std::io::Result<Option<PathBuf>> {
    let facts = path.symlink_metadata()?;
    if facts.is_dir() {
        for entry in std::fs::read_dir(path)? {
            if let Some(found) = full(&entry?.path())? {
                return Ok(Some(found));
            }
        }
        return Ok(None);
    }
    let empty = facts.is_file() && (facts.len() == 0 || is_zeros(path)?);
    Ok((!empty).then(|| path.to_owned()))
}

fn is_zeros(path: &Path) -> std::io::Result<bool> {
    let mut file = private::look(path)?;
    let mut piece = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            return Ok(true);
        }
        if piece.get(..read).is_none_or(|bytes| bytes.iter().any(|byte| *byte != 0)) {
            return Ok(false);
        }
    }
}

/// Whether the journal is the one that was begun and has nothing but its beginning.
fn has_only_begun(path: &Path, begun: &FolderFacts) -> Result<bool, FolderError> {
    let id = HEXLOWER.decode(begun.id.as_bytes()).unwrap_or_default();
    let segments = segments(path)?;
    if segments.is_empty() {
        return Ok(true);
    }
    let mut only = id.len() == 16;
    let walked = journal::walk(&segments, begun.id_bytes(), None, &mut |record| {
        let command = journal::decode(record)?.command;
        // What `open::sequencer` writes before any door opens.
        only &= matches!(
            command,
            Command::Genesis(_) | Command::OrderRule { .. } | Command::Started { .. }
        );
        Ok(())
    });
    Ok(only && walked.is_ok())
}
