//! Changing what proves a person.

use access::authenticator::passkey::{Passkey, Registration};
use access::authenticator::{self, password};
use access::decision::{Answer, Command};
use access::entitlements::{Acts, Scopes};
use access::link::Purpose;
use access::moment::Span;
use access::refusal::{ChangeRefusal, InputRefusal, SessionRefusal, SignInRefusal};
use access::session::SessionEnd;
use access::{By, Event, Refusal, Secret, contact, credential, session, step_up};

use crate::desk::{Desk, account};

fn set(hash: &str, old: Option<authenticator::PasswordCheck>) -> Command {
    let hash = Secret::from_text(hash.into());
    Command::Authenticator(authenticator::Command::SetPassword { hash, old })
}

#[test]
fn password_is_changed_with_the_old_one_and_ends_other_sessions() {
    let mut desk = Desk::enrolled();
    let other = desk.signed_in().session;
    let by = By::Session(desk.signed_in().session);
    let hash_before = desk.slice.password().unwrap().id;
    assert_eq!(
        desk.by(by, set("$new", None)).err(),
        Some(Refusal::Change(ChangeRefusal::OldPasswordNeeded))
    );
    let wrong = desk.proof(false);
    assert_eq!(
        desk.by(by, set("$new", Some(wrong))).err(),
        Some(Refusal::Change(ChangeRefusal::OldPasswordNeeded))
    );
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
    assert_eq!(
        desk.totp(None, &attempt, code).err(),
        Some(Refusal::SignIn(SignInRefusal::AttemptEnded))
    );

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
        accounts: vec![account()],
        scopes: Scopes::trading(desk.now + Span::days(1)),
        with_token: false,
        door: credential::Door::Socket { port: 7497 },
        serves_api: false,
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
        assert_eq!(
            desk.by(by, command).err(),
            Some(Refusal::Session(SessionRefusal::ProofTooOld { age, limit }))
        );
        assert_eq!(desk.slice, before);
    }
    assert!(matches!(
        add_passkey(&mut desk, by),
        Err(Refusal::Session(SessionRefusal::ProofTooOld { .. }))
    ));
    let text =
        Refusal::Session(SessionRefusal::ProofTooOld { age: Span::hours(3), limit }).to_string();
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
        assert_eq!(refusal, Some(Refusal::Change(ChangeRefusal::LastAuthenticator)));
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
        Some(Refusal::Change(ChangeRefusal::LastPasskey)),
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
    assert!(matches!(
        desk.by(by, set("$new", None)),
        Err(Refusal::Session(SessionRefusal::ProofTooOld { .. }))
    ));
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
    let operator = "The operator reset your authenticator app. It was done on the server's command line. If you did not ask for it, ask the operator.";
    assert_eq!(told.last(), Some(&operator));
}

/// ASVS 6.2.1, 6.2.4, 6.2.5, 6.2.9, 6.2.11, 6.2.12.
#[test]
fn password_is_checked_for_its_length_and_for_being_guessed_and_for_nothing_else() {
    let check = |text: &str| password::check(&Secret::from_text(text.into()), "ada");
    assert!(matches!(check("short"), Err(Refusal::Input(InputRefusal::OutOfRange { .. }))));
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
    assert_eq!(refusal, Some(Refusal::Change(ChangeRefusal::TotpStands)));
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
    let acts =
        desk.slice.session_entitlements(session, crate::desk::account(), false).unwrap().acts;
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

/// A session of the link that a reset gave.
fn reset_session(desk: &mut Desk, reset: authenticator::Command) -> By {
    let Ok(Answer::Link { token, .. }) = desk.system(Command::Authenticator(reset)) else {
        panic!("no link")
    };
    By::Session(desk.open(&token).ok().unwrap().session)
}

fn acts(desk: &Desk, by: By) -> Acts {
    let By::Session(id) = by else { panic!("no session") };
    desk.slice
        .session_entitlements(desk.slice.session(id).unwrap(), crate::desk::account(), false)
        .unwrap()
        .acts
}

fn prove(desk: &mut Desk, by: By) -> Result<Answer, Refusal> {
    desk.wait(Span::seconds(60));
    let (proof, code) = (desk.proof(true), desk.code());
    desk.by(by, Command::StepUp(step_up::Command::Password { proof, code }))
}

/// ASVS 6.4.3: a reset of the password does not stand in for the second factor.
#[test]
fn link_of_a_password_reset_only_enrols_until_the_kept_app_is_shown() {
    let mut desk = Desk::enrolled();
    let by = reset_session(&mut desk, authenticator::Command::ResetPassword);
    desk.by(by, set("$new", None)).ok().unwrap();
    assert!(desk.slice.is_enrolled());
    assert_eq!(acts(&desk, by), Acts::ENROL, "the link alone shows nothing");
    // Nor does it bring in another way to sign in, which would stand in for the kept one.
    assert_eq!(add_passkey(&mut desk, by), Err(Refusal::Session(SessionRefusal::KeptProofMissing)));
    for command in [
        authenticator::Command::ReplaceTotp,
        authenticator::Command::MakeRecoveryCodes,
        authenticator::Command::Remove { authenticator: desk.slice.totp().unwrap().id },
    ] {
        let refusal = desk.by(by, Command::Authenticator(command)).err();
        assert_eq!(refusal, Some(Refusal::Session(SessionRefusal::KeptProofMissing)));
    }
    let offer = desk.by(by, Command::Authenticator(authenticator::Command::OfferTotp)).err();
    assert_eq!(offer, Some(Refusal::Session(SessionRefusal::KeptProofMissing)));
    let wrong = Secret::from_text("000000".into());
    let proof = desk.proof(true);
    let guess = Command::StepUp(step_up::Command::Password { proof, code: wrong });
    assert_eq!(desk.by(by, guess).err(), Some(Refusal::SignIn(SignInRefusal::CodeWrong)));
    assert_eq!(acts(&desk, by), Acts::ENROL);
    prove(&mut desk, by).ok().unwrap();
    assert_eq!(acts(&desk, by), Acts::ALL);
    add_passkey(&mut desk, by).unwrap();
}

#[test]
fn link_of_a_password_reset_waits_for_the_kept_passkey_too() {
    let mut desk = Desk::enrolled();
    let session = By::Session(desk.signed_in().session);
    add_passkey(&mut desk, session).unwrap();
    let app = desk.slice.totp().unwrap().id;
    desk.slice.authenticators.retain(|one| one.id != app);
    let by = reset_session(&mut desk, authenticator::Command::ResetPassword);
    assert!(desk.slice.is_enrolled(), "by the passkey");
    assert_eq!(acts(&desk, by), Acts::ENROL);
    desk.by(by, set("$new", None)).ok().unwrap();
    // A new app, with the new password, would be a proof of nothing that was there before.
    let offer = desk.by(by, Command::Authenticator(authenticator::Command::OfferTotp)).err();
    assert_eq!(offer, Some(Refusal::Session(SessionRefusal::KeptProofMissing)));
    let move_mail = || contact::Command::SetMail { address: "thief@example.org".into() };
    let first = desk.by(by, Command::Contact(move_mail()));
    assert!(first.is_ok(), "codes went nowhere before");
    desk.system(Command::Contact(contact::Command::SetMail { address: "ann@example.org".into() }))
        .ok()
        .unwrap();
    let refusal = desk.by(by, Command::Contact(move_mail())).err();
    assert_eq!(refusal, Some(Refusal::Session(SessionRefusal::KeptProofMissing)));
}

#[test]
fn link_of_an_app_reset_waits_for_the_kept_password() {
    let mut desk = Desk::enrolled();
    let by = reset_session(&mut desk, authenticator::Command::ResetTotp);
    confirm_new(&mut desk, by);
    assert_eq!(acts(&desk, by), Acts::ENROL);
    prove(&mut desk, by).ok().unwrap();
    assert_eq!(acts(&desk, by), Acts::ALL);
}

#[test]
fn link_after_everything_was_reset_needs_nothing_more_than_enrolling() {
    let mut desk = Desk::enrolled();
    desk.system(Command::Authenticator(authenticator::Command::ResetTotp)).ok().unwrap();
    let by = reset_session(&mut desk, authenticator::Command::ResetPassword);
    desk.by(by, set("$new", None)).ok().unwrap();
    confirm_new(&mut desk, by);
    assert_eq!(acts(&desk, by), Acts::ALL);
}

/// Confirms an app that was offered to this one, and has its codes from now on.
fn confirm_new(desk: &mut Desk, by: By) {
    if desk.slice.offered_totp().is_none() {
        offered(desk, by);
    }
    let new = desk.slice.offered_totp().unwrap();
    desk.seed = new.open_seed(&desk.key).unwrap().expose().to_vec();
    let code = desk.code();
    desk.by(by, Command::Authenticator(authenticator::Command::ConfirmTotp { code })).ok().unwrap();
}

#[test]
fn app_is_replaced_in_one_commit_by_a_code_of_the_new_one() {
    let mut desk = Desk::enrolled();
    let other = desk.signed_in().session;
    desk.wait(Span::seconds(60));
    let attempt = desk.at_totp(None);
    let by = By::Session(desk.signed_in().session);
    let old = (desk.slice.totp().unwrap().id, desk.seed.clone());
    desk.by(by, Command::Authenticator(authenticator::Command::ReplaceTotp)).ok().unwrap();
    assert_eq!(desk.slice.totp().unwrap().id, old.0, "the old one works until then");
    let wrong = Secret::from_text("000000".into());
    let confirm = |code| Command::Authenticator(authenticator::Command::ConfirmTotp { code });
    assert_eq!(desk.by(by, confirm(wrong)).err(), Some(Refusal::SignIn(SignInRefusal::CodeWrong)));
    assert_eq!(desk.slice.totp().unwrap().id, old.0);
    let before = desk.events.len();
    confirm_new(&mut desk, by);
    let kinds: Vec<_> = desk.events[before..]
        .iter()
        .filter_map(|event| match event {
            Event::Authenticator(authenticator::Event::Removed { authenticator }) => {
                Some((false, *authenticator))
            }
            Event::Authenticator(authenticator::Event::TotpConfirmed { authenticator, .. }) => {
                Some((true, *authenticator))
            }
            _ => None,
        })
        .collect();
    let new = desk.slice.totp().unwrap().id;
    assert_eq!(kinds, [(false, old.0), (true, new)], "both in one decision");
    assert_eq!(desk.slice.totps().count(), 1);
    assert!(desk.slice.session(other).is_none(), "who had the old one is out with it");
    assert!(desk.slice.attempts.is_empty(), "and what its code proved is over");
    drop(attempt);
    // The old one's codes prove nothing, the new one's do.
    let new_seed = std::mem::replace(&mut desk.seed, old.1);
    assert_eq!(prove(&mut desk, by).err(), Some(Refusal::SignIn(SignInRefusal::CodeWrong)));
    desk.seed = new_seed;
    prove(&mut desk, by).ok().unwrap();
}

#[test]
fn app_is_replaced_soon_after_a_proof_and_only_where_there_is_one() {
    let mut desk = Desk::enrolled();
    let by = By::Session(desk.signed_in().session);
    desk.wait(Span::minutes(16));
    let replace = || Command::Authenticator(authenticator::Command::ReplaceTotp);
    assert!(matches!(
        desk.by(by, replace()),
        Err(Refusal::Session(SessionRefusal::ProofTooOld { .. }))
    ));
    desk.system(Command::Authenticator(authenticator::Command::ResetTotp)).ok().unwrap();
    let none = desk.by(By::Operator { uid: 0 }, replace()).err();
    assert_eq!(none, Some(Refusal::not_found("authenticator app to replace")));
}

#[test]
fn app_is_replaced_by_the_operator_with_a_code_that_the_person_reads_out() {
    let mut desk = Desk::enrolled();
    desk.signed_in();
    let old = desk.slice.totp().unwrap().id;
    let by = By::Operator { uid: 0 };
    desk.by(by, Command::Authenticator(authenticator::Command::ReplaceTotp)).ok().unwrap();
    assert_eq!(desk.slice.totp().unwrap().id, old);
    confirm_new(&mut desk, by);
    assert_ne!(desk.slice.totp().unwrap().id, old);
    assert_eq!((desk.slice.totps().count(), desk.slice.sessions.len()), (1, 0));
}
