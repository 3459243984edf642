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

/// Builds the examples that the scripts ask, and runs each script with `--program FOLDER`. `NAME.py` has the packages of
/// `requirements-NAME.txt`, or of `requirements.txt` where there is none. A script whose last line is no count is one check.
pub fn count(root: &Path, programs: &Programs) -> Result<Count, String> {
    let folder = root.join("tests/reference");
    let built =
        shell::show(shell::cargo(root).args(["build", "--workspace", "--examples", "--locked"]))?;
    if !built.ok {
        return Err("the examples do not build".to_owned());
    }
    let examples = shell::target(root).join("debug/examples");
    let mut count = Count::default();
    for script in scripts(&folder)? {
        let name = script.file_stem().unwrap_or_default().to_string_lossy();
        let own = folder.join(format!("requirements-{name}.txt"));
        let wanted = if own.is_file() { own } else { folder.join("requirements.txt") };
        let environment = format!("venv-reference-{name}");
        let python = python::environment(root, &programs.python, &wanted, &environment)?;
        let mut command = Command::new(&python);
        let run = shell::show(command.arg("-B").arg(&script).arg("--program").arg(&examples))?;
        let mut found = Count::last_in(&run.stdout).unwrap_or_default();
        if run.ok && found == Count::default() {
            found = Count::ONE_PASSED;
        }
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
