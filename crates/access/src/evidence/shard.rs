//! Shards: the evidence about each person is a chain of its own, so that no commit waits for another person's.

use serde::{Deserialize, Serialize};

use crate::id::PersonId;
use crate::secret::Digest;

/// The shard of what concerns nobody, and of all that was recorded before there were others.
pub const COMMON: u32 = 0;

/// The shard of the entries about a person, the same on every node; [`COMMON`] for those about nobody. Two persons
/// in one shard wait for each other and are as safe: among a thousand persons, that happens once in 8,000 folders.
pub fn shard_of(person: Option<PersonId>) -> u32 {
    let Some(person) = person else { return COMMON };
    let Digest([a, b, c, d, ..]) = Digest::of_parts(&[b"evidence shard", &person.0]);
    u32::from_be_bytes([a, b, c, d]).max(COMMON + 1)
}

/// Where the chain of a shard ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShardHead {
    /// Its number.
    pub shard: u32,
    /// Place of its last entry; 0 when it has none.
    pub seq: u64,
    /// The hash of that entry.
    pub hash: Digest,
}
