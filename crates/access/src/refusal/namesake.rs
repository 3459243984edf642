//! Credentials that have the same name, told apart.

use std::fmt;

use crate::id::{CredentialId, PaperAccountId};

/// One of several credentials that a name may mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namesake {
    /// Its id.
    pub credential: CredentialId,
    /// User name of the person whose program it is.
    pub username: String,
    /// Its accounts, ascending.
    pub accounts: Vec<PaperAccountId>,
}

impl fmt::Display for Namesake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let accounts: Vec<_> = self.accounts.iter().map(ToString::to_string).collect();
        write!(f, "{} ({}\u{2019}s, on {})", self.credential, self.username, accounts.join(", "))
    }
}

/// All of them, in one line.
pub(super) fn list(found: &[Namesake]) -> String {
    let each: Vec<_> = found.iter().map(ToString::to_string).collect();
    each.join("; ")
}
