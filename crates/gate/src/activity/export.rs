//! The activity as a file: CSV for spreadsheets, JSON lines for programs.

use std::str::FromStr;

use serde_json::{Map, Value};

use super::entry::{ActivityEntry, ActivityKind};
use super::page::ActivityPage;

/// How the activity is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// Comma-separated values, with a line of headings.
    Csv,
    /// One JSON object per line.
    Jsonl,
}

impl FromStr for ExportFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "csv" => Ok(Self::Csv),
            "jsonl" => Ok(Self::Jsonl),
            _ => Err(format!("{text:?} is not an export format; use csv or jsonl")),
        }
    }
}

/// The headings, in the order of the columns.
const COLUMNS: [&str; 15] = [
    "time",
    "record",
    "entry",
    "group",
    "event",
    "who",
    "actor",
    "source",
    "credential",
    "device",
    "refusal",
    "count",
    "orders",
    "text",
    "shard",
];

impl ExportFormat {
    /// Its name, also the ending of a file's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
        }
    }

    /// The media type.
    pub const fn media(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Jsonl => "application/x-ndjson; charset=utf-8",
        }
    }

    /// What comes before the first entry.
    pub fn head(self) -> String {
        match self {
            Self::Csv => line(COLUMNS.iter().map(|name| cell(name))),
            Self::Jsonl => String::new(),
        }
    }

    /// The entries of a page.
    pub fn page(self, page: &ActivityPage) -> String {
        page.entries.iter().map(|entry| self.entry(entry, page)).collect()
    }

    fn entry(self, entry: &ActivityEntry, page: &ActivityPage) -> String {
        let named = |id: String| page.names.get(&id).cloned().unwrap_or(id);
        let texts = [
            stamp(entry),
            record(entry).to_owned(),
            String::new(),
            entry.topic.name().to_owned(),
            entry.what.to_string(),
            entry.who.clone(),
            entry.holder.map(|holder| holder.to_string()).unwrap_or_default(),
            entry.source.clone(),
            entry.credential.map(|id| named(id.to_string())).unwrap_or_default(),
            entry.device.map(|id| named(id.to_string())).unwrap_or_default(),
            entry.code.clone().unwrap_or_default(),
            String::new(),
            entry.asked.join("; "),
            entry.text.clone(),
            entry.shard.map(|shard| shard.to_string()).unwrap_or_default(),
        ];
        let number = |name: &str| match name {
            "entry" => Some(entry.seq),
            "count" => Some(entry.count),
            _ => None,
        };
        let cells = COLUMNS.into_iter().zip(texts);
        match self {
            Self::Csv => line(cells.map(|(name, text)| match number(name) {
                Some(number) => number.to_string(),
                None => cell(&text),
            })),
            Self::Jsonl => {
                let value = |name, text: String| match number(name) {
                    Some(number) => Value::from(number),
                    None if text.is_empty() => Value::Null,
                    None => Value::from(text),
                };
                let object: Map<_, _> =
                    cells.map(|(name, text)| (name.to_owned(), value(name, text))).collect();
                format!("{}\n", Value::Object(object))
            }
        }
    }
}

/// `2026-11-29T06:50:46Z`.
fn stamp(entry: &ActivityEntry) -> String {
    entry.at.to_string().trim_end_matches(" UTC").replacen(' ', "T", 1) + "Z"
}

const fn record(entry: &ActivityEntry) -> &'static str {
    match entry.kind {
        ActivityKind::Access => "access",
        ActivityKind::Order => "journal",
    }
}

fn line(cells: impl Iterator<Item = String>) -> String {
    let mut line = cells.collect::<Vec<_>>().join(",");
    line.push_str("\r\n");
    line
}

/// A cell by RFC 4180, in quotes. Where a spreadsheet would read a formula, an apostrophe comes first: at the beginning,
/// and after whatever a spreadsheet of another country takes for the end of a cell. Numbers below zero stay.
pub fn cell(text: &str) -> String {
    if text.parse::<rust_decimal::Decimal>().is_ok() {
        return format!("\"{text}\"");
    }
    let mut cell = String::from('"');
    let mut begins = true;
    for letter in text.chars() {
        // As Excel reads them, those of full width too.
        let starts = matches!(
            letter,
            '=' | '+'
                | '-'
                | '@'
                | '\t'
                | '\r'
                | '\n'
                | '\u{ff1d}'
                | '\u{ff0b}'
                | '\u{ff0d}'
                | '\u{ff20}'
        );
        if begins && starts {
            cell.push('\'');
        }
        cell.push(letter);
        if letter == '"' {
            cell.push('"');
        }
        let ends = matches!(letter, ';' | ',' | '|' | '\t' | '\r' | '\n');
        let is_nothing =
            letter.is_whitespace() || matches!(letter, '"' | '\'' | '\u{feff}' | '\u{200b}');
        begins = ends || (begins && is_nothing);
    }
    cell.push('"');
    cell
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cell_that_is_a_formula_is_defused() {
        for (text, kept) in [
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            ("@a", "\"'@a\""),
            ("+1+1", "\"'+1+1\""),
            ("-2+cmd|' /C calc'!A0", "\"'-2+cmd|' /C calc'!A0\""),
            ("\t=1", "\"'\t'=1\""),
            ("\r=1", "\"'\r'=1\""),
            (" =1", "\" '=1\""),
            ("\"=1", "\"\"\"'=1\""),
            ("a;=1+1", "\"a;'=1+1\""),
            ("a; \"@x", "\"a; \"\"'@x\""),
            ("a,-x", "\"a,'-x\""),
            ("a\n=1", "\"a\n'=1\""),
            ("a|=1", "\"a|'=1\""),
            ("\u{ff1d}1", "\"'\u{ff1d}1\""),
            ("-12.50", "\"-12.50\""),
            ("a,b", "\"a,b\""),
            ("a-b=c", "\"a-b=c\""),
            ("", "\"\""),
        ] {
            assert_eq!(cell(text), kept, "{text:?}");
        }
    }
}
