//! What counts as large, and what stays within what was approved.

use super::*;
use crate::pretrade::large::{Cost, Size, of_change, of_new};

const AAPL: SymbolId = SymbolId(700_001);

fn new(exchange: &Exchange, orders: &[NewOrder]) -> Option<Decimal> {
    of_new(&facts(exchange), orders).map(|size| size.value.amount)
}

fn worth(price: Ticks, shares: Shares) -> Decimal {
    Decimal::new(price.0, 2) * Decimal::from(shares)
}

fn change(order: OrderId, quantity: Shares, price: i64) -> Change {
    let order_type = OrderType::Limit { price: Ticks(price) };
    Change {
        order,
        quantity,
        order_type,
        tif: TimeInForce::Day,
        units: crate::instrument::Units::SHARES,
    }
}

#[test]
fn order_is_large_above_the_threshold_alone() {
    let dollars = |amount| Money::new(amount, Currency::USD);
    let size = Size { value: dollars(Decimal::from(1_000)), cost: None };
    assert_eq!(size.check(Decimal::from(1_000), None), Ok(()));
    let above = Decimal::new(99_999, 2);
    let denial = size.check(above, None).unwrap_err();
    assert_eq!(denial, Denial::Large { value: size.value, above: dollars(above) });
    assert_eq!(denial.code(), "ORDER_LARGE");
    // A group has no cost that anybody could have approved.
    assert_eq!(size.check(above, Some(Decimal::MAX)), Err(denial));
}

#[test]
fn order_is_worth_its_price_and_a_sale_at_least_the_quote() {
    let exchange = exchange();
    let (bid, ask) = (
        facts(&exchange).reference(AAPL, Side::Sell).unwrap(),
        facts(&exchange).reference(AAPL, Side::Buy).unwrap(),
    );
    let market = |side| order(side, 10, OrderType::Market);
    assert_eq!(new(&exchange, &[market(Side::Buy)]), Some(worth(ask, 10)));
    assert_eq!(new(&exchange, &[limit(Side::Buy, 10, 100)]), Some(worth(Ticks(100), 10)));
    assert_eq!(new(&exchange, &[limit(Side::Sell, 10, bid.0 - 5)]), Some(worth(bid, 10)));
    assert_eq!(
        new(&exchange, &[limit(Side::Sell, 10, bid.0 + 5)]),
        Some(worth(Ticks(bid.0 + 5), 10))
    );
    let stop = OrderType::Stop { trigger: Ticks(ask.0 + 100) };
    assert_eq!(new(&exchange, &[order(Side::Buy, 10, stop)]), Some(worth(Ticks(ask.0 + 100), 10)));
    // Set off at once, it buys at the market, however low its trigger is.
    let reached = OrderType::Stop { trigger: Ticks(1) };
    let size = of_new(&facts(&exchange), &[order(Side::Buy, 10, reached)]).unwrap();
    assert_eq!(size.value.amount, worth(ask, 10));
    assert_eq!(size.cost.unwrap().value, worth(ask, 10));
    // Parents together, a child alone.
    let child = NewOrder { parent: Some(Parent::Member(0)), ..limit(Side::Sell, 10, 90_000) };
    let two = [limit(Side::Buy, 10, 100), limit(Side::Buy, 20, 100)];
    assert_eq!(new(&exchange, &two), Some(worth(Ticks(100), 30)));
    assert_eq!(new(&exchange, &[two[0].clone(), child]), Some(worth(Ticks(90_000), 10)));
    assert_eq!(of_new(&facts(&exchange), &two).unwrap().cost, None);
}

#[test]
fn market_order_costs_what_the_book_asks_level_by_level() {
    let exchange = exchange();
    let asks = exchange.quote(AAPL).unwrap().asks;
    let (first, second) = (asks[0], asks[1]);
    let cost = |quantity| {
        let one = order(Side::Buy, quantity, OrderType::Market);
        of_new(&facts(&exchange), &[one]).unwrap().cost.unwrap()
    };
    assert_eq!(cost(first.size).value, worth(first.price, first.size));
    let more = cost(first.size + 1);
    assert_eq!(more.value, worth(first.price, first.size) + worth(second.price, 1));
    let (last, shown) = (asks.last().unwrap(), asks.iter().map(|one| one.size).sum::<u64>());
    assert_eq!(cost(shown + 10).value - cost(shown).value, worth(last.price, 10));
}

#[test]
fn what_only_reduces_a_position_has_no_size() {
    let mut exchange = exchange();
    let none = Limits::default();
    place(&mut exchange, &none, order(Side::Buy, 100, OrderType::Market));
    assert_eq!(exchange.account().position(AAPL).shares, 100);
    let sell = |quantity| order(Side::Sell, quantity, OrderType::Market);
    assert_eq!(of_new(&facts(&exchange), &[sell(100)]), None);
    assert!(of_new(&facts(&exchange), &[sell(101)]).is_some(), "it goes beyond the position");
    assert!(of_new(&facts(&exchange), &[order(Side::Buy, 1, OrderType::Market)]).is_some());
    let bid = facts(&exchange).reference(AAPL, Side::Sell).unwrap();
    let rests = place(&mut exchange, &none, limit(Side::Sell, 40, bid.0 + 500));
    assert_eq!(
        of_change(&facts(&exchange), &change(rests, 100, bid.0 + 500)),
        None,
        "still within it"
    );
    assert!(of_change(&facts(&exchange), &change(rests, 101, bid.0 + 500)).is_some());
}

#[test]
fn change_has_a_size_unless_it_makes_the_order_tamer() {
    let mut exchange = exchange();
    let rests = place(&mut exchange, &Limits::default(), limit(Side::Buy, 100, 5_000));
    for (quantity, price, larger) in [
        (100, 5_000, false),
        (99, 5_000, false),
        (100, 4_999, false),
        (101, 5_000, true),
        (100, 5_001, true),
        // As much money, at a price that nobody approved.
        (50, 10_000, true),
    ] {
        let size = of_change(&facts(&exchange), &change(rests, quantity, price));
        assert_eq!(size.is_some(), larger, "{quantity} at {price}");
        let value = worth(Ticks(price), quantity);
        assert!(size.is_none_or(|size| size.value.amount == value), "{quantity} at {price}");
    }
    let ask = facts(&exchange).reference(AAPL, Side::Buy).unwrap();
    for order_type in [OrderType::Market, OrderType::Stop { trigger: Ticks(1) }] {
        let other = Change { order_type, ..change(rests, 100, 5_000) };
        assert_eq!(
            of_change(&facts(&exchange), &other).unwrap().value.amount,
            worth(ask, 100),
            "{order_type:?}"
        );
    }
    // A sale that was approved at its price is not sent at a lower one.
    let bid = facts(&exchange).reference(AAPL, Side::Sell).unwrap();
    let sale = place(&mut exchange, &Limits::default(), limit(Side::Sell, 100, bid.0 * 2));
    assert!(of_change(&facts(&exchange), &change(sale, 100, bid.0)).is_some());
    assert_eq!(of_change(&facts(&exchange), &change(sale, 90, bid.0 * 2 + 1)), None);
}

#[test]
fn cost_is_bound_exactly_by_a_limit_and_with_room_by_the_quote() {
    let usd = |cents| Decimal::new(cents, 2);
    let cost = |side, fixed| Cost {
        side,
        currency: Currency::USD,
        value: usd(10_000_001),
        commission: usd(500),
        fixed,
    };
    let buy = cost(Side::Buy, true);
    assert_eq!((buy.total(), buy.bound()), (usd(10_000_501), usd(10_000_501)));
    assert_eq!(buy.check(buy.bound()), Ok(()));
    let bound = buy.bound() - usd(1);
    let money = |amount| Money::new(amount, Currency::USD);
    let moved =
        Denial::CostMoved { side: Side::Buy, total: money(buy.total()), bound: money(bound) };
    assert_eq!((buy.check(bound), moved.code()), (Err(moved.clone()), "ORDER_COST_MOVED"));
    let sell = cost(Side::Sell, true);
    assert_eq!((sell.total(), sell.bound()), (usd(9_999_501), usd(9_999_501)));
    assert!(sell.check(sell.bound()).is_ok() && sell.check(sell.bound() + usd(1)).is_err());
    // One percent of room, to whole cents, as little against the sender as can be.
    assert_eq!(cost(Side::Buy, false).bound(), usd(10_100_502));
    assert_eq!(cost(Side::Sell, false).bound(), usd(9_899_500));
    let text = moved.to_string();
    assert!(text.contains("100005.01 USD") && text.contains("ask again"), "{text}");
}
