//! Running other programs: output goes on to the terminal and is kept for counting.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Output of a program, both streams, and whether it ended well.
pub struct Run {
    pub ok: bool,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// Both streams, for messages and counts.
    pub fn text(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }
}

/// Runs a program and shows its output as it comes.
pub fn show(command: &mut Command) -> Result<Run, String> {
    run(command, true)
}

/// Runs a program quietly.
pub fn quiet(command: &mut Command) -> Result<Run, String> {
    run(command, false)
}

/// Runs a program quietly and gives its standard output; a failure is an error with its words.
pub fn read(command: &mut Command) -> Result<String, String> {
    let run = quiet(command)?;
    if run.ok { Ok(run.stdout) } else { Err(format!("{command:?} failed:\n{}", run.text())) }
}

fn run(command: &mut Command, shown: bool) -> Result<Run, String> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("cannot start {}: {e}", command.get_program().display()))?;
    let out = child.stdout.take();
    let err = child.stderr.take();
    let errors = std::thread::spawn(move || err.map(|s| drain(s, shown, &mut std::io::stderr())));
    let stdout = out.map(|s| drain(s, shown, &mut std::io::stdout())).unwrap_or_default();
    let stderr = errors.join().ok().flatten().unwrap_or_default();
    let status = child.wait().map_err(|e| format!("cannot wait for a program: {e}"))?;
    Ok(Run { ok: status.success(), stdout, stderr })
}

fn drain(stream: impl Read, shown: bool, to: &mut impl Write) -> String {
    let mut kept = String::new();
    let mut lines = BufReader::new(stream);
    let mut line = Vec::new();
    while let Ok(n @ 1..) = lines.read_until(b'\n', &mut line) {
        if shown {
            // A terminal that has gone is no reason to stop a test run.
            to.write_all(line.get(..n).unwrap_or_default()).ok();
        }
        kept.push_str(&String::from_utf8_lossy(&line));
        line.clear();
    }
    kept
}

/// cargo, as it was called for this program.
pub fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    command
}

/// Where cargo puts what it builds.
pub fn target(root: &Path) -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) if Path::new(&dir).is_absolute() => dir.into(),
        Some(dir) => root.join(dir),
        None => root.join("target"),
    }
}

/// The first file of this name on PATH.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(program)).find(|file| file.is_file())
}

/// Whether this runs as root (decides who may install packages and who runs PostgreSQL).
pub fn is_root() -> bool {
    read(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}
