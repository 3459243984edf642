//! Persons: who signs in.

use serde::{Deserialize, Serialize};

use crate::decision::{Answer, Decision, Ground};
use crate::id::{AccountId, PaperAccountId, PersonId};
use crate::mandate::{self, Mandate, Role};
use crate::moment::Time;
use crate::name::Username;
use crate::refusal::Refusal;
use crate::slice::Slice;

/// Someone who signs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Its id.
    pub id: PersonId,
    /// What they sign in with.
    pub username: Username,
    /// When it was made.
    pub created_at: Time,
}

/// What is asked about persons.
pub enum Command {
    /// Makes a person who owns a new account. Load the slice by the user name.
    Create {
        /// What they will sign in with.
        username: String,
        /// The account, which has no owner yet.
        account: PaperAccountId,
    },
    /// Makes a person who may look at an account of somebody else's. Load the slice by the user name.
    Add {
        /// What they will sign in with.
        username: String,
        /// The account.
        account: PaperAccountId,
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

pub(crate) fn decide(
    slice: &Slice,
    ground: &Ground<'_>,
    command: &Command,
) -> Result<Decision, Refusal> {
    let (username, account, role) = match command {
        Command::Create { username, account } => (username, account, Role::Owner),
        Command::Add { username, account } => (username, account, Role::Auditor),
    };
    if !ground.by.runs_the_server() {
        return Err(Refusal::OperatorOnly);
    }
    let username = Username::new(username)?;
    let id = AccountId::from(*account);
    let mandates = slice.account(id).map_or(&[][..], |account| &account.mandates);
    if role == Role::Owner && mandates.iter().any(|one| one.role == Role::Owner) {
        return Err(Refusal::AccountTaken { account: id });
    }
    if slice.person.is_some() {
        return Err(Refusal::NameTaken { what: "person", name: username.to_string() });
    }
    let id = PersonId(ground.moment.draw("person"));
    let at = ground.moment.now;
    let person = Person { id, username, created_at: at };
    let account = (*account).into();
    let mandate = Mandate { person: id, account, role, granted_at: at, until: None };
    Ok(Decision::new(
        vec![Event::Created(person).into(), mandate::Event::Granted(mandate).into()],
        Answer::PersonCreated { person: id },
    ))
}
