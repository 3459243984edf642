//! A proof of a session's person, as browsers see it: the session's cookie is a new one.

use access::{Span, Time};
use axum::http::{StatusCode, header};
use futures_util::StreamExt as _;
use gate::Clock;

use crate::place::{Answer, Place, Visitor};

const START: Time = Time::from_seconds(1_795_000_000);

async fn proof(place: &Place) -> [(&'static str, String); 2] {
    let password = place.secrets.password.expose_text().unwrap().to_owned();
    [
        ("prove_password", password),
        ("prove_code", place.gate.authenticators().totp_now("trader").await.unwrap()),
    ]
}

async fn prove(
    place: &Place,
    visitor: &mut Visitor<'_>,
    path: &str,
    rest: &[(&str, &str)],
) -> Answer {
    let proof = proof(place).await;
    let mut fields = rest.to_vec();
    fields.extend(proof.iter().map(|(name, value)| (*name, value.as_str())));
    visitor.post(path, &fields).await
}

/// Something that the streams of an account tell.
async fn buy(visitor: &mut Visitor<'_>) {
    let order = [
        ("symbol", "AAPL"),
        ("side", "buy"),
        ("quantity", "1"),
        ("type", "MKT"),
        ("tif", "DAY"),
        ("price", ""),
    ];
    let key = visitor.post("/ticket/preview", &order).await.hidden("key");
    let fields = [&order[..], &[("key", key.as_str())]].concat();
    assert!(visitor.post("/ticket/confirm", &fields).await.to().contains("placed=1"));
}

/// The lines that set the session's cookie.
fn lines(answer: &Answer) -> Vec<&str> {
    let lines = answer.headers.get_all(header::SET_COOKIE).iter();
    let lines = lines.map(|line| line.to_str().unwrap());
    lines.filter(|line| line.contains("floorpass-session-")).collect()
}

#[tokio::test]
async fn proof_gives_the_session_a_new_cookie_and_its_other_tabs_and_streams_go_on() {
    // ASVS 7.2.4
    let clock = Clock::manual(START);
    let place = Place::at(&clock).await;
    let mut visitor = place.signed_in().await;
    // A second tab: a page with a form, and its stream.
    let other_tab = visitor.get("/policies").await.form_token();
    let mut stream = place.stream(&visitor, "/events").await;
    assert!(stream.next().await.unwrap().unwrap().starts_with(b"event: fragment"));
    let before = visitor.cookie_line();
    let done = prove(&place, &mut visitor, "/step-up", &[("next", "/policies")]).await;
    assert_eq!(done.to(), "/policies");
    let set = lines(&done);
    assert!(set.len() == 1 && set[0].ends_with("; Path=/; HttpOnly; SameSite=Strict"), "{set:?}");
    let after = visitor.cookie_line();
    assert_ne!(after, before);
    assert_eq!(visitor.get("/policies").await.form_token(), other_tab);
    visitor.token = other_tab;
    let sent = visitor.post("/policies/brokerage", &[("on", "yes")]).await;
    assert_eq!(sent.to(), "/policies?set=1", "the other tab's form counts");
    // What was on its way with the old cookie arrives; later nothing does.
    let mut late = place.visitor();
    late.steal(&visitor);
    late.key = visitor.key.take();
    late.set_cookies(&before);
    assert_eq!(late.get("/orders").await.status, StatusCode::OK);
    clock.set(clock.stamp() + Span::seconds(10));
    assert!(late.get("/orders").await.to().starts_with("/sign-in"));
    late.set_cookies(&after);
    assert_eq!(late.get("/orders").await.status, StatusCode::OK);
    // The stream was not ended by it.
    buy(&mut late).await;
    let next = stream.next().await.unwrap().unwrap();
    assert!(next.starts_with(b"event: fragment"), "{next:?}");
}

#[tokio::test]
async fn proof_whose_act_is_refused_afterwards_gives_the_new_cookie_all_the_same() {
    let clock = Clock::manual(START);
    let place = Place::at(&clock).await;
    let mut visitor = place.signed_in().await;
    let fields = [
        ("tempo", "active"),
        ("idle_minutes", "1"),
        ("new_network", "prove"),
        ("view", "one"),
        ("trade", "one"),
        ("administer", "one"),
        ("withdraw", "two"),
    ];
    let refused = prove(&place, &mut visitor, "/policies/portal", &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(lines(&refused).len(), 1);
    clock.set(clock.stamp() + Span::seconds(10));
    assert_eq!(visitor.get("/").await.status, StatusCode::OK);
    // A wrong proof gives nothing.
    let wrong = [("prove_password", "not it at all"), ("prove_code", "000000"), ("next", "/")];
    let refused = visitor.post("/step-up", &wrong).await;
    assert!(lines(&refused).is_empty() && refused.status != StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn session_that_was_to_stay_keeps_its_cookie_as_long_after_a_proof() {
    let clock = Clock::manual(START);
    let place = Place::at(&clock).await;
    let mut visitor = place.signed_in().await;
    let password = place.secrets.password.expose_text().unwrap().to_owned();
    clock.set(clock.stamp() + Span::minutes(1));
    let fields =
        [("username", "trader"), ("password", &*password), ("next", "/"), ("stay", "long")];
    visitor.post("/sign-in", &fields).await;
    let code = place.gate.authenticators().totp_now("trader").await.unwrap();
    let done = visitor.post("/sign-in/code", &[("code", &code), ("next", "/")]).await;
    assert!(lines(&done)[0].ends_with("; Max-Age=43200"), "{:?}", lines(&done));
    clock.set(clock.stamp() + Span::hours(2));
    visitor.token = visitor.get("/").await.form_token();
    let done = prove(&place, &mut visitor, "/step-up", &[("next", "/")]).await;
    assert!(lines(&done)[0].ends_with("; Max-Age=36000"), "{:?}", lines(&done));
}

#[tokio::test]
async fn stream_of_a_session_that_nothing_binds_ends_with_its_persons_proof() {
    let clock = Clock::manual(START);
    let place = Place::at(&clock).await;
    let mut plain = place.open_link(place.plain_visitor()).await;
    let mut stream = place.stream(&plain, "/events").await;
    assert!(stream.next().await.unwrap().unwrap().starts_with(b"event: fragment"));
    clock.set(clock.stamp() + Span::seconds(1));
    let done = prove(&place, &mut plain, "/step-up", &[("next", "/policies")]).await;
    assert_eq!(done.to(), "/policies");
    buy(&mut place.signed_in().await).await;
    let told = stream.next().await.unwrap().unwrap();
    assert!(!told.starts_with(b"event: fragment"), "{told:?}");
    assert!(stream.next().await.is_none());
    let mut stream = place.stream(&plain, "/events").await;
    assert!(stream.next().await.unwrap().unwrap().starts_with(b"event: fragment"));
}
