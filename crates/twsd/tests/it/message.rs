//! Every request against every kind of authority. A request that this list lacks fails a test.

use access::Grade;
use gate::{Actor, LockTarget};
use tws::frame::Frame;
use tws::inbound::*;
use tws::{Inbound, PlaceOrder, ServerVersion};

use crate::desk::{Message, Raw, Server, errors, order, statuses, stock};

/// What a request gets on a credential that may trade.
enum Expect {
    /// A message of this kind.
    Answer(&'static str),
    /// An error with this number, and the request's id if it has one.
    Error(i32),
    /// Nothing, for this reason.
    Nothing(&'static str),
}

/// What the request needs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    /// A connection.
    Connection,
    /// The right to see prices of its contract.
    Prices,
    /// The right to trade.
    Trade,
}

use Expect::{Answer, Error, Nothing};
use Needs::{Connection, Prices, Trade};

const ID: i32 = 901;
const ENDS: &str = "it ends something that is not there, which got its error before";
const STREAM: &str = "it begins a stream whose first message comes later";

struct Line {
    id: i32,
    request: Inbound,
    expect: Expect,
    needs: Needs,
}

fn line(id: i32, request: impl Into<Inbound>, expect: Expect, needs: Needs) -> Line {
    Line { id, request: request.into(), expect, needs }
}

fn orders() -> Vec<Line> {
    vec![
        line(3, order(ID, |_| {}), Answer("3"), Trade),
        line(4, CancelOrder { order_id: 77, ..Default::default() }, Error(10147), Connection),
        line(5, OpenOrders {}, Answer("53"), Connection),
        line(7, Executions { request_id: ID, ..Default::default() }, Answer("55"), Connection),
        line(8, Ids { count: Some(1) }, Answer("9"), Connection),
        line(
            15,
            AutoOpenOrders { auto_bind: true },
            Nothing("no order is placed by hand"),
            Connection,
        ),
        line(16, AllOpenOrders {}, Answer("53"), Connection),
        line(58, GlobalCancel {}, Nothing("each order that it cancels says so"), Trade),
        line(99, CompletedOrders { api_only: false }, Answer("102"), Connection),
        line(21, ExerciseOptions { request_id: ID, ..Default::default() }, Error(322), Connection),
    ]
}

fn account() -> Vec<Line> {
    let request_id = ID;
    vec![
        line(6, AccountUpdates { subscribe: true, ..Default::default() }, Answer("54"), Connection),
        line(17, ManagedAccts {}, Answer("15"), Connection),
        line(18, RequestFa { data_type: 1 }, Answer("16"), Connection),
        line(19, ReplaceFa { request_id, ..Default::default() }, Error(322), Connection),
        line(61, Positions {}, Answer("62"), Connection),
        line(
            62,
            AccountSummary { request_id, group: "All".to_owned(), tags: "BuyingPower".to_owned() },
            Answer("64"),
            Connection,
        ),
        line(63, CancelAccountSummary { request_id }, Nothing(ENDS), Connection),
        line(64, CancelPositions {}, Nothing(ENDS), Connection),
        line(74, PositionsMulti { request_id, ..Default::default() }, Answer("72"), Connection),
        line(75, CancelPositionsMulti { request_id }, Nothing(ENDS), Connection),
        line(
            76,
            AccountUpdatesMulti { request_id, ..Default::default() },
            Answer("74"),
            Connection,
        ),
        line(77, CancelAccountUpdatesMulti { request_id }, Nothing(ENDS), Connection),
        line(79, SoftDollarTiers { request_id }, Answer("77"), Connection),
        line(80, FamilyCodes {}, Answer("78"), Connection),
        line(92, Pnl { request_id, ..Default::default() }, Answer("94"), Connection),
        line(93, CancelPnl { request_id: 77 }, Error(300), Connection),
        line(
            94,
            PnlSingle { request_id, con_id: 700_001, ..Default::default() },
            Answer("95"),
            Connection,
        ),
        line(95, CancelPnlSingle { request_id: 77 }, Error(300), Connection),
    ]
}

fn prices(symbol: &str) -> Vec<Line> {
    let (request_id, contract) = (ID, stock(symbol));
    let bars = HistoricalData {
        request_id,
        contract: contract.clone(),
        bar_size: "1 day".to_owned(),
        duration: "5 D".to_owned(),
        what_to_show: "TRADES".to_owned(),
        ..Default::default()
    };
    let show = || "TRADES".to_owned();
    vec![
        line(
            1,
            MktData {
                request_id,
                contract: contract.clone(),
                snapshot: true,
                ..Default::default()
            },
            Answer("57"),
            Prices,
        ),
        line(2, CancelMktData { request_id: 77 }, Error(300), Connection),
        line(
            59,
            MarketDataType { data_type: 3 },
            Nothing("each later request says its kind"),
            Connection,
        ),
        line(
            10,
            MktDepth { request_id, contract: contract.clone(), rows: 5, ..Default::default() },
            Answer("12"),
            Prices,
        ),
        line(11, CancelMktDepth { request_id: 77, ..Default::default() }, Error(310), Connection),
        line(20, bars, Answer("17"), Prices),
        line(25, CancelHistoricalData { request_id: 77 }, Error(366), Connection),
        line(
            50,
            RealTimeBars {
                request_id,
                contract: contract.clone(),
                what_to_show: show(),
                ..Default::default()
            },
            Nothing(STREAM),
            Prices,
        ),
        line(51, CancelRealTimeBars { request_id: 77 }, Error(300), Connection),
        line(
            87,
            HeadTimestamp {
                request_id,
                contract: contract.clone(),
                what_to_show: show(),
                ..Default::default()
            },
            Answer("88"),
            Prices,
        ),
        line(90, CancelHeadTimestamp { request_id }, Nothing(ENDS), Connection),
    ]
}

fn single_ticks(symbol: &str) -> Line {
    let request = TickByTickData {
        request_id: ID,
        contract: stock(symbol),
        tick_type: "BidAsk".to_owned(),
        ..Default::default()
    };
    line(97, request, Answer("99"), Prices)
}

/// Prices of the past and calculations that are not there.
fn absent_prices() -> Vec<Line> {
    let request_id = ID;
    vec![
        line(88, HistogramData { request_id, ..Default::default() }, Error(322), Connection),
        line(89, CancelHistogramData { request_id }, Nothing(ENDS), Connection),
        line(96, HistoricalTicks { request_id, ..Default::default() }, Error(200), Connection),
        line(98, CancelTickByTickData { request_id: 77 }, Error(300), Connection),
        line(
            54,
            CalculateImpliedVolatility { request_id, ..Default::default() },
            Error(200),
            Connection,
        ),
        line(55, CalculateOptionPrice { request_id, ..Default::default() }, Error(200), Connection),
        line(56, CancelCalculateImpliedVolatility { request_id }, Nothing(ENDS), Connection),
        line(57, CancelCalculateOptionPrice { request_id }, Nothing(ENDS), Connection),
    ]
}

fn reference() -> Vec<Line> {
    let request_id = ID;
    vec![
        line(9, ContractDetails { request_id, contract: stock("AAPL") }, Answer("52"), Connection),
        line(78, SecDefOptParams { request_id, ..Default::default() }, Error(200), Connection),
        line(
            81,
            MatchingSymbols { request_id, pattern: "AA".to_owned() },
            Answer("79"),
            Connection,
        ),
        line(82, MktDepthExchanges {}, Answer("80"), Connection),
        line(83, SmartComponents { request_id, ..Default::default() }, Error(322), Connection),
        line(91, MarketRule { rule_id: 26 }, Answer("93"), Connection),
        line(52, FundamentalData { request_id, ..Default::default() }, Error(322), Connection),
        line(53, CancelFundamentalData { request_id }, Nothing(ENDS), Connection),
        line(12, NewsBulletins { all_messages: true }, Error(322), Connection),
        line(13, CancelNewsBulletins {}, Nothing(ENDS), Connection),
        line(84, NewsArticle { request_id, ..Default::default() }, Error(322), Connection),
        line(85, NewsProviders {}, Answer("85"), Connection),
        line(86, HistoricalNews { request_id, ..Default::default() }, Error(322), Connection),
        line(100, WshMetaData { request_id }, Error(322), Connection),
        line(101, CancelWshMetaData { request_id }, Nothing(ENDS), Connection),
        line(102, WshEventData { request_id, ..Default::default() }, Error(322), Connection),
        line(103, CancelWshEventData { request_id }, Nothing(ENDS), Connection),
        line(22, ScannerSubscription { request_id, ..Default::default() }, Error(322), Connection),
        line(23, CancelScannerSubscription { request_id }, Nothing(ENDS), Connection),
        line(24, ScannerParameters {}, Answer("19"), Connection),
    ]
}

fn session() -> Vec<Line> {
    let request_id = ID;
    vec![
        line(
            14,
            SetServerLogLevel { level: Some(5) },
            Nothing("logging has no level a connection"),
            Connection,
        ),
        line(49, CurrentTime {}, Answer("49"), Connection),
        line(71, StartApi { client_id: 9, ..Default::default() }, Error(321), Connection),
        line(104, UserInfo { request_id }, Answer("107"), Connection),
        line(67, QueryDisplayGroups { request_id }, Answer("67"), Connection),
        line(68, SubscribeToGroupEvents { request_id, group_id: 1 }, Error(322), Connection),
        line(69, UpdateDisplayGroup { request_id, ..Default::default() }, Error(322), Connection),
        line(70, UnsubscribeFromGroupEvents { request_id }, Nothing(ENDS), Connection),
        line(65, VerifyRequest::default(), Error(322), Connection),
        line(66, VerifyMessage::default(), Error(322), Connection),
        line(72, VerifyAndAuthRequest::default(), Error(322), Connection),
        line(73, VerifyAndAuthMessage::default(), Error(322), Connection),
    ]
}

/// Every request, about this symbol where it has one.
fn table(symbol: &str) -> Vec<Line> {
    let mut table = orders();
    for part in [account(), prices(symbol), absent_prices(), reference(), session()] {
        table.extend(part);
    }
    table.push(single_ticks(symbol));
    if symbol != "AAPL" {
        let other = |o: &mut PlaceOrder| o.contract = stock(symbol);
        table[0] = line(3, order(ID, other), Answer("3"), Trade);
    }
    table
}

/// What came of one request.
async fn outcome(client: &mut Raw, line: &Line) -> Vec<Message> {
    client.send(&line.request).await;
    let mut messages = Vec::new();
    if line.id == 49 {
        messages.extend(client.until("49").await);
    }
    messages.extend(client.barrier().await);
    messages
}

fn check(line: &Line, messages: &[Message]) {
    let name = line.request.name();
    let told = errors(messages);
    match line.expect {
        Answer(kind) => {
            assert!(messages.iter().any(|message| message[0] == kind), "{name}: {messages:?}");
            assert!(told.is_empty(), "{name}: {told:?}");
        }
        Error(code) => check_error(line, messages, code),
        Nothing(reason) => assert!(messages.is_empty(), "{name} ({reason}): {messages:?}"),
    }
}

fn check_error(line: &Line, messages: &[Message], code: i32) {
    let told = errors(messages);
    let id = line.request.request_id().unwrap_or(-1);
    assert_eq!(
        (told.len(), told[0].0, told[0].1),
        (1, id, code),
        "{}: {told:?}",
        line.request.name()
    );
    assert!(told[0].2.len() > 10, "{told:?}");
}

/// The error that a refused request gets.
fn refusal_of(id: i32) -> i32 {
    match id {
        1 | 10 => 354,
        20 | 50 | 87 => 162,
        97 => 10189,
        3 => 201,
        _ => 322,
    }
}

#[test]
fn list_has_every_request_that_the_codec_knows() {
    let listed: Vec<i32> = table("AAPL").iter().map(|line| line.id).collect();
    for id in 0..300 {
        let payload = format!("{id}\0");
        let decoded = Inbound::decode(Frame(payload.as_bytes()), ServerVersion::NEWEST);
        let exists = !matches!(decoded, Ok(Inbound::Unknown { .. }));
        assert_eq!(
            listed.iter().filter(|one| **one == id).count(),
            usize::from(exists),
            "message {id}"
        );
    }
    for line in table("AAPL") {
        let mut frame = Vec::new();
        line.request.encode(ServerVersion::NEWEST, &mut frame);
        assert!(frame[4..].starts_with(format!("{}\0", line.id).as_bytes()), "message {}", line.id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trading_credential_gets_an_answer_or_an_error_to_everything() {
    let server = Server::start().await;
    for (at, line) in (1..).zip(table("AAPL")) {
        let mut client = server.client("trading", at).await;
        check(&line, &outcome(&mut client, &line).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn read_only_credential_reads_all_and_trades_nothing() {
    let server = Server::start().await;
    for (at, line) in (1..).zip(table("AAPL")) {
        let mut client = server.client("read-only", at).await;
        let messages = outcome(&mut client, &line).await;
        if line.needs != Trade {
            check(&line, &messages);
            continue;
        }
        check_error(&line, &messages, refusal_of(line.id));
        assert!(errors(&messages)[0].2.contains("READ_ONLY"), "{messages:?}");
        if line.id == 3 {
            assert_eq!(statuses(&messages, ID), ["Inactive"]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn narrow_credential_sees_and_trades_no_other_symbol() {
    let server = Server::start().await;
    for (at, line) in (1..).zip(table("MSFT")) {
        let mut client = server.client("narrow", at).await;
        let messages = outcome(&mut client, &line).await;
        if line.needs == Prices || line.id == 3 {
            check_error(&line, &messages, refusal_of(line.id));
            assert!(errors(&messages)[0].2.contains("SYMBOL_NOT_ALLOWED"), "{messages:?}");
        } else {
            check(&line, &messages);
        }
    }
}

/// Connects once for each request, ends the credential, then sends: nothing may be answered but
/// with errors, and the last one says why the connection ends.
async fn nothing_after_the_end(server: Server, end: impl AsyncFnOnce(&Server), word: &str) {
    let mut clients = Vec::new();
    for (at, line) in (1..).zip(table("AAPL")) {
        clients.push((server.client("trading", at).await, line));
    }
    end(&server).await;
    for (client, line) in &mut clients {
        client.send(&line.request).await;
        let messages = client.rest().await;
        let told = errors(&messages);
        let name = line.request.name();
        let others = messages.iter().filter(|message| message[0] != "4" && message[0] != "3");
        assert_eq!(others.count(), 0, "{name}: {messages:?}");
        assert!(told.iter().all(|error| error.2.contains(word)), "{name}: {told:?}");
        assert_eq!(
            told.last().map(|error| (error.0, error.1)),
            Some((-1, 1100)),
            "{name}: {told:?}"
        );
    }
    assert!(server.gate.view().await.unwrap().open_orders.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn revoked_credential_gets_nothing_but_the_reason() {
    let end = async |server: &Server| {
        let found = server.gate.credentials().find("trading").await.unwrap();
        let actor = Actor::Operator { uid: 0 };
        server.gate.credentials().revoke(&actor, found.credential.id, true).await.unwrap();
    };
    nothing_after_the_end(Server::start().await, end, "CREDENTIAL_REVOKED").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn locked_account_gives_nothing_but_the_reason() {
    let end = async |server: &Server| {
        let account = server.gate.view().await.unwrap().account;
        let actor = Actor::Operator { uid: 0 };
        server
            .gate
            .locks()
            .lock(&actor, LockTarget::Account(account.into()), Grade::All)
            .await
            .unwrap();
    };
    // A lock of this grade ends the credentials of the account.
    nothing_after_the_end(Server::start().await, end, "CREDENTIAL_REVOKED").await;
}
