//! The third rule of the markets: every product.

use super::rule::slowly;
use super::*;
use crate::instrument::InstrumentKind;
use crate::journal::MARKET_RULE;

pub(super) fn every_product(hours: Hours) -> Genesis {
    Genesis { market_rule: MARKET_RULE, ..genesis(hours) }
}

pub(super) fn named(name: &str) -> &'static Instrument {
    let today = Day::of(2026, 11, 23);
    let known = Instruments::builtin();
    known.named(name).or_else(|| known.with_local(name, today)).unwrap()
}

#[test]
fn prices_hold_together_and_follow_what_they_stand_on() {
    let mut bench = Bench::of(every_product(Hours::RoundTheClock));
    bench.apply(Command::OrderRule { rule: ORDER_RULE });
    for _ in 0..50 {
        bench.wait(977);
        let middle = |name: &str| {
            let one = named(name);
            let quote = bench.exchange.quote(one.id).unwrap();
            let (bid, ask) = (quote.bid().unwrap().price, quote.ask().unwrap().price);
            assert!(bid < ask, "{name}");
            (one.price(bid) + one.price(ask)) / Decimal::TWO
        };
        let cross = middle("EUR.USD") * middle("USD.JPY") / middle("EUR.JPY");
        assert!((cross - Decimal::ONE).abs() < Decimal::new(2, 4), "{cross}");
        let spot = named("SPX").price(bench.exchange.mark(named("SPX").id));
        let carry = middle("ESZ6") / spot;
        assert!(carry > Decimal::new(1_000, 3) && carry < Decimal::new(1_003, 3), "{carry}");
    }
    let quotes = bench.exchange.quotes();
    assert!(quotes.listed.len() > 5_000 && quotes.all.len() < 200, "{}", quotes.listed.len());
    let series = quotes.listed.iter().step_by(7).map(|id| bench.exchange.quote(*id).unwrap());
    for quote in quotes.all.iter().cloned().chain(series) {
        let one = Instruments::builtin().get(quote.symbol).unwrap();
        for level in quote.bids.iter().chain(&quote.asks) {
            assert_eq!(one.prices.check(level.price), Ok(()), "{}", one.local);
        }
        if let InstrumentKind::Option(_) = one.kind {
            assert!(quote.ask().is_some(), "{}", one.local);
        }
    }
}

#[test]
fn future_option_and_currency_are_bought_and_sold() {
    let mut bench = Bench::of(every_product(Hours::RoundTheClock));
    bench.apply(Command::OrderRule { rule: ORDER_RULE });
    bench.wait(600);
    for name in ["ESZ6", "AAPL  261218C00125000", "EUR.USD"] {
        let one = named(name);
        let new = NewOrder { symbol: one.id, ..order(Side::Buy, 2, OrderType::Market) };
        let told = bench.place(vec![new]);
        let filled = told.iter().any(|event| matches!(event, Event::OrderFilled { .. }));
        assert!(filled, "{name}: {told:?}");
    }
    let before = bench.exchange.summary();
    println!("{before:#?}");
    let bytes = bench.exchange.snapshot().unwrap();
    let again = Exchange::restore(&bytes, Instruments::builtin()).unwrap();
    assert!(again.snapshot().unwrap() == bytes);
    assert_eq!(again.summary(), before);
    assert_eq!(again.quotes(), bench.exchange.quotes());
}

/// Orders that fill at once, and what is then held.
pub(super) fn bought(bench: &mut Bench, name: &str, side: Side, quantity: u64) {
    let new = NewOrder { symbol: named(name).id, ..order(side, quantity, OrderType::Market) };
    let told = bench.place(vec![new]);
    assert!(told.iter().any(|event| matches!(event, Event::OrderFilled { .. })), "{name}");
}

/// Orders of all kinds around the last prices of contracts, so many parts of a price away, in as many widths as are given.
pub(super) fn place_around<'n>(
    bench: &mut Bench,
    names: impl Iterator<Item = &'n &'n str>,
    (widths, parts): (i64, i64),
    quantity: impl Fn(i64) -> u64,
) {
    for (number, name) in (0_i64..).zip(names) {
        let one = named(name);
        let last = bench.exchange.mark(one.id).0;
        let away = 1 + last * (number % widths) / parts;
        let price = one.prices.floor(Ticks(last - away));
        let above = one.prices.ceil(Ticks(last + away));
        let (side, order_type) = match number % 4 {
            0 => (Side::Buy, OrderType::Limit { price }),
            1 => (Side::Sell, OrderType::Limit { price: above }),
            2 => (Side::Buy, OrderType::Stop { trigger: above }),
            _ => (Side::Sell, OrderType::Stop { trigger: price }),
        };
        let tif = if number % 5 == 0 { TimeInForce::Day } else { TimeInForce::Gtc };
        let new = order(side, quantity(number), order_type);
        bench.place(vec![NewOrder { symbol: one.id, tif, ..new }]);
    }
}

#[test]
fn contracts_end_on_their_last_day_and_money_is_kept() {
    let mut bench = Bench::of(every_product(Hours::RoundTheClock));
    bench.apply(Command::OrderRule { rule: ORDER_RULE });
    bench.wait(600);
    bought(&mut bench, "ESZ6", Side::Buy, 3);
    bought(&mut bench, "AAPL  261127C00105000", Side::Buy, 2);
    bought(&mut bench, "AAPL  261127P00105000", Side::Buy, 5);
    bought(&mut bench, "AAPL  261127P00145000", Side::Sell, 1);
    bought(&mut bench, "SPXW  261127C02400000", Side::Buy, 1);
    let resting = OrderType::Limit { price: Ticks(1) };
    let new = NewOrder {
        symbol: named("AAPL  261127C00130000").id,
        tif: TimeInForce::Gtc,
        ..order(Side::Buy, 1, resting)
    };
    bench.place(vec![new]);
    // Friday the 27th ends.
    let told = bench.wait(5 * 86_400);
    let settled: Vec<_> = told
        .iter()
        .filter_map(|event| match event {
            Event::Settled { execution } => {
                let name = &Instruments::builtin().get(execution.symbol).unwrap().local;
                let what = execution.reference.as_deref().unwrap();
                Some(format!("{what} {name} {:?} {}", execution.side, execution.quantity))
            }
            _ => None,
        })
        .collect();
    assert_eq!(
        settled,
        [
            "exercised AAPL  261127C00105000 Sell 2",
            "exercised AAPL Buy 200",
            "expired AAPL  261127P00105000 Sell 5",
            "assigned AAPL  261127P00145000 Buy 1",
            "assigned AAPL Buy 100",
            "exercised SPXW  261127C02400000 Sell 1",
        ]
    );
    let ended = told.iter().any(
        |event| matches!(event, Event::OrderCancelled { order } if order.end == Some(End::Expired)),
    );
    assert!(ended, "an order of a contract that is over");
    let account = bench.exchange.account();
    assert_eq!(account.position(named("AAPL").id).shares, 300);
    assert_eq!(account.position(named("ESZ6").id).shares, 3);
    // Cash and what positions cost is what was paid in and realised.
    let dollar = Currency::USD;
    let costs = account
        .positions()
        .filter(|(id, _)| !Instruments::builtin().get(*id).unwrap().is_margined());
    let costs: Decimal = costs.map(|(_, position)| position.basis).sum();
    let cash = account.purse.own();
    assert_eq!(cash.balance + costs, cash.deposited + account.realised(dollar) + interest(account));
}

#[test]
fn days_passed_at_once_are_what_each_of_their_seconds_comes_to() {
    for hours in [Hours::RoundTheClock, Hours::Real] {
        let mut at_once = Bench::of(every_product(hours));
        at_once.apply(Command::OrderRule { rule: ORDER_RULE });
        // To the morning of New York, and later over the end of the day.
        at_once.wait(60_000);
        let names = [
            "AAPL",
            "SIE",
            "7203",
            "EUR.USD",
            "EUR.JPY",
            "ESZ6",
            "CLF7",
            "ZNZ6",
            "AAPL  261218C00125000",
            "AAPL  261204P00125000",
            "SPXW  261127C02500000",
        ];
        place_around(&mut at_once, names.iter().cycle().take(44), (9, 3_000), |_| 1);
        let mut by_second = at_once.exchange.clone();
        let told = at_once.wait(30_000);
        let slow = slowly(&mut by_second, at_once.time);
        by_second.seq = at_once.exchange.seq;
        assert!(told.len() > 10, "{} events", told.len());
        assert_eq!(told, slow, "{hours:?}");
        assert!(at_once.exchange.snapshot().unwrap() == by_second.snapshot().unwrap());
        assert_eq!(at_once.exchange.quotes(), by_second.quotes());
    }
}

#[test]
fn ninety_days_with_orders_on_what_follows_others_pass_quickly_and_are_the_same_in_pieces() {
    let mut bench = Bench::of(every_product(Hours::RoundTheClock));
    bench.apply(Command::OrderRule { rule: ORDER_RULE });
    bench.wait(600);
    for name in ["AAPL  270115C00130000", "EUR.JPY", "ESH7"] {
        let one = named(name);
        let price = one.prices.lowest();
        let tif = TimeInForce::Gtc;
        let order_type = OrderType::Limit { price };
        bench.place(vec![NewOrder { symbol: one.id, tif, ..order(Side::Buy, 1, order_type) }]);
    }
    let mut pieces = bench.clone();
    bench.wait(20 * 86_400);
    let december = Time::from_seconds(Day::of(2026, 11, 30).at(17, 0));
    let mut due = Vec::new();
    while pieces.time < bench.time {
        let time = (pieces.time + Span::hours(31)).min(bench.time);
        pieces.time = time;
        if let Some(second) = pieces.exchange.advance(time).due {
            due.push(second);
            pieces.apply(Command::Advance);
        }
    }
    assert_eq!(due, [december], "interest is paid then, and nothing is that cheap");
    assert_eq!(pieces.exchange.quotes(), bench.exchange.quotes());
}

#[test]
fn bars_of_what_follows_others_meet_its_prices_and_have_days_before() {
    let mut bench = Bench::of(every_product(Hours::RoundTheClock));
    bench.wait(3 * 86_400 + 40_000);
    for name in ["ESZ6", "EUR.JPY", "AAPL  261218C00125000"] {
        let one = named(name);
        let back = |seconds: i64| bench.time - Span::seconds(seconds);
        let end = bench.time + Span::seconds(1);
        let minutes = bench.exchange.bars(one.id, BarSize::Minutes(1), back(3_600), end);
        assert!((60..=61).contains(&minutes.len()), "{name}");
        assert!(
            minutes.windows(2).all(|pair| pair[1].time.since(pair[0].time) == Span::minutes(1))
        );
        for bar in &minutes {
            assert!(bar.low <= bar.open.min(bar.close) && bar.high >= bar.open.max(bar.close));
        }
        let last = minutes.last().unwrap();
        let quote = bench.exchange.quote(one.id).unwrap();
        assert!(
            quote.bid().unwrap().price <= last.close && last.close <= quote.ask().unwrap().price
        );
        let days = bench.exchange.bars(one.id, BarSize::Day, back(20 * 86_400), end);
        assert!(days.len() > 8 && days.iter().all(|bar| bar.close.0 > 0), "{name}: {}", days.len());
        let (before, today) = (&days[days.len() - 2], days.last().unwrap());
        assert!(before.derived && !today.derived && today.close == last.close, "{name}");
        let weeks = bench.exchange.bars(one.id, BarSize::Week, back(20 * 86_400), end);
        assert!(weeks.len() < days.len());
    }
}

#[test]
fn last_quotes_are_kept_while_a_market_is_closed() {
    // A Wednesday, a minute before New York closes.
    let at = Time::from_seconds(Day::of(2026, 12, 2).at(15, 59));
    let mut bench = Bench::by_rule_1(Genesis { at, ..every_product(Hours::Real) });
    bench.time = at;
    bench.apply(Command::OrderRule { rule: ORDER_RULE });
    bench.wait(59);
    let of = |bench: &Bench, name| bench.exchange.quote(named(name).id).unwrap();
    let last = |bench: &Bench, name| bench.exchange.last_quote(named(name).id).unwrap();
    let names = ["AAPL", "KO", "SPY", "AAPL  261218C00125000"];
    let before = names.map(|name| of(&bench, name));
    assert!(before.iter().all(|quote| quote.open_now && !quote.bids.is_empty()));
    assert_eq!(names.map(|name| last(&bench, name)), before, "they are those of now");
    bench.wait(3_000);
    for (name, before) in names.iter().zip(&before) {
        let (now, last) = (of(&bench, name), last(&bench, name));
        assert!(!now.open_now && now.bids.is_empty() && now.asks.is_empty(), "{name}");
        assert!(!last.open_now, "{name}");
        assert_eq!((&last.bids, &last.asks), (&before.bids, &before.asks), "{name}");
    }
    // In the night they are there, and stay.
    bench.wait(10_000);
    let evening = names.map(|name| last(&bench, name).bids);
    assert!(evening.iter().all(|bids| !bids.is_empty()));
    bench.wait(10_000);
    assert_eq!(names.map(|name| last(&bench, name).bids), evening);
}
