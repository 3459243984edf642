//! Making and ending credentials.

use access::credential::{self, NewCredential, TakenPort, free_port};
use access::decision::{Answer, Command};
use access::entitlements::{Acts, Limits, Rate, Scopes, Symbols};
use access::moment::{Span, Time};
use access::{Act, By, CredentialId, Refusal, SymbolId};

use crate::desk::{Desk, account};

fn new(desk: &Desk) -> NewCredential {
    NewCredential {
        name: "bot".into(),
        account: account(),
        scopes: Scopes::trading(desk.now + Span::days(90)),
        with_token: false,
        port: 7497,
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
            matches!(refusal, Some(Refusal::OutOfRange { .. } | Refusal::Wider { .. })),
            "{name}: {refusal:?}"
        );
    }
    let odd = NewCredential { name: "a\nb".into(), ..new(&desk) };
    assert!(matches!(create(&mut desk, by, odd), Err(Refusal::NameHidden { .. })));
    let low = NewCredential { port: 80, ..new(&desk) };
    assert!(matches!(create(&mut desk, by, low), Err(Refusal::OutOfRange { .. })));
    let other = NewCredential { account: "DU0000001".parse().unwrap(), ..new(&desk) };
    assert_eq!(create(&mut desk, by, other), Err(Refusal::NotFound { what: "account" }));
    assert!(desk.slice.credentials.is_empty());
}

#[test]
fn name_and_port_belong_to_one_live_credential_and_the_port_rests_a_day() {
    let mut desk = Desk::enrolled();
    let by = By::System;
    let fresh = new(&desk);
    let first = create(&mut desk, by, fresh).unwrap();
    let same_name = NewCredential { port: 7498, ..new(&desk) };
    assert!(matches!(create(&mut desk, by, same_name), Err(Refusal::NameTaken { .. })));
    let same_port = NewCredential { name: "other".into(), ..new(&desk) };
    let taken = create(&mut desk, by, same_port);
    assert!(matches!(taken, Err(Refusal::PortTaken { until: Time::FAR, .. })), "{taken:?}");
    assert_eq!(revoke(&mut desk, first), None);
    let revoked_at = desk.now;
    assert_eq!(revoke(&mut desk, first), Some(Refusal::CredentialRevoked { at: revoked_at }));
    let fresh = new(&desk);
    let until = revoked_at + Span::days(1);
    let resting = create(&mut desk, by, fresh);
    assert_eq!(resting, Err(Refusal::PortTaken { port: 7497, until }));
    desk.wait(Span::days(1));
    let fresh = new(&desk);
    create(&mut desk, by, fresh).unwrap();
    assert_eq!(revoke(&mut desk, CredentialId([9; 16])), Some(Refusal::CredentialUnknown));
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
    let none = Refusal::PortsExhausted { first: 7497, last: 7498 };
    assert_eq!(free_port(7497, 7498, &taken, now), Err(none));
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
    assert_eq!(refusal, Some(Refusal::CredentialRevoked { at: desk.now }));
}

#[test]
fn symbols_of_a_credential_are_kept_sorted_and_once() {
    let set = Symbols::only([3, 1, 2, 3, 1].map(SymbolId));
    assert!(matches!(&set, Symbols::Only(set) if **set == [1, 2, 3].map(SymbolId)));
}
