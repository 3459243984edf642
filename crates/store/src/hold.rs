//! Holding the tables: one server writes them. Two data folders that are copies of one may name the
//! same database, and no lock on a file shows that.
//!
//! A connection is kept open for as long as the server runs, on PostgreSQL with an advisory lock. The
//! fact `instance` names the server that took the tables last: who finds another name there has lost
//! them, whatever became of the lock meanwhile. On SQLite the connection also keeps the write-ahead
//! log in its place.

use std::time::Duration;

use sqlx::{AnyConnection, Connection};
use tokio::sync::Mutex;

use crate::Store;
use crate::error::StoreError;
use crate::field::Fields;

/// The fact that names the server.
pub const INSTANCE: &str = "instance";
/// A server that was killed keeps its lock until PostgreSQL notices; so often is it tried.
const TRIES: u32 = 50;
/// And so long is waited between two tries.
const PAUSE: Duration = Duration::from_millis(100);

statements! {
    INSTANCE_NOW = "SELECT value FROM folder WHERE name = $1";
}

/// Whose the tables are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holding {
    /// This server's.
    Ours,
    /// Another server has taken them.
    Lost,
}

/// The tables, held by this server.
#[derive(Debug)]
pub struct Hold {
    store: Store,
    mark: String,
    /// None between a connection that broke and the next.
    connection: Mutex<Option<AnyConnection>>,
}

impl Hold {
    pub(crate) async fn take(store: &Store, mark: String) -> Result<Self, StoreError> {
        let mut connection = store.database.own_connection().await?;
        let mut tries = 1;
        while !store.database.lock(&mut connection).await? {
            if tries == TRIES {
                let holder = store.fact(INSTANCE).await?;
                return Err(StoreError::Held {
                    holder: holder.unwrap_or_else(|| "unknown".into()),
                });
            }
            tries += 1;
            tokio::time::sleep(PAUSE).await;
        }
        store.set_fact(INSTANCE, &mark).await?;
        // SQLite opens its log with a connection's first look.
        instance(&mut connection).await?;
        Ok(Self { store: store.clone(), mark, connection: Mutex::new(Some(connection)) })
    }

    /// Whose the tables are now. An error when the engine does not answer: then nobody can tell, and
    /// nobody can write.
    pub async fn look(&self) -> Result<Holding, StoreError> {
        let mut held = self.connection.lock().await;
        if let Some(connection) = held.as_mut() {
            match instance(connection).await {
                Ok(found) => return Ok(self.compare(found.as_deref())),
                // It broke, and the lock with it.
                Err(_) => *held = None,
            }
        }
        let mut connection = self.store.database.own_connection().await?;
        let locked = self.store.database.lock(&mut connection).await?;
        let found = instance(&mut connection).await?;
        let holding = self.compare(found.as_deref());
        if locked {
            *held = Some(connection);
        }
        // Not locked, and still named: it is this server's own broken connection that has the lock.
        Ok(holding)
    }

    fn compare(&self, found: Option<&str>) -> Holding {
        if found == Some(&self.mark) { Holding::Ours } else { Holding::Lost }
    }

    /// Gives the tables back.
    pub async fn release(&self) {
        if let Some(connection) = self.connection.lock().await.take() {
            // One that broke meanwhile has given the lock back already.
            drop(connection.close().await);
        }
    }
}

async fn instance(connection: &mut AnyConnection) -> Result<Option<String>, StoreError> {
    let row = row!(connection, INSTANCE_NOW, INSTANCE)?;
    row.map(|row| Fields::new("folder", &row).text()).transpose()
}
