//! A journal segment: the bytes as they come, and a good segment that was damaged. Reading never panics, gives
//! only records that were written, in their order, and says where it stops.
#![no_main]

use gate::journal::SCHEMA;
use gate::journal::read::SegmentReader;
use gate::journal::record::{Header, Pending, root};
use libfuzzer_sys::fuzz_target;

const FOLDER: [u8; 16] = [7; 16];

fuzz_target!(|data: &[u8]| {
    // As they come: the header decides what they claim to be.
    if let Some(header) = Header::decode(data)
        && let Ok(mut reader) = SegmentReader::new(data, header.folder, header.first, None)
    {
        while let Ok(Some(record)) = reader.next_record() {
            drop(trade::journal::decode(record.payload));
        }
    }
    // Format 1 as it comes, and format 2 behind its mark.
    for mark in [&[][..], &[0, trade::journal::SCHEMA]] {
        reads_what_it_wrote(&[mark, data].concat());
    }
    let Some((&count, rest)) = data.split_first() else { return };
    damaged(usize::from(count % 8) + 1, rest);
});

/// What is read is written in the newest format, and read again as the same.
fn reads_what_it_wrote(bytes: &[u8]) {
    let Ok(stamped) = trade::journal::decode(bytes) else { return };
    let mut written = Vec::new();
    let known = &**trade::Instruments::builtin();
    if trade::journal::encode(&stamped, known, &mut written).is_err() {
        // An order whose record has units of its own, as none of the bundled instruments has, may not fit.
        return;
    }
    assert_eq!(trade::journal::decode(&written), Ok(stamped));
}

/// Writes `count` groups, damages the bytes as `data` says, and reads.
fn damaged(count: usize, data: &[u8]) {
    let mut bytes = Vec::new();
    let mut before = root(FOLDER);
    bytes.extend_from_slice(&Header { folder: FOLDER, first: 1, before, schema: SCHEMA }.encode());
    let payloads: Vec<&[u8]> = data.chunks(data.len() / count + 1).collect();
    for (seq, payload) in (1..).zip(&payloads) {
        let mut pending = Pending::default();
        let push = |to: &mut Vec<u8>| {
            to.extend_from_slice(payload);
            Ok::<(), ()>(())
        };
        before = pending.push(seq, &before, false, push).expect("cannot fail");
        bytes.extend_from_slice(pending.seal(seq));
    }
    bytes.resize(bytes.len() + 256, 0);
    let whole = bytes.clone();
    for hit in data.chunks_exact(5).take(3) {
        let [a, b, c, mask, kind] = [hit[0], hit[1], hit[2], hit[3], hit[4]];
        let at = usize::from_le_bytes([a, b, c, 0, 0, 0, 0, 0]) % bytes.len();
        match kind % 4 {
            0 => bytes[at] ^= mask,
            1 => bytes.truncate(at),
            2 => bytes[at..].fill(0),
            _ => {}
        }
        if bytes.is_empty() {
            return;
        }
    }
    let Ok(mut reader) = SegmentReader::new(&bytes, FOLDER, 1, Some(root(FOLDER))) else { return };
    let mut seen = 0;
    while let Ok(Some(record)) = reader.next_record() {
        assert_eq!(record.payload, payloads[seen], "a record that was never written");
        seen += 1;
    }
    if bytes == whole {
        assert_eq!(seen, payloads.len(), "a whole segment is read whole");
    }
}
