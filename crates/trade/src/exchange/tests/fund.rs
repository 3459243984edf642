//! Funds: one price a day, and orders that wait for it.

use super::market3::{every_product, named};
use super::rule::slowly;
use super::*;

const BONDS: &str = "FPEBX";
const MONEY: &str = "FPEMX";

fn begun_on(at: i64, hours: Hours) -> Bench {
    let at = Time::from_seconds(at);
    let mut bench = Bench::by_rule_1(Genesis { at, ..every_product(hours) });
    bench.time = at;
    bench.apply(Command::OrderRule { rule: ORDER_RULE });
    bench
}

fn wants(name: &str, side: Side, quantity: u64) -> NewOrder {
    let tif = TimeInForce::Gtc;
    NewOrder { symbol: named(name).id, tif, ..order(side, quantity, OrderType::Market) }
}

fn fills(told: &[Event]) -> Vec<Arc<Execution>> {
    let fill = |event: &Event| match event {
        Event::OrderFilled { execution, .. } => Some(Arc::clone(execution)),
        _ => None,
    };
    told.iter().filter_map(fill).collect()
}

#[test]
fn order_waits_for_the_price_of_its_day_and_gets_that() {
    // A Wednesday at noon.
    let noon = Day::of(2026, 12, 2).at(12, 0);
    let mut bench = begun_on(noon, Hours::Real);
    let one = named(BONDS);
    let before = bench.exchange.mark(one.id);
    let told = bench.place(vec![wants(BONDS, Side::Buy, 12_345_678)]);
    assert_eq!(fills(&told), []);
    let quote = bench.exchange.quote(one.id).unwrap();
    assert!(quote.bids.is_empty() && quote.asks.is_empty() && quote.last == before);
    let again = restored(&bench.exchange.snapshot().unwrap()).unwrap();
    assert_eq!(again.state_hash(), bench.exchange.state_hash());
    assert_eq!(fills(&bench.wait(4 * 3_600 + 3_599)), [], "not before the day ends");
    let filled = fills(&bench.wait(2));
    assert_eq!((filled.len(), filled[0].quantity), (1, 12_345_678));
    // What it was filled at is the price that is known from then on.
    assert_eq!(filled[0].price, bench.exchange.mark(one.id));
    assert_eq!(filled[0].commission, Decimal::new(1_495, 2));
    let paid = one.price(filled[0].price) * Decimal::new(12_345_678, 3);
    let account = bench.exchange.account();
    assert_eq!(account.purse.own().balance, Decimal::from(1_000_000) - paid - filled[0].commission);
    let summary = bench.exchange.summary();
    assert_eq!(summary.parts[0].mutual_funds, paid);
    let off = summary.initial_margin - paid / Decimal::TWO;
    assert!(off >= Decimal::ZERO && off < Decimal::new(2, 2), "half of it: {off}");
    bench.check_money();
    let told = bench.place(vec![wants(BONDS, Side::Sell, 12_345_678)]);
    assert_eq!(fills(&told), []);
    let filled = fills(&bench.wait(86_400));
    assert_eq!((filled.len(), filled[0].price), (1, bench.exchange.mark(one.id)));
    assert!(bench.exchange.account().is_flat());
    bench.check_money();
}

#[test]
fn order_after_the_close_or_on_a_holiday_is_of_the_next_day_with_a_price() {
    // The day before Christmas closes at one; Christmas is a Friday.
    let mut bench = begun_on(Day::of(2026, 12, 24).at(14, 0), Hours::Real);
    let new = NewOrder { tif: TimeInForce::Day, ..wants(BONDS, Side::Buy, 1_000) };
    bench.place(vec![new]);
    let monday = Day::of(2026, 12, 28).at(16, 59);
    let told = bench.wait(monday - bench.time.seconds());
    assert_eq!(told.len(), 0, "{told:?}");
    assert_eq!(fills(&bench.wait(120)).len(), 1);
}

#[test]
fn price_changes_once_a_day_and_follows_yields() {
    let mut bench = begun_on(Day::of(2026, 12, 1).at(9, 0), Hours::RoundTheClock);
    let one = named(BONDS);
    let mut prices = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let before = bench.exchange.mark(one.id);
        bench.wait(7 * 3_600);
        assert_eq!(bench.exchange.mark(one.id), before);
        bench.wait(17 * 3_600);
        prices.insert(bench.exchange.mark(one.id));
        assert_eq!(bench.exchange.mark(named(MONEY).id), Ticks(100));
    }
    assert!(
        prices.len() > 3 && prices.iter().all(|price| (900..1_100).contains(&price.0)),
        "{prices:?}"
    );
}

#[test]
fn money_market_fund_stays_at_one_and_pays_what_it_earns() {
    let mut bench = begun_on(Day::of(2026, 12, 1).at(9, 0), Hours::RoundTheClock);
    bench.place(vec![wants(MONEY, Side::Buy, 365_000_000)]);
    bench.wait(86_400);
    let bought = bench.exchange.account().purse.own().balance;
    // 365,000 dollars earn 3.4 % a year, and each night's is paid as it begins.
    assert_eq!(bought, Decimal::from(1_000_000 - 365_000 + 34));
    bench.wait(10 * 86_400);
    let earned = bench.exchange.account().purse.own().balance - bought;
    assert_eq!(earned, Decimal::from(340));
    assert_eq!(bench.exchange.summary().parts[0].money_funds, Decimal::from(365_000));
    bench.check_money();
}

#[test]
fn orders_that_no_fund_takes_are_denied_with_the_way() {
    let mut bench = begun_on(Day::of(2026, 12, 1).at(9, 0), Hours::RoundTheClock);
    bench.place(vec![wants(BONDS, Side::Buy, 5_000)]);
    bench.wait(86_400);
    let priced = |order_type| NewOrder { order_type, ..wants(BONDS, Side::Buy, 1_000) };
    let timed = |tif| NewOrder { tif, ..wants(BONDS, Side::Buy, 1_000) };
    let at = Ticks(1_000);
    for (new, code, text) in [
        (priced(OrderType::Limit { price: at }), "FORWARD_PRICED", "no LMT order"),
        (priced(OrderType::Stop { trigger: at }), "FORWARD_PRICED", "no STP order"),
        (
            priced(OrderType::StopLimit { trigger: at, price: at }),
            "FORWARD_PRICED",
            "send a market",
        ),
        (timed(TimeInForce::Ioc), "FORWARD_PRICED", "no IOC order"),
        (timed(TimeInForce::Fok), "FORWARD_PRICED", "no FOK order"),
        (wants(BONDS, Side::Buy, 0), "QUANTITY_ZERO", "is 0"),
        (wants(BONDS, Side::Sell, 5_001), "ORDER_PAST_FLAT", "5.000"),
        (wants(MONEY, Side::Sell, 1), "ORDER_PAST_FLAT", "none are held"),
        (wants(BONDS, Side::Buy, 1_000_001_000), "QUANTITY_ABOVE_LIMIT", "1000000"),
        (wants(BONDS, Side::Buy, 900_000_000), "BUYING_POWER", "buying power"),
    ] {
        let denial = pretrade::check(&bench.facts(), &Limits::default(), bench.time, vec![new]);
        let denial = denial.unwrap_err();
        assert_eq!(denial.code(), code, "{denial}");
        assert!(denial.to_string().contains(text), "{denial}");
    }
    let error = named(BONDS).steps(Decimal::new(1, 4)).unwrap_err();
    assert_eq!(error.step, Decimal::new(1, 3));
    // Two sales of the same shares.
    bench.place(vec![wants(BONDS, Side::Sell, 3_000)]);
    let sale = wants(BONDS, Side::Sell, 3_000);
    let denial = pretrade::check(&bench.facts(), &Limits::default(), bench.time, vec![sale]);
    assert_eq!(denial.unwrap_err().code(), "ORDER_PAST_FLAT");
}

#[test]
fn nothing_makes_a_holder_short_of_a_fund() {
    let mut bench = begun_on(Day::of(2026, 12, 1).at(9, 0), Hours::RoundTheClock);
    bench.place(vec![wants(BONDS, Side::Buy, 5_000)]);
    bench.wait(86_400);
    let code = |bench: &Bench, new: Vec<NewOrder>| {
        let denial = pretrade::check(&bench.facts(), &Limits::default(), bench.time, new);
        denial.err().map(|denial| denial.code())
    };
    // Two in one group.
    let sale = |quantity| wants(BONDS, Side::Sell, quantity);
    assert_eq!(code(&bench, vec![sale(3_000), sale(2_001)]), Some("ORDER_PAST_FLAT"));
    assert_eq!(code(&bench, vec![sale(3_000), sale(2_000)]), None);
    // One beside an order that may only reduce.
    bench.reduce(sale(3_000));
    assert_eq!(code(&bench, vec![sale(2_001)]), Some("ORDER_PAST_FLAT"));
    bench.place(vec![sale(2_000)]);
    // One that grows.
    let waits = bench.exchange.open_orders().last().cloned().unwrap();
    let change = |quantity| {
        let change = Change { units: named(BONDS).units(), ..resized(&waits, quantity) };
        pretrade::check_modify(&bench.facts(), &Limits::default(), change).err()
    };
    assert_eq!(change(2_001).map(|denial| denial.code()), Some("ORDER_PAST_FLAT"));
    assert_eq!(change(1_999), None);
    bench.wait(86_400);
    assert!(bench.exchange.account().is_flat());
}

#[test]
fn days_of_funds_passed_at_once_are_what_each_of_their_seconds_comes_to() {
    for hours in [Hours::RoundTheClock, Hours::Real] {
        let mut at_once = begun_on(Day::of(2026, 12, 2).at(12, 0), hours);
        at_once.place(vec![wants(BONDS, Side::Buy, 5_000), wants(MONEY, Side::Buy, 9_000)]);
        let mut by_second = at_once.exchange.clone();
        let told = at_once.wait(30_000);
        let slow = slowly(&mut by_second, at_once.time);
        by_second.seq = at_once.exchange.seq;
        assert_eq!(fills(&told).len(), 2);
        assert_eq!(told, slow, "{hours:?}");
        assert!(at_once.exchange.snapshot().unwrap() == by_second.snapshot().unwrap());
    }
}
