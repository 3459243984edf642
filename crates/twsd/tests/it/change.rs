//! Changes of orders that go on: what is refused of them ends nothing, and what they leave out stays.

use rust_decimal::Decimal;
use tws::PlaceOrder;
use tws::inbound::{CancelOrder, GlobalCancel, OpenOrders};

use crate::desk::{
    LIMIT_PRICE, Message, Raw, Server, TOTAL_QUANTITY, errors, order, spelt, statuses, stock,
};

fn cancel(order_id: i32) -> CancelOrder {
    CancelOrder { order_id, ..CancelOrder::default() }
}

/// The last openOrder.
fn shown(messages: &[Message]) -> &Message {
    messages.iter().rfind(|message| message[0] == "5").expect("it is shown")
}

const TIF: usize = 18;

/// Quantity and limit price of an openOrder.
fn terms(shown: &Message) -> (i64, i64) {
    let whole = |field: &str| field.parse::<Decimal>().unwrap().try_into().unwrap();
    (whole(&shown[14]), whole(&shown[16]))
}

/// One error with this number and text for order 1, which is shown as it stands.
fn lives(messages: &[Message], code: i32, text: &str) {
    let told = errors(messages);
    assert_eq!((told.len(), told[0].0, told[0].1), (1, 1, code), "{text}: {told:?}");
    assert!(told[0].2.contains(text), "{text}: {told:?}");
    assert!(told[0].2.contains("the order is unchanged"), "{text}: {told:?}");
    assert_eq!(statuses(messages, 1).last().unwrap(), "Submitted", "{text}");
    assert_eq!(terms(shown(messages)), (10, 1), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_change_has_a_number_that_ends_nothing() {
    type Case = (i32, &'static str, fn(&mut PlaceOrder));
    let server = Server::start().await;
    let mut client = server.client("trading", 3).await;
    client.ask(order(1, |_| {})).await;
    let cases: [Case; 17] = [
        (110, "use 50.00 or 50.01", |o| o.order.limit_price = Some(Decimal::new(50_005, 3))),
        (399, "QUANTITY_ABOVE_LIMIT", |o| o.order.total_quantity = Some(Decimal::from(10_000_000))),
        (399, "totalQuantity is 0.5", |o| o.order.total_quantity = Some(Decimal::new(5, 1))),
        (399, "totalQuantity is 0", |o| o.order.total_quantity = None),
        (399, "PRICE_OUT_OF_RANGE", |o| o.order.limit_price = Some(Decimal::from(-5))),
        (399, "PRICE_BEYOND_COLLAR", |o| o.order.limit_price = Some(Decimal::from(90_000))),
        (399, "lmtPrice is not set", |o| o.order.limit_price = None),
        (399, "hidden is 1", |o| o.order.hidden = true),
        (399, "tif is GTD", |o| o.order.tif = "GTD".to_owned()),
        (399, "IMMEDIATE_CHANGE", |o| o.order.tif = "FOK".to_owned()),
        (399, "orderType is TRAIL", |o| o.order.order_type = "TRAIL".to_owned()),
        (399, "action of an order", |o| o.order.action = "SELL".to_owned()),
        (399, "the contract of an order", |o| o.contract = stock("MSFT")),
        (399, "CONTRACT_UNKNOWN", |o| o.contract.symbol = "NOSUCH".to_owned()),
        (399, "account is U123", |o| o.order.account = "U123".to_owned()),
        (399, "ocaGroup of an order", |o| o.order.oca_group = "x".to_owned()),
        (399, "parentId of an order", |o| o.order.parent_id = 55),
    ];
    for (code, text, set) in cases {
        lives(&client.ask(order(1, set)).await, code, text);
    }
    for text in ["nan", "NaN", "-nan", "inf", "Infinity", "-Infinity"] {
        let bytes = spelt(client.version, order(1, |_| {}), LIMIT_PRICE, text);
        client.send_bytes(&bytes).await;
        lives(&client.barrier().await, 399, &format!("field lmtPrice is {text:?}"));
        let bytes = spelt(client.version, order(1, |_| {}), TOTAL_QUANTITY, text);
        client.send_bytes(&bytes).await;
        lives(&client.barrier().await, 399, &format!("field totalQuantity is {text:?}"));
    }
    let preview = client.ask(order(1, |o| {
        o.order.what_if = true;
        o.order.hidden = true;
    }));
    lives(&preview.await, 399, "hidden is 1");
    let gone = client.ask(cancel(1)).await;
    assert_eq!((statuses(&gone, 1), errors(&gone)[0].1), (vec!["Cancelled".to_owned()], 202));
}

#[tokio::test(flavor = "multi_thread")]
async fn new_order_between_two_ticks_ends_with_201() {
    let server = Server::start().await;
    let mut client = server.client("trading", 3).await;
    let refused =
        client.ask(order(1, |o| o.order.limit_price = Some(Decimal::new(50_005, 3)))).await;
    assert_eq!((errors(&refused)[0].1, statuses(&refused, 1)), (201, vec!["Inactive".to_owned()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn change_beyond_the_rate_or_under_a_lock_ends_nothing() {
    let server = Server::start().await;
    let mut client = server.client("narrow", 1).await;
    client.ask(order(1, |_| {})).await;
    let mut bytes = Vec::new();
    for _ in 0..9 {
        tws::Inbound::from(order(1, |_| {})).encode(client.version, &mut bytes);
    }
    client.send_bytes(&bytes).await;
    let messages = client.barrier().await;
    let told = errors(&messages);
    assert!(
        told.iter().all(|error| error.1 == 399 && error.2.contains("RATE_EXCEEDED")),
        "{told:?}"
    );
    assert!((4..=8).contains(&told.len()), "{told:?}");
    assert_eq!(statuses(&messages, 1).last().unwrap(), "Submitted");
    let mut client = server.client("trading", 1).await;
    client.ask(order(1, |_| {})).await;
    let account = server.gate.view().await.unwrap().account;
    let operator = gate::Actor::Operator { uid: 0 };
    let target = gate::LockTarget::Account(account.into());
    server.gate.locks().lock(&operator, target, access::Grade::NoNew).await.unwrap();
    lives(&client.ask(order(1, |o| o.order.limit_price = Some(Decimal::TWO))).await, 399, "LOCKED");
}

/// An order that may only reduce, because a lock let nothing else pass, stays that when the lock is gone.
#[tokio::test(flavor = "multi_thread")]
async fn change_of_a_reduce_only_order_beyond_the_position_ends_nothing() {
    let server = Server::start().await;
    let mut client = server.client("trading", 1).await;
    let market = |id, action: &'static str| {
        order(id, move |o| {
            action.clone_into(&mut o.order.action);
            "MKT".clone_into(&mut o.order.order_type);
            o.order.limit_price = None;
        })
    };
    client.ask(market(1, "BUY")).await;
    let account = server.gate.view().await.unwrap().account;
    let operator = gate::Actor::Operator { uid: 0 };
    let target = gate::LockTarget::Account(account.into());
    server.gate.locks().lock(&operator, target, access::Grade::ReduceOnly).await.unwrap();
    let exit = |id, shares: i64| {
        order(id, move |o| {
            "SELL".clone_into(&mut o.order.action);
            o.order.total_quantity = Some(Decimal::from(shares));
            o.order.limit_price = Some(Decimal::from(900));
        })
    };
    let refused = client.ask(exit(2, 11)).await;
    let told = errors(&refused);
    assert_eq!(told[0].1, 201);
    assert!(told[0].2.contains("11 is more than the 10 held long"), "{told:?}");
    for id in [3, 4] {
        assert_eq!(statuses(&client.ask(exit(id, 10)).await, id), ["Submitted"]);
    }
    server.gate.locks().unlock(&operator, target).await.unwrap();
    let refused = client.ask(exit(3, 11)).await;
    let told = errors(&refused);
    assert_eq!((told.len(), told[0].1), (1, 399), "{told:?}");
    assert!(told[0].2.contains("ORDER_PAST_FLAT") && told[0].2.contains("sell 10 or fewer"));
    assert_eq!(statuses(&refused, 3), ["Submitted"]);
    let closed = client.ask(market(5, "SELL")).await;
    for id in [3, 4] {
        assert_eq!(statuses(&closed, id).last().unwrap(), "Cancelled");
        let told = errors(&closed);
        let end = told.iter().find(|error| error.0 == id).unwrap();
        assert!(end.1 == 202 && end.2.contains("POSITION_CLOSED"), "{end:?}");
    }
}

/// A bracket whose parent has filled: ids 1, 2, 3.
async fn bracket(client: &mut Raw) {
    for (id, transmit) in [(1, false), (2, false), (3, true)] {
        let member = order(id, |o| {
            o.order.transmit = transmit;
            o.order.parent_id = i32::from(id > 1);
            match id {
                1 => "MKT".clone_into(&mut o.order.order_type),
                2 => o.order.limit_price = Some(Decimal::from(900)),
                _ => {
                    "STP".clone_into(&mut o.order.order_type);
                    o.order.aux_price = Some(Decimal::from(2));
                }
            }
            if id > 1 {
                "SELL".clone_into(&mut o.order.action);
            }
            if id != 2 {
                o.order.limit_price = None;
            }
        });
        client.ask(member).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_change_leaves_out_stays() {
    let server = Server::start().await;
    let mut client = server.client("trading", 3).await;
    bracket(&mut client).await;
    for parent in [0, 1] {
        let child = order(2, |o| {
            o.order.action = "SELL".to_owned();
            o.order.parent_id = parent;
            o.order.limit_price = Some(Decimal::from(950 + parent));
        });
        let changed = client.ask(child).await;
        assert_eq!(errors(&changed), [], "parentId {parent}");
        assert_eq!(terms(shown(&changed)), (10, i64::from(950 + parent)));
    }
    let group = |set: fn(&mut PlaceOrder)| {
        order(10, move |o| {
            o.order.tif = "GTC".to_owned();
            o.order.oca_group = "g".to_owned();
            o.order.oca_type = Some(2);
            o.order.order_ref = "mine".to_owned();
            o.order.outside_rth = true;
            set(o);
        })
    };
    client.ask(group(|_| {})).await;
    let leave: [fn(&mut PlaceOrder); 5] = [
        |o| o.order.oca_group.clear(),
        |o| o.order.oca_type = None,
        |o| o.order.order_ref.clear(),
        |o| o.order.outside_rth = false,
        |o| o.order.tif.clear(),
    ];
    for (price, set) in (2..).zip(leave) {
        let mut change = group(set);
        change.order.limit_price = Some(Decimal::from(price));
        let changed = client.ask(change).await;
        assert_eq!(errors(&changed), [], "{price}");
        let shown = shown(&changed);
        assert_eq!((terms(shown), shown[TIF].as_str()), ((10, price), "GTC"));
        assert!(
            shown.iter().any(|field| field == "g") && shown.iter().any(|field| field == "mine")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn change_that_is_not_transmitted_waits() {
    let server = Server::start().await;
    let mut client = server.client("trading", 3).await;
    client.ask(order(1, |_| {})).await;
    let change = |price: i64, transmit| {
        order(1, move |o| {
            o.order.limit_price = Some(Decimal::from(price));
            o.order.transmit = transmit;
        })
    };
    let waits = client.ask(change(2, false)).await;
    assert!(errors(&waits)[0].1 == 399 && errors(&waits)[0].2.contains("transmit=0"), "{waits:?}");
    assert_eq!(statuses(&waits, 1), ["Submitted"]);
    assert!(waits.iter().all(|message| message[0] != "5"), "clients would take its old terms back");
    let listed = client.ask(OpenOrders {}).await;
    assert_eq!(terms(shown(&listed)), (10, 1));
    let changed = client.ask(change(3, true)).await;
    assert_eq!((errors(&changed), terms(shown(&changed))), (vec![], (10, 3)));
    // A held change goes with its order.
    client.ask(change(4, false)).await;
    assert_eq!(statuses(&client.ask(cancel(1)).await, 1), ["Cancelled"]);
    assert_eq!(errors(&client.ask(change(5, true)).await)[0].1, 103);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_a_bracket_that_wait_go_with_its_last_one() {
    let server = Server::start().await;
    let mut client = server.client("trading", 3).await;
    let member = |id: i32, price: i64| {
        order(id, move |o| {
            o.order.transmit = id == 3;
            o.order.limit_price = Some(Decimal::from(price));
            if id > 1 {
                o.order.parent_id = 1;
                o.order.action = "SELL".to_owned();
            }
        })
    };
    for id in 1..=3 {
        client.ask(member(id, i64::from(id))).await;
    }
    for id in [1, 2] {
        client.ask(member(id, 20)).await;
    }
    let changed = client.ask(member(3, 30)).await;
    assert_eq!(errors(&changed), []);
    let prices: Vec<_> =
        changed.iter().filter(|m| m[0] == "5").map(|m| (m[1].as_str(), terms(m).1)).collect();
    assert_eq!(prices, [("1", 20), ("2", 20), ("3", 30)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn held_order_is_told_of_its_end_and_outlives_a_refused_change() {
    type Case = (&'static str, fn(&mut PlaceOrder));
    let server = Server::start().await;
    let mut client = server.client("trading", 3).await;
    let held = |id, set: fn(&mut PlaceOrder)| {
        order(id, move |o| {
            o.order.transmit = false;
            set(o);
        })
    };
    assert!(client.ask(held(1, |_| {})).await.is_empty());
    let wrong: [Case; 4] = [
        ("hidden is 1", |o| o.order.hidden = true),
        ("use 1.00 or 1.01", |o| o.order.limit_price = Some(Decimal::new(1_005, 3))),
        ("the contract", |o| o.contract = stock("MSFT")),
        ("action", |o| o.order.action = "SELL".to_owned()),
    ];
    for (text, set) in wrong {
        let refused = client.ask(held(1, set)).await;
        let told = errors(&refused);
        assert_eq!((told[0].0, told[0].1), (1, 399), "{told:?}");
        assert!(told[0].2.contains(text), "{told:?}");
        assert_eq!(statuses(&refused, 1), ["PendingSubmit"]);
    }
    let sent = client.ask(order(1, |_| {})).await;
    assert_eq!(statuses(&sent, 1), ["Submitted"], "it was there to be sent");
    client.ask(held(2, |_| {})).await;
    let gone = client.ask(GlobalCancel {}).await;
    assert_eq!(
        (statuses(&gone, 1), statuses(&gone, 2)),
        (vec!["Cancelled".to_owned()], vec!["Cancelled".to_owned()])
    );
    assert!(errors(&gone).iter().any(|error| (error.0, error.1) == (2, 202)));
    let again = client.ask(order(2, |o| o.order.parent_id = 1)).await;
    assert_eq!(errors(&again)[0].1, 201, "nothing of it is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn end_of_a_connection_is_told_with_and_without_the_ids_of_orders() {
    let server = Server::start().await;
    let mut client = server.client("trading", 3).await;
    client.ask(order(1, |_| {})).await;
    client.ask(order(2, |o| o.order.transmit = false)).await;
    server.stop().await;
    let last = client.rest().await;
    let told: Vec<_> = errors(&last).into_iter().map(|error| (error.0, error.1)).collect();
    assert_eq!(told, [(2, 202), (1, 399), (-1, 1100)]);
    assert_eq!(statuses(&last, 2), ["Cancelled"]);
}
