//! Evidence: every decision on record, chained so that a change shows.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::call::By;
use crate::decision::{Answer, Decision, Ground};
use crate::id::PersonId;
use crate::moment::Time;
use crate::refusal::Refusal;
use crate::secret::Digest;
use crate::slice::Slice;

pub(crate) mod event;
mod index;
mod shard;

pub use event::{Command, Event};
pub use index::{INDEX_RULE, Index, Topic, is_minor};
pub use shard::{COMMON, ShardHead, shard_of};

/// The hash before the first entry of a chain.
pub const GENESIS: Digest = Digest([0; 32]);

/// How new entries are hashed, and which shard they stand in: version 1 left out the person, and up to version 2
/// all entries of a decision stood in the shard of its person, also those about an account.
pub const VERSION: u32 = 3;

/// One decision, as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// How it is hashed.
    pub version: u32,
    /// Which chain.
    pub shard: u32,
    /// Its place in the chain, from 1 without gaps.
    pub seq: u64,
    /// When it happened.
    pub at: Time,
    /// Who acts.
    pub actor: By,
    /// From where: an address, or `local`.
    pub source: String,
    /// What happened: `session.started`.
    pub kind: String,
    /// The same in plain words.
    pub text: String,
    /// The event as JSON, byte for byte as it was hashed.
    pub event: String,
    /// Whose it is: they see it. Not hashed in version 1, see [`Owners`].
    pub person: Option<PersonId>,
    /// SHA-256 of the previous hash and the canonical bytes.
    pub hash: Digest,
}

impl Entry {
    /// What is hashed: every field but the hash, numbers as 8 bytes big-endian, texts preceded by
    /// their length in 8 bytes.
    pub fn canonical(&self) -> Vec<u8> {
        let actor = self.actor.to_string();
        let person = self.person.map(|person| person.to_string()).unwrap_or_default();
        let mut texts = vec![&actor, &self.source, &self.kind, &self.text, &self.event];
        if self.version > 1 {
            texts.push(&person);
        }
        let mut bytes = format!("floorpass evidence {}\0", self.version).into_bytes();
        bytes.extend(u64::from(self.shard).to_be_bytes());
        bytes.extend(self.seq.to_be_bytes());
        bytes.extend(self.at.0.to_be_bytes());
        for text in texts {
            bytes.extend(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
            bytes.extend(text.as_bytes());
        }
        bytes
    }

    /// The hash that it must have after `previous`.
    pub fn chained(&self, previous: Digest) -> Digest {
        let mut hash = Sha256::new();
        hash.update(previous.0);
        hash.update(self.canonical());
        Digest(hash.finalize().into())
    }
}

/// Whose the entries of version 1 are. Their hash does not say it, so the first entry of a later version
/// does, for all of them; from then on that is covered too.
#[derive(Debug, Clone, Default)]
pub struct Owners {
    last: u64,
    hash: Sha256,
}

impl Owners {
    /// Adds the next entry.
    pub fn add(&mut self, entry: &Entry) {
        let person = entry.person.map(|person| person.to_string()).unwrap_or_default();
        self.last = entry.seq;
        self.hash.update(format!("{} {person}\n", entry.seq));
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.last
    }

    /// What the entry after them says.
    pub fn event(&self) -> Event {
        let digest = Digest(self.hash.clone().finalize().into());
        Event::Noted {
            kind: "evidence.owners".to_owned(),
            text: format!(
                "The hashes of entries 1 to {} do not cover whose they are; the digest of that is {digest}.",
                self.last
            ),
        }
    }
}

/// The first entry of a chain that is not as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChainFault {
    /// An entry is not there.
    Missing {
        /// Its place.
        seq: u64,
    },
    /// An entry is out of its place.
    Reordered {
        /// The place.
        seq: u64,
        /// The entry found there.
        found: u64,
    },
    /// An entry is not what was hashed, or follows another one than the one before it.
    Altered {
        /// Its place.
        seq: u64,
    },
}

impl fmt::Display for ChainFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { seq } => write!(f, "entry {seq} is missing"),
            Self::Reordered { seq, found } => {
                write!(f, "entry {found} is where entry {seq} should be")
            }
            Self::Altered { seq } => write!(f, "entry {seq} was altered, or the one before it"),
        }
    }
}

impl std::error::Error for ChainFault {}

/// Follows one shard's chain, entry by entry, in the order in which they are stored.
#[derive(Debug, Clone, Copy)]
pub struct Chain {
    /// Place of the last good entry; 0 at the beginning.
    pub seq: u64,
    /// Its hash.
    pub hash: Digest,
}

impl Default for Chain {
    fn default() -> Self {
        Self { seq: 0, hash: GENESIS }
    }
}

impl Chain {
    /// Where it ends, as the chain of a shard.
    pub const fn head(self, shard: u32) -> ShardHead {
        ShardHead { shard, seq: self.seq, hash: self.hash }
    }

    /// Checks the next entry and moves on to it.
    pub fn follow(&mut self, entry: &Entry) -> Result<(), ChainFault> {
        let seq = self.seq + 1;
        if entry.seq > seq {
            return Err(ChainFault::Missing { seq });
        }
        if entry.seq < seq {
            return Err(ChainFault::Reordered { seq, found: entry.seq });
        }
        if entry.chained(self.hash) != entry.hash {
            return Err(ChainFault::Altered { seq });
        }
        *self = Self { seq, hash: entry.hash };
        Ok(())
    }
}

/// Where all chains stood at one time; signed, it shows later that none was rewritten, cut or taken away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// When it happened.
    pub at: Time,
    /// Place of the last entry of the common shard.
    pub access_seq: u64,
    /// Its hash.
    pub access_hash: Digest,
    /// The heads of all other shards, by number; none in a checkpoint from before there were any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shards: Vec<ShardHead>,
    /// Sequence of the last journal record.
    pub journal_seq: u64,
    /// Its hash.
    pub journal_hash: Digest,
}

impl Checkpoint {
    /// What is signed: every field, numbers as 8 bytes big-endian, and the number of shards before them. Without
    /// shards it is version 1, as before there were any.
    pub fn canonical(&self) -> Vec<u8> {
        let version = if self.shards.is_empty() { 1 } else { 2 };
        let mut bytes = format!("floorpass checkpoint {version}\0").into_bytes();
        bytes.extend(self.at.0.to_be_bytes());
        bytes.extend(self.access_seq.to_be_bytes());
        bytes.extend(self.access_hash.0);
        bytes.extend(self.journal_seq.to_be_bytes());
        bytes.extend(self.journal_hash.0);
        if !self.shards.is_empty() {
            bytes.extend(u64::try_from(self.shards.len()).unwrap_or(u64::MAX).to_be_bytes());
        }
        for head in &self.shards {
            bytes.extend(u64::from(head.shard).to_be_bytes());
            bytes.extend(head.seq.to_be_bytes());
            bytes.extend(head.hash.0);
        }
        bytes
    }

    /// The heads of all shards, the common one first.
    pub fn heads(&self) -> impl Iterator<Item = ShardHead> {
        let common = ShardHead { shard: COMMON, seq: self.access_seq, hash: self.access_hash };
        std::iter::once(common).chain(self.shards.iter().copied())
    }

    /// Access entries up to it, of all shards together.
    pub fn access_entries(&self) -> u64 {
        self.heads().fold(0, |sum, head| sum.saturating_add(head.seq))
    }
}

/// The event of one refusal.
pub fn refused(refusal: &Refusal) -> Event {
    Event::Refused { code: refusal.code().to_owned(), text: refusal.evidence_text(), count: 1 }
}

#[expect(clippy::unnecessary_wraps, reason = "every noun decides alike")]
pub(crate) fn decide(_: &Slice, _: &Ground<'_>, command: &Command) -> Result<Decision, Refusal> {
    let event = match command {
        Command::Record { code, text, count } => {
            Event::Refused { code: code.clone(), text: text.clone(), count: *count }
        }
        Command::Note { kind, text } => Event::Noted { kind: kind.clone(), text: text.clone() },
    };
    Ok(Decision::new(vec![event.into()], Answer::Done))
}
