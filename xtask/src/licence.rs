//! Licences and sources of every package in the lock file, held against deny.toml. cargo-deny reads the same
//! file and knows more; this much always runs.

use serde_json::Value;

use crate::tidy::Tree;

/// Packages with a licence or a source that deny.toml does not allow.
pub fn faults(tree: &Tree) -> Result<Vec<String>, String> {
    let text = std::fs::read_to_string(tree.root.join("deny.toml"))
        .map_err(|e| format!("deny.toml: {e}"))?;
    let rules: toml::Table = text.parse().map_err(|e| format!("deny.toml: {e}"))?;
    let licences = rules.get("licenses");
    let allowed = strings(licences.and_then(|l| l.get("allow")));
    let exceptions = licences.and_then(|l| l.get("exceptions")).and_then(toml::Value::as_array);
    let sources = strings(rules.get("sources").and_then(|s| s.get("allow-registry")));
    let mut found = Vec::new();
    for package in tree.metadata.get("packages").and_then(Value::as_array).into_iter().flatten() {
        let word = |key| package.get(key).and_then(Value::as_str);
        let name = word("name").unwrap_or_default();
        let mut allowed = allowed.clone();
        for one in exceptions.into_iter().flatten() {
            if one.get("crate").and_then(toml::Value::as_str) == Some(name) {
                allowed.extend(strings(one.get("allow")));
            }
        }
        let licence = word("license").unwrap_or("none named");
        if !allows(&allowed, licence) {
            found.push(format!("{name}: licence {licence} is not in deny.toml"));
        }
        let source = word("source").map(|s| s.trim_start_matches("registry+"));
        if let Some(source) = source.filter(|s| !sources.iter().any(|allowed| allowed == s)) {
            found.push(format!("{name}: source {source} is not in deny.toml"));
        }
    }
    Ok(found)
}

fn strings(list: Option<&toml::Value>) -> Vec<String> {
    let list = list.and_then(toml::Value::as_array).into_iter().flatten();
    list.filter_map(|v| Some(v.as_str()?.to_owned())).collect()
}

/// Whether an SPDX expression can be met with the allowed licences: AND binds tighter than OR, an old slash
/// means OR.
fn allows(allowed: &[String], expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let met = either(allowed, &words, &mut at);
    met && at == words.len()
}

fn either(allowed: &[String], words: &[&str], at: &mut usize) -> bool {
    let mut met = both(allowed, words, at);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        met |= both(allowed, words, at);
    }
    met
}

fn both(allowed: &[String], words: &[&str], at: &mut usize) -> bool {
    let mut met = single(allowed, words, at);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        met &= single(allowed, words, at);
    }
    met
}

fn single(allowed: &[String], words: &[&str], at: &mut usize) -> bool {
    let word = words.get(*at).copied().unwrap_or_default();
    *at += 1;
    if word == "(" {
        let met = either(allowed, words, at);
        *at += 1;
        return met;
    }
    let mut licence = word.to_owned();
    if words.get(*at) == Some(&"WITH") {
        licence = format!("{word} WITH {}", words.get(*at + 1).copied().unwrap_or_default());
        *at += 2;
    }
    allowed.contains(&licence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expression_is_met_by_its_allowed_side() {
        let allowed = ["MIT".to_owned(), "Apache-2.0 WITH LLVM-exception".to_owned()];
        for met in ["MIT", "MIT OR GPL-3.0", "MIT/Apache-2.0", "(GPL-3.0 OR MIT) AND MIT"] {
            assert!(allows(&allowed, met), "{met}");
        }
        assert!(allows(&allowed, "Apache-2.0 WITH LLVM-exception"));
        for unmet in ["GPL-3.0", "MIT AND GPL-3.0", "none named", "Apache-2.0"] {
            assert!(!allows(&allowed, unmet), "{unmet}");
        }
    }
}
