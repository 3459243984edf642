//! A browser of our own: speaks HTTP/1.1 from any loopback address, keeps its cookies, sends what browsers send.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use rustix::net::{AddressFamily, SocketType, bind, connect, socket};

use crate::program::{Server, json};

/// The address that tests visit from unless they say otherwise.
pub const HOME: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// A connection from one of this machine's own addresses.
pub fn dial(from: Ipv4Addr, to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None)?;
    bind(&socket, &SocketAddr::new(IpAddr::V4(from), 0))?;
    connect(&socket, &to)?;
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    Ok(stream)
}

/// A browser.
pub struct Browser {
    /// Where it connects from.
    pub from: Ipv4Addr,
    /// Where it connects to: the portal, or a proxy in front of it.
    pub to: SocketAddr,
    /// The origin that it shows in its address bar.
    pub origin: String,
    /// Headers that it sends beside its own.
    pub extra: Vec<(String, String)>,
    cookies: BTreeMap<String, String>,
    /// The token of its session's forms.
    pub token: String,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    /// That it is marked as every answer of the portal is, one of the listener's own too (ASVS 3.4).
    pub fn check_marks(&self) {
        let policy = self.header("content-security-policy").unwrap_or_default();
        assert!(policy.contains("frame-ancestors 'none'"), "{self:?}");
        assert_eq!(self.header("x-content-type-options"), Some("nosniff"), "{self:?}");
        assert_eq!(self.header("cache-control"), Some("no-store"), "{self:?}");
    }
}

impl Browser {
    /// At a demo's portal.
    pub fn at(server: &Server) -> Self {
        let origin = server.ready["portal"].as_str().unwrap();
        let port: u16 = origin.rsplit(':').next().unwrap().parse().unwrap();
        Self::new(HOME, (HOME, port).into(), origin)
    }

    pub fn new(from: Ipv4Addr, to: SocketAddr, origin: &str) -> Self {
        let origin = origin.trim_end_matches('/').to_owned();
        Self { from, to, origin, extra: Vec::new(), cookies: BTreeMap::new(), token: String::new() }
    }

    /// The same with no cookies, at another address.
    pub fn stranger(&self, from: Ipv4Addr) -> Self {
        Self::new(from, self.to, &self.origin)
    }

    /// Signs in by a fresh link, which makes this browser a trusted one.
    pub fn sign_in_by_link(&mut self, server: &Server) {
        let url = json(&server.data, &["link", "trader"])["url"].as_str().unwrap().to_owned();
        let token = url.rsplit('/').next().unwrap();
        let answer = self.post("/link", &[("token", token)]);
        assert_eq!(answer.to(), "/?welcome=1", "{answer:?}");
        self.token = self.get("/").hidden("form");
    }

    /// The head of a request, up to its own headers.
    pub fn head(&self, method: &str, path: &str) -> String {
        use std::fmt::Write as _;
        let host = self.origin.split("://").nth(1).unwrap();
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
        for (name, value) in &self.extra {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        if !self.cookies.is_empty() {
            let pairs: Vec<_> = self.cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
            write!(head, "Cookie: {}\r\n", pairs.join("; ")).unwrap();
        }
        head
    }

    pub fn get(&mut self, path: &str) -> Answer {
        let request = self.head("GET", path) + "\r\n";
        self.ask(&request)
    }

    /// Sends a form as a page of the portal would, with its session's token.
    pub fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        if !self.token.is_empty() {
            form.append_pair("form", &self.token);
        }
        let body = form.extend_pairs(fields).finish();
        let request = format!(
            "{}Origin: {}\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.head("POST", path),
            self.origin,
            body.len()
        );
        self.ask(&request)
    }

    fn ask(&mut self, request: &str) -> Answer {
        let answer = self.send(request).unwrap();
        for line in answer.head.lines() {
            let Some((name, value)) = line.split_once(": ") else { continue };
            if !name.eq_ignore_ascii_case("set-cookie") {
                continue;
            }
            let (pair, rest) = value.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// One request as it is, whose answer may be none.
    pub fn send(&self, request: &str) -> std::io::Result<Answer> {
        let mut stream = dial(self.from, self.to)?;
        stream.write_all(request.as_bytes())?;
        Answer::read(stream)
    }

    /// Replaces the value of the cookies whose name has this word.
    pub fn break_cookie(&mut self, word: &str, value: &str) {
        for (_, old) in self.cookies.iter_mut().filter(|(name, _)| name.contains(word)) {
            value.clone_into(old);
        }
    }

    /// Takes over the cookies of another, as the same browser after a restart of the server.
    pub fn take_cookies(&mut self, other: &Self) {
        self.cookies.clone_from(&other.cookies);
    }

    /// Forgets the cookies whose name has this word.
    pub fn forget(&mut self, word: &str) {
        self.cookies.retain(|name, _| !name.contains(word));
    }
}

impl Answer {
    /// All that a stream sends until it ends.
    pub fn read(mut stream: TcpStream) -> std::io::Result<Self> {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        };
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.ok_or(std::io::ErrorKind::InvalidData)?;
        Ok(Self { status, head: head.to_owned(), body: body.to_owned() })
    }

    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find_map(|(key, value)| key.eq_ignore_ascii_case(name).then_some(value))
    }

    /// Where a 303 leads.
    pub fn to(&self) -> &str {
        assert_eq!(self.status, 303, "{self:?}");
        self.header("location").unwrap()
    }

    /// The value of the first hidden field of this name.
    pub fn hidden(&self, name: &str) -> String {
        let mark = format!("name=\"{name}\" value=\"");
        let at = self.body.find(&mark).unwrap_or_else(|| panic!("no field {name}: {self:?}"));
        self.body[at + mark.len()..].split('"').next().unwrap().to_owned()
    }
}
