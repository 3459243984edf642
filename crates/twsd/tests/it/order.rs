//! Orders, as their messages on the wire.

use access::entitlements::Control;
use rust_decimal::Decimal;
use tws::inbound::{AllOpenOrders, CancelOrder, GlobalCancel, OpenOrders};

use crate::desk::{Message, Server, errors, order, statuses};

/// The kinds of the messages: openOrder 5, orderStatus 3, execDetails 11, commissionReport 59.
fn kinds(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| message[0].as_str()).collect()
}

fn cancel(order_id: i32) -> CancelOrder {
    CancelOrder { order_id, ..CancelOrder::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn limit_order_rests_is_modified_and_cancelled() {
    let server = Server::start().await;
    let mut client = server.client("trading", 3).await;
    let placed = client.ask(order(1, |_| {})).await;
    assert_eq!(kinds(&placed), ["5", "3"], "openOrder comes before the first status");
    let perm = placed[1][6].clone();
    let modified = client.ask(order(1, |o| o.order.limit_price = Some(Decimal::TWO))).await;
    assert_eq!(kinds(&modified), ["5", "3"]);
    assert_eq!(modified[1][6], perm, "the same order");
    let mismatch = client.ask(order(1, |o| o.order.action = "SELL".to_owned())).await;
    assert_eq!(errors(&mismatch)[0].1, 399, "a number that ends nothing");
    assert_eq!(statuses(&mismatch, 1), ["Submitted"], "it is shown again as it stands");
    let ended = client.ask(cancel(1)).await;
    assert_eq!(kinds(&ended), ["5", "3", "4"]);
    assert_eq!((statuses(&ended, 1), errors(&ended)[0].1), (vec!["Cancelled".to_owned()], 202));
    assert_eq!(errors(&client.ask(order(1, |_| {})).await)[0].1, 103);
    assert_eq!(errors(&client.ask(cancel(1)).await)[0].1, 10148);
    assert_eq!(errors(&client.ask(cancel(77)).await)[0].1, 10147);
}

#[tokio::test(flavor = "multi_thread")]
async fn market_order_fills_with_execution_and_commission() {
    let server = Server::start().await;
    let mut client = server.client("trading", 3).await;
    let market = |o: &mut tws::PlaceOrder| {
        o.order.order_type = "MKT".to_owned();
        o.order.limit_price = None;
    };
    let filled = client.ask(order(1, market)).await;
    assert_eq!(statuses(&filled, 1).last().unwrap(), "Filled");
    let executions: Vec<_> = filled.iter().filter(|message| message[0] == "11").collect();
    let reports: Vec<_> = filled.iter().filter(|message| message[0] == "59").collect();
    assert_eq!(executions.len(), reports.len());
    let shares: Decimal =
        executions.iter().map(|message| message[19].parse::<Decimal>().unwrap()).sum();
    assert_eq!(shares, Decimal::from(10));
    for (execution, report) in executions.iter().zip(reports) {
        assert_eq!((execution[1].as_str(), execution[18].as_str()), ("-1", "BOT"));
        assert_eq!(execution[14], report[2], "a report for each execution");
    }
    assert_eq!(errors(&client.ask(order(1, market)).await)[0].1, 104);
    assert_eq!(errors(&client.ask(cancel(1)).await)[0].1, 10148);
}

#[tokio::test(flavor = "multi_thread")]
async fn bracket_waits_for_its_last_member_and_goes_whole() {
    let server = Server::start().await;
    let mut client = server.client("trading", 3).await;
    let child = |id, price: i64, transmit| {
        order(id, move |o| {
            o.order.action = "SELL".to_owned();
            o.order.parent_id = 1;
            o.order.transmit = transmit;
            o.order.limit_price = Some(Decimal::from(price));
        })
    };
    assert!(client.ask(order(1, |o| o.order.transmit = false)).await.is_empty());
    assert!(client.ask(child(2, 3, false)).await.is_empty());
    assert_eq!(kinds(&client.ask(OpenOrders {}).await), ["53"]);
    let family = client.ask(child(3, 4, true)).await;
    for (id, status) in [(1, "Submitted"), (2, "PreSubmitted"), (3, "PreSubmitted")] {
        assert_eq!(statuses(&family, id), [status]);
    }
    let gone = client.ask(cancel(1)).await;
    for id in 1..=3 {
        assert_eq!(statuses(&gone, id), ["Cancelled"]);
    }

    assert!(client.ask(order(11, |o| o.order.transmit = false)).await.is_empty());
    let huge = order(12, |o| {
        o.order.parent_id = 11;
        o.order.action = "SELL".to_owned();
        o.order.total_quantity = Some(Decimal::from(10_000_000));
    });
    let refused = client.ask(huge).await;
    let told = errors(&refused);
    assert_eq!(
        told.iter().map(|error| (error.0, error.1)).collect::<Vec<_>>(),
        [(11, 201), (12, 201)]
    );
    assert_eq!(kinds(&client.ask(AllOpenOrders {}).await), ["53"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn held_order_is_dropped_by_a_cancel_and_with_its_connection() {
    let server = Server::start().await;
    let mut client = server.client("trading", 3).await;
    client.ask(order(1, |o| o.order.transmit = false)).await;
    let dropped = client.ask(cancel(1)).await;
    assert_eq!((errors(&dropped)[0].1, statuses(&dropped, 1)), (202, vec!["Cancelled".to_owned()]));
    client.ask(order(2, |o| o.order.transmit = false)).await;
    drop(client);
    let mut other = server.client("trading", 4).await;
    assert_eq!(kinds(&other.ask(AllOpenOrders {}).await), ["53"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_if_answers_with_numbers_and_places_nothing() {
    let server = Server::start().await;
    for (name, good) in [("trading", true), ("read-only", false)] {
        let mut client = server.client(name, 3).await;
        let answer = client.ask(order(1, |o| o.order.what_if = true)).await;
        if good {
            assert_eq!(kinds(&answer), ["5"]);
        } else {
            assert_eq!((kinds(&answer), errors(&answer)[0].1), (vec!["4"], 201));
        }
        assert_eq!(kinds(&client.ask(AllOpenOrders {}).await), ["53"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_order_gets_201_with_code_and_numbers_and_a_final_status() {
    type Case = (&'static str, fn(&mut tws::PlaceOrder));
    let server = Server::start().await;
    let mut client = server.client("trading", 3).await;
    let cases: [Case; 13] = [
        ("QUANTITY_ABOVE_LIMIT: a quantity of 10000000", |o| {
            o.order.total_quantity = Some(Decimal::from(10_000_000));
        }),
        ("totalQuantity is 0.5", |o| o.order.total_quantity = Some(Decimal::new(5, 1))),
        ("totalQuantity is -3", |o| o.order.total_quantity = Some(Decimal::from(-3))),
        ("PRICE_OUT_OF_RANGE", |o| o.order.limit_price = Some(Decimal::from(-5))),
        ("lmtPrice is 1.005", |o| o.order.limit_price = Some(Decimal::new(1_005, 3))),
        ("lmtPrice is not set", |o| o.order.limit_price = None),
        ("orderType is TRAIL", |o| o.order.order_type = "TRAIL".to_owned()),
        ("tif is GTD", |o| o.order.tif = "GTD".to_owned()),
        ("hidden is 1", |o| o.order.hidden = true),
        ("account is U123", |o| o.order.account = "U123".to_owned()),
        ("parentId is 55", |o| o.order.parent_id = 55),
        ("CONTRACT_UNKNOWN", |o| o.contract.symbol = "NOSUCH".to_owned()),
        ("orderRef is 65 characters", |o| o.order.order_ref = "x".repeat(65)),
    ];
    for (id, (text, set)) in (1..).zip(cases) {
        let refused = client.ask(order(id, set)).await;
        let told = errors(&refused);
        assert_eq!((told.len(), told[0].0, told[0].1), (1, id, 201), "{text}: {told:?}");
        assert!(told[0].2.contains(text), "{text}: {told:?}");
        assert_eq!(statuses(&refused, id), ["Inactive"], "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_of_one_batch_are_answered_together_and_in_order() {
    let server = Server::start().await;
    let mut client = server.client("trading", 3).await;
    let mut bytes = Vec::new();
    for id in 1..=50 {
        tws::Inbound::from(order(id, |_| {})).encode(client.version, &mut bytes);
    }
    client.send_bytes(&bytes).await;
    let messages = client.barrier().await;
    let ids: Vec<i32> = messages
        .iter()
        .filter(|message| message[0] == "3")
        .map(|message| message[1].parse().unwrap())
        .collect();
    assert_eq!(ids, (1..=50).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn order_ids_go_on_where_an_earlier_connection_stopped() {
    let server = Server::start().await;
    let mut client = server.client("trading", 3).await;
    client.ask(order(41, |_| {})).await;
    drop(client);
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    let mut again = crate::desk::Raw::knock(server.address("trading"), 3).await;
    assert_eq!(again.until("9").await.last().unwrap()[2], "42");
    let open = again.ask(OpenOrders {}).await;
    assert_eq!(statuses(&open, 41), ["Submitted"]);
    let gone = again.ask(cancel(41)).await;
    assert_eq!(statuses(&gone, 41), ["Cancelled"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn global_cancel_ends_the_credentials_own_orders_alone() {
    let server = Server::start().await;
    let mut one = server.client("trading", 1).await;
    let mut two = server.client("trading", 2).await;
    let mut narrow = server.client("narrow", 1).await;
    one.ask(order(1, |_| {})).await;
    two.ask(order(1, |_| {})).await;
    narrow.ask(order(1, |_| {})).await;
    let seen = two.ask(AllOpenOrders {}).await;
    let clients: Vec<_> = seen
        .iter()
        .filter(|message| message[0] == "3")
        .map(|m| (m[1].as_str(), m[9].as_str()))
        .collect();
    assert_eq!(
        clients,
        [("1", "1"), ("1", "2"), ("0", "1")],
        "others' numbers are not shown as ours"
    );
    let ended = two.ask(GlobalCancel {}).await;
    assert_eq!(statuses(&ended, 1), ["Cancelled"]);
    one.until("4").await;
    assert_eq!(server.gate.view().await.unwrap().open_orders.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_beyond_the_rate_are_refused_and_cancels_are_not_counted() {
    let server = Server::start().await;
    let mut client = server.client("narrow", 1).await;
    let mut bytes = Vec::new();
    for id in 1..=9 {
        tws::Inbound::from(order(id, |_| {})).encode(client.version, &mut bytes);
    }
    for id in 1..=5 {
        tws::Inbound::from(cancel(id)).encode(client.version, &mut bytes);
    }
    client.send_bytes(&bytes).await;
    let messages = client.barrier().await;
    let refused: Vec<_> = errors(&messages).into_iter().filter(|error| error.1 == 201).collect();
    assert!((3..=4).contains(&refused.len()), "{refused:?}");
    assert!(refused.iter().all(|error| error.2.contains("RATE_EXCEEDED")), "{refused:?}");
    for id in 1..=5 {
        assert_eq!(statuses(&messages, id).last().unwrap(), "Cancelled");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_door_refuses_by_itself_is_on_record() {
    let server = Server::start().await;
    let mut client = server.client("trading", 3).await;
    client.ask(order(1, |_| {})).await;
    client.ask(order(1, |o| o.contract.symbol = "MSFT".to_owned())).await;
    client.ask(cancel(1)).await;
    client.ask(order(1, |_| {})).await;
    client.ask(order(2, |o| o.order.hidden = true)).await;
    client.ask(order(3, |o| o.order.parent_id = 55)).await;
    let what_if = |o: &mut tws::PlaceOrder| {
        o.order.what_if = true;
        o.contract.symbol = "NOSUCH".to_owned();
    };
    client.ask(order(4, what_if)).await;
    client.ask(cancel(99)).await;
    client.send_bytes(b"\0\0\0\x023\0").await;
    client.barrier().await;
    let record = server.record().await;
    for (code, word) in [
        ("MODIFY_MISMATCH", "the contract of an order"),
        ("ORDER_ID_USED", "Duplicate order id"),
        ("FIELD_NOT_SUPPORTED", "hidden is 1"),
        ("FIELD_INVALID", "parentId is 55"),
        ("CONTRACT_UNKNOWN", "(client 3, order 4)"),
        ("UNKNOWN_ORDER", "(client 3, order 99)"),
        ("ORDER_UNREADABLE", "placeOrder"),
    ] {
        let found = record.iter().find(|entry| entry.code.as_deref() == Some(code));
        let text = &found.unwrap_or_else(|| panic!("{code}: {record:?}")).text;
        assert!(text.contains(word) && text.ends_with("asked from 127.0.0.1"), "{code}: {text}");
    }
}

/// What is the same in orders is understood once. The second client sends each order as its first, so that
/// it is read in whole, and both are told the same.
#[tokio::test(flavor = "multi_thread")]
async fn orders_alike_are_understood_as_if_each_were_the_first() {
    type Case = fn(&mut tws::PlaceOrder);
    let cases: [Case; 12] = [
        |_| {},
        |o| o.order.total_quantity = Some(Decimal::from(11)),
        |o| o.order.limit_price = Some(Decimal::new(150, 2)),
        |o| o.order.order_ref = "note".to_owned(),
        |o| o.order.tif = "GTC".to_owned(),
        |o| o.order.limit_price = Some(Decimal::new(1_501, 3)),
        |o| o.order.total_quantity = Some(Decimal::new(5, 1)),
        |o| o.order.total_quantity = None,
        |o| o.order.aux_price = Some(Decimal::TWO),
        |o| o.order.hidden = true,
        |o| o.order.account = "DU1".to_owned(),
        |o| o.order.order_ref = "n".repeat(65),
    ];
    let server = Server::start().await;
    let mut again = server.client("trading", 3).await;
    for (id, case) in (1..).zip(cases) {
        let mut first = server.client("trading", 10 + id).await;
        let told = |messages: Vec<Message>| -> Vec<Message> {
            let shown = messages.into_iter().map(|message| {
                let mut message = message;
                // The client id and the number of the order, which differ.
                let differ: &[usize] = match message[0].as_str() {
                    "5" => &[24, 25],
                    "3" => &[6, 9],
                    _ => &[],
                };
                for at in differ {
                    message[*at].clear();
                }
                message
            });
            shown.collect()
        };
        let one = told(again.ask(order(id, case)).await);
        let other = told(first.ask(order(id, case)).await);
        assert!(!one.is_empty());
        assert_eq!(one, other, "order {id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn order_above_the_credentials_threshold_is_shown_as_held_with_its_reason() {
    let server = Server::start().await;
    let credentials = server.gate.credentials();
    let all = credentials.list(None).await.unwrap();
    let one = all.iter().find(|one| one.credential.name.to_string() == "trading").unwrap();
    let mut scopes = access::Scopes::clone(&one.credential.scopes);
    let above = Some(Decimal::ZERO);
    scopes.limits.controls = scopes.limits.controls.with(Control::AsksAbove, above);
    let operator = gate::Actor::Operator { uid: 0 };
    credentials.edit(&operator, one.credential.id, scopes).await.unwrap();
    let mut client = server.client("trading", 3).await;
    let preview = client.ask(order(1, |o| o.order.what_if = true)).await;
    let warned = preview[0].iter().any(|field| field.starts_with("ORDER_HELD: it would wait"));
    assert!(warned, "{preview:?}");
    client.send(&order(2, |_| {}).into()).await;
    let mut told = client.until("4").await;
    assert_eq!(kinds(&told), ["5", "3", "4"]);
    assert_eq!(statuses(&told, 2), ["PreSubmitted"]);
    assert!(told[1].iter().any(|field| field == "approval"), "whyHeld: {:?}", told[1]);
    let (id, code, text) = errors(&told).remove(0);
    assert_eq!((id, code), (2, 399), "a number that ends nothing");
    assert!(text.contains("ORDER_HELD") && text.contains("without a person's yes"), "{text}");
    // The owner of the demo has no phone, so nobody can be asked.
    told = client.until("4").await;
    assert_eq!(kinds(&told), ["5", "3", "4"]);
    assert_eq!((statuses(&told, 2), errors(&told)[0].1), (vec!["Cancelled".to_owned()], 202));
    assert!(errors(&told)[0].2.contains("APPROVAL_WITHOUT_PHONE"), "{told:?}");
}
