//! What was sent with transmit=0: new orders, and changes of open ones. They wait in their connection
//! until a member of their family is sent with transmit=1, and go with it. A disconnect drops them.
//!
//! A child that is refused is missed by its family, which is not placed without it: a bracket whose
//! stop cannot be read would leave a position without one.

use std::collections::BTreeMap;

use tws::PlaceOrder;

/// Orders and changes that one connection may hold.
pub(crate) const LIMIT: usize = 64;

/// One that waits.
struct Waiting {
    order: PlaceOrder,
    /// The order id of its parent; 0 for none. A change may leave it out.
    parent: i32,
    /// It changes an open order.
    changes: bool,
}

impl Waiting {
    fn id(&self) -> i32 {
        self.order.order_id
    }
}

/// What one connection holds.
#[derive(Default)]
pub(crate) struct Held {
    /// In the order in which it came.
    waiting: Vec<Waiting>,
    /// Children that were refused, with their parents, which have not been placed.
    missed: BTreeMap<i32, i32>,
}

/// What waited together and is to be placed.
pub(crate) struct Family {
    /// Parents before their children.
    pub(crate) members: Vec<PlaceOrder>,
    /// A child that was refused and has not been sent again.
    pub(crate) missed: Option<i32>,
}

impl Held {
    /// Keeps an order, or a change of an open one; one with the same id is replaced. False when too
    /// many wait.
    pub(crate) fn keep(&mut self, order: PlaceOrder, parent: i32, changes: bool) -> bool {
        let waiting = Waiting { order, parent, changes };
        self.missed.remove(&waiting.id());
        if let Some(known) = self.waiting.iter_mut().find(|known| known.id() == waiting.id()) {
            *known = waiting;
            return true;
        }
        let room = self.waiting.len() < LIMIT;
        if room {
            self.waiting.push(waiting);
        }
        room
    }

    /// Notes that a child was refused whose parent has not been placed. Of too many the oldest ids
    /// are forgotten.
    pub(crate) fn miss(&mut self, order_id: i32, parent: i32) {
        self.missed.insert(order_id, parent);
        if self.missed.len() > LIMIT {
            self.missed.pop_first();
        }
    }

    /// Whether nothing waits and nothing is missed.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.missed.is_empty()
    }

    /// The new order of this id that waits.
    pub(crate) fn order(&self, order_id: i32) -> Option<&PlaceOrder> {
        let mut orders = self.waiting.iter().filter(|waiting| !waiting.changes);
        orders.find(|waiting| waiting.id() == order_id).map(|waiting| &waiting.order)
    }

    /// The family that an arriving order or change completes. What it misses is over with it.
    pub(crate) fn release(&mut self, arriving: PlaceOrder, parent: i32) -> Family {
        self.drop_one(arriving.order_id);
        self.waiting.push(Waiting { order: arriving, parent, changes: false });
        let root = self.waiting.last().map_or(0, |waiting| self.root(waiting.id()).0);
        let roots: Vec<_> = self.waiting.iter().map(|waiting| self.root(waiting.id())).collect();
        let mut family = Vec::new();
        let mut others = Vec::new();
        for (waiting, (own_root, depth)) in self.waiting.drain(..).zip(roots) {
            if own_root == root { family.push((depth, waiting)) } else { others.push(waiting) }
        }
        self.waiting = others;
        family.sort_by_key(|(depth, _)| *depth);
        let members: Vec<_> = family.into_iter().map(|(_, waiting)| waiting.order).collect();
        let is_member = |id: i32| members.iter().any(|member| member.order_id == id);
        let missed = self.missed.iter().find(|(_, parent)| is_member(**parent));
        let missed = missed.map(|(child, _)| *child);
        self.missed.retain(|_, parent| !is_member(*parent));
        Family { members, missed }
    }

    /// Drops what waits under an id, without its children, and no longer misses it.
    pub(crate) fn drop_one(&mut self, order_id: i32) {
        self.waiting.retain(|waiting| waiting.id() != order_id);
        self.missed.remove(&order_id);
    }

    /// Drops a new order and the children that wait for it; their ids.
    pub(crate) fn drop_family(&mut self, order_id: i32) -> Vec<i32> {
        let mut gone = vec![order_id];
        loop {
            let before = gone.len();
            for waiting in &self.waiting {
                if gone.contains(&waiting.parent) && !gone.contains(&waiting.id()) {
                    gone.push(waiting.id());
                }
            }
            if gone.len() == before {
                break;
            }
        }
        self.waiting.retain(|waiting| !gone.contains(&waiting.id()));
        self.missed.retain(|_, parent| !gone.contains(parent));
        gone
    }

    /// Drops all; the ids of the new orders among them.
    pub(crate) fn drop_all(&mut self) -> Vec<i32> {
        self.missed.clear();
        let all = std::mem::take(&mut self.waiting);
        all.iter().filter(|waiting| !waiting.changes).map(Waiting::id).collect()
    }

    /// The topmost ancestor of what waits, whether or not it waits itself, and the number of steps to
    /// it. A circle ends after as many steps as there are orders.
    fn root(&self, order_id: i32) -> (i32, usize) {
        let (mut at, mut depth) = (order_id, 0);
        while depth < self.waiting.len() {
            match self.waiting.iter().find(|waiting| waiting.id() == at) {
                Some(Waiting { parent, .. }) if *parent != 0 => at = *parent,
                _ => break,
            }
            depth = depth.saturating_add(1);
        }
        (at, depth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(order_id: i32, parent_id: i32) -> PlaceOrder {
        let mut order = PlaceOrder { order_id, ..PlaceOrder::default() };
        order.order.parent_id = parent_id;
        order
    }

    fn ids(orders: &[PlaceOrder]) -> Vec<i32> {
        orders.iter().map(|order| order.order_id).collect()
    }

    #[test]
    fn bracket_goes_whole_and_leaves_others() {
        let mut held = Held::default();
        for (id, parent) in [(1, 0), (9, 0), (2, 1)] {
            assert!(held.keep(order(id, parent), parent, false));
        }
        assert_eq!(ids(&held.release(order(3, 1), 1).members), [1, 2, 3]);
        assert!(held.order(9).is_some() && held.order(1).is_none());
    }

    #[test]
    fn parent_sent_last_comes_first() {
        let mut held = Held::default();
        held.keep(order(2, 1), 1, false);
        held.keep(order(3, 2), 2, false);
        assert_eq!(ids(&held.release(order(1, 0), 0).members), [1, 2, 3]);
    }

    #[test]
    fn circle_of_parents_ends() {
        let mut held = Held::default();
        held.keep(order(1, 2), 2, false);
        assert_eq!(held.release(order(2, 1), 1).members.len() + held.waiting.len(), 2);
        assert_eq!(held.drop_family(7), [7]);
    }

    #[test]
    fn refused_child_is_missed_until_it_comes_again_or_its_family_is_over() {
        let mut held = Held::default();
        held.keep(order(1, 0), 0, false);
        held.miss(2, 1);
        held.miss(8, 7);
        assert_eq!(held.release(order(3, 1), 1).missed, Some(2));
        assert_eq!(held.release(order(1, 0), 0).missed, None, "that family is over");
        assert_eq!(held.release(order(7, 0), 0).missed, Some(8), "also when nothing waits");
        held.miss(8, 7);
        held.keep(order(8, 7), 7, false);
        assert_eq!(held.release(order(7, 0), 0).missed, None);
        held.miss(8, 7);
        assert!(!held.is_empty());
        held.drop_one(8);
        assert!(held.is_empty());
        for id in 100..=200 {
            held.miss(id, 99);
        }
        assert_eq!(held.missed.len(), LIMIT);
        assert_eq!(held.release(order(99, 0), 0).missed, Some(137));
    }

    #[test]
    fn held_orders_are_bounded_and_can_be_replaced() {
        let mut held = Held::default();
        for id in 1..=64 {
            assert!(held.keep(order(id, 0), 0, false));
        }
        assert!(!held.keep(order(65, 0), 0, false));
        assert!(held.keep(order(64, 3), 3, false));
        assert_eq!(held.drop_family(3), [3, 64]);
    }

    #[test]
    fn changes_of_a_family_go_together_also_when_their_parent_does_not_wait() {
        let mut held = Held::default();
        held.keep(order(2, 0), 1, true);
        held.keep(order(9, 8), 8, true);
        assert!(held.order(2).is_none(), "a change is no new order");
        assert_eq!(ids(&held.release(order(3, 1), 1).members), [2, 3]);
        held.keep(order(7, 0), 0, false);
        assert_eq!(held.drop_all(), [7]);
        assert!(held.is_empty());
    }
}
