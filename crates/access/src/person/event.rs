//! What can be asked about persons, what can happen, and what it does to a slice.

use serde::{Deserialize, Serialize};

use super::record::Person;
use crate::entitlements::Limits;
use crate::id::{PaperAccountId, PersonId};
use crate::mandate::Role;
use crate::moment::Time;
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
    /// Sets what holds for every order of theirs and of their programs, on any account.
    Limit {
        /// All of it: what is not named is not limited.
        limits: Box<Limits>,
    },
}

/// What happened to persons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Made.
    Created(Person),
    /// Given other limits.
    Limited {
        /// Who.
        person: PersonId,
        /// Their limits from now on.
        limits: Box<Limits>,
        /// When it happened.
        at: Time,
    },
}

impl Event {
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Created(_) => "person.created",
            Self::Limited { .. } => "person.limited",
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Created(one) => format!("Person {} was created", one.username),
            Self::Limited { .. } => "The limits of the person were changed".to_owned(),
        }
    }
}

pub(crate) fn apply(slice: &mut Slice, event: &Event) {
    match event {
        Event::Created(person) => {
            slice.person = Some(person.clone());
            slice.stranger = None;
        }
        Event::Limited { person, limits, .. } => {
            let known = slice.person.iter_mut().filter(|one| one.id == *person);
            known.for_each(|one| one.limits = (**limits).clone());
        }
    }
}
