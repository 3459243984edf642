//! A real browser against the real program: tests/browser, with its packages from npm in target/browser.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::demo::{self, Demo};
use crate::requirement::Programs;
use crate::shell;
use crate::stage::Count;

/// Runs tests/browser/run.mjs.
pub fn run(root: &Path, programs: &Programs) -> Result<Count, String> {
    let folder = packages(root, programs, "tests/browser", "browser")?;
    let binary = demo::binary(root)?;
    let demo = Demo::start(&binary)?;
    let run = shell::show(
        Command::new(&programs.node)
            .arg(folder.join("run.mjs"))
            .arg("--ready-file")
            .arg(demo.ready())
            .arg("--floorpass")
            .arg(&binary)
            .arg("--chromium")
            .arg(&programs.chromium)
            .current_dir(&folder),
    )?;
    let mut count =
        Count::last_in(&run.stdout).ok_or("tests/browser/run.mjs did not end with its count")?;
    if !run.ok && count.failed == 0 {
        count.failed = 1;
    }
    demo.stop()?;
    Ok(count)
}

/// Node looks for packages beside the program, so the test's files are copied beside them: the source
/// tree stays clean. The folder below target with both.
pub fn packages(root: &Path, programs: &Programs, from: &str, to: &str) -> Result<PathBuf, String> {
    let from = root.join(from);
    let to = shell::target(root).join(to);
    std::fs::create_dir_all(&to).map_err(|e| format!("{}: {e}", to.display()))?;
    let before = std::fs::read(to.join("package.json")).unwrap_or_default();
    let files = std::fs::read_dir(&from).map_err(|e| format!("{}: {e}", from.display()))?;
    for file in files.flatten().map(|f| f.path()).filter(|f| f.is_file()) {
        let name = file.file_name().unwrap_or_default();
        std::fs::copy(&file, to.join(name)).map_err(|e| format!("{}: {e}", file.display()))?;
    }
    let now = std::fs::read(to.join("package.json")).map_err(|e| format!("package.json: {e}"))?;
    if now != before || !to.join("node_modules").is_dir() {
        shell::read(
            Command::new(&programs.npm)
                .args(["install", "--no-audit", "--no-fund", "--no-package-lock", "--silent"])
                .current_dir(&to),
        )
        .inspect_err(|_| drop(std::fs::remove_file(to.join("package.json"))))?;
    }
    Ok(to)
}
