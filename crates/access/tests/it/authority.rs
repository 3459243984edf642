//! Every command of a person x everyone who must not give it.

use access::authenticator::Command as A;
use access::authenticator::passkey::{Passkey, Registration};
use access::decision::Command;
use access::entitlements::Scopes;
use access::link::Purpose;
use access::lock::{Grade, LockTarget};
use access::moment::Span;
use access::refusal::{AuthorityRefusal, ChangeRefusal, SessionRefusal};
use access::{
    AuthenticatorId, By, CredentialId, DeviceId, Refusal, Secret, SessionId, credential, device,
    link, lock, session,
};

use crate::desk::{Desk, account};

/// Every command that a person's session may give, by name; they must all be refused to others.
fn commands(desk: &Desk) -> Vec<(&'static str, Command)> {
    let (device, session) = (DeviceId([1; 16]), SessionId([1; 16]));
    let aut = AuthenticatorId([1; 16]);
    let hash = Secret::from_text("$".into());
    let passkey = Passkey {
        handle: vec![1],
        data: String::new(),
        model: String::new(),
        backed_up: false,
        counter: 0,
        suspect_at: None,
    };
    let registration = Registration { passkey, user_verified: true, began_at: desk.now };
    let new = credential::NewCredential {
        name: "bot".into(),
        accounts: vec![account()],
        scopes: Scopes::trading(desk.now + Span::days(1)),
        with_token: false,
        door: credential::Door::Socket { port: 7497 },
        serves_api: false,
    };
    let name = || "name".to_owned();
    let revoke =
        credential::Command::Revoke { credential: CredentialId([1; 16]), cancel_orders: true };
    let set =
        lock::Command::Set { target: LockTarget::Account(account().into()), grade: Grade::All };
    vec![
        ("session end", Command::Session(session::Command::End { session })),
        ("session end others", Command::Session(session::Command::EndOthers)),
        ("device rename", Command::Device(device::Command::Rename { device, name: name() })),
        ("device remove", Command::Device(device::Command::Remove { device })),
        ("device block", Command::Device(device::Command::Block { device })),
        ("password", Command::Authenticator(A::SetPassword { hash, old: None })),
        ("totp", Command::Authenticator(A::OfferTotp)),
        (
            "totp confirm",
            Command::Authenticator(A::ConfirmTotp { code: Secret::from_text("0".into()) }),
        ),
        ("passkey", Command::Authenticator(A::AddPasskey { registration, name: name() })),
        ("recovery codes", Command::Authenticator(A::MakeRecoveryCodes)),
        ("rename", Command::Authenticator(A::Rename { authenticator: aut, name: name() })),
        ("remove", Command::Authenticator(A::Remove { authenticator: aut })),
        ("credential", Command::Credential(credential::Command::Create(Box::new(new)))),
        ("revoke", Command::Credential(revoke)),
        ("lock", Command::Lock(set)),
    ]
}

/// Those that the operator alone may give.
fn of_the_operator() -> Vec<(&'static str, Command)> {
    let create = access::person::Command::Create { username: "bob".into(), account: account() };
    let lift = lock::Command::Lift { target: LockTarget::Account(account().into()) };
    let expire =
        session::Command::Expire { session: SessionId([1; 16]), reason: session::SessionEnd::Idle };
    vec![
        ("person", Command::Person(create)),
        ("link", Command::Link(link::Command::Issue { purpose: Purpose::SignIn })),
        ("reset password", Command::Authenticator(A::ResetPassword)),
        ("reset totp", Command::Authenticator(A::ResetTotp)),
        (
            "unlock",
            Command::Lock(lock::Command::Lift { target: LockTarget::Person(desk_person()) }),
        ),
        ("unlock account", Command::Lock(lift)),
        ("expire", Command::Session(expire)),
    ]
}

fn desk_person() -> access::PersonId {
    Desk::bare().person()
}

#[test]
fn command_of_a_stranger_is_refused_and_changes_nothing() {
    let mut desk = Desk::enrolled();
    let ended = desk.signed_in().session;
    let end = session::Command::End { session: ended };
    desk.system(Command::Session(end)).ok().unwrap();
    desk.signed_in();
    let callers = [
        By::Visitor,
        By::Credential(CredentialId([1; 16])),
        By::Session(SessionId([2; 16])),
        By::Session(ended),
    ];
    for by in callers {
        for (name, command) in commands(&desk).into_iter().chain(of_the_operator()) {
            let before = desk.slice.clone();
            let refusal = desk.by(by, command).err().unwrap();
            assert!(
                matches!(
                    refusal,
                    Refusal::Session(SessionRefusal::NotSignedIn)
                        | Refusal::Authority(AuthorityRefusal::ActNotAllowed { .. })
                        | Refusal::Change(ChangeRefusal::OperatorOnly)
                ),
                "{name} by {by}: {refusal}"
            );
            assert_eq!(desk.slice, before, "{name} by {by}");
        }
    }
}

#[test]
fn command_of_the_operator_is_refused_to_the_owner() {
    let mut desk = Desk::enrolled();
    let by = By::Session(desk.signed_in().session);
    for (name, command) in of_the_operator() {
        let refusal = desk.by(by, command).err();
        assert_eq!(refusal, Some(Refusal::Change(ChangeRefusal::OperatorOnly)), "{name}");
    }
}

#[test]
fn session_past_its_absolute_limit_is_refused() {
    let mut desk = Desk::enrolled();
    let by = By::Session(desk.signed_in().session);
    desk.wait(Span::hours(12));
    for (name, command) in commands(&desk) {
        let refusal = desk.by(by, command).err();
        assert!(
            matches!(refusal, Some(Refusal::Session(SessionRefusal::SessionEnded { .. }))),
            "{name}: {refusal:?}"
        );
    }
}

#[test]
fn session_of_an_enrolment_link_may_only_enrol() {
    let mut desk = Desk::bare();
    let token = desk.link(Purpose::Enrolment);
    let by = By::Session(desk.open(&token).ok().unwrap().session);
    let enrols =
        ["password", "totp", "totp confirm", "passkey", "recovery codes", "rename", "remove"];
    for (name, command) in commands(&desk) {
        if !enrols.contains(&name) {
            let refusal = desk.by(by, command).err();
            assert!(
                matches!(refusal, Some(Refusal::Authority(AuthorityRefusal::ActNotAllowed { .. }))),
                "{name}: {refusal:?}"
            );
        }
    }
}

#[test]
fn session_that_set_the_lock_keeps_its_receipt_and_nothing_else() {
    let mut desk = Desk::enrolled();
    let session = desk.signed_in().session;
    let by = By::Session(session);
    let set = lock::Command::Set { target: LockTarget::Person(desk.person()), grade: Grade::All };
    desk.by(by, Command::Lock(set)).ok().unwrap();
    for (name, command) in commands(&desk) {
        let refusal = desk.by(by, command).err();
        assert_eq!(
            refusal,
            Some(Refusal::Authority(AuthorityRefusal::Locked { grade: Grade::All })),
            "{name}"
        );
    }
    assert!(desk.slice.session(session).unwrap().receipt.is_some());
    desk.by(by, Command::Session(session::Command::SignOut)).ok().unwrap();
}
