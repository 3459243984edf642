//! The same commands, however the time between them is cut, lead to the same bytes.

use proptest::prelude::*;

use super::*;
use crate::instrument::Units;

/// Does something that draws from `word`.
pub(super) fn act(bench: &mut Bench, word: u64) -> Vec<Event> {
    let contracts = bench.exchange.instruments().all();
    let symbol = contracts[usize::try_from(word % 4).unwrap()].id;
    let quote = bench.exchange.quote(symbol).unwrap();
    let offset = i64::try_from((word >> 8) % 21).unwrap() - 10;
    let price = Ticks(quote.last.0 + offset);
    let open: Vec<OrderId> = bench.exchange.open_orders().map(|order| order.id).collect();
    let some = open.get(usize::try_from((word >> 16) % 7).unwrap()).copied();
    let side = if word & 0x80 == 0 { Side::Buy } else { Side::Sell };
    let quantity = 1 + (word >> 24) % 900;
    let order_type = match (word >> 4) % 8 {
        0 => OrderType::Market,
        1 => OrderType::Stop { trigger: price },
        2 => OrderType::StopLimit { trigger: price, price: Ticks(price.0 + offset) },
        _ => OrderType::Limit { price },
    };
    let mut new = NewOrder { symbol, ..order(side, quantity, order_type) };
    new.tif = match (word >> 40) % 8 {
        0 => TimeInForce::Ioc,
        1 => TimeInForce::Fok,
        2..=4 => TimeInForce::Gtc,
        _ => TimeInForce::Day,
    };
    if word & 0x300_0000_0000_0000 != 0 {
        let group = if word & 0x400_0000_0000_0000 == 0 { "one" } else { "many" };
        new.oca = Some(crate::order::Oca { group: group.into(), reduce: group == "many" });
    }
    match ((word >> 48) % 8, some) {
        (0, Some(order)) => bench.cancel(order),
        (1, Some(order)) => {
            let tif = bench.order(order).tif;
            try_change(bench, Change { order, quantity, order_type, tif, units: Units::SHARES })
        }
        // The same order, smaller: its children follow.
        (4, Some(order)) if word & 2 == 2 => {
            let order = bench.order(order);
            let (order_type, tif) = (order.order_type, order.tif);
            let quantity = 1 + quantity % order.quantity;
            let order = order.id;
            try_change(bench, Change { order, quantity, order_type, tif, units: Units::SHARES })
        }
        (3, _) if word & 1 == 1 => {
            let held = bench.exchange.account().position(symbol).shares;
            new.side = if held > 0 { Side::Sell } else { Side::Buy };
            new.quantity = quantity.min(held.unsigned_abs().max(1));
            match pretrade::check_reduces(&bench.facts(), &new) {
                Ok(()) => try_place_as(bench, vec![new], Command::PlaceReduceOnly),
                Err(_) => Vec::new(),
            }
        }
        (2, _) => {
            let mut child =
                NewOrder { symbol, ..limit(side.opposite(), quantity, quote.last.0 + 5) };
            child.parent = Some(Parent::Member(0));
            let mut stop = child.clone();
            stop.order_type = OrderType::Stop { trigger: Ticks(quote.last.0 - 5) };
            try_place(bench, vec![new, child, stop])
        }
        _ => try_place(bench, vec![new]),
    }
}

fn try_change(bench: &mut Bench, change: Change) -> Vec<Event> {
    match pretrade::check_modify(&bench.facts(), &Limits::default(), change) {
        Ok(change) => bench.apply(Command::Modify(change)),
        Err(_) => Vec::new(),
    }
}

fn try_place(bench: &mut Bench, orders: Vec<NewOrder>) -> Vec<Event> {
    try_place_as(bench, orders, Command::Place)
}

fn try_place_as(
    bench: &mut Bench,
    orders: Vec<NewOrder>,
    command: fn(pretrade::Checked<Vec<NewOrder>>) -> Command,
) -> Vec<Event> {
    match pretrade::check(&bench.facts(), &Limits::default(), bench.time, orders) {
        Ok(checked) => bench.apply(command(checked)),
        Err(_) => Vec::new(),
    }
}

/// An order book's and an account's rules that hold at every moment.
pub(super) fn check_sound(bench: &Bench) {
    bench.check_money();
    let exchange = &bench.exchange;
    for order in exchange.open_orders().chain(exchange.completed_orders()) {
        assert!(order.filled <= order.quantity && order.filled <= order.released, "{order:?}");
        assert_eq!(
            order.state == OrderState::Filled,
            order.remaining() == 0 && order.end.is_none()
        );
    }
    for listing in exchange.paper.listings.rows() {
        let (bid, ask) = (listing.book.best_bid(), listing.book.best_ask());
        assert!(bid.zip(ask).is_none_or(|(bid, ask)| bid < ask), "crossed: {bid:?} {ask:?}");
    }
    let mut shares = std::collections::BTreeMap::new();
    for execution in exchange.executions() {
        let signed = i64::try_from(execution.quantity).unwrap();
        *shares.entry(execution.symbol).or_insert(0) +=
            if execution.side == Side::Buy { signed } else { -signed };
    }
    for (symbol, shares) in shares {
        assert_eq!(exchange.account().position(symbol).shares, shares);
    }
    let all = || exchange.open_orders().chain(exchange.completed_orders());
    let of_one = all().filter(|order| order.oca.as_ref().is_some_and(|oca| &*oca.group == "one"));
    assert!(of_one.filter(|order| order.filled > 0).count() <= 1, "two of a group traded");
    check_bounds(exchange);
    let commissions: Decimal = exchange.executions().map(|execution| execution.commission).sum();
    assert_eq!(commissions, exchange.account().purse.own().commissions);
}

/// What the third and the fourth rule promise of every open order.
fn check_bounds(exchange: &Exchange) {
    for order in exchange.open_orders().filter(|_| exchange.order_rule() >= 3) {
        let held = exchange.account().held_against(order.symbol, order.side);
        assert!(!order.reduce_only || order.remaining() <= held, "{held}: {order:?}");
        let Some(parent) = order.parent.and_then(|parent| exchange.order(parent)) else { continue };
        let most = if parent.state.is_open() { parent.quantity } else { parent.filled };
        let follows = exchange.order_rule() >= 4;
        assert!(!follows || order.quantity <= most, "{order:?} of {parent:?}");
        assert!(parent.state.is_open() || order.released == order.quantity, "{order:?}");
        let children = exchange.open_orders().chain(exchange.completed_orders());
        let traded: Shares =
            children.filter(|one| one.parent == order.parent).map(|one| one.filled).sum();
        assert!(traded <= parent.filled, "{traded} of {parent:?}");
    }
}

/// No trade of an order that may only reduce makes a position larger or turns it.
fn check_reduced(events: &[Event], mut before: std::collections::BTreeMap<SymbolId, i64>) {
    for event in events {
        let Event::OrderFilled { execution, order } = event else { continue };
        let shares = before.entry(order.symbol).or_insert(0);
        let signed = i64::try_from(execution.quantity).unwrap();
        let then = *shares + if order.side == Side::Buy { signed } else { -signed };
        if order.reduce_only {
            assert!(then.abs() < shares.abs() && then * *shares >= 0, "{shares} to {then}");
        }
        *shares = then;
    }
}

fn positions(bench: &Bench) -> std::collections::BTreeMap<SymbolId, i64> {
    bench.exchange.holdings().map(|held| (held.symbol, held.position.shares)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn replay_of_a_journal_gives_the_same_bytes(
        acts in prop::collection::vec((any::<u64>(), 0_i64..90), 1..60),
        cuts in prop::collection::vec(0_i64..40, 1..20),
        newer in 0_usize..60,
    ) {
        let mut bench = Bench::of_rule(2);
        let mut told = Vec::new();
        for (at, (word, pause)) in acts.into_iter().enumerate() {
            // Older journals have orders of an older rule, and then the newest.
            if at == newer / 6 {
                told.extend(bench.apply(Command::OrderRule { rule: 3 }));
            }
            if at == newer / 3 {
                told.extend(bench.apply(Command::OrderRule { rule: ORDER_RULE }));
            }
            let before = positions(&bench);
            let mut done = bench.wait(pause);
            done.extend(act(&mut bench, word));
            check_reduced(&done, before);
            told.extend(done);
            check_sound(&bench);
        }
        // The same journal with other pauses between, and a snapshot read back on the way.
        let mut again = begun(genesis(Hours::RoundTheClock));
        let mut retold = Vec::new();
        for (at, stamped) in bench.journal.iter().enumerate() {
            let cut = Span::seconds(cuts[at % cuts.len()]);
            if again.now() + cut < stamped.time {
                again.advance(again.now() + cut);
            }
            retold.extend(again.apply(stamped));
            prop_assert!(again.apply(stamped).is_empty(), "a command applied twice");
            if at % 7 == 3 {
                again = restored(&again.snapshot().unwrap()).unwrap();
            }
        }
        again.advance(bench.time);
        prop_assert_eq!(told, retold);
        prop_assert_eq!(again.snapshot().unwrap(), bench.exchange.snapshot().unwrap());
    }

    #[test]
    fn advance_in_parts_is_advance_at_once(parts in prop::collection::vec(1_i64..400, 1..20)) {
        let (mut one, mut other) = (Bench::new(), Bench::new());
        for bench in [&mut one, &mut other] {
            bench.one(limit(Side::Buy, 10, 100));
        }
        let total: i64 = parts.iter().sum();
        one.wait(total);
        for part in parts {
            other.wait(part);
        }
        prop_assert_eq!(
            one.exchange.quotes(),
            other.exchange.quotes()
        );
        prop_assert_eq!(one.exchange.paper.listings.rows()[0].process, other.exchange.paper.listings.rows()[0].process);
    }
}

#[test]
fn snapshot_that_is_damaged_is_refused() {
    let mut bench = Bench::new();
    bench.one(limit(Side::Buy, 10, 100));
    let bytes = bench.exchange.snapshot().unwrap();
    assert_eq!(restored(&bytes).unwrap().snapshot().unwrap(), bytes);
    assert!(restored(&bytes[..bytes.len() - 1]).is_err());
    assert!(restored(&[bytes, vec![0]].concat()).is_err());
    assert!(restored(&[]).is_err());
}

#[test]
fn other_seed_gives_other_prices_and_the_same_seed_the_same() {
    let with = |seed| begun(Genesis { seed, ..genesis(Hours::RoundTheClock) });
    assert_eq!(with(1).state_hash().unwrap(), with(1).state_hash().unwrap());
    assert_ne!(with(1).quotes().all, with(2).quotes().all);
}

#[test]
fn week_of_quiet_markets_makes_every_second_once() {
    let mut bench = Bench::new();
    let before = bench.exchange.paper.step;
    assert_eq!(bench.exchange.advance(MONDAY + Span::days(7)).due, None);
    assert_eq!(bench.exchange.paper.step - before, 604_800);
    for listing in bench.exchange.paper.listings.rows() {
        assert_eq!(listing.book.len(), 0, "no quotes are laid out where nobody trades");
        assert_eq!(listing.days.len(), 7);
        assert_eq!(listing.minutes.range(0, i64::MAX).count(), 5 * 24 * 60 + 1);
    }
}

/// A long walk by each rule of orders and of the markets. Its hashes are what version 0.1.0 came to.
#[test]
fn state_of_a_long_walk_is_what_it_was() {
    let mut found = Vec::new();
    for (market_rule, rule) in [(1, 1), (1, 2), (1, 3), (2, 3)] {
        let mut bench = Bench::by_rule_1(Genesis { market_rule, ..genesis(Hours::RoundTheClock) });
        bench.apply(Command::OrderRule { rule });
        for step in 0..1_500_u64 {
            let word = crate::random::mix(step ^ (u64::from(rule) << 32));
            bench.wait(i64::try_from(word % 40).unwrap());
            act(&mut bench, word);
        }
        let trades = bench.exchange.executions().count();
        assert!(trades > 300, "{trades} trades say little");
        let hash = bench.exchange.state_hash().unwrap();
        let digits = |text: String, byte: &u8| text + &format!("{byte:02x}");
        found.push(hash[..6].iter().fold(String::new(), digits));
    }
    assert_eq!(found, ["3add8ac7bbb9", "b7c34f6e89f4", "34c152ec42eb", "eb650f4db6da"]);
}
