//! The largest position in one instrument, if all that is open on the order's side traded.

use access::entitlements::Side;
use rust_decimal::Decimal;

use crate::pretrade::breach::Breach;

/// `held` is below zero where it is short; `more` is what is open on the side, and this order.
pub(super) fn check(
    held: Decimal,
    more: Decimal,
    side: Side,
    reduces: bool,
    limit: Decimal,
) -> Result<(), Breach> {
    let would = match side {
        Side::Buy => held.saturating_add(more),
        Side::Sell => held.saturating_sub(more),
    };
    if reduces || would.abs() <= limit {
        return Ok(());
    }
    Err(Breach::Position { would, limit })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn position_is_too_large_above_its_limit_on_either_side() {
        for (held, more, side, reduces, passes) in [
            (0, 100, Side::Buy, false, true),
            (0, 101, Side::Buy, false, false),
            (0, 101, Side::Sell, false, false),
            (50, 51, Side::Buy, false, false),
            (50, 150, Side::Sell, false, true),
            (50, 151, Side::Sell, false, false),
            (500, 200, Side::Sell, true, true),
        ] {
            let (held, more) = (Decimal::from(held), Decimal::from(more));
            let checked = check(held, more, side, reduces, Decimal::ONE_HUNDRED);
            assert_eq!(checked.is_ok(), passes, "{held} {more} {side}");
        }
    }
}
