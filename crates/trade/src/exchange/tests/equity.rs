//! The past that is worked back is the one that was.

use std::collections::BTreeMap;

use super::market3::{every_product, named};
use super::*;
use crate::equity::{Held, curve};

fn held(exchange: &Exchange) -> Held {
    let account = exchange.account();
    let cash = account.purse.all().map(|(currency, cash)| (currency, cash.balance));
    let positions: Vec<_> = account.ever_held(|symbol| exchange.mark(symbol)).collect();
    Held::new(cash, &positions, exchange.instruments())
}

fn day(time: Time) -> Day {
    crate::calendar::TradingSession::at(time.seconds(), Hours::RoundTheClock).day
}

#[test]
fn fills_of_futures_pairs_and_options_leave_the_past_as_it_was() {
    let mut bench = Bench::of(every_product(Hours::RoundTheClock));
    bench.apply(Command::OrderRule { rule: ORDER_RULE });
    bench.wait(600);
    let (then, before) = (bench.time, bench.exchange.summary().net_liquidation);
    for (name, side, quantity) in [
        ("MESZ6", Side::Buy, 3),
        ("EUR.USD", Side::Buy, 20_000),
        ("AAPL  261218C00125000", Side::Buy, 2),
        ("AAPL  261218P00125000", Side::Sell, 1),
        ("SAP", Side::Buy, 10),
        ("UST-10Y", Side::Buy, 20),
        ("UST-10Y", Side::Sell, 5),
        ("MESZ6", Side::Sell, 1),
        ("EUR.USD", Side::Sell, 5_000),
    ] {
        bench.wait(60);
        let new = NewOrder { symbol: named(name).id, ..order(side, quantity, OrderType::Market) };
        bench.place(vec![new]);
    }
    // Over a daily settlement.
    bench.wait(2 * 86_400);
    let exchange = &bench.exchange;
    let rates: BTreeMap<_, _> =
        exchange.summary().parts.iter().map(|part| (part.currency, part.rate)).collect();
    let executions = exchange.executions().map(AsRef::as_ref);
    let times = [then, bench.time];
    let mark = |symbol, _| exchange.mark(symbol);
    let instruments = Instruments::builtin();
    let rate = |currency| rates[&currency];
    let values = curve(held(exchange), executions, &times, mark, rate, (instruments, day));
    // Interest is not in what is held here.
    let summary = exchange.summary();
    let now = summary.net_liquidation - summary.interest();
    assert_eq!(values[0], before, "nothing was held then");
    assert!((values[1] - now).abs() < Decimal::new(1, 2), "{} and {now}", values[1]);
}

#[test]
fn curve_worked_back_from_now_is_what_the_account_was_worth_then() {
    let mut bench = Bench::new();
    let (mut word, mut seen) = (11_u64, Vec::new());
    let mut marks: Vec<BTreeMap<SymbolId, Ticks>> = Vec::new();
    for _ in 0..150 {
        for _ in 0..2 {
            word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            replay::act(&mut bench, word ^ (word >> 29));
        }
        let contracts = bench.exchange.instruments().all().iter();
        marks.push(contracts.map(|c| (c.id, bench.exchange.mark(c.id))).collect());
        seen.push((bench.time, bench.exchange.summary().net_liquidation));
        bench.time = bench.time + Span::seconds(7);
    }
    let exchange = &bench.exchange;
    assert!(exchange.executions().len() > 50, "too few trades to mean anything");
    let now = held(exchange);
    let times: Vec<Time> = seen.iter().map(|(time, _)| *time).collect();
    let executions = exchange.executions().map(AsRef::as_ref);
    let values = curve(
        now,
        executions,
        &times,
        |symbol, time| marks[times.iter().position(|known| *known == time).unwrap()][&symbol],
        |_| Decimal::ONE,
        (Instruments::builtin(), day),
    );
    let was: Vec<Decimal> = seen.iter().map(|(_, value)| *value).collect();
    assert_eq!(values, was);
}
