//! Large orders: what an order is worth, what it would cost, and whether that is within what was
//! approved. Who chose which threshold, and who approved what, is `access`'s.

use rust_decimal::{Decimal, RoundingStrategy};

use super::{Denial, Facts, Terms, reduces};
use crate::commission::commission;
use crate::order::{Change, NewOrder, Order, OrderType, Parent, Side};
use crate::price::Ticks;

/// How far a price that the order does not fix may move until it is placed, in percent.
pub const ROOM: u32 = 1;

/// An order that somebody may have to approve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// What it is worth, in US dollars.
    pub value: Decimal,
    /// What it would cost; none of a group that is not an order with its exits, for nobody can approve
    /// such a group as a whole.
    pub cost: Option<Cost>,
}

/// What an order costs or brings if all of it trades at its own price, or at the prices that are
/// quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Which way it goes.
    pub side: Side,
    /// Price times shares, in US dollars.
    pub value: Decimal,
    /// Its commission.
    pub commission: Decimal,
    /// Whether it has a limit price, so that the market does not move it.
    pub fixed: bool,
}

impl Cost {
    /// What a purchase costs with its commission; what a sale brings without.
    pub fn total(&self) -> Decimal {
        match self.side {
            Side::Buy => self.value.saturating_add(self.commission),
            Side::Sell => self.value.saturating_sub(self.commission),
        }
    }

    /// The most that a purchase may cost, the least that a sale may bring, when it is placed: the
    /// same as now where it has a limit price, else with some room. In whole cents.
    pub fn bound(&self) -> Decimal {
        let total = self.total();
        let room = if self.fixed { 0 } else { ROOM };
        let room = self.value.saturating_mul(Decimal::new(i64::from(room), 2));
        match self.side {
            Side::Buy => up(total.saturating_add(room)),
            Side::Sell => -up(room.saturating_sub(total)),
        }
    }

    /// Whether it is within such a bound.
    pub fn check(&self, bound: Decimal) -> Result<(), Denial> {
        let total = self.total();
        let within = match self.side {
            Side::Buy => total <= bound,
            Side::Sell => total >= bound,
        };
        if within { Ok(()) } else { Err(Denial::CostMoved { side: self.side, total, bound }) }
    }
}

fn up(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(2, RoundingStrategy::ToPositiveInfinity)
}

impl Size {
    /// Whether it may be placed where more than `above` takes a yes; `bound` is the one that was
    /// given to it.
    pub fn check(&self, above: Decimal, bound: Option<Decimal>) -> Result<(), Denial> {
        if self.value <= above {
            return Ok(());
        }
        match self.cost.zip(bound) {
            Some((cost, bound)) => cost.check(bound),
            None => Err(Denial::Large { value: self.value, above }),
        }
    }
}

/// The size of new orders; none where they only make positions smaller. Children close what their
/// parents open, so each counts alone.
pub fn of_new(facts: &Facts<'_>, orders: &[NewOrder]) -> Option<Size> {
    if reduces(facts, orders) {
        return None;
    }
    let worth = |order: &NewOrder| Terms::of(order).worth(facts);
    let parents = orders.iter().filter(|order| order.parent.is_none());
    let together = parents.map(worth).fold(Decimal::ZERO, Decimal::saturating_add);
    let children = orders.iter().filter(|order| order.parent.is_some()).map(worth).max();
    let cost = match orders {
        [first, exits @ ..] if exits.iter().all(|exit| is_exit(first, exit)) => {
            Some(Terms::of(first).cost(facts))
        }
        _ => None,
    };
    Some(Size { value: together.max(children.unwrap_or_default()), cost })
}

/// Whether an order of a group does no more than close what the first of the group opens.
pub fn is_exit(first: &NewOrder, order: &NewOrder) -> bool {
    order.parent == Some(Parent::Member(0))
        && (order.account, order.symbol) == (first.account, first.symbol)
        && order.side != first.side
        && order.quantity <= first.quantity
}

/// The size of an open order with new terms; none where they are tamer than those before, or where
/// it only makes a position smaller all the same.
pub fn of_change(facts: &Facts<'_>, change: &Change) -> Option<Size> {
    let order = facts.ledger.open_order(change.order)?;
    if is_tamer(order, change) || still_reduces(facts, order, change) {
        return None;
    }
    let terms = Terms::changed(order, change);
    Some(Size { value: terms.worth(facts), cost: Some(terms.cost(facts)) })
}

/// Whether new terms ask for no more shares at no worse price: what was approved for the old ones
/// holds for them too. Another kind of order, or another trigger, is another order.
fn is_tamer(order: &Order, change: &Change) -> bool {
    let (old, new) = (order.order_type, change.order_type);
    let same_kind = std::mem::discriminant(&old) == std::mem::discriminant(&new);
    let no_worse = match order.side {
        Side::Buy => new.limit() <= old.limit(),
        Side::Sell => new.limit() >= old.limit(),
    };
    change.quantity <= order.quantity && same_kind && old.trigger() == new.trigger() && no_worse
}

/// Whether an order with new terms, and all that is open on its side, does not go beyond the
/// position that it goes against.
fn still_reduces(facts: &Facts<'_>, order: &Order, change: &Change) -> bool {
    let shares = facts.shares(order.symbol);
    let against = if order.side == Side::Sell { shares > 0 } else { shares < 0 };
    let others = facts.ledger.open_orders().filter(|open| {
        (open.symbol, open.side) == (order.symbol, order.side) && open.id != order.id
    });
    let open = others.fold(0_u64, |sum, open| sum.saturating_add(open.remaining()));
    let left = change.quantity.saturating_sub(order.filled);
    against && open.saturating_add(left) <= shares.unsigned_abs()
}

impl Terms {
    /// What an order is worth: at its own price, a sale at the quote where that is higher, because
    /// it trades there.
    fn worth(&self, facts: &Facts<'_>) -> Decimal {
        let own = self.price(facts);
        let quoted = facts.reference(self.symbol, self.side).filter(|_| self.side == Side::Sell);
        quoted.map_or(own, |quoted| own.max(quoted)).value(self.quantity)
    }

    fn cost(&self, facts: &Facts<'_>) -> Cost {
        let cents = match self.order_type {
            OrderType::Market => self.down_the_book(facts),
            OrderType::Stop { trigger } if self.is_reached(facts, trigger) => {
                self.down_the_book(facts)
            }
            _ => i128::from(self.price(facts).0).saturating_mul(self.quantity.into()),
        };
        Cost {
            side: self.side,
            value: crate::price::cents(cents),
            commission: commission(self.quantity, i64::try_from(cents).unwrap_or(i64::MAX)),
            fixed: self.order_type.limit().is_some(),
        }
    }

    fn quoted(&self, facts: &Facts<'_>) -> Ticks {
        facts.reference(self.symbol, self.side).unwrap_or_default()
    }

    /// Whether the market is where a trigger sets an order off at once.
    fn is_reached(&self, facts: &Facts<'_>, trigger: Ticks) -> bool {
        let quoted = facts.reference(self.symbol, self.side);
        quoted.is_some_and(|quoted| match self.side {
            Side::Buy => quoted >= trigger,
            Side::Sell => quoted <= trigger,
        })
    }

    /// The cents of all its shares at the prices that are quoted, one level after the other; what is
    /// beyond them at the last.
    fn down_the_book(&self, facts: &Facts<'_>) -> i128 {
        let quote = facts.venue.quote(self.symbol);
        let levels = quote.map(|quote| match self.side {
            Side::Buy => quote.asks,
            Side::Sell => quote.bids,
        });
        let (mut left, mut cents, mut last) = (self.quantity, 0_i128, self.quoted(facts));
        for level in levels.unwrap_or_default() {
            let taken = left.min(level.size);
            let value = i128::from(level.price.0).saturating_mul(taken.into());
            (left, cents, last) = (left - taken, cents.saturating_add(value), level.price);
        }
        cents.saturating_add(i128::from(last.0).saturating_mul(left.into()))
    }
}
