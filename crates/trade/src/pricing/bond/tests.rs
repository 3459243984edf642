//! Bonds: dates, both conventions of the last period, ex-coupon, and back from price to yield.
#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;

const TREASURY: Convention = Convention {
    per_year: 2,
    day_count: DayCount::ActualActualIcma,
    end_of_month: true,
    last_period: LastPeriod::Simple,
    ex_coupon_days: 0,
};

fn day(year: i32, month: i32, day: i32) -> Day {
    Day::of(year, month, day)
}

fn near(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() < 1e-9, "{what}: {found} is not {expected}");
}

#[test]
fn a_bond_of_a_last_day_pays_on_last_days() {
    let (issue, maturity) = (day(2026, 8, 31), day(2028, 2, 29));
    let dates = |end_of_month| {
        let convention = Convention { end_of_month, ..TREASURY };
        let bond = Bond::new(convention, issue, maturity, 0.04).unwrap();
        bond.coupon_dates().map(|day| day.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(dates(true), ["2027-02-28", "2027-08-31", "2028-02-29"]);
    assert_eq!(dates(false), ["2027-02-28", "2027-08-29", "2028-02-29"]);
    // No month's last day, so the rule does nothing.
    let bond = Bond::new(TREASURY, day(2027, 1, 1), day(2028, 3, 30), 0.04).unwrap();
    let found: Vec<String> = bond.coupon_dates().map(|day| day.to_string()).collect();
    assert_eq!(found, ["2027-03-30", "2027-09-30", "2028-03-30"]);
}

#[test]
fn what_it_pays_adds_up() {
    let bond = Bond::new(TREASURY, day(2027, 1, 10), day(2028, 5, 15), 0.06).unwrap();
    // The first period is from 15 November, of which 125 of 181 days are after the issue.
    near(bond.pays(day(2027, 5, 15)), 3.0 * 125.0 / 181.0, "short first coupon");
    near(bond.pays(day(2027, 11, 15)), 3.0, "coupon");
    near(bond.pays(day(2028, 5, 15)), 103.0, "maturity");
    near(bond.pays(day(2027, 11, 16)), 0.0, "another day");
    near(bond.pays(day(2026, 11, 15)), 0.0, "before the issue");
    near(bond.accrued(day(2027, 1, 10)).unwrap(), 0.0, "accrued at the issue");
    near(bond.accrued(day(2027, 5, 14)).unwrap(), 3.0 * 124.0 / 181.0, "accrued a day before");
    near(bond.accrued(day(2027, 5, 15)).unwrap(), 0.0, "accrued at the coupon");
    assert_eq!(bond.accrued(day(2027, 1, 9)), None);
    assert_eq!(bond.accrued(day(2028, 5, 15)), None);
}

#[test]
fn at_par_the_yield_is_the_coupon() {
    for per_year in [1, 2, 4, 12] {
        let convention = Convention { per_year, ..TREASURY };
        let bond = Bond::new(convention, day(2026, 5, 15), day(2036, 5, 15), 0.05).unwrap();
        near(bond.clean_price(day(2027, 5, 15), 0.05).unwrap(), 100.0, "price");
        near(bond.yield_of(day(2027, 5, 15), 100.0).unwrap(), 0.05, "yield");
    }
}

/// The figures of a treasury in its last period, by both conventions, as `QuantLib` 1.44 gives them with
/// `SimpleThenCompounded` and `Compounded`.
#[test]
fn the_last_period_is_simple_or_compound() {
    let found = |last_period| {
        let convention = Convention { last_period, ..TREASURY };
        let bond = Bond::new(convention, day(2017, 8, 15), day(2027, 8, 15), 0.0225).unwrap();
        near(bond.accrued(day(2027, 3, 3)).unwrap(), 0.099_447_513_812_145_34, "accrued");
        bond.yield_of(day(2027, 3, 3), 98.75).unwrap()
    };
    near(found(LastPeriod::Simple), 0.050_505_332_786_272_58, "simple");
    near(found(LastPeriod::Compound), 0.050_561_317_412_082_32, "compound");
}

/// The buyer pays less by the coupon that stays with the seller, and does not get it.
#[test]
fn an_ex_coupon_price_is_without_the_coupon() {
    let cum = Convention { end_of_month: false, last_period: LastPeriod::Compound, ..TREASURY };
    let ex = Convention { ex_coupon_days: 7, ..cum };
    let of = |convention| Bond::new(convention, day(2020, 6, 7), day(2030, 6, 7), 0.04).unwrap();
    let (before, within) = (day(2026, 11, 29), day(2026, 11, 30));
    assert_eq!(of(cum).accrued(before), of(ex).accrued(before));
    near(of(ex).accrued(within).unwrap(), 2.0 * (176.0 / 183.0 - 1.0), "accrued");
    let discounted = 2.0 * libm::pow(1.025, -7.0 / 183.0);
    let (with, without) = (of(cum).dirty_price(within, 0.05), of(ex).dirty_price(within, 0.05));
    near(with.unwrap() - without.unwrap(), discounted, "price");
}

#[test]
fn duration_is_the_slope_of_the_price() {
    for (settlement, what) in [(day(2027, 3, 3), "long"), (day(2035, 12, 24), "last period")] {
        for last_period in [LastPeriod::Simple, LastPeriod::Compound] {
            let convention = Convention { last_period, ..TREASURY };
            let bond = Bond::new(convention, day(2026, 5, 15), day(2036, 5, 15), 0.05).unwrap();
            let at = |yield_rate| bond.dirty_price(settlement, yield_rate).unwrap();
            let slope = (at(0.06 + 1e-6) - at(0.06 - 1e-6)) / 2e-6;
            let duration = bond.duration(settlement, 0.06).unwrap();
            assert!((duration.modified + slope / at(0.06)).abs() < 1e-7, "{what} {duration:?}");
        }
    }
}

#[test]
fn bonds_without_sense_cannot_be_built() {
    let (issue, maturity) = (day(2026, 1, 1), day(2030, 1, 1));
    for convention in [
        Convention { per_year: 0, ..TREASURY },
        Convention { per_year: 3, ..TREASURY },
        Convention { day_count: DayCount::Actual360, ..TREASURY },
    ] {
        assert_eq!(Bond::new(convention, issue, maturity, 0.04), None);
    }
    for (issue, maturity, rate) in [
        (maturity, issue, 0.04),
        (issue, issue, 0.04),
        (issue, maturity, -0.01),
        (issue, maturity, f64::NAN),
        (Day(i32::MIN), maturity, 0.04),
        (issue, Day(i32::MAX), 0.04),
        (day(1926, 1, 1), maturity, 0.04),
    ] {
        assert_eq!(Bond::new(TREASURY, issue, maturity, rate), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn yield_of_a_price_is_the_one_that_made_it(
        rate in 0.0..0.15, yield_rate in -0.03..0.25, life in 1..11_000, held in 0..11_000,
        per_year in prop::sample::select(vec![1_u8, 2, 4, 12]), simple: bool, count in 0..4_usize,
    ) {
        use DayCount::{ActualActualIcma, Thirty360BondBasis, Thirty360Usa, ThirtyE360};
        let counts = [ActualActualIcma, Thirty360BondBasis, Thirty360Usa, ThirtyE360];
        let day_count = *counts.get(count).unwrap();
        let last_period = if simple { LastPeriod::Simple } else { LastPeriod::Compound };
        let convention = Convention { per_year, day_count, last_period, ..TREASURY };
        let issue = day(2020, 2, 29);
        let bond = Bond::new(convention, issue, issue.plus(life), rate).unwrap();
        let settlement = issue.plus(held % life);
        // On the last days of a February the 30/360 may have no day left, and no yield changes the price.
        if let (Some(price), Some(duration)) = (
            bond.clean_price(settlement, yield_rate),
            bond.duration(settlement, yield_rate).filter(|duration| duration.modified > 1e-6),
        ) {
            let found = bond.yield_of(settlement, price).unwrap();
            let slope = duration.modified;
            prop_assert!((found - yield_rate).abs() < 1e-12 + 1e-13 / slope.abs(), "{}", found);
        }
    }

    #[test]
    fn any_input_gives_numbers_or_none(number: f64, held: i32, issue: i32, maturity: i32) {
        let bond = Bond::new(TREASURY, Day(issue % 800_000), Day(maturity % 800_000), 0.05);
        if let Some(bond) = bond {
            let settlement = Day(held % 800_000);
            let finite = |found: Option<f64>| found.is_none_or(f64::is_finite);
            prop_assert!(finite(bond.accrued(settlement)));
            prop_assert!(finite(bond.clean_price(settlement, number)));
            prop_assert!(finite(bond.yield_of(settlement, number)));
            prop_assert!(bond.pays(settlement).is_finite());
        }
    }
}
