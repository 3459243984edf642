//! The table of sessions by itself.
#![expect(clippy::unwrap_used, reason = "tests")]
use super::*;
use crate::binding::Shows;
use access::SealKey;
use access::entitlements::{Act, Limits};
use access::mandate::{Mandate, Role};
use access::name::Username;
use access::policy::Assurance;
use access::session::{Interface, Method};

const START: Time = Time::from_seconds(1_795_000_000);
const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

fn session(number: u8) -> Session {
    Session {
        id: SessionId([number; 16]),
        person: PersonId([1; 16]),
        device: DeviceId([number; 16]),
        token: token(number),
        interface: Interface::Portal,
        methods: vec![Method::Passkey],
        key: None,
        hardware: None,
        proven_at: START,
        proven_by: vec![Method::Passkey],
        assurance: Assurance::Resistant,
        address: None,
        networks: Vec::new(),
        started_at: START,
        idle: Span::minutes(30),
        until: START + Span::hours(12),
        announced: false,
        receipt: None,
        held_until: None,
        stay: access::stay::Stay::Usual,
        agent: None,
    }
}

fn token(number: u8) -> Digest {
    Digest::of(&[number])
}

fn account() -> PaperAccountId {
    PaperAccountId::new(1_234_567).unwrap()
}

fn put_under(sessions: &Sessions, session: &Session, lock: Grade) {
    let person = Person {
        id: session.person,
        username: Username::new("ada").unwrap(),
        created_at: START,
        limits: Limits::default(),
    };
    sessions.put(&person, session, vec![on(session, account(), lock)], None);
}

/// What an owner of an account has by a session.
fn on(session: &Session, account: PaperAccountId, lock: Grade) -> Entitlements {
    let mandate = Mandate::preset(
        (access::id::MandateId([1; 16]), access::mandate::Grantor::System),
        session.person,
        account.into(),
        Role::Owner,
        START,
    );
    let mut given = mandate.entitlements(Holder::Session(session.id), lock).unwrap();
    given.until = session.until;
    given
}

fn with(numbers: std::ops::Range<u8>) -> Sessions {
    let sessions = Sessions::default();
    for number in numbers {
        put_under(&sessions, &session(number), Grade::None);
    }
    sessions
}

fn known(sessions: &Sessions, number: u8, now: Time) -> Option<Result<SessionTicket, Over>> {
    let secret = SealKey::new([1; 32]);
    let visitor = Visitor { shows: Shows::default(), address: HOME, secret: &secret, is_use: true };
    sessions.visit(&token(number), &visitor, now)
}

fn visit(sessions: &Sessions, number: u8, now: Time) -> Result<SessionTicket, Refusal> {
    known(sessions, number, now).unwrap().map_err(|over| over.refusal)
}

fn sweep(sessions: &Sessions, now: Time, all: bool) -> Sweep {
    sessions.sweep(now, now, all)
}

#[test]
fn slot_made_after_a_lock_has_what_the_lock_left_like_one_made_before() {
    let sessions = with(1..3);
    let before = sessions.slot(SessionId([1; 16]), account()).unwrap();
    let state = before.open_state().unwrap();
    sessions.narrow_to(Grade::ReduceOnly, |person, _| person == PersonId([1; 16]));
    let after = sessions.slot(SessionId([2; 16]), account()).unwrap();
    assert_ne!(before.open_state().unwrap(), state, "an order that was checked is stale");
    for slot in [before, after] {
        let given = slot.entitlements();
        assert_eq!(given.holder, slot.holder);
        assert_eq!((given.lock, given.until), (Grade::ReduceOnly, START + Span::hours(12)));
        assert!(!given.acts.contains(Act::PlaceOrder));
    }
    sessions.narrow_to(Grade::All, |person, _| person == PersonId([2; 16]));
    assert_eq!(
        sessions.slot(SessionId([1; 16]), account()).unwrap().entitlements().lock,
        Grade::ReduceOnly
    );
}

#[test]
fn session_published_again_after_its_lock_was_lifted_has_all_of_it_back() {
    let sessions = with(1..2);
    let slot = sessions.slot(SessionId([1; 16]), account()).unwrap();
    sessions.narrow_to(Grade::All, |_, _| true);
    assert_eq!(slot.entitlements().lock, Grade::All);
    put_under(&sessions, &session(1), Grade::None);
    assert_eq!(slot.entitlements().lock, Grade::None);
    assert!(slot.entitlements().acts.contains(Act::PlaceOrder));
}

#[test]
fn session_that_ended_has_no_slot_and_is_not_revived_by_a_later_publication() {
    let sessions = with(1..3);
    let held = sessions.slot(SessionId([1; 16]), account()).unwrap();
    let at = START + Span::seconds(5);
    for number in [1, 2] {
        sessions.end(SessionId([number; 16]), at, SessionEnd::SignedOut);
        sessions.end(SessionId([number; 16]), at, SessionEnd::Replaced);
        put_under(&sessions, &session(number), Grade::None);
        let over =
            Refusal::Session(SessionRefusal::SessionEnded { at, reason: SessionEnd::SignedOut });
        assert_eq!(sessions.slot(SessionId([number; 16]), account()).err(), Some(over.clone()));
        assert_eq!(visit(&sessions, number, at).err(), Some(over));
        assert_eq!(sessions.person(SessionId([number; 16])), None);
    }
    assert!(!held.is_open());
    assert!(sessions.list(None, at).is_empty());
}

#[test]
fn session_with_a_receipt_may_do_nothing_and_shows_it() {
    let sessions = with(1..2);
    let slot = sessions.slot(SessionId([1; 16]), account()).unwrap();
    sessions.keep_for_receipt(SessionId([1; 16]), LockId([8; 16]));
    sessions.keep_for_receipt(SessionId([1; 16]), LockId([9; 16]));
    assert!(slot.entitlements().acts.is_empty());
    assert_eq!(visit(&sessions, 1, START).unwrap().receipt, Some(LockId([8; 16])));
}

#[test]
fn sweep_forgets_sessions_an_hour_after_their_end_and_their_places_are_used_again() {
    let sessions = with(0..200);
    let at = START + Span::seconds(5);
    for number in 0..100 {
        sessions.end(SessionId([number; 16]), at, SessionEnd::SignedOut);
    }
    drop(sweep(&sessions, at + Span::minutes(59), false));
    assert!(known(&sessions, 7, at).is_some());
    drop(sweep(&sessions, at + Span::hours(1), false));
    for number in 0..200 {
        assert_eq!(known(&sessions, number, at).is_some(), number >= 100);
    }
    for number in 0..50 {
        put_under(&sessions, &session(number), Grade::None);
    }
    assert_eq!(sessions.lock().records.len(), 150);
    assert!(sessions.lock().records.vacant_key() < 200, "a place that was used before");
    assert!((0..50).chain(100..200).all(|number| visit(&sessions, number, at).is_ok()));
    let known = |number: &u8| sessions.person(SessionId([*number; 16])).is_some();
    assert_eq!((0..200).filter(known).count(), 150);
}

#[test]
fn sweep_lets_a_slot_go_only_when_nobody_holds_it() {
    let sessions = with(1..2);
    let held = sessions.slot(SessionId([1; 16]), account()).unwrap();
    let later = START + Span::minutes(5);
    drop(sweep(&sessions, later, false));
    let same = sessions.slot(SessionId([1; 16]), account()).unwrap();
    assert!(Arc::ptr_eq(&held, &same));
    drop((held, same));
    drop(sweep(&sessions, later, false));
    assert!(sessions.lock().slots.is_empty());
}

#[test]
fn sweep_gives_each_use_once_and_names_sessions_that_passed_a_limit() {
    let sessions = with(1..4);
    visit(&sessions, 1, START + Span::minutes(1)).unwrap();
    let swept = sweep(&sessions, START + Span::minutes(2), false);
    let used = SessionUse {
        session: SessionId([1; 16]),
        at: START + Span::minutes(1),
        address: Some(HOME),
    };
    assert_eq!(swept.uses, [used]);
    visit(&sessions, 1, START + Span::minutes(2)).unwrap();
    let soon = START + Span::minutes(2) + Span::seconds(1);
    assert!(sweep(&sessions, soon, false).uses.is_empty(), "half a minute has not passed");
    assert_eq!(sweep(&sessions, soon, true).uses.len(), 1);
    assert!(sweep(&sessions, soon, true).uses.is_empty());
    let idle = START + Span::minutes(31);
    let over = sweep(&sessions, idle, false).over;
    let ids: Vec<_> = over.iter().map(|(id, _, reason)| (*id, *reason)).collect();
    assert_eq!(ids, [2, 3].map(|number| (SessionId([number; 16]), SessionEnd::Idle)));
}

#[test]
fn sweep_names_sessions_that_end_with_a_window_within_a_day_until_they_are_told() {
    let sessions = with(1..2);
    let week = |number| Session {
        idle: Span::hours(200),
        until: START + Span::hours(168),
        ..session(number)
    };
    put_under(&sessions, &week(2), Grade::None);
    put_under(&sessions, &week(3), Grade::None);
    let near = |at| sweep(&sessions, at, true).near;
    let first = week(2).until - access::window::NEAR;
    assert_eq!((near(START), near(first - Span(1))), (Vec::new(), Vec::new()));
    let [second, third] = [2, 3].map(|number| (SessionId([number; 16]), PersonId([1; 16])));
    assert_eq!(near(first), [second, third]);
    put_under(&sessions, &Session { announced: true, ..week(2) }, Grade::None);
    assert_eq!(near(first), [third]);
    assert_eq!(near(week(3).until), [], "it has ended");
}

#[test]
fn network_of_a_stay_between_two_looks_is_told_of() {
    let sessions = Sessions::default();
    put_under(&sessions, &Session { address: Some(HOME), ..session(1) }, Grade::None);
    let away = IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 7));
    let secret = SealKey::new([1; 32]);
    for (address, is_use) in [(away, true), (HOME, false), (HOME, true)] {
        let visitor = Visitor { shows: Shows::default(), address, secret: &secret, is_use };
        assert!(sessions.visit(&token(1), &visitor, START).unwrap().is_ok());
    }
    let from: Vec<_> = sessions.moved().into_iter().map(|(_, _, from)| from).collect();
    assert!(from.contains(&away), "{from:?}");
    assert!(sessions.moved().is_empty(), "once");
}

/// Anyone who copied a session chooses what its requests say of themselves.
#[test]
fn network_is_told_of_a_request_that_is_no_use_too() {
    let sessions = Sessions::default();
    put_under(&sessions, &Session { address: Some(HOME), ..session(1) }, Grade::None);
    let away = IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 7));
    let secret = SealKey::new([1; 32]);
    for (address, told) in [(HOME, false), (away, true)] {
        let visitor = Visitor { shows: Shows::default(), address, secret: &secret, is_use: false };
        assert!(sessions.visit(&token(1), &visitor, START).unwrap().is_ok());
        let there = (PersonId([1; 16]), SessionId([1; 16]), address);
        assert_eq!(sessions.moved(), if told { vec![there] } else { Vec::new() });
    }
}

#[test]
fn class_and_owner_go_with_their_last_session() {
    let sessions = with(1..4);
    assert_eq!(sessions.lock().classes.all.len(), 1);
    let mut other = session(4);
    other.methods = vec![Method::Link];
    put_under(&sessions, &other, Grade::None);
    put_under(&sessions, &session(1), Grade::NoNew);
    assert_eq!(sessions.lock().classes.all.len(), 3);
    for number in 1..5 {
        sessions.end(SessionId([number; 16]), START, SessionEnd::SignedOut);
    }
    drop(sweep(&sessions, START + Span::hours(2), false));
    let table = sessions.lock();
    assert_eq!(
        (table.classes.all.len(), table.classes.owners.len(), table.records.len()),
        (0, 0, 0)
    );
    assert!(table.tokens.is_empty() && table.ids.is_empty());
}

/// A visit that shows this key and no hardware, from this address.
fn shows(
    sessions: &Sessions,
    key: Option<&crate::BrowserKey>,
    address: &str,
    now: Time,
) -> Result<SessionTicket, Refusal> {
    comes(sessions, 1, key, address, now).unwrap()
}

/// A visit with this token that shows this key, from this address.
fn comes(
    sessions: &Sessions,
    number: u8,
    key: Option<&crate::BrowserKey>,
    address: &str,
    now: Time,
) -> Option<Result<SessionTicket, Refusal>> {
    let secret = SealKey::new([1; 32]);
    let key = key.map(|key| key.shown(now).unwrap());
    let (shows, address) = (Shows { key, hardware: None }, address.parse().unwrap());
    let visitor = Visitor { shows, address, secret: &secret, is_use: true };
    let found = sessions.find(&token(number), now).is_some();
    let came = sessions.visit(&token(number), &visitor, now);
    assert_eq!(found, came.is_some());
    Some(came?.map_err(|over| over.refusal))
}

fn bound_to(key: &crate::BrowserKey) -> (Sessions, Session) {
    let sessions = Sessions::default();
    let session = Session { key: Some(key.public()), ..session(1) };
    put_under(&sessions, &session, Grade::None);
    (sessions, session)
}

#[test]
fn request_under_way_while_hardware_binds_the_session_passes_by_its_key_for_ten_seconds() {
    let key = crate::BrowserKey::generate().unwrap();
    let (sessions, session) = bound_to(&key);
    sessions.answers(session.id, START);
    let bound = Session { hardware: Some(key.public()), ..session };
    put_under(&sessions, &bound, Grade::None);
    assert!(shows(&sessions, Some(&key), "192.0.2.1", START + Span::seconds(9)).is_ok());
    let none = shows(&sessions, None, "192.0.2.1", START + Span::seconds(9));
    assert_eq!(none.err(), Some(Refusal::Session(SessionRefusal::KeyProofMissing)));
    let late = shows(&sessions, Some(&key), "192.0.2.1", START + Span::seconds(10));
    assert_eq!(late.err(), Some(Refusal::Session(SessionRefusal::HardwareProofMissing)));
    // What answers later renews its proof and begins no such time again.
    sessions.answers(bound.id, START + Span::seconds(20));
    let later = shows(&sessions, Some(&key), "192.0.2.1", START + Span::seconds(21));
    assert_eq!(later.err(), Some(Refusal::Session(SessionRefusal::HardwareProofMissing)));
}

#[test]
fn copy_is_told_at_once_by_another_key_and_at_the_third_request_without_one_once_an_hour() {
    let (key, other) =
        (crate::BrowserKey::generate().unwrap(), crate::BrowserKey::generate().unwrap());
    let (sessions, session) = bound_to(&key);
    shows(&sessions, Some(&key), "192.0.2.1", START).unwrap();
    let told = |sessions: &Sessions| sessions.copied().len();
    for _ in 0..9 {
        // A forced reload of the owner's.
        shows(&sessions, None, "192.0.2.1", START).err().unwrap();
    }
    assert_eq!(told(&sessions), 0);
    for count in [0, 0, 1, 0, 0, 0, 0] {
        shows(&sessions, None, "203.0.113.9", START).err().unwrap();
        assert_eq!(told(&sessions), count);
    }
    shows(&sessions, Some(&other), "203.0.113.9", START).err().unwrap();
    assert_eq!(told(&sessions), 0, "within the hour");
    shows(&sessions, Some(&other), "203.0.113.9", START + Span::minutes(25)).err().unwrap();
    shows(&sessions, Some(&key), "192.0.2.1", START + Span::minutes(25)).unwrap();
    shows(&sessions, Some(&key), "192.0.2.1", START + Span::minutes(50)).unwrap();
    let address: IpAddr = "203.0.113.9".parse().unwrap();
    shows(&sessions, Some(&other), "203.0.113.9", START + Span::minutes(61)).err().unwrap();
    assert_eq!(sessions.copied(), [(session.person, session.id, address)]);
    // What comes late under a key that was renewed is not a copy.
    let renewed = Session { key: Some(other.public()), ..session };
    let (sessions, _) = bound_to(&key);
    put_under(&sessions, &renewed, Grade::None);
    shows(&sessions, Some(&key), "203.0.113.9", START).err().unwrap();
    assert_eq!(told(&sessions), 0);
    assert!(shows(&sessions, Some(&other), "192.0.2.1", START).is_ok());
}

#[test]
fn token_that_a_proof_replaced_counts_with_the_key_until_ten_seconds_after_the_new_one_came() {
    let (key, other) =
        (crate::BrowserKey::generate().unwrap(), crate::BrowserKey::generate().unwrap());
    let (sessions, session) = bound_to(&key);
    let proven = Session { token: token(9), proven_at: START, ..session.clone() };
    put_under(&sessions, &proven, Grade::None);
    assert_eq!(sessions.lock().records.len(), 1, "it is the same session");
    let come = |number, key: Option<_>, now| comes(&sessions, number, key, "192.0.2.1", now);
    // The answer with the new one was lost: its browser has no other.
    let lost = START + Span::minutes(10);
    assert_eq!(come(1, Some(&key), lost).unwrap().unwrap().session, session.id);
    assert_eq!(
        come(1, None, lost).unwrap().err(),
        Some(Refusal::Session(SessionRefusal::KeyProofMissing))
    );
    let current = |number| sessions.find(&token(number), lost).unwrap().unwrap().current;
    assert!(current(9) && !current(1), "the old one binds no hardware any more");
    // A copy of the new one is not its arrival.
    assert!(come(9, Some(&other), lost).unwrap().is_err());
    let came = START + Span::minutes(11);
    assert!(come(1, Some(&key), came).unwrap().is_ok());
    // Two tabs proved at the same moment, and the answer that came last has the token between.
    let again = Session { token: token(8), proven_at: lost, ..session };
    put_under(&sessions, &again, Grade::None);
    // A third one's was published after it was replaced already.
    sessions.note_token(again.id, &token(6), lost);
    assert!(come(9, Some(&key), came).unwrap().is_ok() && come(1, Some(&key), came).is_some());
    assert!(come(8, Some(&key), came).unwrap().is_ok());
    let (before, late) = (came + Span::seconds(9), came + Span::seconds(10));
    assert!(come(1, Some(&key), before).unwrap().is_ok());
    assert!(come(9, Some(&key), before).unwrap().is_ok());
    assert!(come(6, Some(&key), before).unwrap().is_ok());
    assert!(come(8, Some(&key), before).unwrap().is_ok(), "a later use begins no such time again");
    assert!(come(1, Some(&key), late).is_none() && come(9, Some(&key), late).is_none());
    // A later proof brings none of them back.
    put_under(&sessions, &Session { token: token(7), proven_at: late, ..again }, Grade::None);
    assert!(come(8, Some(&key), late).unwrap().is_ok());
    assert!(come(1, Some(&key), late).is_none() && come(9, Some(&key), late).is_none());
    assert_eq!(sessions.copied().len(), 1, "the one with another key, of a minute ago");
}

#[test]
fn token_that_a_proof_replaced_is_a_copys_where_another_key_comes_with_it() {
    let (key, other) =
        (crate::BrowserKey::generate().unwrap(), crate::BrowserKey::generate().unwrap());
    let (sessions, session) = bound_to(&key);
    put_under(&sessions, &Session { token: token(9), proven_at: START, ..session }, Grade::None);
    let come = |number, key, now| comes(&sessions, number, Some(key), "203.0.113.9", now);
    assert!(come(9, &key, START).unwrap().is_ok());
    let late = START + Span::seconds(10);
    assert!(come(1, &key, late).is_none());
    assert!(sessions.copied().is_empty(), "its own browser's, which was slow");
    assert!(come(1, &other, late).is_none());
    assert_eq!(sessions.copied().len(), 1);
    // The new one is found, and nothing of the old stays.
    assert!(sessions.find(&token(9), late).unwrap().is_ok());
    drop(sweep(&sessions, START + Span::minutes(61), false));
    assert!(sessions.lock().former.is_empty());
}

#[test]
fn token_that_a_proof_replaced_counts_no_longer_where_nothing_binds_the_session() {
    let sessions = with(1..3);
    put_under(&sessions, &Session { token: token(9), ..session(1) }, Grade::None);
    assert!(known(&sessions, 1, START).is_none());
    assert!(visit(&sessions, 9, START).is_ok() && visit(&sessions, 2, START).is_ok());
    assert_eq!(sessions.slot(session(1).id, account()).unwrap().entitlements().acts, Acts::ALL);
}

#[test]
fn session_on_several_accounts_has_a_slot_on_each_and_narrows_them_apart() {
    let sessions = Sessions::default();
    let one = session(1);
    let person = Person {
        id: one.person,
        username: Username::new("ada").unwrap(),
        created_at: START,
        limits: Limits::default(),
    };
    let second = PaperAccountId::new(7_654_321).unwrap();
    let stranger = PaperAccountId::new(1).unwrap();
    let both = || [account(), second].map(|account| on(&one, account, Grade::None)).to_vec();
    sessions.put(&person, &one, both(), None);
    let ticket = visit(&sessions, 1, START).unwrap();
    assert_eq!((ticket.account, &*ticket.accounts), (account(), &[account(), second][..]));
    assert_eq!(ticket.on(second).unwrap().account, second);
    assert!(ticket.on(stranger).is_err() && sessions.slot(one.id, stranger).is_err());
    let slots = [account(), second].map(|account| sessions.slot(one.id, account).unwrap());
    assert_eq!(slots.each_ref().map(|slot| slot.account), [account(), second]);
    assert!(Arc::ptr_eq(&slots[1], &sessions.slot(one.id, second).unwrap()), "one for each");

    sessions.narrow_to(Grade::ReduceOnly, |_, account| account == second);
    assert_eq!(
        slots.each_ref().map(|slot| slot.entitlements().lock),
        [Grade::None, Grade::ReduceOnly]
    );
    // A mandate that has gone takes its slot along, and no other.
    sessions.put(&person, &one, vec![on(&one, account(), Grade::None)], None);
    assert!(slots[0].is_open() && !slots[1].is_open());
    assert!(sessions.slot(one.id, second).is_err() && sessions.slot(one.id, account()).is_ok());
    sessions.put(&person, &one, both(), None);
    assert!(!slots[1].is_open(), "an ended slot stays ended in every hand");
    let again = sessions.slot(one.id, second).unwrap();
    // Without any account nothing is left to do.
    sessions.put(&person, &one, Vec::new(), None);
    assert!(again.entitlements().acts == Acts::NONE && slots[0].entitlements().acts == Acts::NONE);
    sessions.end(one.id, START, SessionEnd::SignedOut);
    assert!(!slots[0].is_open() && !again.is_open());
}
