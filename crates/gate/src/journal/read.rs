//! Reading a segment: a pure function over its bytes.

use super::record::{ChainHash, HEADER_BYTES, Header, PREFIX_BYTES, Record, SCHEMA, link};

/// Why a journal cannot be read on. Each names the first sequence that is affected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The header is not valid.
    #[error("the header of the journal segment that begins at sequence {seq} is damaged")]
    Header {
        /// Where the segment should begin.
        seq: u64,
    },
    /// The segment belongs to another folder.
    #[error("the journal segment at sequence {seq} belongs to another data folder")]
    OtherFolder {
        /// Its first sequence.
        seq: u64,
    },
    /// A later version wrote it.
    #[error(
        "the journal segment at sequence {seq} is of schema {found}, and this version reads schemas up to {known}; start the version that wrote it"
    )]
    Schema {
        /// Its first sequence.
        seq: u64,
        /// Its schema.
        found: u32,
        /// The newest that is read.
        known: u32,
    },
    /// Sequences are missing or out of order.
    #[error("journal entry {expected} is missing or out of place: entry {found} is there")]
    Order {
        /// The sequence that should come.
        expected: u64,
        /// The one that came.
        found: u64,
    },
    /// The chain does not hold: the record, or one before it, was altered.
    #[error("journal entry {seq} was altered: its hash does not continue the chain")]
    Chain {
        /// The record.
        seq: u64,
    },
    /// Bytes are damaged, and records that were acknowledged later follow.
    #[error(
        "journal entry {seq} is damaged (byte {offset} of its segment), and acknowledged entries follow it; restore a backup"
    )]
    Corrupt {
        /// The record that should be there.
        seq: u64,
        /// Where, in bytes from the segment's beginning.
        offset: usize,
    },
    /// The payload is not a stamped command.
    #[error("journal entry {seq} has a whole record but no readable command: {problem}")]
    Payload {
        /// The record.
        seq: u64,
        /// What the decoder said.
        problem: String,
    },
}

/// How a segment's records end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tail {
    /// Zeros.
    Clean,
    /// A group that was never acknowledged, in parts; to be cut. With durability `process` and a
    /// power loss, also acknowledged records may be in it.
    Torn {
        /// Whether records in it had been acknowledged without a sync.
        unsynced: bool,
    },
}

/// Reads one segment's records in order, checking CRC, sequence and chain.
pub struct SegmentReader<'a> {
    bytes: &'a [u8],
    /// What the header says.
    pub header: Header,
    offset: usize,
    next: u64,
    chain: ChainHash,
    tail: Option<Tail>,
}

impl<'a> SegmentReader<'a> {
    /// A reader of `bytes`, which should continue `folder`'s journal at `first` after `before`.
    pub fn new(
        bytes: &'a [u8],
        folder: [u8; 16],
        first: u64,
        before: Option<ChainHash>,
    ) -> Result<Self, Damage> {
        let header = Header::decode(bytes).ok_or(Damage::Header { seq: first })?;
        if header.folder != folder {
            return Err(Damage::OtherFolder { seq: header.first });
        }
        if header.schema > SCHEMA {
            return Err(Damage::Schema { seq: header.first, found: header.schema, known: SCHEMA });
        }
        if header.first != first {
            return Err(Damage::Order { expected: first, found: header.first });
        }
        if before.is_some_and(|before| before != header.before) {
            return Err(Damage::Chain { seq: first });
        }
        let chain = header.before;
        Ok(Self { bytes, header, offset: HEADER_BYTES, next: first, chain, tail: None })
    }

    /// The next record; none at the end, after which [`SegmentReader::tail`] says how it ended.
    pub fn next_record(&mut self) -> Result<Option<Record<'a>>, Damage> {
        if self.tail.is_some() {
            return Ok(None);
        }
        let rest = self.bytes.get(self.offset..).unwrap_or_default();
        let Some(record) = Record::decode(rest) else {
            self.tail = Some(self.look_behind(rest)?);
            return Ok(None);
        };
        if record.seq != self.next {
            return Err(Damage::Order { expected: self.next, found: record.seq });
        }
        if link(&self.chain, record.seq, record.payload) != record.chain {
            return Err(Damage::Chain { seq: record.seq });
        }
        self.chain = record.chain;
        self.next = self.next.saturating_add(1);
        self.offset = self.offset.saturating_add(record.length);
        Ok(Some(record))
    }

    /// How it ended: meaningful once [`SegmentReader::next_record`] gave none.
    pub fn tail(&self) -> Tail {
        self.tail.unwrap_or(Tail::Clean)
    }

    /// Bytes from the beginning to behind the last record given.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The sequence after the last record given.
    pub fn next_seq(&self) -> u64 {
        self.next
    }

    /// The chain hash of the last record given.
    pub fn chain(&self) -> ChainHash {
        self.chain
    }

    /// What follows a place where no whole record is. A later group was written only after
    /// the group of the missing record had been synced; so when one is there, an acknowledged
    /// record was destroyed. Whole records of the same group are the rest of a write that never
    /// finished.
    fn look_behind(&self, rest: &[u8]) -> Result<Tail, Damage> {
        let used = used(rest);
        let mut unsynced = false;
        let mut at = 8;
        // No record begins in what is blank.
        while at < used
            && let Some(here) = rest.get(at..)
            && here.len() >= PREFIX_BYTES
        {
            if let Some(record) = Record::decode(here) {
                if record.group > self.next {
                    if !record.unsynced {
                        return Err(Damage::Corrupt { seq: self.next, offset: self.offset });
                    }
                    unsynced = true;
                }
                at += record.length;
            } else {
                at += 8;
            }
        }
        Ok(if used == 0 { Tail::Clean } else { Tail::Torn { unsynced } })
    }
}

/// Bytes up to the last one that is not zero. Most of a segment is blank, so whole blocks are compared.
pub(super) fn used(bytes: &[u8]) -> usize {
    const BLANK: [u8; 4096] = [0; 4096];
    let mut rest = bytes;
    while let Some((before, last)) = rest.split_last_chunk()
        && *last == BLANK
    {
        rest = before;
    }
    rest.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)
}
