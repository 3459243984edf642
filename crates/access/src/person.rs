//! Persons: who signs in.

use crate::decision::{Answer, Decision, Ground};
use crate::id::{AccountId, PersonId};
use crate::mandate::{self, Mandate, Role};
use crate::name::Username;
use crate::refusal::Refusal;
use crate::slice::Slice;

pub(crate) mod event;
mod record;

pub use event::{Command, Event};
pub use record::Person;

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
    let (acts, products) = (role.acts(), role.products());
    let mandate =
        Mandate { person: id, account, role, acts, products, granted_at: at, until: None };
    Ok(Decision::new(
        vec![Event::Created(person).into(), mandate::Event::Granted(mandate).into()],
        Answer::PersonCreated { person: id },
    ))
}
