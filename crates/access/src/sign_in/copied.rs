//! A sign-in under way that is shown from somewhere else than it started: refused there, and
//! reported once.

use super::{Attempt, Event};
use crate::agent;
use crate::binding::{Beginner, PublicKey};
use crate::decision::{self, Decision, Ground};
use crate::id::PersonId;
use crate::notice::{self, Topic};
use crate::refusal::{Refusal, SignInRefusal};
use crate::slice::Slice;

/// A step from another browser than the one that began: refused, and told once where it looks like a
/// copy. The sign-in itself goes on, where it was begun.
pub(super) fn elsewhere(ground: &Ground<'_>, attempt: &Attempt) -> Decision {
    let refusal = Refusal::SignIn(SignInRefusal::AttemptElsewhere);
    if attempt.begun.told || !attempt.begun.is_copied_by(ground.source) {
        return Decision::refused(Vec::new(), refusal);
    }
    let begun = Beginner { told: true, ..attempt.begun };
    let changed = Event::Changed(Attempt { begun, ..attempt.clone() });
    Decision::refused(vec![changed.into(), tell_copy(ground, attempt.person)], refusal)
}

/// The sign-ins that a browser began under a key that it renewed.
pub(crate) fn rekeyed(
    slice: &Slice,
    old: Option<PublicKey>,
    new: PublicKey,
) -> impl Iterator<Item = decision::Event> + '_ {
    slice.attempts.iter().filter(move |one| one.begun.key == old).map(move |one| {
        let begun = Beginner { key: Some(new), ..one.begun };
        Event::Changed(Attempt { begun, ..one.clone() }).into()
    })
}

/// What a person is told of a sign-in that was copied on its way.
pub(super) fn tell_copy(ground: &Ground<'_>, person: PersonId) -> decision::Event {
    let text = format!(
        "A copy of your sign-in was used from {} ({}) and was refused: it lacked the key of the browser that started it, so it opened nothing. Somebody may be able to read what that browser stores: look there for programs and extensions that you did not install. If you were not signing in, somebody knows your password: change it.",
        ground.source,
        agent::family(&ground.source.agent)
    );
    notice::queue(ground, person, Topic::SignInCopied, text, None)
}
