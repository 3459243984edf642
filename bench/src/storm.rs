//! Pages of people who are signed in, while others guess passwords; and what the time of an answer tells of a name.

use crate::browse::Browser;
use crate::portal::{HOST, Portal};
use crate::report::Row;
use crate::sample::Series;
use crate::server::Server;
use gate::Durability;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::time::{Duration, Instant};

/// Browsers that guess at once.
const GUESSERS: u16 = 16;
/// Guesses from one address, which would have to wait after ten more.
const FROM_ONE: usize = 50;
/// Page loads a second.
const LOADS: u64 = 1_000;

/// Guesses until told to stop, each time another name and every now and then from another address, so that each guess costs a hash.
fn guess(number: u16, portal: SocketAddr, stop: &AtomicBool, from: &AtomicU16) {
    let mut round = 0;
    while !stop.load(Ordering::Relaxed) {
        let address = from.fetch_add(1, Ordering::Relaxed);
        let mut browser = Browser::connect_from(address, portal, HOST).expect("connected");
        for _ in 0..FROM_ONE {
            let name = format!("nobody-{address}-{number}-{round}");
            round += 1;
            let fields = [("username", name.as_str()), ("password", "correct horse")];
            let answer = browser.post("/sign-in", &fields).expect("answered");
            // 401 after a hash; 503 when too many wait.
            assert!(matches!(answer.status, 401 | 503), "{}", answer.status);
            if stop.load(Ordering::Relaxed) {
                break;
            }
        }
    }
}

/// Loads a page on a schedule; each load counts from when it was due, whatever held it up.
fn load(browser: &mut Browser, page: &[u8], length: Duration, into: &mut Series) {
    let start = Instant::now();
    let every = Duration::from_micros(1_000_000 / LOADS);
    let mut due = Duration::ZERO;
    while due < length {
        if let Some(wait) = due.checked_sub(start.elapsed()) {
            std::thread::sleep(wait);
        }
        let (status, body) = browser.load(page).expect("answered");
        into.push(u64::try_from((start.elapsed() - due).as_nanos()).unwrap_or(u64::MAX));
        assert_eq!(status, 200);
        assert!(body.starts_with(b"<!DOCTYPE html>"));
        due += every;
    }
}

/// Measures `rounds` times three phases of `phase` each: quiet, quiet again, storm.
pub fn measure(rounds: usize, phase: Duration) -> Row {
    let server = Server::start(Durability::Disk);
    let portal = Portal::start(&server.gate);
    let mut signed = portal.signed_in(&server);
    let page = signed.request("/");
    let [mut quiet, mut again, mut storm] = [(); 3].map(|()| Series::default());
    load(&mut signed, &page, phase, &mut Series::default());
    let from = AtomicU16::new(0);
    let mut hashes = 0;
    let mut stormed = Duration::ZERO;
    for _ in 0..rounds {
        load(&mut signed, &page, phase, &mut quiet);
        load(&mut signed, &page, phase, &mut again);
        let stop = AtomicBool::new(false);
        let before = server.gate.authenticators().password_checks();
        std::thread::scope(|scope| {
            for number in 0..GUESSERS {
                let (stop, from) = (&stop, &from);
                scope.spawn(move || guess(number, portal.address, stop, from));
            }
            let start = Instant::now();
            load(&mut signed, &page, phase, &mut storm);
            stormed += start.elapsed();
            hashes += server.gate.authenticators().password_checks() - before;
            stop.store(true, Ordering::Relaxed);
        });
    }
    let micros = |series: &mut Series, at| series.quantile(at) as f64 / 1_000.0;
    let ratio = micros(&mut storm, 990) / micros(&mut quiet, 990);
    let null = micros(&mut again, 990) / micros(&mut quiet, 990);
    let counts = storm.len() >= 50_000 && (0.9..=1.1).contains(&null);
    let rate = hashes as f64 / stormed.as_secs_f64();
    Row {
        path: "page load during a storm of sign-ins",
        subject: format!(
            "p50 {:.0} us, p99 {:.0} us, {rate:.0} sign-ins/s beside it",
            micros(&mut storm, 500),
            micros(&mut storm, 990)
        ),
        peer: format!(
            "the same without the storm p50 {:.0} us, p99 {:.0} us",
            micros(&mut quiet, 500),
            micros(&mut quiet, 990)
        ),
        ratio: format!("p99 {ratio:.2}"),
        null: format!("p99 {null:.2}"),
        samples: format!("{} at {LOADS} a second", storm.len()),
        goal: "p99 <= 1.1",
        met: counts.then_some(ratio <= 1.1),
        checked: format!("every page 200; {hashes} hashes made, each guess refused"),
    }
}
