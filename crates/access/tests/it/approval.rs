//! Approvals: asked, answered, turned down, worn out; and the phones that answer.

use access::approval::{self, Asker, LIFE, PAUSE, Say, Terms};
use access::decision::{Answer, Command};
use access::device::{self, Approver, DeviceRole};
use access::link::Purpose;
use access::moment::Span;
use access::refusal::{ApprovalRefusal, AuthorityRefusal, SessionRefusal, SignInRefusal};
use access::session::{Method, SessionEnd};
use access::sign_in::{self, SignedIn};
use access::{ApprovalId, By, Event, PublicKey, Refusal, Secret, Source};

use crate::desk::{Desk, copy, key};

/// A person with a phone that answers approvals, signed in on both.
pub struct Home {
    pub desk: Desk,
    /// The session of the browser.
    pub browser: SignedIn,
    /// The session of the phone.
    pub phone: SignedIn,
}

pub fn phone_key() -> PublicKey {
    PublicKey::of_coordinates(&[3; 32], &[4; 32]).unwrap()
}

pub fn phone_source() -> Source {
    Source::browser("192.0.2.8".parse().unwrap(), None, Some(phone_key()), "Android Chrome/156")
}

impl Home {
    pub fn new() -> Self {
        let mut desk = Desk::enrolled();
        let browser = desk.signed_in();
        let phone = offered(&mut desk);
        let number = shown(&desk, &phone);
        confirm(&mut desk, &browser, &phone, &number).ok().unwrap();
        Self { desk, browser, phone }
    }

    /// A sign-in elsewhere, up to its TOTP step.
    fn elsewhere(&mut self) -> Secret {
        self.desk.at_totp(None)
    }

    fn ask(&mut self, attempt: &Secret) -> Result<ApprovalId, Refusal> {
        let ask = sign_in::Command::AskApproval { attempt: copy(attempt) };
        match self.desk.visit(None, ask)? {
            Answer::ApprovalAsked { approval } => Ok(approval),
            _ => panic!("another answer"),
        }
    }

    pub fn number(&self, approval: ApprovalId) -> Secret {
        let approval = self.desk.slice.approval(approval).unwrap();
        approval.open_number(&self.desk.key).unwrap().unwrap()
    }

    pub fn answer(&mut self, approval: ApprovalId, say: Say, number: &Secret) -> Option<Refusal> {
        let (number, signed_by) = (copy(number), phone_key());
        let command = approval::Command::Answer { approval, say, number, signed_by };
        self.answer_by(self.phone.session, phone_source(), command)
    }

    pub fn answer_by(
        &mut self,
        session: access::SessionId,
        source: Source,
        command: approval::Command,
    ) -> Option<Refusal> {
        let command = Command::Approval(command);
        self.desk.call(&access::Call { by: By::Session(session), source, command }).err()
    }

    fn finish(&mut self, attempt: &Secret) -> Result<SignedIn, Refusal> {
        let approved = sign_in::Command::Approved { attempt: copy(attempt) };
        match self.desk.visit(None, approved)? {
            Answer::SignedIn(done) => Ok(done),
            _ => panic!("another step"),
        }
    }
}

/// A phone that opened a link and shows its number.
pub fn offered(desk: &mut Desk) -> SignedIn {
    let token = desk.link(Purpose::Phone);
    let command = Command::SignIn(sign_in::Command::Link { token });
    let call = access::Call { by: By::Visitor, source: phone_source(), command };
    match desk.call(&call) {
        Ok(Answer::SignedIn(done)) => done,
        _ => panic!("the phone is not signed in"),
    }
}

pub fn shown(desk: &Desk, phone: &SignedIn) -> String {
    let device = desk.slice.device(phone.device).unwrap();
    let number = device::phone_number(device, &desk.key).unwrap().unwrap();
    number.expose_text().unwrap().to_owned()
}

fn confirm(
    desk: &mut Desk,
    by: &SignedIn,
    phone: &SignedIn,
    number: &str,
) -> Result<Answer, Refusal> {
    let number = Secret::from_text(number.to_owned());
    let command = device::Command::ConfirmPhone { device: phone.device, number, instead: None };
    desk.by(By::Session(by.session), Command::Device(command))
}

#[test]
fn sign_in_elsewhere_is_approved_by_the_number_that_it_shows() {
    let mut home = Home::new();
    let attempt = home.elsewhere();
    let approval = home.ask(&attempt).unwrap();
    assert!(matches!(
        home.finish(&attempt),
        Err(Refusal::Approval(ApprovalRefusal::ApprovalWaits { .. }))
    ));
    let number = home.number(approval);
    assert_eq!(home.answer(approval, Say::Yes, &number), None);
    let done = home.finish(&attempt).unwrap();
    let session = home.desk.slice.session(done.session).unwrap();
    assert_eq!(session.methods, [Method::Password, Method::Approval]);
    assert!(home.desk.slice.device(done.device).unwrap().confirmed);
    // Used up, and so is the sign-in.
    assert!(home.finish(&attempt).is_err());
    assert_eq!(
        home.answer(approval, Say::Yes, &number),
        Some(Refusal::Approval(ApprovalRefusal::ApprovalEnded))
    );
}

#[test]
fn approval_answers_for_the_activation_code_of_a_new_browser() {
    let mut home = Home::new();
    let attempt = home.desk.at_activation();
    let approval = home.ask(&attempt).unwrap();
    let number = home.number(approval);
    assert_eq!(home.answer(approval, Say::Yes, &number), None);
    let done = home.finish(&attempt).unwrap();
    let device = home.desk.slice.device(done.device).unwrap();
    assert!(device.confirmed && done.device_token.is_some());
}

#[test]
fn wrong_number_counts_three_tries_and_one_tap_is_refused() {
    let mut home = Home::new();
    let attempt = home.elsewhere();
    let approval = home.ask(&attempt).unwrap();
    let right = home.number(approval);
    for (typed, tries_left) in [("00", 2), ("0 1", 1), ("\u{ff10}\u{ff12}", 0)] {
        for malformed in ["", "100", "1"] {
            let malformed = Secret::from_text(malformed.into());
            let refusal = home.answer(approval, Say::Yes, &malformed);
            assert_eq!(
                refusal,
                Some(Refusal::SignIn(SignInRefusal::CodeMalformed { digits: 2 })),
                "no try"
            );
        }
        let typed = Secret::from_text(typed.into());
        let refusal = home.answer(approval, Say::Yes, &typed);
        assert_eq!(refusal, Some(Refusal::Approval(ApprovalRefusal::NumberWrong { tries_left })));
    }
    assert_eq!(
        home.answer(approval, Say::Yes, &right),
        Some(Refusal::Approval(ApprovalRefusal::ApprovalEnded))
    );
    assert_eq!(
        home.finish(&attempt).err(),
        Some(Refusal::Approval(ApprovalRefusal::ApprovalEnded))
    );
}

#[test]
fn approval_is_over_after_two_minutes_answered_or_not() {
    let mut home = Home::new();
    let attempt = home.elsewhere();
    let approval = home.ask(&attempt).unwrap();
    let number = home.number(approval);
    assert_eq!(home.answer(approval, Say::Yes, &number), None);
    home.desk.wait(LIFE);
    assert_eq!(
        home.finish(&attempt).err(),
        Some(Refusal::Approval(ApprovalRefusal::ApprovalEnded))
    );
    let approval = home.ask(&attempt).unwrap();
    let number = home.number(approval);
    home.desk.wait(LIFE);
    assert_eq!(
        home.answer(approval, Say::Yes, &number),
        Some(Refusal::Approval(ApprovalRefusal::ApprovalEnded))
    );
}

/// ASVS 6.5.1, 6.6.2.
#[test]
fn approval_counts_once_and_for_the_sign_in_that_asked_for_it() {
    let mut home = Home::new();
    let (attempt, other) = (home.elsewhere(), home.elsewhere());
    let approval = home.ask(&attempt).unwrap();
    let number = home.number(approval);
    assert_eq!(home.answer(approval, Say::Yes, &number), None);
    for say in [Say::Yes, Say::No] {
        assert_eq!(
            home.answer(approval, say, &number),
            Some(Refusal::Approval(ApprovalRefusal::ApprovalEnded)),
            "answered"
        );
    }
    assert_eq!(
        home.finish(&other).err(),
        Some(Refusal::Approval(ApprovalRefusal::ApprovalEnded)),
        "another sign-in"
    );
    assert!(home.finish(&attempt).is_ok());
    assert_eq!(
        home.finish(&attempt).err(),
        Some(Refusal::SignIn(SignInRefusal::AttemptEnded)),
        "used"
    );
    assert_eq!(
        home.answer(approval, Say::Yes, &number),
        Some(Refusal::Approval(ApprovalRefusal::ApprovalEnded)),
        "used"
    );
}

#[test]
fn not_me_ends_the_sign_in_and_says_so() {
    let mut home = Home::new();
    let attempt = home.elsewhere();
    let approval = home.ask(&attempt).unwrap();
    let nothing = Secret::from_text(String::new());
    assert_eq!(home.answer(approval, Say::NotMe, &nothing), None);
    assert_eq!(home.finish(&attempt).err(), Some(Refusal::SignIn(SignInRefusal::AttemptEnded)));
    let told = home.desk.events.iter().any(|event| {
        matches!(event, Event::Notice(access::notice::Event::Queued(one))
            if one.topic == access::notice::Topic::NotMe)
    });
    assert!(told);
}

#[test]
fn not_me_to_a_session_ends_that_session() {
    let mut home = Home::new();
    let by = By::Session(home.browser.session);
    let ask = Command::Approval(approval::Command::AskStepUp);
    let Ok(Answer::ApprovalAsked { approval }) = home.desk.by(by, ask) else { panic!("not asked") };
    let nothing = Secret::from_text(String::new());
    assert_eq!(home.answer(approval, Say::NotMe, &nothing), None);
    assert!(home.desk.slice.session(home.browser.session).is_none());
    let ended = |event: &Event| {
        matches!(event, Event::Session(access::session::Event::Ended { reason, .. })
            if *reason == SessionEnd::NotMe)
    };
    assert!(home.desk.events.iter().any(ended));
}

#[test]
fn approval_is_answered_by_a_confirmed_phone_alone_and_not_by_the_one_that_asks() {
    let mut home = Home::new();
    let attempt = home.elsewhere();
    let approval = home.ask(&attempt).unwrap();
    let number = home.number(approval);
    let command = |signed_by| approval::Command::Answer {
        approval,
        say: Say::Yes,
        number: copy(&number),
        signed_by,
    };
    // The browser is no phone; and a phone's answer by another key is none.
    let browser = home.browser.session;
    let by_browser = home.answer_by(browser, crate::desk::browser(None), command(key()));
    assert_eq!(by_browser, Some(Refusal::Approval(ApprovalRefusal::NoApprover)));
    let phone = home.phone.session;
    let by_key = home.answer_by(phone, phone_source(), command(key()));
    assert_eq!(by_key, Some(Refusal::Session(SessionRefusal::KeyProofMissing)));
    // The phone's own step-up is not the phone's to approve.
    let by = By::Session(phone);
    let ask = Command::Approval(approval::Command::AskStepUp);
    let call = access::Call { by, source: phone_source(), command: ask };
    assert_eq!(home.desk.call(&call).err(), Some(Refusal::Approval(ApprovalRefusal::NoPhone)));
}

#[test]
fn prompts_without_a_yes_stop_after_five_for_ten_minutes() {
    let mut home = Home::new();
    let nothing = Secret::from_text(String::new());
    for _ in 0..5 {
        let attempt = home.elsewhere();
        let approval = home.ask(&attempt).unwrap();
        assert_eq!(home.answer(approval, Say::No, &nothing), None);
        home.desk.wait(Span::seconds(30));
    }
    let attempt = home.elsewhere();
    let refusal = home.ask(&attempt).unwrap_err();
    assert!(
        matches!(refusal, Refusal::Approval(ApprovalRefusal::ApprovalsPaused { count: 5, .. })),
        "{refusal}"
    );
    home.desk.wait(PAUSE);
    let attempt = home.elsewhere();
    assert!(home.ask(&attempt).is_ok());
}

#[test]
fn three_prompts_at_once_are_the_most_and_one_sign_in_has_one() {
    let mut home = Home::new();
    let attempts = [home.elsewhere(), home.elsewhere(), home.elsewhere(), home.elsewhere()];
    let first = home.ask(&attempts[0]).unwrap();
    let second = home.ask(&attempts[0]).unwrap();
    let number = home.number(first);
    assert_eq!(
        home.answer(first, Say::Yes, &number),
        Some(Refusal::Approval(ApprovalRefusal::ApprovalEnded))
    );
    assert!(home.desk.slice.approval(second).unwrap().is_open(home.desk.now));
    home.ask(&attempts[1]).unwrap();
    home.ask(&attempts[2]).unwrap();
    assert!(matches!(
        home.ask(&attempts[3]),
        Err(Refusal::Approval(ApprovalRefusal::ApprovalsPaused { .. }))
    ));
}

fn bare(terms: &Terms) -> Vec<(String, String)> {
    terms.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[test]
fn content_changed_after_the_yes_has_another_digest() {
    let mut home = Home::new();
    let attempt = home.elsewhere();
    let id = home.ask(&attempt).unwrap();
    let approval = home.desk.slice.approval(id).unwrap().clone();
    let text = approval.signed_text(Say::Yes, "12");
    let mut other = approval.clone();
    let mut bent: Vec<_> = bare(&other.content.terms);
    bent[2].1 = "203.0.113.9".into();
    other.content.terms = bent.into();
    assert_ne!(other.signed_text(Say::Yes, "12"), text);
    // What is a term is no fact, and no fact is a term.
    let mut swapped = approval.clone();
    std::mem::swap(&mut swapped.content.terms, &mut swapped.content.facts);
    assert_ne!(swapped.signed_text(Say::Yes, "12"), text);
    assert_ne!(approval.signed_text(Say::No, "12"), text);
    assert_ne!(approval.signed_text(Say::Yes, "13"), text);
    let mut moved = approval.clone();
    moved.id = ApprovalId([9; 16]);
    assert_ne!(moved.signed_text(Say::Yes, "12"), text);
    assert!(matches!(approval.asker, Asker::Attempt(_)));
}

#[test]
fn phone_that_opened_the_link_looks_until_its_number_is_typed_elsewhere() {
    let mut desk = Desk::enrolled();
    let browser = desk.signed_in();
    let phone = offered(&mut desk);
    let acts = |desk: &Desk| {
        let session = desk.slice.session(phone.session).unwrap();
        desk.slice.session_entitlements(session, crate::desk::account(), false).unwrap().acts
    };
    assert_eq!(acts(&desk), DeviceRole::View.acts());
    let first = shown(&desk, &phone);
    let wrong = confirm(&mut desk, &browser, &phone, "000000").err();
    assert_eq!(wrong, Some(Refusal::Approval(ApprovalRefusal::PhoneNumberWrong)));
    // Trying them all leads nowhere: the phone shows another one.
    let number = shown(&desk, &phone);
    assert_ne!(number, first);
    let itself = confirm(&mut desk, &phone, &phone, &number).err();
    assert!(itself.is_some());
    confirm(&mut desk, &browser, &phone, &number).ok().unwrap();
    assert_eq!(desk.slice.device(phone.device).unwrap().approver, Approver::Yes);
    assert_eq!(acts(&desk), DeviceRole::Trade.acts());
}

#[test]
fn step_up_by_phone_opens_what_an_old_sign_in_does_not() {
    let mut home = Home::new();
    home.desk.wait(Span::minutes(20));
    let by = By::Session(home.browser.session);
    let issue = || Command::Link(access::link::Command::Issue { purpose: Purpose::Phone });
    assert!(matches!(
        home.desk.by(by, issue()),
        Err(Refusal::Session(SessionRefusal::ProofTooOld { .. }))
    ));
    let ask = Command::Approval(approval::Command::AskStepUp);
    let Ok(Answer::ApprovalAsked { approval }) = home.desk.by(by, ask) else { panic!("not asked") };
    let number = home.number(approval);
    assert_eq!(home.answer(approval, Say::Yes, &number), None);
    let before = home.desk.slice.session(home.browser.session).unwrap().token;
    let approved = Command::StepUp(access::step_up::Command::Approved);
    let Ok(Answer::Proven { token }) = home.desk.by(by, approved) else { panic!("not proven") };
    // ASVS 7.2.4
    let after = home.desk.slice.session(home.browser.session).unwrap().token;
    assert!(after != before && after == token.digest());
    assert!(home.desk.by(by, issue()).is_ok());
    home.desk.wait(Span::minutes(16));
    assert!(matches!(
        home.desk.by(by, issue()),
        Err(Refusal::Session(SessionRefusal::ProofTooOld { .. }))
    ));
}

/// A second phone that opened a link, by its own key.
fn new_phone(desk: &mut Desk, token: Secret) -> SignedIn {
    let other = PublicKey::of_coordinates(&[7; 32], &[8; 32]).unwrap();
    let source = Source { key: Some(other), ..phone_source() };
    let command = Command::SignIn(sign_in::Command::Link { token });
    match desk.call(&access::Call { by: By::Visitor, source, command }) {
        Ok(Answer::SignedIn(done)) => done,
        _ => panic!("the phone is not signed in"),
    }
}

#[test]
fn new_phone_takes_the_place_of_the_old_one_by_its_number_in_one_decision() {
    let mut home = Home::new();
    let by = By::Session(home.phone.session);
    // A phone's role has no part in devices, and it may still give its own away.
    let role = home.desk.slice.device(home.phone.device).unwrap().role;
    assert_eq!(role, DeviceRole::Trade);
    let issue = access::link::Command::Issue { purpose: Purpose::Phone };
    let Ok(Answer::Link { token, .. }) = home.desk.by(by, Command::Link(issue)) else {
        panic!("no link")
    };
    let new = new_phone(&mut home.desk, token);
    let confirm = |home: &mut Home, by, number: &str, moves: bool| {
        let number = Secret::from_text(number.to_owned());
        let By::Session(asks) = by else { panic!("no session") };
        let instead = moves.then(|| home.desk.slice.session(asks).unwrap().device);
        let command = device::Command::ConfirmPhone { device: new.device, number, instead };
        home.desk.by(by, Command::Device(command)).err()
    };
    assert_eq!(
        confirm(&mut home, by, "000000", true),
        Some(Refusal::Approval(ApprovalRefusal::PhoneNumberWrong))
    );
    let number = shown(&home.desk, &new);
    // A browser does not move the phone, and the phone adds none beside itself.
    let browser = By::Session(home.browser.session);
    assert_eq!(
        confirm(&mut home, browser, &number, true),
        Some(Refusal::Approval(ApprovalRefusal::NoApprover))
    );
    assert!(matches!(
        confirm(&mut home, by, &number, false),
        Some(Refusal::Authority(AuthorityRefusal::DeviceRoleNarrow { .. }))
    ));
    assert_eq!(confirm(&mut home, by, &number, true), None);
    let device = home.desk.slice.device(new.device).unwrap();
    assert_eq!((&device.approver, device.role), (&Approver::Yes, DeviceRole::Trade));
    assert!(home.desk.slice.device(home.phone.device).is_none());
    assert!(home.desk.slice.session(home.phone.session).is_none());
}

#[test]
fn operator_moves_a_phone_by_the_number_that_the_new_one_shows() {
    let mut home = Home::new();
    let operator = By::Operator { uid: 0 };
    let issue = access::link::Command::Issue { purpose: Purpose::Phone };
    let Ok(Answer::Link { token, .. }) = home.desk.by(operator, Command::Link(issue)) else {
        panic!("no link")
    };
    let new = new_phone(&mut home.desk, token);
    let old = home.phone.device;
    let ask = |home: &mut Home, instead, number: &str| {
        let number = Secret::from_text(number.to_owned());
        let command = device::Command::ConfirmPhone { device: new.device, number, instead };
        home.desk.by(operator, Command::Device(command)).err()
    };
    assert_eq!(
        ask(&mut home, Some(old), "000000"),
        Some(Refusal::Approval(ApprovalRefusal::PhoneNumberWrong))
    );
    let number = shown(&home.desk, &new);
    // What answers no approvals has nothing to give, and none is added without its person.
    let browser = home.browser.device;
    assert_eq!(
        ask(&mut home, Some(browser), &number),
        Some(Refusal::Approval(ApprovalRefusal::NoApprover))
    );
    assert_eq!(
        ask(&mut home, Some(new.device), &number),
        Some(Refusal::Approval(ApprovalRefusal::NoApprover))
    );
    assert_eq!(ask(&mut home, None, &number), Some(Refusal::Session(SessionRefusal::NotSignedIn)));
    let role = home.desk.slice.device(old).unwrap().role;
    assert_eq!(ask(&mut home, Some(old), &number), None);
    assert!(home.desk.slice.device(old).is_none());
    let new = home.desk.slice.device(new.device).unwrap();
    assert_eq!((&new.approver, new.role), (&Approver::Yes, role));
    let told = |event: &Event| matches!(event, Event::Notice(access::notice::Event::Queued(one)) if one.text.contains("in place of"));
    assert!(home.desk.events.iter().any(told), "its person is told");
}
