//! Large orders: what an order is worth, what it would cost, and whether that is within what was
//! approved. Who chose which threshold, and who approved what, is `access`'s.

use access::currency::Currency;
use rust_decimal::{Decimal, RoundingStrategy};

use super::{Denial, Facts, Terms, reduces};
use crate::money::Money;
use crate::order::{Change, NewOrder, Order, OrderType, Parent, Side};
use crate::price::Ticks;

/// How far a price that the order does not fix may move until it is placed, in percent.
pub const ROOM: u32 = 1;

/// An order that somebody may have to approve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// What it is worth, in the account's base currency.
    pub value: Money,
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
    /// What the amounts are in.
    pub currency: Currency,
    /// Price times quantity times multiplier.
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
    /// same as now where it has a limit price, else with some room. In whole coins.
    pub fn bound(&self) -> Decimal {
        let total = self.total();
        let places = self.currency.digits();
        let room = if self.fixed { 0 } else { ROOM };
        let room = self.value.abs().saturating_mul(Decimal::new(i64::from(room), 2));
        match self.side {
            Side::Buy => up(total.saturating_add(room), places),
            Side::Sell => -up(room.saturating_sub(total), places),
        }
    }

    /// Whether it is within such a bound.
    pub fn check(&self, bound: Decimal) -> Result<(), Denial> {
        let total = self.total();
        let within = match self.side {
            Side::Buy => total <= bound,
            Side::Sell => total >= bound,
        };
        if within {
            return Ok(());
        }
        let money = |amount| Money::new(amount, self.currency);
        Err(Denial::CostMoved { side: self.side, total: money(total), bound: money(bound) })
    }
}

fn up(amount: Decimal, places: u32) -> Decimal {
    amount.round_dp_with_strategy(places, RoundingStrategy::ToPositiveInfinity)
}

impl Size {
    /// Whether it may be placed where more than `above` takes a yes; `bound` is the one that was
    /// given to it.
    pub fn check(&self, above: Decimal, bound: Option<Decimal>) -> Result<(), Denial> {
        if self.value.amount <= above {
            return Ok(());
        }
        if let Some((cost, bound)) = self.cost.zip(bound) {
            return cost.check(bound);
        }
        let above = Money::new(above, self.value.currency);
        Err(Denial::Large { value: self.value, above })
    }
}

/// The size of new orders; none where they only make positions smaller. Children close what their
/// parents open, so each counts alone.
pub fn of_new(facts: &Facts<'_>, orders: &[NewOrder]) -> Option<Size> {
    if reduces(facts, orders) {
        return None;
    }
    let terms = |order: &NewOrder| Some(Terms::of(order, facts.instrument(order.symbol).ok()?));
    let worth = |order: &NewOrder| terms(order).map_or(Decimal::ZERO, |terms| terms.worth(facts));
    let parents = orders.iter().filter(|order| order.parent.is_none());
    let together = parents.map(worth).fold(Decimal::ZERO, Decimal::saturating_add);
    let children = orders.iter().filter(|order| order.parent.is_some()).map(worth).max();
    let cost = match orders {
        [first, exits @ ..] if exits.iter().all(|exit| is_exit(first, exit)) => {
            terms(first).map(|terms| terms.cost(facts))
        }
        _ => None,
    };
    let value = Money::new(together.max(children.unwrap_or_default()), facts.base());
    Some(Size { value, cost })
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
    let terms = Terms::changed(order, change, facts.instrument(order.symbol).ok()?);
    let value = Money::new(terms.worth(facts), facts.base());
    Some(Size { value, cost: Some(terms.cost(facts)) })
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

impl Terms<'_> {
    /// What an order is worth: at its own price, a sale at the quote where that is higher, because
    /// it trades there.
    fn worth(&self, facts: &Facts<'_>) -> Decimal {
        let own = self.price(facts);
        let quoted = facts.reference(self.symbol, self.side).filter(|_| self.side == Side::Sell);
        let most = quoted.map_or(own, |quoted| own.max(quoted)).0.unsigned_abs();
        let value = self.instrument.amount(i128::from(most).saturating_mul(self.quantity.into()));
        facts.in_base(value, self.instrument).amount
    }

    fn cost(&self, facts: &Facts<'_>) -> Cost {
        let value = match self.order_type {
            OrderType::Market => self.down_the_book(facts),
            OrderType::Stop { trigger } if self.is_reached(facts, trigger) => {
                self.down_the_book(facts)
            }
            _ => i128::from(self.price(facts).0).saturating_mul(self.quantity.into()),
        };
        Cost {
            side: self.side,
            currency: self.instrument.currency,
            value: self.instrument.amount(value),
            commission: self.instrument.commission(self.quantity, value),
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

    /// What all its shares come to, in ticks times steps, at the prices that are quoted, one level after the other; what is
    /// beyond them at the last.
    fn down_the_book(&self, facts: &Facts<'_>) -> i128 {
        let quote = facts.venue.quote(self.symbol);
        let levels = quote.map(|quote| match self.side {
            Side::Buy => quote.asks,
            Side::Sell => quote.bids,
        });
        let (mut left, mut sum, mut last) = (self.quantity, 0_i128, self.quoted(facts));
        for level in levels.unwrap_or_default() {
            let taken = left.min(level.size);
            let value = i128::from(level.price.0).saturating_mul(taken.into());
            (left, sum, last) = (left - taken, sum.saturating_add(value), level.price);
        }
        sum.saturating_add(i128::from(last.0).saturating_mul(left.into()))
    }
}
