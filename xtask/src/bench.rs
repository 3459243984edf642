//! The benchmarks: a workspace of its own, so that no peer enters the product's tree.

use std::path::Path;

use crate::shell;

/// What the benchmarks take. A mistyped name is told before a build of many minutes, not after it.
pub const OPTIONS: [&str; 11] = [
    "--only",
    "--flow",
    "--program",
    "--peer",
    "--faketime",
    "--postgres",
    "--nautilus",
    "--orders",
    "--out",
    "--quick",
    "--help",
];

/// Builds the program and bench/ as they are shipped (profile dist) and runs the latter; a run of everything writes docs/benchmarks.md.
pub fn run(root: &Path, args: &[String]) -> Result<(), String> {
    let folder = root.join("bench");
    if !folder.join("Cargo.toml").is_file() {
        return Err(format!("{} has no Cargo.toml", folder.display()));
    }
    // `cargo xtask bench -- --only storm` hands the two dashes on.
    let args = args.strip_prefix(&["--".to_owned()]).unwrap_or(args);
    check(args)?;
    let named = |name: &str| args.iter().any(|arg| arg.split('=').next() == Some(name));
    let mut cargo = shell::cargo(&folder);
    cargo.args(["run", "--profile", "dist", "--locked", "--"]).args(args);
    if !named("--program") {
        let built = shell::show(shell::cargo(root).args([
            "build",
            "--profile",
            "dist",
            "--locked",
            "--package",
            "floorpass",
        ]))?;
        if !built.ok {
            return Err("the program could not be built".to_owned());
        }
        cargo.arg("--program").arg(root.join("target/dist/floorpass"));
    }
    if !["--only", "--quick", "--out"].into_iter().any(named) {
        cargo.arg("--out").arg(root.join("docs/benchmarks.md"));
    }
    let run = shell::show(&mut cargo)?;
    if run.ok { Ok(()) } else { Err("a benchmark did not run to its end".to_owned()) }
}

/// Refuses an option that the benchmarks do not have.
pub fn check(args: &[String]) -> Result<(), String> {
    let options = args.iter().filter(|arg| arg.starts_with('-'));
    let mut names = options.map(|arg| arg.split('=').next().unwrap_or_default());
    match names.find(|name| !OPTIONS.contains(name)) {
        Some(name) => Err(format!("there is no option {name}; they are: {}", OPTIONS.join(" "))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn options_are_those_of_the_benchmarks() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let source = std::fs::read_to_string(root.join("bench/src/main.rs")).unwrap();
        for option in OPTIONS.iter().filter(|option| **option != "--help") {
            assert!(
                source.contains(&format!("    {}: ", option.trim_start_matches('-'))),
                "{option}"
            );
        }
        assert_eq!(source.matches("#[arg(long)]").count(), OPTIONS.len() - 1);
    }
}
