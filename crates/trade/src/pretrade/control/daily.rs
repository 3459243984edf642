//! What may be ordered in a trading day. What was placed counts, not what was filled: a limit that waits for fills lets
//! everything through that has not traded yet. What is cancelled stays counted.

use rust_decimal::Decimal;

use crate::money::Money;
use crate::pretrade::breach::Breach;

/// Units, all instruments together.
pub(super) fn quantity(before: Decimal, new: Decimal, limit: Decimal) -> Result<(), Breach> {
    if before.saturating_add(new) > limit {
        return Err(Breach::DailyQuantity { before, new, limit });
    }
    Ok(())
}

/// Value in the base currency.
pub(super) fn notional(before: Money, new: Money, limit: Money) -> Result<(), Breach> {
    if before.amount.saturating_add(new.amount) > limit.amount {
        return Err(Breach::DailyNotional { before, new, limit });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use access::currency::Currency;

    use super::*;

    #[test]
    fn day_is_full_above_its_limit_and_not_at_it() {
        for (before, new, limit, passes) in
            [(0, 100, 100, true), (0, 101, 100, false), (60, 40, 100, true), (60, 41, 100, false)]
        {
            let number = |number: i64| Decimal::from(number);
            let money = |amount: i64| Money::new(number(amount), Currency::USD);
            let by_units = quantity(number(before), number(new), number(limit));
            assert_eq!(by_units.is_ok(), passes, "{before} + {new}");
            let by_value = notional(money(before), money(new), money(limit));
            assert_eq!(by_value.is_ok(), passes, "{before} + {new}");
        }
    }
}
