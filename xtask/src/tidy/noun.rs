//! `cargo xtask noun NAME`: what a noun costs outside the files that are its own.
//!
//! A line counts if a name or a text on it has the noun in it; comments and tests do not count. A noun's own files are those
//! of its name: `travel.rs`, and what is in a folder `travel`. A noun that is a part of other words (`push`) counts too many.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::module::{attribute, crates, is_mark};

/// Lines of each file, from the workspace's folder.
pub type Lines = BTreeMap<String, BTreeSet<usize>>;

/// Where the product names a noun outside its own files.
pub fn lines(root: &Path, files: &[String], noun: &str) -> Result<Lines, String> {
    let mut all = Lines::new();
    for (name, modules) in crates(root, files)?.iter().filter(|(name, _)| *name != "xtask") {
        for source in modules.sources.iter().filter(|source| !source.is_test) {
            if is_own(&source.file, noun) {
                continue;
            }
            let file = format!("crates/{name}/src/{}", source.file);
            let text = std::fs::read_to_string(root.join(&file)).map_err(|e| e.to_string())?;
            let tokens: TokenStream = text.parse().map_err(|e| format!("{file}: {e}"))?;
            let mut found = BTreeSet::new();
            walk(tokens, noun, &mut found);
            if !found.is_empty() {
                all.insert(file, found);
            }
        }
    }
    Ok(all)
}

/// `21 in 14 files`.
pub fn figure(lines: &Lines) -> String {
    let count: usize = lines.values().map(BTreeSet::len).sum();
    format!("{count} in {} files", lines.len())
}

/// Prints them.
pub fn run(root: &Path, files: &[String], noun: &str) -> Result<(), String> {
    let all = lines(root, files, noun)?;
    for (file, lines) in &all {
        let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
        println!("{file}: {}", lines.join(", "));
    }
    println!("lines that name {noun} outside its own files: {}", figure(&all));
    Ok(())
}

fn is_own(file: &str, noun: &str) -> bool {
    file.trim_end_matches(".rs").split('/').any(|part| part == noun)
}

fn walk(tokens: TokenStream, noun: &str, found: &mut BTreeSet<usize>) {
    let all: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while let Some(token) = all.get(at) {
        at += 1;
        match token {
            mark if is_mark(mark, '#') => {
                let (test, next) = attribute(&all, at - 1);
                if test {
                    at = after_item(&all, next);
                } else if is_comment(&all, at, next) {
                    at = next;
                }
            }
            TokenTree::Group(group) => walk(group.stream(), noun, found),
            TokenTree::Ident(_) | TokenTree::Literal(_) => {
                if token.to_string().to_lowercase().contains(noun) {
                    found.insert(token.span().start().line);
                }
            }
            TokenTree::Punct(_) => {}
        }
    }
}

/// Whether an attribute that ends before `next` is a doc comment.
fn is_comment(all: &[TokenTree], at: usize, next: usize) -> bool {
    all.get(at..next).unwrap_or_default().iter().any(|token| match token {
        TokenTree::Group(group) => group.stream().to_string().starts_with("doc"),
        _ => false,
    })
}

/// Where an item ends that begins here, its other attributes included.
fn after_item(all: &[TokenTree], mut at: usize) -> usize {
    while all.get(at).is_some_and(|token| is_mark(token, '#')) {
        at = attribute(all, at).1;
    }
    while let Some(token) = all.get(at) {
        at += 1;
        let ends = matches!(token, TokenTree::Group(body) if body.delimiter() == Delimiter::Brace);
        if ends || is_mark(token, ';') {
            break;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn found(text: &str) -> Vec<usize> {
        let mut found = BTreeSet::new();
        walk(text.parse().unwrap(), "travel", &mut found);
        found.into_iter().collect()
    }

    #[test]
    fn names_and_texts_count_and_comments_and_tests_do_not() {
        let text = "\
/// Travel.
mod travel; // travel
#[serde(rename = \"travel\")]
use a::{b, TravelNow};
#[cfg(test)]
mod tests { use a::travel; }
fn f() { g(\"the travel\", travels); h(1) }
";
        assert_eq!(found(text), [2, 3, 4, 7]);
    }

    #[test]
    fn own_files_of_a_noun_are_those_of_its_name() {
        for own in ["travel.rs", "travel/event.rs", "a/travel.rs"] {
            assert!(is_own(own, "travel"), "{own}");
        }
        assert!(!is_own("travels.rs", "travel") && !is_own("answer/travel_now.rs", "travel"));
    }
}
