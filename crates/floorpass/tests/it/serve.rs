//! `floorpass init` and `serve`, and the portal's listener: plain, TLS, behind a proxy.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::program::{Server, command, fault, json, lasting_port, trusting};

/// A configuration with a portal on a free port.
fn configure(folder: &Path, portal: &str, rest: &str) -> (PathBuf, u16) {
    let port = lasting_port();
    let file = folder.join("floorpass.toml");
    let text = format!(
        "[portal]\npublic_url = \"http://localhost:{port}\"\n{}\n{rest}",
        portal.replace("PORT", &port.to_string())
    );
    std::fs::write(&file, text).unwrap();
    (file, port)
}

/// One request over any stream; gives the whole answer.
fn get(mut stream: impl Read + Write, port: u16, path: &str, extra: &str) -> String {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n{extra}\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // A TLS peer that closes without goodbye is no matter here.
    stream.read_to_end(&mut answer).ok();
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn first_person_gets_a_link_and_the_server_runs() {
    let temp = tempfile::tempdir().unwrap();
    let data = temp.path().join("data");
    let (file, port) = configure(temp.path(), "listen = \"127.0.0.1:PORT\"", "");
    let config = file.to_str().unwrap();
    assert_eq!(fault(&data, &["serve", "--config", config]), (4, "NO_DATA_FOLDER".to_owned()));
    let made = json(&data, &["init", "--config", config, "--person", "ada"]);
    let url = made["enrolment_url"].as_str().unwrap();
    assert!(url.starts_with(&format!("http://localhost:{port}/link/")), "{url}");
    assert_eq!(fault(&data, &["init", "--config", config]), (4, "FOLDER_EXISTS".to_owned()));

    let server = Server::start(command(&data, &["serve", "--config", config]), temp.path(), &data);
    let people = json(&data, &["person", "list"]);
    assert_eq!(people.as_array().unwrap().len(), 1, "nobody but who was named: {people}");
    assert_eq!(people[0]["username"], "ada");
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let answer = get(stream, port, "/healthz", "");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // No demo: no codes for the asking.
    assert_eq!(fault(&data, &["totp", "ada"]).0, 4);
    // A credential of a lasting server demands a token unless told otherwise.
    assert!(json(&data, &["credential", "create", "bot"])["token"].is_string());
    assert_eq!(server.terminate(), 0);
}

#[test]
fn portal_beyond_loopback_without_a_shield_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    let (file, _) = configure(temp.path(), "listen = \"0.0.0.0:PORT\"", "");
    let data = temp.path().join("data");
    let config = file.to_str().unwrap();
    assert_eq!(fault(&data, &["serve", "--config", config]), (2, "USAGE".to_owned()));
    assert_eq!(fault(&data, &["init", "--config", config]), (2, "USAGE".to_owned()));
    assert!(!data.exists());
}

#[test]
fn local_certificate_is_trusted_by_who_trusts_it() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &["--https"]);
    let portal = server.ready["portal"].as_str().unwrap();
    let port: u16 = portal.strip_prefix("https://localhost:").unwrap().parse().unwrap();
    let root = CertificateDer::from_pem_file(server.data.join("tls/authority.pem")).unwrap();
    let config = trusting(root);
    let name = "localhost".try_into().unwrap();
    let session = rustls::ClientConnection::new(config, name).unwrap();
    let socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let answer = get(rustls::StreamOwned::new(session, socket), port, "/healthz", "");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // Plain HTTP at the same port gets nothing.
    let plain = get(TcpStream::connect(("127.0.0.1", port)).unwrap(), port, "/healthz", "");
    assert!(!plain.contains("200 OK"), "{plain}");
}

#[test]
fn head_without_an_end_is_cut_off_and_others_are_served() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let portal = server.ready["portal"].as_str().unwrap();
    let port: u16 = portal.strip_prefix("http://localhost:").unwrap().parse().unwrap();
    let huge = "X-Long: ".to_owned() + &"a".repeat(64 * 1024) + "\r\n";
    let answer = get(TcpStream::connect(("127.0.0.1", port)).unwrap(), port, "/healthz", &huge);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    let many = "X-Many: a\r\n".repeat(200);
    let answer = get(TcpStream::connect(("127.0.0.1", port)).unwrap(), port, "/healthz", &many);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    // The other loopback address serves too, where the machine has it.
    if let Ok(stream) = TcpStream::connect(("::1", port)) {
        assert!(get(stream, port, "/healthz", "").starts_with("HTTP/1.1 200"));
    }
    let answer = get(TcpStream::connect(("127.0.0.1", port)).unwrap(), port, "/healthz", "");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}
