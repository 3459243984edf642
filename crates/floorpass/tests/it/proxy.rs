//! `--behind-proxy` with a proxy in front: whose word counts, what cookies and passkeys are bound to, who is counted.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::thread;

use data_encoding::BASE32_NOPAD;
use ring::hmac;
use serde_json::Value;

use crate::browser::{Browser, HOME, dial};
use crate::program::{Server, command, json, lasting_port, run, text};
use crate::soft_passkey::SoftPasskey;

const ORIGIN: &str = "https://floorpass.example.org";
/// The proxy's own address.
const PROXY: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 9);
/// A browser's.
const CLIENT: Ipv4Addr = Ipv4Addr::new(127, 0, 5, 5);
const PASSWORD: &str = "a long phrase of the owner";

/// Passes requests on as nginx does: the caller's address goes to the end of `X-Forwarded-For`. TLS would end here.
fn proxy(to: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            // A connection that breaks is its two ends' matter.
            thread::spawn(move || drop(pass_on(client, to)));
        }
    });
    address
}

fn pass_on(mut client: TcpStream, to: SocketAddr) -> std::io::Result<()> {
    let mut request = Vec::new();
    let end = loop {
        let mut bytes = [0; 4_096];
        let count = client.read(&mut bytes)?;
        request.extend_from_slice(&bytes[..count]);
        if let Some(at) = request.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        if count == 0 {
            return Ok(());
        }
    };
    let (head, body) = request.split_at(end);
    let head = String::from_utf8_lossy(head).into_owned();
    let mut forwarded = client.peer_addr()?.ip().to_string();
    let mut lines = Vec::new();
    for line in head.split("\r\n") {
        match line.split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("x-forwarded-for") => {
                forwarded = format!("{value}, {forwarded}");
            }
            _ => lines.push(line),
        }
    }
    let mut server = dial(PROXY, to)?;
    let head = format!("{}\r\nX-Forwarded-For: {forwarded}", lines.join("\r\n"));
    server.write_all(&[head.as_bytes(), body].concat())?;
    let (mut from, mut into) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        std::io::copy(&mut from, &mut into).ok();
        // A browser that went away: the server is told.
        into.shutdown(std::net::Shutdown::Both).ok();
    });
    std::io::copy(&mut server, &mut client)?;
    client.shutdown(std::net::Shutdown::Both)
}

/// A server behind a proxy, its owner's browser, and where the server itself listens.
fn place(temp: &Path) -> (Server, Browser, SocketAddr) {
    let port = lasting_port();
    let direct = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
    let file = temp.join("floorpass.toml");
    let text = format!("[portal]\nlisten = \"{direct}\"\npublic_url = \"{ORIGIN}\"\n");
    std::fs::write(&file, text).unwrap();
    let (data, config) = (temp.join("data"), file.to_str().unwrap());
    let made = json(&data, &["init", "--config", config, "--person", "ada"]);
    let args = ["serve", "--config", config, "--behind-proxy", "127.0.0.9"];
    let server = Server::start(command(&data, &args), temp, &data);
    assert_eq!(server.ready["portal"], ORIGIN);
    let url = made["enrolment_url"].as_str().unwrap();
    let token = url.strip_prefix(&format!("{ORIGIN}/link/")).unwrap();
    let mut browser = Browser::new(CLIENT, proxy(direct), ORIGIN);
    // What a browser says of itself is not what the proxy says of it.
    browser.extra.push(("X-Forwarded-For".to_owned(), "203.0.113.9".to_owned()));
    let answer = browser.post("/link", &[("token", token)]);
    assert_eq!(answer.to(), "/enrol");
    for cookie in ["session", "device"] {
        let mark = format!("set-cookie: __Host-floorpass-{cookie}-");
        let line = answer.head.lines().find(|line| line.starts_with(&mark)).unwrap();
        let secure = line.split("; ").any(|part| part == "Secure");
        assert!(secure && line.contains("; HttpOnly; SameSite=Strict"), "{line}");
    }
    assert!(answer.header("strict-transport-security").is_some());
    (server, browser, direct)
}

/// Sets password and TOTP app; gives the app's seed.
fn enrol(browser: &mut Browser) -> Vec<u8> {
    browser.token = browser.get("/enrol").hidden("form");
    let fields = [("password", PASSWORD), ("again", PASSWORD)];
    assert_eq!(browser.post("/enrol", &fields).to(), "/enrol");
    let page = browser.get("/enrol/totp").body;
    let secret = page.split("<p class=\"once\">").nth(1).unwrap().split('<').next().unwrap();
    let seed = BASE32_NOPAD.decode(secret.replace(' ', "").as_bytes()).unwrap();
    assert_eq!(browser.post("/enrol/totp", &[("code", &code(&seed, 0))]).to(), "/enrol");
    assert_eq!(browser.get("/enrol").to(), "/?welcome=1", "nothing is missing");
    browser.token = browser.get("/").hidden("form");
    seed
}

/// The code of a TOTP app, now or `ahead` steps later.
fn code(seed: &[u8], ahead: u64) -> String {
    let seconds = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, seed);
    let tag = hmac::sign(&key, &(seconds / 30 + ahead).to_be_bytes());
    let at = usize::from(tag.as_ref()[19] & 15);
    let word = u32::from_be_bytes(tag.as_ref()[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", word % 1_000_000)
}

fn address(server: &Server) -> Value {
    json(&server.data, &["session", "list"])[0]["address"].clone()
}

#[test]
fn proxy_alone_says_where_a_browser_is_and_passkeys_are_of_the_public_name() {
    let temp = tempfile::tempdir().unwrap();
    let (server, mut browser, direct) = place(temp.path());
    assert_eq!(address(&server), CLIENT.to_string());
    browser.token = browser.get("/enrol").hidden("form");

    // A passkey of the public name counts; the same at another origin does not.
    browser.extra.push(("Accept".to_owned(), "application/json".to_owned()));
    let mut passkey = None;
    for (origin, status) in [("http://floorpass.example.org", 401), (ORIGIN, 200)] {
        let begun = browser.post("/authenticators/passkey/start", &[]);
        let begun: Value = serde_json::from_str(&begun.body).unwrap();
        let options = begun["options"].to_string();
        assert_eq!(begun["options"]["publicKey"]["rp"]["id"], "floorpass.example.org");
        let (made_by, made) = SoftPasskey::create(&options, origin, &[7; 32]);
        let ceremony = begun["ceremony"].as_str().unwrap();
        let fields = [("ceremony", ceremony), ("credential", &made), ("name", "key")];
        let done = browser.post("/authenticators/passkey/finish", &fields);
        assert_eq!(done.status, status, "{origin}: {done:?}");
        passkey = Some(made_by);
    }
    let begun = browser.post("/sign-in/passkey/start", &[]);
    let begun: Value = serde_json::from_str(&begun.body).unwrap();
    let answer = passkey.unwrap().get(&begun["options"].to_string());
    let ceremony = begun["ceremony"].as_str().unwrap();
    let done =
        browser.post("/sign-in/passkey/finish", &[("ceremony", ceremony), ("credential", &answer)]);
    assert_eq!(done.status, 200, "{done:?}");
    browser.extra.pop();

    // The public origin alone sends forms, and is the only name that is answered.
    let mut plain = browser.stranger(CLIENT);
    plain.origin = "http://floorpass.example.org".to_owned();
    assert_eq!(plain.post("/sign-in", &[("username", "ada"), ("password", "x")]).status, 403);
    plain.origin = "https://other.example.org".to_owned();
    assert_eq!(plain.get("/sign-in").status, 421);

    // Past the proxy, from this machine: what the request says of its address is not believed.
    (browser.from, browser.to) = (HOME, direct);
    assert_eq!(browser.get("/session").status, 200);
    assert_eq!(address(&server), HOME.to_string());
    let entries = run(&server.data, &["evidence", "verify"]);
    assert!(entries.status.success(), "{}", text(&entries));
}

#[test]
fn callers_behind_a_proxy_are_counted_each_by_its_own_address() {
    let temp = tempfile::tempdir().unwrap();
    let (_server, mut browser, direct) = place(temp.path());
    enrol(&mut browser);
    let request = browser.head("GET", "/events") + "\r\n";
    // Streams that stay open, until one is turned away.
    let open = || {
        let mut stream = dial(CLIENT, browser.to).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut start = [0; 12];
        stream.read_exact(&mut start).unwrap();
        (stream, String::from_utf8_lossy(&start).into_owned())
    };
    let held: Vec<_> = (0..128).map(|_| open()).collect();
    assert!(held.iter().all(|(_, start)| start == "HTTP/1.1 200"));
    let full = browser.stranger(CLIENT).get("/sign-in");
    assert_eq!((full.status, full.header("retry-after")), (503, Some("10")), "{full:?}");
    assert!(full.body.contains("Your address"), "{full:?}");
    // ASVS 3.4.1: what the listener answers by itself is marked as pages are.
    let mut unnamed = Browser::new(PROXY, direct, ORIGIN);
    unnamed.extra.push(("X-Forwarded-For".to_owned(), "unknown".to_owned()));
    let unnamed = unnamed.get("/sign-in");
    assert_eq!(unnamed.status, 400, "{unnamed:?}");
    // nginx as it comes sets no header at all: its callers are nobody's, and its look at the health its own.
    let mut silent = Browser::new(PROXY, direct, ORIGIN);
    let wrong = [("username", "ada"), ("password", "not the password")];
    for answer in [silent.get("/sign-in"), silent.post("/sign-in", &wrong)] {
        assert_eq!(answer.status, 400, "{answer:?}");
        assert!(answer.body.contains("did not pass on your address"), "{answer:?}");
    }
    assert_eq!(silent.get("/healthz").status, 200);
    for answer in [&full, &unnamed] {
        answer.check_marks();
        let strict = answer.header("strict-transport-security").unwrap_or_default();
        assert!(strict.contains("max-age=31536000; includeSubDomains"), "{answer:?}");
    }
    let mut other = browser.stranger(Ipv4Addr::new(127, 0, 5, 6));
    assert_eq!(other.get("/sign-in").status, 200, "another caller of the same proxy");
    drop(held);
    while browser.stranger(CLIENT).get("/sign-in").status != 200 {
        thread::yield_now();
    }
}

#[test]
fn wrong_passwords_from_many_addresses_do_not_delay_the_owner() {
    let temp = tempfile::tempdir().unwrap();
    let (server, mut owner, _) = place(temp.path());
    let seed = enrol(&mut owner);
    let guesses = |block: u8| {
        let owner = owner.stranger(HOME);
        thread::spawn(move || {
            for host in 1..=10 {
                let mut at = owner.stranger(Ipv4Addr::new(127, 0, block, host));
                for _ in 0..25 {
                    let fields = [("username", "ada"), ("password", "not the phrase at all")];
                    let status = at.post("/sign-in", &fields).status;
                    assert!([401, 429, 503].contains(&status), "{status}");
                }
            }
        })
    };
    let threads: Vec<_> = (20..24).map(guesses).collect();
    for thread in threads {
        thread.join().unwrap();
    }
    owner.forget("session");
    owner.token.clear();
    let fields = [("username", "ada"), ("password", PASSWORD), ("next", "/")];
    let shut = owner.stranger(CLIENT).post("/sign-in", &fields);
    assert_eq!(shut.status, 429, "{shut:?}");
    assert_eq!(owner.post("/sign-in", &fields).to(), "/sign-in/code");
    let done = owner.post("/sign-in/code", &[("code", &code(&seed, 1)), ("next", "/")]);
    assert_eq!(done.to(), "/?welcome=1");
    assert_eq!(address(&server), CLIENT.to_string());
}
