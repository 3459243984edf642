//! Recovery codes: ten on paper, each once, in place of the TOTP code after the password.
//!
//! A code has 120 random bits. Nobody guesses that, nor finds it from its digest by trying, so it is
//! kept as a SHA-256 digest and not under a slow hash (ASVS 6.5.2 asks for one below 112 bits). The
//! digest is made together with the id of its set, so that sets share nothing.

use data_encoding::BASE32_NOPAD;

use crate::authenticator::{Authenticator, Event, Kind, tell, warning};
use crate::decision::{self, Answer, Decision, Ground};
use crate::entitlements::Act;
use crate::id::{AuthenticatorId, PersonId};
use crate::name::Name;
use crate::notice::{self, Topic};
use crate::refusal::Refusal;
use crate::secret::{Digest, Secret};
use crate::slice::Slice;
use crate::typed;

/// Codes of a set.
pub const COUNT: usize = 10;
/// Random bytes of a code.
const BYTES: usize = 15;
/// Letters of a group: people copy four at a time.
const GROUP: usize = 4;

/// The digest that stands for a code of a set.
fn digest(set: AuthenticatorId, code: &[u8]) -> Digest {
    Digest::of_parts(&[b"recovery code", &set.0, code])
}

/// The code as people read it: `ABCD-EFGH-...`.
fn written(code: &[u8]) -> Secret {
    let letters = BASE32_NOPAD.encode(code);
    let mut text = String::with_capacity(letters.len() + letters.len() / GROUP);
    for (at, letter) in letters.chars().enumerate() {
        if at > 0 && at % GROUP == 0 {
            text.push('-');
        }
        text.push(letter);
    }
    Secret::from_text(text)
}

/// What a typed code stands for: case, spaces and dashes do not count, and the digits that base 32
/// has not are the letters that they look like. None when it cannot be one.
pub(crate) fn read(typed: &Secret) -> Option<Vec<u8>> {
    let mut letters = Vec::with_capacity(BYTES * 8 / 5);
    for byte in typed::code(typed).expose() {
        match byte.to_ascii_uppercase() {
            b'0' => letters.push(b'O'),
            b'1' => letters.push(b'I'),
            b'8' => letters.push(b'B'),
            letter => letters.push(letter),
        }
    }
    BASE32_NOPAD.decode(&letters).ok().filter(|code| code.len() == BYTES)
}

/// The set and the digest of an unused code, if this is one.
pub(crate) fn find(slice: &Slice, code: &[u8]) -> Option<(AuthenticatorId, Digest)> {
    let set = slice.recovery_codes()?;
    let Kind::RecoveryCodes { left } = &set.kind else { return None };
    let typed = digest(set.id, code);
    left.iter().any(|one| one.same(&typed)).then_some((set.id, typed))
}

/// The events of a code that was right: it is used up, and its person is told.
pub(crate) fn spend(
    slice: &Slice,
    ground: &Ground<'_>,
    person: PersonId,
    (authenticator, code): (AuthenticatorId, Digest),
) -> [decision::Event; 2] {
    let left = slice.codes_left().saturating_sub(1);
    let more = if left <= 3 { " Make new ones soon." } else { "" };
    let text = format!(
        "A recovery code was used to sign in. Recovery codes left: {left} of {COUNT}.{more}{}",
        warning(ground)
    );
    let used = Event::RecoveryCodeUsed { authenticator, code, at: ground.moment.now };
    [used.into(), notice::queue(ground, person, Topic::AuthenticatorChanged, text, None)]
}

/// Makes a set; the one before it dies with all its codes. Only the person sees them, once: the
/// operator gives links, and cannot hold another's codes.
pub(super) fn make(slice: &Slice, ground: &Ground<'_>) -> Result<Decision, Refusal> {
    ground.authorise(slice, Act::ManageAuthenticators)?;
    ground.session(slice)?;
    ground.check_recent(slice)?;
    if slice.recovery_codes().is_some() {
        ground.check_not_held(slice, Act::ManageAuthenticators)?;
    }
    let person = slice.owner()?;
    if slice.password().is_none() || !slice.is_enrolled() {
        return Err(Refusal::RecoveryCodesEarly);
    }
    let id = AuthenticatorId(ground.moment.draw("authenticator"));
    let drawn: [u8; BYTES * COUNT] = ground.moment.draw("recovery codes");
    let codes: Vec<&[u8]> = drawn.chunks_exact(BYTES).collect();
    let left = codes.iter().map(|code| digest(id, code)).collect();
    let authenticator = Authenticator {
        id,
        person: person.id,
        name: Name::fixed("Recovery codes"),
        kind: Kind::RecoveryCodes { left },
        row_version: 1,
        created_at: ground.moment.now,
        last_used_at: None,
    };
    let before = slice.recovery_codes();
    let mut events: Vec<decision::Event> =
        before.map(|one| Event::Removed { authenticator: one.id }.into()).into_iter().collect();
    events.push(Event::Added(Box::new(authenticator)).into());
    let old = if before.is_some() { "; the old ones no longer work" } else { "" };
    events.extend(tell(ground, slice, &format!("{COUNT} recovery codes were made{old}.")));
    let codes = codes.into_iter().map(written).collect();
    Ok(Decision::new(events, Answer::RecoveryCodes { authenticator: id, codes }))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn code_is_read_as_people_type_it() {
        let code = [0xe7, 0x3d, 0x2b, 0x40, 0, 7, 9, 250, 81, 3, 4, 5, 6, 7, 8];
        let text = written(&code);
        let text = text.expose_text().unwrap();
        assert_eq!(text.len(), 24 + 5);
        let typed = |text: &str| read(&Secret::from_text(text.to_owned()));
        for way in [
            text.to_owned(),
            text.to_lowercase(),
            text.replace('-', " "),
            text.replace('-', ""),
            text.replace('O', "0").replace('I', "1").replace('B', "8"),
        ] {
            assert_eq!(typed(&way).as_deref(), Some(code.as_slice()), "{way}");
        }
        for bad in ["", "----", "ABCD", &text[1..], "\u{1f511}", &format!("{text}AAAA")] {
            assert_eq!(typed(bad), None, "{bad}");
        }
    }
}
