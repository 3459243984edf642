//! Signed checkpoints: where the journal and the evidence of access stood at one time. Kept in the
//! tables and appended to `DATA/checkpoints.jsonl`; a copy kept elsewhere shows later whether either
//! chain was rewritten or its end cut.

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Weak};
use std::time::Duration;

use access::evidence::Checkpoint;
use access::refusal::Refusal;
use access::secret::{Digest, SealKey, SealedSecret, Secret};
use data_encoding::HEXLOWER;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use store::{SignedCheckpoint, Store, StoreError};

use crate::clock::{self, Clock};
use crate::folder;
use crate::registry::store_failed;
use crate::timer::told;
use crate::{Gate, Inner};

/// Name of the file in the data folder.
pub const FILE: &str = folder::CHECKPOINTS;
/// How often one is made, when anything was recorded.
const EVERY: Duration = Duration::from_mins(10);
/// Name of the fact that holds the sealed signing key, and what it is sealed for.
pub(crate) const KEY_FACT: &str = "checkpoint_key";

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
    /// A line is no checkpoint.
    #[error("line {line} of the checkpoint file {path} is no checkpoint: {problem}")]
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
    let mut found = Vec::new();
    for (at, text) in text.lines().enumerate() {
        let wrong = |problem: String| CheckpointError::Line {
            path: path.to_owned(),
            line: at + 1,
            problem,
        };
        let line: Line = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
        let hex =
            |text: &str| HEXLOWER.decode(text.as_bytes()).map_err(|error| wrong(error.to_string()));
        found.push(SignedCheckpoint {
            checkpoint: line.checkpoint,
            signer: hex(&line.signer)?,
            signature: hex(&line.signature)?,
        });
    }
    Ok(found)
}

async fn read_pair(store: &Store, key: &SealKey) -> Result<Option<Ed25519KeyPair>, StoreError> {
    let Some(hex) = store.fact(KEY_FACT).await? else { return Ok(None) };
    let sealed = HEXLOWER.decode(hex.as_bytes()).unwrap_or_default();
    let seed = key.open(&SealedSecret(sealed), KEY_FACT).ok();
    Ok(seed.and_then(|seed| Ed25519KeyPair::from_seed_unchecked(seed.expose()).ok()))
}

/// The signing key, made when there is none.
async fn pair(store: &Store, key: &SealKey, clock: &Clock) -> Result<Ed25519KeyPair, Refusal> {
    if store.fact(KEY_FACT).await.map_err(|error| store_failed(&error))?.is_none() {
        let drawn = clock::entropy::<32>().and_then(|seed| Ok((seed, clock.moment()?)));
        let (seed, moment) = drawn.map_err(|_| Refusal::StoreFailed)?;
        let sealed = key.seal(&Secret::new(seed.to_vec()), KEY_FACT, &moment);
        let kept = store.fact_or(KEY_FACT, &HEXLOWER.encode(&sealed.0)).await;
        kept.map_err(|error| store_failed(&error))?;
    }
    let pair = read_pair(store, key).await.map_err(|error| store_failed(&error))?;
    pair.ok_or(Refusal::KeyMismatch)
}

impl Gate {
    /// Makes a checkpoint of what is durable now.
    pub async fn checkpoint(&self) -> Result<SignedCheckpoint, Refusal> {
        let _alone = self.0.checkpoints.lock().await;
        let people = &self.0.people;
        let pair = pair(&people.store, &people.key, &self.0.clock).await?;
        let access = people.store.evidence_head().await.map_err(|error| store_failed(&error))?;
        let head = self.0.sequencer.head()?;
        let checkpoint = Checkpoint {
            at: self.now(),
            access_seq: access.seq,
            access_hash: access.hash,
            journal_seq: head.seq,
            journal_hash: Digest(head.chain),
        };
        let signature = pair.sign(&checkpoint.canonical()).as_ref().to_vec();
        let signer = pair.public_key().as_ref().to_vec();
        let signed = SignedCheckpoint { checkpoint, signer, signature };
        let kept = people.store.put_checkpoint(&signed).await;
        kept.map_err(|error| store_failed(&error))?;
        self.0.append_checkpoint(&signed).map_err(|error| {
            tracing::error!(%error, "the checkpoint file could not be written");
            Refusal::StoreFailed
        })?;
        Ok(signed)
    }

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
        let now = inner.people.store.evidence_head().await.map_or(0, |chain| chain.seq);
        let now = (now, inner.sequencer.durable());
        if now == last {
            continue;
        }
        match Gate(inner).checkpoint().await {
            Ok(_) => last = now,
            Err(error) => tracing::error!(%error, "no checkpoint could be made"),
        }
    }
}

impl Inner {
    fn append_checkpoint(&self, signed: &SignedCheckpoint) -> std::io::Result<()> {
        let line = Line {
            checkpoint: signed.checkpoint,
            signer: HEXLOWER.encode(&signed.signer),
            signature: HEXLOWER.encode(&signed.signature),
        };
        let mut text = serde_json::to_string(&line)?;
        text.push('\n');
        let path = self.folder.path.join(FILE);
        let mut file = private::append(&path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    }
}
