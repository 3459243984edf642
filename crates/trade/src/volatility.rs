//! How much a price moves: the standard deviation of the logarithms of daily moves, annualised.

use rust_decimal::Decimal;

use crate::bar::Bar;
use crate::calendar::Day;
use crate::price::Ticks;

/// Daily moves that count.
pub const MOVES: usize = 30;
/// Trading days of a year.
const YEAR: i64 = 252;
/// Terms of the series of a logarithm: more than a price that halves or doubles in a day needs.
const TERMS: i64 = 60;
/// Steps of a root; each doubles its right digits.
const STEPS: usize = 50;

/// The yearly volatility at a price, after the closes of the days before; 0.25 is 25 %. None without
/// [`MOVES`] closes.
pub fn yearly(closes: &[Ticks], price: Ticks) -> Option<Decimal> {
    let closes = closes.get(closes.len().checked_sub(MOVES)?..)?;
    let next = closes.iter().skip(1).chain(std::iter::once(&price));
    let moves: Vec<Decimal> = closes
        .iter()
        .zip(next)
        .map(|(before, after)| {
            logarithm(Decimal::from(after.0).checked_div(Decimal::from(before.0))?)
        })
        .collect::<Option<_>>()?;
    let count = i64::try_from(moves.len()).ok()?;
    let mean = moves.iter().sum::<Decimal>().checked_div(Decimal::from(count))?;
    let mut squares = Decimal::ZERO;
    for a_move in &moves {
        let off = a_move.checked_sub(mean)?;
        squares = squares.checked_add(off.checked_mul(off)?)?;
    }
    let variance = squares.checked_div(Decimal::from(count.checked_sub(1)?))?;
    Some(root(variance.checked_mul(Decimal::from(YEAR))?)?.round_dp(6))
}

/// The closes of the daily bars before a day.
pub fn closes_before(days: &[Bar], day: Day) -> Vec<Ticks> {
    days.iter().take_while(|bar| bar.day < day).map(|bar| bar.close).collect()
}

/// The natural logarithm of a ratio above zero: twice the sum of `y^n / n` for odd n, where
/// `y = (ratio - 1) / (ratio + 1)`.
fn logarithm(ratio: Decimal) -> Option<Decimal> {
    if ratio <= Decimal::ZERO {
        return None;
    }
    let y = ratio.checked_sub(Decimal::ONE)?.checked_div(ratio.checked_add(Decimal::ONE)?)?;
    let square = y.checked_mul(y)?;
    let (mut power, mut sum) = (y, Decimal::ZERO);
    for n in (1..TERMS.saturating_mul(2)).step_by(2) {
        let term = power.checked_div(Decimal::from(n))?;
        if term.is_zero() {
            break;
        }
        sum = sum.checked_add(term)?;
        power = power.checked_mul(square)?;
    }
    sum.checked_mul(Decimal::TWO)
}

/// The square root, by Newton's steps.
fn root(square: Decimal) -> Option<Decimal> {
    if square.is_zero() {
        return Some(square);
    }
    let mut root = square.max(Decimal::ONE);
    for _ in 0..STEPS {
        let better = root.checked_add(square.checked_div(root)?)?.checked_div(Decimal::TWO)?;
        if better == root {
            break;
        }
        root = better;
    }
    Some(root)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn logarithms_and_roots_have_their_known_values() {
        let known = |text: &str| text.parse::<Decimal>().unwrap();
        for (ratio, expected) in [
            ("2", "0.693147180560"),
            ("0.5", "-0.693147180560"),
            ("1.01", "0.009950330853"),
            ("1", "0"),
        ] {
            let found = logarithm(known(ratio)).unwrap().round_dp(12);
            assert_eq!(found.normalize(), known(expected).normalize(), "{ratio}");
        }
        assert_eq!(logarithm(Decimal::ZERO), None);
        assert_eq!(root(known("2")).unwrap().round_dp(12), known("1.414213562373"));
        assert_eq!(root(known("0.0004")).unwrap().round_dp(12).normalize(), known("0.02"));
        assert_eq!(root(Decimal::ZERO), Some(Decimal::ZERO));
    }

    /// Closes that go up and down by the same factor, and those of a price that stands still.
    #[test]
    fn volatility_of_equal_moves_is_their_size_for_a_year() {
        let closes: Vec<Ticks> =
            (0..30).map(|day| Ticks(if day % 2 == 0 { 10_000 } else { 10_100 })).collect();
        // 15 moves of ln 1.01 up and 15 down: the root of 30 / 29 and of 252 times that.
        let found = yearly(&closes, Ticks(10_000)).unwrap();
        assert_eq!(found, "0.160657".parse().unwrap());
        assert_eq!(yearly(&[Ticks(500); 40], Ticks(500)), Some(Decimal::ZERO));
        assert_eq!(yearly(closes.split_first().unwrap().1, Ticks(10_000)), None, "29 closes");
    }
}
