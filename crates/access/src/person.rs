//! Persons: who signs in.

use crate::account;
use crate::decision::{Answer, Decision, Ground};
use crate::entitlements::Limits;
use crate::id::{AccountId, PersonId};
use crate::mandate::{self, Mandate, Role};
use crate::name::Username;
use crate::notice::{self, Topic};
use crate::refusal::{AccountRefusal, ChangeRefusal, Field, InputRefusal, Refusal};
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
    if !ground.by.runs_the_server() {
        return Err(Refusal::Change(ChangeRefusal::OperatorOnly));
    }
    let (username, account, role) = match command {
        Command::Create { username, account } => (username, account, Role::Owner),
        Command::Add { username, account, role } => (username, account, *role),
        Command::Limit { limits } => return limit(slice, ground, limits),
    };
    let username = Username::fresh(username)?;
    let id = AccountId::from(*account);
    let mandates = slice.account(id).map_or(&[][..], |account| &account.mandates);
    let is_new = matches!(command, Command::Create { .. });
    if is_new && mandates.iter().any(|one| one.role == Role::Owner) {
        return Err(Refusal::Account(AccountRefusal::AccountTaken { account: id }));
    }
    if slice.person.is_some() {
        return Err(Refusal::Input(InputRefusal::NameTaken {
            field: Field::Username,
            name: username.to_string(),
        }));
    }
    let opened = account::opened(slice, ground, id);
    if opened.is_none() {
        slice.open_account(id)?;
    }
    let account = id;
    let id = PersonId(ground.moment.draw("person"));
    let at = ground.moment.now;
    let person = Person { id, username, created_at: at, limits: Limits::default() };
    let text = format!(
        "{} is now {} of account {account}, by the operator.",
        person.username,
        role.name()
    );
    let mandate = Mandate::preset(mandate::drawn(ground), id, account, role, at);
    let mut events = vec![Event::Created(person).into()];
    events.extend(opened.map(Into::into));
    events.push(mandate::Event::Granted(mandate).into());
    let told = (Topic::AccountChanged, text.as_str());
    events.extend(notice::tell_owners(slice, ground, account, told));
    Ok(Decision::new(events, Answer::PersonCreated { person: id }))
}

/// Narrows or widens what a person orders anywhere; they are told.
fn limit(slice: &Slice, ground: &Ground<'_>, limits: &Limits) -> Result<Decision, Refusal> {
    let known = slice.owner()?;
    limits.check()?;
    if *limits == known.limits {
        return Ok(Decision::new(Vec::new(), Answer::Done));
    }
    let (limits, at) = (Box::new(limits.clone()), ground.moment.now);
    let event = Event::Limited { person: known.id, limits, at };
    let text = format!("{}, by the operator.", event.text());
    let mut events = vec![event.into()];
    events.push(notice::queue(ground, known.id, Topic::AccountChanged, text, None));
    Ok(Decision::new(events, Answer::Done))
}
