//! What is wrong with an order in this wire's words, before the gate is asked.

use std::fmt;

/// What is wrong with an order in this wire's words, before the gate is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Complaint {
    pub(super) code: &'static str,
    pub(super) text: String,
    /// A price is between two ticks, for which this wire has a number of its own.
    pub(super) off_tick: bool,
}

impl Complaint {
    pub(super) fn unsupported(field: &str, value: &str, advice: &str) -> Self {
        let text = format!("{field} is {value}, which this exchange does not support; {advice}");
        Self { code: "FIELD_NOT_SUPPORTED", text, off_tick: false }
    }

    pub(super) fn invalid(field: &str, value: impl fmt::Display, needed: &str) -> Self {
        let value: String = value.to_string().chars().take(40).collect();
        let text = format!("{field} is {value}; {needed}");
        Self { code: "FIELD_INVALID", text, off_tick: false }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.text)
    }
}

/// A word as the protocol has it.
pub(super) fn word(text: &str) -> String {
    text.trim().to_ascii_uppercase()
}
