//! A start of the real program with a million orders that rest.

use crate::browse::now;
use crate::program::{Program, run};
use crate::report::Row;
use crate::restart::{HOME, config, let_go};
use access::entitlements::Scopes;
use access::id::SymbolId;
use access::{Holder, Span};
use gate::disk::LocalDisk;
use gate::{Actor, Clock, DoorWish, Gate, NewCredential, OrderRequest, SocketProof};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use trade::Ticks;
use trade::order::{NewOrder, OrderType, Origin, Side, TimeInForce};

/// Programs, each with as many orders as one may have open.
const PROGRAMS: usize = 100;
const EACH: usize = 10_000;

/// A buy of one share far below the market.
fn order(gate: &Gate, number: usize) -> NewOrder {
    NewOrder {
        account: gate.account(),
        symbol: SymbolId(700_001 + (number % 22) as u32),
        side: Side::Buy,
        quantity: 1,
        order_type: OrderType::Limit { price: Ticks(100 + (number / 22 % 1_000) as i64 * 100) },
        tif: TimeInForce::Gtc,
        outside_hours: true,
        origin: Origin { holder: Holder::System, client_id: 1, order_id: number as i32 + 1 },
        parent: None,
        oca: None,
        reference: None,
    }
}

/// Leaves a folder with the orders, as `kill -9` would: what came after the last snapshot is in the journal alone.
async fn live(data: &Path, programs: usize) {
    let clock = Clock::manual(now() - Span::hours(1));
    let gate = Gate::open_with(config(data), clock, Arc::new(LocalDisk)).await.expect("opens");
    let actor = Actor::Operator { uid: 0 };
    for program in 0..programs {
        let new = NewCredential {
            name: format!("program {program}"),
            accounts: vec![gate.account()],
            scopes: Scopes::trading(now() + Span::days(30)),
            token_required: Some(false),
            door: DoorWish::Socket { port: None },
        };
        let made = gate.credentials().create(&actor, new).await.expect("a credential");
        let proof = SocketProof { credential: made.credential, address: HOME, token: None };
        let admission = gate.enter_socket(&proof).expect("admitted");
        for number in 0..EACH {
            let placed = OrderRequest::Place(vec![order(&gate, number)]);
            gate.orders().submit(&admission, HOME, placed).expect("taken");
            if number % 500 == 499 {
                gate.orders().flush().await.expect("written");
            }
        }
        if program % 20 == 19 {
            // A beat of the timer, which keeps to real seconds: room in the journal, a snapshot.
            tokio::time::sleep(Duration::from_millis(1_500)).await;
        }
    }
    gate.orders().flush().await.expect("written");
}

/// Orders that the server says are open, of all programs.
fn open(running: &Program) -> u64 {
    let listed = running.ask(&["credential", "list"]);
    let all = listed.as_array().expect("credentials");
    all.iter().filter_map(|one| one["open_orders"].as_u64()).sum()
}

/// Times the start after a kill, and once more after a clean end.
pub fn measure(program: &Path, less: usize) -> Row {
    let folder = tempfile::tempdir_in(".").expect("a folder");
    let data = folder.path().join("data");
    let programs = PROGRAMS / less;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(live(&data, programs));
    runtime.shutdown_timeout(Duration::from_secs(60));
    let_go(&data);
    let orders = (programs * EACH) as u64;
    let running = Program::start(program, &data);
    let (took, memory) = (running.took, running.resident());
    assert_eq!(open(&running), orders);
    running.stop();
    run(program, &data, &["evidence", "verify"]);
    let again = Program::start(program, &data);
    let second = again.took;
    assert_eq!(open(&again), orders);
    again.stop();
    Row {
        path: "restart with a million resting orders, killed",
        subject: format!(
            "{:.2} s ({:.2} s once more, after a clean end), {memory:.0} MiB resident",
            took.as_secs_f64(),
            second.as_secs_f64()
        ),
        peer: "-".to_owned(),
        ratio: "-".to_owned(),
        null: "-".to_owned(),
        samples: "1".to_owned(),
        goal: "<= 10 s",
        met: (less == 1).then_some(took <= Duration::from_secs(10)),
        checked: format!(
            "{orders} orders of {programs} programs open before and after; evidence verified"
        ),
    }
}
