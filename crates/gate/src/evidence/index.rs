//! The journal's decisions in the tables, for searches. They are added behind the journal, when somebody
//! asks or now and then: no order waits for it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use access::id::{DeviceId, PersonId};
use access::refusal::ServerRefusal;
use access::{Digest, Holder, Refusal};
use store::OrderDecision;
use trade::instrument::Instruments;
use trade::journal::Stamped;

use super::order;
use crate::Gate;
use crate::clock::Stopwatch;
use crate::folder::journal_folder;
use crate::journal::record::{HEADER_BYTES, PAYLOAD_LIMIT};
use crate::journal::{self, JournalError, Record};
use crate::open::OpenError;
use crate::registry::store_failed;

use super::place::Place;

/// Decisions that are added at once: a transaction of some milliseconds, since nothing else is written to the
/// tables meanwhile.
const BATCH: usize = 250;
/// Between two of them, where nobody waits: a lock that is taken again at once lets nobody in.
const PAUSE: Duration = Duration::from_millis(20);
/// Bytes that are read at once; every record fits.
const BLOCK: u64 = 2 * PAYLOAD_LIMIT as u64;
/// Records without a decision behind which the place is noted all the same.
const STRIDE: u64 = 50_000;

/// Whose holders are and on which device.
pub(crate) type Owners = BTreeMap<Holder, (Option<PersonId>, Option<DeviceId>)>;

/// A decision of the journal: the record, and what it holds.
type Decided = (Vec<u8>, Stamped);

impl Gate {
    /// Makes sure that what is there can be searched.
    pub(crate) async fn open_index(&self) -> Result<(), OpenError> {
        let store = &self.0.people.store;
        let done = store.index_evidence().await?;
        if done > 0 {
            tracing::info!(entries = done, "the entries of evidence were indexed for searches");
        }
        let seq = store.orders_indexed(self.0.sequencer.durable()).await?;
        *self.0.indexed.place.lock().await = Place { seq, noted: seq, ..Place::default() };
        Ok(())
    }

    /// Adds the decisions that the journal has and the tables have not.
    pub(crate) async fn index_orders(&self) -> Result<(), Refusal> {
        while self.index_some().await? {
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    /// The same for as long as a page may wait; whether that was long enough. What is left is added behind it.
    pub(crate) async fn index_orders_within(&self, patience: Duration) -> Result<bool, Refusal> {
        let watch = Stopwatch::start();
        loop {
            let left = patience.saturating_sub(watch.elapsed());
            if left.is_zero() {
                self.index_later();
                return Ok(false);
            }
            if !self.index_some().await? {
                return Ok(true);
            }
        }
    }

    /// Goes on adding, once for everybody who wants it. Where it fails, the next page tries and says why.
    fn index_later(&self) {
        if self.0.indexed.is_added.swap(true, Ordering::AcqRel) {
            return;
        }
        let weak = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            loop {
                // Not held over the whole of a long journal: a server that stops has the last word.
                let Some(inner) = weak.upgrade() else { return };
                let gate = Self(inner);
                if gate.0.stop.is_stopped() || !gate.index_some().await.unwrap_or(false) {
                    gate.0.indexed.is_added.store(false, Ordering::Release);
                    return;
                }
                drop(gate);
                tokio::time::sleep(PAUSE).await;
            }
        });
    }

    /// Adds the next few; whether there may be more.
    async fn index_some(&self) -> Result<bool, Refusal> {
        let mut place = self.0.indexed.place.lock().await;
        let end = self.0.sequencer.durable();
        if place.seq >= end {
            return Ok(false);
        }
        let (data, from) = (self.0.folder.path.clone(), *place);
        let read = tokio::task::spawn_blocking(move || decided(&data, from, end));
        let (found, to) = match read.await {
            Ok(Ok(read)) => read,
            Ok(Err(error)) => {
                tracing::error!(%error, "the journal could not be read");
                return Err(Refusal::Server(ServerRefusal::JournalFailed));
            }
            Err(error) => {
                tracing::error!(%error, "reading the journal was stopped");
                return Err(Refusal::Server(ServerRefusal::Stopping));
            }
        };
        let store = &self.0.people.store;
        let (mut owners, mut rows) = (Owners::new(), Vec::with_capacity(found.len()));
        for (record, stamped) in found {
            let Some(mut row) = decision(record, stamped, self.markets().instruments()) else {
                continue;
            };
            if let Entry::Vacant(place) = owners.entry(row.holder) {
                let owner = store.owner_of(row.holder).await;
                place.insert(owner.map_err(|error| store_failed(&error))?);
            }
            own(&mut row, &owners);
            rows.push(row);
        }
        let noted = if rows.is_empty() && to.seq - place.noted < STRIDE {
            place.noted
        } else {
            store.put_orders(&rows, to.seq).await.map_err(|error| store_failed(&error))?;
            to.seq
        };
        let is_more = place.seq < to.seq && to.seq < end;
        *place = Place { noted, ..to };
        Ok(is_more)
    }
}

/// A decision as the tables have it, but for whose it is.
fn decision(record: Vec<u8>, stamped: Stamped, known: &Instruments) -> Option<OrderDecision> {
    let account = stamped.decision.account;
    let entry = order::entry(stamped, known)?;
    let holder = entry.holder?;
    let words = [&entry.what, entry.text.as_str(), entry.code.as_deref().unwrap_or("")].join(" ");
    Some(OrderDecision {
        seq: entry.seq,
        at: entry.at,
        holder,
        topic: entry.topic,
        minor: entry.minor,
        code: entry.code,
        account,
        person: None,
        credential: match holder {
            Holder::Credential(id) => Some(id),
            _ => None,
        },
        device: None,
        record,
        words: words.to_lowercase(),
    })
}

fn own(row: &mut OrderDecision, owners: &Owners) {
    (row.person, row.device) = owners.get(&row.holder).copied().unwrap_or_default();
}

/// What of the journal is not a decision, and is not even decoded again.
fn is_decision(stamped: &Stamped) -> bool {
    use trade::journal::Command as C;
    !matches!(stamped.command, C::Advance | C::OrderIdUsed(_))
}

/// The next decisions after a place, up to `end`, and the place behind them.
fn decided(data: &Path, from: Place, end: u64) -> Result<(Vec<Decided>, Place), JournalError> {
    let segments = journal::segments(&journal_folder(data))?;
    let (mut found, mut place) = (Vec::new(), from);
    let skip = segments.partition_point(|(first, _)| *first <= from.seq + 1).saturating_sub(1);
    for (first, path) in segments.get(skip..).unwrap_or_default() {
        if *first != place.segment {
            (place.segment, place.offset) = (*first, HEADER_BYTES as u64);
        }
        let io = |source| JournalError::Io { path: path.clone(), source };
        let mut file = private::look(path).map_err(io)?;
        loop {
            let mut block = Vec::new();
            file.seek(SeekFrom::Start(place.offset)).map_err(io)?;
            file.by_ref().take(BLOCK).read_to_end(&mut block).map_err(io)?;
            let before = place.offset;
            if !walk(&block, end, &mut place, &mut found)? {
                return Ok((found, place));
            }
            if place.offset == before {
                break; // what is left is the room of this segment
            }
        }
    }
    Ok((found, place))
}

/// The whole records at the front of a block; whether to go on behind them.
fn walk(
    block: &[u8],
    end: u64,
    place: &mut Place,
    found: &mut Vec<Decided>,
) -> Result<bool, JournalError> {
    let mut rest = block;
    while let Some(record) = Record::decode(rest) {
        if record.seq > end || found.len() >= BATCH {
            return Ok(false);
        }
        rest = rest.get(record.length..).unwrap_or_default();
        place.offset += record.length as u64;
        if record.seq <= place.seq {
            continue;
        }
        let stamped = journal::decode(&record)?;
        if is_decision(&stamped) {
            found.push((record.payload.to_vec(), stamped));
        }
        place.seq = record.seq;
    }
    Ok(true)
}

/// The decisions that the tables have, to be compared with the journal record by record.
pub(super) struct Compared {
    rows: BTreeMap<u64, Digest>,
    indexed: u64,
    owners: Owners,
    /// What the exchange trades.
    instruments: Arc<Instruments>,
}

impl Compared {
    pub(super) fn new(owners: Owners) -> Self {
        let instruments = Arc::clone(Instruments::builtin());
        Self { rows: BTreeMap::new(), indexed: 0, owners, instruments }
    }

    /// The same for an exchange that trades these.
    pub(super) fn of(self, instruments: &Arc<Instruments>) -> Self {
        Self { instruments: Arc::clone(instruments), ..self }
    }

    /// Takes the next rows, and how far the tables say that the journal is indexed.
    pub(super) fn add(&mut self, rows: &[OrderDecision], indexed: u64) {
        self.rows.extend(rows.iter().map(|row| (row.seq, digest(row))));
        self.indexed = indexed;
    }

    /// Compares the next record; what is wrong with its row.
    pub(super) fn follow(&mut self, record: &Record<'_>, stamped: Stamped) -> Option<String> {
        let seq = record.seq;
        let known = &self.instruments;
        let right =
            is_decision(&stamped).then(|| decision(record.payload.to_vec(), stamped, known));
        let right = right.flatten().map(|mut row| {
            own(&mut row, &self.owners);
            digest(&row)
        });
        let found = self.rows.remove(&seq);
        if found == right || (found.is_none() && seq > self.indexed) {
            return None;
        }
        Some(format!(
            "table order_decision, row {seq}: {}",
            if found.is_none() {
                "it is missing"
            } else {
                "it was altered: the journal says otherwise"
            }
        ))
    }

    /// What is wrong with rows that no record made. What a restored folder lost is beyond its end.
    pub(super) fn strays(&self, end: u64) -> Option<String> {
        let seq = self.rows.range(..=end).next()?.0;
        Some(format!("table order_decision, row {seq}: it comes from no journal entry"))
    }
}

/// Of all but the words, which are only searched and may have been put otherwise by an older version.
fn digest(row: &OrderDecision) -> Digest {
    let row = OrderDecision { words: String::new(), ..row.clone() };
    Digest::of(format!("{row:?}").as_bytes())
}
