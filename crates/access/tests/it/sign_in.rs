//! The steps of a sign-in, right, wrong, late, twice and out of order.

use access::authenticator::passkey::{Assertion, Passkey, Registration};
use access::authenticator::{self, totp};
use access::binding::Beginner;
use access::decision::{Answer, Command};
use access::device::{self, Standing};
use access::link::Purpose;
use access::moment::Span;
use access::refusal::{PasskeyFault, SessionRefusal, SignInRefusal};
use access::session::{Method, SessionEnd};
use access::sign_in::{self, SignedIn};
use access::{By, Event, Refusal, Secret, Slice};

use crate::desk::{Desk, copy};

/// Whatever the step, a sign-in that is over says only that.
fn ended(answer: Result<Answer, Refusal>) {
    assert_eq!(answer.err(), Some(Refusal::SignIn(SignInRefusal::AttemptEnded)));
}

#[test]
fn new_browser_needs_password_totp_and_code_and_a_trusted_one_no_code() {
    let mut desk = Desk::enrolled();
    let done = desk.signed_in_by_code();
    let session = &desk.slice.sessions[0];
    assert_eq!(session.methods, [Method::Password, Method::Totp, Method::Activation]);
    assert_eq!((session.idle, session.until), (Span::minutes(30), desk.now + Span::hours(12)));
    assert_eq!(desk.slice.devices[0].standing(desk.now), Standing::Trusted);
    let device = done.device_token.unwrap();
    desk.wait(Span::hours(1));
    let attempt = desk.at_totp(Some(&device));
    let code = desk.code();
    let Ok(Answer::SignedIn(again)) = desk.totp(Some(&device), &attempt, code) else {
        panic!("not signed in")
    };
    assert!(again.device_token.is_none());
    assert_eq!(desk.slice.sessions.len(), 1, "the same browser's older session is replaced");
    let replaced = |event: &Event| {
        matches!(event, Event::Session(access::session::Event::Ended { session, reason, .. })
            if *session == done.session && *reason == SessionEnd::Replaced)
    };
    assert!(desk.events.iter().any(replaced));
}

#[test]
fn trust_of_a_device_ends_after_ninety_days_and_comes_back_under_its_name() {
    let mut desk = Desk::enrolled();
    let done = desk.signed_in();
    let token = done.device_token.unwrap();
    let rename = device::Command::Rename { device: done.device, name: "Desk".into() };
    desk.system(Command::Device(rename)).ok().unwrap();
    desk.wait(Span::days(91));
    let attempt = desk.at_totp(Some(&token));
    let code = desk.code();
    let Ok(Answer::ActivationNeeded { attempt }) = desk.totp(Some(&token), &attempt, code) else {
        panic!("an expired device needs its code")
    };
    let code = desk.mailed();
    let Ok(Answer::SignedIn(again)) = desk.activate(&attempt, &code) else { panic!("no") };
    assert_eq!(again.device, done.device);
    assert_eq!(desk.slice.devices[0].name.as_str(), "Desk");
    assert!(!again.device_token.unwrap().matches(token.expose()), "the token is a new one");
}

#[test]
fn step_repeated_late_or_out_of_order_finds_nothing() {
    let mut desk = Desk::enrolled();
    let first = desk.at_totp(None);
    ended(desk.activate(&first, "000000"));
    let resend = sign_in::Command::Resend { attempt: copy(&first) };
    ended(desk.visit(None, resend));
    let code = desk.code();
    let Ok(Answer::ActivationNeeded { attempt: second }) = desk.totp(None, &first, code) else {
        panic!("no activation")
    };
    desk.wait(Span::seconds(30));
    let code = desk.code();
    ended(desk.totp(None, &first, code));
    let code = desk.code();
    ended(desk.totp(None, &second, code));
    let mailed = desk.mailed();
    ended(desk.activate(&first, &mailed));
    assert!(matches!(desk.activate(&second, &mailed), Ok(Answer::SignedIn(_))));
    ended(desk.activate(&second, &mailed));

    let late = desk.at_totp(None);
    desk.wait(sign_in::ATTEMPT_LIFE);
    let code = desk.code();
    ended(desk.totp(None, &late, code));
    ended(desk.totp(None, &Secret::from_text("fpa_made-up".into()), desk.code()));
}

#[test]
fn totp_code_used_before_is_refused_in_its_own_window() {
    let mut desk = Desk::enrolled();
    let code = desk.code();
    let attempt = desk.at_totp(None);
    assert!(desk.totp(None, &attempt, copy(&code)).is_ok());
    let attempt = desk.at_totp(None);
    assert_eq!(
        desk.totp(None, &attempt, code).err(),
        Some(Refusal::SignIn(SignInRefusal::CodeReplayed))
    );
    let counted = desk.slice.counters.clone();
    for text in ["12345", "1234567", "12345x", ""] {
        let malformed = Secret::from_text(text.into());
        let refusal = desk.totp(None, &attempt, malformed).err();
        assert_eq!(refusal, Some(Refusal::SignIn(SignInRefusal::CodeMalformed { digits: 6 })));
    }
    assert_eq!(desk.slice.counters, counted, "what can be no code is no try");
    let wrong = Secret::from_text("000000".into());
    assert_eq!(
        desk.totp(None, &attempt, wrong).err(),
        Some(Refusal::SignIn(SignInRefusal::CodeWrong))
    );
    assert_ne!(desk.slice.counters, counted);
    desk.wait(Span::seconds(30));
    let code = desk.code();
    assert!(desk.totp(None, &attempt, code).is_ok(), "a wrong code leaves the attempt standing");
}

/// ASVS 6.5.4.
#[test]
fn activation_code_has_six_digits_that_are_drawn_anew() {
    let mut desk = Desk::enrolled();
    let mut codes = Vec::new();
    for _ in 0..20 {
        desk.at_activation();
        codes.push(desk.mailed());
        desk.wait(Span::minutes(11));
    }
    let is_code = |code: &String| code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit());
    assert!(codes.iter().all(is_code), "{codes:?}");
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), 20, "{codes:?}");
}

#[test]
fn activation_code_counts_five_tries_and_ten_minutes() {
    let mut desk = Desk::enrolled();
    let attempt = desk.at_activation();
    let code = desk.mailed();
    assert_eq!(desk.slice.devices[0].standing(desk.now), Standing::Pending);
    for tries_left in [4, 3, 2, 1, 0] {
        let malformed = desk.activate(&attempt, "no code").err();
        assert_eq!(
            malformed,
            Some(Refusal::SignIn(SignInRefusal::CodeMalformed { digits: 6 })),
            "no try"
        );
        let refusal = desk.activate(&attempt, "000000").err();
        assert_eq!(refusal, Some(Refusal::SignIn(SignInRefusal::ActivationWrong { tries_left })));
    }
    desk.wait(Span::minutes(1));
    ended(desk.activate(&attempt, &code));
    assert!(desk.slice.devices.is_empty(), "a device that was never trusted is forgotten");

    let attempt = desk.at_activation();
    let code = desk.mailed();
    desk.wait(Span::minutes(9));
    let typed = format!("{} {}", &code[..3], &code[3..]);
    assert!(desk.activate(&attempt, &typed).is_ok(), "spaces do not count");
    let attempt = desk.at_activation();
    let code = desk.mailed();
    desk.wait(Span::minutes(10));
    let refusal = desk.activate(&attempt, &code).err();
    assert!(
        matches!(refusal, Some(Refusal::SignIn(SignInRefusal::CodeExpired { .. }))),
        "{refusal:?}"
    );
    assert!(desk.slice.counters.is_empty(), "a code that is too late is no guess");
    desk.visit(None, sign_in::Command::Resend { attempt: copy(&attempt) }).ok().unwrap();
    let code = desk.mailed();
    desk.wait(Span::minutes(25));
    ended(desk.activate(&attempt, &code));
}

#[test]
fn activation_code_works_only_in_the_attempt_that_asked_for_it() {
    let mut desk = Desk::enrolled();
    let one = desk.at_activation();
    let code_of_one = desk.mailed();
    let two = desk.at_activation();
    assert_ne!(code_of_one, desk.mailed());
    let refusal = desk.activate(&two, &code_of_one).err();
    assert_eq!(refusal, Some(Refusal::SignIn(SignInRefusal::ActivationWrong { tries_left: 4 })));
    assert!(desk.activate(&one, &code_of_one).is_ok());
}

#[test]
fn codes_are_sent_again_after_a_wait_and_three_times_at_most() {
    let mut desk = Desk::enrolled();
    let attempt = desk.at_activation();
    let first = desk.mailed();
    let resend = |desk: &mut Desk| {
        desk.visit(None, sign_in::Command::Resend { attempt: copy(&attempt) }).err()
    };
    let refusal = resend(&mut desk);
    assert!(
        matches!(refusal, Some(Refusal::SignIn(SignInRefusal::ResendTooSoon { .. }))),
        "{refusal:?}"
    );
    for _ in 0..2 {
        desk.wait(sign_in::RESEND_WAIT);
        assert_eq!(resend(&mut desk), None);
    }
    desk.wait(sign_in::RESEND_WAIT);
    assert_eq!(
        resend(&mut desk),
        Some(Refusal::SignIn(SignInRefusal::ResendLimit { sent: 3, limit: 3 }))
    );
    let old = desk.activate(&attempt, &first).err();
    assert_eq!(
        old,
        Some(Refusal::SignIn(SignInRefusal::ActivationWrong { tries_left: 4 })),
        "the last code alone works"
    );
    let code = desk.mailed();
    assert!(desk.activate(&attempt, &code).is_ok());
}

#[test]
fn unknown_name_wrong_password_and_no_password_are_answered_alike() {
    let mut known = Desk::enrolled();
    let mut bare = Desk::bare();
    let mut unknown = Desk::bare();
    unknown.slice = Slice::of_stranger(access::Digest::of(b"nobody"));
    let mut answers = Vec::new();
    for desk in [&mut known, &mut bare, &mut unknown] {
        let mut refusals = Vec::new();
        for _ in 0..8 {
            refusals.push(desk.password(None, false).err().unwrap().code());
        }
        answers.push(refusals);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
    assert_eq!(answers[0][..5], ["SIGN_IN_FAILED"; 5]);
    assert_eq!(answers[0][5..], ["THROTTLED"; 3]);
}

#[test]
fn proof_against_a_row_that_moved_is_asked_for_again() {
    let mut desk = Desk::enrolled();
    let stale = desk.proof(true);
    let hash = Secret::from_text("$argon2id$another".into());
    let set = authenticator::Command::SetPassword { hash, old: None };
    desk.system(Command::Authenticator(set)).ok().unwrap();
    let before = desk.events.len();
    let answer = desk.visit(None, sign_in::Command::Password { proof: stale });
    assert_eq!(answer.err(), Some(Refusal::SignIn(SignInRefusal::ProofStale)));
    assert_eq!(desk.events.len(), before, "nothing is recorded: it is asked again at once");
}

#[test]
fn password_alone_never_signs_in() {
    let mut desk = Desk::bare();
    let hash = Secret::from_text("$argon2id$".into());
    let set = authenticator::Command::SetPassword { hash, old: None };
    desk.system(Command::Authenticator(set)).ok().unwrap();
    assert_eq!(
        desk.password(None, true).err(),
        Some(Refusal::SignIn(SignInRefusal::SecondFactorMissing))
    );
}

#[test]
fn blocked_device_is_told_only_after_the_password() {
    let mut desk = Desk::enrolled();
    let done = desk.signed_in();
    let token = done.device_token.unwrap();
    let block = device::Command::Block { device: done.device };
    desk.system(Command::Device(block)).ok().unwrap();
    assert!(desk.slice.sessions.is_empty());
    let wrong = desk.password(Some(&token), false).err();
    assert_eq!(wrong, Some(Refusal::SignIn(SignInRefusal::SignInFailed)));
    assert_eq!(
        desk.password(Some(&token), true).err(),
        Some(Refusal::Session(SessionRefusal::DeviceBlocked))
    );
}

#[test]
fn link_signs_in_once_in_its_time_and_trusts_the_browser() {
    let mut desk = Desk::enrolled();
    let token = desk.link(Purpose::SignIn);
    let newer = desk.link(Purpose::SignIn);
    assert_eq!(
        desk.open(&token).err(),
        Some(Refusal::Session(SessionRefusal::LinkEnded)),
        "a newer one replaces it"
    );
    let done = desk.open(&newer).ok().unwrap();
    assert!(done.device_token.is_some());
    assert_eq!(desk.open(&newer).err(), Some(Refusal::Session(SessionRefusal::LinkEnded)));
    let late = desk.link(Purpose::SignIn);
    desk.wait(Span::minutes(15));
    assert_eq!(desk.open(&late).err(), Some(Refusal::Session(SessionRefusal::LinkEnded)));
}

#[test]
fn enrolment_link_may_only_enrol_until_that_is_done() {
    let mut desk = Desk::bare();
    let token = desk.link(Purpose::Enrolment);
    desk.wait(Span::hours(23));
    let SignedIn { session, .. } = desk.open(&token).ok().unwrap();
    let by = By::Session(session);
    let acts = |desk: &Desk| {
        desk.slice
            .session_entitlements(
                desk.slice.session(session).unwrap(),
                crate::desk::account(),
                false,
            )
            .unwrap()
            .acts
    };
    assert_eq!(acts(&desk), access::entitlements::Acts::ENROL);
    let hash = Secret::from_text("$argon2id$".into());
    let set = authenticator::Command::SetPassword { hash, old: None };
    desk.by(by, Command::Authenticator(set)).ok().unwrap();
    let offer = || Command::Authenticator(authenticator::Command::OfferTotp);
    let Ok(Answer::TotpOffered { seed, .. }) = desk.by(by, offer()) else { panic!("no seed") };
    let Ok(Answer::TotpOffered { seed: again, .. }) = desk.by(by, offer()) else { panic!("no") };
    assert!(seed.matches(again.expose()), "a reloaded page shows the same seed");
    let offered = desk.slice.offered_totp().unwrap();
    desk.seed = offered.open_seed(&desk.key).unwrap().expose().to_vec();
    let confirm = |code| Command::Authenticator(authenticator::Command::ConfirmTotp { code });
    let wrong = desk.by(by, confirm(Secret::from_text("000000".into())));
    assert_eq!(wrong.err(), Some(Refusal::SignIn(SignInRefusal::CodeWrong)));
    assert!(desk.slice.totp().is_none());
    let code = desk.code();
    desk.by(by, confirm(code)).ok().unwrap();
    assert_eq!(acts(&desk), access::entitlements::Acts::ALL);
    desk.signed_in();
}

fn passkey(desk: &mut Desk, counter: u32) -> Assertion {
    let done = desk.signed_in();
    let handle = vec![1, 2, 3];
    let passkey = Passkey {
        handle: handle.clone(),
        data: "{}".into(),
        model: String::new(),
        backed_up: false,
        counter,
        suspect_at: None,
    };
    let registration = Registration { passkey, user_verified: true, began_at: desk.now };
    let add = authenticator::Command::AddPasskey { registration, name: "Key".into() };
    desk.by(By::Session(done.session), Command::Authenticator(add)).ok().unwrap();
    Assertion {
        handle,
        user_verified: true,
        backed_up: false,
        counter: counter + 1,
        data: None,
        began_at: desk.now,
        begun: Beginner { key: Some(crate::desk::key()), ..Beginner::default() },
    }
}

fn with(desk: &mut Desk, assertion: &Assertion) -> Option<Refusal> {
    desk.visit(None, sign_in::Command::Passkey { outcome: Ok(assertion.clone()) }).err()
}

#[test]
fn passkey_that_verified_its_user_signs_in_alone_on_a_new_browser() {
    let mut desk = Desk::enrolled();
    let assertion = passkey(&mut desk, 5);
    assert_eq!(with(&mut desk, &assertion), None);
    assert_eq!(desk.slice.sessions.len(), 2);
    assert_eq!(desk.slice.devices.len(), 2);
    assert!(desk.slice.devices.iter().all(|one| one.standing(desk.now) == Standing::Trusted));
}

#[test]
fn passkey_that_does_not_count_says_why_and_is_never_throttled() {
    let mut desk = Desk::enrolled();
    let good = passkey(&mut desk, 5);
    let late = desk.now - Span::minutes(6);
    for (bad, fault) in [
        (Assertion { user_verified: false, ..good.clone() }, PasskeyFault::UserNotVerified),
        (Assertion { began_at: late, ..good.clone() }, PasskeyFault::CeremonyEnded),
        (Assertion { handle: vec![9], ..good.clone() }, PasskeyFault::Unknown),
    ] {
        let refusal = with(&mut desk, &bad);
        assert_eq!(refusal, Some(Refusal::SignIn(SignInRefusal::PasskeyRefused { reason: fault })));
    }
    let failed = sign_in::Command::Passkey { outcome: Err(PasskeyFault::Invalid) };
    let refusal = desk.visit(None, failed).err();
    assert_eq!(
        refusal,
        Some(Refusal::SignIn(SignInRefusal::PasskeyRefused { reason: PasskeyFault::Invalid }))
    );
    assert!(desk.slice.counters.is_empty());
    assert_eq!(with(&mut desk, &good), None, "a fault leaves the passkey working");
}

#[test]
fn passkey_whose_counter_does_not_rise_is_suspect_on_record_and_leaves_the_others_working() {
    for given in [0, 4, 5] {
        let mut desk = Desk::enrolled();
        let good = passkey(&mut desk, 5);
        let before = desk.events.len();
        let refusal = with(&mut desk, &Assertion { counter: given, ..good.clone() });
        let fault = PasskeyFault::CounterFell { stored: 5, given };
        assert_eq!(refusal, Some(Refusal::SignIn(SignInRefusal::PasskeyRefused { reason: fault })));
        let kinds: Vec<_> = desk.events[before..].iter().map(Event::kind).collect();
        assert_eq!(kinds, ["authenticator.suspected", "notice.queued", "refused"]);
        let Event::Notice(access::notice::Event::Queued(told)) = &desk.events[before + 1] else {
            panic!("no notice")
        };
        assert!(told.text.starts_with("The passkey Key was refused"), "{}", told.text);
        assert!(told.text.contains("from 192.0.2.7"), "{}", told.text);
        // A good counter comes too late, and is refused without another notice.
        let since = desk.slice.passkeys().next().unwrap().1.suspect_at.unwrap();
        let fault = PasskeyFault::Suspect { since };
        let before = desk.events.len();
        assert_eq!(
            with(&mut desk, &good),
            Some(Refusal::SignIn(SignInRefusal::PasskeyRefused { reason: fault }))
        );
        let kinds: Vec<_> = desk.events[before..].iter().map(Event::kind).collect();
        assert_eq!(kinds, ["refused"]);
        // The other ways work, and the suspect one can be removed: it was no longer a way in.
        let by = By::Session(desk.signed_in().session);
        let id = desk.slice.passkeys().next().unwrap().0.id;
        let remove = authenticator::Command::Remove { authenticator: id };
        desk.by(by, Command::Authenticator(remove)).ok().unwrap();
    }
}

#[test]
fn step_up_by_a_copied_passkey_makes_it_suspect_and_proves_nothing() {
    let mut desk = Desk::enrolled();
    let good = passkey(&mut desk, 5);
    let session = desk.slice.sessions[0].clone();
    let copied = Assertion { counter: 5, ..good };
    let command = access::step_up::Command::Passkey { outcome: Ok(copied) };
    let refusal = desk.by(By::Session(session.id), Command::StepUp(command)).err();
    let fault = PasskeyFault::CounterFell { stored: 5, given: 5 };
    assert_eq!(refusal, Some(Refusal::SignIn(SignInRefusal::PasskeyRefused { reason: fault })));
    assert!(desk.slice.working_passkeys().next().is_none());
    assert_eq!(desk.slice.session(session.id).unwrap().proven_at, session.proven_at);
}

#[test]
fn person_with_a_suspect_passkey_alone_is_not_enrolled() {
    let mut desk = Desk::enrolled();
    let good = passkey(&mut desk, 5);
    with(&mut desk, &Assertion { counter: 5, ..good }).unwrap();
    desk.slice.authenticators.retain(|one| matches!(one.kind, authenticator::Kind::Passkey(_)));
    assert!(!desk.slice.is_enrolled());
}

#[test]
fn passkey_without_a_counter_counts_again_and_again() {
    let mut desk = Desk::enrolled();
    let assertion = Assertion { counter: 0, ..passkey(&mut desk, 0) };
    assert_eq!(with(&mut desk, &assertion), None);
    assert_eq!(with(&mut desk, &assertion), None);
}

#[test]
fn attempts_of_one_person_are_few() {
    let mut desk = Desk::enrolled();
    let oldest = desk.at_totp(None);
    for _ in 0..20 {
        desk.at_totp(None);
        assert!(desk.slice.attempts.len() <= 5);
    }
    let code = desk.code();
    ended(desk.totp(None, &oldest, code));
}

#[test]
fn event_holds_no_secret_that_an_answer_told() {
    let mut desk = Desk::enrolled();
    let assertion = passkey(&mut desk, 0);
    with(&mut desk, &assertion);
    let token = desk.link(Purpose::SignIn);
    desk.open(&token).ok().unwrap();
    desk.at_activation();
    let json = serde_json::to_string(&desk.events).unwrap();
    let seed = data_encoding::HEXLOWER.encode(&desk.seed);
    assert!(desk.told.len() > 10, "{:?}", desk.told);
    // A code of six digits may stand in some hex by chance, so it is sought as a whole word.
    let words: Vec<_> = json.split(|letter: char| !letter.is_ascii_alphanumeric()).collect();
    for secret in desk.told.iter().chain([&seed]) {
        let found =
            if secret.len() > 6 { json.contains(secret) } else { words.contains(&secret.as_str()) };
        assert!(!found, "{secret} is in an event");
    }
    let text: String = desk.events.iter().map(Event::text).collect();
    assert!(desk.told.iter().all(|secret| secret.len() <= 6 || !text.contains(secret)));
    let back: Vec<Event> = serde_json::from_str(&json).unwrap();
    assert_eq!(back, desk.events, "what was written can be read");
    assert_eq!(totp::step(desk.now), desk.now.seconds() / 30);
}
