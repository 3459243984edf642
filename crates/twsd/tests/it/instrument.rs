//! The exchange's own instruments, one of them in hundredths.

use rust_decimal::Decimal;
use tws::PlaceOrder;
use tws::inbound::{CancelOrder, ContractDetails, MktData, Positions};

use crate::desk::{Server, errors, order, statuses, stock};

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// A market order for parts of the fund.
fn part(order_id: i32, quantity: &str) -> Box<PlaceOrder> {
    order(order_id, |o| {
        o.contract = stock("FUND");
        o.order.total_quantity = Some(decimal(quantity));
        "MKT".clone_into(&mut o.order.order_type);
        o.order.limit_price = None;
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_a_fund_are_ordered_filled_and_held_by_their_step() {
    let server = Server::trading().await;
    let mut client = server.client("trading", 3).await;
    let limit = order(1, |o| {
        o.contract = stock("FUND");
        o.order.total_quantity = Some(decimal("0.5"));
    });
    let placed = client.ask(limit).await;
    assert_eq!(statuses(&placed, 1), ["Submitted"], "{placed:?}");
    let shown = placed.iter().find(|message| message[0] == "5").unwrap();
    assert!(shown.contains(&"0.5".to_owned()) || shown.contains(&"0.50".to_owned()), "{shown:?}");
    let status = placed.iter().find(|message| message[0] == "3").unwrap();
    assert_eq!(decimal(&status[4]), decimal("0.5"), "remaining");
    client.ask(CancelOrder { order_id: 1, ..CancelOrder::default() }).await;

    let off = client.ask(part(2, "0.005")).await;
    let [(2, _, text)] = &errors(&off)[..] else { panic!("{off:?}") };
    assert!(text.contains("totalQuantity") && text.contains("multiple of 0.01"), "{text}");

    let filled = client.ask(part(3, "1.25")).await;
    assert_eq!(statuses(&filled, 3).last().unwrap(), "Filled", "{filled:?}");
    let shares: Decimal =
        filled.iter().filter(|one| one[0] == "11").map(|one| decimal(&one[19])).sum();
    assert_eq!(shares, decimal("1.25"));
    let held = client.ask(Positions {}).await;
    let held = held.iter().find(|one| one[0] == "61" && one.contains(&"FUND".to_owned())).unwrap();
    assert!(held.iter().any(|field| field.parse() == Ok(decimal("1.25"))), "{held:?}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn contracts_are_those_of_the_exchange_and_sizes_are_told_by_their_step() {
    let server = Server::trading().await;
    let mut client = server.client("trading", 3).await;
    let details = |symbol: &str| ContractDetails { request_id: 9, contract: stock(symbol) };
    let known = client.ask(details("FUND")).await;
    let described = known.iter().find(|message| message[0] == "10").unwrap();
    assert!(described.contains(&"0.01".to_owned()), "{described:?}");
    let unknown = client.ask(details("MSFT")).await;
    assert_eq!(errors(&unknown)[0].1, 200, "it is not among the exchange's own");

    let asked =
        MktData { request_id: 5, contract: stock("FUND"), snapshot: true, ..MktData::default() };
    let ticks = client.ask(asked).await;
    // tickPrice: message, version, request, tick, price, size.
    let quote = server.gate.markets().quotes();
    let fund = quote.all.iter().find(|one| one.symbol.0 == 800_001).unwrap();
    let bid = ticks.iter().find(|one| one[0] == "1" && one[3] == "1").unwrap();
    let size = decimal(&bid[5]);
    assert!(size > Decimal::ZERO && size < Decimal::from(fund.bids[0].size), "{bid:?}");
    server.stop().await;
}
