//! Large orders: who sets the threshold, and what lets one order through, once.

use access::approval::{self, ContentKind, LIFE, Say, Term, Terms};
use access::decision::{Answer, Command, RECENT};
use access::device::DeviceRole;
use access::entitlements::Act;
use access::large_order::{self, Event as LargeEvent, MOST, STANDARD, Threshold};
use access::moment::Span;
use access::notice::{self, Topic};
use access::refusal::{ApprovalRefusal, AuthorityRefusal, InputRefusal, SessionRefusal};
use access::session::SessionEnd;
use access::step_up::Command as StepUp;
use access::{ApprovalId, By, Call, Event, PublicKey, Refusal, Secret, SessionId, Source};
use rust_decimal::Decimal;

use crate::approval::{Home, phone_key, phone_source};
use crate::desk::{Desk, browser};

fn bare(shares: u32) -> Vec<(String, String)> {
    let line = |term: Term, value: &str| (term.name().to_owned(), value.to_owned());
    vec![
        line(Term::Side, "buy"),
        line(Term::Quantity, &shares.to_string()),
        line(Term::Instrument, "700001"),
        line(Term::CostAtMost, "231405 USD"),
    ]
}

fn terms(shares: u32) -> Terms {
    bare(shares).into()
}

fn ask(home: &mut Home, shares: u32) -> Result<ApprovalId, Refusal> {
    let mut facts = Terms::default();
    facts.push_amount(Term::Value, Decimal::from(231_400), "USD");
    let (act, terms) = (Act::PlaceOrder, terms(shares));
    let command = Command::LargeOrder(large_order::Command::Ask {
        account: crate::desk::account(),
        act,
        terms,
        facts,
    });
    match home.desk.by(By::Session(home.browser.session), command)? {
        Answer::ApprovalAsked { approval } => Ok(approval),
        _ => panic!("another answer"),
    }
}

fn send(
    desk: &mut Desk,
    by: SessionId,
    terms: Terms,
    approval: Option<ApprovalId>,
) -> Option<Refusal> {
    let act = Act::PlaceOrder;
    let command = Command::LargeOrder(large_order::Command::Use {
        account: crate::desk::account(),
        act,
        terms,
        approval,
    });
    desk.by(By::Session(by), command).err()
}

fn approved(home: &mut Home, shares: u32) -> ApprovalId {
    let approval = ask(home, shares).unwrap();
    let number = home.number(approval);
    assert_eq!(home.answer(approval, Say::Yes, &number), None);
    approval
}

fn allowed(desk: &Desk) -> usize {
    let of =
        |event: &&Event| matches!(event, Event::LargeOrder(large_order::Event::Allowed { .. }));
    desk.events.iter().filter(of).count()
}

#[test]
fn order_that_the_phone_approved_is_let_through_once() {
    let mut home = Home::new();
    let session = home.browser.session;
    let approval = ask(&mut home, 1_000).unwrap();
    let early = send(&mut home.desk, session, terms(1_000), Some(approval));
    assert!(matches!(early, Some(Refusal::Approval(ApprovalRefusal::ApprovalWaits { .. }))));
    let number = home.number(approval);
    assert_eq!(home.answer(approval, Say::Yes, &number), None);
    assert_eq!(
        home.answer(approval, Say::Yes, &number),
        Some(Refusal::Approval(ApprovalRefusal::ApprovalEnded))
    );
    assert_eq!(send(&mut home.desk, session, terms(1_000), Some(approval)), None);
    assert_eq!(allowed(&home.desk), 1);
    let twice = send(&mut home.desk, session, terms(1_000), Some(approval));
    assert_eq!(
        (twice, allowed(&home.desk)),
        (Some(Refusal::Approval(ApprovalRefusal::ApprovalEnded)), 1)
    );
}

#[test]
fn approval_shows_the_order_and_from_where_it_is_asked() {
    let mut home = Home::new();
    let approval = ask(&mut home, 1_000).unwrap();
    let content = &home.desk.slice.approval(approval).unwrap().content;
    assert_eq!(content.kind, ContentKind::Order);
    assert_eq!(content.terms, terms(1_000));
    let facts: Vec<_> = content.facts.iter().map(|(name, _)| name).collect();
    assert_eq!(facts, ["value", "device", "address", "time"]);
    let text = content.text();
    assert!(text.starts_with("Side: Buy; Quantity: 1,000; Contract: 700001"), "{text}");
    assert!(text.contains("Cost at most: 231,405.00 USD; Value now: 231,400.00 USD; "), "{text}");
    assert!(home.desk.slice.approval(approval).unwrap().number.is_some(), "never one tap");
}

#[test]
fn order_with_one_term_changed_is_refused_and_its_approval_is_over() {
    for at in 0..bare(1).len() {
        let mut home = Home::new();
        let session = home.browser.session;
        let approval = approved(&mut home, 1_000);
        let mut other = bare(1_000);
        other[at].1.push('0');
        let refused = send(&mut home.desk, session, other.into(), Some(approval));
        assert_eq!(refused, Some(Refusal::Approval(ApprovalRefusal::ApprovalDiffers)), "line {at}");
        let right = send(&mut home.desk, session, terms(1_000), Some(approval));
        assert_eq!(
            (right, allowed(&home.desk)),
            (Some(Refusal::Approval(ApprovalRefusal::ApprovalEnded)), 0)
        );
    }
    // Fewer terms than were shown, and none at all.
    for cut in [3, 4] {
        let mut home = Home::new();
        let session = home.browser.session;
        let approval = approved(&mut home, 1_000);
        let mut fewer = bare(1_000);
        fewer.drain(..cut);
        let refused = send(&mut home.desk, session, fewer.into(), Some(approval));
        assert_eq!(
            refused,
            Some(Refusal::Approval(ApprovalRefusal::ApprovalDiffers)),
            "{cut} lines fewer"
        );
    }
}

#[test]
fn approval_of_another_session_or_kind_lets_no_order_through() {
    let mut home = Home::new();
    let other = home.desk.signed_in();
    let approval = approved(&mut home, 1_000);
    let refused = send(&mut home.desk, other.session, terms(1_000), Some(approval));
    assert_eq!(refused, Some(Refusal::Approval(ApprovalRefusal::ApprovalEnded)));
    // A yes to a step-up is none to an order, and the other way round.
    let session = home.browser.session;
    let by = By::Session(session);
    let asked = home.desk.by(by, Command::Approval(approval::Command::AskStepUp));
    let Ok(Answer::ApprovalAsked { approval: step_up }) = asked else { panic!("not asked") };
    let number = home.number(step_up);
    assert_eq!(home.answer(step_up, Say::Yes, &number), None);
    let refused = send(&mut home.desk, session, terms(1_000), Some(step_up));
    assert_eq!(refused, Some(Refusal::Approval(ApprovalRefusal::ApprovalEnded)));
    assert_eq!(allowed(&home.desk), 0);
    let mut home = Home::new();
    approved(&mut home, 1_000);
    let by = By::Session(home.browser.session);
    let step_up = home.desk.by(by, Command::StepUp(StepUp::Approved));
    assert_eq!(step_up.err(), Some(Refusal::Approval(ApprovalRefusal::ApprovalEnded)));
}

#[test]
fn approval_is_over_after_two_minutes_and_after_three_wrong_numbers() {
    let mut home = Home::new();
    let session = home.browser.session;
    let approval = approved(&mut home, 1_000);
    home.desk.wait(LIFE);
    let late = send(&mut home.desk, session, terms(1_000), Some(approval));
    assert_eq!(late, Some(Refusal::Approval(ApprovalRefusal::ApprovalEnded)));
    let approval = ask(&mut home, 1_000).unwrap();
    for tries_left in [2, 1, 0] {
        let wrong = Secret::from_text("00".to_owned());
        let refused = home.answer(approval, Say::Yes, &wrong);
        assert_eq!(refused, Some(Refusal::Approval(ApprovalRefusal::NumberWrong { tries_left })));
    }
    let number = home.number(approval);
    assert_eq!(
        home.answer(approval, Say::Yes, &number),
        Some(Refusal::Approval(ApprovalRefusal::ApprovalEnded))
    );
    let refused = send(&mut home.desk, session, terms(1_000), Some(approval));
    assert_eq!(refused, Some(Refusal::Approval(ApprovalRefusal::ApprovalEnded)));
}

#[test]
fn approval_is_answered_neither_by_the_browser_that_asks_nor_by_another_key() {
    let mut home = Home::new();
    let approval = ask(&mut home, 1_000).unwrap();
    let number = home.number(approval);
    let answer = |signed_by: PublicKey| approval::Command::Answer {
        approval,
        say: Say::Yes,
        number: Secret::new(number.expose().to_vec()),
        signed_by,
    };
    let (own, phone) = (home.browser.session, home.phone.session);
    let refused = home.answer_by(own, browser(None), answer(crate::desk::key()));
    assert_eq!(refused, Some(Refusal::Approval(ApprovalRefusal::NoApprover)));
    let other = PublicKey::of_coordinates(&[9; 32], &[8; 32]).unwrap();
    let refused = home.answer_by(phone, phone_source(), answer(other));
    assert_eq!(refused, Some(Refusal::Session(SessionRefusal::KeyProofMissing)));
    assert_eq!(home.answer_by(phone, phone_source(), answer(phone_key())), None);
}

#[test]
fn not_me_ends_the_session_that_asked_and_no_leaves_it() {
    let mut home = Home::new();
    let session = home.browser.session;
    let nothing = Secret::from_text(String::new());
    let approval = ask(&mut home, 1_000).unwrap();
    assert_eq!(home.answer(approval, Say::No, &nothing), None);
    let refused = send(&mut home.desk, session, terms(1_000), Some(approval));
    assert_eq!(refused, Some(Refusal::Approval(ApprovalRefusal::ApprovalEnded)));
    let approval = ask(&mut home, 1_000).unwrap();
    assert_eq!(home.answer(approval, Say::NotMe, &nothing), None);
    assert!(home.desk.slice.session(session).is_none());
    let ended = |event: &Event| {
        matches!(event, Event::Session(access::session::Event::Ended { reason, .. })
            if *reason == SessionEnd::NotMe)
    };
    assert!(home.desk.events.iter().any(ended));
    assert!(notice::Topic::NotMe == told(&home.desk));
}

fn told(desk: &Desk) -> Topic {
    let topic = |event: &Event| match event {
        Event::Notice(notice::Event::Queued(one)) => Some(one.topic),
        _ => None,
    };
    desk.events.iter().rev().find_map(topic).unwrap()
}

#[test]
fn proof_counts_only_for_the_request_that_it_comes_with() {
    let mut home = Home::new();
    let session = home.browser.session;
    // Proven a moment ago, and still not with this order.
    assert_eq!(
        send(&mut home.desk, session, terms(1_000), None),
        Some(Refusal::Approval(ApprovalRefusal::OrderUnproven))
    );
    let command = || {
        let (act, approval) = (Act::PlaceOrder, None);
        Command::LargeOrder(large_order::Command::Use {
            account: crate::desk::account(),
            act,
            terms: terms(1_000),
            approval,
        })
    };
    let source = Source { fresh: true, ..browser(None) };
    let call = Call { by: By::Session(session), source, command: command() };
    assert!(home.desk.call(&call).is_ok());
    assert_eq!(allowed(&home.desk), 1);
}

#[test]
fn session_that_may_not_place_orders_asks_for_none_and_sends_none() {
    let mut home = Home::new();
    let approval = approved(&mut home, 1_000);
    let device = home.browser.device;
    let role = access::device::Command::SetRole { device, role: DeviceRole::View };
    home.desk.system(Command::Device(role)).ok().unwrap();
    let session = home.browser.session;
    let refused = send(&mut home.desk, session, terms(1_000), Some(approval));
    assert!(matches!(refused, Some(Refusal::Authority(AuthorityRefusal::DeviceRoleNarrow { .. }))));
    assert!(matches!(
        ask(&mut home, 1_000),
        Err(Refusal::Authority(AuthorityRefusal::DeviceRoleNarrow { .. }))
    ));
    // Nor is an act asked for that is not an order.
    let (act, terms, approval) = (Act::ManagePolicy, terms(1), Some(approval));
    let command = Command::LargeOrder(large_order::Command::Use {
        account: crate::desk::account(),
        act,
        terms,
        approval,
    });
    let refused = home.desk.by(By::Session(session), command).err();
    assert_eq!(refused, Some(Refusal::Authority(AuthorityRefusal::ActNotAllowed { act })));
}

fn set(desk: &mut Desk, by: By, above: Option<Decimal>) -> Option<Refusal> {
    let threshold = Threshold { above };
    desk.by(by, Command::LargeOrder(large_order::Command::Set { threshold })).err()
}

#[test]
fn threshold_is_set_with_a_proof_and_told_and_widened_by_a_bound_session_alone() {
    let mut home = Home::new();
    let desk = &mut home.desk;
    let by = By::Session(home.browser.session);
    assert_eq!(desk.slice.large_orders.above, Some(STANDARD));
    let session = desk.slice.session(home.browser.session).unwrap();
    let given = desk.slice.session_entitlements(session, crate::desk::account(), false).unwrap();
    assert_eq!(given.asks_above, Some(STANDARD));
    assert_eq!(set(desk, by, Some(Decimal::from(5_000))), None);
    assert_eq!(told(desk), Topic::PolicyChanged);
    let session = desk.slice.session(home.browser.session).unwrap();
    let given = desk.slice.session_entitlements(session, crate::desk::account(), false).unwrap();
    assert_eq!(given.asks_above, Some(Decimal::from(5_000)));
    assert_eq!(set(desk, by, None), None);
    assert_eq!(set(desk, by, Some(STANDARD)), None);
    let kept = |event: &&Event| {
        matches!(event, Event::LargeOrder(LargeEvent::Set { .. })) && event.is_evidence()
    };
    assert_eq!(desk.events.iter().filter(kept).count(), 3);
    // Its session not bound, then proven too long ago.
    let mut desk = Desk::enrolled();
    let token = desk.link(access::link::Purpose::SignIn);
    let command = access::sign_in::Command::Link { token };
    let source = Source { key: None, ..browser(None) };
    let call = Call { by: By::Visitor, source, command: Command::SignIn(command) };
    let Ok(Answer::SignedIn(done)) = desk.call(&call) else { panic!("not signed in") };
    for (above, expected) in [
        (None, Some(Refusal::Session(SessionRefusal::PolicyUnbound))),
        (Some(MOST), Some(Refusal::Session(SessionRefusal::PolicyUnbound))),
        (Some(Decimal::ONE), None),
    ] {
        let threshold = Threshold { above };
        let command = Command::LargeOrder(large_order::Command::Set { threshold });
        let source = Source { key: None, fresh: true, ..browser(None) };
        let call = Call { by: By::Session(done.session), source, command };
        assert_eq!(desk.call(&call).err(), expected, "{above:?}");
    }
    home.desk.wait(RECENT);
    home.desk.wait(Span::seconds(1));
    let late = set(&mut home.desk, by, Some(Decimal::ONE));
    assert!(matches!(late, Some(Refusal::Session(SessionRefusal::ProofTooOld { .. }))));
}

#[test]
fn threshold_that_is_no_amount_of_an_order_is_refused() {
    let mut desk = Desk::enrolled();
    for odd in [Decimal::NEGATIVE_ONE, MOST + Decimal::ONE, Decimal::new(10_005, 4)] {
        let refused = set(&mut desk, By::System, Some(odd));
        assert!(matches!(refused, Some(Refusal::Input(InputRefusal::OutOfRange { .. }))), "{odd}");
    }
    for good in [Decimal::ZERO, MOST, Decimal::new(100_500, 3)] {
        assert_eq!(set(&mut desk, By::System, Some(good)), None, "{good}");
    }
}
