//! Orders from the portal: previewed, confirmed once, refused with reasons.

use axum::http::StatusCode;

use crate::place::Place;

const BUY: [(&str, &str); 5] =
    [("symbol", "aapl"), ("side", "buy"), ("quantity", "10"), ("type", "MKT"), ("tif", "DAY")];

#[tokio::test]
async fn confirmation_sent_twice_places_one_order() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    let preview = visitor.post("/ticket/preview", &BUY).await;
    assert!(preview.says("Confirm this order"), "{}", preview.body);
    let key = preview.hidden("key");
    let fields: Vec<_> = BUY.iter().copied().chain([("key", key.as_str())]).collect();
    let first = visitor.post("/ticket/confirm", &fields).await.to().to_owned();
    let second = visitor.post("/ticket/confirm", &fields).await.to().to_owned();
    assert_eq!(first, second);
    let view = place.gate.view().await.unwrap();
    assert_eq!(view.open_orders.len() + view.completed_orders.len(), 1);
    let page = visitor.get(&first).await;
    assert!(page.says("Taken, and safe on record") && page.says("filled"), "{}", page.body);
    let csv = visitor.get("/executions.csv").await;
    assert!(csv.body.lines().count() >= 2 && csv.body.contains("\"AAPL\",\"buy\""), "{}", csv.body);
}

#[tokio::test]
async fn confirmation_of_changed_terms_is_not_taken() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    let key = visitor.post("/ticket/preview", &BUY).await.hidden("key");
    let mut fields: Vec<_> = BUY.iter().copied().chain([("key", key.as_str())]).collect();
    fields[2].1 = "1000";
    let answer = visitor.post("/ticket/confirm", &fields).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    let view = place.gate.view().await.unwrap();
    assert_eq!(view.open_orders.len() + view.completed_orders.len(), 0);
}

#[tokio::test]
async fn ticket_with_absurd_figures_names_each_field() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    for (quantity, price) in
        [("-1", "1"), ("NaN", "1"), ("1e9", "1"), ("1", "-5"), ("1", "NaN"), ("1", "0.001")]
    {
        let fields = [
            ("symbol", "AAPL"),
            ("side", "buy"),
            ("quantity", quantity),
            ("type", "LMT"),
            ("price", price),
            ("tif", "DAY"),
        ];
        let answer = visitor.post("/ticket/preview", &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{quantity} {price}");
        assert!(
            answer.body.contains("aria-invalid") && answer.says("Nothing was sent"),
            "{quantity} {price}"
        );
    }
    let unknown = visitor.post("/ticket/preview", &[("symbol", "ZZZZ"), ("quantity", "1")]).await;
    assert!(unknown.says("No contract of that symbol"));
    let huge = [
        ("symbol", "AAPL"),
        ("side", "buy"),
        ("quantity", "10000000"),
        ("type", "MKT"),
        ("tif", "DAY"),
    ];
    let denied = visitor.post("/ticket/preview", &huge).await;
    assert!(denied.says("Denied before the trade") && denied.says("1000000"), "{}", denied.body);
}

#[tokio::test]
async fn resting_order_is_modified_and_cancelled() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    let fields = [
        ("symbol", "AAPL"),
        ("side", "buy"),
        ("quantity", "10"),
        ("type", "LMT"),
        ("price", "1.00"),
        ("tif", "GTC"),
    ];
    let key = visitor.post("/ticket/preview", &fields).await.hidden("key");
    let fields: Vec<_> = fields.iter().copied().chain([("key", key.as_str())]).collect();
    let path =
        visitor.post("/ticket/confirm", &fields).await.to().split('?').next().unwrap().to_owned();
    let changed = [("quantity", "7"), ("type", "LMT"), ("price", "1.50")];
    assert_eq!(
        visitor.post(&format!("{path}/modify"), &changed).await.to(),
        format!("{path}?modified=1")
    );
    assert!(visitor.get(&path).await.says("7 AAPL LMT 1.50 GTC"));
    assert_eq!(
        visitor.post(&format!("{path}/cancel"), &[]).await.to(),
        format!("{path}?cancelled=1")
    );
    assert!(visitor.get(&path).await.says("Cancelled on request"));
}
