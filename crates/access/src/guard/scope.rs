//! Scopes, and the versions of those that were read.

use std::collections::BTreeMap;

use crate::id::{AccountId, PersonId};

/// What has a version of its own: facts that change together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// A person, with all that is theirs alone.
    Person(PersonId),
    /// An account, with the mandates and locks on it.
    Account(AccountId),
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Person(person) => write!(f, "person {person}"),
            Self::Account(account) => write!(f, "account {account}"),
        }
    }
}

/// The version of each scope that a decision read; zero where there was nothing.
pub type Reads = BTreeMap<Scope, i64>;
