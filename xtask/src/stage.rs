//! Stages of the test command: each is timed, counted and named in the closing table.

use std::fmt;
use std::ops::AddAssign;
use std::time::Instant;

/// How many checks passed and failed.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Count {
    pub passed: u64,
    pub failed: u64,
}

impl Count {
    pub const ONE_PASSED: Self = Self { passed: 1, failed: 0 };

    /// Reads a line such as `12 passed, 0 failed`, which every program of ours ends with.
    pub fn read(line: &str) -> Option<Self> {
        let (passed, rest) = line.trim().split_once(" passed, ")?;
        let failed = rest.strip_suffix(" failed")?;
        Some(Self { passed: passed.parse().ok()?, failed: failed.parse().ok()? })
    }

    /// The last such line of an output.
    pub fn last_in(output: &str) -> Option<Self> {
        output.lines().rev().find_map(Self::read)
    }
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.passed = self.passed.saturating_add(other.passed);
        self.failed = self.failed.saturating_add(other.failed);
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// What the stages gave, in order.
#[derive(Default)]
pub struct Report {
    rows: Vec<(String, Count, u64, String)>,
    notes: Vec<String>,
}

impl Report {
    /// Runs one stage; an error counts as one failure, and the next stage goes on.
    pub fn stage(&mut self, name: &str, work: impl FnOnce() -> Result<Count, String>) -> bool {
        println!("\n=== {name}");
        let started = Instant::now();
        let (count, text) = match work() {
            Ok(count) => (count, String::new()),
            Err(text) => {
                eprintln!("{name}: {text}");
                (Count { passed: 0, failed: 1 }, text)
            }
        };
        let seconds = started.elapsed().as_secs();
        println!("--- {name}: {count} ({seconds} s)");
        self.rows.push((name.to_owned(), count, seconds, text));
        count.failed == 0
    }

    /// Something that was not done and that the reader has to know.
    pub fn note(&mut self, text: String) {
        println!("note: {text}");
        self.notes.push(text);
    }

    /// Prints the table, the notes and, as the very last line, the count.
    pub fn close(&self) -> Count {
        let mut total = Count::default();
        println!("\n{:<10} {:>8} {:>8} {:>8}", "stage", "passed", "failed", "seconds");
        for (name, count, seconds, text) in &self.rows {
            println!("{name:<10} {:>8} {:>8} {seconds:>8}", count.passed, count.failed);
            if let Some(line) = text.lines().next() {
                println!("           {line}");
            }
            total += *count;
        }
        for note in &self.notes {
            println!("note: {note}");
        }
        println!("{total}");
        total
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn count_line_is_read() {
        assert_eq!(Count::read("12 passed, 3 failed"), Some(Count { passed: 12, failed: 3 }));
        assert_eq!(Count::read("12 passed; 3 failed"), None);
        let output = "1 passed, 0 failed\nmore\n7 passed, 1 failed\n";
        assert_eq!(Count::last_in(output).unwrap().failed, 1);
    }

    #[test]
    fn stage_with_error_counts_as_failure() {
        let mut report = Report::default();
        assert!(!report.stage("a", || Err("no".into())));
        assert!(report.stage("b", || Ok(Count::ONE_PASSED)));
        assert_eq!(report.close(), Count { passed: 1, failed: 1 });
    }
}
