//! One-cancels-all groups: what one of them traded counts for all that come after it.

use super::*;
use crate::order::Oca;

const MSFT: &str = "MSFT";

fn member(reduce: bool, order: NewOrder) -> NewOrder {
    NewOrder { oca: Some(Oca { group: "exit".into(), reduce }), ..order }
}

fn other_contract(bench: &Bench, order: NewOrder) -> NewOrder {
    NewOrder { symbol: bench.exchange.instruments().named(MSFT).unwrap().id, ..order }
}

/// Has an order that fills in part: the quotes have not as many shares.
fn partly(bench: &mut Bench, reduce: bool, quantity: Shares) -> Arc<Order> {
    let ask = bench.exchange.quote(AAPL).unwrap().asks[0];
    assert!(ask.size < quantity, "{}", ask.size);
    bench.one(member(reduce, limit(Side::Buy, quantity, ask.price.0)))
}

/// Eight days later and back from its bytes: nothing is left of the orders that ended.
fn forget(bench: &mut Bench) {
    bench.exchange.ledgers.first_mut().orders.prune(bench.time + Span::days(8));
    bench.exchange.ledgers.first_mut().forget_parents();
    assert_eq!(bench.exchange.completed_orders().count(), 0);
    bench.exchange = restored(&bench.exchange.snapshot().unwrap()).unwrap();
}

#[test]
fn late_member_of_a_group_that_traded_ends_without_a_trade() {
    for (first, late) in [(false, false), (false, true), (true, false), (true, true)] {
        for other in [false, true] {
            for forgotten in [false, true] {
                let mut bench = Bench::new();
                let by = bench.one(member(first, market(Side::Buy, 10)));
                assert_eq!(by.state, OrderState::Filled);
                if forgotten {
                    forget(&mut bench);
                }
                let mut order = member(late, market(Side::Buy, 10));
                if other {
                    order = other_contract(&bench, order);
                }
                let late = bench.one(order);
                assert_eq!((late.filled, late.state), (0, OrderState::Cancelled));
                assert_eq!(late.end, Some(End::GroupTraded { by: by.id }));
                assert!(bench.exchange.ledgers.first_mut().orders.groups.is_empty());
            }
        }
    }
}

#[test]
fn members_sent_in_one_breath_trade_once() {
    for apart in [false, true] {
        let mut bench = Bench::new();
        let one = member(false, market(Side::Buy, 10));
        let two = other_contract(&bench, member(false, market(Side::Buy, 10)));
        let events = if apart {
            let mut events = bench.place(vec![one]);
            events.extend(bench.place(vec![two]));
            events
        } else {
            bench.place(vec![one, two])
        };
        let fills = events.iter().filter(|event| matches!(event, Event::OrderFilled { .. }));
        assert_eq!(fills.count(), 1);
        let traded = bench.exchange.completed_orders().filter(|order| order.filled > 0);
        assert_eq!(traded.count(), 1);
    }
}

#[test]
fn partial_fill_of_a_type_1_ends_all_others_and_those_that_come_later() {
    let mut bench = Bench::new();
    let resting = bench.one(member(true, limit(Side::Buy, 10, 100)));
    let by = partly(&mut bench, false, 5_000);
    assert_eq!((by.state, by.filled > 0), (OrderState::Working, true));
    assert_eq!(bench.order(resting.id).end, Some(End::OcaFilled { by: by.id }));
    let late = bench.one(member(true, limit(Side::Buy, 10, 100)));
    assert_eq!(late.end, Some(End::GroupTraded { by: by.id }));
    assert_eq!(bench.order(by.id).state, OrderState::Working, "the one that trades goes on");
    bench.cancel(by.id);
    let late = bench.one(member(false, market(Side::Buy, 10)));
    assert_eq!(late.filled, 0, "its end does not open the group again");
}

#[test]
fn second_rule_makes_a_late_member_smaller_by_as_many_shares() {
    let mut bench = Bench::of_rule(2);
    let by = partly(&mut bench, true, 5_000);
    let late = bench.one(member(true, limit(Side::Buy, 5_000, 100)));
    assert_eq!((late.quantity, late.released), (5_000 - by.filled, 5_000 - by.filled));
    bench.cancel(by.id);
    forget(&mut bench);
    let smaller = bench.one(member(true, limit(Side::Buy, by.filled, 100)));
    assert_eq!(smaller.end, Some(End::OcaFilled { by: by.id }));
    let later = bench.one(member(true, limit(Side::Buy, by.filled + 1, 100)));
    assert_eq!((later.quantity, later.state), (1, OrderState::Working));
    let whole = bench.one(member(false, limit(Side::Buy, 5_000, 100)));
    assert_eq!(whole.end, Some(End::GroupTraded { by: by.id }), "a type 1 trades alone");
}

#[test]
fn type_1_ends_at_a_partial_fill_of_a_type_2() {
    let mut bench = Bench::of_rule(2);
    let alone = bench.one(member(false, limit(Side::Buy, 5_000, 100)));
    let shares = bench.one(member(true, limit(Side::Buy, 5_000, 100)));
    let by = partly(&mut bench, true, 5_000);
    assert_eq!(bench.order(alone.id).end, Some(End::OcaFilled { by: by.id }));
    assert_eq!(bench.order(shares.id).quantity, 5_000 - by.filled);
}

#[test]
fn second_rule_gives_a_changed_member_nothing_back_that_another_traded() {
    let mut bench = Bench::of_rule(2);
    let rest =
        bench.one(NewOrder { tif: TimeInForce::Gtc, ..member(true, limit(Side::Buy, 5_000, 100)) });
    let by = partly(&mut bench, true, 5_000);
    let left = 5_000 - by.filled;
    let mut ask = |quantity: Shares| {
        let order_type = OrderType::Limit { price: Ticks(101) };
        bench.modify(Change {
            order: rest.id,
            quantity,
            order_type,
            tif: rest.tif,
            units: crate::instrument::Units::SHARES,
        });
        let order = bench.order(rest.id);
        assert_eq!(order.quantity, order.released);
        order.quantity
    };
    assert_eq!(ask(5_000), left, "as it was first sent: only the price is new");
    assert_eq!(ask(left), left, "as it is now: it loses nothing twice");
    assert_eq!(ask(left + 1), left);
    assert_eq!(ask(6_000), left + 1_000, "a group of 1,000 more");
    assert_eq!(ask(50), 50);
    assert_eq!(ask(5_000), left);
}

#[test]
fn children_of_a_bracket_in_a_group_ask_it_too() {
    let mut bench = Bench::new();
    let by = bench.one(member(false, market(Side::Buy, 10)));
    let mut profit = member(false, limit(Side::Sell, 10, 20_000));
    profit.parent = Some(Parent::Member(0));
    let events = bench.place(vec![market(Side::Buy, 10), profit.clone()]);
    let child = events[1].order().unwrap().id;
    assert_eq!(bench.order(child).end, Some(End::GroupTraded { by: by.id }));
    // A parent that comes late ends with its children.
    let events =
        bench.place(vec![member(false, market(Side::Buy, 10)), NewOrder { oca: None, ..profit }]);
    let ended: Vec<_> =
        bench.exchange.completed_orders().rev().take(2).map(|o| (o.filled, o.end)).collect();
    assert_eq!(ended, [(0, Some(End::ParentEnded)), (0, Some(End::GroupTraded { by: by.id }))]);
    assert!(!events.iter().any(|event| matches!(event, Event::OrderFilled { .. })));
}

#[test]
fn late_child_gets_what_forgotten_siblings_left() {
    let mut bench = Bench::new();
    let symbol = bench.exchange.instruments().named("RRC").unwrap().id;
    let (ask, tif) = (bench.exchange.quote(symbol).unwrap().asks[0].price.0, TimeInForce::Gtc);
    let parent = bench.one(NewOrder { symbol, tif, ..limit(Side::Buy, 9_000, ask) });
    let bought = parent.filled;
    assert!(bought > 70 && bought < 9_000, "{bought}");
    let order_type = OrderType::Limit { price: Ticks(ask - ask / 10) };
    bench.modify(Change {
        order: parent.id,
        quantity: 9_000,
        order_type,
        tif,
        units: crate::instrument::Units::SHARES,
    });
    let parent = Some(Parent::Order(parent.id));
    let child = |order: NewOrder| NewOrder { symbol, tif, parent, ..order };
    let sold = bench.one(child(market(Side::Sell, 70)));
    assert_eq!(sold.state, OrderState::Filled);
    forget(&mut bench);
    let all = child(limit(Side::Sell, 9_000, 30_000));
    let denial = pretrade::check(&bench.facts(), &Limits::default(), bench.time, vec![all]);
    assert_eq!(denial.unwrap_err().code(), "CHILD_QUANTITY");
    let late = bench.one(child(limit(Side::Sell, 8_930, 30_000)));
    assert_eq!(late.live(), bought - 70);
}

#[test]
fn names_are_remembered_up_to_a_number_and_as_long_as_a_member_is_open() {
    use crate::ledger::traded::NAMES;
    let mut bench = Bench::new();
    let named = |at: usize, order: NewOrder| NewOrder {
        oca: Some(Oca { group: format!("group {at}").into(), reduce: true }),
        ..order
    };
    let ask = bench.exchange.quote(AAPL).unwrap().asks[0];
    let open = bench.one(named(0, limit(Side::Buy, 5_000, ask.price.0)));
    assert!(open.filled > 0 && open.state == OrderState::Working);
    let filled = Order { filled: 1, state: OrderState::Filled, ..(*open).clone() };
    for at in 1..=NAMES + NAMES / 10 {
        let order = Order { oca: named(at, limit(Side::Buy, 1, 1)).oca, ..filled.clone() };
        let execution = bench.exchange.register.execution;
        bench.exchange.ledgers.first_mut().note_traded(&order, 1, execution);
        bench.exchange.register.execution += 1;
    }
    let remembered = |bench: &Bench, at: usize| {
        let order = Order { oca: named(at, limit(Side::Buy, 1, 1)).oca, ..filled.clone() };
        bench.exchange.ledgers.first().traded.of(&order).is_some()
    };
    assert!(remembered(&bench, 0), "a member is open");
    assert!(!remembered(&bench, 1) && !remembered(&bench, NAMES / 10 + 1));
    assert!(remembered(&bench, NAMES / 10 + 2) && remembered(&bench, NAMES + NAMES / 10));
}

#[test]
fn old_rule_holds_until_the_journal_says_otherwise() {
    let mut bench = Bench::of_rule_1();
    let by = bench.one(member(false, market(Side::Buy, 10)));
    let late = bench.one(member(false, market(Side::Buy, 10)));
    assert_eq!(late.state, OrderState::Filled, "as it was");
    let standing = bench.one(member(false, limit(Side::Buy, 10, 100)));
    let bytes = bench.exchange.snapshot().unwrap();
    assert_eq!(restored(&bytes).unwrap().order_rule(), 1);
    bench.apply(Command::OrderRule { rule: ORDER_RULE });
    assert_eq!(
        bench.order(standing.id).state,
        OrderState::Working,
        "an order that was open stays open"
    );
    let later = bench.one(member(false, market(Side::Buy, 10)));
    assert_eq!(later.end, Some(End::GroupTraded { by: by.id }), "what came before counts");
    bench.apply(Command::OrderRule { rule: 1 });
    bench.apply(Command::OrderRule { rule: ORDER_RULE + 1 });
    assert_eq!(bench.exchange.order_rule(), ORDER_RULE);
    let unknown = |rule| Command::OrderRule { rule }.unknown_rule();
    assert_eq!((unknown(ORDER_RULE), unknown(ORDER_RULE + 1)), (None, Some(ORDER_RULE + 1)));
}

#[test]
fn order_ids_are_remembered_whatever_became_of_the_orders() {
    let mut bench = Bench::of_rule_1();
    let numbered = |client_id, order_id| {
        let origin = Origin { holder: HOLDER, client_id, order_id };
        NewOrder { origin, ..limit(Side::Buy, 10, 100) }
    };
    bench.one(numbered(1, 7));
    bench.apply(Command::OrderIdUsed(numbered(1, 90).origin));
    assert_eq!(bench.exchange.highest_order_id(HOLDER, 1), 0, "the old rule remembers none");
    bench.apply(Command::OrderRule { rule: ORDER_RULE });
    assert_eq!(bench.exchange.highest_order_id(HOLDER, 1), 7);
    bench.one(numbered(1, 12));
    bench.one(numbered(1, 11));
    bench.apply(Command::OrderIdUsed(numbered(2, 90).origin));
    forget(&mut bench);
    let highest = |client| bench.exchange.highest_order_id(HOLDER, client);
    assert_eq!((highest(1), highest(2), highest(3)), (12, 90, 0));
    assert_eq!(bench.exchange.highest_order_id(Holder::Operator, 1), 0);
}
