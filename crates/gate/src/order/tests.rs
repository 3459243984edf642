//! The order path over a real folder: slots are put into the live table by hand.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::net::Ipv4Addr;
use std::path::Path;

use access::entitlements::{Limits, Rate, Scopes, Symbols};
use access::id::{CredentialId, PersonId};
use access::lock::Grade;
use access::mandate::{Mandate, Role};
use access::moment::Span;
use access::refusal::ServerRefusal;
use trade::order::{OrderState, OrderType, Origin, Parent, TimeInForce};
use trade::{Event, Stamped, Ticks};

use super::*;
use crate::clock::Clock;
use crate::config::{Config, Durability, Hours};
use crate::disk::{Disk, LocalDisk};
use crate::feed::Delivery;
use crate::journal;
use crate::open;

mod account;
mod faults;
mod index;
mod noted;
mod reducing;
mod revocation;
mod skew;
mod view;

const AAPL: SymbolId = SymbolId(700_001);
const MSFT: SymbolId = SymbolId(700_002);
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// 2026-11-24 15:00 UTC, a Tuesday.
const START: Time = Time::from_seconds(1_795_532_400);

struct Bench {
    temp: tempfile::TempDir,
    clock: Clock,
    gate: Gate,
}

fn config(data: &Path, durability: Durability) -> Config {
    Config {
        data: data.to_owned(),
        database: None,
        durability,
        demo: true,
        seed: Some(7),
        hours: Hours::RoundTheClock,
        portal_origin: "http://localhost:8080".parse().unwrap(),
        passkeys: None,
        token_required_by_default: false,
    }
}

async fn open(data: &Path, clock: &Clock, disk: Arc<dyn Disk>) -> Result<Gate, open::OpenError> {
    Gate::open_with(config(data, Durability::Disk), clock.clone(), disk).await
}

impl Bench {
    async fn new() -> Self {
        Self::on(Arc::new(LocalDisk)).await
    }

    async fn on(disk: Arc<dyn Disk>) -> Self {
        Self::with(Clock::manual(START), disk).await
    }

    async fn by(clock: Clock) -> Self {
        Self::with(clock, Arc::new(LocalDisk)).await
    }

    async fn with(clock: Clock, disk: Arc<dyn Disk>) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let gate = open(temp.path(), &clock, disk).await.unwrap();
        Self { temp, clock, gate }
    }

    /// Drops the gate as `kill -9` would, or closes it, and opens the folder again.
    async fn reopen(self, close: bool) -> Self {
        if close {
            self.gate.close().await.unwrap();
        }
        let Self { temp, clock, gate } = self;
        drop(gate);
        let gate = loop {
            match open(temp.path(), &clock, Arc::new(LocalDisk)).await {
                Ok(gate) => break gate,
                // The timer's thread may hold the old one for a moment.
                Err(open::OpenError::Folder(
                    crate::folder::FolderError::InUse { .. }
                    | crate::folder::FolderError::Shared { .. },
                )) => {
                    tokio::task::yield_now().await;
                }
                Err(error) => panic!("{error}"),
            }
        };
        Self { temp, clock, gate }
    }

    fn credential(&self, byte: u8, change: impl FnOnce(&mut Scopes)) -> Admission {
        self.credential_on(self.gate.account(), byte, change)
    }

    fn credential_on(
        &self,
        account: PaperAccountId,
        byte: u8,
        change: impl FnOnce(&mut Scopes),
    ) -> Admission {
        let id = CredentialId([byte; 16]);
        let mandate = Mandate::preset(
            (access::id::MandateId([1; 16]), access::mandate::Grantor::System),
            PersonId([1; 16]),
            account.into(),
            Role::Owner,
            START,
        );
        let mut scopes = Scopes::trading(START + Span::days(90));
        change(&mut scopes);
        let holder = Holder::Credential(id);
        let entitlements =
            mandate.entitlements(holder, Grade::None).unwrap().narrow(holder, &scopes);
        self.gate.0.live.open_credential(id, entitlements, crate::live::Tokens::none_at(7_500));
        let door = crate::SocketProof { credential: id, address: HERE, token: None };
        self.gate.enter_socket(&door).unwrap()
    }

    fn trading(&self) -> Admission {
        self.credential(1, |_| {})
    }

    fn place(&self, who: &Admission, orders: Vec<NewOrder>) -> Result<Submitted, Refused> {
        self.gate.orders().submit(who, HERE, OrderRequest::Place(orders))
    }

    fn order(&self, side: Side, quantity: u64, order_type: OrderType) -> NewOrder {
        NewOrder {
            account: self.gate.account(),
            symbol: AAPL,
            side,
            quantity,
            order_type,
            tif: TimeInForce::Gtc,
            outside_hours: false,
            origin: Origin { holder: Holder::System, client_id: 1, order_id: 1 },
            parent: None,
            oca: None,
            reference: None,
        }
    }

    /// A buy far below the market: it rests.
    fn resting(&self) -> NewOrder {
        let bid = self.gate.markets().quotes().get(AAPL).unwrap().bid().unwrap().price;
        self.order(Side::Buy, 1, OrderType::Limit { price: Ticks(bid.0 / 2) })
    }

    fn journal(&self) -> Vec<Stamped> {
        stamped(self.temp.path())
    }
}

/// Every command in a folder's journal.
fn stamped(data: &Path) -> Vec<Stamped> {
    let facts = crate::folder::read_facts(data).unwrap().unwrap();
    let segments = journal::segments(&open::journal_folder(data)).unwrap();
    let mut all = Vec::new();
    journal::walk(&segments, facts.id_bytes(), None, &mut |record| {
        all.push(open::decode(record)?);
        Ok(())
    })
    .unwrap();
    all
}

fn code(result: Result<Submitted, Refused>) -> &'static str {
    result.err().unwrap().code()
}

#[tokio::test]
async fn market_order_fills_and_is_told_after_the_flush() {
    let bench = Bench::new().await;
    let who = bench.trading();
    let mut inbox = bench.gate.orders().subscribe(&who);
    let order = bench.order(Side::Buy, 100, OrderType::Market);
    let submitted = bench.place(&who, vec![order]).unwrap();
    assert_eq!(submitted.orders()[0].state, OrderState::Filled);
    assert!(inbox.try_recv().is_none(), "nothing is told before it is durable");
    bench.gate.orders().flush().await.unwrap();
    let Some(Delivery::Group(group)) = inbox.try_recv() else { panic!("nothing was told") };
    assert!(group.records.iter().any(|record| record.seq == submitted.seq()));
    let view = bench.gate.view().await.unwrap();
    assert_eq!(view.position(AAPL).unwrap().position.shares, 100);
    assert_eq!(view.executions.len(), group.records[0].events.len() - 1);
}

#[tokio::test]
async fn client_is_told_of_its_own_orders_and_of_every_trade() {
    let bench = Bench::new().await;
    let who = bench.trading();
    let mut inboxes = [1, 2].map(|client| bench.gate.orders().subscribe_client(&who, client));
    let place = |client_id, order: NewOrder| {
        let origin = Origin { client_id, ..order.origin };
        bench.place(&who, vec![NewOrder { origin, ..order }]).unwrap().seq()
    };
    let mut told = |expected: [Vec<u64>; 2]| {
        for (inbox, expected) in inboxes.iter_mut().zip(expected) {
            // What was placed in one breath may have become durable in several groups.
            let mut seqs = Vec::new();
            while let Some(Delivery::Group(group)) = inbox.try_recv() {
                seqs.extend(group.records.iter().map(|one| one.seq));
            }
            assert_eq!(seqs, expected);
        }
    };
    let first = place(1, bench.resting());
    bench.gate.orders().flush().await.unwrap();
    told([vec![first], vec![]]);
    let own = place(1, bench.resting());
    let trade = place(2, bench.order(Side::Buy, 100, OrderType::Market));
    let other = place(2, bench.resting());
    let last = place(1, bench.resting());
    bench.gate.orders().flush().await.unwrap();
    told([vec![own, trade, last], vec![trade, other]]);
    let trade = place(3, bench.order(Side::Buy, 100, OrderType::Market));
    bench.gate.orders().flush().await.unwrap();
    told([vec![trade], vec![trade]]);
}

#[tokio::test]
async fn restart_keeps_all_that_was_acknowledged() {
    for close in [false, true] {
        let bench = Bench::new().await;
        let who = bench.trading();
        let buy = bench.order(Side::Buy, 100, OrderType::Market);
        bench.place(&who, vec![buy]).unwrap();
        let resting = bench.place(&who, vec![bench.resting()]).unwrap().orders()[0].id;
        bench.gate.orders().flush().await.unwrap();
        let before = bench.gate.view().await.unwrap();
        let account = bench.gate.account();
        let bench = bench.reopen(close).await;
        let after = bench.gate.view().await.unwrap();
        assert_eq!(bench.gate.account(), account);
        assert_eq!((after.cash, &after.executions), (before.cash, &before.executions));
        assert_eq!(after.positions, before.positions);
        assert_eq!(after.open_orders.last().unwrap().id, resting);
        assert_eq!(after.open_orders, before.open_orders);
        let who = bench.trading();
        let cancel = OrderRequest::Cancel { order: resting };
        bench.gate.orders().submit(&who, HERE, cancel).unwrap();
        bench.gate.orders().flush().await.unwrap();
        assert!(bench.gate.view().await.unwrap().open_orders.is_empty());
    }
}

#[tokio::test]
async fn restart_from_a_snapshot_and_from_the_journal_alone_agree() {
    let bench = Bench::new().await;
    let who = bench.trading();
    for quantity in 1..50 {
        bench.clock.set(START + Span::seconds(i64::try_from(quantity).unwrap() * 7));
        let order = bench.order(Side::Buy, quantity, OrderType::Market);
        bench.place(&who, vec![order, bench.resting()]).unwrap();
    }
    bench.gate.orders().flush().await.unwrap();
    let bench = bench.reopen(true).await;
    let (_, by_snapshot) = bench.gate.0.sequencer.peek(|exchange| exchange.state_hash().unwrap());
    let (temp, clock) = {
        let Bench { temp, clock, gate } = bench;
        drop(gate);
        (temp, clock)
    };
    std::fs::remove_dir_all(open::snapshots(temp.path())).unwrap();
    let commands = stamped(temp.path());
    let mut replay = crate::replay::Replay::of(trade::instrument::Instruments::builtin());
    for stamped in &commands {
        replay.follow(stamped).unwrap();
    }
    let replayed = replay.exchange.unwrap();
    assert_eq!(replayed.state_hash().unwrap(), by_snapshot);
    assert_eq!(clock.stamp(), replayed.now());
}

#[tokio::test]
async fn second_gate_on_a_folder_is_refused() {
    let bench = Bench::new().await;
    let second = open(bench.temp.path(), &bench.clock, Arc::new(LocalDisk)).await;
    assert!(second.err().unwrap().to_string().contains("another server"));
}

#[tokio::test]
async fn scopes_refuse_and_limits_deny_with_their_codes() {
    let bench = Bench::new().await;
    let read_only = bench.credential(2, |scopes| scopes.read_only = true);
    let narrow = bench.credential(3, |scopes| {
        scopes.symbols = Symbols::only([AAPL]);
        scopes.limits = Limits { max_quantity: Some(100), ..Limits::default() };
        scopes.rate = Some(Rate { per_second: 5, burst: 5 });
    });
    let small = || bench.order(Side::Buy, 1, OrderType::Market);
    assert_eq!(code(bench.place(&read_only, vec![small()])), "READ_ONLY");
    let msft = NewOrder { symbol: MSFT, ..small() };
    assert_eq!(code(bench.place(&narrow, vec![msft])), "SYMBOL_NOT_ALLOWED");
    let big = NewOrder { quantity: 101, ..small() };
    assert_eq!(code(bench.place(&narrow, vec![big.clone()])), "QUANTITY_ABOVE_LIMIT");
    assert_eq!(
        bench.gate.orders().what_if(&narrow, HERE, vec![big]).err().unwrap().code(),
        "QUANTITY_ABOVE_LIMIT"
    );
    // The big one was a message too.
    for _ in 0..4 {
        bench.place(&narrow, vec![bench.resting()]).unwrap();
    }
    assert_eq!(code(bench.place(&narrow, vec![small()])), "RATE_EXCEEDED");
    bench.gate.orders().submit(&narrow, HERE, OrderRequest::CancelAll(CancelScope::Own)).unwrap();
    bench.clock.set(START + Span::milliseconds(201));
    bench.place(&narrow, vec![bench.resting()]).unwrap();
}

#[tokio::test]
async fn credential_touches_only_its_own_orders() {
    let bench = Bench::new().await;
    let (one, two) = (bench.trading(), bench.credential(2, |_| {}));
    let order = bench.place(&one, vec![bench.resting()]).unwrap().orders()[0].id;
    let cancel = || OrderRequest::Cancel { order };
    assert_eq!(code(bench.gate.orders().submit(&two, HERE, cancel())), "UNKNOWN_ORDER");
    let account = OrderRequest::CancelAll(CancelScope::Account);
    assert_eq!(code(bench.gate.orders().submit(&two, HERE, account)), "ACT_NOT_ALLOWED");
    let own = OrderRequest::CancelAll(CancelScope::Own);
    assert!(bench.gate.orders().submit(&two, HERE, own).unwrap().orders().is_empty());
    assert_eq!(
        bench.gate.orders().submit(&one, HERE, cancel()).unwrap().orders()[0].state,
        OrderState::Cancelled
    );
}

#[tokio::test]
async fn bracket_with_one_bad_member_is_denied_whole() {
    let bench = Bench::new().await;
    let who = bench.trading();
    let child = |quantity| NewOrder {
        parent: Some(Parent::Member(0)),
        ..bench.order(Side::Sell, quantity, OrderType::Limit { price: Ticks(99_999) })
    };
    let group = |quantity| vec![bench.resting(), child(1), child(quantity)];
    assert!(matches!(bench.place(&who, group(10_000_000)), Err(Refused::Denial(_))));
    assert!(bench.gate.view().await.unwrap().open_orders.is_empty());
    assert_eq!(bench.place(&who, group(1)).unwrap().orders().len(), 3);
}

#[tokio::test]
async fn lock_grades_let_pass_what_they_should() {
    let bench = Bench::new().await;
    let who = bench.trading();
    let buy = |quantity| vec![bench.order(Side::Buy, quantity, OrderType::Market)];
    let sell = |quantity| vec![bench.order(Side::Sell, quantity, OrderType::Market)];
    bench.place(&who, buy(10)).unwrap();
    let resting = bench.place(&who, vec![bench.resting()]).unwrap().orders()[0].id;
    bench.gate.0.live.narrow_to(Grade::ReduceOnly, |_| true);
    assert_eq!(code(bench.place(&who, buy(1))), "LOCKED");
    assert_eq!(code(bench.place(&who, sell(11))), "ORDER_PAST_FLAT");
    bench.place(&who, sell(4)).unwrap();
    bench.gate.0.live.narrow_to(Grade::NoNew, |_| true);
    assert_eq!(code(bench.place(&who, sell(1))), "LOCKED");
    bench.gate.orders().submit(&who, HERE, OrderRequest::Cancel { order: resting }).unwrap();
    bench.gate.0.live.narrow_to(Grade::All, |_| true);
    let own = OrderRequest::CancelAll(CancelScope::Own);
    assert_eq!(code(bench.gate.orders().submit(&who, HERE, own)), "LOCKED");
}

#[tokio::test]
async fn refusals_are_recorded_once_and_counted() {
    let bench = Bench::new().await;
    let who = bench.credential(2, |scopes| scopes.read_only = true);
    for _ in 0..50 {
        let order = bench.order(Side::Buy, 1, OrderType::Market);
        assert_eq!(code(bench.place(&who, vec![order])), "READ_ONLY");
    }
    bench.gate.close().await.unwrap();
    let counts: Vec<_> = bench
        .journal()
        .iter()
        .filter_map(|stamped| match &stamped.command {
            Command::OrdersRefused(refused) => {
                assert_eq!((refused.holder, refused.code.as_str()), (who.holder(), "READ_ONLY"));
                Some(refused.count)
            }
            _ => None,
        })
        .collect();
    assert_eq!(counts, [1, 49]);
}

#[tokio::test]
async fn clock_set_back_never_lowers_a_stamp() {
    let bench = Bench::new().await;
    let who = bench.trading();
    for back in [0, 3_600, 10, 7_200] {
        bench.clock.set(START - Span::seconds(back));
        bench.place(&who, vec![bench.resting()]).unwrap();
    }
    let bench = bench.reopen(true).await;
    bench.clock.set(START - Span::days(1));
    let who = bench.trading();
    bench.place(&who, vec![bench.resting()]).unwrap();
    bench.gate.orders().flush().await.unwrap();
    let times: Vec<_> = bench.journal().iter().map(|stamped| stamped.time).collect();
    assert!(times.is_sorted() && times.len() >= 8, "{times:?}");
}

#[tokio::test]
async fn fill_that_time_brings_is_journalled_before_it_is_told() {
    let bench = Bench::new().await;
    let who = bench.trading();
    let ask = bench.gate.markets().quotes().get(AAPL).unwrap().ask().unwrap().price;
    let near = OrderType::Limit { price: Ticks(ask.0 - 1) };
    let id = bench.place(&who, vec![bench.order(Side::Buy, 10, near)]).unwrap().orders()[0].id;
    bench.gate.orders().flush().await.unwrap();
    let mut inbox = bench.gate.orders().subscribe(&who);
    let mut now = START;
    let filled = loop {
        now = now + Span::seconds(1);
        assert!(now < START + Span::hours(2), "the price never came back");
        bench.clock.set(now);
        bench.gate.0.beat(now);
        if let Some(Delivery::Group(group)) = inbox.try_recv() {
            break group;
        }
    };
    let record = &filled.records[0];
    let is_fill =
        |event: &Event| matches!(event, Event::OrderFilled { order, .. } if order.id == id);
    assert!(record.events.iter().any(is_fill));
    let journalled = bench.journal();
    let stamped = journalled.iter().find(|stamped| stamped.seq == record.seq).unwrap();
    assert_eq!(stamped.command, Command::Advance);
}

#[tokio::test]
async fn closed_gate_takes_nothing_and_keeps_everything() {
    let bench = Bench::new().await;
    let who = bench.trading();
    let mut inbox = bench.gate.orders().subscribe(&who);
    bench.place(&who, vec![bench.resting()]).unwrap();
    bench.gate.close().await.unwrap();
    bench.gate.close().await.unwrap();
    assert_eq!(code(bench.place(&who, vec![bench.resting()])), "STOPPING");
    assert!(matches!(inbox.recv().await, Delivery::Group(_)));
    assert!(matches!(
        inbox.recv().await,
        Delivery::Ended(Refusal::Server(ServerRefusal::Stopping))
    ));
    let snapshots = std::fs::read_dir(open::snapshots(bench.temp.path())).unwrap().count();
    assert_eq!(snapshots, 1);
    assert_eq!(bench.reopen(false).await.gate.view().await.unwrap().open_orders.len(), 1);
}

#[tokio::test]
async fn sixty_four_tasks_share_syncs_and_lose_nothing() {
    let bench = Arc::new(Bench::new().await);
    let mut tasks = tokio::task::JoinSet::new();
    for byte in 1..=64 {
        let bench = Arc::clone(&bench);
        tasks.spawn(async move {
            let who = bench.credential(byte, |_| {});
            let mut placed = Vec::new();
            for _ in 0..4 {
                for _ in 0..4 {
                    let submitted = bench.place(&who, vec![bench.resting()]).unwrap();
                    placed.push(submitted.orders()[0].id);
                }
                bench.gate.orders().flush().await.unwrap();
                assert!(
                    bench.gate.0.sequencer.durable() >= bench.gate.0.sequencer.applied().min(1)
                );
                tokio::task::yield_now().await;
            }
            placed
        });
    }
    let mut acknowledged: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    acknowledged.sort_unstable();
    let Ok(bench) = Arc::try_unwrap(bench) else { panic!("a task still runs") };
    let bench = bench.reopen(false).await;
    let view = bench.gate.view().await.unwrap();
    let found: Vec<_> = view.open_orders.iter().map(|order| order.id).collect();
    assert_eq!(found, acknowledged);
}
