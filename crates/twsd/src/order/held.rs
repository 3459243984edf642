//! Orders with transmit=0: they wait in their connection until a member of their family is sent
//! with transmit=1, and go with it. A disconnect drops them.

use tws::PlaceOrder;

/// Orders that one connection may hold.
pub(crate) const LIMIT: usize = 64;

/// The held orders of one connection, in the order in which they came.
#[derive(Default)]
pub(crate) struct Held(Vec<PlaceOrder>);

impl Held {
    /// Keeps an order; one with the same id is replaced. False when too many wait.
    pub(crate) fn keep(&mut self, order: PlaceOrder) -> bool {
        if let Some(known) = self.0.iter_mut().find(|known| known.order_id == order.order_id) {
            *known = order;
            return true;
        }
        let room = self.0.len() < LIMIT;
        if room {
            self.0.push(order);
        }
        room
    }

    /// Whether no order waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this order waits.
    pub(crate) fn contains(&self, order_id: i32) -> bool {
        self.0.iter().any(|order| order.order_id == order_id)
    }

    /// The family that an arriving order completes, parents before their children.
    pub(crate) fn release(&mut self, arriving: PlaceOrder) -> Vec<PlaceOrder> {
        self.0.retain(|order| order.order_id != arriving.order_id);
        self.0.push(arriving);
        let root = self.0.last().map_or(0, |order| self.root(order.order_id).0);
        let roots: Vec<_> = self.0.iter().map(|order| self.root(order.order_id)).collect();
        let mut family = Vec::new();
        let mut others = Vec::new();
        for (order, (own_root, depth)) in self.0.drain(..).zip(roots) {
            if own_root == root { family.push((depth, order)) } else { others.push(order) }
        }
        self.0 = others;
        family.sort_by_key(|(depth, _)| *depth);
        family.into_iter().map(|(_, order)| order).collect()
    }

    /// Drops an order and the children that wait for it; their ids.
    pub(crate) fn drop_family(&mut self, order_id: i32) -> Vec<i32> {
        let mut gone = vec![order_id];
        loop {
            let before = gone.len();
            for order in &self.0 {
                if gone.contains(&order.order.parent_id) && !gone.contains(&order.order_id) {
                    gone.push(order.order_id);
                }
            }
            if gone.len() == before {
                break;
            }
        }
        self.0.retain(|order| !gone.contains(&order.order_id));
        gone
    }

    /// The topmost held ancestor and the number of steps to it. A circle ends after as many steps
    /// as there are orders.
    fn root(&self, order_id: i32) -> (i32, usize) {
        let (mut at, mut depth) = (order_id, 0);
        while depth < self.0.len() {
            let parent =
                self.0.iter().find(|order| order.order_id == at).map(|order| order.order.parent_id);
            match parent {
                Some(parent) if self.contains(parent) => at = parent,
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
            assert!(held.keep(order(id, parent)));
        }
        assert_eq!(ids(&held.release(order(3, 1))), [1, 2, 3]);
        assert!(held.contains(9) && !held.contains(1));
    }

    #[test]
    fn parent_sent_last_comes_first() {
        let mut held = Held::default();
        held.keep(order(2, 1));
        held.keep(order(3, 2));
        assert_eq!(ids(&held.release(order(1, 0))), [1, 2, 3]);
    }

    #[test]
    fn circle_of_parents_ends() {
        let mut held = Held::default();
        held.keep(order(1, 2));
        assert_eq!(held.release(order(2, 1)).len() + held.0.len(), 2);
        assert_eq!(held.drop_family(7), [7]);
    }

    #[test]
    fn held_orders_are_bounded_and_can_be_replaced() {
        let mut held = Held::default();
        for id in 1..=64 {
            assert!(held.keep(order(id, 0)));
        }
        assert!(!held.keep(order(65, 0)));
        assert!(held.keep(order(64, 3)));
        assert_eq!(held.drop_family(3), [3, 64]);
    }
}
