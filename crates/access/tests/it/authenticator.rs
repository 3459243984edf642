//! Changing what proves a person.

use access::authenticator::passkey::{Passkey, Registration};
use access::authenticator::{self, password};
use access::decision::{Answer, Command};
use access::entitlements::Scopes;
use access::link::Purpose;
use access::moment::Span;
use access::session::SessionEnd;
use access::{By, Event, Refusal, Secret, credential, session};

use crate::desk::{Desk, account};

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
fn attempt_under_way_ends_when_password_or_totp_changes() {
    let mut desk = Desk::enrolled();
    let by = By::Session(desk.signed_in().session);
    let attempt = desk.at_totp(None);
    let right = desk.proof(true);
    desk.by(by, set("$new", Some(right))).ok().unwrap();
    let code = desk.code();
    assert_eq!(desk.totp(None, &attempt, code).err(), Some(Refusal::AttemptEnded));

    add_passkey(&mut desk, by).unwrap();
    for kind in ["TOTP app", "Password"] {
        if kind == "Password" {
            desk.system(Command::Authenticator(authenticator::Command::OfferTotp)).ok().unwrap();
        }
        desk.at_totp(None);
        let named = desk.slice.authenticators.iter().find(|one| one.name.as_str() == kind);
        let remove = authenticator::Command::Remove { authenticator: named.unwrap().id };
        desk.by(by, Command::Authenticator(remove)).ok().unwrap();
        assert!(desk.slice.attempts.is_empty(), "{kind}");
    }
}

/// Adds a passkey of a number of its own by a session.
pub fn add_passkey(desk: &mut Desk, by: By) -> Result<(), Refusal> {
    let passkey = Passkey {
        handle: desk.now.0.to_be_bytes().to_vec(),
        data: "{}".into(),
        model: String::new(),
        backed_up: false,
        counter: 0,
        suspect_at: None,
    };
    let registration = Registration { passkey, user_verified: true, began_at: desk.now };
    let add = authenticator::Command::AddPasskey { registration, name: "Key".into() };
    desk.by(by, Command::Authenticator(add)).map(drop)
}

fn offered(desk: &mut Desk, by: By) -> Secret {
    match desk.by(by, Command::Authenticator(authenticator::Command::OfferTotp)) {
        Ok(Answer::TotpOffered { seed, .. }) => seed,
        _ => panic!("no seed"),
    }
}

#[test]
fn seed_that_was_not_confirmed_is_not_offered_to_the_next_enrolment() {
    let mut desk = Desk::bare();
    let mut seen: Vec<Secret> = Vec::new();
    for round in 0..3 {
        let token = match round {
            2 => {
                let reset = Command::Authenticator(authenticator::Command::ResetPassword);
                let Ok(Answer::Link { token, .. }) = desk.system(reset) else { panic!("no link") };
                assert!(
                    desk.slice.totp().or(desk.slice.offered_totp()).is_none(),
                    "the reset takes it away"
                );
                token
            }
            _ => desk.link(Purpose::Enrolment),
        };
        let by = By::Session(desk.open(&token).ok().unwrap().session);
        assert!(
            desk.slice.totp().or(desk.slice.offered_totp()).is_none(),
            "a new link begins without one"
        );
        let seed = offered(&mut desk, by);
        assert!(seed.matches(offered(&mut desk, by).expose()), "the same when asked again");
        assert!(seen.iter().all(|one| !one.matches(seed.expose())), "round {round}");
        seen.push(seed);
    }
}

#[test]
fn totp_that_is_confirmed_outlives_a_new_enrolment_link_and_a_password_reset() {
    let mut desk = Desk::enrolled();
    let token = desk.link(Purpose::Enrolment);
    desk.open(&token).ok().unwrap();
    let reset = Command::Authenticator(authenticator::Command::ResetPassword);
    desk.system(reset).ok().unwrap();
    assert!(desk.slice.totp().is_some());
}

#[test]
fn ways_in_are_added_and_removed_only_soon_after_a_sign_in() {
    let mut desk = Desk::enrolled();
    let session = desk.signed_in().session;
    let by = By::Session(session);
    let started_at = desk.slice.session(session).unwrap().started_at;
    // The desk's clock moves on by a millisecond with each call.
    desk.now = started_at + Span::minutes(15) + Span::milliseconds(-1);
    add_passkey(&mut desk, by).unwrap();
    let limit = Span::minutes(15);
    let credential = credential::NewCredential {
        name: "bot".into(),
        account: account(),
        scopes: Scopes::trading(desk.now + Span::days(1)),
        with_token: false,
        port: 7497,
    };
    let code = desk.code();
    let password = desk.slice.password().unwrap().id;
    for command in [
        Command::Credential(credential::Command::Create(Box::new(credential))),
        Command::Authenticator(authenticator::Command::ConfirmTotp { code }),
        Command::Authenticator(authenticator::Command::Remove { authenticator: password }),
    ] {
        let before = desk.slice.clone();
        let age = (desk.now + Span::milliseconds(1)).since(started_at);
        assert_eq!(desk.by(by, command).err(), Some(Refusal::ProofTooOld { age, limit }));
        assert_eq!(desk.slice, before);
    }
    assert!(matches!(add_passkey(&mut desk, by), Err(Refusal::ProofTooOld { .. })));
    let text = Refusal::ProofTooOld { age: Span::hours(3), limit }.to_string();
    assert!(text.starts_with("PROOF_TOO_OLD: you signed in 3 hours ago"), "{text}");
    let again = By::Session(desk.signed_in().session);
    add_passkey(&mut desk, again).unwrap();
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
fn last_passkey_stays_unless_another_one_works_or_the_operator_asks() {
    let mut desk = Desk::enrolled();
    let by = By::Session(desk.signed_in().session);
    add_passkey(&mut desk, by).unwrap();
    add_passkey(&mut desk, by).unwrap();
    let ids: Vec<_> = desk.slice.passkeys().map(|(one, _)| one.id).collect();
    let remove = |id| Command::Authenticator(authenticator::Command::Remove { authenticator: id });
    desk.by(by, remove(ids[0])).ok().unwrap();
    let refusal = desk.by(by, remove(ids[1])).err();
    assert_eq!(
        refusal,
        Some(Refusal::LastPasskey),
        "password and TOTP are left, and can be phished"
    );
    desk.by(By::Operator { uid: 1000 }, remove(ids[1])).ok().unwrap();
    assert!(desk.slice.is_enrolled());
}

#[test]
fn first_password_is_set_only_soon_after_a_sign_in() {
    let mut desk = Desk::enrolled();
    let by = By::Session(desk.signed_in().session);
    add_passkey(&mut desk, by).unwrap();
    let password = desk.slice.password().unwrap().id;
    let remove = authenticator::Command::Remove { authenticator: password };
    desk.by(by, Command::Authenticator(remove)).ok().unwrap();
    desk.wait(Span::minutes(16));
    assert!(matches!(desk.by(by, set("$new", None)), Err(Refusal::ProofTooOld { .. })));
    assert!(desk.slice.password().is_none());
}

/// ASVS 6.3.7.
#[test]
fn notice_of_a_change_says_what_from_where_and_what_to_do() {
    let mut desk = Desk::enrolled();
    let by = By::Session(desk.signed_in().session);
    let right = desk.proof(true);
    desk.by(by, set("$new", Some(right))).ok().unwrap();
    desk.system(Command::Authenticator(authenticator::Command::ResetTotp)).ok().unwrap();
    let told: Vec<&str> = desk
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Notice(access::notice::Event::Queued(notice))
                if notice.topic == access::notice::Topic::AuthenticatorChanged =>
            {
                Some(notice.text.as_str())
            }
            _ => None,
        })
        .collect();
    let person = "Your password was changed. It came from 192.0.2.7 (Firefox on Linux). If that was not you, lock the account, end your other sessions and tell the operator.";
    assert!(told.contains(&person), "{told:?}");
    let operator = "The operator reset your TOTP app. It was done on the server's command line. If you did not ask for it, ask the operator.";
    assert_eq!(told.last(), Some(&operator));
}

/// ASVS 6.2.1, 6.2.4, 6.2.5, 6.2.9, 6.2.11, 6.2.12.
#[test]
fn password_is_checked_for_its_length_and_for_being_guessed_and_for_nothing_else() {
    let check = |text: &str| password::check(&Secret::from_text(text.into()), "ada");
    assert!(matches!(check("short"), Err(Refusal::OutOfRange { .. })));
    let Err(refusal) = check("iloveyou") else { panic!("taken") };
    let text = refusal.to_string();
    assert!(
        text.starts_with(
            "PASSWORD_GUESSABLE: this password is easy to guess: it is among the 30,000"
        ),
        "{text}"
    );
    for good in [
        "only small letters of no list",
        "ONLY CAPITALS OF NO LIST",
        "90210 44 17 3",
        "\u{1f40e}\u{1f50b}\u{1f4ce}\u{1f6a6}\u{1f333}\u{2693}\u{1f9ed}\u{1f3bb}",
        &"64 characters and more: the whole of a sentence that somebody likes to remember"
            .repeat(3),
    ] {
        assert_eq!(check(good), Ok(()), "{good}");
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

/// ASVS 6.2.10: nobody has to change a password because it is old.
#[test]
fn password_that_is_years_old_signs_in_as_on_its_first_day() {
    let mut desk = Desk::enrolled();
    let set = desk.slice.password().unwrap().id;
    desk.wait(Span::days(3_650));
    let done = desk.signed_in();
    assert_eq!(desk.slice.password().unwrap().id, set);
    let session = desk.slice.session(done.session).unwrap();
    let acts = desk.slice.session_entitlements(session, false).unwrap().acts;
    assert_eq!(acts, access::entitlements::Acts::ALL, "nothing is held back until it is changed");
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
