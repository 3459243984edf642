//! What is closed, and in which order, when an account's margin call is not met.
//!
//! First everything that works or waits is cancelled. Then what is owed in other currencies is paid back, by their pairs with the
//! account's, one at a time. Then what is held is closed at the market, one group at a time, as
//! `margin/strategy.rs` makes them: of those whose markets are open the one that requires most, and of equal ones that with the
//! lowest id; all of it, or as many units as bring the requirement a tenth further down than is needed. Of a group the same part
//! of every position is closed, what was sold first, so that nothing loses what covers it. What is left is looked at again
//! before the next.

use access::currency::Currency;
use access::id::{Holder, SymbolId};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::{Checked, Facts};
use crate::instrument::InstrumentKind;
use crate::ledger::Requirement;
use crate::margin::maintenance;
use crate::money::{Money, floor_coins, of_coins};
use crate::order::{NewOrder, OrderType, Origin, Shares, Side, TimeInForce};

/// How much an account is worth less than its positions require, in its base currency; none while it is worth enough.
pub fn shortfall(facts: &Facts<'_>) -> Option<Money> {
    let coins = missing(facts);
    (coins > 0).then(|| Money::new(of_coins(coins, facts.base()), facts.base()))
}

/// The order that pays back what is owed in another currency, the largest debt first, before anything is closed: all of it, by
/// the pair of that currency with the account's. None where nothing is missing or owed, or no such pair trades now.
pub fn convert(facts: &Facts<'_>) -> Option<Checked<Vec<NewOrder>>> {
    if missing(facts) <= 0 {
        return None;
    }
    let debts = facts
        .ledger
        .purse
        .all()
        .filter(|(currency, cash)| *currency != facts.base() && cash.balance < Decimal::ZERO);
    let mut debts: Vec<(Decimal, Currency, Decimal)> = facts.with_rates(|rates| {
        let told = debts.map(|(currency, cash)| {
            (rates.convert(cash.balance, currency), currency, cash.balance.abs())
        });
        told.collect()
    });
    debts.sort();
    debts.into_iter().find_map(|(_, currency, owed)| paid_back(facts, currency, owed))
}

/// What buys so much of a currency with the account's.
fn paid_back(
    facts: &Facts<'_>,
    owed_in: Currency,
    owed: Decimal,
) -> Option<Checked<Vec<NewOrder>>> {
    let pairs = facts.ledger.instruments().all().iter().filter_map(|one| match one.kind {
        InstrumentKind::Forex { base } => Some((one, base)),
        _ => None,
    });
    let (pair, side, amount) =
        pairs.filter(|(one, _)| facts.venue.is_open(one.id)).find_map(|(one, base)| {
            match (base, one.currency) {
                (of, against) if (of, against) == (owed_in, facts.base()) => {
                    Some((one, Side::Buy, owed))
                }
                (of, against) if (of, against) == (facts.base(), owed_in) => {
                    let price = one.price(facts.venue.reference(one.id, Side::Sell)?);
                    Some((one, Side::Sell, owed.checked_div(price)?))
                }
                _ => None,
            }
        })?;
    // A step more, so that no rest of the debt is left.
    let steps = amount.checked_div(pair.step.size())?.floor().to_u64()?.checked_add(1)?;
    Some(Checked(vec![market(facts, pair.id, side, steps)]))
}

/// The orders that close what is to be closed next, what was sold before what covers it; none where nothing is held whose
/// market is open, or nothing is missing.
pub fn next(facts: &Facts<'_>) -> Option<Checked<Vec<NewOrder>>> {
    let missing = missing(facts);
    if missing <= 0 {
        return None;
    }
    let mark = |symbol| facts.venue.mark(symbol);
    let all = facts.with_rates(|rates| facts.ledger.requirements(rates, mark));
    let is_open = |one: &Requirement| one.parts.iter().all(|(id, _)| facts.venue.is_open(*id));
    let all = all.into_iter().filter(|one| one.coins > 0 && is_open(one));
    let first = |one: &Requirement| one.parts.iter().map(|(id, _)| *id).min();
    let most = all.max_by_key(|one| (one.coins, std::cmp::Reverse(first(one))))?;
    let whole = most.parts.iter().map(|(_, steps)| steps.unsigned_abs()).fold(0, common);
    let units = part(whole, missing, most.coins);
    let order = |(symbol, steps): &(SymbolId, i64)| {
        let side = if *steps > 0 { Side::Sell } else { Side::Buy };
        let each = steps.unsigned_abs().checked_div(whole).unwrap_or_default();
        market(facts, *symbol, side, each.saturating_mul(units))
    };
    let (sold, held): (Vec<_>, Vec<_>) = most.parts.iter().partition(|(_, steps)| *steps < 0);
    Some(Checked(sold.iter().chain(&held).map(order).collect()))
}

fn market(facts: &Facts<'_>, symbol: SymbolId, side: Side, quantity: Shares) -> NewOrder {
    NewOrder {
        account: facts.ledger.id,
        symbol,
        side,
        quantity,
        order_type: OrderType::Market,
        tif: TimeInForce::Day,
        outside_hours: true,
        origin: Origin { holder: Holder::System, client_id: 0, order_id: 0 },
        parent: None,
        oca: None,
        reference: Some("margin call".into()),
    }
}

/// The largest number that both are whole multiples of.
const fn common(mut one: Shares, mut other: Shares) -> Shares {
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
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
