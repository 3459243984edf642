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
    if decisions.map_or(0, Iterator::count) == 0 {
        found.push("docs/decisions holds no decision".to_owned());
    }
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
