//! Snapshots of the exchange, so that a restart reads only the end of the journal.
//!
//! `DATA/snapshots/<sequence, 20 digits>.snap`: magic `FLPSNAP1`, folder id, sequence, chain hash,
//! SHA-256 of the rest, then the exchange. A snapshot is a shortcut, never the truth: one that does
//! not read is passed over, and the journal is replayed from an older one or from its beginning.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use trade::exchange::Exchange;
use trade::instrument::Instruments;

use crate::journal::Head;

const MAGIC: &[u8; 8] = b"FLPSNAP1";
/// Snapshots that stay.
const KEPT: usize = 2;

/// Writes the exchange's `state` as it was after record `head`.
pub fn write(folder: &Path, id: [u8; 16], head: Head, state: &[u8]) -> io::Result<()> {
    private::folder(folder)?;
    let mut bytes = Vec::with_capacity(state.len() + 96);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&id);
    bytes.extend_from_slice(&head.seq.to_le_bytes());
    bytes.extend_from_slice(&head.chain);
    bytes.extend_from_slice(&Sha256::digest(state));
    bytes.extend_from_slice(state);
    private::replace(&folder.join(name(head.seq)), &bytes)?;
    let found = list(folder)?;
    let surplus = found.len().saturating_sub(KEPT);
    for (_, path) in found.into_iter().take(surplus) {
        std::fs::remove_file(path)?;
    }
    Ok(())
}

/// A snapshot that reads.
pub struct Kept {
    /// The name of its file.
    pub name: String,
    /// The last record that it holds.
    pub head: Head,
    /// The exchange.
    pub exchange: Exchange,
}

/// Every snapshot that reads, of an exchange of these instruments, and the names of those that do not. One that a running
/// server removes meanwhile is neither.
pub fn all(
    folder: &Path,
    id: [u8; 16],
    instruments: &Arc<Instruments>,
) -> (Vec<Kept>, Vec<String>) {
    let (mut kept, mut unreadable) = (Vec::new(), Vec::new());
    for (seq, path) in list(folder).unwrap_or_default() {
        let read = match private::read(&path) {
            Ok(bytes) => decode(&bytes, id, instruments).filter(|(head, _)| head.seq == seq),
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(_) => None,
        };
        match read {
            Some((head, exchange)) => kept.push(Kept { name: name(seq), head, exchange }),
            None => unreadable.push(name(seq)),
        }
    }
    (kept, unreadable)
}

/// The newest snapshot that reads, and its place in the journal.
pub fn newest(
    folder: &Path,
    id: [u8; 16],
    instruments: &Arc<Instruments>,
) -> Option<(Head, Exchange)> {
    let found = list(folder).unwrap_or_default();
    found.into_iter().rev().find_map(|(_, path)| {
        let bytes = private::read(&path).ok()?;
        let read = decode(&bytes, id, instruments);
        if read.is_none() {
            tracing::warn!(path = %path.display(), "a snapshot cannot be read; an older one or the journal is used");
        }
        read
    })
}

fn decode(bytes: &[u8], id: [u8; 16], instruments: &Arc<Instruments>) -> Option<(Head, Exchange)> {
    let rest = bytes.strip_prefix(MAGIC)?.strip_prefix(&id)?;
    let (seq, rest) = rest.split_first_chunk::<8>()?;
    let (chain, rest) = rest.split_first_chunk::<32>()?;
    let (hash, state) = rest.split_first_chunk::<32>()?;
    let head = Head { seq: u64::from_le_bytes(*seq), chain: *chain };
    if Sha256::digest(state).as_slice() != hash {
        return None;
    }
    let exchange = Exchange::restore(state, instruments).ok()?;
    (exchange.seq() == head.seq).then_some((head, exchange))
}

fn name(seq: u64) -> String {
    format!("{seq:020}.snap")
}

/// Snapshots, oldest first.
fn list(folder: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let seq = name.to_str().and_then(|name| name.strip_suffix(".snap")).map(str::parse);
        if let Some(Ok(seq)) = seq {
            found.push((seq, entry.path()));
        }
    }
    found.sort_unstable();
    Ok(found)
}
