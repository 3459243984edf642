//! Tokens: secrets that we issue. A prefix says what it opens, so that a leaked one can be found;
//! a checksum tells a typing error from a wrong token without a look-up.

use std::sync::OnceLock;

use data_encoding::{Encoding, Specification};

use crate::moment::Moment;
use crate::secret::{Digest, Secret};

/// Bytes of randomness in a token: 160 bits.
const RANDOM: usize = 20;
/// Bytes of its checksum.
const CHECK: usize = 5;

/// What a token opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A session (cookie).
    Session,
    /// A device (cookie).
    Device,
    /// A sign-in under way (cookie).
    Attempt,
    /// A single-use link.
    Link,
    /// An API credential.
    Credential,
    /// A recovery under way (cookie; the operator's link).
    Recovery,
    /// Stops a recovery, and nothing else.
    Stop,
}

impl Kind {
    /// What its tokens begin with.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Session => "fps_",
            Self::Device => "fpd_",
            Self::Attempt => "fpa_",
            Self::Link => "fpl_",
            Self::Credential => "fpc_",
            Self::Recovery => "fpr_",
            Self::Stop => "fpx_",
        }
    }
}

/// Made once: every request with a session decodes a token.
fn encoding() -> Option<&'static Encoding> {
    static MADE: OnceLock<Option<Encoding>> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let mut specification = Specification::new();
        specification.symbols.push_str("0123456789abcdefghjkmnpqrstvwxyz");
        specification.encoding().ok()
    });
    made.as_ref()
}

fn check(kind: Kind, random: &[u8]) -> [u8; CHECK] {
    let digest = Digest::of_parts(&[kind.prefix().as_bytes(), random]);
    digest.0.first_chunk().copied().unwrap_or_default()
}

/// A fresh token: the prefix and 40 characters of base 32.
pub fn issue(kind: Kind, moment: &Moment) -> Secret {
    let random: [u8; RANDOM] = moment.draw(&format!("token {}", kind.prefix()));
    let bytes = [random.as_slice(), &check(kind, &random)].concat();
    let text = encoding().map(|encoding| encoding.encode(&bytes)).unwrap_or_default();
    Secret::from_text(format!("{}{text}", kind.prefix()))
}

/// Whether the text can be a token of this kind: its form and checksum.
pub fn is_well_formed(kind: Kind, text: &str) -> bool {
    let Some(bytes) =
        text.strip_prefix(kind.prefix()).and_then(|rest| encoding()?.decode(rest.as_bytes()).ok())
    else {
        return false;
    };
    match bytes.split_at_checked(RANDOM) {
        Some((random, rest)) => rest == check(kind, random),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::moment::Time;

    #[test]
    fn token_altered_or_of_another_kind_is_not_well_formed() {
        let token = issue(Kind::Credential, &Moment::new(Time(0), [1; 32]));
        let text = token.expose_text().unwrap();
        assert!(is_well_formed(Kind::Credential, text), "{text}");
        assert_eq!(text.len(), 44);
        assert!(!is_well_formed(Kind::Link, text));
        assert!(!is_well_formed(Kind::Link, &text.replacen("fpc_", "fpl_", 1)));
        for place in 4..text.len() {
            let mut bytes = text.as_bytes().to_vec();
            *bytes.get_mut(place).unwrap() ^= 1;
            let altered = String::from_utf8(bytes).unwrap();
            assert!(!is_well_formed(Kind::Credential, &altered), "{altered}");
        }
        assert!(!is_well_formed(Kind::Credential, "fpc_"));
        assert!(!is_well_formed(Kind::Credential, ""));
    }
}
