//! Responses, field by field.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::contract::{ComboLeg, Contract, TagValue};
use crate::frame::FrameReader;
use crate::order::OrderFields;
use crate::tick::TickType;
use crate::{Condition, Test};

fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn version(number: u16) -> ServerVersion {
    ServerVersion::new(number).unwrap()
}

/// The fields of the one frame that a message is, divided by `|`.
fn fields(message: &impl Response, number: u16) -> String {
    let mut out = Vec::new();
    message.write(version(number), &mut out);
    let mut reader = FrameReader::for_client();
    reader.push(&out);
    let frame = reader.next_frame().unwrap().unwrap();
    let text = std::str::from_utf8(frame.0).unwrap();
    assert!(text.is_ascii() && text.ends_with('\0'));
    let fields = text.strip_suffix('\0').unwrap().replace('\0', "|");
    assert_eq!(reader.pending(), 0);
    fields
}

fn apple() -> Contract {
    Contract {
        con_id: 265_598,
        symbol: "AAPL".into(),
        sec_type: "STK".into(),
        exchange: "SMART".into(),
        primary_exchange: "NASDAQ".into(),
        currency: "USD".into(),
        local_symbol: "AAPL".into(),
        trading_class: "NMS".into(),
        ..Contract::default()
    }
}

fn limit_order() -> OrderFields {
    OrderFields {
        action: "BUY".into(),
        total_quantity: Some(d("100")),
        order_type: "LMT".into(),
        limit_price: Some(d("189.99")),
        tif: "DAY".into(),
        account: "DU1234567".into(),
        order_ref: "Z\u{fc}rich".into(),
        ..OrderFields::default()
    }
}

/// An order with the blocks that a plain one does not have.
fn rich_order() -> OrderFields {
    let mut order = limit_order();
    order.order_type = "PEG BENCH".into();
    order.leg_prices = vec![Some(d("1.25")), None];
    order.routing = vec![TagValue { tag: "NonGuaranteed".into(), value: "1".into() }];
    order.hedge_type = "D".into();
    order.hedge_param = "0.5".into();
    order.algo_strategy = "Adaptive".into();
    order.algo_params = vec![TagValue { tag: "adaptivePriority".into(), value: "Normal".into() }];
    order.scale.price_increment = Some(d("0.05"));
    order.volatility.delta_neutral.order_type = "LMT".into();
    order.conditions = vec![Condition { test: Test::default(), and: true }];
    order
}

fn combo() -> Contract {
    let leg = |con_id, ratio, action: &str| ComboLeg {
        con_id,
        ratio,
        action: action.into(),
        exchange: "SMART".into(),
        ..ComboLeg::default()
    };
    Contract {
        sec_type: "BAG".into(),
        combo_legs: vec![leg(265_598, 1, "BUY"), leg(4391, 2, "SELL")],
        delta_neutral: Some(crate::contract::DeltaNeutralContract::default()),
        ..apple()
    }
}

fn open<'a>(contract: &'a Contract, order: &'a OrderFields) -> OpenOrder<'a> {
    let state = OrderState { status: Status::Submitted, ..OrderState::default() };
    OpenOrder { order_id: 7, contract, order, client_id: 1, perm_id: 1_000_007, state }
}

fn completed<'a>(contract: &'a Contract, order: &'a OrderFields) -> CompletedOrder<'a> {
    CompletedOrder {
        contract,
        order,
        perm_id: 1_000_007,
        status: Status::Filled,
        filled: d("100"),
        parent_perm_id: 0,
        completed_time: "20261120 16:00:00 US/Eastern",
        completed_status: "Filled Size: 100",
    }
}

#[test]
fn open_order_has_the_fields_of_its_version() {
    let (contract, order, combo, rich) = (apple(), limit_order(), combo(), rich_order());
    let message = open(&contract, &order);
    let lines = [157, 159, 160, 162, 170, 176, 177, 178].map(|number| {
        let text = fields(&message, number);
        format!("{number}: {} fields: {text}", text.split('|').count())
    });
    insta::assert_snapshot!("open_order", lines.join("\n"));
    insta::assert_snapshot!("open_order_rich", fields(&open(&combo, &rich), 176));
}

#[test]
fn completed_order_has_the_fields_of_its_version() {
    let (contract, order, combo, rich) = (apple(), limit_order(), combo(), rich_order());
    let message = completed(&contract, &order);
    let lines = [157, 176, 178].map(|number| format!("{number}: {}", fields(&message, number)));
    insta::assert_snapshot!("completed_order", lines.join("\n"));
    insta::assert_snapshot!("completed_order_rich", fields(&completed(&combo, &rich), 176));
}

#[test]
fn order_messages_have_their_fields() {
    let contract = apple();
    let status = OrderStatus {
        order_id: 7,
        status: Status::PreSubmitted,
        filled: d("0"),
        remaining: d("100"),
        average_fill_price: d("0"),
        perm_id: 1_000_007,
        parent_id: 0,
        last_fill_price: d("0"),
        client_id: 1,
        why_held: "child",
        market_cap_price: d("0"),
    };
    let execution = ExecDetails {
        request_id: -1,
        order_id: 7,
        contract: &contract,
        execution_id: "0001f4e8.1",
        time: "20261120 14:30:00 US/Eastern",
        account: "DU1234567",
        exchange: "NASDAQ",
        bought: false,
        shares: d("100"),
        price: d("189.99"),
        perm_id: 1_000_007,
        client_id: 1,
        liquidation: false,
        cumulative_quantity: d("100"),
        average_price: d("189.99"),
        order_ref: "",
        model_code: "",
        last_liquidity: 2,
    };
    let commission = CommissionReport {
        execution_id: "0001f4e8.1",
        commission: d("1.00"),
        currency: "USD",
        realized_pnl: Amount(None),
        bond_yield: Amount(None),
        yield_redemption_date: None,
    };
    let error = Error {
        request_id: 7,
        code: ErrorCode::ORDER_REJECTED,
        text: "Order rejected - reason: quantity 500 is above the limit 100",
        advanced_reject_json: "",
    };
    let lines = [
        fields(&status, 176),
        fields(&execution, 176),
        fields(&execution, 178),
        fields(&commission, 176),
        fields(&error, 163),
        fields(&error, 176),
        fields(&OpenOrderEnd {}, 176),
        fields(&CompletedOrdersEnd {}, 176),
        fields(&ExecDetailsEnd { request_id: 7 }, 176),
    ];
    insta::assert_snapshot!("order_messages", lines.join("\n"));
}

#[test]
fn contract_data_has_the_fields_of_its_version() {
    let contract = apple();
    let message = ContractData {
        request_id: 7,
        contract: &contract,
        market_name: "NMS",
        min_tick: d("0.01"),
        order_types: "LMT,MKT,STP,STPLMT",
        valid_exchanges: "SMART,NASDAQ",
        price_magnifier: 1,
        under_con_id: 0,
        long_name: "APPLE \u{e9}\\",
        contract_month: "",
        industry: "Technology",
        category: "Computers",
        subcategory: "Computers",
        time_zone: "US/Eastern",
        trading_hours: "20261123:0400-20261123:2000",
        liquid_hours: "20261123:0930-20261123:1600",
        sec_ids: &[TagValue { tag: "ISIN".into(), value: "US0378331005".into() }],
        aggregated_group: Some(1),
        under_symbol: "",
        under_sec_type: "",
        market_rule_ids: "26,26",
        real_expiration_date: "",
        stock_type: "COMMON",
        min_size: d("1"),
        size_increment: d("1"),
        suggested_size_increment: d("100"),
    };
    let lines =
        [157, 163, 164, 176].map(|number| format!("{number}: {}", fields(&message, number)));
    insta::assert_snapshot!("contract_data", lines.join("\n"));
}

#[test]
fn lists_begin_with_their_count() {
    let rows = [FamilyCode { account: "DU1", code: "F" }, FamilyCode { account: "DU2", code: "" }];
    assert_eq!(fields(&FamilyCodes { rows: &rows }, 176), "78|2|DU1|F|DU2|");
    assert_eq!(fields(&FamilyCodes { rows: &[] }, 176), "78|0");
    assert_eq!(fields(&EmptyScannerData { request_id: 7 }, 176), "20|3|7|0");
    let sample = Sample {
        con_id: 1,
        symbol: "A",
        sec_type: "STK",
        primary_exchange: "N",
        currency: "USD",
        derivatives: &["OPT"],
        description: "d",
        issuer_id: "i",
    };
    let message = SymbolSamples { request_id: 7, samples: &[sample] };
    assert_eq!(fields(&message, 176), "79|7|1|1|A|STK|N|USD|1|OPT|d|i");
    assert_eq!(fields(&message, 173), "79|7|1|1|A|STK|N|USD|1|OPT");
}

#[test]
fn bar_update_has_close_before_high_and_bars_after_low() {
    let bar = Bar {
        date: "20261120",
        open: d("1"),
        high: d("2"),
        low: d("3"),
        close: d("4"),
        volume: d("5"),
        wap: d("6"),
        count: 7,
    };
    let bars = HistoricalData { request_id: 9, start: "s", end: "e", bars: &[bar] };
    assert_eq!(fields(&bars, 176), "17|9|s|e|1|20261120|1|2|3|4|5|6|7");
    let update = HistoricalDataUpdate {
        request_id: 9,
        count: 7,
        date: "20261120",
        open: d("1"),
        close: d("4"),
        high: d("2"),
        low: d("3"),
        wap: d("6"),
        volume: d("5"),
    };
    assert_eq!(fields(&update, 176), "90|9|7|20261120|1|4|2|3|6|5");
}

#[test]
fn ticks_have_their_numbers() {
    let price = TickPrice {
        request_id: 7,
        tick: TickType::DelayedBid,
        price: d("1.50"),
        size: None,
        attributes: 1,
    };
    assert_eq!(fields(&price, 176), "1|6|7|66|1.50||1");
    let size = TickSize { request_id: 7, tick: TickType::Volume, size: d("12") };
    assert_eq!(fields(&size, 176), "2|6|7|8|12");
    let tick = SingleTick::Trade {
        all: true,
        price: d("1"),
        size: d("2"),
        attributes: 0,
        exchange: "N",
        conditions: "",
    };
    let message = TickByTick { request_id: 7, time: 1_700_000_000, tick };
    assert_eq!(fields(&message, 176), "99|7|2|1700000000|1|2|0|N|");
    assert_eq!(TickType::Last.delayed(), Some(TickType::DelayedLast));
    assert_eq!(TickType::RtVolume.delayed(), None);
}

#[test]
fn figure_that_is_unset_is_the_largest_double_where_clients_know_it_as_unset() {
    let message = CommissionReport {
        execution_id: "0001f4e8.1",
        commission: d("1.00"),
        currency: "USD",
        realized_pnl: None.into(),
        bond_yield: Amount::default(),
        yield_redemption_date: None,
    };
    let unset = "1.7976931348623157E308";
    assert_eq!(fields(&message, 176), format!("59|1|0001f4e8.1|1.00|USD|{unset}|{unset}|"));
}

#[test]
fn profit_and_loss_is_a_number_in_every_field() {
    let (daily, unrealized, realized) = (d("1"), d("-2.5"), d("0"));
    let whole = Pnl { request_id: 7, daily, unrealized, realized };
    assert_eq!(fields(&whole, 176), "94|7|1|-2.5|0");
    let (position, value) = (d("-100"), d("-18999.00"));
    let single = PnlSingle { request_id: 7, position, daily, unrealized, realized, value };
    assert_eq!(fields(&single, 176), "95|7|-100|1|-2.5|0|-18999.00");
}

/// A plain order as the broker sends it, by position: what clients read of the fields that nobody
/// set. The values are those of recorded frames.
#[test]
fn open_order_of_a_plain_order_has_the_defaults_of_the_broker() {
    let (contract, mut order) = (apple(), limit_order());
    order.order_type = "MKT".into();
    order.limit_price = None;
    let text = fields(&open(&contract, &order), 176);
    let sent: Vec<&str> = text.split('|').collect();
    for (at, name, value) in [
        (15, "orderType", "MKT"),
        (16, "lmtPrice", "0.0"),
        (17, "auxPrice", "0.0"),
        (28, "discretionaryAmt", "0"),
        (42, "exemptCode", "-1"),
        (43, "auctionStrategy", "0"),
        (49, "displaySize", "2147483647"),
        (53, "minQty", ""),
        (54, "ocaType", "3"),
        (61, "volatilityType", "0"),
        (62, "deltaNeutralOrderType", "None"),
        (68, "deltaNeutralOpenClose", "?"),
        (73, "referencePriceType", "0"),
        (74, "trailStopPrice", ""),
        (82, "scaleInitLevelSize", "2147483647"),
        (83, "scaleSubsLevelSize", "2147483647"),
        (88, "clearingIntent", "IB"),
        (94, "status", "Submitted"),
        (95, "initMarginBefore", "1.7976931348623157E308"),
        (104, "commission", ""),
        (112, "adjustedOrderType", "None"),
        (113, "triggerPrice", "1.7976931348623157E308"),
        (123, "cashQty", "0"),
        (127, "usePriceMgmtAlgo", "0"),
        (128, "duration", ""),
    ] {
        assert_eq!(sent.get(at), Some(&value), "{name} in {text}");
    }
}
