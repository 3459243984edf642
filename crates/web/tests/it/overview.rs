//! The overview, charts, contracts and the search.

use axum::http::StatusCode;
use futures_util::StreamExt as _;
use rust_decimal::Decimal;

use crate::place::{Place, Visitor};

/// Buys or sells at the market from the portal.
async fn trade(visitor: &mut Visitor<'_>, symbol: &str, side: &str, quantity: &str) {
    let order = [
        ("symbol", symbol),
        ("side", side),
        ("quantity", quantity),
        ("type", "MKT"),
        ("tif", "DAY"),
    ];
    let key = visitor.post("/ticket/preview", &order).await.hidden("key");
    let fields: Vec<_> = order.into_iter().chain([("key", key.as_str())]).collect();
    let sent = visitor.post("/ticket/confirm", &fields).await;
    assert!(sent.to().ends_with("?placed=1"), "{}", sent.body);
}

/// What *Close* sends for ten shares that are held long.
const CLOSE: [(&str, &str); 6] = [
    ("symbol", "AAPL"),
    ("side", "sell"),
    ("quantity", "10"),
    ("type", "MKT"),
    ("tif", "DAY"),
    ("reduce", "1"),
];

#[tokio::test]
async fn overview_shows_totals_percentages_the_curve_and_who_made_the_positions() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    trade(&mut visitor, "AAPL", "buy", "10").await;
    trade(&mut visitor, "MSFT", "sell", "4").await;
    let page = visitor.get("/").await;
    let view = place.gate.view().await.unwrap();
    let value: Decimal = view.positions.iter().map(trade::Holding::value).sum();
    let foot = page.body.split("<tfoot>").nth(1).unwrap().split("</tfoot>").next().unwrap();
    let total = access::number::grouped(&format!("{:.2}", value.round_dp(2)));
    assert!(foot.contains(&total), "{total}: {foot}");
    assert!(foot.contains("\u{a0}%") && foot.contains("Total"));
    assert!(page.says("Net liquidation, USD") && page.body.contains("class=\"plot\""));
    let exposure = page.body.split("id=\"exposure\"").nth(1).unwrap();
    assert!(exposure.contains("The portal"), "{exposure}");
    assert!(!page.body.contains("style="), "the content policy allows none");
    let month = visitor.get("/?range=month").await;
    assert!(month.body.contains("href=\"/?range=month\" aria-current=\"true\""), "{}", month.body);
}

#[tokio::test]
async fn overview_shows_the_newest_of_many_open_orders_and_the_list_no_more_than_it_says() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    let bid =
        place.gate.markets().quotes().get(access::SymbolId(700_001)).unwrap().bid().unwrap().price;
    let all = place.gate.credentials().list(None).await.unwrap();
    let trading = all.iter().find(|info| info.credential.name.as_str() == "trading").unwrap();
    let address = std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    let door = gate::SocketProof { credential: trading.credential.id, address, token: None };
    let program = place.gate.enter_socket(&door).unwrap();
    for number in 0..230_i32 {
        let price = trade::Ticks(bid.0 - 200 - i64::from(number));
        let order = trade::NewOrder {
            account: place.gate.account(),
            symbol: access::SymbolId(700_001),
            side: access::Side::Buy,
            quantity: 1,
            order_type: trade::OrderType::Limit { price },
            tif: trade::TimeInForce::Gtc,
            outside_hours: false,
            origin: trade::Origin {
                holder: access::Holder::System,
                client_id: 1,
                order_id: number + 1,
            },
            parent: None,
            oca: None,
            reference: None,
        };
        place
            .gate
            .orders()
            .submit(&program, address, gate::OrderRequest::Place(vec![order]))
            .unwrap();
    }
    place.gate.orders().flush().await.unwrap();
    let view = place.gate.view().await.unwrap();
    let ids: Vec<String> = view.open_orders.iter().map(|order| order.id.to_string()).collect();
    let rows = |body: &str| body.matches("class=\"mono\">#").count();
    let page = visitor.get("/").await;
    assert!(page.says("The newest 10 of 230"), "{}", page.body);
    assert!(page.body.contains(ids.last().unwrap()) && !page.body.contains(&ids[0]));
    assert_eq!(rows(&page.body), 10);
    assert_eq!(page.body.matches("aria-label=\"Cancel order ").count(), 10);
    let list = visitor.get("/orders?show=open").await;
    assert!(list.says("The newest 200 of 230"), "{}", list.body);
    assert!(list.body.contains(&ids[30]) && !list.body.contains(&ids[29]));
}

#[tokio::test]
async fn close_goes_to_its_confirmation_at_once_and_never_past_flat() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    trade(&mut visitor, "AAPL", "buy", "10").await;
    let page = visitor.get("/contracts/AAPL").await;
    let form = page.body.split("action=\"/ticket/preview\"").nth(1).unwrap();
    assert!(form.contains("data-key=\"c\"") && form.contains("name=\"quantity\" value=\"10\""));
    let mut close = CLOSE;
    let confirm = visitor.post("/ticket/preview", &close).await;
    assert!(confirm.says("Confirm this order"), "{}", confirm.body);
    let key = confirm.hidden("key");
    assert_eq!(confirm.hidden("reduce"), "1");
    // Something else sold a part of it meanwhile.
    trade(&mut visitor, "AAPL", "sell", "6").await;
    let fields: Vec<_> = close.into_iter().chain([("key", key.as_str())]).collect();
    let late = visitor.post("/ticket/confirm", &fields).await;
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(late.says("more than the 4 held long"), "{}", late.body);
    // A confirmation cannot be turned into one that may do more.
    let open: Vec<_> = fields.iter().copied().filter(|(name, _)| *name != "reduce").collect();
    assert_eq!(visitor.post("/ticket/confirm", &open).await.status, StatusCode::CONFLICT);
    close[2].1 = "4";
    let key = visitor.post("/ticket/preview", &close).await.hidden("key");
    let fields: Vec<_> = close.into_iter().chain([("key", key.as_str())]).collect();
    visitor.post("/ticket/confirm", &fields).await.to();
    let view = place.gate.view().await.unwrap();
    assert_eq!(view.position(access::SymbolId(700_001)).unwrap().position.shares, 0);
    assert!(!visitor.get("/contracts/AAPL").await.body.contains("data-key=\"c\""));
}

/// The curve that a page holds is sent again each minute, in the range that the page shows.
#[tokio::test]
async fn curve_comes_again_with_the_stream() {
    let clock = gate::Clock::manual(access::Time::from_seconds(1_795_532_400));
    let place = Place::at(&clock).await;
    let mut visitor = place.signed_in().await;
    let page = visitor.get("/?range=month").await;
    assert!(page.body.contains("data-live=\"/events?range=month\""), "{}", page.body);
    let mut stream = place.stream(&visitor, "/events?range=month").await;
    let mut next = async || String::from_utf8(stream.next().await.unwrap().unwrap().to_vec());
    let first = next().await.unwrap();
    assert!(first.contains("event: fragment") && !first.contains("id=\"equity\""), "{first}");
    clock.set(clock.stamp() + access::Span::seconds(61));
    loop {
        let told = next().await.unwrap();
        if told.contains("event: curve") {
            assert!(
                told.contains("id=\"equity\"") && told.contains("range=month\" aria-current"),
                "{told}"
            );
            break;
        }
    }
}

/// Two orders that only reduce wait for the same shares, and close them once.
#[tokio::test]
async fn orders_that_only_reduce_end_with_the_position() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    trade(&mut visitor, "AAPL", "buy", "10").await;
    let quote =
        place.gate.markets().quotes().get(access::SymbolId(700_001)).unwrap().ask().unwrap();
    let price = (Decimal::new(quote.price.0, 2) + Decimal::TEN).to_string();
    let mut exit = [
        ("symbol", "AAPL"),
        ("side", "sell"),
        ("quantity", "10"),
        ("type", "LMT"),
        ("price", price.as_str()),
        ("tif", "DAY"),
        ("reduce", "1"),
    ];
    let mut pages = Vec::new();
    for _ in 0..2 {
        let key = visitor.post("/ticket/preview", &exit).await.hidden("key");
        let fields: Vec<_> = exit.into_iter().chain([("key", key.as_str())]).collect();
        pages.push(visitor.post("/ticket/confirm", &fields).await.to().to_owned());
    }
    assert!(visitor.get(&pages[0]).await.says("Reduce only"));
    assert_eq!(place.gate.view().await.unwrap().open_orders.len(), 2);
    exit[2].1 = "11";
    let more = visitor.post("/ticket/preview", &exit).await;
    assert!(more.says("ORDER_PAST_FLAT") && more.says("more than the 10 held long"));
    // Closing at the market leaves nothing that could open a position.
    (exit[2].1, exit[3].1) = ("10", "MKT");
    let confirm = visitor.post("/ticket/preview", &exit).await;
    assert!(confirm.says("Confirm this order"), "{}", confirm.body);
    assert!(!confirm.says("more shares"), "{}", confirm.body);
    let key = confirm.hidden("key");
    let fields: Vec<_> = exit.into_iter().chain([("key", key.as_str())]).collect();
    visitor.post("/ticket/confirm", &fields).await.to();
    assert!(place.gate.view().await.unwrap().open_orders.is_empty());
    assert!(visitor.get(&pages[1]).await.says("POSITION_CLOSED"));
}

/// Under a lock that leaves only reducing, Close also ends the exit that could open the other side.
#[tokio::test]
async fn close_under_a_lock_cancels_the_open_exit_and_says_so() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    trade(&mut visitor, "AAPL", "buy", "10").await;
    let quote =
        place.gate.markets().quotes().get(access::SymbolId(700_001)).unwrap().ask().unwrap();
    let price = (Decimal::new(quote.price.0, 2) + Decimal::TEN).to_string();
    let exit = [
        ("symbol", "AAPL"),
        ("side", "sell"),
        ("quantity", "10"),
        ("type", "LMT"),
        ("price", price.as_str()),
        ("tif", "GTC"),
    ];
    let key = visitor.post("/ticket/preview", &exit).await.hidden("key");
    let fields: Vec<_> = exit.into_iter().chain([("key", key.as_str())]).collect();
    let exit = visitor.post("/ticket/confirm", &fields).await.to().to_owned();
    let id = exit.trim_start_matches("/orders/").trim_end_matches("?placed=1").to_owned();
    visitor.post("/lock", &[("grade", "reduce-only")]).await;
    let confirm = visitor.post("/ticket/preview", &CLOSE).await;
    assert!(confirm.says("This cancels an open exit first"), "{}", confirm.body);
    assert!(confirm.says(&format!("order {id}")), "{}", confirm.body);
    let key = confirm.hidden("key");
    let fields: Vec<_> = CLOSE.into_iter().chain([("key", key.as_str())]).collect();
    visitor.post("/ticket/confirm", &fields).await.to();
    let view = place.gate.view().await.unwrap();
    assert!(view.open_orders.is_empty(), "the exit is gone");
    assert_eq!(view.position(access::SymbolId(700_001)).unwrap().position.shares, 0);
}

#[tokio::test]
async fn contract_says_symbol_and_exchange_and_has_a_chart_of_every_range() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    for (range, rows) in [("day", 1), ("days", 2), ("month", 15), ("year", 50), ("nonsense", 1)] {
        let page = visitor.get(&format!("/contracts/AAPL?range={range}")).await;
        let heading = page.body.split("<h1>").nth(1).unwrap().split("</h1>").next().unwrap();
        assert!(heading.starts_with("AAPL, Apple"), "{heading}");
        assert!(page.says("NASDAQ") && page.says("As a table") && page.says("Last "));
        let table = page.body.split("As a table").nth(1).unwrap();
        let count = table.split("</table>").next().unwrap().matches("<tr>").count();
        assert!(count > rows, "{range}: {count}");
    }
    assert!(visitor.get("/contracts/AAPL").await.body.contains("<svg class=\"size"));
}

#[tokio::test]
async fn contracts_are_sorted_by_links_and_come_as_a_stream() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    let order = |body: &str| -> Vec<String> {
        let links = body.split("<td class=\"key\"><a class=\"mono\" href=\"/contracts/").skip(1);
        links.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
    };
    let usual = order(&visitor.get("/contracts").await.body);
    let mut sorted = usual.clone();
    sorted.sort();
    assert!(usual.len() > 10 && usual == sorted, "{usual:?}");
    sorted.reverse();
    assert_eq!(order(&visitor.get("/contracts?sort=-symbol").await.body), sorted);
    let quotes = place.gate.markets().quotes();
    let contracts = trade::Instruments::builtin();
    let page = visitor.get("/contracts?sort=-volume").await;
    let volumes: Vec<u64> = order(&page.body)
        .iter()
        .map(|symbol| quotes.get(contracts.named(symbol).unwrap().id).unwrap().volume)
        .collect();
    assert!(volumes.is_sorted_by(|one, next| one >= next), "{volumes:?}");
    assert!(page.body.contains("aria-sort=\"descending\""));
    let found = visitor.get("/contracts?q=apple&sort=-percent").await;
    assert_eq!(order(&found.body), ["AAPL"]);
    assert!(found.body.contains("/events?contracts=1&amp;sort=-percent&amp;q=apple"));
    let mut stream = place.stream(&visitor, "/events?contracts=1&sort=-percent&q=apple").await;
    let told = String::from_utf8(stream.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(told.contains("AAPL") && !told.contains("MSFT"), "{told}");
}

#[tokio::test]
async fn search_finds_contracts_orders_and_credentials_and_shows_the_keys() {
    let place = Place::new().await;
    let mut visitor = place.signed_in().await;
    trade(&mut visitor, "MSFT", "buy", "3").await;
    let view = place.gate.view().await.unwrap();
    let order = view.completed_orders.last().unwrap().id;
    let all = place.gate.credentials().list(None).await.unwrap();
    let narrow = all.iter().find(|info| info.credential.name.as_str() == "narrow").unwrap();
    let to_order = format!("href=\"/orders/{order}\"");
    let to_credential = format!("href=\"/credentials/{}\"", narrow.credential.id);
    for (typed, link) in [
        ("micros", "href=\"/contracts/MSFT\""),
        ("msft", &*to_order),
        (&*format!("%23{order}"), &*to_order),
        ("NARR", &*to_credential),
    ] {
        let page = visitor.get(&format!("/search?q={typed}")).await;
        assert!(page.body.contains(link), "{typed}: {}", page.body);
    }
    let page = visitor.get("/search?q=%3Cb%3Ezz").await;
    assert!(page.says("Nothing found") && !page.body.contains("<b>zz"), "{}", page.body);
    assert!(page.says("Keyboard shortcuts") && page.body.contains("id=\"keys\""));
    let part = [("accept", "text/vnd.floorpass.fragment")];
    let part = visitor.get_with("/search?q=msft", &part).await;
    assert!(!part.body.contains("<html") && part.body.contains(&to_order), "{}", part.body);
}

/// What ends today or tomorrow says so beside its name.
#[tokio::test]
async fn position_that_ends_soon_says_so() {
    // Of Friday, 27 November: on the Wednesday, the Thursday and the Friday.
    let expected = [None, Some("Expires tomorrow"), Some("Expires today")];
    for (days, words) in (0_i64..).zip(expected) {
        let wednesday = access::Time::from_seconds(1_795_622_400);
        let clock = gate::Clock::manual(wednesday + access::Span::days(days));
        let place = Place::at(&clock).await;
        let mut visitor = place.signed_in().await;
        let listed = place.gate.markets().series_on(access::SymbolId(700_001));
        let friday = trade::calendar::Day::of(2026, 11, 27);
        let option = listed.iter().find(|one| one.expiry == Some(friday)).unwrap();
        trade(&mut visitor, "AAPL", "buy", "1").await;
        trade(&mut visitor, &option.key(), "buy", "1").await;
        let page = visitor.get("/").await;
        for text in ["Expires tomorrow", "Expires today"] {
            assert_eq!(page.says(text), words == Some(text), "{days}: {text}");
        }
    }
}
