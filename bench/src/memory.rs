//! Memory at rest: the real program with its exchange running, some time after somebody signed in.

use crate::program::Program;
use crate::report::Row;
use std::path::Path;
use std::time::Duration;

/// Signs in at a new demo, lets `rest` pass, and reads the resident memory before and after.
pub fn measure(program: &Path, rest: Duration) -> Row {
    let folder = tempfile::tempdir().expect("a folder");
    let running = Program::start(program, &folder.path().join("data"));
    let browser = running.sign_in();
    let busy = running.resident();
    std::thread::sleep(rest);
    let mib = running.resident();
    drop(browser);
    running.stop();
    Row {
        path: "memory at rest",
        subject: format!("{mib:.1} MiB resident ({busy:.1} just after the sign-in)"),
        peer: "-".to_owned(),
        ratio: "-".to_owned(),
        null: "-".to_owned(),
        samples: "1".to_owned(),
        goal: "<= 40 MB",
        met: Some(mib * 1.048_576 <= 40.0),
        checked: format!(
            "signed in by password, code and activation; read {} s later",
            rest.as_secs()
        ),
    }
}
