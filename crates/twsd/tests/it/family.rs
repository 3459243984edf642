//! Families of orders: a parent and its children are placed together, or not at all.

use rust_decimal::Decimal;
use tws::inbound::{AllOpenOrders, CancelOrder};
use tws::{Inbound, PlaceOrder};

use crate::desk::{LIMIT_PRICE, Raw, Server, errors, order, spelt, statuses};

/// One order of a bracket; the parent is order 1.
fn member(order_id: i32, transmit: bool, set: fn(&mut PlaceOrder)) -> PlaceOrder {
    *order(order_id, |o| {
        o.order.transmit = transmit;
        if order_id > 1 {
            o.order.parent_id = 1;
            "SELL".clone_into(&mut o.order.action);
            o.order.limit_price = Some(Decimal::from(100_000));
        }
        if order_id == 3 {
            "STP".clone_into(&mut o.order.order_type);
            o.order.aux_price = Some(Decimal::new(5, 1));
            o.order.limit_price = None;
        }
        set(o);
    })
}

/// How many orders are open.
async fn open(server: &Server) -> usize {
    server.gate.orders().flush().await.unwrap();
    server.gate.view().await.unwrap().open_orders.iter().count()
}

/// Sends these in one breath: `spelt_wrong` has a price that is not a number.
async fn send(client: &mut Raw, orders: Vec<PlaceOrder>, spelt_wrong: i32) {
    let mut bytes = Vec::new();
    for order in orders.into_iter().map(Box::new) {
        if order.order_id == spelt_wrong {
            bytes.extend(spelt(client.version, order, LIMIT_PRICE, "nan"));
        } else {
            Inbound::from(order).encode(client.version, &mut bytes);
        }
    }
    client.send_bytes(&bytes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn family_without_a_refused_child_is_not_placed() {
    type Case = (&'static str, i32, fn(&mut PlaceOrder));
    let server = Server::start().await;
    let between_ticks: fn(&mut PlaceOrder) = |o| o.order.limit_price = Some(Decimal::new(25, 3));
    let cases: [Case; 4] = [
        ("between two ticks", 0, between_ticks),
        ("a field that is not honoured", 0, |o| o.order.hidden = true),
        ("half a share", 0, |o| o.order.total_quantity = Some(Decimal::new(5, 1))),
        ("not a number", 2, |_| {}),
    ];
    for (client_id, (what, spelt_wrong, set)) in (1..).zip(cases) {
        for last in [1, 3] {
            let mut client = server.client("trading", client_id * 10 + last).await;
            let mut orders = vec![
                member(1, last == 1, |_| {}),
                member(2, false, set),
                member(3, last == 3, |_| {}),
            ];
            orders.sort_by_key(|order| order.order.transmit);
            send(&mut client, orders, spelt_wrong).await;
            let messages = client.barrier().await;
            for id in 1..=3 {
                assert_eq!(statuses(&messages, id), ["Inactive"], "{what}, {last} last: {id}");
            }
            for id in [1, 3] {
                let told = errors(&messages);
                let (_, code, text) = told.iter().find(|error| error.0 == id).unwrap();
                assert_eq!(*code, 201, "{what}");
                assert!(text.contains("FAMILY_INCOMPLETE: order 2 "), "{what}: {text}");
            }
            assert_eq!(open(&server).await, 0, "{what}, {last} last");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn family_is_placed_once_its_refused_child_is_corrected_or_given_up() {
    let server = Server::start().await;
    let mut client = server.client("trading", 1).await;
    let wrong = || member(2, false, |o| o.order.hidden = true);
    send(&mut client, vec![member(1, false, |_| {}), wrong()], 0).await;
    assert_eq!(errors(&client.barrier().await).len(), 1);
    send(&mut client, vec![member(2, false, |_| {}), member(3, true, |_| {})], 0).await;
    let messages = client.barrier().await;
    assert_eq!(errors(&messages), []);
    assert_eq!(open(&server).await, 3);
    client.ask(CancelOrder { order_id: 1, ..CancelOrder::default() }).await;

    let mut client = server.client("trading", 2).await;
    send(&mut client, vec![member(1, false, |_| {}), wrong()], 0).await;
    client.ask(CancelOrder { order_id: 2, ..CancelOrder::default() }).await;
    let messages = client.ask(Box::new(member(3, true, |_| {}))).await;
    assert_eq!(errors(&messages), []);
    assert_eq!(open(&server).await, 2, "the parent and its stop");
    client.ask(CancelOrder { order_id: 1, ..CancelOrder::default() }).await;

    let mut client = server.client("trading", 3).await;
    send(&mut client, vec![member(1, false, |_| {}), wrong(), member(3, true, |_| {})], 0).await;
    assert_eq!(errors(&client.barrier().await).len(), 3);
    let alone = client.ask(Box::new(member(1, true, |_| {}))).await;
    assert_eq!(statuses(&alone, 1), ["Submitted"], "what was refused is over");
}

#[tokio::test(flavor = "multi_thread")]
async fn child_of_another_client_id_is_shown_with_its_parent() {
    let server = Server::start().await;
    let mut client = server.client("trading", 1).await;
    send(&mut client, vec![member(1, false, |_| {}), member(2, true, |_| {})], 0).await;
    client.barrier().await;
    let mut other = server.client("trading", 0).await;
    let messages = other.ask(AllOpenOrders {}).await;
    let status = messages.iter().find(|message| message[0] == "3" && message[1] == "2").unwrap();
    assert_eq!((&*status[2], &*status[7]), ("PreSubmitted", "1"), "{status:?}");
}
