//! Recovery: what it takes, what stops it, and what its session may do.

use access::authenticator;
use access::authenticator::passkey::{Assertion, Passkey, Registration};
use access::binding::Beginner;
use access::contact::MailAddress;
use access::decision::{Answer, Command};
use access::device::DeviceRole;
use access::entitlements::{Act, Acts, Narrowing};
use access::lock::{self, Grade, LockTarget};
use access::moment::Span;
use access::notice::{self, Notice, Topic};
use access::recovery::{
    self, ASKS, FINISH, HELD_ACTS, HOLD, LONGEST_WAIT, RecoveryEnd, RecoveryPolicy, SHORTEST_WAIT,
    Stage, WAIT,
};
use access::refusal::{
    AuthorityRefusal, ChangeRefusal, InputRefusal, RecoveryRefusal, SessionRefusal, SignInRefusal,
};
use access::session::Method;
use access::sign_in::SignedIn;
use access::{By, Call, Event, Refusal, Secret, Source, contact, credential, device, sign_in};

use authenticator::Command as A;
use device::Command as D;

use crate::desk::{Desk, browser, copy};

mod walk;

fn visit(desk: &mut Desk, command: recovery::Command) -> Result<Answer, Refusal> {
    let command = Command::Recovery(command);
    desk.call(&Call { by: By::Visitor, source: browser(None), command })
}

fn begin(desk: &mut Desk, right: bool) -> Result<Secret, Refusal> {
    let proof = desk.proof(right);
    match visit(desk, recovery::Command::Begin { proof })? {
        Answer::RecoveryBegun(begun) => Ok(begun.token),
        _ => panic!("another answer"),
    }
}

fn tick(desk: &mut Desk) {
    desk.system(Command::Recovery(recovery::Command::Tick)).ok().unwrap();
}

fn finish(desk: &mut Desk, token: &Secret) -> Result<SignedIn, Refusal> {
    match visit(desk, recovery::Command::Finish { token: copy(token) })? {
        Answer::SignedIn(done) => Ok(done),
        _ => panic!("another answer"),
    }
}

fn stop(desk: &mut Desk, token: &Secret) -> Result<Answer, Refusal> {
    visit(desk, recovery::Command::Stop { token: copy(token) })
}

/// Past the wait, as a server that runs does it.
fn wait_all(desk: &mut Desk) {
    let half = Span(desk.slice.recovery_policy.wait.0 / 2 + 1);
    for _ in 0..2 {
        desk.wait(half);
        tick(desk);
    }
}

/// A recovery that was finished, and its session.
pub fn recovered(desk: &mut Desk) -> SignedIn {
    let token = begin(desk, true).unwrap();
    wait_all(desk);
    finish(desk, &token).unwrap()
}

fn told(desk: &Desk, topic: Topic) -> Vec<&Notice> {
    let notices = desk.events.iter().filter_map(|event| match event {
        Event::Notice(notice::Event::Queued(one)) if one.topic == topic => Some(one),
        _ => None,
    });
    notices.collect()
}

/// The token of the newest message that can stop it.
fn stop_token(desk: &Desk) -> Secret {
    let newest = *told(desk, Topic::Recovery).last().unwrap();
    desk.key.open(newest.code.as_ref().unwrap(), &Notice::purpose(newest.id)).unwrap()
}

fn stage(desk: &Desk) -> Stage {
    desk.slice.recoveries.iter().max_by_key(|one| one.begun_at).unwrap().stage
}

fn ended_by(desk: &Desk) -> Option<RecoveryEnd> {
    match stage(desk) {
        Stage::Over { why, .. } => Some(why),
        _ => None,
    }
}

pub fn acts(desk: &Desk, session: access::SessionId, fresh: bool) -> (Acts, Option<Narrowing>) {
    let session = desk.slice.session(session).unwrap();
    let given = desk.slice.session_entitlements(session, crate::desk::account(), fresh).unwrap();
    (given.acts, given.narrowing.first().map(|(_, why)| why.clone()))
}

pub fn by(done: &SignedIn) -> By {
    By::Session(done.session)
}

pub fn passkey(desk: &Desk, handle: u8) -> authenticator::Command {
    let passkey = Passkey {
        handle: vec![handle],
        data: "{}".into(),
        model: String::new(),
        backed_up: false,
        counter: 0,
        suspect_at: None,
    };
    let registration = Registration { passkey, user_verified: true, began_at: desk.now };
    authenticator::Command::AddPasskey { registration, name: format!("key {handle}") }
}

pub fn by_passkey(desk: &mut Desk, handle: u8) -> Result<SignedIn, Refusal> {
    let outcome = Ok(Assertion {
        handle: vec![handle],
        user_verified: true,
        backed_up: false,
        counter: 0,
        data: None,
        began_at: desk.now,
        begun: Beginner { key: Some(crate::desk::key()), ..Beginner::default() },
    });
    match desk.visit(None, sign_in::Command::Passkey { outcome })? {
        Answer::SignedIn(done) => Ok(done),
        _ => panic!("another answer"),
    }
}

#[test]
fn recovery_waits_tells_three_times_and_becomes_a_held_session() {
    let mut desk = Desk::enrolled();
    let mail = contact::Command::SetMail { address: "ann@example.org".into() };
    desk.system(Command::Contact(mail)).ok().unwrap();
    let token = begin(&mut desk, true).unwrap();
    for (messages, share) in [(1, 0), (1, WAIT.0 / 2 - 1_000_000), (2, 2_000_000)] {
        desk.wait(Span(share));
        tick(&mut desk);
        assert_eq!(told(&desk, Topic::Recovery).len(), messages);
        assert!(matches!(
            finish(&mut desk, &token),
            Err(Refusal::Recovery(RecoveryRefusal::RecoveryWaits { .. }))
        ));
    }
    desk.wait(Span(WAIT.0 / 2 + 1));
    assert!(
        matches!(
            finish(&mut desk, &token),
            Err(Refusal::Recovery(RecoveryRefusal::RecoveryWaits { .. }))
        ),
        "untold"
    );
    tick(&mut desk);
    let address = MailAddress::new("ann@example.org").unwrap();
    let messages = told(&desk, Topic::Recovery);
    assert_eq!(messages.len(), 3);
    assert!(messages.iter().all(|one| one.mail == [address.clone()] && one.code.is_some()));
    assert!(messages[0].text.contains("from 192.0.2.7 (Firefox on Linux) with your password"));
    let done = finish(&mut desk, &token).unwrap();
    let session = desk.slice.session(done.session).unwrap();
    assert_eq!(session.methods, [Method::Recovery]);
    let until = session.held_until.unwrap();
    assert_eq!(until.since(session.started_at), HOLD);
    assert_eq!(acts(&desk, done.session, false), (HELD_ACTS, Some(Narrowing::Recovered { until })));
    assert_eq!(
        finish(&mut desk, &token).err(),
        Some(Refusal::Recovery(RecoveryRefusal::RecoveryOver)),
        "it works once"
    );
    let kinds: Vec<_> = desk.events.iter().map(|event| event.kind().into_owned()).collect();
    for kind in ["begun", "half", "ready", "finished"] {
        assert!(kinds.contains(&format!("recovery.{kind}")), "{kind}");
    }
}

#[test]
fn recovery_begins_by_the_right_password_alone_and_counts_wrong_ones() {
    let mut desk = Desk::enrolled();
    for _ in 0..5 {
        assert_eq!(
            begin(&mut desk, false).err(),
            Some(Refusal::SignIn(SignInRefusal::SignInFailed))
        );
    }
    assert!(matches!(
        begin(&mut desk, true),
        Err(Refusal::SignIn(SignInRefusal::Throttled { failures: 5, .. }))
    ));
    assert!(matches!(
        desk.password(None, true),
        Err(Refusal::SignIn(SignInRefusal::Throttled { failures: 5, .. }))
    ));
    desk.wait(Span::minutes(1));
    assert!(begin(&mut desk, true).is_ok());
    let stands = begin(&mut desk, true).err();
    assert!(
        matches!(stands, Some(Refusal::Recovery(RecoveryRefusal::RecoveryStands { .. }))),
        "one at a time"
    );
}

#[test]
fn recovery_of_a_person_without_a_second_factor_or_locked_is_refused_like_a_sign_in() {
    let mut desk = Desk::bare();
    let hash = Secret::from_text("$hash".into());
    let set = authenticator::Command::SetPassword { hash, old: None };
    desk.system(Command::Authenticator(set)).ok().unwrap();
    assert_eq!(begin(&mut desk, true).err(), desk.password(None, true).err());
    let mut desk = Desk::enrolled();
    let lock = lock::Command::Set { target: LockTarget::Person(desk.person()), grade: Grade::All };
    desk.system(Command::Lock(lock)).ok().unwrap();
    assert_eq!(
        begin(&mut desk, true).err(),
        Some(Refusal::Authority(AuthorityRefusal::Locked { grade: Grade::All }))
    );
    let assist = Command::Recovery(recovery::Command::Assist);
    assert_eq!(
        desk.system(assist).err(),
        Some(Refusal::Authority(AuthorityRefusal::Locked { grade: Grade::All }))
    );
}

#[test]
fn asks_are_counted_and_the_fourth_within_a_week_waits() {
    let mut desk = Desk::enrolled();
    for _ in 0..ASKS {
        begin(&mut desk, true).unwrap();
        let token = stop_token(&desk);
        assert!(stop(&mut desk, &token).is_ok());
        assert_eq!(ended_by(&desk), Some(RecoveryEnd::ByLink));
    }
    let refused = begin(&mut desk, true).err();
    let Some(Refusal::Recovery(RecoveryRefusal::TooManyRecoveries {
        count: 3,
        limit: 3,
        retry_at,
    })) = refused
    else {
        panic!("{refused:?}")
    };
    desk.now = retry_at;
    assert!(begin(&mut desk, true).is_ok());
}

#[test]
fn recovery_that_was_finished_or_is_the_operators_is_not_counted() {
    let mut desk = Desk::enrolled();
    for _ in 0..ASKS {
        let assist = Command::Recovery(recovery::Command::Assist);
        desk.system(assist).ok().unwrap();
        let token = stop_token(&desk);
        stop(&mut desk, &token).ok().unwrap();
    }
    for _ in 0..=ASKS {
        recovered(&mut desk);
    }
}

#[test]
fn sign_in_by_what_stood_before_ends_a_recovery_and_a_half_one_does_not() {
    let mut desk = Desk::enrolled();
    let device = desk.signed_in().device_token.unwrap();
    let token = begin(&mut desk, true).unwrap();
    let attempt = desk.at_totp(Some(&device));
    assert!(desk.slice.open_recovery().is_some(), "a password alone proves too little");
    wait_all(&mut desk);
    desk.wait(Span::seconds(1));
    assert_eq!(
        desk.totp(Some(&device), &attempt, Secret::from_text("1".into())).err(),
        Some(Refusal::SignIn(SignInRefusal::AttemptEnded))
    );
    let attempt = desk.at_totp(Some(&device));
    let code = desk.code();
    assert!(desk.totp(Some(&device), &attempt, code).is_ok());
    assert_eq!(ended_by(&desk), Some(RecoveryEnd::SignedIn));
    assert_eq!(
        finish(&mut desk, &token).err(),
        Some(Refusal::Recovery(RecoveryRefusal::RecoveryOver))
    );
    let text = &told(&desk, Topic::RecoveryEnded).last().unwrap().text;
    assert!(text.contains("because you signed in"), "{text}");
}

/// The other way round: once it is a session, a sign-in by what stood before takes nothing from it,
/// and is itself not held.
#[test]
fn sign_in_after_a_recovery_was_finished_is_whole() {
    let mut desk = Desk::enrolled();
    let owner = desk.signed_in();
    let done = recovered(&mut desk);
    let device = owner.device_token.unwrap();
    let attempt = desk.at_totp(Some(&device));
    let code = desk.code();
    let Ok(Answer::SignedIn(old)) = desk.totp(Some(&device), &attempt, code) else { panic!("no") };
    assert_eq!(acts(&desk, old.session, false), (Acts::ALL, None));
    assert!(desk.slice.session(done.session).is_none_or(|one| one.held_until.is_some()));
}

#[test]
fn stopped_by_session_link_operator_or_lock_it_is_over_for_good() {
    let mut desk = Desk::enrolled();
    let owner = desk.signed_in();
    for why in
        [RecoveryEnd::ByPerson, RecoveryEnd::ByLink, RecoveryEnd::ByOperator, RecoveryEnd::Locked]
    {
        desk.wait(Span::days(8));
        let token = begin(&mut desk, true).unwrap();
        let recovery = desk.slice.open_recovery().unwrap().id;
        let cancel = Command::Recovery(recovery::Command::Cancel { recovery });
        let answer = match why {
            RecoveryEnd::ByPerson => {
                let until = desk.now + Span::hours(1);
                desk.slice.sessions.iter_mut().for_each(|one| one.until = until);
                desk.by(by(&owner), cancel)
            }
            RecoveryEnd::ByLink => {
                let token = stop_token(&desk);
                stop(&mut desk, &token)
            }
            RecoveryEnd::ByOperator => desk.system(cancel),
            _ => {
                let target = LockTarget::Person(desk.person());
                let set = lock::Command::Set { target, grade: Grade::All };
                let answer = desk.system(Command::Lock(set));
                desk.system(Command::Lock(lock::Command::Lift { target })).ok().unwrap();
                answer
            }
        };
        assert!(answer.is_ok(), "{why:?}");
        assert_eq!(ended_by(&desk), Some(why));
        wait_all(&mut desk);
        assert_eq!(
            finish(&mut desk, &token).err(),
            Some(Refusal::Recovery(RecoveryRefusal::RecoveryOver)),
            "{why:?}"
        );
    }
}

#[test]
fn cancel_of_nobody_or_of_another_recovery_changes_nothing() {
    let mut desk = Desk::enrolled();
    let owner = desk.signed_in();
    let token = begin(&mut desk, true).unwrap();
    let recovery = desk.slice.open_recovery().unwrap().id;
    let cancel = || Command::Recovery(recovery::Command::Cancel { recovery });
    assert_eq!(
        desk.by(By::Visitor, cancel()).err(),
        Some(Refusal::Session(SessionRefusal::NotSignedIn))
    );
    let other =
        Command::Recovery(recovery::Command::Cancel { recovery: access::RecoveryId([9; 16]) });
    assert_eq!(
        desk.by(by(&owner), other).err(),
        Some(Refusal::Recovery(RecoveryRefusal::RecoveryOver))
    );
    // The browser's token stops nothing, and the one that stops signs nobody in.
    assert_eq!(
        stop(&mut desk, &token).err(),
        Some(Refusal::Recovery(RecoveryRefusal::RecoveryOver))
    );
    let stopper = stop_token(&desk);
    wait_all(&mut desk);
    assert_eq!(
        finish(&mut desk, &stopper).err(),
        Some(Refusal::Recovery(RecoveryRefusal::RecoveryOver))
    );
    let assist = desk.by(by(&owner), Command::Recovery(recovery::Command::Assist));
    assert_eq!(assist.err(), Some(Refusal::Change(ChangeRefusal::OperatorOnly)));
    let ticks = desk.by(by(&owner), Command::Recovery(recovery::Command::Tick));
    assert_eq!(ticks.err(), Some(Refusal::Change(ChangeRefusal::OperatorOnly)));
    assert!(desk.slice.open_recovery().is_some());
    assert!(stop(&mut desk, &stopper).is_ok());
    assert_eq!(
        stop(&mut desk, &stopper).err(),
        Some(Refusal::Recovery(RecoveryRefusal::RecoveryOver)),
        "once"
    );
}

/// Each step waits from when its person was told: a jump of the clock shortens by half at most.
#[test]
fn clock_that_jumps_forward_skips_no_message_and_half_of_the_wait_at_most() {
    let mut desk = Desk::enrolled();
    let token = begin(&mut desk, true).unwrap();
    desk.wait(Span::days(400));
    assert!(matches!(
        finish(&mut desk, &token),
        Err(Refusal::Recovery(RecoveryRefusal::RecoveryWaits { .. }))
    ));
    tick(&mut desk);
    tick(&mut desk);
    let Stage::Half { ready_at } = stage(&desk) else { panic!("{:?}", stage(&desk)) };
    assert!(ready_at.since(desk.now) > Span(WAIT.0 / 2 - 1_000_000));
    assert!(matches!(
        finish(&mut desk, &token),
        Err(Refusal::Recovery(RecoveryRefusal::RecoveryWaits { .. }))
    ));
    desk.wait(Span(WAIT.0 / 2));
    tick(&mut desk);
    assert_eq!(told(&desk, Topic::Recovery).len(), 3);
    assert!(finish(&mut desk, &token).is_ok());
}

#[test]
fn clock_that_steps_back_lengthens_the_wait_and_never_shortens_it() {
    let mut desk = Desk::enrolled();
    let token = begin(&mut desk, true).unwrap();
    let begun = desk.now;
    desk.wait(Span::hours(37));
    tick(&mut desk);
    desk.now = begun - Span::days(2);
    tick(&mut desk);
    assert!(matches!(
        finish(&mut desk, &token),
        Err(Refusal::Recovery(RecoveryRefusal::RecoveryWaits { .. }))
    ));
    desk.now = begun + WAIT - Span::seconds(5);
    tick(&mut desk);
    assert!(matches!(
        finish(&mut desk, &token),
        Err(Refusal::Recovery(RecoveryRefusal::RecoveryWaits { .. }))
    ));
    desk.wait(Span::hours(2));
    tick(&mut desk);
    assert!(finish(&mut desk, &token).is_ok());
}

#[test]
fn recovery_that_nobody_finishes_lapses() {
    let mut desk = Desk::enrolled();
    let token = begin(&mut desk, true).unwrap();
    wait_all(&mut desk);
    desk.wait(FINISH);
    assert_eq!(
        finish(&mut desk, &token).err(),
        Some(Refusal::Recovery(RecoveryRefusal::RecoveryOver)),
        "even untold"
    );
    tick(&mut desk);
    assert_eq!(ended_by(&desk), Some(RecoveryEnd::Lapsed));
    tick(&mut desk);
    assert_eq!(told(&desk, Topic::RecoveryEnded).len(), 1);
}

/// ASVS 6.4.4: the operator's word stands in for the password; it waits and tells too.
#[test]
fn operators_recovery_is_taken_up_once_and_waits() {
    let mut desk = Desk::enrolled();
    let assist = Command::Recovery(recovery::Command::Assist);
    let Ok(Answer::RecoveryBegun(begun)) = desk.system(assist) else { panic!("not begun") };
    let claim = |desk: &mut Desk, token: &Secret| {
        visit(desk, recovery::Command::Claim { token: copy(token) })
    };
    let Ok(Answer::RecoveryBegun(mine)) = claim(&mut desk, &begun.token) else { panic!("no") };
    assert_eq!(
        claim(&mut desk, &begun.token).err(),
        Some(Refusal::Recovery(RecoveryRefusal::RecoveryOver)),
        "once"
    );
    assert_eq!(
        claim(&mut desk, &mine.token).err(),
        Some(Refusal::Recovery(RecoveryRefusal::RecoveryOver)),
        "taken up"
    );
    assert_eq!(told(&desk, Topic::Recovery).len(), 2);
    assert!(told(&desk, Topic::Recovery)[0].text.contains("started by the operator"));
    wait_all(&mut desk);
    assert_eq!(
        finish(&mut desk, &begun.token).err(),
        Some(Refusal::Recovery(RecoveryRefusal::RecoveryOver))
    );
    let done = finish(&mut desk, &mine.token).unwrap();
    assert_eq!(acts(&desk, done.session, false).0, HELD_ACTS);
}

#[test]
fn recovery_that_a_password_began_is_not_taken_up_elsewhere() {
    let mut desk = Desk::enrolled();
    let token = begin(&mut desk, true).unwrap();
    let claimed = visit(&mut desk, recovery::Command::Claim { token: copy(&token) });
    assert_eq!(claimed.err(), Some(Refusal::Recovery(RecoveryRefusal::RecoveryOver)));
}

/// Storage was cleared, or a private window closed: the cookie is all that is left.
#[test]
fn browser_that_lost_its_key_begins_its_recovery_again_and_nobody_else_does() {
    let mut desk = Desk::enrolled();
    let token = begin(&mut desk, true).unwrap();
    wait_all(&mut desk);
    assert!(matches!(desk.slice.open_recovery().unwrap().stage, Stage::Ready { .. }));
    let other = access::binding::PublicKey::new(&[4; 65]);
    let again = |desk: &mut Desk, token: &Secret, right| {
        let proof = desk.proof(right);
        let source = Source { key: other, ..browser(None) };
        let command = recovery::Command::Again { proof, token: copy(token) };
        let command = Command::Recovery(command);
        desk.call(&Call { by: By::Visitor, source, command })
    };
    // Neither the cookie alone nor the password alone ends what is under way.
    assert_eq!(
        again(&mut desk, &token, false).err(),
        Some(Refusal::SignIn(SignInRefusal::SignInFailed))
    );
    let stranger = access::Secret::from_text("fpr_0000".to_owned());
    let stands = again(&mut desk, &stranger, true).err();
    assert!(
        matches!(stands, Some(Refusal::Recovery(RecoveryRefusal::RecoveryStands { .. }))),
        "{stands:?}"
    );
    let first = desk.slice.open_recovery().unwrap().id;

    let Answer::RecoveryBegun(begun) = again(&mut desk, &token, true).unwrap() else {
        panic!("another answer")
    };
    let open = desk.slice.open_recovery().unwrap();
    assert!(open.id != first && matches!(open.stage, Stage::Begun { .. }), "it waits anew");
    assert_eq!(open.begun.key, other);
    assert_eq!(
        finish(&mut desk, &token).err(),
        Some(Refusal::Recovery(RecoveryRefusal::RecoveryOver)),
        "the old one is over"
    );
    let ended = &told(&desk, Topic::RecoveryEnded)[0].text;
    assert!(ended.contains("its browser lost its key"), "{ended}");
    // Each counts as one that was asked for, so that messages are not without end.
    let mut last = begun.token;
    let refused = loop {
        match again(&mut desk, &last, true) {
            Ok(Answer::RecoveryBegun(begun)) => last = begun.token,
            Ok(_) => panic!("another answer"),
            Err(refusal) => break refusal,
        }
    };
    assert!(
        matches!(refused, Refusal::Recovery(RecoveryRefusal::TooManyRecoveries { .. })),
        "{refused}"
    );
}

#[test]
fn wait_is_chosen_within_bounds_by_a_recent_proof_and_told() {
    let mut desk = Desk::enrolled();
    let done = desk.signed_in();
    let set = |wait| {
        let policy = RecoveryPolicy { wait, ..RecoveryPolicy::default() };
        Command::Recovery(recovery::Command::Choose(policy))
    };
    for wait in [Span(SHORTEST_WAIT.0 - 1), Span(LONGEST_WAIT.0 + 1), Span(0), Span(-1)] {
        let refused = desk.by(by(&done), set(wait)).err();
        assert!(matches!(refused, Some(Refusal::Input(InputRefusal::OutOfRange { .. }))), "{wait}");
    }
    let before = desk.slice.recovery_policy.wait;
    begin(&mut desk, true).unwrap();
    assert!(desk.by(by(&done), set(SHORTEST_WAIT)).is_ok());
    let open = desk.slice.open_recovery().unwrap();
    assert_eq!(
        (open.wait, desk.slice.recovery_policy.wait),
        (before, SHORTEST_WAIT),
        "its own stays"
    );
    assert_eq!(told(&desk, Topic::RecoveryChanged).len(), 1);
    desk.wait(Span::minutes(16));
    let late = desk.by(by(&done), set(LONGEST_WAIT)).err();
    assert!(matches!(late, Some(Refusal::Session(SessionRefusal::ProofTooOld { .. }))));
    assert_eq!(
        desk.by(By::Visitor, set(WAIT)).err(),
        Some(Refusal::Session(SessionRefusal::NotSignedIn))
    );
}

/// What a held session is refused, each with the time at which it is over.
#[test]
fn held_session_enrols_and_takes_nothing_of_its_persons_away() {
    let mut desk = Desk::enrolled();
    let owner = desk.signed_in();
    let done = recovered(&mut desk);
    let by = by(&done);
    let old = desk.slice.password().unwrap().id;
    let hash = || Secret::from_text("$new".into());
    let proof = desk.proof(true);
    let name = || "x".to_owned();
    let device = owner.device;
    let refused: Vec<Command> = vec![
        Command::Authenticator(A::Remove { authenticator: old }),
        Command::Authenticator(A::Rename { authenticator: old, name: name() }),
        Command::Authenticator(A::SetPassword { hash: hash(), old: Some(proof) }),
        Command::Device(D::Remove { device }),
        Command::Device(D::Block { device }),
        Command::Device(D::RemoveOthers),
        Command::Device(D::Rename { device, name: name() }),
        Command::Device(D::SetRole { device, role: DeviceRole::View }),
        Command::Contact(contact::Command::RemoveMail),
        Command::Contact(contact::Command::SetMail { address: "evil@example.org".into() }),
        Command::Recovery(recovery::Command::Choose(RecoveryPolicy::default())),
        Command::Credential(credential::Command::Create(Box::new(credential::NewCredential {
            name: name(),
            accounts: vec![crate::desk::account()],
            scopes: access::entitlements::Scopes::read_only(desk.now + Span::days(1)),
            with_token: false,
            door: credential::Door::Socket { port: 7497 },
            serves_api: false,
        }))),
    ];
    for command in refused {
        let refusal = desk.by(by, command).err();
        assert!(
            matches!(refusal, Some(Refusal::Authority(AuthorityRefusal::RecoveryHolds { .. }))),
            "{refusal:?}"
        );
    }
    assert!(desk.by(by, Command::Authenticator(passkey(&desk, 1))).is_ok());
    // Nor by 'this was not me' about their browser.
    let about = |one: &&&Notice| one.subject.device == Some(device);
    let notice = Box::new((*told(&desk, Topic::NewDevice).iter().find(about).unwrap()).clone());
    let not_me = Command::Notice(notice::Command::Disown { notice });
    let Ok(Answer::Disowned(stopped)) = desk.by(by, not_me) else { panic!("no") };
    assert!(stopped.devices.is_empty() && desk.slice.device(device).is_some());
    // Nor does it, or what it brought, stop the recovery of whom it shut out.
    let assist = Command::Recovery(recovery::Command::Assist);
    desk.system(assist).ok().unwrap();
    let recovery = desk.slice.open_recovery().unwrap().id;
    let cancel = Command::Recovery(recovery::Command::Cancel { recovery });
    assert!(matches!(
        desk.by(by, cancel).err(),
        Some(Refusal::Authority(AuthorityRefusal::RecoveryHolds { .. }))
    ));
    by_passkey(&mut desk, 1).unwrap();
    assert!(desk.slice.open_recovery().is_some());
}

#[test]
fn recovered_session_enrols_within_an_hour() {
    let mut desk = Desk::enrolled();
    let done = recovered(&mut desk);
    desk.wait(Span::minutes(59));
    assert!(desk.by(by(&done), Command::Authenticator(passkey(&desk, 1))).is_ok());
    desk.wait(Span::minutes(2));
    let late = desk.by(by(&done), Command::Authenticator(passkey(&desk, 2))).err();
    assert!(matches!(late, Some(Refusal::Session(SessionRefusal::ProofTooOld { .. }))), "{late:?}");
}

#[test]
fn held_session_ends_with_the_holding_time_at_the_latest() {
    let mut desk = Desk::enrolled();
    let done = recovered(&mut desk);
    assert!(desk.by(by(&done), Command::Authenticator(passkey(&desk, 1))).is_ok());
    desk.wait(Span(HOLD.0 - Span::hours(1).0));
    let late = by_passkey(&mut desk, 1).unwrap();
    let session = desk.slice.session(late.session).unwrap();
    assert_eq!(Some(session.until), session.held_until, "nothing widens by the clock alone");
    desk.wait(Span::hours(2));
    let after = by_passkey(&mut desk, 1).unwrap();
    assert_eq!(acts(&desk, after.session, false).0, Acts::ALL);
}

#[test]
fn passkey_of_a_recovery_is_held_and_one_from_before_is_not() {
    let mut desk = Desk::enrolled();
    let owner = desk.signed_in();
    assert!(desk.by(by(&owner), Command::Authenticator(passkey(&desk, 7))).is_ok());
    let done = recovered(&mut desk);
    assert!(desk.by(by(&done), Command::Authenticator(passkey(&desk, 8))).is_ok());
    let new = by_passkey(&mut desk, 8).unwrap();
    assert_eq!(acts(&desk, new.session, false).0, HELD_ACTS);
    assert_eq!(acts(&desk, new.session, true).0, HELD_ACTS, "a step-up widens nothing");
    let old = by_passkey(&mut desk, 7).unwrap();
    assert_eq!(acts(&desk, old.session, false).0, Acts::ALL);
}

/// Every way to prove a person, on every kind of device, before and after: what a recovered person's
/// session may do is part of what an ordinary one may on the same device.
#[test]
fn held_session_may_less_than_an_ordinary_one_on_every_kind_of_device() {
    let mut desk = Desk::enrolled();
    let done = recovered(&mut desk);
    let session = desk.slice.session(done.session).unwrap().clone();
    let ordinary = access::session::Session { held_until: None, ..session.clone() };
    for role in DeviceRole::ALL {
        for confirmed in [true, false] {
            for key in [session.key, None] {
                for grade in [Grade::None, Grade::ReduceOnly, Grade::NoNew, Grade::All] {
                    let mut slice = desk.slice.clone();
                    for device in &mut slice.devices {
                        (device.role, device.confirmed) = (role, confirmed);
                    }
                    if grade != Grade::None {
                        slice.locks.push(lock::Lock {
                            id: access::LockId([1; 16]),
                            target: LockTarget::Person(desk.person()),
                            grade,
                            at: desk.now,
                            by: By::System,
                            receipt: lock::Receipt::default(),
                        });
                    }
                    for fresh in [true, false] {
                        let acts = |one: &access::session::Session| {
                            let one = access::session::Session { key, ..one.clone() };
                            slice.session_entitlements(&one, crate::desk::account(), fresh).unwrap()
                        };
                        let (held, whole) = (acts(&session), acts(&ordinary));
                        let more = held.acts.without(whole.acts);
                        assert!(more.is_empty(), "{role:?} {confirmed} {grade} {fresh}");
                        assert!(held.until <= whole.until);
                        for act in [
                            Act::PlaceOrder,
                            Act::ModifyOrder,
                            Act::ManageCredentials,
                            Act::ManageContact,
                            Act::ManageRecovery,
                        ] {
                            assert!(!held.acts.contains(act), "{act}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn hostile_agent_is_kept_as_a_plain_name() {
    let mut desk = Desk::enrolled();
    let proof = desk.proof(true);
    let agent = "<script>alert(1)</script>\r\nBcc: x@example.org https://evil.example";
    let source = Source::browser("192.0.2.9".parse().unwrap(), None, None, agent);
    let command = Command::Recovery(recovery::Command::Begin { proof });
    desk.call(&Call { by: By::Visitor, source, command }).ok().unwrap();
    let text = &told(&desk, Topic::Recovery)[0].text;
    assert!(text.contains("(Browser)") && !text.contains("evil"), "{text}");
}
