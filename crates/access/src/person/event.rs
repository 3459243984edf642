//! What can be asked about persons, what can happen, and what it does to a slice.

use serde::{Deserialize, Serialize};

use super::record::Person;
use crate::id::PaperAccountId;
use crate::mandate::Role;
use crate::slice::Slice;

/// What is asked about persons.
pub enum Command {
    /// Makes a person who owns a new account. Load the slice by the user name.
    Create {
        /// What they will sign in with.
        username: String,
        /// The account, which has no owner yet.
        account: PaperAccountId,
    },
    /// Makes a person with a mandate on an account. Load the slice by the user name.
    Add {
        /// What they will sign in with.
        username: String,
        /// The account.
        account: PaperAccountId,
        /// The preset that its powers come from.
        role: Role,
    },
}

/// What happened to persons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Made.
    Created(Person),
}

impl Event {
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Created(_) => "person.created",
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Created(one) => format!("Person {} was created", one.username),
        }
    }
}

pub(crate) fn apply(slice: &mut Slice, event: &Event) {
    let Event::Created(person) = event;
    slice.person = Some(person.clone());
    slice.stranger = None;
}
