//! Passkeys and security keys. The gate runs the ceremony; what it is worth is decided here.
//!
//! A passkey that verified its user is two factors that cannot be phished, so it signs in by
//! itself, on a new browser too, and makes that browser trusted. Its failures are never counted.

use super::change::tell;
use crate::authenticator::{Authenticator, Event, Kind};
use crate::decision::{self, Answer, Decision, Ground};
use crate::entitlements::{Act, Resource};
use crate::id::AuthenticatorId;
use crate::moment::{Span, Time};
use crate::name::Name;
use crate::refusal::{Field, InputRefusal, PasskeyFault, Refusal, SignInRefusal};
use crate::slice::Slice;

mod record;

pub use record::{Assertion, Passkey, Registration};

/// How long a ceremony may take (WebAuthn L3).
pub const CEREMONY: Span = Span::minutes(5);
/// Authenticators of a person.
const MOST: usize = 20;

fn check_age(began_at: Time, now: Time) -> Result<(), SignInRefusal> {
    if now.since(began_at) > CEREMONY {
        return Err(SignInRefusal::PasskeyRefused { reason: PasskeyFault::CeremonyEnded });
    }
    Ok(())
}

/// The use of a passkey.
pub(crate) struct PasskeyUse {
    pub passkey: AuthenticatorId,
    pub event: Event,
}

/// What an assertion counts for: its use, or the decision that refuses it.
pub(crate) fn check(
    slice: &Slice,
    ground: &Ground<'_>,
    assertion: &Assertion,
) -> Result<PasskeyUse, Box<Decision>> {
    weigh(slice, assertion, ground.moment.now).map_err(|refusal| {
        let events = suspect(slice, ground, &assertion.handle, &refusal);
        Box::new(Decision::refused(events, refusal))
    })
}

fn weigh(slice: &Slice, assertion: &Assertion, now: Time) -> Result<PasskeyUse, Refusal> {
    let refused = |reason| Refusal::SignIn(SignInRefusal::PasskeyRefused { reason });
    check_age(assertion.began_at, now)?;
    let (one, passkey) = slice.passkey(&assertion.handle).ok_or(refused(PasskeyFault::Unknown))?;
    if !assertion.user_verified {
        return Err(refused(PasskeyFault::UserNotVerified));
    }
    if let Some(since) = passkey.suspect_at {
        return Err(refused(PasskeyFault::Suspect { since }));
    }
    let (stored, given) = (passkey.counter, assertion.counter);
    if (stored > 0 || given > 0) && given <= stored {
        return Err(refused(PasskeyFault::CounterFell { stored, given }));
    }
    let event = Event::PasskeyUsed {
        authenticator: one.id,
        counter: given,
        backed_up: assertion.backed_up,
        data: assertion.data.clone(),
        at: now,
    };
    Ok(PasskeyUse { passkey: one.id, event })
}

/// The events beside the refusal of an assertion: a passkey whose counter did not rise is suspect
/// from now on, and its person is told. The other ways to sign in stay.
fn suspect(
    slice: &Slice,
    ground: &Ground<'_>,
    handle: &[u8],
    refusal: &Refusal,
) -> Vec<decision::Event> {
    let Refusal::SignIn(SignInRefusal::PasskeyRefused {
        reason: PasskeyFault::CounterFell { stored, given },
    }) = *refusal
    else {
        return Vec::new();
    };
    let Some((one, _)) = slice.passkey(handle) else { return Vec::new() };
    let at = ground.moment.now;
    let suspected = Event::PasskeySuspected { authenticator: one.id, stored, given, at };
    let text = format!(
        "The passkey {} was refused because its counter was {given}, not above {stored}: somebody may have a copy of it. It no longer signs anybody in. Your other ways to sign in still work; remove this one and add it again only if you know why.",
        one.name
    );
    let mut events = vec![suspected.into()];
    events.extend(tell(ground, slice, &text));
    events
}

pub(super) fn add(
    slice: &Slice,
    ground: &Ground<'_>,
    registration: &Registration,
    name: &str,
) -> Result<Decision, Refusal> {
    ground.authorise(slice, Act::ManageAuthenticators, Resource::Person)?;
    ground.check_recent(slice)?;
    let person = slice.owner()?;
    let now = ground.moment.now;
    check_age(registration.began_at, now)?;
    let refused = |reason| Refusal::SignIn(SignInRefusal::PasskeyRefused { reason });
    if !registration.user_verified {
        return Err(refused(PasskeyFault::UserNotVerified));
    }
    if slice.passkey(&registration.passkey.handle).is_some() {
        return Err(refused(PasskeyFault::Registered));
    }
    if slice.authenticators.len() >= MOST {
        let limit = u32::try_from(MOST).unwrap_or(u32::MAX);
        return Err(Refusal::Input(InputRefusal::TooMany {
            what: "authenticators",
            count: limit,
            limit,
        }));
    }
    let name = Name::new(Field::PasskeyName, name)?;
    let id = AuthenticatorId(ground.moment.draw("authenticator"));
    let text = format!("A passkey named {name} was added to your ways to sign in.");
    let authenticator = Authenticator {
        id,
        person: person.id,
        name,
        kind: Kind::Passkey(registration.passkey.clone()),
        row_version: 1,
        created_at: now,
        last_used_at: None,
    };
    let mut events = vec![Event::Added(Box::new(authenticator)).into()];
    events.extend(tell(ground, slice, &text));
    Ok(Decision::new(events, Answer::AuthenticatorAdded { authenticator: id }))
}
