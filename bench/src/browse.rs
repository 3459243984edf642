//! A browser as far as the benchmarks need one: one connection that stays open, cookies, forms.

use access::Time;
use gate::{BrowserKey, SessionSigner};
use memchr::memmem;
use std::io::{Error, Read, Result, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// What came back.
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Where a redirect leads; empty without one.
    pub location: String,
    /// What the browser's hardware is asked to sign; empty without a question.
    pub challenge: String,
    /// The server's half of a key of the session; empty without one.
    pub derived: String,
    /// The body.
    pub body: Vec<u8>,
}

/// One connection to a server.
pub struct Browser {
    stream: TcpStream,
    host: String,
    cookies: Vec<(String, String)>,
    /// Signs each request, as the service worker of a page does.
    key: Option<BrowserKey>,
    /// A key of its session, which signs in its place.
    derived: Option<SessionSigner>,
    bytes: Vec<u8>,
}

/// The time of this machine, as a proof tells it.
pub fn now() -> Time {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("after 1970");
    Time(i64::try_from(since.as_micros()).expect("in range"))
}

impl Browser {
    /// Connects to `address`, naming the server `host`.
    pub fn connect(address: SocketAddr, host: &str) -> Result<Self> {
        Self::over(TcpStream::connect(address)?, host)
    }

    /// The same from another of this machine's own addresses, from 127.1.0.0 on.
    pub fn connect_from(number: u16, address: SocketAddr, host: &str) -> Result<Self> {
        use rustix::net::{AddressFamily, SocketType, bind, connect, socket};
        let socket = socket(AddressFamily::INET, SocketType::STREAM, None)?;
        let [high, low] = number.to_be_bytes();
        bind(&socket, &SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 1, high, low)), 0))?;
        connect(&socket, &address)?;
        Self::over(TcpStream::from(socket), host)
    }

    fn over(stream: TcpStream, host: &str) -> Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Self {
            stream,
            host: host.to_owned(),
            cookies: Vec::new(),
            key: None,
            derived: None,
            bytes: Vec::new(),
        })
    }

    /// From now on each request is signed by this key.
    pub fn sign_by(&mut self, key: BrowserKey) {
        self.key = Some(key);
    }

    /// Derives a key of the session, as the worker does with its first request: it signs from now on.
    pub fn derive(&mut self, path: &str) -> Result<()> {
        let (key, other) = (self.key.as_ref(), || Error::other("no key was derived"));
        let proof =
            key.and_then(|key| key.proof("GET", path, b"", now()).ok()).ok_or_else(other)?;
        let offer = key.and_then(|key| key.offer(&proof).ok()).ok_or_else(other)?;
        let lines = format!("floorpass-proof: {proof}\r\nfloorpass-derive: {}\r\n", offer.header());
        let request = self.start("GET", path) + &lines + "\r\n";
        let answer = self.send(request.as_bytes())?;
        self.derived = Some(offer.accept(&answer.derived).ok_or_else(other)?);
        Ok(())
    }

    /// The bytes of a GET with the cookies of now; signed, it can be sent once.
    pub fn request(&self, path: &str) -> Vec<u8> {
        (self.head("GET", path, b"") + "\r\n").into_bytes()
    }

    /// A request's lines, up to the empty one.
    fn head(&self, method: &str, path: &str, body: &[u8]) -> String {
        let mut head = self.start(method, path);
        let proof = match (&self.derived, &self.key) {
            (Some(derived), _) => derived.proof(method, path, body, now()),
            (None, Some(key)) => key.proof(method, path, body, now()),
            (None, None) => return head,
        };
        head += &format!("floorpass-proof: {}\r\n", proof.expect("random bytes"));
        head
    }

    fn start(&self, method: &str, path: &str) -> String {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.host);
        let cookies = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        let cookies = cookies.collect::<Vec<_>>().join("; ");
        if !cookies.is_empty() {
            head += &format!("cookie: {cookies}\r\n");
        }
        head
    }

    /// Loads a page.
    pub fn get(&mut self, path: &str) -> Result<Answer> {
        let request = self.request(path);
        self.send(&request)
    }

    /// Sends a form as a page of the portal would.
    pub fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Result<Answer> {
        self.post_with(path, fields, "")
    }

    /// The same with more lines in its head.
    fn post_with(&mut self, path: &str, fields: &[(&str, &str)], more: &str) -> Result<Answer> {
        let body =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = format!(
            "{}origin: http://{}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n{more}\r\n{body}",
            self.head("POST", path, body.as_bytes()),
            self.host,
            body.len()
        );
        self.send(request.as_bytes())
    }

    /// Binds the session to a key in this machine's hardware, as a browser does by itself.
    pub fn bind(&mut self, hardware: &BrowserKey) -> Result<()> {
        let asked = self.post("/session/refresh", &[])?;
        let answer = hardware.hardware_answer(&asked.challenge, true).expect("random bytes");
        let line = format!("secure-session-response: {answer}\r\n");
        let bound = self.post_with("/session/bind", &[], &line)?;
        if bound.status == 200 { Ok(()) } else { Err(Error::other(format!("{}", bound.status))) }
    }

    /// Sends a request that is made already and reads its answer.
    pub fn send(&mut self, request: &[u8]) -> Result<Answer> {
        self.stream.write_all(request)?;
        self.bytes.clear();
        let (head, length) = loop {
            self.read_more()?;
            if let Some(end) = self.bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&self.bytes[..end]).into_owned();
                break (head, end + 4);
            }
        };
        let mut answer = Answer {
            status: 0,
            location: String::new(),
            challenge: String::new(),
            derived: String::new(),
            body: Vec::new(),
        };
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1));
        answer.status = status.and_then(|status| status.parse().ok()).unwrap_or(0);
        let mut body = 0;
        for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
            match name {
                "content-length" => body = value.parse().map_err(Error::other)?,
                "location" => value.clone_into(&mut answer.location),
                "set-cookie" => self.keep(value),
                "floorpass-derive" => value.clone_into(&mut answer.derived),
                "secure-session-challenge" => {
                    let text = value.split('"').nth(1).unwrap_or_default();
                    text.clone_into(&mut answer.challenge);
                }
                _ => {}
            }
        }
        while self.bytes.len() < length + body {
            self.read_more()?;
        }
        answer.body = self.bytes[length..].to_vec();
        Ok(answer)
    }

    /// Sends a request that is made already and gives status and body of its answer, reading no more of it than that takes: the
    /// client's own work is in every figure.
    pub fn load(&mut self, request: &[u8]) -> Result<(u16, &[u8])> {
        self.stream.write_all(request)?;
        self.bytes.clear();
        let mut seen = 0;
        let head = loop {
            self.read_more()?;
            if let Some(end) = memmem::find(&self.bytes[seen..], b"\r\n\r\n") {
                break seen + end + 4;
            }
            seen = self.bytes.len().saturating_sub(3);
        };
        let text = std::str::from_utf8(&self.bytes[..head]).map_err(Error::other)?;
        let number = |text: Option<&str>| text.and_then(|text| text.parse().ok());
        let status = number(text.get(9..12)).unwrap_or(0);
        let name = "content-length: ";
        let after =
            memmem::find(text.as_bytes(), name.as_bytes()).map(|at| &text[at + name.len()..]);
        let length = number(after.and_then(|rest| rest.split('\r').next()));
        let end = head + usize::from(length.ok_or(std::io::ErrorKind::InvalidData)?);
        while self.bytes.len() < end {
            self.read_more()?;
        }
        Ok((status, &self.bytes[head..end]))
    }

    /// Opens a stream of events on a connection of its own, which gives what comes.
    pub fn follow(&mut self, address: SocketAddr, path: &str) -> Result<TcpStream> {
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(&self.request(path))?;
        Ok(stream)
    }

    fn read_more(&mut self) -> Result<()> {
        let mut some = [0; 32 * 1024];
        let count = self.stream.read(&mut some)?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        self.bytes.extend_from_slice(&some[..count]);
        Ok(())
    }

    fn keep(&mut self, line: &str) {
        let (pair, rest) = line.split_once(';').unwrap_or((line, ""));
        let Some((name, value)) = pair.split_once('=') else { return };
        self.cookies.retain(|(kept, _)| kept != name);
        if !rest.contains("Max-Age=0") {
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
    }
}
