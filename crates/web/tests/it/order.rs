//! Orders from the portal: previewed, confirmed once, refused with reasons.

use axum::http::StatusCode;

use futures_util::StreamExt as _;

use crate::place::{Place, RESTING, Visitor};

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
    assert!(page.says("Order accepted") && page.says("filled"), "{}", page.body);
    let csv = visitor.get("/executions.csv").await;
    // ASVS 3.2.1: a browser saves it and shows it nowhere.
    let kept = csv.headers["content-disposition"].to_str().unwrap();
    assert!(kept.starts_with("attachment; filename="), "{kept}");
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
    assert!(unknown.says("No contract with that symbol"));
    let huge = [
        ("symbol", "AAPL"),
        ("side", "buy"),
        ("quantity", "10000000"),
        ("type", "MKT"),
        ("tif", "DAY"),
    ];
    let denied = visitor.post("/ticket/preview", &huge).await;
    assert!(denied.says("Would be refused") && denied.says("1000000"), "{}", denied.body);
}

#[tokio::test]
async fn resting_order_is_modified_and_cancelled() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    let fields = RESTING;
    let key = visitor.post("/ticket/preview", &fields).await.hidden("key");
    let fields: Vec<_> = fields.iter().copied().chain([("key", key.as_str())]).collect();
    let path =
        visitor.post("/ticket/confirm", &fields).await.to().split('?').next().unwrap().to_owned();
    let changed = [("quantity", "7"), ("type", "LMT"), ("price", "1.50")];
    let key = visitor.post(&format!("{path}/preview"), &changed).await.hidden("key");
    let changed: Vec<_> = changed.iter().copied().chain([("key", key.as_str())]).collect();
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

const LIMIT: [(&str, &str); 6] = [
    ("symbol", "AAPL"),
    ("side", "buy"),
    ("quantity", "10"),
    ("type", "LMT"),
    ("price", "100.00"),
    ("tif", "DAY"),
];

/// Confirms what the ticket previews; the path of its order.
async fn send(visitor: &mut Visitor<'_>, form: &[(&str, &str)]) -> String {
    let preview = visitor.post("/ticket/preview", form).await;
    assert!(preview.says("Confirm this order"), "{}", preview.body);
    let key = preview.hidden("key");
    let form: Vec<_> = form.iter().copied().chain([("key", key.as_str())]).collect();
    let placed = visitor.post("/ticket/confirm", &form).await;
    placed.to().split('?').next().unwrap().to_owned()
}

#[tokio::test]
async fn bracket_is_one_form_and_its_orders_stand_together() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    let exits = [("profit", "110,00"), ("loss", "95.00")];
    let form: Vec<_> = LIMIT.into_iter().chain(exits).collect();
    let preview = visitor.post("/ticket/preview", &form).await;
    for line in [
        "BUY 10 AAPL LMT 100.00 DAY",
        "take profit SELL 10 AAPL LMT 110.00 GTC",
        "stop loss SELL 10 AAPL STP 95.00 GTC",
    ] {
        assert!(preview.says(line), "{line}: {}", preview.body);
    }
    assert_eq!(place.gate.view().await.unwrap().open_orders.len(), 0);
    let path = send(&mut visitor, &form).await;
    let page = visitor.get(&path).await;
    assert!(page.says("Attached to it; they wait until it fills"), "{}", page.body);
    let view = place.gate.view().await.unwrap();
    let parent = view.open_orders.iter().find(|order| order.parent.is_none()).unwrap();
    assert_eq!(path, format!("/orders/{}", parent.id));
    let children: Vec<_> =
        view.open_orders.iter().filter(|order| order.parent == Some(parent.id)).collect();
    assert_eq!(children.len(), 2);
    for child in children {
        assert!(page.body.contains(&format!("href=\"/orders/{}\"", child.id)), "{}", page.body);
        let own = visitor.get(&format!("/orders/{}", child.id)).await;
        assert!(own.says("Attached to") && own.says("Alongside it"), "{}", own.body);
        assert!(own.body.contains(&format!("href=\"{path}\"")), "{}", own.body);
    }
    let list = visitor.get("/orders").await;
    assert_eq!(list.body.matches("<tr class=\"child\">").count(), 2, "{}", list.body);
    assert!(list.says("portal, trader"), "{}", list.body);
    // An exit on the wrong side would trade at once.
    for (field, price) in [("profit", "99.00"), ("loss", "100.00")] {
        let form: Vec<_> = LIMIT.into_iter().chain([(field, price)]).collect();
        let refused = visitor.post("/ticket/preview", &form).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{field} {price}");
        assert!(refused.says("a buy order needs a price"), "{}", refused.body);
    }
    let all = visitor.post("/orders/cancel-all", &[]).await;
    assert_eq!(all.to(), "/orders?cancelled=1");
    assert_eq!(place.gate.view().await.unwrap().open_orders.len(), 0);
}

#[tokio::test]
async fn refused_order_is_listed_with_all_that_was_asked_for_and_a_preview_is_not() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    let huge: Vec<_> = LIMIT
        .into_iter()
        .map(|(name, value)| (name, if name == "quantity" { "5000000" } else { value }))
        .collect();
    for _ in 0..3 {
        assert!(visitor.post("/ticket/preview", &huge).await.says("Would be refused"));
    }
    let list = visitor.get("/orders?show=refused").await;
    assert!(list.says("No order was refused"), "{}", list.body);
    assert!(!visitor.get("/activity?refused=1").await.says("QUANTITY"), "a preview is no refusal");
    // A program is refused what its credential does not let it do.
    let (program, narrow, address) = place.narrow_program().await;
    let order = trade::NewOrder {
        account: place.gate.account(),
        symbol: trade::Instruments::builtin().named("MSFT").unwrap().id,
        side: access::Side::Sell,
        quantity: 1_234,
        order_type: trade::OrderType::StopLimit {
            trigger: trade::Ticks(41_050),
            price: trade::Ticks(41_000),
        },
        tif: trade::TimeInForce::Gtc,
        outside_hours: false,
        origin: trade::Origin { holder: access::Holder::System, client_id: 7, order_id: 31 },
        parent: None,
        oca: None,
        reference: None,
    };
    let request = gate::OrderRequest::Place(vec![order]);
    let code = place.gate.orders().submit(&program, address, request).unwrap_err().code();
    place.gate.orders().flush().await.unwrap();
    let list = visitor.get("/orders").await;
    for text in [
        "SELL 1,234 MSFT",
        "STP LMT GTC",
        "410.00",
        "410.50",
        "narrow",
        "client 7",
        "its order 31",
        code,
    ] {
        assert!(list.says(text), "{text}: {}", list.body);
    }
    assert!(list.body.contains(&format!("href=\"/credentials/{narrow}\"")));
    for (query, shown) in [
        ("show=refused", true),
        ("symbol=msft", true),
        ("symbol=AAPL", false),
        ("show=open", false),
        ("from=portal", false),
        (&*format!("from={narrow}"), true),
    ] {
        let list = visitor.get(&format!("/orders?{query}")).await;
        assert_eq!(list.says("SELL 1,234 MSFT"), shown, "{query}: {}", list.body);
    }
}

#[tokio::test]
async fn list_of_orders_and_market_of_the_ticket_come_as_streams() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    send(&mut visitor, &LIMIT).await;
    let mut stream = place.stream(&visitor, "/events?orders=1&symbol=AAPL").await;
    let told = String::from_utf8(stream.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(told.starts_with("event: fragment") && told.contains("AAPL"), "{told}");
    let mut stream = place.stream(&visitor, "/events?market=aapl").await;
    let told = String::from_utf8(stream.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(told.contains("Position") && told.contains("name=\"take\""), "{told}");
    let mut stream = place.stream(&visitor, "/events?depth=AAPL").await;
    let told = String::from_utf8(stream.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(told.contains("Bid size"), "{told}");
    assert!(visitor.get("/contracts/AAPL").await.body.contains("/events?depth=AAPL"));
    assert!(visitor.get("/events?market=ZZZZ").await.status.is_client_error());
}

#[tokio::test]
async fn price_is_taken_from_the_market_into_the_field_of_its_kind() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    for (kind, field) in
        [("LMT", "price"), ("MKT", "price"), ("STP", "trigger"), ("STP LMT", "price")]
    {
        let form = [("symbol", "AAPL"), ("quantity", "7"), ("type", kind), ("take", "125.44")];
        let page = visitor.post("/ticket/edit", &form).await;
        let filled = format!("name=\"{field}\" value=\"125.44\"");
        assert!(
            page.body.contains(&filled) && page.body.contains("value=\"7\""),
            "{kind}: {}",
            page.body
        );
    }
    let page = visitor.get("/ticket?symbol=AAPL").await;
    assert!(page.says("Bid") && page.says("Position") && page.body.contains("/events?market=AAPL"));
}

#[tokio::test]
async fn order_says_by_name_who_sent_it() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    let path = send(&mut visitor, &LIMIT).await;
    let page = visitor.get(&path).await;
    assert!(page.says("portal, trader") && !page.body.contains("ses_"), "{}", page.body);
}

#[tokio::test]
async fn dividend_stands_below_the_executions() {
    // The Thursday before the ex-date of BAC.
    let clock = gate::Clock::manual(access::Time::from_seconds(1_796_310_000));
    let place = Place::at(&clock).await;
    let mut visitor = place.signed_in().await;
    let page = visitor.get("/executions").await;
    assert!(page.says("No dividends, coupons, interest or splits yet."), "{}", page.body);
    let mut fields = BUY.to_vec();
    fields[0].1 = "BAC";
    let key = visitor.post("/ticket/preview", &fields).await.hidden("key");
    fields.push(("key", &key));
    visitor.post("/ticket/confirm", &fields).await;
    clock.set(clock.stamp() + access::Span::hours(10));
    for _ in 0..1_000 {
        place.gate.orders().flush().await.unwrap();
        if !place.gate.view().await.unwrap().payments.is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let mut visitor = place.signed_in().await;
    let page = visitor.get("/executions").await;
    assert!(page.says("dividend BAC") && page.says("2.20"), "{}", page.body);
    assert!(page.body.contains("2026-12-04"), "{}", page.body);
}
