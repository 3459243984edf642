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
        assert!(page.says("did not say which address you come from"), "{}", page.body);
        assert!(!page.says("127.0.0.1"), "{}", page.body);
    }
}
