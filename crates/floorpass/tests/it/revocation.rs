//! A credential that is revoked while its program has a thousand orders in flight.

use std::collections::BTreeSet;
use std::thread;

use crate::program::{Server, fault, json};
use crate::trader::Trader;

fn orders(server: &Server) -> BTreeSet<u64> {
    let rows = json(&server.data, &["orders"]);
    rows.as_array().unwrap().iter().map(|row| row["order"].as_u64().unwrap()).collect()
}

#[test]
fn revocation_with_orders_in_flight_stamps_none_after_it() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let port = server.port("trading");
    // All are connected before the first sends: a busy machine may take its time to start one.
    let connected = std::sync::Arc::new(std::sync::Barrier::new(4));
    let traders: Vec<_> = (1..=4)
        .map(|client| {
            let connected = std::sync::Arc::clone(&connected);
            thread::spawn(move || {
                let mut trader = Trader::connect(port, client);
                connected.wait();
                let all: Vec<_> =
                    (1..=250).map(|id| Trader::order(id, "BUY", 1, Some("20.00"))).collect();
                trader.send_all(&all);
                trader.wait_closed();
                trader.told
            })
        })
        .collect();
    // Some of the thousand are in, most are on their way.
    while orders(&server).is_empty() {}
    let revoked = json(&server.data, &["credential", "revoke", "trading"]);
    assert_eq!(revoked["name"], "trading");
    let stamped = orders(&server);
    let mut told = BTreeSet::new();
    for trader in traders {
        let heard = trader.join().unwrap();
        let why = heard.errors.iter().any(|(_, _, text)| text.contains("CREDENTIAL_REVOKED"));
        assert!(why, "a connection was not told why it ends: {:?}", heard.errors.last());
        told.extend(heard.statuses.keys().copied());
    }
    assert_eq!(orders(&server), stamped, "an order was stamped after the revocation returned");
    assert!(
        told.iter().filter(|n| **n > 0).all(|n| stamped.contains(n)),
        "an acknowledged order is not there"
    );

    // The listener stays, shakes hands, says why and closes.
    let mut late = Trader::greet(port);
    late.send(&tws::Inbound::from(tws::inbound::StartApi {
        client_id: 9,
        optional_capabilities: String::new(),
    }));
    late.wait_closed();
    assert!(late.told.errors.iter().any(|(_, _, text)| text.contains("CREDENTIAL_REVOKED")));
    assert_eq!(fault(&server.data, &["credential", "revoke", "trading"]).0, 4);
}

#[test]
fn resting_orders_are_cancelled_unless_they_are_to_be_kept() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let place = |socket: &str| {
        let mut trader = Trader::connect(server.port(socket), 1);
        trader.send(&Trader::order(1, "BUY", 10, Some("20.00")));
        trader.wait("the order's number", |told| told.numbers.contains_key(&1));
        trader.told.numbers[&1]
    };
    let (kept, cancelled) = (place("trading"), place("narrow"));
    let revoke =
        |name, more: &[&str]| json(&server.data, &[&["credential", "revoke", name], more].concat());
    assert_eq!(revoke("trading", &["--keep-orders"])["orders_cancelled"], 0);
    assert_eq!(revoke("narrow", &[])["orders_cancelled"], 1);
    let there = Trader::connect(server.port("read-only"), 1).ask_all();
    assert!(there.statuses.contains_key(&kept) && there.completed.contains_key(&cancelled));
    // What earlier scripts say is still understood.
    assert_eq!(revoke("read-only", &["--cancel-orders"])["orders_cancelled"], 0);
}

#[test]
fn lock_of_every_grade_acts_on_the_running_server() {
    let temp = tempfile::tempdir().unwrap();
    let server = Server::demo(temp.path(), &[]);
    let account = server.ready["account"].as_str().unwrap().to_owned();
    let mut trader = Trader::connect(server.port("trading"), 1);
    trader.send(&Trader::order(1, "BUY", 10, None));
    trader.wait("a fill", |told| told.executions.len() == 1);
    let refused = |trader: &mut Trader, id: i32, action: &str| {
        trader.send(&Trader::order(id, action, 1, None));
        trader.wait("an answer", |told| {
            told.numbers.contains_key(&id) || told.errors.iter().any(|(e, ..)| *e == id)
        });
        trader.told.errors.iter().any(|(e, code, _)| *e == id && *code == 201)
    };
    json(&server.data, &["lock", "--account", &account, "--grade", "reduce-only"]);
    assert!(refused(&mut trader, 2, "BUY"), "a new buy under reduce-only");
    assert!(!refused(&mut trader, 3, "SELL"), "a sale that reduces");
    json(&server.data, &["lock", "--account", &account, "--grade", "no-new"]);
    assert!(refused(&mut trader, 4, "SELL"), "any order under no-new");
    json(&server.data, &["unlock", "--account", &account]);
    assert!(!refused(&mut trader, 5, "SELL"), "after the unlock");
    let receipt = json(&server.data, &["lock", "--account", &account, "--grade", "all"]);
    assert_eq!(receipt["credentials"], 3);
    trader.wait_closed();
}
