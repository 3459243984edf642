//! The past that is worked back is the one that was.

use std::collections::BTreeMap;

use super::*;
use crate::equity::{Held, curve};

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
    let account = exchange.account();
    let shares = account.positions().map(|(symbol, held)| (symbol, held.shares));
    let now = Held { cash: account.purse.own().balance, shares: shares.collect() };
    let times: Vec<Time> = seen.iter().map(|(time, _)| *time).collect();
    let executions = exchange.executions().map(AsRef::as_ref);
    let values = curve(
        now,
        executions,
        &times,
        |symbol, time| marks[times.iter().position(|known| *known == time).unwrap()][&symbol],
        Instruments::builtin(),
    );
    let was: Vec<Decimal> = seen.iter().map(|(_, value)| *value).collect();
    assert_eq!(values, was);
}
