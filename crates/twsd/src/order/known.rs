//! The orders of one client id: what its order ids stand for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gate::Rows;
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
    /// The state that was learnt last.
    last: Option<Arc<Order>>,
    /// The highest id of an order that was learnt.
    newest: i32,
    /// Every id up to here was used before, or counts as used.
    floor: i32,
    /// The highest that was used.
    highest: i32,
    /// The highest that the journal knows of.
    noted: i32,
    /// How often it was told.
    notes: u32,
    /// What each state took the place of that no sync has covered yet, the oldest first.
    before: Vec<(i32, Option<Arc<Order>>)>,
}

/// Ids of one connection that the journal is told one by one. After that it is told of blocks, so that
/// a program that asks without end what orders would cost does not fill it.
const ONE_BY_ONE: u32 = 16;
/// Ids of a block.
const BLOCK: i32 = 256;

/// The highest id that an order may have. The one above it is what a client id is told that has
/// used up all others, and is never taken.
pub(crate) const LAST: i32 = i32::MAX - 1;

impl KnownOrders {
    /// Takes over what earlier connections did: open orders, those that ended since the second `day`, and the ids of
    /// parents that ended before. Programs connect often, and an account may have ended 20,000 orders in a week: the
    /// rest of them is looked at only when a parent has to be found there.
    pub(crate) fn recall(
        &mut self,
        completed: &Rows<Order>,
        open: &Rows<Order>,
        day: i64,
        is_own: impl Fn(&Order) -> bool,
    ) {
        let is_before = |order: &Order| order.updated.seconds() < day;
        let mut parents = BTreeSet::new();
        for order in completed.from_where(is_before).chain(open).filter(|order| is_own(order)) {
            parents.extend(order.parent);
            self.learn(order);
        }
        parents.retain(|parent| !self.names.contains_key(parent));
        let mut older = completed.iter().rev();
        while !parents.is_empty()
            && let Some(order) = older.next()
        {
            if parents.remove(&order.id) && is_own(order) {
                self.names.insert(order.id, order.origin.order_id);
            }
        }
    }

    /// Begins where this client id stopped: all ids up to `highest` are used.
    pub(crate) fn begin(&mut self, highest: i32) {
        let highest = highest.max(self.highest);
        (self.floor, self.highest, self.noted) = (highest, highest, highest);
    }

    /// Takes an order's last state.
    pub(crate) fn learn(&mut self, order: &Arc<Order>) {
        let id = order.origin.order_id;
        // The same state comes twice: once it is decided, and again when it is durable.
        let is_it = |known: &Arc<Order>| Arc::ptr_eq(known, order);
        if self.last.as_ref().is_some_and(is_it) || self.latest(id).is_some_and(is_it) {
            return;
        }
        self.last = Some(Arc::clone(order));
        self.highest = self.highest.max(id);
        // Its own record in the journal says so.
        self.noted = self.noted.max(id);
        self.names.insert(order.id, id);
        let is_new = id > self.newest;
        self.newest = self.newest.max(id);
        if order.state.is_open() {
            if !is_new {
                self.done.remove(&id);
            }
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

    /// Takes the state that a decision gave an order, until it is settled or undone.
    pub(crate) fn expect(&mut self, order: &Arc<Order>) {
        let id = order.origin.order_id;
        self.before.push((id, self.latest(id).map(Arc::clone)));
        self.learn(order);
    }

    /// What was expected is durable.
    pub(crate) fn settled(&mut self) {
        self.before.clear();
    }

    /// Nothing of what was expected became durable: each order is again as it was, and a new one is none.
    pub(crate) fn undo(&mut self) {
        self.last = None;
        while let Some((id, before)) = self.before.pop() {
            let undone = self.open.remove(&id).or_else(|| self.done.remove(&id));
            match before {
                Some(order) => {
                    self.names.insert(order.id, id);
                    let kept = if order.state.is_open() { &mut self.open } else { &mut self.done };
                    kept.insert(id, order);
                }
                None => {
                    if let Some(order) = undone {
                        self.names.remove(&order.id);
                    }
                }
            }
        }
    }

    /// What an id stands for.
    pub(crate) fn get(&self, order_id: i32) -> Known {
        if order_id > self.newest {
            // Nearly always: programs count up.
            if order_id <= self.floor { Known::Done(None) } else { Known::Free }
        } else if let Some(order) = self.open.get(&order_id) {
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
        if order_id > self.newest {
            return None;
        }
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

    /// Whether the journal does not know yet of an id that was used.
    pub(crate) fn is_unnoted(&self) -> bool {
        self.highest > self.noted
    }

    /// The id up to which the journal is to be told that all are used, if it does not know.
    pub(crate) fn note(&mut self) -> Option<i32> {
        if !self.is_unnoted() {
            return None;
        }
        let ahead = if self.notes < ONE_BY_ONE { 0 } else { BLOCK };
        self.notes = self.notes.saturating_add(1);
        self.noted = self.highest.saturating_add(ahead).min(LAST);
        Some(self.noted)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::cell::Cell;

    use access::{CredentialId, Holder, PaperAccountId, SymbolId, Time};
    use rust_decimal::Decimal;
    use trade::calendar::Day;
    use trade::order::{OrderState, OrderType, Origin, Side, TimeInForce};

    use super::*;

    /// An order of client 1, as its number; it has traded unless it is open.
    fn order(number: i32, parent: Option<u64>, second: i64, state: OrderState) -> Arc<Order> {
        let holder = Holder::Credential(CredentialId([1; 16]));
        Arc::new(Order {
            id: OrderId(u64::try_from(number).unwrap() + 1_000),
            account: PaperAccountId::new(1).unwrap(),
            symbol: SymbolId(700_001),
            side: Side::Buy,
            quantity: 1,
            order_type: OrderType::Market,
            tif: TimeInForce::Gtc,
            day: Day(0),
            outside_hours: false,
            origin: Origin { holder, client_id: 1, order_id: number },
            parent: parent.map(OrderId),
            oca: None,
            reference: None,
            state,
            end: None,
            triggered: false,
            filled: u64::from(!state.is_open()),
            released: 1,
            value: 0,
            last_fill: None,
            commission: Decimal::ZERO,
            placed: Time::from_seconds(0),
            updated: Time::from_seconds(second),
            reduce_only: false,
            held: None,
        })
    }

    #[test]
    fn connection_reads_the_day_and_not_the_whole_past() {
        const DAY: i64 = 100_000;
        let past = (1..=20_000).map(|number| order(number, None, 10, OrderState::Filled));
        let today = (20_001..=20_003).map(|number| order(number, None, DAY, OrderState::Filled));
        let completed: Rows<Order> = past.chain(today).collect();
        let open: Rows<Order> =
            [order(20_004, Some(21_001), DAY, OrderState::Working)].into_iter().collect();
        let read = Cell::new(0);
        let is_own = |_: &Order| {
            read.set(read.get() + 1);
            true
        };
        let mut known = KnownOrders::default();
        known.recall(&completed, &open, DAY, is_own);
        known.begin(20_004);
        assert_eq!(read.get(), 4, "three that ended today, one open");
        assert!(matches!(known.get(20_003), Known::Done(Some(_))));
        assert!(matches!(known.get(20_004), Known::Open(_)));
        assert!(matches!(known.get(20_000), Known::Done(None)), "used, and no more is remembered");
        assert_eq!(known.next_free(), 20_005);
    }

    #[test]
    fn child_shows_its_parent_however_long_ago_that_ended() {
        const DAY: i64 = 100_000;
        let completed: Rows<Order> =
            (1..=600).map(|number| order(number, None, 10, OrderState::Filled)).collect();
        let open: Rows<Order> =
            [order(601, Some(1_005), 20, OrderState::Working)].into_iter().collect();
        let mut known = KnownOrders::default();
        known.recall(&completed, &open, DAY, |_| true);
        assert_eq!((known.name(OrderId(1_005)), known.name(OrderId(1_006))), (5, 0));
        // Of a parent that another client placed nothing is shown.
        let mut known = KnownOrders::default();
        known.recall(&completed, &open, DAY, |order| order.origin.order_id > 600);
        assert_eq!(known.name(OrderId(1_005)), 0);
    }

    #[test]
    fn ids_without_orders_are_noted_one_by_one_and_then_in_blocks() {
        let mut known = KnownOrders::default();
        known.begin(10);
        let noted: Vec<_> = (11..=600)
            .filter_map(|id| {
                known.used(id);
                known.note()
            })
            .collect();
        let (single, blocks) = noted.split_at(16);
        assert_eq!(single, (11..=26).collect::<Vec<_>>());
        assert_eq!(blocks, [283, 540, 797]);
        assert_eq!(known.next_free(), 601, "this connection goes on without a gap");
        known.used(LAST);
        assert_eq!((known.note(), known.next_free()), (Some(LAST), i32::MAX));
        known.used(i32::MAX);
        assert_eq!((known.note(), known.next_free()), (None, i32::MAX));
    }
}
