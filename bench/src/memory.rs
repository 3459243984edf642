//! Memory at rest: the real program, a minute after its start, with the exchange running.

use crate::report::Row;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn resident_kib(pid: u32) -> u64 {
    std::fs::read_to_string(format!("/proc/{pid}/status"))
        .unwrap_or_default()
        .lines()
        .find_map(|l| l.strip_prefix("VmRSS:"))
        .and_then(|l| l.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0)
}

/// Starts `program demo`, waits for its ready file and `rest` more, and reads its resident memory.
pub fn measure(program: &Path, rest: Duration) -> Row {
    let folder = tempfile::tempdir().expect("a folder");
    let ready = folder.path().join("ready.json");
    let mut child = Command::new(program)
        .args(["demo", "--free-ports", "--data"])
        .arg(folder.path().join("data"))
        .arg("--ready-file")
        .arg(&ready)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let start = Instant::now();
    while !ready.exists() && start.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let answered = ready.exists();
    std::thread::sleep(rest);
    let mib = resident_kib(child.id()) as f64 / 1_024.0;
    let _ = Command::new("kill").arg(child.id().to_string()).status();
    let _ = child.wait();
    assert!(answered && mib > 1.0, "the program did not start");
    Row {
        path: "memory at rest",
        subject: format!("{mib:.1} MiB resident"),
        peer: "-".to_owned(),
        ratio: "-".to_owned(),
        null: "-".to_owned(),
        samples: "1".to_owned(),
        goal: "<= 40 MB",
        met: Some(mib * 1.048_576 <= 40.0),
        checked: format!("ready file written; read {} s later", rest.as_secs()),
    }
}
