//! Names that people give.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory as Category, UnicodeGeneralCategory};
use unicode_script::{Script, UnicodeScript};

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::id::{CredentialId, PaperAccountId, PersonId};
use crate::refusal::{Field, InputRefusal};
use crate::typed;

/// Longest name of a credential, device or authenticator, in bytes.
pub const NAME_LIMIT: usize = 64;

/// What the record calls those who act and are no people, on one page or another.
const RESERVED: [&str; 4] = ["operator", "system", "server", "visitor"];

/// Marks that may follow one letter.
const MOST_MARKS: usize = 4;

/// A name for something: 1 to 64 bytes of letters, marks, digits, punctuation and symbols that can be
/// seen, each word of it in one script, without spaces at the ends.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Name(String);

impl Name {
    /// Checks the name that was typed in a field.
    pub fn new(field: Field, text: &str) -> Result<Self, InputRefusal> {
        let shown = text.chars().filter(|letter| !typed::is_invisible(*letter));
        // A letter that is another one in a type of its own is that letter.
        let shown = shown.flat_map(unstyled);
        // One way to write each letter, and one space between words: else two names look alike.
        let text: String = shown.nfc().collect();
        let is_space = |letter: char| letter.general_category() == Category::SpaceSeparator;
        let words = text.trim().split(is_space).filter(|word| !word.is_empty());
        let text = words.collect::<Vec<_>>().join(" ");
        if text.is_empty() || text.len() > NAME_LIMIT {
            return Err(InputRefusal::NameInvalid { field, length: text.len(), limit: NAME_LIMIT });
        }
        if let Some(letter) = unseen(&text) {
            let letter = format!("U+{:04X}", u32::from(letter));
            return Err(InputRefusal::NameHidden { field, letter });
        }
        let is_letter = |letter: char| letter.is_alphabetic() || is_mark(letter);
        if let Some(word) = text.split(|letter| !is_letter(letter)).find(|word| is_mixed(word)) {
            return Err(InputRefusal::NameMixed { field, word: word.to_owned() });
        }
        Ok(Self(text))
    }

    /// The name of a program: none by which the record calls others, and no id, or a command by id would mean two.
    pub fn of_program(text: &str) -> Result<Self, InputRefusal> {
        let name = Self::new(Field::CredentialName, text)?;
        if is_reserved(&name.0.to_lowercase()) {
            return Err(InputRefusal::NameReserved { name: name.0 });
        }
        Ok(name)
    }

    /// A name that was taken once, maybe by an earlier version whose rules were others.
    pub fn kept(text: &str) -> Result<Self, InputRefusal> {
        let length = text.len();
        if length == 0 || length > NAME_LIMIT || text.chars().any(char::is_control) {
            return Err(InputRefusal::NameInvalid {
                field: Field::Name,
                length,
                limit: NAME_LIMIT,
            });
        }
        Ok(Self(text.to_owned()))
    }

    /// A fixed name, for code that knows it is valid: cut at the limit, never empty.
    pub(crate) fn fixed(text: &'static str) -> Self {
        Self(text.chars().take(NAME_LIMIT / 4).collect())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::kept(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// Whether the record calls somebody or something else so: by a word of its own, or by an id.
fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
        || name.parse::<PersonId>().is_ok()
        || name.parse::<CredentialId>().is_ok()
        || name.to_uppercase().parse::<PaperAccountId>().is_ok()
}

/// Whether it can be seen, as far as its category says. What is assigned later is no letter yet.
pub(crate) fn is_seen(letter: char) -> bool {
    use Category as C;
    // Letters, marks and symbols that show nothing.
    let blank = matches!(
        letter,
        '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2800}'
            | '\u{3164}' | '\u{ffa0}' | '\u{fffc}' | '\u{fffd}' | '\u{16fe4}' | '\u{1d159}'
            | '\u{1bc9d}' | '\u{1107f}' | '\u{2d7f}' | '\u{e0100}'..='\u{e01ef}'
    );
    let category = letter.general_category();
    let shows = matches!(
        category,
        C::UppercaseLetter
            | C::LowercaseLetter
            | C::TitlecaseLetter
            | C::ModifierLetter
            | C::OtherLetter
            | C::NonspacingMark
            | C::SpacingMark
            | C::DecimalNumber
            | C::LetterNumber
            | C::OtherNumber
            | C::ConnectorPunctuation
            | C::DashPunctuation
            | C::OpenPunctuation
            | C::ClosePunctuation
            | C::InitialPunctuation
            | C::FinalPunctuation
            | C::OtherPunctuation
            | C::MathSymbol
            | C::CurrencySymbol
            | C::ModifierSymbol
            | C::OtherSymbol
    );
    letter == ' ' || (shows && !blank)
}

/// The letters that a letter looks like which is another one in a type or a width of its own: mathematical
/// ones cannot be told from plain ones in many fonts, and have no script that would show it.
fn unstyled(letter: char) -> Vec<char> {
    let is_styled = matches!(
        letter,
        '\u{2102}'..='\u{2138}' | '\u{2145}'..='\u{2149}' | '\u{2160}'..='\u{217f}' | '\u{ff01}'..='\u{ff9f}'
            | '\u{ffe0}'..='\u{ffe6}' | '\u{1d400}'..='\u{1d7ff}' | '\u{1ee00}'..='\u{1eeff}' | '\u{1fbf0}'..='\u{1fbf9}'
    );
    if is_styled { [letter].into_iter().nfkc().collect() } else { vec![letter] }
}

fn is_mark(letter: char) -> bool {
    matches!(letter.general_category(), Category::NonspacingMark | Category::SpacingMark)
}

/// The first character that cannot be seen, or a mark with no letter under it or with too many others.
fn unseen(text: &str) -> Option<char> {
    let mut marks = MOST_MARKS;
    text.chars().find(|letter| {
        marks = if is_mark(*letter) {
            marks + 1
        } else if *letter == ' ' {
            MOST_MARKS
        } else {
            0
        };
        !is_seen(*letter) || (is_mark(*letter) && marks > MOST_MARKS)
    })
}

/// Whether a word has letters of two scripts. Those that East Asian words mix are one, and Latin
/// letters may stand among them.
fn is_mixed(word: &str) -> bool {
    let mut scripts: Vec<Script> = Vec::new();
    for letter in word.chars() {
        let script = match letter.script() {
            Script::Common | Script::Inherited => continue,
            Script::Hiragana | Script::Katakana | Script::Hangul | Script::Bopomofo => Script::Han,
            script => script,
        };
        if !scripts.contains(&script) {
            scripts.push(script);
        }
    }
    let east_asian = scripts.contains(&Script::Han);
    scripts.retain(|script| !(east_asian && matches!(script, Script::Latin | Script::Han)));
    scripts.len() > usize::from(!east_asian)
}

/// What a person signs in with: 1 to 64 of `a-z 0-9 . - _ @`, a letter or digit first. Typed in any
/// case; kept in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Username(String);

impl Username {
    /// Checks and folds what was typed.
    pub fn new(text: &str) -> Result<Self, InputRefusal> {
        let text = typed::plain(text).to_ascii_lowercase();
        let first = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        let rest = |byte: u8| byte.is_ascii_alphanumeric() || b".-_@".contains(&byte);
        if !first || text.len() > NAME_LIMIT || !text.bytes().all(rest) {
            return Err(InputRefusal::UsernameInvalid { length: text.len(), limit: NAME_LIMIT });
        }
        Ok(Self(text))
    }

    /// The name of somebody new: as it was typed but for case and spaces around it, and none by which the record calls
    /// others than people.
    pub fn fresh(text: &str) -> Result<Self, InputRefusal> {
        // What is left out where somebody signs in would make a name that was not typed.
        if !text.is_ascii() {
            return Err(InputRefusal::UsernameInvalid { length: text.len(), limit: NAME_LIMIT });
        }
        let name = Self::new(text)?;
        if is_reserved(&name.0) {
            return Err(InputRefusal::UsernameReserved { name: name.0 });
        }
        Ok(name)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl<'de> Deserialize<'de> for Username {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// The text without control characters and what cannot be seen, cut at `limit` bytes: for texts of a
/// caller's that are kept.
pub fn tidy(text: &str, limit: usize) -> String {
    let mut tidy = String::new();
    for letter in text.chars().filter(|letter| is_seen(*letter)) {
        if tidy.len() + letter.len_utf8() > limit {
            break;
        }
        tidy.push(letter);
    }
    tidy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_with_control_or_hidden_characters_is_refused() {
        let long = "x".repeat(65);
        for bad in ["", "  ", "a\nb", "a\u{0}", "a\u{202e}b", "\u{feff}", long.as_str()] {
            assert!(Name::new(Field::DeviceName, bad).is_err(), "{bad:?}");
        }
        for bad in [
            "a\u{2066}b",          // isolates
            "a\u{e0061}\u{e007f}", // tags
            "a\u{3164}",           // fillers and blanks
            "\u{115f}\u{1160}",
            "\u{ffa0}",
            "\u{2800}",
            "a\u{180b}",
            "a\u{e0100}", // variation selectors
            "a\u{fffc}",
            "a\u{e000}",                                   // private use
            "a\u{378}",                                    // unassigned
            "a\u{2028}b\u{85}",                            // lines
            "\u{301}a",                                    // a mark on nothing
            "a\u{300}\u{301}\u{302}\u{303}\u{304}\u{305}", // a heap of marks
            "a\u{20dd}",                                   // an enclosing mark
            "a\u{16fe4}",                                  // fillers and joiners of other scripts
            "\u{1bc9d}",
            "a\u{2d7f}b",
            "\u{1107f}",
            "a\u{ff9e}\u{3099}\u{ff9e}\u{ff9e}\u{ff9e}", // marks of half width, a heap of them
            "p\u{430}ypal",                              // Cyrillic among Latin
            "\u{3bf}mega phone",
            "Lapt\u{585}p", // Armenian
        ] {
            assert!(Name::new(Field::DeviceName, bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn names_of_all_scripts_are_taken_and_one_look_is_one_name() {
        for good in [
            "B\u{fc}ro 2",
            "\u{41c}\u{43e}\u{439} \u{43d}\u{43e}\u{443}\u{442}\u{431}\u{443}\u{43a}",
            "My \u{41c}\u{43e}\u{441}\u{43a}\u{432}\u{430} Laptop",
            "\u{4f1a}\u{793e}\u{306e}PC",
            "\u{c0ac}\u{bb34}\u{c2e4}",
            "\u{e40}\u{e04}\u{e23}\u{e37}\u{e48}\u{e2d}\u{e07}",
            "\u{915}\u{94d}\u{937}",
            "Phone \u{1f4f1} (5.2\u{2033})",
            "<b>Bot</b> & \"co\" \u{2013} 1",
        ] {
            assert_eq!(
                Name::new(Field::DeviceName, good).map(|name| name.to_string()),
                Ok(good.to_owned())
            );
        }
        for (typed, kept) in [
            ("e\u{301}", "\u{e9}"),
            ("\u{200e}My\u{a0}\u{a0} Laptop\u{200b}", "My Laptop"),
            ("\u{feff}a\u{ad}b", "ab"),
            // Letters in a type of their own: sans-serif, bold, script, double-struck, full width, half width.
            ("\u{1d5cd}\u{1d5cb}\u{1d5ba}\u{1d5bd}\u{1d5c2}\u{1d5c7}\u{1d5c0}", "trading"),
            ("\u{1d413}\u{1d42b}ad\u{1d7cf}", "Trad1"),
            ("\u{212c}o\u{1d4c9} \u{2115}\u{2163}", "Bot NIV"),
            ("\u{ff34}\u{ff52}ading\u{3000}\u{ff11}", "Trading 1"),
            ("\u{ff76}\u{ff9e}\u{ff7d}", "\u{30ac}\u{30b9}"),
        ] {
            assert_eq!(
                Name::new(Field::DeviceName, typed).map(|name| name.to_string()),
                Ok(kept.to_owned())
            );
        }
        // What an earlier version took is still a name.
        assert!(Name::kept("p\u{430}ypal\u{3164}").is_ok());
    }

    #[test]
    fn name_is_kept_as_it_is_but_for_spaces() {
        assert_eq!(
            Name::new(Field::DeviceName, " <b>Bot</b> \u{e9} ").map(|name| name.to_string()),
            Ok("<b>Bot</b> \u{e9}".to_owned())
        );
    }

    #[test]
    fn username_is_folded_and_odd_ones_are_refused() {
        assert_eq!(
            Username::new(" Ann@Example ").map(|name| name.to_string()),
            Ok("ann@example".to_owned())
        );
        let typed = "\u{200e}\u{ff41}\u{ff4e}\u{ff4e}\u{ff11}\u{200b}\u{3000}";
        assert_eq!(Username::new(typed).map(|name| name.to_string()), Ok("ann1".to_owned()));
        for bad in ["", "-ann", "an n", "\u{e9}", "a/b"] {
            assert!(Username::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn name_of_a_program_is_no_id_and_none_of_the_records_own() {
        let of = |typed: &str| Name::of_program(typed).map(|name| name.to_string());
        assert_eq!(of("Operator desk"), Ok("Operator desk".to_owned()));
        let id = CredentialId([7; 16]).to_string();
        for taken in ["operator", "System", "server", &*id, "DU1234567"] {
            let refused = of(taken);
            assert!(matches!(refused, Err(InputRefusal::NameReserved { .. })), "{taken}");
        }
    }

    #[test]
    fn name_of_somebody_new_is_what_was_typed_and_none_of_the_records_own() {
        let fresh = |typed| Username::fresh(typed).map(|name| name.to_string());
        assert_eq!(fresh(" Bob "), Ok("bob".to_owned()));
        for bad in ["a\u{202e}b", "bob\u{200b}", "\u{ff42}ob"] {
            assert!(matches!(fresh(bad), Err(InputRefusal::UsernameInvalid { .. })), "{bad:?}");
        }
        let id = PersonId([7; 16]).to_string();
        for taken in ["operator", "System", " server", "visitor", &*id, &id.to_uppercase()] {
            let refused = fresh(taken);
            assert!(matches!(refused, Err(InputRefusal::UsernameReserved { .. })), "{taken}");
        }
    }
}
