//! Activity with 200,000 decisions: the first page, which finds none of them added to what can be searched, and a search
//! for a text that is nowhere, page by page to its end. No page may take long, and nobody else may wait for one.

use crate::browse::Browser;
use crate::portal::{Portal, signed};
use crate::report::Row;
use crate::sample::nanos;
use crate::server::Server;
use crate::wire::Client;
use gate::{BrowserKey, Durability};
use std::sync::atomic::{AtomicBool, Ordering};

/// Orders placed and cancelled: two decisions each.
const ORDERS: usize = 100_000;
/// Orders sent in one go.
const AT_ONCE: usize = 500;
/// Far below the market, so that each rests until it is cancelled.
const PRICE: i64 = 600;
/// The longest that anybody else's page may take, in milliseconds, and one that does not search.
const GOAL: f64 = 50.0;
/// The longest that a page may search.
const SEARCH: f64 = 250.0;
/// A page that reads the tables, which somebody else looks at meanwhile.
const OTHER: &str = "/sessions";

fn trade(server: &Server, orders: usize) {
    let mut client = Client::connect(server.trading, 1).expect("connected");
    let mut sent = 0;
    while sent < orders {
        let (mut bytes, mut ids) = (Vec::new(), Vec::new());
        while ids.len() < AT_ONCE && sent < orders {
            // Each differs from the one before, which a guard against double sending wants.
            let price = PRICE - (sent % 500) as i64;
            ids.push(client.limit_buy("AAPL", 1 + sent as u32 % 9, price, &mut bytes));
            sent += 1;
        }
        client.send_bytes(&bytes).expect("sent");
        wait(&mut client, &ids, "Submitted");
        for id in &ids {
            client.cancel(*id).expect("sent");
        }
        wait(&mut client, &ids, "Cancelled");
    }
}

/// Until the last of these orders is in this state: they are answered in turn.
fn wait(client: &mut Client, ids: &[i32], state: &str) {
    let last = ids.last().expect("an order").to_string();
    client
        .read_until(|f| (f[0] == "3" && f[1] == last && f[2] == state).then_some(()))
        .expect("answered");
}

/// A page in milliseconds, and its text.
fn page(browser: &mut Browser, path: &str) -> (f64, String) {
    let request = browser.request(path);
    let (time, (status, body)) = nanos(|| {
        let (status, body) = browser.load(&request).expect("answered");
        (status, String::from_utf8_lossy(body).into_owned())
    });
    assert_eq!(status, 200, "{path}");
    (time as f64 / 1_000_000.0, body)
}

/// The page that a link of this name leads to.
fn link(body: &str, name: &str) -> Option<String> {
    let (before, _) = body.split_once(&format!("\">{name}</a>"))?;
    let (_, path) = before.rsplit_once("href=\"")?;
    Some(path.replace("&amp;", "&"))
}

fn worst(times: &[f64]) -> f64 {
    times.iter().copied().fold(0.0, f64::max)
}

fn middle(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// What somebody else's pages take until told to end.
fn others(browser: &mut Browser, end: &AtomicBool) -> Vec<f64> {
    let mut times = Vec::new();
    while !end.load(Ordering::Acquire) {
        times.push(signed(browser, OTHER, b"<!DOCTYPE html>") as f64 / 1_000_000.0);
    }
    times
}

fn engine(path: &'static str, database: Option<String>, less: usize) -> Row {
    let server = Server::on(Durability::Process, database);
    trade(&server, ORDERS / less);
    let portal = Portal::start(&server.gate);
    let mut reader = portal.linked(&server, BrowserKey::generate().ok());
    let mut other = portal.linked(&server, BrowserKey::generate().ok());
    let (mut quiet, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..100 {
        quiet.push(signed(&mut other, OTHER, b"<!DOCTYPE html>") as f64 / 1_000_000.0);
    }
    let end = AtomicBool::new(false);
    let (mut adding, mut searching) = (Vec::new(), Vec::new());
    let mut meanwhile = std::thread::scope(|scope| {
        let others = scope.spawn(|| others(&mut other, &end));
        loop {
            let (time, body) = page(&mut reader, "/activity");
            adding.push(time);
            if !body.contains("still being added") {
                break;
            }
        }
        let mut path = "/activity?text=zebra".to_owned();
        loop {
            let (time, body) = page(&mut reader, &path);
            searching.push(time);
            match link(&body, "Keep searching") {
                Some(next) => path = next,
                None => {
                    assert!(body.contains("Nothing matches") || body.contains("Nothing found"));
                    break;
                }
            }
        }
        end.store(true, Ordering::Release);
        others.join().expect("asked")
    });
    for _ in 0..100 {
        plain.push(page(&mut reader, "/activity").0);
    }
    let (added, searched, waited) = (worst(&adding), worst(&searching), worst(&meanwhile));
    let whole: f64 = searching.iter().sum();
    let pages = searching.len();
    Row {
        path,
        subject: format!(
            "search p50 {:.1} ms, longest {searched:.1} ms of {pages} pages, {:.1} s in all; while they are added longest {added:.1} ms of {}; \
             another page meanwhile p50 {:.1} ms, longest {waited:.1} ms of {}",
            middle(&mut searching),
            whole / 1_000.0,
            adding.len(),
            middle(&mut meanwhile),
            meanwhile.len(),
        ),
        peer: format!(
            "Activity without a filter p50 {:.1} ms, longest {:.1} ms",
            middle(&mut plain),
            worst(&plain)
        ),
        ratio: "-".to_owned(),
        null: format!(
            "the other page alone p50 {:.1} ms, longest {:.1} ms",
            middle(&mut quiet),
            worst(&quiet)
        ),
        samples: pages.to_string(),
        goal: "a page of a search <= 250 ms, any other <= 50 ms",
        // A machine on which a page alone takes half of that allows no verdict.
        met: (worst(&quiet) <= GOAL / 2.0)
            .then_some(searched <= SEARCH && added.max(waited) <= GOAL),
        checked: format!("{} decisions, every page 200", 2 * ORDERS / less),
    }
}

/// Measures SQLite, and PostgreSQL where a database is given.
pub fn measure(postgres: Option<String>, less: usize) -> Vec<Row> {
    let mut rows = vec![engine("search of Activity, 200,000 decisions", None, less)];
    if postgres.is_some() {
        rows.push(engine("search of Activity, 200,000 decisions, PostgreSQL", postgres, less));
    }
    rows
}
