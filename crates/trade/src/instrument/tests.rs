//! The bundled instruments, and files that are wrong.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::*;

/// Whether the last digit is what the others, by their weights, lack to a multiple of ten.
fn has_check_digit(number: &str, weights: &[u32], digits_are_added: bool) -> bool {
    let value = |character: char| character.to_digit(36).unwrap();
    let (last, body) = (number.chars().next_back().map(value), &number[..number.len() - 1]);
    let sum: u32 = body
        .chars()
        .zip(weights.iter().cycle())
        .map(|(character, weight)| value(character) * weight)
        .map(|product| if digits_are_added { product / 10 + product % 10 } else { product })
        .sum();
    last == Some((10 - sum % 10) % 10)
}

#[test]
fn instrument_is_found_by_id_ticker_and_pattern() {
    let instruments = Instruments::builtin();
    for (at, instrument) in instruments.first().iter().enumerate() {
        assert_eq!(instruments.index(instrument.id), Some(at));
        assert_eq!(instruments.get(instrument.id), Some(instrument));
    }
    assert_eq!(instruments.get(SymbolId(0)), None);
    assert_eq!(instruments.get(SymbolId(700_023)), None);
    assert_eq!(instruments.named("aapl").unwrap().name, "Apple Inc.");
    assert_eq!(instruments.named("AAP"), None);
    assert_eq!(instruments.matching("AAPL")[0].symbol, "AAPL");
    assert_eq!(instruments.matching("apple")[0].symbol, "AAPL");
    let tickers: Vec<_> = instruments.matching("pe").iter().map(|c| c.symbol.as_str()).collect();
    assert_eq!(tickers.first(), Some(&"PEP"), "a ticker that begins so comes first");
    assert!(instruments.matching("").is_empty());
}

/// Digits and letters as numbers: A is 10, B is 11.
fn values(number: &str) -> Vec<u32> {
    number.chars().map(|character| character.to_digit(36).unwrap()).collect()
}

/// The sum of the digits of some numbers.
fn digits(numbers: impl IntoIterator<Item = u32>) -> u32 {
    numbers.into_iter().map(|number| number / 10 + number % 10).sum()
}

#[test]
fn isin_and_cusip_of_every_stock_have_their_check_digits() {
    let instruments = Instruments::builtin();
    for instrument in instruments.first() {
        assert!(instrument.isin.len() == 12 && instrument.isin.starts_with("US"));
        let flat: Vec<u32> = values(&instrument.isin)
            .into_iter()
            .flat_map(|value| if value > 9 { vec![value / 10, value % 10] } else { vec![value] })
            .collect();
        let doubled = (0..).zip(flat.iter().rev()).map(|(at, digit)| digit * (1 + at % 2));
        assert_eq!(digits(doubled) % 10, 0, "{} {}", instrument.symbol, instrument.isin);

        let cusip = values(instrument.cusip());
        let weighted = (0..).zip(&cusip[..8]).map(|(at, value)| value * (1 + at % 2));
        assert_eq!((10 - digits(weighted) % 10) % 10, cusip[8], "{}", instrument.symbol);

        assert_eq!(
            instruments.with_isin(&instrument.isin),
            Some(instrument),
            "no two have the same"
        );
        assert_eq!(instruments.with_cusip(instrument.cusip()), Some(instrument));
        assert_eq!(
            instruments.with_figi(&instrument.figi),
            Some(instrument),
            "no two have the same"
        );
        assert_eq!(
            instruments.with_sedol(&instrument.sedol),
            Some(instrument),
            "no two have the same"
        );
        assert!(has_check_digit(&instrument.figi, &[1, 2], true), "{}", instrument.figi);
        assert!(
            has_check_digit(&instrument.sedol, &[1, 3, 1, 7, 3, 9], false),
            "{}",
            instrument.sedol
        );
        for fact in [&instrument.name, &instrument.sector, &instrument.industry, &instrument.branch]
        {
            assert!(!fact.is_empty(), "{}", instrument.symbol);
        }
    }
    assert_eq!(instruments.with_isin("US0378331006"), None);
    assert_eq!(instruments.with_cusip(""), None);
    let ric = |text| instruments.with_ric(text).map(|instrument| instrument.symbol.as_str());
    assert_eq!(
        [ric("AAPL.O"), ric("aapl.oq"), ric("IBM.N")].map(Option::unwrap),
        ["AAPL", "AAPL", "IBM"]
    );
    assert_eq!([ric("AAPL.N"), ric("IBM.O"), ric("AAPL"), ric("")], [None; 4]);
}

/// What the program had when these facts stood in its source: every field of every stock.
#[test]
fn facts_of_the_stocks_are_what_they_were() {
    let mut facts = String::new();
    for one in Instruments::builtin().first() {
        let Instrument { id, symbol, name, exchange, isin, figi, sedol, .. } = one;
        let Instrument { sector, industry, branch, daily_volume, volatility, .. } = one;
        writeln!(
            facts,
            "{id}|{symbol}|{name}|{exchange}|{isin}|{figi}|{sedol}|{sector}|{industry}|{branch}|{daily_volume}|{volatility}"
        )
        .unwrap();
        assert_eq!((&one.kind, one.currency), (&InstrumentKind::Stock, Currency::USD));
        assert_eq!((one.units(), one.lot, one.multiplier), (Units::SHARES, 100, Decimal::ONE));
        assert_eq!(one.prices.steps().collect::<Vec<_>>(), [(Decimal::ZERO, Decimal::new(1, 2))]);
        assert_eq!((one.prices.lowest(), one.prices.highest()), (Ticks(1), Ticks(100_000_000)));
        assert_eq!((one.expiry, one.point), (None, Unit::CENT));
    }
    assert_eq!(Instruments::builtin().first().len(), 22);
    let digest = Sha256::digest(facts.as_bytes());
    let hex = digest.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    assert_eq!(hex, "e1ebd9d6706d433d777705fe881126ae5cc5cd2c02bb14dd9bd6468838b31bed");
}

/// The header, and a row with one value replaced.
fn file_with(field: &str, value: &str) -> String {
    let mut lines = BUNDLED.lines();
    let (header, row) = (lines.next().unwrap(), lines.next().unwrap());
    let at = header.split(',').position(|name| name == field).unwrap();
    let values =
        row.split(',').enumerate().map(|(place, old)| if place == at { value } else { old });
    format!("{header}\n{}\n", values.collect::<Vec<_>>().join(","))
}

#[test]
fn wrong_value_is_named_with_its_file_line_field_and_what_is_allowed() {
    for (field, value, allowed) in [
        ("id", "0", "a number from 1 up"),
        ("product", "bond", "stock"),
        ("symbol", "", "a text"),
        ("currency", "usd", "three capital letters"),
        ("tick", "0", "a step such as 0.01"),
        ("tick", "1:0.01", "from 0 up"),
        ("lowest", "x", "a price"),
        ("highest", "0.001", "lowest and highest are prices"),
        ("step", "-1", "a decimal above 0"),
        ("lot", "0", "steps, 1 or more"),
        ("multiplier", "0", "a decimal above 0"),
        ("expiry", "2027-02-29", "a date such as 2027-03-19"),
        ("fee_most", "-0.01", "0 or above"),
        ("history", "x", "closes, ibm, goog"),
        ("volatility", "0", "1 to 1000"),
    ] {
        let error = Instruments::read("own.csv", &file_with(field, value)).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("own.csv, line 2: the "), "{text}");
        assert!(text.contains(&format!("{value:?}")) || field == "highest", "{text}");
        assert!(text.contains(allowed), "{field} {value}: {text}");
    }
    let second = format!("{BUNDLED}{}", BUNDLED.lines().nth(1).unwrap());
    let error = Instruments::read("own.csv", &second).unwrap_err();
    assert_eq!((error.line, error.field), (24, "id"), "an id twice");
    let error = Instruments::read("own.csv", "id,product\n").unwrap_err();
    assert_eq!((error.line, error.field), (1, "header"));
    let error =
        Instruments::read("own.csv", &format!("{}\n1,2\n", BUNDLED.lines().next().unwrap()));
    assert_eq!(error.unwrap_err().field, "row");
}

#[test]
fn instruments_with_gaps_between_their_ids_are_found() {
    let mut lines = BUNDLED.lines();
    let header = lines.next().unwrap();
    let rows: Vec<_> = lines.step_by(3).collect();
    let some = Instruments::read("some.csv", &format!("{header}\n{}\n", rows.join("\n"))).unwrap();
    assert!(some.dense == 1 && some.all().len() == 8);
    for (at, one) in some.all().iter().enumerate() {
        assert_eq!((some.index(one.id), some.get(one.id)), (Some(at), Some(one)));
    }
    assert_eq!(some.get(SymbolId(700_002)), None);
}
