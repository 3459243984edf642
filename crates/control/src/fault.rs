//! What went wrong, in the operator's words: a stable code and a sentence.

use access::Refusal;
use gate::Refused;
use serde::{Deserialize, Serialize};

/// A request that was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{text}")]
pub struct Fault {
    /// Stable, upper case.
    pub code: String,
    /// What happened and what to do.
    pub text: String,
    /// The field that it is about, by its stable name; none where it is about no single one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl Fault {
    /// A fault of this door's own.
    pub fn new(code: &str, text: impl Into<String>) -> Self {
        Self { code: code.to_owned(), text: text.into(), field: None }
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        let field = refusal.field().map(|field| field.name().to_owned());
        Self { code: refusal.code().to_owned(), text: refusal.caller_text(), field }
    }
}

impl From<Refused> for Fault {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Refusal(refusal) => refusal.into(),
            Refused::Denial(denial) => Self::new(denial.code(), denial.caller_text()),
        }
    }
}

/// The answer to one request, as it stands on the line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Done; what came of it.
    Ok(serde_json::Value),
    /// Not done, and why.
    Error(Fault),
}
