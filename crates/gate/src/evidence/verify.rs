//! The offline check of both chains and of the checkpoints that tie them, on a stopped or a running
//! folder.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use access::Digest;
use access::evidence::{Chain, Checkpoint};
use serde::Serialize;
use store::engine::sqlite_url;
use store::{SignedCheckpoint, Store, StoreError};

use crate::checkpoint::{self, CheckpointError};
use crate::folder::{self, FolderError};
use crate::journal::{self, JournalError, record};
use crate::key_file::{self, KeyFileError};
use crate::open;

/// Entries that are read at once.
const BATCH: u32 = 1_000;

/// Why evidence could not even be read.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// There is no data folder.
    #[error("{0} is no data folder of floorpass; name one with --data")]
    NoFolder(PathBuf),
    /// There are no tables.
    #[error("{0} is missing; if the tables are on PostgreSQL, name the database")]
    NoTables(PathBuf),
    /// The folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The key file.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// The tables.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The journal's files.
    #[error(transparent)]
    Journal(JournalError),
    /// The checkpoint file.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// What the check found.
#[derive(Debug, Clone, Serialize)]
pub struct EvidenceReport {
    /// Entries of the access evidence, whole from the first one.
    pub access_entries: u64,
    /// Records of the journal, whole from the first one.
    pub journal_records: u64,
    /// Signed checkpoints that were compared.
    pub checkpoints: usize,
    /// The latest of them.
    pub last_checkpoint: Option<Checkpoint>,
    /// Whether a checkpoint that was kept elsewhere was among them.
    pub kept_elsewhere: bool,
    /// What is altered, missing or out of place; the first of each chain is named. Empty when all
    /// is well.
    pub faults: Vec<String>,
}

impl fmt::Display for EvidenceReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in &self.faults {
            writeln!(f, "ALTERED: {fault}")?;
        }
        writeln!(f, "access evidence: {} entries in one chain", self.access_entries)?;
        writeln!(f, "journal: {} records in one chain", self.journal_records)?;
        write!(f, "checkpoints: {} signatures", self.checkpoints)?;
        if let Some(last) = &self.last_checkpoint {
            write!(
                f,
                ", the latest of {} at entry {} and record {}",
                last.at, last.access_seq, last.journal_seq
            )?;
        }
        if !self.kept_elsewhere {
            write!(
                f,
                "\nA tail that was cut off together with its checkpoints cannot be seen from here: give a copy that was kept elsewhere with --checkpoint FILE."
            )?;
        }
        Ok(())
    }
}

/// Checks a folder whose tables are in it. `checkpoint` is a copy of `checkpoints.jsonl`, or a line
/// of it, that was kept elsewhere.
pub async fn evidence_verify(
    data: &Path,
    checkpoint: Option<&Path>,
) -> Result<EvidenceReport, VerifyError> {
    evidence_verify_with(data, None, checkpoint).await
}

/// The same for a folder whose tables are in `database`.
pub async fn evidence_verify_with(
    data: &Path,
    database: Option<&str>,
    checkpoint: Option<&Path>,
) -> Result<EvidenceReport, VerifyError> {
    let facts = folder::read_facts(data)?.ok_or_else(|| VerifyError::NoFolder(data.to_owned()))?;
    let key = key_file::open(data, false)?;
    key_file::check(&data.join(key_file::NAME), &key, &facts)?;
    let file = data.join(open::DATABASE);
    let url = match database {
        Some(url) => url.to_owned(),
        None if file.exists() => sqlite_url(&file),
        None => return Err(VerifyError::NoTables(file)),
    };
    let store = Store::open(&url).await?;
    let mut faults = Vec::new();
    // The checkpoints first: on a running server the chains only grow meanwhile.
    let mut signed = store.checkpoints().await?;
    let own_file = data.join(checkpoint::FILE);
    if own_file.exists() {
        signed.extend(checkpoint::read_file(&own_file)?);
    }
    if let Some(path) = checkpoint {
        signed.extend(checkpoint::read_file(path)?);
    }
    let signer = checkpoint::signer(&store, &key).await?;
    let mut marks = Marks::of(&signed);
    let access = follow_access(&store, &mut marks, &mut faults).await?;
    store.close().await;
    let journal_head = follow_journal(data, facts.id_bytes(), &mut marks, &mut faults)?;
    let whole = faults.is_empty();
    for one in &signed {
        let fault = check(one, signer.as_deref(), &marks, (access.seq, journal_head), whole);
        faults.extend(fault.filter(|fault| !faults.contains(fault)));
    }
    Ok(EvidenceReport {
        access_entries: access.seq,
        journal_records: journal_head,
        checkpoints: signed.len(),
        last_checkpoint: signed.iter().map(|one| one.checkpoint).max_by_key(|one| one.at),
        kept_elsewhere: checkpoint.is_some(),
        faults,
    })
}

/// The hashes at the places that checkpoints name.
struct Marks {
    access: BTreeMap<u64, Option<Digest>>,
    journal: BTreeMap<u64, Option<Digest>>,
}

impl Marks {
    fn of(signed: &[SignedCheckpoint]) -> Self {
        Self {
            access: signed.iter().map(|one| (one.checkpoint.access_seq, None)).collect(),
            journal: signed.iter().map(|one| (one.checkpoint.journal_seq, None)).collect(),
        }
    }
}

fn mark(marks: &mut BTreeMap<u64, Option<Digest>>, seq: u64, hash: Digest) {
    if let Some(place) = marks.get_mut(&seq) {
        *place = Some(hash);
    }
}

async fn follow_access(
    store: &Store,
    marks: &mut Marks,
    faults: &mut Vec<String>,
) -> Result<Chain, StoreError> {
    let mut chain = Chain::default();
    mark(&mut marks.access, chain.seq, chain.hash);
    loop {
        let entries = store.evidence_after(chain.seq, BATCH).await?;
        if entries.is_empty() {
            return Ok(chain);
        }
        for entry in &entries {
            if let Err(fault) = chain.follow(entry) {
                faults.push(format!("access evidence: {fault}"));
                return Ok(chain);
            }
            mark(&mut marks.access, chain.seq, chain.hash);
        }
    }
}

fn follow_journal(
    data: &Path,
    folder: [u8; 16],
    marks: &mut Marks,
    faults: &mut Vec<String>,
) -> Result<u64, VerifyError> {
    let mut last = 0;
    mark(&mut marks.journal, 0, Digest(record::root(folder)));
    let segments = journal::segments(&open::journal_folder(data)).map_err(VerifyError::Journal)?;
    let mut each = |record: &journal::Record<'_>| {
        open::decode(record)?;
        last = record.seq;
        mark(&mut marks.journal, record.seq, Digest(record.chain));
        Ok(())
    };
    match journal::walk(&segments, folder, None, &mut each) {
        Ok(walked) if walked.lost_unsynced => faults.push(format!(
            "journal entry {} is damaged, and acknowledged entries follow it",
            last.saturating_add(1)
        )),
        Ok(_) => {}
        Err(JournalError::Damage(damage)) => faults.push(damage.to_string()),
        Err(error) => return Err(VerifyError::Journal(error)),
    }
    Ok(last)
}

/// What is wrong with a checkpoint, or with a chain by it. Behind a fault in a chain the places that
/// were not reached say nothing more.
fn check(
    signed: &SignedCheckpoint,
    signer: Option<&[u8]>,
    marks: &Marks,
    heads: (u64, u64),
    whole: bool,
) -> Option<String> {
    let Checkpoint { at, access_seq, access_hash, journal_seq, journal_hash } = signed.checkpoint;
    if !checkpoint::is_signed(signed) {
        return Some(format!("the checkpoint of {at} was altered: its signature is wrong"));
    }
    if signer != Some(signed.signer.as_slice()) {
        return Some(format!("the checkpoint of {at} is signed by another folder's key"));
    }
    let chains = [
        ("access evidence", "entry", access_seq, access_hash, &marks.access, heads.0),
        ("journal", "entry", journal_seq, journal_hash, &marks.journal, heads.1),
    ];
    chains.into_iter().find_map(|(chain, noun, seq, hash, marks, head)| {
        match marks.get(&seq).copied().flatten() {
            Some(found) if found == hash => None,
            Some(_) => Some(format!(
                "{chain}: {noun} {seq} is not the one that the checkpoint of {at} signed; it or one before it was rewritten"
            )),
            None if whole => Some(format!(
                "{chain}: {noun} {} and all after it are missing; the checkpoint of {at} signed up to {seq}",
                head.saturating_add(1)
            )),
            None => None,
        }
    })
}
