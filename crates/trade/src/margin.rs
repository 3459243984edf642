//! What positions and orders bind.
//!
//! A paper margin account after Regulation T, simplified: the initial requirement is 50 % of the
//! value of what is held, long or short, and of what working orders could add to it at worst; the
//! maintenance requirement is 25 % of what is held. Options that were sold require less with what covers them
//! (`margin/strategy.rs`). Buying power is twice the available funds.
//! When the maintenance requirement is not met, orders that enlarge are denied, the account is called for margin, and what it
//! holds is closed once the call is over (`pretrade/liquidation.rs`). Values of one instrument count ticks times steps; requirements count the smallest coins of the account's
//! currency.

mod binding;
pub(crate) mod strategy;

use serde::{Deserialize, Serialize};

pub(crate) use binding::{For, Marked};
pub use strategy::Strategy;

use crate::order::{Shares, Side};

/// Orders in one instrument that could trade: steps, and their value at their own prices, in ticks times steps. A price
/// below zero binds as much as one above.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exposure {
    /// Shares to buy.
    pub buy_shares: Shares,
    /// Their value.
    pub buy_value: i128,
    /// Shares to sell.
    pub sell_shares: Shares,
    /// Their value.
    pub sell_value: i128,
}

impl Exposure {
    /// Counts so many shares at so many ticks in.
    pub(crate) fn add(&mut self, side: Side, shares: Shares, price: i64) {
        let value = i128::from(price.unsigned_abs()).saturating_mul(shares.into());
        let (all, total) = self.of(side);
        *all = all.saturating_add(shares);
        *total = total.saturating_add(value);
    }

    /// Counts them out again.
    pub(crate) fn remove(&mut self, side: Side, shares: Shares, price: i64) {
        let value = i128::from(price.unsigned_abs()).saturating_mul(shares.into());
        let (all, total) = self.of(side);
        *all = all.saturating_sub(shares);
        *total = total.saturating_sub(value);
    }

    /// Whether no order could trade.
    pub(crate) const fn is_empty(&self) -> bool {
        self.buy_shares == 0 && self.sell_shares == 0
    }

    fn of(&mut self, side: Side) -> (&mut Shares, &mut i128) {
        match side {
            Side::Buy => (&mut self.buy_shares, &mut self.buy_value),
            Side::Sell => (&mut self.sell_shares, &mut self.sell_value),
        }
    }

    /// The largest value, in ticks times steps, that a position could come to if the orders of either side all
    /// traded: what closes it binds nothing, what goes beyond it does.
    pub fn worst(&self, shares: i64, mark: i64) -> i128 {
        let held = i128::from(shares.unsigned_abs()).saturating_mul(mark.unsigned_abs().into());
        let (with, with_value, against, against_value) = if shares >= 0 {
            (self.buy_shares, self.buy_value, self.sell_shares, self.sell_value)
        } else {
            (self.sell_shares, self.sell_value, self.buy_shares, self.buy_value)
        };
        let larger = if with > 0 { held.saturating_add(with_value) } else { held };
        let beyond = against.saturating_sub(shares.unsigned_abs());
        let turned = if against > 0 {
            against_value.saturating_mul(beyond.into()) / i128::from(against)
        } else {
            0
        };
        larger.max(turned)
    }
}

/// What orders in many instruments could trade, by the instrument's place, ascending. Few ledgers order more than some dozens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Exposures(Vec<(usize, Exposure)>);

impl Exposures {
    /// That of the instrument at a place.
    pub(crate) fn of(&self, at: usize) -> Exposure {
        let found = self.0.binary_search_by_key(&at, |(place, _)| *place).ok();
        found.and_then(|found| self.0.get(found)).map(|(_, one)| *one).unwrap_or_default()
    }

    /// Whether there is or was one of the instrument at a place.
    pub(crate) fn has(&self, at: usize) -> bool {
        self.0.binary_search_by_key(&at, |(place, _)| *place).is_ok()
    }

    /// The same, to be changed. It is kept from now on, empty or not.
    pub(crate) fn of_mut(&mut self, at: usize) -> Option<&mut Exposure> {
        let place = match self.0.binary_search_by_key(&at, |(place, _)| *place) {
            Ok(place) => place,
            Err(place) => {
                self.0.insert(place, (at, Exposure::default()));
                place
            }
        };
        self.0.get_mut(place).map(|(_, one)| one)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &(usize, Exposure)> {
        self.0.iter()
    }

    /// Those of the first `count` instruments, as snapshots have them.
    pub(crate) fn dense(&self, count: usize) -> Vec<Exposure> {
        (0..count).map(|at| self.of(at)).collect()
    }
}

/// The initial requirement of a value, rounded up.
pub const fn initial(value: i128) -> i128 {
    (value + 1) / 2
}

/// The maintenance requirement of a value, rounded up.
pub const fn maintenance(value: i128) -> i128 {
    (value + 3) / 4
}

/// Buying power of available funds.
pub const fn buying_power(available: i128) -> i128 {
    if available < 0 { 0 } else { available * 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_that_closes_binds_nothing_and_one_beyond_does() {
        let mut orders = Exposure::default();
        assert_eq!(orders.worst(100, 1_000), 100_000);
        orders.add(Side::Sell, 100, 1_100);
        assert_eq!(orders.worst(100, 1_000), 100_000, "a full close");
        orders.add(Side::Sell, 200, 1_100);
        assert_eq!(orders.worst(100, 1_000), 220_000, "200 beyond it, short, at 11.00");
        orders.add(Side::Buy, 300, 900);
        assert_eq!(orders.worst(100, 1_000), 370_000, "100 held and 300 more");
        assert_eq!(orders.worst(-100, 1_000), 430_000, "short 100 and 300 more");
        orders.remove(Side::Sell, 300, 1_100);
        orders.remove(Side::Buy, 300, 900);
        assert_eq!(orders, Exposure::default());
    }
}
