//! Which prices an instrument has: a step, which may be wider where the price is higher, and two ends.

use std::fmt;

use rust_decimal::Decimal;

use super::unit::{CountError, Unit};
use crate::price::Ticks;

/// From here on up, and below zero from there on down, prices are multiples of a number of ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Band {
    /// In ticks, not below zero.
    from: i64,
    /// In ticks, at least 1.
    every: i64,
}

/// The prices of an instrument. A tick is the narrowest step that it has at any price, so that every price is a
/// whole number of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TickRule {
    tick: Unit,
    /// From zero up. The first begins at zero.
    bands: Vec<Band>,
    lowest: Ticks,
    highest: Ticks,
}

/// Why a price is none of an instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriceError {
    /// It is below the lowest or above the highest.
    Range {
        /// The lowest.
        lowest: Decimal,
        /// The highest.
        highest: Decimal,
    },
    /// It lies between two prices.
    Step {
        /// How far they are apart.
        step: Decimal,
        /// Those that an order may have.
        nearest: Nearest,
    },
}

/// The prices next to one that is none, below and above: one of them at least, for the other may be beyond the
/// lowest or the highest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nearest {
    below: Option<Decimal>,
    above: Option<Decimal>,
}

impl fmt::Display for Nearest {
    /// `1.23 or 1.24`, or the only one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, price) in self.below.iter().chain(&self.above).enumerate() {
            write!(f, "{}{price}", if at == 0 { "" } else { " or " })?;
        }
        Ok(())
    }
}

impl fmt::Display for PriceError {
    /// What is allowed: `prices have steps of 0.01; use 1.23 or 1.24`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Range { lowest, highest } => {
                write!(f, "prices are between {lowest} and {highest}")
            }
            Self::Step { step, nearest } => {
                write!(f, "prices have steps of {step}; use {nearest}")
            }
        }
    }
}

impl TickRule {
    /// Steps, each with the price that it begins at, from zero up, and the two ends. None where the steps do not begin
    /// at zero and ascend, where one is no multiple of the narrowest, or where an edge or an end is no price.
    pub fn new(steps: &[(Decimal, Decimal)], lowest: Decimal, highest: Decimal) -> Option<Self> {
        let tick = Unit::new(steps.iter().map(|(_, step)| *step).min()?)?;
        let band = |(from, step): &(Decimal, Decimal)| {
            let (from, every) = (tick.count(*from).ok()?, tick.count(*step).ok()?);
            // An edge is a price on both of its sides.
            (from % every == 0).then_some(Band { from, every })
        };
        let bands = steps.iter().map(band).collect::<Option<Vec<_>>>()?;
        let ascend = bands.windows(2).all(|pair| matches!(pair, [a, b] if a.from < b.from));
        let (lowest, highest) = (tick.count(lowest).ok()?, tick.count(highest).ok()?);
        let rule = Self { tick, bands, lowest: Ticks(lowest), highest: Ticks(highest) };
        let begins = rule.bands.first().is_some_and(|band| band.from == 0);
        let sound = begins && ascend && lowest < highest && highest > 0;
        (sound && rule.is_step(rule.lowest) && rule.is_step(rule.highest)).then_some(rule)
    }

    /// One tick.
    pub const fn tick(&self) -> Unit {
        self.tick
    }

    /// The lowest price of an order.
    pub const fn lowest(&self) -> Ticks {
        self.lowest
    }

    /// The highest price of an order.
    pub const fn highest(&self) -> Ticks {
        self.highest
    }

    /// Steps, each with the price that it begins at, from zero up.
    pub fn steps(&self) -> impl ExactSizeIterator<Item = (Decimal, Decimal)> + '_ {
        let size = |ticks: i64| self.tick.of(ticks.into());
        self.bands.iter().map(move |band| (size(band.from), size(band.every)))
    }

    /// So many ticks as a price.
    pub fn price(&self, ticks: Ticks) -> Decimal {
        self.tick.of(ticks.0.into())
    }

    /// The ticks of an order's price, or which prices there are instead.
    pub fn ticks(&self, price: Decimal) -> Result<Ticks, PriceError> {
        let ticks = match self.tick.count(price) {
            Ok(count) => Ticks(count),
            Err(CountError::Between(below)) => return Err(self.between(Ticks(below))),
            Err(CountError::TooLarge) => return Err(self.range()),
        };
        self.check(ticks).map(|()| ticks)
    }

    /// Whether an order may have this price.
    pub fn check(&self, ticks: Ticks) -> Result<(), PriceError> {
        if !self.has(ticks) {
            return Err(self.range());
        }
        if self.is_step(ticks) { Ok(()) } else { Err(self.between(ticks)) }
    }

    /// The highest price that is not above this.
    pub fn floor(&self, ticks: Ticks) -> Ticks {
        let every = self.every(ticks);
        let down = ticks.0.div_euclid(every).saturating_mul(every);
        Ticks(down)
    }

    /// The lowest price that is not below this.
    pub fn ceil(&self, ticks: Ticks) -> Ticks {
        let floor = self.floor(ticks);
        if floor == ticks { ticks } else { Ticks(floor.0.saturating_add(self.every(ticks))) }
    }

    /// Whether it is between the two ends.
    fn has(&self, ticks: Ticks) -> bool {
        (self.lowest..=self.highest).contains(&ticks)
    }

    fn range(&self) -> PriceError {
        PriceError::Range { lowest: self.price(self.lowest), highest: self.price(self.highest) }
    }

    fn between(&self, ticks: Ticks) -> PriceError {
        let (below, every) = (self.floor(ticks), self.every(ticks));
        let price = |ticks: Ticks| self.has(ticks).then(|| self.price(ticks));
        let above = Ticks(below.0.saturating_add(every));
        match (price(below), price(above)) {
            (None, None) => self.range(),
            (below, above) => PriceError::Step {
                step: self.tick.of(every.into()),
                nearest: Nearest { below, above },
            },
        }
    }

    fn is_step(&self, ticks: Ticks) -> bool {
        ticks.0 % self.every(ticks) == 0
    }

    /// The step at a price, in ticks.
    fn every(&self, ticks: Ticks) -> i64 {
        match self.bands.as_slice() {
            [band] => band.every,
            bands => {
                let reached = |band: &&Band| band.from.unsigned_abs() <= ticks.0.unsigned_abs();
                bands.iter().rev().find(reached).map_or(1, |band| band.every)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn rule(steps: &[(&str, &str)], lowest: &str, highest: &str) -> Option<TickRule> {
        let steps: Vec<_> = steps.iter().map(|(at, by)| (decimal(at), decimal(by))).collect();
        TickRule::new(&steps, decimal(lowest), decimal(highest))
    }

    /// Steps as many markets have them: wider where the price is higher.
    fn banded() -> TickRule {
        rule(&[("0", "0.0001"), ("1", "0.005"), ("50", "0.05")], "-100", "100").unwrap()
    }

    #[test]
    fn price_off_the_step_of_its_band_names_its_neighbours() {
        let of = |text| banded().ticks(decimal(text)).map(|ticks| ticks.0);
        assert_eq!(of("0.9999"), Ok(9_999));
        assert_eq!(of("1.005"), Ok(10_050));
        assert_eq!(of("-50.05"), Ok(-500_500));
        let texts = |text| banded().ticks(decimal(text)).unwrap_err().to_string();
        assert_eq!(texts("0.00005"), "prices have steps of 0.0001; use 0.0000 or 0.0001");
        assert_eq!(texts("1.0051"), "prices have steps of 0.0050; use 1.0050 or 1.0100");
        assert_eq!(texts("-50.01"), "prices have steps of 0.0500; use -50.0500 or -50.0000");
        assert_eq!(texts("100.05"), "prices are between -100.0000 and 100.0000");
        assert_eq!(texts("1e20"), "prices are between -100.0000 and 100.0000");
    }

    #[test]
    fn price_off_the_step_beside_an_end_names_only_what_an_order_may_have() {
        let rule = rule(&[("0", "0.01")], "0.01", "100").unwrap();
        let texts = |text| rule.ticks(decimal(text)).unwrap_err().to_string();
        assert_eq!(texts("0.001"), "prices have steps of 0.01; use 0.01");
        assert_eq!(texts("0.011"), "prices have steps of 0.01; use 0.01 or 0.02");
        assert_eq!(texts("100.001"), "prices have steps of 0.01; use 100.00");
        assert_eq!(texts("-0.001"), "prices are between 0.01 and 100.00");
        assert_eq!(texts("100.011"), "prices are between 0.01 and 100.00");
    }

    #[test]
    fn rule_that_has_no_prices_is_none() {
        assert!(rule(&[("0", "1")], "1", "1000").is_some(), "yen");
        for (steps, lowest, highest) in [
            (&[("0", "0")][..], "1", "2"),
            (&[("1", "0.01")], "1", "2"),
            (&[("0", "0.01"), ("0", "0.05")], "1", "2"),
            (&[("0", "0.02"), ("1", "0.03")], "1", "2"),
            (&[("0", "0.01"), ("1.02", "0.05")], "1", "2"),
            (&[("0", "0.01")], "2", "2"),
            (&[("0", "0.01")], "-2", "-1"),
            (&[("0", "0.01")], "0.001", "2"),
            (&[], "1", "2"),
        ] {
            assert_eq!(rule(steps, lowest, highest), None, "{steps:?} {lowest} {highest}");
        }
    }

    proptest! {
        #[test]
        fn price_of_an_order_is_what_it_was_after_its_ticks(ticks in -1_000_000_i64..=1_000_000) {
            let rule = banded();
            let there = rule.ticks(rule.price(Ticks(ticks)));
            let (floor, ceil) = (rule.floor(Ticks(ticks)), rule.ceil(Ticks(ticks)));
            prop_assert!(floor.0 <= ticks && ticks <= ceil.0);
            prop_assert_eq!(rule.check(floor), Ok(()));
            prop_assert_eq!(rule.check(ceil), Ok(()));
            match there {
                Ok(back) => prop_assert_eq!((back, floor, ceil), (Ticks(ticks), Ticks(ticks), Ticks(ticks))),
                Err(PriceError::Step { nearest: Nearest { below, above }, .. }) => {
                    let both = (Some(rule.price(floor)), Some(rule.price(ceil)));
                    prop_assert_eq!(both, (below, above));
                }
                Err(other) => prop_assert!(false, "{other}"),
            }
        }
    }
}
