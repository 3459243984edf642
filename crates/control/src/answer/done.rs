//! What was done: a stable word, what it was done to, and a sentence for people.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Something was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// What, in a stable word: `session_ended`.
    pub act: String,
    /// What it was done to, and what came of it; which fields there are depends on the act.
    #[serde(flatten)]
    pub fields: BTreeMap<String, Value>,
    /// The same in a sentence, for people.
    pub text: String,
}

impl Done {
    pub(crate) fn new(act: &str, text: String) -> Self {
        Self { act: act.to_owned(), fields: BTreeMap::new(), text }
    }

    pub(crate) fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(field.to_owned(), value.into());
        self
    }
}
