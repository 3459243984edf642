//! The orders of one client id: what its order ids stand for.

use std::collections::BTreeMap;
use std::sync::Arc;

use trade::{Order, OrderId};

/// Orders that are done and still remembered by their own id; of older ones only the highest id.
const DONE_LIMIT: usize = 4096;

/// What an order id stands for.
#[derive(Debug)]
pub(crate) enum Known {
    /// Not used yet.
    Free,
    /// An open order.
    Open(Arc<Order>),
    /// An order that is done; `None` when it is too old to be remembered.
    Done(Option<Arc<Order>>),
}

/// The order ids of one client.
#[derive(Default)]
pub(crate) struct KnownOrders {
    open: BTreeMap<i32, Arc<Order>>,
    done: BTreeMap<i32, Arc<Order>>,
    names: BTreeMap<OrderId, i32>,
    /// Every id up to here was used before, or counts as used.
    floor: i32,
    /// The highest that was used.
    highest: i32,
    /// The highest that the journal knows of.
    noted: i32,
}

/// The highest id that an order may have. The one above it is what a client id is told that has
/// used up all others, and is never taken.
pub(crate) const LAST: i32 = i32::MAX - 1;

impl KnownOrders {
    /// Begins where this client id stopped: all ids up to `highest` are used.
    pub(crate) fn begin(&mut self, highest: i32) {
        let highest = highest.max(self.highest);
        (self.floor, self.highest, self.noted) = (highest, highest, highest);
    }

    /// Takes an order's last state.
    pub(crate) fn learn(&mut self, order: &Arc<Order>) {
        let id = order.origin.order_id;
        // The same state comes twice: once it is decided, and again when it is durable.
        if self.latest(id).is_some_and(|known| Arc::ptr_eq(known, order)) {
            return;
        }
        self.highest = self.highest.max(id);
        // Its own record in the journal says so.
        self.noted = self.noted.max(id);
        self.names.insert(order.id, id);
        if order.state.is_open() {
            self.done.remove(&id);
            self.open.insert(id, Arc::clone(order));
            return;
        }
        self.open.remove(&id);
        self.done.insert(id, Arc::clone(order));
        if self.done.len() > DONE_LIMIT
            && let Some((oldest, order)) = self.done.pop_first()
        {
            self.names.remove(&order.id);
            self.floor = self.floor.max(oldest);
        }
    }

    /// Forgets an order that never became durable.
    pub(crate) fn forget(&mut self, order_id: i32) {
        let order = self.open.remove(&order_id).or_else(|| self.done.remove(&order_id));
        if let Some(order) = order {
            self.names.remove(&order.id);
        }
    }

    /// What an id stands for.
    pub(crate) fn get(&self, order_id: i32) -> Known {
        if let Some(order) = self.open.get(&order_id) {
            Known::Open(Arc::clone(order))
        } else if let Some(order) = self.done.get(&order_id) {
            Known::Done(Some(Arc::clone(order)))
        } else if order_id <= self.floor {
            Known::Done(None)
        } else {
            Known::Free
        }
    }

    /// The last state of an order that is remembered.
    pub(crate) fn latest(&self, order_id: i32) -> Option<&Arc<Order>> {
        self.open.get(&order_id).or_else(|| self.done.get(&order_id))
    }

    /// The client's id of an order; 0 when it is not this client's.
    pub(crate) fn name(&self, order: OrderId) -> i32 {
        self.names.get(&order).copied().unwrap_or(0)
    }

    /// An order id above all that were used.
    pub(crate) fn next_free(&self) -> i32 {
        self.highest.saturating_add(1).max(1)
    }

    /// Notes an id that came with an order, whatever becomes of it.
    pub(crate) fn used(&mut self, order_id: i32) {
        if order_id <= LAST {
            self.highest = self.highest.max(order_id);
        }
    }

    /// The highest id, when the journal does not know yet that it was used.
    pub(crate) fn unnoted(&self) -> Option<i32> {
        (self.highest > self.noted).then_some(self.highest)
    }

    /// The journal knows of every id up to the highest.
    pub(crate) fn note(&mut self) {
        self.noted = self.highest;
    }
}
