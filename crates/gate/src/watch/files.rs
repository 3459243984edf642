//! The files that must stay as they are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use access::refusal::{Refusal, ServerRefusal};
use private::Identity;
use store::Store;

use crate::folder::{DATABASE, FACTS, Folder, journal_folder};
use crate::journal;

/// Endings of the files that SQLite keeps beside its own.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// The watch of one gate.
pub(crate) struct Watch {
    pub(super) hold: store::Hold,
    /// Why the tables are not written; none while they may be.
    tables: Mutex<Option<Refusal>>,
    /// SQLite's file and the ones beside it.
    database: Vec<(PathBuf, Identity)>,
    pub(super) files: Mutex<Files>,
}

/// What was there when last looked at.
pub(super) struct Files {
    journal: (PathBuf, Identity),
    /// Each segment's name, which it is, and its length.
    segments: BTreeMap<String, (Identity, u64)>,
    /// None until a new folder is described.
    pub(super) facts: Option<Identity>,
}

impl Watch {
    /// Begins to watch an open folder whose tables are at `store`, which are taken for this server.
    pub(crate) fn begin(
        folder: &Folder,
        store: &Store,
        hold: store::Hold,
    ) -> std::io::Result<Self> {
        let mut database = Vec::new();
        if store.database().engine() == store::Engine::Sqlite {
            let main = folder.path.join(DATABASE);
            database.push((main.clone(), Identity::at(&main)?));
            // Beside the file itself, should its name be a link.
            let main = std::fs::canonicalize(&main)?;
            for ending in BESIDE {
                let mut name = main.clone().into_os_string();
                name.push(ending);
                let path = PathBuf::from(name);
                let identity = Identity::at(&path)?;
                database.push((path, identity));
            }
        }
        let journal = journal_folder(&folder.path);
        let files = Files {
            segments: segments(&journal)?,
            journal: (journal.clone(), Identity::at(&journal)?),
            facts: Identity::at(&folder.path.join(FACTS)).ok(),
        };
        Ok(Self { hold, tables: Mutex::default(), database, files: Mutex::new(files) })
    }

    pub(super) fn tables(&self) -> MutexGuard<'_, Option<Refusal>> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether what is written to the tables will be found there.
    pub(crate) fn may_write(&self) -> Result<(), Refusal> {
        if let Some(refusal) = self.tables().clone() {
            return Err(refusal);
        }
        self.lost_database().map_or(Ok(()), Err)
    }

    pub(super) fn lost_database(&self) -> Option<Refusal> {
        let lost = self.database.iter().find(|(path, known)| !is(path, *known));
        lost.map(|(path, _)| lost_file(path))
    }

    /// Gives the tables back.
    pub(crate) async fn end(&self) {
        self.hold.release().await;
    }
}

impl Files {
    /// The first segment that is gone, another file, or shorter than it was.
    pub(super) fn lost_segment(&mut self) -> Option<Refusal> {
        let (journal, identity) = &self.journal;
        if !is(journal, *identity) {
            return Some(lost_file(journal));
        }
        let Ok(now) = segments(journal) else { return Some(lost_file(journal)) };
        for (name, known) in &self.segments {
            if now.get(name) != Some(known) {
                return Some(lost_file(&journal.join(name)));
            }
        }
        self.segments = now;
        None
    }
}

/// The segments of a journal, as they are now.
fn segments(journal: &Path) -> std::io::Result<BTreeMap<String, (Identity, u64)>> {
    let found = journal::segments(journal).map_err(std::io::Error::other)?;
    let mut all = BTreeMap::new();
    for (first, path) in found {
        let facts = path.metadata()?;
        all.insert(journal::segment_name(first), (Identity::of(&facts), facts.len()));
    }
    Ok(all)
}

fn is(path: &Path, known: Identity) -> bool {
    Identity::at(path).is_ok_and(|found| found == known)
}

/// What is said of a file that is gone, or another one.
pub(crate) fn lost_file(path: &Path) -> Refusal {
    // Without the folder's place: callers see it.
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let above = path.parent().map(name).filter(|above| above == "journal");
    let file = match above {
        Some(above) => format!("{above}/{}", name(path)),
        None => name(path),
    };
    Refusal::Server(ServerRefusal::FileLost { file })
}
