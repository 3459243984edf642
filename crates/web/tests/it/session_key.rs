//! Keys of a session that the worker derives: the headers by which it does, and how it goes on without.

use access::Span;
use axum::http::StatusCode;
use gate::{BrowserKey, Clock};

use crate::place::{Place, RESTING};

#[tokio::test]
async fn answer_to_an_offer_brings_the_key_and_pages_open_by_it() {
    let place = Place::new().await;
    let mut owner = place.signed_in().await;
    owner.derive().await;
    for path in ["/", "/orders", "/session"] {
        let page = owner.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path} {}", page.body);
        assert!(!page.headers.contains_key("floorpass-derive"), "it offered nothing");
    }
    // A form, with its body.
    let done = owner.post("/ticket/preview", &RESTING).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    let proof = owner.proof("POST", "/orders", b"x=1");
    let other = owner.get_proven("/orders", &proof, &[]).await;
    assert_eq!(other.headers["floorpass-key"], "gone");
}

#[tokio::test]
async fn refused_act_brings_the_key_all_the_same() {
    let place = Place::new().await;
    let mut owner = place.signed_in().await;
    let proof = owner.proof("GET", "/orders/999", b"");
    let offer = owner.key.as_ref().unwrap().offer(&proof).unwrap();
    let header = [("floorpass-derive", offer.header())];
    let answer = owner.get_proven("/orders/999", &proof, &header).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let said = answer.headers["floorpass-derive"].to_str().unwrap();
    owner.derived = offer.accept(said);
    assert_eq!(owner.get("/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn offer_that_does_not_count_changes_nothing_about_its_request() {
    let place = Place::new().await;
    let mut owner = place.signed_in().await;
    let stranger = BrowserKey::generate().unwrap();
    for spoil in [
        |_: String| String::new(),
        |header: String| header.replacen(',', ";", 1),
        |header: String| header.split_at(40).1.to_owned(),
        |header: String| header + "A",
    ] {
        let proof = owner.proof("GET", "/", b"");
        let offer = owner.key.as_ref().unwrap().offer(&proof).unwrap();
        let header = spoil(offer.header().to_owned());
        let page = owner.get_proven("/", &proof, &[("floorpass-derive", &header)]).await;
        assert_eq!(page.status, StatusCode::OK, "{header}");
        assert!(!page.headers.contains_key("floorpass-derive"), "{header}");
    }
    let proof = owner.proof("GET", "/", b"");
    let theirs = stranger.offer(&proof).unwrap();
    let page = owner.get_proven("/", &proof, &[("floorpass-derive", theirs.header())]).await;
    assert!(page.status == StatusCode::OK && !page.headers.contains_key("floorpass-derive"));
    // A browser without a key of its own.
    let mut plain = place.open_link(place.plain_visitor()).await;
    let page = plain.get_with("/", &[("floorpass-derive", theirs.header())]).await;
    assert!(page.status == StatusCode::OK && !page.headers.contains_key("floorpass-derive"));
}

#[tokio::test]
async fn key_that_is_gone_is_told_to_the_worker_before_anything_is_done() {
    let clock = Clock::manual(access::Time::from_seconds(1_795_000_000));
    let place = Place::at(&clock).await;
    let mut owner = place.signed_in().await;
    owner.derive().await;
    // Unused for long enough; then of another session; then after the end.
    clock.set(clock.stamp() + Span::minutes(16));
    let asked = owner.post("/messages/read", &[]).await;
    assert_eq!(asked.status, StatusCode::UNAUTHORIZED);
    assert_eq!(asked.headers["floorpass-key"], "gone");
    let script = owner.get_with("/orders", &[("accept", "application/json")]).await;
    assert_eq!(
        (script.status, &script.headers["floorpass-key"]),
        (StatusCode::UNAUTHORIZED, &"gone".parse().unwrap())
    );
    owner.derive().await;
    let old = owner.derived.take();
    owner.token = String::new();
    let mut owner = place.open_link(owner).await;
    owner.derived = old;
    assert_eq!(owner.get("/").await.headers["floorpass-key"], "gone");
    owner.derive().await;
    assert_eq!(owner.get("/").await.status, StatusCode::OK);
    let out = owner.post("/sign-out", &[]).await;
    assert_eq!(out.status, StatusCode::SEE_OTHER, "{}", out.body);
    assert_eq!(owner.get("/").await.headers["floorpass-key"], "gone");
}

#[tokio::test]
async fn copied_cookie_opens_nothing_beside_a_derived_key() {
    let place = Place::new().await;
    let mut owner = place.signed_in().await;
    owner.derive().await;
    let seen = owner.proof("GET", "/orders", b"");
    let mut thief = place.plain_visitor();
    thief.steal(&owner);
    assert_eq!(thief.get("/").await.status, StatusCode::FORBIDDEN);
    assert_eq!(owner.get_proven("/orders", &seen, &[]).await.status, StatusCode::OK);
    // What was recorded on the way is worth nothing again.
    assert_eq!(thief.get_proven("/orders", &seen, &[]).await.status, StatusCode::FORBIDDEN);
    // Nor does the thief's key derive one.
    thief.key = Some(BrowserKey::generate().unwrap());
    let proof = thief.proof("GET", "/", b"");
    let offer = thief.key.as_ref().unwrap().offer(&proof).unwrap();
    let refused = thief.get_proven("/", &proof, &[("floorpass-derive", offer.header())]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(!refused.headers.contains_key("floorpass-derive"));
}
