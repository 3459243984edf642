//! Which statements the store sends, by what its driver says of each: for tests that count them. A runner that gives
//! each test a process of its own keeps those of other tests out; a server's own tasks, once a second, stay in.

use std::fmt::Debug;
use std::sync::{Mutex, Once};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

static SENT: Mutex<Vec<String>> = Mutex::new(Vec::new());
static BEGUN: Once = Once::new();

struct Sent;

#[derive(Default)]
struct Statement {
    start: String,
    whole: String,
}

impl Visit for Statement {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => value.clone_into(&mut self.start),
            // Empty where the summary is all of it.
            "db.statement" => value.trim().clone_into(&mut self.whole),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}

impl Subscriber for Sent {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }

    fn event(&self, event: &Event<'_>) {
        let mut statement = Statement::default();
        event.record(&mut statement);
        let Statement { start, whole } = statement;
        SENT.lock().unwrap().push(if whole.is_empty() { start } else { whole });
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// What `work` gives, and the statements that were sent meanwhile.
pub async fn sent<T>(work: impl Future<Output = T>) -> (T, Vec<String>) {
    BEGUN.call_once(|| tracing::subscriber::set_global_default(Sent).unwrap());
    SENT.lock().unwrap().clear();
    let done = work.await;
    (done, std::mem::take(&mut *SENT.lock().unwrap()))
}

/// Those of them that read.
pub fn selects(sent: &[String]) -> Vec<&str> {
    sent.iter().map(String::as_str).filter(|one| one.starts_with("SELECT")).collect()
}
