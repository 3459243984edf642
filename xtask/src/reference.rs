//! What we compute ourselves against libraries of others: every script of tests/reference.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::requirement::{self, Programs};
use crate::stage::Count;
use crate::{python, shell};

/// `cargo xtask reference`: the scripts alone.
pub fn run(root: &Path) -> Result<(), String> {
    let programs = requirement::meet(|stage| stage == "reference")?;
    let count = count(root, &programs)?;
    println!("{count}");
    if count.failed == 0 { Ok(()) } else { Err("not as the reference".to_owned()) }
}

/// Builds the examples that the scripts ask, and runs each script with `--examples FOLDER`; its last line is a count.
pub fn count(root: &Path, programs: &Programs) -> Result<Count, String> {
    let folder = root.join("tests/reference");
    let wanted = folder.join("requirements.txt");
    let python = python::environment(root, &programs.python, &wanted, "venv-reference")?;
    let built =
        shell::show(shell::cargo(root).args(["build", "--workspace", "--examples", "--locked"]))?;
    if !built.ok {
        return Err("the examples do not build".to_owned());
    }
    let examples = shell::target(root).join("debug/examples");
    let mut count = Count::default();
    for script in scripts(&folder)? {
        let run = shell::show(
            Command::new(&python).arg("-B").arg(&script).arg("--examples").arg(&examples),
        )?;
        let found = Count::last_in(&run.stdout);
        let mut found =
            found.ok_or_else(|| format!("{} did not end with its count", script.display()))?;
        if !run.ok && found.failed == 0 {
            found.failed = 1;
        }
        count += found;
    }
    Ok(count)
}

/// In the order of their names.
fn scripts(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let failed = |e| format!("{}: {e}", folder.display());
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(failed)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(failed)?;
    found.retain(|path| path.extension().is_some_and(|extension| extension == "py"));
    found.sort();
    Ok(found)
}
