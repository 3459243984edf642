//! A quote to a thousand programs: from the second of the market to the bytes at the last of them.

use crate::report::Row;
use crate::sample::Series;
use crate::server::Server;
use crate::wire::Client;
use access::Span;
use access::credential::Door;
use access::entitlements::Scopes;
use gate::{Actor, DoorWish, Durability, NewCredential};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const SUBSCRIBERS: usize = 1_000;
/// One port takes 256 connections.
const A_PORT: usize = 250;

/// Sockets enough for all of them, each of a program of its own.
fn sockets(server: &Server) -> Vec<SocketAddr> {
    let gate = &server.gate;
    let actor = Actor::Operator { uid: 0 };
    let more = (1..SUBSCRIBERS.div_ceil(A_PORT)).map(|number| {
        let new = NewCredential {
            name: format!("subscribers {number}"),
            accounts: vec![gate.account()],
            scopes: Scopes::read_only(gate.now() + Span::days(1)),
            token_required: Some(false),
            door: DoorWish::Socket { port: None },
        };
        let made = server.sockets.block_on(gate.credentials().create(&actor, new));
        let Door::Socket { port } = made.expect("a credential").door else {
            panic!("a credential without a socket");
        };
        SocketAddr::from(([127, 0, 0, 1], port))
    });
    std::iter::once(server.trading).chain(more).collect()
}

/// Measures a number of seconds. The receiving thread is on a core of its own, the server on the other.
pub fn measure(seconds: u64) -> Row {
    let server = Server::start(Durability::Process);
    let (changes, done) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
    let sockets = sockets(&server);
    let clients: Vec<_> = (0..SUBSCRIBERS)
        .map(|at| {
            let socket = sockets[at / A_PORT];
            let mut client = Client::connect(socket, 100 + at as i32).expect("connected");
            client.subscribe("AAPL").expect("subscribed");
            client
        })
        .collect();
    let watch = {
        let (gate, changes, done) = (server.gate.clone(), Arc::clone(&changes), Arc::clone(&done));
        server.sockets.spawn(async move {
            let mut changed = gate.markets().quotes_changed();
            let mut last = None;
            while changed.changed().await.is_ok() && !done.load(Ordering::Relaxed) {
                let quote = gate.markets().quote(access::SymbolId(700_001));
                if quote != last {
                    changes.lock().expect("a lock").push(Instant::now());
                    last = quote;
                }
            }
        })
    };
    let (arrivals, fields) = receive(clients, Duration::from_secs(seconds));
    done.store(true, Ordering::Relaxed);
    watch.abort();
    let changes = changes.lock().expect("a lock").clone();
    let mut times = Series::default();
    let mut whole = 0;
    // Of each change but the first and the last: what arrived between it and the next.
    for pair in changes.windows(2).skip(2) {
        let of: Vec<_> = arrivals.iter().filter(|at| (pair[0]..pair[1]).contains(*at)).collect();
        whole += usize::from(of.len() >= SUBSCRIBERS);
        of.iter().for_each(|at| times.push(at.duration_since(pair[0]).as_nanos() as u64));
    }
    let millis = |per_mille| times.clone().quantile(per_mille) as f64 / 1e6;
    let looked = changes.len().saturating_sub(3);
    Row {
        path: "a quote to 1,000 programs, from the market's second to each",
        subject: format!(
            "p50 {:.1} ms, p99 {:.1} ms, last {:.1} ms",
            millis(500),
            millis(990),
            millis(1_000)
        ),
        peer: "-".to_owned(),
        ratio: "-".to_owned(),
        null: "-".to_owned(),
        samples: format!("{} arrivals of {looked} quotes", times.len()),
        goal: "p99 <= 50 ms",
        met: (times.len() >= 50_000).then_some(millis(990) <= 50.0),
        checked: format!("{whole} of {looked} quotes reached all; {fields} fields"),
    }
}

/// When bytes came at each connection; one of several within five milliseconds counts.
fn receive(clients: Vec<Client>, how_long: Duration) -> (Vec<Instant>, u64) {
    crate::server::pin_this(&[1]);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let end = Instant::now() + how_long;
    let read = |client: Client| async move {
        let stream = client.into_stream();
        stream.set_nonblocking(true).expect("non-blocking");
        let stream = tokio::net::TcpStream::from_std(stream).expect("a socket");
        let (mut seen, mut fields, mut buffer) = (Vec::new(), 0_u64, vec![0; 16 * 1024]);
        while tokio::time::timeout_at(end.into(), stream.readable()).await.is_ok() {
            let now = Instant::now();
            match stream.try_read(&mut buffer) {
                Ok(0) => panic!("the connection ended"),
                Ok(count) => {
                    let zeros = buffer[..count].iter().filter(|byte| **byte == 0).count();
                    fields += zeros as u64;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                Err(error) => panic!("{error}"),
            }
            let again = |last: &Instant| now.duration_since(*last) < Duration::from_millis(5);
            if !seen.last().is_some_and(again) {
                seen.push(now);
            }
        }
        (seen, fields)
    };
    let out = runtime.block_on(async {
        let local = tokio::task::LocalSet::new();
        local
            .run_until(async {
                let tasks: Vec<_> =
                    clients.into_iter().map(|one| tokio::task::spawn_local(read(one))).collect();
                let (mut seen, mut fields) = (Vec::new(), 0);
                for task in tasks {
                    let (at, count) = task.await.expect("read");
                    seen.extend(at);
                    fields += count;
                }
                (seen, fields)
            })
            .await
    });
    crate::server::pin_this(&[0, 1]);
    out
}
