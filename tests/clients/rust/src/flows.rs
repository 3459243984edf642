//! The flows: each connects by itself and cancels what it leaves open.

use std::time::Duration;

use ibapi::contracts::Contract;
use ibapi::market_data::historical::HistoricalBarUpdate;
use ibapi::orders::{Executions, TimeInForce};
use ibapi::prelude::*;
use time::macros::datetime;

use crate::desk::{Checks, Desk, Failure, Server};

type Flow = fn(&Server, &mut Checks, i32) -> Result<(), Failure>;

pub const FLOWS: [(&str, Flow); 11] = [
    ("connect", connect),
    ("instruments", instruments),
    ("quotes", quotes),
    ("bars", bars),
    ("history", history),
    ("limit_modify_cancel", limit_modify_cancel),
    ("market_order", market_order),
    ("bracket", bracket),
    ("reconciliation", reconciliation),
    ("duplicate_id", duplicate_id),
    ("refused", refused),
];

const FAR_BELOW: f64 = 1.0;
const SOON: Duration = Duration::from_secs(15);

fn stock() -> Contract {
    Contract::stock("AAPL").build()
}

fn connect(server: &Server, checks: &mut Checks, cid: i32) -> Result<(), Failure> {
    let desk = Desk::connect(server, cid)?;
    checks.that("the version", desk.client.server_version() == 178, desk.client.server_version());
    let accounts = desk.client.managed_accounts()?;
    checks.that("the account", accounts == [server.account.clone()], accounts);
    checks.that(
        "the server's zone",
        desk.client.time_zone().is_some(),
        desk.client.connection_time(),
    );
    let apart = (desk.client.server_time()? - time::OffsetDateTime::now_utc()).abs();
    checks.that("the server's time", apart < time::Duration::minutes(1), apart);
    let told = desk.client.connection_time().map(|at| (at - time::OffsetDateTime::now_utc()).abs());
    checks.that(
        "the time of the connection",
        told.is_some_and(|d| d < time::Duration::minutes(1)),
        told,
    );
    let mut tags = Vec::new();
    let wanted = &[AccountSummaryTags::NET_LIQUIDATION, AccountSummaryTags::BUYING_POWER];
    let summary = desk.client.account_summary(&"All".into(), wanted)?;
    for row in summary.timeout_iter(SOON) {
        match row {
            AccountSummaryResult::Summary(row) => tags.push((row.tag, row.value)),
            AccountSummaryResult::End => break,
        }
    }
    checks.that(
        "the summary",
        tags.len() == 2
            && tags.iter().all(|(_, value)| value.parse::<f64>().is_ok_and(|v| v > 0.0)),
        tags,
    );
    Ok(())
}

fn instruments(server: &Server, checks: &mut Checks, cid: i32) -> Result<(), Failure> {
    let desk = Desk::connect(server, cid)?;
    let found = desk.client.contract_details(&stock())?;
    let details = found.first().ok_or("AAPL has no description")?;
    checks.that(
        "a name, a category and hours",
        !details.long_name.is_empty()
            && !details.subcategory.is_empty()
            && !details.liquid_hours.is_empty(),
        details,
    );
    checks.that("a tick", details.min_tick > 0.0 && details.price_magnifier == 1, details.min_tick);
    let isin =
        details.sec_id_list.iter().find(|pair| pair.tag == "ISIN").map(|pair| pair.value.clone());
    checks.that("the ISIN", isin.as_deref() == Some("US0378331005"), &isin);
    let again = desk.client.contract_details(&Contract {
        security_id_type: "ISIN".to_owned(),
        security_id: isin.unwrap_or_default(),
        ..Contract::default()
    })?;
    checks.that(
        "found by it",
        again.first().is_some_and(|d| d.contract.contract_id == details.contract.contract_id),
        again,
    );
    let rule = details.market_rule_ids.first().ok_or("no market rule")?.parse()?;
    let rule = desk.client.market_rule(rule)?;
    checks.that(
        "its market rule",
        rule.price_increments.first().is_some_and(|step| step.increment == details.min_tick),
        rule,
    );
    let none = desk.client.contract_details(&Contract::stock("NOSUCHNAME").build());
    checks.that(
        "an unknown name is 200",
        matches!(&none, Err(ibapi::Error::Message(200, _))),
        none,
    );
    let matching: Vec<_> = desk.client.matching_symbols("AAP")?.collect();
    checks.that(
        "a pattern finds it",
        matching.iter().any(|found| found.contract.symbol.as_str() == "AAPL"),
        matching,
    );
    Ok(())
}

fn quotes(server: &Server, checks: &mut Checks, cid: i32) -> Result<(), Failure> {
    let desk = Desk::connect(server, cid)?;
    let contract = stock();
    let ticks = desk.client.market_data(&contract).subscribe()?;
    let (mut bid, mut ask, mut seen) = (0.0, 0.0, 0);
    for tick in ticks.timeout_iter(SOON) {
        let (kind, price) = match tick {
            TickTypes::Price(tick) => (tick.tick_type, tick.price),
            TickTypes::PriceSize(tick) => (tick.price_tick_type, tick.price),
            _ => continue,
        };
        match format!("{kind:?}").as_str() {
            "Bid" => bid = price,
            "Ask" => ask = price,
            _ => continue,
        }
        seen += 1;
        // A market that rises shows its new bid before its new ask.
        if seen >= 4 && bid > 0.0 && bid < ask {
            break;
        }
    }
    checks.that(
        "bid below ask, and it streams",
        0.0 < bid && bid < ask && seen >= 4,
        (bid, ask, seen),
    );
    ticks.cancel();
    let mut ended = false;
    for tick in desk.client.market_data(&contract).snapshot().subscribe()?.timeout_iter(SOON) {
        if matches!(tick, TickTypes::SnapshotEnd) {
            ended = true;
            break;
        }
    }
    checks.that("a snapshot ends", ended, "");
    let single = desk.client.tick_by_tick_bid_ask(&contract, 0, false)?;
    let first = single.next_timeout(SOON);
    checks.that(
        "single quotes",
        first.as_ref().is_some_and(|tick| 0.0 < tick.bid_price && tick.bid_price < tick.ask_price),
        (&first, single.error()),
    );
    Ok(())
}

fn bars(server: &Server, checks: &mut Checks, cid: i32) -> Result<(), Failure> {
    let desk = Desk::connect(server, cid)?;
    let contract = stock();
    let live = desk.client.realtime_bars(
        &contract,
        RealtimeBarSize::Sec5,
        RealtimeWhatToShow::Trades,
        TradingHours::Extended,
    )?;
    let bar = live.next_timeout(SOON);
    checks.that(
        "real-time bars",
        bar.as_ref().is_some_and(|b| {
            b.low <= b.open && b.open <= b.high && b.low <= b.close && b.close <= b.high
        }),
        (&bar, live.error()),
    );
    live.cancel();
    let growing = desk.client.historical_data_streaming(
        &contract,
        1.days(),
        HistoricalBarSize::Min,
        Some(HistoricalWhatToShow::Trades),
        TradingHours::Extended,
        true,
    )?;
    let first = growing.next();
    checks.that(
        "bars up to now",
        matches!(&first, Some(HistoricalBarUpdate::Historical(data)) if !data.bars.is_empty()),
        &first,
    );
    let next = growing.next_timeout(SOON);
    checks.that(
        "and the one that grows",
        matches!(&next, Some(HistoricalBarUpdate::Update(bar)) if bar.close > 0.0),
        &next,
    );
    Ok(())
}

fn history(server: &Server, checks: &mut Checks, cid: i32) -> Result<(), Failure> {
    let desk = Desk::connect(server, cid)?;
    let contract = stock();
    let now = time::OffsetDateTime::now_utc();
    for (end, what) in [
        (None, HistoricalWhatToShow::Trades),
        (Some(datetime!(2026-06-01 20:00 UTC)), HistoricalWhatToShow::BidAsk),
        (None, HistoricalWhatToShow::MidPoint),
    ] {
        let data = desk.client.historical_data(
            &contract,
            end,
            5.days(),
            HistoricalBarSize::Day,
            what,
            TradingHours::Regular,
        )?;
        checks.that(&format!("five days of {what:?}"), data.bars.len() == 5, &data.bars);
        checks.that(
            "sound bars in order",
            data.bars.iter().all(|b| {
                b.low <= b.open && b.open <= b.high && b.low <= b.close && b.close <= b.high
            }) && data.bars.is_sorted_by_key(|b| b.date),
            &data.bars,
        );
        checks.that(
            "where they begin and end",
            data.start < data.end && data.end <= end.unwrap_or(now) + time::Duration::days(1),
            (data.start, data.end),
        );
    }
    let minutes = desk.client.historical_data(
        &contract,
        None,
        3600.seconds(),
        HistoricalBarSize::Min,
        HistoricalWhatToShow::Trades,
        TradingHours::Extended,
    )?;
    let gaps: Vec<_> = minutes
        .bars
        .iter()
        .zip(minutes.bars.iter().skip(1))
        .map(|(one, two)| two.date - one.date)
        .collect();
    checks.that(
        "minutes follow each other",
        gaps.len() > 50
            && gaps.iter().filter(|gap| **gap == time::Duration::minutes(1)).count() + 1
                >= gaps.len(),
        gaps.len(),
    );
    let schedule = desk.client.historical_schedules_ending_now(&contract, 5.days())?;
    checks.that("a schedule", schedule.sessions.len() == 5, schedule);
    let head = desk.client.head_timestamp(
        &contract,
        HistoricalWhatToShow::Trades,
        TradingHours::Regular,
    )?;
    checks.that("history begins before it ends", head < now, head);
    Ok(())
}

fn limit_modify_cancel(server: &Server, checks: &mut Checks, cid: i32) -> Result<(), Failure> {
    let desk = Desk::connect(server, cid)?;
    let mut order = order_builder::limit_order(Action::Buy, 5.0, FAR_BELOW);
    order.order_ref = "resting".to_owned();
    let id = desk.place(&stock(), &order)?;
    checks.that("rests", desk.until(|d| d.works(id) && d.opened(id).is_some()), desk.notices());
    let perm_id = desk.status(id).ok_or("no status")?.perm_id;
    checks.that(
        "and works at the server",
        server.state(perm_id)? == "working",
        server.state(perm_id)?,
    );
    let mut read = desk.opened(id).ok_or("no order was read")?.order;
    checks.that(
        "its reference and no stop price",
        read.order_ref == "resting" && read.aux_price == Some(0.0),
        &read,
    );
    (read.limit_price, read.total_quantity) = (Some(2.5), 9.0);
    desk.client.submit_order(id, &stock(), &read)?;
    checks.that(
        "changed by what was read",
        desk.until(|d| {
            d.opened(id)
                .is_some_and(|o| o.order.limit_price == Some(2.5) && o.order.total_quantity == 9.0)
        }),
        desk.notices(),
    );
    let row = server.about("orders", perm_id)?;
    checks.that(
        "and at the server",
        row.first().is_some_and(|row| row["quantity"] == 9 && row.to_string().contains("2.50")),
        &row,
    );
    read.limit_price = Some(2.505);
    desk.client.submit_order(id, &stock(), &read)?;
    checks.that(
        "a price between two ticks is 110",
        desk.until(|d| d.notices().iter().any(|(code, _)| *code == 110)),
        desk.notices(),
    );
    checks.that(
        "and ends nothing",
        desk.works(id) && server.state(perm_id)? == "working",
        desk.status(id),
    );
    checks.that("cancelled", desk.cancel(id)?, desk.notices());
    checks.that("and at the server", server.state(perm_id)? == "cancelled", server.state(perm_id)?);
    Ok(())
}

fn market_order(server: &Server, checks: &mut Checks, cid: i32) -> Result<(), Failure> {
    let desk = Desk::connect(server, cid)?;
    for action in [Action::Buy, Action::Sell] {
        let id = desk.place(&stock(), &order_builder::market_order(action, 3.0))?;
        checks.that("filled", desk.until(|d| d.is(id, &["Filled"])), desk.notices());
        checks.that(
            "executions add up",
            desk.until(|d| d.executions(id).iter().map(|e| e.execution.shares).sum::<f64>() == 3.0),
            desk.executions(id),
        );
        checks.that(
            "each with its commission",
            desk.until(|d| d.commissions(id).len() == d.executions(id).len()),
            desk.commissions(id),
        );
        let told: f64 = desk.commissions(id).iter().map(|report| report.commission).sum();
        let perm_id = desk.status(id).ok_or("no status")?.perm_id;
        let rows = server.about("executions", perm_id)?;
        let kept: f64 =
            rows.iter().filter_map(|row| row["commission"].as_str()?.parse::<f64>().ok()).sum();
        checks.that(
            "the commission is the server's",
            told >= 1.0 && (told - kept).abs() < 0.005,
            (told, &rows),
        );
        let shares: i64 = rows.iter().filter_map(|row| row["quantity"].as_i64()).sum();
        checks.that(
            "and so are the shares",
            shares == 3 && server.state(perm_id)? == "filled",
            rows,
        );
    }
    Ok(())
}

fn bracket(server: &Server, checks: &mut Checks, cid: i32) -> Result<(), Failure> {
    let desk = Desk::connect(server, cid)?;
    let parent = desk.client.next_order_id();
    let orders = order_builder::bracket_order(parent, Action::Buy, 5.0, FAR_BELOW, 3.0, 0.5);
    for (at, order) in orders.iter().enumerate() {
        if at > 0 {
            desk.client.next_order_id();
        }
        desk.client.submit_order(order.order_id, &stock(), order)?;
    }
    let ids: Vec<i32> = orders.iter().map(|order| order.order_id).collect();
    checks.that(
        "all three work",
        desk.until(|d| ids.iter().all(|id| d.works(*id))),
        desk.notices(),
    );
    checks.that(
        "children name the parent",
        ids.iter().skip(1).all(|id| desk.opened(*id).is_some_and(|o| o.order.parent_id == parent)),
        "",
    );
    let perm_ids: Vec<i32> = ids.iter().filter_map(|id| Some(desk.status(*id)?.perm_id)).collect();
    checks.that(
        "cancelled with the parent",
        desk.cancel(parent)? && desk.until(|d| ids.iter().all(|id| d.is(*id, &["Cancelled"]))),
        desk.notices(),
    );
    for perm_id in perm_ids {
        checks.that(
            "and at the server",
            server.state(perm_id)? == "cancelled",
            server.state(perm_id)?,
        );
    }
    Ok(())
}

fn reconciliation(server: &Server, checks: &mut Checks, cid: i32) -> Result<(), Failure> {
    let first = Desk::connect(server, cid)?;
    let mut order = order_builder::limit_order(Action::Buy, 5.0, FAR_BELOW);
    order.tif = TimeInForce::GoodTilCanceled;
    let id = first.place(&stock(), &order)?;
    checks.that("rests", first.until(|d| d.works(id)), first.notices());
    let bought = first.place(&stock(), &order_builder::market_order(Action::Buy, 2.0))?;
    checks.that("bought", first.until(|d| d.is(bought, &["Filled"])), first.notices());
    let perm_id = first.status(id).ok_or("no status")?.perm_id;
    first.client.disconnect();
    drop(first);
    checks.that(
        "it outlives its connection",
        server.state(perm_id)? == "working",
        server.state(perm_id)?,
    );

    let desk = Desk::again(server, cid)?;
    let next = desk.client.next_order_id();
    checks.that("the next id is above both", next > bought && next > id, (next, bought));
    let open: Vec<_> = desk.client.open_orders()?.timeout_iter(SOON).collect();
    checks.that("the order is there", open.iter().any(|row| matches!(row, Orders::OrderData(data) if data.order_id == id && data.order.limit_price == Some(FAR_BELOW) && data.order.perm_id == perm_id)), &open);
    let completed: Vec<_> = desk.client.completed_orders(false)?.timeout_iter(SOON).collect();
    checks.that(
        "the filled order is over",
        completed.iter().any(
            |row| matches!(row, Orders::OrderData(data) if data.order_state.status == "Filled"),
        ),
        completed.len(),
    );
    let executions: Vec<_> =
        desk.client.executions(ExecutionFilter::default())?.timeout_iter(SOON).collect();
    let is_ours = |row: &Executions| matches!(row, Executions::ExecutionData(data) if data.execution.order_id == bought);
    checks.that("its execution is told again", executions.iter().any(is_ours), executions.len());
    let mut held = 0.0;
    for row in desk.client.positions()?.timeout_iter(SOON) {
        match row {
            PositionUpdate::Position(row) if row.contract.symbol.as_str() == "AAPL" => {
                held = row.position
            }
            PositionUpdate::Position(_) => {}
            PositionUpdate::PositionEnd => break,
        }
    }
    let rows = server.says("positions")?;
    let kept = rows["positions"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|row| row["symbol"] == "AAPL")
        .and_then(|row| row["quantity"].as_f64());
    checks.that("the position is the server's", kept == Some(held) && held >= 2.0, (kept, held));
    checks.that("cancelled by the second connection", desk.cancel(id)?, desk.notices());
    checks.that("and at the server", server.state(perm_id)? == "cancelled", server.state(perm_id)?);
    let sold = desk.place(&stock(), &order_builder::market_order(Action::Sell, 2.0))?;
    checks.that("sold", desk.until(|d| d.is(sold, &["Filled"])), desk.notices());
    Ok(())
}

fn duplicate_id(server: &Server, checks: &mut Checks, cid: i32) -> Result<(), Failure> {
    let first = Desk::connect(server, cid)?;
    let second = Desk::connect(server, cid).map(|_| ()).map_err(|failure| failure.to_string());
    checks.that("the second is refused", second.is_err(), &second);
    checks.that("the first lives on", first.client.server_time().is_ok(), "");
    Ok(())
}

fn refused(server: &Server, checks: &mut Checks, cid: i32) -> Result<(), Failure> {
    let desk = Desk::connect(server, cid)?;
    let before = server.says("orders")?.as_array().map_or(0, Vec::len);
    let order = order_builder::limit_order(Action::Buy, 10_000_000.0, FAR_BELOW);
    let id = desk.client.next_order_id();
    let told = desk.client.place_order(id, &stock(), &order)?;
    let mut said = Vec::new();
    while let Some(update) = told.next_timeout(Duration::from_secs(2)) {
        said.push(format!("{update:?}"));
    }
    said.extend(told.error().map(|error| format!("{error:?}")));
    checks.that("201 reaches the program", said.iter().any(|text| text.contains("201")), &said);
    checks.that("the order ends", said.iter().any(|text| text.contains("Inactive")), &said);
    let after = server.says("orders")?;
    checks.that("and none is at the server", after.as_array().map_or(0, Vec::len) == before, after);
    checks.that(
        "the stream of all orders has it too",
        desk.until(|d| d.notices().iter().any(|(code, _)| *code == 201)),
        desk.notices(),
    );
    Ok(())
}
