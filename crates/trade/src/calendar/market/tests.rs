//! The bundled calendars, their rule beyond the table, and files that are wrong.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::calendar::{Hours, TradingSession};

fn named(name: &str) -> &'static MarketCalendar {
    MarketCalendar::named(name).unwrap()
}

fn days(from: i32, to: i32) -> impl Iterator<Item = Day> {
    (Day::of(from, 1, 1).0..Day::of(to + 1, 1, 1).0).map(Day)
}

/// A second by a calendar's clock.
fn at(calendar: &MarketCalendar, day: Day, hour: i64, minute: i64) -> i64 {
    calendar.zone().second(day, hour * 3_600 + minute * 60)
}

#[test]
fn every_calendar_is_found_by_its_name_and_its_exchanges() {
    let all = MarketCalendar::bundled().unwrap();
    let names: Vec<&str> = all.iter().map(MarketCalendar::name).collect();
    let expected = [
        "XNYS",
        "CBOE",
        "CBOE_INDEX",
        "FUND",
        "BOND",
        "FEDWIRE",
        "CME_EQUITY",
        "CME_ENERGY",
        "CME_RATES",
        "FX",
        "FORECAST",
        "XLON",
        "XETR",
        "XTKS",
    ];
    assert_eq!(names, expected);
    for (exchange, name) in [
        ("NYSE", "XNYS"),
        ("NASDAQ", "XNYS"),
        ("ARCA", "XNYS"),
        ("IBIS", "XETR"),
        ("LSE", "XLON"),
        ("TSEJ", "XTKS"),
        ("CME", "CME_EQUITY"),
        ("NYMEX", "CME_ENERGY"),
        ("COMEX", "CME_ENERGY"),
        ("CBOT", "CME_RATES"),
        ("IDEALPRO", "FX"),
        ("FORECASTX", "FORECAST"),
    ] {
        assert_eq!(named(exchange).name(), name);
    }
    assert!(MarketCalendar::named("").is_none() && MarketCalendar::named("xnys").is_none());
}

/// Days that a law or an exchange set once: no rule knows them.
const ONCE: [(&str, i32, i32, i32); 24] = [
    ("XNYS", 2025, 1, 9),
    ("CBOE", 2025, 1, 9),
    ("CBOE_INDEX", 2025, 1, 9),
    ("FUND", 2025, 1, 9),
    ("CME_EQUITY", 2025, 1, 9),
    ("CME_RATES", 2025, 1, 9),
    ("XLON", 2022, 5, 30),
    ("XLON", 2022, 6, 2),
    ("XLON", 2022, 6, 3),
    ("XLON", 2022, 9, 19),
    ("XLON", 2023, 5, 8),
    ("XETR", 2021, 5, 24),
    ("XTKS", 2021, 7, 19),
    ("XTKS", 2021, 7, 22),
    ("XTKS", 2021, 7, 23),
    ("XTKS", 2021, 8, 9),
    ("XTKS", 2021, 8, 11),
    ("XTKS", 2021, 10, 11),
    // Until 2021 energy and metals stopped at 12:00 on holidays.
    ("CME_ENERGY", 2021, 1, 18),
    ("CME_ENERGY", 2021, 2, 15),
    ("CME_ENERGY", 2021, 5, 31),
    ("CME_ENERGY", 2021, 7, 5),
    ("CME_ENERGY", 2021, 9, 6),
    ("CME_ENERGY", 2021, 11, 25),
];

#[test]
fn rule_beyond_the_table_is_the_one_that_the_table_follows() {
    let mut found = Vec::new();
    for calendar in MarketCalendar::bundled().unwrap() {
        // The same calendar with an empty table.
        let by_rule = MarketCalendar {
            name: calendar.name.clone(),
            aliases: Vec::new(),
            title: String::new(),
            zone: calendar.zone,
            week: calendar.week,
            hours: calendar.hours.clone(),
            changes: BTreeMap::new(),
            years: (1, 0),
            rule: calendar.rule,
            payments: None,
        };
        for day in days(2021, 2030).filter(|day| calendar.hours(*day) != by_rule.hours(*day)) {
            found.push(format!("{} {day}", calendar.name()));
        }
    }
    let mut expected: Vec<String> = ONCE
        .iter()
        .map(|(name, year, month, day)| format!("{name} {}", Day::of(*year, *month, *day)))
        .collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}

#[test]
fn stamp_at_the_close_is_outside() {
    let new_york = named("XNYS");
    let day = Day::of(2026, 11, 30);
    let session = new_york.session(day).unwrap();
    let close = at(new_york, day, 16, 0);
    assert_eq!(
        (session.liquid.start(), session.liquid.end()),
        (Some(at(new_york, day, 9, 30)), Some(close))
    );
    assert!(new_york.is_liquid(close - 1) && !new_york.is_liquid(close));
    assert!(
        new_york.is_liquid(at(new_york, day, 9, 30))
            && !new_york.is_liquid(at(new_york, day, 9, 30) - 1)
    );
    assert!(new_york.is_open(close), "trading goes on until 20:00");
    assert!(
        new_york.is_open(at(new_york, day, 4, 0)) && !new_york.is_open(at(new_york, day, 20, 0))
    );
    let london = named("XLON");
    assert!(
        !london.is_open(at(london, day, 16, 30)) && london.is_open(at(london, day, 16, 30) - 1)
    );
    let tokyo = named("XTKS");
    assert!(!tokyo.is_open(at(tokyo, day, 11, 30)), "lunch");
    assert!(tokyo.is_open(at(tokyo, day, 12, 30)) && !tokyo.is_open(at(tokyo, day, 15, 30)));
    let before = Day::of(2024, 11, 1);
    assert!(!tokyo.is_open(at(tokyo, before, 15, 0)), "30 minutes more since 2024-11-05");
}

#[test]
fn options_on_shares_never_trade_when_their_shares_are_done() {
    let (shares, options) = (named("XNYS"), named("CBOE"));
    for day in days(2021, 2035) {
        let (shares, options) = (shares.session(day), options.session(day));
        assert_eq!(shares.is_some(), options.is_some(), "{day}");
        assert_eq!(shares.map(|one| one.liquid), options.map(|one| one.trading), "{day}");
    }
    for (year, month, day) in [(2026, 12, 24), (2028, 7, 3)] {
        let day = Day::of(year, month, day);
        assert_eq!(options.session(day).unwrap().trading.end(), Some(at(shares, day, 13, 0)));
    }
}

#[test]
fn futures_rest_for_an_hour_and_keep_holidays_of_their_own() {
    let futures = named("CME_EQUITY");
    let tuesday = Day::of(2026, 11, 24);
    assert!(!futures.is_open(at(futures, tuesday, 16, 30)));
    assert!(futures.is_open(at(futures, tuesday, 17, 0)), "of Wednesday's session");
    assert_eq!(futures.session_at(at(futures, tuesday, 17, 0)).unwrap().day, tuesday.plus(1));
    let end = |name: &str, year, month, day| {
        let (calendar, day) = (named(name), Day::of(year, month, day));
        calendar.session(day).map(|one| (one.trading.end().unwrap() - at(calendar, day, 0, 0)) / 60)
    };
    let noon = Some(12 * 60);
    assert_eq!(end("CME_EQUITY", 2027, 3, 26), None, "Good Friday without the report");
    assert_eq!(end("CME_EQUITY", 2026, 4, 3), Some(8 * 60 + 15), "Good Friday with the report");
    assert_eq!(end("CME_RATES", 2026, 4, 3), Some(10 * 60 + 15));
    assert_eq!(end("CME_ENERGY", 2026, 4, 3), None);
    assert_eq!(end("CME_EQUITY", 2027, 6, 18), noon, "Juneteenth");
    assert_eq!(end("CME_ENERGY", 2027, 6, 18), Some(13 * 60 + 30));
    assert_eq!(end("CME_EQUITY", 2026, 12, 25), None);
    let early = futures.session(Day::of(2026, 4, 3)).unwrap();
    assert!(early.liquid.is_empty(), "it ends before the liquid hours");
}

#[test]
fn no_calendar_ends() {
    let new_york = named("XNYS");
    assert!(new_york.session(Day::of(2028, 12, 29)).is_some(), "a GTD of 2028-12-29");
    assert!(new_york.session(Day::of(2029, 1, 19)).is_some(), "LEAPS");
    assert!(new_york.session(Day::of(2031, 7, 4)).is_none());
    assert_eq!(new_york.next_session(Day::of(2030, 12, 31)).unwrap().day, Day::of(2031, 1, 2));
    assert_eq!(new_york.previous_session(Day::of(2021, 1, 4)).unwrap().day, Day::of(2020, 12, 31));
    for calendar in MarketCalendar::bundled().unwrap().iter().filter(|one| one.name() != "FEDWIRE")
    {
        for year in (1990..2021).chain(2031..2100) {
            let count = days(year, year).filter(|day| calendar.session(*day).is_some()).count();
            assert!((240..=262).contains(&count), "{} {year}: {count}", calendar.name());
        }
    }
    for day in [Day(i32::MAX / 2), Day(i32::MIN / 2)] {
        assert!(new_york.next_session(day).is_some());
    }
    assert!(!new_york.is_open(i64::MAX) && named("FX").session_at(i64::MIN).is_none_or(|_| true));
}

#[test]
fn sessions_lie_within_the_accounts_day_of_their_date() {
    for calendar in MarketCalendar::bundled().unwrap() {
        for session in days(2021, 2032).filter_map(|day| calendar.session(day)) {
            let own = TradingSession::of_day(session.day, Hours::RoundTheClock);
            let hours = if calendar.name() == "XNYS" { session.liquid } else { session.trading };
            let (start, end) = (hours.start().unwrap(), hours.end().unwrap());
            assert!(start >= own.start && end <= own.roll, "{} {}", calendar.name(), session.day);
            assert!(session.liquid.iter().all(|one| {
                session.trading.iter().any(|whole| whole.start <= one.start && one.end <= whole.end)
            }));
        }
    }
}

#[test]
fn pairs_of_currencies_trade_from_sunday_evening() {
    let pairs = named("FX");
    let (friday, sunday) = (Day::of(2026, 11, 27), Day::of(2026, 11, 29));
    assert!(
        pairs.is_open(at(pairs, friday, 17, 0) - 1) && !pairs.is_open(at(pairs, friday, 17, 0))
    );
    assert!(!pairs.is_open(at(pairs, friday, 17, 15)), "the weekend");
    assert!(
        !pairs.is_open(at(pairs, sunday, 17, 15) - 1) && pairs.is_open(at(pairs, sunday, 17, 15))
    );
    let tuesday = Day::of(2026, 12, 1);
    assert!(
        !pairs.is_open(at(pairs, tuesday, 17, 14)) && pairs.is_open(at(pairs, tuesday, 17, 15))
    );
    let forecasts = named("FORECAST");
    let night = at(forecasts, tuesday, 23, 59);
    assert_eq!(forecasts.session_at(night).unwrap().day, tuesday.plus(1));
    assert!(!forecasts.is_open(at(forecasts, tuesday, 24, 0)), "until 07:00");
}

#[test]
fn trade_settles_on_days_of_the_exchange_and_of_payments() {
    let new_york = named("XNYS");
    for ((year, month, day), n, expected) in [
        // Columbus Day: New York trades and the Fedwire rests.
        ((2026, 10, 9), 1, Day::of(2026, 10, 13)),
        ((2026, 10, 12), 1, Day::of(2026, 10, 13)),
        // A New Year's Day on a Saturday is not moved to the Friday.
        ((2027, 12, 30), 1, Day::of(2027, 12, 31)),
        ((2027, 12, 31), 1, Day::of(2028, 1, 3)),
        ((2026, 11, 25), 1, Day::of(2026, 11, 27)),
        ((2026, 11, 25), 2, Day::of(2026, 11, 30)),
        ((2026, 11, 28), 0, Day::of(2026, 11, 30)),
        ((2026, 11, 30), 0, Day::of(2026, 11, 30)),
        // Good Friday: the Fedwire pays and New York rests.
        ((2026, 4, 2), 1, Day::of(2026, 4, 6)),
    ] {
        let day = Day::of(year, month, day);
        assert_eq!(new_york.settlement_day(day, n), expected, "{day} + {n}");
    }
    let payments = named("FEDWIRE");
    assert!(
        payments.is_business_day(Day::of(2026, 4, 3))
            && !payments.is_business_day(Day::of(2026, 11, 11))
    );
    assert!(payments.is_business_day(Day::of(2026, 7, 3)), "a Saturday's holiday is not moved");
    assert_eq!(payments.session(Day::of(2026, 11, 30)), None);
    assert_eq!(payments.next_session(Day::of(2026, 11, 30)), None);
    assert_eq!(named("XLON").settlement_day(Day::of(2026, 12, 24), 2), Day::of(2026, 12, 30));
}

#[test]
fn hours_are_written_as_the_tws_socket_writes_them() {
    let new_york = named("XNYS");
    let friday = Day::of(2026, 11, 27);
    assert_eq!(
        new_york.liquid_hours(friday, 4),
        "20261127:0930-20261127:1300;20261128:CLOSED;20261129:CLOSED;20261130:0930-20261130:1600"
    );
    assert_eq!(new_york.trading_hours(friday, 1), "20261127:0400-20261127:1700");
    assert_eq!(
        named("CME_ENERGY").trading_hours(Day::of(2026, 11, 29), 2),
        "20261129:CLOSED;20261129:1700-20261130:1600"
    );
    assert_eq!(
        named("XTKS").trading_hours(Day::of(2026, 11, 30), 1),
        "20261130:0900-20261130:1130;20261130:1230-20261130:1530"
    );
    assert_eq!(named("CME_EQUITY").liquid_hours(Day::of(2026, 4, 3), 1), "20260403:CLOSED");
    assert_eq!(new_york.liquid_hours(friday, 0), "");
}

#[test]
fn wrong_file_is_named_with_its_line() {
    let calendars = "calendar,aliases,zone,from,weekdays,trading,liquid,payments,name\n";
    let holidays = "date,calendar,trading,liquid,reason\n";
    let row = "XNYS,NYSE,America/New_York,,Mon-Fri,04:00-20:00,09:30-16:00,,Stocks";
    let day = "2026-12-25,XNYS,,,Christmas Day";
    let read = |first: &str, second: &str| {
        table::read(&format!("{calendars}{first}"), &format!("{holidays}{second}"))
    };
    assert!(read(row, day).is_ok());
    for (old, new, expected) in [
        ("XNYS", "XXXX", "calendars.csv, line 2: no rule for XXXX"),
        ("New_York", "Boston", "calendars.csv, line 2: no zone America/Boston"),
        ("Mon-Fri", "Mon", "calendars.csv, line 2: weekdays are no Mon-Fri"),
        (
            "04:00-20:00",
            "10:00-20:00",
            "calendars.csv, line 2: liquid hours are outside the trading hours",
        ),
        ("04:00-20:00", "4-20", "calendars.csv, line 2: 4-20 are no hours"),
        (",,Mon", ",2026-02-30,Mon", "calendars.csv, line 2: from is no date"),
        (",Stocks", "", "calendars.csv, line 2: it has other than 9 values"),
    ] {
        assert_eq!(read(&row.replace(old, new), day).unwrap_err(), expected);
    }
    for (old, new, expected) in [
        ("XNYS", "XXXX", "holidays.csv, line 2: no calendar XXXX"),
        ("XNYS", "XNYS XNYS", "holidays.csv, line 2: XNYS has 2026-12-25 twice"),
        ("12-25", "13-25", "holidays.csv, line 2: 2026-13-25 is no date"),
        (",Christmas Day", "", "holidays.csv, line 2: it has other than 5 values"),
    ] {
        assert_eq!(read(row, &day.replace(old, new)).unwrap_err(), expected);
    }
    let twice = format!("{row}\n{row}");
    assert_eq!(
        read(&twice, day).unwrap_err(),
        "calendars.csv, line 3: from is not after the row before"
    );
    assert_eq!(read(row, "").unwrap_err(), "holidays.csv has no row");
    assert!(
        table::read(row, day).unwrap_err().starts_with("calendars.csv, line 1: the columns are")
    );
}
