//! Passkeys, with an authenticator in software.

use access::notice::Topic;
use access::refusal::{ChangeRefusal, PasskeyFault, SignInRefusal};
use access::{Refusal, Secret, Span};
use gate::{Ceremony, SessionTicket};

use crate::place::{AWAY, ORIGIN, Place, browser, done, from, totp};
use crate::soft_passkey::SoftPasskey;

pub async fn register(place: &Place, ticket: &SessionTicket, handle: &[u8]) -> SoftPasskey {
    let start = place.gate.authenticators().passkey_start(ticket).await.unwrap();
    let (passkey, answer) = SoftPasskey::create(&start.options, ORIGIN, handle);
    let finished = place
        .gate
        .authenticators()
        .passkey_finish(ticket, &start.ceremony, &answer, "Laptop")
        .await;
    finished.unwrap();
    passkey
}

fn start(place: &Place) -> Ceremony {
    place.gate.sign_ins().passkey_start(&from(AWAY, None)).unwrap()
}

fn refused(reason: PasskeyFault) -> Refusal {
    Refusal::SignIn(SignInRefusal::PasskeyRefused { reason })
}

#[tokio::test]
async fn passkey_registered_signs_in_alone_on_a_new_browser_and_trusts_it() {
    let place = Place::new().await;
    let (ticket, signed_in) = place.by_link().await;
    assert!(signed_in.offer_passkey);
    let mut passkey = register(&place, &ticket, b"handle one").await;
    let kinds = place.gate.authenticators().list(ticket.person).await.unwrap();
    let mut kinds: Vec<_> = kinds.iter().map(|one| one.kind).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["passkey", "password", "totp"]);
    let start = start(&place);
    assert!(!start.options.contains("mediation"), "{}", start.options);
    let answer = passkey.get(&start.options);
    let away = from(AWAY, None);
    let step = place.gate.sign_ins().passkey_finish(&start.ceremony, &answer, &away).await.unwrap();
    let signed_in = done(step);
    assert!(!signed_in.offer_passkey);
    let known = from(AWAY, signed_in.device_token.as_ref());
    let step = place.gate.sign_ins().password("trader", place.password(), &known).await.unwrap();
    let code = place.code().await;
    done(place.gate.sign_ins().totp(&totp(step), &code, &known).await.unwrap());
}

#[tokio::test]
async fn answer_to_a_ceremony_counts_once_and_in_time() {
    let place = Place::new().await;
    let (ticket, _) = place.by_link().await;
    let mut passkey = register(&place, &ticket, b"h").await;
    let once = start(&place);
    let answer = passkey.get(&once.options);
    let away = from(AWAY, None);
    done(place.gate.sign_ins().passkey_finish(&once.ceremony, &answer, &away).await.unwrap());
    let again = place.gate.sign_ins().passkey_finish(&once.ceremony, &answer, &away).await;
    assert_eq!(again.err(), Some(refused(PasskeyFault::CeremonyEnded)));
    let late = start(&place);
    let answer = passkey.get(&late.options);
    place.pass(Span::minutes(5));
    let late = place.gate.sign_ins().passkey_finish(&late.ceremony, &answer, &away).await;
    assert_eq!(late.err(), Some(refused(PasskeyFault::CeremonyEnded)));
}

#[tokio::test]
async fn answers_of_wrong_origin_challenge_user_verification_or_form_are_refused() {
    let place = Place::new().await;
    let (ticket, _) = place.by_link().await;
    let mut passkey = register(&place, &ticket, b"h").await;
    let away = from(AWAY, None);
    let finish = async |ceremony: &Ceremony, answer: &str| {
        place.gate.sign_ins().passkey_finish(&ceremony.ceremony, answer, &away).await.err()
    };
    for origin in ["http://badlocalhost:8080", "http://localhost:9999", "https://localhost:8080"] {
        passkey.origin = origin.to_owned();
        let one = start(&place);
        let answer = passkey.get(&one.options);
        assert_eq!(finish(&one, &answer).await, Some(refused(PasskeyFault::Invalid)), "{origin}");
    }
    passkey.origin = ORIGIN.to_owned();
    let (one, other) = (start(&place), start(&place));
    let answer = passkey.get(&other.options);
    assert_eq!(finish(&one, &answer).await, Some(refused(PasskeyFault::Invalid)));
    passkey.flags = 0x01;
    let one = start(&place);
    let answer = passkey.get(&one.options);
    assert_eq!(finish(&one, &answer).await, Some(refused(PasskeyFault::Invalid)));
    for nonsense in ["", "{}", "[1]", &"x".repeat(100_000)] {
        let one = start(&place);
        let refusal = finish(&one, nonsense).await.expect("refused");
        assert_eq!(refusal.code(), "PASSKEY_REFUSED");
    }
}

#[tokio::test]
async fn counter_that_does_not_rise_makes_the_passkey_suspect_and_other_ways_still_work() {
    let place = Place::new().await;
    let (ticket, signed_in) = place.by_link().await;
    let mut passkey = register(&place, &ticket, b"h").await;
    let away = from(AWAY, None);
    let mut sign_in = async |counter| {
        passkey.counter = counter;
        let one = start(&place);
        let answer = passkey.get(&one.options);
        place.gate.sign_ins().passkey_finish(&one.ceremony, &answer, &away).await.map(done)
    };
    sign_in(7).await.unwrap();
    let reason = PasskeyFault::CounterFell { stored: 7, given: 7 };
    assert_eq!(sign_in(7).await.err(), Some(refused(reason)));
    for counter in [3, 8, 9] {
        let Some(Refusal::SignIn(SignInRefusal::PasskeyRefused { reason })) =
            sign_in(counter).await.err()
        else {
            panic!("{counter} was taken")
        };
        assert!(matches!(reason, PasskeyFault::Suspect { .. }), "{counter} {reason}");
    }
    let list = place.gate.authenticators().list(ticket.person).await.unwrap();
    assert!(list.iter().all(|one| one.suspect_at.is_some() == (one.kind == "passkey")));
    let outbox = place.gate.notices().outbox(&crate::place::OPERATOR).await.unwrap();
    let told = outbox.iter().filter(|one| one.text.starts_with("The passkey Laptop was refused"));
    assert_eq!(told.count(), 1, "told once");
    // A second key, for what the first one may no longer do; its counter is its own.
    let (second, _) = place.by_link().await;
    let mut other = register(&place, &second, b"other").await;
    other.counter = 1;
    let one = start(&place);
    let answer = other.get(&one.options);
    done(place.gate.sign_ins().passkey_finish(&one.ceremony, &answer, &away).await.unwrap());
    let known = browser(signed_in.device_token.as_ref());
    totp(place.gate.sign_ins().password("trader", place.password(), &known).await.unwrap());
}

#[tokio::test]
async fn registration_belongs_to_the_session_that_began_it_and_a_handle_is_taken_once() {
    let place = Place::new().await;
    let (ticket, _) = place.by_link().await;
    let (other, _) = place.by_link().await;
    let start = place.gate.authenticators().passkey_start(&ticket).await.unwrap();
    let (_, answer) = SoftPasskey::create(&start.options, ORIGIN, b"h");
    let stolen =
        place.gate.authenticators().passkey_finish(&other, &start.ceremony, &answer, "Mine").await;
    assert_eq!(stolen.err(), Some(refused(PasskeyFault::CeremonyEnded)));
    register(&place, &ticket, b"h").await;
    let start = place.gate.authenticators().passkey_start(&ticket).await.unwrap();
    let (_, answer) = SoftPasskey::create(&start.options, ORIGIN, b"h");
    let twice =
        place.gate.authenticators().passkey_finish(&ticket, &start.ceremony, &answer, "Two").await;
    assert_eq!(twice.err(), Some(refused(PasskeyFault::Registered)));
}

#[tokio::test]
async fn last_way_to_sign_in_stays() {
    let place = Place::new().await;
    let (ticket, _) = place.by_link().await;
    let actor = gate::Actor::Session(ticket.clone());
    let list = place.gate.authenticators().list(ticket.person).await.unwrap();
    for one in &list {
        let refused = place.gate.authenticators().remove(&actor, one.id).await;
        assert_eq!(refused, Err(Refusal::Change(ChangeRefusal::LastAuthenticator)), "{}", one.kind);
    }
    register(&place, &ticket, b"h").await;
    for one in &list {
        place.gate.authenticators().remove(&actor, one.id).await.unwrap();
    }
}

/// At a hundred failures the password stops where nobody is trusted; a passkey proves the person and
/// opens it again, and is itself never counted.
#[tokio::test]
async fn passkey_opens_a_password_that_was_stopped_and_is_never_counted() {
    let place = Place::new().await;
    let (ticket, _) = place.by_link().await;
    let mut passkey = register(&place, &ticket, b"handle one").await;
    let away = from(AWAY, None);
    let wrong = || Secret::from_text("a wrong guess".to_owned());
    for _ in 0..access::throttle::LIMIT {
        place.pass(Span::minutes(15));
        let failed = place.gate.sign_ins().password("trader", wrong(), &away).await;
        assert_eq!(failed.err(), Some(Refusal::SignIn(SignInRefusal::SignInFailed)));
    }
    place.pass(Span::days(1));
    let stopped = place.gate.sign_ins().password("trader", place.password(), &away).await.err();
    assert!(
        matches!(stopped, Some(Refusal::SignIn(SignInRefusal::AuthenticatorStopped { .. }))),
        "{stopped:?}"
    );
    // Wrong answers of a passkey, more than any limit, and then the right one.
    for _ in 0..access::throttle::LIMIT {
        let start = start(&place);
        let failed = place.gate.sign_ins().passkey_finish(&start.ceremony, "{}", &away).await.err();
        assert!(
            matches!(failed, Some(Refusal::SignIn(SignInRefusal::PasskeyRefused { .. }))),
            "{failed:?}"
        );
    }
    let start = start(&place);
    let answer = passkey.get(&start.options);
    done(place.gate.sign_ins().passkey_finish(&start.ceremony, &answer, &away).await.unwrap());
    totp(place.gate.sign_ins().password("trader", place.password(), &away).await.unwrap());
}

/// A ceremony goes on where it was begun, however right its signature is.
#[tokio::test]
async fn passkeys_answer_taken_to_another_browser_signs_nobody_in_and_is_told() {
    let place = Place::new().await;
    let (ticket, _) = place.by_link().await;
    let mut passkey = register(&place, &ticket, b"h").await;
    let other = || gate::Browser {
        key: Some(gate::BrowserKey::generate().unwrap().shown(place.gate.now()).unwrap()),
        ..from(AWAY, None)
    };
    let none = || gate::Browser { key: None, ..from(AWAY, None) };
    for (begun, taken, told) in [
        (from(AWAY, None), other(), 1),
        (from(AWAY, None), none(), 1),
        (none(), other(), 1),
        (none(), gate::Browser { address: crate::place::HOME, ..other() }, 2),
    ] {
        let once = place.gate.sign_ins().passkey_start(&begun).unwrap();
        let answer = passkey.get(&once.options);
        let step = place.gate.sign_ins().passkey_finish(&once.ceremony, &answer, &taken).await;
        assert_eq!(step.err(), Some(refused(PasskeyFault::OtherBrowser)));
        let outbox = place.gate.notices().outbox(&crate::place::OPERATOR).await.unwrap();
        let copies = outbox.iter().filter(|one| one.topic == Topic::SignInCopied).count();
        assert_eq!(copies, told);
    }
    assert_eq!(place.gate.sessions().list(None).await.unwrap().len(), 1);
}
