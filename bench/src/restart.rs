//! Starts of the real program on a folder that a week of a demo with a bot left.

use crate::browse::now;
use crate::program::{Program, run};
use crate::report::Row;
use access::id::SymbolId;
use access::{Holder, Span, Time};
use gate::disk::LocalDisk;
use gate::folder::Folder;
use gate::{Admission, Browser, Clock, Config, Durability, Gate, Hours, OrderRequest, SocketProof};
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use trade::Ticks;
use trade::bar::BarSize;
use trade::order::{NewOrder, OrderType, Origin, Side, TimeInForce};

/// Where the bot is.
pub const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const WEEK: Span = Span::days(7);
/// The bot's orders in a week: 5,000 a day.
const ORDERS: usize = 35_000;
/// Orders of the bot that rest at a time.
const RESTING: usize = 40;
/// The person's sign-ins in a week.
const SIGN_INS: usize = 70;

/// What the week left, to be found again.
struct Left {
    account: String,
    orders: usize,
    open: usize,
    executions: usize,
    bytes: u64,
}

/// A demo folder that simulates round the clock.
pub fn config(data: &Path) -> Config {
    Config {
        data: data.to_owned(),
        database: None,
        durability: Durability::Process,
        demo: true,
        seed: Some(7),
        hours: Hours::RoundTheClock,
        portal_origin: url::Url::parse("http://localhost:8080").expect("a url"),
        passkeys: None,
        token_required_by_default: false,
    }
}

/// The bot's next order at the last price: some trade at once, some rest near, some far away.
fn order(gate: &Gate, number: usize, now: Time) -> Option<NewOrder> {
    let symbol = SymbolId(700_001 + (number % 22) as u32);
    let bars = gate.markets().bars(symbol, BarSize::Minutes(1), now - Span::minutes(5), now);
    let last = bars.last()?.close.0;
    let (side, away) =
        if (number / 22).is_multiple_of(2) { (Side::Buy, -1) } else { (Side::Sell, 1) };
    let near = OrderType::Limit { price: Ticks(last + away * (last / 2_000).max(1)) };
    let far = OrderType::Limit { price: Ticks(last + away * last / 20) };
    let (order_type, tif) = match number % 5 {
        0 => (OrderType::Market, TimeInForce::Day),
        1 | 2 => (near, TimeInForce::Day),
        3 => (near, TimeInForce::Gtc),
        _ => (far, TimeInForce::Gtc),
    };
    let origin = Origin { holder: Holder::System, client_id: 1, order_id: number as i32 + 1 };
    Some(NewOrder {
        account: gate.account(),
        symbol,
        side,
        quantity: 1 + (number % 7) as u64,
        order_type,
        tif,
        outside_hours: true,
        origin,
        parent: None,
        oca: None,
        reference: None,
    })
}

/// The credential `trading`, let in.
pub fn admission(gate: &Gate) -> Admission {
    let listeners = gate.credentials().listeners();
    let trading =
        listeners.borrow().iter().find(|l| l.name == "trading").expect("trading").credential;
    gate.enter_socket(&SocketProof { credential: trading, address: HOME, token: None })
        .expect("admitted")
}

/// A week that ends at `end`, on a clock that is moved by hand: the bot trades, the person signs in, and the program's own timer takes
/// its snapshots, the last one ten minutes before the end. It ends as `kill -9` would end it.
async fn live(data: &Path, end: Time) -> Left {
    let clock = Clock::manual(end - WEEK);
    let gate =
        Gate::open_with(config(data), clock.clone(), Arc::new(LocalDisk)).await.expect("opens");
    let bot = admission(&gate);
    let (mut taken, mut open) = (0, VecDeque::new());
    let last_beat = ORDERS - ORDERS / (7 * 24 * 6);
    for number in 0..ORDERS {
        let now = end - WEEK + Span(WEEK.0 / ORDERS as i64 * (number as i64 + 1));
        clock.set(now);
        if number % (ORDERS / 14) == 0 || number == last_beat {
            // A beat of the timer, which keeps to real seconds: room in the journal, a snapshot.
            tokio::time::sleep(Duration::from_millis(1_500)).await;
        }
        if number % (ORDERS / SIGN_INS) == 0 {
            let link = gate.demo().link().await.expect("a link");
            let browser = Browser {
                device_token: None,
                address: HOME,
                key: None,
                user_agent: String::new(),
                stay: access::stay::Stay::Usual,
            };
            gate.sign_ins().by_link(&link.token, &browser).await.expect("signed in");
        }
        let Some(order) = order(&gate, number, now) else { continue };
        let Ok(placed) = gate.orders().submit(&bot, HOME, OrderRequest::Place(vec![order])) else {
            continue;
        };
        taken += 1;
        open.extend(placed.orders().iter().filter(|one| one.end.is_none()).map(|one| one.id));
        while open.len() > RESTING {
            let Some(order) = open.pop_front() else { break };
            // It may have ended: that is refused, and on record as a bot's would be.
            drop(gate.orders().submit(&bot, HOME, OrderRequest::Cancel { order }));
        }
        if number % 16 == 0 {
            gate.orders().flush().await.expect("written");
        }
    }
    clock.set(end);
    gate.orders().flush().await.expect("written");
    let view = gate.view().await.expect("a view");
    let (open, executions) = (view.open_orders.len(), view.executions.len());
    Left { account: gate.account().to_string(), orders: taken, open, executions, bytes: 0 }
}

/// Returns once nobody in this process holds the folder: the timer's thread may for a moment.
pub fn let_go(data: &Path) {
    while Folder::open(data, true, 0).is_err() {
        std::thread::yield_now();
    }
}

fn size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).expect("a folder").flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(facts) if facts.is_dir() => size(&entry.path()),
            Ok(facts) => facts.len(),
            Err(_) => 0,
        })
        .sum()
}

/// Times a start of `program` on a week that ended `ago` before now.
fn start(program: &Path, ago: Span, path: &'static str) -> Row {
    let folder = tempfile::tempdir_in(".").expect("a folder");
    let data = folder.path().join("data");
    let now = now();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let mut left = runtime.block_on(live(&data, now - ago));
    runtime.shutdown_timeout(Duration::from_secs(10));
    let_go(&data);
    left.bytes = size(&data);
    let running = Program::start(program, &data);
    assert_eq!(running.ready["account"], left.account.as_str());
    let executions = running.ask(&["executions"]);
    let took = running.took;
    assert!(
        executions.as_array().is_some_and(|list| ago > Span(0) || list.len() >= left.executions)
    );
    running.stop();
    run(program, &data, &["evidence", "verify"]);
    let again = Program::start(program, &data);
    let second = again.took;
    again.stop();
    Row {
        path,
        subject: format!(
            "{:.2} s ({:.2} s once more, after a clean end)",
            took.as_secs_f64(),
            second.as_secs_f64()
        ),
        peer: "-".to_owned(),
        ratio: "-".to_owned(),
        null: "-".to_owned(),
        samples: "1".to_owned(),
        goal: "<= 5 s",
        met: Some(took <= Duration::from_secs(5)),
        checked: format!(
            "{} orders, {} executions kept, {} open, {} MiB; account and executions the same, evidence verified",
            left.orders,
            left.executions,
            left.open,
            left.bytes >> 20,
        ),
    }
}

/// Measures both: stopped just now, and stopped a week ago, so that a week of markets is made up.
pub fn measure(program: &Path) -> Vec<Row> {
    vec![
        start(program, Span(0), "restart after a week of demo, killed"),
        start(program, WEEK, "restart after a week of demo, killed a week ago"),
    ]
}
