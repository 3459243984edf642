//! Credentials: what the demo has, creating, revoking, listeners.

use access::credential::Door;
use access::entitlements::Symbols;
use access::refusal::{AuthorityRefusal, CredentialRefusal, SignInRefusal};
use access::{Act, CredentialId, Holder, Refusal, Scopes, Span};
use gate::credential::ListenerState;
use gate::{Actor, DoorWish, NewCredential, SocketProof, evidence_verify};

use crate::mandate::{program, rest};
use crate::place::{HOME, OPERATOR, Place, open};

fn wanted(place: &Place, name: &str) -> NewCredential {
    NewCredential {
        name: name.to_owned(),
        accounts: vec![place.gate.account()],
        scopes: Scopes::trading(place.gate.now() + Span::days(90)),
        token_required: None,
        door: DoorWish::Socket { port: None },
    }
}

#[tokio::test]
async fn demo_has_three_credentials_with_exactly_their_authority() {
    let place = Place::new().await;
    let listeners = place.gate.credentials().listeners().borrow().clone();
    let ports: Vec<_> = listeners.iter().map(|one| (one.name.as_str(), one.port)).collect();
    assert_eq!(ports, [("trading", 7497), ("read-only", 7498), ("narrow", 7499)]);
    for listener in listeners.iter() {
        let credential = listener.credential;
        let door = SocketProof { credential, address: HOME, token: None };
        let admission = place.gate.enter_socket(&door).unwrap();
        let may = admission.entitlements();
        assert_eq!(may.acts.contains(Act::PlaceOrder), listener.name != "read-only");
        assert!(!may.acts.contains(Act::ManageCredentials));
        if listener.name == "narrow" {
            assert!(matches!(&may.symbols, Symbols::Only(symbols) if symbols.len() == 1));
            assert_eq!(may.limits.max_quantity, Some(100));
            assert_eq!(may.limits.max_notional, Some(20_000.into()));
            assert_eq!(may.rate.map(|rate| (rate.per_second, rate.burst)), Some((5, 5)));
        }
    }
}

#[tokio::test]
async fn credential_created_is_listened_for_at_once_and_may_demand_a_token() {
    let place = Place::new().await;
    let (ticket, _) = place.by_link().await;
    let actor = Actor::Session(ticket);
    let mut listeners = place.gate.credentials().listeners();
    listeners.mark_unchanged();
    let new = NewCredential { token_required: Some(true), ..wanted(&place, "bot") };
    let created = place.gate.credentials().create(&actor, new).await.unwrap();
    assert!(listeners.has_changed().unwrap());
    assert_eq!(created.door, Door::Socket { port: 7500 });
    let token = created.token.unwrap();
    let wrong = access::Secret::from_text("fpc_x".to_owned());
    for (shown, expected) in [
        (None, Err(Refusal::Credential(CredentialRefusal::TokenMissing))),
        (Some(&wrong), Err(Refusal::Credential(CredentialRefusal::TokenWrong))),
        (Some(&token), Ok(())),
    ] {
        let door = SocketProof { credential: created.credential, address: HOME, token: shown };
        assert_eq!(place.gate.enter_socket(&door).map(drop), expected);
    }
    let taken = place.gate.credentials().create(&actor, wanted(&place, "bot")).await;
    assert_eq!(taken.err().map(|one| one.code()), Some("NAME_TAKEN"));
}

#[tokio::test]
async fn revocation_ends_connections_keeps_the_listener_for_a_day_and_outlives_a_restart() {
    let place = Place::new().await;
    let found = place.gate.credentials().find("trading").await.unwrap();
    let credential = found.credential.id;
    let door = SocketProof { credential, address: HOME, token: None };
    let admission = place.gate.enter_socket(&door).unwrap();
    let mut inbox = place.gate.orders().subscribe(&admission);
    let revoked = place.gate.credentials().revoke(&OPERATOR, credential, true).await.unwrap();
    assert_eq!(revoked.cancelled, 0);
    let at = place.gate.now();
    let reason = Refusal::Credential(CredentialRefusal::CredentialRevoked { at });
    assert_eq!(admission.ended(), Some(reason.clone()));
    assert_eq!(place.gate.enter_socket(&door).err(), Some(reason.clone()));
    loop {
        match inbox.recv().await {
            gate::Delivery::Ended(ended) => break assert_eq!(ended, reason),
            gate::Delivery::Group(_) => {}
        }
    }
    let again = place.gate.credentials().revoke(&OPERATOR, credential, true).await;
    assert_eq!(again.err(), Some(reason.clone()));
    let state = |gate: &gate::Gate| {
        let listeners = gate.credentials().listeners();
        let listeners = listeners.borrow();
        listeners.iter().find(|one| one.credential == credential).map(|one| one.state)
    };
    assert_eq!(state(&place.gate), Some(ListenerState::Revoked { at }));
    let port =
        NewCredential { door: DoorWish::Socket { port: Some(7497) }, ..wanted(&place, "other") };
    let taken = place.gate.credentials().create(&OPERATOR, port).await.err();
    assert_eq!(
        taken,
        Some(Refusal::Credential(CredentialRefusal::PortTaken {
            port: 7497,
            until: at + Span::days(1)
        }))
    );

    place.gate.close().await.unwrap();
    let Place { gate, clock, folder, .. } = place;
    drop(gate);
    let gate = open(folder.path(), &clock).await;
    assert_eq!(state(&gate), Some(ListenerState::Revoked { at }));
    assert_eq!(gate.enter_socket(&door).err(), Some(reason));
}

#[tokio::test]
async fn credential_whose_time_is_up_loses_its_stream() {
    let place = Place::new().await;
    let until = place.gate.now() + Span::hours(1);
    let new = NewCredential { scopes: Scopes::trading(until), ..wanted(&place, "short") };
    let credential = place.gate.credentials().create(&OPERATOR, new).await.unwrap().credential;
    let door = SocketProof { credential, address: HOME, token: None };
    let admission = place.gate.enter_socket(&door).unwrap();
    let mut inbox = place.gate.orders().subscribe(&admission);
    place.pass(Span::hours(1));
    let ended = async {
        loop {
            if let gate::Delivery::Ended(reason) = inbox.recv().await {
                break reason;
            }
        }
    };
    let reason = tokio::time::timeout(std::time::Duration::from_secs(20), ended).await.unwrap();
    assert_eq!(reason, Refusal::Authority(AuthorityRefusal::Expired { until, now: until }));
    assert_eq!(admission.ended(), Some(reason));
}

#[tokio::test]
async fn last_use_is_listed_before_and_after_it_is_written() {
    let place = Place::new().await;
    let listener = place.gate.credentials().listeners().borrow()[0].clone();
    let door = SocketProof { credential: listener.credential, address: HOME, token: None };
    let admission = place.gate.enter_socket(&door).unwrap();
    place.gate.credentials().used(&admission, HOME, "bot\n7");
    let last = place.gate.credentials().find("trading").await.unwrap().last_use.unwrap();
    assert_eq!((last.address, last.client.as_str()), (HOME, "bot7"));
    place.gate.close().await.unwrap();
    let Place { gate, clock, folder, .. } = place;
    drop(gate);
    let gate = open(folder.path(), &clock).await;
    assert_eq!(gate.credentials().find("trading").await.unwrap().last_use, Some(last));
}

/// A program that connects in a loop with a wrong token is told when to come back; the right token
/// is let in whatever came before it, from the same address too.
#[tokio::test]
async fn wrong_token_in_a_loop_is_told_when_to_come_back_and_the_right_one_is_let_in() {
    let place = Place::new().await;
    let new = NewCredential { token_required: Some(true), ..wanted(&place, "tokened") };
    let created = place.gate.credentials().create(&OPERATOR, new).await.unwrap();
    let wrong = access::Secret::from_text("fpc_wrong".to_owned());
    let admit = |token: &access::Secret| {
        let door =
            SocketProof { credential: created.credential, address: HOME, token: Some(token) };
        place.gate.enter_socket(&door).map(drop)
    };
    for _ in 0..60 {
        assert_eq!(admit(&wrong), Err(Refusal::Credential(CredentialRefusal::TokenWrong)));
    }
    let retry_at = place.gate.now() + Span::seconds(10);
    for _ in 0..50 {
        assert_eq!(
            admit(&wrong),
            Err(Refusal::SignIn(SignInRefusal::AddressThrottled { retry_at })),
            "it does not grow"
        );
    }
    assert_eq!(admit(created.token.as_ref().unwrap()), Ok(()));
    place.pass(Span::seconds(10));
    assert_eq!(admit(&wrong), Err(Refusal::Credential(CredentialRefusal::TokenWrong)));
}

fn door(credential: access::CredentialId) -> SocketProof<'static> {
    SocketProof { credential, address: HOME, token: None }
}

/// The reason that the stream of a credential ends with.
async fn end_of(inbox: &mut gate::Subscription) -> Refusal {
    loop {
        if let gate::Delivery::Ended(reason) = inbox.recv().await {
            return reason;
        }
    }
}

#[tokio::test]
async fn pause_ends_connections_at_once_outlives_a_restart_and_ends_with_a_resumption() {
    let place = Place::new().await;
    let credential = place.gate.credentials().find("trading").await.unwrap().credential.id;
    let admission = place.gate.enter_socket(&door(credential)).unwrap();
    let mut inbox = place.gate.orders().subscribe(&admission);
    place.gate.credentials().pause(&OPERATOR, credential, false).await.unwrap();
    let reason = Refusal::Credential(CredentialRefusal::CredentialPaused { at: place.gate.now() });
    assert_eq!(admission.ended(), Some(reason.clone()));
    assert_eq!(end_of(&mut inbox).await, reason);
    assert_eq!(place.gate.enter_socket(&door(credential)).err(), Some(reason.clone()));
    let again = place.gate.credentials().pause(&OPERATOR, credential, false).await;
    assert_eq!(again.err(), Some(reason.clone()));

    place.gate.close().await.unwrap();
    let Place { gate, clock, folder, .. } = place;
    drop(gate);
    let gate = open(folder.path(), &clock).await;
    assert_eq!(gate.enter_socket(&door(credential)).err(), Some(reason.clone()));
    gate.credentials().resume(&OPERATOR, credential).await.unwrap();
    let resumed = gate.enter_socket(&door(credential)).unwrap();
    assert!(resumed.is_current());
    assert_eq!(admission.ended(), Some(reason), "a connection that was ended does not come back");

    // Paused and then revoked: the port says that it is over for good.
    gate.credentials().pause(&OPERATOR, credential, false).await.unwrap();
    gate.credentials().revoke(&OPERATOR, credential, true).await.unwrap();
    let refused = gate.enter_socket(&door(credential)).err();
    assert!(
        matches!(refused, Some(Refusal::Credential(CredentialRefusal::CredentialRevoked { .. }))),
        "{refused:?}"
    );
    let resumed = gate.credentials().resume(&OPERATOR, credential).await.err();
    assert!(
        matches!(resumed, Some(Refusal::Credential(CredentialRefusal::CredentialRevoked { .. }))),
        "{resumed:?}"
    );
}

/// The old token lets in and its connections go on until its time is over; those of the new one stay.
/// A cut ends both.
#[tokio::test]
async fn replaced_token_works_until_its_time_and_a_cut_ends_both() {
    let place = Place::new().await;
    let new = NewCredential { token_required: Some(true), ..wanted(&place, "rolled") };
    let created = place.gate.credentials().create(&OPERATOR, new).await.unwrap();
    let id = created.credential;
    let first = created.token.unwrap();
    let admit = |gate: &gate::Gate, token: &access::Secret| {
        let door = SocketProof { credential: id, address: HOME, token: Some(token) };
        gate.enter_socket(&door)
    };
    let before = admit(&place.gate, &first).unwrap();
    let mut inbox = place.gate.orders().subscribe(&before);
    let hour = Span::hours(1);
    let second = place.gate.credentials().rotate(&OPERATOR, id, hour).await.unwrap();
    let until = place.gate.now() + hour;
    assert_eq!(second.until, until);
    assert!(before.is_current());
    let by_new = admit(&place.gate, &second.token).unwrap();
    assert!(admit(&place.gate, &first).unwrap().is_current());
    // What narrows the credential narrows what came by either token.
    let wide = place.gate.credentials().find("rolled").await.unwrap().credential.scopes;
    let narrow = Scopes { read_only: true, ..wide.clone() };
    place.gate.credentials().edit(&OPERATOR, id, narrow).await.unwrap();
    for admission in [&before, &by_new] {
        assert!(!admission.entitlements().acts.contains(Act::PlaceOrder));
    }
    place.pass(hour);
    let over = Refusal::Credential(CredentialRefusal::TokenReplaced { at: until });
    let ended = tokio::time::timeout(std::time::Duration::from_secs(20), end_of(&mut inbox));
    assert_eq!(ended.await.unwrap(), over);
    assert_eq!(before.ended(), Some(over.clone()));
    assert!(by_new.is_current());
    assert_eq!(admit(&place.gate, &first).err(), Some(over.clone()));

    // Both are there after a restart, in the old one's grace.
    let third = place.gate.credentials().rotate(&OPERATOR, id, hour).await.unwrap();
    place.gate.close().await.unwrap();
    let Place { gate, clock, folder, .. } = place;
    drop(gate);
    let gate = open(folder.path(), &clock).await;
    let (old, new) = (admit(&gate, &second.token).unwrap(), admit(&gate, &third.token).unwrap());
    assert_eq!(
        admit(&gate, &first).err(),
        Some(Refusal::Credential(CredentialRefusal::TokenWrong)),
        "two tokens are kept"
    );
    // Without grace the old one's connections end before the answer.
    let fourth = gate.credentials().rotate(&OPERATOR, id, Span(0)).await.unwrap();
    assert!(!old.is_current());
    assert!(new.ended().is_some_and(
        |why| why == Refusal::Credential(CredentialRefusal::TokenReplaced { at: fourth.until })
    ));
    let fifth = gate.credentials().rotate(&OPERATOR, id, hour).await.unwrap();
    let both = [&fourth.token, &fifth.token].map(|token| admit(&gate, token).unwrap());
    gate.credentials().pause(&OPERATOR, id, false).await.unwrap();
    for admission in &both {
        assert!(matches!(
            admission.ended(),
            Some(Refusal::Credential(CredentialRefusal::CredentialPaused { .. }))
        ));
    }
    gate.credentials().resume(&OPERATOR, id).await.unwrap();
    let both = [&fourth.token, &fifth.token].map(|token| admit(&gate, token).unwrap());
    gate.credentials().revoke(&OPERATOR, id, true).await.unwrap();
    for admission in &both {
        assert!(matches!(
            admission.ended(),
            Some(Refusal::Credential(CredentialRefusal::CredentialRevoked { .. }))
        ));
    }
}

#[tokio::test]
async fn narrower_scopes_hold_on_open_connections_and_wider_ones_reach_them() {
    let place = Place::new().await;
    let info = place.gate.credentials().find("trading").await.unwrap();
    let (credential, wide) = (info.credential.id, info.credential.scopes);
    let admission = place.gate.enter_socket(&door(credential)).unwrap();
    let narrow = Scopes { read_only: true, ..wide.clone() };
    place.gate.credentials().edit(&OPERATOR, credential, narrow).await.unwrap();
    assert!(admission.is_current(), "it stays connected");
    assert!(!admission.entitlements().acts.contains(Act::PlaceOrder));
    place.gate.credentials().edit(&OPERATOR, credential, wide).await.unwrap();
    assert!(admission.entitlements().acts.contains(Act::PlaceOrder));
    place.gate.credentials().rename(&OPERATOR, credential, "desk").await.unwrap();
    let listeners = place.gate.credentials().listeners().borrow().clone();
    assert!(listeners.iter().any(|one| one.credential == credential && one.name == "desk"));
    assert_eq!(
        place.gate.credentials().find("trading").await.err(),
        Some(Refusal::Credential(CredentialRefusal::CredentialUnknown))
    );
}

/// Open orders of a holder, once they are as many as expected.
async fn open_orders(place: &Place, credential: CredentialId, expected: usize) {
    let counted = || async {
        let all = place.gate.credentials().list(None).await.unwrap();
        all.iter().find(|one| one.credential.id == credential).unwrap().open_orders
    };
    for _ in 0..400 {
        if counted().await == expected {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{} open orders, not {expected}", counted().await);
}

/// The same as when it is revoked: what it left goes with it, on its account alone; what was kept at a revocation stays.
#[tokio::test]
async fn orders_of_a_credential_go_when_its_time_is_up_and_stay_where_a_revocation_kept_them() {
    let place = Place::new().await;
    let until = place.gate.now() + Span::hours(1);
    let make = async |name| {
        let new = NewCredential { scopes: Scopes::trading(until), ..wanted(&place, name) };
        let made = place.gate.credentials().create(&OPERATOR, new).await.unwrap().credential;
        let who = place.gate.enter_socket(&door(made)).unwrap();
        rest(&place.gate, &who, 1).unwrap();
        rest(&place.gate, &who, 2).unwrap();
        made
    };
    let (runs, paused, kept) = (make("runs").await, make("paused").await, make("kept").await);
    let other = program(&place.gate).await;
    rest(&place.gate, &other, 1).unwrap();
    place.gate.credentials().pause(&OPERATOR, paused, false).await.unwrap();
    place.gate.credentials().revoke(&OPERATOR, kept, false).await.unwrap();
    for one in [runs, paused, kept] {
        open_orders(&place, one, 2).await;
    }
    place.pass(Span::hours(1));
    open_orders(&place, runs, 0).await;
    open_orders(&place, paused, 0).await;
    open_orders(&place, kept, 2).await;
    let Holder::Credential(other) = other.holder() else { panic!("a program") };
    open_orders(&place, other, 1).await;
    let report = evidence_verify(place.folder.path(), None).await.unwrap();
    assert!(report.faults.is_empty(), "{:?}", report.faults);
}

/// A server that was off when the time was up does it at its next start.
#[tokio::test]
async fn orders_of_a_credential_whose_time_was_up_while_the_server_was_off_go_at_its_start() {
    let place = Place::new().await;
    let until = place.gate.now() + Span::hours(1);
    let new = NewCredential { scopes: Scopes::trading(until), ..wanted(&place, "short") };
    let short = place.gate.credentials().create(&OPERATOR, new).await.unwrap().credential;
    rest(&place.gate, &place.gate.enter_socket(&door(short)).unwrap(), 1).unwrap();
    place.gate.close().await.unwrap();
    place.pass(Span::hours(2));
    let place = place.reopened().await;
    open_orders(&place, short, 0).await;
}

#[tokio::test]
async fn credential_past_its_end_is_let_in_again_once_its_end_is_put_off() {
    let place = Place::new().await;
    let until = place.gate.now() + Span::hours(1);
    let new = NewCredential { scopes: Scopes::trading(until), ..wanted(&place, "short") };
    let credential = place.gate.credentials().create(&OPERATOR, new).await.unwrap().credential;
    let admission = place.gate.enter_socket(&door(credential)).unwrap();
    let mut inbox = place.gate.orders().subscribe(&admission);
    place.pass(Span::hours(1));
    let ended = tokio::time::timeout(std::time::Duration::from_secs(20), end_of(&mut inbox));
    assert!(matches!(ended.await.unwrap(), Refusal::Authority(AuthorityRefusal::Expired { .. })));
    let later = Scopes::trading(place.gate.now() + Span::days(1));
    place.gate.credentials().edit(&OPERATOR, credential, later).await.unwrap();
    assert!(place.gate.enter_socket(&door(credential)).is_ok());
}

#[tokio::test]
async fn list_has_the_programs_that_are_connected_and_the_port_that_is_really_used() {
    let place = Place::new().await;
    let found = place.gate.credentials().find("trading").await.unwrap();
    assert_eq!((found.connections.len(), found.open_orders), (0, 0));
    let credential = found.credential.id;
    let admission = place.gate.enter_socket(&door(credential)).unwrap();
    let presence = place.gate.admissions().note_connected(&admission, HOME, "ib_async (client 2)");
    let connected = place.gate.credentials().find("trading").await.unwrap().connections;
    assert_eq!(connected.len(), 1);
    assert_eq!((connected[0].client.as_str(), connected[0].address), ("ib_async (client 2)", HOME));
    drop(presence);
    assert!(place.gate.credentials().find("trading").await.unwrap().connections.is_empty());

    // Its own port is told by nobody twice; another one is on record.
    place.gate.credentials().listening(credential, "127.0.0.1:7497".parse().unwrap());
    place.gate.credentials().listening(credential, "127.0.0.1:41234".parse().unwrap());
    let filter = gate::ActivityFilter { limit: 50, ..gate::ActivityFilter::default() };
    let told = async {
        loop {
            let page = place.gate.activity().page(&OPERATOR, &filter, None).await.unwrap();
            let listening = |one: &&gate::ActivityEntry| one.what == "credential.listening";
            let told: Vec<_> = page.entries.iter().filter(listening).cloned().collect();
            if !told.is_empty() {
                break told;
            }
            tokio::task::yield_now().await;
        }
    };
    let told = tokio::time::timeout(std::time::Duration::from_secs(20), told).await.unwrap();
    assert_eq!(told.len(), 1);
    assert!(told[0].text.contains("41234 in this run; 7497"), "{}", told[0].text);
}
