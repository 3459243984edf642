//! Order round trips against a peer that answers with the same bytes, in one process pinned to one core.

use crate::portal::Portal;
use crate::program::Program;
use crate::report::Row;
use crate::sample::{Paired, nanos, paired};
use crate::server::{Server, pin, pin_this};
use crate::wire::{Answer, Client, exchange};
use access::PaperAccountId;
use access::currency::Currency;
use gate::{BrowserKey, Durability};
use rust_decimal::Decimal;
use std::fs::File;
use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use trade::journal::Opening;
use trade::ledger::SelfMatch;

/// openOrder and orderStatus.
const MESSAGES: usize = 2;

/// What passes between a client and the peer: the bytes of an order, and those that the server answered it with.
struct Script {
    request: Vec<u8>,
    answer: Vec<u8>,
    /// Where a record is first appended, to preallocated space.
    file: File,
    /// Bytes of such a record.
    record: usize,
    /// Whether it is synced too.
    sync: bool,
}

/// The peer: on the same runtime, it reads an order's bytes and writes its answer's.
async fn echo(listener: tokio::net::TcpListener, script: Arc<Script>) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    while let Ok((mut stream, _)) = listener.accept().await {
        let script = Arc::clone(&script);
        tokio::spawn(async move {
            let _ = stream.set_nodelay(true);
            let (mut bytes, mut have, mut at) = (vec![0; 16 * 1024], 0, 0_u64);
            while let Ok(count) = stream.read(&mut bytes[have..]).await {
                have += count;
                if count == 0 {
                    break;
                }
                if have < script.request.len() {
                    continue;
                }
                assert_eq!(bytes[..have], script.request, "another request");
                script.file.write_all_at(&bytes[..script.record], at).expect("appended");
                if script.sync {
                    script.file.sync_data().expect("synced");
                }
                at = (at + script.record as u64) % (48 << 20);
                have = 0;
                if stream.write_all(&script.answer).await.is_err() {
                    break;
                }
            }
        });
    }
}

fn start_echo(server: &Server, script: Arc<Script>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("non-blocking");
    let address = listener.local_addr().expect("an address");
    server.sockets.spawn(async move {
        echo(tokio::net::TcpListener::from_std(listener).expect("a listener"), script).await;
    });
    address
}

struct Echo {
    stream: TcpStream,
    answer: Answer,
    script: Arc<Script>,
}

impl Echo {
    fn connect(address: SocketAddr, script: &Arc<Script>) -> Self {
        let stream = TcpStream::connect(address).expect("the peer answers");
        stream.set_nodelay(true).expect("nodelay");
        Self { stream, answer: Answer::of(MESSAGES), script: Arc::clone(script) }
    }

    fn turn(&mut self) -> u64 {
        let (time, ()) =
            nanos(|| exchange(&mut self.stream, &self.script.request, &mut self.answer));
        assert_eq!(self.answer.bytes(), self.script.answer);
        time
    }
}

/// One order far below the market: sent, acknowledged (timed), then looked at and cancelled (not timed).
fn place(client: &mut Client, bytes: &mut Vec<u8>, answer: &mut Answer) -> u64 {
    bytes.clear();
    let id = client.limit_buy("AAPL", 1, 100, bytes).to_string();
    let (time, ()) = nanos(|| client.exchange(bytes, answer));
    let messages = answer.fields();
    assert_eq!((messages[0][0], messages[0][1]), ("5", &*id), "openOrder");
    assert_eq!(messages[1][..3], ["3", &*id, "Submitted"], "orderStatus");
    client.cancel(id.parse().expect("an id")).expect("sent");
    client
        .read_until(|f| (f[0] == "3" && f[1] == id && f[2] == "Cancelled").then_some(()))
        .expect("cancelled");
    // The notice that follows a cancelled order, so that the next answer begins with its own bytes.
    client.read_until(|f| (f[0] == "4" && f[2] == id).then_some(())).expect("told so");
    time
}

/// Bytes of a journal's only segment up to the last that is not zero.
fn journalled(server: &Server) -> usize {
    let mut segments = std::fs::read_dir(server.folder.path().join("journal")).expect("a journal");
    let is_segment = |path: &std::path::PathBuf| {
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        stem.is_some_and(|stem| stem.parse::<u64>().is_ok())
    };
    let segment = segments.find_map(|entry| Some(entry.ok()?.path()).filter(is_segment));
    let bytes = std::fs::read(segment.expect("a segment")).expect("read");
    bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)
}

/// An order that rests, for its bytes, the answer's, and those of its record in the journal.
fn sample(
    server: &Server,
    client: &mut Client,
    bytes: &mut Vec<u8>,
    answer: &mut Answer,
) -> (Vec<u8>, Vec<u8>, usize) {
    place(client, bytes, answer);
    let request = (bytes.clone(), answer.bytes().to_vec());
    let before = journalled(server);
    bytes.clear();
    client.limit_buy("AAPL", 1, 100, bytes);
    client.exchange(bytes, answer);
    (request.0, request.1, journalled(server) - before)
}

/// A file whose bytes were written once, as the journal's segments are.
fn preallocated(folder: &Path) -> File {
    let file = File::create(folder.join("peer.log")).expect("a file");
    rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, 64 << 20)
        .expect("preallocated");
    file.write_all_at(&vec![0; 64 << 20], 0).expect("written once");
    file.sync_all().expect("synced");
    file
}

fn micros(nanos: u64) -> f64 {
    nanos as f64 / 1_000.0
}

/// The figures of a paired run, but for what is particular to it.
fn row(path: &'static str, peer: &str, mut out: Paired, (limit, goal): (f64, &'static str)) -> Row {
    let (ratio, null) = (out.ratio(500), out.null(500));
    let more = micros(out.subject.quantile(500)) - micros(out.peer.quantile(500));
    Row {
        path,
        subject: format!(
            "p50 {:.1} us, p99 {:.1} us",
            micros(out.subject.quantile(500)),
            micros(out.subject.quantile(990))
        ),
        peer: format!(
            "{peer} p50 {:.1} us, p99 {:.1} us",
            micros(out.peer.quantile(500)),
            micros(out.peer.quantile(990))
        ),
        ratio: format!("p50 {ratio:.2} ({more:+.1} us), p99 {:.2}", out.ratio(990)),
        null: format!("p50 {null:.2}, p99 {:.2}", out.null(990)),
        samples: out.subject.len().to_string(),
        goal,
        met: (0.95..=1.05).contains(&null).then_some(ratio <= limit),
        checked: "each order Submitted, then Cancelled".to_owned(),
    }
}

/// Measures one durability.
pub fn measure(durability: Durability, rounds: usize) -> Row {
    pin(&[0]);
    let server = Server::start(durability);
    let sync = durability == Durability::Disk;
    let file = preallocated(server.folder.path());
    let mut client = Client::connect(server.trading, 1).expect("connected");
    let (mut bytes, mut answer) = (Vec::new(), Answer::of(MESSAGES));
    let (request, told, record) = sample(&server, &mut client, &mut bytes, &mut answer);
    let script = Arc::new(Script { request, answer: told, file, record, sync });
    let address = start_echo(&server, Arc::clone(&script));
    let (mut one, mut two) = (Echo::connect(address, &script), Echo::connect(address, &script));
    let out = paired(
        rounds,
        || place(&mut client, &mut bytes, &mut answer),
        || one.turn(),
        || two.turn(),
    );
    pin(&[0, 1]);
    if sync {
        let path = "order round trip, durable before the ack";
        row(path, "echo + append + fdatasync", out, (1.05, "p50 <= 1.05"))
    } else {
        let path = "order round trip, process durability";
        row(path, "echo of the same bytes + pwrite of the record", out, (1.2, "p50 <= 1.2"))
    }
}

/// One client and what it needs for a round trip.
struct Trader {
    client: Client,
    bytes: Vec<u8>,
    answer: Answer,
}

impl Trader {
    fn connect(address: SocketAddr, client_id: i32) -> Self {
        let client = Client::connect(address, client_id).expect("connected");
        Self { client, bytes: Vec::new(), answer: Answer::of(MESSAGES) }
    }

    fn turn(&mut self) -> u64 {
        place(&mut self.client, &mut self.bytes, &mut self.answer)
    }
}

/// Measures the program against an older one, each as a process of its own on the same core; so is the null control, a second one
/// of the older.
pub fn against(program: &Path, peer: &Path, rounds: usize) -> Row {
    let folder = tempfile::tempdir_in(".").expect("a folder");
    let start = |program: &Path, name: &str| {
        let program = Program::start_durable(program, &folder.path().join(name), "process");
        program.pin(&[0]);
        program
    };
    let programs = [start(program, "new"), start(peer, "old"), start(peer, "other")];
    pin(&[0]);
    let mut traders = programs.each_ref().map(|program| Trader::connect(program.trading(), 1));
    let [subject, first, second] = &mut traders;
    let out = paired(rounds, || subject.turn(), || first.turn(), || second.turn());
    pin(&[0, 1]);
    let path = "order round trip, process durability, against the version before";
    row(path, "the version before", out, (0.8, "p50 <= 0.8"))
}

/// Measures an exchange that has ten ledgers against one that has one. The null control is a server of its own: two clients of
/// one would find its memory warm twice as often.
pub fn ledgers(rounds: usize) -> Row {
    pin(&[0]);
    let [ten, one, other] = std::array::from_fn(|_| Server::start(Durability::Process));
    for number in 1..10 {
        let opening = Opening {
            account: PaperAccountId::new(2_000_000 + number).expect("seven digits"),
            cash: Decimal::from(1_000_000),
            currency: Currency::USD,
            self_match: SelfMatch::default(),
        };
        let opened = ten.gate.paper_accounts();
        ten.sockets.block_on(opened.open(opening)).expect("opened");
    }
    assert_eq!(ten.gate.paper_accounts().list().len(), 10);
    let mut traders = [&ten, &one, &other].map(|server| Trader::connect(server.trading, 1));
    let [subject, first, second] = &mut traders;
    let out = paired(rounds, || subject.turn(), || first.turn(), || second.turn());
    pin(&[0, 1]);
    row("order round trip with ten accounts", "with one", out, (1.05, "p50 <= 1.05"))
}

/// Places orders that rest, and ends without a word to them: what is counted is orders alone.
pub fn place_only(orders: u32) -> ! {
    let server = Server::start(Durability::Process);
    let Trader { mut client, mut bytes, mut answer } = Trader::connect(server.trading, 1);
    for number in 0..orders {
        bytes.clear();
        let price = 100 + i64::from(number % 500);
        let id = client.limit_buy("AAPL", 1 + number % 9, price, &mut bytes).to_string();
        client.exchange(&bytes, &mut answer);
        let messages = answer.fields();
        assert_eq!(messages[1][..3], ["3", &*id, "Submitted"], "orderStatus");
    }
    // Nothing is dropped at an exit.
    std::fs::remove_dir_all(server.folder.path()).expect("the folder goes");
    std::process::exit(0)
}

/// Orders that have ended.
const ENDED: usize = 20_000;
/// Overviews that are open.
const PAGES: usize = 10;

/// A server with orders that have ended, and a client.
fn busy() -> (Server, Trader) {
    let server = Server::start(Durability::Process);
    let mut trader = Trader::connect(server.trading, 1);
    for _ in 0..ENDED {
        trader.turn();
    }
    let view = server.sockets.block_on(server.gate.view()).expect("a view");
    assert_eq!(view.completed_orders.len(), ENDED);
    (server, trader)
}

/// Measures beside ten overviews that are open and follow the account.
pub fn beside_pages(rounds: usize) -> Row {
    pin(&[0]);
    let (watched, mut subject) = busy();
    let ((_alone, mut first), (_other, mut second)) = (busy(), busy());
    let portal = Portal::start(&watched.gate);
    let mut browser = portal.linked(&watched, BrowserKey::generate().ok());
    let told = Arc::new(AtomicUsize::new(0));
    for _ in 0..PAGES {
        let mut page = browser.follow(portal.address, "/events?range=day").expect("a stream");
        let told = Arc::clone(&told);
        std::thread::spawn(move || {
            pin_this(&[1]);
            let mut bytes = [0; 64 * 1024];
            while let Ok(1..) = page.read(&mut bytes) {
                told.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    let out = paired(rounds, || subject.turn(), || first.turn(), || second.turn());
    pin(&[0, 1]);
    let told = told.load(Ordering::Relaxed);
    assert!(told > PAGES, "the pages heard nothing");
    let path = "order round trip beside ten open overviews, 20,000 completed orders";
    let row = row(path, "without the pages", out, (1.1, "p50 <= 1.1"));
    Row { checked: format!("{}; the pages read {told} times", row.checked), ..row }
}
