//! The record of decisions, verified offline: whole, altered, cut.

use std::path::{Path, PathBuf};

use crate::program::{Server, fault, json, run, text};
use crate::trader::Trader;

/// A stopped folder with some orders, and a checkpoint that was kept elsewhere.
fn folder(temp: &Path) -> (PathBuf, PathBuf) {
    let server = Server::demo(temp, &[]);
    let mut trader = Trader::connect(server.port("trading"), 1);
    for id in 1..=20 {
        trader.send(&Trader::order(id, "BUY", 1, Some("20.00")));
        trader.wait("an acknowledgement", |told| told.numbers.contains_key(&id));
    }
    json(&server.data, &["credential", "revoke", "narrow"]);
    let kept = temp.join("kept.json");
    let checkpoint = run(&server.data, &["evidence", "checkpoint"]);
    assert!(checkpoint.status.success(), "{}", text(&checkpoint));
    std::fs::write(&kept, &checkpoint.stdout).unwrap();
    // On a running folder too.
    let verified = run(&server.data, &["evidence", "verify"]);
    assert!(verified.status.success(), "{}", text(&verified));
    let data = server.data.clone();
    assert_eq!(server.terminate(), 0);
    (data, kept)
}

/// The journal's first segment and where its records begin.
fn segment(data: &Path) -> (PathBuf, Vec<u8>, Vec<usize>) {
    let files = std::fs::read_dir(data.join("journal")).unwrap().map(|e| e.unwrap().path());
    let read = |path: PathBuf| {
        let bytes = std::fs::read(&path).unwrap();
        let places = (0..bytes.len().saturating_sub(4)).step_by(8);
        let starts: Vec<usize> = places.filter(|at| &bytes[*at..*at + 4] == b"FPRC").collect();
        (path, bytes, starts)
    };
    // A spare segment, made ahead, has no records.
    files.map(read).find(|(_, _, starts)| !starts.is_empty()).unwrap()
}

#[test]
fn whole_evidence_verifies_with_and_without_a_checkpoint() {
    let temp = tempfile::tempdir().unwrap();
    let (data, kept) = folder(temp.path());
    let verified = run(&data, &["evidence", "verify"]);
    assert!(verified.status.success(), "{}", text(&verified));
    assert!(text(&verified).contains("cut"), "it does not say that a cut tail cannot be seen");
    let verified = run(&data, &["evidence", "verify", "--checkpoint", kept.to_str().unwrap()]);
    assert!(verified.status.success(), "{}", text(&verified));
}

#[test]
fn altered_journal_entry_is_named() {
    let temp = tempfile::tempdir().unwrap();
    let (data, _) = folder(temp.path());
    let (file, mut bytes, starts) = segment(&data);
    // In the payload of the fifth record.
    bytes[starts[4] + 70] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let (exit, code) = fault(&data, &["evidence", "verify"]);
    assert_eq!((exit, code.as_str()), (5, "EVIDENCE_ALTERED"));
    let words = text(&run(&data, &["evidence", "verify"]));
    assert!(words.contains("entry"), "{words}");
}

#[test]
fn cut_tail_shows_only_with_a_checkpoint() {
    let temp = tempfile::tempdir().unwrap();
    let (data, kept) = folder(temp.path());
    let (file, mut bytes, starts) = segment(&data);
    // Everything from the fourth record on: as if it had never been written.
    bytes[starts[3]..].fill(0);
    std::fs::write(&file, bytes).unwrap();
    std::fs::remove_dir_all(data.join("snapshots")).ok();
    let (exit, code) =
        fault(&data, &["evidence", "verify", "--checkpoint", kept.to_str().unwrap()]);
    assert_eq!((exit, code.as_str()), (5, "EVIDENCE_ALTERED"));
}

#[test]
fn activity_is_searched_and_exported_at_the_command_line() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let data = &server.data;
    let mut trader = Trader::connect(server.port("narrow"), 1);
    trader.send(&Trader::order(1, "BUY", 5_000_000, Some("20.00")));
    trader.wait("a refusal", |told| !told.errors.is_empty());
    json(data, &["credential", "revoke", "trading"]);

    let refused =
        json(data, &["activity", "--refused", "--credential", "narrow", "--kind", "orders"]);
    let rows = refused["entries"].as_array().unwrap();
    assert_eq!(rows.len(), 1, "{refused}");
    assert_eq!((&rows[0]["who"], &rows[0]["event"]), (&"narrow".into(), &"order_refused".into()));
    assert!(rows[0]["orders"][0].as_str().unwrap().starts_with("BUY 5000000 "), "{refused}");
    let table = text(&run(data, &["activity", "--text", "revoked"]));
    assert!(table.contains("Credential trading revoked") && !table.contains("crd_"), "{table}");

    // Page by page it is the same as at once, and so is an export.
    let all = json(data, &["activity", "--steps", "--limit", "1000"]);
    assert!(all["next"].is_null());
    let (mut paged, mut next) = (0, None);
    loop {
        let mut args = vec!["activity".to_owned(), "--steps".into(), "--limit".into(), "7".into()];
        args.extend(next.into_iter().flat_map(|next| ["--before".to_owned(), next]));
        let page = json(data, &args.iter().map(String::as_str).collect::<Vec<_>>());
        paged += page["entries"].as_array().unwrap().len();
        next = page["next"].as_str().map(str::to_owned);
        if next.is_none() {
            break;
        }
    }
    let count = all["entries"].as_array().unwrap().len();
    assert_eq!(paged, count);
    let csv = text(&run(data, &["activity", "--steps", "--export", "csv"]));
    assert_eq!(csv.lines().count(), 1 + count, "{csv}");
    let lines = text(&run(data, &["activity", "--text", "exported as csv", "--export", "jsonl"]));
    assert!(lines.contains("\"event\":\"evidence.exported\""), "{lines}");

    let chain = text(&run(data, &["evidence", "export"]));
    let mut ends = std::collections::BTreeMap::new();
    for line in chain.lines() {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        let end = ends.entry(entry["shard"].as_u64().unwrap()).or_insert(0);
        *end += 1;
        assert_eq!(entry["seq"].as_u64(), Some(*end), "{chain}");
    }
    // The server's own, the person's and the account's.
    assert!(ends.len() == 3 && ends.values().sum::<u64>() > 10, "{ends:?}: {chain}");
    for (args, code) in [
        (["--from", "yesterday"], "DATE"),
        (["--kind", "everything"], "KIND"),
        (["--limit", "0"], "USAGE"),
        (["--limit", "1e3"], "USAGE"),
        (["--nosuch", "1"], "USAGE"),
        (["--before", "x"], "PLACE"),
        (["--credential", "nosuch"], "CREDENTIAL_UNKNOWN"),
        (["--person", "nosuch"], "NOT_FOUND"),
        (["--device", "nosuch"], "NOT_FOUND"),
    ] {
        assert_eq!(fault(data, &["activity", args[0], args[1]]).1, code, "{args:?}");
    }
    let data = server.data.clone();
    assert_eq!(server.terminate(), 0);
    let verified = run(&data, &["evidence", "verify"]);
    assert!(verified.status.success(), "{}", text(&verified));
}
