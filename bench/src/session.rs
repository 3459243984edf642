//! The check of an open connection's credential against one atomic load, and the entitlements that the other benchmark starts from.

use crate::report::Row;
use crate::sample::{nanos, paired};
use crate::server::Server;
use access::entitlements::Entitlements;
use gate::{Durability, SocketProof};
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU64, Ordering};

/// A demo folder's `trading` entitlements.
pub fn entitlements() -> Entitlements {
    let server = Server::start(Durability::Process);
    Entitlements::clone(&admission(&server).entitlements())
}

fn admission(server: &Server) -> gate::Admission {
    let listeners = server.gate.credentials().listeners();
    let credential =
        listeners.borrow().iter().find(|l| l.name == "trading").expect("trading").credential;
    let door = SocketProof { credential, address: IpAddr::V4(Ipv4Addr::LOCALHOST), token: None };
    server.gate.enter_socket(&door).expect("admitted")
}

/// Measures the check on an open connection.
pub fn measure(less: usize) -> Vec<Row> {
    const CHECKS: usize = 10_000;
    let server = Server::start(Durability::Process);
    let admission = admission(&server);
    let epoch = AtomicU64::new(0);
    let ours = || {
        let (time, good) =
            nanos(|| (0..CHECKS).filter(|_| black_box(&admission).is_current()).count());
        assert_eq!(good, CHECKS);
        time
    };
    let load = || {
        let (time, good) = nanos(|| {
            (0..CHECKS).filter(|_| black_box(&epoch).load(Ordering::Acquire) == 0).count()
        });
        assert_eq!(good, CHECKS);
        time
    };
    let mut out = paired(5_000 / less, ours, load, load);
    let each = |total: u64| total as f64 / CHECKS as f64;
    let null = out.null(500);
    let ours = each(out.subject.quantile(500));
    vec![Row {
        path: "credential check on an open connection",
        subject: format!("{ours:.2} ns"),
        peer: format!("one atomic load {:.2} ns", each(out.peer.quantile(500))),
        ratio: format!("{:.2}", out.ratio(500)),
        null: format!("{null:.2}"),
        samples: format!("{} x {CHECKS}", out.subject.len()),
        goal: "<= 2 ns",
        met: (0.95..=1.05).contains(&null).then_some(ours <= 2.0),
        checked: "every check true".to_owned(),
    }]
}
