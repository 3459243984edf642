//! Forms: what is kept, what is escaped, where they lead.

use axum::http::StatusCode;

use crate::place::Place;

#[tokio::test]
async fn form_sent_after_the_session_ended_keeps_what_was_typed() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    let token = visitor.token.clone();
    visitor.post("/sign-out", &[]).await;
    let fields = [("symbol", "AAPL"), ("quantity", "12345"), ("password", "secret-word")];
    let answer = visitor.post("/ticket/preview", &fields).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.body.contains("12345") && answer.says("Nothing was done"), "{}", answer.body);
    assert!(!answer.body.contains("secret-word") && !answer.body.contains(&token));
}

#[tokio::test]
async fn expired_form_can_be_sent_again_with_one_press() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    let good = std::mem::replace(&mut visitor.token, "b2xk".to_owned());
    let answer =
        visitor.post("/ticket/preview", &[("symbol", "AAPL"), ("quantity", "12345")]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!((answer.form_token(), answer.hidden("quantity")), (good, "12345".to_owned()));
}

#[tokio::test]
async fn name_with_markup_is_escaped_on_every_page_that_shows_it() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    let name = "<img src=x onerror=alert(1)>";
    let devices = visitor.get("/devices").await.body;
    let at = devices.find("/devices/dev_").unwrap();
    let device = devices[at..].split('/').take(3).collect::<Vec<_>>().join("/");
    visitor.post(&format!("{device}/rename"), &[("name", name)]).await;
    let fields = [("name", name), ("kind", "read-only"), ("sides", "both"), ("days", "1")];
    visitor.post("/credentials", &fields).await;
    for path in ["/devices", "/sessions", "/credentials", "/activity", "/session", "/outbox"] {
        let body = visitor.get(path).await.body;
        assert!(!body.contains("<img"), "{path}");
    }
    assert!(visitor.get("/devices").await.body.contains("&lt;img src=x onerror=alert(1)&gt;"));
    for query in [
        "/contracts?q=%3Cimg%20src=x%3E",
        "/ticket?symbol=%22%3E%3Cimg%3E",
        "/activity?holder=%3Cimg%3E",
    ] {
        assert!(!visitor.get(query).await.body.contains("<img"), "{query}");
    }
}

#[tokio::test]
async fn sign_in_leads_to_no_other_site() {
    let place = Place::new().await;
    let mut signed = place.signed_in().await;
    for next in [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "%2F%2Fevil.example",
    ] {
        let answer = signed.get(&format!("/sign-in?next={next}")).await;
        assert_eq!(answer.to(), "/", "{next}");
        let page = place.visitor().get(&format!("/sign-in?next={next}")).await;
        assert_eq!(page.hidden("next"), "/", "{next}");
        let page = signed.get(&format!("/session?welcome=1&next={next}")).await;
        assert!(!page.body.contains("evil"), "{next}");
    }
}

#[tokio::test]
async fn body_that_is_no_form_is_refused() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    let answer = visitor.post_raw("/ticket/preview", "a=%FF%FE".to_owned()).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let answer = visitor.post_raw("/ticket/preview", "a=b&".repeat(500)).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let answer = visitor.post_raw("/ticket/preview", "a".repeat(100_000)).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn sign_in_without_a_name_or_password_is_refused_and_costs_no_hash() {
    let place = Place::new().await;
    let before = place.gate.authenticators().password_checks();
    for fields in [&[("username", "trader")][..], &[("password", "x")], &[]] {
        let answer = place.visitor().post("/sign-in", fields).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{fields:?}");
        assert!(answer.body.contains("SIGN_IN_FAILED"), "{fields:?}");
    }
    assert_eq!(place.gate.authenticators().password_checks(), before);
}
