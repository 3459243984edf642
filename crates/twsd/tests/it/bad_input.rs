//! Bad input by product: each field of an order at its edges is refused with a number and words that name it, and nothing of
//! the order is left.

use rust_decimal::Decimal;
use tws::inbound::{AllOpenOrders, ContractDetails, Positions};
use tws::{Contract, PlaceOrder};

use crate::desk::{LIMIT_PRICE, Raw, Server, TOTAL_QUANTITY, errors, order, spelt, statuses};

fn contract(symbol: &str, sec_type: &str, exchange: &str, currency: &str) -> Contract {
    Contract {
        symbol: symbol.to_owned(),
        sec_type: sec_type.to_owned(),
        exchange: exchange.to_owned(),
        currency: currency.to_owned(),
        ..Contract::default()
    }
}

/// The products, each by what describes it: symbol, and where it has them expiry, strike and right.
async fn products(client: &mut Raw) -> Vec<(&'static str, Contract)> {
    let share = contract("MSFT", "STK", "SMART", "USD");
    let london = contract("VOD", "STK", "LSE", "GBP");
    let pair = contract("EUR", "CASH", "IDEALPRO", "USD");
    let mut found = vec![("share", share), ("london", london), ("pair", pair)];
    for (name, wanted) in [
        ("option", Contract { right: "C".to_owned(), ..contract("MSFT", "OPT", "SMART", "USD") }),
        ("future", contract("ES", "FUT", "CME", "USD")),
        ("oil", contract("CL", "FUT", "NYMEX", "USD")),
    ] {
        let request = ContractDetails { request_id: 9, contract: wanted.clone() };
        let told = client.ask(request).await;
        let all: Vec<_> = told.iter().filter(|message| message[0] == "10").collect();
        let middle = all.get(all.len() / 2).unwrap_or_else(|| panic!("{name}: {told:?}"));
        let day = middle[4].split(' ').next().unwrap().to_owned();
        let strike = Some(middle[5].parse().unwrap()).filter(|_| name == "option");
        found.push((name, Contract { last_trade_date: day, strike, ..wanted }));
    }
    found
}

type Set = fn(&mut PlaceOrder);

/// What is wrong in an order of any product, and what the answer says of it.
const ORDERS: [(&str, Set, &str); 8] = [
    ("no quantity", |o| o.order.total_quantity = None, "totalQuantity"),
    ("zero", |o| o.order.total_quantity = Some(Decimal::ZERO), "totalQuantity"),
    ("negative", |o| o.order.total_quantity = Some(Decimal::NEGATIVE_ONE), "totalQuantity"),
    ("huge", |o| o.order.total_quantity = Some(Decimal::MAX), "totalQuantity"),
    ("a part", |o| o.order.total_quantity = Some(Decimal::new(10_005, 3)), "totalQuantity"),
    ("no price", |o| o.order.limit_price = None, "lmtPrice"),
    ("a huge price", |o| o.order.limit_price = Some(Decimal::MAX), "lmtPrice"),
    ("between two ticks", |o| o.order.limit_price = Some(Decimal::new(123_456_789, 8)), "lmtPrice"),
];

/// What is wrong in a contract of some products, and what the answer says of it.
const CONTRACTS: [(&str, &str, Set, &str); 12] = [
    ("share", "wrong currency", |o| "CHF".clone_into(&mut o.contract.currency), "CHF"),
    ("london", "wrong currency", |o| "USD".clone_into(&mut o.contract.currency), "USD"),
    ("pair", "wrong currency", |o| "XXX".clone_into(&mut o.contract.currency), "XXX"),
    ("option", "wrong currency", |o| "EUR".clone_into(&mut o.contract.currency), "EUR"),
    ("future", "wrong currency", |o| "EUR".clone_into(&mut o.contract.currency), "EUR"),
    ("option", "wrong multiplier", |o| "10".clone_into(&mut o.contract.multiplier), "multiplier"),
    ("future", "wrong multiplier", |o| "7".clone_into(&mut o.contract.multiplier), "multiplier"),
    ("option", "past", |o| "20200117".clone_into(&mut o.contract.last_trade_date), "20200117"),
    ("future", "past", |o| "20200320".clone_into(&mut o.contract.last_trade_date), "20200320"),
    ("option", "unknown strike", |o| o.contract.strike = Some(Decimal::new(12_345, 3)), "12.345"),
    ("option", "no right", |o| o.contract.right.clear(), "2 contracts have this"),
    ("option", "other right", |o| "X".clone_into(&mut o.contract.right), "right"),
];

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_refused_by_its_name_and_leaves_nothing() {
    let server = Server::start().await;
    let mut client = server.client("trading", 3).await;
    let products = products(&mut client).await;
    let mut id = 0;
    let mut bad = Vec::new();
    for (name, contract) in &products {
        let about =
            |(_, what, set, word): &(&str, &'static str, Set, &'static str)| (*what, *set, *word);
        let own = CONTRACTS.iter().filter(|one| one.0 == *name).map(about);
        for (what, set, word) in ORDERS.into_iter().chain(own) {
            id += 1;
            let wrong = order(id, |o| {
                o.contract = contract.clone();
                set(o);
            });
            let told = client.ask(wrong).await;
            check(&mut bad, (name, what, word), id, &told);
        }
        for (field, place) in [("totalQuantity", TOTAL_QUANTITY), ("lmtPrice", LIMIT_PRICE)] {
            for text in ["nan", "-Infinity", "1e400"] {
                id += 1;
                let it = order(id, |o| o.contract = contract.clone());
                client.send_bytes(&spelt(client.version, it, place, text)).await;
                let told = client.barrier().await;
                check(&mut bad, (name, text, field), id, &told);
            }
        }
        if *name != "oil" {
            id += 1;
            let below = order(id, |o| {
                o.contract = contract.clone();
                o.order.limit_price = Some(Decimal::NEGATIVE_ONE);
            });
            let told = client.ask(below).await;
            check(&mut bad, (name, "below zero", "PRICE_OUT_OF_RANGE"), id, &told);
        }
    }
    assert_eq!(bad, Vec::<String>::new());
    let left = client.ask(AllOpenOrders {}).await;
    assert!(left.iter().all(|message| message[0] != "5"), "{left:?}");
    let held = client.ask(Positions {}).await;
    assert!(held.iter().all(|message| message[0] != "61"), "{held:?}");
}

/// One error of this order with these words, and its end.
fn check(
    bad: &mut Vec<String>,
    (name, what, word): (&str, &str, &str),
    id: i32,
    told: &[crate::desk::Message],
) {
    let errors = errors(told);
    let is_told =
        matches!(&errors[..], [(at, 200..=201, text)] if *at == id && text.contains(word));
    if !is_told || statuses(told, id) != ["Inactive"] {
        bad.push(format!("{name}, {what}: {errors:?} {:?}", statuses(told, id)));
    }
}

/// Oil alone may trade below zero; an order there is taken, as far as the collar lets it.
#[tokio::test(flavor = "multi_thread")]
async fn price_of_oil_may_cross_zero_and_its_order_rests() {
    let server = Server::start().await;
    let mut client = server.client("trading", 3).await;
    let products = products(&mut client).await;
    let oil = &products.iter().find(|(name, _)| *name == "oil").unwrap().1;
    let below = order(1, |o| {
        o.contract = oil.clone();
        o.order.total_quantity = Some(Decimal::ONE);
        o.order.limit_price = Some(Decimal::NEGATIVE_ONE);
        // What @stoqey/ib makes of a multiplier that it was not told.
        "0".clone_into(&mut o.contract.multiplier);
    });
    let told = client.ask(below).await;
    assert_eq!(statuses(&told, 1), ["Submitted"], "{:?}", errors(&told));
}
