//! No market order where bid and ask are far apart: it would trade far from the middle.

use rust_decimal::Decimal;

use crate::pretrade::breach::Breach;

/// The best bid and ask, where both are there; the limit is in percent of the middle.
pub(super) fn check(quoted: Option<(Decimal, Decimal)>, limit: Decimal) -> Result<(), Breach> {
    let Some((bid, ask)) = quoted else { return Err(Breach::Spread { percent: None, limit }) };
    let middle = bid.saturating_add(ask).checked_div(Decimal::TWO).unwrap_or_default().abs();
    let apart = ask.saturating_sub(bid).saturating_mul(Decimal::ONE_HUNDRED);
    // Of prices around zero no distance is small.
    let percent = apart.checked_div(middle).unwrap_or(Decimal::MAX);
    if percent > limit {
        let percent = Some(percent.round_dp(2).normalize());
        return Err(Breach::Spread { percent, limit });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_is_held_against_the_middle() {
        for (bid, ask, passes) in [
            ("100", "100", true),
            ("99", "101", true),
            ("98.99", "101.01", false),
            ("-101", "-99", true),
            ("-1", "1", false),
            ("0.01", "0.02", false),
        ] {
            let quoted = bid.parse().ok().zip(ask.parse().ok());
            assert_eq!(check(quoted, Decimal::TWO).is_ok(), passes, "{bid} {ask}");
        }
        assert_eq!(check(None, Decimal::TWO).map_err(|it| it.code()), Err("SPREAD_TOO_WIDE"));
    }
}
