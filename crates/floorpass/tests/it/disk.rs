//! A full disk: a file system of its own for the data folder, small enough to fill.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use tws::Inbound;
use tws::inbound::CancelOrder;

use crate::browser::{Browser, HOME};
use crate::program::{Server, command, fault, json, run, text};
use crate::trader::Trader;

/// Set in the process that has mounts of its own.
const INSIDE: &str = "FLOORPASS_TEST_MOUNTS";

/// Runs this test once more where it may mount, and is true there. Mounts end with that process.
fn is_inside(name: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let root = rustix::process::geteuid().is_root();
    let output = Command::new("unshare")
        .arg(if root { "-m" } else { "-rm" })
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .unwrap_or_else(|e| panic!("this test needs `unshare` (Debian: util-linux): {e}"));
    let said = text(&output);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "this test mounts a small file system: it needs root, or a system that lets users have \
         mount namespaces (unshare -rm): {said}"
    );
    false
}

fn mount(at: &Path, options: &str) {
    let output =
        Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(at).output();
    let output = output.unwrap();
    assert!(output.status.success(), "mount: {}", text(&output));
}

/// Takes all space that is left.
fn fill(disk: &Path) -> PathBuf {
    let path = disk.join("filler");
    let mut file = std::fs::File::create(&path).unwrap();
    for piece in [1 << 16, 1 << 12, 1] {
        while file.write_all(&vec![1; piece]).is_ok() {}
    }
    path
}

/// Changes a resting order again and again until the journal takes no more.
fn use_up_the_journal(trader: &mut Trader, id: i32) {
    // A change is at least 80 bytes of a segment.
    for _ in 0..(8 << 20) / (200 * 80) {
        let change =
            |n| Trader::referenced(id, "BUY", 1, if n % 2 == 0 { "20.01" } else { "20.00" });
        trader.send_all(&(0..200).map(change).collect::<Vec<_>>());
        trader.barrier();
        if told_full(trader) {
            return;
        }
    }
    panic!("the journal is not full: {:?}", trader.told.errors.last());
}

fn told_full(trader: &Trader) -> bool {
    trader.told.errors.iter().any(|(_, _, text)| text.contains("DISK_FULL"))
}

/// Whether an order is taken; if not, it must be for the disk.
fn is_taken(trader: &mut Trader, id: i32, action: &str, limit: Option<&str>) -> bool {
    trader.told.errors.clear();
    trader.send(&Trader::order(id, action, 1, limit));
    trader.wait("an answer", |told| {
        // An order that was refused has no number.
        told.numbers.get(&id).is_some_and(|number| *number > 0)
            || told.errors.iter().any(|(of, ..)| *of == id)
    });
    let refused = trader.told.errors.iter().find(|(of, ..)| *of == id);
    if let Some((_, _, text)) = refused {
        let says_what = text.contains("free some space") || text.contains("try again in a second");
        assert!(text.contains("DISK_FULL") && says_what, "{text}");
        assert!(!text.contains("lacks 0 bytes"), "{text}");
    }
    refused.is_none()
}

/// Every order that was acknowledged, against what the server has now.
fn check(server: &Server, acknowledged: &BTreeMap<i32, u64>) {
    let rows = json(&server.data, &["orders"]);
    let there: Vec<u64> =
        rows.as_array().unwrap().iter().map(|row| row["order"].as_u64().unwrap()).collect();
    for (id, number) in acknowledged.iter().filter(|(_, number)| **number > 0) {
        assert!(there.contains(number), "order {id} was acknowledged as {number} and is lost");
    }
    let verified = run(&server.data, &["evidence", "verify"]);
    assert!(verified.status.success(), "{}", text(&verified));
}

/// Anyone who signs in on a full disk is told what is wrong; who is signed in sees what is there.
fn sign_in_says_why(server: &Server, browser: &mut Browser, password: &str) {
    let (exit, code) = fault(&server.data, &["link", "trader"]);
    assert_eq!((exit, code.as_str()), (4, "STORE_FULL"));
    for at in [&mut browser.stranger(HOME), &mut *browser] {
        let fields = [("username", "trader"), ("password", password), ("next", "/")];
        let answer = at.post("/sign-in", &fields);
        assert_eq!(answer.status, 503, "{answer:?}");
        assert!(answer.body.contains("disk") && answer.body.contains("STORE_FULL"), "{answer:?}");
    }
    assert_eq!(browser.get("/").status, 200);
}

const NAME: &str = "disk::full_disk_refuses_new_orders_lets_out_and_goes_on_when_there_is_room";

#[test]
fn full_disk_refuses_new_orders_lets_out_and_goes_on_when_there_is_room() {
    if !is_inside(NAME) {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let disk = temp.path().join("disk");
    std::fs::create_dir(&disk).unwrap();
    // Room for one segment of the journal (8 MiB) and the tables, and not for the next segment.
    mount(&disk, "size=12m");
    let data = disk.join("data");
    let demo = || {
        let args = ["demo", "--free-ports", "--seed", "7"];
        command(&data, &args)
    };
    let server = Server::start(demo(), temp.path(), &data);
    let password = server.ready["people"][0]["password"].as_str().unwrap().to_owned();
    let mut browser = Browser::at(&server);
    browser.sign_in_by_link(&server);
    let mut trader = Trader::connect(server.port("trading"), 1);
    trader.send(&Trader::order(1, "BUY", 10, None));
    trader.send(&Trader::referenced(2, "BUY", 1, "20.00"));
    trader.send(&Trader::order(3, "BUY", 1, Some("20.00")));
    trader.wait("a fill and two numbers", |told| {
        told.executions.len() == 1 && told.numbers.contains_key(&3)
    });

    use_up_the_journal(&mut trader, 2);
    assert!(!is_taken(&mut trader, 4, "BUY", Some("20.00")), "a new order");
    assert!(is_taken(&mut trader, 6, "SELL", None), "an order that reduces");
    trader.send(&Inbound::from(CancelOrder { order_id: 3, ..CancelOrder::default() }));
    let third = trader.told.numbers[&3];
    trader.wait("a cancel", |told| told.statuses[&third] == "Cancelled");
    let filler = fill(&disk);
    sign_in_says_why(&server, &mut browser, &password);
    assert!(is_taken(&mut trader, 7, "SELL", None), "the tables are full, the journal is not");
    check(&server, &trader.told.numbers);

    // Room: it goes on by itself.
    std::fs::remove_file(filler).unwrap();
    mount(&disk, "remount,size=48m");
    while !is_taken(&mut trader, 8, "BUY", None) {}
    browser.forget("session");
    browser.token.clear();
    browser.sign_in_by_link(&server);
    check(&server, &trader.told.numbers);
    let acknowledged = trader.told.numbers.clone();

    // And when it is killed on a full disk: a start works, or says what it lacks.
    let filler = fill(&disk);
    server.kill();
    match Server::try_start(demo(), temp.path(), &data) {
        Ok(server) => server.kill(),
        Err(said) => {
            assert!(said.contains("is full") && said.contains("a start may take"), "{said}");
        }
    }
    std::fs::remove_file(filler).unwrap();
    let again = Server::start(demo(), temp.path(), &data);
    check(&again, &acknowledged);
    assert_eq!(json(&data, &["positions"])["positions"][0]["quantity"], 9);
}

const FIRST: &str = "disk::first_start_without_room_says_where_and_how_much_it_takes";

#[test]
fn first_start_without_room_says_where_and_how_much_it_takes() {
    if !is_inside(FIRST) {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let disk = temp.path().join("disk");
    std::fs::create_dir(&disk).unwrap();
    // Less than a segment of the journal.
    mount(&disk, "size=4m");
    let data = disk.join("data");
    let demo = || command(&data, &["demo", "--free-ports", "--seed", "7"]);
    let said = Server::try_start(demo(), temp.path(), &data).err().unwrap();
    let place = format!("the disk of {} is full", data.display());
    for part in [place.as_str(), "bytes are free there", "25165824", "Free some space"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    mount(&disk, "remount,size=48m");
    Server::start(demo(), temp.path(), &data).kill();
}

const CUTS: &str = "disk::cut_on_a_full_disk_is_in_force_is_kept_and_comes_on_record";

/// The codes of what the server says is wrong.
fn conditions(server: &Server) -> Vec<String> {
    let now = json(&server.data, &["status"]);
    let all = now["conditions"].as_array().unwrap();
    all.iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect()
}

fn until_recorded(server: &Server) {
    while conditions(server).contains(&"CUTS_OWED".to_owned()) {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

fn credential_state(server: &Server, name: &str) -> String {
    let rows = json(&server.data, &["credential", "list"]);
    let row = rows.as_array().unwrap().iter().find(|row| row["name"] == name).unwrap().clone();
    row["state"].as_str().unwrap().to_owned()
}

#[test]
fn cut_on_a_full_disk_is_in_force_is_kept_and_comes_on_record() {
    if !is_inside(CUTS) {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let disk = temp.path().join("disk");
    std::fs::create_dir(&disk).unwrap();
    mount(&disk, "size=24m");
    let data = disk.join("data");
    let demo = || command(&data, &["demo", "--free-ports", "--seed", "7"]);
    let server = Server::start(demo(), temp.path(), &data);
    let account = server.ready["account"].as_str().unwrap().to_owned();
    let mut browser = Browser::at(&server);
    browser.sign_in_by_link(&server);
    let mut trader = Trader::connect(server.port("trading"), 1);
    trader.send(&Trader::order(1, "BUY", 1, Some("20.00")));
    trader.wait("a number", |told| told.numbers.contains_key(&1));
    let first = trader.told.numbers[&1];

    let filler = fill(&disk);
    let in_force = (7, "IN_FORCE_NOT_ON_RECORD".to_owned());
    let lock = ["lock", "--account", &account, "--grade", "no-new"];
    assert_eq!(fault(&data, &lock), in_force);
    assert_eq!(json(&data, &["person", "list"])[0]["lock"], "no-new");
    assert_eq!(fault(&data, &["unlock", "--account", &account]), in_force);
    assert_eq!(json(&data, &["person", "list"])[0]["lock"], "none");
    assert_eq!(fault(&data, &lock), in_force);
    // A revocation takes the orders along: the journal has room of its own.
    assert_eq!(fault(&data, &["credential", "revoke", "trading"]), in_force);
    trader.wait_closed();
    let looks = Trader::connect(server.port("read-only"), 1).ask_all();
    assert!(looks.completed.contains_key(&first), "its order is cancelled");
    assert_eq!(credential_state(&server, "trading"), "revoked");
    assert_eq!(browser.post("/sign-out", &[]).status, 303);
    assert_eq!(json(&data, &["session", "list"]), serde_json::json!([]));
    let all = run(&data, &["lock", "--account", &account, "--grade", "all"]);
    assert_eq!(all.status.code(), Some(7));
    assert!(text(&all).contains("in effect now but not yet recorded"), "{}", text(&all));
    assert_eq!(conditions(&server), ["CUTS_OWED"]);
    let doctor = run(&data, &["doctor"]);
    assert!(
        text(&doctor).contains("6 cuts are in effect but not yet recorded"),
        "{}",
        text(&doctor)
    );
    let health = browser.stranger(HOME).get("/healthz");
    assert!(health.status == 200 && health.body.contains("CUTS_OWED"), "{health:?}");

    // Killed, and started where there is room: nothing was undone.
    server.kill();
    std::fs::remove_file(filler).unwrap();
    let server = Server::start(demo(), temp.path(), &data);
    until_recorded(&server);
    assert_eq!(json(&data, &["person", "list"])[0]["lock"], "all");
    assert_eq!(credential_state(&server, "trading"), "revoked");
    assert_eq!(credential_state(&server, "narrow"), "revoked");
    let verified = run(&data, &["evidence", "verify"]);
    assert!(verified.status.success(), "{}", text(&verified));

    // While it runs: as soon as there is room. What is on record is lifted only on record.
    let filler = fill(&disk);
    let unlock = ["unlock", "--account", &account];
    assert_eq!(fault(&data, &unlock), (4, "STORE_FULL".to_owned()));
    std::fs::remove_file(filler).unwrap();
    let said = text(&run(&data, &unlock));
    assert!(said.contains("floorpass person reset-password trader"), "{said}");
    assert_eq!(conditions(&server), Vec::<String>::new());
    let filler = fill(&disk);
    assert_eq!(fault(&data, &lock), in_force);
    std::fs::remove_file(filler).unwrap();
    until_recorded(&server);
    assert_eq!(server.terminate(), 0);
    let _again = Server::start(demo(), temp.path(), &data);
    assert_eq!(json(&data, &["person", "list"])[0]["lock"], "no-new");
}

/// A limit on the size of a file is no reason to end: what it stops is refused, like a write on a full disk.
#[test]
fn file_that_reaches_its_limit_ends_no_server() {
    let temp = tempfile::tempdir().unwrap();
    let data = temp.path().join("data");
    assert_eq!(Server::demo(temp.path(), &[]).terminate(), 0);
    // Room for the journal's segment (8 MiB, in blocks of 512 bytes), and none for another one.
    let largest = |path: &str| data.join(path).metadata().unwrap().len() / 512 + 1;
    for blocks in [largest("journal/00000000000000000001.seg"), largest("floorpass.db")] {
        let mut shell = Command::new("sh");
        let start = format!("ulimit -f {blocks}; exec \"$0\" \"$@\"");
        shell.args(["-c", &start, env!("CARGO_BIN_EXE_floorpass")]);
        shell.args(["demo", "--free-ports", "--data"]).arg(&data);
        shell.env("XDG_RUNTIME_DIR", temp.path());
        match Server::try_start(shell, temp.path(), &data) {
            Ok(server) => {
                let told = (0..40).find_map(|number| {
                    let mail = format!("ada{number}@example.org");
                    let done = run(&data, &["contact", "set", "trader", "--mail", &mail]);
                    (!done.status.success()).then(|| text(&done))
                });
                // Whether it came to it or not, it still answers.
                if let Some(said) = told {
                    assert!(said.contains("nothing was changed"), "{said}");
                }
                assert!(run(&data, &["status"]).status.success(), "{}", server.log());
                server.kill();
            }
            Err(said) => assert!(said.contains("exit status"), "a signal ended it: {said}"),
        }
    }
    let verified = run(&data, &["evidence", "verify"]);
    assert!(verified.status.success(), "{}", text(&verified));
    assert_eq!(Server::demo(temp.path(), &[]).terminate(), 0);
}

const LOGS: &str = "disk::log_on_a_full_disk_loses_lines_and_nothing_else";

#[test]
fn log_on_a_full_disk_loses_lines_and_nothing_else() {
    if !is_inside(LOGS) {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let disk = temp.path().join("disk");
    std::fs::create_dir(&disk).unwrap();
    mount(&disk, "size=16m");
    let data = disk.join("data");
    // Its log is on the same disk.
    let start = command(&data, &["demo", "--free-ports", "--seed", "7", "--log", "info"]);
    let server = Server::start(start, &disk, &data);
    let mut trader = Trader::connect(server.port("trading"), 1);
    trader.send(&Trader::referenced(2, "BUY", 1, "20.00"));
    trader.wait("a number", |told| told.numbers.contains_key(&2));
    let filler = fill(&disk);
    use_up_the_journal(&mut trader, 2);
    while !conditions(&server).contains(&"LOG_LINES_LOST".to_owned()) {
        // Each of them is a line.
        drop(Trader::connect(server.port("trading"), 2));
    }
    std::fs::remove_file(filler).unwrap();
    mount(&disk, "remount,size=48m");
    while !is_taken(&mut trader, 8, "BUY", None) {}
    assert_eq!(server.terminate(), 0);
}

const UNKEPT: &str = "disk::cut_that_nothing_keeps_says_that_a_restart_undoes_it";

#[test]
fn cut_that_nothing_keeps_says_that_a_restart_undoes_it() {
    if !is_inside(UNKEPT) {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let disk = temp.path().join("disk");
    std::fs::create_dir(&disk).unwrap();
    mount(&disk, "size=24m");
    let data = disk.join("data");
    let demo = || command(&data, &["demo", "--free-ports", "--seed", "7"]);
    assert_eq!(Server::start(demo(), temp.path(), &data).terminate(), 0);
    // Nothing can be written at its place.
    std::fs::remove_file(data.join("owed")).unwrap();
    std::fs::create_dir(data.join("owed")).unwrap();
    let server = Server::start(demo(), temp.path(), &data);
    let account = server.ready["account"].as_str().unwrap().to_owned();
    let filler = fill(&disk);
    let lock = run(&data, &["lock", "--account", &account, "--grade", "no-new"]);
    assert_eq!(lock.status.code(), Some(7));
    assert!(text(&lock).contains("a restart before that undoes it"), "{}", text(&lock));
    assert_eq!(conditions(&server), ["CUTS_NOT_KEPT", "CUTS_OWED"]);
    std::fs::remove_file(filler).unwrap();
    until_recorded(&server);
    assert_eq!(conditions(&server), Vec::<String>::new());
    assert_eq!(json(&data, &["person", "list"])[0]["lock"], "no-new");
}
