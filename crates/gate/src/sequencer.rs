//! The sequencer: one lock around the exchange and the journal's tail, and a group commit.
//!
//! The holder of the lock checks, stamps, writes the record into the pending group and applies it.
//! The first to ask for durability while nobody syncs becomes the leader: takes the pending group,
//! writes and syncs it, publishes its events in order, and wakes the others. Nothing leaves before
//! the sync that covers it. After a failed write or sync nothing is ever acknowledged again.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};

use access::id::PaperAccountId;
use access::moment::{Span, Time};
use access::refusal::{Refusal, ServerRefusal};
use arc_swap::ArcSwapOption;
use tokio::sync::Notify;
use trade::exchange::Exchange;
use trade::journal::{Asked, Command, Decided, Stamped};

use crate::catch_up::{AT_ONCE, Progress};
use crate::config::Durability;
use crate::feed::{Feed, Published};
use crate::journal::{ChainHash, Head, Journal, Pending, Spare};
use crate::noted::{Kind, Noted};
use crate::order::refused::{Recent, RefusedOrders};
use crate::usage::{Tally, Usages};
use crate::watch::lost_file;

/// Bytes that a record may need; a group of orders is far smaller.
const HEADROOM: u64 = 64 * 1024;

/// The exchange and the end of the journal.
pub(crate) struct Engine {
    pub(crate) exchange: Exchange,
    next: u64,
    latest: Time,
    chain: ChainHash,
    pending: Pending,
    published: Vec<Arc<Published>>,
    /// Bytes that the pending group may have.
    room: u64,
    /// Below this much room only what reduces is taken.
    reserve: u64,
    unsynced: bool,
    noted: Noted,
    refused: Recent,
    tally: Tally,
    /// What is stamped as soon as the markets have caught up.
    pub(crate) owed: Option<Command>,
}

/// The journal's file and the buffers that alternate with the engine's.
struct Writer {
    journal: Journal,
    group: Pending,
    records: Vec<Arc<Published>>,
}

/// The one order of all commands.
pub(crate) struct Sequencer {
    engine: Mutex<Engine>,
    writer: Mutex<Writer>,
    applied: AtomicU64,
    durable: AtomicU64,
    failed: OnceLock<Refusal>,
    /// Why nothing is taken for now.
    held: ArcSwapOption<Refusal>,
    stopping: AtomicBool,
    /// The server is about to stop: nobody waits for the markets.
    pub(crate) halting: AtomicBool,
    progress: Mutex<Option<Progress>>,
    /// Time that a request passes by itself; for more it is refused.
    at_once: Span,
    /// The simulator moves it: its steps do not depend on how long they take.
    pub(crate) stepped: bool,
    wake: Notify,
    spare: Arc<Spare>,
    account: PaperAccountId,
    durability: Durability,
    pub(crate) feed: Feed,
}

impl Engine {
    /// Sequence of the last command applied.
    pub(crate) const fn applied(&self) -> u64 {
        self.next - 1
    }

    /// How far the markets are behind.
    pub(crate) fn lag(&self, now: Time) -> Span {
        now.since(self.exchange.now())
    }

    /// Stamps and applies a command.
    pub(crate) fn stamp(
        &mut self,
        decision: Decided,
        command: Command,
        now: Time,
    ) -> Result<Arc<Published>, Refusal> {
        let time = now.max(self.latest).max(self.exchange.now());
        let (holder, account) = (decision.holder, decision.account);
        let stamped = Stamped { seq: self.next, time, decision, command };
        let chain = self.pending.push(self.next, &self.chain, self.unsynced, |bytes| {
            trade::journal::encode(&stamped, &self.exchange, bytes)
        });
        // Only numbers beyond what a record holds fail here, and pre-trade limits are far below.
        self.chain = chain.map_err(|_| Refusal::Server(ServerRefusal::JournalFailed))?;
        (self.next, self.latest) = (self.next + 1, time);
        let events = self.exchange.apply(&stamped);
        self.tally.count(time, holder, &stamped.command);
        if let Command::OrdersRefused(refused) = stamped.command {
            self.refused.put(RefusedOrders { seq: stamped.seq, at: time, account, refused });
        }
        let published = Arc::new(Published { seq: stamped.seq, time, holder, events });
        if !published.events.is_empty() {
            self.published.push(Arc::clone(&published));
        }
        Ok(published)
    }

    fn has_room(&self, needed: u64) -> bool {
        u64::try_from(self.pending.len()).unwrap_or(u64::MAX).saturating_add(needed) <= self.room
    }

    /// Moves the markets to `to`, on their way to `end`; what is due for an order becomes a record
    /// first. Without room for it the markets wait before that second.
    pub(crate) fn advance(&mut self, to: Time, end: Time) -> Result<bool, Refusal> {
        let advanced = self.exchange.advance_towards(to, end);
        if advanced.due.is_some() && self.has_room(HEADROOM) {
            self.stamp(Decided::system(), Command::Advance, to)?;
        }
        Ok(advanced.moved)
    }
}

/// The engine, locked, at one time, for one request.
pub(crate) struct Turn<'a> {
    sequencer: &'a Sequencer,
    engine: MutexGuard<'a, Engine>,
    now: Time,
    /// Why nothing but what reduces is taken.
    behind: Option<Refusal>,
}

impl Turn<'_> {
    /// The exchange, moved to this turn's time.
    pub(crate) fn exchange(&self) -> &Exchange {
        &self.engine.exchange
    }

    /// This turn's time.
    pub(crate) fn now(&self) -> Time {
        self.now
    }

    /// Whether the disk is nearly full, so that not every order can be taken any more.
    pub(crate) fn is_short(&self) -> bool {
        !self.engine.has_room(HEADROOM + self.engine.reserve)
    }

    /// Whether the markets are where they belong. What only reduces need not ask.
    pub(crate) fn check_caught_up(&self) -> Result<(), Refusal> {
        self.behind.clone().map_or(Ok(()), Err)
    }

    /// Stamps and applies a command. `reduces` says that it only takes orders away: such a command
    /// passes when the disk is nearly full, and while the markets catch up.
    pub(crate) fn stamp(
        &mut self,
        decision: Decided,
        command: Command,
        reduces: bool,
    ) -> Result<Arc<Published>, Refusal> {
        if !reduces {
            self.check_caught_up()?;
        }
        let reserve = if reduces { 0 } else { self.engine.reserve };
        self.stamp_keeping(reserve, decision, command)
    }

    /// The same for an order that only makes a position smaller: it may have half of what is kept
    /// for cancels.
    pub(crate) fn stamp_reducing(
        &mut self,
        decision: Decided,
        command: Command,
    ) -> Result<Arc<Published>, Refusal> {
        self.stamp_keeping(self.engine.reserve / 2, decision, command)
    }

    fn stamp_keeping(
        &mut self,
        reserve: u64,
        decision: Decided,
        command: Command,
    ) -> Result<Arc<Published>, Refusal> {
        if !self.engine.has_room(HEADROOM + reserve) {
            return Err(Refusal::Server(ServerRefusal::DiskFull {
                missing_bytes: self.sequencer.spare.missing_bytes(),
            }));
        }
        let published = self.engine.stamp(decision, command, self.now)?;
        self.sequencer.applied.store(published.seq, Ordering::Release);
        Ok(published)
    }

    /// Records what changes nothing, coalesced. When there is no room it is only logged.
    pub(crate) fn note(&mut self, kind: Kind, text: impl FnOnce() -> String, asked: Vec<Asked>) {
        let now = self.now;
        if let Some(command) = self.engine.noted.note(kind, text, asked, now)
            && let Err(error) =
                self.stamp(Decided { account: kind.account(), ..Decided::system() }, command, true)
        {
            tracing::warn!(?kind, %error, "a refusal or connection could not be recorded");
        }
    }
}

impl Sequencer {
    pub(crate) fn new(
        journal: Journal,
        exchange: Exchange,
        latest: Time,
        durability: Durability,
    ) -> Self {
        let head = journal.head();
        let room = journal.room_after(0);
        let engine = Engine {
            latest,
            next: head.seq + 1,
            chain: head.chain,
            pending: Pending::default(),
            published: Vec::new(),
            room,
            reserve: journal.segment_bytes() / 8,
            unsynced: durability == Durability::Process,
            noted: Noted::default(),
            refused: Recent::default(),
            tally: Tally::default(),
            owed: None,
            exchange,
        };
        let account = engine.exchange.genesis().account;
        let spare = journal.spare();
        Self {
            engine: Mutex::new(engine),
            writer: Mutex::new(Writer { journal, group: Pending::default(), records: Vec::new() }),
            applied: AtomicU64::new(head.seq),
            durable: AtomicU64::new(head.seq),
            failed: OnceLock::new(),
            held: ArcSwapOption::empty(),
            stopping: AtomicBool::new(false),
            halting: AtomicBool::new(false),
            progress: Mutex::default(),
            at_once: AT_ONCE,
            stepped: false,
            wake: Notify::new(),
            spare,
            account,
            durability,
            feed: Feed::default(),
        }
    }

    /// Of a clock that is set by hand nobody waits for the markets: each request passes all of it.
    pub(crate) fn by_hand(mut self) -> Self {
        self.at_once = Span(i64::MAX);
        self
    }

    /// Moved by the simulator.
    pub(crate) fn stepped(mut self, stepped: bool) -> Self {
        self.stepped = stepped;
        self
    }

    pub(crate) fn progress(&self) -> Option<Progress> {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_progress(&self, progress: Option<Progress>) {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner) = progress;
    }

    pub(crate) fn set_applied(&self, engine: &Engine) {
        self.applied.store(engine.applied(), Ordering::Release);
    }

    /// How far the markets are behind, when it is too far for a request to pass by itself.
    pub(crate) fn behind(&self, to: Time) -> Option<Progress> {
        let engine = self.engine();
        let at = engine.exchange.now();
        (engine.lag(to) > self.at_once).then_some(Progress { from: at, at, to })
    }

    /// Stamps a command as soon as the markets have caught up.
    pub(crate) fn owe(&self, command: Command) {
        self.engine().owed = Some(command);
    }

    pub(crate) fn engine(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock().unwrap_or_else(|poisoned| {
            // A command was cut off in its middle: the state is not what the journal says.
            self.fail("a command panicked");
            poisoned.into_inner()
        })
    }

    /// The account.
    pub(crate) fn account(&self) -> PaperAccountId {
        self.account
    }

    /// Why nothing can be taken any more, or for now.
    pub(crate) fn health(&self) -> Result<(), Refusal> {
        self.may_acknowledge()?;
        if self.stopping.load(Ordering::Acquire) {
            Err(Refusal::Server(ServerRefusal::Stopping))
        } else {
            Ok(())
        }
    }

    /// Why nothing is acknowledged any more, or for now.
    pub(crate) fn may_acknowledge(&self) -> Result<(), Refusal> {
        if let Some(failed) = self.failed.get() {
            return Err(failed.clone());
        }
        self.held.load_full().map_or(Ok(()), |held| Err(Refusal::clone(&held)))
    }

    /// Whether nothing will ever be taken again.
    pub(crate) fn is_over(&self) -> bool {
        self.failed.get().is_some() || self.stopping.load(Ordering::Acquire)
    }

    /// From now on nothing is taken and nothing acknowledged, for this reason.
    pub(crate) fn end(&self, why: &Refusal) {
        if self.failed.set(why.clone()).is_ok() {
            tracing::error!(%why, durable = self.durable(), "nothing is acknowledged until a restart");
        }
        self.wake.notify_waiters();
    }

    /// Takes and acknowledges nothing as long as there is a reason not to.
    pub(crate) fn hold(&self, why: Option<Refusal>) {
        self.held.store(why.map(Arc::new));
    }

    /// Takes the lock for one request, with the markets moved to `now`. When they are far behind
    /// they stay where they are, and only what reduces is taken.
    pub(crate) fn turn(&self, now: Time) -> Result<Turn<'_>, Refusal> {
        let mut engine = self.engine();
        self.health()?;
        let at = engine.exchange.now();
        if engine.lag(now) > self.at_once {
            let behind = Some(Refusal::Server(ServerRefusal::CatchingUp { at, to: now }));
            return Ok(Turn { sequencer: self, engine, now: at, behind });
        }
        if now > at {
            engine.advance(now, now)?;
            self.set_applied(&engine);
        }
        let now = now.max(engine.exchange.now());
        Ok(Turn { sequencer: self, engine, now, behind: None })
    }

    /// Whether the markets have come to `time`, or will with the next turn at `now`: all that fills before it has.
    pub(crate) fn reaches(&self, time: Time, now: Time) -> bool {
        let engine = self.engine();
        engine.lag(now) <= self.at_once || engine.exchange.now() >= time
    }

    /// Looks at the exchange as it stands, acknowledged or not; what is shown of it must wait for
    /// [`Sequencer::flush_to`] of the sequence that comes with it.
    pub(crate) fn peek<T>(&self, look: impl FnOnce(&Exchange) -> T) -> (u64, T) {
        let engine = self.engine();
        (engine.next - 1, look(&engine.exchange))
    }

    /// The last refused orders since the server started, newest last.
    pub(crate) fn refused(&self) -> Vec<Arc<RefusedOrders>> {
        self.engine().refused.all()
    }

    /// What credentials did on the day of `now`, since the server started.
    pub(crate) fn usages(&self, now: Time) -> Usages {
        self.engine().tally.of(now)
    }

    /// Returns once nobody who saw the old entitlements can still be stamping under them.
    pub(crate) fn fence(&self) {
        drop(self.engine());
    }

    /// One beat of the timer: moves the markets, records repeats of refusals as far as
    /// there is room. True when quotes may have changed.
    pub(crate) fn beat(&self, now: Time, last: bool) -> Result<bool, Refusal> {
        if let Some(failed) = self.failed.get() {
            return Err(failed.clone());
        }
        let moved = self.catch_up(now)?;
        let mut engine = self.engine();
        // Where they are, when they could not catch up.
        let now = if engine.lag(now) > AT_ONCE { engine.exchange.now() } else { now };
        let mut noted = std::mem::take(&mut engine.noted);
        let mut stamped = Ok(());
        noted.settle(now, last, |kind, command| {
            let room = stamped.is_ok() && engine.has_room(HEADROOM);
            if room {
                let decision = Decided { account: kind.account(), ..Decided::system() };
                stamped = engine.stamp(decision, command, now).map(drop);
            }
            room
        });
        engine.noted = noted;
        self.applied.store(engine.next - 1, Ordering::Release);
        stamped.map(|()| moved)
    }

    /// Stamps what changes nothing and is kept for the record, wherever the markets are.
    pub(crate) fn record(&self, command: Command, now: Time) -> Result<(), Refusal> {
        let mut engine = self.engine();
        self.health()?;
        if !engine.has_room(HEADROOM) {
            return Err(Refusal::Server(ServerRefusal::DiskFull {
                missing_bytes: self.spare.missing_bytes(),
            }));
        }
        let time = now.min(engine.exchange.now()).max(engine.latest);
        let recorded = engine.stamp(Decided::system(), command, time)?;
        self.applied.store(recorded.seq, Ordering::Release);
        Ok(())
    }

    /// The next segment, for the task that makes it ahead.
    pub(crate) fn spare(&self) -> Arc<Spare> {
        Arc::clone(&self.spare)
    }

    /// Makes the next segment when it is not there, and tells the engine of the room.
    pub(crate) fn prepare_spare(&self) -> std::io::Result<()> {
        if self.spare.is_ready() {
            return Ok(());
        }
        let made = self.spare.prepare();
        self.holding(|writer| self.engine().room = writer.journal.room_after(0));
        made
    }

    /// Holds the writer without leading. A task that failed to lead in the meantime waits to be woken.
    fn holding<T>(&self, hold: impl FnOnce(&Writer) -> T) -> T {
        let held = hold(&self.writer.lock().unwrap_or_else(PoisonError::into_inner));
        self.wake.notify_waiters();
        held
    }

    /// Sequence of the last command applied.
    pub(crate) fn applied(&self) -> u64 {
        self.applied.load(Ordering::Acquire)
    }

    /// Sequence of the last command that is durable and published.
    pub(crate) fn durable(&self) -> u64 {
        self.durable.load(Ordering::Acquire)
    }

    /// Returns when everything up to `target` is durable and published.
    pub(crate) async fn flush_to(&self, target: u64) -> Result<(), Refusal> {
        loop {
            // Nobody else is at it, as a rule: then there is nothing to wait for.
            if self.is_done(target)? || (self.try_lead() && self.is_done(target)?) {
                return Ok(());
            }
            let mut woken = pin!(self.wake.notified());
            woken.as_mut().enable();
            // A leader may have finished between the look and the registration.
            if self.is_done(target)? {
                return Ok(());
            }
            if !self.try_lead() {
                woken.await;
            }
        }
    }

    /// The same, on a thread that may block.
    pub(crate) fn flush_blocking(&self, target: u64) -> Result<(), Refusal> {
        while !self.is_done(target)? {
            let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
            self.lead(&mut writer);
            drop(writer);
            self.wake.notify_waiters();
        }
        Ok(())
    }

    fn is_done(&self, target: u64) -> Result<bool, Refusal> {
        if self.durable() >= target {
            return Ok(true);
        }
        self.failed.get().map_or(Ok(false), |failed| Err(failed.clone()))
    }

    /// Leads one group when nobody does; false when somebody does.
    fn try_lead(&self) -> bool {
        let mut writer = match self.writer.try_lock() {
            Ok(writer) => writer,
            Err(TryLockError::WouldBlock) => return false,
            Err(TryLockError::Poisoned(poisoned)) => {
                self.fail("a journal write panicked");
                poisoned.into_inner()
            }
        };
        self.lead(&mut writer);
        drop(writer);
        self.wake.notify_waiters();
        true
    }

    /// Writes, syncs and publishes what is pending.
    fn lead(&self, writer: &mut Writer) {
        if self.failed.get().is_some() {
            return;
        }
        let head = {
            let mut engine = self.engine();
            // The previous holder of the lock may have panicked: half a command is never written.
            if self.failed.get().is_some() || engine.pending.is_empty() {
                return;
            }
            std::mem::swap(&mut engine.pending, &mut writer.group);
            std::mem::swap(&mut engine.published, &mut writer.records);
            let taken = u64::try_from(writer.group.len()).unwrap_or(u64::MAX);
            engine.room = writer.journal.room_after(taken);
            Head { seq: engine.next - 1, chain: engine.chain }
        };
        let first = writer.journal.head().seq + 1;
        let sync = self.durability == Durability::Disk;
        let written = writer.journal.append(writer.group.seal(first), head, sync);
        writer.group.clear();
        // Asked each time, after the write: nobody is told of what the next start would not find.
        let misplaced = writer.journal.misplaced().map(lost_file);
        match (written, misplaced) {
            (Ok(()), Some(lost)) => self.end(&lost),
            (Ok(()), None) => {
                self.feed.publish(&writer.records);
                writer.records.clear();
                self.durable.store(head.seq, Ordering::Release);
            }
            (Err(error), _) => self.fail(&error.to_string()),
        }
    }

    /// From now on nothing is taken and nothing acknowledged.
    fn fail(&self, why: &str) {
        if self.failed.set(Refusal::Server(ServerRefusal::JournalFailed)).is_ok() {
            tracing::error!(
                why,
                durable = self.durable(),
                "the journal failed: no order is accepted until a restart"
            );
        }
        self.wake.notify_waiters();
    }

    /// Takes no more commands; writes what is there; syncs it whatever the durability.
    pub(crate) fn stop(&self, now: Time) -> Result<(), Refusal> {
        self.halting.store(true, Ordering::Release);
        self.beat(now, true)?;
        self.stopping.store(true, Ordering::Release);
        self.fence();
        self.flush_blocking(self.applied())?;
        // A last group of its own: damage in any group before it is then corruption for the next
        // start, and no torn tail.
        {
            let mut engine = self.engine();
            if let Some(failed) = self.failed.get() {
                return Err(failed.clone());
            }
            let at = if engine.lag(now) > AT_ONCE { engine.exchange.now() } else { now };
            let last = engine.stamp(Decided::system(), Command::Advance, at)?;
            self.applied.store(last.seq, Ordering::Release);
        }
        self.flush_blocking(self.applied())?;
        self.holding(|writer| writer.journal.sync())
            .map_err(|_| Refusal::Server(ServerRefusal::JournalFailed))
    }

    /// The end of the journal, while no group is being written; synced whatever the durability.
    pub(crate) fn head(&self) -> Result<Head, Refusal> {
        self.health().or_else(|refusal| match refusal {
            Refusal::Server(ServerRefusal::Stopping) => Ok(()),
            failed => Err(failed),
        })?;
        let synced = self.holding(|writer| writer.journal.sync().map(|()| writer.journal.head()));
        synced.map_err(|error| {
            self.fail(&error.to_string());
            Refusal::Server(ServerRefusal::JournalFailed)
        })
    }

    /// The exchange's bytes, with the place in the journal that they belong to. None of an exchange
    /// whose journal failed: they may not belong together.
    pub(crate) fn freeze(&self) -> Result<(Head, Vec<u8>), Box<dyn std::error::Error>> {
        let engine = self.engine();
        if let Some(failed) = self.failed.get() {
            return Err(failed.clone().into());
        }
        if !engine.exchange.is_whole() {
            return Err("the markets are catching up".into());
        }
        let head = Head { seq: engine.next - 1, chain: engine.chain };
        Ok((head, engine.exchange.snapshot()?))
    }
}
