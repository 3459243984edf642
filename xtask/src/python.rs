//! Python environments of tests.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::shell;

/// An environment of this name below target with exactly what a file of requirements names; kept between runs. Gives its
/// Python.
pub fn environment(root: &Path, base: &Path, wanted: &Path, name: &str) -> Result<PathBuf, String> {
    let wanted_text =
        std::fs::read_to_string(wanted).map_err(|e| format!("{}: {e}", wanted.display()))?;
    let venv = shell::target(root).join(name);
    let python = venv.join("bin/python");
    let stamp = venv.join("requirements.txt");
    if std::fs::read_to_string(&stamp).is_ok_and(|have| have == wanted_text) {
        return Ok(python);
    }
    shell::read(Command::new(base).args(["-m", "venv", "--clear"]).arg(&venv))?;
    shell::read(
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"])
            .arg(wanted),
    )?;
    std::fs::write(&stamp, wanted_text).map_err(|e| format!("{}: {e}", stamp.display()))?;
    Ok(python)
}
