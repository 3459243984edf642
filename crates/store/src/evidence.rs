//! Evidence: read in pages, written by [`Store::commit`] alone.

use access::call::By;
use access::decision::Event;
use access::evidence::{Chain, Entry, Owners, VERSION};
use access::id::PersonId;
use access::moment::Time;
use access::slice::Slice;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::Store;
use crate::error::StoreError;
use crate::field::{Fields, json};

statements! {
    // Changes nothing and takes the row's lock, on both engines, until the commit.
    HEAD_FOR_UPDATE = "UPDATE evidence_head SET seq = seq WHERE shard = $1 RETURNING seq, hash";
    HEAD = "SELECT seq, hash FROM evidence_head WHERE shard = $1";
    SET_HEAD = "UPDATE evidence_head SET seq = $2, hash = $3 WHERE shard = $1";
    INSERT = "INSERT INTO evidence (version, shard, seq, happened_at, actor, source, kind, body, \
              event, person, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    AFTER = "SELECT version, shard, seq, happened_at, actor, source, kind, body, event, person, hash \
             FROM evidence WHERE shard = $1 AND seq > $2 ORDER BY seq LIMIT $3";
    BEFORE = "SELECT version, shard, seq, happened_at, actor, source, kind, body, event, person, hash \
              FROM evidence WHERE seq < $1 ORDER BY seq DESC LIMIT $2";
    LAST_VERSION = "SELECT version FROM evidence WHERE shard = $1 ORDER BY seq DESC LIMIT 1";
    STRAYS = "SELECT shard, seq FROM evidence WHERE shard <> $1 OR seq < 1 ORDER BY shard, seq LIMIT 1";
    HEADS = "SELECT shard, seq, hash FROM evidence_head";
    OF_PERSON = "SELECT version, shard, seq, happened_at, actor, source, kind, body, event, person, hash \
                 FROM evidence WHERE person = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3";
    HAS = "SELECT seq FROM evidence WHERE person = $1 AND event = $2 LIMIT 1";
}

/// The one chain that there is as yet.
pub(crate) const SHARD: u32 = 0;

/// Entries that are read at once to say whose they are.
const OWNERS: u32 = 1_000;

/// A page of evidence, the newest entry first.
#[derive(Debug, Clone)]
pub struct EvidencePage {
    /// The entries.
    pub entries: Vec<Entry>,
    /// Ask for what is before this to get the next page; none on the last one.
    pub before: Option<u64>,
}

/// What the entries of one commit have in common.
pub(crate) struct Header<'a> {
    pub at: Time,
    /// Since when they have been in force, where that is before they are on record.
    pub since: Option<Time>,
    pub actor: By,
    pub source: &'a str,
    pub person: Option<PersonId>,
}

/// Appends the entries of one commit; gives where the chain stands after them.
pub(crate) async fn append(
    connection: &mut AnyConnection,
    header: &Header<'_>,
    events: &[Event],
) -> Result<Chain, StoreError> {
    let shard = i64::from(SHARD);
    let missing = || StoreError::Damaged { table: "evidence_head", what: "it is empty".into() };
    let head = row!(connection, HEAD_FOR_UPDATE, shard)?.ok_or_else(missing)?;
    let mut chain = read_head(&head)?;
    for event in events.iter().filter(|event| event.is_evidence()) {
        let mut entry = Entry {
            version: VERSION,
            shard: SHARD,
            seq: chain.seq + 1,
            at: header.at,
            actor: header.actor,
            source: header.source.to_owned(),
            kind: event.kind().into_owned(),
            text: match header.since {
                Some(since) => format!("{} (in force since {since}, recorded later)", event.text()),
                None => event.text(),
            },
            event: json("evidence", event)?,
            person: header.person,
            hash: chain.hash,
        };
        entry.hash = entry.chained(chain.hash);
        chain = Chain { seq: entry.seq, hash: entry.hash };
        insert(connection, &entry).await?;
    }
    run!(connection, SET_HEAD, shard, number(chain.seq)?, chain.hash.to_string())?;
    Ok(chain)
}

/// A sequence number as the engines keep it.
pub(crate) fn number(seq: u64) -> Result<i64, StoreError> {
    let what = || format!("{seq} is above the greatest number of the engine");
    i64::try_from(seq).map_err(|_| StoreError::Damaged { table: "evidence", what: what() })
}

async fn insert(connection: &mut AnyConnection, entry: &Entry) -> Result<(), StoreError> {
    run!(
        connection,
        INSERT,
        i64::from(entry.version),
        i64::from(entry.shard),
        number(entry.seq)?,
        entry.at.0,
        entry.actor.to_string(),
        entry.source.clone(),
        entry.kind.clone(),
        entry.text.clone(),
        entry.event.clone(),
        entry.person.map(|person| person.to_string()),
        entry.hash.to_string(),
    )?;
    Ok(())
}

fn read_head(row: &AnyRow) -> Result<Chain, StoreError> {
    let mut fields = Fields::new("evidence_head", row);
    Ok(Chain { seq: fields.number()?, hash: fields.digest()? })
}

/// Reads an entry, written in the one way that it was hashed in.
fn read(row: &AnyRow) -> Result<Entry, StoreError> {
    let mut fields = Fields::new("evidence", row);
    Ok(Entry {
        version: fields.number()?,
        shard: fields.number()?,
        seq: fields.number()?,
        at: fields.time()?,
        actor: fields.exact()?,
        source: fields.text()?,
        kind: fields.text()?,
        text: fields.text()?,
        event: fields.text()?,
        person: fields.maybe_exact()?,
        hash: fields.digest()?,
    })
}

impl Store {
    /// Where the chain stands.
    pub async fn evidence_head(&self) -> Result<Chain, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let row = row!(connection, HEAD, i64::from(SHARD))?;
        row.as_ref().map_or(Ok(Chain::default()), read_head)
    }

    /// What the next entry has to say of whose the older ones are, when all are of version 1.
    pub async fn owners(&self) -> Result<Option<Owners>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let last = row!(connection, LAST_VERSION, i64::from(SHARD))?;
        if last.map(|row| Fields::new("evidence", &row).int()).transpose()? != Some(1) {
            return Ok(None);
        }
        let mut owners = Owners::default();
        loop {
            let entries = self.evidence_after(owners.count(), OWNERS).await?;
            if entries.is_empty() {
                return Ok(Some(owners));
            }
            for entry in &entries {
                owners.add(entry);
            }
        }
    }

    /// The entries after a place in the chain, in order, to verify it; at most `limit`.
    pub async fn evidence_after(&self, seq: u64, limit: u32) -> Result<Vec<Entry>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let rows = rows!(connection, AFTER, i64::from(SHARD), number(seq)?, i64::from(limit))?;
        rows.iter().map(read).collect()
    }

    /// Whether these events of a person's are on record: for what may have been committed without
    /// an answer. Events name the ids and times of what they tell, and so come once.
    pub async fn has_evidence(&self, slice: &Slice, events: &[Event]) -> Result<bool, StoreError> {
        let first = events.iter().find(|event| event.is_evidence() && event.changes_tables());
        let (Some(person), Some(first)) = (&slice.person, first) else { return Ok(false) };
        let mut connection = self.database.pool().acquire().await?;
        let event = json("evidence", first)?;
        Ok(row!(connection, HAS, person.id.to_string(), event)?.is_some())
    }

    /// The newest entries before a place, of a person or of all; from the end when there is none.
    pub async fn evidence_page(
        &self,
        person: Option<PersonId>,
        before: Option<u64>,
        limit: u32,
    ) -> Result<EvidencePage, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let from = before.map_or(Ok(i64::MAX), number)?;
        // One more than asked for says whether there is another page.
        let count = i64::from(limit) + 1;
        let rows = match person {
            Some(person) => rows!(connection, OF_PERSON, person.to_string(), from, count)?,
            None => rows!(connection, BEFORE, from, count)?,
        };
        let mut entries = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = entries.len() > limit;
        entries.truncate(limit);
        let before = if more { entries.last().map(|entry| entry.seq) } else { None };
        Ok(EvidencePage { entries, before })
    }
}

/// The rows after a place in the chain, each with what it holds, or why it cannot be read.
pub(crate) async fn after(
    connection: &mut AnyConnection,
    seq: u64,
    limit: u32,
) -> Result<Vec<Result<Entry, StoreError>>, StoreError> {
    let rows = rows!(connection, AFTER, i64::from(SHARD), number(seq)?, i64::from(limit))?;
    Ok(rows.iter().map(read).collect())
}

/// What the tables hold beside the chain that there is, and where they say that it ends.
pub(crate) async fn strays(
    connection: &mut AnyConnection,
    end: Chain,
) -> Result<Vec<String>, StoreError> {
    let mut faults = Vec::new();
    if let Some(row) = row!(connection, STRAYS, i64::from(SHARD))? {
        let mut fields = Fields::new("evidence", &row);
        let (shard, seq) = (fields.told(), fields.told());
        faults.push(format!("access evidence: entry {seq} of chain {shard} is in no chain"));
    }
    let heads = rows!(connection, HEADS)?;
    let is_end = |row| {
        let mut fields = Fields::new("evidence_head", row);
        Ok::<_, StoreError>(
            fields.number::<u32>()? == SHARD && {
                let chain = Chain { seq: fields.number()?, hash: fields.digest()? };
                (chain.seq, chain.hash) == (end.seq, end.hash)
            },
        )
    };
    if heads.len() != 1 || !heads.iter().all(|row| matches!(is_end(row), Ok(true))) {
        faults.push(format!(
            "table evidence_head, row {SHARD}: it is not where the chain ends, at entry {}",
            end.seq
        ));
    }
    Ok(faults)
}
