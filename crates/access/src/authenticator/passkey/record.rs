//! What is kept of a passkey, and what its ceremonies give.

use serde::{Deserialize, Serialize};

use crate::binding::Beginner;
use crate::moment::Time;

/// A passkey as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passkey {
    /// Its credential id, by which it is found.
    #[serde(
        serialize_with = "crate::secret::serialize_bytes",
        deserialize_with = "crate::secret::deserialize_bytes"
    )]
    pub handle: Vec<u8>,
    /// What the gate's library keeps of it: public key and flags, as JSON; no secret.
    pub data: String,
    /// Its model (AAGUID), if it said.
    pub model: String,
    /// Whether it is backed up, so that several devices may hold it.
    pub backed_up: bool,
    /// Its signature counter; 0 on those that have none.
    pub counter: u32,
    /// Since when it may be a copy, because its counter did not rise. It counts no longer.
    #[serde(default)]
    pub suspect_at: Option<Time>,
}

/// A passkey that a ceremony made.
#[derive(Debug, Clone)]
pub struct Registration {
    /// The passkey.
    pub passkey: Passkey,
    /// Whether the user was verified.
    pub user_verified: bool,
    /// When the ceremony began.
    pub began_at: Time,
}

/// What a finished ceremony says; its signature and origin are checked.
#[derive(Debug, Clone)]
pub struct Assertion {
    /// The passkey's credential id.
    pub handle: Vec<u8>,
    /// Whether the user was verified.
    pub user_verified: bool,
    /// Whether it is backed up now.
    pub backed_up: bool,
    /// Its counter now.
    pub counter: u32,
    /// Its data, where the library changed it.
    pub data: Option<String>,
    /// When the ceremony began. The gate gives each ceremony out once.
    pub began_at: Time,
    /// The browser that asked for it. A session's own proofs do not need it: the session is bound.
    pub begun: Beginner,
}
