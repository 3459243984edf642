//! Gauss-Legendre quadrature and interpolation through Chebyshev points, as fixed tables.

use std::f64::consts::PI;

/// Newton's steps to a zero of a Legendre polynomial; from Tricomi's start five reach the last digit.
const STEPS: usize = 12;

/// Nodes between -1 and 1, ascending, and their weights.
pub(super) fn gauss_legendre<const COUNT: usize>() -> [(f64, f64); COUNT] {
    let count = number(COUNT);
    let mut rule = [(0.0, 0.0); COUNT];
    for (index, slot) in rule.iter_mut().enumerate() {
        let mut x = -libm::cos(PI * (number(index) + 0.75) / (count + 0.5));
        let mut slope = 1.0;
        for _ in 0..STEPS {
            let (value, below) = legendre(COUNT, x);
            slope = count * (x * value - below) / (x * x - 1.0);
            x -= value / slope;
        }
        *slot = (x, 2.0 / ((1.0 - x * x) * slope * slope));
    }
    rule
}

/// The Legendre polynomials of a degree and of the one below it.
fn legendre(degree: usize, x: f64) -> (f64, f64) {
    let (mut value, mut below) = (1.0, 0.0);
    for index in 0..degree {
        let n = number(index);
        let next = ((2.0 * n + 1.0) * x * value - n * below) / (n + 1.0);
        below = value;
        value = next;
    }
    (value, below)
}

/// The Chebyshev points of the second kind on [0, 1], from 1 down to the last above 0. With 0 itself they are the extremes
/// of the polynomial of degree `COUNT`.
pub(super) fn chebyshev<const COUNT: usize>() -> [f64; COUNT] {
    let mut points = [0.0; COUNT];
    for (index, point) in points.iter_mut().enumerate() {
        *point = 0.5 * (1.0 + libm::cos(PI * number(index) / number(COUNT)));
    }
    points
}

/// What each of those points adds to the value between them: the interpolating polynomial through the points and a value of
/// zero at 0, in its barycentric form.
pub(super) fn shares<const COUNT: usize>(points: &[f64; COUNT], at: f64) -> [f64; COUNT] {
    let mut shares = [0.0; COUNT];
    if let Some(index) = points.iter().position(|point| (point - at).abs() < 1e-15) {
        if let Some(share) = shares.get_mut(index) {
            *share = 1.0;
        }
        return shares;
    }
    let mut sign = 1.0;
    let mut total = 0.0;
    for (index, (share, point)) in shares.iter_mut().zip(points).enumerate() {
        *share = sign * if index == 0 { 0.5 } else { 1.0 } / (at - point);
        total += *share;
        sign = -sign;
    }
    // The point at 0: its value is zero, its weight is not.
    total += sign * 0.5 / at;
    for share in &mut shares {
        *share /= total;
    }
    shares
}

fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polynomials_are_integrated_exactly() {
        for power in 0..16_i32 {
            let sum: f64 = gauss_legendre::<8>()
                .iter()
                .map(|(x, weight)| weight * (0..power).fold(1.0, |product, _| product * x))
                .sum();
            let expected = if power % 2 == 0 { 2.0 / f64::from(power + 1) } else { 0.0 };
            assert!((sum - expected).abs() < 1e-14, "{power}: {sum}");
        }
    }

    #[test]
    fn polynomials_that_vanish_at_zero_are_interpolated_exactly() {
        let points = chebyshev::<7>();
        let cubic = |x: f64| x * (x - 0.3) * (x + 2.0);
        for at in [0.01, 0.2, 0.5, 0.77, 1.0] {
            let found: f64 =
                shares(&points, at).iter().zip(&points).map(|(share, x)| share * cubic(*x)).sum();
            assert!((found - cubic(at)).abs() < 1e-14, "{at}: {found}");
        }
    }
}
