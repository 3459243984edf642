//! The real program on a folder: started, asked, signed in to, stopped.

use crate::browse::Browser;
use access::Span;
use serde_json::Value;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Runs a command on a folder that must work, and gives its JSON.
pub fn run(program: &Path, data: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(program)
        .args(arguments)
        .args(["--json", "--data"])
        .arg(data)
        .output()
        .expect("a command runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// A running server; ended when dropped.
pub struct Program {
    program: PathBuf,
    data: PathBuf,
    child: Child,
    /// What it wrote into its ready file.
    pub ready: Value,
    /// When the process was started.
    pub began: Instant,
    /// From then until that file was there.
    pub took: Duration,
}

impl Program {
    /// Starts `program demo` on a folder and waits until everything answers.
    pub fn start(program: &Path, data: &Path) -> Self {
        Self::start_with(program, data, &[], &[])
    }

    /// The same with this durability: `process` or `disk`.
    pub fn start_durable(program: &Path, data: &Path, durability: &str) -> Self {
        Self::start_with(program, data, &["--durability", durability], &[])
    }

    /// The same on a clock that is `ago` behind, by a library that is loaded first.
    pub fn start_then(program: &Path, data: &Path, library: &Path, ago: Span) -> Self {
        let library = library.as_os_str().to_owned();
        let ago = format!("-{}", ago.0 / 1_000_000).into();
        Self::start_with(program, data, &[], &[("LD_PRELOAD", library), ("FAKETIME", ago)])
    }

    fn start_with(
        program: &Path,
        data: &Path,
        arguments: &[&str],
        more: &[(&str, OsString)],
    ) -> Self {
        let file = data.with_extension("ready");
        // One of an earlier start says nothing of this one.
        drop(std::fs::remove_file(&file));
        let began = Instant::now();
        let child = Command::new(program)
            .args(["demo", "--free-ports", "--data"])
            .arg(data)
            .arg("--ready-file")
            .arg(&file)
            .args(arguments)
            .envs(more.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut out = Self {
            program: program.to_owned(),
            data: data.to_owned(),
            child,
            ready: Value::Null,
            began,
            took: Duration::ZERO,
        };
        while !file.exists() {
            assert!(began.elapsed() < Duration::from_secs(1_200), "the program is not ready");
            assert!(out.child.try_wait().expect("a child").is_none(), "the program ended");
            std::thread::sleep(Duration::from_millis(1));
        }
        out.took = began.elapsed();
        // It is renamed into place whole.
        let text = std::fs::read(&file).expect("the ready file");
        out.ready = serde_json::from_slice(&text).expect("JSON");
        out
    }

    /// Where programs connect with the credential `trading`.
    pub fn trading(&self) -> SocketAddr {
        let sockets = self.ready["sockets"].as_array().expect("sockets");
        let trading = sockets.iter().find(|socket| socket["name"] == "trading").expect("trading");
        let port = trading["port"].as_u64().and_then(|port| port.try_into().ok());
        SocketAddr::from(([127, 0, 0, 1], port.expect("a port")))
    }

    /// Pins all its threads of now to these cores.
    pub fn pin(&self, cores: &[usize]) {
        crate::server::pin_process(&self.child.id().to_string(), cores);
    }

    /// The JSON answer of a command that asks the running server.
    pub fn ask(&self, arguments: &[&str]) -> Value {
        serde_json::from_slice(&run(&self.program, &self.data, arguments)).expect("JSON")
    }

    /// Signs in with password, code and activation, as a person in a new browser does.
    pub fn sign_in(&self) -> Browser {
        let origin = self.ready["portal"].as_str().expect("a portal");
        let host = origin.trim_start_matches("http://");
        let port = host.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
        let address = std::net::SocketAddr::from(([127, 0, 0, 1], port));
        let mut browser = Browser::connect(address, host).expect("connected");
        let person = &self.ready["people"][0];
        let (name, password) = (text(&person["username"]), text(&person["password"]));
        let fields = [("username", name), ("password", password)];
        let answer = browser.post("/sign-in", &fields).expect("answered");
        assert_eq!(answer.location, "/sign-in/code");
        let code = self.ask(&["totp", name]);
        let answer = browser.post("/sign-in/code", &[("code", text(&code["code"]))]);
        assert_eq!(answer.expect("answered").location, "/sign-in/activate");
        let sent = self.ask(&["outbox", "--limit", "1"]);
        let answer = browser.post("/sign-in/activate", &[("code", text(&sent[0]["code"]))]);
        assert_eq!(answer.expect("answered").location, "/?welcome=1");
        assert_eq!(browser.get("/").expect("answered").status, 200);
        browser
    }

    /// Resident memory, in MiB.
    pub fn resident(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("the program runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line");
        let kib: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
        kib as f64 / 1_024.0
    }

    /// Ends it as an operator does.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_some()) {
            return;
        }
        if let Some(pid) =
            i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw)
        {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let _ = self.child.wait();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.end();
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}
