//! What orders of the third rule may come to: as many shares as they ask for, as their parent leaves
//! and as their one-cancels-all group leaves, whichever is least. Every cause is kept apart, so that none
//! is counted twice and what one gives back the others still hold.
//!
//! In a group of types 2 and 3 a fill takes from all others the part of its order that it filled: of
//! 20 of 50 shares, two fifths. The part is kept in units so small that sums of it are exact for any
//! sizes that an order can have; shares are rounded down, so the members together never trade more than one whole.

use serde::{Deserialize, Serialize};

use crate::order::{Order, Shares};

/// A whole group in units. Times the largest order it is below the 128th power of two.
pub(crate) const WHOLE: u128 = 1 << 100;

/// What is left of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Left {
    /// Of [`WHOLE`].
    pub(crate) units: u128,
    /// Shares that its members traded by an older rule, which counted nothing else.
    pub(crate) before: Shares,
}

impl Left {
    /// What is left where an older rule counted the shares that were traded.
    pub(crate) const fn after(before: Shares) -> Self {
        Self { units: WHOLE, before }
    }

    pub(crate) const fn spend(&mut self, units: u128) {
        self.units = self.units.saturating_sub(units);
    }
}

impl Default for Left {
    fn default() -> Self {
        Self::after(0)
    }
}

/// How large an order wants to be, whatever its parent and its group leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wanted {
    /// As it was sent or last changed, less what siblings have traded since.
    pub(crate) shares: Shares,
    /// Its place in a group of type 2 or 3.
    pub(crate) part: Option<Part>,
}

/// A member's claim: while the group had `of` units left, `shares` of this order were left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    shares: Shares,
    of: u128,
    /// Units that its own fills took.
    pub(crate) spent: u128,
}

impl Part {
    /// The claim of all of a group for so many shares.
    pub(crate) const fn whole(shares: Shares) -> Self {
        Self { shares, of: WHOLE, spent: 0 }
    }

    /// What these units are in shares.
    pub(crate) fn shares(&self, units: u128) -> Shares {
        let shares = u128::from(self.shares).saturating_mul(units).checked_div(self.of);
        Shares::try_from(shares.unwrap_or(0)).unwrap_or(Shares::MAX)
    }

    /// What these shares are in units.
    pub(crate) fn units(&self, shares: Shares) -> u128 {
        let units = u128::from(shares).saturating_mul(self.of);
        units.checked_div(u128::from(self.shares)).unwrap_or(self.of)
    }
}

/// A member's quantity and claim after a change to another quantity.
pub(crate) fn grown(part: Part, left: Left, order: &Order, asked: Shares) -> (Shares, Part) {
    let (now, filled) = (order.quantity, order.filled);
    let others = WHOLE.saturating_sub(left.units).saturating_sub(part.spent);
    let rebased = |quantity: Shares| {
        let shares = quantity.saturating_sub(filled);
        (quantity, Part { shares, of: left.units, spent: part.spent })
    };
    if asked < now || (others == 0 && left.before == 0) {
        return rebased(asked);
    }
    if left.before > 0 {
        return (now, part);
    }
    let fresh = Part::whole(asked);
    let quantity = fresh.shares(WHOLE.saturating_sub(others));
    match quantity {
        quantity if quantity <= now => (now, part),
        // Nothing of it is rounded away.
        quantity if filled == 0 => (quantity, fresh),
        quantity => rebased(quantity),
    }
}
