//! Order round trips against an echo of the same bytes, in one process pinned to one core.

use crate::report::Row;
use crate::sample::{nanos, paired};
use crate::server::{Server, pin};
use crate::wire::Client;
use gate::Durability;
use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::FileExt;

/// The peer: an echo on the same runtime; with a file, each message is first appended and synced to preallocated space.
async fn echo(listener: tokio::net::TcpListener, file: Option<File>) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let file = file.map(std::sync::Arc::new);
    while let Ok((mut stream, _)) = listener.accept().await {
        let file = file.clone();
        tokio::spawn(async move {
            let _ = stream.set_nodelay(true);
            let (mut bytes, mut at) = (vec![0; 64 * 1024], 0_u64);
            while let Ok(count) = stream.read(&mut bytes).await {
                if count == 0 {
                    break;
                }
                if let Some(file) = &file {
                    file.write_all_at(&bytes[..count], at).expect("appended");
                    file.sync_data().expect("synced");
                    at = (at + count as u64) % (48 << 20);
                }
                if stream.write_all(&bytes[..count]).await.is_err() {
                    break;
                }
            }
        });
    }
}

fn start_echo(server: &Server, file: Option<File>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("non-blocking");
    let address = listener.local_addr().expect("an address");
    server.sockets.spawn(async move {
        echo(tokio::net::TcpListener::from_std(listener).expect("a listener"), file).await;
    });
    address
}

struct Echo(TcpStream);

impl Echo {
    fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("echo answers");
        stream.set_nodelay(true).expect("nodelay");
        Self(stream)
    }

    fn turn(&mut self, bytes: &[u8]) -> u64 {
        let mut back = vec![0; bytes.len()];
        let (time, ()) = nanos(|| {
            self.0.write_all(bytes).expect("sent");
            self.0.read_exact(&mut back).expect("came back");
        });
        assert_eq!(back, bytes);
        time
    }
}

/// One order far below the market: sent, acknowledged (timed), then cancelled (not timed).
fn place(client: &mut Client) -> u64 {
    let mut bytes = Vec::new();
    let id = client.limit_buy("AAPL", 1, 100, &mut bytes).to_string();
    let (time, status) = nanos(|| {
        client.send_bytes(&bytes).expect("sent");
        client
            .read_until(|f| (f[0] == "3" && f[1] == id).then(|| f[2].to_owned()))
            .expect("acknowledged")
    });
    assert_eq!(status, "Submitted");
    client.cancel(id.parse().expect("an id")).expect("sent");
    client
        .read_until(|f| (f[0] == "3" && f[1] == id && f[2] == "Cancelled").then_some(()))
        .expect("cancelled");
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
    let address = start_echo(&server, file);
    let mut client = Client::connect(server.trading, 1).expect("connected");
    let (mut one, mut two) = (Echo::connect(address), Echo::connect(address));
    let mut sample = Vec::new();
    client.limit_buy("AAPL", 1, 100, &mut sample);
    let mut out = paired(rounds, || place(&mut client), || one.turn(&sample), || two.turn(&sample));
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
            if disk { "echo + append + fdatasync" } else { "echo" },
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
