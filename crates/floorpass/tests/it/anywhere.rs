//! Commands from any folder: a running server is found where it registered itself.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::program::{Server, json, text};

/// A command without `--data`, of a user whose places are in `home`, run in `folder`.
fn bare(home: &Path, folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_floorpass"))
        .args(args)
        .env_remove("FLOORPASS_DATA")
        .env("XDG_RUNTIME_DIR", home)
        .env("HOME", home)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn read(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", text(output)))
}

#[test]
fn command_finds_the_only_server_and_asks_which_of_several() {
    let temp = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let none = bare(temp.path(), elsewhere.path(), &["status", "--json"]);
    assert_eq!(none.status.code(), Some(3), "{}", text(&none));
    let first = Server::demo(temp.path(), &[]);
    let found = bare(temp.path(), elsewhere.path(), &["status", "--json"]);
    assert_eq!(read(&found)["process"], first.pid(), "{}", text(&found));
    // A second one of the same user.
    let data = temp.path().join("other");
    let args = ["demo", "--free-ports", "--seed", "7"];
    let second = Server::start(crate::program::command(&data, &args), temp.path(), &data);
    let several = bare(temp.path(), elsewhere.path(), &["order", "list", "--json"]);
    let said = read(&several);
    assert_eq!(
        (several.status.code(), &said["error"]["code"]),
        (Some(2), &"SEVERAL_SERVERS".into())
    );
    for folder in [&first.data, &second.data] {
        assert!(
            said["error"]["text"].as_str().unwrap().contains(folder.to_str().unwrap()),
            "{said}"
        );
    }
    let all = read(&bare(temp.path(), elsewhere.path(), &["status", "--all", "--json"]));
    let processes: Vec<&Value> =
        all.as_array().unwrap().iter().map(|one| &one["process"]).collect();
    assert_eq!(processes, [first.pid(), second.pid()]);
    // A folder that is here wins, whatever runs elsewhere.
    std::fs::create_dir(elsewhere.path().join("floorpass-data")).unwrap();
    let here = bare(temp.path(), elsewhere.path(), &["status", "--json"]);
    assert_eq!(here.status.code(), Some(3), "{}", text(&here));
    std::fs::remove_dir(elsewhere.path().join("floorpass-data")).unwrap();
    // One that was killed is no longer found; the one that is left is.
    first.kill();
    let left = bare(temp.path(), elsewhere.path(), &["status", "--json"]);
    assert_eq!(read(&left)["process"], second.pid());
    assert_eq!(second.terminate(), 0);
    let place = temp.path().join("floorpass");
    assert_eq!(std::fs::read_dir(place).unwrap().count(), 0, "an entry was left");
}

#[test]
fn configuration_file_says_which_folder_whatever_server_runs() {
    let temp = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let stopped = elsewhere.path().join("stopped");
    let other = Server::start(
        crate::program::command(&stopped, &["demo", "--free-ports"]),
        elsewhere.path(),
        &stopped,
    );
    assert_eq!(other.terminate(), 0);
    std::fs::remove_dir_all(stopped.join("journal")).unwrap();
    let file = elsewhere.path().join("floorpass.toml");
    let line = format!("data = {stopped:?}\n[portal]\npublic_url = \"http://localhost:8080\"\n");
    std::fs::write(&file, line).unwrap();
    let file = file.to_str().unwrap();
    let ask = |args: &[&str]| bare(temp.path(), elsewhere.path(), args);
    let sound = ask(&["evidence", "verify", "--json"]);
    assert!(sound.status.success(), "the running server's is sound: {}", text(&sound));
    for command in [&["evidence", "verify"][..], &["upgrade", "--check"]] {
        let said = ask(&[command, &["--config", file]].concat());
        assert_ne!(said.status.code(), Some(0), "{}", text(&said));
    }
    let told = text(&ask(&["doctor", "--config", file, "--json"]));
    assert!(told.contains(stopped.to_str().unwrap()), "{told}");
    assert!(!told.contains(server.data.to_str().unwrap()), "{told}");
}

#[test]
fn operator_lists_shows_and_cancels_orders() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let mut trader = crate::trader::Trader::connect(server.port("trading"), 3);
    for id in 1..=3 {
        trader.send(&crate::trader::Trader::order(id, "BUY", 5, Some("1.50")));
    }
    trader.wait("three orders", |told| told.numbers.len() == 3);
    let rows = json(&server.data, &["order", "list", "--open"]);
    let row = &rows[0];
    assert_eq!(rows.as_array().unwrap().len(), 3, "{rows}");
    for (field, value) in [("order_type", "LMT"), ("limit_price", "1.50"), ("time_in_force", "GTC")]
    {
        assert_eq!(row[field], value, "{row}");
    }
    assert_eq!(
        (&row["from"]["kind"], &row["from"]["name"]),
        (&"credential".into(), &"trading".into())
    );
    assert_eq!(row["stop_price"], Value::Null);
    let number = row["order"].to_string();
    assert_eq!(json(&server.data, &["order", "show", &number]), *row);
    let done = json(&server.data, &["order", "cancel", &number]);
    assert_eq!(done["orders"], serde_json::json!([row["order"]]));
    let again = crate::program::fault(&server.data, &["order", "cancel", &number]);
    assert_eq!(again, (4, "ORDER_NOT_OPEN".to_owned()));
    let exchange_number = row["order"].as_u64().unwrap();
    trader.wait("the cancel", |told| {
        told.statuses.get(&exchange_number).is_some_and(|state| state == "Cancelled")
    });
    let rest = json(&server.data, &["order", "cancel-all"]);
    assert_eq!(rest["orders"].as_array().unwrap().len(), 2);
    assert_eq!(json(&server.data, &["orders", "--open"]).as_array().unwrap().len(), 0);
}

#[test]
fn completions_and_man_pages_know_every_command() {
    let temp = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let script = text(&bare(temp.path(), temp.path(), &["completions", shell]));
        assert!(script.contains("cancel-all") && script.contains("evidence"), "{shell}: {script}");
    }
    let made = bare(temp.path(), temp.path(), &["man", "--to", "pages", "--json"]);
    let pages = read(&made)["pages"].as_u64().unwrap();
    let files: Vec<_> = std::fs::read_dir(temp.path().join("pages")).unwrap().collect();
    assert_eq!(u64::try_from(files.len()).unwrap(), pages);
    let page = std::fs::read_to_string(temp.path().join("pages/floorpass-order-cancel.1")).unwrap();
    assert!(page.contains("Cancel an open order"), "{page}");
}
