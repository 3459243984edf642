//! No new risk after a loss: what the account's value has lost since its trading day began.

use crate::money::Money;
use crate::pretrade::breach::Breach;

/// Below zero `gained` is a loss. What only reduces goes on.
pub(super) fn check(gained: Money, reduces: bool, limit: Money) -> Result<(), Breach> {
    let lost = -gained.amount;
    if reduces || lost < limit.amount {
        return Ok(());
    }
    Err(Breach::DailyLoss { lost: Money::new(lost, gained.currency), limit })
}

#[cfg(test)]
mod tests {
    use access::currency::Currency;

    use super::*;

    #[test]
    fn loss_of_the_limit_stops_what_opens_and_not_what_closes() {
        for (gained, reduces, passes) in [
            (500, false, true),
            (0, false, true),
            (-999, false, true),
            (-1_000, false, false),
            (-1_001, false, false),
            (-1_001, true, true),
        ] {
            let money = |amount: i64| Money::new(amount.into(), Currency::USD);
            let checked = check(money(gained), reduces, money(1_000));
            assert_eq!(checked.is_ok(), passes, "{gained} {reduces}");
        }
    }
}
