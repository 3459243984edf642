//! Size against the holder's own history: a slip of a digit is ten times what somebody usually orders.

use rust_decimal::Decimal;

use crate::money::Money;
use crate::pretrade::breach::Breach;

/// How many of the last orders in the product are looked at, each at today's price.
pub(crate) const LAST: usize = 20;
/// Fewer say nothing.
const FEWEST: usize = 5;

/// The order's value against the values of the last ones.
pub(super) fn check(value: Money, mut last: Vec<Decimal>, times: Decimal) -> Result<(), Breach> {
    if last.len() < FEWEST {
        return Ok(());
    }
    last.sort_unstable();
    // Of an even number the upper one: it refuses less.
    let Some(median) = last.get(last.len() / 2).copied() else { return Ok(()) };
    if value.amount <= median.saturating_mul(times) {
        return Ok(());
    }
    Err(Breach::UsualSize { value, median: Money::new(median, value.currency), times })
}

#[cfg(test)]
mod tests {
    use access::currency::Currency;

    use super::*;

    #[test]
    fn order_is_held_against_the_median_of_enough_others() {
        let cases: [(&[i64], i64, bool); 6] = [
            (&[], 1_000_000, true),
            (&[10, 10, 10, 10], 1_000_000, true),
            (&[10, 10, 10, 10, 10], 30, true),
            (&[10, 10, 10, 10, 10], 31, false),
            (&[1, 1, 10, 900, 900], 30, true),
            (&[1, 1, 1, 10, 10, 10], 30, true),
        ];
        for (last, value, passes) in cases {
            let last = last.iter().map(|one| Decimal::from(*one)).collect();
            let value = Money::new(value.into(), Currency::USD);
            assert_eq!(check(value, last, Decimal::from(3)).is_ok(), passes, "{value:?}");
        }
    }
}
