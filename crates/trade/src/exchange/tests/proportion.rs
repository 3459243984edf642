//! One-cancels-all groups of types 2 and 3 by the third rule: a member takes from the others the part
//! that it filled, whatever their sizes are. And children that keep to their parent.

use proptest::prelude::*;

use super::*;
use crate::order::Oca;

fn member(order: NewOrder) -> NewOrder {
    NewOrder { oca: Some(Oca { group: "exit".into(), reduce: true }), ..order }
}

/// A member of `quantity` shares that fills `filled` of them and rests with the others.
fn partly(bench: &mut Bench, quantity: Shares, filled: Shares) -> Arc<Order> {
    let order = bench.one(member(limit(Side::Buy, quantity, 100)));
    bench.fill(order.id, filled);
    bench.order(order.id)
}

#[test]
fn partial_fill_takes_the_same_part_of_every_member() {
    let mut bench = Bench::new();
    let sizes = [(100, 60), (1_000, 600), (3, 1), (1, 0)];
    let others = sizes.map(|(size, _)| bench.one(member(limit(Side::Buy, size, 90))).id);
    let by = partly(&mut bench, 50, 20);
    for (id, (size, left)) in others.into_iter().zip(sizes) {
        let order = bench.order(id);
        if left == 0 {
            assert_eq!(order.end, Some(End::OcaFilled { by: by.id }), "{size}");
        } else {
            assert_eq!((order.quantity, order.live()), (left, left), "{size}");
        }
    }
    bench.fill(by.id, 30);
    assert_eq!(bench.exchange.open_orders().count(), 0, "one is filled whole: all end");
}

#[test]
fn late_member_gets_the_part_that_is_left() {
    let mut bench = Bench::new();
    let by = partly(&mut bench, 50, 20);
    for (size, left) in [(1_000, 600), (10, 6), (3, 1)] {
        assert_eq!(bench.one(member(limit(Side::Buy, size, 90))).quantity, left, "{size}");
    }
    let none = bench.one(member(limit(Side::Buy, 1, 90)));
    assert_eq!(none.end, Some(End::OcaFilled { by: by.id }));
}

#[test]
fn parent_that_becomes_smaller_takes_its_children_with_it_and_gives_them_back() {
    let mut bench = Bench::new();
    let parent = bench.one(limit(Side::Buy, 100, 100));
    let child = |order: NewOrder| NewOrder { parent: Some(Parent::Order(parent.id)), ..order };
    let profit = bench.one(child(limit(Side::Sell, 100, 20_000))).id;
    let half = bench.one(child(limit(Side::Sell, 50, 20_001))).id;
    let sizes = |bench: &Bench| [profit, half].map(|id| bench.order(id).quantity);
    bench.modify(resized(&parent, 60));
    assert_eq!(sizes(&bench), [60, 50]);
    bench.modify(resized(&parent, 40));
    assert_eq!(sizes(&bench), [40, 40]);
    bench.modify(resized(&parent, 80));
    assert_eq!(sizes(&bench), [80, 50]);
    bench.modify(resized(&parent, 500));
    assert_eq!(sizes(&bench), [100, 50], "no child becomes larger than it was sent");
    let denied = |bench: &Bench, quantity| {
        let change = resized(&bench.order(profit), quantity);
        pretrade::check_modify(&bench.facts(), &Limits::default(), change).unwrap_err().code()
    };
    bench.modify(resized(&parent, 60));
    assert_eq!(denied(&bench, 61), "CHILD_QUANTITY");
    bench.fill(parent.id, 30);
    let child = bench.order(profit);
    assert_eq!((child.quantity, child.live()), (60, 30));
    bench.modify(resized(&parent, 31));
    let child = bench.order(profit);
    assert_eq!((child.quantity, child.live()), (31, 30));
    bench.fill(profit, 20);
    assert_eq!(sizes(&bench), [31, 11], "what one child traded, the other loses");
    bench.fill(parent.id, 1);
    assert_eq!(bench.order(parent.id).state, OrderState::Filled);
    bench.fill(profit, 11);
    assert_eq!(bench.order(profit).state, OrderState::Filled, "it is not left open");
    assert_eq!(bench.exchange.open_orders().count(), 0);
    assert_eq!(bench.position(), 0);
}

#[test]
fn siblings_in_a_group_of_their_own_lose_what_one_traded_once() {
    let mut bench = Bench::new();
    let parent = bench.one(market(Side::Buy, 100));
    let child = |order| member(NewOrder { parent: Some(Parent::Order(parent.id)), ..order });
    let profit = bench.one(child(limit(Side::Sell, 100, 20_000)));
    let stop = OrderType::Stop { trigger: Ticks(50) };
    let stop = bench.one(child(order(Side::Sell, 100, stop)));
    bench.fill(profit.id, 20);
    assert_eq!(bench.order(stop.id).quantity, 80);
    bench.fill(profit.id, 80);
    assert_eq!(bench.order(stop.id).end, Some(End::OcaFilled { by: profit.id }));
}

#[test]
fn change_keeps_the_part_that_others_traded() {
    let mut bench = Bench::new();
    let rest = bench.one(member(limit(Side::Buy, 1_000, 90)));
    let by = partly(&mut bench, 50, 20);
    let mut ask = |quantity: Shares| {
        bench.modify(Change {
            order_type: OrderType::Limit { price: Ticks(91) },
            ..resized(&rest, quantity)
        });
        let order = bench.order(rest.id);
        assert_eq!(order.quantity, order.released);
        order.quantity
    };
    assert_eq!(ask(1_000), 600, "as it was first sent: only the price is new");
    assert_eq!(ask(600), 600, "as it is now: it loses nothing twice");
    assert_eq!(ask(601), 600);
    assert_eq!(ask(2_000), 1_200, "three fifths of a larger order");
    assert_eq!(ask(300), 300, "a smaller order for what is left");
    bench.fill(by.id, 15);
    assert_eq!(bench.order(rest.id).quantity, 150, "half of what was left was traded");
    bench.fill(rest.id, 75);
    assert_eq!(bench.order(by.id).remaining(), 7, "rounded down");
    let one = bench.order(rest.id);
    bench.modify(resized(&one, 100));
    bench.fill(rest.id, 25);
    assert_eq!(bench.exchange.open_orders().count(), 0);
}

#[test]
fn member_that_grows_before_others_trade_counts_as_the_larger_one() {
    let mut bench = Bench::new();
    let by = bench.one(member(limit(Side::Buy, 100, 100)));
    let other = bench.one(member(limit(Side::Buy, 10, 90)));
    bench.fill(by.id, 50);
    assert_eq!(bench.order(other.id).quantity, 5);
    let larger = bench.order(by.id);
    bench.modify(resized(&larger, 150));
    assert_eq!(bench.order(by.id).quantity, 150, "nobody else has traded");
    bench.fill(by.id, 40);
    assert_eq!(bench.order(other.id).quantity, 3, "50 of 100, then 40 of the other 100");
}

#[test]
fn group_of_the_second_rule_goes_on_in_proportion_to_what_is_left() {
    let mut bench = Bench::of_rule(2);
    let rest = bench.one(member(limit(Side::Buy, 100, 90)));
    let by = partly(&mut bench, 100, 40);
    assert_eq!(bench.order(rest.id).quantity, 60);
    bench.apply(Command::OrderRule { rule: 3 });
    bench.fill(by.id, 30);
    assert_eq!(bench.order(rest.id).quantity, 30, "half of what was left");
    let late = bench.one(member(limit(Side::Buy, 240, 90)));
    assert_eq!(late.quantity, 100, "less 40 shares, and half of that");
    bench.modify(resized(&late, 1_000));
    assert_eq!(bench.order(late.id).quantity, 100);
    let none = bench.one(member(limit(Side::Buy, 40, 90)));
    assert_eq!(none.end, Some(End::OcaFilled { by: by.id }));
}

/// Whatever makes an order smaller makes what is attached to it smaller.
#[test]
fn children_follow_a_parent_that_its_group_makes_smaller() {
    let mut bench = Bench::new();
    let attached = |parent: OrderId, order: NewOrder| NewOrder {
        parent: Some(Parent::Order(parent)),
        ..order
    };
    let parent = bench.one(member(limit(Side::Buy, 100, 90))).id;
    let [profit, small] =
        [100, 30].map(|size| bench.one(attached(parent, limit(Side::Sell, size, 20_000))).id);
    partly(&mut bench, 50, 20);
    let size = |bench: &Bench, id| bench.order(id).quantity;
    assert_eq!([parent, profit, small].map(|id| size(&bench, id)), [60, 60, 30]);
    // A parent that comes when its group has traded, with its child behind it.
    let child = NewOrder { parent: Some(Parent::Member(0)), ..limit(Side::Sell, 100, 20_000) };
    let events = bench.place(vec![member(limit(Side::Buy, 100, 90)), child]);
    let placed: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::OrderAccepted { order } => Some(size(&bench, order.id)),
            _ => None,
        })
        .collect();
    assert_eq!(placed, [60, 60]);
    bench.fill(parent, 60);
    bench.fill(profit, 60);
    assert_eq!(bench.position(), 20, "what the group's first member bought");
}

#[test]
fn children_follow_a_parent_that_the_position_makes_smaller() {
    let mut bench = Bench::new();
    bench.one(market(Side::Buy, 100));
    let exit = bench.reduce(limit(Side::Sell, 100, 20_000)).id;
    let again = NewOrder { parent: Some(Parent::Order(exit)), ..limit(Side::Buy, 100, 90) };
    let again = bench.one(again).id;
    bench.one(market(Side::Sell, 40));
    assert_eq!([exit, again].map(|id| bench.order(id).quantity), [60, 60]);
}

#[test]
fn children_that_the_third_rule_left_too_large_are_brought_back() {
    let mut bench = Bench::of_rule(3);
    let parent = bench.one(member(limit(Side::Buy, 100, 90))).id;
    let child = NewOrder { parent: Some(Parent::Order(parent)), ..limit(Side::Sell, 100, 20_000) };
    let child = bench.one(child).id;
    partly(&mut bench, 50, 20);
    assert_eq!(bench.order(child).quantity, 100, "the fault of the third rule");
    let events = bench.apply(Command::OrderRule { rule: 4 });
    assert!(matches!(&events[..], [Event::OrderModified { order }] if order.id == child));
    assert_eq!(bench.order(child).quantity, 60);
}

/// A parent that an older rule left smaller than its child.
#[test]
fn children_that_an_older_rule_left_too_large_are_brought_back() {
    for filled in [false, true] {
        let mut bench = Bench::of_rule(2);
        let parent = bench.one(limit(Side::Buy, 100, 100));
        let child =
            NewOrder { parent: Some(Parent::Order(parent.id)), ..limit(Side::Sell, 100, 20_000) };
        let child = bench.one(child).id;
        bench.modify(resized(&parent, 60));
        if filled {
            bench.fill(parent.id, 60);
        }
        assert_eq!(bench.order(child).quantity, 100, "the fault of the older rule");
        let events = bench.apply(Command::OrderRule { rule: 3 });
        assert!(matches!(&events[..], [Event::OrderModified { order }] if order.id == child));
        assert_eq!(bench.order(child).quantity, 60);
        if !filled {
            bench.fill(parent.id, 60);
        }
        bench.fill(child, 60);
        assert_eq!(bench.exchange.open_orders().count(), 0);
    }
}

#[test]
fn parent_cancelled_after_a_part_leaves_children_of_that_part() {
    let mut bench = Bench::new();
    let parent = bench.one(limit(Side::Buy, 100, 100));
    let child = |order: NewOrder| NewOrder { parent: Some(Parent::Order(parent.id)), ..order };
    let profit = bench.one(child(limit(Side::Sell, 100, 20_000))).id;
    let stop = bench.one(child(limit(Side::Sell, 80, 20_001))).id;
    bench.fill(parent.id, 30);
    bench.modify(resized(&parent, 50));
    bench.cancel(parent.id);
    assert_eq!([profit, stop].map(|id| bench.order(id).quantity), [30, 30]);
    bench.fill(profit, 10);
    assert_eq!([profit, stop].map(|id| bench.order(id).quantity), [30, 20]);
    bench.fill(stop, 20);
    assert_eq!(bench.order(profit).end, Some(End::OcaFilled { by: stop }));
    assert_eq!((bench.position(), bench.exchange.open_orders().count()), (0, 0));
}

/// What a group is by the rule's words, worked out anew from what each member filled.
struct Reference {
    /// Size, and shares filled.
    members: Vec<(u128, u128)>,
}

impl Reference {
    /// The least common multiple of the sizes: what the whole group is in exact parts.
    fn whole(&self) -> u128 {
        self.members.iter().fold(1, |all, (size, _)| {
            let (mut a, mut b) = (all, *size);
            while b > 0 {
                (a, b) = (b, a % b);
            }
            all / a * size
        })
    }

    fn spent(&self) -> u128 {
        let whole = self.whole();
        self.members.iter().map(|(size, filled)| filled * (whole / size)).sum()
    }

    fn left(&self, at: usize) -> u128 {
        self.members[at].0 * (self.whole() - self.spent()) / self.whole()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// Members of any sizes, filled in any order, some of them late: each has left what the exact fractions leave it,
    /// which is a matter of what was filled and not in which order; and all end at the first that is whole.
    #[test]
    fn members_have_left_what_exact_fractions_leave_them(
        sizes in prop::collection::vec(1_u64..1_000, 2..7),
        fills in prop::collection::vec((any::<prop::sample::Index>(), 1_u64..400), 1..30),
        late in 0_usize..6,
    ) {
        static BENCH: std::sync::LazyLock<Bench> = std::sync::LazyLock::new(Bench::new);
        let mut bench = BENCH.clone();
        let mut reference = Reference { members: Vec::new() };
        let mut ids = Vec::new();
        let first = sizes.len().saturating_sub(late).max(1);
        let join = |bench: &mut Bench, reference: &mut Reference, ids: &mut Vec<OrderId>| {
            let size = sizes[ids.len()];
            ids.push(bench.one(member(limit(Side::Buy, size, 100))).id);
            reference.members.push((size.into(), 0));
        };
        for _ in 0..first {
            join(&mut bench, &mut reference, &mut ids);
        }
        let mut over = None;
        for (which, quantity) in fills {
            let which = which.index(ids.len());
            let order = bench.order(ids[which]);
            if order.state.is_open() {
                let quantity = quantity.min(order.live());
                bench.fill(order.id, quantity);
                reference.members[which].1 += u128::from(quantity);
                if quantity == order.live() {
                    over = Some(order.id);
                }
                prop_assert!(reference.spent() <= reference.whole(), "more than one whole");
            }
            if over.is_none() && ids.len() < sizes.len() {
                join(&mut bench, &mut reference, &mut ids);
            }
            for (at, id) in ids.iter().enumerate() {
                let order = bench.order(*id);
                let left = u128::from(order.remaining());
                match (over, order.state.is_open()) {
                    (Some(by), false) => {
                        prop_assert_eq!(order.state == OrderState::Filled, *id == by);
                    }
                    (Some(by), true) => prop_assert!(false, "{id} outlives {by}"),
                    (None, true) => prop_assert_eq!(left, reference.left(at)),
                    (None, false) => prop_assert_eq!(reference.left(at), 0, "{} ended early", id),
                }
            }
            if over.is_some() {
                break;
            }
        }
        bench.exchange = restored(&bench.exchange.snapshot().unwrap()).unwrap();
        let late = bench.one(member(limit(Side::Buy, 900, 100)));
        if let Some(by) = over {
            prop_assert_eq!(late.end, Some(End::GroupTraded { by }));
        } else {
            reference.members.push((900, 0));
            let at = reference.members.len() - 1;
            prop_assert_eq!(u128::from(late.remaining()), reference.left(at));
        }
    }

    /// The largest orders allowed, of sizes without a common factor.
    #[test]
    fn largest_members_together_trade_no_more_than_one_whole(
        fills in prop::collection::vec((0_usize..8, 1_u64..400_000), 1..60),
    ) {
        const SIZES: [u64; 8] =
            [999_983, 999_979, 999_961, 999_959, 999_953, 999_931, 999_917, 999_907];
        static BENCH: std::sync::LazyLock<Bench> = std::sync::LazyLock::new(|| {
            let mut bench = Bench::new();
            for size in SIZES {
                bench.one(member(limit(Side::Buy, size, 1)));
            }
            bench
        });
        let mut bench = BENCH.clone();
        let ids: Vec<_> = bench.exchange.open_orders().map(|order| order.id).collect();
        for (which, quantity) in fills {
            let order = bench.order(ids[which]);
            if order.state.is_open() {
                bench.fill(order.id, quantity.min(order.live()));
            }
        }
        let spent: u128 = ids.iter().zip(SIZES).map(|(id, size)| {
            (u128::from(bench.order(*id).filled) << 64) / u128::from(size)
        }).sum();
        prop_assert!(spent <= 1 << 64, "{spent}");
    }
}
