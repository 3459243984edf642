//! TOTP (RFC 6238): SHA-1, six digits, 30 seconds. A code counts in its own step and in the ones
//! beside it, for clocks that differ, and once.

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use zeroize::Zeroizing;

use super::change::{drop_attempts, end_sessions, tell};
use crate::authenticator::{Authenticator, Event, Kind};
use crate::call::By;
use crate::decision::{Answer, Decision, Ground};
use crate::entitlements::{Act, Resource};
use crate::id::{AttemptId, AuthenticatorId};
use crate::moment::Time;
use crate::name::Name;
use crate::person::Person;
use crate::refusal::{ChangeRefusal, Refusal, SignInRefusal};
use crate::secret::{Digest, Secret};
use crate::sign_in::drop_attempt;
use crate::slice::Slice;
use crate::typed;

/// Length of a step in seconds.
const STEP: i64 = 30;
/// Steps before and after the present one whose codes count.
const WINDOW: i64 = 1;

/// The step of a time.
pub const fn step(now: Time) -> i64 {
    now.seconds().div_euclid(STEP)
}

/// The code of a step: RFC 4226's dynamic truncation of HMAC-SHA1.
pub fn code(seed: &[u8], step: i64) -> String {
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(seed) else {
        // HMAC takes a key of any length.
        unreachable!("HMAC refused a key")
    };
    mac.update(&step.to_be_bytes());
    let hash: [u8; 20] = mac.finalize().into_bytes().into();
    let offset = usize::from(hash.last().copied().unwrap_or(0) & 15);
    let word = hash.get(offset..).and_then(|tail| tail.first_chunk()).copied().unwrap_or_default();
    format!("{:06}", (u32::from_be_bytes(word) & 0x7fff_ffff) % 1_000_000)
}

/// What a typed code is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeVerdict {
    /// Right, for this step.
    Right(i64),
    /// Right for a step that was used, or an earlier one.
    Replayed,
    /// Wrong.
    Wrong,
}

/// Digits of a code.
pub(crate) const DIGITS: usize = 6;

/// Checks a typed code; how it was typed does not count. All codes of the window are compared, each in
/// constant time. `wall` is what the system's clock says, for the app goes by a clock of its own.
///
/// What stops a code from being used twice is the last step that was used. One that lies beyond the
/// window was used before the clock was set back: held against today's codes it would shut a right app
/// out until the clock has come to it again.
pub fn check(seed: &[u8], typed: &Secret, wall: Time, last_step: Option<i64>) -> CodeVerdict {
    let typed = typed::code(typed);
    let now = step(wall);
    let last_step = last_step.filter(|last| *last <= now + WINDOW);
    let mut verdict = CodeVerdict::Wrong;
    for step in now - WINDOW..=now + WINDOW {
        let code = Zeroizing::new(code(seed, step));
        if typed.matches(code.as_bytes()) {
            verdict = if last_step.is_some_and(|last| step <= last) {
                CodeVerdict::Replayed
            } else {
                CodeVerdict::Right(step)
            };
        }
    }
    verdict
}

pub(super) fn offer(slice: &Slice, ground: &Ground<'_>) -> Result<Decision, Refusal> {
    ground.authorise(slice, Act::ManageAuthenticators, Resource::Person)?;
    let person = slice.owner()?;
    // A recovered person lost theirs: the new one counts beside it once it is confirmed.
    if slice.totp().is_some() && ground.check_not_held(slice, Act::ManageAuthenticators).is_ok() {
        return Err(Refusal::Change(ChangeRefusal::TotpStands));
    }
    offered(slice, ground, person)
}

/// Another one, in place of one that stays until a code of the new one is typed.
pub(super) fn offer_another(slice: &Slice, ground: &Ground<'_>) -> Result<Decision, Refusal> {
    ground.authorise(slice, Act::ManageAuthenticators, Resource::Person)?;
    ground.check_not_held(slice, Act::ManageAuthenticators)?;
    ground.check_recent(slice)?;
    slice.totp().ok_or(Refusal::not_found("authenticator app to replace"))?;
    offered(slice, ground, slice.owner()?)
}

fn offered(slice: &Slice, ground: &Ground<'_>, person: &Person) -> Result<Decision, Refusal> {
    // Asked again before it is confirmed, say by a reloaded page, it offers the same seed.
    if let Some(offered) = slice.offered_totp()
        && is_of(ground, offered)
    {
        let seed = offered.open_seed(ground.key)?;
        return Ok(Decision::new(Vec::new(), answer(offered.id, person, &seed)));
    }
    let id = offer_id(ground.moment.draw("authenticator"), ground.by);
    let seed = Secret::new(ground.moment.draw::<20>("totp seed").to_vec());
    let authenticator = Authenticator {
        id,
        person: person.id,
        name: Name::fixed("TOTP app"),
        kind: Kind::Totp {
            seed: ground.key.seal(&seed, &Authenticator::purpose(id), ground.moment),
            // The server shows the seed to anyone who runs it, in a new demo folder.
            confirmed: ground.by.runs_the_server() && slice.totp().is_none(),
            last_step: None,
        },
        row_version: 1,
        created_at: ground.moment.now,
        last_used_at: None,
    };
    let mut events = Vec::new();
    events.extend(slice.offered_totp().map(|one| Event::Removed { authenticator: one.id }.into()));
    events.push(Event::Added(Box::new(authenticator)).into());
    Ok(Decision::new(events, answer(id, person, &seed)))
}

/// The seed for a person's app, as text and as an address (the Key URI format of the apps).
fn answer(authenticator: AuthenticatorId, person: &Person, seed: &Secret) -> Answer {
    let text = BASE32_NOPAD.encode(seed.expose());
    let uri = uri(person.username.as_str(), &text);
    let seed = Secret::from_text(text);
    Answer::TotpOffered { authenticator, seed, uri }
}

/// The `otpauth://` address of a seed in base 32, for a QR code.
pub fn uri(username: &str, seed: &str) -> Secret {
    Secret::from_text(format!(
        "otpauth://totp/Floorpass:{}?secret={seed}&issuer=Floorpass&algorithm=SHA1&digits=6&period=30",
        username.replace('@', "%40")
    ))
}

pub(super) fn confirm(
    slice: &Slice,
    ground: &Ground<'_>,
    typed: &Secret,
) -> Result<Decision, Refusal> {
    ground.authorise(slice, Act::ManageAuthenticators, Resource::Person)?;
    ground.check_recent(slice)?;
    let none = Refusal::not_found("authenticator app to confirm");
    let offered = slice.offered_totp().filter(|one| is_of(ground, one)).ok_or(none)?;
    let seed = offered.open_seed(ground.key)?;
    let CodeVerdict::Right(step) = check(seed.expose(), typed, ground.moment.wall, None) else {
        return Err(Refusal::SignIn(SignInRefusal::CodeWrong));
    };
    let authenticator = offered.id;
    let confirmed = Event::TotpConfirmed { authenticator, step, at: ground.moment.now };
    // What a recovery brings takes nothing of its person's away: the app from before it goes once the
    // new one is used after the hold.
    let held = ground.check_not_held(slice, Act::ManageAuthenticators).err();
    let ends = held.is_none();
    let since = held.and_then(|_| slice.recovered(ground.moment.now)).map(|(since, _)| since);
    let (stay, go): (Vec<_>, Vec<_>) =
        slice.totps().partition(|one| since.is_some_and(|since| one.created_at < since));
    let mut events = gone(&go);
    events.push(confirmed.into());
    // Anyone who had the old one loses access with it.
    if ends && !go.is_empty() {
        events.extend(end_sessions(slice, ground));
        events.extend(drop_attempts(slice));
    }
    let told = match (stay.is_empty(), go.is_empty()) {
        (false, _) => {
            "added; the one from before the recovery keeps working until this one is used after the holding time"
        }
        (true, false) => "replaced",
        (true, true) => "added to your ways to sign in",
    };
    events.extend(tell(ground, slice, &format!("An authenticator app was {told}.")));
    Ok(Decision::new(events, Answer::AuthenticatorAdded { authenticator }))
}

fn gone(apps: &[&Authenticator]) -> Vec<crate::decision::Event> {
    apps.iter().map(|one| Event::Removed { authenticator: one.id }.into()).collect()
}

/// The id of an offer tells to whom it was made.
fn offer_id(drawn: [u8; 8], by: By) -> AuthenticatorId {
    let Digest(tag) = Digest::of_parts(&[b"totp offer", &drawn, by.to_string().as_bytes()]);
    let mut id = [0; 16];
    for (place, byte) in id.iter_mut().zip(drawn.into_iter().chain(tag)) {
        *place = byte;
    }
    AuthenticatorId(id)
}

/// Whether an app was offered to who asks, a session or the operator: the seed of another's offer was seen
/// there.
fn is_of(ground: &Ground<'_>, offered: &Authenticator) -> bool {
    let drawn = offered.id.0.first_chunk().copied().unwrap_or_default();
    matches!(ground.by, By::Session(_) | By::Operator { .. })
        && offered.id == offer_id(drawn, ground.by)
}

/// What the right code of one of the person's apps brings: outside of a recovery's hold the newest one
/// is used in place of those before it, and what they proved in other sign-ins under way is over.
pub(crate) fn used(
    slice: &Slice,
    ground: &Ground<'_>,
    (one, step): (&Authenticator, i64),
    attempt: Option<AttemptId>,
) -> Vec<crate::decision::Event> {
    let (authenticator, at) = (one.id, ground.moment.now);
    let mut events = vec![Event::TotpUsed { authenticator, step, at }.into()];
    let is_newest = slice.totp().is_some_and(|newest| newest.id == one.id);
    let older: Vec<_> = slice.totps().filter(|other| other.id != one.id).collect();
    if is_newest && !older.is_empty() && slice.recovered(at).is_none() {
        events.extend(gone(&older));
        let others = slice.attempts.iter().filter(|one| Some(one.id) != attempt);
        events.extend(others.flat_map(|one| drop_attempt(slice, one)));
        let text = "The authenticator app from before your recovery was removed, because the new one was used.";
        events.extend(tell(ground, slice, text));
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, SHA-1, the last six of eight digits.
    #[test]
    fn codes_are_those_of_the_rfc() {
        let seed = b"12345678901234567890";
        for (seconds, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code(seed, step(Time::from_seconds(seconds))), expected);
        }
    }

    #[test]
    fn code_counts_in_its_window_and_once() {
        let (seed, at) = (b"12345678901234567890", Time::from_seconds(1_234_567_890));
        let now = step(at);
        let typed = |step| Secret::from_text(code(seed, step));
        for (offset, expected) in [
            (-2, CodeVerdict::Wrong),
            (-1, CodeVerdict::Right(now - 1)),
            (0, CodeVerdict::Right(now)),
            (1, CodeVerdict::Right(now + 1)),
            (2, CodeVerdict::Wrong),
        ] {
            assert_eq!(check(seed, &typed(now + offset), at, None), expected, "{offset}");
        }
        assert_eq!(check(seed, &typed(now), at, Some(now)), CodeVerdict::Replayed);
        assert_eq!(check(seed, &typed(now - 1), at, Some(now)), CodeVerdict::Replayed);
        assert_eq!(check(seed, &typed(now + 1), at, Some(now)), CodeVerdict::Right(now + 1));
        assert_eq!(check(seed, &typed(now), at, Some(now + 1)), CodeVerdict::Replayed);
        assert_eq!(
            check(seed, &Secret::from_text("005 924".into()), at, None),
            CodeVerdict::Right(now)
        );
        let wide = Secret::from_text("００５９２４".into());
        assert_eq!(
            check(seed, &wide, at, None),
            CodeVerdict::Right(now),
            "as Japanese keyboards type"
        );
        let ahead = Some(now + 240);
        assert_eq!(check(seed, &typed(now), at, ahead), CodeVerdict::Right(now), "set back since");
        for bad in ["", "5924", "0059240", "+05924"] {
            assert_eq!(check(seed, &Secret::from_text(bad.into()), at, None), CodeVerdict::Wrong);
        }
    }
}
