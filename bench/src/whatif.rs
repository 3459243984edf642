//! What an order would do, with margin, to an account that holds two hundred positions.

use crate::engine::{account, exchange, symbol};
use crate::report::Row;
use crate::sample::{Series, nanos};
use access::{Holder, SymbolId};
use std::hint::black_box;
use trade::journal::{Command, Decided, Stamped};
use trade::order::{NewOrder, OrderType, Origin, Side, TimeInForce};
use trade::{Exchange, pretrade};

const POSITIONS: usize = 200;

fn order(symbol: SymbolId, side: Side) -> NewOrder {
    NewOrder {
        account: account(),
        symbol,
        side,
        quantity: 1,
        order_type: OrderType::Market,
        tif: TimeInForce::Day,
        outside_hours: true,
        origin: Origin { holder: Holder::System, client_id: 1, order_id: 0 },
        parent: None,
        oca: None,
        reference: None,
    }
}

/// Buys or sells one of a contract; false where that is not taken.
fn trade(exchange: &mut Exchange, seq: u64, symbol: SymbolId, side: Side) -> bool {
    let facts = exchange.facts(account(), Holder::System).expect("an account");
    let (limits, now) = (pretrade::defaults(), exchange.now());
    let Ok(checked) = pretrade::check(&facts, &limits, now, vec![order(symbol, side)]) else {
        return false;
    };
    let (decision, command) = (Decided::system(), Command::Place(checked));
    exchange.apply(&Stamped { seq, time: now, decision, command });
    true
}

/// Two hundred positions: every stock that can be bought, and of the options every third that is listed, one long and one short.
fn holding() -> Exchange {
    let mut exchange = exchange();
    let quotes = exchange.quotes();
    let listed: Vec<_> = quotes.listed.iter().copied().step_by(3).collect();
    let rows = quotes.all.iter().map(|quote| quote.symbol);
    let mut seq = 2;
    for (at, id) in rows.chain(listed).enumerate() {
        if exchange.holdings().count() >= POSITIONS {
            break;
        }
        let side = if at % 2 == 0 { Side::Buy } else { Side::Sell };
        seq += u64::from(trade(&mut exchange, seq, id, side));
    }
    assert_eq!(exchange.holdings().count(), POSITIONS);
    exchange
}

/// Measures what a person or program waits for: the checks and the answer.
pub fn measure(rounds: usize) -> Row {
    crate::server::pin_this(&[1]);
    let exchange = holding();
    let limits = pretrade::defaults();
    let (mut times, now) = (Series::default(), exchange.now() + access::Span(1));
    let options = exchange.holdings().last().expect("one").symbol;
    let mut after = Vec::new();
    for round in 0..rounds + rounds / 10 {
        let symbol = if round % 2 == 0 { symbol(0) } else { options };
        let (time, preview) = nanos(|| {
            let facts = exchange.facts(account(), Holder::System).expect("an account");
            let order = vec![order(symbol, Side::Buy)];
            let checked = pretrade::check(&facts, &limits, now, order).expect("it may be placed");
            black_box(pretrade::preview(&facts, &checked, false))
        });
        assert!(preview.initial_after != preview.initial_before, "an order that binds nothing");
        after.push(preview.initial_after);
        if round >= rounds / 10 {
            times.push(time);
        }
    }
    assert!(after.chunks(2).all(|pair| pair == &after[..2]), "another answer");
    crate::server::pin_this(&[0, 1]);
    let micros = |per_mille| times.clone().quantile(per_mille) as f64 / 1_000.0;
    Row {
        path: "what-if with margin, 200 positions",
        subject: format!("p50 {:.0} us, p99 {:.0} us", micros(500), micros(990)),
        peer: "-".to_owned(),
        ratio: "-".to_owned(),
        null: "-".to_owned(),
        samples: times.len().to_string(),
        goal: "<= 500 us",
        met: Some(micros(500) <= 500.0),
        checked: format!(
            "{POSITIONS} positions; every other order of an option; the same margin each time"
        ),
    }
}
