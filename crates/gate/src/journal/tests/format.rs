//! Segments of other formats than the one that is written.

use super::*;
use crate::journal::record::FIRST_SCHEMA;

/// A segment of format 1 with these payloads, torn behind them when `torn`.
fn first_format(payloads: &[&[u8]], torn: bool) -> (Vec<u8>, Head) {
    let mut head = Head { seq: 0, chain: record::root(ID) };
    let header = Header { folder: ID, first: 1, before: head.chain, schema: FIRST_SCHEMA };
    let mut bytes = header.encode().to_vec();
    let mut pending = Pending::default();
    for payload in payloads {
        let chain = pending.push(head.seq + 1, &head.chain, false, |to| {
            to.extend_from_slice(payload);
            Ok::<_, ()>(())
        });
        head = Head { seq: head.seq + 1, chain: chain.unwrap() };
    }
    bytes.extend_from_slice(pending.seal(1));
    if torn {
        bytes.extend_from_slice(b"FPRC, and then the power was gone");
    }
    bytes.resize(usize::try_from(SEGMENT).unwrap(), 0);
    (bytes, head)
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

#[test]
fn headers_of_both_formats_are_what_they_were() {
    let header = |schema| Header { folder: ID, first: 258, before: [3; 32], schema };
    let common = "666f6c6465722d6f662d612d74657374020100000000000003030303030303030303030303030303\
                  03030303030303030303030303030303";
    for (schema, magic, end) in [
        (FIRST_SCHEMA, "464c504a524e4c31", "76e83c79"),
        (2, "464c504a524e4c32", "02000000e90e95be"),
    ] {
        let bytes = header(schema).encode();
        let (checked, zeros) = bytes.split_at(if schema == FIRST_SCHEMA { 68 } else { 72 });
        assert_eq!(hex(checked), format!("{magic}{common}{end}"));
        assert!(zeros.iter().all(|byte| *byte == 0));
        assert_eq!(Header::decode(&bytes), Some(header(schema)));
        // Read as the other format, its checksum is elsewhere.
        let mut other = bytes;
        other[7] ^= 3;
        assert_eq!(Header::decode(&other), None);
    }
}

#[test]
fn folder_of_the_first_format_goes_on_in_a_new_segment() {
    for torn in [false, true] {
        let mut bench = Bench::new();
        let first = bench.temp.path().join(segment_name(1));
        let (bytes, head) = first_format(&[b"one", b"two"], torn);
        std::fs::write(&first, &bytes).unwrap();
        let mut journal = bench.open().journal;
        assert_eq!((bench.seen.len(), journal.head()), (2, head));
        group(&mut journal, &[b"three"]).unwrap();
        let head = journal.head();
        drop(journal);
        let found = segments(bench.temp.path()).unwrap();
        assert_eq!(found.iter().map(|(first, _)| *first).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(std::fs::read(&first).unwrap(), first_format(&[b"one", b"two"], false).0);
        assert!(std::fs::read(&found[1].1).unwrap().starts_with(b"FLPJRNL2"));
        assert_eq!(bench.open().journal.head(), head);
        assert_eq!(bench.seen.len(), 3);
        assert_eq!(segments(bench.temp.path()).unwrap().len(), 2, "and in no third one");
    }
}

#[test]
fn segment_of_the_first_format_without_a_record_is_replaced() {
    let mut bench = Bench::new();
    let first = bench.temp.path().join(segment_name(1));
    std::fs::write(&first, first_format(&[], true).0).unwrap();
    let mut journal = bench.open().journal;
    group(&mut journal, &[b"one"]).unwrap();
    let head = journal.head();
    drop(journal);
    assert!(std::fs::read(&first).unwrap().starts_with(b"FLPJRNL2"));
    assert_eq!(segments(bench.temp.path()).unwrap().len(), 1);
    assert_eq!((bench.open().journal.head(), bench.seen.len()), (head, 1));
}

#[test]
fn segment_of_a_later_schema_says_which_version_it_needs() {
    let mut bench = Bench::new();
    drop(bench.open());
    bench.change(|bytes| {
        let header = Header { folder: ID, first: 1, before: record::root(ID), schema: SCHEMA + 1 };
        bytes[..HEADER_BYTES].copy_from_slice(&header.encode());
    });
    let error = bench.error();
    assert!(error.contains("schema 3, and this version reads schemas up to 2"), "{error}");
}
