//! A log that nobody takes, and what a crash leaves.

use std::process::Command;
use std::sync::atomic::{AtomicI32, Ordering};

use crate::program::{Server, json};
use crate::trader::Trader;

static CLIENTS: AtomicI32 = AtomicI32::new(1);

/// A demo that logs much, into what the shell makes of `redirect`.
fn demo(folder: &std::path::Path, level: &str, redirect: &str) -> Server {
    let data = folder.join("data");
    let mut shell = Command::new("bash");
    shell.args(["-c", &format!("exec \"$0\" \"$@\" {redirect}"), env!("CARGO_BIN_EXE_floorpass")]);
    shell.args(["--log", level, "demo", "--free-ports", "--seed", "7", "--data"]).arg(&data);
    Server::start(shell, folder, &data)
}

fn trades(server: &Server) {
    for _ in 0..20 {
        // A client of its own: another one's order is not taken for a change of this one.
        let client = CLIENTS.fetch_add(1, Ordering::Relaxed);
        let mut trader = Trader::connect(server.port("trading"), client);
        trader.send(&Trader::order(1, "BUY", 1, None));
        trader.wait("a fill", |told| !told.executions.is_empty());
    }
}

#[test]
fn log_whose_reader_is_gone_stops_nothing_and_is_told_of() {
    let temp = tempfile::tempdir().unwrap();
    let server = demo(temp.path(), "debug", "2> >(exit 0)");
    trades(&server);
    // It is looked for once a second.
    while json(&server.data, &["status"])["conditions"][0]["code"] != "LOG_LINES_LOST" {
        trades(&server);
    }
    assert_eq!(server.terminate(), 0);
}

#[test]
fn log_whose_reader_does_not_read_stops_nothing() {
    let temp = tempfile::tempdir().unwrap();
    // It ends with the server, whose process id the shell had.
    let server = demo(temp.path(), "trace", "2> >(exec tail --pid=$$ -f /dev/null)");
    trades(&server);
    trades(&server);
    assert_eq!(server.terminate(), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn server_leaves_no_core_dump() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.pid())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{core}");
}

/// Commands read passwords, tokens and the key as the server does. One that cannot finish its writing is looked at.
#[cfg(target_os = "linux")]
#[test]
fn command_leaves_no_core_dump() {
    use std::io::Read as _;
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_floorpass"))
        .args(["completions", "zsh"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // It has begun to write, and more is to come than a pipe holds.
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut [0]).unwrap();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{core}");
    let mut rest = Vec::new();
    out.read_to_end(&mut rest).unwrap();
    assert!(child.wait().unwrap().success() && rest.len() > 65_536, "{}", rest.len());
}
