//! `floorpass demo`, as a newcomer and as a script meets it.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use crate::program::{Server, command, fault, json, run, text};
use crate::trader::Trader;

#[test]
fn ready_file_has_the_names_that_scripts_rely_on() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let ready = &server.ready;
    assert!(ready["portal"].as_str().unwrap().starts_with("http://localhost:"));
    assert!(ready["account"].as_str().unwrap().starts_with("DU"));
    let people = ready["people"].as_array().unwrap();
    assert_eq!(people.len(), 1);
    assert!(people[0]["password"].as_str().unwrap().len() >= 15);
    assert!(people[0]["totp_uri"].as_str().unwrap().starts_with("otpauth://totp/"));
    let sockets = ready["sockets"].as_array().unwrap();
    let names: Vec<&str> = sockets.iter().map(|s| s["name"].as_str().unwrap()).collect();
    for name in ["trading", "read-only", "narrow"] {
        assert!(names.contains(&name), "{names:?}");
    }
    assert!(sockets.iter().all(|s| s["host"] == "127.0.0.1" && s["credential"] == s["name"]));
    assert_eq!(ready["data"].as_str().unwrap(), server.data.to_str().unwrap());
    let file = temp.path().join("ready.json");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(server.terminate(), 0);
    assert!(!file.exists(), "the ready file outlived its server");
}

#[test]
fn second_start_continues_and_reset_begins_anew() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let account = server.ready["account"].clone();
    let people = server.ready["people"].clone();
    let mut trader = Trader::connect(server.port("trading"), 1);
    trader.send(&Trader::order(1, "BUY", 10, None));
    trader.wait("a fill", |told| told.executions.len() == 1);
    assert_eq!(server.terminate(), 0);
    trader.wait_closed();
    assert!(
        trader.told.errors.iter().any(|(_, code, _)| *code == 1100),
        "{:?}",
        trader.told.errors
    );

    let again = Server::demo(temp.path(), &[]);
    assert_eq!(again.ready["account"], account);
    assert_eq!(again.ready["people"].as_array().unwrap().len(), 0, "secrets are given once");
    assert_eq!(Trader::connect(again.port("trading"), 1).ask_all().positions["AAPL"], 10);
    drop(again);

    let fresh = Server::demo(temp.path(), &["--reset"]);
    assert_eq!(fresh.ready["people"].as_array().unwrap().len(), 1);
    // ASVS 6.3.2: no secret is a demo's standard one.
    for secret in ["password", "totp_uri"] {
        assert_ne!(fresh.ready["people"][0][secret], people[0][secret], "{secret}");
    }
    assert!(Trader::connect(fresh.port("trading"), 1).ask_all().positions.is_empty());
}

#[test]
fn second_server_on_one_folder_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    assert_eq!(fault(&server.data, &["demo", "--free-ports"]), (6, "FOLDER_IN_USE".to_owned()));
    assert_eq!(fault(&server.data, &["demo", "--free-ports", "--reset"]).0, 6);
    // The first one did not notice.
    Trader::connect(server.port("trading"), 1);
}

#[test]
fn port_in_use_says_that_a_tws_may_be_running_and_leaves_no_folder() {
    let temp = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let data = temp.path().join("data");
    let output = run(&data, &["demo", "--trading-port", &port]);
    assert_eq!(output.status.code(), Some(6));
    let words = text(&output);
    assert!(words.contains(&port) && words.contains("--trading-port"), "{words}");
    assert!(!data.exists(), "a start that failed made a folder, and nobody saw its secrets");
}

#[test]
fn secrets_are_not_printed_without_a_terminal() {
    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("ready.json");
    let log = temp.path().join("said");
    let said = std::fs::File::create(&log).unwrap();
    let mut child = command(&temp.path().join("data"), &["demo", "--free-ports", "--log", "debug"])
        .arg("--ready-file")
        .arg(&file)
        // Files, not pipes: nobody reads while it starts, and a full pipe would stop it.
        .stdout(said.try_clone().unwrap())
        .stderr(said)
        .spawn()
        .unwrap();
    while !file.exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended");
        std::thread::sleep(Duration::from_millis(50));
    }
    let ready: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    child.wait().unwrap();
    let words = std::fs::read_to_string(&log).unwrap();
    assert!(words.contains("portal http://localhost:"), "{words}");
    let person = &ready["people"][0];
    let uri = person["totp_uri"].as_str().unwrap();
    let seed = uri.split("secret=").nth(1).unwrap().split('&').next().unwrap();
    for secret in [person["password"].as_str().unwrap(), seed, "/link/"] {
        assert!(!words.contains(secret), "a secret was printed");
    }
}

#[test]
fn operator_commands_answer_on_the_running_server() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let data = &server.data;
    let status = json(data, &["status"]);
    assert_eq!((&status["demo"], &status["durability"]), (&true.into(), &"disk".into()));
    let code = json(data, &["totp", "trader"])["code"].as_str().unwrap().to_owned();
    assert!(code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()), "{code}");
    let link = json(data, &["link", "trader"])["url"].as_str().unwrap().to_owned();
    assert!(link.starts_with(server.ready["portal"].as_str().unwrap()) && link.contains("/link/"));
    assert_eq!(json(data, &["person", "list"])[0]["username"], "trader");
    assert_eq!(json(data, &["session", "list"]).as_array().unwrap().len(), 0);
    assert!(json(data, &["outbox"]).is_array() && json(data, &["device", "list"]).is_array());
    let made = json(data, &["credential", "create", "reports", "--read-only", "--token"]);
    assert!(made["token"].as_str().unwrap().starts_with("fpc_"));
    let rows = json(data, &["credential", "list"]);
    assert_eq!(rows.as_array().unwrap().len(), 4);
    // Its port is the one that is open, here a free one, and it is open already.
    let port = u16::try_from(made["port"].as_u64().unwrap()).unwrap();
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_ok(), "{made}");
    let row = rows.as_array().unwrap().iter().find(|row| row["name"] == "reports").unwrap();
    assert_eq!(row["port"], made["port"]);
    assert!(json(data, &["person", "reset-password", "trader"])["url"].is_string());
    assert_eq!(fault(data, &["totp", "nobody"]).0, 4);
    assert_eq!(fault(data, &["session", "end", "ses_00000000000000000000000000"]).0, 4);
    assert_eq!(
        fault(&temp.path().join("elsewhere"), &["status"]),
        (3, "NO_DATA_FOLDER".to_owned())
    );
    assert_eq!(fault(temp.path(), &["status"]), (3, "NOT_RUNNING".to_owned()));
}

#[test]
fn credential_for_a_door_that_is_not_served_is_refused_with_what_to_do() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let create = ["credential", "create", "http", "--door", "api"];
    assert_eq!(fault(&server.data, &create), (4, "DOOR_NOT_SERVED".to_owned()));
    let said = text(&run(&server.data, &create));
    assert!(said.contains("HTTP API") && said.contains("create one for a socket"), "{said}");
    let (_, code) = fault(&server.data, &[&create[..], &["--port", "7600"]].concat());
    assert_eq!(code, "DOOR_WITHOUT_PORT");
    let made = json(&server.data, &["credential", "create", "bot", "--door", "socket"]);
    assert_eq!((&made["door"], made["port"].is_number()), (&"socket".into(), true), "{made}");
}
