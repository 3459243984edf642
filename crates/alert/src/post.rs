//! One request out of here, and the status of its answer. Its sender says where it may go: an address that
//! came from outside must not make this server knock at doors of its own network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::http::request::Builder;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use crate::Fault;

/// Which addresses a request may go to, whatever name they have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Only this machine's.
    Loopback,
    /// Only those of the public internet.
    Public,
    /// All.
    Any,
}

impl Reach {
    fn has(self, address: IpAddr) -> bool {
        match self {
            Self::Loopback => address.to_canonical().is_loopback(),
            Self::Public => is_public(address),
            Self::Any => true,
        }
    }
}

/// Whether an address is of the public internet (the registries of RFC 6890): neither this machine, nor a private network,
/// nor a way around either.
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let special = a == 0 || (a == 192 && b == 0 && c == 0) || (a == 198 && (18..20).contains(&b));
    let not_single = address.is_multicast() || address.is_broadcast() || a >= 240;
    let own = address.is_private() || address.is_loopback() || address.is_link_local();
    !(own || shared || special || not_single || address.is_documentation())
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // All that is given out is in 2000::/3; in it stand ways to IPv4 addresses (6to4, Teredo) and examples.
    let [a, b, ..] = address.segments();
    (a & 0xe000) == 0x2000 && a != 0x2002 && !(a == 0x2001 && (b < 0x200 || b == 0xdb8))
}

/// Whether a URL names this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// A POST to this address, to be completed.
pub(crate) fn to(url: &Url) -> Builder {
    let path = url.path();
    let target = url.query().map_or(path.to_owned(), |query| format!("{path}?{query}"));
    let host = url.host_str().unwrap_or_default();
    let host = url.port().map_or(host.to_owned(), |port| format!("{host}:{port}"));
    Request::post(target)
        .header(header::HOST, host)
        .header(header::USER_AGENT, concat!("floorpass/", env!("CARGO_PKG_VERSION")))
}

/// Sends it, by TLS where there is a configuration for it, and gives the status of the answer.
pub(crate) async fn send(
    url: &Url,
    tls: Option<&Arc<ClientConfig>>,
    reach: Reach,
    request: Request<Full<Bytes>>,
) -> Result<StatusCode, Fault> {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let stream = connect(host, url.port_or_known_default().unwrap_or(443), reach).await?;
    let Some(tls) = tls else { return talk(stream, request).await };
    let name = ServerName::try_from(host.to_owned()).map_err(Fault::lasting)?;
    let stream = TlsConnector::from(Arc::clone(tls)).connect(name, stream).await;
    talk(stream.map_err(Fault::passing)?, request).await
}

/// A connection to one of the addresses that the name has now and that may be reached: the ones that were looked at are the
/// ones that are connected to.
async fn connect(host: &str, port: u16, reach: Reach) -> Result<TcpStream, Fault> {
    let found = tokio::net::lookup_host((host, port)).await.map_err(Fault::passing)?;
    let found: Vec<SocketAddr> = found.filter(|address| reach.has(address.ip())).collect();
    if found.is_empty() {
        return Err(Fault::passing(format!("{host} has no address that may be reached from here")));
    }
    TcpStream::connect(found.as_slice()).await.map_err(Fault::passing)
}

/// One request and the status of its answer; what else the answer holds is not read.
async fn talk<S>(stream: S, request: Request<Full<Bytes>>) -> Result<StatusCode, Fault>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(Fault::passing)?;
    let answer = sender.send_request(request);
    tokio::pin!(connection, answer);
    tokio::select! {
        answer = &mut answer => answer.map(|answer| answer.status()).map_err(Fault::passing),
        ended = &mut connection => match ended {
            // The answer may have come with the end.
            Ok(()) => answer.await.map(|answer| answer.status()).map_err(Fault::passing),
            Err(error) => Err(Fault::passing(error)),
        },
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn address_of_a_private_network_is_not_public_in_any_disguise() {
        for private in [
            "127.0.0.1",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "192.0.0.8",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "192.0.2.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "::ffff:127.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "2001:db8::1",
            "2001::1",
            "::10.0.0.1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in [
            "1.1.1.1",
            "172.32.0.1",
            "100.128.0.1",
            "198.20.0.1",
            "2606:4700::1111",
            "2001:4860::8888",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[tokio::test]
    async fn name_that_stands_for_a_private_address_is_not_connected_to() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let refused = connect("localhost", port, Reach::Public).await.unwrap_err();
        assert!(refused.text.contains("no address that may be reached"), "{refused}");
        for reach in [Reach::Loopback, Reach::Any] {
            assert!(connect("localhost", port, reach).await.is_ok(), "{reach:?}");
        }
    }
}
