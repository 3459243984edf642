//! An order that is a large part of what usually trades in a day moves its own price.

use rust_decimal::Decimal;

use crate::pretrade::breach::Breach;

/// `usual` is what trades on a usual day; zero where nobody knows, and then nothing is refused. The limit is in percent.
pub(super) fn check(units: Decimal, usual: Decimal, limit: Decimal) -> Result<(), Breach> {
    let most = usual.saturating_mul(limit) / Decimal::ONE_HUNDRED;
    if usual.is_zero() || units <= most {
        return Ok(());
    }
    Err(Breach::VolumeShare { units, usual, limit })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_held_against_its_share_of_a_usual_day() {
        for (units, usual, percent, passes) in [
            (10_000, 1_000_000, "1", true),
            (10_001, 1_000_000, "1", false),
            (2_500, 1_000_000, "0.25", true),
            (2_501, 1_000_000, "0.25", false),
            (1_000_000, 0, "1", true),
        ] {
            let checked = check(units.into(), usual.into(), percent.parse().unwrap_or_default());
            assert_eq!(checked.is_ok(), passes, "{units} {usual} {percent}");
        }
    }
}
