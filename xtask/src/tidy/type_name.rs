//! Names of public types: one name, one meaning. A name that two crates define, or one crate twice, has two.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::module::{Crate, crates};

/// Names that are still defined more than once, and how often. A number here only ever falls; a name that is
/// defined once leaves the list.
const SHARED: &[(&str, usize)] = &[
    ("Answer", 2),
    ("Answered", 2),
    ("Asked", 2),
    ("Asker", 2),
    ("Command", 26),
    ("Config", 4),
    ("Delivery", 2),
    ("Durability", 2),
    ("Event", 25),
    ("Fault", 3),
    ("Form", 2),
    ("Held", 2),
    ("Holding", 2),
    ("Hours", 3),
    ("Kind", 4),
    ("Lan", 3),
    ("NewCredential", 2),
    ("OrderState", 2),
    ("Person", 2),
    ("Position", 2),
    ("Push", 3),
    ("Reach", 3),
    ("Receipt", 2),
    ("Refused", 2),
    ("SignedIn", 2),
    ("Socket", 2),
    ("Step", 2),
    ("Threshold", 2),
    ("Topic", 2),
    ("Window", 2),
];

const FILE: &str = "xtask/src/tidy/type_name.rs";

/// Names with more definitions than the list allows, and entries that allow more than there are.
pub fn faults(root: &Path, files: &[String]) -> Result<Vec<String>, String> {
    Ok(measured(&crates(root, files)?, SHARED))
}

/// How many names are defined more than once.
pub fn shared(root: &Path, files: &[String]) -> Result<usize, String> {
    let all = crates(root, files)?;
    Ok(places(&all).values().filter(|at| at.len() > 1).count())
}

fn measured(all: &BTreeMap<String, Crate>, shared: &[(&str, usize)]) -> Vec<String> {
    let places = places(all);
    let allowed = |name: &str| shared.iter().find(|(of, _)| *of == name).map_or(1, |(_, n)| *n);
    let mut found: Vec<String> = places
        .iter()
        .filter(|(name, at)| at.len() > allowed(name))
        .map(|(name, at)| {
            let at: Vec<&str> = at.iter().map(String::as_str).collect();
            format!(
                "{name} is the public type of {} places ({}), at most {} allowed: \
                 give the newer one a name of its own",
                at.len(),
                at.join(", "),
                allowed(name),
            )
        })
        .collect();
    found.extend(shared.iter().filter_map(|(name, limit)| {
        let now = places.get(*name).map_or(0, BTreeSet::len);
        match now {
            0 | 1 => Some(format!("{name} has one meaning now: take it out of SHARED in {FILE}")),
            _ if now < *limit => Some(format!(
                "{name} has {now} places now: lower its number in {FILE} from {limit}"
            )),
            _ => None,
        }
    }));
    found
}

/// Where each name is defined: `crates/web/src/visit.rs:12`. The automation's own types are no part of the product.
fn places(all: &BTreeMap<String, Crate>) -> BTreeMap<String, BTreeSet<String>> {
    let mut places: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, modules) in all.iter().filter(|(name, _)| *name != "xtask") {
        for source in &modules.sources {
            for (type_name, line) in &source.types {
                let at = format!("crates/{name}/src/{}:{line}", source.file);
                places.entry(type_name.clone()).or_default().insert(at);
            }
        }
    }
    places
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn all(crates: &[(&str, &[(&str, &str)])]) -> BTreeMap<String, Crate> {
        let read = |files: &[(&str, &str)]| {
            Crate::read(files.iter().map(|(file, text)| (*file, (*text).to_owned()))).unwrap()
        };
        crates.iter().map(|(name, files)| ((*name).to_owned(), read(files))).collect()
    }

    #[test]
    fn name_of_two_public_types_is_a_fault_wherever_they_are() {
        let twice =
            all(&[("a", &[("lib.rs", ""), ("x.rs", "pub struct T;"), ("y.rs", "pub enum T {}")])]);
        let found = measured(&twice, &[]);
        assert_eq!(found.len(), 1);
        let text = found.first().unwrap();
        assert!(text.contains("crates/a/src/x.rs:1, crates/a/src/y.rs:1"), "{text}");
        let two = all(&[
            ("a", &[("lib.rs", "pub trait T {}")]),
            ("b", &[("lib.rs", "pub type T = u8;")]),
        ]);
        assert_eq!(measured(&two, &[]).len(), 1);
        assert!(measured(&two, &[("T", 2)]).is_empty());
        let made = all(&[("a", &[("lib.rs", "id! { pub struct T; }"), ("x.rs", "pub struct T;")])]);
        assert_eq!(measured(&made, &[]).len(), 1);
    }

    #[test]
    fn name_that_is_private_or_of_a_test_may_be_there_twice() {
        let one = ("lib.rs", "pub struct T;");
        for other in [
            "struct T;",
            "pub(crate) struct T;",
            "#[cfg(test)] mod tests { pub struct T; }",
            "impl A for B { type T = u8; }",
            "pub use crate::T;",
        ] {
            assert!(measured(&all(&[("a", &[one, ("x.rs", other)])]), &[]).is_empty(), "{other}");
        }
        assert!(measured(&all(&[("a", &[one]), ("xtask", &[one])]), &[]).is_empty());
    }

    #[test]
    fn list_that_allows_more_than_there_is_is_a_fault() {
        let two =
            all(&[("a", &[("lib.rs", "pub struct T;")]), ("b", &[("lib.rs", "pub struct T;")])]);
        assert!(measured(&two, &[("T", 3)]).first().unwrap().contains("has 2 places now"));
        let one = all(&[("a", &[("lib.rs", "pub struct T;")])]);
        assert!(measured(&one, &[("T", 2)]).first().unwrap().contains("take it out"));
    }
}
