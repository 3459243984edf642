//! A start of the real program after ninety days off: until its markets have caught up, and the longest that a
//! door kept somebody waiting meanwhile. The peer is an older program, on a folder that it left itself.

use crate::browse::{Browser, now};
use crate::program::{Program, run};
use crate::report::Row;
use crate::restart::{HOME, admission, config, let_go};
use crate::wire::Client;
use access::id::SymbolId;
use access::{Holder, Span, Time};
use control::{Request, ServerRequest, StatusNow};
use gate::disk::LocalDisk;
use gate::{Clock, Gate, OrderRequest};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use trade::Ticks;
use trade::bar::BarSize;
use trade::order::{NewOrder, OrderType, Origin, Side, TimeInForce};
use tws::Inbound;

/// How long nobody ran it.
const OFF: Span = Span::days(90);
/// Orders that rest when it stops, all good until cancelled.
const RESTING: usize = 1_000;
/// Instruments that they are spread over.
const CONTRACTS: usize = 22;
/// The longest that the start may take, until the markets are where they belong.
const START: Duration = Duration::from_secs(2);
/// The longest that an answer may take meanwhile.
const SILENCE: Duration = Duration::from_millis(50);
/// Between an answer and the next question.
const PAUSE: Duration = Duration::from_micros(500);
/// How long the doors are asked once they have caught up, at least.
const QUIET: Duration = Duration::from_secs(1);
/// Where Debian's package `faketime` has the library that gives the peer a clock of ninety days ago.
const FAKETIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

/// An older program to compare with.
#[derive(Clone, Copy)]
pub struct Peer<'a> {
    /// It.
    pub program: &'a Path,
    /// The library that moves its clock; Debian's without one.
    pub faketime: Option<&'a Path>,
}

/// Ticks that a contract last traded at, if it did within five minutes.
fn last_price(gate: &Gate, symbol: SymbolId, now: Time) -> Option<i64> {
    let bars = gate.markets().bars(symbol, BarSize::Minutes(1), now - Span::minutes(5), now);
    bars.last().map(|bar| bar.close.0)
}

/// Orders from 3 % to 40 % away from the last price: while ninety days pass, some of them fill.
fn order(gate: &Gate, number: usize, now: Time) -> NewOrder {
    let symbol = SymbolId(700_001 + (number % CONTRACTS) as u32);
    let last = last_price(gate, symbol, now).expect("a bar");
    let away = last * (3 + (number / CONTRACTS % 38) as i64) / 100;
    let (side, order_type) = match number % 4 {
        0 => (Side::Buy, OrderType::Limit { price: Ticks(last - away) }),
        1 => (Side::Sell, OrderType::Limit { price: Ticks(last + away) }),
        2 => (Side::Buy, OrderType::Stop { trigger: Ticks(last + away) }),
        _ => (Side::Sell, OrderType::Stop { trigger: Ticks(last - away) }),
    };
    NewOrder {
        account: gate.account(),
        symbol,
        side,
        quantity: 1,
        order_type,
        tif: TimeInForce::Gtc,
        outside_hours: true,
        origin: Origin { holder: Holder::System, client_id: 1, order_id: number as i32 + 1 },
        parent: None,
        oca: None,
        reference: None,
    }
}

/// Makes a folder that was last open at `end`, with orders resting, on a clock that is moved by hand.
async fn leave(data: &Path, end: Time) {
    let clock = Clock::manual(end - Span::hours(1));
    let gate = Gate::open_with(config(data), clock.clone(), Arc::new(LocalDisk)).await;
    let gate = gate.expect("opens");
    clock.set(end);
    // An hour is caught up by the beat, which also has to notice it first. Until then there are neither prices nor orders.
    let first = SymbolId(700_001);
    while gate.markets().progress().is_some() || last_price(&gate, first, end).is_none() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let program = admission(&gate);
    for number in 0..RESTING {
        // A rate is counted by the clock.
        let now = end + Span::milliseconds(100 * number as i64);
        clock.set(now);
        let order = order(&gate, number, now);
        gate.orders().submit(&program, HOME, OrderRequest::Place(vec![order])).expect("placed");
    }
    gate.orders().flush().await.expect("written");
    let open = gate.view().await.expect("a view").open_orders.len();
    assert_eq!(open, RESTING, "orders rest");
    gate.close().await.expect("closed");
}

/// How long each answer of a door took.
struct Waits {
    longest: Duration,
    answers: usize,
}

/// Asks a door again and again until told to end.
fn wait_on(end: &AtomicBool, mut ask: impl FnMut()) -> Waits {
    let mut waits = Waits { longest: Duration::ZERO, answers: 0 };
    while !end.load(Ordering::Acquire) {
        let start = Instant::now();
        ask();
        waits.longest = waits.longest.max(start.elapsed());
        waits.answers += 1;
        std::thread::sleep(PAUSE);
    }
    waits
}

fn portal(running: &Program) -> Browser {
    let origin = running.ready["portal"].as_str().expect("a portal");
    let host = origin.trim_start_matches("http://");
    let port = host.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    Browser::connect(SocketAddr::from(([127, 0, 0, 1], port)), host).expect("connected")
}

fn socket(running: &Program) -> SocketAddr {
    let port = running.ready["sockets"][0]["port"].as_u64().expect("a port") as u16;
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// Asks all doors at once until `is_over`, which the portal's answer is handed to.
fn ask_all(
    running: &Program,
    data: &Path,
    client_id: i32,
    is_over: impl Fn(u16) -> bool + Send,
) -> [(&'static str, Waits); 3] {
    let (mut browser, socket) = (portal(running), socket(running));
    let end = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let end = &end;
        let portal = scope.spawn(move || {
            wait_on(end, || {
                // It waits for the markets' lock as every page of an account does.
                let status = browser.get("/healthz").expect("answered").status;
                if is_over(status) {
                    end.store(true, Ordering::Release);
                }
            })
        });
        let trading = scope.spawn(move || {
            let mut client = Client::connect(socket, client_id).expect("connected");
            let asked = tws::inbound::Executions { request_id: 1, ..Default::default() };
            let asked = Inbound::from(asked);
            wait_on(end, || {
                client.send(&asked).expect("sent");
                client.read_until(|fields| (fields[0] == "55").then_some(())).expect("answered");
            })
        });
        let operator = scope.spawn(move || {
            wait_on(end, || {
                let status = Request::Server(ServerRequest::Status);
                let _: StatusNow = control::ask(data, &status).expect("answered");
            })
        });
        [("portal", portal), ("socket", trading), ("operator", operator)]
            .map(|(name, thread)| (name, thread.join().expect("asked")))
    })
}

/// How long the peer takes until its markets have caught up.
fn of_peer(peer: Peer<'_>) -> Duration {
    let folder = tempfile::tempdir_in(".").expect("a folder");
    let data = folder.path().join("data");
    let library = peer.faketime.unwrap_or(Path::new(FAKETIME));
    assert!(library.is_file(), "{} is not there: see --faketime", library.display());
    let then = Program::start_then(peer.program, &data, library, OFF);
    let mut client = Client::connect(socket(&then), 1).expect("connected");
    let mut bytes = Vec::new();
    for number in 0..RESTING {
        bytes.clear();
        // Each differs from the one before, which a guard against double sending wants.
        let (quantity, price) = (1 + number as u32 % 3, 100 + number as i64);
        let id = client.resting_buy("KO", quantity, price, &mut bytes).to_string();
        client.send_bytes(&bytes).expect("sent");
        client
            .read_until(|f| (f[0] == "3" && f[1] == id && f[2] == "Submitted").then_some(()))
            .expect("resting");
    }
    then.stop();
    let running = Program::start(peer.program, &data);
    let mut browser = portal(&running);
    while browser.get("/healthz").expect("answered").status != 200 {
        std::thread::sleep(PAUSE);
    }
    let took = running.began.elapsed();
    running.stop();
    took
}

fn words(waits: &[(&'static str, Waits); 3]) -> String {
    let each = waits.iter().map(|(name, waits)| {
        format!("{name} {:.1} ms of {}", waits.longest.as_secs_f64() * 1_000.0, waits.answers)
    });
    each.collect::<Vec<_>>().join(", ")
}

fn longest(waits: &[(&'static str, Waits); 3]) -> Duration {
    waits.iter().map(|(_, waits)| waits.longest).max().unwrap_or_default()
}

/// Measures the start and the doors; the null control is the same doors once the markets have caught up.
pub fn measure(program: &Path, peer: Option<Peer<'_>>) -> Row {
    let folder = tempfile::tempdir_in(".").expect("a folder");
    let data = folder.path().join("data");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(leave(&data, now() - OFF));
    runtime.shutdown_timeout(Duration::from_secs(10));
    let_go(&data);
    let running = Program::start(program, &data);
    let behind = AtomicBool::new(false);
    let busy = ask_all(&running, &data, 1, |status| {
        behind.fetch_or(status == 503, Ordering::AcqRel);
        status == 200
    });
    let took = running.began.elapsed();
    let was_behind = behind.into_inner();
    let (start, least) = (Instant::now(), QUIET.max(took));
    let quiet = ask_all(&running, &data, 2, |status| {
        assert_eq!(status, 200);
        start.elapsed() >= least
    });
    let ready = running.took;
    let left = running.ask(&["order", "list", "--open"]).as_array().map_or(0, Vec::len);
    assert!((1..RESTING).contains(&left), "{left} orders are left");
    running.stop();
    run(program, &data, &["evidence", "verify"]);
    let silence = longest(&busy);
    let met = took <= START && silence <= SILENCE;
    let older = peer.map(of_peer);
    Row {
        path: "start after ninety days off, 1,000 orders resting",
        subject: format!(
            "{:.2} s until the markets have caught up, doors open after {:.2} s; longest wait: {}",
            took.as_secs_f64(),
            ready.as_secs_f64(),
            words(&busy)
        ),
        peer: older.map_or_else(
            || "-".to_owned(),
            |older| format!("older program (--peer): {:.2} s", older.as_secs_f64()),
        ),
        ratio: older.map_or_else(
            || "-".to_owned(),
            |older| format!("{:.4}", took.as_secs_f64() / older.as_secs_f64()),
        ),
        null: format!("caught up, for {:.1} s: {}", least.as_secs_f64(), words(&quiet)),
        samples: "1".to_owned(),
        goal: "<= 2 s; <= 50 ms",
        // A machine that keeps somebody waiting for nothing allows no verdict but that it was met, and neither
        // do markets that had caught up before a door could be asked.
        met: (was_behind && (met || longest(&quiet) <= SILENCE / 2)).then_some(met),
        checked: format!("{left} of the orders still rest, evidence verified"),
    }
}
