//! How long the markets take to pass over time that was missed: `missed DAYS ORDERS RULE`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement"
)]

use std::time::Instant;

use access::entitlements::Limits;
use access::id::{CredentialId, Holder};
use access::moment::{Span, Time};
use floorpass_trade as trade;
use rust_decimal::Decimal;
use trade::{
    Command, Decided, Exchange, Genesis, Hours, Instruments, NewOrder, OrderType, Origin, Side,
    Stamped, Ticks, TimeInForce,
};

fn main() {
    let given: Vec<i64> = std::env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    let [days, orders, rule] = given[..] else { panic!("DAYS ORDERS RULE") };
    let rule = u16::try_from(rule).unwrap();
    let account = "DU1234567".parse().unwrap();
    let at = Time::from_seconds(1_795_471_500);
    let cash = Decimal::from(1_000_000_000);
    let genesis = Genesis {
        seed: 7,
        at,
        account,
        cash,
        currency: access::currency::Currency::USD,
        hours: Hours::RoundTheClock,
        market_rule: rule,
    };
    let mut exchange = Exchange::new(genesis, Instruments::builtin());
    let holder = Holder::Credential(CredentialId([1; 16]));
    let limits = Limits { collar_bps: Some(100_000), ..Limits::default() };
    for number in 0..orders {
        let contracts = Instruments::builtin().all();
        let contract = &contracts[usize::try_from(number).unwrap() % contracts.len()];
        let last = exchange.mark(contract.id).0;
        let away = last * (5 + number % 400) / 1_000;
        let (side, price) =
            if number % 2 == 0 { (Side::Buy, last - away) } else { (Side::Sell, last + away) };
        let new = NewOrder {
            account,
            symbol: contract.id,
            side,
            quantity: 10,
            order_type: OrderType::Limit { price: Ticks(price) },
            tif: TimeInForce::Gtc,
            outside_hours: false,
            origin: Origin { holder, client_id: 1, order_id: 1 },
            parent: None,
            oca: None,
            reference: None,
        };
        let facts = exchange.facts(account, holder).unwrap();
        let checked = trade::pretrade::check(&facts, &limits, at, vec![new]).unwrap();
        let decision = Decided { holder, account: None, epoch: 1, limits: limits.clone() };
        let seq = exchange.seq() + 1;
        exchange.apply(&Stamped { seq, time: at, decision, command: Command::Place(checked) });
    }
    let start = Instant::now();
    let to = at + Span::days(days);
    let due = exchange.advance(to).due;
    if due.is_some() {
        let seq = exchange.seq() + 1;
        let command = Command::Advance;
        exchange.apply(&Stamped { seq, time: to, decision: Decided::system(), command });
    }
    println!(
        "{days} days, {orders} orders, rule {rule}: {:?}, {} executions",
        start.elapsed(),
        exchange.executions().count()
    );
}
