//! Shares that are hard to borrow: they are sold short no further than they are located. What is not on the list is easy to
//! borrow.

use rust_decimal::Decimal;

use crate::pretrade::breach::Breach;

/// `held` is below zero for what is sold short already; `sold` is all that is ordered to be, this order included.
pub(super) fn check(
    held: Decimal,
    sold: Decimal,
    located: Decimal,
    symbol: &str,
) -> Result<(), Breach> {
    let would = sold.saturating_sub(held);
    if would <= located {
        return Ok(());
    }
    Err(Breach::Unlocated { symbol: symbol.to_owned(), would, located })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_sale_is_held_against_what_is_located() {
        // Held, sold with this order, located.
        for (held, sold, located, passes) in [
            (0, 100, 100, true),
            (0, 101, 100, false),
            (500, 600, 100, true),
            (500, 601, 100, false),
            (-60, 40, 100, true),
            (-60, 41, 100, false),
            (0, 1, 0, false),
            (1, 1, 0, true),
        ] {
            let checked = check(held.into(), sold.into(), located.into(), "BBY");
            assert_eq!(checked.is_ok(), passes, "{held} {sold} {located}");
        }
    }
}
