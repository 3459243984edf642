//! What is kept of persons.

use serde::{Deserialize, Serialize};

use crate::entitlements::Limits;
use crate::id::PersonId;
use crate::moment::Time;
use crate::name::Username;

/// Someone who signs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Its id.
    pub id: PersonId,
    /// What they sign in with.
    pub username: Username,
    /// When it was made.
    pub created_at: Time,
    /// What holds for every order of theirs and of their programs, on any account.
    #[serde(default, skip_serializing_if = "Limits::are_none")]
    pub limits: Limits,
}
