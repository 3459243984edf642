//! One decision, as the activity shows it.

use std::borrow::Cow;

use access::evidence::Topic;
use access::{CredentialId, DeviceId, Holder, PersonId, Time};
use store::RecordCursor;

/// Which of the two records an entry is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActivityKind {
    /// Signing in, sessions, devices, credentials, locks: the access evidence.
    Access,
    /// Orders: placed, modified, cancelled, refused, denied: the journal.
    Order,
}

/// One decision.
#[derive(Debug, Clone)]
pub struct ActivityEntry {
    /// Its sequence in its chain.
    pub seq: u64,
    /// Which shard of the access evidence; none of the journal, which is one chain.
    pub shard: Option<u32>,
    /// Which record.
    pub kind: ActivityKind,
    /// When it happened.
    pub at: Time,
    /// Who; none for somebody who was not signed in.
    pub holder: Option<Holder>,
    /// Who, by name as far as there is one.
    pub who: String,
    /// From where; empty for orders.
    pub source: String,
    /// What, in stable words: `session.started`, `order_refused`, ...
    pub what: Cow<'static, str>,
    /// What and why, in words.
    pub text: String,
    /// The orders that were refused, as they were asked for; the text begins with them.
    pub asked: Vec<String>,
    /// The stable code, when it was refused or denied.
    pub code: Option<String>,
    /// How many equal refusals it stands for, 1 or more.
    pub count: u64,
    /// What it is about.
    pub topic: Topic,
    /// Whether it only says how something else was done.
    pub minor: bool,
    /// Whose it is.
    pub person: Option<PersonId>,
    /// The device that it names, or that it was done on.
    pub device: Option<DeviceId>,
    /// The credential that it names, or that it was done with.
    pub credential: Option<CredentialId>,
}

impl ActivityEntry {
    /// Where it stands among all of both records.
    pub(super) const fn place(&self) -> RecordCursor {
        RecordCursor { at: self.at, shard: self.shard, seq: self.seq }
    }
}
