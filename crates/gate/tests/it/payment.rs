//! Money that moves without a trade.

use access::Span;
use gate::Delivery;
use rust_decimal::Decimal;
use trade::event::Event;
use trade::order::OrderType;
use trade::payment::PaymentKind;

use crate::held::limited;
use crate::margin::{once, place_order};
use crate::place::Place;

#[tokio::test]
async fn dividend_is_told_and_kept_and_outlives_a_restart() {
    let place = Place::new().await;
    let (_, bot) = limited(&place, 100_000_000).await;
    // Its ex-date is Friday, 4 December 2026.
    place_order(&place, &bot, "BAC", 100, OrderType::Market);
    let mut inbox = place.gate.orders().subscribe(&bot);
    let view = once(&place, Span::hours(6), |it| !it.payments.is_empty()).await;
    let payment = view.payments.last().unwrap();
    assert_eq!((payment.kind, payment.amount), (PaymentKind::Dividend, Decimal::new(2_200, 2)));
    assert_eq!(payment.day.to_string(), "2026-12-04");
    let mut told = Vec::new();
    while let Some(Delivery::Group(group)) = inbox.try_recv() {
        let events = group.records.iter().flat_map(|record| &record.events);
        told.extend(events.filter_map(|event| match event {
            Event::Paid { payment } => Some(std::sync::Arc::clone(payment)),
            _ => None,
        }));
    }
    assert_eq!(told, [std::sync::Arc::clone(payment)]);
    let (payment, cash) = (std::sync::Arc::clone(payment), view.cash);
    let place = place.reopened().await;
    let view = place.gate.view().await.unwrap();
    assert_eq!((view.payments.len(), view.payments.last()), (1, Some(&payment)));
    assert_eq!(view.cash, cash);
}
