//! Storms: ten thousand connections, a thousand wrong passwords. Anyone who makes one is told; nobody else is kept out.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::browser::{Answer, Browser, HOME, dial};
use crate::program::{Server, json, run, text};
use crate::trader::Trader;

/// Connections of a storm.
const STORM: usize = 10_000;
/// What one address may have at the portal.
const OF_ONE: usize = 128;
/// Where a storm comes from.
const AWAY: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 66);

/// A test holds a storm's connections, so it needs as many open files.
fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = STORM as u64 + 1_000;
    assert!(
        limit.maximum.is_none_or(|most| most >= wanted),
        "this test opens {STORM} connections and the system allows it {:?} files: raise the hard limit (ulimit -Hn)",
        limit.maximum
    );
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).unwrap();
}

/// A demo whose shell allowed it 1,024 open files, as most do.
fn demo(folder: &std::path::Path) -> Server {
    let data = folder.join("data");
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "ulimit -Sn 1024 && exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_floorpass")])
        .args(["demo", "--free-ports", "--seed", "7", "--data"])
        .arg(&data);
    Server::start(shell, folder, &data)
}

/// Opens connections from `from` that say nothing, and keeps them.
fn storm(from: Ipv4Addr, to: SocketAddr, count: usize) -> Vec<TcpStream> {
    let dial_some = move || (0..count / 4).map(|_| dial(from, to).unwrap()).collect::<Vec<_>>();
    let threads: Vec<_> = (0..4).map(|_| thread::spawn(dial_some)).collect();
    threads.into_iter().flat_map(|one| one.join().unwrap()).collect()
}

/// A program that trades until it is told to stop.
struct Steady {
    stop: Arc<AtomicBool>,
    fills: Arc<AtomicUsize>,
    thread: thread::JoinHandle<()>,
}

impl Steady {
    fn start(port: u16) -> Self {
        let (stop, fills) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let thread = thread::spawn({
            let (stop, fills) = (Arc::clone(&stop), Arc::clone(&fills));
            move || {
                let mut trader = Trader::connect(port, 1);
                let mut id = 0;
                while !stop.load(Ordering::SeqCst) {
                    id += 1;
                    let action = if id % 2 == 1 { "BUY" } else { "SELL" };
                    trader.send(&Trader::order(id, action, 1, None));
                    let count = usize::try_from(id).unwrap();
                    trader.wait("a fill", |told| told.executions.len() == count);
                    fills.store(count, Ordering::SeqCst);
                }
            }
        });
        Self { stop, fills, thread }
    }

    /// Returns once it has traded again, since now.
    fn trades(&self) {
        let before = self.fills.load(Ordering::SeqCst);
        while self.fills.load(Ordering::SeqCst) < before + 2 {
            assert!(!self.thread.is_finished(), "the program that trades was stopped");
            thread::yield_now();
        }
    }

    fn end(self) -> usize {
        self.stop.store(true, Ordering::SeqCst);
        self.thread.join().unwrap();
        self.fills.load(Ordering::SeqCst)
    }
}

#[test]
fn ten_thousand_connections_stop_no_trader_and_shut_nobody_out() {
    raise_open_files();
    let temp = tempfile::tempdir().unwrap();
    let server = demo(temp.path());
    let port = server.port("trading");
    let steady = Steady::start(port);
    steady.trades();

    let socket = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
    let held = storm(AWAY, socket, STORM);
    steady.trades();
    // All ten thousand are still held, and say nothing: a program gets in all the same.
    let mut late = Trader::connect(port, 2);
    late.send(&Trader::order(1, "BUY", 1, None));
    late.wait("a fill", |told| !told.executions.is_empty());
    drop(held);

    let mut home = Browser::at(&server);
    home.sign_in_by_link(&server);
    let held: Vec<_> = (0..OF_ONE).map(|_| dial(AWAY, home.to).unwrap()).collect();
    let mut away = home.stranger(AWAY);
    let full = away.get("/sign-in");
    assert_eq!((full.status, full.header("retry-after")), (503, Some("10")), "{full:?}");
    assert!(full.body.contains("Your address"), "{full:?}");
    full.check_marks();
    assert_eq!(home.get("/").status, 200);
    let more = storm(AWAY, home.to, STORM - OF_ONE);
    assert_eq!(home.get("/").status, 200, "ten thousand connections from elsewhere shut it out");
    assert_eq!(json(&server.data, &["status"])["demo"], true);
    steady.trades();
    drop((held, more));
    // Its places come back with the connections.
    while away.get("/sign-in").status != 200 {
        thread::yield_now();
    }
    assert!(steady.end() > 0);
    assert!(!server.log().contains("panicked"), "{}", server.log());
    assert_eq!(server.terminate(), 0);
}

#[test]
fn eight_addresses_with_all_places_keep_nobody_else_out() {
    raise_open_files();
    let temp = tempfile::tempdir().unwrap();
    let server = demo(temp.path());
    let mut home = Browser::at(&server);
    home.sign_in_by_link(&server);
    let mut held = Vec::new();
    for last in 70..78 {
        held.push(storm(Ipv4Addr::new(127, 0, 0, last), home.to, OF_ONE));
    }
    assert_eq!(home.get("/").status, 200);
    // Nor when each of them reads nothing of what it asks for.
    for stream in held.iter_mut().flatten() {
        let ask = b"GET /sign-in HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(8);
        stream.write_all(&ask).ok();
    }
    assert_eq!(home.stranger(Ipv4Addr::new(127, 0, 0, 90)).get("/sign-in").status, 200);
    assert_eq!(home.get("/").status, 200);
    drop(held);
    assert_eq!(server.terminate(), 0);
}

/// Guesses from `at`; says how often each status was the answer.
fn guess(mut at: Browser, times: usize) -> Vec<u16> {
    let fields = [("username", "trader"), ("password", "not-the-password-at-all"), ("next", "/")];
    (0..times)
        .map(|_| {
            let answer = at.post("/sign-in", &fields);
            let codes = ["SIGN_IN_FAILED", "THROTTLED", "AUTHENTICATOR_STOPPED", "BUSY"];
            assert!(codes.iter().any(|code| answer.body.contains(code)), "{answer:?}");
            answer.status
        })
        .collect()
}

/// Signs in with password and code.
pub fn sign_in(browser: &mut Browser, server: &Server, password: &str) -> Answer {
    browser.forget("session");
    let fields = [("username", "trader"), ("password", password), ("next", "/")];
    let first = browser.post("/sign-in", &fields);
    if first.status != 303 {
        return first;
    }
    let code = json(&server.data, &["totp", "trader"])["code"].as_str().unwrap().to_owned();
    browser.post("/sign-in/code", &[("code", &code), ("next", "/")])
}

#[test]
fn thousand_wrong_passwords_from_elsewhere_do_not_delay_the_owner() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let password = server.ready["people"][0]["password"].as_str().unwrap().to_owned();
    let mut owner = Browser::at(&server);
    owner.sign_in_by_link(&server);
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let at = owner.stranger(AWAY);
            thread::spawn(move || guess(at, 250))
        })
        .collect();
    let answers: Vec<u16> = threads.into_iter().flat_map(|one| one.join().unwrap()).collect();
    assert_eq!(answers.len(), 1_000);
    assert!(answers.contains(&429), "no guess was throttled");
    assert!(answers.iter().all(|status| [401, 429, 503].contains(status)), "{answers:?}");
    // The right password from a browser that nobody trusts has to wait; the owner's own does not.
    let shut = sign_in(&mut owner.stranger(HOME), &server, &password);
    assert!(shut.body.contains("THROTTLED") || shut.body.contains("STOPPED"), "{shut:?}");
    let done = sign_in(&mut owner, &server, &password);
    assert_eq!(done.to(), "/?welcome=1", "{done:?}");
    assert_eq!(owner.get("/").status, 200);
    let verified = run(&server.data, &["evidence", "verify"]);
    assert!(verified.status.success(), "{}", text(&verified));
}
