//! Numbers that people type, on every page that asks for one: understood, or refused with what was typed and what to type.

use axum::http::StatusCode;

use crate::place::{Answer, Place, Visitor};

const LIMIT: [(&str, &str); 6] = [
    ("symbol", "AAPL"),
    ("side", "buy"),
    ("quantity", "10"),
    ("type", "LMT"),
    ("price", "70.50"),
    ("tif", "GTC"),
];

/// The same form with one field typed anew.
fn typed<'a>(form: &[(&'a str, &'a str)], name: &str, text: &'a str) -> Vec<(&'a str, &'a str)> {
    let anew =
        |(field, value): &(&'a str, &'a str)| (*field, if *field == name { text } else { *value });
    form.iter().map(anew).collect()
}

#[track_caller]
fn refuses(answer: &Answer, text: &str) {
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{text}");
    assert!(
        answer.says(&format!("\u{201c}{}\u{201d}", text.replace('\'', "&#39;"))),
        "{text}: {}",
        answer.body
    );
}

/// Places a resting order, and gives its page.
async fn rest(visitor: &mut Visitor<'_>, form: &[(&str, &str)]) -> String {
    let key = visitor.post("/ticket/preview", form).await.hidden("key");
    let form: Vec<_> = form.iter().copied().chain([("key", key.as_str())]).collect();
    let placed = visitor.post("/ticket/confirm", &form).await;
    placed.to().split('?').next().unwrap().to_owned()
}

#[tokio::test]
async fn ticket_understands_a_decimal_comma_and_refuses_what_could_be_two_numbers() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    for (price, shown) in [
        ("70,50", "LMT 70.50"),
        ("70,5", "LMT 70.50"),
        ("1.234,50", "LMT 1,234.50"),
        ("1,234.50", "LMT 1,234.50"),
        ("$70", "LMT 70.00"),
        ("\u{ff17}\u{ff10}\u{ff0e}\u{ff15}\u{ff10}", "LMT 70.50"),
        ("\u{200e}70.50", "LMT 70.50"),
    ] {
        let answer = visitor.post("/ticket/preview", &typed(&LIMIT, "price", price)).await;
        assert!(answer.says(shown), "{price}: {}", answer.body);
    }
    for price in ["1,234", "1.234", "70 50", "7,0,5.00", "1,00,0.00", "70,505", "-70", "0"] {
        refuses(&visitor.post("/ticket/preview", &typed(&LIMIT, "price", price)).await, price);
    }
    for quantity in ["10,00", "1,5", "1.5", "1.000", "1 00", "1,0000", "-5"] {
        refuses(
            &visitor.post("/ticket/preview", &typed(&LIMIT, "quantity", quantity)).await,
            quantity,
        );
    }
    for quantity in ["1,000", "1 000", "1'000", "1000"] {
        let answer = visitor.post("/ticket/preview", &typed(&LIMIT, "quantity", quantity)).await;
        assert!(answer.says("BUY 1,000 AAPL"), "{quantity}: {}", answer.body);
    }
}

#[tokio::test]
async fn ticket_reads_a_price_by_the_steps_of_its_contract_and_shows_it_so() {
    let place = Place::trading().await;
    let mut visitor = place.signed_in().await;
    let of = |symbol, price| typed(&typed(&LIMIT, "symbol", symbol), "price", price);
    for (symbol, price, shown) in [
        ("PENY", "0.4875", "LMT 0.4875 GTC"),
        ("PAIR", "1.08755", "LMT 1.08755 GTC"),
        ("PAIR", "1,08755", "LMT 1.08755 GTC"),
        ("OIL", "-37.63", "LMT \u{2212}37.63 GTC"),
        ("OIL", "\u{2212}37.60", "LMT \u{2212}37.60 GTC"),
        ("NIKKEI", "1,250", "LMT 1,250 GTC"),
    ] {
        let answer = visitor.post("/ticket/preview", &of(symbol, price)).await;
        assert!(answer.says(shown), "{symbol} {price}: {}", answer.body);
    }
    // What the form was filled with is read as the same again.
    let answer = visitor.post("/ticket/preview", &of("PAIR", "1.087")).await;
    assert_eq!(answer.hidden("price"), "1.08700");
    for (symbol, price) in [
        ("PENY", "0.48755"),
        ("PAIR", "1,087"),
        ("OIL", "-1001"),
        ("NIKKEI", "1250.5"),
        ("AAPL", "-1"),
    ] {
        refuses(&visitor.post("/ticket/preview", &of(symbol, price)).await, price);
    }
    let answer = visitor.post("/ticket/preview", &of("PENY", "1.0005")).await;
    assert!(answer.says("use 1.0000 or 1.0100"), "{}", answer.body);
}

#[tokio::test]
async fn change_shows_what_was_understood_before_it_takes_effect() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    visitor.post("/policies/large-orders", &[("none", "1")]).await;
    let buy =
        [("symbol", "AAPL"), ("side", "buy"), ("quantity", "10"), ("type", "MKT"), ("tif", "DAY")];
    rest(&mut visitor, &buy).await;
    let stop = [
        ("symbol", "AAPL"),
        ("side", "sell"),
        ("quantity", "10"),
        ("type", "STP"),
        ("trigger", "55.00"),
        ("tif", "GTC"),
    ];
    let path = rest(&mut visitor, &stop).await;
    let terms = [("quantity", "10"), ("type", "STP"), ("trigger", "58,50")];
    let page = visitor.post(&format!("{path}/preview"), &terms).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert!(page.says("STP 58.50") && page.says("STP 55.00"), "{}", page.body);
    assert!(
        visitor.get(&path).await.says("STP 55.00"),
        "nothing is changed before it is confirmed"
    );
    // A press that comes without the page before it shows that page.
    let bare = visitor.post(&format!("{path}/modify"), &terms).await;
    assert!(bare.says("Confirm this change"), "{}", bare.body);
    assert!(visitor.get(&path).await.says("STP 55.00"));
    let key = page.hidden("key");
    let confirmed: Vec<_> = terms.iter().copied().chain([("key", key.as_str())]).collect();
    // Nor does it stand for other terms.
    let other = typed(&confirmed, "trigger", "5850");
    assert!(visitor.post(&format!("{path}/modify"), &other).await.says("Confirm this change"));
    assert!(visitor.get(&path).await.says("STP 55.00"));
    let done = visitor.post(&format!("{path}/modify"), &confirmed).await;
    assert_eq!(done.to(), format!("{path}?modified=1"));
    assert!(visitor.get(&path).await.says("STP 58.50"));
    for text in ["1,234", "58 50", "5,8,5"] {
        refuses(
            &visitor.post(&format!("{path}/preview"), &typed(&terms, "trigger", text)).await,
            text,
        );
    }
    refuses(
        &visitor.post(&format!("{path}/preview"), &typed(&terms, "quantity", "10,00")).await,
        "10,00",
    );
}

const BOT: [(&str, &str); 11] = [
    ("name", "bot"),
    ("kind", "trading"),
    ("sides", "both"),
    ("days", "30"),
    ("max_quantity", "100"),
    ("max_notional", "20000"),
    ("rate", "5"),
    ("max_open_orders", "10"),
    ("collar", "2.5"),
    ("duplicate_seconds", "2"),
    ("port", ""),
];

#[tokio::test]
async fn limits_of_a_credential_are_what_was_typed() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    for (field, text, shown) in [
        ("max_notional", "20000,50", "20,000.50 USD"),
        ("max_notional", "20,000", "20,000 USD"),
        ("collar", "2,5", "2.50 %"),
        ("max_quantity", "1,000", "1,000 shares"),
    ] {
        let page = visitor.post("/credentials/preview", &typed(&BOT, field, text)).await;
        assert_eq!(page.status, StatusCode::OK, "{text}: {}", page.body);
        assert!(page.says(shown), "{field} {text}: {}", page.body);
    }
    for (field, text) in [
        ("max_quantity", "10,00"),
        ("max_quantity", "1,5"),
        ("max_notional", "20 00"),
        ("max_notional", "20.000"),
        ("rate", "1,5"),
        ("max_open_orders", "1.000"),
        ("collar", "2,555"),
        ("collar", "25 0"),
        ("duplicate_seconds", "1,5"),
        ("port", "7,497"),
    ] {
        refuses(&visitor.post("/credentials", &typed(&BOT, field, text)).await, text);
    }
}

#[tokio::test]
async fn numbers_of_policies_and_recovery_are_whole_and_quoted_when_refused() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    let form = [
        ("view", "one"),
        ("trade", "one"),
        ("administer", "one"),
        ("withdraw", "two"),
        ("tempo", "adviser"),
        ("new_network", "look"),
        ("idle_minutes", "45"),
        ("absolute_hours", "10"),
    ];
    for (field, text) in
        [("idle_minutes", "4,5"), ("idle_minutes", "+45"), ("absolute_hours", "1 0")]
    {
        let answer = visitor.post("/policies/portal", &typed(&form, field, text)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{text}");
        assert!(answer.body.contains(text), "{text}: {}", answer.body);
    }
    let set =
        visitor.post("/policies/portal", &typed(&form, "idle_minutes", "\u{ff14}\u{ff15}")).await;
    assert_eq!(set.to(), "/policies?set=1", "{}", set.body);
    for text in ["2,4", "+48", "48.0"] {
        let answer = visitor
            .post("/recovery/policy", &[("hours", text), ("needed", "0"), ("waits", "yes")])
            .await;
        assert!(
            answer.status.is_client_error() && answer.body.contains(text),
            "{text}: {}",
            answer.body
        );
    }
    for text in ["1,5", "+1", "-1"] {
        let answer = visitor
            .post("/recovery/policy", &[("hours", "48"), ("needed", text), ("waits", "yes")])
            .await;
        assert!(
            answer.status.is_client_error() && answer.body.contains(text),
            "{text}: {}",
            answer.body
        );
    }
    for (text, shown) in
        [("250000,50", "250,000.50"), ("300,000", "300,000.00"), ("1.000.000", "1,000,000.00")]
    {
        let set = visitor.post("/policies/large-orders", &[("above", text)]).await;
        assert_eq!(set.to(), "/policies?set=1", "{text}: {}", set.body);
        assert!(
            visitor.get("/policies").await.says(&format!("worth more than {shown} USD")),
            "{text}"
        );
    }
    for text in ["250.000", "25 00", "1,00,000"] {
        let answer = visitor.post("/policies/large-orders", &[("above", text)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{text}");
        assert!(answer.body.contains(text), "{text}: {}", answer.body);
    }
}
