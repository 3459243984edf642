//! Names that people give.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::refusal::Refusal;

/// Longest name of a credential, device or authenticator, in bytes.
pub const NAME_LIMIT: usize = 64;

/// A name for something: 1 to 64 bytes, no control characters, no space at the ends.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Name(String);

impl Name {
    /// Checks the name of a `what`.
    pub fn new(what: &'static str, text: &str) -> Result<Self, Refusal> {
        let text = text.trim();
        // Characters that turn the text's direction can make one name look like another.
        let hidden = |letter: char| {
            letter.is_control()
                || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
        };
        if text.is_empty() || text.len() > NAME_LIMIT || text.chars().any(hidden) {
            return Err(Refusal::NameInvalid { what, length: text.len(), limit: NAME_LIMIT });
        }
        Ok(Self(text.to_owned()))
    }

    /// A fixed name, for code that knows it is valid: cut at the limit, never empty.
    pub(crate) fn fixed(text: &'static str) -> Self {
        Self(text.chars().take(NAME_LIMIT / 4).collect())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new("name", &String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// What a person signs in with: 1 to 64 of `a-z 0-9 . - _ @`, a letter or digit first. Typed in any
/// case; kept in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Username(String);

impl Username {
    /// Checks and folds what was typed.
    pub fn new(text: &str) -> Result<Self, Refusal> {
        let text = text.trim().to_ascii_lowercase();
        let first = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        let rest = |byte: u8| byte.is_ascii_alphanumeric() || b".-_@".contains(&byte);
        if !first || text.len() > NAME_LIMIT || !text.bytes().all(rest) {
            return Err(Refusal::UsernameInvalid { length: text.len(), limit: NAME_LIMIT });
        }
        Ok(Self(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl<'de> Deserialize<'de> for Username {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_with_control_or_hidden_characters_is_refused() {
        let long = "x".repeat(65);
        for bad in ["", "  ", "a\nb", "a\u{0}", "a\u{202e}b", "\u{feff}", long.as_str()] {
            assert!(Name::new("device", bad).is_err(), "{bad:?}");
        }
        assert_eq!(
            Name::new("device", " <b>Bot</b> \u{e9} ").map(|name| name.to_string()),
            Ok("<b>Bot</b> \u{e9}".to_owned())
        );
    }

    #[test]
    fn username_is_folded_and_odd_ones_are_refused() {
        assert_eq!(
            Username::new(" Ann@Example ").map(|name| name.to_string()),
            Ok("ann@example".to_owned())
        );
        for bad in ["", "-ann", "an n", "\u{e9}", "a/b"] {
            assert!(Username::new(bad).is_err(), "{bad:?}");
        }
    }
}
