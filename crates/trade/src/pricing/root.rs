//! The zero of a function between two places where it has opposite signs.

/// More than any search here takes; a bisection alone would reach the last digit in about so many.
const STEPS: usize = 120;

/// Where a search is: two places with what the function is there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bracket {
    pub low: (f64, f64),
    pub high: (f64, f64),
}

/// Chandrupatla's method (1997): inverse quadratic interpolation where that is safe, else bisection. None when the bracket
/// holds no change of sign, or the function has no value.
pub(super) fn find(
    bracket: Bracket,
    tolerance: f64,
    mut function: impl FnMut(f64) -> Option<f64>,
) -> Option<f64> {
    let (mut near, mut far) = (bracket.high, bracket.low);
    if near.1 == 0.0 {
        return Some(near.0);
    }
    if far.1 == 0.0 {
        return Some(far.0);
    }
    if near.1.is_nan() || far.1.is_nan() || (near.1 > 0.0) == (far.1 > 0.0) {
        return None;
    }
    let mut share = 0.5;
    for _ in 0..STEPS {
        let at = near.0 + share * (far.0 - near.0);
        let next = (at, function(at).filter(|value| value.is_finite())?);
        let last;
        if (next.1 > 0.0) == (near.1 > 0.0) {
            last = near;
        } else {
            last = far;
            far = near;
        }
        near = next;
        let best = if near.1.abs() < far.1.abs() { near } else { far };
        let width = (far.0 - near.0).abs();
        let least = (2.0 * f64::EPSILON * best.0.abs() + 0.5 * tolerance) / width;
        if least.is_nan() || least > 0.5 || best.1 == 0.0 {
            return Some(best.0);
        }
        share = next_share(near, far, last).clamp(least, 1.0 - least);
    }
    Some(if near.1.abs() < far.1.abs() { near.0 } else { far.0 })
}

/// Which share of the way from the nearer to the farther place is looked at next.
fn next_share(near: (f64, f64), far: (f64, f64), last: (f64, f64)) -> f64 {
    let place = (near.0 - far.0) / (last.0 - far.0);
    let height = (near.1 - far.1) / (last.1 - far.1);
    let safe = height * height < place && (1.0 - height) * (1.0 - height) < 1.0 - place;
    if !safe {
        return 0.5;
    }
    let share = near.1 / (far.1 - near.1) * last.1 / (far.1 - last.1)
        + (last.0 - near.0) / (far.0 - near.0) * near.1 / (last.1 - near.1) * far.1
            / (last.1 - far.1);
    if share.is_finite() { share } else { 0.5 }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn between(low: f64, high: f64, function: fn(f64) -> f64) -> (Option<f64>, usize) {
        let mut calls = 0;
        let bracket = Bracket { low: (low, function(low)), high: (high, function(high)) };
        let found = find(bracket, 1e-13, |x| {
            calls += 1;
            Some(function(x))
        });
        (found, calls)
    }

    #[test]
    fn zeros_are_found_in_few_steps() {
        for (low, high, function, expected) in [
            (0.0, 3.0, (|x| x * x - 2.0) as fn(f64) -> f64, std::f64::consts::SQRT_2),
            (-1.0, 4.0, |x| libm::exp(x) - 1.0, 0.0),
            (0.0, 1.0, |x| 0.25 - x, 0.25),
            (-5.0, 5.0, |x| (x - 1.0) * (x - 1.0) * (x - 1.0), 1.0),
        ] {
            let (found, calls) = between(low, high, function);
            // The last zero is flat: all places near it are as good.
            assert!((found.unwrap() - expected).abs() < 1e-5, "{found:?} is not {expected}");
            assert!(calls < 60, "{calls}");
        }
        assert!(
            (between(0.0, 3.0, |x| x * x - 2.0).0.unwrap() - std::f64::consts::SQRT_2).abs()
                < 1e-12
        );
    }

    #[test]
    fn no_change_of_sign_is_no_zero() {
        assert_eq!(between(0.0, 1.0, |x| x + 1.0).0, None);
        assert_eq!(between(0.0, 1.0, |_| f64::NAN).0, None);
    }

    #[test]
    fn a_function_that_jumps_ends_too() {
        let (found, calls) = between(-1.0, 1.0, |x| if x > 0.3 { 1.0 } else { -1.0 });
        assert!((found.unwrap() - 0.3).abs() < 1e-9 && calls <= STEPS);
    }
}
