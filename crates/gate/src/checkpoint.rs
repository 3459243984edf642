//! Signed checkpoints: the ends of the journal and of every shard of the access evidence at one time. Kept in the
//! tables and appended to `DATA/checkpoints.jsonl`; a copy kept elsewhere shows later whether
//! a chain was rewritten, its end cut off, or a shard taken away.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Weak};
use std::time::Duration;

use access::evidence::{COMMON, Chain, Checkpoint};
use access::refusal::{Refusal, ServerRefusal};
use access::secret::{Digest, SealKey, SealedSecret, Secret};
use data_encoding::HEXLOWER;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use store::{SignedCheckpoint, Store, StoreError};

use crate::clock::Clock;
use crate::folder;
use crate::registry::store_failed;
use crate::tables::CHECKPOINT_FACT;
use crate::timer::told;
use crate::{Gate, Inner};

/// Name of the file in the data folder.
pub const FILE: &str = folder::CHECKPOINTS;
/// How often one is made, when anything was recorded.
const EVERY: Duration = Duration::from_mins(10);

/// A checkpoint as a line of the file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    checkpoint: Checkpoint,
    signer: String,
    signature: String,
}

/// Why a checkpoint file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// It cannot be read.
    #[error("the checkpoint file {path} cannot be read: {source}")]
    Io {
        /// The file.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A line is not a checkpoint.
    #[error("line {line} of the checkpoint file {path} is not a checkpoint: {problem}")]
    Line {
        /// The file.
        path: std::path::PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
}

/// Whether the signature is right for the key that it names. Whose key that is, see [`signer`].
pub fn is_signed(signed: &SignedCheckpoint) -> bool {
    let key = UnparsedPublicKey::new(&ED25519, &signed.signer);
    key.verify(&signed.checkpoint.canonical(), &signed.signature).is_ok()
}

/// The public key of this folder's checkpoints; none before the first one.
pub async fn signer(store: &Store, key: &SealKey) -> Result<Option<Vec<u8>>, StoreError> {
    let pair = read_pair(store, key).await?;
    Ok(pair.map(|pair| pair.public_key().as_ref().to_vec()))
}

/// The checkpoints of a file as [`FILE`], oldest first.
pub fn read_file(path: &Path) -> Result<Vec<SignedCheckpoint>, CheckpointError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| CheckpointError::Io { path: path.to_owned(), source })?;
    let read = |(at, text): (usize, &str)| {
        line(text).map_err(|problem| CheckpointError::Line {
            path: path.to_owned(),
            line: at + 1,
            problem,
        })
    };
    text.lines().enumerate().map(read).collect()
}

/// The checkpoints of the folder's own file, and which of its lines cannot be read. None when it is not
/// there, as before the first one.
pub(crate) fn read_lines(
    path: &Path,
) -> Result<(Vec<SignedCheckpoint>, Vec<String>), CheckpointError> {
    let bytes = match private::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(source) => return Err(CheckpointError::Io { path: path.to_owned(), source }),
    };
    let (mut found, mut faults) = (Vec::new(), Vec::new());
    for (number, text) in (1..).zip(String::from_utf8_lossy(&bytes).lines()) {
        match line(text) {
            Ok(signed) => found.push(signed),
            Err(problem) => {
                faults.push(format!("line {number} of {FILE} was altered: {problem}"));
            }
        }
    }
    Ok((found, faults))
}

fn line(text: &str) -> Result<SignedCheckpoint, String> {
    let line: Line = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let hex = |text: &str| HEXLOWER.decode(text.as_bytes()).map_err(|error| error.to_string());
    Ok(SignedCheckpoint {
        checkpoint: line.checkpoint,
        signer: hex(&line.signer)?,
        signature: hex(&line.signature)?,
    })
}

/// How the tables and the file differ, which hold the same checkpoints: `before` is the file before the
/// tables were read, `after` behind that. The tables are written first, so the file may lack some where
/// a stop or a full disk fell between; it is never without all of them.
pub(crate) fn apart(
    tables: &[SignedCheckpoint],
    before: &[SignedCheckpoint],
    after: &[SignedCheckpoint],
) -> Vec<String> {
    let mut faults = Vec::new();
    let mut rest = tables.iter();
    for (number, line) in (1..).zip(before) {
        if !rest.any(|row| row == line) {
            let at = line.checkpoint.at;
            faults.push(format!(
                "the checkpoint of {at} (line {number} of {FILE}) is missing in the tables, or out of order"
            ));
            rest = tables.iter();
        }
    }
    if tables.len() > 1 && after.is_empty() {
        faults.push(format!("{FILE} is empty, and the tables have {} checkpoints", tables.len()));
    }
    faults
}

/// The checkpoints of the tables that the file does not have.
pub(crate) fn unfiled(tables: &[SignedCheckpoint], filed: &[SignedCheckpoint]) -> usize {
    let filed: BTreeSet<_> = filed.iter().map(|line| &line.signature).collect();
    tables.iter().filter(|row| !filed.contains(&row.signature)).count()
}

async fn read_pair(store: &Store, key: &SealKey) -> Result<Option<Ed25519KeyPair>, StoreError> {
    let Some(hex) = store.fact(CHECKPOINT_FACT).await? else { return Ok(None) };
    let sealed = HEXLOWER.decode(hex.as_bytes()).unwrap_or_default();
    let seed = key.open(&SealedSecret(sealed), CHECKPOINT_FACT).ok();
    Ok(seed.and_then(|seed| Ed25519KeyPair::from_seed_unchecked(seed.expose()).ok()))
}

/// The signing key, made when there is none.
async fn pair(store: &Store, key: &SealKey, clock: &Clock) -> Result<Ed25519KeyPair, Refusal> {
    if store.fact(CHECKPOINT_FACT).await.map_err(|error| store_failed(&error))?.is_none() {
        let drawn = clock.entropy::<32>().and_then(|seed| Ok((seed, clock.moment()?)));
        let (seed, moment) = drawn.map_err(|_| Refusal::Server(ServerRefusal::StoreFailed))?;
        let sealed = key.seal(&Secret::new(seed.to_vec()), CHECKPOINT_FACT, &moment);
        let kept = store.fact_or(CHECKPOINT_FACT, &HEXLOWER.encode(&sealed.0)).await;
        kept.map_err(|error| store_failed(&error))?;
    }
    let pair = read_pair(store, key).await.map_err(|error| store_failed(&error))?;
    pair.ok_or(Refusal::Server(ServerRefusal::KeyMismatch))
}

/// What is kept on record, and the folder that it is in, through the gate. Cheap to copy.
#[derive(Clone, Copy)]
pub struct RecordGate<'a> {
    pub(crate) gate: &'a Gate,
}

impl Gate {
    /// What is kept on record, and the folder that it is in, through the gate.
    pub const fn records(&self) -> RecordGate<'_> {
        RecordGate { gate: self }
    }
}

impl RecordGate<'_> {
    /// Makes a checkpoint of what is durable now.
    pub async fn checkpoint(self) -> Result<SignedCheckpoint, Refusal> {
        let _alone = self.gate.0.checkpoints.lock().await;
        let people = &self.gate.0.people;
        let pair = pair(&people.store, &people.key, &self.gate.0.clock).await?;
        let heads = people.store.evidence_heads().await.map_err(|error| store_failed(&error))?;
        let (common, shards): (Vec<_>, Vec<_>) =
            heads.into_iter().partition(|head| head.shard == COMMON);
        let access = common.first().copied().unwrap_or(Chain::default().head(COMMON));
        let head = self.gate.0.sequencer.head()?;
        let checkpoint = Checkpoint {
            at: self.gate.now(),
            access_seq: access.seq,
            access_hash: access.hash,
            shards,
            journal_seq: head.seq,
            journal_hash: Digest(head.chain),
        };
        let signature = pair.sign(&checkpoint.canonical()).as_ref().to_vec();
        let signer = pair.public_key().as_ref().to_vec();
        let signed = SignedCheckpoint { checkpoint, signer, signature };
        let kept = people.store.put_checkpoint(&signed).await;
        kept.map_err(|error| store_failed(&error))?;
        self.gate.0.append_checkpoint(&signed).map_err(|error| {
            tracing::error!(%error, "the checkpoint file could not be written");
            Refusal::Server(ServerRefusal::StoreFailed)
        })?;
        Ok(signed)
    }
}

impl Gate {
    /// Makes one every ten minutes in which anything was recorded; ends when the gate is dropped.
    pub(crate) fn spawn_checkpoints(&self) {
        let weak = Arc::downgrade(&self.0);
        let ended = told(&self.0);
        let failed = Weak::clone(&weak);
        // A journal that failed was told of when it did.
        let told = move || ended() || failed.upgrade().is_none_or(|one| one.sequencer.is_over());
        self.0.health.task("checkpoint", told, move || keep_checkpoints(Weak::clone(&weak)));
    }
}

async fn keep_checkpoints(weak: Weak<Inner>) {
    let mut last = (0, 0);
    loop {
        tokio::time::sleep(EVERY).await;
        let Some(inner) = weak.upgrade() else { return };
        if inner.sequencer.is_over() {
            return;
        }
        Gate(inner).checkpoint_news(&mut last).await;
    }
}

impl Gate {
    /// Makes a checkpoint when anything was recorded since `last`, the ends of both chains.
    pub(crate) async fn checkpoint_news(&self, last: &mut (u64, u64)) {
        let heads = self.0.people.store.evidence_heads().await.unwrap_or_default();
        let now = heads.iter().fold(0_u64, |sum, head| sum.saturating_add(head.seq));
        let now = (now, self.0.sequencer.durable());
        if now == *last {
            return;
        }
        match self.records().checkpoint().await {
            Ok(_) => *last = now,
            Err(error) => tracing::error!(%error, "no checkpoint could be made"),
        }
        // So that nobody who searches waits for a long journal.
        self.index_orders().await.ok();
    }
}

impl Inner {
    fn append_checkpoint(&self, signed: &SignedCheckpoint) -> std::io::Result<()> {
        let line = Line {
            checkpoint: signed.checkpoint.clone(),
            signer: HEXLOWER.encode(&signed.signer),
            signature: HEXLOWER.encode(&signed.signature),
        };
        let mut text = serde_json::to_string(&line)?;
        text.push('\n');
        let path = self.folder.path.join(FILE);
        let mut file = private::append(&path)?;
        // A line that a full disk tore off takes no other with it.
        if !ends_a_line(&path)? {
            text.insert(0, '\n');
        }
        file.write_all(text.as_bytes())?;
        file.sync_all()
    }
}

/// Whether the file is empty or its last byte ends a line.
fn ends_a_line(path: &Path) -> std::io::Result<bool> {
    let mut file = File::open(path)?;
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use access::Time;
    use access::evidence::ShardHead;

    use super::*;

    fn signed(seq: u64) -> SignedCheckpoint {
        let checkpoint = Checkpoint {
            at: Time(1_772_416_325_668_053),
            access_seq: seq,
            access_hash: Digest([0xa5; 32]),
            shards: vec![ShardHead { shard: 4_000_000_000, seq, hash: Digest([0x5c; 32]) }],
            journal_seq: 7,
            journal_hash: Digest([0x5a; 32]),
        };
        SignedCheckpoint {
            checkpoint,
            signer: vec![0xab; 32],
            signature: vec![u8::try_from(seq).unwrap(); 64],
        }
    }

    #[test]
    fn every_altered_byte_of_the_file_is_named() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join(FILE);
        let tables = [signed(1), signed(2), signed(3)];
        let mut whole = Vec::new();
        for one in &tables {
            let line = Line {
                checkpoint: one.checkpoint.clone(),
                signer: HEXLOWER.encode(&one.signer),
                signature: HEXLOWER.encode(&one.signature),
            };
            serde_json::to_writer(&mut whole, &line).unwrap();
            whole.push(b'\n');
        }
        let found = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            let (filed, mut faults) = read_lines(&path).unwrap();
            faults.extend(apart(&tables, &filed, &filed));
            faults
        };
        assert_eq!(found(&whole), Vec::<String>::new());
        // The last byte ends the last line, whatever it is.
        for at in 0..whole.len() - 1 {
            for flip in [1, 0x20, 0x80] {
                let mut bytes = whole.clone();
                bytes[at] ^= flip;
                let faults = found(&bytes);
                assert!(faults.iter().any(|fault| fault.contains("line ")), "{at} ^ {flip}");
            }
        }
        assert_eq!((unfiled(&tables, &tables), unfiled(&tables, &tables[..2])), (0, 1));
        assert!(found(b"").iter().any(|fault| fault.contains("is empty")));
        let faults = apart(&[], &tables, &tables);
        assert_eq!(faults.len(), 3, "an emptied table: {faults:?}");
    }
}
