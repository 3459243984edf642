//! What is copied before there is a session: a sign-in or a recovery goes on in the browser that began it, and nowhere else.

use access::approval::Say;
use access::notice::Topic;
use access::recovery::WAIT;
use access::{Span, Time};
use axum::http::StatusCode;
use gate::{Actor, BrowserKey, Clock};

use crate::phone::{Home, card};
use crate::place::{Answer, Place, Visitor};

const OPERATOR: Actor = Actor::Operator { uid: 0 };

/// A browser with a key of its own and all of another's cookies.
fn thief<'a>(place: &'a Place, of: &Visitor<'_>) -> Visitor<'a> {
    let mut thief = place.visitor();
    thief.steal(of);
    thief.from = "203.0.113.9".parse().unwrap();
    thief
}

fn password(place: &Place) -> String {
    place.secrets.password.expose_text().unwrap().to_owned()
}

async fn sign_in(place: &Place, visitor: &mut Visitor<'_>) {
    let password = password(place);
    let step = visitor.post("/sign-in", &[("username", "trader"), ("password", &password)]).await;
    assert_eq!(step.to(), "/sign-in/code");
}

async fn mailed_code(place: &Place) -> String {
    let outbox = place.gate.notices().outbox(&OPERATOR).await.unwrap();
    let newest = outbox.into_iter().find(|one| one.topic == Topic::ActivationCode);
    newest.unwrap().code.unwrap()
}

/// What the person was told of copies.
async fn told(place: &Place, words: &str) -> usize {
    let outbox = place.gate.notices().outbox(&OPERATOR).await.unwrap();
    outbox.iter().filter(|one| one.text.contains(words)).count()
}

/// How many refusals of this code are on record.
async fn on_record(place: &Place, code: &str) -> usize {
    let filter = gate::ActivityFilter { limit: 100, ..gate::ActivityFilter::default() };
    let page = place.gate.activity().page(&OPERATOR, &filter, None).await.unwrap();
    page.entries.iter().filter(|one| one.text.contains(code)).count()
}

fn is_refused(answer: &Answer, code: &str, what: &str) {
    assert!(answer.status.is_client_error(), "{what}: {} {}", answer.status, answer.body);
    assert!(answer.body.contains(code), "{what}: {}", answer.body);
    assert!(!answer.body.contains("trader"), "{what} says whose it is: {}", answer.body);
    let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
    assert!(cookies.is_empty(), "{what}: {cookies:?}");
}

const ATTEMPT: &str = "ATTEMPT_ELSEWHERE";

/// Everything that a page of an attempt can be asked for.
async fn tries_all(thief: &mut Visitor<'_>, code: &str) {
    for path in ["/sign-in/code", "/sign-in/recovery", "/sign-in/activate", "/sign-in/approval"] {
        is_refused(&thief.get(path).await, ATTEMPT, path);
    }
    for path in [
        "/sign-in/code",
        "/sign-in/recovery",
        "/sign-in/activate",
        "/sign-in/activate/resend",
        "/sign-in/approval/ask",
        "/sign-in/approval",
    ] {
        is_refused(&thief.post(path, &[("code", code)]).await, ATTEMPT, path);
    }
}

#[tokio::test]
async fn copied_sign_in_is_refused_at_every_step_and_told_and_the_owners_goes_on() {
    let place = Place::new().await;
    let mut owner = place.visitor();
    sign_in(&place, &mut owner).await;
    let code = place.gate.authenticators().totp_now("trader").await.unwrap();
    tries_all(&mut thief(&place, &owner), &code).await;
    let copies = "A copy of your sign-in";
    assert_eq!(told(&place, copies).await, 1, "once a sign-in");
    assert!(on_record(&place, ATTEMPT).await > 0);

    let step = owner.post("/sign-in/code", &[("code", &code)]).await;
    assert_eq!(step.to(), "/sign-in/activate", "the owner's goes on, and the code is not used up");
    let mailed = mailed_code(&place).await;
    tries_all(&mut thief(&place, &owner), &mailed).await;
    // The key left out, as another program would.
    let mut bare = thief(&place, &owner);
    bare.key = None;
    let bared = bare.post("/sign-in/activate", &[("code", &mailed)]).await;
    is_refused(&bared, ATTEMPT, "without a key");
    let done = owner.post("/sign-in/activate", &[("code", &mailed)]).await;
    assert_eq!(done.to(), "/?welcome=1");
    assert!(!owner.get("/session").await.says("not bound to its browser"));
}

#[tokio::test]
async fn yes_of_the_phone_signs_in_the_browser_that_asked_and_no_copy_of_it() {
    let place = Place::new().await;
    let mut home = Home::new(&place).await;
    let (mut elsewhere, number) = home.asks(place.visitor()).await;
    let mut copy = thief(&place, &elsewhere);
    let page = copy.get("/sign-in/approval").await;
    is_refused(&page, ATTEMPT, "the number");
    assert!(!page.body.contains(&format!(">{}<", number.as_deref().unwrap())), "{}", page.body);
    let asked = card(&mut home.phone).await;
    let yes = asked.answer(&mut home.phone, Say::Yes, &number.unwrap()).await;
    assert_eq!(yes.to(), "/approvals?yes=1");
    is_refused(&copy.post("/sign-in/approval", &[]).await, ATTEMPT, "the yes");
    let done = elsewhere.post("/sign-in/approval", &[("next", "/orders")]).await;
    assert_eq!(done.to(), "/orders");
}

/// Without script there is no key: anyone who copies the cookie may look, as before, and no more.
#[tokio::test]
async fn sign_in_begun_without_a_key_becomes_no_session_of_a_key() {
    let place = Place::new().await;
    let mut plain = place.plain_visitor();
    sign_in(&place, &mut plain).await;
    let code = place.gate.authenticators().totp_now("trader").await.unwrap();
    let mut copy = thief(&place, &plain);
    tries_all(&mut copy, &code).await;
    assert_eq!(told(&place, "A copy of your sign-in").await, 1);
    // The owner's own browser, where the script came late: refused, and nobody is alarmed.
    let mut late = place.plain_visitor();
    sign_in(&place, &mut late).await;
    late.key = Some(BrowserKey::generate().unwrap());
    is_refused(&late.post("/sign-in/code", &[("code", &code)]).await, ATTEMPT, "late");
    assert_eq!(told(&place, "A copy of your sign-in").await, 1);

    assert_eq!(plain.post("/sign-in/code", &[("code", &code)]).await.to(), "/sign-in/activate");
    let mut copy = thief(&place, &plain);
    copy.key = None;
    let mailed = mailed_code(&place).await;
    let taken = copy.post("/sign-in/activate", &[("code", &mailed)]).await;
    assert_eq!(taken.to(), "/?welcome=1");
    assert!(copy.get("/session").await.says("not bound to its browser"));
    copy.token = copy.get("/").await.form_token();
    copy.key = Some(BrowserKey::generate().unwrap());
    let act = copy.post("/sessions/end-others", &[]).await;
    assert_eq!(act.status, StatusCode::FORBIDDEN, "a key that comes later binds nothing");
}

async fn place() -> (Place, Clock) {
    let clock = Clock::manual(Time::from_seconds(1_795_000_000));
    (Place::at(&clock).await, clock)
}

async fn wait_all(place: &Place, clock: &Clock) {
    for _ in 0..2 {
        clock.set(clock.stamp() + Span(WAIT.0 / 2 + 1_000_000));
        place.gate.recoveries().tick().await;
    }
}

const RECOVERY: &str = "RECOVERY_ELSEWHERE";

#[tokio::test]
async fn copied_recovery_is_shown_to_nobody_and_finished_where_it_was_begun() {
    let (place, clock) = place().await;
    let mut owner = place.visitor();
    let password = password(&place);
    let fields = [("username", "trader"), ("password", password.as_str())];
    assert_eq!(owner.post("/recover", &fields).await.to(), "/recover");
    let mut copy = thief(&place, &owner);
    let page = copy.get("/recover").await;
    is_refused(&page, RECOVERY, "its page");
    assert!(page.says("Start a recovery"), "who lost the key can begin another: {}", page.body);
    assert_eq!(told(&place, "A copy of your recovery").await, 1);
    assert!(on_record(&place, RECOVERY).await > 0);
    wait_all(&place, &clock).await;
    is_refused(&copy.post("/recover/finish", &[]).await, RECOVERY, "its end");
    copy.key = None;
    is_refused(&copy.post("/recover/finish", &[]).await, RECOVERY, "its end without a key");
    assert_eq!(told(&place, "A copy of your recovery").await, 1, "once a recovery");
    let done = owner.post("/recover/finish", &[]).await;
    assert_eq!(done.to(), "/authenticators");
}

#[tokio::test]
async fn recovery_that_a_browser_took_up_is_that_browsers() {
    let (place, clock) = place().await;
    let begun = place.gate.recoveries().assist(&OPERATOR, "trader").await.unwrap();
    let token = begun.token.expose_text().unwrap().to_owned();
    let mut owner = place.visitor();
    let page = owner.get(&format!("/recover/claim/{token}")).await;
    let taken = owner.post("/recover/claim", &[("token", &page.hidden("token"))]).await;
    assert_eq!(taken.to(), "/recover");
    let mut copy = thief(&place, &owner);
    is_refused(&copy.get("/recover").await, RECOVERY, "its page");
    wait_all(&place, &clock).await;
    is_refused(&copy.post("/recover/finish", &[]).await, RECOVERY, "its end");
    assert_eq!(owner.post("/recover/finish", &[]).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn recovery_begun_without_a_key_ends_in_no_session_of_a_key() {
    let (place, clock) = place().await;
    let mut plain = place.plain_visitor();
    let password = password(&place);
    let fields = [("username", "trader"), ("password", password.as_str())];
    assert_eq!(plain.post("/recover", &fields).await.to(), "/recover");
    wait_all(&place, &clock).await;
    is_refused(&thief(&place, &plain).post("/recover/finish", &[]).await, RECOVERY, "a key");
    assert_eq!(plain.post("/recover/finish", &[]).await.status, StatusCode::SEE_OTHER);
    assert!(plain.get("/session").await.says("not bound to its browser"));
}
