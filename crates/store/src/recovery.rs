//! Recoveries. One that has ended keeps its row for a while, because requests are counted.

use access::id::PersonId;
use access::moment::Time;
use access::recovery::{Event, Recovery, RecoveryPolicy};
use sqlx::AnyConnection;

use crate::Store;
use crate::error::StoreError;
use crate::field::{Fields, json};

statements! {
    PUT = "INSERT INTO recovery (id, person, token, stop, begun_at, due_at, body) \
           VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO UPDATE \
           SET token = excluded.token, due_at = excluded.due_at, body = excluded.body";
    OF_PERSON = "SELECT body FROM recovery WHERE person = $1";
    CHOOSE = "INSERT INTO recovery_policy (person, body) VALUES ($1, $2) \
              ON CONFLICT (person) DO UPDATE SET body = excluded.body";
    POLICY = "SELECT body FROM recovery_policy WHERE person = $1";
    DUE = "SELECT DISTINCT person FROM recovery WHERE due_at <= $1";
    PRUNE = "DELETE FROM recovery WHERE begun_at < $1 AND due_at IS NULL";
}

pub(crate) async fn apply(connection: &mut AnyConnection, event: &Event) -> Result<(), StoreError> {
    match event {
        Event::Changed(one) => {
            let body = json("recovery", one)?;
            let (id, person) = (one.id.to_string(), one.person.to_string());
            let (token, stop) = (one.token.to_string(), one.stop.to_string());
            let due = one.due_at().map(|at| at.0);
            run!(connection, PUT, id, person, token, stop, one.begun_at.0, due, body)?;
        }
        Event::Chosen { person, policy } => {
            let body = json("recovery_policy", policy)?;
            run!(connection, CHOOSE, person.to_string(), body)?;
        }
    }
    Ok(())
}

pub(crate) async fn of(
    connection: &mut AnyConnection,
    person: &str,
) -> Result<Vec<Recovery>, StoreError> {
    let rows = rows!(connection, OF_PERSON, person)?;
    rows.iter().map(|row| Fields::new("recovery", row).json()).collect()
}

pub(crate) async fn policy(
    connection: &mut AnyConnection,
    person: &str,
) -> Result<RecoveryPolicy, StoreError> {
    let row = row!(connection, POLICY, person)?;
    row.map_or(Ok(RecoveryPolicy::default()), |row| Fields::new("recovery_policy", &row).json())
}

/// Forgets recoveries that are over and were begun before this time.
pub(crate) async fn prune(
    connection: &mut AnyConnection,
    before: Time,
) -> Result<u64, sqlx::Error> {
    run!(connection, PRUNE, before.0)
}

impl Store {
    /// Whose recoveries have something due.
    pub async fn recoveries_due(&self, now: Time) -> Result<Vec<PersonId>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let rows = rows!(connection, DUE, now.0)?;
        rows.iter().map(|row| Fields::new("recovery", row).parsed()).collect()
    }
}
