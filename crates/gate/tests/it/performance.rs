//! What an account has gained as a rate, and its day trades.

use gate::{Admission, OrderRequest};
use rust_decimal::Decimal;
use trade::order::{NewOrder, OrderType, Origin, Side, TimeInForce};

use crate::held::limited;
use crate::place::{HOME, Place};

fn trade(place: &Place, bot: &Admission, side: Side) {
    let known = place.gate.markets().instruments();
    let order = NewOrder {
        account: place.gate.account(),
        symbol: known.named("AAPL").unwrap().id,
        side,
        quantity: 100,
        order_type: OrderType::Market,
        tif: TimeInForce::Day,
        outside_hours: true,
        origin: Origin { holder: bot.holder(), client_id: 1, order_id: 0 },
        parent: None,
        oca: None,
        reference: None,
    };
    place.gate.orders().submit(bot, HOME, OrderRequest::Place(vec![order])).unwrap();
}

#[tokio::test]
async fn first_day_has_a_rate_and_what_was_opened_and_closed_is_a_day_trade() {
    let place = Place::new().await;
    let (_, bot) = limited(&place, 100_000_000).await;
    for side in [Side::Buy, Side::Sell, Side::Sell, Side::Buy] {
        trade(&place, &bot, side);
    }
    place.gate.orders().flush().await.unwrap();
    let view = place.gate.view().await.unwrap();
    assert_eq!(view.day_trades.total(), 2, "{:?}", view.day_trades);
    assert_eq!(view.day_trades.left(), None, "it is worth enough for any number");
    let ranges = place.gate.paper_accounts().performance(&view).await.unwrap();
    let names: Vec<_> = ranges.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["today", "30_days", "all"]);
    for (name, found) in ranges {
        assert_eq!((found.begin, found.flows), (Decimal::ZERO, view.deposited), "{name}");
        let gain = view.summary.net_liquidation - view.deposited;
        assert!(gain < Decimal::ZERO, "spreads and commissions: {gain}");
        assert_eq!(found.gain(), gain, "{name}");
        let rate = (gain / view.deposited).round_dp(8);
        assert_eq!(found.time_weighted, Some(rate), "{name}");
        let by_money = found.money_weighted.unwrap();
        assert!((by_money - rate).abs() <= Decimal::new(1, 7), "{name}: {by_money} {rate}");
    }
    let moves = place.gate.paper_accounts().moves(view.account).unwrap();
    let [one] = moves.positions.as_slice() else { panic!("{moves:?}") };
    assert_eq!((one.price, one.rate), (view.summary.daily, Decimal::ZERO), "{moves:?}");
}
