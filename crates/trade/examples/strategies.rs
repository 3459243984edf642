//! Times a what-if on an account that holds so many options: `strategies`.
#![expect(
    clippy::float_arithmetic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement"
)]

use std::time::Instant;

use access::currency::Currency;
use access::entitlements::Limits;
use access::id::{CredentialId, Holder, SymbolId};
use access::moment::{Span, Time};
use floorpass_trade::calendar::Hours;
use floorpass_trade::instrument::{InstrumentKind, Instruments};
use floorpass_trade::journal::{Command, Decided, Genesis, MARKET_RULE, Stamped};
use floorpass_trade::order::{NewOrder, OrderType, Origin, Side, TimeInForce};
use floorpass_trade::pretrade;
use floorpass_trade::{Exchange, ORDER_RULE};
use rust_decimal::Decimal;

const HOLDER: Holder = Holder::Credential(CredentialId([1; 16]));

fn main() -> Result<(), String> {
    for (what, most_of_one) in [("on one share", usize::MAX), ("on many, four of each", 4)] {
        time(what, most_of_one)?;
    }
    Ok(())
}

fn order(account: access::id::PaperAccountId, symbol: SymbolId, side: Side) -> NewOrder {
    NewOrder {
        account,
        symbol,
        side,
        quantity: 1,
        order_type: OrderType::Market,
        tif: TimeInForce::Day,
        outside_hours: true,
        origin: Origin { holder: HOLDER, client_id: 1, order_id: 1 },
        parent: None,
        oca: None,
        reference: None,
    }
}

fn time(what: &str, most_of_one: usize) -> Result<(), String> {
    let at = Time::from_seconds(1_795_471_500);
    let account = "DU1234567".parse().map_err(|_| "no account")?;
    let genesis = Genesis {
        seed: 7,
        at,
        account,
        cash: Decimal::from(1_000_000_000),
        currency: Currency::USD,
        hours: Hours::RoundTheClock,
        market_rule: MARKET_RULE,
    };
    let known = Instruments::builtin();
    let mut exchange = Exchange::new(genesis, known);
    let limits = Limits { collar_bps: Some(1_000_000), ..Limits::default() };
    let mut now = at;
    let mut apply = |exchange: &mut Exchange, command: Command| {
        now = now + Span::seconds(1);
        let decision =
            Decided { holder: HOLDER, account: None, epoch: 1, limits: Limits::default() };
        let stamped = Stamped { seq: exchange.seq() + 1, time: now, decision, command };
        exchange.apply(&stamped);
    };
    apply(&mut exchange, Command::OrderRule { rule: ORDER_RULE });
    let listed = exchange.quotes().listed;
    let mut of: std::collections::BTreeMap<SymbolId, usize> = std::collections::BTreeMap::new();
    let mut held = 0;
    for id in listed.iter().copied() {
        let Some(InstrumentKind::Option(terms)) = known.get(id).map(|one| &one.kind) else {
            continue;
        };
        let count = of.entry(terms.underlying).or_default();
        if held >= 200 || *count >= most_of_one {
            continue;
        }
        let side = if held % 4 < 2 { Side::Buy } else { Side::Sell };
        let facts = exchange.facts(account, HOLDER).map_err(|denial| denial.to_string())?;
        let orders = vec![order(account, id, side)];
        let Ok(checked) = pretrade::check(&facts, &limits, exchange.now(), orders) else {
            continue;
        };
        apply(&mut exchange, Command::Place(checked));
        let ledger = exchange.ledger(account).ok_or("no ledger")?;
        if ledger.position(id).shares != 0 {
            (held, *count) = (held + 1, *count + 1);
        }
    }
    let is_option = |id: &&SymbolId| {
        matches!(known.get(**id).map(|one| &one.kind), Some(InstrumentKind::Option(_)))
    };
    let id = *listed.iter().find(is_option).ok_or("nothing is listed")?;
    let facts = exchange.facts(account, HOLDER).map_err(|denial| denial.to_string())?;
    let orders = vec![order(account, id, Side::Sell)];
    let checked = pretrade::check(&facts, &limits, exchange.now(), orders);
    let checked = checked.map_err(|denial| denial.to_string())?;
    let mut times: Vec<f64> = (0..200)
        .map(|_| {
            let began = Instant::now();
            let preview = pretrade::preview(&facts, &checked, false);
            std::hint::black_box(&preview);
            began.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let middle = times.get(times.len() / 2).copied().unwrap_or_default();
    let groups = exchange.risk_of(exchange.account()).requirements.len();
    println!("{held} options {what}, {groups} groups: a what-if takes {middle:.0} us");
    Ok(())
}
