//! The two rules of the markets, and the step from one to the other.

use proptest::prelude::*;

use super::replay::{act, check_sound};
use super::*;
use crate::journal::MARKET_RULE;

fn by_paths(hours: Hours) -> Genesis {
    Genesis { market_rule: 2, ..genesis(hours) }
}

/// What the rule says, second by second: nothing is passed at once.
pub(super) fn slowly(exchange: &mut Exchange, to: Time) -> Vec<Event> {
    let (mut events, target) = (Vec::new(), to.seconds());
    while exchange.paper.step < target {
        let second = exchange.paper.step + 1;
        exchange.paper.now = exchange.paper.now.max(Time::from_seconds(second));
        exchange.paper.step = second;
        if second >= exchange.paper.session.roll {
            exchange.roll(Some(&mut events));
        }
        if exchange.paper.is_any_open(second) {
            exchange.second(second, Some(&mut events));
        } else {
            exchange.paper.rest_until(second);
        }
    }
    exchange.paper.now = exchange.paper.now.max(to);
    events
}

/// Orders on both sides of some contracts, at distances that some days reach and others do not.
fn spread(bench: &mut Bench, orders: i64) {
    let contracts = Instruments::builtin().first();
    for number in 0..orders {
        let contract = &contracts[usize::try_from(number).unwrap() % contracts.len()];
        let last = bench.exchange.mark(contract.id).0;
        let away = last * (2 + number % 60) / 1_000;
        let (side, price) = match number % 4 {
            0 => (Side::Buy, OrderType::Limit { price: Ticks(last - away) }),
            1 => (Side::Sell, OrderType::Limit { price: Ticks(last + away) }),
            2 => (Side::Buy, OrderType::Stop { trigger: Ticks(last + away) }),
            _ => (Side::Sell, OrderType::Stop { trigger: Ticks(last - away) }),
        };
        let mut new =
            NewOrder { symbol: contract.id, ..order(side, 1 + number.unsigned_abs(), price) };
        new.tif = if number % 5 == 0 { TimeInForce::Day } else { TimeInForce::Gtc };
        bench.place(vec![new]);
    }
}

fn same(one: &Exchange, other: &Exchange) {
    assert_eq!(one.quotes(), other.quotes());
    for (one, other) in one.paper.listings.rows().iter().zip(other.paper.listings.rows()) {
        assert_eq!((one.process, &one.fives), (other.process, &other.fives));
        assert_eq!((&one.minutes, &one.days), (&other.minutes, &other.days));
    }
    assert!(one.snapshot().unwrap() == other.snapshot().unwrap(), "other bytes");
}

#[test]
fn days_passed_at_once_are_what_each_of_their_seconds_comes_to() {
    for hours in [Hours::RoundTheClock, Hours::Real] {
        let mut at_once = Bench::of(by_paths(hours));
        // Half an hour before New York closes, and over the end of the day.
        at_once.wait(80_000);
        spread(&mut at_once, 44);
        let mut by_second = at_once.exchange.clone();
        let told = at_once.wait(6_500);
        let slow = slowly(&mut by_second, at_once.time);
        by_second.seq = at_once.exchange.seq;
        assert!(told.len() > 10, "{} events", told.len());
        assert_eq!(told, slow);
        same(&at_once.exchange, &by_second);
    }
}

#[test]
fn days_on_the_way_to_a_later_time_are_closed_in_one_stroke_and_come_to_the_same() {
    for hours in [Hours::RoundTheClock, Hours::Real] {
        let mut drawn = Bench::of(by_paths(hours));
        spread(&mut drawn, 88);
        let mut closed = drawn.exchange.clone();
        let (days, begin) = (40, drawn.time);
        let told = drawn.wait(days * 86_400);
        let mut events = Vec::new();
        // In steps, as the gate does, each with what is due.
        for hour in (7..=days * 24).step_by(7).chain([days * 24]) {
            let to = begin + Span::hours(hour);
            if closed.advance_towards(to, drawn.time).due.is_some() {
                let (seq, decision) = (closed.seq + 1, Decided::system());
                events.extend(closed.apply(&Stamped {
                    seq,
                    time: to,
                    decision,
                    command: Command::Advance,
                }));
            }
            assert_eq!(closed.is_whole(), hour == days * 24);
        }
        assert!(told.len() > 40, "{} events", told.len());
        assert_eq!(told, events);
        closed.seq = drawn.exchange.seq;
        same(&drawn.exchange, &closed);
    }
}

#[test]
fn switch_of_rules_goes_on_from_the_price_and_changes_nothing_before_it() {
    let mut bench = Bench::new();
    let mut old = Bench::new();
    for bench in [&mut bench, &mut old] {
        spread(bench, 8);
        bench.wait(3_000);
    }
    same(&bench.exchange, &old.exchange);
    let before = bench.exchange.paper.listings.rows()[0].process;
    bench.apply(Command::MarketRule { rule: 2 });
    assert_eq!(
        (bench.exchange.rule(), bench.exchange.paper.listings.rows()[0].process),
        (2, before)
    );
    // A rule does not go back, and the same one again is no new beginning.
    bench.wait(60);
    let state = bench.exchange.snapshot().unwrap();
    for rule in [1, 2] {
        bench.apply(Command::MarketRule { rule });
        bench.exchange.seq -= 1;
        assert_eq!(bench.exchange.snapshot().unwrap(), state);
    }
    let moved = (bench.exchange.paper.listings.rows()[0].process.bid - before.bid).abs();
    assert!(moved < before.bid / 100, "{moved} ticks in a minute");
    assert_eq!(old.exchange.rule(), 1);
}

#[test]
fn rule_that_is_not_known_is_named() {
    assert_eq!(Command::MarketRule { rule: MARKET_RULE + 1 }.unknown_rule(), Some(MARKET_RULE + 1));
    assert_eq!(Command::MarketRule { rule: 0 }.unknown_rule(), Some(0));
    let later = Genesis { market_rule: 9, ..genesis(Hours::Real) };
    assert_eq!(Command::Genesis(later).unknown_rule(), Some(9));
    assert_eq!(Command::Genesis(genesis(Hours::Real)).unknown_rule(), None);
}

#[test]
fn snapshot_of_those_that_knew_rule_1_alone_still_opens() {
    let mut bench = Bench::new();
    spread(&mut bench, 8);
    let bytes = bench.exchange.first_format().unwrap();
    assert_eq!(restored(&bytes).unwrap().rule(), 1);
    assert!(bench.exchange.snapshot().unwrap().starts_with(&bytes), "what is new comes behind");
    bench.apply(Command::MarketRule { rule: 2 });
    let bytes = bench.exchange.snapshot().unwrap();
    let again = restored(&bytes).unwrap();
    assert_eq!((again.rule(), again.snapshot().unwrap()), (2, bytes.clone()));
    assert!(restored(&bytes[..bytes.len() - 1]).is_err());
    assert!(restored(&[bytes, vec![0]].concat()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, ..ProptestConfig::default() })]

    /// Under rule 2, and across the switch to it: orders that fill and expire on the way, brackets,
    /// days that end, trading hours that close.
    #[test]
    fn time_cut_in_any_way_leads_to_the_same_bytes(
        acts in prop::collection::vec((any::<u64>(), prop_oneof![0_i64..90, 0_i64..40_000]), 1..24),
        cuts in prop::collection::vec(prop_oneof![1_i64..200, 1_i64..20_000], 1..20),
        switch in prop::option::of(0_usize..12),
        real in any::<bool>(),
    ) {
        let hours = if real { Hours::Real } else { Hours::RoundTheClock };
        let genesis = match switch {
            Some(_) => genesis(hours),
            None => by_paths(hours),
        };
        let mut bench = Bench::of(genesis.clone());
        let mut told = Vec::new();
        for (at, (word, pause)) in acts.into_iter().enumerate() {
            if Some(at) == switch {
                told.extend(bench.apply(Command::MarketRule { rule: 2 }));
            }
            // Second by second, long pauses take long.
            told.extend(bench.wait(if bench.exchange.rule() == 1 { pause.min(90) } else { pause }));
            told.extend(act(&mut bench, word));
            check_sound(&bench);
        }
        let mut again = begun(genesis);
        let mut retold = Vec::new();
        for (at, stamped) in bench.journal.iter().enumerate() {
            let cut = Span::seconds(cuts[at % cuts.len()]);
            // As far as nothing is due: then the journal has the rest.
            while again.now() + cut < stamped.time && again.advance(again.now() + cut).due.is_none() {}
            retold.extend(again.apply(stamped));
            if at % 5 == 3 {
                again = restored(&again.snapshot().unwrap()).unwrap();
            }
        }
        again.advance(bench.time);
        prop_assert_eq!(told, retold);
        prop_assert_eq!(again.snapshot().unwrap(), bench.exchange.snapshot().unwrap());
    }

    #[test]
    fn stretch_of_quiet_days_is_its_parts(
        parts in prop::collection::vec(1_i64..90_000, 1..8),
        real in any::<bool>(),
    ) {
        let hours = if real { Hours::Real } else { Hours::RoundTheClock };
        let (mut one, mut other) = (Bench::of(by_paths(hours)), Bench::of(by_paths(hours)));
        one.wait(parts.iter().sum());
        for part in parts {
            other.wait(part);
        }
        same(&one.exchange, &other.exchange);
    }
}
