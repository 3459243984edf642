//! Requests that real clients encoded are decoded to what was asked of the clients.

use std::collections::BTreeSet;

use floorpass_tws::condition::{Listing, Threshold};
use floorpass_tws::contract::{ComboLeg, DeltaNeutralContract, TagValue};
use floorpass_tws::order::{
    Adjusted, Advisor, Auction, Compete, CompeteOffset, DeltaNeutralOrder, Mifid, Pegged, Scale,
    Volatility,
};
use floorpass_tws::{
    Condition, Contract, Frame, Inbound, OrderFields, PlaceOrder, ServerVersion, Test,
};
use rust_decimal::Decimal;

struct Vector {
    client: &'static str,
    version: ServerVersion,
    line: &'static str,
    request: Inbound,
}

fn vectors() -> Vec<Vector> {
    include_str!("requests.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let mut parts = line.splitn(3, ' ');
            let client = parts.next().unwrap();
            let version = ServerVersion::new(parts.next().unwrap().parse().unwrap()).unwrap();
            let payload = payload(parts.next().unwrap());
            let request = Inbound::decode(Frame(&payload), version).expect(line);
            Vector { client, version, line, request }
        })
        .collect()
}

fn payload(fields: &str) -> Vec<u8> {
    let mut payload = fields.replace('|', "\0").into_bytes();
    payload.push(0);
    payload
}

fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn s(text: &str) -> String {
    text.to_owned()
}

fn pair(tag: &str, value: &str) -> TagValue {
    TagValue { tag: s(tag), value: s(value) }
}

#[test]
fn every_request_of_the_clients_is_decoded_and_survives_a_round_trip() {
    let mut ids = BTreeSet::new();
    for Vector { version, line, request, .. } in vectors() {
        let mut wire = Vec::new();
        request.encode(version, &mut wire);
        let (_, body) = wire.split_at(4);
        let again = Inbound::decode(Frame(body), version);
        assert_eq!(again.as_ref(), Ok(&request), "{line}");
        ids.insert(line.split([' ', '|']).nth(2).unwrap().parse::<i32>().unwrap());
    }
    let all: BTreeSet<i32> = (1..=25).chain(49..=59).chain(61..=104).collect();
    assert_eq!(ids, all);
}

#[test]
fn request_id_of_every_request_that_has_one_is_found() {
    for Vector { line, request, .. } in vectors() {
        // All requests but orders were sent with this id, those without an id have no such field.
        if line.contains("|1007") {
            assert_eq!(request.request_id(), Some(1007), "{line}");
        } else if !matches!(request, Inbound::PlaceOrder(_) | Inbound::CancelOrder(_)) {
            assert_eq!(request.request_id(), None, "{line}");
        }
    }
}

#[test]
fn every_request_with_its_last_field_missing_is_an_error_that_names_it() {
    for Vector { version, line, request, .. } in vectors() {
        let fields = line.splitn(3, ' ').nth(2).unwrap();
        let Some((shorter, _)) = fields.rsplit_once('|') else { continue };
        // These two have a block at their end that one of the clients leaves out.
        if matches!(
            request,
            Inbound::CalculateImpliedVolatility(_) | Inbound::CalculateOptionPrice(_)
        ) {
            continue;
        }
        let error = Inbound::decode(Frame(&payload(shorter)), version).expect_err(line);
        assert_eq!(error.message, request.name());
        let longer = format!("{fields}|x");
        let error = Inbound::decode(Frame(&payload(&longer)), version).expect_err(line);
        // The optional block of ib_insync's PEGBEST order begins where its message ends.
        let open_end = error.field == "minCompeteSize";
        assert!(open_end || error.to_string().contains("follows"), "{error}");
        if line.contains("|1007") && !matches!(request, Inbound::ReplaceFa(_)) {
            assert_eq!(error.request_id, Some(1007), "{line}");
        }
    }
}

fn stock() -> Contract {
    Contract {
        symbol: s("AAPL"),
        sec_type: s("STK"),
        exchange: s("SMART"),
        currency: s("USD"),
        ..Contract::default()
    }
}

fn option() -> Contract {
    Contract {
        con_id: 4391,
        symbol: s("AMD"),
        sec_type: s("OPT"),
        last_trade_date: s("20261218"),
        strike: Some(d("152.5")),
        right: s("C"),
        multiplier: s("100"),
        exchange: s("SMART"),
        primary_exchange: s("NASDAQ"),
        currency: s("USD"),
        local_symbol: s("AMD  261218C00152500"),
        trading_class: s("AMD"),
        ..Contract::default()
    }
}

fn combo() -> Contract {
    let leg = |con_id, ratio, action: &str| ComboLeg {
        con_id,
        ratio,
        action: s(action),
        exchange: s("SMART"),
        ..ComboLeg::default()
    };
    Contract {
        sec_type: s("BAG"),
        combo_legs: vec![leg(265_598, 1, "BUY"), leg(4391, 2, "SELL")],
        delta_neutral: Some(DeltaNeutralContract {
            con_id: 265_598,
            delta: Some(d("0.5")),
            price: Some(d("190.25")),
        }),
        ..stock()
    }
}

fn ats() -> Contract {
    Contract {
        exchange: s("IBKRATS"),
        sec_id_type: s("ISIN"),
        sec_id: s("US0378331005"),
        ..stock()
    }
}

fn order(order_type: &str, quantity: &str) -> OrderFields {
    OrderFields {
        action: s("BUY"),
        total_quantity: Some(d(quantity)),
        order_type: s(order_type),
        transmit: true,
        ..OrderFields::default()
    }
}

fn conditions() -> Vec<Condition> {
    let apple = || Listing { con_id: 265_598, exchange: s("SMART") };
    let tests = [
        Test::Price {
            threshold: Threshold { is_more: true, value: Some(d("190.5")) },
            listing: apple(),
            trigger_method: Some(2),
        },
        Test::Time(Threshold { is_more: true, value: s("20261124 09:30:00 US/Eastern") }),
        Test::Margin(Threshold { is_more: false, value: Some(30) }),
        Test::Execution { sec_type: s("STK"), exchange: s("SMART"), symbol: s("IBM") },
        Test::Volume {
            threshold: Threshold { is_more: true, value: Some(1_000_000) },
            listing: apple(),
        },
        Test::PercentChange {
            threshold: Threshold { is_more: true, value: Some(d("2.5")) },
            listing: apple(),
        },
    ];
    // Only the second was told to be joined by "or".
    tests.into_iter().enumerate().map(|(i, test)| Condition { test, and: i != 1 }).collect()
}

fn hedged() -> OrderFields {
    OrderFields {
        volatility: Volatility {
            volatility: Some(d("0.25")),
            volatility_type: Some(2),
            delta_neutral: DeltaNeutralOrder {
                order_type: s("LMT"),
                aux_price: Some(d("1.5")),
                con_id: Some(265_598),
                settling_firm: s("F"),
                clearing_account: s("CA"),
                clearing_intent: s("IB"),
                open_close: s("O"),
                short_sale: true,
                short_sale_slot: Some(2),
                designated_location: s("L"),
            },
            continuous_update: Some(1),
            reference_price_type: Some(2),
        },
        ..order("VOL", "3")
    }
}

fn scaled() -> OrderFields {
    OrderFields {
        limit_price: Some(d("150")),
        scale: Scale {
            init_level_size: Some(100),
            subs_level_size: Some(50),
            price_increment: Some(d("0.05")),
            price_adjust_value: Some(d("0.01")),
            price_adjust_interval: Some(60),
            profit_offset: Some(d("0.5")),
            auto_reset: true,
            init_position: Some(1),
            init_fill_quantity: Some(2),
            random_percent: true,
            table: s("T"),
            active_start_time: s("S"),
            active_stop_time: s("E"),
        },
        hedge_type: s("D"),
        hedge_param: s("0.5"),
        algo_strategy: s("Adaptive"),
        algo_params: vec![pair("adaptivePriority", "Normal")],
        algo_id: s("id"),
        ..order("LMT", "300")
    }
}

fn pegged() -> OrderFields {
    OrderFields {
        pegged: Pegged {
            reference_con_id: Some(4391),
            is_decrease: true,
            change_amount: Some(d("0.1")),
            reference_change_amount: Some(d("0.2")),
            reference_exchange: s("ISLAND"),
        },
        auction: Auction {
            starting_price: Some(d("100")),
            stock_ref_price: Some(d("99.5")),
            ..Auction::default()
        },
        adjusted: Adjusted {
            order_type: s("TRAIL"),
            trigger_price: Some(d("200")),
            limit_price_offset: Some(d("0.25")),
            stop_price: Some(d("195")),
            stop_limit_price: Some(d("194")),
            trailing_amount: Some(d("2")),
            trailing_unit: Some(1),
        },
        ..order("PEG BENCH", "3")
    }
}

/// Every plain field set to something else than its default.
fn everything() -> OrderFields {
    OrderFields {
        action: s("SELL"),
        trail_stop_price: Some(d("180")),
        trailing_percent: Some(d("2")),
        parent_id: 11,
        transmit: false,
        outside_rth: true,
        hidden: true,
        display_size: Some(1),
        oca_group: s("G"),
        oca_type: Some(2),
        tif: s("GTD"),
        good_till_date: s("20261231 16:00:00 UTC"),
        good_after_time: s("20261201 09:30:00 UTC"),
        all_or_none: true,
        min_quantity: Some(1),
        block_order: true,
        sweep_to_fill: true,
        not_held: true,
        opt_out_smart_routing: true,
        randomize_size: true,
        randomize_price: true,
        solicited: true,
        discretionary_amount: Some(d("0.05")),
        percent_offset: Some(d("0.5")),
        cash_quantity: Some(d("1000")),
        use_price_mgmt_algo: Some(true),
        duration: Some(60),
        post_to_ats: Some(5),
        auto_cancel_parent: true,
        advanced_error_override: s("8229"),
        manual_order_time: s("20261120-14:30:00"),
        model_code: s("M"),
        advisor: Advisor {
            group: s("FG"),
            method: s("NetLiq"),
            percentage: s("10"),
            profile: String::new(),
        },
        rule_80a: s("I"),
        settling_firm: s("SF"),
        short_sale_slot: Some(1),
        designated_location: s("DL"),
        exempt_code: Some(1),
        auction: Auction {
            strategy: Some(1),
            delta: Some(d("0.5")),
            stock_range_lower: Some(d("90")),
            stock_range_upper: Some(d("110")),
            ..Auction::default()
        },
        override_percentage_constraints: true,
        clearing_account: s("CL"),
        clearing_intent: s("Away"),
        mifid: Mifid {
            decision_maker: s("DM"),
            decision_algo: s("DA"),
            execution_trader: s("ET"),
            execution_algo: s("EA"),
        },
        ext_operator: s("OP"),
        dont_use_auto_price_for_hedge: true,
        is_oms_container: true,
        discretionary_up_to_limit_price: true,
        trigger_method: Some(4),
        origin: Some(1),
        adjusted: Adjusted { limit_price_offset: Some(d("0.1")), ..Adjusted::default() },
        ..order("TRAIL LIMIT", "5")
    }
}

fn compete(trade: Option<i32>, size: Option<i32>, offset: CompeteOffset, mid: bool) -> Compete {
    Compete {
        min_trade_quantity: trade,
        min_size: size,
        against_best_offset: offset,
        mid_offset_at_whole: if mid { Some(d("0.01")) } else { None },
        mid_offset_at_half: if mid { Some(d("0.02")) } else { None },
    }
}

/// What the clients were told to send, from order id 11 on.
fn told() -> Vec<(Contract, OrderFields)> {
    let simple = OrderFields {
        limit_price: Some(d("189.99")),
        tif: s("GTC"),
        account: s("DU1234567"),
        order_ref: s("r1"),
        ..order("LMT", "100")
    };
    let preview = OrderFields { action: s("SELL"), what_if: true, ..order("MKT", "7") };
    let spread = OrderFields {
        limit_price: Some(d("-1.5")),
        leg_prices: vec![Some(d("1.25")), Some(d("2.5"))],
        routing: vec![pair("NonGuaranteed", "1")],
        ..order("LMT", "3")
    };
    let conditional = OrderFields {
        limit_price: Some(d("150")),
        conditions: conditions(),
        conditions_ignore_rth: true,
        conditions_cancel_order: true,
        ..order("LMT", "3")
    };
    let offset = CompeteOffset::Amount(d("0.03"));
    let to_mid = compete(Some(10), Some(20), CompeteOffset::UpToMid, true);
    let to_best = compete(Some(10), Some(20), offset, false);
    let at_mid = compete(None, None, CompeteOffset::Unset, true);
    vec![
        (stock(), simple),
        (stock(), preview),
        (combo(), spread),
        (stock(), conditional),
        (option(), hedged()),
        (stock(), scaled()),
        (stock(), pegged()),
        (ats(), OrderFields { compete: to_mid, ..order("PEG BEST", "3") }),
        (ats(), OrderFields { compete: to_best, ..order("PEGBEST", "3") }),
        (stock(), OrderFields { compete: at_mid, ..order("PEG MID", "3") }),
        (stock(), everything()),
    ]
}

/// Takes out what clients send for a field that was not set: they do not agree about it.
fn without_defaults(mut request: PlaceOrder) -> PlaceOrder {
    fn none_if<T: PartialEq>(value: &mut Option<T>, default: T) {
        if *value == Some(default) {
            *value = None;
        }
    }
    let order = &mut request.order;
    for leg in &mut request.contract.combo_legs {
        none_if(&mut leg.open_close, 0);
        none_if(&mut leg.short_sale_slot, 0);
        none_if(&mut leg.exempt_code, -1);
    }
    if order.open_close == "O" {
        order.open_close.clear();
    }
    for number in [
        &mut order.origin,
        &mut order.trigger_method,
        &mut order.short_sale_slot,
        &mut order.oca_type,
        &mut order.auction.strategy,
        &mut order.volatility.continuous_update,
        &mut order.adjusted.trailing_unit,
        &mut order.display_size,
    ] {
        none_if(number, 0);
    }
    none_if(&mut order.exempt_code, -1);
    none_if(&mut order.discretionary_amount, Decimal::ZERO);
    none_if(&mut order.use_price_mgmt_algo, false);
    request
}

/// Takes out what did not exist yet at the version.
fn at_version(mut order: OrderFields, version: ServerVersion) -> OrderFields {
    if !version.has(158) {
        order.duration = None;
    }
    if !version.has(160) {
        order.post_to_ats = None;
    }
    if !version.has(162) {
        order.auto_cancel_parent = false;
    }
    if !version.has(166) {
        order.advanced_error_override.clear();
    }
    if !version.has(169) {
        order.manual_order_time.clear();
    }
    if !version.has(170) {
        order.compete = Compete::default();
    }
    order
}

#[test]
fn orders_of_every_client_and_version_decode_to_what_was_told() {
    let told = told();
    let mut seen = BTreeSet::new();
    for Vector { client, version, line, request } in vectors() {
        let Inbound::PlaceOrder(placed) = request else { continue };
        let index = usize::try_from(placed.order_id).unwrap() - 11;
        let (contract, order) = told.get(index).expect("an order that was told").clone();
        let mut order = at_version(order, version);
        // ib_insync does not know this spelling, so it sends no block for it.
        if client == "ib_insync" && order.order_type == "PEGBEST" {
            order.compete =
                compete(order.compete.min_trade_quantity, None, CompeteOffset::Unset, false);
        }
        let expected = PlaceOrder { order_id: placed.order_id, contract, order };
        assert_eq!(without_defaults(*placed), expected, "{line}");
        seen.insert((client, version.number(), expected.order_id));
    }
    for (client, version) in [("ib_async", 178), ("ib_async", 157), ("ibapi", 178)] {
        let ids = seen.iter().filter(|seen| (seen.0, seen.1) == (client, version)).count();
        assert_eq!(ids, told.len(), "{client} at {version}");
    }
}
