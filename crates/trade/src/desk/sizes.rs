//! What orders of the third rule may come to: as many shares as they ask for, as their parent leaves
//! and as their one-cancels-all group leaves, whichever is least. Every cause is kept apart, so that none
//! is counted twice and what one gives back the others still hold.
//!
//! In a group of types 2 and 3 a fill takes from all others the part of its order that it filled: of
//! 20 of 50 shares, two fifths. The part is kept in units so small that sums of it are exact for any
//! sizes that an order can have; shares are rounded down, so the members together never trade more than one whole.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Desk;
use crate::ledger::orders::Group;
use crate::ledger::sizes::{Part, WHOLE, Wanted};
use crate::order::{End, OrderId, Shares};
use crate::venue::Venue;

impl<V: Venue> Desk<'_, V> {
    /// The orders that are open as the third rule begins: what they have left is what they want.
    pub(crate) fn begin_sizes(&mut self) {
        self.ledger.traded.begin_units();
        let mut parents = BTreeSet::new();
        for open in self.ledger.orders.open.values_mut() {
            let order = &open.order;
            let reduces = order.oca.as_ref().is_some_and(|oca| oca.reduce);
            let part = Part::whole(order.remaining());
            let wanted = Wanted { shares: order.quantity, part: reduces.then_some(part) };
            open.wanted = (order.parent.is_some() || reduces).then_some(wanted);
            parents.extend(order.parent);
        }
        for parent in parents {
            // One that became smaller under an older rule left its children as they were.
            if self.ledger.orders.open.contains_key(&parent) {
                self.resize_children(parent);
            } else {
                self.orphan(parent);
            }
        }
    }

    /// The fourth rule begins: children that the third left larger than their parent become as small.
    pub(crate) fn begin_following(&mut self) {
        let open = self.ledger.orders.open.values();
        let parents: BTreeSet<_> = open.filter_map(|open| open.order.parent).collect();
        for parent in parents {
            self.resize_children(parent);
        }
    }

    /// Gives an order the size that its parent, its siblings and its group leave it now. Without a
    /// share it ends.
    pub(crate) fn resize(&mut self, id: OrderId, end: End) {
        let Some(open) = self.ledger.orders.open.get(&id) else { return };
        let order = &open.order;
        let Some(wanted) = open.wanted else { return };
        let mut quantity = wanted.shares;
        if let Some(part) = wanted.part {
            let units = self.ledger.traded.of(order).map_or(WHOLE, |past| past.left.units);
            quantity = quantity.min(order.filled.saturating_add(part.shares(units)));
        }
        // One that has ended has given each child all that it will get.
        let parent = order.parent.filter(|parent| self.ledger.orders.open.contains_key(parent));
        let family = parent.and_then(|parent| self.ledger.left_for_child(parent, Some(id)));
        let (now, whole) = family.unwrap_or((Shares::MAX, Shares::MAX));
        quantity = quantity.min(whole).max(order.filled);
        let released = quantity.min(now).max(order.filled);
        self.set_size(id, (quantity, released), end);
    }

    fn set_size(&mut self, id: OrderId, (quantity, released): (Shares, Shares), end: End) {
        let now = self.now;
        let Some(open) = self.ledger.orders.open.get_mut(&id) else { return };
        let before = (open.order.quantity, open.order.released);
        if before == (quantity, released) {
            return;
        }
        if released <= before.1 {
            return self.lessen(id, (quantity, released), end);
        }
        let order = Arc::make_mut(&mut open.order);
        (order.quantity, order.released, order.updated) = (quantity, released, now);
        self.freed(id);
    }

    /// The children of a parent whose shares have changed.
    pub(crate) fn resize_children(&mut self, parent: OrderId) {
        if !self.ledger.sizes_orders() {
            return;
        }
        for child in self.ledger.orders.members(&Group::Children(parent)) {
            self.resize(child, End::ParentEnded);
        }
    }
}
