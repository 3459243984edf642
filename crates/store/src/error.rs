//! What can go wrong between the program and its tables.

use thiserror::Error;

/// A failure of the store. None of them is a decision: a refusal is an answer, not an error.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The URL names neither engine.
    #[error("the database address must begin with sqlite: or postgres:")]
    UnknownEngine,
    /// The engine could not be reached.
    #[error("the database cannot be opened: {0}")]
    Connect(#[source] sqlx::Error),
    /// The tables were written by a later version of the program.
    #[error(
        "the tables have schema {found}, and this program knows schemas up to {newest}: use the newer program, or restore a backup from before it"
    )]
    NewerSchema {
        /// The schema found.
        found: i64,
        /// The newest that this program knows.
        newest: i64,
    },
    /// Another server has the tables.
    #[error(
        "another server uses this database ({holder}); stop it, or give this data folder its own database"
    )]
    Held {
        /// What that server wrote of itself.
        holder: String,
    },
    /// A migration failed; it was rolled back.
    #[error("the tables could not be brought up to date: {0}")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    /// A row holds what this program never writes.
    #[error("table {table} holds a value that cannot be read: {what}")]
    Damaged {
        /// The table.
        table: &'static str,
        /// What is wrong with the value.
        what: String,
    },
    /// What comes before it could not be written.
    #[error("earlier changes could not be written yet")]
    Behind {
        /// Whether for want of room.
        full: bool,
    },
    /// This engine does it another way.
    #[error("{what} is not made by this engine; use {instead}")]
    NotHere {
        /// What was asked for.
        what: &'static str,
        /// What to use.
        instead: &'static str,
    },
    /// Any other failure of the engine.
    #[error("the database failed: {0}")]
    Engine(#[from] sqlx::Error),
}

impl StoreError {
    /// Whether what is in the tables, or the file that they are in, cannot be read for what it holds.
    pub fn is_damage(&self) -> bool {
        use sqlx::migrate::MigrateError;
        match self {
            Self::Damaged { .. } => true,
            Self::Connect(error)
            | Self::Engine(error)
            | Self::Migrate(
                MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _),
            ) => is_damage(error),
            _ => false,
        }
    }

    /// Whether the tables were closed, as they are once the server stops.
    pub const fn is_closed(&self) -> bool {
        matches!(self, Self::Engine(sqlx::Error::PoolClosed))
    }

    /// Whether the engine's disk is full.
    pub fn is_full(&self) -> bool {
        use sqlx::migrate::MigrateError;
        if let Self::Behind { full } = self {
            return *full;
        }
        let (Self::Connect(sqlx::Error::Database(error))
        | Self::Engine(sqlx::Error::Database(error))
        | Self::Migrate(
            MigrateError::Execute(sqlx::Error::Database(error))
            | MigrateError::ExecuteMigration(sqlx::Error::Database(error), _),
        )) = self
        else {
            return false;
        };
        // SQLite: SQLITE_FULL. PostgreSQL: disk_full.
        matches!(error.code().as_deref(), Some("13" | "53100"))
    }
}

fn is_damage(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => true,
        sqlx::Error::Database(error) => {
            let code = error.code();
            let code = code.as_deref().unwrap_or_default();
            // SQLite: a table or column that is not there (1), SQLITE_CORRUPT, SQLITE_NOTADB, whatever their
            // extension says. PostgreSQL: data_corrupted, index_corrupted, a table or column that is not there.
            let primary =
                code.parse::<u32>().ok().filter(|_| code.len() < 5).map(|code| code & 0xff);
            matches!(primary, Some(1 | 11 | 26))
                || matches!(code, "XX001" | "XX002" | "42P01" | "42703")
        }
        _ => false,
    }
}
