//! A surface of volatilities without arbitrage: the SSVI form of Gatheral and Jacquier (2014).
//!
//! The total variance w (volatility squared times years) of an option with logarithm k of strike over forward is
//!
//! w = v / 2 (1 + r p k + sqrt((p k + r)^2 + 1 - r^2)), p = e / (v^g (1 + v)^(1 - g)),
//!
//! where v is the total variance at the money, r the skew, e the curvature and g the decay. It has no butterfly arbitrage if
//! v p (1 + |r|) < 4 and v p^2 (1 + |r|) <= 4, and no calendar arbitrage if v never falls with time and the derivative of
//! v p by v is between 0 and p (1 + sqrt(1 - r^2)) / r^2. With 0 < g <= 1/2 and e (1 + |r|) <= 2 all of these hold for every
//! v: v p < e, v p^2 <= e^2, and the derivative is p (1 - g) / (1 + v). So a surface that can be built has no arbitrage, at
//! whatever level.

/// How volatility changes with the strike. Only smiles without arbitrage can be built.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Smile {
    skew: f64,
    curvature: f64,
    decay: f64,
}

impl Smile {
    /// `skew` (between -1 and 1) below zero: lower strikes have the higher volatility. `curvature`: above zero, at most
    /// `2 / (1 + |skew|)`. `decay` (above 0, at most 0.5): how fast the smile flattens with time. None outside.
    pub fn new(skew: f64, curvature: f64, decay: f64) -> Option<Self> {
        let sound = skew.abs() < 1.0
            && curvature > 0.0
            && curvature * (1.0 + skew.abs()) <= 2.0
            && decay > 0.0
            && decay <= 0.5;
        sound.then_some(Self { skew, curvature, decay })
    }
}

/// Volatility at the money by time. The total variance never falls: only such can be built.
#[derive(Debug, Clone, PartialEq)]
pub struct TermStructure {
    /// Years and total variance, both ascending.
    nodes: Box<[(f64, f64)]>,
}

impl TermStructure {
    /// From years (above zero, ascending) and volatilities (above zero) at the money. Total variance is straight between
    /// them, and goes on after the last as between the last two. None where it would fall, or there is no node.
    pub fn new(nodes: &[(f64, f64)]) -> Option<Self> {
        let mut before = (0.0, 0.0);
        let mut kept = Vec::with_capacity(nodes.len());
        for (years, volatility) in nodes {
            let variance = volatility * volatility * years;
            let sound = *volatility > 0.0
                && *years > before.0
                && variance >= before.1
                && variance > 0.0
                && years.is_finite()
                && variance.is_finite();
            if !sound {
                return None;
            }
            before = (*years, variance);
            kept.push(before);
        }
        (!kept.is_empty()).then_some(Self { nodes: kept.into() })
    }

    /// The total variance at the money at a time above zero.
    fn variance(&self, years: f64) -> f64 {
        let next = self.nodes.partition_point(|(node, _)| *node < years);
        let next = next.min(self.nodes.len().saturating_sub(1));
        let (end, end_variance) = self.nodes.get(next).copied().unwrap_or_default();
        let before = next.checked_sub(1).and_then(|before| self.nodes.get(before));
        let (start, start_variance) = before.copied().unwrap_or_default();
        let share = (years - start) / (end - start);
        // As a mean of two, so that it stays between them whatever is rounded.
        if share <= 1.0 {
            start_variance + share * (end_variance - start_variance)
        } else {
            end_variance + (share - 1.0) * (end_variance - start_variance)
        }
    }
}

/// A smile, a term structure, and a level that may change every second.
#[derive(Debug, Clone, PartialEq)]
pub struct Surface {
    smile: Smile,
    term: TermStructure,
    level: f64,
}

impl Surface {
    /// At level 1.
    pub const fn new(smile: Smile, term: TermStructure) -> Self {
        Self { smile, term, level: 1.0 }
    }

    /// Multiplies all volatilities at the money. False, and nothing changes, unless it is above zero.
    #[must_use]
    pub fn set_level(&mut self, level: f64) -> bool {
        let sound = level > 0.0 && level.is_finite();
        if sound {
            self.level = level;
        }
        sound
    }

    /// What volatilities at the money are multiplied by.
    pub const fn level(&self) -> f64 {
        self.level
    }

    /// Volatility squared times years, by the logarithm of strike over forward and the years to expiry. None unless the years
    /// are above zero and the result is a number above zero.
    pub fn total_variance(&self, log_moneyness: f64, years: f64) -> Option<f64> {
        Some(self.slice(log_moneyness, years)?.variance)
    }

    /// Yearly; arguments as of [`Self::total_variance`].
    pub fn volatility(&self, log_moneyness: f64, years: f64) -> Option<f64> {
        let volatility = (self.total_variance(log_moneyness, years)? / years).sqrt();
        (volatility.is_finite() && volatility > 0.0).then_some(volatility)
    }

    /// The sign of the density of the forward's logarithm at the expiry: what Gatheral and Jacquier call g, which is nowhere
    /// below zero exactly if there is no butterfly arbitrage.
    pub fn density(&self, log_moneyness: f64, years: f64) -> Option<f64> {
        let Slice { variance, slope, curve } = self.slice(log_moneyness, years)?;
        let spread = 1.0 - 0.5 * log_moneyness * slope / variance;
        let density =
            spread * spread - 0.25 * slope * slope * (1.0 / variance + 0.25) + 0.5 * curve;
        density.is_finite().then_some(density)
    }

    fn slice(&self, log_moneyness: f64, years: f64) -> Option<Slice> {
        if !(years > 0.0 && years.is_finite() && log_moneyness.is_finite()) {
            return None;
        }
        let Smile { skew, curvature, decay } = self.smile;
        let at_money = self.term.variance(years) * self.level * self.level;
        let steep =
            curvature / (libm::pow(at_money, decay) * libm::pow(1.0 + at_money, 1.0 - decay));
        let (from, rest) = (steep * log_moneyness + skew, 1.0 - skew * skew);
        let root = (from * from + rest).sqrt();
        // 1 + skew (from - skew) + root, which is rest + skew from + root, and never less than rest.
        let variance = 0.5 * at_money * (rest + skew * from + root).max(rest);
        let slope = 0.5 * at_money * steep * (skew + from / root);
        let curve = 0.5 * at_money * steep * steep * rest / (root * root * root);
        let sound = variance > 0.0 && [variance, slope, curve].iter().all(|n| n.is_finite());
        sound.then_some(Slice { variance, slope, curve })
    }
}

/// Total variance at a strike and how it changes with the logarithm of the strike.
struct Slice {
    variance: f64,
    slope: f64,
    curve: f64,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::pricing::european::{Payoff, discounted};
    use crate::random;

    /// Between 0 and 1.
    fn draw(state: &mut u64) -> f64 {
        let word = random::next(state) >> 32;
        f64::from(u32::try_from(word).unwrap()) / f64::from(u32::MAX)
    }

    fn any_surface(state: &mut u64) -> Surface {
        let skew = 1.98 * draw(state) - 0.99;
        // Up to the limit itself, less a rounding.
        let curvature = (0.001 + 0.999 * draw(state)) * 1.999_999 / (1.0 + skew.abs());
        let smile = Smile::new(skew, curvature, 0.01 + 0.49 * draw(state)).unwrap();
        let (mut years, mut variance) = (0.0, 0.0);
        let mut nodes = Vec::new();
        for _ in 0..4 {
            years += 0.003 + draw(state);
            variance += draw(state) * draw(state) * 0.3 + 1e-6;
            nodes.push((years, (variance / years).sqrt()));
        }
        let mut surface = Surface::new(smile, TermStructure::new(&nodes).unwrap());
        assert!(surface.set_level(0.2 + 4.0 * draw(state)));
        surface
    }

    const TIMES: [f64; 7] = [0.002, 0.02, 0.1, 0.5, 1.0, 2.5, 6.0];

    #[test]
    fn no_surface_has_arbitrage() {
        let mut state = 11;
        for number in 0..10_000 {
            let surface = any_surface(&mut state);
            let mut before = [0.0; 41];
            for years in TIMES {
                let mut prices = [0.0; 41];
                for ((step, last), price) in (-20..=20_i32).zip(&mut before).zip(&mut prices) {
                    let k = f64::from(step) * 0.075;
                    let variance = surface.total_variance(k, years).unwrap();
                    assert!(
                        variance >= *last * (1.0 - 1e-12),
                        "{number}: calendar at {k}, {years}"
                    );
                    *last = variance;
                    let density = surface.density(k, years).unwrap();
                    assert!(density >= -1e-9, "{number}: density {density} at {k}, {years}");
                    *price = discounted(Payoff::Call, 1.0, libm::exp(k), variance.sqrt());
                }
                // The same from prices: a call is convex in the strike, and falls by at most what the strike rises.
                let strikes: Vec<f64> =
                    (-20..=20_i32).map(|step| libm::exp(f64::from(step) * 0.075)).collect();
                let slopes: Vec<f64> = prices
                    .windows(2)
                    .zip(strikes.windows(2))
                    .map(|(price, strike)| match (price, strike) {
                        ([low, high], [from, to]) => (high - low) / (to - from),
                        _ => f64::NAN,
                    })
                    .collect();
                let convex =
                    slopes.windows(2).all(|pair| pair.is_sorted_by(|a, b| a - 1e-12 <= *b));
                assert!(convex, "{number}: butterfly at {years}: {surface:?}");
                assert!(
                    slopes.iter().all(|slope| (-1.0 - 1e-12..=1e-12).contains(slope)),
                    "{number}"
                );
            }
        }
    }

    #[test]
    fn what_could_have_arbitrage_cannot_be_built() {
        assert!(Smile::new(-0.7, 1.17, 0.5).is_some());
        for (skew, curvature, decay) in [
            (-0.7, 1.18, 0.5),
            (1.0, 0.5, 0.5),
            (0.0, 2.1, 0.5),
            (0.0, 0.0, 0.5),
            (0.0, 1.0, 0.51),
            (0.0, 1.0, 0.0),
            (f64::NAN, 1.0, 0.5),
            (0.0, f64::NAN, 0.5),
            (0.0, 1.0, f64::NAN),
        ] {
            assert_eq!(Smile::new(skew, curvature, decay), None, "{skew} {curvature} {decay}");
        }
        for nodes in [
            &[(0.5, 0.3), (1.0, 0.2)][..],
            &[(1.0, 0.2), (0.5, 0.3)],
            &[(0.0, 0.2)],
            &[(1.0, 0.0)],
            &[(f64::NAN, 0.2)],
            &[(1.0, f64::INFINITY)],
            &[],
        ] {
            assert_eq!(TermStructure::new(nodes), None, "{nodes:?}");
        }
    }

    #[test]
    fn at_the_money_the_volatility_is_that_of_the_term_structure() {
        let smile = Smile::new(-0.6, 1.0, 0.4).unwrap();
        let term = TermStructure::new(&[(0.25, 0.3), (1.0, 0.25), (2.0, 0.25)]).unwrap();
        let mut surface = Surface::new(smile, term);
        for (years, expected) in [(0.1, 0.3), (0.25, 0.3), (1.0, 0.25), (1.5, 0.25), (5.0, 0.25)] {
            let found = surface.volatility(0.0, years).unwrap();
            assert!((found - expected).abs() < 1e-12, "{years}: {found}");
        }
        // Lower strikes cost more.
        assert!(surface.volatility(-0.1, 0.5).unwrap() > surface.volatility(0.1, 0.5).unwrap());
        assert!(surface.set_level(1.5));
        assert!((surface.volatility(0.0, 1.0).unwrap() - 0.375).abs() < 1e-12);
        assert!(!surface.set_level(0.0) && !surface.set_level(f64::NAN));
        assert!((surface.level() - 1.5).abs() < 1e-15);
        for (k, years) in
            [(0.0, 0.0), (0.0, -1.0), (f64::NAN, 1.0), (f64::MAX, 1.0), (0.0, f64::NAN)]
        {
            assert_eq!(surface.volatility(k, years), None, "{k} {years}");
        }
    }
}
