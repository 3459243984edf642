//! Import circles: how many files of a crate can only be understood together.
//!
//! A circle is a largest set of files in which every file reaches every other one by imports: `use`, and paths such as
//! `crate::a::b` or `child::b`, macros included and tests excluded. `pub use` leads to the file that defines the name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::module::{Crate, crates};

/// The most files that a circle may have, in a crate that [`LIMITS`] does not name.
const GOAL: usize = 10;
/// The same for crates whose goal is another one.
const GOALS: [(&str, usize); 2] = [("access", 3), ("gate", 1)];

/// Crates that are not there yet, and the files of their largest circle. A number here only ever falls: whoever
/// makes a circle smaller lowers it, and a crate that has reached its goal leaves the list.
const LIMITS: &[(&str, usize)] = &[];

/// Most edges of a circle that are printed.
const SHOWN: usize = 12;

/// Imports between files: from, to, and the places at which they stand.
type Edges = BTreeMap<usize, BTreeMap<usize, BTreeSet<usize>>>;

/// Circles that are larger than allowed, and limits that are higher than needed.
pub fn faults(root: &Path, files: &[String]) -> Result<Vec<String>, String> {
    Ok(measured(&crates(root, files)?, LIMITS))
}

/// The files of each crate's largest circle.
pub fn sizes(root: &Path, files: &[String]) -> Result<BTreeMap<String, usize>, String> {
    let all = crates(root, files)?.into_iter();
    Ok(all.map(|(name, modules)| (name, largest(&edges(&modules)).len())).collect())
}

const FILE: &str = "xtask/src/tidy/circle.rs";

fn measured(all: &BTreeMap<String, Crate>, limits: &[(&str, usize)]) -> Vec<String> {
    let mut found = Vec::new();
    for (name, modules) in all {
        let edges = edges(modules);
        let circle = largest(&edges);
        let limit = limits.iter().find(|(of, _)| of == name).map(|(_, limit)| *limit);
        let Some(text) = fault(name, circle.len(), limit) else { continue };
        let too_large = circle.len() > limit.unwrap_or(goal(name));
        found.push(if too_large { text + &told(modules, &edges, &circle) } else { text });
    }
    let gone = limits.iter().filter(|(name, _)| !all.contains_key(*name));
    found.extend(gone.map(|(name, _)| format!("{FILE}: LIMITS names {name}, which is no crate")));
    found
}

fn goal(name: &str) -> usize {
    GOALS.iter().find(|(of, _)| *of == name).map_or(GOAL, |(_, goal)| *goal)
}

/// What is wrong with the size of a crate's largest circle.
fn fault(name: &str, size: usize, limit: Option<usize>) -> Option<String> {
    let goal = goal(name);
    match limit {
        Some(limit) if size > limit => Some(format!(
            "{name}: {size} files import one another in a circle, and the limit is {limit}"
        )),
        None if size > goal => Some(format!(
            "{name}: {size} files import one another in a circle, and the limit is {goal}"
        )),
        Some(_) if size <= goal => Some(format!(
            "{name}: its largest circle has {size} files, which reaches the goal of {goal}: \
             take {name} out of LIMITS in {FILE}"
        )),
        Some(limit) if size < limit => Some(format!(
            "{name}: its largest circle has only {size} files now: \
             lower its limit in {FILE} from {limit} to {size}"
        )),
        _ => None,
    }
}

/// Imports between files of a crate.
fn edges(modules: &Crate) -> Edges {
    let mut all = Edges::new();
    for (from, source) in modules.sources.iter().enumerate() {
        for (module, mention) in &source.mentions {
            if let Some(to) = modules.file_of(module, &mention.names).filter(|to| *to != from) {
                all.entry(from).or_default().entry(to).or_default().insert(mention.line);
            }
        }
    }
    all
}

/// The largest strongly connected set of files, if it has more than one.
fn largest(edges: &Edges) -> BTreeSet<usize> {
    let backwards = turned(edges);
    let mut left: BTreeSet<usize> = edges.keys().copied().collect();
    let mut best = BTreeSet::new();
    while let Some(first) = left.pop_first() {
        let (to, from) = (reached(edges, first), reached(&backwards, first));
        let circle: BTreeSet<usize> = to.intersection(&from).copied().collect();
        left.retain(|file| !circle.contains(file));
        if circle.len() > best.len() && circle.len() > 1 {
            best = circle;
        }
    }
    best
}

fn turned(edges: &Edges) -> Edges {
    let mut all = Edges::new();
    for (from, to, lines) in each(edges) {
        all.entry(to).or_default().insert(from, lines.clone());
    }
    all
}

fn each(edges: &Edges) -> impl Iterator<Item = (usize, usize, &BTreeSet<usize>)> {
    edges.iter().flat_map(|(from, all)| all.iter().map(|(to, lines)| (*from, *to, lines)))
}

fn reached(edges: &Edges, first: usize) -> BTreeSet<usize> {
    let mut seen = BTreeSet::from([first]);
    let mut next = vec![first];
    while let Some(file) = next.pop() {
        let more = edges.get(&file).into_iter().flat_map(BTreeMap::keys);
        next.extend(more.filter(|to| seen.insert(**to)));
    }
    seen
}

/// The files of a circle, from those that import most to those that are imported most. What runs against this order
/// is what closes the circle (the heuristic of Eades, Lin and Smyth).
fn order(edges: &Edges, circle: &BTreeSet<usize>) -> Vec<usize> {
    let mut left = circle.clone();
    let (mut top, mut bottom) = (Vec::new(), Vec::new());
    while !left.is_empty() {
        let balance = |file: &usize| {
            let inside =
                each(edges).filter(|(from, to, _)| left.contains(from) && left.contains(to));
            inside.fold((0_i32, 0_i32), |(out, back), (from, to, _)| {
                (out + i32::from(from == *file), back + i32::from(to == *file))
            })
        };
        let degrees: Vec<(usize, (i32, i32))> =
            left.iter().map(|file| (*file, balance(file))).collect();
        let sink = degrees.iter().find(|(_, (out, _))| *out == 0);
        let source = degrees.iter().find(|(_, (_, back))| *back == 0);
        let widest = degrees.iter().rev().max_by_key(|(_, (out, back))| out - back);
        let Some((file, _)) = sink.or(source).or(widest).copied() else { break };
        left.remove(&file);
        if sink.is_some() { bottom.push(file) } else { top.push(file) }
    }
    top.extend(bottom.into_iter().rev());
    top
}

/// The members of a circle, the imports that close it, and what to do.
fn told(modules: &Crate, edges: &Edges, circle: &BTreeSet<usize>) -> String {
    let file = |number: usize| modules.sources.get(number).map_or("", |source| &source.file);
    let order = order(edges, circle);
    let rank: BTreeMap<usize, usize> =
        order.iter().enumerate().map(|(n, file)| (*file, n)).collect();
    let mut back: Vec<String> = Vec::new();
    let mut count = 0;
    for (from, to, lines) in each(edges) {
        let (Some(a), Some(b)) = (rank.get(&from), rank.get(&to)) else { continue };
        if a < b {
            continue;
        }
        count += 1;
        if back.len() < SHOWN {
            let at: Vec<String> = lines.iter().take(3).map(ToString::to_string).collect();
            back.push(format!("\n    {}:{} imports {}", file(from), at.join(","), file(to)));
        }
    }
    let members: Vec<&str> = order.iter().map(|number| file(*number)).collect();
    let more = if count > back.len() {
        format!("\n    and {} more", count - back.len())
    } else {
        String::new()
    };
    format!(
        "\n  the circle, importers first: {}\n  imports that run back up and close it:{}{more}\n  \
         Move what both sides need into a file below them, or pass it as an argument; \
         the limit is not raised.",
        members.join(" "),
        back.concat(),
    )
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn tree(name: &str, files: &[(&str, &str)]) -> BTreeMap<String, Crate> {
        let modules = Crate::read(files.iter().map(|(file, text)| (*file, (*text).to_owned())));
        BTreeMap::from([(name.to_owned(), modules.unwrap())])
    }

    fn circle(files: &[(&str, &str)]) -> Vec<String> {
        let all = tree("a", files);
        let modules = all.get("a").unwrap();
        let circle = largest(&edges(modules));
        circle.iter().map(|n| modules.sources.get(*n).unwrap().file.clone()).collect()
    }

    const LIB: (&str, &str) = ("lib.rs", "mod x; mod y; mod z; pub use x::X;");

    #[test]
    fn files_that_import_downwards_are_in_no_circle() {
        let x = ("x.rs", "use crate::y::Y; pub struct X(Y);");
        let y = ("y.rs", "use super::z::{self, Z}; pub struct Y(z::Z);");
        assert_eq!(circle(&[LIB, x, y, ("z.rs", "pub struct Z;")]), Vec::<String>::new());
    }

    #[test]
    fn circle_is_found_through_use_paths_macros_and_parents() {
        let x = ("x.rs", "use crate::y::Y; pub struct X(Y);");
        for back in [
            "use crate::{x::X, z};",
            "fn f() { crate::x::g() }",
            "use super::x;",
            "fn f() { html! { (super::x::g()) } }",
            "mod inner { use super::super::x::X; }",
        ] {
            assert_eq!(circle(&[LIB, x, ("y.rs", back), ("z.rs", "")]), ["x.rs", "y.rs"], "{back}");
        }
        let nested = [
            ("lib.rs", "mod x;"),
            ("x.rs", "mod y; fn f() { y::g() } pub const N: u8 = 1;"),
            ("x/y.rs", "use super::N;"),
        ];
        assert_eq!(circle(&nested), ["x.rs", "x/y.rs"]);
    }

    #[test]
    fn name_that_is_passed_on_leads_to_its_file() {
        // Neither the root, which only passes `X` on, nor `z`, which nobody needs, is a part of it.
        let files = [
            LIB,
            ("x.rs", "use crate::y::Y; pub struct X(Y);"),
            ("y.rs", "use crate::X;"),
            ("z.rs", "use crate::X;"),
        ];
        assert_eq!(circle(&files), ["x.rs", "y.rs"]);
        let glob = [
            ("lib.rs", "mod x; mod y; pub use x::*;"),
            ("x.rs", "use crate::y::Y; pub struct X(Y);"),
            ("y.rs", "use crate::X;"),
        ];
        assert_eq!(circle(&glob), ["x.rs", "y.rs"]);
    }

    #[test]
    fn file_that_uses_what_it_passes_on_imports_it() {
        let lib = ("lib.rs", "mod x; pub use x::X; pub struct W(X);");
        assert_eq!(circle(&[lib, ("x.rs", "use crate::W; pub struct X;")]), ["lib.rs", "x.rs"]);
        let lib = ("lib.rs", "mod x; pub use x::X; pub struct W;");
        assert_eq!(circle(&[lib, ("x.rs", "use crate::W; pub struct X;")]), Vec::<String>::new());
    }

    #[test]
    fn tests_are_in_no_circle() {
        let x = ("x.rs", "use crate::y::Y; pub struct X(Y);");
        for back in [
            "#[cfg(test)] mod tests { use crate::x::X; }",
            "#[cfg(test)] use crate::x::X;",
            "#[test] #[should_panic] fn f() { crate::x::g() }",
            "struct Y { #[cfg(test)] x: crate::x::X, n: u8 }",
        ] {
            assert_eq!(circle(&[LIB, x, ("y.rs", back)]), Vec::<String>::new(), "{back}");
        }
        let apart = [
            LIB,
            x,
            ("y.rs", "#[cfg(test)] mod tests;"),
            ("y/tests.rs", "use crate::x::X; use super::Y;"),
        ];
        assert_eq!(circle(&apart), Vec::<String>::new());
    }

    #[test]
    fn circle_over_its_limit_names_members_and_what_closes_it() {
        let names = ["p", "q", "r", "s"];
        let next = |n: usize| names.get((n + 1) % 4).unwrap();
        let texts: Vec<(String, String)> = (0..4)
            .map(|n| (format!("{}.rs", names.get(n).unwrap()), format!("use crate::{};", next(n))))
            .collect();
        let files: Vec<(&str, &str)> =
            texts.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        let all = tree("access", &files);
        let found = measured(&all, &[]);
        assert_eq!(found.len(), 1);
        let text = found.first().unwrap();
        assert!(
            text.contains("4 files import one another in a circle, and the limit is 3"),
            "{text}"
        );
        assert!(text.contains("importers first: p.rs q.rs r.rs s.rs"), "{text}");
        assert!(text.contains("s.rs:1 imports p.rs"), "{text}");
        assert_eq!(text.matches("imports ").count(), 2, "one edge and the heading: {text}");
        assert!(measured(&all, &[("access", 4)]).is_empty());
        assert!(measured(&tree("web", &files), &[]).is_empty());
    }

    #[test]
    fn limit_that_is_higher_than_needed_is_a_fault() {
        assert_eq!(fault("web", 12, Some(12)), None);
        assert!(fault("web", 12, Some(13)).unwrap().contains("from 13 to 12"));
        assert!(fault("web", 10, Some(13)).unwrap().contains("take web out of LIMITS"));
        assert!(fault("access", 4, Some(3)).is_some());
        let gone = measured(&BTreeMap::new(), &[("web", 12)]);
        assert_eq!(gone.len(), 1);
    }
}
