//! The data files of what can be traded: whole rows, ids that are nobody else's, names that lead somewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use trade::Instruments;
use trade::calendar::MarketCalendar;

/// A row by its columns.
type Row = BTreeMap<String, String>;

/// The values of a line; a value with a comma is in double quotes.
fn values(line: &str) -> Vec<String> {
    let (mut values, mut quoted) = (vec![String::new()], false);
    for character in line.chars() {
        match character {
            '"' => quoted = !quoted,
            ',' if !quoted => values.push(String::new()),
            other => values.last_mut().unwrap().push(other),
        }
    }
    assert!(!quoted, "{line}");
    values
}

fn text(file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
    std::fs::read_to_string(folder.join(file)).unwrap()
}

fn rows(file: &str) -> Vec<Row> {
    let text = text(file);
    let mut lines = text.lines().map(values);
    let header = lines.next().unwrap();
    let row = |(at, values): (usize, Vec<String>)| {
        assert_eq!(values.len(), header.len(), "{file}, line {}", at + 2);
        header.iter().cloned().zip(values).collect()
    };
    lines.enumerate().map(row).collect()
}

/// A column of a file.
fn column(file: &str, name: &str) -> Vec<String> {
    rows(file).iter().map(|row| row[name].clone()).collect()
}

#[test]
fn every_row_has_a_value_for_each_column_and_a_key_of_its_own() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let header = text(&file).lines().next().map(values).unwrap();
        let key: &[&str] = match file.as_str() {
            "calendars.csv" => &["calendar", "from"],
            "holidays.csv" => &["date", "calendar"],
            "options.csv" | "forecasts.csv" => &["class"],
            "rates.csv" => &["currency", "tenor"],
            "splits.csv" => &["symbol", "date"],
            _ => &[header[0].as_str()],
        };
        let all = rows(&file);
        let keys: BTreeSet<Vec<&String>> =
            all.iter().map(|row| key.iter().map(|name| &row[*name]).collect()).collect();
        assert!(!all.is_empty() && keys.len() == all.len(), "{file}: two rows have one key");
        seen += 1;
    }
    assert!(seen >= 22, "{seen} files");
}

#[test]
fn ids_are_unique_across_files() {
    let mut ids = BTreeSet::new();
    for file in
        ["instruments.csv", "listings.csv", "indices.csv", "forex.csv", "bonds.csv", "funds.csv"]
    {
        for id in column(file, "id") {
            assert!(ids.insert(id.parse::<u32>().unwrap()), "{file}: {id} is taken");
        }
    }
}

/// The rows of `listings.csv` stand apart until every product has a reader; they are those of `instruments.csv`.
#[test]
fn listings_read_as_instruments() {
    let more = text("listings.csv").replace(",etf,", ",stock,");
    let (header, more) = more.split_once('\n').unwrap();
    let first = text("instruments.csv");
    assert_eq!(first.lines().next(), Some(header));
    let all = Instruments::read("listings.csv", &format!("{first}{more}")).unwrap();
    assert_eq!(all.all().len(), 22 + 32);
    for one in all.all() {
        let calendar = MarketCalendar::named(&one.exchange);
        assert!(calendar.is_some(), "{} trades on {}", one.symbol, one.exchange);
    }
    let symbols: BTreeSet<&str> = all.all().iter().map(|one| one.symbol.as_str()).collect();
    assert_eq!(symbols.len(), all.all().len());
    let currencies: BTreeSet<String> =
        all.all().iter().map(|one| one.currency.to_string()).collect();
    assert_eq!(currencies.into_iter().collect::<Vec<_>>(), ["EUR", "GBP", "JPY", "USD"]);
}

/// The sum by Luhn of digits and letters, letters as two digits; a multiple of ten with its check digit.
fn luhn(number: &str) -> u32 {
    let flat: String = number.chars().map(|one| one.to_digit(36).unwrap().to_string()).collect();
    let digits = flat.chars().rev().map(|one| one.to_digit(10).unwrap());
    (0..).zip(digits).map(|(at, digit)| digit * (1 + at % 2)).map(|one| one / 10 + one % 10).sum()
}

/// The check digit of a CUSIP or a FIGI: every second value counts twice.
fn is_checked(number: &str) -> bool {
    let (body, last) = number.split_at(number.len() - 1);
    let doubled = (0..).zip(body.chars()).map(|(at, one)| one.to_digit(36).unwrap() * (1 + at % 2));
    let sum: u32 = doubled.map(|one| one / 10 + one % 10).sum();
    last.parse() == Ok((10 - sum % 10) % 10)
}

#[test]
fn numbers_of_securities_have_their_check_digits() {
    for file in ["instruments.csv", "listings.csv", "bonds.csv", "funds.csv"] {
        for row in rows(file) {
            let value = |name: &str| row.get(name).map_or("", String::as_str);
            let isin = value("isin");
            assert!(
                isin.is_empty() || (isin.len() == 12 && luhn(isin).is_multiple_of(10)),
                "{row:?}"
            );
            for number in [value("cusip"), value("figi")] {
                assert!(number.is_empty() || is_checked(number), "{row:?}");
            }
            assert!(
                value("cusip").is_empty() || isin.get(2..11) == Some(value("cusip")),
                "{row:?}"
            );
            let sedol = value("sedol");
            let weighted = [1, 3, 1, 7, 3, 9, 1].into_iter().zip(sedol.chars());
            let sum: u32 = weighted.map(|(weight, one)| weight * one.to_digit(36).unwrap()).sum();
            assert!(sum.is_multiple_of(10), "{row:?}");
        }
    }
}

#[test]
fn every_name_leads_to_a_row() {
    let symbols: BTreeSet<String> = ["instruments.csv", "listings.csv", "indices.csv"]
        .iter()
        .flat_map(|file| column(file, "symbol"))
        .collect();
    let known = |file: &str, name: &str| {
        for symbol in column(file, name) {
            assert!(symbols.contains(&symbol), "{file}: no {symbol}");
        }
    };
    known("options.csv", "underlying");
    known("futures.csv", "underlying");
    known("forecasts.csv", "underlying");
    known("dividends.csv", "symbol");
    known("splits.csv", "symbol");
    for row in rows("futures.csv") {
        let calendar = MarketCalendar::named(&row["calendar"]).unwrap();
        assert_eq!(
            Some(calendar.name()),
            MarketCalendar::named(&row["exchange"]).map(MarketCalendar::name)
        );
    }
    for row in rows("forex.csv") {
        assert_eq!(row["pair"], format!("{}.{}", row["base"], row["quote"]));
    }
    for row in rows("indices.csv").iter().filter(|row| !row["history"].is_empty()) {
        let last = rows(&format!("{}.csv", row["history"])).last().unwrap()["close"].clone();
        assert_eq!(row["start"].replace('.', ""), last, "{}: the series ends there", row["symbol"]);
    }
}

#[test]
fn days_of_a_series_ascend() {
    for file in
        ["closes.csv", "goog.csv", "ibm.csv", "spx.csv", "comp.csv", "vix.csv", "wti.csv", "fx.csv"]
    {
        let days = column(file, "date");
        assert!(days.len() >= 1_259 && days.is_sorted_by(|a, b| a < b), "{file}");
    }
}
