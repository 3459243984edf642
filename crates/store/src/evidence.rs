//! Evidence: written only by [`Store::commit`], with what it is found by.

use std::collections::BTreeMap;

use access::call::By;
use access::decision::Event;
use access::evidence::{Chain, Entry, INDEX_RULE, Index, Owners, Topic, VERSION};
use access::id::{DeviceId, PersonId, SessionId};
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
              event, person, hash, topic, minor, code, session, credential, device) VALUES \
              ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    AFTER = "SELECT version, shard, seq, happened_at, actor, source, kind, body, event, person, hash \
             FROM evidence WHERE shard = $1 AND seq > $2 ORDER BY seq LIMIT $3";
    INDEXED = "SELECT version, shard, seq, happened_at, actor, source, kind, body, event, person, hash, \
               topic, minor, code, session, credential, device \
               FROM evidence WHERE shard = $1 AND seq > $2 ORDER BY seq LIMIT $3";
    BEGUN_ON = "SELECT device FROM evidence WHERE session = $1 AND kind = 'session.started' LIMIT 1";
    SET_INDEX = "UPDATE evidence SET topic = $2, minor = $3, code = $4, session = $5, \
                 credential = $6, device = $7 WHERE seq = $1";
    RULES = "SELECT name, rule, seq FROM record_index ORDER BY name";
    SET_RULE = "UPDATE record_index SET rule = $1 WHERE name = 'access'";
    LAST_VERSION = "SELECT version FROM evidence WHERE shard = $1 ORDER BY seq DESC LIMIT 1";
    STRAYS = "SELECT shard, seq FROM evidence WHERE shard <> $1 OR seq < 1 ORDER BY shard, seq LIMIT 1";
    HEADS = "SELECT shard, seq, hash FROM evidence_head";
    HAS = "SELECT seq FROM evidence WHERE person = $1 AND event = $2 LIMIT 1";
}

/// The one chain that there is as yet.
pub(crate) const SHARD: u32 = 0;

/// Entries that are read at once to say whose they are, or to index them.
const BATCH: u32 = 1_000;

/// The columns of an entry, and behind them those that it is found by.
pub(crate) const COLUMNS: &str = "version, shard, seq, happened_at, actor, source, kind, body, event, \
                                  person, hash, topic, minor, code, session, credential, device";

/// On which device each session began.
pub(crate) type Begun = BTreeMap<SessionId, DeviceId>;

/// What the entries of one commit have in common.
pub(crate) struct Header<'a> {
    pub at: Time,
    /// Since when they have been in force, where that is before they are on record.
    pub since: Option<Time>,
    pub actor: By,
    pub source: &'a str,
    pub person: Option<PersonId>,
}

/// Appends the entries of one commit; gives the end of the chain after them.
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
                Some(since) => {
                    format!("{} (in effect since {since}, recorded later)", event.text())
                }
                None => event.text(),
            },
            event: json("evidence", event)?,
            person: header.person,
            hash: chain.hash,
        };
        entry.hash = entry.chained(chain.hash);
        chain = Chain { seq: entry.seq, hash: entry.hash };
        let mut index = Index::of(&entry, event);
        if let (None, By::Session(session)) = (index.device, entry.actor) {
            index.device = begun_on(connection, session).await?;
        }
        insert(connection, &entry, &index).await?;
    }
    run!(connection, SET_HEAD, shard, number(chain.seq)?, chain.hash.to_string())?;
    Ok(chain)
}

/// A sequence number as the engines keep it.
pub(crate) fn number(seq: u64) -> Result<i64, StoreError> {
    let what = || format!("{seq} is above the largest number that the database can hold");
    i64::try_from(seq).map_err(|_| StoreError::Damaged { table: "evidence", what: what() })
}

/// The device of a session, as the entry of its start says.
async fn begun_on(
    connection: &mut AnyConnection,
    session: SessionId,
) -> Result<Option<DeviceId>, StoreError> {
    let Some(row) = row!(connection, BEGUN_ON, session.to_string())? else { return Ok(None) };
    Fields::new("evidence", &row).maybe_parsed()
}

async fn insert(
    connection: &mut AnyConnection,
    entry: &Entry,
    index: &Index,
) -> Result<(), StoreError> {
    let found = found_by(index);
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
        found.topic,
        found.minor,
        found.code,
        found.session,
        found.credential,
        found.device,
    )?;
    Ok(())
}

/// What an entry is found by, as its columns have it.
struct FoundBy {
    topic: &'static str,
    minor: i64,
    code: Option<String>,
    session: Option<String>,
    credential: Option<String>,
    device: Option<String>,
}

fn found_by(index: &Index) -> FoundBy {
    FoundBy {
        topic: index.topic.name(),
        minor: i64::from(index.minor),
        code: index.code.clone(),
        session: index.session.map(|id| id.to_string()),
        credential: index.credential.map(|id| id.to_string()),
        device: index.device.map(|id| id.to_string()),
    }
}

/// By what an entry is found, with the device of the session that acted; `begun` follows along.
pub(crate) fn index(entry: &Entry, event: &Event, begun: &mut Begun) -> Index {
    let mut index = Index::of(entry, event);
    if entry.kind == "session.started"
        && let (Some(session), Some(device)) = (index.session, index.device)
    {
        begun.entry(session).or_insert(device);
    }
    if let (None, By::Session(session)) = (index.device, entry.actor) {
        index.device = begun.get(&session).copied();
    }
    index
}

/// Reads what an entry is found by; none where it was not indexed.
fn read_index(fields: &mut Fields<'_>) -> Result<Option<Index>, StoreError> {
    let topic = fields.maybe_text()?;
    let minor = fields.maybe_int()?;
    let code = fields.maybe_text()?;
    let session = fields.maybe_exact()?;
    let credential = fields.maybe_exact()?;
    let device = fields.maybe_exact()?;
    let (topic, minor) = match (topic, minor) {
        (None, None) if code.is_none() && session.is_none() => return Ok(None),
        (Some(topic), Some(minor @ (0 | 1))) => (topic, minor != 0),
        _ => return Err(damaged("an entry is indexed in part")),
    };
    let topic: Topic = topic.parse().map_err(|()| damaged("an unknown topic"))?;
    Ok(Some(Index { topic, minor, code, session, credential, device }))
}

fn damaged(what: &str) -> StoreError {
    StoreError::Damaged { table: "evidence", what: what.to_owned() }
}

fn read_head(row: &AnyRow) -> Result<Chain, StoreError> {
    let mut fields = Fields::new("evidence_head", row);
    Ok(Chain { seq: fields.number()?, hash: fields.digest()? })
}

/// Reads an entry, written in the one way that it was hashed in.
fn read(row: &AnyRow) -> Result<Entry, StoreError> {
    read_entry(&mut Fields::new("evidence", row))
}

/// Reads an entry and what it is found by.
pub(crate) fn read_both(row: &AnyRow) -> Result<(Entry, Option<Index>), StoreError> {
    let mut fields = Fields::new("evidence", row);
    Ok((read_entry(&mut fields)?, read_index(&mut fields)?))
}

fn read_entry(fields: &mut Fields<'_>) -> Result<Entry, StoreError> {
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
    /// The end of the chain.
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
            let entries = self.evidence_after(owners.count(), BATCH).await?;
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

    /// Indexes the entries that are there, unless this version's rule did; gives how many.
    pub async fn index_evidence(&self) -> Result<u64, StoreError> {
        let mut transaction = self.database.begin().await?;
        if rules(&mut transaction).await?.access == INDEX_RULE {
            return Ok(0);
        }
        let (mut begun, mut done, mut last) = (Begun::new(), 0, 0);
        loop {
            let found =
                rows!(transaction, AFTER, i64::from(SHARD), number(last)?, i64::from(BATCH))?;
            if found.is_empty() {
                break;
            }
            for row in &found {
                let entry = read(row)?;
                let event = serde_json::from_str(&entry.event);
                let event: Event = event.map_err(|error| damaged(&error.to_string()))?;
                let index = index(&entry, &event, &mut begun);
                set_index(&mut transaction, entry.seq, &index).await?;
                (last, done) = (entry.seq, done + 1);
            }
        }
        run!(transaction, SET_RULE, INDEX_RULE)?;
        transaction.commit().await?;
        Ok(done)
    }
}

async fn set_index(
    connection: &mut AnyConnection,
    seq: u64,
    index: &Index,
) -> Result<(), StoreError> {
    let found = found_by(index);
    run!(
        connection,
        SET_INDEX,
        number(seq)?,
        found.topic,
        found.minor,
        found.code,
        found.session,
        found.credential,
        found.device,
    )?;
    Ok(())
}

/// By which rules the records are indexed, and how far the journal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rules {
    pub access: i64,
    pub orders: i64,
    pub journal: u64,
}

pub(crate) async fn rules(connection: &mut AnyConnection) -> Result<Rules, StoreError> {
    let mut found = Vec::new();
    for row in &rows!(connection, RULES)? {
        let mut fields = Fields::new("record_index", row);
        found.push((fields.text()?, fields.int()?, fields.number::<u64>()?));
    }
    match found.as_slice() {
        [(access, one, 0), (orders, other, seq)] if access == "access" && orders == "orders" => {
            Ok(Rules { access: *one, orders: *other, journal: *seq })
        }
        _ => Err(StoreError::Damaged {
            table: "record_index",
            what: "its rows are not in the form of this version".into(),
        }),
    }
}

/// The rows after a place in the chain, each with what it holds, or why it cannot be read.
pub(crate) async fn after(
    connection: &mut AnyConnection,
    seq: u64,
    limit: u32,
) -> Result<Vec<Result<(Entry, Option<Index>), StoreError>>, StoreError> {
    let rows = rows!(connection, INDEXED, i64::from(SHARD), number(seq)?, i64::from(limit))?;
    Ok(rows.iter().map(read_both).collect())
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
        faults.push(format!(
            "access evidence: entry {seq} names chain {shard}, which does not exist"
        ));
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
            "table evidence_head, row {SHARD}: it does not match the end of the chain, at entry {}",
            end.seq
        ));
    }
    Ok(faults)
}
