//! Running other programs: output goes on to the terminal and is kept for counting.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

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

/// A program that runs longer hangs; the slowest stage, a first build with its tests, takes a third of it.
const LONGEST: Duration = Duration::from_mins(40);
/// Between two looks at whether a program has ended.
const LOOK: Duration = Duration::from_millis(20);
/// How long output may still come from what an ended program left behind.
const REST: Duration = Duration::from_secs(5);

fn run(command: &mut Command, shown: bool) -> Result<Run, String> {
    run_within(command, shown, LONGEST)
}

fn run_within(command: &mut Command, shown: bool, longest: Duration) -> Result<Run, String> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("cannot start {}: {e}", command.get_program().display()))?;
    let out = child.stdout.take();
    let err = child.stderr.take();
    let (kept, kept_err) = (Kept::default(), Kept::default());
    let readers = [
        reader(out, &kept, move |line| shown.then(|| std::io::stdout().write_all(line))),
        reader(err, &kept_err, move |line| shown.then(|| std::io::stderr().write_all(line))),
    ];
    let status = end(&mut child, longest)?;
    let ended = Instant::now();
    while readers.iter().any(|reader| !reader.is_finished()) && ended.elapsed() < REST {
        thread::sleep(LOOK);
    }
    let Some(status) = status else {
        let seconds = longest.as_secs();
        return Err(format!("{command:?} had not ended after {seconds} s and was stopped"));
    };
    Ok(Run { ok: status.success(), stdout: text(&kept), stderr: text(&kept_err) })
}

/// Waits for a program's end; one that takes too long is killed and has none.
fn end(child: &mut Child, longest: Duration) -> Result<Option<ExitStatus>, String> {
    let failed = |e| format!("cannot wait for a program: {e}");
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(failed)? {
            return Ok(Some(status));
        }
        if started.elapsed() >= longest {
            child.kill().and_then(|()| child.wait()).map_err(failed)?;
            return Ok(None);
        }
        thread::sleep(LOOK);
    }
}

type Kept = Arc<Mutex<String>>;

fn text(kept: &Kept) -> String {
    kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Keeps a stream line by line, and shows it where that is wanted. Goes on while anybody has its other end.
fn reader(
    stream: Option<impl Read + Send + 'static>,
    kept: &Kept,
    show: impl Fn(&[u8]) -> Option<io::Result<()>> + Send + 'static,
) -> JoinHandle<()> {
    let kept = Arc::clone(kept);
    thread::spawn(move || {
        let Some(stream) = stream else { return };
        let mut lines = BufReader::new(stream);
        let mut line = Vec::new();
        while let Ok(1..) = lines.read_until(b'\n', &mut line) {
            // A terminal that has gone is not a reason to stop a test run.
            show(&line);
            let text = String::from_utf8_lossy(&line);
            kept.lock().unwrap_or_else(PoisonError::into_inner).push_str(&text);
            line.clear();
        }
    })
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn program_that_hangs_is_stopped_and_named() {
        let mut command = Command::new("sleep");
        let error = run_within(command.arg("60"), false, Duration::from_millis(100)).err();
        assert!(error.unwrap().contains("\"sleep\" \"60\" had not ended"));
    }

    #[test]
    fn output_that_a_program_leaves_to_another_is_not_waited_for() {
        let script = "echo one; echo two >&2; sleep 60 &";
        let started = Instant::now();
        let run = quiet(Command::new("sh").args(["-c", script])).unwrap();
        assert!(run.ok && run.stdout == "one\n" && run.stderr == "two\n");
        assert!(started.elapsed() < Duration::from_secs(30));
    }
}
