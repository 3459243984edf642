//! The bytes of a segment: a header, then records, then zeros.
//!
//! | header | bytes | | record | bytes |
//! |---|---|---|---|---|
//! | magic `FLPJRNL2` | 8 | | magic `FPRC` | 4 |
//! | folder id | 16 | | CRC-32 of all that follows | 4 |
//! | sequence of the first record | 8 | | length of the payload | 4 |
//! | chain hash before it | 32 | | flags (1: not synced before its acknowledgement) | 4 |
//! | schema: the newest of its records | 4 | | sequence | 8 |
//! | CRC-32 of these | 4 | | sequence of the first record of its group | 8 |
//! | zeros up to 128 | 56 | | chain hash: SHA-256(previous hash, sequence, payload) | 32 |
//! | | | | payload, then zeros up to a multiple of 8 | |
//!
//! Integers are little-endian. A segment of format 1 has the magic `FLPJRNL1`, no schema, and 4 more
//! zeros. It is read, and its torn end is cut, but no record is ever added to one.

use sha2::{Digest as _, Sha256};

/// Bytes of a segment's header.
pub const HEADER_BYTES: usize = 128;
/// Bytes of a record before its payload.
pub const PREFIX_BYTES: usize = 64;
/// The longest payload, in bytes.
pub const PAYLOAD_LIMIT: usize = 1 << 20;

/// How a segment of any format begins; the format's digit follows.
pub const MAGIC: &[u8; 7] = b"FLPJRNL";
const RECORD_MAGIC: &[u8; 4] = b"FPRC";
/// The schema of the segments that are written.
pub const SCHEMA: u32 = trade::journal::SCHEMA as u32;
/// The schema of all records in a segment of format 1.
pub const FIRST_SCHEMA: u32 = 1;
/// The record was handed to the operating system, not synced, before its acknowledgement.
const FLAG_UNSYNCED: u32 = 1;

/// A link of the chain.
pub type ChainHash = [u8; 32];

/// The chain hash before a folder's first record.
pub fn root(folder: [u8; 16]) -> ChainHash {
    let mut hash = Sha256::new();
    hash.update(b"floorpass journal ");
    hash.update(folder);
    hash.finalize().into()
}

/// What a segment's header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The folder that it belongs to.
    pub folder: [u8; 16],
    /// Sequence of its first record.
    pub first: u64,
    /// Chain hash before that record.
    pub before: ChainHash,
    /// The newest schema of its records (see [`trade::journal::SCHEMA`]).
    pub schema: u32,
}

impl Header {
    /// Its bytes.
    pub fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut checked = Vec::with_capacity(HEADER_BYTES);
        checked.extend_from_slice(MAGIC);
        checked.push(if self.schema == FIRST_SCHEMA { b'1' } else { b'2' });
        checked.extend_from_slice(&self.folder);
        checked.extend_from_slice(&self.first.to_le_bytes());
        checked.extend_from_slice(&self.before);
        if self.schema != FIRST_SCHEMA {
            checked.extend_from_slice(&self.schema.to_le_bytes());
        }
        let crc = crc32fast::hash(&checked);
        checked.extend_from_slice(&crc.to_le_bytes());
        checked.resize(HEADER_BYTES, 0);
        checked.try_into().unwrap_or([0; HEADER_BYTES])
    }

    /// The header at the front of `bytes`; none when there is no valid one.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (format, rest) = bytes.strip_prefix(MAGIC)?.split_first()?;
        let (folder, rest) = rest.split_first_chunk::<16>()?;
        let (first, rest) = rest.split_first_chunk::<8>()?;
        let (before, rest) = rest.split_first_chunk::<32>()?;
        let (schema, rest) = match format {
            b'1' => (FIRST_SCHEMA, rest),
            b'2' => {
                let (schema, rest) = rest.split_first_chunk::<4>()?;
                (u32::from_le_bytes(*schema), rest)
            }
            _ => return None,
        };
        let checked = bytes.get(..bytes.len().saturating_sub(rest.len()))?;
        if crc32fast::hash(checked) != u32::from_le_bytes(*rest.first_chunk()?) {
            return None;
        }
        Some(Self { folder: *folder, first: u64::from_le_bytes(*first), before: *before, schema })
    }
}

/// One record, borrowed from a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its sequence.
    pub seq: u64,
    /// Sequence of the first record of the group that it was written with.
    pub group: u64,
    /// Whether it was acknowledged before a sync (durability `process`).
    pub unsynced: bool,
    /// Its chain hash.
    pub chain: ChainHash,
    /// What it holds.
    pub payload: &'a [u8],
    /// Bytes that it takes, padding included.
    pub length: usize,
}

impl<'a> Record<'a> {
    /// The record at the front of `bytes`; none when there is no whole one with a right CRC.
    /// The chain is the reader's to check.
    pub fn decode(bytes: &'a [u8]) -> Option<Self> {
        let body = bytes.strip_prefix(RECORD_MAGIC)?;
        let (crc, body) = body.split_first_chunk::<4>()?;
        let (length, rest) = body.split_first_chunk::<4>()?;
        let payload_length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        if payload_length > PAYLOAD_LIMIT {
            return None;
        }
        let checked = body.get(..PREFIX_BYTES - 8 + payload_length)?;
        if crc32fast::hash(checked) != u32::from_le_bytes(*crc) {
            return None;
        }
        let length = padded(PREFIX_BYTES + payload_length);
        // No checksum covers the padding. It may be short in a buffer that ends with this record.
        let padding = bytes.get(PREFIX_BYTES + payload_length..length.min(bytes.len()))?;
        if padding.iter().any(|byte| *byte != 0) {
            return None;
        }
        let (flags, rest) = rest.split_first_chunk::<4>()?;
        let (seq, rest) = rest.split_first_chunk::<8>()?;
        let (group, rest) = rest.split_first_chunk::<8>()?;
        let (chain, rest) = rest.split_first_chunk::<32>()?;
        Some(Self {
            seq: u64::from_le_bytes(*seq),
            group: u64::from_le_bytes(*group),
            unsynced: u32::from_le_bytes(*flags) & FLAG_UNSYNCED != 0,
            chain: *chain,
            payload: rest.get(..payload_length)?,
            length,
        })
    }
}

/// The chain hash of a record.
pub fn link(before: &ChainHash, seq: u64, payload: &[u8]) -> ChainHash {
    let mut hash = Sha256::new();
    hash.update(before);
    hash.update(seq.to_le_bytes());
    hash.update(payload);
    hash.finalize().into()
}

const fn padded(length: usize) -> usize {
    length.next_multiple_of(8)
}

/// Records that wait for the next write, encoded, without the group that only the write knows.
#[derive(Default)]
pub struct Pending {
    bytes: Vec<u8>,
    starts: Vec<usize>,
}

impl Pending {
    /// Appends a record whose payload `write` puts at the end of the buffer; gives its chain hash.
    /// When `write` fails nothing is appended.
    pub fn push<E>(
        &mut self,
        seq: u64,
        before: &ChainHash,
        unsynced: bool,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<ChainHash, E> {
        let start = self.bytes.len();
        self.bytes.resize(start + PREFIX_BYTES, 0);
        if let Err(error) = write(&mut self.bytes) {
            self.bytes.truncate(start);
            return Err(error);
        }
        let payload_start = start + PREFIX_BYTES;
        let payload = self.bytes.get(payload_start..).unwrap_or_default();
        let chain = link(before, seq, payload);
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        let flags = if unsynced { FLAG_UNSYNCED } else { 0 };
        if let Some(prefix) = self.bytes.get_mut(start..payload_start) {
            put(prefix, 0, RECORD_MAGIC);
            put(prefix, 8, &length.to_le_bytes());
            put(prefix, 12, &flags.to_le_bytes());
            put(prefix, 16, &seq.to_le_bytes());
            put(prefix, 32, &chain);
        }
        let end = self.bytes.len();
        self.bytes.resize(padded(end), 0);
        self.starts.push(start);
        Ok(chain)
    }

    /// Bytes that wait.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// Writes the group (sequence of its first record) and the CRC into each record, and gives
    /// the bytes to write. The checksums are made here, by the writer, not under the
    /// engine's lock.
    pub fn seal(&mut self, group: u64) -> &[u8] {
        let mut starts = self.starts.iter().peekable();
        while let Some(start) = starts.next() {
            let end = starts.peek().map_or(self.bytes.len(), |next| **next);
            let Some(record) = self.bytes.get_mut(*start..end) else { continue };
            put(record, 24, &group.to_le_bytes());
            let length = record
                .get(8..)
                .and_then(|rest| rest.first_chunk::<4>())
                .map_or(0, |bytes| u32::from_le_bytes(*bytes));
            let checked = PREFIX_BYTES + usize::try_from(length).unwrap_or(0);
            let crc = record.get(8..checked).map_or(0, crc32fast::hash);
            put(record, 4, &crc.to_le_bytes());
        }
        &self.bytes
    }

    /// Empties it; the memory stays, up to a bound.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.starts.clear();
        if self.bytes.capacity() > PAYLOAD_LIMIT {
            self.bytes = Vec::new();
        }
    }
}

fn put(to: &mut [u8], at: usize, from: &[u8]) {
    if let Some(place) = to.get_mut(at..at + from.len()) {
        place.copy_from_slice(from);
    }
}
