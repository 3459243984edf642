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

fn newest_segment(data: &Path) -> PathBuf {
    let mut all: Vec<_> =
        std::fs::read_dir(data.join("journal")).unwrap().map(|e| e.unwrap().path()).collect();
    all.sort();
    all.into_iter().rfind(|p| std::fs::metadata(p).unwrap().len() > 4_096).unwrap()
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
    let segment = newest_segment(&data);
    let mut bytes = std::fs::read(&segment).unwrap();
    bytes[1_500] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    let (exit, code) = fault(&data, &["evidence", "verify"]);
    assert_eq!((exit, code.as_str()), (5, "EVIDENCE_ALTERED"));
    let words = text(&run(&data, &["evidence", "verify"]));
    assert!(words.contains("entry"), "{words}");
}

#[test]
fn cut_tail_shows_only_with_a_checkpoint() {
    let temp = tempfile::tempdir().unwrap();
    let (data, kept) = folder(temp.path());
    let segment = newest_segment(&data);
    let mut bytes = std::fs::read(&segment).unwrap();
    // Everything from the fourth record on: as if it had never been written.
    let starts: Vec<usize> =
        (0..bytes.len() - 4).step_by(8).filter(|at| &bytes[*at..*at + 4] == b"FPRC").collect();
    bytes[starts[3]..].fill(0);
    std::fs::write(&segment, bytes).unwrap();
    std::fs::remove_dir_all(data.join("snapshots")).ok();
    let (exit, code) = fault(&data, &["evidence", "verify", "--checkpoint", kept.to_str().unwrap()]);
    assert_eq!((exit, code.as_str()), (5, "EVIDENCE_ALTERED"));
}
