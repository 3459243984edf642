//! Order round trips against a peer that answers with the same bytes, in one process pinned to one core.

use crate::report::Row;
use crate::sample::{nanos, paired};
use crate::server::{Server, pin};
use crate::wire::{Answer, Client, exchange};
use gate::Durability;
use std::fs::File;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// openOrder and orderStatus.
const MESSAGES: usize = 2;

/// What passes between a client and the peer: the bytes of an order, and those that the server answered it with.
struct Script {
    request: Vec<u8>,
    answer: Vec<u8>,
    /// Where each request is first appended and synced, to preallocated space.
    file: Option<File>,
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
                if let Some(file) = &script.file {
                    file.write_all_at(&bytes[..have], at).expect("appended");
                    file.sync_data().expect("synced");
                    at = (at + have as u64) % (48 << 20);
                }
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

/// Measures one durability.
pub fn measure(durability: Durability, rounds: usize) -> Row {
    pin(&[0]);
    let server = Server::start(durability);
    let file = (durability == Durability::Disk).then(|| {
        let file = File::create(server.folder.path().join("peer.log")).expect("a file");
        rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, 64 << 20)
            .expect("preallocated");
        file.write_all_at(&vec![0; 64 << 20], 0).expect("written once");
        file.sync_all().expect("synced");
        file
    });
    let mut client = Client::connect(server.trading, 1).expect("connected");
    let (mut bytes, mut answer) = (Vec::new(), Answer::of(MESSAGES));
    place(&mut client, &mut bytes, &mut answer);
    let (request, answered) = (bytes.clone(), answer.bytes().to_vec());
    let script = Arc::new(Script { request, answer: answered, file });
    let address = start_echo(&server, Arc::clone(&script));
    let (mut one, mut two) = (Echo::connect(address, &script), Echo::connect(address, &script));
    let mut out = paired(
        rounds,
        || place(&mut client, &mut bytes, &mut answer),
        || one.turn(),
        || two.turn(),
    );
    pin(&[0, 1]);
    let (ratio, null) = (out.ratio(500), out.null(500));
    let more = out.subject.quantile(500) as f64 / 1_000.0 - out.peer.quantile(500) as f64 / 1_000.0;
    let micros = |nanos: u64| nanos as f64 / 1_000.0;
    let disk = durability == Durability::Disk;
    let limit = if disk { 1.3 } else { 1.15 };
    Row {
        path: if disk {
            "order round trip, durable before the ack"
        } else {
            "order round trip, process durability"
        },
        subject: format!(
            "p50 {:.1} us, p99 {:.1} us",
            micros(out.subject.quantile(500)),
            micros(out.subject.quantile(990))
        ),
        peer: format!(
            "{} p50 {:.1} us, p99 {:.1} us",
            if disk { "echo + append + fdatasync" } else { "echo of the same bytes" },
            micros(out.peer.quantile(500)),
            micros(out.peer.quantile(990))
        ),
        ratio: format!("p50 {ratio:.2} ({more:+.1} us), p99 {:.2}", out.ratio(990)),
        null: format!("p50 {null:.2}, p99 {:.2}", out.null(990)),
        samples: out.subject.len().to_string(),
        goal: if disk { "p50 <= 1.3" } else { "p50 <= 1.15 and <= 3 us more" },
        met: (0.95..=1.05).contains(&null).then_some(ratio <= limit && (disk || more <= 3.0)),
        checked: "each order Submitted, then Cancelled".to_owned(),
    }
}
