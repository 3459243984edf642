//! Tests of the journal: groups, segments, damage, recovery.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::disk::LocalDisk;

mod format;

const ID: [u8; 16] = *b"folder-of-a-test";
const SEGMENT: u64 = 16 * 1024;

fn local() -> Arc<dyn Disk> {
    Arc::new(LocalDisk)
}

struct Bench {
    temp: tempfile::TempDir,
    seen: Vec<(u64, Vec<u8>)>,
}

impl Bench {
    fn new() -> Self {
        Self { temp: tempfile::tempdir().unwrap(), seen: Vec::new() }
    }

    fn open_on(
        &mut self,
        disk: &Arc<dyn Disk>,
        after: Option<Head>,
    ) -> Result<Opened, JournalError> {
        self.seen.clear();
        let seen = &mut self.seen;
        Journal::open(self.temp.path(), ID, SEGMENT, disk, after, &mut |record| {
            seen.push((record.seq, record.payload.to_vec()));
            Ok(())
        })
    }

    fn open(&mut self) -> Opened {
        self.open_on(&local(), None).unwrap()
    }

    fn error(&mut self) -> String {
        self.open_on(&local(), None).err().unwrap().to_string()
    }

    /// The bytes of the only segment, changed by `change`.
    fn change(&self, change: impl FnOnce(&mut Vec<u8>)) {
        let (_, path) = segments(self.temp.path()).unwrap().remove(0);
        let mut bytes = std::fs::read(&path).unwrap();
        change(&mut bytes);
        std::fs::write(&path, bytes).unwrap();
    }
}

fn group(journal: &mut Journal, payloads: &[&[u8]]) -> io::Result<()> {
    write(journal, payloads, false)
}

fn write(journal: &mut Journal, payloads: &[&[u8]], unsynced: bool) -> io::Result<()> {
    let mut pending = Pending::default();
    let mut head = journal.head();
    let first = head.seq + 1;
    for payload in payloads {
        let chain = pending.push(head.seq + 1, &head.chain, unsynced, |bytes| {
            bytes.extend_from_slice(payload);
            Ok::<_, ()>(())
        });
        head = Head { seq: head.seq + 1, chain: chain.unwrap() };
    }
    let bytes = pending.seal(first).to_vec();
    journal.append(&bytes, head, true)
}

/// Where the record of each sequence begins.
fn starts(bytes: &[u8]) -> Vec<usize> {
    let mut reader = SegmentReader::new(bytes, ID, 1, None).unwrap();
    let mut starts = vec![reader.offset()];
    while reader.next_record().unwrap().is_some() {
        starts.push(reader.offset());
    }
    starts
}

#[test]
fn journal_read_again_gives_what_was_written() {
    let mut bench = Bench::new();
    let mut journal = bench.open().journal;
    group(&mut journal, &[b"one", b"", b"three"]).unwrap();
    group(&mut journal, &[&[7; 1000]]).unwrap();
    let head = journal.head();
    drop(journal);
    let opened = bench.open();
    assert_eq!((opened.cut, opened.journal.head()), (0, head));
    let lengths: Vec<_> = bench.seen.iter().map(|(seq, bytes)| (*seq, bytes.len())).collect();
    assert_eq!(lengths, [(1, 3), (2, 0), (3, 5), (4, 1000)]);
}

#[test]
fn journal_goes_over_segments_and_resumes_after_a_snapshot() {
    let mut bench = Bench::new();
    let mut journal = bench.open().journal;
    let mut heads = vec![journal.head()];
    for byte in 0..40 {
        group(&mut journal, &[&[byte; 1500]]).unwrap();
        heads.push(journal.head());
    }
    drop(journal);
    assert!(segments(bench.temp.path()).unwrap().len() > 3);
    for after in [0, 1, 13, 39, 40] {
        let opened = bench.open_on(&local(), Some(heads[after])).unwrap();
        assert_eq!(opened.journal.head(), heads[40]);
        assert_eq!(bench.seen.len(), 40 - after);
    }
    let other = Head { seq: 13, chain: [1; 32] };
    let error = bench.open_on(&local(), Some(other)).err().unwrap().to_string();
    assert!(error.contains("entry 13 was altered"), "{error}");
    let (_, second) = segments(bench.temp.path()).unwrap().remove(1);
    std::fs::remove_file(second).unwrap();
    assert!(bench.error().contains("missing or out of place"));
}

#[test]
fn tail_torn_at_any_byte_is_cut_to_whole_records() {
    let mut bench = Bench::new();
    let mut journal = bench.open().journal;
    group(&mut journal, &[b"acknowledged"]).unwrap();
    group(&mut journal, &[&[1; 50], &[2; 50], &[3; 50]]).unwrap();
    drop(journal);
    let (_, path) = segments(bench.temp.path()).unwrap().remove(0);
    let whole = std::fs::read(&path).unwrap();
    let starts = starts(&whole);
    for torn in starts[1]..starts[4] {
        let mut bytes = whole.clone();
        bytes[torn..].fill(0);
        std::fs::write(&path, bytes).unwrap();
        let mut journal = bench.open().journal;
        // A payload of zeros would be whole; these are not.
        let kept = starts.iter().filter(|start| **start <= torn).count() as u64 - 1;
        assert!(journal.head().seq == kept || journal.head().seq == kept + 1, "torn at {torn}");
        group(&mut journal, &[b"next"]).unwrap();
        let next = journal.head();
        drop(journal);
        assert_eq!(bench.open().journal.head(), next);
    }
}

#[test]
fn hole_in_the_last_group_is_a_torn_tail_and_before_it_corruption() {
    let mut bench = Bench::new();
    let mut journal = bench.open().journal;
    group(&mut journal, &[b"first", b"second"]).unwrap();
    group(&mut journal, &[b"third", b"fourth", b"fifth"]).unwrap();
    drop(journal);
    let (_, path) = segments(bench.temp.path()).unwrap().remove(0);
    let whole = std::fs::read(&path).unwrap();
    let starts = starts(&whole);
    // Pages of one write reach the disk in any order: the fifth is there, the fourth is not.
    bench.change(|bytes| bytes[starts[3]..starts[4]].fill(0));
    let opened = bench.open();
    assert_eq!(opened.journal.head().seq, 3);
    assert!(opened.cut > 0 && !opened.lost_unsynced);
    drop(opened);
    assert_eq!(bench.open().cut, 0);
    std::fs::write(&path, &whole).unwrap();
    bench.change(|bytes| bytes[starts[1] + 66] ^= 1);
    let error = bench.error();
    assert!(error.contains("entry 2 is damaged"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap().len(), whole.len());
}

#[test]
fn hole_before_unsynced_groups_is_cut_and_told() {
    let mut bench = Bench::new();
    let mut journal = bench.open().journal;
    for payload in [b"1", b"2", b"3"] {
        write(&mut journal, &[payload], true).unwrap();
    }
    drop(journal);
    bench.change(|bytes| {
        let second = starts(bytes)[1];
        bytes[second + 10] ^= 1;
    });
    let opened = bench.open();
    assert_eq!(opened.journal.head().seq, 1);
    assert!(opened.lost_unsynced);
}

#[test]
fn record_rewritten_with_a_right_crc_breaks_the_chain() {
    let mut bench = Bench::new();
    let mut journal = bench.open().journal;
    group(&mut journal, &[b"pay 100"]).unwrap();
    group(&mut journal, &[b"pay 200"]).unwrap();
    drop(journal);
    bench.change(|bytes| {
        let start = starts(bytes)[0];
        bytes[start + 64 + 4] = b'9';
        let crc = crc32fast::hash(&bytes[start + 8..start + 64 + 7]);
        bytes[start + 4..start + 8].copy_from_slice(&crc.to_le_bytes());
    });
    let error = bench.error();
    assert!(error.contains("entry 1 was altered"), "{error}");
}

#[test]
fn segment_of_another_folder_is_refused() {
    let mut bench = Bench::new();
    drop(bench.open());
    let opened =
        Journal::open(bench.temp.path(), [9; 16], SEGMENT, &local(), None, &mut |_| Ok(()));
    assert!(opened.err().unwrap().to_string().contains("another data folder"));
}

#[test]
fn garbage_never_panics() {
    let mut state = 1_u64;
    for round in 0..2_000_usize {
        let mut bytes: Vec<u8> = (0..round % 400)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 56) as u8
            })
            .collect();
        if round % 2 == 0 {
            let header = Header { folder: ID, first: 1, before: [0; 32], schema: SCHEMA }.encode();
            bytes.splice(0..0, header);
        }
        let Ok(mut reader) = SegmentReader::new(&bytes, ID, 1, None) else { continue };
        while let Ok(Some(_)) = reader.next_record() {}
    }
}

/// Fails or shortens the write or sync of its countdown.
struct FaultyDisk {
    countdown: Arc<AtomicUsize>,
    fault: Fault,
}

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    ShortWrite,
    WriteError,
    SyncError,
}

struct FaultyFile {
    file: Box<dyn SegmentFile>,
    countdown: Arc<AtomicUsize>,
    fault: Fault,
}

impl FaultyFile {
    fn strikes(&self) -> bool {
        self.countdown.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
            == Ok(1)
    }
}

impl SegmentFile for FaultyFile {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        match self.fault {
            Fault::ShortWrite if self.strikes() => {
                self.file.write_at(&bytes[..bytes.len().div_ceil(2)], offset)
            }
            Fault::WriteError if self.strikes() => Err(io::Error::from_raw_os_error(5)),
            _ => self.file.write_at(bytes, offset),
        }
    }

    fn sync(&self) -> io::Result<()> {
        if self.fault == Fault::SyncError && self.strikes() {
            return Err(io::Error::from_raw_os_error(5));
        }
        self.file.sync()
    }
}

impl FaultyDisk {
    fn wrap(&self, file: Box<dyn SegmentFile>) -> Box<dyn SegmentFile> {
        Box::new(FaultyFile { file, countdown: Arc::clone(&self.countdown), fault: self.fault })
    }
}

impl Disk for FaultyDisk {
    fn allocate(&self, path: &Path, bytes: u64) -> io::Result<Box<dyn SegmentFile>> {
        LocalDisk.allocate(path, bytes).map(|file| self.wrap(file))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn SegmentFile>> {
        LocalDisk.open(path).map(|file| self.wrap(file))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        LocalDisk.rename(from, to)
    }

    fn free_bytes(&self, folder: &Path) -> io::Result<u64> {
        LocalDisk.free_bytes(folder)
    }
}

#[test]
fn write_cut_short_goes_on_and_errors_lose_nothing_acknowledged() {
    for fault in [Fault::ShortWrite, Fault::WriteError, Fault::SyncError] {
        for strike in 1..24 {
            let mut bench = Bench::new();
            let countdown = Arc::new(AtomicUsize::new(0));
            let disk: Arc<dyn Disk> =
                Arc::new(FaultyDisk { countdown: Arc::clone(&countdown), fault });
            let mut journal = bench.open_on(&disk, None).unwrap().journal;
            countdown.store(strike, Ordering::SeqCst);
            let mut acknowledged = 0;
            for round in 0..30_u8 {
                let payload = vec![round; 900];
                if group(&mut journal, &[&payload, &payload]).is_err() {
                    break;
                }
                acknowledged = journal.head().seq;
            }
            if fault == Fault::ShortWrite {
                assert_eq!(acknowledged, 60, "a short write is completed");
            } else {
                assert!(acknowledged < 60, "an error is an error");
            }
            drop(journal);
            let found = bench.open().journal.head().seq;
            assert!(found >= acknowledged, "{acknowledged} acknowledged, {found} found");
        }
    }
}

#[test]
fn room_without_a_spare_is_what_the_segment_has_left() {
    let mut bench = Bench::new();
    let mut journal = bench.open().journal;
    let whole = SEGMENT - HEADER_BYTES as u64;
    assert_eq!(journal.room_after(0), whole);
    assert_eq!(journal.room_after(whole + 1), 0);
    group(&mut journal, &[&[1; 1000]]).unwrap();
    assert_eq!(journal.room_after(0), whole - 1064);
    journal.spare().prepare().unwrap();
    assert_eq!(journal.room_after(0), whole);
    assert_eq!(journal.room_after(whole), 0);
}

#[test]
fn spare_that_was_taken_is_missed_at_once() {
    let mut bench = Bench::new();
    let mut journal = bench.open().journal;
    let spare = journal.spare();
    spare.prepare().unwrap();
    // Fills the segment, so that the next group takes the spare.
    while journal.room_after(0) == SEGMENT - HEADER_BYTES as u64 && spare.is_ready() {
        group(&mut journal, &[&[1; 1000]]).unwrap();
    }
    // It would end by its time only long after the test was given up.
    spare.wait_taken(std::time::Duration::from_hours(1));
    assert!(!spare.is_ready());
    std::thread::scope(|scope| {
        spare.prepare().unwrap();
        scope.spawn(|| spare.wait_taken(std::time::Duration::from_hours(1)));
        while spare.is_ready() {
            group(&mut journal, &[&[1; 1000]]).unwrap();
        }
    });
}

/// Counts the files that it makes, slowly.
struct SlowDisk(AtomicUsize);

impl Disk for SlowDisk {
    fn allocate(&self, path: &Path, bytes: u64) -> io::Result<Box<dyn SegmentFile>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(std::time::Duration::from_millis(50));
        LocalDisk.allocate(path, bytes)
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn SegmentFile>> {
        LocalDisk.open(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        LocalDisk.rename(from, to)
    }

    fn free_bytes(&self, folder: &Path) -> io::Result<u64> {
        LocalDisk.free_bytes(folder)
    }
}

#[test]
fn spare_that_two_make_at_once_is_made_once() {
    let temp = tempfile::tempdir().unwrap();
    let slow = Arc::new(SlowDisk(AtomicUsize::new(0)));
    let disk: Arc<dyn Disk> = Arc::<SlowDisk>::clone(&slow);
    let spare = super::spare(temp.path(), SEGMENT, &disk);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| spare.prepare().unwrap());
        }
    });
    assert_eq!(slow.0.load(Ordering::SeqCst), 1);
}

#[test]
fn every_altered_byte_of_a_segment_is_found() {
    let mut bench = Bench::new();
    let mut opened = bench.open();
    for payloads in [&[&b"one"[..], b"two"][..], &[b"three"], &[b"four"]] {
        group(&mut opened.journal, payloads).unwrap();
    }
    let head = opened.journal.head();
    drop(opened);
    let (_, path) = segments(bench.temp.path()).unwrap().remove(0);
    let whole = std::fs::read(&path).unwrap();
    let used = whole.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    // Behind its checksum a header is padded; that is compared by the check of evidence alone.
    for at in (0..72).chain(record::HEADER_BYTES..used) {
        for flip in [1, 0x80, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] ^= flip;
            std::fs::write(&path, bytes).unwrap();
            let segments = segments(bench.temp.path()).unwrap();
            match walk(&segments, ID, None, &mut |_| Ok(())) {
                // Of the last group alone it looks like a write that never finished: a checkpoint tells.
                Ok(walked) => assert!(walked.head.seq < head.seq, "byte {at} ^ {flip}"),
                Err(error) => assert!(matches!(error, JournalError::Damage(_)), "{error}"),
            }
        }
    }
}

#[test]
fn last_byte_that_is_used_is_found_wherever_the_blank_blocks_begin() {
    for length in [0, 1, 4_095, 4_096, 4_097, 20_000] {
        let mut bytes = vec![0; length];
        assert_eq!(read::used(&bytes), 0, "{length} blank bytes");
        for at in [0, 1, 4_094, 4_095, 4_096, 8_191, 8_192, 15_903, 19_999] {
            let Some(byte) = bytes.get_mut(at) else { continue };
            *byte = 1;
            assert_eq!(read::used(&bytes), at + 1, "of {length}");
            bytes[at] = 0;
        }
    }
}
