//! `cargo xtask structure`: how the code hangs together, in numbers. docs/structure.md states them, and each has to be true.

use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::module::{attribute, crates};
use super::{circle, noun, type_name};

const FILE: &str = "docs/structure.md";

/// A figure that the document does not state yet.
const LATER: &str = "\u{2026}";

/// What is measured, as the document names it, and its figure.
type Measured = Vec<(String, String)>;

fn measure(root: &Path, files: &[String]) -> Result<Measured, String> {
    let circles = circle::sizes(root, files)?.into_iter();
    let mut all: Measured = circles
        .filter(|(name, _)| name != "xtask")
        .map(|(name, size)| (format!("largest import circle of `{name}`, files"), size.to_string()))
        .collect();
    all.push(("public methods of `Gate`".to_owned(), methods(root, files)?.to_string()));
    let travel = noun::lines(root, files, "travel")?;
    let what = "lines that name planned travel outside its own files".to_owned();
    all.push((what, noun::figure(&travel)));
    let shared = type_name::shared(root, files)?.to_string();
    all.push(("public type names that are defined more than once".to_owned(), shared));
    Ok(all)
}

/// Prints them.
pub fn run(root: &Path, files: &[String]) -> Result<(), String> {
    for (what, figure) in measure(root, files)? {
        println!("| {what} | {figure} |");
    }
    Ok(())
}

/// Figures of the document that are not true, or not there.
pub fn faults(root: &Path, files: &[String]) -> Result<Vec<String>, String> {
    let text = std::fs::read_to_string(root.join(FILE)).map_err(|e| format!("{FILE}: {e}"))?;
    Ok(compared(&text, &measure(root, files)?))
}

fn compared(text: &str, measured: &Measured) -> Vec<String> {
    let stated = |what: &str| {
        let row = text.lines().find_map(|line| line.strip_prefix(&format!("| {what} | ")))?;
        Some(row.split('|').next().unwrap_or_default().trim().to_owned())
    };
    let fault = |(what, figure): &(String, String)| match stated(what) {
        Some(stated) if stated == *figure || stated == LATER => None,
        Some(stated) => Some(format!("{FILE}: {what}: it says {stated}, and it is {figure}")),
        None => Some(format!("{FILE}: it does not say: {what}: {figure}")),
    };
    measured.iter().filter_map(fault).collect()
}

/// Public methods of the gate's own type.
fn methods(root: &Path, files: &[String]) -> Result<usize, String> {
    let all = crates(root, files)?;
    let gate = all.get("gate").ok_or("there is no crate gate")?;
    let mut count = 0;
    for source in gate.sources.iter().filter(|source| !source.is_test) {
        let file = format!("crates/gate/src/{}", source.file);
        let text = std::fs::read_to_string(root.join(&file)).map_err(|e| e.to_string())?;
        count += methods_of("Gate", text.parse().map_err(|e| format!("{file}: {e}"))?);
    }
    Ok(count)
}

/// Public methods in the `impl` blocks of a type: `impl Gate { .. }`, no traits.
fn methods_of(name: &str, tokens: TokenStream) -> usize {
    let all: Vec<TokenTree> = tokens.into_iter().collect();
    let is = |at: usize, word: &str| matches!(all.get(at), Some(TokenTree::Ident(found)) if *found == word);
    let mut count = 0;
    for (at, token) in all.iter().enumerate() {
        if let TokenTree::Group(body) = token
            && body.delimiter() == Delimiter::Brace
            && at >= 2
            && is(at - 1, name)
            && is(at - 2, "impl")
        {
            count += public(&body.stream().into_iter().collect::<Vec<_>>());
        }
    }
    count
}

fn public(all: &[TokenTree]) -> usize {
    let word = |at: usize| match all.get(at) {
        Some(TokenTree::Ident(word)) => word.to_string(),
        _ => String::new(),
    };
    let (mut at, mut count) = (0, 0);
    while at < all.len() {
        if word(at) == "pub" {
            let mut next = at + 1;
            while ["const", "async", "unsafe"].contains(&word(next).as_str()) {
                next += 1;
            }
            count += usize::from(word(next) == "fn");
        } else if matches!(all.get(at), Some(TokenTree::Punct(mark)) if mark.as_char() == '#') {
            let (test, next) = attribute(all, at);
            // What is only for tests is no method of the product.
            at = if test { next + 1 } else { next };
            continue;
        }
        at += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn figure_that_is_not_true_is_a_fault() {
        let measured = vec![("a".to_owned(), "3".to_owned()), ("b".to_owned(), "4".to_owned())];
        assert!(compared("| a | 3 | x |\n| b | \u{2026} | y |\n", &measured).is_empty());
        let found = compared("| a | 2 | x |\n", &measured);
        assert_eq!(found.len(), 2);
        assert!(found.first().unwrap().contains("says 2, and it is 3"), "{found:?}");
        assert!(found.last().unwrap().contains("does not say: b: 4"), "{found:?}");
    }

    #[test]
    fn public_methods_of_a_type_are_counted() {
        let text = "impl Gate { pub fn a() {} pub(crate) fn b() {} fn c() {} pub async fn d() {} \
                    #[cfg(test)] pub fn e() {} } impl Clone for Gate { pub fn f() {} } \
                    impl Door { pub fn g() {} }";
        assert_eq!(methods_of("Gate", text.parse().unwrap()), 2);
    }
}
