//! Shards: the evidence about each person and about each account is a chain of its own, so that no commit waits
//! for one about other people and other accounts.

use serde::{Deserialize, Serialize};

use crate::guard::Scope;
use crate::secret::Digest;

/// The shard of what concerns nobody, and of all that was recorded before there were others.
pub const COMMON: u32 = 0;

/// The shard of the entries about a person or an account, the same on every node; [`COMMON`] for those about
/// neither. Two scopes in one shard wait for each other and are as safe: among a thousand, that happens once in
/// 8,000 folders.
pub fn shard_of(scope: Option<Scope>) -> u32 {
    let Digest([a, b, c, d, ..]) = match scope {
        None => return COMMON,
        Some(Scope::Person(person)) => Digest::of_parts(&[b"evidence shard", &person.0]),
        Some(Scope::Account(account)) => {
            let account = account.to_string();
            Digest::of_parts(&[b"evidence shard of an account", account.as_bytes()])
        }
    };
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
