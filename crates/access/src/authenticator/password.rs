//! Passwords: hashed outside by Argon2id, sealed here.

use super::change::{drop_attempts, end_sessions, tell};
use crate::authenticator::{Authenticator, Event, Kind, PasswordCheck};
use crate::decision::{Answer, Decision, Ground};
use crate::entitlements::{Act, Resource};
use crate::id::AuthenticatorId;
use crate::name::Name;
use crate::refusal::{ChangeRefusal, Field, InputRefusal, Refusal, SignInRefusal};
use crate::secret::Secret;
use crate::slice::Slice;
use crate::throttle;

mod guess;

pub use guess::{Guess, SHORTEST};

/// Longest password, in bytes; NIST asks for 64 characters or more.
pub const LONGEST: usize = 1024;

/// Whether a new password has a fitting length. Spaces and any Unicode are fine.
pub fn check_length(password: &Secret) -> Result<(), InputRefusal> {
    let length = password.expose_text().map_or(0, |text| text.chars().count());
    if length < SHORTEST || password.len() > LONGEST {
        return Err(InputRefusal::OutOfRange {
            field: Field::Password,
            given: length.to_string(),
            least: SHORTEST.to_string(),
            most: LONGEST.to_string(),
        });
    }
    Ok(())
}

/// Whether a new password will do for the person of this name: it has a fitting length, and would
/// not be guessed early. Nothing else is asked of it (ASVS 6.2.1, 6.2.4, 6.2.5, 6.2.9 to 6.2.12).
pub fn check(password: &Secret, username: &str) -> Result<(), Refusal> {
    check_length(password)?;
    let guess = password.expose_text().and_then(|text| guess::find(text, username));
    guess.map_or(Ok(()), |reason| Err(Refusal::Input(InputRefusal::PasswordGuessable { reason })))
}

/// Whether a proof is about the current row; if not, it must be made again.
pub(crate) fn is_current(slice: &Slice, proof: &PasswordCheck) -> Result<(), SignInRefusal> {
    let row = slice.password().map(|one| (one.id, one.row_version));
    let proven = proof.authenticator.map(|id| (id, proof.row_version));
    if row == proven { Ok(()) } else { Err(SignInRefusal::ProofStale) }
}

pub(super) fn set(
    slice: &Slice,
    ground: &Ground<'_>,
    hash: &Secret,
    old: Option<&PasswordCheck>,
) -> Result<Decision, Refusal> {
    ground.authorise(slice, Act::ManageAuthenticators, Resource::Person)?;
    if slice.password().is_some() {
        ground.check_not_held(slice, Act::ManageAuthenticators)?;
    }
    let person = slice.owner()?;
    let standing = slice.password();
    if standing.is_none() {
        ground.check_recent(slice)?;
    }
    if standing.is_some() && !ground.by.runs_the_server() {
        let place = throttle::place(slice, ground.source, ground.moment.now);
        throttle::check(slice, throttle::Factor::Password, place, ground.moment.now)?;
        let proof = old.ok_or(ChangeRefusal::OldPasswordNeeded)?;
        is_current(slice, proof)?;
        if !proof.right {
            let failed =
                throttle::failed(slice, throttle::Factor::Password, place, ground.moment.now);
            let events = failed.map(Into::into).into_iter().collect();
            return Ok(Decision::refused(
                events,
                Refusal::Change(ChangeRefusal::OldPasswordNeeded),
            ));
        }
    }
    let id = AuthenticatorId(ground.moment.draw("authenticator"));
    let hash = ground.key.seal(hash, &Authenticator::purpose(id), ground.moment);
    let authenticator = Authenticator {
        id,
        person: person.id,
        name: Name::fixed("Password"),
        kind: Kind::Password { hash },
        row_version: 1,
        created_at: ground.moment.now,
        last_used_at: None,
    };
    let mut events = Vec::new();
    events.extend(standing.map(|one| Event::Removed { authenticator: one.id }.into()));
    events.push(Event::Added(Box::new(authenticator)).into());
    if standing.is_some() {
        events.extend(end_sessions(slice, ground));
        events.extend(drop_attempts(slice));
    }
    events.extend(tell(ground, slice, "Your password was changed."));
    Ok(Decision::new(events, Answer::AuthenticatorAdded { authenticator: id }))
}
