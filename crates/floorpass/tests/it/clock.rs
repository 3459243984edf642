//! A clock that is wrong for a while: set forward, right again, set back, over a restart.

use std::path::Path;
use std::time::{Duration, SystemTime};

use access::authenticator::totp;
use access::{Secret, Time};
use data_encoding::BASE32_NOPAD;
use serde_json::Value;
use tws::Inbound;
use tws::inbound::CancelOrder;

use crate::browser::{Answer, Browser};
use crate::program::{Server, json, run, text};
use crate::restart::on_a_clock;
use crate::trader::Trader;

/// The app on its person's phone, whose clock is right whatever the server's does.
struct App {
    seed: Secret,
    password: String,
}

impl App {
    fn of(server: &Server) -> Self {
        let person = &server.ready["people"][0];
        let uri = person["totp_uri"].as_str().unwrap();
        let seed = uri.split_once("secret=").unwrap().1.split('&').next().unwrap();
        let seed = Secret::new(BASE32_NOPAD.decode(seed.as_bytes()).unwrap());
        Self { seed, password: person["password"].as_str().unwrap().to_owned() }
    }

    /// What it shows when its clock is so many seconds off.
    fn code(&self, off: i64) -> String {
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let at = Time::from_seconds(i64::try_from(now).unwrap() + off);
        totp::code(self.seed.expose(), totp::step(at))
    }

    fn sign_in(&self, browser: &mut Browser, code: &str) -> Answer {
        browser.forget("session");
        let fields = [("username", "trader"), ("password", &*self.password), ("next", "/")];
        let first = browser.post("/sign-in", &fields);
        assert_eq!(first.to(), "/sign-in/code", "{first:?}");
        browser.post("/sign-in/code", &[("code", code), ("next", "/")])
    }
}

/// Waits until the server has seen that its clock jumped; gives what it says of it.
fn seen(data: &Path, what: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..600 {
        let status = json(data, &["status"]);
        if what(&status["clock_jump"]) {
            return status;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("no such jump was seen: {}", json(data, &["status"]))
}

/// The jumps that are on record, in whole seconds.
fn recorded(data: &Path) -> Vec<i64> {
    let (mut jumps, journal) = (Vec::new(), gate::open::journal_folder(data));
    for (_, segment) in gate::journal::segments(&journal).unwrap() {
        let bytes = std::fs::read(segment).unwrap();
        let mut rest = &bytes[gate::journal::record::HEADER_BYTES..];
        while let Some(record) = gate::journal::Record::decode(rest) {
            let text = format!("{:?}", gate::open::decode(&record).unwrap().command);
            if let Some(jump) = text.strip_prefix("ClockJumped { by: Span(") {
                let by: i64 = jump.split(')').next().unwrap().parse().unwrap();
                jumps.push((by + 500_000).div_euclid(1_000_000));
            }
            rest = &rest[record.length..];
        }
    }
    jumps
}

#[test]
fn clock_two_hours_ahead_for_a_moment_shuts_no_app_out_and_is_told() {
    let temp = tempfile::tempdir().unwrap();
    let clock = temp.path().join("clock");
    std::fs::write(&clock, "+0").unwrap();
    let server = on_a_clock(temp.path(), &clock);
    let (app, data) = (App::of(&server), server.data.clone());
    let mut browser = Browser::at(&server);
    browser.sign_in_by_link(&server);
    browser.token.clear();
    let quiet = run(&data, &["doctor"]);
    assert!(
        text(&quiet).contains("clock: has not jumped since the server started"),
        "{}",
        text(&quiet)
    );

    std::fs::write(&clock, "+7200").unwrap();
    seen(&data, |jump| jump["by"] == 7_200);
    std::fs::write(&clock, "+0").unwrap();
    let status = seen(&data, |jump| jump["by"] == -7_200);
    assert!((7_190..=7_200).contains(&status["stamps_ahead"].as_i64().unwrap()), "{status}");
    let over = browser.get("/orders");
    assert!(over.to().starts_with("/sign-in"), "two hours were longer than it may rest: {over:?}");
    assert_eq!(app.sign_in(&mut browser, &app.code(0)).to(), "/?welcome=1");
    for args in [["status"], ["doctor"]] {
        let said = text(&run(&data, &args));
        let right = "was set back by 2 hours; stamps are 2 hours ahead of it";
        assert!(said.contains(right), "{args:?}: {said}");
    }
    assert_eq!(server.terminate(), 0);
    assert_eq!(recorded(&data), [7_200, -7_200], "each once");

    let again = on_a_clock(temp.path(), &clock);
    seen(&data, |jump| jump["by"] == 0 && jump["ahead"].as_i64() > Some(7_000));
    // The code of a minute later, for this one was used.
    let mut browser = Browser::at(&again);
    std::fs::write(&clock, "+60").unwrap();
    seen(&data, |jump| jump["by"] == 60);
    let first = app.sign_in(&mut browser, &app.code(60));
    assert_eq!(first.to(), "/sign-in/activate", "right, at a browser that is new");
    let verified = run(&data, &["evidence", "verify"]);
    assert!(verified.status.success(), "{}", text(&verified));
}

#[test]
fn clock_set_back_two_hours_takes_the_codes_of_its_own_time_and_each_once() {
    let temp = tempfile::tempdir().unwrap();
    let clock = temp.path().join("clock");
    std::fs::write(&clock, "+0").unwrap();
    let server = on_a_clock(temp.path(), &clock);
    let app = App::of(&server);
    let mut browser = Browser::at(&server);
    browser.sign_in_by_link(&server);
    browser.token.clear();
    assert_eq!(app.sign_in(&mut browser, &app.code(0)).to(), "/?welcome=1");
    std::fs::write(&clock, "-7200").unwrap();
    seen(&server.data, |jump| jump["by"] == -7_200);
    let code = app.code(-7_200);
    assert_eq!(app.sign_in(&mut browser, &code).to(), "/?welcome=1");
    let replayed = app.sign_in(&mut browser, &code);
    assert_eq!(replayed.status, 401);
    assert!(replayed.body.contains("CODE_REPLAYED"), "{replayed:?}");
    let mut trader = Trader::connect(server.port("trading"), 1);
    trader.send(&Trader::order(1, "BUY", 1, None));
    trader.wait("a fill", |told| told.executions.len() == 1);
}

/// What answers without a session: status and text.
fn health(browser: &mut Browser) -> (u16, String) {
    let answer = browser.get("/healthz");
    (answer.status, answer.body)
}

#[test]
fn clock_that_jumps_by_100_days_keeps_no_door_waiting() {
    let temp = tempfile::tempdir().unwrap();
    let clock = temp.path().join("clock");
    std::fs::write(&clock, "+0").unwrap();
    let server = on_a_clock(temp.path(), &clock);
    let data = server.data.clone();
    let mut browser = Browser::at(&server);
    assert_eq!(health(&mut browser).0, 200);
    let mut trader = Trader::connect(server.port("trading"), 1);
    trader.send(&Trader::order(1, "BUY", 1, Some("2.00")));
    trader.wait("a number", |told| told.numbers.contains_key(&1));
    let resting = trader.told.numbers[&1];

    std::fs::write(&clock, "+8640000").unwrap();
    trader.send(&Trader::order(2, "BUY", 1, None));
    trader.wait("an answer", |told| told.errors.iter().any(|(id, ..)| *id == 2));
    let (_, _, why) = trader.told.errors.iter().find(|(id, ..)| *id == 2).unwrap();
    assert!(why.contains("catching up on missed time"), "{why}");
    // What only reduces passes meanwhile.
    trader.send(&Inbound::from(CancelOrder { order_id: 1, ..CancelOrder::default() }));
    trader.wait("a cancel", |told| told.statuses[&resting] == "Cancelled");
    let (mut seen, mut ill) = (0, 0);
    loop {
        let (status, body) = health(&mut browser);
        let now = json(&data, &["status"]);
        match &now["catching_up"] {
            Value::Null if now["clock_jump"]["by"] == 8_640_000 && status == 200 => break,
            Value::Null => {}
            progress => {
                assert!((0..=100).contains(&progress["percent"].as_i64().unwrap()), "{now}");
                seen += 1;
            }
        }
        ill += usize::from(status == 503 && body.contains("CATCHING_UP"));
    }
    assert!(seen > 0 && ill > 0, "told by status {seen} times and by /healthz {ill} times");
    let log = server.log();
    assert!(
        log.contains("the markets are catching up on") && log.contains("have caught up"),
        "{log}"
    );
    trader.send(&Trader::order(3, "BUY", 1, None));
    trader.wait("a fill", |told| told.executions.len() == 1);
    assert_eq!(server.terminate(), 0);
    let verified = run(&data, &["evidence", "verify"]);
    assert!(verified.status.success(), "{}", text(&verified));
}

#[test]
fn start_after_31_days_answers_at_once_and_orders_have_filled_meanwhile() {
    let temp = tempfile::tempdir().unwrap();
    let clock = temp.path().join("clock");
    std::fs::write(&clock, "+0").unwrap();
    let server = on_a_clock(temp.path(), &clock);
    let data = server.data.clone();
    let mut trader = Trader::connect(server.port("trading"), 1);
    trader.send(&Trader::order(1, "BUY", 1, None));
    trader.wait("a fill", |told| told.executions.len() == 1);
    let paid = json(&data, &["executions"])[0]["price"].as_str().unwrap().to_owned();
    let paid: f64 = paid.parse().unwrap();
    // One percent away: some day of thirty-one comes there.
    for (id, side, limit) in [(2, "BUY", paid * 0.99), (3, "SELL", paid * 1.01)] {
        trader.send(&Trader::order(id, side, 1, Some(&format!("{limit:.2}"))));
        trader.wait("a number", |told| told.numbers.contains_key(&id));
    }
    assert_eq!(server.terminate(), 0);
    std::fs::write(&clock, "+2678400").unwrap();
    let again = on_a_clock(temp.path(), &clock);
    // Whatever it is busy with, it answers; then it has caught up.
    while json(&data, &["status"])["catching_up"] != Value::Null {}
    let (status, _) = health(&mut Browser::at(&again));
    assert_eq!(status, 200);
    let mut trader = Trader::connect(again.port("trading"), 1);
    trader.send(&Trader::order(4, "BUY", 1, None));
    trader.wait("a fill", |told| told.executions.len() == 1);
    let open = json(&data, &["orders"]);
    let open = open.as_array().unwrap().iter().filter(|row| row["state"] == "working").count();
    assert!(open < 2, "one of two filled in a month");
    assert_eq!(again.terminate(), 0);
    let verified = run(&data, &["evidence", "verify"]);
    assert!(verified.status.success(), "{}", text(&verified));
    // And once more, from the snapshot that was taken then.
    assert_eq!(on_a_clock(temp.path(), &clock).terminate(), 0);
}

/// What would have filled while the server was off, before the end of its credential, fills; the end comes after it.
#[test]
fn orders_fill_in_missed_time_before_the_end_of_their_credential() {
    let temp = tempfile::tempdir().unwrap();
    let clock = temp.path().join("clock");
    std::fs::write(&clock, "+0").unwrap();
    let server = on_a_clock(temp.path(), &clock);
    let data = server.data.clone();
    let made = json(&data, &["credential", "create", "short", "--days", "30"]);
    let credential = made["credential"].as_str().unwrap();
    let held = || json(&data, &["positions"])["positions"].clone();
    let order = |symbol: &str, terms: &[&str]| {
        let order = ["order", "place", "buy", "1", symbol, "--yes", "--credential", credential];
        json(&data, &[&order[..], terms].concat())
    };
    // Two percent below: some day of thirty one of four comes there.
    for symbol in ["AAPL", "MSFT", "AMD", "BAC"] {
        order(symbol, &["--type", "market"]);
    }
    for row in json(&data, &["executions"]).as_array().unwrap() {
        let paid: f64 = row["price"].as_str().unwrap().parse().unwrap();
        let limit = format!("{:.2}", paid * 0.98);
        order(row["symbol"].as_str().unwrap(), &["--time-in-force", "GTC", "--price", &limit]);
    }
    let quantities = |held: &Value| {
        let rows = held.as_array().unwrap().iter();
        rows.map(|row| row["quantity"].to_string()).collect::<Vec<_>>()
    };
    let before = quantities(&held());
    assert_eq!(before.len(), 4, "{before:?}");
    assert_eq!(server.terminate(), 0);
    std::fs::write(&clock, "+2678400").unwrap();
    let again = on_a_clock(temp.path(), &clock);
    let rows = || {
        let orders = json(&data, &["orders"]);
        let all = orders.as_array().unwrap().clone();
        all.into_iter().filter(|row| row["from"]["id"] == *credential).collect::<Vec<_>>()
    };
    for _ in 0..600 {
        let busy = json(&data, &["status"])["catching_up"] != Value::Null;
        if !busy && rows().iter().all(|row| row["state"] != "working") {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(rows().iter().all(|row| row["state"] != "working"), "{:?}", rows());
    assert_ne!(quantities(&held()), before, "none of four filled in a month");
    assert_eq!(again.terminate(), 0);
}
