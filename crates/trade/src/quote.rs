//! Prices of all contracts at one moment.

use std::sync::Arc;

use access::id::SymbolId;
use access::moment::Time;

use rust_decimal::Decimal;

use crate::instrument::Unit;
use crate::order::Shares;
use crate::price::Ticks;

/// A price and the shares there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// The price.
    pub price: Ticks,
    /// Shares.
    pub size: Shares,
}

/// One contract's prices. While the market is closed nothing is bid or asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// Which contract.
    pub symbol: SymbolId,
    /// What its ticks are.
    pub tick: Unit,
    /// What its quantities are counted in.
    pub step: Unit,
    /// The market trades now.
    pub open_now: bool,
    /// What is bid, best first; at most ten levels.
    pub bids: Vec<Level>,
    /// What is asked, best first; at most ten levels.
    pub asks: Vec<Level>,
    /// The last trade's price.
    pub last: Ticks,
    /// The last trade's shares; 0 before the first.
    pub last_size: Shares,
    /// When it was; the start of the trading day before the first.
    pub last_time: Time,
    /// First price of the trading day.
    pub open: Ticks,
    /// Highest price of the trading day.
    pub high: Ticks,
    /// Lowest price of the trading day.
    pub low: Ticks,
    /// Last price of the trading day before.
    pub close: Ticks,
    /// Shares traded on the trading day.
    pub volume: u64,
}

impl Quote {
    /// So many ticks as a price.
    pub fn price(&self, ticks: Ticks) -> Decimal {
        self.tick.of(ticks.0.into())
    }

    /// So many steps as a quantity.
    pub fn quantity(&self, steps: Shares) -> Decimal {
        self.step.of(steps.into())
    }

    /// The best bid.
    pub fn bid(&self) -> Option<Level> {
        self.bids.first().copied()
    }

    /// The best ask.
    pub fn ask(&self) -> Option<Level> {
        self.asks.first().copied()
    }
}

/// Contracts at one moment, by contract id ascending: every instrument that has a row, and of the contracts of classes those
/// that somebody asked for in the last minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quotes {
    /// The exchange's time.
    pub time: Time,
    /// By contract id ascending.
    pub all: Vec<Quote>,
    /// The contracts of classes that are listed, by id ascending.
    pub listed: Arc<[SymbolId]>,
}

impl Quotes {
    /// The quote of one contract.
    pub fn get(&self, symbol: SymbolId) -> Option<&Quote> {
        let at = self.all.binary_search_by_key(&symbol, |quote| quote.symbol).ok()?;
        self.all.get(at)
    }
}
