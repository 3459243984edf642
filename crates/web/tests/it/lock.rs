//! The lock, by its button.

use access::{Grade, Span, Time};
use axum::http::{Method, Request, StatusCode, header};
use gate::{Actor, Clock, LockTarget};

use access::approval::Say;

use crate::phone::{Home, asks_for_unlock, card};
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
            "2 sessions, including this one",
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
    assert!(one.get("/lock").await.says("This page is your receipt"));
    let lift = one.post("/lock/lift", &[("on", "account")]).await;
    assert_eq!(lift.to(), "/lock", "the session of the receipt lifts nothing");
    assert_eq!(place.gate.locks().list(person(&place).await).await.unwrap()[0].grade, Grade::All);
}

async fn person(place: &Place) -> access::PersonId {
    place.gate.people().list().await.unwrap()[0].id
}

#[tokio::test]
async fn locked_account_says_so_on_every_page_and_its_ticket_sends_nothing() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    assert!(!visitor.get("/orders").await.says("is locked"));
    for (grade, button) in [
        ("reduce-only", "Locked</span><span class=\"rest\" data-lock-rest>: reduce only"),
        ("no-new", "Locked</span><span class=\"rest\" data-lock-rest>: no new orders"),
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
    assert!(
        ticket.body.contains("<button class=\"main\" data-lock-stops disabled"),
        "{}",
        ticket.body
    );
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
    let code = place.gate.authenticators().totp_now("trader").await.unwrap();
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
    assert!(page.says("Set by you") && page.says("confirm it's you"), "{}", page.body);
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
    let code = place.gate.authenticators().totp_now("trader").await.unwrap();
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
    let target = LockTarget::Account(place.gate.account().into());
    place.gate.locks().lock(&OPERATOR, target, Grade::ReduceOnly).await.unwrap();
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
    assert_eq!(place.gate.locks().list(person(&place).await).await.unwrap()[0].grade, Grade::NoNew);
}

/// What is answered where something is wrong keeps the way to everything else, for anyone who is signed in.
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

/// The next piece of a stream, as text.
async fn told(stream: &mut axum::body::BodyDataStream) -> String {
    use futures_util::StreamExt as _;
    String::from_utf8(stream.next().await.unwrap().unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn open_page_is_told_of_a_lock_and_of_its_end_by_whomever() {
    let place = Place::new().await;
    let mut one = place.signed_in().await;
    let two = place.signed_in().await;
    let page = one.get("/ticket").await;
    assert!(page.body.contains("id=\"lock-banner\" role=\"status\" data-grade=\"none\""));
    assert!(page.body.contains("/assets/lock.js"));
    let mut stream = place.stream(&two, "/lock/events?seen=none").await;
    assert_eq!(one.post("/lock", &[("grade", "no-new")]).await.to(), "/lock");
    let text = told(&mut stream).await;
    for part in [
        "event: lock",
        r#""grade":"no-new""#,
        r#""word":"Locked""#,
        r#""rest":": no new orders""#,
        r#""stops":"No order can be sent: the account is locked"#,
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let target = LockTarget::Account(place.gate.account().into());
    place.gate.locks().unlock(&OPERATOR, target).await.unwrap();
    let text = told(&mut stream).await;
    assert!(text.contains(r#""grade":"none""#) && text.contains(r#""stops":null"#), "{text}");
    // A page that is out of date is told at once.
    place.gate.locks().lock(&OPERATOR, target, Grade::ReduceOnly).await.unwrap();
    let mut late = place.stream(&two, "/lock/events?seen=none").await;
    assert!(told(&mut late).await.contains(r#""rest":": reduce only""#));
    assert!(told(&mut stream).await.contains("reduce-only"));
    place.gate.locks().lock(&OPERATOR, target, Grade::All).await.unwrap();
    assert_eq!(told(&mut stream).await, "event: ended\ndata: now\n\n");
}

#[tokio::test]
async fn lock_is_lifted_with_a_yes_on_the_phone() {
    let place = Place::new().await;
    let mut home = Home::new(&place).await;
    home.owner.post("/lock", &[("grade", "no-new")]).await;
    assert!(home.owner.get("/lock").await.says("Confirm on my phone"));
    let early = home.owner.post("/lock/lift", &[("on", "account")]).await;
    assert_eq!(early.status, StatusCode::FORBIDDEN, "nothing was proven since the lock");
    let number = asks_for_unlock(&mut home.owner).await;
    let asked = card(&mut home.phone).await;
    let yes = asked.answer(&mut home.phone, Say::Yes, &number).await;
    assert_eq!(yes.to(), "/approvals?yes=1");
    assert_eq!(home.owner.post("/step-up/approval", &[("next", "/lock")]).await.to(), "/lock");
    assert!(!home.owner.get("/lock").await.says("Confirm on my phone"), "one press is left");
    let lifted = home.owner.post("/lock/lift", &[("on", "account")]).await;
    assert_eq!(lifted.to(), "/lock?unlocked=1");
}

/// Anybody else who writes to the tables.
async fn other(place: &Place) -> store::Store {
    let file = place.gate.config().data.join(gate::open::DATABASE);
    store::Store::open(&store::engine::sqlite_url(&file)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_that_is_in_force_and_owed_says_so_on_a_page_of_the_portal() {
    let place = Place::new().await;
    let (mut owner, mut thief) = (place.signed_in().await, place.signed_in().await);
    let message = owner.get("/messages").await.body;
    let message = message.split("href=\"/messages/").nth(1).unwrap().split('"').next().unwrap();
    let other = other(&place).await;
    let held = other.database().begin().await.unwrap();
    let owed = |page: &Answer| {
        assert_eq!(page.status, StatusCode::ACCEPTED, "{}", page.body);
        for text in ["in effect now but not yet recorded", "IN_FORCE_NOT_ON_RECORD", "Overview"] {
            assert!(page.says(text), "{text}: {}", page.body);
        }
    };
    let locked = owner.post("/lock", &[("grade", "no-new")]).await;
    owed(&locked);
    assert!(locked.says("This account is locked: no new orders"), "{}", locked.body);
    assert!(owner.get("/lock").await.says("no new orders"));
    // The newest message is of the newest browser.
    owed(&owner.post(&format!("/messages/{message}/not-me"), &[]).await);
    assert!(thief.get("/").await.to().starts_with("/sign-in"), "that browser is out at once");
    held.rollback().await.unwrap();
}
