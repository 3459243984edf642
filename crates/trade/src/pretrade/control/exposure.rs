//! What all that is held and ordered may be worth, across products, in the base currency. An option counts at its own
//! price, not at that of what it is on.

use crate::money::Money;
use crate::pretrade::breach::Breach;

/// Long and short, the new order included, against a limit of their sum and of their difference.
pub(super) fn check(
    (long, short): (Money, Money),
    gross: Option<Money>,
    net: Option<Money>,
) -> Result<(), Breach> {
    let money = |amount| Money::new(amount, long.currency);
    let sums = [
        (true, long.amount.saturating_add(short.amount), gross),
        (false, long.amount.saturating_sub(short.amount).abs(), net),
    ];
    for (gross, would, limit) in sums {
        if let Some(limit) = limit
            && would > limit.amount
        {
            return Err(Breach::Exposure { gross, would: money(would), limit });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use access::currency::Currency;

    use super::*;

    #[test]
    fn long_and_short_are_added_for_one_limit_and_offset_for_the_other() {
        // Long and short, the limits gross and net, what is refused.
        type Case = ((i64, i64), Option<i64>, Option<i64>, Option<&'static str>);
        let money = |amount: i64| Money::new(amount.into(), Currency::USD);
        let cases: [Case; 6] = [
            ((60, 50), None, None, None),
            ((60, 50), Some(110), Some(10), None),
            ((60, 50), Some(109), None, Some("GROSS_EXPOSURE_ABOVE_LIMIT")),
            ((60, 50), None, Some(9), Some("NET_EXPOSURE_ABOVE_LIMIT")),
            ((10, 60), None, Some(49), Some("NET_EXPOSURE_ABOVE_LIMIT")),
            ((60, 50), Some(1), Some(1), Some("GROSS_EXPOSURE_ABOVE_LIMIT")),
        ];
        for ((long, short), gross, net, code) in cases {
            let checked = check((money(long), money(short)), gross.map(money), net.map(money));
            assert_eq!(checked.err().map(|breach| breach.code()), code, "{long} {short}");
        }
    }
}
