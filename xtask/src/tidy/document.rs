//! Documents that must be there and must not fall behind the tree.

use std::path::Path;

use serde_json::Value;

use super::layer;

const NEEDED: [&str; 14] = [
    "README.md",
    "ARCHITECTURE.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "NOTICE",
    "LICENSE-MIT",
    "LICENSE-APACHE",
    "deny.toml",
    "rust-toolchain.toml",
    "docs/operations.md",
    "docs/benchmarks.md",
    "packaging/floorpass.service",
    "packaging/Containerfile",
];

/// Missing documents, crates that ARCHITECTURE.md does not name, manifests outside the workspace's lints.
pub fn faults(root: &Path, metadata: &Value) -> Vec<String> {
    let mut found: Vec<String> = NEEDED
        .iter()
        .filter(|file| !root.join(file).is_file())
        .map(|file| format!("{file} is missing"))
        .collect();
    let decisions = std::fs::read_dir(root.join("docs/decisions"));
    let names: Vec<String> = decisions
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    if names.is_empty() {
        found.push("docs/decisions holds no decision".to_owned());
    }
    found.extend(shared_numbers(names));
    let architecture = std::fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap_or_default();
    for one in &layer::CRATES {
        if !architecture.contains(&format!("| {} | `{}` |", one.layer, one.name)) {
            let row = format!("| {} | `{}` |", one.layer, one.name);
            found.push(format!("ARCHITECTURE.md has no row {row} in its layer table"));
        }
    }
    for package in layer::members(metadata) {
        let manifest = package.get("manifest_path").and_then(Value::as_str).unwrap_or_default();
        let text = std::fs::read_to_string(manifest).unwrap_or_default();
        if !text.contains("[lints]\nworkspace = true") {
            found.push(format!("{manifest}: has no [lints] workspace = true"));
        }
    }
    found
}

/// Decisions whose number another one has: `decision 14` has to name one page.
fn shared_numbers(mut names: Vec<String>) -> Vec<String> {
    names.sort_unstable();
    let number = |name: &str| name.split('-').next().map(str::to_owned);
    let pairs = names.iter().zip(names.iter().skip(1));
    pairs
        .filter(|(one, next)| number(one) == number(next))
        .map(|(one, next)| format!("docs/decisions: {one} and {next} have the same number"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::shared_numbers;

    #[test]
    fn decisions_of_one_number_are_told() {
        let names =
            |all: &[&str]| shared_numbers(all.iter().map(|&name| name.to_owned()).collect());
        assert_eq!(names(&["0002-b.md", "0001-a.md", "0010-c.md"]), Vec::<String>::new());
        let found = names(&["0002-b.md", "0001-a.md", "0002-a.md"]);
        assert_eq!(found, ["docs/decisions: 0002-a.md and 0002-b.md have the same number"]);
    }
}
