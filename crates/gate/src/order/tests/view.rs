//! A view that shares with the one before it shows what a view made from nothing shows.

use trade::calendar::TradingSession;
use trade::order::Change;

use super::*;
use crate::view::View;

/// The same sequence in every run.
struct Words(u64);

impl Words {
    fn below(&mut self, end: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

#[tokio::test]
async fn view_after_random_commands_equals_one_made_from_nothing() {
    let bench = Bench::new().await;
    let who = bench.credential(1, |scopes| scopes.limits = Limits::default());
    let mut words = Words(9);
    let (mut now, mut seen) = (START, [0_usize; 3]);
    for round in 0..600 {
        // At times over the end of a day, or of the seven that ended orders are kept for.
        let gap = match words.below(200) {
            0 => Span::days(8),
            1..=3 => Span::days(1),
            few => Span::seconds(i64::try_from(few % 4).unwrap()),
        };
        now = now + gap;
        bench.clock.set(now);
        let view = bench.gate.view().await.unwrap();
        let count = view.open_orders.len() as u64;
        let some = view.open_orders.iter().nth(usize::try_from(words.below(count.max(1))).unwrap());
        let quantity = 1 + words.below(40);
        let request = match (words.below(10), some) {
            (0, Some(order)) => OrderRequest::Cancel { order: order.id },
            (1, Some(order)) => OrderRequest::Modify(Change {
                order: order.id,
                quantity: order.quantity + quantity,
                order_type: order.order_type,
                tif: order.tif,
                units: trade::instrument::Units::SHARES,
            }),
            (2, _) if words.below(40) == 0 => OrderRequest::CancelAll(CancelScope::Own),
            (2..=5, _) => {
                let side = if words.below(2) == 0 { Side::Buy } else { Side::Sell };
                OrderRequest::Place(vec![bench.order(side, quantity, OrderType::Market)])
            }
            _ => {
                let bid = bench.gate.markets().quotes().get(AAPL).unwrap().bid().unwrap().price;
                let price = Ticks(bid.0 - i64::try_from(words.below(60)).unwrap());
                let mut order = bench.order(Side::Buy, quantity, OrderType::Limit { price });
                if words.below(3) == 0 {
                    order.tif = TimeInForce::Day;
                }
                OrderRequest::Place(vec![order])
            }
        };
        // Some are refused: those change nothing, and that too has to be shown.
        drop(bench.gate.orders().submit(&who, HERE, request));
        bench.gate.orders().flush().await.unwrap();
        let shared = bench.gate.view().await.unwrap();
        let (_, whole) =
            bench.gate.0.sequencer.peek(|exchange| View::of(exchange, exchange.account(), None));
        assert_eq!(*shared, whole, "round {round}");
        for (most, len) in seen.iter_mut().zip([
            whole.open_orders.len(),
            whole.completed_orders.len(),
            whole.executions.len(),
        ]) {
            *most = len.max(*most);
        }
    }
    assert!(seen.iter().all(|most| *most > 20), "too little happened to mean anything: {seen:?}");
}

#[tokio::test]
async fn order_is_found_in_a_view_whether_it_is_open_or_ended() {
    let bench = Bench::new().await;
    let who = bench.trading();
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(bench.place(&who, vec![bench.resting()]).unwrap().orders()[0].id);
    }
    bench.gate.orders().submit(&who, HERE, OrderRequest::Cancel { order: ids[1] }).unwrap();
    bench.gate.orders().flush().await.unwrap();
    let view = bench.gate.view().await.unwrap();
    for id in ids {
        assert_eq!(view.order(id).unwrap().id, id);
    }
    assert!(view.order(OrderId(7)).is_none() && view.order(OrderId(u64::MAX)).is_none());
}

#[tokio::test]
async fn value_at_the_end_of_a_day_is_worked_back_and_outlives_the_executions() {
    let bench = Bench::new().await;
    let who = bench.trading();
    let cash = bench.gate.view().await.unwrap().cash;
    let at = |time: Time| {
        bench.clock.set(time);
        bench.gate.0.beat(time);
    };
    at(START + Span::minutes(30));
    bench.place(&who, vec![bench.order(Side::Buy, 100, OrderType::Market)]).unwrap();
    bench.gate.orders().flush().await.unwrap();
    at(START + Span::hours(1));
    let view = bench.gate.view().await.unwrap();
    let today = bench.gate.paper_accounts().equity_today(&view);
    assert_eq!(today.first().unwrap(), &(view.began, cash), "the day begins with the account");
    assert_eq!(today.last().unwrap(), &(view.time, view.summary.net_liquidation));
    assert!(today.len() > 10 && today.is_sorted_by_key(|(time, _)| *time));
    // 17:00 in New York ends the day.
    let roll = START + Span::hours(7);
    at(roll - Span::seconds(1));
    let day = TradingSession::at(START.seconds(), Hours::RoundTheClock).day;
    let close = bench.gate.view().await.unwrap().summary.net_liquidation;
    let found = async |gate: &Gate| {
        let view = gate.view().await.unwrap();
        let days = gate.paper_accounts().equity_by_day(&view).await.unwrap();
        assert_eq!(days.last().unwrap().1, view.summary.net_liquidation);
        days.iter().find(|(known, _)| *known == day).map(|(_, value)| *value)
    };
    at(roll + Span::hours(2));
    assert_eq!(found(&bench.gate).await, Some(close));
    bench.gate.keep_equity().await;
    at(START + Span::days(12));
    assert!(bench.gate.view().await.unwrap().executions.is_empty());
    let bench = bench.reopen(true).await;
    assert_eq!(found(&bench.gate).await, Some(close), "it is kept");
}
