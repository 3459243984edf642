//! Throttling through the router: who is stopped, who goes on, and when anyone who was stopped may come back.

use access::throttle::LIMIT;
use access::{Span, Time};
use axum::http::{StatusCode, header};
use gate::Clock;

use crate::place::{Answer, Place, Visitor};

async fn place() -> (Place, Clock) {
    let clock = Clock::manual(Time::from_seconds(1_795_000_000));
    (Place::at(&clock).await, clock)
}

async fn try_password(visitor: &mut Visitor<'_>, name: &str, password: &str) -> Answer {
    visitor.post("/sign-in", &[("username", name), ("password", password)]).await
}

fn right(place: &Place) -> String {
    place.secrets.password.expose_text().unwrap().to_owned()
}

fn retry_after(answer: &Answer) -> Option<i64> {
    answer.headers.get(header::RETRY_AFTER).map(|value| value.to_str().unwrap().parse().unwrap())
}

/// The owner's trusted browser signs in with password and code.
async fn owner_signs_in(place: &Place, clock: &Clock, owner: &mut Visitor<'_>) {
    clock.set(clock.stamp() + Span::minutes(1));
    let first = try_password(owner, "trader", &right(place)).await;
    assert!(first.to().starts_with("/sign-in/code"), "{}", first.body);
    let code = place.gate.authenticators().totp_now("trader").await.unwrap();
    let done = owner.post("/sign-in/code", &[("code", &code)]).await;
    assert!(done.to().starts_with("/?welcome"), "{}", done.body);
}

/// ASVS 6.3.1: at a hundred the password stops for untrusted browsers, and for them alone.
#[tokio::test]
async fn password_stops_at_a_hundred_where_nobody_is_trusted_and_the_owners_browser_goes_on() {
    let (place, clock) = place().await;
    let mut owner = place.signed_in().await;
    for _ in 0..LIMIT {
        clock.set(clock.stamp() + Span::minutes(15));
        let answer = try_password(&mut place.plain_visitor(), "trader", "a wrong guess").await;
        assert!(answer.body.contains("SIGN_IN_FAILED"), "{}", answer.body);
    }
    clock.set(clock.stamp() + Span::days(1));
    let calls = place.gate.authenticators().password_checks();
    let stopped = try_password(&mut place.visitor(), "trader", &right(&place)).await;
    assert_eq!(stopped.status, StatusCode::UNAUTHORIZED);
    assert!(stopped.body.contains("AUTHENTICATOR_STOPPED"), "{}", stopped.body);
    let recovers = [("username", "trader"), ("password", &right(&place))];
    let recovery = place.visitor().post("/recover", &recovers).await;
    assert!(recovery.body.contains("AUTHENTICATOR_STOPPED"), "{}", recovery.body);
    assert_eq!(place.gate.authenticators().password_checks(), calls, "none was looked at");
    owner_signs_in(&place, &clock, &mut owner).await;
}

/// ASVS 6.3.1.
#[tokio::test]
async fn client_that_retries_in_a_loop_is_told_when_to_come_back_and_counted_no_further() {
    let (place, clock) = place().await;
    for _ in 0..5 {
        let answer = try_password(&mut place.plain_visitor(), "trader", "a wrong guess").await;
        assert_eq!((answer.status, retry_after(&answer)), (StatusCode::UNAUTHORIZED, None));
    }
    let calls = place.gate.authenticators().password_checks();
    for _ in 0..50 {
        let answer = try_password(&mut place.plain_visitor(), "trader", "a wrong guess").await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(retry_after(&answer), Some(15), "the wait does not grow");
    }
    assert_eq!(place.gate.authenticators().password_checks(), calls);
    clock.set(clock.stamp() + Span::seconds(15));
    let first = try_password(&mut place.visitor(), "trader", &right(&place)).await;
    assert!(first.to().starts_with("/sign-in/code"), "{}", first.body);
}

/// Who goes from name to name meets the count of the address; a trusted browser there does not.
#[tokio::test]
async fn address_that_guesses_at_many_names_is_stopped_and_a_trusted_browser_there_is_not() {
    let (place, clock) = place().await;
    let mut owner = place.signed_in().await;
    for number in 0..60 {
        let name = format!("name{number}");
        let answer = try_password(&mut place.plain_visitor(), &name, "a wrong guess").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{number} {}", answer.body);
    }
    let calls = place.gate.authenticators().password_checks();
    for (path, name) in [("/sign-in", "another"), ("/sign-in", "trader"), ("/recover", "trader")] {
        let fields = [("username", name), ("password", "a wrong guess")];
        let answer = place.plain_visitor().post(path, &fields).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{}", answer.body);
        assert!(answer.body.contains("ADDRESS_THROTTLED"), "{}", answer.body);
        assert_eq!(retry_after(&answer), Some(10));
    }
    assert_eq!(place.gate.authenticators().password_checks(), calls, "none was looked at");
    owner_signs_in(&place, &clock, &mut owner).await;
}

/// A full queue, and a caller who left it, is no wrong password.
#[tokio::test]
async fn checks_that_find_no_place_are_told_to_come_back_and_count_as_nothing() {
    let (place, _clock) = place().await;
    let password = right(&place);
    let mut visitors: Vec<_> = (0..40).map(|_| place.plain_visitor()).collect();
    let tries = visitors.iter_mut().map(|one| try_password(one, "trader", &password));
    let answers = futures_join(tries).await;
    let busy: Vec<_> =
        answers.iter().filter(|one| one.status == StatusCode::SERVICE_UNAVAILABLE).collect();
    assert!(!busy.is_empty() && busy.len() < answers.len(), "{}", busy.len());
    assert!(busy.iter().all(|one| retry_after(one) == Some(3) && one.body.contains("BUSY")));
    assert!(answers.iter().all(|one| {
        [StatusCode::SERVICE_UNAVAILABLE, StatusCode::SEE_OTHER].contains(&one.status)
    }));
    let first = try_password(&mut place.visitor(), "trader", &password).await;
    assert!(first.to().starts_with("/sign-in/code"), "{}", first.body);
}

/// All of them at once, on this one task.
async fn futures_join<F: Future<Output = Answer>>(all: impl Iterator<Item = F>) -> Vec<Answer> {
    let mut waiting: Vec<_> = all.map(|one| (Box::pin(one), None)).collect();
    std::future::poll_fn(|context| {
        for (one, answer) in &mut waiting {
            if answer.is_none()
                && let std::task::Poll::Ready(ready) = one.as_mut().poll(context)
            {
                *answer = Some(ready);
            }
        }
        if waiting.iter().all(|(_, answer)| answer.is_some()) {
            return std::task::Poll::Ready(());
        }
        std::task::Poll::Pending
    })
    .await;
    waiting.into_iter().filter_map(|(_, answer)| answer).collect()
}
