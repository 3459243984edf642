//! A gate that the simulator moves.

use std::sync::{Arc, Mutex};

use access::moment::Time;
use trade::exchange::Exchange;
use trade::instrument::Instruments;

use super::Drive;
use crate::clock::{Clock, Hands};
use crate::config::Config;
use crate::disk::Disk;
use crate::open::OpenError;
use crate::timer::Beat;
use crate::watch::look_at_hold;
use crate::{Gate, Inner, held};

/// What would happen by itself in a gate that runs by itself. Each call does it once.
pub struct Stepper {
    inner: Arc<Inner>,
    beat: Beat,
    pruned: Mutex<Time>,
    noted: (u64, u64),
    held: held::Memory,
}

impl Gate {
    /// Opens a data folder on a simulated machine, for the simulator to move.
    pub async fn open_stepped(
        config: Config,
        hands: &Arc<Hands>,
        disk: Arc<dyn Disk>,
        instruments: Arc<Instruments>,
    ) -> Result<(Self, Stepper), OpenError> {
        let clock = Clock::of_machine(hands);
        let gate = Self::open_driven(config, clock, disk, instruments, Drive::Stepped).await?;
        let inner = Arc::clone(&gate.0);
        let beat = Beat::from(gate.now());
        let stepper = Stepper {
            inner,
            beat,
            pruned: Mutex::new(Time(0)),
            noted: (0, 0),
            held: held::Memory::default(),
        };
        Ok((gate, stepper))
    }
}

impl Stepper {
    fn gate(&self) -> Gate {
        Gate(Arc::clone(&self.inner))
    }

    /// The thread `beat`: markets, repeats of refusals, and a snapshot when one is due.
    pub fn beat(&mut self) {
        self.beat.strike(&self.inner);
    }

    /// The thread `room`: the journal's next segment. False when it cannot be made.
    pub fn make_room(&self) -> bool {
        self.inner.make_room()
    }

    /// The thread `watch`: the files.
    pub fn look(&self) {
        self.inner.look();
    }

    /// The task `hold`: whose the database is.
    pub async fn look_at_hold(&self) -> bool {
        look_at_hold(&Arc::downgrade(&self.inner)).await
    }

    /// The task `tick`: what memory holds is written back, limits that passed are applied.
    pub async fn tick(&self) {
        self.gate().tick_people(&self.pruned).await;
    }

    /// The task `settle`: what is owed to the tables. False when some of it is still owed.
    pub async fn settle(&self) -> bool {
        self.gate().settle_owed().await.is_ok()
    }

    /// The task `held`: what waits for a person's yes is asked for, let through or ended.
    pub async fn settle_held(&mut self) {
        Box::pin(self.gate().settle_held(&mut self.held)).await;
    }

    /// The task `margin`: the next step about accounts that are worth less than they should be.
    pub async fn look_at_margin(&self) {
        Box::pin(self.gate().look_at_margin()).await;
    }

    /// The task `checkpoint`: a checkpoint when there is anything new, and the index of orders.
    pub async fn checkpoint(&mut self) {
        self.gate().checkpoint_news(&mut self.noted).await;
    }

    /// A snapshot, due or not.
    pub fn snapshot(&self) {
        self.inner.take_snapshot();
    }

    /// Looks at the exchange as it stands, acknowledged or not, and says which record it stands at.
    pub fn exchange<T>(&self, look: impl FnOnce(&Exchange) -> T) -> (u64, T) {
        self.inner.sequencer.peek(look)
    }
}
