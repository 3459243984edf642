//! Zones against frozen samples of Python's zoneinfo (tzdata 2026.6): every change of clocks in 2015 to 2035.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::*;

/// A change of clocks: its instant, the offsets before and after, and, in seconds from the instant, 00:00, 01:30,
/// 02:30 and 12:00 by the clock of that date.
const CHANGES: &str = include_str!("changes.csv");

#[test]
fn clocks_change_when_the_database_says() {
    let mut seen = 0;
    for line in CHANGES.lines().skip(1) {
        let (name, numbers) = line.split_once(',').unwrap();
        let zone = Zone::named(name).unwrap();
        let numbers: Vec<i64> = numbers.split(',').map(|number| number.parse().unwrap()).collect();
        let (instant, before, after) = (numbers[0], numbers[1], numbers[2]);
        assert_eq!(zone.offset(instant - 1), before, "{line}");
        assert_eq!(zone.offset(instant), after, "{line}");
        let (day, _) = zone.civil(instant);
        for (of_day, expected) in [0, 5_400, 9_000, 43_200].into_iter().zip(&numbers[3..]) {
            assert_eq!(zone.second(day, of_day) - instant, *expected, "{line} {of_day}");
        }
        seen += 1;
    }
    assert_eq!(seen, 4 * 2 * 21);
}

#[test]
fn clock_on_the_wall_and_second_are_inverse() {
    for zone in Zone::ALL {
        for hour in 0..24 * 366 * 3 {
            let second = 1_735_689_600 + hour * HOUR;
            let (day, of_day) = zone.civil(second);
            let back = zone.second(day, of_day);
            // The hour that comes twice is its first.
            let repeated = back == second - HOUR && zone.offset(back) != zone.offset(second);
            assert!(back == second || repeated, "{zone:?} {second}");
        }
        assert_eq!(Zone::named(zone.name()), Some(zone));
    }
    assert_eq!(Zone::named("Mars/Olympus"), None);
    assert_eq!(Zone::Tokyo.civil(0), (Day(0), 9 * HOUR));
}

#[test]
fn new_york_is_where_the_trading_day_rolls() {
    for day in (Day::of(2015, 1, 1).0..Day::of(2036, 1, 1).0).map(Day) {
        for (hour, minute) in [(9, 30), (16, 0), (17, 0)] {
            let of_day = hour * HOUR + minute * 60;
            assert_eq!(Zone::NewYork.second(day, of_day), day.at(hour, minute), "{day}");
        }
    }
}

#[test]
fn ends_of_the_range_do_not_overflow() {
    for zone in Zone::ALL {
        for second in [i64::MIN, i64::MIN + 1, -1, i64::MAX - 1, i64::MAX] {
            let (day, of_day) = zone.civil(second);
            assert!((0..DAY).contains(&of_day), "{zone:?} {second} {day}");
        }
        zone.second(Day(i32::MAX / 2), i64::MAX);
        zone.second(Day(-1_000_000_000), i64::MIN);
    }
}
