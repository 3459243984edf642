//! What a recovery brought proves the sessions that it brought, and no others, until its hold is over.

use access::approval::Say;
use access::authenticator::{Command as A, totp};
use access::binding::Beginner;
use access::decision::{Answer, Command};
use access::entitlements::Acts;
use access::moment::Span;
use access::recovery::{HELD_ACTS, HOLD};
use access::refusal::{AuthorityRefusal, ChangeRefusal, SessionRefusal, SignInRefusal};
use access::sign_in::{self, SignedIn};
use access::step_up::Command as StepUp;
use access::{By, Call, Refusal, Secret, approval, device, large_order};

use crate::desk::{Desk, browser, copy};
use crate::recovery::{acts, by, by_passkey, passkey, recovered};

/// Confirms a new app and gives its seed.
fn new_app(desk: &mut Desk, by: By) -> Vec<u8> {
    desk.by(by, Command::Authenticator(A::OfferTotp)).ok().unwrap();
    let offered = desk.slice.offered_totp().unwrap();
    let seed = offered.open_seed(&desk.key).unwrap().expose().to_vec();
    let code = Secret::from_text(totp::code(&seed, totp::step(desk.now)));
    desk.by(by, Command::Authenticator(A::ConfirmTotp { code })).ok().unwrap();
    seed
}

#[test]
fn app_of_a_recovery_counts_beside_the_one_before_it_until_it_is_used_after_the_hold() {
    let mut desk = Desk::enrolled();
    let owner = desk.signed_in().device_token;
    let done = recovered(&mut desk);
    let (old, old_seed) = (desk.slice.totp().unwrap().id, desk.seed.clone());
    desk.by(by(&done), Command::Authenticator(A::OfferTotp)).ok().unwrap();
    assert_eq!(desk.slice.totp().unwrap().id, old, "until the new one is confirmed");
    let first = new_app(&mut desk, by(&done));
    // One that it brings later takes the place of its own alone.
    let seed = new_app(&mut desk, by(&done));
    assert_eq!(desk.slice.totps().count(), 2);
    assert_ne!(desk.slice.totp().unwrap().id, old);
    assert!(desk.slice.offered_totp().is_none());
    let sign_in = |desk: &mut Desk, seed: &[u8], device: Option<&Secret>| {
        desk.wait(Span::minutes(1));
        desk.seed = seed.to_vec();
        let attempt = desk.at_totp(device);
        let code = desk.code();
        let Answer::SignedIn(done) = desk.totp(device, &attempt, code)? else { panic!("no") };
        let held = desk.slice.session(done.session).unwrap().held_until.is_some();
        assert_eq!(acts(desk, done.session, false).0 == Acts::ALL, !held);
        Ok::<_, Refusal>(held)
    };
    let device = done.device_token.as_ref();
    assert_eq!(sign_in(&mut desk, &first, device), Err(Refusal::SignIn(SignInRefusal::CodeWrong)));
    assert_eq!(sign_in(&mut desk, &seed, device), Ok(true));
    assert_eq!(sign_in(&mut desk, &old_seed, owner.as_ref()), Ok(false), "its person is whole");
    assert_eq!(desk.slice.totps().count(), 2);
    desk.wait(HOLD);
    assert_eq!(sign_in(&mut desk, &seed, device), Ok(false));
    assert_eq!(desk.slice.totps().count(), 1, "the one before goes");
    assert_eq!(
        sign_in(&mut desk, &old_seed, owner.as_ref()),
        Err(Refusal::SignIn(SignInRefusal::CodeWrong))
    );
}

/// The code of an app now.
fn code(desk: &Desk, seed: &[u8]) -> Secret {
    Secret::from_text(totp::code(seed, totp::step(desk.now)))
}

fn offered(desk: &mut Desk, by: By) -> Vec<u8> {
    desk.by(by, Command::Authenticator(A::OfferTotp)).ok().unwrap();
    let offered = desk.slice.offered_totp().unwrap();
    offered.open_seed(&desk.key).unwrap().expose().to_vec()
}

#[test]
fn app_that_was_offered_before_is_not_the_one_of_a_recovery_or_of_another_session() {
    let mut desk = Desk::enrolled();
    let owner = desk.signed_in();
    desk.by(by(&owner), Command::Authenticator(passkey(&desk, 7))).ok().unwrap();
    let authenticator = desk.slice.totp().unwrap().id;
    desk.by(by(&owner), Command::Authenticator(A::Remove { authenticator })).ok().unwrap();
    let first = offered(&mut desk, by(&owner));
    assert_eq!(offered(&mut desk, by(&owner)), first, "a page loaded again");
    desk.wait(Span::minutes(1));
    let other = by_passkey(&mut desk, 7).unwrap();
    let typed = code(&desk, &first);
    let theirs = desk.by(by(&other), Command::Authenticator(A::ConfirmTotp { code: typed }));
    assert!(matches!(theirs.err(), Some(Refusal::Change(ChangeRefusal::NotFound { .. }))));
    let second = offered(&mut desk, by(&other));
    assert_ne!(second, first);
    let done = recovered(&mut desk);
    assert!(desk.slice.offered_totp().is_none());
    let seed = new_app(&mut desk, by(&done));
    assert!(seed != first && seed != second);
    desk.wait(Span::minutes(1));
    desk.seed = seed;
    let attempt = desk.at_totp(done.device_token.as_ref());
    let typed = desk.code();
    let device = done.device_token.as_ref();
    let Ok(Answer::SignedIn(new)) = desk.totp(device, &attempt, typed) else { panic!("no") };
    assert_eq!(acts(&desk, new.session, false).0, HELD_ACTS);
}

/// A person whom a recovery shut out of nothing: a session of it, and a whole one, with the seeds of
/// the app that it brought and of the one before.
fn both() -> (Desk, SignedIn, SignedIn, [Vec<u8>; 2]) {
    let mut desk = Desk::enrolled();
    let device = desk.signed_in().device_token.unwrap();
    let done = recovered(&mut desk);
    let old = desk.seed.clone();
    let new = new_app(&mut desk, by(&done));
    desk.wait(Span::minutes(1));
    let attempt = desk.at_totp(Some(&device));
    let typed = desk.code();
    let Ok(Answer::SignedIn(owner)) = desk.totp(Some(&device), &attempt, typed) else {
        panic!("no")
    };
    assert_eq!(acts(&desk, owner.session, false).0, Acts::ALL);
    desk.wait(Span::minutes(1));
    (desk, done, owner, [new, old])
}

fn step_up(desk: &mut Desk, on: &SignedIn, seed: &[u8]) -> Option<Refusal> {
    let (proof, code) = (desk.proof(true), code(desk, seed));
    desk.by(by(on), Command::StepUp(StepUp::Password { proof, code })).err()
}

#[test]
fn app_and_passkey_of_a_recovery_prove_no_session_from_outside_of_it() {
    let (mut desk, done, owner, [new, old]) = both();
    let refused = step_up(&mut desk, &owner, &new);
    assert!(
        matches!(refused, Some(Refusal::Session(SessionRefusal::ProofHeld { .. }))),
        "{refused:?}"
    );
    desk.wait(Span::minutes(1));
    assert_eq!(step_up(&mut desk, &done, &new), None);
    assert_eq!(step_up(&mut desk, &owner, &old), None);
    desk.by(by(&done), Command::Authenticator(passkey(&desk, 1))).ok().unwrap();
    let assertion = access::authenticator::passkey::Assertion {
        handle: vec![1],
        user_verified: true,
        backed_up: false,
        counter: 0,
        data: None,
        began_at: desk.now,
        begun: Beginner { key: Some(crate::desk::key()), ..Beginner::default() },
    };
    let prove = Command::StepUp(StepUp::Passkey { outcome: Ok(assertion) });
    let refused = desk.by(by(&owner), prove).err();
    assert!(
        matches!(refused, Some(Refusal::Session(SessionRefusal::ProofHeld { .. }))),
        "{refused:?}"
    );
    desk.wait(HOLD);
    let again = by_passkey(&mut desk, 1).unwrap();
    assert_eq!(step_up(&mut desk, &again, &new), None, "after the hold it is like any other");
}

#[test]
fn app_from_before_a_recovery_signs_in_whole_on_a_new_browser_too() {
    let (mut desk, _, _, [new, old]) = both();
    for (seed, held) in [(old, false), (new, true)] {
        desk.seed = seed;
        let done = desk.signed_in_by_code();
        let session = desk.slice.session(done.session).unwrap();
        assert_eq!(session.held_until.is_some(), held);
    }
}

#[test]
fn app_that_goes_takes_the_sign_ins_under_way_along() {
    let (mut desk, done, _, [new, old]) = both();
    desk.wait(HOLD);
    desk.seed = old;
    let waits = desk.at_activation();
    let mailed = desk.mailed();
    desk.wait(Span::minutes(1));
    desk.seed = new;
    let device = done.device_token.as_ref();
    let attempt = desk.at_totp(device);
    let typed = desk.code();
    assert!(desk.totp(device, &attempt, typed).is_ok());
    assert_eq!(desk.slice.totps().count(), 1);
    assert_eq!(
        desk.activate(&waits, &mailed).err(),
        Some(Refusal::SignIn(SignInRefusal::AttemptEnded))
    );
}

/// A phone that a session of a recovery added.
fn new_phone(desk: &mut Desk, done: &SignedIn) -> SignedIn {
    let issue = access::link::Command::Issue { purpose: access::link::Purpose::Phone };
    let Ok(Answer::Link { token, .. }) = desk.by(by(done), Command::Link(issue)) else {
        panic!("no link")
    };
    let phone = desk.open(&token).unwrap();
    assert!(desk.slice.session(phone.session).unwrap().held_until.is_some());
    let number = device::phone_number(desk.slice.device(phone.device).unwrap(), &desk.key);
    let number = number.unwrap().unwrap();
    let confirm = device::Command::ConfirmPhone { device: phone.device, number, instead: None };
    assert!(desk.by(by(done), Command::Device(confirm)).is_ok());
    phone
}

fn says_yes(desk: &mut Desk, phone: &SignedIn, approval: access::ApprovalId) {
    let number = desk.slice.approval(approval).unwrap().open_number(&desk.key).unwrap();
    let number = number.unwrap_or_else(|| Secret::from_text(String::new()));
    let signed_by = crate::desk::key();
    let answer = approval::Command::Answer { approval, say: Say::Yes, number, signed_by };
    let source = browser(None);
    let call = Call { by: By::Session(phone.session), source, command: Command::Approval(answer) };
    assert!(desk.call(&call).is_ok());
}

#[test]
fn phone_added_in_a_recovery_approves_held_sessions_alone() {
    let mut desk = Desk::enrolled();
    let done = recovered(&mut desk);
    let phone = new_phone(&mut desk, &done);
    let attempt = desk.at_totp(None);
    let ask = sign_in::Command::AskApproval { attempt: copy(&attempt) };
    let Ok(Answer::ApprovalAsked { approval }) = desk.visit(None, ask) else { panic!("no ask") };
    says_yes(&mut desk, &phone, approval);
    let approved = desk.visit(None, sign_in::Command::Approved { attempt });
    let Ok(Answer::SignedIn(new)) = approved else { panic!("not signed in") };
    assert_eq!(acts(&desk, new.session, false).0, HELD_ACTS);
}

#[test]
fn phone_added_in_a_recovery_approves_no_step_up_and_no_order_from_outside_of_it() {
    let (mut desk, done, owner, _) = both();
    let phone = new_phone(&mut desk, &done);
    let ask = Command::Approval(approval::Command::AskStepUp);
    let Ok(Answer::ApprovalAsked { approval }) = desk.by(by(&owner), ask) else { panic!("no") };
    says_yes(&mut desk, &phone, approval);
    let refused = desk.by(by(&owner), Command::StepUp(StepUp::Approved)).err();
    assert!(
        matches!(refused, Some(Refusal::Session(SessionRefusal::ProofHeld { .. }))),
        "{refused:?}"
    );
    let act = access::entitlements::Act::PlaceOrder;
    let terms = vec![("Side".to_owned(), "Buy".to_owned()), ("Cost at most".into(), "1".into())];
    let ask = large_order::Command::Ask {
        account: crate::desk::account(),
        act,
        terms: terms.clone().into(),
        facts: Vec::new().into(),
    };
    let asked = desk.by(by(&owner), Command::LargeOrder(ask));
    let Ok(Answer::ApprovalAsked { approval }) = asked else { panic!("no") };
    says_yes(&mut desk, &phone, approval);
    let send = large_order::Command::Use {
        account: crate::desk::account(),
        act,
        terms: terms.into(),
        approval: Some(approval),
    };
    let refused = desk.by(by(&owner), Command::LargeOrder(send)).err();
    assert!(
        matches!(refused, Some(Refusal::Session(SessionRefusal::ProofHeld { .. }))),
        "{refused:?}"
    );
}

/// Anyone who has a browser that was trusted once, its key included, makes no phone from before of it.
#[test]
fn browser_from_before_a_recovery_becomes_a_phone_of_it_as_a_new_device() {
    let mut desk = Desk::enrolled();
    let before = desk.signed_in();
    let done = recovered(&mut desk);
    let issue = access::link::Command::Issue { purpose: access::link::Purpose::Phone };
    let Ok(Answer::Link { token, .. }) = desk.by(by(&done), Command::Link(issue)) else {
        panic!("no link")
    };
    let link = sign_in::Command::Link { token };
    let Ok(Answer::SignedIn(phone)) = desk.visit(before.device_token.as_ref(), link) else {
        panic!("not signed in")
    };
    assert_ne!(phone.device, before.device);
    let device = desk.slice.device(phone.device).unwrap();
    assert_eq!(device.created_at, desk.now);
    assert!(desk.slice.session(phone.session).unwrap().held_until.is_some());
}

/// One that was offered before, and opened by anyone who saw the link, is confirmed by no session of it.
#[test]
fn phone_that_was_offered_before_a_recovery_is_confirmed_by_whole_sessions_alone() {
    let mut desk = Desk::enrolled();
    let device = desk.signed_in().device_token.unwrap();
    let token = desk.link(access::link::Purpose::Phone);
    let phone = desk.open(&token).unwrap();
    let done = recovered(&mut desk);
    desk.wait(Span::minutes(1));
    let attempt = desk.at_totp(Some(&device));
    let typed = desk.code();
    let Ok(Answer::SignedIn(owner)) = desk.totp(Some(&device), &attempt, typed) else {
        panic!("no")
    };
    let confirm = |desk: &mut Desk, by: By| {
        let number = device::phone_number(desk.slice.device(phone.device).unwrap(), &desk.key);
        let number = number.unwrap().unwrap();
        let command = device::Command::ConfirmPhone { device: phone.device, number, instead: None };
        desk.by(by, Command::Device(command)).err()
    };
    let refused = confirm(&mut desk, by(&done));
    assert!(
        matches!(refused, Some(Refusal::Authority(AuthorityRefusal::RecoveryHolds { .. }))),
        "{refused:?}"
    );
    assert_eq!(confirm(&mut desk, by(&owner)), None);
}

/// What the messages of a recovery advise: a new password, set in a whole session, holds nobody.
#[test]
fn password_that_a_whole_session_changed_proves_it_with_the_app_from_before() {
    let (mut desk, done, owner, [new, old]) = both();
    let change = |desk: &Desk| {
        let (hash, old) = (Secret::from_text("$new".into()), Some(desk.proof(true)));
        Command::Authenticator(A::SetPassword { hash, old })
    };
    assert!(matches!(
        desk.by(by(&done), change(&desk)).err(),
        Some(Refusal::Authority(AuthorityRefusal::RecoveryHolds { .. }))
    ));
    desk.by(by(&owner), change(&desk)).ok().unwrap();
    assert_eq!(step_up(&mut desk, &owner, &old), None);
    desk.seed = old;
    let again = desk.signed_in_by_code();
    assert!(desk.slice.session(again.session).unwrap().held_until.is_none());
    desk.seed = new;
    let held = desk.signed_in_by_code();
    assert!(desk.slice.session(held.session).unwrap().held_until.is_some());
}

#[test]
fn proof_that_is_held_is_used_up() {
    let (mut desk, _, owner, [new, _]) = both();
    let refused = step_up(&mut desk, &owner, &new);
    assert!(
        matches!(refused, Some(Refusal::Session(SessionRefusal::ProofHeld { .. }))),
        "{refused:?}"
    );
    assert_eq!(
        step_up(&mut desk, &owner, &new),
        Some(Refusal::SignIn(SignInRefusal::CodeReplayed))
    );
}

#[test]
fn app_that_a_held_session_was_offered_is_not_offered_to_an_older_one() {
    let (mut desk, done, owner, _) = both();
    desk.by(by(&owner), Command::Authenticator(passkey(&desk, 7))).ok().unwrap();
    for authenticator in desk.slice.totps().map(|one| one.id).collect::<Vec<_>>() {
        desk.by(by(&owner), Command::Authenticator(A::Remove { authenticator })).ok().unwrap();
    }
    let first = offered(&mut desk, by(&done));
    assert_ne!(offered(&mut desk, by(&owner)), first);
}
