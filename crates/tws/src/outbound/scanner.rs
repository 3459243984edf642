//! Market scanners.

use super::{Response, responses};
use crate::field::Put as _;
use crate::handshake::ServerVersion;

responses! {
    /// What can be scanned for.
    19 ScannerParameters<'a>, version 1 {
        /// Description.
        xml: &'a str;
    }
}

/// The answer to a scan that found nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmptyScannerData {
    /// Request id.
    pub request_id: i32,
}

impl Response for EmptyScannerData {
    fn put_fields(&self, _: ServerVersion, out: &mut Vec<u8>) {
        out.extend_from_slice(b"20\x003\0");
        self.request_id.put(out);
        0.put(out);
    }
}
