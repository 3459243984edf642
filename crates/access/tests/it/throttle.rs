//! Who is shut out by failures, and who is not.

use access::authenticator;
use access::decision::{Answer, Command, decide};
use access::link::Purpose;
use access::moment::Span;
use access::refusal::{ApprovalRefusal, SignInRefusal};
use access::throttle::{LIMIT, Place};
use access::{By, Call, Digest, Event, Refusal, Secret, Slice, sign_in};

use crate::desk::{Desk, browser};

/// An attacker who never stops, from everywhere but the owner's browser.
fn storm(desk: &mut Desk, failures: u32) {
    for _ in 0..failures {
        desk.wait(Span::minutes(15));
        assert_eq!(
            desk.password(None, false).err(),
            Some(Refusal::SignIn(SignInRefusal::SignInFailed))
        );
    }
}

#[test]
fn storm_from_elsewhere_shuts_only_the_untrusted_way() {
    let mut desk = Desk::enrolled();
    let device = desk.signed_in().device_token.unwrap();
    storm(&mut desk, LIMIT);
    let stopped =
        Refusal::SignIn(SignInRefusal::AuthenticatorStopped { failures: LIMIT, limit: LIMIT });
    desk.wait(Span::days(1));
    assert_eq!(desk.password(None, true).err(), Some(stopped));
    let attempt = desk.at_totp(Some(&device));
    let code = desk.code();
    assert!(matches!(desk.totp(Some(&device), &attempt, code), Ok(Answer::SignedIn(_))));
    assert!(desk.slice.counters.iter().all(|one| one.place == Place::Untrusted));
}

#[test]
fn failures_on_a_trusted_device_shut_that_device_alone() {
    let mut desk = Desk::enrolled();
    let stolen = desk.signed_in().device_token.unwrap();
    for _ in 0..5 {
        assert_eq!(
            desk.password(Some(&stolen), false).err(),
            Some(Refusal::SignIn(SignInRefusal::SignInFailed))
        );
    }
    let refusal = desk.password(Some(&stolen), true).err();
    assert!(
        matches!(refusal, Some(Refusal::SignIn(SignInRefusal::Throttled { failures: 5, .. }))),
        "{refusal:?}"
    );
    desk.at_totp(None);
}

#[test]
fn try_in_the_wait_is_neither_checked_nor_counted() {
    let mut desk = Desk::enrolled();
    for _ in 0..5 {
        desk.password(None, false).err().unwrap();
    }
    let Some(Refusal::SignIn(SignInRefusal::Throttled { retry_at, .. })) =
        desk.password(None, true).err()
    else {
        panic!("no wait")
    };
    for _ in 0..50 {
        let refusal = desk.password(None, false).err();
        assert_eq!(
            refusal,
            Some(Refusal::SignIn(SignInRefusal::Throttled { failures: 5, retry_at }))
        );
    }
    desk.now = retry_at;
    desk.at_totp(None);
}

#[test]
fn device_token_of_nobody_counts_as_untrusted() {
    let mut desk = Desk::enrolled();
    let made_up = Secret::from_text("fpd_made-up".into());
    for _ in 0..5 {
        desk.password(Some(&made_up), false).err().unwrap();
    }
    assert_eq!(desk.slice.counters.len(), 1);
    assert!(matches!(
        desk.password(None, true).err(),
        Some(Refusal::SignIn(SignInRefusal::Throttled { .. }))
    ));
}

#[test]
fn link_or_reset_opens_a_stopped_way_again() {
    let mut desk = Desk::enrolled();
    storm(&mut desk, LIMIT);
    let token = desk.link(Purpose::SignIn);
    desk.open(&token).ok().unwrap();
    assert!(desk.slice.counters.is_empty());
    storm(&mut desk, LIMIT);
    let reset = authenticator::Command::ResetTotp;
    desk.system(Command::Authenticator(reset)).ok().unwrap();
    assert!(desk.slice.counters.is_empty());
}

#[test]
fn guessing_of_totp_and_activation_codes_is_counted_over_attempts() {
    let mut desk = Desk::enrolled();
    for _ in 0..5 {
        let attempt = desk.at_totp(None);
        let wrong = Secret::from_text("000000".into());
        assert_eq!(
            desk.totp(None, &attempt, wrong).err(),
            Some(Refusal::SignIn(SignInRefusal::CodeWrong))
        );
    }
    let attempt = desk.at_totp(None);
    let code = desk.code();
    let refusal = desk.totp(None, &attempt, code).err();
    assert!(
        matches!(refusal, Some(Refusal::SignIn(SignInRefusal::Throttled { failures: 5, .. }))),
        "{refusal:?}"
    );
    desk.wait(Span::minutes(1));
    let attempt = desk.at_activation();
    for _ in 0..5 {
        let refusal = desk.activate(&attempt, "000000").err();
        assert!(
            matches!(refusal, Some(Refusal::SignIn(SignInRefusal::ActivationWrong { .. }))),
            "{refusal:?}"
        );
    }
    let attempt = desk.at_totp(None);
    desk.wait(Span::seconds(1));
    let code = Secret::from_text(access::authenticator::totp::code(
        &desk.seed,
        access::authenticator::totp::step(desk.now) + 1,
    ));
    let refusal = desk.totp(None, &attempt, code).err();
    assert!(
        matches!(refusal, Some(Refusal::SignIn(SignInRefusal::Throttled { failures: 5, .. }))),
        "{refusal:?}"
    );
}

#[test]
fn wrong_password_of_an_unknown_name_brings_one_entry_of_evidence_and_still_counts() {
    let mut desk = Desk::bare();
    desk.slice = Slice::of_stranger(Digest([9; 32]));
    for failures in 1..=5 {
        desk.events.clear();
        let refusal = desk.password(None, false).err();
        assert_eq!(refusal, Some(Refusal::SignIn(SignInRefusal::SignInFailed)));
        let entries: Vec<_> =
            desk.events.iter().filter(|one| one.is_evidence()).map(Event::kind).collect();
        assert_eq!(entries, ["refused"]);
        assert_eq!(desk.slice.stranger.unwrap().failures, failures);
    }
    let moment = desk.moment();
    let proof = desk.proof(false);
    let command = Command::SignIn(sign_in::Command::Password { proof });
    let call = Call { by: By::Visitor, source: browser(None), command };
    let refused = decide(&desk.slice, &call, &moment, &desk.key);
    assert!(matches!(
        refused.answer,
        Err(Refusal::SignIn(SignInRefusal::Throttled { failures: 5, .. }))
    ));
    assert!(refused.beside_refusal().is_some_and(<[_]>::is_empty));
    desk.wait(Span::hours(1));
    let moment = desk.moment();
    let failed = decide(&desk.slice, &call, &moment, &desk.key);
    assert_eq!(failed.beside_refusal().map(<[_]>::len), Some(1), "the counter is committed");
    let known = Desk::enrolled();
    let moment = Desk::enrolled().moment();
    let proof = known.proof(false);
    let command = Command::SignIn(sign_in::Command::Password { proof });
    let call = Call { by: By::Visitor, source: browser(None), command };
    let failed = decide(&known.slice, &call, &moment, &known.key);
    assert!(failed.beside_refusal().is_none(), "a person's failures are each on record");
}

/// Calls from an address of its own each time.
fn from(number: u32, device: Option<&Secret>) -> access::Source {
    let address = std::net::Ipv4Addr::from(0x0a00_0000 + number);
    access::Source::browser(address.into(), device, Some(crate::desk::key()), "Firefox/140.0")
}

fn guess(desk: &mut Desk, number: u32, command: sign_in::Command) -> Option<Refusal> {
    let command = Command::SignIn(command);
    desk.call(&Call { by: By::Visitor, source: from(number, None), command }).err()
}

/// ASVS 6.3.1: who guesses codes over a thousand addresses gets a hundred guesses in all, and the
/// owner's trusted browser notices nothing.
#[test]
fn codes_guessed_over_a_thousand_addresses_stop_at_the_persons_count() {
    for activates in [false, true] {
        let mut desk = Desk::enrolled();
        let device = desk.signed_in().device_token.unwrap();
        let wrong = || Secret::from_text("000000".into());
        let (mut counted, mut stopped) = (0, 0);
        for number in 0..1_000 {
            desk.wait(Span::minutes(15));
            // The guesser knows the password, and for the second round the app's code too.
            let attempt = if !activates {
                desk.at_totp(None)
            } else if counted < LIMIT {
                desk.at_activation()
            } else {
                let attempt = desk.at_totp(None);
                let code = desk.code();
                let refusal = desk.totp(None, &attempt, code).err();
                assert!(matches!(
                    refusal,
                    Some(Refusal::SignIn(SignInRefusal::AuthenticatorStopped { .. }))
                ));
                stopped += 1;
                continue;
            };
            let command = if activates {
                sign_in::Command::Activate { attempt, code: wrong() }
            } else {
                sign_in::Command::Totp { attempt, code: wrong() }
            };
            match guess(&mut desk, number, command) {
                Some(Refusal::SignIn(
                    SignInRefusal::CodeWrong | SignInRefusal::ActivationWrong { .. },
                )) => counted += 1,
                Some(Refusal::SignIn(SignInRefusal::AuthenticatorStopped {
                    failures: LIMIT,
                    limit: LIMIT,
                })) => {
                    stopped += 1;
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((counted, stopped), (LIMIT, 1_000 - LIMIT), "{activates}");
        desk.wait(Span::minutes(1));
        let attempt = desk.at_totp(Some(&device));
        let code = desk.code();
        assert!(matches!(desk.totp(Some(&device), &attempt, code), Ok(Answer::SignedIn(_))));
    }
}

/// A number of two digits: three tries each, three prompts at once, five in ten minutes. Over a
/// thousand addresses that is no more than from one.
#[test]
fn prompts_asked_for_from_a_thousand_addresses_pause_at_the_persons_count() {
    let mut desk = Desk::enrolled();
    let owner = desk.signed_in();
    let issue = access::link::Command::Issue { purpose: Purpose::Phone };
    let by = By::Session(owner.session);
    let Ok(Answer::Link { token, .. }) = desk.by(by, Command::Link(issue)) else { panic!("no") };
    let phone = desk.open(&token).unwrap();
    let number = access::device::phone_number(desk.slice.device(phone.device).unwrap(), &desk.key);
    let number = number.unwrap().unwrap();
    let confirm =
        access::device::Command::ConfirmPhone { device: phone.device, number, instead: None };
    desk.by(by, Command::Device(confirm)).ok().unwrap();
    let mut asked = 0;
    for number in 0..1_000 {
        let attempt = desk.at_totp(None);
        match guess(&mut desk, number, sign_in::Command::AskApproval { attempt }) {
            None => asked += 1,
            Some(Refusal::Approval(ApprovalRefusal::ApprovalsPaused { .. })) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(asked, 3, "all within a second or two");
}
