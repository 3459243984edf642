//! The table of docs/benchmarks.md.

use std::fmt::Write as _;
use std::path::Path;

/// One measured path.
pub struct Row {
    /// What was measured.
    pub path: &'static str,
    /// The subject's figure, with its unit.
    pub subject: String,
    /// The peer and its figure.
    pub peer: String,
    /// Subject over peer.
    pub ratio: String,
    /// The null control.
    pub null: String,
    /// How many samples of each.
    pub samples: String,
    /// The goal in words; `-` where a figure is only reported.
    pub goal: &'static str,
    /// Whether it was met; `None` when the null control or the number of samples does not allow a verdict.
    pub met: Option<bool>,
    /// How the outcome was checked.
    pub checked: String,
}

impl Row {
    fn verdict(&self) -> &'static str {
        match self.met {
            Some(true) => "met",
            Some(false) => "**missed**",
            None if self.goal == "-" => "-",
            None => "no verdict",
        }
    }
}

/// Prints one row as it arrives: a run takes minutes.
pub fn show(row: &Row) {
    println!(
        "{}: {} | {} | ratio {} | null {} | {} | {} | {}",
        row.path,
        row.subject,
        row.peer,
        row.ratio,
        row.null,
        row.samples,
        row.verdict(),
        row.checked
    );
}

/// The machine in one line: processor, cores, memory, kernel.
pub fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model = cpu
        .lines()
        .find_map(|l| l.strip_prefix("model name"))
        .map_or("unknown", |l| l.trim_start_matches([' ', '\t', ':']));
    let cores = cpu.matches("processor\t").count();
    let memory = read("/proc/meminfo");
    let kib: u64 = memory
        .lines()
        .find_map(|l| l.strip_prefix("MemTotal:"))
        .and_then(|l| l.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0);
    let kernel = read("/proc/sys/kernel/osrelease");
    format!("{model}, {cores} cores, {} GiB, Linux {}", kib / (1 << 20), kernel.trim())
}

/// Writes the table; what is written by hand below the marker line is kept.
pub fn write(path: &Path, rows: &[Row], command: &str) -> std::io::Result<()> {
    const MARK: &str = "<!-- what follows is kept -->";
    let kept = std::fs::read_to_string(path)
        .ok()
        .and_then(|old| old.split_once(MARK).map(|(_, tail)| tail.to_owned()))
        .unwrap_or_else(|| "\n".to_owned());
    let mut out = String::from(
        "# Benchmarks\n\nThe last run of the command below. Subject, peer and null control (the peer against itself) alternate request by request in\nshuffled order in one process. A p50 counts while its null is 0.95 to 1.05.\n\n",
    );
    let _ = writeln!(out, "Command: `{command}`\n\nMachine: {}\n", machine());
    out.push_str("| path | subject | peer | ratio | null | samples | goal | verdict | outcome checked |\n|---|---|---|---|---|---|---|---|---|\n");
    for r in rows {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            r.path,
            r.subject,
            r.peer,
            r.ratio,
            r.null,
            r.samples,
            r.goal,
            r.verdict(),
            r.checked
        );
    }
    let _ = write!(out, "\n{MARK}{kept}");
    std::fs::write(path, out)
}
