//! The gate itself: what it keeps, and nothing that it does. Whatever keeps something for it stands below this
//! file; whatever acts through it stands above.

use std::sync::Arc;

use access::Refusal;
use access::id::PaperAccountId;
use access::moment::Time;
use arc_swap::ArcSwap;
use trade::instrument::Instruments;
use trade::quote::Quotes;

use crate::clock::Clock;
use crate::config::Config;
use crate::evidence::Indexed;
use crate::feed::Feed;
use crate::folder::Folder;
use crate::front_door::PortalProof;
use crate::health::Health;
use crate::live::Live;
use crate::order::refused::Older;
use crate::registry::Registry;
use crate::sequencer::Sequencer;
use crate::timer::Stop;
use crate::usage::Before;
use crate::view::Views;
use crate::watch::Watch;

/// The gate. Cheap to clone.
#[derive(Clone)]
pub struct Gate(pub(crate) Arc<Inner>);

/// What all clones share.
pub(crate) struct Inner {
    pub(crate) config: Config,
    pub(crate) folder: Folder,
    pub(crate) clock: Clock,
    pub(crate) live: Live,
    pub(crate) sequencer: Sequencer,
    pub(crate) people: Registry,
    pub(crate) views: Views,
    pub(crate) quotes: ArcSwap<Quotes>,
    pub(crate) quotes_changed: tokio::sync::watch::Sender<u64>,
    /// Refused orders from before the start.
    pub(crate) older_refused: Older,
    /// How far the journal is indexed for searches.
    pub(crate) indexed: Indexed,
    /// What credentials did today before the start.
    pub(crate) usage_before: Before,
    /// What shows that the portal is genuine.
    pub(crate) portal_proof: PortalProof,
    /// Held while a checkpoint is made or a backup must not see one being made.
    pub(crate) checkpoints: tokio::sync::Mutex<()>,
    /// One account is opened at a time: its ledger has no owner until it is done, and another call would take it.
    pub(crate) openings: tokio::sync::Mutex<()>,
    /// What its exchange trades.
    pub(crate) instruments: Arc<Instruments>,
    pub(crate) stop: Arc<Stop>,
    pub(crate) watch: Watch,
    pub(crate) health: Arc<Health>,
}

impl Inner {
    pub(crate) fn feed(&self) -> &Feed {
        &self.sequencer.feed
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop.stop();
    }
}

impl Gate {
    /// The time by which everything of ours is stamped: it never falls. What is compared with stamps,
    /// ends of sessions and the like, is compared with this.
    pub fn now(&self) -> Time {
        self.0.clock.stamp()
    }

    /// What the system's clock says, which may fall: for what other people's clocks judge.
    pub fn wall(&self) -> Time {
        self.0.clock.wall()
    }

    /// Whether orders can be taken: the journal works and the server is not stopping.
    pub fn health(&self) -> Result<(), Refusal> {
        self.0.sequencer.health()
    }

    /// Where conditions are raised, and the watch over threads and tasks.
    pub fn vitals(&self) -> &Arc<Health> {
        &self.0.health
    }

    /// The clock, for what neither of the two says: how far they are apart, and the last jump.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The account that this folder began with, which its genesis names. It never closes; others may be open beside
    /// it. Records tell of it by naming no account; the first person gets a part in it; the start, `init` and `status`
    /// tell of it, as there may be no other. It says nothing about what anybody means or may do: a request names its account.
    pub fn account(&self) -> PaperAccountId {
        self.0.sequencer.account()
    }

    /// What it was opened with.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// Whether this is a demo folder, whose one-time codes can be printed.
    pub fn is_demo(&self) -> bool {
        self.0.folder.facts.demo
    }
}
