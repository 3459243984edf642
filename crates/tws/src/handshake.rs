//! The handshake: a version range from the client, one version and a time from the server.

use std::fmt;

use thiserror::Error;

use crate::field::Put;
use crate::frame::write_frame;
use crate::outbound::ErrorCode;

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

/// Why no session can begin. Whatever is sent in place of the version reply is read as that
/// reply: answer a client that is too old or too new by [`Refused`], close on any other.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HandshakeError {
    /// The first frame is no `vMIN..MAX`.
    #[error("the first message is \"{found}\", not a version range such as v157..178")]
    Range {
        /// Its first 40 bytes, escaped.
        found: String,
    },
    /// The client cannot speak a version this new.
    #[error("the client speaks versions up to {max}, and the oldest supported is 157")]
    ClientTooOld {
        /// The client's highest version.
        max: u16,
    },
    /// The client demands a version that is not spoken here.
    #[error("the client needs version {min} or later, and the newest supported is 178")]
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

    /// The version to announce: 178 to clients that reach it, else 176, 177 if it has to be, or less.
    ///
    /// # Errors
    /// When the two ranges have no version in common.
    pub fn negotiate(&self) -> Result<ServerVersion, HandshakeError> {
        let top = if self.max >= ServerVersion::NEWEST.0 {
            ServerVersion::NEWEST.0
        } else {
            self.max.min(ServerVersion::USUAL.0.max(self.min))
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

/// The lowest server version that clients from before frames take, and the highest whose answers
/// they read.
const UNFRAMED: (u16, u16) = (38, 66);

/// A client that cannot be served and is told so, in the form that it reads: a version that it
/// speaks, then, once it has said who it is, an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused(Form);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Unframed(u16),
    Framed(u16),
}

impl Refused {
    /// A client from before frames that says this version.
    pub fn unframed(version: u16) -> Self {
        Self(Form::Unframed(version.clamp(UNFRAMED.0, UNFRAMED.1)))
    }

    /// A client that reads frames, and speaks this version.
    pub fn framed(version: u16) -> Self {
        Self(Form::Framed(version))
    }

    /// Whether the client reads frames, and sends them.
    pub fn has_frames(self) -> bool {
        matches!(self.0, Form::Framed(_))
    }

    /// Appends the version reply.
    pub fn write_reply(self, time: &str, out: &mut Vec<u8>) {
        let put = |version: u16, out: &mut Vec<u8>| {
            i32::from(version).put(out);
            time.put(out);
        };
        match self.0 {
            Form::Unframed(version) => put(version, out),
            Form::Framed(version) => write_frame(out, |out| put(version, out)),
        }
    }

    /// Appends an error that concerns no request, at this moment in milliseconds since 1970.
    pub fn write_error(self, code: ErrorCode, text: &str, milliseconds: i64, out: &mut Vec<u8>) {
        let number = match self.0 {
            Form::Unframed(_) => {
                out.extend_from_slice(b"4\x002\0-1\0");
                code.put(out);
                return text.put(out);
            }
            Form::Framed(number) => number,
        };
        write_frame(out, |out| {
            if number >= PROTOBUF {
                return put_protobuf(code, text, milliseconds, out);
            }
            out.extend_from_slice(if number >= 194 { b"4\0-1\0" } else { b"4\x002\0-1\0" });
            code.put(out);
            text.put(out);
            if number >= 166 {
                // advancedOrderRejectJson
                out.push(0);
            }
            if number >= 194 {
                milliseconds.put(out);
            }
        });
    }
}

/// From this version on a payload begins with a binary id, and all clients read an error as
/// Protocol Buffers.
const PROTOBUF: u16 = 201;
/// The id of an error there: 4, and 200 for the encoding.
const PROTOBUF_ERROR: u32 = 204;

/// An error of no request: its fields are 1 id, 2 time, 3 code, 4 text.
fn put_protobuf(code: ErrorCode, text: &str, milliseconds: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(&PROTOBUF_ERROR.to_be_bytes());
    let numbers = [(1, -1), (2, milliseconds), (3, i64::from(code.0))];
    for (field, number) in numbers {
        out.push(field << 3);
        put_varint(number.cast_unsigned(), out);
    }
    out.push(4 << 3 | 2);
    put_varint(u64::try_from(text.len()).unwrap_or(u64::MAX), out);
    out.extend_from_slice(text.as_bytes());
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
fn put_varint(mut number: u64, out: &mut Vec<u8>) {
    while let low @ 0x80.. = number {
        out.extend(u8::try_from(low & 0x7f).map(|low| low | 0x80));
        number >>= 7;
    }
    out.extend(u8::try_from(number));
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
            ("v177", 177),
        ] {
            let hello = Hello::parse(range.as_bytes()).unwrap();
            assert_eq!(hello.negotiate().unwrap().number(), version, "{range}");
        }
        let too_new = Hello::parse(b"v213..225").unwrap().negotiate();
        assert_eq!(too_new, Err(HandshakeError::ClientTooNew { min: 213 }));
        let too_old = Hello::parse(b"v100..156").unwrap().negotiate();
        assert_eq!(too_old, Err(HandshakeError::ClientTooOld { max: 156 }));
        let after_ours = Hello::parse(b"v179..200").unwrap().negotiate();
        assert_eq!(after_ours, Err(HandshakeError::ClientTooNew { min: 179 }));
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

    fn error(refused: Refused) -> Vec<u8> {
        let mut out = Vec::new();
        refused.write_error(ErrorCode::UNSUPPORTED_VERSION, "too old", 300, &mut out);
        out
    }

    #[test]
    fn refused_client_gets_a_version_that_it_speaks_and_an_error_in_its_form() {
        let told = |version| error(Refused::framed(version));
        assert_eq!(told(156), b"\0\0\0\x134\x002\0-1\x00506\0too old\0");
        assert_eq!(told(177), b"\0\0\0\x144\x002\0-1\x00506\0too old\0\0");
        assert_eq!(told(194), b"\0\0\0\x164\0-1\x00506\0too old\0\x00300\0");
        let protobuf = told(213);
        let fields =
            b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x10\xac\x02\x18\xfa\x03\x22\x07too old";
        let (header, rest) = protobuf.split_at(8);
        assert_eq!(header, [0, 0, 0, 4 + u8::try_from(fields.len()).unwrap(), 0, 0, 0, 204]);
        assert_eq!(rest, fields);
        let mut reply = Vec::new();
        Refused::framed(213).write_reply("t", &mut reply);
        assert_eq!(reply, b"\0\0\0\x06213\0t\0");
    }

    #[test]
    fn client_from_before_frames_gets_bare_fields() {
        let refused = Refused::unframed(62);
        let mut reply = Vec::new();
        refused.write_reply("20260105 09:30:00 US/Eastern", &mut reply);
        assert_eq!(reply, b"62\x0020260105 09:30:00 US/Eastern\0");
        assert_eq!(error(refused), b"4\x002\0-1\x00506\0too old\0");
        assert_eq!(Refused::unframed(1), Refused::unframed(38), "they refuse older servers");
    }

    #[test]
    fn reply_has_two_fields() {
        let mut out = Vec::new();
        write_reply(ServerVersion::USUAL, "20260105 09:30:00 EST", &mut out);
        assert_eq!(out, b"\0\0\0\x1a176\x0020260105 09:30:00 EST\0");
    }
}
