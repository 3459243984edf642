//! The exchange as bytes: snapshots, and a hash to compare by.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Exchange;
use super::memory::Memory;
use super::sizes::Sizes;
use crate::journal::MARKET_RULE;
use crate::path::Path;

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

/// What snapshots of later versions have behind the first format, which is what an exchange has that
/// began by rule 1. Variants are only ever appended.
#[derive(Debug, Serialize, Deserialize)]
enum Later {
    /// What orders from rule 2 on need.
    Memory(Memory),
    /// The rule of the markets from 2 on, and each contract's path.
    Market { rule: u16, paths: Vec<Option<Path>> },
    /// What orders from rule 3 on need.
    Sizes(Sizes),
}

impl Exchange {
    fn later(&self) -> Vec<Later> {
        let memory = (!self.memory.is_none()).then(|| Later::Memory(self.memory.clone()));
        let paths = || self.listings.iter().map(|listing| listing.path).collect();
        let market = (self.rule >= 2).then(|| Later::Market { rule: self.rule, paths: paths() });
        let sizes = self.sizes_orders().then(|| Later::Sizes(self.sizes()));
        memory.into_iter().chain(market).chain(sizes).collect()
    }

    fn take_later(&mut self, later: Vec<Later>) -> Result<(), String> {
        for one in later {
            match one {
                Later::Memory(memory) if memory.is_known() => self.memory = memory,
                Later::Memory(memory) => return Err(format!("order rule {}", memory.rule())),
                Later::Sizes(sizes) => self.take_sizes(sizes)?,
                Later::Market { rule, paths } => {
                    if !(2..=MARKET_RULE).contains(&rule) || paths.len() != self.listings.len() {
                        return Err(format!("rule {rule} with {} paths", paths.len()));
                    }
                    self.rule = rule;
                    for (listing, path) in self.listings.iter_mut().zip(paths) {
                        listing.path = path;
                    }
                }
            }
        }
        Ok(())
    }

    /// The whole state. Two exchanges that applied the same commands and stand at the same time
    /// give the same bytes.
    pub fn snapshot(&self) -> Result<Vec<u8>, SnapshotError> {
        let error =
            |error: postcard::Error| SnapshotError { what: "written", why: error.to_string() };
        let state = postcard::to_stdvec(self).map_err(error)?;
        match self.later() {
            later if later.is_empty() => Ok(state),
            later => postcard::to_extend(&later, state).map_err(error),
        }
    }

    /// The exchange of a snapshot.
    pub fn restore(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let error = |why| SnapshotError { what: "read", why };
        let refused = |refused: postcard::Error| error(refused.to_string());
        let (mut exchange, behind) = postcard::take_from_bytes::<Self>(bytes).map_err(refused)?;
        exchange.rule = 1;
        let mut rest = behind;
        if !behind.is_empty() {
            let (later, end) = postcard::take_from_bytes::<Vec<Later>>(behind).map_err(refused)?;
            // None at all is written as nothing.
            rest = if later.is_empty() { behind } else { end };
            exchange.take_later(later).map_err(error)?;
        }
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
