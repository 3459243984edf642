//! Market data: quotes each second, bars, contracts; and how far the markets have come.

use std::borrow::Cow;
use std::sync::Arc;

use access::id::SymbolId;
use access::moment::Time;
use rust_decimal::Decimal;
use tokio::sync::watch;
use trade::Exchange;
use trade::bar::{Bar, BarSize};
use trade::instrument::{Instrument, Instruments};
use trade::pricing::computation::OptionMarket;
use trade::quote::{Quote, Quotes};

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

    /// The quote of one contract, in its last second; none where it is unknown. A contract of a class is among
    /// [`MarketGate::quotes`] for a minute after it was asked for.
    pub fn quote(self, symbol: SymbolId) -> Option<Quote> {
        let published = self.quotes();
        let known = published.get(symbol).cloned();
        known.or_else(|| self.gate.0.sequencer.peek(|exchange| exchange.quote(symbol)).1)
    }

    /// The same with what was bid and asked last while the market is closed; see
    /// [`trade::exchange::Exchange::last_quote`].
    pub fn last_quote(self, symbol: SymbolId) -> Option<Quote> {
        self.gate.0.sequencer.peek(|exchange| exchange.last_quote(symbol)).1
    }

    /// The quote from quotes that were published, where they have it.
    pub fn quote_in(self, published: &Quotes, symbol: SymbolId) -> Option<Cow<'_, Quote>> {
        match published.get(symbol) {
            Some(known) => Some(Cow::Borrowed(known)),
            None => self.quote(symbol).map(Cow::Owned),
        }
    }

    /// The quotes of some contracts at one moment, in their order; those that are unknown are left out.
    pub fn quotes_of(self, symbols: &[SymbolId]) -> Vec<Quote> {
        let quotes =
            |exchange: &Exchange| symbols.iter().filter_map(|id| exchange.quote(*id)).collect();
        self.gate.0.sequencer.peek(quotes).1
    }

    /// Whether a contract can be ordered: it has a row, or is of a class and listed.
    pub fn is_listed(self, symbol: SymbolId) -> bool {
        let quotes = self.quotes();
        quotes.listed.binary_search(&symbol).is_ok()
            || quotes.all.binary_search_by_key(&symbol, |quote| quote.symbol).is_ok()
    }

    /// The contracts of classes that stand on an instrument and are listed, by id ascending.
    pub fn series_on(self, under: SymbolId) -> Vec<&'a Instrument> {
        let quotes = self.quotes();
        let listed = quotes.listed.iter().filter_map(|id| self.instruments().get(*id));
        listed.filter(|one| one.kind.underlying() == Some(under)).collect()
    }

    /// Changes when [`MarketGate::quotes`] does.
    pub fn quotes_changed(self) -> watch::Receiver<u64> {
        self.gate.0.quotes_changed.subscribe()
    }

    /// Bars that begin in `from..to`, oldest first; see [`trade::exchange::Exchange::bars`].
    pub fn bars(self, symbol: SymbolId, size: BarSize, from: Time, to: Time) -> Vec<Bar> {
        self.gate.0.sequencer.peek(|exchange| exchange.bars(symbol, size, from, to)).1
    }

    /// An option in the market of the last second; see [`trade::exchange::Exchange::option_market`].
    pub fn option_market(self, symbol: SymbolId) -> Option<OptionMarket> {
        self.gate.0.sequencer.peek(|exchange| exchange.option_market(symbol)).1
    }

    /// The same with its quote of that second.
    pub fn quoted_option(self, symbol: SymbolId) -> Option<(OptionMarket, Quote)> {
        let both = |exchange: &Exchange| exchange.option_market(symbol).zip(exchange.quote(symbol));
        self.gate.0.sequencer.peek(both).1
    }

    /// The volatility that options on something are priced by; see [`trade::exchange::Exchange::implied_volatility`].
    pub fn implied_volatility(self, symbol: SymbolId) -> Option<Decimal> {
        self.gate.0.sequencer.peek(|exchange| exchange.implied_volatility(symbol)).1
    }

    /// The same of the past; see [`trade::exchange::Exchange::implied_bars`].
    pub fn implied_bars(
        self,
        symbol: SymbolId,
        size: BarSize,
        from: Time,
        to: Time,
    ) -> Vec<(Bar, [Decimal; 4])> {
        self.gate.0.sequencer.peek(|exchange| exchange.implied_bars(symbol, size, from, to)).1
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
