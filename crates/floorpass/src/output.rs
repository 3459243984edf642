//! What goes to standard output: text and tables for people, one JSON value for scripts.

use std::io::{IsTerminal, Write};

use serde::Serialize;

use crate::exit::Failure;

/// Prints a line. A reader that went away (`| head`) is no failure of ours.
pub fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).ok();
}

/// Prints a part of something longer; whether anybody still reads it.
pub fn text(text: &str) -> bool {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_ok()
}

/// Whether a person may be looking: without a terminal no secret is printed unless it was asked for by name.
pub fn is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// Shows an answer: its JSON as it is, or the text that `words` makes of it.
pub fn show<T: Serialize>(
    json: bool,
    answer: &T,
    words: impl FnOnce(&T) -> String,
) -> Result<(), Failure> {
    if json {
        line(&serde_json::to_string_pretty(answer).map_err(Failure::failed)?);
    } else {
        line(&visible(words(answer).trim_end()));
    }
    Ok(())
}

/// A text for a terminal. What a program sent (an order's reference, say) may hold characters that move its cursor or
/// turn the direction of what follows: they are shown by their numbers.
fn visible(text: &str) -> String {
    let acts = |letter: char| {
        let turns = matches!(
            letter,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        );
        turns || (letter.is_control() && letter != '\n')
    };
    let mut visible = String::with_capacity(text.len());
    for letter in text.chars() {
        if acts(letter) {
            visible.extend(letter.escape_unicode());
        } else {
            visible.push(letter);
        }
    }
    visible
}

/// A table with a heading, columns as wide as their widest cell.
pub fn table<const N: usize>(head: [&str; N], rows: &[[String; N]], none: &str) -> String {
    if rows.is_empty() {
        return none.to_owned();
    }
    let mut widths = head.map(|h| h.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let put = |cells: Vec<&str>| {
        let padded = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let mut lines = vec![put(head.to_vec())];
    lines.extend(rows.iter().map(|row| put(row.iter().map(String::as_str).collect())));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_act_on_a_terminal_are_shown_by_their_numbers() {
        let plain = "order 7\n  reference  caf\u{e9} \u{1f4f1} \u{645}";
        assert_eq!(visible(plain), plain);
        assert_eq!(visible("a\u{1b}]0;b\u{7}\u{9b}2J"), "a\\u{1b}]0;b\\u{7}\\u{9b}2J");
        assert_eq!(
            visible("\u{202e}evil\u{2069}\r\u{200f}"),
            "\\u{202e}evil\\u{2069}\\u{d}\\u{200f}"
        );
    }

    #[test]
    fn table_columns_are_as_wide_as_their_widest_cell() {
        let rows = [["a".into(), "1".into()], ["longer".into(), "2".into()]];
        assert_eq!(table(["name", "n"], &rows, "none"), "name    n\na       1\nlonger  2");
        assert_eq!(table(["name"], &[], "none yet"), "none yet");
    }
}
