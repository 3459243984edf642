//! One server on the tables.

use sqlx::Connection;
use store::{Holding, Store, StoreError};

use crate::both_engines;
use crate::place::Place;

both_engines!(tables_taken_by_a_later_server_are_lost_to_the_first);

async fn tables_taken_by_a_later_server_are_lost_to_the_first(place: &Place) {
    let store = Store::open(place.url()).await.unwrap();
    let first = store.hold("the first".to_owned()).await.unwrap();
    assert_eq!(first.look().await.unwrap(), Holding::Ours);
    // Whatever became of its lock meanwhile.
    first.release().await;
    assert_eq!(first.look().await.unwrap(), Holding::Ours);
    first.release().await;
    let copy = Store::open(place.url()).await.unwrap();
    let second = copy.hold("the second".to_owned()).await.unwrap();
    assert_eq!(first.look().await.unwrap(), Holding::Lost);
    assert_eq!(second.look().await.unwrap(), Holding::Ours);
}

#[tokio::test]
async fn postgres_database_of_a_running_server_is_refused_to_a_second_which_names_the_first() {
    let place = Place::postgres().await;
    let store = Store::open(place.url()).await.unwrap();
    let first = store.hold("the first".to_owned()).await.unwrap();
    let copy = Store::open(place.url()).await.unwrap();
    let refused = copy.hold("the second".to_owned()).await.unwrap_err();
    assert!(matches!(&refused, StoreError::Held { holder } if holder == "the first"), "{refused}");
    // A connection that is cut gives the lock away; its server takes it again. `pg_locks` lists those of the whole server,
    // where other tests hold locks too.
    let mut admin = sqlx::PgConnection::connect(place.url()).await.unwrap();
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database ON oid = database \
               WHERE locktype = 'advisory' AND datname = current_database()";
    sqlx::query(cut).execute(&mut admin).await.unwrap();
    // It ends when it comes to it.
    let held = "SELECT count(*) FROM pg_locks JOIN pg_database ON oid = database \
                WHERE locktype = 'advisory' AND datname = current_database()";
    for tries in 0.. {
        let count: i64 = sqlx::query_scalar(held).fetch_one(&mut admin).await.unwrap();
        if count == 0 {
            break;
        }
        assert!(tries < 500, "the connection goes on");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(first.look().await.unwrap(), Holding::Ours);
    assert!(matches!(copy.hold("the second".to_owned()).await, Err(StoreError::Held { .. })));
    first.release().await;
    assert_eq!(
        copy.hold("the second".to_owned()).await.unwrap().look().await.unwrap(),
        Holding::Ours
    );
}

#[tokio::test]
async fn file_that_is_looked_at_stays_as_it_was() {
    let place = Place::sqlite();
    let store = Store::open(place.url()).await.unwrap();
    store.set_fact("id", "one").await.unwrap();
    let copy = place.folder().join("copy.db");
    store.backup(&copy).await.unwrap();
    let before = std::fs::read(&copy).unwrap();
    let looked = Store::look(&copy).await.unwrap();
    assert_eq!(looked.fact("id").await.unwrap().as_deref(), Some("one"));
    assert!(looked.sealed_authenticators().await.unwrap().is_empty());
    assert!(looked.set_fact("id", "two").await.is_err());
    looked.close().await;
    assert_eq!(std::fs::read(&copy).unwrap(), before);
    assert!(!place.folder().join("copy.db-wal").exists());
}
