//! An exchange that follows a journal.

use std::sync::Arc;

use access::moment::Time;
use trade::exchange::Exchange;
use trade::instrument::Instruments;
use trade::journal::{Command, Stamped};

use crate::journal::{self, Damage, Record};

/// An exchange that follows a journal.
pub(crate) struct Replay {
    pub(crate) exchange: Option<Exchange>,
    instruments: Arc<Instruments>,
    pub(crate) latest: Time,
}

impl Replay {
    /// From the journal's beginning, on an exchange that trades these.
    pub(crate) fn of(instruments: &Arc<Instruments>) -> Self {
        Self { exchange: None, instruments: Arc::clone(instruments), latest: Time::default() }
    }

    /// Goes on from a snapshot.
    pub(crate) fn after(exchange: Exchange) -> Self {
        let instruments = Arc::clone(exchange.instruments());
        Self { latest: exchange.now(), exchange: Some(exchange), instruments }
    }

    /// Reads the next record and applies it.
    pub(crate) fn apply(&mut self, record: &Record<'_>) -> Result<(), Damage> {
        self.follow(&journal::decode(record)?)
    }

    /// Applies the next command.
    pub(crate) fn follow(&mut self, stamped: &Stamped) -> Result<(), Damage> {
        if let Some(rule) = stamped.command.unknown_rule() {
            let problem = format!("its markets use rule {rule}, which only a newer version knows");
            return Err(Damage::Payload { seq: stamped.seq, problem });
        }
        self.latest = self.latest.max(stamped.time);
        let exchange = match (&mut self.exchange, &stamped.command) {
            (Some(exchange), _) => exchange,
            (empty, Command::Genesis(genesis)) => {
                empty.insert(Exchange::new(genesis.clone(), &self.instruments))
            }
            (None, _) => {
                let problem = "it comes before the exchange's beginning".to_owned();
                return Err(Damage::Payload { seq: stamped.seq, problem });
            }
        };
        drop(exchange.apply(stamped));
        Ok(())
    }
}
