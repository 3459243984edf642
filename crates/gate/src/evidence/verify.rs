//! The offline check of all chains and of the checkpoints that tie them, on a stopped or a running
//! folder.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use access::evidence::{COMMON, Checkpoint, Entry, GENESIS, Index, shard_of};
use access::{Digest, Event, Holder, Scope, SealKey, SealedSecret, Time};
use data_encoding::HEXLOWER;
use serde::Serialize;
use store::{Replayed, SignedCheckpoint, Store, StoreError};

use trade::instrument::Instruments;

use super::frozen::Frozen;
use super::index::{Compared, Owners};
use super::order;
use crate::checkpoint::{self, CheckpointError};
use crate::clock::{Clock, NoEntropy};
use crate::folder::{self, DATABASE, FolderError, FolderFacts};
use crate::journal::{self, Damage, JournalError, record};
use crate::key_file::{self, KeyFileError};
use crate::tables::{self, NoTrialRoom, TrialError};

/// Decisions that are read at once, and rows at fault that are named.
const ROWS: u32 = 1_000;
const NAMED: usize = 10;

/// Why evidence could not even be read.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// There is no data folder.
    #[error("{0} is not a Floorpass data folder; give one with --data")]
    NoFolder(PathBuf),
    /// There are no tables.
    #[error(
        "{0} is missing; if the tables are on PostgreSQL, give the configuration file with --config"
    )]
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
    /// The system's generator.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
    /// The tables of an older version are looked at in a copy, and there is no room for it.
    #[error(transparent)]
    NoRoom(NoTrialRoom),
}

/// What the check found.
#[derive(Debug, Clone, Serialize)]
pub struct EvidenceReport {
    /// Entries of the access evidence, of all its shards, whole from the first one of each.
    pub access_entries: u64,
    /// Its shards: one for each person and each account, and the one of what concerns neither.
    pub access_shards: usize,
    /// Records of the journal, whole from the first one.
    pub journal_records: u64,
    /// SHA-256 of the exchange as the journal leaves it after its last record, in hexadecimal digits;
    /// none where the journal is empty or could not be followed to its end. The same journal gives the
    /// same one.
    pub exchange_state: Option<Digest>,
    /// Signed checkpoints that were compared.
    pub checkpoints: usize,
    /// Those of the tables that `checkpoints.jsonl` lacks: a stop or a full disk between the two leaves one out, and
    /// a line that somebody removed looks the same. What they signed is compared all the same.
    pub checkpoints_unfiled: usize,
    /// The latest of them.
    #[serde(serialize_with = "in_report")]
    pub last_checkpoint: Option<Checkpoint>,
    /// Entries of an older version whose hashes do not cover whose they are, and that no later entry
    /// speaks of yet: the next start of a server writes it.
    pub owners_not_covered: u64,
    /// Whether a checkpoint that was kept elsewhere was among them.
    pub kept_elsewhere: bool,
    /// What is altered, missing or out of place; the first of each chain is named. Empty when all
    /// is well.
    pub faults: Vec<String>,
}

impl From<TrialError> for VerifyError {
    fn from(error: TrialError) -> Self {
        match error {
            TrialError::Store(error) => Self::Store(error),
            TrialError::Entropy(error) => Self::Entropy(error),
            TrialError::NoRoom(room) => Self::NoRoom(room),
        }
    }
}

impl fmt::Display for EvidenceReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in &self.faults {
            writeln!(f, "ALTERED: {fault}")?;
        }
        match self.access_shards {
            1 => {
                writeln!(f, "access evidence: {} entries in one chain", self.access_entries)?;
            }
            many => {
                writeln!(f, "access evidence: {} entries in {many} chains", self.access_entries)?;
            }
        }
        writeln!(f, "journal: {} records in one chain", self.journal_records)?;
        if let Some(state) = &self.exchange_state {
            writeln!(f, "exchange after record {}: state {state}", self.journal_records)?;
        }
        write!(f, "checkpoints: {} signatures", self.checkpoints)?;
        if let Some(last) = &self.last_checkpoint {
            write!(
                f,
                ", the latest of {} at {} entries and record {}",
                last.at,
                last.access_entries(),
                last.journal_seq
            )?;
        }
        if self.checkpoints_unfiled > 0 {
            write!(
                f,
                "\n{} lacks {} of the checkpoints in the tables, which were compared instead. A stop or a full disk between the two writes leaves a line out, and a removed line looks the same: if nothing of the kind happened, compare with a copy of the file.",
                checkpoint::FILE,
                self.checkpoints_unfiled
            )?;
        }
        if self.owners_not_covered > 0 {
            write!(
                f,
                "\nEntries 1 to {} are from an older version, and their hashes do not cover which person each belongs to. The next start of the server adds an entry that does.",
                self.owners_not_covered
            )?;
        }
        if !self.kept_elsewhere {
            write!(
                f,
                "\nIf the end of a chain was cut off together with its checkpoints, this check cannot see it: give a checkpoint kept elsewhere with --checkpoint FILE."
            )?;
        }
        Ok(())
    }
}

/// A checkpoint in the report: its time is for scripts, as every other one is. In its own file it counts
/// microseconds, for that is what was signed.
#[expect(clippy::ref_option, reason = "serde's form")]
fn in_report<S: serde::Serializer>(
    last: &Option<Checkpoint>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let shown = last.as_ref().map(|last| {
        let mut fields = serde_json::to_value(last).map_err(serde::ser::Error::custom)?;
        if let Some(at) = fields.get_mut("at") {
            *at = last.at.rfc_3339().into();
        }
        Ok(fields)
    });
    shown.transpose()?.serialize(serializer)
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
    Ok(verified((data, database), checkpoint, Instruments::builtin()).await?.0)
}

/// The same for a folder whose tables are in it and whose exchange trades these instruments
/// ([`crate::Gate::open_trading`]).
pub async fn evidence_verify_trading(
    data: &Path,
    instruments: &Arc<Instruments>,
) -> Result<EvidenceReport, VerifyError> {
    Ok(verified((data, None), None, instruments).await?.0)
}

/// What an upgrade ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Waiting {
    /// Sessions of everybody.
    pub(crate) sessions: usize,
    /// Approvals that wait for an answer.
    pub(crate) approvals: usize,
}

/// The same with what an upgrade of the tables would end: nothing where they are up to date. The instruments are those
/// that the folder's exchange trades.
pub(crate) async fn verified(
    (data, database): (&Path, Option<&str>),
    checkpoint: Option<&Path>,
    instruments: &Arc<Instruments>,
) -> Result<(EvidenceReport, Waiting), VerifyError> {
    let facts = folder::read_facts(data)?.ok_or_else(|| VerifyError::NoFolder(data.to_owned()))?;
    let key = key_file::open(data, false)?;
    key_file::check(&data.join(key_file::NAME), &key, &facts)?;
    let url = tables::url(data, database);
    let url = url.ok_or_else(|| VerifyError::NoTables(data.join(DATABASE)))?;
    let own_file = data.join(checkpoint::FILE);
    // The file before the tables: on a running server a checkpoint is in the tables first.
    let (filed, mut faults) = checkpoint::read_lines(&own_file)?;
    let kept = checkpoint.map(checkpoint::read_file).transpose()?.unwrap_or_default();
    let mut marks = Marks::of(filed.iter().chain(&kept));
    // Rows are forgotten by the server's stamps, which may be ahead of this machine's clock.
    let signed = filed.iter().chain(&kept).map(|signed| signed.checkpoint.at);
    let known = signed.chain(order::latest(data)).max().unwrap_or_default();
    let now = Clock::system().stamp().max(known);
    let mut tables = match tables((data, &url), &facts, &key, &mut marks, now).await {
        Ok(tables) => tables,
        Err(VerifyError::Store(error)) if error.is_damage() => Tables {
            faults: vec![format!("the tables cannot be read: {error}")],
            ..Tables::default()
        },
        Err(error) => return Err(error),
    };
    faults.extend(tables.faults);
    let mut signed = tables.checkpoints;
    let (filed_now, _) = checkpoint::read_lines(&own_file)?;
    faults.extend(checkpoint::apart(&signed, &filed, &filed_now));
    let checkpoints_unfiled = checkpoint::unfiled(&signed, &filed_now);
    signed.extend(filed.into_iter().chain(kept));
    let signer = tables.signer;
    let ends = tables.ends;
    let decisions = tables.decisions.take().map(|rows| rows.of(instruments));
    let frozen = Frozen::read(data, facts.id_bytes(), instruments);
    let (journal_head, state) =
        follow_journal(data, facts.id_bytes(), &mut marks, (frozen, decisions), &mut faults)?;
    let scopes = &tables.scopes;
    let found = Found { ends: &ends, scopes, journal: journal_head, is_whole: faults.is_empty() };
    for one in &signed {
        let fault = check(one, signer.as_deref(), &marks, &found);
        faults.extend(fault.filter(|fault| !faults.contains(fault)));
    }
    let report = EvidenceReport {
        access_entries: ends.values().fold(0, |sum, seq| sum.saturating_add(*seq)),
        access_shards: ends.len(),
        journal_records: journal_head,
        exchange_state: state,
        checkpoints: signed.len(),
        checkpoints_unfiled,
        last_checkpoint: signed.iter().map(|one| &one.checkpoint).max_by_key(|one| one.at).cloned(),
        owners_not_covered: tables.unowned,
        kept_elsewhere: checkpoint.is_some(),
        faults,
    };
    Ok((report, tables.waiting))
}

/// The hashes at the places that checkpoints name.
struct Marks {
    /// Of the shards of evidence, by shard and sequence.
    access: BTreeMap<(u32, u64), Option<Digest>>,
    journal: BTreeMap<u64, Option<Digest>>,
}

impl Marks {
    fn of<'a>(signed: impl Iterator<Item = &'a SignedCheckpoint>) -> Self {
        let mut marks = Self { access: BTreeMap::new(), journal: BTreeMap::new() };
        for one in signed {
            marks.add(&one.checkpoint);
        }
        marks
    }

    fn add(&mut self, one: &Checkpoint) {
        for head in one.heads() {
            // Where a shard had no entry yet, its chain is at its beginning.
            let begun = (head.seq == 0).then_some(GENESIS);
            self.access.insert((head.shard, head.seq), begun);
        }
        self.journal.insert(one.journal_seq, None);
    }
}

fn mark<K: Ord>(marks: &mut BTreeMap<K, Option<Digest>>, at: &K, hash: Digest) {
    if let Some(place) = marks.get_mut(at) {
        *place = Some(hash);
    }
}

/// What the tables hold.
#[derive(Default)]
struct Tables {
    /// The last entry of each shard that is whole.
    ends: BTreeMap<u32, u64>,
    /// What the shards of the persons and accounts that there are, are about.
    scopes: BTreeMap<u32, Scope>,
    unowned: u64,
    checkpoints: Vec<SignedCheckpoint>,
    signer: Option<Vec<u8>>,
    faults: Vec<String>,
    /// The decisions about orders; none where they are not indexed by this version's rule.
    decisions: Option<Compared>,
    waiting: Waiting,
}

/// Replays the evidence and compares it with the tables.
async fn tables(
    (data, url): (&Path, &str),
    facts: &FolderFacts,
    key: &SealKey,
    marks: &mut Marks,
    now: Time,
) -> Result<Tables, VerifyError> {
    let store = Store::connect(url).await?;
    if store.is_behind().await? {
        // An older version's tables stay as they are until a start has copied them.
        store.close().await;
        let trial = tables::trial(data, url).await?;
        let read = read_tables(&trial.store, facts, key, marks, now).await;
        let waiting = waiting(&trial.store, now).await;
        trial.end().await;
        return Ok(Tables { waiting: waiting?, ..read? });
    }
    store.database().migrate().await?;
    let tables = read_tables(&store, facts, key, marks, now).await;
    store.close().await;
    tables
}

async fn waiting(store: &Store, now: Time) -> Result<Waiting, StoreError> {
    let mut all = Waiting::default();
    for slice in store.slices().await? {
        all.sessions += slice.sessions.len();
        all.approvals += slice.approvals.iter().filter(|one| one.is_open(now)).count();
    }
    Ok(all)
}

async fn read_tables(
    store: &Store,
    facts: &FolderFacts,
    key: &SealKey,
    marks: &mut Marks,
    now: Time,
) -> Result<Tables, VerifyError> {
    // The places that checkpoints in the tables name, before the chain is followed.
    for one in store.checkpoints().await.unwrap_or_default() {
        marks.add(&one.checkpoint);
    }
    let mut owners = Owners::new();
    let mut each = |entry: &Entry| {
        mark(&mut marks.access, &(entry.shard, entry.seq), entry.hash);
        own(entry, &mut owners);
    };
    let Replayed { ends, unowned, checkpoints, mut faults } = store.replay(now, &mut each).await?;
    let ends = ends.into_iter().map(|(shard, end)| (shard, end.seq)).collect();
    let kept = store.facts().await?;
    faults.extend(kept.iter().filter_map(|(name, value)| fact(name, value, facts, key)));
    if !kept.iter().any(|(name, _)| name == tables::FOLDER_FACT) {
        faults.push(format!("table folder, row {}: it is missing", tables::FOLDER_FACT));
    }
    let signer = checkpoint::signer(store, key).await?;
    let decisions = match decisions(store, owners).await {
        Ok(decisions) => decisions,
        Err(error) if error.is_damage() => {
            faults.push(format!("table order_decision: it cannot be read: {error}"));
            None
        }
        Err(error) => return Err(error.into()),
    };
    let waiting = Waiting::default();
    let scopes = scopes(store).await;
    Ok(Tables { ends, scopes, unowned, checkpoints, signer, faults, decisions, waiting })
}

/// What each shard is about, as far as the tables can be read: only names for faults.
async fn scopes(store: &Store) -> BTreeMap<u32, Scope> {
    let accounts = store.accounts().await.unwrap_or_default();
    let accounts = accounts.iter().map(|one| Scope::Account(one.id));
    let persons = store.persons().await.unwrap_or_default();
    let scopes = persons.into_iter().map(Scope::Person).chain(accounts);
    scopes.map(|scope| (shard_of(Some(scope)), scope)).collect()
}

/// Notes whose a session or a credential is, by the entry of its beginning.
fn own(entry: &Entry, owners: &mut Owners) {
    if !matches!(entry.kind.as_str(), "session.started" | "credential.created") {
        return;
    }
    let Ok(event) = serde_json::from_str::<Event>(&entry.event) else { return };
    let index = Index::of(entry, &event);
    let (holder, device) = match (entry.kind.as_str(), index.session, index.credential) {
        ("session.started", Some(id), _) => (Holder::Session(id), index.device),
        (_, _, Some(id)) => (Holder::Credential(id), None),
        _ => return,
    };
    owners.entry(holder).or_insert((entry.person, device));
}

/// The decisions about orders that the tables have.
async fn decisions(store: &Store, owners: Owners) -> Result<Option<Compared>, StoreError> {
    let (mut compared, mut last) = (Compared::new(owners), 0);
    loop {
        let Some((rows, indexed)) = store.orders_after(last, ROWS).await? else { return Ok(None) };
        compared.add(&rows, indexed);
        match rows.last() {
            Some(row) => last = row.seq,
            None => return Ok(Some(compared)),
        }
    }
}

/// What is wrong with a fact about the folder.
fn fact(name: &str, value: &str, facts: &FolderFacts, key: &SealKey) -> Option<String> {
    let is_right = match name {
        tables::FOLDER_FACT => value == facts.id,
        tables::CHECKPOINT_FACT | tables::PUSH_FACT | tables::WEBHOOK_FACT => HEXLOWER
            .decode(value.as_bytes())
            .is_ok_and(|sealed| key.open(&SealedSecret(sealed), name).is_ok()),
        // Which server took the tables last: another name here stops that server, and nothing else reads it.
        store::hold::INSTANCE => true,
        // Another number here ends everybody's sessions once more at the next start.
        tables::SIGNED_OUT_FACT => value.parse::<i64>().is_ok(),
        _ => false,
    };
    (!is_right)
        .then(|| format!("table folder, row {name}: it was altered, or belongs to another folder"))
}

fn follow_journal(
    data: &Path,
    folder: [u8; 16],
    marks: &mut Marks,
    // The snapshots are read before the journal: a running server writes them after it.
    (mut frozen, mut decisions): (Frozen, Option<Compared>),
    faults: &mut Vec<String>,
) -> Result<(u64, Option<Digest>), VerifyError> {
    let mut last = 0;
    mark(&mut marks.journal, &0, Digest(record::root(folder)));
    let segments =
        journal::segments(&folder::journal_folder(data)).map_err(VerifyError::Journal)?;
    for (first, path) in &segments {
        if let Some(fault) = header(*first, path)? {
            faults.push(fault);
        }
    }
    let mut rows = Vec::new();
    let mut each = |record: &journal::Record<'_>| {
        let stamped = journal::decode(record)?;
        last = record.seq;
        frozen.follow(record, &stamped);
        if let Some(decisions) = &mut decisions
            && rows.len() < NAMED
        {
            rows.extend(decisions.follow(record, stamped));
        }
        mark(&mut marks.journal, &record.seq, Digest(record.chain));
        Ok(())
    };
    let before = faults.len();
    match journal::walk(&segments, folder, None, &mut each) {
        Ok(walked) if walked.lost_unsynced => faults.push(format!(
            "journal entry {} is damaged, and acknowledged entries follow it",
            last.saturating_add(1)
        )),
        Ok(_) => {}
        Err(JournalError::Damage(damage)) => {
            let fault = damage.to_string();
            if !faults.contains(&fault) {
                faults.push(fault);
            }
        }
        Err(error) => return Err(VerifyError::Journal(error)),
    }
    let is_whole = faults.len() == before;
    let state = frozen.state().filter(|_| is_whole).map(Digest);
    faults.extend(frozen.faults(is_whole));
    let strays = decisions.filter(|_| rows.is_empty()).and_then(|rows| rows.strays(last));
    faults.extend(rows.into_iter().chain(strays));
    Ok((last, state))
}

/// What is wrong with the header of a segment, its padding included, which nothing else reads.
fn header(first: u64, path: &Path) -> Result<Option<String>, VerifyError> {
    let mut bytes = [0; record::HEADER_BYTES];
    let read = private::look(path).and_then(|mut file| file.read_exact(&mut bytes));
    let altered = match read {
        Ok(()) => record::Header::decode(&bytes).is_none_or(|header| header.encode() != bytes),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => true,
        Err(source) => {
            let path = path.to_owned();
            return Err(VerifyError::Journal(JournalError::Io { path, source }));
        }
    };
    Ok(altered.then(|| Damage::Header { seq: first }.to_string()))
}

/// How far the chains go.
struct Found<'a> {
    /// The last entry of each shard of evidence.
    ends: &'a BTreeMap<u32, u64>,
    /// What they are about.
    scopes: &'a BTreeMap<u32, Scope>,
    /// The last record of the journal.
    journal: u64,
    /// Whether nothing was wrong on the way.
    is_whole: bool,
}

/// What is wrong with a checkpoint, or with a chain by it. Behind a fault in a chain the places that
/// were not reached say nothing more.
fn check(
    signed: &SignedCheckpoint,
    signer: Option<&[u8]>,
    marks: &Marks,
    found: &Found<'_>,
) -> Option<String> {
    let checkpoint = &signed.checkpoint;
    let at = checkpoint.at;
    if !checkpoint::is_signed(signed) {
        return Some(format!("the checkpoint of {at} was altered: its signature is wrong"));
    }
    if signer != Some(signed.signer.as_slice()) {
        return Some(format!("the checkpoint of {at} is signed by another folder's key"));
    }
    let compare = |chain: String, (seq, hash): (u64, Digest), there: Option<Digest>, end: u64| {
        match there {
            Some(there) if there == hash => None,
            Some(_) => Some(format!(
                "{chain}: entry {seq} is not the one signed by the checkpoint of {at}; it or an earlier one was rewritten"
            )),
            None if !found.is_whole => None,
            None => Some(format!(
                "{chain}: entry {} and all after it are missing; the checkpoint of {at} signed up to {seq}",
                end.saturating_add(1)
            )),
        }
    };
    let shards = checkpoint.heads().find_map(|head| {
        let there = marks.access.get(&(head.shard, head.seq)).copied().flatten();
        let name = shard_name(head.shard, found.scopes);
        match found.ends.get(&head.shard) {
            Some(end) => compare(name, (head.seq, head.hash), there, *end),
            // Whatever else is wrong: nothing is left that could be.
            None if head.seq > 0 && !found.ends.is_empty() => Some(format!(
                "{name}: all of it is missing; the checkpoint of {at} signed up to entry {}",
                head.seq
            )),
            None => None,
        }
    });
    shards.or_else(|| {
        let (seq, hash) = (checkpoint.journal_seq, checkpoint.journal_hash);
        let there = marks.journal.get(&seq).copied().flatten();
        compare("journal".to_owned(), (seq, hash), there, found.journal)
    })
}

fn shard_name(shard: u32, scopes: &BTreeMap<u32, Scope>) -> String {
    match scopes.get(&shard) {
        _ if shard == COMMON => "access evidence".to_owned(),
        Some(scope) => format!("access evidence, shard {shard} ({scope})"),
        None => format!("access evidence, shard {shard}"),
    }
}
