//! Known vulnerabilities of what the lock files name, held against the `RustSec` database. What deny.toml
//! ignores is ignored here too, and an exception that no longer applies is a fault.

use std::path::{Path, PathBuf};
use std::process::Command;

use rustsec::advisory::{Id, Informational};
use rustsec::report::Settings;
use rustsec::{Database, Lockfile, Report};

use crate::shell;
use crate::stage::Count;

/// Names a copy of the database, for machines that reach no network.
const VARIABLE: &str = "FLOORPASS_ADVISORY_DB";
const REPOSITORY: &str = "https://github.com/RustSec/advisory-db.git";
/// Seconds that fetching it may take.
const PATIENCE: &str = "120";
/// Each is a workspace of its own.
const LOCK_FILES: [&str; 4] =
    ["Cargo.lock", "bench/Cargo.lock", "fuzz/Cargo.lock", "tests/clients/rust/Cargo.lock"];

/// A copy of the database: the one that was named, cargo-audit's, or a fresh one under `target`. The error
/// says why there is none.
pub fn database(root: &Path) -> Result<PathBuf, String> {
    if let Some(named) = std::env::var_os(VARIABLE) {
        return Ok(named.into());
    }
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    if let Some(kept) = home.map(|home| home.join("advisory-db")).filter(|kept| kept.is_dir()) {
        return Ok(kept);
    }
    fetch(&shell::target(root).join("advisory-db"))
}

fn fetch(folder: &Path) -> Result<PathBuf, String> {
    let mut git = Command::new("timeout");
    git.args([PATIENCE, "git"]).env("GIT_TERMINAL_PROMPT", "0");
    if folder.join("crates").is_dir() {
        git.arg("-C").arg(folder).args(["pull", "--quiet", "--depth", "1"]);
    } else {
        git.args(["clone", "--quiet", "--depth", "1", REPOSITORY]).arg(folder);
    }
    shell::read(&mut git)
        .map(|_| folder.to_path_buf())
        .map_err(|text| text.trim().lines().last().unwrap_or_default().to_owned())
}

/// Holds every lock file against the database and prints what it finds.
pub fn run(root: &Path, database: &Path) -> Result<Count, String> {
    let opened = Database::open(database).map_err(|e| format!("{}: {e}", database.display()))?;
    let known = opened.iter().count();
    if known == 0 {
        return Err(format!("{} holds no advisory", database.display()));
    }
    println!("{known} advisories in {}{}", database.display(), age(database));
    let ignored = ignored(root)?;
    let mut count = Count::default();
    let mut met = Vec::new();
    for name in LOCK_FILES {
        let lock = Lockfile::load(root.join(name)).map_err(|e| format!("{name}: {e}"))?;
        let found = faults(&opened, &lock);
        let (excused, open): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|fault| ignored.contains(&fault.id));
        for fault in &open {
            println!("advisories: {name}: {}", fault.text);
        }
        met.extend(excused.into_iter().map(|fault| fault.id));
        count += Count { passed: u64::from(open.is_empty()), failed: u64::from(!open.is_empty()) };
    }
    for id in ignored.iter().filter(|id| !met.contains(id)) {
        println!("advisories: deny.toml ignores {id}, which no lock file meets: remove it");
        count += Count { passed: 0, failed: 1 };
    }
    Ok(count)
}

/// When the copy was last changed, where git knows it.
fn age(database: &Path) -> String {
    if !database.join(".git").exists() {
        return String::new();
    }
    let git = ["log", "-1", "--format=, last changed %cs"];
    let told = shell::quiet(Command::new("git").arg("-C").arg(database).args(git));
    told.ok().filter(|run| run.ok).map_or(String::new(), |run| run.stdout.trim_end().to_owned())
}

struct Fault {
    id: Id,
    text: String,
}

/// Vulnerabilities, and packages that are unsound or that nobody maintains.
fn faults(database: &Database, lock: &Lockfile) -> Vec<Fault> {
    let warned = vec![Informational::Unmaintained, Informational::Unsound, Informational::Notice];
    let settings = Settings { informational_warnings: warned, ..Settings::default() };
    let report = Report::generate(database, lock, &settings);
    let vulnerable = report.vulnerabilities.list.into_iter().map(|v| (v.advisory, v.package));
    let warned = report.warnings.into_values().flatten();
    let warned = warned.filter_map(|w| Some((w.advisory?, w.package)));
    vulnerable
        .chain(warned)
        .map(|(advisory, package)| Fault {
            text: format!(
                "{} {}: {} ({})",
                package.name, package.version, advisory.title, advisory.id
            ),
            id: advisory.id,
        })
        .collect()
}

/// The ids under `[advisories] ignore` in deny.toml; each must say why.
fn ignored(root: &Path) -> Result<Vec<Id>, String> {
    let text =
        std::fs::read_to_string(root.join("deny.toml")).map_err(|e| format!("deny.toml: {e}"))?;
    let rules: toml::Table = text.parse().map_err(|e| format!("deny.toml: {e}"))?;
    let list =
        rules.get("advisories").and_then(|a| a.get("ignore")).and_then(toml::Value::as_array);
    let entries = list.into_iter().flatten();
    entries
        .map(|entry| {
            let word = |key| entry.get(key).and_then(toml::Value::as_str).unwrap_or_default();
            if word("reason").is_empty() {
                return Err(format!("deny.toml: the exception {entry} gives no reason"));
            }
            word("id").parse().map_err(|e| format!("deny.toml: {entry}: {e}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    /// A database of three: a vulnerable range, one with a fixed version, and an unmaintained package.
    fn small() -> Database {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        Database::open(&root.join("tests/advisories")).unwrap()
    }

    fn found(lock: &str) -> Vec<String> {
        faults(&small(), &lock.parse().unwrap()).into_iter().map(|fault| fault.text).collect()
    }

    fn lock(name: &str, version: &str) -> String {
        let source = "registry+https://github.com/rust-lang/crates.io-index";
        format!(
            "version = 4\n\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \"{source}\"\n"
        )
    }

    #[test]
    fn package_in_a_vulnerable_range_is_named_with_its_advisory() {
        let told = found(&lock("leaky-vault", "1.2.3"));
        assert_eq!(told, ["leaky-vault 1.2.3: Keys are written to the log (RUSTSEC-2020-0001)"]);
    }

    #[test]
    fn package_outside_of_the_range_is_not_named() {
        assert_eq!(found(&lock("leaky-vault", "1.2.4")), Vec::<String>::new());
        assert_eq!(found(&lock("leaky-vault", "0.9.0")), Vec::<String>::new());
        assert_eq!(found(&lock("another-vault", "1.2.3")), Vec::<String>::new());
    }

    #[test]
    fn withdrawn_advisory_counts_no_more() {
        assert_eq!(found(&lock("slow-clock", "1.0.0")), Vec::<String>::new());
    }

    #[test]
    fn package_that_nobody_maintains_is_named() {
        let told = found(&lock("old-ledger", "3.0.0"));
        assert_eq!(told, ["old-ledger 3.0.0: old-ledger is unmaintained (RUSTSEC-2020-0003)"]);
    }

    #[test]
    fn package_from_elsewhere_than_the_registry_is_not_looked_up() {
        let own = lock("leaky-vault", "1.2.3")
            .lines()
            .filter(|l| !l.starts_with("source"))
            .fold(String::new(), |text, line| text + line + "\n");
        assert_eq!(found(&own), Vec::<String>::new());
    }

    #[test]
    fn exceptions_of_this_project_are_read_and_say_why() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let ids: Vec<String> = ignored(root).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(ids, ["RUSTSEC-2023-0071"]);
    }
}
