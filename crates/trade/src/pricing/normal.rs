//! The standard normal distribution.

use std::f64::consts::FRAC_1_SQRT_2;

/// One over the square root of twice pi.
const FRAC_1_SQRT_2_PI: f64 = 0.398_942_280_401_432_7;
/// Steps of Halley's method in [`inverse`]; from the start of Abramowitz and Stegun two are enough, each triples the digits.
const STEPS: usize = 4;

/// The density.
#[inline]
pub fn pdf(x: f64) -> f64 {
    FRAC_1_SQRT_2_PI * libm::exp(-0.5 * x * x)
}

/// The probability of a value below `x`, right to its last digits in both tails.
#[inline]
pub fn cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

/// As [`cdf`], in half the time: within 1e-15 of it, and zero below -7.
///
/// A quotient of polynomials times the density (Hart, 1968, algorithm 5666).
#[inline]
pub(super) fn quick_cdf(x: f64) -> f64 {
    let size = x.abs();
    if size >= 7.0 {
        return if x > 0.0 { 1.0 } else { 0.0 };
    }
    let above = ((((((3.526_249_659_989_11e-2 * size + 0.700_383_064_443_688) * size
        + 6.373_962_203_531_65)
        * size
        + 33.912_866_078_383)
        * size
        + 112.079_291_497_871)
        * size
        + 221.213_596_169_931)
        * size)
        + 220.206_867_912_376;
    let below = (((((((8.838_834_764_831_84e-2 * size + 1.755_667_163_182_64) * size
        + 16.064_177_579_207)
        * size
        + 86.780_732_202_946_1)
        * size
        + 296.564_248_779_674)
        * size
        + 637.333_633_378_831)
        * size
        + 793.826_512_519_948)
        * size)
        + 440.413_735_824_752;
    let tail = libm::exp(-0.5 * size * size) * above / below;
    if x > 0.0 { 1.0 - tail } else { tail }
}

/// The value that a probability lies below. None unless the probability is above 0 and below 1.
pub fn inverse(probability: f64) -> Option<f64> {
    if !(probability > 0.0 && probability < 1.0) {
        return None;
    }
    let lower = probability <= 0.5;
    // The upper half is the lower one's mirror; 1 - p is exact there.
    let tail = if lower { probability } else { 1.0 - probability };
    let t = (-2.0 * libm::log(tail)).sqrt();
    // Abramowitz and Stegun, 26.2.23: within 0.00045.
    let above = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let below = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    let mut x = above / below - t;
    for _ in 0..STEPS {
        let density = pdf(x);
        if density <= 0.0 {
            break;
        }
        let off = (cdf(x) - tail) / density;
        x -= off / (1.0 + 0.5 * x * off);
    }
    x.is_finite().then_some(if lower { x } else { -x })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    /// Values of scipy.stats.norm 1.17.1.
    #[test]
    fn known_values() {
        for (x, expected) in [
            (-37.0, 5.725_571_222_524_577e-300),
            (-8.0, 6.220_960_574_271_785e-16),
            (-1.0, 0.158_655_253_931_457_05),
            (0.0, 0.5),
            (2.5, 0.993_790_334_674_223_8),
        ] {
            let found = cdf(x);
            assert!((found / expected - 1.0).abs() < 1e-13, "{x}: {found}");
        }
        assert!((pdf(1.0) - 0.241_970_724_519_143_37).abs() < 1e-16);
    }

    #[test]
    fn the_quick_one_is_near() {
        for step in -9_000..9_000_i32 {
            let x = f64::from(step) / 1_000.0;
            let off = (quick_cdf(x) - cdf(x)).abs();
            // What is left below -7.
            assert!(off < 2e-12, "{x}: {off}");
            assert!(step.abs() >= 7_000 || off < 2e-15, "{x}: {off}");
        }
        assert!(quick_cdf(f64::NAN).is_nan());
    }

    #[test]
    fn inverse_of_a_probability_has_that_probability() {
        for x in [-37.0, -20.0, -8.0, -3.0, -0.7, 0.0, 0.3, 2.0, 5.0] {
            let found = inverse(cdf(x)).unwrap();
            assert!((found - x).abs() < 1e-9 * (1.0 + x.abs()), "{x}: {found}");
        }
        for none in [0.0, 1.0, -0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert_eq!(inverse(none), None);
        }
        assert!(inverse(f64::MIN_POSITIVE).unwrap() < -37.0);
    }
}
