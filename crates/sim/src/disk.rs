//! A disk that fails: the journal's files are real ones, and what would be lost in a loss of power is known.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gate::disk::{Disk, SegmentFile};
use sha2::{Digest as _, Sha256};

use crate::dice::Dice;

/// A loss of power loses whole pieces of this size.
const SECTOR: usize = 512;

/// What goes wrong, at one of the next writes or syncs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The power fails in the middle of it: some of what was not synced is there, and nothing works any more.
    PowerLoss,
    /// It fails, and the next one works.
    Error,
    /// A write takes only a part, which is no error.
    Short,
}

/// What was written since the last sync.
struct Unsynced {
    file: u64,
    offset: u64,
    before: Vec<u8>,
    after: Vec<u8>,
}

struct State {
    dice: Dice,
    paths: BTreeMap<u64, PathBuf>,
    unsynced: Vec<Unsynced>,
    trouble: Option<(u32, Trouble)>,
    is_full: bool,
    is_dead: bool,
    /// Something was not written or synced as asked.
    has_failed: bool,
    written: Sha256,
}

/// The disk under one server.
#[derive(Clone)]
pub struct SimDisk(Arc<Mutex<State>>);

struct SimFile {
    disk: SimDisk,
    number: u64,
    file: File,
}

/// What the system says of a device that fails.
fn broken() -> io::Error {
    const EIO: i32 = 5;
    io::Error::from_raw_os_error(EIO)
}

impl SimDisk {
    /// A disk that works.
    pub fn new(dice: Dice) -> Self {
        Self(Arc::new(Mutex::new(State {
            dice,
            paths: BTreeMap::new(),
            unsynced: Vec::new(),
            trouble: None,
            is_full: false,
            is_dead: false,
            has_failed: false,
            written: Sha256::new(),
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets something go wrong at the write or sync after so many.
    pub fn plan(&self, after: u32, trouble: Trouble) {
        self.state().trouble = Some((after, trouble));
    }

    /// Whether no new segment has room.
    pub fn fill(&self, is_full: bool) {
        self.state().is_full = is_full;
    }

    /// Whether a write or sync has failed, so that the journal takes nothing any more.
    pub fn has_failed(&self) -> bool {
        let state = self.state();
        state.is_dead || state.has_failed
    }

    /// The hash of all that was written to the journal, where and in which order.
    pub fn digest(&self) -> [u8; 32] {
        self.state().written.clone().finalize().into()
    }

    /// What a loss of power leaves of a file of this name: what was not synced is there in parts, by the dice.
    /// None of a file of which all was synced.
    pub fn left_of(&self, name: &Path, bytes: &mut [u8]) {
        let mut state = self.state();
        let mut dice = state.dice.clone();
        let lost: Vec<_> = state
            .unsynced
            .iter()
            .filter(|one| state.paths.get(&one.file).is_some_and(|path| path == name))
            .map(|one| (one.offset, one.before.clone(), one.after.len()))
            .collect();
        // Newest first, so that what is put back is what was there before the oldest that is lost.
        for (offset, before, length) in lost.into_iter().rev() {
            let whole = dice.roll(4);
            let keep = dice.roll(length.div_ceil(SECTOR).saturating_add(1)).saturating_mul(SECTOR);
            for start in (0..length).step_by(SECTOR) {
                let is_kept = match whole {
                    0 => true,
                    1 => false,
                    2 => start < keep,
                    _ => dice.chance(1, 2),
                };
                if is_kept {
                    continue;
                }
                let end = start.saturating_add(SECTOR).min(length);
                let at = usize::try_from(offset).unwrap_or(usize::MAX);
                let place = at.saturating_add(start)..at.saturating_add(end);
                if let (Some(into), Some(from)) = (bytes.get_mut(place), before.get(start..end)) {
                    into.copy_from_slice(from);
                }
            }
        }
        state.dice = dice;
    }
}

impl State {
    /// What happens at this write or sync, if it is the one.
    fn trouble(&mut self) -> io::Result<Option<Trouble>> {
        if self.is_dead {
            return Err(broken());
        }
        match self.trouble.take() {
            Some((0, trouble)) => {
                self.is_dead |= trouble == Trouble::PowerLoss;
                self.has_failed |= trouble != Trouble::Short;
                Ok(Some(trouble))
            }
            Some((after, trouble)) => {
                self.trouble = Some((after.saturating_sub(1), trouble));
                Ok(None)
            }
            None => Ok(None),
        }
    }

    fn number(&mut self, path: &Path) -> u64 {
        let number = u64::try_from(self.paths.len()).unwrap_or(u64::MAX);
        self.paths.insert(number, path.to_owned());
        number
    }

    fn check(&self) -> io::Result<()> {
        if self.is_dead { Err(broken()) } else { Ok(()) }
    }
}

impl SegmentFile for SimFile {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let mut state = self.disk.state();
        let trouble = state.trouble()?;
        if trouble == Some(Trouble::Error) {
            return Err(broken());
        }
        let count = match trouble {
            Some(Trouble::Short) => bytes.len().div_ceil(2).max(1).min(bytes.len()),
            _ => bytes.len(),
        };
        let taken = bytes.get(..count).unwrap_or(bytes);
        let mut before = vec![0; taken.len()];
        self.file.read_exact_at(&mut before, offset)?;
        self.file.write_all_at(taken, offset)?;
        state.written.update(offset.to_le_bytes());
        state.written.update(taken);
        state.unsynced.push(Unsynced { file: self.number, offset, before, after: taken.to_vec() });
        if trouble == Some(Trouble::PowerLoss) {
            return Err(broken());
        }
        Ok(count)
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.disk.state();
        if let Some(Trouble::PowerLoss | Trouble::Error) = state.trouble()? {
            return Err(broken());
        }
        let number = self.number;
        state.unsynced.retain(|one| one.file != number);
        Ok(())
    }
}

impl Disk for SimDisk {
    fn allocate(&self, path: &Path, bytes: u64) -> io::Result<Box<dyn SegmentFile>> {
        let mut state = self.state();
        state.check()?;
        if state.is_full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let file = private::renew(path)?;
        file.set_len(bytes)?;
        let number = state.number(path);
        Ok(Box::new(SimFile { disk: self.clone(), number, file }))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn SegmentFile>> {
        let mut state = self.state();
        state.check()?;
        let number = state.number(path);
        Ok(Box::new(SimFile { disk: self.clone(), number, file: private::open(path)? }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.check()?;
        std::fs::rename(from, to)?;
        for path in state.paths.values_mut() {
            if path == from {
                path.clear();
                path.push(to);
            }
        }
        Ok(())
    }

    fn free_bytes(&self, _folder: &Path) -> io::Result<u64> {
        Ok(if self.state().is_full { 4096 } else { 1 << 40 })
    }
}
