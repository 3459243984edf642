//! Cutting: what a lock ends, in which order, and who lifts it.

use access::credential::{self, Door, NewCredential};
use access::decision::{Answer, Command};
use access::device::DeviceRole;
use access::entitlements::Scopes;
use access::lock::{self, Grade, LockTarget};
use access::moment::Span;
use access::refusal::{AuthorityRefusal, ChangeRefusal, SessionRefusal, SignInRefusal};
use access::{By, Event, Refusal, device, session};

use crate::desk::{Desk, account};

fn set(target: LockTarget, grade: Grade) -> Command {
    Command::Lock(lock::Command::Set { target, grade })
}

fn lift(target: LockTarget) -> Command {
    Command::Lock(lock::Command::Lift { target })
}

/// Signed in twice, with a credential.
fn desk() -> (Desk, By) {
    let mut desk = Desk::enrolled();
    let new = NewCredential {
        name: "bot".into(),
        accounts: vec![account()],
        scopes: Scopes::trading(desk.now + Span::days(90)),
        with_token: false,
        door: Door::Socket { port: 7497 },
        serves_api: false,
    };
    let create = credential::Command::Create(Box::new(new));
    desk.system(Command::Credential(create)).ok().unwrap();
    desk.signed_in();
    let by = By::Session(desk.signed_in().session);
    (desk, by)
}

#[test]
fn lock_of_all_ends_sessions_then_credentials_then_devices_and_keeps_the_receipt() {
    for target in [LockTarget::Account(account().into()), LockTarget::Person(desk().0.person())] {
        let (mut desk, by) = desk();
        let before = desk.events.len();
        let Ok(Answer::Locked(lock)) = desk.by(by, set(target, Grade::All)) else {
            panic!("no lock")
        };
        let receipt = &lock.receipt;
        let counts = (receipt.sessions.len(), receipt.credentials.len(), receipt.devices.len());
        assert_eq!(counts, (1, 1, 2));
        let order: Vec<u8> = desk.events[before..]
            .iter()
            .filter_map(|event| match event {
                Event::Lock(lock::Event::Set(_)) => Some(0),
                Event::Session(session::Event::Ended { .. }) => Some(1),
                Event::Credential(credential::Event::Revoked { .. }) => Some(2),
                Event::Device(device::Event::Removed { .. }) => Some(3),
                _ => None,
            })
            .collect();
        assert_eq!(order, [0, 1, 2, 3, 3]);
        assert_eq!(desk.slice.sessions.len(), 1);
        assert_eq!(desk.slice.sessions[0].receipt, Some(lock.id));
        desk.wait(Span::minutes(1));
        let refusal = desk.password(None, true).err();
        assert_eq!(
            refusal,
            Some(Refusal::Authority(AuthorityRefusal::Locked { grade: Grade::All }))
        );
        assert_eq!(
            desk.password(None, false).err(),
            Some(Refusal::SignIn(SignInRefusal::SignInFailed))
        );
    }
}

#[test]
fn lock_is_lifted_by_the_operator_alone_and_revives_nothing() {
    let (mut desk, by) = desk();
    let target = LockTarget::Account(account().into());
    desk.by(by, set(target, Grade::All)).ok().unwrap();
    assert_eq!(desk.by(by, lift(target)).err(), Some(Refusal::Change(ChangeRefusal::OperatorOnly)));
    let operator = By::Operator { uid: 0 };
    assert!(matches!(desk.by(operator, lift(target)), Ok(Answer::Unlocked(_))));
    assert_eq!(desk.by(operator, lift(target)).err(), Some(Refusal::Change(ChangeRefusal::NoLock)));
    assert!(desk.slice.credentials.iter().all(|one| one.revoked.is_some()));
    let session = desk.slice.sessions[0].clone();
    let left = desk.slice.session_entitlements(&session, crate::desk::account(), false).unwrap();
    assert!(left.acts.is_empty(), "the receipt's session stays what it is");
    assert_eq!(desk.password(None, true).err(), Some(Refusal::SignIn(SignInRefusal::SignInFailed)));
}

#[test]
fn lock_only_tightens() {
    let (mut desk, by) = desk();
    let target = LockTarget::Account(account().into());
    let stands = |grade| Some(Refusal::Change(ChangeRefusal::LockStands { grade }));
    assert_eq!(desk.by(by, set(target, Grade::None)).err(), stands(Grade::None));
    assert_eq!(desk.by(by, set(target, Grade::NoNew)).err(), None);
    assert_eq!(desk.by(by, set(target, Grade::NoNew)).err(), stands(Grade::NoNew));
    assert_eq!(desk.by(by, set(target, Grade::ReduceOnly)).err(), stands(Grade::NoNew));
    let credential = &desk.slice.credentials[0];
    let given = credential.entitlements(&desk.slice).unwrap();
    assert_eq!(given.lock, Grade::NoNew);
    assert!(given.acts.contains(access::Act::CancelOrder));
    assert!(!given.acts.contains(access::Act::PlaceOrder));
    assert_eq!(desk.by(by, set(target, Grade::All)).err(), None);
    assert_eq!(desk.slice.locks().count(), 1);
}

#[test]
fn lock_on_anothers_account_or_person_is_not_found() {
    let (mut desk, by) = desk();
    let other = LockTarget::Account("DU0000009".parse().unwrap());
    let person = LockTarget::Person(access::PersonId([9; 16]));
    for target in [other, person] {
        let refusal = desk.by(by, set(target, Grade::All)).err();
        assert_eq!(refusal, Some(Refusal::not_found("person or account")));
    }
}

#[test]
fn lifting_a_lock_of_all_takes_the_old_password_and_app_away_and_other_grades_do_not() {
    for (grade, stays) in [(Grade::NoNew, true), (Grade::All, false)] {
        let (mut desk, _) = desk();
        let target = LockTarget::Account(account().into());
        desk.system(set(target, grade)).ok().unwrap();
        desk.system(lift(target)).ok().unwrap();
        assert_eq!(desk.slice.password().is_some(), stays, "{grade}");
        assert_eq!(desk.slice.totp().is_some(), stays, "{grade}");
        // And nobody is kept out for good.
        let reset = access::authenticator::Command::ResetPassword;
        let link = desk.system(Command::Authenticator(reset)).ok().unwrap();
        assert!(matches!(link, Answer::Link { .. }));
    }
}

/// What a passkey or a password and a code do for the session of `by`.
fn prove(desk: &mut Desk, by: By) {
    desk.wait(Span::seconds(60));
    let command = access::step_up::Command::Password { proof: desk.proof(true), code: desk.code() };
    assert!(matches!(desk.by(by, Command::StepUp(command)), Ok(Answer::Proven { .. })));
}

#[test]
fn own_lock_is_lifted_with_a_proof_that_is_younger_than_it() {
    let (mut desk, by) = desk();
    let (_, other) = (by, By::Session(desk.signed_in().session));
    let target = LockTarget::Account(account().into());
    desk.by(by, set(target, Grade::NoNew)).ok().unwrap();
    // Its sign-in is two minutes old, which is enough for anything else.
    let refused = desk.by(by, lift(target)).err();
    assert!(
        matches!(refused, Some(Refusal::Change(ChangeRefusal::LockUnproven { .. }))),
        "{refused:?}"
    );
    // The proof of one session is none for another.
    prove(&mut desk, by);
    let refused = desk.by(other, lift(target)).err();
    assert!(
        matches!(refused, Some(Refusal::Change(ChangeRefusal::LockUnproven { .. }))),
        "{refused:?}"
    );
    desk.wait(access::decision::RECENT);
    desk.wait(Span::seconds(1));
    let refused = desk.by(by, lift(target)).err();
    assert!(
        matches!(refused, Some(Refusal::Session(SessionRefusal::ProofTooOld { .. }))),
        "{refused:?}"
    );
    prove(&mut desk, by);
    assert!(matches!(desk.by(by, lift(target)), Ok(Answer::Unlocked(_))));
    assert_eq!(desk.slice.locks().count(), 0);
    assert_eq!(desk.by(by, lift(target)).err(), Some(Refusal::Change(ChangeRefusal::OperatorOnly)));
}

#[test]
fn lock_that_the_operator_set_or_had_set_before_is_the_operators_to_lift() {
    let (mut desk, by) = desk();
    let target = LockTarget::Account(account().into());
    for tightened in [false, true] {
        desk.by(By::Operator { uid: 0 }, set(target, Grade::ReduceOnly)).ok().unwrap();
        if tightened {
            desk.by(by, set(target, Grade::NoNew)).ok().unwrap();
        }
        prove(&mut desk, by);
        let refused = desk.by(by, lift(target)).err();
        assert_eq!(
            refused,
            Some(Refusal::Change(ChangeRefusal::OperatorOnly)),
            "tightened: {tightened}"
        );
        desk.system(lift(target)).ok().unwrap();
    }
    // One that its owner tightened is still theirs.
    desk.by(by, set(target, Grade::ReduceOnly)).ok().unwrap();
    desk.by(by, set(target, Grade::NoNew)).ok().unwrap();
    prove(&mut desk, by);
    assert!(matches!(desk.by(by, lift(target)), Ok(Answer::Unlocked(_))));
}

#[test]
fn session_that_could_not_act_without_the_lock_does_not_lift_it() {
    let (mut desk, by) = desk();
    let target = LockTarget::Account(account().into());
    desk.by(by, set(target, Grade::NoNew)).ok().unwrap();
    let device = desk.slice.session(desk_session(by)).unwrap().device;
    for role in [DeviceRole::View, DeviceRole::Automate, DeviceRole::Trade] {
        desk.system(Command::Device(device::Command::SetRole { device, role })).ok().unwrap();
        prove(&mut desk, by);
        let refused = desk.by(by, lift(target)).err();
        assert!(
            matches!(refused, Some(Refusal::Authority(AuthorityRefusal::DeviceRoleNarrow { .. }))),
            "{role}: {refused:?}"
        );
    }
    assert_eq!(desk.slice.locks().count(), 1);
}

fn desk_session(by: By) -> access::SessionId {
    let By::Session(session) = by else { panic!("no session") };
    session
}

#[test]
fn lock_of_before_its_lifter_was_kept_is_the_operators_and_reads_as_it_was() {
    let text = r#"{"sessions":[],"credentials":[],"devices":[]}"#;
    let receipt: lock::Receipt = serde_json::from_str(text).unwrap();
    assert_eq!(receipt.lifted_by, None);
    assert_eq!(serde_json::to_string(&receipt).unwrap(), text, "what is on record keeps its bytes");
}

#[test]
fn lock_of_before_it_said_whose_it_wears_out_goes_on_as_it_was() {
    let (mut desk, _) = desk();
    let target = LockTarget::Account(account().into());
    desk.system(set(target, Grade::All)).ok().unwrap();
    for account in &mut desk.slice.accounts {
        account.locks.iter_mut().for_each(|lock| lock.receipt.worn = None);
    }
    assert!(desk.slice.is_shut_out());
    let Ok(Answer::Unlocked(lock)) = desk.system(lift(target)) else { panic!("not lifted") };
    assert_eq!(lock.receipt.worn, Some(lock::Worn::Person(desk.person())));
    assert!(desk.slice.password().is_none() && desk.slice.totp().is_none());
}
