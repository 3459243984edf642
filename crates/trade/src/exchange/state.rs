//! The exchange as bytes: snapshots, and a hash to compare by.

use std::fmt;

use sha2::{Digest, Sha256};

use super::Exchange;

/// A snapshot that cannot be written or read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotError {
    what: &'static str,
    why: String,
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the exchange's snapshot cannot be {}: {}", self.what, self.why)
    }
}

impl std::error::Error for SnapshotError {}

impl Exchange {
    /// The whole state. Two exchanges that applied the same commands and stand at the same time
    /// give the same bytes.
    pub fn snapshot(&self) -> Result<Vec<u8>, SnapshotError> {
        postcard::to_stdvec(self)
            .map_err(|error| SnapshotError { what: "written", why: error.to_string() })
    }

    /// The exchange of a snapshot.
    pub fn restore(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let error = |why| SnapshotError { what: "read", why };
        let (exchange, rest) = postcard::take_from_bytes::<Self>(bytes)
            .map_err(|refused| error(refused.to_string()))?;
        if !rest.is_empty() {
            return Err(error(format!("{} bytes are left over", rest.len())));
        }
        if exchange.listings.len() != exchange.contracts().all().len() {
            return Err(error(format!("it has {} contracts", exchange.listings.len())));
        }
        Ok(exchange)
    }

    /// SHA-256 of the snapshot.
    pub fn state_hash(&self) -> Result<[u8; 32], SnapshotError> {
        Ok(Sha256::digest(self.snapshot()?).into())
    }
}
