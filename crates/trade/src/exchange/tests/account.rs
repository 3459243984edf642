//! Several accounts on one exchange: their orders meet, and each has its own money.

use proptest::prelude::*;

use super::*;
use crate::ledger::{Ledger, SelfMatch};
use crate::order::Oca;

const SECOND: &str = "DU7654321";

fn second() -> PaperAccountId {
    SECOND.parse().unwrap()
}

/// An exchange with two accounts of a million each.
fn two(self_match: SelfMatch) -> Bench {
    let mut bench = Bench::new();
    open(&mut bench, self_match);
    bench
}

fn open(bench: &mut Bench, self_match: SelfMatch) {
    let cash = Decimal::from(1_000_000);
    bench.apply(Command::OpenAccount(Opening {
        account: second(),
        cash,
        currency: Currency::USD,
        self_match,
    }));
}

fn of_second(order: NewOrder) -> NewOrder {
    NewOrder { account: second(), ..order }
}

/// Places as the account that the orders name.
fn place(bench: &mut Bench, orders: Vec<NewOrder>) -> Vec<Event> {
    let account = orders[0].account;
    let limits = Limits { collar_bps: Some(100_000), ..Limits::default() };
    let facts = bench.exchange.facts(account, HOLDER).unwrap();
    let checked = pretrade::check(&facts, &limits, bench.time, orders).unwrap();
    bench.apply(Command::Place(checked))
}

fn one(bench: &mut Bench, order: NewOrder) -> Arc<Order> {
    let events = place(bench, vec![order]);
    let id = events[0].order().unwrap().id;
    bench.order(id)
}

/// A price between the best quotes, where only accounts meet.
fn inside(bench: &mut Bench) -> i64 {
    while bench.ask().0 - bench.bid().0 < 2 {
        bench.wait(1);
    }
    bench.bid().0 + 1
}

fn ledger(bench: &Bench, account: PaperAccountId) -> &Ledger {
    bench.exchange.ledger(account).unwrap()
}

/// Cash and shares as the executions have them, counted in the plainest way.
fn check_naive(ledger: &Ledger) {
    let (mut cash, mut shares) = (ledger.purse.own().deposited, std::collections::BTreeMap::new());
    for execution in ledger.executions() {
        assert_eq!(execution.account, ledger.id);
        let value = Decimal::from(execution.quantity) * Decimal::new(execution.price.0, 2);
        let quantity = i64::try_from(execution.quantity).unwrap();
        let (value, quantity) =
            if execution.side == Side::Buy { (-value, quantity) } else { (value, -quantity) };
        cash += value - execution.commission;
        *shares.entry(execution.symbol).or_insert(0) += quantity;
    }
    assert_eq!(ledger.purse.own().balance, cash);
    for (symbol, shares) in shares {
        assert_eq!(ledger.position(symbol).shares, shares);
    }
    let bases: Decimal = ledger.positions().map(|(_, position)| position.basis).sum();
    assert_eq!(
        ledger.purse.own().balance + bases,
        ledger.purse.own().deposited + ledger.realised(Currency::USD)
    );
}

#[test]
fn orders_of_two_accounts_meet_and_only_commission_is_gone() {
    let mut bench = two(SelfMatch::default());
    let price = inside(&mut bench);
    let rests = one(&mut bench, limit(Side::Buy, 300, price));
    let comes = one(&mut bench, of_second(limit(Side::Sell, 300, price)));
    let rests = bench.order(rests.id);
    assert_eq!((rests.state, comes.state), (OrderState::Filled, OrderState::Filled));
    let first = bench.exchange.genesis().account;
    let (one, other) = (ledger(&bench, first), ledger(&bench, second()));
    assert_eq!((one.position(AAPL).shares, other.position(AAPL).shares), (300, -300));
    let paid = one.purse.own().commissions + other.purse.own().commissions;
    assert!(paid > Decimal::ZERO);
    assert_eq!(
        one.purse.own().balance + other.purse.own().balance,
        one.purse.own().deposited + other.purse.own().deposited - paid
    );
    assert_eq!(one.executions().next().unwrap().liquidity, Liquidity::Added);
    assert_eq!(other.executions().next().unwrap().liquidity, Liquidity::Removed);
}

#[test]
fn lock_of_one_account_cancels_none_of_the_other() {
    let mut bench = two(SelfMatch::default());
    let mine = one(&mut bench, limit(Side::Buy, 10, 100));
    let theirs = one(&mut bench, of_second(limit(Side::Buy, 10, 100)));
    let open = |bench: &Bench| bench.exchange.open_orders().map(|one| one.id).collect::<Vec<_>>();
    bench.apply(Command::CancelAll { scope: CancelTarget::Account, cause: Cause::Lock });
    assert_eq!(open(&bench), [theirs.id], "{mine:?}");
    let mine = one(&mut bench, limit(Side::Buy, 10, 100));
    bench.apply(Command::CancelAll { scope: CancelTarget::Of(second()), cause: Cause::Lock });
    assert_eq!(open(&bench), [mine.id]);
}

#[test]
fn account_opens_once_and_closes_only_when_it_is_flat() {
    let mut bench = two(SelfMatch::default());
    let cash = Decimal::from(5);
    let again = Opening {
        account: second(),
        cash,
        currency: Currency::USD,
        self_match: SelfMatch::default(),
    };
    bench.apply(Command::OpenAccount(again));
    assert_eq!(
        ledger(&bench, second()).purse.own().balance,
        Decimal::from(1_000_000),
        "it keeps its ledger"
    );
    let open = one(&mut bench, of_second(limit(Side::Buy, 10, 100)));
    let close = Command::CloseAccount { account: second() };
    bench.apply(close.clone());
    assert_eq!(ledger(&bench, second()).closed, None, "an order is open");
    bench.cancel(open.id);
    bench.apply(close);
    assert_eq!(ledger(&bench, second()).closed, Some(bench.exchange.now()));
    let denied = bench.exchange.facts(second(), HOLDER).map(drop);
    assert_eq!(denied, Err(pretrade::Denial::UnknownAccount { account: second() }));
    let first = bench.exchange.genesis().account;
    bench.apply(Command::CloseAccount { account: first });
    assert_eq!(ledger(&bench, first).closed, None, "the first stays");
}

#[test]
fn own_orders_that_meet_do_what_the_account_chose() {
    use OrderState::{Cancelled, Filled, Working};
    use TimeInForce::{Day, Fok, Ioc};
    // What becomes of the older order and of the newer.
    let cases = [
        (SelfMatch::CancelNewest, Day, (Working, Cancelled)),
        (SelfMatch::CancelNewest, Ioc, (Working, Cancelled)),
        (SelfMatch::CancelNewest, Fok, (Working, Cancelled)),
        (SelfMatch::CancelOldest, Day, (Cancelled, Working)),
        (SelfMatch::CancelOldest, Ioc, (Cancelled, Cancelled)),
        // It could not get its shares from others, so nobody makes way for it.
        (SelfMatch::CancelOldest, Fok, (Working, Cancelled)),
    ];
    for (self_match, tif, expected) in cases {
        let mut bench = two(self_match);
        let price = inside(&mut bench);
        let older = one(&mut bench, of_second(limit(Side::Buy, 100, price)));
        let newer = NewOrder { tif, ..of_second(limit(Side::Sell, 100, price)) };
        let newer = one(&mut bench, newer);
        let older = bench.order(older.id);
        assert_eq!((older.state, newer.state), expected, "{self_match:?} {tif:?}");
        assert_eq!(older.filled + newer.filled, 0, "{self_match:?} {tif:?}");
    }
    // Behind an own order that makes way, another account's is met.
    let mut bench = two(SelfMatch::CancelOldest);
    let price = inside(&mut bench);
    let own = one(&mut bench, of_second(limit(Side::Buy, 100, price)));
    let other = one(&mut bench, limit(Side::Buy, 100, price));
    let comes = NewOrder { tif: Fok, ..of_second(limit(Side::Sell, 100, price)) };
    let comes = one(&mut bench, comes);
    assert_eq!(bench.order(own.id).end, Some(End::SelfMatch { with: comes.id }));
    assert_eq!((bench.order(other.id).state, comes.state), (Filled, Filled));
}

#[test]
fn choice_that_changes_holds_for_orders_that_rest_and_is_in_the_snapshot() {
    use OrderState::{Cancelled, Working};
    let first = genesis(Hours::RoundTheClock).account;
    for account in [first, second()] {
        let mut bench = two(SelfMatch::default());
        let price = inside(&mut bench);
        let on = |side| NewOrder { account, ..limit(side, 100, price) };
        let rests = one(&mut bench, on(Side::Buy));
        bench.apply(Command::SelfMatch { account, self_match: SelfMatch::CancelOldest });
        // Carried through a snapshot, of that ledger alone.
        bench.exchange = restored(&bench.exchange.snapshot().unwrap()).unwrap();
        let other = if account == first { second() } else { first };
        let kept = [account, other].map(|id| ledger(&bench, id).self_match);
        assert_eq!(kept, [SelfMatch::CancelOldest, SelfMatch::CancelNewest], "{account}");
        let comes = one(&mut bench, on(Side::Sell));
        let rests = bench.order(rests.id);
        assert_eq!((rests.state, comes.state), (Cancelled, Working), "{account}");
        assert_eq!(rests.end, Some(End::SelfMatch { with: comes.id }));
        // And back: no trace of it is left in the state.
        bench.apply(Command::SelfMatch { account, self_match: SelfMatch::CancelNewest });
        let newest = one(&mut bench, on(Side::Buy));
        assert_eq!(newest.end, Some(End::SelfMatch { with: comes.id }), "{account}");
        let mut again = begun(genesis(Hours::RoundTheClock));
        for stamped in &bench.journal {
            again.apply(stamped);
        }
        again.advance(bench.time);
        assert_eq!(again.state_hash(), bench.exchange.state_hash(), "{account}");
    }
}

#[test]
fn orders_that_would_meet_while_the_market_is_closed_wait_for_the_opening() {
    // A Monday evening in New York: the regular hours are over.
    let mut bench = Bench::of(genesis(Hours::Real));
    open(&mut bench, SelfMatch::default());
    assert!(!bench.exchange.is_open());
    let last = bench.exchange.mark(AAPL).0;
    let buys = one(&mut bench, NewOrder { tif: TimeInForce::Gtc, ..limit(Side::Buy, 50, last) });
    let sells = NewOrder { tif: TimeInForce::Gtc, ..of_second(limit(Side::Sell, 50, last)) };
    let sells = one(&mut bench, sells);
    assert_eq!(bench.order(buys.id).filled + sells.filled, 0);
    bench.time = bench.exchange.next_open() + Span::seconds(1);
    bench.apply(Command::Advance);
    let (buys, sells) = (bench.order(buys.id), bench.order(sells.id));
    assert!(buys.filled > 0 || sells.filled > 0, "{buys:?} {sells:?}");
    let listing = &bench.exchange.paper.listings.rows()[0];
    let (bid, ask) = (listing.book.best_bid(), listing.book.best_ask());
    assert!(bid.zip(ask).is_none_or(|(bid, ask)| bid < ask), "crossed: {bid:?} {ask:?}");
}

#[test]
fn all_or_nothing_does_not_count_on_orders_that_a_trade_takes_away() {
    let mut bench = two(SelfMatch::default());
    let price = inside(&mut bench);
    let group =
        |order| NewOrder { oca: Some(Oca { group: "either".into(), reduce: false }), ..order };
    for _ in 0..2 {
        one(&mut bench, group(limit(Side::Buy, 100, price)));
    }
    let fok = |quantity| NewOrder {
        tif: TimeInForce::Fok,
        ..of_second(limit(Side::Sell, quantity, price))
    };
    let comes = one(&mut bench, fok(200));
    assert_eq!(comes.end, Some(End::NotFillable { available: 0 }));
    let comes = one(&mut bench, of_second(limit(Side::Sell, 200, price)));
    assert_eq!(comes.filled, 100, "the first ended the second");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn walk_of_two_accounts_keeps_each_ledger_and_replays(
        acts in prop::collection::vec((any::<u64>(), 0_i64..60), 1..80),
    ) {
        let mut bench = two(SelfMatch::default());
        let first = bench.exchange.genesis().account;
        for (word, pause) in &acts {
            bench.wait(*pause);
            let quantity = 1 + (word >> 24) % 900;
            let price = bench.exchange.mark(AAPL).0 + i64::try_from((word >> 8) % 9).unwrap() - 4;
            let side = if word & 0x80 == 0 { Side::Buy } else { Side::Sell };
            let mut new = limit(side, quantity, price);
            new.tif = [TimeInForce::Gtc, TimeInForce::Day, TimeInForce::Ioc, TimeInForce::Fok]
                [usize::try_from((word >> 40) % 4).unwrap()];
            if word & 0x30_0000_0000_0000 == 0 {
                new.oca = Some(Oca { group: "many".into(), reduce: word & 1 == 1 });
            }
            new.account = if word & 2 == 0 { first } else { second() };
            let facts = bench.exchange.facts(new.account, HOLDER).unwrap();
            if let Ok(checked) = pretrade::check(&facts, &Limits::default(), bench.time, vec![new]) {
                bench.apply(Command::Place(checked));
            }
            for ledger in bench.exchange.ledgers() {
                check_naive(ledger);
            }
            let listing = &bench.exchange.paper.listings.rows()[0];
            let (bid, ask) = (listing.book.best_bid(), listing.book.best_ask());
            prop_assert!(bid.zip(ask).is_none_or(|(bid, ask)| bid < ask), "{bid:?} {ask:?}");
        }
        let mut again = begun(genesis(Hours::RoundTheClock));
        for (at, stamped) in bench.journal.iter().enumerate() {
            again.apply(stamped);
            if at % 5 == 2 {
                again = restored(&again.snapshot().unwrap()).unwrap();
            }
        }
        again.advance(bench.time);
        prop_assert_eq!(again.snapshot().unwrap(), bench.exchange.snapshot().unwrap());
        // What is bound is counted over the contracts that were ordered, which a snapshot does not list.
        let cold = restored(&bench.exchange.snapshot().unwrap()).unwrap();
        for (cold, warm) in cold.ledgers().zip(bench.exchange.ledgers()) {
            let of = |one: &Ledger| {
                one.worst(Rates::new(one.base(), &|_| None), |_| Ticks(100))
            };
            let [cold, warm] = [cold, warm].map(of);
            prop_assert_eq!(cold, warm);
        }
    }

    #[test]
    fn money_and_shares_only_change_hands_between_two_ledgers(
        acts in prop::collection::vec((any::<bool>(), any::<bool>(), 1_u64..900), 1..60),
        oldest in any::<bool>(),
    ) {
        let mut bench = two(if oldest { SelfMatch::CancelOldest } else { SelfMatch::CancelNewest });
        // No time passes, so nobody else comes to this price.
        let price = inside(&mut bench);
        for (buys, mine, quantity) in acts {
            let new = limit(if buys { Side::Buy } else { Side::Sell }, quantity, price);
            one(&mut bench, if mine { new } else { of_second(new) });
            let all = || bench.exchange.ledgers();
            let paid: Decimal = all().map(|ledger| ledger.purse.own().commissions).sum();
            let cash: Decimal = all().map(|ledger| ledger.purse.own().balance).sum();
            prop_assert_eq!(cash + paid, Decimal::from(2_000_000));
            let shares: i64 = all().map(|ledger| ledger.position(AAPL).shares).sum();
            prop_assert_eq!(shares, 0);
            for ledger in all() {
                check_naive(ledger);
            }
        }
    }
}
