//! Orders under authority that was cut, when the cut was interrupted before they were cancelled.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use access::id::SymbolId;
use access::refusal::{ChangeRefusal, CredentialRefusal};
use access::{Command, CredentialId, credential};
use trade::Ticks;
use trade::order::{NewOrder, OrderType, Origin, Side, TimeInForce};

use super::*;
use crate::clock::Clock;
use crate::config::{Config, Durability, Hours};
use crate::disk::LocalDisk;
use crate::folder::FolderError;
use crate::{OpenError, OrderRequest, SocketProof};

const AAPL: SymbolId = SymbolId(700_001);
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const OPERATOR: Actor = Actor::Operator { uid: 1000 };

async fn open(data: &std::path::Path) -> Gate {
    let config = Config {
        data: data.to_owned(),
        database: None,
        durability: Durability::Process,
        demo: true,
        seed: Some(7),
        hours: Hours::RoundTheClock,
        portal_origin: "http://localhost:8080".parse().unwrap(),
        passkeys: None,
        token_required_by_default: false,
    };
    let clock = Clock::manual(Time::from_seconds(1_795_532_400));
    loop {
        match Gate::open_with(config.clone(), clock.clone(), Arc::new(LocalDisk)).await {
            Ok(gate) => return gate,
            // A thread may hold the old one for a moment.
            Err(OpenError::Folder(FolderError::InUse { .. } | FolderError::Shared { .. })) => {
                tokio::task::yield_now().await;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// Places an order that rests, by the demo's trading credential.
async fn rest(gate: &Gate) -> CredentialId {
    let credential = gate.credentials().find("trading").await.unwrap().credential.id;
    let door = SocketProof { credential, address: HERE, token: None };
    let admission = gate.enter_socket(&door).unwrap();
    let bid = gate.markets().quotes().get(AAPL).unwrap().bid().unwrap().price;
    let order = NewOrder {
        account: gate.account(),
        symbol: AAPL,
        side: Side::Buy,
        quantity: 1,
        order_type: OrderType::Limit { price: Ticks(bid.0 / 2) },
        tif: TimeInForce::Gtc,
        outside_hours: false,
        origin: Origin { holder: Holder::System, client_id: 1, order_id: 1 },
        parent: None,
        oca: None,
        reference: None,
    };
    gate.orders().submit(&admission, HERE, OrderRequest::Place(vec![order])).unwrap();
    gate.orders().flush().await.unwrap();
    assert!(gate.rests(gate.account(), Some(Holder::Credential(credential))));
    credential
}

/// Sets a lock of `all` and stops before the orders.
async fn cut_lock(gate: &Gate) -> LockTarget {
    let target = LockTarget::Account(gate.account().into());
    let command = lock::Command::Set { target, grade: Grade::All };
    gate.run_done(target_key(target), &OPERATOR.call(Command::Lock(command))).await.unwrap();
    assert!(gate.rests(gate.account(), None));
    target
}

#[tokio::test]
async fn lock_of_all_again_cancels_what_rests_and_is_refused_when_nothing_does() {
    let temp = tempfile::tempdir().unwrap();
    let gate = open(temp.path()).await;
    rest(&gate).await;
    let target = cut_lock(&gate).await;
    let again = gate.locks().lock(&OPERATOR, target, Grade::All).await.unwrap();
    assert_eq!((again.orders, again.credentials.len()), (Some(1), 3));
    assert!(!gate.rests(gate.account(), None));
    let third = gate.locks().lock(&OPERATOR, target, Grade::All).await;
    assert_eq!(third, Err(Refusal::Change(ChangeRefusal::LockStands { grade: Grade::All })));
}

#[tokio::test]
async fn start_cancels_what_rests_on_a_locked_account() {
    let temp = tempfile::tempdir().unwrap();
    let gate = open(temp.path()).await;
    rest(&gate).await;
    cut_lock(&gate).await;
    drop(gate);
    let gate = open(temp.path()).await;
    assert!(!gate.rests(gate.account(), None));
}

/// Revokes and stops before the orders.
async fn cut_revocation(gate: &Gate, credential: CredentialId, cancel_orders: bool) {
    let command = credential::Command::Revoke { credential, cancel_orders };
    let call = OPERATOR.call(Command::Credential(command));
    gate.run_done(Key::Credential(credential), &call).await.unwrap();
    assert!(gate.rests(gate.account(), Some(Holder::Credential(credential))));
}

#[tokio::test]
async fn start_cancels_what_rests_of_a_credential_revoked_with_its_orders_alone() {
    let temp = tempfile::tempdir().unwrap();
    for (cancel_orders, name) in [(true, "one"), (false, "two")] {
        let data = temp.path().join(name);
        let gate = open(&data).await;
        let credential = rest(&gate).await;
        cut_revocation(&gate, credential, cancel_orders).await;
        drop(gate);
        let gate = open(&data).await;
        let rests = gate.rests(gate.account(), Some(Holder::Credential(credential)));
        assert_eq!(rests, !cancel_orders);
    }
}

#[tokio::test]
async fn revocation_again_cancels_what_rests_if_asked() {
    let temp = tempfile::tempdir().unwrap();
    let gate = open(temp.path()).await;
    let credential = rest(&gate).await;
    cut_revocation(&gate, credential, true).await;
    let revoked = Err(Refusal::Credential(CredentialRefusal::CredentialRevoked { at: gate.now() }));
    assert_eq!(gate.credentials().revoke(&OPERATOR, credential, false).await, revoked);
    let again = gate.credentials().revoke(&OPERATOR, credential, true).await.unwrap();
    assert_eq!(again.cancelled, 1);
    assert_eq!(gate.credentials().revoke(&OPERATOR, credential, true).await, revoked);
}

#[tokio::test]
async fn lock_whose_caller_goes_away_is_carried_to_its_end() {
    let temp = tempfile::tempdir().unwrap();
    let gate = open(temp.path()).await;
    rest(&gate).await;
    let target = LockTarget::Account(gate.account().into());
    tokio::select! {
        biased;
        done = gate.locks().lock(&OPERATOR, target, Grade::All) => panic!("{done:?} at once"),
        () = std::future::ready(()) => {}
    }
    let ended = async {
        while gate.rests(gate.account(), None) {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), ended).await.unwrap();
    let person = gate.load(target_key(target)).await.unwrap().person.unwrap().id;
    assert_eq!(
        gate.locks().list(person).await.unwrap().first().map(|one| one.grade),
        Some(Grade::All)
    );
}

/// As when the database's machine is gone: no connection is to be had.
#[tokio::test(flavor = "multi_thread")]
async fn cut_does_not_wait_for_tables_that_do_not_answer() {
    let temp = tempfile::tempdir().unwrap();
    let gate = open(temp.path()).await;
    let credential = rest(&gate).await;
    let narrow = gate.credentials().find("narrow").await.unwrap().credential.id;
    let pool = gate.0.people.store.database().pool().clone();
    let mut taken = Vec::new();
    while taken.len() < 4 {
        taken.push(pool.acquire().await.unwrap());
    }
    let found = gate.credentials().find("narrow").await.unwrap();
    assert_eq!(found.credential.id, narrow, "names are known");
    let answer = gate.credentials().revoke(&OPERATOR, narrow, true).await.unwrap_err();
    assert_eq!(answer.code(), "IN_FORCE_NOT_ON_RECORD");
    let target = LockTarget::Account(gate.account().into());
    let answer = gate.locks().lock(&OPERATOR, target, Grade::All).await.unwrap_err();
    assert_eq!(answer.code(), "IN_FORCE_NOT_ON_RECORD");
    for credential in [credential, narrow] {
        let door = SocketProof { credential, address: HERE, token: None };
        assert!(gate.enter_socket(&door).is_err());
    }
    assert!(!gate.rests(gate.account(), None), "the orders went all the same");
    drop(taken);
    while gate.vitals().conditions().iter().any(|one| one.code == "CUTS_OWED") {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let slice = gate.load(Key::Credential(narrow)).await.unwrap();
    assert!(slice.credentials.iter().all(|one| one.revoked.is_some()));
    gate.close().await.unwrap();
    crate::evidence_verify(temp.path(), None).await.unwrap();
}
