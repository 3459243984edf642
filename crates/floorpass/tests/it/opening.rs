//! An account whose opening was killed between its two steps, the journal and the tables.

use std::thread;
use std::time::Duration;

use serde_json::Value;
use sqlx::{Connection as _, SqliteConnection};

use crate::program::{Server, command, json, run, text};

/// The account's row in the list of accounts, as soon as it is in this state.
fn in_state(server: &Server, account: &str, state: &str) -> Value {
    for _ in 0..800 {
        let rows = json(&server.data, &["account", "list"]);
        let rows = rows.as_array().unwrap();
        if let Some(row) =
            rows.iter().find(|row| row["account"] == account && row["state"] == state)
        {
            return row.clone();
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("{account} is not {state}: {}", json(&server.data, &["account", "list"]));
}

#[tokio::test]
async fn account_whose_opening_was_killed_between_journal_and_tables_is_whole_after_the_next() {
    const ACCOUNT: &str = "DU7654321";
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let data = server.data.clone();
    let create = [
        "account",
        "create",
        "--owner",
        "trader",
        "--account",
        ACCOUNT,
        "--cash",
        "250000.50",
        "--currency",
        "EUR",
        "--self-match",
        "oldest",
    ];
    // While another connection writes, the tables' step waits; the journal's is done.
    let url = format!("sqlite://{}", data.join("floorpass.db").display());
    let mut held = SqliteConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut held).await.unwrap();
    let silent = std::process::Stdio::null;
    let mut asking = command(&data, &create).stdout(silent()).stderr(silent()).spawn().unwrap();
    let row = in_state(&server, ACCOUNT, "unowned");
    assert_eq!((&row["currency"], &row["opening_cash"]), (&"EUR".into(), &"250000.50".into()));
    server.kill();
    assert!(!asking.wait().unwrap().success(), "nobody was told that it is open");
    sqlx::raw_sql("ROLLBACK").execute(&mut held).await.unwrap();
    held.close().await.unwrap();

    // It is nobody's, and the same command does the rest; another one of that number is refused.
    let server = Server::demo(temp.path(), &[]);
    in_state(&server, ACCOUNT, "unowned");
    let shown = text(&run(&data, &["account", "show", ACCOUNT]));
    let finish = format!("--account {ACCOUNT} --owner NAME --cash 250000.50 --currency EUR");
    assert!(shown.contains(&finish), "{shown}");
    let (code, fault) = crate::program::fault(&data, &[&create[..7], &["9"]].concat());
    assert_eq!((code, fault.as_str()), (4, "ACCOUNT_BEGUN"));
    let row = json(&data, &create);
    assert_eq!((&row["account"], &row["state"]), (&ACCOUNT.into(), &"open".into()));
    assert_eq!((&row["self_match"], &row["currency"]), (&"oldest".into(), &"EUR".into()));
    assert_eq!(row["holders"][0]["username"], "trader");
    assert_eq!(server.terminate(), 0);

    // Whole after another start, and in the evidence once.
    let server = Server::demo(temp.path(), &[]);
    let row = in_state(&server, ACCOUNT, "open");
    assert_eq!(row["opening_cash"], "250000.50");
    let verified = run(&data, &["evidence", "verify"]);
    assert!(verified.status.success(), "{}", text(&verified));
    let told = text(&run(&data, &["activity", "--limit", "200"]));
    let opened = told.lines().filter(|line| line.contains(&format!("{ACCOUNT} was opened")));
    assert_eq!(opened.count(), 1, "{told}");
    let changed = json(&data, &["account", "change", ACCOUNT, "--self-match", "newest"]);
    assert_eq!((&changed["account"], &changed["self_match"]), (&ACCOUNT.into(), &"newest".into()));
    server.kill();

    // What was chosen outlives a kill, and both records of it verify.
    let server = Server::demo(temp.path(), &[]);
    assert_eq!(json(&data, &["account", "show", ACCOUNT])["self_match"], "newest");
    let verified = run(&data, &["evidence", "verify"]);
    assert!(verified.status.success(), "{}", text(&verified));
    assert_eq!(server.terminate(), 0);
}
