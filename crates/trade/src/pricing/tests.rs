//! All that this module computes, bit by bit.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::american;
use super::bond::{Bond, Convention, LastPeriod};
use super::curve::YieldCurve;
use super::day_count::DayCount;
use super::european::{self, OnForward, Payoff, Valuation, Vanilla};
use super::surface::{Smile, Surface, TermStructure};
use super::{implied, normal};
use crate::calendar::Day;
use crate::random;

/// Between two numbers.
fn draw(state: &mut u64, low: f64, high: f64) -> f64 {
    let word = random::next(state) >> 32;
    low + (high - low) * f64::from(u32::try_from(word).unwrap()) / f64::from(u32::MAX)
}

fn option(state: &mut u64) -> Vanilla {
    Vanilla {
        payoff: if random::next(state).is_multiple_of(2) { Payoff::Call } else { Payoff::Put },
        spot: draw(state, 20.0, 400.0),
        strike: draw(state, 20.0, 400.0),
        rate: draw(state, 0.0, 0.12),
        dividend_yield: draw(state, 0.0, 0.12),
        volatility: draw(state, 0.05, 1.5),
        years: draw(state, 0.003, 3.0),
    }
}

fn numbers(valuation: Valuation) -> [f64; 6] {
    let Valuation { price, delta, gamma, vega_per_point, theta_per_day, rho_per_point } = valuation;
    [price, delta, gamma, vega_per_point, theta_per_day, rho_per_point]
}

/// Everything that this module computes, of one draw.
fn results(state: &mut u64) -> Vec<f64> {
    let option = option(state);
    let forward = OnForward {
        payoff: option.payoff,
        forward: option.spot,
        strike: option.strike,
        rate: option.rate,
        volatility: option.volatility,
        years: option.years,
    };
    let on_oil = OnForward { forward: option.spot - 60.0, volatility: 25.0, ..forward };
    let valuation = european::value(&option).unwrap();
    let mut found = Vec::new();
    found.extend(numbers(valuation));
    found.extend(numbers(european::black(&forward).unwrap()));
    found.extend(numbers(european::bachelier(&on_oil).unwrap()));
    found.extend(numbers(american::value(&option).unwrap()));
    found.extend(implied::european(&option, valuation.price));
    found.extend(implied::american(&option, valuation.price * 1.01));
    found.extend(normal::inverse(draw(state, 0.0, 1.0)));
    let smile = Smile::new(draw(state, -0.9, 0.9), draw(state, 0.1, 1.0), draw(state, 0.1, 0.5));
    let term = TermStructure::new(&[(0.1, 0.3), (1.0, 0.25), (3.0, draw(state, 0.25, 0.4))]);
    let surface = Surface::new(smile.unwrap(), term.unwrap());
    found.extend(surface.volatility(draw(state, -1.0, 1.0), option.years));
    let curve = YieldCurve::new(&[(0.5, option.rate), (5.0, option.rate + 0.01)]).unwrap();
    found.extend(curve.discount(option.years));
    let convention = Convention {
        per_year: 2,
        day_count: DayCount::ActualActualIcma,
        end_of_month: true,
        last_period: LastPeriod::Simple,
        ex_coupon_days: 0,
    };
    let (issue, maturity) = (Day::of(2020, 2, 29), Day::of(2032, 8, 31));
    let bond = Bond::new(convention, issue, maturity, option.rate).unwrap();
    let settlement = issue.plus(i32::try_from(random::next(state) % 4_000).unwrap());
    let price = draw(state, 60.0, 140.0);
    found
        .extend([bond.accrued(settlement), bond.yield_of(settlement, price)].into_iter().flatten());
    found
}

/// A journal that is replayed on another machine, or by a later build, must see the same prices. These bits were computed on
/// x86-64; whoever changes them on purpose says in the changelog what becomes of prices.
#[test]
fn every_machine_computes_the_same_bits() {
    let mut state = 61;
    let mut hash = Sha256::new();
    let mut count = 0;
    for _ in 0..1_000 {
        for number in results(&mut state) {
            assert!(number.is_finite());
            hash.update(number.to_bits().to_be_bytes());
            count += 1;
        }
    }
    let found = hash.finalize().iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    });
    assert_eq!(
        (count, found.as_str()),
        (30_773, "5224beea44d8149378c1ddd993f766eea1983d6938dd90186449f39c1358e87d")
    );
}
