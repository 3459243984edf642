//! What is asked and cut off, told and forgotten around a restart: revocations, sessions, forms, codes, folders, clocks.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::browser::Browser;
use crate::program::{Server, command, fault, json, run, text};
use crate::storm::sign_in;
use crate::trader::Trader;

/// Kills the server as it begins its next write to the journal.
fn kill_at_next_write(server: &Server, folder: &Path) -> Child {
    let journal = server.data.join("journal");
    let mut trace = Command::new("strace");
    trace.args(["-f", "-e", "trace=pwrite64", "-e", "inject=pwrite64:signal=KILL"]);
    for entry in std::fs::read_dir(journal).unwrap() {
        trace.arg("-P").arg(entry.unwrap().path());
    }
    let said = folder.join("strace");
    trace.arg("-p").arg(server.pid().to_string());
    trace.stdin(Stdio::null()).stderr(std::fs::File::create(&said).unwrap());
    let mut child = trace.spawn().unwrap();
    // It says so once it is attached.
    while !std::fs::read_to_string(&said).unwrap().contains("attached") {
        let ended = child.try_wait().unwrap();
        let why = std::fs::read_to_string(&said).unwrap();
        assert!(ended.is_none(), "strace may not attach to the server (root may): {why}");
        std::thread::yield_now();
    }
    child
}

fn state(data: &Path, number: u64) -> Value {
    let rows = json(data, &["orders"]);
    let row = rows.as_array().unwrap().iter().find(|row| row["order"] == number).unwrap();
    row["state"].clone()
}

#[test]
fn revocation_killed_before_its_cancel_is_finished_by_the_next_start() {
    let temp = tempfile::tempdir().unwrap();
    // The kill may fall on another write, before the revocation: then once more.
    for _ in 0..10 {
        let server = Server::demo(temp.path(), &[]);
        let data = server.data.clone();
        let mut trader = Trader::connect(server.port("trading"), 1);
        let id = trader.told.next_id.unwrap();
        trader.send(&Trader::order(id, "BUY", 1, Some("20.00")));
        trader.wait("a number", |told| told.numbers.contains_key(&id));
        let number = trader.told.numbers[&id];
        let mut tracer = kill_at_next_write(&server, temp.path());
        let revoked = run(&data, &["credential", "revoke", "trading", "--cancel-orders"]);
        assert!(!revoked.status.success(), "it answered, so it was not killed: {}", text(&revoked));
        tracer.wait().unwrap();
        server.kill();

        let again = Server::demo(temp.path(), &[]);
        let list = json(&data, &["credential", "list"]);
        let row = list.as_array().unwrap().iter().find(|row| row["name"] == "trading").unwrap();
        if row["state"] != "revoked" {
            assert_eq!(again.terminate(), 0);
            continue;
        }
        // Nothing was written to the journal between the order and this start: it did the cancel.
        assert_eq!(state(&data, number), "cancelled");
        let verified = run(&data, &["evidence", "verify"]);
        assert!(verified.status.success(), "{}", text(&verified));
        return;
    }
    panic!("no kill fell between a revocation and its cancel");
}

#[test]
fn session_ended_before_a_restart_is_told_why() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let mut browser = Browser::at(&server);
    browser.sign_in_by_link(&server);
    let session =
        json(&server.data, &["session", "list"])[0]["session"].as_str().unwrap().to_owned();
    json(&server.data, &["session", "end", &session]);
    assert_eq!(server.terminate(), 0);
    let again = Server::demo(temp.path(), &[]);
    let mut at = Browser::at(&again);
    at.take_cookies(&browser);
    let answer = at.get("/");
    assert_eq!(answer.to(), "/sign-in?ended=1");
    let page = at.get("/sign-in?ended=1").body;
    assert!(page.contains("ended by the operator") && page.contains("SESSION_ENDED"), "{page}");
}

#[test]
fn broken_cookie_and_expired_form_do_nothing_and_say_so() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let mut browser = Browser::at(&server);
    browser.sign_in_by_link(&server);
    let form = [("symbol", "AAPL"), ("side", "buy"), ("quantity", "12345"), ("type", "MKT")];
    let good = std::mem::replace(&mut browser.token, "b2xk".to_owned());
    let expired = browser.post("/ticket/confirm", &form);
    assert_eq!(expired.status, 403);
    assert!(expired.body.contains("This form has expired") && expired.body.contains("12345"));
    assert_eq!(expired.hidden("form"), good, "one press sends it again");
    browser.token = good;
    assert_eq!(browser.get("/").status, 200);
    for broken in ["x", "fps_0000", "%00%ff", "a\"b", &"a".repeat(5_000)] {
        let mut other = browser.stranger(browser.from);
        other.take_cookies(&browser);
        other.token.clone_from(&browser.token);
        other.break_cookie("session", broken);
        assert_eq!(other.get("/").to(), "/sign-in", "{broken}");
        let lost = other.post("/ticket/confirm", &form);
        assert_eq!(lost.status, 401);
        assert!(lost.body.contains("Nothing was done") && lost.body.contains("12345"));
    }
    assert_eq!(json(&server.data, &["orders"]).as_array().unwrap().len(), 0);
    assert_eq!(browser.get("/").status, 200);
}

#[test]
fn wrong_and_replayed_codes_are_refused_and_told_apart() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let password = server.ready["people"][0]["password"].as_str().unwrap().to_owned();
    let mut browser = Browser::at(&server);
    browser.sign_in_by_link(&server);
    browser.token.clear();
    assert_eq!(sign_in(&mut browser, &server, &password).to(), "/session?welcome=1");
    let fields = [("username", "trader"), ("password", &*password), ("next", "/")];
    browser.forget("session");
    assert_eq!(browser.post("/sign-in", &fields).to(), "/sign-in/code");
    let used = json(&server.data, &["totp", "trader"])["code"].as_str().unwrap().to_owned();
    for (typed, code) in
        [(used.as_str(), "CODE_REPLAYED"), ("000000", "CODE_WRONG"), ("a", "CODE_MALFORMED")]
    {
        let answer = browser.post("/sign-in/code", &[("code", typed), ("next", "/")]);
        assert_eq!(answer.status, 401);
        assert!(answer.body.contains(code), "{typed}: {}", answer.body);
    }
}

#[test]
fn folder_of_a_newer_version_is_refused_and_left_alone() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let data = server.data.clone();
    assert_eq!(server.terminate(), 0);
    let file = data.join("folder.json");
    let newer = std::fs::read_to_string(&file).unwrap().replace("\"version\": 1", "\"version\": 2");
    std::fs::write(&file, &newer).unwrap();
    let config = temp.path().join("floorpass.toml");
    std::fs::write(
        &config,
        "[portal]\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://localhost:1\"\n",
    )
    .unwrap();
    let config = config.to_str().unwrap();
    for args in [&["demo", "--free-ports"][..], &["serve", "--config", config]] {
        assert_eq!(fault(&data, args), (4, "DATA_FOLDER".to_owned()), "{args:?}");
        let said = text(&run(&data, args));
        assert!(said.contains("version 2") && said.contains("use a newer floorpass"), "{said}");
    }
    assert_eq!(
        fault(&data, &["demo", "--free-ports", "--reset"]).0,
        4,
        "reset of what it cannot read"
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), newer);
    std::fs::write(&file, newer.replace("\"version\": 2", "\"version\": 1")).unwrap();
    Server::demo(temp.path(), &[]);
    std::fs::write(&file, "{").unwrap();
    assert_eq!(fault(&data, &["serve", "--config", config]), (4, "DATA_FOLDER".to_owned()));
}

/// A demo whose wall clock stands where `file` says.
pub fn on_a_clock(folder: &Path, file: &Path) -> Server {
    let data = folder.join("data");
    let machines = std::fs::read_dir("/usr/lib").unwrap().flatten();
    let library = machines
        .map(|entry| entry.path().join("faketime/libfaketimeMT.so.1"))
        .find(|path| path.is_file())
        .unwrap_or_else(|| panic!("this test needs libfaketime (Debian: faketime)"));
    let mut demo = command(&data, &["demo", "--free-ports", "--seed", "7"]);
    demo.env("LD_PRELOAD", library)
        .env("FAKETIME_TIMESTAMP_FILE", file)
        .env("FAKETIME_NO_CACHE", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    Server::start(demo, folder, &data)
}

#[test]
fn clock_that_steps_back_stops_nothing_and_no_stamp_goes_back() {
    let temp = tempfile::tempdir().unwrap();
    let clock = temp.path().join("clock");
    std::fs::write(&clock, "+0").unwrap();
    let server = on_a_clock(temp.path(), &clock);
    let mut browser = Browser::at(&server);
    browser.sign_in_by_link(&server);
    let mut trader = Trader::connect(server.port("trading"), 1);
    let fill = |trader: &mut Trader, id: i32| {
        trader.send(&Trader::order(id, "BUY", 1, None));
        let count = usize::try_from(id).unwrap();
        trader.wait("a fill", |told| told.executions.len() == count);
    };
    fill(&mut trader, 1);
    // An hour back, while it runs: nobody is thrown out, orders are taken.
    std::fs::write(&clock, "-3600").unwrap();
    fill(&mut trader, 2);
    assert_eq!(browser.get("/").status, 200);
    json(&server.data, &["credential", "revoke", "narrow"]);
    let data = server.data.clone();
    assert_eq!(server.terminate(), 0);
    // A day back, over a restart.
    std::fs::write(&clock, "-86400").unwrap();
    let again = on_a_clock(temp.path(), &clock);
    let mut trader = Trader::connect(again.port("trading"), 1);
    trader.send(&Trader::order(3, "BUY", 1, None));
    trader.wait("a fill", |told| told.executions.len() == 1);
    let rows = json(&data, &["executions"]);
    let mut times: Vec<_> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["order"].as_u64().unwrap(), row["at"].as_str().unwrap().to_owned()))
        .collect();
    times.sort_by_key(|(order, _)| *order);
    assert_eq!(times.len(), 3);
    assert!(times.is_sorted_by_key(|(_, at)| at), "{times:?}");
    let verified = run(&data, &["evidence", "verify"]);
    assert!(verified.status.success(), "{}", text(&verified));
}
