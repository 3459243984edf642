//! The overview of an account with 10,000 open orders, against the overview of one that has none.

use crate::browse::Browser;
use crate::portal::{Portal, signed};
use crate::report::Row;
use crate::sample::paired;
use crate::server::{Server, pin};
use crate::wire::Client;
use gate::{BrowserKey, Durability};

/// As many as an account may have open.
const OPEN: u32 = 10_000;
/// Far below the market, so that it rests, and low enough for the account's money to cover all of them.
const PRICE: i64 = 600;
/// The longest that nineteen of twenty pages may take, in milliseconds.
const GOAL: f64 = 8.0;

/// A server whose account has orders open, its portal, and a browser that is signed in there.
fn account(open: u32) -> (Server, Portal, Browser) {
    let server = Server::start(Durability::Process);
    let mut client = Client::connect(server.trading, 1).expect("connected");
    let mut bytes = Vec::new();
    for number in 1..=open {
        bytes.clear();
        // Each differs from the one before, which a guard against double sending wants.
        let id =
            client.limit_buy("AAPL", 1 + number % 9, PRICE - i64::from(number % 500), &mut bytes);
        client.send_bytes(&bytes).expect("sent");
        let id = id.to_string();
        client
            .read_until(|f| (f[0] == "3" && f[1] == id && f[2] == "Submitted").then_some(()))
            .expect("resting");
    }
    let view = server.sockets.block_on(server.gate.view()).expect("a view");
    assert_eq!(view.open_orders.len(), open as usize);
    let portal = Portal::start(&server.gate);
    let browser = portal.linked(&server, BrowserKey::generate().ok());
    (server, portal, browser)
}

/// Measures the page.
pub fn measure(rounds: usize) -> Row {
    pin(&[0]);
    let (_full, _portal, mut many) = account(OPEN);
    let (server, portal, mut none) = account(0);
    let mut again = portal.linked(&server, BrowserKey::generate().ok());
    let mut out = paired(
        rounds,
        || signed(&mut many, "/", b"<!DOCTYPE html>"),
        || signed(&mut none, "/", b"<!DOCTYPE html>"),
        || signed(&mut again, "/", b"<!DOCTYPE html>"),
    );
    pin(&[0, 1]);
    let millis = |nanos: u64| nanos as f64 / 1_000_000.0;
    let (ratio, null) = (out.ratio(950), out.null(950));
    let slow = millis(out.subject.quantile(950));
    Row {
        path: "overview with 10,000 open orders",
        subject: format!("p50 {:.2} ms, p95 {slow:.2} ms", millis(out.subject.quantile(500))),
        peer: format!(
            "overview with none p50 {:.2} ms, p95 {:.2} ms",
            millis(out.peer.quantile(500)),
            millis(out.peer.quantile(950))
        ),
        ratio: format!("p95 {ratio:.2}"),
        null: format!("p95 {null:.2}"),
        samples: out.subject.len().to_string(),
        goal: "p95 <= 8 ms",
        met: (0.9..=1.1).contains(&null).then_some(slow <= GOAL),
        checked: "every answer 200 and a page".to_owned(),
    }
}
