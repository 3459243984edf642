//! Facts about the folder.

use store::Store;

use crate::both_engines;
use crate::place::Place;

both_engines!(fact_that_is_first_stays);

async fn fact_that_is_first_stays(place: &Place) {
    let store = Store::open(place.url()).await.unwrap();
    assert_eq!(store.fact("id").await.unwrap(), None);
    assert_eq!(store.fact_or("id", "one").await.unwrap(), "one");
    assert_eq!(store.fact_or("id", "two").await.unwrap(), "one");
    store.set_fact("id", "three").await.unwrap();
    store.close().await;
    let store = Store::open(place.url()).await.unwrap();
    assert_eq!(store.fact("id").await.unwrap().as_deref(), Some("three"));
}
