//! How a contract is quoted around its fair price.

use std::sync::Arc;

use access::entitlements::Side;

use super::tick::TickRule;
use crate::price::{FINE, Ticks};

/// How a contract is quoted around its fair price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manner {
    /// Ticks that the fair price is kept above what it stands for, so that it never comes to zero where the contract's own
    /// price may.
    pub(crate) shift: i64,
    /// The narrowest touch, in ticks.
    narrow: i64,
    /// Which prices there are, where they are not all ticks from 1 up.
    steps: Option<Arc<TickRule>>,
    /// The fair price is never above the ask: from the fourth rule of the markets on.
    around: bool,
}

impl Manner {
    /// As all contracts are under the first two rules.
    pub(crate) const PLAIN: Self = Self { shift: 0, narrow: 2, steps: None, around: false };

    pub(crate) const fn new(shift: i64, narrow: i64, steps: Option<Arc<TickRule>>) -> Self {
        Self { shift, narrow, steps, around: false }
    }

    /// The same from the fourth rule of the markets on.
    pub(crate) fn around(&self) -> Self {
        Self { around: true, ..self.clone() }
    }

    /// The touch around a fair price, in 65,536ths of a tick.
    #[inline]
    pub(crate) fn touch(&self, fair: i64, wider: bool) -> (i64, i64) {
        let middle = fair / FINE - self.shift;
        let wide = self.width(middle) - i64::from(!wider);
        let bid = middle - wide / 2;
        let Some(steps) = &self.steps else { return (bid, bid + wide) };
        let lowest = steps.lowest();
        let below = steps.floor(Ticks(bid)).max(lowest);
        // Before the fourth rule the ask was counted from the bid that there is, which is below the middle by up to a step.
        let from = if self.around { bid.max(below.0) } else { below.0 };
        let ask = steps.ceil(Ticks(from + wide.max(1)));
        (below.0, ask.0)
    }

    /// The widest touch at a middle of so many ticks.
    pub(crate) const fn width(&self, middle: i64) -> i64 {
        self.narrow + middle.abs() / 20_000
    }

    /// How far the touch is from the middle at most.
    pub(crate) fn reach(&self, middle: i64) -> i64 {
        let step = self.steps.as_ref().map_or(0, |steps| {
            steps.ceil(Ticks(middle.abs() + 1)).0 - steps.floor(Ticks(middle.abs())).0
        });
        self.width(middle) + 2 * step
    }

    /// A quoted price that the contract has: the next one away from the middle.
    #[inline]
    pub(crate) fn step(&self, price: i64, side: Side) -> i64 {
        match &self.steps {
            None => price.max(1),
            Some(steps) if side == Side::Buy => steps.floor(Ticks(price)).0,
            Some(steps) => steps.ceil(Ticks(price)).0,
        }
    }

    /// The next step away from the middle.
    pub(crate) fn next(&self, price: i64, side: Side) -> i64 {
        self.step(if side == Side::Buy { price - 1 } else { price + 1 }, side)
    }

    /// The lowest price that is quoted.
    pub(crate) fn lowest(&self) -> i64 {
        self.steps.as_ref().map_or(1, |steps| steps.lowest().0)
    }

    /// The highest price that is quoted.
    pub(crate) fn highest(&self) -> i64 {
        self.steps.as_ref().map_or(i64::MAX, |steps| steps.highest().0)
    }

    /// Not all ticks from 1 up are prices.
    pub(crate) const fn has_steps(&self) -> bool {
        self.steps.is_some()
    }
}
