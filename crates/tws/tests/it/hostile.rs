//! Whatever arrives ends in a value or an error, and what is written can be read again.

use floorpass_tws::condition::{Listing, Threshold};
use floorpass_tws::contract::{ComboLeg, DeltaNeutralContract, TagValue};
use floorpass_tws::order::{Compete, CompeteOffset, DeltaNeutralOrder, Scale};
use floorpass_tws::{
    Condition, Contract, Fault, Frame, FrameReader, Hello, Inbound, OrderFields, PlaceOrder,
    ServerVersion, Test,
};
use proptest::prelude::*;
use rust_decimal::Decimal;

fn version() -> impl Strategy<Value = ServerVersion> {
    (157_u16..=178).prop_filter_map("158 is not spoken", ServerVersion::new)
}

fn decimal() -> impl Strategy<Value = Decimal> {
    (any::<i64>(), 0_u32..=18)
        .prop_map(|(digits, scale)| Decimal::from_i128_with_scale(digits.into(), scale))
}

fn number() -> impl Strategy<Value = Option<Decimal>> {
    // The clients' marks for "unset" are no numbers.
    let marks = [Decimal::from(i32::MAX), Decimal::from(i64::MAX), Decimal::from(-i64::MAX)];
    prop::option::of(decimal().prop_filter("unset", move |number| {
        !marks.iter().any(|mark| mark.mantissa() == number.mantissa() && number.scale() == 0)
            && *number != Decimal::from(i64::MIN)
    }))
}

fn integer() -> impl Strategy<Value = Option<i32>> {
    prop::option::of(i32::MIN..i32::MAX)
}

fn text() -> impl Strategy<Value = String> {
    "[ -~]{0,8}"
}

fn pairs() -> impl Strategy<Value = Vec<TagValue>> {
    let pair = (text(), text()).prop_map(|(tag, value)| TagValue { tag, value });
    prop::collection::vec(pair, 0..4)
}

fn leg() -> impl Strategy<Value = ComboLeg> {
    (any::<i32>(), any::<i32>(), text(), integer(), integer()).prop_map(
        |(con_id, ratio, action, slot, exempt_code)| ComboLeg {
            con_id,
            ratio,
            action,
            exempt_code,
            short_sale_slot: slot,
            ..ComboLeg::default()
        },
    )
}

fn condition() -> impl Strategy<Value = Condition> {
    let threshold = (any::<bool>(), number(), text(), any::<i32>(), integer());
    (0..6, any::<bool>(), threshold).prop_map(
        |(kind, and, (is_more, value, exchange, con_id, n))| {
            let listing = Listing { con_id, exchange: exchange.clone() };
            let number = Threshold { is_more, value };
            let test = match kind {
                0 => Test::Price { threshold: number, listing, trigger_method: n },
                1 => Test::Time(Threshold { is_more, value: exchange }),
                2 => Test::Margin(Threshold { is_more, value: n }),
                3 => Test::Execution { sec_type: exchange.clone(), exchange, symbol: "X".into() },
                4 => Test::Volume {
                    threshold: Threshold { is_more, value: n.map(i64::from) },
                    listing,
                },
                _ => Test::PercentChange { threshold: number, listing },
            };
            Condition { test, and }
        },
    )
}

prop_compose! {
    fn contract()(
        con_id in any::<i32>().prop_filter("unset", |id| *id != i32::MAX),
        symbol in text(),
        combo in any::<bool>(),
        strike in number(),
        legs in prop::collection::vec(leg(), 0..4),
        under in prop::option::of((any::<i32>(), number(), number())),
    ) -> Contract {
        Contract {
            con_id,
            symbol,
            sec_type: if combo { "BAG" } else { "STK" }.into(),
            strike: strike.filter(|strike| !strike.is_zero()),
            combo_legs: if combo { legs } else { Vec::new() },
            delta_neutral: under
                .map(|(con_id, delta, price)| DeltaNeutralContract { con_id, delta, price }),
            ..Contract::default()
        }
    }
}

prop_compose! {
    fn scale()(
        increment in number(),
        profit_offset in number(),
        init_position in integer(),
        table in text(),
    ) -> Scale {
        let mut scale = Scale { price_increment: increment, table, ..Scale::default() };
        if scale.has_terms() {
            scale.profit_offset = profit_offset;
            scale.init_position = init_position;
        }
        scale
    }
}

prop_compose! {
    fn order()(
        order_type in prop::sample::select(vec!["LMT", "MKT", "PEG BEST", "PEGMID", "PEGBENCH"]),
        prices in (number(), number(), number(), number()),
        texts in (text(), text(), text(), text()),
        flags in any::<[bool; 6]>(),
        counts in (integer(), integer(), any::<i32>().prop_filter("unset", |id| *id != i32::MAX)),
        scale in scale(),
        conditions in prop::collection::vec(condition(), 0..5),
        params in pairs(),
    ) -> OrderFields {
        let mut order = OrderFields {
            order_type: order_type.into(),
            total_quantity: prices.0,
            limit_price: prices.1,
            order_ref: texts.0,
            algo_strategy: texts.1,
            hedge_type: texts.2,
            transmit: flags[0],
            what_if: flags[1],
            all_or_none: flags[2],
            use_price_mgmt_algo: flags[3].then_some(flags[4]),
            display_size: counts.0,
            duration: counts.1,
            parent_id: counts.2,
            scale,
            conditions,
            ..OrderFields::default()
        };
        order.volatility.delta_neutral =
            DeltaNeutralOrder { order_type: texts.3, aux_price: prices.2, ..Default::default() };
        if !order.volatility.delta_neutral.order_type.is_empty() {
            order.volatility.delta_neutral.con_id = counts.0;
        }
        if !order.algo_strategy.is_empty() {
            order.algo_params = params;
        }
        if !order.hedge_type.is_empty() {
            order.hedge_param = "p".into();
        }
        order.conditions_cancel_order = flags[5] && !order.conditions.is_empty();
        let up_to_mid = flags[4];
        if order.is_pegged_to_best() {
            let amount = prices.3.map_or(CompeteOffset::Unset, CompeteOffset::Amount);
            order.compete.against_best_offset =
                if up_to_mid { CompeteOffset::UpToMid } else { amount };
        }
        if order.is_pegged_to_midpoint() || (order.is_pegged_to_best() && up_to_mid) {
            order.compete.mid_offset_at_half = prices.3;
        }
        order
    }
}

proptest! {
    #[test]
    fn place_order_encoded_comes_back_equal(
        order_id in any::<i32>(), contract in contract(), order in order(), version in version(),
    ) {
        let mut sent = PlaceOrder { order_id, contract, order };
        let request = Inbound::PlaceOrder(Box::new(sent.clone()));
        let mut wire = Vec::new();
        request.encode(version, &mut wire);
        let mut reader = FrameReader::for_client();
        reader.push(&wire);
        let frame = reader.next_frame().unwrap().unwrap();
        let received = Inbound::decode(frame, version).unwrap();
        if !version.has(158) {
            sent.order.duration = None;
        }
        if !version.has(170) {
            sent.order.compete = Compete::default();
        }
        prop_assert_eq!(received, Inbound::PlaceOrder(Box::new(sent)));
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), version in version()) {
        let mut reader = FrameReader::new();
        reader.push(b"API\0");
        reader.push(&bytes);
        while let Ok(Some(frame)) = reader.next_frame() {
            let _outcome = (Hello::parse(frame.0), Inbound::decode(frame, version));
        }
        let _outcome = (Hello::parse(&bytes), Inbound::decode(Frame(&bytes), version));
        let mut fresh = FrameReader::new();
        fresh.push(&bytes);
        let _outcome = fresh.next_frame();
    }

    #[test]
    fn random_fields_never_panic_and_errors_name_the_message(
        id in 0..120,
        fields in prop::collection::vec(
            prop_oneof![
                Just(String::new()),
                "[0-9]{1,3}",
                "-?[0-9]{0,40}\\.?[0-9]{0,40}(e[+-]?[0-9]{1,5})?",
                "NaN|inf|-inf|Infinity|nan|BAG|1_000|0x10|\\+1",
                "\\PC{0,6}",
            ],
            0..130,
        ),
        version in version(),
    ) {
        let payload = format!("{id}\0{}\0", fields.join("\0"));
        match Inbound::decode(Frame(payload.as_bytes()), version) {
            Ok(request) => {
                let mut wire = Vec::new();
                request.encode(version, &mut wire);
            }
            Err(error) => {
                let text = error.to_string();
                prop_assert!(text.is_ascii(), "{}", text);
                prop_assert!(text.len() < 250 && text.starts_with(error.message), "{}", text);
            }
        }
    }

    #[test]
    fn real_request_with_one_field_changed_never_panics(
        line in prop::sample::select(lines()),
        place in any::<prop::sample::Index>(),
        nasty in prop_oneof![
            Just("2147483647"), Just("-1"), Just("99999999999"), Just("NaN"), Just("Infinity"),
            Just("1e5"), Just("\u{e9}"), Just(""), Just("BAG"), Just("\u{1}"),
        ],
    ) {
        let mut parts = line.splitn(3, ' ').skip(1);
        let version = ServerVersion::new(parts.next().unwrap().parse().unwrap()).unwrap();
        let mut fields: Vec<&str> = parts.next().unwrap().split('|').collect();
        let place = place.index(fields.len());
        fields[place] = nasty;
        let payload = format!("{}\0", fields.join("\0"));
        if let Err(error) = Inbound::decode(Frame(payload.as_bytes()), version) {
            prop_assert!(!error.field.is_empty());
        }
    }
}

fn lines() -> Vec<&'static str> {
    include_str!("requests.txt").lines().filter(|line| !line.starts_with('#')).collect()
}

#[test]
fn count_above_what_the_message_can_hold_is_refused_before_allocation() {
    let payload = b"1\x0011\x007\x000\0S\0BAG\0\0\0\0\0\0\0\0\0\x002147483646\0";
    let error = Inbound::decode(Frame(payload), ServerVersion::USUAL).unwrap_err();
    assert_eq!(error.field, "comboLegsCount");
    assert_eq!(error.fault, Fault::Count { found: 2_147_483_646, limit: 0 });
    assert_eq!(error.request_id, Some(7));
}

#[test]
fn unknown_message_is_kept_with_its_first_fields() {
    let request = Inbound::decode(Frame(b"106\x007\0a\xff\0"), ServerVersion::USUAL).unwrap();
    let first_fields = vec!["7".to_owned(), "a\\xff".to_owned()];
    assert_eq!(request, Inbound::Unknown { id: 106, first_fields });
    assert_eq!(request.request_id(), None);
}

#[test]
fn message_without_an_id_is_an_error() {
    for payload in [&b""[..], b"\0", b"x\0", b"\x00\x00\x00\xcb\x0a\x01", b"99999999999\0"] {
        let error = Inbound::decode(Frame(payload), ServerVersion::USUAL).unwrap_err();
        assert_eq!((error.message, error.field), ("a message", "message id"));
    }
}
