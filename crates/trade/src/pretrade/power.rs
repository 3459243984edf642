//! Orders against what the account can bind.
//!
//! An order binds what it could make positions come to at worst, beside what they come to now. Where options were sold, that is
//! looked at together with what covers them: an order that sells the cover binds what is left without it.

use super::facts::Marks;
use super::{Denial, Facts, NewOrder, Order, Terms};
use crate::margin::{Exposure, buying_power};
use crate::money::{Money, of_coins};

/// The whole group, its parents as if all of them worked at once.
pub(super) fn check(facts: &Facts<'_>, orders: &[NewOrder]) -> Result<(), Denial> {
    let parents = orders.iter().filter(|order| order.parent.is_none());
    within(facts, added(facts, &facts.marks(), parents))
}

/// Orders that may only reduce need nothing, but for those that sell what covers an option.
pub(super) fn check_hedges(facts: &Facts<'_>, orders: &[NewOrder]) -> Result<(), Denial> {
    let parents = orders.iter().filter(|order| order.parent.is_none());
    let covers = parents.filter(|order| {
        facts.instrument(order.symbol).is_ok_and(|one| facts.ledger.is_beside_options(one))
    });
    within(facts, added(facts, &facts.marks(), covers))
}

/// New terms of an order that is counted already: only what they add.
pub(super) fn check_change(
    facts: &Facts<'_>,
    order: &Order,
    terms: &Terms<'_>,
) -> Result<(), Denial> {
    if order.reduce_only {
        return Ok(());
    }
    let Some(mut exposure) = facts.exposure(order.symbol) else { return Ok(()) };
    let last = facts.venue.mark(order.symbol).0;
    let before = exposure;
    let counted = order.order_type.limit().or(order.order_type.trigger());
    let live = terms.quantity.saturating_sub(order.filled);
    exposure.remove(order.side, order.live(), counted.map_or(last, |price| price.0));
    exposure.add(order.side, live, terms.price(facts).0);
    let place = facts.ledger.instruments().index(order.symbol);
    let beside = place.filter(|_| facts.ledger.is_beside_options(terms.instrument));
    let added = if let Some(at) = beside {
        let marks = facts.marks();
        let after = facts.worst_with(&marks, &[(at, exposure)]);
        after.saturating_sub(facts.worst_with(&marks, &[]))
    } else {
        let worst = |exposure| facts.worst_of(terms.instrument, exposure);
        worst(&exposure).saturating_sub(worst(&before))
    };
    within(facts, added)
}

fn within(facts: &Facts<'_>, added: i128) -> Result<(), Denial> {
    if added <= 0 {
        return Ok(());
    }
    let power = buying_power(facts.available());
    if added > power {
        let money = |coins| Money::new(of_coins(coins, facts.base()), facts.base());
        return Err(Denial::BuyingPower { value: money(added), available: money(power) });
    }
    Ok(())
}

/// By how many of the smallest coins orders could make positions larger, at worst.
pub(super) fn added<'o>(
    facts: &Facts<'_>,
    marks: &Marks<'_>,
    orders: impl Iterator<Item = &'o NewOrder>,
) -> i128 {
    let mut alone = 0_i128;
    let mut beside: Vec<(usize, Exposure)> = Vec::new();
    for order in orders {
        let Ok(instrument) = facts.instrument(order.symbol) else { continue };
        let terms = Terms::of(order, instrument);
        let place = facts.ledger.instruments().index(order.symbol);
        let Some(at) = place.filter(|_| facts.ledger.is_beside_options(instrument)) else {
            alone = alone.saturating_add(terms.adds(facts));
            continue;
        };
        let known = beside.iter().position(|(place, _)| *place == at).unwrap_or_else(|| {
            beside.push((at, facts.exposure(order.symbol).unwrap_or_default()));
            beside.len() - 1
        });
        if let Some((_, exposure)) = beside.get_mut(known) {
            exposure.add(order.side, order.quantity, terms.price(facts).0);
        }
    }
    if beside.is_empty() {
        return alone;
    }
    let after = facts.worst_with(marks, &beside);
    let together = after.saturating_sub(facts.worst_with(marks, &[]));
    alone.saturating_add(together)
}

impl Terms<'_> {
    /// By how many of the smallest coins it could make positions larger, at worst.
    fn adds(&self, facts: &Facts<'_>) -> i128 {
        let Some(mut exposure) = facts.exposure(self.symbol) else { return 0 };
        let before = facts.worst_of(self.instrument, &exposure);
        exposure.add(self.side, self.quantity, self.price(facts).0);
        facts.worst_of(self.instrument, &exposure).saturating_sub(before)
    }
}
