//! Length-prefixed frames: a big-endian `u32` length, then that many bytes of NUL-terminated fields.

use std::ops::Range;

use thiserror::Error;

/// Largest payload that ibapi accepts (`0xFFFFFF` bytes); nothing longer may be sent.
pub const MAX_FRAME: usize = 0x00FF_FFFF;
/// Default limit for a request after the handshake, 1 MiB.
pub const REQUEST_LIMIT: usize = 1 << 20;
/// Limit for the very first frame, 4 KiB: a version range and some options.
pub const HANDSHAKE_LIMIT: usize = 4 << 10;

const GREETING: &[u8] = b"API\0";
const HEADER: usize = 4;

/// Why a byte stream cannot be split into frames. The connection is of no use after it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FrameError {
    /// The stream does not begin with `API\0`.
    #[error(
        "the first bytes are {found}, not \"API\": {guess}; this port speaks the TWS socket protocol"
    )]
    Greeting {
        /// The offending bytes, escaped, at most 8.
        found: String,
        /// What the peer seems to be.
        guess: &'static str,
    },
    /// The client is older than frames: it begins with its version alone.
    #[error(
        "the client speaks version {version} of the protocol, from before 2013; framed messages began with version 100"
    )]
    Unframed {
        /// The version that it speaks.
        version: u16,
    },
    /// A header announces more than the limit.
    #[error("a message of {length} bytes was announced, and the limit is {limit}")]
    TooLong {
        /// Announced bytes.
        length: usize,
        /// Bytes allowed.
        limit: usize,
    },
}

/// Splits a byte stream into frames. Its buffer grows to the largest frame seen and is reused.
#[derive(Debug)]
pub struct FrameReader {
    buffer: Vec<u8>,
    start: usize,
    /// Where the last frame's payload is.
    last: Range<usize>,
    limit: usize,
    greeted: bool,
}

impl FrameReader {
    /// For the server's side: the stream begins with `API\0` and a frame of at most
    /// [`HANDSHAKE_LIMIT`] bytes. Call [`FrameReader::set_limit`] when the handshake is done.
    pub fn new() -> Self {
        Self { buffer: Vec::new(), start: 0, last: 0..0, limit: HANDSHAKE_LIMIT, greeted: false }
    }

    /// For the client's side: no greeting, frames up to [`MAX_FRAME`].
    pub fn for_client() -> Self {
        Self { buffer: Vec::new(), start: 0, last: 0..0, limit: MAX_FRAME, greeted: true }
    }

    /// Sets the largest payload accepted from now on, in bytes (at most [`MAX_FRAME`]).
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit.min(MAX_FRAME);
    }

    /// Appends bytes that were read from the socket.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer_mut().extend_from_slice(bytes);
    }

    /// The buffer to append to, so that a socket can be read into it without a copy.
    /// Only append: what it holds already has not been decoded yet.
    pub fn buffer_mut(&mut self) -> &mut Vec<u8> {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            (self.start, self.last) = (0, 0..0);
        }
        &mut self.buffer
    }

    /// Bytes that were pushed and not returned as a frame yet.
    pub fn pending(&self) -> usize {
        self.buffer.len().saturating_sub(self.start)
    }

    /// The next complete frame, or `None` when more bytes are needed.
    ///
    /// # Errors
    /// A wrong greeting (as soon as its first wrong byte is there) or a length above the limit
    /// (as soon as the header is there, before anything is allocated for it).
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, FrameError> {
        if !self.greeted && !self.take_greeting()? {
            return Ok(None);
        }
        let waiting = self.buffer.get(self.start..).unwrap_or_default();
        let Some((header, rest)) = waiting.split_first_chunk::<HEADER>() else {
            return Ok(None);
        };
        let length = usize::try_from(u32::from_be_bytes(*header)).unwrap_or(usize::MAX);
        if length > self.limit {
            return Err(FrameError::TooLong { length, limit: self.limit });
        }
        let Some(payload) = rest.get(..length) else {
            return Ok(None);
        };
        let begin = self.start.saturating_add(HEADER);
        self.start = begin.saturating_add(length);
        self.last = begin..self.start;
        Ok(Some(Frame(payload)))
    }

    /// The frame that came last, until something is pushed.
    pub fn last_frame(&self) -> Frame<'_> {
        Frame(self.buffer.get(self.last.clone()).unwrap_or_default())
    }

    fn take_greeting(&mut self) -> Result<bool, FrameError> {
        let waiting = self.buffer.get(self.start..).unwrap_or_default();
        if waiting.starts_with(GREETING) {
            self.start = self.start.saturating_add(GREETING.len());
            self.greeted = true;
            return Ok(true);
        }
        if GREETING.starts_with(waiting) {
            return Ok(false);
        }
        // A client from before frames begins with its version and a NUL.
        let digits = waiting.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if (1..=3).contains(&digits) {
            match (waiting.get(digits), waiting.get(..digits).map(std::str::from_utf8)) {
                (None, _) => return Ok(false),
                (Some(0), Some(Ok(version))) => {
                    let version = version.parse().unwrap_or(u16::MAX);
                    return Err(FrameError::Unframed { version });
                }
                _ => {}
            }
        }
        let found = waiting.get(..8).unwrap_or(waiting).escape_ascii().to_string();
        Err(FrameError::Greeting { found, guess: guess(waiting) })
    }
}

impl Default for FrameReader {
    fn default() -> Self {
        Self::new()
    }
}

fn guess(start: &[u8]) -> &'static str {
    let http = [&b"GET "[..], b"POST", b"HEAD", b"PUT ", b"OPTI", b"PRI ", b"CONN"];
    if http.iter().any(|verb| start.starts_with(verb)) {
        "this is HTTP; the portal is on another port"
    } else if start.starts_with(&[0x16, 0x03]) {
        "this is TLS; this port is not encrypted"
    } else {
        "this is not a TWS client, or it is too old"
    }
}

/// One payload.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Frame<'a>(
    /// The bytes between two headers.
    pub &'a [u8],
);

impl<'a> Frame<'a> {
    /// The fields, each without its NUL; a last field that is not terminated is returned too.
    pub fn fields(self) -> Fields<'a> {
        Fields { rest: self.0 }
    }
}

/// Iterates over the NUL-terminated fields of a payload.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Fields<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let end = self.rest.iter().position(|byte| *byte == 0).unwrap_or(self.rest.len());
        let (field, tail) = self.rest.split_at(end);
        self.rest = tail.get(1..).unwrap_or_default();
        Some(field)
    }
}

impl Fields<'_> {
    /// Takes the next field if it is empty; most fields of an order are.
    #[inline]
    pub(crate) fn take_empty(&mut self) -> bool {
        match self.rest.split_first() {
            Some((0, rest)) => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// Bytes not iterated over yet: an upper bound for the number of fields left.
    pub fn bytes_left(&self) -> usize {
        self.rest.len()
    }
}

/// Appends one frame to `out`: `fill` writes the payload, the length is put in front of it.
pub fn write_frame(out: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; HEADER]);
    fill(out);
    let length = out.len().saturating_sub(start).saturating_sub(HEADER);
    let header = u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
    if let Some(place) = out.get_mut(start..).and_then(<[u8]>::first_chunk_mut::<HEADER>) {
        *place = header;
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn frames_split_at_every_byte_come_out_whole() {
        let mut wire = b"API\0".to_vec();
        write_frame(&mut wire, |out| out.extend_from_slice(b"v157..178"));
        write_frame(&mut wire, |out| out.extend_from_slice(b"71\x002\x000\0\0"));
        write_frame(&mut wire, |_| {});
        for cut in 0..wire.len() {
            let mut reader = FrameReader::new();
            let mut seen = Vec::new();
            let (head, tail) = wire.split_at(cut);
            for part in [head, tail] {
                reader.push(part);
                while let Some(frame) = reader.next_frame().unwrap() {
                    seen.push(frame.0.to_vec());
                }
            }
            assert_eq!(seen, [&b"v157..178"[..], b"71\x002\x000\0\0", b""], "cut at {cut}");
            assert_eq!(reader.pending(), 0);
        }
    }

    #[test]
    fn announcement_of_4_gib_is_refused_at_the_header() {
        let mut reader = FrameReader::new();
        reader.push(b"API\0\xff\xff\xff\xff");
        let error = reader.next_frame().unwrap_err();
        assert_eq!(error, FrameError::TooLong { length: 0xFFFF_FFFF, limit: HANDSHAKE_LIMIT });
        assert!(reader.buffer.capacity() < 64);
    }

    #[test]
    fn limit_is_inclusive_and_can_be_raised_after_the_handshake() {
        let mut reader = FrameReader::new();
        reader.push(b"API\0");
        reader.push(&[0, 0, 0x10, 0x01]);
        assert!(reader.next_frame().is_err());
        reader.set_limit(REQUEST_LIMIT);
        assert_eq!(reader.next_frame(), Ok(None));
        reader.push(&[b'x'; 0x1001]);
        assert_eq!(reader.next_frame().unwrap().unwrap().0.len(), 0x1001);
    }

    #[test]
    fn other_protocols_are_named_at_their_first_wrong_byte() {
        for (bytes, word) in [
            (&b"GET / HTTP/1.1\r\n"[..], "HTTP"),
            (b"\x16\x03\x01\x02\x00", "TLS"),
            (b"AB", "too old"),
            (b"63\0", "before 2013"),
            (b"63", "63"),
            (b"6x", "too old"),
            (b"1234", "too old"),
        ] {
            let mut reader = FrameReader::new();
            reader.push(bytes);
            if bytes == b"63" {
                assert_eq!(reader.next_frame(), Ok(None), "its end is missing");
                reader.push(b"\0");
                let error = FrameError::Unframed { version: 63 };
                assert_eq!(reader.next_frame(), Err(error));
                continue;
            }
            let text = reader.next_frame().unwrap_err().to_string();
            assert!(text.contains(word) && text.is_ascii(), "{text}");
        }
        let mut reader = FrameReader::new();
        reader.push(b"AP");
        assert_eq!(reader.next_frame(), Ok(None));
    }

    #[test]
    fn fields_keep_empty_ones_and_an_unterminated_last_one() {
        let fields: Vec<_> = Frame(b"1\0\0x").fields().collect();
        assert_eq!(fields, [&b"1"[..], b"", b"x"]);
        assert_eq!(Frame(b"").fields().count(), 0);
    }
}
