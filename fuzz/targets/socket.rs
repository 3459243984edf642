//! Bytes of a socket, from the greeting on: frames, handshake and every request decode to a value or an error.
//! What decodes is encoded again; that must decode, and encode to the same bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tws::{FrameReader, Hello, Inbound};

fuzz_target!(|data: &[u8]| {
    let mut reader = FrameReader::new();
    let mut version = None;
    // The first byte says how the bytes arrive: a reader must not depend on it.
    let (step, data) = data.split_first().map_or((1, data), |(first, rest)| (usize::from(*first).max(1), rest));
    for piece in data.chunks(step) {
        reader.push(piece);
        loop {
            let frame = match reader.next_frame() {
                Ok(Some(frame)) => frame,
                Ok(None) => break,
                Err(_) => return,
            };
            let Some(version) = version else {
                let Ok(hello) = Hello::parse(frame.0) else { return };
                let Ok(negotiated) = hello.negotiate() else { return };
                version = Some(negotiated);
                reader.set_limit(tws::frame::REQUEST_LIMIT);
                continue;
            };
            if let Ok(request) = Inbound::decode(frame, version) {
                if matches!(request, Inbound::Unknown { .. }) {
                    // Kept for the log alone, with its odd characters escaped.
                    continue;
                }
                let mut bytes = Vec::new();
                request.encode(version, &mut bytes);
                let mut again = FrameReader::for_client();
                again.push(&bytes);
                let frame = again.next_frame().expect("our own frame").expect("a whole frame");
                let twin = Inbound::decode(frame, version).expect("our own request");
                let mut bytes_again = Vec::new();
                twin.encode(version, &mut bytes_again);
                assert_eq!(bytes, bytes_again, "{request:?} and {twin:?}");
            }
        }
        // A reader holds at most what its limit lets it.
        assert!(reader.pending() <= tws::frame::REQUEST_LIMIT + data.len());
    }
});
