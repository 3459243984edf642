//! The portal's listener: HTTP/1.1 and HTTP/2, plain on loopback or under TLS, with bounds on everything that a
//! caller can make us hold.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gate::Health;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use crate::pace::Paced;
use crate::place::{ConnectionPlace, Full, Places};
use crate::server::is_over;

/// Connections at a time, and requests at a time from behind a proxy; further ones are turned away.
const CONNECTIONS: usize = 1_024;
/// Of these, how many one address may have. A browser takes six, a page that updates itself one of them.
const CONNECTIONS_OF_ONE: usize = 128;
/// Connections at a time that are told why they are turned away; further ones are closed.
const TURNED_AWAY: usize = 64;
/// How long one may take to hear that.
const FAREWELL: Duration = Duration::from_secs(1);
/// When to come back, in seconds.
const RETRY_AFTER: u32 = 10;
/// How long a caller may take for the TLS handshake, or for the head of a request.
const HEAD: Duration = Duration::from_secs(10);
/// Bytes of a request's head.
const HEAD_BYTES: usize = 32 * 1_024;
/// Header lines of a request.
const HEADERS: usize = 64;
/// Streams at a time on an HTTP/2 connection.
const STREAMS: u32 = 64;
/// How long requests in hand may take when the server ends.
const GRACE: Duration = Duration::from_secs(2);

/// How connections are taken.
#[derive(Clone)]
pub struct Rules {
    /// Whether browsers are to insist on HTTPS.
    pub strict: bool,
    /// TLS, when it ends here.
    pub tls: Option<Arc<ServerConfig>>,
    /// The one address that connections are taken from, beside loopback: a proxy's.
    pub only_from: Option<IpAddr>,
    /// Files that this process may have open; the portal takes a quarter of them at most.
    pub open_files: Option<u64>,
}

/// What all connections share.
#[derive(Clone)]
struct Door {
    router: Router,
    rules: Rules,
    connections: Places,
    /// Requests that came through the proxy, by the address that it names: its own connections are everybody's.
    requests: Places,
    farewells: Arc<Semaphore>,
    stop: watch::Receiver<bool>,
}

/// Where connections are taken, what answers them, and how.
pub struct PortalSide {
    /// The listeners.
    pub listeners: Vec<TcpListener>,
    /// What answers.
    pub router: Router,
    /// The rules of the list.
    pub rules: Rules,
}

/// Serves every side until `stop` changes, then lets requests in hand finish.
pub async fn serve_all(
    sides: Vec<PortalSide>,
    health: Arc<Health>,
    stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let mut serving = JoinSet::new();
    for side in sides {
        serving.spawn(serve(side, Arc::clone(&health), stop.clone()));
    }
    while let Some(ended) = serving.join_next().await {
        ended.map_err(io::Error::other)??;
    }
    Ok(())
}

async fn serve(
    PortalSide { listeners, router, rules }: PortalSide,
    health: Arc<Health>,
    stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let files = rules.open_files.and_then(|files| usize::try_from(files / 4).ok());
    let most = files.map_or(CONNECTIONS, |files| files.min(CONNECTIONS));
    let most_of_one = CONNECTIONS_OF_ONE.min(most.div_ceil(2));
    let door = Door {
        router,
        rules,
        connections: Places::new(most, most_of_one),
        requests: Places::new(most, most_of_one),
        farewells: Arc::new(Semaphore::new(TURNED_AWAY)),
        stop,
    };
    let mut loops = Vec::new();
    for listener in listeners {
        listener.set_nonblocking(true)?;
        let listener = Arc::new(tokio::net::TcpListener::from_std(listener)?);
        let (own, told) = (door.clone(), door.stop.clone());
        let make = move || accept(Arc::clone(&listener), own.clone());
        loops.push(health.task("portal", move || is_over(&told), make));
    }
    for one in loops {
        one.await.ok();
    }
    // Those that do not end are cut with the runtime.
    let ended = tokio::time::timeout(GRACE, door.connections.all_back()).await;
    if ended.is_err() {
        tracing::info!("connections of browsers that stayed open were cut");
    }
    Ok(())
}

async fn accept(listener: Arc<tokio::net::TcpListener>, mut door: Door) {
    loop {
        let (stream, peer) = tokio::select! {
            _ = door.stop.changed() => return,
            accepted = listener.accept() => match accepted {
                Ok(pair) => pair,
                Err(error) => {
                    // Out of descriptors, most likely: they come back.
                    tracing::warn!(%error, "the portal could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
        };
        let ip = peer.ip().to_canonical();
        let is_proxy = door.rules.only_from.is_some_and(|only| only.to_canonical() == ip);
        if door.rules.only_from.is_some() && !is_proxy && !ip.is_loopback() {
            tracing::warn!(%peer, "a connection that did not come from the proxy was closed");
            continue;
        }
        let place = match door.take(ip, is_proxy) {
            Ok(place) => place,
            Err(full) => {
                tracing::debug!(%peer, ?full, "a connection was turned away");
                door.turn_away(stream, full);
                continue;
            }
        };
        let door = door.clone();
        tokio::spawn(async move {
            tokio::select! {
                done = connection(stream, peer, is_proxy, door) => if let Err(error) = done {
                    tracing::debug!(%peer, %error, "a connection to the portal ended");
                },
                () = place.given_away() => {
                    tracing::debug!(%peer, "a connection was closed to make room: its address had the most");
                }
            }
        });
    }
}

impl Door {
    /// A place for a connection. The proxy may have them all: its callers are counted by request.
    fn take(&self, address: IpAddr, is_proxy: bool) -> Result<ConnectionPlace, Full> {
        if is_proxy { self.connections.take_any(address) } else { self.connections.take(address) }
    }

    /// Tells a connection why it ends, where it can be told, and ends it.
    fn turn_away(&self, mut stream: TcpStream, full: Full) {
        let Ok(place) = Arc::clone(&self.farewells).try_acquire_owned() else { return };
        // Under TLS nothing can be said before the handshake, which is what costs.
        if self.rules.tls.is_some() {
            return;
        }
        let answer = self.rules.busy_text(full);
        tokio::spawn(async move {
            let told = async {
                stream.write_all(answer.as_bytes()).await?;
                stream.shutdown().await?;
                // What the caller still sends is taken, or the answer would be lost with it.
                let mut rest = [0; 1_024];
                while stream.read(&mut rest).await? > 0 {}
                io::Result::Ok(())
            };
            // A client that does not listen is closed all the same.
            drop(tokio::time::timeout(FAREWELL, told).await);
            drop(place);
        });
    }
}

fn why(full: Full) -> &'static str {
    match full {
        Full::All => {
            "The portal has reached its limit of connections. Nothing was done; try again in a moment.\n"
        }
        Full::Address => {
            "Your address has reached its limit of connections to the portal. Nothing was done; close some, or try again in a moment.\n"
        }
    }
}

type Fault = Box<dyn std::error::Error + Send + Sync>;

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    is_proxy: bool,
    door: Door,
) -> Result<(), Fault> {
    stream.set_nodelay(true)?;
    match door.rules.tls.clone() {
        None => talk(stream, peer, is_proxy, door).await,
        Some(tls) => {
            let accept = TlsAcceptor::from(tls).accept(stream);
            let stream = tokio::time::timeout(HEAD, accept).await??;
            talk(stream, peer, is_proxy, door).await
        }
    }
}

async fn talk<S>(stream: S, peer: SocketAddr, is_proxy: bool, door: Door) -> Result<(), Fault>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Door { router, rules, requests, mut stop, .. } = door;
    let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let (headers, path) = (request.headers(), request.uri().path());
        let caller = web::client_address(Some(peer.ip()), headers, path, rules.only_from);
        let place = caller.map(|caller| is_proxy.then(|| requests.take(caller)).transpose());
        let (router, rules) = (router.clone(), rules.clone());
        async move {
            let place = match place {
                Ok(Ok(place)) => place,
                Ok(Err(full)) => return Ok(rules.busy(full)),
                // Nobody's, so it is counted with nobody's.
                Err(_) => {
                    let answer = (StatusCode::BAD_REQUEST, web::UNNAMED).into_response();
                    return Ok(web::marked(answer, rules.strict));
                }
            };
            let given_away = async {
                match &place {
                    Some(place) => place.given_away().await,
                    None => std::future::pending().await,
                }
            };
            let answer = tokio::select! {
                answer = router.oneshot(request) => answer.unwrap_or_else(|e| match e {}),
                () = given_away => return Ok(rules.busy(Full::Address)),
            };
            Ok::<_, Infallible>(answer.map(|body| Body::new(Held { body, _place: place })))
        }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_headers(HEADERS)
        .max_buf_size(HEAD_BYTES)
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(u32::try_from(HEAD_BYTES)?)
        .keep_alive_interval(Some(Duration::from_secs(30)))
        .keep_alive_timeout(Duration::from_secs(20));
    let connection = builder.serve_connection(TokioIo::new(Paced::new(stream, HEAD)), service);
    tokio::pin!(connection);
    tokio::select! {
        done = connection.as_mut() => return done,
        _ = stop.changed() => {}
    }
    connection.as_mut().graceful_shutdown();
    tokio::time::timeout(GRACE, connection).await?
}

impl Rules {
    /// The answer to a request that has no place.
    fn busy(&self, full: Full) -> Response {
        let retry = [(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER))];
        let answer = (StatusCode::SERVICE_UNAVAILABLE, retry, why(full)).into_response();
        web::marked(answer, self.strict)
    }

    /// The same as it goes over a connection on which no request was read.
    fn busy_text(&self, full: Full) -> String {
        let mut text = "HTTP/1.1 503 Service Unavailable\r\n".to_owned();
        for (name, value) in self.busy(full).headers() {
            let value = value.to_str().unwrap_or_default();
            text.extend([name.as_str(), ": ", value, "\r\n"]);
        }
        let body = why(full);
        let length = body.len();
        let end = format!("content-length: {length}\r\nconnection: close\r\n\r\n{body}");
        text + &end
    }
}

/// An answer that keeps its request's place until it is sent: a stream of events for as long as it is open.
struct Held {
    body: Body,
    _place: Option<ConnectionPlace>,
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
