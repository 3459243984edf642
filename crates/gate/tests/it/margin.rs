//! An account that comes to be worth less than its positions require.

use std::sync::Arc;
use std::time::Duration;

use access::Span;
use access::notice::Topic;
use gate::{Admission, OrderRequest};
use rust_decimal::Decimal;
use trade::order::{End, NewOrder, OrderType, Origin, Side, TimeInForce};
use trade::price::Ticks;

use crate::held::{limited, soon};
use crate::place::{HOME, Place};

/// Places so many of a contract.
pub fn place_order(
    place: &Place,
    bot: &Admission,
    name: &str,
    quantity: u64,
    order_type: OrderType,
) {
    let known = place.gate.markets().instruments();
    let today = trade::calendar::Day::of(2026, 11, 18);
    let order = NewOrder {
        account: place.gate.account(),
        symbol: known.called(name, today).unwrap().id,
        side: Side::Buy,
        quantity,
        order_type,
        tif: TimeInForce::Gtc,
        outside_hours: true,
        origin: Origin { holder: bot.holder(), client_id: 1, order_id: 0 },
        parent: None,
        oca: None,
        reference: None,
    };
    place.gate.orders().submit(bot, HOME, OrderRequest::Place(vec![order])).unwrap();
}

/// The account once it is as it is looked for, with so much time between two looks.
pub async fn once(
    place: &Place,
    step: Span,
    found: impl Fn(&gate::View) -> bool,
) -> Arc<gate::View> {
    for _ in 0..1_500 {
        place.gate.orders().flush().await.unwrap();
        let view = place.gate.view().await.unwrap();
        if found(&view) {
            return view;
        }
        place.pass(step);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it did not come to it");
}

/// What the owner was told once it is so much, the newest first. They are told after it is on record.
async fn told(place: &Place, count: usize) -> Vec<String> {
    let person = place.gate.people().list().await.unwrap()[0].id;
    soon(async || {
        let page = place.gate.notices().list(person, None).await.unwrap();
        let all = page.messages.into_iter().map(|one| one.notice);
        let of_margin = all.filter(|one| one.topic == Topic::MarginCall);
        let texts: Vec<_> = of_margin.map(|one| one.text).collect();
        (texts.len() >= count).then_some(texts)
    })
    .await
}

#[tokio::test]
async fn account_that_is_worth_too_little_is_called_told_and_closed_as_far_as_is_needed() {
    called_and_closed(true).await;
}

#[tokio::test]
async fn owner_without_open_orders_is_told_too_that_positions_are_closed() {
    called_and_closed(false).await;
}

async fn called_and_closed(rests: bool) {
    let place = Place::new().await;
    let (_, bot) = limited(&place, 100_000_000).await;
    let resting = OrderType::Limit { price: Ticks(100) };
    if rests {
        place_order(&place, &bot, "KO", 10, resting);
    }
    let available = place.gate.view().await.unwrap().summary.available_funds;
    let most = (available / Decimal::from(6_700)).floor().try_into().unwrap();
    place_order(&place, &bot, "ESZ6", most, OrderType::Market);
    let called = once(&place, Span::minutes(5), |it| it.summary.margin_call.is_some()).await;
    assert!(called.summary.excess_liquidity < Decimal::ZERO, "{:?}", called.summary);
    assert_eq!(called.open_orders.len(), usize::from(rests), "nothing is done to it yet");
    let news = told(&place, 1).await;
    assert!(news.len() == 1 && news[0].starts_with("Margin call: account"), "{news:?}");
    // The call outlives a restart.
    let until = called.summary.margin_call.unwrap();
    let place = place.reopened().await;
    assert_eq!(place.gate.view().await.unwrap().summary.margin_call, Some(until));
    place.pass(until.since(place.clock.stamp()));
    place.pass(Span::seconds(1));
    let met = once(&place, Span(0), |it| it.summary.margin_call.is_none()).await;
    assert!(met.summary.excess_liquidity >= Decimal::ZERO, "{:?}", met.summary);
    let ended = met.completed_orders.iter().find(|one| one.order_type == resting);
    assert_eq!(ended.and_then(|one| one.end), rests.then_some(End::MarginCall));
    let left = met.positions.iter().map(|one| one.position.shares).max().unwrap();
    assert!(left > 0 && u64::try_from(left).unwrap() < most, "{left} of {most}");
    let news = told(&place, 3).await;
    assert_eq!(news.len(), 3, "{news:?}");
    for part in ["is met", "was not met"] {
        assert!(news.iter().any(|text| text.contains(part)), "{part}: {news:?}");
    }
}
