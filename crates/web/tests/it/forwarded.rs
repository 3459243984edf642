//! Behind a proxy: whose address a request is from, however the proxy wrote it.

use axum::http::StatusCode;

use crate::place::Place;

#[tokio::test]
async fn callers_address_is_read_with_a_port_and_strangers_are_not_merged() {
    let place = Place::behind_proxy().await;
    let mut visitor = place.plain_visitor();
    for (line, address) in [
        ("203.0.113.9:50123", "203.0.113.9"),
        ("198.51.100.7, [2001:db8::7]:443", "2001:db8::7"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
    ] {
        let page = visitor.get_with("/sign-in", &[("x-forwarded-for", line)]).await;
        assert!(
            page.says(&format!("Signing in to localhost from {address}, ")),
            "{line}: {}",
            page.body
        );
    }
    for line in ["unknown", "198.51.100.7,", "198.51.100.7:x"] {
        let page = visitor.get_with("/sign-in", &[("x-forwarded-for", line)]).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{line}");
        assert!(page.says("did not pass on your address"), "{}", page.body);
        assert!(!page.says("127.0.0.1"), "{}", page.body);
    }
    // A proxy that names nobody, or in a header that anyone may send through it, merges nobody with anybody.
    let wrong = [("username", "trader"), ("password", "not the password")];
    let other = [("x-real-ip", "203.0.113.9"), ("forwarded", "for=203.0.113.9")];
    for extra in [&[] as &[(&str, &str)], &other] {
        let page = visitor.get_with("/sign-in", extra).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{extra:?}");
    }
    let guess = visitor.post("/sign-in", &wrong).await;
    assert_eq!(guess.status, StatusCode::BAD_REQUEST, "a guess is nobody's, and is none");
    assert_eq!(visitor.get("/healthz").await.status, StatusCode::OK, "the proxy's own look");
}
