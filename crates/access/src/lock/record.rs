//! What is kept of locks.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::grade::Grade;
use crate::call::By;
use crate::id::{AccountId, LockId, PersonId, SessionId};
use crate::moment::Time;
use crate::name::Name;

/// What a lock is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LockTarget {
    /// All that a person has.
    Person(PersonId),
    /// One account, for everyone on it.
    Account(AccountId),
}

impl fmt::Display for LockTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(person) => write!(f, "person {person}"),
            Self::Account(account) => write!(f, "account {account}"),
        }
    }
}

/// A lock in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// Its id.
    pub id: LockId,
    /// On what.
    pub target: LockTarget,
    /// How much it takes away.
    pub grade: Grade,
    /// When it happened.
    pub at: Time,
    /// Set by whom.
    pub by: By,
    /// What it ended, and who may lift it.
    pub receipt: Receipt,
}

/// What a lock of grade `all` ended, and who may lift one of the others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Sessions.
    pub sessions: Vec<SessionId>,
    /// Names of credentials; of those that are for other accounts as well, it ended what they did on this one.
    pub credentials: Vec<Name>,
    /// Names of devices.
    pub devices: Vec<Name>,
    /// The person who may lift it with a proof given after it: who set it, over no lock of somebody
    /// else. None: only the operator. Older locks have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifted_by: Option<PersonId>,
    /// Of a lock of `all`: whose devices it took, and whose password, app and recovery codes its end takes.
    /// Older ones do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worn: Option<Worn>,
}

/// Whose ways to sign in a lock of `all` wears out, decided once, when it is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Worn {
    /// This person's: who is locked, or locked an account themselves, or alone owns the one that the operator locked.
    Person(PersonId),
    /// Nobody's: the operator locked an account that several own.
    Nobody,
}
