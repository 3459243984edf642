//! `cargo xtask test`: all that must pass, in one command.

use std::path::Path;

use crate::requirement::{self, Programs};
use crate::stage::{Count, Report};
use crate::{advisory, browser, clients, fuzz, postgres, reference, shell, sim, tidy};

pub const STAGES: [&str; 12] = [
    "format",
    "clippy",
    "tidy",
    "deny",
    "advisories",
    "unit",
    "sim",
    "doc",
    "reference",
    "clients",
    "browser",
    "fuzz",
];

/// Runs the chosen stages (all, when none is named) and prints the count as its last line.
pub fn run(root: &Path, only: &[String]) -> Result<(), String> {
    if let Some(unknown) = only.iter().find(|name| !STAGES.contains(&name.as_str())) {
        return Err(format!("there is no stage {unknown:?}; they are: {}", STAGES.join(" ")));
    }
    let chosen = |name: &str| only.is_empty() || only.iter().any(|o| o == name);
    let programs = requirement::meet(chosen)?;
    let mut report = Report::default();
    for name in STAGES.into_iter().filter(|name| chosen(name)) {
        if name == "deny" && shell::find("cargo-deny").is_none() {
            report.note(
                "cargo-deny is not installed and was not run; tidy has checked licences and sources against the same deny.toml (to install it: cargo install cargo-deny)"
                    .to_owned(),
            );
            continue;
        }
        if name == "advisories" {
            match advisory::database(root) {
                Ok(database) => drop(report.stage(name, || advisory::run(root, &database))),
                Err(text) => report.note(format!(
                    "no database of security advisories can be reached, so none was checked: {text} (set FLOORPASS_ADVISORY_DB to a local copy)"
                )),
            }
            continue;
        }
        report.stage(name, || stage(root, name, &programs));
    }
    if !only.is_empty() {
        report.note(format!("only these stages were run: {}", only.join(" ")));
    }
    let total = report.close();
    if total.failed == 0 { Ok(()) } else { std::process::exit(1) }
}

fn stage(root: &Path, name: &str, programs: &Programs) -> Result<Count, String> {
    match name {
        "format" => cargo(root, &["fmt", "--all", "--check"]),
        "clippy" => clippy(root),
        "tidy" => tidy::count(root),
        "deny" => cargo(root, &["deny", "check", "licenses", "bans", "sources"]),
        "unit" => unit(root, programs),
        "sim" => sim::stage(root),
        "doc" => cargo_test(root, &["test", "--workspace", "--doc", "--locked"]),
        "reference" => reference::count(root, programs),
        "clients" => clients::run(root, programs),
        "browser" => browser::run(root, programs),
        _ => fuzz::run(root),
    }
}

/// The workspace, and bench/, which no other stage compiles.
fn clippy(root: &Path) -> Result<Count, String> {
    let target = shell::target(root).display().to_string();
    let strict = ["--all-targets", "--locked", "--", "-D", "warnings"];
    let mut count = cargo(root, &[&["clippy", "--workspace"][..], &strict].concat())?;
    let bench = ["clippy", "--target-dir", &target];
    count += cargo(&root.join("bench"), &[&bench[..], &strict].concat())?;
    Ok(count)
}

/// A cargo command that either works or does not.
fn cargo(folder: &Path, args: &[&str]) -> Result<Count, String> {
    let run = shell::show(shell::cargo(folder).args(args))?;
    if run.ok { Ok(Count::ONE_PASSED) } else { Err(format!("cargo {} failed", args.join(" "))) }
}

/// Unit and integration tests, with a PostgreSQL for those that ask both engines.
fn unit(root: &Path, programs: &Programs) -> Result<Count, String> {
    let server = postgres::Postgres::start(&programs.postgres)?;
    if shell::find("cargo-nextest").is_none() {
        println!("cargo-nextest is not installed: the same tests run under cargo test");
        let mut command = shell::cargo(root);
        command.args(["test", "--workspace", "--all-targets", "--locked", "--no-fail-fast"]);
        let run = shell::show(command.env("FLOORPASS_TEST_POSTGRES", server.url()))?;
        return tally(&run, libtest_count(&run.stdout));
    }
    let mut command = shell::cargo(root);
    command.args(["nextest", "run", "--workspace", "--all-targets", "--locked", "--no-fail-fast"]);
    let run = shell::show(command.env("FLOORPASS_TEST_POSTGRES", server.url()))?;
    tally(&run, nextest_count(&run.stderr))
}

fn cargo_test(root: &Path, args: &[&str]) -> Result<Count, String> {
    let run = shell::show(shell::cargo(root).args(args))?;
    tally(&run, libtest_count(&run.stdout))
}

fn tally(run: &shell::Run, tests: Option<Tests>) -> Result<Count, String> {
    let tests = tests.ok_or("the tests do not build")?;
    if tests.ignored > 0 {
        return Err(format!("{} tests are marked ignored: none may be", tests.ignored));
    }
    let failed = if run.ok { tests.failed } else { tests.failed.max(1) };
    Ok(Count { passed: tests.passed, failed })
}

#[derive(Default, Debug, PartialEq, Eq)]
struct Tests {
    passed: u64,
    failed: u64,
    ignored: u64,
}

/// Adds up libtest's lines: `test result: ok. 3 passed; 0 failed; 0 ignored; ..`.
fn libtest_count(output: &str) -> Option<Tests> {
    let mut seen = None;
    for line in output.lines().filter(|l| l.starts_with("test result: ")) {
        let tests = seen.get_or_insert_with(Tests::default);
        tests.passed = tests.passed.saturating_add(number_before(line, " passed"));
        tests.failed = tests.failed.saturating_add(number_before(line, " failed"));
        tests.ignored = tests.ignored.saturating_add(number_before(line, " ignored"));
    }
    seen
}

/// Reads nextest's summary: `Summary [  0.1s] 5 tests run: 4 passed (1 slow), 1 failed, 0 skipped`.
fn nextest_count(output: &str) -> Option<Tests> {
    let line =
        output.lines().rev().find(|l| l.contains("tests run: ") || l.contains("test run: "))?;
    let after = line.split_once("run: ")?.1;
    let failed = ["failed", "timed out", "exec failed"]
        .map(|word| number_before(after, &format!(" {word}")))
        .into_iter()
        .fold(0, u64::saturating_add);
    Some(Tests {
        passed: number_before(after, " passed"),
        failed,
        ignored: number_before(after, " skipped"),
    })
}

/// The whole number right before a word; 0 when there is none.
fn number_before(line: &str, word: &str) -> u64 {
    let Some(at) = line.find(word) else { return 0 };
    let before = line.get(..at).unwrap_or_default();
    let digits = before.rfind(|c: char| !c.is_ascii_digit()).map_or(0, |i| i + 1);
    before.get(digits..).and_then(|d| d.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nextest_summary_is_counted() {
        let text = "     Summary [   0.131s] 48 tests run: 46 passed (1 slow), 2 failed, 0 skipped";
        assert_eq!(nextest_count(text), Some(Tests { passed: 46, failed: 2, ignored: 0 }));
        assert_eq!(nextest_count("error: could not compile"), None);
    }

    #[test]
    fn libtest_results_are_added_up() {
        let text = "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured\n\
                    test result: FAILED. 1 passed; 2 failed; 1 ignored; 0 measured\n";
        assert_eq!(libtest_count(text), Some(Tests { passed: 4, failed: 2, ignored: 1 }));
    }
}
