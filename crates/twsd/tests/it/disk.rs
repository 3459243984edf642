//! A journal that can no longer be written: nobody is told of what did not happen.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gate::disk::{Disk, LocalDisk, SegmentFile};
use rust_decimal::Decimal;
use tws::Inbound;
use tws::inbound::{CancelOrder, GlobalCancel};

use crate::desk::{Raw, Server, errors, order, statuses};

/// A disk that works until it is told to fail.
#[derive(Clone, Default)]
struct FailingDisk(Arc<AtomicBool>);

struct FailingFile(Box<dyn SegmentFile>, FailingDisk);

impl SegmentFile for FailingFile {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        if self.1.0.load(Ordering::SeqCst) {
            return Err(io::Error::from_raw_os_error(5));
        }
        self.0.write_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync()
    }
}

impl Disk for FailingDisk {
    fn allocate(&self, path: &Path, bytes: u64) -> io::Result<Box<dyn SegmentFile>> {
        Ok(Box::new(FailingFile(LocalDisk.allocate(path, bytes)?, self.clone())))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn SegmentFile>> {
        Ok(Box::new(FailingFile(LocalDisk.open(path)?, self.clone())))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        LocalDisk.rename(from, to)
    }

    fn free_bytes(&self, folder: &Path) -> io::Result<u64> {
        LocalDisk.free_bytes(folder)
    }
}

fn cancel(order_id: i32) -> Inbound {
    CancelOrder { order_id, ..CancelOrder::default() }.into()
}

/// A client with a parent (1), its children (2 and 3) and two orders of a group (4 and 5), on a disk that has
/// failed since.
async fn before_the_failure() -> (Server, Raw) {
    let disk = FailingDisk::default();
    let server = Server::on(Arc::new(disk.clone())).await;
    let mut client = server.client("trading", 3).await;
    client.send(&order(1, |o| o.order.transmit = false).into()).await;
    for (id, transmit) in [(2, false), (3, true)] {
        let child = order(id, |o| {
            "SELL".clone_into(&mut o.order.action);
            o.order.parent_id = 1;
            o.order.limit_price = Some(Decimal::from(900));
            o.order.transmit = transmit;
        });
        client.send(&child.into()).await;
    }
    for id in [4, 5] {
        let member = order(id, |o| {
            "pair".clone_into(&mut o.order.oca_group);
            o.order.oca_type = Some(1);
        });
        client.send(&member.into()).await;
    }
    let placed = client.barrier().await;
    let now: Vec<_> = (1..=5).map(|id| statuses(&placed, id).pop().unwrap_or_default()).collect();
    assert_eq!(
        now,
        ["Submitted", "PreSubmitted", "PreSubmitted", "Submitted", "Submitted"],
        "{:?}",
        errors(&placed)
    );
    disk.0.store(true, Ordering::SeqCst);
    (server, client)
}

/// The order is said to be unchanged, and each status that follows is what it had.
#[tokio::test(flavor = "multi_thread")]
async fn order_is_told_as_it_was_when_its_end_or_change_is_not_durable() {
    let change = order(4, |o| o.order.total_quantity = Some(Decimal::from(11)));
    let cases: [(&str, Vec<Inbound>); 5] = [
        ("cancel of an order", vec![cancel(4)]),
        ("cancel of a parent", vec![cancel(1), cancel(2)]),
        ("change", vec![change.clone().into()]),
        ("change and cancel", vec![change.into(), cancel(4)]),
        ("cancel of all", vec![GlobalCancel::default().into(), cancel(1), cancel(2), cancel(4)]),
    ];
    for (name, requests) in cases {
        let (server, mut client) = before_the_failure().await;
        let mut bytes = Vec::new();
        for request in &requests {
            request.encode(client.version, &mut bytes);
        }
        client.send_bytes(&bytes).await;
        let told = client.barrier().await;
        assert!(errors(&told).iter().any(|error| error.2.contains("JOURNAL_FAILED")), "{name}");
        let mut shown = 0;
        for (id, state) in [(1, "Submitted"), (2, "PreSubmitted"), (4, "Submitted")] {
            let states = statuses(&told, id);
            assert!(states.iter().all(|told| told == state), "{name}, order {id}: {states:?}");
            shown += states.len();
        }
        assert!(shown > 0, "{name}: {told:?}");
        let terms: Vec<_> = told.iter().filter(|message| message[0] == "5").collect();
        assert!(terms.iter().all(|message| message[14] == "10"), "{name}: {terms:?}");
        drop(server);
    }
}

/// A trade ends the other order of its group; when it is not durable neither happened.
#[tokio::test(flavor = "multi_thread")]
async fn order_of_a_group_is_told_as_it_was_when_the_trade_is_not_durable() {
    let (_server, mut client) = before_the_failure().await;
    let trade = order(6, |o| {
        o.order.order_type = "MKT".to_owned();
        o.order.limit_price = None;
        "pair".clone_into(&mut o.order.oca_group);
        o.order.oca_type = Some(1);
    });
    let mut bytes = Vec::new();
    Inbound::from(trade).encode(client.version, &mut bytes);
    cancel(4).encode(client.version, &mut bytes);
    client.send_bytes(&bytes).await;
    let told = client.barrier().await;
    assert_eq!(statuses(&told, 6), ["Inactive"], "{:?}", errors(&told));
    let states = statuses(&told, 4);
    assert!(!states.is_empty() && states.iter().all(|it| it == "Submitted"), "{states:?}");
}
