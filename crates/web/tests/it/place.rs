//! A demo folder of its own, its portal, and browsers that visit it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode, header};
use floorpass_web::{Authority, Lan};
use gate::disk::LocalDisk;
use gate::{BrowserKey, Clock, Config, DemoSecrets, Durability, Gate, Hours, SessionSigner};
use tempfile::TempDir;
use tower::ServiceExt as _;
use trade::Instruments;
use url::form_urlencoded::Serializer;

pub const ORIGIN: &str = "http://localhost:8080";

/// A demo folder with its portal.
pub struct Place {
    pub gate: Gate,
    pub secrets: DemoSecrets,
    router: Router,
    _data: TempDir,
}

/// The fields of an order that rests far below the market.
pub const RESTING: [(&str, &str); 6] = [
    ("symbol", "AAPL"),
    ("side", "buy"),
    ("quantity", "10"),
    ("type", "LMT"),
    ("price", "1.00"),
    ("tif", "GTC"),
];

impl Place {
    /// A program of the narrow credential, with the credential and the address that it comes from.
    pub async fn narrow_program(
        &self,
    ) -> (gate::Admission, access::CredentialId, std::net::IpAddr) {
        let all = self.gate.credentials().list(None).await.unwrap();
        let narrow = all.iter().find(|info| info.credential.name.as_str() == "narrow").unwrap();
        let address = std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
        let narrow = narrow.credential.id;
        let door = gate::SocketProof { credential: narrow, address, token: None };
        (self.gate.enter_socket(&door).unwrap(), narrow, address)
    }

    pub async fn new() -> Self {
        Self::at(&Clock::system()).await
    }

    /// The same on a clock of the test's.
    pub async fn at(clock: &Clock) -> Self {
        let (gate, data) = Self::open(true, clock).await;
        let secrets = gate.demo().secrets().unwrap();
        Self { router: Self::portal(&gate, true, None), gate, secrets, _data: data }
    }

    /// The same behind a proxy on this machine.
    pub async fn behind_proxy() -> Self {
        let mut place = Self::new().await;
        place.router = Self::portal(&place.gate, true, Some(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        place
    }

    /// A lasting folder, whose person has an enrolment link and nothing else.
    pub async fn lasting() -> Self {
        let (gate, data) = Self::open(false, &Clock::system()).await;
        let link = gate.people().create_first("ada").await.unwrap();
        let none = || access::Secret::from_text(String::new());
        let totp = gate::TotpSetup { secret: none(), uri: none() };
        let secrets = DemoSecrets { username: "ada".to_owned(), password: none(), totp, link };
        Self { router: Self::portal(&gate, false, None), gate, secrets, _data: data }
    }

    /// A demo whose exchange trades a stock in dollars, a fund in hundredths and a stock in euros.
    pub async fn trading() -> Self {
        let text = include_str!("../../../../tests/instruments.csv");
        let own = Arc::new(Instruments::read("tests/instruments.csv", text).unwrap());
        let (gate, data) = Self::open_trading(true, &Clock::system(), own).await;
        let secrets = gate.demo().secrets().unwrap();
        Self { router: Self::portal(&gate, true, None), gate, secrets, _data: data }
    }

    async fn open(demo: bool, clock: &Clock) -> (Gate, TempDir) {
        Self::open_trading(demo, clock, Arc::clone(Instruments::builtin())).await
    }

    async fn open_trading(demo: bool, clock: &Clock, own: Arc<Instruments>) -> (Gate, TempDir) {
        let data = TempDir::new().unwrap();
        let config = Config {
            data: data.path().join("data"),
            database: None,
            durability: Durability::Process,
            demo,
            seed: Some(7),
            hours: Hours::RoundTheClock,
            portal_origin: ORIGIN.parse().unwrap(),
            passkeys: None,
            token_required_by_default: false,
        };
        let disk = Arc::new(LocalDisk);
        (Gate::open_trading(config, clock.clone(), disk, own).await.unwrap(), data)
    }

    /// A demo that other devices on the network reach, too.
    pub async fn on_network(lan: Lan, authority: Authority) -> Self {
        let mut place = Self::new().await;
        let mut config = Self::config(true, None);
        (config.lan, config.authority) = (Some(lan), Some(authority));
        place.router = floorpass_web::router(place.gate.clone(), config);
        place
    }

    fn portal(gate: &Gate, demo: bool, proxy: Option<IpAddr>) -> Router {
        floorpass_web::router(gate.clone(), Self::config(demo, proxy))
    }

    fn config(demo: bool, proxy: Option<IpAddr>) -> floorpass_web::Config {
        floorpass_web::Config {
            origin: ORIGIN.parse().unwrap(),
            folder: "0123456789".to_owned(),
            demo,
            durability: Durability::Process,
            proxy,
            authority: None,
            lan: None,
        }
    }

    /// A browser that signed in by a fresh link.
    pub async fn signed_in(&self) -> Visitor<'_> {
        self.open_link(self.visitor()).await
    }

    /// Signs a browser in by a fresh link.
    pub async fn open_link<'a>(&self, mut visitor: Visitor<'a>) -> Visitor<'a> {
        let token = self.gate.demo().link().await.unwrap().token;
        let token = token.expose_text().unwrap().to_owned();
        let answer = visitor.post("/link", &[("token", &token)]).await;
        assert_eq!(answer.to(), "/?welcome=1", "{}", answer.body);
        visitor.token = visitor.get("/").await.form_token();
        visitor
    }

    pub fn visitor(&self) -> Visitor<'_> {
        let key = Some(BrowserKey::generate().unwrap());
        let from = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let (cookies, token) = (Vec::new(), String::new());
        Visitor { place: self, cookies, token, key, derived: None, from, agent: "" }
    }

    /// A browser without script: it signs nothing.
    pub fn plain_visitor(&self) -> Visitor<'_> {
        Visitor { key: None, ..self.visitor() }
    }

    /// The body of a stream, as it comes.
    pub async fn stream(&self, visitor: &Visitor<'_>, path: &str) -> axum::body::BodyDataStream {
        let request = Request::get(path)
            .header(header::ACCEPT, "text/event-stream")
            .header("floorpass-proof", visitor.proof("GET", path, b""))
            .header(header::HOST, "localhost:8080")
            .header(header::COOKIE, visitor.cookie_line());
        let mut request = request.body(Body::empty()).unwrap();
        let peer: SocketAddr = "127.0.0.1:50000".parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        let response = self.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        response.into_body().into_data_stream()
    }

    /// One request as it is.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        self.send_from(IpAddr::V4(Ipv4Addr::LOCALHOST), request).await
    }

    /// The same from somewhere else.
    pub async fn send_from(&self, from: IpAddr, mut request: Request<Body>) -> Answer {
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(from, 50_000)));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let stream =
            parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
        let body =
            if stream { Vec::new() } else { to_bytes(body, 1 << 22).await.unwrap().to_vec() };
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }
}

/// A browser: keeps its cookies, sends what browsers send.
pub struct Visitor<'a> {
    place: &'a Place,
    cookies: Vec<(String, String)>,
    /// The token of its session's forms.
    pub token: String,
    /// The key that its worker signs with.
    pub key: Option<BrowserKey>,
    /// The key of its session that signs in its place.
    pub derived: Option<SessionSigner>,
    /// Where it connects from.
    pub from: IpAddr,
    /// What it calls itself.
    pub agent: &'static str,
}

impl Visitor<'_> {
    /// The proof of a request; none of a browser without script.
    pub fn proof(&self, method: &str, path: &str, body: &[u8]) -> String {
        let now = self.place.gate.now();
        if let Some(derived) = &self.derived {
            return derived.proof(method, path, body, now).unwrap();
        }
        self.key
            .as_ref()
            .map_or_else(String::new, |key| key.proof(method, path, body, now).unwrap())
    }

    /// Derives a key of its session, which signs from now on.
    pub async fn derive(&mut self) {
        self.derived = None;
        let (proof, key) = (self.proof("GET", "/session", b""), self.key.as_ref().unwrap());
        let offer = key.offer(&proof).unwrap();
        let header = [("floorpass-derive", offer.header())];
        let answer = self.get_proven("/session", &proof, &header).await;
        let said = answer.headers.get("floorpass-derive").unwrap().to_str().unwrap();
        self.derived = Some(offer.accept(said).unwrap());
    }

    pub fn cookie_line(&self) -> String {
        self.cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join("; ")
    }

    /// Takes over all cookies of another browser.
    pub fn steal(&mut self, of: &Visitor<'_>) {
        self.cookies.clone_from(&of.cookies);
        self.token.clone_from(&of.token);
    }

    /// Has these cookies and no others.
    pub fn set_cookies(&mut self, line: &str) {
        let pairs = line.split("; ").filter_map(|pair| pair.split_once('='));
        self.cookies = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.get_with(path, &[]).await
    }

    /// The same with headers that the browser adds.
    pub async fn get_with(&mut self, path: &str, extra: &[(&str, &str)]) -> Answer {
        let proof = self.proof("GET", path, b"");
        self.get_proven(path, &proof, extra).await
    }

    /// The same with this proof.
    pub async fn get_proven(&mut self, path: &str, proof: &str, extra: &[(&str, &str)]) -> Answer {
        let mut request = Request::get(path)
            .header("floorpass-proof", proof)
            .header(header::HOST, "localhost:8080")
            .header(header::USER_AGENT, self.agent)
            .header(header::COOKIE, self.cookie_line());
        for (name, value) in extra {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty());
        let answer = self.place.send_from(self.from, request.unwrap()).await;
        self.keep(&answer);
        answer
    }

    /// Sends a form as a page of the portal would, its token included.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut form = Serializer::new(String::new());
        if !self.token.is_empty() {
            form.append_pair("form", &self.token);
        }
        form.extend_pairs(fields);
        self.post_raw(path, form.finish()).await
    }

    /// The same by a script of the page, which takes JSON.
    pub async fn post_for_script(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut form = Serializer::new(String::new());
        form.append_pair("form", &self.token).extend_pairs(fields);
        self.send_form(path, form.finish(), "application/json").await
    }

    pub async fn post_raw(&mut self, path: &str, body: String) -> Answer {
        self.send_form(path, body, "text/html").await
    }

    async fn send_form(&mut self, path: &str, body: String, accept: &str) -> Answer {
        let request = Request::post(path)
            .header("floorpass-proof", self.proof("POST", path, body.as_bytes()))
            .header(header::HOST, "localhost:8080")
            .header(header::USER_AGENT, self.agent)
            .header(header::ORIGIN, ORIGIN)
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, accept)
            .header(header::COOKIE, self.cookie_line())
            .body(Body::from(body));
        let answer = self.place.send_from(self.from, request.unwrap()).await;
        self.keep(&answer);
        answer
    }

    fn keep(&mut self, answer: &Answer) {
        for line in answer.headers.get_all(header::SET_COOKIE) {
            let (pair, rest) = line.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.retain(|(kept, _)| kept != name);
            if !rest.contains("Max-Age=0") {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
    }
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    /// Where a 303 leads.
    pub fn to(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.body);
        self.headers[header::LOCATION].to_str().unwrap()
    }

    /// The value of the first hidden field of this name.
    pub fn hidden(&self, name: &str) -> String {
        let mark = format!("name=\"{name}\" value=\"");
        let at = self.body.find(&mark).unwrap_or_else(|| panic!("no field {name}: {}", self.body))
            + mark.len();
        self.body[at..].split('"').next().unwrap().to_owned()
    }

    pub fn form_token(&self) -> String {
        self.hidden("form")
    }

    /// The page's text, without tags.
    pub fn says(&self, text: &str) -> bool {
        let mut plain = String::new();
        let mut tag = false;
        for letter in self.body.chars() {
            match letter {
                '<' => tag = true,
                '>' => tag = false,
                letter if !tag => plain.push(letter),
                _ => {}
            }
        }
        plain.contains(text)
    }
}
