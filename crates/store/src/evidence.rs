//! Evidence: written only by [`Store::commit`], with what it is found by.

use std::collections::{BTreeMap, BTreeSet};

use access::call::By;
use access::decision::Event;
use access::evidence::{COMMON, Chain, Entry, Index, Owners, Topic, VERSION, shard_of};
use access::guard::Scope;
use access::id::{DeviceId, PersonId, SessionId};
use access::moment::Time;
use access::notice;
use access::slice::Slice;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::field::{Fields, json, number};
use crate::{Store, shard};

statements! {
    INSERT = "INSERT INTO evidence (version, shard, seq, happened_at, actor, source, kind, body, \
              event, person, hash, topic, minor, code, session, credential, device) VALUES \
              ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    AFTER = "SELECT version, shard, seq, happened_at, actor, source, kind, body, event, person, hash \
             FROM evidence WHERE shard = $1 AND seq > $2 ORDER BY seq LIMIT $3";
    INDEXED = "SELECT version, shard, seq, happened_at, actor, source, kind, body, event, person, hash, \
               topic, minor, code, session, credential, device \
               FROM evidence WHERE shard = $1 AND seq > $2 ORDER BY seq LIMIT $3";
    BEGUN_ON = "SELECT device FROM evidence WHERE session = $1 AND kind = 'session.started' LIMIT 1";
    SET_INDEX = "UPDATE evidence SET topic = $3, minor = $4, code = $5, session = $6, \
                 credential = $7, device = $8 WHERE shard = $1 AND seq = $2";
    RULES = "SELECT name, rule, seq FROM record_index ORDER BY name";
    LAST_VERSION = "SELECT version FROM evidence WHERE shard = $1 ORDER BY seq DESC LIMIT 1";
    HAS = "SELECT seq FROM evidence WHERE person = $1 AND event = $2 LIMIT 1";
}

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

/// Appends the entries of one commit, each to the shard of what it is about. The ends of these are taken in
/// ascending order, so that no two commits wait for each other.
pub(crate) async fn append(
    connection: &mut AnyConnection,
    header: &Header<'_>,
    events: &[Event],
) -> Result<(), StoreError> {
    let decided = header.person.map(Scope::Person);
    let entries = events.iter().filter(|event| event.is_evidence());
    let entries: Vec<_> = entries.map(|event| (shard_of(event.about(decided)), event)).collect();
    let mut ends = BTreeMap::new();
    for shard in entries.iter().map(|(shard, _)| *shard).collect::<BTreeSet<_>>() {
        ends.insert(shard, shard::lock_end(connection, shard).await?);
    }
    for (shard, event) in entries {
        let end = ends.entry(shard).or_default();
        let entry = entry(header, (shard, *end), event)?;
        *end = Chain { seq: entry.seq, hash: entry.hash };
        let mut index = Index::of(&entry, event);
        if let (None, By::Session(session)) = (index.device, entry.actor) {
            index.device = begun_on(connection, session).await?;
        }
        insert(connection, &entry, &index).await?;
    }
    for (shard, end) in ends {
        shard::set_end(connection, shard, end).await?;
    }
    Ok(())
}

/// The entry of an event behind the end of a shard.
fn entry(
    header: &Header<'_>,
    (shard, end): (u32, Chain),
    event: &Event,
) -> Result<Entry, StoreError> {
    // A message is its receiver's, who may be another owner of the account that it is about.
    let person = match event {
        Event::Notice(notice::Event::Queued(notice)) => Some(notice.person),
        _ => header.person,
    };
    let text = match header.since {
        Some(since) => format!("{} (in effect since {since}, recorded later)", event.text()),
        None => event.text(),
    };
    let mut entry = Entry {
        version: VERSION,
        shard,
        seq: end.seq + 1,
        at: header.at,
        actor: header.actor,
        source: header.source.to_owned(),
        kind: event.kind().into_owned(),
        text,
        event: json("evidence", event)?,
        person,
        hash: end.hash,
    };
    entry.hash = entry.chained(end.hash);
    Ok(entry)
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

/// Whether the session that acts begins only with a later entry: one of the same time, in another shard.
pub(crate) fn is_before_start(entry: &Entry, begun: &Begun) -> bool {
    matches!(entry.actor, By::Session(session) if !begun.contains_key(&session))
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
    /// What the next entry has to say of whose the older ones are, when all are of version 1. They are in the
    /// common shard, and so is that entry.
    pub async fn owners(&self) -> Result<Option<Owners>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let last = row!(connection, LAST_VERSION, i64::from(COMMON))?;
        if last.map(|row| Fields::new("evidence", &row).int()).transpose()? != Some(1) {
            return Ok(None);
        }
        let mut owners = Owners::default();
        loop {
            let entries = self.evidence_after(COMMON, owners.count(), BATCH).await?;
            if entries.is_empty() {
                return Ok(Some(owners));
            }
            for entry in &entries {
                owners.add(entry);
            }
        }
    }

    /// The entries after a place in the chain of a shard, in order, to verify it; at most `limit`.
    pub async fn evidence_after(
        &self,
        shard: u32,
        seq: u64,
        limit: u32,
    ) -> Result<Vec<Entry>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let rows = rows!(connection, AFTER, i64::from(shard), number(seq)?, i64::from(limit))?;
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
}

/// Says by what an entry is found.
pub(crate) async fn set_index(
    connection: &mut AnyConnection,
    (shard, seq): (u32, u64),
    index: &Index,
) -> Result<(), StoreError> {
    let found = found_by(index);
    run!(
        connection,
        SET_INDEX,
        i64::from(shard),
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

/// What tables hold at an entry's place: it, and what it is found by; or why it cannot be read.
pub(crate) type Row = Result<(Entry, Option<Index>), StoreError>;

/// The rows after a place in the chain of a shard, each with what it holds, or why it cannot be read.
pub(crate) async fn after(
    connection: &mut AnyConnection,
    shard: u32,
    seq: u64,
    limit: u32,
) -> Result<Vec<Row>, StoreError> {
    let rows = rows!(connection, INDEXED, i64::from(shard), number(seq)?, i64::from(limit))?;
    Ok(rows.iter().map(read_both).collect())
}
