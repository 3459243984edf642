//! The real portal over HTTP, and its session check against an empty route that is served the same way.

use crate::browse::Browser;
use crate::report::Row;
use crate::sample::{nanos, paired};
use crate::server::{Server, pin};
use axum::Router;
use axum::routing::get;
use gate::{BrowserKey, Durability, Gate};
use std::net::SocketAddr;
use tokio::runtime::{Builder, Runtime};

/// The name that the portal answers under.
pub const HOST: &str = "localhost:8080";
/// The smallest page behind a session: a line of column names while nothing was traded.
const PAGE: &str = "/executions.csv";

/// The portal and an empty route beside it, on two workers as in the program.
pub struct Portal {
    /// Where the portal answers.
    pub address: SocketAddr,
    /// Where the empty route does.
    pub empty: SocketAddr,
    _runtime: Runtime,
}

impl Portal {
    /// Serves the portal of a gate until it is dropped.
    pub fn start(gate: &Gate) -> Self {
        let runtime =
            Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        let config = web::Config {
            origin: gate.config().portal_origin.clone(),
            folder: "0123456789".to_owned(),
            demo: true,
            durability: gate.config().durability,
            proxy: None,
            authority: None,
            lan: None,
        };
        let address = serve(&runtime, web::router(gate.clone(), config));
        let empty = serve(&runtime, Router::new().route("/", get(async || "")));
        Self { address, empty, _runtime: runtime }
    }

    /// A browser that signed in by a fresh link, bound to its hardware.
    pub fn signed_in(&self, server: &Server) -> Browser {
        let mut browser = self.linked(server, None);
        browser.bind(&BrowserKey::generate().expect("a key")).expect("bound");
        browser
    }

    /// A browser that signed in by a fresh link and signs its requests, with a key.
    pub fn linked(&self, server: &Server, key: Option<BrowserKey>) -> Browser {
        let link = server.sockets.block_on(server.gate.demo().link()).expect("a link");
        let token = link.token.expose_text().expect("a text").to_owned();
        let mut browser = Browser::connect(self.address, HOST).expect("connected");
        if let Some(key) = key {
            browser.sign_by(key);
        }
        let answer = browser.post("/link", &[("token", &token)]).expect("answered");
        assert_eq!((answer.status, answer.location.as_str()), (303, "/?welcome=1"));
        browser
    }
}

fn serve(runtime: &Runtime, router: Router) -> SocketAddr {
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port");
    let address = listener.local_addr().expect("an address");
    runtime.spawn(async move {
        use axum::serve::ListenerExt as _;
        let listener = listener.tap_io(|stream| stream.set_nodelay(true).expect("nodelay"));
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        axum::serve(listener, service).await.expect("served");
    });
    address
}

/// One request: 200, and a body that begins so.
fn turn(browser: &mut Browser, request: &[u8], begins: &[u8]) -> u64 {
    let (time, (status, body)) = nanos(|| browser.load(request).expect("answered"));
    assert_eq!(status, 200);
    let right = body.starts_with(begins) && body.is_empty() == begins.is_empty();
    assert!(right, "{}", String::from_utf8_lossy(body));
    time
}

/// A page that the browser asks for; what signing costs the browser is not in it.
pub fn signed(browser: &mut Browser, path: &str, begins: &[u8]) -> u64 {
    let request = browser.request(path);
    turn(browser, &request, begins)
}

/// How the measured session is bound.
#[derive(Clone, Copy)]
pub enum Bound {
    /// To hardware: a cookie stands for its proof.
    Hardware,
    /// To a key in the browser, which signs each request.
    Key,
    /// To the same, which vouched for a key that the session derived: that one signs each request.
    Derived,
}

impl Bound {
    const fn path(self) -> &'static str {
        match self {
            Self::Hardware => "HTTP request with a session check, bound to hardware",
            Self::Key => "HTTP request with a session check, signed by the browser's key",
            Self::Derived => "HTTP request with a session check, signed by the derived key",
        }
    }

    /// The share of the empty route's speed that it has to reach, where one was set.
    const fn goal(self) -> Option<(f64, &'static str)> {
        match self {
            Self::Hardware => Some((0.75, ">= 0.75 x its speed")),
            Self::Key => None,
            Self::Derived => Some((0.5, ">= 0.5 x its speed")),
        }
    }
}

/// Measures one request after the other on connections that stay open.
pub fn measure(bound: Bound, rounds: usize) -> Row {
    pin(&[0]);
    let server = Server::start(Durability::Process);
    let portal = Portal::start(&server.gate);
    let mut signed = match bound {
        Bound::Hardware => portal.signed_in(&server),
        Bound::Key | Bound::Derived => portal.linked(&server, BrowserKey::generate().ok()),
    };
    if let Bound::Derived = bound {
        signed.derive(PAGE).expect("derived");
    }
    let mut one = Browser::connect(portal.empty, HOST).expect("connected");
    let mut two = Browser::connect(portal.empty, HOST).expect("connected");
    // The same head: the peer reads as many bytes.
    let empty = signed.request("/");
    let mut out = paired(
        rounds,
        || {
            let page = signed.request(PAGE);
            turn(&mut signed, &page, b"\"time\",\"execution\",\"order\"")
        },
        || turn(&mut one, &empty, b""),
        || turn(&mut two, &empty, b""),
    );
    pin(&[0, 1]);
    let micros = |nanos: u64| nanos as f64 / 1_000.0;
    let (speed, null) = (1.0 / out.ratio(500), out.null(500));
    let goal = bound.goal();
    Row {
        path: bound.path(),
        subject: format!(
            "p50 {:.1} us, p99 {:.1} us",
            micros(out.subject.quantile(500)),
            micros(out.subject.quantile(990))
        ),
        peer: format!(
            "empty axum route p50 {:.1} us, p99 {:.1} us",
            micros(out.peer.quantile(500)),
            micros(out.peer.quantile(990))
        ),
        ratio: format!("{speed:.2} x its speed"),
        null: format!("{null:.2}"),
        samples: out.subject.len().to_string(),
        goal: goal.map_or("-", |(_, words)| words),
        met: goal.filter(|_| (0.95..=1.05).contains(&null)).map(|(least, _)| speed >= least),
        checked: "every answer 200 with the right body".to_owned(),
    }
}
