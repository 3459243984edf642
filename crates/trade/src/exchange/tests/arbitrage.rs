//! No second of a day has quotes out of which somebody could make money without a risk.

use rust_decimal::Decimal;

use super::market3::every_product;
use super::*;
use crate::calendar::Day;

/// A call and a put of one strike, by place, and how many cents a tick has.
struct Strike {
    /// In cents.
    at: i64,
    call: usize,
    put: usize,
    cents: i64,
}

/// Bid and ask in cents.
type Touch = (i64, i64);

/// What they are quoted at, with the strike in cents.
struct Quoted {
    strike: i64,
    call: Touch,
    put: Touch,
}

fn place(name: &str) -> usize {
    let known = Instruments::builtin();
    let one = known.called(name, Day::of(2026, 11, 23));
    known.index(one.unwrap().id).unwrap()
}

fn strikes(class: &str, day: &str, strikes: impl Iterator<Item = i64>) -> Vec<Strike> {
    let option = |right, strike: i64| place(&format!("{class}{day}{right}{:08}", strike * 1_000));
    let of = |strike| {
        let (call, put) = (option('C', strike), option('P', strike));
        let tick = Instruments::builtin().at(call).unwrap().prices.tick().size();
        let cents = i64::try_from(tick * Decimal::ONE_HUNDRED).unwrap();
        Strike { at: strike * 100, call, put, cents }
    };
    strikes.map(of).collect()
}

fn touch(bench: &Bench, at: usize, cents: i64) -> Touch {
    let paper = &bench.exchange.paper;
    let market = paper.followed(at, paper.step);
    (market.bid * cents, market.ask * cents)
}

fn quoted(bench: &Bench, all: &[Strike]) -> Vec<Quoted> {
    let of = |one: &Strike| Quoted {
        strike: one.at,
        call: touch(bench, one.call, one.cents),
        put: touch(bench, one.put, one.cents),
    };
    all.iter().map(of).collect()
}

/// Across strikes: verticals between nothing and their width, butterflies not below nothing.
fn hold_across_strikes(all: &[Quoted], when: i64) {
    for pair in all.windows(2) {
        let [low, high] = pair else { unreachable!() };
        let width = high.strike - low.strike;
        assert!(low.call.1 >= high.call.0 && high.put.1 >= low.put.0, "{when}: {}", low.strike);
        assert!(low.call.0 - high.call.1 <= width, "{when}: calls of {}", low.strike);
        assert!(high.put.0 - low.put.1 <= width, "{when}: puts of {}", low.strike);
    }
    for three in all.windows(3) {
        let [low, middle, high] = three else { unreachable!() };
        let (up, down) = (high.strike - middle.strike, middle.strike - low.strike);
        for side in [|one: &Quoted| one.call, |one: &Quoted| one.put] {
            let bought = up * side(low).1 + down * side(high).1;
            assert!(bought >= (up + down) * side(middle).0, "{when}: butterfly {}", middle.strike);
        }
    }
}

/// Calls and puts that can only be exercised at their end: what a box pays then is its width, and it costs no more, nor less
/// than that is worth two months before.
fn hold_together(all: &[Quoted], when: i64) {
    for pair in all.windows(2) {
        let [low, high] = pair else { unreachable!() };
        let width = high.strike - low.strike;
        let sold = low.call.0 - low.put.1 - (high.call.1 - high.put.0);
        let bought = low.call.1 - low.put.0 - (high.call.0 - high.put.1);
        assert!(sold <= width && bought >= width * 98 / 100, "{when}: a box of {}", low.strike);
    }
}

/// What can be exercised at once is worth that, and what has longer to run is worth no less.
fn hold_over_time(near: &[Quoted], far: &[Quoted], spot: Touch, when: i64) {
    for one in near.iter().chain(far) {
        assert!(
            one.call.1 >= spot.0 - one.strike && one.call.0 <= spot.1,
            "{when}: {}",
            one.strike
        );
        assert!(
            one.put.1 >= one.strike - spot.1 && one.put.0 <= one.strike,
            "{when}: {}",
            one.strike
        );
    }
    for (near, far) in near.iter().zip(far) {
        assert!(far.call.1 >= near.call.0 && far.put.1 >= near.put.0, "{when}: {}", near.strike);
    }
}

/// Rates that are quoted, as decimals.
fn rate(bench: &Bench, at: usize) -> (Decimal, Decimal) {
    let one = Instruments::builtin().at(at).unwrap();
    let quote = bench.exchange.quote(one.id).unwrap();
    (one.price(quote.bid().unwrap().price), one.price(quote.ask().unwrap().price))
}

#[test]
fn no_second_of_a_day_lets_anybody_win_without_a_risk() {
    let mut bench = Bench::of(every_product(Hours::Real));
    let shares = [
        strikes("AAPL", "261218", (100..=150).step_by(5)),
        strikes("AAPL", "270115", (100..=150).step_by(5)),
    ];
    let figures = [
        strikes("SPXW", "261218", (2_300..=2_700).step_by(50)),
        strikes("SPX", "270115", (2_300..=2_700).step_by(50)),
    ];
    let apple = place("AAPL");
    let known = Instruments::builtin();
    let pairs = ["EUR.USD", "GBP.USD", "EUR.GBP"].map(place);
    let forecasts: Vec<_> = bench
        .exchange
        .quotes()
        .listed
        .iter()
        .filter_map(|id| Some((known.index(*id)?, known.index(known.get(*id)?.other_side()?)?)))
        .take(6)
        .collect();
    assert!(forecasts.len() == 6);
    let open = bench.exchange.next_open().seconds().max(bench.time.seconds());
    let mut seen = 0;
    for second in open..open + 23_400 {
        bench.exchange.advance(Time::from_seconds(second));
        let quote = bench.exchange.paper.listings.get(apple).unwrap().process;
        let spot = (quote.bid, quote.ask);
        let [near, far] = [0, 1].map(|at: usize| quoted(&bench, &shares[at]));
        hold_across_strikes(&near, second);
        hold_across_strikes(&far, second);
        hold_over_time(&near, &far, spot, second);
        for of_figure in &figures {
            let quoted = quoted(&bench, of_figure);
            hold_across_strikes(&quoted, second);
            hold_together(&quoted, second);
        }
        let [euro, pound, cross] = pairs.map(|at| rate(&bench, at));
        assert!(cross.1 * pound.1 >= euro.0 && cross.0 * pound.0 <= euro.1, "{second}: a triangle");
        for (yes, no) in &forecasts {
            let (yes, no) = (touch(&bench, *yes, 1), touch(&bench, *no, 1));
            assert!(yes.1 + no.1 >= 100 && yes.0 + no.0 <= 100, "{second}: {yes:?} {no:?}");
        }
        seen += 1;
    }
    assert_eq!(seen, 23_400);
}

#[test]
fn every_option_is_quoted_on_both_sides_of_what_it_is_worth() {
    let mut bench = Bench::of(every_product(Hours::RoundTheClock));
    let listed = bench.exchange.quotes().listed;
    let known = Instruments::builtin();
    for _ in 0..20 {
        bench.wait(1_777);
        let paper = &bench.exchange.paper;
        for at in listed.iter().step_by(5).filter_map(|id| known.index(*id)) {
            let market = paper.followed(at, paper.step);
            let one = known.at(at).unwrap();
            let fair = paper.followed_fair(one, paper.step);
            let least = one.prices.lowest().0.max(1) * crate::price::FINE;
            let is_within = market.bid * crate::price::FINE <= fair.max(least)
                && fair <= market.ask * crate::price::FINE;
            assert!(is_within, "{}: {fair} in {} to {}", one.local, market.bid, market.ask);
        }
    }
}
