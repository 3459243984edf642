//! The exchange from outside: scenarios, and what must never change because journals rest on it.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

extern crate floorpass_trade as trade;

mod asset;
mod journal;
mod scenario;

use access::entitlements::Limits;
use access::id::{CredentialId, Holder, SymbolId};
use access::moment::Time;
use rust_decimal::Decimal;
use trade::pretrade::Facts;
use trade::{
    Command, Decided, Exchange, Genesis, Hours, Instruments, NewOrder, Origin, Side, Stamped, Ticks,
};
use trade::{OrderType, TimeInForce};

const AAPL: SymbolId = SymbolId(700_001);
const HOLDER: Holder = Holder::Credential(CredentialId([1; 16]));
/// 2026-11-23 22:05 UTC: 17:05 in New York.
const BEGIN: Time = Time::from_seconds(1_795_471_500);

fn genesis() -> Genesis {
    Genesis {
        seed: 7,
        at: BEGIN,
        account: "DU1234567".parse().unwrap(),
        cash: Decimal::from(1_000_000),
        currency: access::currency::Currency::USD,
        hours: Hours::RoundTheClock,
        market_rule: 1,
    }
}

fn order(side: Side, quantity: u64, order_type: OrderType, tif: TimeInForce) -> NewOrder {
    NewOrder {
        account: "DU1234567".parse().unwrap(),
        symbol: AAPL,
        side,
        quantity,
        order_type,
        tif,
        outside_hours: false,
        origin: Origin { holder: HOLDER, client_id: 3, order_id: 4 },
        parent: None,
        oca: None,
        reference: Some("note".into()),
    }
}

fn facts(exchange: &Exchange) -> Facts<'_> {
    exchange.facts(exchange.genesis().account, HOLDER).unwrap()
}

fn stamp(exchange: &Exchange, time: Time, command: Command) -> Stamped {
    let decision = Decided { holder: HOLDER, account: None, epoch: 9, limits: Limits::default() };
    Stamped { seq: exchange.seq() + 1, time, decision, command }
}

/// Places an order, or says why not.
fn place(exchange: &mut Exchange, order: NewOrder) -> Result<trade::OrderId, &'static str> {
    let checked =
        trade::pretrade::check(&facts(exchange), &Limits::default(), exchange.now(), vec![order])
            .map_err(|denial| denial.code())?;
    let stamped = stamp(exchange, exchange.now(), Command::Place(checked));
    Ok(exchange.apply(&stamped)[0].order().unwrap().id)
}

fn limit(price: i64) -> OrderType {
    OrderType::Limit { price: Ticks(price) }
}
