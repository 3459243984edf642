//! The benchmarks: a workspace of its own, so that no peer enters the product's tree.

use std::path::Path;

use crate::shell;

/// Builds and runs bench/ in release mode; it writes docs/benchmarks.md.
pub fn run(root: &Path, args: &[String]) -> Result<(), String> {
    let folder = root.join("bench");
    if !folder.join("Cargo.toml").is_file() {
        return Err(format!("{} has no Cargo.toml", folder.display()));
    }
    let mut cargo = shell::cargo(&folder);
    let run = shell::show(cargo.args(["run", "--release", "--locked", "--"]).args(args))?;
    if run.ok { Ok(()) } else { Err("a benchmark did not run to its end".to_owned()) }
}
