//! How each kind of contract trades here.

use std::sync::Arc;

use crate::instrument::{Instrument, InstrumentKind};
use crate::market::Manner;

/// The narrowest touch, in ticks.
const NARROW: i64 = 2;

impl Instrument {
    /// Its price follows others; it does not wander by itself.
    pub(crate) fn follows(&self) -> bool {
        match &self.kind {
            InstrumentKind::Option(_) | InstrumentKind::Future(_) => true,
            InstrumentKind::Forex { base } => {
                let dollar = access::currency::Currency::USD;
                *base != dollar && self.currency != dollar
            }
            InstrumentKind::Stock | InstrumentKind::Etf | InstrumentKind::Index => false,
        }
    }

    /// How it is quoted under a rule of the markets.
    pub(crate) fn manner(&self, rule: u16) -> Manner {
        let steps = self.prices.steps();
        if rule < 3 || (steps.len() == 1 && self.prices.lowest().0 == 1) {
            return Manner::PLAIN;
        }
        let steps = Some(Arc::new(self.prices.clone()));
        let is_figure = self.kind == InstrumentKind::Index;
        // A price that may fall below zero is kept at a hundred above what it stands for.
        let below = is_figure && self.prices.lowest().0 < 0 && self.currency.digits() == 2;
        Manner::new(if below { 10_000 } else { 0 }, NARROW, steps)
    }

    /// It trades nearly all day also where markets keep their hours.
    pub(crate) const fn is_traded_at_night(&self) -> bool {
        match self.kind {
            InstrumentKind::Index | InstrumentKind::Forex { .. } | InstrumentKind::Future(_) => {
                true
            }
            InstrumentKind::Stock | InstrumentKind::Etf | InstrumentKind::Option(_) => false,
        }
    }

    /// The quantity of a small quote, in steps.
    pub(crate) fn usual_lot(&self) -> u64 {
        match self.kind {
            InstrumentKind::Stock | InstrumentKind::Etf | InstrumentKind::Index => {
                (self.daily_volume / 10_000).clamp(1, 4) * 100
            }
            InstrumentKind::Forex { .. } => 500_000,
            InstrumentKind::Future(_) => 5,
            InstrumentKind::Option(_) => 10,
        }
    }
}
