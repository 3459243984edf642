//! A backup of a running server, and what is there after a restore.

use crate::program::{Server, fault, json, run, text};
use crate::trader::Trader;

/// A pipe would keep its reader waiting for ever, and another file is not the tables of this backup.
#[test]
fn backup_whose_files_are_not_its_own_is_refused_before_anything_is_written() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    json(&server.data, &["evidence", "checkpoint"]);
    let backup = temp.path().join("backup");
    json(&server.data, &["backup", "--to", backup.to_str().unwrap()]);
    let key = server.data.join("key");
    assert_eq!(server.terminate(), 0);
    let restored = temp.path().join("restored");
    let restore = ["restore", "--from", backup.to_str().unwrap(), "--key", key.to_str().unwrap()];
    let aside = temp.path().join("aside");
    for name in ["floorpass.db", "checkpoints.jsonl"] {
        let file = backup.join(name);
        std::fs::rename(&file, &aside).unwrap();
        let pipe = std::process::Command::new("mkfifo").arg(&file).status();
        assert!(pipe.unwrap().success());
        let said = text(&run(&restored, &restore));
        assert!(said.contains(name) && said.contains("a pipe"), "{name}: {said}");
        assert!(!restored.exists(), "{name}");
        std::fs::remove_file(&file).unwrap();
        if name == "floorpass.db" {
            for other in [&b"theirs"[..], b""] {
                std::fs::write(&file, other).unwrap();
                let said = text(&run(&restored, &restore));
                assert!(said.contains("floorpass.db"), "{said}");
                assert!(!restored.exists(), "{said}");
            }
        }
        std::fs::rename(&aside, &file).unwrap();
    }
    json(&restored, &restore);
}

#[test]
fn restored_folder_has_all_up_to_the_backup_and_verifies() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let mut trader = Trader::connect(server.port("trading"), 1);
    trader.send(&Trader::order(1, "BUY", 10, None));
    trader.send(&Trader::order(2, "BUY", 5, Some("20.00")));
    trader.wait("a fill and a resting order", |told| {
        told.executions.len() == 1 && told.numbers.contains_key(&2)
    });
    json(&server.data, &["credential", "revoke", "read-only"]);
    let to = temp.path().join("backup");
    let made = json(&server.data, &["backup", "--to", to.to_str().unwrap()]);
    assert!(made["journal_seq"].as_u64().unwrap() > 0);
    assert!(!to.join("key").exists(), "the key file has no place in a backup");
    // Twice to one place is refused: a backup is never overwritten.
    assert_eq!(fault(&server.data, &["backup", "--to", to.to_str().unwrap()]).0, 4);
    // This comes after it.
    trader.send(&Trader::order(3, "BUY", 7, None));
    trader.wait("another fill", |told| told.executions.len() == 2);
    let key = server.data.join("key");
    let resting = trader.told.numbers[&2];
    assert_eq!(server.terminate(), 0);

    let place = temp.path().join("restored");
    std::fs::create_dir(&place).unwrap();
    let data = place.join("data");
    let restored =
        run(&data, &["restore", "--from", to.to_str().unwrap(), "--key", key.to_str().unwrap()]);
    assert!(restored.status.success(), "{}", text(&restored));
    let verified = run(&data, &["evidence", "verify"]);
    assert!(verified.status.success(), "{}", text(&verified));
    let again = Server::demo(&place, &[]);
    let there = Trader::connect(again.port("trading"), 1).ask_all();
    assert_eq!(there.positions["AAPL"], 10);
    assert!(there.statuses.contains_key(&resting));
    let rows = json(&data, &["credential", "list"]);
    let row = rows.as_array().unwrap().iter().find(|r| r["name"] == "read-only").unwrap();
    assert_eq!(row["state"], "revoked");
    // The TOTP secret opens with the key file.
    assert!(json(&data, &["totp", "trader"])["code"].is_string());
    // A folder that is there is not overwritten.
    let onto =
        run(&data, &["restore", "--from", to.to_str().unwrap(), "--key", key.to_str().unwrap()]);
    assert_eq!(onto.status.code(), Some(4), "{}", text(&onto));
}
