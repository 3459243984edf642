//! Authority that becomes less while a program is connected.

use std::time::Duration;

use access::account::Currency;
use access::entitlements::Acts;
use access::mandate::{MandateTerms, Role};
use access::{Act, PaperAccountId, Scopes, Span};
use gate::{Actor, DoorWish, Gate, NewCredential, NewPaperAccount};
use rust_decimal::Decimal;
use tokio::time::Instant;
use trade::ledger::SelfMatch;
use tws::inbound::{
    AccountSummary, AccountUpdates, AccountUpdatesMulti, ManagedAccts, MktData, Pnl, Positions,
    RealTimeBars,
};

use crate::desk::{Raw, Server, errors, order, statuses, stock};

const OPERATOR: Actor = Actor::Operator { uid: 0 };

/// A second owner of an account.
async fn joint_owner(gate: &Gate, account: PaperAccountId) {
    let terms = MandateTerms::of(Role::Owner);
    gate.mandates().grant(&OPERATOR, "ann", (account.into(), Role::Owner), terms).await.unwrap();
}

/// Another account of the trader, with a second owner, and a program on both.
async fn program_on_both(server: &Server) -> (PaperAccountId, PaperAccountId, Raw) {
    let gate = &server.gate;
    let wanted = NewPaperAccount {
        owner: "trader".to_owned(),
        account: None,
        purpose: "second".to_owned(),
        base_currency: Currency::USD,
        cash: Decimal::from(250_000),
        self_match: SelfMatch::CancelNewest,
    };
    let (first, second) =
        (gate.account(), gate.paper_accounts().create(&OPERATOR, wanted).await.unwrap());
    gate.people().add(&OPERATOR, "ann", second).await.unwrap();
    gate.mandates().revoke(&OPERATOR, "ann", second.into()).await.unwrap();
    joint_owner(gate, second).await;
    let new = NewCredential {
        name: "both".to_owned(),
        accounts: vec![first, second],
        scopes: Scopes::trading(gate.now() + Span::days(1)),
        token_required: Some(false),
        door: DoorWish::Socket { port: None },
    };
    gate.credentials().create(&OPERATOR, new).await.unwrap();
    let client = Raw::begin(server.later_address("both").await, 1).await;
    (first, second, client)
}

/// What comes within this long.
async fn within(client: &mut Raw, long: Duration) -> Vec<Vec<String>> {
    let (begun, mut messages) = (Instant::now(), Vec::new());
    while begun.elapsed() < long {
        messages.extend(client.barrier().await);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    messages
}

#[tokio::test(flavor = "multi_thread")]
async fn program_is_told_nothing_of_an_account_that_it_was_withdrawn_from() {
    let server = Server::start().await;
    let (first, second, mut client) = program_on_both(&server).await;
    let (account, name) = (second.to_string(), second.to_string());
    client.ask(Pnl { request_id: 901, account: name.clone(), ..Default::default() }).await;
    let multi =
        AccountUpdatesMulti { request_id: 902, account: name.clone(), ..Default::default() };
    client.ask(multi).await;
    client.ask(AccountUpdates { subscribe: true, account: name.clone() }).await;
    client.ask(Positions {}).await;
    let summary = AccountSummary {
        request_id: 903,
        group: "All".to_owned(),
        tags: "NetLiquidation".to_owned(),
    };
    client.ask(summary).await;
    let rests = client.ask(order(1, |order| order.order.account.clone_from(&name))).await;
    assert_eq!(statuses(&rests, 1), ["Submitted"]);

    server.gate.mandates().revoke(&OPERATOR, "trader", second.into()).await.unwrap();
    let told = within(&mut client, Duration::from_secs(3)).await;
    assert_eq!(statuses(&told, 1), ["Cancelled"], "its order's end reaches it: {told:?}");
    let ended = errors(&told);
    for id in [901, 902, -1] {
        let word = ended.iter().find(|error| error.0 == id).unwrap_or_else(|| panic!("{ended:?}"));
        assert!(word.2.contains("CREDENTIAL_WITHDRAWN") && word.2.contains(&account), "{word:?}");
    }
    assert!(ended.iter().all(|error| error.0 != 903), "it goes on for the other: {ended:?}");
    // What the account does from now on is no business of the program's.
    let market = |order: &mut tws::PlaceOrder| {
        order.order.account = first.to_string();
        order.order.order_type = "MKT".to_owned();
        order.order.limit_price = None;
    };
    let mut later = client.ask(order(2, market)).await;
    assert_eq!(statuses(&later, 2).last().map(String::as_str), Some("Filled"), "{later:?}");
    later.extend(within(&mut client, Duration::from_secs(6)).await);
    assert!(later.iter().flatten().all(|field| *field != account), "{later:?}");
    let other = first.to_string();
    assert!(later.iter().flatten().any(|field| *field == other), "the other's values move");
    let accounts = client.ask(ManagedAccts {}).await;
    let named = accounts.iter().find(|message| message[0] == "15").unwrap();
    assert_eq!(named[2], first.to_string());
    let refused = client.ask(order(3, |_| {})).await;
    let words = &errors(&refused)[0].2;
    assert!(words.contains(&first.to_string()) && !words.contains(&account), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_end_with_a_word_once_their_person_may_not_look_any_more() {
    let server = Server::start().await;
    let gate = &server.gate;
    let account = gate.account();
    gate.people().add(&OPERATOR, "ann", account).await.unwrap();
    gate.mandates().revoke(&OPERATOR, "ann", account.into()).await.unwrap();
    joint_owner(gate, account).await;
    let mut client = server.client("trading", 1).await;
    client.ask(Pnl { request_id: 901, ..Default::default() }).await;
    let contract = stock("AAPL");
    client.ask(MktData { request_id: 902, contract: contract.clone(), ..Default::default() }).await;
    client.ask(RealTimeBars { request_id: 903, contract, ..Default::default() }).await;
    let mut terms = MandateTerms::of(Role::Owner);
    terms.acts = Acts::of(&[Act::ManageSessions, Act::ManageCredentials]);
    gate.mandates().change(&OPERATOR, "trader", account.into(), terms).await.unwrap();
    let told = errors(&within(&mut client, Duration::from_secs(3)).await);
    for id in [901, 902, 903] {
        let words: Vec<_> = told.iter().filter(|error| error.0 == id).collect();
        assert!(words.len() == 1 && words[0].2.contains("ACT_NOT_ALLOWED"), "{id}: {told:?}");
    }
    let later = within(&mut client, Duration::from_secs(3)).await;
    assert!(later.is_empty(), "{later:?}");
}
