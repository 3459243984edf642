//! What is kept of contacts.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::id::{ContactId, PersonId, SessionId};
use crate::moment::Time;
use crate::refusal::InputRefusal;
use crate::secret::SealedSecret;
use crate::typed;

/// Longest mail address, in bytes (RFC 5321).
pub const MAIL_LIMIT: usize = 254;

/// Longest part before the `@`.
pub(super) const LOCAL_LIMIT: usize = 64;

/// Longest phone number, in bytes.
pub const PHONE_LIMIT: usize = 32;

/// A mail address: one `@`, before it a dot-atom of RFC 5321, behind it a domain's name. Nothing in
/// it can end a header or a command.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct MailAddress(String);

impl MailAddress {
    /// Checks what was typed; the domain is kept in lower case.
    pub fn new(text: &str) -> Result<Self, InputRefusal> {
        let text = typed::plain(text);
        let invalid = InputRefusal::MailInvalid { length: text.len(), limit: MAIL_LIMIT };
        let Some((local, domain)) = text.rsplit_once('@') else { return Err(invalid) };
        if text.len() > MAIL_LIMIT || !is_local(local) || !is_domain(domain) {
            return Err(invalid);
        }
        Ok(Self(format!("{local}@{}", domain.to_ascii_lowercase())))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

pub(super) fn is_local(text: &str) -> bool {
    let atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    text.len() <= LOCAL_LIMIT
        && text.split('.').all(|part| !part.is_empty() && part.bytes().all(atom))
}

pub(super) fn is_domain(text: &str) -> bool {
    let label = |part: &str| {
        (1..=63).contains(&part.len())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    text.split('.').all(label) && last.bytes().any(|byte| byte.is_ascii_alphabetic())
}

impl fmt::Display for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl<'de> Deserialize<'de> for MailAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// A phone number as people write it. It is shown to the operator and never dialled.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// Checks what was typed.
    pub fn new(text: &str) -> Result<Self, InputRefusal> {
        let text = typed::plain(text);
        let rest = text.strip_prefix('+').unwrap_or(&text);
        let digits = rest.bytes().filter(u8::is_ascii_digit).count();
        let plain = rest.bytes().all(|byte| byte.is_ascii_digit() || b" -()/.".contains(&byte));
        if !(5..=20).contains(&digits) || !plain || text.len() > PHONE_LIMIT {
            return Err(InputRefusal::PhoneInvalid { length: text.len(), limit: PHONE_LIMIT });
        }
        Ok(Self(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl<'de> Deserialize<'de> for PhoneNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// What a contact is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// A mail address.
    Mail(MailAddress),
    /// A phone number.
    Phone(PhoneNumber),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mail(address) => write!(f, "Mail address {address}"),
            Self::Phone(number) => write!(f, "Phone number {number}"),
        }
    }
}

/// A mail address or phone number of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Its id.
    pub id: ContactId,
    /// The person.
    pub person: PersonId,
    /// What it is.
    pub value: Value,
    /// Its state.
    pub state: State,
    /// When it came to stand there.
    pub changed_at: Time,
}

impl Contact {
    /// The mail address, if it is one.
    pub fn mail(&self) -> Option<&MailAddress> {
        match &self.value {
            Value::Mail(address) => Some(address),
            Value::Phone(_) => None,
        }
    }

    /// What its code is sealed for.
    pub(super) fn purpose(id: ContactId) -> String {
        format!("contact {id}")
    }
}

/// The state of a contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// A mail address that waits for its code.
    Asked(Asked),
    /// A mail address that codes and notices go to.
    Verified,
    /// A phone number, as text.
    Noted,
    /// A mail address that was removed or replaced.
    Former {
        /// Until then security notices go there too.
        until: Time,
    },
}

/// The code that a mail address waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The session that asked: the code works only there.
    pub session: SessionId,
    /// The code, sealed: the key is in no table, so the few digits cannot be found from it.
    pub code: SealedSecret,
    /// When the code expires.
    pub code_until: Time,
    /// Wrong tries that are left.
    pub tries_left: u32,
    /// Codes that were sent since `since`.
    pub sent: u32,
    /// When the last one was.
    pub sent_at: Time,
    /// When the first one was.
    pub since: Time,
}
