//! The simulator: runs from a seed (crates/sim).

use std::path::Path;

use crate::shell;
use crate::stage::Count;

/// Seeds of the test command.
const SEEDS: &str = "20";

/// What the simulator takes; a mistyped name is told before a build.
const OPTIONS: [&str; 6] = ["--seed", "--seeds", "--from", "--steps", "--later", "--json"];

/// Refuses an option that the simulator does not have.
pub fn check(args: &[String]) -> Result<(), String> {
    let mut options = args.iter().filter(|arg| arg.starts_with('-'));
    match options.find(|arg| !OPTIONS.contains(&arg.as_str())) {
        Some(name) => Err(format!("there is no option {name}; they are: {}", OPTIONS.join(" "))),
        None => Ok(()),
    }
}

/// Builds the simulator for speed and runs it with these arguments. Ten thousand seeds take longer than a stage may.
pub fn run(root: &Path, args: &[String]) -> Result<(), String> {
    let mut cargo = shell::cargo(root);
    cargo.args([
        "run",
        "--quiet",
        "--profile",
        "sim",
        "--locked",
        "--package",
        "floorpass-sim",
        "--",
    ]);
    let status = cargo.args(args).status().map_err(|e| format!("cargo cannot be started: {e}"))?;
    if status.success() { Ok(()) } else { Err("a seed failed; see CONTRIBUTING.md".to_owned()) }
}

/// The kept seeds and the first few, with what the unit tests have built already.
pub fn stage(root: &Path) -> Result<Count, String> {
    let built = shell::show(shell::cargo(root).args([
        "build",
        "--workspace",
        "--all-targets",
        "--locked",
    ]))?;
    if !built.ok {
        return Err("the simulator does not build".to_owned());
    }
    let program = shell::target(root).join("debug/floorpass-sim");
    let run = shell::show(std::process::Command::new(program).args(["--seeds", SEEDS]))?;
    Count::last_in(&run.stdout).ok_or_else(|| "the simulator did not run to its end".to_owned())
}
