//! The benchmarks: a workspace of its own, so that no peer enters the product's tree.

use std::path::Path;

use crate::shell;

/// Builds the program and bench/ in release mode and runs the latter; a run of everything writes docs/benchmarks.md.
pub fn run(root: &Path, args: &[String]) -> Result<(), String> {
    let folder = root.join("bench");
    if !folder.join("Cargo.toml").is_file() {
        return Err(format!("{} has no Cargo.toml", folder.display()));
    }
    let named = |name: &str| args.iter().any(|arg| arg.split('=').next() == Some(name));
    let mut cargo = shell::cargo(&folder);
    cargo.args(["run", "--release", "--locked", "--"]).args(args);
    if !named("--program") {
        let built = shell::show(shell::cargo(root).args([
            "build",
            "--release",
            "--locked",
            "--package",
            "floorpass",
        ]))?;
        if !built.ok {
            return Err("the program could not be built".to_owned());
        }
        cargo.arg("--program").arg(root.join("target/release/floorpass"));
    }
    if !["--only", "--quick", "--out"].into_iter().any(named) {
        cargo.arg("--out").arg(root.join("docs/benchmarks.md"));
    }
    let run = shell::show(&mut cargo)?;
    if run.ok { Ok(()) } else { Err("a benchmark did not run to its end".to_owned()) }
}
