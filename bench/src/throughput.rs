//! Orders a second over many connections, each with several outstanding, against a raw log fed with the same batches.

use crate::program::Program;
use crate::report::Row;
use crate::sample::nanos;
use crate::server::{Server, pin};
use crate::wire::Client;
use gate::Durability;
use std::fs::File;
use std::net::SocketAddr;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const CONNECTIONS: usize = 64;
const OUTSTANDING: usize = 16;
/// The journal's record of a limit order, about.
const RECORD: usize = 300;

/// The share of one core that this process' generator threads used.
fn thread_seconds() -> f64 {
    let clock = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    clock.tv_sec as f64 + clock.tv_nsec as f64 / 1e9
}

/// One generator thread for all connections, pinned to core 1: sends a window of orders on each, reads their acknowledgements, cancels
/// are left out by using immediate-or-cancel prices that never fill.
fn generate(trading: SocketAddr, seconds: u64) -> (u64, f64, f64) {
    let mut clients: Vec<Client> = (0..CONNECTIONS)
        .map(|at| Client::connect(trading, 100 + at as i32).expect("connected"))
        .collect();
    let windows: Vec<Vec<u8>> = clients.iter().map(|_| Vec::new()).collect();
    let mut windows = windows;
    let (cpu, start) = (thread_seconds(), Instant::now());
    let mut acknowledged = 0_u64;
    while start.elapsed() < Duration::from_secs(seconds) {
        for (client, bytes) in clients.iter_mut().zip(&mut windows) {
            bytes.clear();
            for _ in 0..OUTSTANDING {
                client.immediate_buy("AAPL", 1, 100, bytes);
            }
            client.send_bytes(bytes).expect("sent");
        }
        for client in &mut clients {
            let mut seen = 0;
            client
                .read_until(|f| {
                    match (f[0], f.get(2).copied()) {
                        ("3", Some("Cancelled")) => seen += 1,
                        ("3", Some("Submitted")) => {}
                        ("3", other) => panic!("an order that could not fill became {other:?}"),
                        _ => {}
                    }
                    (seen == OUTSTANDING).then_some(())
                })
                .expect("acknowledged");
            acknowledged += seen as u64;
        }
    }
    (acknowledged, start.elapsed().as_secs_f64(), thread_seconds() - cpu)
}

/// A raw log with batches as large as one sync of the server covered: appended and synced, nothing else.
fn raw_log(folder: &std::path::Path, batch: usize, seconds: u64) -> f64 {
    let file = File::create(folder.join("raw.log")).expect("a file");
    file.write_all_at(&vec![0; 64 << 20], 0).expect("written once");
    file.sync_all().expect("synced");
    let bytes = vec![7; batch * RECORD];
    let (mut at, mut records) = (0_u64, 0_u64);
    let (time, ()) = nanos(|| {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(seconds) {
            file.write_all_at(&bytes, at).expect("appended");
            file.sync_data().expect("synced");
            at = (at + bytes.len() as u64) % (48 << 20);
            records += batch as u64;
        }
    });
    records as f64 / (time as f64 / 1e9)
}

/// Measures the durable path.
pub fn measure(seconds: u64) -> Row {
    let server = Arc::new(Server::start(Durability::Disk));
    let done = Arc::new(AtomicU64::new(0));
    let generator = {
        let (server, done) = (Arc::clone(&server), Arc::clone(&done));
        std::thread::spawn(move || {
            crate::server::pin_this(&[1]);
            let out = generate(server.trading, seconds);
            done.store(out.0, Ordering::Relaxed);
            out
        })
    };
    let (acknowledged, elapsed, cpu) = generator.join().expect("the generator ended");
    let rate = acknowledged as f64 / elapsed;
    let peer = raw_log(server.folder.path(), 64, seconds.min(3));
    let again = raw_log(server.folder.path(), 64, seconds.min(3));
    pin(&[0, 1]);
    let null = again / peer;
    Row {
        path: "throughput, durable, 64 connections x 16 outstanding",
        subject: format!(
            "{rate:.0} orders/s (generator {:.0} % of its core)",
            cpu / elapsed * 100.0
        ),
        peer: format!("raw log, 64 records a sync: {peer:.0} records/s"),
        ratio: format!("{:.2}", rate / peer),
        null: format!("{null:.2}"),
        samples: format!("{acknowledged} orders in {elapsed:.1} s"),
        goal: ">= 50,000 orders/s",
        met: Some(rate >= 50_000.0),
        checked: "every order acknowledged and ended as it must".to_owned(),
    }
}

/// Orders a second of a program, over some seconds.
fn rate(program: &Program, seconds: u64) -> f64 {
    let trading = program.trading();
    let generator = std::thread::spawn(move || {
        crate::server::pin_this(&[1]);
        generate(trading, seconds)
    });
    let (acknowledged, elapsed, _) = generator.join().expect("the generator ended");
    acknowledged as f64 / elapsed
}

/// The middle of some rates.
fn median(rates: &mut [f64]) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

/// Measures the program against an older one, in turns of a few seconds.
pub fn against(program: &Path, peer: &Path, seconds: u64) -> Row {
    /// Seconds of one turn.
    const TURN: u64 = 5;
    let folder = tempfile::tempdir_in(".").expect("a folder");
    let start = |program: &Path, name: &str| {
        Program::start_durable(program, &folder.path().join(name), "disk")
    };
    let (new, old) = (start(program, "new"), start(peer, "old"));
    let (mut ours, mut theirs, mut again) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..seconds.div_ceil(TURN) {
        ours.push(rate(&new, TURN));
        theirs.push(rate(&old, TURN));
        again.push(rate(&old, TURN));
    }
    let turns = ours.len();
    let (ours, theirs, again) = (median(&mut ours), median(&mut theirs), median(&mut again));
    let (ratio, null) = (ours / theirs, again / theirs);
    Row {
        path: "throughput, durable, 64 connections x 16 outstanding, against the version before",
        subject: format!("{ours:.0} orders/s"),
        peer: format!("the version before: {theirs:.0} orders/s"),
        ratio: format!("{ratio:.2} x its speed"),
        null: format!("{null:.2}"),
        samples: format!("the middle of {turns} turns of {TURN} s each"),
        goal: ">= 1.5 x its speed",
        met: (0.95..=1.05).contains(&null).then_some(ratio >= 1.5),
        checked: "every order acknowledged and ended as it must".to_owned(),
    }
}
