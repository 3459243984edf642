//! The end of a credential, and of the server.

use access::{Grade, Holder};
use gate::{Actor, LockTarget};

use tws::inbound::{MktData, Pnl, RealTimeBars};

use crate::desk::{Raw, Server, errors, order, statuses, stock};

const OPERATOR: Actor = Actor::Operator { uid: 0 };

async fn revoke(server: &Server, name: &str, cancel_orders: bool) {
    let found = server.gate.credentials().find(name).await.unwrap();
    server.gate.credentials().revoke(&OPERATOR, found.credential.id, cancel_orders).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn revoked_program_is_told_at_once_and_its_port_says_why() {
    let server = Server::start().await;
    let address = server.address("trading");
    let mut idle = server.client("trading", 1).await;
    let mut bystander = server.client("read-only", 1).await;
    revoke(&server, "trading", false).await;
    let told = errors(&idle.rest().await);
    assert_eq!((told.len(), told[0].0, told[0].1), (1, -1, 1100), "{told:?}");
    assert!(told[0].2.contains("CREDENTIAL_REVOKED"), "{told:?}");
    let mut late = Raw::knock(address, 2).await;
    let told = errors(&late.rest().await);
    assert!(told[0].1 == 1100 && told[0].2.contains("CREDENTIAL_REVOKED"), "{told:?}");
    assert!(bystander.barrier().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn order_sent_after_the_revocation_is_refused_or_unread_and_never_open() {
    let server = Server::start().await;
    let mut client = server.client("trading", 1).await;
    let kept = client.ask(order(1, |_| {})).await;
    assert_eq!(statuses(&kept, 1), ["Submitted"]);
    revoke(&server, "trading", false).await;
    client.send(&order(2, |_| {}).into()).await;
    let messages = client.rest().await;
    let told = errors(&messages);
    assert_eq!(told.last().unwrap().1, 1100, "{told:?}");
    let is_told = |id, code| code == 1100 || matches!((id, code), (2, 201) | (1, 399));
    assert!(told.iter().all(|(id, code, _)| is_told(*id, *code)), "{told:?}");
    let reason = told.iter().find(|error| error.0 == 1).unwrap();
    assert!(reason.2.contains("CREDENTIAL_REVOKED"), "the reason has the order's id: {told:?}");
    assert_eq!(server.gate.view().await.unwrap().open_orders.len(), 1, "the resting order stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_stream_and_open_order_is_told_the_reason_once() {
    let server = Server::start().await;
    let mut client = server.client("trading", 1).await;
    client.ask(order(1, |_| {})).await;
    client.ask(order(2, |_| {})).await;
    let cancel = tws::inbound::CancelOrder { order_id: 2, ..Default::default() };
    client.ask(cancel).await;
    let contract = stock("AAPL");
    let request_id = 901;
    client.ask(MktData { request_id, contract: contract.clone(), ..Default::default() }).await;
    // The same id may stand for a stream of another kind.
    client.ask(Pnl { request_id, ..Default::default() }).await;
    let bars = RealTimeBars { request_id: 902, contract: contract.clone(), ..Default::default() };
    client.ask(bars).await;
    let once = MktData { request_id: 903, contract, snapshot: true, ..Default::default() };
    client.ask(once).await;
    revoke(&server, "trading", false).await;
    let mut messages = client.rest().await;
    messages.retain(|message| message[0] == "4");
    let told = errors(&messages);
    assert!(told.iter().all(|error| error.2.contains("CREDENTIAL_REVOKED")), "{told:?}");
    let ids: Vec<_> = told.iter().map(|error| (error.0, error.1)).collect();
    assert_eq!(ids, [(901, 1100), (902, 1100), (1, 399), (-1, 1100)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn resting_orders_go_with_the_revocation_when_asked_so() {
    let server = Server::start().await;
    let mut client = server.client("trading", 1).await;
    client.ask(order(1, |_| {})).await;
    revoke(&server, "trading", true).await;
    client.rest().await;
    assert!(server.gate.view().await.unwrap().open_orders.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn lock_against_new_orders_leaves_cancels_and_reading() {
    let server = Server::start().await;
    let mut client = server.client("trading", 1).await;
    client.ask(order(1, |_| {})).await;
    let account = server.gate.view().await.unwrap().account;
    server
        .gate
        .locks()
        .lock(&OPERATOR, LockTarget::Account(account.into()), Grade::NoNew)
        .await
        .unwrap();
    let refused = client.ask(order(2, |_| {})).await;
    let told = errors(&refused).remove(0).2;
    assert!(told.contains(&format!("LOCKED: account {account} is locked: ")), "{told}");
    assert!(told.contains(&format!("`floorpass unlock --account {account}`")), "{told}");
    assert_eq!(statuses(&refused, 2), ["Inactive"]);
    let cancel = tws::inbound::CancelOrder { order_id: 1, ..Default::default() };
    let cancelled = client.ask(cancel).await;
    assert_eq!(statuses(&cancelled, 1), ["Cancelled"]);
    assert_eq!(errors(&cancelled)[0].1, 202);
    server
        .gate
        .locks()
        .lock(&OPERATOR, LockTarget::Account(account.into()), Grade::All)
        .await
        .unwrap();
    let told = errors(&client.rest().await);
    assert_eq!(told.last().unwrap().1, 1100, "{told:?}");
}

/// What is told names what is locked, and the command that unlocks just that.
#[tokio::test(flavor = "multi_thread")]
async fn program_of_a_locked_person_is_told_whom_to_unlock() {
    let server = Server::start().await;
    let mut client = server.client("trading", 1).await;
    let person = server.gate.people().list().await.unwrap().remove(0);
    let target = LockTarget::Person(person.id);
    server.gate.locks().lock(&OPERATOR, target, Grade::NoNew).await.unwrap();
    let refused = client.ask(order(1, |_| {})).await;
    let told = errors(&refused).remove(0).2;
    let name = person.username;
    assert!(told.contains(&format!("LOCKED: the person {name} is locked: ")), "{told}");
    assert!(told.contains(&format!("`floorpass unlock --person {name}`")), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_server_says_1100_to_all() {
    let server = Server::start().await;
    let mut one = server.client("trading", 1).await;
    let mut two = server.client("narrow", 1).await;
    server.stop().await;
    for client in [&mut one, &mut two] {
        let told = errors(&client.rest().await);
        assert!(told[0].1 == 1100 && told[0].2.contains("STOPPING"), "{told:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn use_of_a_credential_is_noted_with_program_and_address() {
    let server = Server::start().await;
    server.client("trading", 31).await;
    // The door notes it once the client's first word after the handshake is read.
    let mut tries = 0;
    let (found, used) = loop {
        let found = server.gate.credentials().find("trading").await.unwrap();
        if let Some(used) = found.last_use.clone() {
            break (found, used);
        }
        tries += 1;
        assert!(tries < 500, "the use is not noted");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    };
    assert!(used.client.contains("client 31"), "{}", used.client);
    let admitted = server.gate.credentials().find("narrow").await.unwrap();
    assert!(admitted.last_use.is_none());
    assert_ne!(Holder::Credential(found.credential.id), Holder::Operator);
}

#[tokio::test(flavor = "multi_thread")]
async fn paused_program_is_told_at_once_its_port_says_why_and_a_resumption_lets_it_in() {
    let server = Server::start().await;
    let id = server.gate.credentials().find("trading").await.unwrap().credential.id;
    let mut idle = server.client("trading", 1).await;
    let mut bystander = server.client("read-only", 1).await;
    server.gate.credentials().pause(&OPERATOR, id, false).await.unwrap();
    let told = errors(&idle.rest().await);
    assert_eq!((told.len(), told[0].0, told[0].1), (1, -1, 1100), "{told:?}");
    assert!(told[0].2.contains("CREDENTIAL_PAUSED"), "{told:?}");
    let mut late = Raw::knock(server.address("trading"), 2).await;
    let told = errors(&late.rest().await);
    assert!(told[0].1 == 1100 && told[0].2.contains("CREDENTIAL_PAUSED"), "{told:?}");
    assert!(bystander.barrier().await.is_empty());
    server.gate.credentials().resume(&OPERATOR, id).await.unwrap();
    let mut again = server.client("trading", 1).await;
    assert_eq!(statuses(&again.ask(order(1, |_| {})).await, 1), ["Submitted"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn day_of_a_credential_counts_its_orders_and_all_that_was_refused() {
    let server = Server::start().await;
    let today = async |name: &str| {
        let today = server.gate.credentials().find(name).await.unwrap().today;
        (today.orders, today.refused_orders, today.refused_connections)
    };
    let mut client = server.client("trading", 1).await;
    assert_eq!(statuses(&client.ask(order(1, |_| {})).await, 1), ["Submitted"]);
    client.ask(order(2, |_| {})).await;
    assert_eq!(today("trading").await, (2, 0, 0));
    let mut viewer = server.client("read-only", 1).await;
    let told = errors(&viewer.ask(order(1, |_| {})).await);
    assert!(told[0].2.contains("READ_ONLY"), "{told:?}");
    assert_eq!(today("read-only").await, (0, 1, 0));
    // A connection that is refused is no refused order.
    let id = server.gate.credentials().find("trading").await.unwrap().credential.id;
    server.gate.credentials().pause(&OPERATOR, id, false).await.unwrap();
    let mut late = Raw::knock(server.address("trading"), 2).await;
    late.rest().await;
    assert_eq!(today("trading").await, (2, 0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn program_with_a_replaced_token_is_told_so_and_the_new_token_lets_in() {
    let server = Server::start().await;
    let new = gate::NewCredential {
        name: "rolled".to_owned(),
        accounts: vec![server.gate.account()],
        scopes: access::Scopes::trading(server.gate.now() + access::Span::days(1)),
        token_required: Some(true),
        door: gate::DoorWish::Socket { port: None },
    };
    let made = server.gate.credentials().create(&OPERATOR, new).await.unwrap();
    let options = |token: &access::Secret| format!("token={}", token.expose_text().unwrap());
    let (id, first) = (made.credential, options(&made.token.unwrap()));
    let address = server.later_address("rolled").await;
    let knock = async |client_id, options: &str| Raw::knock_with(address, client_id, options).await;
    let mut before = knock(1, &first).await;
    before.until("9").await;
    before.barrier().await;
    let second =
        server.gate.credentials().rotate(&OPERATOR, id, access::Span::hours(1)).await.unwrap();
    let second = options(&second.token);
    for (client_id, options) in [(2, &first), (3, &second)] {
        let mut both = knock(client_id, options).await;
        both.until("9").await;
    }
    assert!(before.barrier().await.iter().all(|message| message[0] != "4"));
    let third = server.gate.credentials().rotate(&OPERATOR, id, access::Span(0)).await.unwrap();
    let told = errors(&before.rest().await);
    assert!(told.iter().any(|one| one.1 == 1100 && one.2.contains("TOKEN_REPLACED")), "{told:?}");
    let mut late = knock(4, &second).await;
    let told = errors(&late.rest().await);
    assert!(told.iter().any(|one| one.1 == 1100 && one.2.contains("TOKEN_REPLACED")), "{told:?}");
    let mut new = knock(5, &options(&third.token)).await;
    new.until("9").await;
}
