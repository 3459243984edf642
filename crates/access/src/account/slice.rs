//! An account with all that is its own.

use super::record::Account;
use crate::id::AccountId;
use crate::lock::Lock;
use crate::mandate::Mandate;

/// An account with all that is its own. Every list ascends by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSlice {
    /// Its id.
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
        self.mandates.sort_by_key(|one| one.id);
        self.locks.sort_by_key(|one| one.id);
    }
}
