//! One order each, as a trader would say it, and what it is ten minutes later.

use access::moment::Span;
use trade::{OrderType, Ticks};

use super::*;
use trade::Side::{Buy, Sell};
use trade::TimeInForce::{Day, Fok, Gtc, Ioc};

#[test]
fn single_orders_come_to_what_a_trader_expects() {
    let quote = Exchange::new(genesis(), Instruments::builtin()).quote(AAPL).unwrap();
    let (bid, ask) = (quote.bids[0].price.0, quote.asks[0].price.0);
    let stop = |trigger| OrderType::Stop { trigger: Ticks(trigger) };
    let stop_limit =
        |trigger, price| OrderType::StopLimit { trigger: Ticks(trigger), price: Ticks(price) };
    let scenarios = [
        ("buy at the market", order(Buy, 100, OrderType::Market, Day), "Filled 100"),
        ("sell short at the market", order(Sell, 100, OrderType::Market, Day), "Filled 100"),
        ("buy through the ask", order(Buy, 100, limit(ask + 20), Day), "Filled 100"),
        ("join the bid", order(Buy, 100, limit(bid), Gtc), "Filled 100"),
        ("bid a dollar", order(Buy, 100, limit(100), Gtc), "Working 0"),
        ("bid a dollar, at once", order(Buy, 100, limit(100), Ioc), "Cancelled 0"),
        ("bid a dollar, all or nothing", order(Buy, 100, limit(100), Fok), "Cancelled 0"),
        ("all at once", order(Buy, 100, limit(ask), Fok), "Filled 100"),
        ("stop far above", order(Buy, 100, stop(ask * 2), Gtc), "PreSubmitted 0"),
        ("stop already reached", order(Buy, 100, stop(bid - 500), Day), "Filled 100"),
        ("stop just below", order(Sell, 100, stop(bid - 1), Day), "Filled 100"),
        (
            "stop, then a far limit",
            order(Sell, 9, stop_limit(bid + 500, ask * 2), Day),
            "Working 0",
        ),
        ("a million shares", order(Buy, 1_000_000, limit(100), Day), "Working 0"),
        ("ten million shares", order(Buy, 10_000_000, limit(100), Day), "QUANTITY_ABOVE_LIMIT"),
        ("more than the account is worth", order(Buy, 90_000, limit(ask), Day), "BUYING_POWER"),
        ("ten times the price", order(Buy, 1, limit(ask * 10), Day), "PRICE_BEYOND_COLLAR"),
        ("for nothing", order(Sell, 1, limit(0), Day), "PRICE_OUT_OF_RANGE"),
    ];
    for (what, order, expected) in scenarios {
        let mut exchange = Exchange::new(genesis(), Instruments::builtin());
        let outcome = match place(&mut exchange, order) {
            Err(code) => code.to_owned(),
            Ok(id) => {
                let advance = stamp(&exchange, BEGIN + Span::minutes(10), Command::Advance);
                exchange.apply(&advance);
                let order = exchange.order(id).unwrap();
                format!("{:?} {}", order.state, order.filled)
            }
        };
        assert_eq!(outcome, expected, "{what}");
    }
}

#[test]
fn account_of_one_trade_shows_it_everywhere() {
    let mut exchange = Exchange::new(genesis(), Instruments::builtin());
    let ask = exchange.quote(AAPL).unwrap().asks[0].price;
    place(&mut exchange, order(Buy, 100, OrderType::Market, Day)).unwrap();
    let (summary, value) = (exchange.summary(), Decimal::from(exchange.mark(AAPL).0));
    let cost = Decimal::from(ask.0) + Decimal::ONE;
    assert_eq!(summary.cash, Decimal::from(1_000_000) - cost);
    assert_eq!(summary.stock_value, value);
    assert_eq!(summary.net_liquidation, summary.cash + value);
    assert_eq!(summary.unrealised, value - cost);
    assert_eq!(summary.daily, value - cost, "the day began with the cash alone");
    assert_eq!(summary.initial_margin, value / Decimal::TWO);
    assert_eq!(summary.buying_power, summary.available_funds * Decimal::TWO);
    let holdings: Vec<_> = exchange.holdings().collect();
    assert_eq!(holdings.len(), 1);
    assert_eq!(holdings[0].average_cost(), cost / Decimal::ONE_HUNDRED);
}
