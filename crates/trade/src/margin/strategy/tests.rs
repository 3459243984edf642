//! What strategies require, case by case and for any positions.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use access::id::SymbolId;
use proptest::prelude::*;

use super::{Grouping, Leg, Shares, group, within};
use crate::calendar::Day;
use crate::instrument::Right;
use crate::margin::{For, Strategy as S};

const STOCK: SymbolId = SymbolId(1);

/// Contracts, right, strike and price in cents, days to its end.
type Option = (i64, Right, i128, i128, i32);

const C: Right = Right::Call;
const P: Right = Right::Put;

/// What one requires alone: so many percent of what it is on less what it is out of the money, at least 10 %.
fn alone(right: Right, strike: i128, under: i128, percent: i128) -> i128 {
    let (out, least) = match right {
        Right::Call => (strike - under, under * 10),
        Right::Put => (under - strike, strike * 10),
    };
    (under * percent - out.max(0) * 100).max(least)
}

fn legs(options: &[Option], under: i128, percent: i128) -> Vec<Leg> {
    let leg = |(at, (count, right, strike, price, days)): (usize, &Option)| Leg {
        id: SymbolId(u32::try_from(at + 10).unwrap()),
        count: *count,
        right: *right,
        strike: strike * 100,
        expiry: Day::of(2026, 12, 1).plus(*days),
        class: 0,
        value: price * 100,
        alone: alone(*right, *strike, under, percent),
        ordered: false,
    };
    options.iter().enumerate().map(leg).collect()
}

fn shares(count: i64, under: i128) -> std::option::Option<Shares> {
    (count != 0).then_some(Shares { id: STOCK, count, price: under * 100 })
}

/// What a grouping requires with what is held: the whole price of options.
fn required(legs: &[Leg], grouping: &Grouping) -> i128 {
    let held: i128 =
        legs.iter().filter(|leg| leg.count > 0).map(|leg| leg.value * i128::from(leg.count)).sum();
    held + grouping.sold.iter().sum::<i128>() - grouping.saved
}

fn names(grouping: &Grouping) -> Vec<&'static str> {
    grouping.groups.iter().map(|group| group.strategy.name()).collect()
}

/// A case: what it is and who says so, what it is on in cents and so many percent, the options, contracts' worth of shares,
/// what is required beside what the shares do, in cents, and what it is called.
type Case = (&'static str, (i128, i128), &'static [Option], i64, i128, &'static [&'static str]);

/// [A] Cboe, margin requirement examples for sample options-based positions (strategy-based, equity): per contract here.
/// [B] tastytrade, margin requirements for a short straddle or strangle, less the premiums that are received.
/// [C] margin-estimator 0.4.1 on the Python package index, its tests; of naked options less the premium that is received.
/// [D] by the rule of the spread: no example was read.
const CASES: &[Case] = &[
    ("[A] short call", (9_773, 20), &[(-1, C, 10_000, 168, 9)], 0, 172_760, &[]),
    ("[A] short put", (9_773, 20), &[(-1, P, 10_000, 318, 9)], 0, 195_460, &[]),
    ("[A] covered call", (9_773, 20), &[(-1, C, 10_000, 168, 9)], 1, -16_800, &["covered call"]),
    ("[A] protective put", (9_773, 20), &[(1, P, 9_500, 102, 9)], 1, 10_200, &[]),
    (
        "[A] collar",
        (9_773, 20),
        &[(1, P, 9_500, 102, 9), (-1, C, 10_500, 40, 9)],
        1,
        6_200,
        &["covered call"],
    ),
    (
        "[A] synthetic long",
        (9_773, 20),
        &[(1, C, 10_000, 168, 9), (-1, P, 10_000, 318, 9)],
        0,
        212_260,
        &[],
    ),
    (
        "[A] risk reversal",
        (9_773, 20),
        &[(1, P, 9_500, 102, 9), (-1, C, 10_500, 40, 9)],
        0,
        132_960,
        &[],
    ),
    (
        "[A] long vertical call spread",
        (9_773, 20),
        &[(1, C, 9_500, 453, 9), (-1, C, 10_500, 40, 9)],
        0,
        41_300,
        &["vertical"],
    ),
    (
        "[B] short strangle",
        (4_500, 20),
        &[(-1, C, 4_700, 210, 9), (-1, P, 4_300, 120, 9)],
        0,
        103_000 - 33_000,
        &["strangle"],
    ),
    (
        "[C] put debit spread",
        (25_500, 20),
        &[(1, P, 25_000, 300, 0), (-1, P, 24_000, 95, 0)],
        0,
        20_500,
        &["vertical"],
    ),
    (
        "[C] put credit spread",
        (43_335, 15),
        &[(1, P, 42_500, 640, 0), (-1, P, 43_000, 780, 0)],
        0,
        36_000,
        &["vertical"],
    ),
    (
        "[C] call credit spread in the money",
        (12_850, 20),
        &[(1, C, 12_500, 380, 0), (-1, C, 12_000, 840, 0)],
        0,
        4_000,
        &["vertical"],
    ),
    (
        "[C] calendar, the long one ends first: each alone",
        (7_500, 20),
        &[(1, C, 7_000, 500, 0), (-1, C, 7_000, 800, 30)],
        0,
        280_000 - 80_000,
        &[],
    ),
    (
        "[C] calendar",
        (7_500, 20),
        &[(1, C, 7_000, 600, 1), (-1, C, 7_000, 500, 0)],
        0,
        10_000,
        &["calendar"],
    ),
    (
        "[C] diagonal",
        (5_000, 20),
        &[(1, C, 5_500, 200, 1), (-1, C, 5_200, 400, 0)],
        0,
        10_000,
        &["diagonal"],
    ),
    (
        "[C] long put butterfly",
        (55_000, 20),
        &[(1, P, 54_000, 560, 0), (-2, P, 55_000, 720, 0), (1, P, 55_500, 980, 0)],
        0,
        60_000,
        &["butterfly"],
    ),
    (
        "[C] long call butterfly",
        (55_000, 20),
        &[(1, C, 54_500, 1_240, 0), (-2, C, 55_000, 880, 0), (1, C, 56_500, 200, 0)],
        0,
        68_000,
        &["butterfly"],
    ),
    (
        "[C] long put condor",
        (116_000, 20),
        &[
            (1, P, 105_000, 4_710, 0),
            (-1, P, 107_500, 5_570, 0),
            (-1, P, 110_000, 6_630, 0),
            (1, P, 112_500, 8_540, 0),
        ],
        0,
        105_000,
        &["condor"],
    ),
    (
        "[C] iron butterfly",
        (2_675, 20),
        &[
            (1, P, 1_600, 10, 0),
            (-1, P, 2_000, 20, 0),
            (-1, C, 2_000, 700, 0),
            (1, C, 2_400, 400, 0),
        ],
        0,
        9_000,
        &["iron butterfly"],
    ),
    (
        "[C] iron condor",
        (106_000, 20),
        &[
            (1, P, 100_000, 3_200, 0),
            (-1, P, 102_500, 3_510, 0),
            (-1, C, 115_000, 940, 0),
            (1, C, 117_500, 630, 0),
        ],
        0,
        188_000,
        &["iron condor"],
    ),
    (
        "[C] ratio spread: a spread and one that is naked",
        (10_000, 20),
        &[(1, C, 11_000, 500, 0), (-2, C, 10_500, 1_000, 0)],
        0,
        150_000,
        &["vertical"],
    ),
    (
        "[D] short box",
        (10_000, 20),
        &[
            (-1, C, 9_500, 700, 0),
            (1, C, 10_500, 150, 0),
            (-1, P, 10_500, 600, 0),
            (1, P, 9_500, 90, 0),
        ],
        0,
        100_000 + 15_000 + 9_000 - 70_000 - 60_000,
        &["box"],
    ),
    (
        "[D] long box: it is paid for",
        (10_000, 20),
        &[
            (1, C, 9_500, 700, 0),
            (-1, C, 10_500, 150, 0),
            (1, P, 10_500, 600, 0),
            (-1, P, 9_500, 90, 0),
        ],
        0,
        70_000 + 60_000 - 15_000 - 9_000,
        &["vertical", "vertical"],
    ),
    (
        "[D] covered call in the money: what it is in the money is not lent",
        (15_000, 20),
        &[(-1, C, 10_000, 5_100, 9)],
        1,
        -10_000,
        &["covered call"],
    ),
    ("[D] covered put", (9_000, 20), &[(-1, P, 9_500, 620, 9)], -1, -12_000, &["covered put"]),
    (
        "[D] sold straddle",
        (10_000, 20),
        &[(-2, C, 10_000, 300, 9), (-2, P, 10_000, 290, 9)],
        0,
        400_000,
        &["straddle"],
    ),
];

#[test]
fn strategies_require_what_their_rule_says() {
    for (what, (under, percent), options, count, expected, called) in CASES {
        let legs = legs(options, *under, *percent);
        let grouping = group(&legs, shares(*count, *under), For::Initial);
        assert_eq!(required(&legs, &grouping), *expected, "{what}: {grouping:?}");
        assert_eq!(names(&grouping), *called, "{what}");
    }
}

/// What it is, what it is on, the options, contracts' worth of shares, what they require, what it is called.
type Held = (&'static str, i128, &'static [Option], i64, i128, &'static [&'static str]);

/// What is saved of the 25 % that the shares require to hold.
#[test]
fn shares_beside_options_require_less_to_hold() {
    let cases: [Held; 6] = [
        (
            "put 3.00 out of the money",
            10_000,
            &[(1, P, 9_700, 90, 9)],
            1,
            97_000 + 30_000,
            &["protective put"],
        ),
        ("put far out of the money: nothing", 10_000, &[(1, P, 6_000, 5, 9)], 1, 250_000, &[]),
        (
            "call of sold shares",
            10_000,
            &[(1, C, 10_200, 90, 9)],
            -1,
            102_000 + 20_000,
            &["protective call"],
        ),
        (
            "collar",
            10_000,
            &[(1, P, 9_700, 90, 9), (-1, C, 10_500, 70, 9)],
            1,
            97_000 + 30_000,
            &["collar"],
        ),
        (
            "conversion in the money: what the call is in it, too",
            10_000,
            &[(1, P, 9_500, 90, 9), (-1, C, 9_500, 600, 9)],
            1,
            95_000,
            &["conversion"],
        ),
        (
            "half of the shares",
            10_000,
            &[(1, P, 9_700, 90, 9)],
            2,
            250_000 + 127_000,
            &["protective put"],
        ),
    ];
    for (what, under, options, count, expected, called) in cases {
        let legs = legs(options, under, 20);
        let grouping = group(&legs, shares(count, under), For::Maintenance);
        let alone = under * 25 * i128::from(count.abs());
        assert_eq!(alone - grouping.saved, expected, "{what}: {grouping:?}");
        assert_eq!(names(&grouping), called, "{what}");
    }
}

#[test]
fn what_an_order_would_sell_makes_nothing_smaller() {
    let mut legs = legs(&[(1, C, 9_500, 700, 9), (-1, C, 10_500, 150, 9)], 10_000, 20);
    legs[1].ordered = true;
    let grouping = group(&legs, None, For::Initial);
    assert_eq!(grouping.sold, [0, 0], "the credit of a debit spread is not there yet");
    legs[1].ordered = false;
    assert_eq!(group(&legs, None, For::Initial).sold, [0, -15_000]);
}

#[test]
fn other_ways_to_pair_are_found_where_there_are_few() {
    // The call that requires most would take the cover that is best for both.
    let legs = legs(
        &[
            (-1, C, 10_000, 500, 5),
            (-1, C, 10_100, 450, 20),
            (1, C, 9_900, 560, 30),
            (1, C, 10_000, 480, 8),
        ],
        10_000,
        20,
    );
    let grouping = group(&legs, None, For::Initial);
    assert_eq!(grouping.sold.iter().sum::<i128>(), -95_000, "{grouping:?}");
}

fn any_option() -> impl Strategy<Value = Option> {
    let right = prop_oneof![Just(C), Just(P)];
    (-4_i64..5, right, 80_i128..121, 1_i128..2_000, 0_i32..3)
        .prop_map(|(count, right, strike, time, week)| (count, right, strike * 100, time, week * 7))
}

/// No more is required than of each alone, and no less than its spreads lose at worst when they end.
fn is_sound(options: &[Option], count: i64, what: For) -> Result<(), TestCaseError> {
    let under = 10_000;
    let legs = legs(options, under, 20);
    let grouping = group(&legs, shares(count, under), what);
    let alone: i128 =
        legs.iter().filter(|leg| leg.count < 0).map(|leg| -leg.alone * i128::from(leg.count)).sum();
    let sold: i128 = grouping.sold.iter().sum();
    prop_assert!(sold - grouping.saved <= alone, "{grouping:?}");
    prop_assert!(grouping.saved >= 0 && grouping.saved <= under * 25 * i128::from(count.abs()));
    let mut left: Vec<(SymbolId, i64)> = legs.iter().map(|leg| (leg.id, leg.count)).collect();
    left.push((STOCK, count));
    for group in &grouping.groups {
        for (id, used) in &group.parts {
            let slot = left.iter_mut().find(|one| one.0 == *id).unwrap();
            prop_assert!(
                used.signum() == slot.1.signum() && used.abs() <= slot.1.abs(),
                "{grouping:?}"
            );
            slot.1 -= used;
        }
        let beside = [
            S::CoveredCall,
            S::CoveredPut,
            S::Straddle,
            S::Strangle,
            S::ProtectivePut,
            S::ProtectiveCall,
            S::Collar,
            S::Conversion,
        ];
        if beside.contains(&group.strategy) {
            continue;
        }
        let of = |id: SymbolId| legs.iter().find(|leg| leg.id == id).unwrap();
        let held: i128 = group
            .parts
            .iter()
            .filter(|part| part.1 > 0)
            .map(|(id, count)| of(*id).value * i128::from(*count))
            .sum();
        let worth: i128 =
            group.parts.iter().map(|(id, count)| of(*id).value * i128::from(*count)).sum();
        for price in (0..20_000).step_by(50) {
            let pays = |leg: &Leg| within(leg, price * 100);
            let end: i128 =
                group.parts.iter().map(|(id, count)| pays(of(*id)) * i128::from(*count)).sum();
            prop_assert!(held + group.sold >= worth - end, "{group:?} at {price}");
        }
    }
    // What is in no group stands alone.
    let rest: i128 = left
        .iter()
        .filter(|one| one.1 < 0 && one.0 != STOCK)
        .map(|(id, count)| {
            -legs.iter().find(|leg| leg.id == *id).unwrap().alone * i128::from(*count)
        })
        .sum();
    let grouped: i128 = grouping.groups.iter().map(|group| group.sold).sum();
    prop_assert_eq!(rest + grouped, sold, "{:?}", grouping);
    Ok(())
}

proptest! {
    #[test]
    fn groups_are_sound(
        options in prop::collection::vec(any_option(), 0..9),
        count in -4_i64..5,
        holds in any::<bool>(),
    ) {
        is_sound(&options, count, if holds { For::Maintenance } else { For::Initial })?;
    }

    #[test]
    fn order_of_positions_does_not_matter(
        options in prop::collection::vec(any_option(), 2..9),
        count in -4_i64..5,
        turn in 0_usize..9,
    ) {
        let mut all = legs(&options, 10_000, 20);
        let first = group(&all, shares(count, 10_000), For::Maintenance);
        let by_id = |all: &[Leg], grouping: &Grouping| {
            let mut by: Vec<_> = all.iter().map(|leg| leg.id).zip(grouping.sold.clone()).collect();
            by.sort_unstable();
            by
        };
        let before = by_id(&all, &first);
        let turn = turn % all.len();
        all.rotate_left(turn);
        all.swap(0, 1);
        let second = group(&all, shares(count, 10_000), For::Maintenance);
        prop_assert_eq!(before, by_id(&all, &second));
        prop_assert_eq!(first.groups, second.groups);
    }
}
