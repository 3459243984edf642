//! What the system calls say: no acknowledgement leaves before the sync that covers it.

use std::process::Command;

use crate::program::Server;
use crate::trader::Trader;

/// Orders that one program sends one after the other.
const ORDERS: i32 = 40;

/// One finished system call that matters here.
#[derive(Debug, PartialEq)]
enum Call {
    /// Bytes went into the journal.
    Written,
    /// The journal was synced.
    Synced,
    /// Bytes left on a trading socket.
    Sent,
}

/// A call's line, in the order of the calls' ends: `PID name(fd<what>, ..) = result`. A call that another thread
/// interrupted stands in two lines, `<unfinished ...>` and `<... name resumed>`.
fn calls(trace: &str, port: u16) -> Vec<Call> {
    let socket = format!("127.0.0.1:{port}->");
    let mut begun = std::collections::BTreeMap::new();
    let mut calls = Vec::new();
    for line in trace.lines() {
        let Some((pid, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        let whole = if let Some(head) = rest.strip_suffix("<unfinished ...>") {
            // A send counts from its beginning, a write or sync from its end.
            if head.contains(&socket) {
                calls.push(Call::Sent);
            } else {
                begun.insert(pid.to_owned(), head.to_owned());
            }
            continue;
        } else if rest.starts_with("<... ") {
            let Some(head) = begun.remove(pid) else { continue };
            head + rest
        } else {
            rest.to_owned()
        };
        if whole.contains(&socket) {
            calls.push(Call::Sent);
        } else if whole.contains("/journal/") {
            if whole.starts_with("fdatasync(") || whole.starts_with("fsync(") {
                calls.push(Call::Synced);
            } else if whole.contains("\"FPRC\"") {
                // A record's first bytes; the zeros of a segment made ahead are none.
                calls.push(Call::Written);
            }
        }
    }
    calls
}

#[test]
fn acknowledgement_leaves_after_the_sync_that_covers_it() {
    let temp = tempfile::tempdir().unwrap();
    let trace = temp.path().join("trace");
    let data = temp.path().join("data");
    let mut strace = Command::new("strace");
    strace
        .args(["-D", "-f", "-yy", "-s", "4", "-e"])
        .arg("trace=write,writev,sendto,sendmsg,pwrite64,pwritev,pwritev2,fdatasync,fsync")
        .arg("-o")
        .arg(&trace)
        .arg(env!("CARGO_BIN_EXE_floorpass"))
        .args(["demo", "--free-ports", "--seed", "7", "--data"])
        .arg(&data);
    let server = Server::start(strace, temp.path(), &data);
    let port = server.port("trading");
    let mut trader = Trader::connect(port, 1);
    for id in 1..=ORDERS {
        trader.send(&Trader::order(id, "BUY", 1, Some("20.00")));
        trader.wait("an acknowledgement", |told| told.numbers.contains_key(&id));
    }
    assert_eq!(server.terminate(), 0);

    let calls = calls(&std::fs::read_to_string(&trace).unwrap(), port);
    let mut unsynced = false;
    for (at, call) in calls.iter().enumerate() {
        match call {
            Call::Written => unsynced = true,
            Call::Synced => unsynced = false,
            Call::Sent => assert!(!unsynced, "call {at} sent what was written and not yet synced"),
        }
    }
    let count = |kind: &Call| calls.iter().filter(|call| *call == kind).count();
    let least = usize::try_from(ORDERS).unwrap();
    assert!(count(&Call::Sent) >= least, "{} sends were seen", count(&Call::Sent));
    assert!(count(&Call::Written) >= least, "{} writes were seen", count(&Call::Written));
    assert!(count(&Call::Synced) >= least, "{} syncs were seen", count(&Call::Synced));
}
