//! What becomes of a data folder when files of it are lost, replaced, linked or open to others, and
//! of a second server on it.

use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::program::{Server, command, fault, json, lasting_port, run, text};
use crate::trader::Trader;

/// Every file below a folder with its bytes.
fn all(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(one) = folders.pop() {
        for entry in std::fs::read_dir(one).unwrap() {
            let path = entry.unwrap().path();
            let facts = path.symlink_metadata().unwrap();
            if facts.is_dir() {
                folders.push(path);
            } else if facts.is_file() && !path.ends_with("lock") {
                let bytes = std::fs::read(&path).unwrap();
                found.insert(path.strip_prefix(folder).unwrap().to_owned(), bytes);
            }
        }
    }
    found
}

/// A stopped demo folder in which an order was filled.
fn used(temp: &Path) -> PathBuf {
    let server = Server::demo(temp, &[]);
    let mut trader = Trader::connect(server.port("trading"), 1);
    trader.send(&Trader::order(1, "BUY", 10, None));
    trader.wait("a fill", |told| told.executions.len() == 1);
    let data = server.data.clone();
    assert_eq!(server.terminate(), 0);
    data
}

fn config(temp: &Path) -> PathBuf {
    let file = temp.join("floorpass.toml");
    let text = "[portal]\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://localhost:1\"\n";
    std::fs::write(&file, text).unwrap();
    file
}

/// Waits until the server says that something is wrong, and gives its code.
#[track_caller]
fn wrong(server: &Server, what: &str) -> String {
    for _ in 0..400 {
        let now = health(server);
        if now["status"] == "failing" {
            return now["code"].as_str().unwrap().to_owned();
        }
        std::thread::sleep(Duration::from_millis(25));
    }
    panic!("{what}: it noticed nothing: {}\n{}", health(server), server.log());
}

/// Waits until something is so.
fn until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..400 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(25));
    }
    panic!("it was never so: {what}");
}

fn health(server: &Server) -> serde_json::Value {
    use std::io::{Read, Write};
    let portal = server.ready["portal"].as_str().unwrap();
    let port = portal.rsplit(':').next().unwrap();
    let mut stream = std::net::TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    let request =
        format!("GET /healthz HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap()
}

/// What an order is refused with.
fn refusal(trader: &mut Trader, id: i32) -> String {
    trader.told.errors.clear();
    trader.send(&Trader::order(id, "BUY", 1, None));
    trader.wait("a refusal", |told| told.errors.iter().any(|(of, ..)| *of == id));
    trader.told.errors.iter().find(|(of, ..)| *of == id).unwrap().2.clone()
}

#[test]
fn lost_description_makes_no_command_erase_the_folder() {
    let temp = tempfile::tempdir().unwrap();
    let data = used(temp.path());
    let facts = std::fs::read(data.join("folder.json")).unwrap();
    std::fs::remove_file(data.join("folder.json")).unwrap();
    let before = all(&data);
    let config = config(temp.path());
    let config = config.to_str().unwrap();
    for args in [
        &["demo", "--free-ports"][..],
        &["init", "--config", config],
        &["serve", "--config", config],
    ] {
        assert_eq!(fault(&data, args), (4, "DATA_FOLDER".to_owned()), "{args:?}");
        let said = text(&run(&data, args));
        assert!(said.contains("folder.json is missing") && said.contains("checkpoints.jsonl"));
        assert_eq!(all(&data), before, "{args:?}");
    }
    // Not either where the mark of a first start came back, from a copy that was made during it.
    let mark = data.join("first-start");
    std::fs::write(&mark, &facts).unwrap();
    let marked = all(&data);
    assert_eq!(fault(&data, &["demo", "--free-ports"]), (4, "DATA_FOLDER".to_owned()));
    assert_eq!(all(&data), marked);
    std::fs::remove_file(&mark).unwrap();
    let looked = run(&data, &["doctor"]);
    assert!(!looked.status.success() && text(&looked).contains("folder.json is missing"));
    // It is mended from the journal; the key proves itself again.
    let mended = text(&run(&data, &["doctor", "--repair"]));
    assert!(mended.contains("rewritten from the journal: a demo"), "{mended}");
    let again = Server::demo(temp.path(), &[]);
    assert_eq!(Trader::connect(again.port("trading"), 1).ask_all().positions["AAPL"], 10);
    drop(again);
    let id =
        |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).unwrap()["id"].clone();
    assert_eq!(id(&std::fs::read(data.join("folder.json")).unwrap()), id(&facts));
}

#[test]
fn reset_moves_the_folder_aside_whole_also_without_its_description() {
    let temp = tempfile::tempdir().unwrap();
    let data = used(temp.path());
    for with_facts in [true, false] {
        if !with_facts {
            std::fs::remove_file(data.join("folder.json")).unwrap();
        }
        let before = all(&data);
        let fresh = Server::demo(temp.path(), &["--reset"]);
        assert_eq!(fresh.ready["people"].as_array().unwrap().len(), 1);
        let said = fresh.log();
        let aside = said.lines().rev().find_map(|line| line.split(" was moved to ").nth(1));
        let aside = PathBuf::from(aside.unwrap().split(';').next().unwrap());
        assert_eq!(all(&aside), before);
        assert_eq!(fresh.terminate(), 0);
        std::fs::remove_dir_all(&aside).unwrap();
    }
}

#[test]
fn first_start_that_was_killed_is_begun_again() {
    let temp = tempfile::tempdir().unwrap();
    let data = temp.path().join("data");
    // As far as each file of it.
    for seen in ["first-start", "key", "floorpass.db", "journal/00000000000000000001.seg"] {
        let mut first = command(&data, &["demo", "--free-ports", "--seed", "7"]);
        let silent = std::process::Stdio::null;
        let mut first = first.stdout(silent()).stderr(silent()).spawn().unwrap();
        while !data.join(seen).exists() {
            assert!(first.try_wait().unwrap().is_none(), "it ended before it made {seen}");
        }
        first.kill().unwrap();
        first.wait().unwrap();
        let begun = data.join("folder.json").exists();
        let again = Server::demo(temp.path(), &[]);
        let shown = again.ready["people"].as_array().unwrap().len();
        assert_eq!(shown, usize::from(!begun), "its secrets are shown by the start that ends it");
        assert!(!data.join("first-start").exists());
        assert_eq!(again.terminate(), 0);
        std::fs::remove_dir_all(&data).unwrap();
    }
}

#[test]
fn init_that_was_killed_is_ended_by_the_next_one() {
    let temp = tempfile::tempdir().unwrap();
    let data = temp.path().join("data");
    let config = config(temp.path());
    let args = ["init", "--config", config.to_str().unwrap(), "--person", "ada"];
    let silent = std::process::Stdio::null;
    let mut first = command(&data, &args).stdout(silent()).stderr(silent()).spawn().unwrap();
    while !data.join("folder.json").exists() {
        assert!(first.try_wait().unwrap().is_none(), "it ended before it made its folder");
    }
    first.kill().unwrap();
    first.wait().unwrap();
    // As far as its person, whose link nobody has seen.
    for _ in 0..2 {
        std::fs::remove_file(data.join("checkpoints.jsonl")).ok();
        let made = json(&data, &args);
        assert!(made["enrolment_url"].as_str().unwrap().contains("/link/"), "{made}");
    }
    assert_eq!(fault(&data, &args), (4, "FOLDER_EXISTS".to_owned()));
    std::fs::remove_file(data.join("checkpoints.jsonl")).unwrap();
    let another = ["init", "--config", config.to_str().unwrap(), "--person", "eve"];
    assert_eq!(fault(&data, &another), (4, "ACCOUNT_TAKEN".to_owned()));
}

#[test]
fn second_server_is_refused_whatever_was_removed_or_replaced() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let data = &server.data;
    let other = temp.path().join("other");
    std::fs::create_dir(&other).unwrap();
    symlink(data, other.join("data")).unwrap();
    let moved = temp.path().join("moved-lock");
    let acts: [&dyn Fn(); 5] = [
        &|| {},
        &|| std::fs::remove_file(data.join("lock")).unwrap(),
        &|| {
            // It is made again meanwhile, sooner or later.
            std::fs::rename(data.join("lock"), &moved).ok();
            std::fs::write(data.join("lock"), "1\n").unwrap();
        },
        &|| drop(std::fs::remove_file(data.join("control.sock"))),
        &|| {
            std::fs::remove_file(data.join("lock")).ok();
            std::fs::remove_file(data.join("control.sock")).ok();
        },
    ];
    for act in acts {
        act();
        for at in [data, &other.join("data")] {
            let refused = fault(at, &["demo", "--free-ports"]);
            assert_eq!(refused, (6, "FOLDER_IN_USE".to_owned()));
        }
        assert_eq!(fault(data, &["demo", "--free-ports", "--reset"]).0, 6);
    }
    // The first one works, its socket was made again, and so was its lock.
    let mut trader = Trader::connect(server.port("trading"), 1);
    trader.send(&Trader::order(1, "BUY", 10, None));
    trader.wait("a fill", |told| told.executions.len() == 1);
    until("it answers", || run(data, &["status"]).status.success());
    assert_eq!(health(&server)["status"], "ok");
    until("its lock names it", || {
        let holder = std::fs::read_to_string(data.join("lock"));
        holder.is_ok_and(|holder| holder.trim() == server.pid().to_string())
    });
}

#[test]
fn folders_that_share_a_journal_have_one_server() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let link = |name: &str| temp.path().join(name);
    // A copy made of hard links, and one whose journal is a link.
    let copied = std::process::Command::new("cp")
        .args(["-al"])
        .args([&server.data, &link("hard")])
        .status()
        .unwrap();
    assert!(copied.success());
    let copied = std::process::Command::new("cp")
        .args(["-a"])
        .args([&server.data, &link("linked")])
        .status();
    assert!(copied.unwrap().success());
    std::fs::remove_dir_all(link("linked/journal")).unwrap();
    symlink(server.data.join("journal"), link("linked/journal")).unwrap();
    for name in ["hard", "linked"] {
        // What lies there of the first one's lock and socket is not what keeps the second out.
        std::fs::remove_file(link(name).join("control.sock")).unwrap();
        std::fs::remove_file(link(name).join("lock")).unwrap();
        let refused = fault(&link(name), &["demo", "--free-ports"]);
        assert_eq!(refused, (6, "FOLDER_IN_USE".to_owned()), "{name}");
    }
}

#[test]
fn folders_that_share_their_tables_have_one_server() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    for name in ["hard", "linked"] {
        let copy = temp.path().join(name);
        let mut copied = std::process::Command::new("cp");
        copied.arg("-a").args([&server.data, &copy]);
        assert!(copied.status().unwrap().success());
        for file in ["control.sock", "lock", "floorpass.db", "floorpass.db-wal", "floorpass.db-shm"]
        {
            std::fs::remove_file(copy.join(file)).unwrap();
        }
        let (tables, link) = (server.data.join("floorpass.db"), copy.join("floorpass.db"));
        match name {
            "hard" => std::fs::hard_link(&tables, &link).unwrap(),
            _ => symlink(&tables, &link).unwrap(),
        }
        let refused = fault(&copy, &["demo", "--free-ports"]);
        assert_eq!(refused, (6, "FOLDER_IN_USE".to_owned()), "{name}");
        let beside = copy.join("floorpass.db-wal");
        assert!(!beside.exists(), "{name}: the second has opened them");
    }
    assert_eq!(health(&server)["status"], "ok");
    json(&server.data, &["credential", "revoke", "narrow"]);
    assert_eq!(server.terminate(), 0);
}

/// A database of its own on the server that `cargo xtask test` starts.
pub fn postgres_database(of: &str) -> String {
    use crate::fixture::database;
    use sqlx::Connection;
    let server = std::env::var("FLOORPASS_TEST_POSTGRES")
        .unwrap_or_else(|_| panic!("FLOORPASS_TEST_POSTGRES is not set: run `cargo xtask test`"));
    let name = format!("{of}_{}", std::process::id());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut admin = sqlx::PgConnection::connect(&database(&server, "postgres")).await.unwrap();
        let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::query(create).execute(&mut admin).await.unwrap();
    });
    database(&server, &name)
}

#[test]
fn copies_of_a_folder_on_one_postgres_database_have_one_server() {
    let temp = tempfile::tempdir().unwrap();
    let data = temp.path().join("data");
    let port = lasting_port();
    let config = temp.path().join("floorpass.toml");
    let text = format!(
        "database = \"{}\"\n[portal]\nlisten = \"127.0.0.1:{port}\"\npublic_url = \"http://localhost:{port}\"\n",
        postgres_database("folder")
    );
    std::fs::write(&config, &text).unwrap();
    let file = config.to_str().unwrap().to_owned();
    json(&data, &["init", "--config", &file]);
    // A copy of the whole folder, on a port of its own.
    let copy = temp.path().join("copy");
    let copied = std::process::Command::new("cp").arg("-a").args([&data, &copy]).status();
    assert!(copied.unwrap().success());
    let elsewhere = temp.path().join("elsewhere.toml");
    std::fs::write(&elsewhere, text.replace(&port.to_string(), &lasting_port().to_string()))
        .unwrap();
    let server = Server::start(command(&data, &["serve", "--config", &file]), temp.path(), &data);
    let args = ["serve", "--config", elsewhere.to_str().unwrap()];
    assert_eq!(fault(&copy, &args), (6, "DATABASE_IN_USE".to_owned()));
    let said = self::text(&run(&copy, &args));
    assert!(said.contains(&format!("process {}", server.pid())), "{said}");
    assert_eq!(health(&server)["status"], "ok");
    // One that was killed is succeeded at once.
    server.kill();
    let again = Server::start(command(&copy, &args), temp.path(), &copy);
    assert_eq!(health(&again)["status"], "ok");
}

#[test]
fn file_that_is_lost_while_it_runs_stops_acknowledgements() {
    type Act = fn(&Path, &Path);
    let segment = "journal/00000000000000000001.seg";
    let lost: [(&str, Act); 7] = [
        (segment, |file, _| std::fs::remove_file(file).unwrap()),
        (segment, |file, aside| {
            std::fs::copy(file, aside).unwrap();
            std::fs::rename(aside, file).unwrap();
        }),
        (segment, |file, _| {
            std::fs::OpenOptions::new().write(true).open(file).unwrap().set_len(4096).unwrap();
        }),
        ("journal", |file, aside| std::fs::rename(file, aside).unwrap()),
        ("floorpass.db", |file, _| std::fs::remove_file(file).unwrap()),
        ("floorpass.db-wal", |file, _| std::fs::remove_file(file).unwrap()),
        ("", |file, aside| std::fs::rename(file, aside).unwrap()),
    ];
    for (name, act) in lost {
        let temp = tempfile::tempdir().unwrap();
        let server = Server::demo(temp.path(), &[]);
        let mut trader = Trader::connect(server.port("trading"), 1);
        trader.send(&Trader::order(1, "BUY", 1, None));
        trader.wait("a fill", |told| told.executions.len() == 1);
        act(&server.data.join(name), &temp.path().join("aside"));
        let code = wrong(&server, name);
        // A segment may be missed by the write that it is for before it is missed by the watch.
        assert!(code == "FILE_LOST" || code == "JOURNAL_FAILED", "{name}: {code}");
        let said = refusal(&mut trader, 2);
        assert!(said.contains(&code) && said.contains("operator"), "{name}: {said}");
        // The log has a thread of its own.
        for _ in 0..100 {
            if server.log().contains(&code) {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        assert!(server.log().contains(&code), "{name}: {}", server.log());
        if name.is_empty() {
            continue;
        }
        let now = json(&server.data, &["status"]);
        assert_eq!(now["conditions"][0]["code"], code, "{name}: {now}");
        assert_eq!(now["conditions"][0]["stops"], true);
        let looked = run(&server.data, &["doctor"]);
        assert!(!looked.status.success() && text(&looked).contains(&code), "{}", text(&looked));
        if name.starts_with("floorpass.db") {
            // A cut is in force all the same.
            let owed = (7, "IN_FORCE_NOT_ON_RECORD".to_owned());
            assert_eq!(fault(&server.data, &["credential", "revoke", "narrow"]), owed);
        }
    }
}

#[test]
fn file_that_is_missing_at_the_start_is_named_and_not_begun_anew() {
    let temp = tempfile::tempdir().unwrap();
    let data = used(temp.path());
    for (name, named) in
        [("journal", "00000000000000000001.seg"), ("floorpass.db", "floorpass.db"), ("key", "key")]
    {
        let aside = temp.path().join("aside");
        std::fs::rename(data.join(name), &aside).unwrap();
        let before = all(&data);
        let refused = run(&data, &["demo", "--free-ports"]);
        assert!(!refused.status.success(), "{name}");
        let said = text(&refused);
        assert!(said.contains(named) && said.contains("missing"), "{name}: {said}");
        assert_eq!(all(&data), before, "{name}");
        std::fs::rename(&aside, data.join(name)).unwrap();
    }
    Server::demo(temp.path(), &[]);
}

/// What was committed last is in the file beside the tables until it is folded in.
#[test]
fn tables_that_lost_their_end_are_not_gone_on_with() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let (data, account) = (server.data.clone(), server.ready["account"].clone());
    assert_eq!(server.terminate(), 0);
    let server = Server::demo(temp.path(), &[]);
    json(&data, &["lock", "--account", account.as_str().unwrap(), "--grade", "no-new"]);
    json(&data, &["evidence", "checkpoint"]);
    server.kill();
    let aside = temp.path().join("aside");
    std::fs::create_dir(&aside).unwrap();
    for name in ["floorpass.db-wal", "floorpass.db-shm"] {
        std::fs::rename(data.join(name), aside.join(name)).unwrap();
    }
    std::fs::copy(data.join("floorpass.db"), aside.join("floorpass.db")).unwrap();
    let said = text(&run(&data, &["demo", "--free-ports"]));
    assert!(
        said.contains("the tables end at entry") && said.contains("floorpass.db-wal"),
        "{said}"
    );
    // Put back, all of it is there.
    for name in ["floorpass.db", "floorpass.db-wal", "floorpass.db-shm"] {
        std::fs::remove_file(data.join(name)).ok();
        std::fs::rename(aside.join(name), data.join(name)).unwrap();
    }
    let again = Server::demo(temp.path(), &[]);
    assert_eq!(json(&data, &["person", "list"])[0]["lock"], "no-new");
    assert_eq!(again.terminate(), 0);
}

#[test]
fn doctor_names_a_journal_or_tables_that_are_missing_or_not_theirs() {
    let temp = tempfile::tempdir().unwrap();
    let data = used(temp.path());
    let good = run(&data, &["doctor"]);
    assert!(text(&good).contains("good    tables:"), "{}", text(&good));
    for (name, what) in [("journal", "journal"), ("floorpass.db", "tables")] {
        let (file, aside) = (data.join(name), temp.path().join("aside"));
        std::fs::rename(&file, &aside).unwrap();
        for put in ["nothing", "text", "pipe"] {
            match put {
                "text" => std::fs::write(&file, "theirs").unwrap(),
                "pipe" => {
                    let pipe = std::process::Command::new("mkfifo").arg(&file).status();
                    assert!(pipe.unwrap().success());
                }
                _ => {}
            }
            let looked = run(&data, &["doctor"]);
            let said = text(&looked);
            assert!(
                !looked.status.success() && said.contains(&format!("BAD     {what}:")),
                "{said}"
            );
            std::fs::remove_file(&file).ok();
        }
        std::fs::rename(&aside, &file).unwrap();
    }
}

/// Its name is a link, and SQLite keeps its log beside the file itself.
#[test]
fn tables_behind_a_link_are_watched_where_they_are() {
    let temp = tempfile::tempdir().unwrap();
    let data = used(temp.path());
    let (file, moved) = (data.join("floorpass.db"), temp.path().join("tables.db"));
    std::fs::rename(&file, &moved).unwrap();
    for ending in ["-wal", "-shm"] {
        std::fs::remove_file(data.join(format!("floorpass.db{ending}"))).ok();
    }
    symlink(&moved, &file).unwrap();
    let server = Server::demo(temp.path(), &[]);
    json(&data, &["credential", "revoke", "narrow"]);
    std::fs::remove_file(temp.path().join("tables.db-wal")).unwrap();
    assert_eq!(wrong(&server, "the log of the tables"), "FILE_LOST");
}

#[test]
fn key_that_is_gone_stops_orders_until_it_is_back() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let (key, kept) = (server.data.join("key"), temp.path().join("kept"));
    let mut trader = Trader::connect(server.port("trading"), 1);
    std::fs::copy(&key, &kept).unwrap();
    std::fs::remove_file(&key).unwrap();
    assert_eq!(wrong(&server, "key"), "FILE_LOST");
    assert!(refusal(&mut trader, 1).contains("FILE_LOST: key was removed"));
    // A pipe keeps nobody waiting, and the watch goes on.
    let pipe = std::process::Command::new("mkfifo").args(["-m", "600"]).arg(&key).status();
    assert!(pipe.unwrap().success());
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(wrong(&server, "key"), "FILE_LOST");
    std::fs::remove_file(&key).unwrap();
    // Another key is not the key.
    std::fs::write(&key, [7; 32]).unwrap();
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(wrong(&server, "key"), "FILE_LOST");
    // A copy of it is.
    std::fs::remove_file(&key).unwrap();
    std::fs::copy(&kept, &key).unwrap();
    until("all is well", || health(&server)["status"] == "ok");
    trader.send(&Trader::order(2, "BUY", 1, None));
    trader.wait("a fill", |told| told.executions.len() == 1);
}

#[test]
fn description_that_is_lost_while_it_runs_is_written_anew() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let file = server.data.join("folder.json");
    let before = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    until("the description is back", || file.exists());
    assert_eq!(std::fs::read(&file).unwrap(), before);
    until("the log tells of it", || server.log().contains("folder.json was removed or replaced"));
}

#[test]
fn every_file_is_the_owners_alone_whatever_the_umask() {
    let temp = tempfile::tempdir().unwrap();
    let data = temp.path().join("data");
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "umask 0; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_floorpass")]);
    shell.args(["demo", "--free-ports", "--https", "--data"]).arg(&data);
    let server = Server::start(shell, temp.path(), &data);
    json(&data, &["contact", "set", "trader", "--mail", "ada@example.org"]);
    let backup = temp.path().join("backup");
    json(&data, &["backup", "--to", backup.to_str().unwrap()]);
    json(&data, &["evidence", "checkpoint"]);
    until("a mail is there", || data.join("mail").exists());
    let modes = |folder: &Path| {
        let mut wide = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(one) = folders.pop() {
            for entry in std::fs::read_dir(&one).unwrap() {
                let path = entry.unwrap().path();
                let Ok(facts) = path.symlink_metadata() else { continue };
                let mode = facts.permissions().mode() & 0o777;
                let right = if facts.is_dir() { 0o700 } else { 0o600 };
                if mode != right {
                    wide.push(format!("{} {mode:o}", path.display()));
                }
                if facts.is_dir() {
                    folders.push(path);
                }
            }
        }
        wide
    };
    assert_eq!(modes(&data), Vec::<String>::new());
    assert_eq!(modes(&backup), Vec::<String>::new());
    let key = data.join("key");
    assert_eq!(server.terminate(), 0);
    assert_eq!(modes(&data), Vec::<String>::new());
    let (from, key) = (backup.to_str().unwrap(), key.to_str().unwrap());
    let restored = temp.path().join("restored");
    json(&restored, &["restore", "--from", from, "--key", key]);
    assert_eq!(modes(&restored), Vec::<String>::new());
    for folder in [&data, &backup, &restored] {
        assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    }
}

#[test]
fn folder_with_wide_modes_is_mended_at_the_start_which_says_so() {
    let temp = tempfile::tempdir().unwrap();
    let data = used(temp.path());
    let open = |name: &str, mode: u32| {
        let path = data.join(name);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path
    };
    let wide = [
        open("", 0o755),
        open("journal", 0o777),
        open("floorpass.db", 0o644),
        open("snapshots", 0o750),
    ];
    assert!(text(&run(&data, &["doctor"])).contains("accessible to others"));
    let again = Server::demo(temp.path(), &[]);
    assert!(
        again.log().contains("others could access files in the data folder"),
        "{}",
        again.log()
    );
    for path in wide {
        let mode = path.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} {mode:o}", path.display());
    }
    assert_eq!(again.terminate(), 0);
    // Anyone who has read the key has it: that is not mended without a word.
    open("key", 0o640);
    let said = text(&run(&data, &["demo", "--free-ports"]));
    assert!(said.contains("chmod 600"), "{said}");
}

#[test]
fn wrong_key_is_refused_by_restore_start_doctor_and_verify_before_anything_is_written() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let data = server.data.clone();
    let backup = temp.path().join("backup");
    json(&data, &["backup", "--to", backup.to_str().unwrap()]);
    assert_eq!(server.terminate(), 0);
    let own = std::fs::read(data.join("key")).unwrap();
    let wrong = temp.path().join("wrong");
    std::fs::write(&wrong, [7; 32]).unwrap();
    let restored = temp.path().join("restored");
    let (from, key) = (backup.to_str().unwrap(), wrong.to_str().unwrap());
    let restore = ["restore", "--from", from, "--key", key];
    assert_eq!(fault(&restored, &restore), (4, "OTHER_KEY".to_owned()));
    assert!(!restored.exists(), "something was written");
    assert!(text(&run(&restored, &restore)).contains("does not belong to this data folder"));

    // Two folders written before there was a check value: the key proves itself by what it sealed.
    for old in [false, true] {
        if old {
            for folder in [&data, &backup] {
                forget_key_check(folder);
            }
            assert_eq!(fault(&restored, &restore), (4, "OTHER_KEY".to_owned()), "an old backup");
            assert!(!restored.exists() && !backup.join("floorpass.db-wal").exists());
        }
        std::fs::write(data.join("key"), [7; 32]).unwrap();
        let before = all(&data);
        assert_eq!(fault(&data, &["demo", "--free-ports"]), (4, "OTHER_KEY".to_owned()));
        // To read a database SQLite may leave its index and an empty log beside it.
        let is_read = |path: &Path, bytes: &[u8]| {
            let path = path.to_str().unwrap();
            path.ends_with("-shm") || (path.ends_with("-wal") && bytes.is_empty())
        };
        let written = all(&data)
            .into_iter()
            .filter(|(path, bytes)| before.get(path) != Some(bytes) && !is_read(path, bytes));
        let written: Vec<_> = written.map(|(path, _)| path).collect();
        assert!(written.is_empty(), "{written:?}");
        if !old {
            assert!(text(&run(&data, &["doctor"])).contains("does not belong to this data folder"));
            assert_eq!(fault(&data, &["evidence", "verify"]).0, 1);
        }
        std::fs::write(data.join("key"), &own).unwrap();
        let again = Server::demo(temp.path(), &[]);
        assert_eq!(again.terminate(), 0);
        let facts = std::fs::read_to_string(data.join("folder.json")).unwrap();
        assert!(facts.contains("key_check"), "{facts}");
        assert!(run(&data, &["evidence", "verify"]).status.success());
    }
    let (key, right) = (data.join("key"), ["restore", "--from", from, "--key"]);
    let mut right = right.to_vec();
    right.push(key.to_str().unwrap());
    json(&restored, &right);
}

/// Makes a description what an older version wrote.
fn forget_key_check(folder: &Path) {
    let file = folder.join("folder.json");
    let mut facts: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    facts.as_object_mut().unwrap().remove("key_check").unwrap();
    std::fs::write(&file, serde_json::to_vec(&facts).unwrap()).unwrap();
}

#[test]
fn planted_links_are_not_followed() {
    let temp = tempfile::tempdir().unwrap();
    let victim = temp.path().join("victim");
    std::fs::write(&victim, "theirs").unwrap();
    let ready = temp.path().join("planted.json");
    symlink(&victim, &ready).unwrap();
    let data = temp.path().join("data");
    let refused = run(&data, &["demo", "--free-ports", "--ready-file", ready.to_str().unwrap()]);
    assert!(
        !refused.status.success() && text(&refused).contains("is a link"),
        "{}",
        text(&refused)
    );
    assert!(!data.exists(), "a folder was made, and nobody saw its secrets");
    used(temp.path());
    // In the folder itself, where a copy or an archive may have brought them.
    for name in ["lock", "checkpoints.jsonl", "journal/spare"] {
        let path = data.join(name);
        std::fs::remove_file(&path).ok();
        symlink(&victim, &path).unwrap();
    }
    let server = Server::demo(temp.path(), &[]);
    let backup = temp.path().join("backup");
    symlink(temp.path(), &backup).unwrap();
    let to = backup.to_str().unwrap();
    assert_eq!(fault(&server.data, &["backup", "--to", to]).0, 4);
    assert_eq!(fault(&server.data, &["evidence", "checkpoint"]).0, 4);
    drop(server);
    assert_eq!(std::fs::read(&victim).unwrap(), b"theirs");
}
