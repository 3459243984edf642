//! Policies, networks, windows and the take-over, as a browser sees them.

use std::net::{IpAddr, Ipv4Addr};

use access::policy::{Assurance, Needs, Tempo};
use access::session::Interface;
use access::{Span, Time};
use axum::http::StatusCode;
use gate::{Actor, Clock};

use crate::place::{Place, Visitor};

const OPERATOR: Actor = Actor::Operator { uid: 0 };
const START: Time = Time::from_seconds(1_795_000_000);
const AWAY: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7));

async fn proof(place: &Place) -> [(&'static str, String); 2] {
    let password = place.secrets.password.expose_text().unwrap().to_owned();
    [
        ("prove_password", password),
        ("prove_code", place.gate.authenticators().totp_now("trader").await.unwrap()),
    ]
}

fn policy<'a>(tempo: &'a str, trade: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("tempo", tempo),
        ("new_network", "prove"),
        ("view", "one"),
        ("trade", trade),
        ("administer", "one"),
        ("withdraw", "two"),
    ]
}

const ORDER: [(&str, &str); 6] = [
    ("symbol", "AAPL"),
    ("side", "buy"),
    ("quantity", "1"),
    ("type", "MKT"),
    ("tif", "DAY"),
    ("price", ""),
];

async fn preview(visitor: &mut Visitor<'_>) -> crate::place::Answer {
    visitor.post("/ticket/preview", &ORDER).await
}

#[tokio::test]
async fn session_page_says_each_layer_and_what_to_do() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    let page = visitor.get("/session").await;
    for layer in
        ["identity", "binding", "device", "network", "policy", "brokerage", "account", "exchange"]
    {
        assert!(page.says(layer), "{layer}");
    }
    assert!(page.says("this session can place orders now"), "{}", page.body);
    let mut plain = place.open_link(place.plain_visitor()).await;
    let page = plain.get("/session").await;
    assert!(
        page.says("not bound to its browser: view-only") && page.says("SESSION_UNBOUND"),
        "{}",
        page.body
    );
}

#[tokio::test]
async fn policy_is_set_with_a_recent_proof_and_asks_for_one_otherwise() {
    let clock = Clock::manual(START);
    let place = Place::at(&clock).await;
    let mut visitor = place.signed_in().await;
    assert!(visitor.get("/policies").await.says("One brokerage session"));
    clock.set(START + Span::minutes(20));
    let asks = visitor.post("/policies/portal", &policy("active", "one")).await;
    assert_eq!(asks.status, StatusCode::FORBIDDEN);
    assert!(asks.says("Nothing has been done yet") && asks.hidden("tempo") == "active");
    let proof = proof(&place).await;
    let mut fields = policy("active", "one");
    fields.extend(proof.iter().map(|(name, value)| (*name, value.as_str())));
    assert_eq!(visitor.post("/policies/portal", &fields).await.to(), "/policies?set=1");
    assert!(visitor.get("/policies?set=1").await.says("active: every day"));
    let odd = visitor.post("/policies/portal", &policy("hasty", "one")).await;
    assert_eq!(odd.status, StatusCode::BAD_REQUEST);
    let none = visitor.post("/policies/socket", &policy("active", "one")).await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    let zone = [("weekday", "6"), ("time", "10:00"), ("zone", "Mars/Olympus")];
    let refused = visitor.post("/policies/window", &zone).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let zone = [("weekday", "6"), ("time", "10:00"), ("zone", "Europe/Berlin")];
    assert_eq!(visitor.post("/policies/window", &zone).await.to(), "/policies?set=1");
    let page = visitor.get("/policies").await;
    assert!(page.says("on Sunday from 10:00 to 12:00 (Europe/Berlin)"), "{}", page.body);
}

#[tokio::test]
async fn limits_are_typed_in_numbers_and_the_page_keeps_what_it_refuses() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    let typed = |idle, absolute| {
        let mut fields = policy("adviser", "one");
        fields.extend([("idle_minutes", idle), ("absolute_hours", absolute)]);
        fields
    };
    let done = visitor.post("/policies/portal", &typed("45", "10")).await;
    assert_eq!(done.to(), "/policies?set=1");
    let page = visitor.get("/policies").await;
    assert!(page.says("ends after 45 minutes idle, 10 hours in total"), "{}", page.body);
    for (idle, absolute, said) in [
        ("4", "10", "the idle time is 4 minutes; use 5 minutes to 7 days"),
        ("45", "721", "the total time is 721 hours; use 1 hour to 30 days"),
        ("-1", "", "the idle time is -1 minutes"),
        ("9223372036854775807", "", "use 5 minutes to 7 days"),
        ("soon", "", "use 5 to 10080"),
        ("", "1.5", "use 1 to 720"),
    ] {
        let refused = visitor.post("/policies/portal", &typed(idle, absolute)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{idle} {absolute}");
        let text = refused.body.to_lowercase();
        assert!(text.contains(said), "{idle} {absolute}: {}", refused.body);
        assert!(refused.body.contains("<details open>"), "the form stays open");
    }
    let page = visitor.get("/policies").await;
    assert!(page.says("ends after 45 minutes idle, 10 hours in total"), "nothing was changed");
    // An empty field has what the tempo fills in.
    assert_eq!(visitor.post("/policies/portal", &typed("", "")).await.to(), "/policies?set=1");
    assert!(visitor.get("/policies").await.says("ends after 1 hour idle, 24 hours in total"));
}

#[tokio::test]
async fn order_that_a_policy_wants_proven_comes_back_with_the_form_kept() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    // Who was proven by a link alone is asked for two factors before they ask for them.
    let asked = visitor.post("/policies/portal", &policy("occasional", "two")).await;
    assert!(asked.says("ASSURANCE_LOW"), "{}", asked.body);
    let person = place.gate.people().list().await.unwrap()[0].id;
    let standard = access::policy::Policy::standard(person, Interface::Portal);
    let needs = Needs { trade: Assurance::Two, ..standard.needs };
    let wanted = access::policy::Policy { needs, ..standard };
    place.gate.policies().set(&OPERATOR, wanted).await.unwrap();
    let asks = preview(&mut visitor).await;
    assert_eq!(asks.status, StatusCode::FORBIDDEN, "{}", asks.body);
    assert!(asks.says("ASSURANCE_LOW") && asks.hidden("symbol") == "AAPL", "{}", asks.body);
    let proof = proof(&place).await;
    let mut fields = ORDER.to_vec();
    fields.extend(proof.iter().map(|(name, value)| (*name, value.as_str())));
    let confirm = visitor.post("/ticket/preview", &fields).await;
    assert!(confirm.says("Confirm this order"), "{}", confirm.body);
    assert!(preview(&mut visitor).await.says("Confirm this order"), "the proof stays");
}

#[tokio::test]
async fn session_that_comes_from_another_network_looks_until_it_is_proven_there() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    assert!(preview(&mut visitor).await.says("Confirm this order"));
    visitor.from = AWAY;
    assert_eq!(visitor.get("/orders").await.status, StatusCode::OK);
    let page = visitor.get("/devices").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.says("NETWORK_UNPROVEN") && page.body.contains("href=\"/step-up\""));
    let asks = preview(&mut visitor).await;
    assert!(asks.says("NETWORK_UNPROVEN") && asks.hidden("symbol") == "AAPL", "{}", asks.body);
    assert!(visitor.get("/session").await.says("new to this session"));
    let proof = proof(&place).await;
    let mut fields = ORDER.to_vec();
    fields.extend(proof.iter().map(|(name, value)| (*name, value.as_str())));
    assert!(visitor.post("/ticket/preview", &fields).await.says("Confirm this order"));
    assert!(preview(&mut visitor).await.says("Confirm this order"));
    visitor.from = IpAddr::V4(Ipv4Addr::LOCALHOST);
    assert!(preview(&mut visitor).await.says("Confirm this order"), "home stays home");
}

#[tokio::test]
async fn trading_is_taken_over_after_a_page_that_says_who_loses_it() {
    let place = Place::new().await;
    let (mut one, mut two) = (place.signed_in().await, place.signed_in().await);
    assert_eq!(one.post("/policies/brokerage", &[("on", "yes")]).await.to(), "/policies?set=1");
    let refused = preview(&mut two).await;
    assert!(refused.says("BROKERAGE_HELD"), "{}", refused.body);
    assert!(
        refused.body.contains("<a href=\"/session/take-over\">take over</a>"),
        "{}",
        refused.body
    );
    let page = two.get("/session").await;
    assert_eq!(page.body.matches("<a href=\"/session/take-over\">take over</a>").count(), 2);
    let page = two.get("/session/take-over").await;
    assert!(page.says("has been trading since") && page.says("Its open orders stay"));
    assert_eq!(two.post("/session/take-over", &[]).await.to(), "/session");
    assert!(preview(&mut two).await.says("Confirm this order"));
    assert!(preview(&mut one).await.says("BROKERAGE_HELD"));
    assert_eq!(one.get("/orders").await.status, StatusCode::OK, "it is not signed out");
}

#[tokio::test]
async fn banner_goes_ahead_of_the_window_and_a_proof_renews() {
    // Wednesday 2026-11-18; the window of Sunday 22 opens at 09:00 UTC.
    let clock = Clock::manual(START);
    let place = Place::at(&clock).await;
    let person = place.gate.people().list().await.unwrap()[0].id;
    let window = access::window::Window::new(6, 600, "Europe/Berlin").unwrap();
    let standard = access::policy::Policy::standard(person, Interface::Portal);
    let active = access::policy::Policy { tempo: Tempo::Active, ..standard };
    place.gate.policies().set(&OPERATOR, active).await.unwrap();
    place.gate.policies().set_window(&OPERATOR, person, Some(window)).await.unwrap();
    let mut visitor = place.signed_in().await;
    assert!(!visitor.get("/").await.says("Renew until"));
    clock.set(START + Span::days(2));
    assert_eq!(visitor.get("/").await.status, StatusCode::OK);
    clock.set(Time::from_seconds(1_795_252_000 + 86_400));
    let page = visitor.get("/").await;
    assert!(page.says("This session ends at 11:00:00 UTC"), "{}", page.body);
    assert!(page.says("Renew until 2026-11-29 11:00:00 UTC"), "{}", page.body);
    let proof = proof(&place).await;
    let mut fields = vec![("next", "/session")];
    fields.extend(proof.iter().map(|(name, value)| (*name, value.as_str())));
    assert_eq!(visitor.post("/step-up", &fields).await.to(), "/session");
    let page = visitor.get("/session").await;
    assert!(!page.says("Renew until") && page.says("2026-11-29 11:00:00"), "{}", page.body);
}
