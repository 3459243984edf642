//! The lock, by its button.

use access::Grade;
use axum::http::StatusCode;

use crate::place::Place;

#[tokio::test]
async fn lock_of_everything_ends_the_others_and_leaves_the_receipt() {
    let place = Place::new().await;
    let (mut one, mut two) = (place.signed_in().await, place.signed_in().await);
    let receipt = one.post("/lock", &[("grade", "all")]).await;
    assert_eq!(receipt.status, StatusCode::OK);
    assert!(receipt.says("Sessions ended") && receipt.says("trading"), "{}", receipt.body);
    assert!(two.get("/").await.to().starts_with("/sign-in"));
    assert_eq!(one.get("/").await.to(), "/lock");
    assert!(one.get("/lock").await.says("This page is the receipt"));
}

#[tokio::test]
async fn lock_that_lets_reduce_keeps_everyone_signed_in() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    let answer = visitor.post("/lock", &[("grade", "no-new")]).await;
    assert!(answer.says("Locked"), "{}", answer.body);
    let page = visitor.get("/lock").await;
    assert!(page.says(&format!("A lock of grade {} stands", Grade::NoNew)), "{}", page.body);
    let fields =
        [("symbol", "AAPL"), ("side", "buy"), ("quantity", "1"), ("type", "MKT"), ("tif", "DAY")];
    let refused = visitor.post("/ticket/preview", &fields).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.body.contains("LOCKED"), "{}", refused.body);
    assert_eq!(
        visitor.post("/lock", &[("grade", "everything")]).await.status,
        StatusCode::BAD_REQUEST
    );
}
