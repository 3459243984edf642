//! The journal: preallocated segment files of chained records, written in groups.
//!
//! `DATA/journal/` holds `<first sequence, 20 digits>.seg` files (see [`record`] for their bytes)
//! and `spare`, the next one, already filled with zeros. A group of records is one write and, with
//! durability `disk`, one sync. A torn tail is cut at start; damage before acknowledged records
//! stops the start and names the sequence.

pub mod read;
pub mod record;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use private::Identity;
use trade::journal::Stamped;

pub use self::read::{Damage, SegmentReader, Tail};
pub use self::record::{ChainHash, Header, Pending, Record, SCHEMA};

use self::record::HEADER_BYTES;
use crate::disk::{Disk, SegmentFile};

/// Name of the next segment before it has a first sequence.
const SPARE: &str = "spare";
/// Bytes of a segment in a demo folder.
pub const DEMO_SEGMENT_BYTES: u64 = 8 << 20;
/// Bytes of a segment elsewhere.
pub const SEGMENT_BYTES: u64 = 64 << 20;

/// Why the journal could not be opened or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// What is there cannot be trusted.
    #[error(transparent)]
    Damage(#[from] Damage),
    /// The system said no.
    #[error("the journal at {path} could not be used: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> JournalError {
    let path = path.to_owned();
    move |source| JournalError::Io { path, source }
}

/// The next segment, made ahead by the housekeeper.
pub struct Spare {
    folder: PathBuf,
    bytes: u64,
    disk: Arc<dyn Disk>,
    ready: Mutex<Option<Box<dyn SegmentFile>>>,
    taken: Condvar,
    /// Held while the file of this name is made or renamed.
    naming: Mutex<()>,
}

impl Spare {
    fn lock(&self) -> MutexGuard<'_, Option<Box<dyn SegmentFile>>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One at a time: making it twice would empty a segment that is in use.
    fn name(&self) -> MutexGuard<'_, ()> {
        self.naming.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is there.
    pub fn is_ready(&self) -> bool {
        self.lock().is_some()
    }

    /// Makes it when it is not there. Slow: it writes a segment of zeros.
    pub fn prepare(&self) -> io::Result<()> {
        let _naming = self.name();
        if self.is_ready() {
            return Ok(());
        }
        let file = self.disk.allocate(&self.folder.join(SPARE), self.bytes)?;
        *self.lock() = Some(file);
        Ok(())
    }

    /// Waits until it is not there: it was taken, or was never made. Not longer than `most`.
    pub fn wait_taken(&self, most: Duration) {
        let waited = self.taken.wait_timeout_while(self.lock(), most, |ready| ready.is_some());
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Bytes that are missing on the disk for the next segment; 0 when there is room.
    pub fn missing_bytes(&self) -> u64 {
        self.disk.free_bytes(&self.folder).map_or(0, |free| self.bytes.saturating_sub(free))
    }
}

/// Where the journal ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Sequence of the last record; 0 when there is none.
    pub seq: u64,
    /// Its chain hash.
    pub chain: ChainHash,
}

/// The journal, open for writing.
pub struct Journal {
    folder: PathBuf,
    id: [u8; 16],
    segment_bytes: u64,
    file: Box<dyn SegmentFile>,
    path: PathBuf,
    identity: Identity,
    offset: u64,
    head: Head,
    spare: Arc<Spare>,
}

/// What opening found.
pub struct Opened {
    /// The journal, its tail cut.
    pub journal: Journal,
    /// Bytes of a torn tail that were cut, from the last whole record to the last byte written.
    pub cut: u64,
    /// Whether the cut tail may have held records acknowledged without a sync.
    pub lost_unsynced: bool,
}

impl Journal {
    /// Opens `folder`, reads what follows `after` (a snapshot's place) or all of it, and gives each
    /// record to `each`. A folder without segments gets its first, and one whose last segment is of
    /// an older schema gets the next: what an older version wrote is never added to.
    pub fn open(
        folder: &Path,
        id: [u8; 16],
        segment_bytes: u64,
        disk: &Arc<dyn Disk>,
        after: Option<Head>,
        each: &mut dyn FnMut(&Record<'_>) -> Result<(), Damage>,
    ) -> Result<Opened, JournalError> {
        private::folder(folder).map_err(io_error(folder))?;
        let segments = segments(folder)?;
        if segments.is_empty() {
            return Self::begin(folder, id, segment_bytes, disk);
        }
        let walked = walk(&segments, id, after, each)?;
        let path = walked.path;
        let file = disk.open(&path).map_err(io_error(&path))?;
        let offset = u64::try_from(walked.offset).unwrap_or(u64::MAX);
        let cut = walked.dirty.saturating_sub(walked.offset);
        if cut > 0 {
            // Zeros, so that no later reader takes the remains for records.
            write_all(&*file, &vec![0; cut], offset).map_err(io_error(&path))?;
            file.sync().map_err(io_error(&path))?;
        }
        let spare = spare(folder, segment_bytes, disk);
        let folder = folder.to_owned();
        let head = walked.head;
        let identity = Identity::at(&path).map_err(io_error(&path))?;
        let mut journal =
            Self { folder, id, segment_bytes, file, path, identity, offset, head, spare };
        if walked.schema < SCHEMA {
            // One without a record has the name of the next, which takes its place.
            let path = journal.path.clone();
            journal.roll().map_err(io_error(&path))?;
        }
        let cut = u64::try_from(cut).unwrap_or(u64::MAX);
        Ok(Opened { journal, cut, lost_unsynced: walked.lost_unsynced })
    }

    fn begin(
        folder: &Path,
        id: [u8; 16],
        segment_bytes: u64,
        disk: &Arc<dyn Disk>,
    ) -> Result<Opened, JournalError> {
        let spare = spare(folder, segment_bytes, disk);
        spare.prepare().map_err(io_error(folder))?;
        let head = Head { seq: 0, chain: record::root(id) };
        let (file, path) = take_spare(&spare, id, head)?;
        let identity = Identity::at(&path).map_err(io_error(&path))?;
        let offset = HEADER_BYTES as u64;
        let folder = folder.to_owned();
        let journal = Self { folder, id, segment_bytes, file, path, identity, offset, head, spare };
        Ok(Opened { journal, cut: 0, lost_unsynced: false })
    }

    /// Where it ends.
    pub fn head(&self) -> Head {
        self.head
    }

    /// Bytes of each of its segments.
    pub fn segment_bytes(&self) -> u64 {
        self.segment_bytes
    }

    /// Where its files are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The next segment, for the housekeeper.
    pub fn spare(&self) -> Arc<Spare> {
        Arc::clone(&self.spare)
    }

    /// Bytes that a group may have once `taken` more have been written.
    pub fn room_after(&self, taken: u64) -> u64 {
        let whole = self.segment_bytes.saturating_sub(HEADER_BYTES as u64);
        let here = self.segment_bytes.saturating_sub(self.offset);
        match (taken <= here, self.spare.is_ready()) {
            (true, false) => here - taken,
            (false, true) => whole.saturating_sub(taken),
            (true, true) => whole,
            (false, false) => 0,
        }
    }

    /// Writes a group whose last record is `head`, and syncs when `sync`. After an error nothing
    /// may be written any more: what is on the disk is not known.
    pub fn append(&mut self, group: &[u8], head: Head, sync: bool) -> io::Result<()> {
        let length = group.len() as u64;
        if self.offset + length > self.segment_bytes {
            self.roll()?;
        }
        write_all(&*self.file, group, self.offset)?;
        if sync {
            self.file.sync()?;
        }
        self.offset += length;
        self.head = head;
        Ok(())
    }

    /// Syncs what durability `process` left to the system.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync()
    }

    /// Goes on in the spare segment.
    fn roll(&mut self) -> io::Result<()> {
        self.file.sync()?;
        self.spare.prepare()?;
        let (file, path) =
            take_spare(&self.spare, self.id, self.head).map_err(|error| match error {
                JournalError::Io { source, .. } => source,
                JournalError::Damage(damage) => io::Error::other(damage),
            })?;
        self.identity = Identity::at(&path)?;
        (self.file, self.path, self.offset) = (file, path, HEADER_BYTES as u64);
        Ok(())
    }

    /// The segment that is written, when its name no longer leads to it: the next start would not find
    /// what was written last.
    pub fn misplaced(&self) -> Option<&Path> {
        let in_place = Identity::at(&self.path).is_ok_and(|found| found == self.identity);
        (!in_place).then_some(self.path.as_path())
    }
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal")
            .field("path", &self.path)
            .field("offset", &self.offset)
            .field("head", &self.head.seq)
            .finish_non_exhaustive()
    }
}

fn spare(folder: &Path, bytes: u64, disk: &Arc<dyn Disk>) -> Arc<Spare> {
    let (folder, disk) = (folder.to_owned(), Arc::clone(disk));
    Arc::new(Spare {
        folder,
        bytes,
        disk,
        ready: Mutex::new(None),
        taken: Condvar::new(),
        naming: Mutex::new(()),
    })
}

/// Makes the spare the segment after `head`: header, sync, name.
fn take_spare(
    spare: &Spare,
    id: [u8; 16],
    head: Head,
) -> Result<(Box<dyn SegmentFile>, PathBuf), JournalError> {
    let first = head.seq + 1;
    let path = spare.folder.join(segment_name(first));
    let _naming = spare.name();
    let file = spare.lock().take().ok_or_else(|| JournalError::Io {
        path: path.clone(),
        source: io::Error::from(io::ErrorKind::StorageFull),
    })?;
    let header = Header { folder: id, first, before: head.chain, schema: SCHEMA };
    write_all(&*file, &header.encode(), 0).map_err(io_error(&path))?;
    file.sync().map_err(io_error(&path))?;
    spare.disk.rename(&spare.folder.join(SPARE), &path).map_err(io_error(&path))?;
    spare.taken.notify_all();
    Ok((file, path))
}

fn write_all(file: &dyn SegmentFile, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write_at(bytes, offset) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                bytes = bytes.get(written..).unwrap_or_default();
                offset += written as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The name of the segment that begins with this sequence.
pub(crate) fn segment_name(first: u64) -> String {
    format!("{first:020}.seg")
}

/// The segments of a journal folder in order: first sequence and file.
pub fn segments(folder: &Path) -> Result<Vec<(u64, PathBuf)>, JournalError> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io_error(folder))? {
        let entry = entry.map_err(io_error(folder))?;
        let name = entry.file_name();
        let first = name.to_str().and_then(|name| name.strip_suffix(".seg")).map(str::parse);
        if let Some(Ok(first)) = first {
            found.push((first, entry.path()));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// The command of a record.
pub fn decode(record: &Record<'_>) -> Result<Stamped, Damage> {
    let payload = |problem: String| Damage::Payload { seq: record.seq, problem };
    let stamped =
        trade::journal::decode(record.payload).map_err(|error| payload(error.to_string()))?;
    if stamped.seq == record.seq {
        Ok(stamped)
    } else {
        Err(payload(format!("it says that it is entry {}", stamped.seq)))
    }
}

/// How far a walk over the segments came.
pub struct Walked {
    /// The last record.
    pub head: Head,
    /// The last segment.
    pub path: PathBuf,
    /// Its schema.
    pub schema: u32,
    /// Bytes of it that hold records.
    pub offset: usize,
    /// Bytes of it up to the last one that is not zero.
    pub dirty: usize,
    /// Whether a torn tail may have held records acknowledged without a sync.
    pub lost_unsynced: bool,
}

/// Reads the segments in order, from the one that holds the record after `after`, and gives each
/// record behind it to `each`. `segments` is not empty.
pub fn walk(
    segments: &[(u64, PathBuf)],
    id: [u8; 16],
    after: Option<Head>,
    each: &mut dyn FnMut(&Record<'_>) -> Result<(), Damage>,
) -> Result<Walked, JournalError> {
    let from = after.map_or(1, |head| head.seq.saturating_add(1));
    let skip = segments.partition_point(|(first, _)| *first <= from).saturating_sub(1);
    let rest = segments.get(skip..).unwrap_or_default();
    // A whole journal starts at 1 and at the folder's own hash; the middle of one is trusted as
    // far as the chain hash of `after` agrees.
    let mut next = if after.is_some() { rest.first().map_or(1, |(first, _)| *first) } else { 1 };
    let mut before = if after.is_some() { None } else { Some(record::root(id)) };
    let mut walked = Walked {
        head: Head { seq: 0, chain: record::root(id) },
        path: PathBuf::new(),
        schema: SCHEMA,
        offset: 0,
        dirty: 0,
        lost_unsynced: false,
    };
    for (place, (_, path)) in rest.iter().enumerate() {
        let bytes = private::read(path).map_err(io_error(path))?;
        let mut reader = SegmentReader::new(&bytes, id, next, before)?;
        while let Some(record) = reader.next_record()? {
            match after {
                Some(head) if record.seq < head.seq => {}
                Some(head) if record.seq == head.seq => {
                    if record.chain != head.chain {
                        return Err(Damage::Chain { seq: record.seq }.into());
                    }
                }
                _ => each(&record)?,
            }
        }
        if let Tail::Torn { unsynced } = reader.tail() {
            if place + 1 < rest.len() {
                let (seq, offset) = (reader.next_seq(), reader.offset());
                return Err(Damage::Corrupt { seq, offset }.into());
            }
            walked.lost_unsynced = unsynced;
        }
        next = reader.next_seq();
        before = Some(reader.chain());
        walked.head = Head { seq: next.saturating_sub(1), chain: reader.chain() };
        walked.schema = reader.header.schema;
        walked.offset = reader.offset();
        walked.dirty = read::used(&bytes);
        walked.path.clone_from(path);
    }
    if let Some(head) = after
        && walked.head.seq < head.seq
    {
        return Err(Damage::Order { expected: head.seq, found: walked.head.seq }.into());
    }
    Ok(walked)
}

#[cfg(test)]
mod tests;
