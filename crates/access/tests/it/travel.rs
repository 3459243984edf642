//! Planned travel: what it makes quiet, for how long, and that it does nothing else.

use access::notice::{self, Notice, Topic};
use access::refusal::{AuthorityRefusal, ChangeRefusal, InputRefusal, SessionRefusal};
use access::sign_in;
use access::{Answer, By, Call, Command, Event, Refusal, Secret, Source, Span, Time, travel};

use crate::desk::{Desk, browser};

fn plan(from: Time, days: i64, network: Option<&str>) -> Command {
    Command::Travel(travel::Command::Plan {
        from,
        until: from + Span::days(days),
        place: "Lisbon".to_owned(),
        network: network.map(|text| text.parse().unwrap()),
    })
}

/// Signs in from this address on a browser that is known by `token`.
fn sign_in_from(desk: &mut Desk, token: &Secret, address: &str) {
    desk.wait(Span::seconds(60));
    let address = Some(address.parse().unwrap());
    let source = Source { address, ..browser(Some(token)) };
    let visit = |desk: &mut Desk, command| {
        let (by, source, command) = (By::Visitor, source.clone(), Command::SignIn(command));
        desk.call(&Call { by, source, command })
    };
    let proof = desk.proof(true);
    let Ok(Answer::TotpNeeded { attempt }) = visit(desk, sign_in::Command::Password { proof })
    else {
        panic!("another step")
    };
    let code = desk.code();
    // A trusted browser: the same steps as at home, no more and no less.
    let done = visit(desk, sign_in::Command::Totp { attempt, code });
    assert!(matches!(done, Ok(Answer::SignedIn(_))));
}

fn last(desk: &Desk, topic: Topic) -> Option<&Notice> {
    desk.events.iter().rev().find_map(|event| match event {
        Event::Notice(notice::Event::Queued(one)) if one.topic == topic => Some(one),
        _ => None,
    })
}

/// A person with a verified mail address, on a trusted browser.
fn at_home() -> (Desk, By, Secret) {
    let mut desk = Desk::enrolled();
    let done = desk.signed_in();
    let by = By::Session(done.session);
    let set = access::contact::Command::SetMail { address: "ann@example.org".to_owned() };
    desk.by(by, Command::Contact(set)).ok().unwrap();
    let code = Secret::from_text(desk.mailed());
    let confirm = access::contact::Command::ConfirmMail { code };
    desk.by(by, Command::Contact(confirm)).ok().unwrap();
    (desk, by, done.device_token.unwrap())
}

#[test]
fn new_network_during_the_plan_is_told_in_the_message_centre_alone() {
    let (mut desk, by, token) = at_home();
    sign_in_from(&mut desk, &token, "198.51.100.7");
    assert_eq!(last(&desk, Topic::NewNetwork).unwrap().mail.len(), 1, "nothing was planned");

    let (mut desk, by2, token) = at_home();
    assert_eq!(by, by2);
    let from = desk.now;
    desk.by(by2, plan(from, 10, None)).ok().unwrap();
    assert_eq!(last(&desk, Topic::TravelPlanned).unwrap().mail.len(), 1, "the plan is told");
    sign_in_from(&mut desk, &token, "198.51.100.7");
    let told = last(&desk, Topic::NewNetwork).unwrap();
    assert!(told.mail.is_empty());
    assert!(told.text.contains("as you planned (travel to Lisbon"), "{}", told.text);
}

#[test]
fn plan_that_is_over_ended_or_for_another_network_makes_nothing_quiet() {
    type Change = fn(&mut Desk, By);
    let cases: [(&str, Option<&str>, Change); 3] = [
        ("over", None, |desk, _| desk.wait(Span::days(11))),
        ("elsewhere", Some("203.0.113.0/24"), |_, _| {}),
        ("ended", None, |desk, by| {
            desk.by(by, Command::Travel(travel::Command::End)).ok().unwrap();
        }),
    ];
    for (name, network, change) in cases {
        let (mut desk, by, token) = at_home();
        let from = desk.now;
        desk.by(by, plan(from, 10, network)).ok().unwrap();
        change(&mut desk, by);
        sign_in_from(&mut desk, &token, "198.51.100.7");
        assert_eq!(last(&desk, Topic::NewNetwork).unwrap().mail.len(), 1, "{name}");
    }
}

#[test]
fn plan_needs_sound_dates_a_fresh_proof_and_more_than_a_typed_code() {
    let (mut desk, by, _) = at_home();
    let now = desk.now;
    for (from, days) in [(now, 91), (now, 0), (now, -1), (now - Span::days(2), 9)] {
        let answer = desk.by(by, plan(from, days, None));
        assert!(matches!(answer, Err(Refusal::Input(InputRefusal::OutOfRange { .. }))), "{days}");
    }
    let answer = desk.by(by, plan(now + Span::days(400), 9, None));
    assert!(matches!(answer, Err(Refusal::Input(InputRefusal::OutOfRange { .. }))));
    let end = desk.by(by, Command::Travel(travel::Command::End));
    assert!(matches!(end, Err(Refusal::Change(ChangeRefusal::NotFound { .. }))));
    desk.wait(Span::minutes(20));
    let answer = desk.by(by, plan(now, 9, None));
    assert!(matches!(answer, Err(Refusal::Session(SessionRefusal::ProofTooOld { .. }))));
    // A browser of a typed code looks, and plans nothing.
    let done = desk.signed_in_by_code();
    let answer = desk.by(By::Session(done.session), plan(now, 9, None));
    assert!(matches!(answer, Err(Refusal::Authority(AuthorityRefusal::DeviceUnconfirmed { .. }))));
    assert_eq!(desk.slice.travel, None);
}
