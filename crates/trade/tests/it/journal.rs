//! What journals of older versions rest on. When one of these fails, a data folder that exists
//! would replay to something else: give the change a new rule of the markets or a new variant.

use std::fmt::Write;

use access::moment::Span;

use super::*;
use trade::{CancelTarget, Cause, OrderId};

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// What stands before a command in a record of format 1: sequence 1, at [`BEGIN`], of [`HOLDER`].
const FIRST: &str = "0180ecb18f99beb0060101010101010101010101010101010101090000000000";
/// The same in format 2.
const SECOND: &str =
    "000208011080ecb18f99beb0061a180a1408021101010101010101011901010101010101011009";

#[test]
fn records_are_read_and_written_as_they_were() {
    for (command, first, second) in commands() {
        let stamped = stamp(&Exchange::new(genesis(), Instruments::builtin()), BEGIN, command);
        let in_first = bytes(&format!("{FIRST}{first}"));
        assert_eq!(trade::journal::decode(&in_first).unwrap(), stamped);
        let mut written = Vec::new();
        trade::journal::encode(&stamped, &**Instruments::builtin(), &mut written).unwrap();
        assert_eq!(hex_of(&written), format!("{SECOND}{second}"));
        assert_eq!(trade::journal::decode(&written).unwrap(), stamped);
    }
}

/// Each kind of command, and its bytes in both formats behind what stands before it.
#[expect(clippy::too_many_lines, reason = "a table: a row for each kind of command")]
fn commands() -> Vec<(Command, &'static str, &'static str)> {
    let exchange = Exchange::new(genesis(), Instruments::builtin());
    let placed = order(Side::Sell, 100, limit(99_999), TimeInForce::Gtc);
    let check = |exchange: &Exchange, orders| {
        trade::pretrade::check(&facts(exchange), &Limits::default(), BEGIN, orders).unwrap()
    };
    let checked = check(&exchange, vec![placed.clone()]);
    let mut worked = exchange.clone();
    let id = place(&mut worked, placed.clone()).unwrap();
    let stop = OrderType::StopLimit { trigger: Ticks(12_001), price: Ticks(12_000) };
    let change = trade::Change {
        order: id,
        quantity: 90,
        order_type: stop,
        tif: TimeInForce::Day,
        units: trade::instrument::Units::SHARES,
    };
    let change =
        trade::pretrade::check_modify(&facts(&worked), &Limits::default(), change).unwrap();
    let holder = Holder::Credential(CredentialId([2; 16]));
    let (code, text) = ("X".to_owned(), "y".to_owned());
    let refused = Command::Refused { holder, code: code.clone(), text: text.clone(), count: 3 };
    let turned_away =
        Command::ConnectionRefused { holder, code: code.clone(), text: text.clone(), count: 3 };
    let asked = vec![trade::Asked::of_new(&placed, Instruments::builtin())];
    let orders = trade::OrdersRefused { holder, code, text, count: 2, asked };
    let scope = CancelTarget::Client { holder: Holder::Operator, client_id: -1 };
    vec![
        (
            Command::Genesis(genesis()),
            "000780ecb18f99beb00687ad4b07313030303030300001",
            "82012d0907000000000000001080ecb18f99beb0061a150a0608011087ad4b120b0a03555344120410c0843d20012801",
        ),
        (
            Command::Place(checked.clone()),
            "010187ad4be1dc2a016401be9a0c010001010101010101010101010101010101010608000001046e6f7465",
            "8a01450a430a0608011087ad4b10e1dc2a1802208090dfc04a2a0b0802108097bd86e90520023a1a0a140802110101010101010101190101010101010101100618085a046e6f7465",
        ),
        (
            Command::Modify(change),
            "02c1843d5a03c2bb01c0bb0100",
            "92011c08c1843d1080e88887431a1008041080e08bb4591880e985b5592001",
        ),
        (
            Command::Cancel { order: OrderId(1_000_001), cause: Cause::Lock },
            "03c1843d01",
            "9a010608c1843d1002",
        ),
        (
            Command::CancelAll { scope, cause: Cause::Revocation },
            "0402020102",
            "a2010808031a0208032001",
        ),
        (
            Command::CancelAll { scope: CancelTarget::Account, cause: Cause::Request },
            "040000",
            "a201020801",
        ),
        (Command::Advance, "05", "aa0100"),
        (Command::Started { version: "1".into() }, "060131", "b201030a0131"),
        (
            refused,
            "0701020202020202020202020202020202020158017903",
            "ba011e0a1408021102020202020202021902020202020202021201581a01792003",
        ),
        (
            Command::Connected { holder, clients: "c".into(), count: 2 },
            "080102020202020202020202020202020202016302",
            "c2011b0a1408021102020202020202021902020202020202021201631802",
        ),
        (Command::OrderRule { rule: 2 }, "0902", "ca01020802"),
        (
            Command::OrderIdUsed(Origin { holder, client_id: 3, order_id: 4 }),
            "0a01020202020202020202020202020202020608",
            "d2011a0a14080211020202020202020219020202020202020210061808",
        ),
        (
            Command::ClockJumped { by: Span::seconds(-7_200), ahead: Span::seconds(7_200) },
            "0bff9fbad23580a0bad235",
            "da010c08ff9fbad2351080a0bad235",
        ),
        (Command::MarketRule { rule: 2 }, "0c02", "e201020802"),
        (
            Command::OrdersRefused(orders),
            "0d01020202020202020202020202020202020158017902010006080453454c4c03313030044141504c034c4d54063939392e39390003475443",
            "ea01490a1e0a1408021102020202020202021902020202020202021201581a01792002122710061808220453454c4c2a0331303032044141504c3a034c4d5442063939392e39395203475443",
        ),
        (
            Command::PlaceReduceOnly(checked),
            "0e0187ad4be1dc2a016401be9a0c010001010101010101010101010101010101010608000001046e6f7465",
            "8a01470a430a0608011087ad4b10e1dc2a1802208090dfc04a2a0b0802108097bd86e90520023a1a0a140802110101010101010101190101010101010101100618085a046e6f74651001",
        ),
        (
            turned_away,
            "0f01020202020202020202020202020202020158017903",
            "f2011e0a1408021102020202020202021902020202020202021201581a01792003",
        ),
    ]
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
fn prices(market_rule: u16) -> Vec<(i64, u64, i64, u64)> {
    let mut exchange = Exchange::new(Genesis { market_rule, ..genesis() }, Instruments::builtin());
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
    let mut exchange = Exchange::new(genesis(), Instruments::builtin());
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
    let third = "728b83b18ac4f5d5ab457a27f24eb464a31cc3db71541a574816d7d25fcb5490";
    assert_eq!(state(Some(3)), third, "the third rule");
    assert_ne!(state(Some(3)), state(Some(trade::ORDER_RULE)));
}

fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
