//! What journals of older versions rest on. When one of these fails, a data folder that exists
//! would replay to something else: give the change a new catalogue number or a new variant.

use std::fmt::Write;

use access::moment::Span;

use super::*;
use trade::{Cause, OrderId, Scope};

fn hex(record: &impl serde::Serialize) -> String {
    let mut text = String::new();
    for byte in postcard::to_stdvec(record).unwrap() {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

#[test]
fn bytes_of_a_record_are_what_they_were() {
    let exchange = Exchange::new(genesis());
    let placed = order(Side::Sell, 100, limit(99_999), TimeInForce::Gtc);
    let checked =
        trade::pretrade::check(&facts(&exchange), &Limits::default(), BEGIN, vec![placed]).unwrap();
    let holder = Holder::Credential(CredentialId([2; 16]));
    let refused = Command::Refused { holder, code: "X".into(), text: "y".into(), count: 3 };
    let turned_away =
        Command::ConnectionRefused { holder, code: "X".into(), text: "y".into(), count: 3 };
    let connected = Command::Connected { holder, clients: "c".into(), count: 2 };
    let scope = Scope::Client { holder: Holder::Operator, client_id: -1 };
    let cases = [
        (Command::Genesis(genesis()), "000780ecb18f99beb00687ad4b07313030303030300001"),
        (
            Command::Place(checked),
            "010187ad4be1dc2a016401be9a0c010001010101010101010101010101010101010608000001046e6f7465",
        ),
        (Command::Cancel { order: OrderId(1_000_001), cause: Cause::Lock }, "03c1843d01"),
        (Command::CancelAll { scope, cause: Cause::Revocation }, "0402020102"),
        (Command::Advance, "05"),
        (Command::Started { version: "1".into() }, "060131"),
        (refused, "0701020202020202020202020202020202020158017903"),
        (connected, "080102020202020202020202020202020202016302"),
        (
            Command::ClockJumped { by: Span::seconds(-7_200), ahead: Span::seconds(7_200) },
            "0bff9fbad23580a0bad235",
        ),
        (Command::MarketRule { rule: 2 }, "0c02"),
        (turned_away, "0f01020202020202020202020202020202020158017903"),
        (Command::OrderRule { rule: 2 }, "0902"),
        (
            Command::OrderIdUsed(Origin { holder, client_id: 3, order_id: 4 }),
            "0a01020202020202020202020202020202020608",
        ),
    ];
    for (command, expected) in cases {
        assert_eq!(hex(&command), expected);
        let stamped = stamp(&exchange, BEGIN, command);
        let bytes = postcard::to_stdvec(&stamped).unwrap();
        assert_eq!(postcard::from_bytes::<Stamped>(&bytes).unwrap(), stamped);
    }
    assert_eq!(
        hex(&stamp(&exchange, BEGIN, Command::Advance)),
        "0180ecb18f99beb006010101010101010101010101010101010109000000000005"
    );
}

#[test]
fn prices_of_a_seed_are_what_they_were() {
    let expected = [
        (12_578, 400, 12_580, 83_602),
        (80_819, 400, 80_824, 20_646),
        (12_538, 1_200, 12_539, 1_152_661),
        (80_814, 300, 80_820, 300_272),
        (12_353, 800, 12_355, 115_407),
        (80_280, 400, 80_286, 21_752),
        (12_149, 1_600, 12_150, 4_342_445),
        (79_856, 100, 79_861, 1_088_042),
    ];
    assert_eq!(prices(1), expected);
    let expected = [
        (12_565, 1_200, 12_567, 78_308),
        (80_699, 100, 80_705, 21_810),
        (12_584, 1_200, 12_585, 1_141_706),
        (80_591, 200, 80_596, 303_035),
        (12_593, 400, 12_595, 76_431),
        (80_372, 200, 80_377, 22_679),
        (13_218, 400, 13_219, 4_174_975),
        (77_882, 200, 77_887, 1_093_483),
    ];
    assert_eq!(prices(2), expected);
}

/// Best bid, its size, best ask and volume of two stocks at some hours.
fn prices(catalogue: u16) -> Vec<(i64, u64, i64, u64)> {
    let mut exchange = Exchange::new(Genesis { catalogue, ..genesis() });
    let mut seen = Vec::new();
    for hours in [0, 1, 24, 100] {
        exchange.advance(BEGIN + Span::hours(hours));
        for symbol in [700_001, 700_022] {
            let quote = exchange.quote(SymbolId(symbol)).unwrap();
            seen.push((
                quote.bids[0].price.0,
                quote.bids[0].size,
                quote.asks[0].price.0,
                quote.volume,
            ));
        }
    }
    seen
}

/// A day of orders, groups and fills, by a rule of orders.
fn worked(rule: Option<u16>) -> Exchange {
    let mut exchange = Exchange::new(genesis());
    if let Some(rule) = rule {
        let stamped = stamp(&exchange, BEGIN, Command::OrderRule { rule });
        exchange.apply(&stamped);
    }
    let oca = |reduce| Some(trade::Oca { group: "exit".into(), reduce });
    let mut time = BEGIN;
    for (side, quantity, reduce) in
        [(Side::Buy, 3_000, true), (Side::Sell, 50, true), (Side::Buy, 10, false)]
    {
        for order_type in [OrderType::Market, limit(12_000), limit(13_000)] {
            let new = order(side, quantity, order_type, TimeInForce::Gtc);
            place(&mut exchange, NewOrder { oca: oca(reduce), ..new }).unwrap();
            time = time + Span::minutes(7);
            let stamped = stamp(&exchange, time, Command::Advance);
            exchange.apply(&stamped);
        }
    }
    exchange
}

#[test]
fn state_of_the_older_rules_is_what_it_was() {
    let state = |rule| hex_of(&worked(rule).state_hash().unwrap());
    let expected = "8732224dc46f6e74524fa2d75274c0fb959e8a0917e25f97f69c2b5302f1950f";
    assert_eq!(state(None), expected);
    let second = "3135fe79f81085bef40a1e82295d03bad82df6885f4047442e4a5fb529a0c4f1";
    assert_eq!(state(Some(2)), second, "the second rule");
    assert_ne!(state(Some(2)), state(Some(trade::ORDER_RULE)));
}

fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
