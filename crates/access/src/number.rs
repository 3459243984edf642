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
    /// So many decimals at most. `1,234` is refused: prices with three decimals are written in many places. `1.234` is
    /// read where there may be three, since pages write a point there; with fewer it can only be a thousand, or a slip.
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
    /// A price in hundredths, while nobody knows of which contract: without a sign.
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
    /// Money above zero in hundredths, while nobody knows in which currency: without a sign.
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

    /// A price in steps of this size and between these two, below zero too where the lowest is; without a sign until its
    /// currency is known.
    pub fn price(step: Decimal, lowest: Decimal, highest: Decimal) -> Self {
        let places = step.normalize().scale();
        let shape = if places == 0 { Shape::Whole } else { Shape::Fine(places) };
        let example = match places {
            0 => "1250",
            1 => "125.5",
            2 => "231.40",
            3 => "151.275",
            4 => "1.0875",
            _ => "1.08755",
        };
        let (least, most) = (lowest.normalize(), highest.normalize());
        Self { example, shape, least, most, ..Self::PRICE }
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

    /// The same of a currency, whose signs may stand before or behind it; of none, none may. An amount is in its
    /// smallest coins: whole yen, and thousandths of a dinar.
    #[must_use]
    pub fn of(self, currency: Option<Currency>) -> Self {
        let digits = currency.filter(|_| self.shape == Shape::Amount).map_or(2, Currency::digits);
        let coin = |least| if least == CENT { Decimal::new(1, digits) } else { least };
        match digits {
            2 => Self { currency, ..self },
            0 => {
                let example = self.example.split('.').next().unwrap_or(self.example);
                Self { example, currency, shape: Shape::Whole, least: coin(self.least), ..self }
            }
            more => Self { currency, shape: Shape::Fine(more), least: coin(self.least), ..self },
        }
    }

    /// Whether it is a price that some contract could have, or an amount of some currency: what is asked of it before
    /// anybody knows which.
    fn is_some(self, typed: &str, places: u32) -> bool {
        let is_money = self.shape == Shape::Amount;
        let least = if is_money { Decimal::new(1, places) } else { -self.most };
        Self { shape: Shape::Fine(places), least, ..self }.read(typed).is_ok()
    }

    /// A price of a contract that only the server knows, as it was typed: one that no contract has is refused here.
    pub fn typed_price(typed: &str) -> Result<String, Misread> {
        let read = Self::PRICE.read(typed).map(drop);
        read.or_else(|why| if Self::PRICE.is_some(typed, 8) { Ok(()) } else { Err(why) })?;
        Ok(typed.to_owned())
    }

    /// An amount in a currency that only the server knows, as it was typed: one that no currency has is refused here.
    pub fn typed_amount(typed: &str) -> Result<String, Misread> {
        let read = Self::AMOUNT.read(typed).map(drop);
        read.or_else(|why| if Self::AMOUNT.is_some(typed, 3) { Ok(()) } else { Err(why) })?;
        Ok(typed.to_owned())
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
        let (text, below) = match text.strip_prefix('-') {
            Some(rest) => (self.bare(rest.trim_start()), true),
            None => (text, false),
        };
        let digits = self.digits(text)?;
        let outside = if below { Why::Low } else { Why::High };
        if below && self.least >= Decimal::ZERO {
            return Err(outside);
        }
        let number: Decimal = digits.parse().map_err(|_| outside)?;
        match if below { Decimal::ZERO - number } else { number } {
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
                '.' if matches!(self.shape, Shape::Fine(3..)) => return Ok(text.to_owned()),
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
mod tests;
