//! What keyboards and clipboards add to what was meant. Every field of digits, and every name of
//! plain letters, is read by [`plain`]: what cannot mean anything else is accepted.

use crate::refusal::SignInRefusal;
use crate::secret::Secret;

/// Zeros of the digits that keyboards write beside `0`; the nine others follow each.
const ZEROS: [char; 7] = [
    '\u{660}',  // Arabic
    '\u{6f0}',  // Persian, Urdu
    '\u{966}',  // Devanagari
    '\u{9e6}',  // Bengali
    '\u{e50}',  // Thai
    '\u{ff10}', // full width
    '\u{1d7ce}',
];

/// Whether a character shows nothing of its own, and comes along with a copy or with an input method.
pub(crate) const fn is_invisible(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2060}'..='\u{2064}' | '\u{206a}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
    )
}

/// Whether it turns the direction of what follows: around a number that was copied it means nothing,
/// in a name it can make one look like another.
const fn turns(letter: char) -> bool {
    matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// One character as plain ASCII, where it stands for one of it.
fn folded(letter: char) -> char {
    let code = u32::from(letter);
    let digit = |zero: &char| code.checked_sub(u32::from(*zero)).filter(|digit| *digit < 10);
    if let Some(digit) = ZEROS.iter().find_map(digit) {
        return char::from_digit(digit, 10).unwrap_or(letter);
    }
    match letter {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(code - 0xfee0).unwrap_or(letter),
        '\u{3002}' | '\u{ff61}' => '.',
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' => '-',
        letter if letter.is_whitespace() && !letter.is_control() => ' ',
        letter => letter,
    }
}

/// A text that is plain ASCII or nothing: characters of full width, digits of other scripts and other
/// dashes and spaces are the plain ones, what shows nothing is left out, and so are spaces at the ends.
pub fn plain(text: &str) -> String {
    let shown = text.chars().filter(|letter| !is_invisible(*letter) && !turns(*letter));
    let folded: String = shown.map(folded).collect();
    folded.trim().to_owned()
}

/// The same of a code, without the spaces and dashes that group it.
pub(crate) fn code(typed: &Secret) -> Secret {
    let text = plain(typed.expose_text().unwrap_or_default());
    Secret::from_text(text.chars().filter(|letter| !matches!(letter, ' ' | '-')).collect())
}

/// A typed number of so many digits. Anything else cannot be right, and is no try.
pub(crate) fn digits(typed: &Secret, digits: usize) -> Result<Secret, SignInRefusal> {
    let code = code(typed);
    let are_all = code.len() == digits && code.expose().iter().all(u8::is_ascii_digit);
    if are_all { Ok(code) } else { Err(SignInRefusal::CodeMalformed { digits }) }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn typed(text: &str) -> Option<String> {
        let code = digits(&Secret::from_text(text.to_owned()), 6).ok()?;
        Some(code.expose_text().unwrap().to_owned())
    }

    #[test]
    fn digits_are_understood_however_they_were_typed_or_copied() {
        for text in [
            "123456",
            "123 456",
            "\u{200e}123456\u{200b}",
            "\u{202a}123-456\u{202c}",
            "\u{2068}123\u{2011}456\u{2069}",
            "\u{feff}123\u{a0}456\u{202f}\r\n",
            "\u{ff11}\u{ff12}\u{ff13}\u{3000}\u{ff14}\u{ff15}\u{ff16}",
            "\u{661}\u{662}\u{663}\u{664}\u{665}\u{666}",
            "\u{6f1}\u{6f2}\u{6f3}\u{6f4}\u{6f5}\u{6f6}",
            "\u{967}\u{968}\u{969}\u{96a}\u{96b}\u{96c}",
            "1\u{ad}23\u{2060}456",
        ] {
            assert_eq!(typed(text).as_deref(), Some("123456"), "{text:?}");
        }
    }

    #[test]
    fn what_cannot_be_a_code_is_none() {
        for text in
            ["", "12345", "1234567", "12345a", "123,456", "123.456", "\u{b9}23456", "12345\u{2165}"]
        {
            assert_eq!(typed(text), None, "{text:?}");
        }
        assert!(digits(&Secret::new(vec![0xff; 6]), 6).is_err(), "bytes that are no text");
    }

    #[test]
    fn plain_names_lose_what_a_keyboard_or_a_copy_added() {
        for (text, plain_text) in [
            ("\u{ff41}nn\u{ff20}example\u{ff0e}org", "ann@example.org"),
            ("ann@example\u{3002}org\u{200b}", "ann@example.org"),
            ("\u{a0}\u{200e}trader\u{feff} ", "trader"),
            ("+49\u{a0}30\u{2011}123", "+49 30-123"),
            ("\u{ff0b}\u{ff14}\u{ff19}", "+49"),
            ("\u{430}nn", "\u{430}nn"),
        ] {
            assert_eq!(plain(text), plain_text);
        }
    }
}
