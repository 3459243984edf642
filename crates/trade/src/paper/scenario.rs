//! What contracts would cost if the things that they stand on moved, or days went by.

use access::id::SymbolId;

use super::Paper;
use super::follow::unit;
use crate::instrument::{Instrument, InstrumentKind};
use crate::pricing::fair;
use crate::scenario::Scenario;

impl Paper {
    /// The fair price of a contract in a scenario, in 65,536ths of a tick.
    pub(crate) fn supposed(&self, one: &Instrument, scenario: &Scenario) -> i64 {
        let moved = |id: SymbolId| {
            let spot = self.spot(id, self.step)?;
            Some(fair::moved(spot, self.move_of(id, scenario)))
        };
        if one.follows() {
            return self.fair_of(one, self.step.saturating_add(scenario.days * 86_400), &moved);
        }
        moved(one.id).map_or(0, |price| fair::fine(price, unit(one)))
    }

    /// How far a thing moves.
    fn move_of(&self, id: SymbolId, scenario: &Scenario) -> i64 {
        let at = self.instruments.index(id);
        if at.is_some() && at == self.instruments.volatility_index() {
            return scenario.volatility;
        }
        let is_price = self.instruments.get(id).is_some_and(|one| match one.kind {
            InstrumentKind::Stock | InstrumentKind::Etf => true,
            InstrumentKind::Index => {
                !one.is_only_forecast() && at != self.instruments.yield_level()
            }
            _ => false,
        });
        let is_meant = scenario.only.is_none_or(|only| only == id);
        if is_price && is_meant { scenario.prices } else { 0 }
    }
}
