//! What people type, and what is made of it.
#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;

const MINUTES: Number = Number::within("a number of minutes", "45", 5, 10_080);

/// What each field makes of a text; a dash where it is refused.
fn all(typed: &str) -> [String; 4] {
    let usd = Some(Currency::USD);
    [Number::SHARES, Number::PRICE.of(usd), Number::AMOUNT.of(usd), Number::PERCENT]
        .map(|number| number.read(typed).map_or_else(|_| "-".to_owned(), |n| n.to_string()))
}

#[test]
fn number_is_what_it_can_only_be_or_refused() {
    for (typed, shares, price, dollars, percent) in [
        ("100", "100", "100", "100", "100"),
        ("70.5", "-", "70.5", "70.5", "70.5"),
        ("70.50", "-", "70.50", "70.50", "70.50"),
        ("70,50", "-", "70.50", "70.50", "70.50"),
        ("70,5", "-", "70.5", "70.5", "70.5"),
        ("58,50", "-", "58.50", "58.50", "58.50"),
        ("10,00", "-", "10.00", "10.00", "10.00"),
        ("1,5", "-", "1.5", "1.5", "1.5"),
        ("20000,50", "-", "20000.50", "20000.50", "-"),
        ("1,000", "1000", "-", "1000", "-"),
        ("1.000", "-", "-", "-", "-"),
        ("250,000", "250000", "-", "250000", "-"),
        ("1,234", "1234", "-", "1234", "-"),
        ("1.234", "-", "-", "-", "-"),
        ("1 000", "1000", "1000", "1000", "1000"),
        ("1'000", "1000", "1000", "1000", "1000"),
        ("1\u{2019}000", "1000", "1000", "1000", "1000"),
        ("1_000", "1000", "1000", "1000", "1000"),
        ("1\u{a0}000", "1000", "1000", "1000", "1000"),
        ("1\u{202f}000", "1000", "1000", "1000", "1000"),
        ("1,000,000", "1000000", "1000000", "1000000", "-"),
        ("1.000.000", "1000000", "1000000", "1000000", "-"),
        ("1,234.50", "-", "1234.50", "1234.50", "-"),
        ("1.234,50", "-", "1234.50", "1234.50", "-"),
        ("1 234,50", "-", "1234.50", "1234.50", "-"),
        ("1'234.5", "-", "1234.5", "1234.5", "-"),
        ("1,234.567", "-", "-", "-", "-"),
        ("1.234,567", "-", "-", "-", "-"),
        ("$5", "-", "5", "5", "-"),
        ("$ 1,234.50", "-", "1234.50", "1234.50", "-"),
        ("70,50 USD", "-", "70.50", "70.50", "-"),
        ("5 $", "-", "5", "5", "-"),
        ("2,5 %", "-", "-", "-", "2.5"),
        ("\u{ff11}\u{ff10}\u{ff10}", "100", "100", "100", "100"),
        ("\u{ff17}\u{ff10}\u{ff0e}\u{ff15}", "-", "70.5", "70.5", "70.5"),
        ("\u{200e}100\u{200b}", "100", "100", "100", "100"),
        ("007", "7", "7", "7", "7"),
        ("1000.00", "-", "1000.00", "1000.00", "1000.00"),
    ] {
        assert_eq!(all(typed), [shares, price, dollars, percent], "{typed}");
    }
}

#[test]
fn amount_has_the_signs_of_its_own_currency_alone() {
    let euro = Number::AMOUNT.of("EUR".parse().ok());
    for typed in ["\u{20ac}70.50", "70,50 \u{20ac}", "EUR 70.50", "70.50"] {
        assert_eq!(euro.read(typed).unwrap().to_string(), "70.50", "{typed}");
    }
    for typed in ["$70.50", "70.50 USD", "\u{a3}70.50"] {
        assert!(euro.read(typed).is_err(), "{typed}");
        assert!(Number::AMOUNT.read(typed).is_err(), "{typed}");
    }
    let franc = Number::PRICE.of("CHF".parse().ok());
    assert_eq!(franc.read("70.50 CHF").unwrap().to_string(), "70.50");
}

#[test]
fn amount_is_in_the_smallest_coins_of_its_currency() {
    let read = |code: &str, typed: &str| {
        let currency: Currency = code.parse().unwrap();
        let read = Number::AMOUNT.of(Some(currency)).read(typed);
        read.map_or_else(|why| why.to_string(), |amount| amount.to_string())
    };
    for (typed, yen, dollars, dinars) in [
        ("1,234", "1234", "1234", "-"),
        ("1.234", "-", "-", "1.234"),
        ("12,345", "12345", "12345", "-"),
        ("0.5", "-", "0.5", "0.5"),
        ("0.005", "-", "-", "0.005"),
        ("1,234,567", "1234567", "1234567", "1234567"),
        ("1,234.567", "-", "-", "1234.567"),
        ("1 000,125", "-", "-", "1000.125"),
        ("1.2345", "-", "-", "-"),
    ] {
        let all = [("JPY", yen), ("USD", dollars), ("KWD", dinars)];
        for (code, wanted) in all {
            let read = read(code, typed);
            let is_right = if wanted == "-" { read.ends_with('.') } else { read == wanted };
            assert!(is_right, "{typed} {code}: {read}");
        }
    }
    assert_eq!(read("JPY", "\u{a5}1,000"), "1000");
    assert!(
        read("JPY", "0.5").contains("not a whole number. Type an amount of money, like 20000.")
    );
    assert!(read("KWD", "0.0005").contains("in steps of 0.001"), "{}", read("KWD", "0.0005"));
    let threshold = Number::amount_to("a threshold", "250000", Decimal::ONE_THOUSAND);
    let threshold = threshold.of("JPY".parse().ok());
    assert!(threshold.read("0").is_ok() && threshold.read("0.5").is_err());
}

#[test]
fn price_is_read_by_the_steps_and_the_bounds_of_its_contract() {
    let number = |step: &str, lowest: &str| {
        let [step, lowest] = [step, lowest].map(|text| text.parse().unwrap());
        Number::price(step, lowest, Decimal::from(1_000_000))
    };
    let [pair, penny, yen, oil] = [
        number("0.00001", "0.00001").of(Some(Currency::USD)),
        number("0.0001", "0.0001"),
        number("1", "1").of("JPY".parse().ok()),
        number("0.01", "-10000"),
    ];
    for (typed, wanted) in [
        ("1.08755", ["1.08755", "-", "-", "-"]),
        ("1,08755", ["1.08755", "-", "-", "-"]),
        ("0.0875", ["0.0875", "0.0875", "-", "-"]),
        ("151.275", ["151.275", "151.275", "-", "-"]),
        ("151,275", ["-", "-", "151275", "-"]),
        ("1,151.275", ["1151.275", "1151.275", "-", "-"]),
        ("1,250", ["-", "-", "1250", "-"]),
        ("-37.63", ["-", "-", "-", "-37.63"]),
        ("\u{2212}1,037.63", ["-", "-", "-", "-1037.63"]),
        ("- 5", ["-", "-", "-", "-5"]),
        ("0", ["-", "-", "-", "0"]),
        ("-0", ["-", "-", "-", "0"]),
        ("-10001", ["-", "-", "-", "-"]),
        ("1000001", ["-", "-", "-", "-"]),
    ] {
        let read =
            |number: Number| number.read(typed).map_or("-".to_owned(), |one| one.to_string());
        assert_eq!([pair, penny, yen, oil].map(read), wanted, "{typed}");
    }
    assert_eq!(yen.read("\u{a5}1,250").unwrap().to_string(), "1250");
    let dollars = oil.of(Some(Currency::USD));
    assert_eq!(
        ["-$37.63", "$-37.63", "-37.63 USD"].map(|typed| dollars.read(typed).unwrap().to_string()),
        ["-37.63"; 3]
    );
    let said = pair.read("1.087555").unwrap_err().to_string();
    assert!(said.contains("more than 5 decimals") && said.contains("like 1.08755"), "{said}");
    let said = oil.read("-10001").unwrap_err().to_string();
    assert!(said.ends_with("too low. Type a price of -10000 or more."), "{said}");
    // Before the contract or the currency is known, what none has is refused, and the rest goes on as it is.
    for typed in ["1.08755", "-37.63", "1,40", "1 000", "151.275"] {
        assert_eq!(Number::typed_price(typed), Ok(typed.to_owned()));
    }
    for typed in ["1,234", "70 50", "1.123456789", "-1,234", "ten", "1000001", "$5"] {
        assert_eq!(Number::typed_price(typed).ok(), None, "{typed}");
    }
    for typed in ["20000,50", "20,000", "0.005", "1.234"] {
        assert_eq!(Number::typed_amount(typed), Ok(typed.to_owned()));
    }
    for typed in ["-5", "20 00", "0.0005", "0", "$5"] {
        assert_eq!(Number::typed_amount(typed).ok(), None, "{typed}");
    }
}

const MISPLACED: [&str; 62] = [
    "7,0,5.00",
    "70 50",
    "7 0",
    "1,00,000",
    "10,0000.5",
    "1,2345.00",
    "1,000,00",
    "1.000.00",
    "1,000 000",
    "1,,000",
    "1, 000",
    ",500",
    ".500",
    ",5",
    ".5",
    "5.",
    "5,",
    "1.2.3",
    "1,2,3",
    "0,500",
    "0.500",
    "00,000",
    "012,345",
    "1.5,5",
    "1'00",
    "1'0000",
    "1000,000",
    "1000.000",
    "1234 567",
    "1 000,000.5",
    "1,5.5",
    "1.005",
    "-1",
    "\u{2212}1",
    "-1.5",
    "+1",
    "--1",
    "1-",
    "0",
    "0.00",
    "0,00",
    "",
    " ",
    "NaN",
    "inf",
    "1e3",
    "1E3",
    "ten",
    "0x10",
    "1/2",
    "5 5 5",
    "$",
    "$$5",
    "$5$5",
    "\u{202e}12",
    "1\u{202e}2",
    "1\u{2067}000",
    "\u{0661}\u{0660}",
    "1\u{b7}5",
    "99999999999999999999999999999999999999999999",
    "79228162514264337593543950336",
    "100 200 30",
];

#[test]
fn number_with_a_misplaced_mark_is_refused_in_every_field() {
    for typed in MISPLACED {
        for number in [
            Number::SHARES,
            Number::PRICE.of(Some(Currency::USD)),
            Number::AMOUNT.of(Some(Currency::USD)),
            Number::PERCENT,
            MINUTES,
        ] {
            assert!(number.read(typed).is_err(), "{typed:?} as {}", number.what);
        }
    }
    for typed in ["7,497", "7 497", "7497.0", "80", "70000", "-7497"] {
        assert!(Number::PORT.read(typed).is_err(), "{typed}");
    }
    assert_eq!(Number::PORT.read_whole("7497"), Ok(7_497_u16));
    for typed in ["1_000", "1 000", "+5", "-0", "-1", "0x10", "1e3", "1,5", "18446744073709551616"]
    {
        assert!(Number::SEED.read(typed).is_err(), "{typed}");
    }
    assert_eq!(Number::SEED.read_whole("18446744073709551615"), Ok(u64::MAX));
    assert_eq!(Number::SEED.read_whole(" 0"), Ok(0_u64));
}

#[test]
fn refusal_quotes_what_was_typed_and_says_what_to_type() {
    for (number, typed, said) in [
        (
            Number::PRICE,
            "1,234",
            "\u{201c}1,234\u{201d} could mean 1234 or 1.234. Type a price without marks between the thousands, like 231.40.",
        ),
        (
            Number::SHARES,
            "1,5",
            "\u{201c}1,5\u{201d} is not a whole number. Type a number of shares, like 100.",
        ),
        (
            Number::PRICE,
            "70 50",
            "\u{201c}70 50\u{201d} cannot be read as a price. Type it like 231.40.",
        ),
        (
            Number::PRICE,
            "1.0055",
            "\u{201c}1.0055\u{201d} has more than two decimals. Type a price in steps of 0.01, like 231.40.",
        ),
        (Number::PRICE, "-5", "\u{201c}-5\u{201d} is too low. Type a price of 0.01 or more."),
        (
            MINUTES,
            "20000",
            "\u{201c}20000\u{201d} is too high. Type a number of minutes of 10080 or less.",
        ),
        (MINUTES, "", "Type a number of minutes, like 45."),
        (
            Number::PORT,
            "7,497",
            "\u{201c}7,497\u{201d} is not a port. Type digits only, like 7497.",
        ),
    ] {
        assert_eq!(number.read(typed).unwrap_err().to_string(), said);
    }
    let long = Number::PRICE.read(&"9".repeat(500)).unwrap_err().to_string();
    assert!(long.len() < 150, "{long}");
}

/// The only shapes that a number with marks may have, each as people write it; said apart from the code above.
fn is_written_right(text: &str) -> bool {
    let digits = |run: &str| !run.is_empty() && run.bytes().all(|b| b.is_ascii_digit());
    let in_threes = |run: &str, mark: char| {
        let mut groups = run.split(mark);
        let first = groups.next().unwrap_or_default();
        digits(first) && first.len() <= 3 && groups.all(|group| digits(group) && group.len() == 3)
    };
    let whole = |run: &str| digits(run) || ", .'".chars().any(|mark| in_threes(run, mark));
    let decimals = |mark: char| {
        text.rsplit_once(mark).is_some_and(|(head, tail)| {
            digits(tail) && tail.len() <= 2 && whole(head) && !head.contains(mark)
        })
    };
    whole(text) || decimals('.') || decimals(',')
}

fn check(text: &str) {
    for number in [
        Number::SHARES,
        Number::PRICE.of(Some(Currency::USD)),
        Number::AMOUNT.of(Some(Currency::USD)),
        Number::PERCENT,
    ] {
        let Ok(value) = number.read(text) else { continue };
        assert!(is_written_right(text), "{text:?} was read as {value}");
        let kept: String = text.chars().filter(char::is_ascii_digit).collect();
        let scale = value.scale();
        assert_eq!(value.mantissa().to_string(), kept.trim_start_matches('0'), "{text:?}");
        assert!(scale <= 2, "{text:?}");
        // As the pages write it, it is read as the same.
        let written =
            if number == Number::SHARES { value.to_string() } else { format!("{value:.2}") };
        let (head, tail) = written.split_once('.').unwrap_or((&written, ""));
        let mut page = String::new();
        for (at, digit) in head.chars().enumerate() {
            if at > 0 && (head.len() - at).is_multiple_of(3) {
                page.push(',');
            }
            page.push(digit);
        }
        if !tail.is_empty() {
            page = format!("{page}.{tail}");
        }
        assert_eq!(number.read(&page).unwrap(), value, "{text:?} is shown as {page:?}");
    }
}

#[test]
fn every_short_text_of_digits_and_marks_is_read_right_or_not_at_all() {
    let letters = ['1', '0', ',', '.', ' ', '\''];
    let mut texts = vec![String::new()];
    for _ in 0..7 {
        let longer: Vec<String> =
            texts.iter().flat_map(|text| letters.map(|letter| format!("{text}{letter}"))).collect();
        longer.iter().filter(|text| text.trim() == text.as_str()).for_each(|text| check(text));
        texts = longer;
    }
}

proptest! {
    #[test]
    fn any_text_is_read_right_or_not_at_all(text in "[0-9]{1,4}([,.'][0-9]{1,4}){0,4}") {
        check(&text);
    }

    #[test]
    fn any_bytes_are_no_panic(text in "\\PC{0,60}") {
        for number in [Number::SHARES, Number::PRICE.of(Some(Currency::USD)), Number::AMOUNT.of(Some(Currency::USD)), Number::PERCENT, Number::PORT] {
            drop(number.read(&text).map_err(|why| why.to_string()));
        }
    }
}
