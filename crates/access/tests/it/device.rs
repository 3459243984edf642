//! Keys that renew themselves, how long a browser stays signed in, and devices that are not their person's.

use access::device::{self, RENEWAL, TRUST};
use access::link::Purpose;
use access::refusal::{AuthorityRefusal, ChangeRefusal, SessionRefusal, SignInRefusal};
use access::session::{self, SessionEnd};
use access::sign_in::{self, SignedIn};
use access::stay::{LENT_IDLE, LENT_LIFE, Stay};
use access::{Answer, By, Call, Command, Event, PublicKey, Refusal, Secret, Source, Span};

use crate::desk::{Desk, browser, copy, key};

fn new_key() -> PublicKey {
    PublicKey::of_coordinates(&[3; 32], &[4; 32]).unwrap()
}

fn renew(desk: &mut Desk, by: By, source: Source, key: PublicKey) -> Result<Answer, Refusal> {
    desk.call(&Call { by, source, command: Command::Device(device::Command::Renew { key }) })
}

/// A session of a device that was trusted long ago: a trusted browser signs in again, late.
fn late(desk: &mut Desk) -> (SignedIn, Secret) {
    let first = desk.signed_in();
    let token = first.device_token.unwrap();
    desk.wait(Span(TRUST.0 - RENEWAL.0 + Span::days(1).0));
    let attempt = desk.at_totp(Some(&token));
    let code = desk.code();
    match desk.totp(Some(&token), &attempt, code) {
        Ok(Answer::SignedIn(done)) => (done, token),
        _ => panic!("not signed in"),
    }
}

#[test]
fn what_a_browser_began_goes_on_under_the_key_that_it_renewed_and_no_other() {
    let mut desk = Desk::enrolled();
    let (done, token) = late(&mut desk);
    let attempt = desk.at_totp(Some(&token));
    let proof = desk.proof(true);
    let begin = Command::Recovery(access::recovery::Command::Begin { proof });
    desk.call(&Call { by: By::Visitor, source: browser(None), command: begin }).ok().unwrap();
    renew(&mut desk, By::Session(done.session), browser(None), new_key()).ok().unwrap();
    assert_eq!(desk.slice.open_recovery().unwrap().begun.key, Some(new_key()));
    desk.wait(Span::seconds(30));
    let totp = |desk: &mut Desk, key| {
        let (attempt, code) = (copy(&attempt), desk.code());
        let command = Command::SignIn(sign_in::Command::Totp { attempt, code });
        let source = Source { key: Some(key), ..browser(Some(&token)) };
        desk.call(&Call { by: By::Visitor, source, command })
    };
    assert_eq!(
        totp(&mut desk, key()).err(),
        Some(Refusal::SignIn(SignInRefusal::AttemptElsewhere))
    );
    let Ok(Answer::SignedIn(done)) = totp(&mut desk, new_key()) else { panic!("not signed in") };
    assert_eq!(desk.slice.session(done.session).unwrap().key, Some(new_key()));
}

#[test]
fn key_renewed_in_the_last_part_of_the_trust_moves_device_and_sessions() {
    let mut desk = Desk::enrolled();
    let (done, _) = late(&mut desk);
    let by = By::Session(done.session);
    renew(&mut desk, by, browser(None), new_key()).ok().unwrap();
    let device = desk.slice.device(done.device).unwrap();
    assert_eq!(device.key, Some(new_key()));
    assert_eq!(device.state, device::DeviceState::Trusted { until: desk.now + TRUST });
    assert_eq!(desk.slice.session(done.session).unwrap().key, Some(new_key()));
    // No prompt and no mail.
    assert!(!matches!(desk.events.last(), Some(Event::Notice(_))));
}

#[test]
fn key_renewed_early_or_by_another_key_stays_as_it_was() {
    let mut desk = Desk::enrolled();
    let early = desk.signed_in();
    let by = By::Session(early.session);
    let answer = renew(&mut desk, by, browser(None), new_key());
    assert!(matches!(answer, Err(Refusal::Session(SessionRefusal::RenewalEarly { .. }))));

    let mut desk = Desk::enrolled();
    let (done, _) = late(&mut desk);
    let source = Source { key: Some(new_key()), ..browser(None) };
    let answer = renew(&mut desk, By::Session(done.session), source, new_key());
    assert!(matches!(answer, Err(Refusal::Session(SessionRefusal::KeyProofMissing))));
    assert_eq!(desk.slice.device(done.device).unwrap().key, Some(key()));
}

#[test]
fn key_whose_renewal_was_answered_into_the_void_is_told_so_without_a_session() {
    let mut desk = Desk::enrolled();
    let (done, token) = late(&mut desk);
    renew(&mut desk, By::Session(done.session), browser(None), new_key()).ok().unwrap();
    let events = desk.events.len();
    // The worker knows the old key alone as its own, and its session may be over.
    renew(&mut desk, By::Visitor, browser(Some(&token)), new_key()).ok().unwrap();
    assert_eq!(desk.events.len(), events, "nothing is left to do");
    // The other order: it stored a key that the server never saw. Without a session nothing moves.
    let other = PublicKey::of_coordinates(&[5; 32], &[6; 32]).unwrap();
    let answer = renew(&mut desk, By::Visitor, browser(Some(&token)), other);
    assert!(matches!(answer, Err(Refusal::Session(SessionRefusal::NotSignedIn))));
    assert_eq!(desk.slice.device(done.device).unwrap().key, Some(new_key()));
}

/// Signs in by password and code on a browser that is known by `token`, or new, with this choice.
pub fn sign_in(desk: &mut Desk, token: Option<&Secret>, source: &Source, stay: Stay) -> SignedIn {
    desk.wait(Span::seconds(60));
    let device = token.map(Secret::digest);
    let source = Source { stay, device, ..source.clone() };
    let visit = |desk: &mut Desk, command| {
        let command = Command::SignIn(command);
        desk.call(&Call { by: By::Visitor, source: source.clone(), command })
    };
    let proof = desk.proof(true);
    let Ok(Answer::TotpNeeded { attempt }) = visit(desk, sign_in::Command::Password { proof })
    else {
        panic!("another step")
    };
    let code = desk.code();
    let attempt = match visit(desk, sign_in::Command::Totp { attempt, code }) {
        Ok(Answer::SignedIn(done)) => return done,
        Ok(Answer::ActivationNeeded { attempt }) => attempt,
        _ => panic!("another step"),
    };
    let code = Secret::from_text(desk.mailed());
    match visit(desk, sign_in::Command::Activate { attempt, code }) {
        Ok(Answer::SignedIn(done)) => done,
        _ => panic!("another step"),
    }
}

#[test]
fn session_asked_to_stay_does_on_a_bound_and_confirmed_device_alone() {
    let mut desk = Desk::enrolled();
    let token = desk.signed_in().device_token.unwrap();
    let limits = |desk: &Desk, done: &SignedIn| {
        let session = desk.slice.session(done.session).unwrap();
        (session.idle, session.until.since(session.started_at))
    };
    let usual = (Span::minutes(30), Span::hours(12));
    let done = sign_in(&mut desk, Some(&token), &browser(None), Stay::Usual);
    assert_eq!((limits(&desk, &done), done.stay_refused), (usual, false));
    let done = sign_in(&mut desk, Some(&token), &browser(None), Stay::Long);
    assert_eq!((limits(&desk, &done).0, done.stay), (Span::hours(12), Stay::Long));
    // A typed code alone stands behind a new browser.
    let done = sign_in(&mut desk, None, &browser(None), Stay::Long);
    assert_eq!((limits(&desk, &done), done.stay_refused), (usual, true));
    // Nothing binds a browser without script.
    let plain = Source { key: None, ..browser(None) };
    let done = sign_in(&mut desk, None, &plain, Stay::Long);
    assert_eq!(limits(&desk, &done).0, Span::minutes(15));
    assert!(done.stay_refused);
}

#[test]
fn computer_that_is_not_theirs_is_forgotten_with_its_session_whatever_ends_it() {
    let ends: [fn(&mut Desk, &SignedIn); 3] = [
        |desk, done| {
            let out = Command::Session(session::Command::SignOut);
            desk.by(By::Session(done.session), out).ok().unwrap();
        },
        |desk, done| {
            let (session, reason) = (done.session, SessionEnd::Idle);
            let over = session::Command::Expire { session, reason };
            desk.system(Command::Session(over)).ok().unwrap();
        },
        |desk, _| {
            let link = desk.link(Purpose::SignIn);
            let own = desk.open(&link).unwrap();
            let all = Command::Session(session::Command::EndOthers);
            desk.by(By::Session(own.session), all).ok().unwrap();
        },
    ];
    for end in ends {
        let mut desk = Desk::enrolled();
        let done = sign_in(&mut desk, None, &browser(None), Stay::Lent);
        assert!(done.device_token.is_none(), "the browser is given no device token");
        let session = desk.slice.session(done.session).unwrap();
        assert_eq!(session.idle, LENT_IDLE);
        assert_eq!(session.until.since(session.started_at), LENT_LIFE);
        assert!(desk.slice.device(done.device).unwrap().lent);
        end(&mut desk, &done);
        assert!(desk.slice.device(done.device).is_none(), "the device is gone with its session");
    }
}

#[test]
fn trusted_browser_said_not_to_be_theirs_loses_its_trust_at_the_end() {
    let mut desk = Desk::enrolled();
    let token = desk.signed_in().device_token.unwrap();
    let done = sign_in(&mut desk, Some(&token), &browser(None), Stay::Lent);
    // Signing in there once more replaces the session and keeps the device until that one's end.
    let again = sign_in(&mut desk, Some(&token), &browser(None), Stay::Usual);
    assert_eq!(again.device, done.device);
    let out = Command::Session(session::Command::SignOut);
    desk.by(By::Session(again.session), out).ok().unwrap();
    assert!(desk.slice.device(done.device).is_none());
}

#[test]
fn hardware_that_binds_a_lent_session_makes_it_no_longer() {
    let mut desk = Desk::enrolled();
    let done = sign_in(&mut desk, None, &browser(None), Stay::Lent);
    let bind = Command::Session(session::Command::Bind { hardware: new_key() });
    desk.by(By::Session(done.session), bind).ok().unwrap();
    assert_eq!(desk.slice.session(done.session).unwrap().idle, LENT_IDLE);
}

#[test]
fn device_that_forgets_itself_takes_its_sessions_along_and_needs_no_role() {
    let mut desk = Desk::enrolled();
    let done = desk.signed_in_by_code();
    let token = copy(done.device_token.as_ref().unwrap());
    let forget = Command::Device(device::Command::Forget);
    desk.by(By::Session(done.session), forget).ok().unwrap();
    assert!(desk.slice.session(done.session).is_none());
    assert!(desk.slice.device(done.device).is_none());
    assert!(desk.slice.device_of(Some(token.digest())).is_none());
}

#[test]
fn copy_of_a_session_is_told_by_the_server_alone() {
    let mut desk = Desk::enrolled();
    let done = desk.signed_in();
    let address = "203.0.113.9".parse().unwrap();
    let copied = || Command::Session(session::Command::Copied { session: done.session, address });
    let answer = desk.by(By::Session(done.session), copied());
    assert!(matches!(answer, Err(Refusal::Change(ChangeRefusal::OperatorOnly))));
    desk.system(copied()).ok().unwrap();
    let Some(Event::Notice(access::notice::Event::Queued(notice))) = desk.events.last() else {
        panic!("nobody is told")
    };
    assert!(notice.text.contains("203.0.113.9"), "{}", notice.text);
    assert!(desk.slice.session(done.session).is_some(), "the session itself stays");
}

/// A device whose browser was installed anew, and the new one; which session asks.
fn reinstalled() -> (Desk, access::DeviceId, SignedIn) {
    let mut desk = Desk::enrolled();
    let old = desk.signed_in();
    let name = "Kitchen laptop".to_owned();
    let rename = device::Command::Rename { device: old.device, name };
    desk.by(By::Session(old.session), Command::Device(rename)).ok().unwrap();
    desk.wait(Span::days(3));
    let new = desk.signed_in();
    (desk, old.device, new)
}

fn succeed(desk: &mut Desk, by: &SignedIn, device: access::DeviceId) -> Result<Answer, Refusal> {
    let command = Command::Device(device::Command::Succeed { device, again: None, used: None });
    desk.by(By::Session(by.session), command)
}

#[test]
fn reinstalled_browser_takes_name_and_first_day_and_the_older_one_ends() {
    let (mut desk, old, new) = reinstalled();
    let before = desk.slice.device(old).unwrap().clone();
    let own = desk.slice.device(new.device).unwrap();
    let offered: Vec<_> = device::predecessors(&desk.slice, own).map(|one| one.id).collect();
    assert_eq!(offered, [old]);
    succeed(&mut desk, &new, old).ok().unwrap();
    let own = desk.slice.device(new.device).unwrap();
    assert_eq!((own.name.as_str(), own.created_at), ("Kitchen laptop", before.created_at));
    assert_eq!(own.succeeds, Some(old));
    assert!(desk.slice.device(old).is_none());
    assert!(desk.slice.sessions.iter().all(|one| one.device == new.device));
    assert!(desk.slice.session(new.session).is_some());
    // Once.
    assert!(matches!(
        succeed(&mut desk, &new, old),
        Err(Refusal::Change(ChangeRefusal::NotFound { .. }))
    ));
}

#[test]
fn reinstalled_browser_gets_no_more_than_the_older_one_had() {
    let (mut desk, old, new) = reinstalled();
    let role = device::DeviceRole::View;
    let set = Command::Device(device::Command::SetRole { device: old, role });
    desk.system(set).ok().unwrap();
    succeed(&mut desk, &new, old).ok().unwrap();
    assert_eq!(desk.slice.device(new.device).unwrap().role, role);
    let until = desk.slice.device(new.device).unwrap().state;
    assert!(matches!(until, device::DeviceState::Trusted { .. }));
}

#[test]
fn browser_that_is_still_used_is_no_older_one_and_a_typed_code_takes_none_over() {
    let (mut desk, old, new) = reinstalled();
    let used = Some(desk.slice.device(new.device).unwrap().created_at);
    let command = Command::Device(device::Command::Succeed { device: old, again: None, used });
    let answer = desk.by(By::Session(new.session), command);
    assert!(
        matches!(answer, Err(Refusal::Change(ChangeRefusal::NotFound { .. }))),
        "a session of it was used since"
    );
    // Activated by a typed code alone: anyone who holds password and mail does not push the owner out.
    let typed = desk.signed_in_by_code();
    let answer = succeed(&mut desk, &typed, old);
    assert!(matches!(answer, Err(Refusal::Authority(AuthorityRefusal::DeviceUnconfirmed { .. }))));

    let mut desk = Desk::enrolled();
    let one = desk.signed_in();
    let two = desk.signed_in();
    let token = one.device_token.unwrap();
    sign_in(&mut desk, Some(&token), &browser(None), Stay::Usual);
    let answer = succeed(&mut desk, &two, one.device);
    assert!(
        matches!(answer, Err(Refusal::Change(ChangeRefusal::NotFound { .. }))),
        "it signed in since"
    );
}

#[test]
fn operator_says_that_a_browser_is_an_older_one_again_and_a_session_speaks_for_itself_alone() {
    let (mut desk, old, new) = reinstalled();
    let ask = |again| Command::Device(device::Command::Succeed { device: old, again, used: None });
    let operator = By::Operator { uid: 0 };
    // The operator has no browser of their own there.
    assert_eq!(
        desk.by(operator, ask(None)).err(),
        Some(Refusal::Session(SessionRefusal::NotSignedIn))
    );
    let other = desk.by(operator, ask(Some(old))).err().unwrap();
    assert_eq!(other.code(), "NOT_FOUND", "not the same one");
    desk.by(operator, ask(Some(new.device))).ok().unwrap();
    let own = desk.slice.device(new.device).unwrap();
    assert_eq!((own.name.as_str(), own.succeeds), ("Kitchen laptop", Some(old)));
    assert!(desk.slice.device(old).is_none() && desk.slice.session(new.session).is_some());
    // A session that names another device speaks for its own all the same.
    let (mut desk, old, new) = reinstalled();
    let third = desk.signed_in();
    let again = Some(third.device);
    let command = Command::Device(device::Command::Succeed { device: old, again, used: None });
    desk.by(By::Session(new.session), command).ok().unwrap();
    assert_eq!(desk.slice.device(new.device).unwrap().succeeds, Some(old));
    assert_eq!(desk.slice.device(third.device).unwrap().succeeds, None);
}

/// A browser that calls itself this, from there.
fn calling_itself(agent: &str, address: &str) -> Source {
    Source::browser(address.parse().unwrap(), None, Some(key()), agent)
}

const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";

#[test]
fn second_browser_of_the_same_name_gets_a_number() {
    let mut desk = Desk::enrolled();
    let mut names = Vec::new();
    for agent in [CHROME, CHROME, "Firefox/140.0 (Linux)", CHROME] {
        let done = sign_in(&mut desk, None, &calling_itself(agent, "192.0.2.7"), Stay::Usual);
        let device = desk.slice.device(done.device).unwrap();
        assert!(device.is_unnamed());
        names.push(device.name.to_string());
    }
    let expected =
        ["Chrome on Windows", "Chrome on Windows (2)", "Firefox on Linux", "Chrome on Windows (3)"];
    assert_eq!(names, expected);
    let told = desk.events.iter().rev().find_map(|event| match event {
        Event::Notice(access::notice::Event::Queued(notice))
            if notice.text.contains("now trusted") =>
        {
            Some(notice.text.clone())
        }
        _ => None,
    });
    assert!(told.unwrap().starts_with("Chrome on Windows (3) at 192.0.2.7 is now trusted"));
}

#[test]
fn browser_is_not_given_the_name_of_another() {
    let mut desk = Desk::enrolled();
    let first = sign_in(&mut desk, None, &calling_itself(CHROME, "192.0.2.7"), Stay::Usual);
    let second = sign_in(&mut desk, None, &calling_itself(CHROME, "192.0.2.7"), Stay::Usual);
    let rename = |desk: &mut Desk, device, name: &str| {
        let name = name.to_owned();
        let command = Command::Device(device::Command::Rename { device, name });
        desk.system(command).map(drop)
    };
    rename(&mut desk, first.device, "Office laptop").unwrap();
    let taken = rename(&mut desk, second.device, "OFFICE laptop").unwrap_err();
    assert_eq!(
        taken.caller_text(),
        "a browser named OFFICE laptop already exists; choose another name"
    );
    rename(&mut desk, first.device, "office laptop").unwrap();
    rename(&mut desk, second.device, "Chrome on Windows").unwrap();
    let device = desk.slice.device(first.device).unwrap();
    assert!(!device.is_unnamed() && desk.slice.device(second.device).unwrap().is_unnamed());
}

#[test]
fn device_keeps_where_it_was_first_used_and_what_the_last_sign_in_said() {
    use access::agent::Form;
    use access::session::Method;
    let mut desk = Desk::enrolled();
    let source = calling_itself(CHROME, "192.0.2.7");
    let done = sign_in(&mut desk, None, &source, Stay::Usual);
    let token = done.device_token.unwrap();
    let newer = CHROME.replace("131", "132");
    let source = calling_itself(&newer, "198.51.100.9");
    let again = sign_in(&mut desk, Some(&token), &source, Stay::Usual);
    assert_eq!(again.device, done.device);
    let device = desk.slice.device(done.device).unwrap();
    assert_eq!(device.first_address, "192.0.2.7".parse().ok());
    assert_eq!(device.last_address, "198.51.100.9".parse().ok());
    let agent = device.agent.as_ref().unwrap();
    assert_eq!((agent.name.as_str(), agent.form), ("Chrome 132 on Windows", Form::Desktop));
    assert_eq!(device.methods, [Method::Password, Method::Totp]);
    let session = desk.slice.session(again.session).unwrap();
    assert_eq!(session.agent.as_ref(), Some(agent));
}
