//! What a run finds.

use std::fmt;

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
