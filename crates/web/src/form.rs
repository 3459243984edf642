//! What a form sends: bounded parsing, and which of it may be shown again.

use maud::{Markup, html};
use url::form_urlencoded;

/// The largest body of a form, in bytes.
pub(crate) const LARGEST: usize = 64 * 1024;
/// How long a form may take to arrive once its head is here.
pub(crate) const ARRIVES: std::time::Duration = std::time::Duration::from_secs(10);
/// The most fields of a form.
const MOST: usize = 96;
/// The longest field, in bytes (an attestation of a passkey is the longest).
const LONGEST: usize = 32 * 1024;
/// The name of the field with the token.
pub(crate) const TOKEN: &str = "form";
/// Names of the fields by which any form can prove its person.
pub(crate) const PROOF_PASSWORD: &str = "prove_password";
pub(crate) const PROOF_CODE: &str = "prove_code";
/// Fields that are never shown again.
const SECRET: [&str; 9] = [
    TOKEN,
    "password",
    "again",
    "current",
    "code",
    "token",
    "credential",
    PROOF_PASSWORD,
    PROOF_CODE,
];
/// Those of them that a person typed and has to type again, each with its label.
const TYPED: [(&str, &str); 4] = [
    ("current", "Current password, again"),
    ("password", "New password, again"),
    ("again", "Repeat it"),
    ("code", "Code, again"),
];

/// Fields of a form or a query, in the order sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads `a=b&c=d`; none when there are too many or too long ones, or bytes that are no UTF-8.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut fields = Vec::new();
        for (name, value) in form_urlencoded::parse(bytes) {
            let sound = !name.contains('\u{fffd}') && !value.contains('\u{fffd}');
            if fields.len() == MOST || name.len() > 64 || value.len() > LONGEST || !sound {
                return None;
            }
            fields.push((name.into_owned(), value.into_owned()));
        }
        Some(Self(fields))
    }

    /// The first value of this name, without the space around it; empty when there is none.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// The first value of this name as typed (a password may begin with a space).
    pub(crate) fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// All values of this name.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.trim())
    }

    /// Whether a box of this name was ticked, or its button pressed.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// All that may be shown again: no token, no password, no code.
    pub(crate) fn shown(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .filter(|(key, _)| !SECRET.contains(&key.as_str()))
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// What was typed and is not kept: name and label of each.
    pub(crate) fn hidden(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        TYPED.into_iter().filter(|(name, _)| self.has(name))
    }

    #[cfg(test)]
    pub(crate) fn of(pairs: &[(&str, &str)]) -> Self {
        Self(pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
    }
}

/// A path on this site to go on to, or `/`: nothing with a host, a scheme or a line break passes.
pub(crate) fn local_path(text: &str) -> &str {
    let plain = text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    let local = text.starts_with('/') && !text.starts_with("//") && text.len() <= 512;
    if plain && local { text } else { "/" }
}

/// What a form sent in hidden fields, to be sent once more.
pub(crate) fn kept(fields: &Fields) -> Markup {
    html! { @for (name, value) in fields.shown() { input type="hidden" name=(name) value=(value); } }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn path_to_another_site_becomes_the_root() {
        for bad in [
            "https://evil.example/",
            "//evil.example/",
            "/\\evil.example",
            "javascript:alert(1)",
            "",
            "/a\r\nSet-Cookie: x",
            "orders",
            "/\u{e9}",
        ] {
            assert_eq!(local_path(bad), "/", "{bad}");
        }
        assert_eq!(local_path("/orders/17?x=1"), "/orders/17?x=1");
    }

    #[test]
    fn form_too_large_or_not_text_is_none() {
        assert!(Fields::parse(&b"a=1&".repeat(MOST + 1)).is_none());
        assert!(Fields::parse(b"a=%FF%FE").is_none());
        assert!(Fields::parse(format!("a={}", "b".repeat(LONGEST + 1)).as_bytes()).is_none());
        let fields = Fields::parse(b"side=buy&symbol=+AAPL&password=+x&form=t").unwrap();
        assert_eq!((fields.get("symbol"), fields.raw("password")), ("AAPL", " x"));
        assert_eq!(fields.shown().collect::<Vec<_>>(), [("side", "buy"), ("symbol", " AAPL")]);
    }
}
