//! The schema, compared with the one that the steps make: a dropped index lets an account have two owners,
//! and a trigger acts on what is written later.

use std::collections::BTreeMap;

use sqlx::AnyConnection;

use crate::engine::{Engine, Part};
use crate::error::StoreError;

/// Whose part, and what it is called.
type Key = (String, String, String);

/// What the schema `there` lacks of the one `here`, which the steps made in memory, has beyond it, or
/// has in another form. In a database that others look after, more tables and indexes are their business.
pub(crate) async fn differences(
    engine: Engine,
    there: &mut AnyConnection,
    here: &mut AnyConnection,
) -> Result<Vec<String>, StoreError> {
    let found = keyed(engine.parts(there).await?);
    let right = keyed(Engine::Sqlite.parts(here).await?);
    let is_ours = |(kind, table, _): &Key| {
        engine == Engine::Sqlite
            || (kind != "index" && right.keys().any(|(_, name, _)| name == table))
    };
    let mut faults = Vec::new();
    for (key, form) in &right {
        match found.get(key) {
            Some(other) if other == form => {}
            Some(_) => faults.push(fault(key, "was altered")),
            None => faults.push(fault(key, "is missing")),
        }
    }
    let more = found.keys().filter(|key| !right.contains_key(*key) && is_ours(key));
    faults.extend(more.map(|key| fault(key, "is not part of the schema")));
    Ok(faults)
}

fn keyed(parts: Vec<Part>) -> BTreeMap<Key, String> {
    parts.into_iter().map(|part| ((part.kind, part.table, part.name), part.form)).collect()
}

fn fault((kind, table, name): &Key, what: &str) -> String {
    format!("table {table}, {kind} {name}: it {what}")
}
