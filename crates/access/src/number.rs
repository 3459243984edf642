//! Numbers that people type: understood or refused, never guessed.
//!
//! One number is written in many ways, and what is right in one country means something else in
//! another: `10,00` is ten in Berlin and a slip of the finger in Boston. A mark is accepted where
//! it can mean only one thing. Where it could mean two, the number is refused, since a price a
//! hundred times too high is an order that nobody wanted.

use std::fmt;

use rust_decimal::Decimal;

use crate::currency::Currency;
use crate::name::tidy;

/// The longest number that is read, in characters.
const LONGEST: usize = 40;

/// Which marks a number may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Only digits, for what is not a quantity: a port.
    Digits,
    /// Whole; thousands may be grouped.
    Whole,
    /// Money in cents. `1,234` is a thousand and more: nobody writes three decimals of money.
    Amount,
    /// So many decimals at most. `1,234` is refused: prices with three decimals are written in many places.
    Fine(u32),
}

/// A number that a field asks for: its name, its marks and its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number {
    /// With its article: `a price`.
    what: &'static str,
    example: &'static str,
    /// What it is an amount of: its signs and its letters may stand before or behind the number.
    currency: Option<Currency>,
    /// Other signs that may.
    signs: &'static [&'static str],
    shape: Shape,
    least: Decimal,
    most: Decimal,
}

const CENT: Decimal = Decimal::from_parts(1, 0, 0, false, 2);
/// The largest whole number of 64 bits.
const LARGEST: Decimal = Decimal::from_parts(u32::MAX, u32::MAX, 0, false, 0);

const fn whole(count: u32) -> Decimal {
    Decimal::from_parts(count, 0, 0, false, 0)
}

impl Number {
    /// A price in hundredths, while nobody knows in which currency: without a sign.
    pub const PRICE: Self = Self {
        what: "a price",
        example: "231.40",
        currency: None,
        signs: &[],
        shape: Shape::Fine(2),
        least: CENT,
        most: whole(1_000_000),
    };
    /// Shares.
    pub const SHARES: Self = Self::count("a number of shares", "100");
    /// Money above zero, while nobody knows in which currency: without a sign.
    pub const AMOUNT: Self = Self {
        what: "an amount of money",
        example: "20000.50",
        currency: None,
        signs: &[],
        shape: Shape::Amount,
        least: CENT,
        most: whole(1_000_000_000),
    };
    /// Per cent, in hundredths at most.
    pub const PERCENT: Self = Self {
        what: "a percentage",
        example: "2.5",
        currency: None,
        signs: &["%"],
        shape: Shape::Fine(2),
        least: CENT,
        most: whole(1_000),
    };
    /// A port above those of the system.
    pub const PORT: Self =
        Self { shape: Shape::Digits, ..Self::within("a port", "7497", 1_024, 65_535) };

    /// A port to listen at; 0 for a free one.
    pub const LISTENER: Self =
        Self { shape: Shape::Digits, ..Self::within("a port", "7497", 0, 65_535) };

    /// The port of another server.
    pub const REMOTE: Self =
        Self { shape: Shape::Digits, ..Self::within("a port", "587", 1, 65_535) };
    /// What a simulated market begins with: a name more than a quantity.
    pub const SEED: Self =
        Self { shape: Shape::Digits, most: LARGEST, ..Self::within("a seed", "7", 0, 0) };
    /// The number of an order.
    pub const ORDER: Self = Self {
        shape: Shape::Digits,
        most: LARGEST,
        ..Self::within("an order number", "1000001", 1, 1)
    };

    /// A quantity of what trades in steps of this size: shares where the step is whole.
    pub fn quantity(step: Decimal) -> Self {
        let step = step.normalize();
        if step.scale() == 0 {
            return Self::SHARES;
        }
        let shape = Shape::Fine(step.scale());
        let most = whole(1_000_000_000);
        let (what, example) = ("a quantity", "1.5");
        Self { what, example, currency: None, signs: &[], shape, least: step, most }
    }

    /// A whole number of things, 1 or more. `what` has its article: `a number of minutes`.
    pub const fn count(what: &'static str, example: &'static str) -> Self {
        Self::within(what, example, 1, 1_000_000_000)
    }

    /// A whole number within bounds.
    pub const fn within(what: &'static str, example: &'static str, least: u32, most: u32) -> Self {
        let (shape, least, most) = (Shape::Whole, whole(least), whole(most));
        Self { what, example, currency: None, signs: &[], shape, least, most }
    }

    /// An amount of money from 0 to a bound.
    pub const fn amount_to(what: &'static str, example: &'static str, most: Decimal) -> Self {
        Self { what, example, least: Decimal::ZERO, most, ..Self::AMOUNT }
    }

    /// The same of a currency, whose signs may stand before or behind it; of none, none may.
    #[must_use]
    pub const fn of(self, currency: Option<Currency>) -> Self {
        Self { currency, ..self }
    }

    /// The number that was typed.
    pub fn read(self, typed: &str) -> Result<Decimal, Misread> {
        self.understand(typed).map_err(|why| Misread::new(self, typed, &why))
    }

    /// A whole number that was typed.
    pub fn read_whole<T: TryFrom<u64>>(self, typed: &str) -> Result<T, Misread> {
        let number = self.read(typed)?;
        let whole = u64::try_from(number).ok().and_then(|whole| T::try_from(whole).ok());
        whole.ok_or_else(|| Misread::new(self, typed, &Why::High))
    }

    fn understand(self, typed: &str) -> Result<Decimal, Why> {
        let plain = plain(typed).ok_or(Why::Unclear)?;
        let text = self.bare(plain.trim());
        if text.is_empty() {
            return Err(if plain.trim().is_empty() { Why::Empty } else { Why::Unclear });
        }
        if let Some(rest) = text.strip_prefix('-') {
            // Below every bound, if it is a number at all.
            return Err(self.digits(rest.trim_start()).map_or_else(|why| why, |_| Why::Low));
        }
        let digits = self.digits(text)?;
        let number: Decimal = digits.parse().map_err(|_| Why::High)?;
        match number {
            low if low < self.least => Err(Why::Low),
            high if high > self.most => Err(Why::High),
            sound => Ok(sound),
        }
    }

    /// Without the one sign before or behind it.
    fn bare<'t>(&self, text: &'t str) -> &'t str {
        let code = self.currency.as_ref().map(Currency::code);
        let written = self.currency.map_or(&[][..], Currency::signs);
        let signs = || self.signs.iter().chain(written).copied().chain(code);
        let at_end = signs().find_map(|sign| text.strip_suffix(sign));
        let at_start = || signs().find_map(|sign| text.strip_prefix(sign));
        at_end.or_else(at_start).unwrap_or(text).trim()
    }

    /// The number in digits with a point, as it can only be meant.
    fn digits(self, text: &str) -> Result<String, Why> {
        let (runs, marks) = parts(text).ok_or(Why::Unclear)?;
        let (Some(last_run), Some(last_mark)) = (runs.last(), marks.last().copied()) else {
            return Ok(text.to_owned());
        };
        if self.shape == Shape::Digits {
            return Err(Why::Marks);
        }
        let grouped = in_thousands(&runs, &marks);
        let joined = || runs.concat();
        // One mark before three digits is what both a thousand and a decimal look like.
        if let ([mark], true) = (marks.as_slice(), grouped) {
            let clear = match mark {
                ',' => matches!(self.shape, Shape::Whole | Shape::Amount),
                '.' => false,
                _ => true,
            };
            let either = || Why::Ambiguous { thousands: joined(), decimal: runs.join(".") };
            return if clear { Ok(joined()) } else { Err(either()) };
        }
        if grouped {
            return Ok(joined());
        }
        let (whole, groups) = (runs.split_last(), marks.split_last());
        let (Some((_, whole)), Some((_, groups))) = (whole, groups) else {
            return Err(Why::Unclear);
        };
        let decimal = matches!(last_mark, '.' | ',')
            && !groups.contains(&last_mark)
            && (groups.is_empty() || in_thousands(whole, groups));
        if !decimal {
            return Err(Why::Unclear);
        }
        match self.shape {
            Shape::Whole | Shape::Digits => Err(Why::Fraction),
            Shape::Amount if last_run.len() > 2 => Err(Why::TooFine(2)),
            Shape::Fine(places) if last_run.len() > places as usize => Err(Why::TooFine(places)),
            Shape::Amount | Shape::Fine(_) => Ok(format!("{}.{last_run}", whole.concat())),
        }
    }
}

/// Runs of digits and the single marks between them.
fn parts(text: &str) -> Option<(Vec<&str>, Vec<char>)> {
    let known = |letter: char| letter.is_ascii_digit() || ",. '_".contains(letter);
    let runs: Vec<&str> = text.split(|letter: char| !letter.is_ascii_digit()).collect();
    let sound = text.chars().all(known) && runs.iter().all(|run| !run.is_empty());
    let marks = text.chars().filter(|letter| !letter.is_ascii_digit()).collect();
    sound.then_some((runs, marks))
}

/// A number without sign, `1234567.891`, as it is read: `1,234,567.891`.
pub fn grouped(number: &str) -> String {
    let (whole, part) = number.split_once('.').map_or((number, None), |(a, b)| (a, Some(b)));
    let mut out = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(part) = part {
        out.push('.');
        out.push_str(part);
    }
    out
}

/// Whether these are thousands, all grouped by the same mark.
fn in_thousands(runs: &[&str], marks: &[char]) -> bool {
    let Some((first, rest)) = runs.split_first() else { return false };
    let alike = marks.windows(2).all(|pair| pair.first() == pair.last());
    let begins = (1..=3).contains(&first.len()) && !first.starts_with('0');
    !marks.is_empty() && alike && begins && rest.iter().all(|run| run.len() == 3)
}

/// What was typed in the letters of a number, as keyboards and clipboards deliver it: full-width digits of a Japanese
/// keyboard, spaces that do not break, marks that nobody sees. None where it cannot be one.
fn plain(typed: &str) -> Option<String> {
    let mut plain = String::new();
    for (at, letter) in typed.trim().chars().enumerate() {
        if at == LONGEST {
            return None;
        }
        match letter {
            '\u{ff10}'..='\u{ff19}' => {
                plain.push(char::from_digit(u32::from(letter) - 0xff10, 10)?);
            }
            '\u{ff0c}' => plain.push(','),
            '\u{ff0e}' => plain.push('.'),
            '\u{ff04}' => plain.push('$'),
            '\u{ff05}' => plain.push('%'),
            '\u{2212}' | '\u{ff0d}' => plain.push('-'),
            '\u{2019}' | '\u{ff07}' => plain.push('\''),
            '\u{a0}' | '\u{2007}' | '\u{2009}' | '\u{202f}' | '\u{3000}' => plain.push(' '),
            letter if is_unseen(letter) => {}
            letter => plain.push(letter),
        }
    }
    Some(plain)
}

/// Whether a letter shows nothing and moves nothing. Those that turn the direction round are not among them: what such
/// a text looks like is not what it holds.
const fn is_unseen(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}' | '\u{200b}'
            ..='\u{200f}' | '\u{2060}' | '\u{2066}' | '\u{2068}' | '\u{2069}' | '\u{feff}'
    )
}

/// What was typed, for a sentence.
fn shown(typed: &str) -> String {
    let seen: String = typed.trim().chars().filter(|letter| !is_unseen(*letter)).collect();
    let short = tidy(&seen, LONGEST);
    if short.len() < seen.len() { format!("{short}\u{2026}") } else { short }
}

/// Why a number was not understood: a sentence that quotes it and says what to type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misread {
    sentence: String,
    is_empty: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Why {
    Empty,
    Unclear,
    Marks,
    Ambiguous {
        thousands: String,
        decimal: String,
    },
    Fraction,
    /// It has more decimals than this.
    TooFine(u32),
    Low,
    High,
}

impl Misread {
    fn new(number: Number, typed: &str, why: &Why) -> Self {
        let Number { what, example, least, most, .. } = number;
        let typed = format!("\u{201c}{}\u{201d}", shown(typed));
        let sentence = match why {
            Why::Empty => format!("Type {what}, like {example}."),
            Why::Unclear => format!("{typed} cannot be read as {what}. Type it like {example}."),
            Why::Marks => format!("{typed} is not {what}. Type digits only, like {example}."),
            Why::Ambiguous { thousands, decimal } => format!(
                "{typed} could mean {thousands} or {decimal}. Type {what} without marks between the thousands, like {example}."
            ),
            Why::Fraction => {
                format!("{typed} is not a whole number. Type {what}, like {example}.")
            }
            Why::TooFine(places) => {
                let step = Decimal::new(1, *places);
                let places = match places {
                    2 => "two".to_owned(),
                    more => more.to_string(),
                };
                format!(
                    "{typed} has more than {places} decimals. Type {what} in steps of {step}, like {example}."
                )
            }
            Why::Low => format!("{typed} is too low. Type {what} of {least} or more."),
            Why::High => format!("{typed} is too high. Type {what} of {most} or less."),
        };
        Self { sentence, is_empty: *why == Why::Empty }
    }

    /// Whether nothing was typed.
    pub fn is_empty(&self) -> bool {
        self.is_empty
    }
}

impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl std::error::Error for Misread {}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    const PRICE: Number = Number::PRICE.of(Some(Currency::USD));
    const AMOUNT: Number = Number::AMOUNT.of(Some(Currency::USD));
    const MINUTES: Number = Number::within("a number of minutes", "45", 5, 10_080);

    /// What each field makes of a text; a dash where it is refused.
    fn all(typed: &str) -> [String; 4] {
        [Number::SHARES, PRICE, AMOUNT, Number::PERCENT]
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
            for number in [Number::SHARES, PRICE, AMOUNT, Number::PERCENT, MINUTES] {
                assert!(number.read(typed).is_err(), "{typed:?} as {}", number.what);
            }
        }
        for typed in ["7,497", "7 497", "7497.0", "80", "70000", "-7497"] {
            assert!(Number::PORT.read(typed).is_err(), "{typed}");
        }
        assert_eq!(Number::PORT.read_whole("7497"), Ok(7_497_u16));
        for typed in
            ["1_000", "1 000", "+5", "-0", "-1", "0x10", "1e3", "1,5", "18446744073709551616"]
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
            digits(first)
                && first.len() <= 3
                && groups.all(|group| digits(group) && group.len() == 3)
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
        for number in [Number::SHARES, PRICE, AMOUNT, Number::PERCENT] {
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
            let longer: Vec<String> = texts
                .iter()
                .flat_map(|text| letters.map(|letter| format!("{text}{letter}")))
                .collect();
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
            for number in [Number::SHARES, PRICE, AMOUNT, Number::PERCENT, Number::PORT] {
                drop(number.read(&text).map_err(|why| why.to_string()));
            }
        }
    }
}
