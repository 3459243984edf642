//! Both engines open, migrate, and prepare.

use crate::both_engines;
use crate::place::Place;
use store::{Database, Engine, StoreError};

both_engines!(
    database_opened_twice_keeps_its_schema,
    newer_schema_is_refused,
    statement_of_every_file_is_prepared,
);

async fn statement_of_every_file_is_prepared(place: &Place) {
    let database = Database::open(place.url()).await.unwrap();
    let mut count = 0;
    for statement in store::statement::all() {
        let prepared = database.prepare(statement).await;
        assert!(prepared.is_ok(), "{statement}: {prepared:?}");
        count += 1;
    }
    assert!(count > 50, "{count}");
}

async fn database_opened_twice_keeps_its_schema(place: &Place) {
    let first = Database::open(place.url()).await.unwrap();
    first.ping().await.unwrap();
    first.close().await;
    Database::open(place.url()).await.unwrap().ping().await.unwrap();
}

async fn newer_schema_is_refused(place: &Place) {
    let database = Database::open(place.url()).await.unwrap();
    sqlx::query("UPDATE _sqlx_migrations SET version = 9999 WHERE version = 1")
        .execute(database.pool())
        .await
        .unwrap();
    database.close().await;
    let refused = Database::open(place.url()).await;
    assert!(matches!(refused, Err(StoreError::NewerSchema { found: 9999, .. })), "{refused:?}");
}

#[tokio::test]
async fn every_connection_of_sqlite_syncs_fully_and_checks_keys() {
    let place = Place::sqlite();
    let database = Database::open(place.url()).await.unwrap();
    let mut held = Vec::new();
    for _ in 0..4 {
        let mut connection = database.pool().acquire().await.unwrap();
        let mode: (String,) =
            sqlx::query_as("PRAGMA journal_mode").fetch_one(&mut *connection).await.unwrap();
        let sync: (i64,) =
            sqlx::query_as("PRAGMA synchronous").fetch_one(&mut *connection).await.unwrap();
        let keys: (i64,) =
            sqlx::query_as("PRAGMA foreign_keys").fetch_one(&mut *connection).await.unwrap();
        assert_eq!((mode.0.as_str(), sync.0, keys.0), ("wal", 2, 1));
        held.push(connection);
    }
}

#[tokio::test]
async fn copy_of_sqlite_opens() {
    let place = Place::sqlite();
    let database = Database::open(place.url()).await.unwrap();
    assert_eq!(database.engine(), Engine::Sqlite);
    let copy = place.folder().join("copy.db");
    database.copy_to(&copy).await.unwrap();
    Database::open(&store::engine::sqlite_url(&copy)).await.unwrap().ping().await.unwrap();
}

/// Name, row version, since, handle, counter.
type Row = (String, i64, i64, Option<String>, Option<i64>);

/// A folder of the version before: its rows are there afterwards, in the new table.
#[tokio::test]
async fn authenticators_of_the_first_schema_outlive_its_migration() {
    let place = Place::sqlite();
    sqlx::any::install_default_drivers();
    let pool = sqlx::AnyPool::connect(place.url()).await.unwrap();
    store::migration::up_to(1).run(&pool).await.unwrap();
    for statement in [
        "INSERT INTO person (id, username, created_at, version) VALUES ('p', 'ann', 1, 1)",
        "INSERT INTO authenticator (id, person, name, kind, row_version, created_at, sealed) \
         VALUES ('a', 'p', 'Password', 'password', 3, 7, 'ff')",
        "INSERT INTO authenticator (id, person, name, kind, row_version, created_at, handle, data, \
         model, backed_up, counter) VALUES ('b', 'p', 'Key', 'passkey', 1, 8, '01', '{}', '', 0, 5)",
    ] {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    pool.close().await;
    let database = Database::open(place.url()).await.unwrap();
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT name, row_version, created_at, handle, counter FROM authenticator ORDER BY id",
    )
    .fetch_all(database.pool())
    .await
    .unwrap();
    let key = ("Key".to_owned(), 1, 8, Some("01".to_owned()), Some(5));
    assert_eq!(rows, [("Password".to_owned(), 3, 7, None, None), key]);
    let twice = "INSERT INTO authenticator (id, person, name, kind, row_version, created_at, handle) \
                 VALUES ('c', 'p', 'Copy', 'passkey', 1, 9, '01')";
    assert!(sqlx::query(twice).execute(database.pool()).await.is_err(), "handles are taken once");
}
