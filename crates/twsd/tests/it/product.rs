//! Market data by product: what each has is served, and what it has not is refused in the broker's words.

use rust_decimal::Decimal;
use tws::Contract;
use tws::inbound::{
    CalculateImpliedVolatility, CalculateOptionPrice, CancelMktDepth, CancelRealTimeBars,
    CancelTickByTickData, ContractDetails, HeadTimestamp, HistoricalData, HistoricalTicks,
    MarketDataType, MktData, MktDepth, RealTimeBars, TickByTickData,
};

use crate::desk::{Message, Raw, Server, errors, stock};

const ID: i32 = 7;

fn contract(symbol: &str, sec_type: &str, exchange: &str) -> Contract {
    Contract {
        symbol: symbol.to_owned(),
        sec_type: sec_type.to_owned(),
        exchange: exchange.to_owned(),
        ..Contract::default()
    }
}

/// By the id of the first contract that a description has.
async fn first(client: &mut Raw, wanted: Contract) -> Contract {
    let told = client.ask(ContractDetails { request_id: ID, contract: wanted }).await;
    let found = told
        .iter()
        .find(|message| message[0] == "10")
        .or_else(|| told.iter().find(|m| m.len() > 13));
    let found = found.unwrap_or_else(|| panic!("{told:?}"));
    let con_id =
        found.iter().skip(10).filter_map(|field| field.parse().ok()).find(|id: &i32| *id > 100_000);
    Contract { con_id: con_id.unwrap(), exchange: "SMART".to_owned(), ..Contract::default() }
}

/// An option on MSFT near the money that runs for some weeks.
async fn option(client: &mut Raw, right: &str) -> Contract {
    let wanted = Contract { right: right.to_owned(), ..contract("MSFT", "OPT", "SMART") };
    let told = client.ask(ContractDetails { request_id: ID, contract: wanted }).await;
    let all: Vec<_> = told.iter().filter(|message| message[0] == "10").collect();
    let middle = all[all.len() / 2];
    let con_id = middle
        .iter()
        .skip(10)
        .filter_map(|field| field.parse().ok())
        .find(|id: &i32| *id > 100_000);
    Contract { con_id: con_id.unwrap(), exchange: "SMART".to_owned(), ..Contract::default() }
}

fn data(contract: &Contract, generic: &str) -> MktData {
    MktData {
        request_id: ID,
        contract: contract.clone(),
        generic_ticks: generic.to_owned(),
        snapshot: true,
        ..MktData::default()
    }
}

/// The computations among messages: the number of the tick, and its figures.
fn computations(messages: &[Message]) -> Vec<(i32, Vec<Decimal>)> {
    let told = messages.iter().filter(|message| message[0] == "21");
    told.map(|message| {
        assert_eq!(message.len(), 12, "{message:?}");
        let figures = message[4..].iter().map(|field| field.parse().unwrap()).collect();
        (message[2].parse().unwrap(), figures)
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn quotes_of_an_option_come_with_whole_computations() {
    let server = Server::start().await;
    let mut client = server.client("trading", 3).await;
    for right in ["C", "P"] {
        let option = option(&mut client, right).await;
        let told = client.ask(data(&option, "")).await;
        let computed = computations(&told);
        let ticks: Vec<_> = computed.iter().map(|(tick, _)| *tick).collect();
        assert!(ticks.contains(&10) && ticks.contains(&11) && ticks.contains(&13), "{ticks:?}");
        let zero = Decimal::ZERO;
        for (tick, figures) in &computed {
            let [volatility, delta, price, dividend, gamma, vega, theta, under] = figures[..]
            else {
                panic!("{figures:?}")
            };
            assert!(
                volatility > zero && price > zero && dividend >= zero && under > zero,
                "{tick}: {figures:?}"
            );
            assert!((delta > zero) == (right == "C") && delta.abs() <= Decimal::ONE, "{figures:?}");
            assert!(gamma >= zero && vega >= zero && theta < Decimal::ONE, "{tick}: {figures:?}");
        }
        let volatility = |tick: i32| computed.iter().find(|one| one.0 == tick).unwrap().1[0];
        assert!(volatility(10) < volatility(13) && volatility(13) < volatility(11), "{computed:?}");
        client.ask(MarketDataType { data_type: 3 }).await;
        let delayed = computations(&client.ask(data(&option, "")).await);
        assert!(delayed.iter().all(|(tick, _)| (80..=83).contains(tick)) && delayed.len() >= 3);
        client.ask(MarketDataType { data_type: 1 }).await;
    }
    let share = client.ask(data(&stock("MSFT"), "")).await;
    assert_eq!(computations(&share), [], "a share implies nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn price_and_volatility_of_an_option_are_computed_on_request() {
    let server = Server::start().await;
    let mut client = server.client("trading", 3).await;
    let option = option(&mut client, "C").await;
    let model = computations(&client.ask(data(&option, "")).await);
    let found = model.iter().find(|(tick, _)| *tick == 13);
    let (_, model) = found.cloned().unwrap_or_else(|| panic!("{model:?} {option:?}"));
    let price = |volatility, under_price| CalculateOptionPrice {
        request_id: ID,
        contract: option.clone(),
        volatility,
        under_price,
        ..Default::default()
    };
    let told = client.ask(price(Some(model[0]), Some(model[7]))).await;
    let [(53, computed)] = &computations(&told)[..] else { panic!("{told:?}") };
    assert!((computed[2] - model[2]).abs() < Decimal::new(5, 2), "{computed:?} and {model:?}");
    let implied = |option_price, under_price| CalculateImpliedVolatility {
        request_id: ID,
        contract: option.clone(),
        option_price,
        under_price,
        ..Default::default()
    };
    let told = client.ask(implied(Some(computed[2]), Some(model[7]))).await;
    let [(53, back)] = &computations(&told)[..] else { panic!("{told:?}") };
    assert!((back[0] - model[0]).abs() < Decimal::new(1, 4), "{back:?} and {model:?}");
    let one = Some(Decimal::ONE);
    let requests: [(&str, tws::Inbound); 6] = [
        ("no volatility up to 20", implied(Some(Decimal::from(90_000)), None).into()),
        ("without any the option is worth", implied(one, Some(Decimal::from(9_000))).into()),
        ("optionPrice is not set", implied(None, one).into()),
        ("volatility is not set", price(None, one).into()),
        ("must be above 0", price(Some(Decimal::ZERO), one).into()),
        ("must be above 0", price(one, Some(Decimal::NEGATIVE_ONE)).into()),
    ];
    for (text, request) in requests {
        let told = client.ask(request).await;
        let told = errors(&told);
        assert!(matches!(&told[..], [(ID, 322, why)] if why.contains(text)), "{text}: {told:?}");
    }
    let share = CalculateOptionPrice {
        request_id: ID,
        contract: stock("MSFT"),
        volatility: one,
        under_price: one,
        ..Default::default()
    };
    let told = client.ask(share).await;
    assert!(errors(&told)[0].2.contains("not an option"), "{told:?}");
}

/// The number of the first error, or what came.
fn outcome(told: &[Message]) -> String {
    match errors(told).first() {
        Some((_, code, _)) => code.to_string(),
        None => "yes".to_owned(),
    }
}

const ALL: &str =
    "TRADES MIDPOINT BID ASK BID_ASK HISTORICAL_VOLATILITY OPTION_IMPLIED_VOLATILITY SCHEDULE";

#[tokio::test(flavor = "multi_thread")]
async fn each_product_has_the_data_that_it_has_at_the_broker() {
    let server = Server::start().await;
    let mut client = server.client("trading", 3).await;
    let abroad = Contract { currency: "GBP".to_owned(), ..contract("VOD", "STK", "LSE") };
    let pair = Contract { currency: "USD".to_owned(), ..contract("EUR", "CASH", "IDEALPRO") };
    let derived = "TRADES MIDPOINT BID ASK BID_ASK SCHEDULE";
    // A volatility takes thirty days; the fund and the share in London have no past.
    let fund = "TRADES MIDPOINT BID ASK BID_ASK OPTION_IMPLIED_VOLATILITY SCHEDULE";
    let figure = "TRADES HISTORICAL_VOLATILITY OPTION_IMPLIED_VOLATILITY SCHEDULE";
    let cases = [
        ("share", contract("MSFT", "STK", "SMART"), ALL),
        ("fund", contract("SPY", "STK", "SMART"), fund),
        ("abroad", abroad, derived),
        ("option", option(&mut client, "P").await, derived),
        ("future", first(&mut client, contract("ES", "FUT", "CME")).await, derived),
        ("pair", pair, "MIDPOINT BID ASK BID_ASK SCHEDULE"),
        ("index", contract("SPX", "IND", "CBOE"), figure),
    ];
    for (name, contract, kinds) in cases {
        let (quotes, trades) = (kinds.contains("BID"), kinds.contains("TRADES"));
        past_is_there(&mut client, (name, &contract), kinds).await;
        streams_are_there(&mut client, (name, &contract), (quotes, trades)).await;
        let told = client.ask(data(&contract, "")).await;
        let prices = told.iter().filter(|message| message[0] == "1");
        let ticks: Vec<&str> = prices.map(|message| message[3].as_str()).collect();
        let has = (ticks.contains(&"1"), ticks.contains(&"4"));
        assert_eq!(has, (quotes, trades), "{name}: {ticks:?}");
        let told = errors(&client.ask(data(&contract, "101")).await);
        let is_told = matches!(&told[..], [(ID, 10090, text)] if text.contains("open interest"));
        assert!(is_told, "{name}: {told:?}");
    }
}

fn expected(there: bool, code: &str) -> String {
    if there { "yes".to_owned() } else { code.to_owned() }
}

/// Bars, past ticks and beginnings of these kinds, and of no other.
async fn past_is_there(client: &mut Raw, (name, contract): (&str, &Contract), kinds: &str) {
    let has = |kind| kinds.split(' ').any(|one| one == kind);
    for kind in ALL.split(' ') {
        let request = HistoricalData {
            request_id: ID,
            contract: contract.clone(),
            bar_size: "1 day".to_owned(),
            duration: "5 D".to_owned(),
            what_to_show: kind.to_owned(),
            ..Default::default()
        };
        let told = client.ask(request).await;
        let expected = expected(has(kind), "162");
        assert_eq!(outcome(&told), expected, "{name} {kind}: {:?}", errors(&told));
    }
    for kind in ["TRADES", "BID_ASK", "MIDPOINT"] {
        let request = HistoricalTicks {
            request_id: ID,
            contract: contract.clone(),
            count: Some(10),
            what_to_show: kind.to_owned(),
            ..Default::default()
        };
        let told = client.ask(request).await;
        let code = expected(has(kind), "10187");
        assert_eq!(outcome(&told), code, "{name} ticks of {kind}: {told:?}");
        let head = HeadTimestamp {
            request_id: ID,
            contract: contract.clone(),
            what_to_show: kind.to_owned(),
            ..Default::default()
        };
        let told = client.ask(head).await;
        assert_eq!(outcome(&told), expected(has(kind), "162"), "{name} head of {kind}: {told:?}");
    }
}

/// Single ticks, five-second bars and depth, where it has quotes and where it has trades.
async fn streams_are_there(
    client: &mut Raw,
    (name, contract): (&str, &Contract),
    (quotes, trades): (bool, bool),
) {
    let ticks = [("Last", trades), ("AllLast", trades), ("BidAsk", quotes), ("MidPoint", quotes)];
    for (request_id, (kind, there)) in (100..).zip(ticks) {
        let request = TickByTickData {
            request_id,
            contract: contract.clone(),
            tick_type: kind.to_owned(),
            ..Default::default()
        };
        let told = client.ask(request).await;
        assert_eq!(outcome(&told), expected(there, "10189"), "{name} {kind}: {told:?}");
        if there {
            client.ask(CancelTickByTickData { request_id }).await;
        }
    }
    for (request_id, (kind, there)) in (200..).zip([("TRADES", trades), ("MIDPOINT", quotes)]) {
        let request = RealTimeBars {
            request_id,
            contract: contract.clone(),
            bar_size: Some(5),
            what_to_show: kind.to_owned(),
            ..Default::default()
        };
        let told = client.ask(request).await;
        assert_eq!(outcome(&told), expected(there, "420"), "{name} bars of {kind}: {told:?}");
        if there {
            client.ask(CancelRealTimeBars { request_id }).await;
        }
    }
    let request_id = 300;
    let depth = MktDepth { request_id, contract: contract.clone(), rows: 5, ..Default::default() };
    let told = client.ask(depth).await;
    assert_eq!(outcome(&told), expected(quotes, "10092"), "{name} depth: {told:?}");
    if quotes {
        client.ask(CancelMktDepth { request_id, is_smart_depth: false }).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ticks_by_number_are_told_of_those_that_have_them() {
    let server = Server::start().await;
    let mut client = server.client("trading", 3).await;
    let (call, put) = (option(&mut client, "C").await, option(&mut client, "P").await);
    let told_of = |messages: &[Message], kind: &str, tick: &str| {
        messages.iter().any(|message| message[0] == kind && message.contains(&tick.to_owned()))
    };
    let told = client.ask(data(&stock("MSFT"), "106")).await;
    assert!(told_of(&told, "45", "24") && errors(&told).is_empty(), "{told:?}");
    for (option, tick) in [(call, "29"), (put, "30")] {
        let told = client.ask(data(&option, "100")).await;
        assert!(told_of(&told, "2", tick) && errors(&told).is_empty(), "{told:?}");
        let told = errors(&client.ask(data(&option, "104,106")).await);
        assert!(told.len() == 2 && told.iter().all(|error| error.1 == 10090), "{told:?}");
    }
    let told = errors(&client.ask(data(&stock("MSFT"), "100")).await);
    assert!(told.len() == 1 && told[0].2.contains("Generic tick 100"), "{told:?}");
}

/// What a snapshot of this kind of data is: the number that it is told by, and its bid.
async fn bid(client: &mut Raw, contract: &Contract, data_type: i32) -> (String, Decimal) {
    client.ask(MarketDataType { data_type }).await;
    let told = client.ask(data(contract, "")).await;
    let kind = told.iter().find(|message| message[0] == "58").unwrap()[3].clone();
    let is_bid =
        |message: &&Message| message[0] == "1" && ["1", "66"].contains(&message[3].as_str());
    let bid = told.iter().find(is_bid).unwrap_or_else(|| panic!("{told:?}"));
    (kind, bid[4].parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn frozen_quotes_are_the_last_ones_of_a_closed_market() {
    let server = Server::in_real_hours().await;
    let mut client = server.client("trading", 3).await;
    let toyota = Contract { currency: "JPY".to_owned(), ..contract("7203", "STK", "TSEJ") };
    let mut closed = 0;
    // New York and Tokyo are never open at the same time.
    for share in [stock("MSFT"), toyota] {
        let (live, now) = bid(&mut client, &share, 1).await;
        let is_open = now > Decimal::ZERO;
        closed += i32::from(!is_open);
        assert_eq!(live, "1");
        let kinds =
            if is_open { [(2, "1"), (3, "3"), (4, "3")] } else { [(2, "2"), (3, "3"), (4, "4")] };
        for (asked, told) in kinds {
            let (kind, bid) = bid(&mut client, &share, asked).await;
            assert_eq!(kind, told, "{asked} of {}", share.symbol);
            let is_there = is_open || asked % 2 == 0;
            assert_eq!(bid > Decimal::ZERO, is_there, "{asked} of {}: {bid}", share.symbol);
        }
    }
    assert!(closed > 0, "both are open");
}

#[tokio::test(flavor = "multi_thread")]
async fn schedule_of_a_product_is_its_own_markets() {
    let server = Server::in_real_hours().await;
    let mut client = server.client("trading", 3).await;
    let toyota = Contract { currency: "JPY".to_owned(), ..contract("7203", "STK", "TSEJ") };
    let bond = contract("91282CNT4", "BOND", "SMART");
    let future = first(&mut client, contract("ES", "FUT", "CME")).await;
    for (share, regular, zone, sessions) in [
        (toyota, true, "Asia/Tokyo", "20261127-12:30:00 20261127-15:30:00 20261127"),
        (bond, true, "US/Eastern", "20261127-08:00:00 20261127-14:00:00 20261127"),
        (future.clone(), true, "America/Chicago", "20261127-08:30:00 20261127-12:15:00 20261127"),
        (future, false, "America/Chicago", "20261126-17:00:00 20261127-12:15:00 20261127"),
    ] {
        let request = HistoricalData {
            request_id: ID,
            contract: share,
            end_date_time: "20261128-12:00:00".to_owned(),
            bar_size: "1 day".to_owned(),
            duration: "1 D".to_owned(),
            what_to_show: "SCHEDULE".to_owned(),
            use_rth: regular,
            ..Default::default()
        };
        let told = client.ask(request).await;
        let schedule = told.iter().find(|message| message[0] == "106");
        let schedule = schedule.unwrap_or_else(|| panic!("{told:?}"));
        let last = schedule[schedule.len() - 3..].join(" ");
        assert_eq!((schedule[4].as_str(), last.as_str()), (zone, sessions));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn forecast_is_found_by_what_it_is_about_and_has_a_multiplier() {
    let server = Server::start().await;
    let mut client = server.client("trading", 3).await;
    let about = contract("SPX", "OPT", "FORECASTX");
    let of_class = Contract {
        trading_class: "SPXYN".to_owned(),
        exchange: "SMART".to_owned(),
        ..about.clone()
    };
    for wanted in [about, of_class, contract("SPXYN", "OPT", "FORECASTX")] {
        let told = client.ask(ContractDetails { request_id: ID, contract: wanted }).await;
        let found: Vec<_> = told.iter().filter(|message| message[0] == "10").collect();
        assert!(found.len() > 50, "{}", found.len());
        assert!(found.iter().all(|one| one[2] == "SPXYN" && one.contains(&"1".to_owned())));
    }
    let index = contract("SPX", "OPT", "SMART");
    let told = client.ask(ContractDetails { request_id: ID, contract: index }).await;
    let told = told.iter().filter(|message| message[0] == "10");
    assert!(told.clone().count() > 50 && told.clone().all(|one| one[2] == "SPX"));
}
