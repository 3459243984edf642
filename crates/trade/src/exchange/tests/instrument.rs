//! Instruments that are no stock in dollars: yen without a fraction, parts of a share at prices with bands, a barrel at
//! prices below zero with a multiplier, and one whose last day is over.

use proptest::prelude::*;

use super::*;
use crate::journal::{decode, encode};
use crate::ledger::SelfMatch;
use crate::money::Cash;
use crate::pretrade::Denial;

const YEN: SymbolId = SymbolId(800_001);
const PART: SymbolId = SymbolId(800_002);
const BARREL: SymbolId = SymbolId(800_005);
const OVER: SymbolId = SymbolId(800_009);

/// The instruments of these tests; the ids have gaps.
fn own() -> Arc<Instruments> {
    let header = include_str!("../../../assets/instruments.csv").lines().next().unwrap();
    let rows = [
        "800001,stock,YEN,Yen Company,TSE,JPY,1,1,1000000,100,1,1,,0,80,0.05,,,,,,,,3000,1000,16",
        "800002,stock,PART,Part AG,XETRA,EUR,0:0.0001 1:0.01 50:0.05,0.0001,1000000,0.0001,1,1,,0,0,0.001,,,,,,,,12.34,1000,16",
        "800005,stock,BARREL,Barrel,NYMEX,USD,0.01,-1000,1000,1,1,1000,,2.25,0,1,,,,,,,,20.00,1000,16",
        "800009,stock,OVER,Over Inc.,NYSE,USD,0.01,0.01,1000,1,1,1,2026-11-20,0,0,0,,,,,,,,20.00,1000,16",
    ];
    Arc::new(Instruments::read("own.csv", &format!("{header}\n{}\n", rows.join("\n"))).unwrap())
}

fn currency(code: &str) -> Currency {
    code.parse().unwrap()
}

fn account(number: u32) -> PaperAccountId {
    PaperAccountId::new(number).unwrap()
}

/// The genesis' account in dollars, 2 in yen and 3 in euros, with a hundred million each.
fn three() -> Bench {
    let cash = Decimal::from(100_000_000);
    let exchange = Exchange::new(Genesis { cash, ..genesis(Hours::RoundTheClock) }, &own());
    let mut bench = Bench { exchange, time: MONDAY, journal: vec![] };
    bench.apply(Command::OrderRule { rule: ORDER_RULE });
    for (number, code) in [(2, "JPY"), (3, "EUR")] {
        let (account, currency) = (account(number), currency(code));
        let self_match = SelfMatch::CancelOldest;
        bench.apply(Command::OpenAccount(Opening { account, cash, currency, self_match }));
    }
    bench
}

fn of(
    number: u32,
    symbol: SymbolId,
    side: Side,
    quantity: Shares,
    order_type: OrderType,
) -> NewOrder {
    let account = if number == 1 { genesis(Hours::Real).account } else { account(number) };
    NewOrder { account, symbol, ..order(side, quantity, order_type) }
}

fn check(bench: &Bench, order: NewOrder) -> Result<pretrade::Checked<Vec<NewOrder>>, Denial> {
    let limits = Limits { collar_bps: Some(1_000_000), ..Limits::default() };
    let facts = bench.exchange.facts(order.account, HOLDER).unwrap();
    pretrade::check(&facts, &limits, bench.time, vec![order])
}

fn at(price: i64) -> OrderType {
    OrderType::Limit { price: Ticks(price) }
}

#[test]
fn order_in_another_currency_than_the_accounts_is_denied_with_both() {
    let bench = three();
    let denial = check(&bench, of(2, BARREL, Side::Buy, 1, at(2_000))).unwrap_err();
    assert_eq!(
        denial.evidence_text(),
        "OTHER_CURRENCY: BARREL trades in USD, and account DU0000002 is kept in JPY; use an account in USD"
    );
    assert!(check(&bench, of(1, BARREL, Side::Buy, 1, at(2_000))).is_ok());
    assert_eq!(
        check(&bench, of(1, YEN, Side::Buy, 1, at(3_000))).unwrap_err().code(),
        "OTHER_CURRENCY"
    );
}

#[test]
fn order_after_the_last_day_or_off_the_step_is_denied_with_what_is_allowed() {
    let bench = three();
    let text = |order| check(&bench, order).unwrap_err().evidence_text();
    assert_eq!(
        text(of(1, OVER, Side::Buy, 1, at(2_000))),
        "INSTRUMENT_EXPIRED: OVER could be ordered until 2026-11-20, which is over; choose one that \
         expires later"
    );
    assert_eq!(
        text(of(3, PART, Side::Buy, 1, at(123_450))),
        "PRICE_OFF_STEP: limit price 12.3450 is between two steps of 0.0100; send 12.3400 or 12.3500"
    );
    assert_eq!(
        text(of(1, BARREL, Side::Buy, 1, at(-100_001))),
        "PRICE_OUT_OF_RANGE: limit price -1000.01 is not between -1000.00 and 1000.00"
    );
    assert_eq!(
        text(of(3, PART, Side::Buy, 10_000_000_000, at(9_999_999_500))),
        "VALUE_TOO_LARGE: 1000000.0000 at 999999.9500 is worth more than can be counted; send less"
    );
    // A million units, not a million steps.
    assert_eq!(
        text(of(3, PART, Side::Buy, 10_000_000_001, at(1))),
        "QUANTITY_ABOVE_LIMIT: a quantity of 1000000.0001 is above the limit of 1000000 per order; send \
         1000000 or fewer"
    );
}

#[test]
fn value_is_price_times_quantity_times_multiplier_and_binds_below_zero_too() {
    let instruments = own();
    let get = |id| instruments.get(id).unwrap();
    let worth = |id, price, steps| get(id).notional(Ticks(price), steps).unwrap().to_string();
    assert_eq!(worth(YEN, 3_000, 5), "1500000", "five lots of a hundred");
    assert_eq!(worth(PART, 123_400, 15_000), "18.51000000", "one and a half at 12.34");
    assert_eq!(worth(BARREL, -3_763, 2), "-75260.00", "two of a thousand barrels at -37.63");
    assert_eq!(get(BARREL).notional(Ticks(i64::MAX), i64::MAX), None);
    assert_eq!(get(PART).steps("1.5".parse().unwrap()), Ok(15_000));
    assert!(
        get(PART).steps("1.00005".parse().unwrap()).is_err()
            && get(YEN).steps(Decimal::TEN).is_err()
    );
    let mut bench = three();
    let before = bench.exchange.summary();
    let checked = check(&bench, of(1, BARREL, Side::Buy, 2, at(-3_763))).unwrap();
    bench.apply(Command::Place(checked));
    let after = bench.exchange.summary();
    assert_eq!(
        before.available_funds - after.available_funds,
        Decimal::new(37_630, 0),
        "half of it"
    );
    assert_eq!(
        check(&bench, of(1, BARREL, Side::Buy, 50_000, at(-3_763))).unwrap_err().code(),
        "NOTIONAL_ABOVE_LIMIT"
    );
}

#[test]
fn trade_below_zero_is_in_the_bars_of_its_time_and_stays_there_over_a_snapshot() {
    let mut bench = three();
    let at = own().index(BARREL).unwrap();
    let now = bench.exchange.now().seconds();
    bench.exchange.paper.listings.rows_mut()[at].print(-3_763, 2, now + 1);
    let restored = Exchange::restore(&bench.exchange.snapshot().unwrap(), &own()).unwrap();
    for exchange in [&bench.exchange, &restored] {
        for size in [BarSize::Seconds(5), BarSize::Minutes(1), BarSize::Day] {
            let (from, to) = (Time::from_seconds(0), Time::from_seconds(now + 86_400));
            let bars = exchange.bars(BARREL, size, from, to);
            let last = bars.last().unwrap();
            assert_eq!((last.low, last.close), (Ticks(-3_763), Ticks(-3_763)), "{size:?}");
        }
    }
}

#[test]
fn ledger_keeps_cash_profit_and_commission_of_each_currency_apart() {
    let instruments = own();
    let get = |id| instruments.get(id).unwrap();
    let begun = Money::new(Decimal::from(1_000), Currency::USD);
    let mut ledger = Ledger::new(Arc::clone(&instruments), account(1), begun, 3, MONDAY);
    // Long two at -37.63: it is paid for buying.
    ledger.fill(get(BARREL), Side::Buy, 2, Ticks(-3_763), Decimal::from(5));
    ledger.fill(get(YEN), Side::Sell, 1, Ticks(3_000), Decimal::from(80));
    let made = ledger.fill(get(BARREL), Side::Sell, 2, Ticks(1_000), Decimal::from(5));
    assert_eq!(made, Some(Decimal::from(95_250)), "from -37.63 to 10.00 on 2,000 barrels, less 10");
    let of = |code| ledger.purse.of(currency(code));
    assert_eq!(of("USD").balance, Decimal::from(1_000 + 95_250));
    assert_eq!((of("USD").commissions, of("JPY").commissions), (Decimal::TEN, Decimal::from(80)));
    assert_eq!(of("JPY").balance, Decimal::from(300_000 - 80));
    assert_eq!(of("EUR"), Cash::default());
    assert_eq!(
        (ledger.realised(Currency::USD), ledger.realised(currency("JPY"))),
        (Decimal::from(95_250), Decimal::ZERO)
    );
    let mark = |_| Ticks(3_100);
    assert_eq!(
        ledger.net_liquidation(currency("JPY"), mark),
        Decimal::from(300_000 - 80 - 310_000)
    );
    assert_eq!(ledger.net_liquidation(Currency::USD, mark), Decimal::from(96_250));
    ledger.begin_day(Day::of(2026, 11, 24), MONDAY, mark);
    assert_eq!(ledger.purse.of(currency("JPY")).day_start, Decimal::from(-10_080));
    // A snapshot keeps all of them.
    let kept = postcard::to_stdvec(&ledger.currencies(1).unwrap()).unwrap();
    let mut again = Ledger::new(instruments, account(1), begun, 3, MONDAY);
    *again.purse.of_mut(Currency::USD) = *ledger.purse.own();
    again.take_currencies(postcard::from_bytes(&kept).unwrap());
    assert_eq!(again.purse, ledger.purse);
}

#[test]
fn record_of_an_order_reads_without_a_catalogue_whatever_its_ticks_are() {
    let mut bench = three();
    let orders = [
        of(2, YEN, Side::Buy, 5, at(2_900)),
        of(3, PART, Side::Buy, 15_001, at(123_300)),
        of(1, BARREL, Side::Buy, 2, at(-3_763)),
    ];
    for order in orders {
        let checked = check(&bench, order).unwrap();
        let events = bench.apply(Command::Place(checked));
        let placed = Arc::clone(events[0].order().unwrap());
        let units = own().get(placed.symbol).unwrap().units();
        let change = Change {
            order: placed.id,
            quantity: placed.quantity + 1,
            order_type: placed.order_type,
            tif: placed.tif,
            units,
        };
        let facts = bench.exchange.facts(placed.account, HOLDER).unwrap();
        let limits = Limits { max_notional: Some(Decimal::from(90_000_000)), ..Limits::default() };
        let change = pretrade::check_modify(&facts, &limits, change).unwrap();
        bench.apply_limited(Command::Modify(change), limits);
    }
    for stamped in &bench.journal {
        let mut bytes = Vec::new();
        encode(stamped, &bench.exchange, &mut bytes).unwrap();
        assert_eq!(decode(&bytes).unwrap(), *stamped);
    }
    // What is read again comes to the same.
    let mut again = Exchange::new(bench.exchange.genesis().clone(), &own());
    for stamped in &bench.journal {
        again.apply(stamped);
    }
    again.advance(bench.time);
    assert_eq!(again.snapshot().unwrap(), bench.exchange.snapshot().unwrap());
}

/// In every currency of every account, what is there is what was there and what was made of it.
fn check_money(bench: &Bench) {
    for ledger in bench.exchange.ledgers() {
        for (currency, cash) in ledger.purse.all() {
            let bases: Decimal = ledger.positions_in(currency).map(|(_, one)| one.basis).sum();
            assert_eq!(cash.balance + bases, cash.deposited + ledger.realised(currency));
            let mut expected = cash.deposited;
            let instruments = ledger.instruments();
            for fill in ledger.executions() {
                let one = instruments.get(fill.symbol).unwrap();
                assert_eq!(one.currency, ledger.base(), "an account trades in its own currency");
                let steps = i64::try_from(fill.quantity).unwrap();
                let value = one.notional(fill.price, steps).unwrap();
                expected += if fill.side == Side::Buy { -value } else { value } - fill.commission;
            }
            assert_eq!(cash.balance, expected, "{currency}");
        }
        assert_eq!(ledger.purse.all().count(), 1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn money_of_three_currencies_is_conserved_each_by_itself(
        acts in prop::collection::vec((1_u32..4, any::<u64>(), 0_i64..60), 1..60),
    ) {
        let mut bench = three();
        let mut traded = 0;
        for (number, word, pause) in acts {
            bench.wait(pause);
            let symbol = [BARREL, YEN, PART][usize::try_from(number - 1).unwrap()];
            let side = if word & 1 == 0 { Side::Buy } else { Side::Sell };
            let last = bench.exchange.mark(symbol).0;
            let away = last / 100 * i64::try_from(word >> 3 & 3).unwrap();
            let price = if side == Side::Buy { last - away } else { last + away };
            let prices = &own().get(symbol).unwrap().prices.clone();
            let order_type =
                if word & 6 == 0 { at(prices.floor(Ticks(price)).0) } else { OrderType::Market };
            let new = of(number, symbol, side, 1 + (word >> 8) % 50, order_type);
            if let Ok(checked) = check(&bench, new) {
                bench.apply(Command::Place(checked));
            }
            check_money(&bench);
            traded = bench.exchange.ledgers().map(|one| one.executions().count()).sum();
        }
        let bytes = bench.exchange.snapshot().unwrap();
        let again = Exchange::restore(&bytes, &own()).unwrap();
        prop_assert_eq!(again.snapshot().unwrap(), bytes);
        let bases: Vec<_> = again.ledgers().map(Ledger::base).collect();
        prop_assert_eq!(bases, [Currency::USD, currency("JPY"), currency("EUR")]);
        prop_assert!(traded > 0 || bench.journal.len() < 20, "{traded} trades");
    }
}
