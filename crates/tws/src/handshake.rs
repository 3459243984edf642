//! The handshake: a version range from the client, one version and a time from the server.

use std::fmt;

use thiserror::Error;

use crate::field::Put;
use crate::frame::write_frame;

/// The message format of one connection. Between 157 and 178, never 158: `ib_async` and ibapi
/// disagree about one field there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerVersion(u16);

impl ServerVersion {
    /// The oldest version spoken here; older clients of the `ib_*` family do not exist.
    pub const OLDEST: Self = Self(157);
    /// The version announced to most clients: the highest that `ib_insync` can decode.
    pub const USUAL: Self = Self(176);
    /// The highest version spoken here.
    pub const NEWEST: Self = Self(178);

    /// A version that this crate speaks, or `None`.
    pub fn new(number: u16) -> Option<Self> {
        let spoken = (Self::OLDEST.0..=Self::NEWEST.0).contains(&number) && number != 158;
        spoken.then_some(Self(number))
    }

    /// The number on the wire.
    pub fn number(self) -> u16 {
        self.0
    }

    /// Whether messages have the fields that came with `version`.
    pub fn has(self, version: u16) -> bool {
        self.0 >= version
    }
}

impl fmt::Display for ServerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why no session can begin. The protocol has no message for it: close the connection.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HandshakeError {
    /// The first frame is no `vMIN..MAX`.
    #[error("the first message is \"{found}\", not a version range such as v157..178")]
    Range {
        /// Its first 40 bytes, escaped.
        found: String,
    },
    /// The client cannot speak a version this new.
    #[error("the client speaks versions up to {max}, the oldest spoken here is 157")]
    ClientTooOld {
        /// The client's highest version.
        max: u16,
    },
    /// The client demands a version that is not spoken here.
    #[error("the client needs version {min} or more, the newest spoken here is 178")]
    ClientTooNew {
        /// The client's lowest version.
        min: u16,
    },
}

/// The client's first frame: the versions it speaks and its connect options.
#[derive(Clone, PartialEq, Eq)]
pub struct Hello {
    /// Lowest version, as announced.
    pub min: u16,
    /// Highest version, as announced.
    pub max: u16,
    /// The text after the range; may carry a token, so `Debug` leaves it out.
    pub options: String,
}

impl fmt::Debug for Hello {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { min, max, options } = self;
        write!(f, "Hello v{min}..{max} with {} bytes of options", options.len())
    }
}

impl Hello {
    /// Reads `vMIN..MAX`, `vMIN..MAX OPTIONS` or `vN`.
    ///
    /// # Errors
    /// When the payload has another form, is no printable ASCII, or its range is empty.
    pub fn parse(payload: &[u8]) -> Result<Self, HandshakeError> {
        Self::read(payload).ok_or_else(|| {
            let head = payload.get(..40).unwrap_or(payload);
            HandshakeError::Range { found: head.escape_ascii().to_string() }
        })
    }

    fn read(payload: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(payload.strip_suffix(&[0]).unwrap_or(payload)).ok()?;
        if !text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
            return None;
        }
        let (range, options) =
            text.strip_prefix('v')?.split_once(' ').unwrap_or((text.get(1..)?, ""));
        let (min, max) = range.split_once("..").unwrap_or((range, range));
        let (min, max) = (version(min)?, version(max)?);
        (min <= max).then(|| Self { min, max, options: options.trim().to_owned() })
    }

    /// The connect options as key and value. Options are divided by spaces, commas or
    /// semicolons; one without `=` (such as `+PACEAPI`) has an empty value.
    pub fn options(&self) -> impl Iterator<Item = (&str, &str)> {
        self.options
            .split([' ', ',', ';'])
            .filter(|option| !option.is_empty())
            .map(|option| option.split_once('=').unwrap_or((option, "")))
    }

    /// The value of the first option of this name.
    pub fn option(&self, key: &str) -> Option<&str> {
        self.options().find_map(|(name, value)| (name == key).then_some(value))
    }

    /// The version to announce: 178 to clients that reach it, else at most 176.
    ///
    /// # Errors
    /// When the two ranges have no version in common.
    pub fn negotiate(&self) -> Result<ServerVersion, HandshakeError> {
        let top = if self.max >= ServerVersion::NEWEST.0 {
            ServerVersion::NEWEST.0
        } else {
            self.max.min(ServerVersion::USUAL.0)
        };
        let top = if top == 158 { 157 } else { top };
        let version =
            ServerVersion::new(top).ok_or(HandshakeError::ClientTooOld { max: self.max })?;
        if version.0 < self.min {
            return Err(HandshakeError::ClientTooNew { min: self.min });
        }
        Ok(version)
    }
}

fn version(text: &str) -> Option<u16> {
    let digits = (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

/// Appends the server's answer. `time` is the connection time, in TWS style
/// `YYYYMMDD HH:MM:SS TZ`; clients keep it as text.
pub fn write_reply(version: ServerVersion, time: &str, out: &mut Vec<u8>) {
    write_frame(out, |out| {
        i32::from(version.0).put(out);
        time.put(out);
    });
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn ranges_of_the_known_clients_get_their_version() {
        for (range, version) in [
            ("v157..176", 176),
            ("v157..178", 178),
            ("v100..226", 178),
            ("v100..173", 173),
            ("v100..177", 176),
            ("v100..158", 157),
            ("v176", 176),
        ] {
            let hello = Hello::parse(range.as_bytes()).unwrap();
            assert_eq!(hello.negotiate().unwrap().number(), version, "{range}");
        }
        let too_new = Hello::parse(b"v213..225").unwrap().negotiate();
        assert_eq!(too_new, Err(HandshakeError::ClientTooNew { min: 213 }));
        let too_old = Hello::parse(b"v100..156").unwrap().negotiate();
        assert_eq!(too_old, Err(HandshakeError::ClientTooOld { max: 156 }));
        let only_177 = Hello::parse(b"v177").unwrap().negotiate();
        assert_eq!(only_177, Err(HandshakeError::ClientTooNew { min: 177 }));
    }

    #[test]
    fn garbage_ranges_are_errors() {
        for text in [
            "",
            "v",
            "v..",
            "157..178",
            "v178..157",
            "v-1..9",
            "v1..999999",
            "v1..2..3",
            "v+1",
            "v1\n",
        ] {
            assert!(Hello::parse(text.as_bytes()).is_err(), "{text:?}");
        }
        assert!(Hello::parse(b"v157..\xff").is_err());
    }

    #[test]
    fn options_are_split_and_not_printed() {
        let hello = Hello::parse(b"v157..178 +PACEAPI token=fp_a=b; x=1").unwrap();
        assert_eq!(hello.option("token"), Some("fp_a=b"));
        assert_eq!(hello.option("+PACEAPI"), Some(""));
        assert_eq!(hello.option("missing"), None);
        assert_eq!(hello.options().count(), 3);
        assert!(!format!("{hello:?}").contains("fp_a"));
    }

    #[test]
    fn reply_has_two_fields() {
        let mut out = Vec::new();
        write_reply(ServerVersion::USUAL, "20260105 09:30:00 EST", &mut out);
        assert_eq!(out, b"\0\0\0\x1a176\x0020260105 09:30:00 EST\0");
    }
}
