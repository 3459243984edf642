//! Accounts: what is owned and traded on. An account is an aggregate of its own: it has a version,
//! and the mandates and locks on it are its own, whoever looks at them.

use serde::{Deserialize, Serialize};

pub use crate::currency::{Currency, CurrencyError};
use crate::id::AccountId;
use crate::lock::Lock;
use crate::mandate::Mandate;
use crate::moment::Time;
use crate::name::Name;

/// An account, whoever holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// What it is for, in its owners' words.
    pub purpose: Name,
    /// What its worth is told in.
    pub base_currency: Currency,
    /// Since when.
    pub opened_at: Time,
    /// Since when nothing is done on it any more; none while it is open.
    pub closed_at: Option<Time>,
}

impl Account {
    /// The account that the first mandate on it opens.
    pub fn of(mandate: &Mandate) -> Self {
        Self {
            id: mandate.account,
            purpose: Name::fixed("trading"),
            base_currency: Currency::USD,
            opened_at: mandate.granted_at,
            closed_at: None,
        }
    }
}

/// An account with all that is its own. Every list ascends by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSlice {
    /// Which.
    pub id: AccountId,
    /// Rises with every commit that changes the account, a mandate on it or a lock on it. Zero while
    /// there is no such account.
    pub version: i64,
    /// The account; none where there is no such.
    pub account: Option<Account>,
    /// The authority of everybody on it.
    pub mandates: Vec<Mandate>,
    /// The locks on it.
    pub locks: Vec<Lock>,
}

impl AccountSlice {
    /// An account that there is not.
    pub const fn missing(id: AccountId) -> Self {
        Self { id, version: 0, account: None, mandates: Vec::new(), locks: Vec::new() }
    }

    pub(crate) fn sort(&mut self) {
        self.mandates.sort_by_key(|one| one.person);
        self.locks.sort_by_key(|one| one.id);
    }
}
