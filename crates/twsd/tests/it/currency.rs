//! An account in euros and one in dollars on one connection.

use access::currency::Currency;
use access::{PaperAccountId, Scopes, Span};
use gate::{Actor, DoorWish, Gate, NewCredential, NewPaperAccount};
use trade::ledger::SelfMatch;
use tws::inbound::{AccountSummary, AccountUpdates};
use tws::{Contract, PlaceOrder};

use crate::desk::{Raw, Server, errors, order, statuses, stock};

async fn opened_in(gate: &Gate, base_currency: Currency) -> PaperAccountId {
    let new = NewPaperAccount {
        owner: "trader".to_owned(),
        account: None,
        purpose: "second".to_owned(),
        base_currency,
        cash: 250_000.into(),
        self_match: SelfMatch::CancelNewest,
    };
    gate.paper_accounts().create(&Actor::Operator { uid: 1 }, new).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn values_of_each_account_are_in_its_own_currency_and_another_one_is_not_traded() {
    let server = Server::trading().await;
    let gate = &server.gate;
    let dollars = gate.account();
    let euros = opened_in(gate, "EUR".parse().unwrap()).await;
    let yen = opened_in(gate, "JPY".parse().unwrap()).await;
    let dinars = opened_in(gate, "KWD".parse().unwrap()).await;
    let new = NewCredential {
        name: "both".to_owned(),
        accounts: vec![dollars, euros, yen, dinars],
        scopes: Scopes::trading(gate.now() + Span::days(1)),
        token_required: Some(false),
        door: DoorWish::Socket { port: None },
    };
    let operator = Actor::Operator { uid: 1 };
    gate.credentials().create(&operator, new).await.unwrap();
    let mut client = Raw::begin(server.later_address("both").await, 3).await;

    // accountSummary: message, version, request, account, tag, value, currency.
    let asked = AccountSummary {
        request_id: 7,
        group: "All".to_owned(),
        tags: "NetLiquidation,BuyingPower".to_owned(),
    };
    let told = client.ask(asked).await;
    let mut rows: Vec<_> = told
        .iter()
        .filter(|message| message[0] == "63" && message[4] == "NetLiquidation")
        .map(|message| (message[3].clone(), message[5].clone(), message[6].clone()))
        .collect();
    rows.sort();
    let row = |account: PaperAccountId, value: &str, currency: &str| {
        (account.to_string(), value.to_owned(), currency.to_owned())
    };
    let mut expected = vec![
        row(dollars, "1000000.00", "USD"),
        row(euros, "250000.00", "EUR"),
        row(yen, "250000", "JPY"),
        row(dinars, "250000.000", "KWD"),
    ];
    expected.sort();
    assert_eq!(rows, expected);

    // updateAccountValue: message, version, key, value, currency, account.
    let asked = AccountUpdates { subscribe: true, account: euros.to_string() };
    let told = client.ask(asked).await;
    let currencies: std::collections::BTreeSet<_> = told
        .iter()
        .filter(|message| message[0] == "6" && message[5] == euros.to_string())
        .map(|message| message[4].as_str())
        .collect();
    assert_eq!(currencies.into_iter().collect::<Vec<_>>(), ["", "BASE", "EUR"]);

    let denied = client.ask(order(1, |o| o.order.account = euros.to_string())).await;
    let [(_, 201, text)] = &errors(&denied)[..] else { panic!("{denied:?}") };
    let why = format!("AAPL trades in USD, and account {euros} is kept in EUR");
    assert!(text.contains(&why), "{text}");
    let taken = client.ask(order(2, |o| o.order.account = dollars.to_string())).await;
    assert_eq!(statuses(&taken, 2), ["Submitted"]);
    // A stock in euros trades on the one alone as well.
    let stock = |o: &mut PlaceOrder, account: PaperAccountId| {
        o.contract = Contract { currency: "EUR".to_owned(), ..stock("SAPX") };
        o.order.account = account.to_string();
    };
    let taken = client.ask(order(3, |o| stock(o, euros))).await;
    assert_eq!(statuses(&taken, 3), ["Submitted"]);
    let denied = client.ask(order(4, |o| stock(o, dollars))).await;
    assert!(errors(&denied)[0].2.contains("SAPX trades in EUR"), "{denied:?}");
    server.stop().await;
}
