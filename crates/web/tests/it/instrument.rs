//! The exchange's own instruments on the pages, one of them in hundredths.

use axum::http::StatusCode;

use crate::place::Place;

/// An order for parts of the fund.
fn part<'a>(quantity: &'a str, kind: &'a str, price: &'a str) -> [(&'a str, &'a str); 6] {
    [
        ("symbol", "FUND"),
        ("side", "buy"),
        ("quantity", quantity),
        ("type", kind),
        ("price", price),
        ("tif", "GTC"),
    ]
}

#[tokio::test]
async fn parts_of_a_fund_are_ordered_changed_and_shown_by_their_step() {
    let place = Place::trading().await;
    let mut visitor = place.signed_in().await;
    for (typed, why) in [
        ("0.005", "has more than two decimals. Type a quantity in steps of 0.01"),
        ("1,000", "could mean 1000 or 1.000"),
        ("0", "too low. Type a quantity of 0.01 or more"),
    ] {
        let page = visitor.post("/ticket/preview", &part(typed, "LMT", "1.00")).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed}");
        assert!(page.says(why), "{typed}: {}", page.body);
    }
    let preview = visitor.post("/ticket/preview", &part("0,5", "LMT", "1.00")).await;
    assert!(preview.says("BUY 0.5 FUND LMT 1.00 GTC"), "{}", preview.body);
    assert_eq!(preview.hidden("quantity"), "0.5");
    let key = preview.hidden("key");
    let fields: Vec<_> =
        part("0.5", "LMT", "1.00").into_iter().chain([("key", key.as_str())]).collect();
    let path = visitor.post("/ticket/confirm", &fields).await.to().to_owned();
    let order = path.split('?').next().unwrap().to_owned();
    let page = visitor.get(&order).await;
    assert!(page.says("BUY 0.5 FUND") && page.says("0 / 0.5"), "{}", page.body);
    assert!(page.body.contains("value=\"0.5\""), "the form of a change begins with it");
    let change = [("quantity", "0.25"), ("type", "LMT"), ("price", "1.00")];
    let change = visitor.post(&format!("{order}/preview"), &change).await;
    assert!(change.says("0.5 \u{2192} 0.25"), "{}", change.body);

    // What is filled is held, and closed, in parts.
    let preview = visitor.post("/ticket/preview", &part("1.25", "MKT", "")).await;
    let key = preview.hidden("key");
    let fields: Vec<_> =
        part("1.25", "MKT", "").into_iter().chain([("key", key.as_str())]).collect();
    visitor.post("/ticket/confirm", &fields).await;
    let overview = visitor.get("/").await;
    assert!(overview.says("1.25") && overview.body.contains("name=\"quantity\" value=\"1.25\""));
    let fills = visitor.get("/executions.csv").await;
    let sum: rust_decimal::Decimal = fills
        .body
        .lines()
        .filter(|line| line.contains("FUND"))
        .map(|line| {
            line.split(',')
                .nth(6)
                .unwrap()
                .trim_matches('"')
                .parse::<rust_decimal::Decimal>()
                .unwrap()
        })
        .sum();
    assert_eq!(sum.to_string(), "1.25", "{}", fills.body);
}

#[tokio::test]
async fn pages_know_the_contracts_of_the_exchange_and_no_others() {
    let place = Place::trading().await;
    let mut visitor = place.signed_in().await;
    let list = visitor.get("/contracts").await;
    assert!(list.says("FUND") && !list.says("SAPX") && !list.says("MSFT"), "{}", list.body);
    let abroad = visitor.get("/contracts?kind=abroad").await;
    assert!(abroad.says("SAPX") && !abroad.says("FUND"), "{}", abroad.body);
    assert_eq!(visitor.get("/contracts/FUND").await.status, StatusCode::OK);
    assert_eq!(visitor.get("/contracts/MSFT").await.status, StatusCode::NOT_FOUND);
    let found = visitor.get("/search?q=Parts").await;
    assert!(found.says("Parts of a Fund"), "{}", found.body);
    let page = visitor.get("/ticket").await;
    assert!(page.body.contains("value=\"SAPX\"") && !page.body.contains("value=\"MSFT\""));
}
