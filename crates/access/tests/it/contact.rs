//! Contact: a mail address counts once its code was typed where it was asked for.

use access::contact::{self, CODES_SENT, Command as Contact, FORMER, State};
use access::decision::{Answer, Command};
use access::link::Purpose;
use access::moment::Span;
use access::notice::{Notice, Topic};
use access::refusal::{ChangeRefusal, SessionRefusal, SignInRefusal};
use access::{By, Event, Refusal, Secret, notice};

use crate::desk::Desk;

fn secret(text: &str) -> Secret {
    Secret::from_text(text.into())
}

fn set(desk: &mut Desk, by: By, address: &str) -> Result<Answer, Refusal> {
    desk.by(by, Command::Contact(Contact::SetMail { address: address.into() }))
}

fn confirm(desk: &mut Desk, by: By, code: &str) -> Result<Answer, Refusal> {
    desk.by(by, Command::Contact(Contact::ConfirmMail { code: secret(code) }))
}

/// A session of now.
fn session(desk: &mut Desk) -> By {
    let link = desk.link(Purpose::SignIn);
    By::Session(desk.open(&link).unwrap().session)
}

/// The notices of a topic, the oldest first.
pub fn notices(desk: &Desk, topic: Topic) -> Vec<Notice> {
    let queued = desk.events.iter().filter_map(|event| match event {
        Event::Notice(notice::Event::Queued(one)) if one.topic == topic => Some(one.clone()),
        _ => None,
    });
    queued.collect()
}

fn mails(notice: &Notice) -> Vec<&str> {
    notice.mail.iter().map(access::contact::MailAddress::as_str).collect()
}

fn verified(desk: &mut Desk, by: By, address: &str) {
    set(desk, by, address).ok().unwrap();
    let code = desk.mailed();
    confirm(desk, by, &code).ok().unwrap();
}

// ASVS 6.3.7
#[test]
fn mail_changed_is_told_to_the_old_and_the_new_address() {
    let mut desk = Desk::enrolled();
    let by = session(&mut desk);
    verified(&mut desk, by, "ann@example.org");
    desk.wait(Span::minutes(1));
    verified(&mut desk, by, "ann@new.example");
    let told = notices(&desk, Topic::ContactChanged);
    let [first, asked, changed] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(mails(first), ["ann@example.org"]);
    assert_eq!(mails(asked), ["ann@example.org"], "the old address hears before it is too late");
    assert!(asked.text.contains("ann@new.example") && asked.text.contains("192.0.2.7"));
    assert_eq!(mails(changed), ["ann@example.org", "ann@new.example"]);
    assert!(changed.text.contains("ann@example.org"), "{}", changed.text);
    // The codes went to the new address alone.
    let codes = notices(&desk, Topic::ContactCode);
    assert_eq!(
        codes.iter().map(mails).collect::<Vec<_>>(),
        [["ann@example.org"], ["ann@new.example"]]
    );
}

#[test]
fn former_address_gets_security_notices_for_a_week_and_no_codes() {
    let mut desk = Desk::enrolled();
    let by = session(&mut desk);
    verified(&mut desk, by, "ann@example.org");
    desk.by(by, Command::Contact(Contact::RemoveMail)).ok().unwrap();
    assert!(desk.slice.mail().is_none());
    desk.at_activation();
    let sent = notices(&desk, Topic::ActivationCode);
    assert_eq!(mails(sent.last().unwrap()), Vec::<&str>::new(), "a code goes to no former address");
    session(&mut desk);
    let told = notices(&desk, Topic::NewDevice);
    assert_eq!(mails(told.last().unwrap()), ["ann@example.org"]);
    desk.wait(FORMER);
    session(&mut desk);
    let told = notices(&desk, Topic::NewDevice);
    assert_eq!(mails(told.last().unwrap()), Vec::<&str>::new());
}

#[test]
fn activation_code_goes_to_the_verified_address() {
    let mut desk = Desk::enrolled();
    let by = session(&mut desk);
    set(&mut desk, by, "ann@example.org").ok().unwrap();
    desk.at_activation();
    let sent = notices(&desk, Topic::ActivationCode);
    assert_eq!(mails(&sent[0]), Vec::<&str>::new(), "not to one that waits for its code");
    desk.wait(Span::minutes(1));
    verified(&mut desk, by, "ann@other.example");
    desk.at_activation();
    let sent = notices(&desk, Topic::ActivationCode);
    assert_eq!(mails(&sent[1]), ["ann@other.example"]);
}

// ASVS 6.6.2
#[test]
fn code_typed_in_another_session_is_refused() {
    let mut desk = Desk::enrolled();
    let (asks, other) = (session(&mut desk), session(&mut desk));
    set(&mut desk, asks, "ann@example.org").ok().unwrap();
    let code = desk.mailed();
    assert_eq!(
        confirm(&mut desk, other, &code).err(),
        Some(Refusal::SignIn(SignInRefusal::CodeElsewhere))
    );
    let resend = desk.by(other, Command::Contact(Contact::ResendCode));
    assert_eq!(resend.err(), Some(Refusal::SignIn(SignInRefusal::CodeElsewhere)));
    assert!(confirm(&mut desk, asks, &code).is_ok());
    assert!(confirm(&mut desk, asks, &code).is_err(), "it works once");
}

#[test]
fn code_of_a_mail_change_activates_no_browser_and_the_other_way_round() {
    let mut desk = Desk::enrolled();
    let by = session(&mut desk);
    set(&mut desk, by, "ann@example.org").ok().unwrap();
    let contact_code = desk.mailed();
    let attempt = desk.at_activation();
    let activation_code = desk.mailed();
    assert_ne!(contact_code, activation_code);
    let refused = desk.activate(&attempt, &contact_code).err();
    assert_eq!(refused, Some(Refusal::SignIn(SignInRefusal::ActivationWrong { tries_left: 4 })));
    let refused = confirm(&mut desk, by, &activation_code).err();
    assert_eq!(refused, Some(Refusal::SignIn(SignInRefusal::ActivationWrong { tries_left: 4 })));
}

// ASVS 6.6.3
#[test]
fn code_is_refused_after_five_wrong_tries_and_after_its_time() {
    let mut desk = Desk::enrolled();
    let by = session(&mut desk);
    set(&mut desk, by, "ann@example.org").ok().unwrap();
    let code = desk.mailed();
    for tries_left in [4, 3, 2, 1, 0] {
        let refused = confirm(&mut desk, by, "000000").err();
        assert_eq!(refused, Some(Refusal::SignIn(SignInRefusal::ActivationWrong { tries_left })));
    }
    let refused = confirm(&mut desk, by, &code).err();
    assert_eq!(
        refused,
        Some(Refusal::SignIn(SignInRefusal::ActivationWrong { tries_left: 0 })),
        "even the right one"
    );
    desk.wait(Span::minutes(1));
    desk.by(by, Command::Contact(Contact::ResendCode)).ok().unwrap();
    let code = desk.mailed();
    desk.wait(Span::minutes(15));
    assert!(matches!(
        confirm(&mut desk, by, &code),
        Err(Refusal::SignIn(SignInRefusal::CodeExpired { .. }))
    ));
    assert!(desk.slice.mail().is_none());
}

#[test]
fn codes_to_ever_new_addresses_stop_at_the_limit() {
    let mut desk = Desk::enrolled();
    let by = session(&mut desk);
    set(&mut desk, by, "a@example.org").ok().unwrap();
    assert!(matches!(
        set(&mut desk, by, "b@example.org"),
        Err(Refusal::SignIn(SignInRefusal::ResendTooSoon { .. }))
    ));
    for number in 1..CODES_SENT {
        desk.wait(Span::minutes(1));
        set(&mut desk, by, &format!("a{number}@example.org")).ok().unwrap();
    }
    desk.wait(Span::minutes(1));
    let refused = set(&mut desk, by, "c@example.org").err();
    assert!(
        matches!(
            refused,
            Some(Refusal::SignIn(SignInRefusal::TooManyCodes { sent: 5, limit: 5, .. }))
        ),
        "{refused:?}"
    );
    let asked = desk.slice.contacts.iter().filter(|one| matches!(one.state, State::Asked(_)));
    assert_eq!(asked.count(), 1, "one waits at a time");
    desk.wait(Span::hours(1));
    let again = session(&mut desk);
    assert!(set(&mut desk, again, "c@example.org").is_ok());
}

// ASVS 7.5.1
#[test]
fn contact_is_not_changed_by_an_old_sign_in() {
    let mut desk = Desk::enrolled();
    let by = session(&mut desk);
    verified(&mut desk, by, "ann@example.org");
    desk.wait(Span::minutes(16));
    let commands = [
        Contact::SetMail { address: "thief@example.net".into() },
        Contact::RemoveMail,
        Contact::SetPhone { number: "+44 20 7946 0000".into() },
    ];
    for command in commands {
        let refused = desk.by(by, Command::Contact(command)).err();
        assert!(
            matches!(refused, Some(Refusal::Session(SessionRefusal::ProofTooOld { .. }))),
            "{refused:?}"
        );
    }
}

#[test]
fn contact_of_nobody_signed_in_is_refused() {
    let mut desk = Desk::enrolled();
    let refused = set(&mut desk, By::Visitor, "ann@example.org").err();
    assert_eq!(refused, Some(Refusal::Session(SessionRefusal::NotSignedIn)));
    let refused = confirm(&mut desk, By::Visitor, "123456").err();
    assert_eq!(refused, Some(Refusal::Session(SessionRefusal::NotSignedIn)));
}

#[test]
fn operator_sets_an_address_at_once_and_both_are_told() {
    let mut desk = Desk::enrolled();
    let by = session(&mut desk);
    verified(&mut desk, by, "ann@example.org");
    desk.wait(Span::minutes(1));
    set(&mut desk, by, "ann@waiting.example").ok().unwrap();
    set(&mut desk, By::Operator { uid: 0 }, "ann@office.example").ok().unwrap();
    let mail = desk.slice.mail().and_then(contact::Contact::mail).map(ToString::to_string);
    assert_eq!(mail.as_deref(), Some("ann@office.example"));
    assert!(desk.slice.asked_mail().is_none(), "what waited is over");
    let told = notices(&desk, Topic::ContactChanged);
    assert_eq!(mails(told.last().unwrap()), ["ann@example.org", "ann@office.example"]);
    // The former one comes back and is former no longer.
    set(&mut desk, By::Operator { uid: 0 }, "ann@example.org").ok().unwrap();
    let former = desk.slice.contacts.iter().filter(|one| matches!(one.state, State::Former { .. }));
    let former: Vec<_> =
        former.filter_map(contact::Contact::mail).map(ToString::to_string).collect();
    assert_eq!(former, ["ann@office.example"]);
    let refused = set(&mut desk, By::Operator { uid: 0 }, "ann@example.org").err();
    assert_eq!(refused, Some(Refusal::Change(ChangeRefusal::MailStands)));
}

#[test]
fn phone_number_is_noted_and_gets_nothing() {
    let mut desk = Desk::enrolled();
    let by = session(&mut desk);
    verified(&mut desk, by, "ann@example.org");
    let number = "+44 20 7946 0000".to_owned();
    desk.by(by, Command::Contact(Contact::SetPhone { number })).ok().unwrap();
    let told = notices(&desk, Topic::ContactChanged);
    assert!(told.last().unwrap().text.contains("+44 20 7946 0000"));
    assert_eq!(mails(told.last().unwrap()), ["ann@example.org"]);
    desk.at_activation();
    let sent = notices(&desk, Topic::ActivationCode);
    assert_eq!(mails(sent.last().unwrap()), ["ann@example.org"]);
    desk.by(by, Command::Contact(Contact::RemovePhone)).ok().unwrap();
    assert!(desk.slice.phone().is_none());
}
