//! The portal's listener: HTTP/1.1 and HTTP/2, plain on loopback or under TLS, with bounds on everything that a
//! caller can make us hold.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

/// Connections at a time; further ones are closed at once.
const CONNECTIONS: usize = 1_024;
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
#[derive(Clone, Default)]
pub struct Rules {
    /// TLS, when it ends here.
    pub tls: Option<Arc<ServerConfig>>,
    /// The one address that connections are taken from, beside loopback.
    pub only_from: Option<IpAddr>,
}

/// Serves until `stop` changes, then lets requests in hand finish.
pub async fn serve(
    listeners: Vec<TcpListener>,
    router: Router,
    rules: Rules,
    stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut loops = JoinSet::new();
    for listener in listeners {
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        loops.spawn(accept(
            listener,
            router.clone(),
            rules.clone(),
            Arc::clone(&places),
            stop.clone(),
        ));
    }
    while loops.join_next().await.is_some() {}
    let all = u32::try_from(CONNECTIONS).unwrap_or(u32::MAX);
    // Every place is free again once every connection has ended; those that do not end are cut with the runtime.
    let ended = tokio::time::timeout(GRACE, places.acquire_many(all)).await;
    if ended.is_err() {
        tracing::info!("connections of browsers that stayed open were cut");
    }
    Ok(())
}

async fn accept(
    listener: tokio::net::TcpListener,
    router: Router,
    rules: Rules,
    places: Arc<Semaphore>,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        let (stream, peer) = tokio::select! {
            _ = stop.changed() => return,
            accepted = listener.accept() => match accepted {
                Ok(pair) => pair,
                Err(error) => {
                    // Out of descriptors, most likely: they come back.
                    tracing::warn!(%error, "the portal could not accept");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
        };
        let ip = peer.ip().to_canonical();
        if rules.only_from.is_some_and(|only| only.to_canonical() != ip && !ip.is_loopback()) {
            tracing::warn!(%peer, "a connection that did not come from the proxy was closed");
            continue;
        }
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
        let (router, tls, stop) = (router.clone(), rules.tls.clone(), stop.clone());
        tokio::spawn(async move {
            let _place = place;
            if let Err(error) = connection(stream, peer, router, tls, stop).await {
                tracing::debug!(%peer, %error, "a connection to the portal ended");
            }
        });
    }
}

type Fault = Box<dyn std::error::Error + Send + Sync>;

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    tls: Option<Arc<ServerConfig>>,
    stop: watch::Receiver<bool>,
) -> Result<(), Fault> {
    stream.set_nodelay(true)?;
    match tls {
        None => talk(stream, peer, router, stop).await,
        Some(tls) => {
            let accept = TlsAcceptor::from(tls).accept(stream);
            let stream = tokio::time::timeout(HEAD, accept).await??;
            talk(stream, peer, router, stop).await
        }
    }
}

async fn talk<S>(
    stream: S,
    peer: SocketAddr,
    router: Router,
    mut stop: watch::Receiver<bool>,
) -> Result<(), Fault>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let router = router.clone();
        async move { Ok::<_, Infallible>(router.oneshot(request).await.unwrap_or_else(|e| match e {})) }
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
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    tokio::select! {
        done = connection.as_mut() => return done,
        _ = stop.changed() => {}
    }
    connection.as_mut().graceful_shutdown();
    tokio::time::timeout(GRACE, connection).await?
}
