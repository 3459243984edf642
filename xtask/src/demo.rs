//! A running demo of the real program, for the stages that bring real clients to it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::shell;

/// `floorpass demo` on free ports in a folder of its own; ended when dropped.
pub struct Demo {
    child: Child,
    folder: tempfile::TempDir,
}

impl Demo {
    /// Starts it and waits until it wrote its ready file.
    pub fn start(binary: &Path) -> Result<Self, String> {
        let folder = tempfile::Builder::new()
            .prefix("floorpass-demo-")
            .tempdir()
            .map_err(|e| format!("cannot make a temporary folder: {e}"))?;
        let child = Command::new(binary)
            .args(["demo", "--free-ports", "--push", "mailto:ops@example.org", "--data"])
            .arg(folder.path().join("data"))
            .arg("--ready-file")
            .arg(folder.path().join("ready.json"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .map_err(|e| format!("cannot start {}: {e}", binary.display()))?;
        let mut demo = Self { child, folder };
        for _ in 0..300 {
            if demo.ready().is_file() {
                return Ok(demo);
            }
            if let Ok(Some(status)) = demo.child.try_wait() {
                return Err(format!("the demo ended before it was ready: {status}"));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Err("the demo was not ready within 30 s".to_owned())
    }

    /// The ready file.
    pub fn ready(&self) -> PathBuf {
        self.folder.path().join("ready.json")
    }

    /// The port of a socket, by its name in the ready file.
    pub fn port(&self, name: &str) -> Result<u64, String> {
        let text = std::fs::read_to_string(self.ready()).map_err(|e| format!("ready file: {e}"))?;
        let json: Value = serde_json::from_str(&text).map_err(|e| format!("ready file: {e}"))?;
        let sockets = json.get("sockets").and_then(Value::as_array).cloned().unwrap_or_default();
        sockets
            .iter()
            .find(|s| s.get("name").and_then(Value::as_str) == Some(name))
            .and_then(|s| s.get("port").and_then(Value::as_u64))
            .ok_or_else(|| format!("the ready file names no socket {name}: {text}"))
    }

    /// Asks it to end and waits; what it says on a clean end is its exit status.
    pub fn stop(mut self) -> Result<(), String> {
        shell::read(Command::new("kill").args(["-TERM", &self.child.id().to_string()]))?;
        for _ in 0..150 {
            match self.child.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => {
                    return Err(format!("the demo failed on SIGTERM: {status}"));
                }
                Ok(None) => std::thread::sleep(Duration::from_millis(100)),
                Err(e) => return Err(format!("cannot wait for the demo: {e}")),
            }
        }
        Err("the demo did not end within 15 s of SIGTERM".to_owned())
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // Already ended is what is hoped for.
        if self.child.kill().is_ok() && self.child.wait().is_err() {
            eprintln!("the demo could not be waited for");
        }
    }
}

/// Builds the program as the tests use it and gives its path.
pub fn binary(root: &Path) -> Result<PathBuf, String> {
    let run = shell::show(shell::cargo(root).args(["build", "--locked", "-p", "floorpass"]))?;
    if !run.ok {
        return Err("the program does not build".to_owned());
    }
    Ok(shell::target(root).join("debug/floorpass"))
}
