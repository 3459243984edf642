//! Order ids, words and groups: what is remembered of orders that are no more, and how fields may be
//! spelt.

use rust_decimal::Decimal;
use tws::PlaceOrder;
use tws::inbound::{CancelOrder, Ids};

use crate::desk::{
    LIMIT_PRICE, Message, Raw, Server, TOTAL_QUANTITY, errors, order, spelt, statuses, stock,
};

/// What a new connection of this client is told.
async fn next_id(server: &Server, client_id: i32) -> String {
    reconnected(server, client_id).await.1
}

/// A new connection of this client, and the order id that it is told.
async fn reconnected(server: &Server, client_id: i32) -> (Raw, String) {
    let mut client = loop {
        let mut client = Raw::knock(server.address("trading"), client_id).await;
        // The place of the connection before may not be free yet.
        match client.next().await {
            Some(message) if message[0] == "15" => break client,
            other => drop(other),
        }
    };
    let next = client.until("9").await.pop().unwrap()[2].clone();
    (client, next)
}

fn named(messages: &[Message]) -> &str {
    messages.iter().rfind(|message| message[0] == "9").map(|message| &*message[2]).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn used_order_ids_are_not_named_again() {
    type Case = (&'static str, fn(&mut PlaceOrder));
    let mut server = Server::start().await;
    let cases: [Case; 6] = [
        ("refused here", |o| o.order.hidden = true),
        ("refused by the gate", |o| o.order.total_quantity = Some(Decimal::from(10_000_000))),
        ("held", |o| o.order.transmit = false),
        ("a preview", |o| o.order.what_if = true),
        ("a refused preview", |o| (o.order.what_if, o.order.hidden) = (true, true)),
        ("filled", |o| (o.order.limit_price, o.order.order_type) = (None, "MKT".to_owned())),
    ];
    for (at, (what, set)) in (1..).zip(cases) {
        let mut client = server.client("trading", at).await;
        client.ask(order(70, set)).await;
        assert_eq!(named(&client.ask(Ids::default()).await), "71", "{what}");
        drop(client);
        assert_eq!(next_id(&server, at).await, "71", "{what}: in a new connection");
    }
    let mut client = server.client("trading", 8).await;
    client.ask(order(80, |o| o.order.transmit = false)).await;
    client.ask(CancelOrder { order_id: 80, ..CancelOrder::default() }).await;
    let bytes = spelt(client.version, order(90, |_| {}), LIMIT_PRICE, "x");
    client.send_bytes(&bytes).await;
    assert_eq!(errors(&client.barrier().await)[0].0, 90);
    assert_eq!(named(&client.ask(Ids::default()).await), "91");
    drop(client);
    server = server.restart().await;
    for at in 1..=6 {
        assert_eq!(next_id(&server, at).await, "71", "client {at} after a restart");
    }
    assert_eq!((&*next_id(&server, 8).await, &*next_id(&server, 9).await), ("91", "1"));
    let mut client = server.client("trading", 8).await;
    let reused = client.ask(order(85, |_| {})).await;
    assert_eq!(errors(&reused)[0].1, 103, "an id below is used or was passed over");
    assert!(errors(&reused)[0].2.contains("use 91"), "{reused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn last_order_id_is_refused_with_a_sentence_and_touches_no_order() {
    let server = Server::start().await;
    let mut client = server.client("trading", 3).await;
    let placed = client.ask(order(i32::MAX - 1, |_| {})).await;
    assert_eq!(statuses(&placed, i32::MAX - 1), ["Submitted"]);
    let next = named(&client.ask(Ids::default()).await).parse().unwrap();
    assert_eq!(next, i32::MAX);
    let refused = client.ask(order(next, |o| o.order.limit_price = Some(Decimal::TWO))).await;
    let told = errors(&refused);
    assert_eq!((told[0].0, told[0].1), (next, 201));
    assert!(told[0].2.contains("connect with another one"), "{told:?}");
    let open = server.gate.view().await.unwrap().open_orders.clone();
    assert_eq!(open.len(), 1);
    assert_eq!(open.last().unwrap().order_type.limit().unwrap().0, 100, "the order is as it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn words_are_read_whatever_their_case_and_numbers_in_every_spelling() {
    type Case = (&'static str, fn(&mut PlaceOrder));
    let server = Server::start().await;
    let mut client = server.client("trading", 3).await;
    let cases: [Case; 6] = [
        ("action", |o| o.order.action = "Buy".to_owned()),
        ("orderType", |o| o.order.order_type = "lmt".to_owned()),
        ("orderType stop", |o| {
            o.order.order_type = "Stp Lmt".to_owned();
            o.order.aux_price = Some(Decimal::from(900));
        }),
        ("tif", |o| o.order.tif = "gtc ".to_owned()),
        ("clearingAccount", |o| o.order.clearing_account = o.order.account.clone()),
        ("usePriceMgmtAlgo", |o| o.order.use_price_mgmt_algo = Some(true)),
    ];
    let account = server.gate.view().await.unwrap().account.to_string();
    for (id, (what, set)) in (1..).zip(cases) {
        let mut sent = order(id, |o| o.order.account.clone_from(&account));
        set(&mut sent);
        assert_eq!(errors(&client.ask(sent).await), [], "{what}");
    }
    let spellings = [("1E+1", "1e0"), ("1e+1", "1E-0"), ("10.0", "100e-2"), ("1e1", "0.1E1")];
    for (id, (quantity, price)) in (20..).zip(spellings) {
        let bytes = spelt(client.version, order(id, |_| {}), TOTAL_QUANTITY, quantity);
        client.send_bytes(&bytes).await;
        let placed = client.barrier().await;
        assert_eq!((errors(&placed), statuses(&placed, id).len()), (vec![], 1), "{quantity}");
        let bytes = spelt(client.version, order(id, |_| {}), LIMIT_PRICE, price);
        client.send_bytes(&bytes).await;
        let shown = client.barrier().await;
        let terms = (shown[0][14].parse(), shown[0][16].parse());
        assert_eq!(terms, (Ok(Decimal::TEN), Ok(Decimal::ONE)), "{quantity} at {price}");
    }
    let tiny = spelt(client.version, order(40, |_| {}), TOTAL_QUANTITY, "1e-05");
    client.send_bytes(&tiny).await;
    assert!(errors(&client.barrier().await)[0].2.contains("totalQuantity is 0.00001"));
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_contract_is_named_by_its_ticker_and_the_credential_by_its_name() {
    let server = Server::start().await;
    let mut client = server.client("narrow", 1).await;
    let refused = client.ask(order(1, |o| o.contract = stock("MSFT"))).await;
    let text = &errors(&refused)[0].2;
    assert!(text.contains("MSFT is not allowed for credential narrow (allowed: AAPL)"), "{text}");
    let request = tws::inbound::MktData {
        request_id: 9,
        contract: stock("MSFT"),
        ..tws::inbound::MktData::default()
    };
    let refused = client.ask(request).await;
    let text = &errors(&refused)[0].2;
    assert!(text.contains("MSFT is not allowed for credential narrow"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn group_remembers_over_contracts_connections_and_restarts() {
    let mut server = Server::start().await;
    let member = |id, symbol: &'static str, transmit| {
        order(id, move |o| {
            o.contract = stock(symbol);
            o.order.order_type = "MKT".to_owned();
            o.order.limit_price = None;
            o.order.oca_group = "one".to_owned();
            o.order.oca_type = Some(1);
            o.order.transmit = transmit;
        })
    };
    let mut client = server.client("trading", 3).await;
    assert!(client.ask(member(1, "KO", false)).await.is_empty());
    let mut bytes = Vec::new();
    for (id, symbol) in [(2, "AAPL"), (3, "MSFT"), (4, "AAPL")] {
        tws::Inbound::from(member(id, symbol, true)).encode(client.version, &mut bytes);
    }
    client.send_bytes(&bytes).await;
    let messages = client.barrier().await;
    assert_eq!(statuses(&messages, 2).last().unwrap(), "Filled");
    for id in [3, 4] {
        assert_eq!(statuses(&messages, id).last().unwrap(), "Cancelled");
    }
    let held = client.ask(member(1, "KO", true)).await;
    assert_eq!(statuses(&held, 1).last().unwrap(), "Cancelled");
    assert!(errors(&held)[0].2.contains("OCA_GROUP_TRADED"), "{held:?}");
    drop(client);
    server = server.restart().await;
    let mut client = server.client("trading", 4).await;
    let late = client.ask(member(1, "JPM", true)).await;
    assert_eq!(statuses(&late, 1).last().unwrap(), "Cancelled", "of another client id, later");
    let mut other = server.client("narrow", 4).await;
    let theirs = other.ask(member(1, "AAPL", true)).await;
    assert_eq!(statuses(&theirs, 1).last().unwrap(), "Filled", "another credential's group");
}

/// A member that is held while another trades is as large as the part that is left when it is sent.
#[tokio::test(flavor = "multi_thread")]
async fn held_member_of_a_reducing_group_gets_the_part_that_is_left() {
    let server = Server::start().await;
    let aapl = access::SymbolId(700_001);
    let member = |id, symbol: &'static str, shares: u64, limit: Decimal, transmit| {
        order(id, move |o| {
            o.contract = stock(symbol);
            o.order.total_quantity = Some(Decimal::from(shares));
            o.order.limit_price = Some(limit);
            o.order.oca_group = "part".to_owned();
            o.order.oca_type = Some(2);
            o.order.transmit = transmit;
        })
    };
    let mut client = server.client("trading", 3).await;
    assert!(client.ask(member(1, "MSFT", 100, Decimal::ONE, false)).await.is_empty());
    // At the beginning of a second: the market moves once in each, and the order has to meet what is asked now.
    let before = server.gate.markets().quotes().time;
    while server.gate.markets().quotes().time == before {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let ask = server.gate.markets().quotes().get(aapl).unwrap().ask().unwrap();
    let price = rust_decimal::Decimal::new(ask.price.0, 2);
    let traded = client.ask(member(2, "AAPL", ask.size * 4, price, true)).await;
    let status = traded.iter().rfind(|message| message[0] == "3" && message[1] == "2").unwrap();
    assert_eq!((status[2].as_str(), status[3].parse()), ("Submitted", Ok(ask.size)));
    let held = client.ask(member(1, "MSFT", 100, Decimal::ONE, true)).await;
    let status = held.iter().rfind(|message| message[0] == "3" && message[1] == "1").unwrap();
    assert_eq!((status[2].as_str(), status[4].as_str()), ("Submitted", "75"), "three quarters");
}

#[tokio::test(flavor = "multi_thread")]
async fn cancel_of_an_id_without_an_order_shows_no_order() {
    let server = Server::start().await;
    let mut client = server.client("trading", 1).await;
    client.ask(order(70, |o| o.order.hidden = true)).await;
    drop(client);
    let (mut client, next) = reconnected(&server, 1).await;
    assert_eq!(next, "71");
    client.barrier().await;
    for order_id in [-5, 0, 7, 70] {
        let messages = client.ask(CancelOrder { order_id, ..CancelOrder::default() }).await;
        assert_eq!(messages.len(), 1, "{messages:?}");
        let told = errors(&messages);
        assert_eq!((told[0].0, told[0].1), (order_id, 10147), "{told:?}");
    }
}
