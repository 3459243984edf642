//! Recovery codes: made, used once each, counted down, renewed as a set.

use access::authenticator::{self, Authenticator, Kind, recovery_code};
use access::decision::{Answer, Command};
use access::link::Purpose;
use access::moment::Span;
use access::refusal::{ChangeRefusal, SessionRefusal, SignInRefusal};
use access::session::Method;
use access::throttle::{Factor, LIMIT};
use access::{By, Event, Refusal, Secret, notice, sign_in};

use crate::desk::{Desk, copy};

fn make(desk: &mut Desk, by: By) -> Result<Vec<Secret>, Refusal> {
    let command = authenticator::Command::MakeRecoveryCodes;
    match desk.by(by, Command::Authenticator(command))? {
        Answer::RecoveryCodes { codes, .. } => Ok(codes),
        _ => panic!("another answer"),
    }
}

/// A person with codes, their trusted browser and its session.
fn with_codes() -> (Desk, By, Secret, Vec<Secret>) {
    let mut desk = Desk::enrolled();
    let done = desk.signed_in();
    let by = By::Session(done.session);
    let codes = make(&mut desk, by).unwrap();
    (desk, by, done.device_token.unwrap(), codes)
}

fn type_code(desk: &mut Desk, device: Option<&Secret>, code: &Secret) -> Result<Answer, Refusal> {
    let attempt = desk.at_totp(device);
    let code = copy(code);
    desk.visit(device, sign_in::Command::RecoveryCode { attempt, code })
}

fn last_notice(desk: &Desk) -> &str {
    let text = desk.events.iter().rev().find_map(|event| match event {
        Event::Notice(notice::Event::Queued(notice)) => Some(notice.text.as_str()),
        _ => None,
    });
    text.unwrap()
}

/// ASVS 6.5.2, 6.5.3, 6.5.4: ten codes of 120 random bits, none twice.
#[test]
fn codes_made_are_ten_and_long_and_kept_as_digests_only() {
    let (desk, _, _, codes) = with_codes();
    assert_eq!((codes.len(), desk.slice.codes_left()), (recovery_code::COUNT, 10));
    let mut texts: Vec<&str> = codes.iter().map(|code| code.expose_text().unwrap()).collect();
    let letters = |text: &&str| text.chars().filter(|letter| *letter != '-').count();
    assert!(texts.iter().all(|text| letters(text) * 5 == 120), "{texts:?}");
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), 10);
    assert!(last_notice(&desk).starts_with("10 recovery codes were made. It came from 192.0.2.7"));
    assert!(last_notice(&desk).contains("If that was not you"));
    for event in &desk.events {
        let json = serde_json::to_string(event).unwrap() + &event.text();
        for text in &texts {
            assert!(!json.contains(text) && !json.contains(&text.replace('-', "")), "{json}");
        }
    }
}

/// ASVS 6.5.1.
#[test]
fn code_signs_in_on_a_trusted_browser_in_place_of_totp_and_once() {
    let (mut desk, _, device, codes) = with_codes();
    let Ok(Answer::SignedIn(_)) = type_code(&mut desk, Some(&device), &codes[3]) else {
        panic!("not signed in")
    };
    assert_eq!(desk.slice.sessions[0].methods, [Method::Password, Method::RecoveryCode]);
    assert_eq!(desk.slice.codes_left(), 9);
    assert!(last_notice(&desk).contains("Recovery codes left: 9 of 10"), "{}", last_notice(&desk));
    let again = type_code(&mut desk, Some(&device), &codes[3]).err();
    assert_eq!(again, Some(Refusal::SignIn(SignInRefusal::CodeWrong)));
    let kinds: Vec<_> = desk.events.iter().map(Event::text).collect();
    assert!(kinds.iter().any(|text| text.ends_with("was correct and is now used")), "{kinds:?}");
}

#[test]
fn code_on_a_new_browser_is_followed_by_its_activation() {
    let (mut desk, _, _, codes) = with_codes();
    let Ok(Answer::ActivationNeeded { attempt }) = type_code(&mut desk, None, &codes[0]) else {
        panic!("no activation")
    };
    assert_eq!(desk.slice.codes_left(), 9, "it is used up whatever follows");
    let code = desk.mailed();
    let Ok(Answer::SignedIn(done)) = desk.activate(&attempt, &code) else { panic!("no") };
    let methods = &desk.slice.session(done.session).unwrap().methods;
    assert_eq!(*methods, [Method::Password, Method::RecoveryCode, Method::Activation]);
}

#[test]
fn every_code_of_a_set_works_and_the_last_one_leaves_none() {
    let (mut desk, _, device, codes) = with_codes();
    for (used, code) in (1..).zip(&codes) {
        desk.wait(Span::minutes(1));
        assert!(type_code(&mut desk, Some(&device), code).is_ok());
        assert_eq!(desk.slice.codes_left(), 10 - used);
        let warns = last_notice(&desk).contains("Make new ones soon");
        assert_eq!(warns, used >= 7, "{used}");
    }
    assert!(desk.slice.recovery_codes().is_some(), "an empty set is still shown");
}

#[test]
fn codes_renewed_die_as_a_set() {
    let (mut desk, by, device, old) = with_codes();
    let new = make(&mut desk, by).unwrap();
    let sets = desk.slice.authenticators.iter();
    assert_eq!(sets.filter(|one| matches!(one.kind, Kind::RecoveryCodes { .. })).count(), 1);
    assert!(last_notice(&desk).contains("the old ones no longer work"));
    for code in &old[..3] {
        assert_eq!(
            type_code(&mut desk, Some(&device), code).err(),
            Some(Refusal::SignIn(SignInRefusal::CodeWrong))
        );
    }
    assert!(type_code(&mut desk, Some(&device), &new[0]).is_ok());
}

/// ASVS 7.5.1.
#[test]
fn codes_are_made_by_the_person_soon_after_a_sign_in_only() {
    let (mut desk, by, ..) = with_codes();
    for other in [By::Visitor, By::Operator { uid: 1000 }, By::System] {
        assert_eq!(
            make(&mut desk, other).err(),
            Some(Refusal::Session(SessionRefusal::NotSignedIn)),
            "{other}"
        );
    }
    desk.wait(Span::minutes(16));
    assert!(matches!(
        make(&mut desk, by),
        Err(Refusal::Session(SessionRefusal::ProofTooOld { .. }))
    ));
    assert_eq!(desk.slice.codes_left(), 10);
}

#[test]
fn codes_wait_until_there_is_something_that_they_stand_in_for() {
    let mut desk = Desk::bare();
    let token = desk.link(Purpose::Enrolment);
    let by = By::Session(desk.open(&token).unwrap().session);
    assert_eq!(make(&mut desk, by).err(), Some(Refusal::Change(ChangeRefusal::RecoveryCodesEarly)));
    let hash = Secret::from_text("$hash".into());
    let set = authenticator::Command::SetPassword { hash, old: None };
    desk.by(by, Command::Authenticator(set)).ok().unwrap();
    assert_eq!(make(&mut desk, by).err(), Some(Refusal::Change(ChangeRefusal::RecoveryCodesEarly)));
}

#[test]
fn guessed_codes_are_counted_apart_from_totp_and_stop_at_the_limit() {
    let (mut desk, _, _, codes) = with_codes();
    let wrong = Secret::from_text("AAAA-AAAA-AAAA-AAAA-AAAA-AAAA".into());
    for _ in 0..LIMIT {
        desk.wait(Span::minutes(15));
        assert_eq!(
            type_code(&mut desk, None, &wrong).err(),
            Some(Refusal::SignIn(SignInRefusal::CodeWrong))
        );
    }
    desk.wait(Span::days(1));
    let stopped =
        Refusal::SignIn(SignInRefusal::AuthenticatorStopped { failures: LIMIT, limit: LIMIT });
    assert_eq!(type_code(&mut desk, None, &codes[0]).err(), Some(stopped));
    assert_eq!(desk.slice.codes_left(), 10);
    let factors: Vec<_> = desk.slice.counters.iter().map(|one| one.factor).collect();
    assert_eq!(factors, [Factor::RecoveryCode]);
    desk.at_activation();
}

#[test]
fn code_at_another_step_or_without_an_attempt_finds_nothing() {
    let (mut desk, _, _, codes) = with_codes();
    let attempt = desk.at_activation();
    for attempt in [attempt, Secret::from_text("att_unknown".into())] {
        let code = copy(&codes[0]);
        let refusal = desk.visit(None, sign_in::Command::RecoveryCode { attempt, code }).err();
        assert_eq!(refusal, Some(Refusal::SignIn(SignInRefusal::AttemptEnded)));
    }
    assert_eq!(desk.slice.codes_left(), 10);
}

#[test]
fn codes_alone_are_no_way_in_and_go_with_the_app_that_is_reset() {
    let (mut desk, by, ..) = with_codes();
    let totp = desk.slice.totp().unwrap().id;
    let remove = |one: &Authenticator| {
        Command::Authenticator(authenticator::Command::Remove { authenticator: one.id })
    };
    let app = remove(desk.slice.authenticator(totp).unwrap());
    assert_eq!(desk.by(by, app).err(), Some(Refusal::Change(ChangeRefusal::LastAuthenticator)));
    let reset = Command::Authenticator(authenticator::Command::ResetTotp);
    desk.by(By::Operator { uid: 1000 }, reset).ok().unwrap();
    assert!(desk.slice.recovery_codes().is_none());

    let (mut desk, by, ..) = with_codes();
    let codes = remove(desk.slice.recovery_codes().unwrap());
    desk.by(by, codes).ok().unwrap();
    assert_eq!((desk.slice.codes_left(), desk.slice.is_enrolled()), (0, true));
}
