//! Market data: quotes each second, bars, contracts; and how far the markets have come.

use std::sync::Arc;

use access::id::SymbolId;
use access::moment::Time;
use tokio::sync::watch;
use trade::bar::{Bar, BarSize};
use trade::instrument::Instruments;
use trade::quote::Quotes;

use crate::Gate;
use crate::catch_up::Progress;

/// Markets, through the gate. Cheap to copy.
#[derive(Clone, Copy)]
pub struct MarketGate<'a> {
    gate: &'a Gate,
}

impl Gate {
    /// Markets, through the gate.
    pub const fn markets(&self) -> MarketGate<'_> {
        MarketGate { gate: self }
    }
}

impl<'a> MarketGate<'a> {
    /// The quotes of the last second that changed them.
    pub fn quotes(self) -> Arc<Quotes> {
        self.gate.0.quotes.load_full()
    }

    /// Changes when [`MarketGate::quotes`] does.
    pub fn quotes_changed(self) -> watch::Receiver<u64> {
        self.gate.0.quotes_changed.subscribe()
    }

    /// Bars that begin in `from..to`, oldest first; see [`trade::exchange::Exchange::bars`].
    pub fn bars(self, symbol: SymbolId, size: BarSize, from: Time, to: Time) -> Vec<Bar> {
        self.gate.0.sequencer.peek(|exchange| exchange.bars(symbol, size, from, to)).1
    }

    /// The first instant that there are prices of; none for an unknown contract.
    pub fn head_timestamp(self, symbol: SymbolId) -> Option<Time> {
        self.gate.0.sequencer.peek(|exchange| exchange.head(symbol)).1
    }

    /// When the markets trade.
    pub fn hours(self) -> crate::Hours {
        self.gate.0.sequencer.peek(|exchange| exchange.genesis().hours).1
    }

    /// What is traded: the exchange's own instruments.
    pub fn instruments(self) -> &'a Arc<Instruments> {
        &self.gate.0.instruments
    }

    /// How far the markets are in catching up on time that was missed; none when they are where they
    /// belong.
    pub fn progress(self) -> Option<Progress> {
        let (sequencer, to) = (&self.gate.0.sequencer, self.gate.now());
        // What is not begun yet counts too.
        sequencer.progress().or_else(|| sequencer.behind(to))
    }
}
