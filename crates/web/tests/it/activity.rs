//! The activity: filtered by a form that needs no script, with names in place of ids, and exported.

use access::Grade;
use axum::http::StatusCode;
use gate::{Actor, LockTarget};

use crate::place::Place;

const OPERATOR: Actor = Actor::Operator { uid: 0 };

/// A narrow credential's order that its limits refuse, from the socket.
async fn refused_order(place: &Place) -> String {
    let (program, narrow, address) = place.narrow_program().await;
    let order = trade::NewOrder {
        account: place.gate.account(),
        symbol: trade::Instruments::builtin().named("MSFT").unwrap().id,
        side: access::Side::Sell,
        quantity: 1_234,
        order_type: trade::OrderType::Limit { price: trade::Ticks(41_050) },
        tif: trade::TimeInForce::Day,
        outside_hours: false,
        oca: None,
        origin: trade::Origin { holder: program.holder(), client_id: 7, order_id: 9 },
        reference: None,
        parent: None,
    };
    let request = gate::OrderRequest::Place(vec![order]);
    assert!(place.gate.orders().submit(&program, address, request).is_err());
    place.gate.orders().flush().await.unwrap();
    narrow.to_string()
}

#[tokio::test]
async fn refused_order_is_found_with_side_symbol_size_price_and_credential() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    let credential = refused_order(&place).await;
    for query in [
        "refused=yes".to_owned(),
        "kind=orders&refused=1".to_owned(),
        "text=msft".to_owned(),
        format!("credential={credential}&kind=orders"),
        format!("holder={credential}&refused=1"),
    ] {
        let page = visitor.get(&format!("/activity?{query}")).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.body.contains("SELL 1234 MSFT LMT 410.50 DAY"), "{query}: {}", page.body);
        let link = format!("<a href=\"/credentials/{credential}\">narrow</a>");
        assert!(page.body.contains(&link), "{query}: {}", page.body);
    }
    for query in
        ["kind=locks", "text=nothing-like-it", "from=2199-01-01", "to=1971-01-01", "kind=devices"]
    {
        let page = visitor.get(&format!("/activity?{query}")).await;
        assert!(!page.says("1234 MSFT"), "{query}");
    }
}

#[tokio::test]
async fn internal_steps_are_hidden_until_asked_for_and_no_id_is_shown() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    let page = visitor.get("/activity").await;
    assert!(page.says("session started") && !page.says("link used"), "{}", page.body);
    let steps = visitor.get("/activity?steps=yes").await;
    assert!(steps.says("link used"), "{}", steps.body);
    let shown = page.body.split("class=\"trail\"").nth(1).unwrap();
    for prefix in [">ses_", " ses_", " dev_", " crd_", " lnk_", " per_"] {
        assert!(!shown.contains(prefix), "{prefix}: {shown}");
    }
    assert!(page.says("Today, "), "{}", page.body);
}

#[tokio::test]
async fn wrong_filter_is_said_beside_its_field_and_matches_nothing() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    let long = "x".repeat(101);
    for (query, said) in [
        ("from=24.12.2026", "is not a date; write it like 2026-12-24"),
        ("from=2026-12-24&to=2026-12-23", "The last day is before the first"),
        (&format!("text={long}"), "101 characters are too many"),
        ("from=%3Cimg%3E", "is not a date"),
    ] {
        let page = visitor.get(&format!("/activity?{query}")).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert!(
            page.says(said) && !page.body.contains("class=\"trail\""),
            "{query}: {}",
            page.body
        );
    }
}

#[tokio::test]
async fn older_and_newer_keep_the_filter_and_repeats_are_one_row() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    let target = || LockTarget::Account(place.gate.account().into());
    for _ in 0..40 {
        place.gate.locks().lock(&OPERATOR, target(), Grade::NoNew).await.unwrap();
        place.gate.locks().unlock(&OPERATOR, target()).await.unwrap();
    }
    let first = visitor.get("/activity?kind=locks").await;
    let link = |page: &crate::place::Answer, name: &str| {
        let end = page.body.split(&format!("\">{name}</a>")).next().unwrap().to_owned();
        end.rsplit("href=\"").next().unwrap().replace("&amp;", "&")
    };
    assert!(!first.body.contains("\">Newer</a>"), "{}", first.body);
    let older = link(&first, "Older");
    assert!(older.starts_with("/activity?kind=locks&before="), "{older}");
    let second = visitor.get(&older).await;
    assert!(!second.body.contains("\">Older</a>"), "{}", second.body);
    let rows = |body: &str| body.matches("<td class=\"at\">").count();
    assert_eq!((rows(&first.body), rows(&second.body)), (50, 30));
    let again = visitor.get(&link(&second, "Newer")).await;
    assert_eq!(rows(&again.body), 50);
    // The same thing again and again is one row with its count.
    for _ in 0..3 {
        visitor.get("/activity").await;
        assert_eq!(visitor.post("/activity/export", &[("format", "csv")]).await.status, 200);
    }
    let exported = visitor.get("/activity?text=exported").await;
    assert_eq!(rows(&exported.body), 1, "{}", exported.body);
    assert!(exported.body.contains("\u{d7}\u{2009}3"), "{}", exported.body);
}

#[tokio::test]
async fn export_has_all_that_the_filter_matches_and_is_on_record() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    refused_order(&place).await;
    let form = [("format", "csv"), ("kind", "orders"), ("refused", "yes")];
    let csv = visitor.post("/activity/export", &form).await;
    assert_eq!(csv.status, StatusCode::OK);
    let lines: Vec<_> = csv.body.lines().collect();
    assert_eq!(lines.len(), 2, "{}", csv.body);
    assert!(lines[0].starts_with("\"time\",\"record\",\"entry\""), "{}", lines[0]);
    assert!(
        lines[1].contains("\"narrow\"") && lines[1].contains("\"SELL 1234 MSFT LMT 410.50 DAY\"")
    );
    let jsonl = visitor.post("/activity/export", &[("format", "jsonl")]).await;
    let rows: Vec<serde_json::Value> =
        jsonl.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(rows.len() > 5);
    let refused = rows.iter().find(|row| row["event"] == "order_refused").unwrap();
    assert_eq!(refused["who"], "narrow");
    assert!(refused["time"].as_str().unwrap().ends_with('Z') && refused["count"] == 1);
    assert!(rows.iter().any(|row| row["text"].as_str().unwrap().contains("exported as jsonl")));
    let page = visitor.get("/activity?text=exported").await;
    assert!(page.says("Activity exported as csv: kind orders, refused yes"), "{}", page.body);
    for form in [[("format", "xml")], [("form", "x")]] {
        assert_ne!(visitor.post("/activity/export", &form).await.status, StatusCode::OK);
    }
}
