//! Market data: quotes each second, bars, contracts.

use std::sync::Arc;

use access::id::SymbolId;
use access::moment::Time;
use tokio::sync::watch;
use trade::bar::{Bar, BarSize};
use trade::instrument::Instruments;
use trade::quote::Quotes;

use crate::Gate;
use crate::catch_up::Progress;

impl Gate {
    /// The quotes of the last second that changed them.
    pub fn quotes(&self) -> Arc<Quotes> {
        self.0.quotes.load_full()
    }

    /// Changes when [`Gate::quotes`] does.
    pub fn quotes_changed(&self) -> watch::Receiver<u64> {
        self.0.quotes_changed.subscribe()
    }

    /// Bars that begin in `from..to`, oldest first; see [`trade::exchange::Exchange::bars`].
    pub fn bars(&self, symbol: SymbolId, size: BarSize, from: Time, to: Time) -> Vec<Bar> {
        self.0.sequencer.peek(|exchange| exchange.bars(symbol, size, from, to)).1
    }

    /// The first instant that there are prices of; none for an unknown contract.
    pub fn head_timestamp(&self, symbol: SymbolId) -> Option<Time> {
        self.0.sequencer.peek(|exchange| exchange.head(symbol)).1
    }

    /// When the markets trade.
    pub fn hours(&self) -> crate::Hours {
        self.0.sequencer.peek(|exchange| exchange.genesis().hours).1
    }

    /// What is traded: the exchange's own instruments.
    pub fn instruments(&self) -> &Arc<Instruments> {
        &self.0.instruments
    }
}

impl Gate {
    /// How far the markets are in catching up on time that was missed; none when they are where they
    /// belong.
    pub fn progress(&self) -> Option<Progress> {
        let (sequencer, to) = (&self.0.sequencer, self.now());
        // What is not begun yet counts too.
        sequencer.progress().or_else(|| sequencer.behind(to))
    }
}
