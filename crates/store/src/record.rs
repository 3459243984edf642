//! The record of access: all shards of evidence read as one, in the order of time.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};

use access::decision::Event;
use access::evidence::INDEX_RULE;
use access::moment::Time;
use sqlx::AnyConnection;

use crate::Store;
use crate::error::StoreError;
use crate::evidence::{self, Begun, Row};
use crate::field::Fields;

statements! {
    SHARDS = "SELECT shard FROM evidence_head UNION SELECT DISTINCT shard FROM evidence ORDER BY 1";
    SET_RULE = "UPDATE record_index SET rule = $1 WHERE name = 'access'";
}

/// Entries of all shards that are held at once, and of one shard at least.
const HELD: usize = 4_096;
const FEWEST: usize = 16;

/// One shard, read in its sequence.
struct Reader {
    /// The last entry that was read from the tables.
    last: u64,
    is_over: bool,
    rows: VecDeque<Row>,
    /// The time of the front entry; never before that of an earlier one of the shard.
    time: Time,
}

/// All shards, each in its sequence, one entry after the other in the order of time, and of shards at one time.
///
/// What was decided later, by what it had read, has a later time, whatever the shard. Two decisions that did not
/// read of each other can have been committed in the other order: the one that cannot be taken first waits.
pub(crate) struct Merged {
    readers: BTreeMap<u32, Reader>,
    next: BinaryHeap<Reverse<(Time, u32)>>,
    waiting: Vec<Reverse<(Time, u32)>>,
    batch: u32,
}

impl Merged {
    /// Begins at the first entry of every shard.
    pub(crate) async fn begin(connection: &mut AnyConnection) -> Result<Self, StoreError> {
        // A number that cannot be read is no shard's: its entries are missing in theirs, and counted at the end.
        let read = |row| Fields::new("evidence", row).number::<u32>().ok();
        let shards: Vec<u32> = rows!(connection, SHARDS)?.iter().filter_map(read).collect();
        let batch = (HELD / shards.len().max(1)).max(FEWEST);
        let mut merged = Self {
            readers: BTreeMap::new(),
            next: BinaryHeap::new(),
            waiting: Vec::new(),
            batch: u32::try_from(batch).unwrap_or(u32::MAX),
        };
        for shard in shards {
            let time = Time(i64::MIN);
            let reader = Reader { last: 0, is_over: false, rows: VecDeque::new(), time };
            merged.readers.insert(shard, reader);
            merged.look(connection, shard).await?;
        }
        Ok(merged)
    }

    /// The shards that there are.
    pub(crate) fn shards(&self) -> impl Iterator<Item = u32> {
        self.readers.keys().copied()
    }

    /// The shard whose entry is next, and that entry; none at the end, or where all that are left wait.
    pub(crate) fn front(&self) -> Option<(u32, &Row)> {
        let Reverse((_, shard)) = *self.next.peek()?;
        let row = self.readers.get(&shard)?.rows.front()?;
        Some((shard, row))
    }

    /// Goes on behind the entry in front, to which all that waited may come now.
    pub(crate) async fn advance(
        &mut self,
        connection: &mut AnyConnection,
    ) -> Result<(), StoreError> {
        let Some(Reverse((_, shard))) = self.next.pop() else { return Ok(()) };
        if let Some(reader) = self.readers.get_mut(&shard) {
            reader.rows.pop_front();
        }
        self.next.extend(self.waiting.drain(..));
        self.look(connection, shard).await
    }

    /// Leaves the entry in front where it is until another one was taken.
    pub(crate) fn wait(&mut self) {
        self.waiting.extend(self.next.pop());
    }

    /// Takes up all that wait, where nothing else is left; false where nothing waits.
    fn wake(&mut self) -> bool {
        self.next.extend(self.waiting.drain(..));
        !self.next.is_empty()
    }

    /// Queues a shard by the time of its next entry, which is read from the tables if need be.
    async fn look(&mut self, connection: &mut AnyConnection, shard: u32) -> Result<(), StoreError> {
        let Some(reader) = self.readers.get_mut(&shard) else { return Ok(()) };
        if reader.rows.is_empty() && !reader.is_over {
            let found = evidence::after(connection, shard, reader.last, self.batch).await?;
            reader.is_over = found.len() < usize::try_from(self.batch).unwrap_or(usize::MAX);
            // One that cannot be read ends the check; until then the places are those of the rows.
            reader.last = match found.last() {
                Some(Ok((entry, _))) => entry.seq,
                _ => reader.last.saturating_add(u64::from(self.batch)),
            };
            reader.rows.extend(found);
        }
        let Some(row) = reader.rows.front() else { return Ok(()) };
        if let Ok((entry, _)) = row {
            reader.time = reader.time.max(entry.at);
        }
        self.next.push(Reverse((reader.time, shard)));
        Ok(())
    }
}

impl Store {
    /// Indexes the entries that are there, unless this version's rule did; gives how many.
    pub async fn index_evidence(&self) -> Result<u64, StoreError> {
        let mut transaction = self.database.begin().await?;
        if evidence::rules(&mut transaction).await?.access == INDEX_RULE {
            return Ok(0);
        }
        let mut done = 0;
        let mut begun = Begun::new();
        let mut merged = Merged::begin(&mut transaction).await?;
        // An entry waits for the start of its session, unless the record has none.
        let mut waits = true;
        loop {
            let Some((_, row)) = merged.front() else {
                waits = false;
                if merged.wake() {
                    continue;
                }
                break;
            };
            let (entry, _) = row.as_ref().map_err(|error| unreadable(&error))?;
            let event = serde_json::from_str(&entry.event);
            let event: Event = event.map_err(|error| unreadable(&error))?;
            let index = evidence::index(entry, &event, &mut begun);
            if waits && evidence::is_before_start(entry, &begun) {
                merged.wait();
                continue;
            }
            waits = true;
            let (shard, seq) = (entry.shard, entry.seq);
            evidence::set_index(&mut transaction, (shard, seq), &index).await?;
            merged.advance(&mut transaction).await?;
            done += 1;
        }
        run!(transaction, SET_RULE, INDEX_RULE)?;
        transaction.commit().await?;
        Ok(done)
    }
}

fn unreadable(error: &dyn ToString) -> StoreError {
    StoreError::Damaged { table: "evidence", what: error.to_string() }
}
