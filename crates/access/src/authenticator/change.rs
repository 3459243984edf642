//! What follows from each change of how a person signs in.

use super::event::Event;
use crate::agent;
use crate::decision::{self, Ground};
use crate::notice::{self, Topic};
use crate::session::{self, SessionEnd};
use crate::sign_in::drop_attempt;
use crate::slice::Slice;

/// The notice of every binding and loss, as NIST SP 800-63B-4 asks.
pub(super) fn tell(ground: &Ground<'_>, slice: &Slice, text: &str) -> Option<decision::Event> {
    let person = slice.person.as_ref()?;
    let text = format!("{text}{}", warning(ground));
    Some(notice::queue(ground, person.id, Topic::AuthenticatorChanged, text, None))
}

/// The end of a notice: where it came from, and what to do if it was somebody else.
pub(super) fn warning(ground: &Ground<'_>) -> String {
    if ground.source.address.is_none() {
        return " It was done on the server's command line. If you did not ask for it, ask the operator.".to_owned();
    }
    format!(
        " It came from {} ({}). If that was not you, lock the account, end your other sessions and tell the operator.",
        ground.source,
        agent::family(&ground.source.agent)
    )
}

/// Ends the person's sessions but the one that asks.
pub(super) fn end_sessions(slice: &Slice, ground: &Ground<'_>) -> Vec<decision::Event> {
    let at = ground.moment.now;
    let own = ground.session(slice).ok().map(|session| session.id);
    let reason = SessionEnd::AuthenticatorChanged;
    let others = slice.sessions.iter().filter(|session| Some(session.id) != own);
    others.map(|one| session::Event::Ended { session: one.id, at, reason }.into()).collect()
}

/// Drops the person's sign-ins under way: what they have proven no longer counts.
pub(super) fn drop_attempts(slice: &Slice) -> impl Iterator<Item = decision::Event> {
    slice.attempts.iter().flat_map(|one| drop_attempt(slice, one))
}

/// Takes a TOTP app away that was offered and not confirmed: anyone who saw its seed must not have the
/// one that is confirmed later.
pub(crate) fn withdraw_offer(slice: &Slice) -> Option<decision::Event> {
    let offered = slice.offered_totp()?;
    Some(Event::Removed { authenticator: offered.id }.into())
}
