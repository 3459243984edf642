//! Money that moves without a trade.

use std::sync::Arc;

use access::Span;
use gate::Delivery;
use rust_decimal::Decimal;
use trade::event::Event;
use trade::order::OrderType;
use trade::payment::{Payment, PaymentKind};

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
    let is_dividend = |one: &Arc<Payment>| one.kind == PaymentKind::Dividend;
    let view = once(&place, Span::hours(6), |it| it.payments.iter().any(is_dividend)).await;
    let payment = view.payments.last().unwrap();
    assert_eq!((payment.kind, payment.amount), (PaymentKind::Dividend, Decimal::new(2_200, 2)));
    assert_eq!(payment.day.to_string(), "2026-12-04");
    let mut told = Vec::new();
    while let Some(Delivery::Group(group)) = inbox.try_recv() {
        let events = group.records.iter().flat_map(|record| &record.events);
        told.extend(events.filter_map(|event| match event {
            Event::Paid { payment } => Some(Arc::clone(payment)),
            _ => None,
        }));
    }
    // Interest when December began, and the dividend.
    let all: Vec<_> = view.payments.iter().cloned().collect();
    let kinds: Vec<_> = all.iter().map(|one| one.kind).collect();
    assert_eq!(kinds, [PaymentKind::Interest, PaymentKind::Dividend]);
    assert_eq!(told, all);
    let cash = view.cash;
    let place = place.reopened().await;
    let view = place.gate.view().await.unwrap();
    // The clock may have gone on into the next month.
    let (kept, later): (Vec<_>, Vec<_>) =
        view.payments.iter().cloned().partition(|one| one.number <= 2);
    assert_eq!(kept, all);
    assert_eq!(view.cash, cash + later.iter().map(|one| one.amount).sum::<Decimal>());
}
