//! The check of the tables against their evidence: every event is applied again, from the first
//! entry on and in the order of time over all shards, to empty tables in memory, and the result is
//! compared with what is there, column by column.

use std::collections::BTreeMap;

use access::decision::Event;
use access::evidence::{COMMON, Chain, Entry, INDEX_RULE, Index, Owners, shard_of};
use access::guard::Scope;
use access::moment::Time;
use data_encoding::HEXUPPER;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use crate::checkpoint::{self, SignedCheckpoint};
use crate::engine::{Engine, Table};
use crate::error::StoreError;
use crate::form::Form;
use crate::record::Merged;
use crate::{Store, commit, evidence, schema, shard};

/// Faults of a table that are named.
const NAMED: usize = 10;

/// Tables that are checked in another way, and how.
pub const ELSEWHERE: &[(&str, &str)] = &[
    ("_sqlx_migrations", "the migrator's own: it opens no schema but the one that it knows"),
    ("checkpoint", "signed, and compared with the file of checkpoints"),
    (
        "equity",
        "what the account was worth at the end of a day: worked out from the journal's executions, and shown alone",
    ),
    ("evidence", "the chains themselves"),
    ("evidence_head", "compared with the ends of the chains"),
    ("order_decision", "compared with the journal; its words only help to find it"),
    ("record_index", "compared with what it speaks of"),
    ("folder", "sealed under the key file, or the folder's id"),
    (
        "site",
        "failures by address: in no evidence, so that a guesser cannot fill it; they are over in minutes",
    ),
    (
        "stranger",
        "failures of names that nobody has: in no evidence, so that made-up names cannot fill it",
    ),
];

/// Columns that change without a decision, what they hold, and why evidence need not have them.
pub const WITHOUT: &[(&str, &str, Form, &str)] = &[
    (
        "account",
        "version",
        Form::Version,
        "tells two commits at one time apart; it is compared with itself alone",
    ),
    ("credential", "last_used_at", Form::Time, "moves with each use; shown alone"),
    ("credential", "last_address", Form::Address, "moves with each use; shown alone"),
    ("credential", "last_client", Form::Text, "moves with each use; shown alone"),
    ("delivery", "state", Form::Delivery, "how a mail or a post went, which its receiver decides"),
    ("delivery", "tries", Form::Count, "how a mail or a post went"),
    ("delivery", "next_at", Form::Time, "how a mail or a post went"),
    ("delivery", "tried_at", Form::Time, "how a mail or a post went"),
    ("delivery", "fault", Form::Text, "how a mail or a post went"),
    ("device", "last_seen_at", Form::Time, "moves with each use; shown alone"),
    ("notice", "read_at", Form::Time, "what its person has read is a convenience"),
    (
        "person",
        "version",
        Form::Version,
        "tells two commits at one time apart; it is compared with itself alone",
    ),
    ("push", "failures", Form::Count, "how pushes went"),
    (
        "session",
        "address",
        Form::Address,
        "moves with each use; what a network decides is in networks",
    ),
    (
        "session",
        "last_seen_at",
        Form::Time,
        "moves with each use; until_at ends the session whatever this says",
    ),
];

/// The columns of tables that are in no evidence at all, and what they hold.
pub const UNRECORDED: &[(&str, &str, Form)] = &[
    ("equity", "account", Form::Account),
    ("equity", "day", Form::Day),
    ("equity", "value", Form::Money),
    ("site", "name", Form::Text),
    ("site", "forgiven_at", Form::Time),
    ("stranger", "name", Form::Digest),
    ("stranger", "failures", Form::Count),
    ("stranger", "last_at", Form::Time),
    ("stranger", "version", Form::Version),
];

/// What the check found.
#[derive(Debug, Default)]
pub struct Replayed {
    /// Where the chain of each shard ends, as far as it is whole.
    pub ends: BTreeMap<u32, Chain>,
    /// Entries of version 1 at its end: whose they are is covered by nothing yet.
    pub unowned: u64,
    /// The checkpoints in the tables, in order.
    pub checkpoints: Vec<SignedCheckpoint>,
    /// What is altered, missing or unreadable, each with its entry or row.
    pub faults: Vec<String>,
}

impl Replayed {
    /// The entries of all shards, as far as they are whole.
    pub fn entries(&self) -> u64 {
        self.ends.values().fold(0, |sum, end| sum.saturating_add(end.seq))
    }
}

impl Store {
    /// Follows the chains and compares the tables with it, all at one point of time. `now` says what
    /// may have been forgotten; `each` sees every entry that is whole.
    pub async fn replay(
        &self,
        now: Time,
        each: &mut (dyn FnMut(&Entry) + Send),
    ) -> Result<Replayed, StoreError> {
        let engine = self.database.engine();
        let mut there = self.database.snapshot().await?;
        let scratch = Self::scratch().await?;
        let mut here = scratch.database.begin().await?;
        let mut replayed = Replayed::default();
        let mut latest = now;
        let mut whole = |entry: &Entry| {
            latest = latest.max(entry.at);
            each(entry);
        };
        follow(&mut there, &mut here, &mut whole, &mut replayed).await?;
        if replayed.faults.is_empty() {
            let strays = shard::strays(&mut there, &replayed.ends).await?;
            replayed.faults.extend(strays);
            let tables = Engine::tables(&mut here).await?;
            let differences = compare(engine, &mut there, &mut here, &tables, latest).await?;
            replayed.faults.extend(differences);
        }
        replayed.faults.extend(schema::differences(engine, &mut there, &mut here).await?);
        replayed.faults.extend(engine.damage(&mut there).await?);
        let (checkpoints, faults) = checkpoint::all(&mut there).await?;
        replayed.checkpoints = checkpoints;
        replayed.faults.extend(faults);
        drop((there, here));
        scratch.close().await;
        Ok(replayed)
    }
}

/// Follows all chains to the first fault, and applies each entry's event to the tables `here`.
async fn follow(
    there: &mut AnyConnection,
    here: &mut AnyConnection,
    each: &mut (dyn FnMut(&Entry) + Send),
    replayed: &mut Replayed,
) -> Result<(), StoreError> {
    let rule = match rule(there).await {
        Ok(Ok(rule)) => rule,
        Ok(Err(fault)) => {
            replayed.faults.push(fault);
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let mut follower = Follower::default();
    let mut merged = Merged::begin(there).await?;
    let shards = merged.shards().chain([COMMON]);
    replayed.ends = shards.map(|shard| (shard, Chain::default())).collect();
    let mut waits = None;
    while let Some((shard, row)) = merged.front() {
        let end = replayed.ends.entry(shard).or_default();
        match follower.step(here, shard, row, end, rule).await {
            Ok(()) => {
                if let Ok((entry, _)) = row {
                    each(entry);
                }
                waits = None;
                merged.advance(there).await?;
            }
            Err(Fault::Waits(why)) => {
                waits.get_or_insert(place(shard, &why));
                merged.wait();
            }
            Err(Fault::Altered(why)) => {
                replayed.faults.push(place(shard, &why));
                return Ok(());
            }
        }
    }
    replayed.unowned = follower.owners.count();
    replayed.faults.extend(waits);
    Ok(())
}

/// By which rule the evidence is indexed, or why none can be told.
async fn rule(there: &mut AnyConnection) -> Result<Result<i64, String>, StoreError> {
    let odd = |name, rule| Ok(Err(format!("table record_index, row {name}: no rule {rule}")));
    match evidence::rules(there).await {
        Ok(rules) if !(0..=INDEX_RULE).contains(&rules.access) => odd("access", rules.access),
        Ok(rules) if !(1..=INDEX_RULE).contains(&rules.orders) => odd("orders", rules.orders),
        Ok(rules) => Ok(Ok(rules.access)),
        Err(error) if error.is_damage() => Ok(Err(format!("table record_index: {error}"))),
        Err(error) => Err(error),
    }
}

/// What is wrong with an entry.
enum Fault {
    /// It is not as it was written, or not where it was.
    Altered(String),
    /// Its event cannot be applied to what is there: perhaps one of another shard came before it.
    Waits(String),
}

/// Names the shard of a fault; all that an older version wrote is in the common one.
fn place(shard: u32, why: &str) -> String {
    if shard == COMMON {
        return format!("access evidence: {why}");
    }
    format!("access evidence, shard {shard}: {why}")
}

/// What entries say that later ones are compared with.
#[derive(Default)]
struct Follower {
    owners: Owners,
    begun: evidence::Begun,
}

impl Follower {
    /// One entry: its place in its chain, whose the older ones are, what it did, and what it is found by.
    async fn step(
        &mut self,
        here: &mut AnyConnection,
        shard: u32,
        row: &evidence::Row,
        end: &mut Chain,
        rule: i64,
    ) -> Result<(), Fault> {
        let seq = end.seq + 1;
        let (entry, found) = match row {
            Ok(both) => both,
            Err(error) => {
                let why = format!("entry {seq} was altered: it cannot be read: {error}");
                return Err(Fault::Altered(why));
            }
        };
        let mut chain = *end;
        chain.follow(entry).map_err(|fault| Fault::Altered(fault.to_string()))?;
        let event: Event = serde_json::from_str(&entry.event).map_err(|error| {
            Fault::Altered(format!("entry {seq} has an event that cannot be read: {error}"))
        })?;
        self.owned(shard, entry, &event).map_err(Fault::Altered)?;
        let index = evidence::index(entry, &event, &mut self.begun);
        if !is_found_by(found.as_ref(), &index, rule) {
            let why = format!("entry {seq} is not indexed by its contents, so filters miss it");
            let waits = evidence::is_before_start(entry, &self.begun);
            return Err(if waits { Fault::Waits(why) } else { Fault::Altered(why) });
        }
        // No webhook: what was posted is no part of evidence.
        let applied = commit::apply(here, entry.person, &event, false).await;
        applied.map_err(|error| {
            Fault::Waits(format!("entry {seq} cannot be applied again: {error}"))
        })?;
        if shard == COMMON && entry.version == 1 {
            self.owners.add(entry);
        } else if shard == COMMON {
            self.owners = Owners::default();
        }
        *end = chain;
        Ok(())
    }

    /// Whether an entry is in the shard of what it is about, and says whose the ones of version 1 are where it
    /// comes first behind them.
    fn owned(&self, shard: u32, entry: &Entry, event: &Event) -> Result<(), String> {
        let (seq, older) = (entry.seq, self.owners.count());
        let person = entry.person.map(Scope::Person);
        let is_right = match entry.version {
            1 => shard == COMMON,
            // The first ones of that version had no shard but the common one.
            2 => shard == COMMON || shard == shard_of(person),
            _ => shard == shard_of(event.about(person)),
        };
        if !is_right {
            return Err(format!("entry {seq} belongs to another shard"));
        }
        if shard != COMMON {
            return Ok(());
        }
        if entry.version == 1 || older == 0 || *event == Event::Evidence(self.owners.event()) {
            return Ok(());
        }
        Err(format!(
            "the persons of entries 1 to {older} were altered: they are not those that entry {seq} covers"
        ))
    }
}

/// Whether an entry is found by what it holds. Before the first start of a version that indexes, none
/// is; what an older rule made is done anew at the next start.
fn is_found_by(found: Option<&Index>, index: &Index, rule: i64) -> bool {
    match rule {
        INDEX_RULE => found == Some(index),
        0 => found.is_none(),
        _ => true,
    }
}

/// A table's rows by their keys, each as the fingerprints of its columns.
type Rows = BTreeMap<Vec<String>, Vec<String>>;

async fn rows(
    connection: &mut AnyConnection,
    engine: Engine,
    table: &Table,
) -> Result<Rows, sqlx::Error> {
    let columns: Vec<_> = table.columns.iter().map(|one| engine.fingerprint(one)).collect();
    let select = format!("SELECT {} FROM {}", columns.join(", "), table.name);
    let found = sqlx::query(AssertSqlSafe(select)).fetch_all(connection).await?;
    let mut rows = Rows::new();
    for row in &found {
        let values: Result<Vec<String>, _> = (0..columns.len()).map(|at| row.try_get(at)).collect();
        let values = values?;
        rows.insert(key(table, &values), values);
    }
    Ok(rows)
}

fn key(table: &Table, values: &[String]) -> Vec<String> {
    let keys = table.columns.iter().zip(values).filter(|(column, _)| column.is_key);
    keys.map(|(_, value)| value.clone()).collect()
}

/// A key in plain text.
fn told(key: &[String]) -> String {
    let part = |value: &String| {
        let hex = value.split_once(':').map_or("", |(_, hex)| hex);
        let bytes = HEXUPPER.decode(hex.as_bytes()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).escape_debug().to_string()
    };
    key.iter().map(part).collect::<Vec<_>>().join(" ")
}

async fn compare(
    engine: Engine,
    there: &mut AnyConnection,
    here: &mut AnyConnection,
    tables: &[Table],
    now: Time,
) -> Result<Vec<String>, StoreError> {
    let mut faults = Vec::new();
    let mut missing = Vec::new();
    for table in tables {
        let unrecorded = UNRECORDED.iter().any(|(name, ..)| *name == table.name);
        if is_elsewhere(&table.name) && !unrecorded {
            continue;
        }
        let found = match rows(there, engine, table).await {
            Ok(found) => found,
            Err(error) => {
                let error = StoreError::from(error);
                if !error.is_damage() {
                    return Err(error);
                }
                faults.push(format!("table {}: it cannot be read: {error}", table.name));
                continue;
            }
        };
        let mut named: Vec<String> =
            found.iter().filter_map(|(key, values)| unreadable(table, key, values)).collect();
        if unrecorded {
            faults.extend(capped(named, &table.name));
            continue;
        }
        let expected = rows(here, Engine::Sqlite, table).await?;
        for (key, values) in &found {
            match expected.get(key) {
                Some(right) => named.extend(altered(table, key, values, right)),
                None if is_post(table, key) => {}
                None => named.push(format!(
                    "table {}, row {}: it comes from no evidence entry",
                    table.name,
                    told(key)
                )),
            }
        }
        missing.extend(
            expected.into_keys().filter(|key| !found.contains_key(key)).map(|key| (table, key)),
        );
        faults.extend(capped(named, &table.name));
    }
    faults.extend(lost(here, missing, now).await?);
    Ok(faults)
}

fn is_elsewhere(table: &str) -> bool {
    ELSEWHERE.iter().any(|(name, _)| *name == table)
}

/// Whether a row is a delivery to the webhook: whether there is one, the configuration says.
fn is_post(table: &Table, key: &[String]) -> bool {
    table.name == "delivery" && told(key).ends_with(" webhook ")
}

/// The form of a column that evidence does not have.
fn form(table: &Table, column: &str) -> Option<Form> {
    let free = WITHOUT.iter().map(|(table, column, form, _)| (*table, *column, *form));
    let mut free = free.chain(UNRECORDED.iter().copied());
    free.find(|(name, one, _)| *name == table.name && *one == column).map(|(.., form)| form)
}

/// The columns of a row that evidence does not have, and that hold what was never written there.
fn unreadable(table: &Table, key: &[String], found: &[String]) -> Option<String> {
    let columns = table.columns.iter().zip(found);
    let names: Vec<_> = columns
        .filter(|(column, value)| form(table, &column.name).is_some_and(|form| !form.fits(value)))
        .map(|(column, _)| column.name.as_str())
        .collect();
    (!names.is_empty()).then(|| {
        let (table, row) = (&table.name, told(key));
        format!("table {table}, row {row}: {} altered: it cannot be read", names.join(", "))
    })
}

/// The columns of a row that are not what the evidence made of it.
fn altered(table: &Table, key: &[String], found: &[String], right: &[String]) -> Option<String> {
    let columns = table.columns.iter().zip(found.iter().zip(right));
    let differing: Vec<_> = columns
        .filter(|(column, (found, right))| found != right && form(table, &column.name).is_none())
        .map(|(column, _)| column.name.as_str())
        .collect();
    (!differing.is_empty()).then(|| {
        format!(
            "table {}, row {}: {} altered: it differs from the evidence",
            table.name,
            told(key),
            differing.join(", ")
        )
    })
}

/// Rows that are not there and that nobody may have forgotten by now.
async fn lost(
    here: &mut AnyConnection,
    missing: Vec<(&Table, Vec<String>)>,
    now: Time,
) -> Result<Vec<String>, StoreError> {
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    commit::forget(here, now).await?;
    let mut faults = Vec::new();
    let mut left: BTreeMap<&str, Rows> = BTreeMap::new();
    for (table, key) in &missing {
        if !left.contains_key(table.name.as_str()) {
            left.insert(&table.name, rows(here, Engine::Sqlite, table).await?);
        }
        if left.get(table.name.as_str()).is_some_and(|rows| rows.contains_key(key)) {
            faults.push(format!("table {}, row {}: it is missing", table.name, told(key)));
        }
    }
    Ok(capped(faults, "in all"))
}

/// The first of many, and how many more there are.
fn capped(mut faults: Vec<String>, of: &str) -> Vec<String> {
    let more = faults.len().saturating_sub(NAMED);
    if more > 0 {
        faults.truncate(NAMED);
        faults.push(format!("and {more} more rows ({of})"));
    }
    faults
}
