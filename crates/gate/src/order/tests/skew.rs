//! The order path while the system's clock is wrong, in each way.

use access::skew::Skew;

use super::*;

/// Orders that fill, rest, are cancelled and outlive restarts, over an hour of a clock that lies.
async fn hour(seed: u64, skew: Skew) {
    let what = format!("{skew:?} {seed}");
    let mut bench = Bench::by(Clock::simulated(START, seed, skew)).await;
    let mut resting = Vec::new();
    for minute in 1_i64..=60 {
        bench.clock.set(START + Span::minutes(minute));
        bench.gate.0.beat(bench.clock.stamp());
        let who = bench.trading();
        let buy = bench.order(Side::Buy, 1, OrderType::Market);
        let placed = bench.place(&who, vec![buy, bench.resting()]).unwrap();
        assert_eq!(placed.orders()[0].state, OrderState::Filled, "{what}");
        resting.push(placed.orders()[1].id);
        if minute % 3 == 0 {
            let order = resting.remove(0);
            bench.gate.orders().submit(&who, HERE, OrderRequest::Cancel { order }).unwrap();
        }
        bench.gate.orders().flush().await.unwrap();
        if minute % 20 == 0 {
            bench = bench.reopen(minute % 40 == 0).await;
        }
    }
    let view = bench.gate.view().await.unwrap();
    let open: Vec<_> = view.open_orders.iter().map(|order| order.id).collect();
    assert_eq!(open, resting, "{what}");
    assert_eq!(view.position(AAPL).unwrap().position.shares, 60, "{what}");
    bench.gate.close().await.unwrap();
    let journal = bench.journal();
    assert!(journal.iter().map(|stamped| stamped.time).is_sorted(), "{what}");
    let mut replay = crate::replay::Replay::of(trade::instrument::Instruments::builtin());
    for stamped in &journal {
        replay.follow(stamped).unwrap();
    }
    let now = |exchange: &trade::Exchange| exchange.state_hash().unwrap();
    let (_, kept) = bench.gate.0.sequencer.peek(now);
    assert_eq!(replay.exchange.as_ref().map(now), Some(kept), "{what}");
}

#[tokio::test]
async fn order_path_keeps_its_order_and_its_orders_while_the_clock_lies() {
    for skew in Skew::ALL {
        for seed in [1, 2] {
            hour(seed, skew).await;
        }
    }
}
