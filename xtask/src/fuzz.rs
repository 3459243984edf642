//! Fuzz targets on the stable toolchain: libFuzzer with LLVM's own coverage pass, a minute each.

use std::path::Path;
use std::process::Command;

use crate::shell;
use crate::stage::Count;

/// What cargo-fuzz would pass, but for the sanitizers that need a nightly compiler. Overflow checks and
/// debug assertions stay on: in a target, wrapping is a finding.
const FLAGS: [&str; 8] = [
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Cdebug-assertions=on",
    "-Coverflow-checks=on",
];

/// Seconds that each target runs.
const SECONDS: u32 = 60;

/// Builds the targets in fuzz/ and runs each over its seeds and what earlier runs found.
pub fn run(root: &Path) -> Result<Count, String> {
    let folder = root.join("fuzz");
    let triple = host()?;
    let build = shell::show(
        shell::cargo(&folder)
            .args(["build", "--release", "--locked", "--target", &triple, "--target-dir"])
            .arg(shell::target(root).join("fuzz"))
            .env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\u{1f}")),
    )?;
    if !build.ok {
        return Err("the fuzz targets do not build".to_owned());
    }
    let mut count = Count::default();
    for name in targets(&folder)? {
        let ok = target(root, &folder, &triple, &name)?;
        println!("fuzz {name}: {}", if ok { "passed" } else { "FAILED" });
        count += if ok { Count::ONE_PASSED } else { Count { passed: 0, failed: 1 } };
    }
    Ok(count)
}

/// Names of the targets: the files of fuzz/targets.
fn targets(folder: &Path) -> Result<Vec<String>, String> {
    let listing = std::fs::read_dir(folder.join("targets")).map_err(|e| format!("targets: {e}"))?;
    let mut names: Vec<String> = listing
        .flatten()
        .filter_map(|f| Some(f.file_name().to_str()?.strip_suffix(".rs")?.to_owned()))
        .collect();
    names.sort();
    if names.is_empty() { Err("fuzz/targets is empty".to_owned()) } else { Ok(names) }
}

fn target(root: &Path, folder: &Path, triple: &str, name: &str) -> Result<bool, String> {
    let built = shell::target(root).join("fuzz");
    let corpus = built.join("corpus").join(name);
    let artifacts = built.join("artifacts").join(name);
    for dir in [&corpus, &artifacts] {
        std::fs::create_dir_all(dir).map_err(|e| format!("{}: {e}", dir.display()))?;
    }
    let run = shell::quiet(
        Command::new(built.join(triple).join("release").join(name))
            .arg(format!("-max_total_time={SECONDS}"))
            .args(["-max_len=65536", "-rss_limit_mb=1024", "-timeout=10", "-print_final_stats=1"])
            .arg(format!("-artifact_prefix={}/", artifacts.display()))
            .arg(&corpus)
            .arg(folder.join("seeds").join(name)),
    )?;
    if run.ok {
        let stats =
            run.stderr.lines().rev().filter(|l| l.starts_with("stat::") || l.contains("cov:"));
        for line in stats.take(6) {
            println!("  {line}");
        }
    } else {
        println!("{}", run.text());
        println!("the input is kept in {}", artifacts.display());
    }
    Ok(run.ok)
}

fn host() -> Result<String, String> {
    let text = shell::read(Command::new("rustc").arg("-vV"))?;
    text.lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
        .ok_or_else(|| "rustc -vV names no host".to_owned())
}
