//! `floorpass demo --lan`, as another device meets it and as the operator does.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::path::Path;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};

use crate::program::{Server, json, run, text, trusting};

/// An address of this machine that is not localhost's.
const HERE: &str = "127.0.0.2";

fn demo(folder: &Path) -> Server {
    Server::demo(folder, &[&format!("--lan={HERE}")])
}

fn place(server: &Server, which: &str) -> SocketAddr {
    let url: url::Url = server.ready["lan"][which].as_str().unwrap().parse().unwrap();
    SocketAddr::new(url.host_str().unwrap().parse().unwrap(), url.port().unwrap())
}

fn get(mut stream: impl Read + Write, host: &str, path: &str) -> (String, Vec<u8>) {
    let head = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut all = Vec::new();
    // Whatever ends the connection: what came is what is looked at.
    stream.read_to_end(&mut all).ok();
    let end = all.windows(4).position(|four| four == b"\r\n\r\n").map_or(all.len(), |at| at + 4);
    let body = all.split_off(end);
    (String::from_utf8(all).unwrap(), body)
}

fn plain(at: SocketAddr, path: &str) -> (String, Vec<u8>) {
    get(TcpStream::connect(at).unwrap(), &at.to_string(), path)
}

/// What a client gets that trusts this authority and nothing else; why not, where it refuses.
fn over_tls(at: SocketAddr, root: &[u8], host: &str, path: &str) -> Result<String, rustls::Error> {
    let (head, _) = over_tls_as(at.ip().into(), at, root, (host, path))?;
    Ok(head)
}

/// The same by a name, with the body.
fn over_tls_as(
    name: ServerName<'static>,
    at: SocketAddr,
    root: &[u8],
    (host, path): (&str, &str),
) -> Result<(String, Vec<u8>), rustls::Error> {
    let config = trusting(CertificateDer::from(root.to_vec()));
    let mut session = rustls::ClientConnection::new(config, name).unwrap();
    let mut socket = TcpStream::connect(at).unwrap();
    while session.is_handshaking() {
        session.complete_io(&mut socket).map_err(|e| {
            let inner = e.into_inner().unwrap();
            *inner.downcast::<rustls::Error>().unwrap()
        })?;
    }
    Ok(get(rustls::StreamOwned::new(session, socket), host, path))
}

#[test]
fn device_trusts_what_the_page_gives_and_reaches_the_portal() {
    let temp = tempfile::tempdir().unwrap();
    let server = demo(temp.path());
    let (trust, portal) = (place(&server, "trust"), place(&server, "portal"));
    let (head, page) = plain(trust, "/");
    let page = String::from_utf8(page).unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let (head, root) = plain(trust, "/trust/floorpass-demo.crt");
    assert!(head.contains("content-type: application/x-x509-ca-cert\r\n"), "{head}");
    let file = server.data.join("tls/authority.pem");
    assert_eq!(CertificateDer::from_pem_file(&file).unwrap().as_ref(), root);
    let digest = access::secret::Digest::of(&root).0;
    let pairs: Vec<String> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
    assert!(page.contains(&pairs.join(":")), "{page}");
    let host = portal.to_string();
    let answer = over_tls(portal, &root, &host, "/sign-in").unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // It would bind other servers of this host, too.
    assert!(!answer.contains("strict-transport-security"), "{answer}");
    let other = over_tls(portal, &root, "localhost", "/sign-in").unwrap();
    assert!(other.starts_with("HTTP/1.1 421"), "{other}");
}

#[test]
fn plain_http_tells_nothing_but_how_to_trust_and_sockets_stay_on_loopback() {
    let temp = tempfile::tempdir().unwrap();
    let server = demo(temp.path());
    let (trust, portal) = (place(&server, "trust"), place(&server, "portal"));
    for path in ["/sign-in", "/link/none", "/orders", "/healthz", "/where", "/sw.js"] {
        assert!(plain(trust, path).0.starts_with("HTTP/1.1 404"), "{path}");
    }
    assert!(!plain(portal, "/sign-in").0.contains("200 OK"));
    // The portal of this machine is where it was, and nothing of it is at the other address.
    let home: url::Url = server.ready["portal"].as_str().unwrap().parse().unwrap();
    assert_eq!((home.scheme(), home.host_str()), ("http", Some("localhost")));
    let mut closed = vec![home.port().unwrap()];
    for socket in server.ready["sockets"].as_array().unwrap() {
        assert_eq!(socket["host"], "127.0.0.1");
        closed.push(u16::try_from(socket["port"].as_u64().unwrap()).unwrap());
    }
    let here: Ipv4Addr = HERE.parse().unwrap();
    for port in closed {
        assert!(TcpStream::connect((here, port)).is_err(), "{port} is open at {here}");
    }
}

#[test]
fn authority_outlives_restarts_and_is_in_no_backup() {
    let temp = tempfile::tempdir().unwrap();
    let server = demo(temp.path());
    let data = server.data.clone();
    let backup = temp.path().join("backup");
    json(&data, &["backup", "--to", backup.to_str().unwrap()]);
    let root = std::fs::read(data.join("tls/authority.pem")).unwrap();
    let key = std::fs::read(data.join("tls/authority.key")).unwrap();
    let mut folders = vec![backup];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = std::fs::read(&path).unwrap();
                let holds = bytes.windows(key.len()).any(|window| window == key);
                assert!(!holds && !path.ends_with("authority.key"), "{}", path.display());
            }
        }
    }
    assert_eq!(server.terminate(), 0);
    let again = demo(temp.path());
    assert_eq!(std::fs::read(data.join("tls/authority.pem")).unwrap(), root);
    drop(again);
    // What was made for the network serves this machine, too.
    let https = Server::demo(temp.path(), &["--https"]);
    assert_eq!(std::fs::read(data.join("tls/authority.pem")).unwrap(), root);
    assert!(https.ready["lan"].is_null(), "{}", https.ready);
}

#[test]
fn links_for_phones_lead_where_phones_are_served() {
    let temp = tempfile::tempdir().unwrap();
    let server = demo(temp.path());
    let (lan, portal) = (&server.ready["lan"]["portal"], &server.ready["portal"]);
    let link = |args: &[&str]| json(&server.data, args)["url"].as_str().unwrap().to_owned();
    assert!(link(&["link", "trader", "--phone"]).starts_with(lan.as_str().unwrap()));
    assert!(link(&["link", "trader"]).starts_with(portal.as_str().unwrap()));
    let all = json(&server.data, &["where"]).to_string();
    assert!(all.contains(lan.as_str().unwrap()) && all.contains(portal.as_str().unwrap()), "{all}");
}

/// A name of this machine that is not localhost's; a browser here need not find it.
fn own_name() -> String {
    let system = rustix::system::uname();
    let host = system.nodename().to_str().unwrap().split('.').next().unwrap().to_ascii_lowercase();
    if host == "localhost" { "localhost.local".to_owned() } else { host }
}

#[test]
fn name_is_served_where_it_leads_given_to_phones_and_has_the_passkeys() {
    const PASSKEY: &str = "Sign in with a passkey";
    let temp = tempfile::tempdir().unwrap();
    let name = own_name();
    let server = Server::demo(temp.path(), &[&format!("--lan={name}")]);
    let portal: url::Url = server.ready["lan"]["portal"].as_str().unwrap().parse().unwrap();
    assert_eq!((portal.scheme(), portal.host_str()), ("https", Some(name.as_str())));
    // A phone that finds no names opens the page on trust by the address.
    let trust = place(&server, "trust");
    let root = plain(trust, "/trust/floorpass-demo.crt").1;
    let port = portal.port().unwrap();
    let host = format!("{name}:{port}");
    let led = (name.as_str(), port).to_socket_addrs().map(Iterator::collect::<Vec<_>>);
    let is_link_local =
        |at: &SocketAddr| matches!(at.ip(), IpAddr::V6(v6) if v6.is_unicast_link_local());
    let all = led.unwrap_or_default().into_iter().filter(|at| !is_link_local(at));
    for at in all.chain([SocketAddr::new(trust.ip(), port)]) {
        let as_named = || ServerName::try_from(name.clone()).unwrap();
        let (head, page) = over_tls_as(as_named(), at, &root, (&host, "/sign-in")).unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{at}: {head}");
        assert!(String::from_utf8(page).unwrap().contains(PASSKEY), "{at}");
        let (other, _) = over_tls_as(as_named(), at, &root, ("other.local", "/sign-in")).unwrap();
        assert!(other.starts_with("HTTP/1.1 421"), "{at}: {other}");
    }
    // Passkeys belong to one name, so localhost has none.
    let home: url::Url = server.ready["portal"].as_str().unwrap().parse().unwrap();
    let here = (Ipv4Addr::LOCALHOST, home.port().unwrap());
    let authority = format!("localhost:{}", here.1);
    let (head, page) = get(TcpStream::connect(here).unwrap(), &authority, "/sign-in");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(!String::from_utf8(page).unwrap().contains(PASSKEY));
    let link = json(&server.data, &["link", "trader", "--phone"])["url"].to_string();
    assert!(link.contains(portal.as_str()), "{link}");
}

#[test]
fn address_that_no_phone_can_open_is_refused_and_leaves_no_folder() {
    let temp = tempfile::tempdir().unwrap();
    let data = temp.path().join("data");
    for (address, words) in [
        ("203.0.113.77", "not an address of this machine"),
        ("localhost", "the phone itself"),
        ("0.0.0.0", "not an address that a phone can open"),
        ("http://x.local", "or its name"),
    ] {
        let output = run(&data, &["demo", "--free-ports", &format!("--lan={address}")]);
        assert_eq!(output.status.code(), Some(2), "{address}: {}", text(&output));
        assert!(text(&output).contains(words), "{address}: {}", text(&output));
    }
    assert!(!data.exists(), "a start that failed made a folder");
}
