//! One yield curve: what a unit of money that is paid later is worth now.

/// Zero rates at a few times, with a constant forward rate between two. Discount factors are above zero and never rise with
/// time: only such a curve can be built.
#[derive(Debug, Clone, PartialEq)]
pub struct YieldCurve {
    /// Years and the logarithm of one over the discount factor, both ascending.
    nodes: Box<[(f64, f64)]>,
}

impl YieldCurve {
    /// From years (above zero, ascending) and their zero rates: yearly, continuously compounded. None where money would grow
    /// backwards (a forward rate below zero), or there is no node.
    pub fn new(nodes: &[(f64, f64)]) -> Option<Self> {
        let mut before = (0.0, 0.0);
        let mut kept = Vec::with_capacity(nodes.len());
        for (years, rate) in nodes {
            let growth = rate * years;
            let sound =
                *years > before.0 && growth >= before.1 && years.is_finite() && growth.is_finite();
            if !sound {
                return None;
            }
            before = (*years, growth);
            kept.push(before);
        }
        (!kept.is_empty()).then_some(Self { nodes: kept.into() })
    }

    /// The logarithm of one over the discount factor. Beyond the last node the last forward rate goes on.
    fn growth(&self, years: f64) -> Option<f64> {
        if !(years >= 0.0 && years.is_finite()) {
            return None;
        }
        let next = self.nodes.partition_point(|(node, _)| *node < years);
        let next = next.min(self.nodes.len().checked_sub(1)?);
        let (end, end_growth) = self.nodes.get(next).copied()?;
        let before = next.checked_sub(1).and_then(|before| self.nodes.get(before));
        let (start, start_growth) = before.copied().unwrap_or_default();
        let share = (years - start) / (end - start);
        let growth = if share <= 1.0 {
            start_growth + share * (end_growth - start_growth)
        } else {
            end_growth + (share - 1.0) * (end_growth - start_growth)
        };
        growth.is_finite().then_some(growth)
    }

    /// What 1 paid after so many years (0 or more) is worth now.
    pub fn discount(&self, years: f64) -> Option<f64> {
        // A factor that is too small for a number is the smallest one.
        Some(libm::exp(-self.growth(years)?).max(f64::MIN_POSITIVE))
    }

    /// The continuous yearly rate from now; at zero, that of the first instant.
    pub fn zero_rate(&self, years: f64) -> Option<f64> {
        let (first, first_growth) = *self.nodes.first()?;
        let rate = if years > 0.0 { self.growth(years)? / years } else { first_growth / first };
        (years >= 0.0 && rate.is_finite()).then_some(rate)
    }

    /// The continuous yearly rate, agreed now, from one time to a later one.
    pub fn forward_rate(&self, from: f64, to: f64) -> Option<f64> {
        let rate = (self.growth(to)? - self.growth(from)?) / (to - from);
        (to > from && rate.is_finite()).then_some(rate)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    fn curve() -> YieldCurve {
        YieldCurve::new(&[(0.25, 0.04), (1.0, 0.042), (10.0, 0.045)]).unwrap()
    }

    fn near(found: Option<f64>, expected: f64) {
        assert!((found.unwrap() - expected).abs() < 1e-14, "{found:?} is not {expected}");
    }

    #[test]
    fn rates_between_the_nodes_are_constant_forwards() {
        near(curve().zero_rate(1.0), 0.042);
        near(curve().zero_rate(0.1), 0.04);
        near(curve().zero_rate(0.0), 0.04);
        near(curve().discount(0.0), 1.0);
        near(curve().discount(10.0), libm::exp(-0.45));
        near(curve().forward_rate(0.25, 1.0), (0.042 - 0.01) / 0.75);
        near(curve().forward_rate(0.3, 0.4), (0.042 - 0.01) / 0.75);
        near(curve().forward_rate(12.0, 30.0), (0.45 - 0.042) / 9.0);
        near(
            Some(
                curve().discount(0.5).unwrap()
                    * libm::exp(-0.5 * curve().forward_rate(0.5, 1.0).unwrap()),
            ),
            curve().discount(1.0).unwrap(),
        );
    }

    #[test]
    fn curves_that_would_rise_cannot_be_built() {
        for nodes in [
            &[(1.0, 0.05), (2.0, 0.02)][..],
            &[(1.0, -0.01)],
            &[(2.0, 0.05), (1.0, 0.06)],
            &[(0.0, 0.05)],
            &[(f64::NAN, 0.05)],
            &[(1.0, f64::NAN)],
            &[(1.0, f64::INFINITY)],
            &[],
        ] {
            assert_eq!(YieldCurve::new(nodes), None, "{nodes:?}");
        }
        for years in [-1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(curve().discount(years), None);
            assert_eq!(curve().zero_rate(years), None);
            assert_eq!(curve().forward_rate(0.0, years), None);
        }
        assert_eq!(curve().forward_rate(1.0, 1.0), None);
        assert_eq!(curve().forward_rate(2.0, 1.0), None);
    }

    proptest! {
        #[test]
        fn discount_factors_fall_and_stay_above_zero(
            steps in prop::collection::vec((0.01..5.0, 0.0..0.5), 1..8),
            mut times in prop::collection::vec(0.0..1e6, 2..40),
        ) {
            let (mut years, mut growth) = (0.0, 0.0);
            let nodes: Vec<(f64, f64)> = steps
                .iter()
                .map(|(step, forward): &(f64, f64)| {
                    years += step;
                    growth += step * forward;
                    // A rounding up, so that the product never falls.
                    (years, growth / years * (1.0 + 1e-12 * years))
                })
                .collect();
            let curve = YieldCurve::new(&nodes).unwrap();
            times.sort_by(f64::total_cmp);
            let factors: Vec<f64> = times.iter().map(|time| curve.discount(*time).unwrap()).collect();
            prop_assert!(factors.iter().all(|factor| *factor > 0.0 && *factor <= 1.0));
            prop_assert!(factors.windows(2).all(|pair| pair.is_sorted_by(|a, b| a >= b)));
        }
    }
}
