//! Making and ending credentials.

use access::credential::{self, Door, NewCredential, TakenPort, free_port};
use access::decision::{Answer, Command};
use access::entitlements::{Acts, Limits, Rate, Scopes, Symbols};
use access::lock::{self, LockTarget};
use access::moment::{Span, Time};
use access::refusal::{AuthorityRefusal, CredentialRefusal, InputRefusal, SessionRefusal};
use access::{Act, By, CredentialId, Grade, Refusal, SymbolId};

use crate::desk::{Desk, account};

fn new(desk: &Desk) -> NewCredential {
    NewCredential {
        name: "bot".into(),
        accounts: vec![account()],
        scopes: Scopes::trading(desk.now + Span::days(90)),
        with_token: false,
        door: Door::Socket { port: 7497 },
        serves_api: false,
    }
}

fn create(desk: &mut Desk, by: By, new: NewCredential) -> Result<CredentialId, Refusal> {
    match desk.by(by, Command::Credential(credential::Command::Create(Box::new(new))))? {
        Answer::CredentialCreated { credential, .. } => Ok(credential),
        _ => panic!("another answer"),
    }
}

fn revoke(desk: &mut Desk, credential: CredentialId) -> Option<Refusal> {
    let revoke = credential::Command::Revoke { credential, cancel_orders: false };
    desk.system(Command::Credential(revoke)).err()
}

#[test]
fn credential_out_of_range_is_refused_with_the_number() {
    let mut desk = Desk::enrolled();
    let by = By::Session(desk.signed_in().session);
    let now = desk.now;
    let scopes = |change: &dyn Fn(&mut Scopes)| {
        let mut scopes = Scopes::trading(now + Span::days(90));
        change(&mut scopes);
        scopes
    };
    let limit = |limits: Limits| scopes(&|one: &mut Scopes| one.limits = limits.clone());
    let cases: Vec<(&str, Scopes)> = vec![
        ("ended", scopes(&|one| one.until = now)),
        ("too long", scopes(&|one| one.until = now + Span::days(367))),
        ("for ever", scopes(&|one| one.until = Time::FAR)),
        ("no acts", scopes(&|one| one.acts = Acts::NONE)),
        ("administers", scopes(&|one| one.acts = Acts::of(&[Act::ManageCredentials]))),
        ("no symbols", scopes(&|one| one.symbols = Symbols::only([]))),
        ("no rate", scopes(&|one| one.rate = Some(Rate { per_second: 0, burst: 1 }))),
        ("no burst", scopes(&|one| one.rate = Some(Rate { per_second: 1, burst: 0 }))),
        ("no shares", limit(Limits { max_quantity: Some(0), ..Limits::default() })),
        ("no dollars", limit(Limits { max_notional: Some(0.into()), ..Limits::default() })),
        ("owed dollars", limit(Limits { max_notional: Some((-1).into()), ..Limits::default() })),
        ("wide collar", limit(Limits { collar_bps: Some(10_001), ..Limits::default() })),
        ("no orders", limit(Limits { max_open_orders: Some(0), ..Limits::default() })),
        ("no window", limit(Limits { duplicate_window: Some(Span(0)), ..Limits::default() })),
    ];
    for (name, scopes) in cases {
        let refusal = create(&mut desk, by, NewCredential { scopes, ..new(&Desk::bare()) }).err();
        assert!(
            matches!(
                refusal,
                Some(
                    Refusal::Input(InputRefusal::OutOfRange { .. })
                        | Refusal::Credential(CredentialRefusal::Wider { .. })
                )
            ),
            "{name}: {refusal:?}"
        );
    }
    let odd = NewCredential { name: "a\nb".into(), ..new(&desk) };
    assert!(matches!(
        create(&mut desk, by, odd),
        Err(Refusal::Input(InputRefusal::NameHidden { .. }))
    ));
    let low = NewCredential { door: Door::Socket { port: 80 }, ..new(&desk) };
    assert!(matches!(
        create(&mut desk, by, low),
        Err(Refusal::Input(InputRefusal::OutOfRange { .. }))
    ));
    let other = NewCredential { accounts: vec!["DU0000001".parse().unwrap()], ..new(&desk) };
    assert_eq!(create(&mut desk, by, other), Err(Refusal::not_found("account")));
    assert!(desk.slice.credentials.is_empty());
}

#[test]
fn name_and_port_belong_to_one_live_credential_and_the_port_rests_a_day() {
    let mut desk = Desk::enrolled();
    let by = By::System;
    let fresh = new(&desk);
    let first = create(&mut desk, by, fresh).unwrap();
    let same_name = NewCredential { door: Door::Socket { port: 7498 }, ..new(&desk) };
    assert!(matches!(
        create(&mut desk, by, same_name),
        Err(Refusal::Input(InputRefusal::NameTaken { .. }))
    ));
    let same_port = NewCredential { name: "other".into(), ..new(&desk) };
    let taken = create(&mut desk, by, same_port);
    assert!(
        matches!(
            taken,
            Err(Refusal::Credential(CredentialRefusal::PortTaken { until: Time::FAR, .. }))
        ),
        "{taken:?}"
    );
    assert_eq!(revoke(&mut desk, first), None);
    let revoked_at = desk.now;
    assert_eq!(
        revoke(&mut desk, first),
        Some(Refusal::Credential(CredentialRefusal::CredentialRevoked { at: revoked_at }))
    );
    let fresh = new(&desk);
    let until = revoked_at + Span::days(1);
    let resting = create(&mut desk, by, fresh);
    assert_eq!(
        resting,
        Err(Refusal::Credential(CredentialRefusal::PortTaken { port: 7497, until }))
    );
    desk.wait(Span::days(1));
    let fresh = new(&desk);
    create(&mut desk, by, fresh).unwrap();
    assert_eq!(
        revoke(&mut desk, CredentialId([9; 16])),
        Some(Refusal::Credential(CredentialRefusal::CredentialUnknown))
    );
}

#[test]
fn free_port_is_the_first_that_nobody_has_or_had_within_a_day() {
    let now = Time::from_seconds(1_000_000);
    let taken = [
        TakenPort { port: 7497, revoked_at: None },
        TakenPort { port: 7498, revoked_at: Some(now - Span::hours(23)) },
        TakenPort { port: 7499, revoked_at: Some(now - Span::hours(24)) },
    ];
    assert_eq!(free_port(7497, 7600, &taken, now), Ok(7499));
    let none = Refusal::Credential(CredentialRefusal::PortsExhausted { first: 7497, last: 7498 });
    assert_eq!(free_port(7497, 7498, &taken, now), Err(none));
}

#[test]
fn credential_for_the_api_has_a_token_and_no_port_and_needs_a_server_that_serves_it() {
    let mut desk = Desk::enrolled();
    let by = By::Session(desk.signed_in().session);
    let door = Door::Api;
    let api = |desk: &Desk, name: &str| NewCredential {
        name: name.into(),
        with_token: true,
        door,
        serves_api: true,
        ..new(desk)
    };
    let unserved = NewCredential { serves_api: false, ..api(&desk, "one") };
    assert_eq!(
        create(&mut desk, by, unserved),
        Err(Refusal::Credential(CredentialRefusal::DoorNotServed { door }))
    );
    let open = NewCredential { with_token: false, ..api(&desk, "one") };
    assert_eq!(
        create(&mut desk, by, open),
        Err(Refusal::Credential(CredentialRefusal::TokenNeeded { door }))
    );
    assert!(desk.slice.credentials.is_empty());
    // No port is theirs, so one does not stand in the way of another, nor of a socket.
    let (one, two) = (api(&desk, "one"), api(&desk, "two"));
    let one = create(&mut desk, by, one).unwrap();
    create(&mut desk, by, two).unwrap();
    let socket = new(&desk);
    create(&mut desk, by, socket).unwrap();
    let made = desk.slice.credential(one).unwrap();
    assert_eq!((made.door, made.door.port()), (door, None));
    let token = made.token.unwrap();
    let rotate = credential::Command::Rotate { credential: one, grace: Span::hours(1) };
    let resume = credential::Command::Resume { credential: one };
    for command in [rotate, pause(one), resume] {
        assert_eq!(ask(&mut desk, by, command), None);
    }
    assert_ne!(desk.slice.credential(one).unwrap().token.unwrap(), token);
    assert_eq!(revoke(&mut desk, one), None);
    let again = api(&desk, "one");
    create(&mut desk, by, again).unwrap();
}

#[test]
fn revoked_credential_has_no_entitlements() {
    let mut desk = Desk::enrolled();
    let fresh = NewCredential { with_token: true, ..new(&desk) };
    let id = create(&mut desk, By::System, fresh).unwrap();
    let credential = desk.slice.credential(id).unwrap();
    assert!(credential.token.is_some());
    let given = credential.entitlements(&desk.slice).unwrap();
    assert_eq!(given.acts, Acts::VIEW.or(Acts::TRADE));
    assert_eq!(given.until, credential.scopes.until);
    assert_eq!(revoke(&mut desk, id), None);
    let refusal = desk.slice.credential(id).unwrap().entitlements(&desk.slice).err();
    assert_eq!(
        refusal,
        Some(Refusal::Credential(CredentialRefusal::CredentialRevoked { at: desk.now }))
    );
}

#[test]
fn symbols_of_a_credential_are_kept_sorted_and_once() {
    let set = Symbols::only([3, 1, 2, 3, 1].map(SymbolId));
    assert!(matches!(&set, Symbols::Only(set) if **set == [1, 2, 3].map(SymbolId)));
}

fn ask(desk: &mut Desk, by: By, command: credential::Command) -> Option<Refusal> {
    desk.by(by, Command::Credential(command)).err()
}

fn pause(credential: CredentialId) -> credential::Command {
    credential::Command::Pause { credential, cancel_orders: false }
}

fn edit(credential: CredentialId, scopes: Scopes) -> credential::Command {
    credential::Command::Edit { credential, scopes: Box::new(scopes) }
}

#[test]
fn paused_credential_is_refused_until_it_is_resumed_with_a_recent_proof() {
    let mut desk = Desk::enrolled();
    let by = By::Session(desk.signed_in().session);
    let fresh = new(&desk);
    let id = create(&mut desk, by, fresh).unwrap();
    let resume = || credential::Command::Resume { credential: id };
    assert_eq!(
        ask(&mut desk, by, resume()),
        Some(Refusal::Credential(CredentialRefusal::CredentialNotPaused))
    );
    assert_eq!(ask(&mut desk, by, pause(id)), None);
    let at = desk.now;
    let refused = Refusal::Credential(CredentialRefusal::CredentialPaused { at });
    let given = |desk: &Desk| desk.slice.credential(id).unwrap().entitlements(&desk.slice);
    assert_eq!(given(&desk).err(), Some(refused.clone()));
    assert_eq!(ask(&mut desk, by, pause(id)), Some(refused));
    desk.wait(Span::minutes(16));
    let late = ask(&mut desk, by, resume());
    assert!(matches!(late, Some(Refusal::Session(SessionRefusal::ProofTooOld { .. }))), "{late:?}");
    let by = By::Session(desk.signed_in().session);
    assert_eq!(ask(&mut desk, by, resume()), None);
    assert_eq!(given(&desk).unwrap().acts, Acts::VIEW.or(Acts::TRADE));
    assert_eq!(revoke(&mut desk, id), None);
    for command in [pause(id), resume()] {
        let refused = ask(&mut desk, by, command);
        assert!(
            matches!(
                refused,
                Some(Refusal::Credential(CredentialRefusal::CredentialRevoked { .. }))
            ),
            "{refused:?}"
        );
    }
}

#[test]
fn new_token_takes_a_recent_proof_and_leaves_the_old_one_a_day_at_most() {
    let mut desk = Desk::enrolled();
    let by = By::Session(desk.signed_in().session);
    let wanted = NewCredential { with_token: true, ..new(&desk) };
    let id = create(&mut desk, by, wanted).unwrap();
    let rotate = |grace| credential::Command::Rotate { credential: id, grace };
    let first = desk.slice.credential(id).unwrap().token.unwrap();
    for wrong in [Span(-1), Span(Span::days(1).0 + 1)] {
        let refused = ask(&mut desk, by, rotate(wrong));
        assert!(
            matches!(refused, Some(Refusal::Input(InputRefusal::OutOfRange { .. }))),
            "{refused:?}"
        );
    }
    assert_eq!(ask(&mut desk, by, rotate(Span::days(1))), None);
    let credential = desk.slice.credential(id).unwrap();
    let former = credential.former.unwrap();
    assert_eq!((former.token, former.until), (first, desk.now + Span::days(1)));
    let second = credential.token.unwrap();
    assert_ne!(second, first);
    // A second time the one before counts alone, and the first is gone.
    assert_eq!(ask(&mut desk, by, rotate(Span(0))), None);
    let former = desk.slice.credential(id).unwrap().former.unwrap();
    assert_eq!((former.token, former.until), (second, desk.now));
    desk.wait(Span::minutes(16));
    let late = ask(&mut desk, by, rotate(Span(0)));
    assert!(matches!(late, Some(Refusal::Session(SessionRefusal::ProofTooOld { .. }))), "{late:?}");
    let other = NewCredential {
        name: "open".into(),
        door: Door::Socket { port: 7_498 },
        with_token: false,
        ..new(&desk)
    };
    let open = create(&mut desk, By::System, other).unwrap();
    let none = credential::Command::Rotate { credential: open, grace: Span(0) };
    assert_eq!(
        ask(&mut desk, By::System, none),
        Some(Refusal::Credential(CredentialRefusal::TokenNotRequired))
    );
    assert_eq!(revoke(&mut desk, id), None);
    let gone = ask(&mut desk, By::System, rotate(Span(0)));
    assert!(
        matches!(gone, Some(Refusal::Credential(CredentialRefusal::CredentialRevoked { .. }))),
        "{gone:?}"
    );
}

#[test]
fn credential_narrows_without_a_proof_and_under_a_lock_and_widens_with_a_proof_alone() {
    let mut desk = Desk::enrolled();
    let by = By::Session(desk.signed_in().session);
    let fresh = new(&desk);
    let id = create(&mut desk, by, fresh).unwrap();
    desk.wait(Span::minutes(16));
    let scopes = |desk: &Desk| desk.slice.credential(id).unwrap().scopes.clone();
    let wide = scopes(&desk);
    let small = Limits { max_quantity: Some(10), ..Limits::default() };
    let narrow = Scopes { limits: small, ..wide.clone() };
    assert_eq!(ask(&mut desk, by, edit(id, narrow.clone())), None);
    assert_eq!(scopes(&desk), narrow);
    let wider = ask(&mut desk, by, edit(id, wide.clone()));
    assert!(
        matches!(wider, Some(Refusal::Session(SessionRefusal::ProofTooOld { .. }))),
        "{wider:?}"
    );
    assert_eq!(scopes(&desk), narrow);
    let by = By::Session(desk.signed_in().session);
    assert_eq!(ask(&mut desk, by, edit(id, wide.clone())), None);
    assert_eq!(scopes(&desk), wide);
    let all = Scopes { acts: Acts::ALL, ..wide.clone() };
    let more = ask(&mut desk, by, edit(id, all));
    assert_eq!(more, Some(Refusal::Credential(CredentialRefusal::Wider { what: "acts" })));
    let target = LockTarget::Account(account().into());
    let lock = lock::Command::Set { target, grade: Grade::NoNew };
    desk.system(Command::Lock(lock)).unwrap();
    assert_eq!(ask(&mut desk, by, edit(id, narrow)), None);
    assert_eq!(
        ask(&mut desk, by, edit(id, wide)),
        Some(Refusal::Authority(AuthorityRefusal::Locked { grade: Grade::NoNew }))
    );
    let over = Scopes { until: desk.now, ..scopes(&desk) };
    let ended = ask(&mut desk, by, edit(id, over));
    assert!(matches!(ended, Some(Refusal::Input(InputRefusal::OutOfRange { .. }))), "{ended:?}");
}

#[test]
fn credential_is_renamed_to_a_name_that_no_live_one_has() {
    let mut desk = Desk::enrolled();
    let by = By::System;
    let fresh = new(&desk);
    let id = create(&mut desk, by, fresh).unwrap();
    let other =
        NewCredential { name: "other".into(), door: Door::Socket { port: 7498 }, ..new(&desk) };
    let second = create(&mut desk, by, other).unwrap();
    let rename = |name: &str| credential::Command::Rename { credential: id, name: name.into() };
    let taken = ask(&mut desk, by, rename("other"));
    assert!(matches!(taken, Some(Refusal::Input(InputRefusal::NameTaken { .. }))), "{taken:?}");
    let hidden = ask(&mut desk, by, rename("a\nb"));
    assert!(matches!(hidden, Some(Refusal::Input(InputRefusal::NameHidden { .. }))), "{hidden:?}");
    assert_eq!(revoke(&mut desk, second), None);
    assert_eq!(ask(&mut desk, by, rename("other")), None);
    assert_eq!(desk.slice.credential(id).unwrap().name.as_str(), "other");
    assert_eq!(ask(&mut desk, by, rename("other")), None, "its own name again changes nothing");
}
