//! `kill -9` at random points under load, many times on one folder: nothing that was acknowledged is lost, nothing
//! happens twice, the evidence verifies after each.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::program::{Server, json, run, text};
use crate::trader::{Told, Trader};

/// How often the process is killed.
const KILLS: u64 = 50;
/// Programs that trade at the same time.
const TRADERS: i32 = 4;
/// Orders that each sends before it listens: 64 are outstanding in all, so kills fall into groups.
const BURST: i32 = 16;
/// The most orders that each sends between two kills: with all kills, fewer than the 20,000 that the exchange lists.
const MOST: i32 = 96;

/// All that was acknowledged since the folder was made.
#[derive(Default)]
struct Acknowledged {
    statuses: BTreeMap<u64, String>,
    executions: BTreeMap<String, (u64, i64)>,
}

impl Acknowledged {
    fn add(&mut self, told: Told) {
        let unique: BTreeSet<&String> = told.execution_log.iter().collect();
        assert_eq!(unique.len(), told.execution_log.len(), "an execution was reported twice");
        self.statuses.extend(told.statuses);
        self.executions.extend(told.executions);
    }

    /// Holds what was acknowledged against what is there. The lists come from the operator's door: the sockets'
    /// own show one trading day, and a test may run across its end.
    fn check(&self, data: &Path) -> usize {
        let number = |row: &Value, name: &str| row[name].as_u64().unwrap();
        let orders = json(data, &["orders"]);
        let rows = orders.as_array().unwrap();
        let states: BTreeMap<u64, &str> =
            rows.iter().map(|row| (number(row, "order"), row["state"].as_str().unwrap())).collect();
        assert_eq!(states.len(), rows.len(), "an order is there twice");
        for (order, status) in &self.statuses {
            let state = states.get(order).copied();
            let lost = format!("order {order} was acknowledged as {status} and is {state:?}");
            match status.as_str() {
                "Filled" => assert_eq!(state, Some("filled"), "{lost}"),
                "Cancelled" => assert_eq!(state, Some("cancelled"), "{lost}"),
                _ => assert!(state.is_some(), "{lost}"),
            }
        }
        let executions = json(data, &["executions"]);
        let rows = executions.as_array().unwrap();
        let mut filled: BTreeMap<u64, u64> = BTreeMap::new();
        for row in rows {
            *filled.entry(number(row, "order")).or_default() += number(row, "quantity");
        }
        assert_eq!(filled.len(), rows.len(), "an order for one share was executed twice");
        assert!(filled.values().all(|shares| *shares == 1));
        for (id, (order, shares)) in &self.executions {
            let there = filled.get(order).copied().unwrap_or(0);
            assert_eq!(
                i64::try_from(there).unwrap(),
                *shares,
                "execution {id} of order {order} was acknowledged"
            );
        }
        let signed = |row: &Value| if row["side"] == "buy" { 1 } else { -1 };
        let shares: i64 = rows.iter().map(signed).sum();
        let book = json(data, &["positions"]);
        let held = book["positions"].as_array().unwrap().iter().find(|p| p["symbol"] == "AAPL");
        assert_eq!(
            held.map_or(0, |p| p["quantity"].as_i64().unwrap()),
            shares,
            "positions are not the executions"
        );
        states.len()
    }
}

/// Bursts of market orders and of limit orders far off, until the server is gone.
fn trade(port: u16, client: i32, first: i32, ready: &Barrier, sent: &AtomicU64) -> (Told, i32) {
    let mut trader = Trader::connect(port, client);
    ready.wait();
    let mut next = first.max(trader.told.next_id.unwrap());
    while !trader.closed && next < first + MOST {
        let burst: Vec<_> = (next..next + BURST)
            .map(|id| match id % 4 {
                0 => Trader::order(id, "BUY", 1, None),
                1 => Trader::order(id, "SELL", 1, None),
                _ => Trader::order(id, "BUY", 1, Some("20.00")),
            })
            .collect();
        trader.send_all(&burst);
        sent.fetch_add(burst.len() as u64, Ordering::Relaxed);
        next += BURST;
        let last = next - 1;
        for _ in 0..40 {
            if trader.closed || trader.told.numbers.contains_key(&last) {
                break;
            }
            trader.read();
        }
        // What rests would tie up buying power in the end.
        trader.send(&tws::Inbound::from(tws::inbound::GlobalCancel {}));
    }
    // What was on its way when the process died was acknowledged all the same.
    while !trader.closed {
        trader.read();
    }
    (trader.told, next)
}

#[test]
fn acknowledged_orders_survive_kills_and_nothing_happens_twice() {
    let temp = tempfile::tempdir().unwrap();
    let mut acknowledged = Acknowledged::default();
    let mut next = [1; TRADERS as usize];
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut orders = 0;
    for kill in 0..=KILLS {
        let server = Server::demo(temp.path(), &[]);
        let port = server.port("trading");
        orders = acknowledged.check(&server.data);
        let verified = run(&server.data, &["evidence", "verify"]);
        assert!(verified.status.success(), "after kill {kill}: {}", text(&verified));
        if kill == KILLS {
            assert_eq!(server.terminate(), 0);
            break;
        }
        let ready = Arc::new(Barrier::new(next.len() + 1));
        let sent = Arc::new(AtomicU64::new(0));
        let traders: Vec<_> = (0..TRADERS)
            .map(|client| {
                let first = next[usize::try_from(client).unwrap()];
                let (ready, sent) = (Arc::clone(&ready), Arc::clone(&sent));
                thread::spawn(move || trade(port, client + 1, first, &ready, &sent))
            })
            .collect();
        ready.wait();
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // In the middle of the load however fast the machine is: after so many orders, and up to 3 ms more.
        let wanted = (random >> 33) % 320;
        while sent.load(Ordering::Relaxed) < wanted
            && traders.iter().any(|trader| !trader.is_finished())
        {
            thread::sleep(Duration::from_micros(200));
        }
        thread::sleep(Duration::from_micros((random >> 40) % 3_000));
        server.kill();
        for (client, trader) in traders.into_iter().enumerate() {
            let (told, reached) = trader.join().unwrap();
            acknowledged.add(told);
            next[client] = reached;
        }
    }
    println!(
        "{KILLS} kills: {} orders and {} executions acknowledged, {orders} orders there",
        acknowledged.statuses.len(),
        acknowledged.executions.len()
    );
    assert!(acknowledged.statuses.len() > 1_000, "too little load to mean anything");
    assert!(acknowledged.executions.len() > 100, "too few executions to mean anything");
}
