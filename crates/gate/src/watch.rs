//! What must stay as it is while the server runs, checked several times a second: the data folder,
//! the journal's segments, the tables, the key file, and that no other server has the database.
//!
//! A journal or a table that was removed or replaced would be written where nobody finds it again. So
//! nothing is acknowledged any more once one is missing. What can be made again is: `lock`,
//! `folder.json`. What is wrong is raised in [`crate::health`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use access::refusal::{Refusal, ServerRefusal};
use access::secret::SealKey;
use private::Identity;
use store::{Holding, Store};

use crate::folder::{self, DATABASE, FACTS, Folder, KEY, journal_folder};
use crate::{Gate, Inner, journal, key_file};

/// Time between two looks at the files: well within a second.
const FILES: Duration = Duration::from_millis(250);
/// Time between two looks at the database.
const HOLD: Duration = Duration::from_millis(500);
/// Endings of the files that SQLite keeps beside its own.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// The watch of one gate.
pub(crate) struct Watch {
    hold: store::Hold,
    /// Why the tables are not written; none while they may be.
    tables: Mutex<Option<Refusal>>,
    /// SQLite's file and the ones beside it.
    database: Vec<(PathBuf, Identity)>,
    files: Mutex<Files>,
}

/// What was there when last looked at.
struct Files {
    journal: (PathBuf, Identity),
    /// Each segment's name, which it is, and its length.
    segments: BTreeMap<String, (Identity, u64)>,
    /// None until a new folder is described.
    facts: Option<Identity>,
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

    fn tables(&self) -> MutexGuard<'_, Option<Refusal>> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether what is written to the tables will be found there.
    pub(crate) fn may_write(&self) -> Result<(), Refusal> {
        if let Some(refusal) = self.tables().clone() {
            return Err(refusal);
        }
        self.lost_database().map_or(Ok(()), Err)
    }

    fn lost_database(&self) -> Option<Refusal> {
        let lost = self.database.iter().find(|(path, known)| !is(path, *known));
        lost.map(|(path, _)| lost_file(path))
    }

    /// Gives the tables back.
    pub(crate) async fn end(&self) {
        self.hold.release().await;
    }
}

impl Gate {
    /// Sequence of the last record of the journal that is durable.
    pub fn journal_seq(&self) -> u64 {
        self.0.sequencer.durable()
    }

    /// Whether the data folder's path still leads to the folder that this server holds. Nothing may be
    /// made there otherwise.
    pub fn is_folder_ours(&self) -> bool {
        self.0.folder.hold.is_whole()
    }

    /// Starts to look. Ends with the gate.
    pub(crate) fn spawn_watch(&self) -> std::io::Result<()> {
        let health = &self.0.health;
        let (weak, stop) = (Arc::downgrade(&self.0), Arc::clone(&self.0.stop));
        let gone = Weak::clone(&weak);
        let told = move || gone.upgrade().is_none_or(|inner| inner.stop.wait(Duration::ZERO));
        let work = move || {
            while !stop.wait(FILES) {
                let Some(inner) = weak.upgrade() else { return };
                inner.look();
            }
        };
        health.thread("watch", told, work)?;
        let weak = Arc::downgrade(&self.0);
        let gone = Weak::clone(&weak);
        let told = move || gone.upgrade().is_none_or(|inner| inner.sequencer.is_over());
        health.task("hold", told, move || keep_hold(Weak::clone(&weak)));
        Ok(())
    }
}

async fn keep_hold(weak: Weak<Inner>) {
    while look_at_hold(&weak).await {
        tokio::time::sleep(HOLD).await;
    }
}

/// Looks whose the database is; false when nobody needs to know any more.
async fn look_at_hold(weak: &Weak<Inner>) -> bool {
    const AWAY: &str = "DATABASE_AWAY";
    let Some(inner) = weak.upgrade() else { return false };
    if inner.sequencer.is_over() {
        return false;
    }
    match inner.watch.hold.look().await {
        Ok(Holding::Ours) => inner.health.clear(AWAY, ""),
        Ok(Holding::Lost) => {
            inner.give_up(Refusal::Server(ServerRefusal::DatabaseShared));
            return false;
        }
        // What needs the tables is refused by itself, and nobody else can take them meanwhile.
        Err(error) => {
            let text = format!(
                "the database does not answer, so nobody can sign in, and changes are refused: {error}"
            );
            inner.health.raise(AWAY, "", text, false);
        }
    }
    true
}

impl Inner {
    /// Nothing is acknowledged any more.
    fn give_up(&self, why: Refusal) {
        if self.sequencer.is_over() {
            return;
        }
        self.raise(&why);
        self.sequencer.end(&why);
        *self.watch.tables() = Some(why);
    }

    fn raise(&self, why: &Refusal) {
        self.health.raise(why.code(), "", why.caller_text(), true);
    }

    /// One look at the files.
    fn look(&self) {
        if self.sequencer.is_over() {
            // The write itself may have missed its file first.
            if let Err(why) = self.sequencer.may_acknowledge() {
                self.raise(&why);
            }
            return;
        }
        if !self.folder.hold.is_whole() {
            self.give_up(Refusal::Server(ServerRefusal::FileLost {
                file: "the data folder".to_owned(),
            }));
            return;
        }
        let mut files = self.watch.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lost) = files.lost_segment().or_else(|| self.watch.lost_database()) {
            self.give_up(lost);
            return;
        }
        // What the journal has gone on in since.
        if let Err(error) = self.folder.hold_segments() {
            tracing::error!(%error, "a journal segment cannot be locked");
        }
        self.look_at_key();
        self.look_at_facts(&mut files);
        match self.folder.hold.keep_note() {
            Ok(false) => {}
            Ok(true) => {
                tracing::warn!("the lock file was removed or replaced; a new one was created");
            }
            Err(error) => tracing::error!(%error, "the lock file cannot be created again"),
        }
    }

    /// A key that is gone would be missed by the next start: until it is back, nothing is taken that
    /// only that start could go on with.
    fn look_at_key(&self) {
        let path = self.folder.path.join(KEY);
        // A file made in its place may have its inode number, so it is what is in it that counts.
        let fine = is_same_key(&path, &self.folder.facts);
        let lost = lost_file(&path);
        if fine {
            self.sequencer.hold(None);
            self.health.clear(lost.code(), "");
        } else {
            if self.sequencer.may_acknowledge().is_ok() {
                tracing::error!(%lost, "no order is accepted until the key file is back");
            }
            self.raise(&lost);
            self.sequencer.hold(Some(lost));
        }
    }

    /// The description is known, and written again.
    fn look_at_facts(&self, files: &mut Files) {
        let path = self.folder.path.join(FACTS);
        let now = Identity::at(&path).ok();
        if now.is_some() && now == files.facts {
            return;
        }
        let same = folder::read_facts(&self.folder.path)
            .is_ok_and(|found| found.as_ref() == Some(&self.folder.facts));
        if !same {
            tracing::warn!("{FACTS} was removed or replaced; it was rewritten");
            if let Err(error) = self.folder.finish() {
                tracing::error!(%error, "{FACTS} cannot be rewritten");
            }
        }
        files.facts = Identity::at(&path).ok();
    }
}

impl Files {
    /// The first segment that is gone, another file, or shorter than it was.
    fn lost_segment(&mut self) -> Option<Refusal> {
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

fn is_same_key(path: &Path, facts: &folder::FolderFacts) -> bool {
    let same = |key: &SealKey| key_file::check(path, key, facts).is_ok();
    key_file::read(path).is_ok_and(|(key, _)| same(&key))
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
