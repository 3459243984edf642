//! The real binary: a running server, and commands on its folder.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::Value;

/// A command of the program on a data folder.
pub fn command(data: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_floorpass"));
    command.args(args).arg("--data").arg(data).env_remove("FLOORPASS_DATA");
    // Servers register beside their folder, and not with those of the person who runs the tests.
    command.env("XDG_RUNTIME_DIR", data.parent().unwrap_or(data));
    command
}

/// Runs a command to its end.
pub fn run(data: &Path, args: &[&str]) -> Output {
    command(data, args).stdin(Stdio::null()).output().unwrap()
}

/// Runs a command that must work and reads its JSON.
pub fn json(data: &Path, args: &[&str]) -> Value {
    let mut all = args.to_vec();
    all.push("--json");
    let output = run(data, &all);
    assert!(output.status.success(), "{args:?}: {}", text(&output));
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{args:?}: {e}: {}", text(&output)))
}

/// Runs a command that must fail, and gives its exit code and its error's code.
pub fn fault(data: &Path, args: &[&str]) -> (i32, String) {
    let mut all = args.to_vec();
    all.push("--json");
    let output = run(data, &all);
    let value: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{args:?}: {e}: {}", text(&output)));
    (output.status.code().unwrap(), value["error"]["code"].as_str().unwrap().to_owned())
}

/// Both streams of an output.
pub fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// A running server; killed when dropped.
pub struct Server {
    child: Child,
    log: PathBuf,
    /// Its ready file's content.
    pub ready: Value,
    /// Its data folder.
    pub data: PathBuf,
}

/// A port that nobody listens at and that is given once, for what has to come back to it: from below
/// those that the system hands out by itself, so that no test beside this one gets it meanwhile.
pub fn lasting_port() -> u16 {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    loop {
        let next = std::process::id() * 7 + GIVEN.fetch_add(1, Ordering::Relaxed);
        let port = 10_000 + u16::try_from(next % 20_000).unwrap();
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

impl Server {
    /// Starts a demo on free ports in `folder/data`.
    pub fn demo(folder: &Path, extra: &[&str]) -> Self {
        let data = folder.join("data");
        let mut args = vec!["demo", "--free-ports", "--seed", "7"];
        args.extend(extra);
        Self::start(command(&data, &args), folder, &data)
    }

    /// Starts what `command` says and waits until it is ready.
    pub fn start(command: Command, folder: &Path, data: &Path) -> Self {
        Self::try_start(command, folder, data).unwrap_or_else(|said| panic!("{said}"))
    }

    /// The same; gives what it said when it ended before it was ready.
    pub fn try_start(mut command: Command, folder: &Path, data: &Path) -> Result<Self, String> {
        let file = folder.join("ready.json");
        // One that was killed left its file.
        std::fs::remove_file(&file).ok();
        let log = folder.join("log");
        let stderr = std::fs::OpenOptions::new().create(true).append(true).open(&log).unwrap();
        let mut child = command
            .arg("--ready-file")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr)
            .spawn()
            .unwrap();
        for _ in 0..1_200 {
            if let Ok(bytes) = std::fs::read(&file) {
                let ready = serde_json::from_slice(&bytes).unwrap();
                return Ok(Self { child, log, ready, data: data.to_path_buf() });
            }
            if let Some(status) = child.try_wait().unwrap() {
                let said = std::fs::read_to_string(&log).unwrap();
                return Err(format!("it ended before it was ready: {status}: {said}"));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        child.kill().unwrap();
        panic!("it was not ready within 60 s: {}", std::fs::read_to_string(&log).unwrap());
    }

    /// The port of a socket by its name.
    pub fn port(&self, name: &str) -> u16 {
        let sockets = self.ready["sockets"].as_array().unwrap();
        let socket = sockets.iter().find(|s| s["name"] == name).unwrap();
        u16::try_from(socket["port"].as_u64().unwrap()).unwrap()
    }

    /// What it logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM; gives the exit code.
    pub fn terminate(mut self) -> i32 {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.pid()).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        for _ in 0..600 {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("it did not end within 30 s of SIGTERM");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.child.kill().ok();
            self.child.wait().ok();
        }
    }
}

/// A client of TLS that trusts this authority and nothing else.
pub fn trusting(root: rustls::pki_types::CertificateDer<'static>) -> Arc<rustls::ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(root).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}
