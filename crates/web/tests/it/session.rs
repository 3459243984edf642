//! Sessions and signing in by password.

use access::{Span, Time};
use axum::http::StatusCode;
use futures_util::StreamExt as _;
use gate::Clock;

use crate::place::Place;

/// ASVS 7.2.2.
#[tokio::test]
async fn each_session_gets_a_token_of_its_own() {
    let place = Place::new().await;
    let mut tokens = Vec::new();
    for _ in 0..4 {
        let line = place.signed_in().await.cookie_line();
        let token = line
            .split("; ")
            .find_map(|pair| pair.split_once('=').filter(|(name, _)| name.contains("session")));
        tokens.push(token.unwrap().1.to_owned());
    }
    assert!(tokens.iter().all(|token| token.len() >= 32), "{tokens:?}");
    tokens.sort_unstable();
    tokens.dedup();
    assert_eq!(tokens.len(), 4);
}

/// ASVS 6.2.8.
#[tokio::test]
async fn password_counts_exactly_as_it_was_typed() {
    let place = Place::new().await;
    let mut owner = place.signed_in().await;
    let right = format!(" Kettle & Harbour \u{e9}{} ", "x".repeat(90));
    let current = place.secrets.password.expose_text().unwrap();
    let fields = [("current", current), ("password", &*right), ("again", &*right)];
    let changed = owner.post("/authenticators/password", &fields).await;
    assert_eq!(changed.status, StatusCode::SEE_OTHER, "{}", changed.body);
    let decomposed = right.replace('\u{e9}', "e\u{301}");
    let cut = right.chars().take(72).collect::<String>();
    let others = [right.trim().to_owned(), right.to_lowercase(), decomposed, cut, right.clone()];
    for typed in others {
        let mut visitor = place.visitor();
        let fields = [("username", "trader"), ("password", &*typed), ("next", "/")];
        let answer = visitor.post("/sign-in", &fields).await;
        let is_right = answer.status == StatusCode::SEE_OTHER;
        assert_eq!(is_right, typed == right, "{typed}: {}", answer.body);
    }
}

#[tokio::test]
async fn session_ended_elsewhere_is_over_at_its_next_request() {
    let place = Place::new().await;
    let (mut one, mut two) = (place.signed_in().await, place.signed_in().await);
    assert_eq!(two.get("/").await.status, StatusCode::OK);
    assert_eq!(one.post("/sessions/end-others", &[]).await.to(), "/sessions?ended=1");
    assert!(two.get("/").await.to().starts_with("/sign-in"));
    assert_eq!(one.get("/sessions").await.status, StatusCode::OK);
}

#[tokio::test]
async fn stream_asked_for_after_its_session_tells_the_end_and_nothing_else() {
    let place = Place::new().await;
    let (mut one, two) = (place.signed_in().await, place.signed_in().await);
    assert_eq!(one.post("/sessions/end-others", &[]).await.to(), "/sessions?ended=1");
    for visitor in [&two, &place.visitor()] {
        for path in
            ["/events", "/events?order=1", "/approvals/events?seen=0", "/phone/events?seen=0"]
        {
            let mut stream = place.stream(visitor, path).await;
            let told = stream.next().await.unwrap().unwrap();
            assert_eq!(
                String::from_utf8_lossy(&told),
                "event: ended\ndata: Your session has ended. Nothing was done; sign in again.\n\n",
                "{path}"
            );
            assert!(stream.next().await.is_none(), "{path}");
        }
    }
}

#[tokio::test]
async fn stream_that_comes_back_and_page_that_a_script_loads_keep_nobody_signed_in() {
    let navigates = ("sec-fetch-mode", "navigate");
    let by_person = [navigates, ("sec-fetch-user", "?1")];
    let by_script = [navigates];
    for (path, extra, stays) in [
        ("/events", &[][..], false),
        ("/", &by_script[..], false),
        ("/", &by_person[..], true),
        ("/", &[][..], true),
    ] {
        let clock = Clock::manual(Time::from_seconds(1_795_000_000));
        let place = Place::at(&clock).await;
        let mut visitor = place.signed_in().await;
        for _ in 0..2 {
            clock.set(clock.stamp() + Span::minutes(14));
            assert_eq!(visitor.get_with(path, extra).await.status, StatusCode::OK);
        }
        clock.set(clock.stamp() + Span::minutes(3));
        let status = visitor.get("/").await.status;
        assert_eq!(status == StatusCode::OK, stays, "{path} {extra:?}");
    }
}

#[tokio::test]
async fn unknown_name_and_wrong_password_get_the_same_page() {
    let place = Place::new().await;
    let mut pages = Vec::new();
    for name in ["trader", "nobody"] {
        let fields = [("username", name), ("password", "wrong-password-here"), ("next", "/")];
        let answer = place.visitor().post("/sign-in", &fields).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        pages.push(answer.body.replace(name, "NAME"));
    }
    assert_eq!(pages[0], pages[1]);
}

#[tokio::test]
async fn new_browser_signs_in_with_password_code_and_activation() {
    let place = Place::new().await;
    let mut visitor = place.visitor();
    let password = place.secrets.password.expose_text().unwrap();
    let fields = [("username", "trader"), ("password", password), ("next", "/orders")];
    assert_eq!(visitor.post("/sign-in", &fields).await.to(), "/sign-in/code?next=%2Forders");
    let wrong = visitor.post("/sign-in/code", &[("code", "00 00 00"), ("next", "/orders")]).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(wrong.says("The code is wrong"), "{}", wrong.body);
    let code = place.gate.authenticators().totp_now("trader").await.unwrap();
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    let step = visitor.post("/sign-in/code", &[("code", &spaced), ("next", "/orders")]).await;
    assert_eq!(step.to(), "/sign-in/activate?next=%2Forders");
    let operator = gate::Actor::Operator { uid: 0 };
    let notices = place.gate.notices().outbox(&operator).await.unwrap();
    let code = notices.iter().find_map(|notice| notice.code.clone()).unwrap();
    let done = visitor.post("/sign-in/activate", &[("code", &code), ("next", "/orders")]).await;
    assert_eq!(done.to(), "/orders");
    let page = visitor.get("/orders").await;
    assert!(page.says("Orders"), "{}", page.body);
    assert!(place.gate.now() > Time(0));
}

#[tokio::test]
async fn signed_out_browser_is_out() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    let before = visitor.cookie_line();
    assert_eq!(visitor.get("/orders").await.status, StatusCode::OK);
    assert_eq!(visitor.post("/sign-out", &[]).await.to(), "/sign-in?out=1");
    assert!(!visitor.cookie_line().contains("session"), "{}", visitor.cookie_line());
    // ASVS 7.4.1: the server forgot it too, and not the browser alone.
    visitor.set_cookies(&before);
    assert!(visitor.cookie_line().contains("session"));
    assert!(visitor.get("/orders").await.to().starts_with("/sign-in"));
}

/// Session fixation, ASVS 7.2.4: a cookie that was planted before the sign-in is not the one after it.
#[tokio::test]
async fn session_planted_before_a_sign_in_is_neither_kept_nor_raised() {
    let place = Place::new().await;
    let attacker = place.signed_in().await;
    let before = place.gate.sessions().list(None).await.unwrap();
    let mut victim = place.visitor();
    victim.steal(&attacker);
    let planted = victim.cookie_line();
    let victim = place.open_link(victim).await;
    assert_ne!(victim.cookie_line(), planted);
    let after = place.gate.sessions().list(None).await.unwrap();
    assert_eq!(after.len(), 2, "the sign-in has a session of its own");
    let kept = after.iter().find(|one| one.id == before[0].id).unwrap();
    assert_eq!((kept.since, kept.until), (before[0].since, before[0].until));
    let mut attacker = attacker;
    attacker.steal(&victim);
    assert_eq!(attacker.get("/").await.status, StatusCode::FORBIDDEN, "of the victim's key");
}

/// Two tabs of one browser share its cookies: the later one's step counts, and nothing breaks for the other.
#[tokio::test]
async fn two_tabs_that_sign_in_at_once_end_in_one_session() {
    let place = Place::new().await;
    let mut browser = place.signed_in().await;
    browser.post("/sign-out", &[]).await;
    let password = place.secrets.password.expose_text().unwrap();
    let fields = [("username", "trader"), ("password", password)];
    let first = browser.post("/sign-in", &fields).await;
    let second = browser.post("/sign-in", &fields).await;
    assert_eq!((first.to(), second.to()), ("/sign-in/code", "/sign-in/code"));
    let code = place.gate.authenticators().totp_now("trader").await.unwrap();
    let done = browser.post("/sign-in/code", &[("code", &code)]).await;
    assert_eq!(done.to(), "/?welcome=1", "{}", done.body);
    // The other tab sends its code too, or somebody goes back and sends the form again.
    let late = browser.post("/sign-in/code", &[("code", &code)]).await;
    assert_eq!(late.status, StatusCode::UNAUTHORIZED);
    assert!(late.body.contains("ATTEMPT_ENDED"), "{}", late.body);
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
    assert_eq!(place.gate.sessions().list(None).await.unwrap().len(), 1);
}
