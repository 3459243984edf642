//! `floorpass doctor`: what would keep an installation from working, and what can be mended at once.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use clap::Args;
use control::{Request, ServerRequest, StatusNow};
use gate::folder::{FACTS, FolderError, describe_anew};
use gate::key_file;
use serde::Serialize;

use crate::exit::Failure;
use crate::global::Global;
use crate::output;

/// Looks and, when asked, mends.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  floorpass doctor\n  floorpass doctor --repair --data /var/lib/floorpass"
)]
pub struct Doctor {
    /// Fix what needs no decision from you: file modes, files left by a dead server
    #[arg(long)]
    repair: bool,
    /// The configuration file to check too
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Bytes that should be free: several journal segments and a snapshot.
const FREE_BYTES: u64 = 1 << 30;
/// Open files that a server with many clients wants.
const OPEN_FILES: u64 = 4_096;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Good,
    Mended,
    Note,
    Bad,
}

#[derive(Debug, Serialize)]
struct Finding {
    /// What was looked at, in a stable word.
    check: String,
    what: &'static str,
    verdict: Verdict,
    text: String,
}

impl Finding {
    fn new(what: &'static str, verdict: Verdict, text: impl Into<String>) -> Self {
        Self { check: what.replace(' ', "_"), what, verdict, text: text.into() }
    }
}

impl Doctor {
    /// Whether a configuration file is named.
    pub fn has_config(&self) -> bool {
        self.config.is_some()
    }

    /// Looks at the data folder, the machine and, when one runs, the server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let config = self.config.as_deref().map(crate::config::Config::read);
        // One that cannot be read is a finding below.
        let named = config.and_then(Result::ok).map(|config| config.folder(global));
        let data = named.as_deref().unwrap_or_else(|| global.data());
        let mut findings = vec![folder(data, self.repair)];
        if data.is_dir() {
            findings.push(mode("data folder", data, 0o700, self.repair));
            findings.push(mode("key file", &data.join("key"), 0o600, self.repair));
            findings.push(key(data));
            findings.push(owed(data));
            findings.extend(parts(data, self.config.as_deref()));
            findings.push(others(data, self.repair));
            findings.push(owner(data));
            findings.push(space(data));
            let answer = control::ask::<StatusNow>(data, &Request::Server(ServerRequest::Status));
            findings.extend(answer.as_ref().ok().map(clock));
            findings.extend(server(data, answer, self.repair));
        }
        findings.push(open_files());
        if let Some(file) = &self.config {
            let read = crate::config::Config::read(file).and_then(|config| config.shield());
            findings.push(match read {
                Ok(_) => Finding::new("configuration", Verdict::Good, "is valid"),
                Err(failure) => Finding::new("configuration", Verdict::Bad, failure.text),
            });
        }
        output::show(global.json, &findings, |all| {
            let lines = all.iter().map(|f| {
                let mark = match f.verdict {
                    Verdict::Good => "good  ",
                    Verdict::Mended => "mended",
                    Verdict::Note => "note  ",
                    Verdict::Bad => "BAD   ",
                };
                format!("{mark}  {}: {}", f.what, f.text)
            });
            lines.collect::<Vec<_>>().join("\n")
        })?;
        let bad = findings.iter().filter(|f| f.verdict == Verdict::Bad).count();
        if bad == 0 { Ok(()) } else { Err(Failure::failed(format!("problems to fix: {bad}"))) }
    }
}

fn folder(data: &Path, repair: bool) -> Finding {
    let what = "folder";
    match gate::folder::read_facts(data) {
        Ok(Some(facts)) => {
            let kind = if facts.demo { "a demo" } else { "for lasting use" };
            let text = format!("{} has version {}, {kind}", data.display(), facts.version);
            Finding::new(what, Verdict::Good, text)
        }
        Ok(None) => {
            let text = format!(
                "{} is empty: create a data folder with `floorpass demo` or `floorpass init`",
                data.display()
            );
            Finding::new(what, Verdict::Note, text)
        }
        Err(FolderError::Undescribed { .. }) if repair => match describe_anew(data) {
            Ok(facts) => {
                let kind = if facts.demo { "a demo" } else { "for lasting use" };
                let text = format!("{FACTS} was missing; rewritten from the journal: {kind}");
                Finding::new(what, Verdict::Mended, text)
            }
            Err(e) => Finding::new(what, Verdict::Bad, format!("{FACTS} is missing: {e}")),
        },
        Err(e) => Finding::new(what, Verdict::Bad, e.to_string()),
    }
}

/// Whether the key is the folder's own.
fn key(data: &Path) -> Finding {
    let what = "key";
    let path = data.join("key");
    let Ok(Some(facts)) = gate::folder::read_facts(data) else {
        return Finding::new(what, Verdict::Note, "not checked: there is no data folder");
    };
    let tried = key_file::read(&path).and_then(|(key, _)| key_file::check(&path, &key, &facts));
    match tried {
        Ok(()) if facts.key_check.is_some() => {
            Finding::new(what, Verdict::Good, "belongs to this folder")
        }
        Ok(()) => Finding::new(what, Verdict::Note, "not checked: the next start tries it"),
        Err(e) => Finding::new(what, Verdict::Bad, e.to_string()),
    }
}

/// Whether the cuts that wait for the next start can be read.
fn owed(data: &Path) -> Finding {
    let what = "owed cuts";
    let Ok((key, _)) = key_file::read(&data.join("key")) else {
        return Finding::new(what, Verdict::Note, "not checked: the key cannot be read");
    };
    match gate::owed_cuts(data, &key) {
        Ok(0) => Finding::new(what, Verdict::Good, "none are kept for a restart"),
        Ok(count) => {
            let text = format!(
                "{count} kept, to be recorded in the tables by the server or its next start"
            );
            Finding::new(what, Verdict::Note, text)
        }
        Err(e) => Finding::new(what, Verdict::Bad, e.to_string()),
    }
}

/// Whether the journal and the tables are there. What they hold is for `evidence verify`.
fn parts(data: &Path, config: Option<&Path>) -> Vec<Finding> {
    let Ok(Some(facts)) = gate::folder::read_facts(data) else { return Vec::new() };
    let part = |what, path: &Path, begins: &[u8]| match begins_with(path, begins) {
        Ok(true) => Finding::new(what, Verdict::Good, format!("{} is there", path.display())),
        Ok(false) => Finding::new(
            what,
            Verdict::Bad,
            format!("{} is not what it was; restore a backup into another folder", path.display()),
        ),
        Err(e) => {
            let text = format!(
                "{}: {e}; put it back, or restore a backup into another folder",
                path.display()
            );
            Finding::new(what, Verdict::Bad, text)
        }
    };
    let tables = data.join(gate::folder::DATABASE);
    let config = config.map(crate::config::Config::read);
    let elsewhere = match &config {
        Some(Ok(config)) => config.database.is_some(),
        Some(Err(_)) => true,
        None => !facts.demo && !tables.exists(),
    };
    let tables = if elsewhere {
        let text = "not in the folder; if they are on PostgreSQL, that is right";
        Finding::new("tables", Verdict::Note, text)
    } else {
        part("tables", &tables, b"SQLite format 3\0")
    };
    vec![part("journal", &gate::folder::first_segment(data), gate::journal::record::MAGIC), tables]
}

fn begins_with(path: &Path, bytes: &[u8]) -> std::io::Result<bool> {
    let mut found = vec![0; bytes.len()];
    match std::io::Read::read_exact(&mut private::look(path)?, &mut found) {
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
        read => read.map(|()| found == bytes),
    }
}

/// What others could use in the folder; a start mends it too.
fn others(data: &Path, repair: bool) -> Finding {
    let what = "other files";
    let key = data.join("key");
    let found = if repair { private::mend(data, &key) } else { private::wide(data, &key) };
    match found {
        Ok(found) => match found.first() {
            None => Finding::new(what, Verdict::Good, "accessible to the owner only"),
            Some((path, mode)) => {
                let text = format!(
                    "{} of them are accessible to others, for example {} (mode {mode:o})",
                    found.len(),
                    path.display()
                );
                if repair {
                    Finding::new(what, Verdict::Mended, format!("{text}; fixed"))
                } else {
                    Finding::new(
                        what,
                        Verdict::Bad,
                        format!("{text}; `floorpass doctor --repair` or the next start fixes it"),
                    )
                }
            }
        },
        Err(e) => Finding::new(what, Verdict::Bad, format!("{}: {e}", data.display())),
    }
}

/// Nobody but the owner may read these.
fn mode(what: &'static str, path: &Path, wanted: u32, repair: bool) -> Finding {
    let Ok(metadata) = std::fs::metadata(path) else {
        return Finding::new(what, Verdict::Note, format!("{} does not exist", path.display()));
    };
    let mode = metadata.mode() & 0o777;
    if mode & !wanted == 0 {
        return Finding::new(what, Verdict::Good, format!("mode {mode:o}"));
    }
    let text = format!("{} has mode {mode:o}: others can access it", path.display());
    if repair && std::fs::set_permissions(path, std::fs::Permissions::from_mode(wanted)).is_ok() {
        return Finding::new(what, Verdict::Mended, format!("{text}; now {wanted:o}"));
    }
    Finding::new(
        what,
        Verdict::Bad,
        format!("{text}; run `chmod {wanted:o}` or `floorpass doctor --repair`"),
    )
}

fn owner(data: &Path) -> Finding {
    let own = rustix::process::geteuid().as_raw();
    let uid = std::fs::metadata(data).map_or(own, |m| m.uid());
    if uid == own || own == 0 {
        return Finding::new("owner", Verdict::Good, format!("user {uid}"));
    }
    let text =
        format!("the folder belongs to user {uid}, but you are user {own}: run as its owner");
    Finding::new("owner", Verdict::Bad, text)
}

fn space(data: &Path) -> Finding {
    let what = "disk space";
    match rustix::fs::statvfs(data) {
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let verdict = if free < FREE_BYTES { Verdict::Bad } else { Verdict::Good };
            Finding::new(
                what,
                verdict,
                format!("{} MiB free, {} MiB recommended", free >> 20, FREE_BYTES >> 20),
            )
        }
        Err(e) => Finding::new(what, Verdict::Bad, format!("{}: {e}", data.display())),
    }
}

/// Whether the machine's clock can be trusted.
fn clock(now: &StatusNow) -> Finding {
    let what = "clock";
    match &now.clock_jump {
        Some(jump) => {
            let text = format!("{} (seen at {})", jump.text, jump.at);
            Finding::new(what, Verdict::Note, text)
        }
        None => Finding::new(what, Verdict::Good, "has not jumped since the server started"),
    }
}

/// The server, and each thing that is wrong with it.
fn server(
    data: &Path,
    asked: Result<StatusNow, control::ClientError>,
    repair: bool,
) -> Vec<Finding> {
    let what = "server";
    if let Ok(now) = &asked {
        let text = format!("process {} answers, journal at {}", now.process, now.journal_seq);
        let mut findings = vec![Finding::new(what, Verdict::Good, text)];
        let wrong = |one: &control::ConditionRow| {
            let text = format!("{} since {}: {}", one.code, one.since, one.text);
            Finding::new(what, Verdict::Bad, text)
        };
        findings.extend(now.conditions.iter().map(wrong));
        return findings;
    }
    vec![no_server(data, repair, asked.err())]
}

fn no_server(data: &Path, repair: bool, error: Option<control::ClientError>) -> Finding {
    let what = "server";
    match error {
        None => Finding::new(what, Verdict::Good, "answers"),
        Some(control::ClientError::NotRunning { .. }) => not_running(data, repair),
        Some(e) => Finding::new(what, Verdict::Bad, e.to_string()),
    }
}

fn not_running(data: &Path, repair: bool) -> Finding {
    let what = "server";
    let left = data.join(control::SOCKET);
    if !left.exists() {
        return Finding::new(what, Verdict::Note, "not running");
    }
    if repair && std::fs::remove_file(&left).is_ok() {
        let text = "not running; its leftover socket was removed";
        return Finding::new(what, Verdict::Mended, text);
    }
    let text =
        "not running; a killed server left its socket behind, and the next start replaces it";
    Finding::new(what, Verdict::Note, text)
}

fn open_files() -> Finding {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let Some(current) = limit.current.filter(|n| *n < OPEN_FILES) else {
        return Finding::new("open files", Verdict::Good, format!("{OPEN_FILES} or more allowed"));
    };
    let text = format!(
        "{current} allowed, enough for about {} clients; for more: ulimit -n {OPEN_FILES}",
        current / 2
    );
    Finding::new("open files", Verdict::Note, text)
}
