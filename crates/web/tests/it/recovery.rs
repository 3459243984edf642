//! Recovery through the router: begun, waited for, stopped, finished, and what its session may do.

use access::recovery::{HOLD, WAIT};
use access::{Span, Time};
use axum::http::StatusCode;
use gate::{Actor, Clock};

use crate::place::{Answer, Place, Visitor};

const OPERATOR: Actor = Actor::Operator { uid: 0 };

async fn place() -> (Place, Clock) {
    let clock = Clock::manual(Time::from_seconds(1_795_000_000));
    (Place::at(&clock).await, clock)
}

fn password(place: &Place) -> String {
    place.secrets.password.expose_text().unwrap().to_owned()
}

async fn begin(place: &Place, visitor: &mut Visitor<'_>) -> Answer {
    let password = password(place);
    visitor.post("/recover", &[("username", "trader"), ("password", &password)]).await
}

/// Past the wait, as the server's own beat does it.
async fn wait_all(place: &Place, clock: &Clock) {
    for _ in 0..2 {
        clock.set(clock.stamp() + Span(WAIT.0 / 2 + 1_000_000));
        place.gate.recoveries().tick().await;
    }
}

/// The token of the newest message that stops a recovery.
async fn stop_token(place: &Place) -> String {
    let outbox = place.gate.notices().outbox(&OPERATOR).await.unwrap();
    let newest = outbox.into_iter().find(|one| one.topic == access::notice::Topic::Recovery);
    newest.unwrap().code.unwrap()
}

#[tokio::test]
async fn recovery_waits_and_its_session_is_held_on_every_page() {
    let (place, clock) = place().await;
    let mut visitor = place.visitor();
    assert!(visitor.get("/recover").await.says("Do you still have one of these?"));
    assert_eq!(begin(&place, &mut visitor).await.to(), "/recover");
    let page = visitor.get("/recover").await;
    assert!(page.says("Your recovery") && page.says("Come back from"), "{}", page.body);
    let early = visitor.post("/recover/finish", &[]).await;
    assert_eq!(early.status, StatusCode::CONFLICT);
    assert!(early.body.contains("RECOVERY_WAITS"), "{}", early.body);
    wait_all(&place, &clock).await;
    let page = visitor.get("/recover").await;
    assert!(page.says("It has waited"), "{}", page.body);
    let done = visitor.post("/recover/finish", &[]).await;
    assert_eq!(done.to(), "/authenticators");
    let home = visitor.get("/").await;
    assert!(home.says("This session came from a recovery."), "{}", home.body);
    visitor.token = home.form_token();
    let says = visitor.get("/session").await;
    assert!(says.says("add a phone, but not rename, block or remove a device"), "{}", says.body);
    let ways = visitor.get("/authenticators").await;
    assert_eq!(ways.status, StatusCode::OK);
    assert!(ways.says("Lost the app?"), "{}", ways.body);
    assert!(ways.body.contains("href=\"/enrol/totp\""), "{}", ways.body);
    assert_eq!(visitor.get("/enrol/totp").await.status, StatusCode::OK);
    let travel = visitor.get("/travel").await;
    assert_eq!(travel.status, StatusCode::FORBIDDEN);
    assert!(travel.says("planned travel"), "{}", travel.body);
    let contact = visitor.get("/contact").await;
    assert_eq!(contact.status, StatusCode::FORBIDDEN);
    assert!(contact.body.contains("RECOVERY_HOLDS"), "{}", contact.body);
    let wait = visitor.post("/recovery/policy", &[("hours", "24"), ("needed", "0")]).await;
    assert!(wait.body.contains("RECOVERY_HOLDS"), "{}", wait.body);
    let order =
        [("side", "buy"), ("symbol", "AAPL"), ("quantity", "1"), ("type", "MKT"), ("tif", "DAY")];
    let preview = visitor.post("/ticket/preview", &order).await;
    assert!(!preview.says("Send the buy order"), "{}", preview.body);
    assert!(preview.body.contains("RECOVERY_HOLDS"), "{}", preview.body);
    // The browser's cookie of the recovery is gone, and works no more.
    assert!(visitor.get("/recover").await.says("Do you still have one of these?"));
    assert_eq!(visitor.post("/recover/finish", &[]).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn link_of_a_message_stops_a_recovery_without_a_session_and_does_nothing_else() {
    let (place, clock) = place().await;
    let mut thief = place.visitor();
    begin(&place, &mut thief).await;
    let token = stop_token(&place).await;
    let mut owner = place.plain_visitor();
    let page = owner.get(&format!("/recover/stop/{token}")).await;
    assert!(page.says("Stop the recovery") && page.status == StatusCode::OK, "{}", page.body);
    assert!(!page.body.contains("type=\"password\""), "{}", page.body);
    // Looking at it, as a program that reads mails does, stops nothing.
    assert!(thief.get("/recover").await.says("Come back from"));
    let done = owner.post("/recover/stop", &[("token", &page.hidden("token"))]).await;
    assert!(done.says("The recovery is stopped"), "{}", done.body);
    assert!(owner.cookie_line().is_empty(), "it signs nobody in");
    let again = owner.post("/recover/stop", &[("token", &token)]).await;
    assert_eq!(again.status, StatusCode::UNAUTHORIZED);
    let looked = owner.get(&format!("/recover/stop/{token}")).await;
    for page in [again, looked] {
        assert!(page.says("Stopped with the link in a message."), "{}", page.body);
        assert!(page.says("there is nothing to do here"), "{}", page.body);
        assert!(!page.body.contains("<form"), "{}", page.body);
    }
    assert!(thief.get("/recover").await.body.contains("RECOVERY_OVER"));
    wait_all(&place, &clock).await;
    let late = thief.post("/recover/finish", &[]).await;
    assert!(late.body.contains("RECOVERY_OVER"), "{}", late.body);
}

#[tokio::test]
async fn any_session_of_the_person_stops_it_with_one_press() {
    let (place, _clock) = place().await;
    let mut owner = place.signed_in().await;
    let mut thief = place.visitor();
    begin(&place, &mut thief).await;
    let page = owner.get("/recovery").await;
    assert!(page.says("If this is not you, stop it now."), "{}", page.body);
    let recovery = page.hidden("recovery");
    let outbox = place.gate.notices().outbox(&OPERATOR).await.unwrap();
    let told = outbox.iter().find(|one| one.topic == access::notice::Topic::Recovery).unwrap();
    let message = owner.get(&format!("/messages/{}", told.id)).await;
    assert_eq!(message.hidden("recovery"), recovery, "the message itself has the button");
    let stopped = owner.post("/recovery/cancel", &[("recovery", &recovery)]).await;
    assert_eq!(stopped.to(), "/recovery?stopped=1");
    let again = owner.post("/recovery/cancel", &[("recovery", &recovery)]).await;
    assert!(again.body.contains("RECOVERY_OVER"), "{}", again.body);
    assert!(thief.get("/recover").await.body.contains("RECOVERY_OVER"));
}

#[tokio::test]
async fn sign_in_by_what_stood_before_wins_the_race_with_a_recovery_that_has_waited() {
    let (place, clock) = place().await;
    let mut owner = place.signed_in().await;
    let mut thief = place.visitor();
    begin(&place, &mut thief).await;
    wait_all(&place, &clock).await;
    let password = password(&place);
    let first = owner.post("/sign-in", &[("username", "trader"), ("password", &password)]).await;
    assert!(first.to().starts_with("/sign-in/code"), "{}", first.body);
    let code = place.gate.authenticators().totp_now("trader").await.unwrap();
    let done = owner.post("/sign-in/code", &[("code", &code)]).await;
    assert!(done.to().starts_with("/?welcome"), "{}", done.body);
    let late = thief.post("/recover/finish", &[]).await;
    assert!(late.body.contains("RECOVERY_OVER"), "{}", late.body);
}

/// Whichever of the two is committed first, the other is decided on what it left.
#[tokio::test]
async fn sign_in_and_finish_at_the_same_time_leave_one_order_of_things() {
    let (place, clock) = place().await;
    let mut owner = place.signed_in().await;
    let mut other = place.visitor();
    begin(&place, &mut other).await;
    wait_all(&place, &clock).await;
    let password = password(&place);
    owner.post("/sign-in", &[("username", "trader"), ("password", &password)]).await;
    let code = place.gate.authenticators().totp_now("trader").await.unwrap();
    let fields = [("code", code.as_str())];
    let (signed, finished) =
        tokio::join!(owner.post("/sign-in/code", &fields), other.post("/recover/finish", &[]));
    assert_eq!(signed.status, StatusCode::SEE_OTHER, "{}", signed.body);
    let first = finished.status == StatusCode::SEE_OTHER;
    assert!(first || finished.body.contains("RECOVERY_OVER"), "{}", finished.body);
    assert!(!owner.get("/").await.says("came from a recovery"));
    assert_eq!(other.get("/").await.says("came from a recovery"), first);
}

#[tokio::test]
async fn operators_recovery_goes_on_in_the_browser_that_takes_it_up() {
    let (place, clock) = place().await;
    let begun = place.gate.recoveries().assist(&OPERATOR, "trader").await.unwrap();
    let token = begun.token.expose_text().unwrap().to_owned();
    let mut visitor = place.visitor();
    let page = visitor.get(&format!("/recover/claim/{token}")).await;
    let taken = visitor.post("/recover/claim", &[("token", &page.hidden("token"))]).await;
    assert_eq!(taken.to(), "/recover");
    let mut other = place.visitor();
    let again = other.post("/recover/claim", &[("token", &token)]).await;
    assert_eq!(again.status, StatusCode::UNAUTHORIZED);
    let looked = other.get(&format!("/recover/claim/{token}")).await;
    for page in [again, looked] {
        assert!(page.says("This link has already been used"), "{}", page.body);
        assert!(page.says("continues in the browser that used it"), "{}", page.body);
        assert!(!page.body.contains("<form"), "{}", page.body);
    }
    let own = visitor.get(&format!("/recover/claim/{token}")).await;
    assert!(own.says("your recovery continues here"), "{}", own.body);
    assert!(own.body.contains("href=\"/recover\""), "{}", own.body);
    wait_all(&place, &clock).await;
    assert_eq!(visitor.post("/recover/finish", &[]).await.status, StatusCode::SEE_OTHER);
}

/// What is added from any session of the person within the hold is held; the pages that add it say so.
#[tokio::test]
async fn pages_that_add_a_way_to_sign_in_say_that_it_is_held_until_the_hold_is_over() {
    let (place, clock) = place().await;
    let mut visitor = place.visitor();
    begin(&place, &mut visitor).await;
    wait_all(&place, &clock).await;
    let before = place.signed_in().await.get("/phone").await;
    assert!(!before.says("Your access was recovered"), "{}", before.body);
    assert_eq!(visitor.post("/recover/finish", &[]).await.status, StatusCode::SEE_OTHER);
    let until = clock.stamp() + HOLD;
    let mut owner = place.signed_in().await;
    for path in ["/phone", "/phone/move", "/authenticators"] {
        let page = owner.get(path).await;
        assert!(page.says("Your access was recovered at"), "{path}: {}", page.body);
        let until = format!("Anything you add before {until} can only view, cancel and reduce");
        assert!(page.says(&until), "{path}: {until}: {}", page.body);
    }
    clock.set(until);
    let after = place.signed_in().await.get("/authenticators").await;
    assert!(!after.says("Your access was recovered"), "{}", after.body);
}

#[tokio::test]
async fn link_that_stops_a_recovery_says_once_it_was_finished_who_is_in_and_what_to_do() {
    let (place, clock) = place().await;
    let mut thief = place.visitor();
    begin(&place, &mut thief).await;
    let token = stop_token(&place).await;
    wait_all(&place, &clock).await;
    assert_eq!(thief.post("/recover/finish", &[]).await.status, StatusCode::SEE_OTHER);
    let finished = clock.stamp();
    let mut owner = place.plain_visitor();
    let looked = owner.get(&format!("/recover/stop/{token}")).await;
    let pressed = owner.post("/recover/stop", &[("token", &token)]).await;
    assert_eq!(pressed.status, StatusCode::UNAUTHORIZED);
    for page in [looked, pressed] {
        assert!(page.says("This recovery was finished"), "{}", page.body);
        for at in [finished, finished + HOLD] {
            assert!(page.says(at.to_string().trim_end_matches(" UTC")), "{at}: {}", page.body);
        }
        assert!(page.says("Lock everything") && page.says("tell the operator"), "{}", page.body);
        assert!(!page.body.contains("<form"), "there is nothing to press: {}", page.body);
    }
    clock.set(finished + HOLD);
    let later = owner.get(&format!("/recover/stop/{token}")).await;
    assert!(later.says("since then it works like your other ways"), "{}", later.body);
}

/// A visitor without a session gets what helps; there is no overview for them.
#[tokio::test]
async fn stranger_who_is_told_no_begins_again_and_is_sent_to_no_page_of_a_session() {
    let (place, _clock) = place().await;
    let mut stranger = place.plain_visitor();
    for (answer, begin) in [
        (stranger.post("/recover/finish", &[]).await, "/recover"),
        (stranger.get("/sign-in/approval").await, "/sign-in"),
        (stranger.post("/sign-in/code", &[("code", "1")]).await, "/sign-in"),
    ] {
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", answer.body);
        let link = format!("href=\"{begin}\">Start again<");
        assert!(answer.body.contains(&link), "{begin}: {}", answer.body);
        assert!(answer.says("has ended"), "{}", answer.body);
        assert!(!answer.says("overview") && !answer.says("What this session"), "{}", answer.body);
    }
    // Anyone who would stop a recovery did not begin it.
    let stop = stranger.get("/recover/stop/none").await;
    assert!(stop.body.contains("href=\"/sign-in\">Sign in<"), "{}", stop.body);
    assert!(!stop.says("Start again") && !stop.says("overview"), "{}", stop.body);
    // Anyone who has a session may go on with it.
    let own = place.signed_in().await.post("/recover/finish", &[]).await;
    assert!(own.says("Start again") && own.says("Go to the overview"), "{}", own.body);
}

/// ASVS 1.2.1.
#[tokio::test]
async fn what_was_typed_is_escaped_on_each_page() {
    let (place, _clock) = place().await;
    let evil = "<script>alert(1)</script>";
    let coded = "%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    let mut visitor = place.visitor();
    let mut answers = vec![
        visitor.post("/recover", &[("username", evil), ("password", "x")]).await,
        visitor.post("/recover/stop", &[("token", evil)]).await,
        visitor.post("/recover/claim", &[("token", evil)]).await,
        visitor.get(&format!("/recover/stop/{coded}")).await,
        visitor.get(&format!("/recover/claim/{coded}")).await,
    ];
    let mut owner = place.signed_in().await;
    answers.push(owner.post("/recovery/policy", &[("hours", evil)]).await);
    answers.push(owner.post("/recovery/cancel", &[("recovery", evil)]).await);
    for answer in answers {
        assert!(!answer.body.contains(evil), "{}", answer.body);
    }
}
