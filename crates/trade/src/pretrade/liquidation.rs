//! What is closed, and in which order, when an account's margin call is not met.
//!
//! First everything that works or waits is cancelled. Then positions are closed at the market, one at a time: of those whose
//! market is open the one that requires most, and of equal ones that with the lower id; all of it, or as many units as bring
//! the requirement a tenth further down than is needed. What is left is looked at again before the next.

use access::id::Holder;

use super::{Checked, Facts};
use crate::instrument::Instrument;
use crate::margin::maintenance;
use crate::money::{Money, floor_coins, of_coins};
use crate::order::{NewOrder, OrderType, Origin, Shares, Side, TimeInForce};

/// How much an account is worth less than its positions require, in its base currency; none while it is worth enough.
pub fn shortfall(facts: &Facts<'_>) -> Option<Money> {
    let coins = missing(facts);
    (coins > 0).then(|| Money::new(of_coins(coins, facts.base()), facts.base()))
}

/// The order that closes what is to be closed next; none where nothing is held whose market is open, or nothing is missing.
pub fn next(facts: &Facts<'_>) -> Option<Checked<Vec<NewOrder>>> {
    let missing = missing(facts);
    if missing <= 0 {
        return None;
    }
    let held = facts.ledger.positions().filter_map(|(symbol, position)| {
        let one = facts.ledger.instruments().get(symbol)?;
        let required = requirement(facts, one, position.shares);
        (required > 0 && facts.venue.is_open(symbol)).then_some((one, position.shares, required))
    });
    // Positions come by id: of equal requirements the first stays.
    let (one, shares, required) =
        held.reduce(|most, other| if other.2 > most.2 { other } else { most })?;
    let side = if shares > 0 { Side::Sell } else { Side::Buy };
    Some(Checked(vec![NewOrder {
        account: facts.ledger.id,
        symbol: one.id,
        side,
        quantity: part(shares.unsigned_abs(), missing, required),
        order_type: OrderType::Market,
        tif: TimeInForce::Day,
        outside_hours: true,
        origin: Origin { holder: Holder::System, client_id: 0, order_id: 0 },
        parent: None,
        oca: None,
        reference: Some("margin call".into()),
    }]))
}

/// So many of `held` that what they require is a tenth more than what is missing; all where that is not enough.
fn part(held: Shares, missing: i128, required: i128) -> Shares {
    let wanted = missing.saturating_add(missing / 10);
    if wanted >= required {
        return held;
    }
    let units = i128::from(held).saturating_mul(wanted);
    let units = units.saturating_add(required - 1).checked_div(required).unwrap_or_default();
    Shares::try_from(units).unwrap_or(held).clamp(1, held)
}

/// Coins that are missing; below zero where there are more than are required.
fn missing(facts: &Facts<'_>) -> i128 {
    let mark = |symbol| facts.venue.mark(symbol);
    let (held, equity) = facts
        .with_rates(|rates| (facts.ledger.held(rates, mark), facts.ledger.equity(rates, mark)));
    maintenance(held).saturating_sub(floor_coins(equity, facts.base()))
}

/// What a position requires, in coins of the base currency.
fn requirement(facts: &Facts<'_>, one: &Instrument, shares: i64) -> i128 {
    let held = facts.ledger.marked(one, |symbol| facts.venue.mark(symbol)).held(shares);
    maintenance(facts.with_rates(|rates| rates.coins(held, one.currency)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_much_is_closed_as_brings_the_requirement_a_tenth_further_down_than_is_needed() {
        // Held, missing, required, closed.
        let cases: [(Shares, i128, i128, Shares); 7] = [
            (100, 10, 1_000, 2),
            (100, 100, 1_000, 11),
            (100, 909, 1_000, 100),
            (100, 910, 1_000, 100),
            (100, 5_000, 1_000, 100),
            (100, 1, 1_000_000, 1),
            (1, 1, 1_000_000, 1),
        ];
        for (held, missing, required, closed) in cases {
            assert_eq!(part(held, missing, required), closed, "{held} {missing} {required}");
        }
    }
}
