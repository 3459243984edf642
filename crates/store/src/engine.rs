//! The two engines: the only file that knows SQLite from PostgreSQL.
//!
//! Everything else is one set of statements (docs/decisions): `$1` parameters, TEXT ids and decimals, BIGINT microseconds,
//! BIGINT 0/1 for yes and no, BYTEA for digests and sealed secrets.

mod copy;

pub(crate) use copy::in_schema;

use crate::error::StoreError;
use crate::migration;
use sqlx::any::AnyPoolOptions;
use sqlx::{Any, AnyConnection, AnyPool, Connection, Executor, Row, Transaction};
use std::path::Path;
use std::time::Duration;

/// Which engine a store runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// A file in the data folder, written by this process alone.
    Sqlite,
    /// A server that several nodes share.
    Postgres,
}

impl Engine {
    /// Reads the engine from the scheme of a database URL.
    pub fn of(url: &str) -> Result<Self, StoreError> {
        match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => Ok(Self::Sqlite),
            Some("postgres" | "postgresql") => Ok(Self::Postgres),
            _ => Err(StoreError::UnknownEngine),
        }
    }

    /// Starts a transaction that may write. SQLite must take its write lock at once: a reader that turns into a writer
    /// later fails with `SQLITE_BUSY` instead of waiting.
    const fn begin(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN IMMEDIATE",
            Self::Postgres => "BEGIN",
        }
    }

    /// What a read ends with whose rows stay as they are until the commit. SQLite has one writer.
    pub(crate) const fn kept(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR SHARE",
        }
    }

    /// Starts a transaction that reads everything as it is at one time.
    const fn freeze(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN",
            Self::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        }
    }

    /// An expression for all that a column holds: its type and its bytes in hex, so that no two values
    /// look alike and none cannot be read.
    pub(crate) fn fingerprint(self, column: &Column) -> String {
        let name = &column.name;
        match (self, column.is_number) {
            (Self::Sqlite, _) => format!("typeof({name}) || ':' || hex(CAST({name} AS BLOB))"),
            (Self::Postgres, number) => {
                let kind = if number { "integer" } else { "text" };
                format!(
                    "COALESCE('{kind}:' || upper(encode(convert_to(CAST({name} AS TEXT), 'UTF8'), 'hex')), 'null:')"
                )
            }
        }
    }

    /// What the engine itself finds damaged in its files: pages, and indexes that do not have the rows
    /// of their tables. PostgreSQL has no such check of its own.
    pub(crate) async fn damage(
        self,
        connection: &mut AnyConnection,
    ) -> Result<Vec<String>, StoreError> {
        if self == Self::Postgres {
            return Ok(Vec::new());
        }
        let rows = sqlx::query("PRAGMA integrity_check(10)").fetch_all(connection).await?;
        let said: Result<Vec<String>, _> = rows.iter().map(|row| row.try_get(0)).collect();
        Ok(said?
            .into_iter()
            .filter(|said| said != "ok")
            .map(|said| format!("the file of the tables is damaged: {said}"))
            .collect())
    }

    /// What the schema has: tables by their columns, indexes, and whatever acts by itself.
    pub(crate) async fn parts(
        self,
        connection: &mut AnyConnection,
    ) -> Result<Vec<Part>, StoreError> {
        let select = match self {
            Self::Sqlite => SQLITE_PARTS,
            Self::Postgres => POSTGRES_PARTS,
        };
        let rows = sqlx::query(select).fetch_all(connection).await?;
        let read = |row| -> Result<Part, StoreError> {
            let text = |at| sqlx::Row::try_get::<String, _>(row, at);
            Ok(Part { kind: text(0)?, table: text(1)?, name: text(2)?, form: text(3)? })
        };
        rows.iter().map(read).collect()
    }

    /// The tables of a SQLite connection: every schema is this program's, so one engine says it for both.
    pub(crate) async fn tables(connection: &mut AnyConnection) -> Result<Vec<Table>, StoreError> {
        let rows = sqlx::query(TABLES).fetch_all(connection).await?;
        let mut tables: Vec<Table> = Vec::new();
        for row in &rows {
            let (table, name, kind): (String, String, String) =
                (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            let column =
                Column { name, is_number: kind == "BIGINT", is_key: row.try_get::<i64, _>(3)? > 0 };
            match tables.last_mut() {
                Some(last) if last.name == table => last.columns.push(column),
                _ => tables.push(Table { name: table, columns: vec![column] }),
            }
        }
        Ok(tables)
    }

    const fn settings(self) -> &'static str {
        match self {
            // FULL: a commit that was answered survives a loss of power.
            Self::Sqlite => {
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
                 PRAGMA busy_timeout = 10000; PRAGMA cache_size = -2000; PRAGMA temp_store = MEMORY"
            }
            Self::Postgres => {
                "SET TIME ZONE 'UTC'; SET synchronous_commit = on; SET lock_timeout = '10s'"
            }
        }
    }

    /// SQLite has one writer whatever the pool; a few readers keep pages from waiting on each other.
    const fn connections(self) -> u32 {
        match self {
            Self::Sqlite => 4,
            Self::Postgres => 8,
        }
    }
}

const TABLES: &str = "SELECT t.name, c.name, c.type, c.pk FROM sqlite_master t \
                      JOIN pragma_table_info(t.name) c \
                      WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' ORDER BY t.name, c.cid";

/// Columns, named indexes, triggers and views. A key is never null, though SQLite lets its column say otherwise.
const SQLITE_PARTS: &str = "SELECT 'column', t.name, c.name, CASE c.type WHEN 'BIGINT' THEN 'bigint' WHEN 'TEXT' \
                            THEN 'text' ELSE c.type END || CASE WHEN c.\"notnull\" = 1 OR c.pk > 0 THEN ' not null' \
                            ELSE '' END FROM sqlite_master t JOIN pragma_table_info(t.name) c \
                            WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND t.name <> '_sqlx_migrations' \
                            UNION ALL SELECT 'index', t.name, i.name, CASE i.\"unique\" WHEN 1 THEN 'unique' ELSE '' END \
                            FROM sqlite_master t JOIN pragma_index_list(t.name) i \
                            WHERE t.type = 'table' AND i.origin = 'c' \
                            UNION ALL SELECT type, tbl_name, name, '' FROM sqlite_master \
                            WHERE type IN ('trigger', 'view')";

/// The same. What a constraint brings along (its index, its trigger) is not named by us.
const POSTGRES_PARTS: &str = "SELECT 'column', CAST(c.table_name AS TEXT), CAST(c.column_name AS TEXT), \
                              CAST(c.data_type AS TEXT) || CASE c.is_nullable WHEN 'NO' THEN ' not null' ELSE '' END \
                              FROM information_schema.columns c JOIN information_schema.tables t \
                              ON t.table_schema = c.table_schema AND t.table_name = c.table_name \
                              WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE' \
                              AND c.table_name <> '_sqlx_migrations' \
                              UNION ALL SELECT 'index', CAST(t.relname AS TEXT), CAST(i.relname AS TEXT), \
                              CASE WHEN x.indisunique THEN 'unique' ELSE '' END FROM pg_index x \
                              JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid \
                              JOIN pg_namespace n ON n.oid = t.relnamespace WHERE n.nspname = current_schema() \
                              AND NOT EXISTS (SELECT 1 FROM pg_constraint o WHERE o.conindid = i.oid) \
                              UNION ALL SELECT 'trigger', CAST(t.relname AS TEXT), CAST(g.tgname AS TEXT), '' \
                              FROM pg_trigger g JOIN pg_class t ON t.oid = g.tgrelid \
                              JOIN pg_namespace n ON n.oid = t.relnamespace \
                              WHERE n.nspname = current_schema() AND NOT g.tgisinternal \
                              UNION ALL SELECT 'rule', CAST(r.tablename AS TEXT), CAST(r.rulename AS TEXT), '' \
                              FROM pg_rules r WHERE r.schemaname = current_schema()";

/// A part of a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    /// A column, an index, a trigger, a rule or a view.
    pub kind: String,
    /// The table that it belongs to.
    pub table: String,
    /// Its name.
    pub name: String,
    /// What else there is to say of it, in words that are the same on both engines.
    pub form: String,
}

/// A table, as the schema has it.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns, in order.
    pub columns: Vec<Column>,
}

/// A column of a table.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Whether it holds numbers; the others hold texts.
    pub is_number: bool,
    /// Whether it is a part of the primary key.
    pub is_key: bool,
}

/// The address of the SQLite file of a data folder; it is made if missing.
pub fn sqlite_url(file: &Path) -> String {
    let escaped: Vec<u8> =
        file.as_os_str().as_encoded_bytes().iter().copied().flat_map(escape).collect();
    format!("sqlite://{}?mode=rwc", String::from_utf8_lossy(&escaped))
}

/// The same of a file that must be there: one that is removed while it is open is not made again, empty.
pub fn existing_sqlite_url(file: &Path) -> String {
    sqlite_url(file).replace("?mode=rwc", "?mode=rw")
}

/// A byte of a path as a URL has it: itself, or a percent sign and two hex digits.
fn escape(byte: u8) -> Vec<u8> {
    if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
        vec![byte]
    } else {
        format!("%{byte:02X}").into_bytes()
    }
}

/// A pool of connections to one engine, with the schema in place.
#[derive(Debug, Clone)]
pub struct Database {
    pool: AnyPool,
    engine: Engine,
}

impl Database {
    /// Connects, and brings an older schema up to this version's.
    ///
    /// # Errors
    /// [`StoreError::NewerSchema`] when a later version of the program has written here; nothing is changed then.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let database = Self::connect(url).await?;
        database.migrate().await?;
        Ok(database)
    }

    /// Connects; the schema stays as it is.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let engine = Engine::of(url)?;
        if engine == Engine::Sqlite {
            // A pool tries a file that is not a database again until its time is up, and tells the time alone.
            let mut first = AnyConnection::connect(url).await.map_err(StoreError::Connect)?;
            first.execute(engine.settings()).await.map_err(StoreError::Connect)?;
            first.close().await.map_err(StoreError::Connect)?;
        }
        let pool = AnyPoolOptions::new()
            .max_connections(engine.connections())
            .acquire_timeout(Duration::from_secs(15))
            .after_connect(move |connection, _| {
                Box::pin(async move { connection.execute(engine.settings()).await.map(drop) })
            })
            // SQLite rolls a transaction back by itself when its disk is full; the driver does not notice, and every
            // later transaction on that connection would fail.
            .after_release(|connection, _| {
                let whole = !connection.is_in_transaction();
                Box::pin(async move { Ok(whole) })
            })
            .connect(url)
            .await
            .map_err(StoreError::Connect)?;
        Ok(Self { pool, engine })
    }

    /// Empty tables in memory, with this version's schema. One connection has them, for as long as the value lives.
    pub async fn scratch() -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let pool = AnyPoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect("sqlite::memory:")
            .await
            .map_err(StoreError::Connect)?;
        let database = Self { pool, engine: Engine::Sqlite };
        database.migrate().await?;
        Ok(database)
    }

    /// A transaction that only reads, everything as it was when it began, while others write.
    pub async fn snapshot(&self) -> Result<Transaction<'static, Any>, StoreError> {
        Ok(self.pool.begin_with(self.engine.freeze()).await?)
    }

    /// The tables of this version's schema.
    pub async fn tables() -> Result<Vec<Table>, StoreError> {
        let scratch = Self::scratch().await?;
        let mut connection = scratch.pool.acquire().await?;
        Engine::tables(&mut connection).await
    }

    /// Opens a SQLite file that nobody writes, for reading alone: not even a log is made beside it.
    pub async fn look(file: &Path) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let url = sqlite_url(file).replace("?mode=rwc", "?mode=ro&immutable=true");
        let pool = AnyPoolOptions::new().max_connections(1).connect(&url).await;
        Ok(Self { pool: pool.map_err(StoreError::Connect)?, engine: Engine::Sqlite })
    }

    /// A connection of its own, which no pool closes.
    pub(crate) async fn own_connection(&self) -> Result<AnyConnection, StoreError> {
        Ok(self.pool.acquire().await?.detach())
    }

    /// Takes, for a connection, the lock that one server has on a database; false when another has it.
    /// It is given back with the connection. A SQLite file is held with its data folder.
    pub(crate) async fn lock(&self, connection: &mut AnyConnection) -> Result<bool, StoreError> {
        if self.engine == Engine::Sqlite {
            return Ok(true);
        }
        // The number says "floorpas" in ASCII.
        let taken = sqlx::query(
            "SELECT CASE WHEN pg_try_advisory_lock(7380396413805420915) THEN 1 ELSE 0 END",
        );
        let row = taken.fetch_one(connection).await?;
        Ok(sqlx::Row::try_get::<i32, _>(&row, 0)? == 1)
    }

    /// The number of the newest step that the schema has; none in a database without tables of ours.
    pub async fn schema(&self) -> Result<Option<i64>, StoreError> {
        let newest = sqlx::query("SELECT max(version) FROM _sqlx_migrations");
        match newest.fetch_one(&self.pool).await {
            Ok(row) => Ok(row.try_get(0)?),
            Err(sqlx::Error::Database(error))
                if error.code().as_deref() == Some("42P01")
                    || error.message().contains("no such table") =>
            {
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Brings an older schema up to this version's.
    ///
    /// # Errors
    /// [`StoreError::NewerSchema`] when a later version of the program has written here; nothing is changed then.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let newest = migration::newest();
        migration::up_to(newest).run(&self.pool).await.map_err(|error| match error {
            sqlx::migrate::MigrateError::VersionMissing(found) => {
                StoreError::NewerSchema { found, newest }
            }
            // A step and its row are written in one transaction, so neither comes from a stop.
            sqlx::migrate::MigrateError::VersionMismatch(step) => StoreError::Damaged {
                table: "_sqlx_migrations",
                what: format!("row {step}: the digest of that step was altered"),
            },
            sqlx::migrate::MigrateError::Dirty(step) => StoreError::Damaged {
                table: "_sqlx_migrations",
                what: format!("row {step}: that step is marked as unfinished"),
            },
            other => StoreError::Migrate(other),
        })
    }

    /// Which engine this is.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The pool, for reads that need no transaction.
    pub fn pool(&self) -> &AnyPool {
        &self.pool
    }

    /// A transaction that may write; dropped without a commit, it is rolled back.
    pub async fn begin(&self) -> Result<Transaction<'static, Any>, StoreError> {
        Ok(self.pool.begin_with(self.engine.begin()).await?)
    }

    /// Asks the engine to parse one statement, for the test that every statement works on both.
    pub async fn prepare(&self, statement: &'static str) -> Result<(), StoreError> {
        let mut connection = self.pool.acquire().await?;
        let connection: &mut AnyConnection = &mut connection;
        connection.prepare(sqlx::SqlStr::from_static(statement)).await?;
        Ok(())
    }

    /// Writes a consistent copy of a SQLite database to `file`, which must not exist yet; the server goes on meanwhile.
    ///
    /// # Errors
    /// [`StoreError::NotHere`] on PostgreSQL, whose own tools (`pg_dump`) make its backups.
    pub async fn copy_to(&self, file: &Path) -> Result<(), StoreError> {
        match self.engine {
            Engine::Postgres => {
                Err(StoreError::NotHere { what: "a copy of the tables", instead: "pg_dump" })
            }
            Engine::Sqlite => {
                sqlx::query("VACUUM INTO $1")
                    .bind(file.to_string_lossy().into_owned())
                    .execute(&self.pool)
                    .await?;
                Ok(())
            }
        }
    }

    /// Closes all connections; SQLite folds its write-ahead log back into the file.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Whether the engine answers, for `/healthz` and `doctor`.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.pool.acquire().await?.ping().await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_url_of_odd_path_is_escaped() {
        assert_eq!(sqlite_url(Path::new("/a b/c?d#e%")), "sqlite:///a%20b/c%3Fd%23e%25?mode=rwc");
        assert_eq!(sqlite_url(Path::new("/\u{e9}")), "sqlite:///%C3%A9?mode=rwc");
    }

    #[test]
    fn engine_of_unknown_scheme_is_refused() {
        assert!(matches!(Engine::of("mysql://x"), Err(StoreError::UnknownEngine)));
    }
}
