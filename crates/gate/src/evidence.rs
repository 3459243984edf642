//! The record of decisions: one list of what access decided and what became of orders, and the
//! offline check of both chains.

use access::id::Holder;
use access::moment::Time;

/// Which entries a page of the activity shows.
#[derive(Debug, Clone, Default)]
pub struct ActivityFilter {
    /// What kind; none is every kind.
    pub kind: Option<ActivityKind>,
    /// By whom; none is everybody.
    pub holder: Option<Holder>,
    /// Only what was refused.
    pub refused_only: bool,
    /// How many entries, 1 to 200.
    pub limit: usize,
}

/// What an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActivityKind {
    /// Signing in, sessions, devices, credentials, locks: the access evidence.
    Access,
    /// Orders: placed, modified, cancelled, filled, refused, denied, rejected.
    Order,
}

/// One decision.
#[derive(Debug, Clone)]
pub struct ActivityEntry {
    /// Its sequence in its chain.
    pub seq: u64,
    /// Which chain.
    pub kind: ActivityKind,
    /// When.
    pub at: Time,
    /// Who.
    pub holder: Holder,
    /// The holder's name, as far as it has one.
    pub who: String,
    /// From where.
    pub source: String,
    /// What, in stable words: `session_started`, `order_refused`, ...
    pub what: String,
    /// What and why, in a sentence.
    pub text: String,
    /// The stable code, when it was refused, denied or rejected.
    pub code: Option<String>,
    /// How many equal refusals it stands for, 1 or more.
    pub count: u64,
}

/// A page of decisions, newest first.
#[derive(Debug, Clone, Default)]
pub struct ActivityPage {
    /// The decisions.
    pub entries: Vec<ActivityEntry>,
    /// Where the next page begins; none at the end.
    pub next: Option<ActivityCursor>,
}

/// Where a page of decisions begins: entries before these sequences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActivityCursor {
    /// Entries of the access evidence below this one.
    pub access: u64,
    /// Records of the journal below this one.
    pub journal: u64,
}

impl std::fmt::Display for ActivityCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.access, self.journal)
    }
}

impl std::str::FromStr for ActivityCursor {
    type Err = std::num::ParseIntError;

    /// `access-journal`, as displayed.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (access, journal) = text.split_once('-').unwrap_or((text, ""));
        Ok(Self { access: access.parse()?, journal: journal.parse()? })
    }
}
