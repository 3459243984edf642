//! Confirming the person of a live session again: for acts that would let somebody who took a
//! session over stay, and for each act of a session that is not bound to its browser.

use crate::approval::{self, Asker, ContentKind};
use crate::authenticator::passkey::{self, Assertion};
use crate::authenticator::{PasswordCheck, password};
use crate::decision::{Answer, Decision, Ground};
use crate::device;
use crate::draft::Draft;
use crate::network;
use crate::policy::{Assurance, NewNetwork};
use crate::proof::{Proof, Used};
use crate::recovery::held;
use crate::refusal::{PasskeyFault, Refusal, SessionRefusal, SignInRefusal};
use crate::secret::Secret;
use crate::session::{self, Session};
use crate::sign_in;
use crate::slice::Slice;
use crate::throttle::{self, Factor};
use crate::token::{self, Kind};
use crate::window;

pub(crate) mod event;

pub use event::Command;

pub(crate) fn decide(
    slice: &Slice,
    ground: &Ground<'_>,
    command: &Command,
) -> Result<Decision, Refusal> {
    let session = ground.session(slice)?;
    match command {
        Command::Password { proof, code } => with_password(slice, ground, session, proof, code),
        Command::Passkey { outcome } => with_passkey(slice, ground, session, outcome.as_ref()),
        Command::Approved => {
            let asker = Asker::Session(session.id);
            let granted = approval::granted(slice, asker, ContentKind::StepUp, ground.moment.now)?;
            let mut draft = Draft::of(slice);
            draft.push(approval::Event::Closed { approval: granted.id });
            Ok(proven(draft, ground, session, &Proof::of([Used::Approval(granted.id)])))
        }
    }
}

/// The person was proven: the session gets a new token, so that one that was copied or planted before
/// has no part in what the proof opens. It counts for the network that the proof came from, unless the
/// policy wants a sign-in there, and renews the session where its window is near. What a recovery
/// brought proves held sessions alone.
fn proven(mut draft: Draft<'_>, ground: &Ground<'_>, session: &Session, proof: &Proof) -> Decision {
    let at = ground.moment.now;
    if session.held_until.is_none()
        && let Some(until) = held(draft.slice(), proof, at)
    {
        // What was used for it is used up all the same, and confirms nothing.
        return draft.refuse(Refusal::Session(SessionRefusal::ProofHeld { until }));
    }
    // More than a typed code stands behind the device from now on.
    if proof.used.iter().any(|one| matches!(one, Used::Passkey(_) | Used::Approval(_))) {
        draft.extend(device::confirm(draft.slice(), session.device));
    }
    let methods = proof.methods();
    let looks = draft.slice().policy(session.interface).new_network == NewNetwork::Look;
    let network = ground.source.address.filter(|_| !looks).map(network::of);
    let networks = network.map(|network| session.networks_with(network, true));
    let networks = networks.unwrap_or_else(|| session.networks.clone());
    let assurance = session.assurance.max(Assurance::of(&methods));
    let issued = token::issue(Kind::Session, ground.moment);
    let (session, token) = (session.id, Some(issued.digest()));
    draft.push(session::Event::Proven { session, methods, at, assurance, networks, token });
    let after = draft.slice();
    draft.extend(after.session(session).and_then(|session| window::renew(after, session, at)));
    draft.decide(Answer::Proven { token: issued })
}

fn with_password(
    slice: &Slice,
    ground: &Ground<'_>,
    session: &Session,
    proof: &PasswordCheck,
    code: &Secret,
) -> Result<Decision, Refusal> {
    let now = ground.moment.now;
    let place = throttle::place(slice, ground.source, now);
    throttle::check(slice, Factor::Password, place, now)?;
    password::is_current(slice, proof)?;
    if !proof.right {
        return Ok(sign_in::fail(
            slice,
            ground,
            Factor::Password,
            place,
            Refusal::SignIn(SignInRefusal::SignInFailed),
        ));
    }
    let mut draft = Draft::of(slice);
    match sign_in::use_totp(&mut draft, ground, place, (code, None))? {
        Ok(used) => Ok(proven(draft, ground, session, &Proof::of([Used::Password, used]))),
        Err(refused) => Ok(refused),
    }
}

fn with_passkey(
    slice: &Slice,
    ground: &Ground<'_>,
    session: &Session,
    outcome: Result<&Assertion, &PasskeyFault>,
) -> Result<Decision, Refusal> {
    let assertion = outcome
        .map_err(|fault| Refusal::SignIn(SignInRefusal::PasskeyRefused { reason: *fault }))?;
    let used = match passkey::check(slice, ground, assertion) {
        Ok(used) => used,
        Err(refused) => return Ok(*refused),
    };
    let mut draft = Draft::of(slice);
    draft.push(used.event);
    Ok(proven(draft, ground, session, &Proof::of([Used::Passkey(used.passkey)])))
}
