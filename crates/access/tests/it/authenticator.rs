//! Changing what proves a person.

use access::authenticator::{self, password};
use access::decision::{Answer, Command};
use access::session::SessionEnd;
use access::{By, Event, Refusal, Secret, session};

use crate::desk::Desk;

fn set(hash: &str, old: Option<authenticator::Proof>) -> Command {
    let hash = Secret::from_text(hash.into());
    Command::Authenticator(authenticator::Command::SetPassword { hash, old })
}

#[test]
fn password_is_changed_with_the_old_one_and_ends_other_sessions() {
    let mut desk = Desk::enrolled();
    let other = desk.signed_in().session;
    let by = By::Session(desk.signed_in().session);
    let hash_before = desk.slice.password().unwrap().id;
    assert_eq!(desk.by(by, set("$new", None)).err(), Some(Refusal::OldPasswordNeeded));
    let wrong = desk.proof(false);
    assert_eq!(desk.by(by, set("$new", Some(wrong))).err(), Some(Refusal::OldPasswordNeeded));
    assert_eq!(desk.slice.counters.len(), 1, "guessing the old one is counted");
    let right = desk.proof(true);
    desk.by(by, set("$new", Some(right))).ok().unwrap();
    let password = desk.slice.password().unwrap();
    assert_ne!(password.id, hash_before);
    assert!(password.open_hash(&desk.key).unwrap().matches(b"$new"));
    assert_eq!(desk.slice.sessions.len(), 1);
    assert!(desk.slice.session(other).is_none());
}

#[test]
fn reset_by_the_operator_ends_sessions_and_attempts_and_gives_a_link() {
    for (command, left) in [
        (authenticator::Command::ResetPassword, "TOTP app"),
        (authenticator::Command::ResetTotp, "Password"),
    ] {
        let mut desk = Desk::enrolled();
        let session = desk.signed_in().session;
        desk.at_totp(None);
        let by = By::Operator { uid: 1000 };
        let Ok(Answer::Link { token, .. }) = desk.by(by, Command::Authenticator(command)) else {
            panic!("no link")
        };
        assert!(desk.slice.sessions.is_empty() && desk.slice.attempts.is_empty());
        let names: Vec<_> = desk.slice.authenticators.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, [left]);
        let ended = |event: &Event| {
            matches!(event, Event::Session(session::Event::Ended { session: one, reason, .. })
                if *one == session && *reason == SessionEnd::AuthenticatorChanged)
        };
        assert!(desk.events.iter().any(ended));
        desk.open(&token).ok().unwrap();
    }
}

#[test]
fn last_way_to_sign_in_stays() {
    let mut desk = Desk::enrolled();
    let by = By::Session(desk.signed_in().session);
    for id in desk.slice.authenticators.iter().map(|one| one.id).collect::<Vec<_>>() {
        let remove = authenticator::Command::Remove { authenticator: id };
        let refusal = desk.by(by, Command::Authenticator(remove)).err();
        assert_eq!(refusal, Some(Refusal::LastAuthenticator));
    }
}

#[test]
fn totp_that_stands_is_not_offered_again() {
    let mut desk = Desk::enrolled();
    let by = By::Session(desk.signed_in().session);
    let offer = authenticator::Command::OfferTotp;
    let refusal = desk.by(by, Command::Authenticator(offer)).err();
    assert_eq!(refusal, Some(Refusal::TotpStands));
}

#[test]
fn password_of_odd_length_is_refused_with_the_range() {
    for (text, fits) in [
        ("1234567".to_owned(), false),
        ("12345678".to_owned(), true),
        ("\u{1f511} pass phrase".to_owned(), true),
        ("\u{e9}".repeat(7), false),
        ("x".repeat(1024), true),
        ("x".repeat(1025), false),
    ] {
        let length = password::check_length(&Secret::from_text(text.clone()));
        assert_eq!(length.is_ok(), fits, "{text}");
    }
}
