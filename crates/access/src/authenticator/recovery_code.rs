//! Recovery codes: ten on paper. Each works once, in place of the TOTP code after the password.
//!
//! A code has 120 random bits. Nobody can guess that, or find it by trying digests, so it is kept
//! as a SHA-256 digest and not under a slow hash (ASVS 6.5.2 asks for one below 112 bits). The
//! digest includes the id of its set, so that two sets share nothing.

use data_encoding::BASE32_NOPAD;

use super::change::{tell, warning};
use crate::authenticator::{Authenticator, Event, Kind};
use crate::decision::{self, Answer, Decision, Ground};
use crate::entitlements::{Act, Resource};
use crate::id::{AuthenticatorId, PersonId};
use crate::name::Name;
use crate::notice::{self, Topic};
use crate::refusal::{ChangeRefusal, Refusal};
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

/// The letters of base 32 as it was written first (RFC 4648), and of what is written now: without I, L,
/// O and U, so that no two letters of a code look alike.
const BEFORE: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A letter of one alphabet as the letter of the same value in the other.
fn swap(letter: u8, from: &[u8; 32], to: &[u8; 32]) -> Option<u8> {
    let value = from.iter().position(|one| *one == letter)?;
    to.get(value).copied()
}

/// The code as people read it: `ABCD-EFGH-...`.
fn written(code: &[u8]) -> Secret {
    let letters = BASE32_NOPAD.encode(code);
    let mut text = String::with_capacity(letters.len() + letters.len() / GROUP);
    for (at, letter) in letters.bytes().filter_map(|one| swap(one, BEFORE, LETTERS)).enumerate() {
        if at > 0 && at % GROUP == 0 {
            text.push('-');
        }
        text.push(char::from(letter));
    }
    Secret::from_text(text)
}

/// What a typed code may stand for: in the letters of today, and in those that older codes were
/// written in, which stay valid. Case, spaces and dashes do not count, and a letter that an alphabet
/// lacks is the one that it looks like. None when it can be neither.
pub(crate) fn read(typed: &Secret) -> Option<Vec<Vec<u8>>> {
    let typed = typed::code(typed);
    let today = |letter: u8| {
        let meant = match letter {
            b'O' => b'0',
            b'I' | b'L' => b'1',
            letter => letter,
        };
        swap(meant, LETTERS, BEFORE)
    };
    let before = |letter: u8| match letter {
        b'0' => Some(b'O'),
        b'1' => Some(b'I'),
        b'8' => Some(b'B'),
        letter => Some(letter),
    };
    let decode = |letter: &dyn Fn(u8) -> Option<u8>| {
        let letters = typed.expose().iter().map(|byte| letter(byte.to_ascii_uppercase()));
        let letters = letters.collect::<Option<Vec<u8>>>()?;
        BASE32_NOPAD.decode(&letters).ok().filter(|code| code.len() == BYTES)
    };
    let found: Vec<_> = [decode(&today), decode(&before)].into_iter().flatten().collect();
    (!found.is_empty()).then_some(found)
}

/// The set and the digest of an unused code, if one of these is one.
pub(crate) fn find(slice: &Slice, codes: &[Vec<u8>]) -> Option<(AuthenticatorId, Digest)> {
    let set = slice.recovery_codes()?;
    let Kind::RecoveryCodes { left } = &set.kind else { return None };
    let mut typed = codes.iter().map(|code| digest(set.id, code));
    typed.find(|typed| left.iter().any(|one| one.same(typed))).map(|typed| (set.id, typed))
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
    ground.authorise(slice, Act::ManageAuthenticators, Resource::Person)?;
    ground.session(slice)?;
    ground.check_recent(slice)?;
    if slice.recovery_codes().is_some() {
        ground.check_not_held(slice, Act::ManageAuthenticators)?;
    }
    let person = slice.owner()?;
    if slice.password().is_none() || !slice.is_enrolled() {
        return Err(Refusal::Change(ChangeRefusal::RecoveryCodesEarly));
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
        let is_it =
            |text: &str| typed(text).is_some_and(|found| found.iter().any(|one| one == &code));
        assert!(!text.contains(['I', 'L', 'O', 'U']), "{text}");
        for way in [
            text.to_owned(),
            text.to_lowercase(),
            text.replace('-', " "),
            text.replace('-', ""),
            text.replace('0', "O").replace('1', "I"),
            text.replace('0', "o").replace('1', "l"),
        ] {
            assert!(is_it(&way), "{way}");
        }
        for bad in ["", "----", "ABCD", &text[1..], "\u{1f511}", &format!("{text}AAAA")] {
            assert_eq!(typed(bad), None, "{bad}");
        }
    }

    #[test]
    fn code_of_the_former_alphabet_is_still_read() {
        let code = [0xe7, 0x3d, 0x2b, 0x40, 0, 7, 9, 250, 81, 3, 4, 5, 6, 7, 8];
        let before = BASE32_NOPAD.encode(&code);
        assert!(before.contains('O') || before.contains('I'), "{before}");
        for way in [before.clone(), before.replace('O', "0").replace('I', "1").replace('B', "8")] {
            let found = read(&Secret::from_text(way.clone())).unwrap();
            assert!(found.iter().any(|one| one == &code), "{way}");
        }
    }
}
