//! docs/security/asvs.md: every requirement of its chapters and levels, and tests that there are.

use std::collections::BTreeSet;
use std::path::Path;

const FILE: &str = "docs/security/asvs.md";
/// It names tests by their paths alone.
const OPERATIONS: &str = "docs/operations.md";

/// Sections of OWASP ASVS 5.0 and the numbers in each that are of level 1 or 2.
const SECTIONS: [(&str, &[u32]); 18] = [
    ("3.2", &[1, 2]),
    ("3.3", &[1, 2, 3, 4]),
    ("3.4", &[1, 2, 3, 4, 5, 6]),
    ("3.5", &[1, 2, 3, 4, 5]),
    ("3.7", &[1, 2]),
    ("6.1", &[1, 2, 3]),
    ("6.2", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
    ("6.3", &[1, 2, 3, 4]),
    ("6.4", &[1, 2, 3, 4]),
    ("6.5", &[1, 2, 3, 4, 5]),
    ("6.6", &[1, 2, 3]),
    ("6.8", &[1, 2, 3, 4]),
    ("7.1", &[1, 2, 3]),
    ("7.2", &[1, 2, 3, 4]),
    ("7.3", &[1, 2]),
    ("7.4", &[1, 2, 3, 4, 5]),
    ("7.5", &[1, 2]),
    ("7.6", &[1, 2]),
];

/// Tests that docs/operations.md names and that are nowhere.
pub fn operations(root: &Path, files: &[String]) -> Vec<String> {
    let text = std::fs::read_to_string(root.join(OPERATIONS)).unwrap_or_default();
    let tests = tests(root, files);
    let known: BTreeSet<&str> = tests.iter().filter_map(|test| test.split(' ').nth(1)).collect();
    let spans = text.split('`').skip(1).step_by(2).filter(|span| !span.contains([' ', '\n']));
    spans
        .filter_map(|span| Some((span, span.rsplit_once("::")?.1)))
        .filter(|(_, function)| !known.contains(function))
        .map(|(span, _)| format!("{OPERATIONS}: there is no test {span}"))
        .collect()
}

/// Requirements without a row, rows without a test or a word for it, tests that are nowhere.
pub fn faults(root: &Path, files: &[String]) -> Vec<String> {
    let text = std::fs::read_to_string(root.join(FILE)).unwrap_or_default();
    let rows: Vec<Vec<&str>> = text
        .lines()
        .filter(|line| {
            line.starts_with("| ") && line.chars().nth(2).is_some_and(|c| c.is_ascii_digit())
        })
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let mut found = missing(&rows);
    let tests = tests(root, files);
    for row in &rows {
        let (Some(id), Some(shown)) = (row.first(), row.get(3)) else {
            found.push(format!("{FILE}: a row has fewer than four cells"));
            continue;
        };
        if shown.is_empty() {
            found.push(format!("{FILE}: {id} names neither a test nor why there is none"));
        }
        for name in shown.split('`').skip(1).step_by(2) {
            let Some((package, path)) = name.split_once(' ') else { continue };
            let function = path.rsplit("::").next().unwrap_or(path);
            if !tests.contains(&format!("{package} {function}")) {
                found.push(format!("{FILE}: {id}: there is no test {name}"));
            }
        }
    }
    found
}

fn missing(rows: &[Vec<&str>]) -> Vec<String> {
    let there: BTreeSet<&str> = rows.iter().filter_map(|row| row.first().copied()).collect();
    let all = SECTIONS.iter().flat_map(|(section, numbers)| {
        numbers.iter().map(move |number| format!("{section}.{number}"))
    });
    all.filter(|id| !there.contains(id.as_str()))
        .map(|id| format!("{FILE} has no row for {id}"))
        .collect()
}

/// Every test function by its package: `floorpass-web name`.
fn tests(root: &Path, files: &[String]) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for file in files.iter().filter(|file| Path::new(file).extension().is_some_and(|e| e == "rs")) {
        let Some(folder) = file.strip_prefix("crates/").and_then(|rest| rest.split('/').next())
        else {
            continue;
        };
        let package =
            if folder == "floorpass" { folder.to_owned() } else { format!("floorpass-{folder}") };
        let text = std::fs::read_to_string(root.join(file)).unwrap_or_default();
        let mut marked = false;
        for line in text.lines().map(str::trim) {
            if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
                marked = true;
            } else if let Some(rest) = line.split("fn ").nth(1).filter(|_| marked) {
                let name: String =
                    rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                all.insert(format!("{package} {name}"));
                marked = false;
            }
        }
    }
    all
}
