//! Opening a data folder: lock, key, journal, exchange, tables, live table; and closing it.

use std::path::Path;
use std::sync::Arc;

use access::id::PaperAccountId;
use access::moment::Time;
use access::refusal::Refusal;
use arc_swap::ArcSwap;
use rust_decimal::Decimal;
use store::engine::sqlite_url;
use store::{Store, StoreError};
use tokio::sync::watch;
use trade::exchange::{Exchange, ORDER_RULE};
use trade::journal::{Command, Decided, Genesis, MARKET_RULE, Stamped};

use crate::clock::{self, Clock, NoEntropy};
use crate::config::Config;
use crate::disk::{Disk, LocalDisk};
use crate::folder::{Folder, FolderError};
use crate::health::Health;
use crate::journal::{self, Damage, Head, Journal, JournalError, Record};
use crate::key_file::{self, KeyFileError};
use crate::live::Live;
use crate::owed::Owed;
use crate::registry::Registry;
use crate::sequencer::Sequencer;
use crate::view::Views;
use crate::{Gate, Inner, front_door, snapshot, timer};

/// Cash of a new account, in US dollars.
const CASH: i64 = 1_000_000;
/// Name of the SQLite file in the data folder.
pub const DATABASE: &str = "floorpass.db";
/// Name of the fact by which tables know their folder.
const FOLDER_FACT: &str = "folder_id";

/// Why a data folder could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The key file.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The first records could not be written.
    #[error("the data folder could not be set up: {0}")]
    Refused(Refusal),
    /// The system's generator.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
    /// The tables.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The tables belong to another data folder.
    #[error(
        "the database belongs to the data folder {found}, and this one is {expected}; give each folder a database of its own"
    )]
    OtherFolder {
        /// The folder that the tables name.
        found: String,
        /// This one.
        expected: String,
    },
    /// The journal ends before a checkpoint.
    #[error(
        "a checkpoint in the tables speaks of journal entry {noted}, and the journal ends at {found}: its end is lost; restore a backup"
    )]
    JournalCut {
        /// The entry that the checkpoint names.
        noted: u64,
        /// The last entry.
        found: u64,
    },
    /// A thread could not be started.
    #[error("a thread could not be started: {0}")]
    Thread(std::io::Error),
}

impl Gate {
    /// Opens a data folder, made when it is not there, and goes on where it stopped. The timer's
    /// tasks run on the runtime that this is called on.
    pub async fn open(config: Config) -> Result<Self, OpenError> {
        Self::open_with(config, Clock::system(), Arc::new(LocalDisk)).await
    }

    /// The same with another clock and disk, for tests and simulations.
    pub async fn open_with(
        config: Config,
        clock: Clock,
        disk: Arc<dyn Disk>,
    ) -> Result<Self, OpenError> {
        let folder = Folder::open(&config.data, config.demo, segment_bytes(&config))?;
        let key = key_file::open(&folder.path, folder.new)?;
        let store = open_store(&config, &folder).await?;
        let noted = store.last_checkpoint().await?.map_or(0, |last| last.checkpoint.journal_seq);
        let sequencer = sequencer(&config, &folder, &clock, &disk, noted)?;
        let (_, quotes) = sequencer.peek(Exchange::quotes);
        let health = Arc::new(Health::new(clock.clone()));
        let owed = Owed::open(&folder.path, &key, &health);
        let people = Registry::open(store, key, clock.clone(), owed, &config, &health);
        let inner = Arc::new(Inner {
            config,
            folder,
            clock,
            live: Live::default(),
            sequencer,
            people: people.map_err(OpenError::Thread)?,
            views: Views::default(),
            quotes: ArcSwap::from_pointee(quotes),
            quotes_changed: watch::Sender::new(0),
            older_refused: crate::order::refused::Older::default(),
            portal_proof: front_door::PortalProof::default(),
            checkpoints: tokio::sync::Mutex::default(),
            stop: Arc::default(),
            health,
        });
        let gate = Self(inner);
        gate.load_people().await?;
        if gate.0.folder.new {
            gate.set_up().await?;
        }
        gate.0.people.sessions.started(gate.now(), gate.wall());
        gate.spawn_people_ticks();
        gate.spawn_checkpoints();
        gate.spawn_settling();
        timer::start(&gate.0).map_err(OpenError::Thread)?;
        Ok(gate)
    }

    /// What a new folder needs, and then the word that it is one.
    async fn set_up(&self) -> Result<(), OpenError> {
        let folder = &self.0.folder;
        if folder.facts.demo {
            self.create_demo().await.map_err(OpenError::Refused)?;
        }
        self.0.people.store.set_fact(FOLDER_FACT, &folder.facts.id).await?;
        Ok(folder.finish()?)
    }

    /// A clean end: no command is taken any more, everything is written and synced, a snapshot and
    /// a checkpoint are taken, listeners are told. Later calls are refused; a second close does
    /// nothing.
    pub async fn close(&self) -> Result<(), Refusal> {
        let inner = &self.0;
        inner.stop.stop();
        if inner.sequencer.health() == Err(Refusal::Stopping) {
            return Ok(());
        }
        let stopped = inner.sequencer.stop(inner.clock.stamp());
        if stopped.is_ok() {
            inner.take_snapshot();
        }
        inner.feed().close();
        inner.people.deliveries.stop();
        self.write_back(true).await;
        if self.settle_owed().await.is_err() {
            tracing::warn!(
                "what is owed to the tables could not be recorded; the next start does it"
            );
        }
        let noted = self.checkpoint().await;
        inner.people.store.close().await;
        stopped.and(noted.map(drop))
    }
}

/// The tables of a folder, which must be its own.
async fn open_store(config: &Config, folder: &Folder) -> Result<Store, OpenError> {
    let file = folder.path.join(DATABASE);
    let url = config.database.clone().unwrap_or_else(|| sqlite_url(&file));
    let store = Store::open(&url).await?;
    let expected = &folder.facts.id;
    match store.fact(FOLDER_FACT).await? {
        Some(found) if found != *expected => {
            Err(OpenError::OtherFolder { found, expected: expected.clone() })
        }
        None if !folder.new => {
            Err(OpenError::OtherFolder { found: "none".to_owned(), expected: expected.clone() })
        }
        _ => Ok(store),
    }
}

/// The sequencer of a folder: newest snapshot, the journal behind it, and, for a new folder, the
/// exchange's beginning. `noted` is the last entry that a checkpoint speaks of.
pub(crate) fn sequencer(
    config: &Config,
    folder: &Folder,
    clock: &Clock,
    disk: &Arc<dyn Disk>,
    noted: u64,
) -> Result<Sequencer, OpenError> {
    let id = folder.facts.id_bytes();
    let snapshot = snapshot::newest(&snapshots(&folder.path), id);
    let (after, mut replay) = match snapshot {
        Some((head, exchange)) => (Some(head), Replay::after(exchange)),
        None => (None, Replay::default()),
    };
    let path = journal_folder(&folder.path);
    let mut apply = |record: &Record<'_>| replay.apply(record);
    let opened = Journal::open(&path, id, folder.facts.segment_bytes, disk, after, &mut apply)?;
    if opened.cut > 0 {
        tracing::warn!(
            bytes = opened.cut,
            acknowledged = opened.lost_unsynced,
            "the end of the journal was torn and has been cut"
        );
    }
    let found = opened.journal.head().seq;
    if found < noted {
        return Err(OpenError::JournalCut { noted, found });
    }
    let latest = replay.latest;
    clock.at_least(latest);
    let now = clock.stamp();
    let exchange = match replay.exchange {
        Some(exchange) => exchange,
        None => Exchange::new(genesis(config, now)?),
    };
    let beginning = exchange.seq() == 0;
    let (genesis, rule) = (exchange.genesis().clone(), exchange.rule());
    let takes_orders_by = exchange.order_rule();
    let mut sequencer = Sequencer::new(opened.journal, exchange, latest, config.durability);
    if clock.is_manual() {
        sequencer = sequencer.by_hand();
    }
    let start = || -> Result<(), Refusal> {
        // Before the missed time: what was recorded moved by the old rule, what follows by this one.
        if rule < MARKET_RULE {
            sequencer.record(Command::MarketRule { rule: MARKET_RULE }, now)?;
        }
        let orders = Command::OrderRule { rule: ORDER_RULE };
        if takes_orders_by < ORDER_RULE && !beginning {
            sequencer.record(orders.clone(), now)?;
        }
        let mut turn = sequencer.turn(now)?;
        if beginning {
            // In a group of its own: its loss is never a torn tail.
            let begun = turn.stamp(Decided::system(), Command::Genesis(genesis), true)?;
            drop(turn);
            sequencer.flush_blocking(begun.seq)?;
            turn = sequencer.turn(now)?;
            turn.stamp(Decided::system(), orders, true)?;
        }
        let started = Command::Started { version: env!("CARGO_PKG_VERSION").to_owned() };
        if turn.check_caught_up().is_err() {
            // The beat does it, while the doors answer.
            drop(turn);
            sequencer.owe(started);
            return sequencer.flush_blocking(sequencer.applied());
        }
        let started = turn.stamp(Decided::system(), started, true)?;
        drop(turn);
        sequencer.flush_blocking(started.seq)
    };
    start().map_err(OpenError::Refused)?;
    Ok(sequencer)
}

/// Where a data folder keeps its journal.
pub fn journal_folder(data: &Path) -> std::path::PathBuf {
    data.join("journal")
}

/// Where a data folder keeps its snapshots.
pub(crate) fn snapshots(data: &Path) -> std::path::PathBuf {
    data.join("snapshots")
}

fn genesis(config: &Config, now: Time) -> Result<Genesis, NoEntropy> {
    let drawn = u32::from_le_bytes(clock::entropy::<4>()?);
    // Seven digits, the first not zero.
    let number = 1_000_000 + drawn % 9_000_000;
    Ok(Genesis {
        seed: match config.seed {
            Some(seed) => seed,
            None => u64::from_le_bytes(clock::entropy::<8>()?),
        },
        at: now,
        account: PaperAccountId::new(number).unwrap_or_else(first_account),
        cash: Decimal::from(CASH),
        hours: config.hours,
        catalogue: MARKET_RULE,
    })
}

fn first_account() -> PaperAccountId {
    match PaperAccountId::new(1_000_000) {
        Some(account) => account,
        None => unreachable!("seven digits are an account"),
    }
}

/// An exchange that follows a journal.
#[derive(Default)]
pub(crate) struct Replay {
    pub(crate) exchange: Option<Exchange>,
    latest: Time,
}

impl Replay {
    fn after(exchange: Exchange) -> Self {
        Self { latest: exchange.now(), exchange: Some(exchange) }
    }

    fn apply(&mut self, record: &Record<'_>) -> Result<(), Damage> {
        self.follow(&decode(record)?)
    }

    /// Applies the next command.
    pub(crate) fn follow(&mut self, stamped: &Stamped) -> Result<(), Damage> {
        if let Some(rule) = stamped.command.unknown_rule() {
            let problem = format!("its markets move by rule {rule}, which a newer version knows");
            return Err(Damage::Payload { seq: stamped.seq, problem });
        }
        self.latest = self.latest.max(stamped.time);
        let exchange = match (&mut self.exchange, &stamped.command) {
            (Some(exchange), _) => exchange,
            (empty, Command::Genesis(genesis)) => empty.insert(Exchange::new(genesis.clone())),
            (None, _) => {
                let problem = "it comes before the exchange's beginning".to_owned();
                return Err(Damage::Payload { seq: stamped.seq, problem });
            }
        };
        drop(exchange.apply(stamped));
        Ok(())
    }
}

/// The command of a record.
pub fn decode(record: &Record<'_>) -> Result<Stamped, Damage> {
    let payload = |problem: String| Damage::Payload { seq: record.seq, problem };
    let stamped: Stamped =
        postcard::from_bytes(record.payload).map_err(|error| payload(error.to_string()))?;
    if stamped.seq == record.seq {
        Ok(stamped)
    } else {
        Err(payload(format!("it says that it is entry {}", stamped.seq)))
    }
}

/// Writes a snapshot of what is durable.
pub(crate) fn freeze(sequencer: &Sequencer, folder: &Folder) -> Result<Head, String> {
    let (head, state) = sequencer.freeze().map_err(|error| error.to_string())?;
    sequencer.flush_blocking(head.seq).map_err(|error| error.to_string())?;
    snapshot::write(&snapshots(&folder.path), folder.facts.id_bytes(), head, &state)
        .map_err(|error| error.to_string())?;
    Ok(head)
}

/// Bytes of a segment for a new folder.
pub(crate) const fn segment_bytes(config: &Config) -> u64 {
    if config.demo { journal::DEMO_SEGMENT_BYTES } else { journal::SEGMENT_BYTES }
}
