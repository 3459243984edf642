//! The journal's decisions, added to what can be searched.

use std::time::Duration;

use super::*;

/// How far the tables say that the journal is indexed.
async fn indexed(gate: &Gate) -> u64 {
    gate.0.people.store.orders_after(0, 100).await.unwrap().unwrap().1
}

#[tokio::test]
async fn page_that_may_not_wait_is_told_and_what_is_missing_is_added_behind_it() {
    let bench = Bench::new().await;
    let who = bench.trading();
    for _ in 0..3 {
        bench.place(&who, vec![bench.resting()]).unwrap();
    }
    bench.gate.orders().flush().await.unwrap();
    let end = bench.gate.0.sequencer.durable();
    assert!(indexed(&bench.gate).await < end);
    assert_eq!(bench.gate.index_orders_within(Duration::ZERO).await, Ok(false));
    while indexed(&bench.gate).await < end {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(bench.gate.index_orders_within(Duration::from_mins(1)).await, Ok(true));
}
