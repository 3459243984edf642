//! What is guessed first: the passwords that most people choose, and the words that belong to one
//! person or to this product. Asked when a password is set, never at a sign-in.
//!
//! There are no rules of composition (NIST SP 800-63B-4, 3.1.1.2). What can be guessed is taken out
//! instead, and what is left must be as long as the shortest password.

use std::fmt;

/// Shortest password, in characters; a second factor is always asked (NIST SP 800-63B-4).
pub const SHORTEST: usize = 8;
/// The 30,000 most common passwords, folded to lower case, sorted by bytes, one per line. It stays in
/// the program's file and is searched there; nothing is built of it in memory.
const COMMON: &str = include_str!("../../../assets/passwords.txt");

/// Words that an attacker of this product tries first.
const PRODUCT: [&str; 9] = [
    "floorpass",
    "brokerage",
    "broker",
    "trading",
    "trader",
    "portal",
    "account",
    "password",
    "passwort",
];

/// The shortest word that is taken out: shorter ones are in everything.
const WORD: usize = 3;

/// Why a password would be guessed early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guess {
    /// It is one of the most common ones.
    Common,
    /// It is one of them with a few digits or signs around it.
    Decorated,
    /// It repeats something short.
    Repeated,
    /// It goes up or down the alphabet or the digits.
    Sequence,
    /// Too little is left without the person's user name.
    Username,
    /// Too little is left without the words of this product and the person's user name.
    Product,
}

impl fmt::Display for Guess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Common => "it is among the 30,000 passwords that are tried first",
            Self::Decorated => {
                "it is one of the 30,000 passwords that are tried first, with a few digits or signs around it"
            }
            Self::Repeated => "it repeats something short",
            Self::Sequence => "it goes up or down the alphabet or the digits",
            Self::Username => "it is your user name with fewer than 8 other characters",
            Self::Product => {
                "it is made of words of this site (floorpass, trader, account and the like) and your user name, with fewer than 8 other characters"
            }
        })
    }
}

/// How a password would be guessed early; none when it would not.
pub(super) fn find(password: &str, username: &str) -> Option<Guess> {
    let folded = password.to_lowercase();
    let letters: Vec<char> = folded.chars().collect();
    if is_common(&folded) {
        return Some(Guess::Common);
    }
    if is_sequence(&letters) {
        return Some(Guess::Sequence);
    }
    let unit = unit(&letters);
    if unit.len() < letters.len()
        && (unit.len() < SHORTEST || is_common(&unit.iter().collect::<String>()))
    {
        return Some(Guess::Repeated);
    }
    let core = folded.trim_matches(|letter: char| !letter.is_alphabetic());
    let length = core.chars().count();
    if length > WORD && letters.len() - length < SHORTEST && is_common(core) {
        return Some(Guess::Decorated);
    }
    let name = username.to_lowercase();
    let parts = name.split(|letter: char| !letter.is_alphanumeric());
    let own: Vec<&str> = std::iter::once(name.as_str()).chain(parts).collect();
    if is_mostly(&folded, own.iter().copied()) {
        return Some(Guess::Username);
    }
    is_mostly(&folded, own.into_iter().chain(PRODUCT)).then_some(Guess::Product)
}

/// Whether a folded text is on the list, by halving what is left of it.
fn is_common(text: &str) -> bool {
    let mut rest = COMMON;
    while !rest.is_empty() {
        let middle = rest.as_bytes().get(..rest.len() / 2).unwrap_or_default();
        let start = middle.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let (before, from) = rest.split_at(start);
        let (line, after) = from.split_once('\n').unwrap_or((from, ""));
        match text.cmp(line) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => rest = before,
            std::cmp::Ordering::Greater => rest = after,
        }
    }
    false
}

/// Whether each letter is the one after, before or equal to the one in front of it.
fn is_sequence(letters: &[char]) -> bool {
    let step = |pair: &[char]| match pair {
        [one, two] => i64::from(u32::from(*two)) - i64::from(u32::from(*one)),
        _ => i64::MAX,
    };
    let mut steps = letters.windows(2).map(step);
    let Some(first) = steps.next() else { return false };
    first.abs() <= 1 && steps.all(|step| step == first)
}

/// The shortest beginning of which the whole is a repetition, cut off anywhere.
fn unit(letters: &[char]) -> &[char] {
    let repeats = |length: &usize| {
        let shifted = letters.get(*length..).unwrap_or_default();
        shifted.iter().zip(letters).all(|(one, two)| one == two)
    };
    // At least twice: otherwise it is not a repetition.
    let length = (1..=letters.len() / 2).find(repeats).unwrap_or(letters.len());
    letters.get(..length).unwrap_or_default()
}

/// Whether one of the words is in the text, and too little is left without them all.
fn is_mostly<'w>(text: &str, words: impl IntoIterator<Item = &'w str>) -> bool {
    let mut left = text.to_owned();
    for word in words.into_iter().filter(|word| word.chars().count() >= WORD) {
        left = left.replace(word, "");
    }
    left.len() < text.len() && left.chars().count() < SHORTEST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_is_sorted_folded_and_holds_thirty_thousand() {
        let lines: Vec<&str> = COMMON.lines().collect();
        assert!(lines.len() >= 30_000, "{}", lines.len());
        assert!(lines.windows(2).all(|pair| pair.first() < pair.last()));
        assert!(lines.iter().all(|line| *line == line.to_lowercase()));
        let long = lines.iter().filter(|line| line.chars().count() >= SHORTEST).count();
        assert!(long >= 3_000, "only {long} could be chosen at all (ASVS 6.2.4)");
    }

    /// ASVS 6.1.2.
    #[test]
    fn words_of_this_product_are_those_that_the_document_lists() {
        let document = include_str!("../../../../../SECURITY.md");
        let (_, list) = document.split_once("and these words: ").unwrap_or_default();
        let (list, _) = list.split_once(" |").unwrap_or_default();
        let mut listed: Vec<&str> = list.split(", ").collect();
        let mut words = PRODUCT.to_vec();
        listed.sort_unstable();
        words.sort_unstable();
        assert_eq!(listed, words);
    }

    #[test]
    fn every_line_of_the_list_is_found_and_its_neighbours_are_not() {
        for line in COMMON.lines() {
            assert!(is_common(line), "{line}");
        }
        for text in ["", "\n", "!", "\u{10ffff}", "no such password", "123456\n", "zzzzzzzzzzzzzz"]
        {
            assert!(!is_common(text), "{text}");
        }
    }

    /// ASVS 6.2.4, 6.2.11, 6.2.12.
    #[test]
    fn password_is_refused_for_what_it_is_guessed_by() {
        for (password, guess) in [
            ("password", Some(Guess::Common)),
            ("PassWord", Some(Guess::Common)),
            ("qwertyuiop", Some(Guess::Common)),
            ("dragon2026!", Some(Guess::Decorated)),
            ("!!Sunshine1", Some(Guess::Decorated)),
            ("sunshine 83756102", None),
            ("zzzzzzzzzzzzz", Some(Guess::Sequence)),
            ("abcdefghijklmnopq", Some(Guess::Sequence)),
            ("qpqpqpqpqpq", Some(Guess::Repeated)),
            ("sunshinesunshine", Some(Guess::Repeated)),
            ("ada.lovelace", Some(Guess::Username)),
            ("Lovelace!1815", Some(Guess::Username)),
            ("ada lovelace 1815 engine", None),
            ("Floorpass2026", Some(Guess::Product)),
            ("my broker account", Some(Guess::Product)),
            ("lovelace-floorpass", Some(Guess::Product)),
            ("correct horse battery staple", None),
            ("\u{fc}ber die br\u{fc}cke", None),
            ("\u{5bc6}\u{7801}\u{5f88}\u{957f}\u{7684}\u{4e00}\u{53e5}\u{8bdd}", None),
            ("kx7$Qd0z", None),
        ] {
            assert_eq!(find(password, "ada.lovelace"), guess, "{password}");
        }
        assert_eq!(find("aaa banana bread", "a"), None, "a short name is in everything");
    }
}
