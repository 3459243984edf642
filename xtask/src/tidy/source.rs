//! What the files contain: their length, unfinished work, SQL outside its crate.

/// Lines that a source file may have, tests included.
const LINES: usize = 800;

/// Source files that are bound by the length.
const LANGUAGES: [&str; 5] = [".rs", ".py", ".mjs", ".js", ".css"];

/// Whether a path names Rust source.
pub fn is_rust(path: &str) -> bool {
    std::path::Path::new(path).extension().is_some_and(|end| end == "rs")
}

/// A file longer than the limit.
pub fn size(path: &str, text: &str) -> Vec<String> {
    let lines = text.lines().count();
    if !LANGUAGES.iter().any(|end| path.ends_with(end)) || lines <= LINES {
        return Vec::new();
    }
    vec![format!("{path}: {lines} lines, and the limit is {LINES}; split it by noun")]
}

/// Unfinished work, tests that do not run, lints switched off for good, modules that do not say what they are.
pub fn words(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    if !is_rust(path) || path.starts_with("xtask/src/tidy/") {
        return found;
    }
    let banned = [
        ("todo!(", "is not finished"),
        ("unimplemented!(", "is not finished"),
        ("dbg!(", "was left from looking for a fault"),
        ("#[ignore", "marks a test that does not run: mend it or remove it"),
        ("#[allow(", "stays after its reason has gone: use #[expect(.., reason = \"..\")]"),
        ("#![allow(", "stays after its reason has gone: use #![expect(.., reason = \"..\")]"),
    ];
    for (number, line) in text.lines().enumerate() {
        for (word, why) in banned {
            if line.contains(word) {
                found.push(format!("{path}:{}: {word} {why}", number + 1));
            }
        }
    }
    let first = text.lines().find(|l| !l.trim().is_empty() && !l.starts_with("#!["));
    if path.contains("/src/") && !first.is_some_and(|l| l.starts_with("//!")) {
        found.push(format!("{path}: begins without a //! line that says what it is"));
    }
    found
}

/// SQL text outside `store`.
pub fn sql(path: &str, text: &str) -> Vec<String> {
    let bound = path.starts_with("crates/")
        && path.contains("/src/")
        && is_rust(path)
        && !path.starts_with("crates/store/");
    if !bound {
        return Vec::new();
    }
    let words =
        ["\"SELECT ", "\"INSERT INTO ", "\"UPDATE ", "\"DELETE FROM ", "\"CREATE TABLE ", "sqlx::"];
    let lines = text.lines().enumerate();
    let faulty = lines.filter(|(_, line)| words.iter().any(|word| line.contains(word)));
    faulty.map(|(n, _)| format!("{path}:{}: SQL belongs to crates/store", n + 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_over_the_limit_is_a_fault() {
        assert!(size("crates/a/src/b.rs", &"x\n".repeat(800)).is_empty());
        assert_eq!(size("crates/a/src/b.rs", &"x\n".repeat(801)).len(), 1);
        assert!(size("Cargo.lock", &"x\n".repeat(801)).is_empty());
    }

    #[test]
    fn unfinished_work_is_a_fault() {
        assert_eq!(words("crates/a/src/b.rs", "//! B.\nfn f() { todo!() }\n").len(), 1);
        assert_eq!(words("crates/a/src/b.rs", "fn f() {}\n").len(), 1);
        assert!(words("crates/a/src/b.rs", "//! B.\nfn f() {}\n").is_empty());
    }

    #[test]
    fn sql_outside_store_is_a_fault() {
        let text = "let rows = query(\"SELECT 1\");";
        assert_eq!(sql("crates/web/src/device.rs", text).len(), 1);
        assert!(sql("crates/store/src/device.rs", text).is_empty());
    }
}
