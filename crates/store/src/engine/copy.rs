//! Copying all tables of a PostgreSQL database into another of its schemas, which takes nothing but a right
//! to create one: `pg_dump` may not be on this machine, and may be older than the server.

use sqlx::{AnyConnection, AssertSqlSafe, Executor as _, Row as _};

use super::{Database, Engine};
use crate::error::StoreError;

const HERE: &str = "SELECT CAST(current_schema() AS TEXT)";
const TABLES: &str =
    "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1";
/// Keys first: a foreign key needs the one that it refers to.
const CONSTRAINTS: &str = "SELECT CAST(t.relname AS TEXT), CAST(o.conname AS TEXT), pg_get_constraintdef(o.oid) \
                           FROM pg_constraint o JOIN pg_class t ON t.oid = o.conrelid \
                           JOIN pg_namespace n ON n.oid = o.connamespace \
                           WHERE n.nspname = current_schema() AND o.contype IN ('p', 'u', 'f') \
                           ORDER BY CASE o.contype WHEN 'f' THEN 1 ELSE 0 END, o.conname";
const INDEXES: &str = "SELECT pg_get_indexdef(x.indexrelid) FROM pg_index x \
                       JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_namespace n ON n.oid = i.relnamespace \
                       WHERE n.nspname = current_schema() \
                       AND NOT EXISTS (SELECT 1 FROM pg_constraint o WHERE o.conindid = i.oid) ORDER BY 1";

impl Database {
    /// Whether a PostgreSQL database has a schema of this name.
    pub(crate) async fn has_schema(&self, name: &str) -> Result<bool, StoreError> {
        let count = sqlx::query("SELECT count(*) FROM pg_namespace WHERE nspname = $1").bind(name);
        let row = count.fetch_one(&self.pool).await?;
        Ok(row.try_get::<i64, _>(0)? > 0)
    }

    /// Bytes of the tables with their indexes; none on SQLite.
    pub(crate) async fn bytes(&self) -> Result<Option<u64>, StoreError> {
        if self.engine == Engine::Sqlite {
            return Ok(None);
        }
        let sum = "SELECT CAST(coalesce(sum(pg_total_relation_size(c.oid)), 0) AS BIGINT) FROM pg_class c \
                   WHERE c.relkind = 'r' AND c.relnamespace = \
                   (SELECT oid FROM pg_namespace WHERE nspname = current_schema())";
        let row = sqlx::query(sum).fetch_one(&self.pool).await?;
        Ok(u64::try_from(row.try_get::<i64, _>(0)?).ok())
    }

    /// Copies every table, with its keys and indexes, into the new schema `name`, all at one point of time.
    ///
    /// # Errors
    /// [`StoreError::NotHere`] on SQLite, whose tables [`Database::copy_to`] copies.
    pub(crate) async fn copy_within(&self, name: &str) -> Result<(), StoreError> {
        if self.engine == Engine::Sqlite {
            return Err(StoreError::NotHere {
                what: "a copy in the same database",
                instead: "a copy of the file",
            });
        }
        let frozen = "BEGIN ISOLATION LEVEL REPEATABLE READ";
        let mut transaction = self.pool.begin_with(frozen).await?;
        let connection: &mut AnyConnection = &mut transaction;
        let here: String = sqlx::query(HERE).fetch_one(&mut *connection).await?.try_get(0)?;
        let mut statements = vec![format!("CREATE SCHEMA {name}")];
        for row in sqlx::query(TABLES).fetch_all(&mut *connection).await? {
            let table: String = row.try_get(0)?;
            statements.push(format!(
                "CREATE TABLE {name}.{table} (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
            ));
            statements.push(format!("INSERT INTO {name}.{table} SELECT * FROM {table}"));
        }
        // What follows names its tables as it does here, and is to mean the copies.
        statements.push(format!("SET LOCAL search_path TO {name}"));
        for row in sqlx::query(CONSTRAINTS).fetch_all(&mut *connection).await? {
            let (table, constraint, form): (String, String, String) =
                (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            statements.push(format!("ALTER TABLE {table} ADD CONSTRAINT {constraint} {form}"));
        }
        for row in sqlx::query(INDEXES).fetch_all(&mut *connection).await? {
            let index: String = row.try_get(0)?;
            let (there, copied) = (format!(" ON {here}."), format!(" ON {name}."));
            statements.push(index.replacen(&there, &copied, 1));
        }
        for statement in statements {
            connection.execute(AssertSqlSafe(statement)).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Removes a schema of copies, with all that is in it.
    pub(crate) async fn drop_schema(&self, name: &str) -> Result<(), StoreError> {
        self.pool.execute(AssertSqlSafe(format!("DROP SCHEMA IF EXISTS {name} CASCADE"))).await?;
        Ok(())
    }
}

/// The address of the same PostgreSQL database, its tables being those of schema `name`.
pub(crate) fn in_schema(url: &str, name: &str) -> String {
    let join = if url.contains('?') { '&' } else { '?' };
    format!("{url}{join}options[search_path]={name}")
}
