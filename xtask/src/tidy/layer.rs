//! Layers: every edge goes down, or from `trade` to `access`; what a crate must not import; what the pure ones reach.

use std::path::Path;

use serde_json::Value;

use crate::shell;

/// A crate of the product.
pub struct Crate {
    /// Folder under crates/.
    pub name: &'static str,
    pub layer: u8,
    /// Packages that it must not name in its manifest.
    pub barred: &'static [&'static str],
}

/// Packages through which a crate would touch the world.
const WORLD: &[&str] =
    &["tokio", "sqlx", "axum", "hyper", "rustls", "getrandom", "rand", "rustix", "tracing"];
const PAGES: &[&str] = &["axum", "maud", "hyper", "sqlx", "floorpass-tws"];
const SQL: &[&str] = &["sqlx", "floorpass-store"];

/// The layer table of ARCHITECTURE.md.
pub const CRATES: [Crate; 12] = [
    Crate { name: "tws", layer: 0, barred: WORLD },
    Crate {
        name: "private",
        layer: 0,
        barred: &["tokio", "sqlx", "axum", "hyper", "rustls", "tracing"],
    },
    Crate { name: "access", layer: 1, barred: WORLD },
    Crate { name: "trade", layer: 1, barred: WORLD },
    Crate { name: "store", layer: 2, barred: &["axum", "maud", "hyper", "rustls"] },
    Crate { name: "alert", layer: 2, barred: &["axum", "maud", "sqlx", "floorpass-store"] },
    Crate { name: "gate", layer: 3, barred: PAGES },
    Crate { name: "web", layer: 4, barred: SQL },
    Crate { name: "twsd", layer: 4, barred: SQL },
    Crate { name: "control", layer: 4, barred: SQL },
    Crate { name: "floorpass", layer: 5, barred: &["sqlx"] },
    Crate { name: "sim", layer: 5, barred: &["sqlx"] },
];

fn known(package: &str) -> Option<&'static Crate> {
    let name = package.strip_prefix("floorpass-").unwrap_or(package);
    CRATES.iter().find(|c| c.name == name)
}

/// Edges that go up or sideways, and barred imports. Dependencies of tests are free.
pub fn edges(metadata: &Value) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    for package in members(metadata) {
        let name = package.get("name").and_then(Value::as_str).unwrap_or_default();
        if name == "xtask" {
            continue;
        }
        let Some(from) = known(name) else {
            found.push(format!("{name} has no place in the layer table (xtask/src/tidy/layer.rs)"));
            continue;
        };
        let all = package.get("dependencies").and_then(Value::as_array);
        let all = all.ok_or("cargo metadata names no dependencies")?;
        // A normal dependency has the kind null.
        for needed in all.iter().filter(|d| d.get("kind").is_some_and(Value::is_null)) {
            let needed = needed.get("name").and_then(Value::as_str).unwrap_or_default();
            found.extend(fault(from, needed));
        }
    }
    Ok(found)
}

fn fault(from: &Crate, needed: &str) -> Option<String> {
    if from.barred.contains(&needed) {
        return Some(format!("{} must not import {needed}", from.name));
    }
    let to = known(needed)?;
    let down = to.layer < from.layer || (from.name == "trade" && to.name == "access");
    (!down).then(|| {
        format!("{} (layer {}) imports {} (layer {})", from.name, from.layer, to.name, to.layer)
    })
}

/// The workspace's own packages.
pub fn members(metadata: &Value) -> impl Iterator<Item = &Value> {
    let packages = metadata.get("packages").and_then(Value::as_array).into_iter().flatten();
    // Only packages of this tree have no source.
    packages.filter(|p| p.get("source").is_some_and(Value::is_null))
}

/// What the pure crates reach, through whatever chain.
pub fn purity(root: &Path) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    let barred = ["tokio", "sqlx", "axum", "getrandom", "rand", "mio", "hyper", "socket2"];
    for name in ["tws", "access", "trade"] {
        let tree = shell::read(shell::cargo(root).args([
            "tree",
            "--locked",
            "--prefix=none",
            "--format={p}",
            "--edges=normal",
            "--package",
            &format!("floorpass-{name}"),
        ]))?;
        for line in tree.lines() {
            let package = line.split(' ').next().unwrap_or_default();
            if barred.contains(&package) || package.starts_with("sqlx-") {
                found.push(format!("{name} reaches {line}"));
            }
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn edge_upwards_is_a_fault() {
        let gate = known("floorpass-gate").unwrap();
        assert!(fault(gate, "floorpass-store").is_none());
        assert!(fault(gate, "floorpass-web").is_some());
        assert!(fault(gate, "axum").is_some());
        assert!(fault(known("floorpass-trade").unwrap(), "floorpass-access").is_none());
        assert!(fault(known("floorpass-access").unwrap(), "floorpass-trade").is_some());
    }

    #[test]
    fn dependency_of_tests_is_free() {
        let metadata = serde_json::json!({"packages": [{
            "name": "floorpass-access", "source": null,
            "dependencies": [{"name": "tokio", "kind": "dev"}, {"name": "tokio", "kind": null}],
        }]});
        assert_eq!(edges(&metadata).unwrap().len(), 1);
    }
}
