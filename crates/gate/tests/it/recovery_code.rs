//! Recovery codes, through the gate.

use access::refusal::SignInRefusal;
use access::{Refusal, Span};

use crate::place::{OPERATOR, Place, activation, browser, done, text, totp};

#[tokio::test]
async fn code_signs_in_in_place_of_the_app_once_and_the_count_falls() {
    let place = Place::new().await;
    let (ticket, signed_in) = place.by_link().await;
    let codes = place.gate.recoveries().make_codes(&ticket).await.unwrap();
    assert_eq!(codes.len(), 10);
    let known = browser(signed_in.device_token.as_ref());
    let typed = text(&codes[9]).to_lowercase().replace('-', " ");
    let step = place.gate.sign_ins().password("trader", place.password(), &known).await.unwrap();
    let done =
        done(place.gate.sign_ins().recovery_code(&totp(step), &typed, &known).await.unwrap());
    let ticket = place.ticket(&done);
    let list = place.gate.authenticators().list(ticket.person).await.unwrap();
    let set = list.iter().find(|one| one.kind == "recovery_codes").unwrap();
    assert_eq!((set.left, set.last_use.is_some()), (Some(9), true));
    let step = place.gate.sign_ins().password("trader", place.password(), &known).await.unwrap();
    let again = place.gate.sign_ins().recovery_code(&totp(step), &typed, &known).await;
    assert_eq!(again.err(), Some(Refusal::SignIn(SignInRefusal::CodeWrong)));
    let outbox = place.gate.notices().outbox(&OPERATOR).await.unwrap();
    assert!(outbox.iter().any(|one| one.text.contains("Recovery codes left: 9 of 10")));
    for notice in outbox {
        assert!(!notice.text.contains(text(&codes[9])), "no code is in a notice");
    }
}

#[tokio::test]
async fn codes_outlive_a_restart_and_two_uses_at_once_count_once() {
    let place = Place::new().await;
    let (ticket, signed_in) = place.by_link().await;
    let codes = place.gate.recoveries().make_codes(&ticket).await.unwrap();
    let known = browser(signed_in.device_token.as_ref());
    place.pass(Span::minutes(1));
    let mut attempts = Vec::new();
    for _ in 0..2 {
        let step =
            place.gate.sign_ins().password("trader", place.password(), &known).await.unwrap();
        attempts.push(totp(step));
    }
    let sign_in = |attempt| place.gate.sign_ins().recovery_code(attempt, text(&codes[0]), &known);
    let (one, two) = tokio::join!(sign_in(&attempts[0]), sign_in(&attempts[1]));
    assert_eq!(u8::from(one.is_ok()) + u8::from(two.is_ok()), 1, "{:?} {:?}", one.err(), two.err());
    let Place { gate, clock, folder, secrets } = place;
    gate.close().await.unwrap();
    drop(gate);
    let gate = crate::place::open(folder.path(), &clock).await;
    let away = browser(None);
    let password = access::Secret::new(secrets.password.expose().to_vec());
    let step = gate.sign_ins().password("trader", password, &away).await.unwrap();
    let again = gate.sign_ins().recovery_code(&totp(step), text(&codes[0]), &away).await;
    assert_eq!(again.err(), Some(Refusal::SignIn(SignInRefusal::CodeWrong)));
    let password = access::Secret::new(secrets.password.expose().to_vec());
    let step = gate.sign_ins().password("trader", password, &away).await.unwrap();
    activation(gate.sign_ins().recovery_code(&totp(step), text(&codes[1]), &away).await.unwrap());
}
