//! Texts of the record with names in place of ids.

use std::collections::BTreeMap;

/// What people call the things that ids are of.
pub type Called = BTreeMap<String, String>;

/// Characters of an id behind its prefix of four.
const ID: usize = 26;
const PREFIXES: [&str; 13] = [
    "per_", "dev_", "ses_", "crd_", "aut_", "con_", "att_", "apr_", "lnk_", "lck_", "ntc_", "trs_",
    "rcv_",
];

/// A piece of a text: as it is, or the name of what an id is of.
pub enum Piece<'a> {
    /// As it is.
    Text(&'a str),
    /// An id that has a name.
    Named {
        /// The id.
        id: &'a str,
        /// What it is called.
        name: &'a str,
    },
}

/// Splits a text at its ids. What has no name is left out: nobody reads its id, and exports have it.
pub fn pieces<'a>(text: &'a str, names: &'a Called) -> Vec<Piece<'a>> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while let Some((before, id, after)) = next_id(rest) {
        if let Some(name) = names.get(id).filter(|_| !id.starts_with("ses_")) {
            pieces.extend([Piece::Text(before), Piece::Named { id, name }]);
            let again = after.strip_prefix(" (").and_then(|one| one.strip_prefix(name.as_str()));
            rest = again.and_then(|one| one.strip_prefix(')')).unwrap_or(after);
        } else {
            pieces.push(Piece::Text(before.strip_suffix(' ').unwrap_or(before)));
            rest = after;
        }
    }
    pieces.push(Piece::Text(rest));
    pieces
}

/// The ids in a text.
pub(super) fn ids(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (_, id, after) = next_id(rest)?;
        rest = after;
        Some(id)
    })
}

/// The first id of a text, with what is before and behind it.
fn next_id(text: &str) -> Option<(&str, &str, &str)> {
    let starts = PREFIXES.iter().flat_map(|prefix| text.match_indices(prefix));
    let found = starts.filter_map(|(at, prefix)| {
        let end = at + prefix.len() + ID;
        let digits = text.get(at + prefix.len()..end)?;
        let is_id = digits.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        is_id.then_some((at, end))
    });
    let (at, end) = found.min()?;
    Some((text.get(..at)?, text.get(at..end)?, text.get(end..)?))
}

/// The same as one text.
pub fn plain(text: &str, names: &Called) -> String {
    let pieces = pieces(text, names);
    pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => *text,
            Piece::Named { name, .. } => name,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_names_or_nothing_and_a_name_is_not_said_twice() {
        let id = |prefix: &str| format!("{prefix}{}", "0".repeat(ID));
        let names: Called =
            [(id("crd_"), "bot".to_owned()), (id("dev_"), "Firefox".to_owned())].into();
        for (text, written) in [
            (format!("Credential {} (bot) made", id("crd_")), "Credential bot made"),
            (
                format!("Session {} began on {}, until", id("ses_"), id("dev_")),
                "Session began on Firefox, until",
            ),
            (format!("Link {} withdrawn", id("lnk_")), "Link withdrawn"),
            ("per_ crd_x dev_\u{e9}".to_owned(), "per_ crd_x dev_\u{e9}"),
            (String::new(), ""),
        ] {
            assert_eq!(plain(&text, &names), written);
        }
    }
}
