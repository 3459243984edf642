//! What a failing disk does: nothing that was acknowledged is lost, nothing else is acknowledged.

use access::refusal::ServerRefusal;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::disk::SegmentFile;

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    WriteError,
    ShortThenFull,
    SyncError,
}

/// A disk that works until it is told to fail.
#[derive(Clone)]
struct FailingDisk {
    failing: Arc<AtomicBool>,
    fault: Fault,
}

struct FailingFile {
    file: Box<dyn SegmentFile>,
    disk: FailingDisk,
}

impl SegmentFile for FailingFile {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let failing = self.disk.failing.load(Ordering::SeqCst);
        match self.disk.fault {
            Fault::WriteError if failing => Err(io::Error::from_raw_os_error(5)),
            Fault::ShortThenFull if failing && bytes.len() < 64 => {
                Err(io::Error::from_raw_os_error(28))
            }
            Fault::ShortThenFull if failing => {
                self.file.write_at(&bytes[..bytes.len() / 2], offset)
            }
            _ => self.file.write_at(bytes, offset),
        }
    }

    fn sync(&self) -> io::Result<()> {
        if self.disk.fault == Fault::SyncError && self.disk.failing.load(Ordering::SeqCst) {
            return Err(io::Error::from_raw_os_error(5));
        }
        self.file.sync()
    }
}

impl FailingDisk {
    fn wrap(&self, file: Box<dyn SegmentFile>) -> Box<dyn SegmentFile> {
        Box::new(FailingFile { file, disk: self.clone() })
    }
}

impl Disk for FailingDisk {
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

#[tokio::test]
async fn journal_that_fails_acknowledges_nothing_more_and_pages_still_read() {
    for fault in [Fault::WriteError, Fault::ShortThenFull, Fault::SyncError] {
        let failing = Arc::new(AtomicBool::new(false));
        let disk = FailingDisk { failing: Arc::clone(&failing), fault };
        let bench = Bench::on(Arc::new(disk)).await;
        let who = bench.trading();
        let kept = bench.place(&who, vec![bench.resting()]).unwrap().orders()[0].id;
        bench.gate.orders().flush().await.unwrap();
        bench.gate.view().await.unwrap();
        let mut inbox = bench.gate.orders().subscribe(&who);
        failing.store(true, Ordering::SeqCst);
        let lost = bench.place(&who, vec![bench.resting()]).unwrap().orders()[0].id;
        assert_eq!(
            bench.gate.orders().flush().await,
            Err(Refusal::Server(ServerRefusal::JournalFailed))
        );
        failing.store(false, Ordering::SeqCst);
        assert_eq!(
            bench.gate.orders().flush().await,
            Err(Refusal::Server(ServerRefusal::JournalFailed)),
            "and stays so"
        );
        assert_eq!(code(bench.place(&who, vec![bench.resting()])), "JOURNAL_FAILED");
        assert!(inbox.try_recv().is_none(), "what is not durable is told to nobody");
        let view = bench.gate.view().await.unwrap();
        assert!(view.order(kept).is_some() && view.order(lost).is_none());
        assert!(bench.gate.markets().quotes().get(AAPL).is_some());
        assert_eq!(bench.gate.close().await, Err(Refusal::Server(ServerRefusal::JournalFailed)));
        drop(inbox);
        let view = bench.reopen(false).await.gate.view().await.unwrap();
        assert!(view.order(kept).is_some());
    }
}

/// A disk on which no further segment fits.
struct FullDisk;

impl Disk for FullDisk {
    fn allocate(&self, path: &Path, bytes: u64) -> io::Result<Box<dyn SegmentFile>> {
        let folder = path.parent().unwrap();
        if std::fs::read_dir(folder).unwrap().any(|entry| entry.unwrap().path() != path) {
            return Err(io::Error::from_raw_os_error(28));
        }
        LocalDisk.allocate(path, bytes)
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn SegmentFile>> {
        LocalDisk.open(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        LocalDisk.rename(from, to)
    }

    fn free_bytes(&self, _: &Path) -> io::Result<u64> {
        Ok(1_000_000)
    }
}

#[tokio::test]
async fn disk_nearly_full_refuses_new_orders_and_still_cancels() {
    let bench = Bench::on(Arc::new(FullDisk)).await;
    let who = bench.trading();
    let mut order = bench.resting();
    order.reference = Some("x".repeat(64).into());
    let cancel =
        || bench.gate.orders().submit(&who, HERE, OrderRequest::CancelAll(CancelScope::Own));
    let mut placed = 0;
    let refused = loop {
        match bench.place(&who, vec![order.clone(); 8]) {
            Ok(_) => placed += 1,
            Err(refused) => break refused,
        }
        if placed % 64 == 0 {
            cancel().unwrap();
            bench.gate.orders().flush().await.unwrap();
        }
    };
    let missing_bytes = journal::DEMO_SEGMENT_BYTES - 1_000_000;
    assert_eq!(
        refused,
        Refused::Refusal(Refusal::Server(ServerRefusal::DiskFull { missing_bytes }))
    );
    assert!(refused.caller_text().contains("7388608 bytes"), "{}", refused.caller_text());
    assert!(placed > 100);
    cancel().unwrap();
    bench.gate.orders().flush().await.unwrap();
    assert!(bench.gate.view().await.unwrap().open_orders.is_empty());
    bench.gate.close().await.unwrap();
}

/// The watch looks four times a second; nothing is acknowledged between two of its looks either.
#[tokio::test]
async fn order_is_not_acknowledged_once_its_segment_is_elsewhere() {
    type Act = fn(&Path, &Path);
    let acts: [(&str, Act); 4] = [
        ("journal/00000000000000000001.seg", |from, to| std::fs::rename(from, to).unwrap()),
        ("journal/00000000000000000001.seg", |from, to| {
            std::fs::copy(from, to).unwrap();
            std::fs::rename(to, from).unwrap();
        }),
        ("journal", |from, to| std::fs::rename(from, to).unwrap()),
        ("", |from, to| std::fs::rename(from, to).unwrap()),
    ];
    for (name, act) in acts {
        let bench = Bench::new().await;
        let who = bench.trading();
        bench.place(&who, vec![bench.resting()]).unwrap();
        bench.gate.orders().flush().await.unwrap();
        let aside = tempfile::tempdir().unwrap();
        let mut inbox = bench.gate.orders().subscribe(&who);
        act(&bench.temp.path().join(name), &aside.path().join("aside"));
        // Refused at once where the watch was quicker.
        if bench.place(&who, vec![bench.resting()]).is_ok() {
            let flushed = bench.gate.orders().flush().await;
            // A segment without a name is missed by its own write.
            let refused = matches!(
                flushed,
                Err(Refusal::Server(ServerRefusal::FileLost { .. } | ServerRefusal::JournalFailed))
            );
            assert!(refused, "{name}: {flushed:?}");
        }
        assert!(inbox.try_recv().is_none(), "{name}: it was told");
    }
}
