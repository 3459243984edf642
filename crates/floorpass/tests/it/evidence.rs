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
