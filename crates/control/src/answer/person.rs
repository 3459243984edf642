//! Answers about people and their links.

use access::PersonId;
use serde::{Deserialize, Serialize};

use super::LimitsRow;

answers! {
    /// A person.
    PersonRow {
        /// The person.
        person: PersonId,
        /// The name to sign in with.
        username: String,
        /// The account; none where there are several.
        account: Option<String>,
        /// All accounts.
        accounts: Vec<String>,
        /// The strongest lock's grade, or `none`.
        lock: String,
        /// Each lock and what it is on, such as `no-new on account DU1234567`.
        locks: Vec<String>,
        /// What holds for every order of theirs and of their programs, on any account.
        #[serde(flatten)]
        limits: LimitsRow,
    }

    /// A single-use link.
    LinkMade {
        /// Whom it signs in.
        username: String,
        /// The link.
        url: String,
        /// When it ends.
        until: String,
        /// The account that a new person has a mandate on.
        #[serde(default)]
        account: Option<String>,
        /// Of a new person: `owner`, `trader` or `auditor`.
        #[serde(default)]
        role: Option<String>,
    }
}
