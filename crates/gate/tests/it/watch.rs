//! The watch over the gate's own threads.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use gate::disk::{Disk, LocalDisk, SegmentFile};
use gate::{Clock, Gate};

use crate::place::{config, start};

/// A disk whose second segment cannot be made without a panic: the one that a thread makes ahead.
struct Panicky(AtomicU32);

impl Disk for Panicky {
    fn allocate(&self, path: &Path, bytes: u64) -> io::Result<Box<dyn SegmentFile>> {
        assert_ne!(self.0.fetch_add(1, Ordering::SeqCst), 1, "no segment today");
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

#[tokio::test]
async fn thread_that_panics_is_told_of_and_its_work_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Arc::new(Panicky(AtomicU32::new(0)));
    let clock = Clock::manual(start());
    let gate = Gate::open_with(config(folder.path(), true), clock, disk.clone()).await.unwrap();
    while disk.0.load(Ordering::SeqCst) < 3 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let all = gate.vitals().conditions();
    let ended = all.iter().find(|one| one.code == "TASK_ENDED").unwrap();
    assert_eq!((ended.subject.as_str(), ended.stops), ("room", false));
    assert!(ended.text.contains("no segment today"), "{}", ended.text);
    gate.close().await.unwrap();
}
