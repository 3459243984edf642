//! What is denied, with which numbers.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::sync::Arc;

use access::id::{CredentialId, Holder, SymbolId};
use access::moment::Span;

use super::*;
use crate::calendar::Hours;
use crate::exchange::Exchange;
use crate::journal::{Command, Decided, Genesis, Stamped};
use crate::order::{Oca, Origin};

mod control;
mod large;

fn price(ticks: Ticks) -> Decimal {
    Decimal::new(ticks.0, 2)
}

const HOLDER: Holder = Holder::Credential(CredentialId([1; 16]));
const NOW: Time = Time::from_seconds(1_795_471_500);

fn exchange() -> Exchange {
    Exchange::new(
        Genesis {
            seed: 7,
            at: NOW,
            account: "DU1234567".parse().unwrap(),
            cash: Decimal::from(100_000),
            currency: access::currency::Currency::USD,
            hours: Hours::RoundTheClock,
            market_rule: 1,
        },
        crate::instrument::Instruments::builtin(),
    )
}

fn facts(exchange: &Exchange) -> Facts<'_> {
    exchange.facts(exchange.genesis().account, HOLDER).unwrap()
}

fn order(side: Side, quantity: Shares, order_type: OrderType) -> NewOrder {
    NewOrder {
        account: "DU1234567".parse().unwrap(),
        symbol: SymbolId(700_001),
        side,
        quantity,
        order_type,
        tif: TimeInForce::Day,
        outside_hours: false,
        origin: Origin { holder: HOLDER, client_id: 1, order_id: 1 },
        parent: None,
        oca: None,
        reference: None,
    }
}

fn limit(side: Side, quantity: Shares, price: i64) -> NewOrder {
    order(side, quantity, OrderType::Limit { price: Ticks(price) })
}

/// The text that an order gets, or `passes`.
fn verdict(exchange: &Exchange, limits: &Limits, orders: &[NewOrder]) -> String {
    match check(&facts(exchange), limits, NOW, orders.to_vec()) {
        Ok(_) => "passes".to_owned(),
        Err(denial) => denial.evidence_text(),
    }
}

fn place(exchange: &mut Exchange, limits: &Limits, order: NewOrder) -> OrderId {
    let checked = check(&facts(exchange), limits, NOW, vec![order]).unwrap();
    let decision = Decided { holder: HOLDER, account: None, epoch: 1, limits: limits.clone() };
    let seq = exchange.seq() + 1;
    let command = Command::Place(checked);
    let events = exchange.apply(&Stamped { seq, time: NOW, decision, command });
    events[0].order().unwrap().id
}

#[test]
fn order_above_a_limit_is_denied_with_both_numbers() {
    let exchange = exchange();
    let none = Limits::default();
    let narrow = Limits {
        max_quantity: Some(100),
        max_notional: Some(Decimal::from(2_000)),
        collar_bps: Some(250),
        ..Limits::default()
    };
    let ask = facts(&exchange).reference(SymbolId(700_001), Side::Buy).unwrap();
    let top = Ticks(ask.0 + ask.0 * 250 / 10_000);
    let cases = [
        (&none, limit(Side::Buy, 10, 10_000), "passes".to_owned()),
        (
            &none,
            limit(Side::Buy, 10_000_000, 100),
            "QUANTITY_ABOVE_LIMIT: a quantity of 10000000 is above the limit of 1000000 per order; send \
             1000000 or fewer"
                .to_owned(),
        ),
        (
            &narrow,
            limit(Side::Buy, 101, 100),
            "QUANTITY_ABOVE_LIMIT: a quantity of 101 is above the limit of 100 per order; send 100 or fewer"
                .to_owned(),
        ),
        (
            &narrow,
            limit(Side::Buy, 20, 12_000),
            "NOTIONAL_ABOVE_LIMIT: 2400.00 USD is above the limit of 2000.00 USD per order; send fewer"
                .to_owned(),
        ),
        (
            &narrow,
            limit(Side::Buy, 10, top.0 + 1),
            format!(
                "PRICE_BEYOND_COLLAR: limit price {} of this buy order is more than 2.50 % above \
                 {}; send {} or lower",
                price(Ticks(top.0 + 1)),
                price(ask),
                price(top)
            ),
        ),
        (&narrow, limit(Side::Buy, 10, top.0), "passes".to_owned()),
        (&narrow, limit(Side::Sell, 1, 150_000), "passes".to_owned()),
        (
            &none,
            limit(Side::Buy, 2_000, 12_000),
            "BUYING_POWER: 240000.00 USD is above the buying power of 200000.00 USD; send fewer"
                .to_owned(),
        ),
        (
            &none,
            limit(Side::Buy, 1, 0),
            "PRICE_OUT_OF_RANGE: limit price 0.00 is not between 0.01 and 1000000.00".to_owned(),
        ),
        (
            &none,
            limit(Side::Buy, 0, 100),
            "QUANTITY_ZERO: the quantity is 0; send 1 or more".to_owned(),
        ),
    ];
    for (limits, order, expected) in cases {
        assert_eq!(verdict(&exchange, limits, std::slice::from_ref(&order)), expected);
    }
}

#[test]
fn buy_stop_below_the_market_is_measured_by_the_market() {
    let exchange = exchange();
    let narrow = Limits { max_notional: Some(Decimal::from(2_000)), ..Limits::default() };
    let stop = |quantity| [order(Side::Buy, quantity, OrderType::Stop { trigger: Ticks(1) })];
    let ask = facts(&exchange).reference(SymbolId(700_001), Side::Buy).unwrap();
    let many = u64::try_from(20_000_000 / ask.0).unwrap() + 1;
    let denied = verdict(&exchange, &narrow, &stop(many / 50));
    assert!(denied.starts_with("NOTIONAL_ABOVE_LIMIT"), "{denied}");
    let denied = verdict(&exchange, &Limits::default(), &stop(many));
    assert!(denied.starts_with("BUYING_POWER"), "{denied}");
    assert_eq!(verdict(&exchange, &narrow, &stop(1)), "passes");
}

#[test]
fn order_that_nobody_can_mean_is_denied() {
    let exchange = exchange();
    let good = limit(Side::Buy, 1, 100);
    let code = |orders: Vec<NewOrder>| {
        check(&facts(&exchange), &Limits::default(), NOW, orders).unwrap_err().code()
    };
    assert_eq!(code(vec![]), "GROUP_SIZE");
    assert_eq!(code(vec![good.clone(); 11]), "GROUP_SIZE");
    assert_eq!(code(vec![NewOrder { symbol: SymbolId(1), ..good.clone() }]), "UNKNOWN_SYMBOL");
    let account = "DU7654321".parse().unwrap();
    assert_eq!(code(vec![NewOrder { account, ..good.clone() }]), "UNKNOWN_ACCOUNT");
    let long: Arc<str> = "x".repeat(65).into();
    assert_eq!(
        code(vec![NewOrder { reference: Some(Arc::clone(&long)), ..good.clone() }]),
        "TEXT_TOO_LONG"
    );
    let oca = Some(Oca { group: "a\nb".into(), reduce: false });
    assert_eq!(code(vec![NewOrder { oca, ..good.clone() }]), "CONTROL_CHARACTER");
    assert_eq!(code(vec![limit(Side::Buy, 1, i64::MAX)]), "PRICE_OUT_OF_RANGE");
    assert_eq!(code(vec![limit(Side::Buy, 1, i64::MIN)]), "PRICE_OUT_OF_RANGE");
    assert_eq!(code(vec![limit(Side::Buy, u64::MAX, 100)]), "QUANTITY_ABOVE_LIMIT");
}

#[test]
fn group_is_denied_whole_for_one_member() {
    let exchange = exchange();
    let child = |side, quantity, price, at| NewOrder {
        parent: Some(Parent::Member(at)),
        ..limit(side, quantity, price)
    };
    let parent = limit(Side::Buy, 10, 100);
    let limits = Limits::default();
    let verdict = |orders: &[NewOrder]| verdict(&exchange, &limits, orders);
    assert_eq!(verdict(&[parent.clone(), child(Side::Sell, 10, 300, 0)]), "passes");
    let code = |orders: &[NewOrder]| verdict(orders).split(':').next().unwrap().to_owned();
    assert_eq!(code(&[parent.clone(), child(Side::Sell, 11, 300, 0)]), "CHILD_QUANTITY");
    assert_eq!(code(&[parent.clone(), child(Side::Buy, 10, 300, 0)]), "CHILD_SIDE");
    assert_eq!(code(&[parent.clone(), child(Side::Sell, 10, 300, 1)]), "NO_PARENT");
    assert_eq!(code(&[parent, child(Side::Sell, 10, 50, 0)]), "PRICE_BEYOND_COLLAR");
}

#[test]
fn open_orders_above_the_limit_are_denied() {
    let mut exchange = exchange();
    let limits = Limits { max_open_orders: Some(2), ..Limits::default() };
    let first = place(&mut exchange, &limits, limit(Side::Buy, 1, 100));
    place(&mut exchange, &limits, limit(Side::Buy, 1, 100));
    assert_eq!(
        verdict(&exchange, &limits, &[limit(Side::Buy, 1, 100)]),
        "OPEN_ORDERS_ABOVE_LIMIT: 2 open orders and 1 more would be above the limit of 2; cancel some"
    );
    let decision = Decided { holder: HOLDER, account: None, epoch: 1, limits: limits.clone() };
    let command = Command::Cancel { order: first, cause: crate::journal::Cause::Request };
    exchange.apply(&Stamped { seq: 3, time: NOW, decision, command });
    assert_eq!(verdict(&exchange, &limits, &[limit(Side::Buy, 1, 100)]), "passes");
}

#[test]
fn identical_order_within_the_window_is_denied_when_the_window_is_set() {
    let mut exchange = exchange();
    let window = Some(Span::seconds(10));
    let limits = Limits { duplicate_window: window, ..Limits::default() };
    let same = limit(Side::Buy, 1, 100);
    place(&mut exchange, &limits, same.clone());
    assert_eq!(
        verdict(&exchange, &limits, std::slice::from_ref(&same)),
        "DUPLICATE_ORDER: the same order was placed 0 seconds ago, and only one is allowed in 10 seconds; wait, or change it"
    );
    assert_eq!(verdict(&exchange, &limits, &[limit(Side::Buy, 2, 100)]), "passes");
    assert_eq!(verdict(&exchange, &Limits::default(), std::slice::from_ref(&same)), "passes");
    let later = NOW + Span::seconds(10);
    assert!(check(&facts(&exchange), &limits, later, vec![same]).is_ok());
}

#[test]
fn working_orders_bind_buying_power_and_closing_orders_do_not() {
    let mut exchange = exchange();
    let limits = Limits::default();
    place(&mut exchange, &limits, limit(Side::Buy, 1_500, 12_000));
    assert!(
        verdict(&exchange, &limits, &[limit(Side::Buy, 1_500, 12_000)])
            .starts_with("BUYING_POWER: 180000.00 USD is above the buying power of 20000.00 USD")
    );
    place(&mut exchange, &limits, order(Side::Buy, 10, OrderType::Market));
    let closing = order(Side::Sell, 10, OrderType::Market);
    assert_eq!(verdict(&exchange, &limits, std::slice::from_ref(&closing)), "passes");
    assert!(reduces(&facts(&exchange), std::slice::from_ref(&closing)));
    assert!(
        !reduces(&facts(&exchange), &[closing.clone(), closing.clone()]),
        "together they go beyond"
    );
    assert!(!reduces(&facts(&exchange), &[order(Side::Buy, 1, OrderType::Market)]));
    place(&mut exchange, &limits, limit(Side::Sell, 5, 20_000));
    assert!(!reduces(&facts(&exchange), &[closing]), "with the open sale it goes beyond");
}

#[test]
fn order_that_only_reduces_is_no_larger_than_what_is_held() {
    let mut exchange = exchange();
    let limits = Limits::default();
    let denied = |exchange: &Exchange, order: &NewOrder| {
        check_reduces(&facts(exchange), order).map_err(|denial| denial.evidence_text())
    };
    let market = |quantity| order(Side::Sell, quantity, OrderType::Market);
    assert_eq!(
        denied(&exchange, &market(1)).unwrap_err(),
        "ORDER_PAST_FLAT: this order may only reduce a position, and none are held long"
    );
    place(&mut exchange, &limits, order(Side::Buy, 10, OrderType::Market));
    for quantity in 1..=12 {
        assert_eq!(denied(&exchange, &market(quantity)).is_ok(), quantity <= 10, "{quantity}");
        assert!(denied(&exchange, &order(Side::Buy, quantity, OrderType::Market)).is_err());
    }
    assert_eq!(
        denied(&exchange, &market(1_100)).unwrap_err(),
        "ORDER_PAST_FLAT: this order may only reduce, and 1100 is more than the 10 held \
         long; sell 10 or fewer"
    );
    // Those that wait for the same shares are kept to what is left when one of them trades.
    let exit = place(&mut exchange, &limits, limit(Side::Sell, 6, 20_000));
    assert!(denied(&exchange, &market(10)).is_ok());
    assert!(denied(&exchange, &limit(Side::Sell, 10, 20_000)).is_ok());
    // A holder that may do nothing else counts what no position bounds.
    let beside = |exchange: &Exchange, quantity| {
        let checked = check_reduces_beside(&facts(exchange), &market(quantity));
        checked.map_err(|denial| denial.evidence_text())
    };
    assert!(beside(&exchange, 4).is_ok());
    assert_eq!(
        beside(&exchange, 5).unwrap_err(),
        "ORDER_PAST_FLAT: this order may only reduce, and of the 10 held long, open orders \
         already sell 6; sell 4 or fewer, or cancel one of them first"
    );
    let changed = |exchange: &Exchange, quantity| {
        let order_type = OrderType::Limit { price: Ticks(20_000) };
        let change = Change {
            order: exit,
            quantity,
            order_type,
            tif: TimeInForce::Day,
            units: crate::instrument::Units::SHARES,
        };
        check_reduces_changed(&facts(exchange), &change).is_ok()
    };
    assert!(changed(&exchange, 10), "it does not count itself");
    assert!(!changed(&exchange, 11));
    place(&mut exchange, &limits, limit(Side::Sell, 4, 20_000));
    assert!(!changed(&exchange, 7) && changed(&exchange, 6));
    assert_eq!(
        beside(&exchange, 1).unwrap_err(),
        "ORDER_PAST_FLAT: this order may only reduce, and of the 10 held long, open orders \
         already sell 10; cancel one of them first"
    );
}

#[test]
fn change_is_checked_like_a_new_order() {
    let mut exchange = exchange();
    let limits = Limits { max_quantity: Some(1_000), ..Limits::default() };
    let id = place(&mut exchange, &limits, limit(Side::Buy, 1_000, 12_000));
    let change = |quantity, price, tif| Change {
        units: crate::instrument::Units::SHARES,
        order: id,
        quantity,
        order_type: OrderType::Limit { price: Ticks(price) },
        tif,
    };
    let code = |change| match check_modify(&facts(&exchange), &limits, change) {
        Ok(_) => "passes",
        Err(denial) => denial.code(),
    };
    assert_eq!(code(change(1_000, 12_100, TimeInForce::Day)), "passes");
    assert_eq!(code(change(1_001, 12_000, TimeInForce::Day)), "QUANTITY_ABOVE_LIMIT");
    assert_eq!(code(change(1_000, 20_000, TimeInForce::Day)), "PRICE_BEYOND_COLLAR");
    assert_eq!(code(change(0, 12_000, TimeInForce::Day)), "QUANTITY_BELOW_FILLED");
    assert_eq!(code(change(1_000, 12_000, TimeInForce::Fok)), "IMMEDIATE_CHANGE");
    let unknown = Change { order: OrderId(1), ..change(1, 100, TimeInForce::Day) };
    assert_eq!(code(unknown), "UNKNOWN_ORDER");
    let more = check_modify(
        &facts(&exchange),
        &Limits::default(),
        change(2_000, 12_000, TimeInForce::Day),
    );
    assert_eq!(
        more.unwrap_err().code(),
        "BUYING_POWER",
        "only what is added counts, and it is 120000"
    );
}

#[test]
fn preview_shows_margin_and_commission_and_changes_nothing() {
    let exchange = exchange();
    let orders = vec![limit(Side::Buy, 1_000, 12_000)];
    let before = exchange.state_hash().unwrap();
    let checked = check(&facts(&exchange), &Limits::default(), NOW, orders).unwrap();
    let preview = preview(&facts(&exchange), &checked, false);
    assert_eq!(preview.notional, Decimal::from(120_000));
    assert_eq!(preview.commission, Decimal::from(5));
    assert_eq!(
        (preview.initial_before, preview.initial_after),
        (Decimal::ZERO, Decimal::from(60_000))
    );
    assert_eq!(preview.equity_after, Decimal::from(99_995));
    assert_eq!(preview.buying_power_before, Decimal::from(200_000));
    assert_eq!(preview.buying_power_after, Decimal::from(79_990));
    assert_eq!(exchange.state_hash().unwrap(), before);
}
