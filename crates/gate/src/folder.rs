//! The data folder: who uses it, which version wrote it, which folder it is.

pub mod aside;
mod beginning;
mod error;
mod facts;
mod hold;

use std::path::{Component, Path, PathBuf};

use data_encoding::HEXLOWER;

use crate::clock::Clock;
use crate::journal::{self, SegmentReader};

use beginning::segments;
pub use error::FolderError;
use error::io;
pub(crate) use facts::snapshots;
pub use facts::{CHECKPOINTS, DATABASE, FACTS, FolderFacts, KEY, VERSION, journal_folder};
pub(crate) use hold::Hold;
pub use hold::holder;

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

/// Whether something at `path`, which need not exist yet, would be `folder` or in it, whatever links and dots lead
/// there.
pub(crate) fn holds(folder: &Path, path: &Path) -> std::io::Result<bool> {
    let folder = folder.canonicalize()?;
    let mut real = PathBuf::new();
    for part in std::path::absolute(path)?.components() {
        match part {
            Component::ParentDir => drop(real.pop()),
            part => real.push(part),
        }
        // What does not exist yet is no link.
        real = real.canonicalize().unwrap_or(real);
    }
    Ok(real.starts_with(&folder))
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
        Self::open_on(path, demo, segment_bytes, &Clock::system())
    }

    /// The same on the machine of this clock, which gives the entropy of a new folder's id.
    pub(crate) fn open_on(
        path: &Path,
        demo: bool,
        segment_bytes: u64,
        clock: &Clock,
    ) -> Result<Self, FolderError> {
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
            None => beginning::begin(path, demo, segment_bytes, clock)?,
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

/// Where the journal of a data folder begins.
pub fn first_segment(data: &Path) -> PathBuf {
    journal_folder(data).join(journal::segment_name(1))
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

#[cfg(test)]
mod tests;
