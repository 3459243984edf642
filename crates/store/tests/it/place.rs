//! A place for one test: a SQLite file in a folder of its own, or a database of its own on the PostgreSQL server named by
//! `FLOORPASS_TEST_POSTGRES` (`cargo xtask test` starts one and sets it).

use sqlx::Connection;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

static NEXT: AtomicU32 = AtomicU32::new(0);

pub struct Place {
    url: String,
    folder: tempfile::TempDir,
}

impl Place {
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { url: store::engine::sqlite_url(&folder.path().join("tables.db")), folder }
    }

    pub async fn postgres() -> Self {
        let server = std::env::var("FLOORPASS_TEST_POSTGRES").expect(
            "FLOORPASS_TEST_POSTGRES is not set: run `cargo xtask test`, which starts a throw-away PostgreSQL, or set it to \
             the URL of a server whose user may create databases (postgres://user@host:port)",
        );
        let name = format!("case_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let mut admin = sqlx::PgConnection::connect(&database(&server, "postgres")).await.unwrap();
        sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .execute(&mut admin)
            .await
            .unwrap();
        Self { url: database(&server, &name), folder: tempfile::tempdir().unwrap() }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// The URL of another database of the same server; what follows a `?` (a socket's folder, say) stays.
fn database(server: &str, name: &str) -> String {
    let (address, options) = server.split_once('?').unwrap_or((server, ""));
    let (scheme, rest) = address.split_once("://").unwrap();
    let authority = rest.split('/').next().unwrap();
    let mark = if options.is_empty() { "" } else { "?" };
    format!("{scheme}://{authority}/{name}{mark}{options}")
}

/// Runs each case on SQLite and on PostgreSQL, as two tests.
#[macro_export]
macro_rules! both_engines {
    ($($case:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test] async fn $case() { super::$case(&$crate::place::Place::sqlite()).await })+
        }
        mod on_postgres {
            $(#[tokio::test] async fn $case() { super::$case(&$crate::place::Place::postgres().await).await })+
        }
    };
}
