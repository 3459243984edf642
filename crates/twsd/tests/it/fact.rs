//! What programs read: facts of contracts, rows of the account, defaults, bars.

use tws::inbound::*;

use crate::desk::{Message, Raw, Server, errors, order, statuses, stock};

const ID: i32 = 901;

fn of_kind<'a>(messages: &'a [Message], kind: &str) -> Vec<&'a Message> {
    messages.iter().filter(|message| message[0] == kind).collect()
}

async fn describe(client: &mut Raw, set: impl FnOnce(&mut tws::Contract)) -> Vec<Message> {
    let mut contract = stock("AAPL");
    set(&mut contract);
    client.ask(ContractDetails { request_id: ID, contract }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn description_has_every_fact_that_the_broker_fills() {
    let server = Server::start().await;
    let mut client = server.client("trading", 1).await;
    let found = describe(&mut client, |_| {}).await;
    let data = of_kind(&found, "10")[0];
    for (at, name, value) in [
        (2, "symbol", "AAPL"),
        (3, "secType", "STK"),
        (7, "exchange", "SMART"),
        (8, "currency", "USD"),
        (9, "localSymbol", "AAPL"),
        (10, "marketName", "NMS"),
        (13, "minTick", "0.01"),
        (17, "priceMagnifier", "1"),
        (19, "longName", "Apple Inc."),
        (20, "primaryExchange", "NASDAQ"),
        (22, "industry", "Technology"),
        (23, "category", "Computers"),
        (24, "subcategory", "Computers"),
        (25, "timeZoneId", "US/Eastern"),
        (30, "secIds", "1"),
        (31, "secIdType", "ISIN"),
        (32, "secId", "US0378331005"),
        (33, "aggGroup", "1"),
        (38, "stockType", "COMMON"),
    ] {
        assert_eq!(data[at], value, "{name} of {data:?}");
    }
    let venues: Vec<&str> = data[16].split(',').collect();
    assert_eq!(data[36].split(',').count(), venues.len(), "a market rule for each exchange");
    for venue in ["SMART", "NASDAQ", "ISLAND", "NYSE", "ARCA", "IEX", "BATS"] {
        assert!(venues.contains(&venue), "{venues:?}");
    }
    for (at, name) in [(15, "orderTypes"), (26, "tradingHours"), (27, "liquidHours")] {
        assert!(!data[at].is_empty(), "{name} of {data:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn venue_names_are_taken_for_details_data_history_and_orders() {
    let server = Server::start().await;
    let mut client = server.client("trading", 1).await;
    for (at, venue) in (1..).zip(["ISLAND", "NASDAQ", "ARCA", "IEX", "NYSE", "BATS"]) {
        let found = describe(&mut client, |c| c.exchange = venue.to_owned()).await;
        assert_eq!(of_kind(&found, "10")[0][7], venue);
        let found = describe(&mut client, |c| c.primary_exchange = venue.to_owned()).await;
        assert_eq!(of_kind(&found, "10")[0][20], "NASDAQ", "where it is listed");
        let mut contract = stock("AAPL");
        contract.exchange = venue.to_owned();
        contract.primary_exchange = venue.to_owned();
        let once = MktData {
            request_id: ID,
            contract: contract.clone(),
            snapshot: true,
            ..Default::default()
        };
        assert_eq!(of_kind(&client.ask(once).await, "57").len(), 1, "{venue}");
        let bars = HistoricalData { contract: contract.clone(), ..days() };
        assert_eq!(of_kind(&client.ask(bars).await, "17").len(), 1, "{venue}");
        let placed = client.ask(order(at, |order| order.contract = contract)).await;
        assert_eq!(statuses(&placed, at), ["Submitted"], "{venue}");
    }
    let unknown = describe(&mut client, |c| c.exchange = "LSE".to_owned()).await;
    let told = errors(&unknown);
    assert_eq!((told[0].0, told[0].1), (ID, 200), "{told:?}");
    assert!(told[0].2.contains("LSE") && told[0].2.contains("SMART, AMEX"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_matches_are_all_described_and_then_the_end() {
    let server = Server::start().await;
    let mut client = server.client("trading", 1).await;
    let class = |c: &mut tws::Contract| {
        c.symbol.clear();
        "NMS".clone_into(&mut c.trading_class);
    };
    let found = describe(&mut client, class).await;
    let symbols: Vec<_> = of_kind(&found, "10").iter().map(|data| data[2].clone()).collect();
    assert_eq!(symbols, ["AAPL", "AMD", "MSFT", "PEP", "GOOG", "QQQ", "TLT"]);
    assert_eq!(of_kind(&found, "52").len(), 1);
}

fn days() -> HistoricalData {
    HistoricalData {
        request_id: ID,
        contract: stock("AAPL"),
        bar_size: "1 day".to_owned(),
        duration: "5 D".to_owned(),
        what_to_show: "TRADES".to_owned(),
        ..Default::default()
    }
}

type Change = fn(&mut HistoricalData);

/// The rows of values among messages: name, value, currency.
fn rows(messages: &[Message], kind: &str, at: usize) -> Vec<(String, String, String)> {
    let row = |message: &&Message| {
        (message[at].clone(), message[at + 1].clone(), message[at + 2].clone())
    };
    of_kind(messages, kind).iter().map(row).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn ledger_has_rows_of_base_in_every_kind_of_account_values() {
    let server = Server::start().await;
    let mut client = server.client("trading", 1).await;
    let updates = client.ask(AccountUpdates { subscribe: true, ..Default::default() }).await;
    let multi = AccountUpdatesMulti { request_id: ID, ..Default::default() };
    let multi = client.ask(multi).await;
    let summary = |request_id, tags: &str| AccountSummary {
        request_id,
        group: "All".to_owned(),
        tags: tags.to_owned(),
    };
    let all = client.ask(summary(1, "$LEDGER:ALL")).await;
    for (messages, kind, at) in [(&updates, "6", 2), (&multi, "73", 5), (&all, "63", 4)] {
        let rows = rows(messages, kind, at);
        for tag in tws::outbound::LEDGER {
            for currency in ["BASE", "USD"] {
                let found = rows.iter().filter(|row| row.0 == tag && row.2 == currency).count();
                assert_eq!(found, 1, "{tag} of {currency} in {kind}");
            }
        }
        let value = |tag: &str, currency: &str| {
            rows.iter().find(|row| row.0 == tag && row.2 == currency).unwrap().1.clone()
        };
        assert_eq!(value("CashBalance", "BASE"), value("CashBalance", "USD"));
        assert_eq!(value("Currency", "BASE"), "BASE");
        assert_eq!(value("RealCurrency", "BASE"), "USD");
    }
    let currencies = |messages: &[Message]| {
        let mut seen: Vec<_> = rows(messages, "63", 4).into_iter().map(|row| row.2).collect();
        seen.sort();
        seen.dedup();
        seen
    };
    assert_eq!(currencies(&client.ask(summary(2, "$LEDGER")).await), ["BASE"]);
    assert_eq!(currencies(&client.ask(summary(3, "$LEDGER:USD")).await), ["USD"]);
    assert!(currencies(&client.ask(summary(4, "$LEDGER:EUR")).await).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn bars_have_beginning_and_end_without_a_zone() {
    let server = Server::start().await;
    let mut client = server.client("trading", 1).await;
    let answer = client.ask(days()).await;
    let bars = of_kind(&answer, "17")[0];
    for text in [&bars[2], &bars[3]] {
        let (day, clock) = text.split_once("  ").unwrap();
        assert!(day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit()), "{text}");
        assert!(clock.len() == 8 && !clock.contains(' '), "{text}");
    }
    assert_eq!(bars[4], "5");
}

#[tokio::test(flavor = "multi_thread")]
async fn history_is_answered_in_every_form_that_the_broker_takes() {
    let server = Server::start().await;
    let mut client = server.client("trading", 1).await;
    let forms: [(&str, Change); 8] = [
        ("Trades", |h| "Trades".clone_into(&mut h.what_to_show)),
        ("bid_ask", |h| "bid_ask".clone_into(&mut h.what_to_show)),
        ("a date", |h| "20260601".clone_into(&mut h.end_date_time)),
        ("UTC", |h| "20260601-20:00:00".clone_into(&mut h.end_date_time)),
        ("a zone", |h| "20260601 16:00:00 US/Eastern".clone_into(&mut h.end_date_time)),
        ("no zone", |h| "20260601 16:00:00".clone_into(&mut h.end_date_time)),
        ("no unit", |h| "864000".clone_into(&mut h.duration)),
        ("1 DAY", |h| "1 DAY".clone_into(&mut h.bar_size)),
    ];
    for (name, set) in forms {
        let mut request = days();
        set(&mut request);
        let answer = client.ask(request).await;
        assert_eq!(of_kind(&answer, "17").len(), 1, "{name}: {answer:?}");
        assert!(errors(&answer).is_empty(), "{name}: {answer:?}");
    }
    for (what, word) in [("FEE_RATE", "BID_ASK"), ("NEWS", "SCHEDULE")] {
        let request = HistoricalData { what_to_show: what.to_owned(), ..days() };
        let told = errors(&client.ask(request).await);
        assert!((told[0].0, told[0].1) == (ID, 162) && told[0].2.contains(word), "{told:?}");
    }
    let schedule = HistoricalData { what_to_show: "SCHEDULE".to_owned(), ..days() };
    let answer = client.ask(schedule).await;
    let schedule = of_kind(&answer, "106")[0];
    assert_eq!((schedule[4].as_str(), schedule[5].as_str()), ("US/Eastern", "5"));
    assert_eq!((&schedule[2], &schedule[3]), (&schedule[6], &schedule[19]), "{schedule:?}");
    assert_eq!(schedule[8], schedule[7][..8], "the day that it ends on: {schedule:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn size_of_real_time_bars_is_not_looked_at() {
    let server = Server::start().await;
    let mut client = server.client("trading", 1).await;
    for (request_id, bar_size) in [(1, Some(0)), (2, None), (3, Some(5)), (4, Some(30))] {
        let contract = stock("AAPL");
        let what_to_show = "Trades".to_owned();
        let bars =
            RealTimeBars { request_id, contract, bar_size, what_to_show, ..Default::default() };
        assert!(client.ask(bars).await.is_empty(), "{bar_size:?}");
        let ended = client.ask(CancelRealTimeBars { request_id }).await;
        assert!(ended.is_empty(), "it was there: {ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn single_ticks_of_each_kind_are_streamed_until_they_are_cancelled() {
    let server = Server::start().await;
    let mut client = server.client("trading", 1).await;
    let kinds = [("Last", "1"), ("AllLast", "2"), ("BidAsk", "3"), ("MidPoint", "4")];
    for (request_id, (kind, _)) in (1..).zip(kinds) {
        let (contract, tick_type) = (stock("AAPL"), kind.to_owned());
        let request = TickByTickData { request_id, contract, tick_type, ..Default::default() };
        assert!(errors(&client.ask(request).await).is_empty(), "{kind}");
    }
    let mut missing: Vec<_> = (1..).zip(kinds).map(|(id, (_, number))| (id, number)).collect();
    while !missing.is_empty() {
        let message = client.next().await.unwrap();
        missing.retain(|(id, number)| {
            !(message[0] == "99" && message[1] == id.to_string() && message[2] == *number)
        });
    }
    for request_id in 1..=4 {
        let ended = client.ask(CancelTickByTickData { request_id }).await;
        assert!(errors(&ended).is_empty(), "{ended:?}");
    }
    let (contract, tick_type) = (stock("AAPL"), "Trades".to_owned());
    let wrong = TickByTickData { request_id: 9, contract, tick_type, ..Default::default() };
    let told = errors(&client.ask(wrong).await);
    assert_eq!((told[0].0, told[0].1), (9, 10189), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn order_is_changed_with_what_open_order_told_of_it() {
    let server = Server::start().await;
    let mut client = server.client("trading", 1).await;
    client.ask(order(1, |_| {})).await;
    let echoed = order(1, |request| {
        let order = &mut request.order;
        order.total_quantity = Some(12.into());
        order.aux_price = Some(0.into());
        order.oca_type = Some(3);
        "IB".clone_into(&mut order.clearing_intent);
        "None".clone_into(&mut order.volatility.delta_neutral.order_type);
        "?".clone_into(&mut order.volatility.delta_neutral.open_close);
        "None".clone_into(&mut order.adjusted.order_type);
        order.auction.strategy = Some(0);
        order.dont_use_auto_price_for_hedge = true;
        order.use_price_mgmt_algo = Some(false);
    });
    let answer = client.ask(echoed).await;
    assert!(errors(&answer).is_empty(), "{answer:?}");
    let open = of_kind(&answer, "5");
    let last = open.last().unwrap();
    assert_eq!((last[14].as_str(), last[17].as_str()), ("12", "0.0"));
}

/// What stands for `unset` somewhere on this wire, and a client of another message reads as a number.
const SENTINELS: [&str; 6] = [
    "1.7976931348623157E308",
    "1.7976931348623157e+308",
    "2147483647",
    "9223372036854775807",
    "170141183460469231731687303715884105727",
    "NaN",
];

#[tokio::test(flavor = "multi_thread")]
async fn no_message_has_a_sentinel_where_clients_read_a_number() {
    let server = Server::start().await;
    let mut client = server.client("trading", 1).await;
    let contract = stock("AAPL");
    let bought = order(1, |request| {
        "MKT".clone_into(&mut request.order.order_type);
        request.order.limit_price = None;
    });
    let mut seen = client.ask(bought).await;
    assert_eq!(statuses(&seen, 1).last().map(String::as_str), Some("Filled"), "{seen:?}");
    let requests: Vec<tws::Inbound> = vec![
        MktData {
            request_id: 1,
            contract: contract.clone(),
            generic_ticks: "100,101,104,106,165,221,225,233,236,258,293,294,295,318".to_owned(),
            ..Default::default()
        }
        .into(),
        MktDepth { request_id: 2, contract: contract.clone(), rows: 5, ..Default::default() }
            .into(),
        Pnl { request_id: 3, ..Default::default() }.into(),
        PnlSingle { request_id: 4, con_id: 700_001, ..Default::default() }.into(),
        PnlSingle { request_id: 5, con_id: 700_002, ..Default::default() }.into(),
        AccountUpdates { subscribe: true, ..Default::default() }.into(),
        AccountUpdatesMulti { request_id: 6, ..Default::default() }.into(),
        AccountSummary { request_id: 7, group: "All".to_owned(), tags: "$LEDGER:ALL".to_owned() }
            .into(),
        Positions {}.into(),
        PositionsMulti { request_id: 8, ..Default::default() }.into(),
        Executions { request_id: 9, ..Default::default() }.into(),
        ContractDetails { request_id: 10, contract: contract.clone() }.into(),
        HistoricalData { request_id: 11, ..days() }.into(),
        HeadTimestamp { request_id: 12, contract, ..Default::default() }.into(),
    ];
    for request in requests {
        seen.extend(client.ask(request).await);
    }
    seen.extend(client.until("95").await);
    // Orders and commissions have fields that every client knows as unset by these values.
    let others = seen.iter().filter(|message| !matches!(message[0].as_str(), "5" | "101" | "59"));
    for message in others {
        for field in message {
            assert!(!SENTINELS.contains(&field.as_str()), "{message:?}");
        }
        let is_halted = message[0] == "45" && message[3] == "49";
        assert!(!is_halted, "nobody knows whether trading is halted: {message:?}");
        assert_ne!(message[0], "21", "there are no options whose greeks are known: {message:?}");
    }
    for kind in ["1", "6", "7", "11", "17", "61", "63", "71", "73", "88", "94", "95"] {
        assert!(!of_kind(&seen, kind).is_empty(), "message {kind} was looked at");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn head_timestamp_of_what_is_not_there_is_162() {
    let server = Server::start().await;
    let mut client = server.client("trading", 1).await;
    let ask = |what: &str| HeadTimestamp {
        request_id: 5,
        contract: stock("AAPL"),
        what_to_show: what.to_owned(),
        ..Default::default()
    };
    for what in ["TRADES", "midpoint", "BID_ASK", ""] {
        assert_eq!(of_kind(&client.ask(ask(what)).await, "88").len(), 1, "{what}");
    }
    for what in ["FEE_RATE", "PRICES"] {
        let told = errors(&client.ask(ask(what)).await);
        assert_eq!((told.len(), told[0].0, told[0].1), (1, 5, 162), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bars_of_the_volatility_are_shares_of_the_price_for_a_year() {
    let server = Server::start().await;
    let mut client = server.client("trading", 1).await;
    let of = |bar_size: &str, duration: &str| HistoricalData {
        what_to_show: "HISTORICAL_VOLATILITY".to_owned(),
        bar_size: bar_size.to_owned(),
        duration: duration.to_owned(),
        ..days()
    };
    for (bar_size, duration, least) in [("1 day", "5 D", 5), ("1 hour", "2 D", 7)] {
        let answer = client.ask(of(bar_size, duration)).await;
        let bars = of_kind(&answer, "17")[0];
        let count: usize = bars[4].parse().unwrap();
        assert!(count >= least, "{bar_size}: {bars:?}");
        for bar in bars[5..].chunks_exact(8) {
            let [open, high, low, close] =
                [1, 2, 3, 4].map(|at| bar[at].parse::<rust_decimal::Decimal>().unwrap());
            assert!(low <= open.min(close) && open.max(close) <= high, "{bar:?}");
            assert!(low > rust_decimal::Decimal::ZERO && high < 2.into(), "{bar:?}");
            assert_eq!((&*bar[5], &*bar[6]), ("-1", "-1"), "there is no volume of it");
        }
    }
    let whole = client.ask(of("1 day", "20 Y")).await;
    let head = HeadTimestamp {
        request_id: 7,
        contract: stock("AAPL"),
        what_to_show: "HISTORICAL_VOLATILITY".to_owned(),
        ..Default::default()
    };
    let head = client.ask(head).await;
    assert_eq!(of_kind(&whole, "17")[0][5], of_kind(&head, "88")[0][2][..8], "no day before it");
    for (bar_size, keep_up_to_date) in [("1 week", false), ("1 day", true)] {
        let request = HistoricalData { keep_up_to_date, ..of(bar_size, "1 M") };
        assert_eq!(errors(&client.ask(request).await)[0].1, 162, "{bar_size}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ticks_asked_for_by_number_come_when_they_are_known() {
    let server = Server::start().await;
    let mut client = server.client("trading", 1).await;
    let ask = |request_id, list: &str| MktData {
        request_id,
        contract: stock("AAPL"),
        generic_ticks: list.to_owned(),
        snapshot: true,
        ..Default::default()
    };
    let ticks = |messages: &[Message]| -> Vec<(String, String)> {
        let ticks = messages.iter().filter(|m| matches!(&*m[0], "1" | "2" | "45" | "46"));
        ticks.map(|m| (m[3].clone(), m[4].clone())).collect()
    };
    let list = "100,104,106,165,221,232,233,236,256,292,318,375,411,999,x";
    let found = ticks(&client.ask(ask(1, list)).await);
    let value = |tick: &str| found.iter().find(|one| one.0 == tick).map(|one| one.1.clone());
    for tick in
        ["15", "16", "17", "18", "19", "20", "21", "23", "24", "37", "46", "57", "58", "77", "48"]
    {
        let value = value(tick).unwrap_or_else(|| panic!("tick {tick}: {found:?}"));
        assert!(!value.starts_with('-') && value != "0", "{tick}: {value}");
    }
    assert_eq!(value("37"), value("4"), "the mark is the last price");
    let number = |tick: &str| value(tick).unwrap().parse::<rust_decimal::Decimal>().unwrap();
    assert!(number("19") <= number("17") && number("17") <= number("15"));
    assert!(number("15") <= number("7") && number("6") <= number("16"), "of today too");
    let plain = ticks(&client.ask(ask(2, "")).await);
    assert!(plain.iter().all(|(tick, _)| !matches!(&**tick, "15" | "23" | "37" | "46" | "57")));
}

#[tokio::test(flavor = "multi_thread")]
async fn chart_that_goes_on_ends_with_the_next_request_of_its_id() {
    let server = Server::start().await;
    let mut client = server.client("trading", 1).await;
    let going_on = HistoricalData {
        keep_up_to_date: true,
        bar_size: "1 min".to_owned(),
        duration: "600 S".to_owned(),
        ..days()
    };
    client.ask(going_on.clone()).await;
    client.until("90").await;
    let answer = client.ask(days()).await;
    assert_eq!(of_kind(&answer, "17").len(), 1);
    let told = errors(&client.ask(CancelHistoricalData { request_id: ID }).await);
    assert_eq!(told[0].1, 366, "nothing goes on: {told:?}");
    client.ask(going_on.clone()).await;
    client.ask(going_on).await;
    let told = errors(&client.ask(CancelHistoricalData { request_id: ID }).await);
    assert_eq!(told[0].1, 162, "{told:?}");
}
