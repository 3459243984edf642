//! Moving a demo folder aside, so that another can begin in its place. Nothing is deleted.

use std::path::{Path, PathBuf};

use super::{FACTS, FolderError, Hold, beginning, io, read_facts, segments};
use crate::clock::Clock;
use crate::journal;

/// Moves the demo folder at `path` to a name with the date behind it, and gives that; none when
/// nothing is there to be moved. A folder that no server uses, that is a demo or lost its description,
/// and that has no files of others.
pub fn move_aside(path: &Path) -> Result<Option<PathBuf>, FolderError> {
    if !path.is_dir() {
        return Ok(None);
    }
    let demo = match read_facts(path) {
        Ok(Some(facts)) if facts.version > super::VERSION => {
            return Err(FolderError::Newer { path: path.to_owned(), found: facts.version });
        }
        Ok(Some(facts)) => facts.demo,
        // Only demos have segments of that length.
        Ok(None) | Err(FolderError::Undescribed { .. }) => {
            beginning::look(path)?;
            let lengths = segments(path)?.into_iter().map(|(_, segment)| segment.metadata());
            lengths.flatten().all(|facts| facts.len() == journal::DEMO_SEGMENT_BYTES)
        }
        Err(error) => return Err(error),
    };
    if !demo {
        return Err(FolderError::NotDemo { path: path.to_owned() });
    }
    let hold = Hold::take(path)?;
    if !path.join(FACTS).exists() && beginning::prove_empty(path).is_ok() {
        return Ok(None);
    }
    // Where it really is: a link that leads to it stays.
    let real = path.canonicalize().map_err(io(path))?;
    let aside = free_name(&real, &dated(&real));
    std::fs::rename(&real, &aside).map_err(|error| {
        let text = format!(
            "it could not be moved aside to {}: {error}; move what is in it away yourself",
            aside.display()
        );
        FolderError::Io { path: real.clone(), source: std::io::Error::new(error.kind(), text) }
    })?;
    private::new_folder(&real).map_err(io(&real))?;
    drop(hold);
    Ok(Some(aside))
}

/// `data.2026-11-29-013212`.
fn dated(path: &Path) -> String {
    let now = Clock::system().wall().to_string();
    let digits = now.trim_end_matches(" UTC").replace(' ', "-").replace(':', "");
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!("{name}.{digits}")
}

/// `name` beside `path`, or the first of `name-2`, `name-3` and so on that is not taken.
pub(crate) fn free_name(path: &Path, name: &str) -> PathBuf {
    let mut free = path.with_file_name(name);
    let mut count = 2;
    while free.symlink_metadata().is_ok() {
        free = path.with_file_name(format!("{name}-{count}"));
        count += 1;
    }
    free
}
