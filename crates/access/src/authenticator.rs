//! Authenticators: what proves a person.

use crate::decision::{self, Answer, Decision, Ground};
use crate::draft::Draft;
use crate::entitlements::{Act, Resource};
use crate::id::AuthenticatorId;
use crate::link::{self, Purpose};
use crate::name::Name;
use crate::refusal::{ChangeRefusal, Field, Refusal};
use crate::slice::Slice;
use crate::throttle;

pub mod passkey;
pub mod password;
pub mod recovery_code;
pub mod totp;

mod change;
pub(crate) mod event;
mod record;

pub(crate) use change::withdraw_offer;
use change::{drop_attempts, end_sessions, tell};
pub use event::{Command, Event};
use record::TOTP;
pub use record::{Authenticator, Kind, PasswordCheck};

pub(crate) fn decide(
    slice: &Slice,
    ground: &Ground<'_>,
    command: &Command,
) -> Result<Decision, Refusal> {
    // What a reset removed may be set again; all else waits until what was kept is used.
    let fills = match command {
        Command::SetPassword { .. } => slice.password().is_none(),
        Command::OfferTotp | Command::ConfirmTotp { .. } => {
            ground.session(slice).is_ok_and(|session| slice.takes_app(session))
        }
        _ => false,
    };
    if !fills {
        ground.check_shown(slice)?;
    }
    match command {
        Command::SetPassword { hash, old } => password::set(slice, ground, hash, old.as_ref()),
        Command::OfferTotp => totp::offer(slice, ground),
        Command::ReplaceTotp => totp::offer_another(slice, ground),
        Command::ConfirmTotp { code } => totp::confirm(slice, ground, code),
        Command::AddPasskey { registration, name } => {
            passkey::add(slice, ground, registration, name)
        }
        Command::MakeRecoveryCodes => recovery_code::make(slice, ground),
        Command::Rename { authenticator, name } => rename(slice, ground, *authenticator, name),
        Command::Remove { authenticator } => remove(slice, ground, *authenticator),
        Command::ResetPassword => reset(slice, ground, "password", slice.password().into_iter()),
        Command::ResetTotp => reset(slice, ground, TOTP, slice.totps()),
    }
}

fn rename(
    slice: &Slice,
    ground: &Ground<'_>,
    id: AuthenticatorId,
    name: &str,
) -> Result<Decision, Refusal> {
    ground.authorise(slice, Act::ManageAuthenticators, Resource::Person)?;
    ground.check_not_held(slice, Act::ManageAuthenticators)?;
    let one = slice.authenticator(id).ok_or(Refusal::not_found("authenticator"))?;
    let name = Name::new(Field::AuthenticatorName, name)?;
    Ok(Decision::new(vec![Event::Renamed { authenticator: one.id, name }.into()], Answer::Done))
}

fn remove(slice: &Slice, ground: &Ground<'_>, id: AuthenticatorId) -> Result<Decision, Refusal> {
    ground.authorise(slice, Act::ManageAuthenticators, Resource::Person)?;
    ground.check_not_held(slice, Act::ManageAuthenticators)?;
    ground.check_recent(slice)?;
    let one = slice.authenticator(id).ok_or(Refusal::not_found("authenticator"))?;
    let mut draft = Draft::of(slice);
    draft.push(Event::Removed { authenticator: id });
    let left = draft.slice();
    if slice.is_enrolled() && !left.is_enrolled() {
        return Err(Refusal::Change(ChangeRefusal::LastAuthenticator));
    }
    // A person cannot fall back to what can be phished; the operator may take any key away.
    let had = slice.working_passkeys().next().is_some();
    if had && left.working_passkeys().next().is_none() && !ground.by.runs_the_server() {
        return Err(Refusal::Change(ChangeRefusal::LastPasskey));
    }
    let text = format!("{} was removed from your ways to sign in.", one.name);
    if !matches!(one.kind, Kind::Passkey(_)) {
        draft.extend(drop_attempts(slice));
    }
    draft.extend(tell(ground, slice, &text));
    Ok(draft.decide(Answer::Done))
}

/// The operator's reset: the authenticator, a TOTP app that is not confirmed, and all sessions go,
/// and a link to enrol again is made.
fn reset<'s>(
    slice: &'s Slice,
    ground: &Ground<'_>,
    what: &'static str,
    those: impl Iterator<Item = &'s Authenticator>,
) -> Result<Decision, Refusal> {
    if !ground.by.runs_the_server() {
        return Err(Refusal::Change(ChangeRefusal::OperatorOnly));
    }
    let (link, answer) = link::issue(slice, ground, Purpose::Enrolment)?;
    let mut events: Vec<decision::Event> = Vec::new();
    events.extend(those.map(|one| Event::Removed { authenticator: one.id }.into()));
    events.extend(withdraw_offer(slice));
    // The codes stand in for the app: anyone who made them may be the reason for the reset.
    let codes = slice.recovery_codes().filter(|_| what == TOTP);
    events.extend(codes.map(|one| Event::Removed { authenticator: one.id }.into()));
    events.extend(end_sessions(slice, ground));
    events.extend(drop_attempts(slice));
    events.push(throttle::Event::AllCleared.into());
    events.extend(link);
    events.extend(tell(ground, slice, &format!("The operator reset your {what}.")));
    Ok(Decision::new(events, answer))
}
