//! Opening a data folder: lock, key, journal, exchange, tables, live table; and closing it.

use std::sync::Arc;

use access::currency::Currency;
use access::id::PaperAccountId;
use access::moment::Time;
use access::refusal::{Refusal, ServerRefusal};
use access::secret::SealKey;
use arc_swap::ArcSwap;
use rust_decimal::Decimal;
use store::Store;
use store::engine::existing_sqlite_url;
use tokio::sync::watch;
use trade::exchange::{Exchange, ORDER_RULE};
use trade::instrument::Instruments;
use trade::journal::{Command, Decided, Genesis, MARKET_RULE};

use crate::clock::{Clock, NoEntropy};
use crate::config::Config;
use crate::disk::{Disk, LocalDisk};
use crate::drive::Drive;
pub(crate) use crate::folder::snapshots;
pub use crate::folder::{DATABASE, journal_folder};
use crate::folder::{Folder, FolderError};
use crate::health::Health;
pub use crate::journal::decode;
use crate::journal::{self, Journal, Record};
use crate::live::Live;
use crate::owed::Owed;
use crate::registry::Registry;
use crate::replay::Replay;
use crate::sequencer::Sequencer;
use crate::tables::FOLDER_FACT;
use crate::upgrade::aside::copy_aside;
use crate::view::Views;
use crate::watch::Watch;
use crate::{Gate, Inner, checkpoint, front_door, key_file, key_proof, snapshot, timer};

mod error;

pub use error::OpenError;

/// Cash of a new account, in its base currency.
const CASH: i64 = 1_000_000;

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
        let bundled = Instruments::bundled().map_err(OpenError::Instruments)?;
        Self::open_trading(config, clock, disk, Arc::clone(bundled)).await
    }

    /// The same with an exchange that trades these instruments. A folder's orders are in the counts of its
    /// instruments, so it is always opened with the same ones.
    pub async fn open_trading(
        config: Config,
        clock: Clock,
        disk: Arc<dyn Disk>,
        instruments: Arc<Instruments>,
    ) -> Result<Self, OpenError> {
        Self::open_driven(config, clock, disk, instruments, Drive::Own).await
    }

    /// The same, with what moves it.
    pub(crate) async fn open_driven(
        config: Config,
        clock: Clock,
        disk: Arc<dyn Disk>,
        instruments: Arc<Instruments>,
        drive: Drive,
    ) -> Result<Self, OpenError> {
        let (data, needed) = (config.data.clone(), segment_bytes(&config) + START_BYTES);
        let has_tables = config.database.is_none();
        let opened = Self::open_parts(config, (clock, drive), disk, instruments).await;
        opened.map_err(|error| error.without_room((&data, has_tables), needed))
    }

    async fn open_parts(
        config: Config,
        (clock, drive): (Clock, Drive),
        disk: Arc<dyn Disk>,
        instruments: Arc<Instruments>,
    ) -> Result<Self, OpenError> {
        let mut folder =
            Folder::open_on(&config.data, config.demo, segment_bytes(&config), &clock)?;
        let key = open_key(&mut folder, &clock)?;
        let store = open_store(&config, &mut folder, &key, &clock).await?;
        has_its_end(&folder, &store).await?;
        let hold = store.hold(mark(&clock)?).await?;
        let noted = store.last_checkpoint().await?.map_or(0, |last| last.checkpoint.journal_seq);
        let sequencer = sequencer((&config, &instruments), &folder, &clock, &disk, noted)?;
        let sequencer = sequencer.stepped(drive.is_stepped());
        folder.hold_segments()?;
        let watch = Watch::begin(&folder, &store, hold).map_err(OpenError::Watch)?;
        let (_, quotes) = sequencer.peek(Exchange::quotes);
        let usage_before = crate::usage::Before::new(sequencer.durable());
        let health = Arc::new(Health::new(clock.clone()));
        let owed = Owed::open(&folder.path, &key, &health)?;
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
            indexed: crate::evidence::Indexed::default(),
            usage_before,
            portal_proof: front_door::PortalProof::default(),
            checkpoints: tokio::sync::Mutex::default(),
            openings: tokio::sync::Mutex::default(),
            instruments,
            stop: Arc::default(),
            watch,
            health,
        });
        let gate = Self(inner);
        gate.cover_owners().await?;
        gate.open_index().await?;
        gate.load_people().await?;
        gate.end_upgrade().await?;
        if gate.0.folder.new {
            gate.set_up().await?;
        }
        gate.0.people.sessions.started(gate.now(), gate.wall());
        if !drive.is_stepped() {
            gate.run_by_itself().map_err(OpenError::Thread)?;
        }
        Ok(gate)
    }

    /// Starts what moves it: threads and tasks that last as long as it does.
    fn run_by_itself(&self) -> std::io::Result<()> {
        self.spawn_people_ticks();
        self.spawn_held();
        self.spawn_margin();
        self.spawn_checkpoints();
        self.spawn_settling();
        self.spawn_watch()?;
        timer::start(&self.0)
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
        if inner.sequencer.health() == Err(Refusal::Server(ServerRefusal::Stopping)) {
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
                "owed cuts could not be recorded in the tables; the next start will record them"
            );
        }
        let noted = self.records().checkpoint().await;
        inner.watch.end().await;
        inner.people.store.close().await;
        stopped.and(noted.map(drop))
    }
}

/// The key of a folder, which must be its own.
fn open_key(folder: &mut Folder, clock: &Clock) -> Result<SealKey, OpenError> {
    let key = key_file::open_on(&folder.path, folder.new, clock)?;
    key_file::check(&folder.path.join(key_file::NAME), &key, &folder.facts)?;
    if folder.new {
        let check = key_file::seal_check(&key, &folder.facts.id, &clock.moment()?);
        folder.facts.key_check = Some(check);
    }
    Ok(key)
}

/// How this server names itself to others that find its tables taken.
fn mark(clock: &Clock) -> Result<String, NoEntropy> {
    let drawn = data_encoding::HEXLOWER.encode(&clock.entropy::<8>()?);
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = if host.trim().is_empty() { "unknown" } else { host.trim() };
    Ok(format!("process {} on {host}, {drawn}", std::process::id()))
}

/// The tables of a folder, which must be its own.
async fn open_store(
    config: &Config,
    folder: &mut Folder,
    key: &SealKey,
    clock: &Clock,
) -> Result<Store, OpenError> {
    let file = folder.path.join(DATABASE);
    if config.database.is_none() && !file.exists() {
        if !folder.new {
            let path = folder.path.clone();
            return Err(FolderError::Lost { path, missing: file }.into());
        }
        // Made here, for its mode: what SQLite makes beside it has the same.
        let made = private::create(&file);
        made.map_err(|source| FolderError::Io { path: file.clone(), source })?;
    }
    if config.database.is_none() {
        // Two folders may share it by a link. Held before it is opened: SQLite names the log of the tables after
        // the path, so two names of one file would have two logs.
        folder.hold.add(&file)?;
    }
    let url = config.database.clone().unwrap_or_else(|| existing_sqlite_url(&file));
    let store = Store::connect(&url).await?;
    if !folder.new && folder.facts.key_check.is_none() {
        // From before there were check values: the key proves itself before anything is changed.
        key_proof::prove(&store, key, &folder.path.join(key_file::NAME)).await?;
        let check = key_file::seal_check(key, &folder.facts.id, &clock.moment()?);
        folder.facts.key_check = Some(check);
        folder.finish()?;
    }
    if !folder.new
        && let Some(copy) = copy_aside(folder, &store, None).await?
    {
        tracing::warn!(
            copy = %copy.display(),
            "an older version wrote this data folder; it was copied before the upgrade. Delete the copy once you no longer need it"
        );
    }
    store.database().migrate().await?;
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

/// Tables whose end is lost are not gone on with: what was locked or revoked there would be open again.
/// Lines of the file that cannot be read say nothing here; `evidence verify` names them.
async fn has_its_end(folder: &Folder, store: &Store) -> Result<(), OpenError> {
    let path = folder.path.join(checkpoint::FILE);
    let Ok((filed, _)) = checkpoint::read_lines(&path) else { return Ok(()) };
    let noted = filed.iter().filter(|one| checkpoint::is_signed(one));
    let heads = store.evidence_heads().await?;
    let found = |shard| heads.iter().find(|head| head.shard == shard).map_or(0, |head| head.seq);
    for head in noted.flat_map(|one| one.checkpoint.heads()) {
        let (shard, noted, found) = (head.shard, head.seq, found(head.shard));
        if found < noted {
            return Err(OpenError::TablesCut { shard, noted, found });
        }
    }
    Ok(())
}

/// The sequencer of a folder: newest snapshot, the journal behind it, and, for a new folder, the
/// exchange's beginning. `noted` is the last entry that a checkpoint speaks of.
pub(crate) fn sequencer(
    (config, instruments): (&Config, &Arc<Instruments>),
    folder: &Folder,
    clock: &Clock,
    disk: &Arc<dyn Disk>,
    noted: u64,
) -> Result<Sequencer, OpenError> {
    let id = folder.facts.id_bytes();
    let snapshot = snapshot::newest(&snapshots(&folder.path), id, instruments);
    let (after, mut replay) = match snapshot {
        Some((head, exchange)) => (Some(head), Replay::after(exchange)),
        None => (None, Replay::of(instruments)),
    };
    let path = journal_folder(&folder.path);
    let mut apply = |record: &Record<'_>| replay.apply(record);
    let opened = Journal::open(&path, id, folder.facts.segment_bytes, disk, after, &mut apply)?;
    if opened.cut > 0 {
        tracing::warn!(
            bytes = opened.cut,
            acknowledged = opened.lost_unsynced,
            "the end of the journal was torn and has been cut off"
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
        None => Exchange::new(genesis(config, clock, now)?, instruments),
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

fn genesis(config: &Config, clock: &Clock, now: Time) -> Result<Genesis, NoEntropy> {
    let drawn = u32::from_le_bytes(clock.entropy::<4>()?);
    // Seven digits, the first not zero.
    let number = 1_000_000 + drawn % 9_000_000;
    Ok(Genesis {
        seed: match config.seed {
            Some(seed) => seed,
            None => u64::from_le_bytes(clock.entropy::<8>()?),
        },
        at: now,
        account: PaperAccountId::new(number).unwrap_or_else(first_account),
        cash: Decimal::from(CASH),
        currency: Currency::USD,
        hours: config.hours,
        market_rule: MARKET_RULE,
    })
}

fn first_account() -> PaperAccountId {
    match PaperAccountId::new(1_000_000) {
        Some(account) => account,
        None => unreachable!("seven digits are an account"),
    }
}

/// Bytes that a start may take beside a segment of the journal: tables and their log, and the file of owed cuts.
const START_BYTES: u64 = 16 << 20;

/// Bytes of a segment for a new folder.
pub(crate) const fn segment_bytes(config: &Config) -> u64 {
    if config.demo { journal::DEMO_SEGMENT_BYTES } else { journal::SEGMENT_BYTES }
}

impl Gate {
    /// Fills the live table from the store: every person's sessions and credentials. Finishes locks
    /// and revocations, once everybody is known: whose an order is on an account of several depends on who they are.
    pub(crate) async fn load_people(&self) -> Result<(), OpenError> {
        let store = &self.0.people.store;
        if let Err(error) = self.settle_owed().await {
            tracing::warn!(%error, "cuts from before this start are in effect but cannot be recorded yet");
        }
        Box::pin(self.load_sites()).await?;
        let slices = self.all_slices().await?;
        for slice in &slices {
            let Some(person) = &slice.person else { continue };
            let uses = store.session_uses(person.id).await?;
            self.publish_with(slice, &uses);
            self.remember_ended(person).await?;
        }
        for slice in slices.iter().filter(|slice| slice.person.is_some()) {
            self.locks().end_locked(slice).await;
            self.cancel_locked(slice).await.map_err(OpenError::Refused)?;
            self.cancel_revoked(slice).await.map_err(OpenError::Refused)?;
        }
        Ok(())
    }
}
