//! Orders of those that may only reduce a position: when they are placed, changed and at rest.

use access::entitlements::Acts;

use super::*;

const REDUCES: Acts = Acts::of(&[Act::ReduceOrder, Act::ModifyOrder, Act::CancelOrder]);

fn text(refused: Result<Submitted, Refused>) -> String {
    refused.err().map_or_else(|| "passes".to_owned(), |refused| refused.to_string())
}

impl Bench {
    /// A sale far above the market, as large as that.
    fn exit(&self, quantity: u64) -> NewOrder {
        let ask = self.gate.markets().quotes().get(AAPL).unwrap().ask().unwrap().price;
        self.order(Side::Sell, quantity, OrderType::Limit { price: Ticks(ask.0 * 2) })
    }

    fn market(&self, side: Side, quantity: u64) -> NewOrder {
        self.order(side, quantity, OrderType::Market)
    }

    async fn open_quantities(&self) -> Vec<(bool, u64)> {
        self.gate.orders().flush().await.unwrap();
        let view = self.gate.view().await.unwrap();
        view.open_orders.iter().map(|order| (order.reduce_only, order.quantity)).collect()
    }
}

#[tokio::test]
async fn credential_that_may_only_reduce_is_held_to_the_position_at_every_step() {
    let bench = Bench::new().await;
    let who = bench.trading();
    let narrow = bench.credential(2, |scopes| scopes.acts = Acts::VIEW.or(REDUCES));
    assert_eq!(
        code(bench.place(&narrow, vec![bench.exit(1)])),
        "ACT_NOT_ALLOWED",
        "nothing is held"
    );
    bench.place(&who, vec![bench.market(Side::Buy, 100)]).unwrap();
    bench.place(&who, vec![bench.exit(30)]).unwrap();
    let place = |quantity| bench.place(&narrow, vec![bench.exit(quantity)]);
    assert_eq!(code(bench.place(&narrow, vec![bench.market(Side::Buy, 1)])), "ACT_NOT_ALLOWED");
    assert_eq!(
        text(place(71)),
        "ORDER_PAST_FLAT: this order may only reduce, and of the 100 held long, open orders \
         already sell 30; sell 70 or fewer, or cancel one of them first"
    );
    let first = place(60).unwrap().orders()[0].clone();
    assert!(first.reduce_only);
    place(70).unwrap();
    let to = |quantity| {
        let order_type = first.order_type;
        let change = Change {
            order: first.id,
            quantity,
            order_type,
            tif: first.tif,
            units: trade::instrument::Units::SHARES,
        };
        bench.gate.orders().submit(&narrow, HERE, OrderRequest::Modify(change))
    };
    assert_eq!(
        text(to(101)),
        "ORDER_PAST_FLAT: this order may only reduce, and 101 is more than the 100 held \
         long; sell 100 or fewer"
    );
    to(90).unwrap();
    bench.place(&who, vec![bench.market(Side::Sell, 50)]).unwrap();
    let left = [(false, 30), (true, 50), (true, 50)];
    assert_eq!(bench.open_quantities().await, left);
    // What was stamped is enough to know it by after a crash.
    let bench = bench.reopen(false).await;
    assert_eq!(bench.open_quantities().await, left);
    let who = bench.trading();
    bench.place(&who, vec![bench.market(Side::Sell, 50)]).unwrap();
    assert_eq!(bench.open_quantities().await, [(false, 30)]);
    let ended: Vec<_> = {
        let view = bench.gate.view().await.unwrap();
        view.completed_orders.iter().filter_map(|order| order.end).collect()
    };
    assert_eq!(ended, [trade::order::End::PositionClosed; 2]);
}

/// A plain order that a credential placed while it could is no way around what it may do now.
#[tokio::test]
async fn change_of_a_plain_order_by_a_holder_that_may_only_reduce_is_held_to_the_position() {
    let bench = Bench::new().await;
    let who = bench.trading();
    bench.place(&who, vec![bench.market(Side::Buy, 100)]).unwrap();
    let exit = bench.place(&who, vec![bench.exit(40)]).unwrap().orders()[0].clone();
    let buys = bench.place(&who, vec![bench.resting()]).unwrap().orders()[0].clone();
    bench.place(&who, vec![bench.exit(20)]).unwrap();
    let narrow = bench.credential(1, |scopes| scopes.acts = Acts::VIEW.or(REDUCES));
    let to = |order: &Order, quantity| {
        let (order_type, tif) = (order.order_type, order.tif);
        let change = Change {
            order: order.id,
            quantity,
            order_type,
            tif,
            units: trade::instrument::Units::SHARES,
        };
        code(bench.gate.orders().submit(&narrow, HERE, OrderRequest::Modify(change)))
    };
    assert_eq!(to(&exit, 81), "ORDER_PAST_FLAT");
    assert_eq!(to(&buys, 2), "ORDER_PAST_FLAT");
    let (order_type, tif) = (exit.order_type, exit.tif);
    let change = Change {
        order: exit.id,
        quantity: 80,
        order_type,
        tif,
        units: trade::instrument::Units::SHARES,
    };
    bench.gate.orders().submit(&narrow, HERE, OrderRequest::Modify(change)).unwrap();
}
