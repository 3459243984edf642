//! What must stay as it is while the server runs, checked several times a second: the data folder,
//! the journal's segments, the tables, the key file, and that no other server has the database.
//!
//! A journal or a table that was removed or replaced would be written where nobody finds it again. So
//! nothing is acknowledged any more once one is missing. What can be made again is: `lock`,
//! `folder.json`. What is wrong is raised in [`crate::health`].

use std::path::Path;
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use access::refusal::{Refusal, ServerRefusal};
use access::secret::SealKey;
use private::Identity;
use store::Holding;

use crate::checkpoint::RecordGate;
use crate::folder::{self, FACTS, KEY};
use crate::{Gate, Inner, key_file};

mod files;

use files::Files;
pub(crate) use files::{Watch, lost_file};

/// Time between two looks at the files: well within a second.
const FILES: Duration = Duration::from_millis(250);
/// Time between two looks at the database.
const HOLD: Duration = Duration::from_millis(500);

impl RecordGate<'_> {
    /// Sequence of the last record of the journal that is durable.
    pub fn journal_seq(self) -> u64 {
        self.gate.0.sequencer.durable()
    }

    /// Whether the data folder's path still leads to the folder that this server holds. Nothing may be
    /// made there otherwise.
    pub fn is_folder_ours(self) -> bool {
        self.gate.0.folder.hold.is_whole()
    }
}

impl Gate {
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
pub(crate) async fn look_at_hold(weak: &Weak<Inner>) -> bool {
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
    pub(crate) fn look(&self) {
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

fn is_same_key(path: &Path, facts: &folder::FolderFacts) -> bool {
    let same = |key: &SealKey| key_file::check(path, key, facts).is_ok();
    key_file::read(path).is_ok_and(|(key, _)| same(&key))
}
