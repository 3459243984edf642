//! Plain ids. An id names a thing and proves nothing about who holds it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Crockford's base 32 alphabet, lower case: no `i`, `l`, `o` or `u`.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Characters that 128 bits take at 5 bits each.
const TEXT_LENGTH: usize = 26;

/// Why a text is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdError {
    /// What was expected, with an example of its form.
    pub expected: &'static str,
}

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not an id of this kind: expected {}", self.expected)
    }
}

impl std::error::Error for IdError {}

fn encode(prefix: &str, bytes: [u8; 16]) -> String {
    let number = u128::from_be_bytes(bytes);
    let mut text = String::with_capacity(prefix.len() + TEXT_LENGTH);
    text.push_str(prefix);
    for place in (0..TEXT_LENGTH).rev() {
        let digit = usize::try_from((number >> (place * 5)) & 31).unwrap_or(0);
        text.push(char::from(ALPHABET.get(digit).copied().unwrap_or(b'0')));
    }
    text
}

/// Only the canonical text is an id, so that two texts never name one thing.
fn decode(text: &str) -> Option<[u8; 16]> {
    if text.len() != TEXT_LENGTH || text.as_bytes().first()? > &b'7' {
        return None;
    }
    let mut number: u128 = 0;
    for byte in text.bytes() {
        let digit = ALPHABET.iter().position(|letter| *letter == byte)?;
        number = (number << 5) | u128::try_from(digit).ok()?;
    }
    Some(number.to_be_bytes())
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $prefix:literal)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 16]);

        impl $name {
            /// What its text begins with.
            pub const PREFIX: &'static str = $prefix;
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&encode($prefix, self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                text.strip_prefix($prefix)
                    .and_then(decode)
                    .map(Self)
                    .ok_or(IdError { expected: concat!($prefix, " and 26 characters of base 32") })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(self)
                } else {
                    self.0.serialize(serializer)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
                } else {
                    <[u8; 16]>::deserialize(deserializer).map(Self)
                }
            }
        }
    )*};
}

ids! {
    /// A person: someone who signs in.
    PersonId "per_"
    /// A mandate: somebody's authority on an account.
    MandateId "mdt_"
    /// A device: a browser profile, known by a token that it holds.
    DeviceId "dev_"
    /// A session: what a person gets by signing in at one interface.
    SessionId "ses_"
    /// An API credential: what a program holds.
    CredentialId "crd_"
    /// An authenticator: password, passkey or TOTP app.
    AuthenticatorId "aut_"
    /// A mail address or phone number of a person.
    ContactId "con_"
    /// A sign-in under way.
    AttemptId "att_"
    /// An approval that was asked for.
    ApprovalId "apr_"
    /// A single-use sign-in link.
    LinkId "lnk_"
    /// A lock on a person or an account.
    LockId "lck_"
    /// A message to a person, in the outbox.
    NoticeId "ntc_"
    /// A recovery contact that a person named.
    TrusteeId "trs_"
    /// A recovery of a person's access.
    RecoveryId "rcv_"
}

macro_rules! accounts {
    ($($(#[$doc:meta])* $name:ident $prefix:literal $expected:literal)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u32);

        impl $name {
            /// The greatest number: seven digits.
            pub const MAX: u32 = 9_999_999;

            /// The account of this number; none above [`Self::MAX`].
            pub const fn new(number: u32) -> Option<Self> {
                if number <= Self::MAX { Some(Self(number)) } else { None }
            }

            /// Its number, 0 to 9,999,999.
            pub const fn number(self) -> u32 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&format!(concat!($prefix, "{:07}"), self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let error = IdError { expected: $expected };
                let digits = text.strip_prefix($prefix).ok_or(error)?;
                if digits.len() != 7 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(error);
                }
                digits.parse().ok().and_then(Self::new).ok_or(error)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(self)
                } else {
                    self.0.serialize(serializer)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
                } else {
                    let number = u32::deserialize(deserializer)?;
                    Self::new(number)
                        .ok_or_else(|| de::Error::custom("account number above 9999999"))
                }
            }
        }
    )*};
}

accounts! {
    /// A paper account. A live account is another type, so that neither can stand for the other.
    PaperAccountId "DU" "DU and 7 digits (a paper account)"
    /// A live account: real money.
    LiveAccountId "U" "U and 7 digits (a live account)"
}

/// An account of either kind. Only what is about accounts as such takes it; what trades on paper
/// takes a [`PaperAccountId`], so that it cannot name a live account.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccountId {
    /// Pretend money.
    Paper(PaperAccountId),
    /// Real money.
    Live(LiveAccountId),
}

impl PaperAccountId {
    /// The lowest of all numbers.
    pub const FIRST: Self = Self(0);
    /// The highest of all numbers.
    pub const LAST: Self = Self(9_999_999);
}

impl AccountId {
    /// The paper account that it is; none for a live one.
    pub const fn paper(self) -> Option<PaperAccountId> {
        match self {
            Self::Paper(account) => Some(account),
            Self::Live(_) => None,
        }
    }
}

impl From<PaperAccountId> for AccountId {
    fn from(account: PaperAccountId) -> Self {
        Self::Paper(account)
    }
}

impl From<LiveAccountId> for AccountId {
    fn from(account: LiveAccountId) -> Self {
        Self::Live(account)
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Paper(account) => fmt::Display::fmt(account, f),
            Self::Live(account) => fmt::Display::fmt(account, f),
        }
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for AccountId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let expected = "DU (a paper account) or U (a live account), and 7 digits";
        let paper = text.parse().map(Self::Paper);
        paper.or_else(|_| text.parse().map(Self::Live)).map_err(|_: IdError| IdError { expected })
    }
}

/// As its text in every format: the two kinds share no number.
impl Serialize for AccountId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AccountId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A contract's id (conId on the TWS socket).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SymbolId(pub u32);

impl fmt::Display for SymbolId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Who holds an authority or did an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// A person's session.
    Session(SessionId),
    /// A program's credential.
    Credential(CredentialId),
    /// The person who runs the server, at the command line.
    Operator,
    /// The server itself.
    System,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(id) => fmt::Display::fmt(id, f),
            Self::Credential(id) => fmt::Display::fmt(id, f),
            Self::Operator => f.pad("operator"),
            Self::System => f.pad("system"),
        }
    }
}

/// `DU1234567, DU2345678 and DU3456789`.
pub fn each_of(accounts: &[PaperAccountId]) -> String {
    let names: Vec<_> = accounts.iter().map(ToString::to_string).collect();
    match names.split_last() {
        None => "no account".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn id_text_round_trips() {
        for bytes in [[0; 16], [255; 16], [7; 16], *b"0123456789abcdef"] {
            let id = SessionId(bytes);
            let text = id.to_string();
            assert_eq!(text.len(), 30, "{text}");
            assert_eq!(text.parse::<SessionId>().unwrap(), id);
        }
        assert_eq!(PersonId([0; 16]).to_string(), "per_00000000000000000000000000");
    }

    #[test]
    fn id_text_not_canonical_is_refused() {
        let good = DeviceId([9; 16]).to_string();
        for bad in [
            good.to_uppercase(),
            good.replacen("dev_", "ses_", 1),
            format!("{good}0"),
            "dev_80000000000000000000000000".to_owned(),
            "dev_0000000000000000000000000i".to_owned(),
            "dev_0000000000000000000000000\u{e9}".to_owned(),
            String::new(),
        ] {
            assert!(bad.parse::<DeviceId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn live_account_number_is_no_paper_account() {
        assert_eq!("DU1234567".parse(), Ok(PaperAccountId(1_234_567)));
        assert_eq!(PaperAccountId(42).to_string(), "DU0000042");
        for bad in ["U1234567", "DU123456", "DU12345678", "du1234567", "DU+123456", "DU 123456"] {
            assert!(bad.parse::<PaperAccountId>().is_err(), "{bad}");
        }
        assert_eq!(PaperAccountId::new(10_000_000), None);
    }

    #[test]
    fn account_of_either_kind_is_its_text_and_keeps_its_kind() {
        let paper = PaperAccountId(1_234_567);
        let live = LiveAccountId(1_234_567);
        for (account, text) in
            [(AccountId::from(paper), "DU1234567"), (AccountId::from(live), "U1234567")]
        {
            assert_eq!(account.to_string(), text);
            assert_eq!(text.parse(), Ok(account));
            assert_eq!(serde_json::to_string(&account).unwrap(), format!("\"{text}\""));
            assert_eq!(serde_json::from_str::<AccountId>(&format!("\"{text}\"")).unwrap(), account);
        }
        assert_eq!(AccountId::from(paper).paper(), Some(paper));
        assert_eq!(AccountId::from(live).paper(), None);
        for bad in ["DUU1234567", "U123456", "u1234567", "", "D1234567"] {
            assert!(bad.parse::<AccountId>().is_err(), "{bad}");
        }
        assert!(serde_json::from_str::<PaperAccountId>("\"U1234567\"").is_err());
    }

    #[test]
    fn id_in_json_is_text() {
        let holder = Holder::Session(SessionId([1; 16]));
        let json = serde_json::to_string(&holder).unwrap();
        assert_eq!(json, r#"{"session":"ses_01040g2081040g2081040g2081"}"#);
        assert_eq!(serde_json::from_str::<Holder>(&json).unwrap(), holder);
    }
}
