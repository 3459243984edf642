//! The lock, by its button.

use access::{Grade, Span, Time};
use axum::http::{Method, Request, StatusCode, header};
use gate::{Actor, Clock, LockTarget};

use crate::place::{Answer, Place, RESTING, Visitor};

const OPERATOR: Actor = Actor::Operator { uid: 0 };

#[tokio::test]
async fn lock_of_everything_asks_once_more_with_what_goes_and_then_leaves_the_receipt() {
    let place = Place::new().await;
    let (mut one, mut two) = (place.signed_in().await, place.signed_in().await);
    let order = RESTING;
    let key = one.post("/ticket/preview", &order).await.hidden("key");
    one.post("/ticket/confirm", &[&order[..], &[("key", key.as_str())]].concat()).await;
    // By the page, and by every form that does not say that it was asked.
    for asked in [one.get("/lock/everything").await, one.post("/lock", &[("grade", "all")]).await] {
        assert_eq!(asked.status, StatusCode::OK);
        for text in [
            "2 sessions, this one too",
            "3 credentials",
            "trading",
            "2 devices",
            "1 open order",
            "BUY 10 AAPL",
        ] {
            assert!(asked.says(text), "{text}: {}", asked.body);
        }
    }
    assert_eq!(two.get("/").await.status, StatusCode::OK, "nothing was done yet");
    let receipt = one.post("/lock", &[("grade", "all"), ("sure", "1")]).await;
    assert_eq!(receipt.status, StatusCode::OK);
    assert!(receipt.says("Sessions ended") && receipt.says("trading"), "{}", receipt.body);
    let data = place.gate.config().data.display().to_string();
    let account = place.gate.account();
    for command in [
        format!("floorpass unlock --account {account} --data {data}"),
        format!("floorpass person reset-password trader --data {data}"),
    ] {
        assert!(receipt.says(&command), "{command}: {}", receipt.body);
    }
    assert!(two.get("/").await.to().starts_with("/sign-in"));
    assert_eq!(one.get("/").await.to(), "/lock");
    assert_eq!(one.get("/lock/everything").await.to(), "/lock");
    assert!(one.get("/lock").await.says("This page is the receipt"));
    let lift = one.post("/lock/lift", &[("on", "account")]).await;
    assert_eq!(lift.to(), "/lock", "the session of the receipt lifts nothing");
    assert_eq!(place.gate.locks(person(&place).await).await.unwrap()[0].grade, Grade::All);
}

async fn person(place: &Place) -> access::PersonId {
    place.gate.people().await.unwrap()[0].id
}

#[tokio::test]
async fn locked_account_says_so_on_every_page_and_its_ticket_sends_nothing() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    assert!(!visitor.get("/orders").await.says("is locked"));
    for (grade, button) in [
        ("reduce-only", "Locked<span class=\"rest\">: reduce only"),
        ("no-new", "Locked<span class=\"rest\">: no new orders"),
    ] {
        assert_eq!(visitor.post("/lock", &[("grade", grade)]).await.to(), "/lock");
        for path in [
            "/",
            "/ticket",
            "/orders",
            "/executions",
            "/contracts",
            "/sessions",
            "/activity",
            "/lock",
            "/step-up",
        ] {
            let page = visitor.get(path).await;
            assert!(
                page.says("This account is locked:") && page.body.contains(button),
                "{path} {}",
                page.body
            );
        }
    }
    let ticket = visitor.get("/ticket").await;
    assert!(ticket.says("No order can be sent: the account is locked"), "{}", ticket.body);
    assert!(ticket.body.contains("<button class=\"main\" disabled"), "{}", ticket.body);
    let fields =
        [("symbol", "AAPL"), ("side", "buy"), ("quantity", "1"), ("type", "MKT"), ("tif", "DAY")];
    let refused = visitor.post("/ticket/preview", &fields).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.body.contains("LOCKED"), "{}", refused.body);
    assert_eq!(
        visitor.post("/lock", &[("grade", "everything")]).await.status,
        StatusCode::BAD_REQUEST
    );
}

const START: Time = Time::from_seconds(1_795_000_000);

async fn lift(place: &Place, visitor: &mut Visitor<'_>, proves: bool) -> Answer {
    let password = place.secrets.password.expose_text().unwrap().to_owned();
    let code = place.gate.totp_now("trader").await.unwrap();
    let mut fields = vec![("on", "account")];
    if proves {
        fields.extend([("prove_password", password.as_str()), ("prove_code", code.as_str())]);
    }
    visitor.post("/lock/lift", &fields).await
}

#[tokio::test]
async fn own_lock_is_lifted_at_the_portal_with_a_proof_and_by_no_open_session() {
    let clock = Clock::manual(START);
    let place = Place::at(&clock).await;
    let mut visitor = place.signed_in().await;
    visitor.post("/lock", &[("grade", "no-new")]).await;
    // The session signed in a moment ago, and the lock is younger.
    clock.set(clock.stamp() + Span::seconds(40));
    let page = visitor.get("/lock").await;
    assert!(page.says("Set by you") && page.says("confirm that it is you"), "{}", page.body);
    let asks = lift(&place, &mut visitor, false).await;
    assert_eq!(asks.status, StatusCode::FORBIDDEN);
    assert!(
        asks.says("LOCK_UNPROVEN") && asks.body.contains("name=\"prove_password\""),
        "{}",
        asks.body
    );
    assert!(visitor.get("/").await.says("This account is locked:"));
    assert_eq!(lift(&place, &mut visitor, true).await.to(), "/lock?unlocked=1");
    assert!(!visitor.get("/").await.says("This account is locked:"));
    let again = lift(&place, &mut visitor, false).await;
    assert!(again.status.is_client_error(), "{}", again.body);
    // Where the proof is younger than the lock, one press does it.
    visitor.post("/lock", &[("grade", "reduce-only")]).await;
    clock.set(clock.stamp() + Span::seconds(40));
    visitor.token = visitor.get("/session").await.form_token();
    let code = place.gate.totp_now("trader").await.unwrap();
    let password = place.secrets.password.expose_text().unwrap().to_owned();
    visitor.post("/step-up", &[("prove_password", &password), ("prove_code", &code)]).await;
    let page = visitor.get("/lock").await;
    assert!(!page.body.contains("name=\"prove_password\""), "{}", page.body);
    assert_eq!(lift(&place, &mut visitor, false).await.to(), "/lock?unlocked=1");
}

#[tokio::test]
async fn lock_of_the_operator_is_not_lifted_at_the_portal() {
    let clock = Clock::manual(START);
    let place = Place::at(&clock).await;
    let mut visitor = place.signed_in().await;
    let target = LockTarget::Account(place.gate.account());
    place.gate.lock(&OPERATOR, target, Grade::ReduceOnly).await.unwrap();
    clock.set(clock.stamp() + Span::seconds(40));
    let page = visitor.get("/lock").await;
    assert!(page.says("Set by the operator"), "{}", page.body);
    let data = place.gate.config().data.display().to_string();
    let command = format!("floorpass unlock --account {} --data {data}", place.gate.account());
    assert!(page.says(&command), "{}", page.body);
    // Not even where its owner made it stricter.
    visitor.post("/lock", &[("grade", "no-new")]).await;
    let refused = lift(&place, &mut visitor, true).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.says("OPERATOR_ONLY"), "{}", refused.body);
    assert_eq!(place.gate.locks(person(&place).await).await.unwrap()[0].grade, Grade::NoNew);
}

/// What is answered where something is wrong keeps the way to everything else, for whoever is signed in.
#[tokio::test]
async fn error_pages_keep_the_navigation_of_a_signed_in_person_and_show_none_to_strangers() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    visitor.post("/lock", &[("grade", "no-new")]).await;
    let missing = visitor.get("/no/such/page").await;
    let order = visitor.get("/orders/999").await;
    let method = visitor.get("/ticket/preview").await;
    let again = visitor.post("/lock", &[("grade", "no-new")]).await;
    assert!(
        method.body.contains("href=\"/ticket\"") && method.says("Not a page"),
        "{}",
        method.body
    );
    assert_eq!(method.headers[header::ALLOW], "POST");
    assert!(again.says("Already locked"), "{}", again.body);
    for (answer, status) in [
        (missing, StatusCode::NOT_FOUND),
        (order, StatusCode::NOT_FOUND),
        (method, StatusCode::METHOD_NOT_ALLOWED),
        (again, StatusCode::CONFLICT),
    ] {
        assert_eq!(answer.status, status);
        for text in [
            "aria-label=\"Main\"",
            "href=\"/orders\"",
            "summary class=\"btn lock\"",
            "This account is locked:",
        ] {
            assert!(answer.body.contains(text), "{status} {text}: {}", answer.body);
        }
    }
    let mut stranger = place.visitor();
    for path in ["/no/such/page", "/ticket/preview"] {
        let answer = stranger.get(path).await;
        assert!(
            answer.status.is_client_error() && !answer.body.contains("href=\"/orders\""),
            "{}",
            answer.body
        );
    }
    // A method that no form has.
    let put =
        Request::builder().method(Method::PUT).uri("/lock").header(header::HOST, "localhost:8080");
    let put = place.send(put.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(put.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(put.says("Not a page"), "{}", put.body);
}
