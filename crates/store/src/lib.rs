//! All SQL of Floorpass: one set of statements for SQLite and PostgreSQL.
//!
//! [`engine`] is the only file that knows which of the two it speaks to. A file is named after its
//! noun. Only [`Store::commit`] writes facts about access, together with their evidence.

#[macro_use]
pub mod statement;

mod account;
pub mod activity;
mod approval;
mod authenticator;
mod brokerage;
pub mod checkpoint;
pub mod commit;
mod contact;
pub mod credential;
pub mod delivery;
mod device;
pub mod engine;
mod equity;
pub mod error;
pub mod evidence;
mod field;
pub mod folder;
pub mod form;
mod guard;
pub mod hold;
mod large_order;
mod link;
mod loaded;
mod lock;
mod mandate;
pub mod migration;
mod network;
pub mod notice;
pub mod order_decision;
mod person;
mod policy;
mod push;
mod record;
mod recovery;
mod recovery_code;
pub mod replay;
mod schema;
pub mod session;
mod shard;
mod sign_in;
#[cfg(feature = "simulation")]
pub mod simulation;
mod site;
pub mod slice;
mod throttle;
mod travel;
pub mod trial;
mod trustee;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

pub use activity::{Names, OrdersOf, RecordCursor, Search, Stretch};
pub use checkpoint::SignedCheckpoint;
pub use commit::CommitError;
pub use credential::{CredentialUse, CredentialsOf};
pub use delivery::{Delivery, DeliveryRow, DeliveryState};
pub use engine::{Database, Engine};
pub use error::StoreError;
pub use hold::{Hold, Holding};
use loaded::Loaded;
pub use notice::Message;
pub use order_decision::OrderDecision;
pub use push::PushRow;
pub use replay::Replayed;
pub use session::{EndedSession, SessionUse};
pub use slice::Key;
pub use trial::Trial;

/// The tables. A cheap clone.
#[derive(Debug, Clone)]
pub struct Store {
    database: Database,
    /// Whether notices go to a webhook too.
    webhook: Arc<AtomicBool>,
    loaded: Arc<Loaded>,
}

impl Store {
    /// Opens the tables at a `sqlite:` or `postgres:` URL, and brings an older schema up to date.
    /// [`engine::sqlite_url`] makes the URL of a file.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Ok(Self::of(Database::open(url).await?))
    }

    fn of(database: Database) -> Self {
        Self { database, webhook: Arc::default(), loaded: Arc::default() }
    }

    /// Empty tables in memory.
    async fn scratch() -> Result<Self, StoreError> {
        Ok(Self::of(Database::scratch().await?))
    }

    /// Connects to tables and leaves their schema as it is.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Ok(Self::of(Database::connect(url).await?))
    }

    /// Reads the tables of a file that nobody writes, a backup's say; nothing is written there.
    pub async fn look(file: &Path) -> Result<Self, StoreError> {
        Ok(Self::of(Database::look(file).await?))
    }

    /// Holds the tables for one server, which describes itself as `mark`.
    pub async fn hold(&self, mark: String) -> Result<Hold, StoreError> {
        Hold::take(self, mark).await
    }

    /// The engine's side of it.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Writes a consistent copy to a file that does not exist yet, while the server goes on.
    pub async fn backup(&self, file: &Path) -> Result<(), StoreError> {
        self.database.copy_to(file).await
    }

    /// Whether the engine answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.database.ping().await
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.database.close().await;
    }
}
