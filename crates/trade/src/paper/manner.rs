//! How each kind of contract trades here.

use std::sync::Arc;

use access::currency::Currency;

use crate::instrument::{Instrument, InstrumentKind, Manner, TickRule};

/// The narrowest touch, in ticks.
const NARROW: i64 = 2;

impl Instrument {
    /// Its price follows others; it does not wander by itself.
    pub(crate) fn follows(&self) -> bool {
        match &self.kind {
            InstrumentKind::Option(_)
            | InstrumentKind::Future(_)
            | InstrumentKind::Forecast(_)
            | InstrumentKind::Bond(_)
            | InstrumentKind::Fund(_) => true,
            InstrumentKind::Forex { base } => {
                *base != Currency::USD && self.currency != Currency::USD
            }
            InstrumentKind::Stock | InstrumentKind::Etf | InstrumentKind::Index => false,
        }
    }

    /// How it is quoted under a rule of the markets.
    pub(crate) const fn manner(&self, rule: u16) -> &Manner {
        const PLAIN: &Manner = &Manner::PLAIN;
        match rule {
            0..=2 => PLAIN,
            3 => &self.manner,
            _ => &self.around,
        }
    }

    /// The same from rule 3 on.
    pub(crate) fn own_manner(
        kind: &InstrumentKind,
        prices: &TickRule,
        currency: Currency,
    ) -> Manner {
        let has_end = matches!(kind, InstrumentKind::Forecast(_));
        if prices.steps().len() == 1 && prices.lowest().0 == 1 && !has_end {
            return Manner::PLAIN;
        }
        let is_figure = *kind == InstrumentKind::Index;
        // A price that may fall below zero is kept at a hundred above what it stands for.
        let below = is_figure && prices.lowest().0 < 0 && currency.digits() == 2;
        Manner::new(if below { 10_000 } else { 0 }, NARROW, Some(Arc::new(prices.clone())))
    }

    /// It trades nearly all day also where markets keep their hours.
    pub(crate) const fn is_traded_at_night(&self) -> bool {
        match self.kind {
            InstrumentKind::Index | InstrumentKind::Forex { .. } | InstrumentKind::Future(_) => {
                true
            }
            InstrumentKind::Stock
            | InstrumentKind::Etf
            | InstrumentKind::Option(_)
            | InstrumentKind::Forecast(_)
            | InstrumentKind::Bond(_)
            | InstrumentKind::Fund(_) => false,
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
            InstrumentKind::Forecast(_) => 200,
            InstrumentKind::Bond(_) => 100,
            InstrumentKind::Fund(_) => 1,
        }
    }
}
