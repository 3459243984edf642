//! Notices: networks that are told of, and 'this was not me'.

use std::net::IpAddr;

use access::decision::{Answer, Command};
use access::link::Purpose;
use access::moment::Span;
use access::notice::{Command as Ask, Notice, Topic};
use access::refusal::{ChangeRefusal, SessionRefusal, SignInRefusal};
use access::session::SessionEnd;
use access::sign_in::{self, SignedIn};
use access::{By, Call, Event, Refusal, Secret, Source, network, session};

use crate::contact::notices;
use crate::desk::{Desk, copy, key};

fn at(address: &str, device: Option<&Secret>) -> Source {
    let address: IpAddr = address.parse().unwrap();
    Source::browser(address, device, Some(key()), "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0")
}

fn open_at(desk: &mut Desk, address: &str, device: Option<&Secret>) -> SignedIn {
    let token = desk.link(Purpose::SignIn);
    let command = Command::SignIn(sign_in::Command::Link { token: copy(&token) });
    let call = Call { by: By::Visitor, source: at(address, device), command };
    match desk.call(&call) {
        Ok(Answer::SignedIn(done)) => done,
        _ => panic!("not signed in"),
    }
}

fn disown(desk: &mut Desk, by: By, notice: &Notice) -> Result<access::notice::Disowned, Refusal> {
    let notice = Box::new(notice.clone());
    match desk.by(by, Command::Notice(Ask::Disown { notice }))? {
        Answer::Disowned(stopped) => Ok(stopped),
        _ => panic!("another answer"),
    }
}

#[test]
fn sign_in_from_a_network_not_seen_in_90_days_is_told() {
    let mut desk = Desk::enrolled();
    let first = open_at(&mut desk, "192.0.2.7", None);
    let device = first.device_token.unwrap();
    assert_eq!(notices(&desk, Topic::NewNetwork).len(), 0, "the new browser's notice says it");
    open_at(&mut desk, "192.0.2.200", Some(&device));
    assert_eq!(notices(&desk, Topic::NewNetwork).len(), 0, "the same 24 bits");
    let away = open_at(&mut desk, "198.51.100.7", Some(&device));
    let told = notices(&desk, Topic::NewNetwork);
    assert_eq!(told.len(), 1);
    assert!(told[0].text.contains("198.51.100.7") && told[0].text.contains("Firefox on Linux"));
    assert_eq!(told[0].subject.session, Some(away.session));
    assert_eq!(told[0].subject.device, Some(away.device));
    desk.wait(Span::days(60));
    open_at(&mut desk, "198.51.100.7", Some(&device));
    assert_eq!(notices(&desk, Topic::NewNetwork).len(), 1, "seen 60 days ago");
    // The browser is trusted anew where it is, and comes back to where it was 91 days ago.
    desk.wait(Span::days(31));
    let renewed = open_at(&mut desk, "198.51.100.7", Some(&device)).device_token.unwrap();
    open_at(&mut desk, "192.0.2.7", Some(&renewed));
    let told = notices(&desk, Topic::NewNetwork);
    assert_eq!(told.len(), 2);
    assert_eq!(told[1].subject.address, Some("192.0.2.7".parse().unwrap()));
    let place = network::of("192.0.2.7".parse().unwrap());
    let known = desk.slice.networks.iter().find(|one| one.network == place).unwrap();
    assert_eq!((known.first_at, known.last_at), (desk.now, desk.now), "it counts from anew");
}

#[test]
fn session_that_moves_to_a_new_network_is_told_once() {
    let mut desk = Desk::enrolled();
    let done = open_at(&mut desk, "192.0.2.7", None);
    let address = "203.0.113.5".parse().unwrap();
    let seen = |session| Command::Network(network::Command::Seen { session, address });
    let refused = desk.by(By::Session(done.session), seen(done.session)).err();
    assert_eq!(
        refused,
        Some(Refusal::Change(ChangeRefusal::OperatorOnly)),
        "the server sees it, nobody says it"
    );
    for _ in 0..3 {
        desk.system(seen(done.session)).ok().unwrap();
    }
    let told = notices(&desk, Topic::NewNetwork);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].subject.address, Some(address));
    assert_eq!(told[0].subject.session, Some(done.session));
}

#[test]
fn not_me_ends_what_the_notice_names_and_never_what_asks() {
    let mut desk = Desk::enrolled();
    let owner = open_at(&mut desk, "192.0.2.7", None);
    let thief = open_at(&mut desk, "198.51.100.7", None);
    desk.at_totp(None);
    let told = notices(&desk, Topic::NewDevice);
    let notice = told.iter().find(|one| one.subject.device == Some(thief.device)).unwrap().clone();
    let stopped = disown(&mut desk, By::Session(owner.session), &notice).unwrap();
    assert_eq!((stopped.sessions, stopped.attempts, stopped.is_asker), (1, 1, false));
    assert_eq!(stopped.devices.len(), 1);
    assert!(
        desk.slice.session(thief.session).is_none() && desk.slice.device(thief.device).is_none()
    );
    assert!(
        desk.slice.session(owner.session).is_some() && desk.slice.device(owner.device).is_some()
    );
    assert!(desk.slice.attempts.is_empty());
    let reason = desk.events.iter().find_map(|event| match event {
        Event::Session(session::Event::Ended { session, reason, .. })
            if *session == thief.session =>
        {
            Some(*reason)
        }
        _ => None,
    });
    assert_eq!(reason, Some(SessionEnd::NotMe));
    assert_eq!(notices(&desk, Topic::NotMe).len(), 1, "it is told on all channels");
    // Said again it finds nothing more.
    let again = disown(&mut desk, By::Session(owner.session), &notice).unwrap();
    assert_eq!((again.sessions, again.devices), (0, vec![]));
}

#[test]
fn not_me_about_the_browser_that_asks_leaves_it_and_drops_the_rest() {
    let mut desk = Desk::enrolled();
    let done = open_at(&mut desk, "192.0.2.7", None);
    desk.at_totp(None);
    let notice = notices(&desk, Topic::NewDevice)[0].clone();
    let stopped = disown(&mut desk, By::Session(done.session), &notice).unwrap();
    assert!(stopped.is_asker && stopped.devices.is_empty());
    assert_eq!((stopped.sessions, stopped.attempts), (0, 1));
    assert!(desk.slice.session(done.session).is_some());
    assert!(desk.slice.device(done.device).is_some());
}

/// The browser that confirmed a phone, or gave another its role, and the one that the message names.
#[test]
fn not_me_about_a_phone_or_a_role_stops_that_device_and_who_did_it() {
    use access::device::{Command as D, DeviceRole};
    for phone in [true, false] {
        let mut desk = Desk::enrolled();
        let owner = open_at(&mut desk, "192.0.2.7", None);
        let thief = open_at(&mut desk, "192.0.2.9", None);
        let new = if phone {
            crate::approval::offered(&mut desk)
        } else {
            open_at(&mut desk, "192.0.2.10", None)
        };
        let device = new.device;
        let by = By::Session(thief.session);
        let command = if phone {
            let number = Secret::from_text(crate::approval::shown(&desk, &new));
            D::ConfirmPhone { device, number, instead: None }
        } else {
            let narrower = D::SetRole { device, role: DeviceRole::View };
            desk.by(by, Command::Device(narrower)).ok().unwrap();
            D::SetRole { device, role: DeviceRole::Trade }
        };
        assert_eq!(desk.by(by, Command::Device(command)).err(), None);
        let notice = (*notices(&desk, Topic::NewDevice).last().unwrap()).clone();
        assert_eq!(
            (notice.subject.device, notice.subject.session),
            (Some(device), Some(thief.session))
        );
        let stopped = disown(&mut desk, By::Session(owner.session), &notice).unwrap();
        assert_eq!((stopped.sessions, stopped.devices.len()), (2, 2));
        assert!(desk.slice.device(thief.device).is_none(), "the one that it was done from");
        assert!(desk.slice.device(device).is_none(), "the one that the message names");
        assert!(
            desk.slice.session(thief.session).is_none()
                && desk.slice.session(new.session).is_none()
        );
        assert!(desk.slice.session(owner.session).is_some());
    }
}

#[test]
fn not_me_of_a_mail_change_drops_the_change_that_waits() {
    let mut desk = Desk::enrolled();
    let owner = open_at(&mut desk, "192.0.2.7", None);
    let thief = open_at(&mut desk, "198.51.100.7", None);
    desk.by(
        By::Operator { uid: 0 },
        Command::Contact(access::contact::Command::SetMail { address: "ann@example.org".into() }),
    )
    .ok()
    .unwrap();
    let set = access::contact::Command::SetMail { address: "thief@example.net".into() };
    let address = "198.51.100.7".parse().ok();
    let source = Source { address, ..crate::desk::browser(None) };
    let command = Command::Contact(set);
    desk.call(&Call { by: By::Session(thief.session), source, command }).ok().unwrap();
    let notice = notices(&desk, Topic::ContactChanged).pop().unwrap();
    assert_eq!(notice.subject.session, Some(thief.session));
    let stopped = disown(&mut desk, By::Session(owner.session), &notice).unwrap();
    assert_eq!(stopped.sessions, 1);
    assert!(desk.slice.asked_mail().is_none() && desk.slice.device(thief.device).is_none());
}

#[test]
fn not_me_of_an_activation_code_drops_the_browser_that_waits() {
    let mut desk = Desk::enrolled();
    let owner = open_at(&mut desk, "192.0.2.7", None);
    let attempt = desk.at_activation();
    let code = desk.mailed();
    let notice = notices(&desk, Topic::ActivationCode).pop().unwrap();
    let stopped = disown(&mut desk, By::Session(owner.session), &notice).unwrap();
    assert_eq!((stopped.attempts, stopped.sessions), (1, 0));
    assert_eq!(
        desk.activate(&attempt, &code).err(),
        Some(Refusal::SignIn(SignInRefusal::AttemptEnded))
    );
    assert_eq!(desk.slice.devices.len(), 1);
}

#[test]
fn not_me_is_for_the_notices_own_person_and_for_topics_that_can_be_stopped() {
    let mut desk = Desk::enrolled();
    let done = open_at(&mut desk, "192.0.2.7", None);
    let notice = notices(&desk, Topic::NewDevice)[0].clone();
    assert_eq!(
        disown(&mut desk, By::Visitor, &notice),
        Err(Refusal::Session(SessionRefusal::NotSignedIn))
    );
    let other = Notice { person: access::PersonId([9; 16]), ..notice.clone() };
    assert!(matches!(
        disown(&mut desk, By::System, &other),
        Err(Refusal::Change(ChangeRefusal::NotFound { .. }))
    ));
    for topic in Topic::ALL.iter().filter(|topic| !topic.can_be_disowned()) {
        let one = Notice { topic: *topic, ..notice.clone() };
        let refused = disown(&mut desk, By::Session(done.session), &one);
        assert!(
            matches!(refused, Err(Refusal::Change(ChangeRefusal::NotFound { .. }))),
            "{topic:?}"
        );
    }
}

#[test]
fn session_ended_by_the_operator_is_told_and_by_its_person_is_not() {
    let mut desk = Desk::enrolled();
    let one = open_at(&mut desk, "192.0.2.7", None);
    let two = open_at(&mut desk, "192.0.2.7", None);
    let end = |session| Command::Session(session::Command::End { session });
    desk.by(By::Session(one.session), end(two.session)).ok().unwrap();
    assert_eq!(notices(&desk, Topic::SessionEnded).len(), 0);
    desk.by(By::Operator { uid: 0 }, end(one.session)).ok().unwrap();
    let told = notices(&desk, Topic::SessionEnded);
    assert_eq!(told.len(), 1);
    assert!(told[0].text.contains("Firefox on Linux") && told[0].text.contains("192.0.2.7"));
}
