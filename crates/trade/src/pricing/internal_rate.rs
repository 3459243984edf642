//! The rate at which payments come to what is there in the end.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::root::{Bracket, find};

/// The highest rate that is looked for, of one whole range.
const HIGHEST: f64 = 1e6;

/// The rate of the whole range at which payments, each with the part of the range that it was there for (1 from the
/// beginning), come to `end`: the sum of `amount * (1 + rate) ^ part`. None where there is no one such rate above a total loss.
///
/// It is searched for where the sum less `end` has opposite signs, after Chandrupatla; where payments have both signs there may
/// be several, and the one found lies between a total loss and [`HIGHEST`].
fn internal_rate(payments: &[(f64, f64)], end: f64) -> Option<f64> {
    let short = |growth: f64| {
        let sum: f64 =
            payments.iter().map(|(part, amount)| amount * libm::pow(growth, *part)).sum();
        Some(sum - end)
    };
    let at = |growth: f64| short(growth).map(|value| (growth, value));
    // A narrow range first: powers are steep.
    for (low, high) in [(0.5, 2.0), (0.01, 100.0), (0.0, 1.0 + HIGHEST)] {
        let bracket = Bracket { low: at(low)?, high: at(high)? };
        if let Some(growth) = find(bracket, 1e-13, short) {
            return Some(growth - 1.0);
        }
    }
    None
}

/// The same of exact amounts, each with the days that it was there for, over so many days; at eight places.
pub(crate) fn money_weighted(
    payments: &[(i32, Decimal)],
    days: i32,
    end: Decimal,
) -> Option<Decimal> {
    let payments: Option<Vec<(f64, f64)>> = payments
        .iter()
        .map(|(there, amount)| Some((f64::from(*there) / f64::from(days), amount.to_f64()?)))
        .collect();
    let rate = internal_rate(&payments.filter(|_| days > 0)?, end.to_f64()?)?;
    Decimal::try_from(rate).ok().map(|rate| rate.round_dp(8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_brings_payments_to_the_end() {
        let near =
            |found: Option<f64>, rate: f64| found.is_some_and(|one| (one - rate).abs() < 1e-10);
        assert!(near(internal_rate(&[(1.0, 100.0)], 110.0), 0.1));
        assert!(near(internal_rate(&[(1.0, 100.0)], 20.0), -0.8));
        // 100 for the whole range and 100 for half of it at 21 %: 121 and 110.
        assert!(near(internal_rate(&[(1.0, 100.0), (0.5, 100.0)], 231.0), 0.21));
        assert!(near(internal_rate(&[(1.0, 100.0), (0.5, -55.0)], 60.5), 0.21));
        assert_eq!(internal_rate(&[], 5.0), None);
        assert_eq!(internal_rate(&[(1.0, 100.0)], 0.0), Some(-1.0));
        assert_eq!(internal_rate(&[(1.0, 100.0)], -1.0), None, "more than all is lost");
    }
}
