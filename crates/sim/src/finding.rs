//! What a run finds.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Something that must not be, or that kept a run from going on. A run ends with the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding(pub String);

impl Finding {
    /// What went wrong while `doing` something.
    pub fn of(doing: &str, why: impl fmt::Display) -> Self {
        Self(format!("{doing}: {why}"))
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Finding {}

/// What every step gives.
pub type Ran<T = ()> = Result<T, Finding>;

/// A fault, unless it holds.
pub fn demand(holds: bool, else_say: impl FnOnce() -> String) -> Ran {
    if holds { Ok(()) } else { Err(Finding(else_say())) }
}

/// Lines of a trace that are kept.
const LINES: usize = 60;

/// What was done last, for whoever looks for the cause of a finding.
#[derive(Debug, Clone, Default)]
pub struct Trace(Arc<Mutex<VecDeque<String>>>);

impl Trace {
    /// Adds a line.
    pub fn note(&self, line: String) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() >= LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    /// The lines, oldest first.
    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
