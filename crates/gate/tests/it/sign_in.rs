//! Signing in, end to end on SQLite.

use access::link::Purpose;
use access::refusal::{SessionRefusal, SignInRefusal};
use access::{Refusal, Span};
use gate::{ActivityFilter, ActivityKind};

use crate::place::{
    AWAY, HOME, OPERATOR, Place, activation, browser, done, from, open, secret, shows, text, totp,
};

#[tokio::test]
async fn new_browser_signs_in_by_password_totp_and_activation_and_then_without_it() {
    let place = Place::new().await;
    let gate = &place.gate;
    let step = gate.sign_ins().password("Trader", place.password(), &browser(None)).await.unwrap();
    let attempt = totp(step);
    let step = gate.sign_ins().totp(&attempt, &place.code().await, &browser(None)).await.unwrap();
    let attempt = activation(step);
    let code = place.activation_code().await;
    let signed_in =
        done(gate.sign_ins().activation(&attempt, &code, &browser(None)).await.unwrap());
    let ticket = place.ticket(&signed_in);
    assert_eq!(&*ticket.username, "trader");
    assert_eq!(ticket.account, gate.account());
    assert!(signed_in.offer_passkey && !signed_in.enrolling && !ticket.enrolling);

    // The browser is trusted now: no third step.
    place.pass(Span::seconds(30));
    let known = browser(signed_in.device_token.as_ref());
    let step = gate.sign_ins().password("trader", place.password(), &known).await.unwrap();
    let step = gate.sign_ins().totp(&totp(step), &place.code().await, &known).await.unwrap();
    assert!(done(step).device_token.is_none());
    let refused =
        gate.sessions().by_token(text(&signed_in.session_token), HOME, shows()).unwrap_err();
    assert_eq!(refused.code(), "SESSION_ENDED", "the same browser's older session is replaced");
}

#[tokio::test]
async fn totp_code_replayed_is_refused() {
    let place = Place::new().await;
    let gate = &place.gate;
    let code = place.code().await;
    let step = gate.sign_ins().password("trader", place.password(), &browser(None)).await.unwrap();
    activation(gate.sign_ins().totp(&totp(step), &code, &browser(None)).await.unwrap());
    let step = gate.sign_ins().password("trader", place.password(), &browser(None)).await.unwrap();
    let again = gate.sign_ins().totp(&totp(step), &code, &browser(None)).await;
    assert_eq!(again.err(), Some(Refusal::SignIn(SignInRefusal::CodeReplayed)));
}

#[tokio::test]
async fn unknown_and_known_name_get_the_same_answers_and_the_same_argon2_calls() {
    let place = Place::new().await;
    let mut seen = Vec::new();
    for name in ["trader", "nobody"] {
        let mut answers = Vec::new();
        for _ in 0..7 {
            let before = place.gate.authenticators().password_checks();
            let answer =
                place.gate.sign_ins().password(name, secret("wrong"), &from(AWAY, None)).await;
            answers.push((answer.err(), place.gate.authenticators().password_checks() - before));
        }
        seen.push(answers);
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0].iter().map(|one| one.1).collect::<Vec<_>>(), [1, 1, 1, 1, 1, 0, 0]);
    assert!(matches!(
        seen[0][6].0,
        Some(Refusal::SignIn(SignInRefusal::Throttled { failures: 5, .. }))
    ));
}

/// Who goes from name to name is not forgiven by a restart, a crash included.
#[tokio::test]
async fn address_that_guessed_at_many_names_is_still_stopped_after_a_restart() {
    let place = Place::new().await;
    let guess = async |gate: &gate::Gate, name: String| {
        gate.sign_ins().password(&name, secret("guess"), &from(AWAY, None)).await.err().unwrap()
    };
    for number in 0..60 {
        assert_eq!(
            guess(&place.gate, format!("name{number}")).await,
            Refusal::SignIn(SignInRefusal::SignInFailed)
        );
    }
    let Place { gate, clock, folder, .. } = place;
    drop(gate);
    let gate = open(folder.path(), &clock).await;
    let refused = guess(&gate, "another".to_owned()).await;
    assert!(
        matches!(refused, Refusal::SignIn(SignInRefusal::AddressThrottled { .. })),
        "{refused}"
    );
    clock.set(clock.stamp() + Span::seconds(10));
    assert_eq!(
        guess(&gate, "another".to_owned()).await,
        Refusal::SignIn(SignInRefusal::SignInFailed),
        "one is forgiven"
    );
    gate.close().await.unwrap();
    gate::evidence_verify(folder.path(), None).await.unwrap();
}

#[tokio::test]
async fn attacker_elsewhere_does_not_shut_the_owner_out_of_a_trusted_browser() {
    let place = Place::new().await;
    let (_, signed_in) = place.by_link().await;
    let known = browser(signed_in.device_token.as_ref());
    for _ in 0..6 {
        let wrong =
            place.gate.sign_ins().password("trader", secret("guess"), &from(AWAY, None)).await;
        assert!(wrong.is_err());
    }
    let elsewhere =
        place.gate.sign_ins().password("trader", place.password(), &from(AWAY, None)).await;
    assert!(matches!(elsewhere.err(), Some(Refusal::SignIn(SignInRefusal::Throttled { .. }))));
    totp(place.gate.sign_ins().password("trader", place.password(), &known).await.unwrap());
}

#[tokio::test]
async fn steps_out_of_order_or_repeated_are_refused() {
    let place = Place::new().await;
    let gate = &place.gate;
    let step = gate.sign_ins().password("trader", place.password(), &browser(None)).await.unwrap();
    let attempt = totp(step);
    let early = gate.sign_ins().activation(&attempt, "000000", &browser(None)).await;
    assert_eq!(early.err(), Some(Refusal::SignIn(SignInRefusal::AttemptEnded)));
    let code = place.code().await;
    activation(gate.sign_ins().totp(&attempt, &code, &browser(None)).await.unwrap());
    let repeated = gate.sign_ins().totp(&attempt, &code, &browser(None)).await;
    assert_eq!(repeated.err(), Some(Refusal::SignIn(SignInRefusal::AttemptEnded)));
    let unknown = gate.sign_ins().totp(&secret("fpa_nonsense"), &code, &browser(None)).await;
    assert_eq!(unknown.err(), Some(Refusal::SignIn(SignInRefusal::AttemptEnded)));
}

#[tokio::test]
async fn link_works_once_and_not_after_its_time() {
    let place = Place::new().await;
    let link = place.gate.demo().link().await.unwrap();
    assert_eq!(
        place.gate.sign_ins().link(&link.token).await.unwrap(),
        (Purpose::SignIn, link.until)
    );
    done(place.gate.sign_ins().by_link(&link.token, &browser(None)).await.unwrap());
    let again = place.gate.sign_ins().by_link(&link.token, &browser(None)).await;
    assert_eq!(again.err(), Some(Refusal::Session(SessionRefusal::LinkEnded)));
    let late = place.gate.demo().link().await.unwrap();
    place.pass(Span::minutes(15));
    let late = place.gate.sign_ins().by_link(&late.token, &browser(None)).await;
    assert_eq!(late.err(), Some(Refusal::Session(SessionRefusal::LinkEnded)));
}

#[tokio::test]
async fn password_reset_by_the_operator_ends_sessions_and_its_link_enrols_again() {
    let place = Place::new().await;
    let (_, old) = place.by_link().await;
    place.pass(Span::minutes(1));
    let link = place.gate.people().reset_password(&OPERATOR, "trader").await.unwrap();
    let refused =
        place.gate.sessions().by_token(text(&old.session_token), HOME, shows()).unwrap_err();
    assert_eq!(refused.code(), "SESSION_ENDED");
    let failed = place.gate.sign_ins().password("trader", place.password(), &browser(None)).await;
    assert_eq!(failed.err(), Some(Refusal::SignIn(SignInRefusal::SignInFailed)));

    let signed_in = done(place.gate.sign_ins().by_link(&link.token, &browser(None)).await.unwrap());
    assert!(signed_in.enrolling);
    let ticket = place.ticket(&signed_in);
    assert!(ticket.enrolling);
    let short = place.gate.authenticators().set_password(&ticket, None, secret("short")).await;
    assert_eq!(short.unwrap_err().code(), "OUT_OF_RANGE");
    place
        .gate
        .authenticators()
        .set_password(&ticket, None, secret("a new long password"))
        .await
        .unwrap();
    let ticket = place.ticket(&signed_in);
    assert!(ticket.enrolling, "the TOTP app was kept, and was not shown yet");
    let wrong = place
        .gate
        .authenticators()
        .set_password(&ticket, Some(&secret("guess")), secret("another one"))
        .await;
    assert_eq!(
        wrong,
        Err(Refusal::Session(SessionRefusal::KeptProofMissing)),
        "nothing but what the reset took"
    );
    totp(
        place
            .gate
            .sign_ins()
            .password("trader", secret("a new long password"), &browser(None))
            .await
            .unwrap(),
    );
}

/// A browser without script has no key that a copied cookie would lack: what is left is where it is.
#[tokio::test]
async fn enrolment_without_a_key_continues_on_its_own_network_alone() {
    let place = Place::new().await;
    let without = || gate::Shows { key: None, hardware: None };
    let link = place.gate.people().reset_password(&OPERATOR, "trader").await.unwrap();
    let plain = gate::Browser { key: None, ..browser(None) };
    let signed_in = done(place.gate.sign_ins().by_link(&link.token, &plain).await.unwrap());
    let token = text(&signed_in.session_token);
    let here = place.gate.sessions().by_token(token, HOME, without()).unwrap();
    assert!(here.enrolling && !here.is_bound());
    for _ in 0..2 {
        let copied = place.gate.sessions().by_token(token, AWAY, without()).unwrap_err();
        assert_eq!(
            copied,
            Refusal::SignIn(SignInRefusal::EnrolmentElsewhere),
            "and asking does not move it"
        );
        let unused = place.gate.sessions().by_token_unused(token, AWAY, without()).unwrap_err();
        assert_eq!(unused, Refusal::SignIn(SignInRefusal::EnrolmentElsewhere));
    }
    let here = place.gate.sessions().by_token(token, HOME, without()).unwrap();
    place
        .gate
        .authenticators()
        .set_password(&here, None, secret("a new long password"))
        .await
        .unwrap();
    // One with a key is bound to that, wherever it goes.
    let link = place.gate.people().reset_password(&OPERATOR, "trader").await.unwrap();
    let bound = done(place.gate.sign_ins().by_link(&link.token, &browser(None)).await.unwrap());
    assert!(
        place
            .gate
            .sessions()
            .by_token(text(&bound.session_token), AWAY, shows())
            .unwrap()
            .enrolling
    );
}

#[tokio::test]
async fn totp_setup_is_the_same_until_a_code_confirms_it() {
    let place = Place::new().await;
    let link = place.gate.people().reset_totp(&OPERATOR, "trader").await.unwrap();
    let signed_in = done(place.gate.sign_ins().by_link(&link.token, &browser(None)).await.unwrap());
    let ticket = place.ticket(&signed_in);
    let first = place.gate.authenticators().totp_setup(&ticket).await.unwrap();
    let second = place.gate.authenticators().totp_setup(&ticket).await.unwrap();
    assert_eq!(text(&first.secret), text(&second.secret));
    assert_eq!(text(&first.uri), text(&second.uri));
    let wrong = place.gate.authenticators().totp_confirm(&ticket, "000000").await;
    assert_eq!(wrong, Err(Refusal::SignIn(SignInRefusal::CodeWrong)));
    let seed = data_encoding::BASE32_NOPAD.decode(first.secret.expose()).unwrap();
    let step = access::authenticator::totp::step(place.gate.now());
    let code = access::authenticator::totp::code(&seed, step);
    place.gate.authenticators().totp_confirm(&ticket, &code).await.unwrap();
    assert!(!place.ticket(&signed_in).enrolling);
}

#[tokio::test]
async fn restart_keeps_sessions_and_shows_no_secrets_again() {
    let place = Place::new().await;
    let (_, signed_in) = place.by_link().await;
    place.pass(Span::minutes(20));
    place.ticket(&signed_in);
    place.gate.close().await.unwrap();
    let Place { gate, clock, folder, .. } = place;
    drop(gate);
    let gate = open(folder.path(), &clock).await;
    assert!(gate.demo().secrets().is_none());
    clock.set(clock.stamp() + Span::minutes(20));
    let ticket = gate.sessions().by_token(text(&signed_in.session_token), HOME, shows());
    assert!(ticket.is_ok(), "it was used 20 minutes ago, and that was written at the close");
}

#[tokio::test]
async fn wrong_passwords_in_a_flood_are_each_answered_and_evidence_stays_small() {
    let place = Place::new().await;
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let gate = place.gate.clone();
        waiting.spawn(async move {
            gate.sign_ins().password("trader", secret("guess"), &from(AWAY, None)).await.err()
        });
    }
    let codes: Vec<_> =
        waiting.join_all().await.into_iter().map(|one| one.unwrap().code()).collect();
    let count = |code| codes.iter().filter(|one| **one == code).count();
    assert_eq!(count("SIGN_IN_FAILED"), 5, "{codes:?}");
    assert_eq!(count("SIGN_IN_FAILED") + count("THROTTLED") + count("BUSY"), 200, "{codes:?}");
}

#[tokio::test]
async fn wrong_passwords_of_many_unknown_names_are_counted_in_few_entries() {
    let place = Place::new().await;
    for number in 0..30 {
        let name = format!("nobody-{number}");
        let failed =
            place.gate.sign_ins().password(&name, secret("guess"), &from(AWAY, None)).await;
        assert_eq!(failed.err(), Some(Refusal::SignIn(SignInRefusal::SignInFailed)));
    }
    // The clock of the tests does not move, so all of them are within one second.
    let kind = Some(ActivityKind::Access);
    let filter = ActivityFilter { kind, limit: 200, ..ActivityFilter::default() };
    let page = place.gate.activity().page(&OPERATOR, &filter, None).await.unwrap();
    let of_names = page.entries.iter().filter(|one| {
        one.what == "throttle.stranger_failed" || one.code.as_deref() == Some("SIGN_IN_FAILED")
    });
    assert_eq!(of_names.count(), 1);
    let away = from(AWAY, None);
    for _ in 0..4 {
        let again = place.gate.sign_ins().password("nobody-0", secret("guess"), &away).await;
        assert_eq!(again.err(), Some(Refusal::SignIn(SignInRefusal::SignInFailed)));
    }
    let again = place.gate.sign_ins().password("nobody-0", secret("guess"), &away).await;
    assert!(
        matches!(again.err(), Some(Refusal::SignIn(SignInRefusal::Throttled { failures: 5, .. }))),
        "it counted"
    );
}
